"""Many people at once while servers die and the database goes away: what was acknowledged is answered, once."""

import asyncio
import subprocess
from typing import Any

import pytest

from tests.chaos.conftest import Staging
from tests.chaos.stage import Stage, place, until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

LEASE_S = 3.0


async def everybody_was_answered(stage: Stage, people: int, each: int) -> None:
    """Every place once, and each person's in the order in which they were sent."""
    assert not await stage.put_aside(), stage.warnings()
    for number in range(people):
        user = f"rep{number}"
        assert stage.answered(user) == [place(user, sent) for sent in range(each)], stage.warnings()
    assert (await stage.records())["Evidence"] == people * each
    assert not stage.wecom.violations
    assert all(message.state != "dropped" for message in stage.wecom.messages)


async def test_a_server_killed_twice_under_load_answers_everything_once(staging: Staging) -> None:
    people, each = 20, 5
    async with staging("load") as stage:
        flood = asyncio.create_task(stage.flood(people, each))
        for so_many in (30, 65):
            server = await stage.opened()
            await until(lambda so_many=so_many: stage.acknowledged >= so_many, "callbacks to be acknowledged")  # type: ignore[misc]
            await server.killed()
        await stage.opened()
        await flood

        await everybody_was_answered(stage, people, each)


@pytest.mark.postgres
async def test_of_two_servers_one_is_killed_for_good_and_the_other_answers_everything_once(pg_stage: Stage) -> None:
    people, each = 20, 10
    doomed = await pg_stage.opened(lease_s=LEASE_S)
    await pg_stage.opened(lease_s=LEASE_S)

    flood = asyncio.create_task(pg_stage.flood(people, each))
    await until(lambda: pg_stage.acknowledged >= 80, "callbacks to be acknowledged")
    await doomed.killed()
    await flood

    await everybody_was_answered(pg_stage, people, each)


@pytest.mark.postgres
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_postgresql_restarted_under_load_loses_nothing_and_doubles_nothing(
    pg_stage: Stage, pg_server: Any, mode: str
) -> None:
    people, each = 20, 5
    servers = [await pg_stage.opened(lease_s=LEASE_S), await pg_stage.opened(lease_s=LEASE_S)]

    flood = asyncio.create_task(pg_stage.flood(people, each))
    await until(lambda: pg_stage.acknowledged >= 30, "callbacks to be acknowledged")
    try:
        await asyncio.to_thread(_stop, pg_server, mode)
        await asyncio.sleep(1)
    finally:
        await asyncio.to_thread(pg_server.ensure_postgres_running)
    await flood

    await everybody_was_answered(pg_stage, people, each)
    assert all(server.is_alive for server in servers)
    # any other answer would be final: WeCom repeats only what was not answered
    answers = {attempt.status for delivery in pg_stage.wecom.deliveries for attempt in delivery.attempts}
    assert answers <= {200, None}


def _stop(pg_server: Any, mode: str) -> None:
    """`immediate` is PostgreSQL's own crash: no goodbye to its clients, recovery at the next start."""
    command = [str(pg_server.bin_path / "pg_ctl"), "-w", "-m", mode, "-D", str(pg_server.pgdata), "stop"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=pg_server.system_user)
