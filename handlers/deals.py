"""Deals in the chat: what a confirmed visit says of one, the buttons on their cards, and what people order in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers import (
    access,
    actions,
    consistency,
    deal_cards,
    deal_texts,
    grading,
    lead_scores,
    leads,
    notices,
    opportunities,
    outbox,
    score_texts,
    signing_dates,
    stages,
    texts,
    wording,
)
from handlers.context import Context
from handlers.opportunities import subject_of, title
from handlers.outbox import Recipient
from handlers.pressed import Pressed
from handlers.record import AmountValue, DeciderValue, Record, SigningValue, StageValue, load
from handlers.reply import Reply
from nlp import dates, deal_words, money
from nlp.deal_words import DealOrder
from nlp.draft import Vocabulary
from storage.deal_models import Opportunity, StageChange
from storage.models import Customer, Evidence, Member, Visit
from storage.work import Work

WORTH = ("deal", "quote", "budget")
"""The amounts that tell what a deal is worth, the most telling first."""
MOST_LISTED = 20


# A visit


@dataclass(frozen=True)
class Outlook:
    """What confirming a draft would do to its deal, and what does not go together with it."""

    stage_was: str | None = None
    waits: str = ""
    doubts: tuple[consistency.Doubt, ...] = ()


async def outlook(ctx: Context, work: Work, visit: Visit, record: Record, pieces: Sequence[Evidence]) -> Outlook:
    """For the draft's card; nothing where it is not clear yet which deal it is about. `pieces` came with the visit."""
    customer = await work.customers.glance(visit.customer_id) if visit.customer_id is not None else None
    if customer is None:
        return Outlook()
    if not await access.may_tell_of_deals(work, await work.members.get(visit.member_id), customer):
        # the stage and the cost of a colleague's deal are nothing for their eyes
        return Outlook()
    deals = await work.opportunities.open_of(customer.customer_id)
    known = await _meant(work, visit, deals)
    if deals and known is None:
        return Outlook()
    deal = known or Opportunity(customer_id=customer.customer_id, lead="mql", stage=None)
    doubts = await consistency.doubts(ctx, work, visit, record, deal) if known is not None else ()
    stage = record.one(StageValue)
    if stage is None:
        return Outlook(doubts=tuple(doubts))
    brought = {one.label for one in pieces if one.label is not None}
    waits = await stages.would_wait(ctx, work, deal, stage.name, documents=brought)
    return Outlook(deal.stage, waits, tuple(doubts))


async def on_confirmed(
    ctx: Context,
    work: Work,
    visit: Visit,
    record: Record,
    customer: Customer,
    *,
    member: Member,
    cause: str,
) -> str:
    """What the visit says of its deal, where it is clear which that is; answers what to tell the rep.

    What is to be asked of it comes with `show_what_follows`, behind that answer.
    """
    if not await access.may_tell_of_deals(work, member, customer):
        return await _of_a_colleague(ctx, work, record, customer, cause=cause)
    deal = await _of_visit(ctx, work, visit, record, customer, member=member, cause=cause)
    if deal is None:
        return ""
    return await put_with(ctx, work, deal, visit, record, member=member, cause=cause)


async def _of_a_colleague(ctx: Context, work: Work, record: Record, customer: Customer, *, cause: str) -> str:
    """The record is kept, and its papers count; how the deal goes is for whoever has the customer to say."""
    await stages.recheck(ctx, work, customer.customer_id, cause=cause)
    if not _tells_of_a_deal(record) or customer.owner_id is None:
        return ""
    return deal_texts.OF_A_COLLEAGUE.format(owner=(await work.members.get(customer.owner_id)).name)


async def show_what_follows(
    ctx: Context, work: Work, visit: Visit, record: Record, *, to: Recipient, cause: str
) -> None:
    """Behind what is said of a confirmed visit: the question which deal it was, or what its stage still needs.

    It comes last, so that a number answers it where there are no cards.
    """
    if visit.opportunity_id is None:
        await _ask_which(ctx, work, visit, record, to=to, cause=cause)
    else:
        await _show_what_waits(ctx, work, visit, to=to, cause=cause)


