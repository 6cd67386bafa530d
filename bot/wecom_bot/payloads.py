"""The AI bot's JSON becomes typed messages (developer documents 100719 and 101027)."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import JsonValue, ValidationError

from bot.errors import BotError
from bot.http import string
from bot.platform import Received
from handlers.messages import (
    CardClick,
    Content,
    Entered,
    File,
    Frozen,
    Ignored,
    Image,
    InboundMessage,
    JsonObject,
    ReplyRoute,
    Sender,
    Text,
    Unsupported,
    Video,
    Voice,
)

Mode = Literal["socket", "callback"]

RESPOND_WITHIN = timedelta(hours=24)
"""How long a message that came over the long connection can be answered by its req_id (document 101463)."""
RESPONSE_URL_LIFE = timedelta(hours=1)
"""Of the address that comes with a callback, good for one call (document 101138)."""
EVENT_ANSWER_WITHIN = timedelta(seconds=5)
"""A click and an entered chat are answered within it or not at all (documents 101027, 101031)."""
MOST_PIECES = 20
"""Of one message with pictures in it; what is beyond is not kept, since nobody writes such a message by hand."""
KICKED = "disconnected_event"

_DELIVERY_SUFFIX = re.compile(r"@[0-9a-f]{12}$")
_MENTION = re.compile(r"^@\S+[\s\u2005\u00a0]*")


class MalformedPayload(BotError):
    """Not what WeCom documents: `reason` names the element, never its content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reply(Frozen):
    """What `ReplyRoute.ref` holds: the ways to answer that came with one message."""

    message_id: str
    req_id: str | None = None
    url: str | None = None
    chat: str | None = None
    """The group chat it was written in."""
    is_greeting: bool = False
    """The chat was opened, nothing was said: the answer is the welcome."""


class ClickRef(Frozen):
    """What `CardClick.response_ref` holds; after `until` the card cannot be changed any more."""

    message_id: str
    task_id: str
    req_id: str | None = None
    until: datetime


class MediaRef(Frozen):
    """What a `media_ref` holds: an address of encrypted bytes, and their key where it is not the callback's own."""

    url: str
    key: str | None = None


@dataclass(frozen=True)
class Stub:
    """What must be known before an event is kept."""

    message_id: str
    user_id: str
    kind: str
    """The message's type; for an event the event's."""
    is_event: bool
    group: str | None
    response_url: str | None


def read_stub(message: JsonObject) -> Stub:
    """Raises MalformedPayload where nobody is named as the sender.

    The name is taken as it is. For a bot that another company made it may be an encrypted one (open_userid, developer
    document 101521); such a person is registered by it, or converted by a self-built app when people are imported.
    """
    sender = _part(message, "from")
    user_id = string(sender, "userid")
    if user_id is None:
        raise MalformedPayload("no from.userid")
    return Stub(
        message_id=string(message, "msgid") or _digest(message),
        user_id=user_id,
        kind=kind_of(message),
        is_event=string(message, "msgtype") == "event",
        group=_group(message),
        response_url=string(message, "response_url"),
    )


def kind_of(message: JsonObject) -> str:
    kind = string(message, "msgtype") or ""
    return string(_part(message, "event"), "eventtype") or "event" if kind == "event" else kind


def is_poll(message: JsonObject) -> bool:
    """Whether WeCom asks how an answer goes on."""
    return string(message, "msgtype") == "stream"


def stream_id(message: JsonObject) -> str | None:
    """The stream that a poll asks about."""
    return string(_part(message, "stream"), "id")


def received(message: JsonObject, *, at: datetime, req_id: str | None = None) -> list[Received]:
    """The event as it is kept: one for each thing said in it, so that each has an id and an answer of its own.

    `req_id` is that of the long connection's frame. Raises MalformedPayload.
    """
    stub = read_stub(message)
    kept = []
    for number, piece in enumerate(_pieces(message)):
        event_id = stub.message_id if number == 0 else f"{stub.message_id}#{number}"
        body: JsonObject = {"message": piece, "received_at": at.isoformat()}
        if req_id is not None:
            body["req_id"] = req_id
        kept.append(Received(event_id, stub.user_id, body))
    return kept


