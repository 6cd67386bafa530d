"""Customers marked as 风险客户 by a rule: the one thing changed without asking, so it is shown with the way back."""

from datetime import date, datetime, timedelta

from handlers import notices, outbox, rule_cards, texts, wording
from handlers.checks import customer_of, day_begins, number, subject_of
from handlers.context import TIMERS, Context
from storage.base import JsonObject
from storage.jobs import Job
from storage.models import Customer, Finding
from storage.work import Work

KIND = "rule_risk_marks"
RULE = "at_risk"


async def mark(
    ctx: Context, work: Work, customer: Customer, *, since: datetime, detail: JsonObject, cause: str
) -> Finding | None:
    """Mark the customer; None where that was done in this episode, even if somebody has taken it back."""
    finding = await work.rules.find(
        RULE,
        subject_of(customer.customer_id),
        ctx.day_of(since).isoformat(),
        member_id=customer.owner_id,
        since=since,
        detail={"customer_id": customer.customer_id, "before": None, "after": work.now.isoformat(), **detail},
    )
    if finding is not None:
        customer.at_risk_since = work.now
        note(work, customer, before=None, after=work.now, member_id=None, source=cause)
    return finding


def note(
    work: Work,
    customer: Customer,
    *,
    before: datetime | None,
    after: datetime | None,
    member_id: int | None,
    source: str,
) -> None:
    work.audit.note(
        "customer.at_risk",
        subject_of(customer.customer_id),
        member_id=member_id,
        source=source,
        before={"at_risk_since": before.isoformat() if before else None},
        after={"at_risk_since": after.isoformat() if after else None},
    )


async def show_later(ctx: Context, work: Work, member_id: int, on: date) -> None:
    """Show the rep's manager what was marked that day, once people may be written to."""
    manager = await work.members.manager_of(await work.members.get(member_id))
    if manager is None:
        return
    await work.jobs.put(
        KIND,
        {"manager_id": manager.member_id, "on": on.isoformat()},
        queue=TIMERS,
        lane=f"{KIND}:{manager.member_id}",
        dedupe=f"{KIND}:{manager.member_id}:{on.isoformat()}",
        at=ctx.settings.working_time.next_push(work.now),
    )


async def show(ctx: Context, job: Job) -> None:
    manager_id, on = job.payload["manager_id"], date.fromisoformat(str(job.payload["on"]))
    assert isinstance(manager_id, int)  # put by `show_later`
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job, to=manager_id):
            return
        address = await ctx.reach(work, manager_id)
        lines = await _lines(ctx, work, manager_id, on)
        if lines and address is not None and (await work.members.get(manager_id)).active:
            cause = f"{KIND}:{job.id}"
            shown = lines[: rule_cards.MOST_LISTED]
            card = rule_cards.at_risk_card(outbox.new_card_id(RULE, shown[0][0]), shown, count=len(lines))
            await outbox.show(
                work, address, card, kind=rule_cards.AT_RISK, life=ctx.settings.card_life, cause=f"{cause}>card"
            )
            await work.notices.count(cause, manager_id, subject=f"rule:{RULE}")
        await work.jobs.complete(job)


async def _lines(ctx: Context, work: Work, manager_id: int, on: date) -> list[rule_cards.Line]:
    """What was marked that day of the manager's people, and still is."""
    begins = day_begins(ctx, on)
    lines = []
    for finding in await work.rules.found(RULE, since=begins, until=begins + timedelta(days=1)):
        customer = await work.customers.get(customer_of(finding))
        assert finding.member_id is not None  # only customers with an owner are marked
        rep = await work.members.get(finding.member_id)
        manager = await work.members.manager_of(rep)
        if finding.undone_at is not None or manager is None or manager.member_id != manager_id:
            continue
        line = texts.RULE_AT_RISK_LINE.format(
            customer=customer.name,
            rep=rep.name,
            silent=number(finding, "days"),
            amount=wording.amount(number(finding, "amount_fen")),
            overdue=number(finding, "overdue_days"),
        )
        lines.append((finding.finding_id, customer.name, line))
    return lines


def restore(work: Work, customer: Customer, finding: Finding, *, member_id: int, source: str) -> bool:
    """Take the mark away; False where it is not this one any more."""
    marked = customer.at_risk_since
    if marked is None or marked != datetime.fromisoformat(str(finding.detail["after"])):
        return False
    note(work, customer, before=marked, after=None, member_id=member_id, source=source)
    customer.at_risk_since = None
    return True
