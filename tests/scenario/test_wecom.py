"""The main job on WeCom: encrypted callbacks in, template cards out, and what people's phones show of it.

Callbacks and API calls go over real HTTP to a server that speaks WeCom's dialect and makes its mistakes.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from bot import wiring
from bot.config import Config, Storage, WeCom
from bot.wecom.adapter import WeComPlatform
from handlers import texts
from storage.models import Escalation, Todo, Visit
from tests.chat import ANSWERS, MANAGER, OTHER, REP, VISIT, FakeListener, enrol, heard
from tests.dialects import wecom as dialect
from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_records import Delivery, Fault, Message
from tests.fakes import FakeClock

CALLBACK = "/wecom/callback"
AUDIO = b"#!AMR\n" + bytes(range(200))
INVISIBLE = "\u200b"
CUSTOMER = "宁波恒力阀门有限公司"
ADMIN = "hejia"

PRICE_LACKS = "价格异议还可以补：异议原文的截图；怎么应对（如：已提供 ROI 测算表、已安排技术对接）。"
STAGE_WAITS = "阶段「报价审批」还没改：还缺转为SQL、需求调研表、技术部确认。办法见下一张卡片。"
REP_SEES = [
    "🎤",
    "收到语音，正在转写…",
    f"[拜访记录 · 待确认] {CUSTOMER}（先答风险三问）",
    "👆 确认",
    "[风险三问] 记录已存为草稿，答完才入库（已收到回答）",
    ANSWERS,
    "[待办] 提供安装排期表",
    "[待办] 确认技术参数",
    f"已入库：{CUSTOMER}，11-20（周五）。已建 2 个待办。\n{STAGE_WAITS}\n发现风险信号，已报给陈志远。\n{PRICE_LACKS}",
    f"[阶段待改 · 材料未齐] {CUSTOMER}",
    f"陈志远已接手「{CUSTOMER}」的风险，会亲自跟进。",
]
MANAGER_SEES = [
    f"[⚠ 风险上报] {CUSTOMER}（陈志远跟进中）",
    "👆 我来跟进",
    "好的，已告诉销售。",
    f"[跟进中] {CUSTOMER}",
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
        await self.says(ANSWERS)
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
            named = {item["keyname"]: item["value"] for item in content.get("horizontal_content_list", [])}
            about = named["客户"] if "拜访记录" in main["title"] else main["desc"]
            return f"[{main['title']}] {about}" + (f"（{message.closed}）" if message.closed else "")
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


ONE_VISIT = {"Visit": 1, "Todo": 2, "Escalation": 1, "parked": 0}


# When all goes well


async def test_a_voice_note_becomes_a_confirmed_visit_and_the_manager_hears_of_the_risk(office: Office) -> None:
    await office.whole_visit()

    assert office.phone(REP) == REP_SEES
    assert office.phone(MANAGER) == MANAGER_SEES
    assert await office.records() == ONE_VISIT
    assert office.listener.asked[0][0] == AUDIO


async def test_every_callback_brought_again_changes_nothing(office: Office) -> None:
    await office.whole_visit()

    for delivery in tuple(office.wecom.deliveries):
        repeated = await office.wecom.replay(delivery.number, copies=3)
        assert {attempt.status for attempt in repeated.attempts} == {200}
    await office.works()

    assert office.phone(REP) == REP_SEES
    assert office.phone(MANAGER) == MANAGER_SEES
    assert await office.records() == ONE_VISIT


# When WeCom makes mistakes


class EveryOther(Fault):
    """Strikes the first, third, fifth … call of each API: whatever is done succeeds at its second try."""

    def __init__(self, kind: str, **more: Any) -> None:
        super().__init__("*", kind, **more)
        self._calls: Counter[str] = Counter()

    def strikes(self, api: str, now: datetime) -> bool:
        self._calls[api] += 1
        return self._calls[api] % 2 == 1


@pytest.mark.parametrize(
    "fault",
    [
        EveryOther("errcode", errcode=-1),
        EveryOther("json_as_text", errcode=6000),
        EveryOther("http", status=502),
        EveryOther("html"),
        EveryOther("reset"),
        EveryOther("reset_after"),
    ],
    ids=["busy", "conflict", "bad gateway", "a proxy's page", "connection lost", "done but the answer lost"],
)
async def test_when_every_first_try_fails_all_is_still_shown_once_and_in_order(office: Office, fault: Fault) -> None:
    office.wecom.faults.append(fault)

    await office.whole_visit(*[20.0] * 8)

    # by word a card is closed with a code that came when it was sent, in the answer that got lost
    open_still = "（已收到回答）" if fault.kind == "reset_after" else ""
    assert office.phone(REP) == [line.replace(open_still, "") for line in REP_SEES]
    assert office.phone(MANAGER) == MANAGER_SEES
    assert await office.records() == ONE_VISIT


@pytest.mark.parametrize("code", [42001, 40014], ids=["expired", "invalid"])
async def test_a_token_that_dies_in_the_middle_is_renewed_unseen(office: Office, code: int) -> None:
    await office.speaks()
    office.wecom.expire_token(code)
    await office.presses(REP, "确认")
    await office.says(ANSWERS)
    office.wecom.expire_token(code)
    await office.presses(MANAGER, "我来跟进")

    assert office.phone(REP) == REP_SEES
    assert office.phone(MANAGER) == MANAGER_SEES
    assert office.wecom.token_fetches == 3


async def test_a_message_that_arrived_although_the_call_timed_out_is_not_shown_again(opened: Opening) -> None:
    async with opened(timeout_s=1.0) as office:
        await office.speaks()
        await office.presses(REP, "确认")
        office.wecom.fail("message/send", "hang", seconds=60, after=3)
        await office.says(ANSWERS)
        assert office.phone(REP)[-1] == REP_SEES[8]
        await office.passes(10)
        assert [message.state for message in office.wecom.messages][-3:] == ["shown", "swallowed", "shown"]
        await office.presses(MANAGER, "我来跟进")

        assert office.phone(REP) == REP_SEES
        assert office.phone(MANAGER) == MANAGER_SEES


async def test_over_the_api_limit_nothing_is_lost_and_wecom_is_left_alone_for_a_minute(office: Office) -> None:
    office.wecom.fail("message/send", errcode=45009, for_s=30)

    await office.speaks()
    calls = len(office.wecom.calls_of("message/send"))
    await office.passes(10, 20, 20)
    assert len(office.wecom.calls_of("message/send")) == calls == 1
    await office.passes(15)
    await office.presses(REP, "确认")
    await office.says(ANSWERS)
    await office.presses(MANAGER, "我来跟进")

    assert office.phone(REP) == REP_SEES
    assert office.phone(MANAGER) == MANAGER_SEES


async def test_more_answers_than_a_minute_holds_are_merged_and_none_is_dropped(office: Office) -> None:
    for _ in range(45):
        await office.wecom.send_text(REP, "你好")
    await office.works()

    assert office.lost() == []
    assert sum(text.count(texts.HELLO) for text in office.phone(REP)) == 45
    assert len(office.wecom.shown(REP)) <= 30


@pytest.fixture
def five_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tighter limit than WeCom's 30, which takes fewer messages to reach."""
    monkeypatch.setattr(dialect, "PER_MINUTE", 5)


