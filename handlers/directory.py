"""The platform's list of people changed, and ours follows at once.

One list that was read wrongly can make a whole company leave. So within ten minutes only a tenth of the people leave by
themselves (at least three may); what goes beyond it is held back, those people work on, and an admin decides.
"""

import logging
import math
from collections.abc import Sequence
from datetime import timedelta

from handlers import actions, leavers, notices, outbox, people_cards, texts
from handlers.context import TIMERS, Context
from handlers.messages import DirectoryChange, InboundMessage, JsonObject
from handlers.people import is_makeshift
from handlers.people_cards import platform_name
from handlers.pressed import Pressed
from storage.jobs import Job
from storage.models import Departure, Member
from storage.work import Work

log = logging.getLogger(__name__)

HELD_KIND, APPLY_KIND = "departures_held", "departures_confirmed"
CARD = "departures"
WITHIN = timedelta(minutes=10)
LEAST = 3
PAGE = 50
SHARE = 0.1
GATHER = timedelta(minutes=1)
"""So long the rest of a bad list may take to arrive before the admins are asked."""


async def follow(ctx: Context, work: Work, message: InboundMessage) -> None:
    """Do what a change of the platform's list means for ours."""
    change = message.content
    assert isinstance(change, DirectoryChange)  # the inbox saw to it
    platform = message.sender.platform
    match change.change:
        case "left":
            await _left(ctx, work, platform, change.user_ids, cause=message.key)
        case "joined":
            for user_id in change.user_ids:
                await _joined(ctx, work, platform, user_id, change, cause=message.key)
        case "modified":
            for user_id in change.user_ids:
                await _modified(work, platform, user_id, change, cause=message.key)
        case "departments":
            pass
    log.info("directory.changed", extra={"event": message.key, "kind": change.change, "people": len(change.user_ids)})


# Leaving


def most_leaving(active: int) -> int:
    """How many of so many people may leave by themselves within ten minutes.

    >>> most_leaving(12), most_leaving(5_000)
    (3, 500)
    """
    return max(LEAST, math.floor(active * SHARE))


async def _left(ctx: Context, work: Work, platform: str, user_ids: Sequence[str], *, cause: str) -> None:
    # two instances that counted side by side would each let as many leave as one may
    await work.departures.one_at_a_time()
    found = [await work.members.by_identity(platform, user_id) for user_id in user_ids]
    here = {member.member_id: member for member in found if member is not None and member.active}
    leaving = [member for member in here.values() if await work.departures.held_of(member.member_id) is None]
    if not leaving:
        return
    is_paused = bool(await work.departures.count_held())
    applied = await work.departures.applied_since(work.now - WITHIN)
    # those who have just left belonged to the company when this began
    limit = most_leaving(await work.members.active_count() + applied)
    if is_paused or applied + len(leaving) > limit:
        await _hold(ctx, work, leaving, is_first=not is_paused, cause=cause)
        return
    for member in leaving:
        await leavers.leave(work, member, by_id=None, source=cause)
        await work.departures.add(member.member_id, "applied", source=cause)
    if any("admin" in member.roles for member in leaving) and not await work.members.with_role("admin"):
        log.warning("directory.no_admin_left", extra={"event": cause})


async def _hold(ctx: Context, work: Work, leaving: Sequence[Member], *, is_first: bool, cause: str) -> None:
    added = [await work.departures.add(member.member_id, "held", source=cause) for member in leaving]
    log.warning("directory.departures_held", extra={"event": cause, "people": len(added)})
    if is_first:
        await _put_card(ctx, work, added[0])


async def _put_card(ctx: Context, work: Work, first: Departure, *, after: timedelta = GATHER) -> None:
    at = ctx.settings.working_time.next_push(work.now + after)
    dedupe = f"departures:{first.departure_id}:{at.date().isoformat()}"
    await work.jobs.put(HELD_KIND, {}, queue=TIMERS, lane="departures", dedupe=dedupe, at=at)


async def ask(ctx: Context, job: Job) -> None:
    """Ask the admins, all of them once a working day, until one has decided."""
    async with ctx.finishing(job) as work:
        held, last = await work.departures.held(limit=people_cards.MOST_NAMES), await work.departures.last_held()
        if last is None:
            return
        tomorrow = ctx.settings.working_time.working_day_after(ctx.day_of(work.now))
        await _put_card(ctx, work, held[0], after=ctx.settings.working_time.day_opens(tomorrow) - work.now)
        await _close(work, texts.CLOSED_REPLACED, cause=f"departures:{job.id}>again")
        count = await work.departures.count_held()
        names = [(await work.members.get(departure.member_id)).name for departure in held]
        applied = await work.departures.applied_between(held[0].at - WITHIN, held[0].at)
        told = 0
        for admin in await work.members.with_role("admin"):
            address = await ctx.reach(work, admin.member_id)
            if address is None:
                continue
            card = people_cards.departures_card(
                outbox.new_card_id(CARD, last.departure_id),
                names,
                count=count,
                up_to=last.departure_id,
                minutes=max(WITHIN, last.at - held[0].at) // timedelta(minutes=1),
                applied=applied,
                late=notices.late(ctx, job, work.now),
            )
            cause = f"departures:{job.id}>{admin.member_id}"
            await outbox.show(work, address, card, kind=CARD, life=ctx.settings.todo_life, cause=cause)
            told += 1
        if not told:
            log.warning("directory.nobody_to_ask", extra={"held": count})


