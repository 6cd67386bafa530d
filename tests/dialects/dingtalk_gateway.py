"""DingTalk's Stream gateway: tickets, connections, frames down, acknowledgements up, and every way they go wrong."""

import json
import random
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web
from aiohttp.http_websocket import WSCloseCode

from tests.dialects.dingtalk_records import Ack, Attempt, Delivery, Json, Refused

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect

BOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
TICKET_LIFE_S = 90
DISCONNECT_GRACE_S = 10
REDELIVERY_S = 60
MAX_DELIVERIES = 4
"""How often DingTalk tries is not documented."""
MAX_FRAME_BYTES = 1 << 20


@dataclass
class Connection:
    connection_id: str
    socket: web.WebSocketResponse
    request: web.Request
    subscriptions: frozenset[tuple[str, str]]
    opened_at: datetime
    user_agent: str
    state: str = "live"
    """live · draining (told to disconnect: gets nothing more) · deaf (answers pings, gets nothing, DingTalk does not
    notice) · dead (the same, and answers no ping) · closed"""
    pushed: int = 0
    pongs: int = 0
    close_code: int | None = None

    def takes(self, kind: str, topic: str) -> bool:
        return (kind, topic) in self.subscriptions or (kind == "EVENT" and (kind, "*") in self.subscriptions)


