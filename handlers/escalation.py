"""Risk signals go up the line: one card to the manager, and what the manager did comes back to the rep."""

from handlers import actions, cards, groups, outbox, texts, wording
from handlers.actions import ASSIGNEE_SELECT, NOT_CHOSEN
from handlers.context import Context
from handlers.messages import Sender
from handlers.pressed import Pressed
from handlers.record import Record, load
from storage.models import Escalation, EscalationState, Member, Visit
from storage.work import Work


async def raise_for(
    ctx: Context, work: Work, visit: Visit, record: Record, *, member: Member, customer: str, cause: str
) -> str:
    """Tell the manager of the visit's risk signals; answers what to tell the rep, empty when there is no risk."""
    if not record.risks:
        return ""
    manager = await work.members.manager_of(member)
    if manager is None:
        return texts.NO_MANAGER
    address = await ctx.reach(work, manager.member_id, prefer=visit.platform)
    if address is None:
        return texts.MANAGER_UNREACHABLE.format(manager=manager.name)
    card_id = outbox.new_card_id("risk", visit.visit_id)
    escalation = await work.escalations.open(visit, manager.member_id, card_id)
    team = [(rep.member_id, rep.name) for rep in await work.members.team_of(manager.member_id)]
    # the rep who was there is the likeliest choice
    team.sort(key=lambda person: person[0] != member.member_id)
    card = cards.escalation_card(
        escalation,
        record,
        card_id,
        customer=customer,
        rep=member.name,
        visited_on=visit.visited_on,
        team=team,
        today=ctx.day_of(work.now),
    )
    await outbox.show(work, address, card, kind="escalation", life=ctx.settings.card_life, cause=f"{cause}>risk")
    await groups.announce_escalation(ctx, work, card, manager=manager, cause=f"{cause}>risk")
    work.audit.note(
        "escalation.opened",
        f"escalation:{escalation.escalation_id}",
        member_id=member.member_id,
        source=cause,
        after={"manager_id": manager.member_id, "visit_id": visit.visit_id},
    )
    told = texts.ESCALATED if await ctx.is_within_reach(work, address) else texts.ESCALATED_IF_WRITTEN
    return told.format(manager=manager.name)


DECISIONS: dict[type[actions.Action], EscalationState] = {
    actions.TakeEscalation: "taken",
    actions.AssignEscalation: "assigned",
    actions.ResolveEscalation: "resolved",
    actions.DismissEscalation: "false_alarm",
}


async def press(ctx: Context, work: Work, action: actions.EscalationAction, pressed: Pressed) -> None:
    await decide(
        ctx,
        work,
        await work.escalations.get(action.escalation_id),
        DECISIONS[type(action)],
        by=pressed.member,
        to=pressed.to,
        cause=pressed.cause,
        chosen=pressed.click.chosen,
        response_ref=pressed.response_ref,
    )


async def decide(
    ctx: Context,
    work: Work,
    escalation: Escalation,
    state: EscalationState,
    *,
    by: Member,
    to: Sender,
    cause: str,
    chosen: dict[str, tuple[str, ...]],
    response_ref: str | None,
) -> None:
    """The manager's answer: noted, shown on the card, told to the rep and to whoever is to follow up."""
    assignee = None
    if state == "assigned":
        assignee = await _assignee(work, chosen, by)
        if assignee is None:
            await outbox.say(work, to, texts.CHOOSE_FIRST, cause=f"{cause}>choose")
            return
    before = escalation.state
    work.escalations.decide(escalation, state, by.member_id, assignee_id=assignee.member_id if assignee else None)
    work.audit.note(
        f"escalation.{state}",
        f"escalation:{escalation.escalation_id}",
        member_id=by.member_id,
        source=cause,
        before={"state": before},
        after={"state": state, "assignee_id": assignee.member_id if assignee else None},
    )
    card = await work.cards.find(escalation.card_id) if escalation.card_id else None
    if card is not None:
        closing = _closing(state, by, assignee)
        await outbox.close(work, card, closing, cause=f"{cause}>closed", response_ref=response_ref)
    await _tell(ctx, work, escalation, state, by=by, assignee=assignee, to=to, cause=cause)


async def _assignee(work: Work, chosen: dict[str, tuple[str, ...]], by: Member) -> Member | None:
    """Whom the manager picked: somebody of their own team, whatever the click says."""
    picked = chosen.get(ASSIGNEE_SELECT, (NOT_CHOSEN,))[0]
    team = {str(member.member_id): member for member in await work.members.team_of(by.member_id)}
    return team.get(picked)


def _closing(state: EscalationState, by: Member, assignee: Member | None) -> str:
    match state:
        case "assigned" if assignee:
            return f"已指派{assignee.name}"
        case "resolved":
            return "已处理"
        case "false_alarm":
            return "已标为误报"
        case _:
            return f"{by.name}跟进中"


async def _tell(
    ctx: Context,
    work: Work,
    escalation: Escalation,
    state: EscalationState,
    *,
    by: Member,
    assignee: Member | None,
    to: Sender,
    cause: str,
) -> None:
    assert escalation.visit_id is not None  # those of other kinds are yet to come
    visit = await work.visits.get(escalation.visit_id)
    customer = (await work.customers.get(visit.customer_id)).name if visit.customer_id else "客户"
    names = {"manager": by.name, "customer": customer, "assignee": assignee.name if assignee else ""}
    sentence = {
        "taken": texts.ESCALATION_TAKEN,
        "assigned": texts.ESCALATION_ASSIGNED,
        "resolved": texts.ESCALATION_RESOLVED,
        "false_alarm": texts.ESCALATION_DISMISSED,
    }[state].format(**names)
    told = {escalation.member_id, by.member_id}
    request = ""
    if assignee is not None:
        risks = "、".join(risk.words for risk in (await load(work, visit)).risks)
        request = texts.ESCALATION_ASSIGNED_TO_YOU.format(
            **names, words=risks or wording.day(visit.visited_on, visit.visited_on)
        )
    rep = await ctx.reach(work, escalation.member_id, prefer=visit.platform)
    if rep is not None:
        is_theirs = assignee is not None and assignee.member_id == escalation.member_id
        await outbox.say(work, rep, request if is_theirs else sentence, cause=f"{cause}>rep")
    if assignee is not None and assignee.member_id not in told:
        address = await ctx.reach(work, assignee.member_id, prefer=visit.platform)
        if address is not None:
            await outbox.say(work, address, request, cause=f"{cause}>assignee")
    await outbox.say(work, to, texts.DECIDED if rep is not None else texts.DECIDED_UNTOLD, cause=f"{cause}>decided")
