"""The company's own calendar: read strictly, applied at the start, shown, and asked for where holidays are unknown."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import wiring
from bot.__main__ import main
from bot.checkup import check_calendar
from bot.commands.doctor import line
from bot.company_days import CompanyDays, changes, read
from bot.config import load
from bot.errors import ConfigError
from bot.roster import FaultyFile
from handlers import holidays
from handlers.working_time import LONGEST_BREAK_DAYS
from storage.database import Database
from tests.chat import SHANGHAI, Chat, build
from tests.fakes import FakeClock

Shown = pytest.CaptureFixture[str]
HEADINGS = "日期,安排,说明\n"
FILE = HEADINGS + "2026-10-08~2026-10-09,休息,年假\n2026/12/5,上班,盘点\n2026年2月24日,休息,\n2026-10-07,上班,值班\n"


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(FaultyFile) as caught:
        read(text.encode())
    return [(fault.line, fault.text) for fault in caught.value.faults]


# Reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_days_and_ranges_are_read_as_excel_wps_and_editors_save_them(encoding: str) -> None:
    assert read(FILE.encode(encoding)) == (
        CompanyDays(2, date(2026, 10, 8), date(2026, 10, 9), worked=False, note="年假"),
        CompanyDays(3, date(2026, 12, 5), date(2026, 12, 5), worked=True, note="盘点"),
        CompanyDays(4, date(2026, 2, 24), date(2026, 2, 24), worked=False),
        CompanyDays(5, date(2026, 10, 7), date(2026, 10, 7), worked=True, note="值班"),
    )


@pytest.mark.parametrize("mark", ["~", " ~ ", "～", "至", "到", "—", "——", "–"])
def test_a_range_may_be_written_in_many_ways(mark: str) -> None:
    [row] = read(f"{HEADINGS}2026-02-10{mark}2026/2/20,休息,".encode())

    assert list(row) == [date(2026, 2, 10) + timedelta(days=n) for n in range(11)]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",休息,", "没有填日期，请写成 2026-10-10 或 2026-02-10~2026-02-20"),
        ("10-10,休息,", "日期“10-10”看不懂，请写成 2026-10-10 或 2026-02-10~2026-02-20"),
        ("2026-02-30,休息,", "日期“2026-02-30”看不懂，请写成 2026-10-10 或 2026-02-10~2026-02-20"),
        ("2026-10/10,休息,", "日期“2026-10/10”看不懂，请写成 2026-10-10 或 2026-02-10~2026-02-20"),
        ("2026-02-10~,休息,", "日期“2026-02-10~”看不懂，请写成 2026-10-10 或 2026-02-10~2026-02-20"),
        ("0026-02-10,休息,", "日期“0026-02-10”看不懂，请写成 2026-10-10 或 2026-02-10~2026-02-20"),
        ("2026-02-20~2026-02-10,休息,", "“2026-02-20~2026-02-10”的结束日期在开始日期之前"),
        ("2026-02-10~2062-02-10,休息,", "“2026-02-10~2062-02-10”超过 60 天"),
        ("2026-02-10,调休,", "“调休”看不懂，请填 上班 或 休息"),
        ("2026-02-10,,", "没有填安排，请填 上班 或 休息"),
        ("2026-02-10,休息,一,二", "有 4 格，表头只有 3 列（内容里有分隔符时要加引号）"),
    ],
)
def test_a_faulty_row_is_told_with_its_line(row: str, fault: str) -> None:
    assert faults(f"{HEADINGS}2026-10-10,上班,\n\n{row}\n") == [(4, fault)]


def test_all_faults_are_told_at_once() -> None:
    assert [
        where for where, _ in faults(HEADINGS + "x,休息,\n2026-01-05,?,\n2026-01-06,上班,\n2026-01-06,休息,\n")
    ] == [
        2,
        3,
        5,
    ]


def test_a_day_may_stand_in_the_file_once() -> None:
    rows = "2026-02-10~2026-02-20,休息,\n2026-02-20,上班,\n"

    assert faults(HEADINGS + rows) == [(3, "2026-02-20 和第 2 行重复")]


def test_both_columns_must_be_there() -> None:
    assert faults("说明\n年假\n") == [
        (1, "第一行要有表头，其中必须有“日期”（或 date）"),
        (1, "第一行要有表头，其中必须有“安排”（或 worked）"),
    ]


def test_a_calendar_without_working_days_for_months_is_refused() -> None:
    rows = "2026-07-01~2026-08-20,休息,\n2026-08-21~2026-09-19,休息,\n"

    assert (2, f"前后连起来超过 {LONGEST_BREAK_DAYS} 天没有工作日") in faults(HEADINGS + rows)


@given(st.text(max_size=60))
def test_whatever_stands_in_a_file_is_read_or_refused(text: str) -> None:
    for content in (text, HEADINGS + text, f"{HEADINGS}{text},休息,"):
        with suppress(FaultyFile):
            read(content.encode("utf-8", "replace"))


@given(st.dates(date(2001, 1, 1), date(2099, 1, 1)), st.integers(0, 40), st.booleans())
def test_what_is_written_is_read(first: date, length: int, worked: bool) -> None:
    last = first + timedelta(days=length)
    text = f"{HEADINGS}{first}~{last:%Y/%m/%d},{'上班' if worked else '休息'},"

    assert changes(read(text.encode())) == {first + timedelta(days=n): worked for n in range(length + 1)}


def test_the_example_in_the_document_is_read() -> None:
    text = (Path(__file__).parent.parent / "docs" / "calendar.md").read_text("utf-8")
    [example] = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)

    assert [row.worked for row in read(example.encode())] == [False, False, True, True]


# At the start, and beside it


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    (tmp_path / "calendar.csv").write_text(FILE, "utf-8")
    path = tmp_path / "config.toml"
    path.write_text('[calendar]\nfile = "calendar.csv"\n[playground]\nenabled = true\n', "utf-8")
    return path


def test_the_file_lies_beside_the_configuration_and_decides_what_is_worked(config_file: Path) -> None:
    working = wiring.settings(load(config_file, {})).working_time

    assert not working.is_working_day(date(2026, 10, 8))
    assert working.is_working_day(date(2026, 12, 5))
    assert working.is_working_day(date(2026, 10, 10))


def test_a_file_that_is_missing_or_faulty_stops_the_start(config_file: Path) -> None:
    csv = config_file.parent / "calendar.csv"
    csv.write_text(HEADINGS + "2026-02-10,?,\n2026-02-11,,\n", "utf-8")
    with pytest.raises(ConfigError, match=r"calendar\.file: .* 第 2 行：.*第 3 行："):
        wiring.settings(load(config_file, {}))

    csv.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        wiring.settings(load(config_file, {}))


@pytest.mark.parametrize("text", ["09:00+08:00", "09:00Z"])
def test_opening_hours_have_no_zone_of_their_own(config_file: Path, text: str) -> None:
    config_file.write_text(f'[calendar]\nopens = "{text}"\n', "utf-8")

    with pytest.raises(ConfigError, match=r"calendar\.opens: a time without a zone"):
        load(config_file, {})


def test_the_year_is_shown_month_by_month_with_the_company_s_own_days_marked(config_file: Path, capsys: Shown) -> None:
    assert main(["calendar", "--year", "2026", "--config", str(config_file)]) == 0

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "2026 年：工作日 247 天，09:00–18:00（Asia/Shanghai）"
    assert lines[3] == "2 15 02-15~02-23 春节 *02-24 02-14（周六） 02-28（周六）"
    assert lines[4] == "3 22"
    assert lines[11] == "10 17 10-01~10-06 国庆节 *10-08~10-09 年假 *10-07（周三） 10-10（周六）"
    assert lines[13] == "12 24 *12-05（周六）"
    assert lines[14] == f"* 公司自己的安排：{config_file.parent / 'calendar.csv'}"


def test_a_year_without_published_holidays_says_so(config_file: Path, capsys: Shown) -> None:
    assert main(["calendar", "--year", "2099", "--config", str(config_file)]) == 0

    shown = capsys.readouterr().out
    assert "国家放假安排未知" in shown
    assert "*" not in shown


@pytest.mark.parametrize("year", ["1999", "2101"])
def test_years_far_off_are_not_shown(config_file: Path, year: str) -> None:
    with pytest.raises(SystemExit):
        main(["calendar", "--year", year, "--config", str(config_file)])


def test_doctor_says_what_the_file_brings_and_what_is_wrong_in_it(config_file: Path) -> None:
    config = load(config_file, {})
    summer = datetime(2026, 6, 1, 9, tzinfo=SHANGHAI)

    result = check_calendar(config, summer)
    assert (result.ok, result.warning) == (True, False)
    assert result.detail == "09:00–18:00，国家放假安排，公司另定上班 2 天、休息 3 天"

    (config_file.parent / "calendar.csv").write_text(HEADINGS + "2026-02-10,?,\n", "utf-8")
    result = check_calendar(config, summer)
    assert not result.ok
    assert "第 2 行" in result.detail


def test_doctor_warns_of_a_year_whose_holidays_nobody_has_told(config_file: Path) -> None:
    result = check_calendar(load(config_file, {}), datetime(2098, 12, 1, 9, tzinfo=SHANGHAI))

    assert (result.ok, result.warning) == (True, True)
    assert "没有 2098、2099 年的放假安排" in line(result)


# Telling the admins


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2098, 11, 28, 10, tzinfo=SHANGHAI))  # a Friday


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    chat = await build(database, clock, tmp_path)
    working_time = replace(chat.context.settings.working_time, changes={date(2098, 10, 1): False})
    return with_working_time(chat, working_time)


def with_working_time(chat: Chat, working_time: object) -> Chat:
    settings = replace(chat.context.settings, working_time=working_time)  # type: ignore[arg-type]
    object.__setattr__(chat.context, "settings", settings)
    return chat


async def start(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.jobs.put_next(holidays.due(chat.context))
        await holidays.tell(chat.context, work)


async def test_admins_are_told_once_that_the_next_year_is_unknown(chat: Chat) -> None:
    await start(chat)
    assert await chat.lives_until(datetime(2098, 12, 1, 8, 29, tzinfo=SHANGHAI)) == []

    await chat.lives_until(datetime(2098, 12, 1, 8, 30, tzinfo=SHANGHAI))
    [told] = chat.texts(of="hejia")
    assert told.startswith("还没有 2099 年的放假安排")

    await start(chat)
    await chat.lives_until(datetime(2099, 3, 1, 9, tzinfo=SHANGHAI))
    assert chat.texts() == [told]


async def test_at_a_start_within_a_year_that_is_unknown_admins_are_told_at_once(chat: Chat) -> None:
    with_working_time(chat, replace(chat.context.settings.working_time, changes={}))

    await start(chat)
    await chat.lives_until(chat.clock.now())

    [told] = chat.texts(of="hejia")
    assert told.startswith("还没有 2098 年的放假安排")


async def test_a_company_that_has_told_a_day_of_the_year_is_not_asked(chat: Chat) -> None:
    own = {date(2098, 10, 1): False, date(2099, 10, 1): False}
    with_working_time(chat, replace(chat.context.settings.working_time, changes=own))

    await start(chat)
    await chat.lives_until(datetime(2099, 3, 1, 9, tzinfo=SHANGHAI))
    assert chat.texts() == []