@pytest.mark.usefixtures("five_a_minute")
async def test_cards_beyond_the_limit_of_a_minute_come_later_and_in_order(opened: Opening) -> None:
    async with opened(per_member_per_minute=5) as office:
        await office.speaks()
        for budget in range(101, 109):
            await office.says(f"预算改成{budget}万")
        assert len(office.wecom.shown(REP)) == 5
        await office.passes(70, 70)

        assert office.lost() == []
        assert [shown_budget(card) for card in office.wecom.cards(REP)] == [
            "85 万元",
            *(f"{budget} 万元 ✎" for budget in range(101, 109)),
        ]
        assert [card.closed for card in office.wecom.cards(REP)] == [texts.CLOSED_REPLACED] * 8 + [None]


def shown_budget(card: Message) -> str:
    return next(item["value"] for item in card.content["horizontal_content_list"] if item["keyname"] == "预算")


async def test_a_recording_that_wecom_no_longer_has_is_asked_for_again_and_the_next_one_works(office: Office) -> None:
    office.wecom.fail("media/get", errcode=40007)
    await office.brought(await office.wecom.send_voice(REP, AUDIO))

    assert office.phone(REP) == ["🎤", REP_SEES[1], texts.MEDIA_GONE]

    await office.speaks()
    assert office.phone(REP)[3:] == ["🎤", REP_SEES[1], f"[拜访记录 · 待确认] {CUSTOMER}"]


