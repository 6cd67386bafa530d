"""The database: a SQLite file or a PostgreSQL server, opened so that what was committed stays.

SQLite has one writer and waits for it unfairly, so an asyncio lock (the gate) lets writers through one by one, and a
file lock keeps other processes out.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Set
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, event, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from storage import one_way
from storage.clock import Clock, SystemClock
from storage.errors import (
    DatabaseInUse,
    DatabaseUnavailable,
    MigrationNeeded,
    ProgramTooOld,
    UnusableUrl,
)
from storage.listener import CHANNEL, Listener
from storage.work import Work

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
SYNCHRONOUS = "FULL"
"""SQLite waits for the disk at each commit, so what was committed survives a power cut."""
BUSY_TIMEOUT_MS = 15_000
"""How long SQLite waits for another process (`visitbot jobs retry` beside a server); within ours the gate waits."""
ABANDONED_MS = 10_000
"""After so long without a word PostgreSQL gives up a transaction. A machine that stands still in the middle of one, or
loses its power, would otherwise keep its locks for hours, and with them everybody's claims. Ours take milliseconds."""
NOTABLE_OFFSET = timedelta(seconds=2)
OVERLONG_MS = 30_000
"""The same for a transaction that is stuck in the middle of a statement's messages, which is not idle to PostgreSQL.
Only version 17 and later can end it."""
MIGRATION_LOCK = 0x76697369740001

OnCommit = Callable[[Set[tuple[int, str]]], None]


