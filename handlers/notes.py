"""A note, heard or typed: a change to the open draft, more about it, or a new visit."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from handlers import (
    answers,
    drafts,
    editing,
    outbox,
    people_said,
    practice_answers,
    sayings,
    texts,
    todo_sayings,
    wording,
)
from handlers.context import Context
from handlers.messages import Sender
from handlers.people import known
from handlers.record import CustomerValue, Fact, Record, Value, facts_of, load, tell_of_a_visit
from handlers.reply import Coached, Reply
from nlp import edits
from nlp.draft import CustomerEntry, ExtractionContext, Span, VisitDraft
from nlp.draft import Source as NoteSource
from nlp.extractor import NOTE, SPENT, TOO_LONG, Rules
from nlp.transcript import Transcript
from storage.jobs import Job
from storage.models import Evidence, Member, Visit
from storage.visits import Source
from storage.work import Work

log = logging.getLogger(__name__)

LEAST_FOR_MODEL = 8
"""Characters; in fewer there is nothing that the rules could miss."""
MOST_ASIDE = 12
"""Characters of what somebody adds to a note that they quote (帮我记一下); longer words may be news."""


@dataclass(frozen=True)
class Note:
    """What was said, by whom and when; `evidence_id` is set where it has been kept already."""

    to: Sender
    cause: str
    sent_at: datetime
    text: str
    source: NoteSource = "text"
    transcript: Transcript | None = None
    evidence_id: int | None = None
    is_beside: bool = False
    """Whether it came in one message with something else that is answered: 记一下, beside the note that is meant."""
    is_picture: bool = False
    """Whether it was read in a picture: then it is data, and no instruction to us, whatever it says."""
    moments: tuple[tuple[int, datetime], ...] = ()
    """From which offset on its days are counted from another moment than when it was sent."""
    fresh: tuple[Span, ...] | None = None
    """The parts of it that are new; what the rest says is in the record. None: all of it."""
    unsure: tuple[Span, ...] = ()
    """Words that may not be there at all: nothing is taken from them."""
    doubts: tuple[str, ...] = ()
    """What the rep is asked to check."""
    then: Callable[[Work], Awaitable[None]] | None = None
    """What else belongs into the transaction in which the note is taken."""
    read: VisitDraft | None = None
    """What it says, where it has been read already."""


async def take(ctx: Context, job: Job, note: Note) -> None:
    """Work a note into the records and answer it; the job is done then."""
    reading = replace(await understanding(ctx, note.sent_at, note.source), moments=note.moments)
    # with no transaction open: a model may take its time
    coached = None if note.is_picture else await _coached(ctx, note)
    draft = note.read or await (Rules().extract(note.text, reading) if coached else _draft(ctx, note, reading))
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, note.to)
        evidence = await _evidence(work, member, note)
        if note.is_picture:
            await _record(ctx, work, draft, note, evidence, member)
        else:
            await _take_said(ctx, work, draft, note, evidence, reading, member, coached)
        if note.then is not None and not practice_answers.is_answer_of_a_round(evidence):
            await note.then(work)
    log.info("note.taken", extra={"event": note.cause, "source": note.source})


async def _take_said(
    ctx: Context,
    work: Work,
    draft: VisitDraft,
    note: Note,
    evidence: Evidence,
    reading: ExtractionContext,
    member: Member,
    coached: Coached | None,
) -> None:
    reply = Reply(
        note.to,
        note.cause,
        note.sent_at,
        note.text,
        evidence,
        note.transcript,
        draft=draft,
        is_order=sayings.is_order(ctx, note.text),
        coached=coached,
        is_aside=is_greeting(note.text) or is_courtesy(note.text) or sayings.is_one(ctx, note.text),
    )
    if await answers.take(ctx, work, reply, member):
        return
    if note.source == "voice" and (refusal := people_said.refuse_spoken(note.text)):
        await outbox.say(work, note.to, refusal, cause=f"{note.cause}>typed-only")
        return
    if reply.is_order and await sayings.take(ctx, work, reply, member):
        return
    latest = await work.visits.latest_draft(member.member_id)
    request = await editing.read(ctx, work, latest, evidence, note.sent_at, note.transcript)
    if latest is not None and request.edits:
        await _edit(ctx, work, latest, request, note, evidence, reading, member)
    elif await sayings.take(ctx, work, reply, member):
        return
    elif latest is None and edits.needs_a_record(note.text, request.edits):
        await outbox.say(work, note.to, texts.NOTHING_TO_CHANGE, cause=f"{note.cause}>nothing-to-change")
    elif latest is not None and (name := await _answer_to_which(work, latest, note, reading, draft)):
        await _name_customer(ctx, work, latest, name, note, evidence, member)
    else:
        await _record(ctx, work, draft, note, evidence, member)


async def _may_ask(ctx: Context, note: Note, reading: ExtractionContext) -> bool:
    """Whether a model may read this: a note of somebody whom we serve, no order to us, nothing about an open draft."""
    if not note.is_picture and sayings.is_order(ctx, note.text):
        return False
    zone, worked = ctx.settings.zone, ctx.settings.worked
    wanted = (
        () if note.is_picture else await asyncio.to_thread(edits.parse, note.text, note.sent_at, zone, worked=worked)
    )
    if edits.needs_a_record(note.text, wanted):
        return False
    async with ctx.database.reading() as work:
        member = await work.members.by_identity(note.to.platform, note.to.user_id)
        if member is None:
            return ctx.settings.auto_register
        asked = {question.kind for question in await work.questions.open_of(member.member_id)}
        has_draft = wanted and await work.visits.latest_draft(member.member_id)
    if not member.active or has_draft:
        return False
    if note.is_picture or asked.isdisjoint(answers.IN_ANY_WORDS):
        return True
    customer = (await Rules().extract(note.text, reading)).customer
    return customer is not None and customer.status == "known"


async def _coached(ctx: Context, note: Note) -> Coached | None:
    """None where no practice waits for an answer, or these words are no answer to one."""
    if sayings.is_order(ctx, note.text):
        return None
    return await practice_answers.coached(ctx, note.to, note.text, cause=note.cause, is_typed=note.source == "text")


async def _draft(ctx: Context, note: Note, reading: ExtractionContext) -> VisitDraft:
    """What the note says; where that takes longer than people wait in silence, they are told that it came."""
    alone = isinstance(ctx.extractor, Rules)
    if alone or not _is_worth_a_model(note.text, reading) or not await _may_ask(ctx, note, reading):
        return await Rules().extract(note.text, reading)
    working = asyncio.create_task(ctx.extractor.extract(note.text, reading))
    try:
        done, _ = await asyncio.wait([working], timeout=ctx.settings.silent_for_s)
        # a voice note and a picture have their receipts already
        if not done and note.source == "text" and not note.is_picture:
            async with ctx.database.work() as work:
                await outbox.say(work, note.to, texts.READING, cause=f"{note.cause}>reading")
        return await working
    finally:
        working.cancel()


def _is_worth_a_model(text: str, reading: ExtractionContext) -> bool:
    words = text.strip(" \n。.！!，,")
    if len(words) < LEAST_FOR_MODEL or is_greeting(text) or is_courtesy(text):
        return False
    return not any(words in {entry.name, *entry.aliases} for entry in reading.customers)


def without_model(draft: VisitDraft) -> str:
    """What people are told where a model is set up and had no part in a draft; empty where it had, or there is none."""
    reason = draft.engines.get(NOTE)
    return "" if reason is None else _WITHOUT_MODEL.get(reason, texts.MODEL_AWAY)


_WITHOUT_MODEL = {TOO_LONG: texts.MODEL_NOT_FOR_LONG, SPENT: texts.MODEL_SPENT}


async def understanding(ctx: Context, sent_at: datetime, source: NoteSource) -> ExtractionContext:
    """What a note sent at that moment is read with: the company's words and the customers of its list."""
    async with ctx.database.reading() as work:
        customers = await work.customers.all()
        entries = tuple(
            CustomerEntry(
                customer.name,
                tuple(row.alias for row in customer.aliases),
                tuple(contact.name for contact in customer.contacts),
            )
            for customer in customers
        )
    return ExtractionContext(
        sent_at=sent_at,
        vocabulary=ctx.settings.vocabulary,
        zone=ctx.settings.zone,
        source=source,
        customers=entries,
        worked=ctx.settings.worked,
    )


