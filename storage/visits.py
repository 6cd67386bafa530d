"""Visits, their values and what they rest on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import JsonObject
from storage.models import Customer, Evidence, EvidenceKind, Visit, VisitField


@dataclass(frozen=True)
class Source:
    """The words a value came from: the evidence's text from `start` to `end`, said `at_s` into a recording."""

    evidence_id: int
    start: int
    end: int
    words: str
    at_s: float | None = None
    engine: str = "rules"


@dataclass(frozen=True)
class FieldValue:
    kind: str
    value: JsonObject
    source: Source


@dataclass(frozen=True)
class Said:
    """A value of a confirmed visit with the whole text that it was said in."""

    visit: Visit
    customer: Customer
    category: str
    source: Source
    evidence: Evidence


class Visits:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, visit_id: int) -> Visit:
        return await self._session.get_one(Visit, visit_id)

    async def find(self, visit_id: int) -> Visit | None:
        return await self._session.get(Visit, visit_id)

    async def lock(self, visit_id: int) -> Visit:
        """The visit, held until the transaction ends: two clicks on two machines come one after the other."""
        return await self._session.get_one(Visit, visit_id, with_for_update=True, populate_existing=True)

    async def open_draft(self, member_id: int, sent_at: datetime, *, window: timedelta) -> Visit | None:
        """The draft that something sent at `sent_at` belongs to: the member's latest one within `window` of it."""
        return await self._session.scalar(
            select(Visit)
            .where(
                Visit.member_id == member_id,
                Visit.state == "draft",
                Visit.last_sent_at >= sent_at - window,
                Visit.first_sent_at <= sent_at + window,
            )
            .order_by(Visit.last_sent_at.desc(), Visit.visit_id.desc())
            .limit(1)
        )

    async def latest_draft(self, member_id: int) -> Visit | None:
        query = select(Visit).where(Visit.member_id == member_id, Visit.state == "draft")
        return await self._session.scalar(query.order_by(Visit.last_sent_at.desc(), Visit.visit_id.desc()).limit(1))

    async def drafts_of(self, member_id: int) -> Sequence[tuple[Visit, str | None]]:
        """What the member has not confirmed yet, the oldest first; with the customer, as far as it is settled."""
        rows = await self._session.execute(
            select(Visit, Customer.name)
            .outerjoin(Customer, Visit.customer_id == Customer.customer_id)
            .where(Visit.member_id == member_id, Visit.state == "draft")
            .order_by(Visit.first_sent_at, Visit.visit_id)
        )
        return [(visit, customer) for visit, customer in rows]

    async def latest_confirmed(self, member_id: int, *, since: datetime) -> Visit | None:
        """The member's last visit that was confirmed since then."""
        query = select(Visit).where(Visit.member_id == member_id, Visit.state == "confirmed", Visit.decided_at >= since)
        return await self._session.scalar(query.order_by(Visit.last_sent_at.desc(), Visit.visit_id.desc()).limit(1))

    async def latest_drafts(self, member_id: int, *, limit: int = 10) -> Sequence[Visit]:
        """The member's drafts, the latest first."""
        query = select(Visit).where(Visit.member_id == member_id, Visit.state == "draft")
        query = query.order_by(Visit.last_sent_at.desc(), Visit.visit_id.desc()).limit(limit)
        return (await self._session.scalars(query)).all()

    async def confirmed_about(
        self, customer_id: int, *, limit: int, opportunity_id: int | None = None
    ) -> Sequence[Visit]:
        """The confirmed visits of a customer, or those about that deal alone, the latest first."""
        query = select(Visit).where(Visit.customer_id == customer_id, Visit.state == "confirmed")
        if opportunity_id is not None:
            query = query.where(Visit.opportunity_id == opportunity_id)
        query = query.order_by(Visit.visited_on.desc(), Visit.last_sent_at.desc(), Visit.visit_id.desc())
        return (await self._session.scalars(query.limit(limit))).all()

    async def objections(self, members: Collection[int], since: date, *, limit: int) -> Sequence[Said]:
        """The objections in what these people confirmed of visits since that day, the latest visit first."""
        rows = await self._session.execute(
            select(Visit, Customer, VisitField, Evidence)
            .join(VisitField, VisitField.visit_id == Visit.visit_id)
            .join(Customer, Visit.customer_id == Customer.customer_id)
            .join(Evidence, VisitField.evidence_id == Evidence.evidence_id)
            .where(Visit.state == "confirmed", Visit.member_id.in_(sorted(members)), Visit.visited_on >= since)
            .where(VisitField.kind == "objection", VisitField.until_version.is_(None))
            .order_by(Visit.visited_on.desc(), Visit.visit_id.desc(), VisitField.position)
            .limit(limit)
        )
        return [
            Said(visit, customer, str(row.value["category"]), _value_of(row).source, evidence)
            for visit, customer, row, evidence in rows
        ]

    async def latest_values(
        self, customer_id: int, kind: str, *, opportunity_id: int, but: int | None = None, limit: int
    ) -> Sequence[FieldValue]:
        """What confirmed visits say of that kind, about this deal or none in particular, the latest visit first.

        The visit `but` is left out.
        """
        rows = await self._session.scalars(
            select(VisitField)
            .join(Visit, VisitField.visit_id == Visit.visit_id)
            .where(Visit.state == "confirmed", Visit.customer_id == customer_id)
            .where(or_(Visit.opportunity_id.is_(None), Visit.opportunity_id == opportunity_id))
            .where(VisitField.kind == kind, VisitField.until_version.is_(None), Visit.visit_id != (but or 0))
            .order_by(Visit.visited_on.desc(), Visit.visit_id.desc(), VisitField.position)
            .limit(limit)
        )
        return [_value_of(row) for row in rows]

    async def stages_of(self, customers: Collection[int] | Select[Any]) -> Mapping[int, Sequence[tuple[date, str]]]:
        """The stages that confirmed visits tell of, by customer, the earliest first."""
        among = customers if isinstance(customers, Select) else sorted(set(customers))
        rows = await self._session.execute(
            select(Visit.customer_id, Visit.visited_on, VisitField.value)
            .join(VisitField, VisitField.visit_id == Visit.visit_id)
            .where(Visit.state == "confirmed", Visit.customer_id.in_(among))
            .where(VisitField.kind == "stage", VisitField.until_version.is_(None))
            .order_by(Visit.visited_on, Visit.last_sent_at, Visit.visit_id)
        )
        told: dict[int, list[tuple[date, str]]] = {}
        for customer_id, visited_on, value in rows:
            assert customer_id is not None  # asked for by it
            told.setdefault(customer_id, []).append((visited_on, str(value["name"])))
        return told

    async def between(
        self, first: date, last: date, *, confirmed_since: datetime
    ) -> Sequence[tuple[Visit, str | None]]:
        """Visits of those days that were not discarded, and earlier ones confirmed since then; with customer."""
        of_these_days = and_(Visit.visited_on.between(first, last), Visit.state.in_(("draft", "confirmed")))
        late = and_(Visit.visited_on < first, Visit.state == "confirmed", Visit.decided_at >= confirmed_since)
        rows = await self._session.execute(
            select(Visit, Customer.name)
            .outerjoin(Customer, Visit.customer_id == Customer.customer_id)
            .where(or_(of_these_days, late))
            .order_by(Visit.visited_on, Visit.first_sent_at, Visit.visit_id)
        )
        return [(visit, customer) for visit, customer in rows]

    async def begin(self, member_id: int, platform: str, *, visited_on: date, sent_at: datetime) -> Visit:
        visit = Visit(
            member_id=member_id,
            platform=platform,
            state="draft",
            visited_on=visited_on,
            noted_on=visited_on,
            first_sent_at=sent_at,
            last_sent_at=sent_at,
            created_at=self._now,
        )
        self._session.add(visit)
        await self._session.flush()
        return visit

    async def fields(self, visit: Visit, *, version: int | None = None) -> list[FieldValue]:
        """The values as of `version`, the present ones unless said otherwise, in their order."""
        at = visit.version if version is None else version
        rows = await self._session.scalars(
            select(VisitField)
            .where(
                VisitField.visit_id == visit.visit_id,
                VisitField.since_version <= at,
                (VisitField.until_version.is_(None)) | (VisitField.until_version > at),
            )
            .order_by(VisitField.position, VisitField.field_id)
        )
        return [_value_of(row) for row in rows]

    async def reps_of(self, visit_ids: Collection[int]) -> Mapping[int, int]:
        """Whose visits these are."""
        query = select(Visit.visit_id, Visit.member_id).where(Visit.visit_id.in_(sorted(visit_ids)))
        return {row.visit_id: row.member_id for row in await self._session.execute(query)}

    async def present_fields(
        self, visit_ids: Collection[int], *, kinds: Collection[str] = ()
    ) -> Mapping[int, Sequence[FieldValue]]:
        """The present values of these visits in their order, of those kinds alone where some are named."""
        query = select(VisitField).where(VisitField.visit_id.in_(sorted(visit_ids)), VisitField.until_version.is_(None))
        if kinds:
            query = query.where(VisitField.kind.in_(sorted(kinds)))
        found: dict[int, list[FieldValue]] = {visit_id: [] for visit_id in visit_ids}
        for row in await self._session.scalars(query.order_by(VisitField.position, VisitField.field_id)):
            found[row.visit_id].append(_value_of(row))
        return found

    async def replace_fields(self, visit: Visit, values: Sequence[FieldValue]) -> None:
        """Make `values` what the visit says from now on, as its next version."""
        visit.version += 1
        await self._session.execute(
            update(VisitField)
            .where(VisitField.visit_id == visit.visit_id, VisitField.until_version.is_(None))
            .values(until_version=visit.version)
        )
        self._session.add_all(_row_of(visit, position, value) for position, value in enumerate(values))
        await self._session.flush()

    async def keep_evidence(
        self,
        event_key: str,
        member_id: int,
        kind: EvidenceKind,
        *,
        sent_at: datetime,
        sha256: str | None = None,
        content_type: str | None = None,
        size_bytes: int | None = None,
        text: str | None = None,
        detail: JsonObject | None = None,
    ) -> Evidence:
        """Keep what was sent; the same event again gives the evidence that is there already."""
        known = await self.find_by_event(event_key)
        if known is not None:
            return known
        evidence = Evidence(
            event_key=event_key,
            member_id=member_id,
            kind=kind,
            sha256=sha256,
            content_type=content_type,
            size_bytes=size_bytes,
            text=text,
            detail=detail or {},
            sent_at=sent_at,
            created_at=self._now,
        )
        try:
            async with self._session.begin_nested():
                self._session.add(evidence)
        except IntegrityError:
            # another instance kept it at the same moment
            return await self.by_event(event_key)
        return evidence

    async def evidence(self, evidence_id: int) -> Evidence:
        return await self._session.get_one(Evidence, evidence_id)

    async def by_event(self, event_key: str) -> Evidence:
        """What was kept of that event, which must have been kept before."""
        return (await self._session.scalars(select(Evidence).where(Evidence.event_key == event_key))).one()

    async def find_by_event(self, event_key: str) -> Evidence | None:
        return await self._session.scalar(select(Evidence).where(Evidence.event_key == event_key))

    async def evidence_of(self, visit_id: int) -> Sequence[Evidence]:
        query = select(Evidence).where(Evidence.visit_id == visit_id).order_by(Evidence.sent_at, Evidence.evidence_id)
        return (await self._session.scalars(query)).all()

    async def latest_pictures(self, member_id: int, *, limit: int, before: int | None = None) -> Sequence[Evidence]:
        """The pictures a member sent, the latest first; with `before`, those kept before that evidence."""
        query = select(Evidence).where(Evidence.member_id == member_id, Evidence.kind == "image")
        if before is not None:
            query = query.where(Evidence.evidence_id < before)
        query = query.order_by(Evidence.evidence_id.desc()).limit(limit)
        return (await self._session.scalars(query)).all()

    async def find_evidence(self, evidence_id: int) -> Evidence | None:
        return await self._session.get(Evidence, evidence_id)

    async def has_sent_since(self, member_id: int, moment: datetime) -> bool:
        """Whether the member sent anything later than that."""
        query = select(Evidence.evidence_id).where(Evidence.member_id == member_id, Evidence.sent_at > moment)
        return await self._session.scalar(query.limit(1)) is not None

    async def loose_evidence(
        self, member_id: int, kinds: Iterable[EvidenceKind], *, since: datetime, until: datetime
    ) -> Sequence[Evidence]:
        """What a member sent in that time that belongs to no visit yet, oldest first."""
        query = (
            select(Evidence)
            .where(
                Evidence.member_id == member_id,
                Evidence.kind.in_(list(kinds)),
                Evidence.visit_id.is_(None),
                Evidence.sent_at.between(since, until),
            )
            .order_by(Evidence.sent_at, Evidence.evidence_id)
        )
        return (await self._session.scalars(query)).all()


def _value_of(row: VisitField) -> FieldValue:
    source = Source(row.evidence_id, row.span_start, row.span_end, row.words, row.at_s, row.engine)
    return FieldValue(row.kind, row.value, source)


def _row_of(visit: Visit, position: int, value: FieldValue) -> VisitField:
    return VisitField(
        visit_id=visit.visit_id,
        kind=value.kind,
        position=position,
        value=value.value,
        evidence_id=value.source.evidence_id,
        span_start=value.source.start,
        span_end=value.source.end,
        words=value.source.words,
        at_s=value.source.at_s,
        engine=value.source.engine,
        since_version=visit.version,
        until_version=None,
    )
