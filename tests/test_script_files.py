"""Libraries of scripts as people keep them, and as nobody should."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.roster import FaultyFile
from bot.script_files import MOST_UNPACKED, ScriptRow, read_library

HEADINGS = ("编号", "标题", "异议", "话术", "标签", "类别", "类型", "阶段", "状态", "生效日", "版本")
CELLS = (
    *("PR-01", "算总成本", "太贵了|比别家贵", "您看，我方报价{我方报价}。\n- 质保两年", "价格|总成本", "价格"),
    *("成本优化清单", "商务谈判|报价", "草稿", "2026-11-01", "3"),
)
ROW = ScriptRow(
    line=2,
    code="PR-01",
    title="算总成本",
    phrasings=("太贵了", "比别家贵"),
    body="您看，我方报价{我方报价}。\n- 质保两年",
    tags=("价格", "总成本"),
    category="价格",
    kind="成本优化清单",
    stages=("商务谈判", "报价"),
    status="draft",
    valid_from=date(2026, 11, 1),
    version=3,
)


def csv(folder: Path, text: str) -> Path:
    path = folder / "library.csv"
    path.write_text(text, "utf-8")
    return path


def xlsx(folder: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    path = folder / "library.xlsx"
    book.save(path)
    return path


def faults(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(FaultyFile) as caught:
        read_library(path)
    return [(fault.line, fault.text) for fault in caught.value.faults]


def test_csv_and_xlsx_say_the_same(tmp_path: Path) -> None:
    quoted = ",".join(f'"{cell}"' for cell in CELLS)

    assert read_library(csv(tmp_path, ",".join(HEADINGS) + "\n" + quoted)).rows == (ROW,)
    cells = (*CELLS[:-2], datetime(2026, 11, 1), 3)  # noqa: DTZ001 -- as a sheet keeps a day
    assert read_library(xlsx(tmp_path, HEADINGS, cells)).rows == (ROW,)


def test_a_folder_of_markdown_is_a_library(tmp_path: Path) -> None:
    (tmp_path / "价格").mkdir()
    (tmp_path / "价格" / "PR-01.md").write_text(
        "---\n标题: 算总成本\nkind: 成本优化清单\n类别: 价格\n异议:\n  - 太贵了\ntags: 价格|总成本\n作者: 某人\n---\n"
        "您看，总成本更低。\n\n- 质保两年\n\n## 客户会说\n- 比别家贵\n",
        "utf-8",
    )
    (tmp_path / "b.md").write_text("# 要请示领导\n## 异议\n要请示\n## 话术\n好的。", "utf-8")

    sheet = read_library(tmp_path)

    assert [(row.code, row.title, row.phrasings, row.body) for row in sheet.rows] == [
        ("b", "要请示领导", ("要请示",), "好的。"),
        ("PR-01", "算总成本", ("太贵了", "比别家贵"), "您看，总成本更低。\n- 质保两年"),
    ]
    assert sheet.rows[1].tags == ("价格", "总成本")
    assert sheet.ignored_columns == ("作者",)


def test_a_fault_in_a_folder_names_its_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text("---\nid: X\ntitle: 题\n异议: 贵\n---\n好", "utf-8")
    (tmp_path / "c.md").write_text("---\n没有冒号\n---\n好", "utf-8")

    with pytest.raises(FaultyFile) as caught:
        read_library(tmp_path)

    told = {(Path(fault.file).name, fault.line, fault.text) for fault in caught.value.faults}
    assert ("c.md", 2, "看不懂，要写成 名称: 内容") in told
    assert any(name == "b.md" and "重复" in text and "a.md" in text for name, _, text in told)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A,题,贵,价{折扣}", "“话术”列未知占位符：{折扣}"),
        ("A,题,贵,价{客户", "“话术”列花括号不成对"),
        ("A,,贵,好", "“标题”列是空的"),
        ("A,题,,好", "“异议”列是空的"),
        ("A,题,|,好", "“异议”列是空的"),
        ("a b,题,贵,好", "“编号”列“a b”只能用字母、数字、- 和 _，最多 32 个"),
        ("A,题,贵," + "好" * 2001, "“话术”列超过 2000 个字"),
        ("A,题,贵," + "好" * 10_001, "“话术”列超过 10000 个字"),
        ("A,题," + "贵" * 201 + ",好", "“异议”列有一项超过 200 个字"),
    ],
)
def test_a_fault_names_line_and_column(tmp_path: Path, row: str, told: str) -> None:
    assert faults(csv(tmp_path, f"id,title,objections,body\nOK,题,贵,好\n{row}\n")) == [(3, told)]


def test_an_id_stands_once(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,title,objections,body\nA,题,贵,好\nA,题,贵,好\n")

    assert faults(path) == [(3, "“编号”列“A”和第 2 行重复")]


def test_a_formula_is_the_text_of_itself(tmp_path: Path) -> None:
    path = xlsx(tmp_path, ("id", "title", "objections", "body"), ("A", "=1+1", "贵", "=HYPERLINK(1)"))

    [row] = read_library(path).rows

    assert (row.title, row.body) == ("=1+1", "=HYPERLINK(1)")


def packed(parts: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return data.getvalue()


def test_a_zip_bomb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "library.xlsx"
    path.write_bytes(packed({"xl/workbook.xml": bytes(MOST_UNPACKED + 1)}))

    assert path.stat().st_size < 1_000_000
    assert faults(path) == [(1, "解压后超过 200 MB，不读取")]


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path, ("id", "title", "objections", "body"), ("A", "题", "贵", "好"))
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    entity = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    parts["xl/workbook.xml"] = entity + parts["xl/workbook.xml"].removeprefix(b'<?xml version="1.0"?>')
    path.write_bytes(packed(parts))

    assert faults(path)[0][1].startswith("打不开")


def test_a_row_far_down_makes_nobody_wait(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1048576"] = "x"
    path = tmp_path / "library.xlsx"
    book.save(path)

    assert faults(path)[0][1] == "超过 30000 行"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.binary(max_size=400), name=st.sampled_from(["a.xlsx", "a.csv"]))
def test_rubbish_is_a_fault_and_no_crash(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)

    assert faults(path)
