"""Whom of a list of people a name means: written in full, in part, in letters, or as it sounds."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from nlp.sounds import similarity, syllable

SURE = 0.9
"""How much a name must sound like another to be taken for it; as for contacts (`nlp.people`)."""
LEAST_LETTERS = 2
_TITLE = re.compile(r"(?:总监|经理|主管|主任|总|工|哥|姐)$")


def find(said: str, names: Sequence[str]) -> list[int]:
    """The places of the names that `said` means: those that match best, and no others; empty where none does.

    In full before in part (晓彤, 李经理), then in letters (lixiaotong, lxt), then by sound (李小童).

    >>> find("晓彤", ["李晓彤", "赵一鸣"]), find("lixiaotong", ["李晓彤"]), find("李小童", ["李晓彤", "李晓明"])
    ([0], [0], [0])
    """
    said = said.strip()
    if not said:
        return []
    for matches in _WAYS:
        if found := [place for place, name in enumerate(names) if matches(said, name)]:
            return found
    return []


def _in_full(said: str, name: str) -> bool:
    return said.casefold() == name.casefold()


def _in_part(said: str, name: str) -> bool:
    bare = _TITLE.sub("", said)
    # 李经理 is whoever is called 李; a single character that is no surname with a title means nobody
    if bare != said and len(bare) == 1:
        return name.startswith(bare)
    part = bare if len(bare) > 1 else said
    return len(part) > 1 and part.casefold() in name.casefold()


def _in_letters(said: str, name: str) -> bool:
    letters = re.sub(r"[^a-z]", "", said.casefold())
    if len(letters) < LEAST_LETTERS or not said.isascii():
        return False
    whole, first = _letters(name)
    return letters in (whole, first) or (len(letters) > len(name) and whole.startswith(letters))


@lru_cache(maxsize=4096)
def _letters(name: str) -> tuple[str, str]:
    """lixiaotong and lxt; empty for a name that is not written in Chinese."""
    found = [syllable(character) for character in name]
    parts = [f"{one[0]}{one[1]}" for one in found if one is not None]
    if len(parts) < len(name):
        return "", ""
    return "".join(parts), "".join(part[0] for part in parts)


def _by_sound(said: str, name: str) -> bool:
    return len(said) == len(name) > 1 and similarity(said, name, [1.0] * len(name)) >= SURE


def has_title(said: str) -> bool:
    """Whether it is a surname or name with a title: 李经理."""
    return _TITLE.search(said.strip()) is not None


def is_sure(said: str, name: str) -> bool:
    """Whether the name was written, in full, in part or in letters; what only sounds like it has to be asked about."""
    return any(matches(said.strip(), name) for matches in _WAYS[:-1])


_WAYS: tuple[Callable[[str, str], bool], ...] = (_in_full, _in_part, _in_letters, _by_sound)
