"""What leads earn points by, and who has them once they have earned enough.

A behaviour counts once a day, whatever tells of it: a confirmed note, somebody's word, a file. From a sum on the lead
goes to the senior group: whoever leads its owner chooses one of them, or leaves it; whoever has it then is to make the
first touch. That happens once to a lead; questions and to-dos go out in working hours alone.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers import (
    access,
    actions,
    asking_up,
    called,
    deal_cards,
    escalation,
    handover,
    notices,
    opportunities,
    outbox,
    todos,
    wording,
)
from handlers import score_texts as texts
from handlers.actions import NOT_CHOSEN, TAKER_SELECT
from handlers.asking_up import Asked
from handlers.context import TIMERS, Context
from handlers.messages import OutboundCard
from handlers.opportunities import title
from handlers.pressed import Pressed
from handlers.record import AlsoVisitedValue, ContactValue, CustomerValue, Record
from handlers.reply import Reply
from handlers.texts import CHOOSE_FIRST, CLOSED_LAPSED, NOBODY_ABOVE
from nlp import behaviours, dates
from nlp.behaviours import BehaviourMention
from nlp.grade_words import GradeOrder
from storage.deal_models import Behaviour, BehaviourSource, HandoffState, LeadHandoff, Opportunity
from storage.jobs import Job
from storage.models import Customer, Member, Visit
from storage.work import Work

log = logging.getLogger(__name__)

KIND = "lead_handoff"
"""Of the question whose a lead becomes, and of the job that looks whether it has earned its points."""
NOTED_FROM = ("text", "voice")
"""The evidence in which a note tells what a lead did: in a chat everybody speaks of himself."""
MOST_LISTED = 12
MOST_WORDS = 24
_LEFT_OUT = re.compile(r"[\s，,。.]+$")


# Earned


async def note(
    work: Work,
    deal: Opportunity,
    name: str,
    done_on: date,
    *,
    source: BehaviourSource,
    words: str,
    member_id: int | None,
    visit_id: int | None = None,
    cause: str,
) -> Behaviour | None:
    """The lead did that on that day; None where it is known. Whether that is enough a job of its own looks after."""
    behaviour = await work.leads.note(
        deal.opportunity_id, name, done_on, source=source, words=words, member_id=member_id, visit_id=visit_id
    )
    if behaviour is None:
        return None
    work.audit.note(
        "lead.behaviour",
        opportunities.subject_of(deal),
        member_id=member_id,
        source=cause,
        after={"name": name, "done_on": done_on.isoformat(), "words": words},
    )
    await work.jobs.put(
        KIND,
        {"opportunity_id": deal.opportunity_id},
        queue=TIMERS,
        lane=opportunities.subject_of(deal),
        # what was noted by mistake leaves its number to the next
        dedupe=f"{KIND}:behaviour:{behaviour.behaviour_id}:{work.now.isoformat()}:{cause}",
    )
    return behaviour


async def points_of(ctx: Context, work: Work, deal: Opportunity) -> int:
    rules = ctx.settings.deals.leads
    return sum(rules.points(one.name) for one in await work.leads.behaviours(deal.opportunity_id))


async def heard(
    ctx: Context, work: Work, visit: Visit, record: Record, customer: Customer
) -> Sequence[tuple[BehaviourMention, str]]:
    """What the visit's own words tell that the customer did, each with the words."""
    told = [one.text for one in await work.visits.evidence_of(visit.visit_id) if one.kind in NOTED_FROM and one.text]
    rules = ctx.settings.deals.leads.behaviours
    if not any(behaviours.is_cued(text, rules) for text in told):
        return []
    theirs = {customer.name, *(row.alias for row in customer.aliases), *(one.name for one in customer.contacts)}
    theirs |= {one.name for one in record.all(ContactValue)}
    theirs |= {fact.source.words for fact in record.facts if isinstance(fact.value, CustomerValue)}
    ours = {name for _, name in await work.members.names()} - theirs
    others = {one.name for one in record.all(AlsoVisitedValue)} | {*ctx.settings.vocabulary.competitors}
    found: dict[str, tuple[BehaviourMention, str]] = {}
    for text in told:
        for mention in behaviours.find(text, rules, theirs=theirs, ours=ours, others=others - theirs):
            found.setdefault(mention.name, (mention, mention.span.of(text)))
    return list(found.values())


