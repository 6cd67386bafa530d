"""Words that name days: 下周三, 12月1号, 月底, 三季度, 春节, 两周内. The rules of `nlp.dates`, each tried where it may begin.

A rule says what its words name before 前, 后 or 左右 behind them is read. It gives None where its words are something else
(the next rule is tried) and `NOTHING` where they look like a date and are none (2月30号): nothing within them is read then.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from nlp import calendar_cn, clock, numerals
from nlp.calendar_cn import Worked, add_months, add_working_days, is_working_day, last_of_month, monday
from nlp.clock import Clock

Kind = Literal["point", "deadline", "range", "after", "past"]
ROLL_OVER_DAYS = 60
"""A date without a year that is over by more means next year's."""


@dataclass(frozen=True)
class When:
    first: date
    last: date
    period: Literal["day", "month", "loose"] = "day"
    """What 前 makes of it. day: includes the last moment; month (also quarters, years, festivals): ends the day before;
    loose (a week, a weekend): may be either."""
    clock: Clock | None = None
    ends: Clock | None = None
    """The end of a range of hours."""
    kind: Kind | None = None
    """Decided already: 两周内 is a deadline whatever follows."""
    ambiguous: bool = False
    just_over: bool = False
    """Whether the last one ended a few weeks ago, and so may be meant as well: 双十一 said in November."""
    bare_weekday: bool = False
    """A weekday of which nothing says which week's it is."""


NOTHING = When(date.min, date.min)


@dataclass(frozen=True)
class Now:
    moment: datetime
    past: bool
    """Whether the words around speak of the past."""
    worked: Worked = is_working_day

    @property
    def day(self) -> date:
        return self.moment.date()


Resolver = Callable[[re.Match[str], Now], When | None]


_WITH_WEEKDAY = re.compile(
    r"\s?(?:[(（](?:周|星期|礼拜)(?P<day>[一二三四五六日天])[)）]|(?:周|星期|礼拜)(?P<bare>[一二三四五六日天])(?![一二三四五六日到至和、或鸣总]))"
)


@dataclass(frozen=True)
class Rule:
    pattern: re.Pattern[str]
    resolve: Resolver
    takes_clock: bool


_BY_START: dict[str, list[Rule]] = {}


def _rule(starts: str, pattern: str, *, takes_clock: bool = True) -> Callable[[Resolver], Resolver]:
    def add(resolver: Resolver) -> Resolver:
        rule = Rule(re.compile(pattern), resolver, takes_clock)
        for character in dict.fromkeys(starts):
            _BY_START.setdefault(character, []).append(rule)
        return resolver

    return add


def read(text: str, position: int, now: Now) -> tuple[When, int] | None:
    """What the words at `position` name, with the time of day behind them, and where they end; `NOTHING` as above."""
    for rule in _BY_START.get(text[position], ()):
        match = rule.pattern.match(text, position)
        when = rule.resolve(match, now) if match else None
        if match is None or when is None:
            continue
        end = match.end()
        if when is NOTHING or when.kind is not None or when.clock is not None or not rule.takes_clock:
            return when, end
        if when.first == when.last and (weekday := _WITH_WEEKDAY.match(text, end)) and "周星礼".find(match[0][0]) < 0:
            said = "一二三四五六日".index((weekday["day"] or weekday["bare"]).replace("天", "日"))
            when, end = replace(when, ambiguous=when.ambiguous or said != when.first.weekday()), weekday.end()
        found = clock.after_day(text, end)
        if found is None:
            return when, end
        timed = replace(when, clock=found[0])
        if when.bare_weekday and not now.past and when.last == now.day and found[0].ends < now.moment.time():
            # 周四上午 said on Thursday evening
            timed = replace(timed, first=when.first + timedelta(weeks=1), last=when.last + timedelta(weeks=1))
        return timed, found[1]
    found = clock.alone(text, position) if text[position] in clock.STARTS else None
    if found is None:
        return None
    if found[0].shift and found[0].ends <= now.moment.time():
        tomorrow = now.day + timedelta(days=1)
        return When(tomorrow, tomorrow, clock=found[0]), found[1]
    over = found[0].ends < now.moment.time() and not now.past
    return When(now.day, now.day, clock=replace(found[0], bare=True), ambiguous=over), found[1]


# Pieces

_D = "零〇一二两俩三四五六七八九十"
DIGITS = "0123456789零〇一二两俩三四五六七八九十半"
_NOT_AFTER_NUMBER = rf"(?<![\d{_D}百千万第每.])"
_MONTH = (
    r"(?:1[0-2]|0?[1-9]|一[零〇一二](?=月\s?[\d一二三四五六七八九十])|十[一二]?|(?<![张李王赵])[一二三四五六七八九])"
)
_MONTH_NUMBER = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = (
    r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|"
    r"一[三四五六七八九零〇]|二[零〇四五六七八九]|三[零〇](?=[号日])|[零〇]?[一二三四五六七八九])"
)
_YEAR = r"(?:(?:(?<!\d)20\d\d|(?:二|(?<!\d)2)[零〇0][零〇一二三四五六七八九]{2}|(?<!\d)2\d|(?<![一二三四五六七八九十两百零])二[零〇一二三四五六七八九]|[今明后去前本])年|(?<!大)(?:今|明)年度)"
_YEARLY = rf"(?:(?P<year>{_YEAR})(?:的|度)?)?"
_YEAR_STARTS = "今明后去前本2二"
_WEEK = "(?:周|星期|礼拜)"
_SHIFT = "(?:上上|上|这|本|当|(?<!一)下下|下)"
_TO = r"\s?(?:到|至|~|-)\s?"
_NUMBER = r"(?:\d{1,3}|[一二两俩三四五六七八九十]{1,3})"
_UNIT = r"(?:个?工作日|个?小时|[hH](?=之?内|以内|之?后)|个?钟头|分钟|天|日(?!本|常)|个?星期|个?礼拜|周(?![边围转年期])|个月|个季度|年)"
_DATE_END = r"(?:[号日](?!楼|线|机|车间|车|厂|门|仓|产)|(?=(?:之|以)?前(?![后台面]))|(?=左右|交|发货|到货|签|上线|开工|[，。,；;！!？?\s]|$))"


