"""Whether a figure that stands without 万, 元 or 块 is money all the same, and in which unit.

Reps leave the unit out where everybody knows it: 一桶一百六十八, 罚五百, 押金三千, 你给我一百六十三, 144万砍到一百一. A figure is taken for
money only where the words on both sides agree: what follows must not be something that it could count, and before it stands a
word of paying or pricing, or a price close by that it is compared with.

Conventions
- Below a thousand, a figure behind a word for a total (预算, 报, 合同) may be meant in 万 and says nothing, unless it is the price of
  one piece, or has an amount of its size close by: 一百四十四万砍到一百一 is 1,100,000, and 我报十九块五，他还十八 is 18 yuan.
- A fine, a fee, a deposit, a difference (罚五百, 服务费八百, 便宜三百) is yuan from a hundred on.
- A thousand and more with 千 (两千六, 八千) that counts nothing is yuan.
- What is measured (井深一百八, 亮度六百) is none, nor is a year, a model or the number of a room.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

YUAN = Decimal(1)
TEN_THOUSAND = Decimal(10_000)
LEAST_TOTAL = 1000
"""Below it what a whole order costs might have been said in 万."""
LEAST_FEE = 100
"""Below it a fee, a fine or a difference is too near to a count."""
LEAST_PIECE = 10
"""Below it the price of one piece is too near to a count."""
NEAR = 80
"""A figure is compared with an amount that stands within so many characters of it in yuan, and half of it in 万."""
AHEAD = 20
"""And with one behind it within so many."""
LOOK_BACK = 14

UNIT = (
    r"(?:平方米|平米|立方米|立方|公斤|公里|千克|人天|瓦时|个?点位|账号|坐席|床位|托盘|小时|季度|学期|个月|"
    r"[台套个件只吨平米人户支箱斤条份组把张辆根片桶卷瓶盒袋包扇樘盏间栋车柜单节对副双批次方亩度股页字晚座块本瓦罐捆羽枚票杯趟碗盆株匹月年天日遍桌板令版孔端路幅颗粒筐缸炉场幢针剂例课顿堂笔托位]|头(?![一个期款部批笔])|店(?![面铺长员里]))"
)
_TIME = re.compile("小时|季度|学期|个?月|[年月天日次趟人店户家单批遍车]")
"""So many of something may belong to one of these as well."""
_ALWAYS_PRICED = re.compile("公斤|平方米|平米|立方米?|[吨斤平米片支瓶桶瓦度方本件张樘晚块套条盏]")
"""What nobody counts other things by: 一公斤四十六."""
_DEAR = re.compile("[台栋座批单间]")
"""So dear that hundreds of one may be said for 万."""
_NUMERAL = r"\d零一二两三四五六七八九十百千万亿几"
_PAUSE = r"，。！？；：,!?;:\n"
_PRONOUN = (
    "家(?:长|里|委)|[他她我你您咱俺佢伊谁哪这那今明昨]|阿拉|客户|对方|甲方|老板|人家|别家|隔壁|大家|下周|下个|上周|上个"
)
OPEN = re.compile(
    r"(?:左右|上下|出头|以内|以下|以上|封顶|打底|打住|往上|起步|整|之间)?(?:"
    rf"\s*(?:$|[{_PAUSE}、/)）”\"」…~])|(?<!\d)\s(?!\d)|\s(?!\s?(?:\d|{UNIT}))"
    rf"|{_PRONOUN}|[了吧呢啊嘛呀哦啦喽嘞咯么吗嗯呃喇]"
    rf"|对(?:吧|的|了|$|[{_PAUSE}\s])|[和跟与或](?=[{_NUMERAL}])"
    rf"|的(?:那|也|呢|吧|是|有|能|才|都|价|强|$|[{_PAUSE}\s])"
    r"|就|太|不(?!锈)|没|行(?!业)|成(?!品|都|本)|含|另|照|贴|叫|让|说|讲|嫌|比(?!例)|跟|算(?!法)|要|如果|但|而且|因为|先|(?<!\d0)后(?!勤|视)|请|付|交(?!换|货)"
    r"|是|能(?!源|耗)|还|再(?!生)|又|也|都|才|贵|便宜|全|从|给|来(?!料|样)|包括|到|至|变|降(?!解)|压(?!力)|砍|卖|拿|买|换|免|出(?!货|口)|开(?!关)|起(?!重)|被|别|定|改|谈|落|减|涨|对不对|送(?!货)|可(?:以|不|能)|已|本来|从|预算"
    rf"|一(?={UNIT})|每)"
)
"""What may follow an amount, of all that could follow a figure."""
_COUNT_AFTER = re.compile(
    rf"(?:(?<=\d)\s)?[多来几余]?(?:家(?!长|里|委)|人(?!家|工)|对(?!不对|方)|台|{UNIT}|[号时分秒层级例种餐封段厘安伏兆摄锭页像转步克升目口户点强%项位倍折成楼室期届]|毫|大卡|千卡|夜|工人|师生|村民|观众|游客|业主|住户|老人|孩子|考生|学生|流明|[a-zA-Z])"
)
"""What a figure may count or measure."""
_PURPOSE = re.compile(
    r"(?:的|块)?[一-鿿]{0,3}?(?:费(?!用户|解|劲|了|城)|押金|定金|订金|尾款|货款|质保金|保证金|差价|差额|补贴|油钱|仓租|违约金|奖金)"
)
_PER_AFTER = re.compile(
    rf"(?:左右|上下)?(?:\s?/|\s?每|一)(?!块(?:屏|板)|个[字劲人]|家|位|[年月天日](?=内|底|前|后|初|来))(?P<unit>{UNIT})(?![起直定般样情以]|总|经理)"
)
_PER_BEFORE = re.compile(
    rf"(?:每[一1]?|(?<![{_NUMERAL}第同另这那某哪.-])[一1])个?(?P<unit>{UNIT}|家|娃|孩子)(?P<gap>[^{_PAUSE}{_NUMERAL}]{{0,10}})$"
)
_MEASURED = re.compile(
    r"(?:[井水孔]深|深度|亮度|转速|寿命|产能|产量|容量|续航|功率|压力|流量(?!包|费)|温度|湿度|重量|长度|宽度|高度|距离|里程|人数|销量|库存|面积|账期|型号|编号|门牌|车牌|尾号|分机|邮编|编码|[款货料图单订]号|国标|标准号|电话|打(?=\d)|国道|版本|房号|频率|精度|硬度|粘度|目数|吨位"
    rf"|标号|强度|年产|月产|日产|近视|清晰度|延时|排名|第|试行|运行|缆|井|车次|出货|客流|分辨率|像素|质保|评分|得分|考了|住了)[^{_PAUSE}{_NUMERAL}]{{0,5}}$|(?:房间?号?|楼|室)$"
)
_GAP = rf"[^{_PAUSE}\s\d零二两三四五六七八九十百千万亿几]"
_FEE = re.compile(
    rf"(?:(?:[费租](?!用?户|劲|时|心)|款(?![式项待])|押金|定金|订金|尾数|保证金|质保金|违约金|补贴|工资|工钱|油钱|误工|账单|成本|本钱|[单箱吨供原工票进件批零市台平方斤瓶支]价(?![值位])|人均){_GAP}{{0,7}}\s?|"
    r"(?:多少钱|几钱|几多钱|什么价|怎么收)[^\n。]{0,10}|"
    rf"(?:罚|扣|赔|押|折价|要价|标价|叫价|开价|售价|活动价|折后|便宜|贵|差|收(?!到|集|录|件)|减|少|省|让|退(?!出|休|役)|垫|返(?!工|回)|补|涨|跌|下调|亏|欠|抵|花|掏|贴|转(?!速|化)|烧|砸|进账|卖|认|加|添|(?<![差不])多(?:要|收|花|出|摊|给)?|捐|报销|红包|充值|核销|抹(?!零)|免|奖|到手){_GAP}{{0,4}}|"
    "(?:(?<![最不])低|(?<![最提])高)[了出过他我你咱们个]{0,2}|"
    r"(?:报名|安装|培训|调试|运输|打样|住宿|拆装|保养|押|条码|上限|每日|逾期一天|迟到一次)(?:是|要|得|就|才|各|再|约)?)$"
)
"""Words of money that is no total, so that hundreds are yuan."""
_TOTAL = re.compile(
    r"(?:估计|预算|概算|报价?|报出?|总价|总额|总共|总数|合计|一共|共|合|打包价?|底线|底价|价钱?|价格|价位|给|给出|开|要|批|拨|剩|留|出(?!厂|库|口|来)|凑|投|中标|[降压砍做谈让调改落减加涨扣挪]?(?:到|成|至)|变|放|定|做|付|交|打|拿|回|还(?!有)|花|用|说|讲|写"
    r"|答|是|有|才|就|只|最多|顶多|顶天|最低|至少|起码|松|掏|送|摆|满打满算|人家|隔壁家?|别家|咱们?|我们?|俺们?|[他她你]们?|那家|标准|打算|那边|话)"
    r"(?:[了过掉的他她我你您们咱是要得才只就也约再先都拿给个到收能出有为去来在卖进做，,：:\s]|大概|大约|差不多|将近|也就|最多|只要|一共|总共|合计|还价|报价?){0,3}$"
)
_OF_PIECE = re.compile(r"(?:的|[报卖给还收要认]|[一-鿿]价)$")
_PIECES = re.compile(
    r"(?<![零一二三四五六七八九十百千万第])一(?:箱|瓶|桶|支|袋|盒|斤|公斤|包|条|本|杯|份|平|米|吨|片|罐|捆|卷|双|副)|每(?:箱|瓶|桶|支|袋|盒|斤|公斤|包|条|本|杯|份|平|米|吨|片|罐|捆|卷|方|双|副|件)"
    r"|[箱件原供出吨单]价"
)
_EXACT = re.compile(
    r"[一二两三四五六七八九]百(?:[一二三四五六七八九]十[一二三四五六七八九]?|零[一二三四五六七八九])|[一二三四五六七八九]?十[一二三四五六七八九]|\d{2,3}(?:\.\d{1,2})?"
)
"""No round figure."""
_QUOTED = re.compile(
    r"(?:报价?|卖|给|开价?|要|收|才|只要|价钱?|价格|单价|供价|拿货价?|底价|底线|最低|进价)(?:的|了|是|到|我|他|她|你|出|价|，|就){0,2}$"
)
_BESIDE = re.compile(
    r"(?:他|她|要|让|想|再|直接|由|从|又){0,2}[降压砍谈让改落减涨扣挪变调]?(?:到|成|至|变)了?|和|跟|或者?|与|、|还是|/"
)
_BEGINS = re.compile(rf"(?:^|[{_PAUSE}\s\"“])(?:[一-鿿A-Za-z+]{{1,6}})?$")
"""The figure begins a clause or stands behind a name: 威高三百六."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_THOUSANDS = re.compile(r"[一二两三四五六七八九]千(?:零?[一二三四五六七八九两百十]{1,4})?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d\d)?")
_ARABIC = re.compile(r"[1-9]\d{3,4}")
_TALK = re.compile("[价费钱款元付转租赔扣贴]|预算|收你|套餐|万")
_STOP = "。！？!?\n"


