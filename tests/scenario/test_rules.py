"""What the assistant notices by itself, lived through in the chat: days and months pass in milliseconds."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from handlers import actions, rules
from handlers.escalation import Matter, MatterItem, raise_matter
from handlers.messages import OutboundCard
from handlers.rulebook import RuleBook, SilenceRule
from storage.database import Database
from storage.models import Customer, Member, Script
from storage.work import Work
from tests.chat import MANAGER, OTHER, REP, SHANGHAI, Chat, build
from tests.fakes import FakeClock

pytestmark = pytest.mark.weeks

DIRECTOR, ADMIN = "zhoumin", "hejia"
HENGLI, HENGLI_DRESS = "宁波恒力阀门有限公司", "宁波恒丽服饰有限公司"
FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)


def at(month: int, day: int, hour: int = 9, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    chat = await build(database, clock, tmp_path)
    async with database.work() as work:
        await work.jobs.put_next(rules.due(chat.context))
        # one customer is enough to look at
        dress = await work.customers.by_name(HENGLI_DRESS)
        assert dress is not None
        dress.owner_id = None
    return chat


async def person(work: Work, user_id: str) -> Member:
    member = await work.members.by_identity("wecom", user_id)
    assert member is not None
    return member


async def change(chat: Chat, name: str = HENGLI, **values: object) -> int:
    """Make the rep's customer such and such; its stage is that of a deal."""
    async with chat.database.work() as work:
        customer = await work.customers.by_name(name)
        assert customer is not None
        customer.owner_id = (await person(work, REP)).member_id
        for key, value in values.items():
            setattr(customer, key, value)
        if customer.stage is not None:
            await in_stage(work, customer, customer.stage, customer.stage_since)
        return customer.customer_id


async def in_stage(work: Work, customer: Customer, stage: str, since: datetime | None, *, name: str = "") -> None:
    """A deal of that name is in the stage since then."""
    deals = {deal.name: deal for deal in await work.opportunities.open_of(customer.customer_id)}
    deal = deals.get(name) or await work.opportunities.add(customer.customer_id, name=name, lead="sql")
    deal.stage, deal.stage_since = stage, since


async def customer_of(chat: Chat, name: str = HENGLI) -> Customer:
    async with chat.database.reading() as work:
        customer = await work.customers.by_name(name)
        assert customer is not None
        return customer


async def owe(chat: Chat, yuan: int, due_on: date, name: str = HENGLI, number: str = "F-1") -> None:
    customer = await customer_of(chat, name)
    async with chat.database.work() as work:
        await work.rules.add_payment(customer.customer_id, number, amount_fen=yuan * 100, due_on=due_on, paid_on=None)


def with_rules(chat: Chat, book: RuleBook) -> Chat:
    """The same company under other rules; what was put to do so far goes on under them."""
    object.__setattr__(chat.context, "settings", replace(chat.context.settings, rules=book))
    return chat


def told(chat: Chat, words: str, *, of: str = REP) -> list[str]:
    return [text for text in chat.texts(of=of) if words in text]


def bodies(cards: Iterable[OutboundCard]) -> str:
    return "\n".join(f"{card.title} {card.subtitle} {card.body}" for card in cards)


# Stuck in a stage


async def test_a_customer_that_stays_in_a_stage_becomes_the_managers_to_do_on_the_sixth_working_day(
    chat: Chat,
) -> None:
    await change(chat, stage="方案设计", stage_since=FRIDAY)

    # Monday to Friday are five working days, no more than the rule allows
    await chat.lives_until(at(11, 27, 18))
    assert chat.cards(of=MANAGER) == []

    await chat.lives_until(at(11, 30, 9))
    [card] = chat.cards(of=MANAGER)
    assert "「方案设计」阶段已停留 6 个工作日，请和李晓彤一起推进" in card.subtitle
    assert told(chat, "停在同一阶段超过 5 个工作日：宁波恒力阀门有限公司（方案设计，6 天）。主管已收到待办。")

    await chat.lives_until(at(12, 11, 18))
    assert len(chat.cards("待办", of=MANAGER)) == 1
    assert len(told(chat, "停在同一阶段")) == 1


