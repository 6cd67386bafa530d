"""The Stream client against a gateway that does what the test says."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dingtalk.stream import (
    FRAME_MAX_BYTES,
    SOCKET_MAX_BYTES,
    Frame,
    Gateway,
    StreamClient,
    Timings,
    UnknownTopic,
    _Pulse,
    endpoint_allowed,
)
from bot.errors import NotPermitted, PlatformBusy
from tests.stream_stage import (
    BOT,
    CARD,
    Keeper,
    Link,
    Pauses,
    TinyGateway,
    event,
    frame,
    leftovers,
    message,
    stopped,
    streaming,
    system,
    until,
)

QUICK = Timings(idle_s=1.0, heartbeat_s=0.4, close_s=0.1, lived_s=3600)
"""A dead connection is found in a moment."""
PATIENT = Timings(lived_s=0)
"""Every connection counts as one that lived."""


@pytest.fixture
async def gateway() -> AsyncIterator[TinyGateway]:
    async with TinyGateway().serving() as gateway:
        yield gateway


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


def logged(caplog: pytest.LogCaptureFixture, event_name: str) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.getMessage() == event_name]


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.dingtalk.stream")


# Frames and their answers


async def test_a_message_is_answered_with_what_was_made_of_it(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.answer = {"response": {"cardUpdateOptions": {}, "说明": "已记录"}}
    async with streaming(gateway, keeper):
        link = await gateway.link(1)
        sent = message()
        await link.push(sent)
        answer = await link.answer_to(sent)

    assert answer["code"] == 200
    assert answer["headers"] == {"messageId": sent["headers"]["messageId"], "contentType": "application/json"}
    assert json.loads(answer["data"]) == keeper.answer


async def test_a_frame_comes_with_its_topic_its_headers_and_its_data(gateway: TinyGateway) -> None:
    seen: list[Frame] = []

    async def see(one: Frame) -> dict[str, Any]:
        seen.append(one)
        return {"status": "SUCCESS"}

    async with streaming(gateway, see):
        link = await gateway.link(1)
        sent = event("m+/=1")
        sent["headers"]["eventBornTime"] = 1690362102194
        await link.push(sent)
        await link.answer_to("m+/=1")

    [one] = seen
    assert (one.type, one.topic, one.message_id) == ("EVENT", "*", "m+/=1")
    assert one.data == {"userId": ["u1"]}
    assert one.headers["eventType"] == "user_leave_org"
    assert "eventBornTime" not in one.headers, "only strings are promised"


async def test_nothing_is_answered_before_the_frame_is_kept(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.hold()
    async with streaming(gateway, keeper):
        link = await gateway.link(1)
        sent, ping = message(), system("ping", {"opaque": "1"})
        await link.push(sent, ping)
        await link.answer_to(ping)
        assert len(keeper.kept) == 1
        assert link.answers_to(sent["headers"]["messageId"]) == []

        keeper.release()
        assert (await link.answer_to(sent))["code"] == 200


async def test_a_topic_that_nobody_waits_for_is_answered_404(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.failure = UnknownTopic("/v1.0/graph/api/invoke")
    async with streaming(gateway, keeper) as client:
        link = await gateway.link(1)
        sent = frame("CALLBACK", "/v1.0/graph/api/invoke", {})
        await link.push(sent)
        assert (await link.answer_to(sent))["code"] == 404
        assert client.counts.unknown == 1


async def test_a_message_that_could_not_be_kept_is_answered_500_and_an_event_later(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.failure = RuntimeError("今天拜访了张总")
    async with streaming(gateway, keeper) as client:
        link = await gateway.link(1)
        written, happened = message(), event()
        await link.push(written, happened)
        assert (await link.answer_to(written))["code"] == 500
        answer = await link.answer_to(happened)
        assert (answer["code"], json.loads(answer["data"])) == (200, {"status": "LATER"})

        keeper.failure = None
        await link.push(again := message())
        assert (await link.answer_to(again))["code"] == 200
        assert client.counts.failed == 2
    assert len(logged(caplog, "stream.not_kept")) == 2
    assert "张总" not in str([vars(record) for record in caplog.records])


async def test_what_cannot_be_written_as_json_counts_as_not_kept(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.answer = {"response": object()}  # type: ignore[dict-item]
    async with streaming(gateway, keeper):
        link = await gateway.link(1)
        await link.push(sent := message())
        assert (await link.answer_to(sent))["code"] == 500


async def test_a_frame_that_takes_too_long_is_given_back(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.hold()
    async with streaming(gateway, keeper, timings=Timings(handle_s=0.05)):
        link = await gateway.link(1)
        await link.push(sent := message())
        assert (await link.answer_to(sent))["code"] == 500
    assert keeper.at_once == 0


async def test_a_ping_gets_its_data_back_while_every_hand_is_full(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.hold()
    async with streaming(gateway, keeper, most_at_once=4):
        link = await gateway.link(1)
        sent = [message(str(number)) for number in range(20)]
        ping = system("ping", {"opaque": "€\ud800 \\u0000"})
        await link.push(*sent, json.dumps(ping))
        assert json.loads((await link.answer_to(ping))["data"]) == {"opaque": "€\ud800 \\u0000"}
        assert link.answers_to(sent[0]["headers"]["messageId"]) == []

        keeper.release()
        for one in sent:
            assert (await link.answer_to(one))["code"] == 200
    assert keeper.most_at_once == 4


async def test_frames_are_begun_in_the_order_in_which_they_came(gateway: TinyGateway, keeper: Keeper) -> None:
    async with streaming(gateway, keeper, most_at_once=3):
        link = await gateway.link(1)
        sent = [message(message_id=f"m{number}") for number in range(200)]
        await link.push(*sent)
        await until(lambda: len(link.answers) == 200, "all answers")
    assert keeper.kept == [f"m{number}" for number in range(200)]


async def test_frames_beyond_what_can_wait_are_given_back_at_once(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.hold()
    async with streaming(gateway, keeper, most_at_once=1, most_waiting=3):
        link = await gateway.link(1)
        await link.push(*(message(message_id=f"m{number}") for number in range(4)), event("e"))
        assert (await link.answer_to("m3"))["code"] == 500
        assert json.loads((await link.answer_to("e"))["data"]) == {"status": "LATER"}
        keeper.release()
        assert [(await link.answer_to(f"m{number}"))["code"] for number in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("topic", ["CONNECTED", "REGISTERED", "KEEPALIVE", "of tomorrow"])
async def test_other_system_frames_do_no_harm(gateway: TinyGateway, keeper: Keeper, topic: str) -> None:
    async with streaming(gateway, keeper):
        link = await gateway.link(1)
        await link.push(system(topic), sent := message())
        assert (await link.answer_to(sent))["code"] == 200
    assert len(gateway.links) == 1


ODD_FRAMES: dict[str, str | bytes | dict[str, Any]] = {
    "no JSON": "你好",
    "cut off": '{"type":"CALLBACK",',
    "a list": "[]",
    "nested beyond reason": "[" * 100_000,
    "a number too long to read": "1" * 10_000,
    "empty": "",
    "empty object": "{}",
    "binary": b"\x00\xff",
    "unknown type": frame("GRAPH", BOT, {}),
    "type of the wrong type": {"type": ["CALLBACK"], "headers": {"topic": BOT}, "data": "{}"},
    "no headers": {"type": "CALLBACK", "data": "{}"},
    "headers of the wrong type": {"type": "EVENT", "headers": "topic", "data": "{}"},
    "no data": {"type": "CALLBACK", "headers": {"topic": BOT, "messageId": "odd"}},
    "data that is no object": frame("CALLBACK", BOT, ["text"]),
    "data that is no JSON": {"type": "EVENT", "headers": {"messageId": "odd"}, "data": "<xml/>"},
    "oversize": frame("CALLBACK", BOT, {"text": "很" * FRAME_MAX_BYTES}),
    "system without data": {"type": "SYSTEM", "headers": {"topic": "KEEPALIVE"}},
    "ping without data": {"type": "SYSTEM", "headers": {"topic": "ping"}},
}


@pytest.mark.parametrize("odd", ODD_FRAMES.values(), ids=ODD_FRAMES)
async def test_an_odd_frame_costs_nothing_but_itself(
    gateway: TinyGateway, keeper: Keeper, odd: str | bytes | dict[str, Any]
) -> None:
    async with streaming(gateway, keeper):
        link = await gateway.link(1)
        await link.push(odd, sent := message())
        assert (await link.answer_to(sent))["code"] == 200
    assert len(gateway.links) == 1


async def test_data_that_is_no_object_is_answered_400_and_never_shown(gateway: TinyGateway, keeper: Keeper) -> None:
    async with streaming(gateway, keeper) as client:
        link = await gateway.link(1)
        await link.push(odd := frame("CALLBACK", BOT, "text"))
        assert (await link.answer_to(odd))["code"] == 400
        assert client.counts.malformed == 1
    assert keeper.kept == []


async def test_an_oversize_frame_is_never_shown(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    async with streaming(gateway, keeper) as client:
        link = await gateway.link(1)
        await link.push(ODD_FRAMES["oversize"], sent := message())
        await link.answer_to(sent)
        assert client.counts.malformed == 1
    assert len(keeper.kept) == 1
    assert logged(caplog, "stream.malformed")[0]["why"] == "oversize"


async def test_a_frame_beyond_all_measure_costs_the_connection_and_a_new_one_is_opened(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    async with streaming(gateway, keeper):
        link = await gateway.link(1)
        with suppress(ConnectionError):  # hung up on before it could say all of it
            await link.push("x" * (SOCKET_MAX_BYTES + 1))
        link = await gateway.link(2)
        await link.push(sent := message())
        assert (await link.answer_to(sent))["code"] == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
odd_headers = st.fixed_dictionaries(
    {},
    optional={
        "topic": st.sampled_from([BOT, CARD, "*", "KEEPALIVE", "ping"]) | json_values,
        "messageId": json_values,
        "time": json_values,
    },
)
odd_frames = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["CALLBACK", "EVENT", "SYSTEM"]) | json_values,
        "headers": odd_headers | json_values,
        "data": json_values | json_values.map(json.dumps),
    },
).map(json.dumps)


@settings(max_examples=15)  # each opens a connection of its own
@given(st.lists(odd_frames | st.text() | st.binary(), max_size=20))
def test_no_sequence_of_frames_ends_a_connection(frames: list[str | bytes]) -> None:
    async def run() -> None:
        async with TinyGateway().serving() as gateway, streaming(gateway, keeper := Keeper()) as client:
            link = await gateway.link(1)
            await link.push(*frames, sent := message(message_id="the last"))
            assert (await link.answer_to(sent))["code"] == 200
            assert "the last" in keeper.kept
            assert client.connected
            assert len(gateway.links) == 1

    asyncio.run(run())


# Told to go


async def test_when_told_to_go_a_new_connection_stands_before_the_old_one_is_closed(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    pauses = Pauses()
    keeper.hold()
    async with streaming(gateway, keeper, timings=PATIENT, pause=pauses) as client:
        old = await gateway.link(1)
        await old.push(slow := message("slow"), system("disconnect", {"reason": "connection is expired"}))
        new = await gateway.link(2)
        assert not old.closed.is_set()
        await until(lambda: client.connected, "the client to say that it is connected")

        await new.push(next_one := message("next"))
        keeper.release()
        assert (await old.answer_to(slow))["code"] == 200, "on the connection on which it came"
        assert (await new.answer_to(next_one))["code"] == 200
        await until(old.closed.is_set, "the old connection to be closed")
        assert not new.closed.is_set()
        assert client.counts.disconnects == 1
    assert pauses.waits_s == [0], "nothing is pushed to anybody meanwhile"
    assert logged(caplog, "stream.lost")[0]["why"] == "connection is expired"


async def test_an_old_connection_is_kept_until_the_new_one_stands(gateway: TinyGateway, keeper: Keeper) -> None:
    async with streaming(gateway, keeper, timings=PATIENT):
        old = await gateway.link(1)
        gateway.slow = asyncio.Event()
        await old.push(system("disconnect"))
        await until(lambda: gateway.handshakes == 2, "the next handshake")
        await old.push(late := message())
        assert (await old.answer_to(late))["code"] == 200
        gateway.slow.set()
        await gateway.link(2)
        await until(old.closed.is_set, "the old connection to be closed")


async def test_frames_that_still_come_on_the_old_connection_are_answered_there(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    keeper.hold()
    async with streaming(gateway, keeper, timings=PATIENT):
        old = await gateway.link(1)
        await old.push(slow := message(), system("disconnect"), late := message("late"), system("disconnect"))
        await gateway.link(2)
        keeper.release()
        assert (await old.answer_to(slow))["code"] == 200
        assert (await old.answer_to(late))["code"] == 200
        await until(old.closed.is_set, "the old connection to be closed")
    assert len(gateway.links) == 2


async def test_an_old_connection_is_closed_although_a_frame_of_it_never_ends(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.hold()
    async with streaming(gateway, keeper, timings=Timings(lived_s=0, drain_s=0.05)):
        old = await gateway.link(1)
        await old.push(message(), system("disconnect"))
        await until(old.closed.is_set, "the old connection to be closed")
        assert old.answers == []
        assert keeper.at_once == 0
    assert logged(caplog, "stream.undrained")[0]["frames"] == 1


async def test_an_old_connection_ends_in_time_although_no_new_one_can_be_opened(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    async with streaming(gateway, keeper, timings=Timings(lived_s=0, drain_s=0.05)) as client:
        old = await gateway.link(1)
        gateway.refusals.extend([503] * 10_000)
        await old.push(system("disconnect"))
        await until(old.closed.is_set, "the old connection to be closed")
        assert not client.connected
        gateway.refusals.clear()
        await gateway.link(2)


async def test_a_gateway_that_sends_everybody_away_at_once_is_not_asked_again_at_once(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    pauses = Pauses()
    async with streaming(gateway, keeper, pause=pauses, jitter=lambda: 0.0):
        for number in range(1, 5):
            await (await gateway.link(number)).push(system("disconnect"))
        await gateway.link(5)
    assert pauses.waits_s == [2, 4, 8, 16]


# Lost


async def closes(code: int, gateway: TinyGateway) -> None:
    await gateway.links[-1].socket.close(code=code)


async def aborts(gateway: TinyGateway) -> None:
    gateway.links[-1].abort()


async def hangs_up(gateway: TinyGateway) -> None:
    gateway.links[-1].transport.close()


async def falls_silent(gateway: TinyGateway) -> None:
    gateway.links[-1].mute.set()


async def stops_answering_pings(gateway: TinyGateway) -> None:
    gateway.links[-1].pongs = False


LOSSES: dict[str, Callable[[TinyGateway], Any]] = {
    "closed 1000": lambda gateway: closes(1000, gateway),
    "closed 1011": lambda gateway: closes(1011, gateway),
    "closed without a word": hangs_up,
    "reset": aborts,
    "half open": falls_silent,
    "no pong": stops_answering_pings,
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
async def test_a_lost_connection_is_replaced_with_a_new_ticket(
    gateway: TinyGateway, keeper: Keeper, lose: Callable[[TinyGateway], Any], caplog: pytest.LogCaptureFixture
) -> None:
    pauses = Pauses()
    async with streaming(gateway, keeper, timings=QUICK, pause=pauses) as client:
        await gateway.link(1)
        await lose(gateway)
        link = await gateway.link(2)
        await link.push(sent := message())
        assert (await link.answer_to(sent))["code"] == 200
        assert client.counts.lost == 1
    assert len(set(gateway.used)) == 2
    assert 1 <= pauses.waits_s[0] <= 2
    assert logged(caplog, "stream.lost")[0]["why"]
    assert logged(caplog, "stream.reconnecting")[0]["wait_s"] == pytest.approx(pauses.waits_s[0], abs=0.1)


async def test_a_ping_without_a_pong_is_enough_to_give_a_connection_up(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    async with streaming(gateway, keeper, timings=Timings(idle_s=3600, heartbeat_s=0.1)):
        (await gateway.link(1)).pongs = False
        await gateway.link(2)
    assert logged(caplog, "stream.lost")[0]["why"] == "ServerTimeoutError"


async def test_a_connection_without_a_single_frame_is_given_up_even_where_pings_are_off(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    async with streaming(gateway, keeper, timings=Timings(idle_s=0.1, heartbeat_s=60, close_s=0.1)):
        (await gateway.link(1)).mute.set()
        await gateway.link(2)
    assert logged(caplog, "stream.lost")[0]["why"] == "idle"


async def pong(link: Link) -> None:
    while not link.closed.is_set():
        await link.socket.pong(b"")
        await asyncio.sleep(0.05)


async def test_pongs_keep_a_quiet_connection_alive(gateway: TinyGateway, keeper: Keeper) -> None:
    async with streaming(gateway, keeper, timings=Timings(idle_s=0.8, heartbeat_s=60)):
        link = await gateway.link(1)
        ponging = asyncio.create_task(pong(link))
        await asyncio.sleep(1.0)
        await link.push(sent := message())
        assert (await link.answer_to(sent))["code"] == 200
        ponging.cancel()
    assert len(gateway.links) == 1


async def test_a_gateway_that_used_to_speak_and_now_only_answers_pings_is_left_for_a_new_connection(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    async with streaming(gateway, keeper, timings=Timings(idle_s=0.8, heartbeat_s=60)):
        old = await gateway.link(1)
        await old.push(*(system("KEEPALIVE") for _ in range(5)))
        ponging = asyncio.create_task(pong(old))
        new = await gateway.link(2)
        await new.push(sent := message())
        assert (await new.answer_to(sent))["code"] == 200
        await until(old.closed.is_set, "the old connection to be closed")
        await asyncio.gather(ponging, return_exceptions=True)
    assert logged(caplog, "stream.lost")[0]["why"] == "silent"


def test_a_gateway_is_overdue_only_where_it_had_a_rhythm_and_broke_it() -> None:
    pulse = _Pulse(heard_s=0.0)
    pulse.beat(0.0)
    assert not pulse.is_overdue(100_000, idle_s=90), "nothing says that it ever speaks"
    for at_s in (30.0, 65.0, 95.0):
        pulse.beat(at_s)
        pulse.heard_s = at_s
    assert not pulse.is_overdue(95 + 140, idle_s=90), "four times its longest gap of 35 s"
    assert pulse.is_overdue(95 + 141, idle_s=90)
    assert not pulse.is_overdue(95 + 141, idle_s=300)
    pulse.heard_s = 200.0
    assert not pulse.is_overdue(95 + 141, idle_s=90), "a message is a sign of life as well"


async def test_the_gateways_own_pings_are_answered(gateway: TinyGateway, keeper: Keeper) -> None:
    async with streaming(gateway, keeper, timings=Timings(heartbeat_s=60)):
        link = await gateway.link(1)
        await link.socket.ping(b"are you there")
        await until(lambda: b"are you there" in link.ponged, "the pong")


async def test_a_frame_whose_connection_is_gone_is_kept_and_its_lost_answer_noticed(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.hold()
    async with streaming(gateway, keeper) as client:
        old = await gateway.link(1)
        await old.push(sent := message())
        await until(lambda: len(keeper.kept) == 1, "the frame to be shown")
        old.abort()
        new = await gateway.link(2)
        keeper.release()
        await until(lambda: client.counts.acks_lost == 1, "the answer to fail")
        assert new.answers == [], "its number means nothing on another connection"

        await new.push(sent)
        assert (await new.answer_to(sent))["code"] == 200
    assert logged(caplog, "stream.ack_lost")


# Waits


async def test_waits_double_up_to_a_minute_and_start_anew_after_a_connection_that_lived(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    gateway.refusals.extend([503] * 8)
    pauses = Pauses()
    timings = Timings(lived_s=0.05)
    async with streaming(gateway, keeper, pause=pauses, jitter=lambda: 0.0, timings=timings):
        link = await gateway.link(1)
        assert pauses.waits_s == [2, 4, 8, 16, 32, 60, 60, 60]
        await asyncio.sleep(0.1)
        link.abort()
        await gateway.link(2)
        assert pauses.waits_s[8:] == [2]


async def test_connections_that_end_at_once_make_the_waits_grow(gateway: TinyGateway, keeper: Keeper) -> None:
    pauses = Pauses()
    gateway.opened = lambda link: link.abort()
    async with streaming(gateway, keeper, pause=pauses, jitter=lambda: 1.0):
        await until(lambda: len(pauses.waits_s) >= 7, "seven waits")
    assert pauses.waits_s[:7] == [1, 2, 4, 8, 16, 30, 30]


async def test_waits_stay_within_their_bounds_after_hundreds_of_failures(gateway: TinyGateway, keeper: Keeper) -> None:
    pauses = Pauses()

    async def refuse() -> Gateway:
        raise PlatformBusy("gateway/open", 503)

    async with streaming(gateway, keeper, open_gateway=refuse, pause=pauses):
        await until(lambda: len(pauses.waits_s) > 300, "many waits")
    assert all(1 <= wait_s <= 60 for wait_s in pauses.waits_s)
    assert len(set(pauses.waits_s)) > 100, "not everybody comes back at the same moment"


async def test_wrong_credentials_are_left_alone_for_a_minute_and_the_hint_is_logged(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    pauses = Pauses()

    async def refuse() -> Gateway:
        raise NotPermitted("gateway/open", 401, hint="Client Secret 不正确。")

    async with streaming(gateway, keeper, open_gateway=refuse, pause=pauses) as client:
        await until(lambda: len(pauses.waits_s) >= 3, "three refusals")
        assert client.counts.refused >= 3
    assert all(60 <= wait_s <= 90 for wait_s in pauses.waits_s)
    assert logged(caplog, "stream.refused")[0]["hint"] == "Client Secret 不正确。"


@pytest.mark.parametrize(("asked_s", "waited_s"), [(1.0, 2), (45.0, 45), (86_400.0, 600)])
async def test_a_gateway_that_says_when_to_come_again_is_believed_within_reason(
    gateway: TinyGateway, keeper: Keeper, asked_s: float, waited_s: float
) -> None:
    pauses = Pauses()

    async def refuse() -> Gateway:
        raise PlatformBusy("gateway/open", 403, retry_after_s=asked_s)

    async with streaming(gateway, keeper, open_gateway=refuse, pause=pauses, jitter=lambda: 0.0):
        await until(lambda: bool(pauses.waits_s), "a wait")
    assert pauses.waits_s[0] == waited_s


async def test_a_fault_of_our_own_does_not_end_the_client(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    faults: Iterator[Exception] = iter([KeyError("ticket-1"), ValueError("ticket-1")])

    async def stumble() -> Gateway:
        for fault in faults:
            raise fault
        return await gateway.open()

    async with streaming(gateway, keeper, open_gateway=stumble):
        link = await gateway.link(1)
        await link.push(sent := message())
        assert (await link.answer_to(sent))["code"] == 200
    assert len(logged(caplog, "stream.fault")) == 2
    assert "ticket-1" not in str([vars(record) for record in caplog.records])


async def test_no_ticket_and_no_word_is_logged(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.ticket = "{}SECRET{}"
    gateway.refusals.append(401)
    async with streaming(gateway, keeper, timings=QUICK):
        link = await gateway.link(1)
        await link.push(
            message("张总"), message("张总")["data"], frame("GRAPH", BOT, {"text": "张总"}), sent := event()
        )
        await link.answer_to(sent)
        link.mute.set()
        await gateway.link(2)
    lines = str([vars(record) for record in caplog.records if record.name.startswith("bot.")])
    assert logged(caplog, "stream.unreachable")[0]["code"] == 401
    assert "SECRET" not in lines
    assert "张总" not in lines


# Where to


@pytest.mark.parametrize(
    "endpoint",
    [
        "wss://wss-open-connection.dingtalk.com:443/connect",
        "wss://wss-open-connection-union.dingtalk.com:443/connect",
        "wss://api.dingtalk.com/connect",
        "wss://wss-open-connection.dingtalk.io/connect",
        "wss://WSS-OPEN-CONNECTION.DINGTALK.COM/connect",
    ],
)
def test_dingtalks_own_endpoints_are_followed(endpoint: str) -> None:
    assert endpoint_allowed("https://api.dingtalk.com")(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "ws://wss-open-connection.dingtalk.com/connect",
        "https://wss-open-connection.dingtalk.com/connect",
        "ws://api.dingtalk.com/connect",
        "wss://dingtalk.com.evil.example/connect",
        "wss://evildingtalk.com/connect",
        "wss://evil.example/.dingtalk.com",
        "wss://evil.example#.dingtalk.com",
        "wss://evil.example?.dingtalk.com",
        "wss://evil.example\\.dingtalk.com",
        "wss://x.dingtalk.com@evil.example/connect",
        "wss://evil.example@x.dingtalk.com/connect",
        "wss://127.0.0.1/connect",
        "ws://169.254.169.254/",
        "wss://[::1",
        "wss://x.dingtalk.com:port/",
        "wss:///connect",
        "file:///etc/passwd",
        "",
    ],
)
def test_other_endpoints_are_not(endpoint: str) -> None:
    assert not endpoint_allowed("https://api.dingtalk.com")(endpoint)


def test_a_local_api_may_send_us_to_its_own_host_without_tls() -> None:
    allowed = endpoint_allowed("http://127.0.0.1:8000")
    assert allowed("ws://127.0.0.1:9000/connect")
    assert not allowed("ws://127.0.0.2:9000/connect")
    assert not endpoint_allowed("https://127.0.0.1:8000")("ws://127.0.0.1:9000/connect")


async def test_an_endpoint_from_a_hostile_answer_is_not_followed(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    pauses = Pauses()
    allow = endpoint_allowed("https://api.dingtalk.com")
    async with streaming(gateway, keeper, allow=allow, pause=pauses) as client:
        await until(lambda: len(pauses.waits_s) >= 2, "two refusals")
        assert not client.connected
    assert gateway.links == []
    assert gateway.used == []
    assert pauses.waits_s[0] >= 60
    assert logged(caplog, "stream.refused")[0]["hint"]


async def test_a_ticket_arrives_as_it_was_given_beside_a_query_of_the_endpoint(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    async def open_gateway() -> Gateway:
        opened = await gateway.open()
        return Gateway(opened.endpoint + "?region=cn&ticket=old", opened.ticket)

    async with streaming(gateway, keeper, open_gateway=open_gateway):
        await gateway.link(1)
    assert gateway.used == gateway.tickets[:1]


# The end


async def test_cancelled_it_answers_what_it_holds_takes_nothing_more_and_hangs_up(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    keeper.hold()
    async with aiohttp.ClientSession() as session:
        client = StreamClient(gateway.open, keeper, session=lambda: session, allow=endpoint_allowed(gateway.base))
        running = asyncio.create_task(client.run())
        link = await gateway.link(1)
        await link.push(held := message("held"))
        await until(lambda: len(keeper.kept) == 1, "the frame to be shown")
        running.cancel()
        await until(lambda: not client.connected, "the client to stop")
        await link.push(message("too late"))
        await asyncio.sleep(0.1)  # time enough to take it, were it to
        keeper.release()
        with pytest.raises(asyncio.CancelledError):
            await running

        assert (await link.answer_to(held))["code"] == 200
        await until(link.closed.is_set, "the socket to be closed")
        assert len(link.answers) == 1
        assert len(keeper.kept) == 1, "what came too late goes to the next one who asks"
        assert not list(leftovers())


async def test_cancelled_it_does_not_wait_for_ever(gateway: TinyGateway, keeper: Keeper) -> None:
    keeper.hold()
    async with streaming(gateway, keeper, timings=Timings(stop_s=0.05)):
        link = await gateway.link(1)
        await link.push(message())
        await until(lambda: len(keeper.kept) == 1, "the frame to be shown")
    assert keeper.at_once == 0
    assert link.answers == []


async def test_cancelled_while_an_old_connection_is_being_drained_it_closes_both(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    keeper.hold()
    async with streaming(gateway, keeper, timings=Timings(lived_s=0, stop_s=0.05)):
        old = await gateway.link(1)
        await old.push(message(), system("disconnect"))
        new = await gateway.link(2)
        await until(lambda: len(keeper.kept) == 1, "the frame to be shown")
    await until(lambda: old.closed.is_set() and new.closed.is_set(), "both to be closed")


async def test_cancelled_while_the_peer_neither_reads_nor_answers_it_ends_all_the_same(
    gateway: TinyGateway, keeper: Keeper
) -> None:
    async with streaming(gateway, keeper, timings=Timings(close_s=0.05)):
        link = await gateway.link(1)
        link.mute.set()


async def test_cancelled_while_it_asks_for_a_ticket(gateway: TinyGateway, keeper: Keeper) -> None:
    asked = asyncio.Event()

    async def never() -> Gateway:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with streaming(gateway, keeper, open_gateway=never):
        await asked.wait()


async def test_cancelled_during_the_handshake(gateway: TinyGateway, keeper: Keeper) -> None:
    gateway.slow = asyncio.Event()
    async with streaming(gateway, keeper):
        await until(lambda: gateway.handshakes == 1, "a handshake")
    assert gateway.links == []


async def test_a_handshake_that_never_ends_is_given_up(
    gateway: TinyGateway, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.slow = asyncio.Event()
    async with streaming(gateway, keeper, timings=Timings(connect_s=0.05)):
        await until(lambda: bool(logged(caplog, "stream.unreachable")), "the handshake to be given up")
        gateway.slow = None
        await gateway.link(1)
    assert logged(caplog, "stream.unreachable")[0]["code"] == "timeout"


async def test_cancelled_while_it_waits_for_its_next_attempt(gateway: TinyGateway, keeper: Keeper) -> None:
    gateway.refusals.append(503)
    async with aiohttp.ClientSession() as session:
        client = StreamClient(gateway.open, keeper, session=lambda: session, allow=endpoint_allowed(gateway.base))
        running = asyncio.create_task(client.run())
        await until(lambda: client.counts.refused == 1, "a refusal")
        await stopped(running)


async def test_connected_says_whether_messages_can_reach_us(gateway: TinyGateway, keeper: Keeper) -> None:
    at_rest: list[asyncio.Future[None]] = []

    async def pause(_wait_s: float) -> None:
        at_rest.append(asyncio.get_running_loop().create_future())
        await at_rest[-1]

    async with streaming(gateway, keeper, pause=pause) as client:
        seen = [client.connected]
        await gateway.link(1)
        await until(lambda: client.connected, "the client to be connected")
        gateway.links[0].abort()
        await until(lambda: len(at_rest) == 1, "the wait")
        seen.append(client.connected)
        at_rest[0].set_result(None)
        await gateway.link(2)
        await until(lambda: client.connected, "the client to be connected again")
    assert seen == [False, False]


def test_the_defaults_keep_the_promises_of_the_platform() -> None:
    timings = Timings()
    assert 60 <= timings.idle_s <= 120
    assert timings.heartbeat_s * 1.5 < timings.idle_s
    assert timings.handle_s < 60, "DingTalk sends a frame again after a minute"
    assert timings.drain_s <= 10
    assert timings.first_wait_s / 2 >= 1
    assert timings.longest_wait_s <= 60


# Beside the official SDK

CARD_ANSWER = {
    "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
    "cardData": {"cardParamMap": {"closing": "已处理"}},
}


async def as_the_sdk_peer(one: Frame) -> dict[str, Any]:
    """What tests.dialects.dingtalk_sdk_peer makes of a frame."""
    if one.data.get("content") == "<":
        raise ValueError
    match one.topic:
        case topic if topic == BOT:
            return {"response": "OK"}
        case topic if topic == CARD:
            return {"response": CARD_ANSWER}
        case "*":
            return {"status": "SUCCESS"}
        case _:
            raise UnknownTopic(one.topic)


TOLD: dict[str, dict[str, Any]] = {
    "CONNECTED": system("CONNECTED", {"connectionId": "c"}, "CONNECTED"),
    "KEEPALIVE": system("KEEPALIVE", {}, "KEEPALIVE"),
    "ping": system("ping", {"opaque": "0x+/=张"}, "ping"),
    "message": frame("CALLBACK", BOT, {"msgId": "m", "msgtype": "text", "text": {"content": "你好"}}, "message"),
    "click": frame(
        "CALLBACK",
        CARD,
        {"outTrackId": "c1", "userId": "u1", "content": json.dumps({"cardPrivateData": {"params": {"a": "1"}}})},
        "click",
    ),
    "event": frame("EVENT", "*", {"userId": ["u1"]}, "event", eventType="user_leave_org", eventId="e1"),
    "unknown topic": frame("CALLBACK", "/v1.0/graph/api/invoke", {}, "unknown topic"),
    "unknown type": frame("GRAPH", BOT, {}, "unknown type"),
    # it looks for JSON in `content`
    "handler fails": frame("CALLBACK", CARD, {"outTrackId": "c2", "content": "<"}, "handler fails"),
}


async def told(gateway: TinyGateway) -> dict[str, Any]:
    """By frame: code and data of its answer, None where there was none."""
    link = await gateway.link(1)
    await link.push(*TOLD.values(), system("ping", {"opaque": "the end"}, "fence"))
    for name in ("CONNECTED", "KEEPALIVE", "ping", "message", "click", "event", "fence"):
        await link.answer_to(name)
    await link.push(system("disconnect", {"reason": "connection is expired"}, "disconnect"))
    after = await gateway.link(2)
    await after.push(frame("CALLBACK", BOT, {"msgId": "n", "msgtype": "text", "text": {"content": "还在"}}, "after"))
    await after.answer_to("after")
    await until(link.closed.is_set, "the first connection to be closed")
    answers = {}
    for name in (*TOLD, "disconnect", "after"):
        found = (after if name == "after" else link).answers_to(name)
        assert len(found) <= 1
        assert all(answer["headers"]["contentType"] == "application/json" for answer in found)
        answers[name] = (found[0]["code"], json.loads(found[0]["data"])) if found else None
    return answers


async def test_the_gateway_hears_from_us_what_it_hears_from_the_official_sdk_where_that_follows_the_protocol() -> None:
    async with TinyGateway().serving() as gateway, streaming(gateway, as_the_sdk_peer):
        ours = await told(gateway)
    async with TinyGateway().serving() as gateway, official_sdk(gateway):
        sdk = await told(gateway)

    differ = {name for name in ours if ours[name] != sdk[name]}
    assert differ == {"event", "unknown topic", "handler fails", "disconnect"}
    # The protocol wants a status for an event; the SDK sends the event back.
    assert (ours["event"], sdk["event"]) == ((200, {"status": "SUCCESS"}), (200, {"userId": ["u1"]}))
    # … 404 for a topic that nobody waits for, and 500 for a failure; the SDK says nothing, and is told again.
    assert (ours["unknown topic"], sdk["unknown topic"]) == ((404, {}), None)
    assert (ours["handler fails"], sdk["handler fails"]) == ((500, {}), None)
    # … no answer to `disconnect`.
    assert ours["disconnect"] is None


@asynccontextmanager
async def official_sdk(gateway: TinyGateway) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.dialects.dingtalk_sdk_peer", "client", "secret"),
        cwd=Path(__file__).parent.parent,
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": gateway.base, "NO_PROXY": "127.0.0.1"},
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()
