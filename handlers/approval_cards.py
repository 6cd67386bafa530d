"""The card of whoever has to agree to a quote or a discount."""

from handlers import actions, texts
from handlers.messages import CardButton, CardField, OutboundCard
from storage.deal_models import Approval, ApprovalNode


def node_card(
    approval: Approval,
    node: ApprovalNode,
    card_id: str,
    *,
    customer: str,
    rep: str,
    amount: str,
    off: str,
    chain: str,
    until: str,
) -> OutboundCard:
    fields = [
        ("客户", customer),
        ("金额", amount),
        ("让利", off),
        ("申请人", rep),
        ("身份", node.label),
        ("期限", until),
    ]
    ids = {"approval_id": approval.approval_id, "turn": node.place}
    return OutboundCard(
        card_id=card_id,
        title=texts.APPROVAL_CARD[approval.kind],
        subtitle=texts.APPROVAL_NUMBER.format(number=approval.approval_id),
        tone="alert",
        fields=tuple(CardField(label=label, value=value) for label, value in fields if value),
        quote=f"「{approval.words}」",
        body=chain,
        buttons=(
            _button("同意", actions.ApproveNode(**ids), "primary"),
            _button("不同意", actions.RefuseNode(**ids), "danger"),
            _button("转上级", actions.RaiseNode(**ids)),
        ),
    )


def _button(text: str, action: actions.ApprovalAction, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})
