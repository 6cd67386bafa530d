"""A conversation with the assistant, as a test tells it: somebody says something, and what they see is looked at."""

import hashlib
import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from bot import pipeline, wiring
from bot.config import Config
from bot.platform import Deliverable, MediaFile, Received, Uploaded
from bot.sender import Sender as OutboxSender
from bot.worker import Worker
from handlers import actions, failures
from handlers.context import Context
from handlers.links import Links
from handlers.messages import (
    CardClick,
    CardUpdate,
    Content,
    Image,
    InboundMessage,
    JsonObject,
    Location,
    OutboundCard,
    OutboundText,
    PlatformName,
    ReplyRoute,
    Sender,
    Text,
    Voice,
)
from handlers.rulebook import RuleBook
from nlp.adapted import Adapter
from nlp.draft import Vocabulary
from nlp.extractor import Extractor, Rules
from nlp.images import look_of
from nlp.practice import Coach
from nlp.screens import Message, ReadHint, ScreenReader, ScreenReading, ScreenWarning, Seen, Speaker
from nlp.transcript import HearingWarning, Listener, Segment, Transcript
from storage.database import Database
from storage.jobs import Job
from storage.media import LocalMediaStore
from storage.work import Work
from tests.fakes import FakeClock, FakePlatform

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)
"""The afternoon of the sample visit: next Wednesday is the 25th."""
REP, MANAGER, OTHER = "lixiaotong", "chenzhiyuan", "zhaoyiming"

VISIT = (
    "刚从宁波恒力阀门出来，见了采购部的王经理，他们方案基本认可，预算大概八十万，不对，八十五万，"
    "就是嫌我们比竞品贵百分之十五，说领导还没批，要等预算。"
    "我答应下周三前把安装排期表给他，他那边十二月一号前确认技术参数。"
)

ANSWERS = "卡在他们总经理还没签字，需要总监出面见一下他们老板，预计下周五能批下来。"
"""To the three questions that the sample visit raises."""


def heard(text: str, *, warnings: tuple[HearingWarning, ...] = (), pause_s: float = 5.0) -> Transcript:
    """A transcript of one segment a sentence, each `pause_s` long."""
    parts = [part for part in text.replace("。", "。\n").split("\n") if part]
    segments = tuple(Segment(i * pause_s, (i + 1) * pause_s, part) for i, part in enumerate(parts))
    return Transcript(text, segments, len(parts) * pause_s, "fake", warnings)


@dataclass
class FakeListener:
    """Hears what the test told it to; an error among the answers is raised."""

    answers: deque[Transcript | Exception] = field(default_factory=deque)
    asked: list[tuple[bytes, tuple[str, ...]]] = field(default_factory=list)

    async def listen(self, audio: bytes, *, hot_words: tuple[str, ...] = ()) -> Transcript:
        self.asked.append((audio, hot_words))
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


_: Listener = FakeListener()


@dataclass
class FakeScreens:
    """Reads in pictures what the test told it to, else that they show no words; an error among them is raised."""

    answers: deque[ScreenReading | Exception] = field(default_factory=deque)
    asked: list[tuple[bytes, ReadHint]] = field(default_factory=list)
    name: str = "fake"
    looks: dict[bytes, str] = field(default_factory=dict)
    """What these pictures look like; another one by its bytes."""

    async def read(self, image: bytes, hint: ReadHint) -> Seen:
        self.asked.append((image, hint))
        answer = self.answers.popleft() if self.answers else ScreenReading("photo")
        if isinstance(answer, Exception):
            raise answer
        digest = hashlib.sha256(image).digest()
        # two pictures look the same here where they are the same
        rgb = np.frombuffer(digest * 32, np.uint8)[: 16 * 16 * 3].reshape(16, 16, 3)
        return Seen(answer, digest.hex(), self.looks.get(image) or look_of(rgb), width=1080, height=2340)

    async def close(self) -> None:
        """Nothing runs."""


_screens: ScreenReader = FakeScreens()


def said(speaker: Speaker, text: str, *, nick: str | None = None, at: datetime | None = None) -> Message:
    """A bubble of a chat."""
    return Message(speaker, "text", text, nick=nick, sent_at=at, time_source="explicit" if at else None)


def screenshot(
    *messages: Message, title: str | None = "李总", warnings: tuple[ScreenWarning, ...] = ()
) -> ScreenReading:
    """A chat as it was read; not to be trusted where there are warnings."""
    text = "\n".join(message.text for message in messages)
    return ScreenReading(
        "chat", messages, title, plain_text=text, engine="fake", warnings=warnings, needs_review=bool(warnings)
    )


class ChatPlatform(FakePlatform):
    """Events carry when they were sent; everything sent is kept per person."""

    def parse(self, received: Received) -> InboundMessage:
        return InboundMessage.model_validate(
            {
                "event_id": received.event_id,
                **received.body,
            }
        )


