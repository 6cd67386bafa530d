"""What a quotation counts: the amounts of its items and its total, and where they do not agree; amounts written out.

Nothing is put right: where quantity times price is not the amount, or the items do not make the total, `totals` says so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Literal

from nlp import numerals
from nlp.money import MAX_YUAN
from nlp.screens import Table
from nlp.table_words import ADJUSTS, Role, flat, flat_line, role_of

__all__ = ["Doubt", "Totals", "capital_fen", "capital_in", "stated_fen", "totals"]

_CHEAPER = re.compile(r"优惠|折|让利|抹零|减|DISCOUNT", re.IGNORECASE)
_AGREED = re.compile(r"(?:优惠|折扣?|抹零)后|(?:最终|实收|成交|优惠)价|最终")
"""A price that was agreed, not counted: it need not be the sum of anything."""
_SUBTOTAL = re.compile(r"小计|SUB", re.IGNORECASE)

DoubtKind = Literal["row", "sum", "words"]
"""row: quantity times price is not the amount · sum: the items do not make the total · words: the amount written out in
Chinese is not the one in figures."""


@dataclass(frozen=True)
class Doubt:
    """Two amounts that should be one, in fen; `row` numbers the item from 0, None for the total."""

    kind: DoubtKind
    stated_fen: int
    counted_fen: int
    row: int | None = None


@dataclass(frozen=True)
class Totals:
    """In fen of the yuan; None where nothing, or no amount of yuan, is stated."""

    amounts_fen: tuple[int | None, ...]
    """One for each item."""
    sum_fen: int | None
    """Of all the items; None where one of them has an amount that cannot be read. What is free (赠送) counts nothing."""
    stated_fen: int | None
    """What the table calls its total, the last where there are several."""
    doubts: tuple[Doubt, ...]


_YUAN = re.compile(
    r"(?P<minus>-?)(?:¥|RMB|CNY|人民币)?(?P<also>-?)(?P<figure>(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,6})?[万亿]?)元?整?(?:/[一-鿿]{1,2})?",
    re.IGNORECASE,
)
_COUNT = re.compile(r"(?P<figure>(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,4})?)(?:[一-鿿]{1,3}|[A-Za-z]{1,4}|m[²2³3])?")
_SHARE = re.compile(r"(?P<figure>\d{1,3}(?:\.\d{1,2})?)(?P<sign>%|折)|(?P<bare>[01]?\.\d{1,3})")
_TEN_THOUSANDS = re.compile(r"万元")
_TEN_THOUSANDS_FIRST = re.compile(r"[(（]万元[)）]")
_FREE = re.compile(r"赠|免|已含|包含|不计")
_FOREIGN = re.compile(r"[$€£]|USD|EUR|HKD|JPY|GBP|[美欧港日]元|美金", re.IGNORECASE)
_MARKED = re.compile(
    r"¥-?(?P<figure>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,4})?[万亿]?)|(?P<before>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,4})?万?)元"
)
_BARE = re.compile(
    r"(?<![\dA-Za-z.,])-?(?P<figure>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,4})?[万亿]?)(?![\d%.]|[台套个件天年月日项米])"
)
CENT = Decimal("0.01")


def totals(table: Table) -> Totals:
    """The amounts of the table, and where they do not agree; nothing is put right.

    The amount of an item may have the item's discount or tax in it; the total may be the sum of any column of amounts, with
    what the rows beside it add or take off. A price after a discount that nobody counts out (优惠后 4万) is not doubted.

    >>> from nlp.screens import QuotedItem
    >>> table = Table(("名称", "数量", "单价", "金额"), (QuotedItem(("泵", "2", "350", "760")),), "合计 760")
    >>> totals(table).doubts
    (Doubt(kind='row', stated_fen=76000, counted_fen=70000, row=0),)
    """
    book = _Book(table)
    stated = book.stated()
    doubts = [*book.row_doubts(), *book.sum_doubts(stated), *book.word_doubts(stated)]
    return Totals(tuple(book.amounts), book.sum, stated, tuple(doubts))


class _Book:
    """A table's columns by what they hold."""

    def __init__(self, table: Table) -> None:
        self._items = [item.cells for item in table.items]
        self._header = table.header
        self._roles = [role_of(words) for words in table.header]
        self._sums = [flat_line(line) for line in (table.total or "").split("\n") if line.strip()]
        self._foreign = bool(_FOREIGN.search(" ".join((*table.header, table.total or ""))))
        counted = self._columns("quantity")
        # in a price list nothing is summed; where something is, and nothing counted, prices are amounts
        alone = [] if counted or not self._sums else self._columns("price")[-1:]
        self._amount_columns = self._columns("amount") or alone

    def _columns(self, role: Role) -> list[int]:
        return [at for at, each in enumerate(self._roles) if each == role]

    @cached_property
    def amounts(self) -> list[int | None]:
        """Of the last column of amounts: behind 金额 and 税额 stands 价税合计."""
        return self._amounts_in(self._amount_columns[-1]) if self._amount_columns else [None] * len(self._items)

    def _amounts_in(self, at: int) -> list[int | None]:
        return [None if (yuan := self._yuan(cells, at)) is None else _in_fen(yuan) for cells in self._items]

    @property
    def sum(self) -> int | None:
        return self._sum_of(self._amount_columns[-1]) if self._amount_columns else None

    def _sum_of(self, at: int) -> int | None:
        """The sum of a column; None where an amount that should be there cannot be read. What is free counts nothing."""
        amounts = self._amounts_in(at)
        unread = [
            fen is None and not self._costs_nothing(cells, at) for fen, cells in zip(amounts, self._items, strict=True)
        ]
        known = [fen for fen in amounts if fen is not None]
        return sum(known) if known and not any(unread) else None

    def _costs_nothing(self, cells: Sequence[str], at: int) -> bool:
        """赠送, or a heading between the goods with no figure at all."""
        amount = flat(_cell(cells, at))
        if _says_something(amount):
            return bool(_FREE.search(amount))
        figures = (*self._columns("quantity"), *self._columns("price"), *self._amount_columns)
        return not any(_says_something(_cell(cells, each)) for each in figures)

    def _yuan(self, cells: Sequence[str], at: int) -> Decimal | None:
        if self._foreign or at >= len(cells):
            return None
        found = _yuan(cells[at])
        return found * 10_000 if found is not None and _TEN_THOUSANDS.search(self._header[at]) else found

    def row_doubts(self) -> Iterator[Doubt]:
        for number, cells in enumerate(self._items):
            counted = [each for at in self._columns("quantity") if (each := _count(_cell(cells, at))) is not None]
            prices = [(at, each) for at in self._columns("price") if (each := self._yuan(cells, at)) is not None]
            if self._amount_columns == self._columns("price")[-1:] or not counted or not prices:
                continue
            products = [(at, price, counted[0]) for at, price in prices]
            for at in self._amount_columns:
                amount = self._yuan(cells, at)
                if amount is None or any(self._agree(cells, amount, *each) for each in products):
                    continue
                yield Doubt("row", _in_fen(amount), _in_fen(products[-1][1] * products[-1][2]), number)
                break

    def _agree(self, cells: Sequence[str], amount: Decimal, price_at: int, price: Decimal, count: Decimal) -> bool:
        """Whether the amount is what the price makes, as exactly as both are written."""
        # a price of 85.47 may stand for 85.4701: then the amount may be off by half a fen for each piece
        slack = CENT + (count * CENT / 2 if _places(_cell(cells, price_at)) >= 2 else 0)
        if amount == amount.to_integral_value() and (price * count) % 1:
            slack = max(slack, Decimal(1) / 2 + CENT)
        factors = [Decimal(1), *self._factors(cells)]
        return any(abs(price * count * factor - amount) <= slack * max(factor, Decimal(1)) for factor in factors)

    def _factors(self, cells: Sequence[str]) -> Iterator[Decimal]:
        shares = [each for at in self._columns("discount") if (each := _share(_cell(cells, at))) is not None]
        rates = [each for at in self._columns("rate") if (each := _share(_cell(cells, at))) is not None]
        for share in shares:
            yield share
            yield 1 - share  # 5% off
        for rate in rates:
            yield 1 + rate
            yield from (share * (1 + rate) for share in shares)

    def stated(self) -> int | None:
        known = [(line, fen) for line in self._sums if not self._foreign and (fen := self._stated_in(line)) is not None]
        final = [fen for line, fen in known if not ADJUSTS.match(line) or _AGREED.match(line)]
        whole = [fen for line, fen in known if fen in final and not _SUBTOTAL.search(line)]
        if whole or final:
            return (whole or final)[-1]
        written = [fen for line in self._sums if (fen := capital_in(line)) is not None]
        return written[-1] if written and not self._foreign else None

    def _stated_in(self, line: str) -> int | None:
        columns = [self._header[at] for at in self._amount_columns]
        return stated_fen(line, in_ten_thousands=bool(columns) and all(map(_TEN_THOUSANDS.search, columns)))

    def sum_doubts(self, stated: int | None) -> Iterator[Doubt]:
        counted = self._possible_sums()
        if stated is None or not counted:
            return
        agreed = any(_AGREED.search(line) and self._stated_in(line) == stated for line in self._sums)
        others = {
            fen
            for line in self._sums
            if not _AGREED.search(line) and not ADJUSTS.match(line) and (fen := self._stated_in(line)) is not None
        }
        held_against = others if agreed else {stated}
        if held_against and not any(abs(one - other) <= 1 for one in held_against for other in counted):
            yield Doubt("sum", max(held_against), counted[0])

    def _possible_sums(self) -> list[int]:
        """What the total may be, in fen, the plain sum of the last column first; empty where an amount cannot be read."""
        sums = [fen for at in reversed(self._amount_columns) if (fen := self._sum_of(at)) is not None]
        off = sum(abs(fen) for line in self._sums if _takes_off(line) and (fen := self._stated_in(line)) is not None)
        tax = sum(fen for line in self._sums if _adds(line) and (fen := self._stated_in(line)) is not None)
        sums += [each for base in list(sums) for each in (base - off, base + tax, base - off + tax)]
        rates = {rate for cells in self._items for at in self._columns("rate") if (rate := _share(_cell(cells, at)))}
        rates |= {rate for line in self._sums for found in _SHARE.finditer(line) if (rate := _share(found[0]))}
        return sums + [
            int((base * (1 + rate)).to_integral_value(ROUND_HALF_UP)) for base in list(sums) for rate in rates
        ]

    def word_doubts(self, stated: int | None) -> Iterator[Doubt]:
        for line in self._sums:
            written = capital_in(line)
            beside = self._stated_in(line)
            figure = stated if beside is None else beside
            if written is not None and figure is not None and written != figure and not self._foreign:
                yield Doubt("words", figure, written)


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""


