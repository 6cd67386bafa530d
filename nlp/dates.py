"""Time expressions of business Chinese, relative to the moment a note was sent, in the configured zone.

The conventions decide more than the grammar does, so they are written down; each has a test.

- `X前` includes X's last moment (周三前: until Wednesday 23:59:59) unless X is a month, quarter, half, year or festival:
  三月前 ends with February, 春节前 with the day before.
- 年前 is before Spring Festival, 节前 before the next public festival.
- The week begins on Monday: 下周三 is Wednesday of next week. A bare 周三 that is over this week is next week's, unless the
  words around it speak of the past (周三去了恒力).
- A day of the month that is over means next month (5号 said on the 20th). A date 12月1号 that is over by more than 60 days
  means next year; over by less, it is past and gives no due date.
- 月底 and 年底 are the last day; 月初 1st to 10th, 中旬 11th to 20th, 下旬 to the end; 20号左右 is two days either way, due on
  the day named.
- 两周内 counts calendar days from the sending day, 三个工作日内 working days after it; 半个月 is 15 days.
- 下班前 is 18:00, 上班前 09:00; a bare hour from 1 to 6 is in the afternoon.
- A deadline is due on its last day, a range on its last day (none where it is longer than a quarter), `后` and the past have
  no due date.
"""

import calendar
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar
from lunar_python import Lunar

from nlp import clauses, numerals
from nlp.draft import Span

log = logging.getLogger(__name__)

Kind = Literal["point", "deadline", "range", "after", "past"]

LONGEST_RANGE_DUE_DAYS = 92
ROLL_OVER_DAYS = 60
WORK_BEGINS, WORK_ENDS = time(9), time(18)
_DAY_ENDS = time(23, 59, 59)


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


@dataclass(frozen=True)
class _When:
    """What a core expression names, before 前, 后 or 左右 is read."""

    first: date
    last: date
    period: Literal["day", "month", "festival"] = "day"
    """month: 前 ends the day before (also quarters, halves, years)."""
    begins: time | None = None
    ends: time | None = None
    final: Kind | None = None
    """Decided already: 两周内 is a deadline whatever follows."""


@dataclass(frozen=True)
class _Now:
    moment: datetime
    past: bool
    """Whether the words around speak of the past."""

    @property
    def day(self) -> date:
        return self.moment.date()


# Calendar arithmetic


def is_working_day(day: date) -> bool:
    """By China's public holidays and make-up days as far as they are published, by the weekday beyond."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        _say_once(day.year)
        return day.weekday() < 5


@lru_cache(maxsize=64)
def _say_once(year: int) -> None:
    log.info("dates.holidays_unknown", extra={"year": year})


def add_working_days(day: date, count: int) -> date:
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def add_months(day: date, count: int) -> date:
    """The same day `count` months later, or that month's last: 31 January + 1 is 28 or 29 February."""
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _month(year: int, month: int) -> _When:
    return _When(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), "month")


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


# Grammar: pieces

_D = "零〇一二两三四五六七八九十"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
_NOT_AFTER_NUMBER = rf"(?<![\d{_D}百千万第每.])"
_YEAR = r"(?:(?:20\d\d|[二2][零〇0][零〇一二三四五六七八九]{2}|(?<!\d)2\d|[今明后去前])年)"
_WEEK = "(?:周|星期|礼拜)"
_TO = r"\s?(?:到|至|~|-)\s?"
_COUNT = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3}|半|一个半)"
_UNIT = r"(?:个?工作日|个?小时|个?钟头|分钟|天|日|个?星期|个?礼拜|周|个月|个?季度|年)"

