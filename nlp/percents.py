"""Percentages, discounts and points in a sales note.

Conventions
- 百分之十五, 15% are `percent`; 千分之三 is 0.3. 三成 and 三成半 only of what is paid, earned or changed (首付三成, 降了两成):
  活干了八成, 八成要黄 and 一半 say no figure.
- 九五折 is a `discount` of 95 (what is left to pay), 打对折 of 50.
- 两个点 is `points` behind a word that takes off or puts on (便宜, 让, 返, 加), and 个百分点 always is; else 毛利15个点 is `percent`,
  where what stands before it is a rate at all: 全市只有两个点, 装了三个点 are places.
- A range gives both of its ends: 10%到15%, 三五个点.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from nlp import clauses, numerals
from nlp.draft import Percent, Span

_CN = "[零〇一二两三四五六七八九十]"
_CN_NUMBER = rf"{_CN}{{1,3}}(?:点[零一二三四五六七八九]{{1,2}})?"
_ARABIC = r"\d{1,3}(?:\.\d{1,2})?"
_PERCENT = re.compile(
    rf"(?P<of>[百千万])分之(?P<cn>一百(?:[一二三四五六七八九]十)?|{_CN_NUMBER}|{_ARABIC})(?![\d百千万点])"
    rf"(?:(?:到|至|-|~)(?:百分之)?(?P<cn2>{_CN_NUMBER}(?![年月号日天个台套万千百亿])|{_ARABIC}(?![\d年月号日天个台套万千百亿.])))?"
    rf"|(?<![\d.])(?P<low>{_ARABIC})%?\s?[-~到至]\s?(?P<high>{_ARABIC})\s?%"
    rf"|(?<![\d.,])(?P<num>{_ARABIC})\s?(?P<sign>[%‰])"
    rf"|(?:(?<![\d零一二两三四五六七八九十百千万第.几])(?P<points_low>{_CN}{{1,3}}|\d{{1,2}}(?:\.\d)?)[-~到至])?"
    rf"(?<![\d零一二两三四五六七八九十百千万第.几])(?P<points>{_CN}{{1,3}}(?:点[五一二三四六七八九])?|\d{{1,2}}(?:\.\d)?)个(?P<hundredths>百分)?点"
    r"(?!位|检|击|名|评|心|子|钟|数据|赞|餐|火|火|状|对点|云)"
    r"|(?P<fold>(?<![\d零一二三四五六七八九十百曲打骨对波.第])(?:[一二三四五六七八九]点[一二三四五六七八九]|[一二三四五六七八九]{1,2}|\d(?:\.\d)?|\d\d)"
    r"|(?<=打)(?:[一二三四五六七八九]{1,2}|对|\d(?:\.\d)?|\d\d))折(?!叠|旧|磨|腾|返|算|合|扣率|页|弯|线|射)"
    r"|(?P<tenths>(?<![\d零一二两三四五六七八九十百千万第])[一二两三四五六七八九])成(?P<half>半|[一二三五六七八九](?![十百千万个台套条]))?"
    r"(?!不变|稿|要|会|得|没|已|又|也|都|把|本|功|立|交|为|员|果|熟|都|套|长|效|分|绩|品|型|人|就|天|群|年|语|了|他|我|一|像|块|片|份)"
)
_SIGN = re.compile("[%‰折成点]|分之")
"""None without one of these."""
_TAKES_OFF = re.compile(
    r"(?:便宜|让利?|让价?|优惠|降价?|[降下]浮|上浮|返点?|返利|低|高|贵|涨价?|加价?|少|多|减|省|再去|砍|压|松|退|扣|提)(?:掉|了|个|到|他们?|我们|你|我|给|大概|差不多|至少|最多|再|下来|不到|有|出){0,2}$"
)

_RATE_BEFORE = re.compile(
    r"(?:便宜|优惠|利|率|税|点数|返|扣|佣金|费|折|[降让抹涨浮赚抽压松加减砍提高低贵少多]|发票|权限|[付款金收占留押剩])[^，。！？；,!?;\n]{0,6}$"
)
"""What a share or points may be of."""
_RATE_AFTER = re.compile("的?(?:首付|预付|定金|订金|货款|尾款|付|质保金|回扣|返点|利|税|佣金|折扣)")


def percents(text: str) -> list[Percent]:
    """Percentages (0 to 999, as written) in order, without those taken back."""
    folded = clauses.fold(text)
    if not _SIGN.search(folded):
        return []
    found: list[Percent] = []
    for match in _PERCENT.finditer(folded):
        found.extend(_percent(folded, match))
    gone = clauses.withdrawn(folded, [each.span for each in found])
    return [each for index, each in enumerate(found) if index not in gone]


def _percent(text: str, match: re.Match[str]) -> Iterator[Percent]:
    start, end = match.span()
    if match["of"]:
        share = {"百": 1, "千": 10, "万": 100}[match["of"]]
        yield from _between(match, "cn", "cn2", share)
    elif match["low"]:
        yield from _between(match, "low", "high", 1)
    elif match["num"]:
        yield from _between(match, "num", None, 10 if match["sign"] == "‰" else 1)
    elif match["fold"]:
        if (rate := _rate(match["fold"])) is not None:
            yield Percent(rate, Span(start, end), "discount")
    elif match["tenths"]:
        if _is_rate(text, start, end):
            more = 5 if match["half"] == "半" else numerals.DIGITS.get(match["half"] or "", 0)
            yield Percent(numerals.DIGITS[match["tenths"]] * 10.0 + more, Span(start, end))
    elif match["hundredths"] or _is_rate(text, start, end):
        yield from _points(text, match)


def _is_rate(text: str, start: int, end: int) -> bool:
    return bool(_RATE_BEFORE.search(text, max(0, start - 10), start) or _RATE_AFTER.match(text, end))


def _between(match: re.Match[str], low: str, high: str | None, share: int) -> Iterator[Percent]:
    """One value, or both ends of a range, each with its own words."""
    first = numerals.read(match[low])
    second = numerals.read(match[high]) if high and match[high] else None
    if first is None or first[0] != first[1]:
        return
    ends = match.end(low) if second else match.end()
    yield Percent(float(first[0] / share), Span(match.start() if low == "cn" else match.start(low), ends))
    if second and high and second[0] == second[1]:
        yield Percent(float(second[0] / share), Span(match.start(high), match.end()))


def _points(text: str, match: re.Match[str]) -> Iterator[Percent]:
    read = numerals.read(match["points"])
    if read is None or read[0] == 0:
        return
    begin, end = match.start("points"), match.end()
    taken_off = match["hundredths"] or _TAKES_OFF.search(text, max(0, match.start() - 8), match.start())
    kind: Literal["points", "percent"] = "points" if taken_off else "percent"
    low = numerals.read(match["points_low"]) if match["points_low"] else None
    spans: list[tuple[Decimal, Span]] = []
    if low is not None and low[0] == low[1] < read[0] == read[1]:
        spans = [(low[0], Span(*match.span("points_low"))), (read[0], Span(begin, end))]
    elif read[0] == read[1]:
        spans = [(read[0], Span(begin, end))]
    else:
        spans = [(read[0], Span(begin, begin + 1)), (read[1], Span(begin + 1, end))]
    for value, span in spans:
        yield Percent(float(value), span, kind)


def _rate(words: str) -> float | None:
    """九五折 and 9.5折 are 95, 九折 is 90, 对折 is 50."""
    if words == "对":
        return 50.0
    if "." in words:
        return float(Decimal(words) * 10)
    if "点" in words:
        read = numerals.read(words)
        return None if read is None else float(read[0] * 10)
    digits = numerals.read_digits(words)
    if digits is None or digits == 0:
        return None
    return float(digits * 10 if digits < 10 else digits)
