"""People of the customer in a note: name as said, title, department.

Surname and title (王经理), full name behind a title, a company or a verb of meeting (采购总监王建国, 恒锐精密的陈晓明, 见了李娜),
小周 and 老陈 where the words around say that a person is meant. Our own people (请刘总出面, 我们李工) and whom the customer addresses
in a chat are left out; 王总 after 王建国 is the same person.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nlp.clauses import Clause
from nlp.draft import ContactMention, CustomerEntry, Span
from nlp.places import COMPOUND_SURNAMES, DEPARTMENTS, RARE_SURNAMES, SHORT_TITLES, SURNAMES, TITLES


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


MAX_MENTIONS = 200
"""More mentions of people than this in one note are no longer told apart."""

_CJK = re.compile(r"[一-鿿]")
_WORDLIKE = frozenset("和向于对应成时管连全明单关安")
_SUR = f"(?:{_either(COMPOUND_SURNAMES)}|[{''.join(sorted(SURNAMES - _WORDLIKE))}])"
_DEPT = f"(?:{_either(DEPARTMENTS)})"
_LONG_TITLES = tuple(title for title in TITLES if title not in SHORT_TITLES)
_AREA = "采购|技术|财务|销售|生产|设备|信息|项目|行政|运营|质量|研发|市场|工程|人事|供应链|IT|仓储|物流|商务|法务|基建|后勤|教务|招采|工艺|安全|品质|电气|机械"
_ROLE = f"(?:{_either((*_LONG_TITLES, '负责人', '对接人', '联系人', '采购员', '经办人', '接口人', '工艺员', '财务负责人'))})"
_AFTER_SHORT = {
    "姐": "妹夫", "哥": "们", "总": "体共结额价数量包计归线之公得部", "工": "程作艺厂业人期具地资序商装况会信行单位时", "董": "事", "处": "理于罚在境方", "局": "面限势部", "科": "技学目普研室", "院": "子里校内",
}  # fmt: skip
_TITLED = re.compile(rf"(?:(?P<dept>{_DEPT})的?)?(?P<name>(?P<sur>{_SUR})(?P<title>{_either(TITLES)}))")
_TITLE_FIRST = re.compile(
    rf"(?:(?P<dept>{_DEPT})的?)?(?P<title>(?:{_AREA})?{_ROLE})(?:叫做?|是|名字?叫|，叫|：|:)?\s?(?=[一-鿿]{{2}})"
)
_DEPT_THEN = re.compile(rf"(?P<dept>{_DEPT})的(?=[一-鿿]{{2}})")
_CALLED = re.compile(r"(?:他叫|她叫|名叫|叫做|名字叫|人叫|叫)(?=[一-鿿]{2})")
_CONTACT_IS = re.compile(r"(?:联系人|对接人|接口人|决策人|拍板人)(?:换成|改成|变成|是|叫|为|：|:)+\s?(?=[一-鿿]{2})")
_MET = re.compile(
    r"(?:见到了?|见了|见的是|找到了?|找了|拜访了|约了|约到|碰到了?|遇到了?|联系了|联系上|打给了?|回访了)(?=[一-鿿]{2})"
)
_WITH = re.compile(r"(?:跟|和|给|同|与)(?=[一-鿿]{2})")
_WITH_THEN = re.compile(
    r"(?:通了?(?:个|一?次)?(?:电话|视频)|打了?(?:个)?电话|聊|吃了?(?:个)?饭|谈|沟通|见了?面|碰|开了?(?:个)?会|喝|对接|交流|确认|加了?微信|约)"
)
_NICK = re.compile(
    rf"(?P<name>[小老](?P<sur>{_SUR}))(?=说|聊|反馈|负责|那边|这边|觉得|表示|沟通|对接|确认|，|。|,|、|和|跟|$)"
)
_NICK_CUE = re.compile(
    r"(?:见了|见到了?|找了?|跟|和|问了?|联系了?|约了?|给|是|的|让|部|科|子|女儿|叫|员|理|采购|技术|财务|^|[，。,、\s])$"
)
_THEN = re.compile(
    r"$|[，。！？；：、,.!?;:\s（(“”\"]|的|说|他|她|在|是|也|聊|谈|通|吃|和|跟|还有|以及|负责|反馈|觉得|表示|今天|明天|昨天|上周|下周|要|给|对|就|讲|认为|都|介绍|带|陪|希望|让|同意|答应|承诺|约|主任|经理|总|工|科长|透露|提|很|比较|已经|参加|去|来"
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
    r"(?:高层|高管|高级|方面|方案|方便|方式|管理|管道|时间|时候|时机|成本|成功|成交|程序|程度|安排|安装|安全|单子|单位|单价|应该|应收|应用|任务|任何|万一|万元|常用|常规|常见|金额|金融|石油|田间|白天|黄金|江苏|江西|苏州|温州|徐州|常州|杭州|郑州|广州|路上|路线|马上|牛奶|钱款|钱的|水平|甘肃|向上|毛利|毛病|毛坯|方向|全部|全年|全国|文件|文化|师傅|党委|余款|余额|习惯|齐全|严格|严重|雷同|宁波|宁夏|安徽|河北|曹操|关系|关键|关于|关注|项目|席位|计划|计算|梁柱|和谐|于是|强调|强烈|易用|康复|常委|祝贺|施工|施压|陈述|陈列|许多|许可|张贴|周期|周边|周转|周末|段时间|盛产|古老|胡说|谢谢|尚未|尚且|包装|包括|包含|包年|车间|车辆|查看|查询|商务|商量|商家|边上|边界|房间|房子|华为|华东|华南|华北|门口|农业|游戏|童装|景区|景观|成都|连接|连续|连云港|司机|别家|别的|别人|老板|老师|老客户|宋体|林业|何时|何况|明显|明确|明白|明细|诸多|经理|相关|来回|来年|巩固)"
)
_OUR_SIDE_BEFORE = re.compile(
    r"(?:我们(?:公司|这边|自己)?(?:的)?|咱们?(?:公司)?(?:的)?|我司(?:的)?|本公司(?:的)?|跟着|我的|同事)$"
)
_OUR_SIDE_ASKED = re.compile(
    r"(?:请|让|叫|拉|麻烦|找|带|安排|协调|申请|喊|约上|带上)(?:一下|了|上|咱们?|我们(?:的)?|公司(?:的)?)*$"
)
_OUR_SIDE_DOES = re.compile(
    r"^(?:那边|这边)?(?:过来|来|去|再|帮忙?|给|一起|也|亲自)*(?:出面|确认|核实|跟进|查|核对|支持|陪同|协助|协调|安排|拜访|审批|批|签字|出个?方案|帮|出方案|做方案|出图|评估|核价|核算|申请|特批|派)"
)
_OUR_SIDE_SENT = re.compile(
    r"(?<![跟给对让叫])我们?(?:这边|那边)?(?:已经|再|会|去|也|先|打算|准备|建议)*(?:让|请|叫|安排|派)(?:了|一下)?$"
)
_RIVAL_SIDE = re.compile(r"(?:竞品|竞争对手|友商|对手|别家)(?:公司|那边|家)?(?:的)?$")


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
) -> tuple[ContactMention, ...]:
    """The customer's people, in the order in which they first appear. `companies` are the mentions of customers, `title` that of a chat."""
    found: list[_Person] = []
    end = 0
    for person in sorted(
        [*_in_title(text, title), *_all(text, customers, companies)], key=lambda each: (each.span.start, -each.span.end)
    ):
        if person.span.start < end:
            continue
        end = person.span.end
        if not _ours(text, person, pieces) and not _theirs(text, person, competitors):
            found.append(person)
    return tuple(ContactMention(p.name, p.span, p.title, p.department) for p in _merged(found))


