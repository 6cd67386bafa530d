"""The cards of deals, of what is asked of others and of customers: each button pressed, on every platform.

Each is pressed twice before anything could be done about it, by somebody who may not, and again on a card that has
been decided since.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from handlers import texts
from handlers.help_rules import Department, HelpRules
from nlp.screens import ScreenReading
from storage.deal_models import Opportunity
from tests.chat import ANSWERS, MANAGER, OTHER, REP, SHANGHAI, VISIT
from tests.contract.conftest import LINES
from tests.contract.phones import Click, Company, Phone, Seen

Pressable = TypeVar("Pressable", str, Click)

CUSTOMER = "宁波恒力阀门有限公司"
DIRECTOR = "zhoumin"
MONDAY = datetime(2026, 11, 23, 17, tzinfo=SHANGHAI)
NOTE = "今天拜访了宁波恒力阀门的王经理，技术方案客户已经定了，现在到了报价审批阶段。"
REFUSED = (texts.CARD_NOT_YOURS, texts.NOT_UNDERSTOOD)
"""What somebody hears who presses what is not theirs; a number answers nothing of theirs."""
TOO_LATE = ("这张卡片已经处理过了", texts.NOT_UNDERSTOOD, texts.AFTER_LAST)
"""What is said of a press on a card that was decided, or of a number when no card waits for one."""


def count(told: Sequence[Seen], *words: str) -> int:
    return sum(one.says(*words) for one in told)


def once(told: Sequence[Seen], *words: str) -> bool:
    """Said once; of a second press at most that it waits its turn, and then that it comes too late."""
    others = [one for one in told if not one.says(*words)]
    return count(told, *words) == 1 and all(any(one.says(late) for late in TOO_LATE) for one in others)


async def press_in_vain(stranger: Phone, owner: Phone, *buttons: str) -> None:
    """Whoever it is not for is told so, and nothing comes of it."""
    stranger.news()
    for button in _in_time(stranger, buttons):
        before = owner.sees()
        await stranger.presses_on(owner, button)
        [refusal] = stranger.news()
        assert any(refusal.says(words) for words in REFUSED), (button, refusal)
        assert owner.sees() == before, button


async def press_too_late(person: Phone, *clicks: Click) -> None:
    """On a card that was decided since: it is said, and that is all."""
    person.news()
    for click in _in_time(person, clicks):
        passes(person.company)
        await person.makes(click)
        [told] = person.news()
        assert any(told.says(late) for late in TOO_LATE), told


def has_cards(phone: Phone) -> bool:
    """Else an old card's number answers the card that came after it."""
    return phone.line.greying != "never"


def _in_time(phone: Phone, listed: Sequence[Pressable]) -> Sequence[Pressable]:
    """All of them; the first, where a call that changes no card is held for a second."""
    return listed[:1] if phone.line.calls_wait_for_us else listed


def passes(office: Company) -> None:
    """More time than DingTalk takes to tell of a click again, less than a stream of the AI bot has to end; and of two
    cards one is the latest."""
    has_streams = any(line.calls_wait_for_us for line in office.lines.values())
    office.clock.advance(timedelta(seconds=5) if has_streams else timedelta(minutes=2))


async def deal(office: Company, name: str) -> Opportunity:
    async with office.assistant.database.reading() as work:
        customer = await work.customers.by_name(CUSTOMER)
        assert customer is not None
        [found] = [one for one in await work.opportunities.all_of(customer.customer_id) if one.name == name]
        return found


# Stages


