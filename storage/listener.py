"""Hears PostgreSQL's NOTIFY on a connection of its own, and connects again for ever when that is lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import URL

from storage.errors import DatabaseError

if TYPE_CHECKING:
    import asyncpg

log = logging.getLogger(__name__)

CHANNEL = "visitbot_jobs"
ALIVE_S = 30.0
"""How often the connection is tried: a cable that was cut says nothing by itself."""
FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 15.0


class Listener:
    """While inside: `wake` is called at each notification, and `on_connect` awaited after each connection.

    Nothing depends on it but speed: workers look by themselves every few seconds.
    """

    def __init__(self, url: URL, wake: Callable[[], None], on_connect: Callable[[], Awaitable[None]]) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._wake = wake
        self._on_connect = on_connect
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen_for_ever(), name="visitbot-listener")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _listen_for_ever(self) -> None:
        import asyncpg

        backoff_s = FIRST_BACKOFF_S
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=10, command_timeout=10)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("listener.unreachable", extra={"error": type(error).__name__, "wait_s": backoff_s})
                await asyncio.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, LONGEST_BACKOFF_S)
                continue
            try:
                await self._listen(connection)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseError) as error:
                log.warning("listener.lost", extra={"error": type(error).__name__})
            finally:
                connection.terminate()
            backoff_s = FIRST_BACKOFF_S

    async def _listen(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        await connection.add_listener(CHANNEL, lambda *_: self._wake())
        await self._on_connect()
        self._wake()  # for what was put while nobody listened
        while not closed.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(ALIVE_S):
                    await closed.wait()
            if not closed.is_set():
                await connection.execute("SELECT 1")
