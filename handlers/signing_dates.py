"""When a deal is expected to be signed: kept with its history, and frozen once it has been pushed too far.

Counted from the day that was first said, or that somebody up the line agreed to last, so that many small steps are one
large one. What is frozen changes only by them; the rep's newer days wait on the same card.
"""

from datetime import date

from handlers import asking_up, deal_cards, deal_texts, escalation, opportunities, outbox, texts, wording
from handlers.asking_up import Asked
from handlers.context import Context
from handlers.messages import OutboundCard
from handlers.pressed import Pressed
from storage.deal_models import Opportunity, SigningDate
from storage.models import Member
from storage.work import Work

KIND = "signing_date"


def subject(signing: SigningDate) -> str:
    return f"{KIND}:{signing.signing_id}"


async def expect(
    ctx: Context,
    work: Work,
    deal: Opportunity,
    on: date,
    *,
    member: Member,
    cause: str,
    words: str,
    visit_id: int | None = None,
) -> str:
    """The deal, which is locked, is expected to be signed that day; answers what to tell whoever said so."""
    waiting = await work.opportunities.frozen_signing(deal.opportunity_id)
    if on == deal.expected_on and waiting is None:
        return ""
    pushed = _pushed_days(await _agreed_on(work, deal), on)
    is_frozen = waiting is not None or pushed > ctx.settings.deals.pushed_days
    if waiting is not None and waiting.expected_on == on:
        return ""
    signing = await work.opportunities.add_signing(
        SigningDate(
            opportunity_id=deal.opportunity_id,
            cause=f"{cause}>signing:{deal.opportunity_id}",
            was_on=deal.expected_on,
            expected_on=on,
            state="frozen" if is_frozen else "applied",
            member_id=member.member_id,
            visit_id=visit_id,
            words=words,
            created_at=work.now,
        )
    )
    today = ctx.day_of(work.now)
    if not is_frozen:
        was, deal.expected_on = deal.expected_on, on
        _note(work, deal, "signing.changed", member, cause, was, on)
        said = wording.day(on, today)
        if was is None:
            return deal_texts.SIGNING_KEPT.format(on=said)
        return deal_texts.SIGNING_MOVED.format(was=wording.day(was, today), on=said)
    return await _freeze(ctx, work, deal, signing, waiting, pushed, member=member, cause=cause)


async def _freeze(
    ctx: Context,
    work: Work,
    deal: Opportunity,
    signing: SigningDate,
    waiting: SigningDate | None,
    pushed_days: int,
    *,
    member: Member,
    cause: str,
) -> str:
    today = ctx.day_of(work.now)
    on = wording.day(signing.expected_on, today)
    deal.frozen_since = deal.frozen_since or work.now
    _note(work, deal, "signing.frozen", member, cause, deal.expected_on, signing.expected_on)
    asked = await _asked(work, deal, signing)
    if waiting is not None:
        waiting.state, waiting.decided_at = "refused", work.now
        old = await _asked(work, deal, waiting)
        await asking_up.close(work, old, texts.CLOSED_REPLACED, cause=cause)
    if waiting is not None and waiting.asked_of is not None:
        # the same question, of the same person, with the newer day
        of = await work.members.get(waiting.asked_of)
        await asking_up.ask(ctx, work, asked, of, cause=cause)
        return deal_texts.SIGNING_STILL_FROZEN.format(on=on, name=of.name)
    was = wording.day(deal.expected_on, today) if deal.expected_on else ""
    facts = {"was": was, "on": on, "days": pushed_days, "limit": ctx.settings.deals.pushed_days}
    of_line = await who_unlocks(ctx, work, member)
    if of_line is None:
        await escalation.tell_admins(ctx, work, member, texts.NOBODY_ABOVE)
        return deal_texts.SIGNING_FROZEN_NOBODY.format(**facts)
    await asking_up.ask(ctx, work, asked, of_line, cause=cause)
    return deal_texts.SIGNING_FROZEN.format(name=of_line.name, **facts)


async def who_unlocks(ctx: Context, work: Work, member: Member) -> Member | None:
    """The nearest director up the line, or else whoever leads at its top; None: there is nobody."""
    line = await asking_up.line_of(ctx, work, member)
    return next((one for one in line if "director" in one.roles), line[-1] if line else None)


