"""What is an order about grades and points, and what is news of something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.grade_words import GradeOrder, ScoreSaid, dimension_said, read, read_of, score_said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("评级 恒力", GradeOrder("grade", "恒力")),
        ("评级：恒力。", GradeOrder("grade", "恒力")),
        ("看评级 宁波恒力", GradeOrder("grade", "宁波恒力")),
        ("评级 恒力 二期扩产", GradeOrder("grade", "恒力", "二期扩产")),
        ("评级", GradeOrder("grade")),
        ("评分 恒力 紧迫性 4 招标下周开，要快", GradeOrder("set", "恒力", "紧迫性 4 招标下周开，要快")),
        ("撤销评分 恒力", GradeOrder("unset", "恒力")),
        ("撤回评分 恒力 预算", GradeOrder("unset", "恒力", "预算")),
        ("线索分 恒力", GradeOrder("points", "恒力")),
        ("线索行为 恒力 白皮书 11月12日", GradeOrder("did", "恒力", "白皮书 11月12日")),
        ("撤销线索行为 恒力 白皮书", GradeOrder("undid", "恒力", "白皮书")),
        ("评级 宁波改性塑料", GradeOrder("grade", "宁波改性塑料")),
    ],
)
def test_an_order_by_the_letter_is_read(text: str, expected: GradeOrder) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "评级的事下次再说",
        "评级下次再说",
        "评级 的事下次再说，王经理不急",
        "评级 上次定的是B，客户不满意",
        "评级 客户说下次再谈",
        "评分结果还没出来",
        "评分标准改了",
        "线索分了两批给我们",
        "线索分给了小王",
        "撤销评分的申请他们没批",
        "今天拜访了恒力，评级 A",
        "信用评级被取消了",
        "评级 恒力\n预算85万",
        "评级 恒力 " + "很" * 80,
    ],
)
def test_news_that_mentions_a_grade_is_no_order(text: str) -> None:
    assert read(text) is None
    assert read_of(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("恒力的评级", GradeOrder("grade", "恒力")),
        ("恒力的评级？", GradeOrder("grade", "恒力")),
        ("看看宁波恒力的客户评级", GradeOrder("grade", "宁波恒力")),
        ("恒力的线索分", GradeOrder("points", "恒力")),
        ("他们的评级", None),
        ("客户的评级", None),
        ("上次说的评级", None),
        ("聊了恒力的评级", None),
        ("恒力的评级下次再说", None),
        ("见了王经理，问了恒力的评级", None),
    ],
)
def test_a_customers_grade_is_asked_for_in_passing(text: str, expected: GradeOrder | None) -> None:
    assert read_of(text) == expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("紧迫性 4 招标下周开", ScoreSaid("urgency", 4, "招标下周开")),
        ("采购紧迫性4 招标下周开", ScoreSaid("urgency", 4, "招标下周开")),
        ("预算明确度 5分 合同里写了", ScoreSaid("budget", 5, "合同里写了")),
        ("决策链 2", ScoreSaid("chain", 2)),
        ("二期扩产 竞品对比 3 只剩一家", ScoreSaid("rivals", 3, "只剩一家", "二期扩产")),
        ("预算二期 紧迫性 1 不急", ScoreSaid("urgency", 1, "不急", "预算二期")),
        ("价格 4 太贵", None),
        ("紧迫性 很急", None),
    ],
)
def test_what_somebody_sets_is_read_with_their_reason(rest: str, expected: ScoreSaid | None) -> None:
    assert score_said(rest) == expected


def test_what_is_taken_back_is_named() -> None:
    assert dimension_said("紧迫性") == ScoreSaid("urgency")
    assert dimension_said("二期扩产 预算") == ScoreSaid("budget", deal="二期扩产")
    assert dimension_said("二期扩产") is None


@given(st.text(alphabet="评级分线索行为撤销恒力 的，。4紧迫性说", max_size=40))
def test_whatever_is_read_names_parts_of_the_words(text: str) -> None:
    for order in (read(text), read_of(text)):
        if order is not None:
            assert order.customer in text
            assert order.rest in text
    said = score_said(text)
    if said is not None:
        assert said.points is not None
        assert said.why in text
