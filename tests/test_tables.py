"""Tables from lines of letters: every cell in its column, and figures that are doubted rather than put right."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import tables
from nlp.screens import Line, QuotedItem, Rect, Table
from nlp.table_totals import Doubt, Totals, capital_fen, totals

FONT = 22.0


def width_of(text: str, font: float = FONT) -> float:
    return font * sum(1.0 if ord(character) > 0x2E7F else 0.55 for character in text)


def box(text: str, left: float, middle: float, font: float = FONT) -> Line:
    """A line as engines draw it: a little larger than its letters."""
    return Line(Rect(left - 3, middle - 0.75 * font, left + width_of(text, font) + 3, middle + 0.75 * font), text)


@dataclass(frozen=True)
class Grid:
    """Where the columns of a drawn table are; `align` is one of l, c, r for each."""

    edges: tuple[float, ...]
    align: str
    pitch: float = 52.0

    def row(self, cells: Sequence[str], middle: float) -> list[Line]:
        """Cells of several lines are written with a line break; "" draws nothing."""
        found = []
        for number, cell in enumerate(cells):
            parts = cell.split("\n") if cell else []
            for at, part in enumerate(parts):
                y = middle + (at - (len(parts) - 1) / 2) * 1.2 * FONT
                found.append(box(part, self._left(number, part), y))
        return found

    def _left(self, number: int, text: str) -> float:
        low, high = self.edges[number] + 10, self.edges[number + 1] - 10
        room = high - low - width_of(text)
        return low + room * {"l": 0.0, "c": 0.5, "r": 1.0}[self.align[number]]

    def drawn(self, header: Sequence[str], rows: Iterable[Sequence[str]], top: float = 200.0) -> list[Line]:
        """The header is centred, whatever stands below it."""
        lines = Grid(self.edges, "c" * len(self.align), self.pitch).row(header, top)
        middle = top
        for cells in rows:
            most = max((cell.count("\n") + 1 for cell in cells), default=1)
            pitch = self.pitch + (most - 1) * 1.2 * FONT
            lines += self.row(cells, middle + self.pitch / 2 + pitch / 2)
            middle += pitch
        return lines


def below(lines: Sequence[Line], *texts: str, left: float = 40.0) -> list[Line]:
    """Lines under all others."""
    bottom = max(line.rect.bottom for line in lines)
    return [*lines, *(box(text, left, bottom + 30 + 40 * at) for at, text in enumerate(texts))]


def tilted(lines: Sequence[Line], degrees: float) -> list[Line]:
    """The same lines in a picture turned clockwise: the upright boxes around the turned ones."""
    sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    turned = []
    for line in lines:
        rect = line.rect
        corners = [(x, y) for x in (rect.left, rect.right) for y in (rect.top, rect.bottom)]
        xs = [200 + x * cos - y * sin for x, y in corners]
        ys = [200 + x * sin + y * cos for x, y in corners]
        turned.append(Line(Rect(min(xs), min(ys), max(xs), max(ys)), line.text, line.score))
    return turned


def cells_of(table: Table | None) -> list[tuple[str, ...]]:
    assert table is not None
    return [table.header, *(item.cells for item in table.items)]


PLAIN = Grid((30, 110, 430, 700, 790, 880, 1030, 1200), "cllccrr")
HEADER = ("序号", "产品名称", "规格型号", "数量", "单位", "单价(元)", "金额(元)")
GOODS = [
    ("1", "离心泵", "ISW50-160", "2", "台", "3,800.00", "7,600.00"),
    ("2", "不锈钢球阀", "Q41F-16P DN50", "12", "只", "420.00", "5,040.00"),
    ("3", "电磁流量计", "LDG-50S", "3", "台", "2,950.00", "8,850.00"),
    ("4", "安装调试", "", "1", "项", "3,000.00", "3,000.00"),
]


def test_a_grid_becomes_rows_and_columns_with_what_stands_around_it() -> None:
    lines = below(
        [box("设备报价单", 500, 50, 34), box("客户：台州锦程汽配有限公司", 40, 110), *PLAIN.drawn(HEADER, GOODS)],
        "合计金额：¥24,490.00（大写：贰万肆仟肆佰玖拾元整）",
        "付款方式：预付30%，发货前付清",
        "报价有效期：15天",
    )
    table = tables.read(lines)

    assert cells_of(table) == [HEADER, *GOODS]
    assert table is not None
    assert table.total == "合计金额：¥24,490.00（大写：贰万肆仟肆佰玖拾元整）"
    assert table.remarks == ("付款方式：预付30%，发货前付清", "报价有效期：15天")
    assert tables.heading(lines) == ("设备报价单", "客户：台州锦程汽配有限公司")
    assert totals(table) == Totals((760000, 504000, 885000, 300000), 2449000, 2449000, ())


@pytest.mark.parametrize("degrees", [-3, -1, 1, 3], ids=lambda degrees: f"{degrees} degrees")
def test_a_picture_that_leans_is_read_like_one_that_does_not(degrees: float) -> None:
    lines = below(PLAIN.drawn(HEADER, GOODS), "合计：24,490.00", "备注：含运费")
    table = tables.read(tilted(lines, degrees))

    assert cells_of(table) == [HEADER, *GOODS]
    assert table is not None
    assert (table.total, table.remarks) == ("合计：24,490.00", ("备注：含运费",))


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("column", range(7))
def test_a_cell_that_was_not_read_stays_empty_and_shifts_nothing(row: int, column: int) -> None:
    goods = [list(cells) for cells in GOODS]
    goods[row][column] = ""

    assert cells_of(tables.read(PLAIN.drawn(HEADER, goods))) == [HEADER, *map(tuple, goods)]


def test_a_table_without_numbers_before_its_rows() -> None:
    grid = Grid((30, 300, 600, 720, 860, 1020), "lcccc")
    header = ("品名", "型号", "数量", "单价", "小计")
    goods = [("角磨机", "GWS 750", "10", "268", "2680"), ("冲击钻", "GSB 550", "5", "399", "1995")]
    table = tables.read(grid.drawn(header, [*goods, ("合计", "", "15", "", "4675")]))

    assert cells_of(table) == [header, *goods]
    assert table is not None
    assert table.total == "合计 15 4675"
    assert totals(table) == Totals((268000, 199500), 467500, 467500, ())


def test_cells_of_two_and_three_lines_stay_in_their_row() -> None:
    grid = Grid((30, 110, 330, 560, 660, 790, 930, 1130), "clccrrl")
    header = ("序号", "名称", "规格", "数量", "单价", "金额", "备注")
    goods = [
        ("1", "变频螺杆\n空压机", "37kW\n0.8MPa", "1", "46,800", "46,800", "含一年\n保养"),
        ("2", "储气罐", "2.0m³", "1", "5,600", "5,600", ""),
        ("3", "冷干机", "6.5m³/min\n220V\n50Hz", "1", "7,200", "7,200", "现货"),
        ("4", "精密过滤器", "C/T/A级", "3", "480", "1,440", "进口\n滤芯"),
    ]
    table = tables.read(grid.drawn(header, [*goods, ("合计", "", "", "", "", "61,040", "")]))

    assert [re.sub(r"\s", "", cell) for row in cells_of(table) for cell in row] == [
        re.sub(r"\s", "", cell) for row in (header, *goods) for cell in row
    ]
    assert table is not None
    assert totals(table).doubts == ()


def test_a_header_of_two_lines_is_one() -> None:
    grid = Grid((30, 130, 400, 520, 680, 860), "ccccc")
    header = ("序号", "产品\n名称", "数量\n(台)", "含税单价\n(元)", "含税金额\n(元)")
    table = tables.read(grid.drawn(header, [("1", "电动叉车", "2", "86,000", "172,000")], top=220))

    assert cells_of(table)[0] == ("序号", "产品名称", "数量(台)", "含税单价(元)", "含税金额(元)")
    assert cells_of(table)[1] == ("1", "电动叉车", "2", "86,000", "172,000")


NARROW = Grid((0, 50, 180, 330, 380, 430, 580, 730), "ccccccc", 80)
BROKEN = ("序号", "名称", "型号", "数\n量", "单\n位", "单价(元)", "金额(元)")
PUMPS = [
    ("1", "离心泵", "ISW50", "2", "台", "3,800.00", "7,600.00"),
    ("2", "流量计", "LDG-50S", "3", "台", "2,950.00", "8,850.00"),
]
BROKEN_READ = tuple(words.replace("\n", "") for words in BROKEN)


def test_header_words_broken_within_on_a_narrow_screen_are_whole_again() -> None:
    assert cells_of(tables.read(NARROW.drawn(BROKEN, PUMPS))) == [BROKEN_READ, *PUMPS]


def test_first_lines_of_two_broken_header_words_that_the_engine_read_as_one_are_parted() -> None:
    lines = NARROW.drawn(BROKEN, PUMPS)
    first, second = (next(line for line in lines if line.text == text) for text in "数单")
    both = Line(Rect(first.rect.left, first.rect.top, second.rect.right, first.rect.bottom), "数单")
    rest = [line for line in lines if line is not first and line is not second]

    assert cells_of(tables.read([both, *rest])) == [BROKEN_READ, *PUMPS]


def test_a_lost_first_line_of_a_header_makes_no_row_of_the_second() -> None:
    lines = [line for line in NARROW.drawn(BROKEN, PUMPS) if line.text != "单"]

    assert cells_of(tables.read(lines))[1:] == PUMPS


def test_what_stands_above_a_whole_header_is_no_part_of_it() -> None:
    grid = Grid((30, 300, 600, 800), "lll", 40)
    lines = grid.drawn(("产品", "规格", "报价"), [("抽纸", "3层", "52元"), ("拖把", "40cm", "45元")])

    assert cells_of(tables.read([box("价目表", 340, 170), *lines]))[0] == ("产品", "规格", "报价")


LEFT_HEADER = ("品名", "规格", "数量", "单价", "小计")
RIGHT_FIGURES = [
    ("服务器", "2U", "4", "36,500", "146,000"),
    ("无线AP", "吸顶", "26", "860", "22,360"),
    ("机柜", "42U", "3", "2,450", "7,350"),
]


def left_over_right(rows: Sequence[Sequence[str]]) -> list[Line]:
    """Words at the left of their columns, figures at the right."""
    edges = (30, 300, 560, 690, 850, 1040)
    lines = Grid(edges, "lllll").row(LEFT_HEADER, 200)
    for at, cells in enumerate(rows):
        lines += Grid(edges, "llrrr").row(cells, 252 + 52 * at)
    return lines


def test_figures_at_the_right_of_their_column_stay_below_words_at_the_left() -> None:
    assert cells_of(tables.read(left_over_right(RIGHT_FIGURES))) == [LEFT_HEADER, *RIGHT_FIGURES]


def test_two_figures_read_as_one_line_are_parted_though_one_stands_below_no_words() -> None:
    lines = left_over_right(RIGHT_FIGURES)
    first, second = (next(line for line in lines if line.text == text) for text in ("4", "36,500"))
    rect = Rect(first.rect.left, first.rect.top, second.rect.right, first.rect.bottom)
    rest = [line for line in lines if line is not first and line is not second]

    assert cells_of(tables.read([*rest, Line(rect, "4 36,500")])) == [LEFT_HEADER, *RIGHT_FIGURES]


def test_amounts_that_the_engine_ran_together_are_parted_where_one_ends() -> None:
    goods = [*PUMPS, ("3", "阀门", "DN50", "9", "只", "5,200.00", "46,800.00")]
    lines = NARROW.drawn(BROKEN, goods)
    first, second = (next(line for line in lines if line.text == text) for text in ("5,200.00", "46,800.00"))
    ran = Line(Rect(first.rect.left, first.rect.top, second.rect.right, first.rect.bottom), "5,200.0046,800.00")
    rest = [line for line in lines if line is not first and line is not second]

    assert cells_of(tables.read([*rest, ran])) == [BROKEN_READ, *goods]


def test_a_unit_beside_its_quantity_read_as_one_line_hides_no_column_without_a_name() -> None:
    grid = Grid((30, 100, 210, 310, 400, 540, 700), "lllllr")
    header = ("序号", "项目", "工程量", "", "单价", "合价")
    goods = [
        ("1", "土方", "1,260 m3", "", "18.00", "22,680.00"),
        ("2", "钢筋", "480", "t", "520.00", "249,600.00"),
        ("3", "模板", "2,100", "m2", "52.00", "109,200.00"),
    ]

    assert cells_of(tables.read(grid.drawn(header, goods)))[2:] == goods[1:]


def test_two_counted_headers_without_a_space_are_parted_where_they_are_too_wide_for_one() -> None:
    lines = [line for line in PLAIN.drawn(HEADER, GOODS) if line.text not in ("数量", "单位")]
    both = Line(Rect(715, 183, 860, 217), "数量单位")

    assert cells_of(tables.read([both, *lines])) == [HEADER, *GOODS]


def test_a_header_that_breaks_within_its_bracket_is_one() -> None:
    grid = Grid((30, 300, 430, 600, 780), "lccc", 80)
    header = ("课程名称", "人数", "单价(元/\n人)", "小计\n(元)")
    goods = [("安全培训", "45", "380", "17,100"), ("应急演练", "120", "60", "7,200")]

    assert cells_of(tables.read(grid.drawn(header, goods))) == [
        ("课程名称", "人数", "单价(元/人)", "小计(元)"),
        *goods,
    ]


def test_cells_that_hang_from_the_first_line_of_their_row_stay_in_it() -> None:
    grid = Grid((30, 110, 430, 530, 680, 880), "llccr")
    header = ("序号", "印刷内容", "数量", "单价", "金额")
    lines = grid.row(header, 200)
    named = ("产品画册（157g", "铜版纸，28页", "骑马钉）")
    for at, number in enumerate("12"):
        top = 260 + 120 * at
        lines += grid.row((number, named[0], "200", "6.80", "1360.00"), top)
        lines += [*grid.row(("", named[1]), top + 30), *grid.row(("", named[2]), top + 60)]

    assert [cells[1] for cells in cells_of(tables.read(lines))] == ["印刷内容", "".join(named), "".join(named)]


def test_a_total_merged_over_the_table_is_no_item() -> None:
    lines = below(
        PLAIN.drawn(HEADER, GOODS), "合计人民币（大写）：贰万肆仟肆佰玖拾元整        小写：¥24,490.00", left=60
    )
    table = tables.read(lines)

    assert cells_of(table)[1:] == GOODS
    assert table is not None
    assert totals(table).stated_fen == 2449000
    assert totals(table).doubts == ()


def test_a_discount_below_the_sum_is_counted_out() -> None:
    rows = [
        *GOODS,
        ("合计", "", "", "", "", "", "24,490.00"),
        ("优惠", "", "", "", "", "", "-490.00"),
        ("优惠后总价", "", "", "", "", "", "24,000.00"),
    ]
    table = tables.read(PLAIN.drawn(HEADER, rows))

    assert cells_of(table)[1:] == GOODS
    assert table is not None
    assert table.total == "合计 24,490.00\n优惠 -490.00\n优惠后总价 24,000.00"
    assert totals(table).stated_fen == 2400000
    assert totals(table).doubts == ()


def test_a_tax_column_and_a_tax_row_are_understood() -> None:
    grid = Grid((30, 250, 350, 500, 650, 760, 900, 1080), "lcrrcrr")
    header = ("货物名称", "数量", "不含税单价", "金额", "税率", "税额", "价税合计")
    goods = [
        ("伺服电机", "4", "1,500.00", "6,000.00", "13%", "780.00", "6,780.00"),
        ("驱动器", "4", "1,000.00", "4,000.00", "13%", "520.00", "4,520.00"),
    ]
    table = tables.read(grid.drawn(header, [*goods, ("合计", "", "", "10,000.00", "", "1,300.00", "11,300.00")]))

    assert cells_of(table) == [header, *goods]
    assert table is not None
    assert totals(table) == Totals((678000, 452000), 1130000, 1130000, ())


def test_three_columns_are_enough() -> None:
    grid = Grid((30, 330, 630, 830), "lcr")
    header, goods = (
        ("名称", "规格", "价格"),
        [("PVC管", "DN110", "28.5元/米"), ("弯头", "DN110 90°", "6.8元/个"), ("胶水", "500g", "15元/瓶")],
    )
    table = tables.read(grid.drawn(header, goods))

    assert cells_of(table) == [header, *goods]
    assert table is not None
    assert (table.total, table.remarks) == (None, ())
    assert tables.is_table(grid.drawn(header, goods)) >= 0.5
    assert totals(table).doubts == ()


def test_ten_columns_keep_their_cells() -> None:
    edges = (20, 90, 250, 420, 540, 620, 690, 800, 920, 1010, 1150)
    grid = Grid(edges, "cccccccccc")
    header = ("项次", "物料名称", "型号规格", "品牌", "数量", "单位", "单价", "金额", "交期", "备注")
    goods = [
        ("1", "断路器", "iC65N 3P", "施耐德", "20", "只", "96.00", "1920.00", "现货", ""),
        ("2", "接触器", "LC1D32", "施耐德", "8", "只", "185.00", "1480.00", "7天", "含线圈"),
        ("3", "端子", "UK2.5B", "", "500", "", "1.20", "600.00", "", "按盒"),
        ("4", "柜体", "800*600", "定制", "2", "台", "2400.00", "4800.00", "15天", ""),
    ]
    lines = grid.drawn(header, goods)

    assert cells_of(tables.read(lines)) == [header, *goods]
    assert tables.is_table(lines) >= 0.9


def test_an_english_table_is_read_too() -> None:
    grid = Grid((30, 100, 400, 600, 700, 860, 1040), "clccrr")
    header = ("No.", "Description", "Model", "Qty", "Unit Price", "Amount")
    goods = [
        ("1", "Gear pump", "CB-B10", "2", "650.00", "1,300.00"),
        ("2", "Filter", "WU-100", "4", "80.00", "320.00"),
    ]
    table = tables.read(grid.drawn(header, [*goods, ("", "", "", "", "Total", "1,620.00")]))

    assert cells_of(table) == [header, *goods]
    assert table is not None
    assert totals(table).stated_fen == 162000


def test_cells_that_the_engine_read_as_one_line_are_parted_between_their_headers() -> None:
    lines = [line for line in PLAIN.drawn(HEADER, GOODS) if line.text not in ("12", "只")]
    both = [line.rect for line in PLAIN.drawn(HEADER, GOODS) if line.text in ("12", "只")]
    lines.append(Line(Rect(both[0].left, both[0].top, both[1].right, both[0].bottom), "12 只"))

    assert cells_of(tables.read(lines)) == [HEADER, *GOODS]


def test_header_words_that_the_engine_read_as_one_line_are_columns_of_their_own() -> None:
    lines = PLAIN.drawn(HEADER, GOODS)
    both = [line.rect for line in lines if line.text in ("数量", "单位")]
    lines = [line for line in lines if line.text not in ("数量", "单位")]
    lines.append(Line(Rect(both[0].left, both[0].top, both[1].right, both[0].bottom), "数量 单位"))

    assert cells_of(tables.read(lines)) == [HEADER, *GOODS]


def test_a_column_whose_header_was_not_read_keeps_its_cells() -> None:
    lines = [line for line in PLAIN.drawn(HEADER, GOODS) if line.text != "单位"]
    table = tables.read(lines)

    assert cells_of(table) == [tuple("" if cell == "单位" else cell for cell in HEADER), *GOODS]


def test_the_numbers_and_letters_around_a_spreadsheet_are_no_cells() -> None:
    grid = Grid((0, 60, 300, 520, 640, 780, 920), "cllccc", pitch=40)
    rows = [
        ("1", "办公家具报价", "", "", "", ""),
        ("2", "品名", "规格", "数量", "单价", "小计"),
        ("3", "升降桌", "1400×700", "36", "1,480", "53,280"),
        ("4", "工学椅", "网布", "40", "860", "34,400"),
        ("5", "合计87,680元", "", "", "", ""),
        ("6", "含税含运费", "", "", "", ""),
    ]
    table = tables.read(grid.drawn(("", "A", "B", "C", "D", "E"), rows, top=40))

    assert cells_of(table) == [row[1:] for row in rows[1:4]]
    assert table is not None
    assert (table.total, table.remarks) == ("合计87,680元", ("含税含运费",))


def test_a_remark_that_the_engine_tore_apart_is_one_again() -> None:
    lines = below(PLAIN.drawn(HEADER, GOODS), "含税含运费，")
    torn = lines[-1].rect
    lines.append(box("3月28日前送达", torn.right + 5, (torn.top + torn.bottom) / 2))
    table = tables.read(lines)

    assert table is not None
    assert table.remarks == ("含税含运费，3月28日前送达",)


def test_a_fee_above_the_total_is_an_item_and_one_below_it_is_added() -> None:
    fee = ("", "运费", "", "", "", "", "300.00")
    above = tables.read(PLAIN.drawn(HEADER, [*GOODS, fee, ("合计", "", "", "", "", "", "24,790.00")]))
    sums = [("合计", "", "", "", "", "", "24,490.00"), fee, ("总计", "", "", "", "", "", "24,790.00")]
    beneath = tables.read(PLAIN.drawn(HEADER, [*GOODS, *sums]))

    assert cells_of(above)[1:] == [*GOODS, fee]
    assert cells_of(beneath)[1:] == GOODS
    assert above is not None
    assert beneath is not None
    assert (totals(above).doubts, totals(beneath).doubts) == ((), ())
    assert totals(beneath).stated_fen == 2479000


def test_a_remark_about_the_total_is_none() -> None:
    table = tables.read(below(PLAIN.drawn(HEADER, GOODS), "合计：24,490.00", "总价含税含运费", "优惠期至3月31日"))

    assert table is not None
    assert table.total == "合计：24,490.00"
    assert table.remarks == ("总价含税含运费", "优惠期至3月31日")


def test_a_total_without_its_figure_still_ends_the_goods() -> None:
    table = tables.read(PLAIN.drawn(HEADER, [*GOODS, ("合计", "", "", "18", "", "", "")]))

    assert cells_of(table)[1:] == GOODS


def test_a_header_that_a_second_page_repeats_is_no_item() -> None:
    assert cells_of(tables.read(PLAIN.drawn(HEADER, [*GOODS[:2], HEADER, *GOODS[2:]]))) == [HEADER, *GOODS]


def test_a_heading_between_the_goods_is_a_row_of_its_own() -> None:
    rows = [("", "一、设备部分", "", "", "", "", ""), *GOODS[:2], ("", "二、服务部分", "", "", "", "", ""), GOODS[3]]
    table = tables.read(PLAIN.drawn(HEADER, rows))

    assert cells_of(table)[1:] == rows


def test_a_heading_right_above_a_dense_row_is_none_of_its_lines() -> None:
    dense = Grid(PLAIN.edges, PLAIN.align, pitch=1.55 * FONT)
    rows = [("一", "设备", "", "", "", "", ""), *GOODS[:2], ("", "服务", "", "", "", "", ""), GOODS[3]]

    assert cells_of(tables.read(dense.drawn(HEADER, rows, top=200)))[1:] == rows


def test_a_subtotal_between_the_goods_does_not_end_the_table() -> None:
    rows = [
        *GOODS[:2],
        ("", "小计", "", "", "", "", "12,640.00"),
        *GOODS[2:],
        ("", "小计", "", "", "", "", "11,850.00"),
        ("", "总计", "", "", "", "", "24,490.00"),
    ]
    table = tables.read(PLAIN.drawn(HEADER, rows))

    assert cells_of(table)[1:] == GOODS
    assert table is not None
    assert totals(table) == Totals((760000, 504000, 885000, 300000), 2449000, 2449000, ())


# Figures


def quoted(header: str, *rows: str, total: str | None = None) -> Table:
    """A table with its cells parted by bars."""
    return Table(tuple(header.split("|")), tuple(QuotedItem(tuple(row.split("|"))) for row in rows), total)


def test_a_row_whose_product_is_not_its_amount_is_doubted() -> None:
    found = totals(
        quoted("名称|数量|单价|金额", "泵|2|3,800.00|7,600.00", "阀|12|420.00|5,400.00", total="合计 13,000.00")
    )

    assert found.doubts == (Doubt("row", 540000, 504000, 1),)
    assert (found.sum_fen, found.stated_fen) == (1300000, 1300000)


def test_a_total_that_is_not_the_sum_is_doubted() -> None:
    found = totals(quoted("名称|数量|单价|金额", "泵|2|3800|7600", "阀|12|420|5040", total="合计：¥12,460.00"))

    assert found.doubts == (Doubt("sum", 1246000, 1264000),)
    assert found.stated_fen == 1246000


def test_an_amount_written_out_that_is_another_is_doubted() -> None:
    found = totals(quoted("名称|金额", "泵|7600", total="合计：¥7,600.00（大写：柒仟陆佰伍拾元整）"))

    assert found.doubts == (Doubt("words", 760000, 765000),)


@pytest.mark.parametrize(
    "table",
    [
        quoted("名称|数量|单价(元)|金额(万元)", "机床|2|385000|77", total="合计：77万元"),
        quoted("名称|数量|单价|折扣|金额", "泵|2|1000|9折|1800", total="总计 1800"),
        quoted("名称|数量|单价|折扣|金额", "泵|2|1000|95%|1900", total="总计 1900"),
        quoted("名称|数量|未税单价|税率|含税金额", "泵|2|1000|13%|2260", total="含税总价 2260元"),
        quoted("名称|数量|单价|金额", "电缆|137|85.47|11709.40", total="合计 11709.40"),
        quoted("名称|数量|单价|金额", "电缆|3|33.33|100", total="合计 100"),
        quoted(
            "名称|数量|单价|金额", "泵|2台|1000元/台|2000", total="合计 2,000.00\n税金（13%） 260.00\n含税总价 2,260.00"
        ),
        quoted("名称|数量|单价|金额", "泵|2|1000|2000", total="合计 2000（含13%税）"),
        quoted("名称|数量|单价|金额", "泵|2|1000|2000", total="优惠后价格：1900元"),
        quoted("名称|数量|单价|金额", "泵|2|1000|2000", "配件|1||赠送", total="合计：2000"),
        quoted("名称|数量|单价|金额", "泵|2|1000|2000", "配件|-|-|-", total="合计 3 2000.00"),
        quoted("名称|数量|单价(USD)|金额(USD)", "泵|2|1000|2100", total="Total 2300"),
        quoted("名称|价格", "泵|1000", "阀|200"),
        quoted("名称|数量|单价|金额", "泵|2|1000|2000", "阀|1|200|", total="合计 2200"),
        quoted("名称|数量|单价|金额", "泵|2|1000|2000", total="合计：2,000\n运费：300\n总计：2,300"),
        quoted("名称|数量|单价(万元)|总价(万元)", "贴片机|2|86.5|173", total="合计（万元）：173"),
        quoted("名称|数量|单价(万元)|总价(万元)", "贴片机|2|86.5|173", total="合计 173"),
        quoted("名称|数量|单价(万元)|总价(万元)", "贴片机|2|86.5|173", total="合计 ¥1,730,000.00"),
        quoted("名称|数量|单价|金额", "一、设备|||", "泵|2|1000|2000", total="合计 2000"),
        quoted("Name|Qty|Price|Total", "Pump|2|1000|2000", total="Subtotal 2,000.00\nVAT 13% 260.00\nTotal 2,260.00"),
        quoted("商品|数量|单价|小计", "泵|2|1000|2000", total="合计：¥2,000.00\n优惠：-¥148.00\n应付：¥1,852.00"),
    ],
    ids=lambda table: "|".join(table.header) + "/" + str(table.total)[:12],
)
def test_what_agrees_or_cannot_be_compared_is_not_doubted(table: Table) -> None:
    assert totals(table).doubts == ()


def test_a_price_list_sums_up_nothing() -> None:
    found = totals(quoted("版本|内容|价格", "标准版|20用户|¥19,800/年", "专业版|50用户|¥39,800/年"))

    assert found == Totals((None, None), None, None, ())


def test_what_is_free_and_what_heads_a_part_do_not_keep_the_rest_from_being_summed() -> None:
    found = totals(quoted("名称|数量|单价|金额", "一、设备|||", "泵|2|1000|2000", "配件|1||赠送"))

    assert found == Totals((None, 200000, None), 200000, None, ())


def test_an_amount_that_was_not_read_leaves_the_sum_open() -> None:
    assert totals(quoted("名称|数量|单价|金额", "泵|2|1000|2000", "阀|1|200|")).sum_fen is None


def test_foreign_money_is_no_amount_of_yuan() -> None:
    found = totals(quoted("名称|数量|单价|金额", "泵|2|$100|$200", total="Total: $200"))

    assert (found.amounts_fen, found.stated_fen) == ((None,), None)


@pytest.mark.parametrize("cell", ["", "-", "另议", "赠送", "38.600.00", "1,20", "$300", "12-15", "1e5", "9" * 30, "壹"])
def test_what_is_no_amount_is_not_made_one(cell: str) -> None:
    assert totals(quoted("名称|金额", f"泵|{cell}")).amounts_fen == (None,)


@pytest.mark.parametrize(
    ("words", "fen"),
    [
        ("贰拾壹万叁仟柒佰伍拾元整", 21375000),
        ("人民币壹佰元正", 10000),
        ("壹亿零伍拾万元整", 10050000000),
        ("拾伍万捌仟圆整", 15800000),
        ("叁仟零伍元陆角柒分", 300567),
        ("壹佰元零伍分", 10005),
        ("柒角伍分", 75),
        ("貳萬參仟元整", 2300000),
        ("贰 万 肆 仟 元 整", 2400000),
    ],
)
def test_an_amount_written_out_is_read(words: str, fen: int) -> None:
    assert capital_fen(words) == fen


@pytest.mark.parametrize(
    "words",
    ["", "元整", "拾元拾元", "佰元", "壹贰元", "万元", "壹佰叁仟元", "壹万贰", "零元", "零拾元", "整", "壹拾壹佰元"],
)
def test_what_is_not_written_out_from_end_to_end_is_no_amount(words: str) -> None:
    assert capital_fen(words) is None


DIGITS = "零壹贰叁肆伍陆柒捌玖"


def written_out(fen: int) -> str:
    """As the rules for cheques have it (票据填写规定): 零 once between figures, 整 behind 元 and 角."""
    yuan, rest = divmod(fen, 100)
    jiao, last = divmod(rest, 10)
    text = section_words(yuan) + "元" if yuan else ""
    if not rest:
        return text + "整"
    if jiao:
        text += DIGITS[jiao] + "角"
    elif text:
        text += "零"
    return text + (DIGITS[last] + "分" if last else "整")


def section_words(number: int) -> str:
    for unit, factor in (("亿", 10**8), ("万", 10**4)):
        if number >= factor:
            high, low = divmod(number, factor)
            gap = "零" if low and low < factor // 10 else ""
            return section_words(high) + unit + gap + (section_words(low) if low else "")
    text, open_gap = "", False
    for power, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = number // power % 10
        if digit:
            text += ("零" if open_gap and text else "") + DIGITS[digit] + unit
        open_gap = not digit
    return text


@given(st.integers(1, 10**13))
def test_every_amount_written_out_is_read_back(fen: int) -> None:
    assert capital_fen(written_out(fen)) == fen


@given(st.text("零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整圆正", max_size=60))
def test_no_row_of_formal_numerals_raises(words: str) -> None:
    found = capital_fen(words)

    assert found is None or found > 0


# What is no table


def chat(*texts: str) -> list[Line]:
    return [box(text, 120 if at % 2 else 400, 120 + 90 * at) for at, text in enumerate(texts)]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        chat("你好，报价发我一份", "单价350，数量20台", "总价多少？", "7000", "能便宜点吗", "6800最低了"),
        chat("数量", "20", "单价", "350", "金额", "7000"),
        chat("序号 名称 都写上", "好的", "金额 12,000.00", "合计 12,000.00"),
        [
            box("采购通知", 300, 60, 34),
            *chat("一、采购数量：泵2台，阀12只。", "二、预算金额：人民币贰万元整。", "三、报价截止：3月5日。"),
        ],
        [box("联系人", 30, 100), box("电话", 300, 100), box("王建国", 30, 160), box("13800138021", 300, 160)],
    ],
    ids=["nothing", "chat", "one word a bubble", "words in bubbles", "notice", "contacts"],
)
def test_words_and_figures_without_a_header_over_rows_are_no_table(lines: list[Line]) -> None:
    assert tables.is_table(lines) < 0.5


def test_a_header_without_rows_is_no_table() -> None:
    lines = PLAIN.drawn(HEADER, [])

    assert tables.read(lines) is None
    assert tables.is_table(lines) == 0.0
    assert tables.heading(lines) == ()


def test_what_stands_side_by_side_is_one_line_of_text() -> None:
    lines = [box("右边", 400, 102), box("下一行", 100, 150), box("左边", 100, 98)]

    assert tables.as_lines(lines) == "左边 右边\n下一行"


# Whatever stands there

NUMBERS = st.floats(-1e7, 1e7) | st.floats(0, 1200) | st.sampled_from([float("nan"), float("inf"), -float("inf"), 0.0])
RECTS = st.builds(Rect, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
WORDS = st.sampled_from(
    [
        *HEADER,
        *(cell for row in GOODS for cell in row),
        "合计",
        "优惠 -500",
        "大写：壹佰元整",
        "付款方式：月结",
        "数量 单位",
        "2 台",
        "12只",
        "(元)",
    ]
) | st.text(max_size=12)
PLACED = st.builds(
    lambda text, left, top: box(text or " ", left, top),
    WORDS,
    st.integers(0, 1100),
    st.integers(0, 12).map(lambda at: at * 26),
)


@given(st.lists(st.builds(Line, RECTS, WORDS) | PLACED, max_size=40))
def test_no_lines_raise_and_every_cell_is_made_of_what_was_read(lines: list[Line]) -> None:
    table = tables.read(lines)
    texts = [line.text for line in lines]

    assert 0.0 <= tables.is_table(lines) <= 1.0
    assert all(made_of(text, texts) for text in tables.heading(lines))
    assert len(tables.as_lines(lines).replace("\n", "")) <= sum(map(len, texts)) + len(texts)
    if table is not None:
        assert all(len(item.cells) == len(table.header) for item in table.items)
        assert all(made_of(cell, texts) for row in cells_of(table) for cell in row)
        assert made_of(table.total or "", texts)
        assert all(made_of(text, texts) for text in table.remarks)
        totals(table)


BENEATH = PLACED.map(lambda line: box(line.text, line.rect.left + 3, line.rect.bottom + 240))


@given(st.lists(BENEATH, max_size=30).map(lambda rest: [*PLAIN.drawn(HEADER, GOODS), *rest]))
def test_nothing_is_read_twice_or_made_up_in_a_crowded_table(lines: list[Line]) -> None:
    table = tables.read(lines)
    texts = [line.text for line in lines]

    assert table is not None
    shown = "".join((*(cell for row in cells_of(table) for cell in row), table.total or "", *table.remarks))
    assert all(made_of(cell, texts) for row in cells_of(table) for cell in row)
    assert len("".join(shown.split())) <= len("".join("".join(texts).split()))


def made_of(cell: str, texts: Sequence[str]) -> bool:
    """Whether the cell is stretches of lines, one behind the other."""
    rest = cell.strip()
    while rest:
        longest = next((n for n in range(len(rest), 0, -1) if any(rest[:n] in text for text in texts)), 0)
        if not longest:
            return False
        rest = rest[longest:].strip()
    return True


CELLS = st.sampled_from(
    ["2", "台", "3,800.00", "1.2万", "-", "", "13%", "9折", "¥5元", "1e9", "0.5", "壹佰元整"]
) | st.text(max_size=8)


@given(
    st.lists(st.sampled_from([*HEADER, "税率", "折扣", "税额", "价税合计", "x", "", "金额(万元)"]), max_size=8),
    st.lists(st.lists(CELLS, max_size=8), max_size=6),
    st.none()
    | st.lists(st.sampled_from(["合计", "优惠", "税金 13%", "优惠后", "大写：", "\n"]) | CELLS, max_size=8).map(
        " ".join
    ),
)
def test_no_table_makes_the_sums_raise(header: list[str], rows: list[list[str]], total: str | None) -> None:
    found = totals(Table(tuple(header), tuple(QuotedItem(tuple(row)) for row in rows), total))

    assert len(found.amounts_fen) == len(rows)


@given(st.integers(1, 99), st.integers(1, 9_999_999), st.integers(-99_999, 99_999).filter(lambda off: abs(off) > 60))
def test_an_amount_that_is_off_is_always_doubted_and_a_right_one_never(
    count: int, price_fen: int, off_fen: int
) -> None:
    def amount(fen: int) -> str:
        return f"{fen / 100:,.2f}"

    right = quoted("名称|数量|单价|金额", f"泵|{count}|{amount(price_fen)}|{amount(count * price_fen)}")
    wrong = quoted("名称|数量|单价|金额", f"泵|{count}|{amount(price_fen)}|{amount(count * price_fen + off_fen)}")

    assert totals(right).doubts == ()
    if count * price_fen + off_fen > 0:
        assert totals(wrong).doubts == (Doubt("row", count * price_fen + off_fen, count * price_fen, 0),)


def test_a_picture_full_of_lines_is_cut_to_what_may_be_read() -> None:
    lines = [box(str(at), 30.0 + at % 40 * 25, 100.0 + at // 40 * 30) for at in range(5000)]

    assert tables.as_lines(lines).count(" ") + tables.as_lines(lines).count("\n") + 1 == tables.MAX_LINES
    assert tables.is_table(lines) == 0.0


def test_full_width_letters_are_figures_too() -> None:
    assert totals(quoted("名称|金额", "泵|１，２００．００")).amounts_fen == (120000,)
    assert unicodedata.normalize("NFKC", "１") == "1"
