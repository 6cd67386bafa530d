"""The playground's page in a real browser, against a scripted bot."""

import asyncio
import io
import math
import shutil
import struct
import wave
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from bot.platform import Attachment, Deliverable, MediaFile, Received
from bot.playground.adapter import Person, PlaygroundPlatform
from handlers.messages import (
    CardButton,
    CardClick,
    CardField,
    CardOption,
    CardSelect,
    CardUpdate,
    FileSort,
    Image,
    InboundMessage,
    Location,
    OutboundCard,
    OutboundText,
    PlatformName,
    Text,
    Voice,
)
from storage.clock import SystemClock

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # a microphone that beeps, and nobody to ask whether it may be used
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PEOPLE = (
    Person("rep", "李晓彤", "sales"),
    Person("boss", "陈志远", "manager"),
    Person("second", "赵一鸣", "sales"),
)
ATTACK = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>javascript:window.hacked=1'

DRAFT = OutboundCard(
    card_id="visit-1",
    title="拜访记录 · 待确认",
    fields=(CardField(label="客户", value="宁波恒力阀门有限公司"), CardField(label="预算", value="85 万元")),
    quote="领导还没批",
    buttons=(
        CardButton(text="确认", action="confirm", style="primary"),
        CardButton(text="修改", action="edit"),
        CardButton(text="作废", action="discard", style="danger"),
    ),
)
ESCALATION = OutboundCard(
    card_id="escalation-1",
    title="⚠ 风险上报",
    tone="alert",
    selects=(
        CardSelect(
            name="assignee",
            title="指派给",
            options=(CardOption(option_id="7", text="赵一鸣"), CardOption(option_id="8", text="孙雨桐")),
        ),
    ),
    buttons=(CardButton(text="指派", action="assign"),),
)


class Bot:
    """Keeps what comes in and answers by script: an echo, unless a test gives it something better to do."""

    def __init__(self, platform: PlaygroundPlatform) -> None:
        self.platform = platform
        self.heard: list[InboundMessage] = []
        self.failing = 0
        self.answer: Callable[[InboundMessage], Awaitable[None]] = self.echo
        self._known: set[str] = set()
        self._working: set[asyncio.Task[None]] = set()

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        if self.failing:
            self.failing -= 1
            raise web.HTTPServiceUnavailable
        if received.event_id in self._known:
            return False
        self._known.add(received.event_id)
        message = self.platform.parse(received)
        self.heard.append(message)
        task = asyncio.ensure_future(self.answer(message))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return True

    async def echo(self, message: InboundMessage) -> None:
        words = message.content.text if isinstance(message.content, Text) else message.content.kind
        await self.platform.send(
            message.sender.user_id, OutboundText(text=f"收到：{words}"), key=f"{message.event_id}:echo"
        )

    async def silent(self, message: InboundMessage) -> None:
        return

    async def says(self, content: Deliverable, key: str, to: str = "rep") -> None:
        await self.platform.send(to, content, key=key)


class Stage:
    """A running playground, and the page that is open on it."""

    def __init__(self, folder: Path, people: Sequence[Person] = PEOPLE, **options: Any) -> None:
        self._folder = folder
        self._people = people
        self._options = options
        self._port = unused_port()
        self._server: TestServer | None = None

    async def start(self) -> None:
        self.platform = PlaygroundPlatform(SystemClock(), self._people, data_dir=self._folder, **self._options)
        self.bot = Bot(self.platform)
        app = web.Application()
        app.add_routes(self.platform.routes(self.bot.keep))
        self._server = TestServer(app, port=self._port)
        await self._server.start_server()

    async def stop(self) -> None:
        await self.platform.close()
        if self._server:
            await self._server.close()

    async def open(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self.faults.append(line.text) if "Content Security" in line.text else None)
        await page.goto(f"http://127.0.0.1:{self._port}/playground")
        await page.wait_for_selector("body[data-ready]")
        return page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine: the playground's page was not tested in a browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    sample = tmp_path / "visit.wav"
    sample.write_bytes(tone(3))
    stage = Stage(tmp_path / "playground", sample_voice=sample)
    await stage.start()
    yield stage
    await stage.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light", locale="zh-CN")
    context.set_default_timeout(15_000)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(stage: Stage, context: BrowserContext) -> AsyncIterator[Page]:
    page = await stage.open(context)
    yield page
    assert stage.faults == []


