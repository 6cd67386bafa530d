"""DingTalk's JSON becomes typed messages (open.dingtalk.com, "机器人接收消息" and "事件回调卡片").

What arrives is kept as it came, with the moment at which it came; nothing is taken out of it before it is kept, except
what no database takes: NUL and half characters. Fields are numbers in one place and digits in a string in another,
`content` is an object or an object in a string: both are read.
"""

import json
import logging
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urldefrag, urlencode

from pydantic import ValidationError

from bot.dingtalk import cards, events
from bot.dingtalk.loose import a_moment, a_number, a_string, an_object, digest, ms_of
from bot.errors import BotError
from bot.http import json_object
from bot.platform import Received
from handlers.messages import (
    Content,
    File,
    Image,
    InboundMessage,
    JsonObject,
    Outsider,
    ReplyRoute,
    Sender,
    Text,
    Unsupported,
    Video,
    Voice,
    Withheld,
)

log = logging.getLogger(__name__)

MAX_DEPTH = 32
MOST_PARTS = 50
"""Of one message; its pictures are some nine at most on a phone."""
SINGLE_CHAT, GROUP_CHAT = "1", "2"
SYSTEM_USER = "sys"
"""Sender of organisation events; no person waits for an answer."""
MOST_ID_CHARS = 160
CLICK_REPEATED_WITHIN = timedelta(seconds=75)
"""What was not acknowledged has been seen to come again after 60 s, and once after 16 s."""
REMEMBERED_CLICKS = 1000

NO_CONTENT = "钉钉没有把内容传过来，公司本月的钉钉消息额度可能用完了，请告诉管理员"
UNKNOWN_NAMES = {
    "unknownmsgtype": "钉钉不向机器人开放的消息",
    "interactivecard": "卡片",
    "chatrecord": "聊天记录",
    "audio": "语音",
    "richtext": "图文",
    "picture": "图片",
    "video": "视频",
    "file": "文件",
}
_STORABLE = str.maketrans("", "", "\x00")
_MENTION = re.compile(r"\s*@[^\s@]{1,30}\s+")
_LONE_MENTION = re.compile(r"\s*@[^\s@]{1,30}\s*")


class MalformedPayload(BotError):
    """Not what DingTalk documents: `reason` names the field, never its content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# What is kept


def storable(data: JsonObject) -> JsonObject:
    """The same without what a database refuses. Raises MalformedPayload where it is nested beyond reason."""
    kept = _storable(data, 0)
    assert isinstance(kept, dict)  # an object stays one
    return kept


def from_robot(data: JsonObject, *, received_at: datetime) -> list[Received]:
    """A robot callback as events to keep: one, or one for each part of a text with several pictures.

    Raises MalformedPayload where there is no knowing whose it is.
    """
    data = storable(data)
    user_id = a_string(data, "senderStaffId") or a_string(data, "senderId")
    if not user_id:
        raise MalformedPayload("no sender")
    if is_without_content(data):
        log.warning("dingtalk.message_without_content", extra={"code": an_error_code(data)})
    # Every message has an id; without one a repeat is known by its content.
    message_id = a_string(data, "msgId")[:MOST_ID_CHARS] or digest(data)
    return [
        Received(
            f"{message_id}#{part}" if part else message_id,
            user_id,
            {"kind": "robot", "data": data, "part": part, "received_ms": ms_of(received_at)},
        )
        for part in range(len(contents(data)))
    ]


def from_card(data: JsonObject, *, click_ref: str, received_at: datetime) -> Received:
    """A click on a card. Raises MalformedPayload without the card and the person.

    A click has no id of its own. `click_ref` is what DingTalk tells of this one delivery of it: the frame's messageId,
    or the moment it signed. Whether a repeat keeps that is documented nowhere: `Clicks` knows those that do not.
    """
    data = storable(data)
    user_id = a_string(data, "userId")
    if not user_id or not a_string(data, "outTrackId"):
        raise MalformedPayload("no card or no user")
    return Received(
        "card-" + digest({"data": data, "ref": click_ref}),
        user_id,
        {"kind": "card", "data": data, "received_ms": ms_of(received_at)},
    )


class Clicks:
    """Tells a click that DingTalk repeats under a new reference from a person who presses again.

    A repeat of what was not acknowledged comes about a minute later. So the same button, pressed on the same card by
    the same person with no other in between, is the same click for that long: its answer is on the way, or stands
    right there. Later it is a new one. This is remembered here only; forgotten by a restart, a repeat is pressed a
    second time, and is told that the card is closed.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], tuple[str, Received, datetime]] = OrderedDict()

    def known(self, click: Received, *, received_at: datetime) -> Received:
        """The click that this one repeats, or itself."""
        data = an_object(click.body.get("data"))
        where, what = (a_string(data, "outTrackId"), click.user_id), digest(data)
        last = self._last.get(where)
        if last is not None and last[0] == what and received_at - last[2] < CLICK_REPEATED_WITHIN:
            return last[1]
        self._last[where] = what, click, received_at
        self._last.move_to_end(where)
        while len(self._last) > REMEMBERED_CLICKS:
            self._last.popitem(last=False)
        return click


