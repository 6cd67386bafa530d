"""A local server that speaks DingTalk's dialect: both server APIs, the Stream gateway, callbacks, people's phones.

In a test:

    async with DingTalkDialect() as dingtalk:          # a bot is pointed at dingtalk.base_url by dingtalk.settings()
        delivery = await dingtalk.send_text("zhangsan", "你好")
        await delivery.acked()
        assert "收到" in dingtalk.transcript("zhangsan")

By hand: `python -m tests.dialects.dingtalk --port 9800`. It prints the [dingtalk] section to put into config.toml and
the control addresses.

Everything goes by the dialect's own clock (`advance`), except how long an answer to a callback may take.
"""

import argparse
import asyncio
import base64
import contextlib
import heapq
import itertools
import json
import random
import re
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.dialects import dingtalk_cards, dingtalk_chat, dingtalk_office
from tests.dialects.dingtalk_callbacks import Callbacks
from tests.dialects.dingtalk_chat import CustomRobot
from tests.dialects.dingtalk_control import Control, usage
from tests.dialects.dingtalk_draw import drawn
from tests.dialects.dingtalk_faults import FAULT_KINDS
from tests.dialects.dingtalk_gateway import BOT_TOPIC, CARD_TOPIC, Gateway
from tests.dialects.dingtalk_quirks import with_quirks
from tests.dialects.dingtalk_records import (
    Button,
    Call,
    CannotPress,
    Card,
    Delivery,
    Department,
    Fault,
    GroupChat,
    Json,
    Media,
    Message,
    NativeTask,
    Person,
    Route,
    Session,
)
from tests.dialects.dingtalk_rules import OWN_TEMPLATE, SHARED_TEMPLATES, Template, as_template, card_lines
from tests.dialects.dingtalk_server import API_NAMES, Server, Tokens

OWN_TEMPLATE_ID = "visitbot-dialect.schema"
SESSION_LIFE_S = 5400
CARD_DEADLINE_S = 2.0
TICK_S = 0.02
STAFF = (("zhangsan", "张三", "lisi"), ("lisi", "李四", "wangwu"), ("wangwu", "王五", ""))
"""Who is there from the start: userId, name, manager. Whoever writes is added."""


