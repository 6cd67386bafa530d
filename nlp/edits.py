"""Replies that change a draft: 预算改成90万，第一个待办删了 / 客户是宁波恒丽不是恒力 / 排期表那个往后推三天.

A reply is an instruction only where every word of it is accounted for: it is cut wherever a new instruction may begin (at
punctuation, and since speech has none, before the words that instructions are about and behind the verbs that end them),
and the cheapest way to read all pieces as instructions counts. One piece that is none, and the whole is left to be read
as a note. An instruction whose object is open (改成90万, with two amounts in the draft) yields one question and no change.

Conventions
- Steps are numbered as in the draft as it was given, even behind an earlier removal in the same reply.
- 往后推三天 counts calendar days from the day on which the step is due; 三个工作日 counts working days.
- 竞品不是甲是乙 takes 甲 away and adds 乙. 联系人是乙 replaces the one contact there is.
- A day of the visit is in the past: 拜访是周二 is last Tuesday. A new due day is read like that of a note.
- A reason behind an instruction (报价去掉，还没正式报), or between what goes and the verb, changes nothing.
- A figure without its 万 (预算改成九十) is so much where the draft's amount is of that size, up to twice or down to half.
- 报价再加五万 counts from the one figure that the draft has; without one it is asked about.
- A sign that something is wrong (日期不对) is a question, unless the next words say what is right.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from nlp import clauses, dates, edit_refs, money, numerals, sounds
from nlp.draft import Amount, AmountRole, Owner, Span
from nlp.edit_ops import (
    AddCompetitor,
    AddContact,
    AddStep,
    Ask,
    DraftView,
    Edit,
    RemoveAmount,
    RemoveCompetitor,
    RemoveContact,
    RemovePain,
    RemoveRisk,
    RemoveStep,
    SetAction,
    SetAmount,
    SetContact,
    SetCustomer,
    SetDue,
    SetOwner,
    SetStage,
    SetVisitedOn,
    Supplement,
    Unclear,
    Undo,
)
from nlp.edit_refs import ROLE, ROLES, Kind, Pointed
from nlp.places import INDUSTRIES

MAX_LENGTH = 200
"""Longer texts are notes, whatever they begin with."""
MOST_IN_A_PIECE = 45
"""Characters of one instruction, but for what is added in the rep's own words."""

MOST_IN_A_VALUE = 24
"""Characters in which an amount or a day is said, 九十万不对应该是九十五万 included."""

MOST_CUTS_IN_A_PIECE = 12
"""Places within one instruction where another might have begun."""

MOST_PIECES_A_CHARACTER = 4
MOST_PIECES = 200
"""Pieces that are tried, for each character of the reply and in all; one that needs more is a note. Replies need a fifth."""

# Spellings of speech recognition, each as long as what it stands for
_SPELLINGS = {
    "代办": "待办", "呆办": "待办", "带办": "待办", "撤消": "撤销", "撤削": "撤销", "连系人": "联系人", "连络人": "联系人", "联络人": "联系人", "联席人": "联系人", "拜防": "拜访", "改城": "改成",
    "盖成": "改成", "盖到": "改到", "删调": "删掉", "山掉": "删掉", "山了": "删了", "珊掉": "删掉", "竟品": "竞品", "镜品": "竞品", "精品": "竞品", "净品": "竞品", "阶断": "阶段", "接段": "阶段", "抱价": "报价",
    "预祘": "预算", "痛电": "痛点", "分险": "风险", "往后退": "往后推",
    # words of dialects
    "唔系": "不是", "唔要": "不要", "唔使": "不用", "莫得": "没有", "没得": "没有", "冇得": "没有", "木有": "没有", "一哈": "一下", "咋个": "怎么", "甭写": "别写",
}  # fmt: skip
_SPELLING = re.compile(
    "|".join(_SPELLINGS) + r"|(?<!应)该成|(?<=\d)蚊|(?<=[一二三四五六七八九十百千])蚊|(?:^|(?<=[，, ]))系(?![统列])"
)
_SPELLED_ALONE = {"该成": "改成", "蚊": "块", "系": "是"}
_FIELDS = (
    "预算",
    "报价",
    "单价",
    "尾款",
    "定金",
    "差价",
    "竞品",
    "阶段",
    "待办",
    "风险",
    "痛点",
    "拜访",
    "客户",
    "合同",
)
"""Words that name a field; one of which recognition has one character right is known by its sound."""

_STOPS = "，,。；;！!、 "
P = r"[，,。；;！!、\s]*"
_NAMED = r"(?:(?!还有|然后|另外|阶段|联系人|预算|报价|待办|竞品|拜访|第[一二三四五]|风险|痛点)[^，,；;。]){1,15}"
"""A name that is said to be wrong; where another instruction begins, it has ended."""
_POLITE_TAIL = re.compile(
    r"(?:[，,。！!\s]|吧|啊|哈|呀|哦|嗯|嘛|噻|撒|呗|咯|喽|嘞|哩|咧|哟|啦|喔|呐|才对|才是|就对了|好吗|可以吗|行吗|(?:好|行|成|中|要得|可以|可|得)不(?:好|行|成|中|得|可以)?|谢谢[你您]?|谢了|多谢|麻烦[你您]?了|辛苦了?|就行了?|就可以了?|就好了?|[?？](?<=[吗行好以不][?？]))+$"
)
_LEAD = re.compile(
    r"(?:[，,。；;！!、\s]|那啥|(?:那|这)个啥|咋(?:整|搞|回事|弄)的?|(?:你|您)?听我(?:说|讲)|(?:都|早就?|已经)?[跟和]你说(?:了|过)|[俺我]?(?:寻思|琢磨|觉着|看|想)着?(?=还是)|俺|随便|不好意思|抱歉|对不起|拜托|哦?对了?(?=[，,不还])|我?(?:又|刚才?|仔细)?(?:看|查|翻|核|问|对|核对|想|确认)(?:了|过)(?:一?[下遍]|看)?(?=[，,\\s]|[预报客联阶竞待单合])|[就有还]*改?[一两三几][个处]?(?:地方|处)(?:要改|不对|错了|要改一下)?(?=[，,])|又(?=错)|嗯+|呃+|额|啊|哦+|哎呀?|唉|诶|喂|那个(?!不对|错)|这个(?!不对|错)|就是说?|对了|对(?![接手方])|好(?!像)的?|是这样|不对不对|不对(?=[，,\s]*(?:预|报|联|客|阶|拜|竞|第|是|应))|"
    r"更正一下|更正|纠正一下|我?(?:刚才|刚刚)?(?:说错了?|记错了?|打错了?|讲错了?|搞错了?|弄错了?|写错了?|改错了?|听错了?|识别错了?)(?!的|人了|对象)|麻烦[你您]?|劳驾|辛苦你?|帮我?忙?|请[你您]?|把|将|给我|"
    r"再(?!次)|就(?![这写按是留要])|还有(?:就是)?(?!个|一)|另外|然后|顺便|同时|并且|以及|接着|最后(?=把)|先(?!不)|也(?!是|不)|还要|要(?=把)|你|您|给(?=[^，,他她我你客]{2,8}(?:那个|这个|那条|待办))|能不能|可不可以|可以把|我想|我要|需要|得把|记得|那(?=[把就预报联客阶第]))*"
)
_ERROR = re.compile(r"(?:不对|错了|错|有误|不准|不准确|不正确)")
_COURTESY = re.compile(
    r"(?:谢谢[你您]?|辛苦了?|好的?|嗯+|就这样(?:吧|了)?|就这些(?:吧|了)?|没了|没有了|(?:其他|其它|别的|其余|剩下的?)(?:的)?(?:都|也|就)?(?:不变|不动|没问题|没错|对的?|可以|没有了?)|麻烦[你您]?了?|其余不变|收到|不好意思|抱歉|对不起|拜托(?:你?了)?|先(?:就)?这样|回头再说|(?:别|不要)(?:再)?(?:搞|弄|写|记|听|填)错了?|[我是]*(?:口误|嘴瓢|手滑|手误|打字快)了?|你?记(?:一?下|好)|记[好住]了?|以这个为准|按这个来|(?:你|系统|机器|语音|识别|输入法)(?:听|写|记|识别|转|打)?错了?|OK|ok|可以了?|行了?|不用改了?|[\u4e00-\u9fa5]{2,6}(?:不变|没变|没错|是对的|不动|不用动|不改|不用改|照旧|保持不变|保留))*(?:吧|了|啊)?"
)
_QUESTION = re.compile(r"吗|怎么|怎样|如何|为什么|什么|谁|哪|多少|几号|几个|几点|[?？]|来着|有没有|是不是|呢$")

_NO_QUESTION = re.compile(
    r"[没不][^，,。吗]{0,4}(?:多少|几|哪|什么|谁|怎么)|(?:写|记|听|弄)的(?:都|这|是)*(?:啥|什么)|哪[里儿个]?(?:写|记|弄|搞)?[错不]|谁说的$"
)

_CHANGE = (
    r"(?:(?:要|应该?|需要|得|可以|就|都|全部?|先|再|直接|给|帮我|重新|统一|实际上?|其实|现在|目前|今年|确切|准确)*"
    r"(?:应该?是|应该?写|实际|有|应为|应该?为|应该?到|应该?在|改成是|改成了?|改为了?|改作|换成|换做|换为|调整为|调整到|调整成|调成|调到|调为|更正为|更正成|更新为|更新成|更新|(?:提高|上调|下调|降低|调高|调低|压|砍|减少|增加|上升|升)(?:到|至|为|成)|写成|写|变成|变更为|变为|改到|改|是|为|填|按|算|加到|降到|涨到|减到|提到|打到|谈到|核到|批到|放到|给到|批了|定为|定在|记成|记为|设成|设为|弄成|换|叫|到|[:：=])(?:了|是)?)"
)
_WRITE = "[写记弄搞说填听打报算挂录输标]"
_WRONG = (
    rf"(?:(?:(?:{_WRITE}|识别)?(?:(?<!不)[错串混岔][了啦]|(?<!不)错|得?不对|有误|不准确?|不正确|反了)|改一?下|要改一?下?|得改一?下?|换一?下|更新一?下|更正一?下|调整一?下|修改一?下|有变化?|变了"
    rf"|{_WRITE}[少多高低小大早晚漏]了(?:一?个[零0])?|[少多漏]{_WRITE}了(?:一?个[零0])?|忘了?[写填记]了?|没[写填记](?:对|上)?)[哦啊哈呀啦]?)"
)

_DEL = r"(?:删掉了?|删除掉?|删了|删去|删|去掉了?|去除|取消掉?|拿掉|划掉|移除|移掉|撤掉|撤下来|清掉|清空|清除|剔除|抹掉|踢掉|拿下来|剔掉|划了|拿走|除掉|砍掉)"
_EVERY = r"(?:都|全部?|统统|一起|一并)"
_DEL_AFTER = (
    rf"(?:{_EVERY}|也|就|可以|直接|先|帮我|给我|请|的话|应该|得|要|把它|把他|把她|就把它|暂时|这个|那个|是)*"
    rf"(?:{_DEL}|不要写|不要填|不要|不用[要做写管发寄弄去办给约送]?|不做|不需要|不算|不写|别[瞎乱]?写|别要|不填|别填|别[瞎乱]加|不留|作废|不存在|免|空着|留空|留白|空出来|不记|别记|不列|别列|没有(?=了))(?:了|掉|它|吧|一下)*"
)


@dataclass(frozen=True)
class _Read:
    """One way to read a piece; the cheaper one wins."""

    edits: tuple[Edit, ...]
    cost: float


def needs_a_record(text: str, wanted: tuple[Edit, ...]) -> bool:
    """Whether a reply makes sense only of a record that there is: 预算改成90万, unlike 客户：恒力，预算：90万.

    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> text = "预算改成90万"
    >>> needs_a_record(text, parse(text, datetime(2026, 11, 20, tzinfo=zone), zone))
    True
    """
    names_a_customer = any(isinstance(edit, SetCustomer) for edit in wanted)
    return bool(wanted) and not names_a_customer and bool(_ASKS_TO_CHANGE.search(_spelled(text.strip())))


_ASKS_TO_CHANGE = re.compile(
    r"改|换成|更正|调整|变成|写成|应为|应该是|[延挪放调推]到|推迟|往后|提前|删|去掉|取消|不要|补充|[新增添]加|^再?加|撤销|不对|错了|退回|恢复"
)


def parse(
    text: str,
    sent_at: datetime,
    zone: ZoneInfo,
    draft: DraftView | None = None,
    worked: dates.Worked = dates.is_working_day,
) -> tuple[Edit, ...]:
    """The changes a reply asks for, in the order in which they are said; empty when it is not one, or not wholly one.

    A single `Ask` where it is unclear what is to be changed. `draft` is the record that is to be changed, if there is one;
    a reply can point only at what that holds.

    >>> parse("预算改成90万", datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Shanghai")), ZoneInfo("Asia/Shanghai"))
    (SetAmount(role='budget', low_fen=90000000, high_fen=90000000, unit=None, span=Span(start=4, end=7)),)
    """
    if len(text) > MAX_LENGTH or not text.strip():
        return ()
    return _Reader(text, sent_at, zone, draft, worked).read()


@dataclass(frozen=True)
class Answered:
    """Spans of `edits` refer to what went before + the answer + what followed; `answer` is the part of the message used."""

    edits: tuple[Edit, ...]
    answer: Span


def answered(
    question: Ask,
    asked_by: str,
    answer: str,
    sent_at: datetime,
    zone: ZoneInfo,
    draft: DraftView,
    worked: dates.Worked = dates.is_working_day,
) -> Answered | None:
    """The changes that `answer` makes of the reply `asked_by`, which left that question; None where it is no answer."""
    words = answer.strip(_AROUND_AN_ANSWER)
    if not question.answerable or not words or len(words) > MOST_IN_AN_ANSWER:
        return None
    start = answer.index(words)
    wanted = parse(question.before + words + question.after.of(asked_by), sent_at, zone, draft, worked)
    if not wanted or any(isinstance(edit, Ask) for edit in wanted):
        return None
    return Answered(wanted, Span(start, start + len(words)))


_AROUND_AN_ANSWER = " \n。.！!，,吧的嗯啊是"
MOST_IN_AN_ANSWER = 20


def _spelled(text: str) -> str:
    folded = clauses.fold(text).replace("\n", "，").replace("\r", "，").replace("\t", " ")
    known = _SPELLING.sub(lambda match: _SPELLINGS.get(match[0]) or _SPELLED_ALONE[match[0]], folded)
    return _with_fields(known)


def _with_fields(text: str) -> str:
    """With the names of fields as they are written where recognition has one character of them wrong: 预酸 is 预算."""
    spelled = list(text)
    for at in range(len(text) - 1):
        for field in _fields_with(text[at], text[at + 1]):
            spelled[at : at + 2] = field
    return "".join(spelled)


@lru_cache(maxsize=4096)
def _fields_with(one: str, other: str) -> tuple[str, ...]:
    found = tuple(
        field
        for field in _FIELDS
        if (one == field[0]) != (other == field[1]) and all(map(_sounds_the_same, (one, other), field))
    )
    return found[:1]


def _sounds_the_same(one: str, other: str) -> bool:
    return sounds.distance(one, other) <= sounds.WRONG_TONE


# Where an instruction may begin or end

_BEGINS = (
    r"预算|(?:我们)?报价|单价|合同[额金价]|成交[价额]|联系人|对接人|客户(?!那边|端|的)|阶段|竞品|竞争对手|风险|痛点|拜访|见面|待办|下一步|最后[一那]?[个条项]|倒数|前[两三]个|第[一二三四五六七八九十\d]+[个条项件]?|"
    r"加上|再加|加[一个]|增加|补充|添加|新增|漏了|漏掉|忘了|撤销|退回|恢复|删掉|删除|去掉|取消|换成|不是|是(?!我|谁)|应该|改成|改|负责人|负责|还有|然后|另外|顺便|同时|把|不要|往后|推迟|延后|提前|顺延|时间|我是|金额|价格|其他|别的|都|这条|让|由|服务费|货款|尾款|欠款|回款|费用|运费|谢谢|就这样|备注|没"
)
_ENDS = rf"{_DEL}(?:了|吧)?|不要了?|不用了|不做了|[，,。；;！!、\s]+|不对|错了|改一下"
_CUT_BEFORE = re.compile(rf"(?={_BEGINS})")
_CUT_AFTER = re.compile(_ENDS)
_CUT_BEHIND = re.compile(
    r"[万亿](?![一二三四五六七八九\d元以])|(?:周|星期|礼拜)[一二三四五六日天]|\d[号日]|[一二三四五六七八九十]号|月底"
)
"""Values; what follows one may be the next instruction."""


