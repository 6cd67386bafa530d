"""What went out to whom and when: the windows of the rate limits, and the marks that keep a repeat from doubling.

One row is one attempt to deliver. `key` names the delivery and is the same when it is tried again; a row without
`sent_at` is under way or was cut short, so that its outcome is unknown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, BigId


class SendRow(Base):
    __tablename__ = "sends"

    send_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    recipient: Mapped[str]
    """The recipient's lane."""
    digest: Mapped[str]
    """SHA-256 of the content; words themselves are not kept here."""
    twin: Mapped[int]
    """0, or how many like it stand before it: identical texts are told apart by this number."""
    began_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    message_ref: Mapped[str | None]

    __table_args__ = (Index("ix_sends_recipient", "recipient", "began_at"),)


@dataclass(frozen=True)
class Attempt:
    send_id: int
    twin: int
    is_repeat: bool
    """An earlier attempt may have arrived."""


@dataclass(frozen=True)
class Window:
    """At most `limit` messages in any `length`."""

    limit: int
    length: timedelta


class Sends:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def opens_at(self, recipient: str, window: Window) -> datetime | None:
        """When the next message fits into the window; None: now.

        A message counts from the moment when it was certainly through, or else from its beginning.
        """
        counted_at = func.coalesce(SendRow.sent_at, SendRow.began_at)
        statement = (
            select(counted_at)
            .where(SendRow.recipient == recipient, counted_at > self._now - window.length)
            .where(SendRow.began_at > self._now - window.length - _LONGEST_SEND)
            .order_by(counted_at.desc())
            .offset(window.limit - 1)
            .limit(1)
        )
        hindmost: datetime | None = await self._session.scalar(statement)
        return None if hindmost is None else hindmost + window.length

    async def room(self, recipient: str, window: Window) -> int:
        """How many more messages fit into the window now."""
        counted_at = func.coalesce(SendRow.sent_at, SendRow.began_at)
        taken = await self._session.scalar(
            select(func.count())
            .where(SendRow.recipient == recipient, counted_at > self._now - window.length)
            .where(SendRow.began_at > self._now - window.length - _LONGEST_SEND)
        )
        return max(0, window.limit - (taken or 0))

    async def was_tried(self, key: str) -> bool:
        return await self.tried_at(key) is not None

    async def tried_at(self, key: str) -> datetime | None:
        """When the last attempt of this delivery began."""
        return await self._session.scalar(select(func.max(SendRow.began_at)).where(SendRow.key == key))

    async def was_sent(self, key: str) -> bool:
        """Whether an attempt of this delivery is known to have succeeded, even if its job was not ended."""
        statement = select(SendRow.send_id).where(SendRow.key == key, SendRow.sent_at.is_not(None)).limit(1)
        return await self._session.scalar(statement) is not None

    async def begin(self, key: str, recipient: str, digest: str, *, alike_within: timedelta) -> Attempt:
        """Take a place in the windows. A repeat gets its first attempt's `twin`; a new one differs from all of
        `alike_within`."""
        first = await self._session.scalar(select(SendRow.twin).where(SendRow.key == key).limit(1))
        if first is None:
            last_twin = await self._session.scalar(
                select(func.max(SendRow.twin)).where(
                    SendRow.recipient == recipient,
                    SendRow.digest == digest,
                    SendRow.began_at > self._now - alike_within - _LONGEST_SEND,
                )
            )
            twin = 0 if last_twin is None else last_twin + 1
        else:
            twin = first
        row = SendRow(key=key, recipient=recipient, digest=digest, twin=twin, began_at=self._now)
        self._session.add(row)
        await self._session.flush()
        return Attempt(row.send_id, twin, is_repeat=first is not None)

    async def mark_sent(self, attempt: Attempt, message_ref: str | None) -> None:
        await self._session.execute(
            update(SendRow).where(SendRow.send_id == attempt.send_id).values(sent_at=self._now, message_ref=message_ref)
        )

    async def prune(self, began_before: datetime) -> None:
        await self._session.execute(delete(SendRow).where(SendRow.began_at < began_before))


_LONGEST_SEND = timedelta(minutes=10)
"""No call takes longer from its beginning to its mark; it only keeps the index in use."""
