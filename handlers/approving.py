"""Approvals: a quote or a discount goes to those who have to agree, one after the other.

One node of a chain is open at a time, and one card of it. A node whose time runs out, whose holder left or passed it on
is *passed*, and it goes to the next; the last one is passed only where somebody is above: nothing is ever approved by
time alone. What holders do is in `approval_answers`, what time does in `approval_clock`, what is said about it in
`approval_said`.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from handlers import approval_cards, approval_chain, escalation, notices, outbox, texts, wording
from handlers.approval_chain import Step
from handlers.context import TIMERS, Context
from handlers.pressed import Pressed
from storage.deal_models import Approval, ApprovalNode, ApprovalState
from storage.models import Member
from storage.work import Work

log = logging.getLogger(__name__)

KIND = "approval"
CARD = "approval_card"
LEVEL = "approval_level"
DAILY = "approval_daily"
REASON = "approval_reason"
"""The question why something is refused."""

Why = Literal["unanswered", "asked", "left"]


# Opened


async def begin(ctx: Context, work: Work, approval: Approval, steps: Sequence[Step], *, cause: str) -> None:
    """Make the nodes and open the first; with none, nobody has to agree, and it is approved."""
    for place, step in enumerate(steps, start=1):
        await work.approvals.add_node(approval, place, step.label, step.member.member_id)
    work.audit.note(
        "approval.opened",
        subject(approval),
        member_id=approval.member_id,
        source=cause,
        after={"amount_fen": approval.amount_fen, "chain": [step.member.member_id for step in steps]},
    )
    log.info("approval.opened", extra={"approval_id": approval.approval_id, "nodes": len(steps)})
    if not await _open_next(ctx, work, approval, cause=cause):
        await end(work, approval, "approved", by_id=None, cause=cause)


async def move_on(ctx: Context, work: Work, approval: Approval, *, cause: str) -> bool:
    """The open node has just agreed: to the next, or approved where it was the last; whether it is approved."""
    if await _open_next(ctx, work, approval, cause=cause):
        return False
    await end(work, approval, "approved", by_id=None, cause=cause)
    return True


async def _open_next(ctx: Context, work: Work, approval: Approval, *, cause: str) -> bool:
    """Open the next node; False where none is waiting.

    Whoever cannot be asked any more is passed over where somebody after or above them can; where nobody can, it stays
    with the first of them, and whoever asked is told.
    """
    nodes = await work.approvals.nodes(approval.approval_id)
    waiting = [node for node in nodes if node.state == "waiting"]
    if not waiting:
        return False
    following = await _successor(ctx, work, approval, nodes)
    if following is None:
        await _open(ctx, work, approval, waiting[0], cause=cause)
        await tell_stuck(ctx, work, approval, waiting[0])
        return True
    for node in waiting:
        if node.place < following.place:
            _pass(work, approval, node, "left", by_id=None, cause=cause)
    await _open(ctx, work, approval, following, cause=cause)
    return True


async def _successor(
    ctx: Context, work: Work, approval: Approval, nodes: Sequence[ApprovalNode]
) -> ApprovalNode | None:
    """The first waiting node whose holder can be asked, or a new one for whoever is above the last; None: nobody."""
    for node in nodes:
        if node.state == "waiting" and await can_decide(ctx, work, node):
            return node
    person = await approval_chain.stand_in(ctx, work, approval, nodes)
    if person is None:
        return None
    return await work.approvals.add_node(approval, nodes[-1].place + 1, texts.APPROVAL_ABOVE, person.member_id)


async def can_decide(ctx: Context, work: Work, node: ApprovalNode) -> bool:
    holder = await work.members.get(node.member_id)
    return holder.active and await ctx.reach(work, holder.member_id) is not None


async def _open(ctx: Context, work: Work, approval: Approval, node: ApprovalNode, *, cause: str) -> None:
    node.state, node.since = "open", work.now
    _note(work, approval, node, "waiting", by_id=None, cause=cause)
    await _send_card(ctx, work, approval, node, cause=f"{cause}>{subject(approval)}:{node.place}")


async def pass_on(
    ctx: Context,
    work: Work,
    approval: Approval,
    node: ApprovalNode,
    *,
    why: Why,
    cause: str,
    by_id: int | None = None,
    late: str = "",
    pressed: Pressed | None = None,
) -> ApprovalNode | None:
    """Its open node is passed, and the next one is open; None, and nothing done, where there is nobody after it."""
    nodes = await work.approvals.nodes(approval.approval_id)
    following = await _successor(ctx, work, approval, nodes)
    if following is None:
        return None
    taker = await work.members.get(following.member_id)
    await leave_node(
        ctx, work, approval, node, texts.CLOSED_RAISED.format(manager=taker.name), cause=cause, pressed=pressed
    )
    _pass(work, approval, node, why, by_id=by_id, cause=cause)
    for other in nodes:
        if other.state == "waiting" and other.place < following.place:
            _pass(work, approval, other, "left", by_id=None, cause=cause)
    await _open(ctx, work, approval, following, cause=cause)
    former = await work.members.get(node.member_id)
    names = {**await named(work, approval), "former": former.name, "manager": taker.name}
    names["hours"] = f"{ctx.settings.approvals.hours_a_node:g}"
    if why == "unanswered":
        text = texts.APPROVAL_WENT_UP_FROM.format(**names) + late
        await tell(ctx, work, approval, former, text, what=f"passed:{node.place}")
    text = texts.APPROVAL_WENT_UP[why].format(**names)
    text += f"\n{await chain_words(ctx, work, approval)}"
    await tell(ctx, work, approval, await asker_of(work, approval), text + late, what=f"passed:{node.place}")
    return following


def _pass(work: Work, approval: Approval, node: ApprovalNode, why: Why, *, by_id: int | None, cause: str) -> None:
    was = node.state
    node.state, node.decided_at, node.decided_by = "passed", work.now, by_id
    _note(work, approval, node, was, by_id=by_id, cause=f"{cause}:{why}"[:200])


async def leave_node(
    ctx: Context,
    work: Work,
    approval: Approval,
    node: ApprovalNode,
    closing: str,
    *,
    cause: str,
    pressed: Pressed | None = None,
) -> None:
    """The open node is not open any more: its card, its timers and what was asked of its holder are done with."""
    await stop_clock(ctx, work, approval, node)
    await close_card(work, node, closing, cause=cause, pressed=pressed)
    await work.questions.close(node.member_id, REASON, subject(approval))


async def end(work: Work, approval: Approval, state: ApprovalState, *, by_id: int | None, cause: str) -> None:
    work.approvals.decide(approval, state)
    work.audit.note(
        f"approval.{state}",
        subject(approval),
        member_id=by_id,
        source=cause,
        before={"state": "open"},
        after={"state": state},
    )


def decide_node(
    work: Work,
    approval: Approval,
    node: ApprovalNode,
    state: Literal["approved", "refused"],
    *,
    by: Member,
    words: str | None,
    cause: str,
) -> None:
    node.state, node.decided_at, node.decided_by, node.words = state, work.now, by.member_id, words
    _note(work, approval, node, "open", by_id=by.member_id, cause=cause)


def _note(work: Work, approval: Approval, node: ApprovalNode, was: str, *, by_id: int | None, cause: str) -> None:
    work.audit.note(
        f"approval.node.{node.state}",
        subject(approval),
        member_id=by_id,
        source=cause,
        before={"place": node.place, "state": was},
        after={"place": node.place, "state": node.state, "member_id": node.member_id},
    )


async def tell_stuck(ctx: Context, work: Work, approval: Approval, node: ApprovalNode) -> None:
    """Nobody of the chain can decide, and nobody above it."""
    rep = await work.members.get(approval.member_id)
    holder = await work.members.get(node.member_id)
    text = texts.APPROVAL_STUCK.format(holder=holder.name, **await named(work, approval))
    await tell(ctx, work, approval, await asker_of(work, approval), text, what=f"stuck:{node.place}")
    await escalation.tell_admins(ctx, work, rep, texts.APPROVAL_NOBODY_REASON)


# Named


def subject(approval: Approval) -> str:
    return f"approval:{approval.approval_id}"


def turn_of(approval: Approval, node: ApprovalNode) -> str:
    """What a reminder of that node is about: dropped once it is decided."""
    return f"{subject(approval)}:{node.place}"


async def named(work: Work, approval: Approval) -> dict[str, str]:
    """What sentences about an approval call it by."""
    return {
        "number": str(approval.approval_id),
        "customer": (await work.customers.get(approval.customer_id)).name,
        "what": what(approval),
        "rep": (await work.members.get(approval.member_id)).name,
    }


def what(approval: Approval) -> str:
    """报价 18 万元, 折扣 18 万元（9折）: as it was said; nothing is counted."""
    off = off_words(approval)
    return f"{texts.APPROVAL_WHAT[approval.kind]} {wording.amount(approval.amount_fen)}{f'（{off}）' if off else ''}"


def off_words(approval: Approval) -> str:
    return texts.APPROVAL_OFF.format(percent=f"{approval.percent_off:g}") if approval.percent_off else ""


async def asker_of(work: Work, approval: Approval) -> Member | None:
    """Who waits for it: whoever asked, or whose the customer is once they have left."""
    member = await work.members.get(approval.member_id)
    if member.active:
        return member
    owner_id = (await work.customers.get(approval.customer_id)).owner_id
    owner = await work.members.get(owner_id) if owner_id is not None else None
    return owner if owner is not None and owner.active else None


async def chain_words(ctx: Context, work: Work, approval: Approval) -> str:
    """主管 陈志远 ✓ 11-27 10:05 → 总监 周敏 等待中（剩 5 小时）."""
    nodes = await work.approvals.nodes(approval.approval_id)
    # whom it never came to has nothing to do with what became of it
    met = [node for node in nodes if approval.state == "open" or node.state != "waiting"]
    return texts.APPROVAL_ARROW.join([await _node_words(ctx, work, approval, node) for node in met])


async def _node_words(ctx: Context, work: Work, approval: Approval, node: ApprovalNode) -> str:
    holder = await work.members.get(node.member_id)
    return f"{node.label} {holder.name} {_state_words(ctx, work, approval, node)}".rstrip()


def _state_words(ctx: Context, work: Work, approval: Approval, node: ApprovalNode) -> str:
    at = f"{node.decided_at.astimezone(ctx.settings.zone):%m-%d %H:%M}" if node.decided_at is not None else ""
    match node.state:
        case "approved":
            return f"✓ {at}"
        case "refused":
            return f"✗ {at}{f'「{node.words}」' if node.words else ''}"
        case "passed":
            return texts.APPROVAL_PASSED_ON if node.decided_by is not None else texts.APPROVAL_PASSED
        case "open" if approval.state == "open":
            left = ctx.settings.working_time.hours_between(work.now, deadline(ctx, node))
            return texts.APPROVAL_WAITS.format(hours=f"{left:.1f}".removesuffix(".0")) if left else texts.APPROVAL_LATE
        case _:
            return ""


def deadline(ctx: Context, node: ApprovalNode) -> datetime:
    assert node.since is not None  # it is or was open
    return ctx.settings.working_time.add_hours(node.since, ctx.settings.approvals.hours_a_node)


async def open_node(work: Work, approval: Approval) -> ApprovalNode | None:
    nodes = await work.approvals.nodes(approval.approval_id)
    return next((node for node in nodes if node.state == "open"), None)


async def tell(ctx: Context, work: Work, approval: Approval, member: Member | None, text: str, *, what: str) -> None:
    """What time has done, in working hours."""
    if member is not None and member.active:
        key = f"{subject(approval)}:{what}:{member.member_id}"
        await notices.tell(ctx, work, member.member_id, text, key=key, subject=f"{subject(approval)}:news")


# Cards


async def _send_card(ctx: Context, work: Work, approval: Approval, node: ApprovalNode, *, cause: str) -> None:
    """Show the node to its holder: at once in working time, or else when the next begins."""
    due_at = ctx.settings.working_time.next_push(work.now)
    if due_at <= work.now:
        await show_card(ctx, work, approval, node, cause=cause)
    else:
        await _put(work, approval, node, CARD, due_at)


async def show_card(ctx: Context, work: Work, approval: Approval, node: ApprovalNode, *, cause: str) -> None:
    """The card for the node's holder; their time runs from here."""
    node.since = work.now
    await close_card(work, node, texts.CLOSED_REPLACED, cause=cause)
    address = await ctx.reach(work, node.member_id)
    if address is not None and (await work.members.get(node.member_id)).active:
        until, names = deadline(ctx, node), await named(work, approval)
        card = approval_cards.node_card(
            approval,
            node,
            outbox.new_card_id(KIND, approval.approval_id),
            customer=names["customer"],
            rep=names["rep"],
            amount=wording.amount(approval.amount_fen),
            off=off_words(approval),
            chain=await chain_words(ctx, work, approval),
            until=wording.clock_time(until, ctx.settings.zone, ctx.day_of(work.now)),
        )
        node.card_id = card.card_id
        await outbox.show(work, address, card, kind=KIND, life=ctx.settings.todo_life, cause=cause, unasked=True)
    else:
        log.warning("approval.unreachable", extra={"approval_id": approval.approval_id, "place": node.place})
    await _put(work, approval, node, LEVEL, deadline(ctx, node))


