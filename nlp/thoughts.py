"""Clauses regrouped into thoughts, each with the times in it: what steps and demands are read from.

A comma behind a date is a breath, not the end of a thought (下周三之前，把计划表给他; speech engines write many), and a second date
begins another one (…发给他周五再约…). So does somebody new who begins to act, as speech without punctuation has it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from nlp import actors
from nlp.actions import OWN_SUBJECT, VERB, WE
from nlp.clauses import Clause
from nlp.dates import TimeMention

_CONDITION = re.compile(
    r"如果|要是|假如|万一|除非|只要|的话|等(?:他|她|客户|对方|领导)?[^，。]{0,8}(?:了|之后|以后|再)"
)
_SUBJECT_LAST = re.compile(r"(?:那边|这边|我|我们|他们|客户|[总工]|经理|主任)$")
_WE_FIRST = re.compile(WE)
_OVER = re.compile(r"(?<![约定好应诺排备])[了吧嘛]$")
"""What went before is done, and a date begins something new: 合同今天法务过了下礼拜一盖章."""
_ASKS = re.compile(
    r"我[^，。]{0,4}(?:问|请示|申请|汇报|商量|核实|沟通|协调|了解|查|算|评估|确认)(?:一下|[^，。]{2,12})$"
)
_THEN = re.compile(r"(?:之?前|再|就|内)?(?:给|发|回|出|寄|约|交|答复|报)")
"""我问一下财务下周给你回复: two steps, and the date is that of the second."""
_JOINED = re.compile(r"[到至和或、-]$")
_DOES = re.compile(
    r"(?:之?前|以前|内|再|就|先|也|都|一准儿?|全部|一起|一道)*(?:把|给|回(?!款)|发(?!票)|带|送|打(?=过|给|来|款)|交(?!期)|寄|拿|报(?!价)|转|还|出(?!差|国)|补|登门|上门|约)"
)
"""先还八万二十五号之前打过来: what is done on the day begins something new where enough was said before it."""
SHORTEST_THOUGHT, SHORTEST_QUESTION = 8, 5
"""Characters before a second date that are a thought of their own."""


@dataclass(frozen=True)
class Thought:
    clause: Clause
    times: tuple[TimeMention, ...]
    conditional: bool
    """Whether the clause before, in the same sentence, made a condition."""

    @property
    def due(self) -> TimeMention | None:
        return next((mention for mention in self.times if mention.due is not None), None)


class Times:
    """The times of a text, by place."""

    def __init__(self, times: Sequence[TimeMention]) -> None:
        self._all = sorted(times, key=lambda mention: mention.span)
        self._starts = [mention.span.start for mention in self._all]

    def within(self, start: int, end: int) -> tuple[TimeMention, ...]:
        first = bisect_left(self._starts, start)
        last = bisect_left(self._starts, end, lo=first)
        return tuple(mention for mention in self._all[first:last] if mention.span.end <= end)


def think(text: str, pieces: Sequence[Clause], times: Sequence[TimeMention]) -> list[Thought]:
    places = Times(times)
    return [
        Thought(clause, places.within(clause.start, clause.end), conditional)
        for clause, conditional in _finer(_by_actor(_over_pauses(text, pieces, places), places), places)
    ]


def _over_pauses(text: str, pieces: Sequence[Clause], places: Times) -> list[Clause]:
    joined: list[Clause] = []
    for clause in pieces:
        last = joined[-1] if joined else None
        if last is not None and (_is_a_breath(text, last, clause, places) or _is_its_topic(last, clause)):
            joined[-1] = replace(last, text=text[last.start : clause.end])
        else:
            joined.append(clause)
    return joined


def _is_a_breath(text: str, last: Clause, clause: Clause, places: Times) -> bool:
    if (last.sentence, last.speaker) != (clause.sentence, clause.speaker):
        return False
    if text[last.end : clause.start].strip() not in ("，", ","):
        return False
    dated = [mention for mention in places.within(last.start, last.end) if mention.due is not None]
    if not dated or dated[-1].span.end != last.end:
        return False
    whole = dated[-1].span.start == last.start
    goes_on = VERB.match(clause.text) and not OWN_SUBJECT.match(clause.text)
    if not (goes_on or (whole and _WE_FIRST.match(clause.text))):
        return False
    return not any(mention.due is not None for mention in places.within(clause.start, clause.end))


_TOPIC = re.compile(r"(?!.*(?:[了说不没行吗吧呢好对是有在]|答应|这个|那个|什么))[^我]{2,8}")
_WE_ACT = re.compile(r"我(?:们?这边|们)?(?!说|问|觉得)")


def _is_its_topic(last: Clause, clause: Clause) -> bool:
    """报价我下周一给她: what is first named, then said to be done."""
    if last.end != clause.start or (last.sentence, last.speaker) != (clause.sentence, clause.speaker):
        return False
    return bool(_TOPIC.fullmatch(last.text)) and bool(_WE_ACT.match(clause.text))


def _by_actor(pieces: Sequence[Clause], places: Times) -> list[Clause]:
    """Cut where somebody new begins to act, as speech without punctuation has it: …我后天给他个准话他呢下周一把规格发过来."""
    found: list[Clause] = []
    for clause in pieces:
        if clause.speaker is not None:
            found.append(clause)
            continue
        begins = {mention.span.start - clause.start for mention in places.within(clause.start, clause.end)}
        cuts = [0, *actors.beginnings(clause.text, begins), len(clause.text)]
        found += [
            replace(clause, text=clause.text[start:end], start=clause.start + start) for start, end in pairwise(cuts)
        ]
    return found


def _finer(pieces: Sequence[Clause], places: Times) -> Iterator[tuple[Clause, bool]]:
    """The clauses, cut again before a second date, and whether the clause before made a condition."""
    condition = -1
    for clause in pieces:
        conditional = condition == clause.sentence
        condition = clause.sentence if _CONDITION.search(clause.text) else -1
        dated = [mention for mention in places.within(clause.start, clause.end) if mention.due is not None]
        start = clause.start
        for number, mention in enumerate(dated):
            before = clause.text[start - clause.start : mention.span.start - clause.start]
            goes_on = (
                number == 0 and actors.says_enough(before) and _DOES.match(clause.text, mention.span.end - clause.start)
            )
            ends = (number > 0 or goes_on) and not _JOINED.search(before) and not _SUBJECT_LAST.search(before)
            asks = (
                len(before) >= SHORTEST_QUESTION
                and _ASKS.search(before)
                and _THEN.match(clause.text, mention.span.end - clause.start)
            )
            if asks or (len(before) >= SHORTEST_THOUGHT and (ends or _OVER.search(before))):
                yield replace(clause, text=before, start=start), conditional
                start = mention.span.start
        yield replace(clause, text=clause.text[start - clause.start :], start=start), conditional
