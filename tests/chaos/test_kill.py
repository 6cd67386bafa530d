"""kill -9 at every step of one conversation, from the voice note to the escalation.

The conversation is first played to its end without harm, which gives the points and what everybody must see. Then for
each point: a fresh company, a server that dies there, another in its place, and everybody must have seen the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import pytest

from tests.chaos.conftest import Staging, Untouched
from tests.chaos.stage import PATIENCE_S, Stage, until
from tests.chat import MANAGER, REP

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

AT_ONCE = 2
KINDS = ("keep", "inbound", "voice", "transcribe", "understand", "message", "send")
"""The jobs of the flow, as it goes; `keep` is the acknowledgement."""
PICTURE_KINDS = ("message", "read_picture", "understand_picture")
"""Those that only a picture takes, and the first of which fetches it."""


Conversation = Callable[[Stage], Awaitable[None]]


async def play(stage: Stage, point: str, conversation: Conversation = Stage.visit) -> None:
    """The conversation, on a server that dies at `point` and is replaced."""
    first = await stage.opened(fault_at=point)
    replacing = asyncio.create_task(_replace(stage))
    try:
        await conversation(stage)
    finally:
        replacing.cancel()
        with suppress(asyncio.CancelledError):
            await replacing
    assert first.points()[-1] == point, "never came there"
    assert not stage.wecom.violations


async def _replace(stage: Stage) -> None:
    await until(lambda: not stage.servers[0].is_alive, "the server to die", 2 * PATIENCE_S)
    await stage.opened()


async def test_the_conversation_passes_through_every_step(untouched: Untouched) -> None:
    assert {point.partition("#")[0] for point in untouched.points} == {*KINDS}
    assert len(untouched.points) >= 60
    assert len(untouched.seen[REP]) == 10
    assert len(untouched.seen[MANAGER]) == 1
    [questions] = [line for line in untouched.seen[REP] if "风险三问" in line.partition("\n")[0]]
    assert "已收到回答" in questions.rpartition("\n")[2]
    assert untouched.records == {"Visit": 1, "Todo": 2, "Escalation": 1, "Evidence": 2, "parked": 0}


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_anywhere_everything_is_shown_once_and_in_order(
    staging: Staging, untouched: Untouched, kind: str
) -> None:
    points = [point for point in untouched.points if point.startswith(f"{kind}#")]
    assert await failures(staging, untouched, points, kind) == []


@pytest.mark.parametrize("kind", PICTURE_KINDS)
async def test_killed_anywhere_a_screenshot_becomes_one_record(staging: Staging, kind: str) -> None:
    async with staging("untouched") as stage:
        server = await stage.opened()
        await stage.screenshot()
        untouched = Untouched(server.points(), stage.seen(), await stage.records())
    points = [point for point in untouched.points if point.startswith(f"{kind}#")]

    assert points
    assert untouched.records == {"Visit": 1, "Todo": 2, "Escalation": 1, "Evidence": 2, "parked": 0}
    assert await failures(staging, untouched, points, kind, Stage.screenshot) == []


async def failures(
    staging: Staging, untouched: Untouched, points: Sequence[str], kind: str, conversation: Conversation = Stage.visit
) -> list[str]:
    """What went otherwise than untouched, for each point at which a server was killed."""
    failures: list[str] = []
    places = asyncio.Semaphore(AT_ONCE)

    async def kill_at(number: int, point: str) -> None:
        async with places:
            try:
                async with staging(f"{kind}-{number}") as stage:
                    await play(stage, point, conversation)
                    seen, records = stage.seen(), await stage.records()
            except AssertionError as error:
                failures.append(f"{point}: {error}")
                return
        if _but_for_buttons(seen) != _but_for_buttons(untouched.seen):
            failures.append(f"{point}: {_difference(seen, untouched.seen)}")
        if records != untouched.records:
            failures.append(f"{point}: {records}")

    await asyncio.gather(*(kill_at(number, point) for number, point in enumerate(points)))

    return failures


def _but_for_buttons(seen: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is seen, except whether the card of the questions, which is answered in words, has turned grey.

    WeCom tells by what reference a card can be changed only in the answer to its sending. Who dies before that is read
    has no reference; the buttons then stay, and count no more.
    """

    def known(line: str) -> str:
        return line.rpartition("\n")[0] if "风险三问" in line.partition("\n")[0] else line

    return {user: [known(line) for line in lines] for user, lines in seen.items()}


def _difference(seen: dict[str, list[str]], expected: dict[str, list[str]]) -> str:
    def gist(lines: Sequence[str], others: Sequence[str]) -> str:
        return "\n".join(f"    {line[:60] if line in others else line!r}" for line in lines)

    def both(here: Sequence[str], there: Sequence[str]) -> str:
        return f"{gist(here, there)}\n  instead of\n{gist(there, here)}"

    return "".join(
        f"\n  {user} sees\n{both(seen.get(user, []), expected.get(user, []))}"
        for user in sorted(seen.keys() | expected.keys())
        if seen.get(user) != expected.get(user)
    )
