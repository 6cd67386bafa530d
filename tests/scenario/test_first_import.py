"""A company moves in: five reps' old customers come from a file, and nobody is buried under what lay before.

Most of them have been silent for months, all stages count from the import, some are in the sample test, some owe.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import enrolment, roster
from handlers import morning, rules
from handlers.messages import CardUpdate, OutboundText
from handlers.rulebook import ImportedRule, RuleBook
from storage.database import Database
from storage.models import Escalation, Finding, Todo
from tests.chat import MANAGER, SHANGHAI, Chat, ChatPlatform, build
from tests.fakes import FakeClock

pytestmark = pytest.mark.weeks

DIRECTOR = "zhoumin"
FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)
REPS, EACH = 5, 60
STAGES = ("线索获取", "需求确认", "方案设计", "报价审批", "样品测试", "交付执行")
FEW = 12
"""Customers of a rep, where it is not about how many."""


def name_of(rep: int, number: int) -> str:
    return f"第{rep}区{number:02}号工厂"


def customers_file(each: int) -> bytes:
    lines = ["客户,负责人,阶段,等级,最近联系"]
    for rep in range(REPS):
        for number in range(each):
            days = number * 7 % 200
            last = "" if number % 12 == 0 else (FRIDAY.date() - timedelta(days=days)).isoformat()
            stage, grade = STAGES[number % len(STAGES)], "ABC"[number % 3]
            lines.append(f"{name_of(rep, number)},销售{rep},{stage},{grade},{last}")
    return "\n".join(lines).encode()


async def moved_in(
    database: Database, clock: FakeClock, folder: Path, *, each: int = FEW, rules_as: RuleBook | None = None
) -> Chat:
    chat = await build(database, clock, folder, ChatPlatform(name="wecom", clock=clock), rules=rules_as)
    async with database.work() as work:
        await work.jobs.put_next(rules.due(chat.context))
        await work.jobs.put_next(morning.due(chat.context))
        manager = await work.members.by_identity("wecom", MANAGER)
        assert manager is not None
        for number in range(REPS):
            rep = await work.members.add(f"销售{number}", ["sales"], manager_id=manager.member_id)
            await work.members.link(rep.member_id, "wecom", f"rep{number}")
    async with database.work() as work:
        await enrolment.store_customers(work, roster.read_customers(customers_file(each)).rows, source="test")
    async with database.work() as work:
        for place in range(0, REPS * each, 15):
            customer = await work.customers.by_name(name_of(place // each, place % each))
            assert customer is not None
            await work.rules.add_payment(
                customer.customer_id, "F-1", amount_fen=100_000, due_on=date(2026, 9, 1), paid_on=None
            )
    return chat


async def spoke_to(chat: Chat, name: str) -> None:
    """As a confirmed visit does."""
    async with chat.database.work() as work:
        customer = await work.customers.by_name(name)
        assert customer is not None
        customer.last_contact_at = work.now


async def found(chat: Chat, rule: str) -> int:
    async with chat.database.reading() as work:
        query = select(func.count()).select_from(Finding).where(Finding.rule == rule)
        return await work.session.scalar(query) or 0


async def test_the_first_weeks_after_an_import_bring_nobody_a_storm_and_lose_nothing(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await moved_in(database, clock, tmp_path, each=EACH)

    await chat.lives_until(FRIDAY + timedelta(days=20))

    messages = Counter(
        (one.user_id, one.at.astimezone(SHANGHAI).date())
        for one in chat.platform.sends
        if not isinstance(one.content, CardUpdate)
    )
    lines = Counter[tuple[str, date]]()
    for one in chat.platform.sends:
        if isinstance(one.content, OutboundText):
            lines[one.user_id, one.at.astimezone(SHANGHAI).date()] += len(one.content.text.splitlines())
    assert max(messages.values()) <= 5, messages.most_common(5)
    assert max(lines.values()) <= 12, lines.most_common(5)

    # and all was looked at: each rep's line names how many, and the manager has one to-do a rep
    of_rep = "\n".join([*chat.texts(of="rep0"), *(f"{card.body}" for card in chat.cards(of="rep0"))])
    assert "导入前就已沉默的客户 " in of_rep
    assert "导入后还没有推进过的客户 50 家：" in of_rep
    assert "陈志远会和您一起过一遍。" in of_rep
    assert await found(chat, "stalled") == REPS * EACH * 5 // 6, "all but those in the last stage"
    async with database.reading() as work:
        todos = (await work.session.scalars(select(Todo).where(Todo.kind == "stalled"))).all()
        assert [todo.customer_id for todo in todos] == [None] * REPS
        assert await work.session.scalar(select(func.count()).select_from(Escalation)) == 0
    of_director = "\n".join(chat.texts(of=DIRECTOR))
    assert await found(chat, "at_risk") > 0
    assert await found(chat, "sample_test") > 0
    for number in range(REPS):
        assert f"销售{number}名下，导入后标为风险客户的" in of_director
        assert f"销售{number}名下，导入后样品测试超期" in of_director


async def test_who_has_not_been_spoken_to_since_the_import_is_listed_to_whoever_may_see_it(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await moved_in(database, clock, tmp_path)

    await chat.says("未联系客户", sender="rep0")
    await chat.says("未联系客户", sender=MANAGER)

    assert chat.texts(of="rep0")[-1].startswith("导入后还没有联系过的客户 12 家：\n")
    assert "· 第0区03号工厂（销售0，A，报价审批，上次联系 10-30（周五））" in chat.texts(of="rep0")[-1]
    assert "第1区" not in chat.texts(of="rep0")[-1]
    of_manager = "\n".join(chat.texts(of=MANAGER))
    assert "导入后还没有联系过的客户 60 家：\n" in of_manager
    assert of_manager.endswith("……等 60 项")


async def test_with_its_first_contact_a_customer_of_the_file_is_one_like_any_other(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await moved_in(database, clock, tmp_path)
    clock.advance(timedelta(hours=1))
    await spoke_to(chat, name_of(0, 2))

    await chat.lives_until(FRIDAY + timedelta(days=11))

    async with database.reading() as work:
        customer = await work.customers.by_name(name_of(0, 2))
        assert customer is not None
        query = select(Todo).where(Todo.kind == "stalled", Todo.customer_id.is_not(None))
        assert [todo.customer_id for todo in await work.session.scalars(query)] == [customer.customer_id]
    await chat.says("未联系客户", sender="rep0")
    assert chat.texts(of="rep0")[-1].startswith("导入后还没有联系过的客户 11 家：\n")


async def test_a_file_that_comes_again_and_says_nothing_new_makes_nobody_untouched_again(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await moved_in(database, clock, tmp_path)
    clock.advance(timedelta(hours=1))
    await spoke_to(chat, name_of(0, 2))
    clock.advance(timedelta(hours=1))
    async with database.work() as work:
        await enrolment.store_customers(work, roster.read_customers(customers_file(FEW)).rows, source="again")

    await chat.says("未联系客户", sender="rep0")

    assert chat.texts(of="rep0")[-1].startswith("导入后还没有联系过的客户 11 家：\n")


async def test_switched_off_each_customer_of_a_file_is_a_to_do_of_its_own(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await moved_in(database, clock, tmp_path, rules_as=RuleBook(imported=ImportedRule(on=False)))
    async with database.work() as work:
        # a handful is enough to see it
        for number in range(3, REPS * FEW):
            customer = await work.customers.by_name(name_of(number // FEW, number % FEW))
            assert customer is not None
            customer.owner_id = None

    await chat.lives_until(FRIDAY + timedelta(days=10, hours=-6))

    async with database.reading() as work:
        todos = (await work.session.scalars(select(Todo).where(Todo.kind == "stalled"))).all()
    assert len([todo for todo in todos if todo.customer_id is not None]) == 3
