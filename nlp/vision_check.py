"""Whether what a model read in a picture stands in the letters that were read on this machine.

Figures are compared by value (85万, 八十五万 and 850,000 are one), long numbers by their digits (138-0013-8000), days by their
words (礼拜三 is 周三). Words are compared by pairs of neighbouring characters, for letters are misread now and then. All of
it errs to the side of doubt: a figure that was read otherwise here is not confirmed, and a person looks.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from nlp import numerals

MOST_UNCONFIRMED = 20
SMALL = 100
"""Numbers below that are in every picture, as hours and minutes if nothing else: 3台 is confirmed by 三台, not by 3天."""
LONG_DIGITS = 7
"""From so many on, digits are a telephone, an account, an order: one number, whatever stands between them."""
FEW_PAIRS = 4
"""Words with fewer pairs of characters than that (好的, 收到) are not compared."""

_D = "零〇○一二两俩三四五六七八九十"
_NUMERAL = re.compile(rf"[0-9{_D}几](?:[0-9{_D}百千万亿点几]|,(?=[0-9]{{3}}(?![0-9]))|\.(?=[0-9]))*")
_UNIT = re.compile(r"[%‰]|[wk](?![a-z])")
_PIECE = re.compile(rf"[0-9]+|[{_D}百千万亿]+")
_ONE = re.compile(r"[月号日点时天周年台套件块元吨斤成折期层级季倍]")
"""Behind a single 一 that counts; else it is mostly a part of a word (一下, 一起, 统一)."""
_BEHIND_FIGURE = re.compile(rf"(?<=[0-9])(?: +(?=[百千万亿%‰wk])|\s+(?=[^\W\d_a-z百千万亿点几{_D}]))")
_CHAIN = re.compile(r"[0-9](?:[ -]?[0-9])*")
_DAY = re.compile(
    r"(?:[下上]{1,3}|[本这])个?(?:周|星期|礼拜)[一二三四五六日天末]?|(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|大?[前后]天|[今明昨][天日早晚]|(?:[下上]{1,3}个?|本|这个?)?月[底初末]|(?:[下上]{1,3}个|本|这个)月|[今明去后前]年|年[底初末前]"
)

Key = tuple[Decimal, Decimal, str]


@dataclass(frozen=True)
class Letters:
    """What was read, made ready to be asked whether it has something."""

    numbers: frozenset[Key]
    long_numbers: frozenset[str]
    days: frozenset[str]
    pairs: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Letters":
        plain = [_plain(text) for text in texts]
        return cls(
            frozenset(key for text in plain for _, exact in _numbers(text) for key in (exact, _bare(exact))),
            frozenset(number for text in plain for number in _long_numbers(text)),
            frozenset(_same_day(day) for text in plain for day in _DAY.findall(text) + _DAY.findall(_one_line(text))),
            frozenset(pair for text in plain for pair in _pairs(text)),
        )

    def unconfirmed(self, words: str) -> tuple[str, ...]:
        """The figures and days in `words` that the letters do not have, each once, at most MOST_UNCONFIRMED.

        >>> Letters.of(["预算85 万，电话138-0013-8000"]).unconfirmed("预算八十五万，周三打13800138000，定金9万")
        ('周三', '9万')
        """
        plain = _plain(words)
        days = (found[0] for found in _DAY.finditer(plain) if _same_day(found[0]) not in self.days)
        rest = _CHAIN.sub(lambda found: " " if self._has_long(found[0]) else found[0], plain)
        numbers = (number for number, key in _numbers(rest) if key not in self.numbers)
        return tuple(dict.fromkeys([*days, *numbers]))[:MOST_UNCONFIRMED]

    def share_of(self, words: str) -> float:
        """How much of `words` the letters have, from 0 to 1; 1 where they are too short to tell."""
        pairs = list(_pairs(_plain(words)))
        return sum(pair in self.pairs for pair in pairs) / len(pairs) if len(pairs) >= FEW_PAIRS else 1.0

    def _has_long(self, chain: str) -> bool:
        digits = _digits(chain)
        return len(digits) >= LONG_DIGITS and digits in self.long_numbers


def same_words(words: str) -> str:
    """Two texts that differ only in spaces, punctuation and width have the same."""
    return "".join(c for c in _plain(words) if c.isalnum())


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    ascii_digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)
    return _BEHIND_FIGURE.sub("", ascii_digits)


def _numbers(plain: str) -> Iterator[tuple[str, Key]]:
    """Each number as it stands, and its value with what stands behind it."""
    words = _DAY.sub(" ", plain)
    for found in _NUMERAL.finditer(words):
        # 2026.3.5, 十二点半: no number as a whole
        is_whole = _value(found[0]) is not None
        for piece in [found] if is_whole else _PIECE.finditer(words, *found.span()):
            if (value := _value(piece[0])) and not _is_part_of_a_word(piece):
                behind = _behind(words, piece.end(), value[1])
                yield piece[0] + (behind if _UNIT.fullmatch(behind) else ""), (*value, behind)


def _bare(key: Key) -> Key:
    """What confirms a number behind which a model has nothing; a percentage confirms no number."""
    low, high, behind = key
    return key if _UNIT.fullmatch(behind) else (low, high, "")


def _is_part_of_a_word(numeral: re.Match[str]) -> bool:
    return numeral[0] == "几" or (numeral[0] == "一" and not _ONE.match(numeral.string, numeral.end()))


def _behind(words: str, end: int, value: Decimal) -> str:
    """The sign that changes a number, or the Chinese character that says what a small one counts."""
    if unit := _UNIT.match(words, end):
        return unit[0]
    beside = words[end : end + 1]
    return beside if value < SMALL and beside.isalpha() and not beside.isascii() else ""


def _value(words: str) -> numerals.Range | None:
    if words.isdecimal():
        return Decimal(words), Decimal(words)
    if value := numerals.read(words):
        return value
    digits = numerals.read_digits(words) if len(words) <= numerals.LONGEST else None
    return None if digits is None else (Decimal(digits), Decimal(digits))


def _long_numbers(plain: str) -> Iterator[str]:
    chains = [[_digits(found[0]) for found in _CHAIN.finditer(line)] for line in plain.splitlines()]
    yield from (number for line in chains for number in line if len(number) >= LONG_DIGITS)
    # one that goes on in the next line
    for above, below in pairwise(line for line in chains if line):
        if len(joined := above[-1] + below[0]) >= LONG_DIGITS:
            yield joined


def _digits(chain: str) -> str:
    return chain.replace(" ", "").replace("-", "")


def _one_line(plain: str) -> str:
    return plain.replace("\n", "")


def _same_day(words: str) -> str:
    return re.sub("星期|礼拜", "周", words).replace("个", "").replace("周天", "周日")


def _pairs(plain: str) -> Iterator[str]:
    letters = "".join(c for c in plain if c.isalnum())
    return (first + second for first, second in pairwise(letters))
