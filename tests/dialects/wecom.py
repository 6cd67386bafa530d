"""A local server that speaks WeCom's dialect: the server API, the callbacks, and the phones of its members.

In a test:

    async with WeComDialect(callback_url="http://127.0.0.1:8400/wecom/callback") as wecom:
        await wecom.send_text("zhangsan", "你好")
        assert "收到" in wecom.transcript("zhangsan")

By hand: `python -m tests.dialects.wecom --port 9700 --callback http://127.0.0.1:8400/wecom/callback`. It prints the
[wecom] section to put into config.toml and the control addresses.

Everything goes by the dialect's own clock (`advance`), except the five seconds that a callback may take.
"""

import argparse
import asyncio
import contextlib
import io
import itertools
import json
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web
from yarl import URL

from tests.dialects.wecom_control import Control, usage
from tests.dialects.wecom_hostile import HOSTILE
from tests.dialects.wecom_records import (
    FAULT_KINDS,
    Attempt,
    Call,
    CannotPress,
    Code,
    Delivery,
    Envelope,
    Fault,
    Media,
    Message,
    drawn,
)
from tests.dialects.wecom_rules import (
    INTERACTIVE,
    UPLOAD_LIMITS,
    Refused,
    check_card,
    check_upload,
    controls,
    selects,
)
from tests.dialects.wecom_seal import Seal

Json = dict[str, Any]

TOKEN_LIFE_S = 7200
MEDIA_LIFE_S = 3 * 24 * 3600
CODE_LIFE_S = 72 * 3600
RECALL_LIFE_S = 24 * 3600
TEXT_BYTES = 2048
PER_MINUTE, PER_HOUR = 30, 1000
WRONG_SECRETS = 5
CALLER_IP = "203.0.113.7"
SPENT_CODE = 40058
"""What WeCom answers to a spent or late response_code is not documented; "invalid parameter" is our assumption."""


