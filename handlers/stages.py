"""How a deal moves through the funnel: proposed by a note or in words, held up by what is missing, applied, taken back.

A stage change waits as `proposed` until nothing is missing and a jump has its reason, and then follows by itself; what
is missing may also be let pass by somebody up the line (`handlers.asking_up`). A deal has one such change at most. The
customer's own stage, on which rules and reports rest, is that of its deal that moved last.
"""

from collections.abc import Collection, Sequence

from handlers import (
    after_visits,
    asking_up,
    customer_rules,
    deal_cards,
    deal_texts,
    escalation,
    key_nodes,
    notices,
    outbox,
    texts,
    wording,
)
from handlers.asking_up import Asked
from handlers.context import Context
from handlers.funnel import Proof, missing
from handlers.messages import OutboundCard
from handlers.opportunities import subject_of, title
from handlers.outbox import Recipient
from handlers.pressed import Pressed
from handlers.reply import Reply
from storage.deal_models import HelpRequest, Opportunity, StageChange
from storage.models import Customer, Member, Question
from storage.work import Work

KIND = "stage_change"
JUMP = "stage_jump"
"""The question why a deal jumps over stages."""
MOST_REASON = 100
DEPARTMENT_OF = {"技术部确认": "技术"}
"""What a department's answer to a request proves, as a document of that kind would, where it says that it does."""


def subject(change: StageChange) -> str:
    return f"{KIND}:{change.change_id}"


# Proposing


async def propose(
    ctx: Context,
    work: Work,
    deal: Opportunity,
    to_stage: str,
    *,
    member: Member,
    cause: str,
    words: str,
    visit_id: int | None = None,
) -> str:
    """Let the deal go into that stage, now or once it may; answers what to tell whoever asked. The deal is locked.

    What keeps it is to be shown with `show_what_waits`, behind that answer.
    """
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    if to_stage == deal.stage:
        if waiting is not None:
            await drop(ctx, work, waiting, member=member, cause=cause)
        return ""
    if waiting is not None and waiting.to_stage != to_stage:
        await drop(ctx, work, waiting, member=member, cause=cause)
        waiting = None
    if waiting is None:
        waiting = await work.opportunities.add_change(
            StageChange(
                opportunity_id=deal.opportunity_id,
                cause=f"{cause}>{deal.opportunity_id}",
                from_stage=deal.stage,
                from_since=deal.stage_since,
                to_stage=to_stage,
                state="proposed",
                member_id=member.member_id,
                visit_id=visit_id,
                words=words,
                is_jump=bool(ctx.settings.deals.funnel.left_out(deal.stage, to_stage)),
                waived=[],
                created_at=work.now,
            )
        )
    lacking = await lacks(ctx, work, deal, waiting)
    if not lacking and not needs_reason(waiting):
        return await apply(ctx, work, deal, waiting, cause=cause)
    return deal_texts.WAITS.format(to=to_stage, why=_why(ctx, deal, waiting, lacking))


async def show_what_waits(ctx: Context, work: Work, deal: Opportunity, *, to: Recipient, cause: str) -> None:
    """The card about the stage that waits; nothing where none does."""
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    if waiting is not None:
        lacking = await lacks(ctx, work, deal, waiting)
        await _show_gate(ctx, work, deal, waiting, lacking, to=to, cause=cause)


async def recheck(ctx: Context, work: Work, customer_id: int, *, cause: str) -> None:
    """Something came in for that customer: what waited for it follows."""
    for one in await work.opportunities.open_of(customer_id):
        deal = await work.opportunities.lock(one.opportunity_id)
        change = await work.opportunities.proposed(deal.opportunity_id)
        if change is None or needs_reason(change) or await lacks(ctx, work, deal, change):
            continue
        moved = await apply(ctx, work, deal, change, cause=cause)
        await _tell_rep(
            ctx, work, deal, change, deal_texts.MOVED_LATER.format(deal=await title(work, deal), moved=moved)
        )


async def still_lacking(ctx: Context, work: Work, customer_id: int, labels: Collection[str]) -> str:
    """Of stages that wait for documents of these kinds, which have come now, what each lacks yet; empty: nothing does.

    The card about it was sent before; whoever sends one paper of two is told which one is left.
    """
    lines = []
    for deal in await work.opportunities.open_of(customer_id):
        change = await work.opportunities.proposed(deal.opportunity_id)
        if change is None:
            continue
        wanted = {
            need for stage in ctx.settings.deals.funnel.passed(deal.stage, change.to_stage) for need in stage.needs
        }
        why = await why_it_waits(ctx, work, deal, change) if wanted & {*labels} else ""
        if why:
            lines.append(deal_texts.STILL_WAITS.format(deal=await title(work, deal), to=change.to_stage, why=why))
    return "\n".join(lines)