async def test_every_button_about_a_stage_counts_once_and_for_those_it_is_for(office: Company) -> None:
    rep, boss, other = office.phone(REP), office.phone(MANAGER), office.phone(OTHER)
    await rep.says("新商机 恒力 二期扩产")
    await rep.says("阶段 恒力 需求确认")
    await press_in_vain(other, rep, "转 SQL", "请主管放行", "先不改")
    asks_again, keeps = rep.click("请主管放行"), rep.click("先不改")
    rep.news()

    await rep.presses("转 SQL", times=2)
    assert count(rep.news(), "转 SQL 还要验证过的预算区间") >= 1
    await rep.says("80到90万，王经理说的")
    await rep.says("李建国 总经理")
    assert count(rep.news(), "已转为 SQL：预算 80–90 万元，决策人 李建国（总经理）") == 1
    assert boss.sees() == []

    await rep.presses("请主管放行", times=2)
    assert once(rep.news(), "已请陈志远放行")
    assert count(boss.news(), "阶段放行", "二期扩产", "还缺 需求调研表") == 1
    await press_too_late(rep, asks_again, keeps)
    await press_in_vain(other, boss, "放行", "不放行")
    grants = boss.click("放行")
    await boss.presses("不放行", times=2)
    assert once(boss.news(), "好的，不放行，李晓彤已收到")
    assert count(rep.news(), "陈志远没有放行", "补齐需求调研表后会自动改") == 1
    await press_too_late(boss, grants)
    assert (await deal(office, "二期扩产")).stage is None

    await boss.says("待审批")  # the bot can write to those who wrote to it
    passes(office)
    await rep.says("阶段 恒力 需求确认")
    await rep.presses("请主管放行")
    refuses = boss.click("不放行")
    rep.news()
    boss.news()
    await boss.presses("放行", times=2)
    assert once(boss.news(), "已放行，李晓彤已收到")
    assert count(rep.news(), "陈志远已放行", "阶段登记为「需求确认」", "缺需求调研表") == 1
    await press_too_late(boss, refuses)
    assert (await deal(office, "二期扩产")).stage == "需求确认"

    passes(office)
    await rep.says("阶段 恒力 报价审批")
    assert count(rep.news(), "阶段待改", "· 技术部确认", "跳过了方案设计") == 1
    asks = rep.click("请主管放行")
    await rep.presses("先不改", times=2)
    assert once(rep.news(), "的阶段不改，还在「需求确认」")
    await press_too_late(rep, asks)
    rep.shows_closed("已请上级放行", "已请上级放行", "不改了")
    boss.shows_closed("未放行", "已放行")


async def test_the_day_of_signing_is_decided_once_by_the_director_alone(office: Company) -> None:
    rep, boss, director = office.phone(REP), office.phone(MANAGER), office.phone(DIRECTOR)
    await rep.says("新商机 恒力 二期扩产")
    await rep.says("预计签约 恒力 2026年12月10日")
    await rep.says("预计签约 恒力 2026年12月30日")
    rep.news()
    assert count(director.news(), "申请解锁", "12-30（周三）", "20 天") == 1
    await press_in_vain(boss, director, "解锁", "不同意")
    await press_in_vain(rep, director, "解锁")
    unlocks = director.click("解锁")

    await director.presses("不同意", times=2)
    assert once(director.news(), "好的，日期不改，李晓彤已收到")
    assert count(rep.news(), "周敏没有同意", "预计签约仍是 12-10（周四）") == 1
    await press_too_late(director, unlocks)
    assert str((await deal(office, "二期扩产")).expected_on) == "2026-12-10"

    await director.says("待审批")
    passes(office)
    await rep.says("预计签约 恒力 2026年12月28日")
    rep.news()
    refuses = director.click("不同意")
    director.news()
    await director.presses("解锁", times=2)
    assert once(director.news(), "已解锁，李晓彤已收到")
    assert count(rep.news(), "周敏已解锁", "预计签约改为 12-28（周一）") == 1
    await press_too_late(director, refuses)
    assert str((await deal(office, "二期扩产")).expected_on) == "2026-12-28"
    director.shows_closed("未同意", "已解锁")