def _says_something(cell: str) -> bool:
    return bool(flat(cell).strip("-/—一"))


def _takes_off(line: str) -> bool:
    return bool(ADJUSTS.match(line) and _CHEAPER.search(line) and not _AGREED.match(line))


def _adds(line: str) -> bool:
    return bool(ADJUSTS.match(line) and not _CHEAPER.search(line))


def _in_fen(yuan: Decimal) -> int:
    return int((yuan * 100).to_integral_value(ROUND_HALF_UP))


def _yuan(cell: str) -> Decimal | None:
    found = _YUAN.fullmatch(flat(cell))
    if found is None:
        return None
    value = _value(found["figure"])
    return -value if value is not None and (found["minus"] or found["also"]) else value


def _value(figure: str) -> Decimal | None:
    read_as = numerals.read(figure)
    return read_as[0] if read_as is not None and read_as[0] <= MAX_YUAN else None


def _count(cell: str) -> Decimal | None:
    found = _COUNT.fullmatch(flat(cell))
    return None if found is None else _value(found["figure"])


def _share(cell: str) -> Decimal | None:
    """13% is 0.13, 9折 and 90折 are 0.9, 0.95 is 0.95."""
    found = _SHARE.fullmatch(flat(cell))
    if found is None:
        return None
    if found["bare"]:
        return Decimal(found["bare"])
    figure = Decimal(found["figure"])
    return figure / (10 if found["sign"] == "折" and figure < 10 else 100)


