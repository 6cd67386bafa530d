"""A voice note that the platform has heard too: its words make the draft, the recording confirms or corrects it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.errors import PlatformBusy
from handlers import actions, texts
from handlers.messages import OutboundText, Voice
from nlp.errors import EngineUnavailable, NoSpeech
from storage.database import Database
from storage.models import Evidence, Visit
from tests.chat import FRIDAY, REP, VISIT, Chat, build, closings, fields, heard
from tests.fakes import FakeClock

MISHEARD = VISIT.replace("八十五万", "八十一万").replace("下周三前", "下周二前")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(FRIDAY)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    return await build(database, clock, tmp_path)


async def test_the_platforms_words_make_the_draft_before_our_engine_has_heard_anything(chat: Chat) -> None:
    chat.listener.answers.append(EngineUnavailable("no model", hint="…"))

    await chat.receives(chat.voice(platform_transcript=VISIT))

    card = chat.draft()
    assert fields(card)["预算"] == "85 万元"
    assert chat.texts(of=REP) == [texts.HEARING_TWICE.format(length="")]


async def test_where_both_heard_the_same_nothing_more_is_said(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))

    await chat.receives(chat.voice(platform_transcript=VISIT.replace("，", "")))

    assert len(chat.cards("拜访记录")) == 1
    assert len(chat.texts(of=REP)) == 1


async def test_an_amount_and_a_date_heard_differently_are_corrected_and_shown(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))

    sent = await chat.receives(chat.voice(platform_transcript=MISHEARD))

    first, second = chat.cards("拜访记录")
    assert fields(first)["预算"] == "81 万元"
    assert fields(second)["预算"] == "85 万元 ✎"
    assert "⚠ 预算：平台听成「81 万元」，录音里是「85 万元」，请核对" in second.body
    assert "⚠ 日期：平台听成「11-24 提供安装排期表」" in second.body
    assert "11-25（周三）前 提供安装排期表" in second.body
    assert closings(sent) == [texts.CLOSED_REPLACED]


async def test_the_corrected_value_has_the_words_of_the_recording(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))
    await chat.receives(chat.voice(platform_transcript=MISHEARD))

    async with chat.database.reading() as work:
        visit = (await work.session.scalars(select(Visit))).one()
        [budget] = [row for row in await work.visits.fields(visit) if row.kind == "amount"]
        source = await work.visits.evidence(budget.source.evidence_id)
        kept = (await work.session.scalars(select(Evidence).order_by(Evidence.evidence_id))).all()
    assert source.text == VISIT
    assert source.text[budget.source.start : budget.source.end] == budget.source.words
    assert [item.text for item in kept] == [MISHEARD, VISIT]
    assert kept[0].sha256 is not None


async def test_what_the_rep_has_put_right_meanwhile_stays(chat: Chat) -> None:
    chat.listener.answers.append(PlatformBusy("no"))  # any failure: the second hearing comes later
    await chat.receives(chat.voice(platform_transcript=MISHEARD))
    await chat.says("预算改成90万")
    chat.listener.answers.append(heard(VISIT))

    await chat.passes(timedelta(seconds=10))

    card = chat.draft()
    assert fields(card)["预算"] == "90 万元"
    assert "11-25（周三）前 提供安装排期表" in card.body


async def test_after_the_confirmation_nothing_is_changed_but_the_difference_is_told(chat: Chat) -> None:
    chat.listener.answers.append(PlatformBusy("no"))
    await chat.receives(chat.voice(platform_transcript=MISHEARD))
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    chat.listener.answers.append(heard(VISIT))

    await chat.passes(timedelta(seconds=10))

    assert "预算：平台听成「81 万元」，录音里是「85 万元」" in chat.texts(of=REP)[-1]
    async with chat.database.reading() as work:
        visit = (await work.session.scalars(select(Visit))).one()
        [budget] = [row.value for row in await work.visits.fields(visit) if row.kind == "amount"]
    assert budget["low_fen"] == 81_000_000


async def test_from_an_answer_to_our_questions_the_recording_adds_nothing_else(chat: Chat) -> None:
    await chat.says(VISIT)
    await chat.says("确认")
    chat.listener.answers.append(heard("卡在审批，我们报价八十六万他们总监嫌高"))

    await chat.receives(chat.voice(platform_transcript="卡在审批，我们报价他们总监嫌高"))

    async with chat.database.reading() as work:
        rows = await work.visits.fields(await work.visits.get(1))
    assert [row.value["text"] for row in rows if row.kind == "blocker"] == ["卡在审批，我们报价他们总监嫌高"]
    assert [row.value["role"] for row in rows if row.kind == "amount"] == ["budget"]


async def test_a_note_that_only_the_recording_gives_is_still_taken(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))

    await chat.receives(chat.voice(platform_transcript="嗯嗯啊"))

    assert fields(chat.draft())["预算"] == "85 万元"


async def test_a_recording_that_cannot_be_heard_leaves_the_draft_and_says_so(chat: Chat) -> None:
    chat.listener.answers.append(NoSpeech("silence"))

    await chat.receives(chat.voice(platform_transcript=VISIT))

    assert fields(chat.draft())["预算"] == "85 万元"
    assert chat.texts(of=REP)[-1] == texts.NOT_CHECKED


async def test_a_recording_that_is_gone_leaves_the_draft_and_says_so(chat: Chat) -> None:
    voice = Voice(media_ref="nowhere", platform_transcript=VISIT)

    await chat.receives(voice)

    assert fields(chat.draft())["预算"] == "85 万元"
    assert chat.texts(of=REP)[-1] == texts.RECORDING_GONE


async def test_a_channel_that_gives_only_its_transcript_gives_a_record_all_the_same(chat: Chat) -> None:
    sent = await chat.receives(Voice(media_ref=None, platform_transcript=VISIT))

    assert [type(content) for content in sent if isinstance(content, OutboundText)] == []
    assert fields(chat.draft())["预算"] == "85 万元"
    assert chat.listener.asked == []


async def test_a_voice_note_without_words_and_without_a_recording_is_answered(chat: Chat) -> None:
    assert [
        content.text for content in await chat.receives(Voice(media_ref=None)) if isinstance(content, OutboundText)
    ][-1] == texts.NO_WORDS


async def test_the_confirmation_does_not_wait_for_the_second_hearing(chat: Chat) -> None:
    await chat.delivered(chat.voice(platform_transcript=VISIT))
    chat.listener.answers.append(heard(VISIT))
    await chat.worker.drain()
    async with chat.database.reading() as work:
        lanes = {(job.kind, job.lane) for job in await work.jobs.listing()}

    assert ("transcribe", f"wecom:{REP}:second-hearing") in lanes


async def test_a_spoken_change_that_was_heard_differently_is_put_right(chat: Chat) -> None:
    await chat.speaks(VISIT)
    chat.listener.answers.append(heard("预算改成九十五万"))

    await chat.receives(chat.voice(platform_transcript="预算改成九十万"))

    card = chat.draft()
    assert fields(card)["预算"] == "95 万元 ✎"
    assert "⚠ 预算：平台听成「90 万元」，录音里是「95 万元」，请核对" in card.body


async def test_a_name_that_nobody_knows_is_left_as_the_platform_heard_it_and_questioned(chat: Chat) -> None:
    chat.listener.answers.append(heard("拜访了苏州鸣源精密，见了王经理，预算八十五万"))

    await chat.receives(chat.voice(platform_transcript="拜访了苏州明远精密，见了王经理，预算八十五万"))

    card = chat.draft()
    assert "苏州明远精密" in fields(card)["客户"]
    assert "⚠ 客户：平台听成" in card.body
    assert "先按平台的" in card.body


async def test_a_customer_of_the_list_that_only_our_engine_recognised_takes_the_place(chat: Chat) -> None:
    chat.listener.answers.append(heard("拜访了宁波恒力阀门，见了王经理，预算八十五万"))

    await chat.receives(chat.voice(platform_transcript="拜访了苏州明远精密，见了王经理，预算八十五万"))

    assert fields(chat.draft())["客户"] == "宁波恒力阀门有限公司 ✎"


async def test_what_our_engine_missed_beside_a_corrected_date_stays_in_the_record(chat: Chat) -> None:
    chat.listener.answers.append(heard("拜访了宁波恒力阀门，见了王经理，我答应下周三前给报价单。"))
    theirs = "拜访了宁波恒力阀门，见了王经理和李总，我答应下周二前给报价单。我答应寄样品。"

    await chat.receives(chat.voice(platform_transcript=theirs))

    first, second = chat.cards("拜访记录")
    assert "寄样品" in first.body
    assert "寄样品" in second.body
    assert "11-25（周三）前 给报价单" in second.body
    assert fields(second)["联系人"] == fields(first)["联系人"]
    assert "⚠ 联系人：" in second.body


async def test_what_the_rep_took_out_meanwhile_does_not_come_back(chat: Chat) -> None:
    chat.listener.answers.append(PlatformBusy("no"))
    await chat.receives(chat.voice(platform_transcript=MISHEARD))
    await chat.says("删掉第二个待办")
    chat.listener.answers.append(heard(VISIT))

    await chat.passes(timedelta(seconds=10))

    async with chat.database.reading() as work:
        visit = (await work.session.scalars(select(Visit))).one()
        steps = [row.value["action"] for row in await work.visits.fields(visit) if row.kind == "step"]
    assert steps == ["提供安装排期表"]


async def test_of_a_moved_step_only_the_date_is_heard_again(chat: Chat) -> None:
    await chat.speaks(VISIT)
    chat.listener.answers.append(heard("安装排期表改到周五"))

    await chat.receives(chat.voice(platform_transcript="安装排期表改到周四"))

    assert "11-20（周五）前 提供安装排期表" in chat.draft().body
    assert "改到（我）" not in chat.draft().body


async def test_an_instruction_that_only_the_recording_gives_adds_nothing_to_the_record(chat: Chat) -> None:
    await chat.says("拜访了宁波恒力阀门，见了王经理，预算八十五万")
    chat.listener.answers.append(heard("安装排期表改到周四"))

    await chat.receives(chat.voice(platform_transcript="删掉第三个待办"))

    assert "⚠ 日期：录音里听到「11-26 安装排期表改到」，平台没听出来，请核对" in chat.draft().body
    assert "下一步" not in chat.draft().body


async def test_a_difference_that_changes_nothing_is_shown_and_leaves_the_undo_alone(chat: Chat) -> None:
    chat.listener.answers.append(heard("拜访了苏州鸣源精密，见了王经理，预算八十五万"))
    await chat.receives(chat.voice(platform_transcript="拜访了苏州明远精密，见了王经理，预算八十五万"))
    assert "⚠ 客户：平台听成" in chat.draft().body

    assert await chat.says("撤销") == [texts.NOTHING_TO_UNDO]


async def test_an_instruction_understood_late_is_not_carried_out_after_a_newer_one(chat: Chat) -> None:
    await chat.speaks(VISIT)
    chat.listener.answers.append(PlatformBusy("no"))
    await chat.receives(chat.voice(platform_transcript="嗯嗯啊"))
    chat.clock.advance(timedelta(seconds=2))
    await chat.says("删掉第二个待办")
    chat.listener.answers.append(heard("删掉第一个待办"))

    await chat.passes(timedelta(seconds=10))

    assert chat.texts(of=REP)[-1] == texts.HEARD_SINCE.format(words="删掉第一个待办")
    assert "提供安装排期表" in chat.draft().body


async def test_where_a_value_comes_from_is_shown_with_both_transcripts_only_where_they_differ(chat: Chat) -> None:
    chat.listener.answers.append(heard(VISIT))
    await chat.receives(chat.voice(platform_transcript=VISIT))
    [alike] = await chat.says("修改")
    await chat.says("作废")
    chat.listener.answers.append(heard(VISIT))
    await chat.receives(chat.voice(platform_transcript=MISHEARD))
    [unlike] = await chat.says("修改")

    assert alike.count(VISIT) == 1
    assert f"平台转写：{MISHEARD}\n录音转写：{VISIT}" in unlike


async def test_the_recording_is_fetched_at_once_and_not_when_its_turn_to_be_heard_comes(chat: Chat) -> None:
    chat.listener.answers.append(EngineUnavailable("no model", hint="…"))
    await chat.receives(chat.voice(platform_transcript=VISIT))

    async with chat.database.reading() as work:
        kinds = [job.kind for job in await work.jobs.listing() if job.state == "done"]
    assert "fetch" in kinds


async def test_a_second_hearing_that_never_succeeds_asks_nobody_to_send_the_note_again(chat: Chat) -> None:
    chat.listener.answers.extend([PlatformBusy("no")] * 6)
    await chat.receives(chat.voice(platform_transcript=VISIT))
    for _ in range(6):
        await chat.passes(timedelta(minutes=30))

    assert texts.NOT_CHECKED in chat.texts(of=REP)
    assert not any("重新发一次" in text for text in chat.texts(of=REP))
    assert any("已搁置" in text for text in chat.texts(of="hejia"))


async def test_of_two_listed_customers_alike_to_the_ear_the_platforms_stands_and_is_questioned(chat: Chat) -> None:
    chat.listener.answers.append(heard("拜访了宁波恒丽服饰，见了王经理，预算八十五万"))

    await chat.receives(chat.voice(platform_transcript="拜访了宁波恒力阀门，见了王经理，预算八十五万"))

    card = chat.draft()
    assert "宁波恒力阀门有限公司" in fields(card)["客户"]
    assert "先按平台的" in card.body
