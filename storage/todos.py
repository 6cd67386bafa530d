"""To-dos: what somebody promised, or is to look after."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import insert_into
from storage.models import Customer, Todo, TodoKind, TodoState, Visit


class Todos:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, todo_id: int) -> Todo:
        return await self._session.get_one(Todo, todo_id)

    async def find(self, todo_id: int) -> Todo | None:
        return await self._session.get(Todo, todo_id)

    async def lock(self, todo_id: int) -> Todo | None:
        """The to-do, held until the transaction ends: ticked off twice at once, it is done once. None: no such one."""
        return await self._session.get(Todo, todo_id, with_for_update=True, populate_existing=True)

    async def of_visit(self, visit_id: int) -> Sequence[Todo]:
        query = select(Todo).where(Todo.visit_id == visit_id).order_by(Todo.position)
        return (await self._session.scalars(query)).all()

    async def open_of(self, member_id: int) -> Sequence[Todo]:
        """A member's open to-dos, the most pressing first, those without a date last."""
        query = select(Todo).where(Todo.member_id == member_id, Todo.state == "open")
        return (await self._session.scalars(query.order_by(Todo.due_on.is_(None), Todo.due_on, Todo.todo_id))).all()

    async def open_about(self, customer_id: int, member_id: int | None = None) -> Sequence[Todo]:
        """What is open about a customer, with whomever it lies or with that member only, the most pressing first."""
        query = select(Todo).where(Todo.customer_id == customer_id, Todo.state == "open")
        if member_id is not None:
            query = query.where(Todo.member_id == member_id)
        return (await self._session.scalars(query.order_by(Todo.due_on.is_(None), Todo.due_on, Todo.todo_id))).all()

    async def pressing_about(
        self, customer_id: int, *, limit: int, opportunity_id: int | None = None
    ) -> tuple[Sequence[Todo], int]:
        """The most pressing of what is open about a customer, or from visits about that deal; and their number."""
        count = func.count().over()
        query = select(Todo, count).where(Todo.customer_id == customer_id, Todo.state == "open")
        if opportunity_id is not None:
            about = select(Visit.visit_id).where(
                Visit.visit_id == Todo.visit_id, Visit.opportunity_id == opportunity_id
            )
            query = query.where(about.exists())
        rows = (
            await self._session.execute(query.order_by(Todo.due_on.is_(None), Todo.due_on, Todo.todo_id).limit(limit))
        ).all()
        return [todo for todo, _ in rows], rows[0][1] if rows else 0

    async def due_by(self, day: date) -> Sequence[tuple[Todo, str | None]]:
        """Everybody's open to-dos that are due that day or should have been before, the oldest first; with customer."""
        rows = await self._session.execute(
            select(Todo, Customer.name)
            .outerjoin(Customer, Todo.customer_id == Customer.customer_id)
            .where(Todo.state == "open", Todo.due_on <= day)
            .order_by(Todo.due_on, Todo.todo_id)
        )
        return [(todo, customer) for todo, customer in rows]

    async def add(self, visit: Visit, position: int, *, party: str, action: str, due_on: date | None) -> Todo:
        """The to-do at that place of the visit; at most one, so that confirming twice makes none twice."""
        todo = Todo(
            visit_id=visit.visit_id,
            position=position,
            member_id=visit.member_id,
            customer_id=visit.customer_id,
            party=party,
            action=action,
            due_on=due_on,
            created_at=self._now,
            state="open",
        )
        self._session.add(todo)
        await self._session.flush()
        return todo

    async def give(
        self,
        member_id: int,
        *,
        kind: TodoKind,
        origin: str,
        action: str,
        customer_id: int | None,
        party: str,
        due_on: date | None,
        due_at: datetime | None,
        created_by: int | None,
    ) -> Todo | None:
        """A to-do that belongs to no visit; None where one of that origin was made before, open or not."""
        statement = (
            insert_into(self._session, Todo)
            .values(
                kind=kind,
                origin=origin,
                member_id=member_id,
                created_by=created_by,
                customer_id=customer_id,
                party=party,
                action=action,
                due_on=due_on,
                due_at=due_at,
                state="open",
                created_at=self._now,
            )
            .on_conflict_do_nothing(index_elements=[Todo.origin])
            .returning(Todo.todo_id)
        )
        todo_id = await self._session.scalar(statement)
        return None if todo_id is None else await self.get(todo_id)

    async def open_marks(self, customer_id: int, member_id: int | None = None) -> Sequence[Todo]:
        """The customer's open 待跟进 marks, the member's alone where one is named."""
        query = select(Todo).where(Todo.customer_id == customer_id, Todo.kind == "follow_up", Todo.state == "open")
        if member_id is not None:
            query = query.where(Todo.member_id == member_id)
        return (await self._session.scalars(query.order_by(Todo.todo_id))).all()

    async def unshown(self, member_id: int) -> Sequence[Todo]:
        """Open to-dos of which their member has had no card yet."""
        query = select(Todo).where(Todo.member_id == member_id, Todo.state == "open", Todo.card_id.is_(None))
        return (await self._session.scalars(query.order_by(Todo.todo_id))).all()

    async def shown_on(self, card_id: str) -> Sequence[Todo]:
        """The open to-dos that a card shows."""
        query = select(Todo).where(Todo.card_id == card_id, Todo.state == "open").order_by(Todo.todo_id)
        return (await self._session.scalars(query)).all()

    def close(self, todo: Todo, state: TodoState) -> None:
        todo.state = state
        todo.closed_at = self._now
