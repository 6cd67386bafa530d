"""What the rules look for, and what they found.

Each search gives what no rule has found yet in its present episode, a page at a time and in the order of an index, so
that it costs what is found and not what there is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.base import JsonObject, insert_into
from storage.deal_models import Opportunity
from storage.jobs import JobRow
from storage.models import Customer, Finding, Member, Payment, Plan, Todo, Visit, VisitField


@dataclass(frozen=True)
class Candidate:
    """Something that a rule may be about: the id of its subject, and since when it has been so."""

    subject_id: int
    since: datetime


@dataclass(frozen=True)
class Overdue:
    payment_id: int
    due_on: date


@dataclass(frozen=True)
class Week:
    """A member's plan of a week and the visits of it that were confirmed."""

    member_id: int
    planned: int
    done: int


@dataclass(frozen=True)
class Debt:
    """What a customer owes since before a day: how many payments, how much, the oldest."""

    count: int
    amount_fen: int
    oldest_on: date


class Rules:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    # Findings

    async def find(
        self,
        rule: str,
        subject: str,
        episode: str,
        *,
        member_id: int | None,
        since: datetime | None = None,
        detail: JsonObject | None = None,
    ) -> Finding | None:
        """Note what a rule found; None where it is known, undone or not."""
        finding_id = await self._session.scalar(
            insert_into(self._session, Finding)
            .values(
                rule=rule,
                subject=subject,
                episode=episode,
                since_at=since,
                member_id=member_id,
                detail=detail or {},
                found_at=self._now,
            )
            .on_conflict_do_nothing(index_elements=[Finding.rule, Finding.subject, Finding.episode])
            .returning(Finding.finding_id)
        )
        return None if finding_id is None else await self._session.get_one(Finding, finding_id)

    async def get(self, finding_id: int) -> Finding | None:
        return await self._session.get(Finding, finding_id)

    async def lock(self, finding_id: int) -> Finding:
        """The finding, held until the transaction ends: pressed twice at once, it is undone once."""
        return await self._session.get_one(Finding, finding_id, with_for_update=True, populate_existing=True)

    async def found(self, rule: str, *, since: datetime, until: datetime) -> Sequence[Finding]:
        """What the rule found in that time, the earliest first."""
        query = select(Finding).where(Finding.rule == rule, Finding.found_at >= since, Finding.found_at < until)
        return (await self._session.scalars(query.order_by(Finding.found_at, Finding.finding_id))).all()

    async def has_found(self, rule: str, *, since: datetime, until: datetime) -> bool:
        """Whether the rule found anything in that time."""
        query = select(Finding.finding_id).where(
            Finding.rule == rule, Finding.found_at >= since, Finding.found_at < until
        )
        return await self._session.scalar(query.limit(1)) is not None

    async def undecided(self, rule: str, member_id: int) -> Sequence[Finding]:
        """What the rule proposed to the member and nobody has answered, the earliest first."""
        query = select(Finding).where(
            Finding.member_id == member_id, Finding.rule == rule, Finding.decided_at.is_(None)
        )
        return (await self._session.scalars(query.order_by(Finding.finding_id))).all()

    async def latest(self, rule: str, subject: str) -> Finding | None:
        """The newest finding of the rule about the subject that has not been undone."""
        query = select(Finding).where(Finding.rule == rule, Finding.subject == subject, Finding.undone_at.is_(None))
        return await self._session.scalar(query.order_by(Finding.finding_id.desc()).limit(1))

    async def last(self, rule: str, subject: str) -> Finding | None:
        """The newest finding of the rule about the subject, undone or not."""
        query = select(Finding).where(Finding.rule == rule, Finding.subject == subject)
        return await self._session.scalar(query.order_by(Finding.finding_id.desc()).limit(1))

    async def has_found_since(self, rule: str, subject: str, moment: datetime, *, like: str) -> bool:
        """Whether the rule found that subject since then, in an episode that begins with `like`."""
        query = select(Finding.finding_id).where(
            Finding.rule == rule,
            Finding.subject == subject,
            Finding.episode.startswith(like, autoescape=True),
            Finding.found_at >= moment,
        )
        return await self._session.scalar(query.limit(1)) is not None

    async def counts(self, since: datetime) -> dict[str, int]:
        """How often each rule found something since then."""
        query = select(Finding.rule, func.count()).where(Finding.found_at >= since).group_by(Finding.rule)
        return {rule: count for rule, count in await self._session.execute(query)}  # noqa: C416  rows are no pairs

    async def last_run(self, dedupes: Collection[str]) -> datetime | None:
        """When the latest of these jobs ended; None where none did, or too long ago to be known."""
        query = select(func.max(JobRow.ended_at)).where(JobRow.dedupe.in_(sorted(dedupes)), JobRow.state == "done")
        return await self._session.scalar(query)

    # Customers

    async def graded(self, grades: Collection[str], *, after: int, limit: int) -> Sequence[Customer]:
        """Owned customers of these grades, by their ids."""
        query = select(Customer).where(
            Customer.customer_id > after, Customer.grade.in_(sorted(grades)), Customer.owner_id.is_not(None)
        )
        return (await self._session.scalars(query.order_by(Customer.customer_id).limit(limit))).all()

    async def stalled(
        self, before: datetime, *, except_stages: Collection[str], after: Candidate | None, limit: int
    ) -> Sequence[Candidate]:
        """Deals that go on and are in one stage since before that moment, those of the stages left out aside."""
        return await self._page(
            _open_deals()
            .where(Opportunity.stage_since < before, Opportunity.stage.is_not(None))
            .where(Opportunity.stage.not_in(sorted(except_stages)), _not_found("stalled", Opportunity.stage_since)),
            Opportunity.stage_since,
            after,
            limit,
            by=Opportunity.opportunity_id,
        )

    async def stalled_todo(self, origin: str) -> Todo | None:
        """The open to-do of that origin: it was given because a deal did not move on."""
        return await self._session.scalar(select(Todo).where(Todo.origin == origin, Todo.state == "open"))

    async def in_sample_test(
        self, before: datetime, *, stage: str, after: Candidate | None, limit: int
    ) -> Sequence[Candidate]:
        """Deals in the stage of that name since before that moment, nobody having spoken to the customer since then."""
        contacted = func.coalesce(Customer.last_contact_at, Opportunity.stage_since)
        return await self._page(
            _open_deals()
            .where(Opportunity.stage_since < before, contacted < before)
            .where(Opportunity.stage.contains(stage, autoescape=True), _not_found("sample_test", _later_of_both())),
            Opportunity.stage_since,
            after,
            limit,
            by=Opportunity.opportunity_id,
        )

    async def silent(
        self,
        before: datetime,
        *,
        rule: str,
        contacted: bool,
        gradable: bool = False,
        after: Candidate | None,
        limit: int,
    ) -> Sequence[Candidate]:
        """Customers whom nobody has spoken to since before that moment.

        `contacted` asks for those who were spoken to once, the others count from when they were taken in: two searches,
        since one index serves each. `gradable`: only those whose grade can still be lowered.
        """
        since = Customer.last_contact_at if contacted else Customer.created_at
        query = (
            select(Customer.customer_id, since)
            .where(_owner_is_here(), since < before, _not_found(rule, since))
            .where(Customer.last_contact_at.is_not(None) if contacted else Customer.last_contact_at.is_(None))
        )
        if gradable:
            query = query.where(or_(Customer.grade.is_(None), Customer.grade.in_(("A", "B"))))
        return await self._page(query, since, after, limit)

    async def owing_and_silent(
        self, *, due_before: date, silent_before: datetime, after: int, limit: int
    ) -> Sequence[int]:
        """Customers, not marked yet, who owe since before that day and whom nobody has spoken to for that long."""
        contacted = func.coalesce(Customer.last_contact_at, Customer.created_at)
        query = (
            select(Customer.customer_id)
            .join(Payment, Payment.customer_id == Customer.customer_id)
            .where(Payment.paid_on.is_(None), Payment.due_on < due_before)
            .where(contacted < silent_before, Customer.at_risk_since.is_(None), Customer.owner_id.is_not(None))
            .where(_not_found("at_risk", contacted), Customer.customer_id > after)
        )
        return (await self._session.scalars(query.distinct().order_by(Customer.customer_id).limit(limit))).all()

    async def _page(
        self,
        query: Select[Any, Any],
        since: Any,
        after: Candidate | None,
        limit: int,
        *,
        by: InstrumentedAttribute[int] = Customer.customer_id,
    ) -> Sequence[Candidate]:
        if after is not None:
            later = and_(since == after.since, by > after.subject_id)
            query = query.where(since >= after.since, or_(since > after.since, later))
        rows = await self._session.execute(query.order_by(since, by).limit(limit))
        return [Candidate(subject_id, moment) for subject_id, moment in rows]

    # Payments

    async def overdue(self, before: date, *, after: Overdue | None, limit: int) -> Sequence[Overdue]:
        """Payments of owned customers that were due before that day and are not paid."""
        known = exists().where(
            Finding.rule == "payment",
            Finding.subject == _subject("payment", Payment.payment_id),
            # a date is written as 2026-11-20 by either database
            Finding.episode == cast(Payment.due_on, String),
        )
        query = (
            select(Payment.payment_id, Payment.due_on)
            .join(Customer, Customer.customer_id == Payment.customer_id)
            .where(Payment.paid_on.is_(None), Payment.due_on < before, _owner_is_here(), ~known)
        )
        if after is not None:
            later = and_(Payment.due_on == after.due_on, Payment.payment_id > after.payment_id)
            query = query.where(Payment.due_on >= after.due_on, or_(Payment.due_on > after.due_on, later))
        rows = await self._session.execute(query.order_by(Payment.due_on, Payment.payment_id).limit(limit))
        return [Overdue(payment_id, due_on) for payment_id, due_on in rows]

    async def payment(self, payment_id: int) -> Payment:
        return await self._session.get_one(Payment, payment_id)

    async def payment_by_number(self, customer_id: int, number: str) -> Payment | None:
        return await self._session.scalar(
            select(Payment).where(Payment.customer_id == customer_id, Payment.number == number)
        )

    async def add_payment(
        self, customer_id: int, number: str, *, amount_fen: int, due_on: date, paid_on: date | None
    ) -> Payment:
        payment = Payment(
            customer_id=customer_id,
            number=number,
            amount_fen=amount_fen,
            due_on=due_on,
            paid_on=paid_on,
            created_at=self._now,
        )
        self._session.add(payment)
        await self._session.flush()
        return payment

    async def debt(self, customer_id: int, due_before: date) -> Debt | None:
        """What the customer owes since before that day."""
        query = select(func.count(), func.sum(Payment.amount_fen), func.min(Payment.due_on)).where(
            Payment.customer_id == customer_id, Payment.paid_on.is_(None), Payment.due_on < due_before
        )
        count, amount_fen, oldest_on = (await self._session.execute(query)).one()
        return Debt(count, int(amount_fen), oldest_on) if count else None

    # Plans

    async def plan(self, member_id: int, week_on: date) -> Plan | None:
        return await self._session.get(Plan, (member_id, week_on))

    async def set_plan(self, member_id: int, week_on: date, visits: int, *, source: str) -> int | None:
        """The member plans so many visits for the week of that Monday; how many it was before, None for none."""
        known = await self.plan(member_id, week_on)
        if known is None:
            self._session.add(
                Plan(member_id=member_id, week_on=week_on, visits=visits, source=source, changed_at=self._now)
            )
            await self._session.flush()
            return None
        before = known.visits
        if before != visits:
            known.visits, known.source, known.changed_at = visits, source, self._now
        return before

    async def weeks(
        self, week_on: date, last_on: date, *, of: Collection[int] | None = None, after: int = 0, limit: int = 1000
    ) -> Sequence[Week]:
        """Plan and confirmed visits of the week from that Monday to that Sunday, of active members, by their ids."""
        done = (
            select(func.count())
            .where(Visit.member_id == Plan.member_id, Visit.state == "confirmed")
            .where(Visit.visited_on >= week_on, Visit.visited_on <= last_on)
            .correlate(Plan)
            .scalar_subquery()
        )
        query = (
            select(Plan.member_id, Plan.visits, done)
            .join(Member, Member.member_id == Plan.member_id)
            .where(Plan.week_on == week_on, Member.active, Plan.member_id > after)
        )
        if of is not None:
            query = query.where(Plan.member_id.in_(sorted(of)))
        rows = await self._session.execute(query.order_by(Plan.member_id).limit(limit))
        return [Week(member_id, planned, done) for member_id, planned, done in rows]

    async def visits_between(self, member_id: int, first: date, last: date) -> int:
        """How many confirmed visits of the member lie in these days."""
        query = select(func.count()).where(
            Visit.member_id == member_id, Visit.state == "confirmed", Visit.visited_on.between(first, last)
        )
        return await self._session.scalar(query) or 0

    # Visits

    async def visits_at(self, customer_id: int, first: date, last: date) -> int:
        """How many confirmed visits the customer had in those days."""
        query = select(func.count()).where(
            Visit.customer_id == customer_id, Visit.state == "confirmed", Visit.visited_on.between(first, last)
        )
        return await self._session.scalar(query) or 0

    async def visitors(self, customer_id: int, first: date, last: date) -> Sequence[int]:
        """Who has a confirmed visit at the customer in those days."""
        query = select(Visit.member_id).where(
            Visit.customer_id == customer_id, Visit.state == "confirmed", Visit.visited_on.between(first, last)
        )
        return (await self._session.scalars(query.distinct().order_by(Visit.member_id))).all()

    async def others_on(self, customer_id: int, member_id: int, *, since: date) -> Sequence[int]:
        """Who else has a confirmed visit at the customer since that day."""
        query = (
            select(Visit.member_id)
            .where(Visit.customer_id == customer_id, Visit.visited_on >= since, Visit.state == "confirmed")
            .where(Visit.member_id != member_id)
        )
        return (await self._session.scalars(query.distinct().order_by(Visit.member_id))).all()

    async def latest_demos(self, customer_id: int, limit: int) -> Sequence[tuple[int, JsonObject]]:
        """What confirmed visits of the customer tell of demonstrations, the newest first: visit and value."""
        rows = await self._session.execute(
            select(Visit.visit_id, VisitField.value)
            .join(VisitField, VisitField.visit_id == Visit.visit_id)
            .where(Visit.customer_id == customer_id, Visit.state == "confirmed")
            .where(VisitField.kind == "demo", VisitField.until_version.is_(None))
            .order_by(Visit.visited_on.desc(), Visit.visit_id.desc(), VisitField.position.desc())
            .limit(limit)
        )
        return [(visit_id, value) for visit_id, value in rows]


