"""When a to-do is due, and what its member hears of it until it is done.

A to-do with a moment is due then, one with a day alone when work ends on that day. Around it there are at most three
steps: `eve` at `EVE_AT` of the working day before, or, where somebody named a moment, `due` at that moment; `nudge`
some working hours after it; `manager` some working days after it, when the member's manager is told as well. (The
morning of the day is in `handlers.morning`.) A due day on which nobody works is reminded of as if it were the last
working day before: who is to deliver on Sunday hears of it on Thursday afternoon and on Friday morning; overdue it is
when Sunday is over. A 待跟进 mark has no eve; it is due within hours, is nudged when they are over, and its manager is
told when the same span has passed once more.

What lies behind already when a to-do is made, postponed or handed on is not made up for: one that is overdue by then
is nudged as if it had just fallen due. Each to-do has one timer, which goes from step to step; its key carries the
moment from which the steps count, so that a to-do that changes gets a new one. When it fires it looks at everything
again, and after a standstill it takes the latest step alone, and says that it is late. An eve that comes when the day
is over says nothing: the nudge says it, some working hours later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from handlers import notices, texts, wording
from handlers.context import TIMERS, Context
from handlers.working_time import WorkingTime
from storage.jobs import Job
from storage.models import Member, Todo
from storage.work import Work

KIND = "todo_clock"
EVE_AT = time(16)
"""Late enough that the day's plans are made, with two hours of work left to do something about it."""
BEFORE_CLOSING = timedelta(minutes=30)
"""A reminder for the evening comes before work ends."""
AHEAD = timedelta(minutes=1)
"""So long before a step its timer fires: by then all that is due at one moment has put its lines, for one message."""

StepName = Literal["eve", "due", "nudge", "manager"]


@dataclass(frozen=True)
class Step:
    name: StepName
    at: datetime


def due_moment(times: WorkingTime, todo: Todo) -> datetime | None:
    if todo.due_at is not None:
        return todo.due_at.astimezone(times.zone)
    return times.day_closes(todo.due_on) if todo.due_on is not None else None


def due_day(times: WorkingTime, todo: Todo) -> date | None:
    """The day it is due, as people here count days."""
    return todo.due_at.astimezone(times.zone).date() if todo.due_at is not None else todo.due_on


def reminder_day(times: WorkingTime, day: date) -> date:
    """The working day on which something due that day is to be done."""
    return day if times.is_working_day(day) else times.working_day_before(day)


def settled_at(todo: Todo) -> datetime:
    return todo.settled_at or todo.created_at


def steps(ctx: Context, todo: Todo) -> Sequence[Step]:
    """What is still to be said of an open to-do after it was settled, in order; each in working hours."""
    times, since = ctx.settings.working_time, settled_at(todo)
    due = due_moment(times, todo)
    if due is None:
        return ()
    found = [*_before(times, todo, due), *_after(ctx, todo, max(due, since.astimezone(times.zone)))]
    found = [Step(step.name, times.next_push(step.at)) for step in found if step.at > since]
    return sorted(found, key=lambda step: step.at)


def _before(times: WorkingTime, todo: Todo, due: datetime) -> list[Step]:
    if todo.kind == "follow_up":
        return []
    if todo.due_at is not None:
        return [Step("due", _in_hours(times, due))]
    eve_on = times.working_day_before(reminder_day(times, due.date()))
    return [Step("eve", datetime.combine(eve_on, EVE_AT, times.zone))]


def _in_hours(times: WorkingTime, moment: datetime) -> datetime:
    """The moment, or the last one before it at which people may be written to."""
    if times.may_push(moment):
        return moment
    day = moment.date()
    if not times.is_working_day(day) or moment.time() < times.morning:
        day = times.working_day_before(day)
    return times.day_closes(day) - BEFORE_CLOSING


def _after(ctx: Context, todo: Todo, due: datetime) -> list[Step]:
    times, rules = ctx.settings.working_time, ctx.settings.rules
    if todo.kind == "follow_up":
        again = times.add_hours(due, rules.follow_up.within_h)
        return [Step("nudge", due), Step("manager", again)]
    late_on = times.add_days(due.date(), rules.todo.manager_after_days)
    return [
        Step("nudge", times.add_hours(due, rules.todo.nudge_after_h)),
        Step("manager", datetime.combine(late_on, due.timetz())),
    ]


# The timer


async def start(ctx: Context, work: Work, todo: Todo) -> None:
    """Put the timer of an open to-do; nothing where there is no date, or all has been said."""
    coming = [step for step in steps(ctx, todo) if step.at > work.now]
    if coming:
        await work.jobs.put(KIND, {"todo_id": todo.todo_id}, queue=TIMERS, dedupe=_key(todo), at=_fires_at(coming[0]))


