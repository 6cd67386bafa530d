"""What an amount of money is for, by the words around it.

The rules, in the order in which they win:
1. `price_gap`: the amount stands right behind a word of difference (贵五万, 再便宜三千) or right before one (五万的差价).
2. `competitor_price`: a competitor, by name or as 别家 or 隔壁那家, is spoken of before it in the clause, and neither our own
   price nor the customer's purse after that.
3. The customer's ultimatum (要么降到一万三) is his `budget`; a wish or a counter-offer (希望降到80万, 还到一百万, 对方报85万) is `other`.
4. What it is called straight behind it (42万的合同, 五十二万八的报价), unless a word right before it says otherwise.
5. A limit (最多, 以内) in the mouth of the customer's people is the `budget`; in ours the `quote`.
6. A total (一共, 合计) of something agreed before it in the sentence is the `deal`. Only this rule looks across other amounts.
7. The nearest word that says so before it in its clause, then the nearest behind it: `budget`, `quote`, `deal`,
   `unit_price`, `payment`, `fee`, or `other` for money that has nothing to do with this sale (产值, 注册资本, 罚款). With a unit
   of goods (3800一台) only `fee`, and a `budget` or a competitor close by, stand against `unit_price`.
8. The same words in the clauses before it in the same sentence; in the line before where that asked the price.
9. With a unit `unit_price`; where a price came down (砍到) `quote`; else `other`.
`following` then settles what an amount has from the one before it: a correction, both ends of 从五十万加到八十万, a limit put on
top (预算五六十万，最多六十五万), a part (其中设备占…), one more fee of a list, and one more price of the same piece.
In a chat the speaker is known; what the customer says of himself is turned round (我 → 他, 你 → 我) before the rules see it.
Words that speech recognition spells by sound (玉算, 抱价) are read as what they sound like: `nlp.mishearing`.
No rule looks further back than 60 characters or further on than 12.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from nlp.clauses import Speaker
from nlp.draft import AmountRole, Span

LOOK_BACK = 60
CLAUSE = 40
LOOK_AHEAD = 12
CLOSE = 8
"""How near a word about the purse must stand to a price of one piece to make it the budget of one."""
LEAST_TOTAL = 1000
"""Yuan; below it a price beside a count of goods is that of one."""
RIVAL = "\ue000"
"""What the name of a competitor is made of in the text that the rules see."""
_STOPS = "，。！？；,!?;\n"
_SENTENCE = "。！？!?\n"
TIME_UNITS = frozenset({"年", "月", "天", "小时", "季度", "学期", "晚", "人天", "人月", "课时"})
_SERVICE_UNITS = TIME_UNITS | {"店", "门店", "场", "次", "人"}

_DIGIT = r"\d零一二两三四五六七八九十百千"

_GAP = re.compile(
    r"(?:(?<!误)差了?|(?<!昂)贵了?|便宜了?|低了|(?<![降减最])低(?!于)|(?<![最提])高了?(?!于)|(?<![至最不])少了?|(?<![至最顶不])多了?(?!少)|省了?|(?<!再次)降(?:价)?(?!到|至)了?|让(?:利|价)?了?|优惠了?"
    r"|砍(?:掉)?(?!到|至)了?|减(?:免)?(?!到|至)了?|(?<!增)加(?:价)?了?|涨(?!到|至)了?|压了?|超(?:了|出?预算了?))"
    r"(?:大概|大约|差不多|将近|近|有|出|个|他|我们|个)?$"
)
_GAP_AFTER = re.compile(r"(?:元|块钱?)?(?:左右|多)?的?(?:差价|差距|价差|优惠|折扣|缺口)")
_FEE = re.compile(
    r"(?<![含免包])(?:服务|维保|维护|运维|安装|培训|运|手续|实施|年|月|会员|检测|咨询|定制|开发|设计|加急|差旅|物流|快递|租|使用|授权|接口|改造|调试"
    r"|质保|保养|管理|佣金|中介|订阅|上门|车|人工|施工|集成|升级|模具|打样|认证|标书|代理|条码|进场|上架|堆头|陈列|端架|促销|推广|广告|展位|赞助"
    r"|拆装|搬运|吊装|卸货|仓储|配送|场地|材料|测试|评审|年检|校准|拆除|专利|课时|挂靠|服务)费用?"
    r"|(?<![含免包])(?:维保|维护|保养|检修|年检|质保|延保)(?:的)?(?:价格?|报价)|运杂费|(?:年|月|日)?租金?(?=$|[^金赁])|佣金|费用"
    r"|堆头|端架|海报位?|条码|进场|陈列位?|促销员|品鉴会|展位|广告位|(?:工资|人工)[^，。；]{0,4}(?:我们|咱们)(?:这边)?来?(?:出|付|承担)"
    r"|(?:要)?(?:另外|单独|额外|另)(?:要)?(?:再)?(?:算|收|计|加|付)的?"
)
_APART = re.compile(r"(?:另算|另计|另收|不算|除外|全包|包了|免费|(?:我们|你们|他们)出)")
"""What ends the talk of a fee: 运费另算每台三千八 is the price of one."""
_FEE_NEAR = re.compile(
    r"(?<![含免包])(?:安装|培训|运输|维保|调试|保养|延保|检修|驻场|代运营|托管|吊装|打样|开模)(?:大概|大约|差不多|是|要|得|再要|一共){0,2}$"
)
_COMPETITOR = re.compile(
    rf"竞品|竞争对手|对手|友商|别家|别人家?|同行|另(?:外)?一家|那家|其他家|人家|另外(?:两|三|几)家|隔壁(?![县村桌屋])|{RIVAL}+"
)
_OF_RIVAL = re.compile(r"^[^，。；\n]{0,5}$|(?:报|卖|便宜|价|才|只要|给|拿|能做|贵|开)[^，。；\n]{0,10}$")
_NOT_RIVAL = re.compile(
    r"(?<![给跟比和让把找问])(?:我们|咱们|我家|咱家)(?!便宜|贵|低|高)|我报|我方|我司|预算|经费|合同|项目|金额|口子|(?:老板|领导|[院校厂]长)[^，。]{0,4}(?:说|给|批|意思)|抢|替换"
)
_OUR_PRICE = re.compile(r"我们(?:这边|这里|家)?的?(?:只|就|才)?(?:报|价|是|卖|要)|我报|我们[^，]{0,4}报")
_UNKNOWN_RIVAL = re.compile(
    r"[，,]?(?:嗯|呃|但是?|而|可是?|结果)?(?![他她你您咱])[^\W\d我你您他她它们咱客户对方，。；、]{2,5}(?:那边)?(?:只|才|就)?报(?:的|了|价)(?:是|才|只有)?$"
    r"|[^。！？]{0,24}?(?:她|他|客户)说[^\W\d我你您他她它们咱客户对方，。；、]{2,4}(?:那边)?(?:只|才|就)?给[他她]们?(?:的?是|才|只要)?$"
)
_NO_NAME = re.compile(
    r"上次|公司|集团|财务|经理|最后|后来|重新|现在|之前|当时|已经|今天|昨天|这次|老板|领导|上周|以前|最早|原来|总共|一共|价格|设备|方案|首次|第[一二三]|又|再"
)
_ULTIMATUM = re.compile(r"(?:要么|要不就?|除非|不然|否则)[^，。；\n]{0,4}(?:降|压|做|给|让|便宜)到[^，。；\n]{0,3}$")
_THEIR_WISH = re.compile(
    r"(?:希望|想要?|要求|要我们|让我们|能不能|可不可以|还价)[^，。；;\n]{0,8}?(?:降|压|砍|便宜|谈|还价?|优惠|做)(?:到|至)[^，。；;\n]{0,4}$"
    r"|(?:还到|还价到?|还了|还我们)[^，。；;\n]{0,4}$|(?:他|她|对方|客户)们?(?:只|就|才)?还(?:价|了)?$"
    r"|(?:对方|客户|他们?|她们?)(?:那边|这边)?(?:只|就|才|也|却|还)?(?:砍|压)(?:价)?(?:到|至)[^，。；;\n]{0,4}$"
    r"|(?:对方|客户|他们?|她们?)(?:那边|这边)?(?:只|就|才|也|最多|顶多|说)?(?:报|开|回)(?:价|了|的|到|给我们)?(?:大概|差不多|是|了)?$"
)
_LIMIT = re.compile(
    r"(?:(?:最多|顶多|至多|撑死|上限|封顶|最高)|(?:不|别|没)[^，。]{0,3}超|不到|.{1,24}(?:以内|之内|以下|封顶|到顶|不到)$)"
)
_PEOPLE = r"(?:领导|老板|老总|院长|校长|厂长|所长|局长|董事长|主任|科长|处长|经理|财务|总部|集团|上面|上头|[一-鿿]总|[一-鿿]工|客户|对方|甲方|(?:他|她)们?|园长|店长|局里|院里|学校|厂里|公司里)"
_SAYS_LIMIT = re.compile(
    rf"(?<!我)(?<!我们){_PEOPLE}(?:那边|这边|那里)?(?:的)?(?:意思|原话|口气|想法|底线|要求|说法|态度)?(?:也|是|就|只|说|讲|表示|给|让|要|定|的|了|死|明确|口头|放话|告诉我|交代|再|嘛|呢|能|总价|总的|总数|整个){{0,5}}$"
)
_OUR_LIMIT = re.compile(
    r"(?<![让要叫给求])(?:我|咱)们?(?:这边|这里)?(?:说|可以|能|会|尽量|争取|就|肯定|保证|给您?|帮您?|把|总价|价格){0,4}(?:控制在|压在|做到)?$"
)
_REP_LIMIT = re.compile(r"(?:控制|压|卡|做)[在到]$")
_SUM = re.compile(
    r"(?:一共|总共|合计|共计|总计|拢共|加起来|合起来|加一起|总的)(?:是|就|要|得|也|大概|大约|差不多|算|下来|嗯|呢|\s){0,2}$"
)
_AGREED = re.compile(
    r"成交|(?<![一决约肯确否没])定了(?!时间|方案|日子)|定下来?|敲定|签了|签下|签的|签完|已签|下单|订单|定单|合同|首单|中标|拍板"
)
_BOUGHT = r"(?:采购|用|买|消耗|进货?|拿货?|做|订)"
_ROLE_WORDS: tuple[tuple[AmountRole, re.Pattern[str]], ...] = (
    (
        "budget",
        re.compile(
            r"预算|(?<!注册)资金|经费|拨款|拨了|(?<!上)(?<!这)(?<!一)(?<!每)批了|批下来|(?<![上这一二三首尾大小每分下])批的|能出|愿意出|肯出|出得起|拿得出|能?拿出来?|能给到|能接受|心理价位?|额度"
            r"|(?:他们|客户|对方)(?:最多|顶多|只|就)?(?:肯|能|会)?出|口子|盘子|剩(?:的|下)?[^，。；]{0,3}钱|钱(?:不多|只有|只剩|还剩|就剩|有限|就)"
            r"|手[里头上](?:只|就|还)?(?:有|剩)|账上(?:只|就|还)?(?:有|剩)|掏|(?:控制|压|卡)在|承受|总投资|投资额|(?<!去)(?<!往)年?采购[额量]|年用量"
            rf"|(?<!去)(?<!今)(?:[一每全]年|年均|[一每]个?月|[一每]个?季度?)(?:下来|大概|大约|差不多|也就|都|能|要|得|会|估计|总共|一共|光|他们|我们这边|的?话|这块|在|\s){{0,3}}{_BOUGHT}(?!了)(?:个|掉|到|上|量|大概|大约|差不多|有|在){{0,2}}"
            r"|(?<!我们)(?:老板|领导|上面|上头|财政|总部|集团|局里|院里|学校|厂里|[院校厂]长|董事会)(?:那边)?(?:只|就|一共|总共|今年)?(?:给|批|拨|划|下)(?:了|的|下来)?(?:的?是|就|只有)?$"
            r"|(?:让|要|叫|请)我们?(?:帮他们?|给他们?|先)?[做出配][^，。；]{0,8}方案$"
        ),
    ),
    (
        "payment",
        re.compile(
            r"回款|付款|首付款?|定金|订金|预付款?|尾款|打款|打了|打过来|付了|先付|再付|付|欠|货款|到账|应收|余款|款项|垫资|保证金|押金|逾期"
            r"|进度款|首款|汇了|汇过来|转了|转过来|打来|已付|收到了?(?!了?[报合])|结了|笔款|[油工程料]款"
        ),
    ),
    ("unit_price", re.compile(r"单价|每[台套个件吨只](?!月)|单[套台件个](?!子)")),
    (
        "deal",
        re.compile(
            r"合同|成交|签了|签下|签|订单|定单|下单|中标|单子|标的|金额|业绩|拿下|大单|首单|下了.{0,2}单|的单(?!价)|续费|续约|续签|谈妥|谈拢|敲定|拍板"
            r"|(?<![一决约肯确否没])定了(?!时间|方案|日子)|定下来"
        ),
    ),
    (
        "quote",
        re.compile(
            r"报价|报了|报给|报的|我们报|我们投|总价|打包价|一口价|开价|报到|报|价格|售价|卖|到手价|底价|最低价|方案价|原价|优惠价|定价|打包|要价|成本价|出厂价|含税价|裸价|标价"
            r"|刊例价?|挂牌价?|门市价|目录价|面价|列表价|(?:我们?|咱们?)(?:这边|自己|内部)?(?:初步|粗|大概|毛)?(?:估|核|测算|算)(?:的|了|下来|出来|算)?(?:方案|下来)?|我们?的?方案"
            r"|我(?:们|这边|说)?[^，。；]{0,6}给[他她]们?(?:的?是|做到?)?$"
        ),
    ),
    ("fee", _FEE),
    (
        "other",
        re.compile(
            r"卖了|卖出|采购了|换了|修了|买了|花了?|投入|用掉|产值|营收|营业收入|销售额|营业额|注册资本|注册资金|年销|利润|融资|(?<!总)投资(?!额)|市值|流水|规模|身价|罚|损失|浪费|成本(?!价)|造价|省下|节省|节约|估值|负债|贷款|工资|年薪|月薪|奖金|提成|补贴|产能|亏"
            r"|去年(?:的)?(?:做|采购|用)了?|目标"
        ),
    ),
)
_PAID_BEHIND = re.compile(
    r"(?:一直|到现在|到今天|现在|都|还|迟迟|也)?(?:没|未)(?:有)?(?:打|结|付|到|回|给|收|汇)|拖(?:到|着|了|在)|逾期|到账|(?:已经?|全部?)?(?:付|结|打)(?:清|过来|完|掉)|货款|尾款|余款|定金|订金|预付款?|首付款?|保证金|押金|回款|付款|进度款|应收|[油工程料]款"
    r"|(?:的)?欠款|说?(?:月底|年前|过完年|年后|下周|下个月|节前|节后)[^，。；]{0,4}(?:打|结|付|还)"
)
"""Behind an amount 先付三成 and 打款后发货 say how that sum will be paid, not that it is a payment."""
_CAME_TO = re.compile(r"(?:[砍压谈做降让]|优惠)到")
_ASKED = re.compile(r"(?:多少钱|什么价|啥价|怎么收|怎么卖|价格呢)[？?。，,\s]{0,3}$")
_TURNED = str.maketrans("我你您", "他我我")
_PART = re.compile(r"[，,；;]?(?:这?里面|其中)[^，。；\n]{0,8}?(?:占|是|要|有|大概|就)?[^，。；\n]{0,2}$")
_ONE_MORE = re.compile(r"[，,、；;]?\s?[一-鿿]{1,4}")
_ON_TOP = re.compile(r"[，,、\s]?(?:但是?|再多|也|反正)?(?:最多|顶多|最高)?")
_TOTAL = re.compile(r"一共|总共|合计|共计|总计|拢共|加起来|总价|总金额|合同|定金|尾款|打包")
LINK = re.compile(
    r"(?:左右|以上)?(?:直接|又|最后|一路|给|被|我们)?(?:[降涨砍压谈做让加提减缩升改变调]|压缩|增加|追加|调整|提高|优惠)(?:价)?(?:到|成|为|至)了?"
)
_PIECES = re.compile(
    rf"(?:\d{{1,7}}|[零一二两三四五六七八九十百千万几]{{1,6}})[台套个件只吨箱支斤条张根片桶瓶盒袋卷米副双把](?!月|[^\W\d_]?[{_DIGIT}]{{2}})|单价|每[台套件只支]"
)


@dataclass(frozen=True)
class Told:
    """An amount already told, for the one behind it."""

    role: AmountRole
    unit: str | None
    span: Span
    yuan: Decimal


def marked(text: str, rivals: Sequence[str]) -> str:
    """The text with the competitors' names made of `RIVAL`; every offset stays."""
    for name in sorted(filter(None, rivals), key=len, reverse=True):
        text = text.replace(name, RIVAL * len(name))
    return text


