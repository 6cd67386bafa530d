"""The chain of what was done about a customer or a deal, page by page, from all tables that tell of it.

Each source gives at most a page of its own, found through an index, and the database merges them: a page costs the same
however long the chain is. A page goes on from the last thing of the one before it (`Key`), so what happens meanwhile
moves nothing and shows nothing twice.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    and_,
    bindparam,
    literal_column,
    not_,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.base import UtcDateTime
from storage.deal_models import Approval, HelpRequest, Opportunity, SigningDate, StageChange
from storage.models import FILES, AuditEntry, Escalation, Evidence, Todo, Visit

Kind = Literal[
    "deal",
    "visit",
    "file",
    "stage",
    "signing",
    "todo",
    "todo_closed",
    "matter",
    "matter_closed",
    "request",
    "answer",
    "approval",
    "decision",
    "handover",
    "deal_closed",
]
"""What happened, in the order in which things of one and the same moment follow from each other."""
KINDS: tuple[Kind, ...] = get_args(Kind)
HANDED_OVER = "customer.handed_over"
"""The entry of the audit log that tells from whom to whom a customer went: handovers are taken back in part."""
Row = (
    Visit | Evidence | StageChange | SigningDate | Todo | Escalation | HelpRequest | Approval | AuditEntry | Opportunity
)


@dataclass(frozen=True, order=True)
class Key:
    """The place of one thing in the chain; the order of the keys is that of the chain, the oldest first."""

    at: datetime
    rank: int
    entry_id: int

    @property
    def kind(self) -> Kind:
        return KINDS[self.rank]

    @classmethod
    def of(cls, at: datetime, kind: Kind, entry_id: int) -> "Key":
        return cls(at, KINDS.index(kind), entry_id)


NEWEST = Key(datetime(9999, 1, 1, tzinfo=UTC), len(KINDS), 0)
"""Behind whatever there may be."""


@dataclass(frozen=True)
class Subject:
    """Whose chain: a customer's, or that of one of its deals."""

    customer_id: int
    opportunity_id: int | None = None


@dataclass(frozen=True)
class Page:
    """`keys` with the newest first; whether there is more on either side."""

    keys: tuple[Key, ...] = ()
    has_older: bool = False
    has_newer: bool = False


@dataclass(frozen=True)
class _Source:
    """Where one kind comes from. `of_deal` is None where a deal's chain has none of it."""

    kind: Kind
    at: InstrumentedAttribute[Any]
    entry_id: InstrumentedAttribute[int]
    of_customer: ColumnElement[bool]
    of_deal: ColumnElement[bool] | None
    only: ColumnElement[bool] | None = None


_CUSTOMER = bindparam("customer_id", type_=Integer())
_DEAL = bindparam("opportunity_id", type_=Integer())
_SUBJECT: ColumnElement[str] = bindparam("subject")
_DEALS = select(Opportunity.opportunity_id).where(Opportunity.customer_id == _CUSTOMER).scalar_subquery()


