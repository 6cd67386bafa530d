"""A server to be killed: the real assistant on WeCom, with ears that hear what they are told, and points to die at.

By hand: `python -m tests.chaos.app plan.json`, a file with the fields of `Plan`. Tests start it in a process of its own
(`tests.chaos.stage`). It appends what happens to `plan.events`, one JSON object a line, in a way that outlives SIGKILL.

A point is named after the job that reaches it: `send#3: before commit 2` is the third job of kind `send` that this
process began, just before the commit of its second transaction. `keep` is the acknowledgement of a callback.
"""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
from aiohttp import web

from bot import demo, logs, pipeline, wiring
from bot.config import Calendar, Config, Server, Storage, WeCom
from bot.platform import Deliverable, Keep, MediaFile, Received, Sent
from bot.wecom.adapter import WeComPlatform
from bot.worker import Handler
from handlers.messages import PlatformName, ReplyRoute
from nlp.draft import ExtractionContext, VisitDraft
from nlp.extractor import Rules
from nlp.images import look_of
from nlp.screens import Message, ReadHint, ScreenReading, Seen
from nlp.transcript import Segment, Transcript
from storage.clock import SystemClock
from storage.database import Database
from storage.jobs import Job
from storage.media import LocalMediaStore
from storage.work import Work

CHAT = ScreenReading(
    "chat",
    (
        Message("left", "text", "需要3月前完成安装"),
        Message("right", "text", "好的，2月20日前提供安装排期表"),
        Message("left", "text", "领导还没批，要等预算"),
    ),
    "恒力阀门-李总",
    plain_text="需要3月前完成安装",
    engine="canned",
)


@dataclass(frozen=True)
class Plan:
    database: str
    media_dir: str
    events: str
    """The file to which events are appended."""
    log: str
    wecom: Mapping[str, Any]
    """The keys of [wecom] in config.toml."""
    roles: tuple[str, ...] = tuple(pipeline.ROLES)
    hears: str = ""
    listens_s: float = 0.0
    """How long a transcription takes."""
    lease_s: float | None = None
    """Of every queue; None: as in production."""
    fault_at: str = ""
    fault_after: int = 0
    """Die at the point that is reached as the so-manieth, whichever it is."""
    ahead_s: float | None = None
    """How far its clock runs ahead, in ordinary working hours; None: not at all, in a company that never closes."""
    fault: Literal["kill", "stop"] = "kill"


@dataclass
class AheadClock:
    """The machine's clock, so far ahead that another day can be had at once; it is not set by a database's."""

    ahead: timedelta
    _clock: SystemClock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        await self._clock.wait(event, None if until is None else until - self.ahead)


