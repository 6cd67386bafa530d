"""What a note says, as facts: each value carries the words it came from.

These types and `nlp.extract.extract` are the package's public face and stay as they are; the rules behind them grow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from nlp.calendar_cn import Worked, is_working_day

Source = Literal["voice", "wechat", "text"]
Owner = Literal["us", "customer", "colleague"]
AmountRole = Literal[
    "budget", "quote", "deal", "unit_price", "payment", "fee", "competitor_price", "price_gap", "other"
]
Bound = Literal["exact", "about", "range", "at_most", "at_least"]
Side = Literal["customer", "competitor", "own", "third"]


@dataclass(frozen=True, order=True)
class Span:
    """Half-open range of character offsets in the text as it was given: `text[start:end]` are the words."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


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
    side: Side = "customer"
    """Whose person it is. A record's contacts are the customer's; others are kept for the sentence that names them."""


@dataclass(frozen=True)
class StageMention:
    value: str
    span: Span


@dataclass(frozen=True)
class Amount:
    """Money from `low_fen` to `high_fen`, both inclusive, in fen (1/100 yuan); either side None where it is open
    (以内, 至少). `unit` is what one such amount buys, as said (台, 年), or None. `bound` says how it was said: about (大概,
    左右, 来) leaves the figure as it is."""

    role: AmountRole
    low_fen: int | None
    high_fen: int | None
    span: Span
    unit: str | None = None
    bound: Bound = "exact"


@dataclass(frozen=True)
class Percent:
    """`value` in percent: 15.0 for 百分之十五. A `discount` is what is left to pay (九五折: 95.0), `points` what is taken off
    or put on top (便宜两个点: 2.0)."""

    value: float
    span: Span
    kind: Literal["percent", "discount", "points"] = "percent"


@dataclass(frozen=True)
class Quantity:
    """How many, inclusive on both sides: 三十来台, 两条产线. `unit` is the measure word as said."""

    low: Decimal
    high: Decimal
    unit: str
    span: Span


@dataclass(frozen=True)
class CompetitorMention:
    name: str
    span: Span


@dataclass(frozen=True)
class Tag:
    """A pain point or an objection by its category; `percent` where it is said by how much (比竞品贵百分之十五)."""

    category: str
    span: Span
    percent: float | None = None


@dataclass(frozen=True)
class Demand:
    """Something the customer wants of us, in words of the note: 3月前完成安装, 提供三个同行业案例."""

    what: str
    span: Span
    due: date | None = None
    due_span: Span | None = None


@dataclass(frozen=True)
class PlaceMention:
    """Where the visit was: 他们工厂, 余姚车间, 线上."""

    name: str
    span: Span


@dataclass(frozen=True)
class VagueMention:
    """Words that say nothing (后续再联系), and the one concrete question that would."""

    words: str
    span: Span
    question: str


Essential = Literal["customer", "contact", "stage", "next_step", "next_step_due"]


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
class SigningMention:
    """When the contract is expected to be signed."""

    on: date
    span: Span


@dataclass(frozen=True)
class DeciderMention:
    """Who has the last word, as said: 李总."""

    name: str
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
    demands: tuple[Demand, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    withdrawn: tuple[Amount, ...] = ()
    """Amounts that the speaker took back: of 八十万，不对，八十五万 the first."""
    visited_span: Span | None = None
    """The words that name the day of the visit; None where it is the day of sending."""
    visited_time: time | None = None
    """Wall clock in the zone of the context."""
    place: PlaceMention | None = None
    others: tuple[CustomerMention, ...] = ()
    """Further customers whom the note tells of as visited; a person has to split it."""
    signing: SigningMention | None = None
    deciders: tuple[DeciderMention, ...] = ()
    vague: tuple[VagueMention, ...] = ()
    missing: tuple[Essential, ...] = ()
    """What a useful record has and this one does not, the most important first."""
    engines: Mapping[str, str] = field(default_factory=dict)
    """Field → what made it, where that is not the rules alone: the name of a model."""


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
    stage_cues: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Stage → further words of the team's that show it."""


@dataclass(frozen=True)
class ExtractionContext:
    """All that `extract` may know besides the text. `sent_at` is aware; days are counted in `zone`."""

    sent_at: datetime
    vocabulary: Vocabulary
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    source: Source = "text"
    customers: tuple[CustomerEntry, ...] = ()
    moments: tuple[tuple[int, datetime], ...] = ()
    """Of a chat whose messages carry their times, in order: from that offset on, days are counted from that moment (aware)
    instead of `sent_at`; what stands before the first is counted from the first."""
    worked: Worked = is_working_day
    """Which days are worked, where the company has days of its own."""
