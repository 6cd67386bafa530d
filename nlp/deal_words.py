"""What somebody orders about a deal: 转SQL 恒力, 退回市场 恒力 没有预算, 新商机 恒力 二期扩产, 阶段 恒力 报价审批."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Order = Literal["sql", "return", "won", "lost", "new", "stage", "undo", "signing", "cost", "show"]

MOST = 80
"""Characters; whatever is longer tells of more than a deal's next step."""
_ORDERS: tuple[tuple[Order, str], ...] = (
    ("sql", r"(?:转为?|转成|升级为?)\s*(?:SQL|sql|Sql|销售线索)"),
    ("return", r"退回(?:给)?市场(?:部)?"),
    ("won", r"赢单"),
    ("lost", r"丢单|输单"),
    ("new", r"(?:新建|新增|新)商机"),
    ("undo", r"撤[销回](?:阶段|阶段变更)"),
    ("stage", r"(?:改)?阶段"),
    ("signing", r"预计签约(?:日期|时间|日)?"),
    ("cost", r"成本(?:价)?"),
    ("show", r"(?:看|查)?商机"),
)
_PATTERNS = tuple(
    (
        order,
        re.compile(
            rf"(?:{words})(?:[\s:：]+(?P<customer>[^\s:：,，]+)(?:(?P<gap>[\s:：,，]+)(?P<rest>\S.*?))?)?[\s。.！!]*"
        ),
    )
    for order, words in _ORDERS
)
_WITH_REASON: frozenset[Order] = frozenset({"won", "lost", "return"})
"""What follows the customer may be whole sentences; behind the other orders, those tell of something else."""
_MOST_REST = 20
_SENTENCE = re.compile(r"[,，。；;！!？?]")
_DAY = re.compile(r"\d{1,2}\s*(?:月|号|日|[./-]\d)|[今明后本这下]|年底|月底|周")
_FIGURE = re.compile(r"[\d一二两三四五六七八九十百千万]")
_OF_WHAT: Mapping[Order, re.Pattern[str]] = {"signing": _DAY, "cost": re.compile(r"[\d.]+\s*(?:万|千|元|块|百|亿)")}
"""What such an order is about, where it stands in the customer's place."""


@dataclass(frozen=True)
class DealOrder:
    order: Order
    customer: str = ""
    """As said; empty where nobody is named."""
    rest: str = ""
    """What follows: a name, a stage, a day, a reason."""


def read(text: str, stages: Sequence[str] = ()) -> DealOrder | None:
    """An order by the letter, its parts apart from one another; None for whatever else.

    `stages` are those of the funnel: 阶段：报价审批 names no customer, and corrects a draft.

    >>> read("转SQL 恒力"), read("丢单 恒力 价格太高"), read("恒力进入报价审批阶段")
    (DealOrder(order='sql', customer='恒力', rest=''), DealOrder(order='lost', customer='恒力', rest='价格太高'), None)
    >>> read("阶段：报价审批", ["报价审批"]), read("商机 不错，恒力想要二期"), read("预计签约 12月20日")
    (None, None, DealOrder(order='signing', customer='', rest='12月20日'))
    """
    said = text.strip()
    if len(said) > MOST or "\n" in said:
        return None
    for order, pattern in _PATTERNS:
        if match := pattern.fullmatch(said):
            customer, rest = match["customer"] or "", match["rest"] or ""
            if order in _WITH_REASON:
                return DealOrder(order, customer, rest)
            is_long = len(rest) > _MOST_REST or _SENTENCE.search((match["gap"] or "") + rest)
            return None if is_long else _ordered(order, customer, rest, stages)
    return None


def _ordered(order: Order, customer: str, rest: str, stages: Sequence[str]) -> DealOrder | None:
    """None where the words tell of something, or say what a draft has wrong."""
    if order == "stage" and customer in stages:
        return None
    if order in _OF_WHAT and _OF_WHAT[order].match(customer) and not rest:
        # nobody is named
        return DealOrder(order, rest=customer)
    if order == "cost" and customer and not _FIGURE.search(rest):
        return None
    return DealOrder(order, customer, rest)
