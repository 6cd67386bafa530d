"""Invite codes, known by their hashes, and wrong ones that were tried."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Guess, Invite


class Invites:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def add(self, code_sha256: str, member_id: int, *, created_by: int | None, life: timedelta) -> Invite:
        """A code for this member; their earlier ones that nobody has used are worth nothing from now on."""
        await self._session.execute(
            update(Invite)
            .where(Invite.member_id == member_id, Invite.used_at.is_(None), Invite.expires_at > self._now)
            .values(expires_at=self._now)
        )
        invite = Invite(
            code_sha256=code_sha256,
            member_id=member_id,
            created_by=created_by,
            created_at=self._now,
            expires_at=self._now + life,
        )
        self._session.add(invite)
        await self._session.flush()
        return invite

    async def lock(self, code_sha256: str) -> Invite | None:
        """The invite, held until the transaction ends: used twice at once, it counts once. None: no such code."""
        return await self._session.get(Invite, code_sha256, with_for_update=True, populate_existing=True)

    async def guessed(self, platform: str, user_id: str) -> None:
        self._session.add(Guess(platform=platform, user_id=user_id, at=self._now))
        await self._session.flush()

    async def guesses_since(self, platform: str, user_id: str, moment: datetime) -> int:
        query = select(func.count()).where(Guess.platform == platform, Guess.user_id == user_id, Guess.at > moment)
        return await self._session.scalar(query) or 0
