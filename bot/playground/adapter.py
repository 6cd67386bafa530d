"""The playground: a chat platform of our own, in a browser on this machine, for trying the bot and for testing it.

A platform like the others: what people do on its page is kept before it is acknowledged, parsed when it is worked, and
answered through `send`. Nothing of the assistant knows that it is there.
"""

import asyncio
import itertools
import logging
import os
import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from aiohttp import web
from pydantic import AwareDatetime, JsonValue

from bot.errors import MediaGone, RecipientUnreachable
from bot.platform import (
    Attachment,
    Capabilities,
    CheckResult,
    Deliverable,
    FileLimit,
    Keep,
    MediaFile,
    Received,
    Sent,
    Uploaded,
)
from bot.playground.conversation import Answered, Conversations, Said
from bot.playground.feed import Feed
from bot.playground.media import MAX_UPLOAD_BYTES, Uploads, duration_ms, sniff
from bot.playground.pages import Pages
from handlers.messages import (
    CardUpdate,
    Content,
    File,
    FileSort,
    Frozen,
    Image,
    InboundMessage,
    JsonObject,
    OutboundText,
    PlatformName,
    ReplyRoute,
    Sender,
    Video,
    Voice,
)
from storage.clock import Clock

SAMPLE_FOLDER = Path(__file__).parent / "sample"
SAMPLE_VOICE = SAMPLE_FOLDER / "visit.amr"
SAMPLE_PICTURES = ("chat", "quotation")
"""Pictures of the sample folder that the page offers: a customer's chat, and a table of prices."""
SAMPLE_RECOGNISED = (
    "我刚从宁波恒力阀门出来，见了采购部的王经理。他们对方案基本认可，预算大概八十万。就是嫌我们比竞争对手贵百分之十五，"
    "说领导还没批，要等预算。我答应他，下周三之前，把安装计划表给他。他那边十二月一号之前，确认技术参数。"
)
"""The sample as DingTalk might hear it: nearly all of it, but not that the rep corrected 80 to 85."""

SHOWN_ENTRIES = 300
"""A phone shows this many of its newest entries."""
LOG_ENTRIES = 300

FILES: Mapping[FileSort, FileLimit] = {
    "image": FileLimit(MAX_UPLOAD_BYTES, {"png", "jpeg", "gif", "webp"}),
    "voice": FileLimit(MAX_UPLOAD_BYTES, {"amr", "amr-wb", "silk", "wav", "mp3", "ogg", "webm", "flac", "m4a"}),
    "video": FileLimit(MAX_UPLOAD_BYTES, {"mp4"}),
    "file": FileLimit(MAX_UPLOAD_BYTES),
}
"""What a browser shows or plays, as we serve it; the rest is downloaded."""

EVENT_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")
ECHOES = frozenset({"inbox.kept", "send.sent"})
"""What the rest of the bot says of a message of ours that we have told already, as playground.kept and .sent."""
_IDENTIFIER = re.compile(r"^[\x21-\x7e]{1,160}$")
_NOT_EXTRA = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "traceback"}


Role = Literal["sales", "manager", "director", "admin", "colleague"]
Skin = Literal["wecom", "dingtalk"]


@dataclass(frozen=True)
class Person:
    """Somebody whose phone the page can show."""

    user_id: str
    name: str
    role: Role
    skin: Skin = "wecom"
    """Which platform's phone it looks and behaves like: DingTalk's sends its own transcript with the sample voice."""


class KeptBody(Frozen):
    """What is kept of an event, and parsed when it is worked."""

    sent_at: AwareDatetime
    content: Content


