"""The template cards of a self-built app, and how they are closed. Numbers are from developer document 90236."""

from bot import template_cards
from bot.plain import clean_line, shorten
from bot.template_cards import RenderedCard, Room
from handlers.messages import OutboundCard

ROOM = Room(title=36, subtitle=44, lines=160, quote=160, item_value=30, option=16)
CLOSING_CHARS = 20
"""Not documented; two buttons' worth, which phones show on one line."""


def render(card: OutboundCard, *, task_id: str) -> RenderedCard:
    """Raises ContentRefused for what no card can be."""
    return template_cards.render(card, ROOM, task_id=task_id)


def closing(text: str) -> str:
    """What the grey buttons of a closed card read."""
    return shorten(clean_line(text), CLOSING_CHARS) or "已处理"
