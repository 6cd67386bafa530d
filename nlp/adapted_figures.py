"""The numbers of a sentence, so that two of them can be compared: what they come to, of what, and what they stand beside.

The project's grammars read amounts, percentages and counts; every other number (3分钟, 第二步, 周三) is compared as it is said,
by its value, its unit and its bound. A figure of speech (一起, 一下) is no number.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nlp import money, numerals
from nlp.draft import Span

_DIGIT = "0-9零〇○一二两俩三四五六七八九十百千万亿几半"
_RUN = re.compile(
    rf"[百千万]分之[{_DIGIT}](?:[{_DIGIT}]|[.点](?=[{_DIGIT}]))*|[{_DIGIT}](?:[{_DIGIT}]|[.,点](?=[{_DIGIT}]))*"
)
_WORD = re.compile(
    r"(?:(?<=统)一|(?<=唯)一|(?<=逐)一|(?<=万)一|(?<=单)一|(?<=另)一家)"
    r"|一(?:起|下|样|些|般|直|致|旦|边|线|并|定|种|眼|点(?![零一二三四五六七八九\d])|块儿|[项份张句版段笔位条]|个(?![月半多小星季礼工百点]))"
    r"|万一|千万(?=[别不要])|十分(?![之钟钱])|[百千万亿]+(?![\d元块])"
)
"""Numerals that count nothing."""
_BEFORE = re.compile(
    r"(?:大约|约|大概|差不多|将近|近|不到|不足|不超过|超过|至少|最少|最多|最低|最高|起码|首|第|满|逾|前|后|上|下|"
    r"(?<=[下上])?周|星期|礼拜)$"
)
_UNIT = re.compile(
    r"(?P<unit>%|‰|个?百分点|个点|折|成半?|元整?|块钱?|角|毛|分钱|个?工作日|个?小时|分钟|个?月|个?星期|个?礼拜|个?季度|年半?|天|日|号|"
    r"周|期|(?![的了是为约共才也就按到有])[一-鿿])?"
    r"(?P<bound>以内|之内|内|以上|以下|之上|之下|以前|之前|前|以后|之后|后|起|左右|上下|多|余|封顶|/[一-鿿])?"
)
_PLACE = re.compile(
    r"(?:[上下本这]个?|大?[前后])?(?:周[一二三四五六日天末]|星期[一二三四五六日天])(?:以前|之前|前|以后|之后|后)?"
    r"|[今明后昨前]天|[下上本这]个?(?:周|月|季度)|[月年]底|今年|明年|后年|去年|月初|年初|年前|年后"
)
"""Days that no number names."""
_EACH = re.compile(r"(?P<each>每一?[一-鿿]|一年|全年|年均|月均|首年)[^，。！？；：,!?;:\n]*$")
_SAME = {"块": "元", "块钱": "元", "元整": "元", "个工作日": "工作日", "个小时": "小时", "个月": "月", "号": "日"}
_SKIPPED = frozenset("的了是为约共才也就按到有")
"""Says nothing of what a number is of."""
_STOP = frozenset("，。！？；：、,!?;:…（）()「」“”\n")

Read = tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    start: int
    end: int
    said: tuple[str, str, str]
    """What bounds it before, its value, and its unit with what bounds it behind."""
    read: frozenset[Read]
    """What the grammars make of it; empty where none of them does."""
    left: str
    right: str
    """The nearest characters of its clause that say what it is of."""
    each: str
    """每年, 每台, where that stands before it in its clause."""

    def equals(self, other: "Figure") -> bool:
        if self.read and other.read:
            return self.read == other.read
        return self.said == other.said

    def stands_like(self, other: "Figure") -> bool:
        """Whether it is of the same thing, as far as its neighbours tell."""
        if self.each != other.each:
            return False
        if self.left and self.left == other.left:
            return True
        return self.right == other.right and bool(self.right or not (self.left or other.left))


def find(text: str) -> list[Figure]:
    """In order; `text` has no blanks."""
    known = list(_read(text))
    spans = sorted(_spans(text))
    return [_figure(text, start, end, known) for start, end in spans]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    taken: list[tuple[int, int]] = []
    for match in _PLACE.finditer(text):
        taken.append(match.span())
        yield match.span()
    for match in _RUN.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in taken) or _is_word(text, match):
            continue
        before = _BEFORE.search(text, max(0, match.start() - 4), match.start())
        unit = _UNIT.match(text, match.end())
        assert unit is not None  # all of it is optional
        yield before.start() if before else match.start(), unit.end()


def _is_word(text: str, match: re.Match[str]) -> bool:
    if match[0] == "俩" and text[match.start() - 1 : match.start()] == "咱":
        return True
    if match[0] == "一" and match.start() and text[match.start() - 1] == text[match.end() : match.end() + 1]:
        return True  # 试一试
    word = _WORD.match(text, match.start())
    return word is not None and word.end() >= match.end()


def _figure(text: str, start: int, end: int, known: Iterable[tuple[Span, Read]]) -> Figure:
    run = _RUN.search(text, start, end)
    words = text[start:end]
    said = ("", words, "")
    if run is not None and not _PLACE.fullmatch(words):
        unit = _UNIT.match(text, run.end())
        assert unit is not None
        name = unit["unit"] or ""
        said = (text[start : run.start()], _value(run[0]), _SAME.get(name, name) + (unit["bound"] or ""))
    read = frozenset(each for span, each in known if span.start < end and start < span.end)
    per = _EACH.search(text, max(0, start - 12), start)
    return Figure(
        start, end, said, read, _neighbour(text, start - 1, -1), _neighbour(text, end, 1), per["each"] if per else ""
    )


def _value(run: str) -> str:
    plain = run.replace(",", "")
    found = numerals.read(plain)
    return plain if found is None else "~".join(f"{each.normalize():f}" for each in dict.fromkeys(found))


def _neighbour(text: str, at: int, step: int) -> str:
    while 0 <= at < len(text) and text[at] in _SKIPPED:
        at += step
    return text[at] if 0 <= at < len(text) and text[at] not in _STOP else ""


def _read(text: str) -> Iterator[tuple[Span, Read]]:
    reading = money.read(text)
    for amount in (*reading.amounts, *reading.withdrawn):
        yield amount.span, ("money", str(amount.low_fen), str(amount.high_fen), amount.unit or "", amount.bound)
    for share in reading.percents:
        yield share.span, ("share", share.kind, f"{share.value:g}")
    for count in reading.quantities:
        yield count.span, ("count", f"{count.low.normalize():f}", f"{count.high.normalize():f}", count.unit)
