"""Random interleavings of everything that can happen to jobs, held against a model of a few lines."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from storage.database import Database
from storage.errors import LeaseLost, NotParked
from storage.jobs import Job, JobRecord, JobRow, Outlook, State
from storage.work import Work
from tests.fakes import FakeClock

LEASE_S = 60
QUEUE = "work"
Result = TypeVar("Result")

lanes = st.sampled_from(["li", "li", "wang", None])
keys = st.sampled_from(["k1", "k2", "k3", None, None])
delays_s = st.sampled_from([0, 0, 0, 30, 90])
pick = st.integers(min_value=0, max_value=99)


@dataclass
class Expected:
    """A job as it should be."""

    lane: str | None
    key: str | None
    run_at: datetime
    holds: bool
    state: State = "ready"
    lease_until: datetime | None = None
    attempts: int = 0
    token: str | None = None


@dataclass
class World:
    """What outlives one example: opening a database for each would take most of the time."""

    runner: asyncio.Runner
    database: Database
    clock: FakeClock


@dataclass
class Given:
    """A run that was handed out at some time, perhaps to somebody who is long thought dead."""

    job: Job
    ended: bool = field(default=False)


class JobsMachine(RuleBasedStateMachine):
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[int, Expected] = {}
        self.given: list[Given] = []

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def work(self, act: Callable[[Work], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with self.world.database.work() as work:
                return await act(work)

        return self.world.runner.run(run())

    @initialize()
    def empty(self) -> None:
        self.work(lambda work: work.session.execute(delete(JobRow)))

    # What can happen

    @rule(lane=lanes, key=keys, delay_s=delays_s)
    def put(self, lane: str | None, key: str | None, delay_s: int) -> None:
        at = self.now + timedelta(seconds=delay_s) if delay_s else None
        is_new = self.work(lambda work: work.jobs.put("note", {}, queue=QUEUE, lane=lane, dedupe=key, at=at))

        assert is_new == (key is None or all(one.key != key for one in self.expected.values()))
        if is_new:
            [record] = self.work(lambda work: work.jobs.listing(limit=1))
            assert record.id > max(self.expected, default=0)
            self.expected[record.id] = Expected(lane, key, at or self.now, holds=at is None)

    @rule(limit=st.integers(min_value=1, max_value=4))
    def claim(self, limit: int) -> None:
        jobs = self.work(lambda work: work.jobs.claim(QUEUE, limit=limit, lease_s=LEASE_S))

        for one in self.expected.values():
            if one.state == "running" and one.lease_until is not None and one.lease_until <= self.now:
                one.state, one.token, one.lease_until = "ready", None, None
        claimable = sorted((one.run_at, job_id) for job_id, one in self.expected.items() if self.is_free(job_id))
        assert [job.id for job in jobs] == [job_id for _, job_id in claimable[:limit]]
        for job in jobs:
            one = self.expected[job.id]
            one.state, one.holds, one.token = "running", True, job.token
            one.attempts += 1
            one.lease_until = self.now + timedelta(seconds=LEASE_S)
            assert job.attempts == one.attempts
            self.given.append(Given(job))

    def is_free(self, job_id: int) -> bool:
        job = self.expected[job_id]
        if job.state != "ready" or job.run_at > self.now:
            return False
        return job.lane is None or not any(
            other.state == "running"
            or (other.state == "ready" and other_id < job_id and (other.holds or other.run_at <= self.now))
            for other_id, other in self.expected.items()
            if other_id != job_id and other.lane == job.lane
        )

    @precondition(lambda self: self.given)
    @rule(which=pick, how=st.sampled_from(["complete", "advance", "retry", "postpone", "park"]), delay_s=delays_s)
    def end(self, which: int, how: str, delay_s: int) -> None:
        job = self.given[which % len(self.given)].job
        one = self.expected[job.id]
        at = self.now + timedelta(seconds=delay_s)
        is_owner = one.state == "running" and one.token == job.token

        async def end(work: Work) -> None:
            await work.jobs.fence(job)
            await work.jobs.put("shadow", {}, queue="outbox")
            match how:
                case "complete":
                    await work.jobs.complete(job)
                case "advance":
                    await work.jobs.advance(job, "next", {}, at=at)
                case "retry":
                    await work.jobs.retry(job, at, "busy")
                case "postpone":
                    await work.jobs.postpone(job, at)
                case _:
                    await work.jobs.park(job, "hopeless")
            await work.session.execute(delete(JobRow).where(JobRow.queue == "outbox"))

        if not is_owner:
            with pytest.raises(LeaseLost):
                self.work(end)
            return
        self.work(end)
        one.token = one.lease_until = None
        if how in ("complete", "park"):
            one.state = "done" if how == "complete" else "parked"
            return
        one.state, one.run_at = "ready", at
        one.attempts = {"advance": 0, "retry": one.attempts, "postpone": one.attempts - 1}[how]

    @precondition(lambda self: self.given)
    @rule(which=pick)
    def renew(self, which: int) -> None:
        job = self.given[which % len(self.given)].job
        one = self.expected[job.id]
        is_owner = one.state == "running" and one.token == job.token

        assert self.work(lambda work: work.jobs.renew(job, LEASE_S)) == is_owner
        if is_owner:
            one.lease_until = self.now + timedelta(seconds=LEASE_S)

    @rule(key=st.sampled_from(["k1", "k2", "k3"]))
    def cancel(self, key: str) -> None:
        ready = [one for one in self.expected.values() if one.key == key and one.state == "ready"]

        assert self.work(lambda work: work.jobs.cancel(key)) == bool(ready)
        for one in ready:
            one.state, one.key = "cancelled", None

    @precondition(lambda self: self.expected)
    @rule(which=pick)
    def replay(self, which: int) -> None:
        job_id = sorted(self.expected)[which % len(self.expected)]
        one = self.expected[job_id]
        if one.state != "parked":
            with pytest.raises(NotParked):
                self.work(lambda work: work.jobs.replay(job_id))
            return
        self.work(lambda work: work.jobs.replay(job_id))
        one.state, one.run_at, one.attempts, one.holds = "ready", self.now, 0, True

    @rule()
    def restart(self) -> None:
        self.work(lambda work: work.jobs.reclaim())
        for one in self.expected.values():
            if one.state == "running":
                one.state, one.token, one.lease_until = "ready", None, None

    @rule(by_s=st.sampled_from([1, 29, 31, 61]))
    def time_passes(self, by_s: int) -> None:
        self.world.clock.advance(timedelta(seconds=by_s))

    # What always holds

    @invariant()
    def every_job_is_as_expected(self) -> None:
        async def look(work: Work) -> tuple[list[JobRecord], Outlook]:
            return await work.jobs.listing(limit=1000), await work.jobs.outlook([QUEUE])

        records, outlook = self.work(look)

        assert {
            record.id: (record.state, record.lane, record.dedupe, record.run_at, record.attempts, record.lease_until)
            for record in records
        } == {
            job_id: (one.state, one.lane, one.key, one.run_at, one.attempts, one.lease_until)
            for job_id, one in self.expected.items()
        }
        assert outlook.due == {
            QUEUE
            for one in self.expected.values()
            if (one.state == "ready" and one.run_at <= self.now)
            or (one.lease_until is not None and one.lease_until <= self.now)
        }
        assert outlook.next_at == min(
            (
                moment
                for one in self.expected.values()
                for moment in (one.run_at if one.state == "ready" else None, one.lease_until)
                if moment is not None and moment > self.now
            ),
            default=None,
        )

    @invariant()
    def no_lane_is_worked_twice_at_once(self) -> None:
        running = [one.lane for one in self.expected.values() if one.state == "running" and one.lane is not None]

        assert len(running) == len(set(running))

    def teardown(self) -> None:
        """Whatever happened, a worker that goes on in the end does all that is left."""
        for _ in range(len(self.expected) + 1):
            self.world.clock.advance(timedelta(seconds=100))
            self.claim(limit=4)
            for given in [one for one in self.given if self.expected[one.job.id].token == one.job.token]:
                self.end(self.given.index(given), "complete", 0)
        assert {one.state for one in self.expected.values()} <= {"done", "parked", "cancelled"}


@pytest.fixture
def world(any_url: str) -> Iterator[World]:
    clock = FakeClock()
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(any_url, clock))
        yield World(runner, database, clock)
        runner.run(database.close())


def test_any_interleaving_does_as_the_model(world: World) -> None:
    class Machine(JobsMachine):
        pass

    Machine.world = world
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            print_blob=True,
        ),
    )
