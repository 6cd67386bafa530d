"""What people say about their to-dos, word by word."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import todo_words
from nlp.todo_words import (
    Cancel,
    Change,
    Create,
    Finish,
    FinishAll,
    Known,
    MarkFollowUp,
    New,
    PassOn,
    Show,
    Target,
    Until,
    Wish,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)
WEDNESDAY = date(2026, 11, 25)

SCHEDULE = Target("排期表", says_todo=False)
SECOND = Target("第二个", says_todo=True)


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("排期表搞定了", Finish(SCHEDULE)),
        ("排期表已经做完了！", Finish(SCHEDULE)),
        ("我把排期表弄好了。", Finish(SCHEDULE)),
        ("完成第二个待办", Finish(SECOND)),
        ("第二个待办完成", Finish(SECOND)),
        ("第二个搞定了", Finish(Target("第二个", says_todo=False))),
        ("2 完成", Finish(Target("2", says_todo=False))),
        ("①完成", Finish(Target("①", says_todo=False))),
        ("安装排期表发了", Finish(Target("安装排期表", says_todo=False), "发")),
        ("样品寄出去了", Finish(Target("样品", says_todo=False), "寄")),
        ("样品已经寄给客户了", Finish(Target("样品", says_todo=False), "寄")),
        ("我把排期表发给王总了", Finish(SCHEDULE, "发")),
        ("技术参数确认了", Finish(Target("技术参数", says_todo=False), "确认")),
        ("恒力的排期表搞定了", Finish(Target("恒力的排期表", says_todo=False))),
        ("待办全部完成", FinishAll()),
        ("所有待办都搞定了", FinishAll()),
        ("完成所有待办", FinishAll()),
        ("排期表改到周五", Change(SCHEDULE, "周五")),
        ("第二个待办延期到下周三", Change(SECOND, "下周三")),
        ("排期表推迟两天", Change(SCHEDULE, "两天")),
        ("排期表提前一天吧", Change(SCHEDULE, "提前一天")),
        ("延期排期表到周五", Change(SCHEDULE, "周五")),
        ("第二个待办延期", Change(SECOND, "")),
        ("第二个待办改成寄样品和目录", Change(SECOND, "寄样品和目录", rewords=True)),
        ("排期表转给赵一鸣", PassOn(SCHEDULE, "赵一鸣")),
        ("第二个待办交给赵一鸣来做", PassOn(SECOND, "赵一鸣")),
        ("把排期表转交给赵一鸣吧", PassOn(SCHEDULE, "赵一鸣")),
        ("取消第二个待办", Cancel(SECOND)),
        ("第二个待办不用做了", Cancel(SECOND)),
        ("新建待办：周五前给恒力寄样品", Create("周五前给恒力寄样品")),
        ("加个待办 下周给李总回电", Create("下周给李总回电")),
        ("待办 周五前寄样品", Show("周五前寄样品", or_new=True)),
        ("提醒我明天下午三点给王总打电话", Create("明天下午三点给王总打电话")),
        ("明天下午三点提醒我给王总打电话", Create("明天下午三点给王总打电话", when="明天下午三点")),
        ("李晓彤的待办", Show("李晓彤")),
        ("待办 李晓彤", Show("李晓彤", or_new=True)),
        ("团队待办", Show("")),
        ("待跟进 恒力", MarkFollowUp("恒力")),
        ("标记待跟进：恒力", MarkFollowUp("恒力")),
        ("恒力待跟进", MarkFollowUp("恒力", is_plain=False)),
        ("把恒力标为待跟进", MarkFollowUp("恒力", is_plain=False)),
    ],
)
def test_a_short_sentence_says_what_to_do(said: str, wish: Wish) -> None:
    assert todo_words.read(said) == wish


@pytest.mark.parametrize(
    "said",
    [
        "排期表发了，王经理很满意，预算85万",
        "今天拜访了恒力阀门见了王经理谈了排期表的事情他们基本认可我们下周三前把排期表发给他们就行了",
        "排期表还没发",
        "排期表发了吗",
        "如果排期表发了",
        "王经理说排期表收到了",
        "客户说样品寄了",
        "展会取消了",
        "客户很满意",
        "搞定了",
        "都完成了",
        "这个完成了",
        "",
        "。",
        "待办",
        "寄样品\n第二个待办完成",
    ],
)
def test_news_questions_and_what_is_not_done_yet_are_no_wish(said: str) -> None:
    assert todo_words.read(said) is None


OPEN = [
    Known("提供安装排期表", ("宁波恒力阀门有限公司", "恒力", "恒力阀门")),
    Known("给宏达寄样品", ()),
    Known("确认技术参数", ("宁波恒力阀门有限公司", "恒力", "恒力阀门")),
    Known("给王总打电话", ()),
    Known("寄合同", ("宁波恒丽服饰有限公司", "恒丽")),
]


@pytest.mark.parametrize(
    ("words", "verb", "places"),
    [
        ("排期表", "", (0,)),
        ("排期表", "发", (0,)),
        ("排期表", "签", ()),
        ("恒力的排期表", "", (0,)),
        ("恒力排期表", "", (0,)),
        ("恒力", "", (0, 2)),
        ("恒丽的排期表", "", ()),
        ("样品", "寄", (1,)),
        ("宏达的样品", "寄", (1,)),
        ("合同", "签", ()),
        ("合同", "寄", (4,)),
        ("王总的电话", "打", (3,)),
        ("派期表", "", (0,)),
        ("表", "", ()),
        ("发票", "", ()),
    ],
)
def test_the_words_point_at_those_they_fit(words: str, verb: str, places: tuple[int, ...]) -> None:
    assert todo_words.which(Target(words, says_todo=False), OPEN, verb=verb) == places


@pytest.mark.parametrize(
    ("words", "is_listed", "places"),
    [
        ("第二个待办", False, (1,)),
        ("第二个", False, None),
        ("第二个", True, (1,)),
        ("2", True, (1,)),
        ("②", True, (1,)),
        ("前两个", True, (0, 1)),
        ("最后一个", True, (2,)),
        ("第九个", True, (8,)),
        ("排期表", True, None),
    ],
)
def test_numbers_count_where_a_list_was_shown_or_the_word_is_said(
    words: str, is_listed: bool, places: tuple[int, ...] | None
) -> None:
    assert todo_words.numbered(todo_words.target(words), 3, is_listed=is_listed) == places


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("周五", Until(date(2026, 11, 20))),
        ("下周三", Until(date(2026, 11, 25))),
        ("改到下周三吧", Until(date(2026, 11, 25))),
        ("12月1号之前", Until(date(2026, 12, 1))),
        ("两天", Until(date(2026, 11, 27))),
        ("推迟两天", Until(date(2026, 11, 27))),
        ("提前一天", Until(date(2026, 11, 24))),
        ("一周", Until(date(2026, 12, 2))),
        ("三个工作日", Until(date(2026, 11, 30))),
        ("半个月", Until(date(2026, 12, 10))),
        ("两天后", Until(date(2026, 11, 22))),
        ("明天下午三点", Until(date(2026, 11, 21), datetime(2026, 11, 21, 15, tzinfo=SHANGHAI))),
        ("90万", None),
        ("赵一鸣", None),
        ("上周三", None),
        ("下周三拜访恒力谈预算", None),
        ("周三或者周五", None),
    ],
)
def test_until_when(words: str, until: Until | None) -> None:
    assert todo_words.until(words, FRIDAY, SHANGHAI, due=WEDNESDAY) == until


@pytest.mark.parametrize(
    ("words", "new"),
    [
        ("周五前给恒力寄样品", New("给恒力寄样品", Until(date(2026, 11, 20)))),
        ("给恒力寄样品", New("给恒力寄样品")),
        ("我要下周三去现场", New("去现场", Until(date(2026, 11, 25)))),
        (
            "明天下午三点给王总打电话",
            New("给王总打电话", Until(date(2026, 11, 21), datetime(2026, 11, 21, 15, tzinfo=SHANGHAI))),
        ),
        ("给王总打电话，明天", New("给王总打电话", Until(date(2026, 11, 21)))),
        ("今天上午九点给王总打电话", New("给王总打电话", is_over=True)),
        ("整理昨天的会议纪要", New("整理昨天的会议纪要")),
        ("周五", None),
        ("。", None),
    ],
)
def test_a_new_one_is_taken_apart(words: str, new: New | None) -> None:
    assert todo_words.new(words, FRIDAY, SHANGHAI) == new


@pytest.mark.parametrize("words", ["是", "是的", "都完成了", "全部", "对的。"])
def test_all_of_them(words: str) -> None:
    assert todo_words.means_all(words)


@pytest.mark.parametrize("words", ["算了", "不用了", "不延了", "都不是"])
def test_never_mind(words: str) -> None:
    assert todo_words.never_mind(words)
    assert not todo_words.means_all(words)


WORDS = (
    *("待办", "第二个", "排期表", "搞定了", "完成", "改到", "延期", "推迟", "两天", "转给", "赵一鸣", "取消", "新建"),
    *("提醒我", "明天", "下午三点", "待跟进", "恒力", "的", "把", "，", "。", "了", "2", "①", "没", "发", "全部", "半"),
    *("个", "月", "\n"),
)
PIECES = st.lists(st.sampled_from(WORDS), max_size=8).map("".join)


@given(PIECES | st.text(max_size=60))
def test_anything_may_be_said(text: str) -> None:
    wish = todo_words.read(text)
    todo_words.new(text, FRIDAY, SHANGHAI)
    todo_words.until(text, FRIDAY, SHANGHAI, due=WEDNESDAY)
    if isinstance(wish, Finish):
        todo_words.which(wish.target, OPEN, verb=wish.verb)
        places = todo_words.numbered(wish.target, len(OPEN), is_listed=True)
        assert places is None or all(isinstance(place, int) for place in places)


@given(PIECES.map(lambda words: f"{words}，王经理很满意。"))
def test_two_clauses_are_never_a_to_do_done(text: str) -> None:
    assert not isinstance(todo_words.read(text), Finish | FinishAll | Change | PassOn | Cancel)