async def test_the_managers_to_do_ends_when_the_stage_moves_and_a_new_standstill_is_a_new_one(chat: Chat) -> None:
    settings = chat.context.settings
    free = replace(settings.deals, funnel=replace(settings.deals.funnel, has_gates=False))
    object.__setattr__(chat.context, "settings", replace(settings, deals=free))
    await change(chat, stage="方案设计", stage_since=FRIDAY)
    await chat.lives_until(at(11, 30, 9))
    await chat.says("拜访宁波恒力阀门有限公司，见了王经理，现在到报价审批了")
    await chat.says("确认")

    async with chat.database.reading() as work:
        manager = await person(work, MANAGER)
        assert await work.todos.open_of(manager.member_id) == []
    await chat.lives_until(at(12, 9, 9))
    assert len([card for card in chat.cards(of=MANAGER) if "阶段已停留" in card.subtitle]) == 2


async def test_days_off_do_not_count_and_on_days_off_nothing_is_looked_for(chat: Chat) -> None:
    close(chat, date(2026, 11, 23), days=7)
    await change(chat, stage="方案设计", stage_since=FRIDAY, last_contact_at=FRIDAY)

    await chat.lives_until(at(11, 29, 18))
    assert chat.platform.sends == []
    # the 30th is the first working day after it
    await chat.lives_until(at(12, 4, 18))
    assert not told(chat, "停在同一阶段")
    await chat.lives_until(at(12, 7, 9))
    assert told(chat, "停在同一阶段超过 5 个工作日：宁波恒力阀门有限公司（方案设计，6 天）")


def close(chat: Chat, first: date, *, days: int) -> None:
    """The company is closed in that time."""
    settings = chat.context.settings
    off = {first + timedelta(days=number): False for number in range(days)}
    object.__setattr__(
        chat.context, "settings", replace(settings, working_time=replace(settings.working_time, changes=off))
    )


async def test_the_last_stage_is_where_customers_stay(chat: Chat) -> None:
    await change(chat, stage="交付执行", stage_since=FRIDAY)

    await chat.lives_until(at(12, 4, 18))

    assert not told(chat, "停在同一阶段")


async def test_of_two_deals_each_that_stands_still_is_the_managers_to_do_and_ends_with_its_own(chat: Chat) -> None:
    await change(chat, stage="方案设计", stage_since=FRIDAY)
    async with chat.database.work() as work:
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        await in_stage(work, customer, "线索获取", FRIDAY - timedelta(hours=1), name="二期扩产")

    await chat.lives_until(at(11, 30, 9))
    assert told(chat, "宁波恒力阀门有限公司·二期扩产（线索获取，6 天）、宁波恒力阀门有限公司（方案设计，6 天）")
    assert await open_todos(chat, MANAGER) == [
        "「二期扩产」「线索获取」阶段已停留 6 个工作日，请和李晓彤一起推进",
        "「方案设计」阶段已停留 6 个工作日，请和李晓彤一起推进",
    ]

    await chat.says("丢单 恒力 二期扩产 客户不投了")
    assert await open_todos(chat, MANAGER) == ["「方案设计」阶段已停留 6 个工作日，请和李晓彤一起推进"]


async def open_todos(chat: Chat, user_id: str) -> list[str]:
    async with chat.database.reading() as work:
        return [todo.action for todo in await work.todos.open_of((await person(work, user_id)).member_id)]


# In the sample test


async def test_a_deal_in_the_sample_test_is_not_hidden_by_another_that_moved_later(chat: Chat) -> None:
    await change(chat, stage="方案设计", stage_since=at(12, 4), last_contact_at=FRIDAY)
    async with chat.database.work() as work:
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        await in_stage(work, customer, "样品测试", FRIDAY, name="二期扩产")

    await chat.lives_until(at(12, 7, 9))

    assert told(chat, "样品测试超过 14 天没有新联系：宁波恒力阀门有限公司（17 天）。已报给周敏。")


