"""The reader of pictures on this machine, as the bot knows it: an engine's name, and a process that reads with it.

`read_with_…` run in that process (`nlp.ocr_worker`), which alone touches the picture's bytes; the bot sees only what was
read. What they need, OpenCV above all, is imported there: without the extra `ocr` the bot runs all the same.
"""

from collections.abc import Callable
from importlib.util import find_spec

from nlp.ocr_worker import LIMIT_S, PictureWorker
from nlp.screens import ReadHint, Seen

ENGINES = {"rapidocr": ("rapidocr", "cv2"), "faster-paddle": ("faster_paddle", "cv2")}
"""Engines by name, and the modules that each needs; the first installed one is taken where none is named."""


def installed(engine: str = "auto") -> str | None:
    """The engine's name, where what it needs is installed; None where it is not."""
    wanted = ENGINES if engine == "auto" else {engine: ENGINES[engine]}
    return next((name for name, modules in wanted.items() if all(map(find_spec, modules))), None)


def read_with_rapidocr(image: bytes, hint: ReadHint) -> Seen:
    return _look("rapidocr", image, hint)


def read_with_faster_paddle(image: bytes, hint: ReadHint) -> Seen:
    return _look("faster-paddle", image, hint)


def _look(engine: str, image: bytes, hint: ReadHint) -> Seen:
    from nlp.screen_look import look_with  # only here, in the process of the worker

    return look_with(engine, image, hint)


READERS: dict[str, Callable[[bytes, ReadHint], Seen]] = {
    "rapidocr": read_with_rapidocr,
    "faster-paddle": read_with_faster_paddle,
}


class LocalReader:
    """A `nlp.screens.ScreenReader` on this machine, in one process that is started with the first picture."""

    def __init__(self, engine: str, *, limit_s: float = LIMIT_S) -> None:
        self._engine = engine
        self._worker: PictureWorker[ReadHint, Seen] = PictureWorker(READERS[engine], limit_s=limit_s)

    @property
    def name(self) -> str:
        return self._engine

    async def read(self, image: bytes, hint: ReadHint) -> Seen:
        """As promised in `ScreenReader`; also raises ReadingTooLong."""
        return await self._worker.run(image, hint)

    async def close(self) -> None:
        await self._worker.close()
