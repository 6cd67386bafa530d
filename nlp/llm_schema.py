"""What a language model is asked for and what of its answer is taken: shapes, limits, and the prompt around the note."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from nlp import llm_json, llm_prompts
from nlp.draft import AmountRole, Owner, Side, Vocabulary
from nlp.llm_json import MAYBE, TEXT, Message, Schema, many, one_of, optional, table
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


def read(content: str, restored: Callable[[str], str] = lambda words: words) -> Answer:
    """The answer in a model's words. `restored` puts back what was taken out of the note. Raises Unreadable."""
    return llm_json.read(content, Answer, lambda found: _everywhere(found, restored))


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


def messages(note: str, choices: Choices, *, schema_in_prompt: bool) -> list[Message]:
    """The instructions, and the note as data between two marks that do not stand in it."""
    return llm_prompts.about(
        note,
        called="note",
        prompt_name=PROMPT,
        values={
            "stages": _listed(choices.stages),
            "pain_points": _listed(choices.pain_points),
            "objections": _listed(OBJECTIONS),
            "risks": _listed(choices.risks),
            "positives": _listed(choices.positives),
        },
        schema=schema(choices) if schema_in_prompt else None,
    )


def _listed(words: Sequence[str]) -> str:
    return "、".join(words) if words else "（没有可选项，写 null 或 []）"


def schema(choices: Choices) -> Schema:
    """The answer's JSON schema in the dialect that strict servers take."""

    def quoted(value: Schema, **more: Schema) -> Schema:
        return table(value=value, quote=TEXT, **more)

    side, owner, role = one_of(get_args(Side)), one_of(get_args(Owner)), one_of(get_args(AmountRole))
    return table(
        customer=optional(quoted(TEXT)),
        contacts=many(quoted(TEXT, title=MAYBE, department=MAYBE, side=side)),
        stage=optional(quoted(one_of(choices.stages))),
        amounts=many(quoted(role)),
        competitors=many(quoted(TEXT)),
        pain_points=many(quoted(one_of(choices.pain_points))),
        objections=many(quoted(one_of(OBJECTIONS))),
        demands=many(quoted(TEXT, due_quote=MAYBE)),
        next_steps=many(quoted(TEXT, owner=owner, due_quote=MAYBE)),
        risks=many(quoted(one_of(choices.risks))),
        positives=many(quoted(one_of(choices.positives))),
        attitude=optional(quoted({"type": "integer", "enum": [-2, -1, 0, 1, 2]})),
    )
