"""What changes, told to every open page: a ring of recent events, each with an id to resume from."""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from handlers.messages import JsonObject

RING_EVENTS = 2_000
"""A page that was away for longer is given everything anew."""


@dataclass(frozen=True)
class FeedEvent:
    number: int
    topic: Literal["entry", "log"]
    user_id: str | None
    """Whose phone it belongs to; None for the log."""
    body: JsonObject


class Missed(Exception):
    """The ring no longer holds all that came after the reader's last event."""


class Feed:
    """Events may be published from any thread: speech and decoding log from threads of their own."""

    def __init__(self) -> None:
        self.boot = secrets.token_hex(4)
        """Numbers start anew with each process; an id of another one cannot be resumed."""
        self._ring: deque[FeedEvent] = deque(maxlen=RING_EVENTS)
        self._lock = threading.Lock()
        self._last = 0
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._closed = False

    @property
    def last(self) -> int:
        return self._last

    def publish(self, topic: Literal["entry", "log"], user_id: str | None, body: JsonObject) -> None:
        with self._lock:
            self._last += 1
            self._ring.append(FeedEvent(self._last, topic, user_id, body))
            self._wake()

    def close(self) -> None:
        """End every reader, so that a server that shuts down need not wait for pages that stay open."""
        with self._lock:
            self._closed = True
            self._wake()

    def event_id(self, number: int) -> str:
        return f"{self.boot}-{number}"

    def number_of(self, event_id: str) -> int | None:
        """The number to resume after; None when the id is another process's or has left the ring."""
        boot, _, number = event_id.partition("-")
        if boot != self.boot or not (number.isascii() and number.isdigit()):
            return None
        return int(number) if self._holds_all_after(int(number)) else None

    async def after(self, number: int, *, idle_s: float) -> AsyncGenerator[FeedEvent | None]:
        """Every event later than `number` as it comes, None after each `idle_s` without one, until `close`.

        Raises Missed when the reader is so slow that the ring has moved on.
        """
        with self._signal() as signal:
            while True:
                signal.clear()
                for event in self._later_than(number):
                    number = event.number
                    yield event
                if self._closed:
                    return
                if self._last > number:
                    continue
                try:
                    async with asyncio.timeout(idle_s):
                        await signal.wait()
                except TimeoutError:
                    yield None

    def _later_than(self, number: int) -> list[FeedEvent]:
        with self._lock:
            if not self._holds_all_after(number):
                raise Missed
            return [event for event in self._ring if event.number > number]

    def _holds_all_after(self, number: int) -> bool:
        oldest = self._ring[0].number if self._ring else self._last + 1
        return oldest - 1 <= number <= self._last

    @contextmanager
    def _signal(self) -> Iterator[asyncio.Event]:
        waiting = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.add(waiting)
        try:
            yield waiting[1]
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    def _wake(self) -> None:
        for loop, signal in self._waiting:
            loop.call_soon_threadsafe(signal.set)
