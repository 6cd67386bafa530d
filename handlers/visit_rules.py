"""Rules that a confirmed visit sets off: two reps on one customer, demonstrations refused again and again."""

from datetime import timedelta

from handlers import after_visits, notices, texts
from handlers.checks import subject_of
from handlers.context import Context
from handlers.record import DemoValue, Record
from storage.models import Customer, Member, Script, Visit
from storage.work import Work

DEMONSTRATIONS = "演示"
"""The category of the scripts that answer a refusal."""
LONGEST_STREAK = 50
"""Visits that are looked back on."""


async def on_confirmed(
    ctx: Context,
    work: Work,
    visit: Visit,
    record: Record,
    customer: Customer,
    member: Member,
    cause: str,
    *,
    is_new: bool,
) -> None:
    """In the transaction in which the visit is confirmed. `is_new`: it brought the customer in."""
    rules = ctx.settings.rules
    if rules.same_customer.on:
        await _tell_of_two(ctx, work, customer, member)
    if rules.refused_demo.on:
        await _suggest_another_way(ctx, work, visit, record, customer, member)
    await after_visits.on_confirmed(ctx, work, visit, record, customer, member, cause, is_new=is_new)


# Two reps


async def _tell_of_two(ctx: Context, work: Work, customer: Customer, member: Member) -> None:
    within = timedelta(days=ctx.settings.rules.same_customer.within_days)
    since = ctx.day_of(work.now - within)
    others = set(await work.rules.others_on(customer.customer_id, member.member_id, since=since))
    if customer.owner_id is not None:
        others |= {customer.owner_id}
    for other_id in sorted(others - {member.member_id}):
        other = await work.members.get(other_id)
        if other.active and not await _is_one_line(work, member, other):
            await _tell_both(ctx, work, customer, member, other, within)


async def _is_one_line(work: Work, one: Member, other: Member) -> bool:
    """Whether one leads the other: who goes along to a rep's customer is no rival."""
    return other.member_id in await work.members.below(one.member_id) or one.member_id in await work.members.below(
        other.member_id
    )


async def _tell_both(
    ctx: Context, work: Work, customer: Customer, member: Member, other: Member, within: timedelta
) -> None:
    pair = "+".join(str(one) for one in sorted((member.member_id, other.member_id)))
    subject = subject_of(customer.customer_id)
    if await work.rules.has_found_since("same_customer", subject, work.now - within, like=f"{pair}:"):
        return
    finding = await work.rules.find(
        "same_customer",
        subject,
        f"{pair}:{ctx.day_of(work.now).isoformat()}",
        member_id=member.member_id,
        detail={"customer_id": customer.customer_id, "other_id": other.member_id},
    )
    if finding is None:
        return
    text = await _words(work, customer, member, other)
    people = [member, other, await work.members.manager_of(member), await work.members.manager_of(other)]
    for person in dict.fromkeys(one.member_id for one in people if one is not None):
        key = f"rule:same_customer:{finding.finding_id}:{person}"
        await notices.tell(ctx, work, person, text, key=key, subject=f"finding:{finding.finding_id}")


async def _words(work: Work, customer: Customer, member: Member, other: Member) -> str:
    """Names and the owner, nothing of what the other's records say."""
    if customer.owner_id == other.member_id:
        return texts.RULE_SAME_CUSTOMER.format(customer=customer.name, owner=other.name, rep=member.name)
    owned = texts.RULE_UNOWNED
    if customer.owner_id is not None:
        owned = texts.RULE_OWNED.format(owner=(await work.members.get(customer.owner_id)).name)
    return texts.RULE_SAME_CUSTOMER_ALSO.format(customer=customer.name, owner=owned, rep=member.name, other=other.name)


# Refused demonstrations


async def _suggest_another_way(
    ctx: Context, work: Work, visit: Visit, record: Record, customer: Customer, member: Member
) -> None:
    """Once in a streak; visits that tell of no demonstration neither lengthen nor end it."""
    said = record.one(DemoValue)
    if said is None or not said.refused:
        return
    streak = []
    for visit_id, value in await work.rules.latest_demos(customer.customer_id, LONGEST_STREAK):
        if not value["refused"]:
            break
        streak.append(visit_id)
    if visit.visit_id not in streak or len(streak) < ctx.settings.rules.refused_demo.times:
        return
    finding = await work.rules.find(
        "refused_demo",
        subject_of(customer.customer_id),
        f"visit:{streak[-1]}",
        member_id=member.member_id,
        detail={"customer_id": customer.customer_id, "times": len(streak)},
    )
    if finding is not None:
        text = texts.RULE_REFUSED_DEMO.format(customer=customer.name, times=len(streak))
        if script := await _another_way(ctx, work):
            told = texts.RULE_REFUSED_DEMO_SCRIPT.format(code=script.code, title=script.title)
            text = f"{text}\n{told}"
        key = f"rule:refused_demo:{finding.finding_id}"
        await notices.tell(ctx, work, member.member_id, text, key=key, subject=f"finding:{finding.finding_id}")


async def _another_way(ctx: Context, work: Work) -> Script | None:
    """The library's way around a demonstration; one that lets the customer see another customer's before all others."""
    offered = await work.scripts.offered(ctx.day_of(work.now), category=DEMONSTRATIONS)
    return next((script for script in offered if script.plan_kind == "案例"), next(iter(offered), None))
