"""What DingTalk's answers mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dingtalk.errors_table import (
    MEANINGS,
    OLD_MEANINGS,
    TODO_REASONS,
    TaskExists,
    TaskGone,
    error_of,
    permission_hint,
    shaped_task_id,
    undelivered,
)
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

SEND = "robot/oToMessages/batchSend"
CARD = "card/instances/createAndDeliver"
TASKS = "todo/users/*/tasks"
USER = "topapi/v2/user/get"
WEBHOOK = "robot/send"


def new(code: str, message: str = "出错了", **more: object) -> JsonObject:
    return {"code": code, "requestid": "0A1B", "message": message, **more}  # type: ignore[dict-item]


def of(api: str, status: int, answer: JsonObject | None, text: str = "") -> PlatformError:
    error = error_of(api, status, answer, text)
    assert error is not None
    return error


# how the table is read


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_each_code_of_the_new_api_has_its_error_and_a_hint(code: str) -> None:
    error = of(CARD, 400, new(code))
    assert type(error) is MEANINGS[code].error
    assert error.code == code
    assert error.hint


@pytest.mark.parametrize("code", sorted(OLD_MEANINGS))
def test_each_code_of_the_old_api_has_its_error_and_a_hint(code: int) -> None:
    error = of(USER, 200, {"errcode": code, "errmsg": "出错了"})
    assert type(error) is OLD_MEANINGS[code].error
    assert error.code == code
    assert error.hint


@pytest.mark.parametrize("reason", sorted(TODO_REASONS))
@pytest.mark.parametrize("where", ["code", "message"])
def test_a_todo_is_refused_for_the_reason_that_is_told(reason: str, where: str) -> None:
    answer = new("todo.taskCreate.paramError", f"x {reason} y") if where == "message" else new(reason)
    error = of(TASKS, 400, answer)
    assert (type(error), error.code) == (TODO_REASONS[reason].error, reason)
    assert error.hint


@pytest.mark.parametrize("answer", [{}, {"errcode": 0, "errmsg": "ok"}, {"errcode": "0"}, {"success": True}])
def test_a_good_answer_is_no_error(answer: JsonObject) -> None:
    assert error_of(SEND, 200, answer) is None


@pytest.mark.parametrize(
    ("api", "status", "answer", "kind", "retry_after_s"),
    [
        (SEND, 400, new("InvalidAuthentication"), TokenRejected, None),
        (SEND, 401, new("whatever"), TokenRejected, None),
        (USER, 200, {"errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token"}, TokenRejected, None),
        (USER, 200, {"errcode": 88, "sub_code": "40000"}, TokenRejected, None),
        ("media/upload", 200, {"errcode": 40014}, TokenRejected, None),
        (USER, 200, {"errcode": 40001}, TokenRejected, None),
        (USER, 200, {"errcode": 42001}, TokenRejected, None),
        (SEND, 400, new("AuthenticationFailed.MissingParameter"), NotPermitted, None),
        ("oauth2/accessToken", 400, new("invalidClientIdOrSecret"), NotPermitted, None),
        ("oauth2/accessToken", 401, new("unauthorized.client"), NotPermitted, None),
        ("gateway/connections/open", 401, new("strange"), NotPermitted, None),
        ("gateway/connections/open", 401, None, NotPermitted, None),
        ("gateway/connections/open", 400, new("systemError", "系统错误"), PlatformBusy, None),
        ("gettoken", 200, {"errcode": 40096}, NotPermitted, None),
        (SEND, 403, new("Forbidden.AccessDenied.AccessTokenPermissionDenied"), NotPermitted, None),
        (USER, 200, {"errcode": 88, "sub_code": "60011", "sub_msg": "[qyapi_x]"}, NotPermitted, None),
        (SEND, 403, new("Forbidden.AccessDenied.IpNotInWhiteList"), NotPermitted, None),
        (SEND, 403, new("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"), PlatformBusy, 1.0),
        (SEND, 403, new("Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"), PlatformBusy, 60.0),
        (SEND, 403, new("Forbidden.AccessDenied.QpsLimitForSomethingNew"), PlatformBusy, 1.0),
        (SEND, 403, new("Forbidden.AccessDenied.QpsLimitForApi"), PlatformBusy, None),
        (USER, 200, {"errcode": 90018}, PlatformBusy, 1.0),
        (USER, 200, {"errcode": 88, "sub_code": "90002"}, PlatformBusy, None),
        (SEND, 403, new("Forbidden.AccessDenied.ApiCountLimitForOrg"), QuotaSpent, None),
        (SEND, 400, new("Forbidden.AccessDenied.ApiCountLimitForOrg"), QuotaSpent, None),
        (SEND, 403, new("Forbidden.AccessDenied.ApiCountLimitForSomethingNew"), QuotaSpent, None),
        (USER, 200, {"errcode": 90020}, QuotaSpent, None),
        (SEND, 403, new("Forbidden.SomethingElse"), NotPermitted, None),
        (SEND, 504, new("gateway.timeout"), PlatformBusy, None),
        (SEND, 504, None, PlatformBusy, None),
        (USER, 200, {"errcode": 15}, PlatformBusy, None),
        (USER, 200, {"errcode": 88}, PlatformBusy, None),
        (USER, 200, {"errcode": 88, "sub_code": "isp.top-remote-connection-timeout"}, PlatformBusy, None),
        (SEND, 429, new("systemBusy"), PlatformBusy, None),
        (SEND, 429, new("unheard.of"), PlatformBusy, None),
        (CARD, 500, new("system.busy"), PlatformBusy, None),
        (SEND, 500, new("system.error"), PlatformBusy, None),
        (SEND, 500, new("unknownError", "未知错误"), PlatformBusy, None),
        ("card/instances", 500, new("unknownError", "未知错误"), ContentRefused, None),
        (USER, 200, {"errcode": -1}, PlatformBusy, None),
        (SEND, 200, {"errcode": 404, "errmsg": "请求的URI地址不存在"}, PlatformError, None),
        (USER, 200, {"errcode": 22, "sub_msg": "不合法ApiName"}, PlatformError, None),
        (SEND, 404, new("not.found"), PlatformError, None),
        (SEND, 302, None, PlatformError, None),
        ("card/callbacks/register", 500, new("param.callbackRouteKeyExist"), NotPermitted, None),
        (SEND, 400, new("brand.new.code"), ContentRefused, None),
        (CARD, 400, new("brand.new.code"), ContentRefused, None),
        ("contact/users", 400, new("brand.new.code"), PlatformError, None),
        (TASKS, 400, new("todo.taskCreate.lockError"), PlatformBusy, 1.0),
        (TASKS, 400, new("todo.taskCreate.flowControlError"), PlatformBusy, 1.0),
        (TASKS, 400, new("todo.taskCreate.paramError", "creatorId is empty"), ContentRefused, None),
        (WEBHOOK, 200, {"errcode": 130101, "errmsg": "send too fast"}, PlatformBusy, 60.0),
        (WEBHOOK, 200, {"errcode": 660026}, PlatformBusy, 60.0),
        (USER, 200, {"errcode": 33012}, RecipientUnreachable, None),
        (USER, 200, {"errcode": "60121"}, RecipientUnreachable, None),
        ("robot/messageFiles/download", 400, new("invalidParameter.robotCode.downloadCode"), MediaGone, None),
    ],
    ids=lambda value: value.get("code", str(value.get("errcode"))) if isinstance(value, dict) else None,
)
def test_each_situation_has_its_error(
    api: str, status: int, answer: JsonObject | None, kind: type[PlatformError], retry_after_s: float | None
) -> None:
    error = of(api, status, answer)
    assert type(error) is kind
    assert error.retry_after_s == retry_after_s
    assert error.hint
    assert "出错了" not in error.hint + str(error)


def test_codes_are_known_in_either_case() -> None:
    assert isinstance(of(SEND, 400, new("systembusy")), PlatformBusy)
    assert isinstance(of(SEND, 400, new("staffid.notexisted")), RecipientUnreachable)


# shut out


@pytest.mark.parametrize(
    ("status", "answer", "text"),
    [
        (200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}, ""),
        (200, {"status": "1111"}, ""),
        (200, None, "<html><script>location='/_____tmd_____/punish?x5secdata=…'</script></html>"),
        (403, None, "<html>punish</html>"),
    ],
)
def test_an_address_that_is_shut_out_waits_five_minutes(status: int, answer: JsonObject | None, text: str) -> None:
    error = of(SEND, status, answer, text)
    assert (type(error), error.code, error.retry_after_s) == (PlatformBusy, "punished", 300.0)
    assert "出口 IP" in error.hint


def test_a_page_instead_of_an_answer_is_busy_and_points_to_the_proxy() -> None:
    error = of(SEND, 200, None, "<html>请登录</html>")
    assert (type(error), error.code) == (PlatformBusy, "not JSON")
    assert "proxy" in error.hint


# what the admin reads


def test_the_missing_permission_points_are_named() -> None:
    detail = {"requiredScopes": ["Contact.User.Read", "Card.Instance.Write", "<b>快点我</b>", 7]}
    error = of(CARD, 403, new("Forbidden.AccessDenied.AccessTokenPermissionDenied", accessdenieddetail=detail))
    assert "Contact.User.Read、Card.Instance.Write" in error.hint
    assert "权限管理" in error.hint
    assert "快点我" not in error.hint


def test_the_old_apis_permission_points_are_named_too() -> None:
    told = "应用尚未开通所需的权限：[qyapi_get_member]，点击链接申请并开通即可：https://open-dev.dingtalk.com/x"
    error = of(
        USER, 200, {"errcode": 88, "sub_code": "60011", "sub_msg": told, "errmsg": f"[subcode=60011,submsg={told}]"}
    )
    assert "申请 qyapi_get_member" in error.hint
    assert "https" not in error.hint


@pytest.mark.parametrize(
    ("api", "point"),
    [
        (SEND, "qyapi_robot_sendmsg"),
        ("robot/messageFiles/download", "qyapi_robot_sendmsg"),
        (CARD, "Card.Instance.Write"),
        ("card/streaming", "Card.Streaming.Write"),
        (TASKS, "Todo.Todo.Write"),
        (USER, "qyapi_get_member"),
        ("elsewhere", "这个接口的权限"),
    ],
)
def test_where_dingtalk_names_no_point_the_known_one_is_named(api: str, point: str) -> None:
    assert point in of(api, 403, new("Forbidden.AccessDenied.AccessTokenPermissionDenied")).hint
    assert point in permission_hint(api, [])


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("访问ip不在白名单之中，request ip=203.0.113.7 appKey(dingabc)", "203.0.113.7"),
        ("request ip=2001:db8::1", "2001:db8::1"),
        ("ip 203.0.113.7.", "203.0.113.7"),
    ],
)
def test_an_address_outside_the_white_list_is_named(told: str, address: str) -> None:
    errors = [
        of(SEND, 403, new("Forbidden.AccessDenied.IpNotInWhiteList", told)),
        of(USER, 200, {"errcode": 60020, "errmsg": told}),
        of(USER, 200, {"errcode": 88, "sub_code": "60020", "sub_msg": told}),
    ]
    for error in errors:
        assert f" {address} " in error.hint
        assert "服务器出口IP" in error.hint
        assert address not in str(error)
        assert "dingabc" not in error.hint


def test_without_an_address_the_hint_still_helps() -> None:
    assert "服务器出口IP" in of(USER, 200, {"errcode": 60020, "errmsg": "不在白名单"}).hint


# to-dos


@pytest.mark.parametrize(
    ("told", "task_id"),
    [
        ("task existed in this app, taskId is task8f3a", "task8f3a"),
        ("task exist", None),
        ("task existed, taskId is ../../evil", None),
        ("task existed, taskId: 55155814691", "55155814691"),
    ],
)
def test_the_id_of_a_known_todo_is_read_where_it_is_told(told: str, task_id: str | None) -> None:
    error = of(TASKS, 400, new("todo.taskCreate.paramError", told))
    assert isinstance(error, TaskExists)
    assert error.task_id == task_id


def test_a_todo_that_is_gone_is_not_one_that_exists() -> None:
    assert isinstance(of(TASKS, 400, new("todo.error", "task not exist")), TaskGone)


def test_a_sentence_about_todos_means_nothing_elsewhere() -> None:
    assert type(of(SEND, 400, new("x.y", "task exist"))) is ContentRefused


@pytest.mark.parametrize("value", ["", "a/b", "a" * 65, None, True, "a b", {"id": 1}, 1.5])
def test_no_id_is_taken_that_is_none(value: object) -> None:
    assert shaped_task_id(value) is None


def test_an_id_may_be_a_number() -> None:
    assert shaped_task_id(55155814691) == "55155814691"


# cards that were created and did not arrive


@pytest.mark.parametrize(
    ("reason", "kind", "code"),
    [
        ("spaceId is illegal", ContentRefused, "spaceId"),
        ("param.userIdNotExist", ContentRefused, "param.userIdNotExist"),
        ("system.busy 系统繁忙", ContentRefused, "system.busy"),
        ("bot.stopped", NotPermitted, "bot.stopped"),
        ("robot has no permission", NotPermitted, "permission"),
        ("", ContentRefused, "undelivered"),
        ("张总的卡片 https://example.com/secret", ContentRefused, "undelivered"),
    ],
)
def test_a_card_that_did_not_arrive_is_said_as_text(reason: str, kind: type[PlatformError], code: str) -> None:
    error = undelivered(CARD, reason)
    assert (type(error), error.code) == (kind, code)
    assert error.hint
    assert "张总" not in error.hint + str(error)


# whatever comes


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    ["code", "message", "errcode", "errmsg", "sub_code", "sub_msg", "accessdenieddetail", "status", "success"]
)


@given(
    api=st.sampled_from([SEND, CARD, TASKS, USER, WEBHOOK, "oauth2/accessToken"]),
    status=st.integers(100, 599),
    answer=st.none() | st.dictionaries(fields, json_values),
    text=st.text(max_size=40),
)
def test_no_answer_is_too_strange_for_the_table(api: str, status: int, answer: JsonObject | None, text: str) -> None:
    error = error_of(api, status, answer, text)
    assert error is not None or (200 <= status < 300 and answer is not None)
    if error is not None:
        assert len(str(error)) < 160
        assert error.hint


@given(st.text(max_size=300))
def test_no_words_of_dingtalks_reach_an_error(words: str) -> None:
    marked = f"机密{words}机密"
    errors = [
        of(SEND, 400, new(marked, marked)),
        of(TASKS, 400, new("todo.taskCreate.paramError", f"task exist taskId {marked}")),
        of(USER, 200, {"errcode": 88, "sub_code": marked, "sub_msg": marked, "errmsg": marked}),
        of(USER, 200, {"errcode": marked}),
        undelivered(CARD, marked),
    ]
    for error in errors:
        assert "机密" not in str(error) + error.hint + json.dumps(vars(error), ensure_ascii=False)
