"""How jobs are worked: what an error means, how many run at once, and what a stop leaves behind."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aiohttp import ClientConnectionError

from bot.errors import (
    ContentRefused,
    MediaGone,
    MediaTooBig,
    NotPermitted,
    PlatformBusy,
    QuotaSpent,
    RecipientUnreachable,
    TokenRejected,
)
from bot.worker import Handler, Later, Park, QueueRules, Tell, Verdict, Worker, backoff_s, described, summary, verdict
from handlers import texts
from nlp.errors import AudioTooLong, EmptyAudio, EngineUnavailable, NoSpeech, NotAudio
from storage.database import Database
from storage.errors import DatabaseUnavailable, LeaseLost
from storage.jobs import Job, JobRecord, Jobs, State
from storage.work import Work
from tests.fakes import NOON, FakeClock

LEASE_S = 60.0


@dataclass
class Office:
    """A worker, the handlers that a test gives it, and what people were told."""

    database: Database
    clock: FakeClock
    queues: dict[str, QueueRules] = field(default_factory=lambda: {"work": QueueRules(4, LEASE_S)})
    handlers: dict[str, Handler] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    parked: list[tuple[str, str]] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    grace_s: float = 20.0

    def worker(self) -> Worker:
        return Worker(
            self.database,
            self.handlers,
            self.queues,
            on_tell=self._tell,
            on_park=self._park,
            grace_s=self.grace_s,
        )

    async def _tell(self, work: Work, job: Job, text: str) -> None:
        await work.jobs.put("send", {"text": text}, queue="outbox", dedupe=f"tell:{job.id}")
        self.told.append((str(job.payload["name"]), text))

    async def _park(self, work: Work, job: Job, error: str) -> None:
        await work.jobs.put("send", {"text": error}, queue="outbox", dedupe=f"park:{job.id}:{job.attempts}")
        self.parked.append((str(job.payload["name"]), error))

    async def put(self, name: str, kind: str = "note", lane: str | None = None, queue: str = "work") -> None:
        async with self.database.work() as work:
            await work.jobs.put(kind, {"name": name}, queue=queue, lane=lane)

    async def finish(self, job: Job) -> None:
        self.ran.append(str(job.payload["name"]))
        async with self.database.work() as work:
            await work.jobs.fence(job)
            await work.jobs.complete(job)

    async def records(self, queue: str = "work") -> list[JobRecord]:
        async with self.database.reading() as work:
            return [record for record in reversed(await work.jobs.listing()) if record.queue == queue]

    async def states(self, queue: str = "work") -> list[State]:
        return [record.state for record in await self.records(queue)]


@pytest.fixture
def office(database: Database, clock: FakeClock) -> Office:
    office = Office(database, clock)
    office.handlers["note"] = office.finish
    return office


def raises(*errors: Exception) -> Callable[[Job], Awaitable[None]]:
    """A handler that fails with each of these in turn."""
    left = list(errors)

    async def handler(_: Job) -> None:
        raise left.pop(0)

    return handler


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


async def until(condition: Callable[[], bool], *, clock: FakeClock | None = None) -> None:
    """Wait for the worker; with `clock`, let a second of its time pass now and then."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005 if clock is None else 0.02)
            if clock is not None:
                clock.advance(timedelta(seconds=1))


