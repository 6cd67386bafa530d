import asyncio
from datetime import timedelta

import pytest

from storage.database import Database
from tests.fakes import FakeClock


async def test_a_key_is_made_once_and_stays(any_database: Database) -> None:
    async with any_database.work() as work:
        first = await work.keys.secret("links")
    async with any_database.work() as work:
        again, other = await work.keys.secret("links"), await work.keys.secret("others")

    assert first == again != other
    assert len(first) == 32


@pytest.mark.postgres
async def test_two_instances_that_start_together_share_one_key(instances: tuple[Database, Database]) -> None:
    async def key(database: Database) -> bytes:
        async with database.work() as work:
            return await work.keys.secret("links")

    assert len(set(await asyncio.gather(*(key(database) for database in instances * 5)))) == 1


async def test_when_we_were_last_reachable_is_known_after_a_restart(any_database: Database, clock: FakeClock) -> None:
    async with any_database.work() as work:
        assert await work.presence.note("dingtalk") is None
        began = work.now
    clock.advance(timedelta(minutes=5))
    async with any_database.work() as work:
        assert await work.presence.note("dingtalk") == began
        assert await work.presence.note("wecom") is None
        assert await work.presence.last("dingtalk") == work.now


@pytest.mark.postgres
async def test_two_instances_that_start_together_both_note_that_they_are_reachable(
    instances: tuple[Database, Database],
) -> None:
    async def note(database: Database) -> None:
        async with database.work() as work:
            await work.presence.note("dingtalk")

    await asyncio.gather(*(note(database) for database in instances * 5))

    async with instances[0].reading() as work:
        assert await work.presence.last("dingtalk") is not None


async def test_an_instance_whose_clock_is_behind_takes_nothing_back(any_database: Database, clock: FakeClock) -> None:
    async with any_database.work() as work:
        await work.presence.note("dingtalk")
        noted = work.now
    clock.advance(timedelta(seconds=-30))
    async with any_database.work() as work:
        await work.presence.note("dingtalk")
        assert await work.presence.last("dingtalk") == noted
