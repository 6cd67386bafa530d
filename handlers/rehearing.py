"""A voice note that two have heard: the platform, whose words make the draft at once, and our own engine after it.

Ours knows the names that this rep says. Where the two differ in a name, an amount or a date, ours takes the place of
the platform's and the rep is told both; what the rep has put right by hand meanwhile stays as it is.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from handlers import drafts, notes, outbox, texts, wording
from handlers.context import Context
from handlers.messages import InboundMessage
from handlers.people import known
from handlers.record import (
    AmountValue,
    CompetitorValue,
    ContactValue,
    CustomerValue,
    Fact,
    ObjectionValue,
    PercentValue,
    Record,
    StepValue,
    Value,
    facts_of,
    load,
)
from nlp import edits
from nlp.draft import ExtractionContext
from nlp.extract import extract
from nlp.transcript import Transcript
from storage.base import JsonObject
from storage.jobs import Job
from storage.models import Evidence, Member, Visit
from storage.work import Work

log = logging.getLogger(__name__)

DATES, PERCENTS = "日期", "百分比"
HEARD = "#heard"


@dataclass(frozen=True)
class Difference:
    label: str
    theirs: tuple[Fact, ...]
    ours: tuple[Fact, ...]
    ours_counts: bool = True
    """False for a name that nobody here knows: the platform's engine is the better one for those."""

    @property
    def sentence(self) -> str:
        theirs, ours = _words(self.theirs), _words(self.ours)
        if not ours:
            return texts.HEARD_BY_THEM_ONLY.format(label=self.label, theirs=theirs)
        if not theirs:
            return texts.HEARD_BY_US_ONLY.format(label=self.label, ours=ours)
        sentence = texts.HEARD_DIFFERENTLY if self.ours_counts else texts.HEARD_VAGUELY
        return sentence.format(label=self.label, theirs=theirs, ours=ours)


async def compare(ctx: Context, job: Job, message: InboundMessage, first_id: int, heard: Transcript) -> None:
    """Hold our own transcript against the platform's, kept as evidence `first_id`; the job is done then."""
    async with ctx.database.reading() as work:
        first = await work.visits.evidence(first_id)
    understanding = await notes.understanding(ctx, message.sent_at, "voice")
    platform_text = first.text or ""
    theirs = await asyncio.to_thread(extract, platform_text, understanding)
    ours = await asyncio.to_thread(extract, heard.text, understanding)
    wanted = edits.parse(heard.text, message.sent_at, ctx.settings.zone)
    if first.visit_id is None:
        await _understood_now(ctx, job, message, heard, has_content=bool(wanted or facts_of(ours, first, heard)))
        return
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, message.sender)
        second = await keep(work, message, member, heard)
        visit = await work.visits.lock(first.visit_id)
        second.visit_id = visit.visit_id
        found = differences(facts_of(theirs, first), facts_of(ours, second, heard), names=_names(understanding))
        doubts = [difference.sentence for difference in found]
        if not doubts and (wanted or edits.parse(platform_text, message.sent_at, ctx.settings.zone)):
            doubts = _told_otherwise(platform_text, heard.text)
        first = await work.visits.evidence(first.evidence_id)
        first.detail = {**first.detail, "differs": [difference.label for difference in found]}
        if doubts:
            await _tell(ctx, work, message, visit, member, first, found, doubts)
    log.info("voice.compared", extra={"event": message.key, "differences": len(doubts)})


async def keep(work: Work, message: InboundMessage, member: Member, heard: Transcript) -> Evidence:
    """Our transcript beside the platform's: a value's words are those of the one it came from."""
    return await work.visits.keep_evidence(
        message.key + HEARD, member.member_id, "voice", sent_at=message.sent_at, text=heard.text, detail=detail(heard)
    )


def detail(heard: Transcript) -> JsonObject:
    """What is kept of a transcript beside its words."""
    return {
        "segments": [[segment.start_s, segment.end_s, segment.text] for segment in heard.segments],
        "duration_s": heard.duration_s,
        "engine": heard.engine,
        "warnings": list(heard.warnings),
    }


async def _understood_now(
    ctx: Context, job: Job, message: InboundMessage, heard: Transcript, *, has_content: bool
) -> None:
    """The platform's words led to nothing; ours may be a note after all."""
    async with ctx.database.work() as work:
        member = await known(ctx, work, message.sender)
        second = await keep(work, message, member, heard)
        evidence_id = second.evidence_id
    if not has_content:
        async with ctx.finishing(job):
            return
    note = notes.Note(
        to=message.sender,
        cause=message.key + HEARD,
        sent_at=message.sent_at,
        text=heard.text,
        source="voice",
        transcript=heard,
        evidence_id=evidence_id,
    )
    await notes.take(ctx, job, note)


