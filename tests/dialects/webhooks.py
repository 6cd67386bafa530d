"""A local server that speaks the dialect of group robots: WeCom's 消息推送 and DingTalk's custom robots.

    async with WebhookDialect(now=clock.now) as webhooks:
        sales = webhooks.dingtalk(secret="SEC…", keyword="日报")
        platform = GroupsPlatform({"sales": Group.model_validate(webhooks.settings(sales))}, clock=clock)

Everything goes by `now`. A robot notes what it was asked for that no careful program asks: `violations`.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, Self
from uuid import uuid4

from aiohttp import web

Json = dict[str, Any]

PER_MINUTE = 20
BLOCK_S = 600
SIGNED_WITHIN_S = 3600
WECOM_TEXT_BYTES = 2048
DINGTALK_BODY_BYTES = 20_000
CALLER_IP = "203.0.113.7"
WECOM_KINDS = {"text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card"}
DINGTALK_KINDS = {"text", "markdown", "link", "actionCard", "feedCard"}


@dataclass
class Posted:
    """A message as the group sees it."""

    at: datetime
    text: str
    body: Json


@dataclass
class Fault:
    """errcode (with `errmsg`) · http (`status`) · html · reset (nothing taken) · reset_after (taken, then closed) ·
    hang_after (taken, then silence) · no_errcode"""

    kind: str
    errcode: int = -1
    errmsg: str = "injected"
    status: int = 502


@dataclass
class Robot:
    platform: Literal["wecom", "dingtalk"]
    key: str
    secret: str = ""
    keyword: str = ""
    allowed_ip: str = CALLER_IP
    state: Literal["well", "removed", "stopped", "absent"] = "well"
    posted: list[Posted] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    calls: int = 0
    blocked_until: datetime | None = None
    _took_at: list[datetime] = field(default_factory=list)
    _uuids: set[str] = field(default_factory=set)

    @property
    def texts(self) -> list[str]:
        return [posted.text for posted in self.posted]

    def fail(self, kind: str, errcode: int = -1, errmsg: str = "injected", *, status: int = 502) -> None:
        """The next call goes wrong."""
        self.faults.append(Fault(kind, errcode, errmsg, status))

    def busy_elsewhere(self, count: int, now: datetime) -> None:
        """Another program posts with the same webhook."""
        self._took_at += [now] * count

    # what every call goes through

    def count(self, now: datetime) -> None:
        """One more message now. Raises Refused above twenty in a minute."""
        self._took_at = [at for at in self._took_at if now - at < timedelta(minutes=1)]
        is_over = len(self._took_at) >= PER_MINUTE
        if self.platform == "wecom":
            if is_over:
                self.violations.append("more than 20 in a minute")
                raise Refused(45009, f"api freq out of limit, hint: [{secrets.token_hex(8)}], from ip: {CALLER_IP}")
        else:
            if self.blocked_until is not None and now < self.blocked_until:
                self.violations.append("called while blocked")
                raise Refused(660026, "sending too many messages per minute")
            if is_over:
                self.violations.append("more than 20 in a minute")
                self.blocked_until = now + timedelta(seconds=BLOCK_S)
                raise Refused(130101, "send too fast, exceed 20 times per minute")
        self._took_at.append(now)

    def is_repeat(self, uuid: str) -> bool:
        if not uuid or uuid not in self._uuids:
            self._uuids.add(uuid)
            return False
        return True


class Refused(Exception):
    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.errcode, self.errmsg = errcode, errmsg


class WebhookDialect:
    def __init__(self, *, now: Callable[[], datetime] | None = None) -> None:
        self.robots: dict[str, Robot] = {}
        self._now = now or (lambda: datetime.now(UTC))
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self.base_url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [web.post("/cgi-bin/webhook/send", self._serve_wecom), web.post("/robot/send", self._serve_dingtalk)]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()

    # robots

    def wecom(self) -> Robot:
        return self._add(Robot("wecom", str(uuid4())))

    def dingtalk(self, *, secret: str = "", keyword: str = "") -> Robot:
        return self._add(Robot("dingtalk", secrets.token_hex(32), secret, keyword))

    def _add(self, robot: Robot) -> Robot:
        self.robots[robot.key] = robot
        return robot

    def settings(self, robot: Robot, **more: Any) -> Json:
        """The keys of a section [groups.<name>] that make a bot talk to this robot."""
        given = {"platform": robot.platform, "key": robot.key, "api_base": self.base_url}
        return given | {"secret": robot.secret, "keyword": robot.keyword} | more

    # the two addresses

    async def _serve_wecom(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.query.get("key", ""), self._take_wecom)

    async def _serve_dingtalk(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.query.get("access_token", ""), self._take_dingtalk)

    async def _serve(
        self, request: web.Request, key: str, take: Callable[[Robot | None, web.Request, bytes], None]
    ) -> web.StreamResponse:
        robot = self.robots.get(key)
        fault = robot.faults.pop(0) if robot is not None and robot.faults else None
        if robot is not None:
            robot.calls += 1
        match fault:
            case Fault(kind="errcode"):
                return _answer(fault.errcode, fault.errmsg)
            case Fault(kind="http"):
                return web.Response(status=fault.status, text="not a robot")
            case Fault(kind="html"):
                return web.Response(text="<html>企业网络认证</html>", content_type="text/html")
            case Fault(kind="no_errcode"):
                return web.json_response({"status": 1111, "wait": 5, "source": "x5", "punish": "deny"})
            case Fault(kind="reset"):
                return _hang_up(request)
        try:
            take(robot, request, await request.read())
        except Refused as refused:
            return _answer(refused.errcode, refused.errmsg)
        match fault:
            case Fault(kind="reset_after"):
                return _hang_up(request)
            case Fault(kind="hang_after"):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), 5)
        return _answer(0, "ok")

    def _take_wecom(self, robot: Robot | None, request: web.Request, raw: bytes) -> None:
        if robot is None or robot.platform != "wecom" or robot.state == "removed":
            raise Refused(93000, f"invalid webhook url, hint: [1754461450424274146823225], from ip: {CALLER_IP}")
        if robot.state == "stopped":
            raise Refused(93004, "robot disabled")
        if robot.state == "absent":
            raise Refused(93008, "not in the group")
        robot.count(self._now())
        body = _object(robot, raw, 40058)
        if body.get("msgtype") not in WECOM_KINDS:
            raise Refused(40008, "invalid message type")
        text = str(body.get("text", {}).get("content", ""))
        if not text.strip():
            raise Refused(44004, "empty content")
        if len(text.encode()) > WECOM_TEXT_BYTES:
            robot.violations.append(f"a text of {len(text.encode())} bytes")
            raise Refused(45002, "content size out of limit")
        robot.posted.append(Posted(self._now(), text, body))

    def _take_dingtalk(self, robot: Robot | None, request: web.Request, raw: bytes) -> None:
        if robot is None or robot.platform != "dingtalk" or robot.state == "removed":
            raise Refused(300005, "token is not exist")
        if robot.state == "stopped":
            raise Refused(400102, "robot is stopped")
        if robot.state == "absent":
            raise Refused(400013, "group is dissolved")
        if not request.content_type.startswith("application/json"):
            raise Refused(43004, "invalid content-type")
        if robot.allowed_ip != CALLER_IP:
            raise Refused(310000, f"ip {CALLER_IP} not in whitelist, more: [https://ding-doc.example.com]")
        self._check_seal(robot, request)
        body = _object(robot, raw, 40035)
        text = str(body.get("text", {}).get("content", ""))
        if robot.keyword and robot.keyword not in text:
            raise Refused(310000, "keywords not in content, more: [https://ding-doc.example.com]")
        robot.count(self._now())
        if len(raw) > DINGTALK_BODY_BYTES:
            robot.violations.append(f"a body of {len(raw)} bytes")
            raise Refused(460101, "message too long, exceed 20000 bytes")
        if body.get("msgtype") not in DINGTALK_KINDS:
            raise Refused(400105, "unsupported msgtype")
        if not robot.is_repeat(str(body.get("msgUuid", ""))):
            robot.posted.append(Posted(self._now(), text, body))

    def _check_seal(self, robot: Robot, request: web.Request) -> None:
        if not robot.secret:
            return
        timestamp = request.query.get("timestamp", "")
        off_s = abs(int(timestamp) / 1000 - self._now().timestamp()) if timestamp.isdigit() else SIGNED_WITHIN_S + 1
        if off_s > SIGNED_WITHIN_S:
            raise Refused(310000, "invalid timestamp")
        seal = hmac.new(robot.secret.encode(), f"{timestamp}\n{robot.secret}".encode(), hashlib.sha256).digest()
        # a plus sign that was not escaped arrives as a space, and does not match
        if request.query.get("sign") != base64.b64encode(seal).decode():
            raise Refused(310000, "sign not match, more: [https://ding-doc.example.com]")


def _object(robot: Robot, raw: bytes, errcode: int) -> Json:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(errcode, "Warning: wrong json format.") from error
    if not isinstance(body, dict):
        raise Refused(errcode, "no object")
    if b"\\u" in raw:
        robot.violations.append("a request has \\uxxxx escapes")
    if (body.get("at") or {}).get("isAtAll") or (body.get("text") or {}).get("mentioned_list"):
        robot.violations.append("somebody was mentioned")
    return body


def _answer(errcode: int, errmsg: str) -> web.Response:
    return web.json_response({"errcode": errcode, "errmsg": errmsg})


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
