"""A DingTalk app with a robot (企业内部应用) as a platform of ours, over Stream or over HTTP callbacks."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
from aiohttp import web

from bot.callback_crypto import CryptoError, WrongSignature
from bot.config import DingTalk
from bot.dingtalk import cards, events, files, payloads
from bot.dingtalk.client import CardExists, DingTalkClient, RouteExpired
from bot.dingtalk.events import EventDoor, StaleSignature, is_recent
from bot.dingtalk.markdown import Markdown, of_text
from bot.dingtalk.payloads import Clicks, MalformedPayload
from bot.dingtalk.stream import EVENT, Frame, Gateway, StreamClient, UnknownTopic, endpoint_allowed
from bot.errors import (
    BotError,
    ContentRefused,
    MediaGone,
    NotPermitted,
    PlatformError,
    RecipientUnreachable,
)
from bot.http import HttpCaller, json_object, read_request
from bot.pace import MemberPace
from bot.plain import clean, split
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
from handlers.messages import (
    CardUpdate,
    InboundMessage,
    JsonObject,
    OutboundCard,
    OutboundText,
    PlatformName,
    ReplyRoute,
    Task,
)
from storage.clock import Clock, SystemClock

log = logging.getLogger(__name__)

BOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
SUBSCRIPTIONS = [
    {"type": "EVENT", "topic": "*"},
    {"type": "CALLBACK", "topic": BOT_TOPIC},
    {"type": "CALLBACK", "topic": CARD_TOPIC},
]
USER_AGENT = "visitbot"

MAX_BODY_BYTES = 1024 * 1024
BODY_WAIT_S = 5.0
SIGNED_WITHIN_S = 3600
"""A robot's callback signed longer ago is refused (open.dingtalk.com, "机器人接收消息")."""
MAX_TEXT_BYTES = 6000
"""Ours: 2,000 Chinese characters, a few screens. DingTalk takes 15,000 bytes, in which some characters are escaped."""
MAX_PARAM_BYTES = 14_000
PART_PAUSE_S = 0.5
"""Parts of one answer that follow each other faster have been seen out of order on phones."""
ROUTE_MARGIN = timedelta(seconds=30)
"""A reply address that ends sooner is left alone: the call itself takes time."""
TASKS_AGAIN_AFTER = timedelta(hours=1)
"""After to-dos turned out not to be permitted, cards are sent for so long without asking."""
REMEMBERED_SENDS = 1000
OPAQUE_ID = "$:"
"""How ids begin that no API takes."""
NO_USERID = "钉钉没有给出这个人的 userId（外部人员，或机器人未发布），只能在收到消息后的一段时间内回复。"
TASK_REF = "task:"
NO_MESSAGE = "visitbot-doctor"

PAGE = """这里是拜访助手接收钉钉{what}的地址，程序正在运行。
请把这个地址填到钉钉开放平台：应用开发 → 你的应用 → {where}。
用浏览器直接打开看到这一页是正常的。
"""
ROBOT_PAGE = PAGE.format(what="消息", where="机器人 → 消息接收模式（HTTP 模式）→ 消息接收地址")
CARD_PAGE = "这里是拜访助手接收钉钉卡片点击的地址，程序正在运行。\n程序会自己向钉钉登记它，不用手工填写。\n"
EVENT_PAGE = PAGE.format(what="事件", where="事件订阅（HTTP 推送）→ 请求网址")

TOKEN_CHECK = "钉钉：Client ID 与 Client Secret"  # noqa: S105  a name to be shown
ROBOT_CHECK = "钉钉：机器人"
STREAM_CHECK = "钉钉：Stream 连接"
CARD_CHECK = "钉钉：互动卡片"
TODO_CHECK = "钉钉：待办"

Step = Callable[[], Awaitable[str | None]]


