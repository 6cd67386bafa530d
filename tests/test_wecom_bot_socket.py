"""The AI bot over its long connection, on a server that speaks its dialect and makes its mistakes."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.config import WeComBot
from bot.errors import (
    ConfigError,
    ContentRefused,
    MediaGone,
    MediaTooBig,
    MustWriteFirst,
    PlatformBusy,
    PlatformError,
    RecipientUnreachable,
)
from bot.platform import Platform, Received
from bot.wecom_bot.adapter import WeComBotPlatform
from handlers.messages import (
    CardButton,
    CardClick,
    CardField,
    CardUpdate,
    File,
    Image,
    OutboundCard,
    OutboundText,
    PlatformName,
)
from tests.dialects.wecom_bot import WeComBotDialect
from tests.fakes import FakeClock

REP, GROUP = "zhangsan", "wrkGROUP"
CARD = OutboundCard(
    card_id="visit-7",
    title="拜访记录 · 待确认",
    fields=(CardField(label="客户", value="宁波恒力阀门"),),
    buttons=(CardButton(text="确认", action="confirm"), CardButton(text="作废", action="discard")),
)


class FakeInbox:
    """Keeps what it is given once, as the jobs table does; the first `failures` tries fail."""

    def __init__(self) -> None:
        self.kept: dict[str, Received] = {}
        self.failures = 0
        self.gate: asyncio.Event | None = None

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        assert platform == "wecom_bot"
        if self.gate is not None:
            await self.gate.wait()
        if self.failures > 0:
            self.failures -= 1
            raise OSError("disk full")
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
    async with WeComBotDialect(now=clock.now) as wecom:
        yield wecom


@asynccontextmanager
async def connected(
    wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock, **settings: Any
) -> AsyncIterator[WeComBotPlatform]:
    platform = WeComBotPlatform(WeComBot(**wecom.settings() | settings), clock=clock, jitter=lambda: 0.5)
    listening = asyncio.create_task(platform.listen(inbox.keep))
    try:
        await wecom.wait_for(lambda: platform.connected)
        yield platform
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await platform.close()


@pytest.fixture
async def bot(wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock) -> AsyncIterator[WeComBotPlatform]:
    async with connected(wecom, inbox, clock) as platform:
        yield platform


async def wrote(wecom: WeComBotDialect, inbox: FakeInbox, text: str = "你好", *, group: str | None = None) -> Received:
    """Somebody wrote, and it was kept."""
    asked = await wecom.send_text(REP, text, group=group)
    await wecom.wait_for(lambda: asked.message["msgid"] in inbox.kept)
    return inbox.kept[asked.message["msgid"]]


async def passes(clock: FakeClock, seconds: float) -> None:
    """Time goes by in steps, each of which is noticed by whoever waits for it."""
    for _ in range(int(seconds)):
        clock.advance(timedelta(seconds=1))
        await asyncio.sleep(0.002)


async def reconnects(clock: FakeClock, bot: WeComBotPlatform) -> None:
    """Time goes by until it is connected again."""
    async with asyncio.timeout(20):
        while not bot.connected:
            clock.advance(timedelta(seconds=1))
            await asyncio.sleep(0.02)


def test_it_is_a_platform_without_a_duplicate_check(wecom: WeComBotDialect, clock: FakeClock) -> None:
    platform: Platform = WeComBotPlatform(WeComBot(**wecom.settings()), clock=clock)
    assert platform.name == "wecom_bot"
    assert platform.capabilities.cards
    assert platform.capabilities.per_member_per_minute == 30
    assert platform.capabilities.per_member_per_hour == 1000
    assert platform.capabilities.duplicate_check_s is None
    assert platform.routes(FakeInbox().keep) == []
    assert not platform.connected


def test_plaintext_is_refused_except_on_this_machine(wecom: WeComBotDialect) -> None:
    with pytest.raises(ConfigError, match="wss"):
        WeComBotPlatform(WeComBot(**wecom.settings() | {"socket_url": "ws://openws.example"}))
    WeComBotPlatform(WeComBot(**wecom.settings() | {"socket_url": "ws://localhost:9"}))


# the connection


async def test_it_pings_every_half_minute(wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock) -> None:
    await passes(clock, 95)
    await wecom.wait_for(lambda: len(wecom.calls_of("ping")) == 3)
    assert bot.connected
    assert wecom.connections == 1


async def test_silence_means_that_the_connection_is_dead_and_a_new_one_is_made(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    wecom.fail("ping", "hang", times=None)
    began_at = clock.now()
    while wecom.connections == 1:
        await passes(clock, 1)
    assert clock.now() - began_at >= timedelta(seconds=75)
    await reconnects(clock, bot)


async def test_it_reconnects_for_ever_ever_more_slowly(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    wecom.fail("aibot_subscribe", "reset", times=6)
    await wecom.drop()
    await wecom.wait_for(lambda: not bot.connected)
    await reconnects(clock, bot)
    waits_s = [record.__dict__["wait_s"] for record in caplog.records if record.msg == "wecom_bot.disconnected"]
    # three quarters of 1, 2, 4 … 32 and 60: the jitter stands still here
    assert waits_s[:7] == [0.8, 1.5, 3.0, 6.0, 12.0, 24.0, 45.0]


async def test_whoever_was_kicked_stays_away_for_more_than_a_minute(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await wecom.kick()
        await wecom.wait_for(lambda: not bot.connected)
        await passes(clock, 60)
    assert wecom.connections == 1
    [record] = [record for record in caplog.records if record.msg == "wecom_bot.kicked"]
    assert "Bot ID" in record.__dict__["hint"]
    await reconnects(clock, bot)


async def test_two_bots_with_one_secret_do_not_take_turns(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    async with connected(wecom, inbox, clock) as other:
        await wecom.wait_for(lambda: not bot.connected)
        await passes(clock, 59)
        assert wecom.connections == 2
        assert other.connected


async def test_a_wrong_secret_is_tried_again_seldom_and_says_what_to_do(
    wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    platform = WeComBotPlatform(WeComBot(**wecom.settings() | {"secret": "wrong"}), clock=clock, jitter=lambda: 0.0)
    listening = asyncio.create_task(platform.listen(inbox.keep))
    await wecom.wait_for(lambda: len(wecom.calls_of("aibot_subscribe")) == 1)
    await passes(clock, 59)
    assert wecom.connections == 1
    await passes(clock, 3)
    await wecom.wait_for(lambda: wecom.connections >= 2)
    assert not platform.connected
    assert any("Secret" in str(record.__dict__.get("hint")) for record in caplog.records)
    assert "wrong" not in caplog.text
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await platform.close()


async def test_cancelling_ends_it_and_nothing_is_left_running(
    wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock
) -> None:
    before = asyncio.all_tasks()
    async with connected(wecom, inbox, clock) as platform:
        pass
    assert not platform.connected
    ours = {task for task in asyncio.all_tasks() - before if "wecom-bot" in task.get_name()}
    assert ours == set()
    await wecom.wait_for(lambda: not wecom.is_connected)


async def test_what_came_in_is_kept_even_while_it_stops(
    wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock
) -> None:
    inbox.gate = asyncio.Event()
    async with connected(wecom, inbox, clock):
        await wecom.send_text(REP, "你好")
        await wecom.send_raw("{}")
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().call_later(0.05, inbox.gate.set)
    assert len(inbox.kept) == 1


# what comes in


async def test_a_message_is_kept_and_nothing_is_answered_by_itself(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    received = await wrote(wecom, inbox, "今天拜访了恒力 👍")
    message = bot.parse(received)
    assert message.content.kind == "text"
    assert message.sender.user_id == REP
    assert {call.api for call in wecom.calls} == {"aibot_subscribe"}


async def test_a_message_that_cannot_be_kept_at_once_is_kept_later(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    inbox.failures = 3
    await wecom.send_text(REP, "你好")
    await wecom.wait_for(lambda: inbox.failures < 3)
    while not inbox.kept:
        await passes(clock, 1)


async def test_messages_are_kept_in_the_order_in_which_they_came(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    for number in range(300):
        await wecom.send_text(REP, str(number))
    await wecom.wait_for(lambda: len(inbox.kept) == 300)
    assert [bot.parse(one).content.text for one in inbox.kept.values()] == [str(n) for n in range(300)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "{}",
        '{"cmd": 7}',
        '{"cmd": "aibot_msg_callback"}',
        '{"cmd": "aibot_msg_callback", "headers": [], "body": {}}',
        '{"cmd": "aibot_msg_callback", "headers": {"req_id": 7}, "body": {"from": 1}}',
        '{"headers": {"req_id": "unknown"}, "errcode": 0}',
        '{"cmd": "brand_new", "headers": {"req_id": "x"}, "body": {}}',
        "[" * 5000,
    ],
    ids=lambda frame: str(frame)[:40],
)
async def test_odd_frames_are_passed_over(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, frame: str
) -> None:
    await wecom.send_raw(frame)
    await wrote(wecom, inbox)
    assert bot.connected
    assert len(inbox.kept) == 1


async def test_files_are_decrypted_with_the_key_that_came_with_them(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    for wecom.hex_keys in (False, True):
        await wecom.send_image(REP, b"\xff\xd8\xff" + bytes(range(256)))
        await wecom.wait_for(lambda: len(inbox.kept) == 1)
        content = bot.parse(inbox.only).content
        assert isinstance(content, Image)
        assert (await bot.fetch_media(content.media_ref)).data == b"\xff\xd8\xff" + bytes(range(256))
        inbox.kept.clear()


async def test_a_file_has_its_name_from_the_answer(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    await wecom.send_file(REP, b"%PDF", "安装排期表.pdf")
    await wecom.wait_for(lambda: len(inbox.kept) == 1)
    content = bot.parse(inbox.only).content
    assert isinstance(content, File)
    file = await bot.fetch_media(content.media_ref)
    assert (file.data, file.file_name, file.content_type) == (b"%PDF", "安装排期表.pdf", "")


async def sent_image(wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, data: bytes = b"png") -> str:
    await wecom.send_image(REP, data)
    await wecom.wait_for(lambda: len(inbox.kept) == 1)
    content = bot.parse(inbox.only).content
    assert isinstance(content, Image)
    return content.media_ref


async def test_a_file_is_gone_after_five_minutes(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    media_ref = await sent_image(wecom, bot, inbox)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(MediaGone):
        await bot.fetch_media(media_ref)


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("truncated", {}, MediaGone),
        ("errcode", {"errcode": 40007}, MediaGone),
        ("errcode", {"errcode": -1}, PlatformBusy),
        ("http", {"status": 404}, MediaGone),
        ("http", {"status": 502}, PlatformBusy),
        ("http", {"status": 302}, MediaGone),
    ],
    ids=str,
)
async def test_what_is_no_whole_file_is_not_taken_for_one(
    wecom: WeComBotDialect,
    bot: WeComBotPlatform,
    inbox: FakeInbox,
    kind: str,
    more: dict[str, Any],
    error: type[Exception],
) -> None:
    media_ref = await sent_image(wecom, bot, inbox)
    wecom.fail("media", kind, **more)
    with pytest.raises(error):
        await bot.fetch_media(media_ref)


async def test_a_file_above_the_cap_is_not_read(wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock) -> None:
    async with connected(wecom, inbox, clock, media_max_bytes=1024) as bot:
        media_ref = await sent_image(wecom, bot, inbox, bytes(1100))
        with pytest.raises(MediaTooBig):
            await bot.fetch_media(media_ref)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a",
        "http://x.qpic.cn/a",
        "https://qpic.cn.evil.example/",
        "https://a@x.qpic.cn/",
        "ftp://x.qpic.cn",
    ],
)
async def test_no_other_address_is_fetched(wecom: WeComBotDialect, clock: FakeClock, url: str) -> None:
    platform = WeComBotPlatform(WeComBot(**wecom.settings() | {"media_hosts": [".qpic.cn"]}), clock=clock)
    with pytest.raises(PlatformError) as refused:
        await platform.fetch_media(json.dumps({"url": url, "key": "k" * 43}))
    assert refused.value.code == "host"
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize("media_ref", ["", "{}", "[]", '{"url": "http://127.0.0.1/x", "key": "short"}'])
async def test_a_reference_that_is_none_is_gone(bot: WeComBotPlatform, media_ref: str) -> None:
    with pytest.raises(MediaGone):
        await bot.fetch_media(media_ref)


# what goes out


async def say(bot: WeComBotPlatform, text: str = "收到", key: str = "k-1", **more: Any) -> None:
    await bot.send(REP, OutboundText(text=text), key=key, **more)


async def test_a_text_reaches_its_person(wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox) -> None:
    await wrote(wecom, inbox)
    await say(bot, "预算 85*2 万 <@all>")
    assert wecom.texts(REP) == ["预算 85＊2 万 ＜@all>"]


async def test_somebody_who_never_wrote_has_to_write_first(wecom: WeComBotDialect, bot: WeComBotPlatform) -> None:
    with pytest.raises(MustWriteFirst) as refused:
        await say(bot)
    assert "发一句话" in refused.value.hint


async def test_a_message_can_be_answered_where_its_writer_cannot_be_pushed_to(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    reply = bot.parse(await wrote(wecom, inbox)).sender.reply
    wecom.fail("aibot_send_msg", errcode=93006, times=None)
    await say(bot, reply=reply)
    assert wecom.texts(REP) == ["收到"]


async def test_what_a_person_wrote_in_a_group_is_never_answered_there_by_accident(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    reply = bot.parse(await wrote(wecom, inbox, group=GROUP)).sender.reply
    with pytest.raises(MustWriteFirst):
        await say(bot, "预算 85 万", reply=reply)
    assert wecom.texts(GROUP) == []


@pytest.mark.parametrize("is_answer", [True, False], ids=["as an answer", "as a push"])
async def test_a_notice_in_a_group_names_its_person(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, is_answer: bool
) -> None:
    reply = bot.parse(await wrote(wecom, inbox, group=GROUP)).sender.reply
    await say(bot, "结果已单独发给您。", group=GROUP, reply=reply if is_answer else None)
    assert wecom.texts(GROUP) == ["<@zhangsan> 结果已单独发给您。"]
    assert len(wecom.calls_of("aibot_respond_msg" if is_answer else "aibot_send_msg")) == 1


async def test_a_notice_too_late_to_be_an_answer_is_pushed(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    reply = bot.parse(await wrote(wecom, inbox, group=GROUP)).sender.reply
    wecom.fail("aibot_respond_msg", errcode=846605)
    await say(bot, "好了", group=GROUP, reply=reply)
    assert wecom.texts(GROUP) == ["<@zhangsan> 好了"]


async def test_a_group_that_we_are_not_in_is_out_of_reach(bot: WeComBotPlatform) -> None:
    with pytest.raises(RecipientUnreachable):
        await say(bot, group="wrkELSEWHERE")


async def test_no_card_goes_into_a_group(bot: WeComBotPlatform) -> None:
    with pytest.raises(ContentRefused):
        await bot.send(REP, CARD, key="k", group=GROUP)


async def test_without_a_connection_sending_waits(wecom: WeComBotDialect, inbox: FakeInbox, clock: FakeClock) -> None:
    platform = WeComBotPlatform(WeComBot(**wecom.settings()), clock=clock)
    with pytest.raises(PlatformBusy) as busy:
        await say(platform)
    assert "同一个进程" in busy.value.hint


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (-1, PlatformBusy),
        (6000, PlatformBusy),
        (45009, PlatformBusy),
        (846608, PlatformError),
        (40058, ContentRefused),
        (45002, ContentRefused),
        (60111, RecipientUnreachable),
        (999999, PlatformError),
    ],
)
async def test_every_refusal_has_a_kind_and_a_hint(
    wecom: WeComBotDialect, bot: WeComBotPlatform, errcode: int, error: type[PlatformError]
) -> None:
    wecom.fail("aibot_send_msg", errcode=errcode)
    with pytest.raises(PlatformError) as refused:
        await say(bot)
    assert type(refused.value) is error
    assert refused.value.hint


async def test_the_limit_of_a_conversation_is_kept_by_ourselves(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await wrote(wecom, inbox)
    for number in range(30):
        await say(bot, key=f"k-{number}")
    with pytest.raises(PlatformBusy):
        await say(bot, key="k-30")
    clock.advance(timedelta(minutes=1))
    await say(bot, key="k-30")
    assert wecom.violations == []


# acks


async def until_unanswered(wecom: WeComBotDialect, clock: FakeClock, bot: WeComBotPlatform, **more: Any) -> None:
    """A send that gets no ack, and gives up after five seconds."""
    calls = len(wecom.calls)
    sending = asyncio.create_task(say(bot, **more))
    await wecom.wait_for(lambda: len(wecom.calls) > calls)
    await passes(clock, 6)
    with pytest.raises(PlatformBusy):
        await sending


async def test_a_message_whose_ack_came_late_is_not_sent_again(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await wrote(wecom, inbox)
    wecom.fail("aibot_send_msg", "late")
    await until_unanswered(wecom, clock, bot)
    await wecom.release()
    await wrote(wecom, inbox, "又来一条")  # what came after the ack has been read, so the ack has been too
    await say(bot)
    assert wecom.texts(REP) == ["收到"]


async def test_a_message_that_never_arrived_is_sent_again(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await wrote(wecom, inbox)
    wecom.fail("aibot_send_msg", "reset")
    with pytest.raises(PlatformBusy):
        await say(bot)
    await reconnects(clock, bot)
    await say(bot)
    assert wecom.texts(REP) == ["收到"]


async def test_a_card_that_arrived_although_its_ack_was_lost_is_not_shown_again(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await wrote(wecom, inbox)
    wecom.fail("aibot_send_msg", "reset_after")
    with pytest.raises(PlatformBusy):
        await bot.send(REP, CARD, key="k")
    await reconnects(clock, bot)
    await bot.send(REP, CARD, key="k", guard=True)
    assert len(wecom.cards(REP)) == 1


async def test_after_a_lost_ack_no_second_answer_goes_under_the_same_id(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    reply = bot.parse(await wrote(wecom, inbox, group=GROUP)).sender.reply
    wecom.fail("aibot_respond_msg", "late")
    await until_unanswered(wecom, clock, bot, group=GROUP, reply=reply)
    await say(bot, "第二条", key="k-2", group=GROUP, reply=reply)
    assert len(wecom.calls_of("aibot_respond_msg")) == 1
    assert wecom.violations == []


async def test_a_long_text_goes_on_where_it_failed(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    await wrote(wecom, inbox)
    text = "\n".join(f"第{number}行" + "字" * 50 for number in range(120))
    wecom.fail("aibot_send_msg", errcode=-1, after=1)
    with pytest.raises(PlatformBusy):
        await say(bot, text)
    await say(bot, text)
    assert "\n".join(wecom.texts(REP)).split("\n") == text.split("\n")
    assert len(wecom.texts(REP)) == 3


# cards


async def pressed(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, *, flat: bool = False
) -> tuple[CardClick, str | None]:
    """The card was sent and its button pressed; returns the click and what was kept from sending."""
    await wrote(wecom, inbox)
    sent = await bot.send(REP, CARD, key="k-card")
    inbox.kept.clear()
    wecom.flat_events = flat
    await wecom.press(REP, "确认")
    await wecom.wait_for(lambda: len(inbox.kept) == 1)
    content = bot.parse(inbox.only).content
    assert isinstance(content, CardClick)
    return content, sent.response_ref


@pytest.mark.parametrize("flat", [False, True], ids=["nested", "flat"])
async def test_a_pressed_card_loses_its_buttons_and_keeps_what_it_said(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, flat: bool
) -> None:
    click, kept = await pressed(wecom, bot, inbox, flat=flat)
    assert (click.card_id, click.action) == ("visit-7", "confirm")
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=click.response_ref, fallback="已确认。")
    await bot.send(REP, update, key="k-2", response_ref=kept)
    [card] = wecom.cards(REP)
    assert card.closed == "已确认"
    assert card.content["main_title"]["title"] == "拜访记录 · 待确认"
    assert card.content["horizontal_content_list"] == [{"keyname": "客户", "value": "宁波恒力阀门"}]
    assert "button_list" not in card.content
    assert wecom.texts(REP) == []
    assert wecom.violations == []


async def test_a_card_whose_face_is_forgotten_is_closed_all_the_same(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    click, _ = await pressed(wecom, bot, inbox)
    await bot.send(REP, CardUpdate(card_id="visit-7", closing="已确认", response_ref=click.response_ref), key="k-2")
    assert wecom.cards(REP)[0].closed == "已确认"
    assert wecom.violations == []


@pytest.mark.parametrize("late", ["own clock", "their answer"])
async def test_a_card_that_can_no_longer_be_changed_is_closed_in_words(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock, late: str
) -> None:
    click, kept = await pressed(wecom, bot, inbox)
    if late == "own clock":
        clock.advance(timedelta(seconds=5))
    else:
        wecom.fail("aibot_respond_update_msg", errcode=846605)
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=click.response_ref, fallback="已确认。")
    await bot.send(REP, update, key="k-2", response_ref=kept)
    assert wecom.texts(REP) == ["已确认。"]
    assert len(wecom.calls_of("aibot_respond_update_msg")) == (0 if late == "own clock" else 1)


async def test_a_card_without_a_click_is_closed_in_words_or_not_at_all(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    await wrote(wecom, inbox)
    await bot.send(REP, CardUpdate(card_id="visit-7", closing="已过期"), key="k-1")
    await bot.send(REP, CardUpdate(card_id="visit-7", closing="已过期", fallback="已过期。"), key="k-2")
    assert wecom.texts(REP) == ["已过期。"]


# the welcome


async def test_who_opens_the_chat_is_welcomed_without_having_written(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox
) -> None:
    await wecom.enter(REP)
    await wecom.wait_for(lambda: len(inbox.kept) == 1)
    assert bot.parse(inbox.only).content.kind == "entered"
    await say(bot, "您好！")
    assert [message.kind for message in wecom.shown(REP)] == ["text"]


async def test_a_welcome_that_comes_too_late_has_to_wait_for_their_first_words(
    wecom: WeComBotDialect, bot: WeComBotPlatform, inbox: FakeInbox, clock: FakeClock
) -> None:
    await wecom.enter(REP)
    await wecom.wait_for(lambda: len(inbox.kept) == 1)
    clock.advance(timedelta(seconds=5))
    with pytest.raises(MustWriteFirst):
        await say(bot, "您好！")


# set-up


async def test_the_check_reaches_the_address_and_disturbs_nobody(
    wecom: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    doctor = WeComBotPlatform(WeComBot(**wecom.settings()), clock=clock)
    [result] = await doctor.check()
    await doctor.close()
    assert result.ok
    assert "同一个进程" in result.advice
    assert bot.connected
    assert wecom.connections == 1


async def test_the_check_says_what_to_do_when_nothing_answers(wecom: WeComBotDialect, clock: FakeClock) -> None:
    doctor = WeComBotPlatform(WeComBot(**wecom.settings() | {"socket_url": "ws://127.0.0.1:1/"}), clock=clock)
    [result] = await doctor.check()
    await doctor.close()
    assert not result.ok
    assert "防火墙" in result.advice
