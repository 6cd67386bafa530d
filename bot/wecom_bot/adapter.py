"""WeCom's AI bot (智能机器人) as a platform of ours, over its long connection or by HTTP callbacks.

How a message reaches its person is told in `pushing` and `answering`. Neither mode has a duplicate check of WeCom's to
rely on. What this process knows of a delivery (an ack that came late, an address that is spent) keeps its repeat from
showing twice; a process that dies between a send and its mark knows nothing, and then a text may.

Both modes keep what they need in memory: web and sender must run in one process, and one process only may run for a
bot. Elsewhere `send` over the long connection raises PlatformBusy, and by callbacks it has nothing but `reply`.
"""

import asyncio
import json
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import aiohttp
from aiohttp import web
from yarl import URL

from bot.addresses import is_loopback
from bot.config import WeComBot
from bot.errors import ConfigError, ContentRefused, PlatformError
from bot.http import HttpCaller
from bot.pace import MemberPace
from bot.platform import (
    Attachment,
    Capabilities,
    CheckResult,
    Deliverable,
    Keep,
    MediaFile,
    Received,
    Sent,
    Uploaded,
)
from bot.wecom_bot import cards, markdown, media, payloads, uploads
from bot.wecom_bot.answering import Answering
from bot.wecom_bot.callback import ANSWER_WITHIN_S, FIRST_WORDS_WAIT_S, CallbackDoor, Held
from bot.wecom_bot.errors_table import BAD_TASK_ID
from bot.wecom_bot.exchanges import Exchanges
from bot.wecom_bot.payloads import MalformedPayload
from bot.wecom_bot.pushing import SEND, Pushing
from bot.wecom_bot.recipients import Channel, Progress, Recipient, delivery_id, remember
from bot.wecom_bot.socket import LongConnection
from handlers.messages import (
    CardUpdate,
    InboundMessage,
    JsonObject,
    OutboundCard,
    OutboundText,
    PlatformName,
    ReplyRoute,
)
from storage.clock import Clock, SystemClock

log = logging.getLogger(__name__)

MAX_TEXT_BYTES = 8192
"""WeCom takes 20,480; but several texts share one answer, and nobody reads more at once on a phone."""
PER_MEMBER_PER_HOUR = 1000
KEEP_AGAIN_S, LONGEST_KEEP_AGAIN_S = 1.0, 30.0

Step = Callable[[str], Awaitable[None]]
"""Makes one message; told the name of this very delivery."""


