"""A risk signal opens three questions, and the formal save waits for the answers; the draft is kept all the while.

The answers are values of the record like others. What is remembered beside them is the question that is open (see
`handlers.answers`): its card, and which version of the record the rep had pressed 确认 on. When the last answer comes
in, that version plus the answers is saved without a second 确认: the rep has seen all of it, and more than speaking,
pressing once and answering is not to be asked of anybody. If anything else was changed meanwhile, the draft is shown.

How the answers are read stands in `handlers.risk_replies`.
"""

from datetime import datetime

from handlers import notices, outbox, question_cards, texts, wording
from handlers.context import Context
from handlers.messages import Sender
from handlers.record import BlockerValue, BreakthroughValue, Record, SupportValue
from nlp.risk_answers import Question
from storage.models import Member, Visit
from storage.work import Work

KIND = "risk"

_VALUES: dict[Question, type[BlockerValue | SupportValue | BreakthroughValue]] = {
    "blocker": BlockerValue,
    "support": SupportValue,
    "breakthrough": BreakthroughValue,
}


def unanswered(ctx: Context, record: Record) -> tuple[Question, ...]:
    """The questions that are still to be answered, in their order; none where nothing raises them."""
    if not record.risks or not ctx.settings.rules.questionnaire.on:
        return ()
    return tuple(question for question, value in _VALUES.items() if record.one(value) is None)


async def blocks(ctx: Context, _work: Work, _visit: Visit, record: Record) -> bool:
    """Whether the formal save must wait."""
    return bool(unanswered(ctx, record))


async def ask(
    ctx: Context,
    work: Work,
    visit: Visit,
    record: Record,
    *,
    member: Member,
    to: Sender,
    cause: str,
    confirmed: bool = False,
    response_ref: str | None = None,
) -> None:
    """Show what is still to be answered, in place of the card before; the rep is reminded of it in some hours.

    `confirmed`: the rep has pressed 确认 on what the record says now.
    """
    await close(work, visit, texts.CLOSED_REPLACED, cause=f"{cause}>asked-before", response_ref=response_ref)
    card_id = outbox.new_card_id("questions", visit.visit_id)
    missing = unanswered(ctx, record)
    await work.questions.ask(
        visit.member_id,
        KIND,
        _subject(visit),
        life=ctx.settings.question_life,
        payload={"card_id": card_id, "confirmed": visit.version if confirmed else None},
    )
    card = question_cards.risk_card(visit, record, card_id, missing, today=ctx.day_of(work.now))
    await outbox.show(work, to, card, kind="questions", life=ctx.settings.card_life, cause=f"{cause}>questions")
    await _remind(ctx, work, visit, record, member=member, cause=cause)


async def is_confirmed(work: Work, visit: Visit) -> bool:
    """Whether the rep has pressed 确认 on what the record says now, and it waited for these answers only."""
    last = await work.questions.latest(visit.member_id, KIND, _subject(visit))
    return last is not None and last.payload["confirmed"] == visit.version


async def hold(
    ctx: Context,
    work: Work,
    visit: Visit,
    record: Record,
    *,
    member: Member,
    to: Sender,
    cause: str,
    response_ref: str | None = None,
) -> None:
    """稍后: words are no answers any more until the rep comes back to it, and a reminder waits."""
    await close(work, visit, texts.CLOSED_HELD, cause=f"{cause}>held", response_ref=response_ref)
    at = await _remind(ctx, work, visit, record, member=member, cause=cause)
    clock = wording.clock_time(at, ctx.settings.zone, ctx.day_of(work.now))
    await outbox.say(work, to, texts.RISKS_HELD.format(at=clock), cause=f"{cause}>hold")


async def close(work: Work, visit: Visit, closing: str, *, cause: str, response_ref: str | None = None) -> None:
    """Nothing is waited for, nor reminded of, any more."""
    subject = _subject(visit)
    last = await work.questions.latest(visit.member_id, KIND, subject)
    if last is None:
        return
    await work.questions.close(visit.member_id, KIND, subject)
    await work.notices.drop(reminder_subject(visit))
    card = await work.cards.find(str(last.payload["card_id"]))
    if card is not None:
        await outbox.close(work, card, closing, cause=cause, response_ref=response_ref)


def reminder_subject(visit: Visit) -> str:
    return f"risk:visit:{visit.visit_id}"


async def _remind(ctx: Context, work: Work, visit: Visit, record: Record, *, member: Member, cause: str) -> datetime:
    """Put the reminder; when it comes at the earliest."""
    working_time = ctx.settings.working_time
    at = working_time.add_hours(work.now, ctx.settings.rules.questionnaire.remind_after_h)
    reminder = texts.RISKS_REMINDER.format(
        customer=record.customer.name if record.customer else texts.CUSTOMER_OPEN,
        on=wording.day(visit.visited_on, ctx.day_of(at)),
        missing="、".join(question_cards.SHORT[question] for question in unanswered(ctx, record)),
    )
    subject = reminder_subject(visit)
    await notices.tell(ctx, work, member.member_id, reminder, key=f"{subject}:{cause}", subject=subject, at=at)
    return working_time.next_push(at)


def _subject(visit: Visit) -> str:
    return f"visit:{visit.visit_id}"
