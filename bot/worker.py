"""Claims jobs, runs their handlers, and decides what an error means.

A handler ends its own job, in the transaction that writes what it did. The worker ends it only when the handler raised:
by the verdict on the error the job is tried later, its sender is told, or it is parked and a person looks.
"""

import asyncio
import logging
import random
import traceback
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, assert_never

from aiohttp import ClientError

from bot.errors import (
    BotError,
    MediaGone,
    MediaTooBig,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
    TokenRejected,
)
from handlers import texts
from nlp.errors import AudioTooLong, EmptyAudio, EngineUnavailable, NlpError, NoSpeech, UnreadableAudio
from storage.database import Database
from storage.errors import DatabaseUnavailable, LeaseLost, StorageError
from storage.jobs import Job
from storage.work import Work

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
"""With the waits of `backoff_s` a job is given up about ten minutes after it first failed."""
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 1800.0
QUOTA_WAIT_S = 3600.0
SAFETY_POLL_S = 5.0
"""How long a notification may stay lost: so often the worker looks by itself."""
COALESCE_S = 0.004
"""Jobs that end within this time are followed by one claim: a claim for each took three times the processor time."""
RECONNECT_S = 1.0
GRACE_S = 20.0
"""How long a stopping worker waits for what runs; shorter than every lease, since nothing is renewed meanwhile."""


# What an error means


@dataclass(frozen=True)
class Later:
    """Try again after `wait_s`; `counts` is False where waiting is no failure."""

    wait_s: float
    counts: bool = True


@dataclass(frozen=True)
class Tell:
    """It will never work; the sender is told `text`, and the job is done."""

    text: str


@dataclass(frozen=True)
class Park:
    """A person looks; the lane moves on."""


Verdict = Later | Tell | Park


class Judge(Protocol):
    def __call__(self, error: Exception, attempts: int, *, max_attempts: int) -> Verdict: ...


def verdict(error: Exception, attempts: int, *, max_attempts: int = MAX_ATTEMPTS) -> Verdict:
    """The table of errors; `attempts` counts the one that just failed."""
    match error:
        case MediaGone() | MediaTooBig() | NlpError() if (text := sentence(error)) is not None:
            return Tell(text)
        case QuotaSpent():
            return Later(error.retry_after_s or QUOTA_WAIT_S, counts=False)
        case _ if attempts >= max_attempts:
            return Park()
        case PlatformBusy(retry_after_s=float() | int() as wait_s):
            return Later(wait_s)
        # an admin has to act on the last one, and then nothing should be left to do: a trusted IP, a permission
        case PlatformBusy() | TokenRejected() | EngineUnavailable() | DatabaseUnavailable() | NotPermitted():
            return Later(backoff_s(attempts))
        case ClientError() | TimeoutError() | OSError():
            return Later(backoff_s(attempts))
        case _:
            return Park()


def sentence(error: MediaGone | MediaTooBig | NlpError) -> str | None:
    """What the sender is told where what they sent will never do; None where it is not their message's fault."""
    match error:
        case MediaGone():
            return texts.MEDIA_GONE
        case MediaTooBig(hint=hint):
            return texts.MEDIA_TOO_BIG.format(hint=hint)
        case EmptyAudio():
            return texts.EMPTY_AUDIO
        case UnreadableAudio(reason=reason):
            return texts.NOT_AUDIO.format(reason=reason)
        case NoSpeech():
            return texts.NO_SPEECH
        case AudioTooLong(duration_s=duration_s, limit_s=limit_s):
            return texts.TOO_LONG.format(minutes=round(duration_s / 60), limit=round(limit_s / 60))
        case _:
            return None


def backoff_s(attempts: int, jitter: Callable[[], float] = random.random) -> float:
    """5, 15, 45 … 1800 s after the first, second, third attempt, less up to a quarter so that not all come at once."""
    wait_s = min(FIRST_WAIT_S * 3.0 ** (attempts - 1), LONGEST_WAIT_S)
    return wait_s * (1 - jitter() / 4)


# The worker

Handler = Callable[[Job], Awaitable[None]]


class OnTell(Protocol):
    def __call__(self, work: Work, job: Job, text: str, /) -> Awaitable[None]:
        """Put `text` into the outbox for whoever sent what `job` is about."""
        ...


class OnPark(Protocol):
    def __call__(self, work: Work, job: Job, error: str, /) -> Awaitable[None]:
        """Tell a person that `job` was put aside. Whatever it puts must not go the way that has just failed."""
        ...


@dataclass(frozen=True)
class QueueRules:
    """`kind_limits` caps how many jobs of a kind run at once, below the queue's own `concurrency`."""

    concurrency: int
    lease_s: float = 60.0
    kind_limits: Mapping[str, int] = field(default_factory=dict)
    max_attempts: int = MAX_ATTEMPTS


@dataclass
class _Run:
    job: Job
    rules: QueueRules
    renewed_at: datetime
    task: "asyncio.Task[None] | None" = None

    @property
    def renew_at(self) -> datetime:
        """A third into the lease, so that two heartbeats may be missed."""
        return self.renewed_at + timedelta(seconds=self.rules.lease_s / 3)


