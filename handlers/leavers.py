"""People who leave, and who are there again.

Nobody is deleted: an account is closed, and what lies with its owner waits for a successor, whom their manager names.
Whoever is there again is let in by an admin alone; a list that was wrong once must not open doors.
"""

import logging
from collections.abc import Sequence
from datetime import UTC

from handlers import (
    access,
    actions,
    approval_clock,
    asking_up,
    called,
    escalation_clock,
    handover,
    help_clock,
    notices,
    outbox,
    people_cards,
    texts,
    wording,
)
from handlers.actions import NOT_CHOSEN, TAKER_SELECT
from handlers.context import TIMERS, Context
from handlers.people_cards import Holdings
from handlers.pressed import Pressed
from handlers.reply import Reply
from storage.jobs import Job
from storage.models import Member, Question
from storage.work import Work

log = logging.getLogger(__name__)

LEFT_KIND = "member_left"
CARD_KIND = "leaver_card"
BACK_KIND = "member_back"
QUESTION = "hand_over"
CARD, BACK_CARD = "leaver", "back"
REMIND_AFTER_DAYS = 3
"""Working days after which a card that nobody answered comes again."""
MOST_CARDS = 4


# Leaving


async def leave(work: Work, member: Member, *, by_id: int | None, source: str) -> bool:
    """Close the member's accounts; what follows from it is a job of its own. False where they had left before."""
    if not member.active:
        return False
    work.members.leave(member)
    work.audit.note(
        "member.left", subject(member), member_id=by_id, source=source, before={"active": True}, after={"active": False}
    )
    await work.jobs.put(
        LEFT_KIND, {"member_id": member.member_id}, queue=TIMERS, lane=_lane(member), dedupe=f"left:{_episode(member)}"
    )
    return True


async def settle(ctx: Context, job: Job) -> None:
    """What lay with them goes up their line at once; the card about their customers goes out in working hours."""
    async with ctx.finishing(job) as work:
        member = await work.members.get(_member_id(job))
        if member.active:
            return
        for clock in (escalation_clock, asking_up, help_clock, approval_clock):
            await clock.everything_left_by(ctx, work, member.member_id, cause=f"left:{job.id}")
        held = await holdings(work, member)
        if held.customers or held.todos:
            await _put_card(ctx, work, member, number=1)


async def holdings(work: Work, member: Member) -> Holdings:
    return Holdings(
        customers=await work.customers.count_of(member.member_id),
        todos=len(await work.todos.open_of(member.member_id)),
        drafts=len(await work.visits.drafts_of(member.member_id)),
    )


async def successor_of(work: Work, member: Member) -> Sequence[Member]:
    """Who names a successor: the next up the line, or the admins where there is nobody."""
    manager = await work.members.manager_of(member)
    return [manager] if manager is not None else await work.members.with_role("admin")


async def ask(ctx: Context, job: Job) -> None:
    """Ask who takes over, in working hours; nothing where nothing lies with them any more, or they are back."""
    number = job.payload["number"]
    assert isinstance(number, int)  # put by `_put_card`
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        member = await work.members.get(_member_id(job))
        held = await holdings(work, member)
        is_waiting = not member.active and (held.customers or held.todos)
        if is_waiting and not await work.handovers.open_from(member.member_id):
            await _show(ctx, work, member, held, cause=f"leaver:{job.id}")
            if number < MOST_CARDS:
                await _put_card(ctx, work, member, number=number + 1, after_days=REMIND_AFTER_DAYS)
        await work.jobs.complete(job)


async def _show(ctx: Context, work: Work, member: Member, held: Holdings, *, cause: str) -> None:
    assert member.left_at is not None  # they have left
    await _close_cards(work, CARD, member, texts.CLOSED_REPLACED, cause=f"{cause}>again")
    told = 0
    for person in await _within_reach(ctx, work, await successor_of(work, member)):
        address = await ctx.reach(work, person.member_id)
        assert address is not None  # only those are here
        card = people_cards.leaver_card(
            member,
            held,
            outbox.new_card_id(CARD, member.member_id),
            takers=await _takers(work, member),
            left_on=ctx.day_of(member.left_at),
            today=ctx.day_of(work.now),
        )
        await outbox.show(
            work, address, card, kind=CARD, life=ctx.settings.todo_life, cause=f"{cause}>{person.member_id}"
        )
        await work.questions.ask(person.member_id, QUESTION, subject(member), life=ctx.settings.question_life)
        told += 1
    if not told:
        log.warning("leavers.nobody_to_ask", extra={"member_id": member.member_id})