async def stop(work: Work, todo: Todo) -> None:
    """Nothing more is said of it: neither what would fall due, nor what waits to be told."""
    await work.jobs.cancel(_key(todo))
    await work.notices.drop(subject(todo))


def subject(todo: Todo) -> str:
    return f"todo:{todo.todo_id}"


def _key(todo: Todo) -> str:
    return f"todo:{todo.todo_id}:{settled_at(todo).astimezone(UTC).isoformat()}"


def _fires_at(step: Step) -> datetime:
    return step.at - AHEAD


async def fire(ctx: Context, job: Job) -> None:
    todo_id = job.payload["todo_id"]
    assert isinstance(todo_id, int)  # put by `start`
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        todo = await work.todos.lock(todo_id)
        if todo is None or todo.state != "open" or job.dedupe != _key(todo):
            await work.jobs.complete(job)
            return
        to_come = steps(ctx, todo)
        reached = [step for step in to_come if _fires_at(step) <= work.now]
        if reached and _is_on(ctx, todo) and not _is_pointless(ctx, todo, reached[-1], work.now):
            # of what was missed the latest is told, and that may be in time
            late = notices.late_since(ctx, _fires_at(reached[-1]), work.now)
            await _say(ctx, work, todo, reached[-1], late=late)
        coming = [step for step in to_come if _fires_at(step) > work.now]
        if coming:
            await work.jobs.advance(job, KIND, job.payload, at=_fires_at(coming[0]))
        else:
            await work.jobs.complete(job)


def _is_pointless(ctx: Context, todo: Todo, step: Step, now: datetime) -> bool:
    """An eve after the event: it would be word for word what the nudge says soon after."""
    due = due_moment(ctx.settings.working_time, todo)
    return step.name == "eve" and due is not None and due < now


def _is_on(ctx: Context, todo: Todo) -> bool:
    rules = ctx.settings.rules
    return rules.follow_up.on if todo.kind == "follow_up" else rules.todo.on


async def _say(ctx: Context, work: Work, todo: Todo, step: Step, *, late: str) -> None:
    owner = await work.members.get(todo.member_id)
    manager = await work.members.manager_of(owner) if step.name == "manager" else None
    line = await describe(ctx, work, todo)
    told_manager = texts.TODO_MANAGER_TOLD.format(manager=manager.name) if manager is not None else ""
    words = _words(ctx, work, todo, step.name).format(todo=line) + told_manager + late
    await _tell(ctx, work, todo, owner, words, step)
    if manager is not None:
        words = texts.TODO_OVERDUE_MANAGER.format(member=owner.name, todo=line) + late
        await _tell(ctx, work, todo, manager, words, step)


async def _tell(ctx: Context, work: Work, todo: Todo, member: Member, words: str, step: Step) -> None:
    if member.active:
        key = f"{_key(todo)}:{step.name}:{member.member_id}"
        await notices.tell(ctx, work, member.member_id, words, key=key, subject=subject(todo), at=step.at)


def _words(ctx: Context, work: Work, todo: Todo, step: StepName) -> str:
    """The step's sentence as it is true now: after a standstill the eve may be the day itself."""
    times, today = ctx.settings.working_time, ctx.day_of(work.now)
    due = due_moment(times, todo)
    assert due is not None  # there are steps
    if todo.kind == "follow_up":
        return texts.FOLLOW_UP_NUDGE if step == "nudge" else texts.FOLLOW_UP_OVERDUE
    watched = todo.party == "customer"
    if due < work.now and step != "due":
        if step == "manager":
            return texts.TODO_OVERDUE_WATCHED if watched else texts.TODO_OVERDUE
        return texts.TODO_NUDGE_WATCHED if watched else texts.TODO_NUDGE
    if step == "due":
        return texts.TODO_DUE_NOW
    if due.date() <= today:
        return texts.TODO_TODAY_WATCHED if watched else texts.TODO_TODAY
    return texts.TODO_EVE_WATCHED if watched else texts.TODO_EVE


async def describe(ctx: Context, work: Work, todo: Todo) -> str:
    """The to-do in a line for people: what, for whom, until when."""
    customer = (await work.customers.get(todo.customer_id)).name if todo.customer_id else ""
    about = f" · {customer}" if customer else ""
    due = due_words(ctx, todo, ctx.day_of(work.now))
    return f"{todo.action}{about}" + (f"（{due}）" if due else "")


def due_words(ctx: Context, todo: Todo, today: date) -> str:
    """11-25（周三）前 for a day, 11-25（周三）15:00 for a moment; empty without either."""
    if todo.due_at is not None:
        at = todo.due_at.astimezone(ctx.settings.zone)
        return f"{wording.day(at.date(), today)}{at:%H:%M}"
    return f"{wording.day(todo.due_on, today)}前" if todo.due_on is not None else ""