def role_of(
    text: str, span: Span, unit: str | None, *, floor: int, ceiling: int, speaker: Speaker | None = None
) -> AmountRole:
    """The role of the amount at `span`; `floor` and `ceiling` are where the neighbouring amounts end and begin."""
    earliest = max(0, span.start - LOOK_BACK)
    floor = max(floor, earliest)
    sentence_start = _after_last(text, _SENTENCE, floor, span.start)
    clause_start = max(_after_last(text, _STOPS, floor, span.start), span.start - CLAUSE)
    head = _turned(text[clause_start : span.start], speaker)
    tail = _turned(_up_to_stop(text[span.end : min(ceiling, span.end + LOOK_AHEAD)]), speaker)
    own = text[span.start : span.end]
    if plain := _plain(head, tail):
        return plain
    near: tuple[int, AmountRole] | None = (
        (0, "fee") if _FEE_NEAR.search(head) else _nearest(head + own, first_behind=False)
    )
    if unit is None and tail[:1] == "的" and (near is None or near[0] > len(own)):
        named = _nearest(tail[:6], first_behind=True, payment=_PAID_BEHIND)
        if named:
            return named[1]
    if limit := _limit(head, own, speaker):
        return limit
    if unit is None and _SUM.search(head) and (role := _of_total(text, earliest, span.start, head, tail, speaker)):
        return role
    earlier = _turned(text[sentence_start:clause_start], speaker)
    if unit is not None and unit not in TIME_UNITS:
        return _each(head, own, tail, earlier, unit, near)
    if unit is not None and _FEE.search(own):
        return "fee"
    found = near or _nearest(tail, first_behind=True, payment=_PAID_BEHIND)
    if found and not (unit is not None and found[1] == "unit_price"):
        return found[1]
    if unit is not None and _FEE.search(earlier):
        return "fee"
    if role := _of_earlier(earlier):
        return role
    if role := _of_question(text, earliest, clause_start, floor):
        return role
    if unit is not None:
        return "unit_price"
    return "quote" if _CAME_TO.search(head) or _CAME_TO.match(tail) else "other"