_FREE = re.compile(
    rf"(?:预算|报价|单价|联系人|客户|阶段|竞品|风险|痛点|第[一二三四五六七八九十\d]+[个条项]|待办)[^，,。；;！!\s]{{0,6}}(?:改|是|删|去掉|换|加|不要|推)|{_DEL}|撤销"
)
_REASON = re.compile(
    r"(?:(?:因为|毕竟|反正|其实)?(?:还没|没|不[是跟和会算属]|已经|早就|他|她|它|那|这|是|我(?:说|记|写|听|搞|弄|看)错|客户|人家|别家|不在|不用|用不上|刚才|刚|当时|只是|实际|就是|跟|听错|写错|记错|搞错|说错|重复|多余|不准|没有|都|算|不算|对方)[^，,。；;！!\d\n]{0,11}|[\u4e00-\u9fa5]{1,3}的[\u4e00-\u9fa5])"
)
_NEWS_IN_REASON = re.compile(
    r"改|删|去掉|加上|换成|撤销|[万亿元]|[一二三四五六七八九十]号|周[一二三四五六日天]|明天|后天|下周|月底|答应|承诺|签|领导|竞品|报价|预算|合同"
)


_SAYS_WHAT_IT_IS = re.compile(r"(?:其实|只|就|都|也|本来)*[是不没算属][^，,。；;！!\d\n]+$")
MOST_IN_A_REASON = 20


def _named_in(edit: Edit) -> str:
    """What a removal takes away, as the draft calls it."""
    match edit:
        case RemoveContact() | RemoveCompetitor():
            return edit.name
        case RemoveRisk():
            return edit.words
        case RemovePain():
            return edit.category
        case _:
            return ""


_PUT_INSTEAD = re.compile(r"(?:再|改成|换成|换|改|加上?个?|应该是|是|填上?|写上?)+(?P<value>[^，,是]{2,12})")
_IS_OVER = re.compile(r"[^，,。；;！!\d\n]{2,8}了")
_REMOVALS = (RemoveAmount, RemoveCompetitor, RemoveContact, RemovePain, RemoveRisk, RemoveStep)


class _Reader:
    def __init__(
        self, text: str, sent_at: datetime, zone: ZoneInfo, draft: DraftView | None, worked: dates.Worked
    ) -> None:
        self.text = text
        self.s = _spelled(text)
        self.sent_at = sent_at
        self.zone = zone
        self.worked = worked
        self.known = draft is not None
        self.view = draft or DraftView()
        self._amounts: dict[str, Amount | None] = {}
        self._ruled: dict[tuple[int, int], tuple[Edit, ...] | None] = {}

    # The whole

    def is_whole(self, start: int, stop: int) -> bool:
        """Whether the reply says nothing besides, but for fillers."""
        lead = _LEAD.match(self.s)
        return start <= (lead.end() if lead else 0) and not self.s[stop : self._end()].strip(_STOPS)

    def read(self) -> tuple[Edit, ...]:
        end = self._end()
        found = self._covered(end)
        if found is None:
            return ()
        edits = found.edits
        if not edits:
            return self._nothing_but_a_sign(end)
        if self._asks_a_question(edits, end):
            return ()
        edits = tuple(edit for edit, then in zip(edits, (*edits[1:], None), strict=True) if not _is_settled(edit, then))
        asks = [edit for edit in edits if isinstance(edit, Ask)]
        if asks:
            return (asks[0],)
        return tuple(edit for place, edit in enumerate(edits) if not _is_said_again(edit, edits[:place]))

    def _end(self) -> int:
        match = _POLITE_TAIL.search(self.s)
        end = match.start() if match else len(self.s)
        return end or len(self.s.rstrip())

    def _nothing_but_a_sign(self, end: int) -> tuple[Edit, ...]:
        return (
            (Ask("what", Span(0, len(self.text))),) if end <= MOST_IN_A_PIECE and _SIGN.fullmatch(self.s[:end]) else ()
        )

    def _asks_a_question(self, edits: Sequence[Edit], end: int) -> bool:
        """Whether a word of asking stands outside what is to be put into the record in the rep's own words.

        What the rep does not know (还没说多少) and what annoys them (写的什么) is not asked.
        """
        free = [edit.span for edit in edits if isinstance(edit, (Supplement, AddStep, SetAction))]
        free += [Span(*match.span()) for match in _NO_QUESTION.finditer(self.s[:end])]
        return any(
            not any(span.start <= match.start() < span.end for span in free)
            for match in _QUESTION.finditer(self.s[:end])
        )

    def _covered(self, end: int) -> _Read | None:
        """The cheapest way to read all of the text as instructions."""
        cuts = self._cuts(end)
        most = min(MOST_PIECES, MOST_PIECES_A_CHARACTER * len(self.s))
        reached: dict[int, _Read] = {0: _Read((), 0.0)}
        for index, start in enumerate(cuts[:-1]):
            before = reached.get(start)
            if before is None:
                continue
            for stop in dict.fromkeys((*cuts[index + 1 : index + 1 + MOST_CUTS_IN_A_PIECE], end)):
                if len(self._ruled) > most:
                    return None
                piece = self._piece(start, stop, end, before.edits)
                if piece is None:
                    continue
                # speech has no commas, but where there are some they count
                inside = 0.0 if start == 0 or self.s[start - 1] in _STOPS else 0.2
                whole = _Read(before.edits + piece.edits, before.cost + piece.cost + inside)
                if stop not in reached or whole.cost < reached[stop].cost:
                    reached[stop] = whole
        return reached.get(end)

    def _cuts(self, end: int) -> list[int]:
        found = {0, end}
        found |= {match.start() for match in _CUT_BEFORE.finditer(self.s, 0, end)}
        for match in _CUT_AFTER.finditer(self.s, 0, end):
            found |= {match.start(), match.end()}
        found |= {match.end() for match in _CUT_BEHIND.finditer(self.s, 0, end)}
        for stage in self.view.stages:
            if (at := self.s.find(stage, 0, end)) >= 0:
                found.add(at + len(stage))
        named = [*self.view.contacts, *self.view.competitors, *self.view.pain_points]
        for name in named:
            at = self.s.find(name, 0, end)
            while at >= 0 and name:
                found.add(at)
                at = self.s.find(name, at + 1, end)
        pairs = {step.action[i : i + 2] for step in self.view.steps for i in range(len(step.action) - 1)}
        pairs |= {risk[i : i + 2] for risk in self.view.risks for i in range(len(risk) - 1)}
        inside = False
        for at in range(end - 1):
            is_pair = self.s[at : at + 2] in pairs
            if is_pair and not inside:
                found.add(at)
            inside = is_pair
        return sorted(found)

    # One piece

    def _piece(self, start: int, stop: int, end: int, before: tuple[Edit, ...]) -> _Read | None:
        lead = _LEAD.match(self.s, start, stop)
        at = lead.end() if lead else start
        if at >= stop or _COURTESY.fullmatch(self.s, at, stop) or _COURTESY.fullmatch(self.s, start, stop):
            return _Read((), 0.4)
        stop_bare = stop
        while stop_bare > at and self.s[stop_bare - 1] in _STOPS:
            stop_bare -= 1
        if stop_bare == at:
            return _Read((), 0.4)
        if (free := self._free(at, stop, end)) is not None:
            return free
        if len(self.s[at:stop_bare]) > MOST_IN_A_PIECE:
            return None
        if (found := self._by_rules(at, stop_bare)) is not None:
            ask = any(isinstance(edit, Ask) for edit in found)
            return _Read(found, 8.0 if ask else 1.0)
        if before and isinstance(before[-1], RemoveCompetitor) and (rival := self._rival_instead(at, stop_bare)):
            return _Read((rival,), 1.0)
        if before and not isinstance(before[-1], Ask) and self._is_reason(at, stop_bare, before[-1]):
            return _Read((), 2.5)
        return None

    def _rival_instead(self, start: int, stop: int) -> AddCompetitor | None:
        """联迅去掉加上迈瑞: behind a competitor that goes, a name is that of another."""
        match = _PUT_INSTEAD.fullmatch(self.s, start, stop)
        name = _competitor_name(match["value"]) if match else None
        if match is None or name is None:
            return None
        span = _where(match, "value", name)
        return AddCompetitor(span.of(self.text), span)

    def _by_rules(self, start: int, stop: int) -> tuple[Edit, ...] | None:
        """What the first rule makes of it that knows it; pieces that differ in fillers alone are read once."""
        if (start, stop) not in self._ruled:
            words = self.s[start:stop]
            self._ruled[start, stop] = next(
                (found for rule in _RULES if (found := rule(self, words, start)) is not None), None
            )
        return self._ruled[start, stop]

    def _is_reason(self, start: int, stop: int, before: Edit) -> bool:
        words = self.s[start:stop]
        if _NEWS_IN_REASON.search(words.removeprefix(named) if (named := _named_in(before)) else words):
            return False
        if (
            named
            and len(words) <= MOST_IN_A_REASON
            and words.startswith(named)
            and _SAYS_WHAT_IT_IS.match(words, len(named))
        ):
            return True
        if re.match("[这那][么样]", words):
            return False
        if words.startswith("是") and self.s[start - 1 : start] not in _STOPS:
            return False
        over = isinstance(before, _REMOVALS) and self.s[start - 1 : start] in _STOPS and _IS_OVER.fullmatch(words)
        return bool(over or _REASON.fullmatch(words))

    def _free(self, at: int, stop: int, end: int) -> _Read | None:
        """What is to be put into the record in the rep's own words."""
        piece = self.s[at:stop]
        if match := _ADD_STEP.match(piece):
            if "，" in piece[match.end() :].rstrip("，,。；;！! ") and stop != end:
                return None
            span = self._trim(at + match.end(), stop)
            if span.end - span.start < 2 or _CANNOT_BE_STEP.match(self.s[span.start : span.end]):
                return None
            return _Read((AddStep(span),), 1.0 + self._swallowed(span, whole=piece))
        if match := _ADD_TO_STEPS.fullmatch(piece.rstrip("，,。；;！! ")):
            return _Read((AddStep(Span(at + match.start("value"), at + match.end("value"))),), 1.0)
        if (
            self.is_whole(at, stop)
            and (match := _ALSO_PUT_IN.fullmatch(piece))
            and self._tells_what_to_do(match["value"])
        ):
            return _Read((AddStep(Span(at, at + match.end("value"))),), 1.5)
        if self.is_whole(at, stop) and (match := _PUT_THAT_IN.fullmatch(piece)):
            return _Read((Supplement(self._trim(at, at + match.end("value"))),), 1.5)
        if stop == end and (match := _SUPPLEMENT.match(piece)) and not _OTHER_ADDITION.match(piece):
            span = self._trim(at + match.end(), len(self.text))
            if span.end - span.start >= 2:
                return _Read((Supplement(span),), 1.5)
        return None

    def _tells_what_to_do(self, words: str) -> bool:
        """下周三要回访: a day that is to come, and a deed."""
        found = dates.find(words, self.sent_at, self.zone, self.worked) if len(words) <= MOST_IN_A_PIECE else []
        if len(found) != 1 or found[0].span.start > 1 or found[0].due is None:
            return False
        rest = words[found[0].span.end :].lstrip("我要得去给再，, ")
        return found[0].due >= self.sent_at.astimezone(self.zone).date() and bool(_DOES.match(rest))

    def _swallowed(self, span: Span, *, whole: str) -> float:
        """What it costs that a step's own words may hold another instruction."""
        return 3.0 * len(_FREE.findall(self.s[span.start : span.end]))

    def _trim(self, start: int, stop: int) -> Span:
        while start < stop and self.text[start] in "：:，,。；; \n、！!":
            start += 1
        while stop > start and self.text[stop - 1] in "，,。；; \n、！!":
            stop -= 1
        return Span(start, stop)

    # Values

    def money(self, words: str, at: int) -> Amount | None:
        """The one amount that the words are, its span in the whole text; None where they are more or less than that."""
        if words not in self._amounts:
            self._amounts[words] = self._money(words) if len(words) <= MOST_IN_A_VALUE else None
        amount = self._amounts[words]
        return amount and replace(amount, span=Span(at + amount.span.start, at + amount.span.end))

    def _money(self, words: str) -> Amount | None:
        at = later = 0
        for taken_back in re.finditer(r"(?:[，,]|哦|啊|嗯)*(?:不对|说错了|不是|错了|不不)(?:[，,]|应该|是)*", words):
            later = taken_back.end()
        if later and money.amounts("预算" + words[later:]):
            words, at = words[later:], at + later
        per = re.match(rf"(?P<sum>.+?)(?:元|块钱?)?(?:一|每|/)(?P<unit>{_UNITS})(?:吧|的|左右)?$", words)
        cue = "预算"
        found = money.amounts(cue + words)
        if per and all(each.unit is None or each.span.end < len(cue) + per.end("unit") for each in found):
            # 三十七块五一箱: 一 belongs to the unit
            sums = money.amounts(cue + per["sum"])
            found = [
                replace(each, unit=per["unit"], span=Span(each.span.start, len(cue) + per.end("unit")))
                for each in sums
                if _AROUND_MONEY.fullmatch(per["sum"][max(0, each.span.end - len(cue)) :])
            ]
        if len(found) != 1:
            return None
        amount = found[0]
        span = Span(amount.span.start - len(cue), amount.span.end - len(cue))
        if span.start < 0 or not _AROUND_MONEY.fullmatch(words[: span.start] + words[span.end :]):
            return None
        return replace(amount, span=Span(at + span.start, at + span.end))

    def exactly(self, words: str, at: int) -> Amount | None:
        """The one amount of the draft that is this figure, said without its 万."""
        value = numerals.whole(_tens_of(words)) if re.fullmatch(_BARE_FIGURE, words) else None
        fen = (value or 0) * TEN_THOUSAND_YUAN
        same = [each.role for each in self.view.amounts if fen and each.low_fen == each.high_fen == fen]
        if len(same) != 1:
            return None
        return Amount(span=Span(at, at + len(words)), role=same[0], low_fen=fen, high_fen=fen)

    def in_scale(self, words: str, at: int, role: AmountRole | None = None) -> Amount | None:
        """A figure without its 万 (预算改成九十), where the one amount of that role is of just that size."""
        known = [each for each in self.view.amounts if role in {None, "other", each.role}]
        figure = re.fullmatch(rf"(?:大概|大约|就|是|到)?(?P<n>{_BARE_FIGURE})(?:吧|的|左右|了)?", words)
        if figure is None or len(known) != 1:
            return None
        value = numerals.whole(_tens_of(figure["n"]))
        was = known[0].high_fen or known[0].low_fen or 0
        fen = (value or 0) * TEN_THOUSAND_YUAN
        if was < LEAST_IN_TEN_THOUSANDS or not was / MOST_TIMES <= fen <= was * MOST_TIMES:
            return None
        span = Span(at + figure.start("n"), at + figure.end("n"))
        return Amount(span=span, role=known[0].role, low_fen=fen, high_fen=fen)

    def day(self, words: str, at: int) -> tuple[date, Span] | None:
        """The one day that something is due, if the words are nothing else."""
        if len(words) > MOST_IN_A_VALUE:
            return None
        found = dates.find(words, self.sent_at, self.zone, self.worked)
        if len(found) != 1 or found[0].due is None:
            return None
        span = found[0].span
        if not _AROUND_DATE.fullmatch(words[: span.start] + words[span.end :]):
            return None
        return found[0].due, Span(at + span.start, at + span.end)

    def past_day(self, words: str, at: int) -> tuple[date, Span] | None:
        """The one day that is over, or today: that is when a visit was."""
        if len(words) > MOST_IN_A_VALUE:
            return None
        # behind the day, 去了 makes the calendar look back
        for tail in ("去了", ""):
            found = dates.find(words + tail, self.sent_at, self.zone, self.worked)
            if len(found) == 1 and found[0].start is not None:
                day = found[0].start.astimezone(self.zone).date()
                span = found[0].span
                rest = words[: span.start] + words[min(span.end, len(words)) :]
                if day <= self.sent_at.astimezone(self.zone).date() and _AROUND_DATE.fullmatch(rest):
                    return day, Span(at + span.start, at + min(span.end, len(words)))
        return None

    def ask(
        self, about: Unclear, at: int, stop: int, *, words: str = "", before: str = "", after: Span | None = None
    ) -> tuple[Edit, ...]:
        answerable = bool(before) or after is not None
        return (Ask(about, Span(at, stop), words, before, after or Span(0, 0), answerable),)

    # Steps

    def step(self, words: str) -> Pointed | None:
        return edit_refs.point(words, self.view, kinds=("step",))

    def steps_or_ask(self, pointed: Pointed, at: int, stop: int, after: Span) -> tuple[Edit, ...] | None:
        """The question where it is open which step is meant; None where it is clear."""
        if pointed.places:
            return None
        if pointed.missing:
            return self.ask("no_such_step", at, stop, words=pointed.missing, after=after)
        return self.ask("step", at, stop, after=after)

    def shifted(self, place: int, words: str) -> date | None:
        """The step's day moved by so much: 往后推三天; None where the words are no such thing, or there is no day."""
        match = _SHIFT.fullmatch(words)
        due = self.view.steps[place].due
        if match is None or due is None:
            return None
        return _moved(due, match, self.worked)


