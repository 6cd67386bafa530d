"""What a language model is asked for and what of its answer is taken: shapes, limits, and the prompt around the note."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from nlp.draft import AmountRole, Owner, Side, Vocabulary
from nlp.opinions import OBJECTIONS

PROMPT = "extract.v1"
"""The file in nlp/prompts, without its ending; a changed prompt is a new file."""
MOST_ITEMS = 20
MOST_WORDS, MOST_QUOTED = 120, 300
"""Characters of a value and of its quote. A longer one is a fault that the model is told of."""

# The answer


def _capped(items: object) -> object:
    if items is None:
        return ()
    return items[:MOST_ITEMS] if isinstance(items, list) else items


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Quoted(_Lenient):
    value: str = Field(max_length=MOST_WORDS)
    quote: str = Field(max_length=MOST_QUOTED)


class Person(Quoted):
    title: str | None = Field(default=None, max_length=MOST_WORDS)
    department: str | None = Field(default=None, max_length=MOST_WORDS)
    side: Side = "customer"


class Money(_Lenient):
    value: AmountRole
    quote: str = Field(max_length=MOST_QUOTED)


class Dated(Quoted):
    due_quote: str | None = Field(default=None, max_length=MOST_QUOTED)


class Step(Dated):
    owner: Owner = "us"


class Attitude(_Lenient):
    value: int = Field(ge=-2, le=2)
    quote: str = Field(max_length=MOST_QUOTED)


Many = BeforeValidator(_capped)


class Answer(_Lenient):
    """A model's answer once its shape is right; whether its quotes stand in the note is for `nlp.reconcile` to see."""

    customer: Quoted | None = None
    contacts: Annotated[tuple[Person, ...], Many] = ()
    stage: Quoted | None = None
    amounts: Annotated[tuple[Money, ...], Many] = ()
    competitors: Annotated[tuple[Quoted, ...], Many] = ()
    pain_points: Annotated[tuple[Quoted, ...], Many] = ()
    objections: Annotated[tuple[Quoted, ...], Many] = ()
    demands: Annotated[tuple[Dated, ...], Many] = ()
    next_steps: Annotated[tuple[Step, ...], Many] = ()
    risks: Annotated[tuple[Quoted, ...], Many] = ()
    positives: Annotated[tuple[Quoted, ...], Many] = ()
    attitude: Attitude | None = None

    @model_validator(mode="before")
    @classmethod
    def is_an_answer(cls, values: object) -> object:
        if isinstance(values, dict) and not cls.model_fields.keys() & values.keys():
            raise ValueError("none of the keys asked for is there")
        return values


class Unreadable(Exception):
    """An answer that is no answer; `faults` are what a model is told in order to put it right."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


MOST_FAULTS = 8


def read(content: str, restored: Callable[[str], str] = lambda words: words) -> Answer:
    """The answer in a model's words: the whole of them, a fenced block, or the first object in the prose.

    `restored` puts back what was taken out of the note. Raises Unreadable.
    """
    try:
        return Answer.model_validate(_everywhere(_json_in(without_thoughts(content)), restored))
    except RecursionError as error:
        raise Unreadable(["the JSON is nested too deeply"]) from error
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        raise Unreadable([f"{_path(fault['loc'])}: {fault['msg']}" for fault in faults[:MOST_FAULTS]]) from error


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


MOST_STARTS = 20
"""So many braces are tried as the beginning of the object, or hostile prose would make the search quadratic."""


def _json_in(content: str) -> Any:
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
        if isinstance(found, dict) and Answer.model_fields.keys() & found.keys():
            return found
        start = content.find("{", start + 1)
    raise Unreadable(
        [f"no JSON object with the keys asked for: {last.args[0].split(':')[0] if last else 'none found'}"]
    )


def _everywhere(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case list():
            return [_everywhere(each, change) for each in value[: 2 * MOST_ITEMS]]
        case dict():
            return {key: _everywhere(each, change) for key, each in value.items()}
        case _:
            return value


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "answer"


# The question


@dataclass(frozen=True)
class Choices:
    """The closed lists that a model may choose from; a category without phrases is switched off."""

    stages: tuple[str, ...]
    pain_points: tuple[str, ...]
    risks: tuple[str, ...]
    positives: tuple[str, ...]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Choices":
        return cls(vocabulary.stages, _on(vocabulary.pain_points), _on(vocabulary.risks), _on(vocabulary.positives))


def _on(categories: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(category for category, phrases in categories.items() if phrases)


@cache
def _prompt() -> str:
    return resources.files("nlp.prompts").joinpath(f"{PROMPT}.md").read_text("utf-8")


def messages(note: str, choices: Choices, *, schema_in_prompt: bool) -> list[dict[str, str]]:
    """The instructions, and the note as data between two marks that do not stand in it."""
    opening, closing = _marks(note)
    text = _prompt()
    for name, value in {
        "open": opening,
        "close": closing,
        "stages": _listed(choices.stages),
        "pain_points": _listed(choices.pain_points),
        "objections": _listed(OBJECTIONS),
        "risks": _listed(choices.risks),
        "positives": _listed(choices.positives),
    }.items():
        text = text.replace("{{" + name + "}}", value)
    if schema_in_prompt:
        text += f"\n# JSON Schema\n\n```json\n{json.dumps(schema(choices), ensure_ascii=False)}\n```\n"
    return [
        {"role": "system", "content": text},
        {"role": "user", "content": f"{opening}\n{note}\n{closing}"},
    ]


def repair(faults: Iterable[str]) -> dict[str, str]:
    listed = "\n".join(f"- {fault}" for fault in faults)
    return {
        "role": "user",
        "content": f"上面的输出不合要求：\n{listed}\n请改正，只输出完整的 JSON 对象，不要解释。",
    }


def _marks(note: str) -> tuple[str, str]:
    """The same note has the same marks, and nobody who writes a note can know them."""
    name = hashlib.sha256(note.encode("utf-8", "replace")).hexdigest()[:10]
    while name in note:
        name = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"<note-{name}>", f"</note-{name}>"


def _listed(words: Sequence[str]) -> str:
    return "、".join(words) if words else "（没有可选项，写 null 或 []）"


def schema(choices: Choices) -> dict[str, Any]:
    """The answer's JSON schema in the dialect that strict servers take: every key required, none besides."""
    text: dict[str, Any] = {"type": "string"}
    maybe: dict[str, Any] = {"type": ["string", "null"]}

    def one_of(words: Sequence[str]) -> dict[str, Any]:
        return {"type": "string", "enum": list(words)} if words else text

    def table(**fields: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}

    def quoted(value: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
        return table(value=value, quote=text, **more)

    def many(item: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": item}

    def optional(item: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [item, {"type": "null"}]}

    side, owner, role = one_of(get_args(Side)), one_of(get_args(Owner)), one_of(get_args(AmountRole))
    return table(
        customer=optional(quoted(text)),
        contacts=many(quoted(text, title=maybe, department=maybe, side=side)),
        stage=optional(quoted(one_of(choices.stages))),
        amounts=many(quoted(role)),
        competitors=many(quoted(text)),
        pain_points=many(quoted(one_of(choices.pain_points))),
        objections=many(quoted(one_of(OBJECTIONS))),
        demands=many(quoted(text, due_quote=maybe)),
        next_steps=many(quoted(text, owner=owner, due_quote=maybe)),
        risks=many(quoted(one_of(choices.risks))),
        positives=many(quoted(one_of(choices.positives))),
        attitude=optional(quoted({"type": "integer", "enum": [-2, -1, 0, 1, 2]})),
    )
