"""Several screenshots of one chat: in order, each message once, other chats apart."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nlp.screen_join import join
from nlp.screens import Message, ScreenReading, Speaker

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORDS = [
    "报价单周四前发给我",
    "好的",
    "交货期必须在4月20日之前",
    "收到，我马上安排",
    "质保三年可以吗",
    "行",
    "价格能不能再低一点",
]


def left(text: str, **more: object) -> Message:
    return replace(Message("left", "text", text), **more)  # type: ignore[arg-type]


def right(text: str) -> Message:
    return Message("right", "text", text)


def chat(*messages: Message, title: str | None = "张总") -> ScreenReading:
    return ScreenReading("chat", messages, title, plain_text="\n".join(message.text for message in messages))


def texts(reading: ScreenReading) -> list[str]:
    return [message.text for message in reading.messages]


def conversation() -> list[Message]:
    return [left(text) if place % 2 else right(text) for place, text in enumerate(WORDS)]


def test_what_two_pictures_show_is_counted_once() -> None:
    whole = conversation()
    [joined] = join([chat(*whole[:5]), chat(*whole[3:])])
    assert texts(joined) == WORDS


def test_pictures_sent_in_the_wrong_order_are_put_right_by_what_they_have_in_common() -> None:
    whole = conversation()
    [joined] = join([chat(*whole[4:]), chat(*whole[2:6]), chat(*whole[:4])])
    assert texts(joined) == WORDS


def test_pictures_without_common_messages_are_put_in_the_order_of_their_times() -> None:
    later = [left("合同盖好章了", sent_at=datetime(2026, 3, 4, 9, tzinfo=SHANGHAI))]
    earlier = [left("样品收到了", sent_at=datetime(2026, 3, 2, 9, tzinfo=SHANGHAI))]
    [joined] = join([chat(*later), chat(*earlier)])
    assert texts(joined) == ["样品收到了", "合同盖好章了"]


def test_without_times_they_stay_as_they_were_sent() -> None:
    [joined] = join([chat(left("样品收到了")), chat(left("合同盖好章了"))])
    assert texts(joined) == ["样品收到了", "合同盖好章了"]


def test_a_message_cut_by_one_picture_is_taken_whole_from_the_other() -> None:
    cut = chat(right("早上好王总"), left("交货期必须在4月", truncated=True))
    whole = chat(left("交货期必须在4月20日之前"), right("没问题"))
    [joined] = join([replace(cut, warnings=("truncated",)), whole])
    assert texts(joined) == ["早上好王总", "交货期必须在4月20日之前", "没问题"]
    assert joined.warnings == ()


def test_a_message_cut_at_its_top_is_found_in_the_picture_before() -> None:
    before = chat(right("早上好王总"), left("交货期必须在4月20日之前，价格不变"))
    after = chat(left("20日之前，价格不变", truncated=True), right("没问题"))
    [joined] = join([after, before])
    assert texts(joined) == ["早上好王总", "交货期必须在4月20日之前，价格不变", "没问题"]


def test_a_message_cut_so_that_it_is_misread_does_not_hinder_the_joining() -> None:
    before = chat(right("早上好王总"), left("交货期必须在4月20日之前"), right("没问题，一定做到"))
    after = chat(left("口口一口", truncated=True), right("没问题，一定做到"), left("谢谢"))
    [joined] = join([before, after])
    assert texts(joined) == ["早上好王总", "交货期必须在4月20日之前", "没问题，一定做到", "谢谢"]


def test_chats_with_different_people_stay_apart() -> None:
    readings = join([chat(left("报价单周四前发给我")), chat(left("报价单周四前发给我"), title="李工")])
    assert [reading.title for reading in readings] == ["张总", "李工"]


def test_a_group_that_grew_is_still_the_same_chat() -> None:
    [joined] = join(
        [chat(left("样品收到了"), title="华锐项目群(12)"), chat(left("合同盖好章了"), title="华锐项目群（13）")]
    )
    assert len(joined.messages) == 2


def test_a_picture_without_a_title_belongs_where_its_messages_are() -> None:
    whole = conversation()
    readings = join([chat(*whole[:4]), chat(*whole[2:], title=None), chat(left("别的事情"), title=None)])
    assert [texts(reading) for reading in readings] == [WORDS, ["别的事情"]]
    assert readings[0].title == "张总"


def test_a_short_answer_that_is_in_every_chat_joins_nothing() -> None:
    readings = join([chat(left("好的"), title=None), chat(left("好的"), title=None)])
    assert len(readings) == 2


def test_figures_that_differ_make_another_message() -> None:
    [joined] = join([chat(left("这个价格可以打8折给你们")), chat(left("这个价格可以打9折给你们"))])
    assert len(joined.messages) == 2


def test_a_letter_that_was_misread_does_not_make_a_message_twice() -> None:
    [joined] = join([chat(left("交货期必须在4月20日之前完成")), chat(left("交货期必须在4月20日之前完戍"), right("好"))])
    assert len(joined.messages) == 2


def test_the_same_words_of_the_other_side_are_another_message() -> None:
    [joined] = join([chat(left("报价单周四前发给我")), chat(right("报价单周四前发给我"))])
    assert len(joined.messages) == 2


def test_a_time_that_one_picture_shows_counts_for_what_the_other_shows_below() -> None:
    moment = datetime(2026, 3, 4, 9, tzinfo=SHANGHAI)
    time = Message("system", "time", "昨天 09:00", sent_at=moment, time_source="explicit")
    first = chat(time, left("报价单周四前发给我", sent_at=moment, time_source="explicit"))
    second = chat(left("报价单周四前发给我"), right("收到"))
    [joined] = join([second, first])
    assert [(message.text, message.sent_at, message.time_source) for message in joined.messages[1:]] == [
        ("报价单周四前发给我", moment, "explicit"),
        ("收到", moment, "inherited"),
    ]


def test_what_needs_a_look_in_one_picture_needs_it_in_the_whole() -> None:
    whole = conversation()
    doubtful = replace(chat(*whole[:4]), needs_review=True, warnings=("sides_unclear",))
    [joined] = join([doubtful, chat(*whole[2:])])
    assert joined.needs_review
    assert joined.warnings == ("sides_unclear",)


def test_other_pictures_pass_through_in_their_place() -> None:
    table = ScreenReading("table")
    whole = conversation()
    readings = join([table, chat(*whole[:4]), ScreenReading("card"), chat(*whole[3:])])
    assert [reading.kind for reading in readings] == ["table", "chat", "card"]


def test_nothing_joins_to_nothing() -> None:
    assert join([]) == ()
    assert join([chat()]) == (chat(),)


MESSAGES = st.builds(
    Message,
    st.sampled_from(["left", "right", "system"]).map(lambda side: side),
    st.sampled_from(["text", "time", "image", "voice"]),
    st.sampled_from([*WORDS, "", "😀", "昨天 18:42"]),
    truncated=st.booleans(),
)


@given(
    st.lists(st.builds(chat, title=st.sampled_from([None, "", "张总", "李工"])), max_size=4),
    st.lists(MESSAGES, max_size=12),
)
def test_no_readings_raise_and_no_message_is_made_up(chats: list[ScreenReading], messages: list[Message]) -> None:
    readings = [replace(reading, messages=tuple(messages[place::2])) for place, reading in enumerate(chats)]
    joined = join(readings)
    said = {(message.speaker, message.text) for reading in readings for message in reading.messages}
    assert {(message.speaker, message.text) for reading in joined for message in reading.messages} <= said
    sides: set[Speaker] = {message.speaker for reading in joined for message in reading.messages}
    assert sides <= {"left", "right", "system"}


@given(st.integers(1, 6), st.integers(1, 6))
def test_any_cut_of_a_conversation_into_overlapping_pictures_comes_back_whole(first: int, second: int) -> None:
    whole = [
        left(f"第{place}条：{word}") if place % 2 else right(f"第{place}条：{word}") for place, word in enumerate(WORDS)
    ]
    begin, end = min(first, second), max(first, second)
    [joined] = join([chat(*whole[begin - 1 :]), chat(*whole[: end + 1])])
    assert texts(joined) == [message.text for message in whole]
