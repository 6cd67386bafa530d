"""Writes members and customers that were read from a file: all or nothing, and the second time nothing new.

Importing adds and changes, it never deletes: an alias or contact that the chat has taught us stays, and so do the
records of somebody who the file says has left. Only a file that says so expressly brings one back who had left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.errors import BotError
from bot.roster import ACCOUNT_COLUMNS, ContactCell, CustomerRow, Fault, FaultyFile, MemberRow
from handlers import deals, leavers, rules
from handlers.context import TIMERS
from handlers.directory import most_leaving
from handlers.people import is_makeshift
from storage.base import JsonObject
from storage.models import Customer, Member
from storage.work import Work

IMPORTED = "customer.imported"
DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Outcome:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left: int = 0
    owners_kept: int = 0
    """Customers who were handed over since a file last named their owner: the file says nothing new."""
    stages_kept: int = 0
    """Customers whose deals people have moved in the chat: the file's stage is not taken."""
    still_gone: int = 0
    """Those whom the file lists, without a word about it, though they had left: they are left as they are."""


@dataclass(frozen=True)
class Kept:
    """What of a customer was not taken from the file."""

    owner: bool = False
    stage: bool = False


class TooManyLeave(BotError):
    """So many people would leave that the file is hardly right."""

    def __init__(self, leaving: int, active: int) -> None:
        super().__init__(f"{leaving} of {active} members would leave")
        self.leaving, self.active = leaving, active


class NoAdminStays(BotError):
    """The last admin would leave."""


async def store_members(
    work: Work, rows: Sequence[MemberRow], *, source: str, complete: bool = False, sure: bool = False
) -> Outcome:
    """In the caller's transaction. A row is the member who has one of its accounts, or else the only one of its name.

    With `complete` whoever is in no row has left. Unless one is `sure`, not more people may leave than by themselves.
    Raises FaultyFile, TooManyLeave, NoAdminStays; the transaction must then be rolled back.
    """
    faults: list[Fault] = []
    active_before = await work.members.active_count()
    had_admin = bool(await work.members.with_role("admin"))
    known = [await _known(work, row, faults) for row in rows]
    # somebody who is not known, and is not here either, is nobody to us
    listed = [(row, one) for row, one in zip(rows, known, strict=True) if one[0] is not None or row.active is not False]
    rows, known = [row for row, _ in listed], [one for _, one in listed]
    found = [member for member, _ in known]
    faults.extend(_twice(rows, found))
    _refuse(faults)
    before = [None if member is None else await _member_facts(work, member) for member in found]
    for member, doubles in known:
        if member is not None:
            await _join(work, member, doubles, source)
    members = [await _written(work, row, member) for row, member in zip(rows, found, strict=True)]
    directory = Directory(rows, members)
    for row, member in zip(rows, members, strict=True):
        if row.manager:
            manager = await directory.find(work, row.manager)
            member.manager_id = manager.member_id if isinstance(manager, Member) else None
            if isinstance(manager, str):
                faults.append(Fault(row.line, f"上级“{row.manager}”{manager}"))
    _refuse(faults)
    await work.session.flush()
    _refuse([await _circle(work, row, member) for row, member in zip(rows, members, strict=True)])
    leaving = [m for row, m in zip(rows, members, strict=True) if row.active is False and m.active]
    if complete:
        there = {member.member_id for member in members}
        leaving += [one for one in await work.members.all() if one.active and one.member_id not in there]
    if len(leaving) > most_leaving(active_before) and not sure:
        raise TooManyLeave(len(leaving), active_before)
    for member in leaving:
        await leavers.leave(work, member, by_id=None, source=source)
    if had_admin and not sure and not await work.members.with_role("admin"):
        raise NoAdminStays("no admin would be left")
    after = [await _member_facts(work, member) for member in members]
    subjects = [f"member:{member.member_id}" for member in members]
    outcome = _noted(work, "member", subjects, before, after, source)
    gone = sum(row.active is None and not member.active for row, member in zip(rows, members, strict=True))
    return replace(outcome, left=len(leaving), still_gone=gone)


