"""What is said while a round of a practice waits for its answer.

It is the answer, unless it is by the letter something else: an order, a command, a change to an open draft. What sounds
like a note of a visit is neither scored nor recorded before its sender has said which it is; after ANSWERS_FOR it is
taken as a note unasked, and the round waits no more until its member goes on.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import timedelta

from handlers import editing, outbox, practice, practice_feedback, texts
from handlers.context import Context
from handlers.messages import Sender
from handlers.practice import Asking
from handlers.record import facts_of, tell_of_a_visit
from handlers.reply import Coached, Reply
from nlp.practice import NoAdvice, is_answer, score
from nlp.practice_points import key_points
from nlp.practice_words import Start, read_in_a_round
from storage.base import JsonObject
from storage.models import Evidence, Member, PracticeRound, PracticeSession, Question, Script
from storage.work import Work

log = logging.getLogger(__name__)

ANSWERS_FOR = timedelta(minutes=10)
VISIT = "practice_visit"
"""The job that takes words said in a practice as the note that they were."""
QUEUE = "work"
MARK = "practice"
"""In the detail of evidence that was the answer to a round: no note, and not heard a second time."""
RULES = "rules"
MOST_ASIDE = 20
"""Characters; what is longer, or speaks to the customer, is no remark to us (排期表搞定了)."""

_TO_CUSTOMER = re.compile(r"[您你]|贵司|贵公司|咱们?")
_ASKS_US = re.compile(r"(?:怎么|如何|咋)(?:回|答|说|接|办|应对|回答|回复)[呢啊？?。\s]*$")
_TELLS_OF_A_VISIT = re.compile(r"刚从|刚见|拜访了|拜访完|见了|走访|去了|跑了|今天|昨天|前天|刚才|刚刚|上午|下午|早上")


@dataclass(frozen=True)
class _Round:
    """The round that waits, with the script it is from and its session, held."""

    session: PracticeSession
    entry: PracticeRound
    script: Script


async def waits(work: Work, sender: Sender) -> bool:
    """Whether what this person says next is the answer to a round: that was asked last."""
    member = await work.members.by_identity(sender.platform, sender.user_id)
    return member is not None and await _asked_last(work, member) is not None


async def _asked_last(work: Work, member: Member) -> Question | None:
    asked = next(iter(await work.questions.open_of(member.member_id)), None)
    return asked if asked is not None and asked.kind == practice.KIND else None


async def coached(ctx: Context, to: Sender, text: str, *, cause: str, is_typed: bool) -> Coached | None:
    """What a model sees in these words, should they be the answer to a round; None where none waits for one.

    Asked before any transaction is open: a model may take its time.
    """
    async with ctx.database.reading() as work:
        member = await work.members.by_identity(to.platform, to.user_id)
        if member is None or not member.active:
            return None
        asked = await _asked_last(work, member)
        if asked is None:
            return None
        entry = await work.practice.open_round(_session_id(asked))
        script = await work.scripts.find(entry.code) if entry is not None else None
    if entry is None or script is None:
        return None
    nothing = Coached(entry.session_id, entry.place, script.version)
    if ctx.coach is None or not is_answer(text) or read_in_a_round(text) is not None:
        return nothing
    points = [point.text for point in key_points(script.body)]
    judging = asyncio.create_task(ctx.coach.said(points, text))
    try:
        done, _ = await asyncio.wait([judging], timeout=ctx.settings.silent_for_s)
        if not done and is_typed:
            async with ctx.database.work() as work:
                await outbox.say(work, to, texts.PRACTICE_JUDGING, cause=f"{cause}>judging")
        said = await judging
    except NoAdvice as failure:
        log.warning("practice.model_unused", extra={"event": cause, "reason": failure.kind})
        return nothing
    finally:
        judging.cancel()
    return Coached(entry.session_id, entry.place, script.version, frozenset(said), ctx.coach.name)


async def read(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """Take the reply as an answer, or as an order about the round; see `handlers.answers`."""
    session = await work.practice.lock(_session_id(question))
    entry = await work.practice.open_round(session.session_id)
    script = await work.scripts.find(entry.code) if entry is not None else None
    if session.state != "open" or entry is None or script is None:
        await work.questions.close(member.member_id, practice.KIND, question.subject)
        return False
    asking = Asking(member, reply.to, reply.cause)
    round_ = _Round(session, entry, script)
    match read_in_a_round(reply.text):
        case "skip":
            await _skip(ctx, work, round_, asking)
        case "hint":
            await _hint(work, round_, asking)
        case "stop":
            await practice.finish(ctx, work, session, asking, "stopped")
        case "visit" | "answer" as meant:
            return await _settle(ctx, work, round_, question, reply, asking, is_visit=meant == "visit")
        case str() | Start():
            return False
        case None:
            return await _hear(ctx, work, round_, question, reply, asking)
    return True


def is_answer_of_a_round(evidence: Evidence) -> bool:
    return MARK in evidence.detail


# What it is


async def _hear(ctx: Context, work: Work, round_: _Round, question: Question, reply: Reply, asking: Asking) -> bool:
    if await _is_something_else(ctx, work, reply, asking.member):
        return False
    if reply.sent_at - question.asked_at > ANSWERS_FOR and _names_whom_they_saw(reply):
        await _pause(work, round_, question, asking, texts.PRACTICE_LEFT)
        return False
    if _sounds_like_a_visit(reply):
        held = reply.evidence.evidence_id
        await practice.ask(work, round_.session, round_.entry, round_.script, held=held)
        await outbox.say(work, asking.to, texts.PRACTICE_LIKE_A_VISIT, cause=f"{asking.cause}>which")
        return True
    if not is_answer(reply.text):
        line = await practice.ask(work, round_.session, round_.entry, round_.script)
        await outbox.say(work, asking.to, texts.PRACTICE_WAITS.format(line=line), cause=f"{asking.cause}>too-short")
        return True
    await _judge(ctx, work, round_, reply.evidence, asking, coach=reply.coached, spoken_s=_spoken_s(reply))
    return True


async def _is_something_else(ctx: Context, work: Work, reply: Reply, member: Member) -> bool:
    if reply.is_order:
        return True
    if reply.is_aside and _ASKS_US.search(reply.text):
        return True
    if len(reply.text) > MOST_ASIDE or _TO_CUSTOMER.search(reply.text):
        return False
    if reply.is_aside and is_answer(reply.text):
        return True
    latest = await work.visits.latest_draft(member.member_id)
    if latest is None:
        return False
    request = await editing.read(ctx, work, latest, reply.evidence, reply.sent_at, reply.transcript)
    return bool(request.edits) and not request.question


def _sounds_like_a_visit(reply: Reply) -> bool:
    """A customer of the list, and a time or a visit: an example in an answer may sound the same, so we ask."""
    customer = reply.draft.customer if reply.draft is not None else None
    return customer is not None and customer.status == "known" and bool(_TELLS_OF_A_VISIT.search(reply.text))


def _names_whom_they_saw(reply: Reply) -> bool:
    draft = reply.draft
    if draft is None or draft.customer is None:
        return False
    return tell_of_a_visit(facts_of(draft, reply.evidence, reply.transcript))


async def _settle(
    ctx: Context, work: Work, round_: _Round, question: Question, reply: Reply, asking: Asking, *, is_visit: bool
) -> bool:
    """记拜访 or 算练习, about the words that were held."""
    held = question.payload.get("held")
    if not isinstance(held, int):
        await outbox.say(work, asking.to, texts.PRACTICE_NOTHING_HELD, cause=f"{asking.cause}>nothing-held")
        return True
    evidence = await work.visits.evidence(held)
    if not is_visit:
        await _judge(ctx, work, round_, evidence, asking, coach=None, spoken_s=_length_s(evidence))
        return True
    await _pause(work, round_, question, asking, texts.PRACTICE_PAUSED)
    payload: JsonObject = {"evidence_id": held, "to": asking.to.model_dump(mode="json")}
    await work.jobs.put(VISIT, payload, queue=QUEUE, lane=asking.to.lane, dedupe=f"practice-visit:{held}")
    return True


async def _pause(work: Work, round_: _Round, question: Question, asking: Asking, text: str) -> None:
    """The round waits no more until its member goes on, so that a note, and what follows on it, is read as one."""
    await work.questions.close(asking.member.member_id, practice.KIND, question.subject)
    told = text.format(place=round_.entry.place, rounds=round_.session.rounds)
    await outbox.say(work, asking.to, told, cause=f"{asking.cause}>paused")


# What follows


async def _judge(
    ctx: Context,
    work: Work,
    round_: _Round,
    evidence: Evidence,
    asking: Asking,
    *,
    coach: Coached | None,
    spoken_s: float | None,
) -> None:
    session, entry, script = round_.session, round_.entry, round_.script
    evidence.detail = {**evidence.detail, MARK: session.session_id}
    if script.status != "approved" or script.version != entry.detail.get("version"):
        work.practice.close(entry, "void")
        await _go_on(ctx, work, session, asking, texts.PRACTICE_VOID.format(code=script.code))
        return
    is_of_this = coach is not None and (coach.session_id, coach.place, coach.version) == (
        session.session_id,
        entry.place,
        script.version,
    )
    judged = score(
        evidence.text or "",
        script.body,
        kind=script.plan_kind,
        phrasing=entry.phrasing,
        seen=coach.seen if coach is not None and is_of_this else (),
        hinted=entry.hinted,
        spoken_s=spoken_s,
    )
    entry.score, entry.evidence_id = judged.score, evidence.evidence_id
    entry.detail = {
        **entry.detail,
        "said": list(judged.said),
        "partly": list(judged.partly),
        "missed": list(judged.missed),
        "faults": [fault.kind for fault in judged.faults],
        "by": (coach.by if coach is not None and is_of_this else "") or RULES,
    }
    work.practice.close(entry, "answered")
    await _go_on(ctx, work, session, asking, practice_feedback.feedback(judged, script, entry.place, session.rounds))
    log.info(
        "practice.judged",
        extra={"event": asking.cause, "session_id": session.session_id, "place": entry.place, "score": judged.score},
    )


async def _skip(ctx: Context, work: Work, round_: _Round, asking: Asking) -> None:
    work.practice.close(round_.entry, "skipped")
    round_.entry.score = 0
    told = texts.PRACTICE_SKIPPED.format(place=round_.entry.place, approved=practice_feedback.approved(round_.script))
    await _go_on(ctx, work, round_.session, asking, told)


async def _hint(work: Work, round_: _Round, asking: Asking) -> None:
    """Tell the first key point that was not told yet."""
    entry, points = round_.entry, key_points(round_.script.body)
    place = next((place for place in range(len(points)) if place not in entry.hinted), None)
    line = await practice.ask(work, round_.session, entry, round_.script)
    if place is None:
        told = texts.PRACTICE_NO_MORE_HINTS
    else:
        entry.hinted = [*entry.hinted, place]
        told = practice_feedback.hint(points, place)
    await outbox.say(work, asking.to, f"{told}\n{line}", cause=f"{asking.cause}>hint")


async def _go_on(ctx: Context, work: Work, session: PracticeSession, asking: Asking, told: str) -> None:
    """Say it, with the next objection or, behind the last, the result."""
    await work.session.flush()
    line = await practice.pose(ctx, work, session)
    if line is None:
        await practice.finish(ctx, work, session, asking, "done", before=told)
        return
    await outbox.say(work, asking.to, f"{told}\n\n{line}", cause=f"{asking.cause}>practice-judged")


def _session_id(question: Question) -> int:
    return int(question.subject.removeprefix("practice:"))


def _spoken_s(reply: Reply) -> float | None:
    return reply.transcript.duration_s if reply.transcript is not None and reply.transcript.duration_s else None


def _length_s(evidence: Evidence) -> float | None:
    length = evidence.detail.get("duration_s")
    return float(length) if isinstance(length, (int, float)) and length else None
