"""What somebody orders about a deal: 转SQL 恒力, 退回市场 恒力 没有预算, 新商机 恒力 二期扩产, 阶段 恒力 报价审批."""

import re
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
        re.compile(rf"(?:{words})(?:[\s:：,，]+(?P<customer>[^\s:：,，]+)(?:[\s:：,，]+(?P<rest>\S.*?))?)?[\s。.！!]*"),
    )
    for order, words in _ORDERS
)


@dataclass(frozen=True)
class DealOrder:
    order: Order
    customer: str = ""
    """As said; empty where nobody is named."""
    rest: str = ""
    """What follows: a name, a stage, a day, a reason."""


def read(text: str) -> DealOrder | None:
    """An order by the letter, its parts apart from one another; None for whatever else.

    >>> read("转SQL 恒力"), read("丢单 恒力 价格太高"), read("恒力进入报价审批阶段")
    (DealOrder(order='sql', customer='恒力', rest=''), DealOrder(order='lost', customer='恒力', rest='价格太高'), None)
    """
    said = text.strip()
    if len(said) > MOST or "\n" in said:
        return None
    for order, pattern in _PATTERNS:
        if match := pattern.fullmatch(said):
            return DealOrder(order, match["customer"] or "", match["rest"] or "")
    return None
