"""Every card a user reads, and the same card as text with numbers to answer."""

from collections.abc import Sequence
from datetime import date

from pydantic import Field

from handlers import actions, question_cards, texts, wording
from handlers.actions import CUSTOMER_SELECT, LABEL_SELECT, NEW_CUSTOMER, NOT_CHOSEN
from handlers.messages import CardButton, CardField, CardOption, CardSelect, Frozen, OutboundCard
from handlers.record import (
    AlsoVisitedValue,
    AmountValue,
    CompetitorValue,
    ContactValue,
    DayValue,
    DemandValue,
    ItemValue,
    ObjectionValue,
    PainValue,
    PlaceValue,
    Record,
    RemarkValue,
    SaidPlaceValue,
    SignalValue,
    SigningValue,
    StageValue,
    VisitTimeValue,
)
from nlp.transcript import HearingWarning
from storage.models import Visit

CHANGED = " ✎"
NOTHING = "（没有话）"
MOST_ITEMS = 5
MAX_OPTIONS = 9
"""Ten are allowed in a select; the last is always the way out."""

WARNINGS: dict[HearingWarning, str] = {
    "damaged": "录音有一段损坏，可能不全",
    "quiet": "录音声音很小，请核对",
    "low_confidence": "录音不太清楚，请核对",
    "suspect": "录音可能没听全，请核对",
    "odd_number": "录音里的数字可能听错，请核对",
    "hot_words_dropped": "录音不太清楚，请核对",
}


class Choice(Frozen):
    """One numbered answer to a card that was sent as text."""

    text: str
    action: str
    chosen: dict[str, tuple[str, ...]] = Field(default_factory=dict)


def draft_card(
    visit: Visit,
    record: Record,
    card_id: str,
    *,
    today: date,
    before: Record | None = None,
    note: str = "",
    warnings: Sequence[HearingWarning] = (),
    doubts: Sequence[str] = (),
    low: Sequence[SignalValue] = (),
    questions: Sequence[str] = (),
    stage_was: str | None = None,
    stage_waits: str = "",
    evidence: str = "",
) -> OutboundCard:
    """The record to confirm; values that are not in `before` are marked as changed, `doubts` are to be checked.

    `low` are the risk signals that raise nothing by themselves; `questions` would make it more useful where they are
    answered. `stage_was` is the stage of the deal so far, `stage_waits` what keeps it from the new one;
    `evidence` says whether anything came along that others could check.
    """
    rows = _fields(record, today, stage_was)
    old = dict(_fields(before, today, stage_was)) if before is not None else dict(rows)
    fields = [CardField(label=label, value=value + CHANGED * (old.get(label) != value)) for label, value in rows]
    return OutboundCard(
        card_id=card_id,
        title="拜访记录 · 待确认",
        subtitle=f"{_moment(visit, record, today)}{note}{_day_mark(record, before)}",
        tone="alert" if record.risks else "neutral",
        fields=tuple(fields),
        body="\n".join(
            [
                *_body(record, before, today, warnings, low),
                *([f"阶段：{stage_waits}"] if stage_waits else []),
                *([evidence] if evidence else []),
                *(f"⚠ {doubt}" for doubt in doubts),
                *(f"？{question}" for question in questions),
                *([texts.DETAILS_HOW] if questions else []),
            ]
        ),
        quote=" ".join(f"「{risk.words}」" for risk in record.risks),
        selects=_customer_select(visit, record),
        buttons=_draft_buttons(visit, record, asks=bool(questions)),
    )


def _moment(visit: Visit, record: Record, today: date) -> str:
    time = record.one(VisitTimeValue)
    return f"{wording.day(visit.visited_on, today)}{time.at:%H:%M}" if time else wording.day(visit.visited_on, today)


def _day_mark(record: Record, before: Record | None) -> str:
    return CHANGED if before is not None and before.one(DayValue) != record.one(DayValue) else ""


def _fields(record: Record, today: date, stage_was: str | None = None) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = [("客户", _customer(record))]
    if contacts := record.all(ContactValue):
        rows.append(("联系人", "、".join(map(wording.contact, contacts))))
    if stage := record.one(StageValue):
        moves = stage_was is not None and stage_was != stage.name
        rows.append(("阶段", f"{stage_was} → {stage.name}" if moves else stage.name))
    if signing := record.one(SigningValue):
        rows.append(("预计签约", wording.day(signing.on, today)))
    rows += _money_rows(record)
    if competitors := record.all(CompetitorValue):
        rows.append(("竞品", "、".join(competitor.name for competitor in competitors)))
    if pains := record.all(PainValue):
        rows.append(("痛点", "、".join(dict.fromkeys(pain.category for pain in pains))))
    if objections := _objections(record):
        rows.append(("异议", "；".join(objections)))
    if place := record.one(PlaceValue):
        rows.append(("📍", place.label or f"{place.latitude:.4f}, {place.longitude:.4f}"))
    elif said := record.one(SaidPlaceValue):
        rows.append(("📍", said.name))
    return rows


