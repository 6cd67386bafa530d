"""The prompts of nlp/prompts, and words of people put behind one as data, between two marks that do not stand in them."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from nlp.llm_json import Message, Schema, shown


@cache
def prompt(name: str) -> str:
    """The file of that name, without its ending."""
    return resources.files("nlp.prompts").joinpath(f"{name}.md").read_text("utf-8")


def about(
    data: str, *, called: str, prompt_name: str, values: Mapping[str, str], schema: Schema | None
) -> list[Message]:
    """The instructions with those values, and the data between marks that are `called` so.

    `schema` is shown in the instructions, for a server that does not know it otherwise.
    """
    opening, closing = _marks(called, data)
    text = prompt(prompt_name)
    for name, value in {"open": opening, "close": closing, **values}.items():
        text = text.replace("{{" + name + "}}", value)
    if schema is not None:
        text += shown(schema)
    return [
        {"role": "system", "content": text},
        {"role": "user", "content": f"{opening}\n{data}\n{closing}"},
    ]


def _marks(called: str, data: str) -> tuple[str, str]:
    """The same words have the same marks, and nobody who writes them can know these."""
    name = hashlib.sha256(data.encode("utf-8", "replace")).hexdigest()[:10]
    while name in data:
        name = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"<{called}-{name}>", f"</{called}-{name}>"
