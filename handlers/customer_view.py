"""恒力上次聊到哪了 – how things stand with a customer or a deal, and what was done, from the records alone.

Who may see a customer is asked of `access` for each message and each press; of a name that means none of theirs people
hear the same, whether there is such a customer or not.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from handlers import access, actions, drafts, outbox, texts, view_cards
from handlers.actions import ViewAction
from handlers.context import Context
from handlers.messages import OutboundCard, Sender
from handlers.pressed import Pressed
from handlers.record import ObjectionValue, StageValue, facts_of, record_of
from handlers.reply import Reply
from handlers.view_cards import Chain, Look, Talk
from nlp import names
from nlp.draft import Candidate, CustomerEntry
from nlp.view_words import Asked, Wants
from storage.deal_models import Approval, HelpRequest, Opportunity, SigningDate, StageChange
from storage.models import AuditEntry, Customer, Escalation, Evidence, Member, Todo, Visit
from storage.timeline import Key, Row, Subject
from storage.work import Work

log = logging.getLogger(__name__)

LATELY = timedelta(days=30)
"""Whom a rep visited within this is who 这家 means where no draft is open."""
LOOK_BACK = 10
"""Visits in which the last amounts and risks are looked for."""
PAGE = 8
_OF_DEALS = StageChange | SigningDate | Opportunity
TOLD_OF = ("amount", "signal", "objection")
"""Kinds of values that the card tells."""


@dataclass(frozen=True)
class Meant:
    """Whom a name means of those that the asker sees; `is_sure`: the one that there is."""

    customers: Sequence[Customer] = ()
    deal: Opportunity | None = None
    is_sure: bool = False
    is_by_letter: bool = False


# What is said


async def ask(ctx: Context, work: Work, member: Member, reply: Reply, asked: Asked) -> bool:
    """A question that is nothing else."""
    if not asked.name:
        await _show_last(ctx, work, member, reply, asked.wants)
        return True
    meant = await meant_by(work, member, asked.name)
    if not await _answer(ctx, work, reply, meant, asked.wants):
        await outbox.say(work, reply.to, texts.VIEW_NOT_YOURS.format(name=asked.name), cause=f"{reply.cause}>not-yours")
    return True


async def look_up(ctx: Context, work: Work, member: Member, reply: Reply, asked: Asked) -> bool:
    """查恒力; where no customer of theirs is meant, words that tell something besides are a note."""
    meant = await meant_by(work, member, asked.name)
    if await _answer(ctx, work, reply, meant, asked.wants):
        return True
    if _tells_more(reply):
        return False
    await outbox.say(work, reply.to, texts.VIEW_NOT_YOURS.format(name=asked.name), cause=f"{reply.cause}>not-yours")
    return True


async def take_name(ctx: Context, work: Work, member: Member, reply: Reply, asked: Asked) -> bool:
    """A name alone: a customer of theirs, written as in the list; anything else is what it always was."""
    latest = await work.visits.latest_draft(member.member_id)
    if latest is not None and await drafts.waits_for_customer(work, latest):
        return False
    # what the note's own reading found no customer in sounds like none
    is_named = reply.draft is not None and reply.draft.customer is not None
    meant = await meant_by(work, member, asked.name, in_full=not is_named)
    if not (meant.is_sure or (meant.customers and meant.is_by_letter)):
        return False
    return await _answer(ctx, work, reply, meant, asked.wants)


def _tells_more(reply: Reply) -> bool:
    if reply.draft is None:
        return False
    return any(fact.value.kind != "customer" for fact in facts_of(reply.draft, reply.evidence))


async def _answer(ctx: Context, work: Work, reply: Reply, meant: Meant, wants: Wants) -> bool:
    """False where there is nobody to answer about."""
    if not meant.customers:
        return False
    if meant.is_sure:
        [customer] = meant.customers
        subject = Subject(customer.customer_id, meant.deal.opportunity_id if meant.deal else None)
        await show(ctx, work, reply.to, subject, wants, viewer_id=reply.evidence.member_id, cause=reply.cause)
        return True
    people = await work.members.those([one.owner_id for one in meant.customers if one.owner_id is not None])
    card_id = outbox.new_card_id("view", meant.customers[0].customer_id)
    await _send(ctx, work, reply.to, view_cards.which_card(card_id, meant.customers, people), cause=reply.cause)
    return True


async def _show_last(ctx: Context, work: Work, member: Member, reply: Reply, wants: Wants) -> None:
    """这家: whom the open draft is about, or the last visit."""
    visit = await work.visits.latest_draft(member.member_id)
    if visit is None or visit.customer_id is None:
        visit = await work.visits.latest_confirmed(member.member_id, since=work.now - LATELY)
    customer = await work.customers.glance(visit.customer_id) if visit is not None and visit.customer_id else None
    if customer is None or not await access.sees_customer(work, member, customer):
        await outbox.say(work, reply.to, texts.VIEW_OF_WHOM, cause=f"{reply.cause}>of-whom")
        return
    subject = Subject(customer.customer_id)
    await show(ctx, work, reply.to, subject, wants, viewer_id=member.member_id, cause=reply.cause)


# Who is meant


async def meant_by(work: Work, member: Member, name: str, *, in_full: bool = False) -> Meant:
    """Whom the name means; with `in_full` only where it is a name or an alias as it is in the list."""
    sight = await access.sight_of(work, member)
    written = await work.customers.called(name, owners=sight.members, in_full=True)
    if written or in_full:
        return Meant(written, is_sure=len(written) == 1, is_by_letter=True)
    entries = tuple(CustomerEntry(known, aliases) for known, aliases in await work.customers.ways_to_say(sight.members))
    # of a list of thousands an index is made the first time
    candidates = await asyncio.to_thread(names.link, name, entries)
    best = names.decided(candidates)
    if best is not None and best.reason != "sound":
        return Meant(await _of_names(work, [best.name]), is_sure=True, is_by_letter=True)
    if best is None and (with_deal := await _with_deal(work, name, entries)) is not None:
        return with_deal
    if best is not None:
        return Meant(await _of_names(work, [best.name]), is_sure=True)
    close = _close(candidates)
    is_by_letter = bool(close) and all(one.reason != "sound" and one.score >= names.SHARED for one in close)
    return Meant(await _of_names(work, [one.name for one in close]), is_by_letter=is_by_letter)


def _close(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that the words may mean as well as the best."""
    return [one for one in candidates if one.score >= candidates[0].score - names.MARGIN]


