"""What is looked at to tell what is abnormal: confirmed visits with what came along, and deals that something holds up.

Each query goes through an index and is bounded; which of what it gives is abnormal is for `handlers.abnormal` to say.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.deal_models import Opportunity, SigningDate, StageChange
from storage.files import PACK
from storage.models import Customer, Evidence, Member, Visit, VisitField
from storage.visits import FieldValue, Source

AT_ONCE = 1000
"""Ids that one statement names: SQLite takes 32,766, PostgreSQL's driver 32,767."""


class Abnormal:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def people(self, *, after: int, limit: int) -> Sequence[Member]:
        """Active members from the next after that id on, whatever their roles."""
        query = select(Member).where(Member.member_id > after, Member.active).order_by(Member.member_id)
        return (await self._session.scalars(query.limit(limit))).all()

    async def visits(self, members: Collection[int], *, since: date, until: date, limit: int) -> Sequence[Visit]:
        """What these people confirmed of visits of those days, the latest first."""
        keys: list[tuple[date, int]] = []
        for some in _parts(members):
            query = (
                select(Visit.visited_on, Visit.visit_id)
                .where(Visit.member_id.in_(some), Visit.visited_on.between(since, until), Visit.state == "confirmed")
                .order_by(Visit.visited_on.desc(), Visit.visit_id.desc())
                .limit(limit)
            )
            keys += [(row.visited_on, row.visit_id) for row in await self._session.execute(query)]
        latest = [visit_id for _, visit_id in sorted(keys, reverse=True)[:limit]]
        found: dict[int, Visit] = {}
        for some in _parts(latest):
            rows = await self._session.scalars(select(Visit).where(Visit.visit_id.in_(some)))
            found |= {visit.visit_id: visit for visit in rows}
        return [found[visit_id] for visit_id in latest]

    async def values(self, visit_ids: Collection[int], *, kinds: Collection[str]) -> Mapping[int, Sequence[FieldValue]]:
        """The present values of those kinds of each visit, in their order.

        By columns: as objects of the session, ten thousand of them cost half a second.
        """
        found: dict[int, list[FieldValue]] = {visit_id: [] for visit_id in visit_ids}
        columns = (
            VisitField.visit_id,
            VisitField.kind,
            VisitField.value,
            VisitField.evidence_id,
            VisitField.span_start,
            VisitField.span_end,
            VisitField.words,
        )
        for some in _parts(visit_ids):
            query = (
                select(*columns)
                .where(VisitField.visit_id.in_(some), VisitField.until_version.is_(None))
                .where(VisitField.kind.in_(sorted(kinds)))
                .order_by(VisitField.position, VisitField.field_id)
            )
            for row in await self._session.execute(query):
                source = Source(row.evidence_id, row.span_start, row.span_end, row.words)
                found[row.visit_id].append(FieldValue(row.kind, row.value, source))
        return found

    async def pieces(self, visit_ids: Collection[int]) -> Mapping[int, Sequence[Evidence]]:
        """What was sent about each visit, in the order it was sent."""
        found: dict[int, list[Evidence]] = {visit_id: [] for visit_id in visit_ids}
        for some in _parts(visit_ids):
            query = select(Evidence).where(Evidence.visit_id.in_(some))
            for piece in await self._session.scalars(query.order_by(Evidence.sent_at, Evidence.evidence_id)):
                assert piece.visit_id is not None  # asked for by it
                found[piece.visit_id].append(piece)
        return found

    async def filed_by_hand(self, members: Collection[int], *, since: datetime) -> Sequence[Evidence]:
        """What these people sent since then and put into a customer's file without a visit, the earliest first."""
        found: list[Evidence] = []
        for some in _parts(members):
            query = select(Evidence).where(
                Evidence.member_id.in_(some),
                Evidence.sent_at >= since,
                Evidence.visit_id.is_(None),
                Evidence.customer_id.is_not(None),
                Evidence.kind.in_(PACK),
            )
            found += await self._session.scalars(query)
        return sorted(found, key=lambda one: (one.sent_at, one.evidence_id))

    async def deals(self, opportunity_ids: Collection[int]) -> Mapping[int, Opportunity]:
        found: dict[int, Opportunity] = {}
        for some in _parts(opportunity_ids):
            query = select(Opportunity).where(Opportunity.opportunity_id.in_(some))
            found |= {deal.opportunity_id: deal for deal in await self._session.scalars(query)}
        return found

    # Deals that go on, of these people's customers

    async def waiting(
        self, owners: Collection[int], *, before: datetime, limit: int
    ) -> Sequence[tuple[StageChange, Opportunity, Customer]]:
        """Those whose stage has waited for what is missing since before that moment; each search stops at its limit."""
        found: list[tuple[StageChange, Opportunity, Customer]] = []
        for some in _parts(owners):
            query = (
                select(StageChange, Opportunity, Customer)
                .join(Opportunity, Opportunity.opportunity_id == StageChange.opportunity_id)
                .join(Customer, Customer.customer_id == Opportunity.customer_id)
                .where(StageChange.state == "proposed", StageChange.created_at < before)
                .where(Opportunity.state == "open", Customer.owner_id.in_(some))
                .order_by(StageChange.created_at.desc(), StageChange.change_id.desc())
                .limit(limit - len(found))
            )
            found += [(change, deal, customer) for change, deal, customer in await self._session.execute(query)]
            if len(found) == limit:
                break
        return found

    async def frozen(
        self, owners: Collection[int], *, limit: int
    ) -> Sequence[tuple[SigningDate, Opportunity, Customer]]:
        """Those whose expected signing day is frozen, each with the day that waits for the director."""
        found: list[tuple[SigningDate, Opportunity, Customer]] = []
        for some in _parts(owners):
            query = (
                select(SigningDate, Opportunity, Customer)
                .join(Opportunity, Opportunity.opportunity_id == SigningDate.opportunity_id)
                .join(Customer, Customer.customer_id == Opportunity.customer_id)
                .where(Opportunity.frozen_since.is_not(None), Opportunity.state == "open")
                .where(SigningDate.state == "frozen", Customer.owner_id.in_(some))
                .order_by(SigningDate.created_at.desc(), SigningDate.signing_id.desc())
                .limit(limit - len(found))
            )
            found += [(signing, deal, customer) for signing, deal, customer in await self._session.execute(query)]
            if len(found) == limit:
                break
        return found

    async def overdue(
        self, owners: Collection[int], *, today: date, limit: int
    ) -> Sequence[tuple[Opportunity, Customer]]:
        """Those that should have been signed before today; frozen ones aside."""
        found: list[tuple[Opportunity, Customer]] = []
        for some in _parts(owners):
            query = (
                select(Opportunity, Customer)
                .join(Customer, Customer.customer_id == Opportunity.customer_id)
                .where(Opportunity.state == "open", Opportunity.expected_on < today)
                .where(Opportunity.frozen_since.is_(None), Customer.owner_id.in_(some))
                .order_by(Opportunity.expected_on.desc(), Opportunity.opportunity_id.desc())
                .limit(limit - len(found))
            )
            found += [(deal, customer) for deal, customer in await self._session.execute(query)]
            if len(found) == limit:
                break
        return found

    async def words_of_days(self, opportunity_ids: Collection[int]) -> Mapping[int, str]:
        """The words that each deal's expected signing day rests on, as it stands."""
        found: dict[int, str] = {}
        for some in _parts(opportunity_ids):
            query = (
                select(SigningDate.opportunity_id, SigningDate.words)
                .join(Opportunity, Opportunity.opportunity_id == SigningDate.opportunity_id)
                .where(SigningDate.opportunity_id.in_(some), SigningDate.expected_on == Opportunity.expected_on)
                .where(SigningDate.state == "applied")
                .order_by(SigningDate.created_at, SigningDate.signing_id)
            )
            found |= {row.opportunity_id: row.words for row in await self._session.execute(query)}
        return found


def _parts(ids: Collection[int]) -> Iterator[list[int]]:
    listed = sorted(set(ids))
    for first in range(0, len(listed), AT_ONCE):
        yield listed[first : first + AT_ONCE]
