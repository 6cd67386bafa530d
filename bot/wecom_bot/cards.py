"""The AI bot's template cards, smaller than those of an app, and how they are closed.

Numbers are from developer document 101032.
"""

from bot import template_cards
from bot.http import json_object
from bot.plain import clean_line, shorten
from bot.template_cards import SOURCE, RenderedCard, Room
from handlers.messages import JsonObject, OutboundCard

ROOM = Room(title=26, subtitle=30, lines=112, quote=112, item_value=26, option=10)
NOWHERE = "https://work.weixin.qq.com/"
"""A closed card without a page of its own: 42045 refuses a notice that leads nowhere."""
FACE = ("source", "main_title", "sub_title_text", "quote_area", "horizontal_content_list", "card_action")
"""What stays of a card when it is closed."""


def render(card: OutboundCard, *, task_id: str) -> RenderedCard:
    """Raises ContentRefused for what no card can be."""
    return template_cards.render(card, ROOM, task_id=task_id)


def face(card: JsonObject) -> JsonObject:
    """What has to be remembered of a sent card to close it later: the whole card is replaced then."""
    return {name: card[name] for name in FACE if name in card}


def closed(kept_face: str | None, closing: str, *, task_id: str) -> JsonObject:
    """The card that takes the place of a sent one: the same without its buttons, and `closing` below the title.

    There is no call that only greys the buttons. `kept_face` is `face` as JSON; without it little more than `closing`
    is shown.
    """
    whole = face(json_object(kept_face or "") or {})
    title = whole.get("main_title")
    heading = title.get("title") if isinstance(title, dict) else None
    whole["card_type"] = "text_notice"
    whole["task_id"] = task_id
    whole["main_title"] = {
        "title": heading or SOURCE,
        "desc": shorten(clean_line(closing), ROOM.subtitle) or "已处理",
    }
    whole.setdefault("card_action", {"type": 1, "url": NOWHERE})
    return whole
