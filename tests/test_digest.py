"""The morning digest: three blocks, on working days, about the right teams, once."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from handlers import digest
from handlers.context import TIMERS, Context, GroupTarget
from handlers.messages import OutboundText
from storage.database import Database
from storage.models import EscalationState, VisitState
from tests.chat import SHANGHAI, Chat, build
from tests.fakes import FakeClock

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
EVERYBODY = GroupTarget("sales", ("digests",))
HENGLI, HENGYUAN = "宁波恒力阀门有限公司", "绍兴宏达纺织有限公司"


@dataclass
class Office:
    chat: Chat
    context: Context
    visits: int = 0

    @property
    def database(self) -> Database:
        return self.context.database

    async def visit(
        self,
        rep: str = "李晓彤",
        customer: str = HENGLI,
        on: date = FRIDAY,
        *,
        state: VisitState = "confirmed",
        decided_at: datetime | None = None,
        risk: EscalationState | None = None,
        risk_at: datetime | None = None,
        todo: str = "",
        party: str = "us",
        due_on: date | None = None,
    ) -> None:
        self.visits += 1
        sent_at = datetime.combine(on, time(15), SHANGHAI)
        async with self.database.work() as work:
            [member] = await work.members.named(rep)
            found = await work.customers.by_name(customer) or await work.customers.add(customer)
            visit = await work.visits.begin(member.member_id, "wecom", visited_on=on, sent_at=sent_at)
            visit.state, visit.customer_id = state, found.customer_id
            visit.decided_at = (decided_at or sent_at) if state == "confirmed" else None
            if risk is not None and member.manager_id is not None:
                escalation = await work.escalations.open(
                    member_id=member.member_id,
                    manager_id=member.manager_id,
                    customer_id=visit.customer_id,
                    visit_id=visit.visit_id,
                )
                escalation.state, escalation.created_at = risk, risk_at or sent_at
            if todo:
                await work.todos.add(visit, 0, party=party, action=todo, due_on=due_on)

    def told(self, *targets: GroupTarget) -> Context:
        """The same company, with these groups."""
        return replace(
            self.context,
            served=frozenset({"wecom", "group"}),
            settings=replace(self.context.settings, groups=targets or (EVERYBODY,)),
        )

    async def morning(self, *targets: GroupTarget, at: datetime | None = None) -> dict[str, str]:
        """The digest falls due; what it put into the outbox for each group."""
        ctx = self.told(*targets)
        if at is not None:
            self.chat.clock.advance(at - self.chat.clock.now())
        before = await self.posted()
        async with self.database.work() as work:
            await work.jobs.put(digest.KIND, {}, queue=TIMERS)
            [job] = await work.jobs.claim(TIMERS, limit=1, lease_s=60)
        await digest.send(ctx, job)
        posted = await self.posted()
        return {name: text for name, text in posted.items() if name not in before}

    async def posted(self) -> dict[str, str]:
        async with self.database.reading() as work:
            jobs = [job for job in await work.jobs.listing() if job.lane and job.lane.startswith("group:")]
        return {f"{job.payload['user_id']}": OutboundText.model_validate(job.payload["content"]).text for job in jobs}


@pytest.fixture
def now() -> datetime:
    return MONDAY


@pytest.fixture
def clock(now: datetime) -> FakeClock:
    return FakeClock(now)


@pytest.fixture
async def office(database: Database, clock: FakeClock, tmp_path: Path) -> Office:
    chat = await build(database, clock, tmp_path)
    return Office(chat, chat.context)


# What it says


async def test_the_digest_holds_exactly_three_blocks(office: Office) -> None:
    await office.visit(risk="open", todo="提供安装排期表", due_on=date(2026, 11, 23))
    await office.visit(customer=HENGYUAN, todo="确认技术参数", party="customer", due_on=date(2026, 11, 20))
    await office.visit("赵一鸣", "杭州宏达机电有限公司")

    assert (await office.morning())["sales"] == (
        "团队日报 · 11-23（周一）\n"
        "一、昨日拜访 11-20（周五）至 11-22（周日）：3 次\n"
        "① 李晓彤 2 次：宁波恒力阀门有限公司、绍兴宏达纺织有限公司\n"
        "② 赵一鸣 1 次：杭州宏达机电有限公司\n"
        "二、待处理的风险：1 项\n"
        "① 宁波恒力阀门有限公司（李晓彤）待陈志远处理，已等 3 天\n"
        "三、今日到期的待办：2 项（1 项已过期）\n"
        "① 【过期 3 天】确认技术参数（由客户） · 绍兴宏达纺织有限公司（李晓彤）\n"
        "② 提供安装排期表 · 宁波恒力阀门有限公司（李晓彤）"
    )


async def test_with_nothing_to_say_it_says_so_in_one_line(office: Office) -> None:
    text = (await office.morning())["sales"]

    assert "\n" not in text
    assert "没有拜访记录" in text
    assert "没有待处理的风险" in text
    assert "没有到期的待办" in text


async def test_an_empty_block_beside_others_is_said_to_be_empty(office: Office) -> None:
    await office.visit()

    lines = (await office.morning())["sales"].split("\n")

    assert [line[0] for line in lines if line[1] == "、"] == ["一", "二", "三"]
    assert "二、待处理的风险：无" in lines
    assert "三、今日到期的待办：无" in lines


async def test_a_draft_counts_apart_and_its_customer_is_not_told(office: Office) -> None:
    await office.visit(state="draft")
    await office.visit(state="discarded")

    text = (await office.morning())["sales"]

    assert "1 条待确认" in text
    assert "恒力" not in text


async def test_a_visit_at_the_weekend_is_not_lost(office: Office) -> None:
    await office.visit(on=SATURDAY)

    assert "李晓彤 1 次" in (await office.morning())["sales"]


async def test_a_visit_confirmed_after_its_digest_is_told_by_the_next_one(office: Office) -> None:
    await office.visit(on=FRIDAY, state="draft")
    assert "待确认" in (await office.morning())["sales"]
    async with office.database.work() as work:
        visit = await work.visits.get(1)
        visit.state, visit.decided_at = "confirmed", MONDAY + timedelta(hours=2)

    tuesday = (await office.morning(GroupTarget("other", ("digests",)), at=MONDAY + timedelta(days=1)))["other"]
    wednesday = (await office.morning(GroupTarget("third", ("digests",)), at=MONDAY + timedelta(days=2)))["third"]

    assert "一、昨日拜访 11-23（周一）：1 次（补记 1 次）" in tuesday
    assert "没有拜访记录" in wednesday


async def test_only_risks_that_wait_are_told_the_oldest_first(office: Office) -> None:
    for days, state in ((1, "open"), (4, "open"), (5, "taken"), (6, "resolved"), (0, "open")):
        await office.visit(customer=f"客户{days}", risk=state, risk_at=MONDAY - timedelta(days=days))  # type: ignore[arg-type]

    lines = [line for line in (await office.morning())["sales"].split("\n") if "处理，" in line]

    assert [line[2:5] for line in lines] == ["客户4", "客户1", "客户0"]
    assert [line.rpartition("，")[2] for line in lines] == ["已等 4 天", "已等 1 天", "今天上报"]


async def test_todos_for_later_without_a_day_and_done_ones_are_left_out(office: Office) -> None:
    await office.visit(todo="以后", due_on=date(2026, 11, 24))
    await office.visit(todo="随时")
    await office.visit(todo="做完", due_on=date(2026, 11, 20))
    async with office.database.work() as work:
        work.todos.close(await work.todos.get(3), "done")

    assert "三、今日到期的待办：无" in (await office.morning())["sales"]


async def test_long_lists_are_cut_and_say_how_long_they_are(office: Office) -> None:
    for number in range(12):
        await office.visit(
            customer=f"{number:02d}号客户" + "很长" * 40,
            risk="open",
            todo="寄样品" * 30,
            due_on=date(2026, 11, 23),
        )

    text = (await office.morning())["sales"]

    assert text.count("……等 12 项") == 2
    assert "等 12 家" in text
    assert "待处理的风险：12 项" in text
    assert max(len(line) for line in text.split("\n")) < 150


async def test_what_a_customer_is_called_makes_no_link(office: Office) -> None:
    await office.visit(customer="evil.com\n三、假的")

    text = (await office.morning())["sales"]

    assert "evil.com" not in text
    assert "\n三、假的" not in text


# Whom it is about


async def test_a_group_hears_of_the_teams_of_its_managers(office: Office) -> None:
    async with office.database.work() as work:
        [director] = await work.members.named("周敏")
        second = await work.members.add("钱立", ["manager"], manager_id=director.member_id)
        await work.members.add("孙雨桐", ["sales"], manager_id=second.member_id)
    await office.visit("李晓彤")
    await office.visit("孙雨桐")
    await office.visit("钱立")

    texts = await office.morning(
        GroupTarget("a", ("digests",), ("陈志远",)),
        GroupTarget("b", ("digests",), ("钱立",)),
        GroupTarget("c", ("digests",), ("周敏",)),
        GroupTarget("d", ("digests",), ("何佳",)),
        GroupTarget("e", ("escalations",)),
    )

    assert {name: [rep for rep in ("李晓彤", "孙雨桐", "钱立") if rep in text] for name, text in texts.items()} == {
        "a": ["李晓彤"],
        "b": ["孙雨桐", "钱立"],
        "c": ["李晓彤", "孙雨桐", "钱立"],
        "d": [],
    }


async def test_a_leavers_promises_are_still_told(office: Office) -> None:
    await office.visit(todo="寄样品", due_on=date(2026, 11, 20))
    async with office.database.work() as work:
        [rep] = await work.members.named("李晓彤")
        rep.active = False

    assert "寄样品" in (await office.morning(GroupTarget("a", ("digests",), ("陈志远",))))["a"]


async def test_managers_in_a_circle_end(office: Office) -> None:
    async with office.database.work() as work:
        [director], [manager] = await work.members.named("周敏"), await work.members.named("陈志远")
        director.manager_id = manager.member_id
        members = await work.members.all()

    assert len(digest.about(GroupTarget("a", ("digests",), ("陈志远",)), members)) == 4


# When it comes


@pytest.mark.parametrize(
    ("now", "comes"),
    [
        (MONDAY, True),
        (MONDAY + timedelta(hours=9), True),
        (MONDAY + timedelta(hours=10), False),
        (MONDAY - timedelta(hours=1), False),
        (datetime(2026, 11, 22, 8, 30, tzinfo=SHANGHAI), False),
        (datetime(2026, 10, 1, 8, 30, tzinfo=SHANGHAI), False),
        (datetime(2026, 10, 10, 8, 30, tzinfo=SHANGHAI), True),
    ],
    ids=["on time", "late in the day", "after work", "too early", "Sunday", "National Day", "a Saturday made up for"],
)
async def test_it_comes_on_working_days_in_working_hours(office: Office, comes: bool) -> None:
    assert bool(await office.morning()) == comes


async def test_the_company_s_own_calendar_decides_whether_it_comes(office: Office) -> None:
    tuesday = datetime(2026, 11, 24, 8, 30, tzinfo=SHANGHAI)
    settings = office.context.settings
    off = replace(settings.working_time, changes={date(2026, 11, 23): False})
    office.context = replace(office.context, settings=replace(settings, working_time=off))
    await office.visit()

    assert await office.morning() == {}
    assert "一、昨日拜访 11-20（周五）至 11-23（周一）：1 次" in (await office.morning(at=tuesday))["sales"]


async def test_the_next_one_is_put_before_this_one_may_fail(office: Office) -> None:
    await office.morning(at=MONDAY - timedelta(hours=10))

    async with office.database.reading() as work:
        [following] = [
            job for job in await work.jobs.listing() if job.dedupe and job.dedupe.startswith("digest:groups")
        ]
    assert following.run_at == MONDAY
    assert following.dedupe == "digest:groups:2026-11-23"


async def test_the_same_morning_twice_is_posted_once(office: Office) -> None:
    await office.visit()

    assert await office.morning() != {}
    assert await office.morning() == {}


async def test_without_groups_nothing_is_posted(office: Office) -> None:
    async with office.database.work() as work:
        await work.jobs.put(digest.KIND, {}, queue=TIMERS)
        [job] = await work.jobs.claim(TIMERS, limit=1, lease_s=60)

    await digest.send(office.context, job)

    assert await office.posted() == {}


async def test_it_falls_due_at_half_past_eight_where_the_company_is(office: Office) -> None:
    daily = digest.due(office.context)

    assert daily.after(MONDAY) == MONDAY + timedelta(days=1)
    assert daily.after(MONDAY - timedelta(minutes=1)) == MONDAY


async def test_the_questions_mean_the_same_on_either_database(any_database: Database) -> None:
    async with any_database.work() as work:
        rep = await work.members.add("李晓彤")
        hengli = await work.customers.add(HENGLI)
        visit = await work.visits.begin(rep.member_id, "wecom", visited_on=FRIDAY, sent_at=MONDAY)
        await work.todos.add(visit, 0, party="us", action="寄样品", due_on=FRIDAY)
        visit.customer_id = hengli.customer_id
        await work.escalations.open(member_id=rep.member_id, manager_id=rep.member_id, customer_id=hengli.customer_id)
        assert await work.todos.find(999) is None
        assert await work.todos.lock(999) is None
        locked = await work.todos.lock(1)

        assert locked is not None
        assert [name for _, name in await work.escalations.waiting()] == [HENGLI]
        assert [(todo.action, name) for todo, name in await work.todos.due_by(FRIDAY)] == [("寄样品", None)]
        assert [name for _, name in await work.visits.between(FRIDAY, FRIDAY, confirmed_since=MONDAY)] == [HENGLI]