def _objections(record: Record) -> list[str]:
    said = [wording.objection(fact, record) for fact in record.facts if isinstance(fact.value, ObjectionValue)]
    return list(dict.fromkeys(said))


def _customer(record: Record) -> str:
    customer = record.customer
    if customer is None:
        return "没听出来，请回复客户名称"
    match customer.status:
        case "known":
            return f"{customer.heard} → {customer.name}？" if customer.heard else customer.name
        case "new":
            return f"{customer.name}（名单里没有）"
        case "ambiguous":
            return f"「{customer.name}」是哪一家？"


def _money_rows(record: Record) -> list[tuple[str, str]]:
    """Budget, quote and deal on a line each, the rest together: a card has room for eight fields."""
    rows: dict[str, list[str]] = {}
    for amount in record.all(AmountValue):
        label = wording.AMOUNT_LABELS[amount.role]
        lone = amount.role in {"budget", "quote", "deal"}
        rows.setdefault(label if lone else "其他金额", []).append(
            wording.money(amount) if lone else f"{label} {wording.money(amount)}"
        )
    return [(label, "、".join(dict.fromkeys(values))) for label, values in rows.items()]


def _body(
    record: Record,
    before: Record | None,
    today: date,
    warnings: Sequence[HearingWarning],
    low: Sequence[SignalValue],
) -> list[str]:
    lines: list[str] = []
    if items := record.all(ItemValue):
        lines.append(f"报价明细（{len(items)} 项）")
        lines += [f"· {wording.item(item)}" for item in items[:MOST_ITEMS]]
        lines += [f"……等 {len(items)} 项"] if len(items) > MOST_ITEMS else []
    if demands := record.all(DemandValue):
        asked = before.all(DemandValue) if before is not None else demands
        lines.append("客户要求")
        lines += [f"· {wording.demand(demand, today)}" + CHANGED * (demand not in asked) for demand in demands]
    if record.steps:
        known = before.steps if before is not None else record.steps
        lines.append("下一步")
        lines += [
            line + CHANGED * (value not in known)
            for line, value in zip(wording.steps(record, today), record.steps, strict=True)
        ]
    known_remarks = before.all(RemarkValue) if before is not None else record.all(RemarkValue)
    lines += [f"补充：{remark.text}" + CHANGED * (remark not in known_remarks) for remark in record.all(RemarkValue)]
    if record.risks:
        lines.append("⚠ 风险信号：" + "、".join(_risks(record, low)))
    answered = question_cards.answers(before, today) if before is not None else question_cards.answers(record, today)
    lines += [
        f"{label}：{words}" + CHANGED * ((label, words) not in answered)
        for label, words in question_cards.answers(record, today)
    ]
    lines += [f"⚠ {text}" for text in dict.fromkeys(WARNINGS[warning] for warning in warnings)]
    if others := record.all(AlsoVisitedValue):
        lines.append(texts.ALSO_VISITED.format(names="、".join(dict.fromkeys(other.name for other in others))))
    return lines


def _risks(record: Record, low: Sequence[SignalValue]) -> list[str]:
    """The categories; those of which only words remain that were false alarms are marked."""
    strong = {risk.category for risk in record.risks if risk not in low}
    categories = dict.fromkeys(risk.category for risk in record.risks)
    return [category + texts.LOW_MARK * (category not in strong) for category in categories]


def _customer_select(visit: Visit, record: Record) -> tuple[CardSelect, ...]:
    customer = record.customer
    if customer is None or customer.status != "ambiguous" or not customer.candidates:
        return ()
    return (customer_select(visit.visit_id, customer.candidates, said=customer.name),)


def customer_select(visit_id: int, names: Sequence[str], *, said: str | None) -> CardSelect:
    """`names` of the master list to choose from; `said` offers to create a customer of that name."""
    options = [CardOption(option_id=NOT_CHOSEN, text="请选择")]
    options += [CardOption(option_id=name, text=name) for name in names[: MAX_OPTIONS - 1]]
    if said:
        options.append(CardOption(option_id=NEW_CUSTOMER, text=f"新建：{said}"))
    return CardSelect(
        name=CUSTOMER_SELECT,
        title="客户",
        options=tuple(options),
        selected=NOT_CHOSEN,
        action=actions.PickCustomer(visit_id=visit_id).model_dump_json(),
    )


