"""A draft is changed by answering it, typed or spoken."""

from datetime import timedelta

import pytest

from handlers import texts
from handlers.messages import CardUpdate, OutboundCard, OutboundText
from storage.models import Visit
from tests.chat import REP, VISIT, Chat, fields


@pytest.fixture
async def told(chat: Chat) -> Chat:
    """The sample visit has been told."""
    await chat.speaks(VISIT)
    return chat


@pytest.mark.parametrize(
    ("said", "label", "value"),
    [
        ("预算改成90万", "预算", "90 万元 ✎"),
        ("预算是九十二万五", "预算", "92.5 万元 ✎"),
        ("不对，预算应该是80万到90万", "预算", "80–90 万元 ✎"),
        ("金额改成90万", "预算", "90 万元 ✎"),
        ("联系人是王建国", "联系人", "王建国（采购部·经理） ✎"),
        ("客户是宁波恒丽不是恒力", "客户", "宁波恒丽服饰有限公司 ✎"),
        ("阶段改成合同签订", "阶段", "合同签订 ✎"),
    ],
)
async def test_one_value_is_changed_and_marked(told: Chat, said: str, label: str, value: str) -> None:
    await told.says(said)

    assert fields(told.draft())[label] == value


async def test_two_changes_in_one_reply(told: Chat) -> None:
    answers = await told.says("预算改成90万，联系人是王建国")

    shown = fields(told.draft())
    assert shown["预算"] == "90 万元 ✎"
    assert shown["联系人"] == "王建国（采购部·经理） ✎"
    assert answers == ["[→ 已更新，见新卡]", "[拜访记录 · 待确认]"]


async def test_only_what_changed_is_marked(told: Chat) -> None:
    await told.says("预算改成90万")

    marked = {label for label, value in fields(told.draft()).items() if value.endswith("✎")}
    assert marked == {"预算"}
    assert "✎" not in told.draft().body


async def test_a_change_may_be_spoken(told: Chat) -> None:
    await told.speaks("预算改成九十万")

    assert fields(told.draft())["预算"] == "90 万元 ✎"
    async with told.database.reading() as work:
        assert (await work.visits.get(1)).state == "draft"
        assert len((await work.session.scalars(Visit.__table__.select())).all()) == 1


async def test_a_next_step_is_moved(told: Chat) -> None:
    await told.says("安装排期表改到周五")

    assert "11-20（周五）前 提供安装排期表（我） ✎" in told.draft().body


async def test_a_next_step_is_dropped(told: Chat) -> None:
    await told.says("删掉第二个待办")

    assert "确认技术参数" not in told.draft().body
    assert "提供安装排期表" in told.draft().body


async def test_a_next_step_is_added(told: Chat) -> None:
    await told.says("补充待办：下周五前寄样品")

    assert "11-27（周五）前" in told.draft().body
    assert "寄样品（我） ✎" in told.draft().body


async def test_a_step_that_is_not_there_is_not_guessed(told: Chat) -> None:
    before = told.draft()

    [answer] = await told.says("删掉第五个待办")

    assert answer.startswith("没找到要改的待办「第5个」")
    assert "① " in answer
    assert told.draft() == before


async def test_an_unknown_stage_names_those_there_are(told: Chat) -> None:
    [answer] = await told.says("阶段改成火星")

    assert "方案设计" in answer


async def test_more_is_added_in_the_reps_own_words(told: Chat) -> None:
    await told.says("补充：他们12月要验厂")

    assert "12月要验厂" in told.draft().body + str(fields(told.draft()))


async def test_undo_goes_back_one_step_at_a_time(told: Chat) -> None:
    await told.says("预算改成90万")
    await told.says("预算改成95万")

    await told.says("撤销")
    assert fields(told.draft())["预算"] == "90 万元 ✎"
    await told.says("撤销")
    assert fields(told.draft())["预算"] == "85 万元 ✎"
    assert await told.says("撤销") == [texts.NOTHING_TO_UNDO]


async def test_after_an_undo_a_new_change_undoes_to_where_it_came_from(told: Chat) -> None:
    await told.says("预算改成90万")
    await told.says("撤销")
    await told.says("预算改成100万")

    await told.says("撤销")

    assert fields(told.draft())["预算"].startswith("85 万元")


