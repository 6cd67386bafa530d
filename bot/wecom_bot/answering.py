"""What goes out by answering WeCom's callbacks, where nothing can be pushed.

A text is added to the open answer of the person's newest message (`exchanges`). A card goes to the address that came
with a message, which takes one call: within a running answer cards have been seen to arrive without their buttons. Each
way is the other's second; when none is left, the person has to write first.
"""

import hashlib
import logging
from collections import OrderedDict, deque
from datetime import datetime

import aiohttp

from bot.addresses import allowed
from bot.config import WeComBot
from bot.errors import ContentRefused, MustWriteFirst, PlatformBusy, PlatformError
from bot.http import JSON_MAX_BYTES, HttpCaller, json_body, json_object, read_capped
from bot.platform import Uploaded
from bot.wecom_bot.callback import Held, click_name, greeting_name
from bot.wecom_bot.errors_table import error_for
from bot.wecom_bot.exchanges import Exchanges
from bot.wecom_bot.payloads import RESPONSE_URL_LIFE, ClickRef, Stub
from bot.wecom_bot.recipients import Recipient, card_message, changed_card, markdown_message, remember, text_message
from handlers.messages import JsonObject
from storage.clock import Clock

log = logging.getLogger(__name__)

API = "aibot/response"
MOST_ADDRESSES = 10
"""Of one person; each takes one message within an hour."""
MOST_PEOPLE = 10_000
REFUSALS = 2
"""A spent address and a message that is not taken may be refused alike; the second refusal is the message's fault."""
_NO_FILES = "智能机器人的回调方式不能发文件；需要直接发文件请改用长连接。"
_NO_WAY = "智能机器人的回调方式不能主动推送，要等成员下次发消息；需要主动提醒请改用长连接。"


class Answering:
    def __init__(self, config: WeComBot, clock: Clock, http: HttpCaller, exchanges: Exchanges, held: Held) -> None:
        self._config = config
        self._clock = clock
        self._http = http
        self._exchanges = exchanges
        self._held = held
        self._addresses: OrderedDict[str, deque[tuple[str, datetime]]] = OrderedDict()
        self._spent: OrderedDict[str, None] = OrderedDict()

    def note(self, stub: Stub) -> None:
        """Remember the address that came with something a person did in their 1:1 chat with us."""
        if stub.group is not None or stub.response_url is None:
            return
        addresses = self._addresses.get(stub.user_id, deque(maxlen=MOST_ADDRESSES))
        if stub.response_url not in (known for known, _ in addresses):
            addresses.append((stub.response_url, self._clock.now() + RESPONSE_URL_LIFE))
        remember(self._addresses, stub.user_id, addresses, most=MOST_PEOPLE)

    async def text(self, to: Recipient, text: str, delivery_id: str) -> None:
        if to.progress.unsure_url is None and await self._add_text(to, text, delivery_id):
            return
        if not await self._post_somewhere(to, markdown_message(text)):
            raise MustWriteFirst(API, "no way", hint=_NO_WAY)

    async def card(self, to: Recipient, card: JsonObject, delivery_id: str) -> None:
        if await self._post_somewhere(to, card_message(card)):
            self._exchanges.card_sent(to.user_id)
            return
        exchange = self._exchanges.of(to.user_id, None)
        if exchange is None:
            raise MustWriteFirst(API, "no way", hint=_NO_WAY)
        if exchange.has_card:
            # In words it still fits into this answer.
            raise ContentRefused(API, "one card in an answer")
        if not await self._exchanges.say(exchange, delivery_id, card=card):
            raise MustWriteFirst(API, "no way", hint=_NO_WAY)

    async def file(self, to: Recipient, uploaded: Uploaded, delivery_id: str) -> None:
        raise ContentRefused(API, "no files", hint=_NO_FILES)

    async def change_card(self, click: ClickRef, card: JsonObject) -> bool:
        return await self._held.offer(click_name(click.message_id), changed_card(card))

    async def _add_text(self, to: Recipient, text: str, delivery_id: str) -> bool:
        """Say it in the answer that WeCom is asking for just now; False where there is none."""
        if to.group is None and await self._held.offer(greeting_name(to.user_id), text_message(text)):
            return True
        exchange = self._exchanges.of(to.user_id, to.group)
        if exchange is None or not exchange.has_room(text):
            return False
        return await self._exchanges.say(exchange, delivery_id, text=text)

    async def _post_somewhere(self, to: Recipient, body: JsonObject) -> bool:
        """Post to the newest address that is left for this person; False where none is. Raises PlatformError."""
        progress = to.progress
        if progress.unsure_url is not None:
            try:
                await self._post(progress.unsure_url, body)
            except PlatformBusy:
                raise
            except PlatformError as error:
                # It takes one call, and refuses the second: so the first one came through.
                log.info("wecom_bot.was_sent", extra={"code": error.code})
            progress.unsure_url = None
            return True
        refusals = 0
        for address in self._left(to):
            remember(self._spent, _digest(address), None, most=MOST_PEOPLE)
            try:
                await self._post(address, body)
            except PlatformBusy as error:
                if isinstance(error.code, int):
                    del self._spent[_digest(address)]  # refused, so it is still good
                else:
                    progress.unsure_url = address
                raise
            except PlatformError as error:
                log.info("wecom_bot.address_refused", extra={"code": error.code})
                refusals += 1
                if refusals == REFUSALS and isinstance(error, ContentRefused):
                    raise
            else:
                return True
        return False

    def _left(self, to: Recipient) -> list[str]:
        """Newest first. In a group only the message that is answered gives one: the others belong to 1:1 chats."""
        now, reply = self._clock.now(), to.reply
        given = reply.url if reply is not None and reply.chat == to.group else None
        known = self._addresses.get(to.user_id, ()) if to.group is None else ()
        addresses = [address for address, until in known if now < until]
        return [
            address
            for address in dict.fromkeys([*reversed(addresses), *([given] if given else [])])
            if _digest(address) not in self._spent and allowed(address, self._config.reply_hosts)
        ]

    async def _post(self, address: str, body: JsonObject) -> None:
        await self._http.exchange(
            API,
            "POST",
            address,
            _read_errcode,
            timeout_s=self._config.timeout_s,
            data=json_body(body),
            headers={"Content-Type": "application/json"},
        )


async def _read_errcode(api: str, response: aiohttp.ClientResponse) -> None:
    if response.status >= 500 or response.status == 429:
        raise PlatformBusy(api, f"http {response.status}")
    if response.status != 200:
        raise PlatformError(api, f"http {response.status}")
    answer = json_object(await read_capped(api, response, JSON_MAX_BYTES))
    if answer is None:
        # A proxy's own page, for instance.
        raise PlatformBusy(api, "not JSON")
    code = answer.get("errcode", 0)
    if not isinstance(code, int):
        raise PlatformError(api, "errcode")
    if code != 0:
        raise error_for(api, code)


def _digest(address: str) -> str:
    """Addresses are good for a message in our name, so they are not kept longer than they are needed."""
    return hashlib.sha256(address.encode()).hexdigest()