async def store_customers(
    work: Work,
    rows: Sequence[CustomerRow],
    *,
    source: str,
    zone: ZoneInfo = DEFAULT_ZONE,
    leads: bool = False,
) -> Outcome:
    """In the caller's transaction. With `leads`, those who are new to their owner wait for a first contact.

    Raises FaultyFile; the transaction must then be rolled back.
    """
    faults: list[Fault] = []
    directory = Directory((), ())
    owners = []
    for row in rows:
        owner = await directory.find(work, row.owner) if row.owner else None
        owners.append(owner if isinstance(owner, Member) else None)
        if isinstance(owner, str):
            faults.append(Fault(row.line, f"负责人“{row.owner}”{owner}，请先导入人员"))
        if row.last_contact_on is not None and row.last_contact_on > work.now.astimezone(zone).date():
            faults.append(Fault(row.line, f"最近联系“{row.last_contact_on.isoformat()}”还没有到"))
    _refuse(faults)
    before: list[JsonObject | None] = []
    after: list[JsonObject] = []
    subjects = []
    owners_kept = stages_kept = 0
    for row, owner in zip(rows, owners, strict=True):
        customer = await work.customers.by_name(row.name)
        before.append(None if customer is None else _customer_facts(customer))
        had_owner = customer is not None and customer.owner_id is not None
        customer, kept = await _customer(work, row, customer, owner, zone, source)
        owners_kept, stages_kept = owners_kept + kept.owner, stages_kept + kept.stage
        if leads and not had_owner and customer.owner_id is not None and customer.last_contact_at is None:
            lead = {"customer_id": customer.customer_id}
            await work.jobs.put(rules.LEAD, {**lead}, queue=TIMERS, dedupe=f"lead:{customer.customer_id}")
        after.append(_customer_facts(customer))
        subjects.append(f"customer:{customer.customer_id}")
    outcome = _noted(work, "customer", subjects, before, after, source)
    return replace(outcome, owners_kept=owners_kept, stages_kept=stages_kept)


class Directory:
    """Who a cell means: first among the rows of this file, then among all members."""

    def __init__(self, rows: Iterable[MemberRow], members: Iterable[Member]) -> None:
        self._accounts: dict[str, list[Member]] = {}
        self._names: dict[str, list[Member]] = {}
        for row, member in zip(rows, members, strict=True):
            self._names.setdefault(row.name, []).append(member)
            for account in set(row.accounts.values()):
                self._accounts.setdefault(account, []).append(member)

    async def find(self, work: Work, word: str) -> Member | str:
        """The member, or what is wrong with the word."""
        if word in self._accounts:
            return _only(self._accounts[word])
        named: Sequence[Member] = self._names.get(word) or await work.members.named(word)
        if len(named) > 1:
            return "有同名的人，请改填账号"
        if named:
            return named[0]
        found = [await work.members.by_identity(platform, word) for platform in ACCOUNT_COLUMNS]
        return _only([member for member in found if member is not None])


def _only(members: Sequence[Member]) -> Member | str:
    """The one whose account it is; the same account name may be another person's on another platform."""
    if not members:
        return "找不到"
    if len({member.member_id for member in members}) > 1:
        return "在不同平台上是不同的人，请改填姓名"
    return members[0]


async def _known(work: Work, row: MemberRow, faults: list[Fault]) -> tuple[Member | None, Sequence[Member]]:
    """The member that the row is about, and others who turn out to be the same person."""
    owners = {
        member.member_id: member
        for platform, user_id in row.accounts.items()
        if (member := await work.members.by_identity(platform, user_id))
    }
    if owners:
        return await _owner(work, row, list(owners.values()), faults)
    named = await work.members.named(row.name)
    if not named and not row.accounts:
        # a namesake with an account is somebody else; without one it is likelier whoever left
        named = await work.members.named(row.name, active=False)
    taken = [member for member in named if set(await _accounts(work, member)) & set(row.accounts)]
    free = [member for member in named if member not in taken]
    if len(free) > 1:
        faults.append(Fault(row.line, f"已有 {len(free)} 位“{row.name}”，请填账号以便区分"))
    return (free[0] if len(free) == 1 else None), ()


async def _owner(
    work: Work, row: MemberRow, owners: Sequence[Member], faults: list[Fault]
) -> tuple[Member, Sequence[Member]]:
    """Whose the accounts are. Who wrote on two platforms before being listed was taken in twice, as two people."""
    listed = [owner for owner in owners if not await is_makeshift(work, owner)]
    if len(listed) > 1:
        faults.append(Fault(row.line, "这一行的账号现在属于不同的人"))
    member = (listed or owners)[0]
    return member, [owner for owner in owners if owner is not member]


async def _join(work: Work, member: Member, doubles: Sequence[Member], source: str) -> None:
    for double in doubles:
        await work.members.absorb(member, double)
        into: JsonObject = {"into": member.member_id}
        work.audit.note("member.joined", f"member:{double.member_id}", member_id=None, source=source, after=into)


def _twice(rows: Sequence[MemberRow], found: Sequence[Member | None]) -> Iterator[Fault]:
    lines: dict[int, int] = {}
    for row, member in zip(rows, found, strict=True):
        if member is not None and (first := lines.setdefault(member.member_id, row.line)) != row.line:
            yield Fault(row.line, f"和第 {first} 行是同一个人")


