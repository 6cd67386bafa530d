"""The WeCom platform whole: callbacks in, messages out, on a server that speaks WeCom's dialect."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.config import WeCom
from bot.errors import ContentRefused, PlatformBusy, PlatformError, RecipientUnreachable
from bot.platform import Platform, Received
from bot.wecom.adapter import MAX_BODY_BYTES, WeComPlatform
from bot.wecom.payloads import MalformedPayload
from handlers.messages import (
    CardButton,
    CardClick,
    CardField,
    CardUpdate,
    Entered,
    Left,
    OutboundCard,
    OutboundText,
    PlatformName,
    Text,
    Voice,
)
from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_hostile import HOSTILE
from tests.dialects.wecom_records import CannotPress
from tests.fakes import FakeClock

AMR = b"#!AMR\n" + bytes(range(256)) * 8
CARD = OutboundCard(
    card_id="visit-7",
    title="拜访记录 · 待确认",
    fields=(CardField(label="客户", value="宁波恒力阀门"),),
    buttons=(CardButton(text="确认", action="confirm"), CardButton(text="作废", action="discard")),
)


class FakeInbox:
    """Keeps what it is given once, as the jobs table does."""

    def __init__(self) -> None:
        self.kept: dict[str, Received] = {}
        self.asked = 0
        self.before: Callable[[], Awaitable[None]] | None = None

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        assert platform == "wecom"
        self.asked += 1
        if self.before is not None:
            await self.before()
        new = received.event_id not in self.kept
        self.kept.setdefault(received.event_id, received)
        return new

    @property
    def only(self) -> Received:
        [received] = self.kept.values()
        return received


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
async def wecom(clock: FakeClock) -> AsyncIterator[WeComDialect]:
    async with WeComDialect(now=clock.now) as wecom:
        yield wecom


@pytest.fixture
async def bot(wecom: WeComDialect, inbox: FakeInbox, clock: FakeClock) -> AsyncIterator[WeComPlatform]:
    """The platform behind a web server of its own, which the dialect server calls."""
    settings = wecom.settings() | {"timeout_s": 5.0}
    platform = WeComPlatform(WeCom(**settings), clock=clock, part_pause_s=0)
    app = web.Application()
    app.add_routes(platform.routes(inbox.keep))
    server = TestServer(app)
    await server.start_server()
    wecom.callback_url = str(server.make_url("/wecom/callback"))
    yield platform
    await server.close()
    await platform.close()


def test_it_is_a_platform(wecom: WeComDialect, clock: FakeClock) -> None:
    platform: Platform = WeComPlatform(WeCom(**wecom.settings()), clock=clock)
    assert platform.name == "wecom"
    assert platform.capabilities.per_member_per_minute == 30
    assert platform.capabilities.duplicate_check_s == 4 * 3600


# the address is verified


@pytest.mark.parametrize("escaped", [True, False], ids=["plus escaped", "plus as it is"])
async def test_the_admin_page_gets_its_echo_byte_for_byte(
    wecom: WeComDialect, bot: WeComPlatform, escaped: bool
) -> None:
    for _ in range(5):
        attempt = await wecom.verify(escaped=escaped)
        assert (attempt.status, attempt.error) == (200, "")


async def test_a_browser_gets_a_page_that_explains(wecom: WeComDialect, bot: WeComPlatform) -> None:
    async with aiohttp.ClientSession() as session, session.get(wecom.callback_url) as response:
        assert response.status == 400
        assert "接收消息" in await response.text()


async def test_a_verification_with_another_token_is_refused(wecom: WeComDialect, bot: WeComPlatform) -> None:
    wecom.seal.token = "another"
    assert (await wecom.verify()).status == 403


# callbacks


async def test_a_text_is_kept_before_the_200(wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox) -> None:
    delivery = await wecom.send_text("zhangsan", "今天拜访了恒力 👍")
    assert delivery.status == 200
    assert delivery.attempts[0].body == b""
    message = bot.parse(inbox.only)
    assert message.content == Text(text="今天拜访了恒力 👍")
    assert message.sender.user_id == "zhangsan"
    assert message.event_id == inbox.only.event_id == "7300000000000000001"
    assert message.sent_at == wecom.now()


async def test_what_is_kept_is_json_and_nothing_else(wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox) -> None:
    await wecom.send_text("zhangsan", "你好")
    assert set(inbox.only.body) == {"xml"}


async def test_a_voice_note_is_kept_and_its_sound_fetched(
    wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox
) -> None:
    await wecom.send_voice("zhangsan", AMR)
    content = bot.parse(inbox.only).content
    assert isinstance(content, Voice)
    assert (await bot.fetch_media(content.media_ref)).data == AMR


ACTS: list[tuple[str, Callable[[WeComDialect], Awaitable[Any]], str]] = [
    ("image", lambda wecom: wecom.send_image("u", b"\xff\xd8\xff"), "image"),
    ("video", lambda wecom: wecom.send_video("u", b"mp4"), "video"),
    ("file", lambda wecom: wecom.send_file("u", b"x", "a.pdf"), "file"),
    ("location", lambda wecom: wecom.send_location("u", 29.8, 121.5, "宁波"), "location"),
    ("link", lambda wecom: wecom.send_link("u", "官网", "https://example.com/?a=1&b=2"), "link"),
    ("unknown message", lambda wecom: wecom.send_other("u", "hologram"), "unsupported"),
    ("enter", lambda wecom: wecom.enter("u"), "entered"),
    ("subscribe", lambda wecom: wecom.subscribe("u"), "entered"),
    ("unsubscribe", lambda wecom: wecom.unsubscribe("u"), "left"),
    ("menu", lambda wecom: wecom.menu_click("u", "k"), "ignored"),
    ("position", lambda wecom: wecom.happen("u", "LOCATION", {"Latitude": "1"}), "ignored"),
    ("list of people", lambda wecom: wecom.change_contact("delete_user", {"UserID": "u"}), "directory_change"),
    ("department", lambda wecom: wecom.change_contact("update_party", {"Id": "2", "Name": "销售部"}), "ignored"),
    ("unknown event", lambda wecom: wecom.happen("u", "brand_new"), "ignored"),
    ("emoji", lambda wecom: wecom.send_text("u", "👩‍👩‍👧 ]]> & <b>"), "text"),
]


@pytest.mark.parametrize(("act", "kind"), [(act, kind) for _, act, kind in ACTS], ids=[name for name, _, _ in ACTS])
async def test_whatever_people_do_is_kept_and_understood(
    wecom: WeComDialect,
    bot: WeComPlatform,
    inbox: FakeInbox,
    act: Callable[[WeComDialect], Awaitable[Any]],
    kind: str,
) -> None:
    await act(wecom)
    assert bot.parse(inbox.only).content.kind == kind
    assert wecom.violations == []


async def test_coming_and_going_are_told_apart(wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox) -> None:
    for act in (wecom.enter, wecom.subscribe, wecom.unsubscribe):
        await act("zhangsan")
    contents = [bot.parse(received).content for received in inbox.kept.values()]
    assert contents == [Entered(), Entered(first_time=True), Left()]


async def test_a_repeat_is_accepted_and_has_the_same_event_id(
    wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox
) -> None:
    for delivery in [await wecom.send_text("zhangsan", "一"), await wecom.enter("zhangsan")]:
        await wecom.replay(delivery.number, copies=3)
        assert [attempt.status for attempt in delivery.attempts] == [200] * 4
    assert len(inbox.kept) == 2
    assert inbox.asked == 8


async def test_a_slow_commit_leads_to_three_deliveries_of_one_event(
    wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox
) -> None:
    wecom.callback_timeout_s = 0.2

    async def slow() -> None:
        await asyncio.sleep(0.5)

    inbox.before = slow
    delivery = await wecom.send_text("zhangsan", "一")
    assert [attempt.status for attempt in delivery.attempts] == [None] * 3
    await wecom.wait_for(lambda: len(inbox.kept) == 1)


async def test_two_events_of_one_second_are_two(wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox) -> None:
    await asyncio.gather(wecom.menu_click("zhangsan", "a"), wecom.menu_click("zhangsan", "b"))
    assert len(inbox.kept) == 2


async def test_a_burst_is_kept_whole(wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox) -> None:
    deliveries = await wecom.burst(wecom.send_text("zhangsan", str(number)) for number in range(50))
    assert all(delivery.status == 200 for delivery in deliveries)
    assert len(inbox.kept) == 50


async def test_a_commit_that_fails_is_not_answered_with_200(
    wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox
) -> None:
    async def broken() -> None:
        raise OSError("disk full")

    inbox.before = broken
    assert (await wecom.send_text("zhangsan", "一")).status == 500
    inbox.before = None
    assert (await wecom.send_text("zhangsan", "二")).status == 200


REFUSALS = {"wrong_signature": 403, "unsigned": 403, "old": 403, "from_the_future": 403, "huge": 413}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
async def test_a_hostile_callback_is_refused_and_nothing_kept(
    wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox, kind: str
) -> None:
    attempt = await wecom.hostile(kind)
    # A body that is refused while it is being sent may cost the connection before the answer is read.
    assert attempt.status == REFUSALS.get(kind, 400) or (kind == "huge" and attempt.status is None)
    assert inbox.asked == 0
    assert (await wecom.send_text("zhangsan", "你好")).status == 200


async def test_a_body_that_hides_its_size_is_cut_off(wecom: WeComDialect, bot: WeComPlatform) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 4096 + 1):
            yield b"x" * 4096

    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(wecom.callback_url, data=chunks()) as response:
                status = response.status
        except aiohttp.ClientError:
            status = 413
    assert status == 413


@pytest.mark.parametrize(("age_s", "status"), [(-599, 200), (-601, 403), (599, 200), (601, 403)])
async def test_the_replay_window_is_ten_minutes_either_way(
    wecom: WeComDialect, bot: WeComPlatform, age_s: int, status: int
) -> None:
    wecom.advance(age_s)
    assert (await wecom.send_text("zhangsan", "一")).status == status


async def test_a_refusal_is_logged_without_what_was_sent(
    wecom: WeComDialect, bot: WeComPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await wecom.hostile("wrong_signature")
    [record] = [record for record in caplog.records if record.msg == "wecom.callback_refused"]
    assert vars(record)["reason"] == "WrongSignature: signature differs"
    assert "Encrypt" not in str(vars(record))


async def test_a_signed_message_without_a_sender_is_kept_for_a_person_to_look_at(
    wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox
) -> None:
    delivery = await wecom.deliver("text", b"<xml><MsgType>text</MsgType></xml>")
    assert delivery.status == 200
    with pytest.raises(MalformedPayload, match="FromUserName"):
        bot.parse(inbox.only)


def test_a_body_kept_by_something_else_is_malformed(wecom: WeComDialect, clock: FakeClock) -> None:
    platform = WeComPlatform(WeCom(**wecom.settings()), clock=clock)
    with pytest.raises(MalformedPayload):
        platform.parse(Received("1", "zhangsan", {"json": "{}"}))


# messages out


async def test_a_card_is_shown_pressed_and_closed(wecom: WeComDialect, bot: WeComPlatform, inbox: FakeInbox) -> None:
    sent = await bot.send("zhangsan", CARD, key="k1")
    assert sent.message_ref
    assert sent.response_ref
    await wecom.press("zhangsan", "确认")
    clicked = bot.parse(inbox.only).content
    assert isinstance(clicked, CardClick)
    assert (clicked.card_id, clicked.action, clicked.chosen) == ("visit-7", "confirm", {})
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=clicked.response_ref)
    await bot.send("zhangsan", update, key="k2")
    [card] = wecom.cards("zhangsan")
    assert card.closed == "已确认"
    with pytest.raises(CannotPress):
        await wecom.press("zhangsan", "确认")
    assert wecom.violations == []


async def test_a_card_is_closed_with_the_reference_of_its_sending(wecom: WeComDialect, bot: WeComPlatform) -> None:
    sent = await bot.send("zhangsan", CARD, key="k1")
    await bot.send(
        "zhangsan", CardUpdate(card_id="visit-7", closing="已过期"), key="k2", response_ref=sent.response_ref
    )
    assert wecom.cards("zhangsan")[0].closed == "已过期"


async def test_the_same_card_for_two_people_has_two_task_ids(wecom: WeComDialect, bot: WeComPlatform) -> None:
    await bot.send("zhangsan", CARD, key="k1")
    await bot.send("lisi", CARD, key="k2")
    assert len(wecom.cards("zhangsan")) == len(wecom.cards("lisi")) == 1


@pytest.mark.parametrize("refs", [(None, None), ("spent", None), ("spent", "gone")])
async def test_a_card_that_cannot_be_closed_is_told_about_in_words(
    wecom: WeComDialect, bot: WeComPlatform, refs: tuple[str | None, str | None]
) -> None:
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=refs[0], fallback="上面的记录已确认。")
    await bot.send("zhangsan", update, key="k1", response_ref=refs[1])
    assert wecom.texts("zhangsan") == ["上面的记录已确认。"]
    await bot.send("zhangsan", update.model_copy(update={"fallback": ""}), key="k2")
    assert len(wecom.shown("zhangsan")) == 1


async def test_a_spent_click_reference_gives_way_to_that_of_sending(wecom: WeComDialect, bot: WeComPlatform) -> None:
    sent = await bot.send("zhangsan", CARD, key="k1")
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref="spent", fallback="已确认")
    await bot.send("zhangsan", update, key="k2", response_ref=sent.response_ref)
    assert wecom.cards("zhangsan")[0].closed == "已确认"
    assert wecom.texts("zhangsan") == []


async def test_closing_again_after_a_lost_answer_says_nothing_twice(wecom: WeComDialect, bot: WeComPlatform) -> None:
    sent = await bot.send("zhangsan", CARD, key="k1")
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=sent.response_ref, fallback="已确认。")
    wecom.fail("message/update_template_card", "reset_after")
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", update, key="k2")
    await bot.send("zhangsan", update, key="k2")
    assert wecom.cards("zhangsan")[0].closed == "已确认"
    assert wecom.texts("zhangsan") == []


async def test_closing_again_after_a_refusal_still_falls_back(wecom: WeComDialect, bot: WeComPlatform) -> None:
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref="spent", fallback="已确认。")
    wecom.fail("message/update_template_card", errcode=-1)
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", update, key="k2")
    await bot.send("zhangsan", update, key="k2", guard=True)
    assert wecom.texts("zhangsan") == ["已确认。"]


async def test_closing_again_after_a_restart_says_nothing_twice(
    wecom: WeComDialect, bot: WeComPlatform, clock: FakeClock
) -> None:
    sent = await bot.send("zhangsan", CARD, key="k1")
    update = CardUpdate(card_id="visit-7", closing="已确认", response_ref=sent.response_ref, fallback="已确认。")
    await bot.send("zhangsan", update, key="k2")
    restarted = WeComPlatform(WeCom(**wecom.settings()), clock=clock)
    await restarted.send("zhangsan", update, key="k2", guard=True)
    assert wecom.texts("zhangsan") == []
    await restarted.close()


async def test_the_invisible_mark_that_tells_equal_texts_apart_is_kept(wecom: WeComDialect, bot: WeComPlatform) -> None:
    for number, text in enumerate(["收到", "收到\u200b", "收到\u200b\u200b"]):
        await bot.send("zhangsan", OutboundText(text=text), key=f"k{number}", guard=True)
    assert len(wecom.texts("zhangsan")) == 3


async def test_a_long_text_arrives_whole_and_in_order(wecom: WeComDialect, bot: WeComPlatform) -> None:
    lines = [f"第{number}行 " + "客户说👍🏽" * 20 for number in range(60)]
    await bot.send("zhangsan", OutboundText(text="\n".join(lines)), key="k1")
    assert "\n".join(wecom.texts("zhangsan")).splitlines() == lines
    assert wecom.violations == []


async def test_after_a_failure_the_parts_that_arrived_are_not_sent_again(
    wecom: WeComDialect, bot: WeComPlatform
) -> None:
    text = OutboundText(text="一" * 600 + "\n" + "二" * 600 + "\n" + "三" * 600)
    wecom.fail("message/send", errcode=-1, after=1)
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", text, key="k1")
    await bot.send("zhangsan", text, key="k1")
    assert [part[0] for part in wecom.texts("zhangsan")] == ["一", "二", "三"]


async def test_a_guarded_repeat_after_a_restart_shows_nothing_twice(
    wecom: WeComDialect, bot: WeComPlatform, clock: FakeClock
) -> None:
    text = OutboundText(text="一" * 600 + "\n" + "二" * 600)
    wecom.fail("message/send", "reset_after", after=1)
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", text, key="k1")
    restarted = WeComPlatform(WeCom(**wecom.settings()), clock=clock, part_pause_s=0)
    await restarted.send("zhangsan", text, key="k1", guard=True)
    assert [part[0] for part in wecom.texts("zhangsan")] == ["一", "二"]
    await restarted.close()


async def test_equal_parts_of_one_text_all_arrive_even_when_guarded(wecom: WeComDialect, bot: WeComPlatform) -> None:
    await bot.send("zhangsan", OutboundText(text="哈" * 682 * 3), key="k1", guard=True)
    assert wecom.texts("zhangsan") == ["哈" * 682] * 3


async def test_a_repeated_card_is_swallowed(wecom: WeComDialect, bot: WeComPlatform, clock: FakeClock) -> None:
    wecom.fail("message/send", "reset_after")
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", CARD, key="k1")
    await bot.send("zhangsan", CARD, key="k1", guard=True)
    assert len(wecom.cards("zhangsan")) == 1


async def test_a_card_repeated_after_the_duplicate_window_is_known_by_its_task_id(
    wecom: WeComDialect, bot: WeComPlatform, clock: FakeClock
) -> None:
    await bot.send("zhangsan", CARD, key="k1")
    clock.advance(timedelta(hours=5))
    assert (await bot.send("zhangsan", CARD, key="k1", guard=True)).response_ref is None
    with pytest.raises(ContentRefused, match="42014"):
        await bot.send("zhangsan", CARD, key="k1")
    assert len(wecom.cards("zhangsan")) == 1


async def test_what_does_not_fit_on_a_card_is_said_before_it(wecom: WeComDialect, bot: WeComPlatform) -> None:
    card = CARD.model_copy(update={"body": "很长的一行" * 600})
    await bot.send("zhangsan", card, key="k1")
    *before, last = wecom.shown("zhangsan")
    assert "".join(wecom.texts("zhangsan")).count("很长的一行") == 600
    assert len(before) > 1
    assert last.kind == "template_card"
    assert wecom.violations == []


async def test_nothing_but_space_is_not_sent(wecom: WeComDialect, bot: WeComPlatform) -> None:
    with pytest.raises(ContentRefused):
        await bot.send("zhangsan", OutboundText(text=" \n\x07"), key="k1")
    assert wecom.calls == []


async def test_a_member_gets_at_most_thirty_a_minute_and_none_is_lost(
    wecom: WeComDialect, bot: WeComPlatform, clock: FakeClock
) -> None:
    for minute in range(3):
        for number in range(30):
            await bot.send("zhangsan", OutboundText(text=f"第{minute}分第{number}条"), key=f"k{minute}-{number}")
        with pytest.raises(PlatformBusy) as raised:
            await bot.send("zhangsan", OutboundText(text="多了"), key=f"k{minute}-more")
        assert raised.value.retry_after_s == 60
        clock.advance(timedelta(seconds=60))
    assert len(wecom.texts("zhangsan")) == 90
    assert {message.state for message in wecom.messages} == {"shown"}


async def test_a_text_of_several_parts_waits_until_all_may_go(
    wecom: WeComDialect, bot: WeComPlatform, clock: FakeClock
) -> None:
    for number in range(28):
        await bot.send("zhangsan", OutboundText(text=f"第{number}条"), key=f"k{number}")
    long = OutboundText(text="一" * 2000)
    with pytest.raises(PlatformBusy, match="own limit"):
        await bot.send("zhangsan", long, key="long")
    await bot.send("lisi", long, key="lisi")
    clock.advance(timedelta(minutes=1))
    await bot.send("zhangsan", long, key="long")
    assert len(wecom.texts("zhangsan")) == 31


async def test_more_parts_than_a_minute_takes_go_on_where_they_stopped(
    wecom: WeComDialect, bot: WeComPlatform, clock: FakeClock
) -> None:
    text = "".join(f"{number:06d}" for number in range(33 * 2048 // 6))
    with pytest.raises(PlatformBusy):
        await bot.send("zhangsan", OutboundText(text=text), key="long")
    clock.advance(timedelta(minutes=1))
    await bot.send("zhangsan", OutboundText(text=text), key="long")
    assert "".join(wecom.texts("zhangsan")) == text


async def test_one_person_out_of_reach_does_not_stop_another(wecom: WeComDialect, bot: WeComPlatform) -> None:
    wecom.unreachable.add("zhangsan")
    with pytest.raises(RecipientUnreachable):
        await bot.send("zhangsan", OutboundText(text="一"), key="k1")
    await bot.send("lisi", OutboundText(text="一"), key="k2")
    assert wecom.texts("lisi") == ["一"]


# doctor


async def test_a_sound_set_up_has_three_good_lines(wecom: WeComDialect, bot: WeComPlatform) -> None:
    results = await bot.check()
    assert [result.ok for result in results] == [True, True, True]
    assert "/wecom/callback" in results[2].detail


@pytest.mark.parametrize(
    ("api", "errcode", "advice"),
    [("gettoken", 40013, "企业 ID"), ("agent/get", 60020, "203.0.113.7"), ("agent/get", 301002, "同一个应用")],
)
async def test_a_fault_in_the_set_up_comes_with_advice(
    wecom: WeComDialect, bot: WeComPlatform, api: str, errcode: int, advice: str
) -> None:
    wecom.fail(api, errcode=errcode, times=None)
    [failed] = [result for result in await bot.check() if not result.ok]
    assert str(errcode) in failed.detail
    assert advice in failed.advice


async def test_an_app_that_nobody_sees_is_a_fault(wecom: WeComDialect, bot: WeComPlatform) -> None:
    wecom.visible_to = []
    [failed] = [result for result in await bot.check() if not result.ok]
    assert "可见范围" in failed.advice


async def test_a_server_that_cannot_be_reached_comes_with_advice(wecom: WeComDialect, bot: WeComPlatform) -> None:
    wecom.fail("gettoken", "reset", times=None)
    [failed] = await bot.check()
    assert "proxy" in failed.advice
    with pytest.raises(PlatformError):
        await bot.send("zhangsan", OutboundText(text="一"), key="k1")