def _places(cell: str) -> int:
    return len(re.sub(r"\D", "", flat(cell).partition(".")[2]))


def stated_fen(line: str, *, in_ten_thousands: bool = False) -> int | None:
    """The last amount of a row that sums up: behind the sum of the pieces stands that of the money.

    合计(万元)：227.8 says in what it counts; so may the header above a bare figure.
    """
    marked = [found["figure"] or found["before"] for found in _MARKED.finditer(line)]
    figures = marked or [found["figure"] for found in _BARE.finditer(line)]
    value = _value(figures[-1]) if figures else None
    if value is None:
        return None
    scaled = (in_ten_thousands or _TEN_THOUSANDS_FIRST.search(line)) and not marked and "万" not in figures[-1]
    return _in_fen(value * 10_000 if scaled else value)


# Amounts written out

_CAPITALS = {
    character: at for digits in ("零壹贰叁肆伍陆柒捌玖", "〇一二三四五六七八九") for at, character in enumerate(digits)
}
_CAPITALS |= {"貳": 2, "弍": 2, "參": 3, "叄": 3, "陸": 6, "两": 2}
_TENS = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}
_ALIKE = str.maketrans("萬億圆圓", "万亿元元")
_CAPITAL = re.compile(
    r"(?:人民币)?(?P<yuan>[零壹贰貳弍叁參叄肆伍陆陸柒捌玖拾佰仟万亿〇一二两三四五六七八九十百千]{1,40})元"
    r"(?:零?(?P<jiao>[零壹贰貳弍叁參叄肆伍陆陸柒捌玖一二两三四五六七八九])角)?(?:零?(?P<fen>[零壹贰貳弍叁參叄肆伍陆陸柒捌玖一二两三四五六七八九])分)?[整正]?"
)
_COIN = re.compile(r"(?:(?P<jiao>[壹贰叁肆伍陆柒捌玖])角)?(?:(?P<fen>[壹贰叁肆伍陆柒捌玖])分)?[整正]?")
_FORMAL = re.compile(r"[壹贰貳弍叁參叄肆伍陆陸柒捌玖拾佰仟]")


