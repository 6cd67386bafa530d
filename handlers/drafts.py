"""A draft's life: begun, joined by what is sent next, changed, undone, confirmed or thrown away."""

from collections.abc import Sequence
from datetime import datetime

from handlers import (
    cards,
    consistency,
    credibility,
    deals,
    details,
    escalation,
    escalation_weights,
    evidence_texts,
    filing,
    outbox,
    questionnaire,
    rules,
    texts,
    todos,
)
from handlers.actions import CUSTOMER_SELECT, NEW_CUSTOMER, NOT_CHOSEN
from handlers.context import TIMERS, Context
from handlers.messages import Sender
from handlers.pressed import Pressed
from handlers.record import ContactValue, CustomerValue, DayValue, Fact, PlaceValue, Record, load
from handlers.wording import day
from nlp.transcript import HearingWarning
from storage.models import Customer, Evidence, Member, Visit
from storage.visits import Source
from storage.work import Work

REMINDER_KIND = "draft_reminder"


async def change(
    ctx: Context,
    work: Work,
    visit: Visit,
    new: Record,
    *,
    member: Member,
    to: Sender,
    cause: str,
    note: str = "",
    warnings: Sequence[HearingWarning] = (),
    doubts: Sequence[str] = (),
) -> None:
    """Make `new` what the draft says, and put a fresh card in place of the last one."""
    before = await keep(ctx, work, visit, new, member=member, cause=cause)
    await show(ctx, work, visit, new, to=to, cause=cause, before=before, note=note, warnings=warnings, doubts=doubts)
    await remind_later(ctx, work, visit, to)


async def keep(ctx: Context, work: Work, visit: Visit, new: Record, *, member: Member, cause: str) -> Record | None:
    """Make `new` what the draft says, and show nothing; what it said before, None where it has just begun."""
    before = await load(work, visit) if visit.version else None
    if before is not None:
        visit.undo_versions = [*visit.undo_versions, visit.version]
    await work.visits.replace_fields(visit, new.rows())
    visit.customer_id = await _customer_id(work, new.customer)
    corrected = new.one(DayValue)
    visit.visited_on = corrected.on if corrected else visit.noted_on
    work.audit.note(
        "visit.changed" if before else "visit.drafted",
        f"visit:{visit.visit_id}",
        member_id=member.member_id,
        source=cause,
        before={"version": visit.version - 1} if before else None,
        after={"version": visit.version},
    )
    if before is not None and not await questionnaire.blocks(ctx, work, visit, new):
        closing = texts.CLOSED_ANSWERED if new.risks else texts.CLOSED_NOT_NEEDED
        await questionnaire.close(work, visit, closing, cause=f"{cause}>questions-closed")
    return before


async def show(
    ctx: Context,
    work: Work,
    visit: Visit,
    now: Record,
    *,
    to: Sender,
    cause: str,
    before: Record | None = None,
    note: str = "",
    warnings: Sequence[HearingWarning] = (),
    doubts: Sequence[str] = (),
) -> None:
    """Send the draft's card; the one before it counts no more."""
    await close_card(work, visit, texts.CLOSED_REPLACED, cause=f"{cause}>replaced")
    visit.card_id = outbox.new_card_id("draft", visit.visit_id)
    asked = await details.of(work, visit, now)
    await details.wait_for(ctx, work, visit, asked)
    pieces = await work.visits.evidence_of(visit.visit_id)
    deal = await deals.outlook(ctx, work, visit, now, pieces)
    visit.doubts = consistency.kept(visit.doubts, deal.doubts, before=before, now=now)
    sent_on = ctx.day_of(visit.first_sent_at)
    trust = credibility.of(now, pieces, visited_on=visit.visited_on, sent_on=sent_on)
    card = cards.draft_card(
        visit,
        now,
        visit.card_id,
        today=ctx.day_of(work.now),
        questions=[detail.text for detail in asked],
        before=before,
        note=note,
        warnings=warnings,
        doubts=[*doubts, *(consistency.asked(doubt) for doubt in deal.doubts)],
        stage_was=deal.stage_was,
        stage_waits=deal.waits,
        evidence=evidence_texts.EVIDENCE_THERE if trust.is_verifiable else evidence_texts.EVIDENCE_NONE,
        low=await escalation_weights.low_of(work, await work.members.get(visit.member_id), now),
    )
    await outbox.show(work, to, card, kind="draft", life=ctx.settings.card_life, cause=f"{cause}>draft")


