"""The cards about what people sent: whose it is."""

from collections.abc import Sequence

from handlers import actions, wording
from handlers import evidence_texts as texts
from handlers.cards import MAX_OPTIONS
from handlers.messages import CardButton, CardField, CardOption, CardSelect, OutboundCard

OFFER = "filing"
"""The kind of card."""
SHOWN_NAME = 4
"""Letters of a customer's name on a button of ten."""


def offer_card(
    card_id: str,
    evidence_ids: Sequence[int],
    *,
    title: str,
    name: str,
    customers: Sequence[tuple[int, str]],
    why: str,
    lines: Sequence[str],
) -> OutboundCard:
    """Whose is it? One customer is proposed, of several one has to be chosen."""
    ids = tuple(evidence_ids)
    is_one = len(customers) == 1
    names = [customer for _, customer in customers]
    fields = [CardField(label="资料", value=name)] if name else []
    fields.append(
        CardField(label="客户", value=names[0] if is_one else texts.OFFER_MAYBE.format(names="、".join(names)))
    )
    if why:
        fields.append(CardField(label="依据", value=why))
    buttons: tuple[CardButton, ...] = (
        _button("换客户", actions.ChangeFile(evidence_ids=ids)),
        _button("不归档", actions.LeaveEvidence(evidence_ids=ids), "neutral"),
    )
    if is_one:
        to = texts.FILE_TO.format(name=wording.shortened(names[0], SHOWN_NAME + 1))
        first = _button(to, actions.FileEvidence(evidence_ids=ids, customer_id=customers[0][0]), "primary")
        buttons = (first, *buttons)
    else:
        buttons = (_button("归档", actions.FileChosen(evidence_ids=ids), "primary"), *buttons)
    return OutboundCard(
        card_id=card_id,
        title=title,
        subtitle=texts.OFFER_WHOSE,
        fields=tuple(fields),
        body="\n".join(lines),
        selects=() if is_one else (_select(ids, customers),),
        buttons=buttons,
    )


def choose_card(card_id: str, evidence_ids: Sequence[int], customers: Sequence[tuple[int, str]]) -> OutboundCard:
    """换客户: those that the rep sees most."""
    ids = tuple(evidence_ids)
    return OutboundCard(
        card_id=card_id,
        title=texts.OFFER_WHOSE,
        subtitle=texts.OFFER_BY_WORD,
        selects=(_select(ids, customers),),
        buttons=(
            _button("归档", actions.FileChosen(evidence_ids=ids), "primary"),
            _button("不归档", actions.LeaveEvidence(evidence_ids=ids), "neutral"),
        ),
    )


def _select(evidence_ids: tuple[int, ...], customers: Sequence[tuple[int, str]]) -> CardSelect:
    options = [CardOption(option_id=actions.NOT_CHOSEN, text="请选择")]
    options += [CardOption(option_id=str(number), text=name) for number, name in customers[:MAX_OPTIONS]]
    return CardSelect(
        name=actions.CUSTOMER_SELECT,
        title="客户",
        options=tuple(options),
        selected=actions.NOT_CHOSEN,
        action=actions.FileChosen(evidence_ids=evidence_ids).model_dump_json(),
    )


def _button(text: str, action: actions.Action, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})
