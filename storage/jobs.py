"""The one table of work: what came in, what must go out and what falls due later.

A job is ready, running under a lease, or ended (done, parked, cancelled). A *lane* is worked in order, one job at a
time within its queue. Order in a lane is the order of ids, so a job that is tried again, or goes on as its next step,
keeps its place. A job put for a later moment takes no place until it is due: a reminder for tomorrow must not hold up
today's messages. Once it has started it holds its place until it ends, however often it is postponed.

All methods run in the caller's transaction and never commit.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    CursorResult,
    Delete,
    Index,
    Integer,
    ScalarSelect,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from storage.base import Base, BigId, JsonObject, UtcDateTime, new_token
from storage.errors import LeaseLost, NotParked

State = Literal["ready", "running", "done", "parked", "cancelled"]

ERROR_LENGTH = 500

Moment = datetime | ColumnElement[datetime]

# Literals, not bound values: a planner uses a partial index only when it can see that its condition holds.
READY: ColumnElement[str] = literal_column("'ready'")
RUNNING: ColumnElement[str] = literal_column("'running'")
PARKED: ColumnElement[str] = literal_column("'parked'")


class JobRow(Base):
    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    queue: Mapped[str]
    kind: Mapped[str]
    lane: Mapped[str | None]
    dedupe: Mapped[str | None] = mapped_column(unique=True)
    payload: Mapped[JsonObject]
    state: Mapped[str]
    run_at: Mapped[datetime]
    holds: Mapped[bool]
    """Whether it keeps its place in the lane even while `run_at` lies ahead."""
    attempts: Mapped[int]
    token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('ready', 'running', 'done', 'parked', 'cancelled')", name="state"),
        CheckConstraint("(state = 'running') = (token IS NOT NULL AND lease_until IS NOT NULL)", name="lease"),
        Index(
            "ix_jobs_ready",
            "queue",
            "run_at",
            "id",
            sqlite_where=text("state = 'ready'"),
            postgresql_where=text("state = 'ready'"),
        ),
        # A job that is due or runs is in one of these two. Each condition of a statement must stand in it as it stands
        # here, and not within an `or`: SQLite sees no more, and would read everything that is pending in the lane.
        Index(
            "ix_jobs_lane",
            "queue",
            "lane",
            "id",
            sqlite_where=text("state IN ('ready', 'running') AND holds = 1"),
            postgresql_where=text("state IN ('ready', 'running') AND holds"),
        ),
        Index(
            "ix_jobs_lane_due",
            "queue",
            "lane",
            "run_at",
            sqlite_where=text("state = 'ready' AND holds = 0"),
            postgresql_where=text("state = 'ready' AND NOT holds"),
        ),
        # the condition keeps SQLite from taking it for other questions about a queue and reading all that is done
        Index(
            "ix_jobs_put",
            "queue",
            "created_at",
            "lane",
            sqlite_where=text("lane IS NOT NULL"),
            postgresql_where=text("lane IS NOT NULL"),
        ),
        Index(
            "ix_jobs_running",
            "queue",
            "lane",
            "lease_until",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(
            "ix_jobs_parked",
            "id",
            sqlite_where=text("state = 'parked'"),
            postgresql_where=text("state = 'parked'"),
        ),
        Index(
            "ix_jobs_ended",
            "ended_at",
            sqlite_where=text("state IN ('done', 'cancelled')"),
            postgresql_where=text("state IN ('done', 'cancelled')"),
        ),
        # SQLite would otherwise give the id of the newest deleted row away again.
        {"sqlite_autoincrement": True},
    )


@dataclass(frozen=True)
class Job:
    """A job as its worker sees it. `attempts` counts this run, so it is at least 1; `token` proves the lease."""

    id: int
    queue: str
    kind: str
    lane: str | None
    dedupe: str | None
    payload: JsonObject
    attempts: int
    token: str
    run_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class JobRecord:
    """A job as a person sees it (`visitbot jobs list`)."""

    id: int
    queue: str
    kind: str
    lane: str | None
    dedupe: str | None
    payload: JsonObject
    state: State
    run_at: datetime
    attempts: int
    lease_until: datetime | None
    error: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Outlook:
    due: frozenset[str]
    """The queues in which a claim may find something."""
    next_at: datetime | None


@dataclass(frozen=True)
class Daily:
    """Something that happens every day at `at` in `zone`; `name` tells it from every other (`digest:daily:team-1`)."""

    name: str
    kind: str
    queue: str
    at: time
    zone: ZoneInfo
    payload: JsonObject = field(default_factory=dict)
    lane: str | None = None

    def after(self, moment: datetime) -> datetime:
        """The first occurrence later than `moment`."""
        on = moment.astimezone(self.zone).date()
        first = self.on(on)
        return first if first > moment else self.on(on + timedelta(days=1))

    def on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone)


class Jobs:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now
        self.stirred = False
        """Whether a worker may find something to do after this transaction that it would not find before."""
        self.fenced: Job | None = None
        """The job on whose behalf this transaction works."""
        self.settled: set[tuple[int, str]] = set()
        """(id, token) of the runs that this transaction ends."""

    # Asking for work

    async def put(
        self,
        kind: str,
        payload: JsonObject,
        *,
        queue: str,
        lane: str | None = None,
        dedupe: str | None = None,
        at: datetime | None = None,
    ) -> bool:
        """Ask for `kind` to be done, now or `at` a later moment. False when `dedupe` is known: nothing is put then.

        A key is known until its job is cancelled, or pruned long after it was done.
        """
        values = {
            "queue": queue,
            "kind": kind,
            "lane": lane,
            "dedupe": dedupe,
            "payload": payload,
            "state": "ready",
            "run_at": self._now if at is None else at,
            "holds": at is None or at <= self._now,
            "attempts": 0,
            "created_at": self._now,
        }
        statement = _insert_unless_known(self._session.get_bind().dialect.name)
        is_new = await self._session.scalar(statement, values) is not None
        self.stirred |= is_new
        return is_new

    async def put_next(self, daily: Daily) -> bool:
        """Put the next occurrence of something that recurs; False when it is there already.

        Call it at start and first thing in the handler, in a transaction that commits even if the rest fails later.
        However many instances call it there is one job a day, and after days of downtime a single late one.
        """
        at = daily.after(self._now)
        return await self.put(
            daily.kind,
            daily.payload,
            queue=daily.queue,
            lane=daily.lane,
            dedupe=f"{daily.name}:{at.astimezone(daily.zone).date().isoformat()}",
            at=at,
        )

    async def cancel(self, dedupe: str) -> bool:
        """Call a job off before it starts; True when there was one. Its key may be used again at once."""
        statement = (
            update(JobRow)
            .where(JobRow.dedupe == dedupe, JobRow.state == READY)
            .values(state="cancelled", dedupe=None, ended_at=self._now)
        )
        was_there = await self._changed(statement) > 0
        self.stirred |= was_there
        return was_there

    # Doing it

    async def claim(
        self,
        queue: str,
        *,
        limit: int,
        lease_s: float,
        skip_kinds: Collection[str] = (),
        only_kinds: Collection[str] | None = None,
    ) -> list[Job]:
        """Take up to `limit` jobs that are due, the first of each free lane, for `lease_s`.

        A job whose lease ran out is taken over. Kinds that are left out still hold their lanes.
        """
        await self._one_claim_at_a_time(queue)
        await self._session.execute(_expire_leases(), {"of_queue": queue, "now": self._now})
        parameters: dict[str, object] = {
            "of_queue": queue,
            "now": self._now,
            "most": limit,
            "new_token": new_token(),
            "new_lease": self._now + timedelta(seconds=lease_s),
        }
        if skip_kinds:
            parameters["skipped"] = sorted(skip_kinds)
        if only_kinds is not None:
            parameters["wanted"] = sorted(only_kinds)
        statement = _claim(bool(skip_kinds), only_kinds is not None)
        rows = (await self._session.execute(statement, parameters)).mappings()
        return sorted((Job(**row) for row in rows), key=lambda job: (job.run_at, job.id))

    async def renew(self, job: Job, lease_s: float) -> bool:
        """Keep the lease for another `lease_s` from now; False when it is lost."""
        statement = self._held(job).values(lease_until=self._now + timedelta(seconds=lease_s))
        return await self._changed(statement) > 0

    async def fence(self, job: Job) -> None:
        """Make sure that the job is still ours, and keep it so until the transaction ends. Raises LeaseLost.

        Must be the first statement of a transaction that ends a run: a worker that was thought dead must not write.
        """
        statement = (
            select(JobRow.id)
            .where(JobRow.id == job.id, JobRow.token == job.token, JobRow.state == RUNNING)
            .with_for_update()
        )
        if await self._session.scalar(statement) is None:
            raise LeaseLost(job.id)
        self.fenced = job

    # Ending a run; each raises LeaseLost when the job is no longer ours

    async def complete(self, job: Job, note: str | None = None) -> None:
        await self._settle(job, state="done", error=_short(note), ended_at=self._now)

    async def advance(self, job: Job, kind: str, payload: JsonObject, *, at: datetime | None = None) -> None:
        """The job goes on as its next step: what was reached is kept, and so is its place in the lane."""
        await self._settle(
            job, state="ready", kind=kind, payload=payload, run_at=at or self._now, attempts=0, error=None
        )
        self.stirred = True

    async def retry(self, job: Job, at: datetime, error: str) -> None:
        await self._settle(job, state="ready", run_at=at, error=_short(error))
        self.stirred = True

    async def postpone(self, job: Job, at: datetime, note: str | None = None) -> None:
        """Try again `at`, and do not count this run: it was nobody's fault."""
        await self._settle(job, state="ready", run_at=at, attempts=JobRow.attempts - 1, error=_short(note))
        self.stirred = True

    async def hasten(self, queue: str, lane: str, note: str) -> None:
        """What was postponed in the lane with that note falls due now."""
        statement = (
            update(JobRow)
            .where(JobRow.queue == queue, JobRow.lane == lane, JobRow.state == READY, JobRow.error == note)
            .where(_in_place(JobRow))
            .values(run_at=self._now)
        )
        self.stirred |= await self._changed(statement) > 0

    async def was_put_off(self, job: Job, note: str) -> bool:
        """Whether the job's last run ended in its being postponed with that note."""
        return await self._session.scalar(select(JobRow.error).where(JobRow.id == job.id)) == _short(note)

    async def park(self, job: Job, error: str) -> None:
        """Put the job aside until a person replays it; its lane goes on."""
        await self._settle(job, state="parked", error=_short(error), ended_at=self._now)

    # Several as one

    async def waiting_behind(self, job: Job, *, limit: int) -> list[Job]:
        """The jobs that wait in the lane for `job` to end, in order, none ever started; locked until the commit."""
        behind = and_(JobRow.queue == job.queue, JobRow.lane == job.lane, JobRow.id > job.id, JobRow.attempts == 0)
        waiting = union_all(
            select(JobRow.id).where(behind, JobRow.state == READY, _in_place(JobRow)),
            select(JobRow.id).where(behind, _fallen_due(JobRow, self._now)),
        ).subquery()
        # Two questions: asked as one, PostgreSQL walks through all jobs that are kept, by their ids, up to these.
        job_ids = (await self._session.scalars(select(waiting.c.id).order_by(waiting.c.id).limit(limit))).all()
        if not job_ids:
            return []
        statement = (
            select(*_JOB_COLUMNS)
            .where(JobRow.id.in_(job_ids), JobRow.state == READY, JobRow.attempts == 0)
            .order_by(JobRow.id)
            .with_for_update()
        )
        rows = (await self._session.execute(statement)).mappings()
        return [Job(**{**row, "token": ""}) for row in rows]

    async def absorb(self, job: Job, payload: JsonObject, others: Iterable[Job] = ()) -> None:
        """Give the running `job` a new payload that also does what the waiting `others` ask for; those are done."""
        await self._must_change(self._held(job).values(payload=payload), job)
        for other in others:
            await self._must_change(
                update(JobRow)
                .where(JobRow.id == other.id, JobRow.state == READY)
                .values(state="done", error=f"merged into {job.id}", ended_at=self._now),
                other,
            )

    # Looking at it

    async def outlook(self, queues: Collection[str]) -> Outlook:
        """What there is to do now, and when time alone brings more."""
        if not queues:
            return Outlook(frozenset(), None)
        names = tuple(sorted(queues))
        row = (await self._session.execute(_outlook(names), {"now": self._now})).one()
        due = frozenset(name for name, is_due in zip(names, row, strict=False) if is_due)
        return Outlook(due, min((moment for moment in row[len(names) :] if moment is not None), default=None))

    async def is_waiting(self, dedupe: str) -> bool:
        """Whether the job of that key is still to be done, now or later."""
        statement = select(exists().where(JobRow.dedupe == dedupe, or_(JobRow.state == READY, JobRow.state == RUNNING)))
        return bool(await self._session.scalar(statement))

    async def was_put(self, dedupe: str) -> bool:
        """Whether there is a job of that key, done or not."""
        return bool(await self._session.scalar(select(exists().where(JobRow.dedupe == dedupe))))

    async def is_lane_busy(self, queue: str, lane: str) -> bool:
        """Whether something put into this lane now would have to wait."""
        here = and_(JobRow.queue == queue, JobRow.lane == lane)
        busy = or_(exists().where(here, _in_place(JobRow)), exists().where(here, _fallen_due(JobRow, self._now)))
        return bool(await self._session.scalar(select(busy)))

    async def active(self, queue: str, kinds: Collection[str]) -> int:
        """How many jobs of these kinds are due or running."""
        count = select(func.count()).where(JobRow.queue == queue, JobRow.kind.in_(sorted(kinds)))
        in_place = count.where(_in_place(JobRow)).scalar_subquery()
        fallen_due = count.where(_fallen_due(JobRow, self._now)).scalar_subquery()
        return await self._session.scalar(select(in_place + fallen_due)) or 0

    async def lanes_since(self, queue: str, moment: datetime) -> set[str]:
        """The lanes in which anything was put into the queue since then, as far as it has not been pruned."""
        query = select(JobRow.lane).where(JobRow.queue == queue, JobRow.created_at >= moment, JobRow.lane.is_not(None))
        return {lane for lane in await self._session.scalars(query.distinct()) if lane is not None}

    async def counts(self, *states: Literal["ready", "running", "parked"]) -> Mapping[tuple[str, str], int]:
        """How many jobs of each queue are ready, running or parked; of all three where none is named."""
        found: dict[tuple[str, str], int] = {}
        for state in states or ("ready", "running", "parked"):
            counted = select(JobRow.queue, func.count()).where(JobRow.state == _literal(state)).group_by(JobRow.queue)
            found |= {(queue, state): count for queue, count in await self._session.execute(counted)}
        return found

    async def oldest_waiting(self, queue: str) -> datetime | None:
        """Since when the longest-waiting job of this queue could have been started and was not.

        One that waits behind another of its lane, or for a later try, is nobody's fault.
        """
        waiting = aliased(JobRow, name="waiting")
        return await self._session.scalar(
            select(waiting.run_at)
            .where(waiting.queue == queue, waiting.state == READY, waiting.run_at <= self._now)
            .where(_has_free_way(waiting, aliased(JobRow, name="other"), self._now))
            .order_by(waiting.run_at)
            .limit(1)
        )

    async def listing(self, state: State | None = None, limit: int = 100) -> list[JobRecord]:
        """The newest jobs first."""
        statement = select(*_RECORD_COLUMNS).order_by(JobRow.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(JobRow.state == _literal(state))
        if state in ("running", "parked"):
            # few among many: found by their index, and not by going through all jobs from the newest on
            statement = statement.where(JobRow.id.in_(select(JobRow.id).where(JobRow.state == _literal(state))))
        return [JobRecord(**row) for row in (await self._session.execute(statement)).mappings()]

    async def show(self, job_id: int) -> JobRecord | None:
        row = (await self._session.execute(select(*_RECORD_COLUMNS).where(JobRow.id == job_id))).mappings().first()
        return None if row is None else JobRecord(**row)

    # Care

    async def replay(self, job_id: int) -> None:
        """Try a parked job again, from the first attempt. Raises NotParked."""
        statement = (
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == PARKED)
            .values(state="ready", run_at=self._now, attempts=0, holds=True, ended_at=None)
        )
        if await self._changed(statement) == 0:
            raise NotParked(job_id)
        self.stirred = True

    async def reclaim(self) -> int:
        """Make everything that was running ready again. Only for a process that knows itself alone."""
        statement = update(JobRow).where(JobRow.state == RUNNING).values(state="ready", token=None, lease_until=None)
        reclaimed = await self._changed(statement)
        self.stirred |= reclaimed > 0
        return reclaimed

    async def prune(self, done_before: datetime) -> int:
        """Delete what was done or cancelled before this moment, and with it the keys that tell a repetition."""
        return await self._changed(
            delete(JobRow).where(JobRow.state.in_(("done", "cancelled")), JobRow.ended_at < done_before)
        )

    # Inside

    async def _one_claim_at_a_time(self, queue: str) -> None:
        """On PostgreSQL, let claims of one queue follow one another.

        Two at once could each take a job of the same lane, where the earlier one was put by a transaction that
        committed late. SQLite has one writer anyway.
        """
        if self._session.get_bind().dialect.name == "postgresql":
            key = int.from_bytes(sha256(f"visitbot:{queue}".encode()).digest()[:8], signed=True)
            await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    def _held(self, job: Job) -> Update:
        return update(JobRow).where(JobRow.id == job.id, JobRow.token == job.token, JobRow.state == RUNNING)

    async def _settle(self, job: Job, **values: object) -> None:
        await self._must_change(self._held(job).values(token=None, lease_until=None, **values), job)
        self.settled.add((job.id, job.token))

    async def _must_change(self, statement: Update, job: Job) -> None:
        if await self._changed(statement) == 0:
            raise LeaseLost(job.id)

    async def _changed(self, statement: Update | Delete) -> int:
        result = await self._session.execute(statement.execution_options(synchronize_session=False))
        return cast("CursorResult[Any]", result).rowcount