class Faults:
    """Notes which points are reached, and dies or freezes at the one it was given."""

    def __init__(self, events: Path, at: str, after: int, fault: Literal["kill", "stop"]) -> None:
        self._file = os.open(events, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._at = at
        self._after = after
        self._reached = 0
        self._signal = signal.SIGKILL if fault == "kill" else signal.SIGSTOP
        self._counts: Counter[str] = Counter()

    def note(self, **event: object) -> None:
        os.write(self._file, json.dumps(event, ensure_ascii=False).encode() + b"\n")

    def begin(self, kind: str) -> None:
        self._counts[kind] += 1
        _current.set(_Run(f"{kind}#{self._counts[kind]}"))
        self.reach("begins")

    def reach(self, point: str) -> None:
        """Passed over outside jobs and callbacks: what dies there dies between two other points."""
        run = _current.get()
        if run is None:
            return
        name = f"{run.name}: {point}"
        self.note(point=name)
        self._reached += 1
        if name == self._at or self._reached == self._after:
            os.kill(os.getpid(), self._signal)

    def transaction(self) -> int:
        run = _current.get()
        if run is None:
            return 0
        run.transactions += 1
        return run.transactions


@dataclass
class _Run:
    name: str
    transactions: int = 0


_current: ContextVar[_Run | None] = ContextVar("current", default=None)


class FaultyDatabase(Database):
    faults: Faults | None = None

    @asynccontextmanager
    async def work(self, *, urgent: bool = False) -> AsyncIterator[Work]:
        faults = self.faults
        number = faults.transaction() if faults else 0
        async with super().work(urgent=urgent) as work:
            yield work
            if faults:
                faults.reach(f"before commit {number}")
        if faults:
            faults.reach(f"after commit {number}")


class FaultyWeCom(WeComPlatform):
    def __init__(self, config: WeCom, faults: Faults) -> None:
        super().__init__(config, part_pause_s=0)
        self._faults = faults

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        async def noted(platform: PlatformName, received: Received) -> bool:
            self._faults.begin("keep")
            return await keep(platform, received)

        return super().routes(noted)

    async def fetch_media(self, media_ref: str) -> MediaFile:
        file = await super().fetch_media(media_ref)
        self._faults.reach("after download")
        return file

    async def send(
        self,
        user_id: str,
        content: Deliverable,
        *,
        key: str,
        guard: bool = False,
        response_ref: str | None = None,
        reply: ReplyRoute | None = None,
        group: str | None = None,
    ) -> Sent:
        sent = await super().send(
            user_id, content, key=key, guard=guard, response_ref=response_ref, reply=reply, group=group
        )
        self._faults.reach("after sending")
        return sent


class FaultyMedia(LocalMediaStore):
    def __init__(self, root: Path, faults: Faults) -> None:
        super().__init__(root)
        self._faults = faults

    async def put(self, data: bytes) -> str:
        sha256 = await super().put(data)
        self._faults.reach("after keeping the file")
        return sha256


@dataclass
class Ears:
    """Hear the same whatever is said."""

    text: str
    listens_s: float
    faults: Faults
    heard: int = field(default=0)

    async def listen(self, audio: bytes, *, hot_words: tuple[str, ...] = ()) -> Transcript:
        await asyncio.sleep(self.listens_s)
        self.heard += 1
        self.faults.reach("after listening")
        parts = self.text.replace("。", "。\n").splitlines()
        segments = tuple(Segment(5.0 * number, 5.0 * number + 5, part) for number, part in enumerate(parts))
        return Transcript(self.text, segments, 5.0 * len(parts), "canned")


@dataclass
class Eyes:
    """See the same chat in every picture."""

    faults: Faults
    name: str = "canned"

    async def read(self, image: bytes, hint: ReadHint) -> Seen:
        self.faults.reach("while looking")
        rgb = np.zeros((16, 16, 3), np.uint8)
        return Seen(CHAT, hashlib.sha256(image).hexdigest(), look_of(rgb), width=1080, height=2340)

    async def close(self) -> None:
        """Nothing runs."""


@dataclass
class Mind:
    """Read by the rules, as a model would: away from the process for a while, in which it may die."""

    faults: Faults

    async def extract(self, text: str, context: ExtractionContext) -> VisitDraft:
        self.faults.reach("while a model reads")
        await asyncio.sleep(0)
        draft = await Rules().extract(text, context)
        self.faults.reach("after a model has read")
        return draft


def watched(handlers: Mapping[str, Handler], faults: Faults) -> dict[str, Handler]:
    def watch(handler: Handler) -> Handler:
        async def run(job: Job) -> None:
            faults.begin(job.kind)
            await handler(job)

        return run

    return {kind: watch(handler) for kind, handler in handlers.items()}


async def serve(plan: Plan) -> None:
    """Until SIGTERM, or until the point is reached."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    faults = Faults(Path(plan.events), plan.fault_at, plan.fault_after, plan.fault)
    clock = SystemClock() if plan.ahead_s is None else AheadClock(timedelta(seconds=plan.ahead_s))
    wecom = WeCom.model_validate(dict(plan.wecom))
    config = Config(
        server=Server(port=0),
        storage=Storage(database=plan.database, media_dir=Path(plan.media_dir)),
        wecom=wecom,
        # by the machine's own clock it must not matter at what time of day this is run
        calendar=demo.open_all_hours(Path(plan.media_dir).parent) if plan.ahead_s is None else Calendar(),
    )
    database = await FaultyDatabase.open(plan.database, clock)
    platform = FaultyWeCom(wecom, faults)
    queues = pipeline.QUEUES
    if plan.lease_s is not None:
        queues = {queue: replace(rules, lease_s=plan.lease_s) for queue, rules in queues.items()}
    try:
        built = await wiring.put_together(
            config,
            database,
            clock=clock,
            listener=Ears(plan.hears, plan.listens_s, faults),
            extractor=Mind(faults),
            screens=Eyes(faults),
            media=FaultyMedia(Path(plan.media_dir), faults),
            platforms=[platform],
            roles=plan.roles,
            queues=queues,
            watch=lambda handlers: watched(handlers, faults),
        )
        database.faults = faults
        await wiring.run(
            built, stop=stop, host="127.0.0.1", port=0, on_ready=lambda port: faults.note(ready=port, pid=os.getpid())
        )
    finally:
        await platform.close()
        await database.close()
    faults.note(ended=True)


def run(plan: Plan) -> None:
    # Both streams into the plan's log, past Python's own buffers and whatever the parent had made of them.
    log = os.open(plan.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    logs.set_up()
    asyncio.run(serve(plan))


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    known = asdict(Plan("", "", "", "", {})) | plan
    run(Plan(**known | {"roles": tuple(known["roles"])}))


if __name__ == "__main__":
    main()
