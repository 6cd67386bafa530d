"""DingTalk's Stream mode: messages come over a WebSocket that we open, so no public address is needed.

A frame is acknowledged after `on_frame` returned, that is, after the commit; what is not acknowledged DingTalk sends
again after about a minute. Source of frames and answers: "Stream 模式协议接入文档" of open.dingtalk.com.

Addresses carry the ticket, and an exception of aiohttp may carry its address: none is logged or stays chained.
"""

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import WSMsgType
from yarl import URL

from bot.errors import NotPermitted, PlatformBusy, PlatformError
from bot.http import json_object
from bot.worker import described
from handlers.messages import JsonObject

log = logging.getLogger(__name__)

SYSTEM, EVENT, CALLBACK = "SYSTEM", "EVENT", "CALLBACK"
DISCONNECT = "disconnect"
OK, BAD_REQUEST, NOT_FOUND, FAILED = 200, 400, 404, 500
CONNECT_API = "stream/connect"
CLOUDS = (".dingtalk.com", ".dingtalk.io")
"""Mainland and international."""
FRAME_MAX_BYTES = 1024 * 1024
SOCKET_MAX_BYTES = 4 * 1024 * 1024
"""A frame between the two is passed over; a larger one ends the connection, for it would have to be held to be read."""
LOGGED_CHARS = 80
BEATS_NEEDED = 4
"""Before so many signs of life nothing is said of their rhythm."""
MISSED_BEATS = 4


@dataclass(frozen=True)
class Gateway:
    """Where to connect to, once, within 90 s."""

    endpoint: str
    ticket: str


@dataclass(frozen=True)
class Frame:
    """An event or a callback. `headers` are those that are strings; `message_id` is the frame's, not the message's."""

    type: str
    topic: str
    message_id: str
    headers: Mapping[str, str]
    data: JsonObject


class UnknownTopic(Exception):
    """Nobody here waits for this topic."""


@dataclass(frozen=True)
class Timings:
    idle_s: float = 90.0
    """Without any frame for so long, not even a pong, a connection is dead."""
    heartbeat_s: float = 30.0
    """A ping after so much silence; half of it is how long its pong may take."""
    connect_s: float = 15.0
    send_s: float = 10.0
    handle_s: float = 50.0
    """A frame that takes longer is answered as failed; DingTalk sends it again after 60 s anyway."""
    drain_s: float = 10.0
    """After `disconnect` the gateway keeps the socket for about so long, to take outstanding answers."""
    stop_s: float = 5.0
    close_s: float = 1.0
    lived_s: float = 30.0
    """A connection that lived so long begins the waits anew."""
    first_wait_s: float = 2.0
    longest_wait_s: float = 60.0
    """Waits double from one to the other, each shortened by up to half so that not all come at once."""
    refused_wait_s: float = 60.0
    """After wrong credentials, at least."""
    most_asked_wait_s: float = 600.0
    """The longest that we believe a gateway that says when to come again."""


@dataclass
class Counts:
    """Since the start. `acked` are answers that left us, whatever they said; few `frames` hint at a second consumer."""

    connections: int = 0
    disconnects: int = 0
    """Connections that the gateway told us to leave, and those that we left since it had fallen silent."""
    lost: int = 0
    refused: int = 0
    frames: int = 0
    acked: int = 0
    acks_lost: int = 0
    unknown: int = 0
    failed: int = 0
    malformed: int = 0


OpenGateway = Callable[[], Awaitable[Gateway]]
OnFrame = Callable[[Frame], Awaitable[JsonObject]]


def endpoint_allowed(api_base: str) -> Callable[[str], bool]:
    """Whether an endpoint is DingTalk's own, over TLS, or on the host that is asked for it anyway."""
    base = URL(api_base)
    schemes_of_base = ("wss",) if base.scheme == "https" else ("wss", "ws")

    def allowed(endpoint: str) -> bool:
        try:
            url = URL(endpoint)
            host = url.host
        except ValueError:
            return False
        if not host or url.user is not None or url.password is not None:
            return False
        if url.scheme == "wss" and host.endswith(CLOUDS):
            return True
        return host == base.host and url.scheme in schemes_of_base

    return allowed


