"""What people say to ask a colleague or for an approval, and what is neither; the rules behind both."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.approval_rules import LEVELS, ApprovalRules
from handlers.help_rules import Closure, Department, HelpRules, closure, half_way
from handlers.working_time import WorkingTime
from nlp import approval_words, help_words
from nlp.help_words import About, Plea, Show
from storage.deal_models import HelpRequest, RequestState

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIMES = WorkingTime()


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


# Requests


@pytest.mark.parametrize(
    ("said", "who", "words"),
    [
        ("求助 @技术 能不能做316L", "技术", "能不能做316L"),
        ("求助@技术部：能不能做316L", "技术部", "能不能做316L"),
        ("求助一下李工，能不能做316L", "李工", "能不能做316L"),
        ("我要求助技术，恒力要316L", "技术", "恒力要316L"),
        ("求助李工恒力要316L", "", "李工恒力要316L"),
        ("求助 @技术", "技术", ""),
        ("求助", "", ""),
    ],
)
def test_a_plea_says_whom_and_what(said: str, who: str, words: str) -> None:
    assert help_words.read(said) == Plea(who, words)


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("撤回求助3", About("withdraw", 3)),
        ("撤销我的求助 12。", About("withdraw", 12)),
        ("求助三撤回", About("withdraw", 3)),
        ("回复求助3：可以做", About("answer", 3, "可以做")),
        ("回复求助三，可以做", About("answer", 3, "可以做")),
        ("回复求助3", About("answer", 3)),
        ("求助3办不了，没有炉号", About("decline", 3, "没有炉号")),
        ("办不了求助3：没有炉号", About("decline", 3, "没有炉号")),
        ("把求助3转给王工", About("pass_on", 3, "王工")),
        ("转求助3给王工", About("pass_on", 3, "王工")),
    ],
)
def test_a_request_is_spoken_of_by_its_number(said: str, about: About) -> None:
    assert help_words.read(said) == about


@pytest.mark.parametrize("said", ["客户求助我们", "他向技术部求助", "刚从恒力出来，求助李工", "我的求助怎么样了"])
def test_what_only_mentions_a_request_is_none(said: str) -> None:
    assert help_words.read(said) is None


def test_lists_are_asked_for_by_name() -> None:
    assert help_words.read("我的求助") == Show("mine")
    assert help_words.read("待回复求助") == Show("waiting")


@given(st.text(max_size=40))
def test_any_words_are_read_or_left(words: str) -> None:
    for read in (help_words.read, help_words.read_loose, approval_words.read, approval_words.read_loose):
        read(words)
        read(f"求助{words}")
        read(f"审批 {words}")
    approval_words.amount(words)
    off = approval_words.percent_off(words)
    assert off is None or 0 < off < 100


@given(st.integers(1, 999_999), st.text(alphabet="可以做不行三天", min_size=1, max_size=9))
def test_the_number_and_the_words_of_an_answer_are_kept(number: int, words: str) -> None:
    assert help_words.read(f"回复求助{number}：{words}") == About("answer", number, words)


# Approvals


@pytest.mark.parametrize(
    "said",
    [
        "审批还没下来",
        "审批通过了，报价18万",
        "审批流程走完要两周，预算80万",
        "审批卡在他们老总那，预算80万",
        "审批：领导还没批",
        "审批话术",
        "通过话术 TM-01",
        "待审话术",
        "客户要申请折扣",
        "他们申请九折",
        "报价审批",
    ],
)
def test_news_of_approvals_asks_for_none(said: str) -> None:
    assert approval_words.read(said) is None
    assert approval_words.read_loose(said) is None


@given(st.integers(1, 999), st.sampled_from(["含安装", "三年质保", "月结30天", ""]))
def test_the_amount_said_is_the_amount_read(wan: int, more: str) -> None:
    assert approval_words.amount(f"恒力 报价{wan}万 {more}".strip()) == wan * 10_000_00


@given(st.integers(0, 10**10), st.none() | st.floats(0.1, 99))
def test_more_money_never_needs_fewer_to_agree(fen: int, off: float | None) -> None:
    rules = ApprovalRules()
    levels = rules.levels_for(fen, off)

    assert levels
    assert list(levels) == [level for level in LEVELS if level in levels]
    assert set(levels) <= set(rules.levels_for(fen * 2, off))


# Time


def test_working_hours_between_two_moments_leave_out_nights_and_days_off() -> None:
    assert TIMES.hours_between(at(27, 16), at(30, 10)) == 3
    assert TIMES.hours_between(at(27, 10), at(27, 9)) == 0
    assert TIMES.hours_between(at(28, 10), at(29, 20)) == 0


@given(st.integers(0, 60 * 24 * 20), st.floats(0, 40))
def test_as_many_hours_lie_between_as_were_added(minutes: int, hours: float) -> None:
    begin = at(1, 0) + timedelta(minutes=minutes)

    assert TIMES.hours_between(begin, TIMES.add_hours(begin, hours)) == pytest.approx(hours, abs=1e-3)


@pytest.mark.parametrize(
    ("since", "reminded"),
    [
        (at(23, 10), at(24, 10)),
        (at(24, 20), at(26, 8, 30)),
        (at(27, 10), at(27, 17)),
        (at(27, 16, 30), None),
    ],
    ids=["in the week", "half way lies in the night", "before a weekend", "too late before a weekend"],
)
def test_half_way_is_a_moment_at_which_people_work_and_before_the_end(
    since: datetime, reminded: datetime | None
) -> None:
    assert half_way(TIMES, since, since + timedelta(hours=48)) == reminded


@given(st.integers(0, 60 * 24 * 60))
def test_a_reminder_comes_in_working_hours_after_the_card_and_before_it_goes_up(minutes: int) -> None:
    since = TIMES.next_push(at(1, 0, month=9) + timedelta(minutes=minutes))
    until = since + timedelta(hours=48)
    moment = half_way(TIMES, since, until)

    assert moment is None or (TIMES.may_push(moment) and since < moment < TIMES.next_push(until))


# How well it is kept


def request(state: RequestState, *, due_h: int, answered_h: int | None = None) -> HelpRequest:
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    answered_at = begin + timedelta(hours=answered_h) if answered_h is not None else None
    return HelpRequest(state=state, due_at=begin + timedelta(hours=due_h), answered_at=answered_at)


def test_a_no_is_an_answer_and_what_was_withdrawn_or_is_not_due_does_not_count() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=60)
    counted = closure(
        [
            request("answered", due_h=48, answered_h=20),
            request("declined", due_h=48, answered_h=48),
            request("answered", due_h=48, answered_h=49),
            request("open", due_h=48),
            request("open", due_h=70),
            request("withdrawn", due_h=48, answered_h=50),
        ],
        now,
    )

    assert counted == Closure(due=4, in_time=2)
    assert counted.percent == 50
    assert closure([], now).percent is None


def test_a_department_is_known_by_its_name_however_it_is_called() -> None:
    rules = HelpRules(departments=(Department("技术部", ("李工",)), Department("法务", ("孙律师",))))

    for said in ("技术", "@技术部", "技术部的同事", "技术部门"):
        department = rules.department(said)
        assert department is not None
        assert department.name == "技术部"
    assert rules.department("部") is None
    assert rules.department("财务") is None