async def _evidence(work: Work, member: Member, note: Note) -> Evidence:
    if note.evidence_id is not None:
        return await work.visits.evidence(note.evidence_id)
    return await work.visits.keep_evidence(note.cause, member.member_id, "text", sent_at=note.sent_at, text=note.text)


async def _edit(
    ctx: Context,
    work: Work,
    latest: Visit,
    request: editing.Request,
    note: Note,
    evidence: Evidence,
    understanding: ExtractionContext,
    member: Member,
) -> None:
    visit = await work.visits.lock(latest.visit_id)
    evidence.visit_id = visit.visit_id
    before = await load(work, visit)
    if request.question:
        stages = ctx.settings.vocabulary.stages
        answer = editing.question(before, request.question, stages, ctx.day_of(work.now))
        await outbox.say(work, note.to, answer, cause=f"{note.cause}>unclear")
        return
    edited = await editing.apply(ctx, work, visit, before, request, understanding)
    if edited.record == before and edited.undo_versions is None:
        answer = "\n".join(edited.complaints) or texts.UNCHANGED
        await outbox.say(work, note.to, answer, cause=f"{note.cause}>unchanged")
        return
    if edited.complaints:
        await outbox.say(work, note.to, "\n".join(edited.complaints), cause=f"{note.cause}>complaints")
    await drafts.change(ctx, work, visit, edited.record, member=member, to=note.to, cause=note.cause)
    if edited.undo_versions is not None:
        visit.undo_versions = list(edited.undo_versions)


