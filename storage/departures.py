"""What platforms told of people who left: applied, or held back where too many came at once."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Departure, DepartureState

COUNT_LOCK = int.from_bytes(sha256(b"visitbot:departures").digest()[:8], signed=True)
"""PostgreSQL's name for the right to count."""


class Departures:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def one_at_a_time(self) -> None:
        """Let whoever counts those who leave wait until the one before has committed what it made of its own.

        SQLite has one writer anyway.
        """
        if self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(select(func.pg_advisory_xact_lock(COUNT_LOCK)))

    async def add(self, member_id: int, state: DepartureState, *, source: str) -> Departure:
        departure = Departure(member_id=member_id, state=state, source=source, at=self._now)
        self._session.add(departure)
        await self._session.flush()
        return departure

    async def applied_since(self, moment: datetime) -> int:
        """How many people left by themselves since then, as far as platforms told."""
        query = select(func.count()).where(Departure.state == "applied", Departure.at > moment)
        return await self._session.scalar(query) or 0

    async def applied_between(self, first: datetime, last: datetime) -> int:
        query = select(func.count()).where(Departure.state == "applied", Departure.at.between(first, last))
        return await self._session.scalar(query) or 0

    async def count_held(self, *, up_to: int | None = None) -> int:
        """How many wait for a decision."""
        query = select(func.count()).select_from(Departure).where(Departure.state == "held")
        if up_to is not None:
            query = query.where(Departure.departure_id <= up_to)
        return await self._session.scalar(query) or 0

    async def held(self, *, limit: int) -> Sequence[Departure]:
        """The first of those that wait for a decision, the oldest first."""
        query = select(Departure).where(Departure.state == "held").order_by(Departure.departure_id)
        return (await self._session.scalars(query.limit(limit))).all()

    async def last_held(self) -> Departure | None:
        query = select(Departure).where(Departure.state == "held").order_by(Departure.departure_id.desc())
        return await self._session.scalar(query.limit(1))

    async def held_of(self, member_id: int) -> Departure | None:
        query = select(Departure).where(Departure.member_id == member_id, Departure.state == "held")
        return await self._session.scalar(query.limit(1))

    async def decide(self, up_to: int, state: DepartureState, by: int) -> int:
        """Decide about all that are held up to that one; how many there were."""
        count = await self.count_held(up_to=up_to)
        await self._session.execute(
            update(Departure)
            .where(Departure.state == "held", Departure.departure_id <= up_to)
            .values(state=state, decided_by=by, decided_at=self._now)
        )
        return count

    async def confirmed(self, *, after: int, up_to: int, limit: int) -> Sequence[Departure]:
        """Those that an admin confirmed, page by page."""
        query = select(Departure).where(
            Departure.state == "confirmed", Departure.departure_id > after, Departure.departure_id <= up_to
        )
        return (await self._session.scalars(query.order_by(Departure.departure_id).limit(limit))).all()

    def drop(self, departure: Departure) -> None:
        """The person is in the list again before anybody has decided."""
        departure.state, departure.decided_at = "dropped", self._now
