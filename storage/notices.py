"""Lines that wait to be told to a member together."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import insert_into
from storage.models import Notice


class Notices:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def add(self, key: str, member_id: int, text: str, *, subject: str, due_at: datetime) -> bool:
        """False when `key` is known, told or not: then nothing is added."""
        statement = (
            insert_into(self._session, Notice)
            .values(key=key, member_id=member_id, subject=subject, text=text, due_at=due_at, created_at=self._now)
            .on_conflict_do_nothing(index_elements=[Notice.key])
            .returning(Notice.notice_id)
        )
        return await self._session.scalar(statement) is not None

    async def count(self, key: str, member_id: int, *, subject: str) -> None:
        """Something else than lines was told just now; it counts as a message of this kind."""
        self._session.add(
            Notice(
                key=key,
                member_id=member_id,
                subject=subject,
                text="",
                due_at=self._now,
                created_at=self._now,
                sent_at=self._now,
            )
        )
        await self._session.flush()

    async def drop(self, subject: str) -> None:
        """Nothing about the subject need be told any more, nor told again where it was given back."""
        await self._session.execute(
            update(Notice).where(Notice.subject == subject, Notice.dropped_at.is_(None)).values(dropped_at=self._now)
        )

    async def is_waiting(self, subject: str) -> bool:
        """Whether there is something about the subject that is still to be told."""
        query = select(Notice.notice_id).where(
            Notice.subject == subject, Notice.sent_at.is_(None), Notice.dropped_at.is_(None)
        )
        return await self._session.scalar(query.limit(1)) is not None

    async def take_due(self, member_id: int) -> Sequence[Notice]:
        """What is to be told to the member by now, marked as told; the earliest first."""
        query = (
            select(Notice)
            .where(Notice.member_id == member_id, Notice.sent_at.is_(None), Notice.dropped_at.is_(None))
            .where(Notice.due_at <= self._now)
            .order_by(Notice.due_at, Notice.notice_id)
            .with_for_update()
        )
        due = (await self._session.scalars(query)).all()
        for notice in due:
            notice.sent_at = self._now
        return due

    async def give_back(self, member_id: int, taken_at: datetime) -> None:
        """What was taken to be told at that moment did not go out: it is to be told with what goes out next."""
        taken = (Notice.member_id == member_id, Notice.sent_at == taken_at, Notice.text != "")
        await self._session.execute(update(Notice).where(*taken).values(sent_at=None))

    async def last_told_at(self, member_id: int) -> datetime | None:
        return await self._session.scalar(select(func.max(Notice.sent_at)).where(Notice.member_id == member_id))
