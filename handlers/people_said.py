"""What people ask for by the letter about people and whose customers are whose; see `handlers.people_sayings`.

Typed words only: a name that was heard wrongly would hand customers to somebody else.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers import access, binding, called, handover, leavers, outbox, people_sayings, texts
from handlers.access import Role
from handlers.context import Context
from handlers.messages import InboundMessage, Sender, Text
from handlers.people import known
from handlers.people_cards import platform_name, roles
from handlers.people_sayings import (
    AskBrief,
    Bind,
    HandOverTo,
    InviteSomebody,
    ListMembers,
    Order,
    OwnCode,
    SaysBack,
    SaysLeft,
    ShowMember,
    UndoHandover,
)
from storage.jobs import Job
from storage.models import Customer, Member
from storage.work import Work

PAGE = 10
MOST_LISTED = 8


@dataclass(frozen=True)
class Asking:
    """Who asks, and where they are answered."""

    member: Member
    to: Sender
    cause: str


Run = Callable[[Context, Work, Asking, Any], Awaitable[str]]
"""Does it; what to answer. Empty where the words were meant otherwise: nothing may have been changed then."""


async def bind(ctx: Context, work: Work, message: InboundMessage) -> bool:
    """In the inbox, since whoever binds may be nobody yet: whether these words were a code, and are answered.

    A code is no note: it goes no further, to no model and into no record.
    """
    content = message.content
    order = people_sayings.read(content.text) if isinstance(content, Text) else None
    if not isinstance(order, Bind):
        return False
    answer = await binding.bind(ctx, work, message.sender, order.code, cause=message.key)
    say = outbox.say_in_group if message.sender.group else outbox.say
    await say(work, message.sender, answer, cause=f"{message.key}>bound")
    return True


async def take(ctx: Context, job: Job, message: InboundMessage) -> bool:
    """Do what was asked for; False where the words are something else, and then the job is as it was."""
    content = message.content
    order = people_sayings.read(content.text) if isinstance(content, Text) else None
    if order is None or type(order) not in ORDERS:
        return False
    wanted, run = ORDERS[type(order)]
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        member = await known(ctx, work, message.sender)
        asking = Asking(member, message.sender, message.key)
        if access.has_role(member, wanted):
            answer = await run(ctx, work, asking, order)
        else:
            answer = "" if await _is_meant_otherwise(work, order) else texts.NOT_ALLOWED
        if not answer:
            return False
        await outbox.say(work, message.sender, answer, cause=f"{message.key}>answer")
        await work.jobs.complete(job)
    return True


async def _is_meant_otherwise(work: Work, order: Order) -> bool:
    """恢复 is said of other things than people."""
    return isinstance(order, SaysBack) and not await called.exactly(work, order.name, active=None)


def refuse_spoken(text: str) -> str:
    """What to answer where somebody spoke such an order; empty where the words are none.

    把…转给… may be about a to-do, and 恢复 about a wording.
    """
    order = people_sayings.read(text)
    is_loose = isinstance(order, SaysBack) or (isinstance(order, HandOverTo) and not order.is_order)
    return "" if order is None or is_loose else texts.TYPE_IT


# Getting in


async def _invite(_ctx: Context, work: Work, asking: Asking, order: InviteSomebody) -> str:
    try:
        invited = await binding.invite(work, order, by=asking.member, source=asking.cause)
    except binding.NotInvited as error:
        return error.reason
    name, days = invited.member.name, binding.LIFE.days
    return texts.INVITED.format(name=name, facts=invited.facts, code=invited.code, days=days)


async def _own_code(_ctx: Context, work: Work, asking: Asking, _order: OwnCode) -> str:
    code = await binding.code_for(work, asking.member, by_id=asking.member.member_id)
    return texts.OWN_CODE.format(code=code, days=binding.LIFE.days)


# The list


async def _list(_ctx: Context, work: Work, asking: Asking, order: ListMembers) -> str:
    is_admin = access.has_role(asking.member, access.ADMINS)
    seen = None if is_admin else (await access.sight_of(work, asking.member)).members
    found, total = await work.members.page(seen, offset=(order.page - 1) * PAGE, limit=PAGE)
    pages = max(1, -(-total // PAGE))
    if order.page > pages:
        return texts.MEMBERS_NO_PAGE.format(pages=pages)
    lines = [
        f"{(order.page - 1) * PAGE + place}. {await _in_a_line(work, member)}"
        for place, member in enumerate(found, start=1)
    ]
    more = texts.MEMBERS_MORE.format(page=order.page + 1) if order.page < pages else ""
    return texts.MEMBERS.format(total=total, page=order.page, pages=pages, lines="\n".join(lines), more=more)


async def _in_a_line(work: Work, member: Member) -> str:
    manager = await work.members.manager_of(member)
    parts = [member.name, roles(member), f"上级 {manager.name}" if manager else "", member.region or ""]
    return " · ".join(filter(None, parts))


async def _show(ctx: Context, work: Work, asking: Asking, order: ShowMember) -> str:
    found = [
        one
        for one in await called.exactly(work, order.name, active=None)
        if await access.may_see_member(work, asking.member, one)
    ]
    if not found:
        return texts.NOBODY_YOU_SEE.format(name=order.name)
    if len(found) > 1:
        return called.several(order.name, found)
    return await _in_full(ctx, work, found[0])


async def _in_full(ctx: Context, work: Work, member: Member) -> str:
    line = await work.members.line_of(member)
    addresses = await work.members.addresses(member.member_id)
    accounts = "、".join(f"{platform_name(one.platform)} {one.user_id}" for one in addresses)
    left = f"（{ctx.day_of(member.left_at):%Y-%m-%d} 离职）" if member.left_at else ""
    held = await leavers.holdings(work, member)
    team = len(await work.members.below(member.member_id))
    rows = (
        f"{member.name}{left} #{member.member_id}",
        f"角色：{roles(member)}",
        f"上级：{' → '.join(one.name for one in line) or '无'}",
        f"区域：{member.region}" if member.region else "",
        f"账号：{accounts or '未绑定'}",
        f"下级：{team} 人" if team else "",
        f"名下：{held.words}",
    )
    return "\n".join(filter(None, rows))


# Leaving, and back


async def _says_left(_ctx: Context, work: Work, asking: Asking, order: SaysLeft) -> str:
    found = await called.exactly(work, order.name)
    if not found:
        gone = await called.exactly(work, order.name, active=False)
        return (texts.HAS_LEFT_ALREADY if gone else texts.NOBODY_CALLED).format(name=order.name)
    if len(found) > 1:
        return called.several(order.name, found)
    [member] = found
    admins = await work.members.with_role("admin")
    if [admin.member_id for admin in admins] == [member.member_id]:
        return texts.LAST_ADMIN.format(name=member.name)
    held = await leavers.holdings(work, member)
    await leavers.leave(work, member, by_id=asking.member.member_id, source=asking.cause)
    asked = await leavers.successor_of(work, member)
    following = (
        texts.MARKED_LEFT_ASKED.format(manager="、".join(one.name for one in asked))
        if (held.customers or held.todos) and asked
        else texts.MARKED_LEFT_NOBODY
    )
    return texts.MARKED_LEFT.format(name=member.name, facts=held.words, next=following)


async def _says_back(ctx: Context, work: Work, asking: Asking, order: SaysBack) -> str:
    found = await called.exactly(work, order.name, active=False)
    if not found:
        there = await called.exactly(work, order.name)
        return texts.ALREADY_BACK.format(name=order.name) if there else ""
    if len(found) > 1:
        return called.several(order.name, found)
    await leavers.restore(ctx, work, found[0], by=asking.member, cause=asking.cause)
    return texts.RESTORED_MEMBER.format(name=found[0].name)


# Customers change hands


async def _hand_over(ctx: Context, work: Work, asking: Asking, order: HandOverTo) -> str:
    by = asking.member
    givers = [
        one
        for one in await called.exactly(work, order.what, active=None)
        if one.member_id == by.member_id or await access.may_see_member(work, by, one)
    ]
    customers = [] if givers else await _customers_to_give(work, by, order)
    if not givers and not customers:
        return texts.HAND_OVER_WHAT.format(name=order.what) if order.is_order else ""
    takers = await called.exactly(work, order.taker)
    if not takers:
        return texts.HAND_OVER_TAKER.format(name=order.taker) if order.is_order else ""
    if len(givers) > 1 or len(takers) > 1:
        several, name = (givers, order.what) if len(givers) > 1 else (takers, order.taker)
        return called.several(name, several)
    if len(customers) > 1:
        lines = "\n".join(f"· {customer.name}" for customer in customers[:MOST_LISTED])
        return texts.HAND_OVER_WHICH.format(name=order.what, count=len(customers), lines=lines)
    [taker] = takers
    if givers:
        return await handover.order(ctx, work, giver=givers[0], taker=taker, by=by, cause=asking.cause)
    [customer] = customers
    if customer.owner_id is None:
        return texts.HAND_OVER_OWNERLESS.format(name=customer.name)
    giver = await work.members.get(customer.owner_id)
    return await handover.order(
        ctx, work, giver=giver, taker=taker, by=by, cause=asking.cause, customer_ids=(customer.customer_id,)
    )


async def _customers_to_give(work: Work, by: Member, order: HandOverTo) -> list[Customer]:
    """Customers of that name that are theirs to give; of others they learn nothing.

    把样品转给… is about a thing, whatever customer may have that word in its name.
    """
    found = await work.customers.called(order.what, in_full=not order.is_order)
    if access.has_role(by, access.ADMINS):
        return list(found)
    return [customer for customer in found if await access.sees_customer(work, by, customer)]


async def _undo(ctx: Context, work: Work, asking: Asking, _order: UndoHandover) -> str:
    return await handover.undo(ctx, work, by=asking.member, cause=asking.cause)


async def _brief(ctx: Context, work: Work, asking: Asking, order: AskBrief) -> str:
    if order.customer:
        found = [
            customer
            for customer in await work.customers.called(order.customer)
            if await access.sees_customer(work, asking.member, customer)
        ]
        if not found:
            return texts.BRIEF_UNKNOWN.format(name=order.customer)
        return "\n\n".join([await handover.brief_of(ctx, work, customer) for customer in found[:MOST_LISTED]])
    latest = await work.handovers.latest_to(asking.member.member_id)
    customers = await work.handovers.customers(latest.handover_id) if latest is not None else []
    mine = [customer for customer in customers if customer.owner_id == asking.member.member_id]
    if not mine:
        return texts.BRIEF_NONE
    return texts.BRIEF_LIST.format(count=len(mine), names=handover.names_of(mine))


ORDERS: Mapping[type[Order], tuple[frozenset[Role], Run]] = {
    OwnCode: (access.EVERYBODY, _own_code),
    InviteSomebody: (access.KEEPERS, _invite),
    ListMembers: (access.KEEPERS, _list),
    ShowMember: (access.KEEPERS, _show),
    SaysLeft: (access.ADMINS, _says_left),
    SaysBack: (access.ADMINS, _says_back),
    HandOverTo: (access.EVERYBODY, _hand_over),
    UndoHandover: (access.EVERYBODY, _undo),
    AskBrief: (access.EVERYBODY, _brief),
}