def _visited(visit_id: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Whether it came from a visit about the deal."""
    return select(Visit.visit_id).where(Visit.visit_id == visit_id, Visit.opportunity_id == _DEAL).exists()


def _sources() -> Iterator[_Source]:
    def own(
        kind: Kind,
        model: type[HelpRequest] | type[Approval] | type[Evidence],
        at: InstrumentedAttribute[Any],
        entry_id: InstrumentedAttribute[int],
        only: ColumnElement[bool] | None = None,
    ) -> _Source:
        of_customer = model.customer_id == _CUSTOMER
        return _Source(kind, at, entry_id, of_customer, and_(of_customer, model.opportunity_id == _DEAL), only)

    def through_visit(
        kind: Kind,
        model: type[Todo] | type[Escalation],
        at: InstrumentedAttribute[Any],
        entry_id: InstrumentedAttribute[int],
    ) -> _Source:
        of_customer = model.customer_id == _CUSTOMER
        return _Source(kind, at, entry_id, of_customer, and_(of_customer, _visited(model.visit_id)))

    def of_deal(
        kind: Kind,
        model: type[StageChange] | type[SigningDate],
        at: InstrumentedAttribute[Any],
        entry_id: InstrumentedAttribute[int],
        only: ColumnElement[bool] | None = None,
    ) -> _Source:
        return _Source(kind, at, entry_id, model.opportunity_id.in_(_DEALS), model.opportunity_id == _DEAL, only)

    deals = Opportunity.customer_id == _CUSTOMER, Opportunity.opportunity_id == _DEAL
    yield _Source("deal", Opportunity.created_at, Opportunity.opportunity_id, *deals)
    confirmed = Visit.state == "confirmed"
    visits = Visit.customer_id == _CUSTOMER, Visit.opportunity_id == _DEAL
    yield _Source("visit", Visit.decided_at, Visit.visit_id, *visits, confirmed)
    yield own("file", Evidence, Evidence.sent_at, Evidence.evidence_id, text(f"({FILES})"))  # type: ignore[arg-type]  # in the index's own words
    held = StageChange.state.in_(("applied", "undone"))
    yield of_deal("stage", StageChange, StageChange.decided_at, StageChange.change_id, held)
    yield of_deal("signing", SigningDate, SigningDate.created_at, SigningDate.signing_id)
    yield through_visit("todo", Todo, Todo.created_at, Todo.todo_id)
    yield through_visit("todo_closed", Todo, Todo.closed_at, Todo.todo_id)
    yield through_visit("matter", Escalation, Escalation.created_at, Escalation.escalation_id)
    yield through_visit("matter_closed", Escalation, Escalation.closed_at, Escalation.escalation_id)
    yield own("request", HelpRequest, HelpRequest.created_at, HelpRequest.request_id)
    yield own("answer", HelpRequest, HelpRequest.answered_at, HelpRequest.request_id)
    yield own("approval", Approval, Approval.created_at, Approval.approval_id)
    yield own("decision", Approval, Approval.decided_at, Approval.approval_id)
    handed_over = AuditEntry.action == HANDED_OVER
    yield _Source("handover", AuditEntry.at, AuditEntry.audit_id, AuditEntry.subject == _SUBJECT, None, handed_over)
    yield _Source("deal_closed", Opportunity.closed_at, Opportunity.opportunity_id, *deals)


def _part(source: _Source, subject: ColumnElement[bool], limit: int, *, newer: bool) -> Select[Any]:
    """The next of one source behind the key, in the direction wanted."""
    rank = KINDS.index(source.kind)
    at: ColumnElement[datetime] = bindparam("at", type_=UtcDateTime())
    key_rank: ColumnElement[int] = bindparam("rank", type_=Integer())
    key_id: ColumnElement[int] = bindparam("entry_id", type_=Integer())
    here = literal_column(str(rank), Integer())
    # of the same moment: what comes before the key, the key itself, and behind it
    passed = (
        or_(here < key_rank, and_(here == key_rank, source.entry_id <= key_id))
        if newer
        else or_(here > key_rank, and_(here == key_rank, source.entry_id >= key_id))
    )
    wanted = source.at >= at if newer else source.at <= at
    order = (source.at.asc(), source.entry_id.asc()) if newer else (source.at.desc(), source.entry_id.desc())
    query = select(source.at.label("at"), here.label("rank"), source.entry_id.label("entry_id"))
    query = query.where(subject, wanted, not_(and_(source.at == at, passed)))
    if source.only is not None:
        query = query.where(source.only)
    inner = query.order_by(*order).limit(literal_column(str(limit), Integer())).subquery()
    return select(inner.c.at, inner.c.rank, inner.c.entry_id)


@lru_cache(maxsize=16)
def _statement(limit: int, *, of_deal: bool, newer: bool) -> CompoundSelect[Any]:
    """Built once for each shape: to build it takes longer than to run it."""
    parts = [
        _part(source, subject, limit, newer=newer)
        for source in _sources()
        if (subject := source.of_deal if of_deal else source.of_customer) is not None
    ]
    merged = union_all(*parts)
    names = ("at", "rank", "entry_id")
    columns = [merged.selected_columns[name] for name in names]
    order = [column.asc() if newer else column.desc() for column in columns]
    return merged.order_by(*order).limit(literal_column(str(limit), Integer()))


_IDS: Mapping[Kind, InstrumentedAttribute[int]] = {source.kind: source.entry_id for source in _sources()}


class Timeline:
    def __init__(self, session: AsyncSession, _now: datetime) -> None:
        self._session = session

    async def older(self, subject: Subject, before: Key = NEWEST, *, limit: int) -> Page:
        """What was done before that, the newest first; without a key the newest of all."""
        keys = await self._keys(subject, before, limit + 1, newer=False)
        return Page(tuple(keys[:limit]), has_older=len(keys) > limit, has_newer=before != NEWEST)

    async def newer(self, subject: Subject, after: Key, *, limit: int) -> Page:
        """What was done after that, the page that lies next to it; the first page where there is less than a page."""
        keys = await self._keys(subject, after, limit + 1, newer=True)
        if len(keys) <= limit:
            return await self.older(subject, limit=limit)
        return Page(tuple(reversed(keys[:limit])), has_older=True, has_newer=True)

    async def rows(self, keys: Collection[Key]) -> Mapping[Key, Row]:
        """What each stands for."""
        found: dict[Key, Row] = {}
        for entry_id in dict.fromkeys(_IDS[key.kind] for key in keys):
            of_table = [key for key in keys if _IDS[key.kind] is entry_id]
            query = select(entry_id.class_).where(entry_id.in_(sorted({key.entry_id for key in of_table})))
            by_id: dict[int, Row] = {getattr(row, entry_id.key): row for row in await self._session.scalars(query)}
            found |= {key: by_id[key.entry_id] for key in of_table}
        return found

    async def _keys(self, subject: Subject, key: Key, limit: int, *, newer: bool) -> Sequence[Key]:
        statement = _statement(limit, of_deal=subject.opportunity_id is not None, newer=newer)
        values = {
            "customer_id": subject.customer_id,
            "opportunity_id": subject.opportunity_id,
            "subject": f"customer:{subject.customer_id}",
            "at": key.at,
            "rank": key.rank,
            "entry_id": key.entry_id,
        }
        return [Key(*row) for row in await self._session.execute(statement, values)]
