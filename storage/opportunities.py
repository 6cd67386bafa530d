"""Opportunities: which deals there are, the stages of each, and when each is expected to be signed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.deal_models import (
    DealScore,
    HelpRequest,
    LeadHandoff,
    LeadState,
    Opportunity,
    SigningDate,
    StageChange,
)
from storage.models import Customer, Evidence, Visit


class Opportunities:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, opportunity_id: int) -> Opportunity:
        return await self._session.get_one(Opportunity, opportunity_id)

    async def find(self, opportunity_id: int) -> Opportunity | None:
        return await self._session.get(Opportunity, opportunity_id)

    async def lock(self, opportunity_id: int) -> Opportunity:
        """The opportunity, held until the transaction ends."""
        return await self._session.get_one(Opportunity, opportunity_id, with_for_update=True, populate_existing=True)

    async def add(
        self, customer_id: int, *, name: str = "", lead: LeadState = "mql", created_by: int | None = None
    ) -> Opportunity:
        opportunity = Opportunity(
            customer_id=customer_id,
            name=name,
            state="open",
            lead=lead,
            created_by=created_by,
            created_at=self._now,
        )
        self._session.add(opportunity)
        await self._session.flush()
        return opportunity

    async def open_of(self, customer_id: int) -> Sequence[Opportunity]:
        """A customer's deals that go on, the oldest first."""
        query = select(Opportunity).where(Opportunity.customer_id == customer_id, Opportunity.state == "open")
        return (await self._session.scalars(query.order_by(Opportunity.opportunity_id))).all()

    async def all_of(self, customer_id: int) -> Sequence[Opportunity]:
        query = select(Opportunity).where(Opportunity.customer_id == customer_id)
        return (await self._session.scalars(query.order_by(Opportunity.opportunity_id))).all()

    async def open_owned_by(self, owners: Collection[int], limit: int) -> Sequence[tuple[Opportunity, Customer]]:
        """The deals of these people's customers that go on, those longest in their stage first, those in none last."""
        query = (
            select(Opportunity, Customer)
            .join(Customer, Customer.customer_id == Opportunity.customer_id)
            .where(Customer.owner_id.in_(sorted(owners)), Opportunity.state == "open")
            .order_by(Opportunity.stage_since.is_(None), Opportunity.stage_since, Opportunity.opportunity_id)
            .limit(limit)
        )
        return [(opportunity, customer) for opportunity, customer in await self._session.execute(query)]

    # Stages

    async def find_change(self, change_id: int) -> StageChange | None:
        return await self._session.get(StageChange, change_id)

    async def lock_change(self, change_id: int) -> StageChange:
        return await self._session.get_one(StageChange, change_id, with_for_update=True, populate_existing=True)

    async def proposed(self, opportunity_id: int) -> StageChange | None:
        """The one that waits for what is missing; there is one at most."""
        query = select(StageChange).where(StageChange.opportunity_id == opportunity_id, StageChange.state == "proposed")
        return await self._session.scalar(query)

    async def add_change(self, change: StageChange) -> StageChange:
        self._session.add(change)
        await self._session.flush()
        return change

    async def history(self, opportunity_id: int) -> Sequence[StageChange]:
        """The changes that hold, in their order."""
        query = select(StageChange).where(StageChange.opportunity_id == opportunity_id, StageChange.state == "applied")
        return (await self._session.scalars(query.order_by(StageChange.decided_at, StageChange.change_id))).all()

    async def latest_applied(self, opportunity_id: int) -> StageChange | None:
        query = (
            select(StageChange)
            .where(StageChange.opportunity_id == opportunity_id, StageChange.state == "applied")
            .order_by(StageChange.decided_at.desc(), StageChange.change_id.desc())
            .limit(1)
        )
        return await self._session.scalar(query)

    async def asked_of(self, member_id: int) -> Sequence[str]:
        """What lies with a member to allow, by its subject: `stage_change:3`."""
        changes = select(StageChange.change_id).where(
            StageChange.asked_of == member_id, StageChange.state == "proposed"
        )
        signings = select(SigningDate.signing_id).where(
            SigningDate.asked_of == member_id, SigningDate.state == "frozen"
        )
        handoffs = select(LeadHandoff.handoff_id).where(LeadHandoff.asked_of == member_id, LeadHandoff.state == "open")
        return [
            f"{kind}:{one}"
            for kind, query in (
                ("stage_change", changes.order_by(StageChange.change_id)),
                ("signing_date", signings.order_by(SigningDate.signing_id)),
                ("lead_handoff", handoffs.order_by(LeadHandoff.handoff_id)),
            )
            for one in await self._session.scalars(query)
        ]

    # What proves a deal

    async def documents(self, opportunity: Opportunity) -> frozenset[str]:
        """The labels of what lies in its file, or in its customer's without belonging to another deal; copies aside."""
        query = select(Evidence.label).where(
            Evidence.customer_id == opportunity.customer_id,
            or_(Evidence.opportunity_id.is_(None), Evidence.opportunity_id == opportunity.opportunity_id),
            Evidence.label.is_not(None),
            Evidence.copy_of.is_(None),
        )
        return frozenset(label for label in await self._session.scalars(query.distinct()) if label is not None)

    async def confirming_departments(self, opportunity: Opportunity) -> frozenset[str]:
        """The departments that answered a request about it and said that this is their confirmation."""
        query = select(HelpRequest.department).where(
            HelpRequest.customer_id == opportunity.customer_id,
            or_(HelpRequest.opportunity_id.is_(None), HelpRequest.opportunity_id == opportunity.opportunity_id),
            HelpRequest.state == "answered",
            HelpRequest.counts.is_(True),
        )
        return frozenset(await self._session.scalars(query.distinct()))

    async def file_evidence(self, visit: Visit) -> None:
        """Put what was sent about a confirmed visit into its customer's file, and its deal's."""
        await self._session.execute(
            update(Evidence)
            .where(Evidence.visit_id == visit.visit_id)
            .values(customer_id=visit.customer_id, opportunity_id=visit.opportunity_id)
        )

    # Scores that a person set

    async def add_score(self, score: DealScore) -> DealScore:
        self._session.add(score)
        await self._session.flush()
        return score

    async def scores(self, opportunity_id: int) -> Sequence[DealScore]:
        """Those that were not taken back, the latest first: of each dimension the first one holds."""
        query = select(DealScore).where(DealScore.opportunity_id == opportunity_id, DealScore.undone_at.is_(None))
        return (
            await self._session.scalars(query.order_by(DealScore.created_at.desc(), DealScore.score_id.desc()))
        ).all()

    # Signing

    async def find_signing(self, signing_id: int) -> SigningDate | None:
        return await self._session.get(SigningDate, signing_id)

    async def lock_signing(self, signing_id: int) -> SigningDate:
        return await self._session.get_one(SigningDate, signing_id, with_for_update=True, populate_existing=True)

    async def add_signing(self, signing: SigningDate) -> SigningDate:
        self._session.add(signing)
        await self._session.flush()
        return signing

    async def signings(self, opportunity_id: int) -> Sequence[SigningDate]:
        """All the days that were said, the first one first."""
        query = select(SigningDate).where(SigningDate.opportunity_id == opportunity_id)
        return (await self._session.scalars(query.order_by(SigningDate.created_at, SigningDate.signing_id))).all()

    async def frozen_signing(self, opportunity_id: int) -> SigningDate | None:
        """The day that waits for the director, the latest of them."""
        query = (
            select(SigningDate)
            .where(SigningDate.opportunity_id == opportunity_id, SigningDate.state == "frozen")
            .order_by(SigningDate.created_at.desc(), SigningDate.signing_id.desc())
            .limit(1)
        )
        return await self._session.scalar(query)
