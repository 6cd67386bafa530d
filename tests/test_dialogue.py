"""Chats: the title, who speaks, and what that changes."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import clauses, dates, dialogue
from nlp.draft import ExtractionContext
from nlp.extract import extract
from nlp.lexicon import default_vocabulary
from nlp.screens import Message, Speaker
from tests.test_extract import CUSTOMERS, SHANGHAI, draft

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


# Written from messages


def said(speaker: Speaker, text: str, **more: Any) -> Message:
    return Message(speaker, more.pop("kind", "text"), text, **more)


def test_messages_become_lines_with_their_speaker_below_the_title() -> None:
    written = dialogue.written(
        [said("left", "能不能3月前装好？"), said("right", "可以的"), said("left", "我盯着", nick="赵敏-采购")],
        "王经理 恒力阀门",
    )

    assert written.text == "王经理 恒力阀门\n王经理 恒力阀门：能不能3月前装好？\n我：可以的\n赵敏-采购：我盯着"


def test_what_the_messenger_itself_shows_is_left_out_and_so_is_what_is_only_repeated() -> None:
    messages = [
        said("system", "昨天 18:20", kind="time"),
        said("system", "你撤回了一条消息", kind="system"),
        said("left", '12"', kind="voice"),
        said("left", "[图片]", kind="image"),
        said("right", "李主任：下周三前能报价吗", kind="quote"),
        said("right", "报价单V3.pdf\n2.3M\n微信电脑版", kind="card"),
        said("left", "收到"),
    ]
    written = dialogue.written(messages, "李主任")

    assert written.text == "李主任\n我：【报价单V3.pdf】\n李主任：收到"
    assert [(piece.speaker, piece.text) for piece in dialogue.read(written.text).pieces] == [("customer", "收到")]


def test_each_character_leads_back_to_its_message() -> None:
    messages = [said("system", "12:30", kind="time"), said("left", "第一行\n第二行"), said("right", "好")]
    written = dialogue.written(messages, "王总")

    assert written.message_at(0) is None
    assert written.message_at(written.text.index("第二行")) == 1
    assert written.message_at(written.text.index("好")) == 2
    assert written.message_at(written.text.index("我：") - 1) is None
    assert written.message_at(len(written.text)) is None


def test_a_moment_stands_where_it_changes() -> None:
    first, then = datetime(2026, 11, 10, 9, tzinfo=SHANGHAI), datetime(2026, 11, 12, 9, tzinfo=SHANGHAI)
    messages = [
        said("left", "在吗"),
        said("left", "明天发", sent_at=first),
        said("right", "好", sent_at=first),
        said("left", "明天到", sent_at=then),
        said("right", "好"),
    ]
    written = dialogue.written(messages, "王总")

    assert written.moments == ((written.text.index("王总：明天发"), first), (written.text.index("王总：明天到"), then))


def test_a_moment_that_nothing_can_be_counted_from_is_none() -> None:
    naive = datetime(2026, 11, 10, 9)  # noqa: DTZ001  # what is tested
    messages = [said("left", "明天", sent_at=naive), said("left", "明天", sent_at=datetime.min.replace(tzinfo=UTC))]

    assert dialogue.written(messages, None).moments == ()


@pytest.mark.parametrize("title", [None, "", " \n", "：", "我：好的\n我：答应"])
def test_no_title_speaks(title: str | None) -> None:
    chat = dialogue.read(dialogue.written([said("left", "在")], title).text)

    assert [(piece.speaker, piece.text) for piece in chat.pieces] == [("customer", "在")]


WORDS = st.text(
    st.one_of(st.sampled_from("我王：:\n\r\u2028\u2003\x85\x0b 【】12:30@Meｍｅ😀，好发给"), st.characters()),
    max_size=30,
)
MESSAGES = st.lists(
    st.builds(
        Message,
        st.sampled_from(("left", "right", "system")),
        st.sampled_from(("text", "quote", "card", "voice", "transfer", "time")),
        WORDS,
        nick=st.none() | WORDS,
    ),
    max_size=8,
)


@given(MESSAGES, st.none() | WORDS)
@settings(max_examples=300, deadline=None)
def test_nobody_speaks_for_another_whatever_the_words_and_names(messages: list[Message], title: str | None) -> None:
    written = dialogue.written(messages, title)

    for text in (written.text, clauses.fold(written.text), dialogue.plain(clauses.fold(written.text))):
        assert len(text) == len(written.text)
        for piece in dialogue.read(text).pieces:
            numbers = {written.message_at(at) for at in range(piece.start, piece.end)}
            assert len(numbers) == 1
            number = numbers.pop()
            assert number is not None
            assert messages[number].speaker == ("right" if piece.speaker == "rep" else "left")


# Days


def on(day: int) -> datetime:
    return datetime(2026, 11, day, 10, tzinfo=SHANGHAI)


def test_days_are_counted_from_the_moment_at_which_they_were_said() -> None:
    messages = [
        said("left", "合同明天寄给你", sent_at=on(10)),
        said("right", "好"),
        said("left", "下周一付款", sent_at=on(12)),
    ]
    written = dialogue.written(messages, "博远医疗 李主任")
    context = ExtractionContext(on(19), default_vocabulary(), SHANGHAI, "wechat", CUSTOMERS, moments=written.moments)
    told = extract(written.text, context)

    assert [(step.owner, step.action, step.due) for step in told.next_steps] == [
        ("customer", "寄送合同", date(2026, 11, 11)),
        ("customer", "付款", date(2026, 11, 16)),
    ]
    assert [step.due_span.of(written.text) for step in told.next_steps if step.due_span] == ["明天", "下周一"]
    assert told.visited_on == date(2026, 11, 12)


def test_what_stands_above_the_first_time_is_counted_from_it() -> None:
    found = dialogue.times("王总：明天到\n王总：后天走", on(19), SHANGHAI, ((8, on(10)),))

    assert [mention.due for mention in found] == [date(2026, 11, 11), date(2026, 11, 12)]


def test_a_chat_was_not_held_after_it_was_sent() -> None:
    messages = [said("left", "在吗", sent_at=on(25))]
    written = dialogue.written(messages, "李主任")
    context = ExtractionContext(on(19), default_vocabulary(), SHANGHAI, "wechat", moments=written.moments)

    assert extract(written.text, context).visited_on == date(2026, 11, 19)


def test_without_moments_days_are_counted_from_the_sending() -> None:
    assert dialogue.times("我：明天到", on(19), SHANGHAI) == dates.find("我：明天到", on(19), SHANGHAI)
