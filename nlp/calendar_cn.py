"""China's working days and festivals, and the arithmetic of months."""

import calendar
import logging
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
from lunar_python import Lunar

log = logging.getLogger(__name__)

# month, day, days off; of the festivals with a fixed date
_FIXED = {
    "元旦": (1, 1, 1), "情人节": (2, 14, 1), "妇女节": (3, 8, 1), "五一": (5, 1, 5), "儿童节": (6, 1, 1), "618": (6, 18, 1),
    "教师节": (9, 10, 1), "国庆": (10, 1, 7), "双十一": (11, 11, 1), "双十二": (12, 12, 1), "平安夜": (12, 24, 1), "圣诞": (12, 25, 1),
}  # fmt: skip
# lunar month, lunar day, days off
_LUNAR = {
    "春节": (1, 1, 7),
    "元宵": (1, 15, 1),
    "端午": (5, 5, 1),
    "七夕": (7, 7, 1),
    "中秋": (8, 15, 1),
    "重阳": (9, 9, 1),
}
_ALSO = {
    "劳动节": "五一", "十一": "国庆", "双11": "双十一", "双12": "双十二", "六一八": "618", "过年": "春节", "过完年": "春节", "过了年": "春节", "大年初一": "春节",
    "新年": "元旦", "三八": "妇女节", "六一": "儿童节", "除夕": "除夕", "大年三十": "除夕", "年三十": "除夕",
}  # fmt: skip
PUBLIC = ("元旦", "春节", "清明", "五一", "端午", "中秋", "国庆")
"""The festivals on which offices close."""


Worked = Callable[[date], bool]
"""Whether that day is worked: by the public holidays, or as a company has it."""


def is_working_day(day: date) -> bool:
    """By China's public holidays and make-up days as far as they are published, by the weekday beyond."""
    published = _published(day)
    if published is None:
        _say_once(day.year)
        return day.weekday() < 5
    return published


@lru_cache(maxsize=4096)
def _published(day: date) -> bool | None:
    """The package looks through all its years at each question, and sums of hours ask for the same days again."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def knows(year: int) -> bool:
    """Whether the holidays of that year are published, as far as the installed package has heard."""
    return _published(date(year, 1, 1)) is not None


def holiday(day: date) -> str:
    """The festival for which offices are closed on that day, weekends beside it included; empty where it is none."""
    try:
        _, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return ""
    return str(chinese_calendar.Holiday(name).chinese) if name and not is_working_day(day) else ""


@lru_cache(maxsize=64)
def _say_once(year: int) -> None:
    log.info("dates.holidays_unknown", extra={"year": year})


def add_working_days(day: date, count: int, worked: Worked = is_working_day) -> date:
    while count > 0:
        day += timedelta(days=1)
        count -= worked(day)
    return day


def add_months(day: date, count: int) -> date:
    """The same day `count` months later, or that month's last: 31 January + 1 is 28 or 29 February."""
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, last_of_month(year, month + 1)))


def last_of_month(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@lru_cache(maxsize=512)
def festival(name: str, year: int) -> tuple[date, date]:
    """First and last day of the festival that people mean by `name` in the Gregorian `year`.

    春节 is New Year's Day of the lunar calendar and six days more, 五一 five days, 国庆 seven: the length of the holidays
    of the last years, not the published ones, which are known a year ahead at best.
    """
    name = _ALSO.get(name, name)
    if name == "清明":
        solar = Lunar.fromYmd(year, 1, 1).getJieQiTable()["清明"]
        first = date(solar.getYear(), solar.getMonth(), solar.getDay())
        return first, first
    if name == "除夕":
        eve = festival("春节", year)[0] - timedelta(days=1)
        return eve, eve
    if name in _LUNAR:
        month, day, days = _LUNAR[name]
        start = lunar_day(year, month, day)
        assert start is not None
        first = start
    else:
        month, day, days = _FIXED[name]
        first = date(year, month, day)
    return first, first + timedelta(days=days - 1)


@lru_cache(maxsize=512)
def lunar_day(year: int, month: int, day: int) -> date | None:
    """The Gregorian day of a day of the lunar calendar; None where that month has no such day.

    >>> lunar_day(2027, 1, 1)
    datetime.date(2027, 2, 6)
    """
    try:
        solar = Lunar.fromYmd(year, month, day).getSolar()
    except Exception as error:  # noqa: BLE001 - lunar_python raises nothing narrower
        log.debug("calendar.no_such_lunar_day", extra={"why": str(error)})
        return None
    return date(solar.getYear(), solar.getMonth(), solar.getDay())
