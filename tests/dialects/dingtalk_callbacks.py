"""What DingTalk sends to a client's HTTP addresses: robot messages, events, card clicks, and forgeries of them."""

import asyncio
import contextlib
import io
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from tests.dialects.dingtalk_records import Attempt, Delivery, Json, Route
from tests.dialects.dingtalk_seal import EventSeal, card_sign, robot_sign

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect

EVENT_DEADLINE_S = 2.5
"""The most generous of the three that the documents name (1.2 s, 1.5 s, 2.5 s)."""
EVENT_RETRIES_S = (10, 30)


class Callbacks:
    def __init__(self, dingtalk: "DingTalkDialect") -> None:
        self._dingtalk = dingtalk
        self._http: aiohttp.ClientSession | None = None
        self.robot_timeout_s = 5.0
        self.robot_attempts = 1
        """Whether and how often DingTalk repeats a robot's callback is not documented."""
        self.event_deadline_s = EVENT_DEADLINE_S
        self.event_receive_id = dingtalk.client_id
        """The CorpID where the subscription was made by the API."""
        self.signature_name = "msg_signature"
        self.timestamp_name = "timestamp"
        """signature and timeStamp, on older pushes"""
        self.failed_events: list[Delivery] = []

    def start(self) -> None:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def stop(self) -> None:
        if self._http is not None:
            await self._http.close()

    @property
    def secret(self) -> str:
        return self._dingtalk.client_secret

    @property
    def seal(self) -> EventSeal:
        return EventSeal(self._dingtalk.event_token, self._dingtalk.event_aes_key, self.event_receive_id)

    # robot messages

    async def robot(self, delivery: Delivery) -> None:
        for _ in range(self.robot_attempts):
            attempt = await self.robot_once(_json_bytes(delivery.body), self.robot_headers())
            delivery.attempts.append(attempt)
            if attempt.status == 200:
                delivery.become("acked")
                return
        delivery.become("lost")
        self._dingtalk.violations.append(f"robot callback: {delivery.status or delivery.attempts[-1].error}")

    def robot_headers(self, at: datetime | None = None, secret: str | None = None) -> dict[str, str]:
        timestamp = _milliseconds(at or self._dingtalk.now())
        sign = robot_sign(secret or self._dingtalk.client_secret, timestamp)
        return {"timestamp": timestamp, "sign": sign, "Content-Type": "application/json; charset=utf-8"}

    async def robot_once(self, body: bytes, headers: Mapping[str, str]) -> Attempt:
        return await self._post(URL(self._dingtalk.callback_url), body, headers, self.robot_timeout_s)

    # events

    async def event(self, delivery: Delivery) -> None:
        """Tell it; again 10 s and 30 s later when the answer is not the sealed `success`; then it is on the list."""
        attempt = await self.event_once(delivery.body)
        delivery.attempts.append(attempt)
        if not attempt.error:
            delivery.become("acked")
            return
        delivery.become("pushed")
        delivery.faults.append(attempt.error)
        tried = len(delivery.attempts)
        if tried <= len(EVENT_RETRIES_S):
            self._dingtalk.later(EVENT_RETRIES_S[tried - 1], lambda: self.event(delivery))
            return
        self._dingtalk.violations.append(f"event callback: {attempt.error}")
        self.failed_events.append(delivery)
        delivery.become("lost")

    async def check_url(self) -> Attempt:
        """What the admin page does when the address is saved; `error` says what is wrong."""
        return await self.event_once({"EventType": "check_url"})

    async def event_once(self, body: Json) -> Attempt:
        return await self._sealed(self.seal.seal(_json_bytes(body)))

    async def _sealed(self, sealed: str, *, at: datetime | None = None, signature: str | None = None) -> Attempt:
        seal = self.seal
        timestamp, nonce = _milliseconds(at or self._dingtalk.now()), secrets.token_hex(4)
        signed = seal.signature(timestamp, nonce, sealed) if signature is None else signature
        query = {self.signature_name: signed, self.timestamp_name: timestamp, "nonce": nonce}
        url = URL(self._dingtalk.event_url).update_query(query)
        headers = {"Content-Type": "application/json"}
        attempt = await self._post(url, _json_bytes({"encrypt": sealed}), headers, self.event_deadline_s)
        if not attempt.error:
            attempt.error = self._fault_in(attempt, seal)
        return attempt

    def _fault_in(self, attempt: Attempt, seal: EventSeal) -> str:
        """What is wrong with the answer to an event; "" when it is the sealed and signed `success`."""
        if attempt.status != 200:
            return f"http {attempt.status}"
        try:
            answer = json.loads(attempt.body)
            parts = [str(answer[name]) for name in ("timeStamp", "nonce", "encrypt")]
            signature = answer["msg_signature"]
        except (ValueError, TypeError, KeyError):
            return "not the four fields"
        if signature != seal.signature(*parts):
            return "wrong signature"
        try:
            message, receiver = seal.open(parts[2])
        except ValueError:
            return "cannot be decrypted"
        if message != b"success":
            return "not success"
        return "" if receiver == self.event_receive_id else "sealed for somebody else"

    # card clicks

    async def card(self, delivery: Delivery, route: Route, deadline_s: float) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if route.api_secret:
            timestamp = _milliseconds(self._dingtalk.now())
            headers |= {"x-ddpaas-signature-timestamp": timestamp}
            headers |= {"x-ddpaas-signature": card_sign(route.api_secret, timestamp)}
        attempt = await self._post(URL(route.url), _json_bytes(delivery.body), headers, deadline_s)
        delivery.attempts.append(attempt)
        if attempt.status != 200:
            delivery.faults.append(attempt.error or f"http {attempt.status}")
            delivery.become("lost")
            return
        with contextlib.suppress(ValueError):
            delivery.response = json.loads(attempt.body)
        delivery.become("acked")

    async def _post(self, url: URL, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Attempt:
        if self._http is None:
            raise RuntimeError("not started")
        attempt = Attempt(self._dingtalk.now(), "http")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            timeout = aiohttp.ClientTimeout(total=timeout_s)
            async with self._http.post(url, data=io.BytesIO(body), headers=headers, timeout=timeout) as response:
                attempt.body = await response.read()
                attempt.status = response.status
        except (TimeoutError, aiohttp.ClientError) as error:
            attempt.error = type(error).__name__
        attempt.took_s = loop.time() - begun
        return attempt

    # forgeries

    async def hostile(self, kind: str) -> Attempt:
        """One of HOSTILE_ROBOT, HOSTILE_EVENTS, HOSTILE_CARDS; a bot must refuse it (4xx) or take no harm from it."""
        if kind in HOSTILE_ROBOT:
            body, headers = HOSTILE_ROBOT[kind](self, self._dingtalk.now())
            return await self.robot_once(body, headers)
        if kind in HOSTILE_CARDS:
            url, secret = self._dingtalk.card_route("")
            stamp, sign = HOSTILE_CARDS[kind](secret, self._dingtalk.now())
            headers = {"x-ddpaas-signature-timestamp": stamp, "x-ddpaas-signature": sign} if stamp else {}
            body = _json_bytes({"outTrackId": "forged", "userId": "zhangsan", "extension": "{}", "content": "{}"})
            return await self._post(URL(url), body, headers, self.robot_timeout_s)
        sealed, signature, at = HOSTILE_EVENTS[kind](self, self._dingtalk.now())
        return await self._sealed(sealed, at=at, signature=signature)

    def sample(self) -> bytes:
        return _json_bytes(self._dingtalk.robot_body("zhangsan", "text", {"text": {"content": "伪造"}}))


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def _json_bytes(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


Forged = tuple[bytes, dict[str, str]]


def _unsigned(callbacks: Callbacks, now: datetime) -> Forged:
    return callbacks.sample(), {"Content-Type": "application/json"}


def _wrong_sign(callbacks: Callbacks, now: datetime) -> Forged:
    return callbacks.sample(), callbacks.robot_headers(now, "another-secret")


def _stale(callbacks: Callbacks, now: datetime) -> Forged:
    return callbacks.sample(), callbacks.robot_headers(now - timedelta(hours=1, seconds=1))


def _from_the_future(callbacks: Callbacks, now: datetime) -> Forged:
    return callbacks.sample(), callbacks.robot_headers(now + timedelta(hours=1, seconds=1))


def _odd_timestamp(callbacks: Callbacks, now: datetime) -> Forged:
    stamp = "１２３"  # digits to str.isdigit, not to DingTalk
    sign = robot_sign(callbacks.secret, stamp)
    headers = {"timestamp": stamp, "sign": sign}
    return callbacks.sample(), {name: value.encode().decode("latin-1") for name, value in headers.items()}


def _cut_short(callbacks: Callbacks, now: datetime) -> Forged:
    return callbacks.sample()[:-9], callbacks.robot_headers(now)


def _a_list(callbacks: Callbacks, now: datetime) -> Forged:
    return b"[1]", callbacks.robot_headers(now)


def _not_utf8(callbacks: Callbacks, now: datetime) -> Forged:
    return b'{"msgId": "\xff\xfe"}', callbacks.robot_headers(now)


def _deep(callbacks: Callbacks, now: datetime) -> Forged:
    return b"[" * 100_000, callbacks.robot_headers(now)


def _huge(callbacks: Callbacks, now: datetime) -> Forged:
    return b'{"a": "' + b"A" * (10 << 20) + b'"}', callbacks.robot_headers(now)


HOSTILE_ROBOT: dict[str, Callable[[Callbacks, datetime], Forged]] = {
    "unsigned": _unsigned,
    "wrong_sign": _wrong_sign,
    "stale": _stale,
    "from_the_future": _from_the_future,
    "odd_timestamp": _odd_timestamp,
    "cut_short": _cut_short,
    "a_list": _a_list,
    "not_utf8": _not_utf8,
    "deep": _deep,
    "huge": _huge,
}

ForgedEvent = tuple[str, str | None, datetime | None]
_LEAVE = b'{"EventType":"user_leave_org","EventTime":1,"CorpId":"forged","eventId":"forged","userId":["zhangsan"]}'

HOSTILE_EVENTS: dict[str, Callable[[Callbacks, datetime], ForgedEvent]] = {
    "event_wrong_signature": lambda callbacks, now: (callbacks.seal.seal(_LEAVE), "0" * 40, None),
    "event_unsigned": lambda callbacks, now: (callbacks.seal.seal(_LEAVE), "", None),
    "event_wrong_receiver": lambda callbacks, now: (
        callbacks.seal.seal(_LEAVE, receive_id="dingsomebodyelse"),
        None,
        None,
    ),
    "event_stale": lambda callbacks, now: (callbacks.seal.seal(_LEAVE), None, now - timedelta(hours=2)),
    "event_garbage": lambda callbacks, now: ("bm90IHNlYWxlZA==", None, None),
    "event_not_base64": lambda callbacks, now: ("****", None, None),
    "event_bad_padding": lambda callbacks, now: (callbacks.seal.seal_raw(b"r" * 16 + b"\0" * 48), None, None),
    "event_length_overflow": lambda callbacks, now: (
        callbacks.seal.seal_raw(b"r" * 16 + (2**32 - 1).to_bytes(4, "big") + b"x" * 12 + bytes([32]) * 32),
        None,
        None,
    ),
    "event_not_json": lambda callbacks, now: (callbacks.seal.seal("不是".encode("gbk")), None, None),
    "event_a_list": lambda callbacks, now: (callbacks.seal.seal(b"[1]"), None, None),
}

HOSTILE_CARDS: dict[str, Callable[[str, datetime], tuple[str, str]]] = {
    "card_unsigned": lambda secret, now: ("", ""),
    "card_wrong_sign": lambda secret, now: (_milliseconds(now), card_sign("another", _milliseconds(now))),
    "card_stale": lambda secret, now: (
        _milliseconds(now - timedelta(hours=2)),
        card_sign(secret, _milliseconds(now - timedelta(hours=2))),
    ),
}

HOSTILE = (*HOSTILE_ROBOT, *HOSTILE_EVENTS, *HOSTILE_CARDS)
