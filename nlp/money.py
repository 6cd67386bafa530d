"""Money in a sales note; with it the percentages and quantities, which the same figures could be taken for.

Precision before recall: a figure counts as money only with a currency word, with 万 or 亿 that counts nothing else, right
behind a price word (单价3800), or where `nlp.bare_prices` finds that the words around it leave nothing else. Measured prior
art was silently wrong (8万5 read as 160,010), so the grammar is ours.

Conventions
- 以内, 不到, 不超过, 最多, 封顶, 控制在, 不能再多 close a range above only (`at_most`); 超过, 至少, 不会少于, 以上, 起, 打底,
  上百万 below only (`at_least`).
- 大概, 左右, 来, 近, 小, 出头, 万把块 leave the figure as said (`about`); 多 runs to the next round figure (80多万: 800,000
  to 900,000).
- 三五万, 三到五万, 80-90万, 十几二十万 are ranges, and the unit is shared: 三到五百万 begins at three million.
- 八十万，不对，八十五万 yields the second only, and the first is `withdrawn`; 不是80万，是85万 likewise. 从80万砍到75万 keeps both.
- A bare figure below a thousand is never taken for 万 by itself: 预算八十 says nothing, but beside 144万 a 一百一 is 110万, and
  预算六十个 is 60万. Behind a price of one (每台350, 运费八百) it is yuan.
- Less than one 分 is rounded: 一毛一分五 is 12 分.
- Foreign currency is left out: an amount is in fen of the yuan.
- Of two amounts that claim the same words the earlier has them.
Roles are told in `nlp.amount_roles`, numerals in `nlp.numerals`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from nlp import amount_roles, bare_prices, clauses, mishearing, numerals
from nlp import quantities as counts
from nlp.clauses import Clause
from nlp.draft import Amount, AmountRole, Bound, Percent, Quantity, Span
from nlp.percents import percents

__all__ = ["MAX_YUAN", "Reading", "amounts", "find", "percents", "quantities", "read", "withdrawn"]

MAX_YUAN = Decimal(10) ** 11
"""Above a hundred billion yuan we have misheard."""
LEAST_BARE = 1000
"""A bare figure behind 预算 or 报价 is yuan from here on; below it might have been meant in 万."""
LEAST_BARE_EACH = 100
"""The same for what one piece costs."""
COMPARED = 4
"""With so many amounts before it a bare figure is compared."""

_UNIT = (
    r"(?:平方米|平米|立方米|立方|公斤|公里|千克|小时|季度|学期|课时|人天|人月|个?点位|席位|账号|用户|门店|模块|(?:个(?=月))?月|"
    r"[台套个件只吨年平米人户支箱斤条份天组把张辆根片桶卷瓶盒袋包扇间栋车柜单路节对副双批次方亩度股页字晚座杯樘盏捆瓦羽枚票趟碗盆株罐]|店(?![面铺长员里])|场(?![地合景馆面所子内外长]))"
)
_MEASURE = "年月日天周次回台套个件只支把张条块片根箱包袋盒瓶吨斤克公平方米里亩层间户家人位名岁度届期页份点号门辆部架座批单倍折成种类项组路口本册集多秒分小时"
_MEASURE_AT = re.compile(
    rf"(?:成(?![交本套为])|分(?![期批别三两次])|单(?!价)|方(?!案|便|式)|回(?!款|来|头|复)|包(?![含括干])|项(?!目)|平(?!均|时)|人(?!民币|工|家)|双(?![方边])|只(?![来要有能给是肯批拿剩够付好出报用买做收花])|周(?![一二三四五六日天末])|年(?!底|前|后|初)|"
    rf"月(?!底|前|后|初)|日(?!前|后)|部(?!分)|期(?!间|限|望)|口(?!头)|面(?!谈|议)|路(?!费)|家(?!长|里|委)|位(?!置)|级(?!别)|点(?!左右)|种(?!类)|间(?!接)|"
    rf"[{''.join(sorted(set(_MEASURE) - set('双只周成分单方回包项平人年月日部期口面路家位级点种间')))}])"
)
"""A measure word that a digit belongs to (80万3年), and not the beginning of another word (36万5成交)."""
_ONE_OF = re.compile(bare_prices.UNIT)
_COUNTED = re.compile(
    r"[余多来]?(?:台|套|件|只(?![来要有能给是肯批拿剩够付好出报用买做收花])|支|箱|吨|平(?!均|台|常|时)|亩|人(?!民币|工|家)|户|家(?!长|里|委)|次|个(?!亿)|辆|公里|用户|粉丝|会员|学生|学员|员工|职工|工人|居民|患者|病人|农户|客户|门店|"
    r"小时|公斤|斤|千克|千米|里(?!程|面|头|吧|边|含|的|包)|遍(?!地)|米|条|份|张|册|字|级|余台|多台|股|分之|分(?!期|[一二三四五六七八九两]|\d)|达(?!成)|科(?!目)|向|华|象|能(?=[的型用力])|事|般|"
    r"年(?!费|付|度|底|前|后|终|初)|颗|粒|方(?!案|便)|瓶|把(?![他她我你它这那人价合单])|根(?!本|据)|片|卷|桶|桩|点(?!左右)|像素|立方|千瓦|度|步|伏|转(?![来给过账到我他她了款走])|匹|印(?![刷章花象])|羽|锭|流明|篇|亿|单(?!价|子)|双(?![方边])|头(?![一个期款部批笔])|平米|位|名|组|倍|毫安|赫兹|吨|盒|袋|包(?!含|括|干)|块(?!钱?)|"
    r"英尺|英里|火急|医疗|里挑一|文具|科技|集团|公司|股份|电子|机械|实业|有限|控股|光电|网络|商贸|食品|家具|制造|纺织|重工|rpm|mm|PV|UV|hz)",
    re.IGNORECASE,
)
"""What 万 and 亿 may count instead of yuan, and words that they begin (万达, 万科)."""
_COUNT_BEFORE = re.compile(
    r"(?:粉丝|阅读量?|播放量?|浏览量?|访问量|人口|销量|产量|出货量?|日活|月活|点击量?|下载量?|里程|员工|人数|用户数?|会员数?|门店|库存量?|寿命|循环|像素|日产|月产)(?:大概|大约|有|超过?|近|是|约|差不多|了|达到?){0,2}$"
)
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_FORMAL_RUN = re.compile(r"[壹贰叁肆伍陆柒捌玖拾][壹贰叁肆伍陆柒捌玖拾佰仟零万亿]{1,23}(?=[元圆])")
"""捌拾伍万元; alone they are surnames (陆总)."""
_NUMERAL = re.compile(r"[一二两三四五六七八九十百千]")
_LISTED = re.compile(r"[一-鿿](?P<digit>[一二两三四五六七八\d])、$")
_FIGURE = re.compile(
    r"(?!点)(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[零〇一二两俩三四五六七八九十百千万亿几点])+|半(?=个亿)"
)
_GOES_ON = frozenset(" 万亿wWkK多来余把块元毛角蚊分人圆到至~-个半RrCc")
_LEADS_IN = frozenset("¥BbYy币:： ")
"""One numeral alone is no amount unless one of those follows or one of these stands before it."""
_TAIL_COUNT = re.compile(r"(?:[一二两三四五六七八九]|(?<=[万千百])\d)$")
_LAST_BIG = re.compile(r".*[万亿]")
_RUNS_ON = re.compile(r"(?![元块的左以吧呢了上到至多百千嗯呃他她您]|那个|这个|我们?[就要说也可])[一-鿿]")
_JOIN = re.compile(r"\s{0,2}(?:到|至|~|-{1,2})\s{0,2}")
_ABOUT = r"(?:从|大概|大约|大致|差不多|估计|约|将近|接近|近|就|也就|是|在|有|为|要|得|只要|才|可能|左右|到|个|了|的|一共|总共|控制|初步|暂定|基本|呢|嘛|吧|嗯|呃|啊|那个|，|,|：|:|\s)"
_PRICE_WORD = re.compile(
    rf"(?:预算|报价|报了?|总价|单价|价格|售价|标价|底价|[降涨砍压谈做让]到|定价|合同额|合同金额|金额|成交价|费用|定金|订金|首付款?|尾款|货款|押金|保证金|付了?|便宜了?|贵了?"
    rf"|[费租]|卖|只要|[费价](?:另外|另|单独)?(?:要)?(?:算|收|计|加)){_ABOUT}{{0,3}}$"
    r"|(?:多少钱|什么价|啥价|怎么收|怎么卖)[？?。，,\s]{0,3}(?:[^\s：:，。；]{1,6}[：:]\s?)?[一-鿿]{0,4}$"
)
_EACH = re.compile(
    rf"(?:(?:单价(?:(?:我们?|他们?|你们?)?(?:报|给|是|卖)(?:的|了)?)?|运费|快递费|上门费|车费|物流费){_ABOUT}{{0,3}}|(?:每一?|(?<![零一二两三四五六七八九十百千万亿第\d])一)个?{_UNIT}"
    rf"(?:的|的?(?:单价|价格|报价|费用|成本)|只要|才|要|是|得|卖|就|大概|大约|差不多|收|\s|报|下来|的话){{0,3}})$"
)
_AFTER_PRICE_WORD = re.compile(
    rf"(?:\s*(?:$|[，。！？；、,!?;/)）])|\s(?!\s*[a-zA-Z\d{_MEASURE}])|元|块|左右|上下|以内|以下|以上|之内|出头|吧|的|了|呢|啊|一{_UNIT}|每|不含|含|起|涨|降|但|我|他|她|您|比|嗯|呃|那个|这个|加上|另外|然后)"
)
_CURRENCY = re.compile(
    r"\s{0,2}(?:蚊(?!子|帐|香|虫)|元整?(?!件|器|素|旦|宵|老|气|月)|块钱?(?!板|屏|电|地|砖|钢|铁|玻|硬|手表|牌|显|芯|主|模|肥|石|木|布|内存|硅|磁|瓷|广告|面|组|儿|料|样|区|业务|内容|蛋|肉|表)|人民币|RMB|CNY|圆整?(?!形|柱|通|盘|珠|角|弧|心))(?!素)",
    re.IGNORECASE,
)
_JIAO = re.compile(
    r"[元块蚊](?P<jiao>[一二两三四五六七八九]|\d)(?:[毛角](?:(?P<fen>[一二三四五六七八九]|\d)分?)?钱?)?"
    rf"(?:(?=成交)|(?![\d.零二两三四五六七八九十百千万亿点几{_MEASURE}%wWkK到至~-]|一(?!{_UNIT})))"
)
"""三块五, 12块5, 三块二毛五: what follows 块."""
_MAO = re.compile(
    rf"[毛角](?:钱(?!包)|(?!一(?:{bare_prices.UNIT}))(?P<fen>[一二三四五六七八九]|\d)(?!\d)(?:分(?:钱|(?P<li>[一二三四五六七八九]|\d)(?!\d))?)?"
    rf"|(?=一{bare_prices.UNIT}|以[上下内]|左右|可以|多|都|的(?![笔病])|$|[，。！？；、,!?;\s\n)）]|[他她我你您咱]|一个|仓|差价|让|我))"
)
_CENTS = re.compile(r"分钱|分(?=一{unit}|$|[，。！？；、,!?;\n)）])".replace("{unit}", bare_prices.UNIT))
"""七分钱, 每枚增4分."""
_CENTS_BEFORE = re.compile(r"(?:每[一-鿿]|[增涨降贵便宜让差省少多])[^，。！？；\d零一二两三四五六七八九十]{0,4}$")
_PENNY = re.compile("[毛角分]钱?(?![一二三四五六七八九\\d])")
"""一分钱没付, 一毛都不让: a figure of speech unless it is a difference."""
_NAMED_MAO = re.compile(r"[小阿老叫]$")
_PREFIX = re.compile(r"(?:¥|RMB|CNY|人民币)[:：]?\s{0,2}$", re.IGNORECASE)
_OTHER_MONEY = r"美元|美金|美刀|欧元|日元|港币|港元|英镑|韩元|韩币|卢布|泰铢|新币|新元|加元|加币|澳元|澳币|台币|法郎|卢比|比索|林吉特|令吉|越南盾|USD|EUR|HKD|GBP|JPY|SGD|US\$|HK\$|[$€£]"
_FOREIGN = re.compile(rf"\s{{0,2}}多?(?:{_OTHER_MONEY}|欧(?!洲|盟|美|式)|刀(?!具|片|头|口|库|架|盘))", re.IGNORECASE)
_COUNTS_ON = re.compile(rf"[万亿千百多来wWkK]{{0,2}}(?:{_FOREIGN.pattern}|{_COUNTED.pattern})", re.IGNORECASE)
_FOREIGN_BEFORE = re.compile(rf"(?:{_OTHER_MONEY})\s{{0,2}}$", re.IGNORECASE)
_LETTER_UNIT = re.compile(r"(?:\s?[wWkK]|个[wW])(?![A-Za-z])")
_LETTER_TENTH = re.compile(rf"\d(?![\d.,]|[{_MEASURE}])")
_WATTS = re.compile(
    r"的?(?:电机|激光|功率|灯|电源|马达|光纤|LED|伺服|充电|快充|射频|超声|发电|加热|风机|水泵|屏|视频|显示|高清|分辨率|画质|像素|摄像)",
    re.IGNORECASE,
)
_POWER = re.compile(r"(?:功率|瓦数|分辨率|采样率|波特率)[^，。\d]{0,3}$")
_PER_AFTER = re.compile(
    rf"(?:元|块钱?|块)?(?:左右|不到|上下)?(?:\s?/|\s?每|一(?!共|起|次性|下|定|直|般|样|块(?!屏|板)|点|半|家|方面|个[字劲人]|度))\s?({_UNIT})(?!内|底|前|后|初|情|以|来|[份度]?的?时候|总|经理)"
)
_PER_BEFORE = re.compile(
    rf"(?:每[一1]?|(?<![零一二两三四五六七八九十百千万亿第同另这那某哪\d.-])[一1])个?({_UNIT})(?:的|的?(?:单价|价格|报价|费用|成本|维保费?|服务费|年费)|只要|才|要|是|得|卖|就|大概|大约|差不多|降到|涨到|收|\s|报|下来|的话|也就|能|有){{0,3}}$"
)
_GOODS_AFTER = re.compile(rf"(?:左右|上下)?(?:/|一|每)(?={_UNIT})")
_GOODS = re.compile(r"[台套个件只吨平米人斤公千立方支条组张辆根片桶卷瓶盒袋间栋柜路节对副双亩座点席账用门模]")
_GAP = r"[^，。！？；：,!?;:\n\s\d零一二两三四五六七八九十百千万亿几的报卖]"
_LOW_BEFORE = re.compile(
    r"(?:(?:超过|超出|(?<![太最说想走涨先])超(?!市|级|声|高|大|前|时|期|了|预算)|高于|大于|多于|突破|(?<![太想走涨先说难超])过|破|不止|不只|最少|最低"
    r"|不(?:会|能|得|可能|可以|应该?|要)?(?:低于|少于|小于|下于|下)|少说也有|保底|下限|上)(?:要|得|也要|也得|有|是|了|也有)?"
    rf"|(?:至少|起码|少说){_GAP}{{0,6}})$"
)
_NOT_BEFORE = r"(?:不|没|没有|别|不能|不会|不得|不要|不可以|不可|不想)"
_HIGH_BEFORE = re.compile(
    rf"(?:(?:不到|不足|不满|(?<![不会能得以应该要])低于|(?<![不会能得以应该要])少于|(?<![不会能得以应该要])小于|最高|最大|封顶|上限|{_NOT_BEFORE}(?:能|要|会|得)?(?:超过|超出|高于|多于|突破|超|大于|过))(?:是|也就|就|到|只|给|能|出|了|为|(?:也)?(?:就|只)?(?:能|会|肯|可以|愿意)?(?:出|给|做|拿|接受|承受|付|批|让|降|加|涨)(?:到|出|个)?)?"
    rf"|(?:最多|顶多|至多|撑死|顶天|顶格)(?:报到?)?{_GAP}{{0,6}})$"
)
_CEILING_BEFORE = re.compile(r"(?:控制?价|限价|控制(?:在|到))(?:是|为|在)?$")
"""These tell whose money it is as well, so they are left out of the amount's own words."""
_NO_MORE = r"[，,\s]?(?:再(?:多|高)(?:一[分点个块]|就|也|了|没|不|我)|(?:不能|不可能|没法)再(?:多|高)|多一[分个块毛](?:钱)?(?:都|也)?(?:没|不|别))"
_HIGH_AFTER = re.compile(
    rf"{_NO_MORE}|(?:元|块钱?)?(?:以内|之内|以下|之下|封顶|到顶|顶天|撑死|为限|为上限|往下|朝下|都不到|还不到|内(?!部|容|置|蒙|存|行|外|贸|销|饰|网)|不到(?!位|期|货|场|账|\d|[一二两三四五六七八九十]))"
)
_LOW_AFTER = re.compile(
    r"(?:元|块钱?)?(?:以上|之上|起步(?!价)|起跳|起(?!来|码|步价|诉|点|草|初|身)|往上|朝上|向上|开外|打底|保底|都不止|还不止|不止|\+)"
)
_ABOUT_BEFORE = re.compile(
    r"(?:大概|大约|大致|大体|差不多|将近|接近|约莫|约(?!定)|估计|估摸着?|预计|上下|左右|(?<![很尽赶飞加更])快|(?<![最附就远靠])近)(?:是|在|要|有|就|得|个|也就|\s)?$"
)
_ABOUT_AFTER = re.compile(r"(?:元|块钱?)?(?:左右|上下|出头|出点头|前后|(?:的)?样子|来往)")
_PHONE = re.compile(r"(?<![\d.])\d{7,}(?!\d|[.,]\d)")
_TAKEN_BACK = re.compile(
    r"[，,。、…\s]{0,4}(?:嗯|呃|啊|哦|哎|诶|喔|那个){0,3}[，,、\s]{0,2}"
    r"(?:不对|不是(?=[，,。、…\s])|错了|说错了?|我说错了|讲错了|记错了|我记错了|打错了|写错了|看错了|搞错了|更正(?:一下)?|纠正(?:一下)?|口误|哦不|啊不|喔不|不不不?|等等|等一下|我再确认下)"
    r"(?:[，,。、…\s啊呀哈了吧]|说错了?|记错了|口误|更正一下|应该|是|我们|预算|报价|改成|改为){0,8}$"
)
_SHOULD_BE = re.compile(r"[，,。、…\s]{0,3}(?:嗯|呃|哦|不){0,2}[，,、\s]?(?:应该是|应该说|准确说是?|准确地说是?|应为)$")
_CORRECTED_BARE = re.compile(
    r"[，,。、…\s]{0,3}(?:嗯|呃|啊|哦|那个){0,2}(?:不对|说错了|错了|记错了|口误|哦不|啊不)[，,。、…\s]{0,3}(?:应该)?是?"
    r"(?:\d|[一二两三四五六七八九十百]{2})"
)
_GARBLED = re.compile(r"(?<![\d.月])\d{1,2} $")
"""A recogniser's way of writing what it did not make out (8 15万): no figure is safe behind it."""
_IS_THAT = re.compile(r"[，,]?(?:而)?是")
_NOT_BAD = re.compile("[一-鿿]{0,3}不错")
"""九千就不错了 takes nothing back."""
_NOT_THIS = re.compile(r"(?<![是要])不是(?:大概|说|那个|预算|报价|报了?|的)?$")


