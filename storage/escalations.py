"""Matters that lie with somebody up the line."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Customer, Escalation, EscalationState, Visit


class Escalations:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, escalation_id: int) -> Escalation:
        return await self._session.get_one(Escalation, escalation_id)

    async def find(self, escalation_id: int) -> Escalation | None:
        return await self._session.get(Escalation, escalation_id)

    async def of_visit(self, visit_id: int) -> Escalation | None:
        return await self._session.scalar(select(Escalation).where(Escalation.visit_id == visit_id))

    async def waiting(self) -> Sequence[tuple[Escalation, str | None]]:
        """Those that no manager has answered yet, the oldest first; with the visit's customer."""
        rows = await self._session.execute(
            select(Escalation, Customer.name)
            .outerjoin(Customer, Escalation.customer_id == Customer.customer_id)
            .where(Escalation.state == "open")
            .order_by(Escalation.created_at, Escalation.escalation_id)
        )
        return [(escalation, customer) for escalation, customer in rows]

    async def lying_with(self, member_id: int) -> Sequence[tuple[Escalation, str | None]]:
        """What this member is to answer or was given to solve, the oldest first; with the customer."""
        mine = or_(
            and_(Escalation.state == "open", Escalation.manager_id == member_id),
            and_(Escalation.state == "assigned", Escalation.assignee_id == member_id),
        )
        rows = await self._session.execute(
            select(Escalation, Customer.name)
            .outerjoin(Customer, Escalation.customer_id == Customer.customer_id)
            .where(mine)
            .order_by(Escalation.created_at, Escalation.escalation_id)
        )
        return [(escalation, customer) for escalation, customer in rows]

    async def open(self, visit: Visit, manager_id: int, card_id: str) -> Escalation:
        escalation = Escalation(
            kind="risk",
            visit_id=visit.visit_id,
            customer_id=visit.customer_id,
            member_id=visit.member_id,
            manager_id=manager_id,
            card_id=card_id,
            state="open",
            created_at=self._now,
            raised_at=self._now,
        )
        self._session.add(escalation)
        await self._session.flush()
        return escalation

    def decide(
        self, escalation: Escalation, state: EscalationState, by: int, *, assignee_id: int | None = None
    ) -> None:
        escalation.state = state
        escalation.decided_by = by
        escalation.decided_at = self._now
        escalation.assignee_id = assignee_id