class WeComDialect:
    def __init__(
        self,
        *,
        callback_url: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        corp_id: str = "wwdialect0000001",
        agent_id: int = 1000002,
        secret: str = "dialect-secret-0123456789",  # noqa: S107
        token: str = "DialectToken01",  # noqa: S107
        encoding_aes_key: str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        now: Callable[[], datetime] | None = None,
        seed: int = 1,
    ) -> None:
        self.callback_url = callback_url
        self.host, self.port = host, port
        self.corp_id, self.agent_id, self.secret = corp_id, agent_id, secret
        self.token, self.encoding_aes_key = token, encoding_aes_key
        self.seal = Seal(token, encoding_aes_key, corp_id)
        self.callback_timeout_s = 5.0
        self.max_deliveries = 3
        self.retry_statuses = False
        """The older documents count an HTTP error as undelivered; the newer ones, and the default here, do not."""
        self.unreachable: set[str] = set()
        self.visible_to: list[str] = ["zhangsan"]
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.messages: list[Message] = []
        self.deliveries: list[Delivery] = []
        self.violations: list[str] = []
        self.token_fetches = 0
        self._now = now or (lambda: datetime.now(UTC))
        self._offset = timedelta()
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._message_ids = itertools.count(7300000000000000001)
        self._tokens: dict[str, datetime] = {}
        self._dead_tokens: dict[str, int] = {}
        self._wrong_secrets = 0
        self._secrets_blocked_until: datetime | None = None
        self._media: dict[str, Media] = {}
        self._codes: dict[str, Code] = {}
        self._task_ids: set[str] = set()
        self._accepted: dict[str, datetime] = {}
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None
        self._hanging = asyncio.Event()

    # life

    async def start(self) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.add_routes([web.route("*", "/cgi-bin/{api:.+}", self._serve), *Control(self).routes()])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def stop(self) -> None:
        self._hanging.set()
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
        """The keys of [wecom] in config.toml that make a bot talk to this server."""
        return {
            "corp_id": self.corp_id,
            "agent_id": self.agent_id,
            "secret": self.secret,
            "token": self.token,
            "encoding_aes_key": self.encoding_aes_key,
            "api_base": self.base_url,
        }

    def now(self) -> datetime:
        return self._now() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    # what tests look at

    def fail(self, api: str, kind: str = "errcode", errcode: int = -1, **more: Any) -> Fault:
        if kind not in FAULT_KINDS:
            raise ValueError(kind)
        fault = Fault(api, kind, errcode, **more)
        self.faults.append(fault)
        return fault

    def calls_of(self, api: str) -> list[Call]:
        return [call for call in self.calls if call.api == api]

    def shown(self, user: str) -> list[Message]:
        """What the app has shown to this person, in order."""
        return [
            message
            for message in self.messages
            if message.user == user and not message.sent_by_user and message.state == "shown"
        ]

    def texts(self, user: str) -> list[str]:
        return [message.content["content"] for message in self.shown(user) if message.kind in {"text", "markdown"}]

    def cards(self, user: str) -> list[Message]:
        return [message for message in self.shown(user) if message.kind == "template_card"]

    def transcript(self, user: str) -> str:
        """The chat as the person's phone shows it, one line or box a message."""
        lines = []
        for message in self.messages:
            if message.user == user and message.state in {"shown", "recalled"}:
                lines += drawn(message)
        return "\n".join(lines) + "\n" if lines else ""

    async def wait_for(self, met: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Until `met` is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not met():  # noqa: ASYNC110 - what is waited for happens in the bot, which knows no event of ours
                await asyncio.sleep(0.01)

    def expire_token(self, errcode: int = 42001) -> None:
        """WeCom may end a token before its time; 40014 is what expiry often looks like."""
        self._dead_tokens |= dict.fromkeys(self._tokens, errcode)
        self._tokens.clear()

    def add_media(self, kind: str, data: bytes, content_type: str, file_name: str = "") -> str:
        media_id = f"{kind}-{secrets.token_urlsafe(24)}"
        until = self.now() + timedelta(seconds=MEDIA_LIFE_S)
        self._media[media_id] = Media(kind, data, content_type, file_name or media_id, until)
        return media_id

    def media(self, message: Message) -> Media:
        """The file that a message of the app's shows."""
        return self._media[message.content["media_id"]]

    # the server API

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        api = request.match_info["api"]
        params = {name: value for name, value in request.query.items() if name not in {"access_token", "corpsecret"}}
        call = Call(api, self.now(), params, {})
        self.calls.append(call)
        fault = next((fault for fault in self.faults if fault.strikes(api, self.now())), None)
        early = await self._fail_early(request, call, fault)
        if early is not None:
            return early
        try:
            answer = await self._answer(request, call)
        except Refused as refused:
            call.errcode = refused.errcode
            return _json(self._error(refused.errcode, refused.errmsg))
        call.errcode = 0
        return await self._fail_late(request, answer, fault)

    async def _fail_early(self, request: web.Request, call: Call, fault: Fault | None) -> web.StreamResponse | None:
        kind = fault.kind if fault else ""
        if fault is None:
            return None
        if kind == "slow":
            await self._stay_silent(fault.seconds)
        if kind == "reset":
            _hang_up(request)
            return web.Response()
        if kind == "http":
            elsewhere = {"Location": f"{self.base_url}/elsewhere"} if fault.status in {301, 302, 307, 308} else {}
            return web.Response(status=fault.status, headers=elsewhere, text="not WeCom")
        if kind == "html":
            return web.Response(text="<html>企业网络认证</html>", content_type="text/html")
        if kind in {"errcode", "json_as_text"}:
            call.errcode = fault.errcode
            error = _json(self._error(fault.errcode, "injected"))
            if kind == "json_as_text":
                error.content_type = "text/plain"
            return error
        return None

    async def _fail_late(self, request: web.Request, answer: web.Response, fault: Fault | None) -> web.StreamResponse:
        kind = fault.kind if fault else ""
        if fault is not None and kind == "hang":
            await self._stay_silent(fault.seconds)
        if kind == "reset_after":
            _hang_up(request)
        if kind == "wrong_type":
            answer.content_type = "text/plain"
        if kind == "no_disposition":
            del answer.headers["Content-Disposition"]
        if fault is not None and kind == "invaliduser":
            body = json.loads(answer.text or "{}") | {"invaliduser": "|".join(user.lower() for user in fault.users)}
            return _json(body)
        if kind == "truncated":
            return await _truncated(request, answer)
        return answer

    async def _stay_silent(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hanging.wait(), seconds)

    async def _answer(self, request: web.Request, call: Call) -> web.Response:
        if call.api == "gettoken":
            return self._gettoken(request.query)
        self._check_token(request.query.get("access_token"))
        if call.api == "media/upload":
            return await self._upload(request)
        if request.method == "POST":
            call.body = await self._body(request)
        handler = HANDLERS.get(call.api)
        if handler is None:
            raise Refused(40066 if request.method == "POST" else 40063, "unknown api")
        return handler(self, call)

    async def _body(self, request: web.Request) -> Json:
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise Refused(40058, "Warning: wrong json format. ") from error
        if b"\\u" in raw:
            # The table of codes names 40033 for this; whether WeCom refuses it everywhere is not known.
            self.violations.append("a request has \\uxxxx escapes")
        return body if isinstance(body, dict) else {}

    def _gettoken(self, query: Mapping[str, str]) -> web.Response:
        self.token_fetches += 1
        if self._secrets_blocked_until is not None and self.now() < self._secrets_blocked_until:
            raise Refused(45009, "api freq out of limit")
        if query.get("corpid") != self.corp_id:
            raise Refused(40013, "invalid corpid")
        if not query.get("corpsecret"):
            raise Refused(41004, "corpsecret missing")
        if query["corpsecret"] != self.secret:
            self._wrong_secrets += 1
            if self._wrong_secrets >= WRONG_SECRETS:
                self._secrets_blocked_until = self.now() + timedelta(hours=1)
            raise Refused(40001, "invalid credential")
        self._forget_old_tokens()
        if not self._tokens:
            self._tokens[f"tok-{secrets.token_urlsafe(32)}"] = self.now() + timedelta(seconds=TOKEN_LIFE_S)
        [(token, until)] = self._tokens.items()
        left_s = int((until - self.now()).total_seconds())
        return _json({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": left_s})

    def _check_token(self, token: str | None) -> None:
        self._forget_old_tokens()
        if not token:
            raise Refused(41001, "access_token missing")
        if token in self._dead_tokens:
            errcode = self._dead_tokens[token]
            raise Refused(errcode, "access_token expired" if errcode == 42001 else "invalid access_token")
        if token not in self._tokens:
            raise Refused(40014, "invalid access_token")

    def _forget_old_tokens(self) -> None:
        for token in [token for token, until in self._tokens.items() if self.now() >= until]:
            del self._tokens[token]
            self._dead_tokens[token] = 42001

    def _error(self, errcode: int, errmsg: str) -> Json:
        hint = f"hint: [{self._random.randrange(10**24)}], from ip: {CALLER_IP}"
        more = f"more info at https://open.work.weixin.qq.com/devtool/query?e={errcode}"
        return {"errcode": errcode, "errmsg": f"{errmsg}, {hint}, {more}"}

    async def _upload(self, request: web.Request) -> web.Response:
        kind = request.query.get("type", "")
        if kind not in UPLOAD_LIMITS:
            raise Refused(40005, "invalid type")
        if request.content_type != "multipart/form-data":
            raise Refused(44001, "empty media data")
        async for part in await request.multipart():
            if isinstance(part, aiohttp.BodyPartReader) and part.name == "media":
                if "filename*=" in part.headers["Content-Disposition"]:
                    self.violations.append("upload with filename*=")
                data = bytes(await part.read())
                check_upload(kind, data)
                content_type = part.headers.get("Content-Type", "")
                media_id = self.add_media(kind, data, content_type, part.filename or "")
                stamp = str(int(self.now().timestamp()))
                return _json({"errcode": 0, "errmsg": "", "type": kind, "media_id": media_id, "created_at": stamp})
        raise Refused(44001, "empty media data")

    def _media_get(self, call: Call) -> web.Response:
        media = self._live_media(call.params.get("media_id"))
        if len(media.data) > 20 << 20:
            raise Refused(830002, "file too big, use Range")
        disposition = f'attachment; filename="{media.file_name}"'
        return web.Response(
            body=media.data, content_type=media.content_type, headers={"Content-Disposition": disposition}
        )

    def _live_media(self, media_id: object) -> Media:
        media = self._media.get(str(media_id))
        if media is None or self.now() >= media.until:
            raise Refused(40007, "invalid media_id")
        return media

    def _send(self, call: Call) -> web.Response:
        body = call.body
        self._check_agent(body.get("agentid"))
        kind = str(body.get("msgtype"))
        content = body.get(kind)
        if not isinstance(content, dict):
            raise Refused(40008, "invalid message type")
        users = self._recipients(body)
        invalid = [user for user in users if user in self.unreachable]
        if len(invalid) == len(users):
            raise Refused(81013, "user & party & tag all invalid")
        swallowed = self._is_duplicate(body)
        content = self._checked_content(kind, content, swallowed=swallowed)
        if not swallowed:
            self._accepted[_fingerprint(body)] = self.now()
        msgid = f"msg-{secrets.token_urlsafe(16)}"
        for user in users:
            if user not in invalid:
                state = "swallowed" if swallowed else "dropped" if self._too_many(user) else "shown"
                self._show(user, kind, content, msgid=msgid, state=state)
        answer = {"errcode": 0, "errmsg": "ok", "msgid": msgid, "invaliduser": "|".join(invalid).lower()}
        # What comes back with a swallowed card is not documented; without a code a bot cannot lean on one.
        changeable = kind == "template_card" and (content["card_type"] in INTERACTIVE or "action_menu" in content)
        if changeable and not swallowed:
            answer["response_code"] = self._new_code(msgid)
        return _json(answer | {"invalidparty": "", "invalidtag": "", "unlicenseduser": ""})

    def _recipients(self, body: Json) -> list[str]:
        users = [user for user in str(body.get("touser") or "").split("|") if user]
        if not users:
            raise Refused(40035, "no recipient")
        if len(users) > 1000:
            raise Refused(40032, "too many users")
        if "@all" in users:
            self.violations.append("a message to everybody")
        return users

    def _check_agent(self, agent_id: object) -> None:
        if not isinstance(agent_id, int):
            raise Refused(40056, "invalid agentid")
        if agent_id != self.agent_id:
            raise Refused(301002, "not allow operate another agent with this accesstoken")

    def _is_duplicate(self, body: Json) -> bool:
        """Whether an equal request was accepted lately, checked or not: only this request asks for the check."""
        before = self._accepted.get(_fingerprint(body))
        window = timedelta(seconds=min(int(body.get("duplicate_check_interval", 1800)), 14400))
        return bool(body.get("enable_duplicate_check")) and before is not None and self.now() - before < window

    def _checked_content(self, kind: str, content: Json, *, swallowed: bool) -> Json:
        if kind in {"text", "markdown"}:
            return {"content": self._cut(str(content.get("content") or ""))}
        if kind in {"image", "voice", "video", "file"}:
            if self._live_media(content.get("media_id")).kind != kind:
                raise Refused(40007, "invalid media_id")
            return content
        if kind != "template_card":
            raise Refused(40008, "invalid message type")
        self.violations += check_card(content)
        if content["card_type"] in INTERACTIVE and not self.callback_url:
            raise Refused(43012, "need callback url")
        task_id = content.get("task_id")
        if task_id and not swallowed:
            if task_id in self._task_ids:
                raise Refused(42014, "task_id used before")
            self._task_ids.add(task_id)
        return content

    def _cut(self, text: str) -> str:
        if not text.strip():
            raise Refused(44004, "empty content")
        encoded = text.encode()
        if len(encoded) > TEXT_BYTES:
            self.violations.append(f"a text of {len(encoded)} bytes was cut")
        return encoded[:TEXT_BYTES].decode("utf-8", "ignore")

    def _too_many(self, user: str) -> bool:
        at = [message.at for message in self.shown(user)]
        minute = sum(self.now() - moment < timedelta(minutes=1) for moment in at)
        hour = sum(self.now() - moment < timedelta(hours=1) for moment in at)
        return minute >= PER_MINUTE or hour >= PER_HOUR

    def _new_code(self, msgid: str) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(msgid, self.now() + timedelta(seconds=CODE_LIFE_S))
        return code

    def _update_card(self, call: Call) -> web.Response:
        body = call.body
        self._check_agent(body.get("agentid"))
        users = body.get("userids") or []
        if not users and not body.get("atall"):
            raise Refused(40063, "no userids")
        code = self._codes.get(str(body.get("response_code")))
        if code is None or code.spent or self.now() >= code.until:
            raise Refused(SPENT_CODE, "invalid response_code")
        name, card = (body.get("button") or {}).get("replace_name"), body.get("template_card")
        if not name and not card:
            raise Refused(40063, "neither button nor template_card")
        if card:
            self.violations += check_card(card)
        code.spent = True
        for message in self.messages:
            if message.msgid == code.msgid and (body.get("atall") or message.user in users):
                message.content = card or message.content
                message.closed = name or (card or {}).get("replace_text")
        return _json({"errcode": 0, "errmsg": "ok"})

    def _recall(self, call: Call) -> web.Response:
        found = [message for message in self.messages if message.msgid and message.msgid == call.body.get("msgid")]
        if not found:
            raise Refused(40058, "invalid msgid")
        if self.now() - found[0].at >= timedelta(seconds=RECALL_LIFE_S):
            raise Refused(42052, "msgid expired")
        for message in found:
            message.state = "recalled"
        return _json({"errcode": 0, "errmsg": "ok"})

    def _agent_get(self, call: Call) -> web.Response:
        agent_id = call.params.get("agentid", "")
        self._check_agent(int(agent_id) if agent_id.isdigit() else None)
        people = {"user": [{"userid": user} for user in self.visible_to]}
        answer = {"errcode": 0, "errmsg": "ok", "agentid": self.agent_id, "name": "拜访助手", "close": 0}
        ranges = {"allow_userinfos": people, "allow_partys": {"partyid": []}, "allow_tags": {"tagid": []}}
        return _json(answer | ranges | {"isreportenter": 1, "report_location_flag": 0})

    def _callback_ip(self, call: Call) -> web.Response:
        return _json({"ip_list": ["198.51.100.1", "198.51.100.2"], "errcode": 0, "errmsg": "ok"})

    def _user_get(self, call: Call) -> web.Response:
        """A new app's view: no mobile, e-mail, gender or avatar."""
        user = call.params.get("userid", "")
        if not user or user in self.unreachable:
            raise Refused(60111, "userid not found")
        names = {"userid": user, "name": user, "department": [1], "main_department": 1, "status": 1}
        return _json({"errcode": 0, "errmsg": "ok"} | names)

    def _show(self, user: str, kind: str, content: Json, *, msgid: str = "", state: str = "shown") -> Message:
        message = Message(next(self._numbers), self.now(), user, not msgid, kind, dict(content), state, msgid)
        self.messages.append(message)
        return message

    # what people do

    async def send_text(self, user: str, text: str) -> Delivery:
        return await self._say(user, "text", {"Content": text}, {"content": text})

    async def send_voice(self, user: str, data: bytes, *, media_format: str = "amr", recognition: str = "") -> Delivery:
        media_id = self.add_media("voice", data, f"audio/{media_format}")
        fields: Json = {"MediaId": media_id, "Format": media_format}
        fields |= {"Recognition": recognition} if recognition else {}
        return await self._say(user, "voice", fields, {"bytes": len(data), "media_id": media_id})

    async def send_image(self, user: str, data: bytes, *, content_type: str = "image/jpeg") -> Delivery:
        media_id = self.add_media("image", data, content_type)
        fields = {"PicUrl": "https://wework.qpic.cn/wwpic/0", "MediaId": media_id}
        return await self._say(user, "image", fields, {"bytes": len(data), "media_id": media_id})

    async def send_video(self, user: str, data: bytes) -> Delivery:
        media_id = self.add_media("video", data, "video/mp4")
        fields = {"MediaId": media_id, "ThumbMediaId": "thumb"}
        return await self._say(user, "video", fields, {"bytes": len(data), "media_id": media_id})

    async def send_file(self, user: str, data: bytes, file_name: str) -> Delivery:
        media_id = self.add_media("file", data, "application/octet-stream", file_name)
        return await self._say(user, "file", {"MediaId": media_id, "FileName": file_name}, {"file_name": file_name})

    async def send_location(self, user: str, latitude: float, longitude: float, label: str = "") -> Delivery:
        fields = {"Location_X": str(latitude), "Location_Y": str(longitude), "Scale": "15", "Label": label}
        return await self._say(user, "location", fields | {"AppType": "wxwork"}, {"label": label})

    async def send_link(self, user: str, title: str, url: str, description: str = "") -> Delivery:
        fields = {"Title": title, "Description": description, "Url": url, "PicUrl": ""}
        return await self._say(user, "link", fields, {"title": title, "url": url})

    async def send_other(self, user: str, kind: str, fields: Json | None = None) -> Delivery:
        """A message of a kind that no document names."""
        return await self._say(user, kind, fields or {}, {})

    async def enter(self, user: str) -> Delivery:
        return await self._happen(user, "enter_agent", {"EventKey": ""})

    async def subscribe(self, user: str) -> Delivery:
        return await self._happen(user, "subscribe", {})

    async def unsubscribe(self, user: str) -> Delivery:
        self.unreachable.add(user)
        return await self._happen(user, "unsubscribe", {})

    async def menu_click(self, user: str, event_key: str) -> Delivery:
        return await self._happen(user, "click", {"EventKey": event_key})

    async def change_contact(self, change: str, fields: Json) -> Delivery:
        """The list of people changed: told by the system, and not to one app alone."""
        told = {"Event": "change_contact", "ChangeType": change, **fields}
        return await self.deliver("change_contact", self.xml("sys", "event", told))

    async def happen(self, user: str, event: str, fields: Json | None = None) -> Delivery:
        """Any other event."""
        return await self._happen(user, event, fields or {})

    async def press(
        self, user: str, control: str, *, card: str = "", chosen: Mapping[str, Sequence[str]] | None = None
    ) -> Delivery:
        """Press a button, by its text or key, on the person's newest card or the one whose task_id starts with `card`.

        Raises CannotPress when there is no such button or it is grey.
        """
        message, key, text = self._find_control(user, control, card)
        content = message.content
        self._show(user, "press", {"content": text})
        fields: Json = {"EventKey": key, "TaskId": message.task_id, "CardType": content["card_type"]}
        fields |= {"ResponseCode": self._new_code(message.msgid)}
        if picked := _picked(content, chosen or {}):
            fields["SelectedItems"] = {"SelectedItem": picked}
        in_menu = key in {action["key"] for action in (content.get("action_menu") or {}).get("action_list", [])}
        return await self._happen(user, "template_card_menu_event" if in_menu else "template_card_event", fields)

    def _find_control(self, user: str, control: str, card: str) -> tuple[Message, str, str]:
        for message in reversed(self.cards(user)):
            if not message.task_id.startswith(card):
                continue
            for key, text in controls(message.content):
                if control in {key, text}:
                    if message.closed is not None:
                        raise CannotPress(f"{control} is grey: {message.closed}")
                    return message, key, text
            if card:
                break
        raise CannotPress(f"no button {control}")

    async def _say(self, user: str, kind: str, fields: Json, seen: Json) -> Delivery:
        self._show(user, kind, seen)
        return await self.deliver(kind, self.xml(user, kind, {**fields, "MsgId": str(next(self._message_ids))}))

    async def _happen(self, user: str, event: str, fields: Json) -> Delivery:
        return await self.deliver(event, self.xml(user, "event", {"Event": event, **fields}))

    def xml(self, user: str, kind: str, fields: Json) -> bytes:
        """A message's plaintext; order of elements and use of CDATA vary, as they do in reality."""
        common: Json = {"ToUserName": self.corp_id, "FromUserName": user, "MsgType": kind}
        common |= {"CreateTime": str(int(self.now().timestamp())), "AgentID": str(self.agent_id)}
        elements = [*(common | fields).items()]
        self._random.shuffle(elements)
        cdata = self._random.random() < 0.7
        return f"<xml>{''.join(_element(name, value, cdata=cdata) for name, value in elements)}</xml>".encode()

    # callbacks

    async def deliver(self, kind: str, xml: bytes) -> Delivery:
        """Call the bot as WeCom does: again, with fresh nonce, while it does not answer in time, three times in all."""
        delivery = Delivery(len(self.deliveries) + 1, kind, xml)
        self.deliveries.append(delivery)
        for _ in range(self.max_deliveries):
            attempt = await self._call_back(self.envelope(self.seal.seal(xml)))
            delivery.attempts.append(attempt)
            final = attempt.status is not None and (attempt.status == 200 or not self.retry_statuses)
            if final:
                break
        return delivery

    async def replay(self, number: int, copies: int = 1) -> Delivery:
        """The same plaintext again, all copies at once: what a repeat after a lost answer looks like."""
        delivery = self.deliveries[number - 1]
        envelopes = [self.envelope(self.seal.seal(delivery.xml)) for _ in range(copies)]
        delivery.attempts += await asyncio.gather(*(self._call_back(envelope) for envelope in envelopes))
        return delivery

    async def burst(self, actions: Iterable[Awaitable[Delivery]]) -> list[Delivery]:
        return list(await asyncio.gather(*actions))

    async def verify(self, *, escaped: bool = True) -> Attempt:
        """The admin page's test: the exact bytes within a second. `error` says what is wrong."""
        echo = str(self._random.randrange(10**18, 10**19))
        sealed = self.seal.seal(echo.encode())
        while not escaped and "+" not in sealed:
            sealed = self.seal.seal(echo.encode())
        query = self._signed(sealed) | {"echostr": sealed}
        attempt = await self._request("GET", query, None, timeout_s=1.0, escaped=escaped)
        if attempt.status == 200 and attempt.body != echo.encode():
            attempt.error = "not the exact echo"
        elif attempt.status != 200:
            attempt.error = attempt.error or f"http {attempt.status}"
        return attempt

    async def hostile(self, kind: str) -> Attempt:
        """One bad callback of the kinds in HOSTILE; a bot must refuse it (4xx) or take no harm from it."""
        return await self._call_back(HOSTILE[kind](self))

    def _signed(self, sealed: str, at: datetime | None = None) -> dict[str, str]:
        timestamp, nonce = str(int((at or self.now()).timestamp())), str(self._random.randrange(10**10))
        signature = self.seal.signature(timestamp, nonce, sealed)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def envelope(self, sealed: str, at: datetime | None = None) -> Envelope:
        names = {"ToUserName": self.corp_id, "AgentID": str(self.agent_id), "Encrypt": sealed}
        elements = [_element(name, value, cdata=True) for name, value in names.items()]
        self._random.shuffle(elements)
        return Envelope(self._signed(sealed, at), f"<xml>{''.join(elements)}</xml>".encode())

    async def _call_back(self, envelope: Envelope) -> Attempt:
        attempt = await self._request("POST", envelope.query, envelope.body, timeout_s=self.callback_timeout_s)
        if attempt.status == 200 and attempt.body not in {b"", b"success"}:
            self.violations.append(f"callback answered with {attempt.body[:40]!r}")
        return attempt

    async def _request(
        self, method: str, query: Mapping[str, str], body: bytes | None, *, timeout_s: float, escaped: bool = True
    ) -> Attempt:
        if self._http is None:
            raise RuntimeError("not started")
        safe = "" if escaped else "+"
        tail = "&".join(f"{name}={quote(value, safe=safe)}" for name, value in query.items())
        url = URL(f"{self.callback_url}?{tail}", encoded=True)
        loop, attempt = asyncio.get_running_loop(), Attempt(self.now(), None)
        begun = loop.time()
        try:
            timeout = aiohttp.ClientTimeout(total=timeout_s)
            data = io.BytesIO(body) if body is not None else None
            async with self._http.request(method, url, data=data, timeout=timeout) as response:
                attempt.body = await response.read()
                attempt.status = response.status
        except (TimeoutError, aiohttp.ClientError) as error:
            attempt.error = type(error).__name__
        attempt.took_s = loop.time() - begun
        return attempt


HANDLERS: dict[str, Callable[[WeComDialect, Call], web.Response]] = {
    "media/get": WeComDialect._media_get,
    "message/send": WeComDialect._send,
    "message/update_template_card": WeComDialect._update_card,
    "message/recall": WeComDialect._recall,
    "agent/get": WeComDialect._agent_get,
    "getcallbackip": WeComDialect._callback_ip,
    "user/get": WeComDialect._user_get,
}


# small parts


def _json(body: Json) -> web.Response:
    return web.Response(body=json.dumps(body, ensure_ascii=False).encode(), content_type="application/json")


def _fingerprint(body: Json) -> str:
    kind = body.get("msgtype")
    return json.dumps([body.get("touser"), kind, body.get(str(kind))], sort_keys=True)


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _truncated(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b""
    response = web.StreamResponse(headers=answer.headers)
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _element(name: str, value: object, *, cdata: bool) -> str:
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(part, inner, cdata=cdata) for part, inner in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(_element(name, inner, cdata=cdata) for inner in value)
    text = str(value)
    safe = cdata and "]]>" not in text and not text.isdigit()
    return f"<{name}>{f'<![CDATA[{text}]]>' if safe else escape(text)}</{name}>"


def _picked(card: Json, chosen: Mapping[str, Sequence[str]]) -> list[Json]:
    """What the phone sends for the selectors: the given options, else the ones that are selected from the start."""
    picked = []
    for select in selects(card):
        options = [option["id"] for option in select["option_list"]]
        given = list(chosen.get(select["question_key"], [select.get("selected_id", options[0])]))
        if not set(given) <= set(options):
            raise CannotPress(f"no option {given}")
        picked.append({"QuestionKey": select["question_key"], "OptionIds": {"OptionId": given}})
    if unknown := set(chosen) - {select["question_key"] for select in selects(card)}:
        raise CannotPress(f"no selector {unknown}")
    return picked


async def _run(arguments: argparse.Namespace) -> None:
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    async with _started(WeComDialect(callback_url=given.pop("callback"), **given)) as wecom:
        settings = "\n".join(f"{name} = {json.dumps(value)}" for name, value in wecom.settings().items())
        act = '{"do": "send_text", "user": "zhangsan", "text": "帮助"}'
        print(f"WeCom's dialect on {wecom.base_url}, calling back to {wecom.callback_url}\n\n[wecom]\n{settings}\n")
        print(f"{usage()}\nFor example:\n  curl {wecom.base_url}/_control/act -d '{act}'")
        print(f"  curl {wecom.base_url}/_control/transcript/zhangsan", flush=True)
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def _started(wecom: WeComDialect) -> AsyncIterator[WeComDialect]:
    async with wecom:
        yield wecom


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.dialects.wecom", description="A local WeCom.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9700)
    parser.add_argument("--callback", default="http://127.0.0.1:8400/wecom/callback")
    parser.add_argument("--corp-id")
    parser.add_argument("--agent-id", type=int)
    parser.add_argument("--secret")
    parser.add_argument("--token")
    parser.add_argument("--encoding-aes-key")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
