"""Tables as files that a spreadsheet opens: CSV that Excel takes for UTF-8, and XLSX. No cell is ever computed."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

BOM = "\ufeff"
"""Without it Excel reads a CSV file as the machine's old code page."""
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_000
"""Characters; Excel takes 32,767 and calls the file broken beyond."""
_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet compute a cell: OWASP's list on CSV injection, full-width forms with it."""


def harmless(cell: str) -> str:
    """The cell as plain words in any spreadsheet.

    >>> harmless("=1+1"), harmless("-5"), harmless("恒力"), harmless("a=1")
    ("'=1+1", "'-5", '恒力', 'a=1')
    """
    kept = ILLEGAL_CHARACTERS_RE.sub("", cell)[:LONGEST_CELL]
    return f"'{kept}" if kept.lstrip(" ").startswith(_COMPUTED) else kept


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[harmless(cell) for cell in row] for row in (columns, *rows)])
    return (BOM + text.getvalue()).encode()


def as_xlsx(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in (columns, *rows):
        sheet.append([harmless(cell) for cell in row])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