async def test_a_sample_test_without_new_contact_goes_to_the_director_and_the_rep_hears_of_it(chat: Chat) -> None:
    await change(chat, stage="样品测试", stage_since=FRIDAY, last_contact_at=FRIDAY)

    await chat.lives_until(at(12, 4, 18))
    assert not chat.cards(of=DIRECTOR)

    # fifteen days lie on a Saturday, so it is found on Monday
    await chat.lives_until(at(12, 7, 9))
    [card] = chat.cards(of=DIRECTOR)
    assert "「样品测试」已 17 天没有新的联系" in f"{card.body} {card.quote} {bodies([card])}"
    assert told(chat, "样品测试超过 14 天没有新联系：宁波恒力阀门有限公司（17 天）。已报给周敏。")


async def test_a_new_contact_begins_the_sample_test_anew(chat: Chat) -> None:
    await change(chat, stage="样品测试", stage_since=FRIDAY, last_contact_at=at(12, 1))

    await chat.lives_until(at(12, 15, 18))
    assert not chat.cards(of=DIRECTOR)
    await chat.lives_until(at(12, 16, 9))
    assert chat.cards(of=DIRECTOR)


# Silent


async def test_many_silent_customers_are_one_line_with_a_text_to_send(chat: Chat) -> None:
    async with chat.database.work() as work:
        rep = await person(work, REP)
        for number in range(6):
            customer = await work.customers.add(f"宁波测试{number}号机械有限公司", owner_id=rep.member_id)
            customer.last_contact_at = FRIDAY
    await change(chat, last_contact_at=FRIDAY)

    await chat.lives_until(at(11, 27, 18))
    assert not told(chat, "没有联系")

    await chat.lives_until(at(11, 30, 9))
    [line] = told(chat, "没有联系")
    assert "（10 天）等 7 家" in line
    assert line.count("有限公司（") == 5
    assert "您关注的产品已有更新" in line
    assert "案例" in line


async def test_a_lower_grade_is_proposed_and_nothing_is_changed_before_somebody_agrees(chat: Chat) -> None:
    await change(chat, grade="A", last_contact_at=at(11, 18))

    await chat.lives_until(at(12, 2, 18))
    assert not chat.cards("降级")
    await chat.lives_until(at(12, 3, 9, 45))

    [card] = chat.cards("客户降级建议", of=REP)
    assert "A → B（15 天没有联系）" in card.body
    assert (await customer_of(chat)).grade == "A"

    await chat.presses(card, actions.LowerGrade)
    assert (await customer_of(chat)).grade == "B"

    [lowered] = chat.cards("已降级", of=REP)
    await chat.presses(lowered, actions.UndoFinding)
    assert (await customer_of(chat)).grade == "A"
    assert told(chat, "已撤销降级，「宁波恒力阀门有限公司」的等级改回 A。")

    await chat.lives_until(at(12, 8, 18))
    assert len(chat.cards("客户降级建议")) == 1


async def test_what_is_kept_stays_as_it_is_until_there_was_contact_again(chat: Chat) -> None:
    await change(chat, last_contact_at=at(11, 18))
    await chat.lives_until(at(12, 3, 9, 45))

    [card] = chat.cards("客户降级建议")
    assert "B → C" in card.body
    await chat.presses(card, actions.KeepGrade)
    assert (await customer_of(chat)).grade is None
    assert told(chat, "等级不变：宁波恒力阀门有限公司")

    await chat.lives_until(at(12, 8, 18))
    assert len(chat.cards("客户降级建议")) == 1


async def test_of_several_proposals_one_can_be_chosen_and_the_rest_is_asked_again(chat: Chat) -> None:
    await change(chat, last_contact_at=at(11, 18))
    await change(chat, HENGLI_DRESS, last_contact_at=at(11, 18))
    await chat.lives_until(at(12, 3, 9, 45))
    [card] = chat.cards("客户降级建议")
    dress = next(option for option in card.selects[0].options if option.text == HENGLI_DRESS)

    await chat.presses(card, actions.LowerGrade, chosen={"finding": (dress.option_id,)})

    assert (await customer_of(chat, HENGLI_DRESS)).grade == "C"
    assert (await customer_of(chat)).grade is None
    [_, rest] = chat.cards("客户降级建议")
    assert HENGLI in rest.body
    assert HENGLI_DRESS not in rest.body