async def _ask_which(ctx: Context, work: Work, visit: Visit, record: Record, *, to: Recipient, cause: str) -> None:
    """With one deal there is nothing to ask, and without any a record begins the first."""
    assert visit.customer_id is not None  # it is confirmed
    deals = await work.opportunities.open_of(visit.customer_id)
    customer = await work.customers.get(visit.customer_id)
    if len(deals) < 2 or not await access.may_tell_of_deals(work, await work.members.get(visit.member_id), customer):
        return
    if not await _tells(ctx, work, visit, record, customer):
        return
    card = deal_cards.deal_card(
        visit.visit_id,
        outbox.new_card_id("deal", visit.visit_id),
        customer=customer.name,
        deals=deals,
        text=deal_texts.WHICH_DEAL.format(customer=customer.name, count=len(deals)),
        unknown=deal_texts.NO_STAGE,
    )
    await outbox.show(work, to, card, kind=deal_cards.DEAL, life=ctx.settings.todo_life, cause=f"{cause}>which-deal")


async def _show_what_waits(ctx: Context, work: Work, visit: Visit, *, to: Recipient, cause: str) -> None:
    """What its stage still needs."""
    if visit.opportunity_id is not None:
        deal = await work.opportunities.get(visit.opportunity_id)
        waiting = await work.opportunities.proposed(deal.opportunity_id)
        if waiting is not None and waiting.visit_id == visit.visit_id:
            await stages.show_what_waits(ctx, work, deal, to=to, cause=cause)


async def _of_visit(
    ctx: Context, work: Work, visit: Visit, record: Record, customer: Customer, *, member: Member, cause: str
) -> Opportunity | None:
    """The deal that the visit was about, locked; a first one is begun where the record tells of one."""
    deals = await work.opportunities.open_of(customer.customer_id)
    tells = await _tells(ctx, work, visit, record, customer)
    if not deals and tells:
        # two records confirmed at once begin one deal
        await work.customers.lock(customer.customer_id)
        deals = await work.opportunities.open_of(customer.customer_id)
    deal = await _meant(work, visit, deals)
    if deal is not None:
        return await work.opportunities.lock(deal.opportunity_id)
    if deals or not tells:
        return None
    return await opportunities.begin(work, customer.customer_id, name="", member_id=member.member_id, cause=cause)


async def _meant(work: Work, visit: Visit, deals: Sequence[Opportunity]) -> Opportunity | None:
    """The one of them that the visit was about; what was sent is read only where there are several."""
    said = await work.visits.evidence_of(visit.visit_id) if len(deals) > 1 else ()
    return opportunities.among(deals, "\n".join(one.text for one in said if one.text))


async def _tells(ctx: Context, work: Work, visit: Visit, record: Record, customer: Customer) -> bool:
    return _tells_of_a_deal(record) or bool(await lead_scores.heard(ctx, work, visit, record, customer))


def _tells_of_a_deal(record: Record) -> bool:
    return (
        record.one(StageValue) is not None
        or record.one(SigningValue) is not None
        or any(amount.role in WORTH for amount in record.all(AmountValue))
    )


async def put_with(
    ctx: Context,
    work: Work,
    deal: Opportunity,
    visit: Visit,
    record: Record,
    *,
    member: Member,
    cause: str,
) -> str:
    """The visit was about that deal, which is locked: its amount, its signing day and its stage follow."""
    visit.opportunity_id = deal.opportunity_id
    await work.opportunities.file_evidence(visit)
    _set_amount(work, deal, record, member=member, cause=cause)
    if deal.decider_id is not None and (decider := record.one(DeciderValue)) is not None:
        # the card has asked whether it is somebody else
        await leads.set_decider(
            work, deal, decider.name, None, _words(record, DeciderValue), member=member, cause=cause
        )
    told = []
    if signing := record.one(SigningValue):
        words = _words(record, SigningValue)
        told.append(
            await signing_dates.expect(
                ctx, work, deal, signing.on, member=member, cause=cause, words=words, visit_id=visit.visit_id
            )
        )
    if stage := record.one(StageValue):
        told.append(
            await stages.propose(
                ctx,
                work,
                deal,
                stage.name,
                member=member,
                cause=cause,
                words=_words(record, StageValue),
                visit_id=visit.visit_id,
            )
        )
    else:
        # its pictures and files may be what a stage waits for
        await stages.recheck(ctx, work, deal.customer_id, cause=cause)
    customer = await work.customers.get(deal.customer_id)
    told.append(await lead_scores.from_visit(ctx, work, deal, visit, record, customer, member=member, cause=cause))
    told.append(await grading.proposal(ctx, work, customer, member))
    return "\n".join(filter(None, told))


