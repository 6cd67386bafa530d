"""What each of DingTalk's error codes means for us, and what an admin should do about it.

Its new API tells errors by HTTP status and a code of words, its old one by `errcode` within HTTP 200, or by `sub_code`
where the gateway in front refused. Source: the open platform's page of server API error codes, those on call frequency
and throttling, and the error tables on the page of each call. Codes of functions that we do not call are left out.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import (
    ContentRefused,
    MediaGone,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
    RecipientUnreachable,
    TokenRejected,
)
from handlers.messages import JsonObject

TOKEN_API = "oauth2/accessToken"  # noqa: S105
CONNECTION_API = "gateway/connections/open"
REPLY_API = "robot/sendBySession"
PUNISHED = "punished"
PUNISHED_S = 300.0
"""More than 10,000 calls in 20 s and an address is shut out for five minutes."""
ROBOT_WINDOW_S = 60.0
"""A robot's messages, and those to one person, are counted by the minute."""
CARD_EXISTS = "param.cardAlreadyExist"
UNEXPLAINED = "unknownError"
"""For cards: a missing permission, or a variable that the template lacks."""
TASK_EXISTS = "task exist"
TASK_GONE = "task not exist"
UNTRUSTED_ADDRESSES = frozenset({"Forbidden.AccessDenied.IpNotInWhiteList", 60020, "88/60020"})


class TaskExists(ContentRefused):
    """A to-do of this `sourceId` was created before; its id where DingTalk tells it."""

    task_id: str | None = None


class TaskGone(ContentRefused):
    pass


@dataclass(frozen=True)
class Meaning:
    error: type[PlatformError]
    hint: str
    retry_after_s: float | None = None


_CONSOLE = "“钉钉开放平台 → 应用开发 → 本应用”"
_REFUSED_CALL = "请求参数不符合钉钉的要求，这是程序的问题，请把错误码反馈给开发者。"
_STALE_TOKEN = (
    "access_token 刷新后仍被拒绝：请确认 client_id 和 client_secret 是同一个应用的，"
    f"到{_CONSOLE}的“凭证与基础信息”重新复制。"
)
_WRONG_SECRET = Meaning(
    NotPermitted,
    f"Client ID 或 Client Secret 不对、已被重置，或应用已停用：到{_CONSOLE}的“凭证与基础信息”重新复制，更新后重启。"
    "程序会暂停尝试，避免反复出错。",
)
_UNTRUSTED = f"本机出口 IP 不在白名单里：到{_CONSOLE}的“开发配置 → 安全设置 → 服务器出口IP”添加。"
_SLOWER = "调用太密，稍后会自动重试；若反复出现，请调低 [dingtalk] calls_per_s。"
_QUOTA = "本月的钉钉接口调用量已用完，到下月初或扩容后自动恢复：管理员可在钉钉开放平台的“用量与计费”查看，购买扩展包。"
_BUSY = "钉钉系统繁忙，稍后会自动重试。"
_TIMEOUT = "钉钉网关超时，稍后会自动重试。"
_WRONG_ROBOT = (
    f"机器人编码（robot_code）不对：到{_CONSOLE}的“应用能力 → 机器人”复制 RobotCode（自建应用一般与 Client ID 相同），"
    "并确认机器人已发布。"
)
_WRONG_TEMPLATE = (
    "卡片模板 ID（card_template_id）不对，或模板没有关联本应用："
    "到“钉钉开放平台 → 开放能力 → 卡片平台”复制，在此之前改发文字。"
)
_NO_PERSON = (
    "成员的 userId 在本企业不存在：可能已离职，或不在应用的可见范围，请检查成员名单和“版本管理与发布”的可见范围。"
)
_NO_GROUP = "群不存在，或机器人不在群里：请在群设置里把机器人加回来。"
_UNSAFE = "内容被钉钉的安全检查拦截：请管理员检查话术和链接。"
_STOPPED = f"机器人已停用：到{_CONSOLE}的“应用能力 → 机器人”启用并重新发布。"
_INTERNAL = "程序会自动处理，无需操作。"

