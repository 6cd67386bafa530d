"""Somebody leaves, or customers change hands, while timers run and reminders lie in the outbox: each comes once."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import PlatformBusy
from handlers import handover, leavers, todos
from handlers.escalation import Matter, MatterItem, raise_matter
from storage.database import Database
from storage.models import Member
from storage.work import Work
from tests.chat import MANAGER, OTHER, REP, SHANGHAI, Chat, ChatPlatform, build
from tests.fakes import FakeClock

HENGLI = "宁波恒力阀门有限公司"
DUE_AT = datetime(2026, 11, 23, 15, tzinfo=SHANGHAI)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    return await build(database, clock, tmp_path, ChatPlatform(name="wecom", clock=clock))


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


async def person(work: Work, user_id: str) -> Member:
    member = await work.members.by_identity("wecom", user_id)
    assert member is not None
    return member


async def given(chat: Chat, action: str = "寄样品", **due: date | datetime) -> None:
    async with chat.database.work() as work:
        rep = await person(work, REP)
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        await todos.give(
            chat.context,
            work,
            member_id=rep.member_id,
            action=action,
            kind="said",
            origin=action,
            customer_id=customer.customer_id,
            created_by=rep.member_id,
            cause=action,
            **(due or {"due_at": DUE_AT}),  # type: ignore[arg-type]
        )


async def hands_over(chat: Chat) -> None:
    async with chat.database.work() as work:
        giver, taker, by = [await person(work, one) for one in (REP, OTHER, MANAGER)]
        await handover.hand_over(chat.context, work, giver=giver, taker=taker, by=by, cause="test")
    await chat.worker.drain()


async def leaves(chat: Chat) -> None:
    async with chat.database.work() as work:
        await leavers.leave(work, await person(work, REP), by_id=None, source="test")
    await chat.worker.drain()


def lines(chat: Chat, words: str, *, of: str) -> list[str]:
    return [line for text in chat.texts(of=of) for line in text.splitlines() if words in line]


async def falls_due_while_the_platform_is_away(chat: Chat) -> None:
    """The reminder of three o'clock is in the outbox, and its first try failed."""
    await chat.lives_until(DUE_AT - timedelta(minutes=2))
    chat.platform.failures.extend([PlatformBusy("send")])
    await chat.lives_until(DUE_AT)
    assert lines(chat, "到时间了：寄样品", of=REP) == []


async def test_what_lay_in_the_outbox_for_somebody_who_leaves_is_not_sent_to_their_account(chat: Chat) -> None:
    await given(chat)
    await falls_due_while_the_platform_is_away(chat)
    before = len(chat.platform.sends)

    await leaves(chat)
    await chat.lives_until(at(27))

    assert [one.content for one in chat.platform.sends[before:] if one.user_id == REP] == []
    [overdue] = lines(chat, "李晓彤的待办已过期，还没完成：寄样品", of=MANAGER)
    assert "11-23（周一）15:00" in overdue


async def test_an_answer_that_lay_in_the_outbox_reaches_whoever_asked_even_if_they_left(chat: Chat) -> None:
    chat.platform.failures.append(PlatformBusy("send"))
    await chat.says("待办")
    await leaves(chat)

    await chat.passes(timedelta(minutes=10))

    assert [text for text in chat.texts(of=REP) if "待办" in text]


async def test_a_reminder_in_the_outbox_comes_once_and_the_next_one_to_the_successor_alone(chat: Chat) -> None:
    await given(chat)
    await falls_due_while_the_platform_is_away(chat)

    await hands_over(chat)
    await chat.lives_until(at(27))

    assert len(lines(chat, "到时间了：寄样品", of=REP)) == 1
    assert lines(chat, "到时间了", of=OTHER) == []
    assert len(lines(chat, "已过期未完成：寄样品", of=OTHER)) == 1
    assert len(lines(chat, "过期超过一个工作日：寄样品", of=OTHER)) == 1
    assert lines(chat, "已过期", of=REP) == []
    assert len(lines(chat, "赵一鸣的待办已过期，还没完成：寄样品", of=MANAGER)) == 1
    assert lines(chat, "李晓彤的待办已过期", of=MANAGER) == []


async def test_the_clocks_of_a_leaver_stop_and_the_successors_run_once(chat: Chat) -> None:
    """A to-do for a day, a 待跟进 mark over the weekend and a matter, all open on the Friday on which they leave."""
    await given(chat, due_on=date(2026, 11, 24))
    async with chat.database.work() as work:
        rep = await person(work, REP)
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        customer_id = customer.customer_id
        await todos.follow_up(
            chat.context, work, member_id=rep.member_id, customer_id=customer_id, marked_by=None, cause="mark"
        )
        matter = Matter("request", rep, customer_id, (MatterItem("said:1", "求助", "要总监出面"),))
        await raise_matter(chat.context, work, matter, cause="matter")
    await leaves(chat)
    of_rep = len([one for one in chat.platform.sends if one.user_id == REP])
    await hands_over(chat)

    await chat.lives_until(at(22, 23, 59))
    over_the_weekend = [one.at for one in chat.platform.sends if one.at.astimezone(SHANGHAI).weekday() >= 5]
    await chat.lives_until(at(27))

    assert over_the_weekend == []
    assert len([one for one in chat.platform.sends if one.user_id == REP]) == of_rep
    assert len(lines(chat, "快到期了：寄样品", of=OTHER)) == 1
    assert len(lines(chat, "已过期未完成：寄样品", of=OTHER)) == 1
    assert len(lines(chat, "过期超过一个工作日：寄样品", of=OTHER)) == 1
    assert len(lines(chat, "待跟进的时限到了", of=OTHER)) == 1
    assert len(lines(chat, "待跟进超时很久了", of=OTHER)) == 1
    assert len(lines(chat, "赵一鸣的待办已过期，还没完成：尽快跟进客户", of=MANAGER)) == 1
    # the matter lies with the manager for its eight hours, then it goes up, once, and the successor hears of it
    assert len(chat.cards("请您出面", of="zhoumin")) == 1
    assert len(lines(chat, "没有处理，已上报周敏", of=OTHER)) == 1
