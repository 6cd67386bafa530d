"""What a chat platform is to the rest of the bot."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from handlers.messages import (
    CardUpdate,
    FileSort,
    Frozen,
    InboundMessage,
    JsonObject,
    OutboundCard,
    OutboundText,
    PlatformName,
    ReplyRoute,
)


@dataclass(frozen=True)
class Received:
    """An event that passed its signature check and must now be kept.

    `event_id` is unique per event on its platform and the same when the platform repeats it; `body` is what `parse`
    will be given later, possibly by a newer version of this program.
    """

    event_id: str
    user_id: str
    body: JsonObject


@dataclass(frozen=True)
class MediaFile:
    data: bytes
    content_type: str = ""
    file_name: str = ""


@dataclass(frozen=True)
class FileLimit:
    """What may be sent as that sort of message."""

    max_bytes: int
    formats: Collection[str] | None = None
    """As the first bytes say (jpeg, amr, mp4); of a `file`, the ending of its name. None: anything."""
    max_s: float | None = None
    """Of a recording."""


@dataclass(frozen=True)
class Attachment:
    """A file in the form in which it is to be sent; its name has an ending wherever one is known."""

    sort: FileSort
    file: MediaFile
    duration_ms: int | None = None
    """Of a recording."""


class Uploaded(Frozen):
    """A file that lies with the platform and can be sent from there, for as long as the platform keeps it."""

    sort: FileSort
    media_ref: str
    """What the platform calls it, in the adapter's own form."""
    name: str
    duration_ms: int | None = None


Deliverable = OutboundText | OutboundCard | Uploaded | CardUpdate


@dataclass(frozen=True)
class Sent:
    """`response_ref` changes the sent card later, once, where the platform gives such a thing."""

    message_ref: str | None = None
    response_ref: str | None = None


@dataclass(frozen=True)
class Capabilities:
    cards: bool = True
    """Cards with buttons; without them the sender writes numbered text."""
    tasks: bool = False
    """To-dos of its own: a card that stands for one is worth handing over even where cards are not."""
    files: Mapping[FileSort, FileLimit] = field(default_factory=dict)
    """What can be sent to a person as the thing itself; nothing where it is empty."""
    max_text_bytes: int = 2048
    per_member_per_minute: int | None = None
    """Messages a member may get in any 60 s; None: no limit known."""
    per_member_per_hour: int | None = None
    answers_only: bool = False
    """Whether nobody can be written to here who has not written to us."""
    duplicate_check_s: float | None = None
    """How long the platform can be asked to swallow an equal message to the same person (`guard`); None: it cannot."""


@dataclass(frozen=True)
class CheckResult:
    """One line of `visitbot doctor`: `name` and, where it failed, what to do about it, in Chinese."""

    name: str
    ok: bool
    detail: str = ""
    advice: str = ""
    warning: bool = field(default=False, kw_only=True)


class Platform(Protocol):
    @property
    def name(self) -> PlatformName: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def routes(self, keep: "Keep") -> list[web.RouteDef]:
        """The platform's HTTP routes. A handler verifies and decrypts, awaits `keep`, and only then answers 200."""
        ...

    @property
    def connected(self) -> bool:
        """Whether messages can reach us: while our connection stands, or always where the platform calls us."""
        ...

    async def listen(self, keep: "Keep") -> None:
        """Hold the connection over which messages come, until cancelled; returns at once where we are called."""
        ...

    def parse(self, received: Received) -> InboundMessage:
        """The kept body as a typed message. Pure; a fault in it is repaired and replayed."""
        ...

    async def fetch_media(self, media_ref: str) -> MediaFile:
        """Raises MediaGone, or any other PlatformError."""
        ...

    async def upload(self, attachment: Attachment) -> Uploaded:
        """Hand the platform a file that `capabilities.files` allows. Nobody sees it yet, and a second time is harmless.

        Raises PlatformError.
        """
        ...

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
        """Deliver one message; `key` names this delivery, the same when it is repeated after a crash.

        `guard` asks for the platform's own duplicate check: nothing equal to `content` was meant for this person within
        `Capabilities.duplicate_check_s`, so an equal message that arrived is this very one. `response_ref` is, for a
        `CardUpdate`, the reference to use. `reply` is a way to answer that came with this person's message; it may be
        too old by now. With `group` the text goes into that group chat, and names the person. Raises PlatformError,
        MediaGone where the platform does not have an uploaded file any more.
        """
        ...

    async def check(self) -> list[CheckResult]:
        """Look at the set-up (token, permissions, addresses) for `visitbot doctor`."""
        ...

    def hang_up(self) -> None:
        """End connections that would otherwise stay open for ever; called before the web server stops."""
        ...

    async def close(self) -> None: ...


class Keep(Protocol):
    async def __call__(self, platform: PlatformName, received: Received) -> bool:
        """Make the event durable; True when it is new. Returns only after the commit."""
        ...
