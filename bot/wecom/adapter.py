"""A WeCom self-built app (自建应用) as a platform of ours."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from bot.callback_crypto import CallbackCrypto, CryptoError, WrongSignature
from bot.config import WeCom
from bot.errors import BotError, ContentRefused, PlatformBusy, PlatformError
from bot.http import MEGABYTE, read_request
from bot.pace import MemberPace
from bot.plain import MAX_TEXT_BYTES, clean, split
from bot.platform import (
    Attachment,
    Capabilities,
    CheckResult,
    Deliverable,
    FileLimit,
    Keep,
    MediaFile,
    Received,
    Sent,
    Uploaded,
)
from bot.wecom import cards, payloads
from bot.wecom.client import DUPLICATE_CHECK_S, Accepted, WeComClient
from bot.wecom.errors_table import BAD_TASK_ID
from bot.wecom.payloads import MalformedPayload
from handlers.messages import (
    CardUpdate,
    FileSort,
    InboundMessage,
    JsonObject,
    OutboundCard,
    OutboundText,
    PlatformName,
    ReplyRoute,
)
from storage.clock import Clock, SystemClock

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024
BODY_WAIT_S = 5.0
"""WeCom itself hangs up after five seconds."""
PER_MEMBER_PER_HOUR = 1000
PART_PAUSE_S = 0.5
"""Parts of one answer that follow each other faster have been seen out of order on phones."""
REMEMBERED_SENDS = 1000
FILES: Mapping[FileSort, FileLimit] = {
    "image": FileLimit(10 * MEGABYTE, {"jpeg", "png"}),
    "voice": FileLimit(2 * MEGABYTE, {"amr"}, max_s=60.5),
    "video": FileLimit(10 * MEGABYTE, {"mp4"}),
    "file": FileLimit(20 * MEGABYTE),
}
"""What `media/upload` takes (developer document 90253). A note of the full 60 s may measure a little more; should WeCom
mind, it goes as a file after all."""

NO_SIGNATURE = """这里是拜访助手接收企业微信消息的地址，程序正在运行。
请把这个地址填到企业微信管理后台：应用管理 → 你的应用 → 接收消息 → 设置API接收 → URL。
用浏览器直接打开看到这一页是正常的。
"""

Step = Callable[[], Awaitable[Accepted]]


class WeComPlatform:
    def __init__(
        self,
        config: WeCom,
        *,
        clock: Clock | None = None,
        session: aiohttp.ClientSession | None = None,
        part_pause_s: float = PART_PAUSE_S,
    ) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._crypto = CallbackCrypto(
            config.token.get_secret_value(), config.encoding_aes_key.get_secret_value(), config.corp_id
        )
        self.client = WeComClient(config, clock=self._clock, session=session)
        self._pace = MemberPace(self._clock, config.per_member_per_minute, PER_MEMBER_PER_HOUR)
        self._part_pause_s = part_pause_s
        self._sends: OrderedDict[str, _Progress] = OrderedDict()
        self._keeping: set[asyncio.Task[bool]] = set()

    @property
    def name(self) -> PlatformName:
        return "wecom"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            cards=True,
            files=FILES,
            max_text_bytes=MAX_TEXT_BYTES,
            per_member_per_minute=self._config.per_member_per_minute,
            per_member_per_hour=PER_MEMBER_PER_HOUR,
            duplicate_check_s=DUPLICATE_CHECK_S,
        )

    def hang_up(self) -> None:
        """Nothing stays open: WeCom calls, we answer."""

    async def close(self) -> None:
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await self.client.close()

    # what comes in

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        async def receive(request: web.Request) -> web.Response:
            return await self._receive(request, keep)

        path = self._config.callback_path
        return [web.get(path, self._verify), web.post(path, receive)]

    async def _verify(self, request: web.Request) -> web.Response:
        """The admin page's test of this address: WeCom wants exactly the bytes that it sealed."""
        query = request.query
        if "msg_signature" not in query or "echostr" not in query:
            return web.Response(status=400, text=NO_SIGNATURE)
        try:
            return web.Response(body=self._open_echo(query["echostr"], request), content_type="text/plain")
        except CryptoError as error:
            return _refused(403, error)

    def _open_echo(self, echo: str, request: web.Request) -> bytes:
        try:
            return self._open(echo, request)
        except WrongSignature:
            # An unescaped `+` arrives as a space.
            return self._open(echo.replace(" ", "+"), request)

    def _open(self, encrypted: str, request: web.Request) -> bytes:
        query = request.query
        return self._crypto.open(
            encrypted,
            signature=query.get("msg_signature", ""),
            timestamp=query.get("timestamp", ""),
            nonce=query.get("nonce", ""),
        )

    async def _receive(self, request: web.Request, keep: Keep) -> web.Response:
        try:
            body = await read_request(request, limit_bytes=MAX_BODY_BYTES, within_s=BODY_WAIT_S)
            encrypted = payloads.read_envelope(body)
            self._check_signed_lately(encrypted, request)
            xml = self._crypto.unseal(encrypted)
            stub = payloads.read_stub(xml)
        except (WrongSignature, StaleSignature) as error:
            return _refused(403, error)
        except (CryptoError, MalformedPayload) as error:
            return _refused(400, error)
        received = Received(stub.event_id, stub.user_id, {"xml": xml.decode("utf-8-sig")})
        keeping = asyncio.create_task(keep("wecom", received))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        # WeCom hangs up after five seconds, and a web server may cancel us then; the commit goes on, for WeCom calls
        # three times at most.
        await asyncio.shield(keeping)
        return web.Response()

    def _check_signed_lately(self, encrypted: str, request: web.Request) -> None:
        """Signature first: a caller without it learns nothing, not even our clock."""
        query = request.query
        timestamp = query.get("timestamp", "")
        self._crypto.check(
            encrypted, signature=query.get("msg_signature", ""), timestamp=timestamp, nonce=query.get("nonce", "")
        )
        # Within the window a repeat is let through: WeCom repeats what was not answered in time, and the kept
        # event's key, not this check, makes it harmless.
        age_s = self._clock.now().timestamp() - (int(timestamp) if re.fullmatch(r"[0-9]{1,11}", timestamp) else 0)
        if abs(age_s) > self._config.replay_window_s:
            raise StaleSignature("signed too long ago")

    @property
    def connected(self) -> bool:
        return True

    async def listen(self, keep: Keep) -> None:
        """Returns at once: this platform calls us."""

    def parse(self, received: Received) -> InboundMessage:
        xml = received.body.get("xml")
        if not isinstance(xml, str):
            raise MalformedPayload("no xml kept")
        return payloads.parse(xml, received.event_id)

    async def fetch_media(self, media_ref: str) -> MediaFile:
        return await self.client.download(media_ref)

    # what goes out

    async def upload(self, attachment: Attachment) -> Uploaded:
        media_id = await self.client.upload(attachment.sort, attachment.file)
        return Uploaded(sort=attachment.sort, media_ref=media_id, name=attachment.file.file_name)

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
        """One or more calls: a text that is too long goes in parts, a card may have a text before it.

        Called again with the same `key` after a failure, it goes on with the part that failed.
        """
        progress = self._sends.setdefault(key, _Progress())
        while len(self._sends) > REMEMBERED_SENDS:
            self._sends.popitem(last=False)
        match content:
            case OutboundText():
                sent = await self._deliver(user_id, self._texts(user_id, [content.text], guard), progress)
            case OutboundCard():
                sent = await self._deliver(user_id, self._card(user_id, content, key, guard), progress)
            case Uploaded():
                sent = await self._deliver(user_id, [self._media(user_id, content, guard)], progress)
            case CardUpdate():
                sent = await self._update(user_id, content, response_ref, guard, progress)
        self._sends.pop(key, None)
        return sent

    async def _deliver(self, user_id: str, steps: Sequence[Step], progress: "_Progress") -> Sent:
        if not steps:
            raise ContentRefused("message/send", "nothing to say")
        self._pace.need(user_id, len(steps) - progress.done)
        accepted = Accepted(None, None)
        first = progress.done
        for number in range(first, len(steps)):
            if number > first:
                await asyncio.sleep(self._part_pause_s)
            self._pace.take(user_id)
            accepted = await steps[number]()
            progress.done = number + 1
        return Sent(accepted.message_id, accepted.response_code)

    def _texts(self, user_id: str, texts: Sequence[str], guard: bool) -> list[Step]:
        parts = [part for text in texts for part in split(clean(text))]
        # Two equal parts of one message are both meant: the duplicate check would swallow the second.
        return [self._text(user_id, part, guard and parts.count(part) == 1) for part in parts]

    def _text(self, user_id: str, part: str, guard: bool) -> Step:
        return lambda: self.client.send_text(user_id, part, guard=guard)

    def _media(self, user_id: str, uploaded: Uploaded, guard: bool) -> Step:
        return lambda: self.client.send_media(user_id, uploaded.sort, uploaded.media_ref, guard=guard)

    def _card(self, user_id: str, content: OutboundCard, key: str, guard: bool) -> list[Step]:
        rendered = cards.render(content, task_id=payloads.task_id(content.card_id, key))
        steps = self._texts(user_id, rendered.texts_before, guard)
        if rendered.card is not None:
            steps.append(self._template_card(user_id, rendered.card, guard))
        return steps

    def _template_card(self, user_id: str, card: JsonObject, guard: bool) -> Step:
        async def send() -> Accepted:
            try:
                return await self.client.send_card(user_id, card)
            except ContentRefused as error:
                if guard and error.code == BAD_TASK_ID:
                    # Its task_id belongs to this very delivery, so it is taken only if the card arrived.
                    return Accepted(None, None)
                raise

        return send

    async def _update(
        self, user_id: str, update: CardUpdate, response_ref: str | None, guard: bool, progress: "_Progress"
    ) -> Sent:
        if not progress.update_refused:
            try:
                repeated = guard if progress.update_unsure is None else progress.update_unsure
                if await self._close_card(user_id, update, response_ref, repeated=repeated):
                    return Sent()
            except PlatformBusy as error:
                # A number is WeCom's own refusal; anything else leaves open whether it came through.
                progress.update_unsure = not isinstance(error.code, int)
                raise
            progress.update_refused = True
        if not update.fallback:
            return Sent()
        return await self._deliver(user_id, self._texts(user_id, [update.fallback], guard), progress)

    async def _close_card(self, user_id: str, update: CardUpdate, response_ref: str | None, *, repeated: bool) -> bool:
        """False where the card can no longer be changed: no code, or one that is spent or too old."""
        for code in dict.fromkeys([update.response_ref, response_ref]):
            if code is None:
                continue
            try:
                await self.client.close_card(user_id, code, cards.closing(update.closing))
            except PlatformError as error:
                # WeCom does not document what it answers to a spent code, so an unknown code counts as that too.
                if not isinstance(error, ContentRefused) and type(error) is not PlatformError:
                    raise
                log.info("wecom.card_not_changed", extra={"card_id": update.card_id, "code": error.code})
                if repeated:
                    # The first try may have spent it, and then the card is closed already.
                    return True
            else:
                return True
        return False

    # set-up

    async def check(self) -> list[CheckResult]:
        token = await _checked("企业微信：企业 ID 与 Secret", self._check_token)
        if not token.ok:
            return [token]
        return [
            token,
            await _checked("企业微信：应用与可信 IP", self._check_agent),
            await _checked("企业微信：接收消息", self._check_callback),
        ]

    async def _check_token(self) -> CheckResult:
        await self.client.token()
        return CheckResult("企业微信：企业 ID 与 Secret", True, "已取得 access_token")

    async def _check_agent(self) -> CheckResult:
        name = "企业微信：应用与可信 IP"
        agent = await self.client.agent()
        if agent.get("close") == 1:
            return CheckResult(name, False, "应用已停用", "请在“应用管理 → 本应用”启用。")
        if not _names_somebody(agent):
            advice = "可见范围里没有人：请在“应用管理 → 本应用 → 可见范围”添加销售和主管。"
            return CheckResult(name, False, "没有人能看到这个应用", advice)
        return CheckResult(name, True, f"应用“{agent.get('name', '')}”可用")

    async def _check_callback(self) -> CheckResult:
        count = await self.client.callback_addresses()
        detail = f"回调地址路径 {self._config.callback_path}，Token 和 EncodingAESKey 格式正确；回调来源 {count} 个 IP"
        advice = "请在“接收消息 → 设置API接收”填写 https://你的域名" + self._config.callback_path + " 并保存。"
        return CheckResult("企业微信：接收消息", True, detail, advice)


@dataclass
class _Progress:
    """How far the sending of one key has come in this process."""

    done: int = 0
    update_unsure: bool | None = None
    """Whether an earlier change of the card may have come through; None: nothing is known here."""
    update_refused: bool = False


class StaleSignature(BotError):
    pass


def _refused(status: int, error: Exception) -> web.Response:
    log.warning("wecom.callback_refused", extra={"status": status, "reason": f"{type(error).__name__}: {error}"})
    return web.Response(status=status)


async def _checked(name: str, check: Callable[[], Awaitable[CheckResult]]) -> CheckResult:
    try:
        return await check()
    except PlatformError as error:
        advice = error.hint or "连不上企业微信：请检查网络、DNS、api_base 和 proxy。"
        return CheckResult(name, False, str(error), advice)


def _names_somebody(agent: JsonObject) -> bool:
    """Whether any member, department or tag is in the app's visible range."""
    ranges = (("allow_userinfos", "user"), ("allow_partys", "partyid"), ("allow_tags", "tagid"))
    return any(isinstance(part := agent.get(name), dict) and bool(part.get(key)) for name, key in ranges)
