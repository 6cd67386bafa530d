"""What the assistant notices by itself, every working morning before the day's first message and when a visit is saved.

The morning's timer puts a job for each rule. A job handles what it finds one by one, each in a short transaction that
first notes the finding and then does what follows from it; a finding is noted once in its episode, so that killed
anywhere and begun again it does nothing twice. Then each person is told once of all that concerns them.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from handlers import abnormal_weekly, cadence, customer_rules, plans, texts, todos
from handlers.checks import Check, day_begins, subject_of
from handlers.context import TIMERS, Context
from handlers.rulebook import Rule
from handlers.visit_rules import on_confirmed
from storage.jobs import Daily, Job
from storage.models import Finding
from storage.work import Work

__all__ = ["CHECKS", "KIND", "LEAD", "RUN", "due", "greet_lead", "is_on", "on_confirmed", "run", "start"]

log = logging.getLogger(__name__)

KIND = "rules"
RUN = "rule"
LEAD = "new_lead"
AT = time(8, 20)
CHECKS = (*customer_rules.CHECKS, plans.CHECK, *cadence.CHECKS, abnormal_weekly.CHECK)


def due(ctx: Context) -> Daily:
    return Daily(name="rules", kind=KIND, queue=TIMERS, at=AT, zone=ctx.settings.zone)


def is_on(ctx: Context, rule: str) -> bool:
    found: Rule = getattr(ctx.settings.rules, rule)
    return found.on


def run_key(rule: str, on: date) -> str:
    return f"rule:{rule}:{on.isoformat()}"


async def start(ctx: Context, job: Job) -> None:
    """A job for each rule, on working days; tomorrow's timer is put first, whatever becomes of this one."""
    async with ctx.database.work() as work:
        await work.jobs.put_next(due(ctx))
    async with ctx.finishing(job) as work:
        on = ctx.day_of(work.now)
        if not ctx.settings.working_time.is_working_day(on):
            return
        for rule in dict.fromkeys(check.rule for check in CHECKS):
            if is_on(ctx, rule):
                payload = {"rule": rule, "on": on.isoformat()}
                await work.jobs.put(RUN, {**payload}, queue=TIMERS, dedupe=run_key(rule, on))


async def run(ctx: Context, job: Job) -> None:
    """One rule of one day. Left over from an earlier day it only tells what it found: the rest is today's job."""
    rule, on = str(job.payload["rule"]), date.fromisoformat(str(job.payload["on"]))
    if is_on(ctx, rule):
        for check in CHECKS:
            if check.rule == rule:
                if ctx.day_of(ctx.database.now()) == on:
                    await _look(ctx, job, check, on)
                await _tell(ctx, job, check, on)
    async with ctx.finishing(job):
        pass


async def _look(ctx: Context, job: Job, check: Check, on: date) -> None:
    for search in check.searches:
        after = None
        while True:
            async with ctx.database.reading() as work:
                page = await search(ctx, work, on, after)
            if not page:
                break
            for item in page:
                async with ctx.database.work() as work:
                    await work.jobs.fence(job)
                    await check.handle(ctx, work, on, item, f"{check.name}:{on.isoformat()}")
            after = page[-1]


async def _tell(ctx: Context, job: Job, check: Check, on: date) -> None:
    begins = day_begins(ctx, on)
    async with ctx.database.reading() as work:
        findings = await work.rules.found(check.name, since=begins, until=begins + timedelta(days=1))
        by_person = await _by_person(work, check, findings)
    for member_id, theirs in by_person.items():
        async with ctx.database.work() as work:
            await work.jobs.fence(job)
            await check.tell(ctx, work, on, member_id, theirs)
    if findings:
        log.info("rules.found", extra={"rule": check.name, "findings": len(findings), "people": len(by_person)})


async def _by_person(work: Work, check: Check, findings: Sequence[Finding]) -> Mapping[int, list[Finding]]:
    by_person: dict[int, list[Finding]] = {}
    for finding in findings:
        for member_id in await check.whom(work, finding):
            by_person.setdefault(member_id, []).append(finding)
    return by_person


# New leads


async def greet_lead(ctx: Context, job: Job) -> None:
    """A new lead was given to a rep: they have working hours, counted from then, to get in touch."""
    customer_id = job.payload["customer_id"]
    assert isinstance(customer_id, int)  # put by the import
    async with ctx.finishing(job) as work:
        customer = await work.customers.lock(customer_id)
        if not is_on(ctx, LEAD) or customer.owner_id is None or customer.last_contact_at is not None:
            return
        finding = await work.rules.find(
            LEAD,
            subject_of(customer_id),
            "first",
            member_id=customer.owner_id,
            detail={"customer_id": customer_id},
        )
        if finding is not None:
            await todos.give(
                ctx,
                work,
                member_id=customer.owner_id,
                action=texts.RULE_NEW_LEAD,
                kind="follow_up",
                origin=f"lead:{customer_id}",
                customer_id=customer_id,
                due_at=_answer_by(ctx, job.created_at),
                cause=f"lead:{customer_id}",
            )


def _answer_by(ctx: Context, given_at: datetime) -> datetime:
    return ctx.settings.working_time.add_hours(given_at, ctx.settings.rules.new_lead.within_h)
