"""When and where the visit was that the note tells of.

The day is one that is over, or today, in a clause about a visit (昨天去了…, 今天下午两点在…开会), among the first of the note; where
nothing says, it is the day of sending, without a span. A clock time counts only on that day. A place is where something was
done (在他们余姚车间聊的, 去了他们工厂), or the way it was done without one (线上, 电话); a place of the future is none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import PlaceMention, Span
from nlp.thoughts import Times

LONGEST_AGO_DAYS = 31
"""A day further back is not that of the visit that the note tells of."""
CLAUSES_LOOKED_AT = 6
"""Notes begin with the visit; a day that is over further down belongs to something else."""

_VISIT = re.compile(
    r"拜访|去了?|见了?|见到|跑了?|参观|开了?会|聊|谈|通了?电话|打了?电话|吃了?饭|沟通|交流|演示|出来|回来|到了|走访|回访|约了?|碰了?|会议"
)
_CLOCK = re.compile(r"[\d零一二两三四五六七八九十](?:点|时|[:：]\d)")
_NO_VISIT = re.compile(r"从早|出发|起飞|到家|起床|下班|到货|发来|打电话|来电|回了|发了")


@dataclass(frozen=True)
class Visit:
    on: date
    span: Span | None = None
    """The words that name the day; None where it is the day of sending."""
    at: time | None = None
    place: PlaceMention | None = None


def find(text: str, pieces: Sequence[Clause], times: Sequence[TimeMention], sent_at: datetime) -> Visit:
    """`sent_at` in the zone in which days are counted."""
    places = Times(times)
    if any(clause.speaker for clause in pieces[:1]):
        return Visit(sent_at.date())  # a chat is no visit; it was held when it was sent
    day, span = _day(pieces[:CLAUSES_LOOKED_AT], places, sent_at.date())
    return Visit(day, span, _clock(text, pieces[:CLAUSES_LOOKED_AT], places, day, sent_at), _place(pieces, places))


def _day(pieces: Sequence[Clause], places: Times, sent_on: date) -> tuple[date, Span | None]:
    for clause in pieces:
        for mention in places.within(clause.start, clause.end):
            day = _day_over(mention)
            about_a_visit = _VISIT.search(clause.text[mention.span.end - clause.start :]) if day else None
            if day and about_a_visit and (sent_on - day).days <= LONGEST_AGO_DAYS:
                return day, mention.span
    return sent_on, None


def _day_over(mention: TimeMention) -> date | None:
    """The one day that a past mention names."""
    if mention.kind != "past" or mention.start is None or mention.end is None:
        return None
    return mention.start.date() if mention.start.date() == mention.end.date() else None


def _clock(text: str, pieces: Sequence[Clause], places: Times, day: date, sent_at: datetime) -> time | None:
    for clause in pieces:
        for mention in places.within(clause.start, clause.end):
            starts = mention.start
            if starts is None or starts.date() != day or starts > sent_at or mention.due is not None:
                continue
            if _CLOCK.search(mention.span.of(text)) and not _NO_VISIT.search(clause.text):
                return starts.time().replace(tzinfo=None)
    return None


_ROOM = (
    r"(?:车间|工厂|厂区|厂里|厂房|办公室|会议室|接待室|洽谈室|总部|(?<=们)公司|展厅|(?<=们)现场|工地|门店|店里|仓库|实验室|机房|中控室|控制室|生产线|产线旁|病房|手术室|诊室|门诊|校区|教室|图书馆|报告厅|"
    r"茶馆|茶楼|咖啡厅|咖啡馆|星巴克|饭桌上|酒桌上|展会|展会上|展台|展位|会场|论坛|基地|园区|产业园|服务区|高铁站|机场|楼下|样板间|体验中心|培训中心|维修车间|售后车间)"
)
_OWNER = r"(?:(?:他们?|她们?|客户|对方|人家|咱们?|我们)(?:那边|那儿|那)?(?:的)?)?"
_WHERE = re.compile(
    rf"(?:(?:就|是|都|还|直接)?在|去了?(?:一趟|趟)?|到了?|跑了?(?:一趟|趟)?|进了?|约在|来了?)"
    rf"(?P<place>{_OWNER}[^，。！？；,!?;\n\s在去到跑从跟和与了见聊谈把是有没要说让请]{{0,8}}?{_ROOM})"
    r"(?!的?(?:老板|经理|负责人|规模|产品|设备|系统|人|预算))"
)
_FROM = re.compile(
    rf"从(?P<place>{_OWNER}[^，。！？；,!?;\n\s在去到跑从跟和与了见聊谈把是有没要说让请]{{0,8}}?{_ROOM})(?:刚)?(?:出来|回来|离开)"
)
_REMOTE = re.compile(
    r"(?P<place>线上|腾讯会议|钉钉会议|飞书会议|企业微信会议|视频会议|远程|视频)(?:上|里)?(?=[^，。！？；,!?;\n]{0,6}?"
    r"(?:聊|沟通|交流|开了?|会议|演示|对接|拜访|回访|讲|谈|说|碰|过了一遍))|开了?(?:个|一个|场)?(?P<call>线上会议?|视频会议?|腾讯会议)"
)
_AHEAD = re.compile(
    r"下一步|下次|下周|下个?月|明天|后天|打算|准备|计划|约了|约好|再|要|想|会|安排|邀请|请|希望|如果|改天|回头|建议|让|可以|能不能"
)


def _place(pieces: Sequence[Clause], places: Times) -> PlaceMention | None:
    for clause in pieces[:CLAUSES_LOOKED_AT]:
        if any(mention.due is not None for mention in places.within(clause.start, clause.end)) and not _is_today(
            clause
        ):
            continue
        for pattern in (_FROM, _WHERE, _REMOTE):
            match = pattern.search(clause.text)
            if match is None or _AHEAD.search(clause.text[: match.start()]):
                continue
            group = next(name for name, value in match.groupdict().items() if value)
            return PlaceMention(match[group], clause.span(*match.span(group)))
    return None


def _is_today(clause: Clause) -> bool:
    return bool(re.search(r"今[天早晚日]|刚|上午|中午|下午", clause.text))
