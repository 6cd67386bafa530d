"""What asks for 异常清单, and what is news of something abnormal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.abnormal_words import AbnormalAsked, read, read_team


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("异常清单", AbnormalAsked("all")),
        ("异常", AbnormalAsked("all")),
        ("看一下异常清单。", AbnormalAsked("all")),
        ("异常清单 第2页", AbnormalAsked("all", page=2)),
        ("我的异常", AbnormalAsked("own")),
        ("我的异常清单", AbnormalAsked("own")),
        ("异常清单 张三", AbnormalAsked("member", "张三")),
        ("异常清单：李有为", AbnormalAsked("member", "李有为")),
        ("异常清单 #12", AbnormalAsked("member", "#12")),
        ("异常清单 张三 第3页", AbnormalAsked("member", "张三", 3)),
    ],
)
def test_whose_list_is_asked_for(text: str, expected: AbnormalAsked) -> None:
    assert read(text) == expected
    assert read_team(text) is None


@pytest.mark.parametrize("text", ["团队异常", "团队的异常清单", "看看团队异常", "团队异常 第2页"])
def test_the_teams_list_is_asked_for(text: str) -> None:
    assert read_team(text) == AbnormalAsked("team", page=2 if "页" in text else 1)
    assert read(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "设备有异常",
        "客户说账单异常清单还没给",
        "异常处理流程客户要看",
        "异常：恒力的设备又停了",
        "异常清单 客户说还没给",
        "异常情况",
        "没有异常",
        "无异常",
        "今天去了恒力\n异常清单",
        "团队异常团结",
        "恒力的异常清单",
        "把异常清单发给王经理",
        "异常恒力",
        "",
    ],
)
def test_news_that_mentions_something_abnormal_is_no_order(text: str) -> None:
    assert read(text) is None
    assert read_team(text) is None


@given(st.text(max_size=40))
def test_no_words_break_a_reader(text: str) -> None:
    read(text)
    read_team(text)
