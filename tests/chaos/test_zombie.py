"""A server that stands still beyond its leases, then goes on as if nothing had been: a paused machine, a hung disk.

Another one takes its work over. What the first one still wants to write when it comes back is refused.
"""

import asyncio
import signal

import pytest

from handlers import texts
from tests.chaos.conftest import Untouched
from tests.chaos.stage import Stage, until
from tests.chat import REP

pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.timeout(300)]

LEASE_S = 3.0
LEASE_LOST = "job.lease_lost"


@pytest.mark.parametrize(
    ("point", "sign"),
    [
        ("keep#1: before commit 1", "web.not_kept"),
        ("voice#1: after keeping the file", LEASE_LOST),
        ("transcribe#1: after listening", LEASE_LOST),
        ("understand#1: before commit 1", LEASE_LOST),
        ("message#1: before commit 1", LEASE_LOST),
        ("send#2: after sending", LEASE_LOST),
        ("send#2: before commit 2", LEASE_LOST),
    ],
    ids=lambda value: value if ": " in value else "",
)
async def test_a_server_that_stood_still_writes_and_shows_nothing_twice(
    pg_stage: Stage, untouched: Untouched, point: str, sign: str
) -> None:
    zombie = await pg_stage.opened(lease_s=LEASE_S, fault_at=point, fault="stop")
    visit = asyncio.create_task(pg_stage.visit())
    await until(lambda: point in zombie.points(), point)
    zombie.is_up = False
    heir = await pg_stage.opened(lease_s=LEASE_S)
    await visit
    assert pg_stage.seen() == untouched.seen

    zombie.send_signal(signal.SIGCONT)
    await until(lambda: sign in zombie.log(), "the late commit to be refused")
    await pg_stage.idle()
    assert pg_stage.seen() == untouched.seen
    assert await pg_stage.records() == untouched.records

    # and it is a good server again
    await heir.stopped()
    zombie.is_up = True
    await pg_stage.bring(lambda: pg_stage.wecom.send_text(REP, "帮助"))
    await until(lambda: texts.HELP in pg_stage.wecom.texts(REP), "the answer")
    await pg_stage.idle()
    assert pg_stage.phone(REP) == [*untouched.seen[REP], f"{REP}: 帮助", f"bot: {texts.HELP}"]
