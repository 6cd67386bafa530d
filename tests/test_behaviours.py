"""What a note tells that a lead did, and what it only mentions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.behaviours import BEHAVIOURS, Behaviour, find

THEIRS = ("恒力", "宁波恒力阀门有限公司", "王经理")
OURS = ("李晓彤", "赵一鸣")


def told(text: str) -> list[tuple[str, str]]:
    return [
        (one.name, one.span.of(text))
        for one in find(text, BEHAVIOURS, theirs=THEIRS, ours=OURS, others=("宏达", "华锐"))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("客户下载了我们的白皮书", [("下载白皮书", "下载了我们的白皮书")]),
        ("他们已经下载我们的白皮书了", [("下载白皮书", "下载我们的白皮书")]),
        ("恒力下载了白皮书。", [("下载白皮书", "下载了白皮书")]),
        ("王经理昨天参加了我们的线上研讨会，觉得不错", [("参加线上研讨会", "参加了我们的线上研讨会")]),
        ("王经理挺感兴趣，已经下载了我们的白皮书", [("下载白皮书", "下载了我们的白皮书")]),
        ("我们的白皮书客户下载了", [("下载白皮书", "白皮书客户下载")]),
        ("我请王经理看了样机，他参加了线上研讨会", [("参加线上研讨会", "参加了线上研讨会")]),
        (
            "今天拜访了恒力的王经理，他们下载了我们的白皮书，还参加了我们的线上研讨会",
            [("下载白皮书", "下载了我们的白皮书"), ("参加线上研讨会", "参加了我们的线上研讨会")],
        ),
    ],
)
def test_what_the_customer_did_is_found_with_its_words(text: str, expected: list[tuple[str, str]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "他们已经下载了别家的白皮书",
        "他们下载了华锐的白皮书",
        "客户没有下载我们的白皮书",
        "客户还没下载白皮书",
        "客户说会下载我们的白皮书",
        "王经理答应参加线上研讨会",
        "王经理报名参加了我们的线上研讨会",
        "如果他们下载了白皮书就好了",
        "客户下载了我们的白皮书吗",
        "客户下载了白皮书？",
        "我下载了白皮书发给客户",
        "我们给客户下载了白皮书",
        "同事参加了线上研讨会",
        "赵一鸣参加了线上研讨会",
        "今天参加了线上研讨会",
        "上次他们下载了我们的白皮书",
        "他们之前参加了我们的线上研讨会",
        "听说他们下载了我们的白皮书",
        "另外宏达也下载了我们的白皮书",
        "王经理很忙，宏达已经下载了我们的白皮书",
        "客户下载了他们的白皮书",
        "下载了白皮书的客户都说好",
        "客户想要一份白皮书",
        "客户忘了下载我们的白皮书",
        "我参加了线上研讨会，王经理没来",
    ],
)
def test_what_is_only_mentioned_scores_nothing(text: str) -> None:
    assert told(text) == []


def test_a_company_names_its_own_behaviours_and_cues() -> None:
    own = (Behaviour("看演示视频", 3, ("看……演示视频",)),)

    [found] = find("客户看了我们的演示视频", own)

    assert found.name == "看演示视频"
    assert find("客户下载了我们的白皮书", own) == []


@given(st.text(alphabet="客户他们我下载了白皮书参加线上研讨会没过的，。王经理给 ", max_size=60))
def test_whatever_is_found_stands_in_the_text_once_each(text: str) -> None:
    found = find(text, BEHAVIOURS, theirs=THEIRS)

    assert len({one.name for one in found}) == len(found)
    assert all(one.span.of(text) for one in found)
    assert all("白皮书" in one.span.of(text) or "研讨会" in one.span.of(text) for one in found)
