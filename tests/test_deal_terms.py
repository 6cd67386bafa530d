"""What a question says of a deal: terms, and by how much two prices differ."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import deal_terms
from nlp.deal_terms import Difference, Terms

BELOW, ABOVE = "theirs_below_ours", "ours_above_theirs"


@pytest.mark.parametrize(
    ("text", "kind", "percent"),
    [
        ("客户说竞品价格低15%", BELOW, 15),
        ("竞品比我们便宜百分之十五", BELOW, 15),
        ("他们比我们便宜15个点", BELOW, 15),
        ("竞品便宜两成", BELOW, 20),
        ("华工报价低15%", BELOW, 15),
        ("嫌我们比竞品贵百分之十五", ABOVE, 15),
        ("比竞品贵百分之十五", ABOVE, 15),
        ("客户说我们价格高10%", ABOVE, 10),
        ("嫌贵15%", ABOVE, 15),
    ],
)
def test_a_percentage_says_whose_price_it_is_of(text: str, kind: str, percent: int) -> None:
    difference = deal_terms.difference(text, ["华工"])

    assert difference is not None
    assert (difference.kind, difference.percent) == (kind, percent)


def test_a_difference_may_be_money() -> None:
    difference = deal_terms.difference("竞品比我们便宜12万")

    assert difference == Difference(BELOW, fen=120_000_00)
    assert difference.theirs(850_000_00) == 730_000_00
    assert difference.theirs(100_000_00) is None


@pytest.mark.parametrize(
    "text",
    [
        "要求再降15%",
        "客户要求便宜15%",
        "我们便宜15%",
        "我们比竞品便宜15%",
        "竞品便宜一成多",
        "竞品低10%到15%",
        "竞品低大概15%",
        "比去年贵20%",
        "比预算高15%",
        "竞品便宜到72万",
        "竞品报72万",
        "竞品打九折",
        "华工低10%，华锐低20%",
        "贵了20%",
    ],
)
def test_what_is_no_exact_difference_of_two_prices_is_not_read(text: str) -> None:
    assert deal_terms.difference(text, ["华工", "华锐"]) is None


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("要分12期付款", Terms(count=12)),
        ("要分十二期付", Terms(count=12)),
        ("分期12个月", Terms(count=12)),
        ("首付三成，分36期", Terms(count=36, down_percent=Decimal(30))),
        ("首付20万，分六期", Terms(count=6, down_fen=200_000_00)),
        ("分12期，年利率4.8%", Terms(count=12, annual_percent=Decimal("4.8"))),
        (
            "年化利率百分之四点八，等额本金，分24期",
            Terms(count=24, annual_percent=Decimal("4.8"), equal_principal=True),
        ),
        ("分24期月息5厘", Terms(count=24, unclear=True)),
        ("首付一部分，分6期", Terms(count=6, unclear=True)),
        ("能不能分期", Terms()),
        ("分3年付", Terms()),
        ("6期还是12期付款", Terms(count=12)),
        ("每年能省12万，用5年", Terms(years=5, saved_yearly_fen=120_000_00)),
        ("每年维护费3万，用10年", Terms(years=10, spent_yearly_fen=30_000_00)),
        ("一年省十来万", Terms()),
    ],
)
def test_terms_are_read_where_they_are_said_exactly(text: str, terms: Terms) -> None:
    assert deal_terms.read(text) == terms


@given(st.text(alphabet="客户说竞品我们比贵低高便宜15%分12期首付三成年利率4.8省万每年，", max_size=60))
def test_no_words_make_it_stumble(text: str) -> None:
    terms, difference = deal_terms.read(text), deal_terms.difference(text)

    assert terms.count is None or terms.count > 0
    assert difference is None or (difference.percent is None) != (difference.fen is None)
