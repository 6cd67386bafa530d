"""A question to somebody up the line: may this pass? It lies with one person, and after some hours with the next.

What is asked is a row with `asked_of`, `asked_at` and `asked_card_id` (a stage change that lacks something, a signing
day that was pushed too far); each kind says here how its row is found and what its card looks like. Whoever has left is
passed over; at the top it stays, is reminded of once, and the rep is told so.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from handlers import deal_texts, escalation, groups, notices, outbox, texts
from handlers.context import TIMERS, Context
from handlers.messages import OutboundCard
from handlers.pressed import Pressed
from storage.jobs import Job
from storage.models import Member
from storage.work import Work

CARD = "asked_up_card"
LEVEL = "asked_up_level"


class Row(Protocol):
    """What is asked about; who is asked since when, and by which card."""

    asked_of: int | None
    asked_at: datetime | None
    asked_card_id: str | None


@dataclass(frozen=True)
class Asked:
    """An open question: its row, whose deal it is about, and how people call both."""

    row: Row
    subject: str
    """`stage_change:3`, as in the audit log."""
    rep: Member
    deal: str
    what: str
    """What is asked for: 放行."""


@dataclass(frozen=True)
class Kind:
    find: Callable[[Work, int], Awaitable[Asked | None]]
    """The question of that number, its row locked, where it is still open."""
    card: Callable[[Context, Work, Asked, str], Awaitable[OutboundCard]]


KINDS: dict[str, Kind] = {}
"""By the first part of the subject. Filled by the modules that ask."""


async def line_of(ctx: Context, work: Work, rep: Member) -> list[Member]:
    """Who may be asked: those up the line who lead and can be reached, the nearest first."""
    line = [one for one in await groups.above(work, rep) if {"manager", "director"} & set(one.roles)]
    return [one for one in line if await ctx.reach(work, one.member_id) is not None]


async def ask(ctx: Context, work: Work, asked: Asked, of: Member, *, cause: str) -> datetime:
    """Ask that person; when they see it: now, or when the next working time begins."""
    asked.row.asked_of, asked.row.asked_at = of.member_id, work.now
    work.audit.note(
        "deal.asked_up",
        asked.subject,
        member_id=asked.rep.member_id,
        source=cause,
        after={"asked_of": of.member_id, "what": asked.what},
    )
    at = ctx.settings.working_time.next_push(work.now)
    if at <= work.now:
        await _show(ctx, work, asked, cause=f"{cause}>asked", unasked=True)
    else:
        await _put(work, CARD, asked, at)
    await _put(work, LEVEL, asked, ctx.settings.working_time.add_hours(at, ctx.settings.deals.hours_a_level))
    return at


async def renew(ctx: Context, work: Work, asked: Asked, *, cause: str) -> None:
    """What is asked has changed a little: the card is shown anew where it lies; its time goes on."""
    if asked.row.asked_card_id is not None:
        await _show(ctx, work, asked, cause=f"{cause}>renewed")


async def close(work: Work, asked: Asked, closing: str, *, cause: str, pressed: Pressed | None = None) -> None:
    """It is decided, or nobody wants it any more: its card and its timers with it."""
    row = asked.row
    if row.asked_at is not None:
        await work.jobs.cancel(_key(CARD, asked))
        await work.jobs.cancel(_key(LEVEL, asked))
    await outbox.close_shown(work, row.asked_card_id, closing, cause=f"{cause}>asked-closed", pressed=pressed)
    row.asked_card_id = None


async def answer(ctx: Context, work: Work, asked: Asked, pressed: Pressed, *, rep: str, done: str) -> None:
    """Whoever asked has the decision at once, whatever the time: it answers what they asked.

    `done` is said to whoever decided, where the rep was told; else that nobody was.
    """
    address = await ctx.reach(work, asked.rep.member_id) if asked.rep.active else None
    if address is not None:
        await outbox.say(work, address, rep, cause=f"{pressed.cause}>{asked.subject}:told")
    told = done.format(rep=asked.rep.name) if address is not None else texts.DECIDED_UNTOLD
    await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>decided")


async def show(ctx: Context, job: Job) -> None:
    """The card that waited for working time."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        asked = await _meant(work, job)
        if asked is not None:
            await _show(ctx, work, asked, cause=f"{asked.subject}:card:{job.id}")
        await work.jobs.complete(job)