def _subject(kind: str, identifier: Any) -> ColumnElement[str]:
    """The subject of a finding as the database writes it: `customer:5`."""
    return literal(f"{kind}:").concat(cast(identifier, String))


def _open_deals() -> Select[Any, Any]:
    """Deals that go on of customers who have an owner: their ids, and since when each is in its stage."""
    return (
        select(Opportunity.opportunity_id, Opportunity.stage_since)
        .join(Customer, Customer.customer_id == Opportunity.customer_id)
        .where(Opportunity.state == "open", Customer.owner_id.is_not(None))
    )


def _owner_is_here() -> ColumnElement[bool]:
    """What only the owner is told of waits for one who is here: whoever takes over hears of it."""
    return exists().where(Member.member_id == Customer.owner_id, Member.active)


def _not_found(rule: str, since: Any) -> ColumnElement[bool]:
    """Not found yet in the episode that is counted from `since`."""
    return ~exists().where(
        Finding.rule == rule,
        Finding.subject == _subject("customer", Customer.customer_id),
        Finding.since_at == since,
    )


def _later_of_both() -> ColumnElement[datetime]:
    """The later of stage and contact; `max` of two values has another name in each database."""
    since = Opportunity.stage_since
    return case((Customer.last_contact_at > since, Customer.last_contact_at), else_=since)