async def _tell(
    ctx: Context,
    work: Work,
    message: InboundMessage,
    visit: Visit,
    member: Member,
    first: Evidence,
    found: Sequence[Difference],
    doubts: Sequence[str],
) -> None:
    cause = message.key + HEARD
    match visit.state:
        case "draft":
            before = await load(work, visit)
            after = corrected(before, found, first.evidence_id)
            await drafts.change(ctx, work, visit, after, member=member, to=message.sender, cause=cause, doubts=doubts)
        case "confirmed":
            customer = (await work.customers.get(visit.customer_id)).name if visit.customer_id else texts.CUSTOMER_OPEN
            text = texts.HEARD_TOO_LATE.format(customer=customer, doubts="\n".join(doubts))
            await outbox.say(work, message.sender, text, cause=f"{cause}>too-late")
        case "discarded":
            pass


def differences(theirs: Iterable[Fact], ours: Iterable[Fact], *, names: Collection[str] = ()) -> list[Difference]:
    """Where two readings of one note disagree in a name, an amount, a percentage or a date.

    `names` are the people and competitors that the company knows.
    """
    by_them, by_us = _grouped(theirs), _grouped(ours)
    found = []
    for label in dict.fromkeys([*by_them, *by_us]):
        them, us = tuple(by_them.get(label, ())), tuple(by_us.get(label, ()))
        if {_key(fact.value) for fact in them} != {_key(fact.value) for fact in us}:
            counts = not them or all(_is_grounded(fact.value, names) for fact in us)
            found.append(Difference(label, them, us, counts))
    return found


def _is_grounded(value: Value, names: Collection[str]) -> bool:
    match value:
        case CustomerValue(status=status):
            return status == "known"
        case ContactValue(name=name) | CompetitorValue(name=name):
            return name in names
        case _:
            return True


def _names(understanding: ExtractionContext) -> set[str]:
    people = {name for customer in understanding.customers for name in customer.contacts}
    return people | set(understanding.vocabulary.competitors)


def corrected(record: Record, found: Iterable[Difference], first_id: int) -> Record:
    """The record with our values in place of the platform's, as far as those still stand in it.

    What our engine did not hear at all stays: a missing word is no correction.
    """
    facts = list(record.facts)
    for difference in found:
        places = [at for at, fact in enumerate(facts) if _is_of(fact, difference.label, first_id)]
        settled = any(_label(fact.value) == difference.label for fact in facts) and not places
        if not difference.ours or not difference.ours_counts or settled or (difference.theirs and not places):
            continue
        kept = [fact for at, fact in enumerate(facts) if at not in places]
        at = places[0] if places else len(kept)
        facts = [*kept[:at], *difference.ours, *kept[at:]]
    return Record(tuple(facts))


def _is_of(fact: Fact, label: str, evidence_id: int) -> bool:
    return fact.source.evidence_id == evidence_id and _label(fact.value) == label


def _grouped(facts: Iterable[Fact]) -> Mapping[str, list[Fact]]:
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        label = _label(fact.value)
        if label is not None:
            groups.setdefault(label, []).append(fact)
    return groups


def _label(value: Value) -> str | None:
    match value:
        case CustomerValue():
            return "客户"
        case ContactValue():
            return "联系人"
        case CompetitorValue():
            return "竞品"
        case AmountValue(role=role):
            return wording.AMOUNT_LABELS[role]
        case PercentValue() | ObjectionValue():
            # an objection is shown by its words, and the percentage is in them
            return PERCENTS
        case StepValue():
            return DATES
        case _:
            return None


def _key(value: Value) -> object:
    """What must agree; the wording around it may differ between any two who listened."""
    match value:
        case CustomerValue(name=name) | ContactValue(name=name) | CompetitorValue(name=name):
            return name
        case AmountValue():
            return (value.low_fen, value.high_fen, value.unit)
        case PercentValue(percent=percent):
            return percent
        case StepValue(due=due):
            return due
        case _:
            return None


def _words(facts: Sequence[Fact]) -> str:
    shown = [fact for fact in facts if _key(fact.value) is not None]
    return "、".join(dict.fromkeys(f"「{_said(fact)}」" for fact in shown))


def _said(fact: Fact) -> str:
    match fact.value:
        case CustomerValue(name=name) | ContactValue(name=name) | CompetitorValue(name=name):
            return name
        case AmountValue():
            return wording.money(fact.value)
        case PercentValue(percent=percent):
            return wording.percent(percent)
        case StepValue(due=due, action=action) if due is not None:
            return f"{due:%m-%d} {action}"
        case _:
            return fact.source.words


def _told_otherwise(theirs: str, ours: str) -> list[str]:
    """An instruction without names or numbers (删掉第二个待办) that the two heard differently."""
    plain = [[character for character in text if character.isalnum()] for text in (theirs, ours)]
    return [] if plain[0] == plain[1] else [texts.HEARD_DIFFERENTLY.format(label="原话", theirs=theirs, ours=ours)]