_PARTS: dict[str, tuple[time, time]] = {
    "凌晨": (time(0), time(5)), "清晨": (time(5), time(8)), "早上": (time(6), time(9)), "早晨": (time(6), time(9)), "早": (time(6), time(9)),
    "上午": (time(8), time(12)), "中午": (time(11), time(14)), "下午": (time(12), time(18)), "傍晚": (time(17), time(19)),
    "晚上": (time(18), time(23)), "晚": (time(18), time(23)),
}  # fmt: skip
_PART = r"(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上)"
_HOUR = rf"(?:(?<!\d)\d{{1,2}}|[{_D}]{{1,3}})"
_MINUTE = (
    r"(?:半|一刻|三刻|整|钟|(?:[0-5]?\d|[零二三四五]?十?[一二三四五六七八九]|[二三四五]?十)分?(?![号月日个天台万]))"
)
_CLOCK = re.compile(
    rf"的?\s?(?:(?P<part>{_PART}|早(?!点|期|日|已|就|先|在)|晚(?!点|期|一|了|于|些))的?)?\s?"
    rf"(?:(?P<colon>(?:[01]?\d|2[0-3]):[0-5]\d)(?!\d)|(?P<hour>{_HOUR})(?:点(?!位|检|评|击|名|心|子|儿|数)|时(?=[前之整以]))(?P<minute>{_MINUTE})?)?"
    r"(?P<shift>上班|下班|午饭)?(?P<tail>)"
)
_ALONE_CLOCK = (
    rf"{_PART}(?:的?\s?(?:(?:[01]?\d|2[0-3]):[0-5]\d|{_HOUR}点{_MINUTE}?))?"
    rf"|(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d(?![\d:])"
    rf"|{_NOT_AFTER_NUMBER}{_HOUR}点(?:半|钟|整|[1-5]?\d分|(?=(?:之|以)?前(?![提期面景后])))"
    r"|[上下]班(?=(?:之|以)?前)"
)

_DEADLINE_AFTER = re.compile(r"的?\s?(?:之前|以前|前(?![后面期台端提景沿述身几两天年一者]))")
_WITHIN_AFTER = re.compile(r"\s?(?:之内|以内|内(?![部容存置行外蒙审销控江饰心参]))")
_LATER_AFTER = re.compile(r"\s?(?:之后|以后|过后|后(?![面续期台端勤来天悔果顾备者盾]))")
_AROUND_AFTER = re.compile(r"\s?(?:左右|前后|上下(?!班|游))")
_FROM_AFTER = re.compile(r"\s?(?:起(?![来码点草])|以来)")
_LATEST_BEFORE = re.compile(r"(?:截止(?:到|至)?|截至|最晚|最迟|至迟|不晚于|不迟于|赶在)(?:在|是|到)?\s?$")

Resolver = Callable[[re.Match[str], _Now], _When | None]
_RULES: list[tuple[str, re.Pattern[str], Resolver]] = []


def _rule(name: str, pattern: str) -> Callable[[Resolver], Resolver]:
    def add(resolver: Resolver) -> Resolver:
        _RULES.append((name, re.compile(pattern), resolver))
        return resolver

    return add


def _number(words: str) -> int:
    return numerals.whole(words) or 0


def _year(words: str | None, now: _Now) -> int | None:
    if not words:
        return None
    word = words.removesuffix("年")
    if word in "今明后去前":
        return now.day.year + {"今": 0, "明": 1, "后": 2, "去": -1, "前": -2}[word]
    value = numerals.read_digits(word)
    return None if value is None else value + 2000 * (value < 100)


def _shift(words: str | None) -> int:
    """上上, 上, 这, 本, 下, 下下 as a number of weeks, months or quarters from now."""
    return {"上上": -2, "上": -1, "下": 1, "下下": 2}.get(words or "", 0)


def _day(first: date, last: date | None = None) -> _When:
    return _When(first, last or first)


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# Grammar: rules, tried in this order at each place


@_rule("iso", rf"(?<!\d)(?P<year>20\d\d)[-/.](?P<month>{_MONTH})[-/.](?P<day>3[01]|[12]\d|0?[1-9])(?!\d)[号日]?")
def _iso(match: re.Match[str], _: _Now) -> _When | None:
    day = _safe(int(match["year"]), int(match["month"]), int(match["day"]))
    return _day(day) if day else None


