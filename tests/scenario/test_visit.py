"""The main job: a visit told becomes a record confirmed."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.platform import Capabilities, MediaFile
from handlers import actions, evidence_texts, texts
from handlers.messages import (
    CardClick,
    CardUpdate,
    Entered,
    Image,
    Link,
    OutboundCard,
    OutboundText,
    Text,
    Unsupported,
    Video,
    Voice,
    Withheld,
)
from nlp.errors import EmptyAudio, EngineUnavailable, NoSpeech, NotAudio
from storage.models import Customer, Escalation, Evidence, Todo, Visit
from tests.chat import FRIDAY, MANAGER, OTHER, REP, VISIT, Chat, closings, fields, heard, place


async def count(chat: Chat, table: type) -> int:
    async with chat.database.reading() as work:
        return await work.session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_voice_note_is_acknowledged_at_once_and_becomes_a_draft_card(chat: Chat) -> None:
    receipt, card = await chat.speaks(VISIT)

    assert receipt == OutboundText(text="收到语音，正在转写…")
    assert isinstance(card, OutboundCard)
    assert card.title == "拜访记录 · 待确认"
    shown = fields(card)
    assert shown["客户"] == "宁波恒力阀门有限公司"
    assert shown["联系人"] == "王经理（采购部）"
    assert shown["预算"] == "85 万元"
    assert shown["痛点"] == "价格敏感"
    assert "比竞品贵 15%" in shown["异议"]
    assert len(shown) <= 8
    assert "11-25（周三）前 提供安装排期表（我）" in card.body
    assert "12-01（周二）前 确认技术参数（客户）" in card.body
    assert "领导还没批" in card.quote
    assert "等预算" in card.quote
    assert [button.text for button in card.buttons] == ["确认", "修改", "换客户", "看话术", "作废"]


async def test_confirming_makes_to_dos_and_tells_the_manager_and_the_rep_hears_what_the_manager_did(chat: Chat) -> None:
    await chat.speaks(VISIT)

    await chat.presses(chat.draft(), actions.ConfirmVisit)
    sent = await chat.answers_risks()

    assert closings(sent) == ["已收到回答"]
    assert [card.subtitle for card in chat.cards("待办", of=REP)] == ["提供安装排期表", "确认技术参数"]
    assert "已入库：宁波恒力阀门有限公司" in chat.texts(of=REP)[-1]
    assert "已报给陈志远" in chat.texts(of=REP)[-1]
    [risk] = chat.cards("风险上报", of=MANAGER)
    assert "卡在哪一步：" in risk.body
    assert "缺什么支持：" in risk.body
    assert "下一步：" in risk.body
    assert "领导还没批" in risk.quote

    sent = await chat.presses(risk, actions.TakeEscalation, sender=MANAGER)

    assert closings(sent) == ["陈志远跟进中"]
    assert chat.texts(of=REP)[-1] == "陈志远已接手「宁波恒力阀门有限公司」的风险，会亲自跟进。"


async def test_a_to_do_is_done_by_its_button(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    [first, _second] = chat.cards("待办", of=REP)

    sent = await chat.presses(first, actions.FinishTodo)

    assert closings(sent) == ["已完成"]
    assert chat.texts(of=REP)[-1] == "已完成：提供安装排期表"
    [listed] = await chat.says("待办")
    assert "确认技术参数" in listed
    assert "提供安装排期表" not in listed


async def test_a_callback_brought_three_times_shows_once(chat: Chat) -> None:
    voice = chat.voice()
    chat.listener.answers.append(heard(VISIT))
    for _ in range(3):
        await chat.receives(voice, event_id="7300000000000000001")

    assert len(chat.cards("拜访记录")) == 1
    assert len(chat.texts()) == 1
    assert await count(chat, Visit) == 1


async def test_a_click_brought_twice_and_a_second_click_change_nothing_more(chat: Chat) -> None:
    await chat.speaks(VISIT)
    card = chat.draft()
    await chat.presses(card, actions.ConfirmVisit, event_id="click")
    await chat.answers_risks()

    assert await chat.presses(card, actions.ConfirmVisit, event_id="click") == []
    assert await chat.presses(card, actions.ConfirmVisit) == [
        OutboundText(text=texts.CARD_CLOSED.format(closing="先答风险三问"))
    ]
    assert await count(chat, Todo) == 2
    assert await count(chat, Escalation) == 1


async def test_somebody_elses_click_does_nothing(chat: Chat) -> None:
    await chat.speaks(VISIT)

    sent = await chat.presses(chat.draft(), actions.ConfirmVisit, sender=OTHER)

    assert sent == [OutboundText(text=texts.CARD_NOT_YOURS)]
    assert await count(chat, Todo) == 0


async def test_an_action_that_is_not_on_the_card_does_nothing(chat: Chat) -> None:
    await chat.speaks(VISIT)
    forged = actions.FinishTodo(todo_id=1).model_dump_json()

    for action in (forged, "{}", "确认", '{"do":"confirm","visit_id":"x"}'):
        sent = await chat.receives(CardClick(card_id=chat.draft().card_id, action=action))
        assert sent == [OutboundText(text=texts.CARD_UNKNOWN)]
    assert await chat.receives(CardClick(card_id="draft-999", action=forged)) == [OutboundText(text=texts.CARD_UNKNOWN)]


async def test_an_expired_card_says_so_and_a_fresh_one_can_be_had(chat: Chat) -> None:
    await chat.speaks(VISIT)
    card = chat.draft()
    await chat.passes(timedelta(hours=73))

    assert await chat.presses(card, actions.ConfirmVisit) == [OutboundText(text=texts.CARD_EXPIRED)]
    assert "[拜访记录 · 待确认]" in await chat.says("草稿")
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    assert "已入库" in chat.texts(of=REP)[-1]


async def test_discarding_keeps_the_recording_and_saves_nothing(chat: Chat) -> None:
    await chat.speaks(VISIT)

    sent = await chat.presses(chat.draft(), actions.DiscardVisit)

    assert closings(sent) == ["已作废"]
    assert "录音仍保留" in chat.texts(of=REP)[-1]
    assert await chat.says("确认") == [texts.NO_DRAFT]
    assert await count(chat, Evidence) == 1
    assert await count(chat, Todo) == 0


async def test_showing_the_sources_quotes_the_words_of_every_value_with_their_place(chat: Chat) -> None:
    await chat.speaks(VISIT)

    [shown] = await chat.presses(chat.draft(), actions.ShowSources)

    assert isinstance(shown, OutboundText)
    assert "预算 85 万元 ←" in shown.text
    assert "八十五万" in shown.text
    assert "「领导还没批" in shown.text
    assert " 0:00" in shown.text
    assert VISIT in shown.text


async def test_an_unconfirmed_draft_is_reminded_of_once(chat: Chat) -> None:
    await chat.speaks(VISIT)

    [reminder] = await chat.passes(timedelta(hours=2, minutes=1))

    assert isinstance(reminder, OutboundText)
    assert "待确认" in reminder.text
    assert "宁波恒力阀门有限公司" in reminder.text
    assert await chat.passes(timedelta(hours=12)) == []


async def test_a_draft_of_the_evening_is_reminded_of_in_the_morning(chat: Chat) -> None:
    await chat.lives_until(FRIDAY.replace(hour=19))
    await chat.speaks(VISIT)
    monday = FRIDAY.replace(hour=8, minute=30) + timedelta(days=3)

    assert await chat.lives_until(monday - timedelta(seconds=1)) == []

    assert [content.kind for content in await chat.lives_until(monday)] == ["text"]
    assert "待确认" in chat.texts(of=REP)[-1]


async def test_a_reminder_that_a_standstill_held_up_to_the_morning_says_that_it_is_late(chat: Chat) -> None:
    await chat.speaks(VISIT)
    chat.clock.advance(FRIDAY.replace(hour=23) - chat.clock.now())

    await chat.lives_until(FRIDAY.replace(hour=9) + timedelta(days=3))

    assert chat.texts(of=REP)[-1].endswith("（本应在 11-20 17:30 提醒，当时系统没有运行）")


async def test_somebody_who_has_left_is_not_reminded(chat: Chat) -> None:
    await chat.speaks(VISIT)
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        rep.active = False

    assert await chat.passes(timedelta(hours=3)) == []


async def test_a_confirmed_draft_is_not_reminded_of(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()

    assert await chat.passes(timedelta(days=1)) == []


# What is sent beside the note


async def test_a_place_joins_the_open_draft(chat: Chat) -> None:
    await chat.speaks(VISIT)

    sent = await chat.receives(place("宁波市北仑区恒力路1号"))

    assert closings(sent) == ["已更新，见新卡"]
    assert fields(chat.draft())["📍"] == "宁波市北仑区恒力路1号 ✎"


async def test_a_place_and_a_picture_sent_before_the_note_join_it(chat: Chat) -> None:
    chat.platform.media["pic"] = MediaFile(b"\xff\xd8\xff....", "image/jpeg")
    await chat.receives(place())
    await chat.receives(Image(media_ref="pic"))

    await chat.speaks(VISIT, at=FRIDAY + timedelta(minutes=5))

    assert fields(chat.draft())["📍"] == "宁波市北仑区恒力路1号"
    async with chat.database.reading() as work:
        kinds = await work.session.scalars(select(Evidence.kind).where(Evidence.visit_id.is_not(None)))
        assert sorted(kinds) == ["image", "location", "voice"]


async def test_a_picture_is_kept_and_both_times_answered(chat: Chat) -> None:
    chat.platform.media["pic"] = MediaFile(b"\xff\xd8\xff....", "image/jpeg")
    await chat.speaks(VISIT)

    receipt, saved = await chat.receives(Image(media_ref="pic"))

    assert receipt == OutboundText(text="收到图片，正在保存…")
    assert isinstance(saved, OutboundText)
    assert saved.text.startswith("图片已存为证据，附在「宁波恒力阀门有限公司」的拜访记录上。")
    assert saved.text.endswith(texts.NO_EYES)


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (Unsupported(name="聊天记录"), texts.UNSUPPORTED.format(name="聊天记录")),
        (Link(title="报价单", url="https://example.com"), texts.LINK_KEPT),
        (Text(text="  "), texts.EMPTY_TEXT),
        (Text(text="你好"), texts.HELLO),
        (Text(text="谢谢！"), texts.COURTESY),
        (Text(text="帮助"), texts.HELP),
        (Text(text="今天天气不错"), texts.NOT_UNDERSTOOD),
        (Text(text="3"), texts.NOT_UNDERSTOOD),
        (Entered(first_time=True), texts.WELCOME),
    ],
    ids=["unknown kind", "link", "blank", "greeting", "thanks", "help", "small talk", "stray number", "entered"],
)
async def test_everything_gets_an_answer(chat: Chat, content: Text, answer: str) -> None:
    assert await chat.receives(content) == [OutboundText(text=answer)]


async def test_opening_the_chat_again_is_not_greeted_again(chat: Chat) -> None:
    await chat.receives(Entered(first_time=True))

    assert await chat.receives(Entered()) == []


async def test_help_explains_in_ten_lines(chat: Chat) -> None:
    [answer] = await chat.says("帮助")

    assert len(answer.splitlines()) == 11
    assert len(answer.encode()) <= 2048


async def test_help_tells_a_manager_and_an_admin_what_else_they_may_say(chat: Chat) -> None:
    [rep], [manager], [admin] = [await chat.says("帮助", sender=one) for one in (REP, MANAGER, "hejia")]

    assert "误报清单" not in rep
    assert "团队待办" in manager
    assert "离职 李晓彤" in admin
    assert all(len(answer.encode()) <= 2048 for answer in (manager, admin))


# When something goes wrong


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoSpeech(), "没有听清人声"),
        (NotAudio("是一张图片"), "是一张图片"),
        (EmptyAudio("nothing"), "这条语音是空的"),
    ],
    ids=["silence", "not audio", "empty"],
)
async def test_a_recording_that_cannot_be_heard_is_kept_and_the_rep_told_why(
    chat: Chat, error: Exception, words: str
) -> None:
    chat.listener.answers.append(error)

    _receipt, answer = await chat.receives(chat.voice())

    assert isinstance(answer, OutboundText)
    assert words in answer.text
    assert await count(chat, Evidence) == 1
    assert await count(chat, Visit) == 0


async def test_media_that_is_gone_is_asked_for_again(chat: Chat) -> None:
    _receipt, answer = await chat.receives(Voice(media_ref="expired"))

    assert answer == OutboundText(text=texts.MEDIA_GONE)


async def test_a_missing_engine_is_owned_up_to_once_and_the_note_worked_later(chat: Chat) -> None:
    chat.listener.answers += [EngineUnavailable("no model"), EngineUnavailable("no model"), heard(VISIT)]

    _receipt, excuse = await chat.receives(chat.voice())
    assert excuse == OutboundText(text=texts.EARS_AWAY)

    later = [content for _ in range(3) for content in await chat.passes(timedelta(minutes=1))]
    assert [content.title for content in later if isinstance(content, OutboundCard)] == ["拜访记录 · 待确认"]
    assert texts.EARS_AWAY not in [content.text for content in later if isinstance(content, OutboundText)]


async def test_a_note_without_a_visit_in_it_shows_what_was_heard(chat: Chat) -> None:
    _receipt, answer = await chat.speaks("今天天气真不错")

    assert isinstance(answer, OutboundText)
    assert "「今天天气真不错」" in answer.text
    assert await count(chat, Visit) == 0


async def test_doubts_about_the_recording_stand_on_the_card(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT, warnings=("damaged", "odd_number")))

    await chat.receives(chat.voice())

    assert "录音有一段损坏" in chat.draft().body
    assert "数字可能听错" in chat.draft().body


async def test_the_ears_are_told_of_customers_as_they_are_called_and_then_of_their_people(chat: Chat) -> None:
    await chat.speaks(VISIT)

    [(_audio, names)] = chat.listener.asked
    assert names.index("恒力阀门") < names.index("王建国")
    assert "宁波恒力阀门有限公司" not in names


async def test_a_message_held_up_for_an_hour_is_worked_with_its_own_time(chat: Chat) -> None:
    sent_at = FRIDAY - timedelta(days=1)

    await chat.speaks(VISIT, at=sent_at)

    card = chat.draft()
    assert "11-25（周三）前" in card.body
    assert card.subtitle == "11-19（周四）（11-19 15:30 发的）"


async def test_a_job_that_cannot_be_done_is_put_aside_and_people_are_told(chat: Chat) -> None:
    chat.listener.answers.append(RuntimeError("a defect"))

    sent = await chat.receives(chat.voice())

    assert any("没处理成功" in text for text in chat.texts(of=REP))
    assert any("visitbot jobs show" in text for text in chat.texts(of="hejia"))
    assert len(sent) == 3
    # and the lane goes on
    assert await chat.says("帮助") == [texts.HELP]


# Whose visit, which customer


async def test_two_budgets_of_one_note_are_both_shown(chat: Chat) -> None:
    await chat.speaks("昨天跑了两家，第一家恒力阀门预算80万，第二家恒丽服饰预算30万。")

    assert fields(chat.draft())["预算"] == "80 万元、30 万元"


async def test_what_a_later_note_leaves_out_about_a_contact_is_kept(chat: Chat) -> None:
    await chat.speaks("刚从恒力阀门出来，见了采购部王经理，预算八十五万。")
    await chat.says("王经理说下周三前要我们给排期表")

    assert fields(chat.draft())["联系人"] == "王经理（采购部）"


async def test_the_reminder_of_an_older_draft_does_not_offer_the_word_that_would_save_the_newer_one(chat: Chat) -> None:
    await chat.speaks("刚从恒力阀门出来，见了采购部王经理，预算八十五万。")
    await chat.passes(timedelta(minutes=20))
    await chat.speaks("去了恒丽服饰，见了林总监，预算三十万。")

    sent = await chat.passes(timedelta(hours=2, minutes=1))
    older, newer = [content for content in sent if isinstance(content, OutboundText)]

    assert "恒力" in older.text
    assert "点它那张卡片上的「确认」" in older.text
    assert "恒丽" in newer.text
    assert "或回复「确认」入库" in newer.text


async def test_a_rep_who_is_to_follow_up_is_asked_and_not_told_of_themself(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.says("确认")
    await chat.answers_risks()
    [risk] = chat.cards("风险上报", of=MANAGER)
    rep = next(option.option_id for option in risk.selects[0].options if option.text == "李晓彤")

    await chat.presses(risk, actions.AssignEscalation, sender=MANAGER, chosen={"assignee": (rep,)})

    [card] = chat.cards("请您跟进", of=REP)
    assert card.subtitle == "宁波恒力阀门有限公司"
    assert fields(card)["指派人"] == "陈志远"
    assert not any("指派给李晓彤" in text for text in chat.texts(of=REP))


async def test_two_notes_about_two_customers_are_two_visits(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.speaks("又去了恒丽服饰，见了林总监，预算三十万。")

    assert await count(chat, Visit) == 2
    assert fields(chat.draft())["客户"] == "宁波恒丽服饰有限公司"


async def test_a_second_note_within_ten_minutes_joins_the_first(chat: Chat) -> None:
    await chat.speaks("刚从恒力阀门出来，见了采购部王经理，预算八十五万。")
    await chat.passes(timedelta(minutes=4))
    await chat.speaks("我答应下周三前把安装排期表给他。")

    assert await count(chat, Visit) == 1
    card = chat.draft()
    assert fields(card)["预算"] == "85 万元"
    assert "提供安装排期表" in card.body or "安装排期表" in card.body


async def test_an_ambiguous_customer_is_asked_about_and_taken_from_the_cards_choice(chat: Chat) -> None:
    await chat.speaks("今天去了宏达，见了马经理，预算二十万。")
    card = chat.draft()
    assert "是哪一家" in fields(card)["客户"]
    [select_customer] = card.selects
    names = [option.option_id for option in select_customer.options]
    assert {"绍兴宏达纺织有限公司", "杭州宏达机电有限公司"} <= set(names)

    await chat.presses(card, actions.ConfirmVisit)
    assert chat.cards("换客户")
    assert await count(chat, Todo) == 0

    await chat.presses(card, actions.ConfirmVisit, chosen={"customer": ("杭州宏达机电有限公司",)})
    assert "已入库：杭州宏达机电有限公司" in chat.texts(of=REP)[-1]


async def test_a_customer_cannot_be_slipped_in_through_the_choice(chat: Chat) -> None:
    await chat.speaks("今天去了宏达，见了马经理，预算二十万。")

    await chat.presses(chat.draft(), actions.ConfirmVisit, chosen={"customer": ("宁波恒力阀门有限公司",)})

    assert not any("已入库" in text for text in chat.texts(of=REP))


async def test_an_unknown_customer_is_offered_to_be_created(chat: Chat) -> None:
    before = await count(chat, Customer)
    await chat.speaks("今天拜访了苏州蓝鲸光电有限公司，见了刘工，预算二十万。")
    card = chat.draft()
    assert "名单里没有" in fields(card)["客户"]
    assert card.buttons[0].text == "新建并确认"

    await chat.presses(card, actions.ConfirmVisit)

    assert await count(chat, Customer) == before + 1
    assert "已入库：苏州蓝鲸光电有限公司" in chat.texts(of=REP)[-1]


async def test_a_note_without_a_customer_asks_and_takes_the_bare_name(chat: Chat) -> None:
    await chat.speaks("见了王经理，预算二十万，他们下周三前确认技术参数。")
    assert "没听出来" in fields(chat.draft())["客户"]

    await chat.says("恒力阀门")

    assert fields(chat.draft())["客户"] == "宁波恒力阀门有限公司 ✎"


async def test_the_customer_is_changed_by_the_card(chat: Chat) -> None:
    await chat.speaks(VISIT)
    [card] = await chat.presses(chat.draft(), actions.ChangeCustomer)
    assert isinstance(card, OutboundCard)
    assert card.submit is not None

    sent = await chat.presses(card, actions.PickCustomer, chosen={"customer": ("宁波恒丽服饰有限公司",)})

    assert "已选定" in closings(sent)
    assert fields(chat.draft())["客户"] == "宁波恒丽服饰有限公司 ✎"


async def test_the_customer_is_changed_by_any_short_form_of_the_name_typed_after_being_asked(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ChangeCustomer)

    await chat.says("宁波恒丽")

    assert await count(chat, Visit) == 1
    shown = fields(chat.draft())
    assert (shown["客户"], shown["预算"]) == ("宁波恒丽服饰有限公司 ✎", "85 万元")


async def test_a_name_and_more_after_being_asked_for_the_customer_is_a_visit_of_its_own(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ChangeCustomer)

    await chat.says("今天还去了宁波恒丽，预算二十万")

    assert await count(chat, Visit) == 2


# A message in several parts, and one without content


async def test_words_that_only_hand_over_a_quoted_note_are_not_complained_about(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))
    await chat.delivered(chat.voice(), event_id="m1", group="group-1")
    await chat.receives(Text(text="记一下"), event_id="m1#1", group="group-1")

    assert fields(chat.draft())["预算"] == "85 万元"
    assert not any("没听出拜访内容" in text for text in chat.texts(of=REP))


async def test_words_beside_a_quoted_note_that_say_something_are_taken(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))
    await chat.delivered(chat.voice(), event_id="m1", group="group-1")
    await chat.receives(Text(text="我答应下周五前把样品寄给他"), event_id="m1#1", group="group-1")

    assert "样品" in chat.draft().body


async def test_pictures_in_one_message_are_acknowledged_once_and_each_is_kept(chat: Chat) -> None:
    chat.platform.media |= {name: MediaFile(name.encode(), "image/png") for name in ("one", "two")}
    await chat.delivered(Image(media_ref="one"), event_id="m1")
    await chat.receives(Image(media_ref="two"), event_id="m1#1")

    said = chat.texts(of=REP)
    assert said.count(texts.SAVING.format(what="图片")) == 1
    assert sum("图片已存好" in text for text in said) == 2


async def test_what_the_platform_kept_back_is_not_called_a_kind_of_message_that_cannot_be_read(chat: Chat) -> None:
    [answer] = await chat.receives(Withheld(reason="平台没有把内容传过来"))

    assert isinstance(answer, OutboundText)
    assert answer.text == "平台没有把内容传过来。这条没有记下来，恢复后请再发一次。"


# Where there are no cards


async def test_without_cards_everything_works_by_number(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    await chat.speaks(VISIT)
    shown = chat.texts(of=REP)[-1]
    assert "回复数字操作：" in shown
    assert "1 确认" in shown
    assert await chat.says("9") == [texts.NUMBER_OUT_OF_RANGE.format(count=5)]

    await chat.says("1")
    assert "1 我方支持：总监出面" in chat.texts(of=REP)[-1]
    await chat.says("1")
    await chat.says("卡在总经理没签字")
    assert "2 突破时间：两周内" in chat.texts(of=REP)[-1]
    await chat.says("2")

    assert any("已入库" in text for text in chat.texts(of=REP))
    [escalation] = [text for text in chat.texts(of=MANAGER) if "风险上报" in text]
    number = next(line.split()[0] for line in escalation.splitlines() if "我来跟进" in line)
    await chat.says(number, sender=MANAGER)
    assert any("已接手" in text for text in chat.texts(of=REP))


async def test_without_cards_an_ambiguous_customer_is_picked_by_number(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    await chat.speaks("今天去了宏达，见了马经理，预算二十万。")
    shown = chat.texts(of=REP)[-1]
    number = next(line.split()[0] for line in shown.splitlines() if "杭州宏达机电有限公司" in line)

    await chat.says(number)

    assert "客户：杭州宏达机电有限公司" in chat.texts(of=REP)[-1]


# The manager's other answers


async def test_an_escalation_is_assigned_to_somebody_of_the_team(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    [risk] = chat.cards("风险上报", of=MANAGER)
    [assignees] = risk.selects
    other = next(option.option_id for option in assignees.options if option.text == "赵一鸣")

    [asked] = await chat.presses(risk, actions.AssignEscalation, sender=MANAGER)
    assert isinstance(asked, OutboundText)
    assert "指派给谁" in asked.text
    sent = await chat.presses(risk, actions.AssignEscalation, sender=MANAGER, chosen={"assignee": (other,)})

    assert closings(sent) == ["已指派赵一鸣"]
    assert "指派给赵一鸣" in chat.texts(of=REP)[-1]
    assert [card.title for card in chat.cards(of=OTHER)] == ["请您跟进"]


@pytest.mark.parametrize(
    ("action", "closing", "told"),
    [
        (actions.ResolveEscalation, "已处理", "已处理"),
        (actions.DismissEscalation, "已标为误报", "误报"),
    ],
    ids=["resolved", "false alarm"],
)
async def test_what_the_manager_decides_is_shown_and_told(
    chat: Chat, action: type[actions.Action], closing: str, told: str
) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    [risk] = chat.cards("风险上报", of=MANAGER)

    sent = await chat.presses(risk, action, sender=MANAGER)

    assert closings(sent) == [closing]
    assert told in chat.texts(of=REP)[-1]


async def test_a_rep_without_a_manager_is_told_that_nobody_was_told(chat: Chat) -> None:
    await chat.receives(Entered(first_time=True), sender="newcomer")
    chat.listener.answers.append(heard(VISIT))
    await chat.receives(chat.voice(), sender="newcomer")

    await chat.presses(chat.draft(), actions.ConfirmVisit, sender="newcomer")
    await chat.answers_risks(sender="newcomer")

    assert any(texts.NO_MANAGER in text for text in chat.texts(of="newcomer"))


async def test_a_text_behind_a_voice_note_waits_for_it_and_says_so(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))
    await chat.delivered(chat.voice())
    await chat.delivered(Text(text="预算改成90万"))
    await chat.worker.drain()

    assert texts.AFTER_LAST in chat.texts(of=REP)
    assert fields(chat.draft())["预算"] == "90 万元 ✎"


async def test_a_video_is_kept(chat: Chat) -> None:
    chat.platform.media["clip"] = MediaFile(b"....ftypmp42", "video/mp4")

    sent = await chat.receives(Video(media_ref="clip"))

    assert [content.text for content in sent if isinstance(content, OutboundText)] == [
        "收到视频，正在保存…",
        "视频已存好。10 分钟内的拜访记录会自动带上它。\n"
        f"{evidence_texts.SAY_WHAT_VIDEO}\n{evidence_texts.OFFER_BY_WORD}",
    ]


async def test_a_replaced_cards_buttons_count_no_more(chat: Chat) -> None:
    await chat.speaks(VISIT)
    old = chat.draft()
    sent = await chat.receives(Text(text="预算改成90万"))
    assert [content.closing for content in sent if isinstance(content, CardUpdate)] == ["已更新，见新卡"]

    assert await chat.presses(old, actions.ConfirmVisit) == [
        OutboundText(text=texts.CARD_CLOSED.format(closing="已更新，见新卡"))
    ]


async def test_a_manager_whose_platform_is_not_connected_is_not_said_to_have_been_told(chat: Chat) -> None:
    async with chat.database.work() as work:
        manager = await work.members.by_identity("wecom", MANAGER)
        assert manager is not None
        for identity, member in await work.members.accounts("wecom"):
            if member is manager:
                await work.session.delete(identity)
        await work.members.link(manager.member_id, "dingtalk", "ding-1")
    await chat.speaks(VISIT)

    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()

    assert texts.MANAGER_UNREACHABLE.format(manager="陈志远") in chat.texts(of=REP)[-1]
