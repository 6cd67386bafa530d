"""No text and no moment makes nlp.dates raise, lie about a span or take more than linear work."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlp import calendar_cn, clock, day_words
from nlp.dates import TimeMention, find

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 11, 19, 17, 0, tzinfo=SHANGHAI)

CHARACTERS = (
    "零〇一二两俩三四五六七八九十百半几0123456789年月日号天周星期礼拜点时分刻上下本这"
    "前后内中初末底旬今明昨早晚午季度节春到至、-/.:：() ，过差第每个"
)
PIECES = (
    "下周", "周三", "星期天", "礼拜", "月底", "月初", "12月", "1号", "二零二六年", "27年", "三十一", "31",
    "春节", "国庆", "十一", "双十二", "正月", "十五", "两周", "三个工作日", "个月", "半年", "一个半", "小时",
    "上午", "十点", "差十分", "半", "一刻", "14:30", "24:00", "下班", "晚上", "到", "至", "-", "、", "或者",
    "之前", "前", "后", "以后", "内", "左右", "起", "最晚", "最快", "从", "开始", "过两天", "前一周",
    "后三天内", "Q4", "季度", "上半年", "年底", "年内", "节前", "最后一天", "了", "不对，", "不是", "每",
    "每月", "2月", "29号", "30号", "（周三）", "999", " ",
)  # fmt: skip

words = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=CHARACTERS, max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - in UTC
zones = st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati"]).map(
    ZoneInfo
)


def promised(text: str, found: list[TimeMention], zone: ZoneInfo) -> Iterator[bool]:
    """What every mention has to be, whatever the text."""
    ends = 0
    for mention in found:
        yield ends <= mention.span.start < mention.span.end <= len(text)
        ends = mention.span.end
        yield mention.span.of(text).strip() != ""
        for moment in (mention.start, mention.end):
            yield moment is None or moment.tzinfo is zone
        yield mention.start is None or mention.end is None or mention.start <= mention.end
        yield (mention.start is None) == (mention.kind == "deadline")
        yield (mention.end is None) == (mention.kind == "after")
        yield mention.due is None or (mention.kind in ("point", "range", "deadline") and not mention.ambiguous)
        yield mention.time_of_day is None or mention.time_of_day != ""


@settings(max_examples=600, deadline=None)
@given(words, moments, zones)
@example("2月29号前", datetime(2100, 12, 31, tzinfo=UTC), SHANGHAI)
@example("12 月 1 号 到 5 号", datetime(2026, 11, 19, tzinfo=UTC), SHANGHAI)
@example("今晚十二点到一点", datetime(2026, 11, 19, tzinfo=UTC), SHANGHAI)
@example("十五十点", datetime(2026, 11, 19, tzinfo=UTC), SHANGHAI)
@example("春节后999天内", datetime(2026, 11, 19, tzinfo=UTC), SHANGHAI)
def test_every_mention_keeps_its_promises(text: str, moment: datetime, zone: ZoneInfo) -> None:
    assert all(promised(text, find(text, moment, zone), zone))


@settings(max_examples=200, deadline=None)
@given(words, st.datetimes(timezones=st.just(UTC)))
def test_no_moment_makes_it_raise(text: str, moment: datetime) -> None:
    find(text, moment, SHANGHAI)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join), moments)
def test_what_stands_far_in_front_changes_nothing(text: str, moment: datetime) -> None:
    padding = "他们那边的设备还在运转。" * 3
    alone, behind = find(text, moment, SHANGHAI), find(padding + text, moment, SHANGHAI)

    assert [(m.kind, m.start, m.end, m.due) for m in alone] == [(m.kind, m.start, m.end, m.due) for m in behind]
    assert [m.span.start + len(padding) for m in alone] == [m.span.start for m in behind]


REPEATED = (
    "一", "1", "月", "周", "号", "下", "(", "1月", "下周", "点", "3.", "二零", "三月", "前", "上午", "1月到", "9:",
    "半", "年", "差", "最晚",
)  # fmt: skip


@pytest.mark.parametrize("repeated", REPEATED)
def test_a_long_hostile_text_is_read_to_its_end(repeated: str) -> None:
    text = (repeated * 20_000)[:20_000]

    assert all(promised(text, find(text, SENT_AT, SHANGHAI), SHANGHAI))


@pytest.mark.parametrize("repeated", REPEATED)
def test_the_work_at_a_place_does_not_depend_on_how_long_the_text_is(repeated: str) -> None:
    """No rule reads further than a bounded window: what stands behind it changes nothing about what is read.

    The window is far above what the longest expression needs; a rule that ran on to the text's end would read more
    of the longer text.
    """
    window = 200
    now = day_words.Now(SENT_AT, past=False)
    for start in range(len(repeated) * 3):
        short, long = ((repeated * count)[:count] for count in (window + 100, 5_000))
        for position in (start, start + 50):
            read_short, read_long = day_words.read(short, position, now), day_words.read(long, position, now)
            assert read_short == read_long
            assert read_long is None or read_long[1] - position <= window


def test_no_rule_repeats_without_bound() -> None:
    """The rules hold no `*`, `+` or `{n,}`: each reads a bounded number of characters, so that the whole is linear."""
    patterns = [rule.pattern.pattern for rules in day_words._BY_START.values() for rule in rules]
    patterns += [value.pattern for value in vars(clock).values() if isinstance(value, re.Pattern)]

    assert len(patterns) > 100
    for pattern in patterns:
        outside = re.sub(r"\[[^\]]*\]|\\.", "", pattern)
        assert not re.search(r"[*+]|\{\d*,\}", outside), pattern


@settings(max_examples=150, deadline=None)
@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 60))
def test_working_days_are_counted_forward(day: date, count: int) -> None:
    later = calendar_cn.add_working_days(day, count)

    assert later - day >= timedelta(days=count)
    assert count == 0 or calendar_cn.is_working_day(later)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["春节", "元宵", "清明", "端午", "七夕", "中秋", "重阳", "除夕", "国庆"]), st.integers(1990, 2100)
)
def test_a_festival_falls_into_the_year_asked_for(name: str, year: int) -> None:
    first, last = calendar_cn.festival(name, year)

    assert first <= last
    assert first.year == year
