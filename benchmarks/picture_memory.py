"""How much memory the process that reads pictures holds, picture by picture."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from nlp.ocr_worker import PictureWorker, resident_mb

Hint = TypeVar("Hint")


async def memory_mb(
    read: Callable[[bytes, Hint], object], pictures: Iterable[bytes], hint: Hint, *, limit_s: float = 600.0
) -> list[float]:
    """MB that one process holds after each picture; it is not replaced on the way. Empty where /proc does not tell."""
    worker = PictureWorker(read, limit_s=limit_s, max_pictures=1_000_000, max_memory_mb=float("inf"))
    held: list[float] = []
    try:
        for picture in pictures:
            await worker.run(picture, hint)
            now_mb = resident_mb(worker.pid)
            if now_mb is not None:
                held.append(now_mb)
    finally:
        await worker.close()
    return held
