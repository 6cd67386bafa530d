"""审批: a quote or a discount goes up its chain, and the rep sees each step."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.platform import Capabilities, Deliverable
from handlers import actions, leavers, texts
from handlers.approval_rules import ApprovalRules, Tier
from handlers.help_rules import Department, HelpRules
from handlers.messages import OutboundCard, OutboundText
from storage.database import Database
from storage.deal_models import Approval, ApprovalNode
from tests.chat import MANAGER, OTHER, REP, SHANGHAI, Chat, build, closings, fields
from tests.fakes import FakeClock

DIRECTOR, GM, ADMIN = "zhoumin", "zheng", "hejia"
HENGLI = "宁波恒力阀门有限公司"
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
SMALL, MIDDLE, LARGE = "审批 恒力 报价 3万", "审批 恒力 报价 18万 含安装", "审批 恒力 报价 85万 三年质保"
Sent = Sequence[Deliverable]


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FakeClock:
    return FakeClock(getattr(request, "param", MONDAY))


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    chat = await build(database, clock, tmp_path)
    async with database.work() as work:
        gm = await work.members.add("郑总", ["director"])
        await work.members.link(gm.member_id, "wecom", GM)
        [director] = await work.members.named("周敏")
        director.manager_id = gm.member_id
    return chat


def follow(chat: Chat, **changes: Any) -> None:
    """Other rules than the product's; `help` are those of requests."""
    settings, departments = chat.context.settings, changes.pop("help", None)
    rules = replace(settings.approvals, **changes)
    settings = replace(settings, approvals=rules, help=departments or settings.help)
    object.__setattr__(chat.context, "settings", settings)


async def approvals(chat: Chat) -> Sequence[Approval]:
    async with chat.database.reading() as work:
        everybody = [one.member_id for one in await work.members.all()]
        return list(reversed(await work.approvals.asked_by(everybody, limit=99)))


async def approval(chat: Chat) -> Approval:
    [only] = await approvals(chat)
    return only


async def nodes(chat: Chat) -> list[tuple[str, str, str]]:
    async with chat.database.reading() as work:
        found: Sequence[ApprovalNode] = await work.approvals.nodes((await approval(chat)).approval_id)
        return [(one.label, (await work.members.get(one.member_id)).name, one.state) for one in found]


async def leaves(chat: Chat, name: str) -> None:
    async with chat.database.work() as work:
        [gone] = await work.members.named(name)
        await leavers.leave(work, gone, by_id=None, source="test")
    await chat.worker.drain()


def told(sent: Sent) -> list[str]:
    return [content.text for content in sent if isinstance(content, OutboundText)]


def card_of(chat: Chat, who: str) -> OutboundCard:
    return chat.cards("审批", of=who)[-1]


# The chain


@pytest.mark.parametrize(
    ("said", "chain"),
    [
        (SMALL, [("主管", "陈志远")]),
        ("审批 恒力 报价 49999元", [("主管", "陈志远")]),
        ("审批 恒力 报价 5万", [("主管", "陈志远"), ("总监", "周敏")]),
        (MIDDLE, [("主管", "陈志远"), ("总监", "周敏")]),
        ("审批 恒力 报价 20万", [("主管", "陈志远"), ("总监", "周敏"), ("总经理", "郑总")]),
        (LARGE, [("主管", "陈志远"), ("总监", "周敏"), ("总经理", "郑总")]),
    ],
)
async def test_the_amount_says_who_has_to_agree(chat: Chat, said: str, chain: list[tuple[str, str]]) -> None:
    await chat.says(said)

    assert [(label, name) for label, name, _ in await nodes(chat)] == chain
    assert [state for *_, state in await nodes(chat)] == ["open", *["waiting"] * (len(chain) - 1)]


