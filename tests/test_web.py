import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

from bot import pipeline
from bot.platform import Keep, Received
from bot.web import HEALTH_PATH, application, keeper
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.jobs import JobRow
from tests.fakes import FakeClock, FakePlatform


class Doorway(FakePlatform):
    """A platform whose callback keeps whatever it is sent."""

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        async def receive(request: web.Request) -> web.Response:
            await keep(self.name, Received(request.query["id"], "zhang", {"text": await request.text()}))
            return web.Response()

        return [web.post("/callback", receive)]


async def client(database: Database) -> TestClient[web.Request, web.Application]:
    return TestClient(TestServer(application(database, [Doorway()], keeper(database))))


async def test_an_event_is_kept_before_it_is_answered_and_only_once(database: Database) -> None:
    async with await client(database) as http:
        for _ in range(3):
            assert (await http.post("/callback?id=7", data="words")).status == 200
    async with database.reading() as work:
        assert await work.session.scalar(select(func.count()).select_from(JobRow)) == 1
        [job] = await work.jobs.listing()
    assert (job.queue, job.kind, job.lane, job.dedupe) == ("inbox", "inbound", "playground:zhang", "playground:7")


async def test_what_cannot_be_kept_is_not_answered_at_all_so_that_it_is_brought_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object) -> list[bool]:
        raise OSError("disk full")

    monkeypatch.setattr(pipeline, "keep_all", fail)
    async with await client(database) as http:
        with pytest.raises(ClientError):
            await http.post("/callback?id=7", data="words")


async def test_a_database_that_is_away_for_a_moment_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_all, failures = pipeline.keep_all, [DatabaseUnavailable("restarting"), DatabaseUnavailable("restarting")]

    async def keep_at_last(database: Database, events: Sequence[pipeline.KeptEvent]) -> list[bool]:
        if failures:
            raise failures.pop()
        return await keep_all(database, events)

    monkeypatch.setattr(pipeline, "keep_all", keep_at_last)
    async with await client(database) as http:
        assert (await http.post("/callback?id=7", data="words")).status == 200
    async with database.reading() as work:
        assert len(await work.jobs.listing()) == 1


async def test_what_comes_at_once_is_kept_together_and_each_is_told_whether_it_is_new(database: Database) -> None:
    inbox = pipeline.Inbox(database)
    begun = 0

    async def keep(event_id: str) -> bool:
        return await inbox.keep("playground", Received(event_id, "zhang", {}))

    def count(_settled: object) -> None:
        nonlocal begun
        begun += 1

    async with database.woken(asyncio.Event(), count):
        answers = await asyncio.gather(*(keep(event_id) for event_id in ("1", "2", "1", "3")))

    assert answers == [True, True, False, True]
    assert begun < len(answers)


async def test_health_is_good_while_work_is_done_and_bad_when_it_waits(database: Database, clock: FakeClock) -> None:
    async with await client(database) as http:
        assert (await http.get(HEALTH_PATH)).status == 200
        await http.post("/callback?id=7", data="secret words")
        clock.advance(timedelta(minutes=6))
        response = await http.get(HEALTH_PATH)
        assert response.status == 503
        assert await response.json() == {
            "status": "stalled",
            "oldest_waiting_s": {"inbox": 360, "work": 0, "outbox": 0},
            "parked": 0,
        }
        assert "secret" not in await response.text()
