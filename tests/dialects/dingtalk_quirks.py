"""How a robot's messages have been seen to differ from the documents; a client must read them all the same."""

import json
from collections.abc import Callable, Collection, Mapping

from tests.dialects.dingtalk_records import Json


def _content_as_text(body: Json) -> Json:
    return {"content": json.dumps(body["content"], ensure_ascii=False)} if isinstance(body.get("content"), dict) else {}


def _leading_mention(body: Json) -> Json:
    """Some phones repeat the mention at the head of a rich text."""
    parts = (body.get("content") or {}).get("richText") if isinstance(body.get("content"), dict) else None
    return {"content": {"richText": [{"text": "@拜访助手 "}, *parts]}} if parts else {}


def _bare_content(body: Json) -> Json:
    """As one page has it: the words of a text beside it instead of within."""
    return {"text": None, "content": body["text"]["content"]} if isinstance(body.get("text"), dict) else {}


QUIRKS: Mapping[str, Callable[[Json], Json]] = {
    "content_as_text": _content_as_text,
    "leading_mention": _leading_mention,
    "bare_content": _bare_content,
    "created_as_text": lambda body: {"createAt": str(body["createAt"])},
    "type_as_number": lambda body: {"conversationType": int(body["conversationType"])},
    "unknown_fields": lambda body: {"ai_robot_sessionid": "s-1", "novelty": {"a": [1, None]}},
    "no_robot_code": lambda body: {"robotCode": None},
}


def with_quirks(body: Json, quirks: Collection[str]) -> Json:
    """`body` with each quirk applied; what becomes None is left out. Raises KeyError for an unknown one."""
    for quirk in quirks:
        body = body | QUIRKS[quirk](body)
    return {name: value for name, value in body.items() if value is not None}
