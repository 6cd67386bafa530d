"""What of a question or a stored phrasing is compared: its content, as 1- and 2-grams of characters and of syllables."""

import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

from nlp import thesaurus
from nlp.sounds import syllable

SOUND, MEANING = "♪", "≈"
"""What a term begins with that is no gram: signs that `content` leaves nowhere."""
LONGEST = 400
"""Characters of a question or a phrasing that are compared."""
_ASKED = re.compile(
    r"怎么(?:回答|答复|回复|回应|应对|处理|回|办|说|接|答|弄|搞)|如何(?:回答|回复|应对|处理|回|答)|咋(?:回|办|说|弄|整)|"
    r"(?:该|要)(?:怎么|如何|咋)|有(?:什么|啥)(?:话术|说法|办法)|(?:给我)?(?:来)?(?:个|一条|几条)?话术|"
    r"(?:这个|那个|这家|那家)?(?:客户|对方|甲方|他们|人家)(?:老是|总是|一直|老|总)?(?:说|问|嫌|讲|觉得|认为|想知道|想了解)?|"
    r"请问|帮我|我该|[你您]好|(?:早上|下午|晚上)好|谢谢[你您]?|多谢|辛苦了|在[吗么]|哈+|嗯+|呢|吗|啊|吧|呀|嘛|了|的"
)
_REST = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_NUMERALS = "零一二两三四五六七八九十百千几"
_FIGURE = re.compile(
    rf"(?:\d+(?:[.,]\d+)*\s?[万亿千百]{{0,2}}(?:元|块钱?|[wWkK](?![a-zA-Z]))|\d+(?:[.,]\d+)*\s?[万亿]"
    rf"|[{_NUMERALS}]+[万亿][{_NUMERALS}]*(?:元|块钱?)?|[{_NUMERALS}]{{2,}}(?:元|块钱?)|(?<![一每])[二两三四五六七八九]块钱)"
)
"""Amounts, near enough to leave them out: how much it is decides nothing about what it is."""
_UNIT = re.compile(r"[0-9a-z]+|[\u4e00-\u9fff]")
_LATIN = re.compile(r"[0-9a-z]")


@lru_cache(maxsize=1)
def synonyms() -> tuple[tuple[str, str], ...]:
    """Each wording with the one it is compared as, longest first."""
    pairs = []
    for line in (Path(__file__).parent / "script_synonyms.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            head, *others = line.split()
            pairs += [(other, head) for other in others]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=1)
def _synonym() -> tuple[re.Pattern[str], dict[str, str]]:
    meant = dict(synonyms())
    return re.compile("|".join(map(re.escape, meant))), meant


def content(text: str, rivals: Sequence[str] = ()) -> str:
    """Without amounts, fillers and marks, names of competitors and synonyms under one word each."""
    text = _FIGURE.sub(" ", text[:LONGEST])
    for rival in sorted(filter(None, rivals), key=len, reverse=True):
        text = text.replace(rival, "别家")
    pattern, meant = _synonym()
    text = pattern.sub(lambda match: meant[match[0]], text.lower())
    return _REST.sub(" ", _ASKED.sub(" ", text)).strip()


def terms(plain: str) -> set[str]:
    """The 1- and 2-grams of what `content` left, letters and digits together as words, and how the pairs sound."""
    found: set[str] = set()
    for part in plain.split():
        each = _UNIT.findall(part) if _LATIN.search(part) else part
        found.update(map(sys.intern, each))
        found.update(chain.from_iterable(map(_pair, each, each[1:])))
    found.discard("")
    return found


@lru_cache(maxsize=65536)
def _pair(one: str, other: str) -> tuple[str, str]:
    """The 2-gram, and its syllables without tones; single syllables would say too little."""
    first, second = syllable(one), syllable(other)
    return one + other, f"{SOUND}{''.join(first[:2])}0{''.join(second[:2])}" if first and second else ""


def meanings(text: str) -> set[str]:
    """What words of sales talk in it mean."""
    return {f"{MEANING}{number}" for number in thesaurus.default().meanings_of(text[:LONGEST])}
