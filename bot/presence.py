"""Notices when messages could not reach us for a while: a connection that was down, or this program itself.

Every few seconds it is written down, platform by platform, that messages can reach us. Where the last such note is too
old, whatever the reason, there was a gap. The notes are in the database, so a crash and a night without power count,
and several instances are one.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.platform import Platform
from handlers import gaps
from handlers.messages import PlatformName
from storage.database import Database
from storage.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

NOTE_EVERY_S = 15.0
LONGEST_GAP = timedelta(days=7)
"""A platform that was away for longer was switched off; nobody waits for an answer from then."""
UNTIMELY: frozenset[PlatformName] = frozenset({"playground", "group"})
"""Nobody's message is lost there: one is our own page, the other only sends."""


async def watch(
    database: Database, platforms: Iterable[Platform], *, zone: ZoneInfo, gap: timedelta, every_s: float = NOTE_EVERY_S
) -> None:
    """Until cancelled."""
    watched = [platform for platform in platforms if platform.name not in UNTIMELY]
    while watched:
        for platform in watched:
            try:
                await note(database, platform, zone=zone, gap=gap)
            except DatabaseUnavailable:
                log.warning("presence.not_noted", extra={"platform": platform.name})
        await asyncio.sleep(every_s)


async def note(database: Database, platform: Platform, *, zone: ZoneInfo, gap: timedelta) -> None:
    """Write down that messages reach us there, if they do, and see to it that people hear of a gap before."""
    if not platform.connected:
        return
    async with database.work() as work:
        since = await work.presence.note(platform.name)
        if since is None or not gap <= work.now - since < LONGEST_GAP:
            return
        await work.jobs.put(
            gaps.KIND,
            gaps.Gap(platform=platform.name, since=since, until=work.now).model_dump(mode="json"),
            queue=gaps.QUEUE,
            dedupe=f"gap:{platform.name}:{_stamp(since)}",
            at=gaps.notice_at(work.now, zone),
        )
        lasted = work.now - since
    log.warning("presence.gap", extra={"platform": platform.name, "lasted_s": round(lasted.total_seconds())})


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