async def from_visit(
    ctx: Context,
    work: Work,
    deal: Opportunity,
    visit: Visit,
    record: Record,
    customer: Customer,
    *,
    member: Member,
    cause: str,
) -> str:
    """A confirmed visit tells what its lead did; answers what to say of it."""
    if deal.lead != "mql":
        return ""
    earned = []
    for mention, words in await heard(ctx, work, visit, record, customer):
        behaviour = await note(
            work,
            deal,
            mention.name,
            visit.visited_on,
            source="note",
            words=words,
            member_id=member.member_id,
            visit_id=visit.visit_id,
            cause=cause,
        )
        if behaviour is not None:
            earned.append(mention.name)
    return await _earned(ctx, work, deal, earned)


async def _earned(ctx: Context, work: Work, deal: Opportunity, names: Sequence[str]) -> str:
    rules = ctx.settings.deals.leads
    if not names:
        return ""
    points = await points_of(ctx, work, deal)
    earned = sum(rules.points(name) for name in names)
    told = texts.POINTS_EARNED.format(earned=earned, names="、".join(names), points=points)
    if deal.lead == "mql" and points - earned < rules.senior_from <= points:
        told += texts.POINTS_REACHED.format(limit=rules.senior_from)
    return told


# Said

EXAMPLES = {"points": "线索分 恒力", "did": "线索行为 恒力 白皮书", "undid": "撤销线索行为 恒力 白皮书"}


async def run(ctx: Context, work: Work, member: Member, reply: Reply, order: GradeOrder) -> bool:
    customer = await opportunities.customer_said(work, reply, member, order.customer, example=EXAMPLES[order.order])
    if customer is None:
        return True
    match order.order:
        case "points":
            told = await _show(ctx, work, customer, order.rest)
        case "did":
            told = await _did(ctx, work, customer, member, reply, order.rest)
        case _:
            told = await _undid(ctx, work, customer, member, reply, order.rest)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>lead")
    return True


async def _show(ctx: Context, work: Work, customer: Customer, words: str) -> str:
    deals = await work.opportunities.open_of(customer.customer_id)
    named = opportunities.named_in(deals, words) if words else None
    shown = [named] if named is not None else deals
    if not shown:
        return texts.SAID_CLOSED.format(customer=customer.name)
    return "\n\n".join([await _listed(ctx, work, deal) for deal in shown])


async def _listed(ctx: Context, work: Work, deal: Opportunity) -> str:
    """The sum with what it is made of."""
    rules, today = ctx.settings.deals.leads, ctx.day_of(work.now)
    rows = await work.leads.behaviours(deal.opportunity_id)
    if not rows:
        return texts.POINTS_NONE.format(deal=await title(work, deal), worth=_worth(ctx))
    lines = []
    for row in rows[:MOST_LISTED]:
        by = (await work.members.get(row.member_id)).name if row.member_id is not None else ""
        words = wording.shortened(row.words, MOST_WORDS)
        source = texts.SOURCES[row.source].format(words=words, member=by)
        on = wording.day(row.done_on, today)
        lines.append(texts.POINTS_LINE.format(on=on, name=row.name, worth=rules.points(row.name), source=source))
    if len(rows) > MOST_LISTED:
        lines.append(texts.POINTS_MORE.format(count=len(rows) - MOST_LISTED))
    told = texts.POINTS if deal.lead == "mql" else texts.POINTS_SQL
    points = sum(rules.points(row.name) for row in rows)
    return told.format(deal=await title(work, deal), points=points, lines="\n".join(lines))