async def _written(work: Work, row: MemberRow, member: Member | None) -> Member:
    if member is None:
        member = await work.members.add(row.name, row.roles)
    elif sorted(member.roles) != sorted(row.roles):
        member.roles = list(row.roles)
    member.name = row.name
    member.region = row.region or member.region
    if row.active and not member.active:
        work.members.restore(member)
    for platform, user_id in row.accounts.items():
        await work.members.link(member.member_id, platform, user_id)
    return member


async def _circle(work: Work, row: MemberRow, member: Member) -> Fault | None:
    seen = {member.member_id}
    above = member.manager_id
    while above is not None:
        if above in seen:
            return Fault(row.line, f"“{row.name}”的上级绕成了一圈")
        seen.add(above)
        above = (await work.members.get(above)).manager_id
    return None


async def _customer(
    work: Work, row: CustomerRow, customer: Customer | None, owner: Member | None, zone: ZoneInfo, source: str
) -> tuple[Customer, Kept]:
    """The customer as the file has them, but for what was kept."""
    if customer is None:
        customer = await work.customers.add(row.name)
        customer.imported_at = work.now
    known_before = customer.stage, customer.last_contact_at
    keeps_owner = owner is not None and await _said_before(work, customer, owner)
    if owner is not None and not keeps_owner:
        customer.owner_id = owner.member_id
    customer.industry = row.industry or customer.industry
    customer.grade = row.grade or customer.grade
    customer.region = row.region or customer.region
    if row.last_contact_on is not None:
        seen_at = datetime.combine(row.last_contact_on, time(), zone)
        customer.last_contact_at = max(customer.last_contact_at or seen_at, seen_at)
    keeps_stage = False
    if row.stage and row.stage != customer.stage:
        keeps_stage = not await deals.register(work, customer, row.stage, source=source)
    if (customer.stage, customer.last_contact_at) != known_before:
        customer.imported_at = work.now
    known = [alias.alias for alias in customer.aliases]
    if set(row.aliases) - set(known):
        await work.customers.set_aliases(customer, [*known, *row.aliases])
    for contact in row.contacts:
        await _remember(work, customer, contact)
    await work.session.flush()
    await work.session.refresh(customer, ["contacts"])
    return customer, Kept(keeps_owner, keeps_stage)


async def _said_before(work: Work, customer: Customer, owner: Member) -> bool:
    """Whether the last file that told of the customer named the same owner, and they belong to somebody else by now."""
    if customer.owner_id in (None, owner.member_id):
        return False
    entries = [one for one in await work.audit.of(f"customer:{customer.customer_id}") if one.action == IMPORTED]
    return bool(entries and entries[-1].after and entries[-1].after.get("owner_id") == owner.member_id)


async def _remember(work: Work, customer: Customer, contact: ContactCell) -> None:
    await work.customers.remember_contact(
        customer.customer_id, contact.name, title=contact.title, department=contact.department
    )


async def _accounts(work: Work, member: Member) -> Mapping[str, str]:
    return {address.platform: address.user_id for address in await work.members.addresses(member.member_id)}


async def _member_facts(work: Work, member: Member) -> JsonObject:
    return {
        "name": member.name,
        "roles": [*sorted(member.roles)],
        "manager_id": member.manager_id,
        "region": member.region,
        "active": member.active,
        "accounts": dict(await _accounts(work, member)),
    }


def _customer_facts(customer: Customer) -> JsonObject:
    return {
        "name": customer.name,
        "owner_id": customer.owner_id,
        "industry": customer.industry,
        "stage": customer.stage,
        "grade": customer.grade,
        "region": customer.region,
        "last_contact_at": customer.last_contact_at.isoformat() if customer.last_contact_at else None,
        "aliases": [*sorted(alias.alias for alias in customer.aliases)],
        "contacts": [
            {"name": contact.name, "title": contact.title, "department": contact.department}
            for contact in sorted(customer.contacts, key=lambda contact: contact.name)
        ],
    }


def _noted(
    work: Work,
    what: str,
    subjects: Sequence[str],
    before: Sequence[JsonObject | None],
    after: Sequence[JsonObject],
    source: str,
) -> Outcome:
    added = changed = 0
    for subject, was, became in zip(subjects, before, after, strict=True):
        if was == became:
            continue
        added, changed = (added + 1, changed) if was is None else (added, changed + 1)
        work.audit.note(f"{what}.imported", subject, member_id=None, source=source, before=was, after=became)
    return Outcome(added, changed, len(after) - added - changed)


def _refuse(faults: Sequence[Fault | None]) -> None:
    real = [fault for fault in faults if fault is not None]
    if real:
        raise FaultyFile(real)