def parse(kept: Received) -> InboundMessage:
    """Raises MalformedPayload where a documented element is missing or not what it should be."""
    message, moment = kept.body.get("message"), kept.body.get("received_at")
    if not isinstance(message, dict) or not isinstance(moment, str):
        raise MalformedPayload("nothing kept")
    at = datetime.fromisoformat(moment)
    req_id = string(kept.body, "req_id")
    stub = read_stub(message)
    try:
        return InboundMessage(
            event_id=kept.event_id,
            sender=Sender(platform="wecom_bot", user_id=stub.user_id, reply=_reply(stub, req_id, at), group=stub.group),
            sent_at=_moment(message, at),
            content=_content(message, stub, req_id, at),
        )
    except ValidationError as error:
        where = ", ".join(sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)}))
        raise MalformedPayload(f"out of range: {where}") from None


def read_reply(route: ReplyRoute | None, now: datetime) -> Reply | None:
    """The ways to answer in `route`; None where there is none, or it is too late."""
    if route is None or route.until <= now:
        return None
    try:
        return Reply.model_validate_json(route.ref)
    except ValidationError:
        return None


def read_click(response_ref: str | None, now: datetime) -> ClickRef | None:
    """The click whose card can still be changed."""
    if response_ref is None:
        return None
    try:
        click = ClickRef.model_validate_json(response_ref)
    except ValidationError:
        return None
    return click if now < click.until else None


def task_id(card_id: str, key: str) -> str:
    """The `task_id` of one delivery of a card: unique for the bot as WeCom demands, the same when repeated."""
    return f"{card_id}@{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def card_id(task: str) -> str:
    """The card behind a `task_id`."""
    return _DELIVERY_SUFFIX.sub("", task)


def _part(message: JsonObject, name: str) -> JsonObject:
    value = message.get(name)
    return value if isinstance(value, dict) else {}


def _digest(message: JsonObject) -> str:
    return "sha256-" + hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()


def _group(message: JsonObject) -> str | None:
    is_single = string(message, "chattype") == "single"
    return None if is_single else string(message, "chatid")


def _moment(message: JsonObject, received_at: datetime) -> datetime:
    seconds = message.get("create_time")
    if isinstance(seconds, int) and 1 < seconds < 10**11:
        return datetime.fromtimestamp(seconds, UTC)
    return received_at


def _reply(stub: Stub, req_id: str | None, at: datetime) -> ReplyRoute | None:
    if stub.kind == "enter_chat" and req_id is not None:
        reply = Reply(message_id=stub.message_id, req_id=req_id, is_greeting=True)
        return ReplyRoute(ref=reply.model_dump_json(), until=at + EVENT_ANSWER_WITHIN)
    if req_id is not None:
        if stub.is_event:
            return None  # 846605: an event's req_id takes no message
        reply = Reply(message_id=stub.message_id, req_id=req_id, chat=stub.group)
        return ReplyRoute(ref=reply.model_dump_json(), until=at + RESPOND_WITHIN)
    reply = Reply(message_id=stub.message_id, url=stub.response_url, chat=stub.group)
    return ReplyRoute(ref=reply.model_dump_json(), until=at + RESPONSE_URL_LIFE)


# One message, taken apart


def _pieces(message: JsonObject) -> Iterator[JsonObject]:
    """The message as messages of one thing each: words first, then every picture, also a quoted one.

    In a group quoting a picture and naming the bot is the only way to hand it one alone. Quoted words are not ours to
    take for the sender's: they count only where the sender said nothing else, so they stay in the message for `parse`.
    """
    kind = string(message, "msgtype")
    pictures = [*_pictures(message), *_pictures(_part(message, "quote"))][:MOST_PIECES]
    base = {name: value for name, value in message.items() if name not in {"mixed", "quote"}}
    if kind == "mixed":
        words = "\n".join(_words(message))
        if words.strip() and (not pictures or _spoken(words, _group(message))):
            yield base | {"msgtype": "text", "text": {"content": words}}
        elif not pictures:
            yield base | {"msgtype": "text", "text": {"content": ""}}
    elif kind == "text" and pictures:
        if _spoken(string(_part(message, "text"), "content") or "", _group(message)):
            yield base
    elif kind == "image" and pictures:
        pass
    else:
        yield message
        return
    for picture in pictures:
        yield base | {"msgtype": "image", "image": picture}


