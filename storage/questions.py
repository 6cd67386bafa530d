"""Questions that wait for a member's answer, at most one of a kind and subject; the newest is answered first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import JsonObject
from storage.models import Question


class Questions:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def ask(
        self, member_id: int, kind: str, subject: str, *, life: timedelta, payload: JsonObject | None = None
    ) -> Question:
        """Wait for an answer from now on; the same question asked before is closed."""
        await self.close(member_id, kind, subject)
        question = Question(
            member_id=member_id,
            kind=kind,
            subject=subject,
            payload=payload or {},
            asked_at=self._now,
            expires_at=self._now + life,
        )
        self._session.add(question)
        await self._session.flush()
        return question

    async def open_of(self, member_id: int) -> Sequence[Question]:
        """What this member has been asked and not answered, the newest first."""
        query = select(Question).where(
            Question.member_id == member_id, Question.closed_at.is_(None), Question.expires_at > self._now
        )
        return (
            await self._session.scalars(query.order_by(Question.asked_at.desc(), Question.question_id.desc()))
        ).all()

    async def find(self, member_id: int, kind: str, subject: str) -> Question | None:
        """The open question of that kind about that subject."""
        return next((one for one in await self.open_of(member_id) if (one.kind, one.subject) == (kind, subject)), None)

    async def latest(self, member_id: int, kind: str, subject: str) -> Question | None:
        """The last question of that kind about that subject, closed or not."""
        query = select(Question).where(
            Question.member_id == member_id, Question.kind == kind, Question.subject == subject
        )
        return await self._session.scalar(query.order_by(Question.question_id.desc()).limit(1))

    async def asked(self, kind: str, subject: str) -> Sequence[int]:
        """The members who have not answered that question yet."""
        query = select(Question.member_id).where(
            Question.kind == kind, Question.subject == subject, Question.closed_at.is_(None)
        )
        return (await self._session.scalars(query.distinct())).all()

    async def close(self, member_id: int, kind: str, subject: str) -> None:
        await self._session.execute(
            update(Question)
            .where(Question.member_id == member_id, Question.kind == kind, Question.subject == subject)
            .where(Question.closed_at.is_(None))
            .values(closed_at=self._now)
        )