@dataclass(frozen=True)
class Reading:
    """All that the figures of a text say; amounts and percentages taken back are in none but `withdrawn`."""

    amounts: tuple[Amount, ...]
    withdrawn: tuple[Amount, ...]
    percents: tuple[Percent, ...]
    quantities: tuple[Quantity, ...]


def read(text: str, *, rivals: Sequence[str] = (), pieces: Sequence[Clause] = ()) -> Reading:
    """What `amounts`, `withdrawn`, `percents` and `quantities` find, for the cost of one pass over the money."""
    kept, gone = _settled(text, rivals, pieces)
    rates = percents(text)
    return Reading(tuple(kept), tuple(gone), tuple(rates), tuple(_counted(text, (*kept, *gone), rates)))


def find(text: str) -> list[Amount | Percent]:
    """Amounts and percentages in order of their place, without those that the speaker takes back.

    >>> [(a.role, a.low_fen, a.high_fen) for a in find("预算八十万，不对，八十五万") if isinstance(a, Amount)]
    [('budget', 85000000, 85000000)]
    """
    found: list[Amount | Percent] = [*amounts(text), *percents(text)]
    return sorted(found, key=lambda each: each.span)


def amounts(text: str, *, rivals: Sequence[str] = (), pieces: Sequence[Clause] = ()) -> list[Amount]:
    """The amounts of money that the text names and does not take back, in order; their spans do not overlap.

    `rivals` are competitors' names as the text has them; the clauses of a chat, in order, tell who says what.
    """
    return _settled(text, rivals, pieces)[0]


