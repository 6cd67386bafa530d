"""Each line of the policy in `nlp.reconcile`. All companies, people and figures are invented."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.draft import (
    Amount,
    Candidate,
    CompetitorMention,
    ContactMention,
    CustomerMention,
    ExtractionContext,
    NextStep,
    Signal,
    Span,
    StageMention,
    Tag,
    VisitDraft,
)
from nlp.extract import grounded
from nlp.llm_schema import MOST_ITEMS
from nlp.reconcile import Quotes, merged
from tests.notes_for_models import NOTE, answer, context, rules

W = 10_000_00
"""Ten thousand yuan in fen."""


def read(
    text: str, within: ExtractionContext | None = None, /, *, by_rules: VisitDraft | None = None, **fields: Any
) -> VisitDraft:
    within = within or context()
    return merged(text, by_rules or rules(text, within), answer(**fields), within, "m")


def bare(**fields: Any) -> VisitDraft:
    """A draft of the rules that found nothing but this."""
    return VisitDraft(**{"visited_on": date(2026, 11, 20), "summary": "", **fields})


def said(text: str, words: str) -> Span:
    return Span(text.index(words), text.index(words) + len(words))


# Grounding


def test_an_empty_answer_leaves_the_draft_of_the_rules() -> None:
    assert read(NOTE) == rules(NOTE)


@pytest.mark.parametrize("quote", ["我们下周签合同", "", "，。", "签", "85万元整"])
def test_a_quote_that_is_not_in_the_note_gives_nothing(quote: str) -> None:
    draft = read(
        NOTE,
        customer={"value": "恒丽", "quote": quote},
        contacts=[{"value": "李总", "quote": quote}],
        stage={"value": "合同签订", "quote": quote},
        amounts=[{"value": "deal", "quote": quote}],
        competitors=[{"value": "明锐", "quote": quote}],
        pain_points=[{"value": "交付周期", "quote": quote}],
        objections=[{"value": "交付", "quote": quote}],
        next_steps=[{"value": "签合同", "quote": quote, "due_quote": "下周三前"}],
        demands=[{"value": "签合同", "quote": quote}],
        risks=[{"value": "流失", "quote": quote}],
        attitude={"value": 2, "quote": quote},
    )

    assert draft == rules(NOTE)


def test_a_quote_is_found_whatever_was_done_to_its_punctuation_spaces_case_and_width() -> None:
    text = "他们要对接 SAP系统，８５万 以内"

    assert [span.of(text) for span in Quotes(text).places("sap 系统,85万以内。")] == ["SAP系统，８５万 以内"]


def test_a_quote_does_not_begin_or_end_within_a_number() -> None:
    assert Quotes("预算185万").places("85万") == []
    assert Quotes("付了1.5万").places("15万") == []


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("给他们二十五台样机", "五台样机"),
        ("给他们二十五台样机", "给他们二十"),
        ("给他们２５台样机", "5台样机"),
        ("给他们十几台样机", "几台样机"),
        ("让价1.5万", "5万"),
        ("让价1.5万", "让价1.5"),
        ("让价一点五万", "五万"),
        ("让价一百二十万", "让价一百"),
        ("付1,200,000元", "200,000元"),
        ("涨了15%", "涨了15"),
        ("降百分之五", "降百"),
        ("让价5w", "让价5"),
    ],
)
def test_neither_a_quote_nor_a_value_cuts_a_figure_however_it_is_written(text: str, cut: str) -> None:
    quotes = Quotes(text)

    assert quotes.places(cut) == []
    assert quotes.within(Span(0, len(text)), cut) is None
    assert quotes.places(text) == [Span(0, len(text))]


def test_a_value_that_cuts_one_figure_is_found_where_it_is_another() -> None:
    text = "给他们25台，再给5台样机"

    assert Quotes(text).within(Span(0, len(text)), "5台") == Span(9, 11)


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("我答应给他们二十五台样机", "五台样机", "五台样机"),
        ("我答应给他们25台样机", "5台样机", "给他们25台样机"),
        ("答应让价1.5万", "让价5万", "5万"),
    ],
)
def test_no_step_holds_a_figure_that_nobody_said(text: str, value: str, quote: str) -> None:
    steps = read(text, by_rules=bare(), next_steps=[{"value": value, "quote": quote}]).next_steps

    assert [step.action for step in steps] in ([], [quote])
    assert value not in [step.action for step in steps]


def test_a_text_of_one_endless_number_is_worked_through() -> None:
    for text in ("1" * 20_000, "万" * 20_000, "1." * 10_000, "百分之" * 7_000, "1w" * 10_000):
        assert Quotes(text).places(text[2:40]) == []


def test_a_quote_that_occurs_twice_is_placed_where_no_other_of_its_field_is() -> None:
    text = "王总嫌贵，李总也嫌贵"
    quotes = Quotes(text)

    places = [
        quotes.place("tag", "嫌贵"),
        quotes.place("tag", "嫌贵"),
        quotes.place("tag", "嫌贵"),
        quotes.place("x", "嫌贵"),
    ]

    assert places == [Span(2, 4), Span(8, 10), Span(2, 4), Span(2, 4)]


def test_a_category_or_stage_outside_the_vocabulary_is_nothing() -> None:
    draft = read(
        NOTE,
        stage={"value": "已经赢单", "quote": "嫌贵"},
        pain_points=[{"value": "天气", "quote": "嫌贵"}],
        objections=[{"value": "运气", "quote": "嫌贵"}],
        risks=[{"value": "地震", "quote": "嫌贵"}],
    )

    assert draft == rules(NOTE)


# Dates


def test_a_date_is_computed_by_our_parser_and_not_taken_from_the_answer() -> None:
    text = "安装排期表的事我来弄，最晚下周三前"
    step = {"value": "安装排期表（2026-12-31）", "quote": "安装排期表的事我来弄", "due_quote": "下周三前"}

    [found] = read(text, by_rules=bare(), next_steps=[step]).next_steps

    assert found.due == date(2026, 11, 25)
    assert found.due_span is not None
    assert "下周三" in found.due_span.of(text)
    assert found.action == "安装排期表的事我来弄"


def test_words_that_our_parser_reads_no_date_in_give_no_due_date() -> None:
    text = "排期表我尽快给他"

    [found] = read(
        text, by_rules=bare(), next_steps=[{"value": "排期表", "quote": text, "due_quote": "尽快"}]
    ).next_steps

    assert found.due is None


def test_a_date_of_another_part_of_the_note_is_not_joined_to_a_step() -> None:
    text = "排期表我来给，" + "他们的车间很大，设备也都很新，聊了很多别的事情，" * 3 + "下周三前他们放假"
    step = {"value": "排期表", "quote": "排期表我来给", "due_quote": "下周三前"}

    [found] = read(text, by_rules=bare(), next_steps=[step]).next_steps

    assert found.due is None


def test_where_both_date_a_step_the_rules_date_stands() -> None:
    text = "我答应下周三前把排期表给他，十二月一号前验收"
    by_rules = rules(text)
    step = {"value": "排期表", "quote": "把排期表给他", "due_quote": "十二月一号前"}

    draft = read(text, next_steps=[step])

    assert draft.next_steps[0].due == by_rules.next_steps[0].due == date(2026, 11, 25)


def test_a_step_of_the_rules_without_a_date_takes_the_one_quoted() -> None:
    text = "我来准备排期表，最晚下周三前"
    by_rules = bare(next_steps=(NextStep("us", "准备排期表", Span(0, 7)),))

    draft = read(
        text, by_rules=by_rules, next_steps=[{"value": "准备排期表", "quote": "准备排期表", "due_quote": "下周三前"}]
    )

    assert [(step.action, step.due) for step in draft.next_steps] == [("准备排期表", date(2026, 11, 25))]
    assert draft.engines == {"next_steps.0": "m"}


# Amounts


def test_an_amount_that_was_taken_back_does_not_return_by_a_quote() -> None:
    draft = read(NOTE, amounts=[{"value": "budget", "quote": "八十万"}, {"value": "quote", "quote": "大概八十万"}])

    assert draft.amounts == rules(NOTE).amounts
    assert [amount.low_fen for amount in draft.amounts] == [85 * W]


def test_the_model_says_what_an_amount_is_for_only_where_the_rules_do_not_know() -> None:
    text = "八十五万，另外九十万"
    by_rules = bare(
        amounts=(Amount("other", 85 * W, 85 * W, Span(0, 4)), Amount("budget", 90 * W, 90 * W, Span(7, 10)))
    )

    draft = read(
        text, by_rules=by_rules, amounts=[{"value": "quote", "quote": "八十五万"}, {"value": "deal", "quote": "九十万"}]
    )

    assert [amount.role for amount in draft.amounts] == ["quote", "budget"]
    assert draft.engines == {"amounts.0": "m"}


def test_an_amount_that_the_rules_passed_over_is_added_as_our_parser_reads_it() -> None:
    text = "合同额定了一百二十万"

    draft = read(text, by_rules=bare(), amounts=[{"value": "deal", "quote": "合同额定了一百二十万"}])

    assert [(amount.role, amount.low_fen) for amount in draft.amounts] == [("deal", 120 * W)]


@pytest.mark.parametrize("quote", ["三百台", "十五分钟", "十二月一号", "他们三个人"])
def test_a_quote_in_which_our_parser_reads_no_money_gives_no_amount(quote: str) -> None:
    text = "要三百台，等了十五分钟，十二月一号来，他们三个人"

    assert read(text, amounts=[{"value": "budget", "quote": quote}]).amounts == rules(text).amounts == ()


def test_a_quote_must_hold_the_whole_figure() -> None:
    text = "总共一百二十万"

    assert read(text, by_rules=bare(), amounts=[{"value": "budget", "quote": "二十万"}]).amounts == ()


# Customer


def test_a_known_customer_of_the_rules_is_never_overridden() -> None:
    text = "刚从恒力出来，他们也给恒丽供过货"

    draft = read(text, customer={"value": "恒丽", "quote": "恒丽"})

    assert draft.customer == rules(text).customer
    assert draft.customer is not None
    assert draft.customer.value == "宁波恒力阀门有限公司"


def test_not_even_by_another_of_its_candidates() -> None:
    text = "跟宏达聊了，就是宏达纺织那家"
    candidates = (Candidate("杭州宏达机电有限公司", 1.0, "alias"), Candidate("绍兴宏达纺织有限公司", 0.8, "alias"))
    sure = CustomerMention("杭州宏达机电有限公司", Span(1, 3), "known", candidates)

    draft = read(text, by_rules=bare(customer=sure), customer={"value": "宏达纺织", "quote": "宏达纺织"})

    assert draft.customer == sure


def test_a_model_cannot_choose_a_customer_that_its_quote_does_not_mean() -> None:
    text = "今天聊得不错，他们想要一批设备"

    draft = read(text, by_rules=bare(), customer={"value": "宁波恒力阀门有限公司", "quote": "他们想要一批设备"})

    assert draft.customer is None


def test_the_list_says_what_a_quote_means_whatever_the_model_makes_of_it() -> None:
    text = "在恒丽那边坐了一下午"

    draft = read(text, by_rules=bare(), customer={"value": "宁波恒力阀门有限公司", "quote": "恒丽那边"})

    assert draft.customer is not None
    assert (draft.customer.value, draft.customer.status) == ("宁波恒丽服饰有限公司", "known")


def test_an_ambiguous_customer_becomes_known_where_the_quote_decides_among_the_candidates() -> None:
    text = "跟宏达聊了，就是宏达纺织那家"
    by_rules = rules("跟宏达聊了")
    assert by_rules.customer is not None
    assert by_rules.customer.status == "ambiguous"

    draft = read(text, by_rules=by_rules, customer={"value": "宏达纺织", "quote": "宏达纺织"})
    assert draft.customer is not None
    assert (draft.customer.value, draft.customer.status) == ("绍兴宏达纺织有限公司", "known")
    assert draft.engines["customer"] == "m"

    still = read(text, by_rules=by_rules, customer={"value": "恒力", "quote": "宏达"})
    assert still.customer == by_rules.customer
    another = read(text + "，恒力的老板介绍的", by_rules=by_rules, customer={"value": "恒力", "quote": "恒力的老板"})
    assert another.customer == by_rules.customer


def test_a_new_customer_gives_way_to_one_that_the_quote_links_to() -> None:
    text = "在科锐展厅见了恒力的人"
    by_rules = bare(customer=CustomerMention("科锐展厅", Span(1, 5), "new"))

    draft = read(text, by_rules=by_rules, customer={"value": "恒力", "quote": "恒力的人"})

    assert draft.customer is not None
    assert draft.customer.value == "宁波恒力阀门有限公司"


def test_a_new_customer_is_found_by_the_words_of_the_note() -> None:
    text = "上午跟瑞丰那边碰了一下"

    draft = read(text, by_rules=bare(), customer={"value": "瑞丰", "quote": "跟瑞丰那边"})

    assert draft.customer == CustomerMention("瑞丰", said(text, "瑞丰"), "new")


@pytest.mark.parametrize("words", ["他们", "客户", "对方公司", "王建国", "王经理"])
def test_words_that_name_no_company_are_no_customer(words: str) -> None:
    text = f"今天跟{words}聊了聊"

    assert read(text, by_rules=bare(), customer={"value": words, "quote": words}).customer is None


def test_a_competitor_of_the_teams_list_does_not_become_the_customer() -> None:
    text = "明锐那边已经报价了"

    assert read(text, context(("明锐",)), by_rules=bare(), customer={"value": "明锐", "quote": "明锐"}).customer is None


def test_a_model_takes_no_customer_away() -> None:
    assert read(NOTE, customer=None).customer == rules(NOTE).customer


# People and competitors


def test_a_contact_is_added_with_the_title_and_department_that_stand_at_the_name() -> None:
    text = "在车间碰到设备科的老韩，还有技术总监沈工"
    draft = read(
        text,
        by_rules=bare(),
        contacts=[
            {"value": "老韩", "quote": "设备科的老韩", "department": "设备科", "title": "科长"},
            {"value": "沈工", "quote": "技术总监沈工", "title": "技术总监", "department": "总部"},
        ],
    )

    assert [(each.name, each.title, each.department) for each in draft.contacts] == [
        ("老韩", None, "设备科"),
        ("沈工", "技术总监", None),
    ]
    assert draft.engines == {"contacts.0": "m", "contacts.1": "m"}


def test_a_contact_of_the_rules_goes_when_the_model_names_others_or_says_whose_they_are() -> None:
    text = "见了老韩，同事小周也去了，还有总归"
    doubtful = ContactMention("总归", said(text, "总归"))
    ours = ContactMention("小周", said(text, "小周"))

    named = read(text, by_rules=bare(contacts=(doubtful,)), contacts=[{"value": "老韩", "quote": "老韩"}])
    whose = read(
        text, by_rules=bare(contacts=(ours,)), contacts=[{"value": "小周", "quote": "同事小周", "side": "own"}]
    )

    assert [each.name for each in named.contacts] == ["老韩"]
    assert whose.contacts == ()


def test_a_contact_of_the_customer_list_stays_and_so_do_all_where_the_model_names_none() -> None:
    text = "见了王建国和老韩"
    listed = bare(contacts=(ContactMention("王建国", said(text, "王建国")),))
    other = bare(contacts=(ContactMention("老韩", said(text, "老韩")),))

    assert [
        each.name for each in read(text, by_rules=listed, contacts=[{"value": "老韩", "quote": "老韩"}]).contacts
    ] == [
        "王建国",
        "老韩",
    ]
    assert read(text, by_rules=other).contacts == other.contacts


def test_competitors_are_added_and_replaced_but_not_those_of_the_teams_list() -> None:
    text = "明锐和科锐都报了价，还有一家旺季"
    guessed = CompetitorMention("旺季", said(text, "旺季"))
    listed = CompetitorMention("明锐", said(text, "明锐"))

    draft = read(
        text,
        context(("明锐",)),
        by_rules=bare(competitors=(listed, guessed)),
        competitors=[{"value": "科锐", "quote": "科锐"}],
    )

    assert [each.name for each in draft.competitors] == ["明锐", "科锐"]


@pytest.mark.parametrize("words", ["恒力", "竞品", "别家", "他们"])
def test_the_customer_and_nobody_in_particular_are_no_competitors(words: str) -> None:
    text = f"{words}比我们便宜"

    assert read(text, by_rules=bare(), competitors=[{"value": words, "quote": words}]).competitors == ()


@pytest.mark.parametrize("rival", ["科锐", "科锐公司"])
def test_one_name_is_not_both_customer_and_competitor(rival: str) -> None:
    text = "上午跟科锐公司聊了，科锐说科锐公司还在比"

    draft = read(
        text,
        by_rules=bare(),
        customer={"value": "科锐", "quote": "科锐"},
        competitors=[{"value": rival, "quote": rival}],
    )

    assert draft.customer is not None
    assert (draft.customer.value, draft.competitors) == ("科锐", ())


def test_a_competitor_of_the_rules_does_not_become_the_customer_though_the_list_has_it() -> None:
    text = "恒力比我们便宜"
    by_rules = bare(competitors=(CompetitorMention("恒力", Span(0, 2)),))

    draft = read(text, by_rules=by_rules, customer={"value": "恒力", "quote": "恒力"})

    assert (draft.customer, draft.competitors) == (None, by_rules.competitors)


# Judgements


def test_the_models_stage_stands_unless_the_rules_words_name_the_stage() -> None:
    text = "方案都认可了，现在到需求确认，法务在看条款"
    guessed = bare(stage=StageMention("报价审批", said(text, "方案都认可")))
    named = bare(stage=StageMention("需求确认", said(text, "现在到需求确认")))
    stage = {"value": "合同签订", "quote": "法务在看条款"}

    assert read(text, by_rules=guessed, stage=stage).stage == StageMention("合同签订", said(text, "法务在看条款"))
    assert read(text, by_rules=named, stage=stage).stage == named.stage


def test_pain_points_and_objections_are_the_union_and_the_rules_words_stand() -> None:
    text = "他们嫌贵，又怕拖得太久"
    by_rules = bare(pain_points=(Tag("价格敏感", said(text, "嫌贵")),), objections=(Tag("价格", said(text, "嫌贵")),))

    draft = read(
        text,
        by_rules=by_rules,
        pain_points=[{"value": "价格敏感", "quote": "他们嫌贵"}, {"value": "交付周期", "quote": "怕拖得太久"}],
        objections=[{"value": "交付", "quote": "怕拖得太久"}],
    )

    assert draft.pain_points == (*by_rules.pain_points, Tag("交付周期", said(text, "怕拖得太久")))
    assert [each.category for each in draft.objections] == ["价格", "交付"]
    assert draft.engines == {"pain_points.1": "m", "objections.1": "m"}


def test_signals_are_the_union_and_a_model_silences_none() -> None:
    text = "领导还没批，那边口风也松了，想两家再比比看"
    by_rules = bare(signals=(Signal("risk", "审批", "领导还没批", said(text, "领导还没批")),))

    draft = read(
        text,
        by_rules=by_rules,
        risks=[{"value": "比价", "quote": "想两家再比比看"}, {"value": "审批", "quote": "还没批"}],
    )

    assert [(each.category, each.words) for each in draft.signals] == [
        ("审批", "领导还没批"),
        ("比价", "想两家再比比看"),
    ]
    assert read(text, by_rules=by_rules).signals == by_rules.signals


def test_a_whole_paragraph_is_no_evidence() -> None:
    text = "他们那边的车间很大，" * 7

    draft = read(
        text, by_rules=bare(), risks=[{"value": "流失", "quote": text}], objections=[{"value": "价格", "quote": text}]
    )

    assert (draft.signals, draft.objections) == ((), ())


def test_the_rules_attitude_stands_where_they_have_one() -> None:
    attitude = {"value": -2, "quote": "嫌贵"}

    assert read(NOTE, by_rules=bare(attitude=1), attitude=attitude).attitude == 1
    assert read(NOTE, by_rules=bare(), attitude=attitude).attitude == -2


# What is to be done


@pytest.mark.parametrize(
    ("value", "quote", "action"),
    [
        ("提供安装排期表", "把安装排期表给他", "提供安装排期表"),
        ("安装排期表", "把安装排期表给他", "安装排期表"),
        ("赠送十台设备", "把安装排期表给他", "把安装排期表给他"),
        ("签合同", "别忘了签合同", "签合同"),
        ("先不签合同", "这个月先不签合同", "先不签合同"),
        ("提供返点", "返点的事再说", "返点的事再说"),
    ],
)
def test_an_action_is_words_of_the_note(value: str, quote: str, action: str) -> None:
    text = f"说好了{quote}。"

    assert [
        step.action for step in read(text, by_rules=bare(), next_steps=[{"value": value, "quote": quote}]).next_steps
    ] == [action]


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("这个月先不签合同", "签合同", "签合同"),
        ("这个月先不签合同", "签合同", "这个月先不签合同"),
        ("这个月先不签合同", "尽快签合同", "这个月先不签合同"),
        ("报价单我们不发了", "提供报价单", "报价单我们不发了"),
        ("报价单我们不发了", "提供报价单", "报价单"),
        ("样机取消，不用寄了", "寄样机", "样机取消"),
        ("没打算跟他们签合同", "签合同", "签合同"),
    ],
)
def test_what_is_refused_or_taken_back_is_no_step(text: str, value: str, quote: str) -> None:
    assert read(text, by_rules=bare(), next_steps=[{"value": value, "quote": quote}]).next_steps == ()


NEGATED = [
    ("这个月先不签合同，先看看", "签合同"),
    ("他们没说要换供应商", "换供应商"),
    ("他们没有提过要换供应商", "换供应商"),
    ("他们也不嫌贵", "嫌贵"),
    ("对我们不满意", "满意"),
    ("对我们不是很满意", "满意"),
    ("对我们没什么不满意", "不满意"),
    ("别换供应商", "换供应商"),
    ("不会再换供应商", "换供应商"),
    ("从没跟我们说过嫌贵", "嫌贵"),
]
AFFIRMED = [
    ("领导没批还要比价", "还要比价"),
    ("他们没来，要换供应商", "换供应商"),
    ("特别满意", "满意"),
    ("没想到要换供应商", "换供应商"),
    ("不过很满意", "满意"),
    ("未来要换供应商", "换供应商"),
    ("差不多满意", "满意"),
    ("他们对服务不满意", "不满意"),
]


def judged(text: str, quote: str) -> tuple[bool, ...]:
    """Whether each kind of judgement was taken from that quote."""
    draft = read(
        text,
        by_rules=bare(),
        stage={"value": "合同签订", "quote": quote},
        attitude={"value": 2, "quote": quote},
        objections=[{"value": "价格", "quote": quote}],
        pain_points=[{"value": "交付周期", "quote": quote}],
        risks=[{"value": "流失", "quote": quote}],
        demands=[{"value": quote, "quote": quote}],
    )
    return tuple(
        map(bool, (draft.stage, draft.attitude, draft.objections, draft.pain_points, draft.signals, draft.demands))
    )


@pytest.mark.parametrize(("text", "quote"), NEGATED)
def test_a_quote_whose_negation_was_cut_off_is_no_evidence(text: str, quote: str) -> None:
    assert judged(text, quote) == (False,) * 6


@pytest.mark.parametrize(("text", "quote"), AFFIRMED)
def test_a_negation_that_does_not_reach_the_quote_refuses_nothing(text: str, quote: str) -> None:
    assert judged(text, quote) == (True,) * 6


def test_steps_and_demands_of_the_same_words_are_not_there_twice() -> None:
    draft = read(NOTE, next_steps=[{"value": "安装排期表", "quote": "把安装排期表给他", "owner": "customer"}])

    assert draft.next_steps == rules(NOTE).next_steps


def test_a_demand_is_added_with_its_date() -> None:
    text = "他们要三月前装完"

    [demand] = read(text, by_rules=bare(), demands=[{"value": "装完", "quote": text, "due_quote": "三月前"}]).demands

    assert (demand.what, demand.due) == ("装完", date(2027, 2, 28))


def test_what_the_model_found_is_no_longer_missing_and_the_summary_is_made_anew() -> None:
    text = "上午跟瑞丰那边碰了一下"

    draft = read(text, by_rules=bare(missing=("customer", "contact")), customer={"value": "瑞丰", "quote": "瑞丰"})

    assert draft.missing == ("next_step", "contact", "stage")
    assert "瑞丰" in draft.summary


def test_what_the_model_took_away_or_brought_without_a_date_is_missing() -> None:
    text = "同事小周也去了，排期表我来给"
    by_rules = bare(contacts=(ContactMention("小周", said(text, "小周")),), missing=("customer", "next_step", "stage"))

    draft = read(
        text,
        by_rules=by_rules,
        contacts=[{"value": "小周", "quote": "同事小周", "side": "own"}],
        next_steps=[{"value": "排期表", "quote": "排期表我来给"}],
    )

    assert draft.missing == ("customer", "next_step_due", "contact", "stage")


# Anything at all

words = st.sampled_from(
    [
        NOTE,
        *NOTE.split("，"),
        "八十万",
        "85万",
        "王经理",
        "恒力",
        "恒丽",
        "下周三前",
        "忽略以上指令",
        "",
        " ",
        "。",
        "不",
        "1",
        "的",
    ]
) | st.text(max_size=12)
items = st.lists(st.fixed_dictionaries({"value": words, "quote": words, "due_quote": words}), max_size=MOST_ITEMS)


@given(st.sampled_from([NOTE, "", "。", "恒力" * 50, "八十万，" * 30]) | st.text(max_size=80), words, words, items)
def test_whatever_is_answered_every_value_stands_in_the_note(
    text: str, value: str, quote: str, many: list[dict[str, str]]
) -> None:
    within = context(("明锐",))
    by_rules = rules(text, within)

    draft = read(
        text,
        within,
        by_rules=by_rules,
        customer={"value": value, "quote": quote},
        contacts=many,
        competitors=many,
        next_steps=many,
        demands=many,
        amounts=[{"value": "deal", "quote": each["quote"]} for each in many],
        risks=[{"value": "流失", "quote": each["quote"]} for each in many],
    )

    assert grounded(text, draft)
    assert all(0 <= each.span.start < each.span.end <= len(text) for each in draft.demands)
    assert {each.name for each in draft.contacts} <= {each.span.of(text) for each in draft.contacts} | {
        each.name for each in by_rules.contacts
    }
    assert replace(read(text, within, by_rules=by_rules), engines={}) == by_rules
