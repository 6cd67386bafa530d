"""What a picture says: letters, then what kind of picture it is, then what stands where.

Runs in the process of `nlp.ocr_worker`: it brings OpenCV along, which the bot does without.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from nlp import business_cards, chat_layout, images, tables
from nlp.ocr import LineOcr, Page, line_ocr, read_page
from nlp.screens import Kind, ReadHint, ScreenReading, ScreenWarning, Seen

LETTERS_OF_A_TEXT = 8
"""In a picture with fewer letters they are a number plate or a logo: it is a photo."""
SURE = 0.5
"""From this score on a picture is taken for a chat, a table or a card; the highest wins."""


def look_with(engine: str, image: bytes, hint: ReadHint) -> Seen:
    """As `look`, with the engine of that name."""
    return look(image, hint, lambda: _engine(engine))


@cache
def _engine(name: str) -> LineOcr:
    """Loaded once a process."""
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