class DingTalkPlatform:
    def __init__(
        self,
        config: DingTalk,
        *,
        clock: Clock | None = None,
        session: aiohttp.ClientSession | None = None,
        public_url: str = "",
        part_pause_s: float = PART_PAUSE_S,
    ) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._public_url = public_url.rstrip("/")
        self.client = DingTalkClient(config, clock=self._clock, session=session)
        self._sockets = HttpCaller(proxy=config.proxy, session=session)
        self._pace = MemberPace(self._clock, config.per_member_per_minute, 60 * config.per_member_per_minute)
        self._part_pause_s = part_pause_s
        self._sends: OrderedDict[str, _Progress] = OrderedDict()
        self._keeping: set[asyncio.Task[None]] = set()
        self._stream: StreamClient | None = None
        self._clicks = Clicks()
        self._no_tasks_until: datetime | None = None
        self._cards_come_to: str | None = None
        token, key = config.event_token.get_secret_value(), config.event_aes_key.get_secret_value()
        self._events = EventDoor(token, key, config.client_id, config.corp_id) if token and key else None

    @property
    def name(self) -> PlatformName:
        return "dingtalk"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            cards=self._can_send_cards,
            files=files.LIMITS,
            tasks=self._may_create_tasks,
            max_text_bytes=MAX_TEXT_BYTES,
            per_member_per_minute=self._config.per_member_per_minute,
            duplicate_check_s=None,
        )

    @property
    def _can_send_cards(self) -> bool:
        """By HTTP a click needs an address of ours to come to."""
        return bool(self._config.card_template_id) and (self._config.mode == "stream" or bool(self._public_url))

    def hang_up(self) -> None:
        """Nothing of the web server's stays open; the Stream connection ends with `listen`."""

    async def close(self) -> None:
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await self.client.close()
        await self._sockets.close()

    # what comes in by HTTP

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        async def robot(request: web.Request) -> web.Response:
            return await self._receive_message(request, keep)

        async def card(request: web.Request) -> web.Response:
            return await self._receive_click(request, keep)

        async def event(request: web.Request) -> web.Response:
            return await self._receive_event(request, keep)

        config = self._config
        routes: list[web.RouteDef] = []
        if config.mode == "http":
            routes += [web.get(config.callback_path, _page(ROBOT_PAGE)), web.post(config.callback_path, robot)]
            routes += [web.get(config.card_callback_path, _page(CARD_PAGE)), web.post(config.card_callback_path, card)]
        if self._events is not None:
            routes += [web.get(config.event_path, _page(EVENT_PAGE)), web.post(config.event_path, event)]
        return routes

    async def _receive_message(self, request: web.Request, keep: Keep) -> web.Response:
        secret = self._config.client_secret.get_secret_value()
        timestamp = request.headers.get("timestamp", "")
        try:
            # The signature does not cover the body: dedupe by msgId, not this, keeps a replay from doing harm.
            self._check_signature(request.headers.get("sign", ""), secret, f"{timestamp}\n{secret}", timestamp)
            received = payloads.from_robot(await _body(request), received_at=self._clock.now())
        except (WrongSignature, StaleSignature) as error:
            return _refused(403, error)
        except MalformedPayload as error:
            return _refused(400, error)
        await self._keep_all(keep, received)
        return web.json_response({"msgtype": "empty"})

    async def _receive_click(self, request: web.Request, keep: Keep) -> web.Response:
        timestamp = request.headers.get("x-ddpaas-signature-timestamp", "")
        signature = request.headers.get("x-ddpaas-signature", "")
        try:
            self._check_signature(signature, self._card_secret, timestamp, timestamp)
            click = self._click(await _body(request), timestamp)
        except (WrongSignature, StaleSignature) as error:
            return _refused(403, error)
        except MalformedPayload as error:
            return _refused(400, error)
        await self._keep_all(keep, [click])
        return web.json_response({})

    async def _receive_event(self, request: web.Request, keep: Keep) -> web.Response:
        assert self._events is not None  # else there is no route to here
        try:
            body = await read_request(request, limit_bytes=MAX_BODY_BYTES, within_s=BODY_WAIT_S)
            opened = self._events.open(request.query, body, now=self._clock.now())
            if events.name_of(opened.data) != events.CHECK:
                received = payloads.from_event(opened.data, received_at=self._clock.now())
                await self._keep_all(keep, [received])
        except (WrongSignature, StaleSignature) as error:
            return _refused(403, error)
        except (CryptoError, MalformedPayload) as error:
            return _refused(400, error)
        return web.json_response(self._events.answer(opened.receive_id, now=self._clock.now()))

    def _check_signature(self, signature: str, secret: str, signed: str, timestamp: str) -> None:
        """Signature first: a caller without it learns nothing, not even our clock."""
        ours = base64.b64encode(hmac.digest(secret.encode(), signed.encode("utf-8", "surrogatepass"), "sha256"))
        if not hmac.compare_digest(ours, signature.encode("utf-8", "surrogatepass")):
            raise WrongSignature("signature differs")
        if not is_recent(timestamp, self._clock.now(), SIGNED_WITHIN_S):
            raise StaleSignature("signed too long ago")

    @property
    def _card_secret(self) -> str:
        """What DingTalk signs clicks with: as configured, or one that only we and DingTalk can know."""
        configured = self._config.card_callback_secret.get_secret_value()
        if configured:
            return configured
        client_secret = self._config.client_secret.get_secret_value().encode()
        return hmac.digest(client_secret, b"visitbot card callback", "sha256").hex()[:32]

    async def _keep_all(self, keep: Keep, received: Sequence[Received]) -> None:
        """In order. A web server may cancel us when the caller hangs up; the commit goes on."""

        async def keep_each() -> None:
            for one in received:
                await keep("dingtalk", one)

        keeping = asyncio.create_task(keep_each())
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        await asyncio.shield(keeping)

    # what comes in by Stream

    @property
    def connected(self) -> bool:
        if self._config.mode == "http":
            return True
        return self._stream is not None and self._stream.connected

    async def listen(self, keep: Keep) -> None:
        """Returns at once in mode "http", where DingTalk calls us."""
        if self._config.mode == "http":
            return

        async def on_frame(frame: Frame) -> JsonObject:
            return await self._take(frame, keep)

        self._stream = StreamClient(
            self._open_gateway,
            on_frame,
            session=lambda: self._sockets.session,
            proxy=self._config.proxy,
            allow=endpoint_allowed(self._config.api_base),
        )
        try:
            await self._stream.run()
        finally:
            self._stream = None

    async def _open_gateway(self) -> Gateway:
        endpoint, ticket = await self.client.open_connection(SUBSCRIPTIONS, user_agent=USER_AGENT)
        return Gateway(endpoint, ticket)

    async def _take(self, frame: Frame, keep: Keep) -> JsonObject:
        """Keep what a frame says, then answer it; an answer is DingTalk's leave to forget it."""
        try:
            received = self._received(frame)
        except MalformedPayload as error:
            # It would be no better the next time.
            log.warning("dingtalk.frame_malformed", extra={"topic": frame.topic[:80], "reason": error.reason})
            received = []
        for one in received:
            await keep("dingtalk", one)
        if frame.type == EVENT:
            return {"status": "SUCCESS"}
        return {"response": {}} if frame.topic == CARD_TOPIC else {"response": None}

    def _received(self, frame: Frame) -> list[Received]:
        now = self._clock.now()
        if frame.type == EVENT:
            return [payloads.from_event(events.from_frame(frame.headers, frame.data), received_at=now)]
        match frame.topic:
            case topic if topic == BOT_TOPIC:
                return payloads.from_robot(frame.data, received_at=now)
            case topic if topic == CARD_TOPIC:
                reference = frame.message_id or frame.headers.get("time", "")
                return [self._click(frame.data, reference)]
            case _:
                raise UnknownTopic(frame.topic)

    def _click(self, data: JsonObject, reference: str) -> Received:
        now = self._clock.now()
        return self._clicks.known(payloads.from_card(data, click_ref=reference, received_at=now), received_at=now)

    def parse(self, received: Received) -> InboundMessage:
        return payloads.parse(received)

    async def fetch_media(self, media_ref: str) -> MediaFile:
        try:
            code, robot_code = payloads.read_media_ref(media_ref)
        except MalformedPayload as error:
            raise MediaGone("robot/messageFiles/download", "media_ref") from error
        return await self.client.download(code, robot_code=robot_code or self._config.robot)

    # what goes out

    async def upload(self, attachment: Attachment) -> Uploaded:
        return await files.upload(self.client, attachment)

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

        Called again with the same `key` after a failure, it goes on with the part that failed. DingTalk has no
        duplicate check for texts (`guard` asks for nothing here); a card has a name of its own that is taken once.
        """
        progress = self._sends.setdefault(key, _Progress())
        while len(self._sends) > REMEMBERED_SENDS:
            self._sends.popitem(last=False)
        way = _Way(user_id, reply, group)
        match content:
            case OutboundText():
                sent = Sent(await self._deliver(user_id, self._texts(way, [content.text]), progress))
            case OutboundCard():
                sent = await self._show(way, content, key, progress)
            case Uploaded():
                sent = Sent(await self._deliver(user_id, [self._file(user_id, content)], progress))
            case CardUpdate():
                sent = await self._update(way, content, response_ref, progress)
        self._sends.pop(key, None)
        return sent

    async def _deliver(self, user_id: str, steps: Sequence[Step], progress: "_Progress") -> str | None:
        if not steps:
            raise ContentRefused("robot/oToMessages/batchSend", "nothing to say")
        self._pace.need(user_id, len(steps) - progress.done)
        message_ref = None
        first = progress.done
        for number in range(first, len(steps)):
            if number > first:
                await asyncio.sleep(self._part_pause_s)
            self._pace.take(user_id)
            message_ref = await steps[number]()
            progress.done = number + 1
        return message_ref

    # texts

    def _texts(self, way: "_Way", texts: Sequence[str]) -> list[Step]:
        steps: list[Step] = []
        for text in texts:
            shown = of_text(text) if way.group is None else None
            if shown is not None and _param_bytes(shown) <= MAX_PARAM_BYTES:
                steps.append(self._step(way, shown))
            else:
                steps += [self._step(way, part, first=not steps and not at) for at, part in _numbered(text)]
        return steps

    def _step(self, way: "_Way", said: str | Markdown, *, first: bool = False) -> Step:
        return lambda: self._say(way, said, first=first)

    async def _say(self, way: "_Way", said: str | Markdown, *, first: bool) -> str | None:
        """By the address that came with the message while that is good; else, and if it fails, by the API.

        `first`: in a group the first part names the person.
        """
        address, nick = self._address(way)
        if address:
            try:
                await self.client.reply(address, _reply_body(way, said, nick, is_named=first))
            except RouteExpired as error:
                log.info("dingtalk.route_expired", extra={"code": error.code})
            else:
                return None
        if way.group is not None:
            name = f"@{nick or way.user_id} " if first else ""
            return await self.client.send_to_group(way.group, "sampleText", {"content": f"{name}{said}"})
        _must_be_userid(way.user_id)
        return await self.client.send_to_person(way.user_id, *_api_message(said))

    def _address(self, way: "_Way") -> tuple[str, str]:
        """The reply address, or "" where there is none that leads to the chat that is meant; and who is to be named."""
        if way.reply is None:
            return "", ""
        address, group, nick = payloads.read_reply_ref(way.reply.ref)
        is_there = group == (way.group or "")
        is_good = way.reply.until - self._clock.now() > ROUTE_MARGIN
        return (address if is_there and is_good else ""), nick

    # files

    def _file(self, user_id: str, uploaded: Uploaded) -> Step:
        """By the API alone: the address that came with a message takes no files."""
        if not _is_userid(user_id):
            raise NotPermitted("robot/oToMessages/batchSend", "no userId", hint=NO_USERID)
        return lambda: self.client.send_to_person(user_id, *files.message(uploaded))

    # cards and to-dos

    async def _show(self, way: "_Way", card: OutboundCard, key: str, progress: "_Progress") -> Sent:
        _must_be_userid(way.user_id)
        if card.task is not None and not progress.task_refused and self._may_create_tasks:
            try:
                return await self._create_task(way.user_id, card, card.task)
            except PlatformError as error:
                if not _is_final(error):
                    raise
                progress.task_refused = True
                if isinstance(error, NotPermitted):
                    self._no_tasks_until = self._clock.now() + TASKS_AGAIN_AFTER
                log.warning("dingtalk.task_refused", extra={"code": error.code, "hint": error.hint})
        if not self._can_send_cards:
            raise ContentRefused(cards.API, "no template")
        rendered = cards.render(card, self._config.card_style)
        track_id = cards.out_track_id(card.card_id, key)
        route_key = await self._card_route()
        body = cards.creation(
            rendered,
            template_id=self._config.card_template_id,
            track_id=track_id,
            user_id=way.user_id,
            robot_code=self._config.robot,
            route_key=route_key,
        )
        steps = [*self._texts(way, rendered.texts_before), lambda: self._create_card(body)]
        await self._deliver(way.user_id, steps, progress)
        return Sent(message_ref=track_id, response_ref=track_id)

    async def _create_card(self, body: JsonObject) -> None:
        try:
            await self.client.create_card(body)
        except CardExists:
            # Its name belongs to this very delivery, so it is taken only if the card was sent before.
            log.info("dingtalk.card_known")

    @property
    def _may_create_tasks(self) -> bool:
        is_refused = self._no_tasks_until is not None and self._clock.now() < self._no_tasks_until
        return self._config.native_todos and bool(self._public_url) and not is_refused

    async def _create_task(self, user_id: str, card: OutboundCard, task: Task) -> Sent:
        self._pace.take(user_id)
        task_id = await self.client.create_task(
            user_id,
            source_id=card.card_id,
            subject=task.subject,
            due_at=task.due_at,
            url=task.url,
            fields=[(field.label, field.value) for field in card.fields],
        )
        return Sent(message_ref=task_id, response_ref=TASK_REF + task_id)

    async def _card_route(self) -> str | None:
        """Where clicks go by HTTP, made known to DingTalk before the first card; None over Stream."""
        if self._config.mode == "stream":
            return None
        url = self._public_url + self._config.card_callback_path
        route_key = f"visitbot-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
        if self._cards_come_to != url:
            await self.client.register_card_callback(route_key, url, self._card_secret)
            self._cards_come_to = url
        return route_key

    async def _update(self, way: "_Way", update: CardUpdate, response_ref: str | None, progress: "_Progress") -> Sent:
        if not progress.update_refused:
            if await self._close(way.user_id, update, response_ref):
                return Sent()
            progress.update_refused = True
        if not update.fallback:
            return Sent()
        return Sent(await self._deliver(way.user_id, self._texts(way, [update.fallback]), progress))

    async def _close(self, user_id: str, update: CardUpdate, response_ref: str | None) -> bool:
        """False where neither card nor to-do can be changed. Doing it twice changes nothing more."""
        for reference in dict.fromkeys([update.response_ref, response_ref]):
            if reference is None:
                continue
            try:
                await self._close_one(user_id, update, reference)
            except PlatformError as error:
                if not _is_final(error):
                    raise
                log.warning("dingtalk.card_not_changed", extra={"card_id": update.card_id, "code": error.code})
            else:
                return True
        return False

    async def _close_one(self, user_id: str, update: CardUpdate, reference: str) -> None:
        if not reference.startswith(TASK_REF):
            params = cards.closed(update.closing, self._config.card_style)
            await self.client.update_card(cards.change(reference, params))
        elif update.done:
            await self.client.finish_task(user_id, reference.removeprefix(TASK_REF))
        else:
            await self.client.delete_task(user_id, reference.removeprefix(TASK_REF))

    # set-up

    async def check(self) -> list[CheckResult]:
        token = await _checked(TOKEN_CHECK, self._check_token)
        if not token.ok:
            return [token]
        found = [token, await _checked(ROBOT_CHECK, self._check_robot)]
        if self._config.mode == "stream":
            found.append(await _checked(STREAM_CHECK, self._check_stream))
        return [*found, await _checked(CARD_CHECK, self._check_cards), self._check_todos()]

    async def _check_token(self) -> CheckResult:
        await self.client.token()
        return CheckResult(TOKEN_CHECK, True, "已取得 access_token")

    async def _check_robot(self) -> CheckResult:
        """Take back a message that there never was: harmless, and only the right robot may."""
        robot = self._config.robot
        body: JsonObject = {"robotCode": robot, "processQueryKeys": [NO_MESSAGE]}
        try:
            await self.client.call("robot/otoMessages/batchRecall", body=body)
        except ContentRefused as error:
            detail = f"没能确认 RobotCode {robot}（{error.code}）"
            advice = "到“应用能力 → 机器人”核对 RobotCode；给机器人发一句话，有回复就没问题。"
            return CheckResult(ROBOT_CHECK, True, detail, advice, warning=True)
        return CheckResult(ROBOT_CHECK, True, f"RobotCode {robot} 可用，已有发消息的权限")

    async def _check_stream(self) -> CheckResult:
        gateway = await self._open_gateway()
        if not endpoint_allowed(self._config.api_base)(gateway.endpoint):
            advice = "检查 api_base 和 proxy：钉钉给出的连接地址不是钉钉的域名。"
            return CheckResult(STREAM_CHECK, False, "连接地址不可信", advice)
        detail = "网关可用，消息、卡片、事件都会推送到这里"
        advice = "还要在“机器人 → 消息接收模式”和“事件订阅”里选 Stream 模式；同一个 Client ID 只能运行一个 visitbot。"
        return CheckResult(STREAM_CHECK, True, detail, advice)

    async def _check_cards(self) -> CheckResult:
        config = self._config
        if not config.card_template_id:
            advice = "按 docs/dingtalk-setup.md 建一个卡片模板，把模板 ID 填到 card_template_id。"
            detail = "没有配置 card_template_id：卡片会改成带编号的文字，回复数字操作"
            return CheckResult(CARD_CHECK, True, detail, advice, warning=True)
        if not self._can_send_cards:
            advice = "填写 server.public_url，或把 mode 改成 stream。"
            detail = "HTTP 模式没有 public_url，收不到卡片点击：卡片会改成带编号的文字"
            return CheckResult(CARD_CHECK, True, detail, advice, warning=True)
        await self._card_route()
        where = f"，点击回调到 {config.card_callback_path}" if config.mode == "http" else ""
        detail = f"模板 {config.card_template_id}（{'自建' if config.card_style == 'own' else '通用'}样式）{where}"
        advice = "模板要已发布并关联本应用，应用要有“互动卡片实例写权限”（Card.Instance.Write）；不满足时自动改发文字。"
        return CheckResult(CARD_CHECK, True, detail, advice)

    def _check_todos(self) -> CheckResult:
        if not self._config.native_todos:
            return CheckResult(TODO_CHECK, True, "未启用（native_todos = false），待办用卡片或文字发送")
        if not self._public_url:
            advice = "填写 server.public_url（手机能打开的地址）后，待办会出现在钉钉的待办列表里。"
            return CheckResult(TODO_CHECK, True, "没有 public_url，待办用卡片或文字发送", advice, warning=True)
        advice = "应用要有“待办写权限”（Todo.Todo.Write）和“成员信息读权限”（qyapi_get_member），没有时自动改发卡片。"
        return CheckResult(TODO_CHECK, True, "待办会写进钉钉的待办列表，权限在建第一条待办时才能确认", advice)


@dataclass(frozen=True)
class _Way:
    """To whom, and by which ways."""

    user_id: str
    reply: ReplyRoute | None
    group: str | None


@dataclass
class _Progress:
    """How far the sending of one key has come in this process."""

    done: int = 0
    task_refused: bool = False
    update_refused: bool = False


def _must_be_userid(user_id: str) -> None:
    """Raises RecipientUnreachable. A `;` would address somebody else's chat as well."""
    if not _is_userid(user_id):
        raise RecipientUnreachable("userId", "no userId", hint=NO_USERID)


