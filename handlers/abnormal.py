"""What is abnormal (异常) about confirmed records and deals that go on, each with why and the words that it rests on.

What a rep recorded of one customer on one day is one visit here, however many records it took: a further note is how a
record that has been confirmed is made more complete. What a visit lacks is mended by itself once a later visit of the
same rep to the same customer tells it, or, for evidence, once a piece is sent and put into the customer's file.

Nothing is concluded. A contradiction is abnormal only where the confirmed card asked about it and nobody said a word to
it (`handlers.consistency`); a quote is compared with the cost that somebody told us.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from handlers import abnormal_texts as texts
from handlers import consistency, credibility, deals, wording
from handlers.record import (
    AmountValue,
    ContactValue,
    CustomerValue,
    DeciderValue,
    Record,
    SigningValue,
    StageValue,
    StepValue,
    VagueValue,
)
from handlers.record_rules import RecordRules, Required
from storage.deal_models import Opportunity
from storage.models import Evidence, Visit

Kind = Literal[
    "missing", "contradiction", "below_cost", "jump", "vague", "trust", "evidence", "waiting", "frozen", "overdue"
]
KINDS: Sequence[Kind] = get_args(Kind)
"""In the order in which they are listed."""
RECORDED = frozenset(
    {"customer", "contact", "step", "stage", "amount", "vague", "demand", "demo", "decider", "signing"}
)
"""The kinds of values that are looked at here."""


@dataclass(frozen=True)
class One:
    """A confirmed record."""

    visit: Visit
    record: Record


@dataclass(frozen=True)
class Told:
    """A visit: what one rep recorded of one customer on one day, the first record leading."""

    records: tuple[One, ...]
    pieces: tuple[Evidence, ...]
    sent_on: date
    """The day of the first message about it."""
    deal: Opportunity | None = None

    @property
    def first(self) -> Visit:
        return self.records[0].visit

    @property
    def together(self) -> Record:
        return Record(tuple(fact for one in self.records for fact in one.record.facts))


@dataclass(frozen=True)
class Abnormality:
    kind: Kind
    reason: str
    words: str
    on: date
    member_id: int
    customer_id: int
    opportunity_id: int | None = None
    visit_id: int | None = None


@dataclass(frozen=True)
class Completeness:
    """完整率: how many of the required fields of confirmed records are filled."""

    required: int = 0
    filled: int = 0
    records: int = 0

    @property
    def percent(self) -> int:
        """Rounded down: 100 says that nothing is missing. Nobody asks it where nothing was required."""
        return self.filled * 100 // self.required

    def __add__(self, other: "Completeness") -> "Completeness":
        return Completeness(self.required + other.required, self.filled + other.filled, self.records + other.records)


# Completeness


def completeness(told: Iterable[Told], required: Sequence[Required]) -> Completeness:
    """What each visit tells by itself; what a later one adds mends the list, and not this."""
    found = Completeness()
    for one in told:
        asked = needed(one, required)
        filled = sum(_is_filled(one.together, one.deal, field) for field in asked)
        found += Completeness(len(asked), filled, len(one.records))
    return found


def needed(told: Told, required: Sequence[Required]) -> list[Required]:
    """The fields that this visit has to tell: a stage and an amount only where it was about a deal."""
    return [field for field in required if told.deal is not None or field not in ("stage", "amount", "stage_or_amount")]


def _is_filled(record: Record, deal: Opportunity | None, field: Required) -> bool:
    """What the deal is known by already need not be said each time."""
    has_stage = bool(record.all(StageValue)) or (deal is not None and deal.stage is not None)
    has_amount = any(amount.role in deals.WORTH for amount in record.all(AmountValue)) or (
        deal is not None and deal.amount_fen is not None
    )
    match field:
        case "customer":
            return bool(record.all(CustomerValue))
        case "contact":
            return bool(record.all(ContactValue))
        case "step":
            return bool(record.all(StepValue))
        case "stage":
            return has_stage
        case "amount":
            return has_amount
        case "stage_or_amount":
            return has_stage or has_amount


# Records


def of_visit(told: Told, later: Sequence[Told], rules: RecordRules) -> Iterator[Abnormality]:
    """What is abnormal about a visit now; `later` are the same rep's visits to the same customer behind it."""
    yield from _missing(told, later, rules.required)
    yield from _doubted(told, later)
    yield from _below_cost(told, later)
    yield from _vague(told, later)
    yield from _unproven(told, rules.low_credibility_percent)


def _one(told: Told, kind: Kind, reason: str, words: str, visit: Visit | None = None) -> Abnormality:
    visit = visit or told.first
    assert visit.customer_id is not None  # a confirmed record has one
    return Abnormality(
        kind,
        reason,
        words,
        visit.visited_on,
        visit.member_id,
        visit.customer_id,
        visit.opportunity_id,
        visit.visit_id,
    )