def _plain(head: str, tail: str) -> AmountRole | None:
    """What stands above the nearest word: a difference, a competitor, an ultimatum, a wish."""
    if _GAP.search(head) or _GAP_AFTER.match(tail):
        return "price_gap"
    if _competitor_price(head):
        return "competitor_price"
    if _ULTIMATUM.search(head):
        return "budget"
    return "other" if _THEIR_WISH.search(head) else None


def following(text: str, now: Told, before: Told | None, *, corrects: bool) -> AmountRole:
    """The role of `now`, which its own words gave one, in view of the amount `before` it."""
    role = now.role
    between = text[before.span.end : now.span.start] if before else ""
    if before is None or len(between) > LOOK_BACK:
        return _of_pieces(text, now)
    if corrects and (role == "other" or _nearest(between, first_behind=False) is None):
        return before.role
    if LINK.fullmatch(between):
        return before.role
    if role in ("quote", "other") and before.role in ("quote", "unit_price") and _is_unknown_rival(between):
        return "competitor_price"
    if role == "other" and before.role in ("budget", "quote", "deal"):
        on_top = _ON_TOP.fullmatch(between) and _LIMIT.match(text[now.span.start : now.span.end])
        if on_top or _PART.fullmatch(between):
            return before.role
    if role == "other" and before.role == "fee" and _ONE_MORE.fullmatch(between) and not _SUM.search(between):
        return "fee"
    if role in ("quote", "deal", "other") and now.unit is None and _is_each(now, before, between):
        return "unit_price"
    return _of_pieces(text, now)


