"""Who has to agree, in what order: from the levels of the amount to people."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers import access, called, groups, help_desk, texts
from handlers.approval_rules import Level
from handlers.context import Context
from storage.deal_models import Approval, ApprovalNode
from storage.models import Member
from storage.work import Work


@dataclass(frozen=True)
class Step:
    label: str
    member: Member


async def of(ctx: Context, work: Work, member: Member, *, amount_fen: int, percent_off: float | None) -> list[Step]:
    """Empty where nobody has to agree, or where there is nobody: see `ApprovalRules.levels_for`.

    Nobody agrees to what they ask for themselves: a manager's chain begins above them. Somebody who stands for two
    levels is asked once, as the higher one. A level at which there is nobody falls to the next that there is.
    """
    rules = ctx.settings.approvals
    line = await above(ctx, work, member)
    steps: list[Step] = []
    for level in rules.levels_for(amount_fen, percent_off):
        person = await _person_at(ctx, work, level, member, line)
        if person is not None:
            steps = [one for one in steps if one.member is not person]
            steps.append(Step(texts.APPROVAL_LEVELS[level], person))
    return await _countersigned(ctx, work, steps, member, rules.countersigners_for(amount_fen))


async def above(ctx: Context, work: Work, member: Member) -> list[Member]:
    """The active people up the line who can be reached, the nearest first."""
    line = await groups.above(work, member)
    return [person for person in line if await ctx.reach(work, person.member_id) is not None]


async def _person_at(ctx: Context, work: Work, level: Level, member: Member, line: Sequence[Member]) -> Member | None:
    if level == "manager" and line:
        return line[0]
    if level != "general":
        director = await _director(ctx, work, member, line)
        if director is not None:
            return director
    return await _general(ctx, work, member) or (line[-1] if line else None)


async def _director(ctx: Context, work: Work, member: Member, line: Sequence[Member]) -> Member | None:
    """The nearest up the line, or else one of the region; none for a director, whose peers are not above them."""
    of_line = next((person for person in line if access.has_role(person, frozenset({"director"}))), None)
    if of_line is not None or access.has_role(member, frozenset({"director"})):
        return of_line
    for one in await work.members.with_role("director"):
        is_theirs = member.region and one.region == member.region and one is not member
        if is_theirs and await ctx.reach(work, one.member_id) is not None:
            return one
    return None


async def _general(ctx: Context, work: Work, member: Member) -> Member | None:
    """The general manager who is named in the configuration."""
    name = ctx.settings.approvals.general_manager
    found = await called.exactly(work, name) if name else []
    if len(found) != 1 or found[0] is member or await ctx.reach(work, found[0].member_id) is None:
        return None
    return found[0]


async def _countersigned(
    ctx: Context, work: Work, steps: list[Step], member: Member, departments: Sequence[str]
) -> list[Step]:
    """The departments come before whoever has the last word."""
    for name in departments:
        out = [member.member_id, *(step.member.member_id for step in steps)]
        found = await help_desk.addressee(ctx, work, name, but=out)
        if found is not None and steps:
            steps = [*steps[:-1], Step(name, found.member), steps[-1]]
    return steps


async def stand_in(ctx: Context, work: Work, approval: Approval, nodes: Sequence[ApprovalNode]) -> Member | None:
    """Who decides where the last of a chain does not: the next up that one's line who has not been asked."""
    asked = {approval.member_id, *(node.member_id for node in nodes)}
    line = await above(ctx, work, await work.members.get(nodes[-1].member_id))
    general = await _general(ctx, work, await work.members.get(approval.member_id))
    return next((one for one in [*line, *([general] if general else [])] if one.member_id not in asked), None)