def _worth(ctx: Context) -> str:
    return "、".join(
        texts.POINTS_WORTH.format(name=one.name, points=one.points) for one in ctx.settings.deals.leads.behaviours
    )


@dataclass(frozen=True)
class _Meant:
    """What an order about a behaviour names."""

    behaviour: behaviours.Behaviour
    done_on: date | None
    """None where no day was said."""
    deal: Opportunity | None
    """None where no deal of the customer's goes on."""


async def _meant(ctx: Context, work: Work, customer: Customer, reply: Reply, rest: str) -> _Meant | str:
    """Or what to say where that is unclear."""
    if not rest:
        return texts.DID_HOW
    said, done_on = _day_said(ctx, reply, rest)
    deals = await work.opportunities.open_of(customer.customer_id)
    named = opportunities.named_in(deals, said)
    if named is not None:
        said = said.replace(named.name, "").strip()
    behaviour = ctx.settings.deals.leads.called(said)
    if behaviour is None:
        return texts.DID_UNKNOWN.format(said=said, worth=_worth(ctx))
    today = ctx.day_of(reply.sent_at)
    if done_on is not None and done_on > today:
        return texts.DID_AHEAD.format(on=wording.day(done_on, today))
    deal = named or lead_among(deals)
    if deal is None and deals:
        return opportunities.several(customer, deals)
    if deal is not None and deal.lead != "mql":
        return texts.DID_SQL.format(deal=await title(work, deal))
    return _Meant(behaviour, done_on, deal)


async def _did(ctx: Context, work: Work, customer: Customer, member: Member, reply: Reply, rest: str) -> str:
    """线索行为 恒力 白皮书 11月12日; without a day it was today."""
    meant = await _meant(ctx, work, customer, reply, rest)
    if isinstance(meant, str):
        return meant
    today = ctx.day_of(reply.sent_at)
    done_on = meant.done_on or today
    deal = meant.deal or await begin(work, customer, member_id=member.member_id, cause=reply.cause)
    noted = await note(
        work,
        deal,
        meant.behaviour.name,
        done_on,
        source="said",
        words=reply.text,
        member_id=member.member_id,
        cause=reply.cause,
    )
    name = await title(work, deal)
    if noted is None:
        return texts.DID_KNOWN.format(deal=name, on=wording.day(done_on, today), name=meant.behaviour.name)
    return f"「{name}」{await _earned(ctx, work, deal, [meant.behaviour.name])}"


async def _undid(ctx: Context, work: Work, customer: Customer, member: Member, reply: Reply, rest: str) -> str:
    """It was noted by mistake: that of the day that is said, or the latest."""
    meant = await _meant(ctx, work, customer, reply, rest)
    if isinstance(meant, str):
        return meant
    today, name = ctx.day_of(reply.sent_at), meant.behaviour.name
    rows = await work.leads.behaviours(meant.deal.opportunity_id) if meant.deal is not None else ()
    found = next((row for row in rows if row.name == name and meant.done_on in (None, row.done_on)), None)
    if found is None or meant.deal is None:
        return texts.UNDID_NONE.format(customer=customer.name, name=name)
    work.audit.note(
        "lead.behaviour_undone",
        opportunities.subject_of(meant.deal),
        member_id=member.member_id,
        source=reply.cause,
        before={"name": name, "done_on": found.done_on.isoformat(), "words": found.words, "source": found.source},
    )
    await work.leads.forget(found)
    return texts.UNDID.format(
        deal=await title(work, meant.deal),
        on=wording.day(found.done_on, today),
        name=name,
        points=await points_of(ctx, work, meant.deal),
    )


def _day_said(ctx: Context, reply: Reply, rest: str) -> tuple[str, date | None]:
    """The words without the day at their end, and the day."""
    for mention in reversed(dates.find(rest, reply.sent_at, ctx.settings.zone, ctx.settings.worked)):
        if _LEFT_OUT.sub("", rest[mention.span.end :]) or mention.start is None:
            continue
        day = mention.start.astimezone(ctx.settings.zone).date()
        if mention.end is not None and mention.end.astimezone(ctx.settings.zone).date() == day:
            return _LEFT_OUT.sub("", rest[: mention.span.start]), day
    return rest, None


