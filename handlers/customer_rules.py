"""Rules about customers whom time passes by: with deals stuck in a stage or in an endless test, silent, owing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from handlers import escalation, grades, imported, opportunities, risk_marks, texts, todos, wording
from handlers.checks import (
    PAGE,
    Check,
    day_begins,
    days_since,
    lines_of,
    longer_than,
    number,
    origin,
    origin_of,
    subject_of,
    tell_of,
)
from handlers.context import Context
from handlers.escalation import Matter, MatterItem
from storage.deal_models import Opportunity
from storage.models import Customer, Finding
from storage.rules import Candidate, Overdue
from storage.work import Work

# Stuck in a stage


def _stalled_before(ctx: Context, on: date) -> datetime:
    """What is in a stage since before this moment has been there for more working days than the rule allows."""
    limit = ctx.settings.rules.stalled.days
    # working days are counted from the day after, and today is one of them
    return day_begins(ctx, ctx.settings.working_time.add_days(on, -limit))


def _final_stages(ctx: Context) -> tuple[str, ...]:
    """Where deals stay."""
    return ctx.settings.vocabulary.stages[-1:]


async def _find_stalled(ctx: Context, work: Work, on: date, after: Candidate | None) -> Sequence[Candidate]:
    before = _stalled_before(ctx, on)
    return await work.rules.stalled(before, except_stages=_final_stages(ctx), after=after, limit=PAGE)


async def _still_so(work: Work, found: Candidate) -> tuple[Opportunity, Customer] | None:
    """The deal and its customer, both locked; None where it has moved or ended since, or belongs to nobody."""
    deal = await work.opportunities.lock(found.subject_id)
    customer = await work.customers.lock(deal.customer_id)
    if deal.state != "open" or deal.stage_since != found.since or customer.owner_id is None:
        return None
    return deal, customer


def _episode(since: datetime) -> str:
    """Of a deal that stands still: of one customer's deals no two came into their stages at the same moment."""
    return since.astimezone(UTC).isoformat()


def _origin_of_stalled(customer_id: int, since: datetime) -> str:
    return origin("stalled", subject_of(customer_id), _episode(since))


async def _handle_stalled(ctx: Context, work: Work, on: date, found: Candidate, cause: str) -> None:
    standing = await _still_so(work, found)
    if standing is None:
        return
    deal, customer = standing
    assert customer.owner_id is not None  # asked by `_still_so`
    owner = await work.members.get(customer.owner_id)
    days = ctx.settings.working_time.days_between(ctx.day_of(found.since), on)
    manager = await work.members.manager_of(owner)
    of_file = imported.is_untouched(ctx, customer)
    finding = await work.rules.find(
        "stalled",
        subject_of(customer.customer_id),
        _episode(found.since),
        member_id=owner.member_id,
        since=found.since,
        detail={
            "customer_id": customer.customer_id,
            "deal": deal.name,
            "stage": deal.stage,
            "days": days,
            "manager_id": manager.member_id if manager else None,
            **(imported.noted(customer) if of_file else {}),
        },
    )
    if finding is None or manager is None or of_file:
        return
    await todos.give(
        ctx,
        work,
        member_id=manager.member_id,
        action=texts.RULE_STALLED_TODO.format(
            deal=f"「{deal.name}」" if deal.name else "", stage=deal.stage, days=days, rep=owner.name
        ),
        kind="stalled",
        origin=_origin_of_stalled(customer.customer_id, found.since),
        customer_id=customer.customer_id,
        due_on=ctx.settings.working_time.working_day_after(on),
        cause=cause,
    )


