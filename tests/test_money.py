"""Money and percentages in sales sentences of our own."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import numerals
from nlp.money import amounts, find, percents
from tests.spelling import spelled

W = 10_000


@pytest.mark.parametrize(
    ("text", "role", "low", "high", "unit"),
    [
        ("预算大概八十万", "budget", 80 * W, 80 * W, None),
        ("预算八十万，不对，八十五万", "budget", 85 * W, 85 * W, None),
        ("预算八十万不对八十五万", "budget", 85 * W, 85 * W, None),
        ("预算80万，哦不，说错了，是85万", "budget", 85 * W, 85 * W, None),
        ("预算不是80万，是85万", "budget", 85 * W, 85 * W, None),
        ("预算是80万不是90万", "budget", 80 * W, 80 * W, None),
        ("报价8万5", "quote", 85_000, 85_000, None),
        ("报价一万二", "quote", 12_000, 12_000, None),
        ("合同金额一百万零五千", "deal", 1_005_000, 1_005_000, None),
        ("单价一千二一台", "unit_price", 1200, 1200, "台"),
        ("每台3800", "unit_price", 3800, 3800, "台"),
        ("设备3800元/台", "unit_price", 3800, 3800, "台"),
        ("三十万一台", "unit_price", 30 * W, 30 * W, "台"),
        ("维保费三万六一年", "fee", 36_000, 36_000, "年"),
        ("预算三五万", "budget", 3 * W, 5 * W, None),
        ("预算三十五六万", "budget", 35 * W, 36 * W, None),
        ("预算十几万", "budget", 11 * W, 19 * W, None),
        ("预算一两百万", "budget", 100 * W, 200 * W, None),
        ("预算三到五万", "budget", 3 * W, 5 * W, None),
        ("预算80-90万", "budget", 80 * W, 90 * W, None),
        ("预算80万到一百万", "budget", 80 * W, 100 * W, None),
        ("预算五千到一万块", "budget", 5000, 1 * W, None),
        ("预算80来万", "budget", 80 * W, 80 * W, None),
        ("预算80多万", "budget", 80 * W, 90 * W, None),
        ("预算80万以内", "budget", None, 80 * W, None),
        ("预算不到十万", "budget", None, 10 * W, None),
        ("总价不能超过128.5万元", "quote", None, 1_285_000, None),
        ("预算至少五十万", "budget", 50 * W, None, None),
        ("预算超过两百万", "budget", 200 * W, None, None),
        ("上百万的单子", "deal", 100 * W, None, None),
        ("报价12w", "quote", 12 * W, 12 * W, None),
        ("预算是1.2亿", "budget", 12_000 * W, 12_000 * W, None),
        ("报价¥128,000.00", "quote", 128_000, 128_000, None),
        ("比竞品贵五万", "price_gap", 5 * W, 5 * W, None),
        ("再便宜三千块", "price_gap", 3000, 3000, None),
        ("定金付了三万", "payment", 3 * W, 3 * W, None),
        ("竞品报45万", "competitor_price", 45 * W, 45 * W, None),
        ("总金额一百二十六万含三年维保", "deal", 126 * W, 126 * W, None),
        ("总金额一百二十六万三年维保", "deal", 126 * W, 126 * W, None),
        ("预算８５万", "budget", 85 * W, 85 * W, None),
    ],
)
def test_an_amount_is_read(text: str, role: str, low: int | None, high: int | None, unit: str | None) -> None:
    [amount] = amounts(text)

    assert (amount.role, amount.unit) == (role, unit)
    assert amount.low_fen == (None if low is None else low * 100)
    assert amount.high_fen == (None if high is None else high * 100)


@pytest.mark.parametrize(
    "text",
    [
        "三六零的产品",
        "做五金的",
        "三一重工",
        "付款方式要三六一",
        "电话13800138000",
        "电话一三八零零一三八零零零",
        "一共三万台",
        "两万个用户",
        "五百强企业",
        "等一下",
        "一起去",
        "2026年12月1号",
        "他们有两点建议",
        "万达广场",
        "改造费80万亿",
        "2万美金",
        "预算八十八十五万",
        "这一块业务",
        "第三万",
        "3号楼8层",
        "万一不行",
    ],
)
def test_what_is_no_sum_of_money_stays_empty(text: str) -> None:
    assert amounts(text) == []


def test_a_misheard_word_behind_the_unit_does_not_change_the_amount() -> None:
    [amount] = amounts("项目预算二百三十万一计十二月招标")

    assert amount.low_fen == amount.high_fen == 230 * W * 100


def test_each_amount_has_its_own_role() -> None:
    found = amounts("预算150万左右，竞品报价45万，我们报52万，定金先付十万")

    assert [each.role for each in found] == ["budget", "competitor_price", "quote", "payment"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("比竞品贵百分之十五", [15.0]),
        ("首付30%", [30.0]),
        ("百分之十二点五", [12.5]),
        ("打九五折", [95.0]),
        ("最多打八折", [80.0]),
        ("8.5折", [85.0]),
        ("便宜两个点", [2.0]),
        ("降3个百分点", [3.0]),
        ("要三成首付", [30.0]),
        ("10%到15%", [10.0, 15.0]),
        ("百分之十，不对，百分之十五", [15.0]),
        ("三个点位", []),
        ("分两点说", []),
        ("成本高", []),
        ("骨折价", []),
    ],
)
def test_percentages(text: str, values: list[float]) -> None:
    assert [each.value for each in percents(text)] == values


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("8万5", 85_000),
        ("8万5千", 85_000),
        ("一千零二", 1002),
        ("一千二", 1200),
        ("一万零五百", 10_500),
        ("十二万", 120_000),
        ("两亿三千万", 230_000_000),
        ("八点五万", 85_000),
        ("1,200", 1200),
    ],
)
def test_a_numeral_is_read_exactly(words: str, value: int) -> None:
    assert numerals.read(words) == (Decimal(value), Decimal(value))


@given(st.integers(min_value=1, max_value=99_999_999))
def test_a_number_spelled_in_full_reads_back(value: int) -> None:
    assert numerals.read(spelled(value)) == (Decimal(value), Decimal(value))


PIECES = st.lists(
    st.sampled_from(
        [
            "预算",
            "八十",
            "万",
            "亿",
            "千",
            "百",
            "十",
            "五",
            "85",
            "3.5",
            ",",
            "元",
            "块",
            "到",
            "-",
            "不到",
            "以内",
            "多",
            "来",
            "几",
            "w",
            "k",
            "%",
            "折",
            "百分之",
            "个点",
            "每台",
            "一年",
            "不对",
            "，",
            "报价",
            "不是",
            "三",
            "成",
            "点",
            "零",
        ]
    ),
    max_size=10,
).map("".join)


@given(PIECES | st.text(max_size=60))
def test_no_text_makes_it_raise_and_every_range_is_in_order(text: str) -> None:
    found = find(text)

    assert all(each.span.of(text) for each in found)
    for amount in amounts(text):
        assert amount.low_fen is not None or amount.high_fen is not None
        if amount.low_fen is not None and amount.high_fen is not None:
            assert 0 < amount.low_fen <= amount.high_fen
    assert found == find(text)


@pytest.mark.parametrize(("text", "bound"), [("报价15万吧", "about"), ("报价15万", "exact"), ("最多15万吧", "at_most")])
def test_a_figure_with_ba_is_a_guess(text: str, bound: str) -> None:
    assert [each.bound for each in amounts(text)] == [bound]
