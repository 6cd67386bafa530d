"""The answers to the questions of `handlers.questionnaire`: by words, typed or spoken, and by button."""

import re
from datetime import date

from handlers import actions, drafts, editing, outbox, question_cards, questionnaire, texts
from handlers.context import Context
from handlers.messages import Sender
from handlers.pressed import Pressed
from handlers.record import BlockerValue, BreakthroughValue, Fact, Record, SupportValue, load
from handlers.reply import TELLS_OF_A_VISIT, Reply
from nlp import risk_answers
from nlp.draft import VisitDraft
from nlp.risk_answers import QUESTIONS, Answer, Answers, Question
from storage.models import Evidence, Member, Visit
from storage.models import Question as Asked
from storage.visits import Source
from storage.work import Work

MOST = 1_000
"""Characters; longer words are a note."""
LATER = frozenset(
    {"稍后", "稍后再说", "稍后回答", "稍后再答", "等会儿", "等会", "等一下", "晚点", "晚点再说", "回头再说"}
)
SKIP = frozenset({"跳过", "跳过提问", "不回答", "不答", "不用问了"})
_ENDS = " \n\t。.！!，,～~"
_AGAIN = re.compile(r"(?:回答风险|风险三问|回答三问)[\s：:，,。]*(?=\S)")
_ASKS_US = re.compile(r"[?？]\s*$")


# By words


async def read(ctx: Context, work: Work, question: Asked, reply: Reply, member: Member) -> bool:
    """Take the reply as an answer where it is one; see `handlers.answers`."""
    visit = await work.visits.lock(int(question.subject.removeprefix("visit:")))
    record = await load(work, visit)
    missing = questionnaire.unanswered(ctx, record)
    if visit.state != "draft" or not missing:
        await questionnaire.close(work, visit, texts.CLOSED_NOT_NEEDED, cause=f"{reply.cause}>questions-closed")
        return False
    words = reply.text.strip(_ENDS)
    if words in LATER:
        reply.evidence.visit_id = visit.visit_id
        await questionnaire.hold(ctx, work, visit, record, member=member, to=reply.to, cause=reply.cause)
        return True
    if words in SKIP:
        await outbox.say(work, reply.to, texts.RISKS_NEEDED, cause=f"{reply.cause}>needed")
        return True
    start = _start(reply.text)
    if len(reply.text) > MOST:
        return False
    answers = risk_answers.split(reply.text[start:], reply.sent_at, ctx.settings.zone, missing, ctx.settings.worked)
    if not start and not await _is_answer(ctx, work, visit, record, reply, answers):
        return False
    facts = _facts(ctx, answers, reply, start)
    if facts:
        await _take(ctx, work, visit, facts, member=member, to=reply.to, cause=reply.cause, evidence=reply.evidence)
    return bool(facts)


def read_again(text: str) -> str | None:
    """The words behind 回答风险, which answer the questions of an open draft, again if need be; None: not said."""
    start = _start(text)
    return text[start:] if start and len(text) <= MOST else None


async def answer_again(ctx: Context, work: Work, member: Member, reply: Reply, _words: str) -> bool:
    visit = await _latest_with_risk(ctx, work, member)
    if visit is None:
        await outbox.say(work, reply.to, texts.NO_RISKS_TO_ANSWER, cause=f"{reply.cause}>no-risks")
        return True
    start = _start(reply.text)
    missing = questionnaire.unanswered(ctx, await load(work, visit))
    asked = missing or QUESTIONS
    answers = risk_answers.split(reply.text[start:], reply.sent_at, ctx.settings.zone, asked, ctx.settings.worked)
    facts = _facts(ctx, answers, reply, start)
    if not facts:
        await outbox.say(work, reply.to, texts.NOT_AN_ANSWER, cause=f"{reply.cause}>no-answer")
        return True
    await _take(ctx, work, visit, facts, member=member, to=reply.to, cause=reply.cause, evidence=reply.evidence)
    return True


async def ask_again(ctx: Context, work: Work, member: Member, *, to: Sender, cause: str) -> None:
    """回答风险 without an answer: a fresh card."""
    visit = await _latest_with_risk(ctx, work, member)
    if visit is None:
        await outbox.say(work, to, texts.NO_RISKS_TO_ANSWER, cause=f"{cause}>no-risks")
        return
    record = await load(work, visit)
    if not questionnaire.unanswered(ctx, record):
        await drafts.show(ctx, work, visit, record, to=to, cause=cause)
        return
    confirmed = await questionnaire.is_confirmed(work, visit)
    await questionnaire.ask(ctx, work, visit, record, member=member, to=to, cause=cause, confirmed=confirmed)


async def _latest_with_risk(ctx: Context, work: Work, member: Member) -> Visit | None:
    """The draft that 回答风险 is about: the latest that waits for answers, or else has a risk at all; locked."""
    found = [(visit, await load(work, visit)) for visit in await work.visits.latest_drafts(member.member_id)]
    waiting = [visit for visit, record in found if questionnaire.unanswered(ctx, record)]
    risky = [visit for visit, record in found if record.risks]
    chosen = next(iter(waiting or risky), None)
    return await work.visits.lock(chosen.visit_id) if chosen else None


def _start(text: str) -> int:
    """Where the answer begins: behind 回答风险, or at the beginning."""
    head = _AGAIN.match(text)
    return head.end() if head else 0


