from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import edit_refs, edits
from nlp.draft import Span
from nlp.edit_ops import (
    AddStep,
    AmountView,
    Ask,
    DraftView,
    Edit,
    RemoveStep,
    SetAction,
    SetAmount,
    SetContact,
    SetCustomer,
    SetDue,
    SetOwner,
    SetStage,
    SetVisitedOn,
    StepView,
    Supplement,
)
from nlp.edits import answered, parse

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)
DRAFT = DraftView(
    customer="宁波恒力阀门有限公司",
    contacts=("王经理",),
    amounts=(AmountView("budget", 85_000_000, 85_000_000),),
    stage="方案设计",
    steps=(
        StepView("us", "提供安装排期表", date(2026, 11, 25)),
        StepView("customer", "确认技术参数", date(2026, 12, 1)),
    ),
    competitors=("华锐",),
    pain_points=("价格敏感",),
    risks=("领导还没批",),
)


def one(text: str) -> Edit:
    [edit] = parse(text, FRIDAY, SHANGHAI, DRAFT)
    return edit


@pytest.mark.parametrize(
    ("text", "low_fen", "high_fen"),
    [
        ("预算改成90万", 90_000_000, 90_000_000),
        ("预算改为九十万", 90_000_000, 90_000_000),
        ("把预算改成 8万5", 8_500_000, 8_500_000),
        ("预算应该是三到五十万", 3_000_000, 50_000_000),
        ("预算：90万以内", None, 90_000_000),
        ("嗯，预算是3800", 380_000, 380_000),
    ],
)
def test_an_amount_is_set(text: str, low_fen: int | None, high_fen: int | None) -> None:
    edit = one(text)
    assert isinstance(edit, SetAmount)
    assert (edit.role, edit.high_fen) == ("budget", high_fen)
    if text != "预算应该是三到五十万":  # 三 alone may be read as 3 or as 30; the upper end is what is certain
        assert edit.low_fen == low_fen


def test_the_span_is_that_of_the_new_amount() -> None:
    text = "联系人是王建国，预算改成90万"
    contact, amount = parse(text, FRIDAY, SHANGHAI)
    assert isinstance(contact, SetContact)
    assert isinstance(amount, SetAmount)
    assert (contact.span.of(text), amount.span.of(text)) == ("王建国", "90万")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("客户是宁波恒丽不是恒力", "宁波恒丽"),
        ("客户是宁波恒丽，不是恒力", "宁波恒丽"),
        ("不是恒力是恒丽", "恒丽"),
        ("客户换成宏达", "宏达"),
        ("客户名称应该是苏州蓝鲸光电有限公司", "苏州蓝鲸光电有限公司"),
    ],
)
def test_a_customer_is_set(text: str, name: str) -> None:
    edit = one(text)
    assert isinstance(edit, SetCustomer)
    assert edit.name == name
    assert edit.span.of(text) == name


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("阶段改成报价审批", SetStage("报价审批", Span(4, 8))),
        ("删掉第二个待办", RemoveStep(2, Span(0, 7))),
        ("删除待办2", RemoveStep(2, Span(0, 5))),
        ("删掉最后一个待办", RemoveStep(2, Span(0, 8))),
        ("去掉安装排期表", RemoveStep(1, Span(0, 7))),
        ("第一个待办不要了", RemoveStep(1, Span(0, 8))),
        ("安装排期表改到周五", SetDue(1, date(2026, 11, 20), Span(7, 9))),
        ("第二个待办推迟到下周三", SetDue(2, date(2026, 11, 25), Span(8, 11))),
        ("拜访日期改成昨天", SetVisitedOn(date(2026, 11, 19), Span(6, 8))),
        ("补充待办：周五前寄样品", AddStep(Span(5, 11))),
        ("补充：他们12月要验厂", Supplement(Span(3, 11))),
    ],
)
def test_other_changes(text: str, edit: Edit) -> None:
    assert one(text) == edit


@pytest.mark.parametrize(
    "text",
    [
        "今天拜访了宁波恒力，预算大概八十万",
        "他们把交货日期改到了月底",
        "预算还没定",
        "联系人是谁还不清楚，要再问问",
        "客户是个老客户，关系不错",
        "客户是个老客户",
        "",
        "，。",
    ],
)
def test_news_is_not_taken_for_a_change(text: str) -> None:
    assert parse(text, FRIDAY, SHANGHAI) == ()
    assert parse(text, FRIDAY, SHANGHAI, DRAFT) == ()


@given(st.text(max_size=250))
def test_any_text_is_read_without_raising_and_spans_stay_inside(text: str) -> None:
    for edit in parse(text, FRIDAY, SHANGHAI, DRAFT):
        assert 0 <= edit.span.start <= edit.span.end <= len(text)


@given(
    st.lists(
        st.sampled_from(
            ["预算", "改成", "90万", "，", "客户是", "恒力", "不是", "删掉", "第二个", "待办", "周五", "补充", "阶段"]
        ),
        max_size=8,
    ).map("".join)
)
def test_any_mixture_of_the_words_of_changes_is_read_without_raising(text: str) -> None:
    for edit in parse(text, FRIDAY, SHANGHAI):
        assert edit.span.of(text)


# What no text may bring about

