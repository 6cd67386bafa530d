"""People in a note: name as said, title, department, and whose people they are.

Surname and title (王经理), full name behind a title, a company or a verb of meeting (采购总监王建国, 恒锐精密的陈晓明, 见了李娜),
小周 and 老陈 where the words around say that a person is meant; 王总 after 王建国 is the same person. A contact that the customer's
list names is found by sound too (王健国 for 王建国), and then called as the list calls him.

Sides: our own people (我们李工, 让技术部小周出方案, 工程部黎工去现场复测, whom the rep asks for leave or sends, whom the customer
addresses in a chat), a competitor's (竞品那边的王经理), a third
party's (设计院的陈总, 他朋友刘总) or who has left (韦冬梅已离职); all others are the customer's. Who was told apart once stays on that side.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nlp.clauses import Clause
from nlp.draft import ContactMention, CustomerEntry, Side, Span
from nlp.places import (
    COMPOUND_SURNAMES,
    DEPARTMENTS,
    RARE_SURNAMES,
    SHORT_TITLES,
    SURNAMES,
    THIRD_PARTIES,
    TITLE_SURNAMES,
    TITLES,
)
from nlp.sounds import similarity, sound_class


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


MAX_MENTIONS = 200
"""More mentions of people than this in one note are no longer told apart."""
MAX_RIVALS = 30
"""Competitors whose names are kept apart from people's."""
CONTACT_SURE, CONTACT_MARGIN = 0.9, 0.05
"""How much a name must sound like a listed contact's, and how far behind the next must be, to be taken for it
(`benchmarks/names.py --sweep`)."""