async def test_a_proposal_lapses_with_a_new_contact(chat: Chat) -> None:
    await change(chat, last_contact_at=at(11, 18))
    await chat.lives_until(at(12, 3, 9, 45))
    [card] = chat.cards("客户降级建议")
    await change(chat, last_contact_at=at(12, 3, 9, 50))

    await chat.presses(card, actions.LowerGrade)

    assert (await customer_of(chat)).grade is None
    assert told(chat, "宁波恒力阀门有限公司的情况已经变了，没有改动。")


async def test_only_the_rep_may_lower_the_grade_of_their_customer(chat: Chat) -> None:
    await change(chat, last_contact_at=at(11, 18))
    await chat.lives_until(at(12, 3, 9, 45))
    [card] = chat.cards("客户降级建议")

    await chat.presses(card, actions.LowerGrade, sender=OTHER)

    assert (await customer_of(chat)).grade is None


async def test_a_rule_that_is_off_does_nothing(chat: Chat) -> None:
    with_rules(chat, replace(chat.context.settings.rules, silence=SilenceRule(on=False)))
    await change(chat, last_contact_at=at(10, 1))

    await chat.lives_until(at(11, 26, 18))

    assert not told(chat, "没有联系")
    assert not chat.cards("降级")


# Owing


async def test_an_overdue_payment_is_told_to_the_owner_once(chat: Chat) -> None:
    await change(chat)
    await owe(chat, 360_000, date(2026, 11, 22))

    await chat.lives_until(at(11, 23, 18))
    assert not told(chat, "回款")
    await chat.lives_until(at(12, 3, 18))

    assert told(chat, "回款逾期：宁波恒力阀门有限公司 36 万元（逾期 2 天）。") == told(chat, "回款")
    assert len(told(chat, "回款")) == 1


async def test_a_silent_debtor_is_marked_and_goes_to_the_director_and_the_manager_can_undo_it(chat: Chat) -> None:
    await change(chat, last_contact_at=at(10, 20))
    await owe(chat, 360_000, date(2026, 11, 1))

    # not lived through day by day: nothing else is going on
    chat.clock.advance(at(12, 17, 18) - chat.clock.now())
    await chat.lives_until(at(12, 18, 18))
    assert (await customer_of(chat)).at_risk_since is None
    await chat.lives_until(at(12, 21, 9, 45))

    assert (await customer_of(chat)).at_risk_since == at(12, 21, 8, 20)
    [matter] = [card for card in chat.cards(of=DIRECTOR) if HENGLI in bodies([card])]
    assert "62 天没有联系，1 笔共 36 万元 逾期未付，最久 50 天" in matter.body + matter.quote
    assert told(chat, "已自动标为风险客户：宁波恒力阀门有限公司（62 天）。已报给周敏。")

    [card] = chat.cards("已标为风险客户", of=MANAGER)
    await chat.presses(card, actions.UndoFinding, sender=MANAGER)
    assert (await customer_of(chat)).at_risk_since is None
    assert told(chat, "已撤销「宁波恒力阀门有限公司」的风险客户标记。", of=MANAGER)

    # the same episode does not bring it back
    await chat.lives_until(at(12, 24, 18))
    assert (await customer_of(chat)).at_risk_since is None
    assert told(chat, "陈志远撤销了「宁波恒力阀门有限公司」的风险客户标记。")
    async with chat.database.reading() as work:
        changes = await work.audit.of(f"customer:{(await customer_of(chat)).customer_id}")
    assert [(entry.action, entry.member_id is None) for entry in changes] == [
        ("customer.at_risk", True),
        ("customer.at_risk", False),
    ]


async def test_the_mark_can_be_undone_by_words_by_whoever_leads_the_rep(chat: Chat) -> None:
    await change(chat, last_contact_at=at(10, 1))
    await owe(chat, 10_000, date(2026, 10, 1))
    await chat.lives_until(at(12, 1, 9))
    assert (await customer_of(chat)).at_risk_since is not None

    assert await chat.says("撤销 风险客户 恒力", sender=REP) == ["您没有这个操作的权限。"]
    assert await chat.says("撤销 风险客户 恒力", sender=OTHER) == ["没找到可以撤销的：风险客户 恒力。"]
    assert (await customer_of(chat)).at_risk_since is not None
    assert await chat.says("撤销 风险客户 恒力", sender=DIRECTOR) == [
        "[→ 已撤回]",
        "已撤销「宁波恒力阀门有限公司」的风险客户标记。",
    ]
    assert (await customer_of(chat)).at_risk_since is None
    assert await chat.says("撤销 风险客户 恒力", sender=DIRECTOR) == ["没找到可以撤销的：风险客户 恒力。"]