def _of_pieces(text: str, now: Told) -> AmountRole:
    """A price below a thousand yuan beside a count of goods or 单价 is that of one: 要三千套，我报十九块五."""
    if now.role not in ("quote", "deal") or now.unit is not None or now.yuan >= LEAST_TOTAL:
        return now.role
    start = _after_last(text, _SENTENCE, max(0, now.span.start - LOOK_BACK), now.span.start)
    said = text[start : now.span.start]
    return "unit_price" if _PIECES.search(said) and not _TOTAL.search(said[-CLOSE:]) else now.role


def _is_each(now: Told, before: Told, between: str) -> bool:
    """Whether it is a further price of the piece that the amount before it was a price of."""
    of_one = before.role in ("unit_price", "competitor_price") and (
        before.role == "unit_price"
        or (before.unit not in TIME_UNITS and (before.unit is not None or before.yuan < LEAST_TOTAL))
    )
    alike = before.yuan <= now.yuan * 2 and now.yuan <= before.yuan * 2
    same_thought = not any(stop in between for stop in _SENTENCE)
    return of_one and alike and same_thought and not _TOTAL.search(between)


def _each(head: str, own: str, tail: str, earlier: str, unit: str, near: tuple[int, AmountRole] | None) -> AmountRole:
    """The role of what one piece costs."""
    head = head[max((match.end() for match in _APART.finditer(head)), default=0) :]
    fee = _FEE.search(head + own) or _FEE.match(tail.removeprefix("的"))
    if fee and not ("租" in fee[0] and unit not in _SERVICE_UNITS):
        return "fee"
    pieces = [piece for piece in re.split(r"[，,；;]", earlier) if piece.strip()]
    if unit in _SERVICE_UNITS and pieces and (fee := _FEE.search(pieces[-1])) and "算" not in fee[0]:
        return "fee"
    if near and near[1] == "unit_price":
        near = _nearest(head, first_behind=False)
    if near and near[1] == "budget" and near[0] <= CLOSE + len(own):
        return "budget"
    if any(_competitor_price(piece) for piece in pieces[-1:]):
        return "competitor_price"
    return "unit_price"