def tone(seconds: float) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(struct.pack("<h", int(3000 * math.sin(n / 5))) for n in range(int(seconds * 8000))))
    return written.getvalue()


def png(width: int = 40, height: int = 30) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((40, 120, 220)) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def phone(page: Page, index: int = 0) -> Locator:
    return page.get_by_test_id("phone").nth(index)


def bubbles(page: Page, side: str, index: int = 0) -> Locator:
    return phone(page, index).locator(f"[data-testid=message][data-side={side}]")


async def write(page: Page, text: str, index: int = 0) -> None:
    field = phone(page, index).get_by_test_id("composer-input")
    await field.fill(text)
    await field.press("Enter")


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not what():  # noqa: ASYNC110  the other side is a browser: there is no event to wait for
            await asyncio.sleep(0.02)


# Talking


async def test_a_typed_message_shows_at_once_and_gets_its_answer(page: Page, stage: Stage) -> None:
    await write(page, "预算改成90万")

    await expect(bubbles(page, "person")).to_contain_text("预算改成90万")
    await expect(bubbles(page, "bot")).to_contain_text("收到：预算改成90万")
    assert [message.content for message in stage.bot.heard] == [Text(text="预算改成90万")]


async def test_the_send_button_sends_and_shift_enter_makes_a_line(page: Page, stage: Stage) -> None:
    field = phone(page).get_by_test_id("composer-input")
    await expect(phone(page).get_by_test_id("send")).to_be_hidden()
    await field.fill("第一行")
    await field.press("Shift+Enter")
    await field.type("第二行")
    await phone(page).get_by_test_id("send").click()

    await expect(bubbles(page, "person")).to_contain_text("第二行")
    assert [message.content for message in stage.bot.heard] == [Text(text="第一行\n第二行")]


async def test_enter_that_picks_a_word_of_an_input_method_sends_nothing(page: Page, stage: Stage) -> None:
    field = phone(page).get_by_test_id("composer-input")
    await field.fill("ni hao")
    await field.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    await write(page, "你好")

    await expect(bubbles(page, "person")).to_contain_text("你好")
    assert len(stage.bot.heard) == 1


async def test_each_phone_speaks_for_its_own_person(page: Page, stage: Stage) -> None:
    await write(page, "我来处理", index=1)

    await expect(bubbles(page, "bot", index=1)).to_contain_text("收到：我来处理")
    await expect(bubbles(page, "bot", index=0)).to_have_count(0)
    assert stage.bot.heard[0].sender.user_id == "boss"


async def test_a_message_that_was_not_taken_can_be_sent_again_and_arrives_once(page: Page, stage: Stage) -> None:
    stage.bot.failing = 1
    await write(page, "别丢了")
    await page.get_by_test_id("retry").click()

    await expect(bubbles(page, "bot")).to_contain_text("收到：别丢了")
    await expect(page.get_by_test_id("retry")).to_have_count(0)
    await expect(bubbles(page, "person")).to_have_count(1)
    assert len(stage.bot.heard) == 1


async def test_the_bot_is_seen_typing_until_it_answers(page: Page, stage: Stage) -> None:
    stage.bot.answer = stage.bot.silent
    await write(page, "在吗")
    await expect(phone(page)).to_contain_text("正在输入…")

    await stage.bot.says(OutboundText(text="收到 3 秒语音，正在转写…"), "k-1")
    await expect(bubbles(page, "bot")).to_have_count(1)
    await expect(phone(page)).to_contain_text("正在输入…")

    await stage.bot.says(OutboundText(text="好了。"), "k-2")
    await expect(phone(page)).not_to_contain_text("正在输入…")


# Cards


async def test_a_pressed_button_is_inert_at_once_and_its_action_arrives_once(page: Page, stage: Stage) -> None:
    stage.bot.answer = stage.bot.silent
    await stage.bot.says(DRAFT, "k-1")
    confirm = page.locator("[data-action=confirm]")
    await expect(page.get_by_test_id("card")).to_contain_text("宁波恒力阀门有限公司")

    await confirm.click()
    await expect(confirm).to_be_disabled()
    await expect(confirm).to_have_attribute("aria-busy", "true")
    await expect(page.locator("[data-action=discard]")).to_be_disabled()
    await confirm.dispatch_event("click")
    await until(lambda: len(stage.bot.heard) == 1)

    await stage.bot.says(CardUpdate(card_id="visit-1", closing="已确认 · 14:33"), "k-2")
    await expect(page.get_by_test_id("card-closing")).to_contain_text("已确认 · 14:33")
    await expect(page.get_by_test_id("card-button")).to_have_count(0)
    await expect(page.get_by_test_id("card")).to_have_attribute("data-closed", "true")
    assert [message.content for message in stage.bot.heard] == [CardClick(card_id="visit-1", action="confirm")]