class PlaygroundPlatform:
    """Files and the phones' history live in `data_dir`, so that both outlast a restart."""

    def __init__(
        self,
        clock: Clock,
        people: Sequence[Person],
        *,
        data_dir: Path,
        timezone: str = "Asia/Shanghai",
        sample_voice: Path = SAMPLE_VOICE,
    ) -> None:
        self._clock = clock
        self._people = {person.user_id: person for person in people}
        self._data_dir = data_dir
        self._timezone = timezone
        self._sample_voice = sample_voice
        self._log: deque[JsonObject] = deque(maxlen=LOG_ENTRIES)
        self._log_ids = itertools.count(1)
        self.feed = Feed()
        self.uploads = Uploads(data_dir / "uploads")
        self.conversations = Conversations(data_dir / "conversations.jsonl", self._show)

    @property
    def name(self) -> PlatformName:
        return "playground"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(cards=True, files=FILES)

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        return Pages(self, keep).routes()

    @property
    def connected(self) -> bool:
        return True

    async def listen(self, keep: Keep) -> None:
        """Returns at once: this platform calls us."""

    def parse(self, received: Received) -> InboundMessage:
        body = KeptBody.model_validate(received.body)
        sender = Sender(platform=self.name, user_id=received.user_id)
        return InboundMessage(event_id=received.event_id, sender=sender, sent_at=body.sent_at, content=body.content)

    async def say(self, keep: Keep, user_id: str, content: Content, *, message_id: str) -> bool:
        """What this person sends, kept first and shown then; False when `message_id` was kept before.

        Raises RecipientUnreachable for somebody the playground does not know.
        """
        self._known(user_id)
        order, now = self.conversations.take_order(), self._clock.now()
        event_id = f"{user_id}:{message_id}"
        self.log("playground.received", event_id=event_id, kind=content.kind)
        body = KeptBody(sent_at=now, content=content).model_dump(mode="json")
        new = await keep(self.name, Received(event_id, user_id, body))
        self.log("playground.kept", event_id=event_id, new=new)
        await self.conversations.add(Said(entry_id=event_id, user_id=user_id, order=order, at=now, content=content))
        return new

    async def store(self, data: bytes) -> str:
        """Keep an upload for good; its media reference."""
        return await asyncio.to_thread(self.uploads.keep, data)

    async def voice(self, data: bytes, *, recognised: str | None = None) -> Voice:
        """A recording, kept, as the message that it is sent in."""
        media_type = sniff(data[:16])
        return Voice(
            media_ref=await self.store(data),
            media_format=media_type.name if media_type.name != "bin" else None,
            duration_ms=await asyncio.to_thread(duration_ms, data),
            platform_transcript=recognised,
        )

    async def sample_note(self, user_id: str) -> Voice | None:
        """The sample voice as this person's phone sends it; None where there is no sample."""
        if not self._sample_voice.is_file():
            return None
        has_ears = self._people[user_id].skin == "dingtalk"
        return await self.voice(self._sample_voice.read_bytes(), recognised=SAMPLE_RECOGNISED if has_ears else None)

    async def sample_picture(self, name: str) -> Image | None:
        """The sample picture of that name; None where there is none."""
        path = SAMPLE_FOLDER / f"{name}.png"
        return Image(media_ref=await self.store(path.read_bytes())) if path.is_file() else None

    async def fetch_media(self, media_ref: str) -> MediaFile:
        try:
            data = await asyncio.to_thread(lambda: self.uploads.path(media_ref).read_bytes())
        except FileNotFoundError as error:
            raise MediaGone("playground.media") from error
        return MediaFile(data, sniff(data[:16]).content_type)

    async def upload(self, attachment: Attachment) -> Uploaded:
        return Uploaded(
            sort=attachment.sort,
            media_ref=await self.store(attachment.file.data),
            name=attachment.file.file_name,
            duration_ms=attachment.duration_ms,
        )

    async def send(
        self,
        user_id: str,
        content: Deliverable,
        *,
        key: str,
        guard: bool = False,
        response_ref: str | None = None,
        reply: ReplyRoute | None = None,
        group: str | None = None,
    ) -> Sent:
        """Show it on this person's phone.

        A repeated `key` never shows twice, not even after a restart, so that `guard` adds nothing here.
        """
        self._known(user_id)
        if isinstance(content, CardUpdate):
            return await self._close_card(user_id, content, key)
        entry_id = f"bot:{key}"
        entry = Answered(
            entry_id=entry_id,
            user_id=user_id,
            order=self.conversations.take_order(),
            at=self._clock.now(),
            content=await self._as_message(content) if isinstance(content, Uploaded) else content,
            keys=(key,),
        )
        if await self.conversations.add(entry):
            self.log("playground.sent", key=key, to=user_id, kind=entry.content.kind)
        return Sent(message_ref=entry_id)

    async def _as_message(self, uploaded: Uploaded) -> Image | Voice | Video | File:
        """A phone shows the same bubble whoever sent it."""
        reference = uploaded.media_ref
        match uploaded.sort:
            case "image":
                return Image(media_ref=reference)
            case "video":
                return Video(media_ref=reference)
            case "file":
                return File(media_ref=reference, file_name=uploaded.name)
            case "voice":
                media = await self.fetch_media(reference)
                heard_as = sniff(media.data[:16]).name
                return Voice(media_ref=reference, media_format=heard_as, duration_ms=uploaded.duration_ms)

    async def _close_card(self, user_id: str, update: CardUpdate, key: str) -> Sent:
        if await self.conversations.close(user_id, update.card_id, closing=update.closing, key=key):
            self.log("playground.card_closed", key=key, to=user_id, card_id=update.card_id)
            return Sent()
        if not update.fallback:
            return Sent()
        return await self.send(user_id, OutboundText(text=update.fallback), key=key)

    async def check(self) -> list[CheckResult]:
        writable = os.access(self._data_dir, os.W_OK)
        return [
            CheckResult(
                "试用台数据目录可写",
                writable,
                detail=str(self._data_dir),
                advice="" if writable else "请检查该目录的权限，或换一个可写的目录。",
            ),
            CheckResult(
                "试用台成员",
                bool(self._people),
                detail=f"{len(self._people)} 人",
                advice="" if self._people else "还没有成员，请先用 visitbot import members 导入。",
            ),
        ]

    def hang_up(self) -> None:
        self.feed.close()

    async def close(self) -> None:
        self.feed.close()

    def knows(self, user_id: str) -> bool:
        return user_id in self._people

    def log(self, event: str, /, **fields: object) -> None:
        """One line on the page's log panel, from any thread; of the fields only numbers, moments and ids are shown."""
        entry: JsonObject = {
            "log_id": next(self._log_ids),
            "at": self._clock.now().isoformat(),
            "event": event,
            "fields": {name: _wordless(value) for name, value in fields.items()},
        }
        self._log.append(entry)
        self.feed.publish("log", None, entry)

    def state(self, user_ids: Collection[str] = (), *, with_log: bool = True) -> JsonObject:
        """All that a page shows: of these people, or of everybody."""
        return {
            "people": [asdict(person) for person in self._people.values()],
            "timezone": self._timezone,
            "sample_voice": self._sample_voice.is_file(),
            "sample_pictures": [name for name in SAMPLE_PICTURES if (SAMPLE_FOLDER / f"{name}.png").is_file()],
            "conversations": {
                user_id: [entry.model_dump(mode="json") for entry in self.conversations.of(user_id)[-SHOWN_ENTRIES:]]
                for user_id in self._people
                if not user_ids or user_id in user_ids
            },
            "log": list(self._log) if with_log else [],
        }

    def _known(self, user_id: str) -> None:
        if not self.knows(user_id):
            raise RecipientUnreachable("playground.send", hint="试用台里没有这个人，请先导入成员。")

    def _show(self, entry: Said | Answered) -> None:
        self.feed.publish("entry", entry.user_id, entry.model_dump(mode="json"))


class PlaygroundLogHandler(logging.Handler):
    """Puts our log events (`log.info("inbox.kept", extra={...})`) on the page's log panel."""

    def __init__(self, platform: PlaygroundPlatform) -> None:
        super().__init__(logging.INFO)
        self._platform = platform

    def emit(self, record: logging.LogRecord) -> None:
        event = record.getMessage()
        if not EVENT_NAME.match(event):
            return  # a library's sentence, which may hold anything
        if event in ECHOES and getattr(record, "platform", None) == self._platform.name:
            return
        fields = {name: value for name, value in vars(record).items() if name not in _NOT_EXTRA}
        if record.exc_info and record.exc_info[0]:
            fields["error"] = record.exc_info[0].__name__
        self._platform.log(event, **fields)


def _wordless(value: object) -> JsonValue:
    match value:
        case None | bool() | int() | float():
            return value
        case datetime():
            return value.isoformat()
        case str() if _IDENTIFIER.match(value):
            return value
        case _:
            return "…"
