"""People, customers, visits and what follows from them, on either database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.visits import FieldValue, Source
from storage.work import Work
from tests.fakes import NOON, FakeClock

WINDOW = timedelta(minutes=10)


async def rep(work: Work, name: str = "李晓彤", *, manager_id: int | None = None) -> int:
    return (await work.members.add(name, ["sales"], manager_id=manager_id)).member_id


async def test_a_member_is_found_by_any_of_their_accounts(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        await work.members.link(member_id, "wecom", "lixiaotong")
        await work.members.link(member_id, "dingtalk", "ding-1")
    async with any_database.reading() as work:
        for platform, user_id in (("wecom", "lixiaotong"), ("dingtalk", "ding-1")):
            member = await work.members.by_identity(platform, user_id)
            assert member is not None
            assert member.member_id == member_id
        assert await work.members.by_identity("wecom", "ding-1") is None
        everywhere, nowhere = ("dingtalk", "wecom"), ("playground",)
        preferred = await work.members.address(member_id, served=everywhere, prefer="wecom")
        assert preferred is not None
        assert preferred.lane == "wecom:lixiaotong"
        only = await work.members.address(member_id, served=("dingtalk",), prefer="wecom")
        assert only is not None
        assert only.lane == "dingtalk:ding-1"
        assert await work.members.address(member_id, served=nowhere) is None
        shy = await work.members.address(member_id, served=everywhere, prefer="wecom", last=("wecom",))
        assert shy is not None
        assert shy.platform != "wecom"


async def test_the_next_active_person_up_the_line_is_the_manager_even_in_a_circle(any_database: Database) -> None:
    async with any_database.work() as work:
        director = await work.members.add("周敏", ["director"])
        manager = await work.members.add("陈志远", ["manager"], manager_id=director.member_id)
        member = await work.members.add("李晓彤", ["sales"], manager_id=manager.member_id)
        found = await work.members.manager_of(member)
        assert found is manager
        manager.active = False
        found = await work.members.manager_of(member)
        assert found is director
        director.active = False
        director.manager_id = member.member_id
        assert await work.members.manager_of(member) is None


async def test_customers_know_their_aliases_and_contacts(any_database: Database) -> None:
    async with any_database.work() as work:
        customer = await work.customers.add("宁波恒力阀门有限公司", aliases=["恒力", "恒力", "宁波恒力阀门有限公司"])
        await work.customers.remember_contact(customer.customer_id, "王建国", title="经理")
        await work.customers.remember_contact(customer.customer_id, "王建国", department="采购部")
    async with any_database.reading() as work:
        found = await work.customers.by_name("宁波恒力阀门有限公司")
        assert found is not None
        assert [row.alias for row in found.aliases] == ["恒力"]
        [contact] = found.contacts
        assert (contact.name, contact.title, contact.department) == ("王建国", "经理", "采购部")


async def test_the_likeliest_customers_are_those_visited_last_and_then_ones_own(
    any_database: Database, clock: FakeClock
) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        names = ["甲", "乙", "丙", "丁"]
        ids = [
            (await work.customers.add(name, owner_id=member_id if name in "甲乙" else None)).customer_id
            for name in names
        ]
        for minutes, customer_id in ((1, ids[2]), (2, ids[1])):
            visit = await work.visits.begin(
                member_id, "wecom", visited_on=date(2026, 3, 2), sent_at=clock.now() + timedelta(minutes=minutes)
            )
            visit.customer_id = customer_id
        await work.session.flush()
        assert [customer.name for customer in await work.customers.nearest_to(member_id, 12)] == ["乙", "丙", "甲"]
        assert [customer.name for customer in await work.customers.nearest_to(member_id, 1)] == ["乙"]


@pytest.mark.parametrize(
    ("minutes", "joins"), [(0, True), (10, True), (11, False), (-10, True), (-11, False)], ids=lambda value: str(value)
)
async def test_a_message_joins_the_draft_within_the_window_on_either_side(
    any_database: Database, minutes: int, joins: bool
) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        visit = await work.visits.begin(member_id, "wecom", visited_on=NOON.date(), sent_at=NOON)
        found = await work.visits.open_draft(member_id, NOON + timedelta(minutes=minutes), window=WINDOW)
        assert (found is visit) == joins
        visit.state = "confirmed"
        await work.session.flush()
        assert await work.visits.open_draft(member_id, NOON, window=WINDOW) is None


async def test_values_keep_their_words_and_every_version_can_be_told(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        visit = await work.visits.begin(member_id, "wecom", visited_on=NOON.date(), sent_at=NOON)
        note = await work.visits.keep_evidence("wecom:1", member_id, "voice", sent_at=NOON, text="预算八十五万")
        source = Source(note.evidence_id, 2, 6, "八十五万", at_s=1.5)
        first = [FieldValue("amount", {"low_fen": 85_000_000}, source), FieldValue("stage", {"name": "报价"}, source)]
        second = [FieldValue("amount", {"low_fen": 90_000_000}, source)]
        await work.visits.replace_fields(visit, first)
        await work.visits.replace_fields(visit, second)
    async with any_database.reading() as work:
        visit = await work.visits.get(visit.visit_id)
        assert visit.version == 2
        assert await work.visits.fields(visit) == second
        assert await work.visits.fields(visit, version=1) == first
        assert await work.visits.fields(visit, version=0) == []


async def test_the_same_event_is_kept_once(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        first = await work.visits.keep_evidence("wecom:1", member_id, "image", sent_at=NOON, sha256="a" * 64)
        again = await work.visits.keep_evidence("wecom:1", member_id, "image", sent_at=NOON, sha256="a" * 64)
        assert again is first


async def test_only_what_was_sent_around_a_note_and_belongs_nowhere_is_loose(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        for minutes in (-30, -5, 5):
            await work.visits.keep_evidence(
                f"e:{minutes}", member_id, "image", sent_at=NOON + timedelta(minutes=minutes)
            )
        taken = await work.visits.keep_evidence("e:taken", member_id, "image", sent_at=NOON)
        taken.visit_id = (await work.visits.begin(member_id, "wecom", visited_on=NOON.date(), sent_at=NOON)).visit_id
        await work.session.flush()
        loose = await work.visits.loose_evidence(member_id, ("image",), since=NOON - WINDOW, until=NOON + WINDOW)
        assert [evidence.event_key for evidence in loose] == ["e:-5", "e:5"]


async def test_a_visit_has_one_to_do_at_each_place(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        visit = await work.visits.begin(member_id, "wecom", visited_on=NOON.date(), sent_at=NOON)
        await work.todos.add(visit, 0, party="us", action="寄样品", due_on=None)
    with pytest.raises(IntegrityError):
        async with any_database.work() as work:
            await work.todos.add(await work.visits.get(visit.visit_id), 0, party="us", action="寄样品", due_on=None)


async def test_the_most_pressing_to_dos_come_first_and_those_without_a_date_last(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        visit = await work.visits.begin(member_id, "wecom", visited_on=NOON.date(), sent_at=NOON)
        for position, (action, due_on) in enumerate([("乙", None), ("丙", date(2026, 3, 9)), ("甲", date(2026, 3, 3))]):
            await work.todos.add(visit, position, party="us", action=action, due_on=due_on)
        done = await work.todos.add(visit, 9, party="us", action="丁", due_on=None)
        work.todos.close(done, "done")
        await work.session.flush()
        assert [todo.action for todo in await work.todos.open_of(member_id)] == ["甲", "丙", "乙"]


async def test_a_cards_reference_is_given_out_once(any_database: Database) -> None:
    async with any_database.work() as work:
        await work.cards.add(
            "draft-1-a", platform="wecom", user_id="u", kind="draft", choices=[], life=timedelta(hours=1)
        )
        await work.cards.sent("draft-1-a", response_ref="code")
    async with any_database.work() as work:
        assert await work.cards.take_response_ref("draft-1-a") == "code"
        assert await work.cards.take_response_ref("draft-1-a") is None
        assert await work.cards.take_response_ref("unknown") is None


async def test_a_number_answers_the_newest_open_card_that_went_out_as_text(
    any_database: Database, clock: FakeClock
) -> None:
    for card_id in ("draft-1-a", "todo-2-b", "risk-3-c"):
        async with any_database.work() as work:
            await work.cards.add(card_id, platform="wecom", user_id="u", kind="k", choices=[], life=timedelta(hours=1))
            await work.cards.sent(card_id, response_ref=None, as_text=card_id != "risk-3-c")
        clock.advance(timedelta(seconds=1))
    async with any_database.work() as work:
        newest = await work.cards.latest_as_text("wecom", "u")
        assert newest is not None
        assert newest.card_id == "todo-2-b"
        work.cards.close(newest, "已完成")
        await work.session.flush()
        left = await work.cards.latest_as_text("wecom", "u")
        assert left is not None
        assert left.card_id == "draft-1-a"
        assert await work.cards.latest_as_text("wecom", "somebody else") is None
    clock.advance(timedelta(hours=2))
    async with any_database.reading() as work:
        assert await work.cards.latest_as_text("wecom", "u") is None


async def test_moments_come_back_in_utc_whatever_zone_they_were_given_in(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        sent_at = datetime.fromisoformat("2026-03-02T23:30:00+08:00")
        visit = await work.visits.begin(member_id, "wecom", visited_on=date(2026, 3, 2), sent_at=sent_at)
    async with any_database.reading() as work:
        read = await work.visits.get(visit.visit_id)
        assert read.first_sent_at == sent_at
        assert read.first_sent_at.tzinfo is UTC
        assert read.visited_on == date(2026, 3, 2)


async def test_the_audit_log_tells_what_was_before_and_after(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id = await rep(work)
        work.audit.note(
            "todo.done",
            "todo:7",
            member_id=member_id,
            source="wecom:1",
            before={"state": "open"},
            after={"state": "done"},
        )
    async with any_database.reading() as work:
        [entry] = await work.audit.of("todo:7")
        assert (entry.before, entry.after, entry.source) == ({"state": "open"}, {"state": "done"}, "wecom:1")


@pytest.mark.parametrize("said_last", ["member", "double"])
async def test_of_two_plans_for_one_week_the_one_said_last_is_left_when_two_are_one_person(
    any_database: Database, clock: FakeClock, said_last: str
) -> None:
    monday = date(2026, 3, 2)
    async with any_database.work() as work:
        ids = {"member": await rep(work), "double": await rep(work, "lixiaotong")}
        await work.rules.set_plan(ids["double"], monday + timedelta(days=7), 4, source="next week")
    for visits, name in enumerate(sorted(ids, key=lambda name: name == said_last), start=8):
        clock.advance(timedelta(minutes=1))
        async with any_database.work() as work:
            await work.rules.set_plan(ids[name], monday, visits, source=name)

    async with any_database.work() as work:
        members = [await work.members.get(ids[name]) for name in ("member", "double")]
        await work.members.absorb(*members)

    async with any_database.reading() as work:
        plans = [await work.rules.plan(ids["member"], day) for day in (monday, monday + timedelta(days=7))]
        assert [plan and (plan.visits, plan.source) for plan in plans] == [(9, said_last), (4, "next week")]
        assert await work.rules.plan(ids["double"], monday) is None


async def test_what_two_teams_made_of_a_wording_is_counted_together_when_their_managers_are_one_person(
    any_database: Database,
) -> None:
    async with any_database.work() as work:
        managers = [await work.members.get(await rep(work, name)) for name in ("陈志远", "chenzhiyuan")]
        for manager in managers:
            await work.escalations.count_wording(manager.member_id, "审批", "领导还没批", confirmed=1, false_alarms=2)
        await work.members.absorb(*managers)

    async with any_database.reading() as work:
        kept = await work.escalations.wording(managers[0].member_id, "审批", "领导还没批")
        assert kept is not None
        assert (kept.confirmed, kept.false_alarms) == (2, 4)


async def test_the_customers_that_a_text_names_are_found_by_name_and_alias(any_database: Database) -> None:
    async with any_database.work() as work:
        for name, aliases in (
            ("宁波恒力阀门有限公司", ["恒力"]),
            ("百分百%商贸", []),
            ("%", []),
            ("华东仪表", ["华仪"]),
        ):
            await work.customers.add(name, aliases=aliases)

    async with any_database.reading() as work:
        for text, names in (
            ("下周给恒力寄样品", ["宁波恒力阀门有限公司"]),
            ("华仪和华东仪表都去", ["华东仪表"]),
            ("谁也没说", []),
            ("折扣 5%", ["%"]),
        ):
            assert [customer.name for customer in await work.customers.named_in(text)] == names
