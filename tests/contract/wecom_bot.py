"""Phones of WeCom's AI bot: over its long connection, where it can be written to at any time, or by callbacks.

It lets us write only to people who wrote to it, so everybody has said something before a conversation begins.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from bot.config import Config, WeComBot
from bot.platform import Platform
from bot.wecom_bot.adapter import WeComBotPlatform
from bot.wecom_bot.exchanges import BETWEEN, ELSEWHERE, SEE_CARD, UNFINISHED, WORKING
from handlers.messages import PlatformName
from tests.chat import MANAGER, OTHER, REP
from tests.contract.phones import Bot, Click, Ears, Greying, Messages, Seen
from tests.dialects.wecom_bot import Asked, Mode, WeComBotDialect
from tests.dialects.wecom_records import Message
from tests.dialects.wecom_rules import controls, selects
from tests.fakes import FakeClock

EVERYBODY = (REP, MANAGER, OTHER, "zhoumin")
FIRST_WORDS = "待办"
POLL_EVERY_S = 0.05
HOLD_S = 2.0
"""A click that changes no card is held for all of it; one that does needs to be worked within it."""
FILLERS = {WORKING, SEE_CARD, UNFINISHED, ELSEWHERE}
"""What stands in an answer until there is something to say."""


class WeComBotLine:
    name: PlatformName = "wecom_bot"
    ears: Ears = "theirs"
    greying: Greying = "on click"
    option_acts = False

    def __init__(self, clock: FakeClock, mode: Mode = "socket") -> None:
        self._wecom = WeComBotDialect(mode=mode, now=clock.now)
        self._wecom.poll_every_s = POLL_EVERY_S
        self._mode = mode
        self._before: set[str] = set()
        self.calls_wait_for_us = mode == "callback"
        self.sends_files = mode == "socket"
        self.messages: Messages = "in parts" if mode == "socket" else "joined"

    async def __aenter__(self) -> "WeComBotLine":
        await self._wecom.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wecom.stop()

    def settings(self) -> Mapping[str, object]:
        return {"wecom_bot": WeComBot.model_validate(self._wecom.settings())}

    def platform(self, config: Config, clock: FakeClock, folder: Path) -> Platform:
        assert config.wecom_bot is not None
        self._platform = WeComBotPlatform(
            config.wecom_bot, clock=clock, hold_s=HOLD_S, first_words_wait_s=POLL_EVERY_S, jitter=lambda: 0.0
        )
        return self._platform

    async def connect(self, bot: Bot) -> None:
        self._bot = bot
        self._wecom.callback_url = f"http://127.0.0.1:{bot.port}/wecom-bot/callback"
        for user_id in EVERYBODY:
            await bot.does(self.text(user_id, FIRST_WORDS))
        self._before = {seen.name for user_id in EVERYBODY for seen in self.seen(user_id)}

    async def text(self, user_id: str, words: str) -> None:
        await self._taken(lambda: self._wecom.send_text(user_id, words))

    async def voice(self, user_id: str, audio: bytes, *, recognised: str) -> None:
        await self._taken(lambda: self._wecom.send_voice(user_id, recognised))

    async def picture(self, user_id: str, data: bytes) -> None:
        await self._taken(lambda: self._wecom.send_image(user_id, data))

    async def file(self, user_id: str, data: bytes, name: str) -> None:
        await self._taken(lambda: self._wecom.send_file(user_id, data, name))

    async def oddity(self, user_id: str) -> None:
        await self._taken(lambda: self._wecom.send_other(user_id, "sticker"))

    async def press(self, user_id: str, button: str, *, choosing: str = "", times: int = 1) -> None:
        chosen = self._chosen(user_id, button, choosing) if choosing else None
        clicks = [self._taken(lambda: self._wecom.press(user_id, button, chosen=chosen)) for _ in range(times)]
        await asyncio.gather(*clicks)

    def click(self, owner_id: str, button: str) -> Click:
        card = self._card_with(owner_id, button)
        key = next(key for key, text in controls(card.content) if text == button)
        pressed = {"template_card_event": {"card_type": card.content["card_type"], "event_key": key}}
        pressed["template_card_event"]["task_id"] = card.task_id
        return lambda user_id: self._taken(lambda: self._wecom.happen(user_id, "template_card_event", pressed))

    def let_go(self) -> None:
        """As when the time of the calls is up, which would take a second each."""
        for held in self._platform._held._calls.values():
            held.offered.set()

    async def again(self, copies: int) -> None:
        """WeCom itself repeats only messages, by callback; over a connection things may come again all the same."""
        message = self._wecom.asked[-1].message
        is_click = message["msgtype"] == "event"
        if self._mode == "callback" and not is_click:
            attempts = await asyncio.gather(*(self._wecom.post(message) for _ in range(copies)))
            assert {attempt.status for attempt in attempts} == {200}
        if self._mode == "callback":
            return
        command = "aibot_event_callback" if is_click else "aibot_msg_callback"
        for _ in range(copies):
            frame = {"cmd": command, "headers": {"req_id": secrets.token_hex(8)}, "body": message}
            await self._brought(self._wecom.send_raw(json.dumps(frame, ensure_ascii=False)))

    def seen(self, user_id: str) -> list[Seen]:
        every = [seen for message in self._wecom.shown(user_id) for seen in self._seen(message)]
        return [seen for seen in every if seen.name not in self._before]

    @property
    def violations(self) -> Sequence[str]:
        return self._wecom.violations

    async def _taken(self, act: Callable[[], Awaitable[Asked]]) -> None:
        if self._mode == "socket":
            await self._brought(act())
        else:
            assert (await act()).status == 200

    async def _brought(self, acting: Awaitable[object]) -> None:
        before = self._bot.brought
        await acting
        await self._wecom.wait_for(lambda: self._bot.brought > before)

    def _seen(self, message: Message) -> list[Seen]:
        if "media_id" not in message.content:
            return _seen(message)
        upload = self._wecom.uploads[message.content["media_id"]]
        return [Seen(str(message.number), upload.file_name if message.kind == "file" else "", data=upload.data)]

    def _card_with(self, user_id: str, button: str) -> Message:
        return next(
            card
            for card in reversed(self._wecom.cards(user_id))
            if card.closed is None and button in {text for _, text in controls(card.content)}
        )

    def _chosen(self, user_id: str, button: str, choosing: str) -> dict[str, list[str]]:
        """Options are found by their ids or texts: a long text is shown shortened."""
        return {
            select["question_key"]: [option["id"]]
            for select in selects(self._card_with(user_id, button).content)
            for option in select["option_list"]
            if choosing in option["id"] or choosing in option["text"]
        }


def _seen(message: Message) -> list[Seen]:
    """An answer that grows is told apart again into what was put into it."""
    content = message.content
    if message.kind != "template_card":
        parts = str(content["content"]).split(BETWEEN)
        return [Seen(f"{message.number}-{at}", part) for at, part in enumerate(parts) if part not in FILLERS]
    lines = [*content["main_title"].values(), (content.get("quote_area") or {}).get("quote_text", "")]
    lines += [content.get("sub_title_text", "")]
    lines += [f"{item['keyname']} {item['value']}" for item in content.get("horizontal_content_list", [])]
    lines += [option["text"] for select in selects(content) for option in select["option_list"]]
    buttons = tuple(text for _, text in controls(content))
    return [Seen(str(message.number), "\n".join(lines), () if message.closed else buttons, message.closed)]
