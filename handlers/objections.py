"""客户说竞品价格低15%，怎么回？ – answered from the team's library for this customer, or not at all.

Searching may take a moment (a model may be asked for what words mean, and to say the scripts for this customer), so a
question becomes a job of its own: it looks at the records, searches with no transaction open, then answers and notes
what it offered in one transaction, by what the library says then.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from handlers import (
    access,
    outbox,
    script_adapting,
    script_cards,
    script_facts,
    script_figures,
    script_learning,
    script_plans,
    texts,
    wording,
)
from handlers.actions import JudgeScript, ScriptAction, ShowScripts
from handlers.context import Context
from handlers.messages import Frozen, Sender
from handlers.people import known
from handlers.pressed import Pressed
from handlers.record import ObjectionValue, Record, load
from handlers.reply import Reply
from handlers.script_adapting import Reworded
from handlers.script_figures import Figures
from handlers.script_plans import Plan
from nlp import objection_words
from nlp.draft import Vocabulary
from nlp.scripts import Found, Hit
from storage.jobs import Job
from storage.models import Customer, Member, Script, Visit
from storage.work import Work

log = logging.getLogger(__name__)

T = TypeVar("T")

KIND = "script_answer"
QUEUE = "work"
LATELY = timedelta(days=30)
"""Whom a rep visited within this is who 这个客户 means where no draft is open."""
MOST_RECORDS = 10
MOST_OBJECTIONS = 2
"""Of a record: each is answered on a card of its own."""


class Question(Frozen):
    """The payload of the job. `words` is the objection; `stage`: the questions to ask there are wanted instead."""

    sender: Sender
    cause: str
    words: str = ""
    said: str = ""
    """All that was said, figures included."""
    stage: str = ""
    visit_id: int | None = None
    """The visit whose record it is about; else it is this customer, the open draft's or the last."""
    customer: str = ""
    """The name in the list of the one that was named."""
    unclear: str = ""
    """A name that several customers may have."""
    competitors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """Whom it is about, as far as the asker may see: records of that customer, the one that counts most first."""

    customer: Customer | None = None
    records: tuple[Record, ...] = ()


# What asks


@dataclass(frozen=True)
class Wanted:
    """`objection` is empty where it is only pointed at."""

    objection: str = ""


def read(text: str) -> Wanted | None:
    """
    >>> read("客户说太贵了怎么回"), read("看话术"), read("太贵了")
    (Wanted(objection='太贵了'), Wanted(objection=''), None)
    """
    if text.strip(" \n。.！!？?") == "看话术":
        return Wanted()
    asked = objection_words.read(objection_words.with_pauses(text))
    return Wanted(objection=asked.objection) if asked else None


def read_stage(text: str, vocabulary: Vocabulary) -> str | None:
    return objection_words.stage_of(text, vocabulary.stages)


async def ask_stage(_ctx: Context, work: Work, _member: Member, reply: Reply, stage: str) -> bool:
    await _put(work, Question(sender=reply.to, cause=reply.cause, stage=stage))
    return True


async def ask(_ctx: Context, work: Work, member: Member, reply: Reply, wanted: Wanted) -> bool:
    if not wanted.objection:
        visit = await work.visits.latest_draft(member.member_id)
        visit = visit or await work.visits.latest_confirmed(member.member_id, since=work.now - LATELY)
        if visit is None or not await _ask_of(work, visit, reply.to, reply.cause):
            await outbox.say(work, reply.to, texts.ANSWER_HOW, cause=f"{reply.cause}>objection")
        return True
    named = reply.draft.customer if reply.draft else None
    words = wanted.objection
    if named is not None and named.status != "new":
        # 恒力说太贵了: the library knows no customer's name
        said_of_any = reply.text.replace(named.span.of(reply.text), "客户")
        words = again.objection if (again := read(said_of_any)) else words
    question = Question(
        sender=reply.to,
        cause=reply.cause,
        words=words,
        said=objection_words.with_pauses(reply.text),
        customer=named.value if named is not None and named.status == "known" else "",
        unclear=named.value if named is not None and named.status == "ambiguous" else "",
        competitors=tuple(dict.fromkeys(each.name for each in reply.draft.competitors)) if reply.draft else (),
    )
    await _put(work, question)
    return True