# The table


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MediaGone("media/get", 40007), Tell(texts.MEDIA_GONE)),
        (EmptyAudio("no samples"), Tell(texts.EMPTY_AUDIO)),
        (NotAudio("html"), Tell(texts.NOT_AUDIO.format(reason="html"))),
        (NoSpeech(), Tell(texts.NO_SPEECH)),
        (AudioTooLong(601, 300), Tell(texts.TOO_LONG.format(minutes=10, limit=5))),
        (PlatformBusy("send", 45009, retry_after_s=60.0), Later(60.0)),
        (QuotaSpent("send", 45009, retry_after_s=7200.0), Later(7200.0, counts=False)),
        (QuotaSpent("send", 45009), Later(3600.0, counts=False)),
        (MediaTooBig("media/get", "size", hint="文件超过 20 MB。"), Tell("这份文件没能收下：文件超过 20 MB。")),
        (RecipientUnreachable("send", 81013), Park()),
        (ContentRefused("send", 40058), Park()),
        (KeyError("MsgType"), Park()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_verdict(error: Exception, expected: Verdict) -> None:
    assert verdict(error, attempts=1) == expected


@pytest.mark.parametrize(
    "error",
    [
        PlatformBusy("send"),
        TokenRejected("send", 40014),
        NotPermitted("send", 60020),
        EngineUnavailable("model is loading"),
        DatabaseUnavailable("gone"),
        ClientConnectionError(),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_passes_by_itself_is_tried_later_but_not_for_ever(error: Exception) -> None:
    first = verdict(error, attempts=1)
    assert isinstance(first, Later)
    assert 3.75 <= first.wait_s <= 5
    assert verdict(error, attempts=6) == Park()
    assert isinstance(verdict(error, attempts=6, max_attempts=10), Later)


def test_waits_grow_up_to_half_an_hour() -> None:
    assert [backoff_s(attempts, jitter=lambda: 0.0) for attempts in range(1, 9)] == [
        5,
        15,
        45,
        135,
        405,
        1215,
        1800,
        1800,
    ]
    assert backoff_s(1, jitter=lambda: 1.0) == 3.75


def test_what_is_kept_of_an_error_never_quotes_anybody() -> None:
    def fail() -> None:
        try:
            int("张总说预算八十五万")
        except ValueError as error:
            raise KeyError("宁波恒力") from error

    with pytest.raises(KeyError) as caught:
        fail()

    assert summary(caught.value) == "KeyError"
    assert summary(PlatformBusy("message/send", 45009)) == "PlatformBusy: message/send: 45009"
    text = str(described(caught.value))
    assert "in fail" in text
    assert "ValueError" in text
    assert "张总" not in text
    assert "恒力" not in text


# Verdicts at work


async def test_a_job_that_succeeds_is_done(office: Office) -> None:
    await office.put("a")

    assert await office.worker().drain() == 1

    assert office.ran == ["a"]
    assert await office.states() == ["done"]


async def test_a_busy_platform_is_tried_again_later(office: Office) -> None:
    office.handlers["note"] = raises(PlatformBusy("media/get", -1), PlatformBusy("media/get", -1))
    await office.put("a")
    worker = office.worker()

    assert await worker.drain() == 1
    [record] = await office.records()
    assert (record.state, record.error) == ("ready", "PlatformBusy: media/get: -1")
    assert NOON + timedelta(seconds=3.75) <= record.run_at <= NOON + timedelta(seconds=5)

    office.clock.advance(timedelta(seconds=5))
    assert await worker.drain() == 1
    office.handlers["note"] = office.finish
    office.clock.advance(timedelta(seconds=15))
    assert await worker.drain() == 1
    assert await office.states() == ["done"]
    assert office.parked == []


async def test_a_job_that_fails_every_time_is_parked_and_its_lane_goes_on(office: Office) -> None:
    office.handlers["broken"] = raises(*[PlatformBusy("media/get") for _ in range(6)])
    await office.put("a1", kind="broken", lane="a")
    await office.put("a2", lane="a")
    worker = office.worker()

    for _ in range(6):
        assert office.ran == []
        await worker.drain()
        office.clock.advance(timedelta(hours=1))
    await worker.drain()

    assert office.parked == [("a1", "PlatformBusy: media/get: no answer")]
    assert office.ran == ["a2"]
    assert await office.states() == ["parked", "done"]
    assert len(await office.records("outbox")) == 1


async def test_a_defect_is_parked_at_once_and_a_replay_does_it(office: Office) -> None:
    office.handlers["note"] = raises(KeyError("MsgType"))
    await office.put("a")
    worker = office.worker()
    await worker.drain()
    assert office.parked == [("a", "KeyError")]
    [record] = await office.records()

    office.handlers["note"] = office.finish  # repaired
    async with office.database.work() as work:
        await work.jobs.replay(record.id)
    await worker.drain()

    assert await office.states() == ["done"]


async def test_the_sender_of_something_hopeless_is_told(office: Office) -> None:
    office.handlers["note"] = raises(NoSpeech())
    await office.put("a")

    await office.worker().drain()

    assert office.told == [("a", texts.NO_SPEECH)]
    assert await office.states() == ["done"]
    assert len(await office.records("outbox")) == 1


async def test_waiting_for_a_quota_never_gives_up(office: Office) -> None:
    office.handlers["note"] = raises(*[QuotaSpent("send", 45009) for _ in range(30)])
    await office.put("a")
    worker = office.worker()

    for _ in range(30):
        assert await worker.drain() == 1
        office.clock.advance(timedelta(hours=1))

    [record] = await office.records()
    assert (record.state, record.attempts) == ("ready", 0)


async def test_a_handler_that_forgets_its_job_is_a_defect(office: Office) -> None:
    async def forgetful(job: Job) -> None:
        office.ran.append(str(job.payload["name"]))

    office.handlers["note"] = forgetful
    await office.put("a", lane="a")

    await office.worker().drain()

    assert office.parked == [("a", "GivenUp: the handler of 'note' returned without ending its job")]
    assert await office.states() == ["parked"]


async def test_a_kind_that_nobody_handles_is_parked(office: Office) -> None:
    await office.put("a", kind="unheard-of")

    await office.worker().drain()

    assert office.parked == [("a", "GivenUp: nothing handles 'unheard-of'")]


async def test_a_handler_that_fails_after_its_commit_has_done_its_job(office: Office) -> None:
    async def late_failure(job: Job) -> None:
        await office.finish(job)
        raise KeyError("too late")

    office.handlers["note"] = late_failure
    await office.put("a")

    await office.worker().drain()

    assert await office.states() == ["done"]
    assert office.parked == []


async def test_a_transaction_that_fails_leaves_the_job_to_the_verdict(office: Office) -> None:
    async def fails_inside(job: Job) -> None:
        async with office.database.work() as work:
            await work.jobs.fence(job)
            await work.jobs.put("send", {}, queue="outbox")
            await work.jobs.complete(job)
            raise KeyError("before the commit")

    office.handlers["note"] = fails_inside
    await office.put("a")

    await office.worker().drain()

    assert await office.states() == ["parked"]
    assert [record.dedupe for record in await office.records("outbox")] == ["park:1:1"]


async def test_a_job_that_kills_its_workers_is_parked_in_the_end(office: Office) -> None:
    await office.put("a")
    for _ in range(6):
        async with office.database.work() as work:
            assert await work.jobs.claim("work", limit=1, lease_s=LEASE_S)
        office.clock.advance(timedelta(seconds=LEASE_S))

    await office.worker().drain()

    assert office.ran == []
    assert office.parked == [("a", "GivenUp: began 6 times and never ended")]


async def test_a_worker_that_lost_its_lease_leaves_the_job_alone(office: Office) -> None:
    async def overtaken(job: Job) -> None:
        office.clock.advance(timedelta(seconds=LEASE_S))
        async with office.database.work() as work:
            assert len(await work.jobs.claim("work", limit=1, lease_s=LEASE_S)) == 1
        await office.finish(job)

    office.handlers["note"] = overtaken
    await office.put("a")

    await office.worker().drain()

    assert await office.states() == ["running"]
    assert (office.parked, office.told) == ([], [])


async def test_a_steps_next_step_runs_in_the_same_drain(office: Office) -> None:
    async def transcribe(job: Job) -> None:
        async with office.database.work() as work:
            await work.jobs.fence(job)
            await work.jobs.advance(job, "note", {"name": "words"})

    office.handlers["voice"] = transcribe
    await office.put("a", kind="voice", lane="a")
    await office.put("b", lane="a")

    assert await office.worker().drain() == 3
    assert office.ran == ["words", "b"]


# Running


async def test_a_running_worker_hears_of_new_work_at_once(office: Office) -> None:
    async with running(office.worker()):
        await office.put("a")
        await until(lambda: office.ran == ["a"])
        await office.put("b")
        await until(lambda: office.ran == ["a", "b"])


async def test_a_running_worker_wakes_for_a_timer(office: Office) -> None:
    async with office.database.work() as work:
        await work.jobs.put("note", {"name": "reminder"}, queue="work", at=NOON + timedelta(seconds=3))
    async with running(office.worker()):
        await office.put("a")
        await until(lambda: office.ran == ["a"])
        office.clock.advance(timedelta(seconds=3))
        await until(lambda: office.ran == ["a", "reminder"])


async def test_a_running_worker_finds_by_itself_what_it_was_not_told_of(office: Office) -> None:
    async with running(office.worker()):
        # it has looked for work and sleeps; after a job it would look once more, whoever told it of anything
        await until(lambda: office.clock.is_awaited)
        office.database.wake, told = (lambda: None), office.database.wake  # type: ignore[method-assign]
        await office.put("a")
        office.database.wake = told  # type: ignore[method-assign]
        for _ in range(10):
            await asyncio.sleep(0)
        assert office.ran == []

        await until(lambda: office.ran == ["a"], clock=office.clock)


@dataclass
class Gauge:
    """A handler that holds its jobs until it is opened, and knows how many it held at once."""

    office: Office
    open: asyncio.Event = field(default_factory=asyncio.Event)
    inside: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    async def __call__(self, job: Job) -> None:
        self.inside[job.kind] = self.inside.get(job.kind, 0) + 1
        self.most[job.kind] = max(self.most.get(job.kind, 0), self.inside[job.kind])
        try:
            await self.open.wait()
        finally:
            self.inside[job.kind] -= 1
        await self.office.finish(job)


async def test_no_more_jobs_run_at_once_than_queue_and_kind_allow(office: Office) -> None:
    gauge = Gauge(office)
    office.handlers |= {"note": gauge, "voice": gauge}
    office.queues = {"work": QueueRules(4, LEASE_S, kind_limits={"voice": 1})}
    for number in range(4):
        await office.put(f"voice {number}", kind="voice")
    for number in range(8):
        await office.put(f"note {number}")

    async with running(office.worker()):
        await until(lambda: sum(gauge.inside.values()) == 4)
        gauge.open.set()
        await until(lambda: len(office.ran) == 12)

    assert gauge.most["voice"] == 1
    assert gauge.most["note"] <= 4


async def test_a_slow_kind_leaves_the_other_places_to_others(office: Office) -> None:
    gauge = Gauge(office)
    office.handlers["voice"] = gauge
    office.queues = {"work": QueueRules(2, LEASE_S, kind_limits={"voice": 1})}
    for number in range(3):
        await office.put(f"voice {number}", kind="voice")

    async with running(office.worker()):
        await until(lambda: gauge.inside.get("voice") == 1)
        await office.put("note")
        await until(lambda: office.ran == ["note"])
        gauge.open.set()


async def test_idle_queues_are_not_asked_for_work(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.queues |= {"inbox": QueueRules(8, LEASE_S), "outbox": QueueRules(8, LEASE_S)}
    office.handlers["note"] = office.finish
    asked: list[str] = []
    claim = Jobs.claim

    async def noted(self: Jobs, queue: str, **how: Any) -> list[Job]:
        asked.append(queue)
        return await claim(self, queue, **how)

    monkeypatch.setattr(Jobs, "claim", noted)
    await office.put("one")

    assert await office.worker().drain() == 1
    assert asked == ["work"]


async def test_a_slow_queue_does_not_hold_up_another(office: Office) -> None:
    gauge = Gauge(office)
    office.handlers["voice"] = gauge
    office.queues = {"work": QueueRules(1, LEASE_S), "inbox": QueueRules(1, LEASE_S)}
    await office.put("voice", kind="voice", lane="a")

    async with running(office.worker()):
        await until(lambda: gauge.inside.get("voice") == 1)
        await office.put("receipt", lane="a", queue="inbox")
        await until(lambda: office.ran == ["receipt"])
        gauge.open.set()


async def test_a_long_job_keeps_its_lease(office: Office) -> None:
    async def is_fresh() -> bool:
        [record] = await office.records()
        return record.lease_until == office.clock.now() + timedelta(seconds=LEASE_S)

    gauge = Gauge(office)
    office.handlers["note"] = gauge
    await office.put("a")

    async with running(office.worker()):
        await until(lambda: gauge.inside.get("note") == 1)
        [first] = await office.records()
        for _ in range(5):
            office.clock.advance(timedelta(seconds=LEASE_S / 2))
            async with asyncio.timeout(60):
                while not await is_fresh():  # noqa: ASYNC110  a row of the database has no event
                    await asyncio.sleep(0.005)
        gauge.open.set()
        await until(lambda: office.ran == ["a"])

    [record] = await office.records()
    assert (first.attempts, record.attempts) == (1, 1)


async def test_a_worker_that_slept_past_its_leases_does_not_take_its_own_jobs_over(office: Office) -> None:
    gauge = Gauge(office)
    office.handlers["note"] = gauge
    await office.put("a")

    async with running(office.worker()):
        await until(lambda: gauge.inside.get("note") == 1)
        office.clock.advance(timedelta(hours=1))
        await office.put("b")
        await until(lambda: gauge.inside.get("note") == 2)
        gauge.open.set()
        await until(lambda: sorted(office.ran) == ["a", "b"])

    assert [(record.state, record.attempts) for record in await office.records()] == [("done", 1), ("done", 1)]


async def test_a_run_whose_lease_is_gone_is_stopped(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    gauge = Gauge(office)
    office.handlers["note"] = gauge
    await office.put("a")
    caplog.set_level(logging.WARNING)

    async with running(office.worker()):
        await until(lambda: gauge.inside.get("note") == 1)
        async with office.database.work() as work:
            await work.jobs.reclaim()
            [elsewhere] = await work.jobs.claim("work", limit=1, lease_s=3600)
        office.clock.advance(timedelta(seconds=LEASE_S / 2))
        await until(lambda: gauge.inside.get("note") == 0)

    assert "job.lease_lost" in caplog.messages
    assert office.ran == []
    await office.finish(elsewhere)


async def test_a_database_that_is_away_for_a_moment_stops_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = office.worker()
    away = True
    open_work = office.database.work

    @asynccontextmanager
    async def work() -> AsyncIterator[Work]:
        if away:
            raise DatabaseUnavailable("away")
        async with open_work() as unit:
            yield unit

    await office.put("a")
    monkeypatch.setattr(office.database, "work", work)
    async with running(worker):
        await asyncio.sleep(0.02)
        assert office.ran == []
        away = False
        await until(lambda: office.ran == ["a"], clock=office.clock)


async def test_a_verdict_is_written_down_once_the_database_is_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = False
    open_work = office.database.work

    @asynccontextmanager
    async def work() -> AsyncIterator[Work]:
        if away:
            raise DatabaseUnavailable("away")
        async with open_work() as unit:
            yield unit

    async def fails_with_the_database(_: Job) -> None:
        nonlocal away
        away = True
        raise KeyError("MsgType")

    office.handlers["note"] = fails_with_the_database
    await office.put("a")
    monkeypatch.setattr(office.database, "work", work)
    async with running(office.worker()):
        await until(lambda: away)
        office.clock.advance(timedelta(seconds=2))
        away = False
        await until(lambda: bool(office.parked), clock=office.clock)

    [record] = await office.records()
    assert (record.state, record.attempts) == ("parked", 1)


# Stopping


async def test_stopping_lets_what_runs_end(office: Office) -> None:
    gauge = Gauge(office)
    office.handlers["note"] = gauge
    await office.put("a")
    worker = office.worker()
    task = asyncio.create_task(worker.run())
    await until(lambda: gauge.inside.get("note") == 1)

    worker.stop()
    await asyncio.sleep(0.02)
    assert not task.done()
    gauge.open.set()
    await task

    assert await office.states() == ["done"]


async def test_what_does_not_end_in_time_is_given_back_at_once_and_uncounted(office: Office) -> None:
    gauge = Gauge(office)
    office.handlers["note"] = gauge
    await office.put("a")
    worker = office.worker()
    task = asyncio.create_task(worker.run())
    await until(lambda: gauge.inside.get("note") == 1)

    worker.stop()
    await office.put("b")
    await until(task.done, clock=office.clock)

    a, b = await office.records()
    assert (a.state, a.attempts, b.state) == ("ready", 0, "ready")
    office.handlers["note"] = office.finish
    await office.worker().drain()
    assert office.ran == ["a", "b"]


async def test_a_job_that_ends_just_while_the_worker_stops_does_not_disturb_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew, may_end = Jobs.renew, asyncio.Event()

    async def renew_slowly(self: Jobs, job: Job, lease_s: float) -> bool:
        may_end.set()
        await until(lambda: len(ended) == 2)
        return await renew(self, job, lease_s)

    started: list[str] = []
    ended: list[str] = []

    async def handle(job: Job) -> None:
        started.append(str(job.payload["name"]))
        await may_end.wait()
        ended.append(str(job.payload["name"]))
        raise LeaseLost(job.id)  # the quickest end there is: nothing is written

    office.handlers["note"] = handle
    await office.put("a")
    await office.put("b")

    async with running(office.worker()):
        await until(lambda: len(started) == 2)
        monkeypatch.setattr(Jobs, "renew", renew_slowly)

    assert sorted(ended) == ["a", "b"]


async def test_an_idle_worker_stops_at_once(office: Office) -> None:
    worker = office.worker()
    task = asyncio.create_task(worker.run())
    await asyncio.sleep(0.02)

    worker.stop()

    async with asyncio.timeout(5):
        await task


async def test_a_lost_lease_is_no_news_to_anybody(office: Office) -> None:
    async def refused(job: Job) -> None:
        raise LeaseLost(job.id)

    office.handlers["note"] = refused
    await office.put("a")

    await office.worker().drain()

    assert (office.parked, office.told) == ([], [])


# Several instances


@pytest.mark.postgres
async def test_two_instances_share_the_work_and_keep_every_lane_in_order(
    instances: tuple[Database, Database], clock: FakeClock
) -> None:
    here, there = instances
    offices = [Office(here, clock), Office(there, clock)]
    order: list[str] = []
    most_at_once = 0
    inside: set[str] = set()

    async def handle(office: Office, job: Job) -> None:
        nonlocal most_at_once
        assert job.lane not in inside
        inside.add(str(job.lane))
        most_at_once = max(most_at_once, len(inside))
        await asyncio.sleep(0.002)
        order.append(str(job.payload["name"]))
        inside.discard(str(job.lane))
        await office.finish(job)

    for office in offices:
        office.handlers["note"] = partial(handle, office)
    async with running(offices[0].worker()), running(offices[1].worker()):
        for number in range(60):
            await offices[number % 2].put(f"{number % 6}-{number:02}", lane=f"lane {number % 6}")
        await until(lambda: len(order) == 60)
        await until(lambda: len(offices[0].ran) + len(offices[1].ran) == 60)

    for lane in range(6):
        own = [name for name in order if name.startswith(f"{lane}-")]
        assert own == sorted(own)
    assert most_at_once > 1
    assert all(office.ran for office in offices)


@pytest.mark.postgres
async def test_the_work_of_an_instance_that_died_is_taken_over(
    instances: tuple[Database, Database], clock: FakeClock
) -> None:
    here, there = instances
    office = Office(there, clock)
    office.handlers["note"] = office.finish
    await office.put("a")
    async with here.work() as work:
        assert await work.jobs.claim("work", limit=1, lease_s=LEASE_S)
    await here.close()

    async with running(office.worker()):
        await until(lambda: office.ran == ["a"], clock=clock)

    assert clock.now() >= NOON + timedelta(seconds=LEASE_S)
