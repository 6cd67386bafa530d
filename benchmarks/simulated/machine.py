"""The machine of the simulation: the real assistant on a SQLite file, which dies at any point and is started again."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from filelock import FileLock
from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from benchmarks.simulated.company import PLATFORMS
from benchmarks.simulated.phones import Phones
from bot import pipeline, wiring
from bot.config import Config, Funnel
from bot.platform import MediaFile, Received
from bot.worker import Handler, Worker
from handlers import outbox
from handlers.context import Context
from handlers.messages import PlatformName
from nlp.extractor import Extractor
from nlp.transcript import Listener
from storage.clock import Clock
from storage.database import Database
from storage.jobs import Job
from storage.media import LocalMediaStore
from storage.work import Work
from tests.fakes import FakeClock

AT_ONCE = 16
QUEUES = {name: replace(rules, concurrency=AT_ONCE) for name, rules in pipeline.QUEUES.items()}
"""More at once than in production, since claiming is what takes the time here; they are done one after the other."""


POINTS = {
    "at a statement": (0.4, 1.0),
    "before a commit": (0.15, 0.12),
    "after a commit": (0.15, 0.12),
    "before the send": (0.1, 0.02),
    "after the send": (0.2, 0.02),
}
"""Where it may die: how often that is chosen, and how many such points there are to one statement."""


class Killed(BaseException):
    """The process is gone. No handler of errors may stand in its way."""


@dataclass
class Fate:
    """Counts the points at which a process may die, and kills it at a random one, `points_apart` on average."""

    rng: random.Random
    points_apart: float
    fails_once_in: int = 200
    """So rarely a call to a platform fails."""
    reached: Counter[str] = field(default_factory=Counter)
    """Where it died, and how often."""
    _left: int | None = None
    _point: str = ""

    def begin(self) -> None:
        if self.points_apart:
            self._point = self.rng.choices(list(POINTS), [chosen for chosen, _ in POINTS.values()])[0]
            apart = self.points_apart * POINTS[self._point][1]
            self._left = 1 + int(self.rng.expovariate(1 / apart))

    def rest(self) -> None:
        self._left = None

    def pass_by(self, point: str) -> None:
        if self._left is None or point != self._point:
            return
        self._left -= 1
        if self._left <= 0:
            self._left = None
            self.reached[point] += 1
            raise Killed(point)

    def fails(self) -> bool:
        return bool(self.points_apart) and self.rng.randrange(self.fails_once_in) == 0


class MortalDatabase(Database):
    """Dies before or after a commit, or at a statement inside a transaction.

    Its engines outlive it, without any connection: they hold the compiled statements, and compiling those anew after
    each death would take longer than all else.
    """

    fate: Fate | None = None
    """None while it is opened."""
    _engines: ClassVar[dict[URL, tuple[AsyncEngine, AsyncEngine]]] = {}

    def __init__(self, url: URL, clock: Clock, lock: FileLock | None) -> None:
        super().__init__(url, clock, lock)
        self._writing, self._reading = self._engines.setdefault(url, (self._writing, self._reading))
        self._write_sessions = async_sessionmaker(self._writing, expire_on_commit=False)
        self._read_sessions = async_sessionmaker(self._reading, expire_on_commit=False)

    @property
    def engine(self) -> AsyncEngine:
        return self._writing

    @asynccontextmanager
    async def work(self, *, urgent: bool = False) -> AsyncIterator[Work]:
        async with super().work(urgent=urgent) as work:
            yield work
            if self.fate is not None:
                self.fate.pass_by("before a commit")
        if self.fate is not None:
            self.fate.pass_by("after a commit")


@dataclass
class Machine:
    url: str
    folder: Path
    clock: FakeClock
    fate: Fate
    extractor: Extractor
    listener: Listener
    config: Config = field(default_factory=lambda: Config(funnel=Funnel(gates=False)))
    """Its people prove nothing: what deals wait for is tried elsewhere, and here stages move as notes say."""
    starts: int = 0
    phones: dict[PlatformName, Phones] = field(default_factory=dict)
    context: Context | None = None
    _database: MortalDatabase | None = None
    _worker: Worker | None = None
    _cause: str = ""

    def __post_init__(self) -> None:
        for name in PLATFORMS:
            self.phones[name] = Phones(
                name,
                now=self.clock.now,
                cause=lambda: self._cause,
                pass_by=self.fate.pass_by,
                fails=self.fate.fails,
            )

    @property
    def database(self) -> MortalDatabase:
        assert self._database is not None  # it runs
        return self._database

    async def start(self) -> None:
        """Open the file and put the assistant together, as `visitbot serve` does."""
        database = await MortalDatabase.open(self.url, self.clock)
        if not self.starts:
            event.listen(database.engine.sync_engine, "before_cursor_execute", self._at_statement)
        built = await wiring.put_together(
            self.config,
            database,
            clock=self.clock,
            listener=self.listener,
            extractor=self.extractor,
            media=LocalMediaStore(self.folder / "media"),
            platforms=list(self.phones.values()),
            roles=("worker", "sender"),
            queues=QUEUES,
            watch=self._watched,
        )
        await wiring.put_recurring(built)
        self._database, self._worker, self.context = database, built.worker, built.context
        database.fate = self.fate
        self.starts += 1
        self.fate.begin()

    async def bury(self) -> None:
        """What was in memory is gone; the file is as the last commit left it."""
        self.fate.rest()
        if self._database is not None:
            await self._database.close()
        self._database = self._worker = self.context = None

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        return await pipeline.keep(self.database, platform, received)

    async def drain(self) -> int:
        assert self._worker is not None  # it runs
        return await self._worker.drain(at_once=AT_ONCE)

    async def next_due(self) -> datetime | None:
        async with self.database.reading() as work:
            return (await work.jobs.outlook(pipeline.QUEUES)).next_at

    async def fetch_media(self, media_ref: str) -> MediaFile:
        return self.phones["wecom"].media[media_ref]

    def _at_statement(self, *_: object) -> None:
        self.fate.pass_by("at a statement")

    def _watched(self, handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
        """Note for which job something is sent, and which sends ended without anybody's knowing how."""
        send = handlers[outbox.KIND]

        async def watched(job: Job) -> None:
            self._cause = (job.dedupe or "").removeprefix("out:")
            before = {name: len(phones.shown) for name, phones in self.phones.items()}
            try:
                await send(job)
            except BaseException:
                for name, phones in self.phones.items():
                    phones.unsure |= {shown.key for shown in phones.shown[before[name] :]}
                raise

        return {**handlers, outbox.KIND: watched}


def random_standstill(rng: random.Random) -> timedelta:
    """How long nobody starts it again: mostly a moment, at times hours, seldom two days."""
    draw = rng.random()
    if draw < 0.8:
        return timedelta(seconds=rng.randint(2, 90))
    if draw < 0.96:
        return timedelta(minutes=rng.randint(20, 600))
    return timedelta(hours=rng.randint(20, 48))
