"""The company's working time: which days are worked, from when to when, and sums of hours and days in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nlp import calendar_cn

LONGEST_BREAK_DAYS = 60
"""No holidays are longer; a calendar without a working day for that long is wrong, and would be searched for ever."""


@dataclass(frozen=True)
class WorkingTime:
    """China's public holidays and make-up days unless `changes` say otherwise; worked from `opens` to `closes`.

    `morning` is when the day's first message may go out: reminders belong before the day's work. All moments that come
    in are aware and may be in any zone, those that go out are in `zone`.

    Where the zone has daylight saving, work begins and ends by the clock on the wall, and an hour is sixty minutes that
    have really passed: nine hours lie between 9:00 and 18:00 except on a day on which the clocks are changed between.
    So moments are compared and subtracted in UTC, since Python takes two moments of one zone apart by the wall's clock.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    opens: time = time(9)
    closes: time = time(18)
    morning: time = time(8, 30)
    changes: Mapping[date, bool] = field(default_factory=dict)
    """The company's own: whether that day is worked."""

    def is_working_day(self, day: date) -> bool:
        worked = self.changes.get(day)
        return calendar_cn.is_working_day(day) if worked is None else worked

    def knows(self, year: int) -> bool:
        """Whether somebody has said which days of that year are off: the published holidays, or the company itself."""
        return calendar_cn.knows(year) or any(day.year == year for day in self.changes)

    def unknown_years(self, today: date) -> Sequence[int]:
        """The years that days are counted in and whose holidays nobody has told: this one, towards its end the next."""
        years = (today.year, today.year + 1) if today.month == 12 else (today.year,)
        return [year for year in years if not self.knows(year)]

    def is_open(self, at: datetime) -> bool:
        """Whether work is going on; the moment of closing no longer counts."""
        return self._lies_between(at, self.opens, self.closes)

    def may_push(self, at: datetime) -> bool:
        """Whether people may be written to by themselves: from the morning's first message to the end of work."""
        return self._lies_between(at, self.morning, self.closes)

    def next_push(self, at: datetime) -> datetime:
        """`at` itself where people may be written to, or else the next morning of a working day."""
        return at.astimezone(self.zone) if self.may_push(at) else self._next(at, self.morning)

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while work is going on, or else when it begins next."""
        return at.astimezone(self.zone) if self.is_open(at) else self._next(at, self.opens)

    def add_hours(self, at: datetime, hours: float) -> datetime:
        """The moment when that many working hours have passed since `at`; `hours` is not negative.

        The end of a day and the beginning of the next are the same to working time; the earlier is given, but never
        one before `at`.
        """
        if hours < 0:
            raise ValueError(f"{hours} working hours cannot be added")
        left = timedelta(hours=hours)
        day, moment = self._day_of(at), at.astimezone(UTC)
        if not (self.is_open(at) or self._is_closing(at)):
            moment = self._next(at, self.opens).astimezone(UTC)
            day = self._day_of(moment)
        while left > (rest := self._at(day, self.closes) - moment):
            left -= rest
            day = self.working_day_after(day)
            moment = self._at(day, self.opens)
        return (moment + left).astimezone(self.zone)

    def hours_between(self, first: datetime, last: datetime) -> float:
        """How many working hours lie between the two; 0 where `last` is not later."""
        begin, end = first.astimezone(UTC), last.astimezone(UTC)
        days = (self._day_of(last) - self._day_of(first)).days
        spans = (
            (max(begin, self._at(day, self.opens)), min(end, self._at(day, self.closes)))
            for day in (self._day_of(first) + timedelta(days=n) for n in range(days + 1))
            if self.is_working_day(day)
        )
        return sum(((until - since).total_seconds() / 3600 for since, until in spans if until > since), 0.0)

    def day_opens(self, day: date) -> datetime:
        return datetime.combine(day, self.opens, self.zone)

    def day_closes(self, day: date) -> datetime:
        return datetime.combine(day, self.closes, self.zone)

    def working_day_after(self, day: date) -> date:
        return self.add_days(day, 1)

    def working_day_before(self, day: date) -> date:
        return self.add_days(day, -1)

    def last_worked(self, day: date) -> date:
        """That day where it is worked, or else the working day before it."""
        return day if self.is_working_day(day) else self.working_day_before(day)

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

    # Inside, all moments are in UTC

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _at(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).astimezone(UTC)

    def _lies_between(self, at: datetime, first: time, last: time) -> bool:
        day = self._day_of(at)
        return self.is_working_day(day) and self._at(day, first) <= at.astimezone(UTC) < self._at(day, last)

    def _is_closing(self, at: datetime) -> bool:
        day = self._day_of(at)
        return self.is_working_day(day) and at.astimezone(UTC) == self._at(day, self.closes)

    def _next(self, at: datetime, wall: time) -> datetime:
        """The first working day's `wall` that is later than `at`."""
        day = self._day_of(at)
        if not self.is_working_day(day) or self._at(day, wall) <= at.astimezone(UTC):
            day = self.working_day_after(day)
        return self._at(day, wall).astimezone(self.zone)
