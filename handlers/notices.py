"""What the assistant tells people by itself: lines that go out together, in working hours, not all day long.

A line waits until people may be written to, and until an hour has passed since the last message of this kind to the
same person; whatever else is due by then goes with it. Each line has a job of its own that would send it, so none can
be forgotten; the first of them takes the others along, and those find nothing left to do.
"""

import logging
from datetime import date, datetime, timedelta

from handlers import outbox, texts, wording
from handlers.context import TIMERS, Context
from storage.jobs import Job
from storage.members import Address
from storage.work import Work

log = logging.getLogger(__name__)

KIND = "notices"
MORNING = "morning"
"""The kind of the job that puts the morning's cards."""
APART = timedelta(hours=1)
"""Between two such messages to the same person."""
WAIT_FOR_MORNING = timedelta(minutes=1)
LATE = timedelta(minutes=30)
"""What falls due this much later than it should says so: the assistant was not running."""
HELD_UP = "its card was held up"
MEANT_AT = "meant_at"
"""In the payload of a timer that a standstill put off: when it should have fired at first."""


async def tell(
    ctx: Context, work: Work, member_id: int, text: str, *, key: str, subject: str, at: datetime | None = None
) -> bool:
    """Tell the member that line, not before `at`. `key` names what this is about; the same key again tells nothing.

    `subject` is what the line is about (`todo:3`), so that it can be dropped with it. False when the key is known.
    """
    due_at = ctx.settings.working_time.next_push(max(at or work.now, work.now))
    if not await work.notices.add(key, member_id, text, subject=subject, due_at=due_at):
        return False
    await work.jobs.put(
        KIND, {"member_id": member_id}, queue=TIMERS, lane=_lane(member_id), dedupe=f"notice:{key}", at=due_at
    )
    return True


async def send(ctx: Context, job: Job) -> None:
    """Send what is due to one member, as one message."""
    member_id = job.payload["member_id"]
    assert isinstance(member_id, int)  # put by `tell`
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await has_put_off(ctx, work, job, to=member_id):
            return
        await flush(ctx, work, member_id, cause=f"notices:{job.id}")
        await work.jobs.complete(job)


async def has_put_off(ctx: Context, work: Work, job: Job, *, to: int | None = None) -> bool:
    """Put a job that speaks unasked off to when it may; False where it may now.

    Its own moment lies in working hours, but after a standstill it comes at any. With `to` it also waits for an hour
    to have passed since that member was told something.
    """
    if to is not None:
        wait_until = await not_before(ctx, work, to)
        if wait_until is not None:
            await work.jobs.postpone(job, wait_until, "told lately, or outside working hours")
        return wait_until is not None
    opens_at = ctx.settings.working_time.next_push(work.now)
    if opens_at <= work.now:
        return False
    # only a standstill brings it at such an hour: in the morning it still says so
    await work.jobs.advance(job, job.kind, {MEANT_AT: job.run_at.isoformat(), **job.payload}, at=opens_at)
    return True


async def has_waited_for_card(ctx: Context, work: Work, job: Job, card_id: str | None, *, hours: float) -> bool:
    """Put a level's end off where its card lay in the outbox over a standstill; False where time is up.

    The working hours count from when the card was delivered.
    """
    seen_at = await held_up_until(work, job, card_id)
    if seen_at is None:
        return False
    at = ctx.settings.working_time.add_hours(seen_at, hours)
    if at > work.now:
        await work.jobs.postpone(job, at, HELD_UP)
    return at > work.now


async def held_up_until(work: Work, job: Job, card_id: str | None) -> datetime | None:
    """When a card was delivered that lay in the outbox over a standstill; None where it came in time, or there is none.

    A timer that is there before the card, which is still on its way, counts from now, once: it goes on though the card
    never gets there.
    """
    card = await work.cards.find(card_id) if card_id else None
    if card is None:
        return None
    seen_at = card.sent_at
    if seen_at is None and not await work.jobs.was_put_off(job, HELD_UP):
        is_on_its_way = await work.jobs.is_lane_busy(outbox.QUEUE, Address(card.platform, card.user_id).lane)
        seen_at = work.now if is_on_its_way else None
    return seen_at if seen_at is not None and seen_at - card.created_at > LATE else None


async def flush(ctx: Context, work: Work, member_id: int, *, cause: str) -> int:
    """Tell the member all that is due, in one message; how many lines."""
    due = await work.notices.take_due(member_id)
    if not due or not (await work.members.get(member_id)).active:
        return 0
    address = await ctx.reach(work, member_id)
    if address is None:
        # not kept for later: whoever gets an account next month is not helped by a month of reminders
        log.warning("notices.unreachable", extra={"member_id": member_id, "notices": len(due)})
        return 0
    lines = [f"· {notice.text}" if len(due) > 1 else notice.text for notice in due]
    heading = [texts.NOTICES.format(count=len(due))] if len(due) > 1 else []
    await outbox.say(work, address, "\n".join([*heading, *lines]), cause=cause, notices_of=member_id)
    return len(due)


async def take_back(work: Work, member_id: int, taken_at: datetime, *, key: str, until: datetime) -> None:
    """A message of lines was held up until that moment: they are told then, without those whose cause has ended.

    `key` is the message's own, so that the same lines wait once.
    """
    await work.notices.give_back(member_id, taken_at)
    await work.jobs.put(
        KIND, {"member_id": member_id}, queue=TIMERS, lane=_lane(member_id), dedupe=f"notice:{key}", at=until
    )


def late(ctx: Context, job: Job, now: datetime) -> str:
    """What a timer says that comes much later than it was meant to; empty where it comes in time."""
    meant_at = job.payload.get(MEANT_AT)
    return late_since(ctx, datetime.fromisoformat(meant_at) if isinstance(meant_at, str) else job.run_at, now)


def late_since(ctx: Context, moment: datetime, now: datetime) -> str:
    """The same of what was meant for that moment."""
    if now - moment <= LATE:
        return ""
    at = wording.clock_time(moment, ctx.settings.zone, ctx.day_of(now))
    return texts.LATE_REMINDER.format(at=at)


async def not_before(ctx: Context, work: Work, member_id: int) -> datetime | None:
    """When this member may be told something next; None: now. The morning's card goes first, and takes lines along."""
    if ctx.settings.working_time.may_push(work.now) and await _morning_is_coming(ctx, work, member_id):
        return work.now + WAIT_FOR_MORNING
    last = await work.notices.last_told_at(member_id)
    earliest = max(work.now, last + APART) if last is not None else work.now
    moment = ctx.settings.working_time.next_push(earliest)
    return moment if moment > work.now else None


async def _morning_is_coming(ctx: Context, work: Work, member_id: int) -> bool:
    """Whether the day's card is on its way to them, or after a standstill the job that is to put everybody's."""
    key = morning_key(ctx.day_of(work.now), member_id)
    if await work.jobs.was_put(key):
        return await work.jobs.is_waiting(key)
    return await work.jobs.active(TIMERS, (MORNING,)) > 0


def morning_key(day: date, member_id: int) -> str:
    """Of the job that brings a member the morning's card."""
    return f"morning:{day.isoformat()}:{member_id}"


def _lane(member_id: int) -> str:
    return f"notices:{member_id}"
