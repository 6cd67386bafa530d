"""Opening, locking, migrating, and units of work."""

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from storage import database as database_module
from storage import one_way
from storage.base import Base, new_token
from storage.clock import SystemClock
from storage.database import Database
from storage.errors import DatabaseInUse, DatabaseUnavailable, MigrationNeeded, ProgramTooOld, UnusableUrl
from storage.jobs import JobRow
from storage.sends import SendRow
from storage.work import Work
from tests.fakes import NOON, FakeClock


async def fetch(database: Database, sql: str) -> list[tuple[Any, ...]]:
    async with database.reading() as work:
        return [tuple(row) for row in await work.session.execute(text(sql))]


# Opening


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://root@localhost/x", "nonsense", "redis://localhost"]
)
async def test_only_a_file_or_a_postgresql_server_will_do(url: str, clock: FakeClock) -> None:
    with pytest.raises(UnusableUrl):
        await Database.open(url, clock)


async def test_a_password_in_a_bad_url_is_not_repeated(clock: FakeClock) -> None:
    with pytest.raises(UnusableUrl) as caught:
        await Database.open("postgresq://bot:s3cret@db/visitbot", clock)

    assert "s3cret" not in "".join(map(str, (caught.value, caught.value.__cause__)))


async def test_a_new_file_is_made_with_its_folder_for_its_owner_only(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "data" / "visitbot.db"

    database = await Database.open(f"sqlite:///{path}", clock)
    async with database.work() as work:
        await work.jobs.put("note", {}, queue="work")

    files = sorted(path.parent.iterdir())
    assert {file.name for file in files} >= {"visitbot.db", "visitbot.db-wal", "visitbot.db.lock"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    await database.close()


async def test_what_was_committed_survives_a_power_cut(database: Database) -> None:
    async with database.work() as work:
        connection = await work.session.connection()
        pragmas = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_a_statement_goes_once_into_the_drivers_thread_and_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.work() as work:
        await work.jobs.put("note", {}, queue="work")
    ways: list[object] = []
    go = one_way.Connection._execute

    async def counted(self: one_way.Connection, function: Callable[..., object], *args: object) -> object:
        ways.append(function)
        return await go(self, function, *args)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(one_way.Connection, "_execute", counted)

    async with database.work() as work:
        rows = await work.session.execute(select(JobRow.kind))
        changed = await work.session.execute(update(JobRow).values(attempts=7))

    assert rows.all() == [("note",)]
    assert changed.rowcount == 1
    assert len(ways) == len(("BEGIN", "SELECT", "UPDATE", "COMMIT"))


async def test_everything_that_was_running_is_ready_again_when_the_file_is_opened(
    sqlite_url: str, clock: FakeClock
) -> None:
    database = await Database.open(sqlite_url, clock)
    async with database.work() as work:
        await work.jobs.put("note", {}, queue="work")
        await work.jobs.claim("work", limit=1, lease_s=60)
    await database.close()

    database = await Database.open(sqlite_url, clock)

    async with database.work() as work:
        assert len(await work.jobs.claim("work", limit=1, lease_s=60)) == 1
    await database.close()


async def test_a_second_opening_of_the_same_file_is_refused(database: Database, sqlite_url: str) -> None:
    with pytest.raises(DatabaseInUse, match="open in another process"):
        await Database.open(sqlite_url, FakeClock())


async def test_another_process_is_refused_too(database: Database, sqlite_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from storage.clock import SystemClock\n"
        "from storage.database import Database\n"
        "from storage.errors import DatabaseInUse\n"
        "try:\n"
        "    asyncio.run(Database.open(sys.argv[1], SystemClock()))\n"
        "except DatabaseInUse as error:\n"
        "    sys.exit(f'refused: {error}')\n"
    )

    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, sqlite_url],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("refused: ")


async def test_a_command_may_look_and_write_beside_the_server(database: Database, sqlite_url: str) -> None:
    async with database.work() as work:
        await work.jobs.put("note", {}, queue="work")
        [job] = await work.jobs.claim("work", limit=1, lease_s=60)
        await work.jobs.park(job, "hopeless")
        await work.jobs.put("note", {}, queue="work")
        await work.jobs.claim("work", limit=1, lease_s=60)

    beside = await Database.open(sqlite_url, FakeClock(), lock=False)
    async with beside.work() as work:
        await work.jobs.replay(job.id)
    await beside.close()

    async with database.reading() as work:
        assert await work.jobs.counts() == {("work", "ready"): 1, ("work", "running"): 1}


async def test_a_file_that_another_process_writes_to_for_long_is_unavailable(
    database: Database, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 50)
    beside = await Database.open(sqlite_url, FakeClock(), lock=False)
    async with database.work() as work:
        await work.jobs.put("note", {}, queue="work")

        with pytest.raises(DatabaseUnavailable):
            async with beside.work():
                pass

    async with beside.work() as work:
        await work.jobs.put("note", {}, queue="work")
    await beside.close()


async def test_a_file_that_is_closed_can_be_opened_again(sqlite_url: str, clock: FakeClock) -> None:
    for _ in range(2):
        database = await Database.open(sqlite_url, clock)
        await database.close()


# Units of work


async def test_a_unit_of_work_commits_at_its_end(any_database: Database) -> None:
    async with any_database.work() as work:
        await work.jobs.put("note", {}, queue="work")
        assert await fetch(any_database, "SELECT count(*) FROM jobs") == [(0,)]

    assert await fetch(any_database, "SELECT count(*) FROM jobs") == [(1,)]


async def test_a_cancelled_unit_of_work_leaves_nothing_and_blocks_nobody(any_database: Database) -> None:
    inside = asyncio.Event()

    async def linger() -> None:
        async with any_database.work() as work:
            await work.jobs.put("note", {}, queue="work")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(linger())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with any_database.work() as work:
        await work.jobs.put("other", {}, queue="work")
    assert await fetch(any_database, "SELECT kind FROM jobs") == [("other",)]


async def test_time_stands_still_inside_a_unit_of_work(database: Database, clock: FakeClock) -> None:
    async with database.work() as work:
        clock.advance(timedelta(hours=1))
        assert work.now == NOON


async def test_reading_cannot_write(any_database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with any_database.reading() as work:
            await work.jobs.put("note", {}, queue="work")

    async with any_database.work() as work:
        await work.jobs.put("note", {}, queue="work")


async def test_reading_does_not_wait_for_a_writer(any_database: Database) -> None:
    async with any_database.work() as work:
        await work.jobs.put("note", {}, queue="work")
        async with asyncio.timeout(60), any_database.reading() as other:
            assert await other.jobs.listing() == []


async def test_a_unit_of_work_inside_another_is_a_defect_and_not_a_deadlock(database: Database) -> None:
    async with database.work():
        with pytest.raises(RuntimeError, match="for ever"):
            async with asyncio.timeout(60), database.work():
                pass


async def test_thirty_two_callbacks_at_once_are_all_kept(any_database: Database) -> None:
    async def keep(number: int) -> bool:
        async with any_database.work() as work:
            return await work.jobs.put("note", {}, queue="inbox", lane=f"li-{number % 4}", dedupe=f"wecom:{number}")

    new = await asyncio.gather(*(keep(number) for number in [*range(32), *range(32)]))

    assert sum(new) == 32
    async with any_database.reading() as work:
        assert await work.jobs.counts() == {("inbox", "ready"): 32}


async def test_claims_at_the_same_time_never_share_a_job_or_a_lane(any_database: Database) -> None:
    async with any_database.work() as work:
        for number in range(24):
            await work.jobs.put("note", {}, queue="work", lane=f"li-{number % 6}")

    async def claim() -> list[tuple[int, str | None]]:
        async with any_database.work() as work:
            return [(job.id, job.lane) for job in await work.jobs.claim("work", limit=3, lease_s=60)]

    claimed = [one for jobs in await asyncio.gather(*(claim() for _ in range(8))) for one in jobs]

    assert sorted(claimed) == [(number + 1, f"li-{number}") for number in range(6)]


async def test_an_error_never_shows_what_was_to_be_written(any_database: Database) -> None:
    async def put_twice() -> None:
        async with any_database.work() as work:
            for _ in range(2):
                row = {"queue": "w", "kind": "张总的预算", "state": "ready", "run_at": NOON, "payload": {}}
                row |= {"holds": True, "attempts": 0, "created_at": NOON, "dedupe": "k"}
                work.session.add(JobRow(**row))
            await work.session.flush()

    with pytest.raises(IntegrityError) as caught:
        await put_twice()

    assert "预算" not in str(caught.value)


async def test_a_naive_moment_is_refused(any_database: Database) -> None:
    async def write() -> None:
        async with any_database.work() as work:
            naive = datetime(2026, 3, 2)  # noqa: DTZ001  that is the point
            work.session.add(SendRow(key="k", recipient="r", digest="d", twin=0, began_at=naive))
            await work.session.flush()

    with pytest.raises(StatementError, match="time zone"):
        await write()


async def test_workers_are_woken_after_the_commit_and_only_for_work(database: Database) -> None:
    waker = asyncio.Event()

    async def stirs(act: Callable[[Work], Awaitable[object]]) -> bool:
        waker.clear()
        async with database.work() as work:
            await act(work)
            assert not waker.is_set()
        return waker.is_set()

    async with database.woken(waker, lambda _: None):
        assert await stirs(lambda work: work.jobs.put("note", {}, queue="work", dedupe="k"))
        assert not await stirs(lambda work: work.jobs.put("note", {}, queue="work", dedupe="k"))
        assert not await stirs(lambda work: work.jobs.listing())
        assert await stirs(lambda work: work.jobs.cancel("k"))


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {32}


# Tables


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bare.db"
    url: str = request.getfixturevalue("bare_pg_url")
    return url


async def test_migrating_builds_exactly_the_tables_of_the_program(bare_url: str) -> None:
    database = await Database.open(bare_url, SystemClock(), prepare=False)

    await database.migrate()
    await database.migrate()
    await database.check()

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))

    async with database._reading.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_tables_that_are_too_old_are_named(bare_url: str) -> None:
    database = await Database.open(bare_url, SystemClock(), prepare=False)

    with pytest.raises(MigrationNeeded, match="visitbot migrate"):
        await database.check()

    await database.close()


