"""A summary holds the draft's values and nothing else."""

import re

import pytest

from nlp.draft import VisitDraft
from nlp.summary import LABELS, MAX_LENGTH, OWNERS, ROLES
from tests.test_extract import COLLOQUIAL, draft

NOTES = {
    "everything": COLLOQUIAL,
    "steps": "我周五前把合同发过去，周一再上门一趟，让商务的小李准备发票，他们月底前盖章",
    "complaint": "昨天去了锦程，陈经理嫌我们比竞品贵两成，又说售后没人管，要我们下周三前给个说法",
    "demands": "王总让我们先出一版方案，还要我们派老师培训一次，问能不能分期",
    "amounts": "预算三到五十万，我们报了五十八万，竞品报四十五万，合同额五十万",
    "vague": "客户很满意，后续再联系",
    "nothing": "今天路上堵车",
}
_MARKS = re.compile(r"[，。；：、「」（）]")
_DAY = re.compile(r"\d{1,2}月\d{1,2}日前")
_VERBS = ("提供", "发送", "寄送", "准备", "确定", "报送", "送")


def unexplained(text: str, told: VisitDraft) -> list[str]:
    """The words of the summary that are neither the note's nor a connective, a name, a stage or a due date."""
    known = {told.customer.value if told.customer else "", told.stage.value if told.stage else ""}
    found = []
    for piece in _MARKS.split(told.summary):
        openings = [word for word in (*ROLES.values(), *OWNERS.values()) if piece.startswith(word)]
        readings = (piece, *(piece.removeprefix(word) for word in openings))
        if piece not in LABELS and not any(
            reading in known or _DAY.fullmatch(reading) or _in_pieces(reading, text) for reading in readings
        ):
            found.append(piece)
    return found


def _in_pieces(words: str, text: str) -> bool:
    """Whether the words are runs of the note, of two characters at least, with normalised verbs between."""
    while words:
        size = next((size for size in range(len(words), 1, -1) if words[:size] in text), 0)
        verb = next((verb for verb in _VERBS if words.startswith(verb)), "")
        if not size and not verb:
            return False
        words = words[max(size, len(verb)) :]
    return True


@pytest.mark.parametrize("text", NOTES.values(), ids=NOTES.keys())
def test_a_summary_holds_only_words_of_the_note_and_fixed_connectives(text: str) -> None:
    assert unexplained(text, draft(text)) == []


def test_the_check_finds_an_invented_word() -> None:
    text = NOTES["steps"]
    told = draft(text)
    invented = VisitDraft(told.visited_on, told.summary + "客户非常高兴。")

    assert unexplained(text, invented) == ["客户非常高兴"]


@pytest.mark.parametrize("text", NOTES.values(), ids=NOTES.keys())
def test_a_summary_has_at_most_three_sentences_and_fits_on_a_card(text: str) -> None:
    summary = draft(text).summary

    assert 0 < len(summary) <= MAX_LENGTH
    assert summary.count("。") <= 3


def test_the_three_sentences_are_who_what_they_think_and_what_comes_next() -> None:
    first, second, third, rest = draft(COLLOQUIAL).summary.split("。")

    assert "宁波恒力阀门有限公司" in first
    assert "八十五万" in first
    assert "比竞品贵百分之十五" in second
    assert third.startswith("下一步")
    assert "11月25日前" in third
    assert rest == ""


def test_a_value_that_was_taken_back_is_not_in_the_summary() -> None:
    assert "八十万" not in draft(COLLOQUIAL).summary.replace("八十五万", "")


def test_what_does_not_fit_is_left_out_whole() -> None:
    text = "，".join(
        f"我周五前把第{n}版特别特别特别特别特别特别特别特别特别特别长的检测报告发给他" for n in "一二三四五六"
    )
    summary = draft(text).summary

    assert len(summary) <= MAX_LENGTH
    assert unexplained(text, draft(text)) == []


def test_a_note_without_values_is_summarised_by_its_first_words() -> None:
    assert draft("今天路上堵车").summary == "今天路上堵车"
