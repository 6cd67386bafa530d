"""Matters that lie with somebody up the line."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Customer, Escalation, EscalationItem, EscalationState, Visit

UNSOLVED: tuple[EscalationState, ...] = ("open", "taken", "assigned")


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

    async def unsolved_about(self, customer_id: int) -> Sequence[Escalation]:
        """Those of a customer that nobody has solved or called a false alarm."""
        query = select(Escalation).where(Escalation.customer_id == customer_id, Escalation.state.in_(UNSOLVED))
        return (await self._session.scalars(query.order_by(Escalation.created_at, Escalation.escalation_id))).all()

    async def lying_with(self, member_id: int) -> Sequence[Escalation]:
        """The unsolved ones that this member has to do something about."""
        theirs = or_(
            and_(Escalation.state != "assigned", Escalation.manager_id == member_id),
            and_(Escalation.state == "assigned", Escalation.assignee_id == member_id),
        )
        query = select(Escalation).where(Escalation.state.in_(UNSOLVED), theirs)
        return (await self._session.scalars(query.order_by(Escalation.escalation_id))).all()

    async def items(self, escalation_id: int) -> Sequence[EscalationItem]:
        query = select(EscalationItem).where(EscalationItem.escalation_id == escalation_id)
        return (await self._session.scalars(query.order_by(EscalationItem.item_id))).all()

    def fall_back(self, escalation: Escalation, manager_id: int) -> None:
        """It lies with this manager from now on and waits for an answer again: whoever had it has left."""
        escalation.manager_id, escalation.state, escalation.raised_at = manager_id, "open", self._now
        escalation.assignee_id = escalation.decided_by = escalation.decided_at = None

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
