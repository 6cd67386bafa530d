"""Writing imported people and customers, on either database."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot.enrolment import Outcome, store_customers, store_members
from bot.roster import FaultyFile, MemberRow, read_customers, read_members
from handlers.context import Context
from handlers.messages import PlatformName, Sender
from handlers.people import known
from storage.database import Database
from storage.deal_models import Opportunity, StageChange
from storage.models import Member
from storage.work import Work

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


async def wrote(work: Work, platform: PlatformName, user_id: str) -> Member:
    """Somebody who was on no list, as `known` takes them in."""
    context = SimpleNamespace(settings=SimpleNamespace(auto_register=True))
    return await known(cast("Context", context), work, Sender(platform=platform, user_id=user_id))


async def test_who_wrote_on_two_platforms_before_being_imported_becomes_one_person(any_database: Database) -> None:
    async with any_database.work() as work:
        await wrote(work, "wecom", "lxt")
        await wrote(work, "dingtalk", "d-lxt")
        member = await wrote(work, "wecom_bot", "b-lxt")
        customer = await work.customers.add("宁波恒力阀门有限公司")
        customer.owner_id = member.member_id
    row = MemberRow(2, "李晓彤", accounts={"wecom": "lxt", "dingtalk": "d-lxt", "wecom_bot": "b-lxt"})

    for outcome in (Outcome(changed=1), Outcome(unchanged=1)):
        async with any_database.work() as work:
            assert await store_members(work, [row], source="test") == outcome

    async with any_database.reading() as work:
        [member] = await work.members.with_role("sales")
        assert member.name == "李晓彤"
        assert {(one.platform, one.user_id) for one in await work.members.addresses(member.member_id)} == {
            ("wecom", "lxt"),
            ("dingtalk", "d-lxt"),
            ("wecom_bot", "b-lxt"),
        }
        [customer] = await work.customers.all()
        assert customer.owner_id == member.member_id


async def test_an_imported_member_takes_in_the_stranger_who_turns_out_to_be_the_same(any_database: Database) -> None:
    async with any_database.work() as work:
        await store_members(work, [MemberRow(2, "李晓彤", accounts={"dingtalk": "d-lxt"})], source="test")
        await wrote(work, "wecom", "lxt")
    row = MemberRow(2, "李晓彤", accounts={"wecom": "lxt", "dingtalk": "d-lxt"})

    async with any_database.work() as work:
        assert await store_members(work, [row], source="test") == Outcome(changed=1)

    async with any_database.reading() as work:
        assert [member.name for member in await work.members.all() if member.active] == ["李晓彤"]


async def test_two_people_of_the_list_are_never_joined(any_database: Database) -> None:
    people = [MemberRow(2, "李晓彤", accounts={"wecom": "lxt"}), MemberRow(3, "王伟", accounts={"dingtalk": "d-ww"})]
    async with any_database.work() as work:
        await store_members(work, people, source="test")

    mixed = MemberRow(2, "李晓彤", accounts={"wecom": "lxt", "dingtalk": "d-ww"})
    with pytest.raises(FaultyFile, match="属于不同的人"):
        async with any_database.work() as work:
            await store_members(work, [mixed], source="test")

    async with any_database.reading() as work:
        assert len(await work.members.with_role("sales")) == 2


@pytest.mark.parametrize("known", [False, True], ids=["in the file", "in the database"])
async def test_an_account_name_that_is_two_people_on_two_platforms_names_no_manager(
    any_database: Database, known: bool
) -> None:
    namesakes = [
        MemberRow(2, "陈志远", roles=("manager",), accounts={"wecom": "chen"}),
        MemberRow(3, "陈明", roles=("manager",), accounts={"dingtalk": "chen"}),
    ]
    seller = MemberRow(4, "李晓彤", manager="chen")
    if known:
        async with any_database.work() as work:
            await store_members(work, namesakes, source="test")

    with pytest.raises(FaultyFile, match="不同的人，请改填姓名"):
        async with any_database.work() as work:
            await store_members(work, [seller] if known else [*namesakes, seller], source="test")


# The stages of a list that is imported again


STAGED = "名称,负责人,阶段\n宁波恒力阀门有限公司,李晓彤,{stage}\n"


async def imported(work: Work, stage: str) -> Outcome:
    rows = read_customers(STAGED.format(stage=stage).encode()).rows
    return await store_customers(work, rows, source=f"list:{stage}:{work.now.isoformat()}")


async def the_deal(work: Work) -> Opportunity:
    customer = await work.customers.by_name("宁波恒力阀门有限公司")
    assert customer is not None
    [deal] = await work.opportunities.all_of(customer.customer_id)
    return deal


async def test_as_long_as_only_files_tell_of_a_deal_the_latest_one_is_right(any_database: Database) -> None:
    async with any_database.work() as work:
        await store_members(work, [MemberRow(2, "李晓彤")], source="test")
        assert await imported(work, "需求确认") == Outcome(added=1)
        assert await imported(work, "方案设计") == Outcome(changed=1)
        assert (await the_deal(work)).stage == "方案设计"


async def test_a_list_that_is_imported_again_does_not_take_back_what_people_said_of_a_deal(
    any_database: Database,
) -> None:
    async with any_database.work() as work:
        rep = await work.members.add("李晓彤", ["sales"])
        await imported(work, "需求确认")
        deal = await the_deal(work)
        await work.opportunities.add_change(
            StageChange(
                opportunity_id=deal.opportunity_id,
                cause="said",
                from_stage=deal.stage,
                to_stage="方案设计",
                state="applied",
                member_id=rep.member_id,
                waived=[],
                created_at=work.now,
                decided_at=work.now,
            )
        )
        deal.stage = "方案设计"
        work.customers.set_stage(await work.customers.get(deal.customer_id), "方案设计", since=work.now)

        assert await imported(work, "需求确认") == Outcome(unchanged=1, stages_kept=1)
        assert (await the_deal(work)).stage == "方案设计"


async def test_a_list_that_is_imported_again_gives_nobody_back_who_was_handed_over(any_database: Database) -> None:
    async with any_database.work() as work:
        await store_members(work, [MemberRow(2, "李晓彤"), MemberRow(3, "赵一鸣")], source="test")
        await imported(work, "需求确认")
        [other] = await work.members.named("赵一鸣")
        customer = await work.customers.by_name("宁波恒力阀门有限公司")
        assert customer is not None
        customer.owner_id = other.member_id

        assert await imported(work, "需求确认") == Outcome(unchanged=1, owners_kept=1)
        assert customer.owner_id == other.member_id


async def test_another_owner_than_the_list_named_before_is_news(any_database: Database) -> None:
    async with any_database.work() as work:
        await store_members(work, [MemberRow(2, "李晓彤"), MemberRow(3, "赵一鸣")], source="test")
        await imported(work, "需求确认")
        [other] = await work.members.named("赵一鸣")
        rows = read_customers(STAGED.format(stage="需求确认").replace("李晓彤", "赵一鸣").encode()).rows

        assert await store_customers(work, rows, source="second list") == Outcome(changed=1)
        customer = await work.customers.by_name("宁波恒力阀门有限公司")
        assert customer is not None
        assert customer.owner_id == other.member_id


async def test_a_list_that_is_imported_again_begins_no_deal_anew_that_has_ended(any_database: Database) -> None:
    async with any_database.work() as work:
        await store_members(work, [MemberRow(2, "李晓彤")], source="test")
        await imported(work, "需求确认")
        deal = await the_deal(work)
        deal.state = "lost"
        work.customers.set_stage(await work.customers.get(deal.customer_id), None, since=None)

        assert await imported(work, "需求确认") == Outcome(unchanged=1, stages_kept=1)
        assert (await the_deal(work)).state == "lost"