async def test_the_changed_value_is_what_is_confirmed(told: Chat) -> None:
    await told.says("预算改成90万")
    await told.says("删掉第二个待办")

    await told.says("确认")
    await told.answers_risks()

    assert [card.subtitle for card in told.cards("待办", of=REP)] == ["提供安装排期表"]
    async with told.database.reading() as work:
        visit = await work.visits.get(1)
        rows = await work.visits.fields(visit)
    [budget] = [row for row in rows if row.kind == "amount"]
    assert budget.value["low_fen"] == 90_000_000
    assert budget.source.words == "90万"
    assert budget.source.engine == "edit"


async def test_every_version_of_a_record_can_still_be_told(told: Chat) -> None:
    await told.says("预算改成90万")

    async with told.database.reading() as work:
        visit = await work.visits.get(1)
        [before] = [row for row in await work.visits.fields(visit, version=1) if row.kind == "amount"]
        [now] = [row for row in await work.visits.fields(visit) if row.kind == "amount"]
        changes = [entry.action for entry in await work.audit.of("visit:1")]
    assert (before.value["low_fen"], now.value["low_fen"]) == (85_000_000, 90_000_000)
    assert changes == ["visit.drafted", "visit.changed"]


@pytest.mark.parametrize("said", ["预算改成90万", "联系人改成王建国", "补充：他们12月要验厂"])
async def test_without_a_draft_a_change_is_not_made_of_thin_air(told: Chat, said: str) -> None:
    await told.says("确认")
    await told.answers_risks()

    answers = await told.says(said)

    assert answers == [texts.NOTHING_TO_CHANGE]
    assert await told.says("确认") == [texts.NO_DRAFT]


async def test_a_first_note_in_short_lines_is_a_note_and_no_change(chat: Chat) -> None:
    await chat.says("客户：恒力阀门\n预算：90万")

    assert fields(chat.draft()) == {"客户": "宁波恒力阀门有限公司", "预算": "90 万元"}


async def test_an_old_draft_can_still_be_changed(told: Chat) -> None:
    await told.passes(timedelta(hours=20))

    sent = await told.says("预算改成90万")

    assert sent[-1] == "[拜访记录 · 待确认]"


async def test_the_visits_day_is_changed(told: Chat) -> None:
    await told.says("拜访日期改成昨天")

    assert told.draft().subtitle == "11-19（周四） ✎"

    await told.says("撤销")
    assert told.draft().subtitle == "11-20（周五） ✎"


async def test_an_undo_may_be_spoken(told: Chat) -> None:
    await told.speaks("预算改成九十万")

    await told.speaks("撤销。")

    assert fields(told.draft())["预算"] == "85 万元 ✎"


@pytest.mark.parametrize("said", ["确认", "作废"])
async def test_what_cannot_be_taken_back_is_not_done_by_ear(told: Chat, said: str) -> None:
    _receipt, answer = await told.speaks(f"{said}。")

    assert answer == OutboundText(text=texts.DECIDE_BY_HAND.format(words=said))
    async with told.database.reading() as work:
        assert (await work.visits.get(1)).state == "draft"


async def test_an_edit_replaces_the_card_and_closes_the_old_one_by_its_own_reference(told: Chat) -> None:
    await told.says("预算改成90万")

    [update] = [delivery for delivery in told.platform.sends if isinstance(delivery.content, CardUpdate)]
    old = next(delivery for delivery in told.platform.sends if isinstance(delivery.content, OutboundCard))
    assert isinstance(old.content, OutboundCard)
    assert isinstance(update.content, CardUpdate)
    assert update.content.card_id == old.content.card_id
    assert update.response_ref is not None


# Several changes in one sentence, questions and their answers


async def test_several_steps_are_changed_in_one_sentence_by_the_numbers_on_the_card(told: Chat) -> None:
    answers = await told.says("第二个待办改到周五，第一个删了")

    assert "提供安装排期表" not in told.draft().body
    assert "① 11-20（周五）前 确认技术参数（客户） ✎" in told.draft().body
    assert answers == ["[→ 已更新，见新卡]", "[拜访记录 · 待确认]"]


async def test_changes_are_spoken_in_one_breath(told: Chat) -> None:
    await told.speaks("嗯预算改成九十万联系人是王建国第二个代办往后推三天")

    shown = fields(told.draft())
    assert (shown["预算"], shown["联系人"]) == ("90 万元 ✎", "王建国（采购部·经理） ✎")
    assert "12-04（周五）前 确认技术参数（客户） ✎" in told.draft().body


