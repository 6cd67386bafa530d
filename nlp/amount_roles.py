"""What an amount of money is for, by the words around it.

The rules, in the order in which they win:
1. `price_gap`: the amount stands right behind a word of difference (贵五万, 再便宜三千) or right before one (五万的差价).
2. `competitor_price`: a competitor is spoken of before it in the clause, and not our own price after that.
3. `other`: the customer names it as a wish or a counter-offer (希望降到80万, 还到一百万, 对方报85万). It is no quote of ours.
4. With a unit of goods (3800一台): `fee` beside a word of fees, else `unit_price`.
5. The nearest word that says so before it in its clause, then the nearest behind it: `budget`, `quote`, `deal`,
   `unit_price`, `payment`, `fee`, or `other` for money that has nothing to do with this sale (产值, 注册资本, 罚款).
6. The same words in the two clauses before it in the same sentence.
7. With a unit of time (三万六一年) `unit_price`; where a price came down (砍到) `quote`; else `other`.
An amount taken back and the one that replaces it have one role, and so have both ends of 从五十万加到八十万.
No rule looks across another amount, further back than 60 characters or further on than 12.
"""

import re

from nlp.draft import AmountRole, Span

LOOK_BACK = 60
CLAUSE = 40
LOOK_AHEAD = 12
_STOPS = "，。！？；,!?;\n"
_SENTENCE = "。！？!?\n"
TIME_UNITS = frozenset({"年", "月", "天", "小时", "季度", "学期", "晚", "人天", "人月", "课时"})

_GAP = re.compile(
    r"(?:(?<!误)差了?|(?<!昂)贵了?|便宜了?|低了|(?<![降减最])低(?!于)|(?<![最提])高了?(?!于)|(?<![至最不])少了?|(?<![至最顶不])多了?(?!少)|省了?|(?<!再次)降(?:价)?(?!到|至)了?|让(?:利|价)?了?|优惠了?"
    r"|砍(?:掉)?(?!到|至)了?|减(?:免)?(?!到|至)了?|(?<!增)加(?:价)?了?|涨(?!到|至)了?|压了?|超(?:了|出?预算了?))"
    r"(?:大概|大约|差不多|将近|近|有|出|个|他|我们|个)?$"
)
_GAP_AFTER = re.compile(r"(?:元|块钱?)?(?:左右|多)?的?(?:差价|差距|价差|优惠|折扣|缺口)")
_FEE = re.compile(
    r"(?<!含)(?:服务|维保|维护|运维|安装|培训|运|手续|实施|年|月|会员|检测|咨询|定制|开发|设计|加急|差旅|物流|快递|租|使用|授权|接口|改造|调试"
    r"|质保|保养|管理|佣金|中介|订阅|上门|车|人工|施工|集成|升级|模具|打样|认证|标书|代理)费用?|运杂费|租金|佣金"
)
_COMPETITOR = re.compile(r"竞品|竞争对手|对手|友商|别家|别人家?|同行|另(?:外)?一家|那家|其他家|人家|另外(?:两|三|几)家")
_OUR_PRICE = re.compile(r"我们(?:这边|这里|家)?的?(?:只|就|才)?(?:报|价|是|卖|要)|我报|我们[^，]{0,4}报")
_THEIR_WISH = re.compile(
    r"(?:希望|想要?|要求|要我们|让我们|能不能|可不可以|还价)[^，。；;\n]{0,8}?(?:降|压|砍|便宜|谈|还价?|优惠|做)(?:到|至)[^，。；;\n]{0,4}$"
    r"|(?:还到|还价到?|还了|还我们)[^，。；;\n]{0,4}$"
    r"|(?:对方|客户|他们?|她们?)(?:那边|这边)?(?:只|就|才|也|却|还)?(?:砍|压)(?:价)?(?:到|至)[^，。；;\n]{0,4}$"
    r"|(?:对方|客户|他们?|她们?)(?:那边|这边)?(?:只|就|才|也|最多|顶多|说)?(?:报|开|回)(?:价|了|的|到|给我们)?(?:大概|差不多|是|了)?$"
)
_ROLE_WORDS: tuple[tuple[AmountRole, re.Pattern[str]], ...] = (
    (
        "budget",
        re.compile(
            r"预算|经费|(?<!注册)资金|拨款|拨了|批了|批下来|批的|能出|愿意出|出得起|拿得出|能拿出|能给到|能接受|心理价位?|额度|(?:他们|客户|对方)(?:最多|顶多|只|就)?(?:肯|能|会)?出"
        ),
    ),
    (
        "payment",
        re.compile(
            r"回款|付款|首付款?|定金|订金|预付款?|尾款|打款|打了|打过来|付了|先付|再付|付|欠|货款|到账|应收|余款|款项|垫资|保证金|押金|逾期"
            r"|进度款|首款|汇了|汇过来|转了|转过来|打来|已付|收到了?(?!了?[报合])"
        ),
    ),
    ("unit_price", re.compile(r"单价|每[台套个件吨只]")),
    (
        "deal",
        re.compile(
            r"合同|成交|签了|签下|签|订单|下单|中标|单子|标的|金额|业绩|采购额|拿下|大单|首单|下了.{0,2}单|的单(?!价)"
        ),
    ),
    (
        "quote",
        re.compile(
            r"报价|报了|报给|报的|我们报|我们投|总价|打包价|一口价|开价|报到|报|价格|售价|卖|到手价|底价|最低价|方案价|原价|优惠价|定价|总共|打包|要价|成本价|出厂价|含税价|裸价|标价"
        ),
    ),
    ("fee", _FEE),
    (
        "other",
        re.compile(
            r"卖了|卖出|采购了|买了|花了?|投入|用掉|产值|营收|营业收入|销售额|营业额|注册资本|注册资金|年销|利润|融资|投资|市值|流水|规模|身价|罚|损失|浪费|成本(?!价)|造价|省下|节省|节约|估值|负债|贷款|工资|年薪|月薪|奖金|提成|补贴|产能|亏"
        ),
    ),
)
_CAME_TO = re.compile(r"(?:[砍压谈做降让]|优惠)到")


