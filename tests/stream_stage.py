"""A Stream gateway in a few lines, held by the test: it pushes what it is told, and fails as it is told."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from bot.dingtalk.stream import Gateway, OnFrame, StreamClient, endpoint_allowed
from handlers.messages import JsonObject

BOT = "/v1.0/im/bot/messages/get"
CARD = "/v1.0/card/instances/callback"
PATIENCE_S = 20.0

_numbers = count(1)


def frame(kind: str, topic: str, data: object, message_id: str = "", **headers: str) -> dict[str, Any]:
    return {
        "specVersion": "1.0",
        "type": kind,
        "headers": {
            "topic": topic,
            "messageId": message_id or f"id_{next(_numbers)}",
            "contentType": "application/json",
            "time": "1690362102194",
            **headers,
        },
        "data": json.dumps(data, ensure_ascii=False),
    }


def message(text: str = "今天拜访了张总", message_id: str = "") -> dict[str, Any]:
    return frame("CALLBACK", BOT, {"msgId": f"msg+{text}==", "text": {"content": text}}, message_id)


def event(message_id: str = "") -> dict[str, Any]:
    return frame("EVENT", "*", {"userId": ["u1"]}, message_id, eventType="user_leave_org", eventId="e/1=")


def system(topic: str, data: object = None, message_id: str = "") -> dict[str, Any]:
    return frame("SYSTEM", topic, {} if data is None else data, message_id)


async def until(happened: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not happened():  # noqa: ASYNC110  any condition, not an event
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


@dataclass(eq=False)
class Link:
    """One connection, from the gateway's side."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    answers: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0
    ponged: list[bytes] = field(default_factory=list)
    pongs: bool = True
    """Whether the client's pings are answered."""
    mute: asyncio.Event = field(default_factory=asyncio.Event)
    """Once set, nothing is read any more and nothing answered until the client hangs up: half open."""
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    on_answer: Callable[["Link", dict[str, Any]], None] | None = None

    async def push(self, *frames: dict[str, Any] | str | bytes) -> None:
        for one in frames:
            if self.mute.is_set():
                return  # into the void, as the gateway of a half open connection does
            if isinstance(one, bytes):
                await self.socket.send_bytes(one)
            else:
                await self.socket.send_str(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False))

    async def answer_to(self, sent: dict[str, Any] | str) -> dict[str, Any]:
        message_id = sent if isinstance(sent, str) else sent["headers"]["messageId"]
        await until(lambda: any(self.answers_to(message_id)), f"the answer to {message_id}")
        [answer] = self.answers_to(message_id)
        return answer

    def answers_to(self, message_id: str) -> list[dict[str, Any]]:
        return [answer for answer in self.answers if answer["headers"]["messageId"] == message_id]

    def abort(self) -> None:
        self.transport.abort()

    async def talk(self) -> None:
        muted = asyncio.create_task(self.mute.wait())
        hearing = asyncio.create_task(self._hear())
        try:
            await asyncio.wait((muted, hearing), return_when=asyncio.FIRST_COMPLETED)
            if self.mute.is_set():
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
                while not self.transport.is_closing():  # noqa: ASYNC110  asyncio tells nobody who does not read
                    await asyncio.sleep(0.02)
        finally:
            for task in (muted, hearing):
                task.cancel()
            await asyncio.gather(muted, hearing, return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            heard = await self.socket.receive()
            if heard.type is WSMsgType.TEXT:
                answer = json.loads(heard.data)
                self.answers.append(answer)
                if self.on_answer:
                    self.on_answer(self, answer)
            elif heard.type is WSMsgType.PING:
                self.pings += 1
                if self.pongs:
                    await self.socket.pong(heard.data)
            elif heard.type is WSMsgType.PONG:
                self.ponged.append(bytes(heard.data))
            elif heard.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                return


class TinyGateway:
    """Hands out tickets, takes each once, and keeps every connection in `links`, the newest last."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.tickets: list[str] = []
        self.used: list[str] = []
        self.refusals: deque[int | None] = deque()
        """HTTP statuses with which the next handshakes are refused, one each; None lets that one through."""
        self.opened: Callable[[Link], None] = lambda _: None
        self.slow: asyncio.Event | None = None
        """Handshakes are not answered before it is set."""
        self.handshakes = 0
        self.ticket = "{}+/=&%ü {}"
        self._server: TestServer | None = None

    @property
    def base(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.port}"

    async def open(self) -> Gateway:
        ticket = self.ticket.format("ticket", len(self.tickets))
        self.tickets.append(ticket)
        return Gateway(self.base.replace("http", "ws") + "/connect", ticket)

    async def link(self, number: int) -> Link:
        """The connection of that number, from 1, once it is there."""
        await until(lambda: len(self.links) >= number, f"connection {number}")
        return self.links[number - 1]

    async def _open(self, _request: web.Request) -> web.Response:
        opened = await self.open()
        return web.json_response({"endpoint": opened.endpoint, "ticket": opened.ticket})

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        self.handshakes += 1
        if self.slow is not None:
            await self.slow.wait()
        if self.refusals and (status := self.refusals.popleft()) is not None:
            return web.Response(status=status)
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets or ticket in self.used:
            return web.Response(status=401)
        self.used.append(ticket)
        socket = web.WebSocketResponse(autoping=False, timeout=0.2)
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        link = Link(socket, request.transport)
        self.links.append(link)
        self.opened(link)
        try:
            await link.talk()
        finally:
            link.closed.set()
        return socket

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["TinyGateway"]:
        app = web.Application()
        app.router.add_get("/connect", self._connect)
        app.router.add_post("/v1.0/gateway/connections/open", self._open)
        self._server = TestServer(app, host="127.0.0.1")
        await self._server.start_server(shutdown_timeout=0.1)
        try:
            yield self
        finally:
            for link in self.links:
                link.abort()
            await self._server.close()


@dataclass
class Keeper:
    """Keeps every frame it is shown, in order; `hold` makes it wait before it answers."""

    kept: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    free: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None
    answer: JsonObject = field(default_factory=lambda: {"response": None})

    def __post_init__(self) -> None:
        self.free.set()

    def hold(self) -> None:
        self.free.clear()

    def release(self) -> None:
        self.free.set()

    async def __call__(self, frame: Any) -> JsonObject:
        self.kept.append(frame.message_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.free.wait()
        finally:
            self.at_once -= 1
        if self.failure is not None:
            raise self.failure
        return self.answer


class Pauses:
    """Passes every wait at once, and remembers how long it would have been."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []

    async def __call__(self, wait_s: float) -> None:
        self.waits_s.append(wait_s)
        await asyncio.sleep(0)


@asynccontextmanager
async def streaming(gateway: TinyGateway, on_frame: OnFrame, **more: Any) -> AsyncIterator[StreamClient]:
    """A client that runs against `gateway`; cancelled at the end, and it must leave nothing behind."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        settings: dict[str, Any] = {"allow": endpoint_allowed(gateway.base), "pause": Pauses(), **more}
        client = StreamClient(settings.pop("open_gateway", gateway.open), on_frame, session=lambda: session, **settings)
        running = asyncio.create_task(client.run(), name="run")
        try:
            yield client
        finally:
            await stopped(running)
            assert not list(leftovers())
            assert not client.connected


async def stopped(running: asyncio.Task[None]) -> None:
    """Cancel `run`, which must end by that and by nothing else."""
    assert not running.done()
    running.cancel()
    [outcome] = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)


def leftovers() -> Iterator[str]:
    """Tasks of the client that outlived it."""
    return (task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("stream-"))
