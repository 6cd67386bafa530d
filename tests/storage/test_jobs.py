"""What the table of jobs promises, on SQLite and on PostgreSQL."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from storage.base import JsonObject
from storage.database import Database
from storage.errors import LeaseLost, NotParked
from storage.jobs import Daily, Job, State
from tests.fakes import NOON, FakeClock

LEASE_S = 60.0
SHANGHAI = ZoneInfo("Asia/Shanghai")


async def put(
    database: Database,
    name: str,
    *,
    queue: str = "work",
    lane: str | None = None,
    dedupe: str | None = None,
    at: datetime | None = None,
    kind: str = "note",
) -> bool:
    async with database.work() as work:
        return await work.jobs.put(kind, {"name": name}, queue=queue, lane=lane, dedupe=dedupe, at=at)


async def claim(database: Database, limit: int = 10, queue: str = "work") -> list[Job]:
    async with database.work() as work:
        return await work.jobs.claim(queue, limit=limit, lease_s=LEASE_S)


async def complete(database: Database, job: Job) -> None:
    async with database.work() as work:
        await work.jobs.fence(job)
        await work.jobs.complete(job)


async def work_off(database: Database, queue: str = "work") -> list[str]:
    """The names of all jobs, in the order in which one worker does them."""
    done = []
    while jobs := await claim(database, limit=1, queue=queue):
        for job in jobs:
            done.append(name(job))
            await complete(database, job)
    return done


async def states(database: Database) -> list[State]:
    async with database.reading() as work:
        return [record.state for record in reversed(await work.jobs.listing())]


def name(job: Job) -> str:
    return str(job.payload["name"])


def names(jobs: list[Job]) -> list[str]:
    return [name(job) for job in jobs]


# Asking


async def test_a_job_keeps_everything_it_was_put_with(any_database: Database) -> None:
    payload: JsonObject = {"text": "今天拜访了张总\u0000\ud83d", "n": 1.5, "deep": [None, {"b": 1, "a": True}]}
    async with any_database.work() as work:
        await work.jobs.put("note", payload, queue="work", lane="wecom:li", dedupe="wecom:1")

    [job] = await claim(any_database)

    assert (job.kind, job.queue, job.lane, job.dedupe) == ("note", "work", "wecom:li", "wecom:1")
    assert job.payload == payload
    assert (job.attempts, job.run_at, job.created_at) == (1, NOON, NOON)


async def test_a_known_key_is_not_put_again(any_database: Database) -> None:
    assert await put(any_database, "first", dedupe="wecom:1")
    assert not await put(any_database, "again", dedupe="wecom:1")

    assert await work_off(any_database) == ["first"]


async def test_a_key_stays_known_after_its_job_was_done(any_database: Database) -> None:
    await put(any_database, "first", dedupe="wecom:1")
    await work_off(any_database)

    assert not await put(any_database, "again", dedupe="wecom:1")
    assert await work_off(any_database) == []


async def test_jobs_without_a_key_never_collide(any_database: Database) -> None:
    assert await put(any_database, "one")
    assert await put(any_database, "two")

    assert await work_off(any_database) == ["one", "two"]


async def test_nothing_is_put_by_a_unit_of_work_that_fails(any_database: Database) -> None:
    async def fail() -> None:
        async with any_database.work() as work:
            await work.jobs.put("note", {"name": "lost"}, queue="work", dedupe="wecom:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await work_off(any_database) == []
    assert await put(any_database, "again", dedupe="wecom:1")


# Lanes


async def test_a_lane_is_worked_in_order_and_one_at_a_time(any_database: Database) -> None:
    for word in ("a1", "a2", "a3"):
        await put(any_database, word, lane="a")
    await put(any_database, "b1", lane="b")

    first = await claim(any_database)
    assert names(first) == ["a1", "b1"]
    assert await claim(any_database) == []

    await complete(any_database, first[0])
    assert names(await claim(any_database)) == ["a2"]


async def test_jobs_without_a_lane_run_side_by_side(any_database: Database) -> None:
    for word in ("x", "y", "z"):
        await put(any_database, word)

    assert names(await claim(any_database)) == ["x", "y", "z"]


async def test_the_same_lane_of_another_queue_is_another_lane(any_database: Database) -> None:
    await put(any_database, "slow", lane="a", queue="work")
    await claim(any_database, queue="work")
    await put(any_database, "receipt", lane="a", queue="inbox")

    assert names(await claim(any_database, queue="inbox")) == ["receipt"]


async def test_a_limit_is_kept(any_database: Database) -> None:
    for word in ("x", "y", "z"):
        await put(any_database, word)

    assert names(await claim(any_database, limit=2)) == ["x", "y"]
    assert names(await claim(any_database, limit=2)) == ["z"]


async def test_a_job_that_is_tried_again_holds_its_lane(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "a1", lane="a")
    await put(any_database, "a2", lane="a")
    [job] = await claim(any_database)

    async with any_database.work() as work:
        await work.jobs.retry(job, clock.now() + timedelta(seconds=30), "busy")

    assert await claim(any_database) == []
    clock.advance(timedelta(seconds=30))
    [again] = await claim(any_database)
    assert (name(again), again.attempts) == ("a1", 2)


async def test_a_job_that_is_postponed_holds_its_lane_and_counts_no_attempt(
    any_database: Database, clock: FakeClock
) -> None:
    await put(any_database, "a1", lane="a")
    await put(any_database, "a2", lane="a")
    [job] = await claim(any_database)

    async with any_database.work() as work:
        await work.jobs.postpone(job, clock.now() + timedelta(seconds=30))

    assert await claim(any_database) == []
    clock.advance(timedelta(seconds=30))
    [again] = await claim(any_database)
    assert (name(again), again.attempts) == ("a1", 1)


async def test_a_next_step_keeps_its_place_in_the_lane(any_database: Database) -> None:
    await put(any_database, "voice", lane="a")
    await put(any_database, "edit", lane="a")
    [job] = await claim(any_database)

    async with any_database.work() as work:
        await work.jobs.fence(job)
        await work.jobs.advance(job, "understand", {"name": "words"})

    [step] = await claim(any_database)
    assert (step.id, step.kind, name(step), step.attempts) == (job.id, "understand", "words", 1)
    await complete(any_database, step)
    assert names(await claim(any_database)) == ["edit"]


async def test_a_next_step_at_a_later_moment_holds_its_lane_until_then(
    any_database: Database, clock: FakeClock
) -> None:
    await put(any_database, "voice", lane="a")
    await put(any_database, "edit", lane="a")
    [job] = await claim(any_database)

    async with any_database.work() as work:
        await work.jobs.advance(job, "understand", {"name": "words"}, at=clock.now() + timedelta(minutes=1))

    assert await claim(any_database) == []
    clock.advance(timedelta(minutes=1))
    assert names(await claim(any_database)) == ["words"]


async def test_a_busy_lane_says_so(any_database: Database, clock: FakeClock) -> None:
    async def is_busy() -> bool:
        async with any_database.reading() as work:
            return await work.jobs.is_lane_busy("work", "a")

    assert not await is_busy()
    await put(any_database, "tomorrow", lane="a", at=clock.now() + timedelta(days=1))
    assert not await is_busy()
    await put(any_database, "now", lane="a")
    assert await is_busy()
    [job] = await claim(any_database)
    assert await is_busy()
    await complete(any_database, job)
    assert not await is_busy()


# Time


async def test_a_timer_waits_for_its_moment(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "reminder", at=clock.now() + timedelta(hours=4))

    assert await claim(any_database) == []
    clock.advance(timedelta(hours=4))
    assert names(await claim(any_database)) == ["reminder"]


async def test_a_timer_does_not_hold_up_its_lane(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "reminder", lane="a", at=clock.now() + timedelta(hours=4))
    await put(any_database, "message", lane="a")

    assert names(await claim(any_database)) == ["message"]


async def test_a_timer_that_falls_due_waits_for_a_busy_lane(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "reminder", lane="a", at=clock.now() + timedelta(seconds=10))
    await put(any_database, "message", lane="a")
    [message] = await claim(any_database)
    clock.advance(timedelta(seconds=10))

    assert await claim(any_database) == []
    await complete(any_database, message)
    assert names(await claim(any_database)) == ["reminder"]


async def test_a_timer_that_is_due_goes_before_what_came_after_it(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "reminder", lane="a", at=clock.now() + timedelta(seconds=10))
    clock.advance(timedelta(seconds=10))
    await put(any_database, "message", lane="a")

    [first] = await claim(any_database)
    assert name(first) == "reminder"
    await complete(any_database, first)
    assert names(await claim(any_database)) == ["message"]


async def test_a_timer_that_has_started_holds_its_lane_like_any_other(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "reminder", lane="a", at=clock.now() + timedelta(seconds=10))
    clock.advance(timedelta(seconds=10))
    [job] = await claim(any_database)
    await put(any_database, "message", lane="a")

    async with any_database.work() as work:
        await work.jobs.retry(job, clock.now() + timedelta(seconds=5), "busy")

    assert await claim(any_database) == []


async def test_the_longest_due_comes_first(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "late", at=clock.now() + timedelta(seconds=20))
    await put(any_database, "early", at=clock.now() + timedelta(seconds=10))
    clock.advance(timedelta(minutes=1))
    await put(any_database, "now")

    assert await work_off(any_database) == ["early", "late", "now"]


async def test_a_moment_without_a_zone_is_refused(any_database: Database) -> None:
    with pytest.raises(TypeError, match="naive"):
        await put(any_database, "reminder", at=NOON.replace(tzinfo=None))


async def test_moments_come_back_in_utc(any_database: Database) -> None:
    at = datetime(2026, 3, 2, 11, 0, 0, 123456, tzinfo=SHANGHAI)
    await put(any_database, "reminder", at=at)

    [job] = await claim(any_database)

    assert job.run_at == at
    assert job.run_at.tzinfo == UTC


async def test_the_next_moment_to_look_is_the_next_timer_or_the_next_lease(
    any_database: Database, clock: FakeClock
) -> None:
    async def next_due() -> datetime | None:
        async with any_database.reading() as work:
            return (await work.jobs.outlook(["work", "inbox"])).next_at

    assert await next_due() is None
    await put(any_database, "elsewhere", queue="outbox", at=NOON + timedelta(seconds=1))
    await put(any_database, "waits already")
    assert await next_due() is None
    await put(any_database, "late", at=NOON + timedelta(hours=2))
    await put(any_database, "early", queue="inbox", at=NOON + timedelta(hours=1))
    assert await next_due() == NOON + timedelta(hours=1)
    await claim(any_database)
    assert await next_due() == NOON + timedelta(seconds=LEASE_S)


async def test_a_cancelled_timer_never_fires_and_frees_its_key(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "friday", dedupe="todo:1", at=clock.now() + timedelta(hours=1))
    async with any_database.work() as work:
        assert await work.jobs.cancel("todo:1")
        assert await work.jobs.put("note", {"name": "monday"}, queue="work", dedupe="todo:1", at=NOON)

    clock.advance(timedelta(hours=2))

    assert await work_off(any_database) == ["monday"]
    assert await states(any_database) == ["cancelled", "done"]


async def test_what_has_started_cannot_be_cancelled(any_database: Database) -> None:
    await put(any_database, "now", dedupe="todo:1")
    [job] = await claim(any_database)

    async with any_database.work() as work:
        assert not await work.jobs.cancel("todo:1")
        assert not await work.jobs.cancel("todo:2")

    await complete(any_database, job)
    assert await states(any_database) == ["done"]


# Leases


async def test_a_leased_job_belongs_to_one_worker(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "x")
    await claim(any_database)
    clock.advance(timedelta(seconds=LEASE_S - 1))

    assert await claim(any_database) == []


async def test_a_job_of_a_dead_worker_is_taken_over_when_its_lease_runs_out(
    any_database: Database, clock: FakeClock
) -> None:
    await put(any_database, "a1", lane="a")
    await put(any_database, "a2", lane="a")
    [dead] = await claim(any_database)
    clock.advance(timedelta(seconds=LEASE_S))

    [taken] = await claim(any_database)

    assert (taken.id, taken.attempts) == (dead.id, 2)
    assert taken.token != dead.token


@pytest.mark.postgres
async def test_a_worker_that_stands_still_in_a_transaction_keeps_nobody_elses_jobs_from_being_claimed(
    pg_url: str, clock: FakeClock
) -> None:
    here, there = await Database.open(pg_url, clock), await Database.open(pg_url, clock)
    try:
        await put(here, "its own", lane="a")
        [held] = await claim(here)
        await put(here, "somebody else's", lane="b")
        async with here.work() as work:
            await work.jobs.fence(held)
            clock.advance(timedelta(seconds=LEASE_S + 1))
            async with asyncio.timeout(5):
                assert names(await claim(there)) == ["somebody else's"]
        assert names(await claim(there)) == ["its own"]
    finally:
        await here.close()
        await there.close()


async def test_a_heartbeat_keeps_the_lease(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "x")
    [job] = await claim(any_database)
    for _ in range(5):
        clock.advance(timedelta(seconds=LEASE_S - 1))
        async with any_database.work() as work:
            assert await work.jobs.renew(job, LEASE_S)

    assert await claim(any_database) == []
    await complete(any_database, job)


@pytest.mark.parametrize("ending", ["complete", "advance", "retry", "postpone", "park", "fence"])
async def test_a_zombie_changes_nothing(any_database: Database, clock: FakeClock, ending: str) -> None:
    await put(any_database, "x")
    [zombie] = await claim(any_database)
    clock.advance(timedelta(seconds=LEASE_S))
    [owner] = await claim(any_database)

    async def end_too_late() -> None:
        async with any_database.work() as work:
            await work.jobs.put("note", {"name": "twice"}, queue="outbox")
            match ending:
                case "complete":
                    await work.jobs.complete(zombie)
                case "advance":
                    await work.jobs.advance(zombie, "next", {})
                case "retry":
                    await work.jobs.retry(zombie, clock.now(), "busy")
                case "postpone":
                    await work.jobs.postpone(zombie, clock.now())
                case "park":
                    await work.jobs.park(zombie, "hopeless")
                case _:
                    await work.jobs.fence(zombie)

    with pytest.raises(LeaseLost):
        await end_too_late()
    async with any_database.work() as work:
        assert not await work.jobs.renew(zombie, LEASE_S)

    assert await claim(any_database, queue="outbox") == []
    await complete(any_database, owner)
    assert await states(any_database) == ["done"]


async def test_a_job_ends_once(any_database: Database) -> None:
    await put(any_database, "x")
    [job] = await claim(any_database)
    await complete(any_database, job)

    with pytest.raises(LeaseLost):
        await complete(any_database, job)


async def test_a_lease_that_ran_out_still_counts_while_nobody_took_the_job(
    any_database: Database, clock: FakeClock
) -> None:
    await put(any_database, "x")
    [job] = await claim(any_database)
    clock.advance(timedelta(hours=1))

    await complete(any_database, job)

    assert await states(any_database) == ["done"]


async def test_reclaiming_makes_everything_that_ran_ready_at_once(any_database: Database) -> None:
    for word in ("a1", "a2"):
        await put(any_database, word, lane="a")
    [job] = await claim(any_database)

    async with any_database.work() as work:
        assert await work.jobs.reclaim() == 1

    assert await work_off(any_database) == ["a1", "a2"]
    with pytest.raises(LeaseLost):
        await complete(any_database, job)


# Parking


async def test_parking_frees_the_lane_and_a_replay_comes_first_again(any_database: Database, clock: FakeClock) -> None:
    for word in ("a1", "a2", "a3"):
        await put(any_database, word, lane="a")
    [job] = await claim(any_database)
    async with any_database.work() as work:
        await work.jobs.park(job, "parser: KeyError")

    [second] = await claim(any_database)
    assert name(second) == "a2"
    async with any_database.reading() as work:
        [parked] = await work.jobs.listing("parked")
        assert parked == await work.jobs.show(job.id)
    assert (parked.error, parked.attempts, parked.ended_at) == ("parser: KeyError", 1, NOON)

    async with any_database.work() as work:
        await work.jobs.replay(job.id)
    assert await claim(any_database) == []
    await complete(any_database, second)
    [again] = await claim(any_database)
    assert (name(again), again.attempts) == ("a1", 1)


async def test_only_a_parked_job_is_replayed(any_database: Database) -> None:
    await put(any_database, "x")
    [job] = await claim(any_database)
    await complete(any_database, job)

    async with any_database.work() as work:
        with pytest.raises(NotParked):
            await work.jobs.replay(job.id)
        with pytest.raises(NotParked):
            await work.jobs.replay(999)
        assert await work.jobs.show(999) is None


async def test_a_very_long_error_is_cut(any_database: Database) -> None:
    await put(any_database, "x")
    [job] = await claim(any_database)
    async with any_database.work() as work:
        await work.jobs.park(job, "x" * 10_000)

    async with any_database.reading() as work:
        record = await work.jobs.show(job.id)
    assert record is not None
    assert record.error == "x" * 500


# Kinds


async def test_kinds_that_are_skipped_still_hold_their_lane(any_database: Database) -> None:
    await put(any_database, "voice", lane="a", kind="transcribe")
    await put(any_database, "edit", lane="a", kind="text")
    await put(any_database, "other", lane="b", kind="text")

    async with any_database.work() as work:
        jobs = await work.jobs.claim("work", limit=10, lease_s=LEASE_S, skip_kinds=["transcribe"])

    assert names(jobs) == ["other"]


async def test_one_kind_can_be_claimed_by_itself(any_database: Database) -> None:
    await put(any_database, "text", kind="text")
    await put(any_database, "voice 1", kind="transcribe")
    await put(any_database, "voice 2", kind="transcribe")

    async with any_database.work() as work:
        jobs = await work.jobs.claim("work", limit=1, lease_s=LEASE_S, only_kinds=["transcribe"])

    assert names(jobs) == ["voice 1"]


# Several as one


async def test_waiting_jobs_of_a_lane_can_be_absorbed(any_database: Database, clock: FakeClock) -> None:
    for word in ("a1", "a2", "a3", "a4"):
        await put(any_database, word, lane="a")
    await put(any_database, "a, later", lane="a", at=clock.now() + timedelta(hours=1))
    await put(any_database, "b1", lane="b")
    [job] = [one for one in await claim(any_database) if one.lane == "a"]

    async with any_database.work() as work:
        waiting = await work.jobs.waiting_behind(job, limit=10)
        assert names(waiting) == ["a2", "a3", "a4"]
        await work.jobs.absorb(job, {"name": "a1+a2+a3"}, waiting[:2])
    clock.advance(timedelta(seconds=LEASE_S))

    assert await work_off(any_database) == ["a1+a2+a3", "a4", "b1"]
    async with any_database.reading() as work:
        record = await work.jobs.show(waiting[0].id)
    assert record is not None
    assert (record.state, record.error) == ("done", f"merged into {job.id}")


async def test_what_was_cancelled_meanwhile_cannot_be_absorbed(any_database: Database) -> None:
    await put(any_database, "a1", lane="a")
    await put(any_database, "a2", lane="a", dedupe="a2")
    [job] = await claim(any_database)
    async with any_database.work() as work:
        waiting = await work.jobs.waiting_behind(job, limit=10)
    async with any_database.work() as work:
        await work.jobs.cancel("a2")

    with pytest.raises(LeaseLost):
        async with any_database.work() as work:
            await work.jobs.absorb(job, {"name": "a1+a2"}, waiting)


# Recurring


def digest(at: time = time(8, 30)) -> Daily:
    return Daily("digest:daily:team-1", kind="digest", queue="work", at=at, zone=SHANGHAI, payload={"name": "digest"})


def test_the_next_occurrence_is_later_today_or_tomorrow() -> None:
    assert digest(time(12, 1)).after(NOON) == datetime(2026, 3, 2, 12, 1, tzinfo=SHANGHAI)
    assert digest(time(12, 0)).after(NOON) == datetime(2026, 3, 3, 12, 0, tzinfo=SHANGHAI)
    assert digest().after(NOON) == datetime(2026, 3, 3, 8, 30, tzinfo=SHANGHAI)


async def test_many_instances_put_one_next_occurrence(any_database: Database) -> None:
    new = []
    for _ in range(3):
        async with any_database.work() as work:
            new.append(await work.jobs.put_next(digest()))

    assert new == [True, False, False]
    async with any_database.reading() as work:
        [record] = await work.jobs.listing()
    assert record.dedupe == "digest:daily:team-1:2026-03-03"


async def test_a_fortnight_of_digests_fires_once_a_day_and_a_late_one_once(
    any_database: Database, clock: FakeClock
) -> None:
    async with any_database.work() as work:
        await work.jobs.put_next(digest())
    fired: list[date] = []

    async def run_due() -> None:
        for job in await claim(any_database):
            async with any_database.work() as work:
                await work.jobs.fence(job)
                await work.jobs.put_next(digest())
                await work.jobs.complete(job)
            fired.append(clock.now().astimezone(SHANGHAI).date())

    for _ in range(14 * 24):
        clock.advance(timedelta(hours=1))
        await run_due()
    assert fired == [date(2026, 3, 3 + day) for day in range(14)]

    clock.advance(timedelta(days=5))
    await run_due()
    assert fired[14:] == [date(2026, 3, 21)]


# Looking and caring


async def test_the_oldest_waiting_job_is_the_one_due_longest(any_database: Database, clock: FakeClock) -> None:
    async def oldest() -> datetime | None:
        async with any_database.reading() as work:
            return await work.jobs.oldest_waiting("work")

    assert await oldest() is None
    await put(any_database, "tomorrow", at=NOON + timedelta(days=1))
    assert await oldest() is None
    await put(any_database, "x")
    clock.advance(timedelta(minutes=5))
    await put(any_database, "y")
    assert await oldest() == NOON
    await claim(any_database, limit=1)
    assert await oldest() == NOON + timedelta(minutes=5)


async def test_jobs_are_counted_by_queue_and_state(any_database: Database) -> None:
    for word in ("x", "y", "z"):
        await put(any_database, word)
    await put(any_database, "receipt", queue="outbox")
    [x, y] = await claim(any_database, limit=2)
    await complete(any_database, x)
    async with any_database.work() as work:
        await work.jobs.park(y, "hopeless")

    async with any_database.reading() as work:
        counts = await work.jobs.counts()

    assert counts == {("work", "ready"): 1, ("work", "parked"): 1, ("outbox", "ready"): 1}


async def test_pruning_forgets_what_ended_long_ago_and_nothing_else(any_database: Database, clock: FakeClock) -> None:
    for word in ("done", "parked", "running"):
        await put(any_database, word, dedupe=word)
    await put(any_database, "cancelled", dedupe="cancelled", at=NOON + timedelta(days=99))
    await put(any_database, "waiting", dedupe="waiting", at=NOON + timedelta(days=99))
    done, parked, _ = await claim(any_database)
    await complete(any_database, done)
    async with any_database.work() as work:
        await work.jobs.park(parked, "hopeless")
        await work.jobs.cancel("cancelled")
    clock.advance(timedelta(days=14))
    await put(any_database, "fresh")

    async with any_database.work() as work:
        assert await work.jobs.prune(clock.now() - timedelta(days=14)) == 0
        assert await work.jobs.prune(clock.now() - timedelta(days=13)) == 2

    assert await states(any_database) == ["parked", "running", "ready", "ready"]
    assert await put(any_database, "again", dedupe="done")


async def test_an_id_is_never_given_away_twice(any_database: Database, clock: FakeClock) -> None:
    await put(any_database, "x")
    [job] = await claim(any_database)
    await complete(any_database, job)
    clock.advance(timedelta(days=30))
    async with any_database.work() as work:
        await work.jobs.prune(clock.now())
    await put(any_database, "y")

    [later] = await claim(any_database)

    assert later.id > job.id


async def test_a_claim_finds_what_is_ready_by_its_index(database: Database) -> None:
    """Ten thousand pending timers must cost an idle worker nothing."""
    seen: list[tuple[str, Any]] = []
    async with database.work() as work:
        engine = work.session.get_bind()

        @event.listens_for(engine, "before_cursor_execute")
        def listen(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
            seen.append((sql, values))

        await work.jobs.claim("work", limit=10, lease_s=LEASE_S)
        event.remove(engine, "before_cursor_execute", listen)
        [(sql, values)] = [one for one in seen if "LIMIT" in one[0]]
        connection = await work.session.connection()
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)).all()

    steps = [step for *_, step in plan]
    assert "SEARCH candidate USING INDEX ix_jobs_ready (queue=? AND run_at<?)" in steps
    assert not [step for step in steps if step.startswith("SCAN")]
