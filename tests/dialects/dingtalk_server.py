"""The server side of both generations of the API: addresses, tokens, limits, and the shapes of refusals."""

import json
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from tests.dialects import dingtalk_cards, dingtalk_chat, dingtalk_office
from tests.dialects.dingtalk_faults import fail_early, fail_late
from tests.dialects.dingtalk_records import Call, Fault, Json, Refused

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect

TOKEN_LIFE_S = 7200
OLD_SHAPE_CODES = {40000, 40001, 40014, 42001}


class Tokens:
    def __init__(self, dingtalk: "DingTalkDialect") -> None:
        self._dingtalk = dingtalk
        self._until: dict[str, datetime] = {}
        self.fetches = 0

    def issue(self) -> str:
        """The one that is valid, its life extended, or a new one."""
        now = self._dingtalk.now()
        self._until = {token: until for token, until in self._until.items() if now < until}
        token = next(iter(self._until), "") or self._dingtalk.new_hex(128)
        self._until[token] = now + timedelta(seconds=TOKEN_LIFE_S)
        return token

    def holds(self, token: str) -> bool:
        until = self._until.get(token)
        return until is not None and self._dingtalk.now() < until

    def expire(self) -> None:
        self._until.clear()


class Server:
    def __init__(self, dingtalk: "DingTalkDialect") -> None:
        self._dingtalk = dingtalk
        self._recent_calls: dict[str, deque[datetime]] = {}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        call = Call("connect", self._dingtalk.now(), "GET", "/connect", {}, None)
        self._dingtalk.calls.append(call)
        self._dingtalk.counts["connect"] += 1
        fault = self._fault(call)
        early = await fail_early(self._dingtalk, request, call, fault)
        return early if early is not None else await self._dingtalk.gateway.connect(request)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path.removeprefix("/")  # a unionId may hold a slash, written %2F
        api, params = _find(request.method, path)
        params |= dict(request.query)
        call = Call(api.name if api else "unknown", self._dingtalk.now(), request.method, f"/{path}", params, None)
        call.accept = request.headers.get("Accept", "")
        self._dingtalk.calls.append(call)
        self._dingtalk.counts[call.api] += 1
        if api is None:
            return self._no_such_path(call)
        fault = self._fault(call)
        early = await fail_early(self._dingtalk, request, call, fault)
        if early is not None:
            call.status = early.status
            return early
        try:
            answer = await self._answer(request, api, call)
        except Refused as refused:
            return self._refuse(api, call, refused)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # something of another kind than the rules look for; DingTalk does not break over it either
            return self._refuse(api, call, Refused(41 if api.old else "invalidParameter", repr(error)))
        call.status = answer.status
        return await fail_late(self._dingtalk, request, answer, fault)

    def _fault(self, call: Call) -> Fault | None:
        call.fault = next(
            (fault for fault in self._dingtalk.faults if fault.strikes(call.api, self._dingtalk.now())), None
        )
        return call.fault

    def _no_such_path(self, call: Call) -> web.Response:
        self._dingtalk.violations.append(f"no such address: {call.method} {call.path}")
        if call.path.startswith("/topapi/"):
            method = call.path.removeprefix("/").replace("/", ".")
            return _json({"errcode": 22, "sub_msg": f"不合法ApiName，{method}", "errmsg": f"Invalid method[{method}]"})
        if call.path.startswith("/v1.0/"):
            answer = {
                "code": "InvalidAction.NotFound",
                "requestid": self._dingtalk.request_id(),
                "message": "not found",
            }
            return _json(answer, status=404)
        return _json({"errcode": 404, "errmsg": "请求的URI地址不存在"})

    def _refuse(self, api: "Api", call: Call, refused: Refused) -> web.Response:
        call.error = str(refused.code)
        if refused.to_blame:
            self._dingtalk.violations.append(f"{call.api}: {refused}")
        call.status = 200 if api.old else refused.status
        if not api.old:
            said = {"code": refused.code, "requestid": self._dingtalk.request_id(), "message": refused.message}
            return _json(said | refused.more, status=refused.status)
        answer = {"errcode": refused.code, "errmsg": refused.message}
        if refused.code in OLD_SHAPE_CODES and call.path.startswith("/topapi/"):
            errmsg = f"ding talk error[subcode={refused.code},submsg={refused.message}]"
            answer = {"errcode": 88, "sub_code": str(refused.code), "sub_msg": refused.message, "errmsg": errmsg}
        return _json(answer | {"request_id": self._dingtalk.request_id()})

    async def _answer(self, request: web.Request, api: "Api", call: Call) -> web.StreamResponse:
        call.body = await self._body(request, api)
        if api.token:
            self._check_token(request, api)
        if api.metered:
            self._meter(call)
        done = api.handle(self._dingtalk, call)
        result = await done if isinstance(done, Awaitable) else done
        if isinstance(result, web.StreamResponse):
            return result
        if call.path.startswith("/topapi/") and not (isinstance(result, dict) and "errcode" in result):
            result = {"errcode": 0, "errmsg": "ok", "result": result, "request_id": self._dingtalk.request_id()}
        return _json(result)

    async def _body(self, request: web.Request, api: "Api") -> Any:
        if request.method == "GET" or api.name == "files":
            return {}
        if request.content_type == "multipart/form-data":
            return await _form(request)
        raw = await request.read()
        if not raw and request.method == "DELETE":
            return {}
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise Refused(43004 if api.old else "MissingBody", "body is mandatory for this action") from error
        if not isinstance(body, dict):
            raise Refused(40035 if api.old else "MissingBody", "an object is wanted")
        if request.content_type != "application/json":
            raise Refused(43004 if api.old else "UnsupportedMediaType", "application/json is wanted")
        return body

    def _check_token(self, request: web.Request, api: "Api") -> None:
        token = request.query.get("access_token") if api.old else request.headers.get("x-acs-dingtalk-access-token")
        if token is None and not api.old:
            message = "缺少参数：x-acs-dingtalk-access-token"
            raise Refused("AuthenticationFailed.MissingParameter", message)
        if not self._dingtalk.tokens.holds(token or ""):
            code: str | int = (40014 if token else 40000) if api.old else "InvalidAuthentication"
            raise Refused(code, "不合法的access_token", to_blame=not token)

    def _meter(self, call: Call) -> None:
        recent = self._recent_calls.setdefault(call.api, deque())
        while recent and self._dingtalk.now() - recent[0] >= timedelta(seconds=1):
            recent.popleft()
        if self._dingtalk.qps is not None and len(recent) >= self._dingtalk.qps:
            raise Refused("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "QPS超限", status=403, to_blame=False)
        recent.append(self._dingtalk.now())
        if self._dingtalk.api_quota is not None and self._dingtalk.monthly["api"] >= self._dingtalk.api_quota:
            raise Refused("Forbidden.AccessDenied.ApiCountLimitForOrg", "调用次数已用完", status=403, to_blame=False)
        self._dingtalk.monthly["api"] += 1


# tokens and the rest that needs no module of its own


def issue_token(dingtalk: "DingTalkDialect", call: Call) -> Json:
    dingtalk.tokens.fetches += 1
    if (call.body.get("appKey"), call.body.get("appSecret")) != (dingtalk.client_id, dingtalk.client_secret):
        raise Refused("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
    return {"accessToken": dingtalk.tokens.issue(), "expireIn": TOKEN_LIFE_S}


def issue_old_token(dingtalk: "DingTalkDialect", call: Call) -> Json:
    dingtalk.tokens.fetches += 1
    asked = (call.params.get("appkey"), call.params.get("appsecret"))
    if asked != (dingtalk.client_id, dingtalk.client_secret):
        raise Refused(40096, "不合法的appKey或appSecret")
    return {"errcode": 0, "access_token": dingtalk.tokens.issue(), "errmsg": "ok", "expires_in": TOKEN_LIFE_S}


def issue_unified_token(dingtalk: "DingTalkDialect", call: Call) -> Json:
    dingtalk.tokens.fetches += 1
    if call.params["corpId"] != dingtalk.corp_id or call.body.get("grant_type") != "client_credentials":
        raise Refused("invalid.client", "invalid client")
    if (call.body.get("client_id"), call.body.get("client_secret")) != (dingtalk.client_id, dingtalk.client_secret):
        raise Refused("unauthorized.client", "unauthorized client", status=401)
    return {"access_token": dingtalk.tokens.issue(), "expires_in": TOKEN_LIFE_S}


def open_connection(dingtalk: "DingTalkDialect", call: Call) -> web.Response:
    return dingtalk.gateway.open(call.body, call.accept)


def hand_out_file(dingtalk: "DingTalkDialect", call: Call) -> web.Response:
    media = dingtalk.files.get(call.params["name"])
    if media is None or (media.until is not None and dingtalk.now() >= media.until):
        return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
    return web.Response(body=media.data, content_type="application/octet-stream")


def failed_events(dingtalk: "DingTalkDialect", call: Call) -> Json:
    """Events that could not be told by HTTP, each once."""
    listed = dingtalk.callbacks.failed_events
    told, dingtalk.callbacks.failed_events = listed[:200], listed[200:]
    return {
        "errcode": 0,
        "errmsg": "ok",
        "has_more": bool(dingtalk.callbacks.failed_events),
        "failed_list": [{"call_back_tag": one.topic, "event_time": 0, one.topic: one.body} for one in told],
    }


# the table of addresses


@dataclass(frozen=True)
class Api:
    name: str
    method: str
    path: re.Pattern[str]
    handle: Callable[["DingTalkDialect", Call], Any]
    old: bool = False
    token: bool = True
    metered: bool = True


def _api(name: str, method: str, path: str, handle: Callable[["DingTalkDialect", Call], Any], **more: bool) -> Api:
    return Api(name, method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), handle, **more)


_FREE = {"metered": False}
_OLD = {"old": True, "metered": False}
_OPEN_TO_ALL = {"token": False, "metered": False}
_TODO = "v1.0/todo/users/{unionId}/tasks"

APIS = (
    _api("oauth2/accessToken", "POST", "v1.0/oauth2/accessToken", issue_token, **_OPEN_TO_ALL),
    _api("oauth2/token", "POST", "v1.0/oauth2/{corpId}/token", issue_unified_token, **_OPEN_TO_ALL),
    _api("gettoken", "GET", "gettoken", issue_old_token, old=True, **_OPEN_TO_ALL),
    _api("gateway/connections/open", "POST", "v1.0/gateway/connections/open", open_connection, **_OPEN_TO_ALL),
    _api("files", "GET", "files/{name}", hand_out_file, **_OPEN_TO_ALL),
    _api("robot/messageFiles/download", "POST", "v1.0/robot/messageFiles/download", dingtalk_chat.download),
    _api("robot/oToMessages/batchSend", "POST", "v1.0/robot/oToMessages/batchSend", dingtalk_chat.batch_send),
    _api("robot/groupMessages/send", "POST", "v1.0/robot/groupMessages/send", dingtalk_chat.group_send),
    _api("robot/oToMessages/readStatus", "GET", "v1.0/robot/oToMessages/readStatus", dingtalk_chat.read_status),
    _api("robot/otoMessages/batchRecall", "POST", "v1.0/robot/otoMessages/batchRecall", dingtalk_chat.recall),
    _api("robot/groupMessages/recall", "POST", "v1.0/robot/groupMessages/recall", dingtalk_chat.recall),
    _api("robot/sendBySession", "POST", "robot/sendBySession", dingtalk_chat.session_reply, old=True, **_OPEN_TO_ALL),
    _api("robot/send", "POST", "robot/send", dingtalk_chat.webhook_send, old=True, **_OPEN_TO_ALL),
    _api("media/upload", "POST", "media/upload", dingtalk_chat.upload, **_OLD),
    _api("card/instances/create", "POST", "v1.0/card/instances", dingtalk_cards.create),
    _api("card/instances/update", "PUT", "v1.0/card/instances", dingtalk_cards.update),
    _api("card/instances/deliver", "POST", "v1.0/card/instances/deliver", dingtalk_cards.deliver),
    _api("card/instances/createAndDeliver", "POST", "v1.0/card/instances/createAndDeliver",
         dingtalk_cards.create_and_deliver),
    _api("card/streaming", "PUT", "v1.0/card/streaming", dingtalk_cards.streaming),
    _api("card/callbacks/register", "POST", "v1.0/card/callbacks/register", dingtalk_cards.register),
    _api("todo/create", "POST", _TODO, dingtalk_office.create_task),
    _api("todo/executorStatus", "PUT", f"{_TODO}/{{taskId}}/executorStatus", dingtalk_office.executor_status),
    _api("todo/update", "PUT", f"{_TODO}/{{taskId}}", dingtalk_office.update_task),
    _api("todo/delete", "DELETE", f"{_TODO}/{{taskId}}", dingtalk_office.delete_task),
    _api("todo/query", "POST", "v1.0/todo/users/{unionId}/org/tasks/query", dingtalk_office.query_tasks),
    _api("calendar/create", "POST", "v1.0/calendar/users/{unionId}/calendars/primary/events",
         dingtalk_office.create_schedule),
    _api("topapi/v2/user/get", "POST", "topapi/v2/user/get", dingtalk_office.user_get, **_OLD),
    _api("topapi/user/getbyunionid", "POST", "topapi/user/getbyunionid", dingtalk_office.user_by_union_id, **_OLD),
    _api("topapi/user/listid", "POST", "topapi/user/listid", dingtalk_office.user_list_ids, **_OLD),
    _api("topapi/v2/department/listsub", "POST", "topapi/v2/department/listsub", dingtalk_office.departments, **_OLD),
    _api("topapi/v2/department/listsubid", "POST", "topapi/v2/department/listsubid",
         dingtalk_office.department_ids, **_OLD),
    _api("topapi/v2/department/listparentbyuser", "POST", "topapi/v2/department/listparentbyuser",
         dingtalk_office.parent_departments, **_OLD),
    _api("topapi/message/asyncsend_v2", "POST", "topapi/message/corpconversation/asyncsend_v2",
         dingtalk_office.notice_send, **_OLD),
    _api("topapi/message/getsendresult", "POST", "topapi/message/corpconversation/getsendresult",
         dingtalk_office.notice_result, **_OLD),
    _api("call_back/failed", "GET", "call_back/get_call_back_failed_result", failed_events, **_OLD),
)  # fmt: skip
API_NAMES = frozenset(("connect", "unknown", *(api.name for api in APIS)))


def _find(method: str, path: str) -> tuple[Api | None, dict[str, str]]:
    for api in APIS:
        match = api.path.fullmatch(path) if api.method == method else None
        if match:
            return api, {name: unquote(value) for name, value in match.groupdict().items()}
    return None, {}


def _json(body: Any, *, status: int = 200) -> web.Response:
    answer = web.Response(body=json.dumps(body, ensure_ascii=False).encode(), status=status)
    answer.headers["Content-Type"] = "application/json;charset=utf-8"
    return answer


async def _form(request: web.Request) -> Json:
    form: Json = {}
    async for part in await request.multipart():
        if isinstance(part, aiohttp.BodyPartReader) and part.name:
            data = bytes(await part.read())
            if part.name == "media":
                form |= {"media": data, "filename": part.filename}
            else:
                form[part.name] = data.decode()
    return form