class StreamClient:
    """One connection at a time to DingTalk's gateway, renewed for ever; `run` it once.

    `open_gateway` answers a new ticket each time, and raises PlatformError. `on_frame` makes the frame durable and
    answers the `data` of its acknowledgement; it is told of up to `most_at_once` frames of a connection at a time, in
    the order in which they came, and of frames again that were acknowledged too late.
    """

    def __init__(
        self,
        open_gateway: OpenGateway,
        on_frame: OnFrame,
        *,
        session: Callable[[], aiohttp.ClientSession],
        proxy: str = "",
        allow: Callable[[str], bool] = endpoint_allowed("https://api.dingtalk.com"),  # noqa: B008  a pure function
        timings: Timings = Timings(),
        most_at_once: int = 64,
        most_waiting: int = 1000,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.counts = Counts()
        self._open_gateway = open_gateway
        self._on_frame = on_frame
        self._session = session
        self._proxy = proxy
        self._allow = allow
        self._timings = timings
        self._most_at_once = most_at_once
        self._most_waiting = most_waiting
        self._pause = pause
        self._jitter = jitter
        self._current: _Connection | None = None
        self._open: set[_Connection] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._failures = 0

    @property
    def connected(self) -> bool:
        """Whether messages can reach us: not while the only connection was told to go."""
        return self._current is not None

    async def run(self) -> None:
        """Until cancelled; then frames that are being handled are finished and answered, within `stop_s`."""
        replaced = asyncio.Event()
        try:
            while True:
                connection = await self._connected()
                replaced.set()
                replaced = asyncio.Event()
                await connection.left.wait()
                self._current = None
                self._retire(connection, replaced)
                await self._before_next(connection)
        finally:
            await self._stop()

    # one connection after the other

    async def _connected(self) -> "_Connection":
        while True:
            try:
                return await self._connect()
            except PlatformError as error:
                self._failures += 1
                self.counts.refused += 1
                await self._after_refusal(error)
            except Exception as error:  # noqa: BLE001  the connection loop: the next attempt may find it gone
                self._failures += 1
                self.counts.refused += 1
                log.error("stream.fault", extra=described(error))  # noqa: TRY400  a message could quote the ticket
                await self._wait(self._backoff_s())

    async def _connect(self) -> "_Connection":
        gateway = await self._open_gateway()
        if not self._allow(gateway.endpoint):
            raise NotPermitted(
                CONNECT_API, "endpoint", hint="钉钉网关给出的连接地址不可信，未连接：请检查 api_base 和 proxy。"
            )
        socket = await self._handshake(gateway)
        connection = _Connection(
            socket, self._on_frame, self._timings, self.counts, self._most_at_once, self._most_waiting
        )
        self._current = connection
        self._open.add(connection)
        self.counts.connections += 1
        log.info("stream.connected", extra={"host": URL(gateway.endpoint).host, "attempt": self._failures + 1})
        return connection

    async def _handshake(self, gateway: Gateway) -> aiohttp.ClientWebSocketResponse:
        failure: int | str
        try:
            async with asyncio.timeout(self._timings.connect_s):
                return await self._session().ws_connect(
                    URL(gateway.endpoint).update_query(ticket=gateway.ticket),
                    proxy=self._proxy or None,
                    heartbeat=self._timings.heartbeat_s,
                    # Pings and pongs are wanted here: they count as signs of life.
                    autoping=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=self._timings.close_s),
                    max_msg_size=SOCKET_MAX_BYTES,
                )
        except TimeoutError:
            failure = "timeout"
        except aiohttp.WSServerHandshakeError as error:
            failure = error.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = type(error).__name__
        # Out here, or the exception would be chained to one that shows the address and the ticket in it.
        raise PlatformBusy(CONNECT_API, failure)

    def _retire(self, connection: "_Connection", replaced: asyncio.Event) -> None:
        task = asyncio.create_task(self._finish(connection, replaced), name="stream-retire")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _finish(self, connection: "_Connection", replaced: asyncio.Event) -> None:
        """Close an old connection, once a new one stands and its own frames are answered."""
        try:
            async with asyncio.timeout(self._timings.drain_s):
                if not connection.is_lost:
                    await replaced.wait()
                await connection.idle()
        except TimeoutError:
            log.warning("stream.undrained", extra={"frames": connection.handling})
        await connection.close(0)
        self._open.discard(connection)

    async def _stop(self) -> None:
        self._current = None
        retiring = tuple(self._retiring)
        for task in retiring:
            task.cancel()
        await asyncio.gather(*retiring, return_exceptions=True)
        await asyncio.gather(*(connection.close(self._timings.stop_s) for connection in self._open))
        self._open.clear()

    # waits

    async def _before_next(self, connection: "_Connection") -> None:
        lived_s = connection.age_s()
        fields = {"why": connection.why, "lived_s": round(lived_s)}
        if connection.was_announced:
            self.counts.disconnects += 1
            log.info("stream.lost", extra=fields)
        else:
            self.counts.lost += 1
            log.warning("stream.lost", extra=fields)
        if lived_s >= self._timings.lived_s:
            self._failures = 0
            if connection.was_announced:
                # Announced, as every half day: nothing is pushed to anybody until we are back.
                return await self._wait(0)
        self._failures += 1
        return await self._wait(self._backoff_s())

    async def _after_refusal(self, error: PlatformError) -> None:
        wait_s = self._backoff_s()
        if error.retry_after_s is not None:
            wait_s = max(wait_s, min(error.retry_after_s, self._timings.most_asked_wait_s))
        fields = {"api": error.api, "code": error.code}
        if isinstance(error, NotPermitted):
            wait_s = max(wait_s, self._timings.refused_wait_s * (1 + self._jitter() / 2))
            log.error("stream.refused", extra=fields | {"hint": error.hint})
        else:
            log.warning("stream.unreachable", extra=fields)
        await self._wait(wait_s)

    async def _wait(self, wait_s: float) -> None:
        log.info("stream.reconnecting", extra={"wait_s": round(wait_s, 1), "failures": self._failures})
        await self._pause(wait_s)

    def _backoff_s(self) -> float:
        longest_s = self._timings.longest_wait_s
        # The exponent is capped as well: a float ends at 2**1023.
        wait_s = min(self._timings.first_wait_s * 2.0 ** min(self._failures - 1, 30), longest_s)
        return wait_s * (1 - self._jitter() / 2)


