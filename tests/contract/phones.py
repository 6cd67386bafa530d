"""One company whose people have phones on any of our platforms, for conversations that must end alike on all of them.

A `Line` is one platform as people use it: the server that speaks its dialect, and what it brings to us and shows of us.
A `Phone` is one person's end of a line; whatever is done with it is worked off before the next thing happens.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

from aiohttp import web

from bot import pipeline, wiring
from bot.config import Config, Server, Storage
from bot.platform import Platform, Received
from handlers.context import INBOX_QUEUE
from handlers.messages import PlatformName
from nlp.screens import ScreenReading
from storage.database import Database
from storage.models import Identity
from tests.chat import FakeListener, FakeScreens, enrol, heard
from tests.fakes import FakeClock

AUDIO = b"#!AMR\n" + bytes(range(200))
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
MARKUP = re.compile(r"[\s*#>：\\`_\u200b-\u200d\ufe0f]+")
"""White space, colons and what platforms' markup puts between words: one shows 客户：恒力, the other 客户 and 恒力."""

Ears = Literal["ours", "both", "theirs"]
"""Who hears a voice note: our engine alone, the platform's at once and ours after it, or the platform's alone."""
Messages = Literal["apart", "in parts", "joined"]
"""One message of ours is one there, or may come in parts, or stands together with others in one that grows."""
Greying = Literal["always", "on click", "never"]
"""When a card can show that it counts no more."""


Click = Callable[[str], Coroutine[Any, Any, None]]
"""A press that is kept back: whose phone it is to come from is said when it is made."""


@dataclass(frozen=True)
class Seen:
    """One message of the assistant, as a phone shows it."""

    name: str
    """Tells it from all other messages on this phone."""
    words: str
    """All that can be read on it, its buttons aside."""
    buttons: tuple[str, ...] = ()
    """What can be pressed, or answered by number."""
    closed: str | None = None
    """What stands in the place of the buttons once they count no more."""
    data: bytes = b""
    """The picture that is shown, or the file that can be opened."""

    def says(self, *words: str) -> bool:
        return all(plain(part) in plain(self.words) for part in words)


def plain(text: str) -> str:
    return MARKUP.sub("", text)


class Line(Protocol):
    """One platform. What people do on it returns once the bot has acknowledged it."""

    name: PlatformName
    ears: Ears
    greying: Greying
    messages: Messages
    sends_files: bool
    """Whether the assistant can send a file there."""
    calls_wait_for_us: bool
    """Whether the platform's call is answered with what came of it, and so ends after the work."""
    option_acts: bool
    """Whether an option is a button of its own rather than a choice that goes with a button."""

    async def __aenter__(self) -> "Line": ...

    async def __aexit__(self, *_: object) -> None: ...

    def settings(self) -> Mapping[str, object]:
        """The sections of config.toml that switch it on."""
        ...

    def platform(self, config: Config, clock: FakeClock, folder: Path) -> Platform: ...

    async def connect(self, bot: "Bot") -> None:
        """The bot listens from now on."""
        ...

    async def text(self, user_id: str, words: str) -> None: ...

    async def voice(self, user_id: str, audio: bytes, *, recognised: str) -> None:
        """`recognised` is what the platform's own engine makes of it, where the platform has one."""
        ...

    async def picture(self, user_id: str, data: bytes) -> None: ...

    async def file(self, user_id: str, data: bytes, name: str) -> None: ...

    async def oddity(self, user_id: str) -> None:
        """A message of a kind that we do not know."""
        ...

    async def press(self, user_id: str, button: str, *, choosing: str = "", times: int = 1) -> None:
        """The newest card that has the button; `choosing` is part of an option's text, picked before.

        Where options are buttons of their own, `button` may be part of such a one's text.
        """
        ...

    def click(self, owner_id: str, button: str) -> Click:
        """What a press of that button, part of whose text is `button`, would bring us from the card as it is now.

        Made by somebody else it is made up, or a number that answers nothing; made later it comes from a phone that
        still shows the card as it was.
        """
        ...

    def let_go(self) -> None:
        """All that came of what was brought is done: a call that waits for more of it need not."""
        ...

    async def again(self, copies: int) -> None:
        """The platform brings the last thing once more, all copies at once."""
        ...

    def seen(self, user_id: str) -> list[Seen]: ...

    @property
    def violations(self) -> Sequence[str]:
        """What the platform would hold against us."""
        ...