async def test_a_card_that_stays_open_gets_its_buttons_back(page: Page, stage: Stage) -> None:
    await stage.bot.says(DRAFT, "k-1")
    await page.locator("[data-action=edit]").click()

    await expect(bubbles(page, "bot")).to_have_count(2)
    await expect(page.locator("[data-action=confirm]")).to_be_enabled()


async def test_a_click_that_was_not_taken_frees_the_button_and_says_so(page: Page, stage: Stage) -> None:
    stage.bot.failing = 1
    await stage.bot.says(DRAFT, "k-1")
    await page.locator("[data-action=confirm]").click()

    await expect(page.get_by_test_id("toast")).to_be_visible()
    await expect(page.locator("[data-action=confirm]")).to_be_enabled()
    assert stage.bot.heard == []


async def test_what_was_picked_on_a_card_comes_with_the_click(page: Page, stage: Stage) -> None:
    await stage.bot.says(ESCALATION, "k-1", to="boss")
    await phone(page, 1).get_by_test_id("card-select").select_option(label="孙雨桐")
    await phone(page, 1).get_by_test_id("card-button").click()
    await until(lambda: len(stage.bot.heard) == 1)

    assert stage.bot.heard[0].content == CardClick(card_id="escalation-1", action="assign", chosen={"assignee": ("8",)})
    await expect(phone(page, 1).get_by_test_id("card-select")).to_have_value("8")


# Sound, pictures, places


async def hands(stage: Stage, sort: FileSort, data: bytes, name: str, key: str, *, duration_ms: int = 0) -> None:
    attachment = Attachment(sort, MediaFile(data, "", name), duration_ms or None)
    await stage.bot.says(await stage.platform.upload(attachment), key)


async def downloaded(page: Page, file: Locator) -> tuple[str, bytes]:
    async with page.expect_download() as downloading:
        await file.click()
    download = await downloading.value
    path = await download.path()
    return download.suggested_filename, await asyncio.to_thread(path.read_bytes)


async def test_what_the_bot_sends_is_shown_played_and_downloaded(page: Page, stage: Stage) -> None:
    pdf = b"%PDF-1.7 the letter"
    await hands(stage, "image", png(), "现场照片-7.png", "k-1")
    await hands(stage, "voice", b"#!AMR\n" + (b"\x3c" + bytes(31)) * 500, "录音-8.amr", "k-2", duration_ms=10_000)
    await hands(stage, "file", pdf, "恒力 意向书_v2.pdf", "k-3")
    await page.wait_for_function("() => document.querySelector('[data-kind=image] .bubble img')?.naturalWidth === 40")

    voice = bubbles(page, "bot").locator(".bubble-voice")
    await expect(voice).to_contain_text("10″")
    async with page.expect_response(lambda response: "as=wav" in response.url) as answer:
        await voice.click()
    assert (await answer.value).status in {200, 206}
    file = bubbles(page, "bot").locator(".bubble-file")
    await expect(file).to_contain_text("恒力 意向书_v2.pdf")
    assert await downloaded(page, file) == ("恒力 意向书_v2.pdf", pdf)


async def test_a_page_that_is_handed_out_is_downloaded_and_its_name_stays_words(page: Page, stage: Stage) -> None:
    html = b"<script>window.hacked=1</script>"
    await hands(stage, "file", html, f"{ATTACK}.html", "k-1")

    file = bubbles(page, "bot").locator(".bubble-file")
    await expect(file).to_contain_text(ATTACK)
    assert (await downloaded(page, file))[1] == html
    assert await page.evaluate("window.hacked") is None