async def marked(chat: Chat) -> OutboundCard:
    """A customer of the rep's has just been marked; the director's card."""
    await change(chat, last_contact_at=at(10, 1))
    await owe(chat, 10_000, date(2026, 10, 1))
    await chat.lives_until(at(12, 1, 9, 45))
    [card] = chat.cards("风险上报", of=DIRECTOR)
    return card


async def test_with_the_mark_goes_the_matter_that_was_raised_for_it(chat: Chat) -> None:
    card = await marked(chat)

    sent = await chat.says("撤销 风险客户 恒力", sender=MANAGER)

    assert "[→ 已撤回]" in sent
    await chat.lives_until(at(12, 1, 18))
    line = "陈志远撤销了「宁波恒力阀门有限公司」的风险客户标记，这件事不用再处理。"
    assert len(told(chat, line, of=DIRECTOR)) == 1
    await chat.presses(card, actions.TakeEscalation, sender=DIRECTOR)
    async with chat.database.reading() as work:
        matter = await work.escalations.get(1)
    assert (matter.state, matter.card_id) == ("withdrawn", None)
    # nothing that time does to an open matter happens to it
    count = len(chat.cards(of=DIRECTOR))
    await chat.lives_until(at(12, 10, 18))
    assert len(chat.cards(of=DIRECTOR)) == count
    assert not told(chat, "还没", of=DIRECTOR)


async def test_a_director_who_takes_the_mark_away_is_not_told_so_again(chat: Chat) -> None:
    await marked(chat)

    assert "[→ 已撤回]" in await chat.says("撤销 风险客户 恒力", sender=DIRECTOR)

    await chat.lives_until(at(12, 2, 18))
    assert not told(chat, "这件事不用再处理", of=DIRECTOR)


async def test_a_matter_that_speaks_of_more_than_the_mark_stays_open(chat: Chat) -> None:
    await marked(chat)
    async with chat.database.work() as work:
        rep, matter = await person(work, REP), await work.escalations.get(1)
        more = MatterItem("visit:1:审批:领导还没批", "审批", "领导还没批")
        await raise_matter(chat.context, work, Matter("risk", rep, matter.customer_id, (more,)), cause="test")

    assert "[→ 已撤回]" not in await chat.says("撤销 风险客户 恒力", sender=MANAGER)

    await chat.lives_until(at(12, 1, 18))
    assert len(told(chat, "的风险客户标记，上报里的其他事还要处理。", of=DIRECTOR)) == 1
    async with chat.database.reading() as work:
        assert (await work.escalations.get(1)).state == "open"


# Two reps


async def confirm_visit(
    chat: Chat, sender: str, *, words: str = "拜访宁波恒力阀门有限公司，见了王经理，聊了价格"
) -> None:
    await chat.says(words, sender=sender)
    await chat.says("确认", sender=sender)


async def test_two_reps_on_one_customer_are_told_with_their_manager_once(chat: Chat) -> None:
    await confirm_visit(chat, OTHER)
    await chat.lives_until(FRIDAY + timedelta(hours=2))

    words = "「宁波恒力阀门有限公司」由李晓彤负责，赵一鸣刚登记了拜访。"
    assert [len(told(chat, words, of=one)) for one in (REP, OTHER, MANAGER, DIRECTOR)] == [1, 1, 1, 0]
    assert "王经理" not in told(chat, words, of=REP)[0]

    await chat.lives_until(at(11, 24, 10))
    await confirm_visit(chat, OTHER)
    await confirm_visit(chat, REP)
    await chat.lives_until(at(11, 25, 18))
    assert len(told(chat, "避免重复报价", of=MANAGER)) == 1

    await chat.lives_until(at(12, 22, 10))
    await confirm_visit(chat, OTHER)
    await chat.lives_until(at(12, 22, 18))
    assert len(told(chat, "避免重复报价", of=MANAGER)) == 2


async def test_who_goes_along_to_a_reps_customer_is_no_rival(chat: Chat) -> None:
    await confirm_visit(chat, MANAGER)

    await chat.lives_until(at(11, 23, 18))

    assert not told(chat, "避免重复报价")


