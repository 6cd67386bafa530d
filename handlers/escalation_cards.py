"""The cards of a matter that was raised: to decide it, to follow it up, to pass it on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers import actions, texts, wording
from handlers.actions import ASSIGNEE_SELECT, NOT_CHOSEN
from handlers.cards import MAX_OPTIONS
from handlers.messages import CardButton, CardField, CardOption, CardSelect, OutboundCard
from handlers.record import ObjectionValue, Record, StageValue
from storage.models import Escalation, EscalationItem, Visit

TITLES = {"risk": "⚠ 风险上报", "rule": "⚠ 风险上报", "request": "⚠ 请您出面"}
FROM_A_RECORD, FROM_A_REP = "visit:", "request:"
"""How the origin of an item begins that somebody's words stand behind."""
NOT_SAID = "销售还没说"
MOST_QUOTED = 4
"""Quotations on one card: the page behind the link has all of them."""


@dataclass(frozen=True)
class Story:
    """What is known of a matter, for whoever is to do something about it."""

    escalation: Escalation
    customer: str
    rep: str
    items: Sequence[EscalationItem]
    visit: Visit | None
    """The newest record that speaks for it."""
    record: Record
    today: date
    unanswered_by: str = ""
    """Who had it before and did nothing."""

    @property
    def quotes(self) -> list[str]:
        said = [item.words for item in self.items if item.origin.startswith((FROM_A_RECORD, FROM_A_REP))]
        return list(dict.fromkeys(said))


Team = Sequence[tuple[int, str]]


def escalation_card(story: Story, card_id: str, *, team: Team, url: str | None) -> OutboundCard:
    """Where it is stuck, what support is missing, what comes next: always these three, and empty ones said to be so."""
    escalation_id = story.escalation.escalation_id
    return OutboundCard(
        card_id=card_id,
        title=TITLES[story.escalation.kind],
        subtitle=story.customer,
        tone="alert",
        fields=_fields(story),
        body=_body(story),
        body_is_fixed=True,
        quote=_quote(story),
        selects=_assignees(escalation_id, team),
        buttons=(
            _button("我来跟进", actions.TakeEscalation(escalation_id=escalation_id), "primary"),
            _button("指派", actions.AssignEscalation(escalation_id=escalation_id)),
            _button("已处理", actions.ResolveEscalation(escalation_id=escalation_id)),
            _button("误报", actions.DismissEscalation(escalation_id=escalation_id), "neutral"),
        ),
        url=url,
    )


def followed_card(story: Story, card_id: str, *, team: Team, url: str | None) -> OutboundCard:
    """For a manager who took it on, to finish it later."""
    escalation_id = story.escalation.escalation_id
    return OutboundCard(
        card_id=card_id,
        title="跟进中",
        subtitle=story.customer,
        fields=(CardField(label="销售", value=story.rep),),
        selects=_assignees(escalation_id, team),
        buttons=(
            _button("已处理", actions.ResolveEscalation(escalation_id=escalation_id), "primary"),
            _button("指派", actions.AssignEscalation(escalation_id=escalation_id)),
        ),
        url=url,
    )


def assigned_card(story: Story, card_id: str, *, by: str, url: str | None) -> OutboundCard:
    return OutboundCard(
        card_id=card_id,
        title="请您跟进",
        subtitle=story.customer,
        tone="alert",
        fields=(CardField(label="指派人", value=by), *_fields(story)),
        body=_body(story),
        body_is_fixed=True,
        quote=_quote(story),
        buttons=(
            _button("已处理", actions.ResolveEscalation(escalation_id=story.escalation.escalation_id), "primary"),
        ),
        url=url,
    )


def assignee_card(escalation_id: int, card_id: str, *, customer: str, people: Team) -> OutboundCard:
    """Several have the name that was said, or somebody has one that sounds like it."""
    select = _select(escalation_id, people)
    return OutboundCard(
        card_id=card_id,
        title="指派给谁？",
        subtitle=customer,
        body="请核对是哪一位，或回复全名。",
        selects=(select,),
        submit=_button("选定", actions.AssignEscalation(escalation_id=escalation_id), "primary"),
    )


def _assignees(escalation_id: int, team: Team) -> tuple[CardSelect, ...]:
    return (_select(escalation_id, team),) if team else ()


def _select(escalation_id: int, people: Team) -> CardSelect:
    return CardSelect(
        name=ASSIGNEE_SELECT,
        title="指派给",
        options=(
            CardOption(option_id=NOT_CHOSEN, text="请选择"),
            *(CardOption(option_id=str(member_id), text=name) for member_id, name in people[:MAX_OPTIONS]),
        ),
        selected=NOT_CHOSEN,
        action=actions.AssignEscalation(escalation_id=escalation_id).model_dump_json(),
    )


def _fields(story: Story) -> tuple[CardField, ...]:
    fields = [CardField(label="销售", value=story.rep)]
    if story.visit is not None:
        fields.append(CardField(label="拜访日", value=wording.day(story.visit.visited_on, story.today)))
    if story.unanswered_by:
        fields.append(CardField(label="上一级", value=f"{story.unanswered_by}没有处理"))
    return tuple(fields)


def _body(story: Story) -> str:
    return "\n".join(
        (
            f"卡在哪一步：{_in_a_line(_stuck(story))}",
            f"缺什么支持：{_in_a_line(_support(story))}",
            f"下一步：{_in_a_line(_next(story))}",
        )
    )


def _in_a_line(text: str) -> str:
    """What somebody typed in several lines is one here: each line of the body has its label."""
    return " ".join(text.split())


def _stuck(story: Story) -> str:
    """What the rep answered where they were asked, and what speaks for it otherwise."""
    stage = story.record.one(StageValue)
    blocker = wording.answers_of(story.record).blocker
    found = [f"{item.category}：{item.words}" for item in story.items if not item.origin.startswith(FROM_A_REP)]
    parts = [blocker.text if blocker else "", story.escalation.reason, *dict.fromkeys(found)]
    return "，".join(filter(None, [f"{stage.name}阶段" if stage else "", "；".join(filter(None, parts)) or NOT_SAID]))


def _support(story: Story) -> str:
    record = story.record
    if support := wording.answers_of(record).support:
        return support.text
    needs = "；".join(
        dict.fromkeys(
            wording.objection(fact, record) for fact in record.facts if isinstance(fact.value, ObjectionValue)
        )
    )
    return f"客户异议「{needs}」，{NOT_SAID}要什么支持" if needs else NOT_SAID


def _next(story: Story) -> str:
    steps = wording.steps(story.record, story.today, us=story.rep)
    breakthrough = wording.answers_of(story.record).breakthrough
    expected = (
        [f"预计突破：{wording.breakthrough(breakthrough, story.today).removeprefix('预计')}"] if breakthrough else []
    )
    return "；".join([*steps, *expected]) or NOT_SAID


def _quote(story: Story) -> str:
    shown = " ".join(f"「{words}」" for words in story.quotes[:MOST_QUOTED])
    return shown + texts.ESCALATION_MORE_QUOTES.format(count=len(story.quotes)) * (len(story.quotes) > MOST_QUOTED)


def _button(text: str, action: actions.EscalationAction, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})