def needs_reason(change: StageChange) -> bool:
    return change.is_jump and not change.jump_reason


async def lacks(ctx: Context, work: Work, deal: Opportunity, change: StageChange) -> tuple[str, ...]:
    """What keeps the deal from that stage."""
    return missing(ctx.settings.deals.funnel, deal.stage, change.to_stage, await _proof(work, deal, change))


async def _proof(
    work: Work, deal: Opportunity, change: StageChange | None, *, documents: Collection[str] = ()
) -> Proof:
    """What there is for a deal, with those documents besides, and all that was ever let pass for it."""
    earlier = await work.opportunities.history(deal.opportunity_id)
    waived = {need for one in (*earlier, *([change] if change else [])) for need in one.waived}
    return Proof({*await proofs(work, deal), *documents}, is_sql=deal.lead == "sql", waived=waived)


async def proofs(work: Work, deal: Opportunity) -> frozenset[str]:
    """The documents in its file, and what answers of departments stand for."""
    departments = await work.opportunities.confirming_departments(deal)
    confirmed = {need for need, department in DEPARTMENT_OF.items() if department in departments}
    return await work.opportunities.documents(deal) | confirmed


def word_of(department: str) -> str:
    """What that department's confirmation is called where stages need it; empty: none does."""
    return next((need for need, one in DEPARTMENT_OF.items() if one == department), "")


async def word_wanted(ctx: Context, work: Work, request: HelpRequest) -> str:
    """What the answer to a request could prove of a deal that still has to prove it (技术部确认); empty: nothing."""
    need = word_of(request.department)
    if not need or request.customer_id is None:
        return ""
    last = ctx.settings.deals.funnel.names[-1]
    for deal in await work.opportunities.open_of(request.customer_id):
        is_meant = request.opportunity_id in (None, deal.opportunity_id)
        if is_meant and need in missing(ctx.settings.deals.funnel, deal.stage, last, await _proof(work, deal, None)):
            return need
    return ""


async def would_wait(
    ctx: Context, work: Work, deal: Opportunity, to_stage: str, *, documents: Collection[str] = ()
) -> str:
    """What would keep the deal from that stage, in a line for a draft's card; empty: nothing.

    `documents` are the labels of what the draft itself brings. The deal may be one that is not kept yet.
    """
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    if waiting is not None and waiting.to_stage != to_stage:
        waiting = None
    funnel = ctx.settings.deals.funnel
    lacking = missing(funnel, deal.stage, to_stage, await _proof(work, deal, waiting, documents=documents))
    is_explained = waiting is not None and not needs_reason(waiting)
    return _reasons(lacking, None if is_explained else funnel.left_out(deal.stage, to_stage) or None)


async def why_it_waits(ctx: Context, work: Work, deal: Opportunity, change: StageChange) -> str:
    return _why(ctx, deal, change, await lacks(ctx, work, deal, change))


def _why(ctx: Context, deal: Opportunity, change: StageChange, lacking: Sequence[str]) -> str:
    return _reasons(lacking, _unexplained(ctx, deal, change))


def _unexplained(ctx: Context, deal: Opportunity, change: StageChange) -> Sequence[str] | None:
    """The stages that it jumps over; None where it is no jump, or somebody has said why."""
    return ctx.settings.deals.funnel.left_out(deal.stage, change.to_stage) if needs_reason(change) else None


def _reasons(lacking: Sequence[str], skipped: Sequence[str] | None) -> str:
    parts = [deal_texts.WAITS_MISSING.format(missing="、".join(lacking))] if lacking else []
    parts += [deal_texts.WAITS_JUMP.format(skipped="、".join(skipped))] if skipped is not None else []
    return "，".join(parts)