async def test_tables_of_a_newer_program_are_left_alone(any_url: str) -> None:
    database = await Database.open(any_url, SystemClock(), prepare=False)
    async with database.work() as work:
        await work.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ProgramTooOld, match="9999"):
        await database.migrate()
    await database.close()
    with pytest.raises(ProgramTooOld, match="9999"):
        await Database.open(any_url, SystemClock())


@pytest.mark.postgres
async def test_postgresql_is_not_migrated_by_starting(bare_pg_url: str) -> None:
    with pytest.raises(MigrationNeeded):
        await Database.open(bare_pg_url, SystemClock())


async def test_what_is_urgent_goes_before_others_that_wait_for_sqlite(database: Database) -> None:
    done: list[str] = []

    async def write(name: str, *, urgent: bool = False) -> None:
        async with database.work(urgent=urgent):
            done.append(name)

    async with database.work():
        waiting = [asyncio.create_task(write(str(number))) for number in range(5)]
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(write("urgent", urgent=True)))
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert done == ["urgent", "0", "1", "2", "3", "4"]


@pytest.mark.postgres
@pytest.mark.parametrize("in_a_statement", [False, True], ids=["between statements", "in the middle of one"])
async def test_a_transaction_whose_owner_stands_still_is_given_up(
    pg_url: str, monkeypatch: pytest.MonkeyPatch, in_a_statement: bool
) -> None:
    monkeypatch.setattr(database_module, "OVERLONG_MS" if in_a_statement else "ABANDONED_MS", 500)
    still, other = await Database.open(pg_url, SystemClock()), await Database.open(pg_url, SystemClock())

    async def stand_still_until_the_other_has_the_lock() -> None:
        async with still.work() as held:
            await held.session.execute(select(func.pg_advisory_xact_lock(7)))
            if in_a_statement:
                raw = await (await held.session.connection()).get_raw_connection()
                assert raw.driver_connection is not None
                await raw.driver_connection.prepare("SELECT 1")  # the server now waits for the rest of its messages
            async with asyncio.timeout(30), other.work() as work:
                await work.session.execute(select(func.pg_advisory_xact_lock(7)))

    try:
        with pytest.raises(DatabaseUnavailable):
            await stand_still_until_the_other_has_the_lock()
    finally:
        await still.close()
        await other.close()