def _whole(words: str) -> int:
    return numerals.whole(words.replace("俩", "两")) or 0


def _digits_or_whole(words: str) -> int:
    """12, 十二 and 一二 (said digit by digit) are all 12."""
    bare = words.lstrip("零〇")
    if len(bare) > 1 and "十" not in bare:
        return numerals.read_digits(bare) or 0
    return _whole(bare)


def _year(words: str | None, now: Now) -> int | None:
    if not words:
        return None
    word = words.removesuffix("度").removesuffix("年")
    if word in "今明后去前本":
        return now.day.year + {"今": 0, "本": 0, "明": 1, "后": 2, "去": -1, "前": -2}[word]
    value = numerals.read_digits(word)
    return None if value is None else value + 2000 * (value < 100)


def _shift(words: str | None) -> int:
    """上上, 上, 这, 本, 下, 下下 as a number of weeks, months or quarters from now."""
    return {"上上": -2, "上": -1, "下": 1, "下下": 2}.get(words or "", 0)


def _day(first: date, last: date | None = None) -> When:
    return When(first, last or first)


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month(year: int, month: int) -> When:
    return When(date(year, month, 1), date(year, month, last_of_month(year, month)), "month")


def _month_of(day: date) -> When:
    return _month(day.year, day.month)


def _moved_month(now: Now, shift: str | None) -> date:
    return add_months(now.day.replace(day=1), _shift(shift))


# Dates


@_rule(
    "2", r"(?<![\d-])(?P<year>20\d\d)[-/.](?P<month>1[0-2]|0?[1-9])[-/.](?P<day>3[01]|[12]\d|0?[1-9])(?![\d.])[号日]?"
)
def _iso(match: re.Match[str], _: Now) -> When | None:
    day = _safe(int(match["year"]), int(match["month"]), int(match["day"]))
    return _day(day) if day else NOTHING


@_rule(
    DIGITS + "几个未接今往过再",
    rf"(?:(?:再过|过|未来|接下来|今后|往后)的?)?(?<![\d{_D}百千万第每几.起])(?<!后的)(?:(?P<least>{_NUMBER})个?(?:到|至|-|~))?(?P<count>{_NUMBER}|半|一个半|几|十天半|个把)"
    rf"(?P<half>个半(?=月|小时|钟头|工作日|季度|星期|礼拜))?(?P<unit>{_UNIT}|(?<=个半)(?:月|小时|钟头)|(?<=十天半)个月|礼拜)(?P<and_half>(?<=[天年])半)?(?:的?时间)?"
    rf"(?P<how>之内|以内|内(?![部容存置行外蒙])|之后|以后|后(?![面续期台端勤来悔果顾备])|之前|以前|前(?![后面期台端提景沿]))",
    takes_clock=False,
)
def _duration(match: re.Match[str], now: Now) -> When | None:
    text, at = match.string, match.start()
    unit, how = match["unit"].removeprefix("个").replace("h", "小时").replace("H", "小时"), match["how"]
    if "前" not in how and _OTHER_START.search(text, max(0, at - 12), at):
        return NOTHING
    if unit == "日" and how.endswith("前") and match["count"].isascii() and not _TOLD.match(text, match.end()):
        return None  # 12日前拟清单 is a day of the month
    if match["count"] == "几":
        return _several(unit, how, now)
    if match["count"] == "半" and unit in ("天", "日"):
        return None
    spoken = _counts(match["count"], halved=match["half"] is not None or match["and_half"] is not None)
    if spoken and match["least"]:
        least = _counts(match["least"], halved=False)
        spoken = (least[0], spoken[1]) if least and least[0] < spoken[1] else None
    if match["count"] == "十天半":
        low: datetime | None = _away(now, 10, "天", backwards="前" in how)
        high = _away(now, 15, "天", backwards="前" in how)
    elif spoken is None:
        return None
    else:
        low, high = (_away(now, count, unit, backwards="前" in how) for count in spoken)
    if low is None or high is None:
        return NOTHING
    if "前" in how:
        return When(high.date(), low.date(), kind="past")
    exact = _exact_clock(high) if unit in ("小时", "钟头", "分钟") else None
    if "内" in how:
        return When(now.day, high.date(), clock=exact, kind="deadline")
    return When(low.date(), high.date(), clock=exact if low == high else None)


_TOLD = re.compile(
    r"[^，。！？；,!?;\n]{0,12}(?:[了过]|(?:发|去|来|签|买|做|送|给|到|付|提)的(?:[，。！？；,!?;\s]|$))"
)
"""What follows a count of days that are over: 3日前签的, 15日前已经发了."""

