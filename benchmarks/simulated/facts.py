"""What happened in the simulation, for the oracle to judge by: what people did, and when the assistant took it in.

Nothing that the assistant decided by itself is a fact here, only what people decided and the moments at which it was
written down: records, to-dos and what people did with them, who answered which matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from storage.models import AuditEntry, Customer, Escalation, Evidence, Finding, Member, Plan, Todo, Visit
from storage.work import Work


@dataclass(frozen=True)
class Change:
    """Something noted in the audit log."""

    at: datetime
    action: str
    member_id: int | None
    before: dict[str, object]
    after: dict[str, object]


@dataclass(frozen=True)
class Person:
    member_id: int
    name: str
    roles: tuple[str, ...]
    manager_id: int | None
    left_at: datetime | None


@dataclass(frozen=True)
class Term:
    """A to-do as it stood for a while: with whom, due when."""

    since: datetime
    until: datetime | None
    member_id: int
    due_on: date | None
    due_at: datetime | None


@dataclass(frozen=True)
class TodoFact:
    todo_id: int
    kind: str
    origin: str | None
    action: str
    customer: str
    party: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class VisitFact:
    visit_id: int
    member_id: int
    customer_id: int | None
    customer: str
    visited_on: date
    last_sent_at: datetime
    changed_at: tuple[datetime, ...]
    """When the draft was begun and changed."""
    decided_at: datetime | None
    state: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class MatterFact:
    escalation_id: int
    kind: str
    member_id: int
    customer: str
    changes: tuple[Change, ...]


@dataclass
class Facts:
    people: dict[int, Person] = field(default_factory=dict)
    todos: list[TodoFact] = field(default_factory=list)
    visits: list[VisitFact] = field(default_factory=list)
    matters: list[MatterFact] = field(default_factory=list)
    plans: dict[tuple[int, date], int] = field(default_factory=dict)
    found_at: list[datetime] = field(default_factory=list)
    """When the morning rules found something, in order."""

    def above(self, member_id: int, at: datetime) -> Person | None:
        """The next person up the line who is here then."""
        manager_id = self.people[member_id].manager_id
        while manager_id is not None:
            manager = self.people[manager_id]
            if manager.left_at is None or manager.left_at > at:
                return manager
            manager_id = manager.manager_id
        return None


async def gathered(work: Work) -> Facts:
    session = work.session
    changes: dict[str, list[Change]] = {}
    for entry in await session.scalars(select(AuditEntry).order_by(AuditEntry.audit_id)):
        change = Change(entry.at, entry.action, entry.member_id, dict(entry.before or {}), dict(entry.after or {}))
        changes.setdefault(entry.subject, []).append(change)
    customers = {one.customer_id: one.name for one in await session.scalars(select(Customer))}
    facts = Facts()
    for member in await session.scalars(select(Member)):
        facts.people[member.member_id] = Person(
            member.member_id, member.name, tuple(member.roles), member.manager_id, member.left_at
        )
    for todo in await session.scalars(select(Todo).order_by(Todo.todo_id)):
        name = customers[todo.customer_id] if todo.customer_id else ""
        facts.todos.append(_todo(todo, name, changes.get(f"todo:{todo.todo_id}", [])))
    texts: dict[int, list[str]] = {}
    for evidence in await session.scalars(select(Evidence).order_by(Evidence.evidence_id)):
        if evidence.visit_id is not None and evidence.text:
            texts.setdefault(evidence.visit_id, []).append(evidence.text)
    for visit in await session.scalars(select(Visit).order_by(Visit.visit_id)):
        noted = changes.get(f"visit:{visit.visit_id}", [])
        facts.visits.append(
            VisitFact(
                visit.visit_id,
                visit.member_id,
                visit.customer_id,
                customers[visit.customer_id] if visit.customer_id else "",
                visit.visited_on,
                visit.last_sent_at,
                tuple(change.at for change in noted if change.action in ("visit.drafted", "visit.changed")),
                visit.decided_at,
                visit.state,
                tuple(texts.get(visit.visit_id, ())),
            )
        )
    for matter in await session.scalars(select(Escalation).order_by(Escalation.escalation_id)):
        name = customers[matter.customer_id] if matter.customer_id else ""
        noted = changes.get(f"escalation:{matter.escalation_id}", [])
        facts.matters.append(MatterFact(matter.escalation_id, matter.kind, matter.member_id, name, tuple(noted)))
    facts.found_at = sorted(await session.scalars(select(Finding.found_at)))
    for plan in await session.scalars(select(Plan)):
        facts.plans[plan.member_id, plan.week_on] = plan.visits
    return facts


def _todo(todo: Todo, customer: str, changes: Sequence[Change]) -> TodoFact:
    """Its terms, told backwards from how it stands now."""
    member_id, due_on, due_at, until = todo.member_id, todo.due_on, todo.due_at, todo.closed_at
    terms: list[Term] = []
    for change in reversed([one for one in changes if one.action in ("todo.postponed", "todo.passed_on")]):
        terms.append(Term(change.at, until, member_id, due_on, due_at))
        until = change.at
        if change.action == "todo.passed_on":
            before = change.before["member_id"]
            assert isinstance(before, int)
            member_id = before
        else:
            due_on, due_at = _day(change.before.get("due_on")), _moment(change.before.get("due_at"))
    terms.append(Term(todo.created_at, until, member_id, due_on, due_at))
    return TodoFact(todo.todo_id, todo.kind, todo.origin, todo.action, customer, todo.party, tuple(reversed(terms)))


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None
