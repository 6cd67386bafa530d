"""Keys of our own making, one a purpose, shared by every instance and kept as long as the database."""

import secrets
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base

KEY_BYTES = 32


class KeyRow(Base):
    __tablename__ = "keys"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str]
    """In hexadecimal."""
    created_at: Mapped[datetime]


class Keys:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def secret(self, name: str) -> bytes:
        """The key of that name, 32 random bytes, made when it is first asked for."""
        row = await self._session.get(KeyRow, name)
        if row is None:
            row = KeyRow(name=name, value=secrets.token_hex(KEY_BYTES), created_at=self._now)
            try:
                async with self._session.begin_nested():
                    self._session.add(row)
            except IntegrityError:
                # another instance made it at the same moment, and theirs is the one
                row = await self._session.get_one(KeyRow, name, populate_existing=True)
        return bytes.fromhex(row.value)