async def press(ctx: Context, work: Work, action: ScriptAction, pressed: Pressed) -> None:
    if isinstance(action, ShowScripts):
        visit = await work.visits.get(action.visit_id)
        if not await _ask_of(work, visit, pressed.to, pressed.cause):
            await outbox.say(work, pressed.to, texts.ANSWER_HOW, cause=f"{pressed.cause}>objection")
    else:
        await _judge(ctx, work, action, pressed)


async def _ask_of(work: Work, visit: Visit, to: Sender, cause: str) -> bool:
    """Ask for each objection that the record holds; False where it holds none."""
    record = await load(work, visit)
    facts = [fact for fact in record.facts if isinstance(fact.value, ObjectionValue)]
    said = list(dict.fromkeys(wording.objection(fact, record) for fact in facts))
    for place, words in enumerate(said[:MOST_OBJECTIONS]):
        await _put(work, Question(sender=to, cause=f"{cause}>{place}", words=words, visit_id=visit.visit_id))
    return bool(said)


async def _put(work: Work, question: Question) -> None:
    await work.jobs.put(
        KIND,
        question.model_dump(mode="json"),
        queue=QUEUE,
        lane=question.sender.lane,
        dedupe=f"{KIND}:{question.cause}",
    )


# The answer


async def answer(ctx: Context, job: Job) -> None:
    question = Question.model_validate(job.payload)
    async with ctx.database.reading() as work:
        member = await work.members.by_identity(question.sender.platform, question.sender.user_id)
        subject = await _subject(work, member, question) if member is not None else Subject()
        weights = {} if question.stage else await script_learning.weights(ctx, work)
    figures = _figures(ctx, question, subject)
    told_by = asyncio.get_running_loop().time() + ctx.settings.silent_for_s
    found = None if question.stage else await _found(ctx, question, figures, weights, told_by)
    new_words = (
        await _reworded(ctx, question, figures, subject, found, told_by)
        if found is not None and member is not None and member.active
        else {}
    )
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, question.sender)
        if found is None:
            await _answer_stage(ctx, work, member, question, figures)
        elif not await _answer_found(ctx, work, member, question, figures, subject, found, new_words):
            await _refuse(ctx, work, member, question, subject, found)
    log.info("script.answered", extra={"event": question.cause, "answered": found is None or found.answered})


async def _subject(work: Work, member: Member, question: Question) -> Subject:
    """Nothing of a customer or a record that the asker may not see."""
    if question.visit_id is not None:
        visit = await work.visits.find(question.visit_id)
        return await _subject_of(work, member, visit) if visit is not None else Subject()
    if question.unclear:
        return Subject()
    if question.customer:
        customer = await work.customers.by_name(question.customer)
        return await _about(work, member, customer) if customer is not None else Subject()
    visit = await work.visits.latest_draft(member.member_id)
    visit = visit or await work.visits.latest_confirmed(member.member_id, since=work.now - LATELY)
    return await _subject_of(work, member, visit) if visit is not None else Subject()


async def _subject_of(work: Work, member: Member, visit: Visit) -> Subject:
    record = await load(work, visit)
    if visit.customer_id is None:
        return Subject(None, (record,))
    known = await _about(work, member, await work.customers.get(visit.customer_id))
    others = tuple(other for other in known.records if other != record)
    return Subject(known.customer, (record, *others))


async def _about(work: Work, member: Member, customer: Customer) -> Subject:
    sight = await access.sight_of(work, member)
    drafts = [
        visit
        for visit in await work.visits.latest_drafts(member.member_id)
        if visit.customer_id == customer.customer_id
    ]
    confirmed = [
        visit
        for visit in await work.visits.confirmed_about(customer.customer_id, limit=MOST_RECORDS)
        if sight.sees(visit.member_id)
    ]
    records = tuple([await load(work, visit) for visit in (*drafts, *confirmed)])
    if records or await access.sees_customer(work, member, customer):
        return Subject(customer, records)
    return Subject()


def _figures(ctx: Context, question: Question, subject: Subject) -> Figures:
    vocabulary = ctx.settings.vocabulary
    return script_figures.known_of(
        question.said or question.words,
        subject.records,
        customer=subject.customer,
        rivals=question.competitors,
        products=vocabulary.products,
    )


