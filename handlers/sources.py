"""What a record rests on: every value beside the words it came from."""

from collections.abc import Sequence
from datetime import date

from handlers import credibility, wording
from handlers.context import Context
from handlers.record import (
    AlsoVisitedValue,
    AmountValue,
    BlockerValue,
    BreakthroughValue,
    CompetitorValue,
    ContactValue,
    CustomerValue,
    DayValue,
    DeciderValue,
    DemandValue,
    DemoValue,
    ItemValue,
    ObjectionValue,
    PainValue,
    PercentValue,
    PlaceValue,
    QuantityValue,
    RemarkValue,
    SaidPlaceValue,
    SignalValue,
    SigningValue,
    SkippedValue,
    StageValue,
    StepValue,
    SupportValue,
    VagueValue,
    Value,
    VisitTimeValue,
    WithdrawnAmountValue,
    load,
)
from handlers.rehearing import HEARD
from storage.models import Evidence, Visit
from storage.visits import Source
from storage.work import Work

HOW = """直接回复要改的地方，例如：
预算改成90万
联系人是王建国
客户是宁波恒力
安装排期表改到周五
删掉第二个待办
补充：他们12月要验厂
改错了回复「撤销」。"""


async def text(ctx: Context, work: Work, visit: Visit) -> str:
    record = await load(work, visit)
    today = ctx.day_of(work.now)
    lines = [f"{_name(fact.value, today)} ← {_quote(fact.source)}" for fact in record.facts]
    pieces = await work.visits.evidence_of(visit.visit_id)
    said = _said(pieces)
    sent_on = ctx.day_of(visit.first_sent_at)
    trust = credibility.of(record, pieces, visited_on=visit.visited_on, sent_on=sent_on)
    parts = [HOW, "现在的内容和依据：\n" + "\n".join(lines), credibility.told(trust)]
    if said:
        parts.append("语音原文：" + "\n".join(said))
    return "\n\n".join(parts)


def _said(kept: Sequence[Evidence]) -> list[str]:
    """The words of the voice notes; where two heard one note differently, both, and which is whose."""
    heard: dict[str, list[Evidence]] = {}
    for item in kept:
        if item.kind == "voice" and item.text:
            heard.setdefault(item.event_key.removesuffix(HEARD), []).append(item)
    lines = []
    for both in heard.values():
        words = list(dict.fromkeys(item.text or "" for item in both))
        lines += words if len(words) == 1 else [f"{_ear(item)}：{item.text}" for item in both]
    return lines


def _ear(item: Evidence) -> str:
    return "录音转写" if item.event_key.endswith(HEARD) else "平台转写"


def _quote(source: Source) -> str:
    at = f" {int(source.at_s) // 60}:{int(source.at_s) % 60:02d}" if source.at_s is not None else ""
    return f"「{source.words}」{at}"


def _name(value: Value, today: date) -> str:  # noqa: C901  a closed set of types, a line each
    match value:
        case CustomerValue():
            return f"客户 {value.name}"
        case ContactValue():
            return f"联系人 {wording.contact(value)}"
        case StageValue():
            return f"阶段 {value.name}"
        case AmountValue():
            return f"{wording.AMOUNT_LABELS[value.role]} {wording.money(value)}"
        case WithdrawnAmountValue():
            return f"说过又改口的{wording.AMOUNT_LABELS[value.role]} {wording.money(value)}"
        case ItemValue():
            return f"报价明细 {wording.item(value)}"
        case QuantityValue():
            return f"数量 {wording.quantity(value)}"
        case PercentValue():
            return f"比例 {wording.percent(value.percent)}"
        case CompetitorValue():
            return f"竞品 {value.name}"
        case PainValue():
            return f"痛点 {value.category}"
        case ObjectionValue():
            return f"异议 {value.category}"
        case DemandValue():
            return f"客户要求 {wording.demand(value, today)}"
        case StepValue():
            return f"下一步 {wording.step(value, today)}"
        case SignalValue():
            return f"{'风险' if value.polarity == 'risk' else '利好'} {value.category}"
        case PlaceValue():
            return f"位置 {value.label}"
        case SaidPlaceValue():
            return f"地点 {value.name}"
        case VisitTimeValue():
            return f"时间 {value.at:%H:%M}"
        case VagueValue():
            return f"说得笼统（{value.question}）"
        case AlsoVisitedValue():
            return f"另一家客户 {value.name}"
        case DayValue():
            return f"拜访日 {wording.day(value.on, today)}"
        case SigningValue():
            return f"预计签约 {wording.day(value.on, today)}"
        case DeciderValue():
            return f"决策人 {value.name}"
        case DemoValue():
            return f"产品演示 {'客户拒绝了' if value.refused else '看过或约了'}"
        case RemarkValue():
            return f"补充 {value.text}"
        case BlockerValue():
            return f"客户卡点 {value.text}"
        case SupportValue():
            return f"我方支持 {value.text}"
        case BreakthroughValue():
            return f"预计突破 {wording.breakthrough(value, today)}"
        case SkippedValue():
            return "不再追问"
