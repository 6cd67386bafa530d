"""WeCom's XML becomes typed messages (developer documents 90239 and 90240).

Elements are read by name: their order and the use of CDATA differ in real traffic. Whatever has no text reads as "".
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import ValidationError

from bot.errors import BotError
from handlers.messages import (
    CardClick,
    Content,
    DirectoryChange,
    Entered,
    File,
    Ignored,
    Image,
    InboundMessage,
    Left,
    Link,
    Location,
    Sender,
    Text,
    Unsupported,
    Video,
    Voice,
)

SYSTEM_USER = "sys"
"""Sender of organisation events; no person waits for an answer."""
MOST_NAME = 64
"""Characters of a member's name, by WeCom's documents."""
ENVELOPE_MARKUP = 64
"""WeCom's own envelope has a dozen `<`."""
_DELIVERY_SUFFIX = re.compile(r"@[0-9a-f]{12}$")


class MalformedPayload(BotError):
    """Not what WeCom documents: `reason` names the element, never its content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Stub:
    """What must be known before an event is kept."""

    event_id: str
    user_id: str


def read_envelope(body: bytes) -> str:
    """The `Encrypt` element of a callback's body. Raises MalformedPayload.

    Anybody can send a body, so one with more markup than an envelope can have is not even parsed: a megabyte of tags
    would hold up everyone else for half a second.
    """
    if body.count(b"<") > ENVELOPE_MARKUP:
        raise MalformedPayload("not an envelope")
    return _needed(_root(body), "Encrypt")


def read_stub(xml: bytes) -> Stub:
    """Event id and sender of a decrypted message. Raises MalformedPayload when it is not XML.

    A message has an id of its own. An event has none; WeCom documents sender and second as its key, by which two clicks
    in one second would be one, so the key here covers every element. It does not depend on order or CDATA.
    """
    root = _root(xml)
    return Stub(_text(root, "MsgId") or _digest(root), _text(root, "FromUserName"))


def task_id(card_id: str, key: str) -> str:
    """The `task_id` of one delivery of a card: unique for the app as WeCom demands, the same when repeated."""
    return f"{card_id}@{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def card_id(task: str) -> str:
    """The card behind a `task_id`."""
    return _DELIVERY_SUFFIX.sub("", task)


def parse(xml: str, event_id: str) -> InboundMessage:
    """Raises MalformedPayload where a documented element is missing or not what it should be."""
    root = _root(xml.encode())
    try:
        return InboundMessage(
            event_id=event_id,
            sender=Sender(platform="wecom", user_id=_needed(root, "FromUserName")),
            sent_at=_moment(root),
            content=_content(root),
        )
    except ValidationError as error:
        where = ", ".join(sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)}))
        raise MalformedPayload(f"out of range: {where}") from None


def _root(document: bytes) -> Element:
    try:
        # As text, so that no encoding declaration in it is obeyed.
        root: Element = fromstring(document.decode("utf-8-sig"), forbid_dtd=True)
    except UnicodeDecodeError as error:
        raise MalformedPayload("not UTF-8") from error
    except DefusedXmlException as error:
        raise MalformedPayload("document type or entity declared") from error
    except (ParseError, ValueError) as error:
        raise MalformedPayload("not XML") from error
    if root.tag != "xml":
        raise MalformedPayload("root element")
    return root


def _digest(root: Element) -> str:
    elements = sorted(
        "\x00".join(f"{part.tag}\x01{(part.text or '').strip()}" for part in element.iter()) for element in root
    )
    return "sha256-" + hashlib.sha256("\x02".join(elements).encode()).hexdigest()


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _needed(root: Element, path: str) -> str:
    found = _text(root, path)
    if not found:
        raise MalformedPayload(f"no {path}")
    return found


def _moment(root: Element) -> datetime:
    seconds = _needed(root, "CreateTime")
    # Eleven digits end in the year 5138; int() alone would also take signs, spaces, underscores.
    if not re.fullmatch(r"[0-9]{1,11}", seconds):
        raise MalformedPayload("CreateTime")
    return datetime.fromtimestamp(int(seconds), UTC)


def _content(root: Element) -> Content:
    kind = _needed(root, "MsgType").lower()
    if kind == "event":
        name = _needed(root, "Event")
        return EVENTS.get(name, _ignored)(root)
    if _text(root, "FromUserName") == SYSTEM_USER:
        return Ignored(name=kind)
    return MESSAGES.get(kind, _unsupported)(root)


def _said(root: Element) -> Content:
    return Text(text=root.findtext("Content") or "")


def _voice(root: Element) -> Content:
    return Voice(
        media_ref=_needed(root, "MediaId"),
        media_format=_text(root, "Format") or None,
        # Not documented for apps, but seen; empty where recognition is off.
        platform_transcript=_text(root, "Recognition") or None,
    )


def _image(root: Element) -> Content:
    # PicUrl is left alone: no address from a message is ever fetched.
    return Image(media_ref=_needed(root, "MediaId"))


def _video(root: Element) -> Content:
    return Video(media_ref=_needed(root, "MediaId"))


def _file(root: Element) -> Content:
    return File(media_ref=_needed(root, "MediaId"), file_name=_text(root, "FileName") or None)


def _location(root: Element) -> Content:
    return Location(
        latitude=_degrees(root, "Location_X"), longitude=_degrees(root, "Location_Y"), label=_text(root, "Label")
    )


def _degrees(root: Element, path: str) -> float:
    try:
        return float(_needed(root, path))
    except ValueError as error:
        raise MalformedPayload(path) from error


def _link(root: Element) -> Content:
    return Link(title=_text(root, "Title"), description=_text(root, "Description"), url=_text(root, "Url"))


def _card_click(root: Element) -> Content:
    return CardClick(
        card_id=card_id(_needed(root, "TaskId")),
        action=_text(root, "EventKey"),
        chosen=_chosen(root),
        response_ref=_text(root, "ResponseCode") or None,
    )


def _chosen(root: Element) -> dict[str, tuple[str, ...]]:
    return {
        question: tuple(option.text or "" for option in item.findall("OptionIds/OptionId"))
        for item in root.findall("SelectedItems/SelectedItem")
        if (question := _text(item, "QuestionKey"))
    }


def _entered_chat(root: Element) -> Content:
    return Entered()


def _joined(root: Element) -> Content:
    return Entered(first_time=True)


def _left(root: Element) -> Content:
    return Left()


def _contact_changed(root: Element) -> Content:
    """The list of people changed (document 90970 and those below it); departments and tags are none of our concern.

    Every field but the account may be withheld, and a change names only what changed.
    """
    change, user_id = PEOPLE.get(_text(root, "ChangeType")), _text(root, "UserID")
    if change is None or not user_id or _text(root, "FromUserName") != SYSTEM_USER:
        return Ignored(name="change_contact")
    return DirectoryChange(
        change=change,
        user_ids=(user_id,),
        new_user_id=_text(root, "NewUserID") or None,
        name=_text(root, "Name")[:MOST_NAME] or None,
        manager_user_id=_text(root, "DirectLeader") or None,
    )


def _ignored(root: Element) -> Content:
    return Ignored(name=_needed(root, "Event"))


def _unsupported(root: Element) -> Content:
    return Unsupported(name=_needed(root, "MsgType"))


PEOPLE: dict[str, Literal["joined", "left", "modified"]] = {
    "create_user": "joined",
    "update_user": "modified",
    "delete_user": "left",
}
Reader = Callable[[Element], Content]

MESSAGES: dict[str, Reader] = {
    "text": _said,
    "voice": _voice,
    "image": _image,
    "video": _video,
    "shortvideo": _video,
    "file": _file,
    "location": _location,
    "link": _link,
}

EVENTS: dict[str, Reader] = {
    "template_card_event": _card_click,
    "template_card_menu_event": _card_click,
    "enter_agent": _entered_chat,
    "subscribe": _joined,
    "unsubscribe": _left,
    "change_contact": _contact_changed,
}
"""Every other event is ignored: menu clicks have no meaning here, the reported position (`LOCATION`) is never used, and
a picture or place chosen from a menu also arrives as a message of its own."""
