"""What the dialect server remembers, and how a phone shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.dialects.wecom_rules import Json, controls, selects


class CannotPress(Exception):
    """The button is not there, or is grey."""


@dataclass
class Fault:
    """Something to go wrong in calls of `api` ("*": any).

    kinds: errcode · json_as_text (the same, called text/plain) · slow (`seconds` before) · hang (handled, then silence
    for `seconds`) · reset (connection closed) · reset_after (handled, then closed) · http (`status`) · html ·
    truncated · wrong_type (media called text/plain) · no_disposition · invaliduser (`users` named in a good answer)
    """

    api: str
    kind: str
    errcode: int = -1
    times: int | None = 1
    after: int = 0
    for_s: float | None = None
    seconds: float = 10.0
    status: int = 502
    users: Sequence[str] = ()
    since: datetime | None = None

    def strikes(self, api: str, now: datetime) -> bool:
        if self.api not in {"*", api} or self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.since = self.since or now
        if self.for_s is not None:
            return now - self.since < timedelta(seconds=self.for_s)
        if self.times is not None:
            self.times -= 1
        return True


FAULT_KINDS = (
    "errcode",
    "json_as_text",
    "slow",
    "hang",
    "reset",
    "reset_after",
    "http",
    "html",
    "truncated",
    "wrong_type",
    "no_disposition",
    "invaliduser",
)


@dataclass
class Call:
    api: str
    at: datetime
    params: dict[str, str]
    body: Json
    errcode: int | None = None


@dataclass
class Message:
    """One message between a person and the app, as seen from the phone."""

    number: int
    at: datetime
    user: str
    sent_by_user: bool
    kind: str
    content: Json
    state: str = "shown"
    """shown · dropped (too many a minute) · swallowed (duplicate check) · recalled"""
    msgid: str = ""
    closed: str | None = None
    """What its grey buttons read."""

    @property
    def task_id(self) -> str:
        return str(self.content.get("task_id", ""))


@dataclass
class Attempt:
    at: datetime
    status: int | None
    body: bytes = b""
    error: str = ""
    took_s: float = 0.0


@dataclass
class Delivery:
    number: int
    kind: str
    xml: bytes
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return any(attempt.status == 200 for attempt in self.attempts)

    @property
    def status(self) -> int | None:
        """Of the last attempt; None: no answer."""
        return self.attempts[-1].status if self.attempts else None


@dataclass
class Media:
    kind: str
    data: bytes
    content_type: str
    file_name: str
    until: datetime


@dataclass
class Code:
    msgid: str
    until: datetime
    spent: bool = False


@dataclass
class Envelope:
    query: dict[str, str]
    body: bytes


def drawn(message: Message) -> list[str]:
    clock = message.at.strftime("%H:%M:%S")
    if message.state == "recalled":
        return [f"[{clock}] （消息已撤回）"]
    content = message.content
    if message.sent_by_user:
        names = {"text": "", "press": "👆 ", "voice": "🎤 语音", "image": "🖼 图片", "video": "🎬 视频"}
        names |= {"file": "📎 ", "location": "📍 ", "link": "🔗 "}
        said = content.get("content") or content.get("label") or content.get("title") or content.get("file_name") or ""
        return [f"[{clock}] {message.user}: {names.get(message.kind, message.kind)}{said}"]
    if message.kind != "template_card":
        return [f"[{clock}] bot: {content.get('content', message.kind)}"]
    return [f"[{clock}] bot: ┌ {content['main_title'].get('title', '')}", *(f"│ {line}" for line in _face(message))]


def _face(message: Message) -> list[str]:
    card = message.content
    lines = [card["main_title"].get("desc", ""), (card.get("quote_area") or {}).get("quote_text", "")]
    lines += card.get("sub_title_text", "").split("\n")
    lines += [f"{item['keyname']}  {item.get('value', '')}" for item in card.get("horizontal_content_list", [])]
    for select in selects(card):
        texts = {option["id"]: option["text"] for option in select["option_list"]}
        lines.append(f"{select.get('title', '')} ▾ {' / '.join(texts.values())}")
    if message.closed is not None:
        lines.append(f"（{message.closed}）")
    elif controls(card):
        lines.append(" ".join(f"[{text}]" for _, text in controls(card)))
    return [line for line in lines if line]
