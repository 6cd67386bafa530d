"""What DingTalk demands of what a robot sends: message templates, replies, cards, to-dos."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.dialects.dingtalk_records import Button, Json, Refused

MSG_PARAM_BYTES = 15_000
"""Documented for groups; taken to hold in the 1:1 chat as well."""
WEBHOOK_BYTES = 20_000
PARAM_KEY_BYTES, PARAM_VALUE_BYTES = 100, 1024
STREAM_BYTES = 1024
FILE_TYPES = ("xlsx", "pdf", "zip", "rar", "doc", "docx")

MSG_KEYS: dict[str, tuple[str, ...]] = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleImageMsg": ("photoURL",),
    "sampleLink": ("title", "text", "picUrl", "messageUrl"),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    **{
        f"sampleActionCard{n}": (
            *("title", "text"),
            *(name for i in range(1, n + 1) for name in (f"actionTitle{i}", f"actionURL{i}")),
        )
        for n in range(2, 6)
    },
    "sampleActionCard6": ("title", "text", "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId", "width", "height"),
}
UPLOADED: dict[str, tuple[tuple[str, str], ...]] = {
    "sampleImageMsg": (("photoURL", "image"),),
    "sampleAudio": (("mediaId", "voice"),),
    "sampleFile": (("mediaId", "file"),),
    "sampleVideo": (("videoMediaId", "video"), ("picMediaId", "image")),
}
"""Which fields name a file that was uploaded before, as what."""


def check_robot_message(body: Json) -> Json:
    """The message inside `msgParam`. Raises Refused."""
    key, param = str(body.get("msgKey")), body.get("msgParam")
    if key not in MSG_KEYS:
        raise Refused("invalidParameter.msgKey.invalid", "msgKey无效")
    if not isinstance(param, str):
        raise Refused("invalidParameter.msgParam.invalid", "msgParam参数格式不正确，须为JSON字符串")
    if len(param.encode()) > MSG_PARAM_BYTES:
        raise Refused("invalidParameter.msgParam.tooLong", "msgParam过长")
    try:
        message = json.loads(param)
    except ValueError as error:
        raise Refused("invalidParameter.msgParam.invalid", "msgParam参数格式不正确") from error
    missing = not isinstance(message, dict) or [name for name in MSG_KEYS[key] if not _said(message.get(name))]
    if missing:
        raise Refused("invalidParameter.msgParam.invalid", f"msgParam缺少{missing}")
    if key == "sampleFile" and message["fileType"] not in FILE_TYPES:
        raise Refused("invalidParameter.msgParam.invalid", "fileType")
    return dict(message)


def check_reply(body: Any) -> Json:
    """A body for sessionWebhook or a custom robot. Raises Refused with the old API's codes."""
    kind = body.get("msgtype") if isinstance(body, dict) else None
    if kind == "empty":
        return {}
    if kind not in ("text", "markdown", "actionCard", "link", "feedCard"):
        raise Refused(400105, f"unsupported msgtype {kind}")
    inner = body.get(kind)
    if not isinstance(inner, dict):
        raise Refused(40035, f"{kind} is missing")
    needed = {"text": ("content",), "markdown": ("title", "text"), "link": ("title", "text", "messageUrl")}
    _demand_texts(inner, needed.get(kind, ()))
    if kind == "feedCard":
        links = inner.get("links")
        if not isinstance(links, list) or not links:
            raise Refused(40035, "links are missing")
        for link in links:
            _demand_texts(link, ("title", "messageURL", "picURL"))
    if kind == "actionCard":
        _demand_texts(inner, ("title", "text"))
        if not inner.get("btns"):
            _demand_texts(inner, ("singleTitle", "singleURL"))
        buttons = inner.get("btns") or []
        for button in buttons if isinstance(buttons, list) else [None]:
            _demand_texts(button, ("title", "actionURL"))
    return inner


def at_users(body: Json) -> tuple[str, ...]:
    at = body.get("at") or {}
    users = at.get("atUserIds") or [] if isinstance(at, dict) else None
    if not isinstance(users, list):
        raise Refused(40035, "at")
    return tuple(str(user) for user in users)


def _demand_texts(inner: Any, names: Sequence[str]) -> None:
    for name in names:
        if not isinstance(inner, dict) or not isinstance(inner.get(name), str) or not inner[name]:
            raise Refused(40035, f"缺少参数 {name}")


