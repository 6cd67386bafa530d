"""What time does with a matter: cards that waited for the morning, levels that nobody answered, work never finished.

A matter that lies open for `hours_a_level` working hours goes to the next person up the line, skipping those who have
left or cannot be reached. At the top it goes nowhere: whoever has it is reminded once, after one such period, and then
no more. What was taken on or assigned is not passed on; whoever has it is reminded once, after `remind_after_days`.
"""

from handlers import escalation, notices, texts
from handlers.context import Context
from handlers.escalation import holder_of, next_up, pass_up, since, subject
from storage.escalations import UNSETTLED
from storage.jobs import Job
from storage.models import Escalation, EscalationState
from storage.work import Work


async def show(ctx: Context, job: Job) -> None:
    """The card that waited for working time, to whoever has the matter by then."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        matter = await _meant(work, job, UNSETTLED)
        if matter is not None and (await holder_of(work, matter)).active:
            await escalation.show_card(ctx, work, matter, cause=_cause(matter, "card"))
        elif matter is not None:
            await leave(ctx, work, matter, cause=_cause(matter, "card"))
        await work.jobs.complete(job)


async def go_up(ctx: Context, job: Job) -> None:
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        matter = await _meant(work, job, ("open",))
        if matter is not None and ctx.settings.rules.escalation.on:
            hours = ctx.settings.rules.escalation.hours_a_level
            if await notices.has_waited_for_card(ctx, work, job, matter.card_id, hours=hours):
                return
            await _go_up(ctx, work, matter, late=notices.late(ctx, job, work.now))
        await work.jobs.complete(job)


async def _go_up(ctx: Context, work: Work, matter: Escalation, *, late: str) -> None:
    above = await next_up(ctx, work, matter)
    if above is not None:
        await pass_up(ctx, work, matter, above, why="unanswered", cause=_cause(matter, "level"), late=late)
        return
    text = texts.STILL_OPEN.format(**await escalation.named(work, matter))
    await _remind(ctx, work, matter, text + late, key="top")


async def remind(ctx: Context, job: Job) -> None:
    """Somebody has it in hand and has not said what became of it."""
    async with ctx.finishing(job) as work:
        matter = await _meant(work, job, ("taken", "assigned"))
        rule = ctx.settings.rules.escalation
        if matter is None or not rule.on:
            return
        if not (await holder_of(work, matter)).active:
            await leave(ctx, work, matter, cause=_cause(matter, "unfinished"))
            return
        names = await escalation.named(work, matter)
        text = texts.STILL_UNFINISHED.format(**names, days=rule.remind_after_days) + notices.late(ctx, job, work.now)
        await _remind(ctx, work, matter, text, key="unfinished")


async def everything_left_by(ctx: Context, work: Work, member_id: int, *, cause: str) -> int:
    """Somebody left: what lies with them goes on at once; how many matters."""
    matters = await work.escalations.lying_with(member_id)
    for matter in matters:
        await leave(ctx, work, matter, cause=f"{cause}>{subject(matter)}")
    return len(matters)


async def leave(ctx: Context, work: Work, matter: Escalation, *, cause: str) -> None:
    """Who has it is no longer here: back to the manager who assigned it, or on to the next up the line.

    Where there is nobody it stays where it is, and the admins are told.
    """
    manager = await work.members.get(matter.manager_id)
    if matter.state == "assigned" and manager.active:
        await give_back(ctx, work, matter, cause=cause)
        return
    above = await next_up(ctx, work, matter)
    if above is not None:
        await pass_up(ctx, work, matter, above, why="left", cause=cause)
        return
    rep = await work.members.get(matter.member_id)
    await escalation.tell_admins(ctx, work, rep, texts.NOBODY_ABOVE)


async def give_back(ctx: Context, work: Work, matter: Escalation, *, cause: str) -> None:
    """Back to the manager who assigned it, who is to decide again."""
    manager = await work.members.get(matter.manager_id)
    await escalation.stop_clock(work, matter)
    await escalation.close_card(work, matter, texts.CLOSED_GIVEN_BACK.format(manager=manager.name), cause=cause)
    before = {"state": matter.state, "assignee_id": matter.assignee_id}
    work.escalations.give_back(matter)
    work.audit.note(
        "escalation.given_back",
        subject(matter),
        member_id=None,
        source=cause,
        before={**before},
        after={"state": matter.state, "manager_id": manager.member_id},
    )
    await escalation.send_card(ctx, work, matter, cause=f"{cause}>back")


async def _remind(ctx: Context, work: Work, matter: Escalation, text: str, *, key: str) -> None:
    holder = await holder_of(work, matter)
    about = subject(matter)
    await notices.tell(ctx, work, holder.member_id, text, key=f"{about}:{key}:{since(matter)}", subject=about)
    work.audit.note("escalation.reminded", about, member_id=None, source=key, after={"member_id": holder.member_id})


async def _meant(work: Work, job: Job, states: tuple[EscalationState, ...]) -> Escalation | None:
    """The matter that the timer is about; None where it has moved on since."""
    escalation_id = job.payload["escalation_id"]
    assert isinstance(escalation_id, int)  # put by `escalation`
    matter = await work.escalations.lock(escalation_id)
    return matter if matter.state in states and since(matter) == job.payload["since"] else None


def _cause(matter: Escalation, name: str) -> str:
    return f"{subject(matter)}:{name}:{since(matter)}"