@dataclass
class Chat:
    """The assistant, with people who write to it. `clock` is theirs and the assistant's."""

    database: Database
    clock: FakeClock
    platform: ChatPlatform
    listener: FakeListener
    context: Context
    worker: Worker
    screens: FakeScreens
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    # What people do

    async def receives(
        self,
        content: Content,
        *,
        sender: str = REP,
        at: datetime | None = None,
        event_id: str | None = None,
        group: str | None = None,
    ) -> list[Deliverable]:
        """Somebody sends something; returns what that made the assistant send, to anybody."""
        before = len(self.platform.sent)
        await self.delivered(content, sender=sender, at=at, event_id=event_id, group=group)
        await self.worker.drain()
        return self.platform.sent[before:]

    async def delivered(
        self,
        content: Content,
        *,
        sender: str = REP,
        at: datetime | None = None,
        event_id: str | None = None,
        group: str | None = None,
    ) -> str:
        """The platform brings a message, and nothing works on it yet."""
        event_id = event_id or f"m-{next(self._numbers)}"
        sent_at = at or self.clock.now()
        reply = ReplyRoute(ref=f"route-of-{event_id}", until=sent_at + timedelta(minutes=90))
        person = Sender(platform=self.platform.name, user_id=sender, reply=reply, group=group)
        body: JsonObject = {
            "sent_at": sent_at.isoformat(),
            "content": content.model_dump(mode="json"),
            "sender": person.model_dump(mode="json"),
        }
        await pipeline.keep(self.database, self.platform.name, Received(event_id, sender, body))
        return event_id

    async def says(self, text: str, *, sender: str = REP, at: datetime | None = None) -> list[str]:
        """Types something; returns the texts and card titles that came back."""
        return [_gist(content) for content in await self.receives(Text(text=text), sender=sender, at=at)]

    async def answers_risks(self, *, sender: str = REP, at: datetime | None = None) -> list[Deliverable]:
        """Types one answer to the three questions about a risk, behind 确认."""
        return await self.receives(Text(text=ANSWERS), sender=sender, at=at)

    async def speaks(self, text: str, *, sender: str = REP, at: datetime | None = None) -> list[Deliverable]:
        """Sends a voice note that will be heard as `text`."""
        self.listener.answers.append(heard(text))
        return await self.receives(self.voice(), sender=sender, at=at)

    async def shows(
        self,
        reading: ScreenReading | Exception,
        *,
        picture: bytes | None = None,
        sender: str = REP,
        at: datetime | None = None,
    ) -> list[Deliverable]:
        """Sends a picture in which `reading` will be read; another one each time, unless `picture` says which."""
        self.screens.answers.append(reading)
        reference = f"media-{len(self.platform.media) + 1}"
        self.platform.media[reference] = MediaFile(picture or f"picture {reference}".encode(), "image/png")
        return await self.receives(Image(media_ref=reference), sender=sender, at=at)

    def voice(self, data: bytes = b"#!AMR\n....", *, platform_transcript: str | None = None) -> Voice:
        reference = f"media-{len(self.platform.media) + 1}"
        self.platform.media[reference] = MediaFile(data, "audio/amr")
        return Voice(media_ref=reference, media_format="amr", platform_transcript=platform_transcript)

    async def presses(
        self,
        card: OutboundCard,
        action: type[actions.Action],
        *,
        sender: str = REP,
        chosen: dict[str, tuple[str, ...]] | None = None,
        event_id: str | None = None,
    ) -> list[Deliverable]:
        buttons = [*card.buttons, *([card.submit] if card.submit else [])]
        button = next(button for button in buttons if isinstance(actions.read(button.action), action))
        click = CardClick(
            card_id=card.card_id, action=button.action, chosen=chosen or {}, response_ref=f"click-{next(self._numbers)}"
        )
        return await self.receives(click, sender=sender, event_id=event_id)

    async def passes(self, by: timedelta) -> list[Deliverable]:
        """Time goes by; returns what fell due in it."""
        before = len(self.platform.sent)
        self.clock.advance(by)
        await self.worker.drain()
        return self.platform.sent[before:]

    async def lives_until(self, moment: datetime) -> list[Deliverable]:
        """Time goes by up to that moment, and whatever falls due is done when it does; returns what was sent."""
        before = len(self.platform.sent)
        await self.worker.drain()
        while (due := await self._next_due()) is not None and due <= moment:
            self.clock.advance(due - self.clock.now())
            await self.worker.drain()
        self.clock.advance(max(moment - self.clock.now(), timedelta()))
        return self.platform.sent[before:]

    async def _next_due(self) -> datetime | None:
        async with self.database.reading() as work:
            return (await work.jobs.outlook(pipeline.QUEUES)).next_at

    # What they see

    def cards(self, title: str = "", *, of: str | None = None) -> list[OutboundCard]:
        return [
            delivery.content
            for delivery in self.platform.sends
            if delivery.arrived
            and isinstance(delivery.content, OutboundCard)
            and title in delivery.content.title
            and (of is None or delivery.user_id == of)
        ]

    def texts(self, *, of: str | None = None) -> list[str]:
        return [
            delivery.content.text
            for delivery in self.platform.sends
            if delivery.arrived
            and isinstance(delivery.content, OutboundText)
            and (of is None or delivery.user_id == of)
        ]

    def draft(self) -> OutboundCard:
        """The newest draft card."""
        return self.cards("拜访记录")[-1]


