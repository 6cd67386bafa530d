"""Facts as people read them: money, days, people."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers.record import (
    AmountValue,
    BlockerValue,
    BreakthroughValue,
    ContactValue,
    DemandValue,
    Fact,
    ItemValue,
    PercentValue,
    QuantityValue,
    Record,
    StepValue,
    SupportValue,
    WithdrawnAmountValue,
)

WEEKDAYS = "一二三四五六日"
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
FEN_PER_YUAN = 100
FEN_PER_WAN = 10_000 * FEN_PER_YUAN
FEN_PER_YI = 10_000 * FEN_PER_WAN

AMOUNT_LABELS = {
    "budget": "预算",
    "quote": "报价",
    "deal": "合同额",
    "unit_price": "单价",
    "payment": "付款",
    "fee": "费用",
    "competitor_price": "竞品价",
    "price_gap": "价差",
    "other": "金额",
}
OWNER_LABELS = {"us": "我", "customer": "客户", "colleague": "同事"}


def money(amount: AmountValue | WithdrawnAmountValue) -> str:
    """850_000_00 fen as 85 万元; ranges as 30–50 万元, open ones as 50 万元以内 or 80 万元以上."""
    low, high = amount.low_fen, amount.high_fen
    if low is not None and high is not None:
        words = _fen(high) if low == high else _fen_range(low, high)
    elif high is not None:
        words = f"{_fen(high)}以内"
    elif low is not None:
        words = f"{_fen(low)}以上"
    else:
        return ""
    if isinstance(amount, WithdrawnAmountValue):
        return words
    words = f"约 {words}" if amount.about else words
    return f"{words}/{amount.unit}" if amount.unit else words


def quantity(value: QuantityValue) -> str:
    """30 台; a range as 200–300 个."""
    low, high = (format(number.normalize(), "f") for number in (value.low, value.high))
    return f"{low if low == high else f'{low}–{high}'} {value.unit}"


def _scale(fen: int) -> tuple[int, str]:
    if fen >= FEN_PER_YI:
        return FEN_PER_YI, "亿元"
    if fen >= FEN_PER_WAN:
        return FEN_PER_WAN, "万元"
    return FEN_PER_YUAN, "元"


def _number(fen: int, scale: int) -> str:
    """Exact: whole fen divided by a power of ten have a short decimal form."""
    whole, rest = divmod(fen, scale)
    if not rest:
        return str(whole)
    digits = len(str(scale)) - 1
    return f"{whole}.{str(rest).zfill(digits).rstrip('0')}"


def _fen(fen: int) -> str:
    scale, unit = _scale(fen)
    return f"{_number(fen, scale)} {unit}"


def amount(fen: int) -> str:
    """850_000_00 fen as 85 万元."""
    return _fen(fen)


def yuan(fen: int) -> str:
    """To the fen, however large: 13,800 元."""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{whole:,}{f'.{rest:02d}' if rest else ''} 元"


def _fen_range(low: int, high: int) -> str:
    scale, unit = _scale(high)
    if _scale(low) != (scale, unit):
        return f"{_fen(low)}–{_fen(high)}"
    return f"{_number(low, scale)}–{_number(high, scale)} {unit}"


def day(on: date, today: date) -> str:
    """11-25（周三）, with the year where it is not this one."""
    year = f"{on.year}-" if on.year != today.year else ""
    return f"{year}{on:%m-%d}（周{WEEKDAYS[on.weekday()]}）"


def clock_time(at: datetime, zone: ZoneInfo, today: date) -> str:
    local = at.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == today else f"{local:%m-%d %H:%M}"


def contact(value: ContactValue) -> str:
    return " ".join(filter(None, [person(value.name, value.department, value.title), value.phone]))


def person(name: str, department: str | None, title: str | None) -> str:
    """王建国（采购部·经理）, without what the name says already."""
    extra = "·".join(part for part in (department, title) if part and part not in name)
    return f"{name}（{extra}）" if extra else name


def item(value: ItemValue) -> str:
    """A row of a quotation: the cells that hold something."""
    return " ".join(filter(None, value.cells))


def step(value: StepValue, today: date, *, us: str = OWNER_LABELS["us"]) -> str:
    due = f"{day(value.due, today)}前 " if value.due else ""
    owner = us if value.owner == "us" else OWNER_LABELS[value.owner]
    return f"{due}{value.action}（{owner}）"


def steps(record: Record, today: date, *, us: str = OWNER_LABELS["us"]) -> list[str]:
    """`us` is what the rep is called: 我 to themselves, by name to others."""
    return [f"{circled(place)} {step(value, today, us=us)}" for place, value in enumerate(record.steps)]


def demand(value: DemandValue, today: date) -> str:
    return f"{value.what}（{day(value.due, today)}前）" if value.due else value.what


PUNCTUATION = " \n\t。.！!，,、；;？?～~“”\"'「」"
"""What may stand around the words that somebody says."""


def shortened(words: str, limit: int) -> str:
    """At most `limit` characters; what is missing is shown as "…"."""
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


def circled(place: int) -> str:
    """The number of a place counted from 0: ①, ②, … and 11. beyond ten."""
    return CIRCLED[place] if place < len(CIRCLED) else f"{place + 1}."


@dataclass(frozen=True)
class RiskAnswers:
    """What the rep answered to the three questions about a risk, in their words; None: not answered."""

    blocker: BlockerValue | None
    support: SupportValue | None
    breakthrough: BreakthroughValue | None


def answers_of(record: Record) -> RiskAnswers:
    return RiskAnswers(record.one(BlockerValue), record.one(SupportValue), record.one(BreakthroughValue))


def breakthrough(value: BreakthroughValue, today: date) -> str:
    """下周五能批（11-27（周五））: the words, and the day they mean where they mean one."""
    return f"{value.text}（{day(value.on, today)}）" if value.on else value.text


def percent(value: float) -> str:
    return f"{value:g}%"


def objection(fact: Fact, record: Record) -> str:
    """The words of an objection, with the percentage in figures: 比竞品贵 15%."""
    words, source = fact.source.words, fact.source
    inside = [
        other
        for other in record.facts
        if isinstance(other.value, PercentValue)
        and other.source.evidence_id == source.evidence_id
        and source.start <= other.source.start
        and other.source.end <= source.end
    ]
    for other in sorted(inside, key=lambda fact: -fact.source.start):
        assert isinstance(other.value, PercentValue)  # chosen so above
        start, end = other.source.start - source.start, other.source.end - source.start
        words = f"{words[:start]} {percent(other.value.percent)} {words[end:]}"
    return " ".join(words.split())
