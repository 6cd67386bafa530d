"""The AI bot's long connection: JSON frames over one WebSocket, which WeCom gives to one subscriber at a time.

Everything waits by the clock it is given, so that a test can let a minute pass at once; only opening the connection
and writing to it are bounded in real time.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import random
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from weakref import WeakValueDictionary

import aiohttp

from bot.config import WeComBot
from bot.errors import NotPermitted, PlatformBusy, PlatformError
from bot.http import json_object, string
from bot.wecom_bot.errors_table import error_for
from bot.wecom_bot.payloads import KICKED, kind_of
from handlers.messages import JsonObject
from storage.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

PING_S = 30.0
"""As document 101463 asks."""
IDLE_S = 75.0
"""Two pings without an answer, and a little: the connection is dead, whatever TCP believes."""
ACK_S = 5.0
"""As long as WeCom's own SDKs wait."""
ANSWER_S = 15.0
"""For a piece of a file, which may be on its way for some seconds."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
STOOD_S = 60.0
"""A connection that stood for so long ends a row of failures."""
KICKED_WAIT_S, LONGEST_KICKED_WAIT_S = 60.0, 600.0
"""Somebody else subscribed with our secret. Two processes that kick each other would lose messages all the time."""
REFUSED_WAIT_S, LONGEST_REFUSED_WAIT_S = 60.0, 600.0
"""Subscribing is rate protected."""
FRAME_MAX_BYTES = 1024 * 1024
MOST_UNKEPT = 256
"""Frames being kept at once; beyond it we stop reading, and TCP slows WeCom down."""
REMEMBERED_ACKS = 1000
CLOSE_S = 1.0

MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
KICKED_HINT = "同一个机器人在别处建立了长连接，本连接被断开：请确认只有一个拜访助手进程在用这个 Bot ID。"

End = Literal["unreachable", "refused", "kicked", "closed", "silent"]
OnFrame = Callable[[JsonObject, str], Coroutine[Any, Any, None]]
"""Told the body and the req_id of every message and event."""


@dataclass
class _Pending:
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answer: JsonObject | None = None
    """None when `answered`: the connection ended first."""


class LongConnection:
    def __init__(
        self,
        config: WeComBot,
        clock: Clock,
        session: Callable[[], aiohttp.ClientSession],
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._clock = clock
        self._session = session
        self._jitter = jitter
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._is_subscribed = False
        self._heard_at = clock.now()
        self._pending: dict[str, _Pending] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unanswered: OrderedDict[str, None] = OrderedDict()
        self._late: OrderedDict[str, JsonObject] = OrderedDict()
        self._burnt: OrderedDict[str, None] = OrderedDict()
        self._room = asyncio.Semaphore(MOST_UNKEPT)
        self._keeping: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    @property
    def connected(self) -> bool:
        return self._is_subscribed

    # calls

    async def call(self, command: str, body: JsonObject, *, req_id: str, chat: Literal["single", "group"]) -> None:
        """Send one frame with a `req_id` of our own and wait for its ack.

        `req_id` names the delivery: a call whose ack came only after we had stopped waiting is not made again. Raises
        PlatformBusy while there is no connection or no ack, and what the ack's code means.
        """
        answer = self._late.pop(req_id, None)
        if answer is None:
            answer = await self._exchange(command, body, req_id)
        else:
            log.info("wecom_bot.ack_late", extra={"cmd": command})
        _check(command, answer, chat)

    async def respond(self, command: str, body: JsonObject, *, req_id: str, chat: Literal["single", "group"]) -> None:
        """Answer a frame of WeCom's under its own `req_id`; one answer at a time, since all acks carry the same id."""
        turn = self._turns.setdefault(req_id, asyncio.Lock())
        async with turn:
            if req_id in self._burnt:
                # An ack that is still on its way could be taken for that of the next answer.
                raise PlatformError(command, 846605)
            try:
                answer = await self._exchange(command, body, req_id)
            except PlatformBusy:
                _remember(self._burnt, req_id, None)
                raise
        _check(command, answer, chat)

    async def ask(self, command: str, body: JsonObject) -> JsonObject:
        """What one frame, which may be sent again under another name, is answered with. Raises as `call`."""
        answer = await self._exchange(command, body, self._own_id(command), within_s=ANSWER_S)
        _check(command, answer, "single")
        told = answer.get("body")
        return told if isinstance(told, dict) else {}

    async def _exchange(self, command: str, body: JsonObject, req_id: str, *, within_s: float = ACK_S) -> JsonObject:
        if self._ws is None or not self._is_subscribed:
            raise PlatformBusy(command, "not connected", hint="长连接未建立：请确认 web 与 sender 在同一个进程里运行。")
        return await self._ask(self._ws, command, body, req_id, within_s=within_s)

    async def _ask(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        command: str,
        body: JsonObject | None,
        req_id: str,
        *,
        within_s: float = ACK_S,
    ) -> JsonObject:
        if req_id in self._pending:
            raise PlatformBusy(command, "in progress", retry_after_s=ACK_S)
        pending = self._pending[req_id] = _Pending()
        try:
            await self._write(ws, command, body, req_id)
            await self._clock.wait(pending.answered, self._clock.now() + timedelta(seconds=within_s))
        finally:
            del self._pending[req_id]
        if pending.answer is not None:
            return pending.answer
        if command not in ("ping", "aibot_subscribe"):
            _remember(self._unanswered, req_id, None)
        raise PlatformBusy(command, "connection lost" if pending.answered.is_set() else "no ack")

    async def _write(
        self, ws: aiohttp.ClientWebSocketResponse, command: str, body: JsonObject | None, req_id: str
    ) -> None:
        frame: JsonObject = {"cmd": command, "headers": {"req_id": req_id}}
        if body is not None:
            frame["body"] = body
        try:
            async with asyncio.timeout(self._config.timeout_s):
                await ws.send_str(json.dumps(frame, ensure_ascii=False))
        except TimeoutError:
            failure = "timeout"
        except (aiohttp.ClientError, OSError) as error:
            failure = type(error).__name__
        else:
            return
        raise PlatformBusy(command, failure)

    # life

    async def run(self, on_frame: OnFrame) -> None:
        """Hold the connection until cancelled. `on_frame` must see to it that the frame is not lost."""
        ends_in_a_row: list[End] = []
        try:
            while True:
                began_at = self._clock.now()
                end = await self._once(on_frame)
                if self._clock.now() - began_at >= timedelta(seconds=STOOD_S):
                    ends_in_a_row.clear()
                ends_in_a_row.append(end)
                wait_s = self._wait_s(end, sum(1 for one in ends_in_a_row if one == end))
                log.warning("wecom_bot.disconnected", extra={"reason": end, "wait_s": round(wait_s, 1)})
                if end == "kicked":
                    log.warning("wecom_bot.kicked", extra={"hint": KICKED_HINT})
                await self._clock.wait(asyncio.Event(), self._clock.now() + timedelta(seconds=wait_s))
        finally:
            await self._finish_keeping()

    def _wait_s(self, end: End, failures: int) -> float:
        doubled = 2.0 ** min(failures - 1, 10)
        if end == "kicked":
            # Never less than the minute: the other one is to notice that it is alone.
            return min(KICKED_WAIT_S * doubled, LONGEST_KICKED_WAIT_S) * (1 + self._jitter() / 2)
        if end == "refused":
            return min(REFUSED_WAIT_S * doubled, LONGEST_REFUSED_WAIT_S) * (1 + self._jitter() / 2)
        return min(FIRST_WAIT_S * doubled, LONGEST_WAIT_S) * (0.5 + self._jitter() / 2)

    async def _once(self, on_frame: OnFrame) -> End:
        """One connection from its opening to its end."""
        ws = await self._open()
        if ws is None:
            return "unreachable"
        self._heard_at = self._clock.now()
        gone = asyncio.Event()
        reader = asyncio.create_task(self._read(ws, on_frame), name="wecom-bot-reader")
        reader.add_done_callback(lambda _: self._lost(gone))
        try:
            end = await self._subscribe(ws)
            if end is None:
                self._ws, self._is_subscribed = ws, True
                log.info("wecom_bot.connected")
                end = await self._hold(ws, gone, reader)
            # Who was kicked while it subscribed must not try again at once either.
            return reader.result() if end == "closed" and reader.done() else end
        finally:
            self._ws, self._is_subscribed = None, False
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await ws.close()

    async def _open(self) -> aiohttp.ClientWebSocketResponse | None:
        try:
            async with asyncio.timeout(self._config.timeout_s):
                return await self._session().ws_connect(
                    self._config.socket_url,
                    proxy=self._config.proxy or None,
                    max_msg_size=FRAME_MAX_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                )
        except TimeoutError:
            failure = "timeout"
        except (aiohttp.ClientError, OSError) as error:
            failure = type(error).__name__
        log.warning("wecom_bot.unreachable", extra={"reason": failure})
        return None

    async def _subscribe(self, ws: aiohttp.ClientWebSocketResponse) -> End | None:
        api = "aibot_subscribe"
        body: JsonObject = {"bot_id": self._config.bot_id, "secret": self._config.secret.get_secret_value()}
        try:
            _check(api, await self._ask(ws, api, body, self._own_id(api)), "single")
        except NotPermitted as error:
            log.error("wecom_bot.refused", extra={"code": error.code, "hint": error.hint})  # noqa: TRY400
            return "refused"
        except PlatformError as error:
            log.warning("wecom_bot.not_subscribed", extra={"code": error.code, "hint": error.hint})
            return "refused" if isinstance(error.code, int) and not isinstance(error, PlatformBusy) else "closed"
        return None

    async def _hold(self, ws: aiohttp.ClientWebSocketResponse, gone: asyncio.Event, reader: "asyncio.Task[End]") -> End:
        """Ping until the reader ends, or until nothing comes any more."""
        ping_at = self._clock.now() + timedelta(seconds=PING_S)
        while True:
            await self._clock.wait(gone, min(ping_at, self._silent_at))
            if gone.is_set():
                return reader.result()
            now = self._clock.now()
            if now >= self._silent_at:
                return "silent"
            if now >= ping_at:
                ping_at = now + timedelta(seconds=PING_S)
                try:
                    await self._write(ws, "ping", None, self._own_id("ping"))
                except PlatformBusy:
                    return "closed"

    @property
    def _silent_at(self) -> datetime:
        return self._heard_at + timedelta(seconds=IDLE_S)

    def _lost(self, gone: asyncio.Event) -> None:
        self._is_subscribed = False
        for pending in self._pending.values():
            pending.answered.set()
        gone.set()

    def _own_id(self, command: str) -> str:
        return f"{command}-{next(self._numbers)}"

    # what comes in

    async def _read(self, ws: aiohttp.ClientWebSocketResponse, on_frame: OnFrame) -> End:
        try:
            async for message in ws:
                self._heard_at = self._clock.now()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                frame = json_object(message.data)
                if frame is None:
                    log.warning("wecom_bot.frame_unreadable")
                elif await self._take(frame, on_frame) == "kicked":
                    return "kicked"
        except (aiohttp.ClientError, OSError) as error:
            log.warning("wecom_bot.connection_broken", extra={"reason": type(error).__name__})
        return "closed"

    async def _take(self, frame: JsonObject, on_frame: OnFrame) -> End | None:
        headers = frame.get("headers")
        req_id = string(headers, "req_id") if isinstance(headers, dict) else None
        command, body = string(frame, "cmd"), frame.get("body")
        if command is None or command == "pong":
            if req_id is not None:
                self._acknowledged(req_id, frame)
            return None
        if command not in (MESSAGE, EVENT) or not isinstance(body, dict):
            log.info("wecom_bot.frame_ignored", extra={"cmd": command[:40]})
            return None
        if kind_of(body) == KICKED:
            return "kicked"
        await self._room.acquire()
        keeping = asyncio.create_task(on_frame(body, req_id or ""), name="wecom-bot-frame")
        self._keeping.add(keeping)
        keeping.add_done_callback(self._kept)
        return None

    def _kept(self, keeping: "asyncio.Task[None]") -> None:
        self._keeping.discard(keeping)
        self._room.release()

    def _acknowledged(self, req_id: str, frame: JsonObject) -> None:
        pending = self._pending.get(req_id)
        if pending is not None:
            pending.answer = frame
            pending.answered.set()
        elif req_id in self._unanswered:
            # Too late for the call that waited for it; the next try of the same delivery finds it here.
            del self._unanswered[req_id]
            _remember(self._late, req_id, frame)

    async def _finish_keeping(self) -> None:
        """What has come in is kept even while we are being stopped, if it can be kept soon."""
        if not self._keeping:
            return
        _, unkept = await asyncio.wait(self._keeping, timeout=self._config.timeout_s)
        for task in unkept:
            task.cancel()
        await asyncio.gather(*unkept, return_exceptions=True)
        if unkept:
            log.error("wecom_bot.frames_not_kept", extra={"count": len(unkept)})


def _check(command: str, answer: JsonObject, chat: Literal["single", "group"]) -> None:
    code = answer.get("errcode", 0)
    if isinstance(code, str) and code.removeprefix("-").isdecimal():
        code = int(code)
    if not isinstance(code, int):
        raise PlatformError(command, "errcode")
    if code != 0:
        raise error_for(command, code, chat=chat)


def _remember(known: OrderedDict[str, T], name: str, value: T) -> None:
    known[name] = value
    while len(known) > REMEMBERED_ACKS:
        known.popitem(last=False)
