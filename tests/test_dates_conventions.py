"""The conventions of nlp.dates, one test each, and what must not be taken for a time."""

import logging
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from nlp import calendar_cn
from nlp.dates import TimeMention, find, is_working_day

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 11, 19, 17, 0, tzinfo=SHANGHAI)
"""A Thursday."""


def only(text: str, sent_at: datetime = SENT_AT) -> TimeMention:
    [mention] = find(text, sent_at, SHANGHAI)
    return mention


def dues(text: str) -> list[str | None]:
    return [each.due.isoformat() if each.due else None for each in find(text, SENT_AT, SHANGHAI)]


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)


def test_before_a_day_includes_its_last_moment() -> None:
    assert only("下周三前").end == at("2026-11-25 23:59:59")
    assert only("25号之前").end == at("2026-11-25 23:59:59")
    assert only("月底前").end == at("2026-11-30 23:59:59")


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("三月前", "2027-02-28"),
        ("二季度前", "2027-03-31"),
        ("明年下半年前", "2027-06-30"),
        ("明年前", "2026-12-31"),
        ("春节前", "2027-02-05"),
    ],
)
def test_before_a_month_a_quarter_a_half_a_year_or_a_festival_ends_the_day_before(text: str, due: str) -> None:
    assert only(text).due == date.fromisoformat(due)


@pytest.mark.parametrize("text", ["下周前", "下下周之前", "周末前", "下周末之前"])
def test_before_a_week_or_a_weekend_is_flagged(text: str) -> None:
    assert (only(text).kind, only(text).ambiguous, only(text).due) == ("deadline", True, None)


def test_before_the_year_is_before_spring_festival() -> None:
    assert only("年前").due == date(2027, 2, 5)


def test_before_the_festival_is_before_the_next_public_one() -> None:
    assert only("节前").due == date(2026, 12, 31)
    assert only("节前", at("2026-09-28 11:00")).due == date(2026, 9, 30)


def test_the_week_begins_on_monday() -> None:
    assert only("下周三").due == date(2026, 11, 25)
    assert only("下周一", at("2026-11-22 10:00")).due == date(2026, 11, 23)


def test_a_bare_weekday_that_is_over_is_next_weeks_unless_the_words_speak_of_the_past() -> None:
    assert only("周三给他").due == date(2026, 11, 25)
    assert only("周三去了恒力").start == at("2026-11-18 00:00")


def test_the_beginning_the_middle_and_the_end_of_a_week() -> None:
    assert (only("下周初").start, only("下周初").due) == (at("2026-11-23 00:00"), date(2026, 11, 24))
    assert (only("下周中").start, only("下周中").due) == (at("2026-11-24 00:00"), date(2026, 11, 26))
    assert (only("下周末").start, only("下周末").due) == (at("2026-11-28 00:00"), date(2026, 11, 29))


def test_the_next_friday_is_flagged_while_this_weeks_is_to_come() -> None:
    assert only("下一个周五").ambiguous
    assert not only("下一个周二").ambiguous
    assert not only("下周五").ambiguous


def test_a_bare_weekday_behind_next_week_is_flagged() -> None:
    assert dues("下周一到周三我出差，周四再去拜访") == ["2026-11-25", None]
    assert dues("下周一到周三我出差。周四再去拜访") == ["2026-11-25", "2026-11-19"]
    assert dues("我下周三前把方案发给他，周五再去") == ["2026-11-25", "2026-11-20"]


def test_a_day_of_the_month_that_is_over_is_the_next_months() -> None:
    assert only("5号前").due == date(2026, 12, 5)
    assert only("31号").due == date(2026, 12, 31)


def test_a_date_without_a_year_is_past_for_sixty_days_and_next_years_beyond() -> None:
    assert only("9月20号").kind == "past"
    assert only("9月19号").due == date(2027, 9, 19)


def test_a_month_that_is_over_is_next_years() -> None:
    assert only("九月份").due == date(2027, 9, 30)
    assert only("九月份签的").end == at("2026-09-30 23:59:59")


def test_the_parts_of_a_month() -> None:
    assert only("月底").start == at("2026-11-30 00:00")
    assert (only("下月初").start, only("下月初").due) == (at("2026-12-01 00:00"), date(2026, 12, 10))
    assert (only("12月中旬").start, only("12月中旬").due) == (at("2026-12-11 00:00"), date(2026, 12, 20))
    assert (only("12月下旬").start, only("12月下旬").due) == (at("2026-12-21 00:00"), date(2026, 12, 31))


