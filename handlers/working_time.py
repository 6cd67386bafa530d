"""The company's working time: which days are worked, from when to when, and sums of hours and days in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nlp import calendar_cn

LONGEST_BREAK_DAYS = 60
"""No holidays are longer; a calendar without a working day for that long is wrong, and would be searched for ever."""


@dataclass(frozen=True)
class WorkingTime:
    """China's public holidays and make-up days unless `changes` say otherwise; worked from `opens` to `closes`.

    `morning` is when the day's first message may go out: reminders belong before the day's work. All moments that come
    in are aware and may be in any zone, those that go out are in `zone`.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    opens: time = time(9)
    closes: time = time(18)
    morning: time = time(8, 30)
    changes: Mapping[date, bool] = field(default_factory=dict)
    """The company's own: whether that day is worked."""

    @property
    def day_length(self) -> timedelta:
        return timedelta(hours=self.closes.hour - self.opens.hour, minutes=self.closes.minute - self.opens.minute)

    def is_working_day(self, day: date) -> bool:
        worked = self.changes.get(day)
        return calendar_cn.is_working_day(day) if worked is None else worked

    def is_open(self, at: datetime) -> bool:
        """Whether work is going on; the moment of closing no longer counts."""
        here = at.astimezone(self.zone)
        return self.is_working_day(here.date()) and self.opens <= here.time() < self.closes

    def may_push(self, at: datetime) -> bool:
        """Whether people may be written to by themselves: from the morning's first message to the end of work."""
        here = at.astimezone(self.zone)
        return self.is_working_day(here.date()) and self.morning <= here.time() < self.closes

    def next_push(self, at: datetime) -> datetime:
        """`at` itself where people may be written to, or else the next morning of a working day."""
        here = at.astimezone(self.zone)
        if self.may_push(here):
            return here
        day = here.date()
        if not (self.is_working_day(day) and here.time() < self.morning):
            day = self.working_day_after(day)
        return datetime.combine(day, self.morning, self.zone)

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while work is going on, or else when it begins next."""
        here = at.astimezone(self.zone)
        if self.is_open(here):
            return here
        day = here.date()
        if not (self.is_working_day(day) and here.time() < self.opens):
            day = self.working_day_after(day)
        return datetime.combine(day, self.opens, self.zone)

    def add_hours(self, at: datetime, hours: float) -> datetime:
        """The moment when that many working hours have passed since `at`; `hours` is not negative.

        The end of a day and the beginning of the next are the same to working time; the earlier is given.
        """
        left = timedelta(hours=hours)
        here = self.next_open(at)
        while left > (rest := datetime.combine(here.date(), self.closes, self.zone) - here):
            left -= rest
            here = self.day_opens(self.working_day_after(here.date()))
        return here + left

    def hours_between(self, start: datetime, end: datetime) -> float:
        """How many working hours lie between the two; 0 where `end` is not later."""
        here, end = self.next_open(start), end.astimezone(self.zone)
        total = timedelta()
        while here < end:
            total += min(self.day_closes(here.date()), end) - here
            here = self.day_opens(self.working_day_after(here.date()))
        return total / timedelta(hours=1)

    def day_opens(self, day: date) -> datetime:
        return datetime.combine(day, self.opens, self.zone)

    def day_closes(self, day: date) -> datetime:
        return datetime.combine(day, self.closes, self.zone)

    def working_day_after(self, day: date) -> date:
        return self.add_days(day, 1)

    def working_day_before(self, day: date) -> date:
        return self.add_days(day, -1)

    def add_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, before it where `count` is negative; `day` itself for 0."""
        step = timedelta(days=1 if count > 0 else -1)
        idle = 0
        while count:
            day += step
            worked = self.is_working_day(day)
            idle = 0 if worked else idle + 1
            if idle > LONGEST_BREAK_DAYS:
                raise ValueError(f"no working day within {LONGEST_BREAK_DAYS} days of {day}")
            count -= (1 if step.days > 0 else -1) * worked
        return day

    def days_between(self, first: date, last: date) -> int:
        """How many working days came after `first` up to and including `last`; 0 where `last` is not later."""
        return sum(self.is_working_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
