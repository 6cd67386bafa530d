"""A vision model reads a screenshot where the letters alone leave doubt: any endpoint that speaks OpenAI's chat completions.

What leaves the machine is the picture's pixels, no more of them than a model looks at, and nothing of what a camera wrote
beside them. Nothing can be taken out of them as out of a note, so a company has to allow it. What comes back is outside
data: validated, and each figure in it looked for among the letters that were read here (`nlp.vision_check`). Whatever
goes wrong, the letters' reading stands, and its warnings say so.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from nlp import chat_times, images, vision_check, vision_schema
from nlp.errors import EngineUnavailable, UnreadableImage
from nlp.llm_endpoint import ENGINE_LENGTH, KEYS_REFUSED, Asker, Budget, Endpoint, Failed, Limits, Question
from nlp.llm_json import Message as Turn
from nlp.llm_ladder import STEP_DOWN, Ladder
from nlp.screens import (
    BusinessCard,
    Message,
    QuotedItem,
    ReadHint,
    ScreenReader,
    ScreenReading,
    ScreenWarning,
    Seen,
    Speaker,
    Table,
)
from nlp.vision_check import Letters
from nlp.vision_parts import parts_of
from nlp.vision_schema import Answer, Said

log = logging.getLogger(__name__)

LIMITS = Limits(timeout_s=20.0, output_tokens=6000)
"""A screen full of bubbles is some 1500 tokens, six of them in one picture four times that."""
SURE, UNSURE = 0.9, 0.3
"""`Message.confidence` of a side, by whether the model says that it sees it. Own choice."""
SEEN_HERE = 0.7
"""From so much confidence on, the letters' own reader is believed about a side as well."""
HARDLY_THERE = 0.5
"""Words of which the other reading has a smaller share were read by one of the two only."""
ABOUT_THE_PICTURE: frozenset[ScreenWarning] = frozenset({"tilted", "small_text", "truncated"})
"""Warnings that hold whoever reads it."""
CELL_SEPARATOR = " | "
HINT = "看图模型暂时用不了，请稍后再试"


class VisionReader:
    """Reads what a picture says, by itself."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        now: Callable[[], datetime],
        limits: Limits = LIMITS,
        budget: Budget | None = None,
        ladder: Ladder | None = None,
    ) -> None:
        # a model that takes no pictures says so with the same codes as one that takes no response_format
        self._asker = Asker(
            endpoint, now=now, limits=limits, budget=budget, ladder=ladder, hopeless=KEYS_REFUSED | STEP_DOWN
        )

    @property
    def name(self) -> str:
        return self._asker.short_name

    async def read(self, image: bytes, hint: ReadHint) -> ScreenReading:
        """What the model says is there, its figures unconfirmed by anybody.

        Raises UnreadableImage and those below it, EngineUnavailable.
        """
        jpegs = await asyncio.to_thread(lambda: parts_of(images.prepare(image).rgb))
        try:
            answer = await self._asker.answer(_question(jpegs))
        except Failed as failure:
            raise EngineUnavailable(failure.kind, HINT) from None
        reading = _reading(answer, self.name)
        return replace(reading, messages=chat_times.fill_forward(reading.messages, hint))

    async def close(self) -> None:
        await self._asker.close()


class HybridReader:
    """The letters read on this machine, and a vision model's reading in place of them where they leave doubt."""

    def __init__(self, local: ScreenReader, vision: VisionReader) -> None:
        self._local = local
        self._vision = vision

    @property
    def name(self) -> str:
        return f"{self._local.name}+{self._vision.name}"

    async def read(self, image: bytes, hint: ReadHint) -> Seen:
        seen = await self._local.read(image, hint)
        if not seen.reading.needs_review:
            return seen
        try:
            reading = await self._vision.read(image, hint)
        except (EngineUnavailable, UnreadableImage) as error:
            log.warning("screen.model_unused", extra={"model": self._vision.name, "reason": str(error)})
            return replace(seen, reading=_warned(seen.reading, "model_unavailable"))
        return replace(seen, reading=await asyncio.to_thread(checked, reading, seen.reading))

    async def close(self) -> None:
        await self._local.close()
        await self._vision.close()


