"""A voice note that two have heard: the platform, whose words make the draft at once, and our own engine after it.

Ours knows the names that this rep says. Where the two differ in a name, an amount or a date, ours takes the place of
the platform's and the rep is told both; what the rep has put right by hand meanwhile stays as it is.

The two are compared as the rules read them, also where a language model is set up: equal words then make equal values,
and a difference is one of hearing. Only where the platform's words led to nothing are ours read like any other note.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from handlers import drafts, notes, outbox, sayings, texts, wording
from handlers.context import Context
from handlers.messages import InboundMessage
from handlers.people import known
from handlers.record import (
    ANSWERS,
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
    gives_way,
    load,
    tell_of_a_visit,
)
from nlp import edits
from nlp.draft import ExtractionContext, VisitDraft
from nlp.extractor import Rules
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
    zone, worked = ctx.settings.zone, ctx.settings.worked
    wanted = edits.parse(heard.text, message.sent_at, zone, worked=worked)
    if first.visit_id is None and sayings.is_order(ctx, platform_text) and sayings.is_order(ctx, heard.text):
        # done at their word; a second answer to one question would be one too many
        async with ctx.finishing(job) as work:
            await keep(work, message, await known(ctx, work, message.sender), heard)
        return
    if first.visit_id is None:
        reader = Rules() if wanted else ctx.extractor
        read = await reader.extract(heard.text, understanding)
        await _understood_now(ctx, job, message, heard, read, is_instruction=bool(wanted))
        return
    theirs = await Rules().extract(platform_text, understanding)
    ours = await Rules().extract(heard.text, understanding)
    is_instruction = bool(wanted or edits.parse(platform_text, message.sent_at, zone, worked=worked))
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, message.sender)
        second = await keep(work, message, member, heard)
        visit = await work.visits.lock(first.visit_id)
        second.visit_id = visit.visit_id
        found = differences(facts_of(theirs, first), facts_of(ours, second, heard), names=_names(understanding))
        doubts = [difference.sentence for difference in found]
        if not doubts and is_instruction:
            doubts = _told_otherwise(platform_text, heard.text)
        # nothing else was taken from an answer to our questions, and nothing is to be now
        is_instruction = is_instruction or _is_answer(await load(work, visit), first_id)
        first = await work.visits.evidence(first.evidence_id)
        first.detail = {**first.detail, "differs": [difference.label for difference in found]}
        if doubts:
            await _tell(ctx, work, message, visit, member, first, found, doubts, is_instruction=is_instruction)
    log.info("voice.compared", extra={"event": message.key, "differences": len(doubts)})


def _is_answer(record: Record, evidence_id: int) -> bool:
    return any(isinstance(fact.value, ANSWERS) and fact.source.evidence_id == evidence_id for fact in record.facts)


async def keep(work: Work, message: InboundMessage, member: Member, heard: Transcript) -> Evidence:
    """Our transcript beside the platform's: a value's words are those of the one it came from."""
    second = await work.visits.keep_evidence(message.key + HEARD, member.member_id, "voice", sent_at=message.sent_at)
    # heard once more after a crash, it may read otherwise, and what is understood is what was heard last
    second.text, second.detail = heard.text, detail(heard)
    return second


def detail(heard: Transcript) -> JsonObject:
    """What is kept of a transcript beside its words."""
    return {
        "segments": [[segment.start_s, segment.end_s, segment.text] for segment in heard.segments],
        "duration_s": heard.duration_s,
        "engine": heard.engine,
        "warnings": list(heard.warnings),
    }


async def _understood_now(
    ctx: Context, job: Job, message: InboundMessage, heard: Transcript, read: VisitDraft, *, is_instruction: bool
) -> None:
    """The platform's words led to nothing; ours may be a note after all.

    An instruction is carried out only while it is the last that was said: told that it was not understood, the rep
    has said it again, or something else since.
    """
    async with ctx.database.work() as work:
        member = await known(ctx, work, message.sender)
        second = await keep(work, message, member, heard)
        evidence_id = second.evidence_id
        has_content = is_instruction or tell_of_a_visit(facts_of(read, second, heard))
        is_late = is_instruction and await work.visits.has_sent_since(member.member_id, message.sent_at)
    if is_late:
        async with ctx.finishing(job) as work:
            text = texts.HEARD_SINCE.format(words=heard.text)
            await outbox.say(work, message.sender, text, cause=f"{message.key}{HEARD}>late")
        return
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
        read=read,
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
    *,
    is_instruction: bool,
) -> None:
    to, cause = message.sender, message.key + HEARD
    match visit.state:
        case "draft":
            before = await load(work, visit)
            after = corrected(before, found, first.evidence_id, may_add=not is_instruction)
            if after == before:
                await drafts.show(ctx, work, visit, before, to=to, cause=cause, doubts=doubts)
            else:
                await drafts.change(ctx, work, visit, after, member=member, to=to, cause=cause, doubts=doubts)
        case "confirmed":
            customer = (await work.customers.get(visit.customer_id)).name if visit.customer_id else texts.CUSTOMER_OPEN
            text = texts.HEARD_TOO_LATE.format(customer=customer, doubts="\n".join(doubts))
            await outbox.say(work, to, text, cause=f"{cause}>too-late")
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
            # of two customers of the list, alike to the ear, the one that was heard without our hot words stands
            counts = not them or (all(_is_grounded(fact.value, names) for fact in us) and not _are_customers(them))
            found.append(Difference(label, them, us, counts))
    return found


def _are_customers(facts: Iterable[Fact]) -> bool:
    return any(isinstance(fact.value, CustomerValue) and fact.value.status == "known" for fact in facts)


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


def corrected(record: Record, found: Iterable[Difference], first_id: int, *, may_add: bool = True) -> Record:
    """The record with our values in place of the platform's, as far as those still stand in it.

    What our engine did not hear at all stays: a missing word is no correction. `may_add` allows values that the
    platform did not hear at all; out of an instruction (安装排期表改到周五) they would be invented. Beside a value that
    leaves room for no other of its kind (a customer that a model read, a budget) none is added.
    """
    facts = list(record.facts)
    for difference in found:
        places = [at for at, fact in enumerate(facts) if _is_of(fact, difference.label, first_id)]
        settled = any(_label(fact.value) == difference.label for fact in facts) and not places
        if not difference.ours_counts or settled or (difference.theirs and not places):
            continue
        pairs = _paired(difference)
        for ours, theirs in pairs:
            at = next((at for at in places if theirs is not None and _is_same(facts[at].value, theirs.value)), None)
            if at is not None and theirs is not None:
                facts[at] = _in_place_of(facts[at], theirs, ours)
        if may_add:
            end = places[-1] + 1 if places else len(facts)
            facts[end:end] = [
                ours
                for ours, theirs in pairs
                if theirs is None
                and not any(_is_same(fact.value, ours.value) or gives_way(fact.value, ours.value) for fact in facts)
            ]
    return Record(tuple(facts))


def _paired(difference: Difference) -> list[tuple[Fact, Fact | None]]:
    """Each of our values with the one of the platform's that it is another hearing of: the equal one, or the most
    alike; None for what the platform did not hear."""
    left = list(difference.theirs)
    partners: dict[int, Fact] = {}
    for is_equal in (True, False):
        for place, ours in enumerate(difference.ours):
            fitting = [
                theirs
                for theirs in left
                if type(theirs.value) is type(ours.value) and (not is_equal or _is_same(theirs.value, ours.value))
            ]
            if place not in partners and fitting:
                partners[place] = max(fitting, key=lambda theirs: fuzz.ratio(theirs.source.words, ours.source.words))
                left.remove(partners[place])
    return [(ours, partners.get(place)) for place, ours in enumerate(difference.ours)]


def _is_same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and _key(one) == _key(other)


def _in_place_of(standing: Fact, theirs: Fact, ours: Fact) -> Fact:
    """Our value; of a step that an instruction has moved, only the date was said."""
    if isinstance(standing.value, StepValue) and isinstance(ours.value, StepValue) and standing.value != theirs.value:
        return Fact(standing.value.model_copy(update={"due": ours.value.due}), ours.source)
    return ours


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
