"""Risk signals and encouraging ones: lexicon phrases, clause by clause, minus what guards take away.

A phrase in a note is no signal when

(a) it is negated (不用等预算), unless the phrase itself is a negation (没批, 不续约) - then only 不是, 不会, 没说 undo it -
    or denied afterwards (没预算这种话他没提过);
(b) it asks rather than says (有没有预算, 是不是换人了);
(c) the clause, or the next after 之前…, tells that it is settled (已经批了, 解决了, 没问题, 满意), or it was long ago (去年…);
(d) our own side speaks of itself (我建议再考虑一下, 我们领导还没批);
(e) it is hypothetical (如果…就…, 万一, 要是);
(f) the trouble is somebody else's (竞品售后不行, 他们原来的供应商交期慢);
(g) the words are part of another one or name a thing (招标办, 逾期提醒的功能).

The phrases are in `nlp.lexicon`, the guards in `nlp.guards`; `explain` tells what they did to a text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from nlp import clauses, guards, names, patterns
from nlp.clauses import Clause
from nlp.draft import Signal, Span, Vocabulary
from nlp.guards import Guard

Polarity = Literal["risk", "positive"]
Suppressed = Guard | Literal["overlapped", "repeated"]
"""A guard; or a longer hit lies over these words; or they go on with what the hit before them says."""


@dataclass(frozen=True)
class Hit:
    """A phrase of a category in the text, and why it is no signal, if it is none."""

    polarity: Polarity
    category: str
    span: Span
    suppressed: Suppressed | None = None
    phrase: str = ""
    """The entry of the lexicon that stands here."""

    def signal(self, text: str) -> Signal:
        return Signal(self.polarity, self.category, self.span.of(text), self.span)


def find(text: str, vocabulary: Vocabulary, *, competitors: Sequence[str] = ()) -> list[Signal]:
    """The signals of the text, in order; overlapping ones give way to the longest. `competitors` are names as listed."""
    found = explain(text, vocabulary, competitors=competitors)
    return [hit.signal(text) for hit in found if hit.suppressed is None]


def explain(text: str, vocabulary: Vocabulary, *, competitors: Sequence[str] = ()) -> list[Hit]:
    """Every place where a phrase of the vocabulary stands, in order: a signal where `suppressed` is None - then no guard
    had anything against it - else with what it was that took it away."""
    listed = tuple(dict.fromkeys((*competitors, *vocabulary.competitors)))
    said = tuple(name for name in _with_short_ones(listed) if name in text)
    return judged(text, clauses.split(text), vocabulary, said)


@lru_cache(maxsize=64)
def _with_short_ones(listed: tuple[str, ...]) -> tuple[str, ...]:
    """With 德科 for 德科自动化."""
    shorts = (names.parts_of(name).brand for name in listed)
    return tuple(dict.fromkeys((*listed, *(short for short in shorts if len(short) >= 2))))


def judged(text: str, pieces: Sequence[Clause], vocabulary: Vocabulary, competitors: Sequence[str]) -> list[Hit]:
    """Every place where a phrase stands, in order, with what suppresses it; `competitors` are names as they stand in the text."""
    found = [
        *hits("risk", vocabulary.risks, text, pieces, competitors),
        *hits("positive", vocabulary.positives, text, pieces, competitors),
    ]
    standing = longest([hit for hit in found if hit.suppressed is None])
    stands = set(standing)
    kept, repeated = _joined(standing, text, pieces)
    gone = [replace(hit, suppressed="overlapped") for hit in found if hit.suppressed is None and hit not in stands]
    judged = (*kept, *repeated, *gone, *(hit for hit in found if hit.suppressed is not None))
    return sorted(judged, key=lambda hit: (hit.span, hit.category))


_DISTINCT = frozenset({"回款"})
"""Of these each fact counts: 尾款还没付，已经逾期一个月."""
_APART, _LONGEST = 10, 40


def _joined(standing: Sequence[Hit], text: str, pieces: Sequence[Clause]) -> tuple[list[Hit], list[Hit]]:
    """Hits in a row that tell the same in one sentence are one signal, whose words run from the first to the last; and
    the hits which that one says already."""
    kept: list[Hit] = []
    repeated: list[Hit] = []
    starts = [piece.start for piece in pieces]

    def sentence(hit: Hit) -> int:
        return pieces[bisect_right(starts, hit.span.start) - 1].sentence

    for hit in standing:
        last = kept[-1] if kept else None
        if (
            last is not None
            and (last.polarity, last.category) == (hit.polarity, hit.category)
            and hit.category not in _DISTINCT
            and sentence(last) == sentence(hit)
            and hit.span.start - last.span.end <= _APART
            and hit.span.end - last.span.start <= _LONGEST
        ):
            kept[-1] = replace(last, span=Span(last.span.start, hit.span.end))
            repeated.append(replace(hit, suppressed="repeated"))
        else:
            kept.append(hit)
    return kept, repeated


def longest(found: Sequence[Hit]) -> list[Hit]:
    """Overlapping hits give way to the longest, of two as long to the earlier; in order of place."""
    kept: list[Hit] = []
    taken: list[bool] = [False] * (max((hit.span.end for hit in found), default=0))
    for hit in sorted(found, key=lambda each: (each.span.start - each.span.end, each.span.start)):
        if not any(taken[hit.span.start : hit.span.end]):
            kept.append(hit)
            taken[hit.span.start : hit.span.end] = [True] * (hit.span.end - hit.span.start)
    return sorted(kept, key=lambda hit: hit.span)


def hits(
    polarity: Polarity,
    categories: Mapping[str, Sequence[str]],
    text: str,
    pieces: Sequence[Clause],
    competitors: Sequence[str] = (),
) -> list[Hit]:
    """Every place where a phrase stands, with the reason why it does not count, in order.

    Of hits of one category within each other only the longest is told: what holds of 我们领导还没批 holds of 没批.
    """
    found: list[Hit] = []
    starts = [piece.start for piece in pieces]
    rivals = tuple(sorted(set(competitors), key=lambda name: (-len(name), name)))
    for category, phrases in categories.items():
        stand = patterns.hits(phrases, text, rivals)
        for start, end, phrase in _outermost(each for each in stand if not _told_by(category, text[each[0] : each[1]])):
            index = bisect_right(starts, start) - 1
            if index < 0 or start >= pieces[index].end:
                continue
            at = guards.around(polarity, category, text, pieces, index, start, end, rivals)
            found.append(Hit(polarity, category, Span(start, end), guards.why_not(at), phrase))
    return sorted(found, key=lambda hit: hit.span)


_TELLS = re.compile(r".(?<![没不未])[说讲]|我")
_MONEY = re.compile(r"[钱款万]|(?<!交)付")


def _told_by(category: str, words: str) -> bool:
    """校长说经费还没着落: who decides or leaves does not, but tells of something else; 答应的三十万没见: money is no delivery."""
    if category == "交付":
        return _MONEY.search(words) is not None
    return (
        category in ("审批", "决策人变更") and _TELLS.search(words) is not None and not words.startswith(("我", "说"))
    )


def _outermost(found: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for start, end, phrase in sorted(found, key=lambda each: (each[0], -each[1])):
        if not kept or end > kept[-1][1]:
            kept.append((start, end, phrase))
    return kept
