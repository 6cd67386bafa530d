"""今日三件事: which three, by the rule written in `handlers.morning`."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from handlers import morning, notices
from handlers.rulebook import RuleBook, SilenceRule
from handlers.working_time import WorkingTime
from storage.database import Database
from storage.models import Escalation, Member, Todo, TodoKind
from storage.work import Work
from tests.chat import MANAGER, REP, SHANGHAI, Chat, build
from tests.fakes import FakeClock

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)
TODAY = MONDAY.date()
HENGLI = "宁波恒力阀门有限公司"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(MONDAY - timedelta(days=20))


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    return await build(database, clock, tmp_path)


async def rep_of(work: Work, account: str = REP) -> Member:
    member = await work.members.by_identity("wecom", account)
    assert member is not None
    return member


async def todo(
    chat: Chat,
    action: str,
    *,
    due_on: date | None = None,
    due_at: datetime | None = None,
    kind: TodoKind = "said",
    party: str = "us",
) -> None:
    async with chat.database.work() as work:
        made = await work.todos.give(
            (await rep_of(work)).member_id,
            kind=kind,
            origin=action,
            action=action,
            customer_id=None,
            party=party,
            due_on=due_on,
            due_at=due_at,
            created_by=None,
        )
        assert made is not None


async def risk(chat: Chat, reason: str, *, manager: str = REP, assignee: str | None = None) -> None:
    async with chat.database.work() as work:
        hengli = await work.customers.by_name(HENGLI)
        assert hengli is not None
        work.session.add(
            Escalation(
                customer_id=hengli.customer_id,
                member_id=(await rep_of(work)).member_id,
                manager_id=(await rep_of(work, manager)).member_id,
                assignee_id=(await rep_of(work, assignee)).member_id if assignee else None,
                state="assigned" if assignee else "open",
                reason=reason,
                created_at=work.now,
                raised_at=work.now,
            )
        )


async def draft(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.visits.begin(
            (await rep_of(work)).member_id, "wecom", visited_on=date(2026, 11, 20), sent_at=work.now
        )


async def seen_last(chat: Chat, customer: str, days_ago: int) -> None:
    async with chat.database.work() as work:
        known = await work.customers.by_name(customer)
        assert known is not None
        known.last_contact_at = MONDAY - timedelta(days=days_ago)


async def three(chat: Chat) -> list[str]:
    """The lines of the three, on Monday morning."""
    chat.clock.advance(MONDAY - chat.clock.now())
    async with chat.database.work() as work:
        await morning.tell(chat.context, work, await rep_of(work), late="", cause="morning:test")
    await chat.worker.drain()
    [card] = chat.cards("今日", of=REP)
    return [line[2:] for line in card.body.splitlines() if line[0] in "①②③"]


async def test_overdue_promises_come_before_what_is_due_today_and_the_oldest_first(chat: Chat) -> None:
    await todo(chat, "今天的", due_on=TODAY)
    await todo(chat, "上周的", due_on=date(2026, 11, 19))
    await todo(chat, "上月的", due_on=date(2026, 10, 30))
    await todo(chat, "也是今天的", due_on=TODAY)

    assert await three(chat) == [
        "【过期 24 天】上月的（10-30（周五）前）",
        "【过期 4 天】上周的（11-19（周四）前）",
        "今天的（11-23（周一）前）",
    ]


async def test_today_ours_then_marks_then_the_customers(chat: Chat) -> None:
    await todo(chat, "客户的", due_on=date(2026, 11, 18), party="customer")
    await todo(chat, "跟进他", due_at=MONDAY + timedelta(hours=2), kind="follow_up")
    await todo(chat, "我们的", due_on=TODAY)

    assert await three(chat) == [
        "我们的（11-23（周一）前）",
        "跟进：跟进他（11-23（周一）10:30）",
        "【过期 5 天】催客户：客户的（11-18（周三）前）",
    ]


async def test_then_risks_then_drafts_then_silent_customers(chat: Chat) -> None:
    await seen_last(chat, HENGLI, 9)
    await seen_last(chat, "宁波恒丽服饰有限公司", 30)
    await draft(chat)
    await risk(chat, "给我的", manager=MANAGER, assignee=REP)
    await risk(chat, "别人的", manager=MANAGER)

    assert await three(chat) == [
        f"处理风险：{HENGLI}（李晓彤）",
        "确认拜访记录：客户未定，11-20（周五）（回复「草稿」）",
        "联系客户：宁波恒丽服饰有限公司（30 天没有联系）",
    ]


async def test_customers_who_are_not_silent_for_long_or_somebody_elses_are_left_alone(chat: Chat) -> None:
    await seen_last(chat, HENGLI, 6)
    await seen_last(chat, "绍兴宏达纺织有限公司", 60)
    await todo(chat, "今天的", due_on=TODAY)

    assert await three(chat) == ["今天的（11-23（周一）前）"]


async def test_with_the_rule_on_silence_off_nobody_is_to_be_called_for_it(chat: Chat) -> None:
    chat.context.settings.__dict__["rules"] = RuleBook(silence=SilenceRule(on=False))
    await seen_last(chat, HENGLI, 60)
    await todo(chat, "今天的", due_on=TODAY)

    assert await three(chat) == ["今天的（11-23（周一）前）"]


async def test_what_has_no_date_or_a_later_one_is_none_of_todays(chat: Chat) -> None:
    await todo(chat, "以后的", due_on=date(2026, 12, 1))
    await todo(chat, "没有日期的")

    chat.clock.advance(MONDAY - chat.clock.now())
    async with chat.database.work() as work:
        await morning.tell(chat.context, work, await rep_of(work), late="", cause="morning:test")
    await chat.worker.drain()

    assert chat.platform.sent == []


def due_on(day: date, *, party: str = "us", todo_id: int = 1) -> Todo:
    return Todo(todo_id=todo_id, kind="step", party=party, action="寄样品", due_on=day, due_at=None)


@pytest.mark.parametrize(
    ("now", "day", "place"),
    [
        # Friday: what falls on the weekend is to be done today
        (datetime(2026, 11, 27, 8, 30, tzinfo=SHANGHAI), date(2026, 11, 28), "today"),
        (datetime(2026, 11, 27, 8, 30, tzinfo=SHANGHAI), date(2026, 11, 29), "today"),
        (datetime(2026, 11, 27, 8, 30, tzinfo=SHANGHAI), date(2026, 11, 30), "next_day"),
        (datetime(2026, 11, 27, 8, 30, tzinfo=SHANGHAI), date(2026, 12, 1), ""),
        (datetime(2026, 11, 30, 8, 30, tzinfo=SHANGHAI), date(2026, 11, 29), "overdue"),
        # the day before the National Day's holidays
        (datetime(2026, 9, 30, 8, 30, tzinfo=SHANGHAI), date(2026, 10, 4), "today"),
    ],
)
def test_a_day_without_work_counts_as_the_last_working_day_before(now: datetime, day: date, place: str) -> None:
    found = morning.sort_out(WorkingTime(), [due_on(day)], now)

    assert [name for name in ("overdue", "today", "marks", "theirs", "next_day") if getattr(found, name)] == [
        place
    ] * bool(place)


async def test_the_rest_stands_below_and_is_cut_to_a_phones_length(chat: Chat) -> None:
    for number in range(12):
        await todo(chat, f"第{number}件", due_on=TODAY)
    chat.clock.advance(MONDAY - chat.clock.now())
    await three(chat)

    [card] = chat.cards("今日", of=REP)
    below = card.body.splitlines()[3:]
    assert below[0] == "另外还有 9 项到期："
    assert len(below) == 1 + morning.MOST_BELOW + 1
    assert below[-1] == "……共 9 项，回复「待办」看全部"
    assert len(card.buttons) == 3


def test_the_days_job_comes_before_the_mornings_first_message(chat: Chat) -> None:
    times = WorkingTime(morning=time(7, 45))
    context = replace(chat.context, settings=replace(chat.context.settings, working_time=times))

    assert (morning.due(chat.context).at.isoformat(), morning.due(context).at.isoformat()) == ("08:20:00", "07:35:00")


async def test_a_card_that_a_standstill_held_up_is_replaced_by_the_next_days_with_what_it_told(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.jobs.put_next(morning.due(chat.context))
        member_id = (await rep_of(work)).member_id
    chat.clock.advance(MONDAY - timedelta(hours=12) - chat.clock.now())
    await todo(chat, "寄样品", due_on=TODAY)
    async with chat.database.work() as work:
        await notices.tell(chat.context, work, member_id, "客户转给您了。", key="k", subject="customer:1", at=MONDAY)
        key = notices.morning_key(TODAY, member_id)
        await work.jobs.put(morning.ONE_KIND, {"member_id": member_id}, queue="timers", dedupe=key, at=MONDAY)
    chat.clock.advance(MONDAY - chat.clock.now())
    async with chat.database.work() as work:
        claimed = await work.jobs.claim("timers", limit=9, lease_s=30)
    [job] = [one for one in claimed if one.dedupe == key]
    await morning.send(chat.context, job)
    # the card is in the outbox when everything stops until the evening
    chat.clock.advance(timedelta(hours=12))
    await chat.worker.drain()
    assert chat.cards("今日") == []

    await chat.lives_until(MONDAY + timedelta(days=1, hours=1))

    [card] = chat.cards("今日", of=REP)
    assert "【过期 1 天】寄样品" in card.body
    assert "客户转给您了。" in card.body


async def test_after_a_standstill_what_waits_to_be_told_waits_until_everybodys_cards_are_put(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.jobs.put_next(morning.due(chat.context))
        member_id = (await rep_of(work)).member_id
    await todo(chat, "寄样品", due_on=TODAY)
    async with chat.database.work() as work:
        await notices.tell(chat.context, work, member_id, "客户转给您了。", key="k", subject="customer:1", at=MONDAY)
    chat.clock.advance(MONDAY + timedelta(hours=2) - chat.clock.now())
    async with chat.database.work() as work:
        claimed = await work.jobs.claim("timers", limit=9, lease_s=30)
    # the line comes up before the day's job does, and everything else is claimed again later
    [job] = [one for one in claimed if one.kind == notices.KIND]
    await notices.send(chat.context, job)
    assert chat.texts(of=REP) == []

    await chat.lives_until(MONDAY + timedelta(hours=4))

    [card] = chat.cards("今日", of=REP)
    assert "客户转给您了。" in card.body
    assert chat.texts(of=REP) == []
