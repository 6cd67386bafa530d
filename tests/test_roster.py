import csv
import io
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.roster import ContactCell, FaultyFile, Sheet, decode, read_customers, read_members

MEMBERS = "姓名,角色,上级,企业微信账号\n李晓彤,销售,陈志远,lixiaotong\n陈志远,主管,,chenzhiyuan\n"


def faults(read: Callable[[bytes], Sheet], text: str) -> list[tuple[int, str]]:  # type: ignore[type-arg]
    with pytest.raises(FaultyFile) as caught:
        read(text.encode())
    return [(fault.line, fault.text) for fault in caught.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_files_of_excel_wps_and_editors_read_alike(encoding: str, newline: str) -> None:
    rows = read_members(MEMBERS.replace("\n", newline).encode(encoding)).rows

    assert [(row.name, row.roles, row.manager, row.accounts) for row in rows] == [
        ("李晓彤", ("sales",), "陈志远", {"wecom": "lixiaotong"}),
        ("陈志远", ("manager",), "", {"wecom": "chenzhiyuan"}),
    ]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_commas_tabs_and_semicolons_separate(delimiter: str) -> None:
    assert read_members(MEMBERS.replace(",", delimiter).encode()).rows[0].accounts == {"wecom": "lixiaotong"}


@pytest.mark.parametrize(
    "headings",
    [
        "name,roles,wecom_userid",
        "姓名,角色,企业微信账号",
        "Name , ROLE,WeCom UserID",
        "姓名（必填）,*角色,企业微信账号(UserID)",
    ],
)
def test_headings_may_be_english_or_chinese_and_dressed_up(headings: str) -> None:
    [row] = read_members(f"{headings}\n王伟,管理员/总监,wangwei\n".encode()).rows

    assert (row.name, row.roles, row.accounts) == ("王伟", ("admin", "director"), {"wecom": "wangwei"})


@pytest.mark.parametrize(
    "headings",
    [
        "姓名,企业微信账号,企业微信智能机器人账号,钉钉账号",
        "name,wecom_userid,wecom_bot_userid,dingtalk_userid",
        "成员,企业微信,智能机器人,钉钉",
    ],
)
def test_a_person_may_have_an_account_on_every_platform(headings: str) -> None:
    [row] = read_members(f"{headings}\n王伟,ww,ww,d-ww\n".encode()).rows

    assert row.accounts == {"wecom": "ww", "wecom_bot": "ww", "dingtalk": "d-ww"}


def test_columns_that_mean_nothing_to_us_are_named_not_refused() -> None:
    assert read_members("姓名,工号,备注\n王伟,7,老员工\n".encode()).ignored_columns == ("工号", "备注")


def test_someone_without_a_role_sells() -> None:
    assert read_members("姓名\n王伟\n".encode()).rows[0].roles == ("sales",)


def test_empty_lines_are_skipped_and_lines_keep_their_numbers() -> None:
    rows = read_members('\n姓名,备注\n\n王伟,"两\n行"\n,,\n李娜,\n'.encode()).rows

    assert [(row.line, row.name) for row in rows] == [(4, "王伟"), (7, "李娜")]


def test_every_faulty_line_is_told_at_once() -> None:
    told = faults(
        read_members,
        "姓名,角色,上级,企业微信账号\n,销售,,a\n王伟,领班,,b\n李娜,销售,,b\n赵敏,销售,赵敏,c\n钱七,销售,,d,多了一格\n",
    )

    assert [line for line, _ in told] == [2, 3, 4, 5, 6]
    assert told[1][1].startswith("没有“领班”这个角色")
    assert "第 3 行重复" in told[2][1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "空"),
        ("  \n\n", "空"),
        ("工号,部门\n1,2\n", "必须有“姓名”"),
        ("姓名,成员\n王伟,王伟\n", "出现了两次"),
        ('姓名\n"王伟\n', "引号"),
        ("姓名\n王伟\n王伟\n", "同名"),
        ("姓名\n" + "长" * 201 + "\n", "超过 200"),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, told: str) -> None:
    assert told in "".join(words for _, words in faults(read_members, text))


def test_bytes_of_no_known_encoding_are_refused() -> None:
    with pytest.raises(FaultyFile, match="编码"):
        decode(b"\xff\x00\xd8\xff\xff\xfe\x80")


def test_a_customers_aliases_and_contacts_come_apart() -> None:
    [row] = read_customers(
        "客户名称,别名,联系人,负责人,行业,阶段\n"
        "宁波恒力阀门有限公司,恒力；恒力阀门、恒力,王建国/经理/采购部;周海燕/主管;李工,李晓彤,阀门制造,方案设计\n".encode()
    ).rows

    assert row.aliases == ("恒力", "恒力阀门")
    assert row.contacts == (
        ContactCell("王建国", "经理", "采购部"),
        ContactCell("周海燕", "主管"),
        ContactCell("李工"),
    )
    assert (row.owner, row.industry, row.stage) == ("李晓彤", "阀门制造", "方案设计")


def test_faulty_customers_are_told_with_their_lines() -> None:
    told = faults(
        lambda data: read_customers(data, stages=("线索获取", "方案设计")),
        "客户名称,联系人,阶段\n甲公司,/经理,方案设计\n甲公司,,\n乙公司,a/b/c/d,成交\n",
    )

    assert [line for line, _ in told] == [2, 3, 4, 4]
    assert any("可用：线索获取、方案设计" in words for _, words in told)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_whatever_the_file_holds_is_read_or_refused_in_words(data: bytes) -> None:
    for read in (read_members, read_customers):
        with suppress(FaultyFile):
            read(data)


@given(
    st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20), min_size=1, unique=True)
)
def test_any_name_survives_the_way_through_a_csv_file(names: list[str]) -> None:
    sheet = io.StringIO()
    csv.writer(sheet).writerows([["客户名称", "行业"], *([name, "行业"] for name in names)])

    assert [row.name for row in read_customers(sheet.getvalue().encode()).rows] == names


@pytest.mark.parametrize(
    ("cell", "active"), [("是", True), ("在职", True), ("否", False), ("离职", False), ("", None), ("No", False)]
)
def test_a_file_may_say_who_works_here(cell: str, active: bool | None) -> None:
    [row] = read_members(f"姓名,在职,区域\n李晓彤,{cell},华东\n".encode()).rows

    assert (row.active, row.region) == (active, "华东")


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    assert faults(read_members, "姓名,在职\n李晓彤,也许\n") == [(2, "“在职”要写 是 或 否，不能写“也许”")]
