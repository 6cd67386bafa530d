"""Quotations and price lists: lines of letters with their places become rows and columns.

The header is found by its words (序号 名称 型号 数量 单位 单价 金额 备注 in many spellings). Columns are where the header's words
and the cells below them stand, never how many there are: a lone "-" that the engine missed leaves an empty cell. A row is
where figures stand side by side; a cell of several lines goes to the row whose middle it covers. A picture taken by hand is
levelled first, by the slope from cell to cell.

What is counted is checked in nlp.table_totals.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import isfinite
from statistics import median

from nlp.screens import Line, QuotedItem, Table
from nlp.table_totals import capital_in, stated_fen
from nlp.table_words import ADJUSTS, IN_BRACKETS, LONGEST_HEADER, Role, flat, flat_line, role_of

__all__ = ["as_lines", "heading", "is_table", "number_column", "read"]

MAX_LINES = 1000
"""Lines of one picture that are looked at, from the top."""
MAX_COLUMNS = 30
SAME_ROW = 0.5
"""Middles of cells in one row differ by less than this share of a line's height."""
LEVEL = 0.25
"""The first line of a cell is level with the row, rather than that of two lines around its middle, within this share."""
LETTER = 0.65
"""Width of a Chinese letter by the height of the box around its line."""
SAME_LINE = 0.5
"""Stretches of a sentence are not farther apart than this share of its height."""
MAX_SLOPE = 0.12
"""About seven degrees; what seems to lean more is no row."""
NEIGHBOURS = 16
"""So many lines next below are looked at for one in the same row."""

_FIGURES: frozenset[Role] = frozenset(("number", "quantity", "price", "amount", "tax", "rate", "discount"))
_COUNTED: frozenset[Role] = frozenset(("quantity", "unit", "price", "amount"))
_ONLY_BRACKETS = re.compile(r"(?:[(\[【].{1,12}[)\]】]|/?(?:万?元|RMB|CNY))")
WRAPPED = 1.35
"""Lines of a header's cell are not farther than so many heights from the middle of the header."""
LONGEST_LINE = 120
"""Characters of a line that may be several headers."""


_SUM_WORDS = r"(?:合计|应付|总计|共计|总价|总额|总金额|总报价|小计|总货款)"
_TOTAL = re.compile(
    rf"(?:共\d{{1,4}}[项件种个台套][,，]?)?(?:(?:本页|项目|设备|货款|产品|以上|报价|费用|工程|含税|不含税|未税|税前|价税|优惠后|折后|折扣后|抹零后|最终|优惠|实际|人民币|合同|金额){{0,2}}{_SUM_WORDS}|[合总小]$"
    r"|[(]?(?:人民币)?[(]?(?:大写|金额大写)|人民币[(:大]|(?:优惠|折扣|抹零)后|(?:最终|实收|成交|优惠)价|(?:SUB|GRAND)?TOTAL)",
    re.IGNORECASE,
)
_FEES = re.compile(r"(?:运|运输|物流|安装|调试|服务|管理|包装|其[他它]|规)费用?")
_LABEL = re.compile(
    r"\d{0,2}[.、)]?\s?[一-鿿]{2,10}\s?:|(?:备注|说明|注|付款|交货|有效期|质保|联系)[^\d]*$|[(]?\d{1,2}[)、.]\s?[一-鿿]{3}"
)
_SENTENCE = re.compile(r"[,，。:：;；！？!?、]\D|[。：；]")
_NUMERIC = re.compile(
    r"[-+]?(?:[¥$€]|RMB|CNY)?[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,6})?(?:%|[万亿]?元?整?(?:/[一-鿿]{1,2})?|折|[一-鿿]{1,2})?",
    re.IGNORECASE,
)
_AMOUNT_ENDS = re.compile(r"(?:^|[^\d,.])\d{1,3}(?:(?:,\d{3})+(?:\.\d\d)?|\.\d\d)$")
_AMOUNT_BEGINS = re.compile(r"\d{1,3}(?:(?:,\d{3})+(?:\.\d\d)?|\.\d\d)(?![\d,.])")
_CJK = re.compile(r"[　-〿一-鿿＀-￯]")


# Places


@dataclass(frozen=True)
class _Piece:
    """A line, or a stretch of one, levelled; `source` numbers the line."""

    left: float
    right: float
    middle: float
    height: float
    text: str
    source: int

    @property
    def top(self) -> float:
        return self.middle - self.height / 2

    @property
    def bottom(self) -> float:
        return self.middle + self.height / 2

    @cached_property
    def flat(self) -> str:
        return flat(self.text)

    def overlap(self, left: float, right: float) -> float:
        return min(self.right, right) - max(self.left, left)


def as_lines(lines: Sequence[Line]) -> str:
    """All that was read: a row of the picture a line, from the top; what stands side by side is parted by a space."""
    return "\n".join(" ".join(piece.text for piece in row) for row in _rows(_levelled(lines)))


