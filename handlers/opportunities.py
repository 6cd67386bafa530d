"""Which deal is meant: by a customer's name, by a visit, among several of one customer; and how one begins."""

from collections.abc import Sequence

from handlers import access, deal_texts, outbox, wording
from handlers.context import Context
from handlers.record import AmountValue
from handlers.reply import Reply
from storage.deal_models import Opportunity
from storage.models import Customer, Member
from storage.work import Work

MOST_NAMED = 6


def subject_of(deal: Opportunity) -> str:
    """As in the audit log."""
    return f"opportunity:{deal.opportunity_id}"


async def title(work: Work, deal: Opportunity) -> str:
    """What people call it: the customer, with the deal's own name where it has one."""
    return titled((await work.customers.get(deal.customer_id)).name, deal.name)


def titled(customer: str, name: str) -> str:
    return f"{customer}·{name}" if name else customer


def name_of(deal: Opportunity) -> str:
    """What tells it from the customer's others."""
    return deal.name or deal_texts.UNNAMED


def several(customer: Customer, deals: Sequence[Opportunity]) -> str:
    """What to say where one of them is meant, and it is unclear which."""
    names = "、".join(name_of(deal) for deal in deals)
    return deal_texts.SEVERAL_DEALS.format(customer=customer.name, count=len(deals), names=names)


def budget_words(deal: Opportunity) -> str:
    """The verified range; empty where there is none yet."""
    if deal.budget_high_fen is None:
        return ""
    # nothing at the lower end is 80 万元以内
    return wording.money(AmountValue(role="budget", low_fen=deal.budget_low_fen or None, high_fen=deal.budget_high_fen))


async def begin(
    work: Work, customer_id: int, *, name: str, member_id: int | None, cause: str, is_sql: bool = False
) -> Opportunity:
    deal = await work.opportunities.add(customer_id, name=name, lead="sql" if is_sql else "mql", created_by=member_id)
    work.audit.note(
        "opportunity.opened",
        subject_of(deal),
        member_id=member_id,
        source=cause,
        after={"customer_id": customer_id, "name": name, "lead": deal.lead},
    )
    return deal


async def of_customer(work: Work, customer_id: int, *, words: str = "") -> Opportunity | None:
    """The open deal that is meant: the only one, or the one whose name the words hold; None where that is unclear."""
    return among(await work.opportunities.open_of(customer_id), words)


def among(deals: Sequence[Opportunity], words: str) -> Opportunity | None:
    """The only one, or the one that the words name."""
    return deals[0] if len(deals) == 1 else named_in(deals, words)


def named_in(deals: Sequence[Opportunity], words: str) -> Opportunity | None:
    """The one whose name the words hold; of 二期 and 二期扩产 the longer one."""
    named = [deal for deal in deals if deal.name and deal.name in words]
    longest = [deal for deal in named if not any(deal.name in other.name and deal is not other for other in named)]
    return longest[0] if len(longest) == 1 else None


async def customer_said(work: Work, reply: Reply, member: Member, said: str, *, example: str) -> Customer | None:
    """The one customer in the member's sight that is meant; says so and gives None where there is none, or several."""
    if not said:
        await outbox.say(work, reply.to, deal_texts.SAY_WHICH.format(example=example), cause=f"{reply.cause}>which")
        return None
    sight = await access.sight_of(work, member)
    found = await work.customers.called(said, owners=sight.members, limit=MOST_NAMED)
    if len(found) == 1:
        return found[0]
    told = deal_texts.NO_SUCH_CUSTOMER.format(name=said)
    if found:
        names = "、".join(customer.name for customer in found)
        told = deal_texts.SEVERAL_CUSTOMERS.format(name=said, names=names)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>which")
    return None


async def said(
    ctx: Context, work: Work, reply: Reply, member: Member, customer_words: str, rest: str, *, example: str
) -> Opportunity | None:
    """The open deal that an order means, locked; says so and gives None where it is unclear which."""
    customer = await customer_said(work, reply, member, customer_words, example=example)
    if customer is None:
        return None
    deals = await work.opportunities.open_of(customer.customer_id)
    deal = among(deals, rest)
    if deal is not None:
        return await work.opportunities.lock(deal.opportunity_id)
    told = several(customer, deals) if deals else deal_texts.NO_DEAL.format(customer=customer.name)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>which-deal")
    return None
