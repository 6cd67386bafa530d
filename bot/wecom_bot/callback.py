"""The AI bot's HTTP callbacks: who calls, what is kept, and what the call itself is answered.

A message opens an exchange and is answered with what the assistant has said so far; WeCom then asks how it goes on. A
click and an entered chat are answered once, within five seconds, so those calls are held a little for what the
assistant may want to answer; if nothing comes, the answer is empty: a card that said 处理中 in place of its buttons
would leave people without them if the click comes to nothing.
"""

import asyncio
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from aiohttp import web

from bot.callback_crypto import CallbackCrypto, CryptoError, WrongSignature
from bot.config import WeComBot
from bot.errors import BotError
from bot.http import json_object, read_request, string
from bot.platform import Keep
from bot.wecom_bot import payloads
from bot.wecom_bot.exchanges import Answer, Exchanges
from bot.wecom_bot.payloads import MalformedPayload, Stub
from handlers.messages import JsonObject
from storage.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")
OnMessage = Callable[[Stub], None]
"""Told of every message and event before it is kept."""

MAX_BODY_BYTES = 1024 * 1024
BODY_WAIT_S = 4.0
ANSWER_WITHIN_S = 4.0
"""WeCom hangs up after five seconds."""
FIRST_WORDS_WAIT_S = 1.0
"""So long a message's first answer waits for the assistant's first words; the next ones come with WeCom's questions."""
MOST_NONCES = 50_000

NO_SIGNATURE = """这里是拜访助手接收企业微信智能机器人消息的地址，程序正在运行。
请把这个地址填到企业微信管理后台：智能机器人 → API 模式 → 使用 URL 回调 → URL。
用浏览器直接打开看到这一页是正常的。
"""


class StaleSignature(BotError):
    pass


class Replayed(BotError):
    pass


@dataclass
class _Held:
    """A call that waits for its one answer."""

    offered: asyncio.Event = field(default_factory=asyncio.Event)
    body: JsonObject | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    was_written: bool = False


class Held:
    """The calls that are being held, by what they wait for: a click's message id, or who opened the chat."""

    def __init__(self) -> None:
        self._calls: dict[str, _Held] = {}
        self._is_open = True

    def begin(self, name: str) -> _Held:
        held = self._calls[name] = _Held()
        return held

    async def wait(self, name: str, held: _Held, within_s: float) -> JsonObject | None:
        """What the call is to be answered, which may have been offered before; None where nothing comes in time."""
        if within_s > 0 and self._is_open:
            try:
                async with asyncio.timeout(within_s):
                    await held.offered.wait()
            except TimeoutError:
                pass
        self._drop(name, held)
        return held.body

    def end(self, name: str, held: _Held) -> None:
        """It is not answered after all."""
        self._drop(name, held)
        held.settled.set()

    def _drop(self, name: str, held: _Held) -> None:
        if self._calls.get(name) is held:
            del self._calls[name]

    async def offer(self, name: str, body: JsonObject) -> bool:
        """Answer the call held under `name`; False where there is none (any more), or the answer did not get out."""
        held = self._calls.pop(name, None)
        if held is None:
            return False
        held.body = body
        held.offered.set()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await held.settled.wait()
        except TimeoutError:
            return False
        return held.was_written

    def release(self) -> None:
        self._is_open = False
        for held in self._calls.values():
            held.offered.set()


class Nonces:
    """Knows the nonces of past calls; WeCom promises not to repeat one within two hours (developer document 101033)."""

    def __init__(self, life: timedelta) -> None:
        self._life = life
        self._seen: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def is_repeat(self, nonce: str, signature: str, now: datetime) -> bool:
        """Whether the same call came before. Raises Replayed where the nonce was that of another call."""
        while self._seen:
            name, (_, seen_at) = next(iter(self._seen.items()))
            if now - seen_at < self._life and len(self._seen) < MOST_NONCES:
                break
            del self._seen[name]
        if nonce not in self._seen:
            self._seen[nonce] = (signature, now)
            return False
        if self._seen[nonce][0] != signature:
            raise Replayed("nonce of another call")
        return True


