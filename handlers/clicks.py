"""A button was pressed, or its number answered: who may, whether it still counts, and what it does."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from handlers import (
    access,
    actions,
    approval_answers,
    customer_view,
    deals,
    detail_replies,
    directory,
    drafts,
    escalation_answers,
    filing,
    grading,
    help_answers,
    lead_scores,
    leavers,
    objections,
    outbox,
    pictures,
    practice,
    risk_replies,
    rule_buttons,
    script_approval,
    sources,
    texts,
    todo_buttons,
)
from handlers.context import Context
from handlers.messages import CardClick, InboundMessage, Sender
from handlers.people import known
from handlers.pressed import Pressed
from handlers.record import load
from storage.jobs import Job
from storage.models import Card, Visit
from storage.visits import Source
from storage.work import Work

log = logging.getLogger(__name__)


async def run(ctx: Context, job: Job, message: InboundMessage) -> None:
    click = message.content
    assert isinstance(click, CardClick)  # the table of routes saw to it
    async with ctx.finishing(job) as work:
        await press(ctx, work, message, click)
    action = actions.read(click.action)
    log.info("card.pressed", extra={"card_id": click.card_id, "action": action.do if action else "unknown"})


async def press(ctx: Context, work: Work, message: InboundMessage, click: CardClick) -> None:
    member = await known(ctx, work, message.sender)
    cause = message.key
    card = await work.cards.find(click.card_id)
    refusal = _refusal(work, card, message.sender, click)
    if card is None or refusal:
        await outbox.say(work, message.sender, refusal or texts.CARD_UNKNOWN, cause=f"{cause}>refused")
        return
    action = actions.read(click.action)
    if action is None:
        await outbox.say(work, message.sender, texts.CARD_UNKNOWN, cause=f"{cause}>refused")
        return
    if not await access.may_press(work, member, action):
        await outbox.say(work, message.sender, texts.NOT_ALLOWED, cause=f"{cause}>refused")
        return
    pressed = Pressed(click, card, member, message)
    run = next(run for group, run in _GROUPS if isinstance(action, group))
    await run(ctx, work, action, pressed)


def _refusal(work: Work, card: Card | None, sender: Sender, click: CardClick) -> str:
    """Why this click does nothing; empty where it counts."""
    if card is None:
        return texts.CARD_UNKNOWN
    if (card.platform, card.user_id) != (sender.platform, sender.user_id):
        return texts.CARD_NOT_YOURS
    if card.state != "open":
        return texts.CARD_CLOSED.format(closing=card.closing)
    if card.expires_at <= work.now:
        return texts.CARD_EXPIRED if card.kind == "draft" else texts.CARD_EXPIRED_OTHER
    if click.action not in {choice["action"] for choice in card.choices}:
        return texts.CARD_UNKNOWN
    return ""


async def _on_visit(ctx: Context, work: Work, action: actions.VisitAction, pressed: Pressed) -> None:
    to, cause, member = pressed.to, pressed.cause, pressed.member
    visit = await drafts.of_card(work, action.visit_id, pressed)
    if visit is None:
        return
    chosen = drafts.chosen_customer(pressed.click.chosen)
    match action:
        case actions.ConfirmVisit():
            await drafts.confirm(
                ctx, work, visit, member=member, to=to, cause=cause, chosen=chosen, response_ref=pressed.response_ref
            )
        case actions.DiscardVisit():
            await drafts.discard(work, visit, member=member, to=to, cause=cause, response_ref=pressed.response_ref)
        case actions.ShowSources():
            await outbox.say(work, to, await sources.text(ctx, work, visit), cause=f"{cause}>sources")
        case actions.ChangeCustomer():
            now = await load(work, visit)
            await drafts.ask_for_customer(ctx, work, visit, now, to=to, cause=cause)
        case actions.PickCustomer():
            await _pick(ctx, work, visit, chosen, pressed)


async def _pick(ctx: Context, work: Work, visit: Visit, chosen: str | None, pressed: Pressed) -> None:
    to, cause, member = pressed.to, pressed.cause, pressed.member
    said = (await load(work, visit)).customer
    name = said.name if chosen == actions.NEW_CUSTOMER and said else chosen
    if name is None:
        await outbox.say(work, to, texts.CHOOSE_FIRST, cause=f"{cause}>choose")
        return
    sent_at = pressed.message.sent_at
    picked = await work.visits.keep_evidence(cause, member.member_id, "text", sent_at=sent_at, text=name)
    picked.visit_id = visit.visit_id
    if pressed.card.kind == "customer":
        closing = texts.CLOSED_PICKED
        await outbox.close(work, pressed.card, closing, cause=f"{cause}>closed", response_ref=pressed.response_ref)
    source = Source(picked.evidence_id, 0, len(name), name, engine="picked")
    await drafts.pick_customer(ctx, work, visit, name, source=source, member=member, to=to, cause=cause)


async def _on_picture(ctx: Context, work: Work, action: actions.PictureAction, pressed: Pressed) -> None:
    await pictures.press(ctx, work, action, pressed.click, pressed.card, member=pressed.member, message=pressed.message)


async def _on_people(ctx: Context, work: Work, action: actions.PeopleAction, pressed: Pressed) -> None:
    await (directory if directory.concerns(action) else leavers).press(ctx, work, action, pressed)


_GROUPS: tuple[tuple[Any, Callable[[Context, Work, Any, Pressed], Awaitable[None]]], ...] = (
    (actions.VisitAction, _on_visit),
    (actions.RiskAction, risk_replies.press),
    (actions.DetailAction, detail_replies.press),
    (actions.PictureAction, _on_picture),
    (actions.FilingAction, filing.press),
    (actions.TodoAction, todo_buttons.press),
    (actions.PeopleAction, _on_people),
    (actions.ProposalAction, script_approval.press),
    (actions.RuleAction, rule_buttons.press),
    (actions.ScriptAction, objections.press),
    (actions.PracticeAction, practice.press),
    (actions.DealAction, deals.press),
    (actions.GradeAction, grading.press),
    (actions.LeadAction, lead_scores.press),
    (actions.ViewAction, customer_view.press),
    (actions.RequestAction, help_answers.press),
    (actions.ApprovalAction, approval_answers.press),
    (actions.EscalationAction, escalation_answers.press),
)
"""What carries out each group of actions."""
