"""What WeCom demands of an AI bot's template cards (developer document 101032), where it differs from an app's."""

from collections.abc import Iterator
from typing import Any

from tests.dialects.wecom_rules import Refused, check_card

Json = dict[str, Any]

# an app may use these, the AI bot not
MISSING = {"replace_text"}


def check_bot_card(card: Json) -> list[str]:
    """What would be cut or not shown on the phone. Raises Refused for what WeCom refuses."""
    faults = check_card(card)
    for item in card.get("horizontal_content_list", []):
        if item.get("type") == 2:
            raise Refused(42029, "attachments are not for bots")
    faults += [f"{name} is not for bots" for name in sorted(MISSING & set(card))]
    return [*faults, *_too_long(card)]


def _too_long(card: Json) -> Iterator[str]:
    for where, text, most in _texts(card):
        if len(str(text or "")) > most:
            yield f"{where} has {len(str(text))} characters, {most} are shown to a bot's reader"


def _texts(card: Json) -> Iterator[tuple[str, Any, int]]:
    title, emphasis = card.get("main_title") or {}, card.get("emphasis_content") or {}
    yield "source.desc", (card.get("source") or {}).get("desc"), 13
    yield "main_title.title", title.get("title"), 26
    yield "main_title.desc", title.get("desc"), 30
    yield "sub_title_text", card.get("sub_title_text"), 112
    yield "emphasis_content.title", emphasis.get("title"), 10
    yield "emphasis_content.desc", emphasis.get("desc"), 15
    for item in card.get("horizontal_content_list", []):
        yield "value", item.get("value"), 26
    for jump in card.get("jump_list", []):
        yield "jump title", jump.get("title"), 13
    for select in [*card.get("select_list", []), card.get("button_selection") or {}]:
        for option in select.get("option_list", []):
            yield "option text", option.get("text"), 10
    for option in (card.get("checkbox") or {}).get("option_list", []):
        yield "checkbox text", option.get("text"), 11