# 质保三年内, 收到货后7天内: counted from something else than the sending of the note
_OTHER_START = re.compile(
    r"(?:(?<![然之今往以最])后|之后|以后|之日起?|起|当天|(?:质保|保修|维保|交期|账期|周期|工期|有效期|保质期|货期|账龄|寿命|使用|年限|收到|到货|签完|签署?合同|签约|验收|付款|到账|开票|中标|下单|每次|故障)"
    r"[^，。！？；,!?;\n]{0,4}|(?:上次|上回|之前|当时|原先)(?:他们?|她)?(?:说|答应|承诺|讲|约)(?:好|过)?|(?:试用|使用|运行|跑|测试|合作|用|试|装|上线)(?:了|满)?)[，,的]?$"
)


def _exact_clock(moment: datetime) -> Clock:
    at = moment.time().replace(microsecond=0)
    return Clock(at, at, f"{at:%H:%M}")


def _several(unit: str, how: str, now: Now) -> When | None:
    """几天后 is three to seven days; 几天内 has no last day that one could hold somebody to; other units say too little."""
    if unit not in ("天", "日"):
        return NOTHING
    if "前" in how:
        return When(now.day - timedelta(days=7), now.day - timedelta(days=3), kind="past")
    if "内" in how:
        return When(now.day, now.day + timedelta(days=7), kind="deadline", ambiguous=True)
    return _day(now.day + timedelta(days=3), now.day + timedelta(days=7))


def _counts(words: str, *, halved: bool) -> tuple[float, float] | None:
    """How many units at least and at most: 两三 is two to three, 一个半 one and a half."""
    if words in ("半", "一个半"):
        return (0.5, 0.5) if words == "半" else (1.5, 1.5)
    if words == "个把":
        return 1, 1
    if len(words) == 2 and words[0] in numerals.DIGITS and words[1] in numerals.DIGITS:
        low, high = numerals.DIGITS[words[0]], numerals.DIGITS[words[1]]
        return (low, high) if 0 < low < high <= low + 2 else None
    teens = re.fullmatch(r"(十|[二三四五]十)([一二三四五六七八])([二三四五六七八九])", words)
    if teens:
        low, high = _whole(teens[1] + teens[2]), _whole(teens[1] + teens[3])
        return (low, high) if low < high else None
    value = _whole(words)
    return (value + halved / 2, value + halved / 2) if value else None


def _away(now: Now, count: float, unit: str, *, backwards: bool) -> datetime | None:
    """The moment `count` units away; None where the unit cannot be halved, or is too far to be meant."""
    sign, whole = (-1 if backwards else 1), int(count)
    half = count != whole
    here = now.moment.replace(tzinfo=None)
    if unit == "工作日":
        if backwards or half or count > 250:
            return None
        return datetime.combine(add_working_days(now.day, whole, now.worked), time())
    if unit in ("月", "季度", "年"):
        months = whole * {"月": 1, "季度": 3, "年": 12}[unit]
        if months > 1200 or (half and unit == "季度"):
            return None
        day = add_months(now.day, sign * (months + (6 if half and unit == "年" else 0)))
        return datetime.combine(day + timedelta(days=sign * 15 * (half and unit == "月")), time())
    hours = {"分钟": 1 / 60, "小时": 1, "钟头": 1, "天": 24, "日": 24}.get(unit, 168)
    away = timedelta(hours=count * hours * sign)
    if (hours == 168 and half) or abs(away) > timedelta(days=3660):
        return None
    return here + away


@_rule("半", r"半天(?P<how>之?内|以内|之?后|以后)", takes_clock=False)
def _half_day(match: re.Match[str], now: Now) -> When | None:
    return When(now.day, now.day, kind="deadline") if "内" in match["how"] and now.moment.hour < 12 else NOTHING


@_rule("下第", r"下(?:一)?个?工作日")
def _next_working_day(_: re.Match[str], now: Now) -> When | None:
    return _day(add_working_days(now.day, 1, now.worked))


@_rule(
    "未接今往",
    rf"(?:未来|接下来|今后|往后)的?这?(?P<count>{_NUMBER}|半)(?P<unit>{_UNIT})(?P<in>之?内|以内|里)?",
    takes_clock=False,
)
def _coming(match: re.Match[str], now: Now) -> When | None:
    counts = _counts(match["count"], halved=False)
    until = _away(now, counts[1], match["unit"].removeprefix("个"), backwards=False) if counts else None
    if until is None:
        return NOTHING
    return When(now.day, until.date(), kind="deadline" if match["in"] else "range")


@_rule(
    "过再",
    r"(?:再|(?<![\w])|(?<=[就说让要等先得能会我他她们那后下户方估计]))过(?P<count>一|两|俩|三|半|一个|两个|三个|[1-3]个?|半个)(?P<unit>周(?!年|期)|星期|礼拜|个?月(?!饼))",
    takes_clock=False,
)
def _after_weeks(match: re.Match[str], now: Now) -> When | None:
    count = match["count"].removesuffix("个")
    number = 0.5 if count == "半" else float(_whole(count))
    until = _away(now, number, match["unit"].removeprefix("个"), backwards=False) if number else None
    return _day(until.date()) if until else None


@_rule(
    "过再这前最近",
    r"(?P<how>再过|过|这|(?<![以之目从先])前|最近|近)(?P<count>一两|两三|三四|三五|[两俩三几])天(?!之?前|内|以内|之内)",
)
def _few_days(match: re.Match[str], now: Now) -> When | None:
    counts = {
        "一两": (1, 2),
        "两": (2, 3),
        "俩": (2, 3),
        "两三": (2, 3),
        "三": (3, 4),
        "三四": (3, 4),
        "三五": (3, 5),
        "几": (3, 7),
    }
    low, high = counts[match["count"]]
    if match["how"] == "前" or (now.past and match["how"] in ("这", "最近", "近")):
        return When(now.day - timedelta(days=high), now.day - timedelta(days=1), kind="past")
    if match["how"] in ("最近", "近"):
        return When(now.day - timedelta(days=high), now.day + timedelta(days=high), kind="range", ambiguous=True)
    first = now.day if match["how"] == "这" else now.day + timedelta(days=low)
    return _day(first, now.day + timedelta(days=min(high, 3) if match["how"] == "这" else high))


