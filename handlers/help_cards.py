"""The card of what somebody is asked."""

from handlers import actions, texts
from handlers.messages import CardButton, CardField, OutboundCard
from storage.deal_models import HelpRequest


def request_card(
    request: HelpRequest, card_id: str, *, rep: str, customer: str, until: str, unanswered_by: str
) -> OutboundCard:
    """The words, who asks, about whom and until when: nothing of what is recorded of the customer."""
    request_id = request.request_id
    fields = [("提问人", rep), ("客户", customer), ("部门", request.department), ("期限", until)]
    fields.append(("没回复", unanswered_by))
    return OutboundCard(
        card_id=card_id,
        title=texts.HELP_CARD_RAISED if request.level else texts.HELP_CARD,
        subtitle=texts.HELP_NUMBER.format(number=request_id),
        tone="alert" if request.level else "neutral",
        fields=tuple(CardField(label=label, value=value) for label, value in fields if value),
        quote=f"「{request.words}」",
        body=texts.HELP_CARD_HOW.format(number=request_id),
        buttons=(
            _button("我来回复", actions.AnswerRequest(request_id=request_id), "primary"),
            _button("转给同事", actions.PassOnRequest(request_id=request_id)),
            _button("办不了", actions.DeclineRequest(request_id=request_id), "neutral"),
        ),
    )


def counts_card(request: HelpRequest, card_id: str, *, customer: str, proof: str) -> OutboundCard:
    """Whether the answer is more than an answer: a stage may rest on it, so nobody takes it for that unasked."""
    counts = actions.CountAnswer(request_id=request.request_id, counts=True)
    return OutboundCard(
        card_id=card_id,
        title=texts.HELP_COUNTS_CARD.format(proof=proof),
        subtitle=" · ".join(filter(None, [texts.HELP_NUMBER.format(number=request.request_id), customer])),
        quote=f"「{request.answer}」",
        body=texts.HELP_COUNTS_HOW.format(proof=proof),
        buttons=(
            _button(texts.HELP_COUNTS_YES.format(proof=proof), counts, "primary"),
            _button(texts.HELP_COUNTS_NO, counts.model_copy(update={"counts": False})),
        ),
    )


def _button(text: str, action: actions.RequestAction, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})
