"""Matters that lie with somebody up the line, what belongs to each, and what teams make of a risk wording."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import (
    Customer,
    Escalation,
    EscalationHolder,
    EscalationItem,
    EscalationKind,
    EscalationState,
    Member,
    Visit,
    Wording,
)

UNSETTLED: tuple[EscalationState, ...] = ("open", "taken", "assigned")
"""Somebody still has to do something."""
MOST_WORDS = 200
"""Of a wording, as it is counted."""


class Escalations:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, escalation_id: int) -> Escalation:
        return await self._session.get_one(Escalation, escalation_id)

    async def find(self, escalation_id: int) -> Escalation | None:
        return await self._session.get(Escalation, escalation_id)

    async def lock(self, escalation_id: int) -> Escalation:
        """The matter, held until the transaction ends: of two clicks at once the second sees what the first did."""
        return await self._session.get_one(Escalation, escalation_id, with_for_update=True, populate_existing=True)

    async def shown_on(self, card_id: str) -> Sequence[Escalation]:
        """The unsettled matter that a card shows, at most one."""
        query = select(Escalation).where(Escalation.card_id == card_id, Escalation.state.in_(UNSETTLED))
        return (await self._session.scalars(query.with_for_update())).all()

    async def of_visit(self, visit_id: int) -> Escalation | None:
        """The unsettled matter that began with this record."""
        query = select(Escalation).where(Escalation.visit_id == visit_id, Escalation.state.in_(UNSETTLED))
        return await self._session.scalar(query.order_by(Escalation.escalation_id.desc()).limit(1))

    async def unsettled_about(self, customer_id: int | None, member_id: int) -> Escalation | None:
        """The matter that is not settled yet about the customer, or about the rep where it has no customer.

        Whatever else asks the same waits until this transaction ends, so two can never be opened side by side.
        """
        query = select(Escalation).where(Escalation.state.in_(UNSETTLED))
        if customer_id is not None:
            await self._session.get_one(Customer, customer_id, with_for_update=True)
            query = query.where(Escalation.customer_id == customer_id)
        else:
            await self._session.get_one(Member, member_id, with_for_update=True)
            query = query.where(Escalation.customer_id.is_(None), Escalation.member_id == member_id)
        return await self._session.scalar(query.order_by(Escalation.escalation_id).limit(1).with_for_update())

    async def unsettled_of(self, customer_id: int, *, opportunity_id: int | None = None) -> Sequence[Escalation]:
        """What is not settled about a customer, or began with a visit about that deal, to look at, the oldest first."""
        query = select(Escalation).where(Escalation.customer_id == customer_id, Escalation.state.in_(UNSETTLED))
        if opportunity_id is not None:
            about = select(Visit.visit_id).where(
                Visit.visit_id == Escalation.visit_id, Visit.opportunity_id == opportunity_id
            )
            query = query.where(about.exists())
        return (await self._session.scalars(query.order_by(Escalation.escalation_id))).all()

    async def waiting(self) -> Sequence[tuple[Escalation, str | None]]:
        """Those that no manager has answered yet, the oldest first; with the customer."""
        return await self._listed(Escalation.state == "open")

    async def unsettled(self, members: Collection[int]) -> Sequence[tuple[Escalation, str | None]]:
        """Those that are not settled and are these people's, or lie with one of them; the oldest first."""
        people = list(members)
        return await self._listed(
            Escalation.state.in_(UNSETTLED),
            or_(
                Escalation.member_id.in_(people),
                Escalation.manager_id.in_(people),
                Escalation.assignee_id.in_(people),
            ),
        )

    async def lying_with(self, member_id: int) -> Sequence[Escalation]:
        """The unsettled ones that this member has to do something about, the oldest first."""
        theirs = or_(
            (Escalation.state != "assigned") & (Escalation.manager_id == member_id),
            (Escalation.state == "assigned") & (Escalation.assignee_id == member_id),
        )
        query = select(Escalation).where(Escalation.state.in_(UNSETTLED), theirs)
        return (await self._session.scalars(query.order_by(Escalation.escalation_id).with_for_update())).all()

    async def _listed(self, *conditions: ColumnElement[bool]) -> Sequence[tuple[Escalation, str | None]]:
        rows = await self._session.execute(
            select(Escalation, Customer.name)
            .outerjoin(Customer, Escalation.customer_id == Customer.customer_id)
            .where(*conditions)
            .order_by(Escalation.created_at, Escalation.escalation_id)
        )
        return [(escalation, customer) for escalation, customer in rows]

    async def open(
        self,
        *,
        member_id: int,
        manager_id: int,
        kind: EscalationKind = "risk",
        customer_id: int | None = None,
        visit_id: int | None = None,
        reason: str = "",
        level: int = 1,
    ) -> Escalation:
        escalation = Escalation(
            kind=kind,
            visit_id=visit_id,
            customer_id=customer_id,
            member_id=member_id,
            manager_id=manager_id,
            level=level,
            reason=reason,
            state="open",
            created_at=self._now,
            raised_at=self._now,
        )
        self._session.add(escalation)
        await self._session.flush()
        await self._held(escalation)
        return escalation

    async def pass_to(self, escalation: Escalation, manager_id: int) -> None:
        """It lies with this manager from now on, a level further up, and waits for an answer again."""
        escalation.manager_id = manager_id
        escalation.level += 1
        escalation.raised_at = self._now
        escalation.state = "open"
        escalation.assignee_id = escalation.decided_by = escalation.decided_at = None
        await self._held(escalation)

    def give_back(self, escalation: Escalation) -> None:
        """Who it was assigned to is gone: the manager who has it is to decide again."""
        escalation.state = "open"
        escalation.raised_at = self._now
        escalation.assignee_id = escalation.decided_by = escalation.decided_at = None

    async def _held(self, escalation: Escalation) -> None:
        self._session.add(
            EscalationHolder(
                escalation_id=escalation.escalation_id,
                level=escalation.level,
                member_id=escalation.manager_id,
                since=self._now,
            )
        )
        await self._session.flush()

    async def holders(self, escalation_id: int) -> Sequence[int]:
        """Those with whom it lies and lay, the first one first."""
        query = select(EscalationHolder.member_id).where(EscalationHolder.escalation_id == escalation_id)
        return (await self._session.scalars(query.order_by(EscalationHolder.level))).all()

    def decide(
        self, escalation: Escalation, state: EscalationState, by: int, *, assignee_id: int | None = None
    ) -> None:
        escalation.state = state
        escalation.decided_by = by
        escalation.decided_at = self._now
        if assignee_id is not None:
            escalation.assignee_id = assignee_id
        if state not in UNSETTLED:
            escalation.closed_at = self._now

    # What belongs to a matter

    async def items(self, escalation_id: int) -> Sequence[EscalationItem]:
        query = select(EscalationItem).where(EscalationItem.escalation_id == escalation_id)
        return (await self._session.scalars(query.order_by(EscalationItem.item_id))).all()

    async def words_of(self, escalation_ids: Collection[int]) -> Mapping[int, Sequence[str]]:
        """The words that these matters rest on, each once, in their order."""
        query = select(EscalationItem).where(EscalationItem.escalation_id.in_(sorted(escalation_ids)))
        found: dict[int, dict[str, None]] = {escalation_id: {} for escalation_id in escalation_ids}
        for item in await self._session.scalars(query.order_by(EscalationItem.item_id)):
            found[item.escalation_id][item.words] = None
        return {escalation_id: tuple(words) for escalation_id, words in found.items()}

    async def known_origins(self, origins: Collection[str]) -> set[str]:
        """Those that are in some matter already, settled ones included."""
        query = select(EscalationItem.origin).where(EscalationItem.origin.in_(list(origins)))
        return set(await self._session.scalars(query))

    async def with_item(self, origin: str) -> Escalation | None:
        """The unsettled matter that this belongs to, held until the transaction ends."""
        query = select(Escalation).join(EscalationItem).where(EscalationItem.origin == origin)
        return await self._session.scalar(query.where(Escalation.state.in_(UNSETTLED)).with_for_update(of=Escalation))

    async def add_item(
        self, escalation: Escalation, *, origin: str, category: str, words: str, visit_id: int | None
    ) -> EscalationItem:
        item = EscalationItem(
            escalation_id=escalation.escalation_id,
            origin=origin,
            visit_id=visit_id,
            category=category,
            words=words,
            created_at=self._now,
        )
        self._session.add(item)
        await self._session.flush()
        return item

    # What teams make of a wording

    async def wording(self, manager_id: int, category: str, words: str) -> Wording | None:
        return await self._session.get(Wording, (manager_id, category, words[:MOST_WORDS]))

    async def count_wording(
        self, manager_id: int, category: str, words: str, *, confirmed: int = 0, false_alarms: int = 0
    ) -> Wording:
        """The wording, with so many more of each counted for the manager's team."""
        key = (manager_id, category, words[:MOST_WORDS])
        known = await self._session.get(Wording, key, with_for_update=True, populate_existing=True)
        if known is None:
            known = Wording(
                manager_id=manager_id,
                category=category,
                words=words[:MOST_WORDS],
                confirmed=0,
                false_alarms=0,
                changed_at=self._now,
            )
            self._session.add(known)
        known.confirmed += confirmed
        known.false_alarms += false_alarms
        known.changed_at = self._now
        await self._session.flush()
        return known

    async def disputed_wordings(self, manager_id: int | None = None) -> Sequence[tuple[Wording, str]]:
        """Those that were a false alarm at least once, with the name of the team's manager; of one team, or of all."""
        query = select(Wording, Member.name).join(Member, Wording.manager_id == Member.member_id)
        query = query.where(Wording.false_alarms > 0)
        if manager_id is not None:
            query = query.where(Wording.manager_id == manager_id)
        rows = await self._session.execute(query.order_by(Member.name, Wording.category, Wording.words))
        return [(wording, manager) for wording, manager in rows]