def test_around_a_day_is_two_days_either_way_and_due_on_the_day() -> None:
    mention = only("25号左右")

    assert (mention.start, mention.end) == (at("2026-11-23 00:00"), at("2026-11-27 23:59:59"))
    assert (mention.kind, mention.due) == ("range", date(2026, 11, 25))


def test_around_an_hour_is_half_an_hour_either_way() -> None:
    mention = only("明天三点左右")

    assert (mention.start, mention.end) == (at("2026-11-20 14:30"), at("2026-11-20 15:30"))


def test_calendar_days_count_from_the_sending_day_working_days_after_it() -> None:
    assert only("两周内").due == date(2026, 12, 3)
    assert only("三个工作日内").due == date(2026, 11, 24)
    assert only("三个工作日内", at("2026-09-30 10:00")).due == date(2026, 10, 10)


def test_half_a_month_is_fifteen_days() -> None:
    assert only("半个月后").due == date(2026, 12, 4)


@pytest.mark.parametrize(
    "text",
    [
        "收到货后7天内付款",
        "到货30天内付清",
        "签合同后三个月内付清",
        "质保三年内免费换",
        "试用一个月后再谈",
        "上次说的两周内给答复",
        "验收合格后的10个工作日内",
    ],
)
def test_a_duration_that_counts_from_something_else_is_left_out(text: str) -> None:
    assert find(text, SENT_AT, SHANGHAI) == []


def test_a_duration_behind_a_festival_or_a_date_counts_from_it() -> None:
    assert only("春节后两周内").due == date(2027, 2, 26)
    assert only("12月1号后三天内").due == date(2026, 12, 4)
    assert only("12月1号前一天").due == date(2026, 11, 30)
    assert only("春节前一周").ambiguous


def test_a_few_days() -> None:
    assert (only("过两天").start, only("过两天").due) == (at("2026-11-21 00:00"), date(2026, 11, 22))
    assert (only("过几天").start, only("过几天").due) == (at("2026-11-22 00:00"), date(2026, 11, 26))
    assert (only("几天内").ambiguous, only("几天内").due) == (True, None)


@pytest.mark.parametrize("text", ["近期", "最近", "过一阵", "过段时间", "马上", "尽快", "一会儿", "下次"])
def test_what_has_no_window_is_left_out(text: str) -> None:
    assert find(text, SENT_AT, SHANGHAI) == []


def test_the_hours_of_work() -> None:
    assert only("明天下班前").end == at("2026-11-20 18:00")
    assert only("明天上班前").end == at("2026-11-20 09:00")


def test_a_bare_hour_from_one_to_six_is_in_the_afternoon() -> None:
    assert only("明天六点").start == at("2026-11-20 18:00")
    assert only("明天七点").start == at("2026-11-20 07:00")
    assert only("明天凌晨三点").start == at("2026-11-20 03:00")


def test_midnight_is_the_end_of_the_day_named() -> None:
    mention = only("明天晚上十二点前")

    assert (mention.end, mention.due, mention.time_of_day) == (at("2026-11-20 23:59:59"), date(2026, 11, 20), "24:00")


def test_the_small_hours_of_a_night_are_flagged() -> None:
    assert only("明晚一点").ambiguous


def test_today_is_past_where_the_words_speak_of_the_past() -> None:
    assert (only("今天去了恒力").kind, only("今天去了恒力").end) == ("past", SENT_AT)
    assert only("今天把合同签了").due == date(2026, 11, 19)


def test_a_time_without_a_day_is_todays_and_flagged_once_it_is_over() -> None:
    assert only("晚上八点").due == date(2026, 11, 19)
    assert (only("上午九点").ambiguous, only("上午九点").due) == (True, None)
    assert (only("上午九点见了王总").kind, only("上午九点见了王总").ambiguous) == ("past", False)


def test_a_time_beside_a_day_is_of_that_day_and_flagged_further_away() -> None:
    assert dues("周五上午十点和下午两点") == ["2026-11-20", "2026-11-20"]
    assert dues("明天上午九点开会，晚上八点给他") == ["2026-11-20", None]


def test_a_weekday_beside_its_date_is_part_of_it_and_flagged_where_it_does_not_fit() -> None:
    assert only("11月25日（周三）上午10:00").start == at("2026-11-25 10:00")
    assert only("11月25日（周五）").ambiguous


