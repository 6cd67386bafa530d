"""The server APIs around the chat: to-dos, people and departments, work notices, the calendar."""

import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.dialects.dingtalk_chat import by_union_id
from tests.dialects.dingtalk_records import Call, Json, NativeTask, Person, Refused
from tests.dialects.dingtalk_rules import check_due, check_task

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect

BIZ_TAG = "yida"
NOTICE_BYTES = 2048
NOTICES_A_DAY = 500
_numbers = itertools.count(1)


# to-dos; every id in them is a unionId


async def create_task(dingtalk: "DingTalkDialect", call: Call) -> Json:
    body = call.body
    owner = _owner(dingtalk, call)
    check_task(body)
    source_id = str(body.get("sourceId") or "")
    twin = next((one for one in dingtalk.all_tasks if source_id and one.source_id == source_id), None)
    if twin is not None:
        message = f"task existed, taskId is {twin.task_id}" if dingtalk.names_existing_task else "task exist"
        raise Refused("todo.taskCreate.paramError", message, to_blame=False)
    executors = _people(dingtalk, body.get("executorIds"))
    participants = _people(dingtalk, body.get("participantIds"))
    if body.get("isOnlyShowExecutor") and not executors:
        dingtalk.violations.append("todo: shown to its executors only, and has none")
    creator = body.get("creatorId") or owner.union_id
    task = NativeTask(
        f"task{next(_numbers):06d}{dingtalk.seed:04d}",
        source_id,
        body["subject"],
        creator,
        executors,
        participants,
        body["detailUrl"],
        body.get("dueTime"),
        dingtalk.now(),
        dingtalk.now(),
        fields={one.get("fieldKey"): one.get("fieldValue") for one in body.get("contentFieldList") or []},
    )
    dingtalk.all_tasks.append(task)
    await _tell(dingtalk, "todo_task_create", task)
    return _shown(task)


async def update_task(dingtalk: "DingTalkDialect", call: Call) -> Json:
    _owner(dingtalk, call)
    task, body = _task(dingtalk, call), call.body
    check_due(body.get("dueTime"))
    task.subject = body.get("subject") or task.subject
    task.due_ms = body.get("dueTime", task.due_ms)
    if "executorIds" in body:
        task.executors = _people(dingtalk, body["executorIds"])
    if "done" in body:
        task.done = bool(body["done"])
        task.done_by = set(task.executors) if task.done else set()
    task.modified_at = dingtalk.now()
    await _tell(dingtalk, "todo_task_update", task)
    return {"result": True, "requestId": dingtalk.request_id()}


async def executor_status(dingtalk: "DingTalkDialect", call: Call) -> Json:
    _owner(dingtalk, call)
    task = _task(dingtalk, call)
    listed = call.body.get("executorStatusList")
    if not isinstance(listed, list) or not listed:
        raise Refused("todo.taskUpdate.paramError", "executorStatusList is empty")
    for one in listed:
        if not isinstance(one, dict) or one.get("id") not in task.executors:
            raise Refused("todo.taskUpdate.paramError", "executor not exist")
        (task.done_by.add if one.get("isDone") else task.done_by.discard)(one["id"])
    task.done = bool(task.executors) and task.done_by >= set(task.executors)
    task.modified_at = dingtalk.now()
    await _tell(dingtalk, "todo_task_update", task)
    return {"result": True, "requestId": dingtalk.request_id()}


async def delete_task(dingtalk: "DingTalkDialect", call: Call) -> Json:
    _owner(dingtalk, call)
    task = _task(dingtalk, call)
    task.deleted = True
    await _tell(dingtalk, "todo_task_delete", task)
    return {"result": True, "requestId": dingtalk.request_id()}


