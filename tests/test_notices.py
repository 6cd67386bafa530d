"""What the assistant tells people by itself: together, in working hours, once."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handlers import notices
from handlers.messages import OutboundText
from storage.database import Database
from storage.models import Member
from tests.chat import REP, SHANGHAI, Chat, build
from tests.fakes import FakeClock

FRIDAY_15 = datetime(2026, 11, 20, 15, tzinfo=SHANGHAI)
FRIDAY_EVENING = datetime(2026, 11, 20, 19, tzinfo=SHANGHAI)
MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    clock.advance(FRIDAY_15 - clock.now())
    return await build(database, clock, tmp_path)


async def tell(chat: Chat, text: str, *, key: str = "", subject: str = "todo:1", at: datetime | None = None) -> bool:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        key = key or text
        return await notices.tell(chat.context, work, rep.member_id, text, key=key, subject=subject, at=at)


async def test_a_line_is_told_at_once_in_working_hours_and_the_same_again_is_not(chat: Chat) -> None:
    assert await tell(chat, "排期表明天到期", key="a")
    assert not await tell(chat, "排期表明天到期", key="a")

    assert await chat.lives_until(FRIDAY_15 + timedelta(minutes=1)) == [OutboundText(text="排期表明天到期")]


async def test_lines_that_are_due_together_are_one_message(chat: Chat) -> None:
    await tell(chat, "排期表明天到期")
    await tell(chat, "样品明天到期")

    [told] = await chat.lives_until(FRIDAY_15 + timedelta(hours=3))

    assert told == OutboundText(text="提醒您 2 件事：\n· 排期表明天到期\n· 样品明天到期")


async def test_within_the_hour_a_second_message_waits_for_what_else_comes(chat: Chat) -> None:
    await tell(chat, "一")
    await chat.lives_until(FRIDAY_15 + timedelta(minutes=5))
    await tell(chat, "二")
    await chat.lives_until(FRIDAY_15 + timedelta(minutes=20))
    await tell(chat, "三")

    assert await chat.lives_until(FRIDAY_15 + timedelta(minutes=59)) == []
    assert await chat.lives_until(FRIDAY_15 + timedelta(hours=2)) == [OutboundText(text="提醒您 2 件事：\n· 二\n· 三")]


async def test_what_comes_up_after_work_is_told_on_the_next_working_morning(chat: Chat) -> None:
    await chat.lives_until(FRIDAY_EVENING)
    await tell(chat, "排期表明天到期")

    assert await chat.lives_until(MONDAY - timedelta(seconds=1)) == []
    assert await chat.lives_until(MONDAY) == [OutboundText(text="排期表明天到期")]


async def test_what_has_become_pointless_is_not_told(chat: Chat) -> None:
    await chat.lives_until(FRIDAY_EVENING)
    await tell(chat, "排期表明天到期", subject="todo:1")
    await tell(chat, "样品明天到期", subject="todo:2")
    async with chat.database.work() as work:
        await work.notices.drop("todo:1")

    assert await chat.lives_until(MONDAY + timedelta(days=1)) == [OutboundText(text="样品明天到期")]


async def test_somebody_who_has_left_is_told_nothing(chat: Chat) -> None:
    await tell(chat, "排期表明天到期")
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert isinstance(rep, Member)
        rep.active = False

    assert await chat.lives_until(MONDAY) == []