def withdrawn(text: str) -> list[Amount]:
    """The amounts that the speaker takes back, with the role they had.

    >>> [(a.role, a.low_fen) for a in withdrawn("预算八十万，不对，八十五万")]
    [('budget', 80000000)]
    """
    return _settled(text)[1]


def quantities(text: str) -> list[Quantity]:
    """How many of something (三十来台, 五百多个点位): no money, no date, no duration, no ordinal.

    A number that is open on one side (不到三十台, 100人以上) has no place in a `Quantity` and is left out.
    """
    kept, gone = _settled(text)
    return _counted(text, (*kept, *gone), percents(text))


def _counted(text: str, money: Sequence[Amount], rates: Sequence[Percent]) -> list[Quantity]:
    return counts.find(
        clauses.fold(text), sorted(span for span in (*(each.span for each in money), *(each.span for each in rates)))
    )


def _settled(text: str, rivals: Sequence[str] = (), pieces: Sequence[Clause] = ()) -> tuple[list[Amount], list[Amount]]:
    """The amounts kept and those taken back."""
    text = mishearing.of_money(_FORMAL_RUN.sub(lambda run: run[0].translate(_FORMAL), clauses.fold(text)))
    found = list(_figures(text))
    spans = [Span(each.start, each.end) for each in found]
    gone = {at for at in clauses.withdrawn(text, spans) if not _NOT_BAD.match(text, spans[at].end)}
    gone |= _corrected(text, spans)
    roles = _roles(text, found, spans, gone, rivals, pieces)
    kept: list[Amount] = []
    back: list[Amount] = []
    for index, (each, role) in enumerate(zip(found, roles, strict=True)):
        amount = Amount(role, _fen(each.low), _fen(each.high), spans[index], each.unit, each.bound)
        if index not in gone:
            kept.append(amount)
        elif not back or back[-1].span.end + 2 < amount.span.start or back[-1].low_fen != amount.low_fen:
            back.append(amount)  # 七百不是七百是六百五十万 takes back one
    return kept, back


