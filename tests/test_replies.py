"""What we answered, as notes and chats quote it."""

import pytest

from nlp.draft import Span
from nlp.replies import reply_to


def reply(text: str, objection: str, *, is_chat: bool = False) -> str | None:
    start = text.index(objection)
    found = reply_to(text, Span(start, start + len(objection)), is_chat=is_chat)
    return found.of(text) if found is not None else None


@pytest.mark.parametrize(
    ("text", "objection", "expected"),
    [
        (
            "王经理嫌我们比竞品贵百分之十五，我跟他说您把五年的电费和停机都算进去，其实是省的。他说回去算算。",
            "比竞品贵百分之十五",
            "您把五年的电费和停机都算进去，其实是省的",
        ),
        ("他嫌贵。我就解释，质保比别家多两年，停机有人赔，王经理点头了", "嫌贵", "质保比别家多两年，停机有人赔"),
        ("他嫌交期太长，我们告诉他可以分两批发货，急用的先到", "交期太长", "可以分两批发货，急用的先到"),
    ],
)
def test_what_a_note_says_that_we_said_is_quoted(text: str, objection: str, expected: str) -> None:
    assert reply(text, objection) == expected


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("他嫌贵，说要等预算，别的都谈得不错。", "嫌贵"),
        ("他嫌贵，我说好的。", "嫌贵"),
        ("他嫌贵，他说我们隔壁那家便宜多了，服务也好。", "嫌贵"),
        ("他嫌贵，我答应下周三前把安装排期表给他。", "嫌贵"),
        (f"他嫌贵。{'后来又看了车间，' * 8}我说您把五年的电费和停机都算进去就省了。", "嫌贵"),
        ("我说您把五年的电费和停机都算进去就省了，他还是嫌贵。", "嫌贵"),
    ],
)
def test_what_is_no_answer_of_ours_is_not_taken_for_one(text: str, objection: str) -> None:
    assert reply(text, objection) is None


def test_in_a_chat_the_next_bubble_of_ours_is_the_answer() -> None:
    chat = (
        "李总\n李总：你们比华锐贵太多了\n我：您把五年的电费和停机都算进去，其实是省的。\n我：明天发您测算表\n李总：好的"
    )
    assert reply(chat, "比华锐贵太多了", is_chat=True) == "您把五年的电费和停机都算进去，其实是省的"
    assert reply("李总\n李总：你们比华锐贵太多了\n李总：再说吧", "比华锐贵太多了", is_chat=True) is None