async def _found(
    ctx: Context, question: Question, figures: Figures, weights: Mapping[str, float], told_by: float
) -> Found:
    """What the library has."""
    searching = ctx.scripts.search(
        ctx.database,
        ctx.day_of(ctx.clock.now()),
        question.words,
        limit=script_plans.CANDIDATES,
        situation=figures.situation,
        weights=weights,
    )
    return await _not_in_silence(ctx, question, searching, told_by)


async def _reworded(
    ctx: Context, question: Question, figures: Figures, subject: Subject, found: Found, told_by: float
) -> Mapping[str, Reworded]:
    """The words of the plans for this customer, where a model has some that can be said."""
    if ctx.adapter is None or not found.answered:
        return {}
    facts = script_facts.of(figures, subject.records, ctx.clock.now(), ctx.settings.zone)
    if not facts:
        return {}
    async with ctx.database.reading() as work:
        offered = await _offered(ctx, work, found)
    plans = _plans(offered, found, figures).plans
    rewording = script_adapting.reworded(ctx, plans, facts, question.words, cause=question.cause)
    return await _not_in_silence(ctx, question, rewording, told_by)


async def _not_in_silence(ctx: Context, question: Question, doing: Coroutine[Any, Any, T], told_by: float) -> T:
    """What comes of it; where that takes longer than people wait in silence, they are told that the question came."""
    task = asyncio.create_task(doing)
    try:
        wait_s = max(0.0, told_by - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait([task], timeout=wait_s)
        if not done:
            async with ctx.database.work() as work:
                await outbox.say(work, question.sender, texts.ANSWER_LOOKING, cause=f"{question.cause}>looking")
        return await task
    finally:
        task.cancel()


@dataclass(frozen=True)
class Choice:
    hits: tuple[Hit, ...]
    """Those of which something can be said."""
    chosen: tuple[Hit, ...]
    plans: tuple[Plan, ...]


async def _offered(ctx: Context, work: Work, found: Found) -> Sequence[Script]:
    """What the library says now of what was found: some may have been changed, or taken out of use."""
    return await work.scripts.offered(ctx.day_of(work.now), codes=[hit.script_id for hit in found.hits])


def _plans(offered: Iterable[Script], found: Found, figures: Figures) -> Choice:
    sayable = script_plans.sayable(offered, figures)
    hits = [hit for hit in found.hits if hit.script_id in sayable]
    chosen = script_plans.of_different_kinds(hits)
    plans = [
        plan
        for hit in chosen
        if (plan := script_plans.plan(sayable[hit.script_id], figures, phrasing=_phrasing(hit, chosen[0]))) is not None
    ]
    return Choice(tuple(hits), tuple(chosen), tuple(plans))


async def _answer_found(
    ctx: Context,
    work: Work,
    member: Member,
    question: Question,
    figures: Figures,
    subject: Subject,
    found: Found,
    new_words: Mapping[str, Reworded],
) -> bool:
    """False where nothing answers, or nothing of what does can be said without what is not known."""
    if not found.answered or not found.hits:
        return False
    choice = _plans(await _offered(ctx, work, found), found, figures)
    plans = script_adapting.put_in(choice.plans, new_words)
    if not plans:
        return False
    hints = [
        script_plans.missing_price(plans, figures) if script_plans.compares(plans, figures) else "",
        texts.ANSWER_WHICH_CUSTOMER.format(name=question.unclear) if question.unclear else "",
        _also(script_plans.also(choice.hits, choice.chosen)),
        texts.ANSWER_BY_WORDS_ONLY if found.degraded else "",
    ]
    await _offer(
        ctx,
        work,
        member,
        question,
        plans,
        figures,
        customer=subject.customer,
        category=found.hits[0].category,
        title=texts.ANSWER_TITLE,
        hints=[hint for hint in hints if hint],
    )
    return True


def _phrasing(hit: Hit, best: Hit) -> str | None:
    """The stored phrasing that it is like; one that only belongs to the same category is like none."""
    return hit.phrasing if script_plans.fits(hit, best) else None


def _also(hits: Sequence[Hit]) -> str:
    if not hits:
        return ""
    scripts = "、".join(f"{hit.script_id} {hit.title}" for hit in hits)
    return texts.ANSWER_ALSO.format(scripts=scripts, code=hits[0].script_id)


async def _answer_stage(ctx: Context, work: Work, member: Member, question: Question, figures: Figures) -> None:
    """What to ask a customer in a stage."""
    scripts = [
        script
        for script in await work.scripts.offered(ctx.day_of(work.now))
        if script.plan_kind == "提问" and question.stage in script.stages
    ]
    plans = [plan for script in scripts if (plan := script_plans.plan(script, figures))][: script_plans.MOST]
    if not plans:
        told = texts.ANSWER_NO_STAGE.format(stage=question.stage)
        await outbox.say(work, question.sender, told, cause=f"{question.cause}>no-stage")
        return
    title = texts.ANSWER_STAGE_TITLE.format(stage=question.stage)
    await _offer(
        ctx, work, member, question, plans, figures, customer=None, category=scripts[0].category, title=title, hints=()
    )


async def _offer(
    ctx: Context,
    work: Work,
    member: Member,
    question: Question,
    plans: Sequence[Plan],
    figures: Figures,
    *,
    customer: Customer | None,
    category: str,
    title: str,
    hints: Sequence[str],
) -> None:
    asked = await work.scripts.asked(
        question.cause,
        member.member_id,
        question.words or question.stage,
        customer_id=customer.customer_id if customer else None,
        category=category,
        offered=[plan.code for plan in plans],
    )
    said = wording.shortened(question.words, script_cards.MOST_QUESTION)
    card = script_cards.answer_card(
        outbox.new_card_id("script", asked.question_id),
        asked.question_id,
        plans,
        title=title,
        subtitle=texts.ANSWER_SAID.format(question=said) if said else "",
        figures=figures,
        hints=hints,
    )
    await outbox.show(
        work,
        question.sender,
        card,
        kind=script_cards.ANSWER,
        life=ctx.settings.card_life,
        cause=f"{question.cause}>answer",
    )


async def _refuse(ctx: Context, work: Work, member: Member, question: Question, subject: Subject, found: Found) -> None:
    """Nothing is made up: the gap is noted, and where there is nothing at all, an admin is named the way."""
    if not await work.scripts.offers_any(ctx.day_of(work.now)):
        await outbox.say(work, question.sender, texts.NO_SCRIPTS, cause=f"{question.cause}>empty")
        return
    nearest = found.nearest_category or ""
    await work.scripts.asked(
        question.cause,
        member.member_id,
        question.words,
        customer_id=subject.customer.customer_id if subject.customer else None,
        category=nearest,
        offered=(),
    )
    told = texts.ANSWER_NONE.format(question=wording.shortened(question.words, script_cards.MOST_QUESTION))
    if nearest:
        told = f"{told}\n{texts.ANSWER_NEAREST.format(category=nearest)}"
    await outbox.say(work, question.sender, told, cause=f"{question.cause}>none")


# What its asker made of it


async def _judge(ctx: Context, work: Work, action: JudgeScript, pressed: Pressed) -> None:
    """The card that was pressed closes on what was said; another shows the state of all, and changes it."""
    uses = await work.scripts.uses(action.question_id)
    if not 0 <= action.place < len(uses):
        await outbox.say(work, pressed.to, texts.CARD_UNKNOWN, cause=f"{pressed.cause}>refused")
        return
    use = uses[action.place]
    was = use.was_useful
    await work.scripts.judge(action.question_id, use.code, was_useful=action.useful)
    work.audit.note(
        "script.judged",
        f"script:{use.code}",
        member_id=pressed.member.member_id,
        source=pressed.cause,
        before={"question_id": action.question_id, "useful": was},
        after={"question_id": action.question_id, "useful": action.useful},
    )
    closing = script_cards.closing(action.place, len(uses), useful=action.useful)
    await outbox.close(work, pressed.card, closing, cause=f"{pressed.cause}>closed", response_ref=pressed.response_ref)
    verdicts = []
    for each in uses:
        script = await work.scripts.find(each.code)
        verdicts.append((f"{each.code} {script.title}" if script else each.code, each.was_useful))
    card = script_cards.judged_card(outbox.new_card_id("judged", action.question_id), action.question_id, verdicts)
    await outbox.show(
        work,
        pressed.to,
        card,
        kind=script_cards.JUDGED,
        life=ctx.settings.card_life,
        cause=f"{pressed.cause}>judged",
    )
