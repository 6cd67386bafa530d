"""One reply divided over the three questions about a risk."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.risk_answers import QUESTIONS, Question, split

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)


def divided(text: str, asked: Sequence[Question] = QUESTIONS) -> dict[Question, str]:
    answers = split(text, FRIDAY, SHANGHAI, asked)
    return {question: answer.text for question in QUESTIONS if (answer := answers.of(question))}


@pytest.mark.parametrize(
    ("reply", "blocker", "support", "breakthrough"),
    [
        (
            "卡在他们总经理还没签字，需要总监出面见一下他们老板，预计下周五能批下来",
            "卡在他们总经理还没签字",
            "需要总监出面见一下他们老板",
            "预计下周五能批下来",
        ),
        (
            "卡在他们总经理还没签字需要总监出面见一下他们老板预计下周五能批下来",
            "卡在他们总经理还没签字",
            "需要总监出面见一下他们老板",
            "预计下周五能批下来",
        ),
        (
            "①卡在审批，他们要董事会过会②需要总监出面③下周五",
            "卡在审批，他们要董事会过会",
            "需要总监出面",
            "下周五",
        ),
        ("1、审批没过 2、要样品 3、12月10号", "审批没过", "要样品", "12月10号"),
        ("1. 审批没过\n2. 要样品\n3. 12月10号", "审批没过", "要样品", "12月10号"),
        ("一是价格贵，二是要总监出面，三是下个月", "价格贵", "要总监出面", "下个月"),
        ("第一，领导没批，第二，总监出面，第三，下个月中旬", "领导没批", "总监出面", "下个月中旬"),
        ("卡点是财务没钱，支持：价格支持，突破时间：月底", "财务没钱", "价格支持", "月底"),
        ("他们需要走流程，我们可以派工程师，估计月底有结果", "他们需要走流程", "我们可以派工程师", "估计月底有结果"),
        (
            "他们嫌贵，主要是财务总监没批，希望总监能出面谈一次，时间的话大概十二月十号能定下来",
            "他们嫌贵，主要是财务总监没批",
            "希望总监能出面谈一次",
            "时间的话大概十二月十号能定下来",
        ),
        (
            "嗯卡在他们王总那边，他觉得我们价格高，想让公司再让五个点，差不多月底能签",
            "卡在他们王总那边，他觉得我们价格高",
            "想让公司再让五个点",
            "差不多月底能签",
        ),
        ("领导没批，暂不需要支持，说不准", "领导没批", "暂不需要支持", "说不准"),
        ("预计下周能批，卡在法务审合同，我们要总监去一趟", "卡在法务审合同", "我们要总监去一趟", "预计下周能批"),
    ],
)
def test_one_reply_answers_all_three(reply: str, blocker: str, support: str, breakthrough: str) -> None:
    assert divided(reply) == {"blocker": blocker, "support": support, "breakthrough": breakthrough}


@pytest.mark.parametrize(
    ("reply", "question"),
    [
        ("财务总监不同意预付三成", "blocker"),
        ("主要是领导没批", "blocker"),
        ("客户领导下周才回来，回来就能定", "blocker"),
        ("总监出面", "support"),
        ("价格支持", "support"),
        ("样品寄一台过去", "support"),
        ("先把价格降下来", "support"),
        ("暂不需要", "support"),
        ("下周五", "breakthrough"),
        ("12月10号左右吧", "breakthrough"),
        ("等预算下来，大概月底", "breakthrough"),
        ("说不准", "breakthrough"),
        ("他们王总人不错，说要再聊聊", "blocker"),
        ("卡在审批，他们总监要我们再让三", "blocker"),
    ],
)
def test_a_reply_to_one_of_three_questions(reply: str, question: Question) -> None:
    assert divided(reply) == {question: reply}


def test_what_points_nowhere_answers_the_question_that_is_asked() -> None:
    assert divided("走一下流程看看", ("support", "breakthrough")) == {"support": "走一下流程看看"}


def test_the_whole_reply_answers_the_only_question_left() -> None:
    reply = "卡在预算，需要等他们年底结完账，价格也要看"

    assert divided(reply, ("breakthrough",)) == {"breakthrough": reply}


def test_words_alone_do_not_change_an_answer_given_before_and_a_name_does() -> None:
    assert divided("需要总监出面", ("blocker", "breakthrough")) == {"blocker": "需要总监出面"}
    assert divided("支持：总监出面", ("blocker", "breakthrough")) == {"support": "总监出面"}
    assert divided("②总监出面", ("breakthrough",)) == {"support": "总监出面"}


def test_an_answer_in_two_places_joins_both_and_its_span_holds_them() -> None:
    reply = "卡在审批，需要总监出面，主要是他们老板没批"

    blocker = split(reply, FRIDAY, SHANGHAI).blocker

    assert blocker is not None
    assert blocker.text == "卡在审批；主要是他们老板没批"
    assert blocker.span.of(reply) == reply


@pytest.mark.parametrize(
    ("reply", "on", "is_period"),
    [
        ("下周五", date(2026, 11, 27), False),
        ("十二月十号前能批", date(2026, 12, 10), False),
        ("两周内", date(2026, 12, 4), False),
        ("本周", date(2026, 11, 22), True),
        ("本季度", date(2026, 12, 31), True),
        ("说不准，可能月底", None, False),
        ("下周三或者下周五", None, False),
        ("上周三就该批了", None, False),
        ("等他们老板回来", None, False),
    ],
)
def test_a_day_is_taken_where_the_words_name_exactly_one(reply: str, on: date | None, is_period: bool) -> None:
    answer = split(reply, FRIDAY, SHANGHAI, ("breakthrough",)).breakthrough

    assert answer is not None
    assert (answer.text, answer.on, answer.is_period) == (reply, on, is_period)


@pytest.mark.parametrize("reply", ["", "。。。", "① ② ③", "支持：", "1.5倍", "星期二是", "第三季度"])
def test_odd_replies_are_survived(reply: str) -> None:
    assert all(text.strip() for text in divided(reply).values())


def test_a_number_within_a_word_is_no_question() -> None:
    assert divided("要1.5倍的量") == {"blocker": "要1.5倍的量"}


WORDS = st.sampled_from(
    [
        "①",
        "②",
        "③",
        "1、",
        "二是",
        "第三，",
        "卡在",
        "审批",
        "需要",
        "总监出面",
        "下周五",
        "月底",
        "预计",
        "支持：",
        "卡点是",
        "他们",
        "，",
        "。",
        " ",
        "\n",
        "嗯",
        "说不准",
        "２月３０号",
    ]
)


@given(
    st.lists(WORDS | st.text(max_size=4), max_size=25).map("".join),
    st.lists(st.sampled_from(QUESTIONS), unique=True),
)
def test_every_answer_lies_in_the_reply_and_every_word_of_it_comes_from_there(
    reply: str, asked: list[Question]
) -> None:
    answers = split(reply, FRIDAY, SHANGHAI, asked)

    for question in QUESTIONS:
        if answer := answers.of(question):
            assert 0 <= answer.span.start < answer.span.end <= len(reply)
            assert answer.text.strip()
            place = answer.span.start
            for run in answer.text.split("；"):
                place = reply.index(run, place, answer.span.end) + len(run)
            if answer.on is not None:
                assert answer.on >= FRIDAY.date()
        assert question == "breakthrough" or answer is None or answer.on is None


@pytest.mark.parametrize("unit", ["卡", "需要预计", "①", "下周五，", "1、2、3、", "他们要", "支持：", "嗯", "　"])
def test_a_very_long_reply_is_divided(unit: str) -> None:
    answers = split(unit * (20_000 // len(unit)), FRIDAY, SHANGHAI)

    assert all(answer is None or answer.text for answer in map(answers.of, QUESTIONS))