async def _with_deal(work: Work, said: str, entries: tuple[CustomerEntry, ...]) -> Meant | None:
    """恒力二期: a customer, and behind it the name of one of its deals."""
    mention = next(iter(names.index_of(entries).exact(said)), None)
    best = names.decided(mention.candidates) if mention is not None and mention.start == 0 else None
    if mention is None or best is None:
        return None
    rest = said[mention.end :].strip(" 的·-—")
    [customer] = await _of_names(work, [best.name])
    named = [deal for deal in await work.opportunities.all_of(customer.customer_id) if deal.name]
    exact = [deal for deal in named if deal.name == rest]
    found = exact or [deal for deal in named if rest and (rest in deal.name or deal.name in rest)]
    return Meant([customer], deal=found[0], is_sure=True, is_by_letter=True) if len(found) == 1 else None


async def _of_names(work: Work, found: Iterable[str]) -> list[Customer]:
    customers = [await work.customers.by_name(name) for name in found]
    return [customer for customer in customers if customer is not None]


# What is pressed


async def press(ctx: Context, work: Work, action: ViewAction, pressed: Pressed) -> None:
    to, cause, viewer_id = pressed.to, pressed.cause, pressed.member.member_id
    match action:
        case actions.ShowCustomer():
            await show(ctx, work, to, Subject(action.customer_id), "card", viewer_id=viewer_id, cause=cause)
        case actions.ShowDeal():
            deal = await work.opportunities.get(action.opportunity_id)
            subject = Subject(deal.customer_id, deal.opportunity_id)
            await show(ctx, work, to, subject, "card", viewer_id=viewer_id, cause=cause)
        case actions.ShowChain():
            subject = Subject(action.customer_id, action.opportunity_id)
            key, zone = view_cards.key_of(action), ctx.settings.zone
            card = await chain(work, subject, key, zone=zone, newer=action.newer)
            await _send(ctx, work, to, card, cause=cause)


async def show(
    ctx: Context, work: Work, to: Sender, subject: Subject, wants: Wants, *, viewer_id: int, cause: str
) -> None:
    """The card, or the newest page of the chain. Whether the viewer may see it has been asked before."""
    if wants == "chain":
        card = await chain(work, subject, zone=ctx.settings.zone)
    else:
        card = await standing(work, subject, viewer_id=viewer_id, zone=ctx.settings.zone)
    await _send(ctx, work, to, card, cause=cause)


async def _send(ctx: Context, work: Work, to: Sender, card: OutboundCard, *, cause: str) -> None:
    life = ctx.settings.card_life
    await outbox.show(work, to, card, kind=view_cards.KIND, life=life, cause=f"{cause}>view")
    log.info("customer.viewed", extra={"event": cause, "card_id": card.card_id})


# What the records say


