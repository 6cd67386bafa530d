"""The main job with WeCom's AI bot: a typed note becomes a confirmed visit, over the long connection and by callbacks.

Everything goes over real sockets to a server that speaks the AI bot's dialect.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import func, select

from bot import pipeline, wiring
from bot.config import Config, Storage, WeComBot
from bot.platform import Received
from bot.wecom_bot.adapter import WeComBotPlatform
from handlers.messages import PlatformName
from storage.jobs import JobRow
from storage.models import Escalation, Todo, Visit
from tests.chat import ANSWERS, MANAGER, REP, VISIT, FakeListener, enrol
from tests.dialects.wecom_bot import Asked, Mode, WeComBotDialect
from tests.dialects.wecom_records import Message
from tests.fakes import FakeClock

CUSTOMER = "宁波恒力阀门有限公司"
CALLBACK = "/wecom-bot/callback"


@dataclass
class Office:
    """The whole assistant behind the AI bot, with people who talk to it. Time moves when told to."""

    wecom: WeComBotDialect
    platform: WeComBotPlatform
    assistant: wiring.Assistant
    clock: FakeClock

    async def says(self, text: str, *, user: str = REP) -> None:
        await self.brought(self.wecom.send_text(user, text))

    async def presses(self, user: str, button: str) -> None:
        await self.brought(self.wecom.press(user, button))

    async def brought(self, doing: Coroutine[Any, Any, Asked]) -> None:
        """What somebody does reaches the assistant, which works while WeCom still waits for its answer."""
        before = await self._kept()
        bringing = asyncio.create_task(doing)
        async with asyncio.timeout(20):
            while await self._kept() == before or not bringing.done():
                await self.works()
                await asyncio.sleep(0.005)
        asked = await bringing
        assert [attempt.status for attempt in asked.attempts] in ([], [200])
        await self.works()

    async def settled(self) -> None:
        """What was sent over the connection has been kept."""
        async with asyncio.timeout(20):
            while await self._kept() == 0:  # noqa: ASYNC110 - the database knows no event of ours
                await asyncio.sleep(0.005)

    async def _kept(self) -> int:
        async with self.assistant.database.reading() as work:
            return await work.session.scalar(select(func.count()).select_from(JobRow)) or 0

    async def works(self) -> None:
        assert self.assistant.worker is not None
        await self.assistant.worker.drain()

    def phone(self, user: str) -> list[str]:
        return [gist(message) for message in self.wecom.messages if message.user == user]

    async def records(self) -> dict[str, int]:
        async with self.assistant.database.reading() as work:
            rows = {
                table.__name__: len((await work.session.scalars(select(table))).all())
                for table in (Visit, Todo, Escalation)
            }
            counts = await work.jobs.counts()
        return rows | {"parked": sum(count for (_, state), count in counts.items() if state == "parked")}


def gist(message: Message) -> str:
    content = message.content
    match message.kind:
        case "template_card":
            main = content["main_title"]
            return f"[{main['title']}]" + (f"（{message.closed}）" if message.closed else "")
        case "press":
            return f"👆 {content['content']}"
        case _:
            return str(content.get("content", message.kind))


Opening = Callable[[Mode], AbstractAsyncContextManager[Office]]


@pytest.fixture
def opened(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> Opening:
    @asynccontextmanager
    async def opening(mode: Mode) -> AsyncIterator[Office]:
        async with WeComBotDialect(mode=mode, now=clock.now) as wecom:
            config = Config(
                wecom_bot=WeComBot.model_validate(wecom.settings()),
                storage=Storage(database=sqlite_url, media_dir=tmp_path / "media"),
            )
            assert config.wecom_bot is not None
            bot = WeComBotPlatform(config.wecom_bot, clock=clock, first_words_wait_s=0.1)
            async with wiring.assistant(config, clock=clock, listener=FakeListener(), platforms=[bot]) as built:
                await enrol(built.database, "wecom_bot")
                assert built.web is not None

                async def keep(platform: PlatformName, received: Received) -> bool:
                    return await pipeline.keep(built.database, platform, received)

                async with serving(built.web) as port:
                    wecom.callback_url = f"http://127.0.0.1:{port}{CALLBACK}"
                    listening = asyncio.create_task(bot.listen(keep))
                    await wecom.wait_for(lambda: bot.connected)
                    yield Office(wecom, bot, built, clock)
                    bot.hang_up()
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
            assert wecom.violations == []

    return opening


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


WAITS = "阶段「报价审批」还没改：还缺转为SQL、需求调研表、技术部确认。办法见下一张卡片。"
PRICE_LACKS = "价格异议还可以补：异议原文的截图；怎么应对（如：已提供 ROI 测算表、已安排技术对接）。"
SAVED = f"已入库：{CUSTOMER}，11-20（周五）。已建 2 个待办。\n{WAITS}\n发现风险信号，已报给陈志远。\n{PRICE_LACKS}"
ONE_VISIT = {"Visit": 1, "Todo": 2, "Escalation": 1, "parked": 0}


async def test_over_the_long_connection_a_typed_note_becomes_a_confirmed_visit(opened: Opening) -> None:
    async with opened("socket") as office:
        await office.says("你好", user=MANAGER)
        await office.says(VISIT)
        await office.presses(REP, "确认")
        await office.says(ANSWERS)
        await office.presses(MANAGER, "我来跟进")

        assert office.phone(REP) == [
            VISIT,
            "[拜访记录 · 待确认]（先答风险三问）",
            "👆 确认",
            "[风险三问]",
            ANSWERS,
            "[待办]",
            "[待办]",
            SAVED,
            "[阶段待改 · 材料未齐]",
            f"陈志远已接手「{CUSTOMER}」的风险，会亲自跟进。",
        ]
        assert office.phone(MANAGER)[-4:] == [
            "[⚠ 风险上报]（陈志远跟进中）",
            "👆 我来跟进",
            "好的，已告诉销售。",
            "[跟进中]",
        ]
        assert await office.records() == ONE_VISIT


async def test_by_callbacks_a_typed_note_becomes_a_confirmed_visit(opened: Opening) -> None:
    async with opened("callback") as office:
        await office.says("你好", user=MANAGER)
        await office.says(VISIT)
        await office.presses(REP, "确认")
        await office.says(ANSWERS)
        await office.presses(MANAGER, "我来跟进")

        draft, pressed, *todos = [line for line in office.phone(REP)[1:] if line[0] in "[👆"]
        assert [draft, pressed, *todos] == [
            "[拜访记录 · 待确认]（先答风险三问）",
            "👆 确认",
            "[风险三问]",
            "[待办]",
            "[待办]",
        ]
        [look, answer] = office.wecom.texts(REP)
        assert look == "请看卡片。"
        saved, waits, taken = answer.split("\n\n")
        assert saved == SAVED
        assert waits.startswith(f"【阶段待改 · 材料未齐】{CUSTOMER}\n阶段：未登记 → 报价审批\n")
        assert waits.endswith("回复数字操作：\n1 转 SQL\n2 请主管放行\n3 先不改")
        assert taken == f"陈志远已接手「{CUSTOMER}」的风险，会亲自跟进。"
        decided = [line for line in office.phone(MANAGER) if line[0] in "[👆"]
        assert decided == ["[⚠ 风险上报]（陈志远跟进中）", "👆 我来跟进", "[跟进中]"]
        assert await office.records() == ONE_VISIT


async def test_a_note_brought_three_times_by_callback_is_one_visit(opened: Opening) -> None:
    async with opened("callback") as office:
        for _ in range(3):
            await office.wecom.send_text(REP, VISIT, msgid="CAIQagain")
            await office.works()

        assert (await office.records())["Visit"] == 1
        assert len(office.wecom.cards(REP)) == 1


async def test_a_connection_that_is_lost_between_note_and_answer_loses_neither(opened: Opening) -> None:
    async with opened("socket") as office:
        await office.wecom.send_text(REP, VISIT)
        await office.settled()
        await office.wecom.drop()
        await office.wecom.wait_for(lambda: not office.platform.connected)
        await office.works()
        assert office.wecom.cards(REP) == []

        office.clock.advance(timedelta(seconds=10))
        await office.wecom.wait_for(lambda: office.platform.connected)
        await office.works()

        assert office.phone(REP) == [VISIT, "[拜访记录 · 待确认]"]