def _levelled(lines: Sequence[Line]) -> list[_Piece]:
    """The lines from the top, turned level about the left upper corner; those without letters or without a place left out."""
    kept = [line for line in lines if line.text.strip() and _has_place(line)][:MAX_LINES]
    slope = _slope(kept)
    pieces = []
    for number, line in enumerate(kept):
        rect = line.rect
        middle = (rect.top + rect.bottom) / 2
        # the box around a leaning line is higher than the line
        height = max(rect.height - abs(slope) * rect.width, rect.height / 3)
        shift = slope * middle
        level = middle - slope * (rect.left + rect.right) / 2
        pieces.append(_Piece(rect.left + shift, rect.right + shift, level, height, line.text.strip(), number))
    return sorted(pieces, key=lambda piece: (piece.middle, piece.left))


def _has_place(line: Line) -> bool:
    rect = line.rect
    edges = (rect.left, rect.top, rect.right, rect.bottom)
    return all(isfinite(edge) and abs(edge) < 1e6 for edge in edges) and rect.width > 0 and rect.height > 0


def _slope(lines: Sequence[Line]) -> float:
    """How far rows sink towards the right, in pixels a pixel: the median from each cell to the next beside it."""
    ordered = sorted((line.rect for line in lines), key=lambda rect: rect.top + rect.bottom)
    steps = []
    for at, one in enumerate(ordered):
        best: tuple[float, float] | None = None
        for other in (*ordered[max(0, at - NEIGHBOURS) : at], *ordered[at + 1 : at + 1 + NEIGHBOURS]):
            rise = (other.top + other.bottom - one.top - one.bottom) / 2
            gap = other.left - one.right
            if gap >= -one.height / 4 and abs(rise) < SAME_ROW * min(one.height, other.height):
                across = (other.left + other.right - one.left - one.right) / 2
                if across > 0 and (best is None or gap < best[0]):
                    best = gap, rise / across
        if best is not None:
            steps.append(best[1])
    found = median(steps) if len(steps) >= 3 else 0.0
    return found if abs(found) <= MAX_SLOPE else 0.0


