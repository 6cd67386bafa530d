"""A visit's values as types, between the loose rows of storage and the sentences of a card."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter

from handlers.messages import Frozen
from nlp import demo_refusals
from nlp.draft import AmountRole, Owner, Span, VisitDraft
from nlp.transcript import Transcript
from storage.models import Evidence, Visit
from storage.visits import FieldValue, Source
from storage.work import Work


class CustomerValue(Frozen):
    kind: Literal["customer"] = "customer"
    name: str
    """The name in the master list where the customer is known, as said otherwise."""
    status: Literal["known", "new", "ambiguous"]
    candidates: tuple[str, ...] = ()
    heard: str | None = None
    """What the words sounded like, where the name in the list was found by its sound alone: a person has to look."""


class ContactValue(Frozen):
    kind: Literal["contact"] = "contact"
    name: str
    title: str | None = None
    department: str | None = None
    phone: str | None = None
    email: str | None = None


class StageValue(Frozen):
    kind: Literal["stage"] = "stage"
    name: str


class AmountValue(Frozen):
    kind: Literal["amount"] = "amount"
    role: AmountRole
    low_fen: int | None
    high_fen: int | None
    unit: str | None = None
    about: bool = False
    """Said as 大概, 左右: the figure is that of the note, and nobody has promised it."""


class WithdrawnAmountValue(Frozen):
    """An amount that the speaker took back at once (八十万，不对，八十五万)."""

    kind: Literal["withdrawn_amount"] = "withdrawn_amount"
    role: AmountRole
    low_fen: int | None
    high_fen: int | None


class QuantityValue(Frozen):
    kind: Literal["quantity"] = "quantity"
    low: Decimal
    high: Decimal
    unit: str


class ItemValue(Frozen):
    """A row of a quotation, by its columns as they stand: 截止阀 DN50, 20 台, 380."""

    kind: Literal["item"] = "item"
    cells: tuple[str, ...]


class PercentValue(Frozen):
    kind: Literal["percent"] = "percent"
    percent: float


class CompetitorValue(Frozen):
    kind: Literal["competitor"] = "competitor"
    name: str


class PainValue(Frozen):
    kind: Literal["pain"] = "pain"
    category: str


class ObjectionValue(Frozen):
    kind: Literal["objection"] = "objection"
    category: str


class DemandValue(Frozen):
    kind: Literal["demand"] = "demand"
    what: str
    due: date | None = None


class StepValue(Frozen):
    kind: Literal["step"] = "step"
    owner: Owner
    action: str
    due: date | None = None


class SignalValue(Frozen):
    kind: Literal["signal"] = "signal"
    polarity: Literal["risk", "positive"]
    category: str
    words: str


class PlaceValue(Frozen):
    kind: Literal["place"] = "place"
    label: str
    latitude: float
    longitude: float


class SaidPlaceValue(Frozen):
    """Where the visit was, as the note says it; a `PlaceValue` is a position that was sent."""

    kind: Literal["said_place"] = "said_place"
    name: str


class VisitTimeValue(Frozen):
    kind: Literal["visit_time"] = "visit_time"
    at: time


class VagueValue(Frozen):
    """Words that say nothing, and the question that would help."""

    kind: Literal["vague"] = "vague"
    question: str


class AlsoVisitedValue(Frozen):
    """A further customer of whom the same note tells: a person has to split it."""

    kind: Literal["also_visited"] = "also_visited"
    name: str


class DayValue(Frozen):
    """The day of the visit, where the rep corrected it."""

    kind: Literal["day"] = "day"
    on: date


class DemoValue(Frozen):
    """What the note tells of a demonstration: the customer refused it, or saw it."""

    kind: Literal["demo"] = "demo"
    refused: bool


class SigningValue(Frozen):
    """When the contract is expected to be signed."""

    kind: Literal["signing"] = "signing"
    on: date


class DeciderValue(Frozen):
    """Who has the last word at the customer's, as said."""

    kind: Literal["decider"] = "decider"
    name: str


class RemarkValue(Frozen):
    """Something the rep wants in the record that none of the other values holds; the words are the source's."""

    kind: Literal["remark"] = "remark"
    text: str


# The answers to the three questions that a risk raises


class BlockerValue(Frozen):
    """客户卡点: where exactly the customer is stuck."""

    kind: Literal["blocker"] = "blocker"
    text: str


class SupportValue(Frozen):
    """我方可提供的支持."""

    kind: Literal["support"] = "support"
    text: str


class BreakthroughValue(Frozen):
    """预计突破时间: when it is expected to move again; `on` is None where the words name no day (说不准)."""

    kind: Literal["breakthrough"] = "breakthrough"
    text: str
    on: date | None = None


class SkippedValue(Frozen):
    """The rep does not want to be asked for more about this visit."""

    kind: Literal["skipped"] = "skipped"


ANSWERS = (BlockerValue, SupportValue, BreakthroughValue)

