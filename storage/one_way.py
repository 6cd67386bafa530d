"""SQLite's driver with one way into its thread and back for each statement.

SQLAlchemy makes a cursor, executes, fetches and closes, and `aiosqlite` hands each of these to the thread that has the
file. A way there and back costs more than most of our statements do.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiosqlite

Parameters = Sequence[Any]


class Connection(aiosqlite.Connection):
    """Its cursors do a whole statement at once, and hold all its rows: SQLAlchemy fetches them all anyway."""

    def cursor(self) -> "Cursor":  # type: ignore[override]  # not waited for: nothing happens yet
        return Cursor(self)

    async def at_once(self, statement: Callable[[sqlite3.Cursor], object]) -> "Outcome":
        outcome: Outcome = await self._execute(self._do, statement)  # type: ignore[no-untyped-call]
        return outcome

    def _do(self, statement: Callable[[sqlite3.Cursor], object]) -> "Outcome":
        cursor = self._conn.cursor()
        try:
            statement(cursor)
            rows = cursor.fetchall() if cursor.description else []
            return Outcome(rows, cursor.description, cursor.rowcount, cursor.lastrowid)
        finally:
            cursor.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    rows: list[Any]
    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None


class Cursor:
    """What SQLAlchemy's adapter asks of a cursor that it does not stream from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outcome = Outcome([])
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Parameters = ()) -> Self:
        self._outcome = await self._connection.at_once(lambda cursor: cursor.execute(sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Self:
        self._outcome = await self._connection.at_once(lambda cursor: cursor.executemany(sql, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        return self._outcome.rows

    async def close(self) -> None:
        """The driver's own is closed with its statement."""

    @property
    def description(self) -> Any:
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._outcome.lastrowid


def connect(path: str, **options: Any) -> Connection:
    """As `aiosqlite.connect`: to be awaited once."""
    connection = Connection(lambda: sqlite3.connect(path, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy has it: a file that was not closed holds nobody up at the end
    return connection