def _corrected(text: str, spans: Sequence[Span]) -> set[int]:
    """Taken back in ways of money: 80万，啊不，85万; 80万，应该是85万; 不是80是85万 needs none, for 80 is no amount.

    80万，不对，85 takes back the first and gives nothing for it.
    """
    gone: set[int] = set()
    for index, span in enumerate(spans):
        following = spans[index + 1].start if index + 1 < len(spans) else len(text)
        between = text[span.end : min(following, span.end + 24)]
        joined = index + 1 < len(spans) and following - span.end <= 24
        bare = _CORRECTED_BARE.match(text, span.end)
        negated = _NOT_THIS.search(text, max(0, span.start - 6), span.start)
        twice = (
            joined
            and index + 2 < len(spans)
            and between.startswith("不是")
            and text[span.start : span.end] == (text[spans[index + 1].start : spans[index + 1].end])
        )
        if (
            twice
            or (joined and (_TAKEN_BACK.fullmatch(between) or _SHOULD_BE.fullmatch(between)))
            or (bare and bare.end() <= following)
            or (joined and negated and _IS_THAT.match(between))
        ):
            gone.add(index)
    return gone


def _fen(yuan: Decimal | None) -> int | None:
    return None if yuan is None else int((yuan * 100).to_integral_value(ROUND_HALF_UP))


