"""kill -9 again and again while reminders, nudges and levels of matters fall due: each comes once.

Days go by from one due moment to the next. In each, servers die at points drawn by a seed, one after the other, until
one gets to the end; it is killed as well, and its heir wakes up at the next moment.

What people see is what WeCom shows. Its duplicate check covers the window between a delivery and its mark, as it must:
servers do die in it here. A platform without such a check (DingTalk's texts) repeats what was under way there, which
the READMEs name as a limit.
"""

import random
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from handlers import escalation, todos
from handlers.context import Context
from storage.database import Database
from storage.models import Member
from storage.work import Work
from tests.chaos.app import AheadClock
from tests.chaos.stage import INVISIBLE, Stage, staged
from tests.chat import MANAGER, SHANGHAI, build
from tests.dialects.wecom_records import Message, drawn
from tests.fakes import FakeClock

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

MONDAY = datetime(2026, 11, 23, 14, tzinfo=SHANGHAI)
TUESDAY = MONDAY + timedelta(days=1)
THURSDAY_NOON = datetime(2026, 11, 26, 12, tzinfo=SHANGHAI)
REPS = 5
MOST_KILLS = 2
MOST_POINTS = 60
"""A server dies before it has passed so many points, or when nothing is left to do."""
MANY = 12
TOGETHER = timedelta(minutes=20)
"""What falls due within it is done at one go."""
LEASE = timedelta(minutes=1)
"""So long it takes, on PostgreSQL, until what a dead server had begun may be taken over."""
DIRECTOR = "zhoumin"
HEADING = re.compile(r"提醒您 \d+ 件事：|")


async def enrolled(url: str, folder: Path) -> None:
    """Reps with a to-do for a day, one for a moment, a 待跟进 mark and a matter each, all made on Monday at two."""
    clock = FakeClock(MONDAY)
    database = await Database.open(url, clock)
    chat = await build(database, clock, folder)
    async with database.work() as work:
        manager = await work.members.by_identity("wecom", MANAGER)
        assert manager is not None
        for number in range(REPS):
            rep = await work.members.add(f"销售{number}", ["sales"], manager_id=manager.member_id)
            await work.members.link(rep.member_id, "wecom", f"rep{number}")
            await _burden(chat.context, work, rep, number)
    await database.close()


async def _burden(ctx: Context, work: Work, rep: Member, number: int) -> None:
    customer = await work.customers.add(customer_of(number), owner_id=rep.member_id)
    promises = (
        (f"寄样品{number}", {"due_on": TUESDAY.date()}),
        (f"回电话{number}", {"due_at": MONDAY.replace(hour=17)}),
    )
    for action, due in promises:
        await todos.give(
            ctx,
            work,
            member_id=rep.member_id,
            action=action,
            kind="said",
            origin=action,
            created_by=rep.member_id,
            cause=action,
            **due,  # type: ignore[arg-type]
        )
    customer_id = customer.customer_id
    await todos.follow_up(ctx, work, member_id=rep.member_id, customer_id=customer_id, marked_by=None, cause="mark")
    items = (escalation.MatterItem(f"said:{number}", "销售请求", "要领导出面"),)
    matter = escalation.Matter("request", rep, customer_id, items)
    await escalation.raise_matter(ctx, work, matter, cause=f"matter:{number}")


def customer_of(number: int) -> str:
    return f"第{number}阀门厂"


async def live(stage: Stage, luck: random.Random) -> int:
    """From due moment to due moment until Thursday noon; how many servers died while they had something to do."""
    died = 0
    stage.clock = AheadClock(timedelta())
    stage.jump_to(MONDAY)
    while True:
        died += await _get_through(stage, luck)
        due = await stage.next_due()
        if due is None or due >= THURSDAY_NOON:
            return died
        stage.jump_to(max(due + TOGETHER, stage.clock.now()))


async def _get_through(stage: Stage, luck: random.Random) -> int:
    """Whatever is due now gets done, though servers die over it; how many."""
    for died in range(MOST_KILLS + 1):
        server = await stage.opened(fault_after=luck.randint(1, MOST_POINTS) if died < MOST_KILLS else 0)
        if await stage.has_done_what_is_due(server):
            await server.killed()
            return died
        assert stage.clock is not None
        stage.jump_to(stage.clock.now() + LEASE)
    raise AssertionError(stage.servers[-1].log()[-3000:])