Value = (
    CustomerValue
    | ContactValue
    | StageValue
    | AmountValue
    | WithdrawnAmountValue
    | QuantityValue
    | ItemValue
    | PercentValue
    | CompetitorValue
    | PainValue
    | ObjectionValue
    | DemandValue
    | StepValue
    | SignalValue
    | PlaceValue
    | SaidPlaceValue
    | VisitTimeValue
    | VagueValue
    | AlsoVisitedValue
    | DayValue
    | DemoValue
    | SigningValue
    | DeciderValue
    | RemarkValue
    | BlockerValue
    | SupportValue
    | BreakthroughValue
    | SkippedValue
)
_VALUES: TypeAdapter[Value] = TypeAdapter(Annotated[Value, Field(discriminator="kind")])
V = TypeVar("V", bound=Value)

# of these a visit has one at most; a later one takes the place of the earlier
_SINGLE = (
    CustomerValue,
    StageValue,
    PlaceValue,
    SaidPlaceValue,
    VisitTimeValue,
    DayValue,
    BlockerValue,
    SupportValue,
    BreakthroughValue,
    SkippedValue,
    DemoValue,
    SigningValue,
)
_BESIDE = (
    WithdrawnAmountValue,
    QuantityValue,
    SaidPlaceValue,
    VisitTimeValue,
    VagueValue,
    BlockerValue,
    SupportValue,
    BreakthroughValue,
    SkippedValue,
    DemoValue,
    SigningValue,
    DeciderValue,
)
"""These tell of a visit that something else has to show: 明天三点要开会 is none."""


@dataclass(frozen=True)
class Fact:
    value: Value
    source: Source


@dataclass(frozen=True)
class Record:
    """All that is known of a visit, in the order it was said."""

    facts: tuple[Fact, ...] = ()

    def all(self, kind: type[V]) -> list[V]:
        return [fact.value for fact in self.facts if isinstance(fact.value, kind)]

    def one(self, kind: type[V]) -> V | None:
        return next(iter(self.all(kind)), None)

    @property
    def customer(self) -> CustomerValue | None:
        return self.one(CustomerValue)

    @property
    def steps(self) -> list[StepValue]:
        return self.all(StepValue)

    @property
    def risks(self) -> list[SignalValue]:
        return [signal for signal in self.all(SignalValue) if signal.polarity == "risk"]

    def with_fact(self, fact: Fact) -> "Record":
        """The record with this fact put in: in place of what it contradicts, beside everything else."""
        kept = [known for known in self.facts if not _replaces(fact, known)]
        if len(kept) < len(self.facts):
            place = next(i for i, known in enumerate(self.facts) if _replaces(fact, known))
            fact = _completed(fact, self.facts[place])
            kept.insert(min(place, len(kept)), fact)
        else:
            kept.append(fact)
        return Record(tuple(kept))

    def joined_by(self, facts: Iterable[Fact]) -> "Record":
        record = self
        for fact in facts:
            record = record.with_fact(fact)
        return record

    def without(self, value: Value) -> "Record":
        return Record(tuple(fact for fact in self.facts if fact.value != value))

    def replacing(self, old: Value, fact: Fact) -> "Record":
        return Record(tuple(fact if known.value == old else known for known in self.facts))

    def rows(self) -> list[FieldValue]:
        return [FieldValue(fact.value.kind, fact.value.model_dump(mode="json"), fact.source) for fact in self.facts]


def record_of(rows: Sequence[FieldValue]) -> Record:
    return Record(tuple(Fact(_VALUES.validate_python(row.value), row.source) for row in rows))


async def load(work: Work, visit: Visit, *, version: int | None = None) -> Record:
    """What a visit says, or said as of an earlier version."""
    return record_of(await work.visits.fields(visit, version=version))


def _replaces(new: Fact, known: Fact) -> bool:
    """Whether `new` takes the place of `known`.

    Two budgets of one and the same note (one a customer, or last year's and this one's) both stay: a person sees two
    and puts it right, where the last one alone would pass for the truth.
    """
    if isinstance(new.value, AmountValue) and new.source.evidence_id == known.source.evidence_id:
        return known.value == new.value
    return gives_way(known.value, new.value)


def _completed(new: Fact, known: Fact) -> Fact:
    """王经理, said again without his department, has not lost it."""
    if not (isinstance(new.value, ContactValue) and isinstance(known.value, ContactValue)):
        return new
    said = {key: value for key, value in new.value.model_dump().items() if value is not None}
    completed = known.value.model_copy(update=said)
    return known if completed == known.value else Fact(completed, new.source)