def _limit(head: str, own: str, speaker: Speaker | None) -> AmountRole | None:
    if not _LIMIT.match(own):
        return None
    if speaker == "rep":
        return "quote" if _REP_LIMIT.search(head) else None
    if _OUR_LIMIT.search(head):
        return "quote"
    return "budget" if _SAYS_LIMIT.search(head) else None


def _of_total(text: str, earliest: int, start: int, head: str, tail: str, speaker: Speaker | None) -> AmountRole | None:
    said = text[_after_last(text, _SENTENCE, earliest, start) : start]
    if found := _nearest(head, first_behind=False):
        return found[1]
    if tail[:1] == "的" and (named := _nearest(tail, first_behind=True, payment=_PAID_BEHIND)):
        return named[1]
    if _AGREED.search(said):
        return "deal"
    return "quote" if speaker == "rep" or head.rstrip("是大概约就要").endswith("总共") else None


def _of_question(text: str, earliest: int, clause_start: int, floor: int) -> AmountRole | None:
    """What the line before asked the price of: 海报位还有两个 … 多少钱? - 内页六千."""
    line = text.rfind("\n", earliest, clause_start)
    if line < floor or not _ASKED.search(text, max(earliest, line - 12), line):
        return None
    found = _nearest(text[earliest:line], first_behind=False)
    return found[1] if found and found[1] in ("fee", "unit_price") else None


