"""What is an order about evidence, and what is news of something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.documents import DEMO, DOCUMENTS, FEEDBACK, OTHERS, SCENE, by_name, named, sort_of_name, stem_of
from nlp.evidence_words import FileTo, Show, read_file_to, read_show, read_show_of

LABELS = (*DOCUMENTS, *OTHERS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("证据 恒力", Show("all", "恒力")),
        ("证据：恒力。", Show("all", "恒力")),
        ("看证据 宁波恒力", Show("all", "宁波恒力")),
        ("资料 恒力", Show("all", "恒力")),
        ("文件 恒力", Show("files", "恒力")),
        ("文件 恒力 第3页", Show("files", "恒力", page=3)),
        ("证据 恒力 二期扩产", Show("all", "恒力", "二期扩产")),
        ("证据 恒力 11-20", Show("all", "恒力", "11-20")),
        ("证据 恒力 11月20日 第2页", Show("all", "恒力", "11月20日", 2)),
    ],
)
def test_whose_evidence_is_asked_for(text: str, expected: Show) -> None:
    assert read_show(text) == expected
    assert read_show_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "证据",
        "恒力",
        "证据不足，客户说要再看看",
        "文件已经发给恒力了",
        "今天去了恒力，文件 都给了王经理，下周再去",
        "客户要我们公司的文件",
        "需要总部的文件",
        "王经理拿走了报价的文件",
        "这是恒力的文件",
    ],
)
def test_news_that_mentions_a_file_is_no_order(text: str) -> None:
    assert read_show(text) is None
    assert read_show_of(text) is None


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("归到恒力", "恒力"),
        ("归档到 恒力阀门", "恒力阀门"),
        ("把刚才的文件归到恒力名下", "恒力"),
        ("这几张照片归到「恒力」。", "恒力"),
        ("存到恒力的资料里", "恒力"),
    ],
)
def test_whose_it_is_can_be_said(text: str, customer: str) -> None:
    assert read_file_to(text) == FileTo(customer)


@pytest.mark.parametrize("text", ["归到", "这事归到底还是价格问题，王经理说的", "责任都归到我们头上，客户很不满意"])
def test_other_words_file_nothing(text: str) -> None:
    assert read_file_to(text) is None


@pytest.mark.parametrize(
    ("file_name", "label"),
    [
        ("恒力营业执照.pdf", "营业执照"),
        ("执照副本扫描.PDF", "营业执照"),
        ("采购意向书（盖章版）v3.docx", "采购意向书"),
        ("需求调研-恒力.xlsx", "需求调研表"),
        ("双签页扫描.pdf", "双方签字页"),
        ("法务审核意见.docx", "法务批注"),
        ("恒力试用协议.pdf", "试用协议"),
        ("竞品参数对比.xlsx", "竞品对比表"),
        ("首次试用反馈.m4a", FEEDBACK),
        ("产品演示.mp4", DEMO),
        ("现场.jpg", SCENE),
        ("产品演示.pptx", None),
        ("试用反馈.docx", None),
        ("现场.pdf", None),
        ("报价单.xlsx", None),
        ("", None),
        (".pdf", None),
    ],
)
def test_a_files_name_says_what_it_is_where_it_can_be_that(file_name: str, label: str | None) -> None:
    assert by_name(file_name, DOCUMENTS) == label


@pytest.mark.parametrize(
    ("text", "label", "owner"),
    [
        ("这是营业执照", "营业执照", ""),
        ("这张是营业执照。", "营业执照", ""),
        ("刚才那张是双方签字页", "双方签字页", ""),
        ("签字页", "双方签字页", ""),
        ("这个录音是首次试用反馈录音", FEEDBACK, ""),
        ("这是反馈录音", FEEDBACK, ""),
        ("这段视频是演示视频", DEMO, ""),
        ("这是恒力的调研表", "需求调研表", "恒力"),
    ],
)
def test_what_something_is_can_be_said(text: str, label: str, owner: str) -> None:
    found = named(text, LABELS)

    assert found is not None
    assert (found.label, found.owner) == (label, owner)


@pytest.mark.parametrize(
    "text", ["营业执照下周给", "这是我们第一次见面", "客户说采购意向书周五签", "是", "这是", "这是恒力的意思", ""]
)
def test_news_of_a_document_is_no_label(text: str) -> None:
    assert named(text, LABELS) is None


@given(st.text(max_size=60))
def test_no_words_break_a_reader(text: str) -> None:
    for read in (read_show, read_show_of, read_file_to):
        read(text)
    named(text, LABELS)
    label = by_name(text, DOCUMENTS)
    assert label is None or label in LABELS
    assert sort_of_name(text)
    assert stem_of(stem_of(text)) is not None


@given(st.sampled_from(["", "_v2", "(1)", " 第三稿", "-终版", "V1.2(3)"]), st.sampled_from(["恒力意向书", "报价单"]))
def test_a_version_of_a_name_is_the_same_document(mark: str, name: str) -> None:
    assert stem_of(f"{name}{mark}.pdf") == name
