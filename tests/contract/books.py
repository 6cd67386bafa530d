"""What is written down after a conversation, in a form that can be compared and read."""

from dataclasses import dataclass

from sqlalchemy import select

from handlers.rehearing import HEARD
from storage.database import Database
from storage.models import Customer, Escalation, Evidence, Member, Todo, Visit


@dataclass(frozen=True)
class Books:
    visits: tuple[tuple[str, str, str, str], ...] = ()
    """State, rep, customer, day."""
    fields: tuple[tuple[str, str], ...] = ()
    """Of all visits, as they stand: the value, and the words it came from."""
    todos: tuple[tuple[str, str, str, str], ...] = ()
    """Whose move, what, by when, state."""
    escalations: tuple[tuple[str, str, str], ...] = ()
    """To whom, about whose visit, state."""
    evidence: tuple[tuple[str, bool], ...] = ()
    """Kind, and whether it is with a visit."""
    parked: int = 0
    visits_begun_on: tuple[str, ...] = ()


async def books(database: Database) -> Books:
    async with database.reading() as work:
        every = work.session.scalars
        visits = (await every(select(Visit).order_by(Visit.visit_id))).all()
        names = {member.member_id: member.name for member in await every(select(Member))}
        customers = {customer.customer_id: customer.name for customer in await every(select(Customer))}
        fields = [field for visit in visits for field in await work.visits.fields(visit)]
        todos = (await every(select(Todo).order_by(Todo.visit_id, Todo.position))).all()
        escalations = (await every(select(Escalation).order_by(Escalation.escalation_id))).all()
        # our own transcript of a note that the platform heard first is kept beside it
        sent = select(Evidence).where(Evidence.event_key.not_like(f"%{HEARD}")).order_by(Evidence.evidence_id)
        evidence = (await every(sent)).all()
        counts = await work.jobs.counts()
        return Books(
            visits=tuple(
                (visit.state, names[visit.member_id], customers.get(visit.customer_id or 0, ""), str(visit.visited_on))
                for visit in visits
            ),
            fields=tuple((_told(field.kind, dict(field.value)), field.source.words) for field in fields),
            todos=tuple((todo.party, todo.action, str(todo.due_on or ""), todo.state) for todo in todos),
            escalations=tuple((names[one.manager_id], names[one.member_id], one.state) for one in escalations),
            evidence=tuple((one.kind, one.visit_id is not None) for one in evidence),
            parked=sum(count for (_, state), count in counts.items() if state == "parked"),
            visits_begun_on=tuple(visit.platform for visit in visits),
        )


def _told(kind: str, value: dict[str, object]) -> str:
    told = [str(part) for name, part in value.items() if name != "kind" and part not in (None, False, [], ())]
    return f"{kind}: {' '.join(told)}"
