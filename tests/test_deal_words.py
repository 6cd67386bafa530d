"""Orders about deals, and notes that begin with the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import approval_words, deal_words, evidence_words
from nlp.deal_words import DealOrder

STAGES = ("线索获取", "需求确认", "方案设计", "报价审批", "合同签订", "交付执行")


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("商机", DealOrder("show")),
        ("商机 恒力 二期", DealOrder("show", "恒力", "二期")),
        ("商机：恒力", DealOrder("show", "恒力")),
        ("阶段 恒力 报价审批", DealOrder("stage", "恒力", "报价审批")),
        ("阶段：恒力 二期扩产 报价审批", DealOrder("stage", "恒力", "二期扩产 报价审批")),
        ("撤销阶段 恒力", DealOrder("undo", "恒力")),
        ("转SQL 恒力 二期", DealOrder("sql", "恒力", "二期")),
        ("退回市场 恒力 没有预算，年内不会启动。", DealOrder("return", "恒力", "没有预算，年内不会启动")),
        ("丢单：恒力，价格太高，选了别家", DealOrder("lost", "恒力", "价格太高，选了别家")),
        ("新商机 恒力 二期扩产", DealOrder("new", "恒力", "二期扩产")),
        ("预计签约 恒力 12月20日", DealOrder("signing", "恒力", "12月20日")),
        ("预计签约：下周五", DealOrder("signing", rest="下周五")),
        ("成本 恒力 60万", DealOrder("cost", "恒力", "60万")),
        ("成本 60万", DealOrder("cost", rest="60万")),
    ],
)
def test_an_order_is_read_with_its_parts(text: str, order: DealOrder) -> None:
    assert deal_words.read(text, STAGES) == order


@pytest.mark.parametrize(
    "text",
    [
        "阶段：报价审批",
        "阶段 报价审批",
        "阶段：报价审批，客户宁波恒力阀门，见了王经理，预算80万",
        "阶段 恒力，王经理说下周定",
        "成本，他们说太高了，见了恒力王经理",
        "成本价 客户嫌贵",
        "商机 不错，恒力的王经理想要二期",
        "商机 恒力 王经理说二期年后启动。先把一期验收做完",
        "丢单，恒力选了别家",
        "预计签约：12月20日，客户恒力，王经理说的",
        "预计签约 恒力 12月20日，王经理说领导还没批",
        "新商机 恒力 他们要在二期车间再上三条生产线，明年三月启动",
    ],
)
def test_a_note_that_begins_with_the_same_words_is_no_order(text: str) -> None:
    assert deal_words.read(text, STAGES) is None


@given(st.text(alphabet="商机阶段预计签约成本丢赢单转SQL恒力 ：，。12月万\n", max_size=40))
def test_whatever_is_said_is_an_order_or_none_and_an_order_names_what_was_said(text: str) -> None:
    order = deal_words.read(text, STAGES)
    if order is not None:
        assert order.customer in text
        assert order.rest in text
        assert order.customer not in STAGES or order.order != "stage"


@pytest.mark.parametrize("text", ["文件：恒力王经理要合同扫描件", "资料：我周五前发给王经理"])
def test_a_note_about_files_lists_none(text: str) -> None:
    assert evidence_words.read_show(text) is None


def test_a_budget_or_a_rivals_price_is_no_quote_to_be_approved() -> None:
    assert approval_words.amount("恒力那边领导还没批，预算80万，见了王经理") is None
    assert approval_words.amount("恒力 竞品报75万") is None
    assert approval_words.amount("恒力 预算80万，报价78万") == 78_000_000