class WeComBotPlatform:
    def __init__(
        self,
        config: WeComBot,
        *,
        clock: Clock | None = None,
        session: aiohttp.ClientSession | None = None,
        hold_s: float = ANSWER_WITHIN_S,
        first_words_wait_s: float = FIRST_WORDS_WAIT_S,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`hold_s` is how long the call of a click or an entered chat may wait for its answer. Raises ConfigError."""
        url = URL(config.socket_url)
        if config.mode == "socket" and url.scheme == "ws" and not is_loopback(url.host or ""):
            raise ConfigError(
                "wecom_bot.socket_url: wss:// is needed, or the secret goes over the network in the clear"
            )
        self._config = config
        self._clock = clock or SystemClock()
        self._http = HttpCaller(proxy=config.proxy, session=session)
        self._pace = MemberPace(self._clock, config.per_member_per_minute, PER_MEMBER_PER_HOUR)
        self._upload_pace = MemberPace(self._clock, uploads.PER_MINUTE, uploads.PER_HOUR)
        self._sends: OrderedDict[str, Progress] = OrderedDict()
        self._connection = LongConnection(config, self._clock, lambda: self._http.session, jitter=jitter)
        self._pushing = Pushing(self._connection, self._clock)
        exchanges, self._held = Exchanges(self._clock), Held()
        self._answering = Answering(config, self._clock, self._http, exchanges, self._held)
        self._door: CallbackDoor | None = None
        if config.mode == "callback":
            self._door = CallbackDoor(
                config, self._clock, exchanges, self._held, hold_s=hold_s, first_words_wait_s=first_words_wait_s
            )

    @property
    def name(self) -> PlatformName:
        return "wecom_bot"

    @property
    def capabilities(self) -> Capabilities:
        """They hold where web and sender share one process: see the top of this module."""
        return Capabilities(
            cards=True,
            files=uploads.LIMITS if self._door is None else {},
            max_text_bytes=MAX_TEXT_BYTES,
            per_member_per_minute=self._config.per_member_per_minute,
            per_member_per_hour=PER_MEMBER_PER_HOUR,
            answers_only=True,
        )

    @property
    def connected(self) -> bool:
        return self._door is not None or self._connection.connected

    def hang_up(self) -> None:
        self._held.release()

    async def close(self) -> None:
        if self._door is not None:
            await self._door.close()
        await self._http.close()

    # what comes in

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        return self._door.routes(keep, self._answering.note) if self._door is not None else []

    async def listen(self, keep: Keep) -> None:
        if self._door is not None:
            return

        async def on_frame(body: JsonObject, req_id: str) -> None:
            await self._keep_frame(body, req_id, keep)

        await self._connection.run(on_frame)

    async def _keep_frame(self, body: JsonObject, req_id: str, keep: Keep) -> None:
        """WeCom does not bring a frame again, so it is tried until it is kept."""
        at = self._clock.now()
        try:
            stub, pieces = payloads.read_stub(body), payloads.received(body, at=at, req_id=req_id)
        except MalformedPayload as error:
            log.warning("wecom_bot.frame_refused", extra={"reason": error.reason})
            return
        if stub.kind == "enter_chat":
            self._pushing.entered(stub.user_id, req_id, at)
        for piece in pieces:
            wait_s = KEEP_AGAIN_S
            while not await _was_kept(keep, piece):
                await self._clock.wait(asyncio.Event(), self._clock.now() + timedelta(seconds=wait_s))
                wait_s = min(2 * wait_s, LONGEST_KEEP_AGAIN_S)

    def parse(self, received: Received) -> InboundMessage:
        return payloads.parse(received)

    async def fetch_media(self, media_ref: str) -> MediaFile:
        return await media.fetch(self._http, self._config, media_ref)

    # what goes out

    @property
    def _channel(self) -> Channel:
        return self._pushing if self._door is None else self._answering

    async def upload(self, attachment: Attachment) -> Uploaded:
        """Over the long connection; callbacks know no such thing."""
        self._upload_pace.take(self._config.bot_id)
        return await uploads.upload(self._connection, attachment)

    async def send(
        self,
        user_id: str,
        content: Deliverable,
        *,
        key: str,
        guard: bool = False,
        response_ref: str | None = None,
        reply: ReplyRoute | None = None,
        group: str | None = None,
    ) -> Sent:
        """One or more messages: a card may have a text before it.

        Called again with the same `key` after a failure, it goes on with the message that failed. A card's
        `response_ref` is what it looks like: to close it means to send it anew. A group gets texts only.
        """
        progress = self._sends.get(key, Progress())
        remember(self._sends, key, progress)
        to = Recipient(user_id, group, payloads.read_reply(reply, self._clock.now()), progress)
        match content:
            case OutboundText():
                sent = await self._deliver(to, key, self._texts(to, [content.text]))
            case OutboundCard() if group is not None:
                raise ContentRefused(SEND, "card in a group")
            case OutboundCard():
                sent = await self._send_card(to, key, content, guard)
            case Uploaded() if group is not None:
                raise ContentRefused(SEND, "file in a group")
            case Uploaded():
                sent = await self._deliver(to, key, [lambda name: self._channel.file(to, content, name)])
            case CardUpdate():
                sent = await self._update(to, key, content, response_ref)
        self._sends.pop(key, None)
        return sent

    async def _deliver(self, to: Recipient, key: str, steps: Sequence[Step]) -> Sent:
        if not steps:
            raise ContentRefused(SEND, "nothing to say")
        conversation = to.group or to.user_id
        self._pace.need(conversation, len(steps) - to.progress.done)
        for number in range(to.progress.done, len(steps)):
            self._pace.take(conversation)
            await steps[number](delivery_id(key, number))
            to.progress.done = number + 1
        return Sent()

    def _texts(self, to: Recipient, texts: Sequence[str]) -> list[Step]:
        named = f"{markdown.mention(to.user_id)} " if to.group is not None else ""
        parts = [part for text in texts for part in markdown.parts(text, MAX_TEXT_BYTES)]
        return [self._text(to, named + part) for part in parts]

    def _text(self, to: Recipient, text: str) -> Step:
        return lambda name: self._channel.text(to, text, name)

    async def _send_card(self, to: Recipient, key: str, content: OutboundCard, guard: bool) -> Sent:
        rendered = cards.render(content, task_id=payloads.task_id(content.card_id, key))
        steps = self._texts(to, rendered.texts_before)
        if rendered.card is None:
            return await self._deliver(to, key, steps)
        await self._deliver(to, key, [*steps, self._card(to, rendered.card, guard)])
        return Sent(response_ref=json.dumps(cards.face(rendered.card), ensure_ascii=False))

    def _card(self, to: Recipient, card: JsonObject, guard: bool) -> Step:
        async def send(name: str) -> None:
            try:
                await self._channel.card(to, card, name)
            except ContentRefused as error:
                if not (guard and error.code == BAD_TASK_ID):
                    raise
                # Its task_id belongs to this very delivery, so it is taken only if the card arrived.

        return send

    async def _update(self, to: Recipient, key: str, update: CardUpdate, kept_face: str | None) -> Sent:
        """Only a click can be answered with another card, and within five seconds."""
        if not to.progress.update_refused:
            click = payloads.read_click(update.response_ref, self._clock.now())
            if click is not None:
                closed = cards.closed(kept_face, update.closing, task_id=click.task_id)
                if await self._channel.change_card(click, closed):
                    return Sent()
            to.progress.update_refused = True
        if not update.fallback:
            return Sent()
        return await self._deliver(to, key, self._texts(to, [update.fallback]))

    # set-up

    async def check(self) -> list[CheckResult]:
        return [self._check_callback()] if self._door is not None else [await self._check_socket()]

    def _check_callback(self) -> CheckResult:
        path = self._config.callback_path
        return CheckResult(
            "企业微信智能机器人：回调",
            True,
            f"回调地址路径 {path}，Token 和 EncodingAESKey 格式正确；与管理后台是否一致，要在后台点“保存”时才能验证",
            f"请在企业微信“智能机器人 → API 模式 → 使用 URL 回调”填写 https://你的域名{path} 并保存。"
            '回调方式不能主动推送，提醒要等成员下次发消息才能送达；需要主动提醒请改用长连接（mode = "socket"）。',
        )

    async def _check_socket(self) -> CheckResult:
        """Whether the address can be reached. Nothing is subscribed: that would kick a bot that is running."""
        name = "企业微信智能机器人：长连接"
        url = URL(self._config.socket_url)
        plain = url.with_scheme("https" if url.scheme == "wss" else "http")

        async def status(api: str, response: aiohttp.ClientResponse) -> int:
            return response.status

        try:
            await self._http.exchange("openws", "GET", str(plain), status, timeout_s=self._config.timeout_s)
        except PlatformError as error:
            advice = f"连不上 {url.host}：请检查网络、DNS、防火墙（出站 443 端口）、proxy 和 socket_url。"
            return CheckResult(name, False, str(error), advice)
        return CheckResult(
            name,
            True,
            f"{url.host} 可以连通；没有试登录，以免踢掉正在运行的机器人",
            "Bot ID 和 Secret 是否正确请看启动日志：出现 wecom_bot.connected 即成功。"
            "同一个机器人只能有一个进程连接，web 与 sender 要在同一个进程里。",
        )


async def _was_kept(keep: Keep, received: Received) -> bool:
    try:
        await keep("wecom_bot", received)
    except Exception as error:  # noqa: BLE001  the connection's loop: what is brought only once must not be dropped
        extra = {"event_id": received.event_id, "reason": type(error).__name__}
        log.error("wecom_bot.not_kept", extra=extra)  # noqa: TRY400  a message could quote words
        return False
    return True