async def standing(work: Work, subject: Subject, *, viewer_id: int, zone: ZoneInfo) -> OutboundCard:
    """The card of a customer or of a deal. Whether the viewer may see it has been asked before."""
    customer, deal = await _of_subject(work, subject)
    about = {"opportunity_id": subject.opportunity_id}
    visits = await work.visits.confirmed_about(customer.customer_id, limit=LOOK_BACK, **about)
    values = await work.visits.present_fields([visit.visit_id for visit in visits], kinds=TOLD_OF) if visits else {}
    talks = [Talk(visit, record_of(values[visit.visit_id])) for visit in visits]
    todos, todo_count = await work.todos.pressing_about(customer.customer_id, limit=view_cards.MOST_TODOS, **about)
    agreed = await work.todos.of_visit(visits[0].visit_id) if visits else ()
    matters = await work.escalations.unsettled_of(customer.customer_id, **about)
    words = await work.escalations.words_of([one.escalation_id for one in matters]) if matters else {}
    doing: list[Visit | Todo] = [*visits[:1], *todos, *agreed]
    concerned = [customer.owner_id, *(one.member_id for one in doing)]
    deals = [deal] if deal else await work.opportunities.open_of(customer.customer_id)
    look = Look(
        customer,
        await work.members.those([one for one in concerned if one is not None]),
        deals=deals,
        deal=deal,
        talks=talks,
        todos=todos,
        todo_count=todo_count,
        agreed=agreed,
        matters=["".join(f"「{one}」" for one in words[each.escalation_id]) or each.reason for each in matters],
        waiting=await work.opportunities.proposed(deals[0].opportunity_id) if len(deals) == 1 else None,
        scripts_of=_scripts_of(talks, viewer_id),
    )
    card_id = outbox.new_card_id("view", customer.customer_id)
    return view_cards.customer_card(look, card_id, zone=zone, today=work.now.astimezone(zone).date())


async def _of_subject(work: Work, subject: Subject) -> tuple[Customer, Opportunity | None]:
    customer = await work.customers.glance(subject.customer_id)
    assert customer is not None  # who looks at it was asked for first, and none is ever deleted
    deal = await work.opportunities.get(subject.opportunity_id) if subject.opportunity_id is not None else None
    return customer, deal


def _scripts_of(talks: Sequence[Talk], viewer_id: int) -> int | None:
    """The viewer's own last visit, where the customer objected to something in it."""
    if not talks or talks[0].visit.member_id != viewer_id or not talks[0].record.all(ObjectionValue):
        return None
    return talks[0].visit.visit_id


async def chain(
    work: Work, subject: Subject, key: Key | None = None, *, zone: ZoneInfo, newer: bool = False
) -> OutboundCard:
    """A page of the chain: the newest, or the one that lies next to `key`."""
    customer, deal = await _of_subject(work, subject)
    if key is None:
        page = await work.timeline.older(subject, limit=PAGE)
    elif newer:
        page = await work.timeline.newer(subject, key, limit=PAGE)
    else:
        page = await work.timeline.older(subject, key, limit=PAGE)
    rows = await work.timeline.rows(page.keys)
    visit_ids = [row.visit_id for row in rows.values() if isinstance(row, Visit)]
    stages = await work.visits.present_fields(visit_ids, kinds=("stage",)) if visit_ids else {}
    told = {visit_id: record_of(values).one(StageValue) for visit_id, values in stages.items()}
    matter_ids = [row.escalation_id for row in rows.values() if isinstance(row, Escalation)]
    begun = {row.visit_id for row in rows.values() if isinstance(row, Todo | Escalation) and row.visit_id is not None}
    reps = await work.visits.reps_of(begun) if begun else {}
    concerned = {one for row in rows.values() for one in _people_in(row) if one is not None} | set(reps.values())
    tells_of_deals = deal is None and any(isinstance(row, _OF_DEALS) for row in rows.values())
    deals = await work.opportunities.all_of(customer.customer_id) if tells_of_deals else ()
    shown = Chain(
        customer,
        deal,
        page,
        rows,
        people=await work.members.those(concerned),
        deals={one.opportunity_id: one.name for one in deals},
        stages={visit_id: stage.name for visit_id, stage in told.items() if stage is not None},
        words=await work.escalations.words_of(matter_ids) if matter_ids else {},
        reps=reps,
    )
    card_id = outbox.new_card_id("view", customer.customer_id)
    return view_cards.chain_card(shown, card_id, zone=zone, today=work.now.astimezone(zone).date())


def _people_in(row: Row) -> tuple[int | None, ...]:
    match row:
        case Visit() | StageChange() | SigningDate() | Evidence() | Approval():
            return (row.member_id,)
        case Todo():
            return row.member_id, row.created_by
        case Escalation():
            return row.member_id, row.decided_by
        case HelpRequest():
            return row.member_id, row.colleague_id, row.answered_by
        case AuditEntry():
            return row.member_id, view_cards.owner_in(row.before), view_cards.owner_in(row.after)
        case Opportunity():
            return (row.created_by,)
