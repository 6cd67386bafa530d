"""Our card as the AI bot's template cards: whatever we have to say fits, or is said before the card."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import template_cards
from bot.errors import ContentRefused
from bot.plain import clean
from bot.wecom import cards as wecom_cards
from bot.wecom_bot import cards
from handlers.messages import CardButton, CardField, CardOption, CardSelect, OutboundCard
from tests.dialects.wecom_bot_rules import check_bot_card

CONFIRM = CardButton(text="确认", action="confirm", style="primary")
TASK = "draft-7@0123456789ab"


def card(**more: Any) -> OutboundCard:
    return OutboundCard.model_validate({"card_id": "draft-7", "title": "拜访记录 · 待确认"} | more)


def shown(content: OutboundCard) -> dict[str, Any]:
    rendered = cards.render(content, task_id=TASK)
    assert rendered.card is not None
    assert check_bot_card(rendered.card) == []
    return rendered.card


def select(*names: str) -> CardSelect:
    options = tuple(CardOption(option_id=f"o-{n}", text=name) for n, name in enumerate(names))
    return CardSelect(name="customer", title="客户", options=options, selected="o-0")


def test_what_fits_is_on_the_card() -> None:
    content = card(
        subtitle="11-20（周五）",
        tone="alert",
        fields=(CardField(label="客户", value="宁波恒力阀门有限公司"), CardField(label="预算", value="85 万元")),
        body="① 11-25 前 提供安装排期表（我）",
        quote="领导还没批",
        buttons=(CONFIRM, CardButton(text="作废", action="discard", style="danger")),
    )
    rendered = cards.render(content, task_id=TASK)
    assert rendered.texts_before == ()
    face = shown(content)
    assert face["card_type"] == "button_interaction"
    assert face["main_title"] == {"title": "拜访记录 · 待确认", "desc": "11-20（周五）"}
    assert [item["keyname"] for item in face["horizontal_content_list"]] == ["客户", "预算"]
    assert face["quote_area"]["quote_text"] == "领导还没批"
    assert [button["key"] for button in face["button_list"]] == ["confirm", "discard"]


def test_what_does_not_fit_is_said_before_the_card() -> None:
    body = "\n".join(f"第{number}条：" + "字" * 40 for number in range(6))
    rendered = cards.render(card(body=body, buttons=(CONFIRM,)), task_id=TASK)
    [before] = rendered.texts_before
    assert rendered.card is not None
    on_card = str(rendered.card["sub_title_text"])
    assert all(line in before or line in on_card for line in body.split("\n"))
    assert template_cards.MORE in on_card


LABELS = ("卡在哪一步", "缺什么支持", "下一步")


@given(
    st.tuples(*[st.text("领导还没批预算abc👍", min_size=1, max_size=300)] * 3),
    st.text("宁波恒力阀门", max_size=60),
    st.lists(st.text("李晓彤陈志远", min_size=1, max_size=60), max_size=3),
)
def test_the_lines_of_a_fixed_layout_are_all_there_whatever_their_lengths(
    said: tuple[str, ...], subtitle: str, values: list[str]
) -> None:
    body = [f"{label}：{words}" for label, words in zip(LABELS, said, strict=True)]
    fields = tuple(CardField(label="销售", value=value) for value in values)
    content = card(body="\n".join(body), subtitle=subtitle, fields=fields, buttons=(CONFIRM,), body_is_fixed=True)
    for room in (cards.ROOM, wecom_cards.ROOM):
        rendered = template_cards.render(content, room, task_id=TASK)
        assert rendered.card is not None
        below = str(rendered.card["sub_title_text"])
        assert len(below) <= room.lines
        before = "\n".join(rendered.texts_before)
        lines = [next(line for line in below.split("\n") if line.startswith(f"{label}：")) for label in LABELS]
        fair = (room.lines - len(template_cards.MORE)) // 3 - 2
        for whole, line in zip(body, lines, strict=True):
            # as long as it is, or no shorter than a third of the room, but for what belongs to its last character
            assert line == whole or (len(line) >= fair - 2 and whole in before.split("\n"))
            assert len(line) >= min(len(whole), len("卡在哪一步：") + 10)
        for whole in (subtitle, *values):
            assert whole in before or whole in str(rendered.card)
    assert shown(content)["card_type"] == "button_interaction"


def test_short_lines_leave_their_share_to_the_long_one() -> None:
    body = f"卡在哪一步：{'批' * 200}\n缺什么支持：样机\n下一步：周五前约张总"
    below = str(shown(card(body=body, buttons=(CONFIRM,), body_is_fixed=True))["sub_title_text"])
    first, *others = below.split("\n")
    assert others == ["缺什么支持：样机", "下一步：周五前约张总", template_cards.MORE]
    assert len(below) == cards.ROOM.lines
    assert first.endswith("批…")


def test_a_value_longer_than_a_bots_line_moves_below_the_title() -> None:
    name = "宁波恒力阀门集团股份有限公司北仑第二分公司销售事业部"
    assert 26 < len(name) + 1 <= 30
    face = shown(card(fields=(CardField(label="客户", value=name + "甲"),), buttons=(CONFIRM,)))
    assert face["sub_title_text"] == f"客户：{name}甲"


def test_names_too_long_for_a_selector_are_numbered_and_spelled_out() -> None:
    rendered = cards.render(
        card(selects=(select("宁波恒力阀门股份有限公司", "宁波恒立阀门股份有限公司"),), submit=CONFIRM), task_id=TASK
    )
    assert rendered.card is not None
    assert check_bot_card(rendered.card) == []
    [options] = [part["option_list"] for part in rendered.card["select_list"]]  # type: ignore[index, union-attr, call-overload]
    assert len({option["text"] for option in options}) == 2  # type: ignore[index, call-overload, union-attr]
    assert "2. 宁波恒立阀门股份有限公司" in rendered.texts_before[0]


def test_a_card_that_leads_nowhere_is_a_text() -> None:
    rendered = cards.render(card(body="没有按钮"), task_id=TASK)
    assert rendered == cards.RenderedCard(("【拜访记录 · 待确认】\n没有按钮",), None)


def test_a_card_with_a_page_and_no_buttons_is_a_notice() -> None:
    assert shown(card(url="https://bot.example/v/7"))["card_action"] == {"type": 1, "url": "https://bot.example/v/7"}


@pytest.mark.parametrize(
    "more",
    [
        {"url": "javascript:alert(1)", "buttons": (CONFIRM,)},
        {"buttons": (CONFIRM, CONFIRM)},
        {"buttons": (CardButton(text="确认", action="字" * 400),)},
        {"buttons": (CardButton(text=" ", action="a"),)},
        {"selects": (select("甲"),)},
        {"selects": (select("甲"), select("乙")), "buttons": (CONFIRM,)},
        {"selects": (select("甲", " "),), "buttons": (CONFIRM,)},
        {"selects": (select("甲"),), "submit": CONFIRM, "buttons": (CONFIRM,)},
        {"selects": (select("甲").model_copy(update={"selected": "o-9"}),), "buttons": (CONFIRM,)},
    ],
    ids=[
        "odd link", "two equal keys", "long key", "blank button", "lone selector", "two selectors", "blank option",
        "buttons beside a form", "unknown choice",
    ],
)  # fmt: skip
def test_what_no_card_can_be_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ContentRefused):
        cards.render(card(**more), task_id=TASK)


# closing


def test_a_closed_card_keeps_its_face_and_loses_its_buttons() -> None:
    whole = shown(
        card(fields=(CardField(label="客户", value="恒力"),), buttons=(CONFIRM,), url="https://bot.example/v/7")
    )
    closed = cards.closed(json.dumps(cards.face(whole)), "陈志远跟进中", task_id=TASK)
    assert check_bot_card(closed) == []
    assert closed["card_type"] == "text_notice"
    assert closed["main_title"] == {"title": "拜访记录 · 待确认", "desc": "陈志远跟进中"}
    assert closed["card_action"] == {"type": 1, "url": "https://bot.example/v/7"}
    assert not {"button_list", "button_selection"} & set(closed)


@pytest.mark.parametrize("kept", [None, "", "[]", "{", '{"main_title": 7}', '{"button_list": []}'], ids=str)
def test_a_face_that_is_lost_is_made_up_for(kept: str | None) -> None:
    closed = cards.closed(kept, " ", task_id=TASK)
    assert check_bot_card(closed) == []
    assert closed["main_title"] == {"title": "拜访助手", "desc": "已处理"}


WORDS = st.text(alphabet="字a \n👩\u200d<*", max_size=150)


@given(
    title=WORDS,
    subtitle=WORDS,
    body=WORDS,
    quote=WORDS,
    fields=st.lists(st.tuples(WORDS, WORDS), max_size=8),
    label=WORDS.filter(str.strip),
    options=st.lists(WORDS.filter(str.strip), max_size=4),
    is_form=st.booleans(),
)
def test_whatever_is_said_the_card_is_taken_and_nothing_is_cut_unsaid(
    title: str,
    subtitle: str,
    body: str,
    quote: str,
    fields: list[tuple[str, str]],
    label: str,
    options: list[str],
    is_form: bool,
) -> None:
    button = CardButton(text=label, action="a")
    content = card(
        title=title,
        subtitle=subtitle,
        body=body,
        quote=quote,
        fields=tuple(CardField(label=name, value=value) for name, value in fields),
        selects=(select(*options),) if options else (),
        buttons=() if is_form else (button,),
        submit=button if is_form else None,
    )
    try:
        rendered = cards.render(content, task_id=TASK)
    except ContentRefused:
        # a text of nothing but marks that are not shown
        return
    assert rendered.card is not None
    assert check_bot_card(rendered.card) == []
    everything = "".join([*rendered.texts_before, json.dumps(rendered.card, ensure_ascii=False)])
    assert all(clean(line).strip() in everything for line in body.split("\n"))
