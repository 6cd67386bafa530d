"""What makes a simulated quarter fit into minutes without changing what it shows."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiosqlite.core import Connection

SELDOM = 200_000


@contextmanager
def in_haste() -> Iterator[None]:
    """While inside, two things are done in less time.

    SQLite answers in the thread that asks: handing each statement to the driver's own thread and back took a third of
    all the time on two busy cores, and nothing else is to be done meanwhile where everything happens one after the
    other. And the garbage is looked for seldom.
    """
    handed_over, threshold = Connection._execute, gc.get_threshold()

    async def at_once(self: Connection, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        return function(*args, **named)

    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM, 50, 50)
    Connection._execute = at_once  # type: ignore[method-assign]
    try:
        yield
    finally:
        Connection._execute = handed_over  # type: ignore[method-assign]
        gc.set_threshold(*threshold)
        gc.unfreeze()