class DingTalkDialect:
    def __init__(
        self,
        *,
        mode: str = "stream",
        callback_url: str = "",
        card_callback_url: str = "",
        event_url: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        client_id: str = "dingdialect0000001",
        client_secret: str = "dialect-secret-0123456789",  # noqa: S107
        robot_code: str = "",
        corp_id: str = "dingcorp0000000000000001",
        event_token: str = "DialectToken01",  # noqa: S107
        event_aes_key: str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        card_callback_secret: str = "dialect-card-secret",  # noqa: S107
        card_templates: Mapping[str, Any] | None = None,
        now: Callable[[], datetime] | None = None,
        seed: int = 1,
    ) -> None:
        if mode not in {"stream", "http"}:
            raise ValueError(mode)
        self.mode = mode
        self.callback_url, self.card_callback_url, self.event_url = callback_url, card_callback_url, event_url
        self.host, self.port = host, port
        self.client_id, self.client_secret = client_id, client_secret
        self.robot_code, self.corp_id = robot_code or client_id, corp_id
        self.event_token, self.event_aes_key = event_token, event_aes_key
        self.card_callback_secret = card_callback_secret
        given = {OWN_TEMPLATE_ID: OWN_TEMPLATE} if card_templates is None else card_templates
        self.templates: dict[str, Template] = {
            **SHARED_TEMPLATES,
            **{template_id: as_template(template) for template_id, template in given.items()},
        }
        self.seed = seed
        self.app_id = str(uuid.UUID(int=random.Random(seed).getrandbits(128)))
        self.caller_ip = "203.0.113.7"

        # how strict it is
        self.card_deadline_s = CARD_DEADLINE_S
        self.card_value_bytes = 1024
        self.replies_per_minute: int | None = dingtalk_chat.PER_MINUTE
        self.qps: int | None = None
        """Calls of one API in a second before QpsLimitForAppkeyAndApi; 20 for a standard organisation."""
        self.api_quota: int | None = None
        """Metered calls a month; 5,000 for a standard organisation."""
        self.stream_quota: int | None = None
        """Messages and callbacks a month, 3,000 there; beyond it they come without their content."""
        self.names_existing_task = False
        self.published = True
        """Before its publication a robot is told neither senderStaffId nor isAdmin."""
        self.over_quota_key = "errorMessage"
        """Another page of the documents calls it errMsg."""
        self.quirks: set[str] = set()
        """Of QUIRKS: how messages have been seen to differ from the documents."""
        self.files_base = ""
        """Where downloads are said to lie; here, if empty."""
        self.subscribed_events: set[str] = set()
        """Events that follow by themselves from what is done to native to-dos: todo_task_create, …_update, …_delete."""

        # what happened
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.messages: list[Message] = []
        self.deliveries: list[Delivery] = []
        self.violations: list[str] = []
        """What a client did that DingTalk refuses, does not show, or loses messages by."""
        self.counts: Counter[str] = Counter()
        """Calls by API."""
        self.monthly: Counter[str] = Counter()
        """What counts against the month's quotas: api, stream."""

        # what there is
        self.people: dict[str, Person] = {}
        self.groups: dict[str, GroupChat] = {}
        self.departments = {1: Department(1, "示例公司", None), 2: Department(2, "销售部", 1)}
        self.sessions: dict[str, Session] = {}
        self.recent_replies: dict[str, list[datetime]] = {}
        self.custom_robots: dict[str, CustomRobot] = {}
        self.media: dict[str, Media] = {}
        """By downloadCode."""
        self.files: dict[str, Media] = {}
        self.uploads: dict[str, Media] = {}
        self.cards_by_id: dict[str, Card] = {}
        self.routes: dict[str, Route] = {}
        self.all_tasks: list[NativeTask] = []
        self.notices: dict[str, list[tuple[datetime, Json]]] = {}
        self.notice_results: dict[int, list[Json]] = {}
        self.schedule: dict[str, Json] = {}

        self._now = now or (lambda: datetime.now(UTC))
        self._offset = timedelta()
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._timers: list[tuple[datetime, int, Callable[[], Awaitable[Any]]]] = []
        self._moved = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None
        self.hanging = asyncio.Event()
        self.tokens = Tokens(self)
        self.server = Server(self)
        self.gateway = Gateway(self, seed)
        self.callbacks = Callbacks(self)
        for user_id, name, manager in STAFF:
            self.add_person(user_id, name=name, manager_id=manager, department_ids=[2])

    # life

    async def start(self) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.add_routes([*Control(self).routes(), web.get("/connect", self.server.connect)])
        app.router.add_route("*", "/{path:.*}", self.server.serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        self.callbacks.start()
        self._run(self._keep_time())

    async def stop(self) -> None:
        self.hanging.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.gateway.stop()
        await self.callbacks.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        """Of the new API, of the old one, and of everything else here."""
        return f"http://{self.host}:{self.port}"

    def settings(self) -> Json:
        """The keys of [dingtalk] in config.toml that make a bot talk to this server."""
        template = next((one for one in self.templates if one not in SHARED_TEMPLATES), "")
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "corp_id": self.corp_id,
            "robot_code": self.robot_code,
            "mode": self.mode,
            "card_template_id": template,
            "event_token": self.event_token,
            "event_aes_key": self.event_aes_key,
            "card_callback_secret": self.card_callback_secret,
            "api_base": self.base_url,
            "oapi_base": self.base_url,
            "reply_hosts": [self.host],
            "media_hosts": [self.host],
        }

    # time

    def now(self) -> datetime:
        return self._now() + self._offset

    def advance(self, by: timedelta) -> None:
        self._offset += by
        self._moved.set()

    def later(self, seconds: float, act: Callable[[], Awaitable[Any]]) -> None:
        """Do it when the dialect's clock has moved on so far."""
        heapq.heappush(self._timers, (self.now() + timedelta(seconds=seconds), next(self._numbers), act))

    async def _keep_time(self) -> None:
        while True:
            # The clock may be a test's own, which moves without a word.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), TICK_S)
            self._moved.clear()
            while self._timers and self._timers[0][0] <= self.now():
                _, _, act = heapq.heappop(self._timers)
                self._run(act())

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # people and groups

    def add_person(self, user_id: str, *, name: str = "", **more: Any) -> Person:
        opaque = self._opaque
        person = Person(
            user_id,
            f"un/{opaque(9)}+iEiE",
            name or user_id,
            f"$:LWCP_v1:${opaque(15)}+==",
            f"cid{opaque(12)}/+==",
            **more,
        )
        self.people[user_id] = person
        return person

    def person(self, user_id: str) -> Person:
        return self.people.get(user_id) or self.add_person(user_id)

    def add_group(self, title: str, members: Iterable[str] = (), *, has_robot: bool = True) -> str:
        """A group chat; its conversation id."""
        cid = f"cid{self._opaque(12)}+/=="
        self.groups[cid] = GroupChat(cid, title, [*members], has_robot)
        return cid

    def group(self, name: str) -> GroupChat:
        """By its id or its title; made where there is none."""
        for one in self.groups.values():
            if name in {one.cid, one.title}:
                return one
        return self.groups[self.add_group(name)]

    def add_custom_robot(self, group: str, *, access_token: str = "", **more: Any) -> CustomRobot:
        token = access_token or self.new_hex(256)
        self.custom_robots[token] = robot = CustomRobot(token, self.group(group).cid, **more)
        return robot

    def _opaque(self, size: int) -> str:
        return base64.b64encode(self._random.randbytes(size)).decode().rstrip("=")

    # what tests look at

    def fail(self, api: str, kind: str = "error", **more: Any) -> Fault:
        """Let the next calls of `api` go wrong; the kinds are explained beside FAULT_KINDS."""
        if kind not in FAULT_KINDS:
            raise ValueError(kind)
        if api != "*" and api not in API_NAMES:
            raise ValueError(api)
        fault = Fault(api, kind, **more)
        self.faults.append(fault)
        return fault

    def calls_of(self, api: str) -> list[Call]:
        if api not in API_NAMES:
            raise ValueError(api)
        return [call for call in self.calls if call.api == api]

    @property
    def acks(self) -> list[Any]:
        return self.gateway.acks

    @property
    def unacked(self) -> list[Delivery]:
        return self.gateway.unacked

    async def redeliver(self, delivery: Delivery | None = None) -> int:
        return await self.gateway.redeliver(delivery)

    def phone(self, user: str) -> list[Message]:
        """Everything in this person's 1:1 chat with the robot, in order, theirs included."""
        return self.conversation(self.person(user).single_cid)

    def conversation(self, cid: str) -> list[Message]:
        return [message for message in self.messages if message.cid == cid]

    def shown(self, user: str) -> list[Message]:
        """What the robot has shown to this person in the 1:1 chat."""
        return [message for message in self.phone(user) if not message.user and message.state == "shown"]

    def uploaded(self, message: Message) -> Media | None:
        """The file that a message of the robot's shows; None where it shows none."""
        names = ("photoURL", "mediaId", "videoMediaId")
        return next((self.uploads.get(message.content[name]) for name in names if name in message.content), None)

    def texts(self, user: str) -> list[str]:
        """The words of the robot's messages to this person; those of cards are in `cards`."""
        return [words(message) for message in self.shown(user) if message.kind != "card"]

    def group_texts(self, group: str) -> list[str]:
        found = [one for one in self.conversation(self.group(group).cid) if not one.user and one.state == "shown"]
        return [words(message) for message in found if message.kind != "card"]

    def cards(self, user: str) -> list[Card]:
        """Cards in this person's 1:1 chat, in order."""
        return [self.cards_by_id[one.key] for one in self.shown(user) if one.kind == "card"]

    def card_text(self, card: Card, user: str = "") -> str:
        return "\n".join(self._face(card, user))

    def buttons(self, card: Card, user: str = "") -> list[Button]:
        return self.templates[card.template_id].buttons(card.view(user))

    def tasks(self, user: str, *, done: bool | None = None) -> list[NativeTask]:
        """This person's native to-dos."""
        union_id = self.person(user).union_id
        listed = [one for one in self.all_tasks if union_id in one.executors and not one.deleted]
        return [one for one in listed if done is None or (union_id in one.done_by or one.done) == done]

    def transcript(self, user: str) -> str:
        """The 1:1 chat as the person's phone shows it, cards as they are now."""
        return self._drawn(self.phone(user), user)

    def group_transcript(self, group: str) -> str:
        return self._drawn(self.conversation(self.group(group).cid), "")

    def _drawn(self, messages: list[Message], user: str) -> str:
        lines = []
        for message in messages:
            face = self._face(self.cards_by_id[message.key], user) if message.kind == "card" else [words(message)]
            lines += drawn(message, face, self.people)
        return "\n".join(lines) + "\n" if lines else ""

    def _face(self, card: Card, user: str) -> list[str]:
        template, params = self.templates[card.template_id], card.view(user)
        if template.blank(params):
            return [dingtalk_cards.BLANK]
        known = {name: value for name, value in params.items() if not template.unknown([name])}
        buttons = [f"[{one.text}]" if one.params or one.url else f"（{one.text}）" for one in template.buttons(params)]
        return [*card_lines(known), *([" ".join(buttons)] if buttons else [])]

    async def wait_for(self, met: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """Until `met` is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not met():  # noqa: ASYNC110 - what is waited for happens in the bot, which knows no event of ours
                await asyncio.sleep(0.01)

    async def connected(self, count: int = 1) -> None:
        """Until so many Stream connections stand. Raises TimeoutError."""
        await self.wait_for(lambda: len(self.gateway.live) >= count)

    def expire_tokens(self) -> None:
        """They die early."""
        self.tokens.expire()

    @property
    def token_fetches(self) -> int:
        return self.tokens.fetches

    def new_hex(self, bits: int) -> str:
        return f"{self._random.getrandbits(bits):0{bits // 4}x}"

    def request_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128))).upper()

    def show(self, cid: str, kind: str, content: Json, *, user: str = "", key: str = "", via: str = "",
             at_users: tuple[str, ...] = ()) -> Message:  # fmt: skip
        message = Message(next(self._numbers), self.now(), cid, user, kind, dict(content), "shown", key, via, at_users)
        self.messages.append(message)
        return message

    # what people do

    async def send_text(
        self,
        user: str,
        text: str,
        *,
        group: str | None = None,
        mention: bool = True,
        external: bool = False,
        **more: Any,
    ) -> Delivery:
        """In a group the robot is told only what mentions it; `external` people have no senderStaffId."""
        seen = {"content": text}
        content = f" {text}" if group else text
        return await self._say(user, "text", {"text": {"content": content}}, seen, group=group, mention=mention,
                               external=external, more=more)  # fmt: skip

    async def send_voice(
        self, user: str, data: bytes, *, recognition: str | None = "", duration_ms: int | None = 3000
    ) -> Delivery:
        """In the 1:1 chat only, as DingTalk has it; a `recognition` of None is left out."""
        content: Json = {"downloadCode": self.add_media(data, "audio")}
        content |= {} if duration_ms is None else {"duration": duration_ms}
        content |= {} if recognition is None else {"recognition": recognition}
        return await self._say(user, "audio", {"content": content}, {"bytes": len(data), "recognition": recognition})

    async def send_picture(self, user: str, data: bytes, *, group: str | None = None) -> Delivery:
        """A picture; in a group it comes within a rich text."""
        if group is not None:
            return await self.send_rich_text(user, [data], group=group)
        content = {
            "downloadCode": self.add_media(data, "picture"),
            "pictureDownloadCode": self.add_media(data, "picture"),
        }
        return await self._say(user, "picture", {"content": content}, {"bytes": len(data)})

    async def send_rich_text(self, user: str, parts: Iterable[str | bytes], *, group: str | None = None) -> Delivery:
        """Words and pictures in one message."""
        listed: list[Json] = []
        for part in parts:
            if isinstance(part, str):
                listed.append({"text": part})
            else:
                codes = {name: self.add_media(part, "picture") for name in ("downloadCode", "pictureDownloadCode")}
                listed.append({"type": "picture", **codes})
        said = "".join(one.get("text", "🖼") for one in listed)
        return await self._say(user, "richText", {"content": {"richText": listed}}, {"content": said}, group=group)

    async def send_file(self, user: str, data: bytes, file_name: str = "客户清单.xlsx") -> Delivery:
        content = {"downloadCode": self.add_media(data, "file"), "fileName": file_name}
        content |= {"spaceId": "24", "fileId": str(next(self._numbers))}
        return await self._say(user, "file", {"content": content}, {"file_name": file_name})

    async def send_video(self, user: str, data: bytes, *, duration: int | str = 5000) -> Delivery:
        content = {"downloadCode": self.add_media(data, "video"), "videoType": "mp4", "duration": duration}
        return await self._say(user, "video", {"content": content}, {"bytes": len(data)})

    async def send_other(self, user: str, msgtype: str, content: Any = None) -> Delivery:
        """A message of a kind that no document describes: unknownMsgType, interactiveCard, chatRecord, …"""
        return await self._say(user, msgtype, {} if content is None else {"content": content}, {})

    async def send_quote(
        self,
        user: str,
        group: str | None,
        text: str,
        quoted: Json | Delivery | bytes | str,
        *,
        quoted_by: str = "",
        as_string: bool = False,
    ) -> Delivery:
        """A reply to an earlier message, which is how a group's voice note reaches a robot.

        `quoted`: words, the bytes of a voice note, a Delivery, or the `repliedMsg` itself. `as_string` gives its
        content as JSON text, which has been seen as well.
        """
        match quoted:
            case str():
                replied: Json = {"msgType": "text", "content": {"text": quoted}}
            case bytes():
                content = {"downloadCode": self.add_media(quoted, "audio"), "recognition": "", "duration": 3000}
                replied = {"msgType": "audio", "content": content}
            case Delivery():
                inner = quoted.body.get("content") or {"text": quoted.body["text"]["content"]}
                replied = {"msgType": quoted.kind, "content": inner, "msgId": quoted.key}
            case _:
                replied = dict(quoted)
        writer = self.person(quoted_by or user)
        replied = {"msgId": self.new_msg_id(), "senderId": writer.dingtalk_id, "createdAt": 1} | replied
        if as_string:
            replied["content"] = json.dumps(replied.get("content"), ensure_ascii=False)
        said = {"content": f" {text}" if group else text, "isReplyMsg": True, "repliedMsg": replied}
        return await self._say(user, "text", {"text": said}, {"content": text}, group=group)

    def add_media(self, data: bytes, kind: str = "audio", *, life_s: float | None = None) -> str:
        """A downloadCode; how long a real one lives is not published."""
        code = f"{self._opaque(30)}+/{self._opaque(30)}=="
        until = None if life_s is None else self.now() + timedelta(seconds=life_s)
        self.media[code] = Media(data, kind, robot_code=self.robot_code, until=until)
        return code

    def new_msg_id(self) -> str:
        return f"msg{self._opaque(15)}+/=="

    async def _say(
        self,
        user: str,
        msgtype: str,
        payload: Json,
        seen: Json,
        *,
        group: str | None = None,
        mention: bool = True,
        external: bool = False,
        more: Mapping[str, Any] | None = None,
    ) -> Delivery:
        person = self.person(user)
        chat = self.group(group) if group else None
        if chat and user not in chat.members:
            chat.members.append(user)
        body = self.robot_body(user, msgtype, payload, group=chat, external=external) | dict(more or {})
        self.show(chat.cid if chat else person.single_cid, msgtype, seen, user=user, key=body["msgId"])
        delivery = self._new_delivery(msgtype, body["msgId"], BOT_TOPIC, body, user)
        if chat and (not mention or not chat.has_robot):
            delivery.become("lost")  # not for the robot
            return delivery
        return await self.deliver(delivery)

    def robot_body(
        self, user: str, msgtype: str, payload: Json, *, group: GroupChat | None = None, external: bool = False
    ) -> Json:
        """What a robot is told of a message, whichever way."""
        person, now_ms = self.person(user), int(self.now().timestamp() * 1000)
        cid = group.cid if group else person.single_cid
        session = self.new_hex(128)
        until = self.now() + timedelta(seconds=SESSION_LIFE_S)
        self.sessions[session] = Session(cid, until, user)
        robot_id = f"$:LWCP_v1:$robot{self.robot_code}+=="
        body: Json = {
            "conversationId": cid,
            "conversationType": "2" if group else "1",
            "chatbotCorpId": self.corp_id,
            "chatbotUserId": robot_id,
            "msgId": self.new_msg_id(),
            "senderNick": person.name,
            "senderId": person.dingtalk_id,
            "senderPlatform": self._random.choice(("Android", "iOS", "Mac", "Win")),
            "sessionWebhook": f"{self.base_url}/robot/sendBySession?session={session}",
            "sessionWebhookExpiredTime": int(until.timestamp() * 1000),
            "createAt": now_ms,
            "robotCode": self.robot_code,
            "openThreadId": cid,
            "msgtype": msgtype,
        }
        if not external:
            body |= {"senderCorpId": self.corp_id}
        if self.published and not external:
            body |= {"senderStaffId": user, "senderUnionId": person.union_id, "isAdmin": person.admin}
        if group:
            body |= {"conversationTitle": group.title, "isInAtList": True, "atUsers": [{"dingtalkId": robot_id}]}
        self.monthly["stream"] += 1
        if self.stream_quota is not None and self.monthly["stream"] > self.stream_quota:
            return body | {self.over_quota_key: "20001 本月消息条数已用完", "errorCode": "20001"}
        return with_quirks(body | payload, self.quirks)

    def _new_delivery(self, kind: str, key: str, topic: str, body: Any, user: str = "") -> Delivery:
        delivery = Delivery(len(self.deliveries) + 1, kind, key, topic, body, user)
        self.deliveries.append(delivery)
        return delivery

    async def deliver(self, delivery: Delivery) -> Delivery:
        """Tell the client, by Stream or HTTP; by HTTP its answer is waited for."""
        if self.mode == "stream":
            await self.gateway.push(delivery)
        else:
            await self.callbacks.robot(delivery)
        return delivery

    async def replay(self, number: int, copies: int = 1) -> Delivery:
        """The same message again, all copies at once: what a repeat after a lost answer looks like."""
        delivery = self.deliveries[number - 1]
        await asyncio.gather(*(self._deliver_again(delivery) for _ in range(copies)))
        return delivery

    async def _deliver_again(self, delivery: Delivery) -> None:
        if delivery.kind == "card":
            await self._deliver_press(self.cards_by_id[delivery.key], delivery, delivery.user)
        elif delivery.kind == "event" and self.mode == "http":
            await self.callbacks.event(delivery)
        else:
            await self.deliver(delivery)

    async def burst(self, actions: Iterable[Awaitable[Delivery]], *, shuffled: bool = False) -> list[Delivery]:
        """All at once; `shuffled`: in an order of DingTalk's own."""
        listed = [*actions]
        if shuffled:
            self._random.shuffle(listed)
        return list(await asyncio.gather(*listed))

    # events

    async def send_event(self, event_type: str, data: Json | None = None, *, event_id: str = "") -> Delivery:
        """An event as Stream mode tells it; by HTTP the same is sealed, and flat."""
        now_ms = int(self.now().timestamp() * 1000)
        key = event_id or self.new_hex(128)
        inner = {"timeStamp": str(now_ms)} | (data or {})
        if self.mode == "stream":
            body = {"eventType": event_type, "eventBornTime": now_ms, "data": inner}
            delivery = self._new_delivery("event", key, event_type, body)
            await self.gateway.push(delivery)
            return delivery
        flat = {"EventType": event_type, "EventTime": now_ms, "CorpId": self.corp_id, "BizId": key, "eventId": key}
        delivery = self._new_delivery("event", key, event_type, flat | inner)
        await self.callbacks.event(delivery)
        return delivery

    async def read(self, user: str) -> Delivery:
        """Somebody reads the robot's newest message. Raises IndexError where there is none."""
        person = self.person(user)
        newest = [one for one in self.shown(user) if one.via == "batchSend"][-1]
        newest.read_ms = int(self.now().timestamp() * 1000)
        data = {"processQueryKey": newest.key, "userId": user, "unionId": person.union_id}
        data |= {"robotCode": self.robot_code, "openConversationId": person.single_cid}
        return await self.send_event("robot_msg_read", data | {"operatTime": str(newest.read_ms)})

    # cards

    async def press(
        self,
        user: str,
        control: str,
        *,
        card: str = "",
        group: str = "",
        copies: int = 1,
        params: Mapping[str, Any] | None = None,
    ) -> Delivery:
        """Press a button, by its text or what it sends, on the newest card that has it open.

        `card` starts the outTrackId of the card that is meant; `group`: on a card there. The callback's answer, waited
        for up to `card_deadline_s`, is applied. Raises CannotPress when there is no such button or it is grey.
        """
        cid = self.group(group).cid if group else self.person(user).single_cid
        found, button = self._find_button(user, cid, control, card)
        return await self._press(user, cid, found, button, copies, dict(params or {}))

    def held_press(self, owner: str, control: str) -> Callable[[str], Awaitable[Delivery]]:
        """A press of what is open on the owner's card now, to be made later, by whomever; no phone lets one do it."""
        cid = self.person(owner).single_cid
        found, button = self._find_button(owner, cid, control, "")
        return lambda user: self._press(user, cid, found, button, 1, {})

    async def _press(
        self, user: str, cid: str, found: Card, button: Button, copies: int, params: dict[str, Any]
    ) -> Delivery:
        self.show(cid, "press", {"content": button.text}, user=user)
        body = dingtalk_cards.press_body(self, found, button, self.person(user), cid, params)
        self.monthly["stream"] += 1
        presses = [self._new_delivery("card", found.out_track_id, CARD_TOPIC, body, user) for _ in range(copies)]
        await asyncio.gather(*(self._deliver_press(found, one, user) for one in presses))
        return presses[0]

    def _find_button(self, user: str, cid: str, control: str, out_track_id: str) -> tuple[Card, Button]:
        lying = [one for one in reversed(self.conversation(cid)) if one.kind == "card" and one.state == "shown"]
        grey = ""
        for message in lying:
            card = self.cards_by_id[message.key]
            if not card.out_track_id.startswith(out_track_id):
                continue
            for button in self.buttons(card, user):
                if control == button.text or control in (button.params or {}).values():
                    if button.params is not None:
                        return card, button
                    grey = grey or f"{control} sends nothing"
        raise CannotPress(grey or f"no button {control}")

    async def _deliver_press(self, card: Card, delivery: Delivery, user: str) -> None:
        if card.callback_type == "STREAM":
            await self.gateway.push(delivery)
            if delivery.state == "lost" and self.mode == "http":
                self.violations.append("card: its clicks go to Stream, where nobody listens")
            if delivery.state == "pushed":
                with contextlib.suppress(TimeoutError):
                    await delivery.decided(self.card_deadline_s)
        else:
            route = self._route_of(card)
            if route is None:
                self.violations.append(f"card: no callback address under {card.route_key!r}")
                delivery.become("lost")
            else:
                await self.callbacks.card(delivery, route, self.card_deadline_s)
        if delivery.state == "acked":
            dingtalk_cards.answer_press(self, card, delivery, user)
        elif delivery.state != "lost" or delivery.attempts:
            if delivery.state == "pushed":
                delivery.become("late")
            self.violations.append(f"card callback: no answer within {self.card_deadline_s} s")

    def _route_of(self, card: Card) -> Route | None:
        if card.route_key in self.routes or not self.card_callback_url:
            return self.routes.get(card.route_key)
        return Route(self.card_callback_url, self.card_callback_secret)

    def card_route(self, route_key: str) -> tuple[str, str]:
        """Address and secret of card callbacks."""
        route = self.routes.get(route_key) or next(iter(self.routes.values()), None)
        if route is None or (self.card_callback_url and route_key not in self.routes):
            return self.card_callback_url, self.card_callback_secret
        return route.url, route.api_secret

    # to-dos

    async def complete_task(self, user: str, subject: str) -> NativeTask:
        """Somebody ticks off a native to-do; the event follows where it is subscribed."""
        union_id = self.person(user).union_id
        task = next(one for one in self.tasks(user) if one.subject == subject)
        task.done_by.add(union_id)
        task.done = task.done_by >= set(task.executors)
        if "todo_task_update" in self.subscribed_events:
            data = {"taskId": task.task_id, "bizTag": dingtalk_office.BIZ_TAG, "unionIdList": task.executors}
            await self.send_event("todo_task_update", data)
        return task


# small parts


def words(message: Message) -> str:
    """What stands in a robot's or a person's message."""
    content = message.content
    said = [str(content[name]) for name in ("title", "content", "text", "file_name", "fileName") if content.get(name)]
    said += [str(one.get("title", "")) for one in content.get("links", []) if isinstance(one, dict)]
    said += [f"[{content[name]}]" for name in content if re.fullmatch(r"(single|action|button)Title\d?", name)]
    said += [f"[{one['title']}]" for one in content.get("btns", [])]
    return "\n".join(dict.fromkeys(said))


async def _main(arguments: argparse.Namespace) -> None:
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    async with DingTalkDialect(**given) as dingtalk:
        settings = "\n".join(f"{name} = {json.dumps(value)}" for name, value in dingtalk.settings().items())
        act = '{"do": "send_text", "user": "zhangsan", "text": "帮助"}'
        print(f"DingTalk's dialect on {dingtalk.base_url}, mode {dingtalk.mode}\n\n[dingtalk]\n{settings}\n")
        print(f"{usage()}\nFor example:\n  curl {dingtalk.base_url}/_control/act -d '{act}'")
        print(f"  curl {dingtalk.base_url}/_control/transcript/zhangsan", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.dialects.dingtalk", description="A local DingTalk.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9800)
    parser.add_argument("--mode", choices=("stream", "http"), default="stream")
    parser.add_argument("--callback", dest="callback_url", default="http://127.0.0.1:8400/dingtalk/callback")
    parser.add_argument("--card-callback", dest="card_callback_url", default="http://127.0.0.1:8400/dingtalk/card")
    parser.add_argument("--events", dest="event_url", default="http://127.0.0.1:8400/dingtalk/events")
    for name in ("--client-id", "--client-secret", "--corp-id", "--robot-code", "--event-token", "--event-aes-key"):
        parser.add_argument(name)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