class Worker:
    """Works the queues in `queues` off. Use either `run` and `stop`, or, in a test, `drain`."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        queues: Mapping[str, QueueRules],
        *,
        on_tell: OnTell,
        on_park: OnPark,
        judge: Judge = verdict,
        grace_s: float = GRACE_S,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._queues = queues
        self._on_tell = on_tell
        self._on_park = on_park
        self._judge = judge
        self._grace_s = grace_s
        self._waker = asyncio.Event()
        self._stopping = False
        self._runs: dict[tuple[int, str], _Run] = {}
        self._settled: set[tuple[int, str]] = set()

    # In production

    async def run(self) -> None:
        """Work until `stop` is called, then let what runs end within the grace period and give the rest back."""
        async with self._database.woken(self._waker, self._note_settled), self._database.listening():
            try:
                while not self._stopping:
                    self._waker.clear()
                    await self._round()
            finally:
                await self._wind_up()

    def stop(self) -> None:
        self._stopping = True
        self._waker.set()

    async def _round(self) -> None:
        """Claim what there is, then sleep until something happens."""
        try:
            claimed, due_at = await self._claim()
        except Exception as error:  # noqa: BLE001  the worker loop: the next round may find it gone
            log.error("worker.claim_failed", extra=described(error))  # noqa: TRY400  a message could quote words
            await self._database.wait(self._waker, self._database.now() + timedelta(seconds=SAFETY_POLL_S))
            return
        for run in claimed:
            self._start(run)
        if claimed:
            # Others may be free now that these have gone; but let those that are done at once end first.
            await asyncio.sleep(COALESCE_S)
            if not self._is_full():
                return
        now = self._database.now()
        moments = [now + timedelta(seconds=SAFETY_POLL_S), *(run.renew_at for run in self._runs.values())]
        if due_at is not None:
            moments.append(due_at)
        await self._database.wait(self._waker, min(moments))
        if self._waker.is_set():
            await asyncio.sleep(COALESCE_S)

    def _start(self, run: _Run) -> None:
        run.task = asyncio.create_task(self._do(run, patient=True), name=f"job-{run.job.id}")
        run.task.add_done_callback(lambda _: self._waker.set())

    async def _wind_up(self) -> None:
        """Finish what finishes soon; what does not is handed to the next worker at once instead of after its lease."""
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        if tasks:
            with suppress(DatabaseUnavailable):
                async with self._database.work() as work:
                    for run in tuple(self._runs.values()):  # some end meanwhile
                        await work.jobs.renew(run.job, run.rules.lease_s)
            all_done = asyncio.Event()
            watcher = asyncio.create_task(_set_when_done(tasks, all_done))
            await self._database.wait(all_done, self._database.now() + timedelta(seconds=self._grace_s))
            left = list(self._runs.values())
            for task in (watcher, *tasks):
                task.cancel()
            await asyncio.gather(watcher, *tasks, return_exceptions=True)
            await self._give_back(left)

    async def _give_back(self, runs: Collection[_Run]) -> None:
        for run in runs:
            if self._key(run.job) in self._settled:
                continue
            with suppress(LeaseLost, DatabaseUnavailable):
                async with self._database.work() as work:
                    await work.jobs.postpone(run.job, run.job.run_at, "given back when the worker stopped")
                log.info("job.given_back", extra=_ids(run.job))
        self._runs.clear()

    # In tests

    async def drain(self, *, at_once: int = 1) -> int:
        """Do every job that is due, one after the other, until none is due; returns how many were done.

        Up to about `at_once` are claimed together, which takes less time where many are due.
        """
        count = 0
        async with self._database.woken(self._waker, self._note_settled):
            while claimed := (await self._claim(at_once=at_once))[0]:
                for run in claimed:
                    await self._do(run, patient=False)
                count += len(claimed)
        return count

    # Claiming

    async def _claim(self, at_once: int | None = None) -> tuple[list[_Run], datetime | None]:
        """New runs, and the moment at which time alone brings more."""
        claimed: list[_Run] = []
        async with self._database.work() as work:
            lost = await self._heartbeat(work)
            outlook = await work.jobs.outlook(self._queues)  # most queues are idle at most moments
            for queue, rules in self._queues.items():
                if queue in outlook.due and (at_once is None or len(claimed) < at_once):
                    jobs = await self._claim_from(work, queue, rules, at_once)
                    claimed += [_Run(job, rules, work.now) for job in jobs]
        for run in lost:
            log.warning("job.lease_lost", extra=_ids(run.job))
            if run.task is not None:
                run.task.cancel()
        for run in claimed:
            self._runs[self._key(run.job)] = run
        return claimed, outlook.next_at

    async def _claim_from(self, work: Work, queue: str, rules: QueueRules, at_once: int | None) -> list[Job]:
        running = [run.job.kind for run in self._runs.values() if run.job.queue == queue]
        free = rules.concurrency - len(running)
        if at_once is not None:
            free = min(free, at_once)
        jobs: list[Job] = []
        if free > 0:
            jobs += await work.jobs.claim(queue, limit=free, lease_s=rules.lease_s, skip_kinds=tuple(rules.kind_limits))
        for kind, most in rules.kind_limits.items():
            room = min(free - len(jobs), most - running.count(kind))
            if room > 0:
                jobs += await work.jobs.claim(queue, limit=room, lease_s=rules.lease_s, only_kinds=(kind,))
        return jobs

    def _is_full(self) -> bool:
        return len(self._runs) >= sum(rules.concurrency for rules in self._queues.values())

    async def _heartbeat(self, work: Work) -> list[_Run]:
        """Renew the leases that are due for it; returns the runs whose lease is gone.

        Before anything is claimed: after a long block of the event loop this worker must not take its own jobs over.
        """
        lost = []
        for run in tuple(self._runs.values()):
            if run.renew_at > work.now:
                continue
            run.renewed_at = work.now
            if not await work.jobs.renew(run.job, run.rules.lease_s) and self._key(run.job) not in self._settled:
                lost.append(run)
        return lost

    # Doing

    async def _do(self, run: _Run, *, patient: bool) -> None:
        job = run.job
        try:
            error = await self._handle(job, run.rules)
            if error is not None:
                await self._conclude_at_last(run, error, patient=patient)
        except LeaseLost:
            log.warning("job.lease_lost", extra=_ids(job))
        except Exception as error:  # noqa: BLE001  the worker loop: the lease runs out, and the job is tried again
            log.error("job.unsettled", extra=_ids(job) | described(error))  # noqa: TRY400
        finally:
            self._runs.pop(self._key(job), None)
            self._settled.discard(self._key(job))

    async def _handle(self, job: Job, rules: QueueRules) -> Exception | None:
        """Run the handler; returns what it failed with. Raises LeaseLost."""
        if job.attempts > rules.max_attempts:
            # Taken over again and again: it may be this very job that kills its workers.
            return GivenUp(f"began {job.attempts - 1} times and never ended")
        handler = self._handlers.get(job.kind)
        if handler is None:
            return GivenUp(f"nothing handles {job.kind!r}")
        try:
            await handler(job)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001  the worker loop: the verdict decides
            log.warning("job.failed", extra=_ids(job) | described(error))
            if self._is_settled(job):
                # It failed after its commit: what was to be done is done, and the job is no longer ours to judge.
                return None
            return error
        if not self._is_settled(job):
            return GivenUp(f"the handler of {job.kind!r} returned without ending its job")
        return None

    async def _conclude_at_last(self, run: _Run, error: Exception, *, patient: bool) -> None:
        """Write the verdict down, also when the database is away for a while: the lease would take longer."""
        while True:
            try:
                return await self._conclude(run.job, run.rules, error)
            except DatabaseUnavailable:
                if not patient or self._stopping:
                    raise
                await self._database.wait(asyncio.Event(), self._database.now() + timedelta(seconds=RECONNECT_S))

    async def _conclude(self, job: Job, rules: QueueRules, error: Exception) -> None:
        judged = (
            Park() if isinstance(error, GivenUp) else self._judge(error, job.attempts, max_attempts=rules.max_attempts)
        )
        reason = summary(error)
        async with self._database.work() as work:
            await work.jobs.fence(job)
            match judged:
                case Later(wait_s=wait_s, counts=counts):
                    at = work.now + timedelta(seconds=wait_s)
                    await (work.jobs.retry if counts else work.jobs.postpone)(job, at, reason)
                case Tell(text=text):
                    await self._on_tell(work, job, text)
                    await work.jobs.complete(job, reason)
                case Park():
                    await self._on_park(work, job, reason)
                    await work.jobs.park(job, reason)
                case _:
                    assert_never(judged)
        log.info(f"job.{type(judged).__name__.lower()}", extra=_ids(job))

    def _is_settled(self, job: Job) -> bool:
        return self._key(job) in self._settled

    def _note_settled(self, ended: Set[tuple[int, str]]) -> None:
        self._settled |= ended & self._runs.keys()

    @staticmethod
    def _key(job: Job) -> tuple[int, str]:
        return job.id, job.token


class GivenUp(BotError):
    """A defect of the program: the same again would fail the same way."""


async def _set_when_done(tasks: Collection["asyncio.Task[None]"], event: asyncio.Event) -> None:
    await asyncio.wait(tasks)
    event.set()


def _ids(job: Job) -> dict[str, object]:
    return {"job_id": job.id, "queue": job.queue, "kind": job.kind, "attempts": job.attempts}


def summary(error: BaseException) -> str:
    """What may be kept and shown of an error: of others than our own only the type, since they may quote people."""
    own = isinstance(error, PlatformError | NlpError | StorageError | GivenUp)
    return f"{type(error).__name__}: {error}" if own else type(error).__name__


def described(error: BaseException) -> dict[str, object]:
    """Error and traceback for a log line: where it happened, without the message and the values."""
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None:
        chain += [summary(current), *_places(current.__traceback__)]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    hint = {"hint": error.hint} if isinstance(error, PlatformError | EngineUnavailable) and error.hint else {}
    return {"error": summary(error), **hint, "traceback": "\n".join(chain)}


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
