"""Chinese and mixed numerals as people say and type them: 八十五, 8万5, 一千二, 三五万, 三十五六万, 十几万, 1.2亿.

A numeral is read into an inclusive range, because much of what is said is one: 三五万 is 30,000 to 50,000. What does not
parse as a whole is not a number at all (三六零 is a brand): nothing is guessed from a part of it.

Conventions
- The digit after a unit counts tenths of that unit: 8万5 is 85,000, 一千二 is 1,200, 三百五 is 350, 一亿二 is 120,000,000.
- 一亿两千 is 120,000,000, as everybody means it; 一亿零两千 is 100,002,000.
- Behind 万, less than a hundred needs 零 (八十万三十 is two numbers), and an Arabic figure needs four digits or one.
- 几 is 2 to 9, behind 十 1 to 9, behind 大 5 to 9 (大几十万: 500,000 to 900,000); 十几二十万 is 110,000 to 200,000.
- 百八十 is 80 to 100, 千八百 800 to 1,000, 万八千 8,000 to 10,000.
- Three digits or more said one by one count only before 万 (一二零万 is 1,200,000).
"""

import re
from decimal import Decimal

DIGITS = {
    "零": 0,
    "〇": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "俩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10**4, "亿": 10**8}
CHARS = "0-9零〇○一二两俩三四五六七八九十百千万亿点几"

LONGEST = 24
"""A numeral has at most this many characters."""
_ARABIC = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_PAIR = re.compile(r"([一二两三四五六七八九])([二两三四五六七八九])")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|.")
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_OR_A_BIT_LESS = re.compile(r"(?:百八十|千八百|万八千)([万亿]?)")
_UP_TO_TENS = re.compile(r"([二三四五六七八九]?)十几([二三四五六七八九])十([万亿]?)")
_ONE_BY_ONE = re.compile(r"([零一二三四五六七八九]{3,6})([万亿])")

Range = tuple[Decimal, Decimal]


def read(words: str) -> Range | None:
    """The number that `words` spell, as (low, high); equal unless a pair (三五万) or 几 (十几万) makes it a range.

    >>> read("8万5")
    (Decimal('85000'), Decimal('85000'))
    >>> read("三十五六万")
    (Decimal('350000'), Decimal('360000'))
    >>> read("三六零") is None
    True
    """
    if not words or len(words) > LONGEST:
        return None
    if _ARABIC.fullmatch(words):
        value = Decimal(words.replace(",", ""))
        return value, value
    words = _GROUPING.sub("", words)
    if "几" in words:
        return _with_several(words)
    if found := _OR_A_BIT_LESS.fullmatch(words):
        tens = {"百": 10, "千": 100, "万": 1000}[words[0]] * _BIG.get(found[1], 1)
        return Decimal(8 * tens), Decimal(10 * tens)
    if found := _ONE_BY_ONE.fullmatch(words):
        digits = read_digits(found[1])
        value = Decimal(digits or 0) * _BIG[found[2]]
        return (value, value) if found[1][0] != "零" else None
    pairs = list(_PAIR.finditer(words))
    if not pairs:
        value_or_none = _exact(words)
        return None if value_or_none is None else (value_or_none, value_or_none)
    return _with_pair(words, pairs)


def read_digits(words: str) -> int | None:
    """A number spelled digit by digit, as years and room numbers are: 二零二六 is 2026.

    >>> read_digits("二零二六")
    2026
    """
    if not words or any(c not in DIGITS and not c.isdecimal() for c in words):
        return None
    return int("".join(str(DIGITS[c]) if c in DIGITS else str(int(c)) for c in words))


def whole(words: str) -> int | None:
    """A whole number said exactly, or None.

    >>> whole("二十三"), whole("三五")
    (23, None)
    """
    found = read(words)
    if found is None or found[0] != found[1] or found[0] != found[0].to_integral_value():
        return None
    return int(found[0])


def _with_pair(words: str, pairs: list[re.Match[str]]) -> Range | None:
    """三五万, 七八百, 三十五六万, 一万二三: exactly one pair of rising neighbours beside a unit."""
    if len(pairs) != 1:
        return None
    first, second = DIGITS[pairs[0][1]], DIGITS[pairs[0][2]]
    if not first < second <= first + 2:
        return None
    low = _exact(words[: pairs[0].start(2)] + words[pairs[0].end(2) :])
    high = _exact(words[: pairs[0].start(1)] + words[pairs[0].end(1) :])
    return None if low is None or high is None or low >= high else (low, high)


def _with_several(words: str) -> Range | None:
    """几: 十几 is 11 to 19, 几十 20 to 90, 几 2 to 9, 大几十 50 to 90."""
    if words.count("几") != 1:
        return None
    if found := _UP_TO_TENS.fullmatch(words):
        tens = DIGITS[found[1]] if found[1] else 1
        if DIGITS[found[2]] != tens + 1:
            return None
        scale = _BIG.get(found[3], 1)
        return Decimal((tens * 10 + 1) * scale), Decimal((tens + 1) * 10 * scale)
    least = "一" if words[: words.index("几")].endswith("十") else "二"
    if words.startswith("大几"):
        words, least = words[1:], "五"
    low, high = _exact(words.replace("几", least)), _exact(words.replace("几", "九"))
    return None if low is None or high is None else (low, high)


def _exact(words: str) -> Decimal | None:
    """The one value of a numeral with units; None where it is malformed or a bare run of digits longer than one."""
    tokens = _TOKEN.findall(words)
    total, rest = Decimal(0), tokens
    last = 0
    for unit in ("亿", "万"):
        if unit not in rest:
            continue
        at = rest.index(unit)
        # 三亿零一万: the 零 of a place left out
        left = _section(rest[1:at] if last and rest[0] in "零〇○" else rest[:at])
        if left is None or left == 0:
            return None
        total += left * _BIG[unit]
        last = _BIG[unit]
        rest = rest[at + 1 :]
    if any(unit in rest for unit in _BIG):
        return None
    if not rest:
        return total if last else None
    if last and any("." in word or word == "点" for word in tokens):
        return None  # 1.2万5: nothing follows a fraction
    if last and len(rest) == 1 and _digit(rest[0]) is not None:
        # 8万5, 八万五: the digit after a unit counts tenths of that unit
        value = _digit(rest[0])
        return None if not value else total + Decimal(value) * last / 10
    zero = bool(last) and rest[0] in "零〇○"
    if zero:
        rest = rest[1:]
    tail = _section(rest)
    if tail is None or (last and (tail >= last or (not zero and not _may_follow(rest, tail)))):
        return None
    if last == _BIG["亿"] and not zero:
        # 一亿两千 is said for 一亿两千万; a figure of digits might be either
        return total + tail * 10_000 if rest[-1] in _POWERS else None
    return total + tail


def _may_follow(tokens: list[str], value: Decimal) -> bool:
    """Whether a section stands behind 万 without 零: 8万5千, 12万8000, but not 80万30."""
    return value >= 100 and (len(tokens) > 1 or value >= 1000)


def _digit(token: str) -> int | None:
    if token in DIGITS:
        return DIGITS[token]
    return int(token) if len(token) == 1 and token.isdecimal() else None


def _section(tokens: list[str]) -> Decimal | None:
    """A number below ten thousand, or an Arabic figure of any size: 一千二, 八点五, 十五, 1200, 3百."""
    if not tokens:
        return None
    if "点" in tokens:
        return _decimal(tokens)
    if len(tokens) == 1 and tokens[0][0].isdecimal():
        return Decimal(tokens[0])
    if len(tokens) == 1 and tokens[0] in "零〇○":
        return Decimal(0)
    return _with_powers(tokens)


def _with_powers(tokens: list[str]) -> Decimal | None:
    """Figures before falling powers of ten: 一千二, 三百零五, 十五, 3百."""
    total, number, power, zero = Decimal(0), None, 10_000, False
    for word in tokens:
        if word in _POWERS:
            if _POWERS[word] >= power or (number is None and (word != "十" or (total and not zero))):
                return None
            power = _POWERS[word]
            total += (Decimal(1) if number is None else number) * power
            number, zero = None, False
        elif number is not None or (figure := _figure(word)) is None:
            return None
        elif figure == 0:
            if zero or power == 10_000:
                return None
            zero = True
        elif figure >= 10 and power != 10_000:
            return None
        else:
            number = figure
    if number is None:
        return None if zero else total
    # 一千二 is 1,200, 一千零二 is 1,002
    return total + (number * power / 10 if power in (100, 1000) and not zero else number)


def _figure(word: str) -> Decimal | None:
    if word in DIGITS:
        return Decimal(DIGITS[word])
    return Decimal(word) if word[0].isdecimal() else None


def _decimal(tokens: list[str]) -> Decimal | None:
    at = tokens.index("点")
    before, after = _section(tokens[:at]), tokens[at + 1 :]
    digits = [_digit(token) for token in after]
    if before is None or not after or any(digit is None for digit in digits):
        return None
    return before + Decimal("0." + "".join(map(str, digits)))