async def _is_answer(ctx: Context, work: Work, visit: Visit, record: Record, reply: Reply, answers: Answers) -> bool:
    """Whether these words are meant as an answer; what is as well something else is that."""
    draft = reply.draft
    if draft is not None and tells_of_another(draft, record, reply.text):
        return False
    if answers.named:
        return True
    if _ASKS_US.search(reply.text) or (reply.is_aside and not answers.pointed):
        return False
    request = await editing.read(ctx, work, visit, reply.evidence, reply.sent_at, reply.transcript)
    if request.edits and not (answers.pointed and request.question):
        return False
    # more of the visit that is open: 恒力的王经理又说预算加到95万
    is_note = draft is not None and draft.customer is not None and bool(draft.amounts or draft.next_steps)
    return not is_note


def tells_of_another(draft: VisitDraft, record: Record, text: str) -> bool:
    """Whether it is about another customer than the record's."""
    named, customer = draft.customer, record.customer
    if named is None:
        return False
    if named.status == "new" and not TELLS_OF_A_VISIT.search(text):
        return False  # 上海总部还没批 names no customer of ours
    if customer is None:
        return named.status == "known"
    names = (named.value, *(candidate.name for candidate in named.candidates))
    theirs = (customer.name, *customer.candidates)
    # a short form of the name may be no alias
    return not any(one in other or other in one for one in names for other in theirs)


# By button


async def press(ctx: Context, work: Work, action: actions.RiskAction, pressed: Pressed) -> None:
    visit = await drafts.of_card(work, action.visit_id, pressed)
    if visit is None:
        return
    member, to, cause, ref = pressed.member, pressed.to, pressed.cause, pressed.response_ref
    record = await load(work, visit)
    if not questionnaire.unanswered(ctx, record):
        await outbox.close(work, pressed.card, texts.CLOSED_NOT_NEEDED, cause=f"{cause}>closed", response_ref=ref)
        await drafts.show(ctx, work, visit, record, to=to, cause=cause)
        return
    if isinstance(action, actions.HoldRisks):
        await questionnaire.hold(ctx, work, visit, record, member=member, to=to, cause=cause, response_ref=ref)
        return
    picked = next((one for one in question_cards.LISTS if pressed.chosen(one.select) in one.options), None)
    if picked is None:
        await outbox.say(work, to, texts.CHOOSE_FIRST, cause=f"{cause}>choose")
        return
    sent_at = pressed.message.sent_at
    words = str(pressed.chosen(picked.select))
    evidence = await work.visits.keep_evidence(cause, member.member_id, "text", sent_at=sent_at, text=words)
    answers = risk_answers.split(words, sent_at, ctx.settings.zone, (picked.question,), ctx.settings.worked)
    answer = answers.of(picked.question)
    assert answer is not None  # a reply to one question answers it
    source = Source(evidence.evidence_id, 0, len(words), words, engine="picked")
    fact = Fact(_value(ctx, picked.question, answer, said_on=ctx.day_of(sent_at)), source)
    await _take(ctx, work, visit, [fact], member=member, to=to, cause=cause, evidence=evidence, response_ref=ref)


# What follows from an answer


async def _take(
    ctx: Context,
    work: Work,
    visit: Visit,
    facts: list[Fact],
    *,
    member: Member,
    to: Sender,
    cause: str,
    evidence: Evidence,
    response_ref: str | None = None,
) -> None:
    """Keep the answers; ask for those that are still missing, or else go on where the rep was."""
    evidence.visit_id = visit.visit_id
    before = await load(work, visit)
    new = before.joined_by(facts)
    confirmed = await questionnaire.is_confirmed(work, visit)
    is_open = bool(questionnaire.unanswered(ctx, new))
    if not is_open:
        closing = texts.CLOSED_ANSWERED
        await questionnaire.close(work, visit, closing, cause=f"{cause}>answered", response_ref=response_ref)
    await drafts.keep(ctx, work, visit, new, member=member, cause=cause)
    if is_open:
        await questionnaire.ask(
            ctx,
            work,
            visit,
            new,
            member=member,
            to=to,
            cause=cause,
            confirmed=confirmed,
            response_ref=response_ref,
        )
    elif confirmed:
        await drafts.confirm(ctx, work, visit, member=member, to=to, cause=cause)
    else:
        await drafts.show(ctx, work, visit, new, to=to, cause=cause, before=before)
        await drafts.remind_later(ctx, work, visit, to)


def _facts(ctx: Context, answers: Answers, reply: Reply, start: int) -> list[Fact]:
    """The answers as values, with their words in the reply, of which the first `start` characters were not read."""
    facts = []
    for question in QUESTIONS:
        if answer := answers.of(question):
            begin, end = answer.span.start + start, answer.span.end + start
            at_s = reply.transcript.time_at(begin) if reply.transcript else None
            source = Source(reply.evidence.evidence_id, begin, end, reply.text[begin:end], at_s)
            facts.append(Fact(_value(ctx, question, answer, said_on=ctx.day_of(reply.sent_at)), source))
    return facts


def _value(
    ctx: Context, question: Question, answer: Answer, *, said_on: date
) -> BlockerValue | SupportValue | BreakthroughValue:
    match question:
        case "blocker":
            return BlockerValue(text=answer.text)
        case "support":
            return SupportValue(text=answer.text)
        case "breakthrough":
            return BreakthroughValue(text=answer.text, on=_last_worked(ctx, answer, said_on))


def _last_worked(ctx: Context, answer: Answer, said_on: date) -> date | None:
    """The day by which it is expected: of a period its last working day that is still to come."""
    if answer.on is None or not answer.is_period:
        return answer.on
    day = ctx.settings.working_time.last_worked(answer.on)
    return day if day >= said_on else answer.on
