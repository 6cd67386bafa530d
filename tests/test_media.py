"""Files by the hash of their bytes."""

import asyncio
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from storage.errors import MediaDamaged, MediaMissing
from storage.media import LocalMediaStore, MediaStore

VOICE = b"#!AMR\n" + bytes(range(256))
VOICE_SHA256 = sha256(VOICE).hexdigest()


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return LocalMediaStore(tmp_path / "media")


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


async def test_what_was_put_comes_back(media: MediaStore) -> None:
    assert await media.put(VOICE) == VOICE_SHA256
    assert await media.get(VOICE_SHA256) == VOICE


async def test_nothing_at_all_can_be_kept_too(media: MediaStore) -> None:
    assert await media.get(await media.put(b"")) == b""


async def test_the_same_bytes_are_kept_once_even_at_the_same_time(media: MediaStore, tmp_path: Path) -> None:
    names = await asyncio.gather(*(media.put(VOICE) for _ in range(8)))

    assert set(names) == {VOICE_SHA256}
    assert files(tmp_path) == [tmp_path / "media" / VOICE_SHA256[:2] / VOICE_SHA256]


async def test_only_the_owner_can_read_them(media: MediaStore, tmp_path: Path) -> None:
    await media.put(VOICE)

    [path] = files(tmp_path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_damaged_file_is_noticed_and_healed_by_putting_it_again(media: MediaStore, tmp_path: Path) -> None:
    await media.put(VOICE)
    [path] = files(tmp_path)
    path.write_bytes(VOICE[:-1])

    with pytest.raises(MediaDamaged):
        await media.get(VOICE_SHA256)

    await media.put(VOICE)
    assert await media.get(VOICE_SHA256) == VOICE


async def test_a_write_that_fails_leaves_nothing_behind(
    media: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    await media.put(VOICE)  # so that the folder is there, and it is the file's own write that fails
    await media.delete(VOICE_SHA256)
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            await media.put(VOICE)

    assert files(tmp_path) == []
    assert await media.put(VOICE) == VOICE_SHA256


@pytest.mark.parametrize("name", ["", "a" * 63, "A" * 64, "../../etc/passwd".ljust(64, "a"), "é" * 64])
async def test_a_name_that_is_no_hash_is_missing(media: MediaStore, name: str) -> None:
    with pytest.raises(MediaMissing):
        await media.get(name)


async def test_what_was_deleted_is_gone(media: MediaStore, tmp_path: Path) -> None:
    await media.put(VOICE)

    await media.delete(VOICE_SHA256)
    await media.delete(VOICE_SHA256)

    assert files(tmp_path) == []
    with pytest.raises(MediaMissing):
        await media.get(VOICE_SHA256)
