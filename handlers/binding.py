"""How somebody gets into the list of people by the chat: an admin or manager invites, the person writes the code.

Only a code's hash is kept, so whoever reads the database can bind nobody. A code is good once, for a week; whoever
tries many is not listened to for an hour, right or wrong, on whichever instance they try.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from handlers import access, called, notices, texts
from handlers.access import Role
from handlers.context import Context
from handlers.messages import Sender
from handlers.people import INVITED, is_makeshift
from handlers.people_cards import platform_name, roles
from handlers.people_sayings import CODE_LENGTH, CODE_LETTERS, InviteSomebody, normalised
from storage.base import JsonObject
from storage.models import Member
from storage.work import Work

LIFE = timedelta(days=7)
MOST_GUESSES = 5
WITHIN = timedelta(hours=1)


class NotInvited(Exception):
    """Why not, for the person who invites."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Invited:
    member: Member
    code: str
    facts: str
    """Role, manager and region, as people read them."""


def new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def digest(code: str) -> str:
    return sha256(normalised(code).encode()).hexdigest()


async def invite(work: Work, wish: InviteSomebody, *, by: Member | None, source: str) -> Invited:
    """Put somebody into the list, or take whoever is in it without an account, and make a code for them.

    `by` None: whoever runs the command line, who may invite anybody. Raises NotInvited.
    """
    member = await _invited(work, wish, by)
    role: Role = wish.role or "sales"
    manager = await _manager(work, wish, by, member)
    if by is not None and not await access.may_invite(work, by, role, manager):
        raise NotInvited(texts.INVITE_NOT_YOURS)
    if member is None:
        region = wish.region or (manager.region if manager else None)
        member = await work.members.add(wish.name, [role], manager_id=manager.member_id if manager else None)
        member.region = region
        work.audit.note(INVITED, _subject(member), member_id=_id(by), source=source, after=_facts(member))
    else:
        await _change(work, member, wish, manager, by, source)
    code = await code_for(work, member, by_id=_id(by))
    line = await work.members.manager_of(member)
    facts = [roles(member), f"上级 {line.name}" if line else "没有上级", *([member.region] if member.region else [])]
    return Invited(member, code, "，".join(facts))


async def code_for(work: Work, member: Member, *, by_id: int | None) -> str:
    """A code that makes whoever writes it this member, with the account that they write from."""
    code = new_code()
    await work.invites.add(digest(code), member.member_id, created_by=by_id, life=LIFE)
    return code


async def bind(ctx: Context, work: Work, sender: Sender, code: str, *, cause: str) -> str:
    """Link the account to the member whose code it is; what to tell whoever wrote it."""
    platform, user_id = sender.platform, sender.user_id
    if await work.invites.guesses_since(platform, user_id, work.now - WITHIN) >= MOST_GUESSES:
        return texts.BIND_TOO_MANY
    invite = await work.invites.lock(digest(code))
    if invite is None:
        await work.invites.guessed(platform, user_id)
        return texts.BIND_WRONG
    member = await work.members.get(invite.member_id)
    current = await work.members.by_identity(platform, user_id)
    if current is member and member.active:
        return texts.BIND_SAME
    if invite.used_at is not None:
        return texts.BIND_USED
    if invite.expires_at <= work.now or not member.active:
        return texts.BIND_EXPIRED.format(days=LIFE.days)
    if any(address.platform == platform for address in await work.members.addresses(member.member_id)):
        return texts.BIND_PLATFORM_TAKEN.format(platform=platform_name(platform))
    if current is not None and not (current.active and await is_makeshift(work, current)):
        return texts.BIND_TAKEN
    if current is not None:
        await work.members.absorb(member, current)
        into: JsonObject = {"into": member.member_id}
        work.audit.note("member.joined", _subject(current), member_id=member.member_id, source=cause, after=into)
    else:
        await work.members.link(member.member_id, platform, user_id)
    invite.used_at = work.now
    after: JsonObject = {"platform": platform, "user_id": user_id}
    work.audit.note("member.bound", _subject(member), member_id=member.member_id, source=cause, after=after)
    if invite.created_by is not None and invite.created_by != member.member_id:
        told = texts.BOUND_TELL.format(name=member.name, platform=platform_name(platform))
        key = f"bound:{member.member_id}:{platform}:{cause}"
        await notices.tell(ctx, work, invite.created_by, told, key=key, subject=_subject(member))
    return texts.BOUND.format(name=member.name)


async def _invited(work: Work, wish: InviteSomebody, by: Member | None) -> Member | None:
    """Who is meant, where they are in the list already, without an account."""
    named = await work.members.named(wish.name)
    free = [member for member in named if not await work.members.addresses(member.member_id)]
    if by is not None and not access.has_role(by, access.ADMINS):
        # whom they may not see, they are not told of either: a namesake elsewhere is another person
        sight = await access.sight_of(work, by)
        named, free = [one for one in named if sight.sees(one.member_id)], [m for m in free if sight.sees(m.member_id)]
    if len(free) > 1:
        raise NotInvited(called.several(wish.name, free))
    if free:
        return free[0]
    if len(named) == 1:
        accounts = [platform_name(one.platform) for one in await work.members.addresses(named[0].member_id)]
        raise NotInvited(texts.INVITE_HAS_ACCOUNT.format(name=wish.name, accounts="、".join(dict.fromkeys(accounts))))
    sees_all = by is None or access.has_role(by, access.ADMINS)
    if sees_all and await work.members.named(wish.name, active=False):
        raise NotInvited(texts.INVITE_HAS_LEFT.format(name=wish.name))
    return None


async def _manager(work: Work, wish: InviteSomebody, by: Member | None, member: Member | None) -> Member | None:
    """To whom they will report: whoever was named, whoever they report to now, or the leader who invites."""
    if wish.manager:
        found = await called.exactly(work, wish.manager)
        if len(found) != 1:
            fault = texts.FAULT_SEVERAL.format(name=wish.manager) if found else texts.FAULT_NOBODY
            raise NotInvited(texts.INVITE_MANAGER.format(name=wish.manager, fault=fault))
        if member is not None and await work.members.leads_to(member, found[0]):
            raise NotInvited(texts.INVITE_CIRCLE.format(manager=found[0].name, name=member.name))
        return found[0]
    if member is not None:
        return await work.members.manager_of(member)
    return by if by is not None and access.has_role(by, access.LEADERS) else None


async def _change(
    work: Work, member: Member, wish: InviteSomebody, manager: Member | None, by: Member | None, source: str
) -> None:
    """What was said about somebody who is in the list already; a leader changes no one's role or region."""
    if by is not None and not access.has_role(by, access.ADMINS):
        if not {*member.roles} <= {"sales"}:
            raise NotInvited(texts.INVITE_NOT_YOURS)
        wish = InviteSomebody(wish.name, manager=wish.manager)
    before = _facts(member)
    if wish.role is not None:
        member.roles = [wish.role]
    if wish.manager and manager is not None:
        member.manager_id = manager.member_id
    member.region = wish.region or member.region
    after = _facts(member)
    work.audit.note(INVITED, _subject(member), member_id=_id(by), source=source, before=before, after=after)


def _facts(member: Member) -> JsonObject:
    return {"roles": [*member.roles], "manager_id": member.manager_id, "region": member.region}


def _subject(member: Member) -> str:
    return f"member:{member.member_id}"


def _id(member: Member | None) -> int | None:
    return None if member is None else member.member_id