class Gateway:
    def __init__(self, dingtalk: "DingTalkDialect", seed: int) -> None:
        self._dingtalk = dingtalk
        self._random = random.Random(seed)
        self._tickets: dict[str, tuple[datetime, frozenset[tuple[str, str]], str]] = {}
        self._waiting: dict[str, Delivery] = {}
        """By messageId."""
        self._queued: list[Delivery] = []
        self._frames: dict[int, list[str]] = {}
        self._serial = 0
        self.connections: list[Connection] = []
        """All there ever were."""
        self.acks: list[Ack] = []
        self.strange: list[str] = []
        """Frames from the client that are none."""
        self.greetings: tuple[str, ...] = ("CONNECTED",)
        self.redelivery: str = "observed"
        """documented: a robot's message is told once, and events again and again"""
        self.redelivery_s: float = REDELIVERY_S
        self.max_deliveries = MAX_DELIVERIES
        self.offline: str = "lost"
        """queued: what arrives while nobody listens waits for the next connection"""
        self.disconnect_grace_s: float = DISCONNECT_GRACE_S
        self.xml_unless_accepted = True

    # opening

    def open(self, body: Any, accept: str) -> web.Response:
        """`POST /v1.0/gateway/connections/open`. Raises Refused."""
        asked = body if isinstance(body, dict) else {}
        if (
            asked.get("clientId") != self._dingtalk.client_id
            or asked.get("clientSecret") != self._dingtalk.client_secret
        ):
            raise Refused("invalidClientIdOrSecret", "无效的clientId或者clientSecret", status=401)
        wanted = asked.get("subscriptions")
        if not isinstance(wanted, list) or not wanted or not all(_is_subscription(one) for one in wanted):
            raise Refused("systemError", "系统错误")
        ticket = str(uuid.UUID(int=self._random.getrandbits(128)))
        until = self._dingtalk.now() + timedelta(seconds=TICKET_LIFE_S)
        topics = frozenset((one["type"], one["topic"]) for one in wanted)
        self._tickets[ticket] = (until, topics, str(asked.get("ua", "")))
        endpoint = f"{self._dingtalk.base_url.replace('http', 'ws', 1)}/connect"
        if self.xml_unless_accepted and "json" not in accept:
            xml = f"<result><endpoint>{endpoint}</endpoint><ticket>{ticket}</ticket></result>"
            return web.Response(text=xml, content_type="application/xml")
        return web.json_response({"endpoint": endpoint, "ticket": ticket})

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """`GET /connect?ticket=`: the handshake, and then the connection for as long as it lasts."""
        until, topics, user_agent = self._tickets.pop(request.query.get("ticket", ""), (None, frozenset(), ""))
        if until is None or self._dingtalk.now() >= until:
            self._dingtalk.violations.append("connect: no such ticket, or used before, or older than 90 s")
            return web.Response(status=401, text="invalid ticket")
        socket = web.WebSocketResponse(autoping=False, max_msg_size=MAX_FRAME_BYTES, timeout=1.0)
        await socket.prepare(request)
        name = str(uuid.UUID(int=self._random.getrandbits(128)))
        connection = Connection(name, socket, request, topics, self._dingtalk.now(), user_agent)
        self.connections.append(connection)
        try:
            for topic in self.greetings:
                await self._system(connection, topic, {"connectionId": name})
            await self._flush()
            await self._listen(connection)
        finally:
            connection.state = "closed"
            connection.close_code = socket.close_code
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.state == "dead":
                continue
            if message.type is WSMsgType.PING:
                connection.pongs += 1
                await _quietly(connection.socket.pong(message.data))
            elif message.type is WSMsgType.TEXT:
                await self._hear(connection, message.data)
            elif message.type is WSMsgType.BINARY:
                self.strange.append("a binary frame")

    # acknowledgements

    async def _hear(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
            headers, code = frame["headers"], frame["code"]
            message_id = headers["messageId"]
        except (ValueError, TypeError, KeyError):
            self._strange(f"not an ACK: {text[:80]}")
            return
        data = frame.get("data")
        if not isinstance(data, str):
            self._strange("ACK whose data is not a string")
        ack = Ack(self._dingtalk.now(), connection.connection_id, message_id, code, frame.get("message", ""),
                  _parsed(data), frame)  # fmt: skip
        self.acks.append(ack)
        delivery = self._waiting.get(message_id)
        if delivery is None and not message_id:
            self.strange.append("ACK of a frame that had no messageId")
        elif delivery is None:
            self._strange(f"ACK of a messageId that was never sent: {message_id!r}")
        else:
            self._take(delivery, ack)

    def _take(self, delivery: Delivery, ack: Ack) -> None:
        for attempt in delivery.attempts:
            if attempt.message_id == ack.message_id and attempt.status is None:
                attempt.status = ack.code
                attempt.took_s = time.monotonic() - attempt.begun_s
        delivery.ack = ack
        if ack.code != 200:
            delivery.faults.append(f"answered {ack.code} {ack.message}")
            return
        if delivery.kind == "event" and isinstance(ack.data, dict) and ack.data.get("status") == "LATER":
            return
        if delivery.kind == "ping" and ack.data != delivery.body:
            self._strange(f"ping answered with {ack.data!r}")
        if delivery.kind == "card" and delivery.state != "late":
            delivery.response = ack.data.get("response") if isinstance(ack.data, dict) else None
        if delivery.state != "late":
            delivery.become("acked")

    def _strange(self, what: str) -> None:
        self.strange.append(what)
        self._dingtalk.violations.append(f"stream: {what}")

    # pushing

    @property
    def live(self) -> list[Connection]:
        return [one for one in self.connections if one.state == "live"]

    @property
    def unacked(self) -> list[Delivery]:
        """What was told and not acknowledged, and is not given up."""
        return [one for one in dict.fromkeys(self._waiting.values()) if one.state == "pushed" and one.kind != "ping"]

    async def push(self, delivery: Delivery) -> None:
        """Tell one connection, picked at random among those that want this topic."""
        kind = "EVENT" if delivery.kind == "event" else "CALLBACK"
        open_ones = [one for one in self.connections if one.state in {"live", "deaf", "dead"}]
        fitting = [one for one in open_ones if one.takes(kind, delivery.topic)]
        if not fitting:
            if open_ones:
                self._dingtalk.violations.append(f"stream: nobody subscribed to {kind} {delivery.topic}")
            self._miss(delivery)
            return
        connection = self._random.choice(fitting)
        message_id = self.new_message_id()
        frame = self.frame(kind, delivery.topic, delivery.body, message_id, connection, event_key=delivery.key)
        attempt = Attempt(self._dingtalk.now(), "stream", connection.connection_id, message_id)
        delivery.attempts.append(attempt)
        self._waiting[message_id] = delivery
        self._frames.setdefault(delivery.number, []).append(frame)
        delivery.become("pushed")
        connection.pushed += 1
        self._expect(delivery)
        if not await self._write(connection, frame):
            attempt.error = "not written"

    def _miss(self, delivery: Delivery) -> None:
        if delivery.attempts:  # told before, so that it is tried again like any other without an ACK
            delivery.attempts.append(Attempt(self._dingtalk.now(), "stream", error="nobody connected"))
            self._expect(delivery)
        elif self.offline == "queued":
            delivery.become("queued")
            self._queued.append(delivery)
        else:
            delivery.become("lost")

    async def _flush(self) -> None:
        queued, self._queued = self._queued, []
        for delivery in queued:
            await self.push(delivery)

    def _expect(self, delivery: Delivery) -> None:
        """Tell it again when no acknowledgement came by then."""
        again = delivery.kind != "card" and (delivery.kind == "event" or self.redelivery == "observed")
        if not again:
            return
        so_far = len(delivery.attempts)

        async def due() -> None:
            if delivery.state != "pushed" or len(delivery.attempts) != so_far:
                return
            if so_far >= self.max_deliveries:
                delivery.become("given up")
            else:
                await self.push(delivery)

        self._dingtalk.later(self.redelivery_s, due)

    async def redeliver(self, delivery: Delivery | None = None) -> int:
        """Now, without waiting: one, or all that are not acknowledged; the same msgId under a new messageId."""
        chosen = self.unacked if delivery is None else [delivery]
        for one in chosen:
            await self.push(one)
        return len(chosen)

    async def duplicate(self, delivery: Delivery) -> None:
        """The last frame once more, messageId and all, on every connection."""
        for connection in self.live:
            await self._write(connection, self._frames[delivery.number][-1])

    def frame(
        self, kind: str, topic: str, body: Any, message_id: str, connection: Connection, *, event_key: str = ""
    ) -> str:
        moment = str(int(self._dingtalk.now().timestamp() * 1000))
        headers = {"topic": topic, "messageId": message_id, "contentType": "application/json", "time": moment}
        headers |= {"appId": self._dingtalk.app_id, "connectionId": connection.connection_id}
        data = body
        if kind == "EVENT":
            data = body["data"]
            headers |= {"topic": "*", "eventType": body["eventType"], "eventId": event_key}
            headers |= {"eventCorpId": self._dingtalk.corp_id, "eventBornTime": str(body["eventBornTime"])}
            headers |= {"eventUnifiedAppId": self._dingtalk.app_id}
        inner = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        frame = {"specVersion": "1.0", "type": kind, "headers": headers, "data": inner}
        return json.dumps(frame, ensure_ascii=False)

    def new_message_id(self) -> str:
        self._serial += 1
        moment = int(self._dingtalk.now().timestamp() * 1000)
        return f"{secrets.token_hex(4)}_{self._random.randrange(1000)}_{moment:x}_{self._serial:x}"

    def stray(self, kind: str, topic: str) -> str:
        """The messageId of a frame that stands for nothing; whatever comes back to it is noted."""
        message_id = self.new_message_id()
        self._waiting[message_id] = Delivery(0, kind, "", topic, {})
        return message_id

    async def _write(self, connection: Connection, frame: str) -> bool:
        if connection.state in {"deaf", "dead", "closed"} or connection.socket.closed:
            return False
        return await _quietly(connection.socket.send_str(frame))

    # system frames

    async def _system(self, connection: Connection, topic: str, body: Json, delivery: Delivery | None = None) -> None:
        message_id = self.new_message_id()
        known = delivery or Delivery(0, "system", topic, topic, body)
        known.attempts.append(Attempt(self._dingtalk.now(), "stream", connection.connection_id, message_id))
        self._waiting[message_id] = known
        await self._write(connection, self.frame("SYSTEM", topic, body, message_id, connection))

    async def ping(self) -> list[Delivery]:
        """A ping to every live connection; each must come back with the same `opaque`."""
        pings = []
        for connection in self.live:
            body = {"opaque": f"{secrets.token_hex(4)}-{uuid.uuid4()}"}
            pings.append(Delivery(0, "ping", body["opaque"], "ping", body))
            await self._system(connection, "ping", body, pings[-1])
        return pings

    def beat(self, every_s: float) -> None:
        """A ping and a KEEPALIVE to every connection, again and again."""

        async def again() -> None:
            await self.ping()
            await self.keepalive()
            self.beat(every_s)

        self._dingtalk.later(every_s, again)

    async def keepalive(self) -> None:
        for connection in self.live:
            await self._system(connection, "KEEPALIVE", {})

    async def disconnect(self, reason: str = "connection is expired", connection: Connection | None = None) -> None:
        """Announce the end: nothing more is pushed, and the connection is closed ten seconds later."""
        for one in [connection] if connection else self.live:
            await self._system(one, "disconnect", {"reason": reason})
            one.state = "draining"

            async def end(leaving: Connection = one) -> None:
                if leaving.state == "draining":
                    await _quietly(leaving.socket.close())

            self._dingtalk.later(self.disconnect_grace_s, end)

    # things that go wrong

    async def close(self, code: int = 1000, connection: Connection | None = None) -> None:
        """Close with this code; 1006 stands for an end without a close frame, which is `abort`."""
        if code == 1006:
            self.abort(connection)
            return
        for one in [connection] if connection else self.live:
            one.state = "closed"
            await _quietly(one.socket.close(code=code))

    def abort(self, connection: Connection | None = None) -> None:
        """Cut the TCP connection."""
        for one in [connection] if connection else [one for one in self.connections if one.state != "closed"]:
            one.state = "closed"
            if one.request.transport is not None:
                one.request.transport.abort()

    def silence(self, connection: Connection | None = None, *, pongs: bool = False) -> None:
        """Half-open: what DingTalk writes is lost, and unless `pongs` no ping is answered. DingTalk does not notice."""
        for one in [connection] if connection else self.live:
            one.state = "deaf" if pongs else "dead"

    async def raw(self, text: str | bytes) -> None:
        """Anything at all, on every live connection."""
        for one in self.live:
            sending = one.socket.send_str(text) if isinstance(text, str) else one.socket.send_bytes(text)
            await _quietly(sending)

    async def odd(self, kind: str) -> None:
        """One of ODD, on every live connection."""
        for one in self.live:
            await self._write(one, ODD[kind](self, one))

    async def stop(self) -> None:
        for one in self.connections:
            if one.state != "closed":
                one.state = "closed"
                await _quietly(one.socket.close(code=WSCloseCode.GOING_AWAY))


def _novelty(kind: str, topic: str) -> Callable[[Gateway, Connection], str]:
    return lambda gateway, connection: gateway.frame(kind, topic, {"a": 1}, gateway.stray(kind, topic), connection)


def _broken_data(data: str) -> Callable[[Gateway, Connection], str]:
    return lambda gateway, connection: gateway.frame(
        "CALLBACK", BOT_TOPIC, data, gateway.stray(data, BOT_TOPIC), connection
    )


ODD: Mapping[str, Callable[[Gateway, Connection], str]] = {
    "not_json": lambda gateway, connection: "这不是 JSON {",
    "a_list": lambda gateway, connection: "[1, 2, 3]",
    "a_number": lambda gateway, connection: "42",
    "empty": lambda gateway, connection: "",
    "no_headers": lambda gateway, connection: '{"specVersion": "1.0", "type": "CALLBACK", "data": "{}"}',
    "headers_of_another_kind": lambda gateway, connection: '{"type": "CALLBACK", "headers": [1], "data": "{}"}',
    "data_not_json": _broken_data("{不是"),
    "data_a_list": _broken_data("[1]"),
    "data_without_fields": _broken_data("{}"),
    "deep": lambda gateway, connection: "[" * 50_000,
    "unknown_type": _novelty("NOVELTY", "/v1.0/novelty"),
    "unknown_topic": _novelty("CALLBACK", "/v1.0/im/bot/novelty"),
    "unknown_system": _novelty("SYSTEM", "NOVELTY"),
}
"""Frames that a client must live through."""


def _is_subscription(one: Any) -> bool:
    return isinstance(one, dict) and one.get("type") in {"EVENT", "CALLBACK"} and isinstance(one.get("topic"), str)


def _parsed(data: Any) -> Any:
    try:
        return json.loads(data)
    except (ValueError, TypeError):
        return data


async def _quietly(sending: Any) -> bool:
    """Whether it could be written: the other side may be gone."""
    try:
        await sending
    except (ConnectionError, RuntimeError):
        return False
    return True
