"""The demo: an assistant of its own with sample people and customers, on the playground, in a folder that goes away."""

import asyncio
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import TypeVar

from bot import enrolment, roster, script_store
from bot.config import Calendar, Config, Playground, Server, Storage, Vocabulary
from bot.pipeline import keep
from bot.platform import Received
from bot.playground.adapter import SAMPLE_FOLDER, Person, PlaygroundPlatform, Role, Skin
from bot.playground.conversation import Answered, Said
from bot.script_files import STARTER, read_library
from handlers import actions
from handlers.cards import as_text
from handlers.messages import CardClick, Content, OutboundCard, OutboundText, PlatformName, Text, Voice
from storage.clock import SystemClock
from storage.database import Database
from storage.work import Work

_Found = TypeVar("_Found")

REP, MANAGER = "lixiaotong", "chenzhiyuan"
POLL_S = 0.1
ALL_HOURS_FOR = timedelta(days=30)
TYPED_INSTEAD = (
    "刚从宁波恒力阀门出来，见了采购部的王经理，他们方案基本认可，预算大概八十万，不对，八十五万，"
    "就是嫌我们比竞品贵百分之十五，说领导还没批，要等预算。"
    "我答应下周三前把安装排期表给他，他那边十二月一号前确认技术参数。"
)
"""What the rep types where no speech model is to be had."""
ANSWERS = "卡在他们总经理还没签字，需要总监出面见一下他们老板，预计下周五能批下来。"
"""What the rep answers to the three questions about the risk."""


def configuration(folder: Path, port: int) -> Config:
    words = tomllib.loads((SAMPLE_FOLDER / "vocabulary.toml").read_text("utf-8"))
    return Config(
        server=Server(port=port, public_url=f"http://127.0.0.1:{port}"),
        storage=Storage(database=f"sqlite:///{folder / 'visitbot.db'}", media_dir=folder / "media"),
        vocabulary=Vocabulary(**words),
        calendar=open_all_hours(folder),
        playground=Playground(enabled=True),
    )


def open_all_hours(folder: Path) -> Calendar:
    """A company that works day and night: whoever tries it in the evening is to see the manager's card at once."""
    today = SystemClock().now().date()
    # a name of this process alone: another may be reading its own
    file = folder / f"calendar-{os.getpid()}.csv"
    file.write_text(f"日期,安排\n{today - timedelta(days=1)}~{today + ALL_HOURS_FOR},上班\n", "utf-8")
    return Calendar(opens=time.min, closes=time.max, morning=time.min, file=str(file))


def people(rep_skin: Skin = "wecom") -> list[Person]:
    """Everybody's phone, for whom a matter may be assigned to; the page begins with the rep's and their manager's."""
    rows = roster.read_members((SAMPLE_FOLDER / "members.csv").read_bytes()).rows
    shown = {row.accounts["playground"]: row for row in rows}
    return [
        Person(user_id, shown[user_id].name, shown_role(shown[user_id].roles), rep_skin if user_id == REP else "wecom")
        for user_id in dict.fromkeys((REP, MANAGER, *shown))
    ]


def shown_role(roles: Sequence[str]) -> Role:
    """The role that a phone's owner is labelled with: the highest of theirs."""
    order: tuple[Role, ...] = ("director", "manager", "sales", "admin", "colleague")
    return next((role for role in order if role in roles), "sales")


async def enrol(work: Work) -> None:
    """The sample company's members and customers, with the scripts of the starter library."""
    members = roster.read_members((SAMPLE_FOLDER / "members.csv").read_bytes())
    await enrolment.store_members(work, members.rows, source="demo")
    customers = roster.read_customers((SAMPLE_FOLDER / "customers.csv").read_bytes())
    await enrolment.store_customers(work, customers.rows, source="demo")
    await script_store.store_scripts(work, read_library(STARTER).rows, source="demo")


class DemoFailed(Exception):
    """The conversation did not go as it should; says what was waited for."""