@_rule(
    "过近最前上",
    rf"(?:过去的?这?|最近这?|(?<![最附])近|(?<![以之目从先])前|(?<![以之])上)(?P<count>{_NUMBER}|半)(?P<unit>天|个?星期|个?礼拜|周(?!年|期)|个月|个?季度|年)(?!之?[前内后]|以内)",
    takes_clock=False,
)
def _recent(match: re.Match[str], now: Now) -> When | None:
    """过去三个月 is over; 最近两天 may look back or ahead."""
    if match["count"] in ("一", "半") and match[0][0] in "前上":
        return None
    counts = _counts(match["count"], halved=False)
    unit = match["unit"].removeprefix("个")
    back = _away(now, counts[1], unit, backwards=True) if counts else None
    if back is None or counts is None:
        return None
    if match[0].startswith(("过去", "前", "上")) or now.past:
        return When(back.date(), now.day - timedelta(days=1), kind="past")
    ahead = _away(now, counts[1], unit, backwards=False)
    return When(back.date(), (ahead or back).date(), kind="range", ambiguous=True)


@_rule(
    _YEAR_STARTS + DIGITS + "上这本当下",
    rf"{_YEARLY}(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?:份)?的?|(?P<shift>{_SHIFT})个?月的?)?"
    rf"{_NOT_AFTER_NUMBER}(?P<first>{_DAY})[号日]?(?:{_TO}|(?P<and>[、和])|或者?)(?P<last>{_DAY})[号日](?!楼|线|机|车|厂|门|产)",
)
def _days_of_month(match: re.Match[str], now: Now) -> When | None:
    first = _dated(match, match["first"], now)
    if first is None:
        return NOTHING if match["month"] or match["shift"] else None
    last = _safe(first.year, first.month, _digits_or_whole(match["last"]))
    if last is None and re.search(r"[到至~-]", match[0]):
        return NOTHING
    if (
        last is not None
        and last < first
        and not match["month"]
        and not match["shift"]
        and re.search("[到至]", match[0])
    ):
        # 28号到3号 runs into the next month
        month = add_months(first.replace(day=1), 1)
        last = _safe(month.year, month.month, last.day)
    if last is None or last <= first or (match["and"] and (last - first).days > 1):
        return None
    return _day(first, last)


@_rule(
    _YEAR_STARTS + DIGITS + "上这本当下",
    rf"{_YEARLY}(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?:份)?的?|(?P<shift>{_SHIFT})个?月的?)?"
    r"(?<![\d零〇一二两俩三四五六七八九百千万第楼栋号每])(?P<tens>[二]?十)?(?P<low>[一二三四五六七八])(?P<high>[二三四五六七八九])[号日](?!楼|线|机|车|厂|门|产|本|常)",
)
def _neighbour_days(match: re.Match[str], now: Now) -> When | None:
    """三四号 is the third or the fourth; 一二号 and 二三号 may be the 12th and the 23rd said digit by digit."""
    low, high = numerals.DIGITS[match["low"]], numerals.DIGITS[match["high"]]
    if high != low + 1:
        return None
    tens = {"十": 10, "二十": 20}.get(match["tens"] or "", 0)
    month = _dated(match, str(low + tens), now)
    last = _safe(month.year, month.month, high + tens) if month else None
    if month is None or last is None:
        return NOTHING
    return replace(_day(month, last), ambiguous=not tens and low <= 2)


@_rule(
    _YEAR_STARTS + DIGITS + "上这本当下",
    rf"{_YEARLY}(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?:份)?的?|(?P<shift>{_SHIFT})个?月的?)(?P<day>{_DAY}){_DATE_END}",
)
def _date(match: re.Match[str], now: Now) -> When | None:
    day = _dated(match, match["day"], now)
    return _day(day) if day else NOTHING


def _dated(match: re.Match[str], day_words: str, now: Now) -> date | None:
    day = _digits_or_whole(day_words)
    if match["shift"]:
        month = _moved_month(now, match["shift"])
        return _safe(month.year, month.month, day)
    if not match["month"]:
        return _day_of_month(day, now)
    year, month_number = _year(match["year"], now), _digits_or_whole(match["month"])
    if year is not None:
        return _safe(year, month_number, day)
    return _rolled(month_number, day, now)


def _rolled(month: int, day: int, now: Now) -> date | None:
    here = _safe(now.day.year, month, day)
    if now.past:
        return here if here and here <= now.day else _safe(now.day.year - 1, month, day)
    if here is None or (now.day - here).days > ROLL_OVER_DAYS:
        return _safe(now.day.year + 1, month, day)
    return here


def _day_of_month(day: int, now: Now) -> date | None:
    """The day in this month; in the next that has it once it is over, or the last where the words speak of the past."""
    for months in (0, -1, -2) if now.past else (0, 1, 2):
        month = add_months(now.day.replace(day=1), months)
        found = _safe(month.year, month.month, day)
        if found and (found <= now.day if now.past else found >= now.day):
            return found
    return None


