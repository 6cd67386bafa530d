"""`visitbot rules`, and `visitbot import` of what the rules are about: payments, plans, new leads."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands.table import width
from bot.ledgers import read_payments
from handlers.rules import run_key
from storage.clock import SystemClock
from storage.database import Database
from storage.work import Work

Shown = pytest.CaptureFixture[str]
MEMBERS = "姓名,角色,上级,企业微信账号\n李晓彤,销售,陈志远,lxt\n陈志远,主管,,czy\n"
CUSTOMERS = "客户,负责人\n宁波恒力阀门有限公司,李晓彤\n绍兴宏达纺织有限公司,\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Path:
    (tmp_path / "config.toml").write_text(
        f'[storage]\ndatabase = "{sqlite_url}"\n[rules.stalled]\non = false\ndays = 9\n', "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def company(folder: Path, capsys: Shown) -> Path:
    assert load(folder, "members", MEMBERS) == 0
    assert load(folder, "customers", CUSTOMERS) == 0
    capsys.readouterr()
    return folder


def load(folder: Path, what: str, text: str, *options: str) -> int:
    (folder / "rows.csv").write_text(text, "utf-8")
    return main(["import", what, "rows.csv", *options])


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "visitbot.db") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def working(folder: Path, steps: Callable[[Work], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await Database.open(f"sqlite:///{folder / 'visitbot.db'}", SystemClock())
        async with database.work() as work:
            await steps(work)
        await database.close()

    asyncio.run(run())


# Shown


def test_the_rules_are_a_table_with_switch_thresholds_and_findings(company: Path, capsys: Shown) -> None:
    async def found(work: Work) -> None:
        on = work.now.date()
        await work.rules.find("silence", "customer:1", "a", member_id=1)
        await work.rules.find("downgrade", "customer:1", "a", member_id=1)
        old = await work.rules.find("silence", "customer:1", "b", member_id=1)
        assert old is not None
        old.found_at = work.now - timedelta(days=31)
        await work.jobs.put("rule", {}, queue="timers", dedupe=run_key("silence", on))
        [job] = await work.jobs.claim("timers", limit=1, lease_s=30)
        await work.jobs.complete(job)

    working(company, found)

    assert main(["rules"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["规则", "[rules]", "开关", "条件"]
    assert len(lines) == 17
    stalled = next(line for line in lines if "stalled" in line)
    assert "关" in stalled
    assert "超过 9 个工作日" in stalled
    assert "—" in stalled
    silence = next(line for line in lines if "silence" in line)
    assert silence.endswith(" 2")
    assert "—" not in silence
    assert "随时" in next(line for line in lines if "same_customer" in line)
    assert max(width(line) for line in lines) == width(heading)


def test_the_same_for_programs(company: Path, capsys: Shown) -> None:
    assert main(["rules", "--json"]) == 0

    shown = {rule["key"]: rule for rule in json.loads(capsys.readouterr().out)}
    assert shown["stalled"]["on"] is False
    assert shown["stalled"]["last_run"] is None
    assert shown["payment"]["found"] == 0
    assert shown["payment"]["daily"] is True


def test_without_a_database_it_says_so(folder: Path, capsys: Shown) -> None:
    (folder / "visitbot.db").unlink()

    assert main(["rules"]) == 1
    assert "does not exist yet" in capsys.readouterr().err


# Payments

PAYMENTS = (
    "客户,编号,金额,到期日,回款日\n"
    "宁波恒力阀门有限公司,F-1,36万,2026-11-01,\n"
    '宁波恒力阀门有限公司,F-2,"1,200.50",2026/11/2,2026年11月20日\n'
)


def test_payments_are_taken_in_and_changed(company: Path, capsys: Shown) -> None:
    assert load(company, "payments", PAYMENTS) == 0
    assert capsys.readouterr().out == "应收款：新增 2，更新 0，未变 0。\n"
    query = "SELECT number, amount_fen, due_on, paid_on FROM payments ORDER BY number"
    assert rows(company, query) == [
        ("F-1", 360_000_00, "2026-11-01", None),
        ("F-2", 1_200_50, "2026-11-02", "2026-11-20"),
    ]

    assert load(company, "payments", PAYMENTS) == 0
    assert capsys.readouterr().out == "应收款：新增 0，更新 0，未变 2。\n"
    paid = PAYMENTS.replace("2026-11-01,", "2026-11-01,2026-11-25").replace("2026年11月20日", "")
    assert load(company, "payments", paid) == 0
    assert capsys.readouterr().out == "应收款：新增 0，更新 1，未变 1。\n"
    assert [paid_on for *_, paid_on in rows(company, query)] == ["2026-11-25", "2026-11-20"]


def test_amounts_in_wan_are_read_so_where_the_heading_says_it() -> None:
    sheet = read_payments("客户,编号,金额（万元）,到期日\n甲,1,36.5,2026-11-01\n".encode())

    assert [row.amount_fen for row in sheet.rows] == [365_000_00]


def test_every_fault_of_a_payment_is_told_and_nothing_written(company: Path, capsys: Shown) -> None:
    faulty = (
        "客户,编号,金额,到期日\n"
        "宁波恒力阀门有限公司,F-1,很多,2026-11-01\n"
        "宁波恒力阀门有限公司,F-1,36万左右,2026-13-01\n"
        ",F-3,-5,\n"
    )
    assert load(company, "payments", faulty) == 1
    shown = capsys.readouterr().err
    for words in (
        "第 2 行：金额“很多”看不懂",
        "第 3 行：到期日“2026-13-01”不是日期",
        "第 3 行：“宁波恒力阀门有限公司”的“F-1”和第 2 行重复",
        "第 4 行：没有客户",
        "第 4 行：没有到期日",
        "第 4 行：金额“-5”看不懂",
    ):
        assert words in shown
    assert rows(company, "SELECT count(*) FROM payments") == [(0,)]


def test_a_payment_of_an_unknown_customer_is_refused(company: Path, capsys: Shown) -> None:
    assert load(company, "payments", "客户,编号,金额,到期日\n没有这家,1,5,2026-11-01\n") == 1
    assert "客户“没有这家”找不到，请先导入客户" in capsys.readouterr().err


def test_missing_columns_are_named(company: Path, capsys: Shown) -> None:
    assert load(company, "payments", "客户,金额\n甲,5\n") == 1
    shown = capsys.readouterr().err
    assert "必须有“编号”" in shown
    assert "必须有“到期日”" in shown


# Plans


def test_plans_are_kept_by_the_monday_of_any_day(company: Path, capsys: Shown) -> None:
    assert load(company, "plans", "成员,周,计划拜访\n李晓彤,2026-11-18,12\nczy,2026-11-16,3\n") == 0
    assert capsys.readouterr().out == "拜访计划：新增 2，更新 0，未变 0。\n"
    assert rows(company, "SELECT member_id, week_on, visits FROM plans ORDER BY visits DESC") == [
        (1, "2026-11-16", 12),
        (2, "2026-11-16", 3),
    ]
    assert load(company, "plans", "成员,周,计划拜访\n李晓彤,2026-11-22,10\n") == 0
    assert capsys.readouterr().out == "拜访计划：新增 0，更新 1，未变 0。\n"


def test_faulty_plans_are_told(company: Path, capsys: Shown) -> None:
    assert load(company, "plans", "成员,周,计划拜访\n李晓彤,下周,十二\n李晓彤,2026-11-16,900\n") == 1
    shown = capsys.readouterr().err
    assert "周“下周”不是日期" in shown
    assert "计划拜访“十二”要写成 0 到 200 的整数" in shown
    assert "计划拜访“900”" in shown
    assert load(company, "plans", "成员,周,计划拜访\n王五,2026-11-16,9\n") == 1
    assert "成员“王五”找不到" in capsys.readouterr().err


# Customers


def test_customers_bring_grade_region_and_last_contact(company: Path, capsys: Shown) -> None:
    columns = "客户,等级,区域,最近联系\n"
    assert load(company, "customers", columns + "宁波恒力阀门有限公司,a,浙东,2026-11-10\n") == 0
    [(grade, region, seen)] = rows(company, "SELECT grade, region, last_contact_at FROM customers WHERE customer_id=1")
    assert (grade, region) == ("A", "浙东")
    assert str(seen).startswith("2026-11-09 16:00")
    # an earlier day takes nothing back
    assert load(company, "customers", columns + "宁波恒力阀门有限公司,,,2026-10-01\n") == 0
    assert rows(company, "SELECT grade, last_contact_at FROM customers WHERE customer_id=1") == [("A", seen)]
    capsys.readouterr()

    assert load(company, "customers", columns + "宁波恒力阀门有限公司,D,,2999-01-01\n") == 1
    assert "等级“D”要写成 A、B、C" in capsys.readouterr().err
    assert load(company, "customers", columns + "宁波恒力阀门有限公司,,,2999-01-01\n") == 1
    assert "最近联系“2999-01-01”还没有到" in capsys.readouterr().err


def test_only_with_leads_are_those_new_to_their_owner_new_leads(company: Path, capsys: Shown) -> None:
    query = "SELECT dedupe FROM jobs WHERE kind = 'new_lead' ORDER BY dedupe"
    assert rows(company, query) == []
    given = "客户,负责人,最近联系\n绍兴宏达纺织有限公司,李晓彤,\n宁波恒力阀门有限公司,李晓彤,\n新一家,李晓彤,\n"
    assert load(company, "customers", given + "新两家,李晓彤,2026-11-01\n新三家,,\n", "--leads") == 0

    # one was without an owner, one is new; the others have their owner, were spoken to, or are nobody's
    assert rows(company, query) == [("lead:2",), ("lead:3",)]
    assert load(company, "customers", given, "--leads") == 0
    assert len(rows(company, query)) == 2

    capsys.readouterr()
    assert load(company, "members", MEMBERS, "--leads") == 1
    assert "--leads goes with customers" in capsys.readouterr().err