_CJK = re.compile(r"[一-鿿]")
_WORDLIKE = frozenset("和向对应时管连")
_UNCERTAIN = RARE_SURNAMES | TITLE_SURNAMES | frozenset("于关")
_SUR = f"(?:{_either(COMPOUND_SURNAMES)}|[{''.join(sorted((SURNAMES | TITLE_SURNAMES) - _WORDLIKE))}])"
_DEPT = f"(?:{_either(DEPARTMENTS)})"
_LONG_TITLES = tuple(title for title in TITLES if title not in SHORT_TITLES)
_AREA = "产品|教研|学术|业务|采购|技术|财务|销售|生产|设备|信息|项目|行政|运营|质量|研发|市场|工程|人事|供应链|IT|仓储|物流|商务|法务|基建|后勤|教务|招采|工艺|安全|品质|电气|机械"
_ABROAD = ("CEO", "CTO", "CIO", "CFO", "COO", "HRD", "HR", "VP")
_ROLE = f"(?:{_either((*_LONG_TITLES, *_ABROAD, '负责人', '对接人', '联系人', '采购员', '经办人', '接口人', '工艺员', '老总', '一把手', '财务负责人'))})"
_AFTER_A_JOB = re.compile(rf"(?:{_ROLE}|{_AREA}|那个|对方|他们)$")
_NOT_TITLED = frozenset(("施工", "万工", "全工", "成总"))
_AFTER_SHORT = {
    "总裁": "办室", "院长": "办室", "校长": "办室", "经理": "室", "队": "伍员列里长形", "主任": "务", "姐": "妹夫", "哥": "们", "总": "裁体共结额价数量包计归线之公得部金", "工": "队程作艺厂业人期具地资序商装况会信行单位时", "董": "事", "处": "理于罚在境方", "局": "面限势部", "科": "技学目普研室", "院": "子里校内",
}  # fmt: skip
_INSIDE = {
    "谈": "会面洽商座访",
    "海": "上珠青威北",
    "付": "支垫预",
    "封": "密信",
    "富": "财丰",
    "闻": "新",
    "楚": "清",
    "周": "上下本这每一",
    "施": "实措设",
    "储": "仓",
    "程": "工流课过",
    "任": "主责",
}
"""Characters before a surname that make another word with it: 实施经理 is no 施经理, 仓储主管 no 储主管."""
_TITLED = re.compile(rf"(?:(?P<dept>{_DEPT})的?)?(?P<name>(?P<sur>{_SUR})(?P<title>{_either(TITLES)}))")
_TITLE_FIRST = re.compile(
    rf"(?:(?P<dept>{_DEPT})的?)?(?P<title>(?:{_AREA})?{_ROLE})(?:叫做?|是|名字?叫|，叫|：|:)?\s?(?=[一-鿿]{{2}})"
)
_DEPT_THEN = re.compile(rf"(?P<dept>{_DEPT})的(?=[一-鿿]{{2}})")
_CALLED = re.compile(r"(?:他叫|她叫|名叫|叫做|名字叫|人叫|叫)(?=[一-鿿]{2})")
_FIRM_BEFORE = re.compile(r"[家厂店校院]$|公司$|客户$|单位$")
_CONTACT_IS = re.compile(r"(?:联系人|对接人|接口人|决策人|拍板人)(?:换成|改成|变成|是|叫|为|：|:)+\s?(?=[一-鿿]{2})")
_MET = re.compile(
    r"(?:见到了?|见了|见的是|找到了?|找了|拜访了|约了|约到|碰到了?|遇到了?|联系了|联系上|打给了?|回访了)(?=[一-鿿]{2})"
)
_WITH = re.compile(r"(?:跟|和|给|同|与)(?=[一-鿿]{2})")
_WITH_THEN = re.compile(
    r"(?:通了?(?:个|一?次)?(?:电话|视频)|坐了?|打了?(?:个)?电话|聊|吃了?(?:个)?饭|谈|沟通|见了?面|碰|开了?(?:个)?会|喝|对接|交流|确认|加了?微信|约)"
)
_NICK = re.compile(
    rf"(?P<name>(?<!大)[小老](?P<sur>(?!师|麦|化|板){_SUR}))(?=[:：+＋小老了对盯领拉催就坐接拿看收上下倒已又再先抱挺很才把被直都住]|说|聊|反馈|负责|那边|这边|觉得|表示|沟通|对接|确认|，|。|,|、|；|！|？|\s|[+＋（(嗯呃啊]|没|不|还有?|以及|让|介绍|透露|转|讲|和|跟|来|在|也|会|要把|发|答应|同意|出|去|过|做|帮|陪|通|打|吃|喝|约|一起|一块|提|问|想|今|明|昨|上周|上次|上午|下午|下周|刚|最近|签|管|给|$)"
)
_NICK_CUE = re.compile(
    r"(?:见了|见到了?|找了?|跟|和|问了?|联系了?|约了?|给|是|的|让|请|派|安排|带着?|部|科|子|女儿|叫|员|理|采购|技术|财务|销售|同事|同学|朋友|徒弟|主管|对接人|联系人|秘书|会计|出纳|文员|店长|班长|组长|厂长|经理|总监|主任|保管|质检|前台|们|边|班|房|队|库|组|室|办|司|店|厂|处|控|产|务|成|长|卫|监|^|[，。,、；！？\s])$"
)
_THEN = re.compile(
    r"$|[，。！？；：、,.!?;:\s（(“”\"]|一起|一块|开了?|坐|接|亲自|两|三|的|说|他|她|在|是|也|聊|谈|通|吃|和|跟|还有|以及|负责|反馈|觉得|表示|今天|明天|昨天|上周|下周|要|给|对|就|讲|认为|都|介绍|带|陪|希望|让|同意|答应|承诺|约|主任|经理|总|工|科长|透露|提|很|比较|已经|参加|去|来|拍|管|试|签|批|点头|还|没|不|会|想|从|又|再|先|同|这|那|我|你|您|有"
)
_NOT_GIVEN = frozenset(
    '的了是在和跟也对就反负要给把提觉认说他她我你们那这有没不都还又去来到从与及很太吗呢吧啊嗯呃总经主科部处工女老师电手微通聊谈吃见开约打答让叫问帮个号点，。！？；：、,.!?;:（）()“”"\n\t '
    "带陪看讲确提签批拒试买卖办搞拿送接请想报汇透先再又并且之被所者吧呀哦嘛会能可以为什么怎些此每谁哪几两十百千万亿第最更非常家司位"
)
_FOLLOWING = (
    "明天", "明年", "明早", "今天", "今年", "今晚", "昨天", "后天", "上周", "下周", "本周", "这周", "周一", "周二", "周三", "周四", "周五", "周六", "周日", "上午", "下午", "晚上", "中午", "一起", "一下", "一直", "已经", "月底", "年底",
    "电话", "微信", "反馈", "表示", "负责", "建议", "希望", "安排", "参观", "介绍", "确认", "透露", "承诺", "汇报", "沟通", "交流", "对接", "回复", "要求", "告诉", "联系", "觉得", "认为", "同意", "参加", "主动", "比较", "特别", "非常", "目前", "现在",
    "还是", "那边", "这边", "他们", "我们", "经理", "主任", "科长", "院长", "老师", "总监", "下次", "下个", "上次", "上个", "当时", "刚才", "刚刚", "正在", "准备", "打算", "计划", "只是", "因为", "所以", "但是", "如果", "方面", "关于", "项目", "公司",
    "文件", "方案", "合同", "报价", "预算", "价格", "产品", "设备", "客户", "领导", "采购", "技术", "财务", "需求", "需要", "担心", "不过", "离职", "换了", "没有", "提出", "提到", "强调", "关心", "关注", "感兴趣", "满意", "认可", "倾向", "支持", "反对",
    "张罗", "明确", "接手", "接替", "牵头", "主管", "平时", "马上", "尽快", "回去", "出差", "开会", "休假", "生病", "调走", "退休", "上任", "加了", "发了", "点头", "松口", "催", "着急", "时间", "月", "号",
)  # fmt: skip
_NOT_A_NAME = re.compile(
    r"(?:付款|付清|付了|付定|付给|付完|付钱|付全|付首|付尾|付现|付费|董事|总裁|洪水|赖着|滕州|浦东|高层|高管|高级|方面|方案|方便|方式|管理|管道|时间|时候|时机|成本|成功|成交|程序|程度|安排|安装|安全|单子|单位|单价|应该|应收|应用|任务|任何|万一|万元|常用|常规|常见|金额|金融|石油|田间|白天|黄金|江苏|江西|苏州|温州|徐州|常州|杭州|郑州|广州|路上|路线|马上|牛奶|钱款|钱的|水平|甘肃|向上|毛利|毛病|毛坯|方向|全部|全年|全国|文件|文化|师傅|党委|余款|余额|习惯|齐全|严格|严重|雷同|宁波|宁夏|安徽|河北|曹操|关系|关键|关于|关注|项目|席位|计划|计算|梁柱|和谐|于是|强调|强烈|易用|康复|常委|祝贺|施工|施压|陈述|陈列|许多|许可|张贴|周期|周边|周转|周末|段时间|盛产|古老|胡说|谢谢|尚未|尚且|包装|包括|包含|包年|车间|车辆|查看|查询|商务|商量|商家|边上|边界|房间|房子|华为|华东|华南|华北|门口|农业|游戏|童装|景区|景观|成都|连接|连续|连云港|司机|别家|别的|别人|老板|老师|老客户|宋体|林业|何时|何况|明显|明确|明白|明细|诸多|经理|相关|来回|来年|巩固)"
)
_JOB = rf"(?:{_AREA}|售前|售后|业务|区域|大区|客户|老板|领导|上级|主管|同事|部门)?(?:{_either(_LONG_TITLES)}|员|人员|代表|工程师|负责人)?"
_OUR_SIDE_BEFORE = re.compile(
    rf"(?:我们(?:公司|这边|自己|部门|团队|老板|领导|总部|厂里?)?(?:的)?{_JOB}(?:那边|这边)?(?:的)?|(?:咱们?(?:公司|这边)?|我司|本公司|我方)(?:的)?{_JOB}(?:那边|这边)?(?:的)?|跟着|我的|我?同事|我(?:领导|老板|主管|上级|师傅|徒弟)|公司派的?)$"
)
_YOUR_SIDE_BEFORE = re.compile(rf"(?:你们(?:公司|那边|家)?|贵司|贵公司)(?:的)?{_JOB}(?:的)?$")
_OUR_SIDE_ASKED = re.compile(
    r"(?:请|让|叫|拉|麻烦|找|带|安排|协调|申请|喊|约上|带上)(?:一下|了|上|着|咱们?|我们(?:的)?|公司(?:的)?){0,3}$"
)
_THEY_ASK = re.compile(
    r"[他她们户方总理任长工](?:又|也|就|再|会|要|想|说|已经|打算){0,2}(?:请|让|叫|拉|麻烦|找|带|安排|协调)(?:一下|了)?$"
)
_OUR_SIDE_DOES = re.compile(
    r"^(?:那边|这边)?(?:过来|来|去|再|帮忙?|给|一起|也|亲自){0,3}(?:出面|确认|核实|跟进|查|核对|支持|陪同|协助|协调|安排|拜访|审批|批|签字|出个?方案|帮|出方案|做方案|出图|评估|核价|核算|申请|特批|派)"
)
_OUR_SIDE_SENT = re.compile(
    r"(?<![跟给对让叫])[我咱俺]们?(?:这边|那边)?(?:已经|再|会|去|也|先|打算|准备|建议|回头|回去|明天|今天|马上|立刻){0,3}(?:让|请|叫|安排|派)(?:了|一下)?"
    r"(?![他她您你])(?:(?!客户|对方)[^，。！？；、\s他她您你]{1,6}的)?$"
)
_OUR_JOBS = (
    "技术支持|技术|实施|售后|售前|设计|研发|物流|商务|法务|财务|内勤|安装|工程|客服|市场|培训|测试|调度|运维|维修|交付"
)
_OUR_JOB_SENT = re.compile(
    rf"(?<![说跟给对让叫])[我咱俺]们?(?:这边|那边)?(?:已经|再|会|去|也|先|打算|准备|回头|回去|明天|今天|下周|马上|立刻){{0,3}}"
    rf"(?:让|叫|安排|派|找|喊|带)(?:了|一下|上)?(?:我们(?:公司)?的?)?(?:{_OUR_JOBS})部?(?:的|同事|工程师){{0,2}}$"
)
_OURS_BY_JOB = re.compile(
    r"(?<![他她们户方家])(?:找|让|叫|派|联系|问|安排|通知)(?:了|一下|过)?(?:我们(?:公司)?的?)?(?:售后|售前|实施)部?的?(?:同事|工程师)?的?$"
)
"""Who sells has people for this; the customer's are said to be his (他们售后的)."""
_BACK_HOME = re.compile(
    r"(?<![说他她])[我咱俺](?:们)?(?:这边)?(?:还|也|得|要|需要|先|必须|可能|再|寻思着){0,3}(?:回来|回去|回公司|回头)?(?:再|先|要|得|还)?"
    r"(?:跟|和|向|找|请示|汇报给?|申请)(?:一下|下)?$"
)
_TALKS_IT_OVER = re.compile(r"^(?:通了?个?气|打过?了?招呼|商量|汇报|请示|申请|讨论|打报告|报备|报告)")
_OURS_BY_RANK = re.compile(
    r"(?:大区|片区|省区)(?:的|经理|总监){0,2}$|(?<![他她户方])(?:^|[，。！？；、,!?;\n\s我得要需先再天会])(?:请示|汇报给|上报给?|报给)(?:一下|了)?$"
)
"""Only a seller has people over a region, and he asks his own for leave."""
_REP_CALLS = re.compile(r"(?<![您你])(?:联系|找|叫|让|安排|派|催|问)(?:一下|了)?$")
_GOES_THERE = re.compile(
    r"^(?:说|答应)?(?:(?:今|明|后)[天儿早]|\d{1,2}[号日]|[一二三十]{1,3}号|(?:下|这|本)?(?:周|礼拜|星期)[一二三四五六日天]|马上|下午|上午|就|再|先|会|要|负责){0,4}"
    r"(?:(?:去|来|过去|上门)(?:一趟)?(?:他们?|您|客户)?(?:那边|那儿|那|厂里|店里|船上|现场|工地|车间)?(?:就|再)?(?:现场|修|复测|复检|勘|测|量|取样|装|调试|讲|培训|演示|检修|换|处理|安装|看现场)|到您)"
)
_THEIRS_BEFORE = re.compile(r"(?:[他她]们?|客户|对方)(?:的|让|叫|派|请|安排)?$")
_OUR_TEAM = re.compile(rf"(?:{_OUR_JOBS}|质检|学术|质量|品质|品控|教研|农技)(?:部|科|小?组|队|班|那边|同事)?的?$")
_GONE = re.compile(
    r"^(?:，|已经?|都|也|上个?月|上周|刚刚?|去年|前阵子|人){0,3}(?:被)?"
    r"(?:转岗|调岗|调走|调去|调到|离职|退休|退了|走了(?!流程|一)|辞职|不干了|跳槽|高升)"
)
_MET_BY_CHANCE = re.compile(
    rf"(?:碰到|碰见|碰上|遇到|遇见|遇上|撞见)了?(?![他她客]|{_DEPT}|(?:{_AREA}))[^，。！？；、\s的]{{1,8}}的(?:{_AREA})?$"
)
_SENT_BY_NOBODY_ELSE = re.compile(
    r"(?:^|[，。！？；、,!?;\n\s])(?:回去|回头|明天|今天|下周|我|我们|需要|得|再|先|已经|准备){0,3}(?:让|安排|派|叫)(?:了|一下)?$"
)
_WITH_US = re.compile(r"(?:^|[，。！？；、,!?;\n\s今上下天午昨])我(?:今天|昨天|上午|下午)?(?:和|跟|带着|带上?了?|同)$")
_TOGETHER_THERE = re.compile(r"^(?:一起|一块儿?|一道|两个人|俩)(?:去|过去|拜访|跑|到|来|见|走访|回访|拜会|上门)")
_RIVAL = r"竞品|竞争对手|友商|对手|别家|竞争厂家"
_THEIR_JOB = rf"(?:公司|集团|那边|这边|那家|家|他们)?(?:的)?{_JOB}(?:的|叫|是)?"
_THIRD_SIDE = re.compile(
    rf"(?:(?:{_either(THIRD_PARTIES)})(?:公司|那边|那头|方|单位|一方)?(?:的)?{_JOB}(?:的|叫|是)?|(?:[他她]|客户|我|王总|对方|老板)?的?(?:朋友|同学|老乡|老婆|爱人|太太|亲戚|表哥|表弟|哥哥|弟弟|战友|前同事|前老板|校友|邻居|介绍人|中间人)(?:叫|是|的)?)$"
)