def is_person(words: str) -> bool:
    """Whether the words as a whole are a person: 王总, 采购部李经理, 王建国."""
    titled = _TITLED.fullmatch(words)
    if titled is not None:
        return True
    end = full_name(words, 0)
    return end == len(words) and len(words) == 3 and words[0] not in RARE_SURNAMES


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
    return first + 2 if _given(text, first + 1) else first + 1


def _given(text: str, at: int) -> bool:
    character = text[at : at + 1]
    return bool(_CJK.match(character)) and character not in _NOT_GIVEN and not text.startswith(_FOLLOWING, at)


def _all(text: str, customers: Sequence[CustomerEntry], companies: Sequence[Span]) -> Iterator[_Person]:
    yield from _listed(text, customers)
    yield from _title_first(text)
    yield from _after_cues(text, companies)
    yield from _titled(text)
    yield from _nicknames(text)


def _in_title(text: str, title: Span | None) -> Iterator[_Person]:
    """李晓明 恒泰集团: the piece of a chat's title that is a full name."""
    if title is not None:
        for piece in re.finditer(r"[一-鿿]{2,4}(?![一-鿿])", title.of(text)):
            start = title.start + piece.start()
            if full_name(text, start) == title.start + piece.end():
                yield _Person(piece[0], Span(start, start + len(piece[0])), start, None, None, full=True)


