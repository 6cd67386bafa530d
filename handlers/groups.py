"""What is posted into existing group chats, by robots that can only speak: nothing there can be pressed or answered."""

import re
from collections.abc import Iterable, Sequence

from handlers import outbox, texts
from handlers.context import Context, GroupPurpose, GroupTarget
from handlers.messages import OutboundCard
from storage.members import Address
from storage.models import Member
from storage.work import Work

GROUP = "group"

_NOTHING = "\u200b"
"""A space without width."""
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=\w)(?=\.[A-Za-z]{2})")
_MARKUP = re.compile(r"<(?=[@/A-Za-z])")


async def announce_escalation(
    ctx: Context, work: Work, card: OutboundCard, *, manager: Member, cause: str
) -> Sequence[str]:
    """Tell the groups about this manager's teams of the card that the manager gets; the names of those told."""
    line = [manager.name, *(member.name for member in await above(work, manager))]
    targets = [target for target in targets_for(ctx, "escalations") if covers(target, line)]
    text = notice(card, manager=manager.name)
    for target in targets:
        await post(work, target, text, cause=f"{cause}>group")
    return [target.name for target in targets]


async def post(work: Work, target: GroupTarget, text: str, *, cause: str) -> None:
    """`cause` names what this is about, once for each group: the same cause again posts nothing."""
    await outbox.say(work, Address(GROUP, target.name), harmless(text), cause=f"{cause}:{target.name}")


def targets_for(ctx: Context, purpose: GroupPurpose) -> list[GroupTarget]:
    """The groups for that purpose; none where this program does not send into groups."""
    if GROUP not in ctx.served:
        return []
    return [target for target in ctx.settings.groups if purpose in target.purposes]


def covers(target: GroupTarget, names: Iterable[str]) -> bool:
    return not target.managers or not set(target.managers).isdisjoint(names)


async def above(work: Work, member: Member) -> list[Member]:
    """The active people up the line, the nearest first."""
    line: list[Member] = []
    seen = {member.member_id}
    while (member_above := await work.members.manager_of(line[-1] if line else member)) is not None:
        if member_above.member_id in seen:
            break
        seen.add(member_above.member_id)
        line.append(member_above)
    return line


def notice(card: OutboundCard, *, manager: str) -> str:
    """The card's facts without its buttons: those belong to the manager alone."""
    lines = [f"{card.title}：{card.subtitle}" if card.subtitle else card.title]
    lines += [" · ".join(f"{field.label} {field.value}" for field in card.fields)] if card.fields else []
    lines += [card.body] if card.body else []
    lines += [texts.GROUP_QUOTE.format(quote=card.quote)] if card.quote else []
    return "\n".join([*lines, texts.GROUP_ESCALATION.format(manager=manager)])


def harmless(text: str) -> str:
    """The same words to the eye, in which no address can be tapped and nobody is mentioned.

    What customers said stands in these texts, in front of many people, and under the name of our robot.
    """
    return _MARKUP.sub("＜", _ADDRESS.sub(_NOTHING, text))