_SAID_TO_BE_OURS = (_OUR_SIDE_BEFORE, _OUR_SIDE_SENT, _OUR_JOB_SENT, _OURS_BY_JOB, _OURS_BY_RANK)


@dataclass(frozen=True)
class _Person:
    name: str
    span: Span
    name_at: int
    title: str | None
    department: str | None
    full: bool
    """Whether the given name is known."""


def contacts(
    text: str,
    pieces: Sequence[Clause],
    customers: Sequence[CustomerEntry] = (),
    *,
    companies: Sequence[Span] = (),
    competitors: Sequence[str] = (),
    title: Span | None = None,
    names: Sequence[Span] = (),
) -> tuple[ContactMention, ...]:
    """The customer's people, in the order in which they first appear. `companies` are the mentions of customers, `title` that
    of a chat, `names` those by which the customer's side speaks in it."""
    found = everybody(text, pieces, customers, companies=companies, competitors=competitors, title=title, names=names)
    return tuple(contact for contact in found if contact.side == "customer")


def everybody(
    text: str,
    pieces: Sequence[Clause],
    customers: Sequence[CustomerEntry] = (),
    *,
    companies: Sequence[Span] = (),
    competitors: Sequence[str] = (),
    title: Span | None = None,
    names: Sequence[Span] = (),
) -> tuple[ContactMention, ...]:
    """All people of the note with their sides, in the order in which they first appear; see `contacts`.

    `name` is as said; where only its sound was that of a contact of the list, as the list has it.
    """
    shown = [*((title,) if title else ()), *names]
    listed = tuple(dict.fromkeys(name for entry in customers for name in entry.contacts if len(name) >= 2))
    sides = _Sides(text, pieces, companies, _rival_side(tuple(competitors)))
    rivals = _stretches(text, competitors)
    found: list[tuple[_Person, Side]] = []
    end = 0
    for person in sorted(
        [*_in_titles(text, shown, companies), *_all(text, listed, companies)],
        key=lambda each: (each.span.start, -each.span.end),
    ):
        if person.span.start < end or any(start <= person.name_at < stop for start, stop in rivals):
            continue
        end = person.span.end
        person = _as_listed(person, listed)
        before = next((was for other, was in reversed(found) if _same(other, person)), None)
        side: Side = sides.said(person) or before or "customer"
        found.append((person, side))
        if len(found) >= MAX_MENTIONS:
            break
    found = [each for each, then in zip(found, (*found[1:], None), strict=False) if not _taken_back(text, each, then)]
    kept = [
        ContactMention(p.name, p.span, p.title, p.department, side)
        for side in dict.fromkeys(side for _, side in found)
        for p in _merged([person for person, its in found if its == side])
    ]
    return tuple(sorted(kept, key=lambda each: each.span))


