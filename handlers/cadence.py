"""How often customers of a grade should be spoken to: looked at once a week, for the week that is over.

A: so many contacts a week, and a visit by somebody who leads within some weeks; B: one contact within so many weeks;
C and those without a grade: nothing but the rules on silence. Contact is a confirmed visit.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from handlers import access, texts
from handlers.checks import PAGE, Check, customer_of, lines_of, number, subject_of, tell_of, to_the_manager
from handlers.context import Context
from handlers.plans import monday_of
from storage.models import Customer, Finding
from storage.work import Work

CADENCE, EXECUTIVE = "cadence", "executive_visit"


def _is_weeks_first(ctx: Context, on: date) -> bool:
    """Whether no working day of the week lies before it."""
    times = ctx.settings.working_time
    return not any(times.is_working_day(monday_of(on) + timedelta(days=n)) for n in range(on.weekday()))


async def _find(ctx: Context, work: Work, on: date, after: Customer | None) -> Sequence[Customer]:
    if not _is_weeks_first(ctx, on):
        return ()
    return await work.rules.graded(("A", "B"), after=after.customer_id if after else 0, limit=PAGE)


async def _handle(ctx: Context, work: Work, on: date, found: Customer, _cause: str) -> None:
    rule = ctx.settings.rules.cadence
    customer = await work.customers.lock(found.customer_id)
    if customer.owner_id is None or customer.grade not in ("A", "B"):
        return
    weeks, wanted = (1, rule.a_per_week) if customer.grade == "A" else (rule.b_every_weeks, 1)
    first, last = monday_of(on) - timedelta(weeks=weeks), monday_of(on) - timedelta(days=1)
    had = await work.rules.visits_at(customer.customer_id, first, last)
    # who has been ours for less than that time cannot have been spoken to so often
    if had >= wanted or ctx.day_of(customer.created_at) > first:
        return
    await work.rules.find(
        CADENCE,
        subject_of(customer.customer_id),
        monday_of(on).isoformat(),
        member_id=customer.owner_id,
        detail={"customer_id": customer.customer_id, "grade": customer.grade, "had": had},
    )


async def _tell(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    def line(customer: str, finding: Finding) -> str:
        return texts.CADENCE_ONE.format(customer=customer, grade=finding.detail["grade"], had=number(finding, "had"))

    rule = ctx.settings.rules.cadence
    customers = await lines_of(work, sorted(findings, key=lambda one: str(one.detail["grade"])), line)
    text = texts.CADENCE.format(a=rule.a_per_week, b=rule.b_every_weeks, customers=customers)
    await tell_of(ctx, work, CADENCE, on, member_id, text)


async def _find_unvisited(ctx: Context, work: Work, on: date, after: Customer | None) -> Sequence[Customer]:
    if not _is_weeks_first(ctx, on) or not ctx.settings.rules.cadence.executive_every_weeks:
        return ()
    return await work.rules.graded(("A",), after=after.customer_id if after else 0, limit=PAGE)


async def _handle_unvisited(ctx: Context, work: Work, on: date, found: Customer, _cause: str) -> None:
    weeks = ctx.settings.rules.cadence.executive_every_weeks
    customer = await work.customers.lock(found.customer_id)
    since = on - timedelta(weeks=weeks)
    if customer.owner_id is None or customer.grade != "A" or ctx.day_of(customer.created_at) > since:
        return
    visitors = [await work.members.get(one) for one in await work.rules.visitors(customer.customer_id, since, on)]
    if any(access.has_role(one, access.LEADERS) for one in visitors):
        return
    # told again only when the same time has passed once more
    begun = monday_of(on).toordinal() // 7 // weeks
    await work.rules.find(
        EXECUTIVE,
        subject_of(customer.customer_id),
        f"period:{begun}",
        member_id=customer.owner_id,
        detail={"customer_id": customer.customer_id},
    )


async def _tell_manager(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    customers = await lines_of(work, sorted(findings, key=customer_of), lambda customer, _: customer)
    text = texts.EXECUTIVE_VISIT.format(weeks=ctx.settings.rules.cadence.executive_every_weeks, customers=customers)
    await tell_of(ctx, work, EXECUTIVE, on, member_id, text)


CHECKS = (
    Check(CADENCE, "cadence", (_find,), _handle, _tell),
    Check(EXECUTIVE, "cadence", (_find_unvisited,), _handle_unvisited, _tell_manager, to_the_manager),
)