@_rule(
    "working_days",
    rf"(?:(?:过|再过|未来|接下来|今后)的?)?{_NOT_AFTER_NUMBER}(?P<count>{_COUNT})(?P<unit>{_UNIT})(?:的?时间)?"
    rf"(?P<how>之内|以内|内(?![部容存置行外蒙])|之后|以后|后(?![面续期台端勤来悔果顾备])|之前|以前|前(?![后面期台端提景沿]))",
)
def _duration(match: re.Match[str], now: _Now) -> _When | None:
    counts = _counts(match["count"])
    if counts is None:
        return None
    unit, how = match["unit"].removeprefix("个"), match["how"]
    backwards = "前" in how
    low, high = (_away(now, count, half, unit, backwards) for count, half in counts)
    if low is None or high is None:
        return None
    if backwards:
        return _When(high.date(), low.date(), final="past")
    if "内" in how:
        exact = high.time() if unit in ("小时", "钟头", "分钟") else None
        return _When(now.day, high.date(), ends=exact, final="deadline")
    exact = low.time() if unit in ("小时", "钟头", "分钟") else None
    return _When(low.date(), high.date(), begins=exact, ends=exact)


def _counts(words: str) -> tuple[tuple[int, bool], tuple[int, bool]] | None:
    """How many whole units and whether half a one more, at least and at most."""
    if words in ("半", "一个半"):
        one = (int(words != "半"), True)
        return one, one
    if len(words) == 2 and words[0] in numerals.DIGITS and words[1] in numerals.DIGITS:
        low, high = numerals.DIGITS[words[0]], numerals.DIGITS[words[1]]
        return ((low, False), (high, False)) if 0 < low < high <= low + 2 else None
    value = numerals.whole(words)
    return None if not value else ((value, False), (value, False))


def _away(now: _Now, count: int, half: bool, unit: str, backwards: bool) -> datetime | None:
    sign = -1 if backwards else 1
    if unit == "工作日":
        return None if backwards or half or count > 250 else datetime.combine(add_working_days(now.day, count), time())
    if unit in ("月", "季度", "年"):
        months = count * {"月": 1, "季度": 3, "年": 12}[unit]
        if months > 1200 or (half and unit == "季度"):
            return None
        day = add_months(now.day, sign * (months + (6 if half and unit == "年" else 0)))
        return datetime.combine(day + timedelta(days=sign * 15 * (half and unit == "月")), time())
    hours = {"分钟": 1 / 60, "小时": 1, "钟头": 1, "天": 24, "日": 24}.get(unit, 168)
    if hours == 168 and half:
        return None
    away = timedelta(hours=(count + half / 2) * hours * sign)
    if abs(away) > timedelta(days=3660):
        return None
    return now.moment.replace(tzinfo=None) + away


@_rule("few_days", r"(?P<how>过|再过|这|前|最近)(?P<count>一两|两三|[两几三])天(?!之?前|内|以内|之内)")
def _few_days(match: re.Match[str], now: _Now) -> _When | None:
    counts = {"一两": (1, 2), "两": (2, 3), "两三": (2, 3), "三": (3, 4), "几": (3, 7)}
    low, high = counts[match["count"]]
    if match["how"] in ("前", "最近"):
        return _When(now.day - timedelta(days=high), now.day - timedelta(days=1), final="past")
    first = now.day if match["how"] == "这" else now.day + timedelta(days=low)
    return _day(first, now.day + timedelta(days=min(high, 3) if match["how"] == "这" else high))


@_rule(
    "days_of_month",
    rf"(?:(?P<year>{_YEAR})的?)?(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?:份)?的?|(?P<shift>上|这|本|下)个?月的?)?"
    rf"{_NOT_AFTER_NUMBER}(?P<first>{_DAY})[号日]?{_TO}(?P<last>{_DAY})[号日](?!楼|线|机|车|厂|门|产)",
)
def _days_of_month(match: re.Match[str], now: _Now) -> _When | None:
    first = _dated(match, match["first"], now)
    if first is None:
        return None
    last = _safe(first.year, first.month, _number(match["last"]))
    return _day(first, last) if last and last >= first else None


@_rule(
    "date",
    rf"(?:(?P<year>{_YEAR})的?)?(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?:份)?的?|(?P<shift>上|这|本|下)个?月的?)(?P<day>{_DAY})(?:[号日](?!楼|线|车间)|(?=(?:之|以)?前))",
)
def _date(match: re.Match[str], now: _Now) -> _When | None:
    day = _dated(match, match["day"], now)
    return _day(day) if day else None


