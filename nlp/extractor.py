"""Who reads a note: the rules alone, or a language model beside them (`nlp.llm`)."""

import asyncio
from typing import Protocol

from nlp.draft import ExtractionContext, VisitDraft
from nlp.extract import extract

NOTE = "note"
"""The key of `VisitDraft.engines` under which stands why a model that is set up had no part in the draft."""
UNAVAILABLE = "rules: model unavailable"
"""What such a reason begins with; the kind of fault follows in brackets. The other two stand alone."""
TOO_LONG = "rules: note too long for the model"
SPENT = "rules: the day's tokens are spent"


class Extractor(Protocol):
    async def extract(self, text: str, context: ExtractionContext) -> VisitDraft:
        """The facts of a note; never raises, whatever the text. Slow where a network is in between."""
        ...


class Rules:
    """A long note takes tens of milliseconds of pure computing: off the event loop."""

    async def extract(self, text: str, context: ExtractionContext) -> VisitDraft:
        return await asyncio.to_thread(extract, text, context)