class Database:
    """Use `Database.open`, and `close` at the end."""

    def __init__(self, url: URL, clock: Clock, lock: FileLock | None) -> None:
        self._url = url
        self._clock = clock
        self._lock = lock
        self._offset = timedelta()
        self._gate_holder: asyncio.Task[Any] | None = None
        self._wakers: set[asyncio.Event] = set()
        self._on_commit: set[OnCommit] = set()
        if url.get_backend_name() == "sqlite":
            self._gate: asyncio.Lock | None = asyncio.Lock()
            self._line = asyncio.Lock()
            self._writing = _sqlite_engine(url, begin="BEGIN IMMEDIATE")
            self._reading = _sqlite_engine(url, begin="BEGIN", read_only=True)
        else:
            self._gate = None
            self._writing = create_async_engine(
                url,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_size=10,
                max_overflow=20,
                connect_args={"server_settings": {"idle_in_transaction_session_timeout": str(ABANDONED_MS)}},
            )
            event.listen(self._writing.sync_engine, "connect", _limit_transactions)
            self._reading = self._writing.execution_options(postgresql_readonly=True)
        self._write_sessions = async_sessionmaker(self._writing, expire_on_commit=False)
        self._read_sessions = async_sessionmaker(self._reading, expire_on_commit=False)

    @classmethod
    async def open(cls, url: str, clock: Clock, *, lock: bool = True, prepare: bool = True) -> Self:
        """Open `sqlite:///path` or `postgresql://user@host/name`.

        `lock=False` opens a SQLite file beside the process that has it (`visitbot jobs list`): nothing is migrated or
        reclaimed then. `prepare=False` leaves the tables as they are (`visitbot migrate`).

        Raises UnusableUrl, DatabaseInUse, DatabaseUnavailable, MigrationNeeded, ProgramTooOld.
        """
        parsed = _driver_url(url)
        database = cls(parsed, clock, _lock_file(parsed) if lock else None)
        try:
            if prepare:
                await database._prepare(alone=lock)
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        await self._writing.dispose()
        await self._reading.dispose()
        if self._lock is not None:
            self._lock.release()

    @property
    def is_sqlite(self) -> bool:
        return self._gate is not None

    def now(self) -> datetime:
        """The clock; on PostgreSQL the server's, so that the leases of several machines agree."""
        return self._clock.now() + self._offset

    async def wait(self, waker: asyncio.Event, until: datetime | None) -> None:
        await self._clock.wait(waker, None if until is None else until - self._offset)

    # Units of work

    @asynccontextmanager
    async def work(self, *, urgent: bool = False) -> AsyncIterator[Work]:
        """One unit of work: commits when the block ends well, rolls back when it raises.

        An `urgent` one goes before all others that wait for SQLite. Raises DatabaseUnavailable where the same again may
        succeed.
        """
        async with (
            self._through_the_gate(urgent=urgent),
            _translated(),
            self._write_sessions() as session,
            session.begin(),
        ):
            await _connect(session)
            work = Work(session, self.now())
            yield work
            if work.jobs.stirred and not self.is_sqlite:
                # Inside the transaction: it is delivered with the commit, or not at all.
                await session.execute(select(func.pg_notify(CHANNEL, "")))
        for on_commit in tuple(self._on_commit):
            on_commit(work.jobs.settled)
        if work.jobs.stirred:
            self.wake()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """Look without writing and without waiting for writers; the database refuses an attempt to write."""
        async with _translated(), self._read_sessions() as session:
            await _connect(session)
            yield Work(session, self.now())

    # Waking workers

    @asynccontextmanager
    async def woken(self, waker: asyncio.Event, on_commit: OnCommit) -> AsyncIterator[None]:
        """While inside: `waker` is set when there may be work, `on_commit` is told which runs a transaction ended."""
        self._wakers.add(waker)
        self._on_commit.add(on_commit)
        try:
            yield
        finally:
            self._wakers.discard(waker)
            self._on_commit.discard(on_commit)

    def wake(self) -> None:
        for waker in self._wakers:
            waker.set()

    def listening(self) -> AbstractAsyncContextManager[object]:
        """While inside, hear of work that other processes put: at once on PostgreSQL, never on SQLite."""
        if self.is_sqlite:
            return nullcontext()
        return Listener(self._url, self.wake, self._measure_offset)

    # Tables

    async def migrate(self) -> None:
        """Bring the tables to the newest version. Raises ProgramTooOld, DatabaseUnavailable."""
        engine = self._writing
        if self.is_sqlite:
            # Altering a SQLite table copies and drops it; with foreign keys on, dropping deletes what points to it.
            engine = _sqlite_engine(self._url, begin="BEGIN IMMEDIATE", foreign_keys=False)
        try:
            async with self._through_the_gate(), _connection(engine) as connection, connection.begin():
                if not self.is_sqlite:
                    await connection.execute(text(_transaction_timeout(0, is_local=True)))
                    await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                await connection.run_sync(_upgrade)
        finally:
            if engine is not self._writing:
                await engine.dispose()

    async def check(self) -> None:
        """Raises MigrationNeeded or ProgramTooOld unless the tables are those of this program."""
        async with _connection(self._reading) as connection:
            await connection.run_sync(_check)

    async def _prepare(self, *, alone: bool) -> None:
        if not self.is_sqlite:
            await self._measure_offset()
            await self.check()
        elif alone:
            await self.migrate()
            async with self.work() as work:
                reclaimed = await work.jobs.reclaim()
            if reclaimed:
                log.info("jobs.reclaimed", extra={"jobs": reclaimed})
        else:
            await self.check()

    async def _measure_offset(self) -> None:
        """How far the server's clock is ahead of this machine's. A clock that a test holds is taken as it is."""
        if not isinstance(self._clock, SystemClock):
            return
        async with _connection(self._reading) as connection:
            asked_at = self._clock.now()
            there = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
            answered_at = self._clock.now()
        self._offset = there - (asked_at + (answered_at - asked_at) / 2)
        if abs(self._offset) > NOTABLE_OFFSET:
            log.warning("clock.differs", extra={"offset_ms": round(self._offset.total_seconds() * 1000)})

    @asynccontextmanager
    async def _through_the_gate(self, *, urgent: bool = False) -> AsyncIterator[None]:
        if self._gate is None:
            yield
            return
        me = asyncio.current_task()
        if me is not None and self._gate_holder is me:
            raise RuntimeError("a unit of work inside another one would wait for itself for ever")
        # Others wait in a line that whoever is inside still holds, so what is urgent waits for that one alone.
        async with nullcontext() if urgent else self._line, self._gate:
            self._gate_holder = me
            try:
                yield
            finally:
                self._gate_holder = None