def _listed(text: str, customers: Sequence[CustomerEntry]) -> Iterator[_Person]:
    for name in {name for entry in customers for name in entry.contacts if len(name) >= 2}:
        at = text.find(name)
        if at >= 0:
            start, department = _department_before(text, at)
            yield _Person(
                name, Span(start, at + len(name)), at, _title_in(name), department, full=_title_in(name) is None
            )


def _title_in(name: str) -> str | None:
    return next((title for title in TITLES if name.endswith(title) and len(name) > len(title)), None)


_DEPARTMENT_BEFORE = re.compile(rf"({_DEPT})的?$")


def _department_before(text: str, at: int) -> tuple[int, str | None]:
    match = _DEPARTMENT_BEFORE.search(text, max(0, at - 8), at)
    return (match.start(), match[1]) if match else (at, None)


def _titled(text: str) -> Iterator[_Person]:
    for match in _TITLED.finditer(text):
        at, title = match.start("name"), match["title"]
        if text[match.end() : match.end() + 1] in tuple(_AFTER_SHORT.get(title, "")):
            continue
        before = text[at - 1 : at]
        if (match["sur"] == "周" and before in tuple("上下本这每一")) or (match["sur"] == "老"):
            continue
        if (
            match["sur"] in RARE_SURNAMES
            and not match["dept"]
            and before
            and _CJK.match(before)
            and before not in "见了跟和找给让请问与的部科处门是叫到约从对，"
        ):
            continue
        if (
            title in SHORT_TITLES
            and title not in ("总", "工", "姐", "哥")
            and not match["dept"]
            and not re.search(r"[见了跟和找给让请问与的到约]$|^$", before)
        ):
            continue
        said = None if title in ("姐", "哥") else title
        yield _Person(match["name"], Span(match.start(), match.end()), at, said, match["dept"], full=False)


def _title_first(text: str) -> Iterator[_Person]:
    for match in _TITLE_FIRST.finditer(text):
        end = full_name(text, match.end())
        if end is None or not _THEN.match(text, end):
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
            if not (_WITH_THEN if pattern is _WITH else _THEN).match(text, end):
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
            and (_THEN.match(text, end) or (end - at == 3 and text[company.end : company.end + 1] == "的"))
        ):
            yield _Person(text[at:end], Span(at, end), at, None, None, full=True)


def _title_follows(text: str, at: int) -> bool:
    return bool(_TITLED.match(text, at))


def _nicknames(text: str) -> Iterator[_Person]:
    for match in _NICK.finditer(text):
        if match["sur"] not in RARE_SURNAMES and _NICK_CUE.search(text, max(0, match.start() - 4), match.start()):
            start, department = _department_before(text, match.start())
            yield _Person(match["name"], Span(start, match.end()), match.start(), None, department, full=False)


def _ours(text: str, person: _Person, pieces: Sequence[Clause]) -> bool:
    before = text[max(0, person.span.start - 8) : person.span.start]
    if _OUR_SIDE_BEFORE.search(before) or _OUR_SIDE_SENT.search(before):
        return True
    if _OUR_SIDE_ASKED.search(before) and _OUR_SIDE_DOES.match(text[person.span.end : person.span.end + 8]):
        return True
    for piece in pieces:
        if piece.start <= person.span.start < piece.end:
            # in a chat the customer addresses the rep: 王经理，你们的方案…
            vocative = person.span.start - piece.start <= 1 and person.span.end >= piece.end - 1
            addressed = text[person.span.end : person.span.end + 1] in ("，", ",", "您", "你") or text[
                person.span.end : person.span.end + 2
            ] in ("您好", "你好")
            return piece.speaker == "customer" and (vocative or addressed)
    return False


def _theirs(text: str, person: _Person, competitors: Sequence[str]) -> bool:
    before = text[max(0, person.span.start - 12) : person.span.start]
    return bool(_RIVAL_SIDE.search(before)) or any(before.endswith((name, name + "的")) for name in competitors)


def _surname(name: str) -> str:
    bare = name[1:] if name[:1] in "小老" and len(name) == 2 else name
    return bare[:2] if bare[:2] in COMPOUND_SURNAMES else bare[:1]


def _merged(found: Sequence[_Person]) -> list[_Person]:
    """The same person once: 王建国 and then 王总, 王经理 twice. A full name takes a title said of its surname."""
    kept: list[_Person] = []
    for person in found[:MAX_MENTIONS]:
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