def _stretches(text: str, competitors: Sequence[str]) -> list[tuple[int, int]]:
    """Where the competitors first stand by their names: 申工 in 申工阀门 is no engineer."""
    found = []
    for name in competitors[:MAX_RIVALS]:
        for length in range(len(name), 2, -1):
            at = text.find(name[:length])
            if at >= 0:
                found.append((at, at + length))
                break
    return found


_CORRECTED = re.compile(
    r"[，,\s]?(?:[哦噢啊呃嗯哎]|那个){0,2}[，,\s]?(?:不是|不对|说错了|记错了|错了|口误)[，,\s]?(?:[哦噢啊呃嗯]|应该)?(?:是|叫)?"
)


def _taken_back(text: str, said: tuple[_Person, Side], then: tuple[_Person, Side] | None) -> bool:
    """温老师，哦不是，文老师: the first of two names, which the second puts right."""
    return then is not None and bool(_CORRECTED.fullmatch(text, said[0].span.end, then[0].span.start))


def is_person(words: str) -> bool:
    """Whether the words as a whole are a person: 王总, 采购部李经理, 王建国."""
    titled = _TITLED.fullmatch(words)
    if titled is not None:
        return True
    end = full_name(words, 0)
    return end == len(words) and len(words) == 3 and words[0] not in RARE_SURNAMES


