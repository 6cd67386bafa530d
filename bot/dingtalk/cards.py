"""Our one kind of card as variables of a DingTalk card template, and the clicks that come back.

A template is drawn in DingTalk's card builder and filled by strings of at most 1 KB each (open.dingtalk.com,
"创建并投放卡片"). What finds no room goes into a text that is sent before the card. Two styles of templates are known:

own       the template of docs/dingtalk-setup.md:
          title, subtitle       text
          text1, text2, text3   Markdown, one below the other; empty ones are hidden
          buttons               a button group: our buttons
          options_title         text above the options; empty where there are none
          options1, options2, options3   button groups: the options of a select, each a button, and buttons that find no
                                  room in the first group
          closing               text; empty while the card is open, then what became of it
          tone                  neutral, good or alert
general   DingTalk's general AI card: msgTitle, staticMsgContent, flowStatus and sys_full_json_obj.msgButtons
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.dingtalk.loose import a_string, an_object
from bot.dingtalk.markdown import BREAK, bold, neutral
from bot.errors import ContentRefused
from bot.plain import clean, clean_line, shorten, split
from handlers.cards import Choice, numbered
from handlers.messages import CardButton, CardClick, JsonObject, OutboundCard

API = "card/createAndDeliver"
Style = Literal["own", "general"]

VALUE_BYTES = 1024
LONG_LINE_BYTES = VALUE_BYTES // 3
"""Of what is cut to fit: `neutral` makes three bytes of one at worst."""
TEXTS = ("text1", "text2", "text3")
OPTIONS = ("options1", "options2", "options3")
NO_BUTTONS = "[]"
COLORS = {"primary": "blue", "secondary": "gray", "neutral": "gray", "danger": "red"}
FINISHED = "3"
"""The state in which the general AI card shows its content (PROCESSING 1, INPUTING 2, FINISHED 3, …)."""
CLOSED = "closed"
"""The action of the grey button that a closed card of the general style shows."""
CLOSING_CHARS = 20
NAMELESS = "拜访助手"
MORE = "（其余内容见上一条消息）"
LOOK = "查看"
SEPARATOR = "\t"
"""Between action, select and option in the one id that a button of the general style has."""

_DELIVERY_SUFFIX = re.compile(r"-[0-9a-f]{12}$")


@dataclass(frozen=True)
class RenderedCard:
    """`texts_before` of any length, then the card."""

    texts_before: tuple[str, ...]
    title: str
    params: dict[str, str]


@dataclass(frozen=True)
class _Line:
    plain: str
    rich: str


def out_track_id(card_id: str, key: str) -> str:
    """DingTalk's name for one delivery of a card: taken once, and the same when the delivery is repeated."""
    return f"{card_id}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def card_id(track_id: str) -> str:
    """The card behind an `outTrackId`."""
    return _DELIVERY_SUFFIX.sub("", track_id)


# Out


def render(card: OutboundCard, style: Style) -> RenderedCard:
    """Raises ContentRefused where the buttons and options find no room; as numbered text they always do."""
    if card.url is not None and not card.url.startswith(("https://", "http://")):
        raise ContentRefused(API, "url")
    choices = _choices(card)
    title = clean_line(card.title) or NAMELESS
    overflow: list[str] = []
    params = _own(card, choices, overflow) if style == "own" else _general(card, choices, overflow)
    texts = ("\n".join([f"【{title}】", *overflow]),) if overflow else ()
    return RenderedCard(texts, shorten(title, 60), params)


def closed(closing: str, style: Style) -> dict[str, str]:
    """The variables to change when a card closes: its buttons go, and what became of it is shown."""
    said = shorten(clean_line(closing), CLOSING_CHARS) or "已处理"
    if style == "own":
        return {"buttons": NO_BUTTONS, "options_title": "", **dict.fromkeys(OPTIONS, NO_BUTTONS), "closing": said}
    # Its other variables are not known here any more, so the button itself says it, and answers as closed if pressed.
    button: JsonObject = {"text": said, "color": "gray", "id": CLOSED, "request": True}
    return {"flowStatus": FINISHED, "sys_full_json_obj": _full([button])}


def creation(
    rendered: RenderedCard, *, template_id: str, track_id: str, user_id: str, robot_code: str, route_key: str | None
) -> JsonObject:
    """The body of createAndDeliver for the chat of one person with the robot; `route_key`: callbacks come by HTTP."""
    return {
        "cardTemplateId": template_id,
        "outTrackId": track_id,
        "userIdType": 1,
        **({"callbackType": "HTTP", "callbackRouteKey": route_key} if route_key else {"callbackType": "STREAM"}),
        "cardData": {"cardParamMap": {**rendered.params}},
        # A forwarded card would have buttons that refuse everybody who presses them.
        "imRobotOpenSpaceModel": {"supportForward": False, "lastMessageI18n": {"ZH_CN": rendered.title}},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot_code},
        # The person's own id, not that of the conversation.
        "openSpaceId": f"dtv1.card//IM_ROBOT.{user_id}",
    }