async def _tell_stalled(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    def line(customer: str, finding: Finding) -> str:
        stage, days = finding.detail["stage"], number(finding, "days")
        # one that an earlier version found names no deal
        deal = str(finding.detail.get("deal") or "")
        return texts.RULE_STALLED_ONE.format(customer=opportunities.titled(customer, deal), stage=stage, days=days)

    together, others = imported.apart(findings)
    said = []
    if others:
        text = texts.RULE_STALLED if others[0].detail["manager_id"] else texts.RULE_STALLED_ALONE
        customers = await lines_of(work, others, line)
        said.append(text.format(limit=ctx.settings.rules.stalled.days, customers=customers))
    if together:
        manager = await imported.give_review(ctx, work, on, await work.members.get(member_id), together)
        given = texts.IMPORTED_STALLED_GIVEN.format(manager=manager.name) if manager else ""
        customers = await lines_of(work, together, line, more=texts.IMPORTED_MORE)
        said.append(texts.IMPORTED_STALLED.format(count=len(together), customers=customers, manager=given))
    await tell_of(ctx, work, "stalled", on, member_id, "\n".join(said))


async def end_stalled(
    ctx: Context, work: Work, customer_id: int, since: datetime | None, *, member_id: int, cause: str
) -> None:
    """The deal that was in its stage since then has moved or ended: the manager need not see to it any more."""
    if since is None:
        return
    todo = await work.rules.stalled_todo(_origin_of_stalled(customer_id, since))
    if todo is not None:
        await todos.finish(ctx, work, todo, todos.By(member_id, None, f"{cause}>moved:{todo.todo_id}"))


# In the sample test


async def _find_in_test(ctx: Context, work: Work, on: date, after: Candidate | None) -> Sequence[Candidate]:
    rule = ctx.settings.rules.sample_test
    before = longer_than(ctx, rule.days, on)
    return await work.rules.in_sample_test(before, stage=rule.stage, after=after, limit=PAGE)


async def _handle_in_test(ctx: Context, work: Work, on: date, found: Candidate, cause: str) -> None:
    rule = ctx.settings.rules.sample_test
    standing = await _still_so(work, found)
    if standing is None or rule.stage not in (standing[0].stage or ""):
        return
    deal, customer = standing
    since = max(found.since, customer.last_contact_at or found.since)
    if since >= longer_than(ctx, rule.days, on):
        return
    days = days_since(ctx, since, on)
    of_file = imported.is_untouched(ctx, customer)
    finding = await work.rules.find(
        "sample_test",
        subject_of(customer.customer_id),
        ctx.day_of(since).isoformat(),
        member_id=customer.owner_id,
        since=since,
        detail={
            "customer_id": customer.customer_id,
            "days": days,
            **(imported.noted(customer) if of_file else {}),
        },
    )
    if finding is None or of_file:
        return
    fact = texts.RULE_SAMPLE_TEST_FACT.format(stage=deal.stage, days=days)
    await to_the_director(ctx, work, customer, finding, category=rule.stage, fact=fact, cause=cause)


async def _tell_in_test(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    together, others = imported.apart(findings)
    limit = ctx.settings.rules.sample_test.days
    said = []
    if others:
        customers = await lines_of(work, others, _in_days)
        said.append(texts.RULE_SAMPLE_TEST.format(limit=limit, customers=customers) + _told(others))
    if together:
        told = await imported.tell_director(
            ctx, work, "sample_test", on, member_id, texts.IMPORTED_IN_TEST_DIRECTOR, together
        )
        customers = await imported.names_of(work, together)
        said.append(texts.IMPORTED_IN_TEST.format(limit=limit, count=len(together), customers=customers, told=told))
    await tell_of(ctx, work, "sample_test", on, member_id, "\n".join(said))


# Silent


async def _find_silent_once(ctx: Context, work: Work, on: date, after: Candidate | None) -> Sequence[Candidate]:
    before = longer_than(ctx, ctx.settings.rules.silence.wake_up_days, on)
    return await work.rules.silent(before, rule="silence", contacted=True, after=after, limit=PAGE)


async def _find_never_met(ctx: Context, work: Work, on: date, after: Candidate | None) -> Sequence[Candidate]:
    before = longer_than(ctx, ctx.settings.rules.silence.wake_up_days, on)
    return await work.rules.silent(before, rule="silence", contacted=False, after=after, limit=PAGE)


async def _handle_silent(ctx: Context, work: Work, on: date, found: Candidate, _cause: str) -> None:
    customer = await work.customers.lock(found.subject_id)
    if last_contact(customer) != found.since or customer.owner_id is None:
        return
    await work.rules.find(
        "silence",
        subject_of(customer.customer_id),
        ctx.day_of(found.since).isoformat(),
        member_id=customer.owner_id,
        since=found.since,
        detail={
            "customer_id": customer.customer_id,
            "days": days_since(ctx, found.since, on),
            **(imported.noted(customer) if imported.was_silent(ctx, customer) else {}),
        },
    )


async def _tell_silent(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    together, others = imported.apart(findings)
    said = []
    if together:
        customers = await lines_of(work, together, _in_days, more=texts.IMPORTED_MORE)
        said.append(texts.IMPORTED_SILENT.format(count=len(together), customers=customers))
    if others:
        customers = await lines_of(work, others, _in_days)
        limit = ctx.settings.rules.silence.wake_up_days
        said.append(texts.RULE_WAKE_UP.format(limit=limit, customers=customers))
    await tell_of(ctx, work, "silence", on, member_id, "\n".join(said))


async def _find_low_once(ctx: Context, work: Work, on: date, after: Candidate | None) -> Sequence[Candidate]:
    before = longer_than(ctx, ctx.settings.rules.silence.downgrade_days, on)
    return await work.rules.silent(before, rule="downgrade", contacted=True, gradable=True, after=after, limit=PAGE)


async def _find_low_never_met(ctx: Context, work: Work, on: date, after: Candidate | None) -> Sequence[Candidate]:
    before = longer_than(ctx, ctx.settings.rules.silence.downgrade_days, on)
    return await work.rules.silent(before, rule="downgrade", contacted=False, gradable=True, after=after, limit=PAGE)


async def _handle_low(ctx: Context, work: Work, _on: date, found: Candidate, _cause: str) -> None:
    customer = await work.customers.lock(found.subject_id)
    if last_contact(customer) != found.since or customer.owner_id is None or not grades.below(customer.grade):
        return
    await work.rules.find(
        "downgrade",
        subject_of(customer.customer_id),
        ctx.day_of(found.since).isoformat(),
        member_id=customer.owner_id,
        since=found.since,
        detail={
            "customer_id": customer.customer_id,
            "before": customer.grade,
            "after": grades.below(customer.grade),
        },
    )


async def _tell_low(ctx: Context, work: Work, on: date, member_id: int, _findings: Sequence[Finding]) -> None:
    await grades.propose_later(ctx, work, member_id, on)


# Owing


async def _find_overdue(ctx: Context, work: Work, on: date, after: Overdue | None) -> Sequence[Overdue]:
    before = ctx.day_of(longer_than(ctx, ctx.settings.rules.payment.remind_days, on))
    return await work.rules.overdue(before, after=after, limit=PAGE)


async def _handle_overdue(_ctx: Context, work: Work, on: date, found: Overdue, _cause: str) -> None:
    payment = await work.rules.payment(found.payment_id)
    customer = await work.customers.get(payment.customer_id)
    if payment.paid_on is not None or payment.due_on != found.due_on or customer.owner_id is None:
        return
    await work.rules.find(
        "payment",
        f"payment:{payment.payment_id}",
        payment.due_on.isoformat(),
        member_id=customer.owner_id,
        detail={
            "customer_id": customer.customer_id,
            "amount_fen": payment.amount_fen,
            "days": (on - payment.due_on).days,
        },
    )


async def _tell_overdue(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    def line(customer: str, finding: Finding) -> str:
        amount = wording.amount(number(finding, "amount_fen"))
        return texts.RULE_PAYMENT_ONE.format(customer=customer, amount=amount, days=number(finding, "days"))

    payments = await lines_of(work, findings, line, more=texts.RULE_PAYMENTS_MORE)
    await tell_of(ctx, work, "payment", on, member_id, texts.RULE_PAYMENT.format(payments=payments))


async def _find_at_risk(ctx: Context, work: Work, on: date, after: int | None) -> Sequence[int]:
    rule = ctx.settings.rules.payment
    return await work.rules.owing_and_silent(
        due_before=ctx.day_of(longer_than(ctx, rule.overdue_days, on)),
        silent_before=longer_than(ctx, rule.silent_days, on),
        after=after or 0,
        limit=PAGE,
    )


async def _handle_at_risk(ctx: Context, work: Work, on: date, customer_id: int, cause: str) -> None:
    rule = ctx.settings.rules.payment
    customer = await work.customers.lock(customer_id)
    since = last_contact(customer)
    debt = await work.rules.debt(customer_id, ctx.day_of(longer_than(ctx, rule.overdue_days, on)))
    if debt is None or since >= longer_than(ctx, rule.silent_days, on):
        return
    if customer.at_risk_since is not None or customer.owner_id is None:
        return
    silent, overdue = days_since(ctx, since, on), (on - debt.oldest_on).days
    of_file = imported.is_untouched(ctx, customer) and imported.is_lately(ctx, customer, on)
    finding = await risk_marks.mark(
        ctx,
        work,
        customer,
        since=since,
        detail={
            "days": silent,
            "overdue_days": overdue,
            "amount_fen": debt.amount_fen,
            **(imported.noted(customer) if of_file else {}),
        },
        cause=cause,
    )
    if finding is None or of_file:
        return
    fact = texts.RULE_AT_RISK_FACT.format(
        silent=silent, count=debt.count, amount=wording.amount(debt.amount_fen), overdue=overdue
    )
    await to_the_director(ctx, work, customer, finding, category="回款", fact=fact, cause=cause)


async def _tell_at_risk(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    standing = [finding for finding in findings if finding.undone_at is None]
    if not standing:
        return
    customers = await lines_of(work, standing, _in_days)
    together, _ = imported.apart(standing)
    told = _told(standing)
    if together:
        told += await imported.tell_director(
            ctx, work, "at_risk", on, member_id, texts.IMPORTED_AT_RISK_DIRECTOR, together
        )
    await tell_of(ctx, work, "at_risk", on, member_id, texts.RULE_AT_RISK.format(customers=customers) + told)
    await risk_marks.show_later(ctx, work, member_id, on)


# What they share


async def to_the_director(
    ctx: Context, work: Work, customer: Customer, finding: Finding, *, category: str, fact: str, cause: str
) -> None:
    """Raise what was found, and keep with the finding what the rep is to be told of that."""
    assert customer.owner_id is not None  # looked at by the rule
    owner = await work.members.get(customer.owner_id)
    matter = Matter(
        kind="rule",
        member=owner,
        customer_id=customer.customer_id,
        items=(MatterItem(origin_of(finding), category, fact),),
        reason=fact,
        to="director",
    )
    told = await escalation.raise_matter(ctx, work, matter, cause=f"{cause}:{finding.finding_id}")
    raised = await work.escalations.unsettled_about(customer.customer_id, owner.member_id)
    if raised is not None:
        # the rep reads it later, when the card has gone out
        told = texts.RAISED.format(manager=(await work.members.get(raised.manager_id)).name)
    finding.detail = {**finding.detail, "told": told}


def last_contact(customer: Customer) -> datetime:
    """Since when nobody has spoken to them: for those whom nobody ever met, since they are in the list."""
    return customer.last_contact_at or customer.created_at


def _in_days(customer: str, finding: Finding) -> str:
    return texts.RULE_DAYS_ONE.format(customer=customer, days=number(finding, "days"))


def _told(findings: Sequence[Finding]) -> str:
    """What became of it further up, each sentence once."""
    return "".join(dict.fromkeys(str(finding.detail["told"]) for finding in findings if finding.detail.get("told")))


CHECKS = (
    Check("stalled", "stalled", (_find_stalled,), _handle_stalled, _tell_stalled),
    Check("sample_test", "sample_test", (_find_in_test,), _handle_in_test, _tell_in_test),
    Check("silence", "silence", (_find_silent_once, _find_never_met), _handle_silent, _tell_silent),
    Check("downgrade", "silence", (_find_low_once, _find_low_never_met), _handle_low, _tell_low),
    Check("payment", "payment", (_find_overdue,), _handle_overdue, _tell_overdue),
    Check("at_risk", "payment", (_find_at_risk,), _handle_at_risk, _tell_at_risk),
)
