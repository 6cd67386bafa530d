"""今日三件事: on the morning of a working day, one message to everybody who has something to do.

The three are the first three of this list; what belongs to one line of it comes in the order given there:

1. our own promises that are overdue, the oldest first;
2. what is due today, ours, the earliest first;
3. 待跟进 marks whose clock runs out today, the earliest first;
4. what the customer owes us and is due today or overdue, the oldest first: it wants a call;
5. risks that lie with the member, to be answered or given to them, the oldest first;
6. drafts that wait to be confirmed, the oldest first;
7. customers of theirs who have been silent for longer than the rule on silence allows, the longest first.

A to-do that is due on a day without work counts as due on the last working day before it. A line that is a to-do has
its button 完成. Below stand what else is overdue or due today, how much is due on the next working day, and whatever
waited to be told (`handlers.notices`), so that the morning is one message. Who has nothing gets none.

One job a day puts one job for each member, a few hundred in a transaction. After a standstill the message comes until
noon, and says that it is late; in the afternoon the day's plans are made. A card that was made and could not go out
that day is replaced by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from handlers import escalation, notices, outbox, texts, todo_cards, todo_clock, wording
from handlers.context import TIMERS, Context
from handlers.working_time import WorkingTime
from storage.jobs import Daily, Job
from storage.models import Member, Notice, Todo
from storage.work import Work

KIND = notices.MORNING
ONE_KIND = "morning_card"
AHEAD = timedelta(minutes=10)
"""Before the morning's first message: by then everybody's job is there, and what else is due then waits for it."""
UNTIL = time(12)
AT_ONCE = 500
"""Members whose jobs are put in one transaction."""
MANY = 3
MOST_BELOW = 6
"""Lines of what else there is; the whole is to be read on a phone."""


@dataclass(frozen=True)
class Thing:
    """One that may be among the three; `todo_id` where it is a to-do."""

    line: str
    todo_id: int | None = None


@dataclass(frozen=True)
class Due:
    """A member's open to-dos with a date, by what the morning makes of them; each in order of when it is due."""

    overdue: Sequence[Todo]
    today: Sequence[Todo]
    marks: Sequence[Todo]
    theirs: Sequence[Todo]
    next_day: Sequence[Todo]


def due(ctx: Context) -> Daily:
    times = ctx.settings.working_time
    at = (datetime.combine(date(2000, 1, 2), times.morning) - AHEAD).time()
    return Daily(name="morning", kind=KIND, queue=TIMERS, at=at, zone=ctx.settings.zone)


async def fan_out(ctx: Context, job: Job) -> None:
    """Put today's message for each member; the next day's job is put first, whatever becomes of this one."""
    async with ctx.database.work() as work:
        await work.jobs.put_next(due(ctx))
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        times, now = ctx.settings.working_time, work.now.astimezone(ctx.settings.zone)
        today = now.date()
        if not times.is_working_day(today) or now.time() >= UNTIL:
            await work.jobs.complete(job)
            return
        after = job.payload.get("after", 0)
        assert isinstance(after, int)  # put below
        if not after:
            await _withdraw_earlier(ctx, work, today)
        member_ids = await work.members.reachable_after(after, platforms=ctx.served, limit=AT_ONCE)
        for member_id in member_ids:
            await work.jobs.put(
                ONE_KIND,
                {"member_id": member_id},
                queue=TIMERS,
                dedupe=notices.morning_key(today, member_id),
                at=datetime.combine(today, times.morning, times.zone),
            )
        if len(member_ids) < AT_ONCE:
            await work.jobs.complete(job)
        else:
            await work.jobs.advance(job, KIND, {"after": member_ids[-1]})


async def _withdraw_earlier(ctx: Context, work: Work, today: date) -> None:
    """A card that a standstill has kept for this morning would arrive beside today's, which tells what it told."""
    times = ctx.settings.working_time
    midnight = datetime.combine(today, time(), times.zone)
    until = datetime.combine(today, times.morning, times.zone)
    for card in await work.cards.unsent_of_kind(todo_cards.MORNING, before=midnight):
        member = await work.members.by_identity(card.platform, card.user_id)
        if member is None:
            continue
        cause = notices.morning_key(ctx.day_of(card.created_at), member.member_id)
        if await outbox.withdraw_put_off(work, card, texts.CLOSED_REPLACED, cause=cause, until=until):
            await work.notices.give_back(member.member_id, card.created_at)


async def send(ctx: Context, job: Job) -> None:
    member_id = job.payload["member_id"]
    assert isinstance(member_id, int)  # put by `fan_out`
    async with ctx.finishing(job) as work:
        member = await work.members.get(member_id)
        now = work.now.astimezone(ctx.settings.zone)
        # a job that has waited for a night is not this morning's
        is_todays = job.run_at.astimezone(ctx.settings.zone).date() == now.date()
        if not member.active or not is_todays or now.time() >= UNTIL:
            return
        await tell(ctx, work, member, late=notices.late(ctx, job, work.now), cause=job.dedupe or f"morning:{job.id}")