async def decide(ctx: Context, work: Work, signing: SigningDate, pressed: Pressed, *, unlocks: bool) -> None:
    deal = await work.opportunities.lock(signing.opportunity_id)
    signing = await work.opportunities.lock_signing(signing.signing_id)
    asked = await _asked(work, deal, signing)
    if signing.state != "frozen":
        await asking_up.close(work, asked, texts.CLOSED_LAPSED, cause=pressed.cause, pressed=pressed)
        await outbox.say(
            work, pressed.to, texts.CARD_CLOSED.format(closing=texts.CLOSED_LAPSED), cause=f"{pressed.cause}>late"
        )
        return
    signing.state = "applied" if unlocks else "refused"
    signing.decided_by, signing.decided_at = pressed.member.member_id, work.now
    was = deal.expected_on
    deal.frozen_since = None
    if unlocks:
        deal.expected_on = signing.expected_on
    closing = texts.CLOSED_UNLOCKED if unlocks else texts.CLOSED_NOT_UNLOCKED
    await asking_up.close(work, asked, closing, cause=pressed.cause, pressed=pressed)
    action = "signing.unlocked" if unlocks else "signing.refused"
    _note(work, deal, action, pressed.member, pressed.cause, was, signing.expected_on)
    today = ctx.day_of(work.now)
    told = (deal_texts.UNLOCKED if unlocks else deal_texts.NOT_UNLOCKED).format(
        name=pressed.member.name,
        deal=asked.deal,
        on=wording.day(signing.expected_on, today),
        was=wording.day(was, today) if was else deal_texts.NO_DAY,
    )
    done = deal_texts.DONE_UNLOCKED if unlocks else deal_texts.DONE_NOT_UNLOCKED
    await asking_up.answer(ctx, work, asked, pressed, rep=told, done=done)


async def lapse(work: Work, deal: Opportunity, *, cause: str) -> None:
    """The deal is closed: nobody need decide on its day any more."""
    waiting = await work.opportunities.frozen_signing(deal.opportunity_id)
    if waiting is not None:
        waiting.state, waiting.decided_at = "refused", work.now
        deal.frozen_since = None
        await asking_up.close(work, await _asked(work, deal, waiting), texts.CLOSED_LAPSED, cause=cause)


def _pushed_days(agreed_on: date | None, on: date) -> int:
    return (on - agreed_on).days if agreed_on is not None else 0


async def _agreed_on(work: Work, deal: Opportunity) -> date | None:
    """The day that pushes are counted from; an earlier day said since then counts from there."""
    agreed: date | None = None
    for signing in await work.opportunities.signings(deal.opportunity_id):
        if signing.state != "applied":
            continue
        if agreed is None or signing.decided_by is not None or signing.expected_on < agreed:
            agreed = signing.expected_on
    return agreed


def _note(work: Work, deal: Opportunity, action: str, member: Member, cause: str, was: date | None, on: date) -> None:
    work.audit.note(
        action,
        opportunities.subject_of(deal),
        member_id=member.member_id,
        source=cause,
        before={"expected_on": was.isoformat() if was else None},
        after={"expected_on": on.isoformat()},
    )


# Asked up the line


async def _asked(work: Work, deal: Opportunity, signing: SigningDate) -> Asked:
    owner_id = (await work.customers.get(deal.customer_id)).owner_id or signing.member_id
    assert owner_id is not None  # somebody said the day
    title = await opportunities.title(work, deal)
    return Asked(signing, subject(signing), await work.members.get(owner_id), title, deal_texts.WHAT_UNLOCK)


async def _find(work: Work, signing_id: int) -> Asked | None:
    found = await work.opportunities.find_signing(signing_id)
    if found is None:
        return None
    deal = await work.opportunities.lock(found.opportunity_id)
    signing = await work.opportunities.lock_signing(signing_id)
    return await _asked(work, deal, signing) if signing.state == "frozen" and signing.asked_of is not None else None


async def _card(ctx: Context, work: Work, asked: Asked, card_id: str) -> OutboundCard:
    signing = asked.row
    assert isinstance(signing, SigningDate)  # found by `_find`
    deal = await work.opportunities.get(signing.opportunity_id)
    today = ctx.day_of(work.now)
    said = [one for one in await work.opportunities.signings(deal.opportunity_id) if one.state == "applied"]
    moves = [("原定", wording.day(said[0].expected_on, today))] if said else []
    if deal.expected_on is not None and len(said) > 1:
        moves.append(("现在", wording.day(deal.expected_on, today)))
    pushed = _pushed_days(await _agreed_on(work, deal), signing.expected_on)
    moves += [("想改到", wording.day(signing.expected_on, today)), ("共推迟", f"{pushed} 天")]
    return deal_cards.unlock_card(
        signing.signing_id, card_id, deal=asked.deal, rep=asked.rep.name, moves=moves, words=signing.words
    )


asking_up.KINDS[KIND] = asking_up.Kind(_find, _card)