async def test_an_unknown_number_is_asked_about_and_answered_in_a_word(told: Chat) -> None:
    before = told.draft()

    [question] = await told.says("第五个待办删了")
    assert question.startswith("没找到要改的待办「第5个」")
    assert "① 11-25（周三）前 提供安装排期表（我）" in question
    assert told.draft() == before

    await told.says("第二个")
    assert "确认技术参数" not in told.draft().body
    assert "提供安装排期表" in told.draft().body


async def test_nothing_of_a_reply_is_done_while_a_part_of_it_is_unclear(told: Chat) -> None:
    before = told.draft()

    [question] = await told.says("预算改成90万，第五个待办删了")

    assert question.startswith("没找到要改的待办")
    assert told.draft() == before


async def test_a_wrong_contact_is_asked_for_and_given(told: Chat) -> None:
    [question] = await told.says("联系人不对")
    assert question == "联系人要改成谁？现在是：王经理。直接回复姓名就行。"

    await told.says("汪经理")

    assert fields(told.draft())["联系人"] == "汪经理（采购部） ✎"


async def test_the_words_of_a_change_that_took_two_messages_are_those_of_the_one_that_said_them(told: Chat) -> None:
    await told.says("往后推三天")
    await told.says("第一个")

    assert "11-28（周六）前 提供安装排期表（我） ✎" in told.draft().body
    async with told.database.reading() as work:
        visit = await work.visits.get(1)
        [step] = [row for row in await work.visits.fields(visit) if row.value.get("action") == "提供安装排期表"]
        source = await work.visits.evidence(step.source.evidence_id)
    assert (step.source.words, source.text) == ("往后推三天", "往后推三天")


async def test_an_answer_long_after_the_question_is_none(told: Chat) -> None:
    before = told.draft()
    await told.says("第五个待办删了")
    await told.passes(timedelta(minutes=30))

    await told.says("第二个")

    assert told.draft() == before


async def test_an_undo_within_a_sentence_goes_before_what_follows_it(told: Chat) -> None:
    await told.says("预算改成90万")

    await told.says("撤销，联系人是王建国")
    shown = fields(told.draft())
    assert (shown["预算"], shown["联系人"]) == ("85 万元 ✎", "王建国（采购部·经理） ✎")

    await told.says("撤销")
    shown = fields(told.draft())
    assert shown["预算"].startswith("85 万元")
    assert shown["联系人"] == "王经理（采购部） ✎"
    assert await told.says("撤销") == [texts.NOTHING_TO_UNDO]


async def test_an_undo_in_other_words(told: Chat) -> None:
    await told.says("预算改成90万")

    await told.speaks("改错了退回上一步")

    assert fields(told.draft())["预算"] == "85 万元 ✎"


async def test_a_risk_is_taken_away(told: Chat) -> None:
    [question] = await told.says("风险去掉")
    assert "「领导还没批」" in question

    await told.says("领导还没批那个风险去掉")
    assert "领导还没批" not in told.draft().quote
    assert "等预算" in told.draft().quote


async def test_a_pain_point_and_an_amount_are_taken_away(told: Chat) -> None:
    await told.says("痛点删掉，预算先去掉")

    assert not {"痛点", "预算"} & fields(told.draft()).keys()


async def test_people_and_competitors_come_and_go(told: Chat) -> None:
    await told.says("把技术部的李工也加上，竞品加上华锐")
    shown = fields(told.draft())
    assert shown["联系人"] == "王经理（采购部）、李工（技术部） ✎"
    assert shown["竞品"] == "华锐 ✎"

    await told.says("李工去掉，竞品不是华锐是华工")
    shown = fields(told.draft())
    assert shown["联系人"] == "王经理（采购部） ✎"
    assert shown["竞品"] == "华工 ✎"


async def test_a_step_changes_hands(told: Chat) -> None:
    await told.says("排期表让研发同事做")

    assert "提供安装排期表（同事） ✎" in told.draft().body


async def test_a_customer_whose_name_fits_several_is_to_be_picked(told: Chat) -> None:
    await told.says("客户换成宏达")

    assert "是哪一家" in fields(told.draft())["客户"]


async def test_news_that_sounds_like_a_change_is_joined_to_the_record(told: Chat) -> None:
    await told.says("王经理说他们把技术参数改了，我答应下周五前寄样品")

    assert "85 万元" in fields(told.draft())["预算"]
    assert "寄样品" in told.draft().body
