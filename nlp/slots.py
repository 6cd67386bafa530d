"""Places where the words say that a company's name stands, listed or not: 拜访了X, 从X出来, X有限公司, X的张总.

Every repeat is bounded: at any place of any text a fixed number of characters is looked at.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlp import people
from nlp.draft import Span
from nlp.places import (
    DEPARTMENTS,
    EVERYDAY_PLACES,
    INDUSTRIES,
    INSTITUTIONS,
    LEGAL,
    NAME_ENDS,
    REGIONS,
    SMALL_FIRMS,
)

MAX_SLOTS = 300
"""More places than this are no longer looked at in one note."""
VISITED_WEIGHT, LEADS_WEIGHT, MENTIONED_WEIGHT = 3, 2, 1


def either(words: Sequence[str]) -> str:
    """Any of the words, the longest first; what cannot begin one is dismissed by its first character."""
    heads = "".join(sorted({re.escape(word[0]) for word in words}))
    return f"(?=[{heads}])(?:{'|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))})"


NEVER = '的了是在跟去到从把被给就都也还我你他她它们这那哪说要会对看见做用有没装换谈聊讲问找想开办买卖修送拿带改签推发打很太吗呢吧啊嗯呃，。！？；：、,.!?;:（）()\\s"“”【】/|+0-9①-⑨'
_CHAR = rf"[^{NEVER}]"
_REGION = f"(?:{either(REGIONS)})(?:省|市)?"
_SUFFIX = f"(?:{either((*INDUSTRIES, *INSTITUTIONS))})"
_LEGAL = f"(?:{either(LEGAL)})"
_TRADES, _FORM, _FORMS = f"{_SUFFIX}{{1,4}}", f"{_LEGAL}{{1,3}}", f"{_LEGAL}{{0,3}}"
FULL = rf"(?:(?:{_REGION})?{_CHAR}{{1,6}}?{_TRADES}{_FORMS}|(?:{_REGION})?{_CHAR}{{2,6}}?{_FORM}|{_REGION}{_TRADES}{_FORMS})"
_TITLED = r"[一-鿿]{1,2}(?:总|经理|主任|科长|部长|处长|院长|工|老师|校长|董|厂长|老板|总监|主管)"
_ENDS = (
    r"(?=$|[，。！？；：、,.!?;:（）()\s“”\"]|的|那边|这边|这家|这个|这单|出来|回来|见|找|跟|和|谈|聊|开会|开了|拜访|考察|交流|今天|昨天|上午|下午|项目|单子|做|采购|技术|设备科|设备部|信息|"
    r"老板|说|要|已经|也|都|在|对|是|报|价格|想|联系|他们|客户|然后|通了?(?:个)?电话|刚刚?)"
)
VISITED = r"(?:拜访|走访|回访|陌拜|去拜访|去见|跑)(?:了一下|了一?趟|一趟|一下|的是|了|过|完)?(?:一下)?(?:老?客户)?"
WENT = r"(?:(?:拐|绕|转)(?:了一?趟|到|去|过去)|(?:上午|下午|早上)(?:呢|嗯)?是|去的(?:是|还是)?|打电话给|打电话到|去了?(?:一?趟|一下)?|到了?|在|来到|约了?|联系了?|见了?|打给|给|跟|和|帮|刚跟)"
CUSTOMER_IS = r"(?:客户(?:名称|名字|公司|单位)?(?:是|叫|为|：|:)|公司(?:名称|名)?(?:是|叫|：|:)|第[一二三四五六七八九十\d]家(?:去的)?(?:客户)?(?:是|，|,|：|:)?|(?:最后|另外?|还有|头)一家(?:客户)?(?:是|，|,|：|:))\s{0,3}"
_LEAD = r"(?:^|[，。！？；、,.!?;:\n\s：]|刚刚?|今天|昨天|上午|下午|提醒一下|汇报一下|说一下|关于)"

_BY_VERB = re.compile(rf"{VISITED}(?P<name>{FULL}){_ENDS}")
_BY_VERB_BARE = re.compile(rf"{VISITED}(?P<name>{_CHAR}{{2,8}}?)(?=[，。,\s]|$|的|公司|见|出来)")
_BY_LABEL = re.compile(
    rf"{CUSTOMER_IS}(?P<name>{FULL}|{_CHAR}{{2,12}}?)(?=$|[，。！？；、,.!?;\s（(]|不是|而不是|的|见)"
)
_FROM = re.compile(rf"从(?P<name>{FULL}|{_CHAR}{{2,10}}?)(?:那边|那里|公司)?(?:出来|回来|开完会|谈完|见完)")
_KIND = (
    r"(?:厂|店|公司|超市|医院|学校|单位|企业|客户|饭店|酒店|工厂|作坊|诊所|商行|幼儿园|门店|集团|工作室|合作社|机构)"
)
_HOUSE = f"(?:{either((*INDUSTRIES, *INSTITUTIONS, *NAME_ENDS, *SMALL_FIRMS))})"
# a company that the rep introduces: 叫X的厂, 一家新客户叫X, X那家医院, 新客户X, X，新客户
_CALLED_KIND = re.compile(rf"叫(?:做)?(?P<name>{_CHAR}{{2,10}}?)的(?:{_CHAR}|小|新){{0,4}}?{_KIND}")
_CALLED_HOUSE = re.compile(
    rf"(?:客户|[家厂店校院场所站园馆]|公司|单位|中心|新的|哦|[，,\s])(?:名字)?叫(?:做)?\s?(?P<name>(?:{_REGION})?{_CHAR}{{1,8}}?{_HOUSE}{{1,4}}{_FORMS})"
    rf"(?!的?{_CHAR}{{0,4}}?{_KIND})"
)
_THAT_KIND = re.compile(
    rf"(?:去了?|到了?|跑了?|拜访了?|见了|去的)(?:一?趟|一下)?(?P<name>{_CHAR}{{2,6}}?)那家(?:{_KIND})"
)
_NEW_IS = re.compile(
    rf"(?:新客户|新线索|新单位|意向客户|潜在客户|潜客)(?:名称|是|叫|为)?[：:，,\s]?\s?(?P<name>(?:{_REGION})?{_CHAR}{{1,8}}?{_HOUSE}{{1,4}}{_FORMS}|{_REGION}{_CHAR}{{2,8}}?)"
    r"(?=$|[，。！？；、,.!?;\s（(/]|的|那边)"
)
_IS_NEW = re.compile(
    rf"{_LEAD}(?P<name>(?:{_REGION})?{_CHAR}{{1,8}}?{_HOUSE}{{1,4}}{_FORMS}|{_REGION}{_CHAR}{{2,8}}?)[，,（(\s](?:是?个?|这是)?新(?:客户|线索|单位|开发|增)?(?:[，,。）)\s]|$)"
)

_WEAK = re.compile(rf"{WENT}(?:客户)?(?P<name>{FULL}){_ENDS}")
_LEADS = re.compile(rf"{_LEAD}(?:客户)?(?P<name>{FULL}){_ENDS}")
_ANYWHERE = re.compile(rf"(?P<name>{_REGION}{_CHAR}{{1,6}}?{_TRADES}{_FORMS}|{_REGION}{_CHAR}{{2,6}}?{_FORM}){_ENDS}")
# words without a suffix: a company only where a customer of the list sounds like them
_ANY = r'[^的了是他她们我你这那吗呢吧就都，。！？；：、,.!?;:（）()\s"“”0-9]'
_BARE = re.compile(
    rf"(?:{VISITED}|{WENT}|从|客户是|关于)(?P<name>{_ANY}{{2,8}}?)(?:公司|集团)?(?=的{_TITLED}|出来|回来|那边|这边|那里|就|坐|看|转|送|见|做|开了?个?会|谈|聊|通了?个?电话|然后|的|[，。！？；、,.!?;\s]|$)"
)
_BARE_LEAD = re.compile(
    rf"{_LEAD}(?P<name>{_ANY}{{2,8}}?)(?:公司|集团)?(?=的?{_TITLED}|那边|这边|这单|这个(?:项目|单子|客户)|的(?:合同|项目|单子|设备|订单|采购|技术)|今天|昨天)"
)
_NO_COMPANY = re.compile(
    r"^(?:所以|因为|因此|但是|不过|而且|然后)|^(?:其中|包括|国内|国外|海外|外地|老家|机场|高铁|一下|一趟|一次|客户|老客户|新客户|他们|对方|一家|两家|三家|几家|这家|那家|别家|竞品|友商|现场|工地|车间|公司|我们|咱们|集团|总部|办公室|会议室|展会|会上|医院|学校|工厂|银行|酒店|大学|学院|设备|系统|项目|产线|本|该|某|同行|市场|下周|上周|这周|今天|昨天|明天|采购|技术|财务|后勤|行政|人事|信息|老板|领导)"
    r"(?:部|公司|那边|那里|集团|们|了|家)*$|方案|合同|报价|预算|需求|问题|情况|时间|流程|样品|资料|演示|培训$|售后|安装|行业|总投资|政府|老客户|"
    r"^(?:小|老)?[\u4e00-\u9fff]?(?:总|经理|主任|科长|部长|院长)"
)
_PLACE = re.compile(
    r"(?:市区|[省市县镇村路街]|开发区|高新区|工业园|园区|新区|片区|大厦|广场|车间|仓库|门店|门市|展厅|展馆|展会|食堂|宿舍|停车场|工地|现场|项目上|一线|基地|[他她咱我你这那本老新]?(?:们|家)?(?:的)?(?:厂|店|馆|楼|部|科|处|室)(?:里|上|区|下)?)$"
)
_NO_NAME = re.compile(
    r"^[一二两三四五六七八九十几多好每各]+(?:个|家|位|次|台|套|种|批|点|天|年|月|周|号|万|千|百|成|折|块|部|条|趟)|^(?:每|各|第|另|其|某|本|该|此|别|所有|大家|自己|双方|老客|新客)|(?:一|几|两)(?:家|个|位|次|趟|下|圈|遍)|"
    r"[个些次趟遍种件台套]$|客户|领导|老板|对方|他们|产品|设备|机器|仪器|系统|价格|电话|微信|邮件|同事|朋友|竞品|友商|会议|总部|分公司|供应商|代理商|经销商|设计院$|项目|进度|节前|年前|年底|月底|月初|明年|今年|去年|后天|前天"
    r"|上午|下午|晚上|中午|早上|星期|周[一二三四五六日末]|节|礼拜|经理|主任|科长|部长|总监|主管|负责人|采购|技术|财务|销售|生产|仓库"
)

_SENTENCE = re.compile(
    r"[上下中]午|[今明昨后]天|[这上下本每]周|回公司|趟|一下|什么|谁|怎么|没有|不是|因为|所以|如果|但是|今年|明年|去年|老客户|新客户"
)
"""What stands in no name, whatever the words end with."""


NOT_IN_NAMES = re.compile(f"[{NEVER}]")


@dataclass(frozen=True)
class Slot:
    start: int
    end: int
    weight: int
    """How much the words around say that this is the customer."""
    listed_only: bool = False
    """Whether only a customer of the list can be meant."""


def find(text: str, title: Span | None = None) -> list[Slot]:
    """The places, those of which the words say most first; no two overlap, but for those that only a listed customer can fill."""
    taken = bytearray(len(text))
    found: list[Slot] = []

    def keep(start: int, end: int, weight: int) -> None:
        end = _without_person(text, start, end)
        if not any(taken[start:end]) and is_company(text[start:end]) and len(found) < MAX_SLOTS:
            taken[start:end] = b"\1" * (end - start)
            found.append(Slot(start, end, weight))

    for start, end in _in_title(text, title) if title is not None else ():
        keep(start, end, VISITED_WEIGHT)
    for pattern, weight in (
        (_BY_VERB, VISITED_WEIGHT),
        (_FROM, VISITED_WEIGHT),
        (_NEW_IS, VISITED_WEIGHT),
        (_IS_NEW, VISITED_WEIGHT),
        (_CALLED_KIND, VISITED_WEIGHT),
        (_CALLED_HOUSE, VISITED_WEIGHT),
        (_THAT_KIND, VISITED_WEIGHT),
        (_BY_LABEL, VISITED_WEIGHT),
        (_BY_VERB_BARE, VISITED_WEIGHT),
        (_WEAK, VISITED_WEIGHT),
        (_LEADS, LEADS_WEIGHT),
        (_ANYWHERE, MENTIONED_WEIGHT),
    ):
        for match in pattern.finditer(text):
            keep(*match.span("name"), weight)
    bare: list[Slot] = []
    for pattern, weight in ((_BARE, VISITED_WEIGHT), (_BARE_LEAD, LEADS_WEIGHT)):
        for match in pattern.finditer(text):
            start, end = match.span("name")
            if len(bare) < MAX_SLOTS and not any(taken[start:end]) and _may_be_a_brand(match["name"]):
                bare.append(Slot(start, end, weight, listed_only=True))
    return [*found, *bare]


def _without_person(text: str, start: int, end: int) -> int:
    """Where the company ends in 云图詹总."""
    for at in range(start + 2, min(end, start + 24) - 1):
        if people.is_titled(text[at:end]):
            return at
    return end


_TITLE_PIECE = re.compile(r"[^\s\-—_·|/（）()@，,]+")
_COMPANY_ENDS = re.compile(f"(?:{_SUFFIX}|{_LEGAL})$")


def _in_title(text: str, title: Span) -> Iterator[tuple[int, int]]:
    """李晓明 恒泰集团, 张工-智造科技: the piece of a chat's title that is a company."""
    for piece in _TITLE_PIECE.finditer(text, title.start, min(title.end, title.start + 200)):
        if len(piece[0]) >= 3 and _COMPANY_ENDS.search(piece[0]):
            yield piece.span()


