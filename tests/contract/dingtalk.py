"""Phones of DingTalk: over Stream or HTTP, with the card template or with cards as numbered text."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from bot.config import Config, DingTalk
from bot.dingtalk.adapter import DingTalkPlatform
from bot.platform import Platform
from handlers.messages import PlatformName
from tests.chat import MANAGER, OTHER, REP
from tests.contract.numbers import number_of, numbered_lines
from tests.contract.phones import Bot, Click, Ears, Greying, Messages, Seen
from tests.dialects.dingtalk import DingTalkDialect, words
from tests.dialects.dingtalk_records import Delivery, Message
from tests.fakes import FakeClock


class DingTalkLine:
    name: PlatformName = "dingtalk"
    ears: Ears = "both"
    messages: Messages = "apart"
    sends_files = True
    calls_wait_for_us = False
    option_acts = True

    def __init__(self, clock: FakeClock, mode: Literal["stream", "http"] = "stream", *, has_cards: bool = True) -> None:
        self._dingtalk = DingTalkDialect(mode=mode, now=clock.now, card_templates=None if has_cards else {})
        self._mode, self._has_cards = mode, has_cards
        self.greying: Greying = "always" if has_cards else "never"
        self._last: Delivery | None = None
        for user_id in (REP, MANAGER, OTHER, "zhoumin"):
            self._dingtalk.add_person(user_id)

    async def __aenter__(self) -> "DingTalkLine":
        await self._dingtalk.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._dingtalk.stop()

    def settings(self) -> Mapping[str, object]:
        # a to-do of DingTalk's own is no message, and is looked at elsewhere
        return {"dingtalk": DingTalk.model_validate(self._dingtalk.settings() | {"native_todos": False})}

    def platform(self, config: Config, clock: FakeClock, folder: Path) -> Platform:
        assert config.dingtalk is not None
        return DingTalkPlatform(config.dingtalk, clock=clock, public_url=config.server.public_url, part_pause_s=0)

    async def connect(self, bot: Bot) -> None:
        self._bot = bot
        self._dingtalk.callback_url = f"http://127.0.0.1:{bot.port}/dingtalk/callback"

    async def text(self, user_id: str, words: str) -> None:
        await self._taken(await self._dingtalk.send_text(user_id, words))

    async def voice(self, user_id: str, audio: bytes, *, recognised: str) -> None:
        await self._taken(await self._dingtalk.send_voice(user_id, audio, recognition=recognised))

    async def picture(self, user_id: str, data: bytes) -> None:
        await self._taken(await self._dingtalk.send_picture(user_id, data))

    async def file(self, user_id: str, data: bytes, name: str) -> None:
        await self._taken(await self._dingtalk.send_file(user_id, data, name))

    async def oddity(self, user_id: str) -> None:
        await self._taken(await self._dingtalk.send_other(user_id, "unknownMsgType"))

    async def press(self, user_id: str, button: str, *, choosing: str = "", times: int = 1) -> None:
        assert not choosing
        if self._has_cards:
            await self._taken(await self._dingtalk.press(user_id, self._whole(user_id, button), copies=times))
            return
        number = number_of(button, self.seen(user_id))
        for delivery in await asyncio.gather(*(self._dingtalk.send_text(user_id, number) for _ in range(times))):
            await self._taken(delivery)

    def click(self, owner_id: str, button: str) -> Click:
        if not self._has_cards:
            number = number_of(button, self.seen(owner_id))
            return lambda user_id: self.text(user_id, number)
        pressing = self._dingtalk.held_press(owner_id, self._whole(owner_id, button))

        async def clicked(user_id: str) -> None:
            await self._taken(await pressing(user_id))

        return clicked

    def let_go(self) -> None:
        """No call waits."""

    async def again(self, copies: int) -> None:
        assert self._last is not None
        before = self._bot.brought
        if self._last.kind != "card":
            await self._dingtalk.replay(self._last.number, copies)
        elif self._mode == "stream":
            for _ in range(copies):
                await self._dingtalk.gateway.duplicate(self._last)
        else:
            [route] = self._dingtalk.routes.values()
            for _ in range(copies):
                await self._dingtalk.callbacks.card(self._last, route, self._dingtalk.card_deadline_s)
        if self._mode == "stream":
            await self._dingtalk.wait_for(lambda: self._bot.brought == before + copies)
        await self._dingtalk.wait_for(self._is_answered)

    def _whole(self, user_id: str, button: str) -> str:
        return next(text for seen in reversed(self.seen(user_id)) for text in seen.buttons if button in text)

    def _is_answered(self) -> bool:
        assert self._last is not None
        return all(attempt.status == 200 for attempt in self._last.attempts)

    def seen(self, user_id: str) -> list[Seen]:
        return [self._seen(message, user_id) for message in self._dingtalk.shown(user_id)]

    @property
    def violations(self) -> Sequence[str]:
        return self._dingtalk.violations

    async def _taken(self, delivery: Delivery) -> None:
        self._last = await delivery.acked()

    def _seen(self, message: Message, user_id: str) -> Seen:
        if (media := self._dingtalk.uploaded(message)) is not None:
            return Seen(str(message.number), words(message), data=media.data)
        if message.kind != "card":
            return Seen(str(message.number), words(message), numbered_lines(words(message)))
        card = self._dingtalk.cards_by_id[message.key]
        buttons = tuple(one.text for one in self._dingtalk.buttons(card, user_id) if one.params)
        closing = card.view(user_id)["closing"]
        return Seen(
            str(message.number), self._dingtalk.card_text(card, user_id), () if closing else buttons, closing or None
        )
