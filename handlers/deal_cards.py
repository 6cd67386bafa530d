"""The cards of deals: what a stage still needs, whom a note is about, what somebody up the line is asked, its grade."""

from collections.abc import Sequence

from handlers import actions, opportunities, score_texts, wording
from handlers.actions import DEAL_SELECT, NOT_CHOSEN, TAKER_SELECT
from handlers.cards import MAX_OPTIONS
from handlers.funnel import SQL
from handlers.messages import CardButton, CardField, CardOption, CardSelect, Frozen, OutboundCard
from storage.deal_models import Opportunity, StageChange

GATE, DEAL, WAIVER, UNLOCK = "stage_gate", "deal", "stage_change", "signing_date"
GRADE, GRADE_TAKEN, HANDOFF = "grade", "grade_taken", "lead_handoff"
"""Kinds of card."""


def _button(text: str, action: Frozen, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})


def _move(change: StageChange, unknown: str) -> str:
    return f"{change.from_stage or unknown} → {change.to_stage}"


def gate_card(
    change: StageChange, card_id: str, *, deal: str, missing: Sequence[str], skipped: Sequence[str], may_ask: bool
) -> OutboundCard:
    """What the stage that a note names still needs; it follows by itself once all is there."""
    documents = [need for need in missing if need != SQL]
    lines = []
    if documents:
        how = f"发图片或文件过来，再回复「这是{documents[0]}」，齐了我自动改。"
        lines = ["还缺的材料", *(f"· {need}" for need in documents), how]
    if SQL in missing:
        lines.append("· 还是 MQL：先核实预算区间和决策人，转为 SQL")
    if skipped:
        lines.append(f"跳过了{'、'.join(skipped)}：直接回复一句原因。")
    buttons = [_button("转 SQL", actions.ConvertLead(opportunity_id=change.opportunity_id))] * (SQL in missing)
    if missing and may_ask:
        buttons.append(_button("请主管放行", actions.AskWaiver(change_id=change.change_id)))
    buttons.append(_button("先不改", actions.DropStage(change_id=change.change_id), "neutral"))
    return OutboundCard(
        card_id=card_id,
        title="阶段待改 · 材料未齐" if missing else "阶段待改 · 要说明原因",
        subtitle=deal,
        fields=(CardField(label="阶段", value=_move(change, "未登记")),),
        body="\n".join(lines),
        quote=f"「{change.words}」" if change.words else "",
        buttons=tuple(buttons),
    )


def waiver_card(
    change: StageChange, card_id: str, *, deal: str, rep: str, missing: Sequence[str], since: str
) -> OutboundCard:
    """For whoever may let pass what is missing."""
    fields = [
        ("商机", deal),
        ("销售", rep),
        ("阶段", _move(change, "未登记")),
        ("还缺", "、".join(missing)),
        ("提出", since),
    ]
    if change.is_jump:
        fields.append(("跳级", change.jump_reason or "原因还没说"))
    return OutboundCard(
        card_id=card_id,
        title="阶段放行",
        subtitle=f"{rep}请您放行 {deal}",
        tone="alert",
        fields=tuple(CardField(label=label, value=value) for label, value in fields),
        body="放行后阶段按缺件改，缺什么、谁放行都留在商机记录里。",
        quote=f"「{change.words}」" if change.words else "",
        buttons=(
            _button("放行", actions.GrantWaiver(change_id=change.change_id), "primary"),
            _button("不放行", actions.RefuseWaiver(change_id=change.change_id), "danger"),
        ),
    )


def unlock_card(
    signing_id: int, card_id: str, *, deal: str, rep: str, moves: Sequence[tuple[str, str]], words: str
) -> OutboundCard:
    """For whoever may let the expected signing day move that far."""
    return OutboundCard(
        card_id=card_id,
        title="预计签约 · 申请解锁",
        subtitle=f"{rep}的{deal}",
        tone="alert",
        fields=tuple(CardField(label=label, value=value) for label, value in moves),
        body="解锁后改成新日期；不同意就保持原日期。",
        quote=f"「{words}」" if words else "",
        buttons=(
            _button("解锁", actions.UnlockSigning(signing_id=signing_id), "primary"),
            _button("不同意", actions.RefuseSigning(signing_id=signing_id), "danger"),
        ),
    )