def fields(card: OutboundCard) -> dict[str, str]:
    return {field.label: field.value for field in card.fields}


def closings(sent: Sequence[Deliverable]) -> list[str]:
    return [content.closing for content in sent if isinstance(content, CardUpdate)]


def _gist(content: Deliverable) -> str:
    match content:
        case OutboundText(text=text):
            return text
        case OutboundCard(title=title):
            return f"[{title}]"
        case CardUpdate(closing=closing):
            return f"[→ {closing}]"
        case Uploaded(sort=sort, name=name):
            return f"[{sort} {name}]"


def place(label: str = "宁波市北仑区恒力路1号") -> Location:
    return Location(latitude=29.9, longitude=121.8, label=label)


async def build(
    database: Database,
    clock: FakeClock,
    folder: Path,
    platform: ChatPlatform | None = None,
    *,
    public_url: str = "",
    answers_only: bool = False,
    extractor: Extractor | None = None,
    coach: Coach | None = None,
    adapter: Adapter | None = None,
    silent_for_s: float = 60.0,
    reads_pictures: bool = False,
    rules: RuleBook | None = None,
    vocabulary: Vocabulary | None = None,
) -> Chat:
    """The real handlers on a real database, with a chat platform and ears of the test's own.

    No receipt goes ahead of a draft by default, however slow the machine is.
    """
    platform = platform or ChatPlatform(name="wecom")
    listener, screens = FakeListener(), FakeScreens()
    chosen = wiring.settings(Config())

    async def fetch_media(_platform: str, media_ref: str) -> MediaFile:
        return await platform.fetch_media(media_ref)

    context = Context(
        database=database,
        clock=clock,
        listener=listener,
        extractor=extractor or Rules(),
        coach=coach,
        adapter=adapter,
        screens=screens if reads_pictures else None,
        media=LocalMediaStore(folder / "media"),
        fetch_media=fetch_media,
        settings=replace(
            chosen,
            silent_for_s=silent_for_s,
            rules=rules or chosen.rules,
            vocabulary=vocabulary or chosen.vocabulary,
        ),
        served=frozenset({platform.name}),
        links=Links(bytes(32), public_url),
        answers_only=frozenset({platform.name}) if answers_only else frozenset(),
    )

    async def on_tell(work: Work, job: Job, text: str) -> None:
        await failures.tell(context, work, job, text)

    async def on_park(work: Work, job: Job, error: str) -> None:
        await failures.parked(context, work, job, error)

    platforms = {platform.name: platform}
    handlers = pipeline.job_handlers(
        context, platforms, OutboxSender(database, platforms, media=context.media), keep_done=timedelta(days=14)
    )
    worker = Worker(database, handlers, pipeline.QUEUES, on_tell=on_tell, on_park=on_park)
    await enrol(database, platform.name)
    return Chat(database, clock, platform, listener, context, worker, screens)


async def enrol(database: Database, platform: PlatformName) -> None:
    """The company of these tests: a rep, their manager and a colleague, with four customers."""
    async with database.work() as work:
        director = await work.members.add("周敏", ["director"])
        manager = await work.members.add("陈志远", ["manager"], manager_id=director.member_id)
        rep = await work.members.add("李晓彤", ["sales"], manager_id=manager.member_id)
        other = await work.members.add("赵一鸣", ["sales"], manager_id=manager.member_id)
        admin = await work.members.add("何佳", ["admin"])
        for member, user_id in (
            (director, "zhoumin"),
            (manager, MANAGER),
            (rep, REP),
            (other, OTHER),
            (admin, "hejia"),
        ):
            await work.members.link(member.member_id, platform, user_id)
        hengli = await work.customers.add("宁波恒力阀门有限公司", aliases=["恒力", "恒力阀门"], owner_id=rep.member_id)
        await work.customers.remember_contact(hengli.customer_id, "王建国", title="经理", department="采购部")
        await work.customers.add("宁波恒丽服饰有限公司", aliases=["恒丽", "恒丽服饰"], owner_id=rep.member_id)
        await work.customers.add("绍兴宏达纺织有限公司", aliases=["宏达", "宏达纺织"])
        await work.customers.add("杭州宏达机电有限公司", aliases=["宏达", "宏达机电"])
