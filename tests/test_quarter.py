"""Two weeks of a small company, with deaths: the benchmark's simulated quarter in little; and that it can fail."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from benchmarks.simulated import days
from benchmarks.simulated.oracle import Clockwork, Demand, Line, judged
from benchmarks.simulated.report import reported, table
from benchmarks.simulated.run import Options, lived

pytestmark = pytest.mark.weeks

NINE = days.at(date(2026, 11, 23), time(9))
HOUR = timedelta(hours=1)
NUDGE = Demand("to-do, nudge", 7, ("寄样品 · 恒力",), NINE, NINE + HOUR, says_late=False)


def line(at: datetime, words: str = "已经过期，还没完成：寄样品 · 恒力（11-20（周五）前）", member_id: int = 7) -> Line:
    return Line(at, member_id, "to-do, nudge", words, at)


async def test_whatever_the_rules_demand_is_sent_once_though_the_process_dies_again_and_again(tmp_path: Path) -> None:
    options = Options(seed=2, weeks=2, reps=6, managers=2, customers=36, notes_a_week=1.5, kills=24)

    report = await reported(await lived(options, tmp_path))

    assert report.faults == 0, table(report)
    assert report.quarter.kills >= 3
    assert sum(verdict.demanded for verdict in report.verdicts.values()) >= 20


def test_a_reminder_that_came_once_and_in_time_is_no_fault() -> None:
    assert judged([NUDGE], [line(NINE + HOUR)])["to-do, nudge"].faults == 0


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="it never came"),
        pytest.param([line(NINE), line(NINE + HOUR)], id="it came twice"),
        pytest.param([line(NINE - HOUR)], id="it came too early"),
        pytest.param([line(NINE + 2 * HOUR)], id="it came too late"),
        pytest.param([line(NINE, member_id=8)], id="somebody else got it"),
        pytest.param([line(NINE, "已经过期，还没完成：寄图纸 · 恒力")], id="it was about something else"),
        pytest.param(
            [line(NINE, "已经过期，还没完成：寄样品 · 恒力（当时系统没有运行）")], id="it said that it was late"
        ),
    ],
)
def test_a_reminder_that_came_otherwise_is_a_fault(lines: list[Line]) -> None:
    assert judged([NUDGE], lines)["to-do, nudge"].faults >= 1


def test_the_latest_moment_waits_for_the_machine_and_for_working_hours() -> None:
    evening = days.at(date(2026, 11, 20), time(17))  # a Friday
    clock = Clockwork([(evening, evening + 3 * HOUR)], NINE + timedelta(days=30))

    assert clock.latest(evening) == days.at(date(2026, 11, 23), days.MORNING) + HOUR + timedelta(minutes=25)


def test_working_hours_pass_over_the_holidays() -> None:
    assert days.later(days.at(date(2026, 9, 30), time(17)), 2) == days.at(date(2026, 10, 8), time(10))