async def _within_reach(ctx: Context, work: Work, people: Sequence[Member]) -> Sequence[Member]:
    """Those who can be written to, or else the admins who can."""
    found = [person for person in people if await ctx.reach(work, person.member_id) is not None]
    if found:
        return found
    admins = await work.members.with_role("admin")
    return [admin for admin in admins if await ctx.reach(work, admin.member_id) is not None]


async def _takers(work: Work, member: Member) -> Sequence[Member]:
    """The likeliest successors: the colleagues of the same manager."""
    manager = await work.members.manager_of(member)
    if manager is None:
        return []
    return [one for one in await work.members.team_of(manager.member_id) if one.member_id != member.member_id]


async def _put_card(ctx: Context, work: Work, member: Member, *, number: int, after_days: int = 0) -> None:
    times = ctx.settings.working_time
    at = times.next_push(work.now)
    if after_days:
        at = times.next_push(times.day_opens(times.add_days(ctx.day_of(work.now), after_days)))
    await work.jobs.put(
        CARD_KIND,
        {"member_id": member.member_id, "number": number},
        queue=TIMERS,
        lane=_lane(member),
        dedupe=f"leaver:{_episode(member)}:{number}",
        at=at,
    )


# Answers to the card


async def press(ctx: Context, work: Work, action: actions.PeopleAction, pressed: Pressed) -> None:
    """The buttons of a leaver's card and of somebody's who is back."""
    assert not isinstance(action, actions.ApplyDepartures | actions.DropDepartures)  # those are `directory`'s
    member = await work.members.get(action.member_id)
    match action:
        case actions.HandOver():
            await _hand_over(ctx, work, member, pressed)
        case actions.HandOverLater():
            await _later(ctx, work, member, pressed)
        case actions.RestoreMember():
            if await restore(ctx, work, member, by=pressed.member, cause=pressed.cause, pressed=pressed):
                answer = texts.RESTORED_MEMBER.format(name=member.name)
            else:
                answer = texts.ALREADY_BACK.format(name=member.name)
            await outbox.say(work, pressed.to, answer, cause=f"{pressed.cause}>restored")
        case actions.KeepOut():
            await _close_cards(work, BACK_CARD, member, texts.CLOSED_KEPT_OUT, cause=pressed.cause, pressed=pressed)
            answer = texts.KEPT_OUT.format(name=member.name)
            await outbox.say(work, pressed.to, answer, cause=f"{pressed.cause}>kept-out")


async def _hand_over(ctx: Context, work: Work, giver: Member, pressed: Pressed) -> None:
    chosen = pressed.chosen(TAKER_SELECT) or NOT_CHOSEN
    taker = await work.members.find(int(chosen)) if chosen.isdecimal() else None
    if taker is None or not taker.active or giver.active:
        answer = texts.ALREADY_BACK.format(name=giver.name) if giver.active else texts.CHOOSE_FIRST
        await outbox.say(work, pressed.to, answer, cause=f"{pressed.cause}>choose")
        return
    answer = await handover.order(ctx, work, giver=giver, taker=taker, by=pressed.member, cause=pressed.cause)
    closing = texts.CLOSED_HANDED_OVER.format(name=taker.name)
    if await handover.is_ordered(work, pressed.cause):
        await _asked_no_more(work, giver, closing, cause=pressed.cause, pressed=pressed)
    await outbox.say(work, pressed.to, answer, cause=f"{pressed.cause}>hand-over")


async def _later(ctx: Context, work: Work, member: Member, pressed: Pressed) -> None:
    times = ctx.settings.working_time
    day = times.working_day_after(ctx.day_of(work.now))
    await _asked_no_more(work, member, texts.CLOSED_LATER, cause=pressed.cause, pressed=pressed)
    await work.jobs.put(
        CARD_KIND,
        {"member_id": member.member_id, "number": MOST_CARDS},
        queue=TIMERS,
        lane=_lane(member),
        dedupe=f"leaver:{_episode(member)}:{day.isoformat()}",
        at=times.next_push(times.day_opens(day)),
    )
    answer = texts.LEAVER_LATER.format(on=wording.day(day, ctx.day_of(work.now)))
    await outbox.say(work, pressed.to, answer, cause=f"{pressed.cause}>later")


