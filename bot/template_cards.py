"""Our one kind of card as WeCom's template cards; an app's and the AI bot's differ in size only.

What is longer than its place is cut on the phone without a word. So nothing longer is sent: what does not fit moves
into the lines under the title, and what does not fit there into a text that is sent before the card.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.errors import ContentRefused
from bot.plain import clean, clean_line, shorten, shorten_middle
from handlers.messages import CardButton, CardSelect, JsonObject, OutboundCard

API = "template_card"
SOURCE = "拜访助手"
SOURCE_COLORS = {"neutral": 0, "good": 3, "alert": 2}
"""Grey, green, red."""
BUTTON_STYLES = {"primary": 1, "secondary": 2, "neutral": 3, "danger": 4}
MORE = "（其余内容见上一条消息）"
MORE_IN_ONE = "（内容见上一条消息）"

ITEMS = 6
ITEM_LABEL_CHARS = 5
MOST_FIXED = 4
"""Lines that can all keep a place on the smallest card, with their labels and some words each."""
BUTTONS = 6
BUTTON_CHARS = 10
KEY_BYTES = 1024
SELECT_TITLE_CHARS = 13
OPTION_ID_BYTES = 128


@dataclass(frozen=True)
class Room:
    """Characters that a phone shows of each, where the two kinds of cards differ."""

    title: int
    subtitle: int
    lines: int
    quote: int
    """Not documented; as long as the lines below the title may be."""
    item_value: int
    option: int


@dataclass(frozen=True)
class RenderedCard:
    """`texts_before` of any length, then the card; None where a text alone says it all."""

    texts_before: tuple[str, ...]
    card: JsonObject | None


@dataclass
class _Overflow:
    """What found no room on the card, in the order in which it is to be read."""

    room: Room
    lines: list[str] = field(default_factory=list)

    def cut(self, text: str, limit: int, *, label: str = "") -> str:
        """`text` within `limit`; the whole of it is kept here if it had to be cut."""
        if len(text) <= limit:
            return text
        self.lines.append(f"{label}：{text}" if label else text)
        return shorten(text, limit)


def render(card: OutboundCard, room: Room, *, task_id: str) -> RenderedCard:
    """Raises ContentRefused for what no card of WeCom can be: doubled keys, a selector without a button, odd links."""
    overflow = _Overflow(room)
    if card.url is not None and not card.url.startswith(("https://", "http://")):
        raise ContentRefused(API, "url")
    if card.submit is not None and card.selects:
        return _form(card, card.submit, task_id, overflow)
    buttons = (*card.buttons, *([card.submit] if card.submit else ()))
    if buttons:
        return _buttons(card, buttons, task_id, overflow)
    if card.selects:
        raise ContentRefused(API, "selector without a button")
    if card.url is None:
        return RenderedCard((as_text(card),), None)  # WeCom has no card that leads nowhere
    return _notice(card, card.url, overflow)


def as_text(card: OutboundCard) -> str:
    """All that the card says, without its buttons and selectors."""
    parts = [_heading(card), clean(card.subtitle), *_field_lines(card)]
    parts += [f"「{clean(card.quote)}」" if card.quote else "", clean(card.body), card.url or ""]
    return "\n".join(part for part in parts if part.strip())


def _buttons(card: OutboundCard, buttons: Sequence[CardButton], task_id: str, overflow: _Overflow) -> RenderedCard:
    if len(card.selects) > 1 or len(buttons) > BUTTONS:
        raise ContentRefused(API, "more selectors or buttons than a row has")
    rendered = _face(card, overflow) | {"card_type": "button_interaction", "task_id": task_id}
    for select in card.selects:
        rendered["button_selection"] = _select(select, overflow)
    _unique((button.action for button in buttons), KEY_BYTES, "button key")
    rendered["button_list"] = [
        {
            "text": _label(button.text, overflow),
            "style": BUTTON_STYLES[button.style],
            "key": button.action,
        }
        for button in buttons
    ]
    if card.url is not None:
        rendered["card_action"] = {"type": 1, "url": card.url}
    return _with_overflow(card, rendered, overflow)


def _form(card: OutboundCard, submit: CardButton, task_id: str, overflow: _Overflow) -> RenderedCard:
    """A form has a title and selectors only: all else goes before it."""
    if card.buttons:
        raise ContentRefused(API, "buttons beside a form")
    rendered = _head(card, overflow) | {"card_type": "multiple_interaction", "task_id": task_id}
    if len(clean_line(card.subtitle)) > overflow.room.subtitle:
        overflow.lines.append(clean(card.subtitle))
    overflow.lines += _field_lines(card)
    overflow.lines += [f"「{clean(card.quote)}」"] if card.quote else []
    overflow.lines += [part for part in (clean(card.body), card.url) if part]
    _unique((select.name for select in card.selects), KEY_BYTES, "question key")
    rendered["select_list"] = [_select(select, overflow) for select in card.selects]
    _unique([submit.action], KEY_BYTES, "button key")
    rendered["submit_button"] = {"text": _label(submit.text, overflow), "key": submit.action}
    return _with_overflow(card, rendered, overflow)


def _notice(card: OutboundCard, url: str, overflow: _Overflow) -> RenderedCard:
    action: JsonObject = {"type": 1, "url": url}
    rendered = _face(card, overflow) | {"card_type": "text_notice", "card_action": action}
    return _with_overflow(card, rendered, overflow)


def _head(card: OutboundCard, overflow: _Overflow) -> JsonObject:
    title: JsonObject = {"title": overflow.cut(clean_line(card.title), overflow.room.title) or SOURCE}
    if (subtitle := clean_line(card.subtitle)) and len(subtitle) <= overflow.room.subtitle:
        title["desc"] = subtitle
    return {"source": {"desc": SOURCE, "desc_color": SOURCE_COLORS[card.tone]}, "main_title": title}


def _face(card: OutboundCard, overflow: _Overflow) -> JsonObject:
    rendered = _head(card, overflow)
    items: list[JsonObject] = []
    lines = [clean(card.subtitle)] if len(clean_line(card.subtitle)) > overflow.room.subtitle else []
    for name, line in zip(card.fields, _field_lines(card), strict=True):
        label, value = clean_line(name.label), clean(name.value).strip() or "—"
        fits = 0 < len(label) <= ITEM_LABEL_CHARS and len(value) <= overflow.room.item_value and "\n" not in value
        if fits and len(items) < ITEMS:
            items.append({"keyname": label, "value": value})
        else:
            lines.append(line)
    if items:
        rendered["horizontal_content_list"] = [*items]
    # a blank line parts what is read as a whole; between lines of a card there is no room for it
    body = [line for line in clean(card.body).split("\n") if line.strip() or card.body_in_one]
    if any(lines) or any(body):
        rendered["sub_title_text"] = (
            _fit_fixed(lines, body, overflow)
            if card.body_is_fixed and len(body) <= MOST_FIXED
            else _fit([*lines, *body], overflow, in_one=card.body_in_one)
        )
    if quote := clean_line(card.quote):
        quoted: JsonObject = {"type": 0, "quote_text": overflow.cut(quote, overflow.room.quote, label="原话")}
        rendered["quote_area"] = quoted
    return rendered


def _fit(lines: Sequence[str], overflow: _Overflow, *, in_one: bool) -> str:
    """As many whole lines as there is room for, or none; the others overflow, and a note says where they are."""
    whole = "\n".join(lines)
    if len(whole) <= overflow.room.lines:
        return whole
    if in_one:
        overflow.lines += lines
        return MORE_IN_ONE
    kept: list[str] = []
    room = overflow.room.lines - len(MORE)
    for line in lines:
        if len(line) + 1 <= room:
            kept.append(line)
            room -= len(line) + 1
        else:
            overflow.lines.append(line)
    return "\n".join([*kept, MORE])


def _fit_fixed(others: Sequence[str], fixed: Sequence[str], overflow: _Overflow) -> str:
    """Each of the fixed lines, the longest of them shortened, and of the others those for which there is still room."""
    whole = "\n".join([*others, *fixed])
    if len(whole) <= overflow.room.lines:
        return whole
    room = overflow.room.lines - len(MORE) - len(fixed)
    limit = fair_limit([len(line) for line in fixed], room)
    shown = [shorten(line, limit) for line in fixed]
    room -= sum(len(line) for line in shown)
    kept: list[str] = []
    for line in others:
        if len(line) + 1 <= room:
            kept.append(line)
            room -= len(line) + 1
        else:
            overflow.lines.append(line)
    overflow.lines += [line for line in fixed if len(line) > limit]
    return "\n".join([*kept, *shown, MORE])


def fair_limit(lengths: Sequence[int], room: int) -> int:
    """The largest limit at which all fit into the room, each cut to it: what is shorter leaves its share to the others.

    >>> fair_limit([10, 90, 90], 100)
    45
    """
    left = room
    ordered = sorted(lengths)
    for place, length in enumerate(ordered):
        share = left // (len(ordered) - place)
        if length > share:
            return share
        left -= length
    return max(ordered, default=room)


def _select(select: CardSelect, overflow: _Overflow) -> JsonObject:
    title = clean_line(select.title)
    _unique([select.name], KEY_BYTES, "question key")
    _unique((option.option_id for option in select.options), OPTION_ID_BYTES, "option id")
    texts = [clean_line(option.text) for option in select.options]
    if not all(texts):
        raise ContentRefused(API, "option without a text")
    if any(len(text) > overflow.room.option for text in texts):
        # Cut names may look alike, so they are numbered here and in the text that spells them out.
        overflow.lines.append(f"{title}：")
        overflow.lines += [f"{number}. {text}" for number, text in enumerate(texts, 1)]
        texts = [shorten_middle(f"{number}. {text}", overflow.room.option) for number, text in enumerate(texts, 1)]
    rendered: JsonObject = {
        "question_key": select.name,
        "title": overflow.cut(title, SELECT_TITLE_CHARS),
        "option_list": [
            {"id": option.option_id, "text": text} for option, text in zip(select.options, texts, strict=True)
        ],
    }
    if select.selected is not None:
        if select.selected not in {option.option_id for option in select.options}:
            raise ContentRefused(API, "selected option")
        rendered["selected_id"] = select.selected
    return rendered


def _label(text: str, overflow: _Overflow) -> str:
    text = clean_line(text)
    if not text:
        raise ContentRefused(API, "button without a text")
    return overflow.cut(text, BUTTON_CHARS, label=f"按钮“{shorten(text, BUTTON_CHARS)}”")


def _field_lines(card: OutboundCard) -> list[str]:
    pairs = ((clean_line(item.label), clean(item.value).strip() or "—") for item in card.fields)
    return [f"{label}：{value}" if label else value for label, value in pairs]


def _heading(card: OutboundCard) -> str:
    return f"【{clean_line(card.title) or SOURCE}】"


def _with_overflow(card: OutboundCard, rendered: JsonObject, overflow: _Overflow) -> RenderedCard:
    if not overflow.lines:
        return RenderedCard((), rendered)
    heading = f"【{shorten(clean_line(card.title), overflow.room.title) or SOURCE}】"
    return RenderedCard(("\n".join([heading, *overflow.lines]),), rendered)


def _unique(keys: Iterable[str], limit_bytes: int, name: str) -> None:
    seen: set[str] = set()
    for key in keys:
        if not key or key in seen or len(key.encode("utf-8", "surrogatepass")) > limit_bytes:
            raise ContentRefused(API, name)
        seen.add(key)