@lru_cache(maxsize=4)
def titled_surnames(text: str) -> frozenset[str]:
    """The surnames that stand in the text with a title, or behind 小 or 老 as a name."""
    return frozenset(_surname(person.name) for person in (*_titled(text, ()), *_nicknames(text, ())))


def surname_of(name: str) -> str:
    """The surname of 王建国, 王总 or 老王."""
    return _surname(name)


@lru_cache(maxsize=4)
def _heard(text: str) -> tuple[str | None, ...]:
    return _sound(text)


def is_full_name(name: str) -> bool:
    """Whether a listed contact is more than surname and title."""
    return _title_in(name) is None


def sounds_in(name: str, text: str) -> bool:
    """Whether a full name of three or more syllables stands in the text by its sound: 王健国 for 王建国."""
    if len(name) < 3 or _title_in(name) is not None:
        return False
    sounds, heard = _sound(name), _heard(text)
    return any(
        heard[at : at + len(name)] == sounds and _decided(text[at : at + len(name)], (name,)) == name
        for at in range(len(text) - len(name) + 1)
    )


def is_titled(words: str) -> bool:
    """Whether the words are a surname with a title, with or without a department: 王总, 采购部李经理."""
    return bool(_TITLED.fullmatch(words))


def full_name(text: str, at: int) -> int | None:
    """Where the full name that begins at `at` ends: a surname and one or two characters that a given name may have."""
    if _NOT_A_NAME.match(text, at):
        return None
    surname = text[at : at + 2] if text[at : at + 2] in COMPOUND_SURNAMES else text[at : at + 1]
    if surname not in COMPOUND_SURNAMES and surname not in SURNAMES:
        return None
    first = at + len(surname)
    if not _given(text, first):
        return None
    # 蒋雪蒋主任: the surname said again with a title belongs to no given name
    again = text.startswith(surname, first + 1) and _TITLED.match(text, first + 1)
    return first + 2 if _given(text, first + 1) and not again else first + 1


def _given(text: str, at: int) -> bool:
    character = text[at : at + 1]
    return bool(_CJK.match(character)) and character not in _NOT_GIVEN and not text.startswith(_FOLLOWING, at)