def lead_among(deals: Sequence[Opportunity]) -> Opportunity | None:
    """The only lead of them, or the only deal; None where that is unclear."""
    leads = [one for one in deals if one.lead == "mql"] or deals
    return leads[0] if len(leads) == 1 else None


async def begin(work: Work, customer: Customer, *, member_id: int | None, cause: str) -> Opportunity:
    """A lead of a customer with whom no deal goes on; two at once begin one."""
    await work.session.flush()
    await work.customers.lock(customer.customer_id)
    deals = await work.opportunities.open_of(customer.customer_id)
    if deals:
        return deals[0]
    return await opportunities.begin(work, customer.customer_id, name="", member_id=member_id, cause=cause)


# Enough


async def look(ctx: Context, job: Job) -> None:
    """Whether a lead has earned enough to be somebody's of the senior group; once."""
    opportunity_id = job.payload["opportunity_id"]
    assert isinstance(opportunity_id, int)  # put by `note`
    async with ctx.finishing(job) as work:
        deal = await work.opportunities.lock(opportunity_id)
        points = await points_of(ctx, work, deal)
        if deal.state != "open" or deal.lead != "mql" or points < ctx.settings.deals.leads.senior_from:
            return
        handoff = await work.leads.begin_handoff(opportunity_id, points)
        if handoff is not None:
            await _hand_on(ctx, work, deal, handoff, cause=f"{KIND}:{handoff.handoff_id}")


async def _hand_on(ctx: Context, work: Work, deal: Opportunity, handoff: LeadHandoff, *, cause: str) -> None:
    customer = await work.customers.get(deal.customer_id)
    owner = await work.members.get(customer.owner_id) if customer.owner_id is not None else None
    group = await seniors(ctx, work)
    if not group or (owner is not None and owner.member_id in {one.member_id for one in group}):
        handoff.state, handoff.decided_at = "kept", work.now
        await _first_touch(ctx, work, deal, owner, cause=cause)
        return
    leader = await _leader_of(ctx, work, owner)
    if leader is None:
        log.warning("lead_handoff.nobody_to_ask", extra={"opportunity_id": deal.opportunity_id})
        handoff.state, handoff.decided_at = "lapsed", work.now
        await _first_touch(ctx, work, deal, owner, cause=cause)
        if owner is not None:
            await escalation.tell_admins(ctx, work, owner, NOBODY_ABOVE)
        return
    asked = await _asked(work, deal, handoff, leader)
    await asking_up.ask(ctx, work, asked, leader, cause=cause)


async def seniors(ctx: Context, work: Work) -> list[Member]:
    """Those of the group, by name or account, that are one person each who works here."""
    found = []
    for name in ctx.settings.deals.leads.senior_group:
        by_account = await work.members.with_account(name)
        meant = (
            called.Called(by_account, is_sure=len(by_account) == 1) if by_account else await called.meant(work, name)
        )
        if meant.is_sure:
            found.append(meant.members[0])
    return list({one.member_id: one for one in found}.values())


async def _leader_of(ctx: Context, work: Work, owner: Member | None) -> Member | None:
    """Whoever leads the owner; where nobody has the customer, the first leader who can be reached."""
    if owner is not None:
        line = await asking_up.line_of(ctx, work, owner)
        # at the top of the list whoever leads decides for themselves
        own = [owner] if access.has_role(owner, access.LEADERS) and owner.active else []
        return next(iter([*line, *own]), None)
    leaders = [*await work.members.with_role("manager"), *await work.members.with_role("director")]
    for leader in leaders:
        if await ctx.reach(work, leader.member_id) is not None:
            return leader
    return None


