"""What a confirmed visit asks for by itself, each a rule of its own.

- a sample test begins: until when? Its last day becomes a to-do, with a word some working days ahead
- the first contact with a new customer: a summary for them, with a draft that holds nothing but the record
- a spot check: the manager is asked to hear from the customer how the visit was
"""

from datetime import date, datetime, timedelta
from hashlib import sha256

from handlers import notices, outbox, texts, todo_clock, todos, wording
from handlers.checks import subject_of
from handlers.context import Context
from handlers.record import AmountValue, DemandValue, PainValue, Record
from handlers.reply import Reply
from nlp import trial_period
from storage.models import Customer, Member, Question, Visit
from storage.work import Work

PERIOD = "test_period"
"""The question how long a sample test is to take."""
SKIPPED = frozenset({"跳过", "不知道", "不清楚", "没定", "还没定", "不确定", "待定"})
MOST_PERIOD = 40
"""Characters; more is news of something."""
SUMMARY_WITHIN = timedelta(hours=24)
CHECK_WITHIN_DAYS = 3
"""Working days a manager has for a spot check: after a week the customer hardly remembers the visit."""


async def on_confirmed(
    ctx: Context,
    work: Work,
    visit: Visit,
    record: Record,
    customer: Customer,
    member: Member,
    cause: str,
    *,
    is_new: bool,
) -> None:
    """In the transaction in which the visit is confirmed. `is_new`: it brought the customer in."""
    rules = ctx.settings.rules
    if rules.first_summary.on and (is_new or await _was_lead(work, visit, customer)):
        await _summarise(ctx, work, record, customer, member, cause)
    if rules.spot_check.on and is_sampled(visit.visit_id, rules.spot_check.percent):
        await _check(ctx, work, visit, customer, member, cause)


# The sample test


async def on_stage(ctx: Context, work: Work, customer: Customer, stage: str, member: Member, cause: str) -> None:
    """In the transaction in which a deal of the customer enters that stage."""
    test = ctx.settings.rules.sample_test
    if test.on and test.stage in stage:
        await _ask_for_period(ctx, work, customer, member, cause)


async def _ask_for_period(ctx: Context, work: Work, customer: Customer, member: Member, cause: str) -> None:
    """Asked in the chat they confirmed in; the answer is no part of the record, which is saved already."""
    address = await ctx.reach(work, member.member_id)
    if address is None:
        return
    await work.questions.ask(
        member.member_id, PERIOD, subject_of(customer.customer_id), life=ctx.settings.question_life
    )
    text = texts.ASK_TEST_PERIOD.format(customer=customer.name, stage=ctx.settings.rules.sample_test.stage)
    await outbox.say(work, address, text, cause=f"{cause}>test-period")