@dataclass(frozen=True)
class Known:
    """An amount that the text names, as far as a bare figure may be compared with it."""

    yuan: Decimal
    start: int
    end: int
    unit: str | None
    big: bool
    """Whether it was said in 万 or 亿."""


def scale(text: str, start: int, end: int, low: Decimal, high: Decimal, around: Sequence[Known]) -> Decimal | None:
    """What the figure from `start` to `end` has to be multiplied by to be yuan; None where it is no money for sure.

    `around` are the amounts next to it, before and after.
    """
    window = max(0, start - LOOK_BACK)
    words_end = start - 1 if text[start - 1 : start] == " " and text[start].isascii() else start
    if _YEAR.fullmatch(text, start, end) or _MEASURED.search(text, window, start):
        return None
    fee = low >= LEAST_FEE and (
        _PURPOSE.match(text, end) or (not _COUNT_AFTER.match(text, end) and _FEE.search(text, window, words_end))
    )
    per_after = _PER_AFTER.match(text, end)
    opened = per_after or OPEN.match(text, end)
    if not fee and not opened:
        thousands = _THOUSANDS.fullmatch(text, start, end) and not _COUNT_AFTER.match(text, end)
        return YUAN if thousands else None
    compared = _compared(text, start, end, low, high, around) if opened and not per_after else None
    if compared == TEN_THOUSAND:
        return compared
    if fee or compared or _of_piece(text, start, end, high, per_after) or _total(text, start, end, low):
        return YUAN
    return YUAN if not per_after and _spoken_of_pieces(text, start, end, low, around) else None


