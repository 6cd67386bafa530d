"""`visitbot jobs` and `visitbot migrate`, beside a server and without one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands.table import Column, cut, padded, table, width
from storage.clock import SystemClock
from storage.database import Database
from storage.work import Work

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> str:
    (tmp_path / "config.toml").write_text(f'[storage]\ndatabase = "{sqlite_url}"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    return sqlite_url


async def working(url: str, steps: Callable[[Work], Awaitable[None]]) -> None:
    database = await Database.open(url, SystemClock())
    async with database.work() as work:
        await steps(work)
    await database.close()


def with_jobs(url: str, *, parked: int = 1, ready: int = 0) -> None:
    async def steps(work: Work) -> None:
        for number in range(parked + ready):
            await work.jobs.put("note", {"text": "预算八十万"}, queue="work", lane=f"wecom:u{number}")
        for job in await work.jobs.claim("work", limit=parked, lease_s=60):
            await work.jobs.park(job, "ParserFault: field missing")

    asyncio.run(working(url, steps))


def test_a_list_shows_what_failed_and_nothing_that_was_said(url: str, capsys: Shown) -> None:
    with_jobs(url, parked=1, ready=1)

    assert main(["jobs", "list"]) == 0
    heading, newest, oldest = capsys.readouterr().out.splitlines()
    assert heading.split() == ["id", "queue", "kind", "state", "lane", "due", "tries", "error"]
    assert newest.split()[:5] == ["2", "work", "note", "ready", "wecom:u1"]
    assert oldest.split()[:5] == ["1", "work", "note", "parked", "wecom:u0"]
    assert oldest.endswith("ParserFault: field missing")
    assert "八十万" not in newest + oldest


def test_a_list_may_be_narrowed_to_a_state(url: str, capsys: Shown) -> None:
    with_jobs(url, parked=1, ready=2)

    main(["jobs", "list", "--state", "parked"])
    assert len(capsys.readouterr().out.splitlines()) == 2
    main(["jobs", "list", "--state", "running"])
    assert capsys.readouterr().out == "no job is running\n"


def test_the_content_of_a_job_is_shown_only_when_asked_for(url: str, capsys: Shown) -> None:
    with_jobs(url)

    assert main(["jobs", "show", "1"]) == 0
    shown = capsys.readouterr().out
    assert "wecom:u0" in shown
    assert "八十万" not in shown

    assert main(["jobs", "show", "1", "--payload"]) == 0
    assert "八十万" in capsys.readouterr().out


def test_a_job_that_is_not_there_is_one_line(url: str, capsys: Shown) -> None:
    assert main(["jobs", "show", "7"]) == 1
    assert capsys.readouterr().err == "visitbot: no job 7\n"


def test_parked_jobs_are_tried_again_by_id_or_all(url: str, capsys: Shown) -> None:
    with_jobs(url, parked=3)

    assert main(["jobs", "retry", "2"]) == 0
    assert capsys.readouterr().out == "1 to be tried again: 2\n"
    assert main(["jobs", "retry", "--all"]) == 0
    assert capsys.readouterr().out == "2 to be tried again: 1, 3\n"
    main(["jobs", "list", "--state", "ready"])
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_one_id_that_is_not_parked_keeps_the_others_parked_too(url: str, capsys: Shown) -> None:
    with_jobs(url, parked=1, ready=1)

    assert main(["jobs", "retry", "1", "2"]) == 1
    assert "job 2 is not parked" in capsys.readouterr().err
    main(["jobs", "list", "--state", "parked"])
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("words", [[], ["1", "--all"]])
def test_retry_wants_ids_or_all_and_not_both(url: str, capsys: Shown, words: list[str]) -> None:
    assert main(["jobs", "retry", *words]) == 1
    assert "--all" in capsys.readouterr().err


def test_jobs_can_be_seen_and_retried_beside_a_running_server(url: str, capsys: Shown) -> None:
    with_jobs(url)

    async def while_a_server_runs() -> list[int]:
        database = await Database.open(url, SystemClock())
        try:
            return [await asyncio.to_thread(main, words) for words in (["jobs", "list"], ["jobs", "retry", "1"])]
        finally:
            await database.close()

    assert asyncio.run(while_a_server_runs()) == [0, 0]


def test_looking_makes_no_empty_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Shown) -> None:
    (tmp_path / "config.toml").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)

    assert main(["jobs", "list"]) == 1
    assert "does not exist yet" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_migrating_makes_the_database_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Shown) -> None:
    (tmp_path / "config.toml").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)

    assert main(["migrate"]) == 0
    assert "已升级" in capsys.readouterr().out
    assert main(["migrate"]) == 0
    assert "无需改动" in capsys.readouterr().out
    assert main(["jobs", "list"]) == 0


def test_migrating_beside_a_running_server_is_refused(url: str, capsys: Shown) -> None:
    async def while_a_server_runs() -> int:
        database = await Database.open(url, SystemClock())
        try:
            return await asyncio.to_thread(main, ["migrate"])
        finally:
            await database.close()

    assert asyncio.run(while_a_server_runs()) == 1
    assert "another process" in capsys.readouterr().err


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path, url: str, capsys: Shown) -> None:
    (tmp_path / "visitbot.db").write_bytes(b"not a database, whatever its name says" * 100)

    assert main(["jobs", "list"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "not a database" in told


# Tables on a terminal


def test_chinese_takes_two_columns_so_that_tables_line_up() -> None:
    shown = table((Column("检查"), Column("n", right=True)), [("数据库", "1"), ("db", "20")])

    assert shown.splitlines() == ["检查     n", "数据库   1", "db      20"]


def test_long_cells_are_cut_with_a_mark() -> None:
    assert cut("预算八十万", 6) == "预算…"
    assert cut("budget", 6) == "budget"
    assert width(padded(cut("预算八十万", 6), 6)) == 6