MEANINGS: dict[str, Meaning] = {
    # who we are
    "InvalidAuthentication": Meaning(TokenRejected, _STALE_TOKEN),
    "AuthenticationFailed.MissingParameter": Meaning(
        NotPermitted, "请求里的访问凭证没有送到钉钉：请检查 proxy 是否去掉了请求头 x-acs-dingtalk-access-token。"
    ),
    "invalidClientIdOrSecret": _WRONG_SECRET,
    "invalid.client": _WRONG_SECRET,
    "unauthorized.client": _WRONG_SECRET,
    # what we may do
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": Meaning(NotPermitted, ""),
    "Forbidden.AccessDenied.IpNotInWhiteList": Meaning(NotPermitted, _UNTRUSTED),
    # how often we call
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": Meaning(PlatformBusy, _SLOWER, 1.0),
    "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi": Meaning(PlatformBusy, _SLOWER, 60.0),
    "Forbidden.AccessDenied.QpsLimitForApi": Meaning(PlatformBusy, "钉钉整体繁忙，稍后会自动重试。"),
    "Forbidden.AccessDenied.ApiCountLimitForOrg": Meaning(QuotaSpent, _QUOTA),
    "system.busy": Meaning(PlatformBusy, _BUSY),
    "systemBusy": Meaning(PlatformBusy, _BUSY),
    "system.error": Meaning(PlatformBusy, _BUSY),
    "systemError": Meaning(PlatformBusy, _BUSY),
    "send.too.fast": Meaning(PlatformBusy, "机器人发消息太密，稍后会自动重试。", ROBOT_WINDOW_S),
    # files
    "invalidParameter.robotCode.downloadCode": Meaning(MediaGone, "文件的下载码有误或已过期，请对方重新发送。"),
    "invalidParameter.robotCode.auth": Meaning(NotPermitted, _WRONG_ROBOT),
    "invalidParameter.robotCode.empty": Meaning(
        NotPermitted, "没有填机器人编码（robot_code），或消息里没有文件的下载码。"
    ),
    # whom we write to, and as whom
    "invalidParameter.robotCode.notExsit": Meaning(NotPermitted, _WRONG_ROBOT),
    "invalidParameter.robotCode.notExist": Meaning(NotPermitted, _WRONG_ROBOT),
    "resource.not.found": Meaning(NotPermitted, _WRONG_ROBOT),
    "robot.oto.notExist": Meaning(NotPermitted, _WRONG_ROBOT),
    "chatbotId.notAllow.sendOTO": Meaning(
        NotPermitted, f"这个机器人不能发单聊消息：到{_CONSOLE}的“应用能力 → 机器人”确认是应用机器人，并重新发布。"
    ),
    "bot.stopped": Meaning(NotPermitted, _STOPPED),
    "staffId.notExisted": Meaning(RecipientUnreachable, _NO_PERSON),
    "too.many.people": Meaning(ContentRefused, "一次发送的成员超过钉钉的上限。"),
    "invalidParameter.userIds.overMax": Meaning(ContentRefused, "一次发送的成员超过钉钉的上限。"),
    "invalid.openConversationId": Meaning(RecipientUnreachable, _NO_GROUP),
    "group.disbanded": Meaning(RecipientUnreachable, "群已解散。"),
    # what we write
    "invalidParameter.msgKey.invalid": Meaning(ContentRefused, _REFUSED_CALL),
    "invalidParameter.msgParam.invalid": Meaning(ContentRefused, _REFUSED_CALL),
    "invalidParameter.msgParam.tooLong": Meaning(ContentRefused, "消息太长，钉钉不接受。"),
    "contain.notAllowed.text": Meaning(ContentRefused, _UNSAFE),
    "contain.unsafe.url": Meaning(
        ContentRefused, f"消息里的链接被钉钉判为不安全：请检查 public_url，并在{_CONSOLE}的“安全设置”登记域名。"
    ),
    # cards
    "param.templateNotExist": Meaning(ContentRefused, _WRONG_TEMPLATE),
    "param.templateUnpublished": Meaning(
        ContentRefused, "卡片模板还没有发布：到“钉钉开放平台 → 开放能力 → 卡片平台”发布，在此之前改发文字。"
    ),
    CARD_EXISTS: Meaning(ContentRefused, "同一张卡片已经发过。" + _INTERNAL),
    "param.cardNotExist": Meaning(ContentRefused, "卡片已不存在，不能更新。" + _INTERNAL),
    "param.userIdNotExist": Meaning(RecipientUnreachable, _NO_PERSON),
    "param.openSpaceIdInvalid": Meaning(ContentRefused, _REFUSED_CALL),
    "param.openSpaceIdEmpty": Meaning(ContentRefused, _REFUSED_CALL),
    "param.openDeliverModelEmpty": Meaning(ContentRefused, _REFUSED_CALL),
    "param.contentUnsafe": Meaning(ContentRefused, _UNSAFE),
    "param.empty": Meaning(ContentRefused, _REFUSED_CALL),
    "param.cardDataAndPrivateDataBothEmpty": Meaning(ContentRefused, _REFUSED_CALL),
    "param.callbackRouteKeyExist": Meaning(
        NotPermitted, "卡片回调的路由已被占用：请确认没有另一套程序在用同一个应用，再重启。"
    ),
    UNEXPLAINED: Meaning(
        ContentRefused, "卡片不能更新：请检查应用有没有 Card.Instance.Write 权限，模板里有没有程序用到的变量。"
    ),
    # to-dos
    "todo.taskCreate.lockError": Meaning(PlatformBusy, _BUSY, 1.0),
    "todo.taskCreate.flowControlError": Meaning(PlatformBusy, "创建待办太密，稍后会自动重试。", 1.0),
    "todo.taskCreate.paramError": Meaning(ContentRefused, _REFUSED_CALL),
}