class _Connection:
    """One socket, its reader and the frames of it that are being handled."""

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        on_frame: OnFrame,
        timings: Timings,
        counts: Counts,
        most_at_once: int,
        most_waiting: int,
    ) -> None:
        self.left = asyncio.Event()
        """Set when nothing more is to be expected of it."""
        self.was_announced = False
        """Left on the gateway's word, or on ours, rather than lost: it may still carry answers."""
        self.is_lost = False
        self.why = ""
        self._socket = socket
        self._on_frame = on_frame
        self._timings = timings
        self._counts = counts
        self._turns = asyncio.Semaphore(most_at_once)
        self._most_waiting = most_waiting
        self._handling: set[asyncio.Task[None]] = set()
        self._opened_s = self._now_s()
        self._pulse = _Pulse()
        self._reader = asyncio.create_task(self._read(), name="stream-reader")

    @property
    def handling(self) -> int:
        return len(self._handling)

    def age_s(self) -> float:
        return self._now_s() - self._opened_s

    async def idle(self) -> None:
        while self._handling:
            await asyncio.wait(self._handling)

    async def close(self, within_s: float) -> None:
        """Take nothing more, give what is being handled `within_s` to be answered, and hang up."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        try:
            if self._handling:
                await asyncio.wait(self._handling, timeout=within_s)
        finally:
            unfinished = tuple(self._handling)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
            await self._hang_up()

    async def _hang_up(self) -> None:
        try:
            # aiohttp limits the wait for the peer's goodbye, not that for room to send ours.
            async with asyncio.timeout(2 * self._timings.close_s):
                await self._socket.close()
        except TimeoutError:
            log.warning("stream.hung_up")

    # reading

    async def _read(self) -> None:
        try:
            # Around everything, not `receive` alone: sending to a peer that does not read waits just as long.
            async with asyncio.timeout(self._timings.idle_s) as idle:
                why = await self._read_to_the_end(idle)
        except TimeoutError:
            why = "idle"
        except (aiohttp.ClientError, OSError) as error:
            why = type(error).__name__
        except Exception as error:  # noqa: BLE001  the reader's loop: a new connection may do better
            log.error("stream.fault", extra=described(error))  # noqa: TRY400  a message could quote words
            why = "fault"
        self.is_lost = True
        self._leave(why)

    async def _read_to_the_end(self, idle: asyncio.Timeout) -> str:
        while True:
            message = await self._socket.receive()
            now_s = self._now_s()
            idle.reschedule(now_s + self._timings.idle_s)
            if message.type is WSMsgType.TEXT:
                self._pulse.heard_s = now_s
            elif self._pulse.is_overdue(now_s, self._timings.idle_s):
                # Pongs alone: some gateways answer pings long after they have forgotten whom to push to.
                self._leave("silent", announced=True)
            match message.type:
                case WSMsgType.TEXT:
                    await self._take(message.data)
                case WSMsgType.PING:
                    await self._socket.pong(message.data)
                case WSMsgType.PONG:
                    pass
                case WSMsgType.BINARY:
                    self._malformed("binary")
                case WSMsgType.ERROR:
                    return type(message.data).__name__
                case _:
                    return f"closed {self._socket.close_code}"

    def _leave(self, why: str, *, announced: bool = False) -> None:
        if not self.left.is_set():
            self.why = why[:LOGGED_CHARS]
            self.was_announced = announced
            self.left.set()

    async def _take(self, text: str) -> None:
        if (size_bytes := len(text.encode(errors="replace"))) > FRAME_MAX_BYTES:
            self._malformed("oversize", size_bytes=size_bytes)
            return
        raw = json_object(text)
        if raw is None:
            self._malformed("no JSON object")
            return
        self._counts.frames += 1
        headers = _strings(raw.get("headers"))
        kind, data = raw.get("type"), _data(raw.get("data"))
        frame = Frame(
            type=kind if isinstance(kind, str) else "",
            topic=headers.get("topic", ""),
            message_id=headers.get("messageId", ""),
            headers=headers,
            data=data or {},
        )
        if frame.type == SYSTEM:
            await self._obey(frame, raw.get("data"))
        elif frame.type not in (EVENT, CALLBACK):
            log.warning("stream.unknown_type", extra=_ids(frame))
        elif data is None:
            self._malformed("no data", **_ids(frame))
            await self._answer(frame, BAD_REQUEST, "data is not an object", _failed_data(frame))
        elif len(self._handling) >= self._most_waiting:
            log.error("stream.too_many", extra=_ids(frame))
            await self._answer_failed(frame)
        else:
            task = asyncio.create_task(self._handle(frame), name="stream-frame")
            self._handling.add(task)
            task.add_done_callback(self._handling.discard)

    def _malformed(self, why: str, **fields: object) -> None:
        self._counts.malformed += 1
        log.warning("stream.malformed", extra={"why": why} | fields)

    async def _obey(self, frame: Frame, raw_data: object) -> None:
        if frame.topic == DISCONNECT:
            reason = frame.data.get("reason")
            self._leave(reason if isinstance(reason, str) and reason else DISCONNECT, announced=True)
            return
        self._pulse.beat(self._now_s())
        # A ping wants its data back; CONNECTED and KEEPALIVE want nothing; the official SDK treats all alike.
        await self._answer(frame, OK, "OK", raw_data if isinstance(raw_data, str) else json.dumps(frame.data))

    # answering

    async def _handle(self, frame: Frame) -> None:
        async with self._turns:
            try:
                async with asyncio.timeout(self._timings.handle_s):
                    data = json.dumps(await self._on_frame(frame))
            except UnknownTopic:
                self._counts.unknown += 1
                log.warning("stream.unknown_topic", extra=_ids(frame))
                await self._answer(frame, NOT_FOUND, "unknown topic", "{}")
            except Exception as error:  # noqa: BLE001  the boundary to DingTalk: it sends the frame again
                log.error("stream.not_kept", extra=_ids(frame) | described(error))  # noqa: TRY400  it could quote words
                await self._answer_failed(frame)
            else:
                await self._answer(frame, OK, "OK", data)

    async def _answer_failed(self, frame: Frame) -> None:
        self._counts.failed += 1
        await self._answer(frame, OK if frame.type == EVENT else FAILED, "not kept", _failed_data(frame))

    async def _answer(self, frame: Frame, code: int, message: str, data: str) -> None:
        answer = {
            "code": code,
            "message": message,
            "headers": {"messageId": frame.message_id, "contentType": "application/json"},
            "data": data,
        }
        try:
            async with asyncio.timeout(self._timings.send_s):
                await self._socket.send_str(json.dumps(answer))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._counts.acks_lost += 1
            log.warning("stream.ack_lost", extra=_ids(frame) | {"error": type(error).__name__})
        else:
            self._counts.acked += 1

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


@dataclass
class _Pulse:
    """How often the gateway sends SYSTEM frames of its own accord; how often it does is documented nowhere."""

    heard_s: float = 0.0
    _beats: int = 0
    _last_beat_s: float = 0.0
    _longest_gap_s: float = 0.0

    def beat(self, now_s: float) -> None:
        if self._beats:
            self._longest_gap_s = max(self._longest_gap_s, now_s - self._last_beat_s)
        self._beats += 1
        self._last_beat_s = now_s

    def is_overdue(self, now_s: float, idle_s: float) -> bool:
        """Whether a gateway that used to speak has not said a word for `idle_s` and for several of its usual gaps."""
        if self._beats < BEATS_NEEDED:
            return False
        return now_s - self.heard_s > max(idle_s, MISSED_BEATS * self._longest_gap_s)


def _strings(headers: object) -> dict[str, str]:
    if not isinstance(headers, dict):
        return {}
    return {name: value for name, value in headers.items() if isinstance(value, str)}


def _data(value: object) -> JsonObject | None:
    """DingTalk writes JSON into a string; None where there is no object in it."""
    if isinstance(value, str):
        return json_object(value)
    return value if isinstance(value, dict) else None


def _failed_data(frame: Frame) -> str:
    """An event's answer says in so many words that it is wanted again; of others the code says it."""
    return json.dumps({"status": "LATER"}) if frame.type == EVENT else "{}"


def _ids(frame: Frame) -> dict[str, object]:
    return {
        "frame_type": frame.type[:LOGGED_CHARS],
        "topic": frame.topic[:LOGGED_CHARS],
        "message_id": frame.message_id[:LOGGED_CHARS],
    }
