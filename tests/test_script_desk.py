"""The library at hand: only what changed is put in or taken out."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from handlers.script_desk import ScriptDesk
from nlp.embeddings import NoEmbedding, Vectors
from nlp.scripts import Situation
from storage.database import Database
from storage.models import Script

TODAY = date(2026, 11, 20)


def script(code: str, phrasing: str, **rest: object) -> Script:
    return Script(code=code, title=f"标题{code}", body="好的。", phrasings=[phrasing], status="approved", **rest)


async def add(database: Database, *scripts: Script) -> None:
    async with database.work() as work:
        for one in scripts:
            work.scripts.add(one)


async def best(desk: ScriptDesk, database: Database, question: str, today: date = TODAY) -> str | None:
    found = await desk.search(database, today, question, limit=1)
    return found.hits[0].script_id if found.answered and found.hits else None


class Meaning:
    """Counts what it is asked to embed; fails while `fails`."""

    least: float | None = None

    def __init__(self) -> None:
        self.embedded: list[str] = []
        self.threads: set[int] = set()
        self.fails = False

    def documents(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return np.stack([self._vector(text) for text in texts])

    def question(self, text: str) -> Vectors:
        self.threads.add(threading.get_ident())
        if self.fails:
            raise NoEmbedding("away")
        return self._vector(text)

    def _vector(self, text: str) -> Vectors:
        vector = np.array([1.0, len(text) % 7, len(text) % 3], dtype=np.float32)
        return vector / np.linalg.norm(vector)


async def test_what_is_added_changed_and_taken_out_of_use_is_known_at_the_next_question(database: Database) -> None:
    desk = ScriptDesk()
    await add(database, script("PR-01", "你们太贵了"), script("DE-01", "交货太慢了"))
    assert await best(desk, database, "太贵了") == "PR-01"

    await add(database, script("SE-01", "售后没人管"))
    assert await best(desk, database, "售后没人管") == "SE-01"

    async with database.work() as work:
        known = await work.scripts.find("PR-01")
        assert known is not None
        known.status = "retired"
        work.scripts.changed(known)
    assert await best(desk, database, "太贵了") != "PR-01"


async def test_another_day_brings_in_what_begins_and_takes_out_what_ends(database: Database) -> None:
    desk = ScriptDesk()
    await add(
        database,
        script("PR-01", "展会价还有吗", valid_until=TODAY),
        script("PR-02", "年底有促销吗", valid_from=TODAY + timedelta(days=1)),
    )

    assert await best(desk, database, "展会价还有吗") == "PR-01"
    assert await best(desk, database, "年底有促销吗") is None
    tomorrow = TODAY + timedelta(days=1)
    assert await best(desk, database, "展会价还有吗", tomorrow) is None
    assert await best(desk, database, "年底有促销吗", tomorrow) == "PR-02"


async def test_only_what_is_new_is_embedded_and_in_a_thread_of_its_own(database: Database) -> None:
    meaning = Meaning()
    desk = ScriptDesk(meaning)
    await add(database, script("PR-01", "你们太贵了"))
    await desk.warm(database, TODAY)
    assert meaning.embedded == ["标题PR-01", "你们太贵了"]

    await add(database, script("DE-01", "交货太慢了"))
    await desk.search(database, TODAY, "太贵了", limit=3)
    await desk.search(database, TODAY, "太慢了", limit=3)

    assert meaning.embedded[2:] == ["标题DE-01", "交货太慢了"]
    assert threading.get_ident() not in meaning.threads


async def test_without_its_embedder_the_words_answer_and_it_says_so(database: Database) -> None:
    meaning = Meaning()
    meaning.fails = True
    await add(database, script("PR-01", "你们太贵了"))

    found = await ScriptDesk(meaning).search(database, TODAY, "你们太贵了", limit=1, situation=Situation())

    assert found.answered
    assert found.degraded


async def test_questions_at_the_same_moment_share_one_index(database: Database) -> None:
    desk = ScriptDesk()
    await add(database, script("PR-01", "你们太贵了"), script("DE-01", "交货太慢了"))

    answers = await asyncio.gather(*(best(desk, database, "太贵了") for _ in range(8)))

    assert set(answers) == {"PR-01"}


@pytest.mark.parametrize("question", ["", "？？", "qqq"])
async def test_nothing_asked_is_not_answered(database: Database, question: str) -> None:
    await add(database, script("PR-01", "你们太贵了"))

    assert await best(ScriptDesk(), database, question) is None
