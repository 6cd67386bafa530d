"""The AI bot by HTTP callbacks, where nothing can be pushed, on a server that speaks its dialect."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.callback_crypto import CallbackCrypto
from bot.config import WeComBot
from bot.errors import ContentRefused, MustWriteFirst, PlatformBusy
from bot.platform import Received
from bot.wecom_bot import exchanges
from bot.wecom_bot.adapter import WeComBotPlatform
from bot.wecom_bot.callback import MAX_BODY_BYTES
from handlers.messages import (
    CardButton,
    CardClick,
    CardField,
    CardUpdate,
    Image,
    OutboundCard,
    OutboundText,
    PlatformName,
)
from tests.dialects.wecom_bot import Asked, WeComBotDialect
from tests.dialects.wecom_seal import Seal
from tests.fakes import FakeClock

REP, GROUP = "zhangsan", "wrkGROUP"


def card(number: int = 7) -> OutboundCard:
    return OutboundCard(
        card_id=f"visit-{number}",
        title="拜访记录 · 待确认",
        fields=(CardField(label="客户", value="宁波恒力阀门"),),
        buttons=(CardButton(text="确认", action="confirm"), CardButton(text="作废", action="discard")),
    )


class FakeInbox:
    """Keeps what it is given once, as the jobs table does; `before` happens first."""

    def __init__(self) -> None:
        self.kept: dict[str, Received] = {}
        self.before: Callable[[], Awaitable[None]] | None = None

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        assert platform == "wecom_bot"
        if self.before is not None:
            await self.before()
        is_new = received.event_id not in self.kept
        self.kept.setdefault(received.event_id, received)
        return is_new

    @property
    def only(self) -> Received:
        [received] = self.kept.values()
        return received


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
async def wecom(clock: FakeClock) -> AsyncIterator[WeComBotDialect]:
    async with WeComBotDialect(mode="callback", now=clock.now) as wecom:
        yield wecom


@asynccontextmanager
async def served(
    wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock, *, hold_s: float = 0.0
) -> AsyncIterator[WeComBotPlatform]:
    """The platform behind a web server of its own, which the dialect server calls."""
    platform = WeComBotPlatform(WeComBot(**wecom.settings()), clock=clock, hold_s=hold_s, first_words_wait_s=0.0)
    app = web.Application()
    app.add_routes(platform.routes(inbox.keep))
    server = TestServer(app)
    await server.start_server()
    wecom.callback_url = str(server.make_url("/wecom-bot/callback"))
    yield platform
    platform.hang_up()
    await server.close()
    await platform.close()


@pytest.fixture
async def bot(wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock) -> AsyncIterator[WeComBotPlatform]:
    async with served(wecom, inbox, clock) as platform:
        yield platform


@pytest.fixture
async def patient(wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock) -> AsyncIterator[WeComBotPlatform]:
    """Holds the call of a click for as long as it may."""
    async with served(wecom, inbox, clock, hold_s=4.0) as platform:
        yield platform


async def say(bot: WeComBotPlatform, text: str = "收到", key: str = "k-1", **more: Any) -> None:
    await bot.send(REP, OutboundText(text=text), key=key, **more)


def only_stream(wecom: WeComBotDialect) -> Any:
    [stream] = wecom.streams.values()
    return stream


# the address is verified


@pytest.mark.parametrize("escaped", [True, False], ids=["plus escaped", "plus as it is"])
async def test_the_admin_page_gets_its_echo_byte_for_byte(
    wecom: WeComBotDialect, bot: WeComBotPlatform, escaped: bool
) -> None:
    for _ in range(5):
        attempt = await wecom.verify(escaped=escaped)
        assert (attempt.status, attempt.error) == (200, "")


async def test_a_browser_gets_a_page_that_explains(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    async with aiohttp.ClientSession() as session, session.get(wecom.callback_url) as response:
        assert response.status == 400
        assert "智能机器人" in await response.text()


def test_the_known_answer_for_an_empty_receiver_is_reproduced() -> None:
    """Our crypto and the dialect's, written apart, seal the same for nobody."""
    token, key = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    ours = CallbackCrypto(token, key, "").seal("你好".encode(), random16=b"0123456789abcdef")
    assert ours == Seal(token, key, "").seal("你好".encode(), random16=b"0123456789abcdef")