def from_event(data: JsonObject, *, received_at: datetime) -> Received:
    """An event of the organisation, in either of its shapes (`events`)."""
    data = storable(data)
    flat = events.flat(data)
    event_id = a_string(flat, "eventid")[:MOST_ID_CHARS] or "event-" + digest(data)
    return Received(event_id, SYSTEM_USER, {"kind": "event", "data": data, "received_ms": ms_of(received_at)})


def is_without_content(data: JsonObject) -> bool:
    """Whether DingTalk held the message back since the organisation's monthly allowance is used up.

    A kind of message that we do not know may have its content elsewhere.
    """
    if data.get("text") or data.get("content"):
        return False
    kind = a_string(data, "msgtype").lower()
    return not kind or kind in READERS or an_error_code(data) is not None


def an_error_code(data: JsonObject) -> int | None:
    """DingTalk's own word for it: 20001 is the allowance. Pages differ in the field."""
    told = next((data[name] for name in ("errorCode", "errcode", "errorMessage", "errMsg") if data.get(name)), None)
    found = re.search(r"\b[0-9]{5}\b", str(told))
    return int(found[0]) if found else None


# What is read from it


def parse(received: Received) -> InboundMessage:
    """Raises MalformedPayload where what was kept cannot be read."""
    body = received.body
    data, received_at = body.get("data"), a_moment(body.get("received_ms"))
    reader = KINDS.get(str(body.get("kind")))
    if reader is None or not isinstance(data, dict) or received_at is None:
        raise MalformedPayload("not what is kept")
    try:
        return reader(received, data, received_at)
    except ValidationError as error:
        where = ", ".join(sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)}))
        raise MalformedPayload(f"out of range: {where}") from None


def _robot(received: Received, data: JsonObject, received_at: datetime) -> InboundMessage:
    parts = contents(data)
    part = received.body.get("part")
    if not isinstance(part, int) or not 0 <= part < len(parts):
        raise MalformedPayload("part")
    is_known = bool(a_string(data, "senderStaffId"))
    return InboundMessage(
        event_id=received.event_id,
        sender=Sender(
            platform="dingtalk",
            user_id=received.user_id,
            name=a_string(data, "senderNick") or None,
            reply=_reply(data),
            group=_group(data),
        ),
        sent_at=a_moment(data.get("createAt")) or received_at,
        content=parts[part] if is_known else Outsider(),
    )


def _card(received: Received, data: JsonObject, received_at: datetime) -> InboundMessage:
    return InboundMessage(
        event_id=received.event_id,
        sender=Sender(platform="dingtalk", user_id=received.user_id),
        sent_at=received_at,
        content=cards.click(data),
    )