# Figures


@dataclass(frozen=True)
class _Found:
    low: Decimal | None
    high: Decimal | None
    start: int
    end: int
    unit: str | None
    bound: Bound


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
    about: bool = False


def _roles(
    text: str,
    found: Sequence[_Found],
    spans: Sequence[Span],
    gone: set[int],
    rivals: Sequence[str],
    pieces: Sequence[Clause],
) -> list[AmountRole]:
    """What each amount is for; a correction is of the same thing as what it corrects."""
    marked = amount_roles.marked(text, rivals)
    starts = [piece.start for piece in pieces]
    roles: list[AmountRole] = []
    before: amount_roles.Told | None = None
    for index, (each, span) in enumerate(zip(found, spans, strict=True)):
        floor = spans[index - 1].end if index else 0
        ceiling = spans[index + 1].start if index + 1 < len(spans) else len(text)
        at = bisect_right(starts, span.start) - 1
        speaker = pieces[at].speaker if at >= 0 else None
        role = amount_roles.role_of(marked, span, each.unit, floor=floor, ceiling=ceiling, speaker=speaker)
        yuan = each.high if each.low is None else each.low
        now = amount_roles.Told(role, each.unit, span, yuan or Decimal(0))
        corrects = index > 0 and (index - 1 in gone or index in gone)
        before = replace(now, role=amount_roles.following(marked, now, before, corrects=corrects))
        roles.append(before.role)
    return roles


def _figures(text: str) -> list[_Found]:
    """The amounts in order; a second pass settles the bare figures that an amount behind them explains."""
    first = list(_scanned(text, ()))
    return list(_scanned(text, first)) if first else first


def _scanned(text: str, later: Sequence[_Found]) -> Iterator[_Found]:
    """The amounts in order, with what an earlier scan found behind each figure."""
    phones = _phone_ends(text)
    position = floor = at = 0
    before: _Found | None = None
    earlier: tuple[_Found, ...] = ()
    while match := _FIGURE.search(text, position):
        position = match.end()
        if match.end() - match.start() > numerals.LONGEST or match.end() in phones:
            continue
        alone = match.end() - match.start() == 1 and text[match.start() - 1 : match.start()] not in _LEADS_IN
        if alone and text[match.end() : match.end() + 1] not in _GOES_ON:
            continue
        while at < len(later) and later[at].start < match.end():
            at += 1
        around = (*earlier, *later[at : at + 1])
        found, position = _figure_at(text, match.start(), match.end(), floor, before, around)
        position = max(position, match.end()) if found is None else max(position, found.end)
        if found is not None:
            floor = found.end
            before = found
            earlier = (*earlier[1 - COMPARED :], found)
            yield found


def _phone_ends(text: str) -> frozenset[int]:
    return frozenset(match.end() for match in _PHONE.finditer(text) if not _is_price(text, match))


def _is_price(text: str, digits: re.Match[str]) -> bool:
    """Whether a long run of digits is no number of a phone, an account or an order."""
    start, end = digits.span()
    if _CURRENCY.match(text, end) or _PREFIX.search(text, max(0, start - 5), start):
        return True
    return end - start <= 9 and bool(_PRICE_WORD.search(text, max(0, start - 18), start))


def _figure_at(
    text: str, start: int, end: int, floor: int, before: _Found | None, around: Sequence[_Found]
) -> tuple[_Found | None, int]:
    """The amount that begins with the figure, given those `around` it, and where to go on where there is none."""
    first = _number(text, start, end)
    if first is None:
        return None, end
    joined = _joined(text, first)
    if joined == "no money":
        return None, end + 3
    if text[start - 1 : start] in ("好", "上") and _NUMERAL.match(text, start - 2):
        return None, end  # 一百好几十万, 七八上十万: the smaller part of a number
    if _GARBLED.search(text, max(0, start - 4), start):
        return None, end
    if text[start - 1 : start] == "。" and text[start - 2 : start - 1].isdecimal():
        return None, end  # 85。5万 was a decimal point
    low, high, number = joined or _listed(text, first) or (first.low, first.high, first)
    if not number.money and not _priced(text, number) and not (before and _haggled(text, number, before)):
        bare = _bare(text, number, low, high, [_known(text, each) for each in around])
        if bare is None:
            return None, end
        low, high, number = bare
    if low <= 0 or high > MAX_YUAN or low > high or number.start < floor:
        return None, end
    return _bounded(text, start, number, low, high, floor), end


def _number(text: str, start: int, end: int) -> _Number | None:
    """The numeral at `start`, trying the whole run first and then without a count that belongs to the next word
    (三万六一年, 80万3年维保, 三十万一台, 80万30台)."""
    end = _without_stray(text, start, end)
    if text.startswith("个亿", end):
        end += 2
    words = text[start:end].replace("个", "")
    before = text[start - 1 : start]
    if part := _part_of_hundred(text, words, before, end):
        return part
    implied = words[:1] in tuple("百千亿") and before in tuple("上过破近")
    large = "几" in words[:2] and before == "大"
    found = numerals.read("一" + words if implied else "大" + words if large else words)
    measures = _MEASURE_AT.match(text, end) or (words[-1] == "一" and _ONE_OF.match(text, end))
    if _TAIL_COUNT.search(words) and measures and not _CURRENCY.match(text, end):
        shorter = numerals.read(words[:-1])
        if shorter is not None and (found is None or re.search("[万亿]", words[:-1]) or words[-1] == "一"):
            found, end, words = shorter, end - 1, words[:-1]
    if found is not None and words[-1] == "一" and words[-2:-1] in tuple("万亿") and _RUNS_ON.match(text, end):
        # 八十万一共…, or 以内 and 预计 misheard as 一妹 and 一计: the 一 begins the next word
        found, end, words = numerals.read(words[:-1]), end - 1, words[:-1]
    if found is None and (head := _LAST_BIG.match(words)) and _MEASURE_AT.match(text, end):
        end -= len(words) - head.end()
        words = head[0]
        found = numerals.read(words)
    if words == "半亿":
        found, words = (Decimal(5 * 10**7), Decimal(5 * 10**7)), "亿"
        end = start + 3
    if found is None:
        return None
    low, high = found
    end, low, high, about, big = _more(text, end, words, low, high)
    big = big or "万" in text[start:end] or "亿" in text[start:end]
    return _classified(text, start, end, low, high, big=big, about=about)