def _said(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


# cards


@dataclass(frozen=True)
class Template:
    """A card template as built in DingTalk's editor, as far as a client can notice."""

    published: bool = True
    variables: frozenset[str] | None = None
    """What it knows; anything else is silently not shown. None: it takes what comes."""
    ai: bool = False
    """Renders nothing unless `flowStatus` says that it is finished, and has its buttons in sys_full_json_obj."""
    json_variables: frozenset[str] = frozenset({"sys_full_json_obj"})

    def unknown(self, params: Iterable[str]) -> list[str]:
        return [] if self.variables is None else sorted(set(params) - self.variables)

    def blank(self, params: Mapping[str, str]) -> bool:
        return self.ai and params.get("flowStatus") not in {"1", "2", "3", "4", "5"}

    def buttons(self, params: Mapping[str, str]) -> list[Button]:
        if self.blank(params):
            return []
        found = [*_listed_buttons(params), *_numbered_buttons(params)]
        return found if not self.ai or "msgButtons" in _order(params) else []


BUTTON_GROUPS = frozenset(("buttons", "options1", "options2", "options3"))
OWN_TEMPLATE = Template(
    variables=frozenset(("title", "subtitle", "text1", "text2", "text3", "options_title", "closing", "tone"))
    | BUTTON_GROUPS,
    json_variables=BUTTON_GROUPS,
)
"""The template that docs/dingtalk-setup.md has people draw."""
AI_VARIABLES = frozenset(
    ("msgTitle", "msgContent", "staticMsgContent", "logo", "flowStatus", "sys_full_json_obj", "config")
)
SHARED_TEMPLATES: dict[str, Template] = {
    "382e4302-551d-4880-bf29-a30acfab2e71.schema": Template(variables=AI_VARIABLES, ai=True),
    "589420e2-c1e2-46ef-a5ed-b8728e654da9.schema": Template(variables=frozenset(("markdown", "title", "logo"))),
    "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema": Template(
        variables=frozenset(("markdown", "tips", "title", "logo", "sys_full_json_obj"))
    ),
    "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema": Template(variables=AI_VARIABLES, ai=True),
}
"""Templates that the official SDK hard-codes; every app may use them, for now."""


def as_template(given: Any) -> Template:
    """A Template from what a test finds handy: one, its keywords, or the names of its variables."""
    match given:
        case Template():
            return given
        case Mapping():
            values: Json = dict(given)
            if values.get("variables") is not None:
                values["variables"] = frozenset(values["variables"])
            return Template(**values)
        case None | True:
            return Template()
        case _:
            return Template(variables=frozenset(given))


def check_params(data: Any, *, value_bytes: int = PARAM_VALUE_BYTES) -> dict[str, str]:
    """The `cardParamMap` in `data`. Raises Refused."""
    params = data.get("cardParamMap") if isinstance(data, dict) else None
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise Refused("param.error", "cardParamMap须为对象")
    for key, value in params.items():
        if not isinstance(value, str):
            raise Refused("param.error", f"cardParamMap的值须为字符串: {key}")
        if len(key.encode()) > PARAM_KEY_BYTES or len(value.encode()) > value_bytes:
            raise Refused("param.error", f"cardParamMap超出长度限制: {key}")
    return dict(params)


def spaces(open_space_id: Any) -> list[tuple[str, str]]:
    """Type and id of each space in an `openSpaceId`. Raises Refused."""
    if not open_space_id:
        raise Refused("param.openSpaceIdEmpty")
    head, found, listed = str(open_space_id).partition("dtv1.card//")
    if head or not found:
        raise Refused("param.openSpaceIdInvalid")
    pairs = [part.partition(".") for part in listed.split(";")]
    if not all(dot and kind in {"IM_GROUP", "IM_ROBOT", "IM_SINGLE", "ONE_BOX"} and one for kind, dot, one in pairs):
        raise Refused("param.openSpaceIdInvalid")
    return [(kind, one) for kind, _, one in pairs]


def card_lines(params: Mapping[str, str]) -> list[str]:
    """A card's words, one line each, as a phone would put them under one another."""
    lines: list[str] = []
    for key, value in params.items():
        if key in {"flowStatus", "config", "logo", "tone"} or not value:
            continue
        lines += _spoken(_loaded(value)) if value[:1] in "[{" else value.split("\n")
    return [line for line in lines if line.strip()]


def _spoken(value: Any) -> Iterator[str]:
    match value:
        case list():
            for item in value:
                if isinstance(item, dict) and not _as_button(item, ""):
                    yield "  ".join(str(one) for one in item.values() if isinstance(one, str | int | float))
                elif isinstance(item, str):
                    yield item
        case dict():
            for name, inner in value.items():
                if name not in {"order", "msgButtons"}:
                    yield from _spoken(inner)
        case str():
            yield value


def _listed_buttons(params: Mapping[str, str]) -> Iterator[Button]:
    for name, value in params.items():
        if value[:1] not in "[{":
            continue
        loaded = _loaded(value)
        listed = loaded.get("msgButtons") if isinstance(loaded, dict) else loaded
        for number, item in enumerate(listed if isinstance(listed, list) else [], start=1):
            if button := _as_button(item, f"{name}_{number}"):
                yield button


def _as_button(item: Any, node_id: str) -> Button | None:
    """An entry of a button list: words and what a press sends, or a link."""
    if not isinstance(item, dict) or not _said(item.get("text")):
        return None
    if isinstance(item.get("event"), dict):
        return _group_button(item, item["event"])
    url = str(item.get("url") or "")
    sent = {name: value for name, value in item.items() if name in _SENT and _said(value)}
    if isinstance(item.get("params"), dict):
        sent |= {name: str(value) for name, value in item["params"].items()}
    if not sent and not url:
        return None
    if str(item.get("disabled", "")).lower() == "true" or item.get("status") == "disabled":
        return Button(item["text"], node_id, None)
    calls_back = bool(sent) and not url and item.get("request", True)
    return Button(item["text"], node_id, sent if calls_back else None, url)


def _group_button(item: Json, event: Json) -> Button | None:
    """An entry of a button group, as the card builder's sample data has it."""
    given: Json = _dict(event.get("params"))
    if event.get("type") == "openLink":
        return Button(item["text"], "", None, str(given.get("url") or ""))
    if event.get("type") != "sendCardRequest" or not _said(given.get("actionId")):
        return None
    if item.get("status", "normal") != "normal":
        return Button(item["text"], given["actionId"], None)
    sent = {name: str(value) for name, value in _dict(given.get("params")).items()}
    return Button(item["text"], given["actionId"], sent)


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


_SENT = ("id", "action", "key", "value")
_NUMBERED = re.compile(r"(?P<head>(?:btn|button|action)_?)(?P<number>\d+)(?P<tail>_?text|_?title|_?name)?")


def _numbered_buttons(params: Mapping[str, str]) -> Iterator[Button]:
    """A template without lists has its buttons one by one: button1_text beside button1_action, say."""
    for name, text in params.items():
        match = _NUMBERED.fullmatch(name)
        if match is None or not text or match["tail"] is None:
            continue
        stem = f"{match['head']}{match['number']}"
        sent = {
            part: params[f"{stem}_{part}"] for part in ("action", "id", "key", "value") if params.get(f"{stem}_{part}")
        }
        if sent:
            yield Button(text, stem, sent)


def _order(params: Mapping[str, str]) -> Sequence[str]:
    loaded = _loaded(params.get("sys_full_json_obj", "{}"))
    order = loaded.get("order") if isinstance(loaded, dict) else None
    return order if isinstance(order, list) else ()


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def bad_json(params: Mapping[str, str], template: Template) -> list[str]:
    """Variables that must hold JSON and do not; the phone shows the card as "内容加载失败"."""
    return [name for name in template.json_variables if params.get(name) and isinstance(_loaded(params[name]), str)]


# to-dos


def check_task(body: Json) -> None:
    """Raises Refused for what a new to-do lacks."""
    subject, url = body.get("subject"), body.get("detailUrl")
    if not _said(subject):
        raise _task_refused("subject is empty")
    if len(str(subject)) > 1024:
        raise _task_refused("subject is oversize")
    if len(str(body.get("description") or "")) > 4096:
        raise _task_refused("description is oversize")
    if not isinstance(url, dict) or not (_said(url.get("appUrl")) and _said(url.get("pcUrl"))):
        raise _task_refused("detailUrl is empty")
    if any(len(str(url[name]).encode()) > 1024 for name in ("appUrl", "pcUrl")):
        raise _task_refused("detailUrl is oversize")
    check_due(body.get("dueTime"))
    if body.get("priority") not in (None, 10, 20, 30, 40):
        raise _task_refused("priority is invalid")


def check_due(due: Any) -> None:
    """`dueTime` is in milliseconds; a count of seconds would lie in 1970."""
    if due is not None and (not isinstance(due, int) or isinstance(due, bool) or due < 10**12):
        raise _task_refused("dueTime is invalid")


def _task_refused(message: str) -> Refused:
    return Refused("todo.taskCreate.paramError", message)
