"""Our card as WeCom's: within every limit, and nothing said is lost."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import plain, template_cards
from bot.errors import ContentRefused
from bot.wecom import cards
from handlers.messages import CardButton, CardField, CardOption, CardSelect, OutboundCard
from tests.dialects.wecom_rules import check_card

CONFIRM = CardButton(text="确认", action="confirm", style="primary")
DISCARD = CardButton(text="作废", action="discard", style="danger")
STAGE = CardSelect(
    name="stage",
    title="阶段",
    options=(CardOption(option_id="a", text="方案设计"), CardOption(option_id="b", text="报价")),
)
VISIT = OutboundCard(
    card_id="visit-7",
    title="拜访记录 · 待确认",
    subtitle="11-22 14:03 语音",
    fields=(
        CardField(label="客户", value="宁波恒力阀门有限公司"),
        CardField(label="联系人", value="王经理（采购部）"),
        CardField(label="预算", value="85 万元"),
    ),
    body="⚠ 风险信号 「领导还没批」",
    quote="预算大概八十万，不对，八十五万",
    buttons=(CONFIRM, DISCARD),
)


def rendered(card: OutboundCard) -> cards.RenderedCard:
    return cards.render(card, task_id="visit-7@0123456789ab")


def sent(card: OutboundCard) -> dict[str, Any]:
    """The card alone; WeCom takes it and would show all of it."""
    result = rendered(card)
    assert result.card is not None
    assert check_card(result.card) == []
    return result.card


def test_a_visit_becomes_a_card_with_buttons() -> None:
    assert rendered(VISIT).texts_before == ()
    assert sent(VISIT) == {
        "card_type": "button_interaction",
        "task_id": "visit-7@0123456789ab",
        "source": {"desc": "拜访助手", "desc_color": 0},
        "main_title": {"title": "拜访记录 · 待确认", "desc": "11-22 14:03 语音"},
        "quote_area": {"type": 0, "quote_text": "预算大概八十万，不对，八十五万"},
        "sub_title_text": "⚠ 风险信号 「领导还没批」",
        "horizontal_content_list": [
            {"keyname": "客户", "value": "宁波恒力阀门有限公司"},
            {"keyname": "联系人", "value": "王经理（采购部）"},
            {"keyname": "预算", "value": "85 万元"},
        ],
        "button_list": [
            {"text": "确认", "style": 1, "key": "confirm"},
            {"text": "作废", "style": 4, "key": "discard"},
        ],
    }


def test_a_select_beside_buttons_keeps_its_choice() -> None:
    card = sent(VISIT.model_copy(update={"selects": (STAGE.model_copy(update={"selected": "b"}),)}))
    assert card["button_selection"] == {
        "question_key": "stage",
        "title": "阶段",
        "option_list": [{"id": "a", "text": "方案设计"}, {"id": "b", "text": "报价"}],
        "selected_id": "b",
    }


def test_a_form_has_selectors_and_a_submit_button_and_says_the_rest_before() -> None:
    form = VISIT.model_copy(update={"buttons": (), "selects": (STAGE,), "submit": CONFIRM})
    card, [before] = sent(form), rendered(form).texts_before
    assert card["card_type"] == "multiple_interaction"
    assert card["submit_button"] == {"text": "确认", "key": "confirm"}
    assert [select["question_key"] for select in card["select_list"]] == ["stage"]
    assert before.splitlines()[0] == "【拜访记录 · 待确认】"
    for said in ("客户：宁波恒力阀门有限公司", "预算：85 万元", VISIT.body, VISIT.quote):
        assert said in before


def test_a_submit_button_without_selectors_is_a_button() -> None:
    card = sent(VISIT.model_copy(update={"buttons": (), "submit": CONFIRM}))
    assert [button["key"] for button in card["button_list"]] == ["confirm"]


def test_a_card_that_only_leads_somewhere_is_a_notice() -> None:
    card = sent(VISIT.model_copy(update={"buttons": (), "url": "https://visits.example.com/7"}))
    assert card["card_type"] == "text_notice"
    assert card["card_action"] == {"type": 1, "url": "https://visits.example.com/7"}


def test_a_card_with_neither_buttons_nor_link_is_a_text() -> None:
    result = rendered(VISIT.model_copy(update={"buttons": ()}))
    assert result.card is None
    assert result.texts_before[0].splitlines() == [
        "【拜访记录 · 待确认】",
        "11-22 14:03 语音",
        "客户：宁波恒力阀门有限公司",
        "联系人：王经理（采购部）",
        "预算：85 万元",
        "「预算大概八十万，不对，八十五万」",
        "⚠ 风险信号 「领导还没批」",
    ]


@pytest.mark.parametrize(("tone", "color"), [("neutral", 0), ("good", 3), ("alert", 2)])
def test_the_tone_is_a_colour(tone: str, color: int) -> None:
    assert sent(VISIT.model_copy(update={"tone": tone}))["source"]["desc_color"] == color


# what does not fit


def test_a_value_too_long_for_its_place_moves_below_the_title() -> None:
    steps = "① 11-25（周三）前 提供安装排期表（我）\n② 12-01 前 确认技术参数（客户）"
    card = sent(VISIT.model_copy(update={"fields": (*VISIT.fields, CardField(label="下一步", value=steps))}))
    assert len(card["horizontal_content_list"]) == 3
    assert card["sub_title_text"] == f"下一步：{steps}\n{VISIT.body}"


def test_the_seventh_field_and_a_long_label_move_below_the_title() -> None:
    fields = tuple(CardField(label=f"第{number}项", value="x") for number in range(8))
    card = sent(VISIT.model_copy(update={"fields": (CardField(label="预计签约日期", value="12-01"), *fields)}))
    assert len(card["horizontal_content_list"]) == 6
    assert card["sub_title_text"].splitlines()[:3] == ["预计签约日期：12-01", "第6项：x", "第7项：x"]


def test_what_fits_nowhere_is_said_before_the_card_and_the_card_says_so() -> None:
    long = "安装排期" * 30
    result = rendered(
        VISIT.model_copy(update={"fields": (CardField(label="下一步", value=long),), "body": long + "\n短"})
    )
    assert result.card is not None
    assert check_card(result.card) == []
    assert result.card["sub_title_text"] == f"下一步：{long}\n短\n{template_cards.MORE}"
    [before] = result.texts_before
    assert before == f"【拜访记录 · 待确认】\n{long}"


def test_long_options_are_numbered_and_spelt_out_before() -> None:
    names = [f"杭州某某智能装备制造股份有限公司{city}第一分公司" for city in ("宁波", "温州")]
    options = tuple(CardOption(option_id=str(number), text=name) for number, name in enumerate(names))
    result = rendered(
        VISIT.model_copy(update={"selects": (CardSelect(name="customer", title="客户", options=options),)})
    )
    assert result.card is not None
    assert check_card(result.card) == []
    shown = [option["text"] for option in result.card["button_selection"]["option_list"]]  # type: ignore[call-overload, index, union-attr]
    assert shown == ["1. 杭州某某智…宁波第一分公司", "2. 杭州某某智…温州第一分公司"]
    assert result.texts_before == (f"【拜访记录 · 待确认】\n客户：\n1. {names[0]}\n2. {names[1]}",)


def test_long_titles_and_buttons_are_cut_on_the_card_and_whole_before() -> None:
    button = CardButton(text="重新安排下周三的拜访时间", action="again")
    result = rendered(VISIT.model_copy(update={"title": "题" * 50, "subtitle": "副" * 50, "buttons": (button,)}))
    assert result.card is not None
    assert check_card(result.card) == []
    [before] = result.texts_before
    assert "题" * 50 in before
    assert "重新安排下周三的拜访时间" in before
    assert "副" * 50 in str(result.card["sub_title_text"])


SAMPLES = (
    "",
    " ",
    "预算\n85 万元",
    "题" * 37,
    "a" * 31,
    "长" * 11,
    "👍🏽" * 9,
    "e\u0301" * 30,
    "<a>\u202e&",
    "句" * 161,
)
TEXTS = st.sampled_from(SAMPLES) | st.text(st.sampled_from("客a \n👍🏽\u0301\u200d\u202e<"), max_size=20)
BUTTONS = st.builds(
    CardButton, text=TEXTS.map(lambda text: "按" + text), action=st.uuids().map(str), style=st.just("primary")
)
SELECTS = st.builds(
    CardSelect,
    name=st.uuids().map(str),
    title=TEXTS,
    options=st.lists(
        st.builds(CardOption, option_id=st.uuids().map(str), text=TEXTS.map(lambda text: "选" + text)),
        min_size=1,
        max_size=10,
    ).map(tuple),
)
CARDS = st.builds(
    OutboundCard,
    card_id=st.just("visit-7"),
    title=TEXTS,
    subtitle=TEXTS,
    fields=st.lists(st.builds(CardField, label=TEXTS, value=TEXTS), max_size=12).map(tuple),
    body=TEXTS,
    quote=TEXTS,
    selects=st.lists(SELECTS, max_size=1).map(tuple),
    buttons=st.lists(BUTTONS, min_size=1, max_size=6).map(tuple),
    url=st.sampled_from([None, "https://example.com/7"]),
)


def words(text: str) -> str:
    return "".join(plain.clean(text).split())


@settings(max_examples=60)
@given(CARDS, st.booleans())
def test_no_card_breaks_a_limit_or_loses_a_word(card: OutboundCard, as_form: bool) -> None:
    if as_form and card.selects:
        card = card.model_copy(update={"submit": card.buttons[0], "buttons": ()})
    result = rendered(card)
    assert result.card is not None
    assert check_card(result.card) == []
    shown = words("\n".join([*_strings(result.card), *result.texts_before]))
    for text in (card.title, card.subtitle, card.quote, *(item.value for item in card.fields), *card.body.split("\n")):
        assert words(text) in shown
    labels = [button.text for button in (*card.buttons, *([card.submit] if card.submit else ()))]
    labels += [option.text for select in card.selects for option in select.options]
    assert all(words(label) in shown for label in labels)


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    "update",
    [
        {"buttons": (CONFIRM, CONFIRM)},
        {"buttons": (CardButton(text="确认", action="客" * 342),)},
        {"buttons": (CardButton(text="确认", action=""),)},
        {"buttons": (CardButton(text=" ", action="a"),)},
        {"buttons": (), "selects": (STAGE,)},
        {"selects": (STAGE, STAGE)},
        {"selects": (STAGE,), "submit": CONFIRM},
        {"selects": (STAGE.model_copy(update={"selected": "z"}),)},
        {"selects": (STAGE.model_copy(update={"options": (CardOption(option_id="a" * 129, text="x"),)}),)},
        {"url": "javascript:alert(1)"},
    ],
    ids=["same key", "long key", "no key", "no text", "select alone", "two selects", "form with buttons",
         "unknown selected", "long option id", "script link"],
)  # fmt: skip
def test_what_no_card_can_be_is_refused_here(update: dict[str, Any]) -> None:
    with pytest.raises(ContentRefused):
        rendered(VISIT.model_copy(update=update))


def test_a_closing_fits_on_a_button() -> None:
    assert cards.closing("已确认 ✓") == "已确认 ✓"
    assert len(cards.closing("已由张三于十一月二十二日确认并转给李四继续跟进处理")) == 20
    assert cards.closing("\n") == "已处理"


# plain text


def test_markup_and_direction_marks_in_a_text_lose_their_power() -> None:
    hostile = 'a\u202eb<a href="https://evil.example">客服</a>\x07\r\nc'
    assert plain.clean(hostile) == 'ab＜a href="https://evil.example">客服＜/a>\nc'
    assert plain.clean("3 < 5, <abc>, 👩‍👩‍👧 é\u0301") == "3 < 5, <abc>, 👩‍👩‍👧 é\u0301"


def test_a_text_breaks_at_lines_where_it_can() -> None:
    lines = ["第一行" * 30, "第二行" * 30, "第三行" * 30]
    parts = plain.split("\n".join(lines), 600)
    assert parts == ["\n".join(lines[:2]), lines[2]]


def test_exactly_2048_bytes_are_one_text() -> None:
    assert plain.split("客" * 682 + "ab") == ["客" * 682 + "ab"]
    assert plain.split("客" * 682 + "abc") == ["客" * 682 + "ab", "c"]


@pytest.mark.parametrize(
    "cluster", ["👍🏽", "👩‍👩‍👧", "🇨🇳", "e\u0301", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e007f"]
)
def test_what_a_person_sees_as_one_character_stays_whole(cluster: str) -> None:
    size = len(cluster.encode())
    for room in range(size, 4 * size):
        for part in plain.split(cluster * 8, room):
            assert part == cluster * (len(part) // len(cluster))


ALPHABET = st.sampled_from("客a \n。👍🏽🇨🇳\u0301\u200d")


@given(st.text(ALPHABET, max_size=150), st.integers(min_value=8, max_value=64))
@example("🇨🇳" * 40, 15)
@example("a" + "\u0301" * 100, 16)
def test_parts_are_within_the_limit_and_lose_nothing_but_space(text: str, limit_bytes: int) -> None:
    parts = plain.split(text, limit_bytes)
    assert all(part.strip() and len(part.encode()) <= limit_bytes for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.text(ALPHABET, max_size=60), st.integers(min_value=4, max_value=40))
def test_shortening_keeps_to_its_length(text: str, limit: int) -> None:
    for short in (plain.shorten(text, limit), plain.shorten_middle(text, limit)):
        assert len(short) <= limit
        assert short == text or "…" in short
