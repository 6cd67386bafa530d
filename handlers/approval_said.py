"""Approvals in words: what is asked for, what is said of one by its number, and the lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers import (
    access,
    approval_answers,
    approval_chain,
    approving,
    customers_said,
    escalation,
    key_nodes,
    opportunities,
    outbox,
    texts,
    wording,
)
from handlers.context import Context
from handlers.reply import Reply
from handlers.wording import PUNCTUATION
from nlp import approval_words, todo_words
from nlp.approval_words import About, Said, Show, Wish
from storage.deal_models import Approval
from storage.models import Customer, Member, Question
from storage.work import Work

MORE = "approval_more"
"""The question for what is missing: customer, amount, percent."""
MOST_LISTED = 10
MOST_NAMED = 5
MOST_CAUSE = 200
MOST_ANSWER = 60

read, read_loose, asks_for_team = approval_words.read, approval_words.read_loose, approval_words.asks_for_team


async def run(ctx: Context, work: Work, member: Member, reply: Reply, said: Said) -> bool:
    match said:
        case Wish():
            await _wish(ctx, work, member, reply, said)
        case About():
            await _about(ctx, work, member, reply, said)
        case Show():
            await _show(ctx, work, member, reply, said)
    return True


async def run_loose(ctx: Context, work: Work, member: Member, reply: Reply, wish: Wish) -> bool:
    """Only where it names a customer: 审批卡在他们老总那，预算80万 is news."""
    if not await customers_said.named(work, member, wish.words):
        return False
    await _wish(ctx, work, member, reply, wish)
    return True


# Asked for


@dataclass(frozen=True)
class Complete:
    customer: Customer
    amount_fen: int
    percent_off: float | None


async def _wish(ctx: Context, work: Work, member: Member, reply: Reply, wish: Wish) -> None:
    if not ctx.settings.approvals.on:
        await outbox.say(work, reply.to, texts.APPROVAL_OFF_HERE, cause=f"{reply.cause}>off")
        return
    if not access.has_role(member, access.SELLERS):
        await outbox.say(work, reply.to, texts.NOT_ALLOWED, cause=f"{reply.cause}>refused")
        return
    found = await _complete(work, member, wish)
    if isinstance(found, Complete):
        await work.questions.close(member.member_id, MORE, MORE)
        answer = await _open(ctx, work, member, wish, found, cause=reply.cause)
        await outbox.say(work, reply.to, answer, cause=f"{reply.cause}>approval")
        return
    payload = {"kind": wish.kind, "words": wish.words}
    await work.questions.ask(member.member_id, MORE, MORE, life=ctx.settings.question_life, payload={**payload})
    await outbox.say(work, reply.to, found, cause=f"{reply.cause}>more")


async def _complete(work: Work, member: Member, wish: Wish) -> Complete | str:
    """All that is needed, or else what to ask."""
    customers = await customers_said.named(work, member, wish.words)
    amount, off = approval_words.amount(wish.words), approval_words.percent_off(wish.words)
    missing = []
    if len(customers) != 1:
        names = "、".join(one.name for one in customers[:MOST_NAMED])
        missing.append(texts.APPROVAL_WHICH_CUSTOMER.format(names=names) if names else texts.APPROVAL_NO_CUSTOMER)
    if amount is None:
        missing.append(texts.APPROVAL_NO_AMOUNT)
    if wish.kind == "discount" and off is None:
        missing.append(texts.APPROVAL_NO_PERCENT)
    if missing or amount is None:
        return texts.APPROVAL_MORE.format(missing="；".join(missing))
    return Complete(customers[0], amount, off)


async def _open(ctx: Context, work: Work, member: Member, wish: Wish, found: Complete, *, cause: str) -> str:
    steps = await approval_chain.of(ctx, work, member, amount_fen=found.amount_fen, percent_off=found.percent_off)
    levels = ctx.settings.approvals.levels_for(found.amount_fen, found.percent_off)
    if levels and not steps:
        await escalation.tell_admins(ctx, work, member, texts.APPROVAL_NOBODY_REASON)
        return texts.APPROVAL_NOBODY
    deal = await opportunities.of_customer(work, found.customer.customer_id, words=wish.words)
    approval = await work.approvals.add(
        cause[:MOST_CAUSE],
        wish.kind,
        member.member_id,
        found.customer.customer_id,
        amount_fen=found.amount_fen,
        percent_off=found.percent_off,
        words=wish.words,
        opportunity_id=deal.opportunity_id if deal is not None else None,
    )
    twin = await work.approvals.open_like(approval)
    if twin is not None:
        await work.session.delete(approval)
        chain = await approving.chain_words(ctx, work, twin)
        return texts.APPROVAL_TWIN.format(**await approving.named(work, twin), chain=chain)
    await approving.begin(ctx, work, approval, steps, cause=cause)
    names = await approving.named(work, approval)
    if approval.state == "approved":
        await key_nodes.approved(ctx, work, approval, cause=cause)
        return texts.APPROVAL_NOT_NEEDED.format(**names)
    shown_at = ctx.settings.working_time.next_push(work.now)
    parts = [
        texts.APPROVAL_SENT.format(**names, chain=await approving.chain_words(ctx, work, approval)),
        texts.APPROVAL_NO_MANAGER if not await approval_chain.above(ctx, work, member) else "",
        texts.APPROVAL_LATER.format(when=escalation.when(ctx, work, shown_at)) if shown_at > work.now else "",
        texts.APPROVAL_HOW.format(**names),
    ]
    return "\n".join(filter(None, parts))


async def take_more(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """What was missing, put behind what had been said; words that say nothing of it are no answer."""
    said = reply.text.strip()
    if reply.is_order or reply.reads_as_note or len(said) > MOST_ANSWER:
        return False
    if said.strip(PUNCTUATION) == "取消" or todo_words.never_mind(said.strip(PUNCTUATION)):
        await work.questions.close(member.member_id, MORE, MORE)
        await outbox.say(work, reply.to, texts.APPROVAL_NOT_SENT, cause=f"{reply.cause}>cancelled")
        return True
    kind, words = question.payload["kind"], str(question.payload["words"])
    before = Wish("discount" if kind == "discount" else "quote", words)
    # of two customers that the first words may mean, the answer names the one
    named = await customers_said.named(work, member, said)
    after = Wish(before.kind, f"{said}，{words}" if not named else await _without(work, member, words, said))
    if await _complete(work, member, after) == await _complete(work, member, before):
        return False
    await _wish(ctx, work, member, reply, after)
    return True


async def _without(work: Work, member: Member, words: str, said: str) -> str:
    """The words with the customer that the answer names in place of those they may have meant."""
    kept = words
    for customer in await customers_said.named(work, member, words):
        for name in sorted([customer.name, *(row.alias for row in customer.aliases)], key=len, reverse=True):
            kept = kept.replace(name, "")
    return f"{said}，{kept.strip(PUNCTUATION)}"


READERS = {MORE: take_more}


# By its number


async def _about(ctx: Context, work: Work, member: Member, reply: Reply, said: About) -> None:
    known = await work.approvals.find(said.number)
    approval = await work.approvals.lock(said.number) if known is not None else None
    node = await approval_answers.turn(work, approval, member) if approval is not None else None
    is_own = approval is not None and approval.member_id == member.member_id
    if approval is None or not (is_own if said.do == "withdraw" else node is not None):
        if approval is not None and approval.state != "open" and is_own:
            await approval_answers.moved_on(work, approval, reply.to, cause=reply.cause)
            return
        text = (texts.APPROVAL_NOT_YOURS if said.do == "withdraw" else texts.APPROVAL_NOT_YOUR_TURN).format(
            number=said.number
        )
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>refused")
    elif said.do == "withdraw":
        if approval.state != "open":
            await approval_answers.moved_on(work, approval, reply.to, cause=reply.cause)
            return
        await approval_answers.withdraw(ctx, work, approval, by=member, cause=reply.cause)
        text = texts.APPROVAL_WITHDRAWN.format(**await approving.named(work, approval))
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>withdrawn")
    elif node is not None:
        await _judge(ctx, work, approval, member, reply, said)


async def _judge(ctx: Context, work: Work, approval: Approval, member: Member, reply: Reply, said: About) -> None:
    node = await approval_answers.turn(work, approval, member)
    assert node is not None  # looked at before
    if reply.transcript is not None:
        # a number that was misheard would agree to another quote
        text = texts.DECIDE_BY_HAND.format(words=wording.shortened(reply.text, 30))
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>by-hand")
    elif said.do == "agree":
        await approval_answers.approve(ctx, work, approval, node, by=member, to=reply.to, cause=reply.cause)
    elif len(said.words.strip(PUNCTUATION)) < approval_answers.LEAST_REASON:
        await approval_answers.ask_why(ctx, work, approval, by=member, to=reply.to, cause=reply.cause)
    else:
        await approval_answers.refuse(ctx, work, approval, node, said.words, by=member, to=reply.to, cause=reply.cause)


# Looked at


async def _show(ctx: Context, work: Work, member: Member, reply: Reply, said: Show) -> None:
    if said.what == "waiting":
        waiting = [approval for approval, _ in await work.approvals.lying_with(member.member_id)]
        told = await _listed(ctx, work, waiting[:MOST_LISTED], texts.APPROVAL_WAITING, texts.APPROVAL_NONE_WAITING)
    elif said.what == "progress":
        told = await _progress(ctx, work, member, said.customer)
    else:
        own = await work.approvals.asked_by([member.member_id], limit=MOST_LISTED)
        told = await _listed(ctx, work, own, texts.APPROVAL_OWN, texts.APPROVAL_NONE)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>approvals")


async def _progress(ctx: Context, work: Work, member: Member, name: str) -> str:
    """Of a customer: what somebody may see of it, and what they asked for or are to decide themselves."""
    sight = await access.sight_of(work, member)
    found = await work.customers.called(name.strip(PUNCTUATION), limit=MOST_LISTED)
    shown: list[Approval] = []
    for customer in found:
        for approval in await work.approvals.of_customer(customer.customer_id, limit=MOST_LISTED):
            nodes = await work.approvals.nodes(approval.approval_id)
            is_of_chain = any(node.member_id == member.member_id and node.state != "waiting" for node in nodes)
            if is_of_chain or sight.sees(approval.member_id) or sight.sees(customer.owner_id):
                shown.append(approval)
    return await _listed(ctx, work, shown[:MOST_LISTED], texts.APPROVAL_OWN, texts.APPROVAL_NONE_OF.format(name=name))


async def show_team(ctx: Context, work: Work, member: Member, reply: Reply, _: bool) -> bool:
    sight = await access.sight_of(work, member)
    team = sight.members - {member.member_id}
    asked = await work.approvals.asked_by(team, limit=MOST_LISTED) if team else []
    told = await _listed(ctx, work, asked, texts.APPROVAL_OWN, texts.APPROVAL_NONE_TEAM, with_rep=True)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>approvals")
    return True


async def _listed(
    ctx: Context, work: Work, approvals: Sequence[Approval], some: str, none: str, *, with_rep: bool = False
) -> str:
    lines = [await _line(ctx, work, one, with_rep=with_rep) for one in approvals]
    return some.format(count=len(lines), lines="\n".join(lines)) if lines else none


async def _line(ctx: Context, work: Work, approval: Approval, *, with_rep: bool) -> str:
    names = await approving.named(work, approval)
    rep = f"{names['rep']} · " if with_rep else ""
    state = texts.APPROVAL_STATES[approval.state]
    chain = await approving.chain_words(ctx, work, approval)
    return texts.APPROVAL_LINE.format(**{**names, "rep": rep}, state=state) + (f"\n　{chain}" if chain else "")
