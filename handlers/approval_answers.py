"""What those whose turn it is do with an approval: agree, refuse with a word on why, pass it up.

Whoever asked has each decision at once, with the whole chain.
"""

from handlers import actions, approving, key_nodes, outbox, texts
from handlers.approving import REASON, named, subject
from handlers.context import Context
from handlers.messages import Sender
from handlers.pressed import Pressed
from handlers.reply import Reply
from handlers.wording import PUNCTUATION
from nlp import todo_words
from storage.deal_models import Approval, ApprovalNode
from storage.models import Member, Question
from storage.work import Work

MOST_REASON = 300
LEAST_REASON = 2
"""Characters; a sign alone is no reason."""


async def press(ctx: Context, work: Work, action: actions.ApprovalAction, pressed: Pressed) -> None:
    approval = await work.approvals.lock(action.approval_id)
    node = await turn(work, approval, pressed.member)
    if node is None or node.place != action.turn:
        await moved_on(work, approval, pressed.to, cause=pressed.cause)
        return
    by, to, cause = pressed.member, pressed.to, pressed.cause
    match action:
        case actions.ApproveNode():
            await approve(ctx, work, approval, node, by=by, to=to, cause=cause, pressed=pressed)
        case actions.RefuseNode():
            await ask_why(ctx, work, approval, by=by, to=to, cause=cause)
        case actions.RaiseNode():
            await _raise(ctx, work, approval, node, by=by, to=to, cause=cause, pressed=pressed)


async def turn(work: Work, approval: Approval, member: Member) -> ApprovalNode | None:
    """The open node, where it is that member's."""
    node = await approving.open_node(work, approval) if approval.state == "open" else None
    return node if node is not None and node.member_id == member.member_id else None


async def moved_on(work: Work, approval: Approval, to: Sender, *, cause: str) -> None:
    state = texts.APPROVAL_STATES[approval.state]
    text = texts.APPROVAL_MOVED_ON.format(number=approval.approval_id, state=state)
    await outbox.say(work, to, text, cause=f"{cause}>moved-on")


async def approve(
    ctx: Context,
    work: Work,
    approval: Approval,
    node: ApprovalNode,
    *,
    by: Member,
    to: Sender,
    cause: str,
    pressed: Pressed | None = None,
) -> None:
    await approving.leave_node(ctx, work, approval, node, texts.CLOSED_AGREED, cause=cause, pressed=pressed)
    approving.decide_node(work, approval, node, "approved", by=by, words=None, cause=cause)
    is_approved = await approving.move_on(ctx, work, approval, cause=cause)
    said = texts.APPROVAL_APPROVED if is_approved else texts.APPROVAL_STEP
    was_told = await _tell_asker(
        ctx, work, approval, said.format(by=by.name, **await named(work, approval)), cause=cause
    )
    await _answer(work, approval, to, was_told, cause=cause)
    if is_approved:
        await key_nodes.approved(ctx, work, approval, cause=cause)


async def ask_why(ctx: Context, work: Work, approval: Approval, *, by: Member, to: Sender, cause: str) -> None:
    payload = {"approval_id": approval.approval_id}
    await work.questions.ask(
        by.member_id, REASON, subject(approval), life=ctx.settings.question_life, payload={**payload}
    )
    await outbox.say(work, to, texts.APPROVAL_ASK_WHY.format(**await named(work, approval)), cause=f"{cause}>why")


async def refuse(
    ctx: Context,
    work: Work,
    approval: Approval,
    node: ApprovalNode,
    words: str,
    *,
    by: Member,
    to: Sender,
    cause: str,
) -> None:
    await approving.leave_node(ctx, work, approval, node, texts.CLOSED_REFUSED, cause=cause)
    approving.decide_node(work, approval, node, "refused", by=by, words=words, cause=cause)
    await approving.end(work, approval, "refused", by_id=by.member_id, cause=cause)
    text = texts.APPROVAL_REFUSED.format(by=by.name, words=words, **await named(work, approval))
    was_told = await _tell_asker(ctx, work, approval, text, cause=cause)
    await _answer(work, approval, to, was_told, cause=cause)


async def _raise(
    ctx: Context,
    work: Work,
    approval: Approval,
    node: ApprovalNode,
    *,
    by: Member,
    to: Sender,
    cause: str,
    pressed: Pressed | None,
) -> None:
    following = await approving.pass_on(
        ctx, work, approval, node, why="asked", cause=cause, by_id=by.member_id, pressed=pressed
    )
    if following is None:
        await outbox.say(work, to, texts.APPROVAL_NOBODY_ABOVE, cause=f"{cause}>top")
        return
    taker = await work.members.get(following.member_id)
    await outbox.say(work, to, texts.APPROVAL_RAISED.format(manager=taker.name), cause=f"{cause}>raised")


async def take_reason(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    approval_id = question.payload["approval_id"]
    assert isinstance(approval_id, int)  # asked so
    approval = await work.approvals.lock(approval_id)
    node = await turn(work, approval, member)
    said = reply.text.strip()
    if node is None:
        await work.questions.close(member.member_id, question.kind, question.subject)
        return False
    if todo_words.never_mind(said.strip(PUNCTUATION)) or said.strip(PUNCTUATION) == "取消":
        await work.questions.close(member.member_id, question.kind, question.subject)
        await outbox.say(work, reply.to, texts.APPROVAL_NOT_REFUSED, cause=f"{reply.cause}>cancelled")
        return True
    is_reason = len(said.strip(PUNCTUATION)) >= LEAST_REASON and len(said) <= MOST_REASON
    if not is_reason or reply.is_aside or await _is_a_visit(work, approval, reply):
        return False
    await refuse(ctx, work, approval, node, said, by=member, to=reply.to, cause=reply.cause)
    return True


async def _is_a_visit(work: Work, approval: Approval, reply: Reply) -> bool:
    """Whether the words tell of another customer."""
    customer = reply.draft.customer if reply.draft is not None else None
    return customer is not None and customer.value != (await work.customers.get(approval.customer_id)).name


READERS = {REASON: take_reason}


# Withdrawn


async def withdraw(ctx: Context, work: Work, approval: Approval, *, by: Member, cause: str) -> None:
    """Whoever asked needs it no more; whose turn it is, is told."""
    node = await approving.open_node(work, approval)
    if node is not None:
        await approving.leave_node(ctx, work, approval, node, texts.CLOSED_WITHDRAWN, cause=cause)
        text = texts.APPROVAL_WITHDRAWN_TOLD.format(**await named(work, approval))
        await approving.tell(ctx, work, approval, await work.members.get(node.member_id), text, what="withdrawn")
    await approving.end(work, approval, "withdrawn", by_id=by.member_id, cause=cause)


# Told


async def _tell_asker(ctx: Context, work: Work, approval: Approval, text: str, *, cause: str) -> str:
    """At once, whatever the time: it answers what they asked. Their name; empty where they have no account."""
    asker = await approving.asker_of(work, approval)
    address = await ctx.reach(work, asker.member_id) if asker is not None else None
    if asker is None or address is None:
        return ""
    text += f"\n{await approving.chain_words(ctx, work, approval)}"
    await outbox.say(work, address, text, cause=f"{cause}>{subject(approval)}:told")
    return asker.name


async def _answer(work: Work, approval: Approval, to: Sender, rep: str, *, cause: str) -> None:
    text = texts.APPROVAL_DECIDED.format(rep=rep) if rep else texts.DECIDED_UNTOLD
    await outbox.say(work, to, text, cause=f"{cause}>decided")