def change(track_id: str, params: Mapping[str, str]) -> JsonObject:
    """The body of an update that leaves all other variables alone."""
    return {
        "outTrackId": track_id,
        "cardData": {"cardParamMap": {**params}},
        "cardUpdateOptions": {"updateCardDataByKey": True},
    }


def _choices(card: OutboundCard) -> list[Choice]:
    picks = {select.action for select in card.selects}
    if len(card.selects) > 1 or "" in picks:
        raise ContentRefused(API, "selects")
    if card.submit is not None and card.submit.action not in picks:
        raise ContentRefused(API, "form")
    choices = numbered(card)
    if any(SEPARATOR in choice.action for choice in choices):
        raise ContentRefused(API, "action")
    return choices


def _own(card: OutboundCard, choices: Sequence[Choice], overflow: list[str]) -> dict[str, str]:
    title, subtitle = (_cut(clean_line(text), overflow) for text in (card.title, card.subtitle))
    texts = _packed(_lines(card), len(TEXTS), overflow)
    buttons = [
        _button(button.text, COLORS[button.style], {"action": button.action}) for button in _pressed(card, choices)
    ]
    if link := _link(card):
        buttons.append(link)
    options = [
        _button(choice.text, "gray", {"action": choice.action, "select": name, "option": option})
        for choice in choices
        for name, (option, *_) in choice.chosen.items()
    ]
    option_groups = _groups(options) if options else []
    # more buttons than one group holds go on in the groups that the options leave free
    first, *more = _groups(buttons)
    groups = [*option_groups, *more]
    if len(groups) > len(OPTIONS):
        raise ContentRefused(API, "buttons")
    return {
        "title": title or NAMELESS,
        "subtitle": subtitle,
        "tone": card.tone,
        **dict(zip(TEXTS, texts, strict=True)),
        "buttons": first,
        "options_title": _cut(clean_line(card.selects[0].title), overflow) if options else "",
        **dict(zip(OPTIONS, [*groups, *[NO_BUTTONS] * (len(OPTIONS) - len(groups))], strict=True)),
        "closing": "",
    }


def _button(text: str, color: str, params: Mapping[str, str]) -> JsonObject:
    """One entry of a button group, as the card builder's own example data has it."""
    if not (label := clean_line(text)):
        raise ContentRefused(API, "button without a text")
    event: JsonObject = {"type": "sendCardRequest", "params": {"actionId": _node(params), "params": {**params}}}
    return {"text": label, "color": color, "status": "normal", "event": event}


def _link(card: OutboundCard) -> JsonObject | None:
    if card.url is None:
        return None
    return {
        "text": LOOK,
        "color": "gray",
        "status": "normal",
        "event": {"type": "openLink", "params": {"url": card.url}},
    }


