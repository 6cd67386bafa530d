"""Until when a sample test runs, in the words of a rep."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import trial_period
from tests.chat import SHANGHAI

FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("words", "on"),
    [
        ("大概两周", date(2026, 12, 4)),
        ("20天左右", date(2026, 12, 10)),
        ("三个星期", date(2026, 12, 11)),
        ("半个月", date(2026, 12, 5)),
        ("一个半月吧", None),
        ("两个月", date(2027, 1, 19)),
        ("10个工作日", date(2026, 12, 4)),
        ("测到12月10号", date(2026, 12, 10)),
        ("十二月十日", date(2026, 12, 10)),
        ("下周五", date(2026, 11, 27)),
        ("预计测15天", date(2026, 12, 5)),
    ],
)
def test_spans_and_days_are_understood(words: str, on: date | None) -> None:
    assert trial_period.last_day(words, FRIDAY, SHANGHAI) == on


@pytest.mark.parametrize(
    "words",
    ["", "不好说", "看情况", "两周或者三周", "11月1号", "十年", "他们采购部见了王经理", "刚从恒丽出来，他们下个月验厂"],
)
def test_what_names_no_one_day_to_come_is_no_answer(words: str) -> None:
    assert trial_period.last_day(words, FRIDAY, SHANGHAI) is None


@given(st.text(alphabet="大概约0123456789一二三十两半个天日周月号工作到测 ", max_size=20))
def test_whatever_is_said_the_day_lies_within_a_year_to_come(words: str) -> None:
    on = trial_period.last_day(words, FRIDAY, SHANGHAI)
    assert on is None or date(2026, 11, 20) < on <= date(2027, 11, 21)