def _all(text: str, listed: Sequence[str], companies: Sequence[Span]) -> Iterator[_Person]:
    yield from _listed(text, listed)
    yield from _title_first(text)
    yield from _after_cues(text, companies)
    yield from _titled(text, companies)
    yield from _nicknames(text, companies)


_TITLE_PIECE = re.compile(r"[^\s\-—_·|/（）()@，,]+")
_SHOWN = re.compile(r"[一-鿿A-Za-z0-9]+(?=[^一-鿿A-Za-z0-9]*$)")
"""A piece without the emoji behind it."""
_FAMILIAR = re.compile(
    rf"(?P<name>(?:[小老阿]{_SUR}|(?P<sur>{_SUR})(?P<title>{_either(TITLES)}|伯|姨|叔|婶|嫂|妈|科|处|局|大夫)))$"
)
_BEHIND_A_JOB = re.compile(rf"(?:{_DEPT}|{_AREA}|{_ROLE}|[部科室组店长员师])(?=[一-鿿]{{2,3}}$)")


def _in_titles(text: str, titles: Sequence[Span], companies: Sequence[Span]) -> Iterator[_Person]:
    """李晓明 恒泰集团, 海通-老郑, 李总（采购）: the piece of a name in a chat that is a person's."""
    for title in titles[:MAX_MENTIONS]:
        pieces = list(_TITLE_PIECE.finditer(text, title.start, title.end))
        department = next((piece[0] for piece in pieces if _IS_DEPARTMENT.fullmatch(piece[0])), None)
        shown = [_SHOWN.search(text, piece.start(), piece.end()) for piece in pieces]
        people = [_of_piece(text, each.start(), each.end(), department) for each in shown if each is not None]
        found = [person for person in people if person is not None and not _inside(person, companies)]
        by_title = any(not person.full for person in found)
        # 商管-尤经理: two characters beside somebody with a title are his department
        yield from (person for person in found if not (by_title and person.full and len(person.name) == 2))


def _inside(person: _Person, companies: Sequence[Span]) -> bool:
    return any(company.start <= person.name_at and person.span.end <= company.end for company in companies)


_IS_DEPARTMENT = re.compile(rf"{_DEPT}|{_AREA}")


def _of_piece(text: str, start: int, end: int, department: str | None) -> _Person | None:
    if full_name(text, start) == end and end - start <= 4:
        return _Person(text[start:end], Span(start, end), start, None, department, full=True)
    if familiar := _FAMILIAR.search(text, max(start, end - 6), end):
        at = familiar.start("name")
        before = text[at - 1] if at > start else ""
        if familiar["sur"] and before and before in _INSIDE.get(familiar["sur"], ""):
            return None
        title = familiar["title"] if familiar["title"] in TITLES and familiar["title"] not in ("姐", "哥") else None
        return _Person(familiar["name"], Span(at, end), at, title, department, full=False)
    job = _BEHIND_A_JOB.search(text, start, end)
    if job is not None and full_name(text, job.end()) == end:
        at = job.end()
        return _Person(text[at:end], Span(at, end), at, None, department, full=True)
    return None


def _listed(text: str, listed: Sequence[str]) -> Iterator[_Person]:
    for name in listed:
        at = text.find(name)
        if at >= 0:
            yield _listed_at(text, at, name)
    # three syllables that sound alike hardly meet by chance; two do
    sounds = {_sound(name): name for name in listed if len(name) >= 3 and _title_in(name) is None}
    if not sounds:
        return
    heard = _sound(text)
    for length in {len(name) for name in sounds}:
        for at in range(len(text) - length + 1):
            meant = sounds.get(heard[at : at + length])
            if meant and meant != text[at : at + length] and _decided(text[at : at + length], listed) == meant:
                yield replace(_listed_at(text, at, meant), name=meant)


def _sound(words: str) -> tuple[str | None, ...]:
    return tuple(sound_class(character) for character in words)


def _listed_at(text: str, at: int, name: str) -> _Person:
    start, department = _department_before(text, at)
    title = _title_in(name)
    return _Person(name, Span(start, at + len(name)), at, title, department, full=title is None)


def _as_listed(person: _Person, listed: Sequence[str]) -> _Person:
    """A full name that no list has, but that sounds like one that it has."""
    if not person.full or person.name in listed:
        return person
    meant = _decided(person.name, listed)
    return replace(person, name=meant) if meant else person


def _decided(said: str, listed: Sequence[str]) -> str | None:
    """The listed full name that `said` sounds like, sure and ahead of the next."""
    if said in listed:
        return said
    scored = sorted(
        ((similarity(said, name, (1.0,) * len(name)), name) for name in listed if len(name) == len(said)), reverse=True
    )
    if not scored or scored[0][0] < CONTACT_SURE or (len(scored) > 1 and scored[0][0] - scored[1][0] < CONTACT_MARGIN):
        return None
    return scored[0][1]