TODO_REASONS: dict[str, Meaning] = {
    # The code is the same for all of these; DingTalk's sentence tells them apart.
    TASK_EXISTS: Meaning(TaskExists, "同一条待办已经建过。" + _INTERNAL),
    TASK_GONE: Meaning(TaskGone, "待办已被删除。" + _INTERNAL),
    "task not belong to bizTag": Meaning(
        NotPermitted, "这条待办是别的应用建的，本应用不能修改：请检查 client_id 是否换过。"
    ),
    "dueTime is invalid": Meaning(ContentRefused, "待办的截止时间不被钉钉接受，改发卡片或文字。"),
    "subject is oversize": Meaning(ContentRefused, "待办的标题超过 1024 个字，改发卡片或文字。"),
}

OLD_MEANINGS: dict[int, Meaning] = {
    -1: Meaning(PlatformBusy, _BUSY),
    15: Meaning(PlatformBusy, _TIMEOUT),
    22: Meaning(PlatformError, "钉钉没有这个接口：请检查 oapi_base；若没有改过，请把错误码反馈给开发者。"),
    88: Meaning(PlatformBusy, _TIMEOUT),
    404: Meaning(PlatformError, "钉钉没有这个地址：请检查 api_base 和 oapi_base。"),
    # who we are
    40000: Meaning(TokenRejected, _STALE_TOKEN),
    40001: Meaning(TokenRejected, _STALE_TOKEN),
    40014: Meaning(TokenRejected, _STALE_TOKEN),
    42001: Meaning(TokenRejected, _STALE_TOKEN),
    40096: _WRONG_SECRET,
    # what we may do
    60011: Meaning(NotPermitted, ""),
    60020: Meaning(NotPermitted, _UNTRUSTED),
    # how often we call
    90018: Meaning(PlatformBusy, _SLOWER, 1.0),
    90002: Meaning(PlatformBusy, "钉钉整体繁忙，稍后会自动重试。"),
    90020: Meaning(QuotaSpent, _QUOTA),
    # whom we write to
    33012: Meaning(RecipientUnreachable, _NO_PERSON),
    60121: Meaning(RecipientUnreachable, _NO_PERSON),
    60003: Meaning(RecipientUnreachable, "部门不存在：可能已被删除，请检查成员名单。"),
    # files
    40004: Meaning(ContentRefused, "文件类型不被钉钉接受。"),
    40005: Meaning(ContentRefused, "文件类型不被钉钉接受。"),
    40006: Meaning(ContentRefused, "文件大小不被钉钉接受。"),
    40009: Meaning(ContentRefused, "文件大小不被钉钉接受。"),
    # a group's robot, and answers by the session's address
    300001: Meaning(PlatformError, "会话的回复地址已过期，改用接口发送。" + _INTERNAL),
    130101: Meaning(PlatformBusy, "机器人每分钟最多发 20 条，稍后会自动重试。", ROBOT_WINDOW_S),
    660026: Meaning(PlatformBusy, "机器人每分钟最多发 20 条，稍后会自动重试。", ROBOT_WINDOW_S),
    310000: Meaning(
        NotPermitted, "群机器人的安全设置不通过：到“群设置 → 机器人”核对加签密钥、关键词、IP 段，并检查本机时间。"
    ),
    300005: Meaning(NotPermitted, "群机器人的 access_token 不存在：到“群设置 → 机器人”重新复制 Webhook 地址。"),
    400101: Meaning(NotPermitted, "群机器人的 access_token 不存在：到“群设置 → 机器人”重新复制 Webhook 地址。"),
    400102: Meaning(NotPermitted, "群机器人已停用：到“群设置 → 机器人”启用。"),
    400106: Meaning(NotPermitted, "群机器人已被删除：到“群设置 → 机器人”重新添加。"),
    400013: Meaning(RecipientUnreachable, "群已解散。"),
    400105: Meaning(ContentRefused, _REFUSED_CALL),
    40035: Meaning(ContentRefused, _REFUSED_CALL),
    43004: Meaning(ContentRefused, _REFUSED_CALL),
    460101: Meaning(ContentRefused, "消息太长，钉钉不接受。"),
    430101: Meaning(ContentRefused, "链接被钉钉判为不安全：请检查 public_url。"),
    430102: Meaning(ContentRefused, _UNSAFE),
    430103: Meaning(ContentRefused, _UNSAFE),
    430104: Meaning(ContentRefused, _UNSAFE),
}