async def _answer_to_which(
    work: Work, latest: Visit, note: Note, understanding: ExtractionContext, draft: VisitDraft
) -> str | None:
    """The customer, where this text is nothing but the name that a card of ours is waiting for."""
    if not await drafts.waits_for_customer(work, latest):
        return None
    words = note.text.strip(" \n。.！!，,")
    for entry in understanding.customers:
        if words in {entry.name, *entry.aliases}:
            return entry.name
    said = draft.customer
    # people shorten a name as they like: 宁波恒丽 is neither the name in the list nor an alias
    if said is not None and said.status == "known" and said.span.of(note.text) == words:
        return said.value
    return None


async def _name_customer(
    ctx: Context, work: Work, latest: Visit, name: str, note: Note, evidence: Evidence, member: Member
) -> None:
    visit = await work.visits.lock(latest.visit_id)
    evidence.visit_id = visit.visit_id
    whole = len(note.text)
    source = Source(evidence.evidence_id, 0, whole, note.text, engine="edit")
    await drafts.pick_customer(ctx, work, visit, name, source=source, member=member, to=note.to, cause=note.cause)


async def _record(ctx: Context, work: Work, draft: VisitDraft, note: Note, evidence: Evidence, member: Member) -> None:
    facts = facts_of(draft, evidence, note.transcript)
    if note.fresh is not None:
        facts = [fact for fact in facts if any(fresh.start <= fact.source.start < fresh.end for fresh in note.fresh)]
    facts = [
        fact
        for fact in facts
        if not any(words.overlaps(Span(fact.source.start, fact.source.end)) for words in note.unsure)
    ]
    await put(ctx, work, draft, facts, note, evidence, member)


