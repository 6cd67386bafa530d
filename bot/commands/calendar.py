"""`visitbot calendar`: which days are off and which weekends are worked, month by month, the company's own marked."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

from bot import company_days
from bot.commands import add_config_option
from bot.commands.table import Column, table
from bot.company_days import FIRST_YEAR, LAST_YEAR, CompanyDays
from bot.config import Config, load
from bot.wiring import working_time
from handlers.working_time import WorkingTime
from nlp import calendar_cn
from storage.clock import SystemClock

COLUMNS = (Column("月"), Column("工作日", right=True), Column("休息（周末之外）"), Column("补班"))
OWN = "*"
WEEKDAYS = "一二三四五六日"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "calendar",
        help="which days are worked, the company's own marked",
        description="China's public holidays and make-up days, as changed by the file that calendar.file names "
        "(docs/calendar.md). Reads the file anew; a running server has what stood in it at its start.",
    )
    parser.add_argument("--year", type=_year, help="which one (default: this one)")
    add_config_option(parser)


def _year(text: str) -> int:
    year = int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise argparse.ArgumentTypeError(f"from {FIRST_YEAR} to {LAST_YEAR}")
    return year


def main(args: argparse.Namespace) -> int:
    config = load(args.config)
    year = args.year or SystemClock().now().astimezone(config.zone).year
    print(shown(config, year))
    return 0


def shown(config: Config, year: int) -> str:
    """Raises ConfigError."""
    working = working_time(config)
    own = {day: row for row in _company_days(config) for day in row}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    worked = sum(map(working.is_working_day, days))
    lines = [f"{year} 年：工作日 {worked} 天，{working.opens:%H:%M}–{working.closes:%H:%M}（{working.zone.key}）"]
    if not calendar_cn.knows(year):
        lines.append("国家放假安排未知，除公司自己的安排外，周一至周五都算工作日。")
    lines.append(table(COLUMNS, list(_months(working, days, own))))
    if any(day.year == year for day in own):
        lines.append(f"{OWN} 公司自己的安排：{config.calendar.file}")
    return "\n".join(lines)


def _company_days(config: Config) -> Sequence[CompanyDays]:
    return company_days.load(Path(config.calendar.file)) if config.calendar.file else ()


def _months(
    working: WorkingTime, days: Sequence[date], own: dict[date, CompanyDays]
) -> Iterator[tuple[str, str, str, str]]:
    """A break stands whole, weekends included, in the month in which it begins."""
    breaks = [run for run in _runs(days, working, own) if any(_is_told(day, own) for day in run)]
    made_up = [day for day in days if working.is_working_day(day) and (day.weekday() >= 5 or day in own)]
    for month in range(1, 13):
        yield (
            str(month),
            str(sum(day.month == month and working.is_working_day(day) for day in days)),
            "  ".join(_break(run, own) for run in breaks if run[0].month == month),
            "  ".join(_marked(_short(day, weekday=True), day, own) for day in made_up if day.month == month),
        )


def _runs(days: Sequence[date], working: WorkingTime, own: dict[date, CompanyDays]) -> Iterator[list[date]]:
    """Days off that follow one another, the company's own apart from the others."""
    for (worked, _), run in groupby(days, lambda day: (working.is_working_day(day), day in own)):
        if not worked:
            yield list(run)


def _is_told(day: date, own: dict[date, CompanyDays]) -> bool:
    return day.weekday() < 5 or day in own


def _break(run: Sequence[date], own: dict[date, CompanyDays]) -> str:
    span = _short(run[0]) if len(run) == 1 else f"{_short(run[0])}~{_short(run[-1])}"
    names = dict.fromkeys(own[day].note if day in own else calendar_cn.holiday(day) for day in run)
    return _marked(" ".join([span, *filter(None, names)]), run[0], own)


def _marked(text: str, day: date, own: dict[date, CompanyDays]) -> str:
    return OWN + text if day in own else text


def _short(day: date, *, weekday: bool = False) -> str:
    return f"{day:%m-%d}" + (f"（周{WEEKDAYS[day.weekday()]}）" if weekday else "")
