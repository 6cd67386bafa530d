"""Practice on either database: one session of a member goes on, and what became of the rounds is counted."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.models import PracticeSession, Script
from storage.practice import Tally, Tried
from storage.work import Work
from tests.fakes import NOON


async def rep(work: Work, name: str = "李晓彤") -> int:
    return (await work.members.add(name, ["sales"])).member_id


async def script(work: Work, code: str) -> None:
    work.scripts.add(Script(code=code, title=code, body="先核对型号。", phrasings=["太贵了"], status="approved"))
    await work.session.flush()


async def practised(work: Work, member_id: int, *rounds: tuple[str, int | None]) -> PracticeSession:
    """A session that is over; a round without a score was skipped."""
    session = await work.practice.begin(member_id, scope="", rounds=len(rounds))
    for place, (code, score) in enumerate(rounds, start=1):
        entry = await work.practice.put(session, place, code, "太贵了")
        entry.score = score
        work.practice.close(entry, "skipped" if score is None else "answered")
    work.practice.end(session, "done")
    await work.session.flush()
    return session


async def test_of_a_member_one_session_goes_on(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id, other_id = await rep(work), await rep(work, "赵一鸣")
        assert await work.practice.lock_open(member_id) is None
        first = await work.practice.begin(member_id, scope="价格", rounds=5)
        await work.practice.begin(other_id, scope="", rounds=5)
        found = await work.practice.lock_open(member_id)
        assert found is not None
        assert found.session_id == first.session_id
    with pytest.raises(IntegrityError):
        async with any_database.work() as work:
            await work.practice.begin(member_id, scope="", rounds=5)
    async with any_database.work() as work:
        work.practice.end(await work.practice.lock(first.session_id), "stopped")
        await work.session.flush()
        again = await work.practice.begin(member_id, scope="", rounds=5)
        assert [session.session_id for session in await work.practice.of(member_id, limit=5)] == [first.session_id]
        assert again.session_id != first.session_id


async def test_how_often_and_how_well_a_script_was_answered(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id, other_id = await rep(work), await rep(work, "赵一鸣")
        for code in ("PR-01", "PR-02", "PR-03"):
            await script(work, code)
        await practised(work, member_id, ("PR-01", 80), ("PR-02", None))
        await practised(work, member_id, ("PR-01", 40))
        await practised(work, other_id, ("PR-03", 10))

        assert await work.practice.tried(member_id) == {"PR-01": Tried(2, 40)}


async def test_tallies_are_of_those_asked_for_and_of_that_time(any_database: Database) -> None:
    async with any_database.work() as work:
        member_id, other_id, idle_id = await rep(work), await rep(work, "赵一鸣"), await rep(work, "何佳")
        await script(work, "PR-01")
        await practised(work, member_id, ("PR-01", 80), ("PR-01", None))
        await practised(work, member_id, ("PR-01", 100))
        old = await practised(work, member_id, ("PR-01", 0))
        old.started_at = NOON - timedelta(days=40)
        await practised(work, other_id, ("PR-01", 10))
        waiting = await work.practice.begin(idle_id, scope="", rounds=5)
        await work.practice.put(waiting, 1, "PR-01", "太贵了")

        found = await work.practice.tallies([member_id, idle_id], NOON - timedelta(days=30))

        assert found == {member_id: Tally(sessions=2, rounds=3, average=60.0)}