def _where(match: re.Match[str], group: str, words: str, at: int = 0) -> Span:
    """Where the words, which that group holds, stand in the reply; the match begins `at` there."""
    start = at + match.start(group) + match[group].index(words)
    return Span(start, start + len(words))


_SETTLES: dict[Unclear, tuple[type[Edit], ...]] = {
    "what": (SetAmount, SetCustomer, SetContact, SetStage, SetVisitedOn, SetDue, SetOwner, SetAction),
    "when": (SetVisitedOn, SetDue),
    "due": (SetDue, SetAction),
    "owner": (SetOwner,),
    "customer": (SetCustomer,),
    "contact": (SetContact,),
    "competitor": (RemoveCompetitor,),
    "stage": (SetStage,),
    "money": (SetAmount,),
    "amount": (SetAmount,),
    "step": (SetDue, SetOwner, SetAction),
    "pain": (RemovePain,),
    "risk": (RemoveRisk,),
}


def _is_settled(edit: Edit, then: Edit | None) -> bool:
    """日期不对，昨天去的: what follows says at once what is right."""
    return isinstance(edit, Ask) and not isinstance(then, Ask) and isinstance(then, _SETTLES.get(edit.about, ()))


def _is_said_again(edit: Edit, earlier: Sequence[Edit]) -> bool:
    """竞品只有联迅，科锐达去掉 takes one away, once; so does 撤销撤销, said in one breath."""
    if isinstance(edit, Undo):
        return bool(earlier) and isinstance(earlier[-1], Undo) and earlier[-1].span.end == edit.span.start
    return isinstance(edit, _REMOVALS) and any(replace(each, span=edit.span) == edit for each in earlier)


def _moved(due: date, match: re.Match[str], worked: dates.Worked) -> date | None:
    said = match["n"] or match["n2"]
    count = 0.5 if said == "半" else numerals.whole(said)
    unit = match["unit"] or match["unit2"]
    if count is None:
        return None
    sign = -1 if match["earlier"] or match["earlier2"] else 1
    try:
        if "工作日" in unit:
            step = dates.add_working_days if sign > 0 else _working_days_before
            return step(due, int(count), worked)
        if "月" in unit:
            return due + timedelta(days=15 * sign) if said == "半" else dates.add_months(due, sign * int(count))
        days = {"天": 1, "日": 1}.get(unit[-1], 7) * count
        return due + timedelta(days=sign * int(days))
    except (OverflowError, ValueError):
        return None


def _working_days_before(day: date, count: int, worked: dates.Worked) -> date:
    while count > 0:
        day -= timedelta(days=1)
        count -= worked(day)
    return day


_UNITS = r"台|套|个|件|只|吨|年|月|次|平米?|人|户|支|箱|斤|公斤|条|份|张|辆|盒|瓶|袋|包|桶|卷|块|根|片|组|把|小时|天|米"
_AROUND_MONEY = re.compile(
    r"(?:[，,\s]|大概|大约|左右|差不多|约|是|就|写|填|按|那个|这个|嗯|呃|的|元整?|块钱?|吧|了|算|整|多|改成|成|为|呢|啊|哈|人民币|要|来算|来|计|之间|上下|不?含税|未税)*"
)
_AROUND_DATE = re.compile(
    r"(?:[，,\s]|之前|以前|前|之内|以内|的|再|吧|了|那天|当天|左右|就|在|是|那|嗯|呃|为止|完成|交|啊|呢|就行|就好|也行|都行|就可以|就要|去|拜访|见|要|之后再|截止)*"
)

TEN_THOUSAND_YUAN = 1_000_000
"""In fen."""
LEAST_IN_TEN_THOUSANDS = 10 * TEN_THOUSAND_YUAN
MOST_TIMES = 2
"""What was so much, in 万, and is now said as a figure alone, is at most so many times as much or as little. Own choice."""
_BARE_FIGURE = r"\d{2,4}(?:\.\d+)?|[一二两三四五六七八九十百零]{2,6}"


def _tens_of(words: str) -> str:
    """三百一 is 三百一十."""
    return words + "十" if re.fullmatch(r"[一二两三四五六七八九]百[一二三四五六七八九]", words) else words


# Additions in the rep's own words

_ADD_VERB = r"(?:(?:再|还|需要|要|得|帮我|给我|也|另外|还要|又|多)*(?:补充|增加|新增|添加|加|补|来|差|少|建|记|列|添|漏了|漏|少了|忘了|有)(?:上|个|一下|了|记)?)"
_STEP_NOUN = r"(?:待办(?:事项)?|下一步|任务|行动项|跟进事项|跟进)"
_ADD_STEP = re.compile(
    rf"(?:{_ADD_VERB}(?:一?[个条项]|一下|上)?(?:新的?)?{_STEP_NOUN}(?:事项)?(?:上)?(?:[:：，,\s]|是|就是|内容是|，)*"
    rf"|{_STEP_NOUN}(?:里面?|中|那里)?(?:再|还要?|要|得|也)*(?:补充?|增?加|新增|添加?|补|漏了|少了|有)(?:上|进去)?(?:一?[个条项])?(?:[:：，,\s]|就是|是)*"
    rf"|(?:再|还要?|帮我|多)*(?:补充?|增?加|新增|添加?|漏了|少了|来|差|少)(?:上)?一?[条项](?!风险|竞品|痛点|联系)(?:[:：，,\s]|就是|是)*(?=.{{2}})"
    rf"|(?:再|还要?|帮我)*(?:增?加|新增|添加?|补|漏了|少了)(?:上)?一?个(?=(?:[今明后]天|周[一二三四五六日天]|下周|下下周|月底|\d|[一二三四五六七八九十]+[月号]|本周|这周|年前|节前|寄|发|送|给|打|约|提供|做|安排|确认|回访|催|准备|跟|陪|带|去|找|问|签|交|报|拜访|联系))"
    rf")"
)
_ADD_TO_STEPS = re.compile(
    rf"(?P<value>.{{3,40}}?)(?:[，,\s]|这个|这条|也|都)*(?:加|补|写|记|列|放)(?:到|进|在|入)?{_STEP_NOUN}(?:里面?|中|去|里去|里头)?"
)
_CANNOT_BE_STEP = re.compile(
    rf"(?:{ROLE}|联系人|对接人|竞品|竞争对手|风险|痛点|客户(?:名|是)|第|最后一?[个条]|里的|这[个条]|那[个条]|删|改|去掉|不要|不用|是谁|不是|不对|错|都|是我|是客户)"
)
_SUPPLEMENT = re.compile(
    r"(?:(?:再|还要?|还得|还想|得|我|另外)*(?:补充(?:一下|一点|一句|说明|一条|几句|下|个)?|补一[句下点]|备注(?:一下|里写|写)?|漏说了?(?:一[句点])?|漏了(?:一[句点]|说)|漏了(?=[:：])|忘说了?|忘了(?:说|讲|提)(?:一[句点])?|忘记说了?|少说了?(?:一[句点])|再?加(?:上)?一句|再说一[句点]|"
    r"记录里加一句|还有(?:一[点句]|件事)(?:要补充|补充|没说|忘了说)|追加(?:一[句点])?)(?:话)?)[:：，,\s]*(?:就是)?[:：，,\s]*"
)
_ALSO_PUT_IN = re.compile(
    r"(?P<value>.{4,40}?)[，,\s]*(?:也|都|再|要|帮我|这个|这条)*(?:加|写|记|补|列)(?:进去|上去?|进来)[，,。！!\s]*"
)
_PUT_THAT_IN = re.compile(
    r"(?P<value>(?!.*(?:见了|在场|参加|也在|也来|竞品|对手|联系人|[删改换推]))[^，,]{6,40}?)[，,。\s]+(?:(?:把)?(?:这[句条点段]话?|这个)|(?=补|加|写|记))(?:也|都|再|要|得|给我|帮我)*(?:补|加|写|记|放)(?:充|到|进|上|入)*(?:去|来|一下|里面?|记录里?)*[，,。！!\s]*"
)
_OTHER_ADDITION = re.compile(
    r"(?:补充|增加|加|漏了|还有|忘了)(?:上|个|一个|一下)?(?:联系人|竞品|竞争对手|对接人|风险|痛点|预算|报价)(?!的|要|说|们|对|还|没|是不)"
)

# Undo and signs that something is wrong

_UNDO = re.compile(
    r"(?:(?:不改了|别改了|我要|还是|算了|先|麻烦|帮我|给我|全部?|都|刚才|刚刚|上一个|上一步|那一?步|这一?步|那一?次|那个|这个|的|把|改动|修改|那次|我说的|,|，)*"
    r"(?:撤销|撤回(?:来|去)?|还原|回退|退回(?:到)?(?:上一[步版次]|去|来|之前|上一个版本|原来)?|(?:回到|恢复(?:到|成)?|返回|倒回|退到|变回|改回)(?:上一[步版次](?:的)?|刚才(?:的|那版)?|之前(?:的|那版)?|原样|原来(?:的|那样)?|改之前|修改前|上一个版本|去|来)|(?:改|倒|退|变)回(?:去|来)|取消(?:刚才|上一[步次]|上次)(?:的|那个)?(?:修改|改动|操作|那[一]?步))"
    r"(?:一下|刚才|刚刚|上一[步次版]|上一个|那个|这个|的|改动|修改|操作|那[一]?[步次]|最后一?[步次]|掉|了|吧|它|重新来|重来|重新说|来|去)*"
    r"|(?:刚才|刚刚|上一个?|上次)(?:的|那个|那条|那次|改的|那一步|这个|说的)*(?:修改|改动|操作)?(?:不算|不要|作废|取消|不改)(?:了|吧)?"
    r"|(?:算了)?(?:还是)?(?:不改了|别改了)[，,]*(?:还是)?(?:按|用|要)?(?:原来的|之前的|原来那样|原样)(?:吧)?"
    r"|(?:就)?当我没说过?|(?:我)?(?:刚才|刚刚|刚|上次)(?:说|改|讲)的(?:那个|那句|都|全)*(?:不算|不要|作废|取消|撤了?)了?|上一[步次版](?:撤了?|不要了?|取消)|取消(?:刚才|上一?[步次])的?"
    r"|(?:算了|不了)?[，,]*还是(?:按|用|要)?(?:原来|之前|以前|刚才|上一版)的?(?:那[个版样])?(?:好|对|合适)?(?:了|吧)?)"
)
_NOT_UNDO = re.compile(r"不用撤销|别撤销|不撤销|撤销了(?=.)|没撤")
_PLACE_WORD = r"(?:[把将]?我(?:刚才|刚刚)?说的|全|又|完全|这里|那里|那个|这个|这条|那条|有个地方|有一处|有个|有一个|哪里|哪儿|内容|记录|草稿|卡片|有点|好像|上面|前面|刚才|刚才那个|刚才那条|还是|都|有些|有的地方|里面|有的|东西|信息|这张卡|这张|你|系统|语音|识别|机器)*"
_SIGN = re.compile(
    rf"(?:嗯|呃|啊|哦|诶|唉|[，,\s])*{_PLACE_WORD}(?:[，,\s])*(?:(?:写|记|弄|搞|说|填|听|打|改)?(?:[错串乱混岔反]了|错|得?不对|有误|不准确?|有(?:问题|毛病|错误?|出入|偏差)|不太对|对不上|不对劲|不太一样|不一样|不符|差了|错的|反了|不是(?:这么|那么)(?:回事|说的?))|重新?(?:写|来|弄|整理|填|记)(?:一?下|一遍|过)?|(?:我?(?:想|要|得|需要|帮我)*(?:改一?下(?:那个|这个|那条)?|改改|改一改|再改改?|修正一下|修改一?下|改一个|改点东西|更正一?下|调整一?下|修改|更改|换一?下|换一个|变一下)))(?:的地方|了|吧|一下|要改|改一下|帮我改一?下|得改|请改一?下|[，,\s])*"
)


# The rules, in the order in which they are tried. Each gets a piece and where it begins, and gives changes or None.

Rule = Callable[[_Reader, str, int], tuple[Edit, ...] | None]


