"""How Chinese characters sound, and how alike two of them are to a speech model.

A syllable is an initial, a final and a tone. Confusions that speakers and models make all the time (z/zh, n/l, an/ang, in/ing,
f/h …) count 0.12 of a syllable, a wrong initial or final 0.5, a wrong tone 0.02: our own figures, checked with
`benchmarks/names.py`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
MILD, WRONG_TONE = 0.12, 0.02
MISSING, EXTRA = 0.6, 0.5


def _pairs(words: str) -> frozenset[tuple[str, str]]:
    """Both orders of each pair: "z zh, n l"."""
    both = [tuple(pair.split()) for pair in words.split(",")]
    return frozenset((*((one, other) for one, other in both), *((other, one) for one, other in both)))


_SAME_INITIAL = _pairs("z zh, c ch, s sh, n l, l r, f h")
_SAME_FINAL = _pairs(
    "an ang, en eng, in ing, ian iang, uan uang, un ong, on ong, en un, uo o, ei ui, eng ong, in un, ing eng"
)
_IN_NAMES = {"长": "cháng", "重": "chóng", "曾": "zēng", "晟": "shèng"}
"""Readings that names have where another one comes first in the dictionary (长虹, 重庆, surname 曾, 永晟)."""
_MARKS = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ"
_PLAIN = str.maketrans(_MARKS, "aaaaeeeeiiiioooouuuuvvvvvnnnm")
_TONE = {mark: at % 4 + 1 for at, mark in enumerate(_MARKS[:24])} | {"ń": 2, "ň": 3, "ǹ": 4, "ḿ": 2}


@lru_cache(maxsize=1)
def _readings() -> dict[int, str]:
    # a third of a second: loaded with the first customer that is compared, not with the module
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT


@lru_cache(maxsize=16384)
def syllable(character: str) -> tuple[str, str, int] | None:
    """Initial, final and tone (0: none) of a Chinese character's usual reading; None for anything else."""
    readings = _IN_NAMES.get(character) or (_readings().get(ord(character)) if len(character) == 1 else None)
    if not readings:
        return None
    first = readings.split(",")[0]
    plain = "".join(c for c in first.translate(_PLAIN) if c.isascii())
    initial = next((each for each in _INITIALS if plain.startswith(each)), "")
    return initial, plain[len(initial) :], next((_TONE[c] for c in first if c in _TONE), 0)


@lru_cache(maxsize=65536)
def distance(one: str, other: str) -> float:
    """How differently two characters sound, from 0 (alike, or the same letter) to 1."""
    if one == other:
        return 0.0
    first, second = syllable(one), syllable(other)
    if first is None or second is None:
        return 0.0 if one.isascii() and one.lower() == other.lower() else 1.0
    return min(
        1.0,
        _part(first[0], second[0], _SAME_INITIAL)
        + _part(first[1], second[1], _SAME_FINAL)
        + (WRONG_TONE if first[2] != second[2] else 0.0),
    )


def _part(one: str, other: str, alike: frozenset[tuple[str, str]]) -> float:
    if one == other:
        return 0.0
    return MILD if (one, other) in alike else 0.5


def similarity(said: str, words: str, weights: Sequence[float]) -> float:
    """How much `said` sounds like `words`, from 0 to 1; `weights` has one entry per character of `words`.

    1 - (weighted edit distance / sum of weights); a missing syllable costs 0.6 of its weight, an extra one 0.5.
    """
    total = sum(weights)
    row = [0.0]
    for _ in said:
        row.append(row[-1] + EXTRA)
    for at, character in enumerate(words):
        weight = weights[at]
        lost = MISSING * weight
        above, last = row, row[0] + lost
        row = [last]
        for index, heard in enumerate(said):
            swapped = above[index] + (0.0 if heard == character else weight * distance(character, heard))
            missing = above[index + 1] + lost
            last += EXTRA
            if swapped < last:
                last = swapped
            if missing < last:
                last = missing
            row.append(last)
    return max(0.0, 1.0 - row[-1] / total) if total else 0.0


@lru_cache(maxsize=16384)
def sound_class(character: str) -> str | None:
    """A class of syllables that are taken for one another, to find places worth comparing; None for signs."""
    found = syllable(character)
    if found is None:
        return character.lower() if character.isalnum() else None
    initial, final, _ = found
    initial = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "r": "l", "h": "f"}.get(initial, initial)
    final = re.sub("(?<=[aeiou])n?g$", "n", final).replace("on", "en").replace("un", "en")
    return initial + {"uo": "o", "ui": "ei"}.get(final, final)