@pytest.mark.postgres
async def test_two_instances_may_migrate_at_once(bare_pg_url: str) -> None:
    databases = [await Database.open(bare_pg_url, SystemClock(), prepare=False) for _ in range(2)]

    await asyncio.gather(*(database.migrate() for database in databases))

    for database in databases:
        await database.check()
        await database.close()


# PostgreSQL


@pytest.mark.postgres
async def test_a_server_that_is_not_there_is_unavailable(clock: FakeClock, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        await Database.open(f"postgresql://postgres@/visitbot?host={tmp_path}", clock)


@pytest.mark.postgres
async def test_one_instance_hears_at_once_what_another_put(instances: tuple[Database, Database]) -> None:
    here, there = instances
    waker = asyncio.Event()
    async with here.woken(waker, lambda _: None), here.listening(), asyncio.timeout(60):
        await waker.wait()  # it listens now
        waker.clear()

        async with there.work() as work:
            await work.jobs.put("note", {}, queue="work")

        await waker.wait()


@pytest.mark.postgres
async def test_a_listener_whose_connection_was_cut_listens_again(instances: tuple[Database, Database]) -> None:
    here, there = instances
    waker = asyncio.Event()
    async with here.woken(waker, lambda _: None), here.listening(), asyncio.timeout(60):
        await waker.wait()
        waker.clear()
        async with there.work() as work:
            await work.session.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'")
            )
        await waker.wait()  # connected again
        waker.clear()

        async with there.work() as work:
            await work.jobs.put("note", {}, queue="work")

        await waker.wait()


