"""Working days and hours of the simulation, counted anew: the production's own arithmetic is what is to be checked.

Everything is counted in minutes of a wall clock without daylight saving.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING, OPENS, CLOSES = time(8, 30), time(9), time(18)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@cache
def worked(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def here(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)


def at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI)


def is_quiet(moment: datetime) -> bool:
    """Whether nobody is to be written to unasked."""
    local = here(moment)
    return not (worked(local.date()) and MORNING <= local.time() < CLOSES)


def push(moment: datetime) -> datetime:
    """The first moment from then on at which people may be written to."""
    local = here(moment)
    if not is_quiet(local):
        return local
    if worked(local.date()) and local.time() < MORNING:
        return at(local.date(), MORNING)
    return at(following(local.date()), MORNING)


def following(day: date, count: int = 1) -> date:
    for _ in range(count):
        day += DAY
        while not worked(day):
            day += DAY
    return day


def preceding(day: date) -> date:
    day -= DAY
    while not worked(day):
        day -= DAY
    return day


def later(moment: datetime, hours: float) -> datetime:
    """So many working hours after that moment."""
    local = here(moment)
    left = timedelta(hours=hours)
    while True:
        opens, closes = at(local.date(), OPENS), at(local.date(), CLOSES)
        if worked(local.date()) and local <= closes:
            local = max(local, opens)
            if left <= closes - local:
                return local + left
            left -= closes - local
        local = at(local.date() + DAY, time(0))