async def of_card(work: Work, visit_id: int, pressed: Pressed) -> Visit | None:
    """The draft that a card is about, locked; says so and gives None where it has been decided on."""
    visit = await work.visits.lock(visit_id)
    if visit.state == "draft":
        return visit
    closing = texts.CLOSED_CONFIRMED if visit.state == "confirmed" else texts.CLOSED_DISCARDED
    cause = pressed.cause
    await outbox.close(work, pressed.card, closing, cause=f"{cause}>closed", response_ref=pressed.response_ref)
    await outbox.say(work, pressed.to, texts.CARD_CLOSED.format(closing=closing), cause=f"{cause}>refused")
    return None


async def close_card(work: Work, visit: Visit, closing: str, *, cause: str, response_ref: str | None = None) -> None:
    card = await work.cards.find(visit.card_id) if visit.card_id else None
    if card is not None:
        await outbox.close(work, card, closing, cause=cause, response_ref=response_ref)


async def remind_later(ctx: Context, work: Work, visit: Visit, to: Sender) -> None:
    await work.jobs.cancel(_reminder_key(visit))
    await work.jobs.put(
        REMINDER_KIND,
        {"visit_id": visit.visit_id, "sender": to.model_dump(mode="json")},
        queue=TIMERS,
        dedupe=_reminder_key(visit),
        at=ctx.settings.working_time.next_push(work.now + ctx.settings.draft_reminder),
    )


def _reminder_key(visit: Visit) -> str:
    return f"reminder:visit:{visit.visit_id}"


async def _customer_id(work: Work, customer: CustomerValue | None) -> int | None:
    if customer is None or customer.status != "known":
        return None
    found = await work.customers.by_name(customer.name)
    return found.customer_id if found else None


# Evidence that joins


async def adopt(ctx: Context, work: Work, visit: Visit, member: Member, evidence: Evidence, known: Record) -> Record:
    """Put a note's evidence, and what was sent about it shortly before, into the visit."""
    visit.first_sent_at = min(visit.first_sent_at, evidence.sent_at)
    visit.last_sent_at = max(visit.last_sent_at, evidence.sent_at)
    evidence.visit_id = visit.visit_id
    loose = await work.visits.loose_evidence(
        member.member_id,
        ("image", "location", "file", "video", "link"),
        since=evidence.sent_at - ctx.settings.merge_window,
        until=evidence.sent_at + ctx.settings.merge_window,
    )
    for item in loose:
        if not await filing.joins(work, item, cause=evidence.event_key):
            continue
        item.visit_id = visit.visit_id
        if (place := place_fact(item)) is not None:
            known = known.with_fact(place)
    return known


def place_fact(evidence: Evidence) -> Fact | None:
    """Where a location message was sent from; its words are its label."""
    if evidence.kind != "location":
        return None
    value = PlaceValue.model_validate({"kind": "place", **evidence.detail})
    label = evidence.text or ""
    return Fact(value, Source(evidence.evidence_id, 0, len(label), label, engine="platform"))


# Decisions


async def undo(ctx: Context, work: Work, visit: Visit, *, member: Member, to: Sender, cause: str) -> bool:
    """Back to what the draft said before its last change; False when there is none. Said twice, it goes back twice."""
    if not visit.undo_versions:
        return False
    *remaining, version = visit.undo_versions
    earlier = await load(work, visit, version=version)
    await change(ctx, work, visit, earlier, member=member, to=to, cause=cause)
    visit.undo_versions = remaining
    return True


