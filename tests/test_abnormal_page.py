"""The page behind the week's message: two downloads, for whoever it was made for, of those they lead by then."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import aiohttp
import openpyxl
import pytest
from aiohttp.test_utils import unused_port

from bot.pages import abnormal as abnormal_page
from handlers import abnormal_table
from handlers import abnormal_texts as texts
from storage.database import Database
from tests.chat import FRIDAY, Chat, build
from tests.fakes import FakeClock
from tests.pages import served
from tests.scenario.test_deals import visit

WEEK = date(2026, 11, 16)
VAGUE = "今天拜访了宁波恒力阀门，客户很满意。"


@dataclass
class Stage:
    chat: Chat
    session: aiohttp.ClientSession

    async def link(self, *, of: str = "陈志远", week: date = WEEK) -> str:
        async with self.chat.database.reading() as work:
            [member] = await work.members.named(of, active=None)
            url = self.chat.context.links.abnormal(week, member.member_id, until=work.now + timedelta(days=7))
        assert url is not None
        return url

    async def get(self, url: str) -> tuple[int, bytes, dict[str, str]]:
        async with self.session.get(url) as response:
            return response.status, await response.read(), dict(response.headers)

    async def rows(self, url: str) -> list[list[str]]:
        status, data, _ = await self.get(f"{url}/csv")
        assert status == 200
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(FRIDAY)


@pytest.fixture
async def stage(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    port = unused_port()
    chat = await build(database, clock, tmp_path, public_url=f"http://127.0.0.1:{port}")
    async with served(abnormal_page.routes(chat.context), port) as session:
        yield Stage(chat, session)


async def test_the_page_counts_and_both_files_hold_the_rows_with_their_words(stage: Stage) -> None:
    await visit(stage.chat, VAGUE)
    url = await stage.link()

    status, html, headers = await stage.get(url)
    assert status == 200
    for words in ("异常清单", "11-16（周一）至 11-22（周日）", "3 条", "33%（1/3）", "XLSX", "CSV"):
        assert words in html.decode()
    assert headers["Cache-Control"] == "no-store"

    heading, missing, vague, trust = await stage.rows(url)
    assert heading == list(texts.COLUMNS)
    assert missing[:2] == ["缺必填项", "缺联系人、下一步"]
    assert missing[2:] == [VAGUE, "宁波恒力阀门有限公司", "", "李晓彤", "2026-11-20", "1"]
    assert vague[2] == "客户很满意"
    assert trust[0] == "可信度低"

    status, data, headers = await stage.get(f"{url}/xlsx")
    assert status == 200
    assert headers["Content-Disposition"] == 'attachment; filename="abnormal-2026-11-16.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [cell.value for cell in sheet[2]][:2] == ["缺必填项", "缺联系人、下一步"]
    assert sheet.max_row == 4


async def test_what_is_mended_is_gone_at_the_next_opening(stage: Stage, clock: FakeClock) -> None:
    await visit(stage.chat, VAGUE)
    url = await stage.link()
    clock.advance(timedelta(hours=1))
    await visit(stage.chat, "今天拜访了宁波恒力阀门的王经理，下周三前我寄样品。")

    assert [row[0] for row in (await stage.rows(url))[1:]] == ["没有证据"]


async def test_records_of_another_week_are_not_in_it(stage: Stage) -> None:
    await visit(stage.chat, VAGUE)

    assert await stage.rows(await stage.link(week=date(2026, 11, 9))) == [list(texts.COLUMNS)]


@pytest.mark.parametrize(
    ("who", "status"),
    [("陈志远", 200), ("周敏", 200), ("李晓彤", 403), ("何佳", 403)],
    ids=["the manager", "the director", "a rep", "an admin"],
)
async def test_only_whoever_leads_people_opens_it(stage: Stage, who: str, status: int) -> None:
    url = await stage.link(of=who)

    for path in ("", "/csv", "/xlsx"):
        assert (await stage.get(url + path))[0] == status


async def test_whom_somebody_leads_is_looked_up_again(stage: Stage) -> None:
    await visit(stage.chat, VAGUE)
    url = await stage.link()
    async with stage.chat.database.work() as work:
        [rep] = await work.members.named("李晓彤")
        [director] = await work.members.named("周敏")
        rep.manager_id = director.member_id
    assert await stage.rows(url) == [list(texts.COLUMNS)]

    async with stage.chat.database.work() as work:
        [manager] = await work.members.named("陈志远")
        work.members.leave(manager)
    assert (await stage.get(url))[0] == 403


async def test_a_link_that_is_over_bent_or_of_another_page_opens_nothing(stage: Stage, clock: FakeClock) -> None:
    url = await stage.link()
    todo = stage.chat.context.links.todo(1, 2, until=clock.now() + timedelta(days=1))
    assert todo is not None

    assert (await stage.get(todo.replace("/todo/", "/abnormal/")))[0] == 404
    assert (await stage.get(url[:-1] + ("A" if url[-1] != "A" else "B")))[0] == 404
    clock.advance(timedelta(days=7))
    for path in ("", "/csv", "/xlsx"):
        assert (await stage.get(url + path))[0] == 410


async def test_of_more_records_than_can_be_looked_at_the_table_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visit(stage.chat, VAGUE)
    await visit(stage.chat, "今天拜访了宁波恒丽服饰，客户很满意。")
    monkeypatch.setattr(abnormal_table, "MOST_RECORDS", 1)

    url = await stage.link()

    assert (await stage.rows(url))[-1][0] == "记录太多：只看了 2 人最近的 1 条，其余没有列出"
    assert "3 条" in (await stage.get(url))[1].decode()
