"""What reps asked of colleagues, with whom each lies, and what came of it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.deal_models import HelpRequest, RequestState


class HelpRequests:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def find(self, request_id: int) -> HelpRequest | None:
        return await self._session.get(HelpRequest, request_id)

    async def lock(self, request_id: int) -> HelpRequest:
        """The request, held until the transaction ends."""
        return await self._session.get_one(HelpRequest, request_id, with_for_update=True, populate_existing=True)

    async def by_cause(self, cause: str) -> HelpRequest | None:
        return await self._session.scalar(select(HelpRequest).where(HelpRequest.cause == cause))

    async def add(
        self,
        cause: str,
        member_id: int,
        holder_id: int,
        words: str,
        *,
        within: timedelta,
        department: str = "",
        customer_id: int | None = None,
        opportunity_id: int | None = None,
        visit_id: int | None = None,
        then: Sequence[str] = (),
    ) -> HelpRequest:
        request = HelpRequest(
            cause=cause,
            member_id=member_id,
            colleague_id=holder_id,
            holder_id=holder_id,
            department=department,
            customer_id=customer_id,
            opportunity_id=opportunity_id,
            visit_id=visit_id,
            words=words,
            then=list(then),
            state="open",
            level=0,
            since=self._now,
            due_at=self._now + within,
            created_at=self._now,
        )
        self._session.add(request)
        await self._session.flush()
        return request

    def settle(self, request: HelpRequest, state: RequestState, words: str | None, member_id: int) -> None:
        request.state, request.answer = state, words
        request.answered_by, request.answered_at = member_id, self._now

    async def open_count(self, member_id: int) -> int:
        """How many lie with this member."""
        query = select(func.count()).where(HelpRequest.holder_id == member_id, HelpRequest.state == "open")
        return await self._session.scalar(query) or 0

    async def lying_with(self, member_id: int) -> Sequence[HelpRequest]:
        """What this member is to answer, what is due first in front."""
        query = select(HelpRequest).where(HelpRequest.holder_id == member_id, HelpRequest.state == "open")
        return (await self._session.scalars(query.order_by(HelpRequest.due_at, HelpRequest.request_id))).all()

    async def to_answer(self, member_id: int) -> Sequence[HelpRequest]:
        """What this member may still answer: what lies with them, and what went up from them."""
        theirs = or_(HelpRequest.holder_id == member_id, HelpRequest.colleague_id == member_id)
        query = select(HelpRequest).where(theirs, HelpRequest.state == "open")
        return (await self._session.scalars(query.order_by(HelpRequest.due_at, HelpRequest.request_id))).all()

    async def asked_by(self, members: Collection[int], *, limit: int, only_open: bool = False) -> Sequence[HelpRequest]:
        """What these people asked, the newest first."""
        query = select(HelpRequest).where(HelpRequest.member_id.in_(sorted(members)))
        if only_open:
            query = query.where(HelpRequest.state == "open")
        return (await self._session.scalars(query.order_by(HelpRequest.request_id.desc()).limit(limit))).all()

    async def shown_on(self, card_id: str) -> Sequence[HelpRequest]:
        """What that card asks for, as long as it is open."""
        query = select(HelpRequest).where(HelpRequest.card_id == card_id, HelpRequest.state == "open")
        return (await self._session.scalars(query)).all()

    async def asked_between(self, first: datetime, last: datetime) -> Sequence[HelpRequest]:
        """What was asked from the one moment on and before the other."""
        query = select(HelpRequest).where(HelpRequest.created_at >= first, HelpRequest.created_at < last)
        return (await self._session.scalars(query.order_by(HelpRequest.request_id))).all()
