"""Time expressions of business Chinese, relative to the moment a note was sent, in the configured zone.

The conventions decide more than the grammar does, so they are written down; each has a test.

- `X前` includes X's last moment (周三前: until Wednesday 23:59:59) unless X is a month, quarter, half, year or festival:
  三月前 ends with February, 春节前 with the day before. 下周前 and 周末前 are used both ways and are flagged.
- 年前 is before Spring Festival, 节前 before the next public festival.
- The week begins on Monday: 下周三 is Wednesday of next week. A bare 周三 that is over this week is next week's, unless the
  words around it speak of the past (周三去了恒力). 周初 is Monday to Tuesday, 周中 Tuesday to Thursday, 周末 Saturday and Sunday.
  下一个周三 is flagged while this week's is still to come, and so is a
  bare weekday behind a 下周 that is no deadline (下周一到周三出差，周四再去).
- A day of the month that is over means next month (5号 said on the 20th). A date 12月1号 that is over by more than 60 days
  means next year; over by less, it is past and gives no due date. A month that is over means next year's.
- 月底 and 年底 are the last day; 月初 1st to 10th, 中旬 11th to 20th, 下旬 to the end; 20号左右 is two days either way, due on
  the day named; 三点左右 half an hour either way.
- 两周内 counts calendar days from the sending day, 三个工作日内 working days after it; 半个月 is 15 days.
- A duration counted from something else is left out: 收到货后7天内, 质保三年内. 春节后两周内 is counted from the festival.
- 过两天 is two to three days from now, 过几天 three to seven. 几天内 is flagged. 近期, 过一阵 and 马上 name no window.
- 下班前 is 18:00, 上班前 09:00; a bare hour from 1 to 6 is in the afternoon, 晚上十二点 the end of the day named; 今晚一点 is flagged.
- 今天 is past where the words around it speak of the past (今天去了恒力), until the moment of sending.
- A time without a day is today's, or that of the day beside it (周五上午十点和下午两点); once it is over, or behind another day, it may be tomorrow's and is flagged, unless the words speak of the past.
- Neighbours are a range (三四号, 三四月, 周三四); 一二号, 二三号 and 一二月, which may be said digit by digit, are flagged.
- 每周三, 每月5号: what recurs is no moment and left out.
- 最快, 最早 and 从X起 begin with X. 后 and 过了X begin after X's last moment.
- A festival that is over is the next year's; over by less than 60 days it is flagged, unless 前 follows.
- A deadline is due on its last day, a range on its last day (none where it is longer than a quarter), `后` and the past have
  no due date, and neither has what is flagged as ambiguous.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nlp import clauses, clock, day_words, numerals
from nlp.calendar_cn import Worked, add_months, add_working_days, is_working_day, monday
from nlp.clock import LAST_MOMENT, Clock
from nlp.day_words import NOTHING, Kind, Now, When
from nlp.draft import Span

__all__ = ["Kind", "TimeMention", "Worked", "add_months", "add_working_days", "find", "is_working_day"]

LONGEST_RANGE_DUE_DAYS = 92
YEARS = (1900, 2200)
_AROUND = timedelta(minutes=30)


@dataclass(frozen=True)
class TimeMention:
    """`start` and `end` are the first and last moment, aware, in the zone; a deadline has no start, an `after` no end."""

    kind: Kind
    start: datetime | None
    end: datetime | None
    span: Span
    due: date | None
    time_of_day: str | None = None
    """As a person would write it: 14:00, 上午, 下班前; None where only days are named."""
    ambiguous: bool = False
    """Whether the words have a second reading that is as good; there is no due date then."""


_DEADLINE_AFTER = re.compile(
    r"的?\s?(?:之前|以前|前夕|前(?![后面期台端提景沿述身者往进列任锋途瞻置脚所辈世科卫天年])|为止|截止|截至)"
)
_WITHIN_AFTER = re.compile(r"\s?(?:之内|以内|内(?![部容存置行外蒙审销控江饰心参]))")
_LATER_AFTER = re.compile(r"\s?(?:之后|以后|过后|后(?![面续期台端勤来天悔果顾备者盾年]))")
_AROUND_AFTER = re.compile(r"\s?(?:的样子|左右|前后|上下(?!班|游)|附近)")
_SINCE_AFTER = re.compile(r"\s?(?:起(?![来码点草重订]|价)|以来)")
_OFFSET_AFTER = re.compile(
    r"\s?(?:之|以)?(?P<way>[前后])的?(?P<count>\d{1,2}|[一两二三四五六七八九十几]|半个?|一个半)(?P<unit>天|个?星期|个?礼拜|周(?!年|期)|个?月|个?工作日)(?P<within>之?内|以内)?"
)
_LATEST_BEFORE = re.compile(
    r"(?:截止(?:时间|日期)?(?:到|至|是)?|截至|最晚|最迟|至迟|不晚于|不迟于|不(?:能|要|得)?(?:晚于|迟于|超过)|赶在)(?:在|是|到|得)?\s?$"
)
_EARLIEST_BEFORE = re.compile(r"(?:最早|最快|不早于|至少要?到|起码要?到|至少要?等到)(?:也)?(?:在|是|到|得|要)*\s?$")
_ONCE_OVER = re.compile(r"(?:(?:(?<![\u4e00-\u9fff])|(?<=[等要得就再先说那]))过了|过完|忙完)(?:这个?)?$")
_FROM_BEFORE = re.compile(r"(?:从|自|打从)\s?$")
_FROM_BEGIN = re.compile(r"\s?(?:开始|起)")
_EVERY_BEFORE = re.compile(r"(?:每|逢)(?:个|一个?)?(?:年|月|周|星期|礼拜|季度?|天|日|工作日|晚)?的?$")
_TO = re.compile(r"\s?(?:(?:起|开始)?(?:一直)?(?:到|至)|[~-])\s?")
_OR = re.compile(r"(?:或者?|还是|要么)(?:是|在)?")
_DEICTIC = "今明后去前大上下这本昨当"


# Reading


def find(text: str, sent_at: datetime, zone: ZoneInfo, worked: Worked = is_working_day) -> list[TimeMention]:
    """Every expression of time in the text, in order, without those that the speaker takes back.

    `sent_at` is aware. Bare durations (交期45天) name no time and are left out, as is what cannot be a date (2月30号).
    Working days (三个工作日内) are those that `worked` tells. From a moment before 1900 or after 2200 nothing is counted:
    the calendars end there.
    """
    if not YEARS[0] <= sent_at.year <= YEARS[1]:
        return []
    folded, offsets = _joined(_FIRST_MONTH.sub("一月", clauses.fold(text)).replace("：", ":"))
    moment = sent_at.astimezone(zone)
    found: list[TimeMention] = []
    position = 0
    while start := day_words.STARTS.search(folded, position):
        mention, position = _mention(
            folded, start.start(), Now(moment, past=False, worked=worked), found[-1] if found else None
        )
        if mention is not None:
            found.append(mention)
    if offsets is not None:
        found = [replace(each, span=Span(offsets[each.span.start], offsets[each.span.end - 1] + 1)) for each in found]
    gone = clauses.withdrawn(clauses.fold(text), [each.span for each in found])
    return [each for index, each in enumerate(found) if index not in gone]


_FIRST_MONTH = re.compile(r"(?<![万千百十亿几块\d一二三四五六七八九])元月(?=[\d一二三四五六七八九十初底末中上下份])")
_SPACE = re.compile(r"(?<=\d) (?=[年月日号点时分天周个小季])|(?<=[年月日号周到至点]) (?=\d)")


def _joined(text: str) -> tuple[str, list[int] | None]:
    """The text without the blanks that speech engines put around figures (12 月 1 号), and where each character stood."""
    if " " not in text:
        return text, None
    gone = {match.start() for match in _SPACE.finditer(text)}
    if not gone:
        return text, None
    offsets = [index for index in range(len(text)) if index not in gone]
    return "".join(text[index] for index in offsets), offsets


def _mention(text: str, start: int, now: Now, previous: TimeMention | None) -> tuple[TimeMention | None, int]:
    """What begins at `start`, if anything, and where to go on."""
    read = day_words.read(text, start, now)
    if read is None:
        return None, start + 1
    if read[0] is NOTHING:
        # 2月30号 is no date, and neither is the 30号 within it
        return None, read[1]
    if _speaks_of_past(text, read[1]):
        now = replace(now, past=True)
        read = day_words.read(text, start, now) or read
    when, end = read
    if when is NOTHING or _EVERY_BEFORE.search(text, max(0, start - 6), start):
        return None, end
    when, end = _with_second(text, _beside(text, start, when, now, previous), end, now)
    before = _LATEST_BEFORE.search(text, max(0, start - 8), start)
    mention = _finished(text, before.start() if before else start, start, end, when, now)
    if mention is None:
        return None, end
    return mention, mention.span.end


_SAME_SENTENCE = re.compile(r"[^。！？!?\n]{0,24}")
_AND = re.compile(r"\s?(?:[、,，和或跟与及]|或者|还有)\s?")


_LISTED = re.compile(r"\s?(?:[、和跟与及]|还有)\s?")


def _beside(text: str, start: int, when: When, now: Now, previous: TimeMention | None) -> When:
    """What the day named before makes of a bare time or weekday: 周五上午十点和下午两点 are both on Friday.

    Further apart a time may be today's. 下周一到周三出差，周四… may be this week's Thursday or next week's; behind a deadline
    (下周三前发给他，周五…) the next step is as a rule the nearer one.
    """
    bare_time = when.clock is not None and when.clock.bare
    if previous is None or now.past or not (bare_time or when.bare_weekday):
        return when
    until = previous.end or previous.start
    if previous.kind == "past" or until is None or not _SAME_SENTENCE.fullmatch(text, previous.span.end, start):
        return when
    day = until.date()
    if bare_time:
        if _AND.fullmatch(text, previous.span.end, start) and previous.time_of_day is not None:
            return replace(when, first=day, last=day, ambiguous=previous.ambiguous)
        return replace(when, ambiguous=when.ambiguous or day != now.day)
    if _LISTED.fullmatch(text, previous.span.end, start):  # 周二、周四: both of the same week or in turn
        ahead = timedelta(days=(when.first.weekday() - day.weekday()) % 7)
        return replace(
            when, first=day + ahead, last=day + ahead + (when.last - when.first), ambiguous=previous.ambiguous
        )
    if previous.kind == "deadline" or "下" not in previous.span.of(text):
        return when
    return replace(when, ambiguous=when.ambiguous or monday(day) > monday(when.first))


def _hours(text: str, end: int, first: Clock) -> tuple[Clock, int] | None:
    joined = _TO.match(text, end)
    return clock.until(text, joined.end(), first) if joined else None


def _with_second(text: str, when: When, end: int, now: Now) -> tuple[When, int]:
    """周三到周五, 上午九点到十一点, 周三或周四: the second half, if there is one."""
    if when.kind is not None:
        return when, end
    joined = _TO.match(text, end) or _OR.match(text, end)
    if joined is None or joined.end() >= len(text):
        return when, end
    if when.clock is not None and (hours := clock.until(text, joined.end(), when.clock)):
        return replace(when, ends=hours[0]), hours[1]
    deictic = text[joined.end()] in _DEICTIC
    from_first = datetime.combine(when.first, time(), now.moment.tzinfo)
    read = day_words.read(text, joined.end(), replace(now, moment=now.moment if deictic else from_first, past=False))
    if read is None or read[0] is NOTHING or read[0].kind is not None or read[0].last < when.first:
        return when, end
    second = read[0]
    if second.clock is not None and second.clock.bare:
        return when, end
    if second.clock is not None and second.last == when.last and when.clock is None:
        return when, end
    if second.clock is not None and when.clock is None and (hours := _hours(text, read[1], second.clock)):
        # 周一到周五9:00-18:00
        return replace(when, last=second.last, clock=second.clock, ends=hours[0], period="day"), hours[1]
    return (
        replace(
            when,
            last=second.last,
            ends=second.clock,
            clock=when.clock or (replace(second.clock, begins=time(), words="") if second.clock else None),
            period="day",
            ambiguous=when.ambiguous or second.ambiguous,
        ),
        read[1],
    )


_TELLS_PAST = re.compile(
    r"^[^，。！？；,!?;\n]{0,10}?(?:(?<=.)了(?!解|吧)|过(?![来去年完节程会目几两一])|已经|刚(?!好|需)|[签买装订见付投聊拜](?:订|访)?的(?!话|时候|事)|入职的|成立的|[到发收提订]的货|下的单)"
)
_TELLS_FUTURE = re.compile(
    r"^[^，。！？；,!?;\n]{0,6}?(?:前|要(?!求)|会(?!议)|将|准备|打算|计划|再|给|把|等|到时|发给|之内|内)"
)


def _speaks_of_past(text: str, end: int) -> bool:
    ahead = text[end : end + 14]
    past = _TELLS_PAST.match(ahead)
    if past is None:
        return False
    future = _TELLS_FUTURE.match(ahead)
    return future is None or future.end() > past.end()


# Making a mention


def _finished(text: str, begin: int, start: int, end: int, when: When, now: Now) -> TimeMention | None:
    tz = now.moment.tzinfo
    last_clock = when.ends or when.clock
    first = datetime.combine(when.first, when.clock.begins if when.clock else time(), tz)
    last = datetime.combine(when.last, last_clock.ends if last_clock else LAST_MOMENT, tz)
    if last < first:
        return None
    due: date | None = None
    kind, ambiguous = when.kind, when.ambiguous or any(each.ambiguous for each in (when.clock, when.ends) if each)
    words = _words(when)
    if kind is None:
        bound = _bound(text, end, when, first, last, now.worked)
        kind, end, first, last = bound.kind, bound.end, bound.first, bound.last
        ambiguous, due = ambiguous or bound.ambiguous, bound.due
        if words is not None and when.clock is not None and when.clock.shift:
            words += {"deadline": "前", "after": "后"}.get(kind or "", "")
        if kind is None and begin < start:
            kind = "deadline"
        elif kind is None and (
            _EARLIEST_BEFORE.search(text, max(0, start - 8), start)
            or (_FROM_BEFORE.search(text, max(0, start - 3), start) and (since := _FROM_BEGIN.match(text, end)))
        ):
            kind = "after"
            end = since.end() if (since := _FROM_BEGIN.match(text, end)) else end
    elif begin < start and kind == "range":
        kind = "deadline"
    if kind is None and _ONCE_OVER.search(text, max(0, start - 4), start):
        kind, first = "after", last + timedelta(seconds=1)
    ambiguous = ambiguous or (when.just_over and kind != "deadline")
    if now.past and kind is None and first <= now.moment <= last and when.first == when.last:
        kind, last = "past", now.moment  # 今天去了恒力
    return _sorted_out(
        kind,
        first,
        last,
        Span(begin, end),
        words,
        now,
        hours=words is not None and "-" in words,
        ambiguous=ambiguous,
        due=due,
    )


def _sorted_out(
    kind: Kind | None,
    first: datetime,
    last: datetime,
    span: Span,
    words: str | None,
    now: Now,
    *,
    hours: bool,
    ambiguous: bool,
    due: date | None,
) -> TimeMention:
    if kind == "past" or (kind != "after" and last < now.moment):
        return TimeMention("past", first, last, span, None, words, ambiguous)
    if kind == "after":
        return TimeMention("after", first, None, span, None, words, ambiguous)
    due = None if ambiguous else due or last.date()
    if kind == "deadline":
        return TimeMention("deadline", None, last, span, due, words, ambiguous)
    if kind in (None, "point") and first.date() == last.date() and not hours:
        return TimeMention("point", first, last, span, due, words, ambiguous)
    if (last.date() - first.date()).days > LONGEST_RANGE_DUE_DAYS:
        due = None
    return TimeMention("range", first, last, span, due, words, ambiguous)


def _words(when: When) -> str | None:
    if when.ends is not None and when.clock is not None:
        return "-".join(each for each in (when.clock.words, when.ends.words) if each) or None
    return when.clock.words if when.clock else None


@dataclass(frozen=True)
class _Bound:
    kind: Kind | None
    end: int
    first: datetime
    last: datetime
    ambiguous: bool = False
    due: date | None = None
    """The day to hold somebody to, where it is not that of `last`."""


def _bound(text: str, end: int, when: When, first: datetime, last: datetime, worked: Worked) -> _Bound:
    """What 前, 内, 左右 or 后 behind the expression make of it."""
    if (offset := _OFFSET_AFTER.match(text, end)) and (bound := _offset(offset, when, first, last, worked)):
        return bound
    if before := _DEADLINE_AFTER.match(text, end):
        if when.period == "month":
            last = datetime.combine(when.first - timedelta(days=1), LAST_MOMENT, last.tzinfo)
            first = min(first, last)
        elif when.clock and when.clock.words in ("中午", "午间"):
            last = datetime.combine(when.last, time(12), last.tzinfo)
        return _Bound("deadline", before.end(), first, last, ambiguous=when.period == "loose" and "前" in before[0])
    if within := _WITHIN_AFTER.match(text, end):
        return _Bound("deadline", within.end(), first, last)
    if around := _AROUND_AFTER.match(text, end):
        if when.clock is not None and when.clock.begins == when.clock.ends and when.ends is None:
            return _Bound("range", around.end(), *_half_an_hour(first))
        if when.period != "day" or when.first != when.last or when.clock is not None:
            return _Bound(None, around.end(), first, last)
        two_days = timedelta(days=2)
        return _Bound("range", around.end(), first - two_days, last + two_days, due=when.last)
    if later := _LATER_AFTER.match(text, end):
        after = last if when.clock is not None else last + timedelta(seconds=1)
        return _Bound("after", later.end(), after, after)
    if since := _SINCE_AFTER.match(text, end):
        return _Bound("after", since.end(), first, last)
    return _Bound(None, end, first, last)


def _half_an_hour(at: datetime) -> tuple[datetime, datetime]:
    """Half an hour either way, within the day."""
    day = at.replace(hour=0, minute=0, second=0)
    return max(day, at - _AROUND), min(day.replace(hour=23, minute=59, second=59), at + _AROUND)


def _offset(found: re.Match[str], when: When, first: datetime, last: datetime, worked: Worked) -> _Bound | None:
    """12月1号前一天, 春节后两周内; other distances (节后两天) may be the span or the day at its far end."""
    count = _COUNTS.get(found["count"]) or numerals.whole(found["count"])
    unit = found["unit"].removeprefix("个")
    if when.clock is not None or not count:
        return None
    zone, here = last.tzinfo, when.first if found["way"] == "前" else when.last
    day = _moved(here, count, unit, worked, backwards=found["way"] == "前")
    if day is None:
        return None
    if found["within"]:
        if found["way"] == "前":
            return None
        return _Bound("deadline", found.end(), first, datetime.combine(day, LAST_MOMENT, zone))
    near = here + timedelta(days=-1 if found["way"] == "前" else 1)
    low, high = min(near, day), max(near, day)
    return _Bound(
        "range" if low != high else "point",
        found.end(),
        datetime.combine(low, time(), zone),
        datetime.combine(high, LAST_MOMENT, zone),
        ambiguous=low != high or found["count"] == "几",
    )


_COUNTS = {"半": 0.5, "半个": 0.5, "一个半": 1.5, "几": 5}


def _moved(day: date, count: float, unit: str, worked: Worked, *, backwards: bool) -> date | None:
    sign = -1 if backwards else 1
    if unit == "工作日":
        return None if backwards or count % 1 else add_working_days(day, int(count), worked)
    if unit == "月":
        return add_months(day, sign * int(count)) + timedelta(days=15 * sign * (count % 1 > 0))
    if count % 1:
        return None
    return day + timedelta(days=sign * int(count) * (1 if unit == "天" else 7))
