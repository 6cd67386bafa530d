"""A risk raises three questions, and the save waits for the answers; what a note leaves open is asked about."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.errors import PlatformBusy
from handlers import actions, texts
from handlers.messages import CardUpdate, OutboundCard, OutboundText, Text
from handlers.record import BlockerValue, BreakthroughValue, SupportValue, load
from handlers.rulebook import QuestionnaireRule, RuleBook
from storage.models import Evidence, Visit
from tests.chat import ANSWERS, FRIDAY, MANAGER, REP, SHANGHAI, VISIT, Chat, closings, fields

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)
PLAIN = "刚从宁波恒丽服饰出来，见了采购部的李经理，预算三十万，我答应周三前把报价单发给他。"


@pytest.fixture
async def told(chat: Chat) -> Chat:
    """A visit with risks has been told."""
    await chat.says(VISIT)
    return chat


def questions(chat: Chat) -> OutboundCard:
    return chat.cards("风险三问")[-1]


async def state(chat: Chat, visit_id: int = 1) -> str:
    async with chat.database.reading() as work:
        return (await work.visits.get(visit_id)).state


async def answered(chat: Chat, visit_id: int = 1) -> tuple[str | None, str | None, str | None]:
    async with chat.database.reading() as work:
        record = await load(work, await work.visits.get(visit_id))
    blocker, support = record.one(BlockerValue), record.one(SupportValue)
    breakthrough = record.one(BreakthroughValue)
    return (
        blocker.text if blocker else None,
        support.text if support else None,
        f"{breakthrough.text} {breakthrough.on}" if breakthrough else None,
    )


# All at once


async def test_confirming_a_risk_asks_three_questions_and_saves_nothing_yet(told: Chat) -> None:
    closed, card = await told.presses(told.draft(), actions.ConfirmVisit)

    assert closings([closed]) == ["先答风险三问"]
    assert isinstance(card, OutboundCard)
    assert card.title == "风险三问"
    assert card.subtitle == "记录已存为草稿，答完才入库"
    assert "领导还没批" in card.quote
    assert card.body == (
        "① 客户卡点具体描述：卡在谁、哪一步\n② 我方可提供的支持：选一项或直接说\n③ 预计突破时间节点：选一项或说日期\n"
        "发一段语音或文字，可以一次答完。"
    )
    assert fields(card) == {"客户": "宁波恒力阀门有限公司"}
    assert [button.text for button in card.buttons] == ["提交", "稍后"]
    assert await state(told) == "draft"
    assert told.cards("风险上报") == []


async def test_one_voice_note_answers_all_three_and_the_record_is_saved_without_a_second_confirmation(
    told: Chat,
) -> None:
    await told.presses(told.draft(), actions.ConfirmVisit)

    sent = await told.speaks(ANSWERS)

    assert await answered(told) == (
        "卡在他们总经理还没签字",
        "需要总监出面见一下他们老板",
        "预计下周五能批下来 2026-11-27",
    )
    assert await state(told) == "confirmed"
    assert closings(sent) == ["已收到回答"]
    assert "已入库：宁波恒力阀门有限公司" in told.texts(of=REP)[-1]
    assert len(told.cards("风险上报", of=MANAGER)) == 1
    assert len(told.cards("待办", of=REP)) == 2


async def test_every_answer_carries_its_words_and_where_they_were_said(told: Chat) -> None:
    await told.says("确认")
    await told.speaks("卡在总经理没签字。需要总监出面。下周五。")

    async with told.database.reading() as work:
        record = await load(work, await work.visits.get(1))
        facts = {type(fact.value): fact.source for fact in record.facts}
        source = facts[SupportValue]
        evidence = await work.visits.evidence(source.evidence_id)
        assert evidence.visit_id == 1
        assert (evidence.text or "")[source.start : source.end] == source.words == "需要总监出面"
        assert source.at_s == pytest.approx(5, abs=1)
        assert facts[BreakthroughValue].words == "下周五"


# One by one


async def test_one_by_one_in_words(told: Chat) -> None:
    await told.says("确认")

    assert await told.says("财务总监不同意预付三成") == ["[→ 已更新，见新卡]", "[风险三问]"]
    assert fields(questions(told))["卡点"] == "财务总监不同意预付三成"
    assert "①" not in questions(told).body
    await told.says("技术和价格都要支持")
    assert fields(questions(told))["支持"] == "技术和价格都要支持"
    sent = await told.says("等他们年底结完账")

    assert "已入库" in sent[-2]
    assert sent[-1] == "[阶段待改 · 材料未齐]"
    assert await answered(told) == ("财务总监不同意预付三成", "技术和价格都要支持", "等他们年底结完账 2026-12-31")


async def test_by_buttons_and_the_first_in_words(told: Chat) -> None:
    await told.says("确认")
    [select] = questions(told).selects
    assert [option.text for option in select.options] == [
        "请选择", "总监出面", "价格支持", "技术支持", "样品试用", "商务条款", "暂不需要"
    ]  # fmt: skip

    await told.presses(questions(told), actions.AnswerRisks, chosen={"support": ("总监出面",)})
    [select] = questions(told).selects
    assert [option.text for option in select.options] == ["请选择", "本周", "两周内", "本月", "本季度", "说不准"]
    await told.presses(questions(told), actions.AnswerRisks, chosen={"breakthrough": ("两周内",)})
    assert questions(told).selects == ()
    assert [button.text for button in questions(told).buttons] == ["稍后"]
    await told.says("卡在他们法务审合同")

    assert await answered(told) == ("卡在他们法务审合同", "总监出面", "两周内 2026-12-04")
    assert await state(told) == "confirmed"


@pytest.mark.parametrize(
    ("option", "on"),
    [
        ("本周", "2026-11-20"),
        ("两周内", "2026-12-04"),
        ("本月", "2026-11-30"),
        ("本季度", "2026-12-31"),
        ("说不准", "None"),
    ],
)
async def test_a_span_of_time_means_its_last_working_day(told: Chat, option: str, on: str) -> None:
    await told.says("确认")
    await told.says("①卡在预算②暂不需要")

    await told.presses(questions(told), actions.AnswerRisks, chosen={"breakthrough": (option,)})

    assert (await answered(told))[2] == f"{option} {on}"
    assert await state(told) == "confirmed"


async def test_pressing_without_a_choice_and_with_a_forged_one_asks_to_choose(told: Chat) -> None:
    await told.says("确认")

    for chosen in ({}, {"support": ("none",)}, {"support": ("随便写的",)}, {"breakthrough": ("总监出面",)}):
        assert await told.presses(questions(told), actions.AnswerRisks, chosen=chosen) == [
            OutboundText(text=texts.CHOOSE_FIRST)
        ]
    assert await answered(told) == (None, None, None)


async def test_without_cards_everything_is_answered_by_number_and_words(told: Chat) -> None:
    await told.says("确认")
    async with told.database.work() as work:
        kept = await work.cards.find(questions(told).card_id)
        assert kept is not None
        kept.as_text = True
        texts_of_choices = [choice["text"] for choice in kept.choices]
    assert texts_of_choices == ["总监出面", "价格支持", "技术支持", "样品试用", "商务条款", "暂不需要", "稍后"]

    await told.says("2")

    assert (await answered(told))[1] == "价格支持"


# Not now


async def test_later_keeps_the_draft_and_reminds_in_working_hours(told: Chat) -> None:
    await told.says("确认")
    await told.lives_until(FRIDAY + timedelta(hours=1))

    sent = await told.presses(questions(told), actions.HoldRisks)

    assert sent == [
        CardUpdate(card_id=questions(told).card_id, closing="稍后回答", response_ref="click-3"),
        OutboundText(text="好的，记录先存为草稿，11-23 09:30 提醒您。随时回复「风险三问」接着答。"),
    ]
    assert await told.lives_until(MONDAY + timedelta(minutes=59)) == []
    [reminder] = await told.lives_until(MONDAY + timedelta(hours=1, minutes=1))
    assert reminder == OutboundText(
        text="宁波恒力阀门有限公司（11-20（周五））的拜访记录还是草稿，答完风险三问才入库，还差：客户卡点、我方支持、突破时间。"
        "回复「风险三问」接着答。"
    )
    await told.says("风险三问")
    await told.answers_risks()
    assert await state(told) == "confirmed"
    assert await told.lives_until(MONDAY + timedelta(hours=8)) == []


async def test_later_may_be_said_and_partial_answers_are_kept(told: Chat) -> None:
    await told.says("确认")
    await told.says("卡在总经理没签字")

    [_closed, held] = await told.says("稍后")

    assert held.startswith("好的，记录先存为草稿")
    # what is said now is no answer any more
    assert await told.says("总监出面") == [texts.NOT_UNDERSTOOD]
    assert await told.says("确认") == ["[风险三问]"]
    assert fields(questions(told))["卡点"] == "卡在总经理没签字"
    await told.says("总监出面，下周五")
    assert await answered(told) == ("卡在总经理没签字", "总监出面", "下周五 2026-11-27")


async def test_a_reminder_is_cancelled_by_the_answers_and_by_discarding(told: Chat) -> None:
    await told.says("确认")
    await told.says("稍后")
    await told.says("作废")

    assert await told.lives_until(MONDAY + timedelta(days=1)) == []
    assert await told.says("风险三问") == [texts.NO_RISKS_TO_ANSWER]


async def test_whoever_leaves_the_questions_alone_is_reminded_once_and_not_of_the_draft_as_well(told: Chat) -> None:
    await told.says("确认")

    [reminder] = await told.lives_until(MONDAY + timedelta(days=1))

    assert isinstance(reminder, OutboundText)
    assert "风险三问" in reminder.text


async def test_the_questions_cannot_be_skipped(told: Chat) -> None:
    await told.says("确认")

    assert await told.says("跳过") == [texts.RISKS_NEEDED]


# Blocked and unblocked


async def test_taking_the_risk_away_lifts_the_block(told: Chat) -> None:
    await told.says("确认")

    assert await told.says("第一个风险去掉") == ["[拜访记录 · 待确认]"]
    assert "[→ 不用回答了]" in await told.says("第一个风险去掉")
    await told.says("确认")
    assert await state(told) == "confirmed"
    assert told.cards("风险上报") == []


async def test_where_the_rule_is_off_nothing_is_asked(told: Chat) -> None:
    rules = RuleBook(questionnaire=QuestionnaireRule(on=False))
    object.__setattr__(told.context, "settings", replace(told.context.settings, rules=rules))

    await told.says("确认")

    assert await state(told) == "confirmed"
    assert told.cards("风险三问") == []


async def test_a_visit_without_risk_is_saved_at_once(chat: Chat) -> None:
    await chat.says(PLAIN)
    await chat.says("确认")

    assert await state(chat) == "confirmed"


async def test_the_draft_shows_the_answers_and_their_sources(told: Chat) -> None:
    await told.says("回答风险 " + ANSWERS)

    assert "卡点：卡在他们总经理还没签字 ✎" in told.draft().body
    assert "支持：需要总监出面见一下他们老板 ✎" in told.draft().body
    assert "突破：预计下周五能批下来（11-27（周五）） ✎" in told.draft().body
    [shown] = await told.says("修改")
    assert "我方支持 需要总监出面见一下他们老板 ←「" in shown.replace("← 「", "←「")
    assert await state(told) == "draft"
    await told.says("确认")
    assert await state(told) == "confirmed"


async def test_answering_again_replaces_the_answer(told: Chat) -> None:
    await told.says("回答风险 " + ANSWERS)
    await told.says("回答风险 突破时间改成12月10号")

    assert (await answered(told))[2] == "12月10号 2026-12-10"
    assert (await answered(told))[0] == "卡在他们总经理还没签字"


async def test_undo_takes_the_last_answer_back_and_then_the_draft_has_to_be_confirmed_again(told: Chat) -> None:
    await told.says("确认")
    await told.says("卡在总经理没签字")
    await told.says("总监出面")

    await told.says("撤销")

    assert await answered(told) == ("卡在总经理没签字", None, None)
    await told.says("价格支持，下周五")
    assert await answered(told) == ("卡在总经理没签字", "价格支持", "下周五 2026-11-27")
    assert await state(told) == "draft"
    await told.says("确认")
    assert await state(told) == "confirmed"


async def test_what_was_changed_after_confirming_has_to_be_confirmed_again(told: Chat) -> None:
    await told.says("确认")
    assert "[拜访记录 · 待确认]" in await told.says("预算改成90万")

    sent = await told.answers_risks()

    assert await state(told) == "draft"
    assert fields(told.draft())["预算"] == "90 万元"
    assert isinstance(sent[-1], OutboundCard)
    await told.says("确认")
    assert await state(told) == "confirmed"


async def test_the_customer_picked_with_the_confirmation_is_not_forgotten(chat: Chat) -> None:
    await chat.says("今天去了宏达，见了张总，预算二十万，他说领导还没批。")
    await chat.presses(chat.draft(), actions.ConfirmVisit, chosen={"customer": ("杭州宏达机电有限公司",)})
    assert fields(questions(chat))["客户"] == "杭州宏达机电有限公司"

    await chat.answers_risks()

    assert "已入库：杭州宏达机电有限公司" in chat.texts(of=REP)[-1]


async def test_a_new_customer_is_not_created_before_the_record_is_saved(chat: Chat) -> None:
    await chat.says("刚从苏州新源电子有限公司出来，见了张总，预算二十万，他说领导还没批。")
    await chat.says("确认")
    async with chat.database.reading() as work:
        assert await work.customers.by_name("苏州新源电子有限公司") is None

    await chat.answers_risks()

    async with chat.database.reading() as work:
        assert await work.customers.by_name("苏州新源电子有限公司") is not None


# What is no answer


@pytest.mark.parametrize(
    "said",
    ["预算改成90万", "联系人是王建国", "谢谢！", "你好", "恒力上次聊到哪了？", "补充：他们12月要验厂", "待办", "帮助"],
)
async def test_what_is_clearly_something_else_is_not_taken_for_an_answer(told: Chat, said: str) -> None:
    await told.says("确认")

    await told.says(said)

    assert await answered(told) == (None, None, None)


async def test_the_answer_to_another_question_of_ours_is_not_taken_for_one_to_these(told: Chat) -> None:
    await told.says("确认")
    [unclear] = await told.says("删掉待办")
    assert unclear.startswith("要改哪一条待办")

    await told.says("第二个")

    assert await answered(told) == (None, None, None)
    assert "确认技术参数" not in told.draft().body


async def test_a_note_about_another_customer_becomes_its_own_visit_and_the_questions_stay_open(told: Chat) -> None:
    await told.says("确认")

    await told.says(PLAIN)

    assert fields(told.draft())["客户"] == "宁波恒丽服饰有限公司"
    assert await answered(told) == (None, None, None)
    await told.answers_risks()
    assert await state(told, 1) == "confirmed"
    assert await state(told, 2) == "draft"


async def test_a_risk_of_another_customer_is_not_taken_for_the_blocker(told: Chat) -> None:
    await told.says("确认")

    await told.says("刚从宁波恒丽服饰出来，见了李经理，他说领导没批，要等预算，总监下周五再去谈。")

    assert await answered(told, 1) == (None, None, None)
    assert fields(told.draft())["客户"] == "宁波恒丽服饰有限公司"


async def test_more_about_the_same_visit_joins_it(told: Chat) -> None:
    await told.says("确认")

    await told.says("恒力的王经理又说预算可以加到95万")

    assert await answered(told) == (None, None, None)


async def test_a_very_long_text_is_survived_and_answers_nothing(told: Chat) -> None:
    await told.says("确认")

    sent = await told.says("卡在审批，" * 4_000)

    assert sent
    assert await answered(told) == (None, None, None)
    await told.answers_risks()
    assert None not in await answered(told)


async def test_an_answer_brought_twice_counts_once(told: Chat) -> None:
    await told.says("确认")
    await told.receives(Text(text=ANSWERS), event_id="answer")

    assert await told.receives(Text(text=ANSWERS), event_id="answer") == []
    assert len(told.cards("风险上报", of=MANAGER)) == 1
    async with told.database.reading() as work:
        kept = await work.session.scalars(select(Evidence).where(Evidence.text == ANSWERS))
        assert len(kept.all()) == 1


async def test_an_old_card_of_a_saved_record_says_that_it_is_over(told: Chat) -> None:
    await told.says("确认")
    old = questions(told)
    await told.answers_risks()

    assert await told.presses(old, actions.HoldRisks) == [
        OutboundText(text=texts.CARD_CLOSED.format(closing="已收到回答"))
    ]
    async with told.database.reading() as work:
        assert len((await work.session.scalars(select(Visit))).all()) == 1


async def _reminder_cannot_be_sent(told: Chat) -> None:
    """Put together for sending, and refused by the platform."""
    told.platform.capabilities = replace(told.platform.capabilities, duplicate_check_s=None)
    await told.lives_until(FRIDAY.replace(hour=17, minute=29))
    told.platform.failures.extend([PlatformBusy("message/send")] * 9)
    await told.lives_until(FRIDAY.replace(hour=17, minute=31))
    told.platform.failures.clear()


async def test_a_reminder_that_a_standstill_held_up_is_not_told_once_the_questions_are_answered(told: Chat) -> None:
    await told.presses(told.draft(), actions.ConfirmVisit)
    await told.presses(questions(told), actions.HoldRisks)
    await _reminder_cannot_be_sent(told)
    told.clock.advance(FRIDAY.replace(hour=20) - told.clock.now())  # nothing ran any more until the evening
    await told.worker.drain()
    async with told.database.reading() as work:
        assert await work.notices.is_waiting("risk:visit:1")

    await told.says("风险三问")
    await told.answers_risks()
    assert await state(told) == "confirmed"
    await told.lives_until(MONDAY + timedelta(hours=2))

    assert [text for text in told.texts(of=REP) if "答完风险三问才入库" in text] == []


async def test_a_reminder_that_a_standstill_held_up_is_told_in_the_morning(told: Chat) -> None:
    await told.presses(told.draft(), actions.ConfirmVisit)
    await told.presses(questions(told), actions.HoldRisks)
    await _reminder_cannot_be_sent(told)
    told.clock.advance(FRIDAY.replace(hour=20) - told.clock.now())
    await told.worker.drain()
    assert [text for text in told.texts(of=REP) if "答完风险三问才入库" in text] == []

    await told.lives_until(MONDAY + timedelta(hours=2))

    assert len([text for text in told.texts(of=REP) if "答完风险三问才入库" in text]) == 1


# What a note leaves open


async def test_a_bare_note_is_asked_two_concrete_questions(chat: Chat) -> None:
    await chat.says("刚拜访了恒力阀门，方案他们基本认可。")

    assert "？接下来谁做什么，哪天完成？" in chat.draft().body
    assert "？这次见的是哪一位、什么职务，由谁拍板？" in chat.draft().body
    assert chat.draft().body.count("？") == 4
    assert [button.text for button in chat.draft().buttons] == ["确认", "修改", "换客户", "跳过提问", "作废"]


async def test_short_replies_answer_and_nothing_new_is_asked(chat: Chat) -> None:
    await chat.says("刚拜访了恒力阀门，方案他们基本认可。")

    await chat.says("采购部的王经理")
    assert fields(chat.draft())["联系人"] == "王经理（采购部） ✎"
    assert "哪一位" not in chat.draft().body
    assert "预算" not in chat.draft().body
    await chat.says("我下周三前把排期表发给他")

    assert "11-25（周三）前" in chat.draft().body
    assert "？" not in chat.draft().body


async def test_a_bare_amount_answers_the_question_for_the_budget(chat: Chat) -> None:
    await chat.says("刚从恒力阀门出来，见了王经理，方案基本认可，我答应周三前把排期表发给他。")
    assert "？客户的预算大概多少？说个范围也行。" in chat.draft().body

    await chat.says("八十万")

    assert fields(chat.draft())["预算"] == "80 万元 ✎"


async def test_vague_wording_is_asked_about_first_and_the_answer_is_kept_as_a_remark(chat: Chat) -> None:
    await chat.says("刚拜访了恒力阀门，客户很满意。")
    first, second, _how = chat.draft().body.splitlines()[-3:]
    assert first == "？请问客户具体认可哪一点，接下来答应做什么？"
    assert second == "？接下来谁做什么，哪天完成？"

    await chat.says("就是看中咱们服务到位")

    assert "补充：就是看中咱们服务到位 ✎" in chat.draft().body
    assert "具体认可哪一点" not in chat.draft().body


@pytest.mark.parametrize("how", ["word", "button"])
async def test_questions_can_be_skipped_and_are_not_asked_again(chat: Chat, how: str) -> None:
    await chat.says("刚拜访了恒力阀门，客户很满意。")

    if how == "word":
        await chat.says("跳过")
    else:
        await chat.presses(chat.draft(), actions.SkipDetails)

    assert "？" not in chat.draft().body
    await chat.says("预算改成90万")
    assert "？" not in chat.draft().body
    await chat.says("确认")
    assert await state(chat) == "confirmed"


async def test_open_questions_hold_nothing_up(chat: Chat) -> None:
    await chat.says("刚拜访了恒力阀门，客户很满意。")

    await chat.says("确认")

    assert await state(chat) == "confirmed"


async def test_small_talk_answers_no_question(chat: Chat) -> None:
    await chat.says("刚拜访了恒力阀门，方案他们基本认可。")

    assert await chat.says("今天天气不错") == [texts.NOT_UNDERSTOOD]
