"""What both modes need to know of one delivery."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.platform import Uploaded
from bot.wecom_bot.payloads import ClickRef, Reply
from handlers.messages import JsonObject

T = TypeVar("T")

REMEMBERED = 1000


@dataclass
class Progress:
    """How far the sending of one key has come in this process."""

    done: int = 0
    unsure_url: str | None = None
    """The address whose call may have come through."""
    update_refused: bool = False


@dataclass(frozen=True)
class Recipient:
    """A person, or, with `group`, that group chat; `reply` came with a message of the person."""

    user_id: str
    group: str | None
    reply: Reply | None
    progress: Progress


class Channel(Protocol):
    """One mode's way out. All raise PlatformError."""

    async def text(self, to: Recipient, text: str, delivery_id: str) -> None: ...

    async def card(self, to: Recipient, card: JsonObject, delivery_id: str) -> None: ...

    async def file(self, to: Recipient, uploaded: Uploaded, delivery_id: str) -> None: ...

    async def change_card(self, click: ClickRef, card: JsonObject) -> bool:
        """Answer a click with the card that takes the pressed one's place; False where it is too late."""
        ...


def markdown_message(text: str) -> JsonObject:
    return {"msgtype": "markdown", "markdown": {"content": text}}


def card_message(card: JsonObject) -> JsonObject:
    return {"msgtype": "template_card", "template_card": card}


def file_message(uploaded: Uploaded) -> JsonObject:
    return {"msgtype": uploaded.sort, uploaded.sort: {"media_id": uploaded.media_ref}}


def text_message(text: str) -> JsonObject:
    """Only a welcome may be one."""
    return {"msgtype": "text", "text": {"content": text}}


def changed_card(card: JsonObject) -> JsonObject:
    return {"response_type": "update_template_card", "template_card": card}


def delivery_id(key: str, number: int) -> str:
    """The name of one message of a delivery, the same when it is repeated."""
    return f"visitbot-{hashlib.sha256(key.encode()).hexdigest()[:24]}-{number}"


def remember(known: OrderedDict[str, T], name: str, value: T, *, most: int = REMEMBERED) -> None:
    """Put `value` in as the newest, and let go of the oldest."""
    known[name] = value
    known.move_to_end(name)
    while len(known) > most:
        known.popitem(last=False)
