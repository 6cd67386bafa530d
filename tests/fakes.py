"""Small working stand-ins for the outside world: they keep what they were asked and answer what the test told them."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.errors import MediaGone, MustWriteFirst, PlatformError, RecipientUnreachable
from bot.platform import (
    Attachment,
    Capabilities,
    CheckResult,
    Deliverable,
    Keep,
    MediaFile,
    Platform,
    Received,
    Sent,
    Uploaded,
)
from handlers.messages import (
    InboundMessage,
    OutboundCard,
    OutboundText,
    PlatformName,
    ReplyRoute,
    Sender,
    Text,
)
from nlp.adapted import Adapter, Fact, NotAdapted, Passage, Rewrite
from nlp.draft import ExtractionContext, VisitDraft
from nlp.extractor import Extractor, Rules
from storage.clock import Clock

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""A Monday, twelve o'clock in Shanghai."""


class FakeClock:
    """Stands still until a test advances it."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._moved: set[asyncio.Event] = set()

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by
        for moved in self._moved:
            moved.set()

    @property
    def is_awaited(self) -> bool:
        return bool(self._moved)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while not event.is_set() and (until is None or self._now < until):
                waiting = [asyncio.create_task(one.wait()) for one in (event, moved)]
                try:
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in waiting:
                        task.cancel()
                    await asyncio.gather(*waiting, return_exceptions=True)
                moved.clear()
        finally:
            self._moved.discard(moved)


_clock: Clock = FakeClock()


@dataclass
class FakeExtractor:
    """Reads by the rules, and adds what the test told it to under the name of a model."""

    engines: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def extract(self, text: str, context: ExtractionContext) -> VisitDraft:
        self.asked.append(text)
        return replace(await Rules().extract(text, context), engines=self.engines)


_extractor: Extractor = FakeExtractor()


@dataclass
class FakeAdapter:
    """Says each script as the test told it to, by its code; what it was not told about it leaves out."""

    says: Callable[[Passage], Rewrite | None] | NotAdapted = lambda _passage: None
    asked: list[tuple[tuple[Passage, ...], tuple[Fact, ...], str]] = field(default_factory=list)
    name: str = "m·adapt.v1"

    async def adapt(self, passages: Sequence[Passage], facts: Sequence[Fact], question: str) -> Sequence[Rewrite]:
        self.asked.append((tuple(passages), tuple(facts), question))
        if isinstance(self.says, NotAdapted):
            raise self.says
        return [rewrite for passage in passages if (rewrite := self.says(passage)) is not None]


_adapter: Adapter = FakeAdapter()


@dataclass(frozen=True)
class Delivery:
    """One call of `send` that reached the platform."""

    user_id: str
    content: Deliverable
    key: str
    guard: bool
    response_ref: str | None
    at: datetime
    arrived: bool
    """False where the platform's duplicate check swallowed it."""
    reply: ReplyRoute | None = None
    group: str | None = None


@dataclass
class FakePlatform:
    """A chat platform in memory. `failures` are raised by the next sends, one each; None lets that one through.

    A failure in `arrives_anyway` is raised after the message got through, as a time-out often is.
    """

    name: PlatformName = "playground"
    capabilities: Capabilities = field(default_factory=Capabilities)
    sends: list[Delivery] = field(default_factory=list)
    failures: deque[PlatformError | None] = field(default_factory=deque)
    arrives_anyway: bool = False
    media: dict[str, MediaFile] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=FakeClock)
    closed: bool = False
    is_connected: bool = True
    out_of_reach: set[str] = field(default_factory=set)
    """Whom the platform refuses to deliver to."""
    silent: set[str] = field(default_factory=set)
    """Who have to write first."""
    media_failure: PlatformError | None = None
    uploads: dict[str, Attachment] = field(default_factory=dict)
    """By what this platform calls them; a test may take one away, as platforms do after some days."""
    upload_failures: deque[PlatformError | None] = field(default_factory=deque)
    """As `failures`, of the next uploads."""
    _upload_numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def sent(self) -> list[Deliverable]:
        """What people see, in order."""
        return [one.content for one in self.sends if one.arrived]

    @property
    def texts(self) -> list[str]:
        return [content.text for content in self.sent if isinstance(content, OutboundText)]

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        return []

    @property
    def connected(self) -> bool:
        return self.is_connected

    async def listen(self, keep: Keep) -> None:
        """Returns at once: this platform calls us."""

    def parse(self, received: Received) -> InboundMessage:
        return InboundMessage.model_validate(
            {
                "event_id": received.event_id,
                "sender": Sender(platform=self.name, user_id=received.user_id),
                "sent_at": NOON,
                "content": received.body.get("content", Text(text="")),
            }
        )

    async def fetch_media(self, media_ref: str) -> MediaFile:
        self.fetched.append(media_ref)
        if self.media_failure is not None:
            raise self.media_failure
        if media_ref not in self.media:
            raise MediaGone("media/get", 40007)
        return self.media[media_ref]

    async def upload(self, attachment: Attachment) -> Uploaded:
        failure = self.upload_failures.popleft() if self.upload_failures else None
        if failure is not None:
            raise failure
        media_ref = f"upload-{next(self._upload_numbers)}"
        self.uploads[media_ref] = attachment
        return Uploaded(
            sort=attachment.sort,
            media_ref=media_ref,
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
        if user_id in self.out_of_reach:
            raise RecipientUnreachable("send", 60111)
        if user_id in self.silent:
            raise MustWriteFirst("send", 846609)
        if isinstance(content, Uploaded) and content.media_ref not in self.uploads:
            raise MediaGone("send", 40007)
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not self.arrives_anyway:
            raise failure
        arrived = not (guard and self._is_known(user_id, content))
        self.sends.append(Delivery(user_id, content, key, guard, response_ref, self.clock.now(), arrived, reply, group))
        if failure is not None:
            raise failure
        number = len(self.sends)
        return Sent(
            message_ref=f"m-{number}", response_ref=f"r-{number}" if isinstance(content, OutboundCard) else None
        )

    def _is_known(self, user_id: str, content: Deliverable) -> bool:
        since = self.clock.now() - timedelta(seconds=self.capabilities.duplicate_check_s or 0)
        return any(one.user_id == user_id and one.content == content and one.at > since for one in self.sends)

    async def check(self) -> list[CheckResult]:
        return [CheckResult("fake", ok=True)]

    def hang_up(self) -> None:
        """It has no connections."""

    async def close(self) -> None:
        self.closed = True


_platform: Platform = FakePlatform()
