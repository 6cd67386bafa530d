"""Matters go up the line: raised, merged with what is known, shown to whoever they lie with, passed on to the next.

There is one unsettled matter about a customer (about the rep, where no customer is known): whatever else comes up joins
it. It lies with one person at a time, and one card of it is open at a time, `Escalation.card_id`. What that person does
with it is in `escalation_answers`, what time does in `escalation_clock`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers import escalation_cards, escalation_weights, groups, notices, outbox, texts, wording
from handlers.context import TIMERS, Context
from handlers.escalation_cards import FROM_A_RECORD, Story
from handlers.messages import JsonObject
from handlers.pressed import Pressed
from handlers.record import Record, SignalValue, load
from storage.models import Escalation, EscalationKind, Member, Visit
from storage.work import Work

log = logging.getLogger(__name__)

CARD = "escalation_card"
LEVEL = "escalation_level"
UNFINISHED = "escalation_unfinished"
ASSIGNEE = "assignee"
"""The kind of the card that asks to whom a matter goes; there may be one beside the matter's own."""
MOST_ORIGIN = 200
MOST_CATEGORY = 32

Target = Literal["manager", "director"]


@dataclass(frozen=True)
class MatterItem:
    origin: str
    """What it came from, unique: `visit:3:审批:领导还没批`, `rule:sample_test:customer:5:2026-11-01`."""
    category: str
    words: str
    visit_id: int | None = None


@dataclass(frozen=True)
class Matter:
    """Something that somebody up the line should know and decide; `member` is the rep."""

    kind: EscalationKind
    member: Member
    customer_id: int | None
    items: tuple[MatterItem, ...]
    reason: str = ""
    visit_id: int | None = None
    to: Target = "manager"


# Raising


async def raise_for(
    ctx: Context, work: Work, visit: Visit, record: Record, *, member: Member, customer: str, cause: str
) -> str:
    """Raise the risk signals of a confirmed visit; answers what to tell the rep, empty when there is no risk."""
    await _name_customer(work, visit, cause=cause)
    low = await escalation_weights.low_of(work, member, record)
    strong = [risk for risk in record.risks if risk not in low]
    told = ""
    if strong:
        items = items_of(visit, strong)
        matter = Matter("risk", member, visit.customer_id, items, visit_id=visit.visit_id)
        told = await raise_matter(ctx, work, matter, cause=cause)
    return "\n".join(filter(None, [told, await _told_of_low(work, member, low)]))


def items_of(visit: Visit, risks: Sequence[SignalValue]) -> tuple[MatterItem, ...]:
    found = {f"{FROM_A_RECORD}{visit.visit_id}:{risk.category}:{risk.words}"[:MOST_ORIGIN]: risk for risk in risks}
    return tuple(MatterItem(origin, risk.category, risk.words, visit.visit_id) for origin, risk in found.items())


async def _name_customer(work: Work, visit: Visit, *, cause: str) -> None:
    """A matter that was raised while the customer was open learns whose it is, unless that one has a matter already."""
    raised = await work.escalations.of_visit(visit.visit_id)
    if raised is None or raised.customer_id is not None or visit.customer_id is None:
        return
    if await work.escalations.unsettled_about(visit.customer_id, visit.member_id) is None:
        raised.customer_id = visit.customer_id
        work.audit.note(
            "escalation.customer",
            subject(raised),
            member_id=visit.member_id,
            source=cause,
            before={"customer_id": None},
            after={"customer_id": visit.customer_id},
        )


async def _told_of_low(work: Work, member: Member, low: Sequence[SignalValue]) -> str:
    manager = await work.members.manager_of(member)
    if not low or manager is None:
        return ""
    words = "」「".join(dict.fromkeys(risk.words for risk in low))
    return texts.LOW_WORDING.format(words=words, manager=manager.name)