async def test_a_recording_that_expired_while_nobody_worked_is_asked_for_again(office: Office) -> None:
    await office.wecom.send_voice(REP, AUDIO)

    await office.passes(3 * 24 * 3600 + 60)

    assert office.phone(REP) == ["🎤", REP_SEES[1], texts.MEDIA_GONE]
    assert (await office.records())["parked"] == 0


async def test_a_spent_response_code_gives_way_to_the_one_kept_from_sending(office: Office) -> None:
    await office.speaks()
    office.wecom.fail("message/update_template_card", errcode=40058)
    await office.presses(REP, "确认")
    await office.says(ANSWERS)
    await office.presses(MANAGER, "我来跟进")

    assert office.phone(REP) == REP_SEES
    assert office.phone(MANAGER) == MANAGER_SEES


async def test_a_card_that_cannot_be_closed_any_more_counts_once_all_the_same(office: Office) -> None:
    office.wecom.fail("message/update_template_card", errcode=40058, times=None)
    await office.speaks()
    await office.presses(REP, "确认")
    await office.says(ANSWERS)
    before = office.phone(REP)
    assert f"[拜访记录 · 待确认] {CUSTOMER}" in before

    await office.brought(await office.wecom.press(REP, "确认", card="draft-"))

    assert office.phone(REP)[len(before) :] == ["👆 确认", texts.CARD_CLOSED.format(closing="先答风险三问")]
    assert await office.records() == ONE_VISIT


async def test_a_manager_out_of_reach_is_reported_and_told_once_they_are_back(office: Office) -> None:
    office.wecom.unreachable.add(MANAGER)
    await office.speaks()
    await office.presses(REP, "确认")
    await office.says(ANSWERS)

    missed = "「宁波恒力阀门有限公司」的风险没能送到陈志远手上（对方收不到消息），请您直接联系；也已告诉管理员。"
    assert office.phone(REP) == [*REP_SEES[:10], missed]
    assert office.phone(MANAGER) == []
    assert await office.records() == ONE_VISIT | {"parked": 1}
    [told] = office.phone(ADMIN)
    assert "visitbot jobs show" in told
    assert "81013" in told

    office.wecom.unreachable.clear()
    async with office.assistant.database.work() as work:
        [parked] = await work.jobs.listing("parked")
        await work.jobs.replay(parked.id)
    await office.works()
    await office.presses(MANAGER, "我来跟进")

    assert [seen for seen in office.phone(REP) if seen != missed] == REP_SEES
    assert office.phone(MANAGER) == MANAGER_SEES


@pytest.mark.usefixtures("five_a_minute")
async def test_somebody_elses_rate_limit_holds_nobody_up(opened: Opening) -> None:
    async with opened(per_member_per_minute=5) as office:
        for _ in range(8):
            await office.says("待办", user=OTHER)

        await office.whole_visit()

        assert office.phone(MANAGER) == MANAGER_SEES
        assert office.phone(REP) == REP_SEES[:8]
        await office.passes(70)
        assert office.phone(REP) == REP_SEES
        assert office.lost() == []