def _dated(match: re.Match[str], day_words: str, now: _Now) -> date | None:
    groups = match.groupdict()
    day = _number(day_words)
    if groups.get("shift"):
        month = add_months(now.day.replace(day=1), _shift(groups["shift"]))
        return _safe(month.year, month.month, day)
    if not groups.get("month"):
        return _day_of_month(day, now)
    year = _year(groups.get("year"), now)
    month_number = _number(groups["month"])
    if year is not None:
        return _safe(year, month_number, day)
    return _rolled(month_number, day, now)


def _rolled(month: int, day: int, now: _Now) -> date | None:
    here = _safe(now.day.year, month, day)
    if now.past:
        return here if here and here <= now.day else _safe(now.day.year - 1, month, day)
    if here is None or (now.day - here).days > ROLL_OVER_DAYS:
        return _safe(now.day.year + 1, month, day)
    return here


def _day_of_month(day: int, now: _Now) -> date | None:
    """The day in this month; in the next that has it once it is over, or the last where the words speak of the past."""
    for months in (0, -1, -2) if now.past else (0, 1, 2):
        month = add_months(now.day.replace(day=1), months)
        found = _safe(month.year, month.month, day)
        if found and (found <= now.day if now.past else found >= now.day):
            return found
    return None


@_rule(
    "short_date",
    r"(?<![\d./-])(?P<month>1[0-2]|0?[1-9])[./](?P<day>3[01]|[12]\d|0?[1-9])(?![\d./%万千百元块个折倍])(?:[号日]|(?=(?:之|以)?前|(?:之|以)?后(?!续)|上午|下午|晚))",
)
def _short_date(match: re.Match[str], now: _Now) -> _When | None:
    day = _rolled(int(match["month"]), int(match["day"]), now)
    return _day(day) if day else None


@_rule(
    "part_of_month",
    rf"(?:(?P<year>{_YEAR})的?)?(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?:份)?|(?P<shift>上|这|本|下|下下)?个?月(?:份)?|(?<!每)月)(?P<part>底|末|初|中旬|上旬|下旬|中(?!间|心|国|标|的))",
)
def _part_of_month(match: re.Match[str], now: _Now) -> _When | None:
    part = match["part"]
    named = match["month"] or match["shift"] or match[0].startswith(("这", "本"))
    whole = _whole_month(match, now)
    if whole is None:
        return None
    when = _thirds(whole, part)
    if not named and not now.past and when.last < now.day:
        return _thirds(_month_of(add_months(whole.first, 1)), part)
    return when


def _thirds(month: _When, part: str) -> _When:
    if part in ("底", "末"):
        return _day(month.last)
    begin, end = {"初": (1, 10), "上旬": (1, 10), "下旬": (21, month.last.day)}.get(part, (11, 20))
    return _day(month.first.replace(day=begin), month.first.replace(day=end))


def _month_of(day: date) -> _When:
    return _month(day.year, day.month)


def _whole_month(match: re.Match[str], now: _Now) -> _When | None:
    if not match["month"]:
        return _month_of(add_months(now.day.replace(day=1), _shift(match["shift"])))
    month, year = _number(match["month"]), _year(match["year"], now)
    if year is None:
        year = now.day.year
        if month < now.day.month and not now.past:
            year += 1
        elif month > now.day.month and now.past:
            year -= 1
    return _month(year, month)


@_rule(
    "month",
    rf"(?:(?P<year>{_YEAR})的?)?(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?!饼|亮|球|薪|租|费|结|度|经)(?:份)?|(?<!每)(?P<shift>上|这|本|下|下下)个?月(?!薪|租|费|结|度)(?:份)?)",
)
def _whole(match: re.Match[str], now: _Now) -> _When | None:
    return _whole_month(match, now)


