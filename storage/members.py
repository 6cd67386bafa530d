"""Who works here, on which platform, and who leads whom."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.base import Base
from storage.models import AuditEntry, Identity, Member, Plan, Wording

ROLES = ("sales", "manager", "director", "admin", "colleague")


@dataclass(frozen=True)
class Address:
    """Where a member can be reached."""

    platform: str
    user_id: str

    @property
    def lane(self) -> str:
        return f"{self.platform}:{self.user_id}"


class Members:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def get(self, member_id: int) -> Member:
        return await self._session.get_one(Member, member_id)

    async def by_identity(self, platform: str, user_id: str) -> Member | None:
        return await self._session.scalar(
            select(Member).join(Identity).where(Identity.platform == platform, Identity.user_id == user_id)
        )

    async def with_account(self, user_id: str) -> Sequence[Member]:
        """Active members who have that account on any platform."""
        having = select(Identity.member_id).where(Identity.user_id == user_id)
        query = select(Member).where(Member.member_id.in_(having), Member.active)
        return (await self._session.scalars(query.order_by(Member.member_id))).all()

    async def all(self) -> Sequence[Member]:
        return (await self._session.scalars(select(Member).order_by(Member.member_id))).all()

    async def accounts(self, platform: str) -> Sequence[tuple[Identity, Member]]:
        """Every active member's account on that platform."""
        query = select(Identity, Member).join(Member, Identity.member_id == Member.member_id)
        rows = await self._session.execute(
            query.where(Identity.platform == platform, Member.active).order_by(Member.member_id)
        )
        return [(identity, member) for identity, member in rows]

    async def named(self, name: str, *, active: bool | None = True) -> Sequence[Member]:
        """Those of that name: who works here, with `active` false those who left, with None both.

        Who turned out to be somebody else and was absorbed is neither.
        """
        query = select(Member).where(Member.name == name, Member.active | Member.left_at.is_not(None))
        if active is not None:
            query = query.where(Member.active == active)
        return (await self._session.scalars(query.order_by(Member.member_id))).all()

    async def names(self, among: Collection[int] | None = None) -> Sequence[tuple[int, str]]:
        """Id and name of everybody who works here, or of those of them."""
        query = select(Member.member_id, Member.name).where(Member.active).order_by(Member.member_id)
        if among is not None:
            query = query.where(Member.member_id.in_(sorted(among)))
        return [(member_id, name) for member_id, name in await self._session.execute(query)]

    async def those(self, member_ids: Collection[int]) -> Mapping[int, Member]:
        """Whoever has these ids, also who left."""
        query = select(Member).where(Member.member_id.in_(sorted(set(member_ids))))
        return {member.member_id: member for member in await self._session.scalars(query)}

    async def find(self, member_id: int) -> Member | None:
        return await self._session.get(Member, member_id)

    async def active_count(self) -> int:
        return await self._session.scalar(select(func.count()).where(Member.active)) or 0

    async def page(
        self, member_ids: Collection[int] | None, *, offset: int, limit: int
    ) -> tuple[Sequence[Member], int]:
        """Active members by name, of all or of those only; and how many there are in all."""
        query = select(Member).where(Member.active)
        if member_ids is not None:
            query = query.where(Member.member_id.in_(member_ids))
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) or 0
        rows = await self._session.scalars(query.order_by(Member.name, Member.member_id).offset(offset).limit(limit))
        return rows.all(), total

    def leave(self, member: Member) -> None:
        """Accounts and records stay; the account opens nothing any more."""
        member.active, member.left_at = False, self._now

    def restore(self, member: Member) -> None:
        member.active, member.left_at = True, None

    async def rename_account(self, platform: str, user_id: str, new_user_id: str) -> None:
        """The platform calls the account otherwise from now on."""
        identity = await self._session.get(Identity, (platform, user_id))
        if identity is not None:
            member_id = identity.member_id
            await self._session.delete(identity)
            await self._session.flush()
            await self.link(member_id, platform, new_user_id)

    async def leads_to(self, member: Member, above: Member) -> bool:
        """Whether `above` reports to `member`, directly or through others, or is the same person."""
        return above.member_id == member.member_id or above.member_id in await self.below(member.member_id)

    async def add(self, name: str, roles: Sequence[str] = ("sales",), *, manager_id: int | None = None) -> Member:
        member = Member(name=name, roles=list(roles), manager_id=manager_id, created_at=self._now)
        self._session.add(member)
        await self._session.flush()
        return member

    async def link(self, member_id: int, platform: str, user_id: str) -> None:
        """Make this account the member's; an account belongs to one member at a time."""
        await self._session.merge(Identity(platform=platform, user_id=user_id, member_id=member_id))
        await self._session.flush()

    async def absorb(self, member: Member, other: Member) -> None:
        """The two turned out to be one person: what is `other`'s becomes this member's, and `other` is no longer here.

        The audit log stays as it was written. Where there may be one of a kind alone, the two are made one.
        """
        await self._merge_plans(member, other)
        await self._merge_wordings(member, other)
        for column in _references():
            await self._session.execute(
                update(column.class_).where(column == other.member_id).values({column.key: member.member_id})
            )
        other.active = False
        await self._session.flush()

    async def _merge_plans(self, member: Member, other: Member) -> None:
        """Of two plans for a week the one said last holds."""
        for theirs in await self._session.scalars(select(Plan).where(Plan.member_id == other.member_id)):
            own = await self._session.get(Plan, (member.member_id, theirs.week_on))
            if own is not None:
                if theirs.changed_at > own.changed_at:
                    own.visits, own.source, own.changed_at = theirs.visits, theirs.source, theirs.changed_at
                await self._session.delete(theirs)
        await self._session.flush()

    async def _merge_wordings(self, member: Member, other: Member) -> None:
        """What either of them made of a wording counts."""
        for theirs in await self._session.scalars(select(Wording).where(Wording.manager_id == other.member_id)):
            own = await self._session.get(Wording, (member.member_id, theirs.category, theirs.words))
            if own is not None:
                own.confirmed += theirs.confirmed
                own.false_alarms += theirs.false_alarms
                own.changed_at = max(own.changed_at, theirs.changed_at)
                await self._session.delete(theirs)
        await self._session.flush()

    async def address(
        self, member_id: int, *, served: Collection[str], prefer: str | None = None, last: Collection[str] = ()
    ) -> Address | None:
        """Where to reach a member on one of the platforms `served`, on `prefer` where they have an account there.

        One of the platforms `last` only where there is no other. None: nowhere.
        """
        addresses = [address for address in await self.addresses(member_id) if address.platform in served]
        return min(addresses, key=lambda one: (one.platform in last, one.platform != prefer), default=None)

    async def addresses(self, member_id: int) -> Sequence[Address]:
        """All accounts of a member, by platform."""
        query = select(Identity).where(Identity.member_id == member_id).order_by(Identity.platform, Identity.user_id)
        return [Address(identity.platform, identity.user_id) for identity in await self._session.scalars(query)]

    async def manager_of(self, member: Member) -> Member | None:
        """The next active person up the line."""
        seen = {member.member_id}
        manager_id = member.manager_id
        while manager_id is not None and manager_id not in seen:
            seen.add(manager_id)
            manager = await self.get(manager_id)
            if manager.active:
                return manager
            manager_id = manager.manager_id
        return None

    async def line_of(self, member: Member) -> Sequence[Member]:
        """The active people up the line, the nearest first."""
        line: list[Member] = []
        above = await self.manager_of(member)
        while above is not None and above not in (member, *line):
            line.append(above)
            above = await self.manager_of(above)
        return line

    async def team_of(self, manager_id: int) -> Sequence[Member]:
        """Active members who report to this one directly, by name."""
        query = select(Member).where(Member.manager_id == manager_id, Member.active).order_by(Member.name)
        return (await self._session.scalars(query)).all()

    async def below(self, member_id: int) -> set[int]:
        """Everybody who reports to this one, directly or through others; those who left are among them."""
        line = select(Member.member_id).where(Member.manager_id == member_id).cte("line", recursive=True)
        # `union`, not `union_all`: a circle in the list would otherwise be followed for ever
        line = line.union(select(Member.member_id).join(line, Member.manager_id == line.c.member_id))
        return set(await self._session.scalars(select(line.c.member_id)))

    async def of_region(self, region: str) -> set[int]:
        """Everybody of that region; those who left are among them."""
        return set(await self._session.scalars(select(Member.member_id).where(Member.region == region)))

    async def reachable_after(self, member_id: int, *, platforms: Collection[str], limit: int) -> Sequence[int]:
        """Active members with an account on one of the platforms, from the next after that id on."""
        has_account = select(Identity.member_id).where(
            Identity.member_id == Member.member_id, Identity.platform.in_(sorted(platforms))
        )
        query = select(Member.member_id).where(Member.active, Member.member_id > member_id, has_account.exists())
        return (await self._session.scalars(query.order_by(Member.member_id).limit(limit))).all()

    async def with_role(self, role: str) -> Sequence[Member]:
        """Active members holding the role."""
        query = select(Member).where(Member.active, cast(Member.roles, String).contains(f'"{role}"', autoescape=True))
        return (await self._session.scalars(query.order_by(Member.member_id))).all()


def _references() -> list[InstrumentedAttribute[int | None]]:
    """Every column that names a member, except in the audit log."""
    member_id = Member.__table__.c.member_id
    return [
        getattr(mapper.class_, attribute.key)
        for mapper in Base.registry.mappers
        if mapper.class_ is not AuditEntry
        for attribute in mapper.column_attrs
        if any(key.column is member_id for key in attribute.columns[0].foreign_keys)
    ]