@dataclass
class Conversation:
    """Plays people on the playground and tells what each phone shows."""

    platform: PlaygroundPlatform
    database: Database
    tell: Callable[[str], None]
    _told: set[tuple[str, str | None]] = field(default_factory=set)
    _count: int = 0

    async def say(self, user_id: str, content: Content) -> None:
        self._count += 1
        await self.platform.say(self._keep, user_id, content, message_id=f"demo-{self._count}")
        self.show_news()

    async def _keep(self, platform: PlatformName, received: Received) -> bool:
        return await keep(self.database, platform, received)

    async def sample_visit(self) -> None:
        """The rep's voice note, as their platform would deliver it."""
        note = await self.platform.sample_note(REP)
        if note is None:
            raise DemoFailed("the sample voice note is missing from this installation")
        await self.say(REP, note)

    async def typed_visit(self) -> None:
        await self.say(REP, Text(text=TYPED_INSTEAD))

    async def answers(self) -> None:
        await self.say(REP, Text(text=ANSWERS))

    async def card(self, user_id: str, title: str, within_s: float, *, saying: str = "") -> OutboundCard:
        """The newest card of that title on this phone, once it is open and has these words. Raises DemoFailed."""

        def find() -> OutboundCard | None:
            for entry in reversed(self.platform.conversations.of(user_id)):
                card = entry.content
                if isinstance(entry, Answered) and isinstance(card, OutboundCard) and title in card.title:
                    return card if saying in as_text(card) and not entry.closing else None
            return None

        return await self._until(find, f"the card {title} for {user_id}", within_s)

    async def text(self, user_id: str, words: str, within_s: float) -> str:
        def find() -> str | None:
            for entry in self.platform.conversations.of(user_id):
                said = entry.content
                if isinstance(entry, Answered) and isinstance(said, OutboundText) and words in said.text:
                    return said.text
            return None

        return await self._until(find, f"a message with {words} for {user_id}", within_s)

    async def press(self, user_id: str, card: OutboundCard, action: type[actions.Action]) -> None:
        button = next(button for button in card.buttons if isinstance(actions.read(button.action), action))
        await self.say(user_id, CardClick(card_id=card.card_id, action=button.action))

    async def _until(self, find: Callable[[], _Found | None], what: str, within_s: float) -> _Found:
        try:
            async with asyncio.timeout(within_s):
                while (found := find()) is None:
                    self.show_news()
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            self.show_news()
            raise DemoFailed(f"waited {within_s:.0f} s in vain for {what}") from error
        self.show_news()
        return found

    def show_news(self) -> None:
        """Tell whatever the phones show that was not told before, in the order in which it came."""
        entries = [entry for person in people() for entry in self.platform.conversations.of(person.user_id)]
        for entry in sorted(entries, key=lambda entry: entry.order):
            closing = entry.closing if isinstance(entry, Answered) else None
            if (entry.entry_id, None) not in self._told:
                self._told.add((entry.entry_id, None))
                self.tell(_line(entry))
            if closing and (entry.entry_id, closing) not in self._told:
                self._told.add((entry.entry_id, closing))
                self.tell(f"  {_names()[entry.user_id]}的卡片变灰：{closing}")


def _names() -> Mapping[str, str]:
    return {person.user_id: person.name for person in people()}


def _line(entry: Said | Answered) -> str:
    name = _names()[entry.user_id]
    if isinstance(entry, Answered):
        return f"  助手 → {name}  " + _answered(entry).replace("\n", "\n      ")
    return f"{name}  {_said(entry.content)}"


def _answered(entry: Answered) -> str:
    match entry.content:
        case OutboundCard() as card:
            return _card(card)
        case OutboundText(text=text):
            return text
        case content:
            return _said(content)


def _card(card: OutboundCard) -> str:
    """The card in words, with its buttons in a row as on the phone."""
    words = as_text(card.model_copy(update={"selects": (), "buttons": ()}))
    return words + "\n" + " ".join(f"[{button.text}]" for button in card.buttons)


def _said(content: Content) -> str:
    match content:
        case Text(text=text):
            return text
        case Voice(duration_ms=int() as length_ms, platform_transcript=heard):
            return f"🎤 {round(length_ms / 1000)}″" + (f"（钉钉转写：{heard}）" if heard else "")
        case CardClick(action=action):
            return f"[点按钮：{_button_names().get(type(actions.read(action)), '?')}]"
        case _:
            return f"[{content.kind}]"


def _button_names() -> Mapping[type, str]:
    return {actions.ConfirmVisit: "确认", actions.TakeEscalation: "我来跟进"}
