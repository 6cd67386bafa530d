"""Phones of the playground, worked through the addresses that its page uses."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bot.config import Config
from bot.config import Playground as Section
from bot.platform import Platform
from bot.playground.adapter import Person, PlaygroundPlatform
from bot.playground.conversation import Answered
from handlers.messages import (
    CardSelect,
    File,
    Image,
    OutboundCard,
    OutboundText,
    PlatformName,
    Unsupported,
    Video,
    Voice,
)
from tests.chat import MANAGER, OTHER, REP
from tests.contract.phones import Bot, Click, Ears, Greying, Messages, Seen
from tests.fakes import FakeClock

PEOPLE = (
    Person(REP, "李晓彤", "sales"),
    Person(MANAGER, "陈志远", "manager"),
    Person(OTHER, "赵一鸣", "sales"),
    Person("zhoumin", "周敏", "manager"),
)


class PlaygroundLine:
    name: PlatformName = "playground"
    ears: Ears = "ours"
    greying: Greying = "always"
    messages: Messages = "apart"
    sends_files = True
    calls_wait_for_us = False
    option_acts = False

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._last: tuple[str, str, Mapping[str, Any]] = ("", "", {})

    async def __aenter__(self) -> "PlaygroundLine":
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    def settings(self) -> Mapping[str, object]:
        return {"playground": Section(enabled=True, beside_real_platforms=True)}

    def platform(self, config: Config, clock: FakeClock, folder: Path) -> Platform:
        self._platform = PlaygroundPlatform(clock, PEOPLE, data_dir=folder / "playground")
        return self._platform

    async def connect(self, bot: Bot) -> None:
        self._url = f"http://127.0.0.1:{bot.port}/playground/api/messages"
        self._bot = bot

    async def text(self, user_id: str, words: str) -> None:
        await self._post(user_id, {"text": words})

    async def voice(self, user_id: str, audio: bytes, *, recognised: str) -> None:
        await self._post(user_id, {"kind": "voice", "file": audio})

    async def picture(self, user_id: str, data: bytes) -> None:
        await self._post(user_id, {"kind": "image", "file": data})

    async def file(self, user_id: str, data: bytes, name: str) -> None:
        await self._post(user_id, {"kind": "file", "file": data, "file_name": name})

    async def oddity(self, user_id: str) -> None:
        # the page has nothing odd to offer
        await self._platform.say(self._bot.keep, user_id, Unsupported(name="sticker"), message_id="odd")

    async def press(self, user_id: str, button: str, *, choosing: str = "", times: int = 1) -> None:
        card = self._card_with(user_id, button)
        clicks = [self._post(user_id, {"click": _click(card, button, choosing)}) for _ in range(times)]
        await asyncio.gather(*clicks)

    def click(self, owner_id: str, button: str) -> Click:
        made = _click(self._card_with(owner_id, button), button, "")
        return lambda user_id: self._post(user_id, {"click": made})

    def let_go(self) -> None:
        """No call waits."""

    async def again(self, copies: int) -> None:
        user_id, message_id, content = self._last
        await asyncio.gather(*(self._request(user_id, message_id, content) for _ in range(copies)))

    def seen(self, user_id: str) -> list[Seen]:
        entries = self._platform.conversations.of(user_id)
        return [self._seen(entry) for entry in entries if isinstance(entry, Answered)]

    @property
    def violations(self) -> Sequence[str]:
        return ()

    def _seen(self, entry: Answered) -> Seen:
        match entry.content:
            case OutboundText(text=text):
                return Seen(entry.entry_id, text)
            case OutboundCard() as card:
                return _seen(entry, card)
            case Image(media_ref=str(reference)) | Voice(media_ref=str(reference)) | Video(media_ref=str(reference)):
                return Seen(entry.entry_id, "", data=self._platform.uploads.path(reference).read_bytes())
            case File(media_ref=reference, file_name=name):
                return Seen(entry.entry_id, name or "", data=self._platform.uploads.path(reference).read_bytes())
            case content:
                raise AssertionError(content.kind)

    def _card_with(self, user_id: str, button: str) -> OutboundCard:
        for entry in reversed(self._platform.conversations.of(user_id)):
            card = entry.content
            if isinstance(entry, Answered) and isinstance(card, OutboundCard) and button in _seen(entry, card).buttons:
                return card
        raise AssertionError(f"no button {button}")

    async def _post(self, user_id: str, content: Mapping[str, Any]) -> None:
        self._last = (user_id, f"m-{next(self._numbers)}", content)
        await self._request(*self._last)

    async def _request(self, user_id: str, message_id: str, content: Mapping[str, Any]) -> None:
        fields = {"user_id": user_id, "message_id": message_id, **content}
        async with aiohttp.ClientSession() as http:
            if "file" in content:
                form = aiohttp.FormData(quote_fields=False)  # as browsers do
                file_name = fields.pop("file_name", "a.bin")
                for name, value in fields.items():
                    form.add_field(name, value, filename=file_name if name == "file" else None)
                posting = http.post(self._url, data=form)
            else:
                posting = http.post(self._url, json=fields)
            async with posting as response:
                assert response.status == 200, await response.text()


def _click(card: OutboundCard, button: str, choosing: str) -> dict[str, Any]:
    pressed = next(one for one in (*card.buttons, *([card.submit] if card.submit else [])) if one.text == button)
    chosen = {select.name: [_option(select, choosing)] for select in card.selects}
    return {"card_id": card.card_id, "action": pressed.action, "chosen": chosen}


def _option(select: CardSelect, choosing: str) -> str:
    if not choosing:
        return select.selected or select.options[0].option_id
    return next(option.option_id for option in select.options if choosing in option.text)


def _seen(entry: Answered, content: OutboundCard) -> Seen:
    lines = [content.title, content.subtitle, *(f"{item.label} {item.value}" for item in content.fields)]
    lines += [content.body, content.quote, *(option.text for select in content.selects for option in select.options)]
    buttons = tuple(one.text for one in (*content.buttons, *([content.submit] if content.submit else [])))
    return Seen(entry.entry_id, "\n".join(lines), () if entry.closing else buttons, entry.closing)
