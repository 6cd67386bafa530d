"""When and where the visit was that the note tells of.

The day is one that is over, or today, in a clause about a visit (昨天去了…, 今天下午两点在…开会), among the first of the note, or
one that heads the note (昨天下午两点半，齐都大酒店); a weekday with 去的 or 去了 behind it is the last one. Where nothing says, or
where 今天 has been said before, it is the day of sending, without a span. A clock time counts only on that day. A place is where something was
done (在他们余姚车间聊的, 去了他们工厂), or the way it was done without one (线上, 电话); a place of the future is none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import PlaceMention, Span
from nlp.thoughts import Times

LONGEST_AGO_DAYS = 31
"""A day further back is not that of the visit that the note tells of."""
CLAUSES_LOOKED_AT = 6
"""Notes begin with the visit; a day that is over further down belongs to something else."""

HEADING = 2
"""Clauses that may head a note with nothing but a day."""

_VISIT = re.compile(
    r"拜访|去了?|见了?|见到|跑了?|参观|开了?会|聊|谈|通了?(?:个|一个)?电话|打了?(?:个|一个)?电话|吃了?(?:个|顿)?(?:便|工作)?饭|坐了|碰头|沟通|交流|演示|出来|回来|(?<![收拿等接送看听问提])到了|走访|回访|约了?|碰了?|会议"
)
_HEADS_A_NOTE = re.compile(
    r"^(?:$|[在跟和与去同约陪带][^，。！？\n]{2,}|[^的了是说要把被给有没不又就发寄报付签催打收装修]{2,14}$)"
)
"""Behind a day that is over, at the beginning of a note: nothing, whom or where he met, or no more than a name."""
_SAID = re.compile(r"[说讲问催要]|应该|答应|本来|原定|以为")
_SOMEBODY_ELSE = re.compile(r"(?:的人|[他她]们?|竞品|友商|对手)(?:也|就|都)?$")
_TIME_IS = re.compile(r"时间\s?(?:是|：|:)\s?$")
_TODAY = re.compile(r"今[天日儿早朝晚]|刚从|刚刚")
_TODAYS_VISIT = re.compile(
    r"今[天日儿早](?:上午|下午|早上|一早)?(?:我们?|又|再|专门|特意|就|才|刚|，){0,3}(?:去|到|拜访|跑|见|走访|回访)[^，。！？\n的情]{2,}"
)
_CATCHES_UP = re.compile(r"补(?:一?个|一下|录|记|写|充)|整理")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_WEEKDAY_GONE = re.compile(
    r"^(?![^，。！？\n]{0,20}?[要会约想再])[^，。！？\n]{0,20}?(?:[去来见跑聊到]的(?!时候)|[去见跑]了|拜访[了的]|走访[了的]|回来)"
)
_AHEAD_OF_IT = re.compile(r"[要会约想再等下定]了?(?:在|到)?$")
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
    return Visit(day, span, _clock(text, pieces[:CLAUSES_LOOKED_AT], places, day, sent_at), _place(pieces, places, day))


def _day(pieces: Sequence[Clause], places: Times, sent_on: date) -> tuple[date, Span | None]:
    today = False
    for number, clause in enumerate(pieces):
        for mention in places.within(clause.start, clause.end):
            start, end = mention.span.start - clause.start, mention.span.end - clause.start
            before, after = clause.text[:start], clause.text[end:]
            if today or (_TODAY.search(before) and not _CATCHES_UP.search(before)):
                return sent_on, None
            day = _day_over(mention) or _weekday_over(clause.text[start:end], before, after, sent_on)
            if day is None or (sent_on - day).days > LONGEST_AGO_DAYS:
                continue
            heads = number < HEADING and not _SAID.search(before) and bool(_HEADS_A_NOTE.match(after))
            if _SOMEBODY_ELSE.search(before):
                continue
            if any(_TODAYS_VISIT.search(later.text) for later in pieces[number:]):
                return sent_on, None
            if heads or _VISIT.search(after) or _TIME_IS.search(before):
                return day, mention.span
        today = today or bool(_TODAY.search(clause.text) and not _CATCHES_UP.search(clause.text))
    return sent_on, None


def _weekday_over(words: str, before: str, after: str, sent_on: date) -> date | None:
    """周五去的: the last Friday; None where it may be today."""
    named = _WEEKDAY.fullmatch(words)
    if named is None or _AHEAD_OF_IT.search(before) or not _WEEKDAY_GONE.match(after):
        return None
    ago = (sent_on.weekday() - "一二三四五六日".index(named[1].replace("天", "日"))) % 7
    return sent_on - timedelta(days=ago) if ago else None


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
    r"(?:车间|工厂|厂区|厂里|厂房|办公室|会议室|接待室|洽谈室|总部|(?<=们)公司|展厅|(?<=们)现场|工地|门店|店里|仓库|实验室|机房|中控室|控制室|生产线|产线旁|病房|手术室|诊室|门诊(?:楼|大厅|部)|住院部|(?<=们)门诊|会客室|档口|大棚|棚里|码头|门口|展销会|订货会|交流会|推介会|大厅|矿上|船上|地头|校区|教室|图书馆|报告厅|"
    r"茶馆|茶楼|咖啡厅|咖啡馆|星巴克|饭桌上|酒桌上|展会|展会上|展台|展位|会场|论坛|基地|园区|产业园|服务区|高铁站|机场|楼下|样板间|体验中心|培训中心|维修车间|售后车间)"
)
_OWNER = r"(?:(?:他们?|她们?|客户|对方|人家|咱们?|我们)(?:那边|那儿|那)?(?:的)?)?"
_WHERE = re.compile(
    rf"(?:(?:就|是|都|还|直接)?在|去了?(?:一趟|趟)?|到了?|跑了?(?:一趟|趟)?|进了?|约在|来了?)"
    rf"(?P<place>{_OWNER}[^，。！？；,!?;\n\s在去到跑从跟和与了见聊谈把是有没要说让请接]{{0,8}}?{_ROOM}(?:里|门口|楼下|上)?)"
    r"(?!卸|装货|干活|忙|上班|值班|的?(?:老板|经理|负责人|规模|产品|设备|系统|人|预算))"
)
_FROM = re.compile(
    rf"从(?P<place>{_OWNER}[^，。！？；,!?;\n\s在去到跑从跟和与了见聊谈把是有没要说让请]{{0,8}}?{_ROOM})(?:刚)?(?:出来|回来|离开)"
)
_REMOTE = re.compile(
    r"(?P<place>视频(?=了)|线上|腾讯会议|钉钉会议|飞书会议|企业微信会议|视频会议|远程|视频)(?:上|里)?(?=[^，。！？；,!?;\n]{0,6}?"
    r"(?:聊|沟通|交流|开了?|会议|演示|对接|拜访|回访|讲|谈|说|碰|过了一遍))|开了?(?:个|一个|场)?(?P<call>线上会议?|视频会议?|腾讯会议)"
)
_TALKED_AT = re.compile(
    rf"在(?P<place>{_OWNER}(?!电话|微信|群|网|系统|路|会|心|手|价|这|那)[^，。！？；,!?;\n\s在去到跑从跟和与了见聊谈把是有没要说让请接的]{{1,8}}?(?:里|边上|旁边|边|旁|门口|外面|上))"
    r"(?=[^，。！？；\n]{0,6}?(?:聊|谈了|坐了|坐着|吃了|碰|见了|见的|见到|喝了|等|转))"
)
_PLACE_IS = re.compile(r"地[点址]\s?(?:是|在|：|:)\s?(?P<place>[^，。！？；,!?;\n\s]{2,16})")
_PLACE_FIRST = re.compile(r"^(?P<place>(?:大?棚|厂|店|车间|矿|地|库|田|果园|工地|船)[里上])(?=看了|聊|谈|转|见|走了)")
_AHEAD = re.compile(
    r"下一步|下次|下周|下个?月|明天|后天|打算|准备|计划|约了|约好|再|要|想|会|安排|邀请|请|希望|如果|改天|回头|建议|让|可以|能不能"
)


def _place(pieces: Sequence[Clause], places: Times, on: date) -> PlaceMention | None:
    for clause in pieces[:CLAUSES_LOOKED_AT]:
        if any(mention.due is not None for mention in places.within(clause.start, clause.end)) and not _is_today(
            clause
        ):
            continue
        if any((_day_over(mention) or on) < on for mention in places.within(clause.start, clause.end)):
            continue  # 上周四在展会上碰到他，今天专门去拜访
        for pattern in (_PLACE_IS, _FROM, _WHERE, _TALKED_AT, _PLACE_FIRST, _REMOTE):
            match = pattern.search(clause.text)
            if match is None or _AHEAD.search(clause.text[: match.start()]):
                continue
            group = next(name for name, value in match.groupdict().items() if value)
            return PlaceMention(match[group], clause.span(*match.span(group)))
    return None


def _is_today(clause: Clause) -> bool:
    return bool(re.search(r"今[天早晚日儿朝]|刚|上午|中午|下午", clause.text))