def _event(received: Received, data: JsonObject, received_at: datetime) -> InboundMessage:
    flat = events.flat(data)
    happened_at = next((at for name in events.MOMENTS if (at := a_moment(flat.get(name)))), received_at)
    return InboundMessage(
        event_id=received.event_id,
        sender=Sender(platform="dingtalk", user_id=SYSTEM_USER),
        sent_at=happened_at,
        content=events.content(flat),
    )


KINDS: Mapping[str, Callable[[Received, JsonObject, datetime], InboundMessage]] = {
    "robot": _robot,
    "card": _card,
    "event": _event,
}


# A robot's message


def contents(data: JsonObject) -> list[Content]:
    """What the message says: at least one thing, at most `MOST_PARTS`.

    In a group only what mentions the robot reaches it, so a voice note is posted first and then answered with a
    mention: what is quoted there is part of the message. In the chat of the two of us it has arrived before.
    """
    quoted = _quoted(data) if _group(data) else []
    if not quoted:
        return _own(data)[:MOST_PARTS]
    own = [one for one in _own(data) if one != Text(text="")]
    if all(isinstance(one, Text) for one in (*quoted, *own)):
        return [Text(text="\n".join(one.text for one in (*quoted, *own) if isinstance(one, Text)))]
    return [*quoted, *own][:MOST_PARTS]


def media_ref(data: JsonObject, payload: JsonObject) -> str:
    """What fetches the file: a code counts only together with the robot that received it. "" where there is none."""
    code = a_string(payload, "downloadCode") or a_string(payload, "pictureDownloadCode")
    if not code:
        return ""
    return json.dumps({"code": code, "robot": a_string(data, "robotCode")}, ensure_ascii=False)


def read_media_ref(ref: str) -> tuple[str, str]:
    """The download code, and the robot's or "". Raises MalformedPayload."""
    read = json_object(ref)
    if read is None or not a_string(read, "code"):
        raise MalformedPayload("media_ref")
    return a_string(read, "code"), a_string(read, "robot")


def _own(data: JsonObject) -> list[Content]:
    kind = a_string(data, "msgtype").lower()
    if is_without_content(data):
        return [Withheld(reason=NO_CONTENT)]
    return READERS.get(kind, _unsupported)(data)


def _quoted(data: JsonObject) -> list[Content]:
    """What is quoted, as far as it can be read: a robot's own message never can."""
    replied = an_object(an_object(data.get("text")).get("repliedMsg")) or an_object(
        an_object(data.get("content")).get("repliedMsg")
    )
    payload = replied.get("content")
    if not payload:
        return []
    words = payload if isinstance(payload, str) and json_object(payload) is None else an_object(payload)
    message: JsonObject = {
        "msgtype": replied.get("msgType") or replied.get("msgtype"),
        "robotCode": data.get("robotCode"),
        "text": words,
        "content": words,
    }
    return [one for one in _own(message) if not isinstance(one, Unsupported | Withheld) and one != Text(text="")]


def _said(data: JsonObject) -> list[Content]:
    text = data.get("text") or data.get("content")
    payload = an_object(text)
    if payload:
        said = a_string(payload, "content") or a_string(payload, "text")
    else:
        said = text if isinstance(text, str) else ""
    return [Text(text=_without_mention(data, said).strip())]


def _rich(data: JsonObject) -> list[Content]:
    elements = an_object(data.get("content")).get("richText")
    texts: list[str] = [""]
    pictures: list[Content] = []
    for element in elements if isinstance(elements, list) else []:
        if not isinstance(element, dict):
            continue
        if ref := media_ref(data, element):
            pictures.append(Image(media_ref=ref))
            texts.append("")
        else:
            texts[-1] += _first_words(data, a_string(element, "text")) if texts == [""] else a_string(element, "text")
    words = "\n".join(text.strip() for text in texts if text.strip())
    said: list[Content] = [Text(text=words)] if words else []
    return [*said, *pictures] or _unsupported(data)


def _first_words(data: JsonObject, text: str) -> str:
    """The first text of several: some phones (HarmonyOS) repeat the mention in it, all by itself."""
    if _only_we_are_mentioned(data) and _LONE_MENTION.fullmatch(text):
        return ""
    return _without_mention(data, text)