def _turned(words: str, speaker: Speaker | None) -> str:
    return words.translate(_TURNED) if speaker == "customer" else words


def _after_last(text: str, stops: str, start: int, end: int) -> int:
    """Behind the last of `stops` in text[start:end]; `start` where there is none."""
    return max(start, *(text.rfind(stop, start, end) + 1 for stop in stops))


def _up_to_stop(words: str) -> str:
    return next((words[:at] for at, sign in enumerate(words) if sign in _STOPS), words)


def _of_earlier(words: str) -> AmountRole | None:
    pieces = [piece for piece in re.split(r"[，,；;]", words) if piece.strip()]
    for index, piece in enumerate(reversed(pieces[-2:])):
        if _competitor_price(",".join(pieces[len(pieces) - 1 - index :])):
            return "competitor_price"
        if found := _nearest(piece, first_behind=False):
            return found[1]
    return None


def _competitor_price(head: str) -> bool:
    spoken_of = list(_COMPETITOR.finditer(head))
    if not spoken_of:
        return False
    last = spoken_of[-1]
    between = head[last.end() :]
    if last[0].startswith((RIVAL, "隔壁")):
        return not _NOT_RIVAL.search(between) and bool(_OF_RIVAL.search(between))
    return not _OUR_PRICE.search(between) and not re.search("预算|经费|口子", between)


def _is_unknown_rival(between: str) -> bool:
    """A name that reports a price right behind ours: 我们报的是六十八万安谱蓝报的六十二万五."""
    return bool(_UNKNOWN_RIVAL.fullmatch(between)) and not _NO_NAME.search(between)


def _nearest(
    words: str, *, first_behind: bool, payment: re.Pattern[str] | None = None
) -> tuple[int, AmountRole] | None:
    """The distance and the role of the nearest word; `payment` is the pattern for payments where it is another."""
    best: tuple[int, AmountRole] | None = None
    if not words:
        return None
    for role, usual in _ROLE_WORDS:
        pattern = payment if payment is not None and role == "payment" else usual
        for match in pattern.finditer(words):
            distance = match.start() if first_behind else len(words) - match.end()
            if best is None or distance < best[0]:
                best = (distance, role)
    return best