@pytest.mark.parametrize("office", ["dingtalk-numbers"], indirect=True)
async def test_a_number_said_twice_does_nothing_to_the_card_before(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says("今天去了恒力阀门，见了王经理，我答应下周三前把安装排期表给他。")
    await rep.presses("确认")
    await rep.says("新商机 恒力 二期扩产")
    passes(office)
    await rep.says("阶段 恒力 需求确认")
    rep.news()

    await rep.presses("先不改", times=2)

    assert once(rep.news(), "的阶段不改，还在「未登记阶段」")
    passes(office)
    await rep.presses("完成")
    assert count(rep.news(), "已完成：提供安装排期表") == 1


# Whose


async def test_of_several_deals_the_rep_picks_the_one_that_a_visit_was_about_once(office: Company) -> None:
    rep, other = office.phone(REP), office.phone(OTHER)
    await rep.says("新商机 恒力 一期")
    await rep.says("新商机 恒力 二期扩产")
    await rep.says(NOTE)
    await rep.presses("确认")
    assert count(rep.news(), "是哪个商机", "一期", "二期扩产") == 1
    button = "二期扩产" if rep.line.option_acts else "就是它"
    await press_in_vain(other, rep, button)
    picks = rep.click(button)
    if not rep.line.option_acts:
        await rep.presses("就是它")
        rep.shows((texts.CHOOSE_FIRST,))

    await rep.presses("就是它", choosing="二期")

    told = rep.news()
    assert count(told, f"好的，这次拜访记到「{CUSTOMER}·二期扩产」", "阶段「报价审批」还没改") == 1
    assert count(told, "阶段待改", "二期扩产", "未登记 → 报价审批") == 1
    if has_cards(rep):
        await press_too_late(rep, picks)
    async with office.assistant.database.reading() as work:
        visit = await work.visits.get(1)
        assert visit.opportunity_id == (await deal(office, "二期扩产")).opportunity_id


async def test_whose_a_document_is_is_said_once(office: Company) -> None:
    rep, other = office.phone(REP), office.phone(OTHER)

    async def sends(label: str) -> None:
        passes(office)
        await rep.sends_picture(ScreenReading("text", plain_text=f"{label} {CUSTOMER} 甲方"))
        await rep.presses("标注", choosing=label)
        assert count(rep.news(), f"{label}已存好", "归到哪家客户？", CUSTOMER) == 1

    await sends("营业执照")
    await press_in_vain(other, rep, "归到「宁波恒力…」", "换客户", "不归档")
    leaves, changes = rep.click("不归档"), rep.click("换客户")
    await rep.presses("归到「宁波恒力…」", times=2)
    assert once(rep.news(), f"已归到「{CUSTOMER}」：营业执照")
    await press_too_late(rep, leaves, changes)

    await sends("采购意向书")
    files = rep.click("归到「宁波恒力…」")
    await rep.presses("换客户", times=2)
    assert once(rep.news(), "归到哪家客户？", "宁波恒丽服饰有限公司", CUSTOMER)
    if has_cards(rep):
        await press_too_late(rep, files)
    leaves = rep.click("不归档")
    await rep.presses("归档", choosing="宁波恒丽服饰", times=2)
    assert once(rep.news(), "已归到「宁波恒丽服饰有限公司」：采购意向书")
    await press_too_late(rep, leaves)

    await sends("双方签字页")
    files = rep.click("归到「宁波恒力…」")
    await rep.presses("不归档", times=2)
    assert once(rep.news(), "不归档，原件仍保留")
    await press_too_late(rep, files)
    async with office.assistant.database.reading() as work:
        pieces = [await work.visits.evidence(number) for number in (1, 2, 3)]
        assert [(piece.label, piece.customer_id) for piece in pieces] == [
            ("营业执照", 1),
            ("采购意向书", 2),
            ("双方签字页", None),
        ]


# Asked of others


async def test_a_request_is_thought_over_passed_on_and_declined_once(office: Company) -> None:
    rep, boss, colleague = office.phone(REP), office.phone(MANAGER), office.phone(OTHER)
    await rep.says("求助 赵一鸣 恒力的阀体材质要 316L，能不能做？")
    await press_in_vain(boss, colleague, "我来回复", "转给同事", "办不了")
    old = [colleague.click(button) for button in ("我来回复", "转给同事", "办不了")]
    rep.news()
    colleague.news()

    await colleague.presses("我来回复", times=2)
    assert count(colleague.news(), f"请直接回复求助1（{CUSTOMER}）的答复") >= 1
    await colleague.says("取消")
    await colleague.presses("办不了")
    assert count(colleague.news(), "为什么办不了？") == 1
    await colleague.presses("转给同事")
    assert count(colleague.news(), "转给哪位同事？") == 1
    assert rep.news() == []
    await colleague.says("陈志远")
    assert count(colleague.news(), "已转给陈志远") == 1
    assert count(boss.news(), "请您回复", "求助1", "恒力的阀体材质要 316L，能不能做？") == 1
    await press_too_late(colleague, *old)

    passes(office)
    old = [boss.click(button) for button in ("我来回复", "办不了")]
    await boss.presses("办不了")
    await boss.says("没有炉号，做不了")
    assert count(boss.news(), "已转给李晓彤") == 1
    assert count(rep.news(), "陈志远", "回复求助1", "办不了", "没有炉号，做不了") == 1
    await press_too_late(boss, *old)


async def test_whoever_answers_says_whether_it_is_the_departments_confirmation(office: Company) -> None:
    rep, boss, colleague = office.phone(REP), office.phone(MANAGER), office.phone(OTHER)
    ctx = office.assistant.context
    technical = HelpRules(departments=(Department("技术", ("赵一鸣",)),))
    object.__setattr__(ctx, "settings", replace(ctx.settings, help=technical))
    await rep.says("新商机 恒力 二期扩产")
    await rep.says("求助 技术 恒力的阀体材质要 316L，能不能做？")
    await colleague.says("回复求助1：可以做，交期多一周")

    assert count(rep.news(), "可以做，交期多一周", "这条答复算不算技术部确认，已请赵一鸣确认") == 1
    assert count(colleague.news(), "算不算技术部确认", "求助1", "可以做，交期多一周") == 1
    await press_in_vain(boss, colleague, "算技术部确认", "只是答复")
    old = [colleague.click(button) for button in ("算技术部确认", "只是答复")]
    await colleague.presses("算技术部确认", times=2)

    assert once(colleague.news(), "已记为技术部确认")
    assert count(rep.news(), "赵一鸣确认：求助1", "的答复算技术部确认") == 1
    await press_too_late(colleague, *old)


async def test_an_approval_is_passed_up_refused_and_agreed_to_once(office: Company) -> None:
    rep, boss, director = office.phone(REP), office.phone(MANAGER), office.phone(DIRECTOR)
    buttons = ("同意", "不同意", "转上级")
    await rep.says("审批 恒力 报价 18万 含安装")
    assert count(boss.news(), "报价审批", "审批1", "金额 18 万元", "身份 主管") == 1
    await press_in_vain(office.phone(OTHER), boss, *buttons)
    old = [boss.click(button) for button in buttons]
    await boss.presses("转上级", times=2)
    assert once(boss.news(), "好的，已转给周敏")
    assert count(director.news(), "报价审批", "审批1", "身份 总监") == 1
    await press_too_late(boss, *old)

    await press_in_vain(boss, director, "同意", "不同意")
    old = [director.click(button) for button in buttons]
    await director.presses("不同意", times=2)
    assert count(director.news(), "为什么不同意？") >= 1
    await director.says("毛利太低")
    assert count(director.news(), "好的，已告诉李晓彤") == 1
    assert count(rep.news(), "周敏没有同意审批1", "毛利太低") == 1
    await press_too_late(director, *old)

    await boss.says("待审批")
    await director.says("待审批")
    passes(office)
    await rep.says("审批 恒力 报价 17万 含安装")
    rep.news()
    await boss.presses("同意", times=2)
    assert count(rep.news(), "陈志远同意了审批2") == 1
    await director.presses("同意", times=2)
    assert count(rep.news(), "审批2通过了", "主管 陈志远 ✓", "总监 周敏 ✓") == 1


@pytest.mark.parametrize("office", [name for name in LINES if not name.startswith("wecom-bot")], indirect=True)
async def test_what_nobody_answers_goes_up_by_itself_and_the_old_cards_count_no_more(office: Company) -> None:
    """Not on the AI bot, whose connection and streams no clock of ours takes over a weekend."""
    rep, boss, director = office.phone(REP), office.phone(MANAGER), office.phone(DIRECTOR)
    await rep.says("新商机 恒力 二期扩产")
    await rep.says("阶段 恒力 需求确认")
    await rep.presses("请主管放行")
    await rep.says("审批 恒力 报价 18万 含安装")
    await rep.says("求助 赵一鸣 恒力的阀体材质要 316L，能不能做？")
    old = [boss.click("放行"), boss.click("同意")]

    await office.lives_until(MONDAY)

    assert count(director.sees(), "阶段放行", "二期扩产", "还缺 转为SQL、需求调研表") == 1
    assert count(director.sees(), "报价审批", "审批1", "金额 18 万元", "身份 总监") == 1
    assert count(boss.sees(), "超时未回复，请您处理", "求助1", "316L") == 1
    for words in (
        "「宁波恒力阀门有限公司·二期扩产」的放行已转给周敏",
        "审批1",
        "求助1（宁波恒力阀门有限公司），赵一鸣",
    ):
        assert any(one.says(words) for one in rep.sees()), words
    boss.shows_closed("已转交周敏", "已上报周敏", by_click=False)
    if has_cards(boss):
        await press_too_late(boss, *old)
        await director.presses("放行", times=2)
        assert count(rep.sees(), "周敏已放行", "阶段登记为「需求确认」") == 1


# Looked at


async def test_how_a_customer_and_its_deals_stand_is_turned_to_by_buttons_that_end_with_the_customer(
    office: Company,
) -> None:
    rep, other = office.phone(REP), office.phone(OTHER)
    await rep.says(VISIT)
    await rep.presses("确认")
    await rep.says(ANSWERS)
    await rep.says("新商机 恒力 二期扩产")
    for day in (10, 12, 14):
        await rep.says(f"预计签约 恒力 二期扩产 2026年12月{day}日")
    rep.news()

    async def shows(*words: str) -> None:
        told = rep.news()
        for word in words:
            assert any(one.says(word) for one in told), (word, told)
        await rep.repeats()
        assert rep.news() == []
        passes(office)

    passes(office)
    await rep.says("恒力")
    await shows("客户情况", "未命名商机", "二期扩产")
    await press_in_vain(other, rep, "动作链", "看话术", "② 二期扩产")
    chain = rep.click("动作链")
    await rep.presses("② 二期扩产")
    await shows("商机情况", f"{CUSTOMER} · 二期扩产", "12-14（周一）")
    await rep.presses("动作链")
    await shows("动作链", "预计签约 12-12 → 12-14（周一）", "新商机：二期扩产")
    await rep.presses("看商机")
    await shows("商机情况", f"{CUSTOMER} · 二期扩产")
    await rep.presses("看客户")
    await shows("客户情况")
    await rep.presses("看话术")
    await shows("话术")
    await rep.says("动作链 恒力")
    await shows("预计签约 12-12 → 12-14（周一）")
    await rep.presses("更早")
    await shows("新商机：未命名商机")
    await rep.presses("更近")
    await shows("预计签约 12-12 → 12-14（周一）")

    await rep.says("恒里上次聊到哪了")
    await shows("哪一家？", "宁波恒丽服饰有限公司", CUSTOMER)
    await rep.presses(next(text for one in reversed(rep.sees()) for text in one.buttons if "宁波恒力" in text))
    await shows("客户情况", "未解决：「领导还没批」")

    await rep.says("交接 恒力 给 赵一鸣")
    rep.news()
    if has_cards(rep):
        await rep.makes(chain)
        rep.shows((texts.NOT_ALLOWED,))
