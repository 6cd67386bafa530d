"""Numerals: one value or one range for each spelling, and none for what only looks like a number."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import numerals


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("三百五", 350, 350),
        ("一亿二", 120_000_000, 120_000_000),
        ("一亿两千", 120_000_000, 120_000_000),
        ("一亿零两千", 100_002_000, 100_002_000),
        ("1亿5000万", 150_000_000, 150_000_000),
        ("八十5万", 850_000, 850_000),
        ("一万五百", 10_500, 10_500),
        ("80万3000", 803_000, 803_000),
        ("1,200万", 12_000_000, 12_000_000),
        ("12,800.5万", 128_005_000, 128_005_000),
        ("一二零万", 1_200_000, 1_200_000),
        ("1.5千", 1500, 1500),
        ("十几", 11, 19),
        ("几十万", 200_000, 900_000),
        ("大几十万", 500_000, 900_000),
        ("十几二十万", 110_000, 200_000),
        ("三十几四十", 31, 40),
        ("百八十万", 800_000, 1_000_000),
        ("千八百", 800, 1000),
        ("万八千", 8000, 10_000),
        ("八九十万", 800_000, 900_000),
        ("一百二三十万", 1_200_000, 1_300_000),
    ],
)
def test_a_spelling_has_its_range(words: str, low: int, high: int) -> None:
    assert numerals.read(words) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    "words",
    [
        "三六零",
        "八五万",
        "80万30",
        "八十万三十",
        "1.2万5",
        "1亿5000",
        "万",
        "千万",
        "百",
        "零",
        "八十八十五万",
        "三千八两",
        "十几四十",
        "",
        "1" * 25,
    ],
)
def test_what_is_malformed_is_no_number(words: str) -> None:
    assert numerals.read(words) in (None, (Decimal(0), Decimal(0)))


@given(st.text(alphabet="零〇一二两三四五六七八九十百千万亿点几大把多0123456789.,", max_size=30))
def test_whatever_the_numerals_nothing_raises_and_a_range_is_in_order(words: str) -> None:
    found = numerals.read(words)

    assert found is None or 0 <= found[0] <= found[1]