async def _first_touch(ctx: Context, work: Work, deal: Opportunity, owner: Member | None, *, cause: str) -> None:
    """Whoever has the lead is to get in touch, within the hours of a new lead; nobody has it: leaders hear of that."""
    if owner is None or not owner.active:
        leader = await _leader_of(ctx, work, None)
        if leader is not None:
            points = await points_of(ctx, work, deal)
            told = texts.NOBODY_TO_HAVE.format(deal=await title(work, deal), points=points)
            key = f"{KIND}:nobody:{deal.opportunity_id}"
            await notices.tell(ctx, work, leader.member_id, told, key=key, subject=key)
        return
    await todos.give(
        ctx,
        work,
        member_id=owner.member_id,
        action=texts.FIRST_TOUCH,
        kind="follow_up",
        origin=f"first_touch:{deal.opportunity_id}",
        customer_id=deal.customer_id,
        due_at=ctx.settings.working_time.add_hours(work.now, ctx.settings.rules.new_lead.within_h),
        cause=cause,
    )


async def lapse(work: Work, deal: Opportunity, *, cause: str) -> None:
    """The deal has ended, or sales has taken the lead over: nobody need say whose it becomes any more."""
    handoff = await work.leads.open_handoff(deal.opportunity_id)
    if handoff is not None and handoff.asked_of is not None:
        handoff.state, handoff.decided_at = "lapsed", work.now
        holder = await work.members.get(handoff.asked_of)
        await asking_up.close(work, await _asked(work, deal, handoff, holder), CLOSED_LAPSED, cause=cause)


# Asked and answered


async def press(ctx: Context, work: Work, action: actions.LeadAction, pressed: Pressed) -> None:
    found = await work.leads.find_handoff(action.handoff_id)
    assert found is not None  # `access` saw to it
    # the customer before their deal, as wherever both are held
    await work.customers.lock((await work.opportunities.get(found.opportunity_id)).customer_id)
    deal = await work.opportunities.lock(found.opportunity_id)
    handoff = await work.leads.lock_handoff(action.handoff_id)
    asked = await _asked(work, deal, handoff, pressed.member)
    if handoff.state != "open" or deal.state != "open" or deal.lead != "mql":
        await asking_up.close(work, asked, CLOSED_LAPSED, cause=pressed.cause, pressed=pressed)
        told = texts.HAND_MOVED_ON.format(deal=asked.deal)
        await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>late")
        return
    if isinstance(action, actions.LeaveLead):
        await _leave(ctx, work, deal, handoff, asked, pressed)
        return
    chosen = pressed.chosen(TAKER_SELECT) or NOT_CHOSEN
    taker = next((one for one in await seniors(ctx, work) if str(one.member_id) == chosen), None)
    if taker is None:
        await outbox.say(work, pressed.to, CHOOSE_FIRST, cause=f"{pressed.cause}>choose")
        return
    await _give(ctx, work, deal, handoff, taker, asked, pressed)


async def _leave(
    ctx: Context, work: Work, deal: Opportunity, handoff: LeadHandoff, asked: Asked, pressed: Pressed
) -> None:
    _decide(work, deal, handoff, "kept", pressed)
    await asking_up.close(work, asked, texts.CLOSED_HAND_KEPT, cause=pressed.cause, pressed=pressed)
    owner_id = (await work.customers.get(deal.customer_id)).owner_id
    if owner_id is None:
        told = texts.HAND_KEPT_NOBODY.format(deal=asked.deal)
    else:
        owner = await work.members.get(owner_id)
        await _first_touch(ctx, work, deal, owner, cause=pressed.cause)
        told = texts.HAND_KEPT.format(deal=asked.deal, owner=owner.name)
    await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>kept")