def _words(record: Record, kind: type[StageValue | SigningValue | DeciderValue]) -> str:
    return next((fact.source.words for fact in record.facts if isinstance(fact.value, kind)), "")


def _set_amount(work: Work, deal: Opportunity, record: Record, *, member: Member, cause: str) -> None:
    """What the deal is worth, where the record says one figure for it."""
    for role in WORTH:
        figures = {
            amount.high_fen
            for amount in record.all(AmountValue)
            if amount.role == role and amount.unit is None and amount.low_fen == amount.high_fen
        }
        if len(figures) == 1 and (amount_fen := figures.pop()) is not None:
            if amount_fen != deal.amount_fen:
                work.audit.note(
                    "opportunity.amount",
                    subject_of(deal),
                    member_id=member.member_id,
                    source=cause,
                    before={"amount_fen": deal.amount_fen},
                    after={"amount_fen": amount_fen, "role": role},
                )
                deal.amount_fen = amount_fen
            return


async def register(work: Work, customer: Customer, stage: str, *, source: str) -> bool:
    """A file says that the customer is in that stage: an admin's word, which nothing has to prove.

    False, and nothing changed, once people have begun, moved or ended a deal of that customer in the chat: a list that
    is imported again each week is older than what they say, and no way around what a stage needs.
    """
    deals = await work.opportunities.all_of(customer.customer_id)
    if any([await _is_theirs(work, deal) for deal in deals]) or len(deals) > 1:
        return False
    deal = (
        deals[0]
        if deals
        else await opportunities.begin(work, customer.customer_id, name="", member_id=None, cause=source, is_sql=True)
    )
    deal.lead = "sql"
    if deal.stage != stage:
        await work.opportunities.add_change(
            StageChange(
                opportunity_id=deal.opportunity_id,
                cause=f"{source}>{deal.opportunity_id}:{work.now.isoformat()}",
                from_stage=deal.stage,
                from_since=deal.stage_since,
                to_stage=stage,
                state="applied",
                waived=[],
                created_at=work.now,
                decided_at=work.now,
            )
        )
        deal.stage, deal.stage_since = stage, work.now
        work.customers.set_stage(customer, stage, since=work.now)
    return True


async def _is_theirs(work: Work, deal: Opportunity) -> bool:
    """Whether people had to do with it, and not a file alone."""
    if deal.state != "open" or deal.created_by is not None:
        return True
    latest = await work.opportunities.latest_applied(deal.opportunity_id)
    is_moved = latest is not None and latest.member_id is not None
    return is_moved or await work.opportunities.proposed(deal.opportunity_id) is not None


# Buttons


async def press(ctx: Context, work: Work, action: actions.DealAction, pressed: Pressed) -> None:
    match action:
        case actions.PickDeal():
            await _pick(ctx, work, action, pressed)
        case actions.ConvertLead():
            deal = await work.opportunities.lock(action.opportunity_id)
            await leads.convert(ctx, work, deal, member=pressed.member, to=pressed.to, cause=pressed.cause)
        case actions.UnlockSigning() | actions.RefuseSigning():
            signing = await work.opportunities.find_signing(action.signing_id)
            assert signing is not None  # `access` saw to it
            await signing_dates.decide(ctx, work, signing, pressed, unlocks=isinstance(action, actions.UnlockSigning))
        case _:
            await _on_change(ctx, work, action, pressed)


