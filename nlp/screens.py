"""What a picture says, whoever read it: the role of a reader of screenshots, and its answer."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

Kind = Literal["chat", "table", "card", "text", "photo"]
"""chat: bubbles of a messenger · table: a quotation or price list · card: a business card · text: other words (a notice, a
document) · photo: nothing to read in it."""
Speaker = Literal["left", "right", "system"]
"""left: whom the owner of the phone talks to · right: the owner, our rep · system: the messenger itself."""
MessageKind = Literal["text", "quote", "card", "voice", "image", "transfer", "time", "system"]
TimeSource = Literal["explicit", "inherited"]
"""explicit: the moment stands right above the message · inherited: the last one above it."""
ScreenWarning = Literal[
    "tilted",
    "loose_lines",
    "sides_unclear",
    "too_many_lines",
    "small_text",
    "truncated",
    "unconfirmed_numbers",
    "model_unavailable",
]
"""tilted: a photo of a screen rather than a screenshot · loose_lines: much text that belongs to no bubble · sides_unclear: who is
on which side cannot be told · too_many_lines: only the first were read · truncated: cut off at the edge of the screen ·
unconfirmed_numbers: a model named figures that the letters in the picture do not have."""


@dataclass(frozen=True)
class Rect:
    """Pixels of the upright picture; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class Line:
    """One line of letters as an engine read it; `score` from 0 to 1."""

    rect: Rect
    text: str
    score: float = 1.0


@dataclass(frozen=True)
class Message:
    """One bubble, or one line that the messenger itself put between bubbles.

    Lines of a bubble are joined without a space between Chinese characters. `sent_at` is aware; None where the picture
    shows no time above it.
    """

    speaker: Speaker
    kind: MessageKind
    text: str
    nick: str | None = None
    sent_at: datetime | None = None
    time_source: TimeSource | None = None
    truncated: bool = False
    """Whether the bubble is cut off by the edge of the picture."""
    confidence: float = 1.0
    """How sure the side is, from 0 to 1."""
    rect: Rect | None = None
    unconfirmed: tuple[str, ...] = ()
    """Figures in it that only a model saw, not the letters read in the picture."""


@dataclass(frozen=True)
class QuotedItem:
    """A row of a quotation: cells by column, as they stand."""

    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    header: tuple[str, ...]
    items: tuple[QuotedItem, ...]
    total: str | None = None
    """The words of the total row, as they stand."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class BusinessCard:
    """None where the card does not say."""

    name: str | None = None
    title: str | None = None
    department: str | None = None
    company: str | None = None
    phones: tuple[str, ...] = ()
    email: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class ReadHint:
    """All that a reader may know besides the picture: `sent_at` (aware) is when it was sent to us, not when it is read."""

    sent_at: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))


@dataclass(frozen=True)
class ScreenReading:
    """`plain_text` is all that was read, line by line from the top; it is data, whatever it says."""

    kind: Kind
    messages: tuple[Message, ...] = ()
    title: str | None = None
    """The name on top of a chat: whom it is with."""
    table: Table | None = None
    card: BusinessCard | None = None
    plain_text: str = ""
    engine: str = ""
    warnings: tuple[ScreenWarning, ...] = ()
    needs_review: bool = False
    """Whether a person has to look before anything in it counts."""


@dataclass(frozen=True)
class Seen:
    """A picture that was looked at: what it says, and what tells it from others."""

    reading: ScreenReading
    sha256: str
    look: str
    """A small grey copy of it in base64, 2,732 characters: `nlp.images.distance` tells whether two look alike."""
    width: int
    height: int


class ScreenReader(Protocol):
    @property
    def name(self) -> str: ...

    async def read(self, image: bytes, hint: ReadHint) -> Seen:
        """Read one picture of any kind, told by its bytes alone.

        Raises UnreadableImage and those below it, ReadingTooLong, EngineUnavailable.
        """
        ...

    async def close(self) -> None: ...
