"""The cards of rules: what they propose, and what they changed."""

from collections.abc import Sequence

from handlers import actions, texts, wording
from handlers.actions import ALL, FINDING_SELECT
from handlers.messages import CardButton, CardOption, CardSelect, OutboundCard

DOWNGRADE, LOWERED, AT_RISK = "downgrade", "lowered", "at_risk"
"""Kinds of card."""
MOST_LISTED = 8
"""Customers on one card; a list to choose from may hold ten."""

Line = tuple[int, str, str]
"""Of each customer on a card: the finding, the customer's name, what is said of it."""


def downgrade_card(card_id: str, lines: Sequence[Line], *, limit: int) -> OutboundCard:
    """Proposes lower grades; whatever is chosen, all or one of them, is lowered or kept."""
    ids = tuple(finding_id for finding_id, _, _ in lines)
    lower = actions.LowerGrade(finding_ids=ids)
    return OutboundCard(
        card_id=card_id,
        title=texts.RULE_DOWNGRADE_TITLE,
        subtitle=texts.RULE_DOWNGRADE_SUBTITLE.format(limit=limit),
        body="\n".join([*_listed(lines), texts.RULE_DOWNGRADE_HOW]),
        selects=_select("降级", lines, lower),
        buttons=(
            _button("降级", lower, "primary"),
            _button("保留", actions.KeepGrade(finding_ids=ids)),
        ),
    )


def lowered_card(card_id: str, lines: Sequence[Line]) -> OutboundCard:
    """What was lowered, with the way back."""
    undo = actions.UndoFinding(finding_ids=tuple(finding_id for finding_id, _, _ in lines))
    return OutboundCard(
        card_id=card_id,
        title=texts.RULE_LOWERED_TITLE,
        body="\n".join(_listed(lines)),
        selects=_select("撤销", lines, undo),
        buttons=(_button("撤销", undo),),
    )


def at_risk_card(card_id: str, lines: Sequence[Line], *, count: int) -> OutboundCard:
    """Which customers were marked by themselves, with the way back; `count` of them, as many as there is room for."""
    undo = actions.UndoFinding(finding_ids=tuple(finding_id for finding_id, _, _ in lines))
    more = [texts.RULE_MORE.format(count=count)] * (count > len(lines))
    return OutboundCard(
        card_id=card_id,
        title=texts.RULE_AT_RISK_TITLE,
        subtitle=texts.RULE_AT_RISK_SUBTITLE,
        tone="alert",
        body="\n".join([*_listed(lines), *more, texts.RULE_AT_RISK_HOW.format(customer=lines[0][1])]),
        selects=_select("撤销", lines, undo),
        buttons=(_button("撤销", undo),),
    )


def _listed(lines: Sequence[Line]) -> list[str]:
    if len(lines) == 1:
        return [lines[0][2]]
    return [f"{wording.circled(place)} {line}" for place, (_, _, line) in enumerate(lines)]


def _select(title: str, lines: Sequence[Line], action: actions.Action) -> tuple[CardSelect, ...]:
    """All, unless one is chosen; nothing to choose where there is one."""
    if len(lines) == 1:
        return ()
    options = [CardOption(option_id=ALL, text=texts.RULE_ALL.format(count=len(lines)))]
    options += [CardOption(option_id=str(finding_id), text=name) for finding_id, name, _ in lines]
    return (
        CardSelect(
            name=FINDING_SELECT, title=title, options=tuple(options), selected=ALL, action=action.model_dump_json()
        ),
    )


def _button(text: str, action: actions.Action, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})