@_rule(
    "0123456789",
    r"(?<![\dA-Za-z./:-])(?:(?P<month>1[0-2]|0?[1-9])[./]|(?P<padded>1[0-2]|0[1-9])-)(?P<day>3[01]|[12]\d|0?[1-9])(?![\d./%万千百元块个折倍-])"
    r"(?:[号日]|(?=(?:之|以)?前(?!后)|(?:之|以)?后(?!续)|上午|下午|晚上|早上|左右|交货|发货|到货|签|上线|给(?!力)|截止)"
    # 1/3 alone is also a part: 先付1/3到账后发货
    r"|(?<!付../.)(?<!款../.)(?<!先../.)(?<=/..)(?=开[始会标工业]|到[账场]|进场|安装|验收|拜访|见面|送样|交付|发样)"
    r"|(?<![付款先首余]./.)(?<=/.)(?=开[始会标工业]|到[账场]|进场|安装|验收|拜访|见面|送样|交付|发样))",
)
def _short_date(match: re.Match[str], now: Now) -> When | None:
    day = _rolled(int(match["month"] or match["padded"]), int(match["day"]), now)
    return _day(day) if day else NOTHING


# Parts of months, months


_PART_OF_MONTH = (
    r"底(?!薪)|末|初(?![一二三四五六七八九十])|中下旬|上中旬|中旬|上旬|下旬|上半月|下半月|中(?!间|心|国|标|的|午|秋)"
)


@_rule(
    _YEAR_STARTS + DIGITS + "上中这本当下月",
    rf"{_YEARLY}(?:{_NOT_AFTER_NUMBER}(?P<month>{_MONTH})月(?:份)?的?|(?P<shift>{_SHIFT})个?月(?:份)?的?|(?<!每)(?<!每个)(?<![\d{_D}半几]个)月|(?<!月)(?=[上中下]旬))(?P<part>月?(?:{_PART_OF_MONTH})|(?:的?最后|第)一(?:天|个?工作日)|的?(?:最后一?个?|第[一二三四五]个?)(?:周|星期|礼拜)(?![一二三四五六日末]))",
)
def _part_of_month(match: re.Match[str], now: Now) -> When | None:
    part = match["part"].removeprefix("的")
    part = part.removeprefix("月")
    named = match["month"] or match["shift"]
    if not named and part[0] in "最第":
        return None
    whole = _whole_month(match, now)
    when = _part(whole, part, now.worked)
    if not named and not now.past and when.last < now.day:
        return _part(_month_of(add_months(whole.first, 1)), part, now.worked)
    return when


def _part(month: When, part: str, worked: Worked) -> When:
    first, last = month.first, month.last
    if part in ("底", "末", "最后一天"):
        return _day(last)
    if part == "第一天":
        return _day(first)
    if part.endswith("工作日"):
        step = timedelta(days=-1 if part.startswith("最后") else 1)
        day = last if part.startswith("最后") else first
        while not worked(day):
            day += step
        return _day(day)
    if part.startswith(("最后", "第")):
        # by Mondays or by sevens from the first: both are in use
        number = 5 if part.startswith("最后") else "一二三四五".index(part[1]) + 1
        start = last - timedelta(days=6) if number == 5 else first + timedelta(days=7 * number - 7)
        return When(start, min(last, start + timedelta(days=6)), kind="range", ambiguous=True)
    ranges = {
        "初": (1, 10),
        "中下旬": (11, last.day),
        "上中旬": (1, 20),
        "上旬": (1, 10),
        "下旬": (21, last.day),
        "上半月": (1, 15),
        "下半月": (16, last.day),
    }
    begin, end = ranges.get(part, (11, 20))
    return _day(first.replace(day=begin), first.replace(day=end))


def _whole_month(match: re.Match[str], now: Now) -> When:
    if not match["month"]:
        return _month_of(_moved_month(now, match["shift"]))
    month, year = _digits_or_whole(match["month"]), _year(match["year"], now)
    return _month(_year_of_month(month, now) if year is None else year, month)


def _year_of_month(month: int, now: Now) -> int:
    if month < now.day.month and not now.past:
        return now.day.year + 1
    return now.day.year - (month > now.day.month and now.past)


@_rule(
    "本这当月",
    r"(?:[本这当]个?|(?<![个\d每零〇一二两三四五六七八九十半几多上下]))月(?:之|以)?内(?![部容])",
    takes_clock=False,
)
def _within_month(match: re.Match[str], now: Now) -> When | None:
    return When(now.day, _month_of(now.day).last, kind="deadline")


_NOT_MONTH = r"(?!初[一二三四五六七八九十]|饼|花(?!钱|费)|亮|球|薪|租|费|结|度|经|供|销|产|份额|嫂|子|老师|小姐|女士|姐|妹|总(?![结体共]))"


@_rule(
    _YEAR_STARTS + DIGITS,
    rf"{_YEARLY}(?<![\d{_D}百千万第每.张李王赵])(?P<low>[一二三四五六七八]|十一)(?P<high>[二三四五六七八九]|(?<=十一)二|(?<=九)十)月(?:份)?{_NOT_MONTH}(?![\d一二三四五六七八九十底初末中上下])",
)
def _neighbour_months(match: re.Match[str], now: Now) -> When | None:
    """三四月 is March to April; 一二月 may be December said digit by digit."""
    low = 11 if match["low"] == "十一" else numerals.DIGITS[match["low"]]
    high = 12 if low == 11 else numerals.DIGITS.get(match["high"], 10)
    if high != low + 1:
        return None
    year = _year(match["year"], now)
    if year is None:
        year = _year_of_month(high, now)
    return When(_month(year, low).first, _month(year, high).last, "month", ambiguous=low == 1)


