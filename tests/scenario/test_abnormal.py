"""异常清单: what is abnormal among the records and deals of late, what mends it, and the week's message about it."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers import abnormal_said, actions, rules, texts
from handlers.links import Links
from handlers.record_rules import RecordRules
from handlers.rulebook import AbnormalRule
from nlp.screens import ScreenReading
from storage.database import Database
from storage.models import Notice
from tests.chat import MANAGER, OTHER, REP, SHANGHAI, Chat, build, place
from tests.fakes import FakeClock
from tests.scenario.test_deals import registered, visit

DIRECTOR = "zhoumin"
HENGLI = "宁波恒力阀门有限公司"
VAGUE = "今天拜访了宁波恒力阀门，客户很满意。"
WHOLE = "今天拜访了宁波恒力阀门的王经理，下周三前我寄样品。"


async def listed(chat: Chat, words: str = "异常清单", *, sender: str = REP) -> str:
    return "\n".join(await chat.says(words, sender=sender))


async def later(chat: Chat, by: timedelta = timedelta(days=1)) -> None:
    """The next record is another visit's."""
    await chat.passes(by)


# Fields


async def test_what_a_record_does_not_tell_is_listed_with_its_words_and_the_share_that_is_filled(chat: Chat) -> None:
    await visit(chat, VAGUE)

    told = await listed(chat)

    assert told.startswith("您近 30 天的异常 3 条\n完整率 33%（必填项 1/3，1 条记录）\n【缺必填项】1\n")
    assert f"1 {HENGLI} 11-20（周五）：缺联系人、下一步「{VAGUE}」" in told
    assert "【说法空泛】1" in told
    assert told.endswith("回复数字看客户；补记一条或补发证据，这里就会消掉")


async def test_a_complete_record_misses_nothing(chat: Chat) -> None:
    await visit(chat, WHOLE)

    told = await listed(chat)

    assert "完整率 100%（必填项 3/3，1 条记录）" in told
    assert "缺必填项" not in told
    assert "【没有证据】1" in told


async def test_a_further_note_about_the_same_visit_mends_the_record_and_the_rate(chat: Chat) -> None:
    await visit(chat, VAGUE)
    await later(chat, timedelta(hours=1))
    await visit(chat, WHOLE)

    told = await listed(chat)

    assert "完整率 100%（必填项 3/3，2 条记录）" in told
    assert "缺必填项" not in told
    assert "说法空泛" not in told


async def test_a_note_of_a_later_day_about_that_visit_joins_it(chat: Chat) -> None:
    await visit(chat, VAGUE)
    await later(chat, timedelta(days=3))
    await visit(chat, "11月20号在宁波恒力阀门见的是王经理，我答应下周三前寄样品。")

    told = await listed(chat)

    assert "完整率 100%（必填项 3/3，2 条记录）" in told
    assert "缺必填项" not in told


async def test_a_later_visit_mends_the_list_and_leaves_the_rate_as_it_was(chat: Chat) -> None:
    await visit(chat, VAGUE)
    await later(chat, timedelta(days=3))
    await visit(chat, WHOLE)

    told = await listed(chat)

    assert "完整率 66%（必填项 4/6，2 条记录）" in told
    assert "缺必填项" not in told
    assert "说法空泛" not in told


async def test_an_earlier_visit_mends_nothing_of_a_later_one(chat: Chat) -> None:
    await visit(chat, WHOLE)
    await later(chat, timedelta(days=3))
    await visit(chat, VAGUE)

    assert "缺联系人、下一步" in await listed(chat)


async def test_about_a_deal_a_stage_or_an_amount_is_asked_for_until_the_deal_is_known_by_one(chat: Chat) -> None:
    await chat.says("新商机 恒力 二期扩产")
    await visit(chat, WHOLE)
    assert f"1 {HENGLI} 11-20（周五）：缺阶段或金额" in await listed(chat)

    await later(chat)
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算八十五万，下周三前我寄样品。")

    told = await listed(chat)
    assert "缺必填项" not in told
    assert "完整率 100%（必填项 8/8，2 条记录）" in told


