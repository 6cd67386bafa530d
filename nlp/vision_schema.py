"""What a vision model is asked for and what of its answer is taken: shapes, limits, and the prompt before the picture."""

import base64
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from nlp import llm_json, llm_prompts
from nlp.llm_json import MAYBE, TEXT, Schema, many, one_of, optional, shown, table
from nlp.screens import Kind, MessageKind, Speaker

PROMPT = "screen.v1"
"""The file in nlp/prompts, without its ending; a changed prompt is a new file."""
MOST_MESSAGES, MOST_LINES, MOST_ROWS, MOST_CELLS, MOST_PHONES = 300, 500, 300, 30, 10
LONGEST_TEXT, LONGEST_LINE, LONGEST_NAME = 4000, 500, 100
"""Characters. What is longer, or more, is a fault that the model is told of: a picture holds no more."""
ZERO_WIDTH_JOINER = "\u200d"
"""Holds emoji together."""


def _clean(words: str) -> str:
    """Without what no picture shows: control characters, turns of the reading direction, tags, private signs."""
    return "".join(
        c for c in words if c in ("\n", ZERO_WIDTH_JOINER) or unicodedata.category(c) not in ("Cc", "Cf", "Co")
    ).strip()


Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_clean)]
OneLine = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_clean)]
Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_clean)]
Cells = Annotated[tuple[OneLine, ...], Field(max_length=MOST_CELLS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Said(_Strict):
    speaker: Speaker
    kind: MessageKind
    text: Text
    is_side_sure: bool = False
    nick: Name | None = None


class Quotation(_Strict):
    header: Cells = ()
    rows: Annotated[tuple[Cells, ...], Field(max_length=MOST_ROWS)] = ()
    total: OneLine | None = None
    remarks: Annotated[tuple[OneLine, ...], Field(max_length=MOST_LINES)] = ()


class Card(_Strict):
    name: Name | None = None
    title: Name | None = None
    department: Name | None = None
    company: Name | None = None
    phones: Annotated[tuple[Name, ...], Field(max_length=MOST_PHONES)] = ()
    email: Name | None = None
    address: OneLine | None = None


class Answer(_Strict):
    """A model's answer once its shape is right; whether its figures are in the picture is for `nlp.vision_check` to see."""

    kind: Kind
    title: Name | None = None
    messages: Annotated[tuple[Said, ...], Field(max_length=MOST_MESSAGES)] = ()
    table: Quotation | None = None
    card: Card | None = None
    lines: Annotated[tuple[OneLine, ...], Field(max_length=MOST_LINES)] = ()

    @model_validator(mode="after")
    def has_what_its_kind_promises(self) -> Self:
        promised = {
            "chat": ("messages", bool(self.messages)),
            "table": ("table", self.table is not None and bool(self.table.rows)),
            "card": ("card", self.card is not None and bool(self.card.model_dump(exclude_defaults=True))),
            "text": ("lines", bool(self.lines)),
        }
        name, is_there = promised.get(self.kind, ("", True))
        if not is_there:
            raise ValueError(f"the kind is {self.kind}, and {name} is empty")
        return self


def read(content: str) -> Answer:
    """The answer in a model's words. Raises Unreadable."""
    return llm_json.read(content, Answer)


@cache
def schema() -> Schema:
    """The answer's JSON schema in the dialect that strict servers take."""
    said = table(
        speaker=one_of(get_args(Speaker)),
        is_side_sure={"type": "boolean"},
        kind=one_of(get_args(MessageKind)),
        text=TEXT,
        nick=MAYBE,
    )
    quotation = table(header=many(TEXT), rows=many(many(TEXT)), total=MAYBE, remarks=many(TEXT))
    card = table(
        name=MAYBE, title=MAYBE, department=MAYBE, company=MAYBE, phones=many(TEXT), email=MAYBE, address=MAYBE
    )
    return table(
        kind=one_of(get_args(Kind)),
        title=MAYBE,
        messages=many(said),
        table=optional(quotation),
        card=optional(card),
        lines=many(TEXT),
    )


def messages(jpegs: Sequence[bytes], *, schema_in_prompt: bool) -> list[llm_json.Message]:
    """The instructions, and the parts of the picture from the top down."""
    count = f"一张图片，从上到下分 {len(jpegs)} 段" if len(jpegs) > 1 else "一张图片"
    return [
        {"role": "system", "content": llm_prompts.prompt(PROMPT) + (shown(schema()) if schema_in_prompt else "")},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": f"{count}。请逐字抄录，只输出 JSON。"},
                *({"type": "image_url", "image_url": {"url": _url(jpeg)}} for jpeg in jpegs),
            ],
        },
    ]


def _url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