async def _show_gate(
    ctx: Context,
    work: Work,
    deal: Opportunity,
    change: StageChange,
    lacking: Sequence[str],
    *,
    to: Recipient,
    cause: str,
) -> None:
    """The card about what is missing, in place of the one before; a jump's reason is asked for."""
    await _close_gate(work, change, texts.CLOSED_REPLACED, cause=f"{cause}>gate-replaced")
    name = await title(work, deal)
    skipped = _unexplained(ctx, deal, change) or ()
    change.card_id = outbox.new_card_id("gate", change.change_id)
    card = deal_cards.gate_card(
        change, change.card_id, deal=name, missing=lacking, skipped=skipped, may_ask=change.asked_at is None
    )
    await outbox.show(
        work, to, card, kind=deal_cards.GATE, life=ctx.settings.todo_life, cause=f"{cause}>gate:{change.change_id}"
    )
    if skipped and change.member_id is not None:
        await work.questions.ask(change.member_id, JUMP, subject(change), life=ctx.settings.question_life)
        text = deal_texts.ASK_JUMP.format(deal=name, was=deal.stage, to=change.to_stage, skipped="、".join(skipped))
        await outbox.say(work, to, text, cause=f"{cause}>jump:{change.change_id}")


async def _close_gate(
    work: Work, change: StageChange, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    await outbox.close_shown(work, change.card_id, closing, cause=cause, pressed=pressed)
    change.card_id = None


# Applying, dropping, taking back


async def apply(ctx: Context, work: Work, deal: Opportunity, change: StageChange, *, cause: str) -> str:
    """The deal is in that stage from now on; answers what to say of it."""
    change.from_stage, change.from_since = deal.stage, deal.stage_since
    change.state, change.decided_at = "applied", work.now
    deal.stage, deal.stage_since = change.to_stage, work.now
    await _ask_no_more(work, deal, change, texts.CLOSED_STAGE_MOVED, cause=cause, gate=f"{cause}>moved")
    work.audit.note(
        "stage.changed",
        subject_of(deal),
        member_id=change.member_id,
        source=cause,
        before={"stage": change.from_stage},
        after={"stage": change.to_stage, "waived": list(change.waived), "visit_id": change.visit_id},
    )
    await _follow_up(ctx, work, deal, change, cause=cause)
    await key_nodes.stage_entered(ctx, work, deal.customer_id, change.to_stage, cause=subject(change))
    if change.from_stage is None:
        return deal_texts.REGISTERED.format(to=change.to_stage)
    return deal_texts.MOVED.format(was=change.from_stage, to=change.to_stage)


async def _follow_up(ctx: Context, work: Work, deal: Opportunity, change: StageChange, *, cause: str) -> None:
    """What rests on the stage that the deal left, and on the one it is in now."""
    customer = await _mirror(work, deal.customer_id)
    if change.member_id is None:
        return
    member = await work.members.get(change.member_id)
    await customer_rules.end_stalled(
        ctx, work, customer.customer_id, change.from_since, member_id=member.member_id, cause=cause
    )
    await after_visits.on_stage(ctx, work, customer, change.to_stage, member, cause)


async def _mirror(work: Work, customer_id: int) -> Customer:
    """The customer is where its open deal is that moved last."""
    customer = await work.customers.lock(customer_id)
    moved = [deal for deal in await work.opportunities.open_of(customer_id) if deal.stage is not None]
    latest = max(moved, key=lambda deal: (deal.stage_since is not None, deal.stage_since), default=None)
    work.customers.set_stage(customer, latest.stage if latest else None, since=latest.stage_since if latest else None)
    return customer


async def has_ended(ctx: Context, work: Work, deal: Opportunity, *, member: Member, cause: str) -> None:
    """Nobody waits for it any more."""
    await _mirror(work, deal.customer_id)
    await customer_rules.end_stalled(
        ctx, work, deal.customer_id, deal.stage_since, member_id=member.member_id, cause=cause
    )


async def drop(
    ctx: Context, work: Work, change: StageChange, *, member: Member, cause: str, pressed: Pressed | None = None
) -> None:
    """Nobody wants it any more."""
    deal = await work.opportunities.get(change.opportunity_id)
    change.state, change.decided_at = "dropped", work.now
    closing, gate = texts.CLOSED_STAGE_KEPT, f"{cause}>dropped"
    await _ask_no_more(work, deal, change, closing, cause=cause, gate=gate, pressed=pressed)
    work.audit.note(
        "stage.dropped", subject_of(deal), member_id=member.member_id, source=cause, before={"stage": change.to_stage}
    )


async def _ask_no_more(
    work: Work,
    deal: Opportunity,
    change: StageChange,
    closing: str,
    *,
    cause: str,
    gate: str,
    pressed: Pressed | None = None,
) -> None:
    """Its cards, its question and its timers are done with."""
    await _close_gate(work, change, closing, cause=gate, pressed=pressed)
    await asking_up.close(work, await _asked(work, deal, change), closing, cause=cause)
    if change.member_id is not None:
        await work.questions.close(change.member_id, JUMP, subject(change))


async def undo(ctx: Context, work: Work, deal: Opportunity, change: StageChange, *, member: Member, cause: str) -> str:
    """Back to the stage before the latest change, since when it was there."""
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    if waiting is not None:
        await drop(ctx, work, waiting, member=member, cause=cause)
    await customer_rules.end_stalled(
        ctx, work, deal.customer_id, deal.stage_since, member_id=member.member_id, cause=cause
    )
    change.state, change.undone_at = "undone", work.now
    deal.stage, deal.stage_since = change.from_stage, change.from_since
    await _mirror(work, deal.customer_id)
    work.audit.note(
        "stage.undone",
        subject_of(deal),
        member_id=member.member_id,
        source=cause,
        before={"stage": change.to_stage},
        after={"stage": change.from_stage},
    )
    was = change.from_stage or deal_texts.NO_STAGE
    return deal_texts.UNDONE.format(deal=await title(work, deal), to=change.to_stage, was=was)


# Why a jump


async def take_reason(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    said = reply.text.strip(" \n。.！!，,")
    if reply.is_aside or not said or len(said) > MOST_REASON:
        return False
    found = await work.opportunities.find_change(int(question.subject.removeprefix(f"{KIND}:")))
    if found is None or found.state != "proposed":
        await work.questions.close(member.member_id, JUMP, question.subject)
        return False
    deal = await work.opportunities.lock(found.opportunity_id)
    change = await work.opportunities.lock_change(found.change_id)
    customer = (await work.customers.get(deal.customer_id)).name
    if reply.is_of_another(customer) or reply.reads_as_note:
        return False
    await work.questions.close(member.member_id, JUMP, question.subject)
    if said in deal_texts.CANCELLED:
        await drop(ctx, work, change, member=member, cause=reply.cause)
        told = deal_texts.JUMP_CANCELLED.format(deal=await title(work, deal), stage=deal.stage)
    else:
        change.jump_reason = said
        work.audit.note(
            "stage.jump_explained",
            subject_of(deal),
            member_id=member.member_id,
            source=reply.cause,
            after={"why": said},
        )
        told = f"{deal_texts.JUMP_KEPT}{await _follow(ctx, work, deal, change, cause=reply.cause)}"
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>jump")
    await show_what_waits(ctx, work, deal, to=reply.to, cause=reply.cause)
    return True


async def _follow(ctx: Context, work: Work, deal: Opportunity, change: StageChange, *, cause: str) -> str:
    """Apply it where nothing is missing any more; answers what to say."""
    lacking = await lacks(ctx, work, deal, change)
    if not lacking and not needs_reason(change):
        return await apply(ctx, work, deal, change, cause=cause)
    asked = await _asked(work, deal, change)
    await asking_up.renew(ctx, work, asked, cause=cause)
    return deal_texts.WAITS.format(to=change.to_stage, why=_why(ctx, deal, change, lacking))


# Letting pass


async def ask_waiver(ctx: Context, work: Work, change: StageChange, pressed: Pressed) -> None:
    deal = await work.opportunities.lock(change.opportunity_id)
    lacking = await lacks(ctx, work, deal, change)
    asked = await _asked(work, deal, change)
    line = await asking_up.line_of(ctx, work, asked.rep)
    if change.asked_at is not None or not lacking:
        told = await _follow(ctx, work, deal, change, cause=pressed.cause)
        await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>waiver")
        await show_what_waits(ctx, work, deal, to=pressed.to, cause=pressed.cause)
        return
    if not line:
        await escalation.tell_admins(ctx, work, asked.rep, texts.NOBODY_ABOVE)
        await outbox.say(work, pressed.to, deal_texts.WAIVER_NOBODY, cause=f"{pressed.cause}>waiver")
        return
    at = await asking_up.ask(ctx, work, asked, line[0], cause=pressed.cause)
    when = ""
    if at > work.now:
        clock = wording.clock_time(at, ctx.settings.zone, ctx.day_of(work.now))
        when = deal_texts.WAIVER_LATER.format(name=line[0].name, at=clock)
    told = deal_texts.WAIVER_ASKED.format(
        name=line[0].name,
        deal=asked.deal,
        was=deal.stage or deal_texts.NO_STAGE,
        to=change.to_stage,
        missing="、".join(lacking),
        when=when,
    )
    await _close_gate(work, change, texts.CLOSED_WAIVER_ASKED, cause=f"{pressed.cause}>gate", pressed=pressed)
    await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>waiver")


async def grant(ctx: Context, work: Work, change: StageChange, pressed: Pressed) -> None:
    """What is missing now is let pass; a jump still wants its reason."""
    deal = await work.opportunities.lock(change.opportunity_id)
    lacking = await lacks(ctx, work, deal, change)
    asked = await _asked(work, deal, change)
    change.waived, change.waived_by = list(lacking), pressed.member.member_id
    await asking_up.close(work, asked, texts.CLOSED_WAIVED, cause=pressed.cause, pressed=pressed)
    work.audit.note(
        "stage.waived",
        subject_of(deal),
        member_id=pressed.member.member_id,
        source=pressed.cause,
        after={"stage": change.to_stage, "waived": list(lacking)},
    )
    name, names = await title(work, deal), {"name": pressed.member.name, "missing": "、".join(lacking)}
    if needs_reason(change):
        told = deal_texts.WAIVER_GRANTED_WAITS.format(deal=name, why=_why(ctx, deal, change, ()), **names)
    else:
        moved = await apply(ctx, work, deal, change, cause=pressed.cause)
        told = deal_texts.WAIVER_GRANTED.format(deal=name, moved=moved, **names)
    await asking_up.answer(ctx, work, asked, pressed, rep=told, done=deal_texts.DONE_WAIVED)


async def refuse(ctx: Context, work: Work, change: StageChange, pressed: Pressed) -> None:
    """It stays proposed: the documents may still come."""
    deal = await work.opportunities.lock(change.opportunity_id)
    lacking = await lacks(ctx, work, deal, change)
    asked = await _asked(work, deal, change)
    await asking_up.close(work, asked, texts.CLOSED_NOT_WAIVED, cause=pressed.cause, pressed=pressed)
    change.asked_of, change.asked_at = None, None
    work.audit.note(
        "stage.waiver_refused",
        subject_of(deal),
        member_id=pressed.member.member_id,
        source=pressed.cause,
        after={"stage": change.to_stage},
    )
    told = deal_texts.WAIVER_REFUSED.format(
        name=pressed.member.name,
        deal=asked.deal,
        was=deal.stage or deal_texts.NO_STAGE,
        to=change.to_stage,
        missing="、".join(lacking),
    )
    await asking_up.answer(ctx, work, asked, pressed, rep=told, done=deal_texts.DONE_REFUSED)


async def _tell_rep(ctx: Context, work: Work, deal: Opportunity, change: StageChange, text: str) -> None:
    """News of what followed by itself."""
    rep = await _rep(work, deal, change)
    key = f"{subject(change)}:{change.state}:{len(change.waived)}:{work.now.isoformat()}"
    await notices.tell(ctx, work, rep.member_id, text, key=key, subject=f"{subject(change)}:news")


async def _rep(work: Work, deal: Opportunity, change: StageChange) -> Member:
    """Who has the customer now; whoever proposed it, where nobody has."""
    owner_id = (await work.customers.get(deal.customer_id)).owner_id
    member_id = owner_id or change.member_id
    assert member_id is not None  # a change is proposed by somebody
    return await work.members.get(member_id)


# Asked up the line


async def _asked(work: Work, deal: Opportunity, change: StageChange) -> Asked:
    return Asked(
        change, subject(change), await _rep(work, deal, change), await title(work, deal), deal_texts.WHAT_WAIVER
    )


async def _find(work: Work, change_id: int) -> Asked | None:
    found = await work.opportunities.find_change(change_id)
    if found is None:
        return None
    deal = await work.opportunities.lock(found.opportunity_id)
    change = await work.opportunities.lock_change(change_id)
    return await _asked(work, deal, change) if change.state == "proposed" and change.asked_of is not None else None


async def _card(ctx: Context, work: Work, asked: Asked, card_id: str) -> OutboundCard:
    change = asked.row
    assert isinstance(change, StageChange)  # found by `_find`
    deal = await work.opportunities.get(change.opportunity_id)
    since = wording.clock_time(change.created_at, ctx.settings.zone, ctx.day_of(work.now))
    return deal_cards.waiver_card(
        change,
        card_id,
        deal=asked.deal,
        rep=asked.rep.name,
        missing=await lacks(ctx, work, deal, change),
        since=since,
    )


asking_up.KINDS[KIND] = asking_up.Kind(_find, _card)
