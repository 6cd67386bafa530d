"""The server APIs of messages: the robot's sending and recalling, sessionWebhook, custom robots, files."""

import ipaddress
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.dialects.dingtalk_records import Call, Json, Media, Person, Refused
from tests.dialects.dingtalk_rules import UPLOADED, WEBHOOK_BYTES, at_users, check_reply, check_robot_message
from tests.dialects.dingtalk_seal import robot_sign

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect

BATCH_USERS = 20
RECALL_LIFE_S = 24 * 3600
FILE_URL_LIFE_S = 600
PER_MINUTE = 20
BLOCKED_S = 600
HOUR_MS = 3_600_000
UPLOAD_LIMITS = {"image": 20 << 20, "voice": 2 << 20, "video": 20 << 20, "file": 20 << 20}
UPLOAD_NAMES = {
    "image": (".jpg", ".jpeg", ".gif", ".png", ".bmp"),
    "voice": (".amr", ".mp3", ".wav"),
    "video": (".mp4",),
    "file": (".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".pdf", ".rar"),
}


@dataclass
class CustomRobot:
    """A group's own webhook robot, with its security settings."""

    access_token: str
    cid: str
    secret: str = ""
    keywords: Sequence[str] = ()
    networks: Sequence[str] = ()
    stopped: bool = False
    sent_at: list[datetime] = field(default_factory=list)
    blocked_until: datetime | None = None
    uuids: set[str] = field(default_factory=set)


# the robot


def batch_send(dingtalk: "DingTalkDialect", call: Call) -> Json:
    check_robot_code(dingtalk, call.body)
    users = call.body.get("userIds")
    if not isinstance(users, list) or not users:
        raise Refused("invalidParameter.userIds.empty", "userIds为空")
    if len(users) > BATCH_USERS:
        raise Refused("invalidParameter.userIds.overMax", "userIds超过最大数量100")
    message = check_robot_message(call.body)
    _check_uploads(dingtalk, call.body["msgKey"], message)
    key = new_key()
    invalid, held = [], []
    for user in users:
        person = dingtalk.people.get(user)
        if person is None or not person.active:
            invalid.append(user)
        elif person.flow_controlled or (call.fault and call.fault.kind == "flow_controlled"):
            held.append(user)
        else:
            dingtalk.show(person.single_cid, call.body["msgKey"], message, key=key, via="batchSend")
    return {"processQueryKey": key, "invalidStaffIdList": invalid, "flowControlledStaffIdList": held}


def _check_uploads(dingtalk: "DingTalkDialect", msg_key: str, message: Json) -> None:
    for name, kind in UPLOADED.get(msg_key, ()):
        found = dingtalk.uploads.get(message[name])
        if not message[name].startswith("http") and (found is None or found.kind != kind):
            raise Refused("invalidParameter.msgParam.invalid", f"{name} is no {kind} that was uploaded")


def group_send(dingtalk: "DingTalkDialect", call: Call) -> Json:
    check_robot_code(dingtalk, call.body)
    group = dingtalk.groups.get(call.body.get("openConversationId", ""))
    if group is None:
        raise Refused("invalid.openConversationId", "无效的openConversationId")
    if group.dissolved:
        raise Refused("group.disbanded", "群已解散", to_blame=False)
    if not group.has_robot:
        raise Refused("robot.notExist", "机器人不在群内", to_blame=False)
    message = check_robot_message(call.body)
    key = new_key()
    dingtalk.show(group.cid, call.body["msgKey"], message, key=key, via="group")
    return {"processQueryKey": key}


def read_status(dingtalk: "DingTalkDialect", call: Call) -> Json:
    found = [one for one in dingtalk.messages if one.key == call.params.get("processQueryKey") and not one.user]
    if not found:
        raise Refused("resource.not.found", "processQueryKey不存在")
    readers = [
        {"name": person.name, "userId": person.user_id, "readStatus": "READ", "readTimestamp": one.read_ms}
        for one in found
        for person in dingtalk.people.values()
        if person.single_cid == one.cid and one.read_ms is not None
    ]
    return {"sendStatus": "SUCCESS", "messageReadInfoList": readers}


def recall(dingtalk: "DingTalkDialect", call: Call) -> Json:
    check_robot_code(dingtalk, call.body)
    keys = call.body.get("processQueryKeys")
    if not isinstance(keys, list) or not 0 < len(keys) <= BATCH_USERS:
        raise Refused("invalidParameter.processQueryKeys", "processQueryKeys")
    recalled, failed = [], {}
    for key in keys:
        found = [one for one in dingtalk.messages if one.key == key and not one.user]
        young = [one for one in found if (dingtalk.now() - one.at).total_seconds() < RECALL_LIFE_S]
        for one in young:
            one.state = "recalled"
        if young:
            recalled.append(key)
        else:
            failed[key] = "消息不存在或已超过24小时"
    return {"successResult": recalled, "failedResult": failed}


def check_robot_code(dingtalk: "DingTalkDialect", body: Any) -> None:
    if not isinstance(body, dict) or not body.get("robotCode"):
        raise Refused("invalidParameter.robotCode.empty", "robotCode为空")
    if body["robotCode"] != dingtalk.robot_code:
        raise Refused("invalidParameter.robotCode.notExsit", "机器人不存在")


# replies


def session_reply(dingtalk: "DingTalkDialect", call: Call) -> Json:
    session = dingtalk.sessions.get(call.params.get("session", ""))
    if session is None or dingtalk.now() >= session.until:
        raise Refused(300001, "session 不存在", to_blame=False)
    _check_size(call.body)
    inner = check_reply(call.body)
    recent = dingtalk.recent_replies.setdefault(session.cid, [])
    recent[:] = [at for at in recent if dingtalk.now() - at < timedelta(minutes=1)]
    if dingtalk.replies_per_minute is not None and len(recent) >= dingtalk.replies_per_minute:
        raise Refused(130101, "send too fast, exceed 20 times per minute", to_blame=False)
    recent.append(dingtalk.now())
    _post(dingtalk, session.cid, call.body, inner, "session")
    return {"errcode": 0, "errmsg": "ok"}


def _post(dingtalk: "DingTalkDialect", cid: str, body: Json, inner: Json, via: str) -> None:
    if body["msgtype"] == "empty":
        return
    users = at_users(body)
    words = str(inner.get("content") or inner.get("text") or "")
    for user in users:
        if cid in dingtalk.groups and f"@{user}" not in words:
            dingtalk.violations.append(f"{via}: @{user} is not in the text, so that nobody sees it")
    dingtalk.show(cid, body["msgtype"], inner, key=new_key(), via=via, at_users=users)


def webhook_send(dingtalk: "DingTalkDialect", call: Call) -> Json:
    """`POST /robot/send`: a custom robot of a group."""
    robot = dingtalk.custom_robots.get(call.params.get("access_token", ""))
    if robot is None:
        raise Refused(300005, "token is not exist")
    if robot.stopped:
        raise Refused(400102, "robot is stopped", to_blame=False)
    now = dingtalk.now()
    if robot.blocked_until is not None and now < robot.blocked_until:
        raise Refused(130101, "send too fast, exceed 20 times per minute", to_blame=False)
    _check_security(dingtalk, robot, call)
    _check_size(call.body)
    inner = check_reply(call.body)
    words = json.dumps(inner, ensure_ascii=False)
    if robot.keywords and not any(keyword in words for keyword in robot.keywords):
        raise Refused(310000, "keywords not in content, more: [https://ding-doc.dingtalk.com]")
    robot.sent_at = [at for at in robot.sent_at if now - at < timedelta(minutes=1)]
    if len(robot.sent_at) >= PER_MINUTE:
        robot.blocked_until = now + timedelta(seconds=BLOCKED_S)
        dingtalk.violations.append("robot/send: more than 20 in a minute")
        raise Refused(130101, "send too fast, exceed 20 times per minute", to_blame=False)
    unique = str(call.body.get("msgUuid") or "")
    if unique and unique in robot.uuids:
        return {"errcode": 0, "errmsg": "ok"}
    robot.uuids.add(unique)
    robot.sent_at.append(now)
    _post(dingtalk, robot.cid, call.body, inner, "webhook")
    return {"errcode": 0, "errmsg": "ok"}


def _check_security(dingtalk: "DingTalkDialect", robot: CustomRobot, call: Call) -> None:
    if robot.secret:
        timestamp = call.params.get("timestamp", "")
        now_ms = dingtalk.now().timestamp() * 1000
        if not timestamp.isascii() or not timestamp.isdigit() or abs(now_ms - int(timestamp)) > HOUR_MS:
            raise Refused(310000, "invalid timestamp")
        if call.params.get("sign") != robot_sign(robot.secret, timestamp):
            raise Refused(310000, "sign not match")
    networks = [ipaddress.ip_network(network) for network in robot.networks]
    if networks and not any(ipaddress.ip_address(dingtalk.caller_ip) in network for network in networks):
        raise Refused(310000, f"ip {dingtalk.caller_ip} not in whitelist", to_blame=False)


def _check_size(body: Any) -> None:
    if len(json.dumps(body, ensure_ascii=False).encode()) > WEBHOOK_BYTES:
        raise Refused(460101, "message too long, exceed 20000 bytes")


# files


def download(dingtalk: "DingTalkDialect", call: Call) -> Json:
    code, robot_code = call.body.get("downloadCode"), call.body.get("robotCode")
    if not code or not robot_code:
        raise Refused("invalidParameter.robotCode.empty", "robotCode或downloadCode为空")
    media = dingtalk.media.get(code)
    if media is None or (media.until is not None and dingtalk.now() >= media.until):
        raise Refused("invalidParameter.robotCode.downloadCode", "下载码有误或者已经过期", to_blame=media is None)
    if robot_code != media.robot_code:
        raise Refused("invalidParameter.robotCode.auth", "机器人与下载码不匹配")
    name = f"{secrets.token_hex(16)}.file"
    dingtalk.files[name] = Media(media.data, media.kind, until=dingtalk.now() + timedelta(seconds=FILE_URL_LIFE_S))
    signature = f"Expires={int(dingtalk.now().timestamp()) + FILE_URL_LIFE_S}&OSSAccessKeyId=LTAI&Signature=a%2Bb%3D"
    return {"downloadUrl": f"{dingtalk.files_base or dingtalk.base_url}/files/{name}?{signature}"}


def upload(dingtalk: "DingTalkDialect", call: Call) -> Json:
    """`POST /media/upload`; the body is the parsed form."""
    kind = call.body.get("type") or call.params.get("type", "")
    data, name = call.body.get("media"), str(call.body.get("filename") or "")
    if kind not in UPLOAD_LIMITS or not name.lower().endswith(UPLOAD_NAMES[kind]):
        raise Refused(40004, "不合法的媒体文件类型")
    if not isinstance(data, bytes) or not data:
        raise Refused(40035, "缺少参数 media")
    if len(data) > UPLOAD_LIMITS[kind]:
        raise Refused(40009, "文件大小超过限制")
    media_id = f"@{secrets.token_urlsafe(24)}"
    dingtalk.uploads[media_id] = Media(data, kind, file_name=name)
    stamp = int(dingtalk.now().timestamp() * 1000)
    return {"errcode": 0, "errmsg": "ok", "media_id": media_id, "created_at": stamp, "type": kind}


def new_key() -> str:
    return f"{secrets.token_urlsafe(24)}+/="


def by_union_id(dingtalk: "DingTalkDialect", union_id: str) -> Person | None:
    return next((person for person in dingtalk.people.values() if person.union_id == union_id), None)
