"""The library at hand: an index of what is offered today, kept beside the database and brought up to date by it.

Every process has its own. It is built when the first question comes, and only what changed since is put in or taken
out, when the library says that it changed or another day has begun (scripts are valid from one day to another).
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from handlers.script_deals import DealsOfTheDay
from nlp.embeddings import Embedder
from nlp.scripts import Found, ScriptIndex, Situation
from nlp.scripts import Script as Indexed
from storage.database import Database
from storage.models import Script
from storage.scripts import Revision

WARMING = "太贵了"


@dataclass
class ScriptDesk:
    """`embedder` finds scripts by what is meant, too; None: by words and sounds."""

    embedder: Embedder | None = None
    deals: DealsOfTheDay = field(default_factory=DealsOfTheDay)
    """What became of the deals that its scripts were offered in."""
    _index: ScriptIndex | None = None
    _versions: dict[str, int] = field(default_factory=dict)
    _seen: tuple[Revision, date] | None = None
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def search(
        self,
        database: Database,
        today: date,
        question: str,
        *,
        limit: int,
        situation: Situation | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> Found:
        """What answers the question, of the scripts offered today. To be called with no transaction open."""
        index = await self._up_to_date(database, today)
        return await asyncio.to_thread(index.search, question, limit=limit, situation=situation, weights=weights)

    async def warm(self, database: Database, today: date) -> None:
        """Build the index, and the vectors where meaning counts, before the first question needs them."""
        await self.search(database, today, WARMING, limit=1)

    async def _up_to_date(self, database: Database, today: date) -> ScriptIndex:
        async with self._changing:
            async with database.reading() as work:
                seen = await work.scripts.revision(), today
                if self._index is not None and seen == self._seen:
                    return self._index
                offered = await work.scripts.offered(today)
            index = self._index or ScriptIndex((), self.embedder)
            versions = {script.code: script.version for script in offered}
            changed = [script for script in offered if self._versions.get(script.code) != script.version]
            gone = self._versions.keys() - versions.keys()
            await asyncio.to_thread(_change, index, [indexed(script) for script in changed], gone)
            self._index, self._versions, self._seen = index, versions, seen
            return index


def _change(index: ScriptIndex, changed: Sequence[Indexed], gone: Collection[str]) -> None:
    for code in gone:
        index.remove(code)
    for script in changed:
        index.put(script)


def indexed(script: Script) -> Indexed:
    """A script of the database as it is searched."""
    return Indexed(
        script_id=script.code,
        title=script.title,
        objections=tuple(script.phrasings),
        body=script.body,
        category=script.category,
        kind=script.plan_kind,
        tags=tuple(script.tags),
        stages=tuple(script.stages),
        industries=tuple(script.industries),
        products=tuple(script.products),
        competitors=tuple(script.competitors),
    )
