"""Quotes and discounts that somebody has to agree to, and who they are, in their order."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.deal_models import Approval, ApprovalKind, ApprovalNode, ApprovalState


class Approvals:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def find(self, approval_id: int) -> Approval | None:
        return await self._session.get(Approval, approval_id)

    async def lock(self, approval_id: int) -> Approval:
        """The approval, and with it its nodes, held until the transaction ends."""
        return await self._session.get_one(Approval, approval_id, with_for_update=True, populate_existing=True)

    async def by_cause(self, cause: str) -> Approval | None:
        return await self._session.scalar(select(Approval).where(Approval.cause == cause))

    async def add(
        self,
        cause: str,
        kind: ApprovalKind,
        member_id: int,
        customer_id: int,
        *,
        amount_fen: int,
        percent_off: float | None,
        words: str,
        opportunity_id: int | None = None,
    ) -> Approval:
        approval = Approval(
            cause=cause,
            kind=kind,
            member_id=member_id,
            customer_id=customer_id,
            opportunity_id=opportunity_id,
            amount_fen=amount_fen,
            percent_off=percent_off,
            words=words,
            state="open",
            created_at=self._now,
        )
        self._session.add(approval)
        await self._session.flush()
        return approval

    def decide(self, approval: Approval, state: ApprovalState) -> None:
        approval.state, approval.decided_at = state, self._now

    # Nodes

    async def add_node(self, approval: Approval, place: int, label: str, member_id: int) -> ApprovalNode:
        node = ApprovalNode(
            approval_id=approval.approval_id, place=place, label=label, member_id=member_id, state="waiting"
        )
        self._session.add(node)
        await self._session.flush()
        return node

    async def nodes(self, approval_id: int) -> Sequence[ApprovalNode]:
        """In their order, as they are in the database now."""
        query = select(ApprovalNode).where(ApprovalNode.approval_id == approval_id).order_by(ApprovalNode.place)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).all()

    async def find_node(self, approval_id: int, place: int) -> ApprovalNode | None:
        return await self._session.get(ApprovalNode, (approval_id, place))

    # Looked at

    async def open_like(self, approval: Approval) -> Approval | None:
        """An earlier one that asks for the same and is not decided yet."""
        query = select(Approval).where(
            Approval.member_id == approval.member_id,
            Approval.customer_id == approval.customer_id,
            Approval.kind == approval.kind,
            Approval.amount_fen == approval.amount_fen,
            Approval.state == "open",
            Approval.approval_id != approval.approval_id,
        )
        return await self._session.scalar(query.where(Approval.percent_off.is_not_distinct_from(approval.percent_off)))

    async def asked_by(self, members: Collection[int], *, limit: int) -> Sequence[Approval]:
        """What these people asked for, the newest first."""
        query = select(Approval).where(Approval.member_id.in_(sorted(members)))
        return (await self._session.scalars(query.order_by(Approval.approval_id.desc()).limit(limit))).all()

    async def of_customer(self, customer_id: int, *, limit: int) -> Sequence[Approval]:
        query = select(Approval).where(Approval.customer_id == customer_id)
        return (await self._session.scalars(query.order_by(Approval.approval_id.desc()).limit(limit))).all()

    async def lying_with(self, member_id: int) -> Sequence[tuple[Approval, ApprovalNode]]:
        """What this member is to decide now, the oldest first."""
        query = (
            select(Approval, ApprovalNode)
            .join(ApprovalNode, ApprovalNode.approval_id == Approval.approval_id)
            .where(ApprovalNode.member_id == member_id, ApprovalNode.state == "open", Approval.state == "open")
            .order_by(ApprovalNode.since, Approval.approval_id)
        )
        return [(approval, node) for approval, node in await self._session.execute(query)]

    async def shown_on(self, card_id: str) -> Sequence[tuple[Approval, ApprovalNode]]:
        """What that card asks for, as long as it is open."""
        query = (
            select(Approval, ApprovalNode)
            .join(ApprovalNode, ApprovalNode.approval_id == Approval.approval_id)
            .where(ApprovalNode.card_id == card_id, ApprovalNode.state == "open", Approval.state == "open")
        )
        return [(approval, node) for approval, node in await self._session.execute(query)]
