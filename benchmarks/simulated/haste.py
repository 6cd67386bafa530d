"""What makes a simulated quarter fit into minutes without changing what it shows."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiosqlite.core import Connection
from sqlalchemy import select

from bot.worker import QueueRules, Worker
from storage.jobs import READY, Job, JobRow
from storage.work import Work

SELDOM = 200_000


@contextmanager
def in_haste() -> Iterator[None]:
    """While inside, three things are done in less time.

    SQLite answers in the thread that asks: handing each statement to the driver's own thread and back took a third of
    all the time on two busy cores, and nothing else is to be done meanwhile where everything happens one after the
    other. A claim first asks in which queues anything is due, instead of asking each: nearly all are idle at nearly
    all moments. And the garbage is looked for seldom.
    """
    handed_over, claim_from, threshold = Connection._execute, Worker._claim_from, gc.get_threshold()

    async def at_once(self: Connection, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        return function(*args, **named)

    async def where_due(self: Worker, work: Work, queue: str, rules: QueueRules, at_once: int | None) -> list[Job]:
        due: set[str] | None = vars(work).get("due_queues")
        if due is None:
            query = select(JobRow.queue).where(JobRow.state == READY, JobRow.run_at <= work.now).distinct()
            due = vars(work)["due_queues"] = set(await work.session.scalars(query))
        return await claim_from(self, work, queue, rules, at_once) if queue in due else []

    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM, 50, 50)
    Connection._execute, Worker._claim_from = at_once, where_due  # type: ignore[method-assign]
    try:
        yield
    finally:
        Connection._execute, Worker._claim_from = handed_over, claim_from  # type: ignore[method-assign]
        gc.set_threshold(*threshold)
        gc.unfreeze()
