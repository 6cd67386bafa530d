"""Access tokens of platform APIs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.errors import NotPermitted, PlatformError
from storage.clock import Clock

REFRESH_EARLY_S = 200.0
REFUSAL_PAUSE_S = 600.0
"""After a wrong secret the platform is left alone: a few more tries and WeCom blocks this address for an hour."""


class AccessToken:
    """An app's token: fetched by one caller at a time, shared by all, renewed before it ends.

    WeCom and DingTalk give one token per app secret; several processes may each hold it, since asking again returns the
    same. `fetch` answers the token and its life in seconds; `pause_s` says for how long a refusal is taken at its word.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[tuple[str, float]]],
        clock: Clock,
        *,
        pause_s: Callable[[NotPermitted], float] = lambda _: REFUSAL_PAUSE_S,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._pause_s = pause_s
        self._lock = asyncio.Lock()
        self._value: str | None = None
        self._good_until: datetime | None = None
        self._refusal: NotPermitted | None = None
        self._refused_until: datetime | None = None

    async def get(self) -> str:
        """Raises NotPermitted without asking again while a refusal is fresh, or any error of the call itself."""
        async with self._lock:
            now = self._clock.now()
            if self._value is not None and self._good_until is not None and now < self._good_until:
                return self._value
            if self._refusal is not None and self._refused_until is not None and now < self._refused_until:
                raise again(self._refusal)
            return await self._renew()

    def reject(self, token: str) -> None:
        """Forget `token`; a newer one, fetched meanwhile by another caller, stays."""
        if self._value == token:
            self._value = None

    async def _renew(self) -> str:
        self._value = None
        try:
            value, life_s = await self._fetch()
        except NotPermitted as refusal:
            self._refusal = refusal
            self._refused_until = self._clock.now() + timedelta(seconds=self._pause_s(refusal))
            raise
        self._refusal = None
        self._value = value
        self._good_until = self._clock.now() + timedelta(seconds=life_s - min(REFRESH_EARLY_S, life_s / 2))
        return value


def again(error: PlatformError, *, retry_after_s: float | None = None) -> PlatformError:
    """A new exception of the same kind: an exception object that is raised twice collects tracebacks."""
    return type(error)(error.api, error.code, hint=error.hint, retry_after_s=retry_after_s or error.retry_after_s)