def _without_stray(text: str, start: int, end: int) -> int:
    """A run that ends in 点 holds a word (八十万点)."""
    while end > start and text[end - 1] == "点":
        end -= 1
    return end


_PART = re.compile(r"(?:把个?|来)(万|亿)?(?=块|元|万|亿|左右|的|，|,|。|$)")


def _part_of_hundred(text: str, words: str, before: str, end: int) -> _Number | None:
    """万把块, 千把块, 百把万: about one of the unit."""
    if words not in ("百", "千", "万") or not (match := _PART.match(text, end)):
        return None
    if words != "万" and not match[1] and not _CURRENCY.match(text, match.end()):
        return None
    value = _SCALE[words] * (_SCALE[match[1]] if match[1] else 1)
    big = words == "万" or bool(match[1])
    return _classified(text, end - 1, match.end(), value, value, big=big, about=True)


_MORE = re.compile(r"(多|来|余|好几)(万|亿|千|百)?个?(亿)?")
_SCALE = {"万": Decimal(10**4), "亿": Decimal(10**8), "千": Decimal(1000), "百": Decimal(100)}


def _more(text: str, end: int, words: str, low: Decimal, high: Decimal) -> tuple[int, Decimal, Decimal, bool, bool]:
    """80多万, 一百二十多万, 80来万, 8w, 30k: what follows the numeral and still belongs to it."""
    if letter := _LETTER_UNIT.match(text, end):
        scale = Decimal(10_000 if letter[0][-1] in "wW" else 1000)
        if (tenth := _LETTER_TENTH.match(text, letter.end())) and low == high == low.to_integral_value():
            low = low + Decimal(tenth[0]) / 10  # 12w5 is 125,000
            return tenth.end(), low * scale, low * scale, False, True
        return letter.end(), low * scale, high * scale, False, True
    if text[end : end + 2] in (" 万", " 亿") and text[end - 1].isdecimal():
        scale = _SCALE[text[end + 1]]
        return end + 2, low * scale, high * scale, False, True
    more = _MORE.match(text, end)
    if not more or (more[2] is None and not (words[-1] in "万亿千百十" or _CURRENCY.match(text, more.end()))):
        return end, low, high, False, False
    if words[-1] == "十" and more[2] is None and not _CURRENCY.match(text, more.end()):
        return end, low, high, False, False
    if more[2] is None and words[-1] not in "万亿" and not _CURRENCY.match(text, more.end()):
        return end, low, high, False, False
    scale = _SCALE[more[2]] if more[2] else Decimal(1)
    last = more.end(2) if more[2] else more.end(1)
    if more[1] == "来":
        return last, low * scale, high * scale, True, False
    return last, low * scale, _next_round(high) * scale, False, False


def _next_round(value: Decimal) -> Decimal:
    """80 → 90, 100 → 200, 120 → 130, 30000 → 40000: one more of the last digit that is not zero."""
    digits = str(int(value))
    zeros = len(digits) - len(digits.rstrip("0"))
    return value + Decimal(10) ** zeros


def _classified(
    text: str, start: int, end: int, low: Decimal, high: Decimal, *, big: bool, about: bool
) -> _Number | None:
    """The number, and whether its own words make it money; None where they make it something else."""
    window = max(0, start - 5)
    prefix = _PREFIX.search(text, window, start)
    if _is_named(text, start, bool(prefix or big)):
        return None
    if _FOREIGN.match(text, end) or _FOREIGN_BEFORE.search(text, window, start):
        return None
    number = _Number(low, high, start, end, big, money=True, about=about)
    if small := _small_change(text, number):
        return small
    counted = _COUNTED.match(text, end)
    if counted and not big:
        in_ten_thousands = (
            high >= 10 and _TEN_THOUSANDS.match(text, end) and _BUDGET.search(text, max(0, start - 14), start)
        )
        if in_ten_thousands:
            return replace(number, low=low * 10_000, high=high * 10_000, end=end + 1, big=True)
        return None
    currency = _CURRENCY.match(text, end)
    if currency and text[end : end + 1] == "块" and high < 10 and text[end : end + 2] != "块钱":
        # 这一块, 两块内容: a piece of something; but 五块一斤, 贵三块
        priced = _PER_AFTER.match(text, end) or (
            _FEW_YUAN.search(text, max(0, start - 10), start) and bare_prices.OPEN.match(text, currency.end())
        )
        return replace(number, end=currency.end()) if priced else None
    if currency and currency[0].strip() == "块" and _ORDERED.search(text, max(0, start - 3), start):
        return None
    if currency:
        return replace(number, end=currency.end(), start=prefix.start() if prefix else start)
    if prefix:
        return replace(number, start=prefix.start())
    if text[end - 1] in "wWkK" and _is_power(text, start, end, low):
        return None
    if big and not counted and low >= 1000 and not _COUNT_BEFORE.search(text, max(0, start - 8), start):
        return number
    goods = _GOODS_AFTER.match(text, end)
    if high >= LEAST_BARE_EACH and goods and _GOODS.match(text, goods.end()) and _PER_AFTER.match(text, end):
        return number
    return None if counted else replace(number, money=False)