async def test_a_quote_goes_up_the_chain_and_the_rep_sees_each_step(chat: Chat) -> None:
    sent = await chat.says(MIDDLE)

    assert sent[-1] == (
        f"已提交审批1：{HENGLI}，报价 18 万元。\n主管 陈志远 等待中（剩 8 小时） → 总监 周敏\n撤回请回复：撤回审批1"
    )
    card = card_of(chat, MANAGER)
    assert fields(card) == {
        "客户": HENGLI,
        "金额": "18 万元",
        "申请人": "李晓彤",
        "身份": "主管",
        "期限": "18:00",
    }
    assert card.quote == "「恒力 报价 18万 含安装」"
    assert [button.text for button in card.buttons] == ["同意", "不同意", "转上级"]
    assert chat.cards("审批", of=DIRECTOR) == []

    await chat.passes(timedelta(minutes=5))
    sent_2 = await chat.presses(card, actions.ApproveNode, sender=MANAGER)
    assert closings(sent_2) == ["已同意"]
    assert chat.texts(of=REP)[-1] == (
        f"陈志远同意了审批1：{HENGLI}，报价 18 万元。\n主管 陈志远 ✓ 11-23 10:05 → 总监 周敏 等待中（剩 8 小时）"
    )
    assert card_of(chat, DIRECTOR).body == "主管 陈志远 ✓ 11-23 10:05 → 总监 周敏 等待中（剩 8 小时）"

    await chat.presses(card_of(chat, DIRECTOR), actions.ApproveNode, sender=DIRECTOR)
    assert chat.texts(of=REP)[-1] == (
        f"审批1通过了：{HENGLI}，报价 18 万元。\n主管 陈志远 ✓ 11-23 10:05 → 总监 周敏 ✓ 11-23 10:05"
    )
    assert (await approval(chat)).state == "approved"
    assert chat.cards("审批", of=GM) == []


async def test_a_no_needs_a_word_on_why_and_ends_it(chat: Chat) -> None:
    await chat.says(MIDDLE)

    await chat.presses(card_of(chat, MANAGER), actions.RefuseNode, sender=MANAGER)
    assert (await approval(chat)).state == "open"
    await chat.says("好的", sender=MANAGER)
    assert (await approval(chat)).state == "open"
    await chat.says("毛利太低，先报19万", sender=MANAGER)

    assert (await approval(chat)).state == "refused"
    assert chat.texts(of=REP)[-1].startswith(
        f"陈志远没有同意审批1（{HENGLI}，报价 18 万元）：毛利太低，先报19万\n主管 陈志远 ✗"
    )
    assert chat.cards("审批", of=DIRECTOR) == []
    await chat.lives_until(at(27, 18))
    assert chat.cards("审批", of=DIRECTOR) == []


async def test_a_no_may_be_thought_over(chat: Chat) -> None:
    await chat.says(MIDDLE)
    card = card_of(chat, MANAGER)
    await chat.presses(card, actions.RefuseNode, sender=MANAGER)

    assert await chat.says("取消", sender=MANAGER) == [texts.APPROVAL_NOT_REFUSED]
    await chat.presses(card, actions.ApproveNode, sender=MANAGER)
    await chat.says("毛利太低了", sender=MANAGER)

    assert [state for *_, state in await nodes(chat)] == ["approved", "open"]


async def test_it_is_passed_up_by_a_press(chat: Chat) -> None:
    await chat.says(SMALL)

    sent = await chat.presses(card_of(chat, MANAGER), actions.RaiseNode, sender=MANAGER)

    assert "好的，已转给周敏。" in told(sent)
    assert await nodes(chat) == [("主管", "陈志远", "passed"), ("上级", "周敏", "open")]
    assert any("陈志远转给了周敏" in text for text in chat.texts(of=REP))


async def test_at_the_top_there_is_nobody_to_pass_it_to(chat: Chat) -> None:
    await chat.says("审批 恒力 报价 3万", sender=REP)
    await chat.presses(card_of(chat, MANAGER), actions.RaiseNode, sender=MANAGER)
    await chat.presses(card_of(chat, DIRECTOR), actions.RaiseNode, sender=DIRECTOR)

    sent = await chat.presses(card_of(chat, GM), actions.RaiseNode, sender=GM)

    assert told(sent) == [texts.APPROVAL_NOBODY_ABOVE]
    assert (await nodes(chat))[-1] == ("上级", "郑总", "open")


async def test_only_whose_turn_it_is_decides_and_once(chat: Chat) -> None:
    await chat.says(MIDDLE)
    card = card_of(chat, MANAGER)

    for who in (REP, OTHER, DIRECTOR, GM, ADMIN):
        assert told(await chat.presses(card, actions.ApproveNode, sender=who)) == [texts.CARD_NOT_YOURS]
        assert await chat.says("同意审批1", sender=who) == [texts.APPROVAL_NOT_YOUR_TURN.format(number=1)]
        assert await chat.says("不同意审批1：太低", sender=who) == [texts.APPROVAL_NOT_YOUR_TURN.format(number=1)]
    await chat.presses(card, actions.ApproveNode, sender=MANAGER, event_id="click")
    assert await chat.presses(card, actions.ApproveNode, sender=MANAGER, event_id="click") == []
    again = await chat.presses(card, actions.RaiseNode, sender=MANAGER)

    assert told(again) == [texts.CARD_CLOSED.format(closing="已同意")]
    assert [state for *_, state in await nodes(chat)] == ["approved", "open"]


