"""How many of something a note names: 三十来台, 两条产线, 五百多个点位.

Conventions
- Only what can be counted or weighed: no dates, durations, ordinals (第三家), shares, nor talk (两个问题, 三点建议, 货比三家).
- 一 counts only before a measure of goods (一台, 一套): 一个, 一家, 一下, 一些 say nothing of a number.
- 多 runs to the next round figure (五百多个: 500 to 600), 来 and 左右 leave it as said, 几十 is 20 to 90; a bare 几台 asks.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from nlp import clauses, numerals
from nlp.draft import Quantity, Span

MAX = Decimal(10) ** 10

_UNITS: dict[str, str] = {
    "平方米": "",
    "立方米": "",
    "平米": "",
    "平方": "",
    "立方": "",
    "公里": "",
    "公斤": "",
    "千克": "",
    "千瓦": "",
    "台": r"[州湾风历面]|账(?!本)",
    "套": r"路|餐|话|取|现",
    "条": r"件|款|例|建议|意见|要求|理由|原因|短信|消息|微信|语音|龙|评论|反馈|规定|命|路|理|记录|信息",
    "件": r"事|套",
    "个": (
        r"小时|钟头|月|星期|礼拜|季度|工作日|亿|年|多月|多小时|半月|学期|周|百分点|点(?!位)|问题|方面|原因|环节|阶段|步骤|建议|意见|条件|要求|事|字|"
        r"电话|会|角度|层面|理由|好处|优势|劣势|顾虑|担心|异议|信号|想法|选择|方向|思路|方案|办法|关键|重点|难点|痛点|诉求|需求|疑问|指标|目的|目标|"
        r"待办|任务|可能|情况|时间|折|来回|人情|不|没|放心|头|鬼|屁|臭皮匠|说法|结果|消息|机会|话题|事项|议题|议程|地方|特点|亮点|卖点|结论|[wW\d一二两三四五六七八九]|打底|封顶"
    ),
    "家": r"里|长|庭|属|电|具|乡|人|常",
    "位": r"置|子|数|移",
    "名": r"字|称|单|义|片|列|次|气",
    "人": r"民|家|生|次|品|事|均|称|工|情|力|气|脸|为|天|月|份|机|行|次",
    "户": r"口|型|外|头|主$",
    "批": r"评|准|复|次|下|了|发|示|过|不|给",
    "单": r"价|位|子上|元|独|纯|据|身|晶|片|选|机",
    "份": r"量|子|额",
    "张": r"总|工|经理|主任|厂|部|老师|院|科|局|处|董|姐|哥|博士|教授|校长|女士|先生|力|嘴|开|望",
    "吨": r"位",
    "辆": "",
    "箱": r"变|体|子|式",
    "盒": r"子",
    "袋": r"子",
    "瓶": r"颈|子",
    "桶": r"装",
    "卷": r"子|积",
    "只": r"要|有|能|是|好|怕|用|需|剩|会|想|付|给|做|报|接受|认|看|差|够",
    "支": r"付|持|撑|出|架|部|行|援|票|队伍?",
    "根": r"据|本|源",
    "片": r"区|面|段",
    "颗": "",
    "粒": r"度",
    "栋": r"楼?\d|楼[一二三四五六七八九]",
    "间": r"隔|断|接|谍",
    "座": r"机|谈|位",
    "亩": "",
    "斤": r"斤计较",
    "米": r"饭|粉|线",
    "升": r"级|降|高|温|值|到|了|职|学",
    "组": r"织|装|长|件|合|建|成|团",
    "副": r"总|经理|主任|厂|院|本|业|作用|局|校长|部长|处|科|产|市|行长",
    "双": r"相|方|休|十一|十二|11|12|向|重|赢|控|人|层|面|碳|语",
    "把": r"关|握|控|他|我|它|这|那|价|合同|[\d一二两三四五六七八九十]",
    "扇": r"形",
    "枚": "",
    "株": "",
    "头": r"部|疼|像|脑|绪|年|天|家|[一二三]|发",
    "艘": "",
    "架": r"构|子|设|空",
    "门": r"店|口|诊|槛|禁|户|面|市|窗",
    "节": r"气|约|省|后|前|能|日|假|点|奏|课",
    "车": r"间|型|费|站|祸|辆|企|厂|主|险|床|载|规|展|市",
    "柜": r"台|子",
    "盘": r"点|子|活|算|面",
    "本": r"身|来|质|科|月|周|地|季|人|次|部|金|田",
    "册": "",
    "款": r"项|到|式",
    "工位": "",
    "点位": "",
    "席位": "",
    "床位": "",
    "车位": "",
    "班组": "",
    "块": r"钱|[，。,.!！？?；;、\s\d一二两三四五六七八九以左上不多起出的了吧就到每/]|$",
}
_ONE_OF = frozenset("台套吨辆箱批车柜栋艘架")
_NOT_PIECES = frozenset(("人", "台", "套", "个", "家", "位", "名", "户", "辆", "张", "件", "条", "份", "单", "批"))
"""What there are only whole ones of."""
_ONE_LINE = re.compile(r"条(?=(?:生产|产|流水|装配|包装|试验|电缆|喷涂|焊接|专)线?)")
_MEASURE = re.compile(
    "(?:"
    + "|".join(
        re.escape(unit) + (rf"(?!{refused})" if refused else "")
        for unit, refused in sorted(_UNITS.items(), key=lambda each: -len(each[0]))
    )
    + ")"
)
_CN = "零一二两俩三四五六七八九十百千万亿几"
_CN_SMALL = "零一二两俩三四五六七八九十百千几"
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}}){{1,3}}(?:\.\d{{1,4}})?|\d{{1,9}}(?:\.\d{{1,4}})?万?|[{_CN}]{{1,12}}(?:点[一二三四五六七八九]{{1,2}})?)"
_QUANTITY = re.compile(
    rf"(?<![\d.,A-Za-z第_#{_CN_SMALL}-])(?:(?P<low>{_NUMBER})(?P<join>\s?(?:到|至|~|-)\s?))?(?P<high>{_NUMBER})"
    rf"(?![\d{_CN}])(?P<more>[多来余]?)(?P<big>[万千百]?)\s?(?P<unit>{_MEASURE.pattern})"
)
_SCALE = {"": Decimal(1), "万": Decimal(10**4), "千": Decimal(1000), "百": Decimal(100)}
_NOT_BEFORE = re.compile(
    r"(?:货比|每|第|型号|楼|房间?号?|[A-Za-z]-|不到|不足|超过|不超过|至少|起码|最多|最少|顶多|以上|低于|高于|不低于|不少于|不止|不过|近几|一人|百)\s?$"
)
_PRICE_BEFORE = re.compile(r"(?:预算|报价?|总价|价格|出|[砍压降谈]到)(?:了|是|大概|大约|差不多|在|要){0,2}$")
"""报了八十个 may mean 万."""
_PRONOUN_BEFORE = re.compile(r"[这那另同哪某每首本该头上下]$")
_OPEN_AFTER = re.compile(
    r"[^，。！？；,!?;\n]{0,2}?(?:以上|以下|以内|之内|起(?:订|批|售|步)|往上|朝上|开外|不到|都不到)"
)


def find(text: str, taken: Sequence[Span]) -> list[Quantity]:
    """The quantities in the folded text, in order, without those taken back; `taken` are the places of money and
    percentages in order, which are none."""
    found = []
    place = 0
    for match in _QUANTITY.finditer(text):
        while place < len(taken) and taken[place].end <= match.start():
            place += 1
        if place < len(taken) and taken[place].start < match.end():
            continue
        if text[match.start() - 1 : match.start()] in ("万", "亿") and not _right_behind(taken, place, match.start()):
            continue  # of 12万8000台 the last part
        if (quantity := _quantity(text, match)) is not None:
            found.append(quantity)
    gone = clauses.withdrawn(text, [each.span for each in found])
    return [each for index, each in enumerate(found) if index not in gone]


def _right_behind(taken: Sequence[Span], place: int, start: int) -> bool:
    return place > 0 and taken[place - 1].end == start


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    words, unit = match["high"], match["unit"]
    before = max(0, match.start() - 4)
    if words == "几" or _NOT_BEFORE.search(text, before, match.start()):
        return None
    if _OPEN_AFTER.match(text, match.end()):
        return None
    if unit == "个" and _PRICE_BEFORE.search(text, max(0, match.start() - 8), match.start()):
        return None
    if words in ("一", "1") and not match["low"]:
        one_of = unit in _ONE_OF or _ONE_LINE.match(text, match.start("unit")) or words == "1"
        if not one_of or match["more"] or _PRONOUN_BEFORE.search(text, before, match.start()):
            return None
    read = numerals.read(words)
    if read is None:
        return None
    scale = _SCALE[match["big"]]
    low, high = read[0] * scale, read[1] * scale
    if match["low"]:
        first = numerals.read(match["low"])
        if first is None:
            return None
        low = first[0] * scale
        if "万" in words and "万" not in match["low"]:
            low *= 10_000
    elif match["more"] in ("多", "余"):
        high = _next_round(read[1]) * scale
    if not 0 < low <= high <= MAX or (unit in _NOT_PIECES and low != low.to_integral_value()):
        return None
    return Quantity(low, high, unit, Span(match.start(), match.end()))


def _next_round(value: Decimal) -> Decimal:
    """80 → 90, 100 → 200, 500 → 600, 120 → 130."""
    digits = str(int(value))
    return value + Decimal(10) ** (len(digits) - len(digits.rstrip("0")))