@pytest.mark.postgres
async def test_a_connection_cut_in_the_pool_goes_unnoticed(instances: tuple[Database, Database]) -> None:
    here, there = instances
    async with here.work() as work:
        await work.jobs.put("note", {}, queue="work")
    async with there.work() as work:
        await work.session.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        )

    async with here.work() as work:
        await work.jobs.put("note", {}, queue="work")

    assert await fetch(here, "SELECT count(*) FROM jobs") == [(2,)]


@pytest.mark.postgres
async def test_a_connection_cut_in_the_middle_is_known_as_passing(instances: tuple[Database, Database]) -> None:
    here, there = instances

    async def cut_off() -> None:
        async with here.work() as work:
            own = await work.session.scalar(text("SELECT pg_backend_pid()"))
            async with there.work() as other:
                await other.session.execute(text(f"SELECT pg_terminate_backend({own})"))
            await work.jobs.put("note", {}, queue="work")

    with pytest.raises(DatabaseUnavailable):
        await cut_off()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("said", "is_passing"),
    [("InternalClientError", True), ("ProtocolError", True), ("InterfaceError", True), ("DataError", False)],
)
async def test_a_driver_that_loses_its_thread_is_passing_and_a_value_it_cannot_send_is_not(
    pg_url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, said: str, is_passing: bool
) -> None:
    """So asyncpg meets a server that stops between two messages; a job must not be parked for that."""
    import asyncpg

    async def refuse(*_: object, **__: object) -> None:
        raise getattr(asyncpg.exceptions, said)("cannot switch to state 14; another operation (2) is in progress")

    database = await Database.open(pg_url, clock)
    async with database.reading():
        pass  # the driver asks for its types once
    monkeypatch.setattr(asyncpg.Connection, "prepare", refuse)
    with pytest.raises(DatabaseUnavailable if is_passing else DBAPIError):
        async with database.work() as work:
            await work.jobs.put("note", {}, queue="work")
    monkeypatch.undo()

    async with database.work() as work:
        assert await work.jobs.put("note", {}, queue="work")
    await database.close()


@pytest.mark.postgres
async def test_leases_follow_the_servers_clock(pg_url: str) -> None:
    class Fast(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(hours=1)

    database = await Database.open(pg_url, Fast())

    assert abs(database.now() - SystemClock().now()) < timedelta(seconds=30)
    await database.close()


@pytest.mark.postgres
async def test_a_late_commit_of_an_earlier_job_does_not_double_its_lane(
    instances: tuple[Database, Database], clock: FakeClock
) -> None:
    here, there = instances
    async with here.work() as late:
        await late.jobs.put("note", {"n": 1}, queue="work", lane="li")
        async with there.work() as early:
            await early.jobs.put("note", {"n": 2}, queue="work", lane="li")
        async with there.work() as work:
            [job] = await work.jobs.claim("work", limit=5, lease_s=60)

    async with here.work() as work:
        assert await work.jobs.claim("work", limit=5, lease_s=60) == []
    async with there.work() as work:
        await work.jobs.complete(job)
    async with here.work() as work:
        assert [job.payload for job in await work.jobs.claim("work", limit=5, lease_s=60)] == [{"n": 1}]


def test_the_database_file_is_not_readable_even_with_a_careless_umask(sqlite_url: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = asyncio.run(Database.open(f"sqlite:///{tmp_path}/careless.db", SystemClock()))
        asyncio.run(database.close())
    finally:
        os.umask(before)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("careless.db*")}
    assert modes == {0o600}