# what comes in


async def test_a_message_is_kept_before_it_is_answered(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    assert bot.connected
    asked = await wecom.send_text(REP, "今天拜访了恒力 👍")
    assert asked.status == 200
    message = bot.parse(inbox.only)
    assert (message.content.kind, message.sender.user_id) == ("text", REP)
    assert json.dumps(inbox.only.body)
    assert wecom.texts(REP) == ["收到，正在处理…"]


async def test_what_could_not_be_kept_is_not_answered(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    async def fails() -> None:
        raise web.HTTPServiceUnavailable

    inbox.before = fails
    asked = await wecom.send_text(REP, "你好")
    assert asked.status == 503
    assert wecom.texts(REP) == []
    await say(bot)
    assert len(wecom.calls_of("aibot/response")) == 1  # nobody asks how an answer goes on that never began


async def test_a_slow_commit_leads_to_three_calls_and_one_event(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    wecom.callback_timeout_s = 0.05
    calls = 0

    async def slow() -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            await asyncio.sleep(0.2)
        else:
            wecom.callback_timeout_s = 5.0

    inbox.before = slow
    asked = await wecom.send_text(REP, "你好")
    assert len(asked.attempts) >= 2
    await asyncio.sleep(0.3)
    assert len(inbox.kept) == 1


async def test_a_message_brought_again_is_answered_by_the_same_stream(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    asked = await wecom.send_text(REP, "你好")
    await say(bot)
    again = await wecom.post(asked.message)
    assert json.loads(again.body)["stream"]["content"] == "收到"
    assert len(inbox.kept) == 1


async def test_words_and_pictures_are_kept_one_by_one(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    await wecom.send_mixed(REP, ["客户说", b"\xff\xd8\xff", b"png"])
    found = [bot.parse(one).content for one in inbox.kept.values()]
    assert [one.kind for one in found] == ["text", "image", "image"]
    assert isinstance(found[1], Image)
    assert (await bot.fetch_media(found[1].media_ref)).data == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda wecom: wecom.send_voice(REP, "今天拜访"), "voice"),
        (lambda wecom: wecom.send_video(REP, b"mp4"), "video"),
        (lambda wecom: wecom.send_file(REP, b"x", "a.pdf"), "file"),
        (lambda wecom: wecom.send_other(REP, "hologram"), "unsupported"),
        (lambda wecom: wecom.enter(REP), "entered"),
        (lambda wecom: wecom.feedback(REP), "ignored"),
        (lambda wecom: wecom.happen(REP, "brand_new", {}), "ignored"),
    ],
    ids=["voice", "video", "file", "unknown", "enter", "feedback", "unknown event"],
)
async def test_whatever_people_do_is_kept_and_understood(
    wecom: WeComBotDialect,
    bot: WeComBotPlatform,
    inbox: FakeInbox,
    act: Callable[[WeComBotDialect], Awaitable[Asked]],
    kind: str,
) -> None:
    await act(wecom)
    assert bot.parse(inbox.only).content.kind == kind
    assert wecom.violations == []


# who may call


def envelope(
    wecom: WeComBotDialect, seal: Seal, message: bytes = b"{}", at: int | None = None
) -> tuple[dict[str, str], bytes]:
    encrypted = seal.seal(message)
    timestamp = str(at if at is not None else int(wecom.now().timestamp()))
    query = {"msg_signature": seal.signature(timestamp, "n1", encrypted), "timestamp": timestamp, "nonce": "n1"}
    return query, json.dumps({"encrypt": encrypted}).encode()


HELLO = json.dumps({"msgid": "m", "msgtype": "text", "from": {"userid": REP}, "text": {"content": "你好"}}).encode()


async def status(wecom: WeComBotDialect, query: dict[str, str], body: bytes) -> int | None:
    return (await wecom.post({}, query=query, body=body)).status


async def test_only_wecom_is_listened_to(wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox) -> None:
    good = wecom.seal
    assert await status(wecom, *envelope(wecom, Seal("another", wecom.encoding_aes_key, ""), HELLO)) == 403
    assert await status(wecom, *envelope(wecom, Seal(wecom.token, wecom.encoding_aes_key, "wwcorp"), HELLO)) == 400
    assert await status(wecom, *envelope(wecom, good, HELLO, at=int(wecom.now().timestamp()) - 601)) == 403
    assert await status(wecom, *envelope(wecom, good, HELLO, at=-1)) == 403
    assert await status(wecom, {}, b"{}") == 400
    assert inbox.kept == {}


@pytest.mark.parametrize(
    "message", [b"", b"[]", b"not json", b"{}", b'{"from": {}}', b"\xff\xfe", b"[" * 9000], ids=repr
)
async def test_odd_messages_are_refused(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, message: bytes
) -> None:
    assert await status(wecom, *envelope(wecom, wecom.seal, message)) == 400
    assert inbox.kept == {}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"encrypt": 7}', b"[" * 9000, b"<xml/>"], ids=repr)
async def test_odd_envelopes_are_refused(wecom: WeComBotDialect, bot: WeComBotPlatform, body: bytes) -> None:
    query, _ = envelope(wecom, wecom.seal)
    assert await status(wecom, query, body) == 400


async def test_a_body_too_big_is_not_read(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    query, _ = envelope(wecom, wecom.seal)
    assert await status(wecom, query, b" " * (MAX_BODY_BYTES + 1)) == 413


async def test_a_nonce_is_good_for_one_call(wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox) -> None:
    first, second = envelope(wecom, wecom.seal, HELLO), envelope(wecom, wecom.seal, HELLO)
    assert await status(wecom, *first) == 200
    assert await status(wecom, *second) == 403
    assert await status(wecom, *first) == 200  # WeCom's own repeat
    assert len(inbox.kept) == 1


async def test_a_question_about_a_stream_cannot_be_replayed(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    await wecom.send_text(REP, "你好")
    poll = {"msgid": "P", "msgtype": "stream", "from": {"userid": REP}, "stream": {"id": only_stream(wecom).stream_id}}
    query, body = envelope(wecom, wecom.seal, json.dumps(poll).encode())
    assert await status(wecom, query, body) == 200
    assert await status(wecom, query, body) == 403


# texts go into the answer that is open


async def test_what_is_said_meanwhile_is_added_to_the_answer(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    await wecom.send_text(REP, "今天拜访了恒力")
    await say(bot, "一", key="k-1")
    await say(bot, "二 *粗*", key="k-2")
    assert only_stream(wecom).versions == ["收到，正在处理…", "一", "一\n\n二 ＊粗＊"]
    assert wecom.texts(REP) == ["一\n\n二 ＊粗＊"]


async def test_words_that_are_there_in_time_are_in_the_first_answer(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    saying: list[asyncio.Task[None]] = []

    async def answers_at_once() -> None:
        saying.append(asyncio.create_task(say(bot, "收到")))
        await asyncio.sleep(0.01)

    inbox.before = answers_at_once
    await wecom.send_text(REP, "你好")
    await saying[0]
    assert only_stream(wecom).versions == ["收到"]


async def test_the_same_delivery_again_says_nothing_twice(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    await wecom.send_text(REP, "你好")
    await say(bot)
    await say(bot)
    assert wecom.texts(REP) == ["收到"]


async def test_an_answer_ends_when_nothing_more_is_said(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await wecom.send_text(REP, "你好")
    await say(bot)
    assert not only_stream(wecom).finished
    clock.advance(exchanges.QUIET)
    await wecom.wait_for(lambda: only_stream(wecom).finished)
    assert wecom.texts(REP) == ["收到"]


async def test_an_answer_without_words_ends_in_time_and_asks_for_patience(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await wecom.send_text(REP, "你好")
    clock.advance(timedelta(seconds=329))
    await asyncio.sleep(0.05)
    assert not only_stream(wecom).finished
    clock.advance(timedelta(seconds=1))
    await wecom.wait_for(lambda: only_stream(wecom).finished)
    assert wecom.texts(REP) == [exchanges.UNFINISHED]
    assert wecom.violations == []


async def test_a_newer_message_takes_over_the_answer(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    await wecom.send_text(REP, "一")
    await wecom.send_text(REP, "二")
    first, second = wecom.streams.values()
    await wecom.wait_for(lambda: first.finished)
    await say(bot)
    assert (first.versions[-1], second.versions[-1]) == (exchanges.ELSEWHERE, "收到")


async def test_what_was_said_while_nobody_asked_is_said_another_way_and_not_here_too(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    wecom.poll_every_s = 60.0
    await wecom.send_text(REP, "你好")
    saying = asyncio.create_task(say(bot, "预算 85 万"))
    await asyncio.sleep(0.05)
    assert not saying.done()
    clock.advance(exchanges.CARRY_WITHIN)
    await saying
    assert wecom.texts(REP)[1:] == ["预算 85 万"]
    assert [call.body["msgtype"] for call in wecom.calls_of("aibot/response")] == ["markdown"]
    poll = {"msgid": "P", "msgtype": "stream", "from": {"userid": REP}, "stream": {"id": only_stream(wecom).stream_id}}
    late = json.loads((await wecom.post(poll)).body)["stream"]
    assert (late["finish"], late["content"]) == (True, exchanges.ELSEWHERE)


async def test_more_than_an_answer_holds_goes_on_in_another_message(
    wecom: WeComBotDialect, bot: WeComBotPlatform
) -> None:
    await wecom.send_text(REP, "你好")
    for number in range(3):
        await say(bot, str(number) * 8000, key=f"k-{number}")
    assert [len(text) for text in wecom.texts(REP)] == [16002, 8000]
    assert wecom.violations == []


async def test_a_stream_from_before_a_restart_keeps_what_it_shows(
    wecom: WeComBotDialect, bot: WeComBotPlatform
) -> None:
    poll = {"msgid": "P", "msgtype": "stream", "from": {"userid": REP}, "stream": {"id": "from before"}}
    attempt = await wecom.post(poll)
    assert (attempt.status, attempt.body) == (200, b"")


# a single call is left


async def ended(wecom: WeComBotDialect, clock: FakeClock) -> None:
    """A message whose answer is over."""
    await wecom.send_text(REP, "你好")
    clock.advance(exchanges.LIFE)
    await wecom.wait_for(lambda: all(stream.finished for stream in wecom.streams.values()))


async def test_after_the_answer_one_more_message_can_be_sent_within_an_hour(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await ended(wecom, clock)
    await say(bot, "一", key="k-1")
    with pytest.raises(MustWriteFirst) as refused:
        await say(bot, "二", key="k-2")
    assert "长连接" in refused.value.hint
    assert wecom.texts(REP)[1:] == ["一"]


async def test_after_an_hour_there_is_no_way(wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock) -> None:
    await ended(wecom, clock)
    clock.advance(timedelta(hours=1))
    with pytest.raises(MustWriteFirst):
        await say(bot)
    assert wecom.calls_of("aibot/response") == []


async def test_what_had_to_wait_is_said_when_the_person_writes_again(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    with pytest.raises(MustWriteFirst):
        await say(bot)
    await wecom.send_text(REP, "在吗")
    await say(bot)
    assert wecom.texts(REP) == ["收到"]


async def test_another_process_can_use_the_address_that_came_with_the_message(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await wecom.send_text(REP, "你好")
    reply = bot.parse(inbox.only).sender.reply
    sender = WeComBotPlatform(WeComBot(**wecom.settings()), clock=clock)
    await say(sender, reply=reply)
    await sender.close()
    assert wecom.texts(REP)[1:] == ["收到"]


async def test_only_the_platforms_own_addresses_are_called(
    wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock
) -> None:
    settings = wecom.settings() | {"reply_hosts": ["qyapi.weixin.qq.com"]}
    sender = WeComBotPlatform(WeComBot(**settings), clock=clock)
    async with served(wecom, inbox, clock) as bot:
        await wecom.send_text(REP, "你好")
        with pytest.raises(MustWriteFirst):
            await say(sender, reply=bot.parse(inbox.only).sender.reply)
    assert wecom.calls_of("aibot/response") == []


async def test_a_call_that_may_have_come_through_is_not_made_at_another_address(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await ended(wecom, clock)
    await ended(wecom, clock)
    wecom.fail("aibot/response", "reset_after")
    with pytest.raises(PlatformBusy):
        await say(bot)
    await say(bot)
    assert wecom.texts(REP).count("收到") == 1
    await say(bot, "二", key="k-2")
    assert wecom.texts(REP)[-1] == "二"


async def test_an_address_that_was_busy_is_still_good(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await ended(wecom, clock)
    wecom.fail("aibot/response", errcode=-1)
    with pytest.raises(PlatformBusy):
        await say(bot)
    await say(bot)
    assert wecom.texts(REP)[-1] == "收到"


async def test_an_address_that_is_spent_gives_way_to_an_older_one(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await ended(wecom, clock)
    await ended(wecom, clock)
    wecom.fail("aibot/response", errcode=40058)
    await say(bot)
    assert wecom.texts(REP)[-1] == "收到"


async def test_a_message_that_is_refused_twice_is_the_messages_own_fault(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    for _ in range(4):
        await ended(wecom, clock)
    wecom.fail("aibot/response", errcode=40058, times=None)
    with pytest.raises(ContentRefused):
        await say(bot)
    assert len(wecom.calls_of("aibot/response")) == 2


# cards


async def test_a_card_is_a_message_of_its_own_and_the_answer_points_at_it(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await wecom.send_text(REP, "今天拜访了恒力")
    sent = await bot.send(REP, card(), key="k-1")
    assert "宁波恒力阀门" in str(sent.response_ref)
    assert [call.body["msgtype"] for call in wecom.calls_of("aibot/response")] == ["template_card"]
    await wecom.wait_for(lambda: wecom.texts(REP) == [exchanges.SEE_CARD])
    clock.advance(exchanges.CARD_QUIET)
    await wecom.wait_for(lambda: only_stream(wecom).finished)
    assert wecom.texts(REP) == [exchanges.SEE_CARD]
    assert wecom.violations == []


async def test_a_second_card_rides_on_the_answer_and_a_third_is_said_in_words(
    wecom: WeComBotDialect, bot: WeComBotPlatform
) -> None:
    await wecom.send_text(REP, "今天拜访了恒力")
    for number in (1, 2):
        await bot.send(REP, card(number), key=f"k-{number}")
    with pytest.raises(ContentRefused):
        await bot.send(REP, card(3), key="k-3")
    assert len(wecom.cards(REP)) == 2
    assert only_stream(wecom).has_card
    assert wecom.violations == []


async def test_without_any_way_a_card_waits_too(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    with pytest.raises(MustWriteFirst):
        await bot.send(REP, card(), key="k-1")


async def pressed(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> tuple["asyncio.Task[Asked]", CardClick, str | None]:
    """A button is being pressed; returns the click and what was kept from sending."""
    await wecom.send_text(REP, "今天拜访了恒力")
    sent = await bot.send(REP, card(), key="k-card")
    inbox.kept.clear()
    pressing = asyncio.create_task(wecom.press(REP, "确认"))
    await wecom.wait_for(lambda: len(inbox.kept) == 1)
    content = bot.parse(inbox.only).content
    assert isinstance(content, CardClick)
    return pressing, content, sent.response_ref


async def test_a_click_is_answered_with_the_closed_card(
    wecom: WeComBotDialect, patient: WeComBotPlatform, inbox: FakeInbox
) -> None:
    pressing, click, kept = await pressed(wecom, patient, inbox)
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=click.response_ref, fallback="已确认。")
    await patient.send(REP, update, key="k-2", response_ref=kept)
    assert (await pressing).status == 200
    [shown] = wecom.cards(REP)
    assert shown.closed == "已确认"
    assert "button_list" not in shown.content
    await wecom.wait_for(lambda: wecom.texts(REP) == [exchanges.SEE_CARD])
    assert wecom.violations == []


async def test_a_click_that_takes_longer_keeps_its_buttons_and_is_answered_in_words(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    pressing, click, kept = await pressed(wecom, bot, inbox)
    assert (await pressing).attempts[0].body == b""
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=click.response_ref, fallback="已确认。")
    await bot.send(REP, update, key="k-2", response_ref=kept)
    assert wecom.cards(REP)[0].closed is None
    assert wecom.texts(REP) == ["已确认。"]


async def test_stopping_lets_go_of_the_calls_that_are_held(
    wecom: WeComBotDialect, patient: WeComBotPlatform, inbox: FakeInbox
) -> None:
    pressing, _, _ = await pressed(wecom, patient, inbox)
    patient.hang_up()
    assert (await pressing).status == 200


async def test_who_opens_the_chat_is_welcomed_in_the_same_call(
    wecom: WeComBotDialect, patient: WeComBotPlatform, inbox: FakeInbox
) -> None:
    entering = asyncio.create_task(wecom.enter(REP))
    await wecom.wait_for(lambda: len(inbox.kept) == 1)
    await say(patient, "您好！")
    await entering
    assert [message.kind for message in wecom.shown(REP)] == ["text"]
    assert wecom.calls_of("aibot/response") == []


async def test_a_welcome_that_is_there_before_the_event_is_kept_is_not_lost(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    saying: list[asyncio.Task[None]] = []

    async def answers_at_once() -> None:
        saying.append(asyncio.create_task(say(bot, "您好！")))
        await asyncio.sleep(0.01)

    inbox.before = answers_at_once
    assert (await wecom.enter(REP)).status == 200
    await saying[0]
    assert wecom.texts(REP) == ["您好！"]
    assert wecom.calls_of("aibot/response") == []


# groups


async def test_a_group_gets_a_short_notice_and_no_result(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await wecom.send_text(REP, "今天拜访了恒力", group=GROUP)
    reply = bot.parse(inbox.only).sender.reply
    with pytest.raises(MustWriteFirst):
        await say(bot, "预算 85 万", reply=reply)
    await say(bot, "收到，结果单独发您。", key="k-2", group=GROUP, reply=reply)
    clock.advance(exchanges.GROUP_QUIET)
    await wecom.wait_for(lambda: only_stream(wecom).finished)
    assert wecom.texts(GROUP) == ["<@zhangsan> 收到，结果单独发您。"]
    assert wecom.texts(REP) == []


async def test_a_group_that_hears_nothing_is_told_where_the_result_is(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    await wecom.send_text(REP, "今天拜访了恒力", group=GROUP)
    clock.advance(exchanges.GROUP_QUIET)
    await wecom.wait_for(lambda: only_stream(wecom).finished)
    assert wecom.texts(GROUP) == ["<@zhangsan>" + exchanges.SEE_SINGLE]


# set-up


async def test_the_check_says_where_the_address_goes(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    [result] = await bot.check()
    assert result.ok
    assert "/wecom-bot/callback" in result.advice
    assert wecom.calls == []


async def test_listening_ends_at_once(bot: WeComBotPlatform, inbox: FakeInbox) -> None:
    await bot.listen(inbox.keep)
