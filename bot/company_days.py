"""The company's own days off and make-up days, from a CSV file that is read as strictly as the lists of people."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot.errors import ConfigError
from bot.roster import Fault, FaultyFile, read_sheet
from handlers.working_time import LONGEST_BREAK_DAYS, WorkingTime

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "date": ("日期", "天", "day", "days"),
    "worked": ("安排", "类型", "arrangement"),
    "note": ("说明", "备注"),
}
WORKED: Mapping[str, bool] = {
    "上班": True,
    "工作": True,
    "补班": True,
    "休息": False,
    "放假": False,
    "休假": False,
}
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class CompanyDays:
    """Consecutive days, `first` to `last`, that are all worked, or all off."""

    line: int
    first: date
    last: date
    worked: bool
    note: str = ""

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


def load(path: Path) -> tuple[CompanyDays, ...]:
    """Raises ConfigError with all that is wrong in the file."""
    try:
        return read(path.read_bytes())
    except FaultyFile as error:
        raise ConfigError(f"calendar.file: {path} {error}") from error
    except OSError as error:
        raise ConfigError(f"calendar.file: {path} cannot be read ({error.strerror})") from error


def read(data: bytes) -> tuple[CompanyDays, ...]:
    """Raises FaultyFile with all that is wrong in it."""
    sheet = read_sheet(data, COLUMNS, _row, _clashes, required=("date", "worked"))
    return tuple(row for row in sheet.rows if row is not None)


def changes(days: Sequence[CompanyDays]) -> dict[date, bool]:
    """Whether each of these days is worked."""
    return {day: row.worked for row in days for day in row}


def _row(line: int, cells: Mapping[str, str], faults: list[Fault]) -> CompanyDays | None:
    """None where something is wrong, which is then among the faults."""
    span = _span(line, cells.get("date", ""), faults)
    arrangement = cells.get("worked", "")
    worked = WORKED.get(arrangement)
    if worked is None:
        said = f"“{arrangement}”看不懂" if arrangement else "没有填安排"
        faults.append(Fault(line, f"{said}，请填 上班 或 休息"))
    if span is None or worked is None:
        return None
    return CompanyDays(line, *span, worked, cells.get("note", ""))


def _span(line: int, cell: str, faults: list[Fault]) -> tuple[date, date] | None:
    """`2026-10-10`, or `2026-02-10~2026-02-20`."""
    ends = [_day(part) for part in re.split(r"\s*[~～〜—–至到]+\s*", cell)]
    if len(ends) > 2 or None in ends:
        said = f"日期“{cell}”看不懂" if cell else "没有填日期"
        faults.append(Fault(line, f"{said}，请写成 2026-10-10 或 2026-02-10~2026-02-20"))
        return None
    first, last = ends[0], ends[-1]
    assert first is not None  # looked at above
    assert last is not None
    if last < first:
        faults.append(Fault(line, f"“{cell}”的结束日期在开始日期之前"))
        return None
    if (last - first).days >= LONGEST_BREAK_DAYS:
        faults.append(Fault(line, f"“{cell}”超过 {LONGEST_BREAK_DAYS} 天"))
        return None
    return first, last


def _day(text: str) -> date | None:
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)", text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part)
    try:
        return date(year, month, day) if FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None


def _clashes(rows: Sequence[CompanyDays | None]) -> Iterator[Fault]:
    read_well = [row for row in rows if row is not None]
    lines: dict[date, int] = {}
    for row in read_well:
        if again := [day for day in row if lines.setdefault(day, row.line) != row.line]:
            yield Fault(row.line, f"{again[0]} 和第 {lines[again[0]]} 行重复")
    working_time = WorkingTime(changes=changes(read_well))
    for row in read_well:
        try:
            working_time.working_day_after(working_time.working_day_before(row.first))
        except ValueError:
            yield Fault(row.line, f"前后连起来超过 {LONGEST_BREAK_DAYS} 天没有工作日")