def _rows(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Pieces that stand side by side, each row from the left."""
    rows: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda each: each.middle):
        first = rows[-1][0] if rows else None
        if first is not None and piece.middle - first.middle < SAME_ROW * min(first.height, piece.height):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def _char_width(character: str) -> float:
    return 1.0 if _CJK.match(character) else 0.55


def _cut(piece: _Piece, places: Sequence[int]) -> list[_Piece]:
    """The piece cut before the characters at `places`, each part where its letters should stand."""
    widths = [_char_width(character) for character in piece.text]
    scale = (piece.right - piece.left) / sum(widths)
    edges = [0, *places, len(piece.text)]
    parts = []
    for start, end in pairwise(edges):
        text = piece.text[start:end]
        lead = len(text) - len(text.lstrip())
        left = piece.left + scale * sum(widths[: start + lead])
        right = piece.left + scale * sum(widths[: start + len(text.rstrip())])
        if text.strip():
            parts.append(replace(piece, left=left, right=right, text=text.strip()))
    return parts


# Columns


@dataclass(frozen=True)
class _Column:
    left: float
    right: float
    words: str
    role: Role | None


def _header_cells(piece: _Piece) -> list[_Piece]:
    """The piece, or the header's words that the engine read as one line: 数量 单位 单价."""
    if len(piece.text) > LONGEST_LINE:
        return [piece]
    whole = role_of(piece.text) is not None
    gaps = [found.start() for found in re.finditer(r"\s+", piece.text)]
    if whole and gaps and piece.text.isascii() and not _is_spread(piece):
        return [piece]  # Unit Price is one thing, 数量 单位 are two
    if not gaps:
        return _glued(piece)
    parts = _cut(piece, gaps)
    # 备 注, 单 价: letters spread over the cell
    known = [part for part in parts if len(part.text) > 1 and role_of(part.text) is not None]
    enough = 3 * len(known) >= 2 * len(parts)
    return parts if enough and len(parts) >= 2 else [piece]


def _is_spread(piece: _Piece, share: float = 1.0) -> bool:
    """Whether the piece is clearly wider than its letters: `share` of its height for each, where 0.65 to 0.78 are usual."""
    return piece.right - piece.left >= share * piece.height * sum(map(_char_width, piece.text))


def _glued(piece: _Piece) -> list[_Piece]:
    """数量单位 in one line that is too wide for one word. 产品数量 may be one word, 单位数量 never is."""
    if len(piece.text) > LONGEST_HEADER or not _is_spread(piece, 0.85):
        return [piece]
    for at in range(2, len(piece.text) - 1):
        one, other = role_of(piece.text[:at]), role_of(piece.text[at:])
        if one is None or other is None or one == other:
            continue
        if _is_spread(piece) or {one, other} <= _COUNTED:
            return _cut(piece, [at])
    return [piece]


@dataclass(frozen=True)
class _Header:
    columns: tuple[_Column, ...]
    middle: float
    bottom: float
    sources: frozenset[int]

    @property
    def known(self) -> int:
        """How many different things its words name."""
        return len({column.role for column in self.columns if column.role})


def _find_header(pieces: Sequence[_Piece]) -> _Header | None:
    """The row that names most things. Each height is tried: of words over two lines the first is higher than the rest."""
    best: tuple[int, list[_Piece]] | None = None
    cells = [(cell, role_of(cell.text)) for piece in pieces for cell in _header_cells(piece)]
    cells.sort(key=lambda cell: cell[0].middle)
    tried = -1.0
    for centre, named in cells:
        if named is None or centre.middle == tried:
            continue
        tried = centre.middle
        reach = SAME_ROW * centre.height
        first = bisect_right(cells, tried - reach, key=lambda cell: cell[0].middle)
        last = bisect_left(cells, tried + reach, key=lambda cell: cell[0].middle)
        row = cells[first:last]
        roles = {role for _, role in row if role is not None}
        counted = roles & {"quantity", "price", "amount"}
        # at least three cells of five: a word alone may stand anywhere
        mostly = 5 * sum(role is not None for _, role in row) >= 3 * len(row)
        if len(roles) >= 2 and counted and mostly and (best is None or len(roles) > best[0]):
            best = len(roles), [cell for cell, _ in row]
    return None if best is None else _whole_header(best[1], pieces)


def _whole_header(cells: list[_Piece], pieces: Sequence[_Piece]) -> _Header:
    """With the second lines of its cells: 单价 over (元), 产品 over 名称."""
    middle, height = median(cell.middle for cell in cells), median(cell.height for cell in cells)
    have = {cell.source for cell in cells}
    below = bisect_right(pieces, middle + 1.1 * height, key=lambda piece: piece.middle)
    above = bisect_left(pieces, middle - 1.1 * height, key=lambda piece: piece.middle)
    for row in _rows([piece for piece in pieces[above:below] if piece.source not in have]):
        # in a dense table the first row of goods is one height below, and 设备 in it is no header
        if all(_belongs_to_header(piece, abs(piece.middle - middle) / height) for piece in row):
            cells = [*cells, *row]
    cells = _with_other_lines(cells, pieces, middle, height)
    groups: list[list[_Piece]] = []
    for cell in sorted(cells, key=lambda each: each.left):
        reach = max((each.right for each in groups[-1]), default=0.0) if groups else 0.0
        if groups and reach - cell.left > 0.5 * min(cell.right - cell.left, reach - groups[-1][0].left):
            groups[-1].append(cell)
        else:
            groups.append([cell])
    columns = []
    for group in groups[:MAX_COLUMNS]:
        words = _joined(sorted(group, key=lambda each: each.middle))
        left, right = min(each.left for each in group), max(each.right for each in group)
        columns.append(_Column(left, right, words, role_of(words)))
    return _Header(
        tuple(columns),
        middle,
        max(cell.middle for cell in cells),
        frozenset(cell.source for cell in cells),
    )


def _with_other_lines(cells: Sequence[_Piece], pieces: Sequence[_Piece], middle: float, height: float) -> list[_Piece]:
    """With the lines of words that are broken, as on narrow screens: 数 over 量, 单 over 位; and with all between them."""
    have = {cell.source for cell in cells}
    below = bisect_right(pieces, middle + WRAPPED * height, key=lambda piece: piece.middle)
    above = bisect_left(pieces, middle - WRAPPED * height, key=lambda piece: piece.middle)
    near = [piece for piece in pieces[above:below] if piece.source not in have]
    lines = [*cells, *near]
    whole = [part for cell in cells for part in _uncrossed(cell, lines)]
    for stack in _stacks([part for piece in lines for part in _uncrossed(piece, lines)]):
        if stack[0].middle > middle + LEVEL * height:
            continue
        # what stands below the header may be the first of the goods
        known = [piece.source in have and len(piece.text) > 1 and role_of(piece.text) is not None for piece in stack]
        if any(known[1:]):
            continue  # what stands above a whole header is a title
        ends = range(len(stack), 1, -1)
        found = next((end for end in ends if _is_one_header(stack[:end], named=known[0])), 0)
        whole += [piece for piece in stack[:found] if piece not in whole]
    top, bottom = min(piece.middle for piece in whole), max(piece.middle for piece in whole)
    have = {piece.source for piece in whole}
    slack = LEVEL * height
    between = [piece for piece in near if piece.source not in have and top - slack < piece.middle < bottom + slack]
    close = [piece for piece in between if bottom > top + slack or role_of(piece.text) is not None]
    return [*whole, *close]


def _is_one_header(stack: Sequence[_Piece], *, named: bool) -> bool:
    """Whether the lines are one header's; where the first is one already, only what it is counted in may follow."""
    if named:
        words, first = flat(_joined(stack)), flat(stack[0].text)
        begun = first.find("(") if "(" in first and ")" not in first else len(first)
        return bool(_ONLY_BRACKETS.fullmatch(words[begun:]))
    return role_of(_joined(stack)) is not None


def _stacks(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces above one another, each stack from the top."""
    stack: list[_Piece] = []
    for piece in sorted(pieces, key=lambda each: each.left):
        if stack and piece.overlap(stack[0].left, stack[0].right) <= 0.5 * (piece.right - piece.left):
            yield sorted(stack, key=lambda each: each.middle)
            stack = []
        stack.append(piece)
    yield sorted(stack, key=lambda each: each.middle)


def _uncrossed(piece: _Piece, lines: Sequence[_Piece]) -> list[_Piece]:
    """The first lines of two words that the engine read as one: 数单 over 量 and 位."""
    if len(piece.text) != 2:
        return [piece]
    lower = sorted(
        (
            each
            for each in lines
            if each.middle > piece.middle + LEVEL * piece.height and each.overlap(piece.left, piece.right) > 0
        ),
        key=lambda each: each.left,
    )
    pairs = list(zip(piece.text, lower, strict=False))
    crossed = len(lower) == 2 and all(role_of(one + other.text) for one, other in pairs)
    return _cut(piece, [1]) if crossed else [piece]


def _belongs_to_header(piece: _Piece, distance: float) -> bool:
    """Whether a piece that many heights off the header's middle is a line of it: (元) below 单价, 名称 below 产品."""
    return bool(_ONLY_BRACKETS.fullmatch(piece.flat)) or (distance < 0.95 and role_of(piece.text) is not None)


def _joined(pieces: Iterable[_Piece]) -> str:
    """Lines of one cell; a space only between what is not Chinese, and none behind a hyphen or slash."""
    text = ""
    for piece in pieces:
        close = (
            not text or _CJK.match(text[-1]) or _CJK.match(piece.text[0]) or text[-1] in "-/(" or piece.text[0] in ")("
        )
        text += piece.text if close else " " + piece.text
    return text


def _crossed(piece: _Piece, columns: Sequence[_Column]) -> list[int]:
    """The columns whose header's words stand above a good part of the piece."""
    found = []
    for number, column in enumerate(columns):
        width = min(column.right - column.left, piece.right - piece.left)
        if piece.overlap(column.left, column.right) > 0.3 * width:
            found.append(number)
    return found


def _widened(columns: Sequence[_Column], pieces: Sequence[_Piece]) -> tuple[_Column, ...]:
    """The columns as wide as the cells that can belong to one only: figures end at the right below words at the left."""
    reach = [(column.left, column.right) for column in columns]
    for row in _rows(pieces):
        certain = _certain(row, columns)
        # two lines side by side may stand below the table
        for at, piece in certain.items() if len(certain) >= 3 else ():
            if _may_be_two(piece, columns[at]):
                continue
            left, right = _shrunk(piece)
            reach[at] = min(reach[at][0], left), max(reach[at][1], right)
    return tuple(replace(column, left=left, right=right) for column, (left, right) in zip(columns, reach, strict=True))


def _may_be_two(piece: _Piece, column: _Column) -> bool:
    """1,260 m3 below words for figures: the cell beside it may have none above."""
    return " " in piece.text and column.role in _FIGURES


def _certain(row: Sequence[_Piece], columns: Sequence[_Column]) -> dict[int, _Piece]:
    """Cells of a row by the only column they can stand in: between the words of its neighbours, where none else does."""
    found: dict[int, _Piece] = {}
    waiting: list[tuple[_Piece, list[int]]] = []
    for piece in row:
        crossed = _crossed(piece, columns)
        if not crossed:
            waiting.append((piece, _beside(columns, piece.left)))
        elif len(crossed) == 1 and _fits(piece, crossed[0], columns):
            found[crossed[0]] = piece
    before = -1
    while len(found) != before:
        before = len(found)
        for piece, able in waiting:
            free = [at for at in able if at not in found and _fits(piece, at, columns)]
            if len(free) == 1 and piece not in found.values():
                found[free[0]] = piece
    return found


def _fits(piece: _Piece, at: int, columns: Sequence[_Column]) -> bool:
    slack, (left, right) = 0.2 * piece.height, _shrunk(piece)
    return (at == 0 or left > columns[at - 1].right - slack) and (
        at + 1 == len(columns) or right < columns[at + 1].left + slack
    )


def _parted(piece: _Piece, columns: Sequence[_Column]) -> list[_Piece]:
    """A piece that lies under several headers cut between them, where its letters allow: 2 台, 260米."""
    crossed = _crossed(piece, columns)
    if len(crossed) < 2 and (space := _between_figures(piece, crossed, columns)):
        return _at_the_ends(piece, space)
    if len(crossed) < 2 or _SENTENCE.search(piece.text):
        return [piece]
    scale = (piece.right - piece.left) / sum(map(_char_width, piece.text))
    ends, reached = [], piece.left
    for character in piece.text:
        ends.append(reached)
        reached += scale * _char_width(character)
    places: list[int] = []
    for one, other in pairwise(crossed):
        low, high = columns[one].right - 1.5 * scale, columns[other].left + 1.5 * scale
        aim = (low + high) / 2
        able = [at for at in range(1, len(piece.text)) if low <= ends[at] <= high and _may_part(piece.text, at)]
        if not able:
            return [piece]
        places.append(min(able, key=lambda at: (not piece.text[at].isspace(), abs(ends[at] - aim))))
    return _cut(piece, places) if places == sorted(set(places)) else [piece]


def _at_the_ends(piece: _Piece, space: int) -> list[_Piece]:
    """The piece parted at a gap that is wider than the one space that was read for it."""
    letter = min(LETTER * piece.height, (piece.right - piece.left) / sum(map(_char_width, piece.text)))
    one, other = piece.text[:space], piece.text[space:].strip()
    ends = piece.left + letter * sum(map(_char_width, one)), piece.right - letter * sum(map(_char_width, other))
    return [replace(piece, right=ends[0], text=one), replace(piece, left=ends[1], text=other)]


def _between_figures(piece: _Piece, crossed: Sequence[int], columns: Sequence[_Column]) -> int:
    """Where two figures part that reach from below one header's word to beside another's (4 36,500); 0 where it is no such piece."""
    one, _, other = piece.text.partition(" ")
    if not (_NUMERIC.fullmatch(flat(one)) and _NUMERIC.fullmatch(flat(other))):
        return 0
    if crossed:
        at = crossed[0]
        before = piece.left < columns[at].left - piece.height / 4
        pair = (at - 1, at) if before else (at, at + 1)
    else:
        at = bisect_left(columns, piece.left, key=lambda column: column.left)
        pair = (at - 1, at)
    figures = all(0 <= each < len(columns) and columns[each].role in _FIGURES for each in pair)
    return len(one) if figures else 0


def _may_part(text: str, at: int) -> bool:
    """Whether cells may meet before the character at `at`: at a space, where figures and Chinese do (260米, 台4280), or where
    one amount ends and another begins (3,86015,440)."""
    one, other = text[at - 1], text[at]
    if one.isspace() or other.isspace():
        return other.isspace()
    if one.isdecimal() and other.isdecimal():
        return bool(_AMOUNT_ENDS.search(text[:at]) and _AMOUNT_BEGINS.match(text[at:]))
    return one.isdecimal() != other.isdecimal() and bool(_CJK.match(one) or _CJK.match(other))


def _settle_columns(header: Sequence[_Column], body: Sequence[_Piece]) -> tuple[list[_Column], dict[int, int]]:
    """The columns, and the column of each piece by its number in `body`.

    Pieces that stand above one another are one band; a band belongs to the header's word that it holds. One without any
    belongs to the nearer neighbour that has nothing in the same rows, or else is a column without a name.
    """
    crossed = [_crossed(piece, header) for piece in body]
    narrow = [
        number
        for number, (piece, at) in enumerate(zip(body, crossed, strict=True))
        if not at or (len(at) == 1 and not _may_be_two(piece, header[at[0]]))
    ]
    spans: list[tuple[float, float, int]] = [(column.left, column.right, -1 - at) for at, column in enumerate(header)]
    spans += [(*_shrunk(body[number]), number) for number in narrow]
    bands: list[tuple[float, float, list[int], list[int]]] = []
    for left, right, number in sorted(spans):
        if bands and left < bands[-1][1]:
            low, high, heads, members = bands.pop()
            band = (low, max(high, right), heads, members)
        else:
            band = (left, right, [], [])
        bands.append(band)
        if number < 0:
            band[2].append(-1 - number)
        else:
            band[3].append(number)
    column_of: dict[int, int] = {}
    nameless: list[tuple[float, float, list[int]]] = []
    for left, right, heads, members in bands:
        if not heads:
            nameless.append((left, right, members))
        for number in members if heads else ():
            column_of[number] = heads[0] if len(heads) == 1 else _nearest(body[number], header, heads)
    for number in set(range(len(body))).difference(narrow):
        column_of[number] = _nearest(body[number], header, range(len(header)))
    columns = list(header)
    filled: dict[int, list[float]] = {}
    for number, column in column_of.items():
        filled.setdefault(column, []).append(body[number].middle)
    for mids in filled.values():
        mids.sort()
    for left, right, members in nameless:
        free = [
            at
            for at in _beside(header, left)
            if not any(_has_near(filled.get(at, ()), body[number]) for number in members)
        ]
        middle = (left + right) / 2
        if free:
            chosen = min(free, key=lambda at: max(header[at].left - middle, middle - header[at].right))
        else:
            chosen = len(columns)
            columns.append(_Column(left, right, "", None))
        column_of.update(dict.fromkeys(members, chosen))
    order = sorted(range(len(columns)), key=lambda at: columns[at].left)
    place = {at: new for new, at in enumerate(order)}
    return [columns[at] for at in order], {number: place[at] for number, at in column_of.items()}


def _shrunk(piece: _Piece) -> tuple[float, float]:
    """Engines draw their boxes loosely."""
    off = min(0.1 * piece.height, 0.2 * (piece.right - piece.left))
    return piece.left + off, piece.right - off


def _nearest(piece: _Piece, columns: Sequence[_Column], among: Iterable[int]) -> int:
    return max(among, key=lambda at: piece.overlap(columns[at].left, columns[at].right))


def _beside(columns: Sequence[_Column], left: float) -> list[int]:
    at = bisect_left(columns, left, key=lambda column: column.left)
    return [each for each in (at - 1, at) if 0 <= each < len(columns)]


def _has_near(middles: Sequence[float], piece: _Piece) -> bool:
    at = bisect_left(middles, piece.middle - SAME_ROW * piece.height)
    return at < len(middles) and middles[at] < piece.middle + SAME_ROW * piece.height


# Rows


@dataclass(frozen=True)
class _Sheet:
    above: tuple[str, ...]
    table: Table
    known: int
    """Different things that the header's words name."""
    inside: int
    """Lines of the picture that belong to the table."""
    lines: int


def read(lines: Sequence[Line]) -> Table | None:
    """The table of the picture; None where no header of a quotation stands over at least one row.

    `total` has a line for each row that sums up or takes off (合计, 优惠, 大写), `remarks` the lines below the items.
    """
    sheet = _sheet(lines)
    return None if sheet is None else sheet.table


def heading(lines: Sequence[Line]) -> tuple[str, ...]:
    """What stands over the table, from the top: title, customer, number and date. Nothing where there is no table."""
    sheet = _sheet(lines)
    return () if sheet is None else sheet.above


def number_column(table: Table) -> int | None:
    """The place of the column that only numbers the rows; None where there is none."""
    return next((place for place, words in enumerate(table.header) if role_of(words) == "number"), None)


def is_table(lines: Sequence[Line]) -> float:
    """How much the lines look like a quotation or price list, from 0 to 1; from 0.5 they are to be read as one.

    score = (0.1 for each thing the header names, at most 5, + 0.1 for each row, at most 3, + 0.1 for a total + 0.1 where at
    least half of the cells are filled) * min(1, 0.4 + share of the picture's lines inside the table).
    Source: our own choice; a chat about prices has no row of two header's words and gets 0.
    """
    sheet = _sheet(lines)
    if sheet is None:
        return 0.0
    cells = [cell for item in sheet.table.items for cell in item.cells]
    full = 2 * sum(map(bool, cells)) >= len(cells)
    tenths = min(sheet.known, 5) + min(len(sheet.table.items), 3) + (sheet.table.total is not None) + full
    return round(tenths / 10 * min(1.0, 0.4 + sheet.inside / sheet.lines), 3)


def _sheet(lines: Sequence[Line]) -> _Sheet | None:
    pieces = _levelled(lines)
    header = _find_header(pieces)
    if header is not None and (ruler := _ruler(pieces, header.middle)):
        pieces = [piece for piece in pieces if piece.source not in ruler]
        header = _find_header(pieces)
    if header is None:
        return None
    above = [piece for piece in pieces if piece.source not in header.sources and piece.middle <= header.middle]
    below = [piece for piece in pieces if piece.source not in header.sources and piece.middle > header.middle]
    # what was parted by the first widening tells of the columns again
    for _ in range(2):
        parted = [part for piece in below for part in _parted(piece, header.columns)]
        header = replace(header, columns=_widened(header.columns, parted))
    rows = _split_off_totals(below, header)
    body, tail = rows.body, rows.tail
    columns, column_of = _settle_columns(header.columns, body)
    words = tuple(column.words for column in columns)
    # a second page has the header again
    items = [item for item in _items(body, column_of, len(columns), rows.anchors) if item.cells != words]
    if not items:
        return None
    in_table = rows.total_sources.union(piece.source for piece in body)
    table = Table(
        words,
        tuple(items),
        "\n".join(rows.totals) or None,
        tuple(_whole(tail, pieces, in_table)),
    )
    return _Sheet(tuple(_whole(above, pieces)), table, header.known, len(header.sources | in_table), len(pieces))


def _ruler(pieces: Sequence[_Piece], header_middle: float) -> frozenset[int]:
    """What a spreadsheet numbers its rows and columns with: 1 2 3 … left of everything, from above the header, and A B C."""
    rows = _rows(pieces)
    numbers: list[_Piece] = []
    for row in rows:
        first = row[0]
        if (
            first.flat.isdecimal()
            and len(first.flat) <= 4
            and (not numbers or first.overlap(numbers[-1].left, numbers[-1].right) > 0)
        ):
            numbers.append(first)
    values = [int(piece.flat) for piece in numbers]
    rising = all(one < other for one, other in pairwise(values))
    if len(values) < 4 or not rising or values[-1] - values[0] > 2 * len(values):
        return frozenset()
    if numbers[0].middle > header_middle + SAME_ROW * numbers[0].height:
        return frozenset()  # 序号 of the goods
    letters = [
        row for row in rows if len(row) >= 3 and "".join(piece.flat for piece in row) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    ]
    return frozenset(piece.source for piece in (*numbers, *(each for row in letters for each in row)))


def _whole(some: Sequence[_Piece], pieces: Sequence[_Piece], elsewhere: frozenset[int] = frozenset()) -> Iterator[str]:
    """The lines that the pieces come from, each once, row by row; what an engine tore apart is joined again.

    Of a line that was cut, and whose other part stands `elsewhere`, only the piece.
    """
    uncut = {piece.source for piece in some} - elsewhere
    parts = [piece for piece in some if piece.source in elsewhere]
    for row in _rows([*(piece for piece in pieces if piece.source in uncut), *parts]):
        torn: list[_Piece] = []
        for piece in row:
            if torn and piece.left - torn[-1].right > SAME_LINE * piece.height:
                yield _joined(torn)
                torn = []
            torn.append(piece)
        yield _joined(torn)


@dataclass(frozen=True)
class _Rows:
    body: list[_Piece]
    anchors: list[float]
    """Middles of the items' rows, from the top."""
    totals: list[str]
    total_sources: frozenset[int]
    tail: list[_Piece]


def _split_off_totals(below: Sequence[_Piece], header: _Header) -> _Rows:
    """What stands below the header: the items' cells, the rows that sum up, and the rest."""
    columns = header.columns
    parted = [part for piece in below for part in _parted(piece, columns)]
    summing = [row for row in _rows(parted) if _sums_up(row, columns)]
    rest = _without(parted, summing)
    anchors = _anchors(rest, columns)
    last = anchors[-1] if anchors else header.bottom
    ends = [row[0].middle for row in summing if row[0].middle > last]
    if ends:
        # 优惠 -500 and 税金 stand among the sums; 运费 does so below one, above it is one of the goods
        adjusting = [row for row in _rows(rest) if _adjusts(row, columns, fees=row[0].middle > ends[0])]
        adjusting = [row for row in adjusting if row[0].middle > last - row[0].height]
        summing = sorted(summing + adjusting, key=lambda row: row[0].middle)
        rest = _without(rest, adjusting)
        anchors = _anchors(rest, columns)
        anchors = sorted((*anchors, *_priced(rest, columns, anchors, ends[0])))
    body, tail = _body_of(rest, anchors)
    sources = frozenset(piece.source for row in summing for piece in row)
    return _Rows(body, anchors, [" ".join(piece.text for piece in row) for row in summing], sources, tail)


def _without(pieces: Iterable[_Piece], rows: Iterable[Sequence[_Piece]]) -> list[_Piece]:
    taken = {id(piece) for row in rows for piece in row}
    return [piece for piece in pieces if id(piece) not in taken]


def _by_column(row: Sequence[_Piece], columns: Sequence[_Column]) -> dict[int, _Piece]:
    return {_closest(piece, columns): piece for piece in row}


def _closest(piece: _Piece, columns: Sequence[_Column]) -> int:
    at = bisect_left(columns, (piece.left + piece.right) / 2, key=lambda column: (column.left + column.right) / 2)
    return max(
        (each for each in (at - 1, at) if 0 <= each < len(columns)),
        key=lambda each: piece.overlap(columns[each].left, columns[each].right),
    )


def _is_numeric(piece: _Piece) -> bool:
    return bool(_NUMERIC.fullmatch(piece.flat))


def _roles_with_figures(row: Sequence[_Piece], columns: Sequence[_Column]) -> set[Role]:
    found = _by_column(row, columns)
    return {role for at, piece in found.items() if _is_numeric(piece) and (role := columns[at].role) in _FIGURES}


def _sums_up(row: Sequence[_Piece], columns: Sequence[_Column]) -> bool:
    words = [piece.flat for piece in row if _TOTAL.match(piece.flat)]
    if not words or {"quantity", "price"} <= _roles_with_figures(row, columns):
        return False
    # 总价含税含运费 is a remark; 合计 whose figure was not read still ends the goods
    bare = any(_TOTAL.fullmatch(IN_BRACKETS.sub("", each).rstrip(":")) for each in words)
    return bare or _states_amount(row)


def _states_amount(row: Sequence[_Piece]) -> bool:
    line = flat_line(" ".join(piece.text for piece in row))
    return stated_fen(line) is not None or capital_in(line) is not None


def _adjusts(row: Sequence[_Piece], columns: Sequence[_Column], *, fees: bool) -> bool:
    first = row[0].flat
    counted = {"quantity", "price"} & _roles_with_figures(row, columns)
    named = ADJUSTS.match(first) and (fees or not _FEES.match(first))
    return bool(named) and not counted and _states_amount(row)


def _anchors(pieces: Sequence[_Piece], columns: Sequence[_Column]) -> list[float]:
    """Where rows of goods stand: figures side by side under words for figures, or else three cells and half of all."""
    roles = {column.role for column in columns if column.role in _FIGURES}
    numeric = [p for p in pieces if columns[_closest(p, columns)].role in _FIGURES and _is_numeric(p)]
    found = [
        median(piece.middle for piece in row)
        for row in _rows(numeric)
        if len(_roles_with_figures(row, columns)) >= min(2, len(roles))
    ]
    # a cell of three lines has its own rows of letters beside the row of figures
    for row in _rows(pieces):
        middle, height = median(piece.middle for piece in row), median(piece.height for piece in row)
        near = bisect_left(found, middle - height)
        alone = near == len(found) or found[near] >= middle + height
        wide = len(_by_column(row, columns)) >= max(3, len(columns) / 2)
        if alone and wide and not any(_LABEL.match(piece.flat) for piece in row):
            found.insert(bisect_left(found, middle), middle)
    return found


def _priced(
    pieces: Sequence[_Piece], columns: Sequence[_Column], anchors: Sequence[float], end: float
) -> Iterator[float]:
    """Rows above the total at `end` with no more than a name and an amount: 安装费 … 2,000."""
    for row in _rows(pieces):
        middle, height = row[0].middle, row[0].height
        near = bisect_left(anchors, middle - height)
        alone = near == len(anchors) or anchors[near] >= middle + height
        named = any(not _is_numeric(piece) for piece in row)
        if alone and named and middle < end and "amount" in _roles_with_figures(row, columns):
            yield middle


def _body_of(pieces: Sequence[_Piece], anchors: Sequence[float]) -> tuple[list[_Piece], list[_Piece]]:
    """Cells of the items, and what stands below the last of them."""
    if not anchors:
        return [], list(pieces)
    height = median(piece.height for piece in pieces)
    body, tail = [], []
    reach = anchors[-1] + 0.5 * height
    open_cells: list[_Piece] = []
    for piece in sorted(pieces, key=lambda each: each.middle):
        touches = any(piece.overlap(c.left, c.right) > 0 and piece.top < c.bottom + 0.2 * height for c in open_cells)
        if piece.middle <= reach or (touches and not _LABEL.match(piece.flat)):
            body.append(piece)
            if piece.middle > anchors[-1] - 0.8 * height:
                open_cells.append(piece)
        else:
            tail.append(piece)
    return body, tail


def _items(body: Sequence[_Piece], column_of: dict[int, int], width: int, anchors: Sequence[float]) -> list[QuotedItem]:
    """The rows from the top; a cell of several lines is one."""
    rows: dict[float, list[list[_Piece]]] = {anchor: [[] for _ in range(width)] for anchor in anchors}
    by_column: dict[int, list[_Piece]] = {}
    for number, piece in enumerate(body):
        by_column.setdefault(column_of[number], []).append(piece)
    hangs = _hangs([block for pieces in by_column.values() for block in _blocks(pieces)], anchors)
    stray: list[_Piece] = []
    columns: dict[int, int] = {}
    for column, pieces in by_column.items():
        for block in _blocks(pieces):
            placed = [(piece, _anchor_of(piece, block, anchors, hangs=hangs)) for piece in block]
            for piece, anchor in placed:
                if anchor is None or _heads(piece, anchor, [other for other, at in placed if at == anchor]):
                    stray.append(piece)
                    columns[id(piece)] = column
                else:
                    rows[anchor][column].append(piece)
    for row in _rows(stray):
        # a heading between the goods: a row of its own
        cells: list[list[_Piece]] = [[] for _ in range(width)]
        for piece in row:
            cells[columns[id(piece)]].append(piece)
        rows[row[0].middle] = cells
    return [
        QuotedItem(tuple(_joined(sorted(cell, key=lambda each: (each.middle, each.left))) for cell in rows[middle]))
        for middle in sorted(rows)
        if any(rows[middle])
    ]


def _blocks(pieces: Iterable[_Piece]) -> list[list[_Piece]]:
    """Lines of one column that touch."""
    blocks: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda each: each.middle):
        if blocks and piece.top < blocks[-1][-1].bottom + 0.15 * piece.height:
            blocks[-1].append(piece)
        else:
            blocks.append([piece])
    return blocks


def _hangs(blocks: Sequence[Sequence[_Piece]], anchors: Sequence[float]) -> bool:
    """Whether cells begin level with their row instead of standing around its middle."""
    votes = []
    for block in blocks:
        reached = anchors[bisect_left(anchors, block[0].top) : bisect_right(anchors, block[-1].bottom)]
        if len(block) > 1 and len(reached) == 1:
            votes.append(abs(block[0].middle - reached[0]) < LEVEL * block[0].height)
    return 2 * sum(votes) > len(votes)


def _anchor_of(piece: _Piece, block: Sequence[_Piece], anchors: Sequence[float], *, hangs: bool) -> float | None:
    """The row of a cell's line: of the rows that the cell reaches the nearest, or the last above where cells hang from
    their row. None for what stands half way between two."""
    if hangs and (at := bisect_right(anchors, piece.middle + SAME_ROW * piece.height)):
        return anchors[at - 1]
    slack = 0.3 * piece.height
    low = bisect_left(anchors, block[0].top - slack)
    high = bisect_right(anchors, block[-1].bottom + slack)
    at = min(max(bisect_left(anchors, piece.middle), low), high)
    near = sorted(anchors[max(low, at - 1) : min(high, at + 1)], key=lambda anchor: abs(anchor - piece.middle))
    if len(near) == 2:
        first, second = (abs(anchor - piece.middle) / piece.height for anchor in near)
        if first > 0.7 and second - first < 0.15:
            return None
    return near[0] if near else None


def _heads(piece: _Piece, anchor: float, cell: Sequence[_Piece]) -> bool:
    """Whether the piece is a heading right above the row rather than the first line of the cell, which would have another
    line as far below the middle."""
    lines = [(other.middle - anchor) / piece.height for other in cell]
    return piece.middle - anchor < -0.7 * piece.height and max(lines) < 0.35
