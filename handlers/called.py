"""Which member a name means: one way to look, wherever somebody names one.

Orders about people (离职, 恢复, 交接, 邀请 … 上级) take a name in full or the number of an entry, and nothing else:
`exactly`. Where something is given to somebody (转给, 指派给), `meant` also takes part of a name, a surname with a
title, its letters, or what sounds like it; whoever only sounds like it, or is one of several, is asked about.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from handlers import texts
from handlers.people_cards import roles
from nlp import colleagues
from storage.models import Member
from storage.work import Work

MOST_TOLD_APART = 10


@dataclass(frozen=True)
class Called:
    """`is_sure`: there is one, and it was written so."""

    members: Sequence[Member]
    is_sure: bool = False


async def exactly(work: Work, words: str, *, active: bool | None = True) -> list[Member]:
    """Who has that name in full, or the number of whose entry it is: `#12`."""
    if words.startswith("#") and words[1:].isdecimal() and len(words) < 10:
        member = await work.members.find(int(words[1:]))
        found = [member] if member is not None and (member.active or member.left_at is not None) else []
        return [one for one in found if active is None or one.active == active]
    return list(await work.members.named(words, active=active))


async def meant(work: Work, words: str, *, among: Collection[int] | None = None) -> Called:
    """Whom of those who work here, or of those `among` them, the words mean; those that match best, and no others."""
    found = [one for one in await exactly(work, words) if among is None or one.member_id in among]
    if found:
        return Called(found, is_sure=len(found) == 1)
    names = await work.members.names(among)
    places = colleagues.find(words, [name for _, name in names])
    members = [await work.members.get(names[place][0]) for place in places]
    return Called(members, is_sure=len(members) == 1 and colleagues.is_sure(words, members[0].name))


async def is_written(work: Work, words: str) -> bool:
    """Whether the words are a member's name, in full, in part or in letters: 李经理 may well be the customer's."""
    return not colleagues.has_title(words) and any(
        colleagues.is_sure(words, member.name) for member in (await meant(work, words)).members
    )


def several(name: str, found: Sequence[Member]) -> str:
    """Which of them? Each with what tells it from the others."""
    lines = [f"#{one.member_id} {one.name} · {roles(one)}{f' · {one.region}' if one.region else ''}" for one in found]
    return texts.SEVERAL_CALLED.format(
        count=len(found), name=name, example=found[0].member_id, lines="\n".join(lines[:MOST_TOLD_APART])
    )


async def told_apart(work: Work, member: Member) -> str:
    """The name, with whose team they belong to: two may have the same."""
    manager = await work.members.manager_of(member)
    return f"{member.name}（{manager.name}团队）" if manager else member.name
