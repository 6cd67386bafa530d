"""The pattern language of `nlp.lexicon`, made into regular expressions."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import add

from nlp.lexicon import CLASSES

GAP = r"[^，。！？；,!?;\n\r…]{0,6}?"
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_RIVALS = ("竞品", "对手")
"""Classes of the known competitors: with the words for any other, and by name alone."""
_REPEATED = {"?": "?", "*": "{0,3}", "+": "{1,3}"}


def _either(words: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True) if word) + ")"


def _pieces(phrase: str) -> Iterator[tuple[str, str, str]]:
    """Kind (`[`, `(`, `{`, `…` or empty for a literal), what is inside, how it is repeated."""
    at = 0
    while at < len(phrase):
        kind = phrase[at]
        end = phrase.find(_CLOSING[kind], at) if kind in _CLOSING else -1
        if end > at:
            after = phrase[end + 1 : end + 2]
            times = after if after in _REPEATED else ""
            yield kind, phrase[at + 1 : end], times
            at = end + 1 + len(times)
        else:
            yield ("…" if kind == "…" else ""), kind, ""
            at += 1


def expression(phrase: str, names: Sequence[str] = ()) -> str:
    """One phrase as a regular expression; an unknown class stands for itself. `names` are the known competitors."""
    return "".join(_expression(kind, inside, times, names) for kind, inside, times in _pieces(phrase))


def _expression(kind: str, inside: str, times: str, names: Sequence[str]) -> str:
    if kind == "":
        return re.escape(inside)
    if kind == "…":
        return GAP
    if kind == "{":
        words = CLASSES.get(inside, () if inside in _RIVALS else (inside,))
        found = _either((*words, *(names if inside in _RIVALS else ()))) if words or names else "(?!)"
    else:
        options = sorted({each for each in inside.split("/") if each}, key=len, reverse=True)
        if not options:
            return ""
        found = "(?:" + "|".join(expression(each, names) for each in options) + ")"
    return found + (_REPEATED[times] if times else "?" if kind == "[" else "")


# A competitor's name in the text, whatever it is, is matched as one character and its tail. So an expression does not
# depend on the names and is compiled once.
_NAME, _TAIL = "\ue000", "\ue001"
_NAMED = _NAME + _TAIL + "*+"


class Phrases:
    """Phrases sorted by the two characters that they may begin with; an expression is compiled when a text needs it."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._by_start: dict[str, list[int]] = {}
        self._phrases = sorted({each.strip().strip("…") for each in phrases}, key=lambda each: (-len(each), each))
        self._patterns: list[re.Pattern[str] | None] = [None] * len(self._phrases)
        self._candidates: dict[str, tuple[int, ...]] = {}
        for number, phrase in enumerate(self._phrases):
            starts = _starts(phrase)
            if "" not in starts:  # else it would match nothing at all
                for start in starts:
                    self._by_start.setdefault(start, []).append(number)

    def __len__(self) -> int:
        return len(self._phrases)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and phrase at each place where one stands: of several at one place the one longest written."""
        known = self._candidates
        for start, pair in enumerate(map(add, text, text[1:] + " ")):
            numbers = known.get(pair)
            if numbers is None:
                numbers = self._starting(pair)
            for number in numbers:
                pattern = self._patterns[number] or self._compiled(number)
                if match := pattern.match(text, start):
                    yield start, match.end(), self._phrases[number]
                    break

    def _starting(self, pair: str) -> tuple[int, ...]:
        found = tuple(sorted({*self._by_start.get(pair[:1], ()), *self._by_start.get(pair, ())}))
        if len(self._candidates) < _MOST_PAIRS:
            self._candidates[pair] = found
        return found

    def _compiled(self, number: int) -> re.Pattern[str]:
        pattern = re.compile(expression(self._phrases[number], (_NAME,)).replace(_NAME, _NAMED))
        self._patterns[number] = pattern
        return pattern


_MOST_PAIRS = 20_000
"""Pairs of characters remembered; Chinese notes have some thousands."""


def _starts(phrase: str) -> set[str]:
    """What a text matching the phrase may begin with: two characters, or one where anything may follow it.

    The empty text stands in it where the phrase may match nothing.
    """
    found = {""}
    for kind, inside, times in _pieces(phrase):
        if all(len(start) >= 2 or start.endswith(_ANY) for start in found):
            break
        if kind == "…":
            more = {_ANY}
        elif kind == "":
            more = {inside}
        elif kind == "{":
            words = CLASSES.get(inside, () if inside in _RIVALS else (inside,))
            more = {word[:2] for word in (*words, *((_NAME + _ANY,) if inside in _RIVALS else ())) if word}
        else:
            more = {start for option in inside.split("/") if option for start in _kept(option)}
        if times in ("*", "+"):
            more = {each if len(each) >= 2 else each + _ANY for each in more}
        if times in ("?", "*") or (kind == "[" and times != "+") or not more:
            more.add("")
        found = {
            start if len(start) >= 2 or start.endswith(_ANY) else (start + each)[:2] for start in found for each in more
        }
    return {start.rstrip(_ANY) for start in found}


_ANY = "\ue002"


def _kept(option: str) -> set[str]:
    """As `_starts`, with a sign for whatever may follow."""
    return {
        start if len(start) >= 2 else start + (_ANY if len(option) > len(start) else "") for start in _starts(option)
    }


@lru_cache(maxsize=256)
def compiled(phrases: tuple[str, ...]) -> tuple[Phrases, Phrases]:
    """Those that speak of no competitor, and those that do."""
    return (
        Phrases([each for each in phrases if not _names_rivals(each)]),
        Phrases([each for each in phrases if _names_rivals(each)]),
    )


def hits(phrases: Sequence[str], text: str, names: tuple[str, ...] = ()) -> Iterator[tuple[int, int, str]]:
    """Where the phrases stand, and which: start, end, phrase. They may overlap. `names` are the known competitors."""
    plain, of_rivals = compiled(tuple(phrases))
    yield from plain.find(text)
    if of_rivals:
        yield from of_rivals.find(_named(text, names))


def _names_rivals(phrase: str) -> bool:
    return any(f"{{{name}}}" in phrase for name in _RIVALS)


def _named(text: str, names: Sequence[str]) -> str:
    """The text, as long as before, with each name as one sign and its tail."""
    text = text.replace(_NAME, " ").replace(_TAIL, " ")
    known = [name for name in names if name]
    if not known:
        return text
    return re.sub(_either(known), lambda match: _NAME + _TAIL * (len(match[0]) - 1), text)
