"""What people sent, as it lies in customers' files: which kinds, which versions, what is there already."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Customer, Evidence, EvidenceKind, Visit

THINGS: tuple[EvidenceKind, ...] = ("image", "file", "video")
"""What is put into a file by itself; a recording goes with its visit."""
PACK: tuple[EvidenceKind, ...] = ("voice", *THINGS)
MOST_COMPARED = 20_000
"""So many of the latest photos a new one is compared with."""


class Files:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def of_label(self, customer_id: int, label: str | None, *, but: int) -> Sequence[Evidence]:
        """What lies there under that label, copies aside, in the order it was kept."""
        query = select(Evidence).where(
            Evidence.customer_id == customer_id,
            Evidence.label == label if label is not None else Evidence.label.is_(None),
            Evidence.evidence_id != but,
            Evidence.copy_of.is_(None),
            Evidence.kind.in_(PACK),
        )
        return (await self._session.scalars(query.order_by(Evidence.evidence_id))).all()

    async def same_bytes(self, sha256: str, *, but: int, customer_id: int | None = None) -> Sequence[Evidence]:
        """The same file, in that customer's file or anywhere; copies aside, the one kept first leads."""
        query = select(Evidence).where(
            Evidence.sha256 == sha256, Evidence.evidence_id != but, Evidence.copy_of.is_(None)
        )
        if customer_id is not None:
            query = query.where(Evidence.customer_id == customer_id)
        return (await self._session.scalars(query.order_by(Evidence.evidence_id))).all()

    async def unfiled(self, member_id: int, *, since: datetime | None = None, limit: int = 50) -> Sequence[Evidence]:
        """What a member sent that belongs to no customer, and to no visit but one thrown away, the latest first."""
        query = (
            select(Evidence)
            .outerjoin(Visit, Visit.visit_id == Evidence.visit_id)
            .where(
                Evidence.member_id == member_id,
                Evidence.kind.in_(THINGS),
                or_(Evidence.visit_id.is_(None), Visit.state == "discarded"),
                Evidence.customer_id.is_(None),
            )
        )
        if since is not None:
            query = query.where(Evidence.sent_at >= since)
        return (await self._session.scalars(query.order_by(Evidence.evidence_id.desc()).limit(limit))).all()

    async def latest_of(
        self, member_id: int, kinds: Collection[EvidenceKind], *, since: datetime, until: datetime
    ) -> Sequence[Evidence]:
        """What a member sent in that time, the latest first."""
        query = select(Evidence).where(
            Evidence.member_id == member_id,
            Evidence.kind.in_(sorted(kinds)),
            Evidence.sent_at.between(since, until),
        )
        return (await self._session.scalars(query.order_by(Evidence.evidence_id.desc()))).all()

    async def last_customer(self, member_id: int, *, since: datetime) -> Customer | None:
        """Whose visit the member confirmed last, where that is not longer ago."""
        query = (
            select(Customer)
            .join(Visit, Visit.customer_id == Customer.customer_id)
            .where(Visit.member_id == member_id, Visit.state == "confirmed", Visit.decided_at >= since)
            .order_by(Visit.decided_at.desc(), Visit.visit_id.desc())
            .limit(1)
        )
        return await self._session.scalar(query)

    async def join_visit(self, visit: Visit, *, since: datetime, until: datetime) -> None:
        """What its member filed by hand for the same customer about that time belongs to the visit."""
        await self._session.execute(
            update(Evidence)
            .where(
                Evidence.member_id == visit.member_id,
                Evidence.customer_id == visit.customer_id,
                Evidence.visit_id.is_(None),
                Evidence.sent_at.between(since, until),
            )
            .values(visit_id=visit.visit_id, opportunity_id=visit.opportunity_id)
        )

    # Photos

    async def looks(self, *, before: int) -> Sequence[tuple[int, int]]:
        """The photos kept before that evidence, with what each looks like; the latest first."""
        query = (
            select(Evidence.evidence_id, Evidence.look)
            .where(Evidence.look.is_not(None), Evidence.evidence_id < before, Evidence.copy_of.is_(None))
            .order_by(Evidence.evidence_id.desc())
            .limit(MOST_COMPARED)
        )
        return [(evidence_id, look) for evidence_id, look in await self._session.execute(query) if look is not None]

    # A customer's file

    async def pack(
        self,
        customer_id: int,
        *,
        kinds: Collection[EvidenceKind] = PACK,
        opportunity_id: int | None = None,
        visit_ids: Collection[int] | None = None,
    ) -> Sequence[Evidence]:
        """What lies in a customer's file, or of one deal or some visits in it, with the visits' drafts left out."""
        query = select(Evidence).where(
            Evidence.customer_id == customer_id, Evidence.kind.in_(sorted(kinds)), Evidence.sha256.is_not(None)
        )
        if opportunity_id is not None:
            query = query.where(Evidence.opportunity_id == opportunity_id)
        if visit_ids is not None:
            query = query.where(Evidence.visit_id.in_(sorted(visit_ids)))
        return (await self._session.scalars(query.order_by(Evidence.sent_at, Evidence.evidence_id))).all()

    # Points

    async def scoring(
        self, members: Collection[int], labels: Collection[str], *, since: datetime, until: datetime
    ) -> Mapping[tuple[int, str], int]:
        """By member and label, how many pieces they brought into customers' files in that time: each once, no copies,
        and of a document its first version only."""
        query = (
            select(Evidence.member_id, Evidence.label, func.count())
            .where(
                Evidence.member_id.in_(sorted(members)),
                Evidence.label.in_(sorted(labels)),
                Evidence.sent_at >= since,
                Evidence.sent_at < until,
                counts(),
            )
            .group_by(Evidence.member_id, Evidence.label)
        )
        rows = await self._session.execute(query)
        return {(member_id, label): count for member_id, label, count in rows if label is not None}


def counts() -> ColumnElement[bool]:
    """Whether a labelled piece of evidence earns points."""
    return (
        Evidence.customer_id.is_not(None)
        & Evidence.copy_of.is_(None)
        & or_(Evidence.version.is_(None), Evidence.version == 1)
    )
