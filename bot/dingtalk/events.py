"""DingTalk's event subscription: the sealed callback over HTTP, and what events mean to us.

An event comes flat over HTTP and as an envelope with `data` over Stream; which of its keys begin with a capital differs
between pages. So they are folded into one level of lower-case keys. Source: open.dingtalk.com, "配置事件推送" and the
pages of the events.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.callback_crypto import CallbackCrypto, CryptoError
from bot.http import json_object
from handlers.messages import ApprovalChange, Content, DirectoryChange, Ignored, JsonObject

SUCCESS = b"success"
CHECK = "check_url"
"""Sent when the address is saved in the console; nothing happened."""
WINDOW_S = 3600
"""DingTalk repeats a failed push within a minute; what was signed long ago is a replay."""
MOST_IDS = 1000
MOMENTS = ("eventborntime", "timestamp", "eventtime", "createtime")
"""Keys of the moment at which it happened, best first."""

_SECONDS_BELOW = 10**11

PEOPLE: Mapping[str, Literal["joined", "left", "modified"]] = {
    "user_add_org": "joined",
    "user_active_org": "joined",
    "user_leave_org": "left",
    "user_modify_org": "modified",
}
DEPARTMENTS = ("org_dept_create", "org_dept_modify", "org_dept_remove")
APPROVAL = "bpms_instance_change"
APPROVAL_CHANGES: Mapping[str, Literal["started", "finished", "terminated", "deleted"]] = {
    "start": "started",
    "finish": "finished",
    "terminate": "terminated",
    "delete": "deleted",
}
APPROVAL_RESULTS: Mapping[str, Literal["agreed", "refused"]] = {"agree": "agreed", "refuse": "refused"}


class StaleSignature(CryptoError):
    pass


@dataclass(frozen=True)
class OpenedEvent:
    data: JsonObject
    receive_id: str
    """Whom it was sealed for; the answer is sealed for the same."""


class EventDoor:
    """Opens pushed events and seals the answers to them.

    `receive_ids`: the Client ID where the subscription was made in the console, the CorpID where it was made by API.
    Raises ConfigError for a key that is none.
    """

    def __init__(self, token: str, aes_key: str, *receive_ids: str) -> None:
        self._crypto = CallbackCrypto(token, aes_key, *(one for one in receive_ids if one))

    def open(self, query: Mapping[str, str], body: bytes, *, now: datetime) -> OpenedEvent:
        """Raises CryptoError where it is not DingTalk's, or not for us, or signed long ago."""
        encrypted = (json_object(body) or {}).get("encrypt")
        if not isinstance(encrypted, str):
            raise CryptoError("no envelope")
        timestamp = _one_of(query, "timestamp", "timeStamp")
        self._crypto.check(
            encrypted,
            # Pages and pushes differ in the name of it.
            signature=_one_of(query, "msg_signature", "signature"),
            timestamp=timestamp,
            nonce=_one_of(query, "nonce"),
        )
        if not is_recent(timestamp, now, WINDOW_S):
            raise StaleSignature("signed too long ago")
        opened = self._crypto.unsealed(encrypted)
        data = json_object(opened.message)
        if data is None:
            raise CryptoError("no JSON object inside")
        return OpenedEvent(data, opened.receive_id)

    def answer(self, receive_id: str, *, now: datetime) -> JsonObject:
        """`success`, sealed: anything else counts as a failure."""
        timestamp, nonce = str(round(now.timestamp() * 1000)), secrets.token_hex(8)
        encrypted = self._crypto.seal(SUCCESS, receive_id=receive_id)
        return {
            "msg_signature": self._crypto.sign(timestamp, nonce, encrypted),
            "timeStamp": timestamp,
            "nonce": nonce,
            "encrypt": encrypted,
        }


def is_recent(timestamp: str, now: datetime, window_s: float) -> bool:
    """Whether a moment, in milliseconds or seconds since 1970, lies within `window_s` of now."""
    if not re.fullmatch(r"[0-9]{1,15}", timestamp):
        return False
    moment = int(timestamp)
    signed_s = moment if moment < _SECONDS_BELOW else moment / 1000
    return abs(now.timestamp() - signed_s) <= window_s


def flat(data: JsonObject) -> JsonObject:
    """Envelope and payload on one level, keys in lower case."""
    inner = data.get("data")
    if isinstance(inner, str):
        inner = json_object(inner)
    folded: JsonObject = {key.lower(): value for key, value in data.items()}
    if isinstance(inner, dict):
        folded |= {key.lower(): value for key, value in inner.items()}
    return folded


def from_frame(headers: Mapping[str, str], data: JsonObject) -> JsonObject:
    """What Stream tells in a frame's headers, as the envelope that its pages show."""
    names = ("eventType", "eventId", "eventBornTime", "eventCorpId")
    return {name: headers[name] for name in names if name in headers} | {"data": data}


def name_of(data: JsonObject) -> str:
    name = flat(data).get("eventtype")
    return name if isinstance(name, str) else ""


def content(event: JsonObject) -> Content:
    """What a flat event means to us; one event about several people is one change."""
    name = event.get("eventtype")
    name = name if isinstance(name, str) and name else "unnamed"
    if change := PEOPLE.get(name):
        user_ids = _ids(event.get("userid"))
        return DirectoryChange(change=change, user_ids=user_ids) if user_ids else Ignored(name=name)
    if name in DEPARTMENTS:
        return DirectoryChange(change="departments", user_ids=_ids(event.get("deptid")))
    if name == APPROVAL:
        return _approval(event)
    return Ignored(name=name)


def _approval(event: JsonObject) -> Content:
    process_id, title = event.get("processinstanceid"), event.get("title")
    change = APPROVAL_CHANGES.get(str(event.get("type")))
    if change is None or not isinstance(process_id, str) or not process_id:
        return Ignored(name=APPROVAL)
    return ApprovalChange(
        process_id=process_id,
        change=change,
        result=APPROVAL_RESULTS.get(str(event.get("result"))),
        title=title if isinstance(title, str) else "",
    )


def _ids(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    ids = [str(one) for one in listed if isinstance(one, str | int) and not isinstance(one, bool)]
    return tuple(dict.fromkeys(one for one in ids if one))[:MOST_IDS]


def _one_of(query: Mapping[str, str], *names: str) -> str:
    return next((query[name] for name in names if query.get(name)), "")
