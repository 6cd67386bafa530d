"""Calls to DingTalk, on a small server that answers what the test tells it."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.addresses import allowed
from bot.config import DingTalk
from bot.dingtalk.client import CardExists, DingTalkClient, RouteExpired, RouteRefused
from bot.dingtalk.errors_table import MEANINGS
from bot.errors import (
    ContentRefused,
    MediaGone,
    MediaTooBig,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
    RecipientUnreachable,
    TokenRejected,
)
from bot.platform import MediaFile
from tests.fakes import FakeClock

BATCH = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
TOKEN = "/v1.0/oauth2/accessToken"
RESOLVE = "/v1.0/robot/messageFiles/download"
CARDS = "/v1.0/card/instances"
CREATE = "/v1.0/card/instances/createAndDeliver"
REGISTER = "/v1.0/card/callbacks/register"
OPEN = "/v1.0/gateway/connections/open"
USER = "/topapi/v2/user/get"
UPLOAD = "/media/upload"
REPLY = "/robot/sendBySession"
TASKS = "/v1.0/todo/users/union-zhangsan/tasks"
QUERY = "/v1.0/todo/users/union-zhangsan/org/tasks/query"
AMR = b"#!AMR\n" + bytes(range(256)) * 8
SECRET = "the-client-secret"

Answer = Callable[[web.Request], web.StreamResponse]


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """`answers` are used up by the next calls of a path; then come `always`, then the plain good answer."""

    calls: list[Call] = field(default_factory=list)
    answers: dict[str, deque[web.Response | str]] = field(default_factory=dict)
    always: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: int = 0
    good_token: str = ""
    delay_s: float = 0.0
    port: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next(self, path: str, *answers: web.Response | str) -> None:
        self.answers.setdefault(path, deque()).extend(answers)

    def of(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def expire(self) -> None:
        self.good_token = "another one"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        is_json = request.content_type == "application/json" and raw
        path = request.raw_path.split("?")[0]
        body = json.loads(raw) if is_json else raw
        self.calls.append(Call(request.method, path, dict(request.query), dict(request.headers), body))
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        waiting = self.answers.get(path)
        if waiting:
            answer = waiting.popleft()
            return answer if isinstance(answer, web.Response) else await self._odd(request, answer)
        if path in self.always:
            return self.always[path]()
        if (refused := self._refused(request, path)) is not None:
            return refused
        return self._good(request, path)

    def _refused(self, request: web.Request, path: str) -> web.Response | None:
        if path in (TOKEN, OPEN, REPLY) or path.startswith("/files/"):
            return None
        if path.startswith("/v1.0/"):
            if request.headers.get("x-acs-dingtalk-access-token") != self.good_token:
                return refusal(400, "InvalidAuthentication", "不合法的access_token")
        elif request.query.get("access_token") != self.good_token:
            return old(88, sub_code="40014", sub_msg="不合法的access_token")
        return None

    def _good(self, request: web.Request, path: str) -> web.Response:
        if path == TOKEN:
            self.tokens += 1
            self.good_token = f"token-{self.tokens}"
            return web.json_response({"accessToken": self.good_token, "expireIn": 7200})
        if path.startswith("/files/"):
            return web.Response(body=self.files[path], content_type="application/octet-stream")
        user_id = self.calls[-1].body.get("userid") if path == USER else None
        answers: dict[str, Any] = {
            BATCH: {"processQueryKey": "key-1", "invalidStaffIdList": [], "flowControlledStaffIdList": []},
            GROUP: {"processQueryKey": "key-2"},
            CREATE: {"success": True, "result": {"outTrackId": "t", "deliverResults": [{"success": True}]}},
            CARDS: {"success": True, "result": True},
            REGISTER: {"success": True, "result": {"callbackUrl": "u", "apiSecret": "s"}},
            OPEN: {"endpoint": f"ws://127.0.0.1:{self.port}/connect", "ticket": "ticket-1"},
            USER: {"errcode": 0, "errmsg": "ok", "result": {"userid": user_id, "unionid": f"union-{user_id}"}},
            UPLOAD: {"errcode": 0, "media_id": "@media"},
            REPLY: {"errcode": 0, "errmsg": "ok"},
            RESOLVE: {"downloadUrl": f"{self.base}/files/a.file?Signature=a%2Bb%2Fc%3D&Expires=1"},
            TASKS: {"id": "task-1", "subject": "s", "done": False},
            f"{TASKS}/task-1": {"result": True},
            QUERY: {"todoCards": []},
        }
        return web.json_response(answers[path])

    async def _odd(self, request: web.Request, kind: str) -> web.StreamResponse:
        if kind == "hang":
            await asyncio.sleep(30)
        if kind == "truncated":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"a":')
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


def refusal(status: int, code: str, message: str = "", **more: Any) -> web.Response:
    return web.json_response({"code": code, "requestid": "0A1B", "message": message, **more}, status=status)


def old(errcode: int, **more: Any) -> web.Response:
    return web.json_response({"errcode": errcode, "errmsg": "错误", **more})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as running:
        assert running.port is not None
        server.port = running.port
        yield server


@pytest.fixture
async def client(server: Server, clock: FakeClock) -> AsyncIterator[DingTalkClient]:
    client = client_of(server, clock)
    yield client
    await client.close()


def client_of(server: Server, clock: FakeClock, **settings: Any) -> DingTalkClient:
    base = {"client_id": "ding-app", "client_secret": SECRET, "api_base": server.base, "oapi_base": server.base}
    return DingTalkClient(DingTalk(**base | {"timeout_s": 5.0} | settings), clock=clock)


async def text(client: DingTalkClient, words: str = "你好") -> str | None:
    return await client.send_to_person("zhangsan", "sampleText", {"content": words})


# the token


async def test_callers_at_once_share_one_token(server: Server, client: DingTalkClient) -> None:
    server.delay_s = 0.02
    await asyncio.gather(*(text(client) for _ in range(15)))
    assert server.tokens == 1
    assert len(server.of(BATCH)) == 15
    assert server.of(TOKEN)[0].body == {"appKey": "ding-app", "appSecret": SECRET}


async def test_one_token_opens_both_apis(server: Server, client: DingTalkClient) -> None:
    await text(client)
    await client.union_id("zhangsan")
    assert server.tokens == 1
    assert server.of(BATCH)[0].headers["x-acs-dingtalk-access-token"] == "token-1"
    assert server.of(BATCH)[0].query == {}
    assert server.of(USER)[0].query == {"access_token": "token-1"}


async def test_the_token_is_renewed_before_it_ends(server: Server, client: DingTalkClient, clock: FakeClock) -> None:
    await text(client)
    clock.advance(timedelta(seconds=7200 - 201))
    await text(client)
    assert server.tokens == 1
    clock.advance(timedelta(seconds=2))
    await text(client)
    assert server.tokens == 2


@pytest.mark.parametrize(
    "answer",
    [lambda: refusal(400, "InvalidAuthentication"), lambda: refusal(401, "x"), lambda: web.Response(status=401)],
    ids=["400", "401", "401 without words"],
)
async def test_a_token_that_the_new_api_refuses_is_renewed_once(
    server: Server, client: DingTalkClient, answer: Callable[[], web.Response]
) -> None:
    server.next(BATCH, answer())
    assert await text(client) == "key-1"
    assert server.tokens == 2
    assert [call.headers["x-acs-dingtalk-access-token"] for call in server.of(BATCH)] == ["token-1", "token-2"]


@pytest.mark.parametrize(
    "fault",
    [{"errcode": 88, "sub_code": "40014"}, {"errcode": 40014}, {"errcode": 40001}, {"errcode": 42001}],
    ids=["88/40014", "40014", "40001", "42001"],
)
async def test_a_token_that_the_old_api_refuses_is_renewed_once(
    server: Server, client: DingTalkClient, fault: dict[str, Any]
) -> None:
    server.next(USER, web.json_response({"errmsg": "不合法的access_token", **fault}))
    assert await client.union_id("zhangsan") == "union-zhangsan"
    assert server.tokens == 2
    assert [call.query["access_token"] for call in server.of(USER)] == ["token-1", "token-2"]


async def test_many_callers_with_a_dead_token_renew_it_once(server: Server, client: DingTalkClient) -> None:
    await client.token()
    server.expire()
    await asyncio.gather(*(text(client) for _ in range(8)))
    assert server.tokens == 2


async def test_a_token_that_is_refused_for_ever_ends_after_two_calls(server: Server, client: DingTalkClient) -> None:
    server.always[BATCH] = lambda: refusal(400, "InvalidAuthentication")
    with pytest.raises(TokenRejected) as raised:
        await text(client)
    assert raised.value.code == "InvalidAuthentication"
    assert (len(server.of(BATCH)), server.tokens) == (2, 2)


@pytest.mark.parametrize("status", [400, 401])
async def test_a_wrong_secret_is_asked_about_once_in_ten_minutes(
    server: Server, client: DingTalkClient, clock: FakeClock, status: int
) -> None:
    code = "invalidClientIdOrSecret" if status == 400 else "unheard.of"
    server.always[TOKEN] = lambda: refusal(status, code, "无效的clientId或者clientSecret")
    for _ in range(5):
        with pytest.raises(NotPermitted) as raised:
            await text(client)
        assert "Client Secret" in raised.value.hint
    assert len(server.of(TOKEN)) == 1
    clock.advance(timedelta(minutes=11))
    with pytest.raises(NotPermitted):
        await text(client)
    assert len(server.of(TOKEN)) == 2


async def test_an_address_outside_the_white_list_is_tried_again_after_a_minute(
    server: Server, client: DingTalkClient, clock: FakeClock
) -> None:
    server.next(TOKEN, refusal(403, "Forbidden.AccessDenied.IpNotInWhiteList", "request ip=203.0.113.7"))
    for _ in range(2):
        with pytest.raises(NotPermitted) as raised:
            await text(client)
        assert "203.0.113.7" in raised.value.hint
    assert len(server.of(TOKEN)) == 1
    clock.advance(timedelta(seconds=61))
    await text(client)


@pytest.mark.parametrize("answer", [{}, {"accessToken": ""}, {"accessToken": 7}])
async def test_no_token_in_the_answer_is_busy(server: Server, client: DingTalkClient, answer: dict[str, Any]) -> None:
    server.next(TOKEN, web.json_response(answer))
    with pytest.raises(PlatformBusy, match="no token"):
        await text(client)


# errors on the way


@pytest.mark.parametrize("code", sorted(set(MEANINGS) - {"InvalidAuthentication"}))
async def test_each_documented_code_has_its_error(server: Server, client: DingTalkClient, code: str) -> None:
    server.next(CARDS, refusal(400, code, "平台说的话"))
    with pytest.raises(MEANINGS[code].error) as raised:
        await client.update_card({})
    assert (raised.value.api, raised.value.code) == ("card/instances", code)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ("abort", {"ServerDisconnectedError", "ClientOSError"}),
        ("truncated", {"truncated"}),
        (lambda: web.Response(status=502, text="<html>"), {"http 502"}),
        (lambda: web.Response(text="<html>登录</html>", content_type="text/html"), {"not JSON"}),
        (lambda: web.Response(text="[1]", content_type="application/json"), {"not JSON"}),
        (lambda: web.Response(text="<DdResponse/>", content_type="application/xml"), {"not JSON"}),
    ],
    ids=["abort", "truncated", "502", "page", "list", "xml"],
)
async def test_a_call_without_a_proper_answer_is_busy(
    server: Server, client: DingTalkClient, answer: Any, codes: set[str]
) -> None:
    server.next(BATCH, answer if isinstance(answer, str) else answer())
    with pytest.raises(PlatformBusy) as raised:
        await text(client)
    assert raised.value.code in codes


async def test_a_call_that_hangs_ends_in_time(server: Server, clock: FakeClock) -> None:
    client = client_of(server, clock, timeout_s=0.3)
    await client.token()
    server.next(BATCH, "hang")
    with pytest.raises(PlatformBusy, match="timeout"):
        await text(client)
    await client.close()


async def test_nobody_at_the_address_is_busy(clock: FakeClock) -> None:
    client = client_of(Server(port=9), clock)
    with pytest.raises(PlatformBusy, match="unreachable"):
        await client.token()
    await client.close()


@pytest.mark.parametrize("path", [BATCH, TOKEN, UPLOAD])
async def test_a_redirect_is_not_followed(server: Server, client: DingTalkClient, path: str) -> None:
    server.next(path, web.Response(status=307, headers={"Location": f"{server.base}/elsewhere"}))
    with pytest.raises(PlatformError, match="307") as raised:
        await (client.upload("image", MediaFile(b"x")) if path == UPLOAD else text(client))
    assert "api_base" in raised.value.hint
    assert server.of("/elsewhere") == []


async def test_an_answer_of_endless_length_is_not_read(server: Server, client: DingTalkClient) -> None:
    server.next(BATCH, web.json_response({"x": "y" * (2 << 20)}))
    with pytest.raises(MediaTooBig):
        await text(client)


async def test_a_spent_quota_is_said_to_the_admin(server: Server, client: DingTalkClient) -> None:
    server.next(BATCH, refusal(403, "Forbidden.AccessDenied.ApiCountLimitForOrg"))
    with pytest.raises(QuotaSpent) as raised:
        await text(client)
    assert "扩展包" in raised.value.hint


async def test_an_address_that_is_shut_out_is_silent_for_five_minutes(
    server: Server, client: DingTalkClient, clock: FakeClock
) -> None:
    server.next(BATCH, web.json_response({"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}))
    with pytest.raises(PlatformBusy) as raised:
        await text(client)
    assert raised.value.retry_after_s == 300
    calls = len(server.calls)
    clock.advance(timedelta(seconds=100))
    for attempt in (text(client), client.union_id("u"), client.reply(f"{server.base}{REPLY}?session=s", {})):
        with pytest.raises(PlatformBusy, match="punished") as raised:
            await attempt
        assert raised.value.retry_after_s == 200
    assert len(server.calls) == calls
    clock.advance(timedelta(seconds=200))
    assert await text(client) == "key-1"


@pytest.mark.parametrize("answer", ["InvalidAuthentication", "html", "hang", "abort", "truncated"])
async def test_no_token_no_secret_and_no_words_in_any_error_or_log(
    server: Server, clock: FakeClock, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of(server, clock, timeout_s=0.3)
    await client.token()
    for _ in range(2):
        page = {"InvalidAuthentication": refusal(400, answer, "机密"), "html": web.Response(text="机密")}
        server.next(BATCH, page.get(answer, answer))
    with pytest.raises(PlatformError) as raised:
        await text(client, "机密")
    seen: list[BaseException] = [raised.value]
    for error in seen:
        seen += [linked for linked in (error.__cause__, error.__context__) if linked is not None]
    # aiohttp's access log is that of the server in this process
    lines = [str(vars(record)) for record in caplog.records if record.name != "aiohttp.access"]
    for secret in ("token-1", "token-2", SECRET, "机密"):
        assert not any(secret in repr(error) + str(vars(error)) for error in seen)
        assert not any(secret in line for line in lines)
    await client.close()


async def test_calls_go_through_the_proxy(clock: FakeClock) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.host == "api.dingtalk.invalid"
        return web.json_response({"accessToken": "t", "expireIn": 7200})

    app = web.Application()
    app.router.add_route("POST", TOKEN, answer)
    async with TestServer(app) as proxy:
        settings = {"api_base": "http://api.dingtalk.invalid", "proxy": str(proxy.make_url("/"))}
        client = client_of(Server(), clock, **settings)
        assert await client.token() == "t"
        await client.close()


# messages


async def test_a_message_to_one_person(server: Server, client: DingTalkClient) -> None:
    assert await text(client, "你好 👍") == "key-1"
    [call] = server.of(BATCH)
    assert call.body == {
        "robotCode": "ding-app",
        "userIds": ["zhangsan"],
        "msgKey": "sampleText",
        "msgParam": '{"content": "你好 👍"}',
    }
    assert call.headers["Content-Type"] == "application/json"


async def test_a_message_to_a_group(server: Server, clock: FakeClock) -> None:
    client = client_of(server, clock, robot_code="ding-robot")
    assert await client.send_to_group("cid+/==", "sampleMarkdown", {"title": "t", "text": "x"}) == "key-2"
    [call] = server.of(GROUP)
    assert (call.body["openConversationId"], call.body["robotCode"]) == ("cid+/==", "ding-robot")
    await client.close()


async def test_a_person_who_is_not_there_is_unreachable(server: Server, client: DingTalkClient) -> None:
    server.next(BATCH, web.json_response({"processQueryKey": "k", "invalidStaffIdList": ["zhangsan"]}))
    with pytest.raises(RecipientUnreachable, match="invalidStaffIdList"):
        await text(client)


async def test_a_person_who_gets_too_much_is_written_to_later(server: Server, client: DingTalkClient) -> None:
    server.next(BATCH, web.json_response({"processQueryKey": "k", "flowControlledStaffIdList": ["zhangsan"]}))
    with pytest.raises(PlatformBusy) as raised:
        await text(client)
    assert raised.value.retry_after_s == 60


async def test_nobody_is_not_a_person(server: Server, client: DingTalkClient) -> None:
    with pytest.raises(RecipientUnreachable):
        await client.send_to_person("", "sampleText", {})
    assert server.calls == []


@pytest.mark.parametrize("path", ["robot/readStatus", "/v1.0/robot/readStatus"])
async def test_a_call_by_its_path(server: Server, client: DingTalkClient, path: str) -> None:
    server.next("/v1.0/robot/readStatus", web.json_response({"ok": True}))
    assert await client.call(path, "GET", params={"processQueryKey": "a+b="}) == {"ok": True}
    [call] = server.of("/v1.0/robot/readStatus")
    assert (call.method, call.query, call.body) == ("GET", {"processQueryKey": "a+b="}, b"")


async def test_more_calls_than_allowed_wait_their_turn(server: Server, clock: FakeClock) -> None:
    client = client_of(server, clock, calls_per_s=2)
    await client.token()
    await asyncio.gather(text(client), text(client), text(client), client.union_id("u"))
    # the third within a second has to wait; another API does not count with it
    assert [call.path for call in server.calls][-1] == BATCH
    assert len(server.of(BATCH)) == 3
    await client.close()


# answers by the session's address


async def test_an_answer_goes_to_the_sessions_address_without_a_token(server: Server, client: DingTalkClient) -> None:
    body: dict[str, Any] = {"msgtype": "text", "text": {"content": "已记录"}}
    await client.reply(f"{server.base}{REPLY}?session=a%2Bb", body)
    [call] = server.of(REPLY)
    assert call.body == body
    assert call.query == {"session": "a+b"}
    assert "x-acs-dingtalk-access-token" not in call.headers
    assert server.tokens == 0


@pytest.mark.parametrize(
    "answer",
    [
        lambda: old(300001, errmsg="session 不存在"),
        lambda: old(999999),
        lambda: old(300005),
        lambda: old(40014),
        lambda: web.Response(status=401),
        lambda: web.json_response({}),
        lambda: web.json_response({"errcode": None}),
        lambda: web.Response(status=404, text="gone"),
        lambda: web.Response(status=302, headers={"Location": "/elsewhere"}),
    ],
    ids=["expired", "unknown", "no such token", "token", "401", "empty", "none", "404", "redirect"],
)
async def test_where_the_session_takes_no_answer_the_other_way_is_open(
    server: Server, client: DingTalkClient, answer: Callable[[], web.Response]
) -> None:
    server.next(REPLY, answer())
    with pytest.raises(RouteExpired):
        await client.reply(f"{server.base}{REPLY}?session=s", {"msgtype": "text"})
    assert server.of("/elsewhere") == []


@pytest.mark.parametrize("errcode", [130101, 660026])
async def test_a_session_that_is_answered_too_often_waits(server: Server, client: DingTalkClient, errcode: int) -> None:
    server.next(REPLY, old(errcode, errmsg="send too fast"))
    with pytest.raises(PlatformBusy) as raised:
        await client.reply(f"{server.base}{REPLY}?session=s", {"msgtype": "text"})
    assert raised.value.retry_after_s == 60


HOSTILE = [
    "",
    "x",
    "ftp://oapi.dingtalk.com/robot/sendBySession",
    "http://oapi.dingtalk.com/robot/sendBySession?session=s",
    "https://evil.example/robot/sendBySession",
    "https://oapi.dingtalk.com.evil.example/robot/sendBySession",
    "https://evil.example/oapi.dingtalk.com/robot/sendBySession",
    "https://oapi.dingtalk.com@evil.example/robot/sendBySession",
    "https://u:p@oapi.dingtalk.com/robot/sendBySession",
    "https://@oapi.dingtalk.com/robot/sendBySession",
    "https://evil.example#@oapi.dingtalk.com/robot/sendBySession",
    "https://evil.example?@oapi.dingtalk.com/robot/sendBySession",
    "https://evil.example\\@oapi.dingtalk.com/robot/sendBySession",
    "https://oapi.dingtalk.com\\.evil.example/robot/sendBySession",
    "https://oapi.dingtalk.com%2eevil.example/robot/sendBySession",
    "https://oapi.dingtalk.com\t.evil.example/robot/sendBySession",
    "https://oapi.dingtalk.com\n/robot/sendBySession",
    " https://oapi.dingtalk.com/robot/sendBySession",
    "https://oapi.dingtalk.com:8443/robot/sendBySession",
    "https://oapi.dingtalk.com:99999/robot/sendBySession",
    "https://xoapi.dingtalk.com/robot/sendBySession",
    "https://evil.oapi.dingtalk.com/robot/sendBySession",
    "https://oapi.dingtalk.com./robot/sendBySession",
    "https://127.0.0.1/robot/sendBySession",
    "https://[::1]/robot/sendBySession",
    "https://2130706433/robot/sendBySession",
    "https://169.254.169.254/latest/meta-data",
    "https://100.100.100.200/latest/meta-data",
    "https://localhost/robot/sendBySession",
    "//oapi.dingtalk.com/robot/sendBySession",
    "file:///etc/passwd",
    "https:///robot/sendBySession",
    "https://oapi.dingtalk.com/robot/sendBySession?x=" + "y" * 9000,
]


@pytest.mark.parametrize("address", HOSTILE)
async def test_no_answer_goes_to_a_strange_address(server: Server, client: DingTalkClient, address: str) -> None:
    with pytest.raises(RouteRefused) as raised:
        await client.reply(address, {"msgtype": "text", "text": {"content": "机密"}})
    assert "reply_hosts" in raised.value.hint
    assert server.calls == []


@pytest.mark.parametrize(
    "path", ["/robot/send?access_token=stolen", "/", "/robot/sendBySession/../send", "/robot%2FsendBySession"]
)
async def test_no_answer_goes_elsewhere_on_dingtalks_own_host(
    server: Server, client: DingTalkClient, path: str
) -> None:
    for host in (server.base, "https://oapi.dingtalk.com"):
        with pytest.raises(RouteRefused):
            await client.reply(f"{host}{path}", {"msgtype": "text"})
    assert server.calls == []


async def test_another_port_of_this_machine_is_a_strange_address(server: Server, client: DingTalkClient) -> None:
    for address in (f"http://127.0.0.1:{server.port + 1}{REPLY}", f"http://localhost:{server.port}{REPLY}"):
        with pytest.raises(RouteRefused):
            await client.reply(address, {"msgtype": "text"})


def test_the_documented_address_is_asked_as_it_is() -> None:
    address = "https://oapi.dingtalk.com/robot/sendBySession?session=a%2Bb%2F=="
    assert allowed(address, ("oapi.dingtalk.com",)) == URL(address, encoded=True)
    assert str(allowed(address.replace(".com/", ".com:443/"), ("OAPI.dingtalk.com",))).endswith("session=a%2Bb%2F==")


# cards


async def test_a_card_is_created_and_changed(server: Server, client: DingTalkClient) -> None:
    body: dict[str, Any] = {"outTrackId": "visit-1", "cardData": {"cardParamMap": {"title": "拜访"}}}
    await client.create_card(body)
    await client.update_card(body)
    assert [(call.method, call.path, call.body) for call in server.calls[1:]] == [
        ("POST", CREATE, body),
        ("PUT", CARDS, body),
    ]


async def test_a_card_that_exists_is_told_apart(server: Server, client: DingTalkClient) -> None:
    server.next(CREATE, refusal(400, "param.cardAlreadyExist", "param.cardAlreadyExist"))
    with pytest.raises(CardExists):
        await client.create_card({"outTrackId": "visit-1"})


@pytest.mark.parametrize(
    "result",
    [
        {"deliverResults": [{"spaceType": "IM_ROBOT", "success": False, "errorMsg": "spaceId is illegal"}]},
        {"deliverResults": [{"success": True}, {"success": False, "errorMsg": "x"}]},
        {"deliverResults": [{"success": "false"}]},
        {"deliverResults": [{"errorMsg": "system.busy"}]},
        {"deliverResults": ["?"]},
        {"deliverResults": []},
        {"deliverResults": None},
        {},
        None,
        "visit-1",
    ],
)
async def test_a_card_that_was_created_but_not_delivered_is_refused(
    server: Server, client: DingTalkClient, result: Any
) -> None:
    server.next(CREATE, web.json_response({"success": True, "result": result}))
    with pytest.raises(ContentRefused) as raised:
        await client.create_card({"outTrackId": "visit-1"})
    assert raised.value.hint


async def test_a_card_without_permission_names_the_point(server: Server, client: DingTalkClient) -> None:
    detail = {"requiredScopes": ["Card.Instance.Write"]}
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    server.next(CREATE, refusal(403, code, accessdenieddetail=detail))
    with pytest.raises(NotPermitted) as raised:
        await client.create_card({"outTrackId": "visit-1"})
    assert "Card.Instance.Write" in raised.value.hint


async def test_what_is_no_success_within_200_is_refused(server: Server, client: DingTalkClient) -> None:
    for path in (CREATE, CARDS, REGISTER):
        server.next(path, web.json_response({"success": False}))
    for attempt in (client.create_card({}), client.update_card({}), client.register_card_callback("r", "u", "s")):
        with pytest.raises(ContentRefused):
            await attempt


async def test_a_card_callback_is_registered_over_an_older_one(server: Server, client: DingTalkClient) -> None:
    await client.register_card_callback("visitbot", "https://bot.example/dingtalk/card", "s3cret")
    await client.register_card_callback("visitbot", "https://bot.example/dingtalk/card", "")
    first, second = (call.body for call in server.of(REGISTER))
    assert first == {
        "callbackRouteKey": "visitbot",
        "callbackUrl": "https://bot.example/dingtalk/card",
        "apiSecret": "s3cret",
        "forceUpdate": True,
    }
    assert "apiSecret" not in second


# to-dos


async def task(client: DingTalkClient) -> str:
    return await client.create_task(
        "zhangsan",
        source_id="visit-42-todo-1",
        subject="给张总报价",
        due_at=datetime(2026, 3, 11, 10, tzinfo=UTC),
        url="https://bot.example/t/1",
        fields=[("客户", "华东精工")],
    )


async def test_a_todo_goes_into_the_persons_own_list(server: Server, client: DingTalkClient) -> None:
    assert await task(client) == "task-1"
    [call] = server.of(TASKS)
    assert call.query == {"operatorId": "union-zhangsan"}
    assert call.body == {
        "sourceId": "visit-42-todo-1",
        "subject": "给张总报价",
        "creatorId": "union-zhangsan",
        "executorIds": ["union-zhangsan"],
        "isOnlyShowExecutor": True,
        "detailUrl": {"appUrl": "https://bot.example/t/1", "pcUrl": "https://bot.example/t/1"},
        "dueTime": 1773223200000,
        "contentFieldList": [{"fieldKey": "客户", "fieldValue": "华东精工"}],
    }


async def test_a_todo_without_a_day_has_none(server: Server, client: DingTalkClient) -> None:
    await client.create_task("zhangsan", source_id="s", subject="t", due_at=None, url="https://x")
    assert not {"dueTime", "contentFieldList"} & set(server.of(TASKS)[0].body)


async def test_a_todo_that_exists_counts_as_made(server: Server, client: DingTalkClient) -> None:
    server.next(TASKS, refusal(400, "todo.taskCreate.paramError", "task existed, taskId is task8f3a"))
    assert await task(client) == "task8f3a"
    assert server.of(QUERY) == []


async def test_the_id_of_a_todo_that_exists_is_looked_up(server: Server, client: DingTalkClient) -> None:
    server.next(TASKS, refusal(400, "todo.taskCreate.paramError", "task exist"))
    others = [{"taskId": "other", "sourceId": "visit-1"}, "?", {"sourceId": 7}]
    server.next(
        QUERY,
        web.json_response({"todoCards": others, "nextToken": "n1"}),
        web.json_response({"todoCards": others}),
        web.json_response({"todoCards": [{"taskId": "found-1", "sourceId": "visit-42-todo-1"}]}),
    )
    assert await task(client) == "found-1"
    assert [call.body for call in server.of(QUERY)] == [
        {"isDone": False},
        {"isDone": False, "nextToken": "n1"},
        {"isDone": True},
    ]


async def test_a_todo_that_exists_but_is_not_listed_yet_is_asked_for_later(
    server: Server, client: DingTalkClient
) -> None:
    server.next(TASKS, refusal(400, "todo.taskCreate.paramError", "task exist"))
    server.always[QUERY] = lambda: web.json_response({"todoCards": [{"taskId": "x"}], "nextToken": "again"})
    with pytest.raises(PlatformBusy, match="not listed"):
        await task(client)
    assert len(server.of(QUERY)) == 40  # a list without an end is left


async def test_a_todo_is_ticked_off_and_taken_away(server: Server, client: DingTalkClient) -> None:
    await client.finish_task("zhangsan", "task-1")
    await client.delete_task("zhangsan", "task-1")
    finish, delete = server.of(f"{TASKS}/task-1")
    assert (finish.method, finish.body, finish.query) == ("PUT", {"done": True}, {"operatorId": "union-zhangsan"})
    assert (delete.method, delete.query) == ("DELETE", {"operatorId": "union-zhangsan"})
    assert len(server.of(USER)) == 1  # who that is was asked once


async def test_a_todo_that_is_gone_counts_as_done(server: Server, client: DingTalkClient) -> None:
    path = f"{TASKS}/task-1"
    server.next(path, refusal(400, "todo.error", "task not exist"), refusal(404, "x", "task not exist"))
    await client.finish_task("zhangsan", "task-1")
    await client.delete_task("zhangsan", "task-1")
    assert len(server.of(path)) == 2


async def test_a_todo_of_another_app_is_not_ours_to_change(server: Server, client: DingTalkClient) -> None:
    server.next(f"{TASKS}/task-1", refusal(400, "x", "task not belong to bizTag"))
    with pytest.raises(NotPermitted):
        await client.finish_task("zhangsan", "task-1")
    server.next(f"{TASKS}/task-1", web.json_response({"result": False}))
    with pytest.raises(PlatformError, match="not changed"):
        await client.finish_task("zhangsan", "task-1")


async def test_ids_cannot_leave_their_place_in_the_address(server: Server, client: DingTalkClient) -> None:
    server.next(USER, web.json_response({"errcode": 0, "result": {"unionid": "a/../b+c"}}))
    path = "/v1.0/todo/users/a%2F..%2Fb%2Bc/tasks/x%2F..%2F..%3Fy"
    server.next(path, web.json_response({"result": True}))
    await client.delete_task("lisi", "x/../..?y")
    assert len(server.of(path)) == 1


async def test_no_person_is_named_in_an_error(server: Server, client: DingTalkClient) -> None:
    server.next(TASKS, refusal(500, "system.busy"))
    server.next(f"{TASKS}/task-1", refusal(500, "system.busy"))
    server.always[QUERY] = lambda: refusal(500, "system.busy")
    with pytest.raises(PlatformBusy) as raised:
        await task(client)
    assert raised.value.api == "todo/users/*/tasks"
    with pytest.raises(PlatformBusy) as raised:
        await client.finish_task("zhangsan", "task-1")
    assert raised.value.api == "todo/users/*/tasks/*"
    server.next(TASKS, refusal(400, "todo.taskCreate.paramError", "task exist"))
    with pytest.raises(PlatformBusy) as raised:
        await task(client)
    assert raised.value.api == "todo/users/*/org/tasks/query"


@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": "a/b"}])
async def test_a_todo_without_an_id_is_a_fault(server: Server, client: DingTalkClient, answer: dict[str, Any]) -> None:
    server.next(TASKS, web.json_response(answer))
    with pytest.raises(PlatformError, match="no id"):
        await task(client)


@pytest.mark.parametrize("errcode", [33012, 60121])
async def test_a_person_without_a_union_id_is_unreachable(server: Server, client: DingTalkClient, errcode: int) -> None:
    server.next(USER, old(errcode))
    with pytest.raises(RecipientUnreachable):
        await task(client)
    assert await client.union_id("zhangsan") == "union-zhangsan"  # a failure is not remembered


@pytest.mark.parametrize("answer", [{"errcode": 0}, {"errcode": 0, "result": {}}, {"errcode": 0, "result": [1]}])
async def test_an_answer_without_a_union_id_is_a_fault(
    server: Server, client: DingTalkClient, answer: dict[str, Any]
) -> None:
    server.next(USER, web.json_response(answer))
    with pytest.raises(PlatformError, match="no unionid"):
        await client.union_id("zhangsan")


async def test_only_so_many_union_ids_are_remembered(
    server: Server, client: DingTalkClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dingtalk.client.MAX_UNION_IDS", 2)
    for user_id in ("a", "b", "a", "c", "a", "b"):
        await client.union_id(user_id)
    assert [call.body["userid"] for call in server.of(USER)] == ["a", "b", "c", "b"]


# files


async def test_a_file_is_fetched_without_the_token(server: Server, client: DingTalkClient) -> None:
    server.files["/files/a.file"] = AMR
    file = await client.download("code+/=", robot_code="ding-robot")
    assert file == MediaFile(AMR, "application/octet-stream", "")
    assert server.of(RESOLVE)[0].body == {"downloadCode": "code+/=", "robotCode": "ding-robot"}
    [fetch] = server.of("/files/a.file")
    assert fetch.query["Signature"] == "a+b/c="
    assert "x-acs-dingtalk-access-token" not in fetch.headers


async def test_a_file_without_a_robot_is_asked_for_by_our_own(server: Server, client: DingTalkClient) -> None:
    server.files["/files/a.file"] = AMR
    await client.download("code", robot_code="")
    assert server.of(RESOLVE)[0].body["robotCode"] == "ding-app"


async def test_a_code_that_is_too_old_means_the_file_is_gone(server: Server, client: DingTalkClient) -> None:
    server.next(RESOLVE, refusal(400, "invalidParameter.robotCode.downloadCode", "下载码有误或者已经过期"))
    with pytest.raises(MediaGone) as raised:
        await client.download("code", robot_code="r")
    assert "重新发送" in raised.value.hint


async def test_a_code_of_another_robot_is_the_admins_to_mend(server: Server, client: DingTalkClient) -> None:
    server.next(RESOLVE, refusal(400, "invalidParameter.robotCode.auth"))
    with pytest.raises(NotPermitted, match="auth"):
        await client.download("code", robot_code="r")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda: web.Response(status=403, text="<Error/>"), MediaGone),
        (lambda: web.Response(status=404), MediaGone),
        (lambda: web.Response(status=500), PlatformBusy),
        (lambda: web.Response(status=302, headers={"Location": "http://169.254.169.254/"}), PlatformError),
        (lambda: web.Response(body=b""), PlatformBusy),
        (lambda: "truncated", PlatformBusy),
        (lambda: "abort", PlatformBusy),
        (lambda: web.Response(body=b"x" * 2049), MediaTooBig),
    ],
    ids=["403", "404", "500", "redirect", "empty", "truncated", "abort", "too big"],
)
async def test_a_file_that_does_not_come(
    server: Server, clock: FakeClock, answer: Callable[[], web.Response | str], kind: type[PlatformError]
) -> None:
    client = client_of(server, clock, media_max_bytes=2048)
    server.next("/files/a.file", answer())
    with pytest.raises(kind) as raised:
        await client.download("code", robot_code="r")
    assert type(raised.value) is kind
    server.files["/files/a.file"] = b"x" * 2048
    assert len((await client.download("code", robot_code="r")).data) == 2048
    await client.close()


async def test_a_slow_file_ends_in_time(server: Server, clock: FakeClock) -> None:
    client = client_of(server, clock, media_timeout_s=0.3)
    server.next("/files/a.file", "hang")
    with pytest.raises(PlatformBusy, match="timeout"):
        await client.download("code", robot_code="r")
    await client.close()


@pytest.mark.parametrize(
    "address",
    [
        "x",
        "file:///etc/passwd",
        "ftp://a.dingtalk.com/x",
        "http://127.0.0.1/x",
        "http://127.0.0.1:9/x",
        "http://[::1]/x",
        "http://[::ffff:169.254.169.254]/x",
        "http://169.254.169.254/latest/meta-data",
        "http://100.100.100.200/latest/meta-data",
        "http://2852039166/",
        "http://0x7f.1/",
        "http://localhost/x",
        "http://evil.example/x.dingtalk.com",
        "http://dingtalk.com.evil.example/x",
        "http://evildingtalk.com/x",
        "http://dingtalk.com/x",
        "http://.dingtalk.com/x",
        "http://a..dingtalk.com/x",
        "http://a.dingtalk.com./x",
        "http://a.dingtalk.com:8080/x",
        "https://a.dingtalk.com:80/x",
        "http://u:p@a.dingtalk.com/x",
        "http://a.dingtalk.com@evil.example/x",
        "http://evil.example\\@a.dingtalk.com/x",
        "http://evil.example#.dingtalk.com/x",
        "http://evil.example%23.dingtalk.com/x",
        "http://a.dingtalk.com\r\nHost: evil/x",
    ],
)
async def test_no_file_is_fetched_from_a_strange_address(server: Server, client: DingTalkClient, address: Any) -> None:
    server.next(RESOLVE, web.json_response({"downloadUrl": address}))
    with pytest.raises(NotPermitted) as raised:
        await client.download("code", robot_code="r")
    assert "media_hosts" in raised.value.hint
    assert [call.path for call in server.calls] == [TOKEN, RESOLVE]


@pytest.mark.parametrize("answer", [{}, {"downloadUrl": None}, {"downloadUrl": ""}, {"downloadUrl": 7}])
async def test_no_address_for_the_file_is_busy(server: Server, client: DingTalkClient, answer: dict[str, Any]) -> None:
    server.next(RESOLVE, web.json_response(answer))
    with pytest.raises(PlatformBusy, match="no address"):
        await client.download("code", robot_code="r")


async def test_the_strange_host_is_named_to_the_admin(server: Server, client: DingTalkClient) -> None:
    server.next(RESOLVE, web.json_response({"downloadUrl": "https://files.new-cloud.example/x?Signature=secret"}))
    with pytest.raises(NotPermitted) as raised:
        await client.download("code", robot_code="r")
    assert "files.new-cloud.example" in raised.value.hint
    assert "secret" not in raised.value.hint + str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://zjk-down.dingtalk.com/a.file?Signature=a%2Bb%3D&Expires=1",
        "https://x.oss-cn-zhangjiakou.aliyuncs.com/a.file?Signature=a%2Fb",
        "https://static.alicdn.com/a%20b.file",
        "http://DOWN.dingtalk.com/a.file",
    ],
)
def test_a_signed_address_of_object_storage_is_asked_as_it_is(address: str) -> None:
    hosts = (".dingtalk.com", ".aliyuncs.com", ".alicdn.com")
    assert str(allowed(address, hosts, schemes=("http", "https"))) == address


def test_the_schemes_own_port_may_be_written_out() -> None:
    url = allowed("http://down.dingtalk.com:80/a.file", (".dingtalk.com",), schemes=("http", "https"))
    assert url is not None
    assert url.port == 80


def test_an_address_with_chinese_in_it_is_written_for_http() -> None:
    url = allowed("https://a.dingtalk.com/报价.file", (".dingtalk.com",))
    assert url is not None
    assert url.raw_path.isascii()


def test_numbers_are_no_name_even_where_they_are_listed() -> None:
    for host in ("10.0.0.5", "0x7f.0x1", "5"):
        assert allowed(f"https://{host}/x", (host,)) is None


# uploads


async def test_an_upload_keeps_its_chinese_name(server: Server, client: DingTalkClient) -> None:
    assert await client.upload("file", MediaFile(b"0123456789", "application/pdf", '报价"单/1.pdf')) == "@media"
    [call] = server.of(UPLOAD)
    assert call.query == {"access_token": "token-1", "type": "file"}
    assert 'filename="报价_单_1.pdf"'.encode() in call.body
    assert b"0123456789" in call.body


async def test_an_upload_that_met_a_dead_token_is_sent_whole_again(server: Server, client: DingTalkClient) -> None:
    server.next(UPLOAD, old(40014))
    assert await client.upload("voice", MediaFile(AMR, "audio/amr", "a.amr")) == "@media"
    assert all(AMR in call.body for call in server.of(UPLOAD))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [({"errcode": 40004}, ContentRefused), ({"errcode": 0}, PlatformError), ({"media_id": "@m"}, PlatformBusy)],
    ids=["type", "no id", "no errcode"],
)
async def test_an_upload_that_fails(
    server: Server, client: DingTalkClient, answer: dict[str, Any], kind: type[PlatformError]
) -> None:
    server.next(UPLOAD, web.json_response(answer))
    with pytest.raises(kind) as raised:
        await client.upload("image", MediaFile(b"x"))
    assert type(raised.value) is kind


# the connection of Stream mode


async def test_a_connection_is_opened_with_the_secret_and_no_token(server: Server, client: DingTalkClient) -> None:
    subscriptions = [{"type": "EVENT", "topic": "*"}, {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}]
    endpoint, ticket = await client.open_connection(subscriptions, user_agent="visitbot/0.1")
    assert (endpoint, ticket) == (f"ws://127.0.0.1:{server.port}/connect", "ticket-1")
    [call] = server.calls
    assert call.path == OPEN
    assert call.body == {
        "clientId": "ding-app",
        "clientSecret": SECRET,
        "subscriptions": subscriptions,
        "ua": "visitbot/0.1",
    }
    assert call.headers["Accept"] == "application/json"
    assert call.headers["User-Agent"] == "visitbot/0.1"


async def test_a_connection_with_a_wrong_secret_is_the_admins_to_mend(server: Server, client: DingTalkClient) -> None:
    server.next(OPEN, web.Response(status=401, text="?"), refusal(401, "x"), refusal(400, "invalidClientIdOrSecret"))
    for _ in range(3):
        with pytest.raises(NotPermitted) as raised:
            await client.open_connection([], user_agent="v")
        assert "Client Secret" in raised.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        lambda: refusal(400, "systemError", "系统错误"),
        lambda: web.Response(status=503),
        lambda: web.Response(text="<xml/>"),
        lambda: web.json_response({}),
        lambda: web.json_response({"endpoint": "wss://x"}),
        lambda: web.json_response({"endpoint": "https://x", "ticket": "t"}),
        lambda: web.json_response({"endpoint": 7, "ticket": 7}),
    ],
)
async def test_a_gateway_without_an_endpoint_is_busy(
    server: Server, client: DingTalkClient, answer: Callable[[], web.Response]
) -> None:
    server.next(OPEN, answer())
    with pytest.raises(PlatformBusy):
        await client.open_connection([], user_agent="v")