def _is_userid(user_id: str) -> bool:
    return bool(user_id) and not user_id.startswith(OPAQUE_ID) and ";" not in user_id


def _is_final(error: PlatformError) -> bool:
    """Whether trying again would change nothing; a code that we do not know counts as that too."""
    return isinstance(error, ContentRefused | NotPermitted) or type(error) is PlatformError


def _param_bytes(said: Markdown) -> int:
    return len(json.dumps({"title": said.title, "text": said.text}, ensure_ascii=False).encode())


def _numbered(text: str) -> list[tuple[int, str]]:
    return list(enumerate(split(clean(text), MAX_TEXT_BYTES)))


def _reply_body(way: _Way, said: str | Markdown, nick: str, *, is_named: bool) -> JsonObject:
    if isinstance(said, Markdown):
        return {"msgtype": "markdown", "markdown": {"title": said.title, "text": said.text}}
    if way.group is None or not is_named:
        return {"msgtype": "text", "text": {"content": said}}
    if way.user_id.startswith(OPAQUE_ID):
        return {"msgtype": "text", "text": {"content": f"@{nick} {said}" if nick else said}}
    # Seen as a mention only where the id stands in the text as well.
    at: JsonObject = {"atUserIds": [way.user_id]}
    return {"msgtype": "text", "text": {"content": f"@{way.user_id} {said}"}, "at": at}


def _api_message(said: str | Markdown) -> tuple[str, JsonObject]:
    if isinstance(said, Markdown):
        return "sampleMarkdown", {"title": said.title, "text": said.text}
    return "sampleText", {"content": said}


async def _body(request: web.Request) -> JsonObject:
    data = json_object(await read_request(request, limit_bytes=MAX_BODY_BYTES, within_s=BODY_WAIT_S))
    if data is None:
        raise MalformedPayload("not a JSON object")
    return data


def _page(text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(_request: web.Request) -> web.Response:
        return web.Response(status=400, text=text)

    return show


def _refused(status: int, error: BotError) -> web.Response:
    log.warning("dingtalk.callback_refused", extra={"status": status, "reason": f"{type(error).__name__}: {error}"})
    return web.Response(status=status)


async def _checked(name: str, check: Callable[[], Awaitable[CheckResult]]) -> CheckResult:
    try:
        return await check()
    except PlatformError as error:
        advice = error.hint or "连不上钉钉：请检查网络、DNS、api_base 和 proxy。"
        return CheckResult(name, False, str(error), advice)
