"""A language model that looks for the key points of a script in an answer, where the rules do not see them.

It may only point: at a key point by its number, and at the words of the answer that say it. What it points at is taken as
far as those words stand in the answer. Nothing of its own words reaches anybody.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from nlp import llm_json, llm_prompts
from nlp.llm_endpoint import Asker, Budget, Endpoint, Failed, Limits, Question
from nlp.llm_json import TEXT, Message, many, table
from nlp.llm_ladder import Ladder
from nlp.practice import NoAdvice
from nlp.redact import sendable

PROMPT = "practice.v1"
"""The file in nlp/prompts, without its ending; a changed prompt is a new file."""
MOST_READ = 1_500
"""Characters of an answer; a longer one is left to the rules."""
LEAST_QUOTED = 2
"""Characters without marks and blanks: fewer say nothing."""
MOST_QUOTED = 200
MOST_FOUND = 24

SCHEMA = table(said=many(table(point={"type": "integer"}, quote=TEXT)))


class Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    point: int
    quote: str = Field(max_length=MOST_QUOTED)


class Pointed(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    said: tuple[Said, ...] = Field(max_length=MOST_FOUND)


class ModelCoach:
    def __init__(
        self,
        endpoint: Endpoint,
        *,
        now: Callable[[], datetime],
        limits: Limits | None = None,
        redacts: bool = True,
        budget: Budget | None = None,
        ladder: Ladder | None = None,
    ) -> None:
        self._redacts = redacts
        self._asker = Asker(endpoint, now=now, limits=limits or Limits(), budget=budget, ladder=ladder)

    @property
    def name(self) -> str:
        """What judged: the model and the version of the prompt."""
        return self._asker.engine(PROMPT)

    async def said(self, points: Sequence[str], answer: str) -> Mapping[int, str]:
        if len(answer) > MOST_READ:
            raise NoAdvice("the answer is too long")
        shown_answer = sendable(answer, redacts=self._redacts)
        question = Question(
            name="practice",
            schema=SCHEMA,
            messages=partial(messages, points, shown_answer.text),
            read=lambda content: llm_json.read(content, Pointed),
            if_cut="the answer was cut off: shorter quotes",
        )
        try:
            pointed = await self._asker.answer(question)
        except Failed as failure:
            raise NoAdvice(failure.kind) from None
        return grounded(pointed, points, answer, shown_answer.restore)

    async def close(self) -> None:
        await self._asker.close()


def grounded(
    pointed: Pointed, points: Sequence[str], answer: str, restored: Callable[[str], str] = lambda words: words
) -> Mapping[int, str]:
    """What of it can be kept: places that there are, and words that stand in the answer; one quote for one point.

    Whoever finds every point in the same words has found none.
    """
    found: dict[int, str] = {}
    for said in pointed.said:
        place, quote = said.point - 1, restored(said.quote).strip()
        letters = sum(character.isalnum() for character in quote)
        if 0 <= place < len(points) and letters >= LEAST_QUOTED and quote in answer and quote not in found.values():
            found.setdefault(place, quote)
    return found


def messages(points: Sequence[str], answer: str, schema_in_prompt: bool) -> list[Message]:
    """The instructions with the key points, and the answer as data between two marks that do not stand in it."""
    return llm_prompts.about(
        answer,
        called="answer",
        prompt_name=PROMPT,
        values={"points": "\n".join(f"{number}. {point}" for number, point in enumerate(points, start=1))},
        schema=SCHEMA if schema_in_prompt else None,
    )