async def discard(
    work: Work, visit: Visit, *, member: Member, to: Sender, cause: str, response_ref: str | None = None
) -> None:
    visit.state, visit.decided_at = "discarded", work.now
    await work.jobs.cancel(_reminder_key(visit))
    await close_card(work, visit, texts.CLOSED_DISCARDED, cause=f"{cause}>closed", response_ref=response_ref)
    await _ask_no_more(work, visit, texts.CLOSED_DISCARDED, cause=cause)
    work.audit.note(
        "visit.discarded",
        f"visit:{visit.visit_id}",
        member_id=member.member_id,
        source=cause,
        before={"state": "draft"},
        after={"state": "discarded"},
    )
    kinds = {evidence.kind for evidence in await work.visits.evidence_of(visit.visit_id)}
    evidence = "录音" if "voice" in kinds else "内容"
    await outbox.say(work, to, texts.DISCARDED.format(evidence=evidence), cause=f"{cause}>discarded")


async def _ask_no_more(work: Work, visit: Visit, closing: str, *, cause: str) -> None:
    await questionnaire.close(work, visit, closing, cause=f"{cause}>questions-closed")
    await details.close(work, visit)


async def pick_customer(
    ctx: Context,
    work: Work,
    visit: Visit,
    name: str,
    *,
    source: Source,
    member: Member,
    to: Sender,
    cause: str,
) -> None:
    """The rep said which customer it was: one of the list, or a new one of that name."""
    known = await work.customers.by_name(name)
    value = CustomerValue(name=name, status="known" if known else "new")
    now = await load(work, visit)
    await change(ctx, work, visit, now.with_fact(Fact(value, source)), member=member, to=to, cause=cause)


def chosen_customer(chosen: dict[str, tuple[str, ...]]) -> str | None:
    """What was picked in a card's list of customers; None when nothing was."""
    picked = chosen.get(CUSTOMER_SELECT, ())
    return picked[0] if picked and picked[0] != NOT_CHOSEN else None


async def confirm(
    ctx: Context,
    work: Work,
    visit: Visit,
    *,
    member: Member,
    to: Sender,
    cause: str,
    chosen: str | None = None,
    response_ref: str | None = None,
) -> None:
    """Save the visit for good, make its to-dos and tell the manager of its risks.

    Which customer it was is asked first where that is open, and then what has to be known of a risk.
    """
    now = await load(work, visit)
    meant = _meant_customer(now.customer, chosen)
    if meant is None:
        await ask_for_customer(ctx, work, visit, now, to=to, cause=cause)
        return
    if await questionnaire.blocks(ctx, work, visit, now):
        now = await _with_customer(work, visit, now, meant)
        await close_card(work, visit, texts.CLOSED_ASKED, cause=f"{cause}>asked", response_ref=response_ref)
        await questionnaire.ask(ctx, work, visit, now, member=member, to=to, cause=cause, confirmed=True)
        return
    known = await work.customers.by_name(meant.name)
    customer = known or await _new_customer(work, meant, member)
    now = await _with_customer(work, visit, now, CustomerValue(name=customer.name, status="known"))
    visit.state, visit.decided_at, visit.customer_id = "confirmed", work.now, customer.customer_id
    await work.jobs.cancel(_reminder_key(visit))
    await close_card(work, visit, texts.CLOSED_CONFIRMED, cause=f"{cause}>closed", response_ref=response_ref)
    await _ask_no_more(work, visit, texts.CLOSED_CONFIRMED, cause=cause)
    await _remember(ctx, work, customer, visit, now)
    work.audit.note(
        "visit.confirmed",
        f"visit:{visit.visit_id}",
        member_id=member.member_id,
        source=cause,
        before={"state": "draft"},
        after={"state": "confirmed", "version": visit.version, "customer_id": customer.customer_id},
    )
    # what was sent about the visit lies in the customer's file before its deal looks for it there
    await work.opportunities.file_evidence(visit)
    filed = await filing.on_confirmed(ctx, work, visit, customer)
    moved = await deals.on_confirmed(ctx, work, visit, now, customer, member=member, cause=cause)
    made = await todos.create(ctx, work, visit, now, customer=customer.name, to=to, cause=cause)
    await todos.settle_follow_ups(ctx, work, customer.customer_id, member.member_id, cause=cause)
    price = credibility.of_price_objection(now, await work.visits.evidence_of(visit.visit_id))
    told = await escalation.raise_for(ctx, work, visit, now, member=member, customer=customer.name, cause=cause)
    sentence = texts.CONFIRMED.format(
        customer=customer.name,
        on=day(visit.visited_on, ctx.day_of(work.now)),
        todos=texts.TODOS_MADE.format(count=made) if made else "",
    )
    await outbox.say(
        work, to, "\n".join(filter(None, [sentence, filed, moved, told, price])), cause=f"{cause}>confirmed"
    )
    await deals.show_what_follows(ctx, work, visit, now, to=to, cause=cause)
    await rules.on_confirmed(ctx, work, visit, now, customer, member, cause, is_new=known is None)


