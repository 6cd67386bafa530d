"""Tables as files: a spreadsheet opens them as they are, and computes nothing in them."""

import csv
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sheets import BOM, as_csv, as_xlsx, harmless


@pytest.mark.parametrize(
    "cell", ["=1+1", "+86", "-5", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '=HYPERLINK("http://x","恒力")']
)
def test_what_a_spreadsheet_would_compute_becomes_words(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_a_csv_file_begins_so_that_excel_reads_chinese_and_keeps_commas_quotes_and_lines() -> None:
    data = as_csv(["客户", "原话"], [["恒力,阀门", '他说"好"\n再看'], ["=cmd", ""]])

    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode().removeprefix(BOM)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["客户", "原话"],
        ["恒力,阀门", '他说"好"\n再看'],
        ["'=cmd", ""],
    ]


def opened(data: bytes) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


def test_an_xlsx_file_holds_the_same_and_no_formula() -> None:
    assert opened(as_xlsx("异常清单", ["客户"], [["恒力"], ["=1+1"], ["bell \x07"]])) == [
        ["客户"],
        ["恒力"],
        ["'=1+1"],
        ["bell "],
    ]


@given(st.text(max_size=40))
def test_no_cell_breaks_a_file_or_is_computed(cell: str) -> None:
    [_, [kept]] = opened(as_xlsx("x", ["a"], [[cell]]))

    assert kept is None or not str(kept).startswith(("=", "+", "-", "@", "\t"))
    assert as_csv(["a"], [[cell]])