# What people see


def shown_to(stage: Stage, user: str) -> list[tuple[date, str]]:
    """Each card and each line of a text, merged into one message or not, with the day on which it came."""
    return [
        (message.at.astimezone(SHANGHAI).date(), what)
        for message in stage.wecom.shown(user)
        for what in (["\n".join(drawn(message)[1:])] if message.kind == "template_card" else _lines(message))
    ]


def _lines(message: Message) -> list[str]:
    lines = [line.strip(f"· {INVISIBLE}") for line in str(message.content["content"]).splitlines()]
    return [line for line in lines if not HEADING.fullmatch(line)]


def reminders_of_rep(number: int) -> tuple[str, ...]:
    customer = customer_of(number)
    return (
        f"快到期了：寄样品{number}",
        f"已过期未完成：寄样品{number}",
        f"过期超过一个工作日：寄样品{number}",
        f"到时间了：回电话{number}",
        f"已过期未完成：回电话{number}",
        f"过期超过一个工作日：回电话{number}",
        f"待跟进的时限到了，还没有跟进：尽快跟进客户 · {customer}",
        f"待跟进超时很久了：尽快跟进客户 · {customer}",
        f"「{customer}」的求助，陈志远 8 个工作小时没有处理，已上报周敏",
    )


def news_of_manager(number: int) -> tuple[str, ...]:
    customer = customer_of(number)
    return (
        f"销售{number}的待办已过期，还没完成：寄样品{number}",
        f"销售{number}的待办已过期，还没完成：回电话{number}",
        f"销售{number}的待办已过期，还没完成：尽快跟进客户 · {customer}",
        f"「{customer}」的求助 8 个工作小时没有处理，已上报周敏",
    )


def everything_came_once(stage: Stage) -> None:
    for number in range(REPS):
        customer = customer_of(number)
        rep = shown_to(stage, f"rep{number}")
        assert _times(rep, reminders_of_rep(number)) == [1] * 9, rep
        mornings = [day.day for day, what in rep if what.startswith("│ 11-2") and "[完成 ①]" in what]
        assert mornings == [24, 25, 26], rep
        manager, director = shown_to(stage, MANAGER), shown_to(stage, DIRECTOR)
        assert _times(manager, news_of_manager(number)) == [1] * 4, manager
        assert _times(director, [f"「{customer}」的求助还没有处理，已经没有再上一级"]) == [1], director
        for phone in (manager, director):
            assert sum(what.startswith(f"│ {customer}") for _, what in phone) == 1, phone
    for user in (*(f"rep{number}" for number in range(REPS)), MANAGER, DIRECTOR):
        assert [one for one, count in Counter(shown_to(stage, user)).items() if count > 1] == [], user


def _times(phone: list[tuple[date, str]], several: Sequence[str]) -> list[int]:
    return [sum(what.count(words) for _, what in phone) for words in several]


async def everything_comes_once(url: str, folder: Path, seed: int) -> None:
    await enrolled(url, folder)
    async with staged(folder, url) as stage:
        died = await live(stage, random.Random(seed))

        everything_came_once(stage)
        assert not await stage.put_aside(), stage.warnings()
        assert not stage.wecom.violations
        assert died >= MANY, "the servers died too late to prove anything"
        # or the window between a delivery and its mark was never met
        assert any(message.state == "swallowed" for message in stage.wecom.messages)


async def test_killed_at_any_moment_every_reminder_comes_once(empty_database_file: Path, tmp_path: Path) -> None:
    shutil.copyfile(empty_database_file, tmp_path / "visitbot.db")
    await everything_comes_once(f"sqlite:///{tmp_path / 'visitbot.db'}", tmp_path, seed=6)


@pytest.mark.postgres
async def test_on_postgresql_as_well(pg_url: str, tmp_path: Path) -> None:
    await everything_comes_once(pg_url, tmp_path, seed=66)
