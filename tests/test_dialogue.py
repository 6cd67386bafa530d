"""Chats: the title, who speaks, and what that changes."""

from datetime import date

from nlp import dialogue
from tests.test_extract import draft

CHAT = """博远医疗 李主任
昨天 18:20
李主任：方案我看了，下周三前能报价吗
我：可以的
周五前发您
对方：好"""


def test_the_first_line_is_the_title_and_each_line_has_its_speaker() -> None:
    chat = dialogue.read(CHAT)

    assert chat.title is not None
    assert chat.title.of(CHAT) == "博远医疗 李主任"
    assert [(piece.speaker, piece.text) for piece in chat.pieces] == [
        ("customer", "方案我看了"),
        ("customer", "下周三前能报价吗"),
        ("rep", "可以的"),
        ("rep", "周五前发您"),
        ("customer", "好"),
    ]


def test_time_stamps_between_the_lines_are_nobodys_words() -> None:
    assert not any("18:20" in piece.text for piece in dialogue.read(CHAT).pieces)


def test_offsets_are_those_of_the_whole_text() -> None:
    for piece in dialogue.read(CHAT).pieces:
        assert CHAT[piece.start : piece.end] == piece.text


def test_every_line_is_a_sentence_of_its_own() -> None:
    sentences = [piece.sentence for piece in dialogue.read(CHAT).pieces]

    assert sentences == sorted(sentences)
    assert len(set(sentences)) == 4


def test_a_chat_happened_on_the_day_it_was_sent() -> None:
    told = draft("博远-李主任\n我：样品昨天您那边收到了吗\n李主任：收到了，昨天下午三点开会看的", "wechat")

    assert told.visited_on == date(2026, 11, 19)
    assert (told.visited_span, told.visited_time) == (None, None)


def test_demands_are_the_customers_and_promises_are_ours() -> None:
    told = draft("博远-李主任\n李主任：你把分期的报价单发我\n我：好，明天发您", "wechat")

    assert [each.what for each in told.demands] == ["发送分期的报价单"]
    assert [(each.owner, each.due) for each in told.next_steps] == [("us", date(2026, 11, 20))]


def test_an_empty_chat_has_nothing() -> None:
    assert dialogue.read("") == dialogue.Chat(None, ())
    assert dialogue.read("\n\n") == dialogue.Chat(None, ())
