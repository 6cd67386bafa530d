"""Phones of WeCom's self-built app."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.config import Config, WeCom
from bot.platform import Platform
from bot.wecom.adapter import WeComPlatform
from handlers.messages import PlatformName
from tests.contract.phones import Bot, Click, Ears, Greying, Messages, Seen
from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_records import Delivery, Message
from tests.dialects.wecom_rules import controls, selects
from tests.fakes import FakeClock

CALLBACK = "/wecom/callback"


class WeComLine:
    name: PlatformName = "wecom"
    ears: Ears = "ours"
    greying: Greying = "always"
    messages: Messages = "apart"
    sends_files = True
    calls_wait_for_us = False
    option_acts = False

    def __init__(self, clock: FakeClock) -> None:
        self._wecom = WeComDialect(callback_url="http://127.0.0.1:1" + CALLBACK, now=clock.now)

    async def __aenter__(self) -> "WeComLine":
        await self._wecom.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wecom.stop()

    def settings(self) -> Mapping[str, object]:
        return {"wecom": WeCom.model_validate(self._wecom.settings())}

    def platform(self, config: Config, clock: FakeClock, folder: Path) -> Platform:
        assert config.wecom is not None
        return WeComPlatform(config.wecom, clock=clock, part_pause_s=0)

    async def connect(self, bot: Bot) -> None:
        self._wecom.callback_url = f"http://127.0.0.1:{bot.port}{CALLBACK}"

    async def text(self, user_id: str, words: str) -> None:
        _taken(await self._wecom.send_text(user_id, words))

    async def voice(self, user_id: str, audio: bytes, *, recognised: str) -> None:
        _taken(await self._wecom.send_voice(user_id, audio))

    async def picture(self, user_id: str, data: bytes) -> None:
        _taken(await self._wecom.send_image(user_id, data, content_type="image/png"))

    async def file(self, user_id: str, data: bytes, name: str) -> None:
        _taken(await self._wecom.send_file(user_id, data, name))

    async def oddity(self, user_id: str) -> None:
        _taken(await self._wecom.send_other(user_id, "sticker"))

    async def press(self, user_id: str, button: str, *, choosing: str = "", times: int = 1) -> None:
        chosen = self._chosen(user_id, button, choosing) if choosing else None
        for delivery in await asyncio.gather(
            *(self._wecom.press(user_id, button, chosen=chosen) for _ in range(times))
        ):
            _taken(delivery)

    def click(self, owner_id: str, button: str) -> Click:
        card = self._card_with(owner_id, button)
        key = next(key for key, text in controls(card.content) if text == button)
        fields = {"EventKey": key, "TaskId": card.task_id, "CardType": card.content["card_type"]}

        async def clicked(user_id: str) -> None:
            _taken(await self._wecom.happen(user_id, "template_card_event", fields | {"ResponseCode": "made-up"}))

        return clicked

    def let_go(self) -> None:
        """No call waits."""

    async def again(self, copies: int) -> None:
        _taken(await self._wecom.replay(self._wecom.deliveries[-1].number, copies))

    def seen(self, user_id: str) -> list[Seen]:
        return [self._seen(message) for message in self._wecom.shown(user_id)]

    @property
    def violations(self) -> Sequence[str]:
        return self._wecom.violations

    def _seen(self, message: Message) -> Seen:
        if "media_id" not in message.content:
            return _seen(message)
        media = self._wecom.media(message)
        return Seen(str(message.number), media.file_name if message.kind == "file" else "", data=media.data)

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


def _taken(delivery: Delivery) -> None:
    assert {attempt.status for attempt in delivery.attempts} == {200}


def _seen(message: Message) -> Seen:
    content = message.content
    if message.kind != "template_card":
        return Seen(str(message.number), str(content["content"]))
    lines = [*content["main_title"].values(), (content.get("quote_area") or {}).get("quote_text", "")]
    lines += [content.get("sub_title_text", "")]
    lines += [f"{item['keyname']} {item['value']}" for item in content.get("horizontal_content_list", [])]
    lines += [option["text"] for select in selects(content) for option in select["option_list"]]
    buttons = tuple(text for _, text in controls(content))
    return Seen(str(message.number), "\n".join(lines), () if message.closed else buttons, message.closed)
