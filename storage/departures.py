"""What platforms told of people who left: applied, or held back where too many came at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Departure, DepartureState


class Departures:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

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

    async def held(self, *, up_to: int | None = None) -> Sequence[Departure]:
        """Those that wait for a decision, the oldest first."""
        query = select(Departure).where(Departure.state == "held")
        if up_to is not None:
            query = query.where(Departure.departure_id <= up_to)
        return (await self._session.scalars(query.order_by(Departure.departure_id))).all()

    async def held_of(self, member_id: int) -> Departure | None:
        query = select(Departure).where(Departure.member_id == member_id, Departure.state == "held")
        return await self._session.scalar(query.limit(1))

    def decide(self, departure: Departure, state: DepartureState, by: int | None) -> None:
        departure.state, departure.decided_by, departure.decided_at = state, by, self._now
