"""`visitbot export abnormal`: the whole company's list as a file."""

import asyncio
import csv
import io
import stat
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from bot.__main__ import main
from storage.clock import SystemClock
from storage.database import Database

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Path:
    (tmp_path / "config.toml").write_text(f'[storage]\ndatabase = "{sqlite_url}"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    asyncio.run(recorded(sqlite_url))
    return tmp_path


async def recorded(url: str) -> None:
    """A visit of yesterday without a word in it, and one of long ago."""
    database = await Database.open(url, SystemClock())
    async with database.work() as work:
        rep = await work.members.add("李晓彤")
        customer = await work.customers.add("=cmd()恒力", owner_id=rep.member_id)
        for days_ago in (1, 60):
            at = work.now - timedelta(days=days_ago)
            visit = await work.visits.begin(rep.member_id, "wecom", visited_on=at.date(), sent_at=at)
            visit.state, visit.customer_id = "confirmed", customer.customer_id
    await database.close()


def since(days_ago: int = 30) -> str:
    return (SystemClock().now() - timedelta(days=days_ago)).date().isoformat()


def test_a_csv_file_for_its_owner_alone_with_what_is_abnormal_since_that_day(folder: Path, capsys: Shown) -> None:
    assert main(["export", "abnormal", "--since", since(), "--out", "list.csv"]) == 0

    assert capsys.readouterr().out == "list.csv：1 条记录，异常 2 条，完整率 0%（0/3）\n"
    assert stat.S_IMODE((folder / "list.csv").stat().st_mode) == 0o600
    text = (folder / "list.csv").read_bytes().decode("utf-8-sig")
    heading, missing, trust = csv.reader(io.StringIO(text, newline=""))
    assert heading[0] == "类型"
    assert missing[:4] == ["缺必填项", "缺客户、联系人、下一步", "", "'=cmd()恒力"]
    assert trust[0] == "可信度低"


def test_an_xlsx_file_takes_the_place_of_an_earlier_one(folder: Path) -> None:
    (folder / "list.xlsx").write_text("old", "utf-8")

    assert main(["export", "abnormal", "--since", since(90), "--out", "list.xlsx"]) == 0

    sheet = openpyxl.load_workbook(folder / "list.xlsx").worksheets[0]
    assert sheet.max_row == 5
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []


def test_another_kind_of_file_or_day_is_refused(folder: Path, capsys: Shown) -> None:
    assert main(["export", "abnormal", "--since", since(), "--out", "list.pdf"]) == 1
    assert "ends in .csv or .xlsx" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["export", "abnormal", "--since", "yesterday", "--out", "list.csv"])
    assert not (folder / "list.pdf").exists()


def test_without_a_database_it_says_so(folder: Path, capsys: Shown) -> None:
    (folder / "visitbot.db").unlink()

    assert main(["export", "abnormal", "--since", since(), "--out", "list.csv"]) == 1
    assert "does not exist yet" in capsys.readouterr().err