def _of_piece(text: str, start: int, end: int, high: Decimal, per_after: re.Match[str] | None) -> bool:
    """五十八一片, 一桶一百六十八, 每个娃四百六; but 三十一盒 counts boxes."""
    if per_after:
        counts = text[end - 1] == "十" and text.startswith("一", end)
        dear_enough = high >= LEAST_PIECE or "." in text[start:end]
        return high >= LEAST_FEE or (dear_enough and not counts and not _TIME.fullmatch(per_after["unit"]))
    before = _PER_BEFORE.search(text, max(0, start - 18), start)
    if not before or high < LEAST_PIECE:
        return False
    unit, floor = before["unit"], max(0, before.start() - 8)
    priced = _FEE.search(text, floor, start) or _TOTAL.search(text, before.end("unit"), start)
    if _DEAR.match(unit):
        return high >= LEAST_TOTAL
    if _TIME.fullmatch(unit) and not before["gap"].startswith("上"):
        return high >= LEAST_FEE and bool(priced)
    return high >= LEAST_FEE or bool(priced) or (not before["gap"] and bool(_ALWAYS_PRICED.fullmatch(unit)))


def _spoken_of_pieces(text: str, start: int, end: int, low: Decimal, around: Sequence[Known]) -> bool:
    """一箱六瓶，报的二百三十八: where the talk is of one piece and no amount near is in 万, an exact price is in yuan."""
    if any(known.big for known in around) or not LEAST_PIECE <= low < LEAST_TOTAL:
        return False
    if not _EXACT.fullmatch(text, start, end) or not _QUOTED.search(text, max(0, start - LOOK_BACK), start):
        return False
    return bool(_PIECES.search(text, max(0, start - NEAR), start))


