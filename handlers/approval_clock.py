"""What time does with an approval: its card in the morning, and on to the next where nobody decides.

A node that lies open for `hours_a_node` working hours is passed. At the top, where nobody is above, it stays: whoever
has it is reminded on `reminders` working days, and whoever asked is told so.
"""

from handlers import approving, notices, texts
from handlers.approving import named, since, subject, turn_of
from handlers.context import Context
from storage.deal_models import Approval, ApprovalNode
from storage.jobs import Job
from storage.work import Work


async def show(ctx: Context, job: Job) -> None:
    """The card that waited for working time."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        found = await _meant(work, job)
        if found is not None:
            approval, node = found
            cause = _cause(approval, node, "card")
            if await approving.can_decide(ctx, work, node) or not await _leave(ctx, work, approval, node, cause=cause):
                await approving.show_card(ctx, work, approval, node, cause=cause)
        await work.jobs.complete(job)


async def go_up(ctx: Context, job: Job) -> None:
    """The time of a node is over."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        found = await _meant(work, job)
        if found is not None:
            hours = ctx.settings.approvals.hours_a_node
            if await notices.has_waited_for_card(ctx, work, job, found[1].card_id, hours=hours):
                return
            await _go_up(ctx, work, *found, late=notices.late(ctx, job, work.now))
        await work.jobs.complete(job)


async def _go_up(ctx: Context, work: Work, approval: Approval, node: ApprovalNode, *, late: str) -> None:
    cause = _cause(approval, node, "level")
    if await approving.pass_on(ctx, work, approval, node, why="unanswered", cause=cause, late=late) is not None:
        return
    holder = await work.members.get(node.member_id)
    hours = f"{ctx.settings.approvals.hours_a_node:g}"
    text = texts.APPROVAL_AT_THE_TOP.format(holder=holder.name, hours=hours, **await named(work, approval))
    asker = await approving.asker_of(work, approval)
    await approving.tell(ctx, work, approval, asker, text + late, what=f"top:{node.place}")
    await _remind(ctx, work, approval, node, late=late, what="top")
    await approving.put_daily(ctx, work, approval, node, number=1)


async def remind_daily(ctx: Context, job: Job) -> None:
    async with ctx.finishing(job) as work:
        found = await _meant(work, job)
        if found is None:
            return
        approval, node = found
        number = job.payload["number"]
        assert isinstance(number, int)  # put by `approving`
        cause = _cause(approval, node, f"daily:{number}")
        # somebody may be above by now
        if await approving.pass_on(ctx, work, approval, node, why="unanswered", cause=cause) is not None:
            return
        await _remind(ctx, work, approval, node, late=notices.late(ctx, job, work.now), what=f"daily:{number}")
        if number < ctx.settings.approvals.reminders:
            await approving.put_daily(ctx, work, approval, node, number=number + 1)
            return
        holder = await work.members.get(node.member_id)
        text = texts.APPROVAL_GIVEN_UP.format(holder=holder.name, count=number, **await named(work, approval))
        asker = await approving.asker_of(work, approval)
        await approving.tell(ctx, work, approval, asker, text, what=f"given-up:{node.place}")


async def _remind(ctx: Context, work: Work, approval: Approval, node: ApprovalNode, *, late: str, what: str) -> None:
    text = texts.APPROVAL_STILL_OPEN.format(**await named(work, approval)) + late
    key = f"{turn_of(approval, node)}:{what}:{since(node)}"
    await notices.tell(ctx, work, node.member_id, text, key=key, subject=turn_of(approval, node))
    work.audit.note(
        "approval.reminded", subject(approval), member_id=None, source=what, after={"member_id": node.member_id}
    )


async def everything_left_by(ctx: Context, work: Work, member_id: int, *, cause: str) -> int:
    """Somebody left: what they were to decide goes on at once; how many approvals."""
    found = await work.approvals.lying_with(member_id)
    for one, _ in found:
        approval = await work.approvals.lock(one.approval_id)
        node = await approving.open_node(work, approval)
        if approval.state == "open" and node is not None and node.member_id == member_id:
            await _leave(ctx, work, approval, node, cause=f"{cause}>{turn_of(approval, node)}")
    return len(found)


async def _leave(ctx: Context, work: Work, approval: Approval, node: ApprovalNode, *, cause: str) -> bool:
    """On to the next, since its holder is no longer here; False, and whoever asked told, where there is nobody."""
    if await approving.pass_on(ctx, work, approval, node, why="left", cause=cause) is not None:
        return True
    await approving.tell_stuck(ctx, work, approval, node)
    return False


async def _meant(work: Work, job: Job) -> tuple[Approval, ApprovalNode] | None:
    """What the timer is about; None where it has moved on since."""
    approval_id, place = job.payload["approval_id"], job.payload["place"]
    assert isinstance(approval_id, int)  # put by `approving`
    approval = await work.approvals.lock(approval_id)
    node = await approving.open_node(work, approval)
    is_meant = approval.state == "open" and node is not None and node.place == place
    return (approval, node) if is_meant and node is not None and since(node) == job.payload["since"] else None


def _cause(approval: Approval, node: ApprovalNode, name: str) -> str:
    return f"{turn_of(approval, node)}:{name}:{since(node)}"