def query_tasks(dingtalk: "DingTalkDialect", call: Call) -> Json:
    owner = _owner(dingtalk, call)
    wanted = call.body.get("isDone")
    found = [
        {"taskId": one.task_id, "subject": one.subject, "isDone": one.done, "sourceId": one.source_id,
         "dueTime": one.due_ms, "detailUrl": one.detail_url, "bizTag": BIZ_TAG}
        for one in dingtalk.all_tasks
        if owner.union_id in one.executors and not one.deleted and wanted in {None, one.done}
    ]  # fmt: skip
    return {"nextToken": "", "todoCards": found}


def _owner(dingtalk: "DingTalkDialect", call: Call) -> Person:
    """The person in whose name it is done. Raises Refused for a userId or a stranger."""
    for union_id in (call.params["unionId"], call.params.get("operatorId")):
        if union_id is not None and by_union_id(dingtalk, union_id) is None:
            raise Refused("todo.taskCreate.paramError", "operator not exist, unionId is wanted")
    owner = by_union_id(dingtalk, call.params["unionId"])
    assert owner is not None
    return owner


def _people(dingtalk: "DingTalkDialect", union_ids: Any) -> list[str]:
    found = [str(one) for one in union_ids or []]
    if any(by_union_id(dingtalk, one) is None for one in found):
        raise Refused("todo.taskCreate.paramError", "executor not exist, unionId is wanted")
    return found


def _task(dingtalk: "DingTalkDialect", call: Call) -> NativeTask:
    for one in dingtalk.all_tasks:
        if one.task_id == call.params["taskId"] and not one.deleted:
            if not one.ours:
                raise Refused("todo.taskUpdate.paramError", "task not belong to bizTag")
            return one
    raise Refused("todo.taskUpdate.paramError", "task not exist", to_blame=False)


def _shown(task: NativeTask) -> Json:
    return {
        "id": task.task_id,
        "subject": task.subject,
        "description": None,
        "startTime": None,
        "dueTime": task.due_ms,
        "done": task.done,
        "sourceId": task.source_id,
        "bizTag": BIZ_TAG,
        "source": "todo",
        "creatorId": task.creator,
        "modifierId": task.creator,
        "createdTime": int(task.created_at.timestamp() * 1000),
        "modifiedTime": int(task.modified_at.timestamp() * 1000),
        "executorIds": task.executors,
        "participantIds": task.participants,
        "detailUrl": task.detail_url,
        "requestId": f"REQ-{task.task_id}",
    }


async def _tell(dingtalk: "DingTalkDialect", event: str, task: NativeTask) -> None:
    if event in dingtalk.subscribed_events:
        data = {"taskId": task.task_id, "bizTag": BIZ_TAG, "unionIdList": task.executors}
        await dingtalk.send_event(event, data)


# people and departments


def user_get(dingtalk: "DingTalkDialect", call: Call) -> Json:
    person = _person(dingtalk, call.body.get("userid"))
    return {
        "userid": person.user_id,
        "unionid": person.union_id,
        "name": person.name,
        "mobile": person.mobile,
        "title": person.title,
        "dept_id_list": person.department_ids,
        "leader_in_dept": [{"dept_id": one, "leader": False} for one in person.department_ids],
        "role_list": [],
        "active": person.active,
        "admin": person.admin,
        "boss": False,
        "senior": False,
        **({"manager_userid": person.manager_id} if person.manager_id else {}),
    }


def user_by_union_id(dingtalk: "DingTalkDialect", call: Call) -> Json:
    person = by_union_id(dingtalk, str(call.body.get("unionid")))
    if person is None:
        raise Refused(60121, "找不到该用户", to_blame=False)
    return {"contact_type": 0, "userid": person.user_id}


def user_list_ids(dingtalk: "DingTalkDialect", call: Call) -> Json:
    dept_id = _department(dingtalk, call.body)
    found = [one.user_id for one in dingtalk.people.values() if dept_id in one.department_ids and one.active]
    return {"userid_list": found}


def departments(dingtalk: "DingTalkDialect", call: Call) -> Any:
    dept_id = _department(dingtalk, call.body)
    return [
        {"dept_id": one.dept_id, "name": one.name, "parent_id": one.parent_id,
         "auto_add_user": False, "create_dept_group": False}
        for one in dingtalk.departments.values() if one.parent_id == dept_id
    ]  # fmt: skip