def deal_card(
    visit_id: int, card_id: str, *, customer: str, deals: Sequence[Opportunity], text: str, unknown: str
) -> OutboundCard:
    """Which of a customer's deals a visit was about."""
    options = [CardOption(option_id=NOT_CHOSEN, text="请选择")]
    options += [
        CardOption(option_id=str(deal.opportunity_id), text=name_of(deal, unknown)) for deal in deals[:MAX_OPTIONS]
    ]
    return OutboundCard(
        card_id=card_id,
        title="是哪个商机",
        subtitle=customer,
        body=text,
        selects=(
            CardSelect(
                name=DEAL_SELECT,
                title="商机",
                options=tuple(options),
                selected=NOT_CHOSEN,
                action=actions.PickDeal(visit_id=visit_id).model_dump_json(),
            ),
        ),
        buttons=(_button("就是它", actions.PickDeal(visit_id=visit_id), "primary"),),
    )


def grade_card(
    finding_id: int, card_id: str, *, deal: str, total: str, was: str, now: str, lines: Sequence[str]
) -> OutboundCard:
    """What a deal's grading rests on, and the grade that it proposes for the customer."""
    return OutboundCard(
        card_id=card_id,
        title=score_texts.GRADE_TITLE,
        subtitle=deal,
        fields=(
            CardField(label="总分", value=total),
            CardField(label="等级", value=score_texts.GRADE_CHANGE.format(was=was, now=now)),
        ),
        body="\n".join(lines),
        body_in_one=True,
        buttons=(
            _button(f"改为 {now}", actions.TakeGrade(finding_id=finding_id), "primary"),
            _button("不变", actions.LeaveGrade(finding_id=finding_id)),
        ),
    )


def grade_taken_card(finding_id: int, card_id: str, *, told: str) -> OutboundCard:
    """What was changed, with the way back."""
    return OutboundCard(
        card_id=card_id,
        title=score_texts.GRADE_TAKEN_TITLE,
        body=told,
        buttons=(_button("撤销", actions.UndoFinding(finding_ids=(finding_id,))),),
    )


def handoff_card(
    handoff_id: int,
    card_id: str,
    *,
    deal: str,
    points: int,
    limit: int,
    owner: str,
    takers: Sequence[tuple[int, str]],
    lines: Sequence[str],
) -> OutboundCard:
    """For whoever is to say whose a lead becomes; `takers` are ids and what is said of each."""
    hand = actions.HandOnLead(handoff_id=handoff_id)
    options = [CardOption(option_id=NOT_CHOSEN, text="请选择")]
    options += [CardOption(option_id=str(member_id), text=text) for member_id, text in takers[:MAX_OPTIONS]]
    return OutboundCard(
        card_id=card_id,
        title=score_texts.HAND_TITLE,
        subtitle=score_texts.HAND_SUBTITLE.format(deal=deal, points=points),
        fields=(CardField(label="负责人", value=owner),),
        body="\n".join([*lines, score_texts.HAND_BODY.format(limit=limit)]),
        selects=(
            CardSelect(
                name=TAKER_SELECT,
                title="转给",
                options=tuple(options),
                selected=NOT_CHOSEN,
                action=hand.model_dump_json(),
            ),
        ),
        buttons=(
            _button("转交", hand, "primary"),
            _button("保持不变", actions.LeaveLead(handoff_id=handoff_id)),
        ),
    )


def name_of(deal: Opportunity, unknown: str) -> str:
    """What tells a deal from the customer's others."""
    return " · ".join(filter(None, [opportunities.name_of(deal), deal.stage or unknown, amount_of(deal)]))


def amount_of(deal: Opportunity) -> str:
    return wording.amount(deal.amount_fen) if deal.amount_fen is not None else ""
