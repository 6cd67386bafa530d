"""Until when messages could reach us, platform by platform: what a gap is told by, also after a crash."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base


class PresenceRow(Base):
    __tablename__ = "presence"

    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    reachable_at: Mapped[datetime]


class Presence:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def note(self, platform: str) -> datetime | None:
        """Note that messages can reach us there now; answers when that was last noted, by any instance."""
        row = await self._session.get(PresenceRow, platform, with_for_update=True)
        if row is None:
            # another instance may note it at the same moment, and just as well
            with suppress(IntegrityError):
                async with self._session.begin_nested():
                    self._session.add(PresenceRow(platform=platform, reachable_at=self._now))
            return None
        before, row.reachable_at = row.reachable_at, max(self._now, row.reachable_at)
        return before

    async def last(self, platform: str) -> datetime | None:
        row = await self._session.get(PresenceRow, platform)
        return None if row is None else row.reachable_at