async def close_card(
    work: Work, node: ApprovalNode, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    await outbox.close_shown(work, node.card_id, closing, cause=f"{cause}>closed:{node.card_id}", pressed=pressed)
    node.card_id = None


# Time


async def put_daily(ctx: Context, work: Work, approval: Approval, node: ApprovalNode, *, number: int) -> None:
    times = ctx.settings.working_time
    # what is told now may come on the next morning only, and the next reminder a day later
    day = times.working_day_after(ctx.day_of(times.next_push(work.now)))
    await _put(work, approval, node, DAILY, datetime.combine(day, times.morning, times.zone), number=number)


async def stop_clock(ctx: Context, work: Work, approval: Approval, node: ApprovalNode) -> None:
    """Whatever waits about the node waits in vain: called before it changes."""
    for kind in (CARD, LEVEL):
        await work.jobs.cancel(_key(approval, node, kind))
    for number in range(1, ctx.settings.approvals.reminders + 1):
        await work.jobs.cancel(_key(approval, node, DAILY, number))
    await work.notices.drop(turn_of(approval, node))


async def _put(work: Work, approval: Approval, node: ApprovalNode, kind: str, at: datetime, *, number: int = 0) -> None:
    await work.jobs.put(
        kind,
        {"approval_id": approval.approval_id, "place": node.place, "since": since(node), "number": number},
        queue=TIMERS,
        dedupe=_key(approval, node, kind, number),
        at=at,
    )


def _key(approval: Approval, node: ApprovalNode, kind: str, number: int = 0) -> str:
    return f"{turn_of(approval, node)}:{kind}:{since(node)}:{number}"


def since(node: ApprovalNode) -> str:
    """Since when it lies with its holder: what is timed for one time is not meant for the next."""
    assert node.since is not None  # it is or was open
    return f"{node.since.timestamp():.6f}"