def gives_way(known: Value, new: Value) -> bool:
    """Whether the kinds and contents of the two leave room for one only."""
    match known, new:
        case AmountValue(), AmountValue():
            # two prices may stand side by side; there is one budget, one quote, one deal
            return known == new or (known.role == new.role and known.role in {"budget", "quote", "deal"})
        case ContactValue(), ContactValue():
            return known.name == new.name
        case StepValue(), StepValue():
            return known.action == new.action and known.owner == new.owner
        case DemandValue(), DemandValue():
            return known.what == new.what
        case _ if isinstance(new, _SINGLE):
            return type(known) is type(new)
        case _:
            return known == new


def tell_of_a_visit(facts: Iterable[Fact]) -> bool:
    return any(tells_of_a_visit(fact.value) for fact in facts)


def tells_of_a_visit(value: Value) -> bool:
    return not isinstance(value, _BESIDE)


_FIELDS = {
    "customer": "customer",
    "contact": "contacts",
    "stage": "stage",
    "amount": "amounts",
    "competitor": "competitors",
    "pain": "pain_points",
    "objection": "objections",
    "demand": "demands",
    "step": "next_steps",
    "signal": "signals",
}
"""A value's kind → the field of a draft that it comes from, for those that a model may have a hand in."""


def _makers(draft: VisitDraft) -> dict[tuple[str, Span], str]:
    """Field and words → what made the value there, where that is not the rules alone."""
    found: dict[tuple[str, Span], str] = {}
    for key, engine in draft.engines.items():
        name, _, place = key.partition(".")
        value = getattr(draft, name, None)
        span = getattr(value[int(place)] if place and value else value, "span", None)
        if isinstance(span, Span):
            found[name, span] = engine
    return found


def facts_of(draft: VisitDraft, evidence: Evidence, transcript: Transcript | None = None) -> list[Fact]:
    """What a note says, each with its source in `evidence`; `transcript` gives the place in the recording."""
    text = evidence.text or ""
    makers = _makers(draft)

    def fact(value: Value, span: Span) -> Fact:
        at_s = transcript.time_at(span.start) if transcript else None
        engine = makers.get((_FIELDS.get(value.kind, ""), span), "rules")
        return Fact(value, Source(evidence.evidence_id, span.start, span.end, span.of(text), at_s, engine))

    facts: list[Fact] = []
    if draft.customer:
        names = tuple(candidate.name for candidate in draft.customer.candidates)
        by_sound = draft.customer.status == "known" and draft.customer.candidates[:1]
        heard = draft.customer.span.of(text) if by_sound and by_sound[0].reason == "sound" else None
        value = CustomerValue(name=draft.customer.value, status=draft.customer.status, candidates=names, heard=heard)
        facts.append(fact(value, draft.customer.span))
    facts += [
        fact(ContactValue(name=contact.name, title=contact.title, department=contact.department), contact.span)
        for contact in draft.contacts
    ]
    if draft.stage:
        facts.append(fact(StageValue(name=draft.stage.value), draft.stage.span))
    facts += [
        fact(
            AmountValue(
                role=money.role,
                low_fen=money.low_fen,
                high_fen=money.high_fen,
                unit=money.unit,
                about=money.bound == "about",
            ),
            money.span,
        )
        for money in draft.amounts
    ]
    facts += [
        fact(WithdrawnAmountValue(role=money.role, low_fen=money.low_fen, high_fen=money.high_fen), money.span)
        for money in draft.withdrawn
    ]
    facts += [
        fact(QuantityValue(low=number.low, high=number.high, unit=number.unit), number.span)
        for number in draft.quantities
    ]
    facts += [fact(PercentValue(percent=percent.value), percent.span) for percent in draft.percents]
    facts += [fact(CompetitorValue(name=competitor.name), competitor.span) for competitor in draft.competitors]
    facts += [fact(PainValue(category=pain.category), pain.span) for pain in draft.pain_points]
    facts += [fact(ObjectionValue(category=objection.category), objection.span) for objection in draft.objections]
    facts += [fact(DemandValue(what=demand.what, due=demand.due), demand.span) for demand in draft.demands]
    facts += [fact(StepValue(owner=s.owner, action=s.action, due=s.due), s.span) for s in draft.next_steps]
    facts += [
        fact(SignalValue(polarity=signal.polarity, category=signal.category, words=signal.words), signal.span)
        for signal in draft.signals
    ]
    if draft.place:
        facts.append(fact(SaidPlaceValue(name=draft.place.name), draft.place.span))
    if draft.visited_time and draft.visited_span:
        facts.append(fact(VisitTimeValue(at=draft.visited_time), draft.visited_span))
    if draft.signing:
        facts.append(fact(SigningValue(on=draft.signing.on), draft.signing.span))
    facts += [fact(DeciderValue(name=decider.name), decider.span) for decider in draft.deciders]
    facts += [fact(VagueValue(question=vague.question), vague.span) for vague in draft.vague]
    facts += [fact(AlsoVisitedValue(name=other.value), other.span) for other in draft.others]
    facts += [fact(DemoValue(refused=mention.refused), mention.span) for mention in demo_refusals.find(text)[-1:]]
    return facts