def _title_in(name: str) -> str | None:
    return next((title for title in TITLES if name.endswith(title) and len(name) > len(title)), None)


_DEPARTMENT_BEFORE = re.compile(rf"({_DEPT})的?$")


def _department_before(text: str, at: int) -> tuple[int, str | None]:
    match = _DEPARTMENT_BEFORE.search(text, max(0, at - 8), at)
    return (match.start(), match[1]) if match else (at, None)


def _titled(text: str, companies: Sequence[Span]) -> Iterator[_Person]:
    ends = {company.end for company in companies}
    for match in _TITLED.finditer(text):
        at, title = match.start("name"), match["title"]
        if text[match.end() : match.end() + 1] in tuple(_AFTER_SHORT.get(title, "")):
            continue
        if title.endswith("长") and text[match.end() : match.end() + 1] in tuple("期度久短远"):
            continue
        before = text[at - 1 : at]
        if match["sur"] == before == "谢":
            continue  # 谢谢院长
        if match["sur"] == "老" or (before and before in _INSIDE.get(match["sur"], "")):
            continue
        if match["name"] in _NOT_TITLED or (match["sur"] in "应管连全" and title in ("总经理", "经理", "总")):
            continue
        if (
            match["sur"] in _UNCERTAIN
            and not match["dept"]
            and before
            and _CJK.match(before)
            and before not in "见了跟和找给让请问与的部科处门是叫到约从对，位边姓说来换"
            and not (match["sur"] == before and text[at - 2 : at - 1] == "姓")
            and not any(0 <= at - end <= 2 for end in ends)
            and not _AFTER_A_JOB.search(text, max(0, at - 6), at)
        ):
            continue
        if (
            title in SHORT_TITLES
            and title not in ("总", "工", "姐", "哥")
            and not match["dept"]
            and not re.search(r"[见了跟和找给让请问与的到约科部\n]$|^$", before)
        ):
            continue
        said = None if title in ("姐", "哥") else title
        yield _Person(match["name"], Span(match.start(), match.end()), at, said, match["dept"], full=False)


def _title_first(text: str) -> Iterator[_Person]:
    for match in _TITLE_FIRST.finditer(text):
        end = full_name(text, match.end())
        if end is None or not _ends(text, match.end(), end) or _title_follows(text, match.end()):
            continue
        if text[match.start() - 1 : match.start()] in SURNAMES and not match["dept"] and match["title"] in TITLES:
            continue  # 王经理…: the title belongs to the surname before it
        title = None if match["title"] in ("负责人", "对接人", "联系人", "经办人", "接口人") else match["title"]
        yield _Person(text[match.end() : end], Span(match.start(), end), match.end(), title, match["dept"], full=True)


def _after_cues(text: str, companies: Sequence[Span]) -> Iterator[_Person]:
    for pattern in (_CONTACT_IS, _CALLED, _MET, _DEPT_THEN, _WITH):
        for match in pattern.finditer(text):
            end = full_name(text, match.end())
            if end is None or _title_follows(text, match.end()):
                continue
            if text[end : end + 1] == "的" and _TITLED.match(text, end + 1):
                continue  # 碰到吉牧的佟经理: a company
            if pattern is _CALLED and _FIRM_BEFORE.search(text, max(0, match.start() - 2), match.start()):
                continue
            if not (_WITH_THEN.match(text, end) if pattern is _WITH else _ends(text, match.end(), end)):
                continue
            department = match["dept"] if pattern is _DEPT_THEN else None
            start = match.start() if pattern is _DEPT_THEN else match.end()
            yield _Person(text[match.end() : end], Span(start, end), match.end(), None, department, full=True)
    for company in companies:
        at = company.end + (text[company.end : company.end + 1] == "的")
        end = full_name(text, at)
        if (
            end is not None
            and at > company.end
            and not _title_follows(text, at)
            and (_ends(text, at, end) or (end - at == 3 and text[company.end : company.end + 1] == "的"))
        ):
            yield _Person(text[at:end], Span(at, end), at, None, None, full=True)


def _title_follows(text: str, at: int) -> bool:
    return bool(_TITLED.match(text, at))


def _ends(text: str, at: int, end: int) -> bool:
    """Whether what follows a full name shows that it is over: 王建国说, 蒋雪蒋主任."""
    return bool(_THEN.match(text, end) or (text[at] == text[end : end + 1] and _TITLED.match(text, end)))


def _nicknames(text: str, companies: Sequence[Span]) -> Iterator[_Person]:
    ends = {company.end for company in companies}
    for match in _NICK.finditer(text):
        at = match.start()
        start, department = _department_before(text, at)
        says = text[match.end() : match.end() + 1] in (":", "：")
        cued = at in ends or says or bool(_NICK_CUE.search(text, max(0, at - 4), at))
        rare = match["sur"] in RARE_SURNAMES or match["sur"] in TITLE_SURNAMES
        if cued and (not rare or department or says or _AFTER_A_JOB.search(text, max(0, at - 6), at)):
            yield _Person(match["name"], Span(start, match.end()), match.start(), None, department, full=False)


