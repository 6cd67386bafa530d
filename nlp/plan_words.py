"""How many visits somebody plans for a week: 本周计划拜访12家, 下周计划跑八个客户, 计划改成10家."""

import re
from dataclasses import dataclass
from typing import Literal

from nlp import numerals

MOST = 200
"""More visits a week are a slip of the tongue."""


@dataclass(frozen=True)
class PlanSaid:
    week: Literal["this", "next"]
    visits: int


_WEEK = r"(?:(?P<next>下(?:个)?(?:周|星期|礼拜))|[本这](?:个)?(?:周|星期|礼拜))"
_COUNT = rf"(?P<count>[{numerals.CHARS.replace('点', '').replace('几', '')}]{{1,5}})"
_VISITS = r"(?:[家个位次户])(?:客户|单位|企业|拜访)?"
_SAID = re.compile(
    rf"(?:我的?)?(?:把)?{_WEEK}?(?:我|的)?(?:拜访)?(?P<plan>计划|目标)?(?:我)?(?P<means>打算|准备)?(?:要)?"
    rf"(?:是|为|改为|改成|改到|调整为|调整到|调到|定为|定成|[:：])?\s*(?:拜访|走访|跑|见|去)?(?:客户)?\s*{_COUNT}\s*{_VISITS}(?:吧|了)?"
)


def read(text: str) -> PlanSaid | None:
    """What the words plan; None where they plan nothing, or tell of something else besides.

    >>> read("下周计划跑八个客户")
    PlanSaid(week='next', visits=8)
    """
    said = _SAID.fullmatch(text.strip(" \t\n。.！!，,"))
    if said is None or not (said["plan"] or (said["means"] and _names_a_week(text))):
        return None
    visits = numerals.whole(said["count"])
    if visits is None or visits > MOST:
        return None
    return PlanSaid("next" if said["next"] else "this", visits)


def _names_a_week(text: str) -> bool:
    return re.search(_WEEK, text) is not None
