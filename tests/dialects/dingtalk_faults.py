"""Ways in which a call goes wrong, on both generations of the server API."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.dialects.dingtalk_records import Call, Fault

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect


@dataclass(frozen=True)
class Refusal:
    """One cause, as the new API (status, code) and the old one (errcode) put it."""

    status: int
    code: str
    errcode: int
    message: str


REFUSALS = {
    "token": Refusal(400, "InvalidAuthentication", 40014, "不合法的access_token"),
    "permission": Refusal(
        403,
        "Forbidden.AccessDenied.AccessTokenPermissionDenied",
        60011,
        "应用尚未开通所需的权限：[Card.Instance.Write]",
    ),
    "ip": Refusal(403, "Forbidden.AccessDenied.IpNotInWhiteList", 60020, "访问ip不在白名单之中"),
    "qps": Refusal(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 90018, "接口的调用频率超限"),
    "qpm": Refusal(403, "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi", 90018, "接口的调用频率超限"),
    "api_qps": Refusal(403, "Forbidden.AccessDenied.QpsLimitForApi", 90002, "该接口的调用频率超限"),
    "quota": Refusal(403, "Forbidden.AccessDenied.ApiCountLimitForOrg", 90020, "企业本月的调用次数已用完"),
    "busy": Refusal(429, "system.busy", -1, "系统繁忙"),
    "system": Refusal(500, "system.error", -1, "系统错误"),
    "timeout": Refusal(504, "GatewayTimeout", 15, "远程服务调用超时"),
    "unknown": Refusal(500, "unknownError", -1, "未知错误"),
    "too_fast": Refusal(400, "send.too.fast", 130101, "发送过快"),
    "unsafe": Refusal(400, "contain.notAllowed.text", 430101, "含有不允许的文本"),
    "lock": Refusal(400, "todo.taskCreate.lockError", -1, "lockError"),
    "flow_control": Refusal(400, "todo.taskCreate.flowControlError", -1, "flowControlError"),
    "bad_credentials": Refusal(401, "invalidClientIdOrSecret", 40096, "无效的clientId或者clientSecret"),
    "system_error": Refusal(400, "systemError", -1, "系统错误"),
}
FAULT_KINDS = (
    *REFUSALS,
    "error",  # `status`, `code`, `message`; on the old API `errcode`
    "http",  # `status`, with a body that is no JSON
    "html",
    "punish",  # the page for addresses that called too often
    "slow",  # `seconds` of silence, then done
    "reset",  # hung up on, nothing done
    "hang",  # done, then silence for `seconds`
    "reset_after",  # done, then hung up on
    "truncated",  # done; half the answer
    "wrong_type",  # done; the answer called text/plain
    "undelivered",  # a card's delivery fails inside HTTP 200
    "flow_controlled",  # batchSend holds everything back inside HTTP 200
    "silent_drop",  # a work notice that nobody sees
)


async def fail_early(
    dingtalk: "DingTalkDialect", request: web.Request, call: Call, fault: Fault | None
) -> web.StreamResponse | None:
    """The answer that stands in for doing anything."""
    kind = fault.kind if fault else ""
    if fault is None:
        return None
    if kind == "slow":
        await _silence(dingtalk, fault.seconds)
    if kind == "reset":
        hang_up(request)
        return web.Response()
    if kind == "http":
        elsewhere = {"Location": f"{dingtalk.base_url}/elsewhere"} if fault.status in {301, 302, 307, 308} else {}
        return web.Response(status=fault.status, headers=elsewhere, text="not DingTalk")
    if kind == "html":
        return web.Response(text="<html>企业网络认证</html>", content_type="text/html")
    if kind == "punish":
        body = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": dingtalk.request_id()}
        return web.json_response(body)
    refusal = REFUSALS.get(kind)
    if kind == "error":
        refusal = Refusal(fault.status, fault.code, fault.errcode, fault.message)
    return _refused(dingtalk, call, refusal) if refusal else None


def _refused(dingtalk: "DingTalkDialect", call: Call, refusal: Refusal) -> web.Response:
    call.error = refusal.code
    if not call.path.startswith("/v1.0/") and call.api != "connect":
        return _json({"errcode": refusal.errcode, "errmsg": refusal.message, "request_id": dingtalk.request_id()}, 200)
    body: dict[str, Any] = {"code": refusal.code, "requestid": dingtalk.request_id(), "message": refusal.message}
    if refusal.code.endswith("AccessTokenPermissionDenied"):
        body["accessdenieddetail"] = {"requiredScopes": ["Card.Instance.Write"]}
    return _json(body, refusal.status)


async def fail_late(
    dingtalk: "DingTalkDialect", request: web.Request, answer: web.StreamResponse, fault: Fault | None
) -> web.StreamResponse:
    """What becomes of an answer after everything was done."""
    kind = fault.kind if fault else ""
    if fault is not None and kind == "hang":
        await _silence(dingtalk, fault.seconds)
    if kind == "reset_after":
        hang_up(request)
    if kind == "wrong_type":
        answer.content_type = "text/plain"
    if kind == "truncated" and isinstance(answer, web.Response):
        return await _truncated(request, answer)
    return answer


async def _silence(dingtalk: "DingTalkDialect", seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(dingtalk.hanging.wait(), seconds)


def hang_up(request: web.Request) -> None:
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


def _json(body: dict[str, Any], status: int) -> web.Response:
    answer = web.Response(body=json.dumps(body, ensure_ascii=False).encode(), status=status)
    answer.headers["Content-Type"] = "application/json;charset=utf-8"
    return answer