def _items(message: JsonObject) -> list[JsonObject]:
    items = _part(message, "mixed").get("msg_item")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _pictures(message: JsonObject) -> list[JsonObject]:
    here = [message] if string(message, "msgtype") == "image" else []
    return [
        picture
        for item in [*here, *_items(message)]
        if string(item, "msgtype") == "image" and string(picture := _part(item, "image"), "url")
    ]


def _words(message: JsonObject) -> list[str]:
    return [
        words
        for item in _items(message)
        if string(item, "msgtype") == "text" and (words := string(_part(item, "text"), "content"))
    ]


def _spoken(words: str, group: str | None) -> str:
    """In a group every message begins with the bot's name, which is not part of what is said."""
    return _MENTION.sub("", words, count=1).strip() if group else words


# What it says


def _content(message: JsonObject, stub: Stub, req_id: str | None, at: datetime) -> Content:
    if stub.is_event:
        return _event(message, stub, req_id, at)
    reader = MESSAGES.get(stub.kind)
    return reader(message) if reader else Unsupported(name=stub.kind or "?")


def _said(message: JsonObject) -> Content:
    words = _spoken(string(_part(message, "text"), "content") or "", _group(message))
    if not words.strip():
        quote = _part(message, "quote")
        quoted = string(_part(quote, "text"), "content") or string(_part(quote, "voice"), "content")
        words = quoted or "\n".join(_words(quote))
    return Text(text=words)


def _voice(message: JsonObject) -> Content:
    # The sound itself never leaves WeCom on this channel.
    return Voice(media_ref=None, platform_transcript=string(_part(message, "voice"), "content"))


def _image(message: JsonObject) -> Content:
    return Image(media_ref=_media(message, "image"))


def _video(message: JsonObject) -> Content:
    return Video(media_ref=_media(message, "video"))


def _file(message: JsonObject) -> Content:
    part = _part(message, "file")
    return File(media_ref=_media(message, "file"), file_name=string(part, "filename") or string(part, "name"))


def _media(message: JsonObject, kind: str) -> str:
    part = _part(message, kind)
    url = string(part, "url")
    if url is None:
        raise MalformedPayload(f"no {kind}.url")
    return MediaRef(url=url, key=string(part, "aeskey")).model_dump_json(exclude_none=True)


MESSAGES: dict[str, Callable[[JsonObject], Content]] = {
    "text": _said,
    "image": _image,
    "voice": _voice,
    "file": _file,
    "video": _video,
}


def _event(message: JsonObject, stub: Stub, req_id: str | None, at: datetime) -> Content:
    if stub.kind == "enter_chat":
        return Entered()
    if stub.kind == "template_card_event":
        event = _part(message, "event")
        # Nested in the documents, flat in the types of the official SDK.
        return _click(_part(event, "template_card_event") or event, stub, req_id, at)
    return Ignored(name=stub.kind)


def _click(pressed: JsonObject, stub: Stub, req_id: str | None, at: datetime) -> Content:
    task = string(pressed, "task_id")
    if task is None:
        raise MalformedPayload("no task_id")
    reference = ClickRef(message_id=stub.message_id, task_id=task, req_id=req_id, until=at + EVENT_ANSWER_WITHIN)
    return CardClick(
        card_id=card_id(task),
        action=string(pressed, "event_key") or "",
        chosen=_chosen(pressed),
        response_ref=reference.model_dump_json(exclude_none=True),
    )


def _chosen(pressed: JsonObject) -> dict[str, tuple[str, ...]]:
    items = _listed(_part(pressed, "selected_items").get("selected_item"))
    return {
        question: tuple(
            option for option in _listed(_part(item, "option_ids").get("option_id")) if isinstance(option, str)
        )
        for item in items
        if isinstance(item, dict) and (question := string(item, "question_key"))
    }


def _listed(value: JsonValue) -> list[JsonValue]:
    """One element may come without a list around it."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