class CallbackDoor:
    def __init__(
        self,
        config: WeComBot,
        clock: Clock,
        exchanges: Exchanges,
        held: Held,
        *,
        hold_s: float,
        first_words_wait_s: float = FIRST_WORDS_WAIT_S,
    ) -> None:
        self._config = config
        self._clock = clock
        self._exchanges = exchanges
        self._held = held
        self._hold_s = hold_s
        self._first_words_wait_s = first_words_wait_s
        # A bot of one's own company is sealed for nobody (developer document 101033).
        self._crypto = CallbackCrypto(config.token.get_secret_value(), config.encoding_aes_key.get_secret_value(), "")
        # A signature is taken for as long before and after its time.
        self._nonces = Nonces(timedelta(seconds=2 * config.replay_window_s))
        self._keeping: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        await asyncio.gather(*self._keeping, return_exceptions=True)

    def routes(self, keep: Keep, on_message: OnMessage) -> list[web.RouteDef]:
        async def receive(request: web.Request) -> web.StreamResponse:
            return await self._receive(request, keep, on_message)

        path = self._config.callback_path
        return [web.get(path, self._verify), web.post(path, receive)]

    # the address is verified

    async def _verify(self, request: web.Request) -> web.Response:
        query = request.query
        if "msg_signature" not in query or "echostr" not in query:
            return web.Response(status=400, text=NO_SIGNATURE)
        try:
            return web.Response(body=self._open_echo(query["echostr"], request), content_type="text/plain")
        except CryptoError as error:
            return _refused(403, error)

    def _open_echo(self, echo: str, request: web.Request) -> bytes:
        query = request.query
        signed = {"timestamp": query.get("timestamp", ""), "nonce": query.get("nonce", "")}
        try:
            return self._crypto.open(echo, signature=query["msg_signature"], **signed)
        except WrongSignature:
            # An unescaped `+` arrives as a space.
            return self._crypto.open(echo.replace(" ", "+"), signature=query["msg_signature"], **signed)

    # callbacks

    async def _receive(self, request: web.Request, keep: Keep, on_message: OnMessage) -> web.StreamResponse:
        give_up_at_s = asyncio.get_running_loop().time() + ANSWER_WITHIN_S
        try:
            message = await self._opened(request)
            if payloads.is_poll(message):
                return await self._answer_poll(request, message)
            stub = payloads.read_stub(message)
        except (WrongSignature, StaleSignature, Replayed) as error:
            return _refused(403, error)
        except (CryptoError, MalformedPayload) as error:
            return _refused(400, error)
        keeping = self._keep(message, keep)
        if stub.kind in ("enter_chat", "template_card_event"):
            return await self._answer_event(request, stub, keeping, on_message, give_up_at_s)
        if stub.is_event:
            await self._shielded(keeping)
            return web.Response()
        return await self._answer_message(request, stub, keeping, on_message)

    async def _opened(self, request: web.Request) -> JsonObject:
        body = await read_request(request, limit_bytes=MAX_BODY_BYTES, within_s=BODY_WAIT_S)
        encrypted = string(json_object(body) or {}, "encrypt")
        if encrypted is None:
            raise MalformedPayload("no encrypt")
        query = request.query
        timestamp, nonce, signature = (query.get(name, "") for name in ("timestamp", "nonce", "msg_signature"))
        # Signature first: a caller without it learns nothing, not even our clock.
        self._crypto.check(encrypted, signature=signature, timestamp=timestamp, nonce=nonce)
        now = self._clock.now()
        age_s = now.timestamp() - (int(timestamp) if re.fullmatch(r"[0-9]{1,11}", timestamp) else 0)
        if abs(age_s) > self._config.replay_window_s:
            raise StaleSignature("signed too long ago")
        is_repeat = self._nonces.is_repeat(nonce, signature, now)
        message = json_object(self._crypto.unseal(encrypted))
        if message is None:
            raise MalformedPayload("not a JSON object")
        if is_repeat and payloads.is_poll(message):
            # A message may be WeCom's own repeat of what was not answered in time, and its key makes it harmless. Who
            # replays a question would take away the card that belongs to the real one.
            raise Replayed("question asked before")
        return message

    async def _keep(self, message: JsonObject, keep: Keep) -> None:
        for received in payloads.received(message, at=self._clock.now()):
            await keep("wecom_bot", received)

    async def _shielded(self, work: Coroutine[Any, Any, T]) -> T:
        """WeCom hangs up after five seconds, and a web server may cancel us then; the commit goes on all the same."""
        task = asyncio.create_task(work)
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)
        return await asyncio.shield(task)

    async def _answer_message(
        self, request: web.Request, stub: Stub, keeping: Coroutine[Any, Any, None], on_message: OnMessage
    ) -> web.StreamResponse:
        # Opened before anything is kept: the assistant may answer before this call goes on.
        exchange = self._exchanges.open(stub.message_id, stub.user_id, stub.group)
        on_message(stub)
        try:
            await self._shielded(keeping)
        except BaseException:
            if not exchange.pieces:
                self._exchanges.drop(exchange)
            raise
        if not exchange.pieces and exchange.group is None:
            try:
                async with asyncio.timeout(self._first_words_wait_s):
                    await exchange.news.wait()
            except TimeoutError:
                pass
        return await self._write_answer(request, self._exchanges.answer(exchange))

    async def _answer_poll(self, request: web.Request, message: JsonObject) -> web.StreamResponse:
        exchange = self._exchanges.find(payloads.stream_id(message) or "")
        if exchange is None:
            # From before a restart. An end of our own would wipe out what that stream has shown.
            log.info("wecom_bot.unknown_stream")
            return web.Response()
        return await self._write_answer(request, self._exchanges.answer(exchange))

    async def _write_answer(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await self._write(request, answer.body)
        if response is None:
            return web.Response()
        answer.carried()
        return response

    async def _answer_event(
        self,
        request: web.Request,
        stub: Stub,
        keeping: Coroutine[Any, Any, None],
        on_message: OnMessage,
        give_up_at_s: float,
    ) -> web.StreamResponse:
        name = held_name(stub)
        held = self._held.begin(name)
        on_message(stub)
        try:
            await self._shielded(keeping)
        except BaseException:
            self._held.end(name, held)
            raise
        left_s = give_up_at_s - asyncio.get_running_loop().time()
        try:
            body = await self._held.wait(name, held, min(self._hold_s, left_s))
            if body is None:
                return web.Response()
            response = await self._write(request, body)
            held.was_written = response is not None
            return response or web.Response()
        finally:
            self._held.end(name, held)

    async def _write(self, request: web.Request, body: JsonObject) -> web.StreamResponse | None:
        """The sealed answer, written out to the end; None where the caller had gone."""
        timestamp, nonce = int(self._clock.now().timestamp()), request.query.get("nonce", "")
        encrypted = self._crypto.seal(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
        envelope = {
            "encrypt": encrypted,
            "msgsignature": self._crypto.sign(str(timestamp), nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        response = web.json_response(envelope)
        try:
            await response.prepare(request)
            await response.write_eof()
        except (ConnectionError, OSError):
            return None
        return response


def held_name(stub: Stub) -> str:
    return click_name(stub.message_id) if stub.kind == "template_card_event" else greeting_name(stub.user_id)


def click_name(message_id: str) -> str:
    return f"click:{message_id}"


def greeting_name(user_id: str) -> str:
    return f"greeting:{user_id}"


def _refused(status: int, error: Exception) -> web.Response:
    log.warning("wecom_bot.callback_refused", extra={"status": status, "reason": f"{type(error).__name__}: {error}"})
    return web.Response(status=status)
