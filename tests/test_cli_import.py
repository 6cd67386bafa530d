"""`visitbot import`, from the file to the database."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from bot.__main__ import main
from storage.clock import SystemClock
from storage.database import Database

SAMPLE = Path(__file__).parent.parent / "bot" / "playground" / "sample"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Path:
    (tmp_path / "config.toml").write_text(f'[storage]\ndatabase = "{sqlite_url}"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(folder: Path, what: str, text: str) -> int:
    (folder / "rows.csv").write_text(text, "utf-8")
    return main(["import", what, "rows.csv"])


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "visitbot.db") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_members_are_written_with_managers_named_further_down(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(folder, "members", "姓名,角色,上级,企业微信账号\n李晓彤,销售,陈志远,lxt\n陈志远,主管,,czy\n") == 0

    assert capsys.readouterr().out == "人员：新增 2，更新 0，未变 0。\n"
    assert rows(folder, "SELECT m.name, b.name FROM members m LEFT JOIN members b ON b.member_id = m.manager_id") == [
        ("李晓彤", "陈志远"),
        ("陈志远", None),
    ]
    assert rows(folder, "SELECT platform, user_id FROM identities ORDER BY user_id") == [
        ("wecom", "czy"),
        ("wecom", "lxt"),
    ]


def test_the_same_file_again_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("members", "customers"):
        for told in ("更新 0，未变 0", "新增 0，更新 0"):
            assert main(["import", what, str(SAMPLE / f"{what}.csv")]) == 0
            assert told in capsys.readouterr().out

    [(noted, subjects)] = rows(folder, "SELECT count(*), count(DISTINCT subject) FROM audit_log")
    [(there,)] = rows(
        folder,
        "SELECT (SELECT count(*) FROM members) + (SELECT count(*) FROM customers)"
        " + (SELECT count(*) FROM opportunities)",
    )
    assert noted == subjects == there


def test_someone_who_wrote_before_being_imported_keeps_their_records(
    folder: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def first_message() -> None:
        database = await Database.open(sqlite_url, SystemClock())
        async with database.work() as work:
            member = await work.members.add("lxt")
            await work.members.link(member.member_id, "wecom", "lxt")
        await database.close()

    asyncio.run(first_message())

    assert load(folder, "members", "姓名,企业微信账号\n李晓彤,lxt\n") == 0
    assert "更新 1" in capsys.readouterr().out
    assert rows(folder, "SELECT member_id, name FROM members") == [(1, "李晓彤")]


def test_one_fault_keeps_everything_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(folder, "members", "姓名,上级\n李晓彤,\n王伟,没有这个人\n赵敏,也没有\n") == 1

    told = capsys.readouterr().err
    assert "第 3 行：上级“没有这个人”找不到" in told
    assert "第 4 行" in told
    assert rows(folder, "SELECT count(*) FROM members") == [(0,)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("姓名,上级\n甲,乙\n乙,甲\n", "绕成了一圈"),
        ("姓名,上级,企业微信账号\n王伟,,a\n王伟,,b\n李娜,王伟,c\n", "有同名的人"),
        ("姓名,企业微信账号,钉钉账号\n王伟,老王,钉李\n", "属于不同的人"),
    ],
)
def test_people_who_cannot_be_told_apart_are_not_guessed(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    assert load(folder, "members", "姓名,企业微信账号,钉钉账号\n老王,老王,\n老李,,钉李\n") == 0
    assert load(folder, "members", text) == 1

    assert told in capsys.readouterr().err


def test_two_people_of_one_name_are_kept_apart_by_their_accounts(folder: Path) -> None:
    for _ in range(2):
        assert load(folder, "members", "姓名,企业微信账号,上级\n王伟,a,\n王伟,b,\n李娜,c,b\n") == 0

    assert rows(folder, "SELECT count(*) FROM members") == [(3,)]
    assert rows(
        folder,
        "SELECT i.user_id FROM members m JOIN identities i ON i.member_id = m.manager_id WHERE m.name = '李娜'",
    ) == [("b",)]


def test_an_import_of_customers_adds_and_never_takes_away(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(folder, "members", "姓名\n李晓彤\n")
    load(folder, "customers", "客户名称,别名,联系人,负责人\n甲公司,老甲,张三/经理/采购部,李晓彤\n")
    capsys.readouterr()

    assert load(folder, "customers", "客户名称,别名,联系人,行业\n甲公司,阿甲,张三//生产部;李四,阀门\n") == 0

    assert capsys.readouterr().out == "客户：新增 0，更新 1，未变 0。\n"
    assert rows(folder, "SELECT alias FROM customer_aliases ORDER BY alias") == [("老甲",), ("阿甲",)]
    assert rows(folder, "SELECT name, title, department FROM contacts ORDER BY contact_id") == [
        ("张三", "经理", "生产部"),
        ("李四", None, None),
    ]
    assert rows(folder, "SELECT owner_id IS NOT NULL, industry FROM customers") == [(1, "阀门")]


def test_an_unknown_owner_is_told_with_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(folder, "customers", "客户名称,负责人\n甲公司,李晓彤\n") == 1

    assert "第 2 行：负责人“李晓彤”找不到，请先导入人员" in capsys.readouterr().err


def test_importing_beside_a_running_server_works(folder: Path, sqlite_url: str) -> None:
    async def while_a_server_has_it() -> int:
        database = await Database.open(sqlite_url, SystemClock())
        try:
            return await asyncio.to_thread(load, folder, "members", "姓名\n李晓彤\n")
        finally:
            await database.close()

    assert asyncio.run(while_a_server_has_it()) == 0


def test_a_file_that_is_not_there_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "members", "none.csv"]) == 1

    assert capsys.readouterr().err.count("\n") == 1


# Leaving, and coming back


def active(folder: Path) -> set[object]:
    return {name for (name,) in rows(folder, "SELECT name FROM members WHERE active")}


def test_somebody_marked_as_left_leaves_softly(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(folder, "members", "姓名,区域,企业微信账号\n李晓彤,华东,lxt\n赵一鸣,华东,zym\n")
    capsys.readouterr()

    assert load(folder, "members", "姓名,在职,企业微信账号\n李晓彤,否,lxt\n赵一鸣,是,zym\n") == 0

    assert capsys.readouterr().out.splitlines() == [
        "人员：新增 0，更新 1，未变 1。",
        "其中离职 1 人，账号已停用，记录都保留。",
    ]
    assert active(folder) == {"赵一鸣"}
    assert rows(folder, "SELECT left_at IS NOT NULL, region FROM members WHERE name = '李晓彤'") == [(1, "华东")]
    assert rows(folder, "SELECT count(*) FROM identities") == [(2,)]
    assert rows(folder, "SELECT kind, queue FROM jobs") == [("member_left", "timers")]


def test_a_file_that_does_not_say_so_brings_nobody_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(folder, "members", "姓名\n李晓彤\n赵一鸣\n")
    for _ in range(2):
        assert load(folder, "members", "姓名,在职\n李晓彤,否\n") == 0
    capsys.readouterr()

    assert load(folder, "members", "姓名\n李晓彤\n赵一鸣\n") == 0

    assert "文件里有 1 人已离职，没有恢复；要恢复请在“在职”一列填 是。" in capsys.readouterr().out
    assert active(folder) == {"赵一鸣"}
    assert rows(folder, "SELECT count(*) FROM members") == [(2,)]

    assert load(folder, "members", "姓名,在职\n李晓彤,是\n") == 0
    assert active(folder) == {"李晓彤", "赵一鸣"}
    assert rows(folder, "SELECT count(*) FROM members WHERE left_at IS NOT NULL") == [(0,)]


def test_somebody_who_left_before_we_knew_them_is_not_added(folder: Path) -> None:
    assert load(folder, "members", "姓名,在职\n李晓彤,是\n老王,否\n") == 0

    assert rows(folder, "SELECT name FROM members") == [("李晓彤",)]


def test_a_new_colleague_of_the_same_name_is_another_person(folder: Path) -> None:
    load(folder, "members", "姓名,在职,企业微信账号\n王伟,是,a\n")
    load(folder, "members", "姓名,在职,企业微信账号\n王伟,否,a\n")

    assert load(folder, "members", "姓名,企业微信账号\n王伟,b\n") == 0

    assert rows(folder, "SELECT count(*), sum(active) FROM members") == [(2, 1)]


def load_complete(folder: Path, text: str, *more: str) -> int:
    (folder / "rows.csv").write_text(text, "utf-8")
    return main(["import", "members", "rows.csv", "--complete", *more])


def people(count: int) -> str:
    return "姓名,角色\n何佳,管理员\n" + "".join(f"成员{number:02},\n" for number in range(count))


def test_who_is_not_in_a_complete_file_has_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(folder, "members", people(20))
    capsys.readouterr()

    assert load_complete(folder, people(17)) == 0

    assert "其中离职 3 人" in capsys.readouterr().out
    assert len(active(folder)) == 18


def test_a_complete_file_that_lacks_many_is_refused_until_one_is_sure(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(folder, "members", people(20))
    capsys.readouterr()

    assert load_complete(folder, people(16) + "新人,\n") == 1

    assert "会让 4 人离职（在职共 21 人），超过十分之一" in capsys.readouterr().err
    assert len(active(folder)) == 21
    assert rows(folder, "SELECT count(*) FROM members WHERE name = '新人'") == [(0,)]

    assert load_complete(folder, people(16) + "新人,\n", "--yes") == 0
    assert len(active(folder)) == 18


def test_of_a_large_company_a_tenth_may_leave(folder: Path) -> None:
    load(folder, "members", people(99))

    assert load_complete(folder, people(88)) == 1
    assert load_complete(folder, people(89)) == 0


def test_the_last_admin_does_not_leave_by_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(folder, "members", people(5))

    assert load_complete(folder, people(5).replace("何佳,管理员\n", "")) == 1

    assert "最后一位管理员" in capsys.readouterr().err
    assert "何佳" in active(folder)


def test_only_members_can_be_complete(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rows.csv").write_text("客户名称\n甲公司\n", "utf-8")

    assert main(["import", "customers", "rows.csv", "--complete"]) == 1
    assert "members only" in capsys.readouterr().err


# Invitations


def test_the_first_admin_is_invited_from_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invite", "何佳", "--role", "admin"]) == 0

    told = capsys.readouterr().out
    assert "已邀请 何佳（管理员，没有上级）。绑定码：" in told
    assert rows(folder, "SELECT roles FROM members") == [('["admin"]',)]
    code = told.partition("绑定码：")[2][:8]
    assert rows(folder, "SELECT length(code_sha256), used_at FROM invites") == [(64, None)]
    assert code not in str(rows(folder, "SELECT * FROM invites"))


def test_somebody_of_the_list_is_invited_with_what_is_said_of_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(folder, "members", "姓名,角色,区域,企业微信账号\n陈志远,主管,华东,czy\n张三,,,\n")
    capsys.readouterr()

    assert main(["invite", "张三", "--manager", "陈志远"]) == 0
    assert "（销售，上级 陈志远）" in capsys.readouterr().out
    assert rows(folder, "SELECT count(*) FROM members") == [(2,)]

    assert main(["invite", "陈志远"]) == 1
    assert "陈志远 已经有账号了（企业微信）" in capsys.readouterr().err
    assert main(["invite", "李四", "--manager", "没有这个人"]) == 1
    assert "上级「没有这个人」不在名单里" in capsys.readouterr().err


SCRIPTS = "id,title,objections,body,status\nA,题,太贵了,好的。,草稿\nB,题,要请示,好的。,\n"


def test_scripts_are_added_changed_and_left_as_they_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(folder, "scripts", SCRIPTS) == 0
    assert load(folder, "scripts", SCRIPTS) == 0
    assert load(folder, "scripts", SCRIPTS.replace("B,题,要请示,好的。", "B,题,要请示,没问题。")) == 0

    told = ("话术：新增 2，更新 0，未变 0。\n", "话术：新增 0，更新 0，未变 2。\n", "话术：新增 0，更新 1，未变 1。\n")
    assert capsys.readouterr().out == "".join(told)
    assert rows(folder, "SELECT code, body, status, version FROM scripts ORDER BY code") == [
        ("A", "好的。", "draft", 1),
        ("B", "没问题。", "approved", 2),
    ]
    [(before, after)] = rows(folder, "SELECT before, after FROM audit_log WHERE action = 'script.changed'")
    assert json.loads(str(before)) == {"body": "好的。", "version": 1}
    assert json.loads(str(after)) == {"body": "没问题。", "version": 2}


def test_drafts_are_approved_where_asked_for(folder: Path) -> None:
    assert load(folder, "scripts", SCRIPTS) == 0
    assert main(["import", "scripts", "rows.csv", "--approve"]) == 0

    assert rows(folder, "SELECT status, version FROM scripts ORDER BY code") == [("approved", 2), ("approved", 1)]


def test_a_retired_script_stays_retired_unless_the_file_says_so(folder: Path) -> None:
    assert load(folder, "scripts", SCRIPTS.replace("好的。,\n", "好的。,停用\n")) == 0
    assert load(folder, "scripts", SCRIPTS) == 0

    assert rows(folder, "SELECT status FROM scripts WHERE code = 'B'") == [("retired",)]


def test_a_faulty_library_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(folder, "scripts", SCRIPTS + "C,题,贵,价{折扣},\n") == 1
    assert load(folder, "scripts", "编号,标题,异议,话术,负责人\nA,题,贵,好,没这个人\n") == 1

    told = capsys.readouterr().err
    assert "rows.csv 第 4 行：“话术”列未知占位符：{折扣}" in told
    assert "rows.csv 第 2 行：负责人“没这个人”找不到" in told
    assert rows(folder, "SELECT count(*) FROM scripts") == [(0,)]


def test_the_starter_library_comes_along(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "scripts", "--starter"]) == 0

    [(count,)] = rows(folder, "SELECT count(*) FROM scripts WHERE status = 'approved'")
    assert isinstance(count, int)
    assert count >= 60
    assert f"新增 {count}" in capsys.readouterr().out


# What leads did

LEADS = "客户,行为,日期\n宁波恒力,下载白皮书,2026-11-12\n宁波恒力,研讨会,2026-11-13\n宁波恒力,白皮书,2026/11/12\n"
DID = "SELECT name, done_on, source, words FROM behaviours ORDER BY done_on, name"


def test_what_leads_did_is_written_once_a_day_and_begins_a_lead(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(folder, "customers", "客户名称\n宁波恒力\n")
    capsys.readouterr()

    assert load(folder, "behaviours", LEADS) == 0
    assert capsys.readouterr().out == "线索行为：新增 2，更新 0，未变 1。\n"
    assert rows(folder, DID) == [
        ("下载白皮书", "2026-11-12", "file", "rows.csv"),
        ("参加线上研讨会", "2026-11-13", "file", "rows.csv"),
    ]
    assert rows(folder, "SELECT lead, state FROM opportunities") == [("mql", "open")]
    assert rows(folder, "SELECT count(*) FROM jobs WHERE kind = 'lead_handoff'") == [(2,)]

    assert load(folder, "behaviours", LEADS) == 0
    assert capsys.readouterr().out == "线索行为：新增 0，更新 0，未变 3。\n"
    assert len(rows(folder, DID)) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("客户,行为,日期\n没有这家,白皮书,2026-11-12\n", "第 2 行：客户“没有这家”找不到，请先导入客户"),
        ("客户,行为,日期\n宁波恒力,喝茶,2026-11-12\n", "第 2 行：没有“喝茶”这个行为，可用：下载白皮书、参加线上研讨会"),
        ("客户,行为,日期\n宁波恒力,白皮书,\n", "第 2 行：没有日期"),
        ("客户,行为,日期\n宁波恒力,白皮书,上周\n", "第 2 行：日期“上周”不是日期"),
        ("客户,行为,日期\n宁波恒力,白皮书,2999-01-01\n", "第 2 行：日期“2999-01-01”还没有到"),
        ("客户,行为,日期\n,白皮书,2026-11-12\n", "第 2 行：没有客户"),
        ("客户,行为,日期,商机\n宁波恒力,白皮书,2026-11-12,二期\n", "第 2 行：“宁波恒力”没有在谈的商机“二期”"),
    ],
)
def test_a_line_about_a_lead_that_cannot_be_taken_keeps_all_out(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    load(folder, "customers", "客户名称\n宁波恒力\n")

    assert load(folder, "behaviours", text + "宁波恒力,白皮书,2026-11-10\n") == 1

    assert told in capsys.readouterr().err
    assert rows(folder, DID) == []


def test_behaviours_of_ones_own_are_those_of_the_configuration(
    folder: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = '\n[leads]\nbehaviours = [{name = "看演示视频", points = 3}]\n'
    (folder / "config.toml").write_text(f'[storage]\ndatabase = "{sqlite_url}"\n{own}', "utf-8")
    load(folder, "customers", "客户名称\n宁波恒力\n")

    assert load(folder, "behaviours", "客户,行为,日期\n宁波恒力,演示视频,2026-11-12\n") == 0
    assert load(folder, "behaviours", "客户,行为,日期\n宁波恒力,白皮书,2026-11-12\n") == 1

    assert "可用：看演示视频" in capsys.readouterr().err
    assert [name for name, *_ in rows(folder, DID)] == ["看演示视频"]


def test_of_a_customer_with_several_deals_the_column_names_which(
    folder: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    load(folder, "customers", "客户名称\n宁波恒力\n")

    async def two_deals() -> None:
        database = await Database.open(sqlite_url, SystemClock())
        async with database.work() as work:
            for name in ("一期", "二期"):
                await work.opportunities.add(1, name=name)
        await database.close()

    asyncio.run(two_deals())

    assert load(folder, "behaviours", "客户,行为,日期\n宁波恒力,白皮书,2026-11-12\n") == 1
    assert "有 2 个在谈的商机，请在“商机”一列写明是哪个" in capsys.readouterr().err
    assert load(folder, "behaviours", "客户,行为,日期,商机\n宁波恒力,白皮书,2026-11-12,二期\n") == 0
    assert rows(folder, "SELECT opportunity_id FROM behaviours") == [(2,)]