async def raise_matter(ctx: Context, work: Work, matter: Matter, *, cause: str) -> str:
    """Raise it, or let it join the unsettled matter of the same customer; answers what to tell the rep.

    Empty where all of its items are known from a matter that is settled: then nothing is raised again.
    """
    known = await work.escalations.unsettled_about(matter.customer_id, matter.member.member_id)
    seen = await work.escalations.known_origins([item.origin for item in matter.items])
    new = tuple({item.origin: item for item in matter.items if item.origin not in seen}.values())
    if known is not None:
        return await _merge(ctx, work, known, matter, new, cause=cause)
    if not new:
        return ""
    target = await _first_target(work, matter)
    is_risk = matter.kind == "risk"
    if target is None:
        await tell_admins(ctx, work, matter.member, texts.NOBODY_ABOVE)
        return texts.NO_MANAGER if is_risk else texts.NOBODY_TO_RAISE_TO
    manager, level = target
    address = await ctx.reach(work, manager.member_id)
    if address is None:
        await tell_admins(ctx, work, matter.member, texts.NOT_REACHABLE.format(manager=manager.name))
        unreachable = texts.MANAGER_UNREACHABLE if is_risk else texts.RAISED_UNREACHABLE
        return unreachable.format(manager=manager.name)
    escalation = await work.escalations.open(
        kind=matter.kind,
        member_id=matter.member.member_id,
        manager_id=manager.member_id,
        customer_id=matter.customer_id,
        visit_id=matter.visit_id,
        reason=matter.reason,
        level=level,
    )
    await _add(work, escalation, new)
    work.audit.note(
        "escalation.opened",
        subject(escalation),
        member_id=matter.member.member_id,
        source=cause,
        after={
            "kind": matter.kind,
            "manager_id": manager.member_id,
            "level": level,
            "visit_id": matter.visit_id,
            "customer_id": matter.customer_id,
        },
    )
    shown_at = await send_card(ctx, work, escalation, cause=f"{cause}>{subject(escalation)}")
    log.info("escalation.opened", extra={"escalation_id": escalation.escalation_id, "kind": matter.kind})
    if shown_at is not None:
        later = texts.ESCALATED_LATER if is_risk else texts.RAISED_LATER
        return later.format(manager=manager.name, when=when(ctx, work, shown_at))
    if await ctx.is_within_reach(work, address):
        return (texts.ESCALATED if is_risk else texts.RAISED).format(manager=manager.name)
    return (texts.ESCALATED_IF_WRITTEN if is_risk else texts.RAISED_IF_WRITTEN).format(manager=manager.name)


def when(ctx: Context, work: Work, at: datetime) -> str:
    """明天 08:30, or the day where it is a later one."""
    days = (ctx.day_of(at) - ctx.day_of(work.now)).days
    day = {0: "今天", 1: "明天"}.get(days) or wording.day(ctx.day_of(at), ctx.day_of(work.now))
    return f"{day} {at.astimezone(ctx.settings.zone):%H:%M}"


async def _add(work: Work, escalation: Escalation, items: Sequence[MatterItem]) -> None:
    for item in items:
        await work.escalations.add_item(
            escalation,
            origin=item.origin,
            category=item.category[:MOST_CATEGORY],
            words=item.words,
            visit_id=item.visit_id,
        )


async def _first_target(work: Work, matter: Matter) -> tuple[Member, int] | None:
    """To whom it goes first, and which level that is; None: there is nobody."""
    line = await groups.above(work, matter.member)
    manager = line[0] if matter.to == "manager" and line else None
    if matter.to == "director":
        manager = await director_for(work, matter.member)
    if manager is None:
        return None
    level = next((place for place, person in enumerate(line, start=1) if person is manager), len(line) + 1)
    return manager, level


async def director_for(work: Work, member: Member) -> Member | None:
    """The nearest director up the line, or else one of the member's region, or else the top of the line."""
    line = await groups.above(work, member)
    of_line = next((person for person in line if "director" in person.roles), None)
    if of_line is not None:
        return of_line
    directors = [one for one in await work.members.with_role("director") if one is not member]
    of_region = next((one for one in directors if member.region and one.region == member.region), None)
    return of_region or (line[-1] if line else None)


async def tell_admins(ctx: Context, work: Work, rep: Member, reason: str) -> None:
    """Somebody has to put the list of members right: each admin is told once a day and rep."""
    work.audit.note(
        "escalation.unsent", f"member:{rep.member_id}", member_id=rep.member_id, source="escalation", after=None
    )
    for admin in await work.members.with_role("admin"):
        key = f"nobody-above:{rep.member_id}:{admin.member_id}:{ctx.day_of(work.now).isoformat()}"
        text = texts.NOBODY_ADMIN.format(rep=rep.name, reason=reason)
        await notices.tell(ctx, work, admin.member_id, text, key=key, subject=f"member:{rep.member_id}")


