"""What somebody says to have a quote or a discount approved: 审批 恒力 报价 18万 含安装, 申请折扣 恒力 9折 报价18万.

审批还没下来 and 审批通过了 tell news: without something that sets 审批 off, only words that ask for it count. An amount is
what the words say, once and exactly: 大概18万, 15到18万 and two different amounts are asked about.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from nlp import money, numerals, percents

MOST = 300

Kind = Literal["quote", "discount"]


@dataclass(frozen=True)
class Wish:
    kind: Kind
    words: str
    """What stands behind the order: customer, amount, conditions."""


@dataclass(frozen=True)
class About:
    do: Literal["withdraw", "agree", "refuse"]
    number: int
    words: str = ""


@dataclass(frozen=True)
class Show:
    """`customer` is whose progress it is; empty: one's own."""

    what: Literal["mine", "waiting", "progress"]
    customer: str = ""


Said = Wish | About | Show

_EDGES = " \n\t。.！!～~"
_GAP = r"[\s：:，,、；;]"
_NUMBER = r"(?:第|#|号)?\s*(?P<number>\d{1,9}|[一二两三四五六七八九十百]{1,5})\s*号?"
_DISCOUNT = r"折扣|优惠|特价|降价|打折|让利"
_QUOTE = re.compile(
    rf"(?:(?:请|帮我|麻烦)?(?:审批|报批){_GAP}+|(?:我要|我想|请|帮我)?(?:申请|提交|发起)(?:报价)?(?:审批|报批)(?:一下)?{_GAP}*)"
    r"(?P<words>.+)",
    re.DOTALL,
)
_CUT = re.compile(
    rf"(?:我要|我想|请|帮我)?(?:申请(?:一下|一个|个)?(?:{_DISCOUNT})|(?:{_DISCOUNT})(?:申请|审批)){_GAP}*(?P<words>.+)",
    re.DOTALL,
)
_SPOKEN = re.compile(
    r"审批(?:一下)?(?!通过|还|没|流程|已|在|走|要|需|时|权|快|慢|完|环节|结果|下来|的|了|人|中|话术|不|会|卡|过|被|是|由|和|后|前|可|部|有|都|大概|估计)(?P<words>.+)"
    rf"|(?:给|帮|为)(?P<customer>[^，,。：:；;\s]{{2,20}}?)申请(?:一下|一个|个)?(?P<cut>(?:{_DISCOUNT}|打?[一二三四五六七八九\d.点]{{1,4}}折).*)",
    re.DOTALL,
)
_OR = re.compile(r"\s*(?:或者?|还是|要么|要不|、|/|到|至)\s*(?:报价?)?\s*")
"""Between two amounts of which either may be meant."""
_FIGURE = re.compile(r"\d|[一二两三四五六七八九十百千万]{2}|折|报价|金额|总价|合同额")
_ABOUT: tuple[tuple[Literal["withdraw", "agree", "refuse"], re.Pattern[str]], ...] = (
    ("withdraw", re.compile(rf"(?:撤回|撤销|取消|收回)(?:我的)?审批{_NUMBER}")),
    ("agree", re.compile(rf"(?:同意|批准|通过)审批{_NUMBER}")),
    ("refuse", re.compile(rf"(?:不同意|驳回|拒绝|退回)审批{_NUMBER}(?:{_GAP}+(?P<words>.+))?", re.DOTALL)),
)
_MINE = frozenset({"我的审批", "审批列表", "审批进度", "我的审批进度", "看审批"})
_WAITING = frozenset({"待审批", "待我审批", "待审批的", "待我审批的"})
_TEAM = frozenset({"团队审批", "团队的审批"})
_PROGRESS = re.compile(
    rf"审批(?:进度|进展|到哪了?){_GAP}*(?P<customer>.{{2,30}})|(?P<other>[^，,。]{{2,30}}?)的?审批(?:进度|进展|到哪了|到哪一步了?)"
)