def _missing(told: Told, later: Sequence[Told], required: Sequence[Required]) -> Iterator[Abnormality]:
    lacking = [
        field
        for field in needed(told, required)
        if not _is_filled(told.together, told.deal, field)
        and not any(_is_filled(one.together, None, field) for one in later)
    ]
    if lacking:
        fields = "、".join(texts.FIELDS[field] for field in lacking)
        yield _one(told, "missing", texts.MISSING.format(fields=fields), _said(told))


def _said(told: Told) -> str:
    """The note itself: what is missing has no words."""
    return next((piece.text for piece in told.pieces if piece.text), "")


def _doubted(told: Told, later: Sequence[Told]) -> Iterator[Abnormality]:
    if told.deal is not None and told.deal.state != "open":
        return
    for place, one in enumerate(told.records):
        behind = [*told.records[place + 1 :], *(again for other in later for again in other.records)]
        for doubt in consistency.doubts_of(one.visit.doubts):
            # what is below the cost is so whatever was said to it: see `_below_cost`
            if doubt.answered or doubt.kind == "cost" or any(_settles(again, doubt) for again in behind):
                continue
            kind: Kind = "jump" if doubt.kind == "jump" else "contradiction"
            yield _one(told, kind, texts.DOUBTED.format(text=doubt.text), doubt.words, one.visit)


def _settles(again: One, doubt: consistency.Doubt) -> bool:
    """Whether a later record says something of the same kind, and leaves no doubt about it."""
    match doubt.kind:
        case "jump":
            says = any(amount.role == doubt.role for amount in again.record.all(AmountValue))
        case "decider":
            says = bool(again.record.all(DeciderValue))
        case _:
            says = bool(again.record.all(StageValue) or again.record.all(SigningValue))
    asked = [one for one in consistency.doubts_of(again.visit.doubts) if not one.answered]
    return says and not any((one.kind, one.role) == (doubt.kind, doubt.role) for one in asked)


def _below_cost(told: Told, later: Sequence[Told]) -> Iterator[Abnormality]:
    """The last offer of a deal that goes on."""
    deal = told.deal
    if deal is None or deal.state != "open" or deal.cost_fen is None:
        return
    if any(_offers(one.together) for one in later if one.deal is deal):
        return
    last = next((one for one in reversed(told.records) if _offers(one.record)), None)
    if last is None:
        return
    for quote in consistency.below_cost(last.record, deal.cost_fen):
        reason = texts.BELOW_COST.format(quote=wording.money(quote), cost=wording.amount(deal.cost_fen))
        yield _one(told, "below_cost", reason, consistency.words_of(last.record, quote), last.visit)


def _offers(record: Record) -> bool:
    return any(amount.role in ("quote", "deal") and amount.unit is None for amount in record.all(AmountValue))


def _vague(told: Told, later: Sequence[Told]) -> Iterator[Abnormality]:
    """Wording that says nothing, where the visit's last record and all later ones leave it at that."""
    last = told.records[-1]
    if any(not one.records[-1].record.all(VagueValue) for one in later):
        return
    vague = [fact for fact in last.record.facts if isinstance(fact.value, VagueValue)]
    for fact in vague:
        assert isinstance(fact.value, VagueValue)  # chosen by it
        yield _one(told, "vague", texts.VAGUE.format(question=fact.value.question), fact.source.words, last.visit)


def _unproven(told: Told, low_percent: int) -> Iterator[Abnormality]:
    """Told once: a record that may hardly be believed says already that nothing proves it."""
    first = told.first
    trust = credibility.of(told.together, told.pieces, visited_on=first.visited_on, sent_on=told.sent_on)
    if trust.percent < low_percent:
        parts = [trust.strongest]
        parts += [texts.LOW_TRUST_PARTS.format(missing="、".join(trust.missing))] * bool(trust.missing)
        parts += [texts.LOW_TRUST_LATE.format(days=trust.days)] * bool(trust.days)
        yield _one(told, "trust", texts.LOW_TRUST.format(percent=trust.percent, why="，".join(parts)), _said(told))
    elif not trust.is_verifiable:
        yield _one(told, "evidence", texts.NO_EVIDENCE.format(strongest=trust.strongest), _said(told))


# In order


def in_order(found: Iterable[Abnormality]) -> list[Abnormality]:
    """By kind, and of each kind the newest first."""
    rank = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(
        found, key=lambda one: (rank[one.kind], -one.on.toordinal(), -(one.visit_id or 0), -(one.opportunity_id or 0))
    )