async def _on_change(
    ctx: Context,
    work: Work,
    action: actions.AskWaiver | actions.DropStage | actions.GrantWaiver | actions.RefuseWaiver,
    pressed: Pressed,
) -> None:
    found = await work.opportunities.find_change(action.change_id)
    assert found is not None  # `access` saw to it
    deal = await work.opportunities.lock(found.opportunity_id)
    change = await work.opportunities.lock_change(action.change_id)
    if change.state != "proposed":
        closing = texts.CLOSED_STAGE_MOVED if change.state == "applied" else texts.CLOSED_STAGE_KEPT
        await outbox.close(
            work, pressed.card, closing, cause=f"{pressed.cause}>closed", response_ref=pressed.response_ref
        )
        told = texts.CARD_CLOSED.format(closing=closing)
        await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>late")
        return
    match action:
        case actions.AskWaiver():
            await stages.ask_waiver(ctx, work, change, pressed)
        case actions.GrantWaiver():
            await stages.grant(ctx, work, change, pressed)
        case actions.RefuseWaiver():
            await stages.refuse(ctx, work, change, pressed)
        case actions.DropStage():
            await stages.drop(ctx, work, change, member=pressed.member, cause=pressed.cause, pressed=pressed)
            told = deal_texts.JUMP_CANCELLED.format(
                deal=await title(work, deal), stage=deal.stage or deal_texts.NO_STAGE
            )
            await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>kept")


async def _pick(ctx: Context, work: Work, action: actions.PickDeal, pressed: Pressed) -> None:
    chosen = pressed.chosen(actions.DEAL_SELECT)
    visit = await work.visits.lock(action.visit_id)
    if chosen is None or not chosen.isdecimal() or visit.customer_id is None:
        await outbox.say(work, pressed.to, texts.CHOOSE_FIRST, cause=f"{pressed.cause}>choose")
        return
    deal = await work.opportunities.lock(int(chosen))
    if deal.customer_id != visit.customer_id or deal.state != "open":
        await outbox.say(work, pressed.to, texts.CARD_UNKNOWN, cause=f"{pressed.cause}>unknown")
        return
    await outbox.close(
        work, pressed.card, texts.CLOSED_PICKED, cause=f"{pressed.cause}>closed", response_ref=pressed.response_ref
    )
    record = await load(work, visit)
    # which deal it was nobody knew when the draft was shown, so what does not go together comes up only now
    doubts = await consistency.doubts(ctx, work, visit, record, deal)
    visit.doubts = consistency.kept(visit.doubts, doubts, before=None, now=record)
    told = await put_with(ctx, work, deal, visit, record, member=pressed.member, cause=pressed.cause)
    picked = deal_texts.DEAL_PICKED.format(deal=await title(work, deal))
    asked = [*(f"⚠ {doubt.text}" for doubt in doubts), *([deal_texts.DOUBT_CORRECT_LATER] if doubts else [])]
    said = "\n".join(filter(None, [picked, told, *asked]))
    await outbox.say(work, pressed.to, said, cause=f"{pressed.cause}>picked")
    await _show_what_waits(ctx, work, visit, to=pressed.to, cause=pressed.cause)


# Orders in words

EXAMPLES = {
    "sql": "转SQL 恒力",
    "return": "退回市场 恒力 没有预算",
    "won": "赢单 恒力",
    "lost": "丢单 恒力 价格太高",
    "new": "新商机 恒力 二期扩产",
    "undo": "撤销阶段 恒力",
    "stage": "阶段 恒力 报价审批",
    "signing": "预计签约 恒力 12月20日",
    "cost": "成本 恒力 60万",
    "show": "商机 恒力",
}


def read(text: str, vocabulary: Vocabulary) -> DealOrder | None:
    return deal_words.read(text, vocabulary.stages)


async def run(ctx: Context, work: Work, member: Member, reply: Reply, order: DealOrder) -> bool:
    example = EXAMPLES[order.order]
    if order.order == "show":
        await _show(ctx, work, member, reply, order)
        return True
    if order.order == "new":
        await _new(work, member, reply, order, example)
        return True
    deal = await opportunities.said(ctx, work, reply, member, order.customer, order.rest, example=example)
    if deal is None:
        return True
    told = await _do(ctx, work, deal, member, reply, order)
    if told:
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>deal")
    if order.order == "stage" and told != texts.NOT_ALLOWED:
        await stages.show_what_waits(ctx, work, deal, to=reply.to, cause=reply.cause)
    return True