def read(text: str) -> Said | None:
    """
    >>> read("审批 恒力 报价 18万 含安装"), read("申请折扣 恒力 9折 报价18万")
    (Wish(kind='quote', words='恒力 报价 18万 含安装'), Wish(kind='discount', words='恒力 9折 报价18万'))
    >>> read("审批还没下来，报价18万"), read("客户申请折扣"), read("审批：领导还没批")
    (None, None, None)
    >>> read("不同意审批3：太低了"), read("审批进度 恒力")
    (About(do='refuse', number=3, words='太低了'), Show(what='progress', customer='恒力'))
    """
    said = text.strip(_EDGES + "？?")
    if not said or len(said) > MOST:
        return None
    if said in _MINE:
        return Show("mine")
    if said in _WAITING:
        return Show("waiting")
    for do, form in _ABOUT:
        if found := form.fullmatch(said):
            number = numerals.whole(found["number"])
            return About(do, number, (found.groupdict().get("words") or "").strip()) if number else None
    if found := _PROGRESS.fullmatch(said):
        return Show("progress", (found["customer"] or found["other"]).strip())
    if (found := _CUT.fullmatch(said)) is not None:
        return Wish("discount", found["words"].strip())
    found = _QUOTE.fullmatch(said)
    return Wish("quote", found["words"].strip()) if found and _FIGURE.search(found["words"]) else None


def read_loose(text: str) -> Wish | None:
    """Said with nothing that sets it off; a wish where it names a customer, and else whatever it was.

    >>> read_loose("审批恒力报价十八万含安装"), read_loose("给恒力申请九折，报价18万")
    (Wish(kind='quote', words='恒力报价十八万含安装'), Wish(kind='discount', words='恒力九折，报价18万'))
    >>> read_loose("审批通过了，报价18万"), read_loose("审批流程走完了，预算80万")
    (None, None)
    """
    said = text.strip(_EDGES)
    found = _SPOKEN.fullmatch(said) if len(said) <= MOST else None
    if found is None:
        return None
    if found["customer"]:
        return Wish("discount", found["customer"] + found["cut"])
    return Wish("quote", found["words"].strip()) if money.amounts(found["words"]) else None


def asks_for_team(text: str) -> bool | None:
    return text.strip(_EDGES) in _TEAM or None


# What it says


def amount(words: str) -> int | None:
    """In fen, where it is clear which one is meant: the quote, or else the only amount that is nothing else.

    >>> amount("恒力 报价 18万 含安装"), amount("恒力 9折 报价18万，成本12万"), amount("恒力 大概18万")
    (18000000, 18000000, None)
    >>> amount("恒力 报价18万或者20万"), amount("恒力 报价18万 原价20万"), amount("恒力 每台18万"), amount("恒力 预算80万")
    (None, None, None, None)
    """
    found = money.amounts(words)
    if any(_OR.fullmatch(words[one.span.end : other.span.start]) for one, other in pairwise(found)):
        return None
    quotes = [one for one in found if one.role in ("quote", "deal")]
    # 领导没批，预算80万 tells what the customer has, and no quote of ours
    quotes = quotes or [one for one in found if one.role not in ("budget", "competitor_price", "price_gap")]
    said = {(one.low_fen, one.high_fen, one.bound, one.unit) for one in quotes}
    if len(said) != 1:
        return None
    [(low, high, bound, unit)] = said
    return low if low == high and bound == "exact" and unit is None else None


def percent_off(words: str) -> float | None:
    """How much is taken off, in percent; None where nothing is said, or more than one thing.

    >>> percent_off("恒力 9折 报价18万"), percent_off("恒力 便宜5个点"), percent_off("恒力 降10% 报价18万")
    (10.0, 5.0, 10.0)
    """
    off = {round(100 - one.value if one.kind == "discount" else one.value, 2) for one in percents.percents(words)}
    [only] = off if len(off) == 1 else [None]
    return only if only is not None and 0 < only < 100 else None