async def _give(
    ctx: Context,
    work: Work,
    deal: Opportunity,
    handoff: LeadHandoff,
    taker: Member,
    asked: Asked,
    pressed: Pressed,
) -> None:
    """The company named the group, and whoever was asked chose of it: the customer goes over with what is open."""
    _decide(work, deal, handoff, "given", pressed)
    closing = texts.CLOSED_HANDED_ON.format(name=taker.name)
    await asking_up.close(work, asked, closing, cause=pressed.cause, pressed=pressed)
    customer = await work.customers.get(deal.customer_id)
    if customer.owner_id is None:
        work.audit.note(
            "customer.assigned",
            f"customer:{customer.customer_id}",
            member_id=pressed.member.member_id,
            source=pressed.cause,
            before={"owner_id": None},
            after={"owner_id": taker.member_id},
        )
        customer.owner_id = taker.member_id
        told = texts.HANDED_ON_TOLD.format(by=pressed.member.name, deal=asked.deal, points=handoff.points)
        key = f"{KIND}:given:{handoff.handoff_id}"
        await notices.tell(ctx, work, taker.member_id, told, key=key, subject=key)
    elif customer.owner_id != taker.member_id:
        await handover.hand_over(
            ctx,
            work,
            giver=await work.members.get(customer.owner_id),
            taker=taker,
            by=pressed.member,
            cause=f"{KIND}:{handoff.handoff_id}",
            customer_ids=[customer.customer_id],
        )
    await _first_touch(ctx, work, deal, taker, cause=pressed.cause)
    told = texts.HANDED_ON.format(deal=asked.deal, taker=taker.name)
    await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>given")


def _decide(work: Work, deal: Opportunity, handoff: LeadHandoff, state: HandoffState, pressed: Pressed) -> None:
    handoff.state = state
    handoff.decided_by, handoff.decided_at = pressed.member.member_id, work.now
    work.audit.note(
        f"lead.{handoff.state}",
        opportunities.subject_of(deal),
        member_id=pressed.member.member_id,
        source=pressed.cause,
        after={"points": handoff.points},
    )


async def _asked(work: Work, deal: Opportunity, handoff: LeadHandoff, holder: Member) -> Asked:
    """Where nobody has the customer, it is the holder's own matter."""
    owner_id = (await work.customers.get(deal.customer_id)).owner_id
    rep = await work.members.get(owner_id) if owner_id is not None else holder
    return Asked(handoff, f"{KIND}:{handoff.handoff_id}", rep, await title(work, deal), texts.WHAT_HAND_ON)


async def _find(work: Work, handoff_id: int) -> Asked | None:
    found = await work.leads.find_handoff(handoff_id)
    if found is None:
        return None
    deal = await work.opportunities.lock(found.opportunity_id)
    handoff = await work.leads.lock_handoff(handoff_id)
    if handoff.state != "open" or handoff.asked_of is None:
        return None
    return await _asked(work, deal, handoff, await work.members.get(handoff.asked_of))


async def _card(ctx: Context, work: Work, asked: Asked, card_id: str) -> OutboundCard:
    handoff = asked.row
    assert isinstance(handoff, LeadHandoff)  # found by `_find`
    deal = await work.opportunities.get(handoff.opportunity_id)
    owner_id = (await work.customers.get(deal.customer_id)).owner_id
    owner = texts.NOBODY_HAS_IT if owner_id is None else (await work.members.get(owner_id)).name
    group = await seniors(ctx, work)
    counts = await work.leads.open_counts([one.member_id for one in group])
    fewest_first = sorted(group, key=lambda one: (counts.get(one.member_id, 0), one.member_id))
    takers = [
        (one.member_id, texts.HAND_OPTION.format(name=one.name, count=counts.get(one.member_id, 0)))
        for one in fewest_first
    ]
    rules, rows = ctx.settings.deals.leads, await work.leads.behaviours(deal.opportunity_id)
    today = ctx.day_of(work.now)
    lines = [f"{wording.day(row.done_on, today)} {row.name} +{rules.points(row.name)}" for row in rows[:3]]
    return deal_cards.handoff_card(
        handoff.handoff_id,
        card_id,
        deal=asked.deal,
        points=handoff.points,
        limit=rules.senior_from,
        owner=owner,
        takers=takers,
        lines=lines,
    )


asking_up.KINDS[KIND] = asking_up.Kind(_find, _card)