async def _do(ctx: Context, work: Work, deal: Opportunity, member: Member, reply: Reply, order: DealOrder) -> str:
    """Only whoever has the customer moves the deal; those who lead them may close it and take changes back."""
    is_own = await access.owns_deal(work, member, deal.opportunity_id)
    if not is_own and (
        order.order in ("sql", "stage", "signing", "cost") or not access.has_role(member, access.LEADERS)
    ):
        return texts.NOT_ALLOWED
    match order.order:
        case "sql":
            await leads.convert(ctx, work, deal, member=member, to=reply.to, cause=reply.cause)
            return ""
        case "stage":
            return await _stage_said(ctx, work, deal, member, reply, order.rest)
        case "undo":
            return await _undo(ctx, work, deal, member, reply)
        case "cost":
            return await _cost_said(work, deal, member, reply, order.rest)
        case "signing":
            return await _signing_said(ctx, work, deal, member, reply, order.rest)
        case _:
            return await _close(ctx, work, deal, member, reply, order)


async def _stage_said(ctx: Context, work: Work, deal: Opportunity, member: Member, reply: Reply, rest: str) -> str:
    names = ctx.settings.deals.funnel.names
    wanted = rest.split()[-1] if rest.split() else ""
    if wanted not in names:
        return deal_texts.NO_SUCH_STAGE.format(name=wanted, stages="、".join(names))
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    if wanted == deal.stage and waiting is not None:
        await stages.drop(ctx, work, waiting, member=member, cause=reply.cause)
        return deal_texts.JUMP_CANCELLED.format(deal=await title(work, deal), stage=deal.stage)
    if wanted == deal.stage:
        return deal_texts.NO_MOVE.format(deal=await title(work, deal), stage=deal.stage)
    return await stages.propose(ctx, work, deal, wanted, member=member, cause=reply.cause, words=reply.text)


async def _undo(ctx: Context, work: Work, deal: Opportunity, member: Member, reply: Reply) -> str:
    change = await work.opportunities.latest_applied(deal.opportunity_id)
    name = await title(work, deal)
    if change is None or change.to_stage != deal.stage or change.member_id is None:
        return deal_texts.NOTHING_TO_UNDO.format(deal=name)
    if change.member_id != member.member_id and not access.has_role(member, access.LEADERS):
        by = await work.members.get(change.member_id)
        return deal_texts.NOT_YOURS_TO_UNDO.format(deal=name, name=by.name)
    told = await stages.undo(ctx, work, deal, change, member=member, cause=reply.cause)
    if change.member_id != member.member_id:
        key = f"{stages.subject(change)}:undone"
        await notices.tell(ctx, work, change.member_id, f"{member.name}：{told}", key=key, subject=f"{key}:news")
    return told


async def _signing_said(ctx: Context, work: Work, deal: Opportunity, member: Member, reply: Reply, rest: str) -> str:
    today = ctx.day_of(reply.sent_at)
    found = dates.find(rest, reply.sent_at, ctx.settings.zone, ctx.settings.worked)
    days = [mention.due for mention in found if mention.due is not None and mention.due >= today]
    if not days:
        return deal_texts.SAY_WHICH_DAY
    told = await signing_dates.expect(ctx, work, deal, days[-1], member=member, cause=reply.cause, words=reply.text)
    return told or deal_texts.SIGNING_KEPT.format(on=wording.day(days[-1], today))


async def _cost_said(work: Work, deal: Opportunity, member: Member, reply: Reply, rest: str) -> str:
    amounts = [amount for amount in money.amounts(rest) if amount.unit is None and amount.high_fen is not None]
    if len(amounts) != 1:
        return deal_texts.COST_UNCLEAR
    [amount] = amounts
    assert amount.high_fen is not None  # only those were kept
    work.audit.note(
        "opportunity.cost",
        subject_of(deal),
        member_id=member.member_id,
        source=reply.cause,
        before={"cost_fen": deal.cost_fen},
        after={"cost_fen": amount.high_fen},
    )
    deal.cost_fen = amount.high_fen
    return deal_texts.COST_KEPT.format(deal=await title(work, deal), cost=wording.amount(amount.high_fen))


