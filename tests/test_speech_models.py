import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from nlp import speech_models
from nlp.errors import EngineUnavailable
from nlp.speech_models import (
    MODELS,
    PACKAGES,
    Model,
    ModelFile,
    Progress,
    locate,
    packaged_parts,
    sha256_of,
)

WEIGHTS = bytes(range(256)) * 40_000
SMALL_FILES = {"config.json": b"{}", "tokenizer.json": b'{"t": 1}', "vocabulary.txt": b"a\nb\n"}
CONTENTS = {**SMALL_FILES, "model.bin": WEIGHTS}


def known(size: str, *, digests: bool = True) -> Model:
    return Model(
        size,
        f"Systran/faster-whisper-{size}",
        tuple(
            ModelFile(name, len(content), hashlib.sha256(content).hexdigest() if digests else None)
            for name, content in CONTENTS.items()
        ),
    )


@pytest.fixture(autouse=True)
def little_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten megabytes instead of hundreds."""
    for size in ("base", "small"):
        monkeypatch.setitem(MODELS, size, known(size))
    monkeypatch.setitem(MODELS, "tiny", known("tiny", digests=False))
    monkeypatch.setattr(speech_models, "PROGRESS_EVERY_BYTES", 1 << 20)


@dataclass
class Hub:
    """A model hub on this machine that does what the test tells it to."""

    address: str = ""
    contents: dict[str, bytes] = field(default_factory=lambda: dict(CONTENTS))
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of each request."""
    ends_after_bytes: int | None = None
    holds: asyncio.Event | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("Range", "")))
        content = self.contents.get(request.path.rpartition("/")[2])
        if content is None:
            return web.Response(status=404)
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(content) - start
        await response.prepare(request)
        end = len(content) if self.ends_after_bytes is None else min(len(content), start + self.ends_after_bytes)
        for at in range(start, end, 1 << 20):
            await response.write(content[at : min(at + (1 << 20), end)])
            if self.holds is not None:
                await self.holds.wait()
        if end < len(content):
            assert request.transport is not None
            request.transport.abort()
        return response