def _undo(_reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    if _NOT_UNDO.search(piece) or not _UNDO.fullmatch(piece):
        return None
    return (Undo(Span(at, at + len(piece))),)


_FIGURE = r"[\d.零〇一二两三四五六七八九十百千万亿]{1,10}(?:块钱?|元)?"
_AMOUNT = re.compile(
    rf"(?:(?:再|还)?(?:补充?|增?加|新增|添加?|漏了|还有)(?:上|了)?(?:一?个)?)?(?P<role>{ROLE}|合同|成交|签约|订单)(?:的?(?:金额|数字|数额|总额|数|那里|这块|那块|那边))?(?:那个|这个|这一?项|那一?项|这里)?(?:我?{_WRONG})?{P}"
    rf"(?:(?:应该|其实)?(?:不是|不对)(?P<old>[^，,是]{{1,14}}?){P}(?:而|应该)?(?=是|改))?(?:从?(?P<was>{_FIGURE})(?=改|换|调|[加降涨减升提]到)|(?:不止|没|没有|不到|哪有)(?:这么|那么)?[多少高低]{P}|{_WRITE}成了?{_FIGURE}(?:了{P}|[，,\s]+))?(?P<verb>{_CHANGE})?{P}(?P<value>[^是改].*?)(?:{P}(?:而)?不是(?P<wrong>[^是]{{1,14}})|{P}单位是?(?P<scale>[万元]))?"
)
_LAST_YEARS = re.compile(
    rf"(?P<role>{ROLE})(?P<was>{_FIGURE})是(?:去年|上次|之前|以前|原来|旧)的?{P}(?:今年|这次|现在|如今|新)的?(?:是|要|有)?(?P<value>{_FIGURE})"
)
_BOUND = re.compile(
    rf"(?P<role>{ROLE})的?(?:(?P<upper>上限)|下限)(?:我?{_WRONG}{P})?(?:{_CHANGE})?{P}(?P<value>.{{1,14}})"
)
_BY_SO_MUCH = re.compile(
    rf"(?P<role>{ROLE})(?:要|得|帮我|给我|就)*(?:(?:再|多|往上)*(?P<more>[加涨提]|上浮)|(?:再|往下)*(?:减|降|扣|下浮))(?:个|上|掉)?(?P<value>.{{1,12}})"
)
_RIVALS_PRICE = re.compile(
    rf"(?P<rival>[^，,]{{2,10}}?)(?:那边|他们|家)?的?(?:报价|报的?|出的?|价格?)(?:{_CHANGE})?{P}(?P<value>[^是改].*?)(?:{P}(?:而)?不是[^是]{{1,14}})?"
)


def _amount(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    if match := _BOUND.fullmatch(piece):
        return _bound(reader, match, at)
    if match := _AMOUNT.fullmatch(piece):
        role = ROLES.get(match["role"], "deal")
        start, scale = at + match.start("value"), match["scale"]
        if scale:
            amount = reader.money(match["value"] + scale, start)
            amount = amount and replace(amount, span=Span(start, at + match.end("value")))
        else:
            amount = reader.money(match["value"], start) or reader.in_scale(match["value"], start, role)
        if amount:
            return _set_amount(reader, role, amount, at, len(piece))
    if match := _LAST_YEARS.fullmatch(piece):
        role, start = ROLES[match["role"]], at + match.start("value")
        amount = reader.money(match["value"], start) or reader.in_scale(match["value"], start, role)
        return _set_amount(reader, role, amount, at, len(piece)) if amount else None
    if match := _BY_SO_MUCH.fullmatch(piece):
        return _by_so_much(reader, match, at)
    match = _RIVALS_PRICE.fullmatch(piece)
    if match and any(each.role == "competitor_price" for each in reader.view.amounts):
        names = (*reader.view.competitors, "对手", "竞品", "友商")
        amount = reader.money(match["value"], at + match.start("value")) if match["rival"] in names else None
        return _set_amount(reader, "competitor_price", amount, at, len(piece)) if amount else None
    return None


def _bound(reader: _Reader, match: re.Match[str], at: int) -> tuple[Edit, ...] | None:
    """预算上限是两百万: the other end is what it was."""
    role = ROLES[match["role"]]
    known = [each for each in reader.view.amounts if each.role == role]
    amount = reader.money(match["value"], at + match.start("value"))
    value = (amount.high_fen or amount.low_fen) if amount else None
    if amount is None or value is None or len(known) > 1:
        return None
    low, high = (known[0].low_fen, known[0].high_fen) if known else (None, None)
    low, high = (low, value) if match["upper"] else (value, high)
    if low is not None and high is not None and low > high:
        return reader.ask("money", at, at + len(match[0]), words=match["role"])
    return (SetAmount(role, low, high, amount.unit or (known[0].unit if known else None), amount.span),)


def _by_so_much(reader: _Reader, match: re.Match[str], at: int) -> tuple[Edit, ...] | None:
    """报价再加五万: clear where one figure of that role is known."""
    role = ROLES[match["role"]]
    known = [each for each in reader.view.amounts if each.role == role]
    amount = reader.money(match["value"], at + match.start("value"))
    if amount is None or amount.low_fen is None or amount.low_fen != amount.high_fen or amount.unit:
        return None
    was = known[0].low_fen if len(known) == 1 and known[0].low_fen == known[0].high_fen else None
    now = None if was is None else was + amount.low_fen * (1 if match["more"] else -1)
    if now is None or now <= 0:
        return reader.ask("money", at, at + len(match[0]), words=match["role"], before=match["role"] + "改成")
    return (SetAmount(role, now, now, known[0].unit, amount.span),)


def _set_amount(reader: _Reader, role: AmountRole, amount: Amount, at: int, length: int) -> tuple[Edit, ...]:
    known = reader.view.amounts
    if role == "other":
        if len({each.role for each in known}) > 1:
            return reader.ask("amount", at, at + length, after=Span(amount.span.start, amount.span.end))
        role = known[0].role if known else "other"
    if _is_short_of_a_unit(reader, role, amount):
        return reader.ask("money", at, at + length, words=amount.span.of(reader.text))
    return (SetAmount(role, amount.low_fen, amount.high_fen, amount.unit, amount.span),)


def _is_short_of_a_unit(reader: _Reader, role: AmountRole, amount: Amount) -> bool:
    """预算改成90, where it was 850,000: yuan or 万, the words do not say."""
    if not re.fullmatch(r"\d{1,3}(?:\.\d+)?|[一二三四五六七八九十两百零]+", amount.span.of(reader.s)):
        return False
    before = [each.high_fen or each.low_fen or 0 for each in reader.view.amounts if each.role == role]
    now = amount.high_fen or amount.low_fen or 0
    return any(was >= 1_000_000 and was > 100 * now for was in before)


_BARE_CHANGE = re.compile(
    rf"(?:(?P<old>.{{1,14}}?)(?:那个|这个|那笔|的)?(?:{_WRONG}{P})?)?(?:{P})(?P<verb>{_CHANGE})(?P<value>.+)"
)
_NOT_OLD = re.compile(
    rf"(?:应该|其实)?不是(?P<old>[^，,]{{1,25}}?){P}(?:而|应该|其实)?(?:是|叫)(?P<value>[^是]{{2,25}})"
    rf"|(?:应该|其实)?(?:是|叫)(?P<value2>[^是]{{2,25}}?){P}(?:而)?不是(?P<old2>{_NAMED})"
)


def _bare_amount(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """改成90万; 85万改成90万; 不是85万是90万: the amount that is meant has to be found."""
    match = _NOT_OLD.fullmatch(piece)
    if match:
        group = "value" if match["value"] else "value2"
        old = match["old"] or match["old2"]
    else:
        match = _BARE_CHANGE.fullmatch(piece)
        if match is None:
            return None
        group, old = "value", match["old"] or ""
    start = at + match.start(group)
    amount = reader.money(match[group], start)
    if amount is None or not _has_money_word(amount.span.of(reader.s)):
        was = reader.exactly(edit_refs.stripped(old), at) if old else None
        amount = reader.in_scale(match[group], start, was.role) if was else None
        if amount is None:
            return None
    after = amount.span
    if old:
        was = reader.money(old, at)
        if was is None or not _has_money_word(was.span.of(reader.s)):
            was = reader.exactly(edit_refs.stripped(old), at)
            amount = reader.in_scale(match[group], start, was.role) or amount if was else amount
        if was is None:
            return None
        same = {
            each.role for each in reader.view.amounts if (each.low_fen, each.high_fen) == (was.low_fen, was.high_fen)
        }
        if len(same) != 1:
            return reader.ask("amount", at, at + len(piece), after=after)
        return (SetAmount(same.pop(), amount.low_fen, amount.high_fen, amount.unit, amount.span),)
    roles = {each.role for each in reader.view.amounts}
    if len(roles) != 1:
        return reader.ask("amount", at, at + len(piece), after=after)
    return (SetAmount(roles.pop(), amount.low_fen, amount.high_fen, amount.unit, amount.span),)


def _priced(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """一箱36块5, where the draft has the price of a box."""
    amount = reader.money(piece, at)
    if amount is None or amount.unit is None:
        return None
    same = {each.role for each in reader.view.amounts if each.unit == amount.unit}
    if len(same) != 1:
        return None
    return (SetAmount(same.pop(), amount.low_fen, amount.high_fen, amount.unit, amount.span),)


def _has_money_word(words: str) -> bool:
    return bool(re.search(r"[万亿千百元块kKwW]|\d{3}|每|一[台套箱]", words))


# The customer

_NO_NAME = re.compile(
    r"^(?:个|一[个家]|做|在|很|我们|他们|谁|哪|不|没|有|要|比较|非常|这|老客户|上市|国企|外企|本地|新|大|小客户|对的?|错|说|觉得|认为|嫌|问|给|想|挺|也|都|还|已经|今天|昨天|明天|下周|第|最|预算|报价|价格|待办|联系)"
)
_NOT_IN_NAME = re.compile(
    r"[，,。；;！!？?、：:]|了|觉得|[说嫌问催](?!法)|怎么|什么|不|没|改|删|的$|^的|换|介绍|那边|这边|那家|做|时间|希望|可以|预算|报价|联系人|阶段|竞品|待办"
)
_CUSTOMER_WORD = r"(?:客户(?:的)?(?:名称|名字|公司|名)?|公司(?:名称|名字|名)?)"
_CUSTOMER = re.compile(
    rf"{_CUSTOMER_WORD}(?:我)?(?:{_WRONG})?{P}(?:应该?是|改成|改为|换成|换做|更正为|应为|写成|填|写|改|换|(?:我(?:今天|昨天|这次)?(?:去|跑|见|拜访|说)的)?是|为|叫|[:：])+(?:那个|这个|我们的|嗯|呃)?\s*(?P<value>.{{2,25}}?)(?:{P}(?:而)?不是(?P<wrong>{_NAMED}))?"
    rf"|{_CUSTOMER_WORD}(?:我?{_WRITE}成了?(?P<was>[^，,是]{{2,15}}?)了?|我?{_WRONG})[，,\s]+(?:应该?是|是|叫)?(?P<value2>.{{2,25}})"
)
_CUSTOMER_LATER = re.compile(
    rf"(?:换个?客户|改(?:一下)?客户|换一?个?客户|换一下客户)(?:名称|名字)?{P}(?:应该?是|改成|换成|改为|是|叫|为|[:：])?(?:那个)?(?P<value>.{{2,25}})"
)
_CUSTOMER_NOT = re.compile(
    rf"{_CUSTOMER_WORD}(?:应该|其实|也|都)*不是(?P<wrong>.{{1,25}}?){P}(?:而|应该)?(?:是|叫)(?P<value>.{{2,25}})"
)
_THIS_IS = re.compile(
    rf"(?:这|刚才那|刚才这)(?:一)?(?:条|个|次|家|份|单|笔)?(?:记录|拜访|草稿)?(?:应该|其实)?(?:是|算|记在?|属于|写)(?P<value>.{{2,25}}?)(?:的(?:客户|记录|拜访|单子|事)?|那家的|头上|名下)?(?:{P}(?P<field>客户)(?:名称)?(?:{_WRONG}|换一下|改成它)?|{P}不是(?P<wrong>{_NAMED}?)的?)?"
)


def _customer_name(words: str) -> str | None:
    name = re.sub(r"(?:[做搞卖干开][^，,的]{1,6}的)?[那这][家个](?:公司|店|厂)?$", "", words.strip(" ，,"))
    name = re.sub(r"^那个|(?:的(?:客户|记录|拜访|单子|事)?|吧|啊|呢)+$", "", name)
    if "的" in name or not 2 <= len(name) <= 25 or _NO_NAME.match(name) or _NOT_IN_NAME.search(name):
        return None
    return name


_LIKE_A_COMPANY = re.compile(
    r".{2,}(?:公司|集团|厂|店|医院|中学|小学|学校|大学|学院|幼儿园|超市|中心|"
    + "|".join(word for word in INDUSTRIES if len(word) > 1)
    + ")"
)
_CUSTOMER_BARE = re.compile(
    r"(?:(?:我|我们|今天|昨天|这次)*(?:说|去|跑|拜访|见)的(?:其实|应该)?是|(?:应该|其实)*是|应该记在|换成|改成|改为|记到|记在|算到|算在|归到|挂到|放到|(?:跑|挂|记|搞|弄)错(?:客户|家|公司)?了[，,]*(?:应该)?(?:是|挂到|记到|换成)|客户)(?:那个)?(?P<value>.{2,20}?)(?:名下|头上|那里|那边)?"
)
"""Without a word that says which field is meant, the name has to look like a company's, or sound like the customer's."""


def _sounds_like_customer(name: str, customer: str | None) -> bool:
    """恒丽, of 宁波恒力阀门: another name that is as good as not to be told from this one by ear."""
    if customer is None or name in customer or edit_refs.person(name):
        return False
    places = range(len(customer) - len(name) + 1)
    return any(all(map(edit_refs.is_alike, name, customer[place:])) for place in places)


def _customer(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    for pattern in (_CUSTOMER_NOT, _CUSTOMER, _CUSTOMER_LATER, _THIS_IS, _CUSTOMER_BARE):
        match = pattern.fullmatch(piece)
        group = "value2" if match and match.groupdict().get("value2") else "value"
        if match and (name := _customer_name(match[group])):
            is_bare = pattern is _CUSTOMER_BARE or (pattern is _THIS_IS and not match["field"] and not match["wrong"])
            if (
                is_bare
                and not _LIKE_A_COMPANY.fullmatch(name)
                and not _sounds_like_customer(name, reader.view.customer)
            ):
                continue
            span = _where(match, group, name, at)
            return (SetCustomer(span.of(reader.text), span),)
    return None


# Not this but that

_CHANGE_TO = re.compile(
    rf"(?P<old>.{{2,25}}?)(?:那个|这个)?(?:的?(?:名字|姓名|全名|大名|本名|真名|名称))?(?:(?:{_WRONG}|{_DEL}了?|不要了?|不对){P})?(?P<verb>应该?[是写叫为]|改成了?|改为|换成|换做|更正为|应为|写成|改叫|改|叫|是)(?P<value>.{{2,25}})"
)
_SAYS_OF_IT = re.compile(r"(?:他们?|她们?|我们?|客户|人家|对方|自己|去年|以前|之前|[做搞卖来给]|一?[个家位])")
"""华锐是他们的供应商 tells of it, and names nothing else."""


def _not_but(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """不是恒力是恒丽, 是育才中学不是育英, 周主任改成邹主任: the old value tells which field is meant."""
    if match := _NOT_OLD.fullmatch(piece):
        group = "value" if match["value"] else "value2"
        old_group = "old" if match["value"] else "old2"
        return _replaced(reader, match[old_group], match[group], at + match.start(group), at, len(piece), negated=True)
    match = _CHANGE_TO.fullmatch(piece)
    if match and not (match["verb"] == "是" and _SAYS_OF_IT.match(match["value"])):
        old = edit_refs.stripped(match["old"])
        return _replaced(reader, old, match["value"], at + match.start("value"), at, len(piece), negated=False)
    return None


def _replaced(
    reader: _Reader, old: str, new: str, new_at: int, at: int, length: int, *, negated: bool
) -> tuple[Edit, ...] | None:
    view = reader.view
    old = edit_refs.stripped(old)
    kind, bare, in_front = edit_refs.split_kind(old)
    if kind in {"contact", "competitor"} and in_front and bare:
        old = edit_refs.stripped(bare)
    if old in view.competitors or (kind == "competitor" and edit_refs.best(old, view.competitors)):
        name = _competitor_name(new)
        if name is None:
            return None
        where = new_at + new.index(name)
        old_name = view.competitors[edit_refs.best(old, view.competitors)[0]]
        return (
            RemoveCompetitor(old_name, Span(at, at + length)),
            AddCompetitor(reader.text[where : where + len(name)], Span(where, where + len(name))),
        )
    if contacts := edit_refs.best(old, view.contacts, least=0.95):
        person = edit_refs.person(_bare_name(new))
        if person and len(contacts) == 1:
            where = new_at + new.index(person[0])
            span = Span(where, where + len(person[0]))
            return (SetContact(span.of(reader.text), span, old=view.contacts[contacts[0]]),)
    stage = _stage_name(reader, new)
    if stage and old in view.stages:
        return (SetStage(stage, Span(new_at, new_at + len(new))),)
    name = _customer_name(new)
    if name is None:
        return None
    is_old = view.customer is not None and edit_refs.likeness(old, view.customer) >= 0.95 and len(old) >= 2
    if is_old or (negated and not reader.known):
        where = new_at + new.index(name)
        return (SetCustomer(reader.text[where : where + len(name)], Span(where, where + len(name))),)
    return None


def _bare_name(words: str) -> str:
    return re.sub(
        r"^(?:那个|这个|他们的?|客户的?|一个|个|的)+|(?:吧|啊|呢|了|哈|呀|哦|这个人|那个人)+$", "", words.strip(" ，,")
    )


# People

_CONTACT_WORD = r"(?:(?:客户)?(?:联系人|对接人|接口人|对接的人?)|(?:我|这次|今天)*见的(?:那个)?人?(?=是|不是))"
_CONTACT = re.compile(
    rf"{_CONTACT_WORD}(?:的)?(?:名字|姓名)?(?:我?{_WRONG})?{P}(?:(?:应该?是|应该?叫|应该?写|改成了?|改为|换成|换做|更正为|应为|写成|变成|调整为|改|换|是|为|叫|填|写|[:：])+)?\s*(?P<value>[\u4e00-\u9fa5·A-Za-z]{{2,14}}?)(?:{P}(?:而)?不是(?P<wrong>[\u4e00-\u9fa5]{{2,8}}))?"
)
_CONTACT_NOT = re.compile(
    rf"{_CONTACT_WORD}(?:应该|其实|也|都)*不是(?P<wrong>[\u4e00-\u9fa5]{{2,8}}?){P}(?:而|应该)?(?:是|叫)(?P<value>[\u4e00-\u9fa5]{{2,14}})"
)


def _contact(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    match = _CONTACT_NOT.fullmatch(piece) or _CONTACT.fullmatch(piece)
    if match is None or (person := edit_refs.person(_bare_name(match["value"]))) is None:
        return None
    span = _where(match, "value", person[0], at)
    view = reader.view
    wrong = match["wrong"]
    if wrong:
        known = edit_refs.best(wrong, view.contacts, least=0.9)
        return (SetContact(span.of(reader.text), span, old=view.contacts[known[0]] if known else None),)
    if len(view.contacts) > 1:
        if re.search(rf"{_CONTACT_WORD}(?:[:：]|是|为)?{match['value']}", piece) and person[0] in view.contacts:
            return None
        if old := _sounding_like(person[0], view.contacts):
            return (SetContact(span.of(reader.text), span, old=old),)
        return reader.ask("contact", at, at + len(piece), after=Span(at + match.start("value"), at + len(piece)))
    return (SetContact(span.of(reader.text), span),)


def _sounding_like(name: str, known: Sequence[str]) -> str | None:
    """The one of those known that was misheard as, or for, this name."""
    alike = [
        each for each in known if each != name and len(each) == len(name) and all(map(edit_refs.is_alike, each, name))
    ]
    return alike[0] if len(alike) == 1 else None


_ADD = r"(?:再|还|也|要|得|需要)*(?:补充|增加|新增|添加|加|补|添|记|漏了|漏|少了|忘了(?:写|加|说)?|写上|记上|带上|列上|还有)(?:上去|进去|进来|上|入|进|了|个|一下|一个|一位|一家)*"
_INTO = r"(?:再|也|都|要|得|给|帮我|请|还|应该|是)*(?:加|补|写|记|列|放|算|添|填)(?:到|进|在|入|上|进去|上去|成|为|一下|去)*"


_ADD_CONTACT = (
    re.compile(rf"(?:还有|有)?(?:一?[个位])?[^，,]{{1,6}}姓[^，,]{{1,2}}?{P}{_ADD}(?P<value>.{{2,6}})"),
    re.compile(rf"{_ADD}(?:{_CONTACT_WORD})(?:是|叫|[:：，,\s])*(?:一[个位])?(?P<value>.{{2,12}})"),
    re.compile(rf"{_CONTACT_WORD}(?:里面?|那里|中|这里)?(?:再|还|也|要|得)*(?:补充|增加|新增|添加|加|补|漏了|少了|还有|有|多一?个)(?:上|个|一[个位]|了|进去|还)*(?P<value>.{{2,12}})"),
    re.compile(rf"(?:还有)?(?P<value>[^，,]{{2,12}}?){P}(?:这个人|他|她)?{_INTO}{_CONTACT_WORD}(?:里面?|中|名单|列表|那里|去|里去)*"),
    re.compile(rf"{_ADD}(?P<value>.{{2,12}}?)(?:这个人)?(?:这个|做|当|作为|到|进|为)?(?:{_CONTACT_WORD})?(?:里)?"),
    re.compile(rf"(?:还有)?(?P<value>[^，,]{{2,12}}?){P}(?:也在|也参加了|也在场|也来了|也见了){P}{_INTO}"),
    re.compile(rf"(?:还有)?(?P<value>[^，,]{{2,12}}?){P}(?:这个人|他|她|的名字)?{_INTO}(?:吧|了)?"),
    re.compile(rf"(?P<value>[^，,]{{2,12}}?)(?:也是|是)(?:他们的?|个)?{_CONTACT_WORD}(?:之一)?"),
    re.compile(rf"{_CONTACT_WORD}(?:还有|除了.{{2,6}}还有)(?:一?[个位])?(?P<value>.{{2,12}})"),
)  # fmt: skip


def _add_contact(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    for pattern in _ADD_CONTACT:
        match = pattern.fullmatch(piece)
        if match is None:
            continue
        edits: list[Edit] = []
        offset = at + match.start("value")
        for part in re.finditer(r"[^、，,和跟]+(?:和(?![、，,跟])[^、，,和跟]*)?", match["value"]):
            words = part[0]
            person = edit_refs.person(_bare_name(words))
            if person is None:
                split = [each for each in re.split(r"和", words) if each]
                persons = [edit_refs.person(_bare_name(each)) for each in split]
                if len(split) < 2 or any(each is None for each in persons):
                    edits = []
                    break
            else:
                persons = [person]
            for each in persons:
                assert each is not None
                start = offset + match["value"].index(each[0])
                span = Span(start, start + len(each[0]))
                edits.append(AddContact(span.of(reader.text), span, each[1]))
        if edits:
            return tuple(edits)
    return None


# Competitors

_RIVAL = r"(?:竞品|竞争对手|对手|友商)"
_ADD_RIVAL = (
    re.compile(rf"{_ADD}(?:一[个家])?{_RIVAL}(?:是|叫|[:：，,\s])*(?:一[个家])?(?P<value>.{{2,12}})"),
    re.compile(rf"{_RIVAL}(?:里面?|那里|中|这里|那栏)?(?:再|还|也|要|得|另外)*(?:补充|增加|新增|添加|加|补|漏了|少了|还有|有|多一?个|写上|填)(?:上|个|一[个家]|了|进去|还有|还|{P})*(?P<value>.{{2,12}})"),
    re.compile(rf"(?P<value>[^，,]{{2,12}}?){P}{_INTO}{_RIVAL}(?:里面?|中|名单|列表|那里|去|里去|那栏)*"),
    re.compile(rf"(?P<value>[^，,]{{2,12}}?)(?:其实|应该)?(?:也是|也算|才是|算是|是)(?:个|一个)?{_RIVAL}(?:之一)?"),
    re.compile(rf"{_ADD}(?P<value>.{{2,12}}?)(?:这个|做|当|作为|到|进|为)*{_RIVAL}(?:里面?|中|去)?"),
)  # fmt: skip
_SET_RIVAL = re.compile(
    rf"{_RIVAL}(?:名字|名称)?(?:我?{_WRONG})?{P}(?:应该?是|改成了?|改为|换成|更正为|应为|写成|是|为|叫|改|[:：])+(?P<value>.{{2,12}}?)(?:{P}(?:而)?不是(?P<wrong>.{{2,12}}))?"
)
_SET_RIVAL_NOT = re.compile(
    rf"{_RIVAL}(?:应该|其实|也|都)*不是(?P<wrong>.{{2,12}}?){P}(?:而|应该)?(?:是|叫)(?P<value>.{{2,12}})"
)
_NOT_RIVAL = re.compile(
    rf"(?P<value>[^，,]{{2,12}}?)(?:其实|根本|应该|并)?(?:是[^，,]{{2,8}}?{P}(?:而)?)?(?:不是|不算|算不上|谈不上)(?:我们的?|什么)?{_RIVAL}(?:的?了)?"
)


def _competitor_name(words: str) -> str | None:
    name = _bare_name(words).strip()
    name = re.sub(r"^(?:一[个家]|个|家)", "", name)
    if not 2 <= len(name) <= 12 or re.search(
        r"[，,。；;！!？?：:]|[谁哪没不了还要的很在]|什么|报|价|便宜|我们|他们|客户|竞品|多少|去掉|删", name
    ):
        return None
    if name[0] in "是有降低高给做说也都":
        return None
    return name


def _competitor(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    view = reader.view
    if (match := _NOT_RIVAL.fullmatch(piece)) and (known := edit_refs.best(match["value"], view.competitors)):
        return (RemoveCompetitor(view.competitors[known[0]], Span(at, at + len(piece))),) if len(known) == 1 else None
    match = _SET_RIVAL_NOT.fullmatch(piece) or _SET_RIVAL.fullmatch(piece)
    if match and (name := _competitor_name(match["value"])):
        span = _where(match, "value", name, at)
        added = AddCompetitor(span.of(reader.text), span)
        if match["wrong"]:
            known = edit_refs.best(edit_refs.stripped(match["wrong"]), view.competitors)
            if len(known) != 1:
                return reader.ask("competitor", at, at + len(piece)) if view.competitors else (added,)
            return (RemoveCompetitor(view.competitors[known[0]], Span(at, at + len(piece))), added)
        if name in view.competitors:
            return None
        if len(view.competitors) == 1:
            return (RemoveCompetitor(view.competitors[0], Span(at, at + len(piece))), added)
        if old := _sounding_like(name, view.competitors):
            return (RemoveCompetitor(old, Span(at, at + len(piece))), added)
        if view.competitors:
            return reader.ask("competitor", at, at + len(piece), after=span)
        return (added,)
    for pattern in _ADD_RIVAL:
        match = pattern.fullmatch(piece)
        if match is None:
            continue
        found: list[Edit] = []
        for part in re.finditer(r"[^、，,和跟]+", match["value"]):
            name = _competitor_name(part[0])
            if name is None:
                found = []
                break
            start = at + match.start("value") + part.start() + part[0].index(name)
            found.append(AddCompetitor(reader.text[start : start + len(name)], Span(start, start + len(name))))
        if found:
            return tuple(found)
    return None


# Stage and day of the visit

_STAGE = re.compile(
    rf"(?:项目|现在|目前|销售)?(?:的)?阶段(?:我?{_WRONG}|(?:早就?|已经)[过变进走]了|(?:还|太)[早晚]|往[前后][调推挪走退]?(?:一?[个下])?|没到(?:那|这)?)?{P}(?:(?:现在|目前|已经|应该|其实|要|可以)*(?:不是(?P<wrong>[\u4e00-\u9fa5]{{2,6}}){P})?(?:应该?是|应该?到|应该?在|改成了?|改为|改到|换成|更正为|应为|写成|写|填|(?:还|往前|往后|已经)*(?:推进|推|进|走|退回|退|回|停|定|留|卡)(?:到|在)|进入|退回|还?在|还是|处于|属于|算|到了?|在|变成|调整为|调到|调整到|调成|改|是|为|[:：])+)?\s*(?P<value>[\u4e00-\u9fa5]{{2,8}}?)(?:阶段)?(?:了|吧)?(?:{P}(?:而)?不是.{{2,6}})?"
)
_TO_STAGE = re.compile(
    r"(?:应该|现在|其实|已经|可以|早就?|都|才|刚|就|还|按|先)*(?:改成|改到|换成|(?:往前|往后)?(?:推进|推|走|进|退|退回|调|放|停|卡|谈)到|到|进入?|应该?是|应该?到|还?是|处于|属于|算|在)(?:了)?(?P<value>[\u4e00-\u9fa5]{2,6}?)(?:阶段)?(?:了)?"
)


def _stage_name(reader: _Reader, words: str) -> str | None:
    words = words.removesuffix("了").removesuffix("阶段")
    if words in reader.view.stages:
        return words
    close = edit_refs.best(words, reader.view.stages, least=0.9)
    exact = [reader.view.stages[place] for place in close if len(reader.view.stages[place]) == len(words)]
    return exact[0] if len(exact) == 1 else None


def _stage(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    if match := _STAGE.fullmatch(piece):
        words = match["value"]
        if name := _stage_name(reader, words):
            return (SetStage(name, Span(at + match.start("value"), at + match.end("value"))),)
        if (
            re.search(r"[没不还很谁哪说要]|什么|觉得|比较|前期|后期|^[了早晚]|错|对$|一下|去掉|删|改", words)
            or words in _DELETE_WORDS
        ):
            return None
        if not re.search(r"阶段.*(?:改|是|到|换|写|填|为|[:：])", piece):
            return None
        return (SetStage(words, Span(at + match.start("value"), at + match.end("value"))),)
    if (match := _STAGE_ALONE.fullmatch(piece)) and (match["value"] or match["value2"]) in reader.view.stages:
        group = "value" if match["value"] else "value2"
        return (SetStage(match[group], Span(at + match.start(group), at + match.end(group))),)
    if (match := _TO_STAGE.fullmatch(piece)) and (name := _stage_name(reader, match["value"])):
        return (SetStage(name, Span(at + match.start("value"), at + match.end("value"))),)
    return None


_STAGE_ALONE = re.compile(
    r"(?:现在|目前|已经|早就|应该|都)+(?P<value>[\u4e00-\u9fa5]{2,6}?)(?:阶段)?了?|(?P<value2>[\u4e00-\u9fa5]{2,6})阶段了?"
)
_DELETE_WORDS = {"删掉", "删除", "去掉", "不要", "取消"}
_VISIT = r"(?:(?:这次|上次|本次)?(?:拜访|见面|走访|到访|会面)(?:的)?(?:日期|时间|日子|日)?|去的(?:日期|时间|那天)|见客户的?(?:时间|日期))"
_VISITED = re.compile(
    rf"{_VISIT}(?:我?{_WRONG})?{P}(?:(?:应该|其实)?不是(?P<wrong>[^，,是]{{1,8}}){P}(?:而|应该)?(?=是))?(?:应该?是|应该?在|改成了?|改为|改到|换成|更正为|应为|写成|写|填|调整为|调到|记成|改|是|为|在|[:：])*\s*(?P<value>.+?)(?:{P}(?:而)?不是(?P<wrong2>.{{1,8}}))?"
)
_WENT = re.compile(
    rf"(?:我|我们)?(?:其实|应该)?(?:是|应该是)?(?P<value>[^，,]{{2,12}}?)(?:去|拜访|见|谈|跑|到|过去|聊)(?:的|客户的|他们的|了?的)(?:这家|客户)?(?:{P}(?:而)?不是.{{1,8}}?(?:去的|见的|拜访的)?)?(?:{P}{_VISIT}?改一?下)?"
)
_VISIT_OF = re.compile(
    r"(?:(?:这|刚才那|刚才这)(?:次|条|个|份)?(?:记录)?)?(?:应该|其实)?是(?P<value>[^，,]{2,12}?)的?(?:拜访|记录|事|走访)(?:的)?"
)
_WENT_NOT = re.compile(
    rf"(?:我|我们)?(?:其实)?不是(?P<wrong>[^，,是]{{2,8}}?)(?:去|拜访|见)的{P}(?:而)?是(?P<value>[^，,]{{2,10}}?)(?:去的|拜访的|见的)?"
)


_TELLS_WHEN = re.compile(r"(?:我|我们|其实|应该)*是|我|.{2,6}(?:去|拜访|见)的$|.*不是")


def _visited(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    for pattern in (_VISITED, _VISIT_OF, _WENT_NOT, _WENT):
        match = pattern.fullmatch(piece)
        if match is None:
            continue
        if pattern is _WENT and not _TELLS_WHEN.match(piece):
            continue
        if found := reader.past_day(match["value"], at + match.start("value")):
            return (SetVisitedOn(*found),)
    return None


# Steps

_DUE_VERB = (
    r"(?:(?:要|得|应该|需要|可以|先|都|也|就|再|直接|统一|还是|全部?|帮我|给我)*(?:改到|改成了?|改为|改在|改|推迟到|推到|延期到|延到|延后到|延迟到|提前到|提到|挪到|移到|放到|顺延到|调到|调整到|调整为|调成|定在|定到|定为|换到|换成|往后[推挪延]到|往前[提挪]到|拖到|压到|"
    r"应该?是|应该?到|应该?在|是|为|到|写成|写|[:：]|(?:[加补定填设写]上?个?)(?:截止)?(?:时间|日期|期限)(?:是|为|到|[:：])?|[加写补填]上|写|填))"
)
_TIME_WORD = r"(?:的?(?:截止)?(?:时间|日期|期限|日子|截止日?期?|日程|deadline|ddl))"
_MOVE = re.compile(
    rf"(?P<which>.{{2,22}}?){_TIME_WORD}?(?:我?{_WRONG})?{P}(?:(?:应该)?不是(?P<old>[^，,是]{{1,8}}?){P}(?=是|改))?(?P<verb>{_DUE_VERB}){P}(?P<value>.+?)(?:{P}(?:而)?不是(?P<wrong>.{{1,8}}))?(?:再?(?:做|完成|交|给|发|去|弄|办|提交|寄|送))?"
)
_WRONG_TIME = re.compile(rf"(?P<which>.{{2,22}}?){_TIME_WORD}?(?:我?{_WRONG})[，,\s]+(?P<value>.{{2,12}})")
_TOO_SOON = re.compile(
    rf"(?P<which>.{{2,16}}?)(?P<old>[^，,]{{2,8}}?)??(?:肯定|可能|恐怕|估计|是)*(?:[\u4e00-\u9fa5]不(?:了|完|成|上|及|动|到|出来?)|赶不上|赶不及|不行|不够|做不完|弄不完|搞不定|太赶|太急|太紧|太早|太晚|不急|不着急|等不及|(?:很|挺|比较)?(?:着)?急)(?:了|的)?{P}(?:改|换|就|还是|那就|得)*(?:到|成)?(?P<value>[^，,]{{2,10}})"
)
_TO_DO_THEN = re.compile(
    r"(?:之前|以前|前|再|就|才|要|必须|得|先)*(?:做|完成|交|给|发|去|弄|办|提交|寄|送|给他们?|发给他们?|搞定|出|打|回复|落实|约)(?:出去|过去)?(?:吧|了)?"
)
_MOVE_FIRST = re.compile(rf"(?P<verb>{_DUE_VERB})(?P<value>.+)")
_SHIFT_WORDS = (
    r"(?:(?:再|都|也|要|得|给|可以|整体|统一|全部?|帮我|先|就)*"
    r"(?:(?:往后|向后|朝后)(?:再)?(?:推迟|推|延迟|延|挪|移|顺延|顺|拖|放|调|改|退)?|延后|推后|延迟|推迟|顺延|后延|后推|后移|延长|延期|晚|推|延|拖|宽限|缓|(?P<earlier>(?:往前|向前|朝前)(?:提|推|挪|移|调|赶|改)?|提前|提早|早|前移))"
    r"(?:了|个|一下)?(?P<n>\d{1,3}|半|[一二两三四五六七八九十]{1,3})(?P<unit>个?工作日|天|日|周|个?星期|个?礼拜|个?月))"
)
_SHIFT = re.compile(
    _SHIFT_WORDS
    + r"(?:吧|再[做说交]|完成|交|做)?|(?:再)?(?:(?P<later2>多给|再给|多留|宽限)|(?P<earlier2>少给))(?:我|他|他们|客户)?(?P<n2>\d{1,3}|[一二两三四五六七八九十]{1,3})(?P<unit2>个?工作日|天|周|个?星期|个?礼拜|个?月)(?:时间)?"
)
_SHIFT_STEP = re.compile(
    rf"(?P<which>.{{2,22}}?){_TIME_WORD}?(?P<shift>(?:再|都|也|要|得|给|可以|整体|统一|全部?|帮我|先|就)*(?:往后|向后|朝后|往前|向前|朝前|延后|推后|推迟|顺延|延迟|后延|后推|后移|延期|提前|提早|晚|早|推|延|拖|缓|宽限|多给|再给|多留).+)"
)
_VAGUE_SHIFT = re.compile(
    r"(?:再|都|也|要|得|给|可以|帮我|先|就|时间)*(?:往后|向后|延后|推后|推迟|顺延|延期|晚|推|延|拖|往前|提前|早)(?:推|延|挪|移|提|放|缓)?(?:一?下|一?[推挪放缓等]|几天|两三天|一些|一点|一阵|一段时间|点|些)?(?:吧|时间)?"
)


def _due_kinds(reader: _Reader, words: str) -> Pointed | None:
    words = re.sub(rf"{_TIME_WORD}$", "", words)
    bare = edit_refs.stripped(words)
    if bare != words and (day := reader.day(bare, 0)):
        due = tuple(place for place, step in enumerate(reader.view.steps) if step.due == day[0])
        return Pointed("step", due if len(due) == 1 else ())
    return reader.step(words) or _several_steps(reader, words)


def _several_steps(reader: _Reader, words: str) -> Pointed | None:
    """样机和接口方案都: each of them clear by itself."""
    parts = [part for part in re.split(r"和|跟|、|还有|以及", re.sub(rf"{_EVERY}$", "", words)) if part]
    pointed = [reader.step(part) for part in parts]
    places = [each.places for each in pointed if each and each.kind == "step" and len(each.places) == 1]
    if len(parts) < 2 or len(places) < len(parts):
        return None
    return Pointed("step", tuple(dict.fromkeys(place for (place,) in places)))


def _due(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    if (match := _SHIFT_STEP.fullmatch(piece)) and (done := _shift(reader, match, piece, at)):
        return done
    if _tells_news(piece):
        return None
    which, verb, found = _which_day(reader, piece, at)
    pointed = _due_kinds(reader, which) if found else None
    if found is None or pointed is None:
        if found and not reader.known and re.search(r"改|推|延|挪|提前", verb):
            return reader.ask("no_such_step", at, at + len(piece), words=edit_refs.stripped(which))
        return None
    behind = at + min(len(which), len(piece))
    ask = reader.steps_or_ask(pointed, at, at + len(piece), Span(behind, at + len(piece)))
    return ask or tuple(SetDue(place + 1, found[0], found[1]) for place in pointed.places)


def _which_day(reader: _Reader, piece: str, at: int) -> tuple[str, str, tuple[date, Span] | None]:
    """What is due, by which verb, and when."""
    for pattern in (_TOO_SOON, _MOVE, _WRONG_TIME):
        match = pattern.fullmatch(piece)
        if match is None or (pattern is _TOO_SOON and match["old"] and not reader.day(match["old"], 0)):
            continue
        if found := reader.day(match["value"], at + match.start("value")):
            verb = match["verb"] if pattern is _MOVE else ""
            return match["which"] + ("都" if re.match(_EVERY, verb) else ""), verb, found
    which, found = _to_do_then(reader, piece, at)
    return which, "", found


_SHOWN_FIRST = re.compile(r"([^，,]{2,12}?[那这][个条项])(?=周|星期|礼拜|下|本|月|年|今|明|后|\d)")


def _to_do_then(reader: _Reader, piece: str, at: int) -> tuple[str, tuple[date, Span] | None]:
    """案例那个明天发: what, and when."""
    # 第二个周五 is no Friday here
    shown = edit_refs.NUMBER_FIRST.match(piece) or _SHOWN_FIRST.match(piece)
    skipped = shown.end(1) if shown else 0
    for mention in dates.find(piece[skipped:], reader.sent_at, reader.zone, reader.worked)[:1]:
        start, end = mention.span.start + skipped, mention.span.end + skipped
        which = re.sub(r"(?:要|得|就|可以|先|等|改)+$", "", piece[:start])
        numbered = edit_refs.numbered(edit_refs.stripped(which), len(reader.view.steps)) is not None
        whole = re.search(r"[那这][个条项]$", which) or reader.is_whole(at, at + len(piece))
        then = _TO_DO_THEN.fullmatch(piece, end) or ((numbered or whole) and _AROUND_DATE.fullmatch(piece, end))
        if mention.due and len(which) >= 2 and then:
            return which, (mention.due, Span(at + start, at + end))
    return "", None


_NEWS = re.compile(
    r"^(?:他们?|她们?|客户(?!那个|那条|那项|的)|对方|领导|[\u4e00-\u9fa5]总(?!工|价))(?:那边|说|要|把|想|希望|让|也|又|还|今天|已经)|(?:他们|客户|对方|领导)(?:那边)?(?:把|说|要求|希望|想)"
)
"""他们把交货日期改到月底 is news."""


def _tells_news(piece: str) -> bool:
    return bool(_NEWS.search(piece))


def _shift(reader: _Reader, match: re.Match[str], piece: str, at: int) -> tuple[Edit, ...] | None:
    pointed = _due_kinds(reader, match["which"])
    if pointed is None or _tells_news(piece):
        return None
    shift = match["shift"]
    if not _SHIFT.fullmatch(shift):
        if _VAGUE_SHIFT.fullmatch(shift):
            before = match["which"] + "改到" if pointed.places else ""
            return reader.ask("due", at, at + len(piece), before=before)
        return None
    span = Span(at + match.start("shift"), at + match.end("shift"))
    if ask := reader.steps_or_ask(pointed, at, at + len(piece), span):
        return ask
    return _shifted(reader, pointed.places, shift, span, piece, at, before=match["which"] + "改到")


def _shifted(
    reader: _Reader, places: Sequence[int], shift: str, span: Span, piece: str, at: int, *, before: str
) -> tuple[Edit, ...]:
    moved = [(place, reader.shifted(place, shift)) for place in places]
    if any(day is None for _, day in moved):
        return reader.ask("due", at, at + len(piece), before=before)
    return tuple(SetDue(place + 1, day, span) for place, day in moved if day is not None)


def _due_alone(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """往后推三天, 改到周五: clear where there is one step."""
    count = len(reader.view.steps)
    span = Span(at, at + len(piece))
    bare = re.sub(rf"^(?:时间|日期|期限)(?:我?{_WRONG})?{P}", "", piece)
    offset = at + len(piece) - len(bare)
    if _SHIFT.fullmatch(bare):
        if not reader.known or count == 0:
            return reader.ask("step", at, span.end)
        if count == 1:
            return _shifted(reader, (0,), bare, Span(offset, span.end), piece, at, before="第一个待办改到")
        return reader.ask("step", at, span.end, after=Span(offset, span.end))
    if re.fullmatch(r"(?:往后|向后|推迟|延期|延后|推后|顺延|往前|提前).{0,3}", bare) and _VAGUE_SHIFT.fullmatch(bare):
        return reader.ask("when", at, span.end)
    match = _MOVE_FIRST.fullmatch(bare)
    if match and bare != piece and not reader.day(match["value"], 0):
        day = reader.past_day(match["value"], offset + match.start("value"))
        return (SetVisitedOn(*day),) if day else None
    if match is None or (found := reader.day(match["value"], offset + match.start("value"))) is None:
        return None
    if not re.search(r"改|推|延|挪|提前|调|放|换|移", match["verb"]) and bare == piece:
        return None
    if count == 1:
        return (SetDue(1, *found),)
    return reader.ask("when", at, span.end, after=Span(offset, span.end) if count else None)


_WHO_DOES = r"(?:来|自己|去|亲自|那边)*(?:做|负责|办|弄|搞|跟进?|处理|落实|完成|出|管|干|对接|搞定|执行|安排|负责做|去做|去办|提供|发|写|整理|准备|确认|回传|寄|送|约|安排|核对|更新|补|牵头)?(?:的活|的事|的|了|吧|就行)*"
_DO = r"(?:做|负责|办|弄|搞|跟进?|处理|落实|完成|出|管|干|对接|搞定|安排|提供|解决|发|写|寄|约|准备|整理|送|带|确认|核对|要|拿|测)"
_OWNER = (
    re.compile(
        rf"(?P<which>.{{2,22}}?)(?:的)?(?:负责人|责任人|责任方|执行人)?(?:我?{_WRONG})?{P}(?:(?:应该|其实)?不是(?P<wrong>[^，,是]{{1,8}}?)(?:的|做|负责|来)*{P}(?:而|应该)?(?=是|由|归))?"
        rf"(?:要|得|应该|可以|其实|现在|就|先|还是|都|也|改|换|统一)*(?:改成由?|改为由?|换成由?|改由|换|转给|转交给|交给|交由|分给|派给|安排|安排给|给到?|让|由|归|叫|派|请|是由?|该|写成?|算|[:：])(?P<who>[^，,]{{1,10}}?){_WHO_DOES}(?:{P}(?:而)?不是(?P<wrong2>[^，,是]{{1,8}}?)(?:的|做|负责)*)?"
    ),
    re.compile(rf"(?P<which>.{{2,22}}?)(?:其实|应该)*(?:不是(?P<wrong>[^，,是]{{1,8}}?)(?:来|去)?{_DO}{P})?(?:应该|还是|是|就|得|要)*(?P<who>{edit_refs.US}|{edit_refs.SOMEBODY})(?:(?:自己|亲自|来|去)+[\u4e00-\u9fa5]{{0,2}}?|{_DO}(?![了过]))(?:吧|就行了?|就可以了?|好了|的)*(?:{P}(?:就)?(?:别|不要|不用|不是)(?:写|记|算|让|给|成)*[^，,]{{1,6}})?"),
    re.compile(r"(?:让|由|叫|请|安排|派|给)(?P<who>[^，,]{1,10}?)(?:来|去|自己|亲自)+(?P<which>.{2,22})"),
    re.compile(rf"(?P<which>.{{2,22}}?){P}(?P<who>(?![那这的个条])[^，,]{{1,8}}?)(?:来|自己来|自己|去|亲自|那边)(?:做|负责|办|弄|搞|跟进?|处理|落实|完成|出|管|干|对接|搞定|安排|提供|解决|搞|发|写|寄|约|准备|整理|吧|来)?(?:吧|了|就行|好了)*"),
    re.compile(rf"(?P<which>.{{2,22}}?){P}(?P<who>我|我们|客户|他们|我自己|同事|对方)(?:来|自己|去|自己来)*(?:做|负责|办|弄|搞|跟进|处理|落实|管|干|对接|搞定)(?:吧|了|就行|的)*"),
    re.compile(r"(?:让|由|叫|请|安排|派)?(?P<who>[^，,]{1,10}?)(?:来|去|自己|亲自)*(?:做|负责|办|弄|搞|跟进|处理|落实|管)(?P<which>.{2,22})"),
    re.compile(r"(?P<which>.{2,22}?)(?:的)?(?:负责人|责任人|责任方|执行人)(?:是|改成|换成|写|改|:|：)?(?P<who>[^，,]{1,10})"),
)  # fmt: skip
_NOT_MINE = re.compile(
    rf"(?P<which>.{{2,22}}?)(?:应该|其实)?不(?:是|归|该|由)(?P<who>[^，,]{{1,8}}?)(?:来|去)*(?:做|负责|办|弄|跟进|管|的活|的事|的)*(?:{P}(?:你)?(?:{_WRONG}|帮我改一下|得改))?"
)


def _owner(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    for pattern in _OWNER:
        match = pattern.fullmatch(piece)
        if match is None:
            continue
        owner = _who(reader, match["who"])
        if owner is None:
            continue
        pointed = reader.step(match["which"])
        if pointed is None or pointed.kind != "step" or _tells_news(piece):
            continue
        span = Span(at + match.start("who"), at + match.end("who"))
        if ask := reader.steps_or_ask(pointed, at, at + len(piece), Span(at + match.end("which"), at + len(piece))):
            return ask
        return tuple(SetOwner(place + 1, owner, span) for place in pointed.places)
    match = _NOT_MINE.fullmatch(piece)
    if match and _who(reader, match["who"]) and (pointed := reader.step(match["which"])):
        if pointed.places:
            return reader.ask("owner", at, at + len(piece), before=match["which"] + "改成由")
        return reader.ask("step", at, at + len(piece))
    return None


def _who(reader: _Reader, words: str) -> Owner | None:
    bare = re.sub(r"^(?:是|由|让|给|成|为|到)|(?:来|去|自己|那边|的|做)$", "", words) if len(words) > 1 else words
    return edit_refs.owner_of(words, reader.view) or (edit_refs.owner_of(bare, reader.view) if bare else None)


_ACTION = re.compile(
    rf"(?P<which>.{{2,22}}?)(?:的)?(?P<content>内容|事项|描述|文字|动作)?(?:我?{_WRONG}|{_DEL}了?|不要了?)?{P}(?:要|得|应该|需要|就|可以)*(?P<verb>改成是|改成了?|改为|换成|换做|换|更正为|写成|应该?是|应为|是|改|[:：]){P}(?P<value>[^，,]{{2,40}}?)(?:{P}(?:而)?不是.{{2,20}})?"
)


def _action(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    match = _ACTION.fullmatch(piece)
    if match is None or _tells_news(piece):
        return None
    pointed = reader.step(match["which"])
    if pointed is None:
        return None
    weak = match["verb"] in {"是", "改", "换", ":", "："}
    kind, _, _ = edit_refs.split_kind(match["which"])
    is_named = (
        kind == "step" or edit_refs.numbered(edit_refs.stripped(match["which"]), len(reader.view.steps)) is not None
    )
    if weak and not (is_named or match["content"]):
        return None
    value = match["value"]
    if (value.endswith("的") or _COUNT_ONLY.fullmatch(value)) and len(pointed.places) == 1:
        # 改成五间教室的: only a part of the words is said anew
        return reader.ask("due", at, at + len(piece), before=match["which"] + "改成")
    if _NO_ACTION.match(value) or _FREE.search(value) or (weak and not _DOES.match(value)):
        return None
    span = Span(at + match.start("value"), at + match.end("value"))
    if ask := reader.steps_or_ask(pointed, at, at + len(piece), Span(at + match.end("which"), at + len(piece))):
        return ask
    if len(pointed.places) != 1:
        return None
    place = pointed.places[0]
    found = dates.find(value, reader.sent_at, reader.zone, reader.worked)
    if len(found) == 1 and found[0].due is not None and found[0].span.start <= 1:
        rest_at = found[0].span.end
        rest = value[rest_at:].lstrip("把要给，, ")
        if len(rest) >= 2:
            rest_span = Span(span.end - len(rest), span.end)
            due_span = Span(span.start + found[0].span.start, span.start + rest_at)
            return (
                SetDue(place + 1, found[0].due, due_span),
                SetAction(place + 1, rest_span.of(reader.text), rest_span),
            )
    return (SetAction(place + 1, span.of(reader.text), span),)


_COUNT_ONLY = re.compile(r"[\d一二两三四五六七八九十百]{1,4}[\u4e00-\u9fa5]")
_NO_ACTION = re.compile(
    r"(?:我|客户|他们|同事|谁|哪|什么|不|没|别的|其他|已经|今天|昨天|这样|那样|了|一下|时间|日期)(?!们?确认|提供|发|寄)"
)
_DOES = re.compile(
    r"(?:提供|发|寄|送|给|打|约|做|安排|确认|回访|催|准备|跟|陪|带|去|找|问|签|交|报|拜访|联系|更新|整理|出|写|提交|回传|补|核对|安装|调试|培训|测试|演示|申请|协调|沟通|落实|邀请|组织|付|开|看|试|修|换|退|拿|取|改|现场|上门|再|先|把|重新)"
)

# Taking away

_DROP = re.compile(rf"(?:要|得|先|全部?|都)*(?:{_DEL}|不要|取消)(?:了|掉|一下)?(?P<what>.{{2,24}}?)(?:吧|了)?")
_DROP_AFTER = re.compile(
    rf"(?P<what>[^，,；;。]{{2,24}}?)(?:(?:也|都|全|就|这次|今天|其实|其实是)*(?:(?:不|没|已经|早)[^，,]{{0,8}}[，,]\s*|(?:已经|早就?)[^，,]{{1,6}}?了)|(?:也|都|全|就|是|都是|有点|全部)?(?:写|记|弄|搞|说|填|听|识别)?(?:错了|不对|有误|误报了?|误判了?|多余了?|不是真的|不成立|不准确?|没有这回事|没这回事|不存在|重复了?){P})?(?P<verb>{_DEL_AFTER}(?:{P}{_DEL_AFTER}){{0,2}})"
)
_GONE = re.compile(
    r"(?P<what>.{0,24}?)(?:其实|根本|应该|并|也|都)*(?:不是|不算|算不上|谈不上|不存在|没有这个|没这个|没这回事|没有这回事)(?:什么)?(?P<kind>风险|痛点|联系人|待办|问题)?(?:点|信号)?(?:了|的)?"
)
_NONE_OF = re.compile(rf"没有(?:什么)?(?P<what>风险|痛点|竞品|报价|预算)(?:信号)?{P}{_DEL_AFTER}")
_HAS_NONE = re.compile(
    r"(?:现在|目前|其实)?没有?(?:什么|任何)?(?P<what>风险|痛点|竞品|竞争对手)(?:了|的)?|(?P<what2>风险|痛点|竞品|竞争对手)(?:其实|现在|目前|都|是)*(?:没有|无)(?:了|的)?"
)
_EXCUSE = (
    r"(?:(?:他们?|她们?|人家|客户|对方|那天|当天|这次|今天|我们?|都|其实|这个|那个|也|根本|压根|就|还|暂时|目前|现在|本来)*"
    r"(?:(?:没|不(?!要|用)|未|是我|早|已经)[^，,；;。！!、]{0,12}?|[^，,；;。！!、的]{1,5}[过完好]了?|[^，,；;。！!、的]{1,4}了|(?:是)?(?:多余|重复)的?))"
)
_EXCUSE_BEGINS = re.compile(rf"(?={_EXCUSE})")
_EXCUSED = re.compile(
    rf"(?P<excuse>{_EXCUSE}(?:[，,！!\s]*{_EXCUSE})?)[，,！!\s]*(?:这个|那个|这一?条|那一?条|它|他|她)?{_DEL_AFTER}"
)
_ENDS_IN_REMOVAL = re.compile(rf"{_DEL_AFTER}$")
_NO_SUCH = re.compile(
    rf"(?:(?:竞品|痛点|风险)(?:里面?|那里|中)?)?(?:他们|客户|我)?(?:其实|根本|压根|并)*没有?(?:提|说|讲)?到?过?(?P<what>.{{2,12}}?)(?:的?(?:问题|事儿?|风险|痛点|情况)|这回事|这家|这个)?(?:[，,\s]*{_DEL_AFTER})?"
)
_DENIED = re.compile(
    r"(?P<front>[^，,]{0,8}?)(?:并|还|根本|又)?没有?(?:被|说要?)?(?P<back>[^，,]{1,8}?)(?:过|啊|呀)?[，,！!\s]*(?:你|系统)?(?:别|不要|不用|不能)(?:再|瞎|乱)?(?:写|记|填|加|编)(?:了|吧|上去?)*"
)
_BUT = re.compile(
    rf"(?:(?P<kind>待办|下一步|竞品|联系人|风险|痛点)(?:里面?)?)?除了?(?P<what>[^，,；;。]{{2,20}}?)(?:以外|之外|外)?{P}(?:(?:其他|其它|别的|其余|剩下|另外)的?)?(?:都|全部?)+{_DEL_AFTER}"
)
_KEEP = re.compile(
    rf"(?:(?P<kind>待办|下一步|竞品|联系人|风险|痛点)(?:里面?)?)?(?:只|就|仅)(?:留下?|保留|要|有|剩)(?P<what>[^，,；;。]{{2,20}}?)(?:这?[一两三]?[个条项家位])?(?:就行|就可以|就够|就好)?了?(?:{P}(?:其他|其它|别的|其余|剩下|另外)的?(?:待办|竞品|联系人|风险|痛点)?{_DEL_AFTER})?"
)
_REMOVABLE: Sequence[Kind] = ("step", "contact", "competitor", "risk", "pain")


def _drop(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    if _tells_news(piece) and not any(risk in piece for risk in reader.view.risks):
        return None
    if denied := _denied(reader, piece, at) or _has_no_such(reader, piece, at):
        return denied
    if (match := _BUT.fullmatch(piece)) and (kept := _all_but(reader, match, Span(at, at + len(piece)))):
        return kept
    if (match := _KEEP.fullmatch(piece)) and (kept := _all_but(reader, match, Span(at, at + len(piece)))):
        return kept
    if match := _DROP_AFTER.fullmatch(piece):
        every = bool(re.search(_EVERY, match["verb"] + (piece[match.end("what") : match.start("verb")])))
        after = Span(at + match.end("what"), at + len(piece))
        if found := _dropped(reader, match["what"], piece, at, every=every, after=after):
            return found
    if match := _DROP.fullmatch(piece):
        verb = piece[: match.start("what")]
        every = bool(re.search(_EVERY, verb))
        found = _dropped(reader, match["what"], piece, at, every=every, after=None, verb=verb)
        return found or _nothing_to_drop(reader, match["what"], verb, piece, at)
    if match := _NONE_OF.fullmatch(piece):
        return _dropped(reader, match["what"], piece, at, every=False, after=None)
    if match := _HAS_NONE.fullmatch(piece):
        pointed = edit_refs.point(match["what"] or match["what2"], reader.view, kinds=_REMOVABLE, every=True)
        return _removals(reader, pointed, Span(at, at + len(piece))) or None if pointed else None
    if excused := _excused(reader, piece, at):
        return excused
    if (match := _DROP_AFTER.fullmatch(piece)) and reader.is_whole(at, at + len(piece)):
        words = edit_refs.stripped(match["what"])
        named = edit_refs.person(words) or (words != match["what"] and not re.search(r"[把的了]", words))
        if named and re.match(_DEL, match["verb"]):
            return reader.ask("nothing_like_it", at, at + len(piece), words=words)
    return _is_none(reader, piece, at)


def _excused(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """售后那个他们没提过去掉: why it has to go is said between what goes and the verb."""
    if not _ENDS_IN_REMOVAL.search(piece):
        return None
    for match in _EXCUSE_BEGINS.finditer(piece, 2):
        excused = _EXCUSED.fullmatch(piece, match.start())
        if excused is None or _NEWS_IN_REASON.search(excused["excuse"]):
            continue
        found = _dropped(reader, piece[: match.start()].rstrip("，, "), piece, at, every=False, after=None)
        if found and all(isinstance(edit, _REMOVALS) for edit in found):
            return found
    return None


def _has_no_such(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """没有科锐达, 没提过售后响应: of what the draft has by just that name."""
    match = _NO_SUCH.fullmatch(piece)
    if match is None:
        return None
    what, view, span = match["what"], reader.view, Span(at, at + len(piece))
    if what in view.competitors:
        return (RemoveCompetitor(what, span),)
    if what in view.pain_points:
        return (RemovePain(what, span),)
    return (RemoveRisk(what, span),) if what in view.risks else None


def _denied(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """预算没砍，别写, of the risk 预算被砍."""
    match = _DENIED.fullmatch(piece)
    if match is None:
        return None
    words = match["front"] + match["back"]
    risks = [risk for risk in reader.view.risks if len(words) >= 2 and edit_refs.likeness(words, risk) == 1.0]
    if len(risks) != 1 or re.search(r"[没不未]", risks[0]):
        return None
    return (RemoveRisk(risks[0], Span(at, at + len(piece))),)


def _nothing_to_drop(reader: _Reader, what: str, verb: str, piece: str, at: int) -> tuple[Edit, ...] | None:
    """删掉那个, 删掉验收: said plainly, of something that is not there."""
    if not re.match(rf"(?:要|得|先)*{_DEL}", piece) or "取消" in verb or re.search(r"了.", verb + what[:1]):
        return None
    words = edit_refs.stripped(what)
    if not words or edit_refs.SOME.fullmatch(words) or re.fullmatch(r"它|他|她|一[个条项]|吧|了", words):
        return reader.ask("what", at, at + len(piece))
    if len(words) <= 10 and not re.search(r"[了的]|需求|模块|他们|客户", words):
        return reader.ask("nothing_like_it", at, at + len(piece), words=words)
    return None


def _is_none(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """那不是风险, 价格敏感不算痛点."""
    match = _GONE.fullmatch(piece)
    if match is None:
        return None
    pointed = None
    if match["kind"] in {"风险", "痛点", "联系人"}:
        bare = edit_refs.stripped(match["what"])
        bare = "" if bare in {"那", "这"} else bare
        kind = edit_refs.KIND_WORDS[match["kind"]]
        pointed = edit_refs.point(match["kind"] + bare, reader.view, kinds=(kind,))
    elif not match["kind"] and "没" in piece:
        pointed = edit_refs.point(match["what"], reader.view, kinds=("risk",))
    return _removals(reader, pointed, Span(at, at + len(piece))) if pointed and pointed.places else None


def _dropped(
    reader: _Reader, what: str, piece: str, at: int, *, every: bool, after: Span | None, verb: str = ""
) -> tuple[Edit, ...] | None:
    span = Span(at, at + len(piece))
    what = re.sub(r"从(?:待办|竞品|联系人|风险|痛点)(?:里面?|中|列表)?$", "", what)
    if len(what) < 2 and what != "钱":
        return None
    if (roles := _roles_meant(reader, what)) is not None:
        if len(roles) == 1:
            return (RemoveAmount(roles[0], span),)
        if every and roles:
            return tuple(RemoveAmount(role, span) for role in roles)
        return reader.ask("amount", at, span.end, before=verb, after=after)
    kind, rest, _ = edit_refs.split_kind(what)
    if kind in {"customer", "stage"} and not edit_refs.stripped(rest):
        return reader.ask(
            "customer" if kind == "customer" else "stage",
            at,
            span.end,
            before="客户是" if kind == "customer" else "阶段是",
        )
    pointed = edit_refs.point(what, reader.view, kinds=_REMOVABLE, every=every)
    if pointed is None:
        return _several_dropped(reader, what, span)
    if not pointed.places:
        if pointed.kind == "step":
            about: Unclear = "no_such_step" if pointed.missing else "step"
        else:
            about = _ABOUT[pointed.kind]
        if not pointed.missing and not every and kind is None and after is not None and not edit_refs.stripped(what):
            return reader.ask("what", at, span.end)
        return reader.ask(about, at, span.end, words=pointed.missing, before=verb, after=after)
    return _removals(reader, pointed, span)


_ABOUT: dict[Kind, Unclear] = {
    "contact": "contact",
    "competitor": "competitor",
    "risk": "risk",
    "pain": "pain",
    "customer": "customer",
    "stage": "stage",
    "amount": "amount",
}


def _all_but(reader: _Reader, match: re.Match[str], span: Span) -> tuple[Edit, ...] | None:
    """只留第一个待办，其他删掉."""
    pointed = edit_refs.point((match["kind"] or "") + match["what"], reader.view, kinds=_REMOVABLE)
    if pointed is None or not pointed.places:
        return None
    count = len(edit_refs.listed(reader.view, pointed.kind))
    others = tuple(place for place in range(count) if place not in pointed.places)
    return _removals(reader, Pointed(pointed.kind, others), span) or None


def _several_dropped(reader: _Reader, what: str, span: Span) -> tuple[Edit, ...] | None:
    """联迅和科锐达都去掉."""
    parts = [part for part in re.split(r"和|跟|、|还有|以及", what) if part]
    if len(parts) < 2:
        return None
    found: list[Edit] = []
    for part in parts:
        pointed = edit_refs.point(part, reader.view, kinds=_REMOVABLE)
        if pointed is None or not pointed.places:
            return None
        found += _removals(reader, pointed, span)
    return tuple(found)


def _roles_meant(reader: _Reader, what: str) -> tuple[AmountRole, ...] | None:
    """The roles that the amount which is to go may have; None where no amount is meant."""
    words = edit_refs.stripped(what)
    match = re.fullmatch(rf"(?P<role>{ROLE})(?:的)?(?:那个|这个|那笔|这笔|那一?项|那块)?(?P<sum>.*)", words)
    roles = tuple(dict.fromkeys(each.role for each in reader.view.amounts))
    if match and (not match["sum"] or reader.money(match["sum"], 0)):
        role = ROLES[match["role"]]
        if role == "other":
            return roles
        return (role,) if role in roles or not reader.known else ()
    amount = reader.money(words, 0)
    if amount is None or not _has_money_word(words):
        return None
    low, high = amount.low_fen, amount.high_fen
    return tuple(
        dict.fromkeys(each.role for each in reader.view.amounts if (each.low_fen, each.high_fen) == (low, high))
    )


def _removals(reader: _Reader, pointed: Pointed, span: Span) -> tuple[Edit, ...]:
    view = reader.view
    match pointed.kind:
        case "step":
            return tuple(RemoveStep(place + 1, span) for place in pointed.places)
        case "contact":
            return tuple(RemoveContact(view.contacts[place], span) for place in pointed.places)
        case "competitor":
            return tuple(RemoveCompetitor(view.competitors[place], span) for place in pointed.places)
        case "risk":
            return tuple(RemoveRisk(view.risks[place], span) for place in pointed.places)
        case "pain":
            return tuple(RemovePain(view.pain_points[place], span) for place in pointed.places)
        case _:
            return ()


# Something is wrong, and it is not said what would be right

_FIELD_WRONG = re.compile(
    rf"(?:上面|前面|里面|下面)?的?(?:两个|这个|那个|几个|所有)?(?:(?:{ROLE}|客户|联系人|阶段|竞品|日期|时间)(?:和|跟|、)?)??(?P<field>{ROLE}|客户(?:名称|名字)?|公司名称?|联系人|对接人|阶段|竞品|竞争对手|风险(?:信号)?|痛点|拜访(?:日期|时间)|时间|日期|待办|下一步|名字|人名|负责人)(?:那里|这里|那个|这个|那块|那栏|好像|有点|也|都|还|的|要|得|需要|我|给我|帮我)*(?:{_WRONG}|换(?:一?个|人)|不是这个|不是他|姓.不姓.|有问题|不太对|要换|换掉|要变|得变|改)(?:了|吧|一下|[，,]?改一下|[，,]?帮我改一?下|[，,]?你?改改|的)*"
    rf"|(?:改|换|修改|调整|更正|更新)(?:一?下|一?个|改|换)?(?P<field2>{ROLE}|客户|联系人|对接人|阶段|竞品|风险|痛点|拜访日期|拜访时间|时间|日期|待办|下一步|名字|人|负责人)"
)
_STEP_WRONG = re.compile(
    rf"(?P<which>.{{2,22}}?)(?:的)?(?P<time>{_TIME_WORD})?(?:好像|有点|也|还|要|得|需要|我|帮我|给我)*(?:{_WRONG}|有问题|不太对|换一?个|要改|改)(?:了|吧|一下|[，,]?改一下|[，,]?帮我改一?下)*"
    rf"|(?:改|换|修改|调整)(?:一?下|一?个)?(?P<which2>.{{2,22}})"
)
_OPEN_ADDITION = re.compile(
    rf"(?:再|还|要|得)*(?:补充?|增?加|新增|添加?)(?:一?[个条家位]|一下|上)?(?:{_STEP_NOUN}|联系人|竞品|风险|痛点|金额|报价|预算|东西|内容)?"
)
_OPEN_REMOVAL = re.compile(
    rf"(?:它|他|她|这[个条]|那[个条])?(?:都|也)?{_DEL}(?:了|吧|它|掉|一[个条项]|那[个条]|这[个条])*"
)
_SOME_STEP = re.compile(rf"(?:有|其中有?|里面?有|某)(?:一?[个条项]){_STEP_NOUN}.{{0,14}}")


def _wrong(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    span = Span(at, at + len(piece))
    if _SIGN.fullmatch(piece) or _OPEN_ADDITION.fullmatch(piece) or _OPEN_REMOVAL.fullmatch(piece):
        return reader.ask("what", at, span.end)
    if match := _FIELD_WRONG.fullmatch(piece):
        return _field_wrong(reader, match["field"] or match["field2"], at, span.end)
    if _SOME_STEP.fullmatch(piece) and re.search(rf"{_WRONG}|不是|要改|删|不要|去掉|换", piece):
        return reader.ask("step", at, span.end)
    match = _STEP_WRONG.fullmatch(piece)
    if match and not _tells_news(piece):
        which = match["which"] or match["which2"]
        pointed = edit_refs.point(which, reader.view, kinds=_REMOVABLE)
        if pointed is None:
            return None
        if pointed.kind != "step":
            about = _ABOUT[pointed.kind]
            before = edit_refs.stripped(which) + "改成" if pointed.kind == "contact" and pointed.places else ""
            return reader.ask(about, at, span.end, before=before)
        if not pointed.places:
            about = "no_such_step" if pointed.missing else "step"
            return reader.ask(about, at, span.end, words=pointed.missing)
        return reader.ask("due", at, span.end, before=edit_refs.stripped(which) + "改成")
    return None


def _field_wrong(reader: _Reader, field: str, at: int, stop: int) -> tuple[Edit, ...]:
    view = reader.view
    if field in ROLES:
        role = ROLES[field]
        if role == "other" and len(view.amounts) != 1:
            return reader.ask("amount", at, stop)
        return reader.ask("money", at, stop, words=field, before=field + "改成")
    if field in {"时间", "日期", "拜访日期", "拜访时间"}:
        return reader.ask("when", at, stop, before="拜访日期是" if "拜访" in field else "")
    if field in {"待办", "下一步", "负责人"}:
        return reader.ask("step", at, stop)
    if field in {"名字", "人名", "人"}:
        return reader.ask("what", at, stop)
    kind = edit_refs.KIND_WORDS.get(field, "customer")
    if kind == "contact":
        before = "联系人是" if len(view.contacts) <= 1 else ""
    elif kind == "competitor":
        before = "竞品是" if len(view.competitors) <= 1 else ""
    else:
        before = {"customer": "客户是", "stage": "阶段是", "risk": "", "pain": ""}[kind]
    return reader.ask(_ABOUT[kind], at, stop, before=before)


# One word for another

_BESIDES = re.compile(
    rf"不(?:只|光|止|单)是?有?(?P<known>[^，,]{{2,12}}?){P}(?:还有|也有)(?:一?[个家位])?(?:叫|是)?(?P<value>[^，,]{{2,12}}?)的?{P}(?:{_INTO})?"
)


def _besides(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """不只锐光还有个叫镭科的也加上: it goes where the other one is."""
    match = _BESIDES.fullmatch(piece)
    if match is None:
        return None
    if match["known"] in reader.view.competitors and (name := _competitor_name(match["value"])):
        span = _where(match, "value", name, at)
        return (AddCompetitor(span.of(reader.text), span),)
    if match["known"] in reader.view.contacts and (person := edit_refs.person(_bare_name(match["value"]))):
        span = _where(match, "value", person[0], at)
        return (AddContact(span.of(reader.text), span, person[1]),)
    return None


_FULL_NAME = re.compile(
    r"(?P<old>.{2,6}?)的?(?:大名|全名|本名|真名|名字|姓名)(?:是|叫|就是)?(?P<value>[\u4e00-\u9fa5]{2,4})"
)
_OTHER_CHARACTER = re.compile(
    r"(?P<name>[\u4e00-\u9fa5]{2,5})(?:[，,\s]+(?:是)?[^，,]{1,6}?(?P<character>.)(?:字|的那个)?)?"
)


_INSTEAD = re.compile(r"(?:应该|其实)*(?P<verb>换成|改成|改为|换|应该?是|是|叫)(?P<name>[\u4e00-\u9fa5]{2,5})")


def _instead(reader: _Reader, match: re.Match[str], at: int) -> tuple[Edit, ...] | None:
    """换成李工: instead of the one contact; 是汪经理 has to sound like that."""
    person, view = edit_refs.person(_bare_name(match["name"])), reader.view
    if person is None or person[0] in view.contacts or not view.contacts:
        return None
    span = _where(match, "name", person[0], at)
    old = _sounding_like(person[0], view.contacts)
    if old:
        return (SetContact(span.of(reader.text), span, old=old if len(view.contacts) > 1 else None),)
    if match["verb"] in {"是", "叫"}:
        return None
    if len(view.contacts) > 1:
        return reader.ask("contact", at, at + len(match[0]), after=Span(at, at + len(match[0])))
    return (SetContact(span.of(reader.text), span),)


def _full_name(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """老刘大名刘振海."""
    match = _FULL_NAME.fullmatch(piece)
    if match is None or not (person := edit_refs.person(_bare_name(match["value"]))):
        return None
    known = edit_refs.best(edit_refs.stripped(match["old"]), reader.view.contacts, least=0.95)
    if len(known) != 1:
        return None
    span = _where(match, "value", person[0], at)
    return (SetContact(span.of(reader.text), span, old=reader.view.contacts[known[0]]),)


def _alone(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """八十, 周五吧, 于总: a value and nothing else belongs where the draft has just one that it may replace."""
    if not reader.known or not reader.is_whole(at, at + len(piece)):
        return None
    stop = at + len(piece)
    view = reader.view
    if amount := reader.in_scale(piece, at):
        return (SetAmount(amount.role, amount.low_fen, amount.high_fen, None, amount.span),)
    if view.amounts and (amount := reader.money(piece, at)) and re.search("[万亿]", piece):
        return _set_amount(reader, "other", amount, at, len(piece))
    if view.steps and (day := reader.day(piece, at)):
        return (SetDue(1, *day),) if len(view.steps) == 1 else reader.ask("when", at, stop, after=Span(at, stop))
    match = _OTHER_CHARACTER.fullmatch(piece)
    if match and (person := edit_refs.person(match["name"])) and person[0] == match["name"]:
        if reader.s[:at].endswith("还有") and person[0] not in view.contacts:
            span = Span(at, at + len(person[0]))
            return (AddContact(span.of(reader.text), span, person[1]),)
        old = _sounding_like(person[0], view.contacts)
        if old and match["character"] in {None, *person[0]}:
            span = Span(at, at + len(person[0]))
            return (SetContact(span.of(reader.text), span, old=old if len(view.contacts) > 1 else None),)
    if match := _INSTEAD.fullmatch(piece):
        return _instead(reader, match, at)
    return None


_NOT_THIS = re.compile(r"(?:应该|肯定|也|客户|联系人|竞品)*不是(?P<what>[^，,是]{2,14}?)(?:吧|啊|那家|那个)?")


_PLAIN_FIELD = rf"(?:{ROLE}|客户(?:名称?|名字)?|公司(?:名称?)?|联系人|对接人|阶段|竞品|人|名字|姓名|姓|字|数字?|数|价|价钱|日子|日期|时间|地方|待办|内容|信息|单位)"
_NOT_SO = re.compile(
    r"(?P<what>.{0,12}?)(?:根本|好像|应该|我?(?:要|说|讲|写|想)的|也)*不是(?:这|那)(?:个|样|家|条|些|位|天|么)?(?:的|数|价|字|意思|人|样子|名字|客户|公司|时间|日期|内容|东西|写|说|吧|啊)*"
)
_SOME_WRONG = re.compile(
    rf"(?:里面|上面|其中|里头)?(?:还?有|某)(?:一?[个条处项点]|些|几[个处条])(?:{_PLAIN_FIELD})?(?:也|好像|是)*(?:{_WRONG}|错的|不对的|不用做了?|要改的?|多余的?|没写|多了|少了)(?:了|的|吧|要改)*"
)
_PLAIN_WRONG = re.compile(
    rf"(?:这个|那个|里面|上面)?(?P<field>{_PLAIN_FIELD})(?:好像|也|都|有点|给|已经)*(?:{_WRONG}|不对劲|有问题|换(?:人|了|掉)|有变|要(?:调|变|重新?.))(?:了|吧)?"
    rf"|[写记弄搞听认挂跑填](?:错|混|反|串)(?P<field2>{_PLAIN_FIELD})了?"
    r"|(?:你|系统)*(?:这|都|这都)*(?:是)?(?:写|记|听|弄)的(?:都是|是|这是)?(?:啥|什么)(?:呀|啊|东西|玩意儿?)?|(?:别|不要)?[瞎乱](?:写|记|弄|搞|改)"
    r"|(?:不对[，,]?)+|[错改换]|(?:我|我们)?(?:不是|没|没有)(?:这么|这样|那么)(?:说|讲|写)过?的?|没(?:说|讲)过?这(?:话|个|些)|不是我说的|谁说的|这?都?(?:是)?啥(?:呀|啊|玩意儿?)?|(?:别|不要)(?:这么|这样)写"
    r"|[跟和]我(?:说|讲)的(?:都|完全|有点)?(?:不一样|不符|对不上)|张冠李戴了?|[搞弄认]错(?:了)?对象了?|还?[漏少多]了(?:一?[个条点]|点?(?:东西|内容|人)|个人)?|(?:有[一两几]?[条个])?(?:好像)?重复了?|换一?[家个]|(?:你|您)?再?(?:看看|核对|核实|检查)(?:一?下)?"
    r"|(?:再|往后|往前)*(?:晚|早)(?:一?点|几天|些)|过(?:几天|两天|一阵)再说|(?:推|放|往)到?后面?(?:推推|放放)?|再?推推|再?放放|(?:不要|别要)(?:这|那)[个条]"
)


_UNFINISHED = re.compile(rf"(?P<field>{_PLAIN_FIELD})(?:应该|那个)*(?:改成|改为|换成|改到|更正为|应该?是|调到|调整为)")


def _not_so(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """报价不是这个数, 有个数字不对, 记错人了: a sign that something is wrong, and no more."""
    stop = at + len(piece)
    if _SOME_WRONG.fullmatch(piece):
        return reader.ask("what", at, stop)
    if (match := _UNFINISHED.fullmatch(piece)) and reader.is_whole(at, stop):
        return _field_asked(reader, match["field"], at, stop)
    match = _PLAIN_WRONG.fullmatch(piece)
    if match is None and (match := _NOT_SO.fullmatch(piece)):
        what = edit_refs.stripped(match["what"])
        if what and not re.fullmatch(rf"{_PLAIN_FIELD}|我|你|这个?|那个?", what):
            pointed = edit_refs.point(what, reader.view, kinds=_REMOVABLE)
            if pointed is None:
                return None
            return reader.ask("what", at, stop)
        return _field_asked(reader, what, at, stop)
    if match is None:
        return None
    return _field_asked(reader, match["field"] or match["field2"] or "", at, stop)


def _field_asked(reader: _Reader, field: str, at: int, stop: int) -> tuple[Edit, ...]:
    known = field in ROLES or field in edit_refs.KIND_WORDS or field in {"时间", "日期"}
    return _field_wrong(reader, field, at, stop) if known else reader.ask("what", at, stop)


_SURNAME = re.compile(
    r"(?:(?P<who>.{2,5}?)(?:那个)?(?:的?姓)?)?(?:我?[写记听弄打]?错了?[，,]*)?(?:应该|其实)*(?:姓.[，,]?不姓.|不姓.[，,]?(?:是|姓).|姓.|是.[，,]?不是.|不是.[，,]?是.|是.[，,].{1,6}|的?.是.{2,6}的.|的姓(?:我?[写记听弄打]?错了?|不对))"
)


def _surname(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """周主任姓邹: the name has to be said as a whole."""
    match = _SURNAME.fullmatch(piece)
    if match is None or not reader.view.contacts:
        return None
    who = match["who"]
    if who:
        known = edit_refs.best(edit_refs.stripped(who), reader.view.contacts, least=0.95)
        if len(known) != 1:
            return None
        return reader.ask("contact", at, at + len(piece), before=reader.view.contacts[known[0]] + "改成")
    surnames = {name[0] for name in reader.view.contacts}
    return reader.ask("contact", at, at + len(piece)) if surnames & set(piece) else None


def _not_this(reader: _Reader, piece: str, at: int) -> tuple[Edit, ...] | None:
    """不是嘉禾: who else, it does not say."""
    match = _NOT_THIS.fullmatch(piece)
    if match is None or not reader.is_whole(at, at + len(piece)):
        return None
    what, view = match["what"], reader.view
    if view.customer and edit_refs.likeness(what, view.customer) == 1.0:
        return reader.ask("customer", at, at + len(piece), before="客户是")
    if what in view.contacts:
        return reader.ask("contact", at, at + len(piece), before=what + "改成")
    if what in view.competitors:
        return reader.ask("competitor", at, at + len(piece), before=what + "改成")
    return None


_RULES: tuple[Rule, ...] = (
    _undo,
    _amount,
    _bare_amount,
    _priced,
    _visited,
    _drop,
    _due,
    _due_alone,
    _owner,
    _stage,
    _competitor,
    _add_contact,
    _contact,
    _customer,
    _not_but,
    _action,
    _besides,
    _full_name,
    _alone,
    _not_this,
    _wrong,
    _not_so,
    _surname,
)