async def test_a_picture_is_sent_shown_and_enlarged(page: Page, stage: Stage) -> None:
    await (
        phone(page)
        .get_by_test_id("upload-image")
        .set_input_files({"name": "现场.png", "mimeType": "image/png", "buffer": png()})
    )
    picture = phone(page).locator("[data-kind=image] img")
    await expect(picture).to_be_visible()
    await page.wait_for_function("() => document.querySelector('[data-kind=image] .bubble img')?.naturalWidth === 40")

    await picture.click()
    await expect(page.locator("dialog.lightbox")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.lightbox")).to_have_count(0)
    assert isinstance(stage.bot.heard[0].content, Image)


async def test_a_recording_from_disk_becomes_a_voice_bubble_that_plays(page: Page, stage: Stage) -> None:
    await (
        phone(page)
        .get_by_test_id("upload-voice")
        .set_input_files({"name": "note.wav", "mimeType": "audio/wav", "buffer": tone(4)})
    )
    bubble = phone(page).locator(".bubble-voice")
    await expect(bubble).to_contain_text("4″")

    await bubble.click()
    await expect(bubble).to_have_class("bubble bubble-voice is-playing")
    await bubble.click()
    await expect(bubble).to_have_class("bubble bubble-voice")


async def test_a_recording_like_wecoms_plays_too(page: Page, stage: Stage) -> None:
    silence = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 500
    await (
        phone(page)
        .get_by_test_id("upload-voice")
        .set_input_files({"name": "note.amr", "mimeType": "", "buffer": silence})
    )
    bubble = phone(page).locator(".bubble-voice")
    await expect(bubble).to_contain_text("10″")

    async with page.expect_response(lambda response: "as=wav" in response.url) as answer:
        await bubble.click()
    assert (await answer.value).status in {200, 206}
    await expect(bubble).to_have_class("bubble bubble-voice is-playing")


async def test_a_recording_made_in_the_page_arrives(page: Page, stage: Stage) -> None:
    await phone(page).get_by_test_id("record").click()
    await expect(phone(page).get_by_test_id("record-time")).to_have_text("0:01")
    await phone(page).get_by_test_id("record-send").click()
    await until(lambda: len(stage.bot.heard) == 1)

    content = stage.bot.heard[0].content
    assert isinstance(content, Voice)
    assert content.media_format in {"webm", "ogg"}
    assert content.duration_ms is not None
    assert 500 < content.duration_ms < 15_000
    await expect(phone(page).locator(".bubble-voice")).to_be_visible()


async def test_holding_the_button_records_and_letting_go_sends(page: Page, stage: Stage) -> None:
    box = await phone(page).get_by_test_id("record").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 10, box["y"] + 10)
    await page.mouse.down()
    await expect(phone(page).get_by_test_id("record-time")).to_have_text("0:01")
    await page.mouse.up()
    await until(lambda: len(stage.bot.heard) == 1)

    assert isinstance(stage.bot.heard[0].content, Voice)


async def test_a_cancelled_recording_is_not_sent(page: Page, stage: Stage) -> None:
    await phone(page).get_by_test_id("record").click()
    await expect(phone(page).get_by_test_id("record-time")).to_have_text("0:01")
    await phone(page).get_by_test_id("record-cancel").click()
    await expect(phone(page).get_by_test_id("record-panel")).to_be_hidden()
    await write(page, "改成打字")
    await expect(bubbles(page, "bot")).to_have_count(1)

    assert [message.content.kind for message in stage.bot.heard] == ["text"]


@pytest.mark.parametrize("gesture", ["drop", "paste"])
async def test_a_picture_can_be_dropped_or_pasted(page: Page, stage: Stage, gesture: str) -> None:
    await page.evaluate(
        """([gesture, bytes]) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(bytes)], "shot.png", {type: "image/png"}));
            const event = gesture === "drop"
                ? new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true})
                : new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true});
            document.querySelector("[data-testid=composer-input]").dispatchEvent(event);
        }""",
        [gesture, list(png())],
    )

    await expect(phone(page).locator("[data-kind=image] img")).to_be_visible()
    assert isinstance(stage.bot.heard[0].content, Image)


async def test_a_place_is_picked_and_sent(page: Page, stage: Stage) -> None:
    await phone(page).get_by_test_id("location-chip").click()
    await page.get_by_test_id("location-label").fill("恒力阀门东门")
    await page.get_by_test_id("location-latitude").fill("29.87")
    await page.get_by_test_id("location-longitude").fill("121.55")
    await page.get_by_test_id("location-send").click()

    await expect(phone(page).locator(".bubble-location")).to_contain_text("恒力阀门东门")
    await until(lambda: len(stage.bot.heard) == 1)
    assert stage.bot.heard[0].content == Location(latitude=29.87, longitude=121.55, label="恒力阀门东门")