_TEN_THOUSANDS = re.compile(r"个(?=$|[，。！？；、,!?;\s]|打底|左右|上下|以内|封顶|往上|吧|了|的样子)")
_BUDGET = re.compile(r"预算[^，。！？；,!?;\n\d零一二两三四五六七八九十百千万亿]{0,12}$")
"""预算六七十个 is said for 六七十万."""
_ORDERED = re.compile(r"(?:[先再就我]|^|[，,：:])来$")
"""先来40块 orders pieces."""
_DIFFERS = re.compile(r"(?:便宜|[贵差涨降让减退多少省添加高低])(?:了|他|她|我|你|您|要|个){0,2}$")
_FEW_YUAN = re.compile(
    rf"(?:{_DIFFERS.pattern[:-1]}|(?:[单箱吨供原进批零市斤瓶支底报]价|卖|收|成本|[运租]费|到|才)(?:是|要|就|也就|只要|大概|才|到){{0,2}}"
    rf"|(?<![零一二两三四五六七八九十百千万亿第同另这那某哪\d])[一每]个?{bare_prices.UNIT}(?:要|才|就|是|卖|收|得|只|也|大概|报|成本|多|贵){{0,3}})$"
)
"""Before so few yuan that 三块 may be three pieces: 一斤三块, 卖五块, 贵三块."""


def _is_named(text: str, start: int, surely_money: bool) -> bool:
    """Whether the figure belongs to a name: 第三, 数十万, X-1200, V3; but 总数三十万."""
    before, second = text[start - 1 : start], text[start - 2 : start - 1]
    if before in ("第", ".", "#", "$", "_") or (before == "数" and second not in tuple("总尾码点")):
        return True
    if before.isascii() and before.isalpha() and text[start].isdecimal():
        return not _PREFIX.search(text, max(0, start - 5), start)
    return before == "-" and not surely_money and bool(re.match("[A-Za-z]", second))


def _is_power(text: str, start: int, end: int, value: Decimal) -> bool:
    """Whether w or K are watts or pixels: 500W的电机, 4K屏."""
    return bool(
        _WATTS.match(text, end)
        or _POWER.search(text, max(0, start - 8), start)
        or (value < 10_000 and text[end - 1] == "K")
    )


def _small_change(text: str, number: _Number) -> _Number | None:
    """三块二毛五, 两毛七, 一毛一分五, 七分钱."""
    low, high, end = number.low, number.high, number.end
    if (jiao := _JIAO.match(text, end)) and low == high and (not number.big or "毛" in jiao[0]):
        more = _digit(jiao["jiao"]) / 10 + _digit(jiao["fen"]) / 100
        return replace(number, low=low + more, high=high + more, end=jiao.end())
    if high >= 10:
        return None
    if high == 1 and _PENNY.match(text, end) and not _DIFFERS.search(text, max(0, number.start - 6), number.start):
        return None
    if (mao := _MAO.match(text, end)) and not _NAMED_MAO.search(text, max(0, number.start - 2), number.start):
        more = _digit(mao["fen"]) / 100 + _digit(mao["li"]) / 1000
        return replace(number, low=low / 10 + more, high=high / 10 + more, end=mao.end())
    if (fen := _CENTS.match(text, end)) and (
        fen[0] == "分钱" or _CENTS_BEFORE.search(text, max(0, number.start - 8), number.start)
    ):
        return replace(number, low=low / 100, high=high / 100, end=fen.end())
    return None


def _digit(said: str | None) -> Decimal:
    return Decimal(0) if said is None else Decimal(numerals.DIGITS.get(said) or int(said))


def _joined(text: str, first: _Number) -> tuple[Decimal, Decimal, _Number] | Literal["no money"] | None:
    """A range 三到五万, 80-90万, 五千到一万: its ends and the number that closes it."""
    join = _JOIN.match(text, first.end)
    if not join:
        return None
    figure = _FIGURE.match(text, join.end())
    if not figure or figure.end() - figure.start() > numerals.LONGEST:
        return None
    second = _number(text, figure.start(), figure.end())
    if second is None:
        return "no money" if _counts_on(text, figure.end()) else None
    low, high = first.low, second.high
    said = text[figure.start() : second.end]
    if first.big and not second.big and not second.money:
        scale = Decimal(10**8) if "亿" in text[first.start : first.end] else Decimal(10**4)
        if _AFTER_PRICE_WORD.match(text, second.end) and low < high * scale < low * 10:
            return low, high * scale, replace(second, start=first.start, big=True, money=True)
        return None
    if not first.big:
        low = _sharing(low, text[first.start : first.end], said, second)
    if low >= high:
        return None
    return low, high, replace(second, start=first.start, money=first.money or second.money, about=False)


def _counts_on(text: str, end: int) -> bool:
    """Whether the upper end of a range counts something else: 80到90万美金, 一万到两万个."""
    return bool(_COUNTS_ON.match(text, end))


def _listed(text: str, number: _Number) -> tuple[Decimal, Decimal, _Number] | None:
    """二、三十万 and 2、30万: a range that was written with a pause."""
    pause = (
        _LISTED.search(text, max(0, number.start - 3), number.start)
        if text[number.start - 1 : number.start] == "、"
        else None
    )
    if pause is None or number.low != number.high:
        return None
    digit = numerals.DIGITS.get(pause["digit"]) or int(pause["digit"])
    if str(int(number.low)).rstrip("0") != str(digit + 1):
        return None
    start = pause.start("digit")
    return number.low / (digit + 1) * digit, number.high, replace(number, start=start)


_DIGIT_POWER = re.compile(r"(?:[一二两三四五六七八九]|\d)([百千])([万亿])?(?:元|块钱?)?")
"""Without 十: 三到五十万 says 30,000 as well as 300,000, and we keep to the words."""


def _sharing(low: Decimal, first: str, second: str, number: _Number) -> Decimal:
    """The lower end with the unit that the upper one names for both: 三到五万, 80-90万, 三到五百万, 三到五千."""
    if low < 10 and (shared := _DIGIT_POWER.fullmatch(second)) and len(first) == 1:
        unit = _SCALE[shared[1]] * (_SCALE[shared[2]] if shared[2] else 1)
        return low * unit if not first.isdecimal() or second[0].isdecimal() else low
    if not number.big:
        return low
    unit = Decimal(10**8) if "亿" in second else Decimal(1000) if "k" in second.lower() else Decimal(10**4)
    return low * unit if low * unit <= number.high else low


