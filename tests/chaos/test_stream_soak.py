"""Two hundred lost connections in a minute: whatever the Stream gateway was told that we have, we have, once."""

import asyncio
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from bot.dingtalk.stream import Frame, Timings
from bot.pipeline import Inbox
from bot.platform import Received
from handlers.messages import JsonObject
from storage.clock import SystemClock
from storage.database import Database
from tests.stream_stage import BOT, Link, TinyGateway, frame, streaming, system, until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

MESSAGES = 5_000
LOSSES = 200
SEED = 20261122
BRISK = Timings(
    idle_s=0.45,
    heartbeat_s=0.3,
    connect_s=1.0,
    drain_s=0.5,
    close_s=0.2,
    lived_s=0.1,
    first_wait_s=0.02,
    longest_wait_s=0.2,
    refused_wait_s=0.1,
)
AGAIN_AFTER_S = 0.8
"""What was not answered for so long is pushed again, then after twice as long, …; DingTalk takes about a minute."""
LONGEST_S = 3.2
MOST_UNANSWERED = 300
"""No new ones before these are answered: a machine that is too slow for the pace must not drown in repeats."""
AT_A_TIME, PAUSE_S = 8, 0.04


@dataclass
class Redelivering:
    """Pushes each message until it is answered with 200, on any connection that it believes to stand."""

    gateway: TinyGateway
    chance: random.Random
    unanswered: dict[str, float] = field(default_factory=dict)
    """By `msgId`: when to push it again."""
    tries: Counter[str] = field(default_factory=Counter)
    acked: set[str] = field(default_factory=set)
    answered_twice: int = 0
    pushes: int = 0
    told_to_go: set[Link] = field(default_factory=set)
    frames: dict[str, str] = field(default_factory=dict)
    """By the frame's `messageId`: which message it carried."""
    codes: Counter[int] = field(default_factory=Counter)
    on_ack: Callable[[str], None] = lambda _: None

    def believed(self) -> list[Link]:
        """A half open connection is among them, as it would be."""
        return [link for link in self.gateway.links if not link.closed.is_set() and link not in self.told_to_go]

    def opened(self, link: Link) -> None:
        link.on_answer = self.answered

    def answered(self, _link: Link, answer: dict[str, Any]) -> None:
        message_id = answer["headers"]["messageId"]
        if message_id not in self.frames:
            return
        self.codes[answer["code"]] += 1
        if answer["code"] != 200:
            return
        name = self.frames[message_id]
        self.answered_twice += name in self.acked
        self.acked.add(name)
        self.unanswered.pop(name, None)
        self.on_ack(name)

    async def deliver(self) -> None:
        """All of them, a few at a time, and again whatever is overdue."""
        loop = asyncio.get_running_loop()
        sent = 0
        while sent < MESSAGES or self.unanswered:
            now_s = loop.time()
            due = [name for name, at_s in self.unanswered.items() if at_s <= now_s]
            fresh = range(sent, min(MESSAGES, sent + AT_A_TIME, sent + MOST_UNANSWERED - len(self.unanswered)))
            sent = max(sent, fresh.stop)
            for name in (*due, *(f"msg{number}+/=" for number in fresh)):
                await self.push(name, now_s)
            await asyncio.sleep(PAUSE_S)

    async def push(self, name: str, now_s: float) -> None:
        self.unanswered[name] = now_s + min(AGAIN_AFTER_S * 2 ** self.tries[name], LONGEST_S)
        self.tries[name] += 1
        believed = self.believed()
        if not believed:
            return
        # Whether the frame's number changes when a message is pushed again is not known: both.
        message_id = name if self.chance.random() < 0.5 else f"{name}#{self.pushes}"
        self.frames[message_id] = name
        self.pushes += 1
        data = {"msgId": name, "senderStaffId": f"rep{hash_of(name) % 20}", "text": {"content": "今天拜访了张总"}}
        try:
            async with asyncio.timeout(1):
                await self.chance.choice(believed).push(frame("CALLBACK", BOT, data, message_id))
        except (ConnectionError, TimeoutError, RuntimeError):
            return


def hash_of(name: str) -> int:
    """The same in every run, unlike `hash`."""
    return sum(name.encode())


