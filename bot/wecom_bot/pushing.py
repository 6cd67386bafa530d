"""What goes out over the long connection.

Everything for a person is pushed with `aibot_send_msg`. An answer under the message's own req_id would read the same in
a 1:1 chat, but all its acks carry one id, so that a late one could be taken for another's, and nothing says that the id
outlives the connection; it is the second way, for a person whom WeCom does not let us push to. A notice in a group is
the other way round: as an answer it quotes the message it is about, and needs no standing of ours in that group.
"""

import logging
from collections import OrderedDict
from datetime import datetime

from bot.errors import MustWriteFirst, PlatformBusy, PlatformError
from bot.platform import Uploaded
from bot.wecom_bot.errors_table import REPLY_GONE
from bot.wecom_bot.payloads import EVENT_ANSWER_WITHIN, ClickRef
from bot.wecom_bot.recipients import (
    Recipient,
    card_message,
    changed_card,
    file_message,
    markdown_message,
    remember,
    text_message,
)
from bot.wecom_bot.socket import LongConnection
from handlers.messages import JsonObject
from storage.clock import Clock

log = logging.getLogger(__name__)

SEND, RESPOND = "aibot_send_msg", "aibot_respond_msg"
WELCOME, UPDATE = "aibot_respond_welcome_msg", "aibot_respond_update_msg"


class Pushing:
    def __init__(self, connection: LongConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._entered: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def entered(self, user_id: str, req_id: str, at: datetime) -> None:
        """Somebody opened the chat, and may be welcomed for a moment, even if they never wrote."""
        remember(self._entered, user_id, (req_id, at + EVENT_ANSWER_WITHIN))

    async def text(self, to: Recipient, text: str, delivery_id: str) -> None:
        if to.group is not None:
            await self._notify(to.group, to, markdown_message(text), delivery_id)
        elif not await self._welcome(to.user_id, text_message(text)):
            await self._push(to, markdown_message(text), delivery_id)

    async def card(self, to: Recipient, card: JsonObject, delivery_id: str) -> None:
        if not await self._welcome(to.user_id, card_message(card)):
            await self._push(to, card_message(card), delivery_id)

    async def file(self, to: Recipient, uploaded: Uploaded, delivery_id: str) -> None:
        await self._push(to, file_message(uploaded), delivery_id)

    async def change_card(self, click: ClickRef, card: JsonObject) -> bool:
        if click.req_id is None:
            return False
        try:
            await self._connection.respond(UPDATE, changed_card(card), req_id=click.req_id, chat="single")
        except PlatformError as error:
            # There is no second try within the five seconds, and the text that follows says the same.
            log.info("wecom_bot.card_not_changed", extra={"code": error.code})
            return False
        return True

    async def _push(self, to: Recipient, body: JsonObject, delivery_id: str) -> None:
        reply = to.reply
        try:
            whole: JsonObject = {"chatid": to.user_id, "chat_type": 1, **body}
            await self._connection.call(SEND, whole, req_id=delivery_id, chat="single")
        except MustWriteFirst:
            if reply is None or reply.req_id is None or reply.chat is not None or reply.is_greeting:
                raise
        else:
            return
        await self._connection.respond(RESPOND, body, req_id=reply.req_id, chat="single")

    async def _notify(self, group: str, to: Recipient, body: JsonObject, delivery_id: str) -> None:
        reply = to.reply
        if reply is not None and reply.req_id is not None and reply.chat == group:
            try:
                await self._connection.respond(RESPOND, body, req_id=reply.req_id, chat="group")
            except PlatformError as error:
                if error.code not in REPLY_GONE:
                    raise
            else:
                return
        whole: JsonObject = {"chatid": group, "chat_type": 2, **body}
        await self._connection.call(SEND, whole, req_id=delivery_id, chat="group")

    async def _welcome(self, user_id: str, body: JsonObject) -> bool:
        """False where nobody has just opened the chat, or WeCom does not take it as a welcome."""
        req_id, until = self._entered.pop(user_id, (None, None))
        if req_id is None or until is None or self._clock.now() >= until:
            return False
        try:
            await self._connection.respond(WELCOME, body, req_id=req_id, chat="single")
        except PlatformBusy:
            raise
        except PlatformError as error:
            log.info("wecom_bot.welcome_refused", extra={"code": error.code})
            return False
        return True