@dataclass
class Bot:
    """What a line needs to know of us."""

    port: int
    database: Database
    does: Callable[[Coroutine[Any, Any, None]], Awaitable[None]]
    brought: int = 0
    """Events that came over connections of our own, repeats included."""

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        is_new = await pipeline.keep(self.database, platform, received)
        self.brought += 1
        return is_new


@dataclass
class Company:
    assistant: wiring.Assistant
    lines: Mapping[PlatformName, Line]
    clock: FakeClock
    listener: FakeListener
    screens: FakeScreens

    def phone(self, user_id: str, on: PlatformName | None = None) -> "Phone":
        return Phone(self, self.lines[on] if on else next(iter(self.lines.values())), user_id)

    async def does(self, action: Coroutine[Any, Any, None]) -> None:
        """Have somebody do something, and whatever follows from it be done."""
        assert self.assistant.worker is not None
        waiting = [line for line in self.lines.values() if line.calls_wait_for_us]
        before = await self._kept() if waiting else 0
        doing = asyncio.create_task(action)
        while waiting and not doing.done():
            await asyncio.wait([doing], timeout=0.005)
            was_kept = await self._kept() > before
            await self.assistant.worker.drain()
            for line in waiting if was_kept else ():
                line.let_go()
        await doing
        await self.assistant.worker.drain()

    async def _kept(self) -> int:
        """How many events there have been."""
        async with self.assistant.database.reading() as work:
            return sum(count for (queue, _), count in (await work.jobs.counts()).items() if queue == INBOX_QUEUE)

    async def lives_until(self, moment: datetime) -> None:
        """Time goes by, and whatever falls due is done when it does."""
        assert self.assistant.worker is not None
        await self.assistant.worker.drain()
        while (due := await self._next_due()) is not None and due <= moment:
            self.clock.advance(due - self.clock.now())
            await self.assistant.worker.drain()
        self.clock.advance(max(moment - self.clock.now(), timedelta()))

    async def _next_due(self) -> datetime | None:
        async with self.assistant.database.reading() as work:
            return (await work.jobs.outlook(pipeline.QUEUES)).next_at


@dataclass
class Phone:
    company: Company
    line: Line
    user_id: str
    _looked_at: set[str] = field(default_factory=set)
    _files: int = 0

    async def says(self, words: str) -> None:
        await self.company.does(self.line.text(self.user_id, words))

    async def speaks(self, words: str, *, recognised: str | None = None) -> None:
        """Our engine hears `words`; the platform's own, where it has one, hears `recognised` or the same."""
        if self.line.ears != "theirs":
            self.company.listener.answers.append(heard(words))
        await self.company.does(self.line.voice(self.user_id, AUDIO, recognised=recognised or words))

    async def sends_picture(self, reading: ScreenReading | None = None) -> None:
        """In which `reading` is read; a photo without words where there is none. Every picture is another one."""
        self.company.screens.answers.append(reading or ScreenReading("photo"))
        data = PICTURE + bytes([len(self.company.screens.asked)])
        await self.company.does(self.line.picture(self.user_id, data))

    async def sends_file(self, name: str, data: bytes | None = None) -> None:
        """Of that name; every one is another one, unless `data` says which."""
        self._files += 1
        data = data or b"%PDF-1.7\n" + f"{name} {self._files}".encode()
        await self.company.does(self.line.file(self.user_id, data, name))

    async def sends_something_odd(self) -> None:
        await self.company.does(self.line.oddity(self.user_id))

    async def presses(self, button: str, *, choosing: str = "", times: int = 1) -> None:
        """`times` above one: before anything could be done about the first."""
        if choosing and self.line.option_acts:
            await self.company.does(self.line.press(self.user_id, choosing, times=times))
            if button not in next((seen.buttons for seen in reversed(self.sees()) if seen.buttons), ()):
                return
            choosing = ""
        await self.company.does(self.line.press(self.user_id, button, choosing=choosing, times=times))

    def click(self, button: str) -> Click:
        """A press that can be made when the card has changed, or by somebody else."""
        return self.line.click(self.user_id, button)

    async def makes(self, click: Click) -> None:
        await self.company.does(click(self.user_id))

    async def presses_on(self, other: "Phone", button: str) -> None:
        await self.makes(other.click(button))

    async def repeats(self, copies: int = 3) -> None:
        await self.company.does(self.line.again(copies))

    def sees(self) -> list[Seen]:
        """All that the assistant has sent to it, oldest first."""
        return self.line.seen(self.user_id)

    def news(self) -> list[Seen]:
        """What came since this was last asked."""
        new = [seen for seen in self.sees() if seen.name not in self._looked_at]
        self._looked_at |= {seen.name for seen in new}
        return new

    def shows(self, *expected: tuple[str, ...]) -> None:
        """Exactly these messages came since the news were last looked at, in this order, with all of these words."""
        news, wanted = self.news(), [tuple(map(plain, words)) for words in expected]
        told = [plain(seen.words) for seen in news]
        match self.line.messages:
            case "apart":
                missing = [
                    [word for word in words if word not in text] for words, text in zip(wanted, told, strict=False)
                ]
                assert (len(told), missing) == (len(wanted), [[]] * len(wanted)), told
            case "in parts":
                assert [*_in_order(wanted, told)] == [word for words in wanted for word in words]
                assert _none_unasked(wanted, told) == []
            case "joined":
                assert [word for words in wanted for word in words if not any(word in text for text in told)] == []
                assert _none_unasked(wanted, told) == []

    def shows_closed(self, *closings: str, by_click: bool = True, by_word: tuple[str, ...] = ()) -> None:
        """Exactly these cards are closed, where this platform shows it; `by_word`: those that no click closed."""
        shown = self.line.greying == "always" or (self.line.greying == "on click" and by_click)
        expected = [closing for closing in closings if self.line.greying == "always" or closing not in by_word]
        assert [seen.closed for seen in self.sees() if seen.closed] == expected * shown