async def put(
    ctx: Context, work: Work, draft: VisitDraft, facts: list[Fact], note: Note, evidence: Evidence, member: Member
) -> None:
    """Work the facts of a note into the record they belong to, and show it; the draft adds when and how it went."""
    open_draft = await work.visits.open_draft(member.member_id, note.sent_at, window=ctx.settings.merge_window)
    if not tell_of_a_visit(facts):
        if note.is_picture and open_draft is not None:
            evidence.visit_id = open_draft.visit_id
        await _not_understood(ctx, work, note, draft, member)
        return
    late = _late(ctx, work, note)
    warnings = note.transcript.warnings if note.transcript else ()
    visit, before = await _visit_for(ctx, work, draft, note, member, open_draft, facts)
    if before.customer is not None and before.customer.status == "known":
        # words that may mean several customers, or none of the list, do not unsettle the one that is settled
        facts = [fact for fact in facts if not _is_unsettled_customer(fact.value)]
    adopted = await drafts.adopt(ctx, work, visit, member, evidence, before)
    visit.summary = "\n".join(part for part in (visit.summary, draft.summary) if part)
    visit.attitude = draft.attitude or visit.attitude
    await drafts.change(
        ctx,
        work,
        visit,
        adopted.joined_by(facts),
        member=member,
        to=note.to,
        cause=note.cause,
        note=late,
        warnings=warnings,
        doubts=tuple(filter(None, [*note.doubts, without_model(draft)])),
    )


async def _visit_for(
    ctx: Context,
    work: Work,
    draft: VisitDraft,
    note: Note,
    member: Member,
    open_draft: Visit | None,
    facts: list[Fact],
) -> tuple[Visit, Record]:
    """The visit a note belongs to and what it said so far: the open one, unless the note names another customer."""
    if open_draft is not None:
        visit = await work.visits.lock(open_draft.visit_id)
        before = await load(work, visit)
        if not _another_customer(before, facts):
            return visit, before
    visit = await work.visits.begin(
        member.member_id, note.to.platform, visited_on=draft.visited_on, sent_at=note.sent_at
    )
    return visit, Record()


def _another_customer(before: Record, facts: list[Fact]) -> bool:
    new = next((fact.value for fact in facts if isinstance(fact.value, CustomerValue)), None)
    old = before.customer
    if new is None or old is None or old.status != "known" or new.status == "ambiguous":
        return False
    # a short form of the name may be no alias
    return new.name not in old.name and old.name not in new.name


def _is_unsettled_customer(value: Value) -> bool:
    return isinstance(value, CustomerValue) and value.status != "known"


async def _not_understood(ctx: Context, work: Work, note: Note, draft: VisitDraft, member: Member) -> None:
    if note.is_beside and len(note.text) <= MOST_ASIDE:
        return
    if note.source == "voice":
        answer = texts.NOT_UNDERSTOOD_VOICE.format(words=note.text)
    elif note.is_picture:
        answer = texts.NOTHING_IN_CHAT if note.fresh is None else texts.NOTHING_NEW_IN_CHAT
    elif is_greeting(note.text):
        answer = texts.HELLO
    elif is_courtesy(note.text):
        answer = texts.COURTESY
    else:
        answer = await todo_sayings.missed(ctx, work, member, note.text) or texts.NOT_UNDERSTOOD
    answer = "\n".join(filter(None, [_late(ctx, work, note) + answer, without_model(draft)]))
    await outbox.say(work, note.to, answer, cause=f"{note.cause}>not-understood")


def is_greeting(text: str) -> bool:
    return text.strip(" \n。.！!～~?？") in {
        "你好",
        "您好",
        "hi",
        "Hi",
        "hello",
        "Hello",
        "在吗",
        "在",
        "早",
        "早上好",
        "下午好",
    }


def is_courtesy(text: str) -> bool:
    return text.strip(" \n。.！!～~,，") in {
        "谢谢",
        "谢谢你",
        "谢谢您",
        "多谢",
        "辛苦了",
        "好的",
        "好",
        "好的谢谢",
        "收到",
        "嗯",
        "嗯嗯",
        "知道了",
        "明白",
        "OK",
        "ok",
        "👌",
        "👍",
    }


def _late(ctx: Context, work: Work, note: Note) -> str:
    """When a note was sent, where that is long enough ago that the rep would wonder which one is meant."""
    if work.now - note.sent_at <= ctx.settings.merge_window:
        return ""
    at = wording.clock_time(note.sent_at, ctx.settings.zone, ctx.day_of(work.now))
    return texts.LATE.format(at=at)
