"""What somebody says about practising: 练习 价格, 提示, 跳过, 结束练习, 练习记录."""

import re
from dataclasses import dataclass
from typing import Literal

from nlp.script_words import CATEGORIES

Deed = Literal["stop", "skip", "hint", "go_on", "record", "visit", "answer"]


@dataclass(frozen=True)
class Start:
    """`scope`: a category or the code of a script; empty: any."""

    scope: str = ""


_MARKS = " \n\t。.！!，,、～~？?“”\"'「」"
_SCOPE = r"(?:[\s：:]+([^\s，,。；;！!？?]{1,32}))?"
_STARTS = (
    re.compile(
        rf"(?:我想|我要|想)?(?:开始|再?来|再?做)?(?:一?[轮次回])?(?:话术|异议)?练习(?:一下|一轮|吧|话术|异议)?{_SCOPE}"
    ),
    re.compile(rf"(?:你)?陪我(?:再)?练(?:练|一练|一下|习|一轮|一会儿?)?(?:话术|异议)?吧?{_SCOPE}"),
    re.compile(r"再来一轮(?:练习)?()"),
    re.compile(rf"练习({'|'.join(CATEGORIES)}|[A-Za-z]{{1,6}}-?\d{{1,6}})"),
)
_DEEDS: dict[str, Deed] = {
    **dict.fromkeys(("结束练习", "停止练习", "退出练习", "练习结束", "不练了", "先不练了", "不想练了"), "stop"),
    **dict.fromkeys(("继续练习", "接着练", "接着练习", "继续练"), "go_on"),
    **dict.fromkeys(("练习记录", "我的练习", "练习成绩"), "record"),
}
_TEAM = frozenset({"练习情况", "团队练习", "团队练习情况"})
_IN_A_ROUND: dict[str, Deed] = {
    **dict.fromkeys(("跳过", "下一题", "下一轮", "换一题", "跳过这题", "跳过这一题", "跳过这轮"), "skip"),
    **dict.fromkeys(("提示", "提示一下", "给个提示", "给点提示", "来个提示"), "hint"),
    **dict.fromkeys(("结束", "停"), "stop"),
    **dict.fromkeys(("记拜访", "记成拜访", "按拜访记", "是拜访"), "visit"),
    **dict.fromkeys(("算练习", "算回答", "是回答", "就是回答"), "answer"),
}


def read(text: str) -> Start | Deed | None:
    """What is meant whenever it is said.

    >>> read("练习"), read("练习 价格"), read("来一轮练习。"), read("练习PR-01"), read("不练了"), read("练习场地在哪")
    (Start(scope=''), Start(scope='价格'), Start(scope=''), Start(scope='PR-01'), 'stop', None)
    """
    words = text.strip(_MARKS)
    if words in _DEEDS:
        return _DEEDS[words]
    found = next(filter(None, (pattern.fullmatch(words) for pattern in _STARTS)), None)
    return Start(found[1] or "") if found else None


def read_in_a_round(text: str) -> Start | Deed | None:
    """What is meant while a round waits for its answer."""
    return _IN_A_ROUND.get(text.strip(_MARKS)) or read(text)


def asks_for_team(text: str) -> bool | None:
    return True if text.strip(_MARKS) in _TEAM else None
