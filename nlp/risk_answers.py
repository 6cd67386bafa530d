"""One reply divided over the three questions that a risk raises: where it is stuck, what we can do, when it will move.

Conventions
- Numbers at the head of a reply (①, 1、, 第一) are the questions' own, and then nothing else divides it.
- Else each clause goes where its words point: 卡点是, 卡在, 嫌, 没批 to the first; 需要, 出面, 价格支持 to the second;
  a day that something is expected on, 预计, 月底批下来, 说不准 to the third.
- A clause that points nowhere goes on with the one before it; at the head of a reply it answers what is being asked.
- Words alone do not change an answer that was given before: only a question's name or number does (支持：技术支持).
- Where one question is left, the whole reply is its answer.
- A day is taken where the words name exactly one that is still to come.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from nlp import clauses, dates
from nlp.draft import Span

Question = Literal["blocker", "support", "breakthrough"]
QUESTIONS: tuple[Question, ...] = ("blocker", "support", "breakthrough")


@dataclass(frozen=True)
class Answer:
    """`text` in the words of the reply; they lie within `span`, with words to other questions between them at times."""

    text: str
    span: Span
    on: date | None = None
    """Of the third question: the day that the words name, of a period (下周, 本月) its last."""
    is_period: bool = False


@dataclass(frozen=True)
class Answers:
    blocker: Answer | None = None
    support: Answer | None = None
    breakthrough: Answer | None = None
    named: bool = False
    """Whether the reply itself says which question it answers, by number or name."""
    pointed: bool = False
    """Whether its words point at a question, by whatever sign."""

    def of(self, question: Question) -> Answer | None:
        match question:
            case "blocker":
                return self.blocker
            case "support":
                return self.support
            case "breakthrough":
                return self.breakthrough


def split(
    text: str,
    sent_at: datetime,
    zone: ZoneInfo,
    asked: Sequence[Question] = QUESTIONS,
    worked: dates.Worked = dates.is_working_day,
) -> Answers:
    """What the reply answers; `asked` are the questions that are open, the one being asked first. Never raises."""
    found_times = dates.find(text, sent_at, zone, worked)
    times = [each for each in found_times if each.due is None or each.due >= _day(sent_at, zone)]
    parts = list(_parts(text, times))
    runs = _runs(parts, asked or QUESTIONS)
    found = {question: _answer(text, [span for to, span in runs if to == question]) for question in QUESTIONS}
    when = found["breakthrough"]
    return Answers(
        found["blocker"],
        found["support"],
        _dated(text, when, [span for to, span in runs if to == "breakthrough"], times) if when else None,
        named=any(part.named for part in parts),
        pointed=any(part.to is not None for part in parts),
    )


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


# Parts


@dataclass(frozen=True)
class _Part:
    span: Span
    to: Question | None
    """The question it points at; None: it does not say."""
    named: bool = False


_NUMBER = re.compile(
    r"(?:(?P<circled>[①②③])|第(?P<ordinal>[一二三])(?:个问题|个|条|点|问)?(?=[是,，:：、\s])|(?P<figure>[123])(?:[、)）:：]|[.．](?!\d))|(?P<one>[一二三])(?:是|、))[是,，:：、.．\s]*"
)
_WHICH = {"①": 0, "②": 1, "③": 2, "一": 0, "二": 1, "三": 2, "1": 0, "2": 1, "3": 2}
_APART = re.compile(r"\s+|(?=[①②③])")
_BEFORE_NUMBERS = re.compile(r"[\s，,。、：:]*(?:(?:好的?|嗯+|那个|回答|风险三问|三个问题)[\s，,。、：:]*){0,3}")
_IS = r"(?:\s*(?:就是|主要是|主要|应该是|大概是?|改成|改为|改到|还是|是|在|为|[：:]))"
_NAMES: tuple[tuple[Question, re.Pattern[str]], ...] = (
    ("blocker", re.compile(rf"(?:客户)?的?卡点(?:具体)?(?:描述)?{_IS}?\s*")),
    ("support", re.compile(rf"(?:我方|我们)?(?:可以|能)?(?:提供的?|需要的?|要的)?支持{_IS}\s*")),
    (
        "breakthrough",
        re.compile(rf"(?:预计)?的?(?:突破(?:的?时间节点|的?时间|节点)?|时间节点){_IS}?\s*|时间(?:是|[：:])\s*"),
    ),
)
_SOFT = re.compile(
    r"(?<=[\u4e00-\u9fff]{3})(?:(?<![他她们户方不还也暂是就都才只])需要(?!的)|预计|估计|希望(?=公司|领导|总监|我们|技术)|①|②|③)"
)


def _parts(text: str, times: Sequence[dates.TimeMention]) -> Iterator[_Part]:
    """The reply in order, cut where it may turn to another question."""
    if (numbers := _numbers(text)) is not None:
        for number, end in zip(numbers, [*(each.start() for each in numbers[1:]), len(text)], strict=True):
            span = _trimmed(text, number.end(), end)
            sign = next(filter(None, number.groups()))
            if span.start < span.end:
                yield _Part(span, QUESTIONS[_WHICH[sign]], named=True)
        return
    for start, end in _pieces(text):
        for to, name in _NAMES:
            if (called := name.match(text, start, end)) and called.end() < end:
                yield _Part(_trimmed(text, called.end(), end), to, named=True)
                break
        else:
            span = _trimmed(text, start, end)
            if span.start < span.end:
                yield _Part(span, _meant(span.of(text), sum(_length(each.span) for each in _within(times, span))))


def _numbers(text: str) -> list[re.Match[str]] | None:
    """The numbers of the questions, where the reply begins with one: each further one begins a clause."""
    head = _BEFORE_NUMBERS.match(text)
    start = head.end() if head else 0
    if not (first := _NUMBER.match(text, start)):
        return None
    # nothing within a word is a number: 星期二是, 1.2倍
    starts = {piece for piece, _ in _pieces(text)} | {mark.end() for mark in _APART.finditer(text)}
    found = [first]
    for at in sorted(starts):
        if at >= found[-1].end() and (number := _NUMBER.match(text, at)):
            found.append(number)
    return found


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    for clause in clauses.split(text):
        position = clause.start
        for cut in _SOFT.finditer(text, clause.start, clause.end):
            yield position, cut.start()
            position = cut.start()
        yield position, clause.end


def _trimmed(text: str, start: int, end: int) -> Span:
    if hum := _HUM.match(text, start, end):
        start = hum.end()
    while start < end and text[start] in _AROUND:
        start += 1
    while end > start and text[end - 1] in _AROUND:
        end -= 1
    return Span(start, end)


_HUM = re.compile(r"[嗯呃啊哦]+")
_AROUND = clauses.STOP.translate(str.maketrans("", "", '（）()「」【】“”"'))


# What a clause points at

_UNSURE = re.compile(
    r"说不(?:准|好|上来)|不好说|没个准|没准(?=$|[儿吧])|不知道(?:什么时候|几时|要多久|啥时候)|时间(?:还)?(?:不确定|未定|没定|定不下来)"
)
_MOVES = re.compile(
    r"预计|估计|有望|突破|批下来|下来|定下来|有结果|有说法|拿下|能签|能批|能定|签约|签合同|搞定|落实|解决|敲定|拍板"
)
_EXPECTED = re.compile(r"预计|估计|(?:预算|审批|批复|合同|资金|款)[^，。]{0,4}下来")
_ASKS_US = re.compile(
    r"(?<![他她们户方])(?:需要|要(?=(?:我们)?(?:公司|总监|领导出面|技术|主管|经理|老板出面|样品|价格|商务)))|出面|帮忙|帮我|支持|让(?:公司|总监|技术部)|申请|协调|配合|派(?:人|个|技术|工程师)|特批|特价|陪(?:同|我)|"
    r"我们(?:可以|能|来|这边(?:可以|能))|不用(?:支持|帮)|没什么要"
)
_OF_THEIRS = re.compile(
    r"(?:他们|她们|客户|对方|甲方|他|她)[^，。]{0,6}(?:还|都|也|才|就)?(?:需要|要|支持|申请|协调|配合)"
)
_STUCK = re.compile(
    r"卡[在住着了]|卡点|难点|瓶颈|主要是|因为|由于|嫌|担心|顾虑|不同意|不认可|不放心|不满|[没未]批|没签|没定|没过|没预算|没钱|没权|还没|犹豫|在比|比价|货比|倾向|太贵|贵了|价格(?:偏|太|有点)?高|偏高|拖着|搁置|暂停|换人|冻结|反对|不肯|不愿"
)
_OURS = re.compile(r"价格|技术|样品|总监|商务|折扣|账期|工程师|试用|优惠|案例|方案")
_CUSTOMERS = re.compile(r"卡|领导|审批|流程|预算|竞品|客户|他们|她们|对方|甲方|老板|采购|财务|董事会|总部|招标")
MOST_BESIDE_A_DAY = 6
"""Characters that a clause may have beside a day and still be an answer to when: 大概下周五左右吧."""


def _meant(words: str, time_characters: int) -> Question | None:
    if _UNSURE.search(words):
        return "breakthrough"
    if time_characters and (_MOVES.search(words) or len(words) - time_characters <= MOST_BESIDE_A_DAY):
        return "breakthrough"
    if _ASKS_US.search(words) and not _OF_THEIRS.search(words):
        return "support"
    if _STUCK.search(words):
        return "blocker"
    if _EXPECTED.search(words):
        return "breakthrough"
    ours, customers = _OURS.search(words), _CUSTOMERS.search(words)
    if bool(ours) == bool(customers):
        return None
    return "support" if ours else "blocker"


# Together


def _runs(parts: Sequence[_Part], asked: Sequence[Question]) -> list[tuple[Question, Span]]:
    """Each part with the question it answers."""
    if len(asked) == 1 and not any(part.named for part in parts):
        return [(asked[0], part.span) for part in parts]
    runs: list[tuple[Question, Span]] = []
    now = asked[0]
    for part in parts:
        if part.to is not None and (part.named or part.to in asked):
            now = part.to
        runs.append((now, part.span))
    return runs


def _answer(text: str, spans: Sequence[Span]) -> Answer | None:
    if not spans:
        return None
    whole: list[Span] = [spans[0]]
    for span in spans[1:]:
        # what stands side by side is one run, with the signs between as they were written
        if all(character in clauses.STOP for character in text[whole[-1].end : span.start]):
            whole[-1] = Span(whole[-1].start, span.end)
        else:
            whole.append(span)
    return Answer("；".join(span.of(text) for span in whole), Span(whole[0].start, whole[-1].end))


_OR = re.compile(r"或|还是|要么")


def _dated(text: str, answer: Answer, spans: Sequence[Span], times: Sequence[dates.TimeMention]) -> Answer:
    if _UNSURE.search(answer.text):
        return answer
    inside = [each for span in spans for each in _within(times, span)]
    days = {each.due for each in inside if each.due is not None}
    if len(days) != 1 or any(each.ambiguous or _OR.search(each.span.of(text)) for each in inside):
        return answer
    return Answer(answer.text, answer.span, days.pop(), all(each.kind == "range" for each in inside))


def _within(times: Sequence[dates.TimeMention], span: Span) -> Sequence[dates.TimeMention]:
    """Those that share words with `span`; `times` are in order and apart."""
    first = bisect_right(times, span.start, key=lambda each: each.span.end)
    return times[first : bisect_left(times, span.end, lo=first, key=lambda each: each.span.start)]


def _length(span: Span) -> int:
    return span.end - span.start