async def press(ctx: Context, work: Work, action: actions.PeopleAction, pressed: Pressed) -> None:
    """An admin's decision about those that the card speaks of; what came later is asked about anew."""
    assert isinstance(action, actions.ApplyDepartures | actions.DropDepartures)  # the others are `leavers`'
    is_applied = isinstance(action, actions.ApplyDepartures)
    cause, by = pressed.cause, pressed.member
    first = await work.departures.held(limit=1)
    count = await work.departures.decide(action.up_to, "confirmed" if is_applied else "dropped", by.member_id)
    if is_applied and count:
        payload: JsonObject = {"after": first[0].departure_id - 1, "up_to": action.up_to, "by": by.member_id}
        await work.jobs.put(APPLY_KIND, payload, queue=TIMERS, lane="departures", dedupe=f"{APPLY_KIND}:{action.up_to}")
    work.audit.note(
        "departures.confirmed" if is_applied else "departures.dropped",
        f"departures:{action.up_to}",
        member_id=by.member_id,
        source=cause,
        after={"people": count},
    )
    closing = texts.CLOSED_APPLIED if is_applied else texts.CLOSED_DROPPED
    await _close(work, closing, cause=cause, pressed=pressed)
    told = texts.DEPARTURES_APPLIED if is_applied else texts.DEPARTURES_DROPPED
    answer = told.format(count=count) if count else texts.DEPARTURES_GONE
    await outbox.say(work, pressed.to, answer, cause=f"{cause}>decided")
    if rest := await work.departures.held(limit=1):
        await _put_card(ctx, work, rest[0])


async def apply(ctx: Context, job: Job) -> None:
    """Let those leave whom an admin confirmed, a page in a transaction."""
    after, up_to, by = (int(str(job.payload[key])) for key in ("after", "up_to", "by"))
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        page = await work.departures.confirmed(after=after, up_to=up_to, limit=PAGE)
        for departure in page:
            member = await work.members.get(departure.member_id)
            await leavers.leave(work, member, by_id=by, source=departure.source)
        if page:
            await work.jobs.advance(job, APPLY_KIND, {**job.payload, "after": page[-1].departure_id})
        else:
            await work.jobs.complete(job)


async def _close(work: Work, closing: str, *, cause: str, pressed: Pressed | None = None) -> None:
    for card in await work.cards.open_of_kind(CARD):
        is_pressed = pressed is not None and card.card_id == pressed.card.card_id
        ref = pressed.response_ref if pressed is not None and is_pressed else None
        await outbox.close(work, card, closing, cause=f"{cause}>closed:{card.card_id}", response_ref=ref)


# Coming, and changing


async def _joined(
    ctx: Context, work: Work, platform: str, user_id: str, change: DirectoryChange, *, cause: str
) -> None:
    member = await work.members.by_identity(platform, user_id)
    if member is None:
        # where strangers are taken in, they are when they write
        if not ctx.settings.auto_register:
            await _announce(ctx, work, platform, user_id, change, cause=cause)
        return
    if member.left_at is not None:
        await leavers.come_back(work, member)
        return
    if (held := await work.departures.held_of(member.member_id)) is not None:
        work.departures.drop(held)
        work.audit.note("departures.dropped", leavers.subject(member), member_id=None, source=cause)
    await _modified(work, platform, user_id, change, cause=cause)


async def _announce(
    ctx: Context, work: Work, platform: str, user_id: str, change: DirectoryChange, *, cause: str
) -> None:
    who = f"{change.name}（账号 {user_id}）" if change.name else f"账号 {user_id}"
    text = texts.JOINED.format(platform=platform_name(platform), who=who)
    for admin in await work.members.with_role("admin"):
        key = f"joined:{cause}:{user_id}:{admin.member_id}"
        await notices.tell(ctx, work, admin.member_id, text, key=key[-200:], subject=f"joined:{user_id}"[:100])


async def _modified(work: Work, platform: str, user_id: str, change: DirectoryChange, *, cause: str) -> None:
    """What the platform said beside the account: DingTalk nothing, WeCom a new id, a name, the manager."""
    member = await work.members.by_identity(platform, user_id)
    if member is None:
        return
    before = {"name": member.name, "manager_id": member.manager_id}
    if change.new_user_id and change.new_user_id != user_id:
        await _rename_account(work, member, platform, user_id, change.new_user_id, cause=cause)
    if not member.active:
        return
    member.name = change.name or member.name
    if change.manager_user_id:
        manager = await work.members.by_identity(platform, change.manager_user_id)
        if manager is not None and manager.active and not await work.members.leads_to(member, manager):
            member.manager_id = manager.member_id
    after = {"name": member.name, "manager_id": member.manager_id}
    if before != after:
        work.audit.note(
            "member.changed", leavers.subject(member), member_id=None, source=cause, before={**before}, after={**after}
        )


async def _rename_account(
    work: Work, member: Member, platform: str, user_id: str, new_user_id: str, *, cause: str
) -> None:
    double = await work.members.by_identity(platform, new_user_id)
    if double is not None and double is not member:
        if not await is_makeshift(work, double):
            log.warning("directory.account_of_another", extra={"event": cause, "member_id": member.member_id})
            return
        # they wrote with the new id before we heard of it
        await work.members.absorb(member, double)
    await work.members.rename_account(platform, user_id, new_user_id)
    work.audit.note(
        "member.account_renamed",
        leavers.subject(member),
        member_id=None,
        source=cause,
        before={"platform": platform, "user_id": user_id},
        after={"platform": platform, "user_id": new_user_id},
    )


def concerns(action: actions.PeopleAction) -> bool:
    """Whether the button is one of a card of ours."""
    return isinstance(action, actions.ApplyDepartures | actions.DropDepartures)
