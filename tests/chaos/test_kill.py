"""kill -9 at every step of one conversation, from the voice note to the escalation.

The conversation is first played to its end without harm, which gives the points and what everybody must see. Then for
each point: a fresh company, a server that dies there, another in its place, and everybody must have seen the same.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from tests.chaos.conftest import Staging
from tests.chaos.stage import Stage
from tests.chat import MANAGER, REP

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

AT_ONCE = 2
KINDS = ("keep", "inbound", "voice", "transcribe", "understand", "message", "send")
"""The jobs of the flow, as it goes; `keep` is the acknowledgement."""
RECORDS = {"Visit": 1, "Todo": 2, "Escalation": 1, "parked": 0}


async def play(stage: Stage, point: str = "") -> None:
    """The conversation, on a server that dies at `point` and is replaced."""
    first = await stage.opened(fault_at=point)
    replacing = asyncio.create_task(_replace(stage)) if point else None
    try:
        await stage.visit()
    finally:
        if replacing is not None:
            replacing.cancel()
            with suppress(asyncio.CancelledError):
                await replacing
    if point and first.points()[-1] != point:
        raise AssertionError(f"never came to {point}")
    assert not stage.wecom.violations


async def _replace(stage: Stage) -> None:
    await stage.servers[0].gone()
    await stage.opened()


@pytest.fixture
async def untouched(staging: Staging) -> tuple[list[str], dict[str, list[str]]]:
    """The points of a whole conversation, and what the phones show at its end."""
    async with staging("untouched") as stage:
        await play(stage)
        assert await stage.records() == RECORDS
        return stage.servers[0].points(), stage.seen()


async def test_the_conversation_passes_through_every_step(untouched: tuple[list[str], dict[str, list[str]]]) -> None:
    points, seen = untouched

    assert {point.partition("#")[0] for point in points} == {*KINDS}
    assert len(points) >= 70
    assert len(seen[REP]) == 7
    assert len(seen[MANAGER]) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_anywhere_everything_is_shown_once_and_in_order(
    staging: Staging, untouched: tuple[list[str], dict[str, list[str]]], kind: str
) -> None:
    points, expected = untouched
    points = [point for point in points if point.startswith(f"{kind}#")]
    failures: list[str] = []
    places = asyncio.Semaphore(AT_ONCE)

    async def kill_at(number: int, point: str) -> None:
        async with places:
            try:
                async with staging(f"{kind}-{number}") as stage:
                    await play(stage, point)
                    seen, records = stage.seen(), await stage.records()
            except AssertionError as error:
                failures.append(f"{point}: {error}")
                return
        if seen != expected:
            failures.append(f"{point}: {_difference(seen, expected)}")
        if records != RECORDS:
            failures.append(f"{point}: {records}")

    await asyncio.gather(*(kill_at(number, point) for number, point in enumerate(points)))

    assert not failures, "\n".join(failures)


def _difference(seen: dict[str, list[str]], expected: dict[str, list[str]]) -> str:
    def gist(lines: Sequence[str]) -> str:
        return "\n".join(f"    {line[:60]!r}" for line in lines)

    return "".join(
        f"\n  {user} sees\n{gist(seen.get(user, []))}\n  instead of\n{gist(expected.get(user, []))}"
        for user in sorted(seen.keys() | expected.keys())
        if seen.get(user) != expected.get(user)
    )