def test_neighbours_are_a_range_and_flagged_where_they_may_be_digits() -> None:
    assert (only("三四号").start, only("三四号").due) == (at("2026-12-03 00:00"), date(2026, 12, 4))
    assert (only("下周三四").start, only("下周三四").due) == (at("2026-11-25 00:00"), date(2026, 11, 26))
    assert (only("三四月").start, only("三四月").due) == (at("2027-03-01 00:00"), date(2027, 4, 30))
    for text in ("一二号", "二三号", "一二月份"):
        assert (only(text).ambiguous, only(text).due) == (True, None)


@pytest.mark.parametrize(
    "text", ["每周三例会", "每周三上午", "每月5号上午对账", "每个月底结账", "每年春节放假", "每天上午九点开会"]
)
def test_what_recurs_is_left_out(text: str) -> None:
    assert find(text, SENT_AT, SHANGHAI) == []


def test_the_earliest_begins_and_after_begins_when_it_is_over() -> None:
    assert (only("最快下周三").kind, only("最快下周三").start) == ("after", at("2026-11-25 00:00"))
    assert (only("从下周一开始").kind, only("从下周一开始").start) == ("after", at("2026-11-23 00:00"))
    assert (only("下周三后").kind, only("下周三后").start) == ("after", at("2026-11-26 00:00"))


def test_once_it_is_over_begins_after_it() -> None:
    assert (only("过了元旦再约").kind, only("过了元旦再约").start) == ("after", at("2027-01-02 00:00"))


def test_a_festival_that_is_just_over_is_flagged_unless_before_follows() -> None:
    assert (only("双十一期间").ambiguous, only("双十一期间").due) == (True, None)
    assert (only("双十一前").ambiguous, only("双十一前").due) == (False, date(2027, 11, 10))
    assert only("五一期间").due == date(2027, 5, 5)


def test_a_range_longer_than_a_quarter_has_no_due_date() -> None:
    assert only("一季度").due == date(2027, 3, 31)
    assert only("上半年").due is None


def test_the_past_has_no_due_date() -> None:
    assert only("上周三").due is None
    assert only("三天前").due is None


def test_the_second_half_of_a_range_is_read_from_the_first() -> None:
    assert only("上周三到周五").end == at("2026-11-13 23:59:59")
    assert only("下周三到下周五").due == date(2026, 11, 27)
    assert only("12月28号到1月3号").due == date(2027, 1, 3)
    assert only("明天到后天").due == date(2026, 11, 21)
    assert only("上午九点到三点", at("2026-11-19 08:00")).end == at("2026-11-19 15:00")


def test_blanks_that_a_speech_engine_puts_in_are_within_the_span() -> None:
    text = "他说 12 月 1 号之前给"

    assert only(text).span.of(text) == "12 月 1 号之前"


def test_an_impossible_date_is_none_and_neither_is_a_part_of_it() -> None:
    for text in ("2月30号", "11月31号前", "二月三十号到三十一号", "2027-02-30"):
        assert find(text, SENT_AT, SHANGHAI) == []


def test_festivals_follow_the_moon_in_any_year() -> None:
    assert calendar_cn.festival("春节", 2000)[0] == date(2000, 2, 5)
    assert calendar_cn.festival("春节", 2050)[0] == date(2050, 1, 23)
    assert calendar_cn.festival("中秋", 2025)[0] == date(2025, 10, 6)
    assert calendar_cn.festival("清明", 2026)[0] == date(2026, 4, 5)
    assert calendar_cn.lunar_day(2026, 12, 31) is None


def test_a_year_without_a_published_calendar_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    calendar_cn._say_once.cache_clear()

    with caplog.at_level(logging.INFO, logger="nlp.calendar_cn"):
        assert is_working_day(date(2041, 10, 1))
        assert not is_working_day(date(2041, 10, 5))

    assert [record.message for record in caplog.records] == ["dates.holidays_unknown"]


