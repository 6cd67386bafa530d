"""The audit log: every change, by whom, from what to what."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import JsonObject
from storage.models import AuditEntry


class AuditLog:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    def note(
        self,
        action: str,
        subject: str,
        *,
        member_id: int | None,
        source: str,
        before: JsonObject | None = None,
        after: JsonObject | None = None,
    ) -> None:
        """Written with the change itself, in the same transaction. `source` is the event that caused it."""
        self._session.add(
            AuditEntry(
                at=self._now,
                member_id=member_id,
                action=action,
                subject=subject,
                before=before,
                after=after,
                source=source,
            )
        )

    async def of(self, subject: str) -> Sequence[AuditEntry]:
        query = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.audit_id)
        return (await self._session.scalars(query)).all()