def _driver_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Not chained: the original repeats the URL, and that may hold a password.
        raise UnusableUrl("the database URL must be sqlite:///path or postgresql://user@host/name") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgresql", "postgres"):
        try:
            import asyncpg  # noqa: F401  an extra
        except ImportError as error:
            raise UnusableUrl("PostgreSQL needs its driver: pip install 'visitbot[postgres]'") from error
        query = dict(parsed.query)
        if "sslmode" in query:
            query["ssl"] = query.pop("sslmode")  # asyncpg's own name for it
        return parsed.set(drivername="postgresql+asyncpg", query=query)
    raise UnusableUrl("the database URL must be sqlite:///path or postgresql://user@host/name")


def _lock_file(url: URL) -> FileLock | None:
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock", mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise DatabaseInUse(
            f"{path} is open in another process; stop that one first (several processes need PostgreSQL)"
        ) from error
    # The file holds people's words. Made before SQLite makes it, only its owner can read it, its WAL and its index.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return lock


def _sqlite_engine(url: URL, *, begin: str, read_only: bool = False, foreign_keys: bool = True) -> AsyncEngine:
    # Each call to the driver crosses into its thread and back, which is most of what a short transaction costs. So a
    # statement takes one, and a transaction is rolled back on its return only where it was left open.
    engine = create_async_engine(
        url, hide_parameters=True, pool_reset_on_return=None, connect_args={"async_creator_fn": one_way.connect}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own accord
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        dbapi_connection: Any = connection.connection.dbapi_connection
        dbapi_connection.run_async(lambda driver: driver.execute(begin))

    @event.listens_for(engine.sync_engine, "reset")
    def on_reset(connection: Any, _record: object, _state: object) -> None:
        if connection.driver_connection.in_transaction:
            connection.rollback()

    return engine


def _limit_transactions(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(_transaction_timeout(OVERLONG_MS, is_local=False))
    cursor.close()
    connection.commit()


def _transaction_timeout(milliseconds: int, *, is_local: bool) -> str:
    """SQL that does nothing on a PostgreSQL that does not know the setting."""
    return (
        f"SELECT set_config('transaction_timeout', '{milliseconds:d}', {'true' if is_local else 'false'}) "
        "WHERE current_setting('server_version_num')::int >= 170000"
    )


@asynccontextmanager
async def _connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with _translated():
        connection = engine.connect()
        with _reaching():
            _ = await connection.start()
        async with aclosing(connection):
            yield connection


async def _connect(session: AsyncSession) -> None:
    """Connect before the block runs, so that a refused connection is known for what it is."""
    with _reaching():
        _ = await session.connection()


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseUnavailable("the database cannot be reached") from error


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except DBAPIError as error:
        if _is_passing(error):
            raise DatabaseUnavailable(f"the database gave up a transaction ({type(error.orig).__name__})") from error
        raise
    except sqlite3.OperationalError as error:
        # BEGIN goes to the driver directly, and its refusal comes as it is.
        if "database is locked" in str(error):
            raise DatabaseUnavailable("another process holds the database file") from error
        raise


def _is_passing(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed later: connection lost, server shutting down, deadlock, file busy."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return (
        error.connection_invalidated
        or state[:2] in ("08", "40", "57", "53")
        or "database is locked" in str(error.orig)
        or _is_drivers_own(error.orig)
    )


def _is_drivers_own(error: BaseException | None) -> bool:
    """Whether asyncpg gave up by itself, without a word of the server.

    A connection that dies between two messages shows as "another operation is in progress" or "cannot switch to state
    …", which asyncpg calls an internal error or a wrong use. A value that it cannot encode would fail for ever.
    """
    cause = None if error is None else error.__cause__
    if not type(cause).__module__.startswith("asyncpg."):
        return False
    import asyncpg

    return isinstance(cause, asyncpg.InternalClientError | asyncpg.InterfaceError) and not isinstance(cause, ValueError)


def _upgrade(connection: Connection) -> None:
    _refuse_newer(connection)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
        raise RuntimeError("the migration would leave rows that point nowhere; nothing was changed")


def _check(connection: Connection) -> None:
    _refuse_newer(connection)
    current = MigrationContext.configure(connection).get_current_revision()
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if current != head:
        raise MigrationNeeded(f"the tables are at version {current or 'none'}, {head} is needed: visitbot migrate")


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if current is not None and current not in known:
        raise ProgramTooOld(f"the tables are at version {current}, which this program does not know; update visitbot")
