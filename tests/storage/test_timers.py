"""Timers: durable, done once over restarts and instances, caught up once, and cheap however many are pending."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, insert, text

from handlers import notices
from storage.database import Database
from storage.errors import LeaseLost
from storage.jobs import Daily, Job, JobRow
from storage.work import Work
from tests.fakes import NOON, FakeClock

TIMERS = "timers"
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def put(database: Database, name: str, at: datetime, lane: str | None = None) -> bool:
    async with database.work() as work:
        return await work.jobs.put("remind", {"name": name}, queue=TIMERS, lane=lane, dedupe=name, at=at)


async def claim(database: Database, limit: int = 10) -> list[Job]:
    async with database.work() as work:
        return await work.jobs.claim(TIMERS, limit=limit, lease_s=60)


async def finish(database: Database, job: Job) -> None:
    async with database.work() as work:
        await work.jobs.fence(job)
        await work.jobs.complete(job)


async def next_due(database: Database) -> datetime | None:
    async with database.reading() as work:
        return (await work.jobs.outlook([TIMERS, "work"])).next_at


def name(job: Job) -> str:
    return str(job.payload["name"])


# Once


async def test_a_timer_that_was_running_when_the_process_died_is_done_once(sqlite_url: str, clock: FakeClock) -> None:
    died = await Database.open(sqlite_url, clock)
    await put(died, "a", NOON + HOUR)
    clock.advance(HOUR)
    [began] = await claim(died)
    await died.close()

    again = await Database.open(sqlite_url, clock)
    [job] = await claim(again)
    assert name(job) == "a"
    with pytest.raises(LeaseLost):
        await finish(again, began)
    await finish(again, job)
    assert await claim(again) == []
    await again.close()


@pytest.mark.postgres
async def test_two_instances_do_each_timer_once(instances: tuple[Database, Database], clock: FakeClock) -> None:
    for number in range(60):
        await put(instances[0], f"{number}", NOON + HOUR, lane=f"notices:{number % 7}" if number % 2 else None)
    clock.advance(HOUR)
    done: Counter[str] = Counter()

    async def work_off(database: Database) -> None:
        while len(done) < 60:
            for job in await claim(database, limit=2):
                await finish(database, job)
                done[name(job)] += 1

    await asyncio.gather(*(work_off(database) for database in instances))

    assert set(done.values()) == {1}
    assert await claim(instances[0]) == []


async def test_a_timer_is_cancelled_until_it_begins_and_not_any_more(any_database: Database, clock: FakeClock) -> None:
    async def cancel(key: str) -> bool:
        async with any_database.work() as work:
            return await work.jobs.cancel(key)

    await put(any_database, "a", NOON + HOUR)
    await put(any_database, "b", NOON + HOUR)
    clock.advance(HOUR)

    assert await cancel("a")  # due, and not begun
    [job] = await claim(any_database)
    assert name(job) == "b"
    assert not await cancel("b")
    await finish(any_database, job)
    assert await claim(any_database) == []


async def test_what_a_lane_has_pending_holds_nothing_up_and_what_is_due_in_it_goes_in_order(
    any_database: Database, clock: FakeClock
) -> None:
    await put(any_database, "in a month", NOON + 30 * DAY, lane="notices:1")
    await put(any_database, "second", NOON + HOUR + timedelta(seconds=30), lane="notices:1")
    await put(any_database, "first", NOON + HOUR, lane="notices:1")
    clock.advance(HOUR)

    [job] = await claim(any_database)
    assert name(job) == "first"
    clock.advance(timedelta(seconds=30))
    assert await claim(any_database) == []  # its lane is busy
    await finish(any_database, job)
    [job] = await claim(any_database)
    assert name(job) == "second"
    await finish(any_database, job)
    assert await next_due(any_database) == NOON + 30 * DAY


@pytest.mark.parametrize("seed", range(4))
async def test_over_a_quarter_with_restarts_every_timer_is_done_once_at_its_moment(
    sqlite_url: str, clock: FakeClock, seed: int
) -> None:
    chance = random.Random(seed)
    database = await Database.open(sqlite_url, clock)
    due: dict[str, datetime] = {}
    async with database.work() as work:
        for number in range(500):
            at = NOON + timedelta(minutes=chance.randrange(90 * 24 * 60))
            lane = f"notices:{chance.randrange(20)}" if chance.random() < 0.5 else None
            due[f"{number}"] = at
            await work.jobs.put("remind", {"name": f"{number}"}, queue=TIMERS, lane=lane, dedupe=f"{number}", at=at)
        cancelled = set(chance.sample(sorted(due), 50))
        for key in cancelled:
            assert await work.jobs.cancel(key)
    done: list[tuple[str, datetime]] = []

    while (moment := await next_due(database)) is not None:
        clock.advance(moment - clock.now())
        while jobs := await claim(database, limit=chance.randrange(1, 4)):
            for job in jobs:
                if chance.random() < 0.05:  # killed before the commit; those beside it as well
                    await database.close()
                    database = await Database.open(sqlite_url, clock)
                    break
                await finish(database, job)
                done.append((name(job), clock.now()))
    await database.close()

    assert sorted(done) == sorted((key, at) for key, at in due.items() if key not in cancelled)


# After a standstill


async def test_after_a_fortnight_s_standstill_a_daily_timer_is_done_once_and_late(
    any_database: Database, clock: FakeClock
) -> None:
    daily = Daily("digest", "digest", TIMERS, time(8, 30), SHANGHAI)
    async with any_database.work() as work:
        await work.jobs.put_next(daily)
    clock.advance(14 * DAY)

    [late] = await claim(any_database)
    assert late.run_at == datetime(2026, 3, 3, 8, 30, tzinfo=SHANGHAI)
    assert clock.now() - late.run_at > notices.LATE
    async with any_database.work() as work:
        await work.jobs.put_next(daily)
        await work.jobs.put_next(daily)
        await work.jobs.complete(late)
    assert await claim(any_database) == []
    assert await next_due(any_database) == datetime(2026, 3, 17, 8, 30, tzinfo=SHANGHAI)


async def test_moments_are_kept_in_utc_whatever_zone_they_were_given_in(any_database: Database) -> None:
    await put(any_database, "a", datetime(2026, 3, 3, 8, 30, tzinfo=SHANGHAI))

    moment = await next_due(any_database)
    assert moment == datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC


# What many cost


async def plan(database: Database, run: Callable[[Work], Awaitable[object]]) -> str:
    """How the database goes about the statements that `run` makes it do on the jobs."""
    statements: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    lines: list[str] = []
    async with database.work() as work:
        connection = await work.session.connection()
        if not database.is_sqlite:
            # so few rows are read as fast from end to end
            await work.session.execute(text("SET LOCAL enable_seqscan = off"))
        assert connection.sync_connection is not None
        event.listen(connection.sync_connection, "before_cursor_execute", note)
        await run(work)
        event.remove(connection.sync_connection, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        for statement, parameters in statements:
            if "jobs" in statement:
                lines += [str(row[-1]) for row in await connection.exec_driver_sql(explain + statement, parameters)]  # type: ignore[arg-type]
    return "\n".join(lines)


@pytest.fixture
async def crowded(any_database: Database) -> Database:
    """Two thousand timers of twenty lanes are pending, and as many jobs are done."""
    job = {
        "queue": TIMERS,
        "kind": "remind",
        "payload": {},
        "attempts": 0,
        "created_at": NOON,
        "holds": False,
        "token": None,
        "lease_until": None,
        "error": None,
    }
    pending = [
        {**job, "state": "ready", "lane": f"notices:{n % 20}", "run_at": NOON + n * HOUR, "dedupe": f"{n}"}
        for n in range(1, 2001)
    ]
    done = [
        {**job, "state": "done", "lane": "notices:1", "run_at": NOON, "dedupe": None, "ended_at": NOON}
        for _ in range(2000)
    ]
    async with any_database.work() as work:
        await work.session.execute(insert(JobRow), pending)
        await work.session.execute(insert(JobRow), done)
    return any_database


@pytest.mark.parametrize(
    ("run", "indexes"),
    [
        (
            lambda work: work.jobs.claim(TIMERS, limit=2, lease_s=60),
            ["ix_jobs_running", "ix_jobs_ready", "ix_jobs_lane", "ix_jobs_lane_due"],
        ),
        (lambda work: work.jobs.outlook([TIMERS, "work"]), ["ix_jobs_ready", "ix_jobs_running"]),
        (lambda work: work.jobs.oldest_waiting(TIMERS), ["ix_jobs_ready", "ix_jobs_lane", "ix_jobs_lane_due"]),
        (lambda work: work.jobs.is_lane_busy(TIMERS, "notices:1"), ["ix_jobs_lane", "ix_jobs_lane_due"]),
        (lambda work: work.jobs.active(TIMERS, ["remind"]), ["ix_jobs_lane"]),
        (lambda work: work.jobs.counts("parked"), ["ix_jobs_parked"]),
        (lambda work: work.jobs.listing("running"), ["ix_jobs_running"]),
        (lambda work: work.jobs.lanes_since("inbox", NOON), ["ix_jobs_put"]),
    ],
    ids=["claim", "outlook", "oldest", "busy lane", "active", "health", "list of running", "lanes since"],
)
async def test_no_statement_reads_what_is_neither_due_nor_running(
    crowded: Database, run: Callable[[Work], Awaitable[object]], indexes: list[str]
) -> None:
    planned = await plan(crowded, run)
    if not crowded.is_sqlite:
        # it may as well look through what is due in all lanes, with the index of what is ready
        indexes = [index for index in indexes if index != "ix_jobs_lane_due"] or ["ix_jobs_lane"]

    assert [index for index in indexes if not any(index in line.split() for line in planned.splitlines())] == []
    assert "Seq Scan" not in planned
    # SQLite: SCAN goes through a table or an index from end to end, SEARCH to a place in it; those two indexes hold
    # what runs or was given up, and nothing else
    scans = [line for line in planned.splitlines() if line.startswith("SCAN ") and "CONSTANT ROW" not in line]
    assert [line for line in scans if not line.endswith(("ix_jobs_running", "ix_jobs_parked"))] == []
