"""The page behind a to-do's link: looking changes nothing, the button does, and nobody else gets in."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from playwright.async_api import async_playwright

from bot.pages import todo as todo_page
from handlers import todos
from handlers.actions import FinishTodo
from handlers.context import Context
from handlers.links import Links
from handlers.messages import OutboundText, Sender
from handlers.record import Fact, Record, StepValue
from storage.database import Database
from storage.visits import Source
from tests.chat import FRIDAY, REP, Chat, build, closings
from tests.fakes import FakeClock
from tests.pages import served

HENGLI = "宁波恒力阀门有限公司"


@dataclass
class Stage:
    chat: Chat
    context: Context
    origin: str
    session: aiohttp.ClientSession

    async def link(self, *, todo_id: int = 1, of: str = "李晓彤", life: timedelta = timedelta(days=365)) -> str:
        async with self.chat.database.reading() as work:
            [member] = await work.members.named(of)
            url = self.context.links.todo(todo_id, member.member_id, until=work.now + life)
        assert url is not None
        return url

    async def look(self, url: str) -> tuple[int, str]:
        async with self.session.get(url) as response:
            return response.status, await response.text()

    async def press(self, url: str, origin: str | None = None, **headers: str) -> tuple[int, str]:
        given = {"Origin": origin or self.origin} | headers
        async with self.session.post(url, headers=given) as response:
            return response.status, await response.text()

    async def said(self) -> list[str]:
        """What the assistant says about it in the chat."""
        before = len(self.chat.platform.sent)
        await self.chat.worker.drain()
        sent = self.chat.platform.sent[before:]
        return [content.text for content in sent if isinstance(content, OutboundText)] + closings(sent)

    async def state(self, todo_id: int = 1) -> str:
        async with self.chat.database.reading() as work:
            return (await work.todos.get(todo_id)).state


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(FRIDAY)


@pytest.fixture
async def stage(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """After a visit was confirmed: a to-do of the rep's, its card in the outbox."""
    chat = await build(database, clock, tmp_path)
    port = unused_port()
    origin = f"http://127.0.0.1:{port}"
    context = replace(chat.context, links=Links(b"k" * 32, origin))
    async with database.work() as work:
        [rep], customer = await work.members.named("李晓彤"), await work.customers.by_name(HENGLI)
        assert customer is not None
        visit = await work.visits.begin(rep.member_id, "wecom", visited_on=FRIDAY.date(), sent_at=FRIDAY)
        visit.state, visit.customer_id = "confirmed", customer.customer_id
        step = StepValue(owner="us", action="提供安装排期表", due=date(2026, 11, 25))
        record = Record((Fact(step, Source(1, 0, 7, step.action)),))
        await todos.create(
            context, work, visit, record, customer=HENGLI, to=Sender(platform="wecom", user_id=REP), cause="confirmed"
        )
    async with served(todo_page.routes(context), port) as session:
        yield Stage(chat, context, origin, session)


# Looking


async def test_the_page_shows_what_is_to_be_done(stage: Stage) -> None:
    status, html = await stage.look(await stage.link())

    assert status == 200
    for words in ("安装排期表", "宁波恒力阀门有限公司", "11-25（周三）前", "李晓彤", "待完成", "完成</button>"):
        assert words in html


async def test_looking_ever_so_often_changes_nothing(stage: Stage) -> None:
    url = await stage.link()
    for _ in range(20):
        async with stage.session.head(url) as response:
            assert response.status == 200
        await stage.look(url)

    assert await stage.state() == "open"
    assert await stage.said() == []


async def test_the_page_says_how_it_stands_with_time(stage: Stage, clock: FakeClock) -> None:
    url = await stage.link()
    for days, words in ((0, "待完成"), (5, "今天到期"), (2, "已过期 2 天")):
        clock.advance(timedelta(days=days))

        assert words in (await stage.look(url))[1]


async def test_a_moment_is_shown_and_is_over_when_it_has_passed(stage: Stage, clock: FakeClock) -> None:
    async with stage.chat.database.work() as work:
        todo = await work.todos.get(1)
        todo.due_on, todo.due_at = None, FRIDAY + timedelta(hours=1)
    url = await stage.link()

    _, before = await stage.look(url)
    clock.advance(timedelta(hours=2))
    _, after = await stage.look(url)

    assert f"11-20（周五）{FRIDAY + timedelta(hours=1):%H:%M}" in before
    assert "今天到期" in before
    assert "已过期" in after


async def test_words_of_a_customer_stay_words(stage: Stage) -> None:
    async with stage.chat.database.work() as work:
        todo = await work.todos.get(1)
        todo.action = '<script>alert(1)</script>"><img src=x> $title ${state}'

    _, html = await stage.look(await stage.link())

    assert "<script" not in html
    assert "<img" not in html
    assert "$title ${state}" in html


async def test_the_page_is_shut_to_everything_but_itself(stage: Stage) -> None:
    url = await stage.link()
    async with stage.session.get(url) as response:
        headers, html = response.headers, await response.text()

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "Set-Cookie" not in headers
    assert not re.search(r"(src|href|action)=", html)


# The button