@pytest.mark.parametrize(
    "text",
    [
        "交期45天",
        "三年质保",
        "一个月用500个",
        "账期三个月",
        "干了26年",
        "26年经验",
        "二十年老客户",
        "一年500台",
        "三天两头",
        "试用期一个月",
        "先给三天时间",
        "周总很满意",
        "周一鸣是技术负责人",
        "周五金店",
        "日本客户",
        "日常维护",
        "李三月说可以",
        "三月总说可以",
        "五一广场",
        "国庆路",
        "他家在五号大街",
        "中山路12号",
        "五月花酒店",
        "电话13812345678",
        "打3.5折",
        "八点五折",
        "涨了12.1%",
        "版本2.3.1",
        "升级到3.5版本",
        "12.5元",
        "比例3:1",
        "16:9",
        "10-15台",
        "12-15万",
        "2/3的人",
        "三点五万",
        "一号楼",
        "2号线",
        "型号12号",
        "账号12号",
        "三号产线",
        "3号机",
        "五号仓",
        "A3号",
        "三十号人",
        "十几号人",
        "Q3系列",
        "奥迪Q3",
        "月薪三千",
        "年会",
        "季度奖",
        "年终奖",
        "月底薪",
        "月饼",
        "年产",
        "全年",
        "半年报",
        "周边",
        "周期",
        "周转",
        "三周年",
        "周日志",
        "一日游",
        "生日",
        "每日",
        "优点很多",
        "一点意见",
        "两点建议",
        "三点意见",
        "有三点要求",
        "便宜两个点",
        "便宜三点左右",
        "点头",
        "十点",
        "早上好",
        "下午茶",
        "晚一点",
        "早日",
        "第三周",
        "一周一次",
        "双周会",
        "环节后",
        "季节前",
        "新年度",
        "成年前",
        "后天性",
        "今日头条",
        "明日之星",
        "中秋月饼",
        "春节礼品",
        "下单",
        "上海",
        "本来",
        "二十",
        "123456789012",
        "三分之一",
    ],
)
def test_what_names_no_time_is_left_alone(text: str) -> None:
    assert find(text, SENT_AT, SHANGHAI) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("周三前往上海", ["周三"]),
        ("周五王老师来", ["周五"]),
        ("周一总部来人，周二报价", ["周一", "周二"]),
        ("下周三例会", ["下周三"]),
        ("二季度的预算", ["二季度"]),
        ("二月十二，付款", ["二月十二"]),
        ("周一到周五9:00-18:00", ["周一到周五9:00-18:00"]),
        ("张三月底前给", ["月底前"]),
        ("明天三点建议", ["明天"]),
        ("今天一点进展没有", ["今天"]),
        ("12月15台", ["12月"]),
        ("下周二十台一起发", ["下周"]),
        ("下周五一起去", ["下周五"]),
        ("周三四点", ["周三四点"]),
        ("5号和8号各去一次", ["5号", "8号"]),
        ("一月底二月初", ["一月底", "二月初"]),
        ("年底年初", ["年底", "年初"]),
        ("12月5号、6号参展", ["12月5号、6号"]),
        ("最晚不超过20号", ["不超过20号"]),
        ("2026年11月25日 周三 14:00-16:00", ["2026年11月25日 周三 14:00-16:00"]),
    ],
)
def test_an_expression_ends_where_other_words_begin(text: str, words: list[str]) -> None:
    assert [each.span.of(text) for each in find(text, SENT_AT, SHANGHAI)] == words


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("元月六号我再过去", "2027-01-06"),
        ("五万元月底付", "2026-11-30"),
        ("我方1/4开始部署", "2027-01-04"),
        ("12/25到账", "2026-12-25"),
        ("我22日前拟换品清单", "2026-11-22"),
        ("合同法务过了下礼拜一盖章", "2026-11-23"),
        ("跟他汇报一下礼拜三给结果", "2026-11-25"),
        ("一下下周三", "2026-11-25"),
        ("看一下下个月的", "2026-12-31"),
    ],
)
def test_typed_and_run_together_days_are_due_when_people_mean(text: str, due: str) -> None:
    assert dues(text) == [due]


@pytest.mark.parametrize("text", ["1/3的款", "先付1/3到账", "24/7服务", "9/10分"])
def test_a_part_of_something_is_no_day(text: str) -> None:
    assert find(text, SENT_AT, SHANGHAI) == []


def test_days_before_now_are_past_where_something_was_done() -> None:
    assert [only(text).kind for text in ("3日前发的", "15日前已经签了", "三日前发的")] == ["past"] * 3


def test_after_something_is_over_is_no_day_after() -> None:
    assert only("过了下礼拜一再说").kind == "after"
    assert only("法务过了下礼拜一盖章").kind == "point"
