"""Every convention of nlp.dates, one case each, sent on Thursday 19 November 2026 at 17:00 in Shanghai."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.dates import TimeMention, add_months, add_working_days, find, is_working_day

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 11, 19, 17, 0, tzinfo=SHANGHAI)


def only(text: str, sent_at: datetime = SENT_AT) -> TimeMention:
    [mention] = find(text, sent_at, SHANGHAI)
    return mention


@pytest.mark.parametrize(
    ("text", "kind", "due"),
    [
        ("下周三前把排期表给他", "deadline", "2026-11-25"),
        ("下周三", "point", "2026-11-25"),
        ("周五再聊", "point", "2026-11-20"),
        ("周三给他", "point", "2026-11-25"),
        ("这周四", "point", "2026-11-19"),
        ("周三去了恒力", "past", None),
        ("上周五", "past", None),
        ("下下周一", "point", "2026-11-30"),
        ("星期天", "point", "2026-11-22"),
        ("下礼拜二", "point", "2026-11-24"),
        ("下周三四", "range", "2026-11-26"),
        ("周三到周五", "range", "2026-11-27"),
        ("下周三到周五", "range", "2026-11-27"),
        ("本周内", "deadline", "2026-11-22"),
        ("下周", "range", "2026-11-29"),
        ("周末", "range", "2026-11-22"),
        ("今天下班前", "deadline", "2026-11-19"),
        ("下班前", "deadline", "2026-11-19"),
        ("上班前", "deadline", "2026-11-20"),
        ("明早九点", "point", "2026-11-20"),
        ("大后天", "point", "2026-11-22"),
        ("昨天", "past", None),
        ("前天下午", "past", None),
        ("12月1号前", "deadline", "2026-12-01"),
        ("十二月一号前", "deadline", "2026-12-01"),
        ("十二月十五号", "point", "2026-12-15"),
        ("二零二六年十二月一日", "point", "2026-12-01"),
        ("2026-12-01", "point", "2026-12-01"),
        ("2026年12月1日之前", "deadline", "2026-12-01"),
        ("12.1前", "deadline", "2026-12-01"),
        ("12/15号", "point", "2026-12-15"),
        ("15到20号", "range", "2026-12-20"),
        ("12月15号到20号", "range", "2026-12-20"),
        ("25号", "point", "2026-11-25"),
        ("5号前", "deadline", "2026-12-05"),
        ("20号左右", "range", "2026-11-20"),
        ("下个月五号左右", "range", "2026-12-05"),
        ("11月10号签的", "past", None),
        ("6月15日之前", "deadline", "2027-06-15"),
        ("三月前", "deadline", "2027-02-28"),
        ("3月前完成安装", "deadline", "2027-02-28"),
        ("九月份", "range", "2027-09-30"),
        ("明年一月", "range", "2027-01-31"),
        ("明年3月底", "point", "2027-03-31"),
        ("月底", "point", "2026-11-30"),
        ("月底之前", "deadline", "2026-11-30"),
        ("下月初", "range", "2026-12-10"),
        ("12月中旬", "range", "2026-12-20"),
        ("12月下旬", "range", "2026-12-31"),
        ("年底前", "deadline", "2026-12-31"),
        ("一季度", "range", "2027-03-31"),
        ("Q1启动", "range", "2027-03-31"),
        ("明年上半年", "range", None),
        ("两周内", "deadline", "2026-12-03"),
        ("半个月后", "point", "2026-12-04"),
        ("一个月之内", "deadline", "2026-12-19"),
        ("两三天内", "deadline", "2026-11-22"),
        ("24小时内", "deadline", "2026-11-20"),
        ("三个工作日内", "deadline", "2026-11-24"),
        ("三天前", "past", None),
        ("半年前", "past", None),
        ("过两天", "range", "2026-11-22"),
        ("春节前", "deadline", "2027-02-05"),
        ("年前", "deadline", "2027-02-05"),
        ("春节后", "after", None),
        ("国庆前", "deadline", "2027-09-30"),
        ("五一前", "deadline", "2027-04-30"),
        ("中秋前", "deadline", "2027-09-14"),
        ("节前", "deadline", "2026-12-31"),
        ("双十二", "point", "2026-12-12"),
        ("最迟周五", "deadline", "2026-11-20"),
        ("截止到12月5号", "deadline", "2026-12-05"),
        ("１２月５日前", "deadline", "2026-12-05"),
    ],
)
def test_an_expression_is_read_by_its_convention(text: str, kind: str, due: str | None) -> None:
    mention = only(text)

    assert mention.kind == kind
    assert mention.due == (date.fromisoformat(due) if due else None)


@pytest.mark.parametrize(
    "text",
    [
        "3号楼",
        "2号线",
        "第三周",
        "一周一次",
        "有三点建议",
        "两点要确认",
        "交期45天",
        "含三年维保",
        "每周三例会",
        "2月30号",
        "11月31号",
        "三个月",
        "便宜一点",
        "付款三六一",
        "环节前面",
        "账号12号",
        "总的来说",
    ],
)
def test_what_names_no_time_is_left_alone(text: str) -> None:
    assert find(text, SENT_AT, SHANGHAI) == []


def test_a_correction_withdraws_the_first_date() -> None:
    assert only("周三，不对，周四前").due == date(2026, 11, 19)
    assert only("不是周三，是周五").due == date(2026, 11, 20)


def test_the_time_of_day_is_kept() -> None:
    mention = only("下周二上午十点半")

    assert mention.start == mention.end == datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)


def test_a_bare_afternoon_hour_is_in_the_afternoon() -> None:
    assert only("明天三点").start == datetime(2026, 11, 20, 15, 0, tzinfo=SHANGHAI)


def test_a_bare_weekday_whose_hour_is_over_is_next_weeks() -> None:
    assert only("约了周四上午").due == date(2026, 11, 26)


def test_the_end_of_work_is_tomorrows_once_it_is_over() -> None:
    assert only("下班前", SENT_AT.replace(hour=20)).due == date(2026, 11, 20)


def test_days_are_counted_in_the_configured_zone() -> None:
    late = datetime(2026, 11, 19, 23, 0, tzinfo=ZoneInfo("UTC"))

    assert only("明天", late).due == date(2026, 11, 21)


def test_the_span_holds_the_whole_expression() -> None:
    text = "我答应最迟下周三前给他"

    assert only(text).span.of(text) == "最迟下周三前"


def test_working_days_skip_holidays_and_use_make_up_days() -> None:
    assert add_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert is_working_day(date(2026, 10, 10))


def test_beyond_the_published_calendar_the_weekday_decides() -> None:
    assert is_working_day(date(2035, 10, 1))
    assert not is_working_day(date(2035, 10, 6))


def test_a_month_later_ends_with_the_shorter_month() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)


WORDS = st.lists(
    st.sampled_from(
        [
            "下周",
            "周三",
            "前",
            "后",
            "内",
            "月底",
            "12月",
            "1号",
            "十二",
            "三十一",
            "号",
            "日",
            "年",
            "春节",
            "两周",
            "个工作日",
            "上午",
            "十点",
            "到",
            "至",
            "-",
            ".",
            "/",
            "今天",
            "明年",
            "底",
            "左右",
            "不对",
            "，",
            "99",
            "2",
            "月",
            "半",
            "第",
            "每",
            "国庆",
            "Q4",
            "季度",
            "闰",
        ]
    ),
    max_size=8,
).map("".join)


@given(WORDS | st.text(max_size=40), st.integers(min_value=-9000, max_value=20_000), st.integers(0, 86_399))
def test_no_text_and_no_day_makes_it_raise(text: str, days: int, seconds: int) -> None:
    moment = SENT_AT + timedelta(days=days, seconds=seconds)

    for mention in find(text, moment, SHANGHAI):
        assert mention.span.of(text)
        assert mention.start is None or mention.end is None or mention.start <= mention.end
        assert mention.due is None or mention.kind in ("point", "range", "deadline")


def test_working_days_are_the_companys_own_where_it_has_some() -> None:
    """三个工作日内 on a Friday, where the company also works on that Saturday and is off on Monday and Tuesday."""
    friday = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
    own = {date(2026, 11, 21): True, date(2026, 11, 23): False, date(2026, 11, 24): False}

    def worked(day: date) -> bool:
        return own.get(day, is_working_day(day))

    for words, by_the_holidays, by_the_company in (
        ("三个工作日内给报价", date(2026, 11, 25), date(2026, 11, 26)),
        ("两个工作日内给报价", date(2026, 11, 24), date(2026, 11, 25)),
        ("一个工作日内给报价", date(2026, 11, 23), date(2026, 11, 21)),
        ("下个工作日给报价", date(2026, 11, 23), date(2026, 11, 21)),
        ("11月22号后两个工作日内给报价", date(2026, 11, 24), date(2026, 11, 26)),
    ):
        for expected, found in (
            (by_the_holidays, find(words, friday, SHANGHAI)),
            (by_the_company, find(words, friday, SHANGHAI, worked)),
        ):
            assert [mention.due for mention in found] == [expected], words
