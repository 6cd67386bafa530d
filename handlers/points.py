"""Points for evidence: what each kind is worth, who has how many, who leads."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta

from handlers import access, outbox, wording
from handlers import evidence_texts as texts
from handlers.context import Context
from handlers.messages import InboundMessage
from handlers.plans import monday_of
from storage.models import Evidence, Member
from storage.work import Work

LEADING = 3


def points_of(ctx: Context, piece: Evidence) -> int:
    """What a piece in a customer's file is worth: nothing for a copy, for a later version, or without a label."""
    if piece.customer_id is None or piece.copy_of is not None or (piece.version or 1) > 1 or piece.label is None:
        return 0
    return ctx.settings.evidence_points.get(piece.label, 0)


async def show(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    """积分: the member's own, and who leads among those whose records they read."""
    today = ctx.day_of(work.now)
    monday, first = monday_of(today), today.replace(day=1)
    team = await _team(work, member)
    week = await _counted(ctx, work, team, since=monday, until=today)
    month = await _counted(ctx, work, {member.member_id}, since=first, until=today)
    own, own_month = (_total(ctx, counted.get(member.member_id, {})) for counted in (week, month))
    kinds = "、".join(f"{label} {count}" for label, count in sorted(week.get(member.member_id, {}).items()))
    lines = []
    if own or own_month or not access.has_role(member, access.LEADERS):
        lines.append(texts.POINTS_OWN.format(week=own, kinds=f"（{kinds}）" if kinds else "", month=own_month))
        if not own_month:
            lines.append(texts.POINTS_HOW.format(worth=_worth(ctx)))
        elif own and len(team) > 1:
            ahead = sum(_total(ctx, counts) > own for counts in week.values())
            lines.append(texts.POINTS_RANK.format(place=ahead + 1, count=len(team)))
    if access.has_role(member, access.LEADERS):
        lines.append(await _leading(ctx, work, member, since=monday, until=today))
    await outbox.say(work, message.sender, "\n".join(lines), cause=f"{message.key}>points")


async def _team(work: Work, member: Member) -> set[int]:
    """Those who report to the same person and sell, the member among them."""
    if member.manager_id is None:
        return {member.member_id}
    below = await work.members.below(member.manager_id)
    peers = [await work.members.get(member_id) for member_id in below]
    return {
        one.member_id
        for one in peers
        if one.active and one.manager_id == member.manager_id and access.has_role(one, frozenset({"sales"}))
    } | {member.member_id}


async def _leading(ctx: Context, work: Work, member: Member, *, since: date, until: date) -> str:
    sight = await access.sight_of(work, member)
    counted = await _counted(ctx, work, sight.members, since=since, until=until)
    totals = {member_id: _total(ctx, counts) for member_id, counts in counted.items()}
    best = sorted((one for one in totals.items() if one[1]), key=lambda one: (-one[1], one[0]))[:LEADING]
    if not best:
        return texts.POINTS_NOBODY
    named = [
        texts.POINTS_ONE.format(
            place=wording.circled(place), name=(await work.members.get(member_id)).name, points=points
        )
        for place, (member_id, points) in enumerate(best)
    ]
    return texts.POINTS_LEADING.format(best=" ".join(named))


async def _counted(
    ctx: Context, work: Work, members: Collection[int], *, since: date, until: date
) -> Mapping[int, Mapping[str, int]]:
    """By member and kind, how many pieces count of those days."""
    found = await work.files.scoring(
        members, ctx.settings.evidence_points, since=_begins(ctx, since), until=_begins(ctx, until + timedelta(days=1))
    )
    counted: dict[int, dict[str, int]] = {}
    for (member_id, label), count in found.items():
        counted.setdefault(member_id, {})[label] = count
    return counted


def _begins(ctx: Context, day: date) -> datetime:
    return datetime.combine(day, time(), ctx.settings.zone)


def _total(ctx: Context, counts: Mapping[str, int]) -> int:
    return sum(ctx.settings.evidence_points.get(label, 0) * count for label, count in counts.items())


def _worth(ctx: Context) -> str:
    return "、".join(f"{label} {points} 分" for label, points in ctx.settings.evidence_points.items())
