"""The DingTalk platform whole: over Stream and by callbacks, on a server that speaks DingTalk's dialect."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.config import DingTalk
from bot.dingtalk import adapter
from bot.dingtalk.adapter import MAX_TEXT_BYTES, DingTalkPlatform
from bot.dingtalk.payloads import NO_CONTENT
from bot.errors import ContentRefused, MediaGone, PlatformBusy, PlatformError, QuotaSpent, RecipientUnreachable
from bot.platform import Platform, Received
from handlers.messages import (
    CardButton,
    CardClick,
    CardField,
    CardOption,
    CardSelect,
    CardUpdate,
    Content,
    DirectoryChange,
    Image,
    InboundMessage,
    OutboundCard,
    OutboundText,
    Outsider,
    PlatformName,
    Task,
    Text,
    Voice,
    Withheld,
)
from tests.dialects.dingtalk import DingTalkDialect
from tests.dialects.dingtalk_callbacks import HOSTILE
from tests.dialects.dingtalk_records import CannotPress
from tests.fakes import FakeClock

AMR = b"#!AMR\n" + bytes(range(256)) * 8
GENERAL = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
PUBLIC_URL = "https://sales.example"
CARD = OutboundCard(
    card_id="visit-7",
    title="拜访记录 · 待确认",
    fields=(CardField(label="客户", value="宁波恒力阀门"),),
    buttons=(
        CardButton(text="确认", action='{"do":"confirm","visit_id":7}', style="primary"),
        CardButton(text="作废", action='{"do":"discard","visit_id":7}', style="danger"),
    ),
)
TASK_CARD = OutboundCard(
    card_id="todo-3",
    title="待办",
    subtitle="报价",
    fields=(CardField(label="客户", value="宁波恒力阀门"),),
    buttons=(CardButton(text="完成", action='{"do":"done","todo_id":3}', style="primary"),),
    task=Task(subject="报价（宁波恒力阀门）", url=f"{PUBLIC_URL}/t/3"),
)


class FakeInbox:
    """Keeps what it is given once, as the jobs table does."""

    def __init__(self) -> None:
        self.kept: dict[str, Received] = {}
        self.asked = 0
        self.failures = 0
        self.before: Callable[[], Awaitable[None]] | None = None

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        assert platform == "dingtalk"
        self.asked += 1
        if self.before is not None:
            await self.before()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        new = received.event_id not in self.kept
        # A database gives back JSON and nothing else.
        self.kept.setdefault(
            received.event_id, Received(received.event_id, received.user_id, json.loads(json.dumps(received.body)))
        )
        return new

    @property
    def only(self) -> Received:
        [received] = self.kept.values()
        return received


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture(params=["stream", "http"])
def mode(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
async def dingtalk(clock: FakeClock, mode: str) -> AsyncIterator[DingTalkDialect]:
    async with DingTalkDialect(now=clock.now, mode=mode) as dingtalk:
        yield dingtalk


def platform_of(dingtalk: DingTalkDialect, clock: FakeClock, *, public_url: str = "", **more: Any) -> DingTalkPlatform:
    config = DingTalk(**(dingtalk.settings() | {"timeout_s": 5.0, "calls_per_s": 60} | more))
    return DingTalkPlatform(config, clock=clock, public_url=public_url, part_pause_s=0)


@pytest.fixture
async def bot(dingtalk: DingTalkDialect, inbox: FakeInbox, clock: FakeClock) -> AsyncIterator[DingTalkPlatform]:
    """The platform, connected or behind a web server of its own, as the mode has it."""
    port = unused_port()
    platform = platform_of(dingtalk, clock, public_url=f"http://127.0.0.1:{port}")
    app = web.Application()
    app.add_routes(platform.routes(inbox.keep))
    server = TestServer(app, port=port)
    await server.start_server()
    dingtalk.callback_url = str(server.make_url("/dingtalk/callback"))
    dingtalk.card_callback_url = str(server.make_url("/dingtalk/card"))
    dingtalk.event_url = str(server.make_url("/dingtalk/events"))
    listening = asyncio.create_task(platform.listen(inbox.keep))
    if dingtalk.mode == "stream":
        await dingtalk.connected()
        await dingtalk.wait_for(lambda: platform.connected)
    yield platform
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await server.close()
    await platform.close()


only_stream = pytest.mark.parametrize("mode", ["stream"], indirect=True)
only_http = pytest.mark.parametrize("mode", ["http"], indirect=True)


def latest(bot: DingTalkPlatform, inbox: FakeInbox) -> InboundMessage:
    return bot.parse([*inbox.kept.values()][-1])


async def spoken_with(bot: DingTalkPlatform, dingtalk: DingTalkDialect, inbox: FakeInbox, **where: Any) -> Any:
    """Somebody wrote: how they can be answered."""
    await (await dingtalk.send_text("zhangsan", "你好", **where)).acked()
    return latest(bot, inbox).sender


@only_stream
def test_it_is_a_platform(dingtalk: DingTalkDialect, clock: FakeClock) -> None:
    platform: Platform = platform_of(dingtalk, clock)
    assert platform.name == "dingtalk"
    assert platform.capabilities.per_member_per_minute == 20
    assert platform.capabilities.duplicate_check_s is None
    assert platform.capabilities.cards
    assert not platform.connected


@only_http
def test_cards_need_a_template_and_by_http_an_address_for_their_clicks(
    dingtalk: DingTalkDialect, clock: FakeClock
) -> None:
    assert not platform_of(dingtalk, clock).capabilities.cards
    assert platform_of(dingtalk, clock, public_url=PUBLIC_URL).capabilities.cards
    assert not platform_of(dingtalk, clock, public_url=PUBLIC_URL, card_template_id="").capabilities.cards
    assert platform_of(dingtalk, clock).connected


# what comes in


async def test_a_text_is_kept_before_it_is_acknowledged(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    seen: list[str] = []

    async def look() -> None:
        seen.append(dingtalk.deliveries[-1].state)

    inbox.before = look
    delivery = await (await dingtalk.send_text("zhangsan", "今天拜访了恒力 👍")).acked()
    assert "acked" not in seen
    message = bot.parse(inbox.only)
    assert message.content == Text(text="今天拜访了恒力 👍")
    assert (message.sender.user_id, message.sender.group) == ("zhangsan", None)
    assert message.event_id == delivery.key
    assert message.sent_at == dingtalk.now()


async def test_a_voice_note_is_kept_with_both_what_was_heard_and_the_sound(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    await (await dingtalk.send_voice("zhangsan", AMR, recognition="今天拜访了恒力", duration_ms=4000)).acked()
    content = bot.parse(inbox.only).content
    assert isinstance(content, Voice)
    assert (content.platform_transcript, content.duration_ms) == ("今天拜访了恒力", 4000)
    assert content.media_ref is not None
    assert (await bot.fetch_media(content.media_ref)).data == AMR


async def test_every_picture_of_a_message_is_kept_and_can_be_fetched(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    await (await dingtalk.send_rich_text("zhangsan", ["现场", b"one", b"two"], group="华东")).acked()
    contents = [bot.parse(received).content for received in inbox.kept.values()]
    assert contents[0] == Text(text="现场")
    pictures = [content for content in contents if isinstance(content, Image)]
    assert [(await bot.fetch_media(one.media_ref)).data for one in pictures] == [b"one", b"two"]


async def test_a_message_of_two_parts_is_only_acknowledged_when_both_are_kept(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    async def fail_the_second() -> None:
        inbox.failures = 1 if inbox.asked == 2 else 0

    inbox.before = fail_the_second
    delivery = await dingtalk.send_rich_text("zhangsan", ["现场", b"one"])
    await dingtalk.wait_for(lambda: inbox.asked == 2)
    assert not delivery.accepted
    inbox.before = None
    await dingtalk.replay(delivery.number)
    await dingtalk.wait_for(lambda: len(inbox.kept) == 2)
    kinds = [bot.parse(received).content.kind for received in inbox.kept.values()]
    assert kinds == ["text", "image"]
    dingtalk.violations.clear()


ACTS: list[tuple[str, Callable[[DingTalkDialect], Awaitable[Any]], str]] = [
    ("picture", lambda ding: ding.send_picture("u", b"\xff\xd8\xff"), "image"),
    ("picture in a group", lambda ding: ding.send_picture("u", b"\xff\xd8\xff", group="g"), "image"),
    ("video", lambda ding: ding.send_video("u", b"mp4", duration="5"), "video"),
    ("file", lambda ding: ding.send_file("u", b"x"), "file"),
    ("unknown message", lambda ding: ding.send_other("u", "unknownMsgType", {"unknownMsgType": "x"}), "unsupported"),
    ("forwarded chat", lambda ding: ding.send_other("u", "chatRecord", {"title": "x"}), "unsupported"),
    ("kind of tomorrow", lambda ding: ding.send_other("u", "hologram"), "unsupported"),
    ("quoted voice", lambda ding: ding.send_quote("u", "g", "", AMR), "voice"),
    ("quoted voice as a string", lambda ding: ding.send_quote("u", "g", "", AMR, as_string=True), "voice"),
    ("quoted text", lambda ding: ding.send_quote("u", "g", "记一下", "张总说九月验厂"), "text"),
    ("event", lambda ding: ding.send_event("user_leave_org", {"userId": ["u"]}), "directory_change"),
    ("unknown event", lambda ding: ding.send_event("brand_new", {"x": 1}), "ignored"),
    ("emoji", lambda ding: ding.send_text("u", "👩‍👩‍👧 ]]> & <b>"), "text"),
]


@pytest.mark.parametrize(("act", "kind"), [(act, kind) for _, act, kind in ACTS], ids=[name for name, _, _ in ACTS])
async def test_whatever_people_do_is_kept_and_understood(
    dingtalk: DingTalkDialect,
    bot: DingTalkPlatform,
    inbox: FakeInbox,
    act: Callable[[DingTalkDialect], Awaitable[Any]],
    kind: str,
) -> None:
    await (await act(dingtalk)).acked()
    assert bot.parse(inbox.only).content.kind == kind
    assert dingtalk.violations == []


async def test_a_repeat_is_acknowledged_and_has_the_same_event_id(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    delivery = await (await dingtalk.send_text("zhangsan", "一")).acked()
    await dingtalk.replay(delivery.number, copies=3)
    await dingtalk.wait_for(lambda: inbox.asked == 4)
    assert len(inbox.kept) == 1


async def test_somebody_of_another_company_is_an_outsider_who_can_be_answered(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    await (await dingtalk.send_text("guest", "你好", group="华东", external=True)).acked()
    sender, content = latest(bot, inbox).sender, latest(bot, inbox).content
    assert content == Outsider()
    text = OutboundText(text="只为本公司成员服务")
    await bot.send(sender.user_id, text, key="k", reply=sender.reply, group=sender.group)
    assert dingtalk.group_texts("华东") == ["@guest 只为本公司成员服务"]
    with pytest.raises(RecipientUnreachable):
        await bot.send(sender.user_id, text, key="k2")
    assert dingtalk.violations == []


async def test_before_the_robot_is_published_everybody_is_an_outsider(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    dingtalk.published = False
    await (await dingtalk.send_text("zhangsan", "你好")).acked()
    sender = latest(bot, inbox).sender
    assert latest(bot, inbox).content == Outsider()
    await bot.send(sender.user_id, OutboundText(text="请管理员先发布"), key="k", reply=sender.reply)
    assert dingtalk.texts("zhangsan") == ["请管理员先发布"]


async def test_a_message_beyond_the_allowance_is_kept_and_the_admin_warned(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    dingtalk.stream_quota = 0
    await (await dingtalk.send_text("zhangsan", "机密")).acked()
    assert bot.parse(inbox.only).content == Withheld(reason=NO_CONTENT)
    assert "dingtalk.message_without_content" in caplog.text


async def test_nothing_said_or_secret_is_logged(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sender = await spoken_with(bot, dingtalk, inbox)
    await bot.send("zhangsan", OutboundText(text="绝密回答"), key="k", reply=sender.reply)
    dingtalk.advance(timedelta(hours=2))
    await bot.send("zhangsan", OutboundText(text="绝密回答"), key="k2", reply=sender.reply)
    logged = "\n".join(
        f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name.startswith("bot.")
    )
    for secret in ("绝密", "你好", "sendBySession?", "session=", dingtalk.client_secret, "ticket="):
        assert secret not in logged


# by HTTP


@only_http
@pytest.mark.parametrize("kind", HOSTILE)
async def test_nothing_forged_is_kept_or_breaks_anything(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox, kind: str
) -> None:
    attempt = await dingtalk.callbacks.hostile(kind)
    refused = attempt.status is not None and 400 <= attempt.status < 500
    assert refused or attempt.status is None  # hung up on
    assert inbox.kept == {}
    await (await dingtalk.send_text("zhangsan", "还在")).acked()


@only_http
async def test_the_signature_is_checked_before_the_body_is_read(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    attempt = await dingtalk.callbacks.robot_once(b"[" * 1000, dingtalk.callbacks.robot_headers(secret="another"))
    assert attempt.status == 403
    attempt = await dingtalk.callbacks.robot_once(b"[" * 1000, dingtalk.callbacks.robot_headers())
    assert attempt.status == 400


@only_http
async def test_a_callback_that_cannot_be_kept_is_not_answered_with_success(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    inbox.failures = 1
    delivery = await dingtalk.send_text("zhangsan", "你好")
    assert delivery.status == 500
    dingtalk.violations.clear()


@only_http
async def test_a_commit_goes_on_when_the_caller_hangs_up(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    may_go_on = asyncio.Event()

    async def wait() -> None:
        await may_go_on.wait()

    inbox.before = wait
    dingtalk.callbacks.robot_timeout_s = 0.2
    delivery = await dingtalk.send_rich_text("zhangsan", ["现场", b"one"])
    assert delivery.state == "lost"
    may_go_on.set()
    await dingtalk.wait_for(lambda: len(inbox.kept) == 2)
    dingtalk.violations.clear()


@only_http
async def test_an_address_that_is_saved_in_the_console_is_confirmed_and_nothing_kept(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    for receive_id in (dingtalk.client_id, dingtalk.corp_id):
        for name in ("msg_signature", "signature"):
            dingtalk.callbacks.event_receive_id, dingtalk.callbacks.signature_name = receive_id, name
            attempt = await dingtalk.callbacks.check_url()
            assert (attempt.status, attempt.error) == (200, "")
    assert inbox.kept == {}


@only_http
@pytest.mark.parametrize("path", ["callback", "card", "events"])
async def test_a_browser_gets_a_page_that_explains(dingtalk: DingTalkDialect, bot: DingTalkPlatform, path: str) -> None:
    url = dingtalk.event_url.replace("events", path)
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 400
        assert "拜访助手" in await response.text()


@only_stream
async def test_over_stream_only_the_events_route_is_open(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    assert {route.path for route in bot.routes(inbox.keep)} == {"/dingtalk/events"}
    attempt = await dingtalk.callbacks.check_url()
    assert (attempt.status, attempt.error) == (200, "")
    keyless = platform_of(dingtalk, clock, event_token="", event_aes_key="")
    assert keyless.routes(inbox.keep) == []


# over Stream


@only_stream
async def test_what_cannot_be_kept_is_told_again_until_it_can(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    inbox.failures = 2
    message = await dingtalk.send_text("zhangsan", "你好")
    event = await dingtalk.send_event("user_leave_org", {"userId": ["a", "b"]})
    await dingtalk.wait_for(lambda: inbox.asked == 2)
    for delivery in (message, event):
        await dingtalk.redeliver(delivery)
        await delivery.acked()
    assert [bot.parse(one).content for one in inbox.kept.values()] == [
        Text(text="你好"),
        DirectoryChange(change="left", user_ids=("a", "b")),
    ]


@only_stream
async def test_acknowledgements_say_what_dingtalk_wants_to_hear(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    deliveries = [
        await dingtalk.send_text("zhangsan", "你好"),
        await dingtalk.send_event("user_add_org", {"userId": ["u"]}),
    ]
    for delivery in deliveries:
        await delivery.acked()
    said = [(one.ack.code, one.ack.data) for one in deliveries if one.ack is not None]
    assert said == [(200, {"response": None}), (200, {"status": "SUCCESS"})]


@only_stream
async def test_a_message_that_nobody_wrote_is_acknowledged_and_not_kept(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    await (await dingtalk.send_text("zhangsan", "你好", senderStaffId="", senderId="")).acked()
    assert inbox.kept == {}
    assert "dingtalk.frame_malformed" in caplog.text


@only_stream
async def test_listening_ends_when_it_is_cancelled(
    dingtalk: DingTalkDialect, clock: FakeClock, inbox: FakeInbox
) -> None:
    platform = platform_of(dingtalk, clock)
    listening = asyncio.create_task(platform.listen(inbox.keep))
    await dingtalk.wait_for(lambda: platform.connected)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert not platform.connected
    await platform.close()


# texts going out


@only_stream
async def test_an_answer_goes_by_the_address_that_came_with_the_message(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    sender = await spoken_with(bot, dingtalk, inbox)
    await bot.send("zhangsan", OutboundText(text="已入库：3*5*2 米，报价_v2_终稿"), key="k", reply=sender.reply)
    [message] = dingtalk.shown("zhangsan")
    assert (message.via, message.kind) == ("session", "text")
    assert dingtalk.texts("zhangsan") == ["已入库：3*5*2 米，报价_v2_终稿"]


@only_stream
@pytest.mark.parametrize("age", [timedelta(minutes=89, seconds=45), timedelta(days=3)])
async def test_an_address_about_to_end_is_left_alone(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox, clock: FakeClock, age: timedelta
) -> None:
    sender = await spoken_with(bot, dingtalk, inbox)
    clock.advance(age)
    await bot.send("zhangsan", OutboundText(text="提醒"), key="k", reply=sender.reply)
    assert [message.via for message in dingtalk.shown("zhangsan")] == ["batchSend"]
    assert dingtalk.counts["robot/sendBySession"] == 0


@only_stream
async def test_an_address_that_ended_early_costs_no_answer(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    sender = await spoken_with(bot, dingtalk, inbox)
    dingtalk.sessions.clear()
    await bot.send("zhangsan", OutboundText(text="提醒"), key="k", reply=sender.reply)
    assert [(one.via, one.content["content"]) for one in dingtalk.shown("zhangsan")] == [("batchSend", "提醒")]


@only_stream
async def test_an_address_that_is_not_dingtalks_is_never_called(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    evil = "http://169.254.169.254/robot/sendBySession?session=x"
    await (await dingtalk.send_text("zhangsan", "你好", sessionWebhook=evil)).acked()
    await bot.send("zhangsan", OutboundText(text="答"), key="k", reply=latest(bot, inbox).sender.reply)
    assert [message.via for message in dingtalk.shown("zhangsan")] == ["batchSend"]


@only_stream
async def test_what_is_for_one_person_never_goes_where_a_group_reads_it(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    in_group = await spoken_with(bot, dingtalk, inbox, group="华东")
    await bot.send("zhangsan", OutboundText(text="您的记录"), key="k", reply=in_group.reply)
    assert dingtalk.texts("zhangsan") == ["您的记录"]
    alone = await spoken_with(bot, dingtalk, inbox)
    await bot.send("zhangsan", OutboundText(text="收到"), key="k2", reply=alone.reply, group=in_group.group)
    assert dingtalk.texts("zhangsan") == ["您的记录"]
    assert dingtalk.group_texts("华东") == ["@zhangsan 收到"]


@only_stream
async def test_a_notice_in_a_group_names_the_person_by_either_way(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    sender = await spoken_with(bot, dingtalk, inbox, group="华东")
    notice = OutboundText(text="收到，我在单聊里回复您。")
    await bot.send("zhangsan", notice, key="k", reply=sender.reply, group=sender.group)
    dingtalk.sessions.clear()
    await bot.send("zhangsan", notice, key="k2", reply=sender.reply, group=sender.group)
    robot = [one for one in dingtalk.conversation(dingtalk.group("华东").cid) if not one.user]
    assert [(one.via, one.at_users) for one in robot] == [("session", ("zhangsan",)), ("group", ())]
    assert robot[1].content["content"] == "@张三 收到，我在单聊里回复您。"
    assert dingtalk.violations == []


@only_stream
async def test_a_long_text_arrives_whole_and_goes_on_where_it_stopped(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform
) -> None:
    text = "\n".join(f"{number} 客户提了一个很长很长的问题" for number in range(400))
    dingtalk.fail("robot/oToMessages/batchSend", "busy", after=1)
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", OutboundText(text=text), key="k")
    await bot.send("zhangsan", OutboundText(text=text), key="k")
    parts = dingtalk.texts("zhangsan")
    assert "\n".join(parts) == text
    assert all(len(part.encode()) <= MAX_TEXT_BYTES for part in parts)


@only_stream
async def test_a_card_in_words_keeps_its_shape(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    sender = await spoken_with(bot, dingtalk, inbox)
    text = OutboundText(text="【拜访记录 · 待确认】\n客户：宁波_恒力_阀门\n回复数字操作：\n1 确认")
    await bot.send("zhangsan", text, key="k", reply=sender.reply)
    await bot.send("zhangsan", text, key="k2")
    assert [(one.via, one.kind) for one in dingtalk.shown("zhangsan")] == [
        ("session", "markdown"),
        ("batchSend", "sampleMarkdown"),
    ]
    for message in dingtalk.shown("zhangsan"):
        assert message.content["title"] == "拜访记录 · 待确认"
        assert "**客户**：宁波＿恒力＿阀门" in message.content["text"]


@only_stream
async def test_a_card_in_words_that_marks_would_make_too_long_is_sent_as_it_is(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform
) -> None:
    text = "【记录】\n" + "\n".join("*" * 29 for _ in range(195))
    await bot.send("zhangsan", OutboundText(text=text), key="k")
    assert [message.kind for message in dingtalk.shown("zhangsan")] == ["sampleText"]
    assert dingtalk.texts("zhangsan") == [text]


FAILURES = [
    ("quota", QuotaSpent),
    ("qps", PlatformBusy),
    ("flow_controlled", PlatformBusy),
    ("unsafe", ContentRefused),
]


@only_stream
@pytest.mark.parametrize(("kind", "error"), FAILURES)
async def test_a_refused_text_raises_what_the_sender_knows(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, kind: str, error: type[PlatformError]
) -> None:
    dingtalk.fail("robot/oToMessages/batchSend", kind)
    with pytest.raises(error):
        await bot.send("zhangsan", OutboundText(text="答"), key="k")
    assert dingtalk.texts("zhangsan") == []


@only_stream
@pytest.mark.parametrize("user_id", ["nobody", "", "$:LWCP_v1:$x", "zhangsan;IM_ROBOT.lisi"])
async def test_who_is_nobody_cannot_be_reached(dingtalk: DingTalkDialect, bot: DingTalkPlatform, user_id: str) -> None:
    with pytest.raises(RecipientUnreachable):
        await bot.send(user_id, OutboundText(text="答"), key="k")
    with pytest.raises(PlatformError):
        await bot.send(user_id, CARD, key="k2")
    assert dingtalk.cards("zhangsan") == dingtalk.cards("lisi") == []


@only_stream
async def test_nobody_gets_more_than_the_limit(dingtalk: DingTalkDialect, clock: FakeClock) -> None:
    platform = platform_of(dingtalk, clock, per_member_per_minute=2)
    for number in range(2):
        await platform.send("zhangsan", OutboundText(text=f"{number}"), key=f"k{number}")
    with pytest.raises(PlatformBusy) as caught:
        await platform.send("zhangsan", OutboundText(text="2"), key="k2")
    assert caught.value.retry_after_s == 60
    clock.advance(timedelta(minutes=1))
    await platform.send("zhangsan", OutboundText(text="2"), key="k2")
    assert dingtalk.texts("zhangsan") == ["0", "1", "2"]
    await platform.close()


@only_stream
async def test_nothing_but_space_is_refused(dingtalk: DingTalkDialect, bot: DingTalkPlatform) -> None:
    with pytest.raises(ContentRefused):
        await bot.send("zhangsan", OutboundText(text=" \x00 "), key="k")


# cards


async def test_a_card_is_shown_pressed_and_closed(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    sent = await bot.send("zhangsan", CARD, key="k")
    [card] = dingtalk.cards("zhangsan")
    assert sent.response_ref == sent.message_ref == card.out_track_id
    assert "宁波恒力阀门" in dingtalk.card_text(card)
    await dingtalk.press("zhangsan", "确认")
    click = bot.parse(inbox.only)
    assert click.sender.user_id == "zhangsan"
    assert click.content == CardClick(card_id="visit-7", action=CARD.buttons[0].action, response_ref=card.out_track_id)
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=card.out_track_id)
    await bot.send("zhangsan", update, key="k2")
    await bot.send("zhangsan", update, key="k2")
    assert "已确认" in dingtalk.card_text(card)
    assert "宁波恒力阀门" in dingtalk.card_text(card)
    with pytest.raises(CannotPress):
        await dingtalk.press("zhangsan", "确认")
    assert dingtalk.violations == []


@only_stream
async def test_the_general_card_is_shown_pressed_and_closed(
    dingtalk: DingTalkDialect, clock: FakeClock, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    general = platform_of(dingtalk, clock, card_template_id=GENERAL, card_style="general")
    sent = await general.send("zhangsan", CARD, key="k")
    [card] = dingtalk.cards("zhangsan")
    assert "宁波恒力阀门" in dingtalk.card_text(card)
    await dingtalk.press("zhangsan", "作废")
    assert bot.parse(inbox.only).content == CardClick(
        card_id="visit-7", action=CARD.buttons[1].action, response_ref=card.out_track_id
    )
    await general.send(
        "zhangsan", CardUpdate(card_id="visit-7", closing="已作废"), key="k2", response_ref=sent.response_ref
    )
    assert "已作废" in dingtalk.card_text(card)
    with pytest.raises(CannotPress):
        await dingtalk.press("zhangsan", "作废")
    assert dingtalk.violations == []
    await general.close()


@only_stream
async def test_an_option_of_a_select_is_chosen_by_its_button(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    options = tuple(CardOption(option_id=name, text=name) for name in ("宁波恒力阀门", "宁波恒力机械"))
    select = CardSelect(name="customer", title="客户", options=options, action='{"do":"pick","visit_id":7}')
    await bot.send("zhangsan", CARD.model_copy(update={"selects": (select,)}), key="k")
    await dingtalk.press("zhangsan", "宁波恒力机械")
    content: Content = bot.parse(inbox.only).content
    assert isinstance(content, CardClick)
    assert (content.action, content.chosen) == (select.action, {"customer": ("宁波恒力机械",)})


@only_stream
async def test_a_card_that_was_sent_before_a_crash_is_not_shown_twice(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, clock: FakeClock
) -> None:
    dingtalk.fail("card/instances/createAndDeliver", "reset_after")
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", CARD, key="k")
    after_the_crash = platform_of(dingtalk, clock)
    sent = await after_the_crash.send("zhangsan", CARD, key="k", guard=True)
    [card] = dingtalk.cards("zhangsan")
    assert sent.response_ref == card.out_track_id
    await after_the_crash.send("zhangsan", CARD, key="another")
    assert len(dingtalk.cards("zhangsan")) == 2
    await after_the_crash.close()


@only_stream
async def test_a_click_that_is_repeated_is_one_event_and_a_later_one_is_another(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await bot.send("zhangsan", CARD, key="k")
    press = await dingtalk.press("zhangsan", "确认")
    clock.advance(timedelta(seconds=60))
    assert await dingtalk.redeliver(press) == 1
    await dingtalk.wait_for(lambda: inbox.asked == 2)
    assert len(inbox.kept) == 1
    await dingtalk.press("zhangsan", "作废")
    await dingtalk.press("zhangsan", "确认")
    assert len(inbox.kept) == 3
    clock.advance(timedelta(seconds=75))
    await dingtalk.press("zhangsan", "确认")
    assert len(inbox.kept) == 4


@only_stream
@pytest.mark.parametrize("kind", ["undelivered", "permission"])
async def test_a_card_that_cannot_be_shown_is_refused_so_that_it_is_said_in_words(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, kind: str
) -> None:
    dingtalk.fail("card/instances/createAndDeliver", kind)
    with pytest.raises(PlatformError) as caught:
        await bot.send("zhangsan", CARD, key="k")
    assert type(caught.value).__name__ in {"ContentRefused", "NotPermitted"}


@only_stream
async def test_what_finds_no_room_on_the_card_comes_before_it_once(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform
) -> None:
    body = "\n".join(f"{number} 客户提了一个很长很长的问题，要我们下周之前给出书面答复" for number in range(80))
    card = CARD.model_copy(update={"body": body})
    dingtalk.fail("card/instances/createAndDeliver", "busy")
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", card, key="k")
    await bot.send("zhangsan", card, key="k")
    kinds = [message.kind for message in dingtalk.shown("zhangsan")]
    assert kinds == ["sampleMarkdown", "card"]
    assert "79 客户" in dingtalk.texts("zhangsan")[0]


@only_stream
async def test_a_card_that_is_gone_is_closed_in_words(dingtalk: DingTalkDialect, bot: DingTalkPlatform) -> None:
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref="gone", fallback="已确认：宁波恒力")
    await bot.send("zhangsan", update, key="k")
    assert dingtalk.texts("zhangsan") == ["已确认：宁波恒力"]
    await bot.send("zhangsan", CardUpdate(card_id="visit-7", closing="已确认"), key="k2")
    assert len(dingtalk.texts("zhangsan")) == 1


@only_stream
async def test_a_card_is_closed_later_when_dingtalk_is_busy(dingtalk: DingTalkDialect, bot: DingTalkPlatform) -> None:
    sent = await bot.send("zhangsan", CARD, key="k")
    update = CardUpdate(card_id="visit-7", closing="已确认", fallback="已确认")
    dingtalk.fail("card/instances/update", "busy")
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", update, key="k2", response_ref=sent.response_ref)
    await bot.send("zhangsan", update, key="k2", response_ref=sent.response_ref)
    assert "已确认" in dingtalk.card_text(dingtalk.cards("zhangsan")[0])
    assert dingtalk.texts("zhangsan") == []


@only_http
async def test_by_http_clicks_come_to_an_address_that_we_made_known_once(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, inbox: FakeInbox
) -> None:
    for number in range(2):
        await bot.send("zhangsan", CARD, key=f"k{number}")
    assert dingtalk.counts["card/callbacks/register"] == 1
    [route] = dingtalk.routes.values()
    assert route.url.endswith("/dingtalk/card")
    await dingtalk.press("zhangsan", "确认")
    assert isinstance(bot.parse(inbox.only).content, CardClick)


@only_http
async def test_without_a_configured_secret_clicks_are_signed_with_one_of_our_own(
    dingtalk: DingTalkDialect, clock: FakeClock
) -> None:
    platforms = [platform_of(dingtalk, clock, public_url=PUBLIC_URL, card_callback_secret="") for _ in range(2)]
    for number, platform in enumerate(platforms):
        await platform.send("zhangsan", CARD, key=f"k{number}")
        await platform.close()
    [route] = dingtalk.routes.values()
    assert len(route.api_secret) == 32
    assert dingtalk.client_secret not in route.api_secret


# to-dos


@only_stream
async def test_a_to_do_goes_into_dingtalks_own_list_and_is_ticked_off_there(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, clock: FakeClock
) -> None:
    due = TASK_CARD.model_copy(update={"task": Task(subject="报价", url=f"{PUBLIC_URL}/t/3", due_at=clock.now())})
    sent = await bot.send("zhangsan", due, key="k")
    assert dingtalk.cards("zhangsan") == []
    [task] = dingtalk.tasks("zhangsan", done=False)
    assert (task.subject, task.source_id, sent.response_ref) == ("报价", "todo-3", f"task:{task.task_id}")
    assert task.due_ms == round(clock.now().timestamp() * 1000)
    assert task.detail_url["appUrl"] == f"{PUBLIC_URL}/t/3"
    again = await bot.send("zhangsan", due, key="k")
    assert again.response_ref == sent.response_ref
    await bot.send(
        "zhangsan", CardUpdate(card_id="todo-3", closing="已完成", done=True), key="k2", response_ref=sent.response_ref
    )
    assert len(dingtalk.tasks("zhangsan", done=True)) == 1
    assert dingtalk.violations == []


@only_stream
async def test_a_to_do_that_is_dropped_leaves_dingtalks_list(dingtalk: DingTalkDialect, bot: DingTalkPlatform) -> None:
    sent = await bot.send("zhangsan", TASK_CARD, key="k")
    await bot.send("zhangsan", CardUpdate(card_id="todo-3", closing="已取消"), key="k2", response_ref=sent.response_ref)
    assert dingtalk.tasks("zhangsan") == []


@only_stream
async def test_where_to_dos_are_not_permitted_a_card_is_sent_at_once_and_for_an_hour(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform, clock: FakeClock
) -> None:
    dingtalk.fail("todo/create", "permission", times=1)
    for number in range(2):
        sent = await bot.send("zhangsan", TASK_CARD, key=f"k{number}")
        assert sent.response_ref is not None
        assert not sent.response_ref.startswith("task:")
    assert len(dingtalk.cards("zhangsan")) == 2
    assert dingtalk.tasks("zhangsan") == []
    clock.advance(timedelta(hours=1))
    await bot.send("zhangsan", TASK_CARD, key="k3")
    assert len(dingtalk.tasks("zhangsan")) == 1


@only_stream
async def test_a_to_do_that_dingtalk_refuses_becomes_a_card_and_the_next_is_tried(
    dingtalk: DingTalkDialect, bot: DingTalkPlatform
) -> None:
    long = TASK_CARD.model_copy(update={"task": Task(subject="长" * 2000, url=f"{PUBLIC_URL}/t/3")})
    await bot.send("zhangsan", long, key="k")
    assert len(dingtalk.cards("zhangsan")) == 1
    dingtalk.violations.clear()
    await bot.send("zhangsan", TASK_CARD, key="k2")
    assert len(dingtalk.tasks("zhangsan")) == 1


@only_stream
@pytest.mark.parametrize("more", [{"native_todos": False}, {"public_url": ""}])
async def test_without_to_dos_or_an_address_for_them_a_card_is_sent(
    dingtalk: DingTalkDialect, clock: FakeClock, more: dict[str, Any]
) -> None:
    platform = platform_of(dingtalk, clock, **({"public_url": PUBLIC_URL} | more))
    await platform.send("zhangsan", TASK_CARD, key="k")
    assert dingtalk.tasks("zhangsan") == []
    assert len(dingtalk.cards("zhangsan")) == 1
    await platform.close()


# media


@only_stream
@pytest.mark.parametrize("ref", ["", "{}", '{"code": "unknown", "robot": ""}'])
async def test_media_that_is_not_there_is_gone(dingtalk: DingTalkDialect, bot: DingTalkPlatform, ref: str) -> None:
    with pytest.raises(MediaGone):
        await bot.fetch_media(ref)


# set-up


async def checked(platform: DingTalkPlatform) -> dict[str, tuple[bool, bool]]:
    results = await platform.check()
    await platform.close()
    assert all(result.advice for result in results if not result.ok or result.warning)
    return {result.name.removeprefix("钉钉："): (result.ok, result.warning) for result in results}


GOOD, WARNED, BAD = (True, False), (True, True), (False, False)


@only_stream
async def test_a_good_set_up_is_found_good(dingtalk: DingTalkDialect, clock: FakeClock) -> None:
    assert await checked(platform_of(dingtalk, clock, public_url=PUBLIC_URL)) == {
        "Client ID 与 Client Secret": GOOD,
        "机器人": GOOD,
        "Stream 连接": GOOD,
        "互动卡片": GOOD,
        "待办": GOOD,
    }
    assert dingtalk.gateway.live == []


@only_stream
async def test_what_is_missing_is_named_with_what_it_costs(dingtalk: DingTalkDialect, clock: FakeClock) -> None:
    found = await checked(platform_of(dingtalk, clock, card_template_id="", robot_code="dingother"))
    assert (found["机器人"], found["互动卡片"], found["待办"]) == (BAD, WARNED, WARNED)
    dingtalk.fail("gateway/connections/open", "bad_credentials")
    assert (await checked(platform_of(dingtalk, clock)))["Stream 连接"] == BAD
    assert await checked(platform_of(dingtalk, clock, client_secret="wrong")) == {"Client ID 与 Client Secret": BAD}


@only_http
async def test_by_http_the_card_callback_is_made_known_by_the_check(
    dingtalk: DingTalkDialect, clock: FakeClock
) -> None:
    found = await checked(platform_of(dingtalk, clock, public_url=PUBLIC_URL))
    assert found["互动卡片"] == GOOD
    assert [route.url for route in dingtalk.routes.values()] == [f"{PUBLIC_URL}/dingtalk/card"]
    assert (await checked(platform_of(dingtalk, clock)))["互动卡片"] == WARNED


def test_the_topics_are_those_of_the_documentation() -> None:
    assert [one["topic"] for one in adapter.SUBSCRIPTIONS] == [
        "*",
        "/v1.0/im/bot/messages/get",
        "/v1.0/card/instances/callback",
    ]