_SUB_CODES = {"isp.top-remote-connection-timeout": OLD_MEANINGS[15]}
_UNKNOWN = Meaning(PlatformError, "钉钉返回了未收录的错误码，请到“钉钉开放平台 → 错误码查询”查看。")
_UNKNOWN_CONTENT = Meaning(ContentRefused, "钉钉不接受这条消息，错误码未收录，请到“钉钉开放平台 → 错误码查询”查看。")
_NO_API = "回答不像钉钉的接口：请检查 api_base、oapi_base 和 proxy。"

SCOPES = (
    ("robot/", "企业内机器人发送消息权限（qyapi_robot_sendmsg）"),
    ("card/streaming", "AI 卡片流式更新权限（Card.Streaming.Write）"),
    ("card/", "互动卡片实例写权限（Card.Instance.Write）"),
    ("todo/", "待办应用中待办写权限（Todo.Todo.Write）"),
    ("topapi/v2/user/", "成员信息读权限（qyapi_get_member）"),
)
"""Which permission point opens which calls, where DingTalk does not say it in its answer."""
_SCOPE = re.compile(r"[A-Za-z][0-9A-Za-z_.\-]{2,63}")
_TASK_ID = re.compile(r"(?i)task ?id(?: is|[ :=：为])? ?([0-9a-z_\-]{4,64})(?![0-9a-z_\-])")
_CODES = {code.lower(): meaning for code, meaning in MEANINGS.items()}


