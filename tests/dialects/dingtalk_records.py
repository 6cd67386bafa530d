"""What the dialect server remembers: people, groups, messages, cards, to-dos, calls and deliveries."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]


class CannotPress(Exception):
    """The button is not there, or leads nowhere."""


class NotDelivered(Exception):
    """It was never acknowledged, and will not be delivered again."""


class Refused(Exception):
    """What DingTalk answers in place of a result: `code` of the new API, or `errcode` of the old one.

    `to_blame` tells whether the client did something wrong; it did not where a token ran out or a retry met its
    first attempt.
    """

    def __init__(
        self, code: str | int, message: str = "", *, status: int = 400, to_blame: bool = True, **more: Any
    ) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message, self.status = code, message or str(code), status
        self.to_blame = to_blame
        self.more = more


@dataclass
class Person:
    user_id: str
    union_id: str
    name: str
    dingtalk_id: str
    """What `senderId` holds; no API takes it."""
    single_cid: str
    manager_id: str = ""
    department_ids: list[int] = field(default_factory=lambda: [1])
    mobile: str = ""
    title: str = ""
    active: bool = True
    admin: bool = False
    flow_controlled: bool = False
    """A robot's message to them is held back: `flowControlledStaffIdList`."""


@dataclass
class GroupChat:
    cid: str
    title: str
    members: list[str]
    has_robot: bool = True
    dissolved: bool = False


@dataclass
class Department:
    dept_id: int
    name: str
    parent_id: int | None


@dataclass
class Fault:
    """Something to go wrong in calls of `api` ("*": any); the kinds are those of FAULT_KINDS."""

    api: str
    kind: str
    times: int | None = 1
    """None: for ever."""
    after: int = 0
    """So many calls pass first."""
    for_s: float | None = None
    """For so long by the dialect's clock, counted from the first call that it strikes."""
    seconds: float = 10.0
    status: int = 400
    code: str = "injected"
    errcode: int = -1
    message: str = "injected"
    users: Sequence[str] = ()
    since: datetime | None = None
    struck: int = 0

    def strikes(self, api: str, now: datetime) -> bool:
        if self.api not in {"*", api} or self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.since = self.since or now
        if self.for_s is not None:
            if now - self.since >= timedelta(seconds=self.for_s):
                return False
        elif self.times is not None:
            self.times -= 1
        self.struck += 1
        return True


@dataclass
class Call:
    """One request of the client; `api` is its short name (API_NAMES), `error` the code of a refusal."""

    api: str
    at: datetime
    method: str
    path: str
    params: dict[str, str]
    body: Any
    status: int | None = None
    error: str = ""
    accept: str = ""
    fault: Fault | None = None
    """The injected one that struck it."""


@dataclass
class Message:
    """One entry of a chat, as the phone shows it. `user` is who wrote it; "" is the robot."""

    number: int
    at: datetime
    cid: str
    user: str
    kind: str
    content: Json
    state: str = "shown"
    """shown · recalled"""
    key: str = ""
    """msgId of a person's message, processQueryKey of a robot's, outTrackId of a card."""
    via: str = ""
    """batchSend · group · session · webhook · card · work notice"""
    at_users: tuple[str, ...] = ()
    read_ms: int | None = None


@dataclass
class Card:
    out_track_id: str
    template_id: str
    params: dict[str, str]
    private: dict[str, dict[str, str]]
    callback_type: str
    route_key: str
    user_id_type: int
    created_at: datetime
    spaces: list[str] = field(default_factory=list)
    """Conversations in which it lies."""
    guids: set[str] = field(default_factory=set)
    updates: int = 0

    def view(self, user_id: str) -> dict[str, str]:
        """The variables as this person sees them."""
        return self.params | self.private.get(user_id, {})


@dataclass
class NativeTask:
    """An entry of DingTalk's own to-do list; all people in it by unionId."""

    task_id: str
    source_id: str
    subject: str
    creator: str
    executors: list[str]
    participants: list[str]
    detail_url: Json
    due_ms: int | None
    created_at: datetime
    modified_at: datetime
    done_by: set[str] = field(default_factory=set)
    done: bool = False
    ours: bool = True
    """Made by this app; another's cannot be changed."""
    deleted: bool = False
    fields: Json = field(default_factory=dict)


@dataclass
class Session:
    """What a sessionWebhook leads to."""

    cid: str
    until: datetime
    user_id: str


@dataclass
class Media:
    data: bytes
    kind: str
    robot_code: str = ""
    until: datetime | None = None
    file_name: str = ""


@dataclass
class Route:
    """Where card callbacks with this route key go by HTTP."""

    url: str
    api_secret: str = ""


@dataclass
class Ack:
    """A frame that a client sent up."""

    at: datetime
    connection_id: str
    message_id: str
    code: int
    message: str
    data: Any
    """Parsed, where it was JSON in a string; else as it came."""
    raw: Json


@dataclass
class Attempt:
    at: datetime
    way: str
    """stream · http"""
    connection_id: str = ""
    message_id: str = ""
    status: int | None = None
    """The ACK's code, or the HTTP status; None: no answer yet, or none at all."""
    body: bytes = b""
    error: str = ""
    took_s: float = 0.0
    """Real seconds."""
    begun_s: float = field(default_factory=time.monotonic, repr=False)


@dataclass(eq=False)
class Delivery:
    """One thing that DingTalk tells the client, and how often it had to."""

    number: int
    kind: str
    """text · audio · … · card · event · system"""
    key: str
    """msgId, eventId, outTrackId or opaque: the same when it is delivered again."""
    topic: str
    body: Any
    user: str = ""
    state: str = "new"
    """new · pushed · acked · queued · lost · given up · late"""
    attempts: list[Attempt] = field(default_factory=list)
    ack: Ack | None = None
    response: Any = None
    """A card callback's answer, applied or not."""
    faults: list[str] = field(default_factory=list)
    """What was wrong with the answer."""
    _decided: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def accepted(self) -> bool:
        return self.state == "acked"

    @property
    def status(self) -> int | None:
        """Of the last attempt."""
        return self.attempts[-1].status if self.attempts else None

    def become(self, state: str) -> None:
        self.state = state
        if state in {"acked", "lost", "given up", "late"}:
            self._decided.set()

    async def decided(self, timeout_s: float = 30.0) -> str:
        """Its final state, real seconds being waited for it. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._decided.wait()
        return self.state

    async def acked(self, timeout_s: float = 30.0) -> "Delivery":
        """Itself, once the client acknowledged it. Raises NotDelivered, TimeoutError."""
        if await self.decided(timeout_s) != "acked":
            raise NotDelivered(f"{self.kind} {self.key}: {self.state} {[one.error for one in self.attempts]}")
        return self

    def plain(self) -> Json:
        """For people and other processes."""
        return {
            "number": self.number,
            "kind": self.kind,
            "key": self.key,
            "topic": self.topic,
            "user": self.user,
            "state": self.state,
            "faults": self.faults,
            "response": self.response,
            "attempts": [vars(one) | {"body": one.body.decode("utf-8", "replace")} for one in self.attempts],
        }


@dataclass(frozen=True)
class Button:
    """A button as a phone shows it; without `params` it only opens `url`."""

    text: str
    node_id: str
    params: Mapping[str, str] | None
    url: str = ""