class _Sides:
    """Whose somebody is, by the words around."""

    def __init__(
        self, text: str, pieces: Sequence[Clause], companies: Sequence[Span], rival_side: re.Pattern[str]
    ) -> None:
        self._text = text
        self._pieces = sorted(pieces, key=lambda piece: piece.start)
        self._starts = [piece.start for piece in self._pieces]
        self._company_ends = {end for company in companies for end in (company.end, company.end + 1)}
        self._rival_side = rival_side

    def said(self, person: _Person) -> Side | None:
        """The side that the words name; None where they name none."""
        start, end = person.span.start, person.span.end
        piece = self._piece(start)
        speaker = piece.speaker if piece else None
        before = self._text[max(0, start - 20) : start]
        again = _TITLED.match(self._text, end)
        behind = again.end() if again else end
        if _GONE.match(self._text[behind : behind + 16]):
            return "third"
        if self._company_ends & {start, person.name_at}:
            return "customer"
        if self._rival_side.search(before):
            return "competitor"
        if speaker == "customer":
            if piece and self._addressed(person, piece):
                return "own"
            return (
                "own" if _YOUR_SIDE_BEFORE.search(before) else "customer" if _OUR_SIDE_BEFORE.search(before) else None
            )
        ours = self._is_ours(person, before, speaker)
        if ours is not None:
            return "own" if ours else None
        return "third" if _THIRD_SIDE.search(before) or _MET_BY_CHANCE.search(before) else None

    def _is_ours(self, person: _Person, before: str, speaker: str | None) -> bool | None:
        """Whether he is a colleague of the rep's: by whose he is said to be, who sends him, and what he does. None: not said."""
        after = self._text[person.span.end : person.span.end + 24]
        if any(pattern.search(before) for pattern in _SAID_TO_BE_OURS) or (
            speaker == "rep" and _REP_CALLS.search(before)
        ):
            return True
        team = _OUR_TEAM.search(self._text, max(0, person.name_at - 8), person.name_at)
        if team and _GOES_THERE.match(after):
            return None if _THEIRS_BEFORE.search(self._text, max(0, team.start() - 4), team.start()) else True
        if team and _SENT_BY_NOBODY_ELSE.search(self._text, max(0, team.start() - 8), team.start()):
            return True
        if _BACK_HOME.search(before) and (_TALKS_IT_OVER.match(after) or re.search("请示|汇报|申请", before[-6:])):
            return True
        if _OUR_SIDE_ASKED.search(before) and _OUR_SIDE_DOES.match(after) and not _THEY_ASK.search(before):
            return True
        if (person.department or person.name[0] == "小") and _SENT_BY_NOBODY_ELSE.search(before):
            return not re.search(r"我们?", after[:10])
        return True if _WITH_US.search(before) and _TOGETHER_THERE.match(after) else None

    def _piece(self, at: int) -> Clause | None:
        number = bisect_right(self._starts, at) - 1
        return self._pieces[number] if number >= 0 and at < self._pieces[number].end else None

    def _addressed(self, person: _Person, piece: Clause) -> bool:
        """Whether the customer speaks to him in a chat: 王经理，你们的方案…"""
        vocative = person.span.start - piece.start <= 1 and person.span.end >= piece.end - 1
        after = self._text[person.span.end : person.span.end + 2]
        return vocative or after[:1] in ("，", ",", "您", "你") or after in ("您好", "你好")


@lru_cache(maxsize=64)
def _rival_side(competitors: tuple[str, ...]) -> re.Pattern[str]:
    """The words before a competitor's people: 竞品那边的, 华锐的销售."""
    named = "".join(f"|{re.escape(name)}" for name in sorted(competitors, key=len, reverse=True)[:60] if name)
    return re.compile(rf"(?:{_RIVAL}{named}){_THEIR_JOB}$")


def _surname(name: str) -> str:
    bare = name[1:] if name[:1] in "小老" and len(name) == 2 else name
    return bare[:2] if bare[:2] in COMPOUND_SURNAMES else bare[:1]


def _merged(found: Sequence[_Person]) -> list[_Person]:
    """The same person once: 王建国 and then 王总, 王经理 twice. A full name takes a title said of its surname."""
    kept: list[_Person] = []
    for person in found:
        same = next((at for at, other in enumerate(kept) if _same(other, person)), None)
        if same is None:
            kept.append(person)
            continue
        other = kept[same]
        if person.full and not other.full:
            kept[same] = replace(
                person, title=person.title or other.title, department=person.department or other.department
            )
        elif (other.title is None and person.title is not None) or (
            other.department is None and person.department is not None
        ):
            kept[same] = replace(
                other, title=other.title or person.title, department=other.department or person.department
            )
    return kept


def _same(one: _Person, other: _Person) -> bool:
    if one.name == other.name:
        return True
    if _surname(one.name) != _surname(other.name) or (one.full and other.full):
        return False
    if one.full or other.full:
        return True
    return one.title is None or other.title is None or one.title == other.title
