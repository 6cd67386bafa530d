"""The pattern language of `nlp.lexicon`, made into regular expressions."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

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
    """Phrases sorted by the characters that they may begin with; an expression is compiled when a text needs it."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._phrases: dict[str, list[str]] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        for phrase in sorted({each.strip().strip("…") for each in phrases}, key=lambda each: (-len(each), each)):
            if phrase and not re.compile(expression(phrase)).fullmatch(""):
                for first in _firsts(phrase):
                    self._phrases.setdefault(first, []).append(phrase)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and phrase at each place where one stands: of several at one place the one longest written."""
        for start, character in enumerate(text):
            phrases = self._phrases.get(character)
            if phrases is None:
                continue
            pattern = self._patterns.get(character)
            if pattern is None:
                pattern = self._patterns[character] = _any_of(phrases)
            match = pattern.match(text, start)
            if match is not None and match.lastindex is not None:
                yield start, match.end(), phrases[match.lastindex - 1]


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """One group a phrase, so that the match says which it was."""
    return re.compile("|".join(f"({expression(each, (_NAME,)).replace(_NAME, _NAMED)})" for each in phrases))


def _firsts(phrase: str) -> set[str]:
    """The characters that a text matching the phrase may begin with."""
    found: set[str] = set()
    for kind, inside, times in _pieces(phrase):
        if kind == "":
            return found | {inside}
        if kind == "{":
            words = CLASSES.get(inside, () if inside in _RIVALS else (inside,))
            found |= {word[0] for word in (*words, *((_NAME,) if inside in _RIVALS else ())) if word}
        elif kind != "…":
            for option in inside.split("/"):
                found |= _firsts(option)
        if times not in ("?", "*") and (kind == "{" or (kind == "(" and inside) or times == "+"):
            return found
    return found


@lru_cache(maxsize=64)
def compiled(phrases: tuple[str, ...]) -> Phrases:
    return Phrases(phrases)


def hits(phrases: Sequence[str], text: str, names: tuple[str, ...] = ()) -> Iterator[tuple[int, int, str]]:
    """Where the phrases stand, and which: start, end, phrase. They may overlap. `names` are the known competitors."""
    yield from compiled(tuple(each for each in phrases if not _names_rivals(each))).find(text)
    yield from compiled(tuple(each for each in phrases if _names_rivals(each))).find(_named(text, names))


def _names_rivals(phrase: str) -> bool:
    return any(f"{{{name}}}" in phrase for name in _RIVALS)


def _named(text: str, names: Sequence[str]) -> str:
    """The text, as long as before, with each name as one sign and its tail."""
    text = text.replace(_NAME, " ").replace(_TAIL, " ")
    known = [name for name in names if name]
    if not known:
        return text
    return re.sub(_either(known), lambda match: _NAME + _TAIL * (len(match[0]) - 1), text)