async def test_a_place_can_be_thought_better_of(page: Page, stage: Stage) -> None:
    await phone(page).get_by_test_id("location-chip").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("location-send")).to_have_count(0)

    await expect(bubbles(page, "person")).to_have_count(0)
    assert stage.bot.heard == []


async def test_the_sample_is_one_press_away_for_the_rep(page: Page, stage: Stage) -> None:
    await expect(phone(page, 1).get_by_test_id("sample-voice")).to_be_hidden()
    await phone(page).get_by_test_id("sample-voice").click()

    await expect(phone(page).locator(".bubble-voice")).to_contain_text("3″")
    assert isinstance(stage.bot.heard[0].content, Voice)


async def test_without_a_sample_there_is_no_button_for_it(browser: Browser, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "bare", sample_voice=tmp_path / "none.amr")
    await stage.start()
    context = await browser.new_context()
    page = await stage.open(context)

    await expect(phone(page).get_by_test_id("sample-voice")).to_be_hidden()
    await expect(phone(page).get_by_test_id("record")).to_be_visible()
    await context.close()
    await stage.stop()


# The page itself


async def test_the_conversation_is_there_again_after_a_reload(page: Page, stage: Stage) -> None:
    await write(page, "你好")
    await expect(bubbles(page, "bot")).to_have_count(1)

    await page.reload()

    await expect(bubbles(page, "person")).to_contain_text("你好")
    await expect(bubbles(page, "bot")).to_contain_text("收到：你好")


async def test_an_open_page_finds_back_to_a_restarted_bot(page: Page, stage: Stage) -> None:
    await write(page, "之前")
    await expect(bubbles(page, "bot")).to_have_count(1)

    await stage.stop()
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "connecting")
    await stage.start()
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "open")
    await stage.bot.says(OutboundText(text="我回来了"), "k-1")

    await expect(bubbles(page, "bot")).to_have_count(2)
    await expect(bubbles(page, "bot").last).to_contain_text("我回来了")
    await expect(bubbles(page, "person")).to_have_count(1)


async def test_a_phone_can_change_hands(page: Page, stage: Stage) -> None:
    await stage.bot.says(OutboundText(text="给赵一鸣的"), "k-1", to="second")
    picker = phone(page).get_by_test_id("person")
    await expect(picker.locator("option[value=second]")).to_contain_text("1 条新消息")

    await picker.select_option("second")

    await expect(bubbles(page, "bot")).to_contain_text("给赵一鸣的")
    await write(page, "我是赵一鸣")
    await until(lambda: len(stage.bot.heard) == 1)
    assert stage.bot.heard[0].sender.user_id == "second"


async def test_a_dingtalk_phone_is_told_from_a_wecom_one(browser: Browser, tmp_path: Path) -> None:
    sample = tmp_path / "visit.wav"
    sample.write_bytes(tone(3))
    people = (Person("rep", "李晓彤", "sales", "dingtalk"), Person("boss", "陈志远", "manager"))
    stage = Stage(tmp_path / "mixed", people=people, sample_voice=sample)
    await stage.start()
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await stage.open(context)

    await expect(phone(page).get_by_test_id("skin")).to_have_text("钉钉")
    await expect(phone(page, 1).get_by_test_id("skin")).to_have_text("企业微信")
    heads = [await phone(page, index).locator(".chat-head").evaluate(HEAD_COLOR) for index in (0, 1)]
    assert heads[0] != heads[1]
    await phone(page).get_by_test_id("sample-voice").click()
    await expect(bubbles(page, "person")).to_contain_text("钉钉转写")
    await expect(bubbles(page, "person")).to_contain_text("八十万")
    await phone(page).get_by_test_id("person").select_option("boss")
    await expect(phone(page).get_by_test_id("skin")).to_have_text("企业微信")

    assert stage.faults == []
    await context.close()
    await stage.stop()


HEAD_COLOR = "node => getComputedStyle(node).backgroundColor"


async def test_where_all_phones_are_alike_they_carry_no_label(page: Page) -> None:
    await expect(phone(page).get_by_test_id("skin")).to_be_hidden()


