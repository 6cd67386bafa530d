"""Servers to be killed, the WeCom that they talk to, and what people see meanwhile.

WeCom's dialect server runs in the test, so it lives on when a server dies, like the database.
"""

import asyncio
import json
import multiprocessing
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot import pipeline
from storage.clock import SystemClock
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.models import Escalation, Evidence, Todo, Visit
from tests.chaos import app
from tests.chaos.app import AheadClock, Plan
from tests.chat import ANSWERS, MANAGER, REP, VISIT
from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_records import Delivery, drawn

PATIENCE_S = 60.0
"""Nothing here may depend on how fast the machine is."""
POLL_S = 0.02
BUSY_QUEUES = ("inbox", "work", "outbox")
INVISIBLE = "\u200b"
AUDIO = b"#!AMR\n" + bytes(range(200))
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(200))

# Started once, with everything imported: a server then takes a tenth of a second to start instead of three.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.chaos.warm"])


@dataclass
class Server:
    """One process of ours."""

    plan: Plan
    is_up: bool = True
    """False while a test holds it still: nobody calls it then."""
    process: ForkServerProcess = field(init=False)

    def __post_init__(self) -> None:
        Path(self.plan.events).unlink(missing_ok=True)
        self.process = _processes.Process(target=app.run, args=(self.plan,), daemon=True)
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def events(self) -> list[dict[str, Any]]:
        with suppress(FileNotFoundError):
            lines = Path(self.plan.events).read_text("utf-8").split("\n")
            return [json.loads(line) for line in lines[:-1]]
        return []

    def points(self) -> list[str]:
        return [event["point"] for event in self.events() if "point" in event]

    @property
    def port(self) -> int | None:
        return next((event["ready"] for event in self.events() if "ready" in event), None)

    def log(self) -> str:
        with suppress(FileNotFoundError):
            return Path(self.plan.log).read_text("utf-8", errors="replace")
        return ""

    async def ready(self) -> int:
        """Its port, once everything runs."""
        await until(lambda: self.port is not None or not self.is_alive, f"a server to start: {self.log()[-2000:]}")
        if self.port is None:
            raise AssertionError(f"a server did not start: {self.log()[-4000:]}")
        return self.port

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def killed(self) -> None:
        self.send_signal(signal.SIGKILL)
        await self.gone()

    async def stopped(self) -> None:
        """In good order."""
        self.send_signal(signal.SIGCONT)
        self.send_signal(signal.SIGTERM)
        await self.gone()

    async def gone(self) -> None:
        await until(lambda: not self.is_alive, "a server to end")
        self.process.join()


async def until(met: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not met():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s:.0f} s in vain for {what}")
        await asyncio.sleep(POLL_S)