_TRADE_WORDS = frozenset((*INDUSTRIES, *INSTITUTIONS))
_FULL = re.compile(FULL)
_LONG_ENDS = either([word for word in NAME_ENDS if len(word) >= 3])
_HOUSE_NAME = re.compile(
    rf"{_REGION}{_CHAR}{{1,6}}?{_HOUSE}{{1,4}}{_FORMS}|{_CHAR}{{2,6}}?(?:{_HOUSE}{{2,4}}|{_LONG_ENDS}){_FORMS}"
)


def is_company(words: str) -> bool:
    """Whether the words, which stand where a company's name may, are one: no pronoun, place, department, product, person."""
    if not 2 <= len(words) <= 24 or _NO_COMPANY.search(words) or words in REGIONS or words in _TRADE_WORDS:
        return False
    if _SENTENCE.search(words) or words in DEPARTMENTS or words.endswith(_DEPARTMENTS) or words in EVERYDAY_PLACES:
        return False
    if (
        not _FULL.fullmatch(words)
        and not _HOUSE_NAME.fullmatch(words)
        and (_PLACE.search(words) or _NO_NAME.search(words) or _region_and(words))
    ):
        return False
    return not people.is_person(words)


_DEPARTMENTS = tuple(
    word
    for word in DEPARTMENTS
    if word not in ("IT", "财务", "法务", "人力", "供应链", "工会", "数据中心", "研发中心", "技术中心")
)
_ONLY_PLACE = re.compile(rf"(?:{_REGION}){{1,3}}(?:那边|这边|[省市县区]|本地|当地|周边)?$")


def _region_and(words: str) -> bool:
    return bool(_ONLY_PLACE.match(words))


def _may_be_a_brand(words: str) -> bool:
    return len(words) >= 2 and not _NO_NAME.search(words) and is_company(words)