async def read_taker(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """The successor's name, typed: a name that was heard may be another's."""
    name = reply.text.strip(" \n。.！!，,").removeprefix("交接给").removeprefix("给").strip()
    if reply.transcript is not None or not name:
        return False
    found = await called.exactly(work, name)
    giver = await work.members.get(int(question.subject.removeprefix("member:")))
    allowed = [one for one in found if await access.may_hand_over(work, member, giver, one)]
    if len(allowed) != 1 or giver.active:
        return False
    answer = await handover.order(ctx, work, giver=giver, taker=allowed[0], by=member, cause=reply.cause)
    if await handover.is_ordered(work, reply.cause):
        await _asked_no_more(work, giver, texts.CLOSED_HANDED_OVER.format(name=allowed[0].name), cause=reply.cause)
    await outbox.say(work, reply.to, answer, cause=f"{reply.cause}>hand-over")
    return True


async def _asked_no_more(
    work: Work, member: Member, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    for person in await work.questions.asked(QUESTION, subject(member)):
        await work.questions.close(person, QUESTION, subject(member))
    await _close_cards(work, CARD, member, closing, cause=cause, pressed=pressed)


async def _close_cards(
    work: Work, kind: str, member: Member, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    """Close the card that was pressed, and the same ones of others."""
    for card in await work.cards.open_about(kind, member.member_id):
        is_pressed = pressed is not None and card.card_id == pressed.card.card_id
        ref = pressed.response_ref if pressed is not None and is_pressed else None
        await outbox.close(work, card, closing, cause=f"{cause}>closed:{card.card_id}", response_ref=ref)


# Back again


async def come_back(work: Work, member: Member) -> None:
    """Somebody who left is there again: an admin is asked, once for each time that they left."""
    if member.left_at is None:
        return
    await work.jobs.put(
        BACK_KIND, {"member_id": member.member_id}, queue=TIMERS, lane=_lane(member), dedupe=f"back:{_episode(member)}"
    )


async def ask_whether_back(ctx: Context, job: Job) -> None:
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        member = await work.members.get(_member_id(job))
        if member.left_at is not None:
            manager = await work.members.manager_of(member)
            admins = await _within_reach(ctx, work, await work.members.with_role("admin"))
            for admin in admins:
                address = await ctx.reach(work, admin.member_id)
                assert address is not None  # only those are here
                card = people_cards.back_card(
                    member,
                    outbox.new_card_id(BACK_CARD, member.member_id),
                    line=manager.name if manager else "",
                    left_on=ctx.day_of(member.left_at),
                    today=ctx.day_of(work.now),
                )
                cause = f"back:{job.id}>{admin.member_id}"
                await outbox.show(work, address, card, kind=BACK_CARD, life=ctx.settings.todo_life, cause=cause)
            if not admins:
                log.warning("leavers.no_admin", extra={"member_id": member.member_id})
        await work.jobs.complete(job)


async def restore(
    ctx: Context, work: Work, member: Member, *, by: Member, cause: str, pressed: Pressed | None = None
) -> bool:
    """Let them in again; False where they are in. What was handed over stays where it is."""
    if member.active or member.left_at is None:
        return False
    episode = _episode(member)
    work.members.restore(member)
    work.audit.note(
        "member.restored",
        subject(member),
        member_id=by.member_id,
        source=cause,
        before={"active": False},
        after={"active": True},
    )
    await _asked_no_more(work, member, texts.CLOSED_RESTORED, cause=cause, pressed=pressed)
    await _close_cards(work, BACK_CARD, member, texts.CLOSED_RESTORED, cause=cause, pressed=pressed)
    await notices.tell(
        ctx, work, member.member_id, texts.YOU_ARE_BACK, key=f"restored:{episode}", subject=subject(member)
    )
    return True


def subject(member: Member) -> str:
    return f"member:{member.member_id}"


def _episode(member: Member) -> str:
    """This time that they left, told from earlier ones."""
    assert member.left_at is not None  # they have left
    return f"{member.member_id}:{member.left_at.astimezone(UTC).isoformat()}"


def _lane(member: Member) -> str:
    return f"member:{member.member_id}"


def _member_id(job: Job) -> int:
    member_id = job.payload["member_id"]
    assert isinstance(member_id, int)  # put by this module
    return member_id
