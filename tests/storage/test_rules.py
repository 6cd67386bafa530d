"""What the rules look for, on either database: each thing once in its episode, in pages, by an index."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from storage.database import Database
from storage.deal_models import Opportunity
from storage.models import Customer
from storage.rules import Candidate, Debt, Overdue, Week
from storage.visits import FieldValue, Source
from storage.work import Work
from tests.fakes import NOON

LONG_AGO = NOON - timedelta(days=90)
RECENTLY = NOON - timedelta(days=1)
LIMIT = NOON - timedelta(days=30)
EVERYTHING = 1000


async def rep(work: Work, name: str = "李晓彤") -> int:
    return (await work.members.add(name, ["sales"])).member_id


async def in_stage(
    work: Work, name: str, owner_id: int | None, stage: str, since: datetime, **values: object
) -> Opportunity:
    """A deal of a customer of that name."""
    deal = await work.opportunities.add((await customer(work, name, owner_id, **values)).customer_id)
    deal.stage, deal.stage_since = stage, since
    await work.session.flush()
    return deal


async def customer(work: Work, name: str, owner_id: int | None, **values: object) -> Customer:
    added = await work.customers.add(name, owner_id=owner_id)
    added.last_contact_at = RECENTLY
    for key, value in values.items():
        setattr(added, key, value)
    await work.session.flush()
    return added


def ids(found: list[Candidate] | Any) -> list[int]:
    return [candidate.subject_id for candidate in found]


async def test_deals_too_long_in_a_stage_are_found_once_and_the_others_are_not(any_database: Database) -> None:
    async with any_database.work() as work:
        owner = await rep(work)
        stuck = await in_stage(work, "甲", owner, "方案设计", LONG_AGO)
        await in_stage(work, "乙", owner, "方案设计", RECENTLY)
        await in_stage(work, "丙", owner, "交付执行", LONG_AGO)
        await in_stage(work, "丁", None, "方案设计", LONG_AGO)
        lost = await in_stage(work, "戊", owner, "方案设计", LONG_AGO)
        lost.state = "lost"
        # the same customer's other deal moved since
        other = await work.opportunities.add(stuck.customer_id, name="二期")
        other.stage, other.stage_since = "报价审批", RECENTLY
        await customer(work, "己", owner)

        async def found() -> list[int]:
            return ids(await work.rules.stalled(LIMIT, except_stages=["交付执行"], after=None, limit=EVERYTHING))

        assert await found() == [stuck.opportunity_id]
        subject = f"customer:{stuck.customer_id}"
        finding = await work.rules.find("stalled", subject, "first", member_id=owner, since=LONG_AGO)
        assert finding is not None
        assert await found() == []
        other.stage_since = LONG_AGO + timedelta(days=1)
        assert await found() == [other.opportunity_id]


async def test_pages_follow_one_another_without_gap_or_repetition(any_database: Database) -> None:
    async with any_database.work() as work:
        owner = await rep(work)
        for number in range(7):
            # three of them since the same moment
            since = LONG_AGO - timedelta(days=max(0, number - 2))
            await in_stage(work, f"客户{number}", owner, "方案设计", since)
        seen: list[int] = []
        after = None
        while page := await work.rules.stalled(LIMIT, except_stages=[], after=after, limit=2):
            assert len(page) <= 2
            seen += ids(page)
            after = page[-1]

        assert len(seen) == len(set(seen)) == 7


async def test_a_sample_test_counts_from_the_later_of_stage_and_contact(any_database: Database) -> None:
    async with any_database.work() as work:
        owner = await rep(work)
        quiet = await in_stage(work, "甲", owner, "样品测试", LONG_AGO, last_contact_at=LONG_AGO)
        await in_stage(work, "乙", owner, "样品测试", LONG_AGO)
        await in_stage(work, "丙", owner, "报价", LONG_AGO, last_contact_at=LONG_AGO)
        never = await in_stage(work, "丁", owner, "二次样品测试", LONG_AGO, last_contact_at=None)

        async def found() -> list[int]:
            return ids(await work.rules.in_sample_test(LIMIT, stage="样品测试", after=None, limit=EVERYTHING))

        assert await found() == [quiet.opportunity_id, never.opportunity_id]
        for one in (quiet, never):
            await work.rules.find(
                "sample_test", f"customer:{one.customer_id}", "first", member_id=owner, since=LONG_AGO
            )
        assert await found() == []
        (await work.customers.get(quiet.customer_id)).last_contact_at = LONG_AGO + timedelta(days=2)
        assert await found() == [quiet.opportunity_id]


async def test_silence_counts_from_the_last_contact_or_from_when_they_came_in(any_database: Database) -> None:
    async with any_database.work() as work:
        owner = await rep(work)
        silent = await customer(work, "甲", owner, last_contact_at=LONG_AGO)
        low = await customer(work, "乙", owner, last_contact_at=LONG_AGO, grade="C")
        await customer(work, "丙", owner)
        never = await customer(work, "丁", owner, last_contact_at=None, created_at=LONG_AGO)
        await customer(work, "戊", owner, last_contact_at=None)

        async def found(*, contacted: bool, gradable: bool = False) -> list[int]:
            return ids(
                await work.rules.silent(
                    LIMIT, rule="silence", contacted=contacted, gradable=gradable, after=None, limit=EVERYTHING
                )
            )

        assert await found(contacted=True) == [silent.customer_id, low.customer_id]
        assert await found(contacted=True, gradable=True) == [silent.customer_id]
        assert await found(contacted=False) == [never.customer_id]
        (await work.members.get(owner)).active = False
        await work.session.flush()
        # whoever takes over hears of it
        assert await found(contacted=True) == await found(contacted=False) == []


async def test_overdue_payments_are_found_until_noted_or_paid(any_database: Database) -> None:
    today = NOON.date()
    async with any_database.work() as work:
        owner = await rep(work)
        owing = await customer(work, "甲", owner)
        late = await work.rules.add_payment(
            owing.customer_id, "1", amount_fen=100, due_on=today - timedelta(days=9), paid_on=None
        )
        await work.rules.add_payment(owing.customer_id, "2", amount_fen=100, due_on=today, paid_on=None)
        await work.rules.add_payment(
            owing.customer_id, "3", amount_fen=100, due_on=today - timedelta(days=9), paid_on=today
        )
        later = await work.rules.add_payment(
            owing.customer_id, "4", amount_fen=50, due_on=today - timedelta(days=5), paid_on=None
        )
        before = today - timedelta(days=1)
        first = Overdue(late.payment_id, late.due_on)
        second = Overdue(later.payment_id, later.due_on)
        assert await work.rules.overdue(before, after=None, limit=1) == [first]
        assert await work.rules.overdue(before, after=first, limit=EVERYTHING) == [second]
        assert await work.rules.debt(owing.customer_id, before) == Debt(2, 150, late.due_on)
        assert await work.rules.debt(owing.customer_id, today - timedelta(days=30)) is None

        subject = f"payment:{late.payment_id}"
        await work.rules.find("payment", subject, late.due_on.isoformat(), member_id=owner)
        assert await work.rules.overdue(before, after=None, limit=EVERYTHING) == [second]
        late.due_on = today - timedelta(days=3)
        await work.session.flush()
        assert len(await work.rules.overdue(before, after=None, limit=EVERYTHING)) == 2


async def test_who_owes_and_is_silent_is_found_unless_marked(any_database: Database) -> None:
    today = NOON.date()
    async with any_database.work() as work:
        owner = await rep(work)
        both = await customer(work, "甲", owner, last_contact_at=LONG_AGO)
        marked = await customer(work, "乙", owner, last_contact_at=LONG_AGO, at_risk_since=RECENTLY)
        talking = await customer(work, "丙", owner)
        silent = await customer(work, "丁", owner, last_contact_at=LONG_AGO)
        for one in (both, marked, talking):
            for number in "12":
                await work.rules.add_payment(
                    one.customer_id, number, amount_fen=100, due_on=today - timedelta(days=60), paid_on=None
                )

        async def found() -> list[int]:
            before = today - timedelta(days=30)
            return list(
                await work.rules.owing_and_silent(due_before=before, silent_before=LIMIT, after=0, limit=EVERYTHING)
            )

        assert await found() == [both.customer_id]
        assert silent.at_risk_since is None
        await work.rules.find("at_risk", f"customer:{both.customer_id}", "1", member_id=owner, since=LONG_AGO)
        assert await found() == []


async def test_a_finding_is_noted_once_in_its_episode_even_when_undone(any_database: Database) -> None:
    async with any_database.work() as work:
        owner = await rep(work)
        finding = await work.rules.find("silence", "customer:1", "2026-11-01", member_id=owner, detail={"days": 8})
        assert finding is not None
        assert finding.detail == {"days": 8}
        finding.undone_at = work.now
    async with any_database.work() as work:
        assert await work.rules.find("silence", "customer:1", "2026-11-01", member_id=owner) is None
        assert await work.rules.find("silence", "customer:1", "2026-11-09", member_id=owner) is not None
        assert await work.rules.counts(NOON - timedelta(days=1)) == {"silence": 2}
        assert await work.rules.counts(NOON + timedelta(days=1)) == {}
        latest = await work.rules.latest("silence", "customer:1")
        assert latest is not None
        assert latest.episode == "2026-11-09"
        assert await work.rules.has_found_since("silence", "customer:1", NOON, like="2026-11-0")
        assert not await work.rules.has_found_since("silence", "customer:1", NOON, like="2026-12")
        assert len(await work.rules.undecided("silence", owner)) == 2


async def test_plans_are_kept_by_week_and_compared_with_confirmed_visits(any_database: Database) -> None:
    monday, sunday = date(2026, 11, 16), date(2026, 11, 22)
    async with any_database.work() as work:
        owner, other = await rep(work), await rep(work, "赵一鸣")
        gone = await work.members.add("钱多多", ["sales"])
        gone.active = False
        assert await work.rules.set_plan(owner, monday, 12, source="chat") is None
        assert await work.rules.set_plan(owner, monday, 10, source="chat") == 12
        await work.rules.set_plan(other, monday, 3, source="chat")
        await work.rules.set_plan(gone.member_id, monday, 3, source="chat")
        await work.rules.set_plan(owner, monday + timedelta(days=7), 99, source="chat")
        for day, state in ((16, "confirmed"), (22, "confirmed"), (23, "confirmed"), (18, "draft")):
            visit = await work.visits.begin(owner, "wecom", visited_on=date(2026, 11, day), sent_at=NOON)
            visit.state = "confirmed" if state == "confirmed" else "draft"
        await work.session.flush()

        assert await work.rules.weeks(monday, sunday) == [Week(owner, 10, 2), Week(other, 3, 0)]
        assert await work.rules.weeks(monday, sunday, after=owner, limit=1) == [Week(other, 3, 0)]
        assert await work.rules.weeks(monday, sunday, of=[owner]) == [Week(owner, 10, 2)]
        assert await work.rules.visits_between(owner, monday, sunday) == 2


async def test_others_visits_and_what_visits_tell_of_demonstrations(any_database: Database) -> None:
    async with any_database.work() as work:
        owner, other = await rep(work), await rep(work, "赵一鸣")
        one = await customer(work, "甲", owner)
        visits = []
        for member_id, day, refused in ((owner, 1, False), (other, 3, True), (owner, 5, True)):
            visit = await work.visits.begin(member_id, "wecom", visited_on=date(2026, 11, day), sent_at=NOON)
            visit.customer_id, visit.state = one.customer_id, "confirmed"
            evidence = await work.visits.keep_evidence(f"e{day}", member_id, "text", sent_at=NOON, text="演示")
            value = FieldValue("demo", {"kind": "demo", "refused": refused}, Source(evidence.evidence_id, 0, 2, "演示"))
            await work.visits.replace_fields(visit, [value])
            visits.append(visit.visit_id)

        found = await work.rules.latest_demos(one.customer_id, 10)
        assert [(visit_id, value["refused"]) for visit_id, value in found] == [
            (visits[2], True),
            (visits[1], True),
            (visits[0], False),
        ]
        assert await work.rules.others_on(one.customer_id, owner, since=date(2026, 11, 2)) == [other]
        assert await work.rules.others_on(one.customer_id, other, since=date(2026, 11, 2)) == [owner]
        assert await work.rules.others_on(one.customer_id, owner, since=date(2026, 11, 4)) == []


async def test_the_last_run_is_the_latest_that_ended(any_database: Database) -> None:
    async with any_database.work() as work:
        for key in ("rule:silence:2026-11-19", "rule:silence:2026-11-20"):
            await work.jobs.put("rule", {}, queue="timers", dedupe=key)
        [first, _] = await work.jobs.claim("timers", limit=2, lease_s=30)
        await work.jobs.complete(first)

        assert await work.rules.last_run([first.dedupe or ""]) == work.now
        assert await work.rules.last_run(["rule:silence:2026-11-20"]) is None
        assert await work.rules.last_run(["rule:silence:2026-11-18"]) is None


# How they are searched for


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("stalled", "ix_opportunities_stage_since"),
        ("in_sample_test", "ix_opportunities_stage_since"),
        ("contacted", "ix_customers_last_contact_at"),
        ("never", "ix_customers_last_contact_at"),
        ("overdue", "ix_payments_unpaid"),
        ("owing", "ix_payments_unpaid"),
        ("found", "ix_findings_rule"),
        ("undecided", "ix_findings_member"),
        ("weeks", "ix_plans_week_on"),
    ],
)
async def test_every_search_goes_by_an_index(database: Database, name: str, index: str) -> None:
    today = NOON.date()
    async with database.work() as work:
        rules = work.rules
        after = Candidate(1, LONG_AGO)
        searches = {
            "stalled": lambda: rules.stalled(LIMIT, except_stages=["交付执行"], after=after, limit=100),
            "in_sample_test": lambda: rules.in_sample_test(LIMIT, stage="样品测试", after=after, limit=100),
            "contacted": lambda: rules.silent(LIMIT, rule="silence", contacted=True, after=after, limit=100),
            "never": lambda: rules.silent(LIMIT, rule="silence", contacted=False, after=after, limit=100),
            "overdue": lambda: rules.overdue(today, after=None, limit=100),
            "owing": lambda: rules.owing_and_silent(due_before=today, silent_before=LIMIT, after=0, limit=100),
            "found": lambda: rules.found("silence", since=LIMIT, until=NOON),
            "undecided": lambda: rules.undecided("downgrade", 1),
            "weeks": lambda: rules.weeks(today, today),
        }
        plan = await explained(work, searches[name])

    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN") for step in plan), plan


async def explained(work: Work, search: Any) -> list[str]:
    """How SQLite goes about the statement that the search runs."""
    connection = (await work.session.connection()).sync_connection
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        statements.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    await search()
    event.remove(connection, "before_cursor_execute", note)
    [(statement, parameters)] = statements
    driver = (await (await work.session.connection()).get_raw_connection()).driver_connection
    assert driver is not None
    cursor = await driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [str(row[3]) for row in await cursor.fetchall()]


async def test_a_moment_is_the_same_after_it_was_stored(any_database: Database) -> None:
    """A finding is told from the next one by it."""
    odd = LONG_AGO.replace(microsecond=678901)
    async with any_database.work() as work:
        owner = await rep(work)
        one = await customer(work, "甲", owner, last_contact_at=odd)
    async with any_database.work() as work:
        [found] = await work.rules.silent(NOON, rule="silence", contacted=True, after=None, limit=10)
        assert found == Candidate(one.customer_id, odd)
        await work.rules.find("silence", f"customer:{one.customer_id}", "1", member_id=owner, since=found.since)
    async with any_database.work() as work:
        assert await work.rules.silent(NOON, rule="silence", contacted=True, after=None, limit=10) == []
