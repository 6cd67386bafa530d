"""The card on which whoever may approve a script sees what was proposed."""

from handlers import actions
from handlers.messages import CardButton, CardField, OutboundCard
from storage.models import Script, ScriptProposal

CHANGED_TO = " → "
NOTHING = "（空）"


def approval_card(
    script: Script,
    proposal: ScriptProposal,
    card_id: str,
    *,
    by: str,
    source: str = "",
    late: str = "",
) -> OutboundCard:
    """A draft as it stands, or what a change would change; `source` is the record it was taken from."""
    is_new = proposal.base_version is None
    fields = _whole(script) if is_new else _changes(script, proposal)
    return OutboundCard(
        card_id=card_id,
        title="话术待审批",
        subtitle=f"{by}提议{'新增' if is_new else '修改'} {script.code}「{script.title}」{late}",
        fields=(*fields, *([CardField(label="来源", value=source)] if source else [])),
        body=script.body if is_new else _bodies(script, proposal),
        buttons=(
            _button("通过", actions.ApproveScript(proposal_id=proposal.proposal_id), "primary"),
            _button("退回", actions.ReturnScript(proposal_id=proposal.proposal_id), "danger"),
        ),
    )


def _whole(script: Script) -> list[CardField]:
    rows = (
        ("标题", script.title),
        ("客户会说", " / ".join(script.phrasings)),
        ("类型", script.plan_kind),
        ("类别", script.category),
    )
    return [CardField(label=label, value=value) for label, value in rows if value]


def _changes(script: Script, proposal: ScriptProposal) -> list[CardField]:
    labels = {"title": "标题", "phrasings": "客户会说", "plan_kind": "类型", "category": "类别"}
    return [
        CardField(label=label, value=_said(getattr(script, name)) + CHANGED_TO + _said(proposal.changes[name]))
        for name, label in labels.items()
        if name in proposal.changes
    ]


def _bodies(script: Script, proposal: ScriptProposal) -> str:
    new = proposal.changes.get("body")
    return f"原话术：\n{script.body}\n改为：\n{new}" if new is not None else ""


def _said(value: object) -> str:
    return (" / ".join(map(str, value)) if isinstance(value, list) else str(value)) or NOTHING


def _button(text: str, action: actions.ProposalAction, style: str) -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})
