"""What differs by the way in: group chats, people who must write first, gaps, outsiders, native to-dos."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import presence
from bot.errors import MediaGone, MustWriteFirst, QuotaSpent
from handlers import actions, gaps, texts
from handlers.messages import ApprovalChange, CardUpdate, DirectoryChange, Image, OutboundCard, Outsider, Text
from storage.database import Database
from tests.chat import FRIDAY, MANAGER, OTHER, REP, SHANGHAI, VISIT, Chat, build
from tests.fakes import FakeClock

GAP = timedelta(seconds=60)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(FRIDAY)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    return await build(database, clock, tmp_path)


# Group chats


async def test_a_note_written_in_a_group_is_answered_in_the_chat_of_the_two_and_the_group_reads_only_a_notice(
    chat: Chat,
) -> None:
    await chat.receives(Text(text=VISIT), group="cid-1")

    in_group = [delivery for delivery in chat.platform.sends if delivery.group]
    private = [delivery for delivery in chat.platform.sends if not delivery.group]
    assert [(one.group, one.content) for one in in_group] == [("cid-1", in_group[0].content)]
    assert chat.texts(of=REP) == [texts.IN_GROUP]
    assert isinstance(private[0].content, OutboundCard)


async def test_the_way_to_answer_into_a_group_is_used_for_the_group_only(chat: Chat) -> None:
    await chat.receives(Text(text=VISIT), group="cid-1")
    await chat.receives(Text(text="预算改成90万"))

    routes = [(bool(delivery.group), delivery.reply is not None) for delivery in chat.platform.sends]
    assert (True, True) in routes
    assert (False, True) in routes
    assert routes[:2].count((False, True)) == 0


async def test_the_parts_of_one_message_in_a_group_get_one_notice(chat: Chat) -> None:
    for event_id in ("m-1", "m-1#1", "m-1#2"):
        await chat.receives(Text(text="你好"), group="cid-1", event_id=event_id)

    assert chat.texts(of=REP).count(texts.IN_GROUP) == 1


async def test_somebody_whom_the_platform_does_not_name_is_told_so_and_not_taken_in(chat: Chat) -> None:
    await chat.receives(Outsider(), sender="$:LWCP_v1:$x", group="cid-1")

    assert chat.texts() == [texts.OUTSIDER]
    async with chat.database.reading() as work:
        assert await work.members.by_identity("wecom", "$:LWCP_v1:$x") is None


@pytest.mark.parametrize(
    "content",
    [DirectoryChange(change="departments", user_ids=("7",)), ApprovalChange(process_id="p", change="finished")],
    ids=["directory", "approval"],
)
async def test_events_of_the_organisation_are_taken_without_a_word(
    chat: Chat, content: DirectoryChange | ApprovalChange
) -> None:
    assert await chat.receives(content, sender="") == []


# People who must write first


async def test_what_cannot_be_sent_before_somebody_writes_is_held_and_comes_in_order_when_they_do(chat: Chat) -> None:
    await chat.says(VISIT)
    chat.platform.failures.append(MustWriteFirst("send", 1))
    await chat.passes(timedelta(hours=2))
    reminder = texts.REMINDER.partition("：")[0]
    assert not any(reminder in text for text in chat.texts(of=REP))

    await chat.says("你好")

    said = chat.texts(of=REP)
    assert reminder in said[-2]
    assert said[-1] == texts.HELLO


async def test_what_is_held_for_longer_than_a_week_is_brought_before_an_admin(chat: Chat) -> None:
    await chat.says(VISIT)
    chat.platform.failures.extend([MustWriteFirst("send", 1)] * 9)
    await chat.passes(timedelta(hours=2))
    for _ in range(8):
        await chat.passes(timedelta(days=1))

    assert "已搁置" in chat.texts(of="hejia")[-1]


async def test_a_rep_is_not_told_that_a_risk_has_reached_somebody_who_must_write_first(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await build(database, clock, tmp_path, answers_only=True)
    await chat.says(VISIT)
    await chat.says("确认")
    await chat.answers_risks()

    assert "要先发一条才收得到" in chat.texts(of=REP)[-1]


# Gaps


async def noted(chat: Chat) -> None:
    await presence.note(chat.database, chat.platform, zone=SHANGHAI, gap=GAP)


async def test_after_a_gap_those_who_write_to_us_hear_of_it_once(chat: Chat) -> None:
    await chat.says(VISIT)
    await noted(chat)
    chat.clock.advance(timedelta(minutes=12))
    await noted(chat)
    await noted(chat)
    await chat.worker.drain()

    told = [text for text in chat.texts() if "连接断过" in text]
    assert told == [
        "15:30到15:42之间，我和企业微信的连接断过，这段时间发来的消息可能没收到。发过但没看到我回复的，请再发一次。"
    ]
    assert not any("连接断过" in text for text in chat.texts(of=OTHER))


async def test_who_only_presses_buttons_and_asks_hears_of_a_gap_too(chat: Chat) -> None:
    await chat.says("帮助", sender=MANAGER)
    await noted(chat)
    chat.clock.advance(timedelta(minutes=12))
    await noted(chat)
    await chat.worker.drain()

    assert any("连接断过" in text for text in chat.texts(of=MANAGER))


async def test_a_platform_that_is_not_connected_is_not_noted_as_reachable(chat: Chat) -> None:
    await chat.says(VISIT)
    await noted(chat)
    chat.platform.is_connected = False
    for _ in range(10):
        chat.clock.advance(timedelta(seconds=30))
        await noted(chat)
    chat.platform.is_connected = True
    await noted(chat)
    await chat.worker.drain()

    assert any("15:30到15:35之间" in text for text in chat.texts(of=REP))


async def test_a_short_gap_is_not_worth_a_word(chat: Chat) -> None:
    await chat.says(VISIT)
    await noted(chat)
    chat.clock.advance(timedelta(seconds=59))
    await noted(chat)
    await chat.worker.drain()

    assert not any("连接断过" in text for text in chat.texts())


async def test_a_platform_that_was_switched_off_for_weeks_is_no_gap(chat: Chat) -> None:
    await chat.says(VISIT)
    await noted(chat)
    chat.clock.advance(timedelta(days=7))
    await noted(chat)
    await chat.worker.drain()

    assert not any("连接断过" in text for text in chat.texts())


@pytest.mark.parametrize(
    ("ended", "told"),
    [("2026-11-20 03:00", "2026-11-20 08:00"), ("2026-11-20 22:10", "2026-11-21 08:00"), ("2026-11-20 08:00", None)],
)
def test_nobody_is_woken_for_a_gap(ended: str, told: str | None) -> None:
    until = datetime.fromisoformat(ended).replace(tzinfo=SHANGHAI)
    expected = datetime.fromisoformat(told or ended).replace(tzinfo=SHANGHAI)

    assert gaps.notice_at(until, SHANGHAI) == expected


# Files that wait


async def test_a_file_behind_a_long_job_is_fetched_before_its_turn(chat: Chat) -> None:
    voice = chat.voice()
    chat.listener.answers.append(MediaGone("x"))
    await chat.delivered(voice)
    image = Image(media_ref="picture")
    chat.platform.media["picture"] = chat.platform.media[str(voice.media_ref)]
    await chat.delivered(image)
    await chat.worker.drain()

    async with chat.database.reading() as work:
        kinds = [job.kind for job in await work.jobs.listing()]
    assert kinds.count("fetch") == 1
    assert any("图片已存" in text for text in chat.texts(of=REP))


async def test_a_spent_allowance_does_not_hold_up_what_is_said_next(chat: Chat) -> None:
    chat.platform.media_failure = QuotaSpent("robot/messageFiles/download", "quota", hint="…")
    await chat.receives(chat.voice())

    assert "没处理成功" in chat.texts(of=REP)[-1]
    assert "quota" in chat.texts(of="hejia")[-1]
    assert (await chat.says("帮助"))[-1] == texts.HELP


# Native to-dos


async def test_a_to_do_card_carries_what_a_platforms_own_list_needs(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await build(database, clock, tmp_path, public_url="https://bot.example.com")
    await chat.says(VISIT)
    await chat.says("确认")
    await chat.answers_risks()

    task = chat.cards("待办")[0].task
    assert task is not None
    assert task.subject == "提供安装排期表（宁波恒力阀门有限公司）"
    assert task.due_at == datetime(2026, 11, 25, 18, tzinfo=SHANGHAI)
    assert task.url.startswith("https://bot.example.com/todo/")


async def test_without_an_address_of_ours_there_is_no_native_to_do(chat: Chat) -> None:
    await chat.says(VISIT)
    await chat.says("确认")
    await chat.answers_risks()

    assert {card.task for card in chat.cards("待办")} == {None}


async def test_a_finished_to_do_is_ticked_off_in_the_platforms_list_too(chat: Chat) -> None:
    await chat.says(VISIT)
    await chat.says("确认")
    await chat.answers_risks()

    sent = await chat.presses(chat.cards("待办")[0], actions.FinishTodo)

    assert [update.done for update in sent if isinstance(update, CardUpdate)] == [True]
