"""The card of the three questions that a risk raises.

One list beside buttons is all that every platform can show: the card offers the list of the first question that has
one, and the card that follows the next one's. All three can always be answered in words, at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers import actions, wording
from handlers.actions import BREAKTHROUGH_SELECT, NOT_CHOSEN, SUPPORT_SELECT
from handlers.messages import CardButton, CardField, CardOption, CardSelect, OutboundCard
from handlers.record import Record
from nlp.risk_answers import Question
from storage.models import Visit

SHORT: dict[Question, str] = {"blocker": "客户卡点", "support": "我方支持", "breakthrough": "突破时间"}
"""The questions as they are called in a sentence."""
LABELS: dict[Question, str] = {"blocker": "卡点", "support": "支持", "breakthrough": "突破"}
ASKED: dict[Question, str] = {
    "blocker": "① 客户卡点具体描述：卡在谁、哪一步",
    "support": "② 我方可提供的支持：选一项或直接说",
    "breakthrough": "③ 预计突破时间节点：选一项或说日期",
}
HOW = "发一段语音或文字，可以一次答完。"


@dataclass(frozen=True)
class Listed:
    """A question that can be answered by picking one of its options, whose ids are their words."""

    question: Question
    select: str
    options: tuple[str, ...]


LISTS = (
    Listed("support", SUPPORT_SELECT, ("总监出面", "价格支持", "技术支持", "样品试用", "商务条款", "暂不需要")),
    Listed("breakthrough", BREAKTHROUGH_SELECT, ("本周", "两周内", "本月", "本季度", "说不准")),
)


def risk_card(visit: Visit, record: Record, card_id: str, missing: Sequence[Question], *, today: date) -> OutboundCard:
    customer = record.customer
    listed = next((one for one in LISTS if one.question in missing), None)
    answer = actions.AnswerRisks(visit_id=visit.visit_id).model_dump_json()
    hold = actions.HoldRisks(visit_id=visit.visit_id).model_dump_json()
    return OutboundCard(
        card_id=card_id,
        title="风险三问",
        subtitle="记录已存为草稿，答完才入库",
        tone="alert",
        fields=(
            *((CardField(label="客户", value=customer.name),) if customer else ()),
            *(CardField(label=label, value=value) for label, value in answers(record, today)),
        ),
        body="\n".join([*(ASKED[question] for question in missing), HOW]),
        quote=" ".join(f"「{risk.words}」" for risk in record.risks),
        selects=(_select(listed, answer),) if listed else (),
        buttons=(
            *((CardButton(text="提交", action=answer, style="primary"),) if listed else ()),
            CardButton(text="稍后", action=hold),
        ),
    )


def answers(record: Record, today: date) -> list[tuple[str, str]]:
    """What has been answered: label and words."""
    given = wording.answers_of(record)
    rows = [
        (LABELS["blocker"], given.blocker and given.blocker.text),
        (LABELS["support"], given.support and given.support.text),
        (LABELS["breakthrough"], given.breakthrough and wording.breakthrough(given.breakthrough, today)),
    ]
    return [(label, value) for label, value in rows if value]


def _select(listed: Listed, action: str) -> CardSelect:
    return CardSelect(
        name=listed.select,
        title=SHORT[listed.question],
        options=(
            CardOption(option_id=NOT_CHOSEN, text="请选择"),
            *(CardOption(option_id=option, text=option) for option in listed.options),
        ),
        selected=NOT_CHOSEN,
        action=action,
    )