async def test_the_owner_alone_is_nobodys_rival(chat: Chat) -> None:
    await confirm_visit(chat, REP)
    await confirm_visit(chat, REP)

    await chat.lives_until(at(11, 23, 18))

    assert not told(chat, "避免重复报价")


# Refused demonstrations


async def test_the_second_refusal_in_a_row_brings_another_idea_once(chat: Chat) -> None:
    refused = "拜访宁波恒力阀门有限公司，见了王经理，聊了价格，他们说不看演示"
    await confirm_visit(chat, REP, words=refused)
    await chat.lives_until(at(11, 23, 10))
    assert not told(chat, "产品动画")

    await confirm_visit(chat, REP)  # tells of no demonstration
    await chat.lives_until(at(11, 24, 10))
    await confirm_visit(chat, REP, words=refused)
    await chat.lives_until(at(11, 25, 10))
    assert told(chat, "连续 2 次没有接受演示。建议换个方式：先发 3 分钟的产品动画")

    await confirm_visit(chat, REP, words=refused)
    await chat.lives_until(at(11, 26, 10))
    assert len(told(chat, "产品动画")) == 1


async def test_the_other_idea_names_the_librarys_script_for_it(chat: Chat) -> None:
    async with chat.database.work() as work:
        for code, kind, status in (
            ("DM-01", "提问", "approved"),
            ("DM-02", "案例", "approved"),
            ("DM-03", "案例", "retired"),
        ):
            script = Script(
                code=code, title=f"标题{code}", category="演示", plan_kind=kind, body="好。", phrasings=["不看"]
            )
            script.status = status
            work.scripts.add(script)
    refused = "拜访宁波恒力阀门有限公司，见了王经理，聊了价格，他们说不看演示"
    await confirm_visit(chat, REP, words=refused)
    await chat.lives_until(at(11, 23, 10))
    await confirm_visit(chat, REP, words=refused)
    await chat.lives_until(at(11, 24, 10))

    assert told(chat, "话术：DM-02「标题DM-02」，回复「话术 DM-02」看全文。")


async def test_a_demonstration_that_was_seen_ends_the_row(chat: Chat) -> None:
    refused = "拜访宁波恒力阀门有限公司，见了王经理，聊了价格，他们说不看演示"
    await confirm_visit(chat, REP, words=refused)
    await chat.lives_until(at(11, 23, 10))
    await confirm_visit(chat, REP, words="拜访宁波恒力阀门有限公司，见了王经理，聊了价格，给客户做了演示")
    await chat.lives_until(at(11, 24, 10))
    await confirm_visit(chat, REP, words=refused)

    await chat.lives_until(at(11, 25, 10))

    assert not told(chat, "产品动画")


# The week's plan


async def test_a_plan_is_said_changed_and_shown(chat: Chat) -> None:
    assert await chat.says("本周计划拜访12家") == [
        "本周（11-16（周一）至 11-22（周日））计划拜访 12 家，已记下。已确认 0 次拜访。"
    ]
    assert await chat.says("计划改成十家") == [
        "本周（11-16（周一）至 11-22（周日））的拜访计划从 12 家改为 10 家。已确认 0 次拜访。"
    ]
    await confirm_visit(chat, REP)
    assert await chat.says("本周计划") == ["本周（11-16（周一）至 11-22（周日））：计划 10 家，已确认 1 次拜访。"]
    assert await chat.says("计划", sender=MANAGER) == ["团队本周：李晓彤 1/10"]
    [none] = await chat.says("计划", sender=OTHER)
    assert "还没有计划" in none


async def test_a_plan_can_be_spoken(chat: Chat) -> None:
    await chat.speaks("下周计划跑八个客户。")

    assert told(chat, "下周（11-23（周一）至 11-29（周日））计划拜访 8 家，已记下。")


async def plan(chat: Chat, user_id: str, week_on: date, visits: int) -> None:
    async with chat.database.work() as work:
        member = await person(work, user_id)
        await work.rules.set_plan(member.member_id, week_on, visits, source="test")


