"""Instalments that add up to the fen, and what two prices differ by."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import instalments
from nlp.instalments import FEWEST, LEAST_EACH_FEN, MOST, MOST_FEN, MOST_PERCENT, Instalment

counts = st.integers(FEWEST, MOST)
rates = st.decimals(Decimal("0.01"), MOST_PERCENT, places=2)


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, int]:
    """An amount, and how many instalments of it."""
    count = draw(counts)
    return draw(st.integers(LEAST_EACH_FEN * count, MOST_FEN)), count


def test_without_interest_the_last_takes_the_rest() -> None:
    schedule = instalments.even(850_000_00, 12)

    assert [each.fen for each in schedule.instalments] == [*[70_833_33] * 11, 70_833_37]
    assert (schedule.fen, schedule.interest_fen, schedule.annual_percent) == (850_000_00, 0, None)


@given(splits())
def test_parts_without_interest_add_up_and_differ_in_the_last_by_less_than_a_fen_each(split: tuple[int, int]) -> None:
    amount, count = split
    schedule = instalments.even(amount, count)

    assert sum(each.fen for each in schedule.instalments) == amount
    assert len({each.fen for each in schedule.instalments[:-1]}) == 1
    assert 0 <= schedule.instalments[-1].fen - schedule.instalments[0].fen < count


@given(splits(), rates)
def test_equal_principal_adds_up_and_never_rises(split: tuple[int, int], rate: Decimal) -> None:
    amount, count = split
    schedule = instalments.equal_principal(amount, count, rate)

    assert schedule.principal_fen == amount
    assert schedule.fen == amount + sum(each.interest_fen for each in schedule.instalments)
    interests = [each.interest_fen for each in schedule.instalments]
    assert interests == sorted(interests, reverse=True)
    assert min(interests) >= 0


@given(splits(), rates)
def test_an_annuity_adds_up_in_equal_payments_but_for_the_last(split: tuple[int, int], rate: Decimal) -> None:
    amount, count = split
    schedule = instalments.annuity(amount, count, rate)

    assert schedule.principal_fen == amount
    assert schedule.fen == amount + schedule.interest_fen
    assert len({each.fen for each in schedule.instalments[:-1]}) == 1
    assert all(each.principal_fen >= 0 and each.interest_fen >= 0 for each in schedule.instalments)
    # half a fen a month, with interest on it
    assert abs(schedule.instalments[-1].fen - schedule.instalments[0].fen) <= count * (1 + rate / 1200) ** count + 1


def test_an_annuity_is_what_a_banks_table_prints() -> None:
    """100,000 元 at 6 % over 12 months: 8,606.64 元 a month."""
    schedule = instalments.annuity(100_000_00, 12, Decimal(6))

    assert schedule.instalments[0] == Instalment(8_106_64, 500_00)
    assert {each.fen for each in schedule.instalments[:-1]} == {8_606_64}
    assert schedule.instalments[-1].fen == 8_606_69
    assert schedule.interest_fen == 3_279_73


def test_equal_principal_by_hand() -> None:
    schedule = instalments.equal_principal(12_000_00, 3, Decimal(12))

    assert [(each.principal_fen, each.interest_fen) for each in schedule.instalments] == [
        (4_000_00, 120_00),
        (4_000_00, 80_00),
        (4_000_00, 40_00),
    ]


def test_half_a_fen_of_interest_is_rounded_up() -> None:
    # 100.50 元 at 12 % a year bear 1.005 元 in the first month
    schedule = instalments.equal_principal(20_100, 2, Decimal(6))

    assert schedule.instalments[0].interest_fen == 101


@pytest.mark.parametrize(
    ("amount", "count", "rate"),
    [
        (850_000_00, 1, None),
        (850_000_00, MOST + 1, None),
        (LEAST_EACH_FEN * 12 - 1, 12, None),
        (-1, 12, None),
        (MOST_FEN + 1, 12, None),
        (850_000_00, 12, Decimal(0)),
        (850_000_00, 12, Decimal(-3)),
        (850_000_00, 12, MOST_PERCENT + 1),
    ],
)
def test_what_makes_no_plan_is_refused(amount: int, count: int, rate: Decimal | None) -> None:
    with pytest.raises(ValueError, match=r"instalments|rate"):
        instalments.even(amount, count) if rate is None else instalments.annuity(amount, count, rate)


# Two prices


def test_the_two_percentages_are_of_different_prices() -> None:
    gap = instalments.gap(850_000_00, 722_500_00)

    assert gap.fen == 127_500_00
    assert (gap.percent_of_ours, gap.percent_of_theirs) == (Decimal("15.0"), Decimal("17.6"))


def test_a_price_below_and_a_price_undercut_are_not_the_same() -> None:
    assert instalments.below(850_000_00, Decimal(15)) == 722_500_00
    assert instalments.undercut(850_000_00, Decimal(15)) == 739_130_43


@given(st.integers(1, MOST_FEN), st.decimals(Decimal("0.1"), Decimal("99.9"), places=1))
def test_a_price_reckoned_from_a_percentage_is_right_to_half_a_fen(price: int, percent: Decimal) -> None:
    lower = instalments.below(price, percent)
    assert abs(lower * 100 - price * (100 - percent)) <= 50
    undercut = instalments.undercut(price, percent)
    assert abs(undercut * (100 + percent) - price * 100) <= (100 + percent) / 2


@pytest.mark.parametrize(("ours", "theirs"), [(0, 1), (1, 0), (-5, 5), (MOST_FEN + 1, 5)])
def test_what_is_no_price_is_not_compared(ours: int, theirs: int) -> None:
    with pytest.raises(ValueError, match="prices"):
        instalments.gap(ours, theirs)


@pytest.mark.parametrize("percent", [Decimal(0), Decimal(100), Decimal(-1)])
def test_a_percentage_that_leaves_nothing_is_refused(percent: Decimal) -> None:
    for reckon in (instalments.below, instalments.undercut):
        with pytest.raises(ValueError, match="percentage"):
            reckon(100_00, percent)


# Over the years


def test_cost_of_ownership_is_the_price_and_the_years() -> None:
    assert instalments.cost_of_ownership(850_000_00, 30_000_00, 5) == 1_000_000_00
    with pytest.raises(ValueError, match="years"):
        instalments.cost_of_ownership(850_000_00, 30_000_00, 0)


@given(st.integers(1, MOST_FEN), st.integers(1, MOST_FEN))
def test_payback_never_promises_too_soon(price: int, saved: int) -> None:
    months = instalments.payback_months(price, saved)

    assert months * saved >= price * 12 > (months - 1) * saved


def test_nothing_saved_never_pays_back() -> None:
    with pytest.raises(ValueError, match="saving"):
        instalments.payback_months(850_000_00, 0)