def _node(params: Mapping[str, str]) -> str:
    """A short id of the button, unique on its card."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:6]


def _groups(buttons: Sequence[JsonObject]) -> list[str]:
    """The buttons in as many button groups as they take, one at least, in order."""
    groups: list[list[JsonObject]] = [[]]
    for button in buttons:
        if _size(_json([*groups[-1], button])) > VALUE_BYTES and groups[-1]:
            groups.append([])
        groups[-1].append(button)
    written = [_json(group) for group in groups]
    if any(_size(group) > VALUE_BYTES for group in written):
        raise ContentRefused(API, "buttons")
    return written


def _general(card: OutboundCard, choices: Sequence[Choice], overflow: list[str]) -> dict[str, str]:
    title = _cut(clean_line(card.title), overflow)
    subtitle = clean_line(card.subtitle)
    lines = [*([_Line(subtitle, neutral(subtitle))] if subtitle else []), *_lines(card)]
    buttons: list[JsonObject] = [
        _simple_button(f"{card.selects[0].title}：{choice.text}", "gray", SEPARATOR.join((choice.action, name, option)))
        for choice in choices
        for name, (option, *_) in choice.chosen.items()
    ]
    buttons += [_simple_button(one.text, COLORS[one.style], one.action) for one in _pressed(card, choices)]
    if card.url is not None:
        buttons.append({"text": LOOK, "color": "gray", "url": card.url})
    [content] = _packed(lines, 1, overflow)
    full = _full(buttons)
    if _size(full) > VALUE_BYTES:
        raise ContentRefused(API, "buttons")
    return {
        "msgTitle": title or NAMELESS,
        "staticMsgContent": content,
        "flowStatus": FINISHED,
        "sys_full_json_obj": full,
    }


def _simple_button(text: str, color: str, action_id: str) -> JsonObject:
    if not (label := clean_line(text)):
        raise ContentRefused(API, "button without a text")
    return {"text": label, "color": color, "id": action_id, "request": True}


def _full(buttons: Sequence[JsonObject]) -> str:
    return _json({"order": ["msgTitle", "staticMsgContent", "msgButtons"], "msgButtons": [*buttons]})


def _pressed(card: OutboundCard, choices: Sequence[Choice]) -> list[CardButton]:
    """The buttons that do something by themselves: others only go with a choice, and picking the option does it."""
    alone = {choice.action for choice in choices if not choice.chosen}
    return [button for button in card.buttons if button.action in alone]


# Text on the card


def _lines(card: OutboundCard) -> list[_Line]:
    lines: list[_Line] = []
    for field in card.fields:
        label, value = clean_line(field.label), clean_line(field.value) or "—"
        if label:
            lines += _fitting(_Line(f"{label}：{value}", f"{bold(label)}：{neutral(value)}"))
        else:
            lines += _fitting(_Line(value, neutral(value)))
    for said in clean(card.body).split("\n"):
        if said.strip():
            lines += _fitting(_Line(said.strip(), neutral(said.strip())))
    if quote := clean_line(card.quote):
        lines += _fitting(_Line(f"「{quote}」", f"> {neutral(quote)}"))
    return lines


def _fitting(line: _Line) -> Iterable[_Line]:
    if _size(line.rich) <= VALUE_BYTES:
        return [line]
    return [_Line(part, neutral(part)) for part in split(line.plain, LONG_LINE_BYTES)]


def _packed(lines: Sequence[_Line], boxes: int, overflow: list[str]) -> list[str]:
    """The lines in `boxes` values; those that find no room overflow, and a note says where they are."""
    filled, left = _fill(lines, [VALUE_BYTES] * boxes)
    if left:
        room_for_note = VALUE_BYTES - _size(BREAK + MORE)
        filled, left = _fill(lines, [VALUE_BYTES] * (boxes - 1) + [room_for_note])
        filled[-1] = BREAK.join(part for part in (filled[-1], MORE) if part)
        overflow += [line.plain for line in left]
    return filled


def _fill(lines: Sequence[_Line], rooms: Sequence[int]) -> tuple[list[str], Sequence[_Line]]:
    filled = [""] * len(rooms)
    box = 0
    for number, line in enumerate(lines):
        longer = f"{filled[box]}{BREAK}{line.rich}" if filled[box] else line.rich
        while _size(longer) > rooms[box]:
            box += 1
            if box == len(rooms):
                return filled, lines[number:]
            longer = line.rich
        filled[box] = longer
    return filled, ()


def _cut(text: str, overflow: list[str]) -> str:
    if _size(text) <= VALUE_BYTES:
        return text
    overflow.append(text)
    return split(text, VALUE_BYTES - _size("…"))[0] + "…"


def _size(text: str) -> int:
    return len(text.encode())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# Back


def click(data: JsonObject) -> CardClick:
    """A card callback. The parameters lie in `cardPrivateData`, beside it, or on top, by kind and age of the card."""
    params = next(iter(_parameters(data)), {})
    action = a_string(params, "action") or a_string(params, "id") or _bare_action(data)
    select, option = a_string(params, "select"), a_string(params, "option")
    if SEPARATOR in action:
        action, select, option, *_ = *action.split(SEPARATOR), "", ""
    track_id = a_string(data, "outTrackId")
    return CardClick(
        card_id=card_id(track_id),
        action=action,
        chosen={select: (option,)} if select and option else {},
        response_ref=track_id,
    )


def _parameters(data: JsonObject) -> Iterable[JsonObject]:
    """Sets of parameters that name an action, best first."""
    for source in (
        an_object(data.get("content")),
        an_object(data.get("value")),
        an_object(data.get("actionData")),
        data,
    ):
        for holder in (an_object(source.get("cardPrivateData")), source):
            params = an_object(holder.get("params"))
            if a_string(params, "action") or a_string(params, "id"):
                yield params


def _bare_action(data: JsonObject) -> str:
    if named := a_string(data, "actionId"):
        return named
    for name in ("content", "value"):
        ids = an_object(an_object(data.get(name)).get("cardPrivateData")).get("actionIds")
        if isinstance(ids, list) and ids and isinstance(ids[0], str):
            return ids[0]
    return ""
