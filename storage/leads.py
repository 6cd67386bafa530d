"""What leads did, and what became of those that have earned their points."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import insert_into
from storage.deal_models import Behaviour, BehaviourSource, LeadHandoff, Opportunity
from storage.models import Customer


class Leads:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    # What they did

    async def note(
        self,
        opportunity_id: int,
        name: str,
        done_on: date,
        *,
        source: BehaviourSource,
        words: str,
        member_id: int | None,
        visit_id: int | None = None,
    ) -> Behaviour | None:
        """What the lead did on that day; None where it is known."""
        behaviour_id = await self._session.scalar(
            insert_into(self._session, Behaviour)
            .values(
                opportunity_id=opportunity_id,
                name=name,
                done_on=done_on,
                source=source,
                words=words,
                member_id=member_id,
                visit_id=visit_id,
                created_at=self._now,
            )
            .on_conflict_do_nothing(index_elements=[Behaviour.opportunity_id, Behaviour.name, Behaviour.done_on])
            .returning(Behaviour.behaviour_id)
        )
        return None if behaviour_id is None else await self._session.get_one(Behaviour, behaviour_id)

    async def forget(self, behaviour: Behaviour) -> None:
        """It was noted by mistake; the audit log keeps that it was."""
        await self._session.delete(behaviour)
        await self._session.flush()

    async def behaviours(self, opportunity_id: int) -> Sequence[Behaviour]:
        """The latest day first."""
        query = select(Behaviour).where(Behaviour.opportunity_id == opportunity_id)
        return (await self._session.scalars(query.order_by(Behaviour.done_on.desc(), Behaviour.behaviour_id))).all()

    async def open_counts(self, owners: Collection[int]) -> Mapping[int, int]:
        """By owner, how many leads of their customers' go on; who has none is left out."""
        query = (
            select(Customer.owner_id, func.count())
            .join(Opportunity, Opportunity.customer_id == Customer.customer_id)
            .where(Customer.owner_id.in_(sorted(owners)), Opportunity.state == "open", Opportunity.lead == "mql")
            .group_by(Customer.owner_id)
        )
        return {owner_id: count for owner_id, count in await self._session.execute(query) if owner_id is not None}

    # Whose they become

    async def begin_handoff(self, opportunity_id: int, points: int) -> LeadHandoff | None:
        """None where the lead has had its one."""
        if await self._session.scalar(select(LeadHandoff).where(LeadHandoff.opportunity_id == opportunity_id)):
            return None
        handoff = LeadHandoff(opportunity_id=opportunity_id, state="open", points=points, created_at=self._now)
        self._session.add(handoff)
        await self._session.flush()
        return handoff

    async def find_handoff(self, handoff_id: int) -> LeadHandoff | None:
        return await self._session.get(LeadHandoff, handoff_id)

    async def lock_handoff(self, handoff_id: int) -> LeadHandoff:
        return await self._session.get_one(LeadHandoff, handoff_id, with_for_update=True, populate_existing=True)

    async def open_handoff(self, opportunity_id: int) -> LeadHandoff | None:
        """The one that somebody was asked about."""
        query = select(LeadHandoff).where(LeadHandoff.opportunity_id == opportunity_id, LeadHandoff.state == "open")
        return await self._session.scalar(query)