@asynccontextmanager
async def serving(hub: Hub) -> AsyncIterator[Hub]:
    application = web.Application()
    application.router.add_get("/{path:.*}", hub.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    hub.address = f"http://{host}:{port}"
    try:
        yield hub
    finally:
        await runner.cleanup()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with serving(Hub()) as hub:
        yield hub


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two packages laid out as the real ones, with the little model."""
    site = tmp_path / "site"
    names = ("little_whisper_part1", "little_whisper_part2")
    for number, name in enumerate(names, 1):
        data = site / name / "data"
        data.mkdir(parents=True)
        (site / name / "__init__.py").write_text("")
        half = len(WEIGHTS) // 2
        (data / f"model.bin.part{number}").write_bytes(WEIGHTS[:half] if number == 1 else WEIGHTS[half:])
    for file, content in SMALL_FILES.items():
        (site / names[0] / "data" / file).write_bytes(content)
    monkeypatch.syspath_prepend(str(site))
    return names


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# From the package


@pytest.mark.parametrize("name", ["auto", "base"])
async def test_the_packaged_model_is_put_together_once(name: str, tmp_path: Path, package: tuple[str, str]) -> None:
    models_dir = tmp_path / "models"

    folder = await locate(name, hub="", models_dir=models_dir, packages=package)
    made_at = (folder / "model.bin").stat().st_mtime_ns
    again = await locate(name, hub="", models_dir=models_dir, packages=package)

    assert contents_of(folder) == CONTENTS
    assert again == folder
    assert (folder / "model.bin").stat().st_mtime_ns == made_at
    assert [path.name for path in models_dir.iterdir() if path.is_dir()] == ["faster-whisper-base"]


async def test_a_packaged_model_with_another_digest_is_refused(tmp_path: Path, package: tuple[str, str]) -> None:
    part = packaged_parts(package)[1] / "model.bin.part2"
    part.write_bytes(part.read_bytes()[:-1] + b"!")

    with pytest.raises(EngineUnavailable) as caught:
        await locate("auto", hub="", models_dir=tmp_path / "models", packages=package)

    assert "model.bin" in str(caught.value)
    assert "校验不通过" in caught.value.hint
    assert not (tmp_path / "models" / "faster-whisper-base").exists()


async def test_a_kept_model_that_was_changed_is_made_anew(tmp_path: Path, package: tuple[str, str]) -> None:
    folder = await locate("auto", hub="", models_dir=tmp_path / "models", packages=package)
    (folder / "tokenizer.json").write_bytes(b"{}")

    await locate("auto", hub="", models_dir=tmp_path / "models", packages=package)

    assert contents_of(folder) == CONTENTS


async def test_two_processes_that_start_together_make_one_model(tmp_path: Path, package: tuple[str, str]) -> None:
    folders = await asyncio.gather(
        *(locate("auto", hub="", models_dir=tmp_path / "models", packages=package) for _ in range(3))
    )

    assert len(set(folders)) == 1
    assert contents_of(folders[0]) == CONTENTS


async def test_half_a_package_counts_as_none(tmp_path: Path, package: tuple[str, str], hub: Hub) -> None:
    folder = await locate(
        "auto", hub=hub.address, models_dir=tmp_path / "models", packages=(package[0], "little_whisper_part3")
    )

    assert contents_of(folder) == CONTENTS
    assert len(hub.asked) == 4


# From a hub


async def test_a_model_is_downloaded_with_progress_on_the_event_loop(tmp_path: Path, hub: Hub) -> None:
    seen: list[Progress] = []
    loop = asyncio.get_running_loop()

    def on_progress(progress: Progress) -> None:
        assert asyncio.get_running_loop() is loop
        seen.append(progress)

    folder = await locate("small", hub=hub.address, models_dir=tmp_path, on_progress=on_progress)

    assert contents_of(folder) == CONTENTS
    assert [path for path, _ in hub.asked] == [
        f"/Systran/faster-whisper-small/resolve/main/{name}" for name in CONTENTS
    ]
    weights = [progress for progress in seen if progress.file == "model.bin"]
    assert len(weights) > 3
    assert weights[-1] == Progress("model.bin", len(WEIGHTS), len(WEIGHTS))


async def test_a_download_that_broke_off_goes_on_where_it_ended(tmp_path: Path, hub: Hub) -> None:
    hub.ends_after_bytes = 3 << 20
    with pytest.raises(EngineUnavailable) as caught:
        await locate("small", hub=hub.address, models_dir=tmp_path)
    assert "下载失败" in caught.value.hint
    hub.ends_after_bytes = None
    hub.asked.clear()

    folder = await locate("small", hub=hub.address, models_dir=tmp_path)

    assert contents_of(folder) == CONTENTS
    [(path, requested)] = hub.asked
    assert path.endswith("/model.bin")
    assert int(requested.removeprefix("bytes=").removesuffix("-")) > 0


async def test_a_download_can_be_cancelled_and_goes_on_later(tmp_path: Path, hub: Hub) -> None:
    hub.holds = asyncio.Event()
    started = asyncio.Event()
    hub.contents.update(dict.fromkeys(SMALL_FILES, b""))
    hub.contents.update(SMALL_FILES)
    download = asyncio.create_task(
        locate("small", hub=hub.address, models_dir=tmp_path, on_progress=lambda _: started.set())
    )
    hub.holds.set()
    await started.wait()
    hub.holds.clear()
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download
    hub.holds.set()

    folder = await locate("small", hub=hub.address, models_dir=tmp_path)

    assert contents_of(folder) == CONTENTS


async def test_what_a_hub_serves_must_have_the_digest(tmp_path: Path, hub: Hub) -> None:
    hub.contents["model.bin"] = b"?" + WEIGHTS[1:]

    with pytest.raises(EngineUnavailable) as caught:
        await locate("small", hub=hub.address, models_dir=tmp_path)

    assert "校验不通过" in caught.value.hint
    assert not (tmp_path / "faster-whisper-small").exists()
    hub.contents["model.bin"] = WEIGHTS
    assert contents_of(await locate("small", hub=hub.address, models_dir=tmp_path)) == CONTENTS


@pytest.mark.parametrize("name", ["config.json", "model.bin"])
async def test_more_than_the_file_can_be_is_not_taken(name: str, tmp_path: Path, hub: Hub) -> None:
    hub.contents[name] = CONTENTS[name] + b"more"

    with pytest.raises(EngineUnavailable) as caught:
        await locate("tiny", hub=hub.address, models_dir=tmp_path)

    assert "larger" in str(caught.value)


async def test_a_hub_without_the_file_is_a_failed_download(tmp_path: Path, hub: Hub) -> None:
    del hub.contents["tokenizer.json"]

    with pytest.raises(EngineUnavailable) as caught:
        await locate("small", hub=hub.address, models_dir=tmp_path)

    assert "HTTP 404" in str(caught.value)
    assert "visitbot[speech-model]" in caught.value.hint


async def test_a_hub_that_is_not_there_is_a_failed_download(tmp_path: Path) -> None:
    async with serving(Hub()) as gone:
        address = gone.address

    with pytest.raises(EngineUnavailable) as caught:
        await locate("small", hub=address, models_dir=tmp_path)

    assert "modelscope" in caught.value.hint


async def test_a_pattern_may_name_another_place(tmp_path: Path, hub: Hub) -> None:
    await locate("small", hub=hub.address + "/models/x/whisper-{size}/master/{file}", models_dir=tmp_path)

    assert hub.asked[0][0] == "/models/x/whisper-small/master/config.json"


async def test_only_http_addresses_are_opened(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        await locate("small", hub="file:///etc", models_dir=tmp_path)

    assert "speech.hub" in caught.value.hint


@pytest.mark.parametrize(
    ("hub", "address"),
    [
        ("", "https://huggingface.co/Systran/faster-whisper-small/resolve/main/model.bin"),
        ("modelscope", "https://www.modelscope.cn/models/pengzhendong/faster-whisper-small/resolve/master/model.bin"),
        ("https://mirror.example/", "https://mirror.example/Systran/faster-whisper-small/resolve/main/model.bin"),
    ],
)
def test_hubs_have_their_addresses(hub: str, address: str) -> None:
    assert speech_models.address_of(hub, MODELS["small"], "model.bin") == address


# From a folder


async def test_a_folder_of_ones_own_is_taken_as_it_is(tmp_path: Path) -> None:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)

    assert await locate(str(tmp_path), hub="", models_dir=tmp_path / "models") == tmp_path


@pytest.mark.parametrize("name", ["huge", "/nowhere/at/all"])
async def test_an_unknown_model_is_named_with_the_choices(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        await locate(name, hub="", models_dir=tmp_path)

    assert "small" in caught.value.hint


async def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, package: tuple[str, str]) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")

    with pytest.raises(EngineUnavailable) as caught:
        await locate("auto", hub="", models_dir=tmp_path / "models", packages=package)

    assert "speech.models_dir" in caught.value.hint


# The real package


@pytest.mark.model
@pytest.mark.skipif(not packaged_parts(PACKAGES), reason="the speech-model extra is not installed")
async def test_the_installed_package_holds_the_model_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    folder = await locate("auto", hub="", models_dir=tmp_path)

    assert {path.name: sha256_of(path) for path in folder.iterdir()} == {
        file.name: file.sha256 for file in MODELS["base"].files
    }
    assert MODELS["base"].files[3].max_bytes == (folder / "model.bin").stat().st_size