async def test_a_company_chooses_its_own_required_fields(chat: Chat) -> None:
    wanted = replace(chat.context.settings, records=RecordRules(required=("contact",)))
    object.__setattr__(chat.context, "settings", wanted)
    await visit(chat, VAGUE)

    told = await listed(chat)

    assert "：缺联系人「" in told
    assert "完整率 0%（必填项 0/1，1 条记录）" in told


async def test_drafts_and_what_is_longer_ago_than_thirty_days_are_left_out(chat: Chat) -> None:
    await visit(chat, VAGUE)
    await later(chat, timedelta(days=31))
    await chat.says("今天拜访了宁波恒丽服饰，客户很满意。")

    assert await listed(chat) == "您近 30 天没有异常。\n近 30 天没有已确认的记录，算不出完整率"


# Evidence


async def test_what_came_along_with_the_record_proves_it(chat: Chat) -> None:
    await visit(chat, WHOLE)
    assert f"1 {HENGLI} 11-20（周五）：证据 0/1，只有文字「今天拜访了" in await listed(chat)

    await later(chat)
    await chat.receives(place())
    await visit(chat, WHOLE)

    told = await listed(chat)
    assert "【没有证据】1" in told
    assert "11-21" not in told


async def test_a_picture_sent_behind_the_record_and_filed_proves_the_last_visit_alone(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await build(database, clock, tmp_path, reads_pictures=True)
    await visit(chat, WHOLE)
    await later(chat, timedelta(days=3))
    await visit(chat, WHOLE)
    assert "【没有证据】2" in await listed(chat)

    await later(chat, timedelta(hours=1))
    await chat.shows(ScreenReading("photo"))
    await chat.says("归到恒力")

    told = await listed(chat)
    assert "【没有证据】1" in told
    assert f"1 {HENGLI} 11-20（周五）" in told


async def test_a_record_that_may_hardly_be_believed_is_told_of_once_with_why(chat: Chat) -> None:
    await chat.says("11月17号拜访了宁波恒力阀门的王经理，他们要寄样品。")
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    told = await listed(chat)

    assert "过程可信度 8%（只有文字，隔 3 天才记）" in told
    assert "证据 0/1" not in told


# Contradictions


async def test_an_amount_that_jumped_is_abnormal_where_the_question_was_confirmed_without_a_word(chat: Chat) -> None:
    await registered(chat, "需求确认")
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算八十万，下周三前我寄样品。")
    await later(chat)
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算三百万，下周三前我寄样品。")

    told = await listed(chat)

    assert "【金额突变】1" in told
    assert "确认时没有说明：预算上次是 80 万元，这次是 300 万元，差得比较多，是变了还是说错了？「三百万」" in told

    await later(chat)
    await visit(chat, "今天又去了宁波恒力阀门见王经理，预算三百万，下周五前我发方案。")
    assert "金额突变" not in await listed(chat)


async def test_a_question_that_was_answered_by_a_remark_is_not_abnormal(chat: Chat) -> None:
    await registered(chat, "需求确认")
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算八十万，下周三前我寄样品。")
    await later(chat)
    await chat.says("今天拜访了宁波恒力阀门的王经理，预算三百万，下周三前我寄样品。")
    await chat.says("补充：他们把二期也并进来了")
    assert "差得比较多" in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert "金额突变" not in await listed(chat)


async def test_a_question_to_which_the_value_was_put_right_is_not_abnormal(chat: Chat) -> None:
    await registered(chat, "需求确认")
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算八十万，下周三前我寄样品。")
    await later(chat)
    await chat.says("今天拜访了宁波恒力阀门的王经理，预算三百万，下周三前我寄样品。")
    await chat.says("预算改成90万")
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert "金额突变" not in await listed(chat)


async def test_a_quote_below_cost_is_abnormal_until_it_is_raised(chat: Chat) -> None:
    await registered(chat, "需求确认")
    await chat.says("成本 恒力 60万")
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，我们报价五十五万，下周三前我寄样品。")

    told = await listed(chat)
    assert "【报价低于成本】1" in told
    assert "报价 55 万元 低于成本 60 万元「" in told
    assert "前后矛盾未说明" not in told

    await later(chat)
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，我们报价六十五万，下周三前我寄样品。")
    assert "报价低于成本" not in await listed(chat)


async def test_a_contract_before_its_day_is_a_contradiction_until_the_deal_is_won(chat: Chat) -> None:
    await registered(chat, "报价审批")
    await chat.says("预计签约 恒力 12月25日")
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，合同已经签了，下周三前我寄样品。")
    told = await listed(chat)
    assert "【前后矛盾未说明】1" in told
    assert "但预计签约是 12-25（周五），还没到。是提前签了吗？" in told

    await chat.says("赢单 恒力")

    assert "前后矛盾" not in await listed(chat)


async def test_another_decision_maker_is_a_contradiction_until_they_are_named_again(chat: Chat) -> None:
    number = await registered(chat, "合同签订")
    async with chat.database.work() as work:
        found = await work.opportunities.get(number)
        contact = await work.customers.remember_contact(found.customer_id, "李建国")
        found.decider_id = contact.contact_id
    await visit(chat, "今天拜访了宁波恒力阀门，王总拍板，下周三前我寄样品。")

    told = await listed(chat)
    assert "【前后矛盾未说明】1" in told
    assert "决策人之前是李建国，这次说王总拍板，是换人了吗？" in told

    await later(chat)
    await visit(chat, "今天拜访了宁波恒力阀门，王总拍板，下周五前我发方案。")
    assert "前后矛盾" not in await listed(chat)


# Deals


async def test_a_stage_that_waits_for_its_documents_for_more_than_five_working_days(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，现在到了报价审批阶段，周五前我发报价单。")
    await later(chat, timedelta(days=7))
    assert "阶段等材料" not in await listed(chat)

    # Saturday is no working day
    await later(chat)
    assert "阶段等材料" not in await listed(chat)

    await later(chat, timedelta(days=2))
    told = await listed(chat)
    assert "【阶段等材料】1" in told
    assert f"{HENGLI} 11-20（周五）：进「报价审批」等材料 6 个工作日了「报价审批」" in told


async def test_a_signing_day_that_has_passed_and_one_that_is_frozen(chat: Chat) -> None:
    await registered(chat, "合同签订")
    await chat.says("预计签约 恒力 11月25日")
    await later(chat, timedelta(days=5))
    assert "签约日已过" not in await listed(chat)

    await later(chat)
    told = await listed(chat)
    assert "【签约日已过】1" in told
    assert "预计 11-25（周三） 签约，已过 1 天，还没有结果「" in told

    await chat.says("预计签约 恒力 12月25日")
    told = await listed(chat)
    assert "签约日已过" not in told
    assert "【签约日冻结】1" in told
    assert "想推到 12-25（周五），等总监解锁「" in told

    await chat.says("赢单 恒力")
    assert "没有异常" in await listed(chat)


# Whose


async def test_a_leader_sees_the_team_by_person_and_any_one_of_them(chat: Chat) -> None:
    async with chat.database.work() as work:
        dress = await work.customers.by_name("宁波恒丽服饰有限公司")
        [other] = await work.members.named("赵一鸣")
        assert dress is not None
        dress.owner_id = other.member_id
    await visit(chat, VAGUE)
    await chat.says("今天拜访了宁波恒丽服饰，客户很满意。", sender=OTHER)
    await chat.presses(chat.draft(), actions.ConfirmVisit, sender=OTHER)

    for words in ("异常清单", "团队异常", "异常"):
        told = await listed(chat, words, sender=MANAGER)
        assert told.startswith("团队近 30 天的异常 6 条\n按人：李晓彤 3、赵一鸣 3\n完整率 33%（必填项 2/6，2 条记录）")
        assert "宁波恒丽服饰有限公司 · 赵一鸣 11-20（周五）" in told
    assert (await listed(chat, "异常清单 赵一鸣", sender=MANAGER)).startswith("赵一鸣近 30 天的异常 3 条")
    assert (await listed(chat, "我的异常", sender=MANAGER)).startswith("您近 30 天没有异常")
    assert "恒丽" not in await listed(chat)
    assert await listed(chat, "异常清单 赵一鸣") == "您能看到的人里没有叫「赵一鸣」的。"
    assert await listed(chat, "团队异常") == texts.NOT_ALLOWED


async def test_of_more_records_than_are_looked_at_the_list_says_so(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    await visit(chat, VAGUE)
    await later(chat)
    await visit(chat, WHOLE)
    monkeypatch.setattr(abnormal_said, "MOST_RECORDS", 1)

    told = await listed(chat)

    assert "1 条记录）\n太多了，没有全部列出：只看了最近 1 条记录，商机每类最多 1000 个" in told
    assert "11-21（周六）" in told
    assert "11-20（周五）" not in told


async def test_a_number_opens_the_customer_and_a_page_follows_the_page(chat: Chat) -> None:
    for number in range(4):
        await visit(chat, VAGUE)
        await later(chat, timedelta(days=1, hours=number % 2))

    told = await listed(chat)
    assert "（第 1/2 页）" in told
    assert told.endswith("；回复「下一页」看后面的")
    told = await listed(chat, "下一页")
    assert told.startswith("您近 30 天的异常 12 条（第 2/2 页）\n【")
    assert "\n12 " in told
    assert await listed(chat, "下一页") == "没有第 3 页，共 2 页。"
    assert await listed(chat, "12") == "[客户情况]"
    assert await listed(chat, "第13条") == "没有第 13 条，共 12 条。"


async def test_a_customer_who_is_somebody_elses_by_now_is_not_opened(chat: Chat) -> None:
    await visit(chat, VAGUE)
    await listed(chat)
    async with chat.database.work() as work:
        customer = await work.customers.by_name(HENGLI)
        [other] = await work.members.named("赵一鸣")
        assert customer is not None
        customer.owner_id = other.member_id

    assert "不在您的客户里" in await listed(chat, "1")


@pytest.mark.parametrize(
    "note",
    [
        "今天拜访了宁波恒力阀门，设备有异常，王经理很着急",
        "宁波恒力阀门的王经理说账单异常清单还没给",
        "异常：宁波恒力阀门的设备又停了，王经理让我们明天去看",
    ],
)
async def test_notes_that_tell_of_something_abnormal_stay_notes(chat: Chat, note: str) -> None:
    [shown] = await chat.says(note)

    assert shown == "[拜访记录 · 待确认]"


# The week's message

MONDAY = datetime(2026, 11, 23, 8, 20, tzinfo=SHANGHAI)


@pytest.fixture
async def company(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    """With the rule alone, so that nothing else is told."""
    chat = await build(database, clock, tmp_path)
    async with database.work() as work:
        await work.jobs.put_next(rules.due(chat.context))
    return chat


def weekly(chat: Chat, *, of: str = MANAGER) -> list[str]:
    return [text for text in chat.texts(of=of) if "异常周报" in text]


async def test_on_the_first_working_day_of_the_week_each_leader_is_told_once(company: Chat) -> None:
    await visit(company, VAGUE)

    await company.lives_until(MONDAY)
    assert weekly(company) == []
    await company.lives_until(MONDAY + timedelta(days=3))

    [told] = weekly(company)
    assert (
        "异常周报（11-16（周一）至 11-22（周日））：1 条记录，异常 3 条：缺必填项 1、说法空泛 1、可信度低 1。" in told
    )
    assert "明细请回复「异常清单」" in told
    [told] = weekly(company, of=DIRECTOR)
    assert "陈志远团队 3。" in told
    assert weekly(company, of=REP) == []


async def test_what_is_told_of_last_week_later_in_this_one_makes_no_second_message(company: Chat) -> None:
    await visit(company, VAGUE)
    await company.lives_until(MONDAY + timedelta(hours=3))
    await company.says("11月20号拜访了绍兴宏达纺织，客户很满意。", sender=OTHER)
    await company.presses(company.draft(), actions.ConfirmVisit, sender=OTHER)

    await company.lives_until(MONDAY + timedelta(days=4))

    assert len(weekly(company)) == 1
    async with company.database.reading() as work:
        found = await work.rules.found("abnormal", since=MONDAY, until=MONDAY + timedelta(days=4))
    assert len(found) == 1


async def test_last_week_is_compared_with_the_week_before(company: Chat) -> None:
    await visit(company, VAGUE)
    await company.lives_until(datetime(2026, 11, 24, 10, tzinfo=SHANGHAI))
    await visit(company, WHOLE)

    await company.lives_until(datetime(2026, 11, 30, 9, tzinfo=SHANGHAI))

    told = weekly(company)[-1]
    assert "（11-23（周一）至 11-29（周日））：1 条记录，异常 1 条：没有证据 1。" in told
    assert "完整率 100%（3/3），前一周 33%（1/3）" in told


async def test_a_team_with_records_and_nothing_abnormal_gets_one_line_and_one_without_gets_none(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await build(database, clock, tmp_path, reads_pictures=True)
    async with database.work() as work:
        await work.jobs.put_next(rules.due(chat.context))
    await chat.shows(ScreenReading("photo"))
    await visit(chat, WHOLE)

    await chat.lives_until(datetime(2026, 12, 4, 18, tzinfo=SHANGHAI))

    assert weekly(chat) == ["异常周报（11-16（周一）至 11-22（周日））：1 条记录，没有异常。完整率 100%（3/3）"]


async def test_a_deal_alone_is_told_of_without_a_rate(company: Chat) -> None:
    await registered(company, "合同签订")
    await company.says("预计签约 恒力 11月20日")

    await company.lives_until(MONDAY + timedelta(hours=1))

    [told] = weekly(company)
    assert "：0 条记录，异常 1 条：签约日已过 1。李晓彤 1。\n明细" in told


async def test_where_phones_can_reach_us_the_message_has_a_link_to_the_table(company: Chat) -> None:
    object.__setattr__(company.context, "links", Links(bytes(32), "https://bot.example.com"))
    await visit(company, VAGUE)

    await company.lives_until(MONDAY + timedelta(hours=1))

    [told] = weekly(company)
    assert "\n明细表：https://bot.example.com/abnormal/" in told
    assert told.endswith("只有您能打开，7 天内有效")


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        (AbnormalRule(), datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)),
        (AbnormalRule(hour=14), datetime(2026, 11, 23, 14, tzinfo=SHANGHAI)),
        (AbnormalRule(hour=20), datetime(2026, 11, 24, 8, 30, tzinfo=SHANGHAI)),
        (AbnormalRule(weekday=3), datetime(2026, 11, 25, 8, 30, tzinfo=SHANGHAI)),
        (AbnormalRule(weekday=7), datetime(2026, 11, 27, 8, 30, tzinfo=SHANGHAI)),
        (AbnormalRule(on=False), None),
    ],
    ids=["as it is", "at two", "in the evening", "on Wednesday", "on Sunday", "off"],
)
async def test_when_it_is_told_is_the_companys_choice_within_working_hours(
    company: Chat, rule: AbnormalRule, at: datetime | None
) -> None:
    book = replace(company.context.settings.rules, abnormal=rule)
    object.__setattr__(company.context, "settings", replace(company.context.settings, rules=book))
    await visit(company, VAGUE)

    await company.lives_until(datetime(2026, 11, 29, 18, tzinfo=SHANGHAI))

    async with company.database.reading() as work:
        [manager] = await work.members.named("陈志远")
        notices = (await work.session.scalars(select(Notice).where(Notice.subject == "rule:abnormal"))).all()
    told_at = [notice.sent_at for notice in notices if notice.member_id == manager.member_id]
    assert told_at == ([] if at is None else [at])


async def test_a_machine_that_was_away_on_monday_tells_it_on_tuesday(company: Chat) -> None:
    await visit(company, VAGUE)
    company.clock.advance(datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI) - company.clock.now())

    await company.lives_until(datetime(2026, 11, 27, 18, tzinfo=SHANGHAI))

    [told] = weekly(company)
    assert "（11-16（周一）至 11-22（周日））" in told