def error_of(api: str, status: int, answer: JsonObject | None, text: str = "") -> PlatformError | None:
    """What went wrong according to an answer; None where nothing did. `text` is its start where it is no JSON.

    Of DingTalk's own words only the permission points and the caller's address are used.
    """
    if _is_punished(answer, text):
        hint = (
            f"本机出口 IP 调用太密，被钉钉暂停约 {PUNISHED_S / 60:.0f} 分钟，到时自动恢复；请检查同一出口的其他程序。"
        )
        return PlatformBusy(api, PUNISHED, hint=hint, retry_after_s=PUNISHED_S)
    if answer is None:
        return _no_json(api, status)
    if "errcode" in answer and answer["errcode"] not in (0, "0"):
        return _old_error(api, answer)
    if 200 <= status < 300:
        return None
    return _new_error(api, status, answer)


def _is_punished(answer: JsonObject | None, text: str) -> bool:
    if answer is None:
        return "punish" in text
    return "punish" in answer or str(answer.get("status")) == "1111"


def _no_json(api: str, status: int) -> PlatformError:
    if status == 401:
        return _refused_token(api, f"http {status}")
    if status >= 500 or status == 429:
        return PlatformBusy(api, f"http {status}", hint=_TIMEOUT if status == 504 else _BUSY)
    if 200 <= status < 300:
        # A page of the proxy's, for instance.
        return PlatformBusy(api, "not JSON", hint=_NO_API)
    return PlatformError(api, f"http {status}", hint=_NO_API)


def _refused_token(api: str, code: int | str) -> PlatformError:
    if api in (TOKEN_API, CONNECTION_API):
        return NotPermitted(api, code, hint=_WRONG_SECRET.hint)
    return TokenRejected(api, code, hint=_STALE_TOKEN)


def _old_error(api: str, answer: JsonObject) -> PlatformError:
    code, sub_code = _number(answer.get("errcode")), answer.get("sub_code")
    if code is None:
        return PlatformError(api, "errcode", hint=_UNKNOWN.hint)
    told = " ".join(str(answer.get(name, "")) for name in ("sub_msg", "errmsg"))
    if not sub_code:
        return _error(api, code, OLD_MEANINGS.get(code, _UNKNOWN), told, scopes=_bracketed(told))
    name = f"{code}/{_shaped(sub_code)}"
    number = _number(sub_code)
    meaning = OLD_MEANINGS.get(number, _UNKNOWN) if number is not None else _SUB_CODES.get(str(sub_code))
    return _error(api, name, meaning or _UNKNOWN, told, scopes=_bracketed(told))


def _new_error(api: str, status: int, answer: JsonObject) -> PlatformError:
    code, told = _shaped(answer.get("code")), str(answer.get("message", ""))
    reason = _todo_reason(f"{answer.get('code')} {told}") if api.startswith("todo/") else None
    if reason is not None:
        error = _error(api, reason, TODO_REASONS[reason], told)
        if isinstance(error, TaskExists) and (found := _TASK_ID.search(told)):
            error.task_id = shaped_task_id(found[1])
        return error
    meaning = _CODES.get(code.lower())
    if code == UNEXPLAINED and not api.startswith("card/"):
        meaning = None
    if meaning is None:
        if status == 401:
            return _refused_token(api, code)
        meaning = _by_status(api, status, code)
    detail = next((value for name, value in answer.items() if name.lower() == "accessdenieddetail"), None)
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    return _error(api, code, meaning, told, scopes=scopes if isinstance(scopes, list) else [])