async def _close(ctx: Context, work: Work, deal: Opportunity, member: Member, reply: Reply, order: DealOrder) -> str:
    name, customer = await title(work, deal), await work.customers.get(deal.customer_id)
    if order.order == "lost" and not order.rest:
        return deal_texts.ASK_LOST.format(customer=customer.name)
    before = {"state": deal.state}
    states = {"won": "won", "lost": "lost", "return": "returned"}
    deal.state = states[order.order]  # type: ignore[assignment]  # a literal of the three
    deal.closing, deal.closed_at = order.rest or None, work.now
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    if waiting is not None:
        await stages.drop(ctx, work, waiting, member=member, cause=reply.cause)
    await signing_dates.lapse(work, deal, cause=reply.cause)
    await lead_scores.lapse(work, deal, cause=reply.cause)
    await stages.has_ended(ctx, work, deal, member=member, cause=reply.cause)
    work.audit.note(
        f"opportunity.{deal.state}",
        subject_of(deal),
        member_id=member.member_id,
        source=reply.cause,
        before={**before},
        after={"state": deal.state, "why": order.rest},
    )
    reason = f"：{order.rest}" if order.rest else ""
    told = {"won": deal_texts.WON, "lost": deal_texts.LOST, "return": deal_texts.RETURNED}[order.order]
    closed = f"{told.format(deal=name, reason=reason)}{deal_texts.REOPEN.format(customer=customer.name)}"
    return "\n".join(filter(None, [closed, await _still_approving(work, deal)]))


async def _still_approving(work: Work, deal: Opportunity) -> str:
    """What somebody is still asked to agree to, though the deal has ended: whoever asked may want it back."""
    approvals = await work.approvals.of_customer(deal.customer_id, limit=MOST_LISTED)
    waiting = [one for one in approvals if one.state == "open" and one.opportunity_id == deal.opportunity_id]
    if not waiting:
        return ""
    numbers = "、".join(str(one.approval_id) for one in waiting)
    return deal_texts.STILL_APPROVING.format(numbers=numbers, first=waiting[0].approval_id)


async def _new(work: Work, member: Member, reply: Reply, order: DealOrder, example: str) -> None:
    customer = await opportunities.customer_said(work, reply, member, order.customer, example=example)
    if customer is None:
        return
    await work.customers.lock(customer.customer_id)
    deals = await work.opportunities.open_of(customer.customer_id)
    told = deal_texts.NEW_DEAL.format(customer=customer.name, name=order.rest or customer.name)
    if any(deal.name == order.rest for deal in deals):
        told = deal_texts.DEAL_KNOWN if order.rest else deal_texts.NAME_THE_NEW
        told = told.format(customer=customer.name, name=order.rest)
    elif customer.owner_id != member.member_id:
        told = texts.NOT_ALLOWED
    else:
        await opportunities.begin(
            work, customer.customer_id, name=order.rest, member_id=member.member_id, cause=reply.cause
        )
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>deal")


# How it went


async def _show(ctx: Context, work: Work, member: Member, reply: Reply, order: DealOrder) -> None:
    if not order.customer:
        sight = await access.sight_of(work, member)
        rows = await work.opportunities.open_owned_by(sight.members, MOST_LISTED + 1)
        lines = [
            f"· {opportunities.titled(customer.name, deal.name)}：{_state(ctx, work, deal)}"
            for deal, customer in rows[:MOST_LISTED]
        ]
        heading = deal_texts.LISTED_MORE.format(count=MOST_LISTED)
        if len(rows) <= MOST_LISTED:
            heading = deal_texts.LISTED.format(count=len(rows), worth=_worth(ctx, [deal for deal, _ in rows]))
        told = "\n".join([heading, *lines]) if lines else deal_texts.NONE_LISTED
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>deals")
        return
    customer = await opportunities.customer_said(work, reply, member, order.customer, example=EXAMPLES["show"])
    if customer is None:
        return
    deals = await work.opportunities.all_of(customer.customer_id)
    told = "\n\n".join([await history(ctx, work, deal) for deal in deals])
    told = told or deal_texts.NO_DEAL.format(customer=customer.name)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>deals")


def _state(ctx: Context, work: Work, deal: Opportunity) -> str:
    if deal.stage is None or deal.stage_since is None:
        return deal_texts.NO_STAGE
    since, today = ctx.day_of(deal.stage_since), ctx.day_of(work.now)
    target = _target(ctx, deal.stage)
    is_over = target is not None and ctx.settings.working_time.days_between(since, today) > target
    over = deal_texts.OVER_TARGET.format(target=target) if is_over else ""
    return " · ".join(filter(None, [deal.stage, f"{(today - since).days} 天", over, deal_cards.amount_of(deal)]))


