"""Our card as DingTalk's templates take it, and its clicks as DingTalk tells of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dingtalk import cards, payloads
from bot.dingtalk.cards import MORE, VALUE_BYTES, Style, render
from bot.errors import ContentRefused
from handlers.actions import ConfirmVisit, PickCustomer
from handlers.cards import numbered
from handlers.messages import CardButton, CardClick, CardField, CardOption, CardSelect, OutboundCard

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
CONFIRM = ConfirmVisit(visit_id=7).model_dump_json()
PICK = PickCustomer(visit_id=7).model_dump_json()
NAMES = ("宁波恒力阀门有限公司", "宁波恒力机械制造有限公司", "宁波恒力液压（集团）股份有限公司")
SELECT = CardSelect(
    name="customer",
    title="客户",
    options=(
        CardOption(option_id="none", text="请选择"),
        *(CardOption(option_id=name, text=name) for name in NAMES),
        CardOption(option_id="new", text="新建：恒力"),
    ),
    selected="none",
    action=PICK,
)
BUTTONS = (
    CardButton(text="确认", action=CONFIRM, style="primary"),
    CardButton(text="修改", action='{"do":"edit","visit_id":7}'),
    CardButton(text="作废", action='{"do":"discard","visit_id":7}', style="danger"),
)
CARD = OutboundCard(
    card_id="visit-7",
    title="拜访记录 · 待确认",
    subtitle="3月2日（周一）",
    tone="alert",
    fields=(CardField(label="客户", value="宁波_恒力_阀门"), CardField(label="预算", value="80 万元")),
    body="下一步\n1. 3月11日前报价",
    quote="竞品*低*两成",
    buttons=BUTTONS,
)
both = pytest.mark.parametrize("style", ["own", "general"])


def buttons_of(params: dict[str, str]) -> list[dict[str, Any]]:
    """The buttons as a template draws them, top down."""
    full = json.loads(params["sys_full_json_obj"])["msgButtons"] if "sys_full_json_obj" in params else []
    groups = [json.loads(params[name]) for name in ("buttons", *cards.OPTIONS) if name in params]
    return [*full, *(button for group in groups for button in group)]


def pressed(button: dict[str, Any]) -> dict[str, Any]:
    """What DingTalk sends as `params` when the button is pressed."""
    if "event" in button:
        assert button["event"]["type"] == "sendCardRequest"
        params: dict[str, Any] = button["event"]["params"]["params"]
        return params
    return {"id": button["id"]}


def callback(params: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    said = json.dumps({"cardPrivateData": {"actionIds": ["node_1"], "params": params}}, ensure_ascii=False)
    return {
        "type": "actionCallback",
        "outTrackId": cards.out_track_id("visit-7", "k"),
        "userId": "lina",
        "userIdType": 1,
        "extension": "{}",
        "content": said,
        "value": said,
    } | more


def seen(params: dict[str, str]) -> str:
    return "\n".join(params.values())


# drawing


def test_the_own_template_gets_its_variables() -> None:
    rendered = render(CARD, "own")
    assert rendered.texts_before == ()
    assert rendered.title == "拜访记录 · 待确认"
    texts = {name: value for name, value in rendered.params.items() if name not in ("buttons", *cards.OPTIONS)}
    assert texts == {
        "title": "拜访记录 · 待确认",
        "subtitle": "3月2日（周一）",
        "tone": "alert",
        "text1": "**客户**：宁波＿恒力＿阀门  \n**预算**：80 万元  \n下一步  \n1． 3月11日前报价  \n> 竞品＊低＊两成",
        "text2": "",
        "text3": "",
        "options_title": "",
        "closing": "",
    }
    assert [button["text"] for button in buttons_of(rendered.params)] == ["确认", "修改", "作废"]
    assert [button["color"] for button in buttons_of(rendered.params)] == ["blue", "gray", "red"]
    ids = [button["event"]["params"]["actionId"] for button in buttons_of(rendered.params)]
    assert len(set(ids)) == 3


def test_the_general_card_gets_its_variables() -> None:
    params = render(CARD, "general").params
    assert (params["msgTitle"], params["flowStatus"]) == ("拜访记录 · 待确认", "3")
    assert params["staticMsgContent"].startswith("3月2日（周一）  \n**客户**：")
    full = json.loads(params["sys_full_json_obj"])
    assert full["order"] == ["msgTitle", "staticMsgContent", "msgButtons"]
    assert full["msgButtons"][0] == {"text": "确认", "color": "blue", "id": CONFIRM, "request": True}


@both
def test_an_address_becomes_a_button_that_opens_it(style: Style) -> None:
    link = buttons_of(render(CARD.model_copy(update={"url": "https://sales.example/t/1"}), style).params)[-1]
    assert link["text"] == "查看"
    assert "https://sales.example/t/1" in json.dumps(link)
    with pytest.raises(ContentRefused):
        render(CARD.model_copy(update={"url": "javascript:alert(1)"}), style)


# round trips


@both
def test_a_click_brings_the_buttons_own_action_back_byte_for_byte(style: Style) -> None:
    drawn = buttons_of(render(CARD, style).params)
    clicks = [cards.click(callback(pressed(button))) for button in drawn]
    assert [click.action for click in clicks] == [button.action for button in BUTTONS]
    assert {click.card_id for click in clicks} == {"visit-7"}
    assert {click.response_ref for click in clicks} == {cards.out_track_id("visit-7", "k")}
    assert all(click.chosen == {} for click in clicks)


def test_each_option_is_a_button_that_says_what_was_chosen() -> None:
    card = CARD.model_copy(update={"selects": (SELECT,)})
    params = render(card, "own").params
    assert params["options_title"] == "客户"
    clicks = [cards.click(callback(pressed(button))) for button in buttons_of(params)]
    wanted = [(choice.action, choice.chosen) for choice in numbered(card)]
    assert sorted((click.action, str(click.chosen)) for click in clicks) == sorted((a, str(c)) for a, c in wanted)


def test_options_of_the_general_card_name_the_select() -> None:
    team = tuple(CardOption(option_id=str(number), text=name) for number, name in enumerate(("王伟", "李娜")))
    select = CardSelect(name="assignee", title="指派给", options=team, action='{"do":"assign","escalation_id":7}')
    card = CARD.model_copy(update={"selects": (select,), "buttons": BUTTONS[:1]})
    drawn = buttons_of(render(card, "general").params)
    assert [button["text"] for button in drawn] == ["指派给：王伟", "指派给：李娜", "确认"]
    click = cards.click(callback(pressed(drawn[1])))
    assert (click.action, click.chosen) == (select.action, {"assignee": ("1",)})


def test_a_form_is_its_options() -> None:
    form = OutboundCard(
        card_id="c", title="换客户", selects=(SELECT,), submit=CardButton(text="选定", action=PICK, style="primary")
    )
    assert [button["text"] for button in buttons_of(render(form, "own").params)] == [*NAMES, "新建：恒力"]


REFUSED: dict[str, dict[str, Any]] = {
    "a select that does nothing by itself": {"selects": (SELECT.model_copy(update={"action": ""}),)},
    "two selects": {"selects": (SELECT, SELECT.model_copy(update={"name": "other", "action": "x"}))},
    "a form whose button does something else": {
        "selects": (SELECT,),
        "submit": CardButton(text="提交", action="other"),
    },
    "a mark of ours in an action": {"buttons": (CardButton(text="好", action="a\tb"),)},
    "a button without words": {"buttons": (CardButton(text=" \x00 ", action="a"),)},
    "buttons too long for their kilobyte": {"buttons": (CardButton(text="好", action="a" * 1024),)},
}


@both
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_card_cannot_hold_is_refused_so_that_it_is_said_in_words(name: str, style: Style) -> None:
    with pytest.raises(ContentRefused):
        render(CARD.model_copy(update=REFUSED[name]), style)


def test_too_many_options_are_refused_so_that_they_are_said_in_words() -> None:
    options = tuple(
        CardOption(option_id=f"{'很长的公司名称' * 6}{n}", text=f"{'很长的公司名称' * 6}{n}") for n in range(9)
    )
    for style in ("own", "general"):
        with pytest.raises(ContentRefused):
            render(CARD.model_copy(update={"selects": (SELECT.model_copy(update={"options": options}),)}), style)


def test_nine_customers_of_usual_names_find_room_on_the_own_card() -> None:
    options = tuple(CardOption(option_id=name, text=name) for name in (f"宁波恒力第{n}阀门有限公司" for n in range(9)))
    card = CARD.model_copy(update={"selects": (SELECT.model_copy(update={"options": options}),)})
    assert len(buttons_of(render(card, "own").params)) == 12


# the kilobyte


WORDS = st.text(alphabet="客户说要验厂预算八十万*_#-> \n👍a1", max_size=700)


@both
@given(
    title=st.text(max_size=400),
    subtitle=WORDS,
    fields=st.lists(st.tuples(st.text(alphabet="客户阶段", max_size=5), WORDS), max_size=6),
    body=WORDS,
    quote=WORDS,
)
def test_no_value_is_above_its_kilobyte_and_no_word_is_lost(
    style: Style, title: str, subtitle: str, fields: list[tuple[str, str]], body: str, quote: str
) -> None:
    card = OutboundCard(
        card_id="c",
        title=title,
        subtitle=subtitle,
        fields=tuple(CardField(label=label, value=value) for label, value in fields),
        body=body,
        quote=quote,
        buttons=BUTTONS,
    )
    rendered = render(card, style)
    assert all(len(value.encode()) <= VALUE_BYTES for value in rendered.params.values())
    everywhere = "".join([*rendered.texts_before, seen(rendered.params)])
    for words in (subtitle, body, quote, *(value for _, value in fields)):
        for character in "客户说要验厂预算八十万👍":
            assert everywhere.count(character) >= words.count(character)


@both
def test_what_finds_no_room_is_said_before_the_card_and_the_card_says_so(style: Style) -> None:
    body = "\n".join(f"{number} 客户提了一个很长很长的问题，要我们下周之前给出书面答复" for number in range(80))
    rendered = render(CARD.model_copy(update={"body": body, "quote": "最后一句"}), style)
    [text] = rendered.texts_before
    assert text.startswith("【拜访记录 · 待确认】\n")
    assert text.endswith("「最后一句」")
    last = rendered.params["text3" if style == "own" else "staticMsgContent"]
    assert last.endswith(MORE)
    numbers = [line.split(" ")[0] for line in (seen(rendered.params) + "\n" + text).split("\n") if "书面答复" in line]
    assert numbers == [str(number) for number in range(80)]


def test_one_long_line_is_continued_in_the_next_variable() -> None:
    said = "张总说" + "预算要等总部批复" * 60
    params = render(CARD.model_copy(update={"body": said}), "own").params
    text = "".join(params[name] for name in cards.TEXTS).replace("  \n", "")
    assert said in text


# closing


@both
def test_a_closed_card_has_nothing_left_to_press_and_says_what_became_of_it(style: Style) -> None:
    params = render(CARD.model_copy(update={"selects": (SELECT,)} if style == "own" else {}), style).params
    closed = params | cards.closed("已确认", style)
    assert "已确认" in seen(closed)
    actions = [cards.click(callback(pressed(button))).action for button in buttons_of(closed)]
    assert actions == ([] if style == "own" else [cards.CLOSED])
    assert "已处理" in seen(cards.closed(" ", style))


def test_a_delivery_of_a_card_has_a_name_of_its_own_that_leads_back_to_it() -> None:
    first, second = (cards.out_track_id("visit-7-0123456789ab", key) for key in ("k1", "k2"))
    assert first != second
    assert cards.out_track_id("visit-7-0123456789ab", "k1") == first
    assert cards.card_id(first) == cards.card_id(second) == "visit-7-0123456789ab"


# clicks as they come


CLICKS: dict[str, dict[str, Any]] = {
    "value only, as older pages have it": {"content": None},
    "content only": {"value": None},
    "content as an object": {"content": {"cardPrivateData": {"params": {"action": CONFIRM}}}, "value": None},
    "parameters beside the private data": {
        "content": json.dumps({"cardPrivateData": {"actionIds": ["x"]}, "params": {"action": CONFIRM}}),
        "value": None,
    },
    "parameters on top": {"content": "{}", "value": None, "params": {"action": CONFIRM}},
    "action data on top": {
        "content": None,
        "value": "",
        "actionData": json.dumps({"cardPrivateData": {"params": {"action": CONFIRM}}}),
    },
    "an id on top": {"content": None, "value": None, "actionId": CONFIRM},
    "an id among the ids": {
        "content": json.dumps({"cardPrivateData": {"actionIds": [CONFIRM], "params": {}}}),
        "value": None,
    },
    "an id in the parameters": {"content": json.dumps({"cardPrivateData": {"params": {"id": CONFIRM}}}), "value": None},
}


@pytest.mark.parametrize("name", CLICKS)
def test_a_click_is_found_wherever_it_is_written(name: str) -> None:
    assert cards.click(callback({"action": CONFIRM}, **CLICKS[name])).action == CONFIRM


ODD_JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["cardPrivateData", "params", "action", "id", "actionIds"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(content=ODD_JSON | ODD_JSON.map(json.dumps), value=ODD_JSON, top=ODD_JSON)
def test_no_click_is_odd_enough_to_break_the_reader(content: Any, value: Any, top: Any) -> None:
    data = callback({}, content=content, value=value, params=top, actionId=top, actionData=value)
    received = payloads.from_card(data, click_ref="1", received_at=NOW)
    assert isinstance(payloads.parse(received).content, CardClick)


# which click is which


def test_a_repeat_of_a_click_is_known_and_a_second_click_is_new() -> None:
    def event_id(reference: str, action: str = CONFIRM, at: datetime = NOW) -> str:
        return payloads.from_card(callback({"action": action}), click_ref=reference, received_at=at).event_id

    assert event_id("frame-1") == event_id("frame-1", at=NOW + timedelta(seconds=60))
    assert len({event_id("frame-1"), event_id("frame-2"), event_id("frame-1", action="x")}) == 3


def test_the_same_button_is_the_same_click_for_a_minute_unless_another_was_pressed() -> None:
    clicks = payloads.Clicks()

    def event_id(reference: str, after_s: int, action: str = CONFIRM, **more: Any) -> str:
        at = NOW + timedelta(seconds=after_s)
        click = payloads.from_card(callback({"action": action}, **more), click_ref=reference, received_at=at)
        return clicks.known(click, received_at=at).event_id

    first = event_id("f1", 0)
    assert event_id("f2", 60) == first
    later = event_id("f3", 80)
    assert later != first
    assert event_id("f4", 81, action="x") not in {first, later}
    assert event_id("f5", 82) not in {first, later}
    assert event_id("f6", 82, userId="wangwei") not in {first, later}


def test_a_click_is_kept_with_who_pressed_what() -> None:
    received = payloads.from_card(callback({"action": CONFIRM}), click_ref="f", received_at=NOW)
    message = payloads.parse(received)
    assert (received.user_id, message.sender.user_id) == ("lina", "lina")
    assert message.sent_at == NOW
    assert isinstance(message.content, CardClick)
    assert message.content.card_id == "visit-7"


@pytest.mark.parametrize("more", [{"userId": ""}, {"outTrackId": None}, {"userId": 5}])
def test_a_click_of_nobody_or_on_nothing_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(payloads.MalformedPayload):
        payloads.from_card(callback({}, **more), click_ref="f", received_at=NOW)


def test_buttons_beyond_one_group_go_on_in_the_next() -> None:
    buttons = tuple(
        CardButton(text=f"有用 {number}", action=f'{{"do":"judge","question_id":12345,"place":{number},"useful":true}}')
        for number in range(6)
    )

    params = cards.render(OutboundCard(card_id="script-1", title="话术参考", buttons=buttons), "own").params

    groups = [json.loads(params[name]) for name in ("buttons", "options1", "options2", "options3")]
    assert [button["text"] for group in groups for button in group] == [f"有用 {number}" for number in range(6)]
    assert groups[0]
    assert groups[1]
    assert params["options_title"] == ""
    assert all(len(params[name].encode()) <= 1024 for name in ("buttons", "options1"))
