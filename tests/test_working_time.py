"""Working time: which days are worked, and sums of hours and days, over holidays, years and changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.working_time import LONGEST_BREAK_DAYS, WorkingTime

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NINE_TO_SIX = WorkingTime()
NIGHT_SHIFT = WorkingTime(
    BERLIN,
    opens=time(0, 30),
    closes=time(8),
    morning=time(0, 15),
    changes={date(2026, 3, 29): True, date(2026, 10, 25): True},
)
"""Works through both changes of the clocks in 2026, which fall on Sundays."""


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# Days


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-10-01", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-09-20", True),  # a Sunday
        ("2026-10-10", True),  # a Saturday
        ("2026-10-11", False),
        ("2026-02-14", True),  # a Saturday
        ("2026-02-15", False),
        ("2026-02-23", False),  # a Monday, the last day of Spring Festival
        ("2026-02-24", True),
        ("2026-02-28", True),  # a Saturday
        ("2026-01-01", False),
        ("2026-01-02", False),
        ("2026-01-04", True),  # a Sunday
    ],
)
def test_holidays_and_make_up_days_of_2026(day: str, worked: bool) -> None:
    assert NINE_TO_SIX.is_working_day(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("day", "count", "result"),
    [
        ("2026-09-30", 1, "2026-10-08"),  # over National Day
        ("2026-09-30", 3, "2026-10-10"),  # Thursday, Friday, the make-up Saturday
        ("2026-10-08", -1, "2026-09-30"),
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-02-13", 1, "2026-02-14"),  # Friday, the make-up Saturday before Spring Festival
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-24", -2, "2026-02-13"),
        ("2025-12-31", 1, "2026-01-04"),  # over the end of the year, to a Sunday
        ("2026-01-04", -1, "2025-12-31"),
        ("2026-10-03", 0, "2026-10-03"),
    ],
)
def test_working_days_are_counted_over_holidays(day: str, count: int, result: str) -> None:
    assert NINE_TO_SIX.add_days(date.fromisoformat(day), count) == date.fromisoformat(result)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-09-30", "2026-10-08", 1),
        ("2026-09-30", "2026-10-07", 0),
        ("2026-10-08", "2026-10-12", 3),
        ("2026-10-08", "2026-10-08", 0),
        ("2026-10-09", "2026-10-08", 0),
    ],
)
def test_days_between_counts_the_last_and_not_the_first(first: str, last: str, days: int) -> None:
    assert NINE_TO_SIX.days_between(date.fromisoformat(first), date.fromisoformat(last)) == days


def test_the_company_s_own_days_go_before_the_published_ones() -> None:
    own = WorkingTime(changes={date(2026, 10, 8): False, date(2026, 10, 1): True, date(2026, 12, 5): True})

    assert not own.is_working_day(date(2026, 10, 8))
    assert own.is_working_day(date(2026, 10, 1))
    assert own.is_working_day(date(2026, 12, 5))
    assert own.add_days(date(2026, 9, 30), 2) == date(2026, 10, 9)


def test_beyond_the_published_holidays_weekdays_are_worked() -> None:
    assert NINE_TO_SIX.is_working_day(date(2099, 10, 1))  # a Thursday
    assert not NINE_TO_SIX.is_working_day(date(2099, 10, 3))


def test_a_calendar_without_a_working_day_is_refused_rather_than_searched_for_ever() -> None:
    off = {date(2026, 3, 1) + timedelta(days=n): False for n in range(LONGEST_BREAK_DAYS + 10)}

    with pytest.raises(ValueError, match="no working day"):
        WorkingTime(changes=off).next_open(at("2026-03-01 10:00"))


def test_a_year_is_known_when_its_holidays_are_published_or_the_company_has_said_something() -> None:
    assert NINE_TO_SIX.knows(2026)
    assert not NINE_TO_SIX.knows(2099)
    assert WorkingTime(changes={date(2099, 10, 1): False}).knows(2099)


@pytest.mark.parametrize(
    ("today", "years"),
    [("2098-11-30", [2098]), ("2098-12-01", [2098, 2099]), ("2098-12-31", [2098, 2099]), ("2026-06-01", [])],
)
def test_the_next_year_matters_from_december_on(today: str, years: list[int]) -> None:
    assert NINE_TO_SIX.unknown_years(date.fromisoformat(today)) == years


# Hours


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-20 10:00", 8, "2026-11-20 18:00"),  # to the end of the day, not to the next morning
        ("2026-11-20 10:00", 8.5, "2026-11-23 09:30"),
        ("2026-11-20 20:00", 1, "2026-11-23 10:00"),
        ("2026-11-20 18:00", 0, "2026-11-20 18:00"),
        ("2026-11-20 18:00", 1, "2026-11-23 10:00"),
        ("2026-11-20 18:01", 0, "2026-11-23 09:00"),
        ("2026-11-21 12:00", 0, "2026-11-23 09:00"),
        ("2026-11-20 07:00", 0, "2026-11-20 09:00"),
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),  # over National Day
        ("2026-10-09 17:00", 2, "2026-10-10 10:00"),  # to a make-up Saturday
        ("2026-10-10 17:00", 2, "2026-10-12 10:00"),
        ("2026-02-14 17:00", 18, "2026-02-25 17:00"),  # over Spring Festival
        ("2025-12-31 17:00", 2, "2026-01-04 10:00"),  # over the end of the year
        ("2026-11-20 09:00", 45, "2026-11-26 18:00"),  # five days
    ],
)
def test_hours_are_added_and_counted_in_working_time(start: str, hours: float, end: str) -> None:
    assert NINE_TO_SIX.add_hours(at(start), hours) == at(end)
    assert hours_between(NINE_TO_SIX, at(start), at(end)) == hours


def test_moments_of_any_zone_come_in_and_those_of_the_company_s_go_out() -> None:
    end = NINE_TO_SIX.add_hours(datetime(2026, 11, 20, 2, tzinfo=UTC), 1)

    assert end == at("2026-11-20 11:00")
    assert end.tzinfo is NINE_TO_SIX.zone


def test_hours_cannot_be_taken_away() -> None:
    with pytest.raises(ValueError, match="-1"):
        NINE_TO_SIX.add_hours(at("2026-11-20 10:00"), -1)


@pytest.mark.parametrize(
    ("moment", "push", "opens"),
    [
        ("2026-11-20 08:29", "2026-11-20 08:30", "2026-11-20 09:00"),
        ("2026-11-20 08:30", "2026-11-20 08:30", "2026-11-20 09:00"),
        ("2026-11-20 09:00", "2026-11-20 09:00", "2026-11-20 09:00"),
        ("2026-11-20 17:59", "2026-11-20 17:59", "2026-11-20 17:59"),
        ("2026-11-20 18:00", "2026-11-23 08:30", "2026-11-23 09:00"),
        ("2026-11-22 10:00", "2026-11-23 08:30", "2026-11-23 09:00"),
        ("2026-10-01 10:00", "2026-10-08 08:30", "2026-10-08 09:00"),
        ("2026-10-09 19:00", "2026-10-10 08:30", "2026-10-10 09:00"),
        ("2025-12-31 18:00", "2026-01-04 08:30", "2026-01-04 09:00"),
    ],
)
def test_the_next_moment_for_a_message_and_for_work(moment: str, push: str, opens: str) -> None:
    assert NINE_TO_SIX.next_push(at(moment)) == at(push)
    assert NINE_TO_SIX.next_open(at(moment)) == at(opens)


# Where the clocks are changed


@pytest.mark.parametrize("day", ["2026-03-30", "2026-10-26"])  # Mondays after the changes
def test_work_begins_and_ends_by_the_clock_on_the_wall_before_and_after_a_change_of_the_clocks(day: str) -> None:
    here = WorkingTime(BERLIN)
    friday = date.fromisoformat(day) - timedelta(days=3)

    monday = here.next_push(at(f"{friday} 19:00", BERLIN))

    assert (monday.date().isoformat(), monday.time()) == (day, time(8, 30))
    end = here.add_hours(at(f"{friday} 17:00", BERLIN), 2)
    assert (end.date().isoformat(), end.time()) == (day, time(10))
    assert hours_between(here, at(f"{friday} 17:00", BERLIN), end) == 2


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-27", 7.5), ("2026-03-29", 6.5), ("2026-10-25", 8.5)],
    ids=["an ordinary day", "two o'clock is left out", "two o'clock comes twice"],
)
def test_a_shift_over_a_change_of_the_clocks_is_as_long_as_it_really_is(day: str, hours: float) -> None:
    opens, closes = at(f"{day} 00:30", BERLIN), at(f"{day} 08:00", BERLIN)

    assert hours_between(NIGHT_SHIFT, opens, closes) == hours
    assert NIGHT_SHIFT.add_hours(opens, hours) == closes


def test_an_hour_added_within_the_hour_that_comes_twice_is_not_lost() -> None:
    second_time = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)

    assert NIGHT_SHIFT.add_hours(second_time, 0).astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert NIGHT_SHIFT.add_hours(second_time, 1).astimezone(UTC) == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


# Whatever the moment

WORKING_TIMES = st.sampled_from(
    [
        NINE_TO_SIX,
        WorkingTime(BERLIN),
        NIGHT_SHIFT,
        WorkingTime(opens=time(10, 15), closes=time(16, 45), morning=time(10)),
    ]
)
MOMENTS = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, SHANGHAI, BERLIN]),
).map(lambda moment: moment.replace(second=0, microsecond=0)) | st.sampled_from(
    [
        datetime(2026, 11, 20, 10, tzinfo=UTC),  # closing time in Shanghai
        datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]
)
HOURS = st.integers(0, 400).map(lambda quarters: quarters / 4)


@given(WORKING_TIMES, MOMENTS)
def test_the_next_moment_is_a_fitting_one_not_earlier_and_its_own_next(working: WorkingTime, moment: datetime) -> None:
    push, opens = working.next_push(moment), working.next_open(moment)

    assert working.may_push(push)
    assert working.is_open(opens)
    assert utc(moment) <= utc(push) <= utc(opens)
    assert working.next_push(push) == push
    assert working.next_open(opens) == opens


@given(WORKING_TIMES, MOMENTS, HOURS, HOURS)
def test_hours_may_be_added_in_two_steps(working: WorkingTime, moment: datetime, first: float, then: float) -> None:
    in_two = working.add_hours(working.add_hours(moment, first), then)

    assert utc(in_two) == utc(working.add_hours(moment, first + then))


@given(WORKING_TIMES, MOMENTS, HOURS)
def test_what_is_added_lies_between_and_ends_while_work_goes_on_or_as_it_ends(
    working: WorkingTime, moment: datetime, hours: float
) -> None:
    end = working.add_hours(moment, hours)

    assert utc(moment) <= utc(end)
    assert hours_between(working, moment, end) == hours
    assert working.is_open(end) or working.is_open(end - timedelta(minutes=1))


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(-60, 60))
def test_working_days_added_can_be_taken_away_again(day: date, count: int) -> None:
    there = NINE_TO_SIX.add_days(day, count)

    assert count == 0 or NINE_TO_SIX.is_working_day(there)
    assert (there > day) is (count > 0)
    assert (there < day) is (count < 0)
    if NINE_TO_SIX.is_working_day(day):
        assert NINE_TO_SIX.add_days(there, -count) == day
        assert NINE_TO_SIX.days_between(*sorted((day, there))) == abs(count)


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def hours_between(working: WorkingTime, start: datetime, end: datetime) -> float:
    """How many working hours lie between the two, added up day by day."""
    total, day = timedelta(), start.astimezone(working.zone).date()
    while day <= end.astimezone(working.zone).date():
        if working.is_working_day(day):
            first, last = max(utc(start), utc(working.day_opens(day))), min(utc(end), utc(working.day_closes(day)))
            total += max(last - first, timedelta())
        day += timedelta(days=1)
    return total / timedelta(hours=1)