async def test_the_log_shows_events_without_words(page: Page, stage: Stage) -> None:
    await write(page, "机密内容")

    lines = page.get_by_test_id("log-line")
    await expect(lines).to_have_count(3)
    await expect(lines.first).to_contain_text("playground.received")
    await expect(page.get_by_test_id("log")).not_to_contain_text("机密内容")


async def test_nothing_that_is_sent_becomes_markup(page: Page, stage: Stage) -> None:
    stage.bot.answer = stage.bot.silent
    await write(page, ATTACK)
    await (
        phone(page)
        .get_by_test_id("upload-file")
        .set_input_files({"name": f"{ATTACK.replace('/', '_')}.txt", "mimeType": "text/plain", "buffer": b"x"})
    )
    await stage.bot.says(OutboundText(text=f"constructor {ATTACK}"), "k-1")
    card = OutboundCard(
        card_id="evil",
        title=ATTACK,
        subtitle=ATTACK,
        fields=(CardField(label=ATTACK, value=ATTACK),),
        body=f"卡点：{ATTACK}",
        quote=ATTACK,
        url="javascript:window.hacked=1",
        buttons=(CardButton(text=ATTACK[:40], action=ATTACK),),
    )
    await stage.bot.says(card, "k-2")
    await stage.bot.says(OutboundText(text="constructor"), "k-3")
    await expect(bubbles(page, "bot")).to_have_count(3)
    await expect(phone(page).locator(".bubble-file")).to_be_visible()

    await expect(bubbles(page, "person").first).to_contain_text(ATTACK)
    assert await page.locator("img[src=x], .stage script, a[href^=javascript]").count() == 0
    assert await page.evaluate("window.hacked") is None


async def test_a_web_address_is_a_link_that_cannot_reach_back(page: Page, stage: Stage) -> None:
    await stage.bot.says(OutboundText(text="详见 https://example.com/a?b=1。谢谢"), "k-1")

    link = bubbles(page, "bot").locator("a")
    await expect(link).to_have_attribute("href", "https://example.com/a?b=1")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


BACKGROUND = "getComputedStyle(document.querySelector('.phone')).backgroundColor"


async def test_dark_follows_the_system_and_the_button_overrules_it(page: Page) -> None:
    light = await page.evaluate(BACKGROUND)
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(BACKGROUND)
    assert dark != light

    await page.get_by_test_id("theme-toggle").click()
    assert await page.evaluate(BACKGROUND) == light
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    assert await page.evaluate(BACKGROUND) == light


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1440])
async def test_no_width_scrolls_sideways(page: Page, stage: Stage, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 812})
    await stage.bot.says(DRAFT.model_copy(update={"title": "很长的标题" * 20, "body": "a" * 300}), "k-1")
    await stage.bot.says(OutboundText(text="https://example.com/" + "a" * 300), "k-2")
    await expect(bubbles(page, "bot")).to_have_count(2)

    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(
        "[...document.querySelectorAll('.scroller')].every(node => node.scrollWidth <= node.clientWidth)"
    )


async def test_on_a_narrow_screen_tabs_lead_from_phone_to_phone(page: Page, stage: Stage) -> None:
    await page.set_viewport_size({"width": 375, "height": 812})
    await expect(phone(page, 0)).to_be_visible()
    await expect(phone(page, 1)).to_be_hidden()
    await stage.bot.says(ESCALATION, "k-1", to="boss")
    await expect(page.get_by_test_id("tab-1").locator(".badge")).to_have_text("1")

    await page.get_by_test_id("tab-1").click()
    await expect(phone(page, 1).get_by_test_id("card")).to_be_visible()
    await expect(page.get_by_test_id("tab-1").locator(".badge")).to_be_hidden()

    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_test_id("log")).to_be_visible()


async def test_every_control_has_a_name_and_can_be_reached_by_keyboard(page: Page, stage: Stage) -> None:
    await stage.bot.says(DRAFT, "k-1")
    await expect(page.get_by_test_id("card")).to_be_visible()

    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, select, textarea, input, a[href]")]
            .filter(node => !(node.getAttribute("aria-label") || node.textContent.trim() || node.labels?.length))
            .map(node => node.outerHTML)"""
    )
    assert nameless == []
    await page.locator("[data-action=confirm]").focus()
    await page.keyboard.press("Enter")
    await until(lambda: len(stage.bot.heard) == 1)