async def take_period(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    said = reply.text.strip(" \n。.！!，,")
    customer = await work.customers.get(int(question.subject.removeprefix("customer:")))
    if said in SKIPPED:
        await work.questions.close(member.member_id, PERIOD, question.subject)
        text = texts.TEST_PERIOD_SKIPPED.format(customer=customer.name)
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>skipped")
        return True
    if reply.is_aside or len(said) > MOST_PERIOD:
        return False
    on = trial_period.last_day(said, reply.sent_at, ctx.settings.zone, ctx.settings.worked)
    if on is None:
        return False
    await work.questions.close(member.member_id, PERIOD, question.subject)
    todo = await todos.give(
        ctx,
        work,
        member_id=member.member_id,
        action=texts.TEST_RESULT_TODO,
        kind="said",
        origin=f"test:{customer.customer_id}:{reply.cause}",
        customer_id=customer.customer_id,
        due_on=on,
        created_by=member.member_id,
        cause=reply.cause,
    )
    if todo is not None:
        await todos.show(ctx, work, todo, todos.By(member.member_id, reply.to, reply.cause))
        await _count_down(ctx, work, customer, member, on, subject=todo_clock.subject(todo))
    text = texts.TEST_PERIOD_KEPT.format(customer=customer.name, on=wording.day(on, ctx.day_of(work.now)))
    await outbox.say(work, reply.to, text, cause=f"{reply.cause}>period")
    return True


async def _count_down(ctx: Context, work: Work, customer: Customer, member: Member, on: date, *, subject: str) -> None:
    """A word ahead of the last day, where that is still to come; done or postponed, the to-do takes it along."""
    times, ahead = ctx.settings.working_time, ctx.settings.rules.sample_test.countdown_days
    if not ahead:
        return
    day = times.add_days(on, -ahead)
    at = datetime.combine(day, times.morning, times.zone)
    if at <= work.now:
        return
    text = texts.TEST_COUNTDOWN.format(customer=customer.name, days=ahead, on=wording.day(on, day))
    await notices.tell(ctx, work, member.member_id, text, key=f"{subject}:countdown:{on}", subject=subject, at=at)


# The first contact


async def _was_lead(work: Work, visit: Visit, customer: Customer) -> bool:
    """Whether they were imported as a new lead and this is the first visit; whoever is no lead is known already."""
    if await work.rules.latest("new_lead", subject_of(customer.customer_id)) is None:
        return False
    visits = await work.visits.confirmed_about(customer.customer_id, limit=2)
    return [one.visit_id for one in visits] == [visit.visit_id]


async def _summarise(ctx: Context, work: Work, record: Record, customer: Customer, member: Member, cause: str) -> None:
    todo = await todos.give(
        ctx,
        work,
        member_id=member.member_id,
        action=texts.SUMMARY_TODO,
        kind="said",
        origin=f"summary:{customer.customer_id}",
        customer_id=customer.customer_id,
        due_at=work.now + SUMMARY_WITHIN,
        cause=cause,
    )
    if todo is None:
        return
    text = texts.SUMMARY_DRAFT.format(customer=customer.name, draft=summary(record, ctx.day_of(work.now)))
    subject = todo_clock.subject(todo)
    await notices.tell(ctx, work, member.member_id, text, key=f"{subject}:draft", subject=subject)


def summary(record: Record, today: date) -> str:
    """What may be sent to the customer, of what the record holds: no risks, no objections, nothing that it lacks."""
    pains = "、".join(dict.fromkeys(value.category for value in record.all(PainValue)))
    demands = "；".join(wording.demand(value, today) for value in record.all(DemandValue))
    budget = "；".join(wording.money(value) for value in record.all(AmountValue) if value.role == "budget")
    steps = wording.steps(record, today, us="我方")
    lines = [
        texts.SUMMARY_PAINS.format(pains=pains) if pains else "",
        texts.SUMMARY_DEMANDS.format(demands=demands) if demands else "",
        texts.SUMMARY_BUDGET.format(budget=budget) if budget else "",
        texts.SUMMARY_STEPS.format(steps="".join(f"\n{step}" for step in steps)) if steps else "",
    ]
    return "\n".join(filter(None, lines)) or texts.SUMMARY_EMPTY


# The spot check


def is_sampled(visit_id: int, percent: float) -> bool:
    """Chosen by the visit's number alone: the same however often it is asked, and nobody can tell beforehand."""
    digest = sha256(f"spot-check:{visit_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < percent / 100 * 2**64


async def _check(ctx: Context, work: Work, visit: Visit, customer: Customer, member: Member, cause: str) -> None:
    manager = await work.members.manager_of(member)
    if manager is None:
        return
    today = ctx.day_of(work.now)
    await todos.give(
        ctx,
        work,
        member_id=manager.member_id,
        action=texts.SPOT_CHECK_TODO.format(rep=member.name, on=wording.day(visit.visited_on, today)),
        kind="said",
        origin=f"spot_check:{visit.visit_id}",
        customer_id=customer.customer_id,
        due_on=ctx.settings.working_time.add_days(today, CHECK_WITHIN_DAYS),
        cause=cause,
    )