def _in_order(wanted: Sequence[tuple[str, ...]], told: Sequence[str]) -> Iterator[str]:
    """The words found, those of each message in one or more of those told, none before the message before it."""
    begin = 0
    for words in wanted:
        places = {word: next((at for at in range(begin, len(told)) if word in told[at]), None) for word in words}
        yield from (word for word, at in places.items() if at is not None)
        begin = min((at for at in places.values() if at is not None), default=begin)


def _none_unasked(wanted: Sequence[tuple[str, ...]], told: Sequence[str]) -> list[str]:
    return [text for text in told if not any(word in text for words in wanted for word in words)]


@asynccontextmanager
async def company(
    lines: Sequence[Line],
    *,
    database_url: str,
    folder: Path,
    clock: FakeClock,
    homes: Mapping[str, Sequence[PlatformName]] | None = None,
) -> AsyncIterator[Company]:
    """The whole assistant on these lines; `homes` says who has accounts where, everybody on every line without it."""
    sections: dict[str, Any] = {key: value for line in lines for key, value in line.settings().items()}
    # bound now, since DingTalk is told our address before we listen on it
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    config = Config(
        server=Server(port=port, public_url=f"http://127.0.0.1:{port}"),
        storage=Storage(database=database_url, media_dir=folder / "media"),
        **sections,
    )
    listener, screens = FakeListener(), FakeScreens()
    platforms = [line.platform(config, clock, folder) for line in lines]
    async with wiring.assistant(config, clock=clock, listener=listener, screens=screens, platforms=platforms) as built:
        await _move_in(built.database, [line.name for line in lines], homes or {})
        assert built.web is not None
        there = Company(built, {line.name: line for line in lines}, clock, listener, screens)
        bot = Bot(port, built.database, there.does)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_served(built.web, door))
            for platform in platforms:
                await stack.enter_async_context(_listening(platform, bot))
            for line in lines:
                await line.connect(bot)
            yield there
        assert await _parked(built.database) == []
    assert not listener.answers, "a voice note was not heard"
    assert [complaint for line in lines for complaint in line.violations] == []


async def _parked(database: Database) -> list[str]:
    async with database.reading() as work:
        return [f"{job.kind}: {job.error}" for job in await work.jobs.listing("parked")]


async def _move_in(
    database: Database, platforms: Sequence[PlatformName], homes: Mapping[str, Sequence[PlatformName]]
) -> None:
    await enrol(database, platforms[0])
    async with database.work() as work:
        for identity, member in await work.members.accounts(platforms[0]):
            wanted = homes.get(identity.user_id, platforms)
            user_id, member_id = identity.user_id, member.member_id
            await work.session.delete(await work.session.get_one(Identity, (platforms[0], user_id)))
            await work.session.flush()
            for platform in wanted:
                await work.members.link(member_id, platform, user_id)


@asynccontextmanager
async def _served(app: web.Application, door: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, door).start()
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _listening(platform: Platform, bot: Bot) -> AsyncIterator[None]:
    """With its connection, where it holds one."""
    holding = asyncio.create_task(platform.listen(bot.keep))
    try:
        async with asyncio.timeout(10):
            while not platform.connected and not holding.done():  # noqa: ASYNC110  a platform tells nobody
                await asyncio.sleep(0.005)
        yield
    finally:
        holding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await holding
