"""The pure scoring: what each score rests on, its bounds, and what may raise or lower it."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.record import (
    AmountValue,
    CompetitorValue,
    ContactValue,
    DeciderValue,
    DemandValue,
    ObjectionValue,
    SignalValue,
    SigningValue,
    StageValue,
    StepValue,
    Value,
)
from handlers.scoring import DIMENSIONS, MOST, RULES, Dimension, GradeRules, Told, score
from nlp.draft import Owner

TODAY = date(2026, 11, 20)
USUAL = GradeRules()
WAN = 1_000_000


def points(dimension: Dimension, *told: Told) -> int | None:
    found = score(dimension, told, today=TODAY, rules=USUAL)
    return found.points if found else None


def told(value: Value, words: str = "话", *, ago: int = 0, percent: float | None = None) -> Told:
    return Told(value, words, TODAY - timedelta(days=ago), percent)


def positive(category: str, words: str = "话", *, ago: int = 0) -> Told:
    return told(SignalValue(polarity="positive", category=category, words=words), words, ago=ago)


def risk(category: str, words: str = "话", *, ago: int = 0) -> Told:
    return told(SignalValue(polarity="risk", category=category, words=words), words, ago=ago)


def budget(low: int | None, high: int | None, *, about: bool = False, ago: int = 0) -> Told:
    return told(AmountValue(role="budget", low_fen=low, high_fen=high, about=about), ago=ago)


def step(days: int, *, ago: int = 0, owner: Owner = "customer") -> Told:
    due = TODAY - timedelta(days=ago) + timedelta(days=days)
    return told(StepValue(owner=owner, action="确认参数", due=due), ago=ago)


@pytest.mark.parametrize(
    ("dimension", "facts", "expected"),
    [
        ("urgency", [positive("催合同")], 5),
        ("urgency", [told(SigningValue(on=TODAY + timedelta(days=20)))], 5),
        ("urgency", [told(SigningValue(on=TODAY + timedelta(days=60)))], 3),
        ("urgency", [told(SigningValue(on=TODAY - timedelta(days=1)), ago=30)], 1),
        ("urgency", [positive("尽快上线")], 4),
        ("urgency", [told(DemandValue(what="安装", due=TODAY + timedelta(days=10)))], 4),
        ("urgency", [told(DemandValue(what="安装"))], None),
        ("urgency", [positive("已立项")], 3),
        ("urgency", [step(5)], 3),
        ("urgency", [step(20)], 2),
        ("urgency", [step(5, owner="us")], None),
        ("urgency", [step(5, ago=60)], 3),
        ("urgency", [risk("犹豫")], 1),
        ("urgency", [positive("催合同"), risk("犹豫")], 2),
        ("urgency", [positive("催合同", ago=3), risk("流失")], 0),
        ("urgency", [positive("催合同"), risk("流失", ago=3)], 5),
        ("urgency", [step(20), positive("催合同", ago=10)], 2),
        ("urgency", [positive("催合同", ago=91)], None),
        ("urgency", [positive("催合同", ago=90)], 5),
        ("budget", [budget(85 * WAN, 85 * WAN)], 5),
        ("budget", [budget(85 * WAN, 85 * WAN, about=True)], 4),
        ("budget", [budget(80 * WAN, 90 * WAN)], 3),
        ("budget", [budget(None, 90 * WAN)], 2),
        ("budget", [positive("预算到位")], 4),
        ("budget", [budget(85 * WAN, 85 * WAN, ago=200)], 5),
        ("budget", [budget(85 * WAN, 85 * WAN), risk("预算")], 2),
        ("budget", [budget(85 * WAN, 85 * WAN), risk("预算", ago=5)], 5),
        ("budget", [told(AmountValue(role="quote", low_fen=WAN, high_fen=WAN))], None),
        ("chain", [told(DeciderValue(name="李总"))], 4),
        ("chain", [told(DeciderValue(name="李总")), told(ContactValue(name="王经理", title="经理"))], 5),
        ("chain", [told(DeciderValue(name="李总")), told(ContactValue(name="李建国", title="总"))], 4),
        ("chain", [told(ContactValue(name="李建国", title="总经理"))], 3),
        ("chain", [told(ContactValue(name="王经理", title="经理"))], 2),
        ("chain", [told(ContactValue(name="小王"))], 1),
        ("chain", [told(DeciderValue(name="李总")), told(DeciderValue(name="张董"))], 5),
        ("chain", [told(DeciderValue(name="李总")), told(ContactValue(name="王经理", title="经理"), ago=9)], 5),
        ("chain", [told(DeciderValue(name="李总"), ago=9), risk("决策人变更")], 1),
        ("chain", [told(DeciderValue(name="李总")), risk("审批"), told(ContactValue(name="王经理", title="经理"))], 3),
        ("rivals", [positive("认可", "首选我们")], 5),
        ("rivals", [positive("认可", "基本认可")], None),
        ("rivals", [told(ObjectionValue(category="价格"), "比竞品贵百分之三", percent=3)], 3),
        ("rivals", [told(ObjectionValue(category="价格"), "比竞品贵百分之十五", percent=15)], 2),
        ("rivals", [told(ObjectionValue(category="价格"), "比竞品贵百分之三十", percent=30)], 1),
        ("rivals", [told(ObjectionValue(category="价格"), "比竞品贵")], 2),
        ("rivals", [told(ObjectionValue(category="价格"), "比我们便宜5%", percent=5)], 3),
        ("rivals", [told(ObjectionValue(category="价格"), "太贵了", percent=15)], None),
        ("rivals", [told(CompetitorValue(name="德科"))], 2),
        ("rivals", [risk("竞品", "倾向竞品")], 1),
        ("rivals", [risk("竞品", "已经在谈别家")], 2),
        ("rivals", [risk("比价", "货比三家"), positive("认可", "首选我们")], 3),
    ],
)
def test_what_words_are_worth(dimension: Dimension, facts: list[Told], expected: int | None) -> None:
    assert points(dimension, *facts) == expected


def test_a_score_names_the_words_that_made_it_and_those_that_held_it_down() -> None:
    figure, waits = budget(85 * WAN, 85 * WAN), risk("预算", "要等预算")

    found = score("budget", [figure, waits], today=TODAY, rules=USUAL)

    assert found is not None
    assert found.rests_on == (figure, waits)


def test_of_words_of_the_same_worth_the_newest_are_shown() -> None:
    old, new = budget(85 * WAN, 85 * WAN, ago=30), budget(90 * WAN, 90 * WAN)

    found = score("budget", [old, new], today=TODAY, rules=USUAL)

    assert found is not None
    assert found.rests_on == (new,)


def test_grades_follow_the_thresholds() -> None:
    assert [USUAL.grade(total) for total in (20, 14, 13, 8, 7, 0)] == ["A", "A", "B", "B", "C", "C"]
    assert GradeRules(a_from=18, b_from=2).grade(17) == "B"


DAYS = st.integers(0, 200)
CATEGORIES = st.sampled_from(["催合同", "尽快上线", "已立项", "要报价单", "主动约演示", "预算到位", "认可"])
RISKS = st.sampled_from(["犹豫", "流失", "预算", "审批", "决策人变更", "竞品", "比价", "招标", "回款"])
WORDS = st.sampled_from(["首选我们", "倾向竞品", "比竞品贵", "还不错", ""])
FEN = st.none() | st.integers(1, 10**9)
UNCAPPED = st.one_of(
    st.builds(positive, CATEGORIES, WORDS, ago=DAYS),
    st.builds(budget, FEN, FEN, about=st.booleans(), ago=DAYS),
    st.builds(step, st.integers(-10, 90), ago=DAYS),
    st.builds(
        lambda name, title, ago: told(ContactValue(name=name, title=title), ago=ago),
        st.sampled_from(["王经理", "李建国", "小张"]),
        st.sampled_from([None, "经理", "总经理"]),
        DAYS,
    ),
    st.builds(lambda name, ago: told(DeciderValue(name=name), ago=ago), st.sampled_from(["李总", "张董"]), DAYS),
    st.builds(
        lambda words, percent, ago: told(ObjectionValue(category="价格"), words, ago=ago, percent=percent),
        WORDS,
        st.none() | st.floats(0, 100),
        DAYS,
    ),
    st.builds(lambda days, ago: told(SigningValue(on=TODAY + timedelta(days=days)), ago=ago), DAYS, DAYS),
    st.builds(lambda ago: told(StageValue(name="方案设计"), ago=ago), DAYS),
)
ANY = st.one_of(UNCAPPED, st.builds(risk, RISKS, WORDS, ago=DAYS))
MANY = st.lists(ANY, max_size=12)


@given(st.sampled_from(DIMENSIONS), MANY)
def test_every_score_lies_between_0_and_5_and_rests_on_words_that_were_said(
    dimension: Dimension, facts: list[Told]
) -> None:
    found = score(dimension, facts, today=TODAY, rules=USUAL)

    if found is not None:
        assert 0 <= found.points <= MOST
        assert found.rests_on
        assert all(one in facts for one in found.rests_on)


@given(st.sampled_from(DIMENSIONS), MANY)
def test_without_a_word_that_a_rule_fits_there_is_no_score(dimension: Dimension, facts: list[Told]) -> None:
    fits = [
        one
        for one in facts
        if any(rule.says(one, TODAY) for rule in RULES[dimension])
        and (dimension != "urgency" or (TODAY - one.on).days <= USUAL.urgent_days)
    ]

    assert (score(dimension, facts, today=TODAY, rules=USUAL) is None) == (not fits)
    assert score(dimension, [], today=TODAY, rules=USUAL) is None


@given(st.sampled_from(["budget", "chain"]), MANY, UNCAPPED)
def test_what_stays_known_is_never_worth_less_for_one_more_good_word(
    dimension: Dimension, facts: list[Told], more: Told
) -> None:
    before, after = points(dimension, *facts), points(dimension, *facts, more)

    assert before is None or (after is not None and after >= before)


@given(st.sampled_from(DIMENSIONS), MANY, CATEGORIES, WORDS)
def test_one_more_good_word_of_the_latest_day_never_lowers_a_score(
    dimension: Dimension, facts: list[Told], category: str, words: str
) -> None:
    facts = [Told(one.value, one.words, TODAY, one.percent) for one in facts]
    before, after = points(dimension, *facts), points(dimension, *facts, positive(category, words))

    assert before is None or (after is not None and after >= before)


@given(st.sampled_from(DIMENSIONS), MANY, RISKS, WORDS)
def test_a_risk_that_holds_a_score_down_never_raises_it(
    dimension: Dimension, facts: list[Told], category: str, words: str
) -> None:
    new = risk(category, words)
    rule = next((one for one in RULES[dimension] if one.says(new, TODAY)), None)
    before, after = points(dimension, *facts), points(dimension, *facts, new)

    if rule is None:
        assert after == before
    else:
        assert after is not None
        assert after <= max(rule.caps, 0)


@settings(max_examples=500)
@given(MANY)
def test_the_order_in_which_records_are_read_changes_no_points(facts: list[Told]) -> None:
    for dimension in DIMENSIONS:
        assert points(dimension, *facts) == points(dimension, *reversed(facts))