# Statements that every message needs many times are built once, and of the table itself: building them anew took half
# of all the time spent here.


@cache
def _expire_leases() -> Update:
    jobs = _table()
    expired = jobs.alias("expired")
    # A row that is locked is being ended, or its holder stands still: others' jobs must not wait for it.
    ids = (
        select(expired.c.id)
        .where(expired.c.queue == bindparam("of_queue"), expired.c.state == RUNNING)
        .where(expired.c.lease_until <= bindparam("now", type_=UtcDateTime()))
        .with_for_update(skip_locked=True)
    )
    return update(jobs).where(jobs.c.id.in_(ids)).values(state="ready", token=None, lease_until=None)


@cache
def _claim(skips_kinds: bool, wants_kinds: bool) -> ReturningUpdate[Any]:
    jobs = _table()
    candidate, other = jobs.alias("candidate"), jobs.alias("other")
    queue: ColumnElement[str] = bindparam("of_queue")
    now: ColumnElement[datetime] = bindparam("now", type_=UtcDateTime())
    due = (
        select(candidate.c.id)
        .where(candidate.c.queue == queue, candidate.c.state == READY, candidate.c.run_at <= now)
        .where(_has_free_way(candidate.c, other.c, now))
        .order_by(candidate.c.run_at, candidate.c.id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )
    if skips_kinds:
        due = due.where(candidate.c.kind.not_in(bindparam("skipped", expanding=True)))
    if wants_kinds:
        due = due.where(candidate.c.kind.in_(bindparam("wanted", expanding=True)))
    return (
        update(jobs)
        .where(jobs.c.id.in_(due))
        .values(
            state="running",
            token=bindparam("new_token"),
            lease_until=bindparam("new_lease", type_=UtcDateTime()),
            attempts=jobs.c.attempts + 1,
            holds=True,
        )
        .returning(*(jobs.c[one.name] for one in fields(Job)))
    )


@cache
def _outlook(queues: tuple[str, ...]) -> Select[Any]:
    """Whether each queue has a job that is due or lost its lease; then when its next one falls due or loses it.

    One question for each queue: the least of several queues would be looked for in all that is pending.
    """
    jobs, now = _table(), bindparam("now", type_=UtcDateTime())
    due: list[ColumnElement[bool]] = []
    moments: list[ScalarSelect[Any]] = []
    for queue in queues:
        ready = select(jobs.c.run_at).where(jobs.c.queue == queue, jobs.c.state == READY)
        running = select(func.min(jobs.c.lease_until)).where(jobs.c.queue == queue, jobs.c.state == RUNNING)
        lost = select(jobs.c.id).where(jobs.c.queue == queue, jobs.c.state == RUNNING, jobs.c.lease_until <= now)
        due.append(or_(ready.where(jobs.c.run_at <= now).exists(), lost.exists()))
        moments.append(ready.where(jobs.c.run_at > now).order_by(jobs.c.run_at).limit(1).scalar_subquery())
        moments.append(running.where(jobs.c.lease_until > now).scalar_subquery())
    return select(*cast("list[Any]", due), *moments)


@cache
def _insert_unless_known(dialect: str) -> ReturningInsert[int]:
    jobs = _table()
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(jobs).on_conflict_do_nothing(index_elements=[jobs.c.dedupe]).returning(jobs.c.id)


def _table() -> Table:
    return cast("Table", JobRow.__table__)


def _has_free_way(candidate: Any, other: Any, now: Moment) -> ColumnElement[bool]:
    """Whether nothing of its lane goes before a candidate that is due; both are the columns of a row, or a class."""
    same_lane = and_(other.queue == candidate.queue, other.lane == candidate.lane)
    earlier = other.id < candidate.id
    in_the_way = (
        exists(select(other.id).where(same_lane, _in_place(other), earlier)),
        exists(select(other.id).where(same_lane, _fallen_due(other, now), earlier)),
        # a running one of a later id is in the way too: a timer may fall due while the lane is busy
        exists(select(other.id).where(same_lane, other.state == RUNNING)),
    )
    return or_(candidate.lane.is_(None), ~or_(*in_the_way))


def _in_place(row: Any) -> ColumnElement[bool]:
    """What runs, has run, or was due when it was put: it has its place in the lane."""
    return and_(row.state.in_((READY, RUNNING)), row.holds)


def _fallen_due(row: Any, now: Moment) -> ColumnElement[bool]:
    """What was put for a later moment that has come."""
    return and_(row.state == READY, ~row.holds, row.run_at <= now)


def _literal(state: State) -> ColumnElement[str]:
    return literal_column(f"'{state}'")


def _short(words: str | None) -> str | None:
    return None if words is None else words[:ERROR_LENGTH]


_JOB_COLUMNS = tuple(getattr(JobRow, one.name) for one in fields(Job))
_RECORD_COLUMNS = tuple(getattr(JobRow, one.name) for one in fields(JobRecord))