@_rule(
    "weekday",
    rf"(?:(?P<shift>上上|上|这|本|下下|下)一?个?|(?<![每一二两三四五六七八九十几\d半])){_WEEK}(?P<day>[一二三四五六日天末1-6])(?P<or>[二三四五六日](?![十百千万点个]))?(?!鸣|次|个月|年)",
)
def _weekday(match: re.Match[str], now: _Now) -> _When | None:
    monday = _monday(now.day) + timedelta(weeks=_shift(match["shift"]))
    word = match["day"]
    if word == "末":
        return _day(monday + timedelta(days=5), monday + timedelta(days=6))
    day = monday + timedelta(days="一二三四五六日天".index(word) if not word.isdecimal() else int(word) - 1)
    if word == "天":
        day = monday + timedelta(days=6)
    if match["shift"] is None:
        if now.past and day > now.day:
            day -= timedelta(weeks=1)
        elif not now.past and day < now.day:
            day += timedelta(weeks=1)
    if match["or"]:  # 周三四: one of the two
        later = day - timedelta(days=day.weekday()) + timedelta(days="一二三四五六日".index(match["or"]))
        return _day(day, later) if later > day else _day(day)
    return _day(day)


@_rule("week", rf"(?P<shift>上上|上|这|本|下下|下)一?个?{_WEEK}(?![围边转年密全])")
def _week(match: re.Match[str], now: _Now) -> _When | None:
    monday = _monday(now.day) + timedelta(weeks=_shift(match["shift"]))
    return _day(monday, monday + timedelta(days=6))


_RELATIVE_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}


@_rule(
    "relative_day",
    r"(?P<day>大前|大后|(?<![以之目从先])前|(?<![以之今最])后|昨|今|明)(?:天(?![津然气生])|(?<=[昨今明])[日儿](?!报|常|志|本|子)|(?<=[昨今明])(?=晚上?)(?!晚[于期])|(?<=[今明])(?=早上?)(?!早[已就])(?<![说证声表发透文]明))",
)
def _relative_day(match: re.Match[str], now: _Now) -> _When | None:
    return _day(now.day + timedelta(days=_RELATIVE_DAYS[match["day"]]))


