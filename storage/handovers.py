"""Who handed which customers to whom, item by item, so that it can go on after a crash and be taken back."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Customer, Handover, HandoverItem


class Handovers:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, handover_id: int) -> Handover:
        return await self._session.get_one(Handover, handover_id)

    async def lock(self, handover_id: int) -> Handover:
        """The handover, held until the transaction ends: it is not moved and taken back at once."""
        return await self._session.get_one(Handover, handover_id, with_for_update=True, populate_existing=True)

    async def by_cause(self, cause: str) -> Handover | None:
        return await self._session.scalar(select(Handover).where(Handover.cause == cause))

    async def begin(
        self, giver_id: int, taker_id: int, by_id: int, customer_ids: Iterable[int | None], *, cause: str
    ) -> Handover:
        handover = Handover(giver_id=giver_id, taker_id=taker_id, by_id=by_id, cause=cause, created_at=self._now)
        self._session.add(handover)
        await self._session.flush()
        self._session.add_all(
            HandoverItem(handover_id=handover.handover_id, customer_id=customer_id) for customer_id in customer_ids
        )
        await self._session.flush()
        return handover

    async def to_move(self, handover_id: int, *, limit: int) -> Sequence[HandoverItem]:
        """The next items that have not been moved, in their order."""
        query = select(HandoverItem).where(HandoverItem.handover_id == handover_id, HandoverItem.moved_at.is_(None))
        return (await self._session.scalars(query.order_by(HandoverItem.item_id).limit(limit))).all()

    async def to_return(self, handover_id: int, *, limit: int) -> Sequence[HandoverItem]:
        """The next items that were moved and not given back, in their order."""
        query = select(HandoverItem).where(
            HandoverItem.handover_id == handover_id,
            HandoverItem.moved_at.is_not(None),
            HandoverItem.returned_at.is_(None),
        )
        return (await self._session.scalars(query.order_by(HandoverItem.item_id).limit(limit))).all()

    async def customers(self, handover_id: int) -> Sequence[Customer]:
        """The customers that it is about, those told of last first."""
        query = (
            select(Customer)
            .join(HandoverItem, HandoverItem.customer_id == Customer.customer_id)
            .where(HandoverItem.handover_id == handover_id)
            .order_by(Customer.last_contact_at.is_(None), Customer.last_contact_at.desc(), Customer.name)
        )
        return (await self._session.scalars(query)).all()

    async def todo_ids(self, handover_id: int) -> list[int]:
        """The to-dos that went along."""
        query = select(HandoverItem.todo_ids).where(HandoverItem.handover_id == handover_id)
        return [todo_id for ids in await self._session.scalars(query) for todo_id in ids]

    async def latest_by(self, by_id: int) -> Handover | None:
        query = select(Handover).where(Handover.by_id == by_id).order_by(Handover.handover_id.desc())
        return await self._session.scalar(query.limit(1))

    async def latest_to(self, taker_id: int) -> Handover | None:
        """The last one that this member got and that still holds."""
        query = select(Handover).where(Handover.taker_id == taker_id, Handover.undone_at.is_(None))
        return await self._session.scalar(query.order_by(Handover.handover_id.desc()).limit(1))

    async def open_from(self, giver_id: int) -> int:
        """How many are on their way from this member."""
        query = select(func.count()).where(
            Handover.giver_id == giver_id, Handover.finished_at.is_(None), Handover.undone_at.is_(None)
        )
        return await self._session.scalar(query) or 0