def _priced(text: str, number: _Number) -> bool:
    """A bare figure right behind a price word (单价3800, 每台三千八), followed by nothing that it could count."""
    if not _AFTER_PRICE_WORD.match(text, number.end):
        return False
    window = max(0, number.start - 18)
    if number.low >= LEAST_BARE_EACH and _EACH.search(text, window, number.start):
        return True
    return number.low >= LEAST_BARE and bool(_PRICE_WORD.search(text, window, number.start))


_BIT_MORE = re.compile(r"[多来几余](?![万亿千百十])")


def _bare(
    text: str, number: _Number, low: Decimal, high: Decimal, around: Sequence[bare_prices.Known]
) -> tuple[Decimal, Decimal, _Number] | None:
    """A figure without any unit that the words around it make money: 罚五百, 一桶一百六十八, 144万砍到一百一."""
    if number.big:
        return None
    if text[number.end - 1] in "百千" and (more := _BIT_MORE.match(text, number.end)):
        high = high if more[0] == "来" else _next_round(high)
        number = replace(number, end=more.end(), about=more[0] == "来")
    factor = bare_prices.scale(text, number.start, number.end, low, high, around)
    if factor is None:
        return None
    return low * factor, high * factor, replace(number, big=factor > 1, money=True)


_BIG_UNIT = re.compile("[万亿wW]")


def _known(text: str, found: _Found) -> bare_prices.Known:
    yuan = found.high if found.low is None else found.low
    big = bool(_BIG_UNIT.search(text, found.start, found.end))
    return bare_prices.Known(yuan or Decimal(0), found.start, found.end, found.unit, big)


_HAGGLES = re.compile(
    r"(?:还(?:价|了|到)?|报(?:价|的|了)?|卖|给(?:他|她|我|你|您|客户)们?|别人?家|人家|隔壁家?|成交|[降谈做砍压]到|才|只要|最低|这样你|那你|你们?要是|要是你们?|你们?)(?:只|就|要|能|最多)?$"
)
_HAGGLED = re.compile(
    rf"(?:[，,。；;！？!?\n]|$|嗯|呃|那个|这个|吧|就(?![是要]\d)|我就?|他|她|的话|都|也|行|可以|成交|一{_UNIT})"
)


def _haggled(text: str, number: _Number, before: _Found) -> bool:
    """A bare figure that answers the price of one piece: 我报十九块五，他还十八; 一百六十八一件 … 一百五十八我就全要.

    It stands in the same sentence, not more than 60 characters on, and is at least half and at most twice that price.
    """
    price = before.high if before.low is None else before.low
    if price is None or (price >= LEAST_BARE and before.unit is None) or number.start - before.end > 60:
        return False
    if not price <= number.low * 2 or not number.high <= price * 2:
        return False
    if any(stop in text[before.end : number.start] for stop in "。！？!?\n"):
        return False
    return bool(
        _HAGGLED.match(text, number.end) and _HAGGLES.search(text, max(before.end, number.start - 10), number.start)
    )


# Bounds and units


def _bounded(text: str, start: int, number: _Number, low: Decimal, high: Decimal, floor: int) -> _Found:
    window = max(floor, start - 12)
    begin, end = min(start, number.start), number.end
    bound: Bound = "about" if number.about else "exact" if low == high else "range"
    below: Decimal | None = low
    above: Decimal | None = high
    if begin > floor and text[begin - 1] in "好大" and text[begin : begin + 2].find("几") >= 0:
        begin -= 1
    elif (
        begin > floor and text[begin - 1] == "小" and low >= 10_000 and text[begin - 2 : begin - 1] not in tuple("大最")
    ):
        begin, bound = begin - 1, "about" if low == high else bound
    head_end = min(begin, start)
    # 大概 between the bound and the figure: 不超过大概80万
    while head_end > window and (about := _ABOUT_BEFORE.search(text, window, head_end)):
        head_end = about.start()
        bound = "about" if bound == "exact" else bound
    about_begin = head_end
    if text[head_end - 1 : head_end] == " " and head_end > window and text[head_end].isascii():
        head_end -= 1  # 至少 80万; between Chinese words a space parts two thoughts
    if before := _HIGH_BEFORE.search(text, window, head_end):
        below, begin, bound = None, before.start(), "at_most"
    elif (
        (before := _LOW_BEFORE.search(text, window, head_end))
        and not _is_on(text, before)
        and not _HIGH_AFTER.match(text, end)
    ):
        above, begin, bound = None, before.start(), "at_least"
    else:
        begin = min(begin, about_begin)
        if after := _HIGH_AFTER.match(text, end):
            below, end, bound = None, after.end(), "at_most"
        elif after := _LOW_AFTER.match(text, end):
            above, end, bound = None, after.end(), "at_least"
        elif after := _ABOUT_AFTER.match(text, end):
            end, bound = after.end(), "about" if bound == "exact" else bound
        elif _CEILING_BEFORE.search(text, window, head_end):
            below, bound = None, "at_most"
    unit, begin, end = _per(text, begin, end, floor)
    if unit and bound in ("exact", "range") and (after := _ABOUT_AFTER.match(text, end)):
        end, bound = after.end(), "about" if bound == "exact" else bound
    if bound == "exact" and number.big and text.startswith("吧", end):
        # a guess; and a speech engine writes 十五万吧 where 十五万八 is said
        bound = "about"
    return _Found(below, above, begin, end, unit, bound)


def _is_on(text: str, before: re.Match[str]) -> bool:
    """上, 过 and 破 mean "more than" only straight before a round figure (上百万), not in 合同上80万."""
    return before[0] in ("上", "过", "破") and not re.match(r"[百千亿]", text[before.end() : before.end() + 1])


def _per(text: str, begin: int, end: int, floor: int) -> tuple[str | None, int, int]:
    """每台3800, 3800一台, 3800元/台, 三万六一年: what one amount buys."""
    if after := _PER_AFTER.match(text, end):
        return _unit(after[1]), begin, after.end()
    if before := _PER_BEFORE.search(text, max(floor, begin - 16), begin):
        return _unit(before[1]), before.start(), end
    return None, begin, end


def _unit(said: str) -> str:
    return "月" if said == "个月" else said
