"""Files that people sent, kept under the SHA-256 of their bytes: the same bytes twice are one file."""

import asyncio
import os
from hashlib import sha256 as sha256_of
from pathlib import Path
from typing import Protocol

from storage.base import new_token
from storage.errors import MediaDamaged, MediaMissing

OWNER_ONLY = 0o600
OWNER_ONLY_FOLDER = 0o700


class MediaStore(Protocol):
    async def put(self, data: bytes) -> str:
        """Keep the bytes; returns their SHA-256 in hexadecimal once they would survive a power cut."""
        ...

    async def get(self, sha256: str) -> bytes:
        """Raises MediaMissing, or MediaDamaged when the bytes are no longer those that were put."""
        ...

    async def delete(self, sha256: str) -> None:
        """Really gone afterwards; nothing happens where there was none."""
        ...


class LocalMediaStore:
    """A folder of this machine, in 256 parts by the first two digits."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, data: bytes) -> str:
        return await asyncio.to_thread(self._put, data)

    async def get(self, sha256: str) -> bytes:
        return await asyncio.to_thread(self._get, sha256)

    async def delete(self, sha256: str) -> None:
        await asyncio.to_thread(self._path(sha256).unlink, missing_ok=True)

    def _path(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise MediaMissing(sha256)
        return self._root / sha256[:2] / sha256

    def _put(self, data: bytes) -> str:
        sha256 = sha256_of(data).hexdigest()
        path = self._path(sha256)
        if self._is_whole(path, sha256):
            return sha256
        self._make_folder(path.parent)
        # Written under another name first: whoever finds the real name finds all the bytes.
        temporary = path.with_name(f".{sha256}.{new_token()}")
        try:
            self._write(temporary, data)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return sha256

    def _get(self, sha256: str) -> bytes:
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise MediaMissing(sha256) from error
        if sha256_of(data).hexdigest() != sha256:
            raise MediaDamaged(sha256)
        return data

    def _is_whole(self, path: Path, sha256: str) -> bool:
        try:
            return sha256_of(path.read_bytes()).hexdigest() == sha256
        except FileNotFoundError:
            return False

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        _sync_folder(folder.parent)

    def _write(self, path: Path, data: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """A new name is only safe once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
