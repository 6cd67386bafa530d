"""Staying below a platform's limits of our own accord."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import PlatformBusy
from storage.clock import Clock


@dataclass
class MemberPace:
    """Keeps each member under a platform's limits: WeCom drops what is beyond them and reports success.

    The sender keeps the same limit over messages, across processes; this one counts calls, since one message may be
    several.
    """

    clock: Clock
    per_minute: int
    per_hour: int
    _sent_at: dict[str, deque[datetime]] = field(default_factory=dict)

    def need(self, user_id: str, count: int) -> None:
        """Raises PlatformBusy unless `count` more (or a whole minute's worth) can go out at once."""
        now = self.clock.now()
        sent_at = self._recent(user_id, now)
        for window, limit in ((timedelta(minutes=1), self.per_minute), (timedelta(hours=1), self.per_hour)):
            within = [at for at in sent_at if now - at < window]
            too_many = len(within) + min(count, limit) - limit
            if too_many > 0:
                wait_s = (within[too_many - 1] + window - now).total_seconds()
                raise PlatformBusy("message/send", "own limit", retry_after_s=wait_s)

    def take(self, user_id: str) -> None:
        self.need(user_id, 1)
        self._sent_at.setdefault(user_id, deque()).append(self.clock.now())

    def _recent(self, user_id: str, now: datetime) -> deque[datetime]:
        sent_at = self._sent_at.get(user_id, deque())
        while sent_at and now - sent_at[0] >= timedelta(hours=1):
            sent_at.popleft()
        if not sent_at:
            self._sent_at.pop(user_id, None)
        return sent_at


class CallPace:
    """At most `per_s` calls of one kind in any second; the next one waits its turn.

    Real time, not the assistant's clock: it is the platform that counts.
    """

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._began_at: dict[str, deque[float]] = {}

    async def turn(self, api: str) -> None:
        now_s = asyncio.get_running_loop().time
        began = self._began_at.setdefault(api, deque(maxlen=self._per_s))
        # The place is taken before the wait: those who come meanwhile stand behind it.
        opens_at_s = began[0] + 1.0 if len(began) == self._per_s else 0.0
        began.append(max(now_s(), opens_at_s))
        if (wait_s := opens_at_s - now_s()) > 0:
            await asyncio.sleep(wait_s)