@_rule(
    _YEAR_STARTS + DIGITS,
    rf"{_YEARLY}(?<![\d{_D}百千万第每.张李王赵-])(?P<low>{_MONTH_NUMBER})(?:{_TO}|、)(?P<high>{_MONTH_NUMBER})月(?:份)?{_NOT_MONTH}(?!\s?[\d一二三四五六七八九十底初末中上下])",
)
def _months(match: re.Match[str], now: Now) -> When | None:
    low, high = _whole(match["low"]), _whole(match["high"])
    year = _year(match["year"], now)
    if year is None:
        year = _year_of_month(max(high, low), now)
    first = _month(year, low).first
    return When(first, _month(year + (high < low), high).last, "month")


@_rule(
    _YEAR_STARTS + DIGITS + "上这本当下",
    rf"{_YEARLY}(?:{_NOT_AFTER_NUMBER}(?<![叫A-Za-z])(?P<month>{_MONTH})月{_NOT_MONTH}(?:份)?|(?<!每)(?P<shift>{_SHIFT})个?月{_NOT_MONTH}(?:份)?)",
)
def _whole_of_month(match: re.Match[str], now: Now) -> When | None:
    return _whole_month(match, now)


# Weeks


@_rule(
    "上这本下周星礼",
    rf"(?:(?P<next>[上下]一个)|(?<!一)(?P<shift>上上|上|这|本|下下|下)一?个?|(?:(?<=[周期拜][一二三四五六])|(?<=一下)|(?<![双单一二两三四五六七八九十几\d半下上这本个]))){_WEEK}(?P<day>[一二三四五六日天1-6])(?![百千万]|十(?![一二]?[点时]))"
    r"(?P<or>[二三四五六日](?![十百千万点个]))?(?!鸣|次|个月|年|金(?!额)|志|常用)",
)
def _weekday(match: re.Match[str], now: Now) -> When | None:
    word = match["day"]
    number = int(word) - 1 if word.isdecimal() else "一二三四五六日".index(word.replace("天", "日"))
    ambiguous = False
    shift = match["shift"]
    if match["next"]:  # 下一个周三 is the next one that comes, or the one of next week
        shift = match["next"][0]
        ambiguous = (number > now.day.weekday()) if shift == "下" else (number < now.day.weekday())
    day = monday(now.day) + timedelta(weeks=_shift(shift), days=number)
    if shift is None:
        if now.past and day > now.day:
            day -= timedelta(weeks=1)
        elif not now.past and day < now.day:
            day += timedelta(weeks=1)
    later = day
    if match["or"]:  # 周三四: one of the two
        later = day - timedelta(days=day.weekday()) + timedelta(days="一二三四五六日".index(match["or"]))
    return replace(_day(day, max(day, later)), ambiguous=ambiguous, bare_weekday=shift is None)


@_rule(
    "上这本下周星礼月",
    rf"(?:(?<!一)(?P<shift>上上|上|这|本|下下|下)一?个?{_WEEK}?|(?<![每双单一二两三四五六七八九十几\d半下上这本个]){_WEEK})(?P<part>(?<=[周期拜])[末尾初](?!年)|周[末尾初]|(?<=[周期拜])中(?!国|心|午|秋|间)|(?:的)?[前后]半周|(?:之|以)?内(?![部容]))",
)
def _part_of_week(match: re.Match[str], now: Now) -> When | None:
    part = match["part"]
    if part.endswith("内"):
        if match["shift"] not in (None, "这", "本", "下"):
            return NOTHING
        end = monday(now.day) + timedelta(weeks=_shift(match["shift"]), days=6)
        return When(now.day, end, kind="deadline")
    low, high = {"末": (5, 6), "尾": (4, 4), "初": (0, 1), "中": (1, 3)}.get(
        part[-1], (0, 2) if "前" in part else (3, 4)
    )
    start = monday(now.day) + timedelta(weeks=_shift(match["shift"]))
    if match["shift"] is None and not now.past and start + timedelta(days=high) < now.day:
        start += timedelta(weeks=1)
    if match["shift"] is None and now.past and start + timedelta(days=low) > now.day:
        start -= timedelta(weeks=1)
    return When(start + timedelta(days=low), start + timedelta(days=high), "loose" if part[-1] == "末" else "day")


@_rule("上这本当下", rf"(?<!一)(?P<shift>{_SHIFT})一?个?{_WEEK}(?![围边转年密全期])")
def _week(match: re.Match[str], now: Now) -> When | None:
    start = monday(now.day) + timedelta(weeks=_shift(match["shift"]))
    return When(start, start + timedelta(days=6), "loose" if _shift(match["shift"]) else "day")


# Days from here


_RELATIVE_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "明": 1, "后": 2, "大后": 3}


@_rule("今明后", r"(?P<days>今明后|今明|明后|今后(?=两天))(?:两天|三天|[两三]日|天(?=[^然津]|$)|早(?!已)|晚(?![于期]))")
def _one_of_the_next_days(match: re.Match[str], now: Now) -> When | None:
    days = match["days"]
    first = now.day + timedelta(days=days[0] == "明")
    if days == "今后":
        return None
    return _day(first, now.day + timedelta(days=2 if "后" in days else 1))


@_rule(
    "大前后昨今明",
    r"(?P<day>大前|大后|(?<![以之目从先提])前|(?<![以之今最])后|昨|今|明)"
    r"(?:天(?![津然气生线性])|(?<=[昨今明])[日儿](?!报|常|志|本|子|头条|之|后)|(?<=[昨今明])(?=[晚夜]上?)(?!晚[于期])|(?<=[今明])(?=早上?)(?!早[已就])(?<![说证声表发透文]明))夜?",
)
def _relative_day(match: re.Match[str], now: Now) -> When | None:
    day = now.day + timedelta(days=_RELATIVE_DAYS[match["day"]])
    if match[0].endswith("夜"):
        begins, ends = clock.PARTS["晚上"]
        return When(day, day, clock=Clock(begins, ends, "晚上", "晚上"))
    return _day(day)


