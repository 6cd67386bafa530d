"""The pattern language of `nlp.lexicon`, made into regular expressions."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nlp.lexicon import CLASSES

GAP = r"[^，。！？；,!?;\n\r…]{0,6}?"
_PIECE = re.compile(r"…|\{([^{}]*)\}|\[([^\[\]]*)\]|\(([^()]*)\)")


def _either(words: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True) if word) + ")"


def expression(phrase: str, names: Sequence[str] = ()) -> str:
    """One phrase as a regular expression; an unknown class stands for itself. `names` are the known competitors."""
    parts: list[str] = []
    position = 0
    for piece in _PIECE.finditer(phrase):
        parts.append(re.escape(phrase[position : piece.start()]))
        position = piece.end()
        if piece[0] == "…":
            parts.append(GAP)
        elif piece[1] is not None:
            parts.append(_either((*CLASSES.get(piece[1], (piece[1],)), *(names if piece[1] == "竞品" else ()))))
        elif piece[2] is not None:
            parts.append(_either(piece[2].split("/")) + "?" if piece[2] else "")
        elif piece[3]:
            parts.append(_either(piece[3].split("/")))
    parts.append(re.escape(phrase[position:]))
    return "".join(parts)


@lru_cache(maxsize=64)
def compiled(phrases: tuple[str, ...], names: tuple[str, ...] = ()) -> re.Pattern[str] | None:
    """Any of the phrases; None where there is none. A phrase that would match nothing at all is left out."""
    alternatives = [expression(phrase, names) for phrase in sorted(phrases, key=len, reverse=True) if phrase.strip()]
    alternatives = [each for each in alternatives if not re.compile(each).fullmatch("")]
    return re.compile("|".join(alternatives)) if alternatives else None


@lru_cache(maxsize=256)
def _expressions(phrases: tuple[str, ...], names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Those without competitors apart, so that a new name does not make all of them anew."""
    without = compiled(tuple(phrase for phrase in phrases if "{竞品}" not in phrase))
    named = compiled(tuple(phrase for phrase in phrases if "{竞品}" in phrase), names)
    return tuple(pattern for pattern in (without, named) if pattern is not None)


def hits(phrases: Sequence[str], text: str, names: tuple[str, ...] = ()) -> Iterator[tuple[int, int]]:
    """Where any of the phrases stands, left to right, not overlapping."""
    for pattern in _expressions(tuple(phrases), names):
        for match in pattern.finditer(text):
            yield match.span()
