"""Money and percentages in a sales note.

Precision before recall: a figure counts as money only with a currency word, with 万 or 亿 that counts nothing else, or right
behind a price word (单价3800). Measured prior art was silently wrong (8万5 read as 160,010), so the grammar is ours.

Conventions
- 以内, 不到, 不超过, 最多 close a range above only; 超过, 至少, 以上, 起 close it below only.
- 大概, 左右, 来 leave the figure as said; 多 runs to the next round figure (80多万: 800,000 to 900,000).
- 三五万, 三到五万, 80-90万 are ranges, and the unit is shared.
- 八十万，不对，八十五万 yields the second only; 不是80万，是85万 likewise.
- Foreign currency is left out: an amount is in fen of the yuan.
- 九五折 is 95 percent (of the price), 便宜两个点 is 2 percent, 三成 is 30 percent.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from nlp import clauses, numerals
from nlp.draft import Amount, AmountRole, Percent, Span

MAX_YUAN = Decimal(10) ** 11
"""Above a hundred billion yuan we have misheard."""

_MEASURE = "年月日天周次回台套个件只支把张条块片根箱包袋盒瓶吨斤克公平方米里亩层间户家人位名岁度届期页份点号门辆部架座批单倍折成种类项组路口本册集单多秒分小时"
_COUNTED = (
    r"(?:台|套|件|只|支|箱|吨|平|亩|人|户|家|次|个(?!亿)|辆|公里|用户|粉丝|小时|公斤|千米|米|条|份|张|册|字|级|余台|多台|多人|多家|股|"
    r"分|达|科|向|华|象|亿|能|事|般|年|颗|粒|方|瓶|把|根|片|卷|桶|桩|点|像素|左右台|立方|千瓦|度|步|伏|转|匹|美元|美金|欧元|日元|港币|港元|英镑|刀|欧)"
)
_NUMBER = rf"[{numerals.CHARS}]"
_FIGURE = re.compile(r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[零〇一二两俩三四五六七八九十百千万亿点几])+")
_TAIL_COUNT = re.compile(r"(?:[一二两三四五六七八九]|(?<=[万千百])\d)$")
_RUNS_ON = re.compile(r"(?![元块的左以吧呢了上到至多百千])[一-鿿]")
_JOIN = re.compile(r"[\s]*(?:到|至|~|-|－)[\s]*")
_ABOUT = r"(?:从|大概|大约|差不多|估计|约|将近|近|就|也就|是|在|有|为|要|得|只要|才|可能|左右|到|个|了|的|一共|总共|控制|初步|暂定|基本|呢|嘛|吧|嗯|呃|啊|那个|，|,|：|:|\s)"
_PRICE_WORD = re.compile(
    rf"(?:预算|报价|总价|单价|价格|[降涨砍压]到|合同额|合同金额|金额|成交价|费用|定金|首付|尾款|货款|每[一-鿿]|一[台套个件吨米年月次只平人]|¥|RMB){_ABOUT}{{0,3}}$"
)
_AFTER_PRICE_WORD = re.compile(
    r"(?:$|[，。！？；、,!?;\s/]|元|块|左右|以内|以下|以上|之内|吧|的|了|呢|一[台套个件吨米年月次只平人]|每|不含|含|起)"
)
_CURRENCY = re.compile(r"\s*(?:元整?|块钱?|人民币|RMB)(?!素)", re.IGNORECASE)
_FOREIGN = re.compile(r"\s*(?:美元|美金|美刀|欧元|欧|日元|港币|港元|英镑|刀|USD|EUR|HKD|\$)", re.IGNORECASE)
_LETTER_UNIT = re.compile(r"[wWkK](?![A-Za-z])")
_UNIT_WORD = "台套个件只吨年月次平米人户支箱斤条份天组把张辆公斤小时平米"
_PER_AFTER = re.compile(
    rf"(?:元|块钱?|块)?(?:左右|不到)?\s*(?:/|每|一(?!共|起|次性|下|定|直|般|样|块|点))\s*(平米|公斤|小时|[{_UNIT_WORD}])(?!内|底|前|后|初)"
)
_PER_BEFORE = re.compile(
    rf"(?:每(?:一)?|一)(平米|公斤|小时|[{_UNIT_WORD}])(?:的)?(?:单价|价格|报价|费用|成本|只要|才|要|是|得|卖|就|大概|大约|差不多|降到|涨到|收|\s){{0,3}}$"
)
_LOW_BEFORE = re.compile(
    r"(?:超过|超出|高于|至少|起码|最少|最低|不低于|不少于|不下于|少说|少说也有|上)(?:要|得|也要|也得|有|是|了|也有|\s)?$"
)
_NOT_BEFORE = re.compile(r"(?:不|没|没有|别|不能|不会|不得|不要)$")
_HIGH_BEFORE = re.compile(
    r"(?:不到|不足|低于|少于|最多|最高|顶多|至多|封顶|上限|(?:不|没|没有|别|不能|不会|不得|不要)(?:能|要|会|得)?(?:超过|超出|高于|突破|超|大于))(?:是|也就|就|到|只|给|能|出|\s)?$"
)
_HIGH_AFTER = re.compile(
    r"(?:元|块钱?)?(?:以内|之内|以下|之下|封顶|内(?!部|容|置|蒙|存|行|外|贸|销)|不到(?!位|期|货|场|账))"
)
_LOW_AFTER = re.compile(r"(?:元|块钱?)?(?:以上|之上|起步|起(?!来|码|步价|诉|点)|往上|打底|\+)")
_PHONE = re.compile(r"(?<![\d.])\d{7,}(?![\d]*[.,]\d)")


@dataclass(frozen=True)
class _Found:
    low: Decimal | None
    high: Decimal | None
    start: int
    end: int
    unit: str | None = None


def find(text: str) -> list[Amount | Percent]:
    """Amounts and percentages in order of their place, without those that the speaker takes back.

    >>> [(a.role, a.low_fen, a.high_fen) for a in find("预算八十万，不对，八十五万") if isinstance(a, Amount)]
    [('budget', 85000000, 85000000)]
    """
    found: list[Amount | Percent] = [*amounts(text), *percents(text)]
    return sorted(found, key=lambda each: each.span)


def amounts(text: str) -> list[Amount]:
    """The amounts of money that the text names and does not take back."""
    folded = clauses.fold(text)
    found = list(_figures(folded))
    spans = [Span(each.start, each.end) for each in found]
    gone = clauses.withdrawn(folded, spans)
    kept: list[Amount] = []
    inherited: dict[int, AmountRole] = {}
    for index, (each, span) in enumerate(zip(found, spans, strict=True)):
        others = [other for other in spans if other != span]
        role = role_of(folded, span, each.unit, others, found=each.low is not None or each.high is not None)
        if index in gone:
            inherited[index + 1] = role
            continue
        if role == "other" and index in inherited:
            role = inherited[index]
        kept.append(Amount(role, _fen(each.low), _fen(each.high), span, each.unit))
    return kept


def _fen(yuan: Decimal | None) -> int | None:
    return None if yuan is None else int((yuan * 100).to_integral_value(ROUND_HALF_UP))


def _figures(text: str) -> Iterator[_Found]:
    phones = [match.span() for match in _PHONE.finditer(text) if not _money_follows(text, match.end())]
    position = 0
    while match := _FIGURE.search(text, position):
        position = match.end()
        if match.end() - match.start() > 24 or any(
            start < match.end() and match.start() < end for start, end in phones
        ):
            continue
        found = _figure_at(text, match.start(), match.end())
        if found is not None:
            position = max(position, found.end)
            yield found


def _money_follows(text: str, at: int) -> bool:
    return bool(_CURRENCY.match(text, at))


@dataclass(frozen=True)
class _Number:
    low: Decimal
    high: Decimal
    start: int
    end: int
    big: bool
    """Whether 万, 亿 or w is part of it."""
    money: bool
    """Whether it is money by its own words."""
    open_above: bool = False


def _figure_at(text: str, start: int, end: int) -> _Found | None:
    first = _number(text, start, end)
    if first is None:
        return None
    joined = _joined(text, first)
    low, high, number = joined or (first.low, first.high, first)
    if not number.money and not _priced(text, start, number):
        return None
    if low <= 0 or high > MAX_YUAN or low > high:
        return None
    return _bounded(text, start, number, low, high)


def _number(text: str, start: int, end: int) -> _Number | None:
    """The numeral at `start`, trying the whole run first and then without a count that belongs to the next word
    (三万六一年, 80万3年维保, 三十万一台)."""
    end = _without_stray(text, start, end)
    if text.startswith("个亿", end):
        end += 2
    words = text[start:end].replace("个", "")
    hundreds = words[:1] in tuple("百千亿") and text[start - 1 : start] == "上"
    read = numerals.read("一" + words if hundreds else words)
    if _TAIL_COUNT.search(words) and text[end : end + 1] in tuple(_MEASURE) and not _CURRENCY.match(text, end):
        shorter = numerals.read(words[:-1])
        if shorter is not None and ("万" in words[:-1] or "亿" in words[:-1] or words[-1] == "一"):
            read, end, words = shorter, end - 1, words[:-1]
    if read is not None and words[-1] == "一" and words[-2:-1] in tuple("万亿") and _RUNS_ON.match(text, end):
        # 八十万一共…, or 以内 and 预计 misheard as 一妹 and 一计: the 一 begins the next word
        read, end, words = numerals.read(words[:-1]), end - 1, words[:-1]
    if read is None:
        return None
    low, high = read
    end, low, high, open_above, big = _more(text, end, words, low, high)
    big = big or "万" in text[start:end] or "亿" in text[start:end]
    return _classified(text, start, end, low, high, big=big, open_above=open_above)


def _without_stray(text: str, start: int, end: int) -> int:
    """A run that ends in 点 holds a word (八十万点), one that ends in 几 a question (八十几)."""
    while end > start and text[end - 1] == "点":
        end -= 1
    return end


_MORE = re.compile(r"(多|来|余)(万|亿|千|百)?")
_SCALE = {"万": Decimal(10**4), "亿": Decimal(10**8), "千": Decimal(1000), "百": Decimal(100)}


def _more(text: str, end: int, words: str, low: Decimal, high: Decimal) -> tuple[int, Decimal, Decimal, bool, bool]:
    """80多万, 一百二十多万, 80来万, 8w, 30k: what follows the numeral and still belongs to it."""
    if letter := _LETTER_UNIT.match(text, end):
        scale = Decimal(10_000 if letter[0] in "wW" else 1000)
        return letter.end(), low * scale, high * scale, False, True
    more = _MORE.match(text, end)
    if not more or (more[2] is None and not (words[-1] in "万亿千百" or _CURRENCY.match(text, more.end()))):
        return end, low, high, False, False
    scale = _SCALE[more[2]] if more[2] else Decimal(1)
    if more[1] == "来":
        return more.end(), low * scale, high * scale, False, False
    return more.end(), low * scale, _next_round(high) * scale, True, False


def _next_round(value: Decimal) -> Decimal:
    """80 → 90, 100 → 200, 120 → 130, 30000 → 40000: one more of the last digit that is not zero."""
    digits = str(int(value))
    zeros = len(digits) - len(digits.rstrip("0"))
    return value + Decimal(10) ** zeros


def _classified(
    text: str, start: int, end: int, low: Decimal, high: Decimal, *, big: bool, open_above: bool
) -> _Number | None:
    before = text[start - 1 : start]
    if (
        before in ("第", ".", "#")
        or (before.isascii() and before.isalpha())
        or _FOREIGN.match(text, end)
        or before == "$"
    ):
        return None
    currency = _CURRENCY.match(text, end)
    if currency and text[end : end + 1] == "块" and high < 10 and text[end : end + 2] != "块钱":
        return None  # 这一块, 两块内容: a piece of something
    if currency:
        return _Number(low, high, start, currency.end(), big, money=True, open_above=open_above)
    counted = re.match(_COUNTED, text[end : end + 4])
    if big and not counted and low >= 1000:
        return _Number(low, high, start, end, big, money=True, open_above=open_above)
    if before == "¥":
        return _Number(low, high, start - 1, end, big, money=True, open_above=open_above)
    if high >= 100 and re.match(r"(?:/|一)[台套个件吨米年月次只平]", text[end : end + 2]):
        return _Number(low, high, start, end, big, money=True, open_above=open_above)
    if counted and (counted[0] != "年" or not big):
        return _Number(low, high, start, end, big, money=False) if not big and _JOIN.match(text, end) else None
    return _Number(low, high, start, end, big, money=False, open_above=open_above)


def _joined(text: str, first: _Number) -> tuple[Decimal, Decimal, _Number] | None:
    """A range 三到五万, 80-90万, 五千到一万: its ends and the number that closes it."""
    join = _JOIN.match(text, first.end)
    if not join:
        return None
    figure = _FIGURE.match(text, join.end())
    if not figure:
        return None
    second = _number(text, figure.start(), figure.end())
    if second is None or not (second.money or first.money):
        return None
    low = first.low
    if not first.big and second.big:
        unit = Decimal(10**8) if "亿" in text[second.start : second.end] else Decimal(10**4)
        if "k" in text[second.start : second.end].lower():
            unit = Decimal(1000)
        if low * unit <= second.high:
            low *= unit
    elif not first.big and not second.big and low < 10 <= 100 <= second.high:
        for unit in (Decimal(1000), Decimal(100)):  # 三到五千
            if (
                second.high >= unit
                and low * unit <= second.high
                and text[second.start : second.end].find("千" if unit == 1000 else "百") >= 0
            ):
                low *= unit
                break
    if low >= second.high:
        return None
    return low, second.high, replace(second, start=first.start)


def _priced(text: str, start: int, number: _Number) -> bool:
    """A bare figure right behind a price word (单价3800, 每台三千八), followed by nothing that it could count."""
    if number.low < 10 and not number.big:
        return False
    words = text[number.start : number.end]
    if re.fullmatch(r"(?:19|20)\d\d", words) and text[number.end : number.end + 1] == "年":
        return False
    return bool(_PRICE_WORD.search(text, max(0, start - 14), start)) and bool(_AFTER_PRICE_WORD.match(text, number.end))


def _bounded(text: str, start: int, number: _Number, low: Decimal, high: Decimal) -> _Found:
    window = max(0, start - 12)
    begin, end = min(start, number.start), number.end
    bound_low: Decimal | None = low
    bound_high: Decimal | None = high
    # 大概 between the bound and the figure: 不超过大概80万
    head_end = start
    while about := re.search(r"(?:大概|大约|差不多|约)$", text[window:head_end]):
        head_end = window + about.start()
    if before := _HIGH_BEFORE.search(text, window, head_end):
        bound_low, begin = None, before.start()
    elif (before := _LOW_BEFORE.search(text, window, head_end)) and not _is_on(text, before):
        bound_high, begin = None, before.start()
    elif after := _HIGH_AFTER.match(text, end):
        bound_low, end = None, after.end()
    elif after := _LOW_AFTER.match(text, end):
        bound_high, end = None, after.end()
    unit, begin, end = _per(text, begin, end)
    return _Found(bound_low, bound_high, begin, end, unit)


def _is_on(text: str, before: re.Match[str]) -> bool:
    """上 means "more than" only straight before a round figure (上百万), not in 合同上80万."""
    return before[0] == "上" and not re.match(r"[百千亿]", text[before.end() : before.end() + 1])


def _per(text: str, begin: int, end: int) -> tuple[str | None, int, int]:
    """每台3800, 3800一台, 3800元/台, 三万六一年: what one amount buys."""
    if after := _PER_AFTER.match(text, end):
        return after[1], begin, after.end()
    if before := _PER_BEFORE.search(text, max(0, begin - 14), begin):
        return before[1], before.start(), end
    return None, begin, end


# Roles

_GAP = re.compile(
    r"(?:差了?|贵了?|便宜了?|低了?|高了?|少了?|多了?|省了?|降(?:价)?(?!到|至)了?|让(?:利|价)?了?|优惠了?|砍(?:掉)?(?!到|至)了?|减(?:免)?(?!到|至)了?|加(?:价)?了?|涨(?!到|至)了?|压了?)"
    r"(?:大概|大约|差不多|将近|近|有|出|个|他|我们|个)?$"
)
_GAP_AFTER = re.compile(r"(?:元|块钱?)?(?:左右|多)?的?(?:差价|差距|价差|优惠|折扣|缺口)")
_FEE = re.compile(
    r"(?:服务|维保|维护|运维|安装|培训|运|手续|实施|年|月|会员|检测|咨询|定制|开发|设计|加急|差旅|物流|租|使用|授权|接口|改造|调试|质保|保养|管理|佣金|中介)费用?"
)
_ROLE_WORDS: tuple[tuple[AmountRole, re.Pattern[str]], ...] = (
    (
        "competitor_price",
        re.compile(
            r"(?:竞品|竞争对手|对手|友商|别家|别人家?|同行|另(?:外)?一家|那家|其他家|人家)[^，。；;\n]{0,12}(?:报|价|只要|才|卖)?"
        ),
    ),
    ("budget", re.compile(r"预算|经费|资金|拨款|批了|批下来|能出|愿意出|能接受|心理价位?|额度")),
    (
        "payment",
        re.compile(
            r"回款|付款|首付款?|定金|订金|预付款?|尾款|打款|打了|打过来|付了|先付|再付|付|欠|货款|到账|应收|余款|款项|垫资|保证金|押金|逾期"
        ),
    ),
    ("unit_price", re.compile(r"单价|每[台套个件吨只]")),
    ("deal", re.compile(r"合同|成交|签了|签下|签|订单|下单|中标|单子|标的|金额|业绩|采购额")),
    (
        "quote",
        re.compile(
            r"报价|报了|报给|报的|我们报|总价|打包价|一口价|开价|报到|[砍压谈做]到|报|价格|售价|卖|到手价|底价|降到|优惠到|最低价|方案价"
        ),
    ),
)
_UNRELATED = re.compile(
    r"卖了|卖出|产值|营收|销售额|营业额|注册资本|年销|利润|融资|投资|市值|流水|规模|身价|罚|损失|浪费|成本|造价|省下|节省|节约"
)


_THEIR_WISH = re.compile(
    r"(?:希望|想要?|要求|要我们|让我们|能不能|可不可以|还价)[^，。；;\n]{0,8}?(?:降|压|砍|便宜|谈|还价?|优惠|做)(?:到|至)[^，。；;\n]{0,4}$"
)
"""What the customer would like to pay is no quote of ours."""


def role_of(text: str, span: Span, unit: str | None, others: Sequence[Span], *, found: bool = True) -> AmountRole:
    """What the amount is for, by the nearest word that says so: before it in its clause, then behind it, then in the
    clause before, unless another amount stands between."""
    clause_start = max(text.rfind(stop, 0, span.start) for stop in "，。！？；,!?;\n") + 1
    floor = max([other.end for other in others if other.end <= span.start], default=0)
    clause_start = max(clause_start, floor, span.start - 40)
    head = text[clause_start : span.start]
    tail_end = min((p for p in (text.find(stop, span.end) for stop in "，。！？；,!?;\n") if p >= 0), default=len(text))
    ceiling = min([other.start for other in others if other.start >= span.end], default=len(text))
    tail = text[span.end : min(tail_end, ceiling, span.end + 12)]
    own = text[span.start : span.end]
    if _GAP.search(head) or _GAP_AFTER.match(tail):
        return "price_gap"
    if _competitor_price(head):
        return "competitor_price"
    if _THEIR_WISH.search(head):
        return "other"
    if unit is not None:
        return "fee" if _FEE.search(head + own + tail) else "unit_price"
    if role := _nearest(head, first_behind=False) or _nearest(tail, first_behind=True):
        return role
    sentence_start = max(max(text.rfind(stop, 0, span.start) for stop in "。！？!?\n") + 1, floor, span.start - 60)
    earlier = text[sentence_start:clause_start]
    if _UNRELATED.search(head):
        return "other"
    last = [piece for piece in re.split(r"[，,；;]", earlier) if piece.strip()]
    for piece in reversed(last[-2:]):
        if _competitor_price(piece):
            return "competitor_price"
        if role := _nearest(piece, first_behind=False):
            return role
    return "other"


def _competitor_price(head: str) -> bool:
    matches = list(_ROLE_WORDS[0][1].finditer(head))
    return bool(matches) and not re.search(r"我们(?:的)?(?:报|价|是|卖)", head[matches[-1].start() :])


def _nearest(words: str, *, first_behind: bool) -> AmountRole | None:
    best: tuple[int, AmountRole] | None = None
    candidates: list[tuple[AmountRole, re.Pattern[str]]] = [*_ROLE_WORDS[1:], ("fee", _FEE), ("other", _UNRELATED)]
    for role, pattern in candidates:
        for match in pattern.finditer(words):
            distance = match.start() if first_behind else len(words) - match.end()
            if best is None or distance < best[0]:
                best = (distance, role)
    return None if best is None else best[1]


# Percentages

_CN = "[零〇一二两三四五六七八九十]"
_PERCENT = re.compile(
    rf"百分之(?P<cn>{_CN}{{1,3}}(?:点[零一二三四五六七八九]{{1,2}})?|\d{{1,3}}(?:\.\d{{1,2}})?)(?:(?:到|至|-|~)(?P<cn2>{_CN}{{1,3}}(?![年月号万])|\d{{1,2}}(?!\d)))?"
    r"|(?<![\d.])(?P<low>\d{1,3}(?:\.\d{1,2})?)%?\s?[-~到至]\s?(?P<high>\d{1,3}(?:\.\d{1,2})?)\s?%"
    r"|(?<![\d.])(?P<num>\d{1,3}(?:\.\d{1,2})?)\s?%"
    rf"|(?P<points>(?<![\d零一二两三四五六七八九十百第.])(?:{_CN}{{1,3}}(?:点[五一二三四六七八九])?|\d{{1,2}}(?:\.\d)?))个(?:百分)?点(?!位|检|击|名|评|心|子|钟|数据)"
    rf"|(?P<fold>(?<![\d零一二两三四五六七八九十曲打骨对波])(?:[一二三四五六七八九]{{1,2}}|\d(?:\.\d)?|\d\d)|(?<=打)(?:[一二三四五六七八九]{{1,2}}|对|\d(?:\.\d)?|\d\d))折(?!叠|旧|磨|腾|返|算|合|扣率)"
    r"|(?P<tenths>(?<![\d零一二两三四五六七八九十第])[一二两三四五六七八九])成(?P<half>半)?(?!本|功|立|交|为|员|果|熟|都|套|长|效|分|绩|品|型|人|就|天|群|年|语|了|他|我|一)"
)


def percents(text: str) -> list[Percent]:
    """Percentages from 0 to 999, without those taken back; a range (10%到15%) gives both of its ends."""
    folded = clauses.fold(text)
    found: list[Percent] = []
    for match in _PERCENT.finditer(folded):
        found.extend(_percent(match))
    gone = clauses.withdrawn(folded, [each.span for each in found])
    return [each for index, each in enumerate(found) if index not in gone]


def _percent(match: re.Match[str]) -> Iterator[Percent]:
    def number(group: str) -> float | None:
        read = numerals.read(match[group])
        return float(read[0]) if read and read[0] == read[1] else None

    whole = Span(match.start(), match.end())
    if match["cn"]:
        value, second = number("cn"), number("cn2") if match["cn2"] else None
        if value is not None:
            yield Percent(value, whole if second is None else Span(match.start(), match.end("cn")))
        if second is not None and value is not None:
            yield Percent(second, Span(match.start("cn2"), match.end("cn2")))
    elif match["low"]:
        for group, end in (("low", match.end("low")), ("high", match.end())):
            if (value := number(group)) is not None:
                yield Percent(value, Span(match.start(group), end))
    elif match["fold"]:
        if (tenths := _fold_rate(match["fold"])) is not None:
            yield Percent(tenths, whole)
    elif match["tenths"]:
        value = numerals.DIGITS[match["tenths"]] * 10.0
        yield Percent(value + (5.0 if match["half"] else 0.0), whole)
    elif (value := number("num" if match["num"] else "points")) is not None:
        yield Percent(value, whole)


def _fold_rate(words: str) -> float | None:
    """九五折 and 9.5折 are 95, 九折 is 90, 对折 is 50."""
    if words == "对":
        return 50.0
    if "." in words:
        return float(Decimal(words) * 10)
    digits = numerals.read_digits(words)
    if digits is None or digits == 0:
        return None
    return float(digits * 10 if digits < 10 else digits)