def capital_fen(words: str) -> int | None:
    """An amount written out as on a contract, in fen; None where it is not one from end to end.

    >>> capital_fen("贰拾壹万叁仟柒佰伍拾元整"), capital_fen("壹仟零伍元叁角"), capital_fen("拾元拾元")
    (21375000, 100530, None)
    """
    written = flat(words).translate(_ALIKE)
    if coin := _COIN.fullmatch(written):
        jiao, fen = coin["jiao"], coin["fen"]
        return _coins(jiao, fen) or None
    found = _CAPITAL.fullmatch(written)
    if found is None:
        return None
    yuan = _capital_yuan(found["yuan"])
    return None if yuan is None else (yuan * 100 + _coins(found["jiao"], found["fen"])) or None


def _coins(jiao: str | None, fen: str | None) -> int:
    return 10 * (_CAPITALS[jiao] if jiao else 0) + (_CAPITALS[fen] if fen else 0)


def capital_in(line: str) -> int | None:
    """The first amount written out in formal numerals within a line, in fen."""
    for found in _CAPITAL.finditer("".join(line.split()).translate(_ALIKE)):
        if _FORMAL.search(found[0]):
            return capital_fen(found[0])
    return None


def _capital_yuan(words: str) -> int | None:
    """Numerals before falling powers of ten, in sections before 亿 and 万."""
    total, rest = 0, words
    for unit, factor in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = rest.rpartition(unit)
        if found:
            # 壹万亿 is 10^12: only before 亿 may 万 stand again
            value = _capital_yuan(head) if unit == "亿" else _capital_section(head)
            if value is None or value == 0:
                return None
            total, rest = total + value * factor, tail
    if not rest:
        return total or None
    below = _capital_section(rest)
    return None if below is None else total + below


def _capital_section(words: str) -> int | None:
    """A number below ten thousand: 叁仟零伍拾, 拾伍; 零 may stand anywhere between."""
    total, digit, power = 0, None, 10_000
    for character in words:
        if character in _TENS:
            if _TENS[character] >= power or (digit is None and (character not in "拾十" or total)) or digit == 0:
                return None
            power = _TENS[character]
            total += (1 if digit is None else digit) * power
            digit = None
        elif character not in _CAPITALS or (digit is not None and digit != 0):
            return None
        else:
            digit = _CAPITALS[character]
    if not words or (digit is not None and digit != 0 and power == 1):
        return None
    return total + (digit or 0)
