"""A question asked by voice in a real browser: the receipt, the card with its plans, 有用. The ears are the test's."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot import demo, wiring
from bot.playground.adapter import PlaygroundPlatform
from handlers import texts
from nlp.audio import decode
from storage.clock import SystemClock
from storage.database import Database
from storage.scripts import Verdict
from tests.chat import FakeListener, heard
from tests.test_playground_browser import ARGUMENTS, bubbles, phone

pytestmark = pytest.mark.browser

ASKED = "我们报八十五万，客户说竞品价格低百分之十五，怎么回"
WITHIN_MS = 30_000


@asynccontextmanager
async def demo_assistant(folder: Path, listener: FakeListener) -> AsyncIterator[tuple[str, Database]]:
    """The demo's assistant with its starter library; where its page is, and its database."""
    config = demo.configuration(folder, port=0)
    clock = SystemClock()
    platform = PlaygroundPlatform(clock, demo.people(), data_dir=folder / "playground")
    stop, ports = asyncio.Event(), asyncio.Queue[int]()
    async with wiring.assistant(config, clock=clock, listener=listener, platforms=[platform]) as built:
        async with built.database.work() as work:
            await demo.enrol(work)
        serving = asyncio.create_task(
            wiring.run(built, stop=stop, host="127.0.0.1", port=0, on_ready=ports.put_nowait), name="assistant"
        )
        try:
            yield f"http://127.0.0.1:{await ports.get()}/playground/", built.database
        finally:
            stop.set()
            await serving


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[Page]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine: nothing was asked in a browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = await browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme="light", locale="zh-CN"
        )
        context.set_default_timeout(WITHIN_MS)
        page = await context.new_page()
        await page.goto(address)
        await page.wait_for_selector("body[data-ready]")
        yield page
        await browser.close()


async def say(page: Page) -> None:
    """Hold the button for a second and a bit, as one does to speak, and let go."""
    rep = phone(page)
    box = await rep.get_by_test_id("record").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 10, box["y"] + 10)
    await page.mouse.down()
    await expect(rep.get_by_test_id("record-time")).to_have_text("0:01")
    await page.mouse.up()


async def sent_again(page: Page, request: dict[str, Any]) -> None:
    """The same press once more, as a page that has not heard of it would send it."""
    status = await page.evaluate(
        """async body => (await fetch("/playground/api/messages",
            {method: "POST", body, headers: {"Content-Type": "application/json"}})).status""",
        json.dumps(request),
    )
    assert status == 200


async def judged(database: Database) -> tuple[list[bool | None], dict[str, Verdict]]:
    async with database.reading() as work:
        return [use.was_useful for use in await work.scripts.uses(1)], dict(await work.scripts.verdicts())


async def test_an_objection_asked_by_voice_is_answered_and_the_press_on_useful_counts_once(tmp_path: Path) -> None:
    listener = FakeListener()
    listener.answers.append(heard(ASKED))
    async with demo_assistant(tmp_path, listener) as (address, database), opened(address) as page:
        answers = bubbles(page, "bot")
        await say(page)

        await expect(bubbles(page, "person").locator(".bubble-voice")).to_be_visible()
        await expect(answers.first).to_contain_text("秒语音，正在转写…", timeout=WITHIN_MS)
        card = answers.nth(1).get_by_test_id("card")
        await expect(card).to_contain_text("话术参考", timeout=WITHIN_MS)
        await expect(card).to_contain_text("客户说：竞品价格低百分之十五")
        await expect(card).to_contain_text("约 12.75 万元")
        useful = card.get_by_role("button", name="有用")
        plans = await useful.count()
        assert 1 <= plans <= 3
        for number in "①②③"[:plans]:
            await expect(card.locator(".card-body")).to_contain_text(number)
        [(recording, _hot_words)] = listener.asked
        assert abs(decode(recording, max_duration_s=60).samples).max() > 0.01  # the microphone's beep

        async with page.expect_request("**/api/messages") as first:
            await useful.first.dblclick()
        closing = card.get_by_test_id("card-closing")
        await expect(closing).to_have_text("① 有用", timeout=WITHIN_MS)
        await expect(card.get_by_test_id("card-button")).to_have_count(0)
        noted = answers.nth(2).get_by_test_id("card")
        await expect(noted).to_contain_text(texts.ANSWER_JUDGED, timeout=WITHIN_MS)
        await expect(noted.locator("dl")).to_have_class("card-fields is-numbered")
        await expect(noted.locator("dd").first).to_have_text("PR-01 比竞品贵：算总成本：有用")
        await expect(noted.get_by_role("button", name="有用 ①")).to_have_count(0)
        once = [True, *[None] * (plans - 1)], {"PR-01": Verdict(1, 0)}
        assert await judged(database) == once

        request = (await first.value).post_data_json
        await sent_again(page, request)
        await sent_again(page, request | {"message_id": "from-another-tab"})
        refused = texts.CARD_CLOSED.format(closing="① 有用")
        await expect(answers.nth(3)).to_contain_text(refused, timeout=WITHIN_MS)
        await expect(answers).to_have_count(4)
        assert await judged(database) == once
        assert len(listener.asked) == 1