async def go_up(ctx: Context, job: Job) -> None:
    """Nobody answered in time: the next up the line is asked; at the top it is reminded of, once."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        asked = await _meant(work, job)
        if asked is not None:
            hours = ctx.settings.deals.hours_a_level
            if await notices.has_waited_for_card(ctx, work, job, asked.row.asked_card_id, hours=hours):
                return
            await _go_up(
                ctx, work, asked, cause=f"{asked.subject}:level:{job.id}", late=notices.late(ctx, job, work.now)
            )
        await work.jobs.complete(job)


async def everything_left_by(ctx: Context, work: Work, member_id: int, *, cause: str) -> None:
    """Somebody left: what they were asked goes on at once."""
    for subject in await work.opportunities.asked_of(member_id):
        asked = await _find(work, subject)
        if asked is not None:
            await _go_up(ctx, work, asked, cause=f"{cause}>{subject}", late="")


async def _go_up(ctx: Context, work: Work, asked: Asked, *, cause: str, late: str) -> None:
    holder = await work.members.get(asked.row.asked_of or 0)
    line = await line_of(ctx, work, asked.rep)
    places = [place for place, person in enumerate(line) if person.member_id == holder.member_id]
    # who is no longer in the line, or has left, is followed by the nearest
    above = line[places[0] + 1 :] if places else line
    if not above:
        if holder.active:
            names = {"rep": asked.rep.name, "deal": asked.deal, "what": asked.what, "name": holder.name}
            key = f"{asked.subject}:top:{holder.member_id}"
            for member_id, text in (
                (holder.member_id, deal_texts.STILL_ASKED),
                (asked.rep.member_id, deal_texts.STILL_ASKED_TOLD),
            ):
                await notices.tell(
                    ctx, work, member_id, text.format(**names) + late, key=f"{key}:{member_id}", subject=asked.subject
                )
        else:
            await escalation.tell_admins(ctx, work, asked.rep, texts.NOBODY_ABOVE)
        return
    await close(work, asked, texts.CLOSED_PASSED_ON.format(member=above[0].name), cause=cause)
    await ask(ctx, work, asked, above[0], cause=cause)
    hours = ctx.settings.deals.hours_a_level
    text = deal_texts.WENT_UP.format(
        name=holder.name, hours=f"{hours:g}", deal=asked.deal, what=asked.what, above=above[0].name
    )
    key = f"{asked.subject}:went-up:{above[0].member_id}"
    await notices.tell(ctx, work, asked.rep.member_id, text + late, key=key, subject=asked.subject)


async def _show(ctx: Context, work: Work, asked: Asked, *, cause: str, unasked: bool = False) -> None:
    holder = await work.members.get(asked.row.asked_of or 0)
    address = await ctx.reach(work, holder.member_id) if holder.active else None
    if address is None:
        # the level's end comes all the same, and then somebody who can be reached is asked
        return
    await outbox.close_shown(work, asked.row.asked_card_id, texts.CLOSED_REPLACED, cause=f"{cause}>replaced")
    kind, _, number = asked.subject.partition(":")
    asked.row.asked_card_id = outbox.new_card_id(kind.replace("_", "-"), int(number))
    card = await KINDS[kind].card(ctx, work, asked, asked.row.asked_card_id)
    await outbox.show(work, address, card, kind=kind, life=ctx.settings.todo_life, cause=cause, unasked=unasked)


async def _put(work: Work, kind: str, asked: Asked, at: datetime) -> None:
    payload: Mapping[str, Any] = {"subject": asked.subject, "since": _since(asked)}
    await work.jobs.put(kind, {**payload}, queue=TIMERS, dedupe=_key(kind, asked), at=at)


def _since(asked: Asked) -> str:
    assert asked.row.asked_at is not None  # it was asked
    return asked.row.asked_at.astimezone(UTC).isoformat()


def _key(kind: str, asked: Asked) -> str:
    return f"{kind}:{asked.subject}:{asked.row.asked_of}:{_since(asked)}"


async def _find(work: Work, subject: str) -> Asked | None:
    kind, _, number = subject.partition(":")
    return await KINDS[kind].find(work, int(number))


async def _meant(work: Work, job: Job) -> Asked | None:
    """The question that the timer is about; None where it has moved on since."""
    asked = await _find(work, str(job.payload["subject"]))
    return asked if asked is not None and asked.row.asked_at and _since(asked) == job.payload["since"] else None