async def tell(ctx: Context, work: Work, member: Member, *, late: str, cause: str) -> None:
    address = await ctx.reach(work, member.member_id)
    if address is None:
        return
    found = sort_out(ctx.settings.working_time, await work.todos.open_of(member.member_id), work.now)
    three = (await things(ctx, work, member, found))[:MANY]
    waiting = await work.notices.take_due(member.member_id)
    if not three and not waiting:
        return
    await work.notices.count(cause, member.member_id, subject=f"member:{member.member_id}")
    told = _notices(waiting)
    if not three:
        await outbox.say(work, address, "\n".join(told) + late, cause=cause)
        return
    card = todo_cards.morning_card(
        outbox.new_card_id(todo_cards.MORNING, member.member_id),
        title=texts.MORNING_TITLES[len(three) - 1],
        subtitle=f"{wording.day(ctx.day_of(work.now), ctx.day_of(work.now))}{late}",
        three=[(thing.todo_id, thing.line) for thing in three],
        below=[*await _below(ctx, work, found, three), *told],
    )
    await outbox.show(work, address, card, kind=todo_cards.MORNING, life=ctx.settings.card_life, cause=cause)


def sort_out(times: WorkingTime, todos: Sequence[Todo], now: datetime) -> Due:
    today = now.astimezone(times.zone).date()
    tomorrow = times.working_day_after(today)
    dated = [(moment, todo) for todo in todos if (moment := todo_clock.due_moment(times, todo)) is not None]
    lists: dict[str, list[Todo]] = {"overdue": [], "today": [], "marks": [], "theirs": [], "next_day": []}
    for moment, todo in sorted(dated, key=lambda pair: (pair[0], pair[1].todo_id)):
        day = todo_clock.reminder_day(times, moment.date())
        if moment >= now and day > today:
            if day == tomorrow:
                lists["next_day"].append(todo)
        elif todo.party == "customer":
            lists["theirs"].append(todo)
        elif moment < now:
            lists["overdue"].append(todo)
        else:
            lists["marks" if todo.kind == "follow_up" else "today"].append(todo)
    return Due(**lists)


async def things(ctx: Context, work: Work, member: Member, found: Due) -> list[Thing]:
    """What may be among the three, by the rule above; no more is looked up than is needed."""
    ours = [*found.overdue, *found.today, *found.marks, *found.theirs]
    chosen = [Thing(await _todo(ctx, work, todo), todo.todo_id) for todo in ours[:MANY]]
    if len(chosen) < MANY:
        chosen += await _risks(ctx, work, member)
    if len(chosen) < MANY:
        chosen += await _drafts(ctx, work, member)
    if len(chosen) < MANY and ctx.settings.rules.silence.on:
        chosen += await _silent(ctx, work, member, MANY - len(chosen))
    return chosen


async def _risks(ctx: Context, work: Work, member: Member) -> list[Thing]:
    lying = await work.escalations.lying_with(member.member_id)
    return [
        Thing(
            texts.MORNING_RISK.format(
                customer=await escalation.customer_of(work, risk), rep=(await work.members.get(risk.member_id)).name
            )
        )
        for risk in lying[:MANY]
    ]


async def _drafts(ctx: Context, work: Work, member: Member) -> list[Thing]:
    today = ctx.day_of(work.now)
    return [
        Thing(
            texts.MORNING_DRAFT.format(
                customer=customer or texts.CUSTOMER_OPEN, on=wording.day(visit.visited_on, today)
            )
        )
        for visit, customer in (await work.visits.drafts_of(member.member_id))[:MANY]
    ]


async def _silent(ctx: Context, work: Work, member: Member, limit: int) -> list[Thing]:
    today = ctx.day_of(work.now)
    since = work.now - timedelta(days=ctx.settings.rules.silence.wake_up_days)
    silent = await work.customers.silent_of(member.member_id, since=since, limit=limit)
    return [
        Thing(
            texts.MORNING_SILENT.format(
                customer=customer.name, days=(today - ctx.day_of(customer.last_contact_at)).days
            )
        )
        for customer in silent
        if customer.last_contact_at is not None
    ]


async def _todo(ctx: Context, work: Work, todo: Todo) -> str:
    moment = todo_clock.due_moment(ctx.settings.working_time, todo)
    assert moment is not None  # chosen by it
    days = (ctx.day_of(work.now) - moment.date()).days
    mark = f"【过期 {days} 天】" if days > 0 else "【已过期】" if moment < work.now else ""
    call = "催客户：" if todo.party == "customer" else "跟进：" if todo.kind == "follow_up" else ""
    if todo.kind == "follow_up" and todo.customer_id is not None:
        customer = (await work.customers.get(todo.customer_id)).name
        return f"{mark}{call}{customer}（{todo_clock.due_words(ctx, todo, ctx.day_of(work.now))}）"
    return f"{mark}{call}{await todo_clock.describe(ctx, work, todo)}"


async def _below(ctx: Context, work: Work, found: Due, three: Sequence[Thing]) -> list[str]:
    shown = {thing.todo_id for thing in three}
    others = [todo for todo in (*found.overdue, *found.today, *found.marks, *found.theirs) if todo.todo_id not in shown]
    lines = [f"· {await _todo(ctx, work, todo)}" for todo in others[:MOST_BELOW]]
    if others:
        lines.insert(0, texts.MORNING_OTHERS.format(count=len(others)))
    if len(others) > MOST_BELOW:
        lines.append(texts.TODOS_MORE.format(count=len(others)))
    if found.next_day:
        lines.append(texts.MORNING_NEXT_DAY.format(count=len(found.next_day)))
    return lines


def _notices(waiting: Sequence[Notice]) -> list[str]:
    if len(waiting) == 1:
        return [waiting[0].text]
    return [texts.NOTICES.format(count=len(waiting)), *(f"· {notice.text}" for notice in waiting)] if waiting else []