async def test_it_is_decided_in_typed_words_and_not_in_spoken_ones(chat: Chat) -> None:
    await chat.says(MIDDLE)

    await chat.speaks("同意审批1。", sender=MANAGER)
    assert chat.texts(of=MANAGER)[-1].startswith("听到您说「同意审批1。」。怕听错")
    await chat.says("同意审批1", sender=MANAGER)
    await chat.says("不同意审批1：利润不够", sender=DIRECTOR)

    assert [state for *_, state in await nodes(chat)] == ["approved", "refused"]


async def test_without_cards_it_is_done_by_number(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    await chat.says(SMALL)
    assert "1 同意" in chat.texts(of=MANAGER)[-1]

    await chat.says("1", sender=MANAGER)

    assert (await approval(chat)).state == "approved"


# Who is in the chain


async def test_a_managers_chain_begins_above_them(chat: Chat) -> None:
    await chat.says("审批 宏达纺织 报价 18万", sender=MANAGER)

    assert await nodes(chat) == [("总监", "周敏", "open")]


async def test_nobody_agrees_to_what_they_ask_for_themselves(chat: Chat) -> None:
    follow(chat, general_manager="郑总")

    sent = await chat.says("审批 宏达纺织 报价 85万", sender=GM)

    assert sent[0] == texts.APPROVAL_NOBODY
    assert await approvals(chat) == []


async def test_the_same_person_is_asked_once_as_the_higher(chat: Chat) -> None:
    async with chat.database.work() as work:
        [manager], [director] = await work.members.named("陈志远"), await work.members.named("周敏")
        manager.manager_id = None
        manager.roles = ["manager", "director"]
        director.active = False

    await chat.says(LARGE)

    assert await nodes(chat) == [("总经理", "陈志远", "open")]


async def test_the_general_manager_may_be_named(chat: Chat) -> None:
    follow(chat, general_manager="何佳")

    await chat.says(LARGE)

    assert [name for _, name, _ in await nodes(chat)] == ["陈志远", "周敏", "何佳"]


async def test_without_a_manager_it_begins_with_the_next_that_there_is(chat: Chat) -> None:
    follow(chat, general_manager="郑总")
    async with chat.database.work() as work:
        (await work.members.named("李晓彤"))[0].manager_id = None

    sent = await chat.says(SMALL)

    assert texts.APPROVAL_NO_MANAGER in sent[-1]
    assert await nodes(chat) == [("主管", "郑总", "open")]


async def test_with_nobody_above_it_is_said_and_the_admin_told(chat: Chat) -> None:
    async with chat.database.work() as work:
        (await work.members.named("李晓彤"))[0].manager_id = None

    assert (await chat.says(SMALL))[0] == texts.APPROVAL_NOBODY
    await chat.lives_until(at(23, 12))

    assert any("没有设置可以审批的上级" in text for text in chat.texts(of=ADMIN))
    assert await approvals(chat) == []


async def test_departments_countersign_large_projects_before_the_last_word(chat: Chat) -> None:
    follow(
        chat,
        countersign=("技术",),
        countersign_over=500_000,
        help=HelpRules(departments=(Department("技术", ("赵一鸣",)),)),
    )

    await chat.says(LARGE)

    assert [(label, name) for label, name, _ in await nodes(chat)] == [
        ("主管", "陈志远"),
        ("总监", "周敏"),
        ("技术", "赵一鸣"),
        ("总经理", "郑总"),
    ]


async def test_a_large_discount_has_to_be_agreed_to_though_the_amount_has_not(chat: Chat) -> None:
    follow(chat, tiers=(Tier(50_000, ()), *ApprovalRules().tiers[1:]))

    assert "按规定不用审批，已记为通过" in (await chat.says("申请折扣 恒力 9折 报价3万"))[-1]
    await chat.says("申请折扣 恒力 8折 报价3万")

    assert [one.state for one in await approvals(chat)] == ["approved", "open"]


# What is said


async def test_a_discount_shows_how_much_is_taken_off(chat: Chat) -> None:
    await chat.says("申请折扣 恒力 9折 报价18万")

    assert card_of(chat, MANAGER).title == "折扣审批"
    assert fields(card_of(chat, MANAGER))["让利"] == "让 10%"
    assert (await approval(chat)).percent_off == 10


@pytest.mark.parametrize("said", ["审批恒力报价十八万含安装。", "给恒力申请九折，报价18万", "申请审批恒力报价18万"])
async def test_it_may_be_spoken(chat: Chat, said: str) -> None:
    await chat.speaks(said)

    assert (await approval(chat)).amount_fen == 18_000_000


@pytest.mark.parametrize(
    "said",
    [
        "审批还没下来，王经理说下周再谈，恒力预算80万",
        "恒力的审批通过了，见了王经理，报价18万",
        "刚从恒力出来，王经理要申请折扣，说预算80万，报价审批要走两周",
    ],
)
async def test_a_note_that_mentions_it_is_still_a_note(chat: Chat, said: str) -> None:
    await chat.says(said)

    assert await approvals(chat) == []
    assert len(chat.cards("拜访记录")) == 1


async def test_what_is_missing_is_asked_and_what_was_said_is_kept(chat: Chat) -> None:
    sent = await chat.says("申请折扣 恒力 含安装")
    assert sent == ["还差：金额（一个准数，例如：报价18万）；打几折（例如：9折）。请直接回复，或回复「取消」。"]

    assert await chat.says("18万") == ["还差：打几折（例如：9折）。请直接回复，或回复「取消」。"]
    await chat.says("9折")

    found = await approval(chat)
    assert (found.amount_fen, found.percent_off) == (18_000_000, 10)
    assert "含安装" in found.words


@pytest.mark.parametrize("said", ["审批 恒力 报价", "审批 报价 18万", "申请折扣 恒力 9折"])
@pytest.mark.parametrize(
    "note",
    [
        "今天去了恒丽服饰，见了林总监，预算三十万。",
        "今天去了恒力阀门，见了王经理，预算三十万，周五前发方案。",
        "今天去了恒丽服饰，预算三十万。",
    ],
)
async def test_a_note_that_comes_instead_is_a_note_and_its_budget_no_quote_of_ours(
    chat: Chat, said: str, note: str
) -> None:
    await chat.says(said)

    await chat.says(note)

    assert await approvals(chat) == []
    assert len(chat.cards("拜访记录")) == 1


@pytest.mark.parametrize("amount", ["大概18万", "15到18万", "18万或者20万"])
async def test_an_amount_that_is_not_exact_is_asked(chat: Chat, amount: str) -> None:
    sent = await chat.says(f"审批 恒力 报价 {amount}")

    assert "金额（一个准数" in sent[-1]
    assert await approvals(chat) == []


async def test_of_two_customers_one_is_asked_for(chat: Chat) -> None:
    sent = await chat.says("审批 宏达 报价 3万")
    assert sent == ["还差：是哪一家客户（杭州宏达机电有限公司、绍兴宏达纺织有限公司）。请直接回复，或回复「取消」。"]

    await chat.says("宏达纺织")

    async with chat.database.reading() as work:
        customer = await work.customers.get((await approval(chat)).customer_id)
    assert customer.name == "绍兴宏达纺织有限公司"


async def test_another_reps_customer_is_not_theirs_to_quote(chat: Chat) -> None:
    sent = await chat.says(SMALL, sender=OTHER)

    assert sent == ["还差：哪一家客户（您名下的）。请直接回复，或回复「取消」。"]


async def test_the_same_again_is_not_asked_twice(chat: Chat) -> None:
    await chat.says(MIDDLE)

    assert (await chat.says(MIDDLE))[-1].startswith("同样的审批1已经在走了")
    assert len(await approvals(chat)) == 1


async def test_it_can_be_switched_off(chat: Chat) -> None:
    follow(chat, on=False)

    assert await chat.says(MIDDLE) == [texts.APPROVAL_OFF_HERE]


async def test_whoever_asked_withdraws_it_and_nobody_else(chat: Chat) -> None:
    await chat.says(MIDDLE)

    for who in (OTHER, MANAGER, DIRECTOR):
        assert await chat.says("撤回审批1", sender=who) == [texts.APPROVAL_NOT_YOURS.format(number=1)]
    sent = await chat.says("撤回审批1")

    assert "[→ 已撤回]" in sent
    assert (await approval(chat)).state == "withdrawn"
    await chat.lives_until(at(25, 12))
    assert any("李晓彤撤回了审批1" in text for text in chat.texts(of=MANAGER))
    assert chat.cards("审批", of=DIRECTOR) == []
    assert await chat.says("撤回审批1") == [texts.APPROVAL_MOVED_ON.format(number=1, state="已撤回")]


# Time


async def test_after_eight_working_hours_it_goes_to_the_next_and_its_holder_is_told(chat: Chat) -> None:
    chat.clock.advance(timedelta(hours=4))
    await chat.says(MIDDLE)

    await chat.lives_until(at(24, 12, 59))
    assert chat.cards("审批", of=DIRECTOR) == []
    await chat.lives_until(at(24, 13, 1))

    assert await nodes(chat) == [("主管", "陈志远", "passed"), ("总监", "周敏", "open")]
    assert any("8 个工作小时没有处理，已转给周敏" in text for text in chat.texts(of=MANAGER))
    assert "主管 陈志远 未处理，已转下一位 → 总监 周敏 等待中" in chat.texts(of=REP)[-1]


async def test_the_last_one_goes_up_too_and_time_alone_approves_nothing(chat: Chat) -> None:
    await chat.says(SMALL)

    await chat.lives_until(at(20, 18, month=12))

    assert await nodes(chat) == [("主管", "陈志远", "passed"), ("上级", "周敏", "passed"), ("上级", "郑总", "open")]
    assert (await approval(chat)).state == "open"
    assert len([text for text in chat.texts(of=GM) if "还等您处理" in text]) == 6
    assert chat.texts(of=REP)[-1].endswith("已提醒郑总 5 次，仍没有处理，不再提醒。请您直接联系。")


async def test_what_is_told_on_the_next_morning_is_not_reminded_of_the_same_morning_again(chat: Chat) -> None:
    chat.clock.advance(at(24, 10) - chat.clock.now())
    await chat.says("审批 恒力 报价 40万", sender=DIRECTOR)  # to the general manager, for eight hours from ten o'clock

    await chat.lives_until(at(25, 18))
    assert len([text for text in chat.texts(of=GM) if "还等您处理" in text]) == 1
    await chat.lives_until(at(26, 12))
    assert len([text for text in chat.texts(of=GM) if "还等您处理" in text]) == 2


@pytest.mark.parametrize("clock", [at(30, 16, month=9)], indirect=True)
async def test_the_hours_are_working_hours_over_a_holiday(chat: Chat) -> None:
    await chat.says(MIDDLE)

    sent = await chat.lives_until(at(8, 14, 59, month=10))
    assert told(sent) == []
    assert await nodes(chat) == [("主管", "陈志远", "open"), ("总监", "周敏", "waiting")]
    await chat.lives_until(at(8, 15, month=10))
    assert (await nodes(chat))[0][2] == "passed"


async def test_at_night_the_card_waits_for_the_morning(chat: Chat) -> None:
    chat.clock.advance(timedelta(hours=11))

    sent = await chat.says(MIDDLE)

    assert "现在是非工作时间，明天 08:30 送达。" in sent[-1]
    assert chat.cards("审批") == []
    await chat.lives_until(at(24, 8, 30))
    assert len(chat.cards("审批", of=MANAGER)) == 1
    await chat.lives_until(at(24, 16, 59))
    assert (await nodes(chat))[0][2] == "open"
    await chat.lives_until(at(24, 17, 1))
    assert (await nodes(chat))[0][2] == "passed"


async def test_after_a_standstill_it_goes_on_once_and_says_that_it_is_late(chat: Chat) -> None:
    await chat.says(MIDDLE)

    await chat.passes(timedelta(days=2, hours=1))

    assert await nodes(chat) == [("主管", "陈志远", "passed"), ("总监", "周敏", "open")]
    assert chat.texts(of=REP)[-1].endswith("（本应在 11-23 18:00 提醒，当时系统没有运行）")


async def test_the_hours_count_from_when_a_held_up_card_was_delivered(chat: Chat) -> None:
    await chat.says(MIDDLE)
    await chat.lives_until(at(23, 11))
    chat.clock.advance(at(25, 9) - chat.clock.now())
    async with chat.database.work() as work:
        card = await work.cards.find(card_of(chat, MANAGER).card_id)
        assert card is not None
        card.sent_at = work.now

    await chat.lives_until(at(25, 16, 59))
    assert (await nodes(chat))[0][2] == "open"
    await chat.lives_until(at(25, 17, 1))
    assert (await nodes(chat))[0][2] == "passed"


# Who leaves


async def test_whose_turn_it_is_leaves_and_it_goes_on(chat: Chat) -> None:
    await chat.says(MIDDLE)

    await leaves(chat, "陈志远")

    assert await nodes(chat) == [("主管", "陈志远", "passed"), ("总监", "周敏", "open")]
    assert any("原来在陈志远那里，现在由周敏审批" in text for text in chat.texts(of=REP))


async def test_who_is_still_to_come_leaves_and_whoever_is_above_decides_instead(chat: Chat) -> None:
    await chat.says(MIDDLE)
    await leaves(chat, "周敏")

    await chat.presses(card_of(chat, MANAGER), actions.ApproveNode, sender=MANAGER)

    assert await nodes(chat) == [("主管", "陈志远", "approved"), ("总监", "周敏", "passed"), ("上级", "郑总", "open")]
    assert (await approval(chat)).state == "open"


async def test_where_nobody_can_decide_it_stays_and_everybody_concerned_is_told(chat: Chat) -> None:
    await chat.says(LARGE)
    await leaves(chat, "周敏")
    await leaves(chat, "郑总")

    await chat.presses(card_of(chat, MANAGER), actions.ApproveNode, sender=MANAGER)
    await chat.lives_until(at(23, 15))

    assert (await approval(chat)).state == "open"
    assert any("没有别人可以审批；已告诉管理员" in text for text in chat.texts(of=REP))
    assert any("没有设置可以审批的上级" in text for text in chat.texts(of=ADMIN))


async def test_the_decision_reaches_whoever_has_the_customer_where_the_rep_left(chat: Chat) -> None:
    await chat.says(SMALL)
    async with chat.database.work() as work:
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        customer.owner_id = (await work.members.named("赵一鸣"))[0].member_id
    await leaves(chat, "李晓彤")

    await chat.presses(card_of(chat, MANAGER), actions.ApproveNode, sender=MANAGER)

    assert chat.texts(of=OTHER)[-1].startswith("审批1通过了")
    assert chat.texts(of=MANAGER)[-1] == "好的，已告诉赵一鸣。"


# Looked at


async def test_everybody_lists_their_own_and_what_waits_for_them(chat: Chat) -> None:
    assert await chat.says("我的审批") == [texts.APPROVAL_NONE]
    await chat.says(MIDDLE)
    chain = "主管 陈志远 等待中（剩 8 小时） → 总监 周敏"
    line = f"审批1 {HENGLI} 报价 18 万元：审批中\n　{chain}"

    assert await chat.says("我的审批") == [f"审批：\n{line}"]
    assert await chat.says("审批进度 恒力") == [f"审批：\n{line}"]
    assert (await chat.says("待审批", sender=MANAGER))[0].startswith(f"等您审批的 1 项：\n{line}")
    assert await chat.says("待审批", sender=DIRECTOR) == [texts.APPROVAL_NONE_WAITING]
    assert (await chat.says("团队审批", sender=MANAGER))[0].startswith("审批：\n审批1 李晓彤 · ")


async def test_the_progress_of_others_is_not_shown(chat: Chat) -> None:
    await chat.says(MIDDLE)

    for who in (OTHER, ADMIN):
        assert await chat.says("审批进度 恒力", sender=who) == [texts.APPROVAL_NONE_OF.format(name="恒力")]
        assert await chat.says("我的审批", sender=who) == [texts.APPROVAL_NONE]
    assert await chat.says("团队审批", sender=OTHER) == [texts.NOT_ALLOWED]


# What follows


async def test_what_is_approved_gives_those_to_dos_who_have_to_know(chat: Chat) -> None:
    follow(chat, tell=("赵一鸣",))
    await chat.says(SMALL)
    assert chat.cards("待办", of=OTHER) == []

    await chat.presses(card_of(chat, MANAGER), actions.ApproveNode, sender=MANAGER)

    [card] = chat.cards("待办", of=OTHER)
    assert "报价 3 万元 已批准（审批1）" in f"{card.subtitle}{card.body}{fields(card)}"


async def test_what_is_refused_gives_nobody_a_to_do(chat: Chat) -> None:
    follow(chat, tell=("赵一鸣",))
    await chat.says(SMALL)

    await chat.says("不同意审批1：毛利太低", sender=MANAGER)

    assert chat.cards("待办", of=OTHER) == []
