"""Times between messages: every form that messengers write, resolved against the moment the picture was sent."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import chat_times
from nlp.screens import Message, ReadHint

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 3, 5, 12, 0, tzinfo=SHANGHAI)
"""A Thursday."""
HINT = ReadHint(SENT_AT)
MOMENTS = st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = st.sampled_from([ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC")])
PIECES = st.sampled_from(
    [
        "2026年",
        "1月",
        "12日",
        "3/4",
        "-05",
        "/30",
        "2月29日",
        "昨天",
        "今天",
        "前天",
        "星期二",
        "周日",
        "礼拜天",
        "上午",
        "下午",
        "晚上",
        "凌晨",
        "中午",
        "9:28",
        "18:42",
        "23:59",
        "12:00",
        "25:61",
        ":33",
        "刚刚",
        "10分钟前",
        "半小时前",
        "3天前",
        "Yesterday",
        "Monday",
        "PM",
        "Mar",
        "，",
        "（周三）",
    ]
)
WRITTEN = st.lists(PIECES, max_size=5).map("".join) | st.lists(PIECES, max_size=5).map(" ".join) | st.text(max_size=30)


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026年1月12日 上午9:28", at(2026, 1, 12, 9, 28)),
        ("2026年1月12日上午9:28", at(2026, 1, 12, 9, 28)),
        ("昨天 18:42", at(2026, 3, 4, 18, 42)),
        ("昨天 下午2:05", at(2026, 3, 4, 14, 5)),
        ("前天 08:00", at(2026, 3, 3, 8, 0)),
        ("今天 09:15", at(2026, 3, 5, 9, 15)),
        ("星期二 14:20", at(2026, 3, 3, 14, 20)),
        ("周二 下午2:20", at(2026, 3, 3, 14, 20)),
        ("礼拜天 14:20", at(2026, 3, 1, 14, 20)),
        ("上午10:05", at(2026, 3, 5, 10, 5)),
        ("凌晨12:10", at(2026, 3, 5, 0, 10)),
        ("晚上8:30", at(2026, 3, 4, 20, 30)),
        ("中午1:05", at(2026, 3, 4, 13, 5)),
        ("2026/3/4 10:12", at(2026, 3, 4, 10, 12)),
        ("2026-03-04 10:12:33", at(2026, 3, 4, 10, 12, 33)),
        ("3月4日 周三 10:12", at(2026, 3, 4, 10, 12)),
        ("03-04 10:12", at(2026, 3, 4, 10, 12)),
        ("12月28日 上午10:00", at(2025, 12, 28, 10, 0)),
        ("Yesterday 6:42 PM", at(2026, 3, 4, 18, 42)),
        ("Mon 9:00 AM", at(2026, 3, 2, 9, 0)),
        ("Mar 4, 2026 10:12", at(2026, 3, 4, 10, 12)),
        ("刚刚", SENT_AT),
        ("10分钟前", at(2026, 3, 5, 11, 50)),
        ("半小时前", at(2026, 3, 5, 11, 30)),
        ("3天前", at(2026, 3, 2, 12, 0)),
        ("— 昨天 １８：４２ —", at(2026, 3, 4, 18, 42)),
    ],
)
def test_every_form_of_a_time_is_understood(text: str, moment: datetime) -> None:
    assert chat_times.parse(text, HINT) == chat_times.Stamp(moment)


def test_a_bare_clock_later_than_the_sending_is_the_day_before() -> None:
    assert chat_times.parse("12:48", HINT) == chat_times.Stamp(at(2026, 3, 4, 12, 48))


def test_a_phone_whose_clock_is_a_minute_ahead_is_not_a_day_behind() -> None:
    assert chat_times.parse("12:01", HINT) == chat_times.Stamp(SENT_AT)


def test_a_weekday_is_the_last_such_day_and_never_the_day_of_sending() -> None:
    assert chat_times.parse("星期四 9:10", HINT) == chat_times.Stamp(at(2026, 2, 26, 9, 10))


def test_a_blank_that_was_lost_before_the_clock_is_found_again() -> None:
    assert chat_times.parse("2026/3/410:12", HINT) == chat_times.Stamp(at(2026, 3, 4, 10, 12))
    assert chat_times.parse("2025/11/2809:28", HINT) == chat_times.Stamp(at(2025, 11, 28, 9, 28))


def test_a_leap_day_without_a_year_is_the_last_one_that_was() -> None:
    assert chat_times.parse("2月29日 10:00", HINT) == chat_times.Stamp(at(2024, 2, 29, 10, 0))


@pytest.mark.parametrize(
    "text", ["2027年1月1日 10:00", "2026年3月6日 08:00", "3月4日 周三", "昨天", "2026年2月30日 9:00"]
)
def test_a_time_that_cannot_have_been_or_has_no_clock_names_no_moment(text: str) -> None:
    assert chat_times.parse(text, HINT) == chat_times.Stamp(None)


@pytest.mark.parametrize(
    "text", ["", "好的", "好的，昨天 18:42", "昨天下午见", "25:10", "3/4", "2.5", "9", "8:30开会", "10分钟", "a" * 500]
)
def test_what_is_not_only_a_time_is_none(text: str) -> None:
    assert chat_times.parse(text, HINT) is None


def test_a_time_behind_a_name_is_told_from_it() -> None:
    assert chat_times.split("王磊 3/4 10:12", HINT) == ("王磊", chat_times.Stamp(at(2026, 3, 4, 10, 12)))
    assert chat_times.split("王磊", HINT) is None


def said(text: str) -> Message:
    return Message("left", "text", text)


def test_messages_take_the_time_above_them_the_first_of_them_as_its_own() -> None:
    messages = chat_times.fill_forward(
        [said("在吗"), Message("system", "time", "昨天 18:42"), said("好的"), said("收到")], HINT
    )
    assert [(message.sent_at, message.time_source) for message in messages] == [
        (None, None),
        (at(2026, 3, 4, 18, 42), "explicit"),
        (at(2026, 3, 4, 18, 42), "explicit"),
        (at(2026, 3, 4, 18, 42), "inherited"),
    ]


def test_below_a_time_that_is_not_understood_no_older_time_is_taken_on() -> None:
    messages = chat_times.fill_forward(
        [Message("system", "time", "昨天 18:42"), Message("system", "time", "昨天"), said("好的")], HINT
    )
    assert messages[-1].sent_at is None


@given(WRITTEN, MOMENTS, ZONES)
def test_no_text_raises_and_no_time_is_after_the_sending(text: str, sent_at: datetime, zone: ZoneInfo) -> None:
    stamp = chat_times.parse(text, ReadHint(sent_at, zone))
    if stamp is not None and stamp.at is not None:
        assert stamp.at.tzinfo is not None
        assert stamp.at.astimezone(UTC) <= sent_at.astimezone(UTC)


@given(st.integers(0, 6 * 24 * 60), MOMENTS)
def test_what_a_messenger_would_write_comes_back_as_the_minute_it_means(minutes: int, sent_at: datetime) -> None:
    local = sent_at.astimezone(SHANGHAI)
    meant = (local - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    days = (local.date() - meant.date()).days
    word = {0: "", 1: "昨天 "}.get(days, "星期" + "一二三四五六日"[meant.weekday()] + " ")
    stamp = chat_times.parse(f"{word}{meant:%H:%M}", ReadHint(sent_at))
    assert stamp == chat_times.Stamp(meant)
