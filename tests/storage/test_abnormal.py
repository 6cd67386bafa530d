"""What is looked at to tell what is abnormal: bounded, by an index, and of whom it was asked alone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.abnormal import Abnormal
from storage.database import Database
from storage.deal_models import SigningDate, StageChange
from storage.work import Work
from tests.fakes import NOON
from tests.storage.test_rules import explained

TODAY = NOON.date()
SINCE = TODAY - timedelta(days=30)
LONG_AGO = NOON - timedelta(days=90)

Search = Callable[[Abnormal], Awaitable[Any]]
SEARCHES: dict[str, tuple[Search, tuple[str, ...]]] = {
    "visits": (lambda one: one.visits([1, 2], since=SINCE, until=TODAY, limit=10), ("ix_visits_member",)),
    "values": (lambda one: one.values([1, 2], kinds=["step", "contact"]), ("ix_visit_fields_visit",)),
    "pieces": (lambda one: one.pieces([1, 2]), ("ix_evidence_visit_id",)),
    "filed by hand": (lambda one: one.filed_by_hand([1, 2], since=LONG_AGO), ("ix_evidence_member",)),
    "deals": (lambda one: one.deals([1, 2]), ("INTEGER PRIMARY KEY",)),
    # by the customers' owner, or by the partial index, as the tables' sizes have it
    "waiting": (
        lambda one: one.waiting([1, 2], before=LONG_AGO, limit=10),
        ("uq_stage_changes_proposed", "ix_stage_changes_opportunity"),
    ),
    "frozen": (
        lambda one: one.frozen([1, 2], limit=10),
        ("ix_opportunities_frozen", "ix_opportunities_customer"),
    ),
    "overdue": (
        lambda one: one.overdue([1, 2], today=TODAY, limit=10),
        ("ix_opportunities_expected", "ix_opportunities_customer"),
    ),
    "words of days": (lambda one: one.words_of_days([1, 2]), ("ix_signing_dates_opportunity",)),
    "people": (lambda one: one.people(after=0, limit=10), ("INTEGER PRIMARY KEY",)),
}


@pytest.mark.parametrize("name", sorted(SEARCHES))
async def test_every_search_goes_by_an_index(database: Database, name: str) -> None:
    search, indexes = SEARCHES[name]
    async with database.work() as work:
        plan = await explained(work, lambda: search(work.abnormal))

    assert any(index in step for index in indexes for step in plan), plan
    assert not any(step.startswith("SCAN") for step in plan), plan


async def confirmed(work: Work, member_id: int, days_ago: int, *, state: str = "confirmed") -> int:
    visit = await work.visits.begin(
        member_id, "wecom", visited_on=TODAY - timedelta(days=days_ago), sent_at=NOON - timedelta(days=days_ago)
    )
    visit.state = state  # type: ignore[assignment]  # one of the states
    await work.session.flush()
    return visit.visit_id


async def test_the_latest_confirmed_visits_of_these_people_and_days(any_database: Database) -> None:
    async with any_database.work() as work:
        people = [(await work.members.add(name)).member_id for name in ("甲", "乙", "丙")]
        expected = [await confirmed(work, people[0], 2), await confirmed(work, people[1], 5)]
        await confirmed(work, people[0], 31)
        await confirmed(work, people[0], 1, state="draft")
        await confirmed(work, people[2], 1)

        found = await work.abnormal.visits(people[:2], since=SINCE, until=TODAY, limit=10)
        latest = await work.abnormal.visits(people[:2], since=SINCE, until=TODAY, limit=1)
        nobody = await work.abnormal.visits([], since=SINCE, until=TODAY, limit=10)

    assert [visit.visit_id for visit in found] == expected
    assert [visit.visit_id for visit in latest] == expected[:1]
    assert nobody == []


async def test_more_people_than_a_statement_names(any_database: Database) -> None:
    async with any_database.work() as work:
        first = (await work.members.add("甲")).member_id
        await confirmed(work, first, 2)

        found = await work.abnormal.visits(range(first, first + 40_000), since=SINCE, until=TODAY, limit=10)

    assert len(found) == 1


async def test_deals_that_something_holds_up_are_those_of_the_owners_customers(any_database: Database) -> None:
    async with any_database.work() as work:
        mine, other = [(await work.members.add(name)).member_id for name in ("甲", "乙")]
        for owner, name in ((mine, "恒力"), (other, "恒丽")):
            customer = await work.customers.add(name, owner_id=owner)
            for what in ("waits", "frozen", "late", "ended"):
                deal = await work.opportunities.add(customer.customer_id, name=what)
                deal.expected_on = TODAY - timedelta(days=1) if what != "waits" else None
                deal.frozen_since = LONG_AGO if what == "frozen" else None
                deal.state = "won" if what == "ended" else "open"
                number = deal.opportunity_id
                await work.opportunities.add_change(
                    StageChange(
                        opportunity_id=number,
                        cause=f"c{number}",
                        to_stage="报价审批",
                        state="proposed" if what in ("waits", "ended") else "dropped",
                        waived=[],
                        created_at=LONG_AGO,
                    )
                )
                for state in ("applied", "frozen") if what == "frozen" else ("applied",):
                    await work.opportunities.add_signing(
                        SigningDate(
                            opportunity_id=number,
                            cause=f"s{number}{state}",
                            expected_on=TODAY - timedelta(days=1),
                            state=state,
                            words=f"{what} {state}",
                            created_at=LONG_AGO,
                        )
                    )

        waiting = await work.abnormal.waiting([mine], before=NOON, limit=10)
        early = await work.abnormal.waiting([mine], before=LONG_AGO, limit=10)
        frozen = await work.abnormal.frozen([mine], limit=10)
        late = await work.abnormal.overdue([mine], today=TODAY, limit=10)
        words = await work.abnormal.words_of_days([deal.opportunity_id for deal, _ in late])

    assert [(deal.name, customer.name) for _, deal, customer in waiting] == [("waits", "恒力")]
    assert early == []
    assert [(signing.words, customer.name) for signing, _, customer in frozen] == [("frozen frozen", "恒力")]
    assert [(deal.name, customer.name) for deal, customer in late] == [("late", "恒力")]
    assert list(words.values()) == ["late applied"]