async def waits_for_customer(work: Work, visit: Visit) -> bool:
    """Whether a name said now is whom this draft is about."""
    customer = (await load(work, visit)).customer
    return customer is None or customer.status != "known" or await work.cards.is_open_for(visit, "customer")


def _meant_customer(customer: CustomerValue | None, chosen: str | None) -> CustomerValue | None:
    """The customer that the rep confirms; None while it is open which is meant."""
    if customer is None:
        return None
    if chosen == NEW_CUSTOMER:
        return CustomerValue(name=customer.name, status="new")
    if chosen is not None:
        return CustomerValue(name=chosen, status="known") if chosen in customer.candidates else None
    return None if customer.status == "ambiguous" else customer


async def _with_customer(work: Work, visit: Visit, now: Record, customer: CustomerValue) -> Record:
    """The record, saying that customer; the words are those that it was read from."""
    known = now.customer
    if known is not None and (known.name, known.status) == (customer.name, customer.status):
        return now
    source = next(fact.source for fact in now.facts if isinstance(fact.value, CustomerValue))
    now = now.with_fact(Fact(customer, source))
    await work.visits.replace_fields(visit, now.rows())
    return now


async def _new_customer(work: Work, customer: CustomerValue, member: Member) -> Customer:
    """The rep confirms a customer that is not in the list: it is theirs from now on."""
    created = await work.customers.add(customer.name, owner_id=member.member_id)
    work.audit.note(
        "customer.created",
        f"customer:{created.customer_id}",
        member_id=member.member_id,
        source="visit",
        after={"name": created.name},
    )
    return created


async def ask_for_customer(ctx: Context, work: Work, visit: Visit, now: Record, *, to: Sender, cause: str) -> None:
    """A card to pick the customer from: what the words may mean first, then those the rep sees most."""
    customer = now.customer
    names = list(customer.candidates) if customer else []
    nearest = await work.customers.nearest_to(visit.member_id, cards.MAX_OPTIONS)
    names += [known.name for known in nearest if known.name not in names]
    said = customer.name if customer and customer.status != "known" else None
    if not names and not said:
        await outbox.say(work, to, texts.NEEDS_CUSTOMER, cause=f"{cause}>which")
        return
    card = cards.customer_card(visit.visit_id, outbox.new_card_id("customer", visit.visit_id), names, said=said)
    await outbox.show(work, to, card, kind="customer", life=ctx.settings.card_life, cause=f"{cause}>which")


async def _remember(ctx: Context, work: Work, customer: Customer, visit: Visit, now: Record) -> None:
    """Confirmed contacts belong to the customer's own record from now on, and when it was seen."""
    seen_at = _seen_at(ctx, visit)
    customer.last_contact_at = max(customer.last_contact_at or seen_at, seen_at)
    for contact in now.all(ContactValue):
        await work.customers.remember_contact(
            customer.customer_id,
            contact.name,
            title=contact.title,
            department=contact.department,
            phone=contact.phone,
            email=contact.email,
        )


def _seen_at(ctx: Context, visit: Visit) -> datetime:
    """When the visit was: the moment of its last note, or for one told of later the end of work on its day."""
    if visit.visited_on >= ctx.day_of(visit.last_sent_at):
        return visit.last_sent_at
    return ctx.settings.working_time.day_closes(visit.visited_on)
