"""The morning's work of the rules, killed anywhere and done twice; and where on the road a rule is refused."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import func, select

from bot import wiring
from bot.config import Config
from bot.config import Rules as RulesSection
from handlers import access, actions, plans, rule_listing, rules, undoing
from handlers.context import TIMERS
from handlers.rulebook import RuleBook
from handlers.undoing import UndoSaid
from nlp import plan_words
from nlp.plan_words import PlanSaid
from storage.database import Database
from storage.jobs import Job
from storage.models import AuditEntry, Customer, Escalation, EscalationItem, Finding, Notice, Todo
from storage.work import Work
from tests.chat import REP, SHANGHAI, Chat, build
from tests.fakes import FakeClock

MONDAY = datetime(2026, 11, 30, 8, 20, tzinfo=SHANGHAI)
TABLES = (Finding, Todo, Notice, Escalation, EscalationItem, AuditEntry)


class Killed(Exception):
    pass


@dataclass
class Dying:
    """The database of a process that dies while the transaction of that number is open; reading is harmless."""

    database: Database
    lives: int

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with self.database.work() as work:
            yield work
            self.lives -= 1
            if self.lives == 0:
                raise Killed

    def reading(self) -> AbstractAsyncContextManager[Work]:
        return self.database.reading()

    def now(self) -> datetime:
        return self.database.now()


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    """Three customers who are stuck, silent, in an endless test and owing, on the morning when it is found."""
    clock.advance(MONDAY - clock.now())
    chat = await build(database, clock, tmp_path)
    async with database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        for name in ("宁波甲机械有限公司", "宁波乙机械有限公司", "宁波丙机械有限公司"):
            customer = await work.customers.add(name, owner_id=rep.member_id)
            customer.last_contact_at = MONDAY - timedelta(days=70)
            deal = await work.opportunities.add(customer.customer_id)
            deal.stage, deal.stage_since = "样品测试", customer.last_contact_at
            await work.rules.add_payment(
                customer.customer_id, "F-1", amount_fen=5_000_00, due_on=date(2026, 10, 1), paid_on=None
            )
        await work.rules.set_plan(rep.member_id, date(2026, 11, 23), 5, source="test")
    return chat


async def claimed(chat: Chat, rule: str, *, dedupe: str = "") -> Job:
    on = chat.context.day_of(MONDAY)
    async with chat.database.work() as work:
        await work.jobs.reclaim()
        await work.jobs.put(
            rules.RUN,
            {"rule": rule, "on": on.isoformat()},
            queue=TIMERS,
            dedupe=dedupe or rules.run_key(rule, on),
        )
        [job] = [
            job
            for job in await work.jobs.claim(TIMERS, limit=10, lease_s=30, only_kinds=[rules.RUN])
            if job.payload["rule"] == rule
        ]
        return job


async def counted(chat: Chat) -> list[int]:
    async with chat.database.reading() as work:
        return [await work.session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


@pytest.mark.parametrize("rule", ["stalled", "sample_test", "silence", "payment", "weekly_plan"])
async def test_killed_in_any_transaction_and_run_again_it_does_everything_once(chat: Chat, rule: str) -> None:
    deaths = 0
    while True:
        # each life comes one transaction further than the one before; what was committed stays
        dying = Dying(chat.database, lives=1 + deaths)
        context = replace(chat.context, database=cast("Database", dying))
        job = await claimed(chat, rule)
        try:
            await rules.run(context, job)
        except Killed:
            deaths += 1
            assert deaths < 30
        else:
            break
    after = await counted(chat)
    assert deaths
    assert after[0] == {"weekly_plan": 1, "silence": 6, "payment": 6}.get(rule, 3)

    await rules.run(chat.context, await claimed(chat, rule, dedupe="another instance"))
    assert await counted(chat) == after


async def test_what_is_left_of_an_earlier_day_only_tells_what_that_day_found(chat: Chat) -> None:
    job = await claimed(chat, "silence")
    dying = Dying(chat.database, lives=2)
    with pytest.raises(Killed):
        await rules.run(replace(chat.context, database=cast("Database", dying)), job)
    found = (await counted(chat))[0]
    chat.clock.advance(timedelta(days=1))
    async with chat.database.work() as work:
        await work.jobs.reclaim()
        [job] = await work.jobs.claim(TIMERS, limit=1, lease_s=30, only_kinds=[rules.RUN])

    await rules.run(chat.context, job)

    findings, _, notices, *_ = await counted(chat)
    assert (findings, notices) == (found, 1)


async def test_a_rule_that_was_switched_off_since_does_nothing(chat: Chat) -> None:
    job = await claimed(chat, "silence")
    book = chat.context.settings.rules
    off = replace(chat.context.settings, rules=replace(book, silence=replace(book.silence, on=False)))

    await rules.run(replace(chat.context, settings=off), job)

    assert (await counted(chat))[:3] == [0, 0, 0]


async def test_on_days_off_the_morning_puts_nothing_but_the_next_morning(chat: Chat) -> None:
    chat.clock.advance(datetime(2026, 12, 5, 8, 20, tzinfo=SHANGHAI) - chat.clock.now())
    async with chat.database.work() as work:
        await work.jobs.put(rules.KIND, {}, queue=TIMERS)
        [job] = await work.jobs.claim(TIMERS, limit=1, lease_s=30)

    await rules.start(chat.context, job)

    async with chat.database.reading() as work:
        waiting = await work.jobs.listing("ready")
    assert [(job.kind, job.run_at) for job in waiting] == [(rules.KIND, datetime(2026, 12, 6, 8, 20, tzinfo=SHANGHAI))]


async def test_a_customer_who_moved_on_meanwhile_is_left_alone(chat: Chat) -> None:
    """Between search and handling, a colleague's visit is confirmed."""
    check = next(check for check in rules.CHECKS if check.name == "silence")
    on = chat.context.day_of(MONDAY)
    async with chat.database.reading() as work:
        page = await check.searches[0](chat.context, work, on, None)
    async with chat.database.work() as work:
        for customer in await work.customers.all():
            customer.last_contact_at = work.now
    async with chat.database.work() as work:
        for item in page:
            await check.handle(chat.context, work, on, item, "test")

    assert len(page) == 3
    assert (await counted(chat))[0] == 0


