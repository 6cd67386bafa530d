"""The terms of a deal that a question names: instalments, interest, a down payment, savings, and by how much a price differs.

What is not said exactly is not read: 一成多, 分期付, 利息另算 give nothing, and so does what is said in two ways.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar

from nlp import clauses, instalments, money, numerals
from nlp.draft import Amount, Percent, Span

T = TypeVar("T")
Kind = Literal["theirs_below_ours", "ours_above_theirs"]

_NUMBER = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
_COUNT = re.compile(
    rf"(?:分期|分|按|付|做|拆|共|走)[成为了]?({_NUMBER})(?:个月|期)(?!内|后|前|以)|({_NUMBER})期(?:付款|分期|免息|付)"
)
_RATE = re.compile(r"(?:年利率|年化(?:利率|利息)?|年息|利率)[^，。；\d零一二两三四五六七八九十百]{0,6}$")
_MONTHLY = re.compile(r"月(?:利率|息|费率)|手续费率?|日息|厘|LPR|lpr")
_SPEAKS_OF_RATE = re.compile(r"利率|年化|年息")
_SPEAKS_OF_DOWN = re.compile(r"首付|首期|预付|定金|先付")
_EQUAL_PRINCIPAL = re.compile(r"等额本金")
_DOWN = re.compile(r"(?:首付|首期|预付|定金|先付)款?(?:比例)?[^，。；\d零一二两三四五六七八九十百]{0,4}$")
_YEARS = re.compile(rf"(?:用|使用|按|算|跑|开|寿命|周期)[^，。；\d一二三四五六七八九十]{{0,4}}({_NUMBER})年")
_SAVED = re.compile(
    r"(?:每年|一年|年)(?:能|可以|可|大概|约|就)*(?:省|节约|节省|少花|降本)[^，。；\d零一二两三四五六七八九十百]{0,6}$"
)
_SPENT = re.compile(
    r"(?:每年|一年|年)(?:的)?(?:维护|维保|运行|运维|电费|能耗|耗材|保养|使用)(?:费用?|成本)?(?:要|花|是|约|大概)*[^，。；\d零一二两三四五六七八九十百]{0,4}$"
)
_INEXACT_BEFORE = re.compile(r"(?:大概|大约|差不多|约|将近|接近|近|不到|超过|至少|最多|上下)(?:要|有|是|在)?$")
_INEXACT_AFTER = re.compile(r"^(?:多|左右|上下|以上|以下|以内|来|几|出头|到|-|~)")

_RIVAL = r"(?:竞品|竞争对手|对手|友商|别家|人家|另一家|另外一家|同行|对方|他们|那家|那边)"
_CHEAPER = re.compile(r"(?:低|便宜|少|优惠)(?:了|出|我们|咱们?|个|大概|约|差不多|将近|整整|得|价)*$")
_DEARER = re.compile(r"(?:贵|高|多)(?:了|出|他们?|人家|个|大概|约|差不多|将近|整整|得|价)*$")
_THAN_US = re.compile(r"(?:比|较)(?:我们|咱们?|我方|我司|你们|您们?|贵司|贵公司|你家|我家)")
_THAN_THEM = re.compile(r"(?:比|较|高于)(?!我们|咱|我方|我司|你们|您|你家|我家)[^，。；比]{1,12}$")
_OTHERWISE = re.compile(r"[今去前往明]年|上[次回个半]|以前|之前|原来|原先|预算|预期|预想|想象|市场|平均|涨|成本|目标")
"""Compared with something other than a rival's price."""
_OURS = re.compile(r"(?:我们|咱们?|我方|我司|你们|你家|您这|贵司)")


@dataclass(frozen=True)
class Terms:
    """Each None where the words do not say it, exactly and once."""

    count: int | None = None
    annual_percent: Decimal | None = None
    equal_principal: bool = False
    unclear: bool = False
    """Interest or a down payment is spoken of in a way that is not read here (月息5厘, 首付一部分): a schedule would be wrong."""
    down_percent: Decimal | None = None
    down_fen: int | None = None
    years: int | None = None
    saved_yearly_fen: int | None = None
    spent_yearly_fen: int | None = None


@dataclass(frozen=True)
class Difference:
    """By how many percent, or by how much money, their price is below ours (竞品低15%), or ours above theirs (我们贵15%).

    The two percentages are of different prices, so they are not the same difference.
    """

    kind: Kind
    percent: Decimal | None = None
    fen: int | None = None

    def theirs(self, ours_fen: int) -> int | None:
        """Their price where ours is that; None where the difference leaves none."""
        if self.fen is not None:
            return ours_fen - self.fen if self.fen < ours_fen else None
        assert self.percent is not None  # one of the two is said
        if self.kind == "theirs_below_ours":
            return instalments.below(ours_fen, self.percent)
        return instalments.undercut(ours_fen, self.percent)