@_rule(
    "quarter",
    r"(?:(?P<year>"
    + _YEAR
    + r")的?)?(?:第?(?P<number>[一二三四1-4])个?季度|[Qq](?P<letter>[1-4])|(?P<shift>上|这|本|下)个?季度?(?<=度|季)(?!节|后赛)|(?<=[^\w])季度(?=[末底]))(?P<part>[初末底])?",
)
def _quarter(match: re.Match[str], now: _Now) -> _When | None:
    year, words = _year(match["year"], now), match["number"] or match["letter"]
    if words:
        month = _number(words) * 3 - 2
        if year is None:
            year = now.day.year + (month + 2 < now.day.month and not now.past)
        first = date(year, month, 1)
    else:
        here = now.day.replace(day=1, month=(now.day.month - 1) // 3 * 3 + 1)
        first = add_months(here, 3 * _shift(match["shift"]))
    last = _month_of(add_months(first, 2)).last
    if match["part"] == "初":
        return _month_of(first)
    return _day(last) if match["part"] else _When(first, last, "month")


@_rule("half_year", r"(?:(?P<year>" + _YEAR + r")的?)?(?P<half>[上下])半年(?P<part>初)?")
def _half_year(match: re.Match[str], now: _Now) -> _When | None:
    year = _year(match["year"], now)
    if year is None:
        year = now.day.year + (match["half"] == "上" and now.day.month > 6 and not now.past)
    return (
        _When(date(year, 1, 1), date(year, 6, 30), "month")
        if match["half"] == "上"
        else _When(date(year, 7, 1), date(year, 12, 31), "month")
    )


_FESTIVAL = (
    r"春节|过完?年|大年初一|元旦|元宵节?|清明节?|五一(?:劳动节)?(?=节|假|长假|之|以|前|后|期间|放假|[，。、\s]|$)|劳动节|端午节?|中秋节?|国庆节?|双十一|双11|双十二|双12|"
    r"(?<![二三四五六七八九\d双])十一(?=假|长假|黄金周|(?:之|以)?前(?!后)|(?:之|以)?后|期间|放假)|圣诞节?|(?<!\d)618(?!\d)|六一八"
)


@_rule("festival", rf"(?:(?P<year>{_YEAR})的?)?(?P<name>{_FESTIVAL})(?:假期|长假|期间|黄金周|放假|节)?")
def _festival(match: re.Match[str], now: _Now) -> _When | None:
    return _festival_of(match["name"], _year(match["year"], now), now)


def _festival_of(name: str, year: int | None, now: _Now) -> _When:
    if year is not None:
        return _festival_in(name, year)
    here = _festival_in(name, now.day.year)
    if now.past:
        return here if here.first <= now.day else _festival_in(name, now.day.year - 1)
    return here if here.last >= now.day else _festival_in(name, now.day.year + 1)


@lru_cache(maxsize=256)
def _festival_in(name: str, year: int) -> _When:
    if name in ("春节", "过年", "过完年", "大年初一"):
        first, days = _lunar(year, 1, 1), 7
    elif name.startswith("元宵"):
        first, days = _lunar(year, 1, 15), 1
    elif name.startswith("端午"):
        first, days = _lunar(year, 5, 5), 1
    elif name.startswith("中秋"):
        first, days = _lunar(year, 8, 15), 1
    elif name.startswith("清明"):
        # the solar term falls on 4 or 5 April in this and the next century's first half
        first, days = date(year, 4, 4 if year % 4 in (0, 1) else 5), 1
    else:
        month, day, days = _FIXED[name.removesuffix("节").removesuffix("劳动")]
        first = date(year, month, day)
    return _When(first, first + timedelta(days=days - 1), "festival")


_FIXED = {
    "元旦": (1, 1, 1), "五一": (5, 1, 5), "": (5, 1, 5), "国庆": (10, 1, 7), "十一": (10, 1, 7), "双十一": (11, 11, 1), "双11": (11, 11, 1),
    "双十二": (12, 12, 1), "双12": (12, 12, 1), "圣诞": (12, 25, 1), "618": (6, 18, 1), "六一八": (6, 18, 1),
}  # fmt: skip
_PUBLIC = ("元旦", "春节", "清明", "五一", "端午", "中秋", "国庆")


def _lunar(year: int, month: int, day: int) -> date:
    solar = Lunar.fromYmd(year, month, day).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


@_rule(
    "part_of_year",
    rf"(?P<year>{_YEAR})?(?<![前半整每\d{_D}多几])(?P<part>年底|年末|年终(?!奖)|岁末|年初|年中(?!国)|(?<=年)[底末初])",
)
def _part_of_year(match: re.Match[str], now: _Now) -> _When | None:
    return _of_year(_year(match["year"], now), match["part"], now)


def _of_year(year: int | None, part: str, now: _Now) -> _When:
    named, year = year is not None, year or now.day.year
    if part.endswith("初"):
        year += not named and now.day.month > 3 and not now.past
        return _month(year, 1)
    if part.endswith("中"):
        year += not named and now.day.month > 7 and not now.past
        return _day(date(year, 6, 1), date(year, 7, 31))
    return _day(date(year, 12, 31))


@_rule(
    "spring",
    r"(?<![去今明后前半整每多几\d零〇一二两三四五六七八九十周])年(?P<how>前|后|内)(?![台面端期几后])|(?<![环季细情调章关时礼])节(?P<festival>前|后)(?![台面端期后])",
)
def _before_the_year(match: re.Match[str], now: _Now) -> _When | None:
    if match["how"] == "内":
        return _When(now.day, date(now.day.year, 12, 31), final="deadline")
    if match["festival"]:
        when = min((_festival_of(name, None, now) for name in _PUBLIC), key=lambda each: each.first)
    else:
        when = _festival_of("春节", None, now)
    if (match["how"] or match["festival"]) == "前":
        return _When(now.day, when.first - timedelta(days=1), final="deadline")
    return _When(when.last + timedelta(days=1), when.last + timedelta(days=1), final="after")


@_rule(
    "year", r"(?P<year>20\d\d年|[二2][零〇0][零〇一二三四五六七八九]{2}年|[今明后去]年)(?P<part>底|末|初|年初|年底)?"
)
def _whole_year(match: re.Match[str], now: _Now) -> _When | None:
    year = _year(match["year"], now)
    if year is None:
        return None
    if match["part"]:
        return _of_year(year, match["part"], now)
    return _When(date(year, 1, 1), date(year, 12, 31), "month")


@_rule(
    "day_of_month",
    rf"(?<![\d{_D}百千万第楼栋型编账帐信代符称口暗番单号.#-])(?P<day>{_DAY})(?:号(?![楼线机车库厂门馆文产仓井桥柜炉设泵位店院站标段样码商称召角房员客令型桌])|日(?![本常志用程报期子内后]))",
)
def _monthless(match: re.Match[str], now: _Now) -> _When | None:
    day = _day_of_month(_number(match["day"]), now)
    return _day(day) if day else None


@_rule("clock", _ALONE_CLOCK)
def _clock_alone(match: re.Match[str], now: _Now) -> _When | None:
    if match[0] == "上班":
        return _day(now.day + timedelta(days=now.moment.time() >= WORK_BEGINS))
    if match[0] == "下班":
        return _day(now.day + timedelta(days=now.moment.time() >= WORK_ENDS))
    return _day(now.day)


_CORE = re.compile(
    "|".join(
        f"(?P<r{index}>{re.sub(r'[?]P<[a-z]+>', '?:', rule.pattern)})" for index, (_, rule, _) in enumerate(_RULES)
    )
)
_DATED = {"clock"}


# Reading


def find(text: str, sent_at: datetime, zone: ZoneInfo) -> list[TimeMention]:
    """Every expression of time in the text, in order, without those that the speaker takes back.

    `sent_at` is aware. Bare durations (交期45天) name no time and are left out, as is what cannot be a date (2月30号).
    """
    folded = clauses.fold(text)
    moment = sent_at.astimezone(zone)
    found: list[TimeMention] = []
    position = 0
    while match := _CORE.search(folded, position):
        mention = _mention(folded, match, moment)
        if mention is None:
            # 2月30号 is no date, and neither is the 30号 within it
            position = max(match.end(), match.start() + 1)
            continue
        found.append(mention)
        position = max(mention.span.end, match.start() + 1)
    gone = clauses.withdrawn(folded, [each.span for each in found])
    return [each for index, each in enumerate(found) if index not in gone]


def _mention(text: str, core: re.Match[str], moment: datetime) -> TimeMention | None:
    now = _Now(moment, _speaks_of_past(text, core.end()))
    resolved = _resolve(text, core, now)
    if resolved is None:
        return None
    when, end = resolved
    start = core.start()
    joined = re.compile(_TO).match(text, end)
    if joined and (second := _CORE.match(text, joined.end())):
        later = _resolve(text, second, _Now(datetime.combine(when.first, time(), moment.tzinfo), past=False))
        if later and later[0].last >= when.first and later[0].final is None and when.final is None:
            when = replace(when, last=later[0].last, ends=later[0].ends, period="day")
            end = later[1]
    latest = _LATEST_BEFORE.search(text, max(0, start - 6), start)
    return _finished(text, latest.start() if latest else start, end, when, now, latest=latest is not None)


def _resolve(text: str, core: re.Match[str], now: _Now) -> tuple[_When, int] | None:
    """The core expression that stands here, with the time of day behind it, and where it ends."""
    for index, (name, pattern, resolver) in enumerate(_RULES):
        if core[f"r{index}"] is None:
            continue
        match = pattern.match(text, core.start())
        when = resolver(match, now) if match else None
        if match is None or when is None:
            return None
        if when.final is not None:
            return when, match.end()
        clock = _CLOCK.match(text, match.start() if name in _DATED else match.end())
        if clock is None or clock.end() == clock.start():
            return (when, match.end()) if name not in _DATED else None
        timed, end = _at_time(when, clock, match.end(), text)
        if name == "weekday" and match["shift"] is None and _is_over(timed, now):  # 周四上午 said on Thursday evening
            timed = replace(timed, first=timed.first + timedelta(weeks=1), last=timed.last + timedelta(weeks=1))
        return timed, end
    return None


def _is_over(when: _When, now: _Now) -> bool:
    return not now.past and when.last == now.day and when.ends is not None and when.ends < now.moment.time()


def _at_time(when: _When, clock: re.Match[str], end: int, text: str) -> tuple[_When, int]:
    if clock["shift"]:
        if not _DEADLINE_AFTER.match(text, clock.end()) and not _LATER_AFTER.match(text, clock.end()):
            return when, end
        at = {"上班": WORK_BEGINS, "下班": WORK_ENDS, "午饭": time(12)}[clock["shift"]]
        return replace(when, begins=at, ends=at), clock.end()
    at_time = _time_of(clock)
    if at_time is not None:
        return replace(when, begins=at_time, ends=at_time), clock.end()
    if clock["hour"] or not clock["part"]:
        return (when, clock.end("part")) if clock["part"] else (when, end)
    begins, ends = _PARTS[clock["part"]]
    return replace(when, begins=begins, ends=ends), clock.end("part")


def _time_of(clock: re.Match[str]) -> time | None:
    part, minute = clock["part"] or "", 0
    if clock["colon"]:
        hour, minute = map(int, clock["colon"].split(":"))
    elif clock["hour"]:
        said = numerals.whole(clock["hour"])
        if said is None or said > 24:
            return None
        hour, minute = said, _minutes(clock["minute"] or "")
    else:
        return None
    if (
        (part in ("下午", "傍晚", "晚上", "晚") and 1 <= hour < 12)
        or (part == "中午" and hour <= 2)
        or (not part and not clock["colon"] and 1 <= hour <= 6)
    ):
        hour += 12
    return time(hour % 24, minute) if minute < 60 else None


def _minutes(words: str) -> int:
    if words in ("", "整", "钟"):
        return 0
    if words in ("半", "一刻", "三刻"):
        return {"半": 30, "一刻": 15, "三刻": 45}[words]
    bare = words.removesuffix("分").removeprefix("零")
    return numerals.whole(bare) or 0


_TELLS_PAST = re.compile(r"^[^，。！？；,!?;\n]{0,10}?(?:了(?!解)|过(?![来去年完节程])|已经|刚(?!好))")
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


def _finished(text: str, start: int, end: int, when: _When, now: _Now, *, latest: bool) -> TimeMention:
    tz = now.moment.tzinfo
    first = datetime.combine(when.first, when.begins or time(), tz)
    last = datetime.combine(when.last, when.ends or _DAY_ENDS, tz)
    kind = when.final
    if kind is None:
        kind, end, first, last = _bounded(text, end, when, first, last)
        kind = "deadline" if kind is None and latest else kind
    if kind == "past" or (kind != "after" and last < now.moment):
        return TimeMention("past", first, last, Span(start, end), None)
    if kind == "after":
        return TimeMention("after", first, None, Span(start, end), None)
    if kind == "deadline":
        return TimeMention("deadline", None, last, Span(start, end), last.date())
    if kind is None and when.first == when.last:
        return TimeMention("point", first, last, Span(start, end), when.last)
    due = when.last if (when.last - when.first).days <= LONGEST_RANGE_DUE_DAYS else None
    return TimeMention("range", first, last, Span(start, end), due)


def _bounded(
    text: str, end: int, when: _When, first: datetime, last: datetime
) -> tuple[Kind | None, int, datetime, datetime]:
    """What 前, 内, 左右 or 后 behind the expression make of it: kind, new end, first and last moment."""
    if before := _DEADLINE_AFTER.match(text, end):
        if when.period != "day":
            last = datetime.combine(when.first - timedelta(days=1), _DAY_ENDS, last.tzinfo)
        return "deadline", before.end(), first, last
    if within := _WITHIN_AFTER.match(text, end):
        return "deadline", within.end(), first, last
    if around := _AROUND_AFTER.match(text, end):
        either_way = timedelta(days=2 if when.period == "day" else 0)
        return "range", around.end(), first - either_way, last + either_way
    if later := _LATER_AFTER.match(text, end):
        return "after", later.end(), last + timedelta(seconds=1) if when.begins is None else last, last
    if since := _FROM_AFTER.match(text, end):
        return "after", since.end(), first, last
    return None, end, first, last