WORDS = [
    "预算", "报价", "改成", "85", "改", "95", "90万", "加", "减", "再", "上限", "，",
    "客户是", "恒力", "恒丽", "不是", "是", "删掉", "第二个", "第九条", "最后一个", "待办", "周五",
    "下周三", "往后推", "三天", "补充", "阶段", "王经理", "汪经理", "联系人", "华锐", "竞品",
    "那个", "没", "别写", "都", "除了", "我来做", "让小王", "安排", "技术参数", "撤销", "系",
    "蚊", "错了", "、", "和", "全", "0", "-", "（", "𠮷", "é",
]  # fmt: skip
replies = st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=9).map("".join)
QUESTIONS_LEFT = [
    "第九个待办改到周五", "删掉那个", "预算不对", "联系人不对", "待办改到周五", "排期表那个时间不对", "往后推三天",
    "竞品不对", "第二个待办不对", "客户不是这家", "第二个不是客户的", "王经理姓汪",
]  # fmt: skip


def check(found: tuple[Edit, ...], text: str) -> None:
    """Spans lie inside the text, steps exist, amounts are not negative and not upside down."""
    for edit in found:
        assert 0 <= edit.span.start <= edit.span.end <= len(text)
        match edit:
            case SetDue() | SetOwner() | SetAction() | RemoveStep():
                assert 1 <= edit.step <= len(DRAFT.steps)
            case SetAmount():
                sides = [side for side in (edit.low_fen, edit.high_fen) if side is not None]
                assert sides
                assert all(side >= 0 for side in sides)
                assert sides == sorted(sides)
            case Ask():
                assert 0 <= edit.after.start <= edit.after.end <= len(text)
                assert found == (edit,)
            case _:
                pass


@given(replies)
def test_changes_of_any_reply_refer_to_what_there_is(text: str) -> None:
    check(parse(text, FRIDAY, SHANGHAI, DRAFT), text)


@given(st.sampled_from(QUESTIONS_LEFT), replies)
def test_any_answer_to_a_question_gives_changes_that_refer_to_what_there_is(asked_by: str, answer: str) -> None:
    [question] = parse(asked_by, FRIDAY, SHANGHAI, DRAFT)
    assert isinstance(question, Ask)

    found = answered(question, asked_by, answer, FRIDAY, SHANGHAI, DRAFT)

    if found is not None:
        assert 0 <= found.answer.start < found.answer.end <= len(answer)
        check(found.edits, question.before + found.answer.of(answer) + question.after.of(asked_by))
        assert not any(isinstance(edit, Ask) for edit in found.edits)


def test_an_answer_makes_the_question_whole() -> None:
    [question] = parse("第九个待办改到周五", FRIDAY, SHANGHAI, DRAFT)
    assert isinstance(question, Ask)

    found = answered(question, "第九个待办改到周五", "第二个", FRIDAY, SHANGHAI, DRAFT)

    assert found is not None
    [edit] = found.edits
    assert isinstance(edit, SetDue)
    assert (edit.step, edit.due) == (2, date(2026, 11, 20))


@given(replies)
def test_any_words_point_at_what_there_is_or_at_nothing(words: str) -> None:
    kinds = ("step", "contact", "competitor", "risk", "pain")
    for every in (False, True):
        pointed = edit_refs.point(words, DRAFT, kinds=kinds, every=every)
        if pointed is not None:
            count = len(edit_refs.listed(DRAFT, pointed.kind))
            assert all(0 <= place < count for place in pointed.places)
    assert all(0 <= place < 2 for place in edit_refs.best(words, [step.action for step in DRAFT.steps]))
    assert all(place >= -1 for place in edit_refs.numbered(words, 2, bare=True) or ())
    assert edit_refs.owner_of(words, DRAFT) in {None, "us", "customer", "colleague"}
    found = edit_refs.person(words)
    assert found is None or found[0] in words


HOSTILE = [
    "删", "改", "推迟", "错了", "预算改成90万", "补充", "删掉，", "不对", "第一个", "、", "1",
    "万", "（", " ", "没", "和", "不是", "王经理", "周五", "系", "再加",
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_reply_costs_a_bounded_number_of_pieces(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def count(_reader: object, piece: str, _at: int) -> None:
        tried.append(piece)

    monkeypatch.setattr(edits, "_RULES", (count, *edits._RULES))
    whole = (words * edits.MAX_LENGTH)[: edits.MAX_LENGTH]

    check(parse(whole, FRIDAY, SHANGHAI, DRAFT), whole)

    assert len(tried) <= edits.MOST_PIECES + 1
    assert all(len(piece) <= edits.MOST_IN_A_PIECE for piece in tried)


@pytest.mark.parametrize("words", HOSTILE)
def test_a_text_too_long_for_a_reply_is_not_looked_at(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "_Reader", None)

    assert parse((words * 20_000)[:20_000], FRIDAY, SHANGHAI, DRAFT) == ()


def test_real_replies_need_a_fraction_of_the_pieces_that_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "嗯，预算改成90万，联系人是汪经理，第一个待办改到周五，第二个删掉，"
        "竞品换成华工，阶段改成报价审批，再加一条待办下周三回访"
    )
    tried: list[str] = []

    def count(_reader: object, piece: str, _at: int) -> None:
        tried.append(piece)

    monkeypatch.setattr(edits, "_RULES", (count, *edits._RULES))

    assert len(parse(text, FRIDAY, SHANGHAI, DRAFT)) == 8
    assert len(tried) < edits.MOST_PIECES * 0.75
