"""Tables for a terminal, in which a Chinese character takes two columns."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """`width`: longer cells are cut to it; None: as wide as the longest cell."""

    heading: str
    width: int | None = None
    right: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    headed = [[column.heading for column in columns], *rows]
    cells = [[cut(cell, column.width) for column, cell in zip(columns, row, strict=True)] for row in headed]
    widths = [max(width(row[place]) for row in cells) for place in range(len(columns))]
    return "\n".join(
        "  ".join(
            padded(cell, wide, right=column.right) for column, cell, wide in zip(columns, row, widths, strict=True)
        ).rstrip()
        for row in cells
    )


def width(text: str) -> int:
    """Columns on a terminal."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def padded(text: str, wide: int, *, right: bool = False) -> str:
    blanks = " " * (wide - width(text))
    return blanks + text if right else text + blanks


def cut(text: str, wide: int | None) -> str:
    line = " ".join(text.split())
    if wide is None or width(line) <= wide:
        return line
    while width(line) > wide - 1:
        line = line[:-1]
    return line + "…"