def _compared(text: str, start: int, end: int, low: Decimal, high: Decimal, around: Sequence[Known]) -> Decimal | None:
    """The unit of an amount close by, when the figure is of its size: 144万砍到一百一, 三十二块八，他要二十五."""
    scales = {found for known in around if (found := _like(text, start, end, low, high, known)) is not None}
    return scales.pop() if len(scales) == 1 else None


def _like(text: str, start: int, end: int, low: Decimal, high: Decimal, known: Known) -> Decimal | None:
    begin, stop = (known.end, start) if known.end <= start else (end, known.start)
    beside = bool(_BESIDE.fullmatch(text, begin, stop))
    reach = NEAR if known.end <= start else AHEAD
    if (stop - begin > reach and not beside) or known.yuan <= 0 or end - start < 2:
        return None
    window = max(0, start - LOOK_BACK, known.end if known.end <= start else 0)
    said = beside or bool(_TOTAL.search(text, window, start) or _FEE.search(text, window, start))
    stops = sum(text.count(each, begin, stop) for each in _STOP)
    ratio = 5 if beside else 3
    if known.big:
        if known.unit is not None and "." not in text[start:end]:
            return None
        of_size = known.yuan / ratio <= low * TEN_THOUSAND and high * TEN_THOUSAND <= known.yuan * ratio
        if "单价" in text[window:start]:
            return None
        said = said or (stops == 0 and "." in text[start:end] and bool(_BEGINS.search(text, max(0, start - 7), start)))
        return TEN_THOUSAND if of_size and said and stops <= 1 and stop - begin <= NEAR // 2 else None
    ratio = 5 if beside else 2
    if not (known.yuan / ratio <= low and high <= known.yuan * ratio):
        return None
    if said or _OF_PIECE.search(text, max(0, start - 1), start):
        return YUAN if stops <= 4 else None
    if stops <= 2 and text[start - 1 : start] in ("：", ":"):
        return YUAN
    return YUAN if stops == 0 and _BEGINS.search(text, max(0, start - 7), start) else None


def _total(text: str, start: int, end: int, low: Decimal) -> bool:
    """报两千六百五, 底线三千, 八千我先付."""
    if low < LEAST_TOTAL:
        return False
    if _THOUSANDS.fullmatch(text, start, end) or _TOTAL.search(text, max(0, start - LOOK_BACK), start):
        return True
    if _GROUPED.fullmatch(text, start, end):
        return True
    before = re.match(r"[一-鿿：:，,\s]?", text[max(0, start - 1) : start])
    return bool(before and _ARABIC.fullmatch(text, start, end) and _TALK.search(text, max(0, start - 24), end + 10))