class Breaker:
    """Loses connections in every way there is."""

    def __init__(self, gateway: TinyGateway, delivery: Redelivering, chance: random.Random) -> None:
        self.gateway = gateway
        self.delivery = delivery
        self.chance = chance
        self.done: Counter[str] = Counter()

    async def expires(self, link: Link) -> None:
        self.delivery.told_to_go.add(link)
        await link.push(system("disconnect", {"reason": "connection is expired"}))
        asyncio.get_running_loop().call_later(0.4, link.abort)

    async def closes_1000(self, link: Link) -> None:
        await link.socket.close(code=1000)

    async def closes_1011(self, link: Link) -> None:
        await link.socket.close(code=1011)

    async def hangs_up_without_a_word(self, link: Link) -> None:
        """What a client sees as 1006."""
        link.transport.close()

    async def resets(self, link: Link) -> None:
        link.abort()

    async def falls_silent(self, link: Link) -> None:
        link.mute.set()

    async def stops_answering_pings(self, link: Link) -> None:
        self.delivery.told_to_go.add(link)
        link.pongs = False

    async def refuses(self, link: Link) -> None:
        self.gateway.refusals.extend(self.chance.choice(([503], [401, 500], [302], [200])))
        link.abort()

    async def breaks(self, losses: int) -> None:
        ways: list[Callable[[Link], Awaitable[None]]] = [
            self.expires,
            self.closes_1000,
            self.closes_1011,
            self.hangs_up_without_a_word,
            self.resets,
            self.falls_silent,
            self.stops_answering_pings,
            self.refuses,
        ]
        plan = [ways[number % len(ways)] for number in range(losses)]
        self.chance.shuffle(plan)
        broken: set[Link] = set()
        for lose in plan:
            await until(lambda: self._newest() not in {None, *broken}, "a new connection")
            await asyncio.sleep(self.chance.uniform(0, 0.15))
            link = self._newest()
            assert link is not None
            broken.add(link)
            self.done[lose.__name__] += 1
            await lose(link)

    def _newest(self) -> Link | None:
        return self.gateway.links[-1] if self.gateway.links else None


class Keeping:
    """As the adapter keeps frames, on a machine that is slow at times and at times fails."""

    def __init__(self, database: Database, chance: random.Random) -> None:
        self._inbox = Inbox(database)
        self._chance = chance
        self.committed: set[str] = set()
        self.repeats = 0

    async def __call__(self, frame: Frame) -> JsonObject:
        message_id = str(frame.data["msgId"])
        dice = self._chance.random()
        await asyncio.sleep(self._chance.uniform(0, 0.05))
        if dice < 0.01:
            raise OSError("before the commit")
        is_new = await self._inbox.keep(
            "dingtalk", Received(message_id, str(frame.data["senderStaffId"]), dict(frame.data))
        )
        self.committed.add(message_id)
        self.repeats += not is_new
        if dice > 0.99:
            raise OSError("after the commit")
        return {"response": None}


async def test_five_thousand_messages_over_two_hundred_lost_connections_are_kept_once_each(sqlite_url: str) -> None:
    chance = random.Random(SEED)
    files_before = psutil.Process().num_fds()
    database = await Database.open(sqlite_url, SystemClock())
    keeping = Keeping(database, random.Random(SEED + 1))
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with TinyGateway().serving() as gateway:
        delivery = Redelivering(gateway, random.Random(SEED + 2))
        gateway.opened = delivery.opened
        unkept: list[str] = []
        delivery.on_ack = lambda name: unkept.extend([] if name in keeping.committed else [name])
        breaker = Breaker(gateway, delivery, chance)
        async with streaming(gateway, keeping, timings=BRISK, pause=asyncio.sleep) as client:
            delivering = asyncio.create_task(delivery.deliver())
            await breaker.breaks(LOSSES)
            broke_s = loop.time() - began_s
            left = len(delivery.unanswered)
            async with asyncio.timeout(60):
                await delivering
            counts = client.counts
    took_s = loop.time() - began_s
    await database.close()
    kept = kept_in(sqlite_url)

    print(f"\n{broke_s:.0f} s of losses, {left} unanswered after them, {took_s:.0f} s; {dict(breaker.done)}; {counts}")
    print(f"{delivery.pushes} pushes, answers {dict(delivery.codes)}, {delivery.answered_twice} answered again,")
    print(f"{keeping.repeats} repeats met the inbox, {len(kept)} kept")

    assert unkept == [], "answered before it was kept"
    assert all(times == 1 for times in kept.values())
    assert delivery.acked <= set(kept)
    assert len(delivery.acked) == len(kept) == MESSAGES
    assert sum(breaker.done.values()) == LOSSES
    assert len(breaker.done) == 8
    assert counts.connections >= LOSSES
    assert keeping.repeats, "a soak without repeats shows nothing"
    assert psutil.Process().num_fds() <= files_before + 5, "two hundred connections leave no file open"


def kept_in(sqlite_url: str) -> Counter[str]:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    try:
        rows = connection.execute("SELECT payload FROM jobs WHERE queue = 'inbox'").fetchall()
    finally:
        connection.close()
    return Counter(json.loads(payload)["event_id"] for (payload,) in rows)
