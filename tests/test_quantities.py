"""How many of something, in sales sentences of our own."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import money
from nlp.draft import Quantity


def shown(quantity: Quantity) -> str:
    ends = (
        f"{quantity.low:f}"
        if quantity.low == quantity.high
        else f"{quantity.low.normalize():f}..{quantity.high.normalize():f}"
    )
    return f"{Decimal(ends).normalize():f} {quantity.unit}" if ".." not in ends else f"{ends} {quantity.unit}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("三十来台", "30 台"),
        ("要两条产线", "2 条"),
        ("一共五百多个点位", "500..600 个"),
        ("先上3台", "3 台"),
        ("二三十套", "20..30 套"),
        ("工厂有一百人", "100 人"),
        ("每月要两吨", "2 吨"),
        ("要3.5吨", "3.5 吨"),
        ("三到五台", "3..5 台"),
        ("3-5台", "3..5 台"),
        ("十几台设备", "11..19 台"),
        ("几十家门店", "20..90 家"),
        ("200多家门店", "200..300 家"),
        ("三万台", "30000 台"),
        ("两万个用户", "20000 个"),
        ("3万台", "30000 台"),
        ("1,200台", "1200 台"),
        ("三十台左右", "30 台"),
        ("先试用一台", "1 台"),
        ("上一条产线试试", ""),
        ("改造一条产线", "1 条"),
        ("来了三位领导", "3 位"),
        ("五十名员工", "50 名"),
        ("八千平方米的厂房", "8000 平方米"),
        ("要30台，不对，35台", "35 台"),
        ("要30台每台3800总价十一万四", "30 台"),
        ("30块屏", "30 块"),
        ("两批货", "2 批"),
        ("20辆车，60个车位", "20 辆;60 个"),
        ("预算80万30台", "30 台"),
        ("12万8000台", ""),
    ],
)
def test_a_sentence_holds_exactly_these_quantities(text: str, expected: str) -> None:
    assert ";".join(map(shown, money.quantities(text))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "第三家",
        "一下",
        "一起去",
        "一个月",
        "三个月",
        "两个小时",
        "一直在谈",
        "一些客户",
        "便宜一点",
        "每台3800",
        "三千八一台",
        "3800元/台",
        "两个点",
        "十五个百分点",
        "三个问题",
        "两点建议",
        "两件事",
        "货比三家",
        "一家公司",
        "一个客户",
        "另一台设备",
        "不到三十台",
        "100人以上",
        "30台以内",
        "几台",
        "五百块钱",
        "预算八十万",
        "2026年12月1日",
        "三天后",
        "两周内",
        "3号楼8层",
        "S7-1200台达",
        "三张总",
        "十二月份",
        "DN50",
        "304不锈钢",
        "三七开",
        "打九五折",
        "13800138000",
        "一三八零零一三八零零零",
        "百家姓",
        "双方都同意",
        "三人行必有我师",
        "二十四节气",
        "2205双相钢",
        "张总说80个打底",
        "报了三十六个",
        "500米开外",
        "三方协议",
        "五百强",
        "两三个月",
        "一人一票",
        "三块五一个",
        "两个亿的合同",
        "十个亿",
        "本周三家里有事",
    ],
    ids=str,
)
def test_what_counts_nothing_stays_empty(text: str) -> None:
    assert money.quantities(text) == []


HOSTILE = st.text(alphabet="一二两三几十百千万0123456789.,到-多来台套个人条月第每", max_size=60)


@given(HOSTILE | st.text(max_size=60))
def test_no_text_makes_it_raise_and_quantities_are_no_money(text: str) -> None:
    found = money.quantities(text)
    claimed = [each.span for each in (*money.amounts(text), *money.withdrawn(text), *money.percents(text))]

    for each in found:
        assert 0 < each.low <= each.high
        assert each.unit in each.span.of(text)
        assert all(each.span.end <= other.start or other.end <= each.span.start for other in claimed)