# The configuration


def test_every_rule_of_the_book_is_a_section_with_the_same_keys_and_defaults() -> None:
    book, section = RuleBook(), RulesSection()

    assert [rule.name for rule in fields(book)] == list(RulesSection.model_fields)
    for rule in fields(book):
        assert getattr(section, rule.name).model_dump() == vars(getattr(book, rule.name))
    assert wiring.rule_book(section) == book


def test_the_configuration_reaches_the_rules() -> None:
    config = Config.model_validate({"rules": {"stalled": {"on": False, "days": 9}}})

    book = wiring.settings(config).rules

    assert (book.stalled.on, book.stalled.days) == (False, 9)
    assert book.silence == RuleBook().silence


@pytest.mark.parametrize(
    "section",
    [
        {"stalled": {"days": 0}},
        {"stalled": {"weeks": 2}},
        {"stalling": {"on": False}},
        {"silence": {"wake_up_days": 20, "downgrade_days": 10}},
        {"weekly_plan": {"deviation_percent": 100}},
        {"sample_test": {"stage": ""}},
    ],
    ids=["too small", "unknown key", "unknown rule", "out of order", "never", "no stage"],
)
def test_a_faulty_rule_is_refused(section: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="rules"):
        Config.model_validate({"rules": section})


def test_every_rule_is_explained() -> None:
    book = RuleBook()

    assert list(rule_listing.EXPLAINED) == [rule.name for rule in fields(book)]
    assert all(explained.limits(book) for explained in rule_listing.EXPLAINED.values())


# What is said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("本周计划拜访12家", PlanSaid("this", 12)),
        ("下周计划跑8个客户", PlanSaid("next", 8)),
        ("计划改成10家", PlanSaid("this", 10)),
        ("我这周打算拜访十二家客户。", PlanSaid("this", 12)),
        ("下个星期目标：20家", PlanSaid("next", 20)),
        ("本周拜访了12家", None),
        ("打算跑5家", None),
        ("计划拜访恒力3家分厂", None),
        ("本周计划拜访900家", None),
        ("预算改成90万", None),
        ("本周计划", None),
        ("下周要去3家", None),
    ],
)
def test_a_plan_is_told_from_everything_else(text: str, said: PlanSaid | None) -> None:
    assert plan_words.read(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("撤销 风险客户 恒力", UndoSaid("at_risk", "风险客户", "恒力")),
        ("撤销风险客户：宁波恒力阀门有限公司。", UndoSaid("at_risk", "风险客户", "宁波恒力阀门有限公司")),
        ("撤销降级 恒力", UndoSaid("downgrade", "降级", "恒力")),
        ("撤销降级", UndoSaid("downgrade", "降级", "")),
        ("把恒力的风险客户标记取消掉", UndoSaid("at_risk", "风险客户", "恒力")),
        ("撤销", None),
        ("客户说风险很大，订单取消了", None),
        ("恒力取消了订单", None),
    ],
)
def test_taking_back_is_told_from_everything_else(text: str, said: UndoSaid | None) -> None:
    assert undoing.read(text) == said


def test_a_week_begins_on_monday() -> None:
    for day in range(23, 30):
        assert plans.monday_of(date(2026, 11, day)) == date(2026, 11, 23)
    assert plans.sunday_of(date(2026, 11, 23)) == date(2026, 11, 29)


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ("downgrade", {"lixiaotong", "chenzhiyuan", "zhoumin"}),
        ("at_risk", {"chenzhiyuan", "zhoumin"}),
        ("silence", set()),
    ],
)
async def test_who_may_take_back_what(chat: Chat, rule: str, allowed: set[str]) -> None:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        finding = await work.rules.find(rule, "customer:1", "1", member_id=rep.member_id, detail={"customer_id": 1})
        assert finding is not None
        undo = actions.UndoFinding(finding_ids=(finding.finding_id,))
        lower = actions.LowerGrade(finding_ids=(finding.finding_id,))
        may_undo, may_lower = set(), set()
        for user_id in ("lixiaotong", "zhaoyiming", "chenzhiyuan", "zhoumin", "hejia"):
            member = await work.members.by_identity("wecom", user_id)
            assert member is not None
            if await access.may_press(work, member, undo):
                may_undo.add(user_id)
            if await access.may_press(work, member, lower):
                may_lower.add(user_id)
            assert not await access.may_press(work, member, actions.KeepGrade(finding_ids=(999,)))

    assert may_undo == allowed
    assert may_lower == ({"lixiaotong"} if rule == "downgrade" else set())


async def test_no_two_customers_are_taken_for_one_when_something_is_taken_back(chat: Chat) -> None:
    async with chat.database.work() as work:
        found = (await work.session.scalars(select(Customer).where(Customer.name.contains("机械")))).all()
        for customer in found:
            customer.at_risk_since = work.now

    [answer] = await chat.says("撤销 风险客户 机械", sender="zhoumin")

    assert "是哪一家" in answer
    assert "宁波甲机械有限公司" in answer