# Merging


async def _merge(
    ctx: Context, work: Work, known: Escalation, matter: Matter, new: Sequence[MatterItem], *, cause: str
) -> str:
    """Add what is new; whoever has the matter is told of it once, and it goes on up where it asks for the director."""
    said = {(item.category, item.words) for item in await work.escalations.items(known.escalation_id)}
    fresh = [item for item in new if (item.category, item.words) not in said]
    await _add(work, known, new)
    if new:
        work.audit.note(
            "escalation.merged",
            subject(known),
            member_id=matter.member.member_id,
            source=cause,
            after={"origins": [item.origin for item in new]},
        )
    names = {"customer": await customer_of(work, known), "holder": (await holder_of(work, known)).name}
    director = await _director_above(work, known, matter)
    if director is not None and await ctx.reach(work, director.member_id) is not None:
        await pass_up(ctx, work, known, director, why="asked", cause=cause)
        return texts.MERGED_AND_RAISED.format(**names, manager=director.name)
    holder = await holder_of(work, known)
    if fresh and known.card_id is not None and holder is not matter.member:
        more = "、".join(dict.fromkeys(item.words for item in fresh))
        text = texts.MORE_FOR_HOLDER.format(customer=names["customer"], rep=matter.member.name, words=more)
        key = f"{subject(known)}:more:{fresh[0].origin}"[:MOST_ORIGIN]
        await notices.tell(ctx, work, holder.member_id, text, key=key, subject=subject(known))
    return (texts.MERGED if fresh else texts.MERGED_NOTHING_NEW).format(**names)


async def _director_above(work: Work, known: Escalation, matter: Matter) -> Member | None:
    """The director whom it asks for, where they do not have it and have not had it."""
    if matter.to != "director":
        return None
    director = await director_for(work, matter.member)
    had = await work.escalations.holders(known.escalation_id)
    return director if director is not None and director.member_id not in had else None


# With whom it lies


def subject(escalation: Escalation) -> str:
    return f"escalation:{escalation.escalation_id}"


def news_of(escalation: Escalation) -> str:
    """What people are told has happened stays true, whatever happens next: it is dropped with nothing."""
    return f"{subject(escalation)}:news"


def what(escalation: Escalation) -> str:
    return texts.ESCALATION_WHAT[escalation.kind]


async def holder_of(work: Work, escalation: Escalation) -> Member:
    """Who has to do something about it now."""
    is_assigned = escalation.state == "assigned" and escalation.assignee_id is not None
    member_id = escalation.assignee_id if is_assigned else escalation.manager_id
    assert member_id is not None  # the manager is always known
    return await work.members.get(member_id)


async def customer_of(work: Work, escalation: Escalation) -> str:
    if escalation.customer_id is not None:
        return (await work.customers.get(escalation.customer_id)).name
    visit = await work.visits.find(escalation.visit_id) if escalation.visit_id else None
    said = (await load(work, visit)).customer if visit else None
    return f"{said.name}（待确认）" if said else texts.CUSTOMER_OPEN


async def named(work: Work, escalation: Escalation) -> dict[str, str]:
    """What sentences about a matter call it by."""
    return {"customer": await customer_of(work, escalation), "what": what(escalation)}


async def story_of(ctx: Context, work: Work, escalation: Escalation) -> Story:
    items = await work.escalations.items(escalation.escalation_id)
    visit_ids = [item.visit_id for item in items if item.visit_id is not None]
    visit_id = visit_ids[-1] if visit_ids else escalation.visit_id
    visit = await work.visits.find(visit_id) if visit_id else None
    holders = await work.escalations.holders(escalation.escalation_id)
    return Story(
        escalation,
        customer=await customer_of(work, escalation),
        rep=(await work.members.get(escalation.member_id)).name,
        items=items,
        visit=visit,
        record=await load(work, visit) if visit else Record(),
        today=ctx.day_of(work.now),
        unanswered_by=(await work.members.get(holders[-2])).name if len(holders) > 1 else "",
    )


async def team_of(work: Work, escalation: Escalation) -> list[tuple[int, str]]:
    """Whom the manager can pick on the card: who reports to them, the rep first, who was there."""
    team = [(person.member_id, person.name) for person in await work.members.team_of(escalation.manager_id)]
    return sorted(team, key=lambda person: person[0] != escalation.member_id)