@dataclass
class Stage:
    """One company with its database, on which servers come and go."""

    folder: Path
    database_url: str
    wecom: WeComDialect
    servers: list[Server] = field(default_factory=list)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """More keys of [wecom]."""
    clock: AheadClock | None = None
    """Of the servers, of WeCom and of who looks on; None: the machine's own."""
    _observer: Database | None = None
    _turn: int = 0

    def start(self, **plan: Any) -> Server:
        number = len(self.servers) + 1
        server = Server(
            Plan(
                **{
                    "database": self.database_url,
                    "media_dir": str(self.folder / "media"),
                    "events": str(self.folder / f"events-{number}.jsonl"),
                    "log": str(self.folder / f"log-{number}.txt"),
                    "wecom": {**self.wecom.settings(), **self.settings},
                    "hears": VISIT,
                    "ahead_s": self.clock.ahead.total_seconds() if self.clock else None,
                }
                | plan
            )
        )
        self.servers.append(server)
        return server

    async def opened(self, **plan: Any) -> Server:
        """A server that is ready."""
        server = self.start(**plan)
        await server.ready()
        return server

    def _route(self) -> None:
        """To one of the servers that are up, in turn, as a load balancer would; to the last one where none is."""
        ports = [server.port for server in self.servers if server.is_up and server.is_alive and server.port]
        if ports:
            self._turn += 1
            self.wecom.callback_url = f"http://127.0.0.1:{ports[self._turn % len(ports)]}/wecom/callback"

    async def close(self) -> None:
        for server in self.servers:
            await server.killed()
            server.process.close()
        if self._observer is not None:
            await self._observer.close()

    # what happens

    async def bring(self, act: Callable[[], Awaitable[Delivery]]) -> Delivery:
        """Somebody does something, and WeCom brings it until it is acknowledged.

        It would bring it three times; a person whose message got lost would send it again.
        """
        self._route()
        delivery = await act()
        deadline = time.monotonic() + PATIENCE_S
        while not delivery.accepted:
            if time.monotonic() > deadline:
                raise AssertionError("a callback was never acknowledged")
            await asyncio.sleep(0.05)
            self._route()
            await self.wecom.replay(delivery.number)
        return delivery

    async def visit(self) -> None:
        """The whole conversation: a voice note, its card, the confirmation, and all that follows from it."""
        wecom = self.wecom
        await self.bring(lambda: wecom.send_voice(REP, AUDIO))
        await until(lambda: any("拜访记录" in title(card) for card in wecom.cards(REP)), "the draft card")
        await self.bring(lambda: wecom.press(REP, "确认"))
        await until(lambda: any("风险三问" in title(card) for card in wecom.cards(REP)), "the questions")
        await self.bring(lambda: wecom.send_text(REP, ANSWERS))
        await until(lambda: any("已入库" in text for text in wecom.texts(REP)), "the confirmation")
        await until(lambda: bool(wecom.cards(MANAGER)), "the escalation")
        await self.idle()

    async def screenshot(self) -> None:
        """A screenshot of a chat, its card, the confirmation, and the escalation that follows."""
        wecom = self.wecom
        await self.bring(lambda: wecom.send_image(REP, PICTURE))
        await until(lambda: any("拜访记录" in title(card) for card in wecom.cards(REP)), "the draft card")
        await self.bring(lambda: wecom.press(REP, "确认"))
        await until(lambda: any("风险三问" in title(card) for card in wecom.cards(REP)), "the questions")
        await self.bring(lambda: wecom.send_text(REP, ANSWERS))
        await until(lambda: any("已入库" in text for text in wecom.texts(REP)), "the confirmation")
        await until(lambda: bool(wecom.cards(MANAGER)), "the escalation")
        await self.idle()

    async def flood(self, people: int, each: int) -> None:
        """Everybody sends places, one after the other, all people at once; each place has a name of its own."""

        async def walk(user: str) -> None:
            for number in range(each):
                label = place(user, number)
                await self.bring(lambda label=label: self.wecom.send_location(user, 29.9, 121.8, label))  # type: ignore[misc]

        await asyncio.gather(*(walk(f"rep{number}") for number in range(people)))
        await self.idle()

    @property
    def acknowledged(self) -> int:
        return sum(delivery.accepted for delivery in self.wecom.deliveries)

    def answered(self, user: str) -> list[str]:
        """The places in what this phone shows, in order; one that is shown twice stands there twice."""
        return re.findall(r"〔[^〕]*〕", "\n".join(self.wecom.texts(user)))

    async def idle(self) -> None:
        """Until nothing is due or under way."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            busy = await self._busy()
            if not busy:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"still busy: {busy}; {self.servers[-1].log()[-3000:]}")
            await asyncio.sleep(0.05)

    async def next_due(self) -> datetime | None:
        """When time alone brings something to do."""
        database = await self.observer()
        async with database.reading() as work:
            return (await work.jobs.outlook(pipeline.QUEUES)).next_at

    async def has_done_what_is_due(self, server: Server) -> bool:
        """Once it has, or is dead."""
        database = await self.observer()
        deadline = time.monotonic() + PATIENCE_S
        while server.is_alive:
            async with database.reading() as work:
                running = await work.jobs.counts("running")
                waiting = [queue for queue in pipeline.QUEUES if await work.jobs.oldest_waiting(queue)]
            if not running and not waiting:
                return True
            if time.monotonic() > deadline:
                raise AssertionError(f"still busy: {waiting}; {server.log()[-3000:]}")
            await asyncio.sleep(POLL_S)
        return False

    def jump_to(self, moment: datetime) -> None:
        """For whoever is started from now on, and for WeCom. What runs keeps its clock."""
        assert self.clock is not None
        self.clock.ahead += moment - self.clock.now()
        self.wecom.advance((self.clock.now() - self.wecom.now()).total_seconds())

    async def _busy(self) -> str:
        try:
            database = await self.observer()
            async with database.reading() as work:
                counts = await work.jobs.counts()
        except DatabaseUnavailable:
            return "the database is away"
        return ", ".join(
            f"{count} {state} in {queue}"
            for (queue, state), count in counts.items()
            if queue in BUSY_QUEUES and state in ("ready", "running")
        )

    async def observer(self) -> Database:
        if self._observer is None:
            self._observer = await Database.open(self.database_url, self.clock or SystemClock(), lock=False)
        return self._observer

    # what is there afterwards

    def seen(self) -> dict[str, list[str]]:
        """What the phones show, without the times."""
        return {user: self.phone(user) for user in sorted({message.user for message in self.wecom.messages})}

    def phone(self, user: str) -> list[str]:
        shown = [message for message in self.wecom.messages if message.user == user and message.state == "shown"]
        lines = ["\n".join(drawn(message)) for message in shown]
        return [line.partition("] ")[2].replace(INVISIBLE, "") for line in lines]

    async def put_aside(self) -> list[str]:
        """What was given up, and why."""
        database = await self.observer()
        async with database.reading() as work:
            return [f"{job.kind}: {job.error}" for job in await work.jobs.listing("parked")]

    def warnings(self) -> str:
        """What the servers complained of: without it, a failure that one run in many shows tells nothing."""
        lines = [line for server in self.servers for line in server.log().splitlines() if " INFO " not in line]
        return "\n".join(lines)[-20_000:]

    async def records(self) -> dict[str, int]:
        database = await self.observer()
        async with database.reading() as work:
            counts = {
                table.__name__: await work.session.scalar(select(func.count()).select_from(table)) or 0
                for table in (Visit, Todo, Escalation, Evidence)
            }
            jobs = await work.jobs.counts()
        return counts | {"parked": sum(count for (_, state), count in jobs.items() if state == "parked")}


def place(user: str, number: int) -> str:
    return f"〔{user}第{number}处〕"


def title(card: Any) -> str:
    return str(card.content["main_title"].get("title", ""))


@asynccontextmanager
async def staged(folder: Path, database_url: str, **dialect: Any) -> AsyncIterator[Stage]:
    async with WeComDialect(callback_url="http://127.0.0.1:1/wecom/callback") as wecom:
        wecom.max_deliveries = 1
        for name, value in dialect.items():
            setattr(wecom, name, value)
        stage = Stage(folder, database_url, wecom)
        try:
            yield stage
        finally:
            await stage.close()
