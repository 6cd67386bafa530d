"""Everything a handler may use, and how it closes a job."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from handlers.approval_rules import ApprovalRules
from handlers.funnel import DealRules
from handlers.help_rules import HelpRules
from handlers.links import Links
from handlers.messages import JsonObject, PlatformName
from handlers.rulebook import RuleBook
from handlers.script_desk import ScriptDesk
from handlers.working_time import WorkingTime
from nlp.adapted import Adapter
from nlp.calendar_cn import Worked
from nlp.documents import DOCUMENTS, POINTS
from nlp.draft import Vocabulary
from nlp.extractor import Extractor
from nlp.practice import Coach
from nlp.screens import ScreenReader
from nlp.transcript import Listener
from storage.clock import Clock
from storage.database import Database
from storage.jobs import Job
from storage.media import MediaStore
from storage.members import Address
from storage.work import Work


class FetchedMedia(Protocol):
    @property
    def data(self) -> bytes: ...

    @property
    def content_type(self) -> str: ...

    @property
    def file_name(self) -> str: ...


class FetchMedia(Protocol):
    def __call__(self, platform: PlatformName, media_ref: str, /) -> Awaitable[FetchedMedia]: ...


INBOX_QUEUE = "inbox"
TIMERS = "timers"
LATELY = timedelta(days=7)
"""Who wrote within this can be written to, also where one must write first; jobs are kept for longer."""

GroupPurpose = Literal["escalations", "digests"]


@dataclass(frozen=True)
class GroupTarget:
    """An existing group chat that we may write into: what for, and about whose teams.

    `managers` are names; none means everybody's.
    """

    name: str
    purposes: tuple[GroupPurpose, ...]
    managers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What a company may choose about conversations; the defaults are those of config.toml."""

    vocabulary: Vocabulary
    working_time: WorkingTime = field(default_factory=WorkingTime)
    rules: RuleBook = field(default_factory=RuleBook)
    deals: DealRules = field(default_factory=DealRules)
    merge_window: timedelta = timedelta(minutes=10)
    draft_reminder: timedelta = timedelta(hours=2)
    card_life: timedelta = timedelta(hours=72)
    todo_life: timedelta = timedelta(days=365)
    auto_register: bool = True
    silent_for_s: float = 1.2
    """What is typed is answered within two seconds: so long a model may take before a receipt goes ahead."""
    question_life: timedelta = timedelta(hours=24)
    """So long what somebody says may be the answer to what we asked."""
    groups: tuple[GroupTarget, ...] = ()
    documents: Mapping[str, Sequence[str]] = field(default_factory=lambda: DOCUMENTS)
    """The kinds of document that a picture may be of, each with words that stand on it."""
    evidence_points: Mapping[str, int] = field(default_factory=lambda: POINTS)
    """What a piece of evidence of each kind is worth."""
    stage_hints: Mapping[str, str] = field(default_factory=dict)
    """What usually helps in a stage, for the cards of to-dos there; an empty one is none."""
    help: HelpRules = field(default_factory=HelpRules)
    approvals: ApprovalRules = field(default_factory=ApprovalRules)

    @property
    def zone(self) -> ZoneInfo:
        return self.working_time.zone

    @property
    def worked(self) -> Worked:
        """Whether the company works on a day, for whatever reads words like 三个工作日内."""
        return self.working_time.is_working_day


@dataclass(frozen=True)
class Context:
    database: Database
    clock: Clock
    listener: Listener
    extractor: Extractor
    screens: ScreenReader | None
    """None where no engine for pictures is installed or wanted: they are kept unread."""
    media: MediaStore
    fetch_media: FetchMedia
    settings: Settings
    served: frozenset[PlatformName]
    """The platforms that are connected: an account elsewhere reaches nobody."""
    links: Links
    answers_only: frozenset[PlatformName] = frozenset()
    """Those of them on which nobody can be written to who has not written first."""
    scripts: ScriptDesk = field(default_factory=ScriptDesk)
    coach: Coach | None = None
    """Looks for the key points of a script in an answer, where a language model is set up."""
    adapter: Adapter | None = None
    """Says scripts for one customer, where a language model is set up and wanted for it."""

    async def reach(self, work: Work, member_id: int, *, prefer: str | None = None) -> Address | None:
        """Where a member can be told something; None: nowhere."""
        return await work.members.address(member_id, served=self.served, prefer=prefer, last=self.answers_only)

    async def is_within_reach(self, work: Work, address: Address) -> bool:
        """Whether what is sent there now arrives now, and does not wait until they write to us."""
        if address.platform not in self.answers_only:
            return True
        return address.lane in await work.jobs.lanes_since(INBOX_QUEUE, work.now - LATELY)

    def day_of(self, at: datetime) -> date:
        """The day of a moment, as people here count days."""
        return at.astimezone(self.settings.zone).date()

    @asynccontextmanager
    async def finishing(self, job: Job) -> AsyncIterator[Work]:
        """The transaction in which a job ends: all that it changed and that it is done, or neither.

        Raises LeaseLost, before anything is written, when somebody else has taken the job over.
        """
        async with self.database.work() as work:
            await work.jobs.fence(job)
            yield work
            await work.jobs.complete(job)

    @asynccontextmanager
    async def advancing(self, job: Job, kind: str, payload: JsonObject) -> AsyncIterator[Work]:
        """The transaction in which a job becomes its next step, keeping its place in its lane."""
        async with self.database.work() as work:
            await work.jobs.fence(job)
            yield work
            await work.jobs.advance(job, kind, payload)
