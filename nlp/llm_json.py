"""JSON from a language model, whatever it is about: the object found in its words, its faults, the dialect of its schema."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

MOST_FAULTS, LONGEST_FAULT = 8, 200
"""A fault names the key it is at, and keys are the model's own words."""
MOST_STARTS = 20
"""So many braces are tried as the beginning of the object, or hostile prose would make the search quadratic."""

M = TypeVar("M", bound=BaseModel)
Schema = dict[str, Any]
Message = dict[str, Any]
"""A turn of the conversation: `role`, and `content` as text or in parts."""


class Unreadable(Exception):
    """An answer that is no answer; `faults` are what a model is told in order to put it right."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def read(content: str, model: type[M], changed: Callable[[Any], Any] = lambda value: value) -> M:
    """The answer in a model's words: the whole of them, a fenced block, or the first object in the prose.

    `changed` is applied to the object before its shape is looked at. Raises Unreadable.
    """
    try:
        return model.model_validate(changed(_object_in(without_thoughts(content), model.model_fields.keys())))
    except RecursionError as error:
        raise Unreadable(["the JSON is nested too deeply"]) from error
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)[:MOST_FAULTS]
        raise Unreadable([f"{_path(fault['loc'])}: {fault['msg']}"[:LONGEST_FAULT] for fault in faults]) from error


def without_thoughts(content: str) -> str:
    """A thinking model's words without <think>…</think>; of an opened one that never ends, nothing is left."""
    kept, position = [], 0
    while (start := content.find("<think>", position)) >= 0:
        kept.append(content[position:start])
        end = content.find("</think>", start)
        if end < 0:
            return "".join(kept)
        position = end + len("</think>")
    # some servers swallow the opening tag
    rest = content[position:]
    return "".join(kept) + rest[rest.rfind("</think>") + len("</think>") if "</think>" in rest else 0 :]


def _object_in(content: str, keys: Collection[str]) -> Any:
    decoder = json.JSONDecoder()
    fence = content.find("```json")
    start = content.find("{", max(fence, 0))
    last: ValueError | None = None
    for _ in range(MOST_STARTS):
        if start < 0:
            break
        try:
            found, _end = decoder.raw_decode(content, start)
        except ValueError as error:
            last = error
            start = content.find("{", start + 1)
            continue
        if isinstance(found, dict) and any(key in found for key in keys):
            return found
        start = content.find("{", start + 1)
    raise Unreadable(
        [f"no JSON object with the keys asked for: {last.args[0].split(':')[0] if last else 'none found'}"]
    )


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "answer"


def repair(faults: Iterable[str]) -> Message:
    listed = "\n".join(f"- {fault}" for fault in faults)
    return {
        "role": "user",
        "content": f"上面的输出不合要求：\n{listed}\n请改正，只输出完整的 JSON 对象，不要解释。",
    }


# The dialect of JSON schema that strict servers take: every key required, none besides

TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"type": ["string", "null"]}


def one_of(words: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(words)} if words else TEXT


def table(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def many(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def optional(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "null"}]}


def shown(schema: Schema) -> str:
    """The schema as a part of the prompt, for a server that does not know it."""
    return f"\n# JSON Schema\n\n```json\n{json.dumps(schema, ensure_ascii=False)}\n```\n"