def read(text: str) -> Terms:
    """
    >>> read("分12期，年利率4.8%，首付三成怎么回").count, read("要分十二期付").count, read("能不能分期").count
    (12, 12, None)
    """
    folded = clauses.fold(text)
    amounts, percents = money.amounts(folded), money.percents(folded)
    rates = [each for each in percents if _stands_behind(folded, each.span, _RATE) and _is_exact(folded, each.span)]
    down_fen = _money_behind(folded, amounts, _DOWN)
    downs = [each for each in percents if _stands_behind(folded, each.span, _DOWN) and _is_exact(folded, each.span)]
    return Terms(
        count=_only([numerals.whole(match[1] or match[2]) for match in _COUNT.finditer(folded)]),
        annual_percent=_only([_decimal(each) for each in rates]),
        equal_principal=_EQUAL_PRINCIPAL.search(folded) is not None,
        unclear=_MONTHLY.search(folded) is not None
        or (_SPEAKS_OF_RATE.search(folded) is not None and len(rates) != 1)
        or (_SPEAKS_OF_DOWN.search(folded) is not None and len(downs) + len(down_fen) != 1),
        down_percent=_only([_decimal(each) for each in downs]),
        down_fen=_only(down_fen),
        years=_only([numerals.whole(match[1]) for match in _YEARS.finditer(folded)]),
        saved_yearly_fen=_only(_money_behind(folded, amounts, _SAVED)),
        spent_yearly_fen=_only(_money_behind(folded, amounts, _SPENT)),
    )


def difference(text: str, rivals: Sequence[str] = ()) -> Difference | None:
    """By how much two prices are said to differ; None where that is not said exactly and once.

    >>> difference("竞品价格低15%").kind, difference("嫌我们比竞品贵百分之十五").kind
    ('theirs_below_ours', 'ours_above_theirs')
    >>> difference("要求降价15%"), difference("我们便宜15%")
    (None, None)
    """
    folded = clauses.fold(text)
    found: list[Difference] = []
    for percent in money.percents(folded):
        kind = _kind(folded, percent.span, rivals)
        if kind and percent.kind != "discount" and 0 < percent.value < 100:
            found.append(Difference(kind, percent=_decimal(percent)))
    for amount in money.amounts(folded):
        kind = _kind(folded, amount.span, rivals)
        if kind and amount.bound == "exact" and amount.low_fen == amount.high_fen and amount.unit is None:
            found.append(Difference(kind, fen=amount.low_fen))
    return found[0] if len(set(found)) == 1 else None


def _kind(text: str, span: Span, rivals: Sequence[str]) -> Kind | None:
    """What a figure at `span` says of two prices; None where it says nothing, or not exactly."""
    if not _is_exact(text, span):
        return None
    begin = max(text.rfind(stop, 0, span.start) for stop in "，。；！？,;!?\n")
    head = text[begin + 1 : span.start]
    if _OTHERWISE.search(head):
        return None
    than_us = _THAN_US.search(head)
    if match := _CHEAPER.search(head):
        before = head[: match.start()]
        named = re.search(_RIVAL, before) or any(rival in before for rival in rivals)
        # 我们便宜15% is said of ours; 降低15% is wished for
        if before.endswith(("降", "再", "要")) or not (than_us or (named and not _OURS.search(before))):
            return None
        return "theirs_below_ours"
    if match := _DEARER.search(head):
        before = head[: match.start()]
        if than_us or not (_THAN_THEM.search(before) or _OURS.search(before) or before.endswith("嫌")):
            return None
        return "ours_above_theirs"
    return None


def _stands_behind(text: str, span: Span, words: re.Pattern[str]) -> bool:
    return words.search(text, max(0, span.start - 16), span.start) is not None


def _is_exact(text: str, span: Span) -> bool:
    before = text[max(0, span.start - 6) : span.start]
    return not _INEXACT_BEFORE.search(before) and not _INEXACT_AFTER.match(
        text[span.end : span.end + 4].removeprefix("%")
    )


def _money_behind(text: str, amounts: Sequence[Amount], words: re.Pattern[str]) -> list[int | None]:
    return [
        each.low_fen
        for each in amounts
        if _stands_behind(text, each.span, words) and each.bound == "exact" and each.low_fen == each.high_fen
    ]


def _only(found: Sequence[T | None]) -> T | None:
    said = {each for each in found if each is not None}
    return said.pop() if len(said) == 1 else None


def _decimal(percent: Percent) -> Decimal:
    return Decimal(str(percent.value))
