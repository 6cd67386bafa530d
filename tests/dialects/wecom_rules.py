"""What WeCom demands of a template card (developer document 90236): errors it answers, and lengths it only advises."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]

INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
CARD_TYPES = ("text_notice", "news_notice", *INTERACTIVE)
TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")

# where it may stand: a field in the wrong kind of card is silently not shown
FIELDS = {
    "text_notice": {"action_menu", "quote_area", "emphasis_content", "sub_title_text", "horizontal_content_list",
                    "jump_list", "card_action"},
    "news_notice": {"action_menu", "quote_area", "image_text_area", "card_image", "vertical_content_list",
                    "horizontal_content_list", "jump_list", "card_action"},
    "button_interaction": {"action_menu", "quote_area", "sub_title_text", "horizontal_content_list", "card_action",
                           "button_selection", "button_list", "replace_text"},
    "vote_interaction": {"card_action", "checkbox", "submit_button", "replace_text"},
    "multiple_interaction": {"select_list", "submit_button", "replace_text"},
}  # fmt: skip
EVERYWHERE = {"card_type", "source", "main_title", "task_id"}

UPLOAD_LIMITS = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}


class Refused(Exception):
    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


def check_card(card: Json) -> list[str]:
    """What would be cut or not shown on the phone. Raises Refused for what WeCom refuses."""
    kind = card.get("card_type")
    if kind not in CARD_TYPES:
        raise Refused(42031, "invalid card_type")
    _check_task_id(card, kind)
    _check_title(card, kind)
    if kind.endswith("notice"):
        action = card.get("card_action") or {}
        _demand(action.get("type") in (1, 2), 42045, "missing card_action")
    if action := card.get("card_action"):
        _check_link(action)
    _check_lists(card)
    _check_controls(card, kind)
    return [*_misplaced(card, kind), *_too_long(card)]


def _check_task_id(card: Json, kind: str) -> None:
    task_id = card.get("task_id")
    needed = kind in INTERACTIVE or "action_menu" in card
    _demand(not needed or bool(task_id), 42014, "missing task_id")
    _demand(task_id is None or bool(TASK_ID.fullmatch(str(task_id))), 42014, "invalid task_id")


def _check_title(card: Json, kind: str) -> None:
    title = (card.get("main_title") or {}).get("title")
    enough = bool(title) or (kind == "text_notice" and bool(card.get("sub_title_text")))
    _demand(enough, 41016, "missing title")


def _check_link(target: Json) -> None:
    if target.get("type") == 1:
        _demand(str(target.get("url", "")).startswith(("http://", "https://")), 42028, "missing url")
    if target.get("type") == 2:
        _demand(bool(target.get("appid")), 42030, "missing appid")


def _check_lists(card: Json) -> None:
    items = card.get("horizontal_content_list", [])
    _demand(len(items) <= 6, 42035, "horizontal_content_list too long")
    for item in items:
        _demand(bool(item.get("keyname")), 42027, "missing keyname")
        _demand(item.get("type") != 1 or bool(item.get("url")), 42028, "missing url")
        _demand(item.get("type") != 2 or bool(item.get("media_id")), 42029, "missing media_id")
        _demand(item.get("type") != 3 or bool(item.get("userid")), 42050, "missing userid")
    _demand(len(card.get("vertical_content_list", [])) <= 4, 42036, "vertical_content_list too long")
    jumps = card.get("jump_list", [])
    _demand(len(jumps) <= 3, 42042, "jump_list too long")
    for jump in jumps:
        _demand(bool(jump.get("title")), 42033, "missing title")
        _check_link(jump)
    if menu := card.get("action_menu"):
        actions = menu.get("action_list", [])
        _demand(1 <= len(actions) <= 3, 42051, "action_list length")
        _check_keys([action.get("key") for action in actions], 42051)


def _check_controls(card: Json, kind: str) -> None:
    if kind == "button_interaction":
        buttons = card.get("button_list", [])
        _demand(1 <= len(buttons) <= 6, 42038, "button_list length")
        for button in buttons:
            _demand(bool(button.get("text")), 42038, "missing button text")
        _check_keys([button.get("key") for button in buttons if button.get("type", 0) == 0], 42039)
        if selection := card.get("button_selection"):
            _check_select(selection, most=10)
    if kind == "news_notice":
        image = card.get("card_image") or {}
        _demand(bool(image.get("url")) or "image_text_area" in card, 42044, "missing card_image")
    if kind == "vote_interaction":
        _demand("checkbox" in card, 42043, "missing checkbox")
        _check_select(card["checkbox"], most=20)
        _check_submit(card)
    if kind == "multiple_interaction":
        selects = card.get("select_list", [])
        _demand(1 <= len(selects) <= 3, 42047, "select_list length")
        _check_keys([select.get("question_key") for select in selects], 42043)
        for select in selects:
            _check_select(select, most=10)
        _check_submit(card)


def _check_select(select: Json, *, most: int) -> None:
    _check_keys([select.get("question_key")], 42043)
    options = select.get("option_list", [])
    _demand(1 <= len(options) <= most, 42037, "option_list length")
    _check_keys([option.get("id") for option in options], 42040, most_bytes=128)
    for option in options:
        _demand(bool(option.get("text")), 42041, "missing option text")
    chosen = select.get("selected_id")
    _demand(chosen is None or chosen in {option["id"] for option in options}, 42040, "selected_id")


def _check_submit(card: Json) -> None:
    submit = card.get("submit_button") or {}
    _demand(bool(submit.get("text")), 42049, "missing submit text")
    _check_keys([submit.get("key")], 42046)


def _check_keys(keys: Sequence[Any], errcode: int, *, most_bytes: int = 1024) -> None:
    for key in keys:
        _demand(isinstance(key, str) and 0 < len(key.encode()) <= most_bytes, errcode, "missing or long key")
    _demand(len(set(keys)) == len(keys), errcode, "key used twice")


def _demand(fulfilled: bool, errcode: int, errmsg: str) -> None:
    if not fulfilled:
        raise Refused(errcode, errmsg)


def _misplaced(card: Json, kind: str) -> Iterator[str]:
    for name in sorted(set(card) - EVERYWHERE - FIELDS[kind]):
        yield f"{name} is not shown in {kind}"


def _too_long(card: Json) -> Iterator[str]:
    for where, text, most in _texts(card):
        if len(str(text or "")) > most:
            yield f"{where} has {len(str(text))} characters, {most} are shown"


def _texts(card: Json) -> Iterator[tuple[str, Any, int]]:
    title, emphasis = card.get("main_title") or {}, card.get("emphasis_content") or {}
    yield "source.desc", (card.get("source") or {}).get("desc"), 20
    yield "main_title.title", title.get("title"), 36
    yield "main_title.desc", title.get("desc"), 44
    yield "sub_title_text", card.get("sub_title_text"), 160
    yield "emphasis_content.title", emphasis.get("title"), 14
    yield "emphasis_content.desc", emphasis.get("desc"), 22
    for item in card.get("horizontal_content_list", []):
        yield "keyname", item.get("keyname"), 5
        yield "value", item.get("value"), 30
    for item in card.get("vertical_content_list", []):
        yield "vertical title", item.get("title"), 38
        yield "vertical desc", item.get("desc"), 160
    for jump in card.get("jump_list", []):
        yield "jump title", jump.get("title"), 18
    for button in card.get("button_list", []):
        yield "button text", button.get("text"), 10
    yield "submit text", (card.get("submit_button") or {}).get("text"), 10
    for select in [*card.get("select_list", []), card.get("button_selection") or {}]:
        for option in select.get("option_list", []):
            yield "option text", option.get("text"), 16
    for option in (card.get("checkbox") or {}).get("option_list", []):
        yield "checkbox text", option.get("text"), 17


def controls(card: Json) -> list[tuple[str, str]]:
    """Key and text of everything on the card that sends an event when pressed."""
    pressed = [button for button in card.get("button_list", []) if button.get("type", 0) == 0]
    pressed += (card.get("action_menu") or {}).get("action_list", [])
    pressed += [card["submit_button"]] if "submit_button" in card else []
    return [(control["key"], control["text"]) for control in pressed]


def selects(card: Json) -> list[Json]:
    single = [card[name] for name in ("button_selection", "checkbox") if name in card]
    return [*single, *card.get("select_list", [])]


def check_upload(kind: str, data: bytes) -> None:
    """Raises Refused for a file that WeCom would not keep as one of that kind (developer document 90253)."""
    if len(data) <= 5:
        raise Refused(40006, "invalid file size")
    if len(data) > UPLOAD_LIMITS[kind]:
        raise Refused({"image": 40009, "video": 40011}.get(kind, 45001), "media size out of limit")
    if kind == "image" and not data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise Refused(40004, "invalid media type")
    if kind == "voice" and not data.startswith(b"#!AMR\n"):
        raise Refused(40004, "invalid media type")
    if kind == "video" and (data[4:8] != b"ftyp" or data[8:10] == b"qt"):
        raise Refused(40004, "invalid media type")
