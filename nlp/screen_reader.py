"""Pictures of any kind, read on this machine: letters, then what kind of picture it is, then what stands where.

`read_with_…` run in a process of their own (`nlp.ocr_worker`), which alone touches the picture's bytes; the bot sees
only what was read.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.util import find_spec

from nlp import business_cards, chat_layout, images, tables
from nlp.ocr import LineOcr, Page, line_ocr, read_page
from nlp.ocr_worker import LIMIT_S, PictureWorker
from nlp.screens import Kind, ReadHint, ScreenReading, ScreenWarning, Seen

LETTERS_OF_A_TEXT = 8
"""In a picture with fewer letters they are a number plate or a logo: it is a photo."""
SURE = 0.5
"""From this score on a picture is taken for a chat, a table or a card; the highest wins."""

ENGINES = {"rapidocr": "rapidocr", "faster-paddle": "faster_paddle"}
"""Engines by name, and the module that each needs; the first installed one is taken where none is named."""


def installed(engine: str = "auto") -> str | None:
    """The engine's name, where what it needs is installed; None where it is not."""
    wanted = ENGINES if engine == "auto" else {engine: ENGINES[engine]}
    return next((name for name, module in wanted.items() if find_spec(module)), None)


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


def read_with_rapidocr(image: bytes, hint: ReadHint) -> Seen:
    return look(image, hint, lambda: _engine("rapidocr"))


def read_with_faster_paddle(image: bytes, hint: ReadHint) -> Seen:
    return look(image, hint, lambda: _engine("faster-paddle"))


READERS: dict[str, Callable[[bytes, ReadHint], Seen]] = {
    "rapidocr": read_with_rapidocr,
    "faster-paddle": read_with_faster_paddle,
}


@cache
def _engine(name: str) -> LineOcr:
    """Loaded once in the worker's process."""
    return line_ocr(name)


def look(image: bytes, hint: ReadHint, engine_for: Callable[[], LineOcr]) -> Seen:
    """What a picture says; the engine is asked for only once the picture has passed the guard.

    Raises UnreadableImage and those below it, EngineUnavailable.
    """
    prepared = images.prepare(image)
    engine = engine_for()
    page = read_page(engine, prepared.rgb)
    reading = replace(understand(page, hint), engine=engine.name)
    return Seen(reading, prepared.sha256, prepared.look, prepared.width, prepared.height)


def understand(page: Page, hint: ReadHint) -> ScreenReading:
    """What the lines of a picture are: a chat, a table, a card, other words, or none."""
    text = tables.as_lines(page.lines)
    warnings: tuple[ScreenWarning, ...] = ("too_many_lines",) if page.is_cut else ()
    chat = chat_layout.layout(page.rgb, page.lines, hint)
    height, width = page.rgb.shape[:2]
    scores = {
        "chat": chat.confidence,
        "table": tables.is_table(page.lines),
        "card": business_cards.is_card(page.lines, width, height),
    }
    best = max(scores, key=lambda kind: scores[kind])
    if scores[best] < SURE:
        letters = sum(character.isalnum() for character in text)
        kind: Kind = "text" if letters >= LETTERS_OF_A_TEXT else "photo"
        return ScreenReading(kind, plain_text=text, warnings=warnings)
    match best:
        case "table":
            return ScreenReading("table", table=tables.read(page.lines), plain_text=text, warnings=warnings)
        case "card":
            return ScreenReading("card", card=business_cards.read(page.lines), plain_text=text, warnings=warnings)
        case _:
            return ScreenReading(
                "chat",
                chat.messages,
                chat.title,
                plain_text=text,
                warnings=(*warnings, *chat.warnings),
                needs_review=chat.needs_review,
            )