async def hand_over(
    ctx: Context, work: Work, escalation: Escalation, from_id: int, to: Member, *, by_id: int, cause: str
) -> None:
    """The customer is another rep's: what becomes of the matter concerns them, and what was assigned to the one before
    is assigned to them.
    """
    before = {"member_id": escalation.member_id, "assignee_id": escalation.assignee_id}
    after = {key: to.member_id for key, member_id in before.items() if member_id == from_id}
    is_theirs_to_do = escalation.state == "assigned" and "assignee_id" in after
    if is_theirs_to_do:
        await stop_clock(work, escalation)
        await close_card(work, escalation, texts.CLOSED_PASSED_ON.format(member=to.name), cause=cause)
        escalation.decided_at = work.now
    escalation.member_id = after.get("member_id", escalation.member_id)
    escalation.assignee_id = after.get("assignee_id", escalation.assignee_id)
    work.audit.note(
        "escalation.handed_over",
        subject(escalation),
        member_id=by_id,
        source=cause,
        before=dict.fromkeys(after, from_id),
        after={**after},
    )
    if is_theirs_to_do:
        await send_card(ctx, work, escalation, cause=cause)


# Cards


async def send_card(ctx: Context, work: Work, escalation: Escalation, *, cause: str) -> datetime | None:
    """Show the matter to whom it lies with: at once in working time, or else when the next begins.

    Answers that later moment; None where it was shown.
    """
    due_at = ctx.settings.working_time.next_push(work.now)
    if due_at <= work.now:
        await show_card(ctx, work, escalation, cause=cause, unasked=True)
        return None
    await work.jobs.put(
        CARD,
        {"escalation_id": escalation.escalation_id, "since": since(escalation)},
        queue=TIMERS,
        dedupe=_card_key(escalation),
        at=due_at,
    )
    return due_at


async def show_card(ctx: Context, work: Work, escalation: Escalation, *, cause: str, unasked: bool = False) -> None:
    """The card for whoever it lies with now; time starts to run against them. `unasked` as in `outbox.say`."""
    holder = await holder_of(work, escalation)
    visit = await work.visits.find(escalation.visit_id) if escalation.visit_id else None
    address = await ctx.reach(work, holder.member_id, prefer=visit.platform if visit else None)
    if address is None:
        log.warning("escalation.unreachable", extra={"escalation_id": escalation.escalation_id})
        await start_clock(ctx, work, escalation)
        return
    await close_card(work, escalation, texts.CLOSED_REPLACED, cause=cause)
    story = await story_of(ctx, work, escalation)
    card_id = outbox.new_card_id("matter", escalation.escalation_id)
    url = _link(ctx, work, story, holder)
    match escalation.state:
        case "assigned":
            by = (await work.members.get(escalation.manager_id)).name
            card = escalation_cards.assigned_card(story, card_id, by=by, url=url)
        case "taken":
            team = await team_of(work, escalation)
            card = escalation_cards.followed_card(story, card_id, team=team, url=url)
        case _:
            team = await team_of(work, escalation)
            card = escalation_cards.escalation_card(story, card_id, team=team, url=url)
    escalation.card_id = card_id
    # it is closed with what becomes of the matter, and that may take longer than other cards live
    await outbox.show(work, address, card, kind="escalation", life=ctx.settings.todo_life, cause=cause, unasked=unasked)
    if escalation.state == "open" and len(await work.escalations.holders(escalation.escalation_id)) == 1:
        # whoever comes later up the line is told, the groups are not: nobody is shown up before their team
        await groups.announce_escalation(ctx, work, card, manager=holder, cause=cause)
    await start_clock(ctx, work, escalation)


def _link(ctx: Context, work: Work, story: Story, holder: Member) -> str | None:
    """Where the holder can read and hear what it rests on; None where there is no such page, or nothing on it."""
    if story.visit is None:
        return None
    until = work.now + ctx.settings.card_life
    return ctx.links.evidence(story.escalation.escalation_id, holder.member_id, until=until)


