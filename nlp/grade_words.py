"""What somebody says of a deal's grading and of a lead's points: 评级 恒力, 评分 恒力 紧迫性 4 招标下周开, 线索分 恒力."""

import re
from dataclasses import dataclass
from typing import Literal

Order = Literal["grade", "set", "unset", "points", "did", "undid"]
Dimension = Literal["urgency", "budget", "chain", "rivals"]

MOST = 80
"""Characters; whatever is longer tells of more than a score."""
_GAP = r"[\s:：]+"
_A_NAME = r"[^，,。；;！!？?]{1,30}?"
_ORDERS: tuple[tuple[Order, str, str], ...] = (
    ("unset", r"撤[销回]评分", _A_NAME),
    ("set", r"评分", r"\S.*?"),
    ("grade", r"(?:看|查)?评级", _A_NAME),
    ("points", r"(?:看|查)?线索分", _A_NAME),
    ("did", r"线索行为", _A_NAME),
    ("undid", r"撤[销回]线索行为", _A_NAME),
)
_PATTERNS = tuple(
    (
        order,
        re.compile(rf"(?:{words})(?:{_GAP}(?P<customer>[^\s:：，,。]+)(?:{_GAP}(?P<rest>{rest}))?)?[\s。.！!]*"),
    )
    for order, words, rest in _ORDERS
)
_OF = re.compile(
    r"(?:看看?|查)?(?P<customer>[^\s，。,.！!？?：:；;、]{2,30}?)的(?:客户)?(?P<what>评级|线索分)[\s。.？?]*"
)
_NOBODY = re.compile(
    r"^(?:[我你您他她它咱谁]|[这那哪某]|客户|对方|大家|公司|领导|老板|上次|今[天年]|昨天|刚才|最后|目前|现在|所有|去年|以前|看|做|改|给|把)|[说讲问聊谈了吗]|定的"
)
"""Words that no company is called: 评级 客户说下次再谈 is news."""
_DIMENSIONS: tuple[tuple[Dimension, str], ...] = (
    ("urgency", r"(?:采购)?紧迫(?:性|度)?|紧急(?:性|度)?"),
    ("budget", r"预算(?:明确(?:性|度)?)?"),
    ("chain", r"决策链?(?:完整(?:性|度)?)?"),
    ("rivals", r"竞品(?:对比)?(?:情况)?|竞争(?:情况)?"),
)
_DIMENSION = "|".join(f"(?P<{name}>{words})" for name, words in _DIMENSIONS)
_SET = re.compile(rf"(?:(?P<deal>\S.*?){_GAP})??(?:{_DIMENSION})[\s:：]*(?P<points>\d+)\s*分?(?:{_GAP}(?P<why>\S.*))?")
_UNSET = re.compile(rf"(?:(?P<deal>\S.*?){_GAP})??(?:{_DIMENSION})")


@dataclass(frozen=True)
class GradeOrder:
    order: Order
    customer: str = ""
    """As said; empty where nobody is named."""
    rest: str = ""
    """What follows: a deal's name, a score with its reason, a behaviour."""


@dataclass(frozen=True)
class ScoreSaid:
    dimension: Dimension
    points: int | None = None
    why: str = ""
    deal: str = ""


def read(text: str) -> GradeOrder | None:
    """An order by the letter, its parts apart from one another; None for whatever else.

    >>> read("评级 恒力 二期扩产"), read("评级的事下次再说")
    (GradeOrder(order='grade', customer='恒力', rest='二期扩产'), None)
    """
    said = text.strip()
    if len(said) > MOST or "\n" in said:
        return None
    for order, pattern in _PATTERNS:
        if (match := pattern.fullmatch(said)) and not _NOBODY.search(match["customer"] or ""):
            return GradeOrder(order, match["customer"] or "", match["rest"] or "")
    return None


def read_of(text: str) -> GradeOrder | None:
    """恒力的评级, should there be such a customer.

    >>> read_of("恒力的评级"), read_of("他们的评级"), read_of("聊了一下我们的评级")
    (GradeOrder(order='grade', customer='恒力', rest=''), None, None)
    """
    match = _OF.fullmatch(text.strip())
    if match is None or _NOBODY.search(match["customer"]):
        return None
    return GradeOrder("grade" if match["what"] == "评级" else "points", match["customer"])


def score_said(rest: str) -> ScoreSaid | None:
    """What is behind the customer in 评分 恒力 紧迫性 4 招标下周开; None where it names no respect and no figure.

    >>> score_said("二期扩产 紧迫性 4 招标下周开")
    ScoreSaid(dimension='urgency', points=4, why='招标下周开', deal='二期扩产')
    """
    match = _SET.fullmatch(rest.strip())
    if match is None:
        return None
    return ScoreSaid(_dimension(match), int(match["points"]), match["why"] or "", match["deal"] or "")


def dimension_said(rest: str) -> ScoreSaid | None:
    """The same without a figure, in 撤销评分 恒力 紧迫性."""
    match = _UNSET.fullmatch(rest.strip())
    return ScoreSaid(_dimension(match), deal=match["deal"] or "") if match else None


def _dimension(match: re.Match[str]) -> Dimension:
    return next(name for name, _ in _DIMENSIONS if match[name])
