"""Instalments, price differences, cost of ownership and payback: exact to the fen, and summing up exactly.

Money is an int of fen, rates are `Decimal` percent; nothing here is a float. Two ways of rounding occur:

- Interest, an annuity's payment and a price reckoned from a percentage are rounded half up (四舍五入), as Chinese contracts
  and banks' schedules print them. Half-even would be fairer over many sums, but a customer who checks one line with a
  pocket calculator must find it.
- Principal that does not divide is rounded down, and the last instalment takes the rest. So none is negative, the last
  is the one that differs, and all of them add up to the amount.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

FEWEST, MOST = 2, 120
LEAST_EACH_FEN = 100_00
"""Of what is split, for each instalment: below it rounding to the fen would outweigh the principal."""
MOST_FEN = 10**13
MOST_PERCENT = Decimal(36)
"""Annual interest above this is no instalment plan that a seller offers."""
_DIGITS = 60

Method = Literal["even", "annuity", "equal_principal"]


@dataclass(frozen=True)
class Instalment:
    principal_fen: int
    interest_fen: int

    @property
    def fen(self) -> int:
        return self.principal_fen + self.interest_fen


@dataclass(frozen=True)
class Schedule:
    """Monthly instalments, the first first. `annual_percent` is None where no interest is reckoned."""

    method: Method
    instalments: tuple[Instalment, ...]
    annual_percent: Decimal | None = None

    @property
    def principal_fen(self) -> int:
        return sum(each.principal_fen for each in self.instalments)

    @property
    def interest_fen(self) -> int:
        return sum(each.interest_fen for each in self.instalments)

    @property
    def fen(self) -> int:
        return self.principal_fen + self.interest_fen


def even(amount_fen: int, count: int) -> Schedule:
    """Without interest: each `amount // count`, the last what is left.

    Raises ValueError outside of FEWEST to MOST instalments, or where one would be below LEAST_EACH_FEN.
    """
    _check(amount_fen, count)
    return Schedule("even", tuple(Instalment(part, 0) for part in _parts(amount_fen, count)))


def equal_principal(amount_fen: int, count: int, annual_percent: Decimal) -> Schedule:
    """等额本金: the principal as in `even`; each month's interest is rest × annual / 12, rounded half up.

    Raises ValueError as `even`, and for a rate outside of 0 (excluded) to MOST_PERCENT.
    """
    _check(amount_fen, count, annual_percent)
    rest, found = amount_fen, []
    for part in _parts(amount_fen, count):
        found.append(Instalment(part, _interest(rest, annual_percent)))
        rest -= part
    return Schedule("equal_principal", tuple(found), annual_percent)


def annuity(amount_fen: int, count: int, annual_percent: Decimal) -> Schedule:
    """等额本息: each month amount × i / (1 - (1 + i)^-count) with i = annual / 12, rounded half up.

    Of it rest × i, rounded half up, is interest and what remains principal. The last instalment is what is left of the
    principal and its interest, so that the principals add up to the amount; it differs by the rounding of the others.
    Raises ValueError as `equal_principal`.
    """
    _check(amount_fen, count, annual_percent)
    with localcontext() as exact:
        exact.prec = _DIGITS
        monthly = annual_percent / 1200
        payment = _rounded(amount_fen * monthly / (1 - (1 + monthly) ** -count))
    rest, found = amount_fen, []
    for _ in range(count - 1):
        interest = _interest(rest, annual_percent)
        found.append(Instalment(payment - interest, interest))
        rest -= payment - interest
    found.append(Instalment(rest, _interest(rest, annual_percent)))
    return Schedule("annuity", tuple(found), annual_percent)


def _parts(amount_fen: int, count: int) -> list[int]:
    part, rest = divmod(amount_fen, count)
    return [*[part] * (count - 1), part + rest]


def _interest(rest_fen: int, annual_percent: Decimal) -> int:
    with localcontext() as exact:
        exact.prec = _DIGITS
        return _rounded(rest_fen * annual_percent / 1200)


def _check(amount_fen: int, count: int, annual_percent: Decimal | None = None) -> None:
    if not FEWEST <= count <= MOST:
        raise ValueError(f"{FEWEST} to {MOST} instalments are reckoned")
    if not LEAST_EACH_FEN * count <= amount_fen <= MOST_FEN:
        raise ValueError("the amount is too small or too large for that many instalments")
    if annual_percent is not None and not 0 < annual_percent <= MOST_PERCENT:
        raise ValueError(f"an annual rate above 0 and up to {MOST_PERCENT} percent is reckoned with")


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


# Two prices


@dataclass(frozen=True)
class Gap:
    """Two prices; what is dearer about ours is positive, a price of ours below theirs makes it negative."""

    ours_fen: int
    theirs_fen: int

    @property
    def fen(self) -> int:
        return self.ours_fen - self.theirs_fen

    @property
    def percent_of_theirs(self) -> Decimal:
        """By how much ours is above theirs: (ours - theirs) / theirs, to a tenth, half up."""
        return _share(self.fen, self.theirs_fen)

    @property
    def percent_of_ours(self) -> Decimal:
        """By how much theirs is below ours: (ours - theirs) / ours, to a tenth, half up."""
        return _share(self.fen, self.ours_fen)


def gap(ours_fen: int, theirs_fen: int) -> Gap:
    """Raises ValueError unless both are prices: above nothing, and up to MOST_FEN."""
    if not (0 < ours_fen <= MOST_FEN and 0 < theirs_fen <= MOST_FEN):
        raise ValueError("two prices above nothing are compared")
    return Gap(ours_fen, theirs_fen)


def below(price_fen: int, percent: Decimal) -> int:
    """A price that is that many percent lower: price × (1 - percent / 100), to the fen, half up.

    Raises ValueError for a percentage outside of 0 to 100, both excluded.
    """
    _check_percent(percent)
    return _reckoned(price_fen, lambda price: price * (1 - percent / 100))


def undercut(price_fen: int, percent: Decimal) -> int:
    """The price above which this one stands by that many percent: price / (1 + percent / 100), to the fen, half up.

    Raises ValueError as `below`.
    """
    _check_percent(percent)
    return _reckoned(price_fen, lambda price: price / (1 + percent / 100))


def _check_percent(percent: Decimal) -> None:
    if not 0 < percent < 100:
        raise ValueError("a percentage between 0 and 100 is reckoned with")


def _reckoned(price_fen: int, change: Callable[[Decimal], Decimal]) -> int:
    with localcontext() as exact:
        exact.prec = _DIGITS
        return _rounded(change(Decimal(price_fen)))


def _share(part_fen: int, whole_fen: int) -> Decimal:
    with localcontext() as exact:
        exact.prec = _DIGITS
        return (Decimal(part_fen) * 100 / whole_fen).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


# Over the years


def cost_of_ownership(price_fen: int, yearly_fen: int, years: int) -> int:
    """What it costs over the years: price + yearly × years. Raises ValueError for less than nothing, or no year."""
    if price_fen < 0 or yearly_fen < 0 or not 1 <= years <= 50:
        raise ValueError("a price, a yearly cost and 1 to 50 years are reckoned with")
    return price_fen + yearly_fen * years


def payback_months(price_fen: int, saved_yearly_fen: int) -> int:
    """After how many months the savings reach the price: price × 12 / saved, rounded up, so as not to promise too soon.

    Raises ValueError where nothing is paid or saved.
    """
    if price_fen <= 0 or saved_yearly_fen <= 0:
        raise ValueError("a price and a yearly saving above nothing are reckoned with")
    with localcontext() as exact:
        exact.prec = _DIGITS
        months = Decimal(price_fen) * 12 / saved_yearly_fen
        return int(months.quantize(Decimal(1), rounding=ROUND_CEILING))