def _draft_buttons(visit: Visit, record: Record, *, asks: bool) -> tuple[CardButton, ...]:
    is_new = record.customer is not None and record.customer.status == "new"
    return (
        _button("新建并确认" if is_new else "确认", actions.ConfirmVisit(visit_id=visit.visit_id), "primary"),
        _button("修改", actions.ShowSources(visit_id=visit.visit_id)),
        _button("换客户", actions.ChangeCustomer(visit_id=visit.visit_id)),
        *((_button("看话术", actions.ShowScripts(visit_id=visit.visit_id)),) if record.all(ObjectionValue) else ()),
        *((_button("跳过提问", actions.SkipDetails(visit_id=visit.visit_id), "neutral"),) if asks else ()),
        _button("作废", actions.DiscardVisit(visit_id=visit.visit_id), "danger"),
    )


def customer_card(visit_id: int, card_id: str, names: Sequence[str], *, said: str | None) -> OutboundCard:
    return OutboundCard(
        card_id=card_id,
        title="换客户",
        subtitle="选一家，或直接回复客户名称",
        selects=(customer_select(visit_id, names, said=said),),
        submit=_button("选定", actions.PickCustomer(visit_id=visit_id), "primary"),
    )


def side_card(evidence_id: int, card_id: str, *, left: str, right: str) -> OutboundCard:
    """Who is the customer: a few words of each side to tell them by."""
    return OutboundCard(
        card_id=card_id,
        title="谁是客户？",
        subtitle="这张截图分不清左右哪边是客户",
        fields=(
            CardField(label="左边", value=left or NOTHING),
            CardField(label="右边", value=right or NOTHING),
        ),
        body="都不是就不用选，截图已存为证据。",
        buttons=(
            _button("左边是客户", actions.PickSide(evidence_id=evidence_id, customer="left"), "primary"),
            _button("右边是客户", actions.PickSide(evidence_id=evidence_id, customer="right")),
        ),
    )


def label_card(
    evidence_id: int,
    card_id: str,
    labels: Sequence[str],
    *,
    words: str,
    likeliest: str | None,
    doubts: Sequence[str] = (),
) -> OutboundCard:
    """What a picture with writing on it shows; `likeliest` is what its words speak for."""
    options = [CardOption(option_id=label, text=label) for label in labels[:MAX_OPTIONS]]
    select = CardSelect(
        name=LABEL_SELECT,
        title="这张是",
        options=(CardOption(option_id=NOT_CHOSEN, text="请选择"), *options),
        selected=likeliest or NOT_CHOSEN,
        action=actions.LabelPicture(evidence_id=evidence_id).model_dump_json(),
    )
    return OutboundCard(
        card_id=card_id,
        title="图片已存为证据",
        subtitle=f"看着像{likeliest}，对吗？" if likeliest else "这是哪一类资料？",
        quote=f"「{words}」" if words else "",
        body="\n".join(["也可以直接回复，例如：这是营业执照", *(f"⚠ {doubt}" for doubt in doubts)]),
        selects=(select,),
        buttons=(
            _button("标注", actions.LabelPicture(evidence_id=evidence_id), "primary"),
            _button("按内容记录", actions.NotePicture(evidence_id=evidence_id)),
        ),
    )


def _button(text: str, action: actions.Action, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})


# The same cards without cards


def numbered(card: OutboundCard) -> list[Choice]:
    """What can be answered by number, in the order shown: the options of the selects, then the buttons.

    A button that only works together with a choice is left out: picking the option does it.
    """
    picks = {select.action for select in card.selects if select.action}
    choices = [
        Choice(text=option.text, action=select.action, chosen={select.name: (option.option_id,)})
        for select in card.selects
        if select.action
        for option in select.options
        if option.option_id != NOT_CHOSEN
    ]
    choices += [Choice(text=button.text, action=button.action) for button in card.buttons if button.action not in picks]
    return choices


def as_text(card: OutboundCard) -> str:
    """The card for a chat that cannot show it; a bare number in reply does what the button would."""
    lines = [f"【{card.title}】{card.subtitle}".rstrip()]
    lines += [f"{field.label}：{field.value}" for field in card.fields]
    lines += [part for part in (card.body, card.quote, card.url) if part]
    if choices := numbered(card):
        lines.append("回复数字操作：")
        lines += [f"{number} {_prompt(card, choice)}" for number, choice in enumerate(choices, start=1)]
    return "\n".join(lines)


def _prompt(card: OutboundCard, choice: Choice) -> str:
    for select in card.selects:
        if choice.action == select.action and choice.chosen:
            return f"{select.title}：{choice.text}"
    return choice.text
