"""What a note says, as facts: each value carries the words it came from.

These types and `nlp.extract.extract` are the package's public face and stay as they are; the rules behind them grow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Source = Literal["voice", "wechat", "text"]
Owner = Literal["us", "customer", "colleague"]
AmountRole = Literal[
    "budget", "quote", "deal", "unit_price", "payment", "fee", "competitor_price", "price_gap", "other"
]


@dataclass(frozen=True, order=True)
class Span:
    """Half-open range of character offsets in the text as it was given: `text[start:end]` are the words."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True)
class Candidate:
    """A customer of the master list that the words may mean; `score` from 0 to 1 (1: exact name or alias)."""

    name: str
    score: float
    reason: Literal["exact", "alias", "abbreviation", "sound"]


@dataclass(frozen=True)
class CustomerMention:
    """`known`: one match, `value` is its name in the master list. `ambiguous`: several, best first, `value` is as said.
    `new`: nothing matches, `value` is as said."""

    value: str
    span: Span
    status: Literal["known", "new", "ambiguous"]
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class ContactMention:
    name: str
    """As said: 王经理, 王建国."""
    span: Span
    title: str | None = None
    department: str | None = None


@dataclass(frozen=True)
class StageMention:
    value: str
    span: Span


@dataclass(frozen=True)
class Amount:
    """Money from `low_fen` to `high_fen`, both inclusive, in fen (1/100 yuan); either side None where it is open
    (以内, 至少). `unit` is what one such amount buys, as said (台, 年), or None."""

    role: AmountRole
    low_fen: int | None
    high_fen: int | None
    span: Span
    unit: str | None = None


@dataclass(frozen=True)
class Percent:
    """`value` in percent: 15.0 for 百分之十五."""

    value: float
    span: Span


@dataclass(frozen=True)
class CompetitorMention:
    name: str
    span: Span


@dataclass(frozen=True)
class Tag:
    """A pain point or an objection by its category."""

    category: str
    span: Span


@dataclass(frozen=True)
class NextStep:
    owner: Owner
    action: str
    """What is to be done, words of the note with the date and the fillers taken off: 提供安装排期表."""
    span: Span
    due: date | None = None
    due_span: Span | None = None


@dataclass(frozen=True)
class Signal:
    polarity: Literal["risk", "positive"]
    category: str
    words: str
    span: Span


@dataclass(frozen=True)
class VisitDraft:
    visited_on: date
    summary: str
    attitude: int = 0
    """From -2 (hostile) to +2 (eager); 0 where nothing says."""
    customer: CustomerMention | None = None
    contacts: tuple[ContactMention, ...] = ()
    stage: StageMention | None = None
    amounts: tuple[Amount, ...] = ()
    percents: tuple[Percent, ...] = ()
    competitors: tuple[CompetitorMention, ...] = ()
    pain_points: tuple[Tag, ...] = ()
    objections: tuple[Tag, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True)
class CustomerEntry:
    name: str
    aliases: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The words a team works with. Defaults for all of them are in `nlp.lexicon`."""

    stages: tuple[str, ...]
    pain_points: Mapping[str, Sequence[str]]
    """Category → phrases that show it."""
    risks: Mapping[str, Sequence[str]]
    positives: Mapping[str, Sequence[str]]
    competitors: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExtractionContext:
    """All that `extract` may know besides the text. `sent_at` is aware; days are counted in `zone`."""

    sent_at: datetime
    vocabulary: Vocabulary
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    source: Source = "text"
    customers: tuple[CustomerEntry, ...] = ()