async def test_the_button_finishes_the_todo_as_the_card_would(stage: Stage) -> None:
    url = await stage.link()

    status, html = await stage.press(url)

    assert status == 200
    assert "已完成" in html
    assert "<button" not in html
    assert await stage.state() == "done"
    [done, closing] = await stage.said()
    assert "已完成" in done
    assert "安装排期表" in done
    assert closing == "已完成"
    async with stage.chat.database.reading() as work:
        todo = await work.todos.get(1)
        assert todo.card_id is not None
        card = await work.cards.find(todo.card_id)
    assert card is not None
    assert card.state == "closed"


async def test_pressing_again_and_at_once_does_it_once(stage: Stage) -> None:
    url = await stage.link()

    answers = await asyncio.gather(*(stage.press(url) for _ in range(5)))

    assert {status for status, _ in answers} == {200}
    assert len(await stage.said()) == 2
    await stage.press(url)
    assert await stage.said() == []


async def test_what_the_card_finished_the_page_shows_and_does_not_repeat(stage: Stage) -> None:
    await stage.said()
    await stage.chat.presses(stage.chat.cards("待办")[0], FinishTodo, sender=REP)
    url = await stage.link()

    assert "已完成" in (await stage.look(url))[1]
    await stage.press(url)

    assert await stage.said() == []


async def test_an_answer_that_is_reloaded_presses_nothing(stage: Stage) -> None:
    url = await stage.link()
    async with stage.session.post(url, headers={"Origin": stage.origin}, allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"] == url.rpartition("/")[2]


async def test_a_press_from_another_page_counts_for_nothing(stage: Stage) -> None:
    url = await stage.link()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "://", "http://["):
        status, html = await stage.press(url, origin=origin)

        assert status == 403, origin
        assert "没有生效" in html
    assert await stage.state() == "open"


async def test_a_browser_without_an_origin_is_asked_where_it_came_from(stage: Stage) -> None:
    url = await stage.link()
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):
        async with stage.session.post(url, headers={"Sec-Fetch-Site": site}) as response:
            assert response.status == status, site


async def test_an_old_browser_that_says_nothing_may_press(stage: Stage) -> None:
    async with stage.session.post(await stage.link()) as response:
        assert response.status == 200

    assert await stage.state() == "done"


# Who gets in


async def test_a_link_past_its_time_says_so(stage: Stage, clock: FakeClock) -> None:
    url = await stage.link(life=timedelta(days=1))
    clock.advance(timedelta(days=2))

    status, html = await stage.look(url)

    assert status == 410
    assert "已过期" in html
    assert (await stage.press(url))[0] == 410
    assert await stage.state() == "open"


async def test_a_forged_link_opens_nothing_and_says_it_politely(stage: Stage) -> None:
    for token in ("x", "A" * 76, "%E5%A5%BD", "..%2f..%2fetc", "a" * 4000):
        status, html = await stage.look(f"{stage.origin}/todo/{token}")

        assert status == 404, token
        assert "链接无效" in html
        assert (await stage.press(f"{stage.origin}/todo/{token}"))[0] == 404


async def test_a_link_to_no_todo_says_so(stage: Stage) -> None:
    status, html = await stage.look(await stage.link(todo_id=999))

    assert status == 404
    assert "不存在" in html


async def test_a_leavers_link_works_no_more(stage: Stage) -> None:
    url = await stage.link()
    async with stage.chat.database.work() as work:
        [member] = await work.members.named("李晓彤")
        member.active = False

    status, html = await stage.look(url)

    assert status == 403
    assert "停用" in html
    assert "安装排期表" not in html
    assert (await stage.press(url))[0] == 403
    assert await stage.state() == "open"


async def test_a_link_made_for_somebody_else_does_not_open_it(stage: Stage) -> None:
    url = await stage.link(of="赵一鸣")

    status, html = await stage.look(url)

    assert status == 403
    assert "安装排期表" not in html
    assert (await stage.press(url))[0] == 403
    assert await stage.state() == "open"


async def test_without_a_public_address_there_is_no_page(stage: Stage) -> None:
    assert todo_page.routes(replace(stage.context, links=Links(b"x" * 32, ""))) == []


# In a browser


@pytest.mark.browser
async def test_a_phone_shows_the_page_and_its_button_works(stage: Stage, tmp_path: Path) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine: the page was not tested in a browser")
    url = await stage.link()
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = await browser.new_page(viewport={"width": 390, "height": 700}, locale="zh-CN")
        page.on("console", lambda message: faults.append(message.text))
        await page.goto(url)
        colour = await page.locator("button").evaluate("element => getComputedStyle(element).backgroundColor")
        assert colour == "rgb(31, 111, 229)"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.screenshot(path=tmp_path / "open.png")
        await page.get_by_role("button", name="完成").click()
        await page.get_by_text("✓ 已完成").wait_for()
        await page.reload()
        await page.screenshot(path=tmp_path / "done.png")
        assert await page.get_by_role("button").count() == 0
        await page.goto(f"{stage.origin}/todo/x")
        await page.screenshot(path=tmp_path / "invalid.png")
        await browser.close()

    assert await stage.state() == "done"
    assert [fault for fault in faults if "404" not in fault] == []