def _target(ctx: Context, stage: str) -> int | None:
    """Working days that a deal should take there; None: nobody has said."""
    known = ctx.settings.deals.funnel.stage(stage)
    return known.days if known is not None else None


def _worth(ctx: Context, deals: Sequence[Opportunity]) -> str:
    """What the listed deals are worth together, and by the weights of their stages; empty where no amount is known."""
    known = [deal for deal in deals if deal.amount_fen is not None]
    if not known:
        return ""
    weighted = 0
    for deal in known:
        stage = ctx.settings.deals.funnel.stage(deal.stage)
        weighted += (deal.amount_fen or 0) * (stage.weight or 0 if stage is not None else 0) // 100
    total = sum(deal.amount_fen or 0 for deal in known)
    return deal_texts.LISTED_WORTH.format(
        known=len(known), total=wording.amount(total), weighted=wording.amount(weighted)
    )


async def history(ctx: Context, work: Work, deal: Opportunity) -> str:
    """The stages with their dwell times in calendar days, the signing days, and what it waits for."""
    today = ctx.day_of(work.now)
    customer = await work.customers.get(deal.customer_id)
    owner = (await work.members.get(customer.owner_id)).name if customer.owner_id else deal_texts.NO_OWNER
    lines = [await _stage_line(ctx, work, deal, each, later) for each, later in _with_next(await _held(work, deal))]
    lines = lines or [deal_texts.HISTORY_NONE]
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    if waiting is not None:
        why = await stages.why_it_waits(ctx, work, deal, waiting)
        lines.append(deal_texts.HISTORY_PENDING.format(to=waiting.to_stage, why=why))
    if deal.lead == "mql":
        lines.append(deal_texts.HISTORY_LEAD)
    if await work.leads.behaviours(deal.opportunity_id):
        lines.append(score_texts.POINTS_SHORT.format(points=await lead_scores.points_of(ctx, work, deal)))
    if deal.amount_fen is not None:
        lines.append(deal_texts.HISTORY_AMOUNT.format(amount=wording.amount(deal.amount_fen)))
    signings = await work.opportunities.signings(deal.opportunity_id)
    if days := [wording.day(one.expected_on, today) for one in signings if one.state == "applied"]:
        lines.append(deal_texts.HISTORY_SIGNING.format(days=" → ".join(days)))
    frozen = await work.opportunities.frozen_signing(deal.opportunity_id)
    if frozen is not None:
        lines.append(deal_texts.HISTORY_FROZEN.format(on=wording.day(frozen.expected_on, today)))
    if deal.state != "open":
        lines.append(deal_texts.DEAL_STATES[deal.state] + (f"：{deal.closing}" if deal.closing else ""))
    return deal_texts.HISTORY.format(deal=await title(work, deal), owner=owner, lines="\n".join(lines))


async def _held(work: Work, deal: Opportunity) -> list[StageChange]:
    return [one for one in await work.opportunities.history(deal.opportunity_id) if one.decided_at is not None]


def _with_next(changes: list[StageChange]) -> list[tuple[StageChange, StageChange | None]]:
    return list(zip(changes, [*changes[1:], None][: len(changes)], strict=True))


async def _stage_line(
    ctx: Context, work: Work, deal: Opportunity, change: StageChange, later: StageChange | None
) -> str:
    assert change.decided_at is not None  # it was applied
    end = later.decided_at if later is not None else (deal.closed_at or work.now)
    assert end is not None  # it was applied
    why = deal_texts.HISTORY_JUMP.format(reason=change.jump_reason) if change.jump_reason else ""
    if change.waived and change.waived_by is not None:
        by = (await work.members.get(change.waived_by)).name
        why += deal_texts.HISTORY_WAIVED.format(name=by, missing="、".join(change.waived))
    line = deal_texts.HISTORY_NOW if later is None and deal.state == "open" else deal_texts.HISTORY_STAGE
    since = ctx.day_of(change.decided_at)
    target, took = _target(ctx, change.to_stage), ctx.settings.working_time.days_between(since, ctx.day_of(end))
    over = deal_texts.HISTORY_OVER.format(target=target, days=took) if target is not None and took > target else ""
    days = (ctx.day_of(end) - since).days
    return line.format(on=wording.day(since, ctx.day_of(work.now)), to=change.to_stage, days=days, why=over + why)