# Quarters, halves, years


@_rule(
    _YEAR_STARTS + "0123456789第一二三四Qq上这本当下季",
    rf"(?:(?P<year>{_YEAR}|20\d\d年?)(?:的|度)?)?(?:第?(?P<number>[一二三四1-4])(?P<to>(?:到|至|、|和)?[二三四2-4])?个?季度|(?<![A-Za-z\d迪-])[Qq](?P<letter>[1-4])(?![A-Za-z\d.-]|系列|版|型|款|号)|(?P<shift>{_SHIFT})个?季度?(?!节|后赛|奖)|(?<![\d一二三四上下这本个每换淡旺单双两几半])季度?(?=[末底初]))(?!奖|报|会|考核|返利)(?:的?(?P<part>[初末底中](?!国|心|标)|内(?!部|容)))?",
)
def _quarter(match: re.Match[str], now: Now) -> When | None:
    year, words = _year(match["year"], now) if match["year"] else None, match["number"] or match["letter"]
    if match["year"] and year is None:
        year = int(match["year"])
    if words:
        month = _whole(words) * 3 - 2
        if year is None:
            year = now.day.year + (month + 2 < now.day.month and not now.past) - (month > now.day.month and now.past)
        first = date(year, month, 1)
    else:
        here = now.day.replace(day=1, month=(now.day.month - 1) // 3 * 3 + 1)
        first = add_months(here, 3 * _shift(match["shift"]))
        if match["shift"] is None and match["part"] == "初" and not now.past and _month_of(first).last < now.day:
            first = add_months(first, 3)
    last = _month_of(add_months(first, 2)).last
    if match["to"]:
        upper = date(first.year, _whole(match["to"][-1]) * 3, 1)
        return When(first, _month_of(upper).last, "month") if upper > last else NOTHING
    if match["part"] == "内":
        return When(now.day, last, kind="deadline")
    if match["part"] in ("初", "中"):
        return replace(_month_of(add_months(first, match["part"] == "中")), period="day")
    return _day(last) if match["part"] else When(first, last, "month")


@_rule(
    _YEAR_STARTS + "上下",
    rf"(?:(?P<year>{_YEAR}|(?<!\d)20\d\d)(?:的|度)?)?(?<![一二两三四五六七八九十])(?P<half>[上下]|(?<=年)[前后])半年度?(?:的?(?P<part>[初末底]|内))?",
)
def _half_year(match: re.Match[str], now: Now) -> When | None:
    year, upper = _year(match["year"], now), match["half"] in "上前"
    if year is None:
        year = (
            now.day.year
            + (upper and now.day.month > 6 and not now.past)
            - (not upper and now.day.month < 7 and now.past)
        )
    first, last = (date(year, 1, 1), date(year, 6, 30)) if upper else (date(year, 7, 1), date(year, 12, 31))
    if match["part"] == "内":
        return When(now.day, last, kind="deadline")
    if match["part"] == "初":
        return replace(_month_of(first), period="day")
    return _day(last) if match["part"] else When(first, last, "month")


@_rule(
    _YEAR_STARTS + "年岁",
    rf"(?P<year>{_YEAR})?(?<![前半整每\d{_D}多几周])(?P<part>年底|年末|年终(?!奖|总|会|考)|岁末|年初(?![一二三四五六七八九十])|年中(?!国|心)|(?<=年)[底末初](?![一二三四五六七八九十])|(?<=年)中(?![国心午秋旬间标期]))",
)
def _part_of_year(match: re.Match[str], now: Now) -> When | None:
    return _of_year(_year(match["year"], now), match["part"], now)


def _of_year(year: int | None, part: str, now: Now) -> When:
    named, year = year is not None, year or now.day.year
    if part.endswith("初"):
        year += not named and now.day.month > 3 and not now.past
        return _month(year, 1)
    if part.endswith("中"):
        year += not named and now.day.month > 7 and not now.past
        return _day(date(year, 6, 1), date(year, 7, 31))
    if now.past and not named and now.day.month < 12:
        year -= 1
    return _day(date(year, 12, 31))


@_rule(
    "本今当年",
    r"(?:[本今当]年度?|(?<![\d零〇一二两三四五六七八九十半几多今明后去前周整每青成往来])年)(?:之|以)?内(?!部|容|存|置)",
    takes_clock=False,
)
def _within_year(_: re.Match[str], now: Now) -> When | None:
    return When(now.day, date(now.day.year, 12, 31), kind="deadline")


@_rule(
    "年节",
    rf"(?<![去今明后前半整每多几\d{_D}周往来上当次逐同老成青])年(?P<how>前|后)(?![台面端期几后景])|(?<![环季细情调章关时礼过春秋午宵明阳动女童师旦年庆])节(?P<festival>前|后)(?![台面端期后约])",
    takes_clock=False,
)
def _before_the_year(match: re.Match[str], now: Now) -> When | None:
    if match["festival"]:
        names: tuple[str, ...] = calendar_cn.PUBLIC
        when = min((_festival_of(name, None, now) for name in names), key=lambda each: each.first)
    else:
        when = _festival_of("春节", None, now)
    if (match["how"] or match["festival"]) == "前":
        if when.first <= now.day:  # within the festival itself: its 前 is over
            return NOTHING
        return When(now.day, when.first - timedelta(days=1), kind="deadline")
    return When(when.last + timedelta(days=1), when.last + timedelta(days=1), kind="after")


# Festivals


_FESTIVAL = (
    r"春节|过[完了]?年(?!度|会|轻|龄|份)|大年初一(?![\d一二三四五六七八九十])|大?年三十|除夕|元旦|新年(?!度)|元宵|清明(?!上河)|"
    r"(?<![\d零〇一二两三四五六七八九十周期拜])五一(?:劳动节)?(?=节|假|小?长假|之|以|前|后|期间|放假|左右|[，。、\s]|$)|劳动节|端午|七夕|中秋|重阳|国庆|"
    r"双十一|双11|双十二|双12|(?<![二三四五六七八九\d双周期拜月])十一(?=假|长假|黄金周|(?:之|以)?前(?!后)|(?:之|以)?后|期间|放假)|"
    r"情人节|(?:三八)?妇女节|三八(?=节)|(?:六一)?儿童节|六一(?=节)|教师节|平安夜|圣诞|(?<![\d.])618(?![\d.])|六一八(?=前|后|大促|活动|期间|之前|之后)"
)


@_rule(
    _YEAR_STARTS + "6春过大年除元新清五劳端七中重国双十情三妇六儿教平圣",
    rf"{_YEARLY}(?P<name>{_FESTIVAL})节?(?!路|街|广场|礼|月饼|粽|目|货|福利|饼|会员|晚会)(?:小?长假|假期|期间|黄金周|放假|大促|当天)?",
)
def _festival(match: re.Match[str], now: Now) -> When | None:
    name = match["name"]
    if name in ("三八妇女节", "六一儿童节", "五一劳动节"):
        name = name[2:]
    when = _festival_of(name, _year(match["year"], now), now)
    if name in ("过完年", "过了年"):
        return When(when.last + timedelta(days=1), when.last + timedelta(days=1), kind="after")
    return when


def _festival_of(name: str, year: int | None, now: Now) -> When:
    if year is not None:
        return _festival_in(name, year)
    here = _festival_in(name, now.day.year)
    if now.past:
        return here if here.first <= now.day else _festival_in(name, now.day.year - 1)
    if here.last >= now.day:
        return here
    return replace(_festival_in(name, now.day.year + 1), just_over=(now.day - here.last).days <= ROLL_OVER_DAYS)


def _festival_in(name: str, year: int) -> When:
    first, last = calendar_cn.festival(name, year)
    return When(first, last, "month")


@_rule(
    "大正腊农阴年一二三四五六七八九十",
    r"(?:(?:农历|阴历)?(?P<month>正月|腊月|冬月)|(?:农历|阴历)(?P<counted>十[一二]?|[一二三四五六七八九])月|(?<![一二三四五六七八九十])(?P<first_days>十[一二]?|[一二三四五六七八九])月(?=初)|大?年(?=初)|(?<=年后)(?=初))(?P<day>初[一二三四五六七八九十]|廿[一二三四五六七八九]|二?十[一二三四五六七八九]?)(?!多|几)",
)
def _lunar(match: re.Match[str], now: Now) -> When | None:
    month = {"正月": 1, "冬月": 11, "腊月": 12}.get(match["month"] or "", 1)
    if match["counted"] or match["first_days"]:
        month = _whole(match["counted"] or match["first_days"])
    day = _whole(match["day"].removeprefix("初").replace("廿", "二十"))
    years = range(now.day.year - 1, now.day.year + 2)
    found = [each for each in (calendar_cn.lunar_day(year, month, day) for year in years) if each]
    if now.past:
        return next((_day(each) for each in reversed(found) if each <= now.day), NOTHING)
    return next((_day(each) for each in found if each >= now.day), NOTHING)


@_rule(
    "2二今明后去前大本",
    r"(?P<year>(?<!\d)20\d\d年|二[零〇0][零〇一二三四五六七八九]{2}年|2[零〇][零〇一二三四五六七八九]{2}年|(?<![一二三四五六七八九十两百零])二[零〇四五六七八九]年(?!级|代|多)|大前年|[今明]年(?!轻)|去年(?!会)|(?<![以今往])后年|(?<![以从])前年)(?!会(?=现场)|货|糕|薪|费)",
)
def _whole_year(match: re.Match[str], now: Now) -> When | None:
    year = now.day.year - 3 if match["year"] == "大前年" else _year(match["year"], now)
    return None if year is None else When(date(year, 1, 1), date(year, 12, 31), "month")


@_rule(
    "0123456789一二三四五六七八九十",
    rf"(?<![\d{_D}百千万第楼栋型编账帐信代符称口暗番单号.#路街巷弄座幢苑A-Za-z-])(?<!大道)(?:(?<=每月)|(?<=每个月)|(?<!月))(?P<day>{_DAY})"
    r"(?:号(?![楼线机车库厂门馆文产仓井桥柜炉设泵位店院站标段样码商称召角房员客令型桌家院馆船舱阀罐]|大街|大院|人(?!家))|日(?![本常志用程报期子内后元系产均游]))",
)
def _monthless(match: re.Match[str], now: Now) -> When | None:
    day = _day_of_month(_digits_or_whole(match["day"]), now)
    return _day(day) if day else NOTHING


_FIRST = "".join(sorted({*_BY_START, *clock.STARTS} - set("0123456789")))
STARTS = re.compile(rf"(?<!\d)\d|[{re.escape(_FIRST)}]")
"""Where any rule may begin: nothing does within a run of digits."""
