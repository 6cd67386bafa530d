"""What an amount is for, seen with the note: its clauses, who speaks in them, and the competitors that it names.

`nlp.money` reads the role from the words right around an amount. Spoken notes say more: whose price it is (迈恒报的是六十八万我们
报七十三万), what a customer buys in a year, what is still owed, what was settled. The first rule that fits decides; where none
does, the role stays as it was.

1. `competitor_price`: a competitor is named before it in its clause, or in the one before, and we are not after that.
2. `payment`: it is money for goods delivered that is owed (上批的12.6万还没打, 欠我们一万二).
3. `fee`: what it pays is a service (维保, 安装, 条码费, 工资我们出), whatever the unit.
4. `budget`: what the customer has, allows or buys in a year (口子是两百五十万, 控制在25万以内, 一年大概用三十来万), whatever the unit.
5. `deal`: the sum of what was settled (就定了，一共四万七千四; 单子签了).
6. `unit_price`: said of one (单套三万八).
7. `quote`: we name the price (我们报七十三万, 我们估的方案两百六十万).
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from nlp.clauses import Clause
from nlp.draft import Amount, AmountRole

LOOK_BACK, LOOK_AHEAD = 40, 12

_OURS = re.compile(r"我们|我方|我司|咱们?|我[报抱说]|预算|合同|客户|项目|金额")
_OWED = re.compile(
    r"(?:货款|上批|上一批|上回|上次|应收|油款|欠(?:着)?我们|欠款|尾款|余款|第[一二三]笔款)[^，。]{0,12}$"
)
_NOT_PAID = re.compile(r"没(?:结|打|付|给|到|收)|逾期|拖|欠|未付")
_SERVICE = re.compile(
    r"(?:维保|质保|延保|安装|调试|培训|运|服务|进场|条码|堆头|陈列|促销|海报|人工|上门|检测|设计|差旅|保养|租赁|管理)(?:费|价|位)|(?<!注册)(?:工资|运费|封底|内页|海报)|另(?:外)?算|品鉴会"
)
_HAS = re.compile(
    r"(?:预算|口子|盘子|额度|剩的钱|钱(?:也|都)?(?:不多|有限)|控制在|压在|限在|封顶|(?:领导|老板|院长|校长|总)[^，。报]{0,8}最多|最多(?:能)?(?:拿|出|给)[^，。报]{0,6}|(?:设备|硬件|软件)(?:大概|大约|差不多)?占?)(?:[，,]|大概|大约|差不多|就|是|也就|有|在|的是)*$"
)
_AT_MOST = re.compile(r"最多|顶多|不超过")
_THE_BOSS = re.compile(r"(?:领导|老板|院长|校长|厂长|老总|总)(?:那边)?(?:的意思)?(?:是|说|就|只)*$")
_BUYS = re.compile(
    r"(?:每年|一年|全年|(?<![去前])年|每个?月|一个?月)(?:大概|大约|差不多|要|能|也|就)*(?:采购|用|要用|买|拿|消耗|进|做)(?:个|掉|到|了)?(?:大概|大约|差不多)?$"
)
_HAS_BEHIND = re.compile(r"(?:左右)?的(?:盘子|预算|额度|口子)")
_IN_ALL = re.compile(r"(?:一共|总共|合计|总计|加起来|总价)(?:是|就是)?$")
_SETTLED = re.compile(r"(?:他|她|他们|客户|当场|就|也)(?:就)?定了|签了|成交|全要|下单了|订了|敲定")
_NOT_SETTLED = re.compile(r"没(?:有)?(?:定|签)|等|才")
_PAID = re.compile(r"付|款|[定订]金|费|单价|每")
_OF_ONE = re.compile(r"(?:单|每|一)[台套条片件个只组把间张瓶箱米吨](?:大概|大约|差不多|是|就|卖|要|报)*$")
_WE_SAY = re.compile(
    r"(?:我们?(?:这边|家)?(?:当时|也|先|就)?(?:给(?:他|她|他们|客户))?[报抱](?:的|了|过|价)?(?:价|是|的是)?|我们估的[^，。]{0,6}|刊例价?)(?:大概|大约|差不多)?$"
)
_WISHED = re.compile(r"希望|想|要求|能不能|让我们|要我们|要么|最好")


def assign(text: str, pieces: Sequence[Clause], amounts: Sequence[Amount], competitors: Sequence[str]) -> list[Amount]:
    """The amounts with their roles; `competitors` are the names by which the note may call one."""
    starts = [piece.start for piece in pieces]
    found: list[Amount] = []
    floor = 0
    for amount in amounts:
        at = max(0, bisect_right(starts, amount.span.start) - 1)
        role = _role(text, pieces, at, amount, floor, competitors) if pieces else None
        found.append(replace(amount, role=role) if role else amount)
        floor = amount.span.end
    return found


def _role(
    text: str, pieces: Sequence[Clause], at: int, amount: Amount, floor: int, competitors: Sequence[str]
) -> AmountRole | None:
    clause = pieces[at]
    start = max(clause.start, floor, amount.span.start - LOOK_BACK)
    head = text[start : amount.span.start]
    own = amount.span.of(text)
    tail = text[amount.span.end : max(amount.span.end, min(clause.end, amount.span.end + LOOK_AHEAD))]
    earlier = _earlier(text, pieces, at, floor)
    role = amount.role
    if role == "price_gap":
        return None
    if _is_a_rivals(earlier, head, competitors) and role in ("quote", "other", "unit_price"):
        return "competitor_price"
    if _OWED.search(head) and (role == "payment" or _NOT_PAID.search(text[amount.span.start : amount.span.end + 16])):
        return "payment"
    if role in ("other", "quote", "unit_price") and _SERVICE.search(
        f"{earlier[-12:]}，{head}{own}" if not head else head + own
    ):
        return "fee"
    at_most = _AT_MOST.match(own) and _THE_BOSS.search(head)
    if _HAS.search(earlier[-16:] + head) or at_most or _BUYS.search(head) or _HAS_BEHIND.match(tail):
        return "quote" if clause.speaker == "rep" else "budget"
    if amount.unit is None and _was_settled(text, pieces, at, earlier, head):
        return "deal"
    if role in ("other", "quote") and _OF_ONE.search(head):
        return "unit_price"
    if role in ("other", "quote") and _WE_SAY.search(head) and not _WISHED.search(head):
        return "quote"
    return None


def _earlier(text: str, pieces: Sequence[Clause], at: int, floor: int) -> str:
    """The words before the clause in its sentence, as far back as the amount before."""
    first = at
    while first > 0 and pieces[first - 1].sentence == pieces[at].sentence and at - first < 3:
        first -= 1
    return text[max(pieces[first].start, floor, pieces[at].start - 2 * LOOK_BACK) : pieces[at].start]


def _is_a_rivals(earlier: str, head: str, competitors: Sequence[str]) -> bool:
    words = f"{earlier[-24:]}{head}"
    ends = [words.rfind(name) + len(name) for name in competitors if name in words]
    return bool(ends) and not _OURS.search(words, max(ends))


def _was_settled(text: str, pieces: Sequence[Clause], at: int, earlier: str, head: str) -> bool:
    before = f"{earlier}{head}"
    if _IN_ALL.search(head):
        # 她定了啊三万九一台买两台一共七万八: the price of one stands between
        before = f"{_earlier(text, pieces, at, 0)}{text[pieces[at].start : pieces[at].end]}"
    settled = _SETTLED.search(before)
    if settled is None or _NOT_SETTLED.search(before):
        return False
    return bool(_IN_ALL.search(head)) or (len(before) - settled.end() <= 14 and not _PAID.search(before, settled.end()))
