"""A local server that speaks the dialect of WeCom's AI bot: the long connection, the callbacks, and people's phones.

In a test:

    async with WeComBotDialect(mode="socket") as wecom:       # or mode="callback", callback_url=…
        await wecom.send_text("zhangsan", "你好")
        assert "收到" in wecom.transcript("zhangsan")

By hand: `python -m tests.dialects.wecom_bot --mode socket --port 9701`. It prints the [wecom_bot] section to put into
config.toml and the control addresses.

Everything goes by the dialect's own clock (`advance`), except the five seconds that a callback may take and the pauses
between the questions about a stream.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import io
import itertools
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from yarl import URL

from tests.dialects import wecom_bot_control as control
from tests.dialects.wecom_bot_rules import check_bot_card
from tests.dialects.wecom_records import Attempt, CannotPress, Fault, Message, drawn
from tests.dialects.wecom_rules import INTERACTIVE, UPLOAD_LIMITS, Refused, check_upload, controls, selects
from tests.dialects.wecom_seal import Seal

Json = dict[str, Any]
Mode = Literal["socket", "callback"]

STREAM_LIFE_S = 360
RESPONSE_URL_LIFE_S = 3600
MEDIA_LIFE_S = 300
REPLY_LIFE_S = 24 * 3600
EVENT_LIFE_S = 5
MARKDOWN_BYTES = 20480
PER_MINUTE, PER_HOUR = 30, 1000
SPENT_ADDRESS = 40058
"""What WeCom answers to a second call of a response_url is not documented; "invalid parameter" is our assumption."""
NO_CONVERSATION = 93006
"""What it answers to a push to somebody who never wrote: of the codes for a bad chatid, our assumption."""
WRONG_SECRET = 40001
UPLOAD_LIFE_S = 1800
SENT_MEDIA_LIFE_S = 3 * 24 * 3600
PIECE_BYTES, MOST_PIECES = 512 * 1024, 100


@dataclass
class Call:
    """A frame or request from the bot."""

    api: str
    at: datetime
    body: Json
    req_id: str = ""
    errcode: int | None = None


@dataclass
class Asked:
    """A callback or frame of ours, and how the bot took it."""

    number: int
    message: Json
    attempts: list[Attempt] = field(default_factory=list)
    sent_at: datetime | None = None

    @property
    def status(self) -> int | None:
        return self.attempts[-1].status if self.attempts else None


@dataclass
class Stream:
    stream_id: str
    message: Message
    asked_at: datetime
    versions: list[str] = field(default_factory=list)
    has_card: bool = False
    finished: bool = False


@dataclass
class _Address:
    user: str
    group: str | None
    until: datetime
    spent: bool = False


@dataclass
class Uploading:
    """A file that the bot hands over in pieces, and what it is called once it is whole."""

    kind: str
    file_name: str
    total_bytes: int
    total_pieces: int
    md5: str
    until: datetime
    pieces: dict[int, bytes] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces[number] for number in sorted(self.pieces))


@dataclass
class _Frame:
    """A frame that the bot may answer under its req_id."""

    kind: str
    user: str
    group: str | None
    at: datetime
    task_id: str = ""


class WeComBotDialect:
    def __init__(
        self,
        *,
        mode: Mode = "socket",
        callback_url: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        bot_id: str = "aibdialect000001",
        secret: str = "dialect-long-connection-secret",  # noqa: S107
        token: str = "DialectToken02",  # noqa: S107
        encoding_aes_key: str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.mode: Mode = mode
        self.callback_url = callback_url
        self.host, self.port = host, port
        self.bot_id, self.secret = bot_id, secret
        self.token, self.encoding_aes_key = token, encoding_aes_key
        self.seal = Seal(token, encoding_aes_key, "")
        self.callback_timeout_s = 5.0
        self.poll_every_s = 0.01
        self.max_deliveries = 3
        self.hex_keys = False
        """Give the keys of files as hexadecimal, which has been seen."""
        self.flat_events = False
        """Give clicks as the official SDK's types have them."""
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.messages: list[Message] = []
        self.asked: list[Asked] = []
        self.lost: list[Json] = []
        """What people did while no bot was connected."""
        self.violations: list[str] = []
        self.streams: dict[str, Stream] = {}
        self.connections = 0
        self.uploads: dict[str, Uploading] = {}
        """By their media ids, those that are whole."""
        self._uploading: dict[str, Uploading] = {}
        self._uploads_at: list[datetime] = []
        self.late_acks: list[Json] = []
        self._now = now or (lambda: datetime.now(UTC))
        self._offset = timedelta()
        self._numbers = itertools.count(1)
        self._live: web.WebSocketResponse | None = None
        self._open: set[web.WebSocketResponse] = set()
        self._frames: dict[str, _Frame] = {}
        self._spoken: set[str] = set()
        self._task_ids: dict[str, Message] = {}
        self._addresses: dict[str, _Address] = {}
        self._media: dict[str, tuple[bytes, str, datetime]] = {}
        self._sent_at: dict[str, list[datetime]] = {}
        self._polling: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None
        self._stopped = asyncio.Event()

    # life

    async def start(self) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.add_routes(
            [
                web.get("/", self._socket),
                web.post("/cgi-bin/aibot/response", self._response),
                web.get("/media/{name}", self._serve_media),
                *control.routes(self),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def stop(self) -> None:
        self._stopped.set()
        for task in self._polling:
            task.cancel()
        await asyncio.gather(*self._polling, return_exceptions=True)
        for ws in tuple(self._open):
            await ws.close()
        if self._http is not None:
            await self._http.close()
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
        return f"http://{self.host}:{self.port}"

    def settings(self) -> Json:
        """The keys of [wecom_bot] in config.toml that make a bot talk to this server."""
        secrets_ = (
            {"secret": self.secret}
            if self.mode == "socket"
            else {"token": self.token, "encoding_aes_key": self.encoding_aes_key}
        )
        return {
            "bot_id": self.bot_id,
            "mode": self.mode,
            **secrets_,
            "socket_url": f"ws://{self.host}:{self.port}/",
            "reply_hosts": [self.host],
            "media_hosts": [self.host],
        }

    def now(self) -> datetime:
        return self._now() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    # what tests look at

    def fail(self, api: str, kind: str = "errcode", errcode: int = -1, **more: Any) -> Fault:
        """Something to go wrong in the bot's calls of `api`, a command or "aibot/response" ("*": any).

        errcode · hang (handled, then silence for `seconds`, or for ever) · reset (connection closed, not handled) ·
        reset_after (handled, then closed) · late (handled, the ack comes after `release`) · http (`status`)
        """
        fault = Fault(api, kind, errcode, **more)
        self.faults.append(fault)
        return fault

    def calls_of(self, api: str) -> list[Call]:
        return [call for call in self.calls if call.api == api]

    def shown(self, user: str) -> list[Message]:
        """What the bot has shown to this person alone, in order."""
        return [
            message
            for message in self.messages
            if message.user == user and not message.sent_by_user and message.state == "shown"
        ]

    def texts(self, user: str) -> list[str]:
        return [message.content["content"] for message in self.shown(user) if "content" in message.content]

    def cards(self, user: str) -> list[Message]:
        return [message for message in self.shown(user) if message.kind == "template_card"]

    def transcript(self, user: str) -> str:
        """The chat as the person's (or the group's) phone shows it, one line or box a message."""
        lines = [line for message in self.messages if message.user == user for line in drawn(message)]
        return "\n".join(lines) + "\n" if lines else ""

    async def wait_for(self, met: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Until `met` is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not met():  # noqa: ASYNC110 - what is waited for happens in the bot, which knows no event of ours
                await asyncio.sleep(0.005)

    @property
    def is_connected(self) -> bool:
        return self._live is not None

    # what people do

    async def send_text(
        self, user: str, text: str, *, group: str | None = None, quote: Json | None = None, msgid: str | None = None
    ) -> Asked:
        said = f"@拜访助手 {text}" if group else text
        body = {"msgtype": "text", "text": {"content": said}} | ({"quote": quote} if quote else {})
        return await self._happens(user, body, group=group, kind="text", seen={"content": text}, msgid=msgid)

    async def send_mixed(self, user: str, parts: Sequence[str | bytes], *, group: str | None = None) -> Asked:
        items = [
            {"msgtype": "text", "text": {"content": part}}
            if isinstance(part, str)
            else {"msgtype": "image", "image": self.add_media(part)}
            for part in parts
        ]
        if group:
            items.insert(0, {"msgtype": "text", "text": {"content": "@拜访助手 "}})
        body = {"msgtype": "mixed", "mixed": {"msg_item": items}}
        return await self._happens(user, body, group=group, kind="image", seen={})

    async def send_image(self, user: str, data: bytes) -> Asked:
        return await self._happens(user, {"msgtype": "image", "image": self.add_media(data)}, kind="image", seen={})

    async def send_voice(self, user: str, transcript: str) -> Asked:
        body = {"msgtype": "voice", "voice": {"content": transcript}}
        return await self._happens(user, body, kind="voice", seen={"content": transcript})

    async def send_video(self, user: str, data: bytes) -> Asked:
        return await self._happens(user, {"msgtype": "video", "video": self.add_media(data)}, kind="video", seen={})

    async def send_file(self, user: str, data: bytes, file_name: str) -> Asked:
        body = {"msgtype": "file", "file": self.add_media(data, file_name)}
        return await self._happens(user, body, kind="file", seen={"file_name": file_name})

    async def send_other(self, user: str, msgtype: str) -> Asked:
        return await self._happens(user, {"msgtype": msgtype, msgtype: {}}, kind=msgtype, seen={})

    async def enter(self, user: str) -> Asked:
        return await self._event(user, "enter_chat", {})

    async def feedback(self, user: str, kind: int = 1) -> Asked:
        return await self._event(user, "feedback_event", {"feedback_event": {"id": "f", "type": kind}})

    async def happen(self, user: str, eventtype: str, fields: Json) -> Asked:
        return await self._event(user, eventtype, fields)

    async def press(
        self,
        user: str,
        wanted: str,
        *,
        card: str | None = None,
        chosen: Mapping[str, Sequence[str]] | None = None,
    ) -> Asked:
        """Press a button, by its text or key, on the newest card that has it; `card` begins its task_id.

        Raises CannotPress.
        """
        message, key, text = self._control(user, wanted, card)
        pressed: Json = {
            "card_type": message.content["card_type"],
            "event_key": key,
            "task_id": message.task_id,
            "selected_items": {"selected_item": _picked(message.content, chosen or {})},
        }
        fields = pressed if self.flat_events else {"template_card_event": pressed}
        self._record(user, "press", {"content": text}, sent_by_user=True)
        return await self._event(user, "template_card_event", fields, task_id=message.task_id)

    def _control(self, user: str, wanted: str, card: str | None) -> tuple[Message, str, str]:
        for message in reversed(self.cards(user)):
            if message.closed is not None or (card is not None and not message.task_id.startswith(card)):
                continue
            for key, text in controls(message.content):
                if wanted in (key, text):
                    return message, key, text
        raise CannotPress(f"{user} sees no {wanted}")

    async def _event(self, user: str, eventtype: str, fields: Json, *, task_id: str = "") -> Asked:
        body = {"msgtype": "event", "event": {"eventtype": eventtype, **fields}}
        return await self._happens(user, body, task_id=task_id)

    async def _happens(
        self,
        user: str,
        body: Json,
        *,
        group: str | None = None,
        kind: str = "",
        seen: Json | None = None,
        task_id: str = "",
        msgid: str | None = None,
    ) -> Asked:
        number = next(self._numbers)
        message: Json = {
            "msgid": msgid or f"CAIQ{number:08d}",
            "create_time": int(self.now().timestamp()),
            "aibotid": self.bot_id,
            "chattype": "group" if group else "single",
            "from": {"userid": user},
            **({"chatid": group} if group else {}),
            **body,
        }
        if seen is not None:
            self._record(group or user, kind, seen, sent_by_user=True)
            self._spoken.add(group or user)
        asked = Asked(number, message, sent_at=self.now())
        self.asked.append(asked)
        if self.mode == "callback":
            message["response_url"] = self._address(user, group)
            await self._deliver(asked, user, group)
        else:
            kind = message["event"]["eventtype"] if message["msgtype"] == "event" else "message"
            await self._emit(message, _Frame(kind, user, group, self.now(), task_id))
        return asked

    def _record(self, chat: str, kind: str, content: Json, *, sent_by_user: bool) -> Message:
        message = Message(next(self._numbers), self.now(), chat, sent_by_user, kind, content)
        self.messages.append(message)
        return message

    # files

    def add_media(self, data: bytes, file_name: str = "") -> Json:
        """What a message says of a file: a fresh address, and its key on the long connection."""
        if self.mode == "callback":
            key, fields = base64.b64decode(self.encoding_aes_key + "="), {}
        else:
            key = secrets.token_bytes(32)
            text = key.hex() if self.hex_keys else base64.b64encode(key).decode().rstrip("=")
            fields = {"aeskey": text}
        padder = PKCS7(256).padder()
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        sealed = encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
        name = secrets.token_urlsafe(16)
        self._media[name] = (sealed, file_name, self.now() + timedelta(seconds=MEDIA_LIFE_S))
        return {"url": f"{self.base_url}/media/{name}", **fields}

    async def _serve_media(self, request: web.Request) -> web.StreamResponse:
        sealed, file_name, until = self._media[request.match_info["name"]]
        fault = self._strikes("media")
        if fault is not None and fault.kind == "errcode":
            return web.json_response({"errcode": fault.errcode, "errmsg": "injected"})
        if fault is not None and fault.kind == "http":
            return web.Response(status=fault.status)
        if fault is not None and fault.kind == "truncated":
            sealed = sealed[:-7]
        if self.now() >= until:
            return web.Response(status=403)
        headers = {"Content-Type": "application/octet-stream"}
        if file_name:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name)}"
        return web.Response(body=sealed, headers=headers)

    def _strikes(self, api: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.strikes(api, self.now())), None)

    # the long connection

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if "Upgrade" not in request.headers:
            return web.Response(text="openws")
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.connections += 1
        self._open.add(ws)
        try:
            async for message in ws:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._frame(ws, json.loads(message.data))
        finally:
            self._open.discard(ws)
            if self._live is ws:
                self._live = None
        return ws

    async def kick(self) -> None:
        """Another process subscribes with the same secret, and goes away again at once."""
        ws, self._live = self._live, None
        if ws is not None:
            await self._bid_farewell(ws)

    async def drop(self) -> None:
        """The connection breaks."""
        for ws in tuple(self._open):
            if ws._req is not None and ws._req.transport is not None:
                ws._req.transport.abort()

    async def _bid_farewell(self, ws: web.WebSocketResponse) -> None:
        body = {
            "msgid": f"KICK{next(self._numbers)}",
            "create_time": int(self.now().timestamp()),
            "aibotid": self.bot_id,
            "msgtype": "event",
            "event": {"eventtype": "disconnected_event"},
        }
        frame = {"cmd": "aibot_event_callback", "headers": {"req_id": secrets.token_hex(8)}, "body": body}
        await ws.send_str(json.dumps(frame))
        await ws.close()

    async def _emit(self, message: Json, frame: _Frame) -> None:
        if self._live is None:
            self.lost.append(message)
            return
        req_id = secrets.token_hex(8)
        self._frames[req_id] = frame
        command = "aibot_event_callback" if message["msgtype"] == "event" else "aibot_msg_callback"
        await self._live.send_str(
            json.dumps({"cmd": command, "headers": {"req_id": req_id}, "body": message}, ensure_ascii=False)
        )

    async def send_raw(self, text: str) -> None:
        assert self._live is not None
        await self._live.send_str(text)

    async def _frame(self, ws: web.WebSocketResponse, frame: Json) -> None:
        command, req_id = frame["cmd"], frame["headers"]["req_id"]
        body = frame.get("body", {})
        call = Call(command, self.now(), {} if command == "aibot_subscribe" else body, req_id)
        self.calls.append(call)
        if any(ack["headers"]["req_id"] == req_id for ack in self.late_acks) and command != "aibot_send_msg":
            self.violations.append(f"{command}: a second frame of one req_id before the ack of the first")
        fault = self._strikes(command)
        if fault is not None and fault.kind == "reset":
            await self._break(ws)
            return
        try:
            _refuse_as_told(fault)
            told = await self._obey(ws, command, req_id, body)
        except Refused as refused:
            call.errcode, errmsg, told = refused.errcode, refused.errmsg, None
        else:
            call.errcode, errmsg = 0, "ok"
        if fault is not None and fault.kind == "reset_after":
            await self._break(ws)
            return
        ack: Json = {"headers": {"req_id": req_id}, "errcode": call.errcode, "errmsg": errmsg}
        if told is not None:
            ack["body"] = told
        if fault is not None and fault.kind == "late":
            self.late_acks.append(ack)
            return
        if fault is not None and fault.kind == "hang":
            return
        await ws.send_str(json.dumps(ack))

    async def release(self) -> None:
        """Send the acks that were held back."""
        while self.late_acks:
            await self.send_raw(json.dumps(self.late_acks.pop(0)))

    async def _break(self, ws: web.WebSocketResponse) -> None:
        if ws._req is not None and ws._req.transport is not None:
            ws._req.transport.abort()

    async def _obey(self, ws: web.WebSocketResponse, command: str, req_id: str, body: Json) -> Json | None:
        if command == "aibot_subscribe":
            if (body.get("bot_id"), body.get("secret")) != (self.bot_id, self.secret):
                raise Refused(WRONG_SECRET, "invalid secret")
            before, self._live = self._live, ws
            if before is not None and before is not ws:
                await self._bid_farewell(before)
            return None
        if ws is not self._live:
            raise Refused(WRONG_SECRET, "not subscribed")
        if command == "ping":
            return None
        handlers: dict[str, Callable[[str, Json], Json | None]] = {
            "aibot_send_msg": self._pushed,
            "aibot_respond_msg": self._responded,
            "aibot_respond_welcome_msg": self._welcomed,
            "aibot_respond_update_msg": self._updated,
            "aibot_upload_media_init": self._upload_begun,
            "aibot_upload_media_chunk": self._upload_went_on,
            "aibot_upload_media_finish": self._upload_ended,
        }
        if command not in handlers:
            raise Refused(40066, "unknown cmd")
        return handlers[command](req_id, body)

    # files from the bot

    def _upload_begun(self, req_id: str, body: Json) -> Json:
        kind, size, pieces = body.get("type"), body.get("total_size"), body.get("total_chunks")
        if kind not in UPLOAD_LIMITS or not body.get("filename") or not isinstance(size, int):
            raise Refused(40004, "invalid media type")
        if not 5 <= size <= UPLOAD_LIMITS[kind]:
            raise Refused(40009 if kind == "image" else 45001, "media size out of limit")
        if not isinstance(pieces, int) or not 1 <= pieces <= MOST_PIECES:
            raise Refused(40058, "total_chunks")
        now = self.now()
        for limit, window_s in ((PER_MINUTE, 60), (PER_HOUR, 3600)):
            if sum(now - at < timedelta(seconds=window_s) for at in self._uploads_at) >= limit:
                self.violations.append("uploads over the frequency limit")
                raise Refused(45009, "api freq out of limit")
        self._uploads_at.append(now)
        upload_id, until = secrets.token_urlsafe(16), now + timedelta(seconds=UPLOAD_LIFE_S)
        self._uploading[upload_id] = Uploading(kind, body["filename"], size, pieces, body.get("md5", ""), until)
        return {"upload_id": upload_id}

    def _upload_went_on(self, req_id: str, body: Json) -> None:
        upload = self._known_upload(body)
        number, piece = body.get("chunk_index"), base64.b64decode(body.get("base64_data", ""), validate=True)
        if not isinstance(number, int) or not 0 <= number < upload.total_pieces or not 0 < len(piece) <= PIECE_BYTES:
            raise Refused(40058, "chunk")
        upload.pieces[number] = piece

    def _upload_ended(self, req_id: str, body: Json) -> Json:
        upload = self._known_upload(body)
        data = upload.data
        if len(upload.pieces) != upload.total_pieces or len(data) != upload.total_bytes:
            raise Refused(40058, "chunks are missing")
        if upload.md5 != hashlib.md5(data, usedforsecurity=False).hexdigest():
            raise Refused(40058, "md5")
        check_upload(upload.kind, data)
        del self._uploading[body["upload_id"]]
        media_id = secrets.token_urlsafe(24)
        upload.until = self.now() + timedelta(seconds=SENT_MEDIA_LIFE_S)
        self.uploads[media_id] = upload
        return {"type": upload.kind, "media_id": media_id, "created_at": int(self.now().timestamp())}

    def _known_upload(self, body: Json) -> Uploading:
        upload = self._uploading.get(str(body.get("upload_id")))
        if upload is None or self.now() >= upload.until:
            raise Refused(40058, "upload_id")
        return upload

    # what it says

    def _pushed(self, req_id: str, body: Json) -> None:
        chat, is_group = body.get("chatid"), body.get("chat_type") == 2
        if not isinstance(chat, str) or body.get("chat_type") not in (1, 2):
            raise Refused(40058, "chatid or chat_type")
        if chat not in self._spoken:
            raise Refused(NO_CONVERSATION, "invalid chatid")
        self._show(chat, body, is_group=is_group)

    def _responded(self, req_id: str, body: Json) -> None:
        frame = self._known_frame(req_id, "message", REPLY_LIFE_S)
        self._show(frame.group or frame.user, body, is_group=frame.group is not None)

    def _welcomed(self, req_id: str, body: Json) -> None:
        frame = self._known_frame(req_id, "enter_chat", EVENT_LIFE_S)
        del self._frames[req_id]
        self._show(frame.user, body, is_group=False, is_welcome=True)

    def _updated(self, req_id: str, body: Json) -> None:
        frame = self._known_frame(req_id, "template_card_event", EVENT_LIFE_S)
        self._change(frame.task_id, body)

    def _known_frame(self, req_id: str, kind: str, life_s: float) -> _Frame:
        frame = self._frames.get(req_id)
        if frame is None or frame.kind != kind or self.now() - frame.at >= timedelta(seconds=life_s):
            raise Refused(846605, "invalid req_id")
        return frame

    # what the bot shows

    def _show(self, chat: str, body: Json, *, is_group: bool, is_welcome: bool = False) -> Message:
        self._count(chat)
        kind = body.get("msgtype")
        if kind == "template_card":
            return self._show_card(chat, body["template_card"], is_group=is_group)
        if kind in UPLOAD_LIMITS and not is_welcome:
            return self._show_file(chat, str(kind), body[kind], is_group=is_group)
        if kind != ("text" if is_welcome else "markdown"):
            raise Refused(40008, "invalid message type")
        content = (body.get(kind) or {}).get("content", "")
        if not content.strip():
            raise Refused(44004, "empty content")
        if len(content.encode()) > MARKDOWN_BYTES:
            raise Refused(45002, "content too long")
        return self._record(chat, str(kind), {"content": content}, sent_by_user=False)

    def _show_file(self, chat: str, kind: str, content: Json, *, is_group: bool) -> Message:
        upload = self.uploads.get(str(content.get("media_id")))
        if upload is None or upload.kind != kind or self.now() >= upload.until:
            raise Refused(40007, "invalid media_id")
        if is_group:
            self.violations.append("a file in a group")
        return self._record(chat, kind, content, sent_by_user=False)

    def _show_card(self, chat: str, card: Json, *, is_group: bool) -> Message:
        self.violations += check_bot_card(card)
        if is_group:
            self.violations.append("a card in a group")
        task = card.get("task_id")
        if task and task in self._task_ids:
            raise Refused(42014, "task_id used before")
        message = self._record(chat, "template_card", card, sent_by_user=False)
        if task:
            self._task_ids[task] = message
        return message

    def _change(self, task_id: str, body: Json) -> None:
        card = body.get("template_card", {})
        if body.get("response_type") != "update_template_card" or card.get("task_id") != task_id:
            raise Refused(42014, "task_id")
        self.violations += check_bot_card(card)
        message = self._task_ids[task_id]
        message.content = card
        if card["card_type"] not in INTERACTIVE:
            message.closed = card["main_title"].get("desc", "")

    def _count(self, chat: str) -> None:
        sent_at = self._sent_at.setdefault(chat, [])
        now = self.now()
        for limit, window_s in ((PER_MINUTE, 60), (PER_HOUR, 3600)):
            if sum(now - at < timedelta(seconds=window_s) for at in sent_at) >= limit:
                self.violations.append("over the frequency limit")
                raise Refused(45009, "api freq out of limit")
        sent_at.append(now)

    # callbacks

    def _address(self, user: str, group: str | None) -> str:
        code = secrets.token_urlsafe(24)
        until = self.now() + timedelta(seconds=RESPONSE_URL_LIFE_S)
        self._addresses[code] = _Address(user, group, until)
        return f"{self.base_url}/cgi-bin/aibot/response?response_code={code}"

    async def _response(self, request: web.Request) -> web.StreamResponse:
        call = Call("aibot/response", self.now(), await request.json())
        self.calls.append(call)
        fault = self._strikes(call.api)
        if fault is not None and fault.kind == "http":
            return web.Response(status=fault.status)
        try:
            _refuse_as_told(fault)
            self._spend_address(request.query.get("response_code", ""), call.body)
        except Refused as refused:
            call.errcode = refused.errcode
            return web.json_response({"errcode": refused.errcode, "errmsg": refused.errmsg})
        call.errcode = 0
        if fault is not None and fault.kind in ("hang", "reset_after") and request.transport is not None:
            request.transport.abort()
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    def _spend_address(self, code: str, body: Json) -> None:
        address = self._addresses.get(code)
        if address is None or address.spent or self.now() >= address.until:
            raise Refused(SPENT_ADDRESS, "invalid response_code")
        if body.get("msgtype") not in ("markdown", "template_card"):
            raise Refused(40008, "invalid message type")
        self._show(address.group or address.user, body, is_group=address.group is not None)
        address.spent = True

    async def verify(self, *, escaped: bool = True) -> Attempt:
        """The GET that the admin page sends; `error` says what it would complain about."""
        echo = secrets.token_hex(10).encode()
        encrypted = self.seal.seal(echo)
        query = self._signed(encrypted) | {"echostr": encrypted}
        text = "&".join(f"{name}={quote(value, safe='') if escaped else value}" for name, value in query.items())
        assert self._http is not None
        async with self._http.get(URL(f"{self.callback_url}?{text}", encoded=True)) as response:
            body = await response.read()
            return Attempt(self.now(), response.status, body, "" if body == echo else "not the echo")

    def _signed(self, encrypted: str, nonce: str | None = None) -> dict[str, str]:
        timestamp, nonce = str(int(self.now().timestamp())), nonce or secrets.token_hex(8)
        return {
            "msg_signature": self.seal.signature(timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
        }

    async def post(self, message: Json, *, query: dict[str, str] | None = None, body: bytes | None = None) -> Attempt:
        """One callback, and what the bot answered, opened; `error` where that is not what WeCom expects."""
        encrypted = self.seal.seal(json.dumps(message, ensure_ascii=False).encode())
        query = query if query is not None else self._signed(encrypted)
        body = body if body is not None else json.dumps({"encrypt": encrypted}).encode()
        assert self._http is not None
        attempt = Attempt(self.now(), None)
        try:
            async with self._http.post(
                self.callback_url,
                params=query,
                data=io.BytesIO(body),
                timeout=aiohttp.ClientTimeout(total=self.callback_timeout_s),
            ) as response:
                attempt.status, attempt.body = response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            attempt.error = type(error).__name__
        else:
            if attempt.status == 200 and attempt.body:
                self._open_answer(attempt, query)
        return attempt

    def _open_answer(self, attempt: Attempt, query: dict[str, str]) -> None:
        try:
            envelope = json.loads(attempt.body)
            timestamp = envelope["timestamp"]
            signature = self.seal.signature(str(timestamp), envelope["nonce"], envelope["encrypt"])
            attempt.body = self.seal.open(envelope["encrypt"])
            json.loads(attempt.body)
        except (ValueError, KeyError) as error:
            attempt.error = f"answer: {error}"
        else:
            if not isinstance(timestamp, int) or envelope["nonce"] != query["nonce"]:
                attempt.error = "answer: timestamp or nonce"
            if signature != envelope["msgsignature"]:
                attempt.error = "answer: signature"
        if attempt.error:
            self.violations.append(attempt.error)

    async def _deliver(self, asked: Asked, user: str, group: str | None) -> None:
        """Once for a click; for anything else again after a time-out, three times in all."""
        is_click = asked.message.get("event", {}).get("eventtype") == "template_card_event"
        for _ in range(1 if is_click else self.max_deliveries):
            attempt = await self.post(asked.message)
            asked.attempts.append(attempt)
            if attempt.status is not None:
                break
        if asked.attempts[-1].body and not asked.attempts[-1].error and asked.attempts[-1].status == 200:
            self._answered(asked, json.loads(asked.attempts[-1].body), user, group)

    def _answered(self, asked: Asked, answer: Json, user: str, group: str | None) -> None:
        kind = asked.message["msgtype"]
        event = asked.message.get("event", {})
        try:
            if event.get("eventtype") == "template_card_event":
                pressed = event.get("template_card_event", event)
                self._change(pressed["task_id"], answer)
            elif event.get("eventtype") == "enter_chat":
                self._show(user, answer, is_group=False, is_welcome=True)
            elif kind != "event" and answer.get("msgtype") in ("stream", "stream_with_template_card"):
                self._begin_stream(answer, user, group)
            elif kind != "event" and answer.get("msgtype") == "template_card":
                self._show(group or user, answer, is_group=group is not None)
            else:
                self.violations.append(f"{answer.get('msgtype')} as the answer to {kind}")
        except Refused as refused:
            self.violations.append(f"answer refused: {refused}")

    def _begin_stream(self, answer: Json, user: str, group: str | None) -> None:
        stream_id = answer["stream"]["id"]
        stream = self.streams.get(stream_id)
        if stream is None:
            message = self._record(group or user, "stream", {"content": ""}, sent_by_user=False)
            stream = self.streams[stream_id] = Stream(stream_id, message, self.now())
            self._flow(stream, answer, group)
            if not stream.finished:
                task = asyncio.create_task(self._poll(stream, user, group))
                self._polling.add(task)
                task.add_done_callback(self._polling.discard)
        else:
            self._flow(stream, answer, group)

    def _flow(self, stream: Stream, answer: Json, group: str | None) -> None:
        said = answer["stream"]
        if said["id"] != stream.stream_id:
            self.violations.append("another stream's id")
        if len(said["content"].encode()) > MARKDOWN_BYTES:
            self.violations.append("stream content too long")
        if stream.finished:
            self.violations.append("a stream goes on after its end")
        if not stream.versions or stream.versions[-1] != said["content"]:
            stream.versions.append(said["content"])
        stream.message.content = {"content": said["content"]}
        stream.finished = said["finish"]
        if answer["msgtype"] == "stream_with_template_card":
            if stream.has_card:
                self.violations.append("a second card in one stream")
            stream.has_card = True
            self._show_card(stream.message.user, answer["template_card"], is_group=group is not None)

    async def _poll(self, stream: Stream, user: str, group: str | None) -> None:
        """Ask how the stream goes on until it is finished, six minutes at most."""
        while not stream.finished:
            await asyncio.sleep(self.poll_every_s)
            if self.now() - stream.asked_at >= timedelta(seconds=STREAM_LIFE_S):
                self.violations.append("a stream was not finished within six minutes")
                return
            message = {
                "msgid": f"POLL{next(self._numbers)}",
                "aibotid": self.bot_id,
                "chattype": "group" if group else "single",
                "from": {"userid": user},
                "msgtype": "stream",
                "stream": {"id": stream.stream_id},
            }
            attempt = await self.post(message)
            if attempt.status == 200 and attempt.body and not attempt.error:
                self._flow(stream, json.loads(attempt.body), group)


def _refuse_as_told(fault: Fault | None) -> None:
    if fault is not None and fault.kind == "errcode":
        raise Refused(fault.errcode, "injected")


def _picked(card: Json, chosen: Mapping[str, Sequence[str]]) -> list[Json]:
    """What the phone sends for the selectors: the given options, else the ones that are selected from the start."""
    picked = []
    for select in selects(card):
        options = [option["id"] for option in select["option_list"]]
        given = list(chosen.get(select["question_key"], [select.get("selected_id", options[0])]))
        if not set(given) <= set(options):
            raise CannotPress(f"no option {given}")
        picked.append({"question_key": select["question_key"], "option_ids": {"option_id": given}})
    if unknown := set(chosen) - {select["question_key"] for select in selects(card)}:
        raise CannotPress(f"no selector {unknown}")
    return picked


async def _run(arguments: argparse.Namespace) -> None:
    dialect = WeComBotDialect(
        mode=arguments.mode, callback_url=arguments.callback, host=arguments.host, port=arguments.port
    )
    dialect.poll_every_s = 1.0
    async with dialect as wecom:
        settings = "\n".join(f"{name} = {json.dumps(value)}" for name, value in wecom.settings().items())
        print(
            f"The dialect of WeCom's AI bot on {wecom.base_url}\n\n[wecom_bot]\n{settings}\n\n{control.USAGE}",
            flush=True,
        )
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.dialects.wecom_bot", description="A local WeCom AI bot.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9701)
    parser.add_argument("--mode", choices=["socket", "callback"], default="socket")
    parser.add_argument("--callback", default="http://127.0.0.1:8400/wecom-bot/callback")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
