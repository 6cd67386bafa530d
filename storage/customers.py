"""The customers' master list: names, aliases, contacts."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, raiseload

from storage.models import Contact, Customer, CustomerAlias, Member, Visit


class Customers:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, customer_id: int) -> Customer:
        return await self._session.get_one(Customer, customer_id)

    async def glance(self, customer_id: int) -> Customer | None:
        """The customer alone: to ask it for aliases or contacts would be a fault."""
        alone = raiseload(Customer.aliases), raiseload(Customer.contacts)
        return await self._session.get(Customer, customer_id, options=alone)

    async def lock(self, customer_id: int) -> Customer:
        """The customer, held until the transaction ends."""
        return await self._session.get_one(Customer, customer_id, with_for_update=True, populate_existing=True)

    async def names(self, customer_ids: Collection[int]) -> dict[int, str]:
        query = select(Customer.customer_id, Customer.name).where(Customer.customer_id.in_(sorted(set(customer_ids))))
        return {row.customer_id: row.name for row in await self._session.execute(query)}

    async def by_name(self, name: str) -> Customer | None:
        return await self._session.scalar(select(Customer).where(Customer.name == name))

    async def all(self) -> Sequence[Customer]:
        return (await self._session.scalars(select(Customer).order_by(Customer.name))).all()

    async def silent_of(self, owner_id: int, *, since: datetime, limit: int) -> Sequence[Customer]:
        """The owner's customers with whom there was contact once, and none since then; the longest silence first."""
        query = select(Customer).where(Customer.owner_id == owner_id, Customer.last_contact_at < since)
        return (
            await self._session.scalars(query.order_by(Customer.last_contact_at, Customer.customer_id).limit(limit))
        ).all()

    async def untouched(self, owners: Collection[int]) -> Sequence[tuple[Customer, str]]:
        """Of these people's customers those of whom only a file tells, with the owner's name; the best grades first."""
        moved = or_(Customer.stage_since > Customer.imported_at, Customer.last_contact_at > Customer.imported_at)
        query = (
            select(Customer, Member.name)
            .join(Member, Member.member_id == Customer.owner_id)
            .where(
                Customer.owner_id.in_(sorted(owners)), Customer.imported_at.is_not(None), ~func.coalesce(moved, False)
            )
            .order_by(
                func.coalesce(Customer.grade, "B"),
                Customer.last_contact_at.is_(None),
                Customer.last_contact_at,
                Customer.customer_id,
            )
        )
        return [(customer, owner) for customer, owner in await self._session.execute(query)]

    async def add(
        self,
        name: str,
        *,
        aliases: Iterable[str] = (),
        owner_id: int | None = None,
        industry: str | None = None,
    ) -> Customer:
        customer = Customer(
            name=name,
            owner_id=owner_id,
            industry=industry,
            created_at=self._now,
            aliases=[CustomerAlias(alias=alias) for alias in sorted(set(aliases) - {name})],
            contacts=[],
        )
        self._session.add(customer)
        await self._session.flush()
        return customer

    def set_stage(self, customer: Customer, stage: str | None, *, since: datetime | None) -> None:
        """The stage of its deal that moved last; deals themselves are in `storage.opportunities`."""
        customer.stage, customer.stage_since = stage, since

    async def set_aliases(self, customer: Customer, aliases: Iterable[str]) -> None:
        known = {row.alias: row for row in customer.aliases}
        wanted = sorted(set(aliases) - {customer.name})
        customer.aliases = [known.get(alias) or CustomerAlias(alias=alias) for alias in wanted]
        await self._session.flush()

    async def remember_contact(
        self,
        customer_id: int,
        name: str,
        *,
        title: str | None = None,
        department: str | None = None,
        phone: str | None = None,
        email: str | None = None,
    ) -> Contact:
        """The contact of that name, added if new; what is known of them is kept unless given anew."""
        contact = await self._session.scalar(
            select(Contact).where(Contact.customer_id == customer_id, Contact.name == name)
        )
        if contact is None:
            contact = Contact(customer_id=customer_id, name=name)
            self._session.add(contact)
        contact.title = title or contact.title
        contact.department = department or contact.department
        contact.phone = phone or contact.phone
        contact.email = email or contact.email
        await self._session.flush()
        return contact

    async def contact(self, contact_id: int) -> Contact:
        return await self._session.get_one(Contact, contact_id)

    async def owned_by(self, member_id: int) -> Sequence[Customer]:
        query = select(Customer).where(Customer.owner_id == member_id)
        return (await self._session.scalars(query.order_by(Customer.customer_id))).all()

    async def count_of(self, member_id: int) -> int:
        return await self._session.scalar(select(func.count()).where(Customer.owner_id == member_id)) or 0

    async def called(
        self, word: str, *, owners: Collection[int] | None = None, in_full: bool = False, limit: int | None = None
    ) -> Sequence[Customer]:
        """Those whose name or alias it is, or else, unless it must be in full, those whose name holds it.

        With `owners`, of these people's customers only.
        """
        query = select(Customer).order_by(Customer.name).limit(limit)
        if owners is not None:
            query = query.where(Customer.owner_id.in_(sorted(owners)))
        aliased = select(CustomerAlias.customer_id).where(CustomerAlias.alias == word)
        exact = query.where(or_(Customer.name == word, Customer.customer_id.in_(aliased)))
        found = (await self._session.scalars(exact)).all()
        if found or in_full:
            return found
        return (await self._session.scalars(query.where(Customer.name.contains(word, autoescape=True)))).all()

    async def ways_to_say(self, owners: Collection[int]) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Name and aliases of these people's customers, by name."""
        rows = await self._session.execute(
            select(Customer.name, CustomerAlias.alias)
            .outerjoin(CustomerAlias, CustomerAlias.customer_id == Customer.customer_id)
            .where(Customer.owner_id.in_(sorted(owners)))
            .order_by(Customer.name, CustomerAlias.alias)
        )
        found: dict[str, list[str]] = {}
        for name, alias in rows:
            found.setdefault(name, []).extend([alias] if alias else [])
        return [(name, tuple(aliases)) for name, aliases in found.items()]

    async def named_in(self, text: str) -> Sequence[Customer]:
        """Those whose name or alias the text holds."""
        aliased = select(CustomerAlias.customer_id).where(_holds(text, CustomerAlias.alias))
        query = select(Customer).where(or_(_holds(text, Customer.name), Customer.customer_id.in_(aliased)))
        return (await self._session.scalars(query.order_by(Customer.name))).all()

    async def nearest_to(self, member_id: int, limit: int) -> Sequence[Customer]:
        """The customers a member is likeliest to speak of: those visited last, then those owned."""
        visited = (
            await self._session.scalars(
                select(Visit.customer_id)
                .where(Visit.member_id == member_id, Visit.customer_id.is_not(None))
                .order_by(Visit.last_sent_at.desc())
                .limit(limit * 5)
            )
        ).all()
        recent = list(dict.fromkeys(visited))[:limit]
        query = select(Customer).where(or_(Customer.customer_id.in_(recent), Customer.owner_id == member_id))
        found = (await self._session.scalars(query.order_by(Customer.name))).all()
        rank = {customer_id: place for place, customer_id in enumerate(recent)}
        return sorted(found, key=lambda customer: rank.get(customer.customer_id, len(rank)))[:limit]


def _holds(text: str, part: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether the text has the column's value in it; `LIKE` would take signs in a name for wildcards."""
    return func.replace(literal(text), part, "") != text