async def close_card(
    work: Work, escalation: Escalation, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    """Close the matter's card, and one that asks to whom it goes; what a click gave changes the card clicked alone."""
    own = await work.cards.find(escalation.card_id) if escalation.card_id else None
    asking = await work.cards.open_about(ASSIGNEE, escalation.escalation_id)
    for card in filter(None, [own, *asking]):
        response_ref = pressed.response_ref if pressed is not None and pressed.card is card else None
        await outbox.close(work, card, closing, cause=f"{cause}>closed:{card.card_id}", response_ref=response_ref)
    escalation.card_id = None


# Time


async def start_clock(ctx: Context, work: Work, escalation: Escalation) -> None:
    """What is not answered goes up, and what is not finished is reminded of."""
    rule, working = ctx.settings.rules.escalation, ctx.settings.working_time
    if not rule.on:
        return
    if escalation.state == "open":
        kind, key, at = LEVEL, _level_key(escalation), working.add_hours(work.now, rule.hours_a_level)
    else:
        day = working.add_days(ctx.day_of(work.now), rule.remind_after_days)
        kind, key, at = UNFINISHED, _unfinished_key(escalation), datetime.combine(day, working.morning, working.zone)
    payload: JsonObject = {"escalation_id": escalation.escalation_id, "since": since(escalation)}
    await work.jobs.put(kind, payload, queue=TIMERS, dedupe=key, at=at)


async def stop_clock(work: Work, escalation: Escalation) -> None:
    """Whatever waits about the matter as it is now waits in vain: called before it changes."""
    for key in (_card_key(escalation), _level_key(escalation), _unfinished_key(escalation)):
        await work.jobs.cancel(key)
    await work.notices.drop(subject(escalation))


def _card_key(escalation: Escalation) -> str:
    return f"{subject(escalation)}:card:{since(escalation)}"


def _level_key(escalation: Escalation) -> str:
    return f"{subject(escalation)}:level:{escalation.level}"


def _unfinished_key(escalation: Escalation) -> str:
    return f"{subject(escalation)}:unfinished:{since(escalation)}"


def since(escalation: Escalation) -> int:
    """Since when it lies with whoever has it, in seconds: what is timed for one time is not meant for the next."""
    return int((escalation.decided_at or escalation.raised_at).timestamp())


# Up the line


async def next_up(ctx: Context, work: Work, escalation: Escalation) -> Member | None:
    """Who comes next up the line, active and within reach, of those who have not had it; None at the top."""
    had = {*await work.escalations.holders(escalation.escalation_id), escalation.member_id}
    line = await groups.above(work, await work.members.get(escalation.manager_id))
    for person in line:
        if person.member_id not in had and await ctx.reach(work, person.member_id) is not None:
            return person
    return None


async def pass_up(
    ctx: Context,
    work: Work,
    escalation: Escalation,
    manager: Member,
    *,
    why: Literal["unanswered", "asked", "left"],
    cause: str,
    late: str = "",
) -> None:
    """It lies with that manager from now on; who had it and the rep are told, and that it comes `late`."""
    former = await holder_of(work, escalation)
    before = {"state": escalation.state, "manager_id": escalation.manager_id, "level": escalation.level}
    await stop_clock(work, escalation)
    closing = texts.CLOSED_RAISED.format(manager=manager.name)
    await close_card(work, escalation, closing, cause=cause)
    await work.escalations.pass_to(escalation, manager.member_id)
    work.audit.note(
        "escalation.raised",
        subject(escalation),
        member_id=None,
        source=cause,
        before={**before},
        after={"state": "open", "manager_id": manager.member_id, "level": escalation.level, "why": why},
    )
    await send_card(ctx, work, escalation, cause=f"{cause}>{subject(escalation)}:up")
    names = {
        **await named(work, escalation),
        "manager": manager.name,
        "former": former.name,
        "hours": f"{ctx.settings.rules.escalation.hours_a_level:g}",
    }
    to_former, to_rep = {
        "unanswered": (texts.WENT_UP_FROM, texts.WENT_UP_REP),
        "asked": (texts.WENT_UP_AT_ONCE_FROM, ""),
        "left": ("", texts.WENT_UP_LEFT),
    }[why]
    for member_id, text in ((former.member_id, to_former), (escalation.member_id, to_rep)):
        if text:
            key = f"{subject(escalation)}:up:{escalation.level}:{member_id}"
            line = text.format(**names) + late
            await notices.tell(ctx, work, member_id, line, key=key, subject=news_of(escalation))
