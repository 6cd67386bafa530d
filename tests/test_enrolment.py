"""Writing imported people and customers, on either database."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.enrolment import Outcome, store_customers, store_members
from bot.roster import FaultyFile, MemberRow, read_customers, read_members
from storage.database import Database

SAMPLE = Path(__file__).parent.parent / "bot" / "playground" / "sample"


async def test_the_sample_company_is_written_once(any_database: Database) -> None:
    members = read_members((SAMPLE / "members.csv").read_bytes()).rows
    customers = read_customers((SAMPLE / "customers.csv").read_bytes()).rows
    outcomes = []

    for _ in range(2):
        async with any_database.work() as work:
            outcomes.append(await store_members(work, members, source="test"))
            outcomes.append(await store_customers(work, customers, source="test"))

    assert outcomes == [
        Outcome(added=len(members)),
        Outcome(added=len(customers)),
        Outcome(unchanged=len(members)),
        Outcome(unchanged=len(customers)),
    ]


async def test_every_sample_seller_has_a_manager_and_every_customer_an_owner(any_database: Database) -> None:
    async with any_database.work() as work:
        await store_members(work, read_members((SAMPLE / "members.csv").read_bytes()).rows, source="test")
        await store_customers(work, read_customers((SAMPLE / "customers.csv").read_bytes()).rows, source="test")

    async with any_database.reading() as work:
        sellers = await work.members.with_role("sales")
        assert all([await work.members.manager_of(seller) for seller in sellers])
        assert all(customer.owner_id for customer in await work.customers.all())


async def test_a_refused_file_leaves_nothing_behind(any_database: Database) -> None:
    rows = [MemberRow(2, "李晓彤"), MemberRow(3, "王伟", manager="没有这个人")]

    with pytest.raises(FaultyFile):
        async with any_database.work() as work:
            await store_members(work, rows, source="test")

    async with any_database.reading() as work:
        assert await work.members.with_role("sales") == []


async def test_a_changed_role_and_manager_are_told_in_the_audit_log(any_database: Database) -> None:
    rows = [MemberRow(2, "李晓彤", accounts={"wecom": "lxt"}), MemberRow(3, "陈志远", roles=("manager",))]
    promoted = [replace(rows[0], roles=("sales", "manager"), manager="陈志远"), rows[1]]
    async with any_database.work() as work:
        await store_members(work, rows, source="first.csv")
    async with any_database.work() as work:
        outcome = await store_members(work, promoted, source="second.csv")

    assert outcome == Outcome(changed=1, unchanged=1)
    async with any_database.reading() as work:
        member = await work.members.by_identity("wecom", "lxt")
        assert member is not None
        [_, entry] = await work.audit.of(f"member:{member.member_id}")
    assert entry.source == "second.csv"
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["roles"], entry.after["roles"]) == (["sales"], ["manager", "sales"])
