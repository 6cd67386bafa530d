"""The main job on WeCom: encrypted callbacks in, template cards out, and what people's phones show of it.

Callbacks and API calls go over real HTTP to a server that speaks WeCom's dialect and makes its mistakes.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from sqlalchemy import select

from bot import wiring
from bot.config import Config, Storage, WeCom
from bot.wecom.adapter import WeComPlatform
from handlers import texts
from storage.database import Database
from storage.models import Escalation, Todo, Visit
from tests.chat import FRIDAY, MANAGER, OTHER, REP, VISIT, FakeListener, enrol, heard
from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_records import Delivery, Fault, Message
from tests.fakes import FakeClock

CALLBACK = "/wecom/callback"
AUDIO = b"#!AMR\n" + bytes(range(200))
INVISIBLE = "\u200b"
CUSTOMER = "宁波恒力阀门有限公司"

REP_SEES = [
    "🎤",
    "收到语音，正在转写…",
    f"[拜访记录 · 待确认] {CUSTOMER}（已确认）",
    "👆 确认",
    "[待办] 提供安装排期表",
    "[待办] 确认技术参数",
    f"已入库：{CUSTOMER}，今天。已建 2 个待办。\n发现风险信号，已报给陈志远。",
    f"陈志远已接手「{CUSTOMER}」的风险，会亲自跟进。",
]
MANAGER_SEES = [
    f"[风险上报] {CUSTOMER} · 李晓彤（陈志远跟进中）",
    "👆 我来跟进",
    "好的，已告诉销售。",
]


@dataclass
class Office:
    """The whole assistant on WeCom, with people who talk to it. Time is everybody's, and moves when told to."""

    wecom: WeComDialect
    assistant: wiring.Assistant
    clock: FakeClock
    listener: FakeListener

    # what people do

    async def speaks(self, text: str = VISIT, *, user: str = REP) -> None:
        self.listener.answers.append(heard(text))
        await self.brought(await self.wecom.send_voice(user, AUDIO))

    async def says(self, text: str, *, user: str = REP) -> None:
        await self.brought(await self.wecom.send_text(user, text))

    async def presses(self, user: str, button: str) -> None:
        await self.brought(await self.wecom.press(user, button))

    async def brought(self, delivery: Delivery) -> None:
        assert [attempt.status for attempt in delivery.attempts] == [200]
        await self.works()

    async def works(self) -> None:
        assert self.assistant.worker is not None
        await self.assistant.worker.drain()

    async def passes(self, *waits_s: float) -> None:
        """Time goes by, and what falls due is done."""
        for wait_s in waits_s:
            self.clock.advance(timedelta(seconds=wait_s))
            await self.works()

    async def whole_visit(self, *waits_s: float) -> None:
        """The conversation from the voice note to the manager's answer, with time between for what has to wait."""
        await self.speaks()
        await self.passes(*waits_s)
        await self.presses(REP, "确认")
        await self.passes(*waits_s)
        await self.presses(MANAGER, "我来跟进")
        await self.passes(*waits_s)

    # what people see

    def phone(self, user: str) -> list[str]:
        return [
            gist(message)
            for message in self.wecom.messages
            if message.user == user and (message.sent_by_user or message.state == "shown")
        ]

    def lost(self) -> list[Message]:
        """What WeCom took and did not show, swallowed repeats aside."""
        return [message for message in self.wecom.messages if message.state == "dropped"]

    async def records(self) -> dict[str, int]:
        async with self.assistant.database.reading() as work:
            rows = {
                table.__name__: len((await work.session.scalars(select(table))).all())
                for table in (Visit, Todo, Escalation)
            }
            counts = await work.jobs.counts()
        return rows | {"parked": sum(count for (_, state), count in counts.items() if state == "parked")}


def gist(message: Message) -> str:
    """One line of a chat, as it would be told."""
    content = message.content
    match message.kind:
        case "template_card":
            main = content["main_title"]
            closed = f"（{message.closed}）" if message.closed else ""
            return f"[{main['title']}] {main.get('desc', '')}{closed}".strip()
        case "voice":
            return "🎤"
        case "press":
            return f"👆 {content['content']}"
        case _:
            return str(content["content"]).replace(INVISIBLE, "")


Opening = Callable[..., AbstractAsyncContextManager[Office]]


@pytest.fixture
def opened(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> Opening:
    """Opens the office; keyword arguments are keys of [wecom] in config.toml."""

    @asynccontextmanager
    async def opening(**settings: object) -> AsyncIterator[Office]:
        async with WeComDialect(callback_url="http://127.0.0.1:1" + CALLBACK, now=clock.now) as wecom:
            config = Config(
                wecom=WeCom.model_validate(wecom.settings() | settings),
                storage=Storage(database=sqlite_url, media_dir=tmp_path / "media"),
            )
            assert config.wecom is not None
            platform = WeComPlatform(config.wecom, clock=clock, part_pause_s=0)
            listener = FakeListener()
            async with wiring.assistant(config, clock=clock, listener=listener, platforms=[platform]) as built:
                await enrol(built.database, "wecom")
                assert built.web is not None
                async with listening(built.web) as port:
                    wecom.callback_url = f"http://127.0.0.1:{port}{CALLBACK}"
                    yield Office(wecom, built, clock, listener)
            assert wecom.violations == []

    return opening


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@pytest.fixture
async def office(opened: Opening) -> AsyncIterator[Office]:
    async with opened() as office:
        yield office


# When all goes well


async def test_a_voice_note_becomes_a_confirmed_visit_and_the_manager_hears_of_the_risk(office: Office) -> None:
    await office.whole_visit()

    print(office.wecom.transcript(REP))
    print(office.wecom.transcript(MANAGER))
    assert office.phone(REP) == REP_SEES
    assert office.phone(MANAGER) == MANAGER_SEES