def checked(read: ScreenReading, here: ScreenReading) -> ScreenReading:
    """A model's reading, doubted where the letters read `here` do not bear it out.

    Figures that only the model saw are named, message by message, and count for nothing (`Message.unconfirmed`). A person
    has to look where sides stay unclear, or one of the two read words that the other hardly has. A picture in which the model finds nothing, though letters were read in it, keeps the reading from here.
    """
    if read.kind == "photo" and here.plain_text.strip():
        return here
    letters = Letters.of([here.plain_text, *(message.text for message in here.messages)])
    messages = _without_doubtful_times([_compared(message, letters) for message in read.messages])
    messages = _with_sides_compared(messages, here.messages)
    warnings: list[ScreenWarning] = [warning for warning in here.warnings if warning in ABOUT_THE_PICTURE]
    if any(message.confidence <= UNSURE for message in messages):
        warnings.append("sides_unclear")
    # in a table or on a card no figure can be named apart, so there all of it waits for a person
    unconfirmed_beside = any(map(letters.unconfirmed, _beside_messages(read)))
    if unconfirmed_beside or any(message.unconfirmed for message in messages):
        warnings.append("unconfirmed_numbers")
    return replace(
        read,
        messages=tuple(messages),
        engine=f"{here.engine}+{read.engine}"[:ENGINE_LENGTH],
        warnings=tuple(warnings),
        needs_review="sides_unclear" in warnings
        or unconfirmed_beside
        or _is_hardly_there([*(message.text for message in messages), *_beside_messages(read)], letters)
        or _is_hardly_there(_in_bubbles(here), Letters.of([read.plain_text])),
    )


def _warned(reading: ScreenReading, warning: ScreenWarning) -> ScreenReading:
    return replace(reading, warnings=(*reading.warnings, warning))


# The question


def _question(jpegs: Sequence[bytes]) -> Question[Answer]:
    def messages(schema_in_prompt: bool) -> list[Turn]:
        return vision_schema.messages(jpegs, schema_in_prompt=schema_in_prompt)

    return Question("screen", vision_schema.schema(), messages, vision_schema.read)


# The answer


def _reading(answer: Answer, engine: str) -> ScreenReading:
    messages = tuple(_message(said) for said in answer.messages if said.text or said.kind != "text")
    table, card = answer.table, answer.card
    is_unclear = any(message.confidence <= UNSURE for message in messages)
    return ScreenReading(
        kind=answer.kind,
        messages=messages,
        title=answer.title or None,
        table=Table(
            table.header, tuple(QuotedItem(row) for row in table.rows), table.total or None, tuple(table.remarks)
        )
        if table
        else None,
        card=BusinessCard(**card.model_dump()) if card else None,
        plain_text="\n".join(_lines(answer)),
        engine=engine,
        warnings=("sides_unclear",) if is_unclear else (),
        needs_review=is_unclear,
    )


def _message(said: Said) -> Message:
    is_messengers_own = said.kind in ("time", "system")
    speaker: Speaker = "system" if is_messengers_own else said.speaker
    # a bubble is always somebody's
    is_sure = is_messengers_own or (said.is_side_sure and speaker != "system")
    return Message(speaker, said.kind, said.text, said.nick or None, confidence=SURE if is_sure else UNSURE)


def _lines(answer: Answer) -> list[str]:
    table, card = answer.table, answer.card
    lines = [answer.title or ""]
    for said in answer.messages:
        lines += [said.nick or "", said.text]
    if table:
        lines += [CELL_SEPARATOR.join(cells) for cells in (table.header, *table.rows)]
        lines += [table.total or "", *table.remarks]
    if card:
        lines += [card.name or "", card.title or "", card.department or "", card.company or ""]
        lines += [*card.phones, card.email or "", card.address or ""]
    return [line for line in (*lines, *answer.lines) if line.strip()]


# The comparison


def _compared(message: Message, letters: Letters) -> Message:
    figures = letters.unconfirmed(message.nick or "") + letters.unconfirmed(message.text)
    return replace(message, unconfirmed=tuple(dict.fromkeys(figures)))


def _without_doubtful_times(messages: Iterable[Message]) -> list[Message]:
    """No message takes its moment from a line of time with figures that only the model saw."""
    kept, is_doubtful = [], False
    for message in messages:
        if message.kind == "time":
            is_doubtful = bool(message.unconfirmed)
        kept.append(replace(message, sent_at=None, time_source=None) if is_doubtful else message)
    return kept


def _with_sides_compared(messages: Iterable[Message], here: Iterable[Message]) -> list[Message]:
    """Unsure of the side wherever the same words stood clearly on the other one here."""
    sides: dict[str, set[Speaker]] = {}
    for message in here:
        if message.confidence >= SEEN_HERE and message.speaker != "system":
            sides.setdefault(vision_check.same_words(message.text), set()).add(message.speaker)
    return [
        replace(message, confidence=min(message.confidence, UNSURE))
        if message.speaker not in sides.get(vision_check.same_words(message.text), {message.speaker})
        else message
        for message in messages
    ]


def _in_bubbles(reading: ScreenReading) -> list[str]:
    return [message.text for message in reading.messages if message.speaker != "system"]


def _is_hardly_there(texts: Iterable[str], letters: Letters) -> bool:
    return any(letters.share_of(text) < HARDLY_THERE for text in texts)


def _beside_messages(reading: ScreenReading) -> list[str]:
    """The lines of a reading that stand in no message."""
    texts = (text for message in reading.messages for text in (message.text, message.nick or ""))
    said = {line for text in texts for line in text.splitlines()}
    return [line for line in reading.plain_text.splitlines() if line not in said]