def department_ids(dingtalk: "DingTalkDialect", call: Call) -> Json:
    return {"dept_id_list": [one["dept_id"] for one in departments(dingtalk, call)]}


def parent_departments(dingtalk: "DingTalkDialect", call: Call) -> Json:
    person = _person(dingtalk, call.body.get("userid"))
    chains = []
    for start in person.department_ids:
        chain: list[int] = []
        department = dingtalk.departments.get(start)
        while department is not None:
            chain.append(department.dept_id)
            department = dingtalk.departments.get(department.parent_id or 0)
        chains.append({"parent_dept_id_list": chain})
    return {"parent_list": chains}


def _person(dingtalk: "DingTalkDialect", user_id: Any) -> Person:
    if not isinstance(user_id, str) or not user_id:
        raise Refused(33012, "无效的USERID")
    person = dingtalk.people.get(user_id)
    if person is None:
        raise Refused(60121, "找不到该用户", to_blame=False)
    return person


def _department(dingtalk: "DingTalkDialect", body: Mapping[str, Any]) -> int:
    dept_id = int(body.get("dept_id", 1))
    if dept_id not in dingtalk.departments:
        raise Refused(60003, "部门不存在")
    return dept_id


# work notices and the calendar


def notice_send(dingtalk: "DingTalkDialect", call: Call) -> Json:
    """Over its limits DingTalk says success all the same, and the person sees nothing."""
    body = call.body
    message, users = body.get("msg"), [one for one in str(body.get("userid_list") or "").split(",") if one]
    if not body.get("agent_id"):
        raise Refused(41, "agent_id")
    if not isinstance(message, dict) or not isinstance(message.get(str(message.get("msgtype"))), dict):
        raise Refused(41, "msg")
    if len(users) > 100:
        raise Refused(34015, "userid_list")
    if len(repr(message).encode()) > NOTICE_BYTES:
        raise Refused(34014, "msg too long")
    task_id = next(_numbers)
    forbidden: list[Json] = []
    for user in users:
        told = dingtalk.notices.setdefault(user, [])
        told[:] = [one for one in told if dingtalk.now() - one[0] < timedelta(days=1)]
        dropped = call.fault is not None and call.fault.kind == "silent_drop"
        if any(one[1] == message for one in told):
            forbidden.append({"code": "143106", "count": 1, "userid": user})
        elif dropped or len(told) >= NOTICES_A_DAY or user not in dingtalk.people:
            forbidden.append({"code": "143105", "count": 1, "userid": user})
        else:
            told.append((dingtalk.now(), message))
            cid = dingtalk.people[user].single_cid
            inner = message[message["msgtype"]]
            dingtalk.show(cid, message["msgtype"], inner, key=str(task_id), via="work notice")
    dingtalk.notice_results[task_id] = forbidden
    return {"errcode": 0, "errmsg": "ok", "task_id": task_id, "request_id": dingtalk.request_id()}


def notice_result(dingtalk: "DingTalkDialect", call: Call) -> Json:
    forbidden = dingtalk.notice_results.get(int(call.body.get("task_id") or 0))
    if forbidden is None:
        raise Refused(41, "task_id")
    return {
        "errcode": 0,
        "errmsg": "ok",
        "request_id": dingtalk.request_id(),
        "send_result": {"forbidden_list": forbidden, "forbidden_user_id_list": [one["userid"] for one in forbidden]},
    }


def create_schedule(dingtalk: "DingTalkDialect", call: Call) -> Json:
    _owner(dingtalk, call)
    if not call.body.get("summary") or not isinstance(call.body.get("start"), dict):
        raise Refused("invalidRequest.inputArgs.invalid", "summary, start")
    token = call.params.get("x-client-token") or str(next(_numbers))
    event = dingtalk.schedule.setdefault(token, {**call.body, "id": f"event{len(dingtalk.schedule) + 1:04d}"})
    return dict(event)