async def test_on_monday_the_manager_gets_one_message_about_all_who_fell_short(chat: Chat) -> None:
    await plan(chat, REP, date(2026, 11, 16), 4)
    await plan(chat, OTHER, date(2026, 11, 16), 2)
    await confirm_visit(chat, REP)

    await chat.lives_until(at(11, 23, 9))

    [line] = told(chat, "没有达到计划", of=MANAGER)
    assert "李晓彤 1/4（少 75%）、赵一鸣 0/2（少 100%）" in line
    assert not told(chat, "达到计划", of=REP)
    await chat.lives_until(at(11, 27, 18))
    assert len(told(chat, "没有达到计划", of=MANAGER)) == 1


async def test_a_small_deviation_is_none_until_it_is_the_second_week_in_a_row(chat: Chat) -> None:
    for week_on in (date(2026, 11, 16), date(2026, 11, 23)):
        await plan(chat, REP, week_on, 10)
    await visited(chat, REP, date(2026, 11, 17), 9)
    await visited(chat, REP, date(2026, 11, 24), 9)

    await chat.lives_until(at(11, 27, 18))
    assert not told(chat, "达到计划", of=MANAGER)
    await chat.lives_until(at(11, 30, 9))

    assert told(chat, "李晓彤 9/10（少 10%，🚩连续 2 周不足）", of=MANAGER)
    assert told(chat, "计划拜访 10 家，确认了 9 家，已连续 2 周没有达到计划。", of=REP)


async def visited(chat: Chat, user_id: str, on: date, times: int) -> None:
    async with chat.database.work() as work:
        member = await person(work, user_id)
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        for _ in range(times):
            visit = await work.visits.begin(member.member_id, "wecom", visited_on=on, sent_at=work.now)
            visit.state, visit.customer_id, visit.decided_at = "confirmed", customer.customer_id, work.now


async def test_the_week_before_the_holidays_is_looked_at_after_them(chat: Chat) -> None:
    close(chat, date(2026, 11, 23), days=7)
    await change(chat)
    await plan(chat, REP, date(2026, 11, 16), 5)

    await chat.lives_until(at(12, 2, 18))

    [line] = told(chat, "李晓彤 0/5", of=MANAGER)
    assert "11-16（周一）至 11-22（周日）的拜访没有达到计划" in line


# New leads


async def test_a_new_lead_is_a_to_do_within_two_working_hours_and_a_contact_settles_it(chat: Chat) -> None:
    customer_id = await change(chat, last_contact_at=None)
    async with chat.database.work() as work:
        await work.jobs.put(rules.LEAD, {"customer_id": customer_id}, queue="timers", dedupe=f"lead:{customer_id}")
    await chat.lives_until(FRIDAY + timedelta(minutes=1))

    [card] = chat.cards("待跟进", of=REP)
    assert "首次联系新线索" in card.subtitle
    async with chat.database.reading() as work:
        [todo] = await work.todos.open_of((await person(work, REP)).member_id)
    assert todo.due_at == at(11, 20, 17, 30)

    await confirm_visit(chat, REP)
    async with chat.database.reading() as work:
        [summary] = await work.todos.open_of((await person(work, REP)).member_id)
    # the mark is done; what follows a first contact is another rule's
    assert summary.action == "给客户发一份方案小结"


# Late, killed, run twice


async def test_after_a_standstill_it_acts_once_and_only_in_working_hours(chat: Chat) -> None:
    await change(chat, stage="方案设计", stage_since=FRIDAY, last_contact_at=FRIDAY)
    # not running from Friday to a Sunday night three weeks later
    chat.clock.advance(at(12, 13, 22) - chat.clock.now())
    await chat.worker.drain()
    assert chat.platform.sends == []

    await chat.lives_until(at(12, 15, 18))

    assert len(told(chat, "停在同一阶段")) == 1
    assert len(told(chat, "可以转发")) == 1
    assert len([card for card in chat.cards("待办", of=MANAGER) if "阶段已停留" in card.subtitle]) == 1


async def test_admins_see_the_rules_and_others_do_not(chat: Chat) -> None:
    [shown] = await chat.says("规则", sender=ADMIN)
    assert "✓ 阶段停滞：超过 5 个工作日；近 30 天 0 次" in shown

    assert await chat.says("规则", sender=REP) == ["您没有这个操作的权限。"]