def role_of(text: str, span: Span, unit: str | None, *, floor: int, ceiling: int) -> AmountRole:
    """The role of the amount at `span`; `floor` and `ceiling` are where the neighbouring amounts end and begin."""
    floor = max(floor, span.start - LOOK_BACK)
    clause_start = max(_after_last(text, _STOPS, floor, span.start), span.start - CLAUSE)
    head = text[clause_start : span.start]
    tail = _up_to_stop(text[span.end : min(ceiling, span.end + LOOK_AHEAD)])
    if _GAP.search(head) or _GAP_AFTER.match(tail):
        return "price_gap"
    if _competitor_price(head):
        return "competitor_price"
    if _THEIR_WISH.search(head):
        return "other"
    own = text[span.start : span.end]
    if unit is not None and _FEE.search(own if unit in TIME_UNITS else head + own + tail):
        return "fee"
    if unit is not None and unit not in TIME_UNITS:
        return "unit_price"
    if role := _nearest(head + own, first_behind=False) or _nearest(tail, first_behind=True):
        return role
    if role := _of_earlier(text[_after_last(text, _SENTENCE, floor, span.start) : clause_start]):
        return role
    if unit is not None:
        return "unit_price"
    return "quote" if _CAME_TO.search(head) or _CAME_TO.match(tail) else "other"


def _after_last(text: str, stops: str, start: int, end: int) -> int:
    """Behind the last of `stops` in text[start:end]; `start` where there is none."""
    return max(start, *(text.rfind(stop, start, end) + 1 for stop in stops))


def _up_to_stop(words: str) -> str:
    return next((words[:at] for at, sign in enumerate(words) if sign in _STOPS), words)


def _of_earlier(words: str) -> AmountRole | None:
    pieces = [piece for piece in re.split(r"[，,；;]", words) if piece.strip()]
    for piece in reversed(pieces[-2:]):
        if _competitor_price(piece):
            return "competitor_price"
        if role := _nearest(piece, first_behind=False):
            return role
    return None


def _competitor_price(head: str) -> bool:
    ends = [match.end() for match in _COMPETITOR.finditer(head)]
    return bool(ends) and not _OUR_PRICE.search(head, ends[-1])


def _nearest(words: str, *, first_behind: bool) -> AmountRole | None:
    best: tuple[int, AmountRole] | None = None
    if words:
        for role, pattern in _ROLE_WORDS:
            for match in pattern.finditer(words):
                distance = match.start() if first_behind else len(words) - match.end()
                if best is None or distance < best[0]:
                    best = (distance, role)
    return None if best is None else best[1]
