"""A language model reads the note beside the rules: any endpoint that speaks OpenAI's chat completions.

What leaves the machine is the note without its phone numbers and the like (`nlp.redact`), and the team's names for stages
and categories; never the customer list. What comes back is validated (`nlp.llm_schema`), and taken only as far as its quotes
stand in the note (`nlp.reconcile`). Whatever goes wrong, the rules' draft stands, and `engines["note"]` says why.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from nlp import llm_schema, reconcile
from nlp.draft import ExtractionContext, VisitDraft
from nlp.extractor import NOTE, SPENT, TOO_LONG, UNAVAILABLE, Extractor, Rules
from nlp.llm_endpoint import Asker, Budget, Endpoint, Failed, Limits, Question, Spent
from nlp.llm_json import Message
from nlp.llm_ladder import Ladder
from nlp.llm_schema import PROMPT, Answer, Choices
from nlp.redact import sendable

log = logging.getLogger(__name__)


class ModelAndRules:
    """The rules' draft, and what the model adds to it. `budget`: the day's tokens, where others share them."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        now: Callable[[], datetime],
        limits: Limits | None = None,
        redacts: bool = True,
        rules: Extractor | None = None,
        ladder: Ladder | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._redacts = redacts
        self._rules = rules or Rules()
        self._asker = Asker(endpoint, now=now, limits=self._limits, budget=budget, ladder=ladder)

    @property
    def name(self) -> str:
        """What made a value: the model and the version of the prompt."""
        return self._asker.engine(PROMPT)

    async def extract(self, text: str, context: ExtractionContext) -> VisitDraft:
        draft = await self._rules.extract(text, context)
        if len(text) > self._limits.input_chars:
            return self._unused(draft, TOO_LONG)
        try:
            answer = await self._asker.answer(self._question(text, Choices.of(context.vocabulary)))
        except Spent:
            return self._unused(draft, SPENT)
        except Failed as failure:
            return self._unused(draft, f"{UNAVAILABLE} ({failure.kind})")
        return await asyncio.to_thread(reconcile.merged, text, draft, answer, context, self.name)

    def _unused(self, draft: VisitDraft, reason: str) -> VisitDraft:
        log.warning("model.unused", extra={"model": self._asker.model, "reason": reason})
        return replace(draft, engines={**draft.engines, NOTE: reason})

    async def close(self) -> None:
        await self._asker.close()

    def _question(self, text: str, choices: Choices) -> Question[Answer]:
        note = sendable(text, redacts=self._redacts)

        def messages(schema_in_prompt: bool) -> list[Message]:
            return llm_schema.messages(note.text, choices, schema_in_prompt=schema_in_prompt)

        return Question(
            name="visit",
            schema=llm_schema.schema(choices),
            messages=messages,
            read=partial(llm_schema.read, restored=note.restore),
            if_cut="the answer was cut off: shorter quotes, fewer items",
        )
