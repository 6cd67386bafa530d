"""How readings of screenshots are scored."""

from benchmarks import screen_score
from benchmarks.screen_score import Score
from nlp.screens import Message

TRUTH = {
    "title": "张总 华锐科技",
    "messages": [
        {"speaker": "system", "kind": "time", "text": "昨天 18:42"},
        {"speaker": "left", "kind": "text", "text": "预算只有38.5万，周四前报价", "nick": "张总"},
        {"speaker": "right", "kind": "text", "text": "好的👌"},
        {"speaker": "left", "kind": "image", "text": ""},
        {"speaker": "right", "kind": "text", "text": "好的"},
    ],
}


def read(*, second: str = "right", text: str = "预算只有38.5万，周四前报价") -> list[Message]:
    return [
        Message("system", "time", "昨天18:42"),
        Message("left", "text", text, nick="张总"),
        Message("right" if second == "right" else "left", "text", "好的"),
        Message("left", "image", ""),
        Message("right", "text", "好 的"),
    ]


def test_a_reading_without_fault_is_right_throughout() -> None:
    score = screen_score.score(TRUTH, read(), "张总华锐科技")
    assert score == Score(
        bubbles=4,
        found=4,
        right_speaker=4,
        right=4,
        right_kind=4,
        characters=19,
        numbers=1,
        right_numbers=1,
        nicks=1,
        right_nicks=1,
        times=1,
        right_times=1,
        titles=1,
        right_titles=1,
    )
    assert (score.right_share, score.speaker_share, score.character_error_rate, score.number_share) == (1, 1, 0, 1)
    assert screen_score.missed(TRUTH, read()) == []


def test_a_wrong_side_costs_the_bubble_but_it_is_found() -> None:
    score = screen_score.score(TRUTH, read(second="left"))
    assert (score.found, score.right_speaker, score.right) == (4, 3, 3)
    [(known, message)] = screen_score.missed(TRUTH, read(second="left"))
    assert known["text"] == "好的👌"
    assert message is not None
    assert message.speaker == "left"


def test_too_little_of_the_text_costs_the_bubble_and_its_figures() -> None:
    score = screen_score.score(TRUTH, read(text="预算只有，周四前报价"))
    assert (score.right, score.wrong_characters, score.right_numbers) == (3, 5, 0)


def test_a_missed_bubble_costs_all_its_characters() -> None:
    score = screen_score.score(TRUTH, [message for message in read() if message.nick is None])
    assert (score.found, score.wrong_characters, score.right_nicks) == (3, 15, 0)


def test_bubbles_in_the_wrong_order_and_made_up_ones_are_counted() -> None:
    turned = [*reversed(read()), Message("left", "text", "这一句没有人说过")]
    score = screen_score.score(TRUTH, turned)
    assert score.inversions > 0
    assert score.extra == 1


def test_of_a_bubble_cut_by_the_screen_only_what_can_be_seen_counts() -> None:
    cut = {
        "messages": [{"speaker": "left", "kind": "text", "text": "行，发个补充报价，周五前盖章寄过来", "partial": True}]
    }
    score = screen_score.score(cut, [Message("left", "text", "行，发个补充报价，周五前盖")])
    assert (score.right, score.wrong_characters, score.characters) == (1, 0, 13)


def test_scores_of_pictures_add_up_and_nothing_is_no_division_by_zero() -> None:
    assert (Score(bubbles=2, right=1) + Score(bubbles=2, right=2)).right_share == 0.75
    empty = screen_score.score({"messages": []}, [])
    assert (empty.right_share, empty.speaker_share, empty.character_error_rate) == (1, 1, 0)