def _by_status(api: str, status: int, code: str) -> Meaning:
    if status >= 500 or status == 429:
        return Meaning(PlatformBusy, _TIMEOUT if status == 504 else _BUSY)
    if status == 403:
        # New limits get names of the same pattern.
        if "countlimit" in code.lower():
            return Meaning(QuotaSpent, _QUOTA)
        is_limit = re.search(r"(?i)q[pd][smh]?limit|limitfor|toofast|toomany", code) is not None
        return Meaning(PlatformBusy, _SLOWER, 1.0) if is_limit else Meaning(NotPermitted, "")
    if status == 400 and api.startswith(("robot/", "card/", "todo/")):
        return _UNKNOWN_CONTENT
    return _UNKNOWN


def _todo_reason(told: str) -> str | None:
    told = told.lower()
    return next((reason for reason in TODO_REASONS if reason.lower() in told), None)


def _error(api: str, code: int | str, meaning: Meaning, told: str, *, scopes: Iterable[object] = ()) -> PlatformError:
    hint = meaning.hint
    if meaning.error is NotPermitted and not hint:
        hint = permission_hint(api, scopes)
    if code in UNTRUSTED_ADDRESSES and (address := _address(told)):
        hint = f"请把本机出口 IP {address} 加到{_CONSOLE}的“开发配置 → 安全设置 → 服务器出口IP”。"
    return meaning.error(api, code, hint=hint, retry_after_s=meaning.retry_after_s)


def permission_hint(api: str, scopes: Iterable[object] = ()) -> str:
    """What to apply for so that `api` may be called: the points that DingTalk names, or those we know of."""
    named = [scope for scope in scopes if isinstance(scope, str) and _SCOPE.fullmatch(scope)][:5]
    known = next((point for prefix, point in SCOPES if api.startswith(prefix)), "这个接口的权限")
    wanted = "、".join(named) or known
    return f"应用缺少权限：到{_CONSOLE}的“开发配置 → 权限管理”搜索并申请 {wanted}，开通后自动恢复。"


def _bracketed(told: str) -> list[str]:
    """The old API names the points in its sentence: [qyapi_get_member]."""
    return [name for inside in re.findall(r"\[([^\[\]]{1,400})\]", told) for name in re.split(r"[,，、 ]+", inside)]


def _address(told: str) -> str | None:
    for found in re.findall(r"[0-9A-Fa-f:.]{3,45}", told[:1000]):
        try:
            return str(ipaddress.ip_address(found.strip(".")))
        except ValueError:
            continue
    return None


def _number(code: object) -> int | None:
    return int(str(code)) if re.fullmatch(r"-?[0-9]{1,9}", str(code)) else None


def _shaped(code: object) -> str:
    """A code from outside, as far as it is one."""
    return code if isinstance(code, str) and re.fullmatch(r"[0-9A-Za-z._\-]{1,80}", code) else "error"


def undelivered(api: str, reason: str) -> PlatformError:
    """What to raise where a card was created but not delivered; `reason` is DingTalk's sentence, or a code.

    Whether the person can be reached at all shows when the card's words are sent as a text instead.
    """
    named = re.search(r"[A-Za-z]+(?:\.[A-Za-z]+)+", reason[:500])
    meaning = _CODES.get(named[0].lower()) if named else None
    if meaning is not None and named is not None:
        hint = meaning.hint or permission_hint(api)
        return (NotPermitted if meaning.error is NotPermitted else ContentRefused)(api, named[0], hint=hint)
    if re.search(r"(?i)permission|forbidden|权限", reason[:500]):
        return NotPermitted(api, "permission", hint=permission_hint(api))
    if re.search(r"(?i)spaceid", reason[:500]):
        return ContentRefused(
            api, "spaceId", hint="卡片没有送达：单聊要求成员的 userId 有效，群聊要求机器人在群里；已改发文字。"
        )
    return ContentRefused(api, "undelivered", hint="卡片没有送达，钉钉没有说明可识别的原因；已改发文字。")


def shaped_task_id(value: object) -> str | None:
    """An id from outside, as far as it is one; it becomes part of an address."""
    return str(value) if type(value) in (str, int) and re.fullmatch(r"[0-9A-Za-z_\-]{1,64}", str(value)) else None