def _without_mention(data: JsonObject, text: str) -> str:
    """DingTalk takes our mention out and leaves a blank; where it is still there, it is taken out here."""
    if _only_we_are_mentioned(data) and (mention := _MENTION.match(text)):
        return text[mention.end() :]
    return text


def _only_we_are_mentioned(data: JsonObject) -> bool:
    """In a group, with nobody else: a name at the beginning can then only be ours."""
    mentioned = data.get("atUsers")
    us = a_string(data, "chatbotUserId")
    others = [
        user
        for user in (mentioned if isinstance(mentioned, list) else [])
        if isinstance(user, dict) and a_string(user, "dingtalkId") != us
    ]
    return bool(_group(data)) and not others


def _audio(data: JsonObject) -> list[Content]:
    payload = an_object(data.get("content"))
    ref, heard = media_ref(data, payload), a_string(payload, "recognition").strip()
    if not ref and not heard:
        return _unsupported(data)
    duration_ms = a_number(payload.get("duration"))
    return [
        Voice(
            media_ref=ref or None,
            duration_ms=duration_ms if duration_ms and duration_ms > 0 else None,
            platform_transcript=heard or None,
        )
    ]


def _picture(data: JsonObject) -> list[Content]:
    ref = media_ref(data, an_object(data.get("content")))
    return [Image(media_ref=ref)] if ref else _unsupported(data)


def _video(data: JsonObject) -> list[Content]:
    ref = media_ref(data, an_object(data.get("content")))
    return [Video(media_ref=ref)] if ref else _unsupported(data)


def _file(data: JsonObject) -> list[Content]:
    payload = an_object(data.get("content"))
    ref = media_ref(data, payload)
    return [File(media_ref=ref, file_name=a_string(payload, "fileName") or None)] if ref else _unsupported(data)


def _unsupported(data: JsonObject) -> list[Content]:
    kind = a_string(data, "msgtype")
    return [Unsupported(name=UNKNOWN_NAMES.get(kind.lower(), kind[:20] or "没有类型"))]


READERS: Mapping[str, Callable[[JsonObject], list[Content]]] = {
    "text": _said,
    "richtext": _rich,
    "audio": _audio,
    "voice": _audio,
    "picture": _picture,
    "image": _picture,
    "video": _video,
    "file": _file,
}
"""By `msgtype` in lower case; quoted messages name theirs as they like."""


# Where to answer


def _group(data: JsonObject) -> str | None:
    if str(data.get("conversationType")) != GROUP_CHAT:
        return None
    return a_string(data, "conversationId") or None


def _reply(data: JsonObject) -> ReplyRoute | None:
    url, until = a_string(data, "sessionWebhook"), a_moment(data.get("sessionWebhookExpiredTime"))
    # What is for one person must not go where others may read it: the address leads to where the message was written.
    is_private = str(data.get("conversationType")) == SINGLE_CHAT
    if not url or until is None or not (is_private or _group(data)):
        return None
    return ReplyRoute(ref=reply_ref(url, group=_group(data) or "", nick=a_string(data, "senderNick")), until=until)


def reply_ref(url: str, *, group: str, nick: str) -> str:
    """The address, and behind its `#`, which is never sent, the group it leads into and who is to be named there."""
    if not group:
        return urldefrag(url).url
    return f"{urldefrag(url).url}#{urlencode({'group': group, 'nick': nick})}"


def read_reply_ref(ref: str) -> tuple[str, str, str]:
    """Address, group or "", name or ""."""
    url, fragment = urldefrag(ref)
    fields = parse_qs(fragment)
    return url, fields.get("group", [""])[0], fields.get("nick", [""])[0]


# JSON of all kinds


def _storable(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise MalformedPayload("nested too deep")
    match value:
        case str():
            return value.translate(_STORABLE).encode("utf-8", "replace").decode()
        case dict():
            return {_storable(str(key), depth): _storable(one, depth + 1) for key, one in value.items()}
        case list():
            return [_storable(one, depth + 1) for one in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
