"""DingTalk's official Stream SDK as a client of the dialect server: prints one JSON line for everything it is told.

It runs in a process of its own: the SDK reads its server's address on import, blocks its event loop in places and does
not stop when it is cancelled.

    DINGTALK_OPENAPI_ENDPOINT=http://127.0.0.1:9800 python -m tests.dialects.dingtalk_sdk_peer CLIENT_ID CLIENT_SECRET
"""

import asyncio
import json
import logging
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")  # the SDK calls what its own dependencies have deprecated

import dingtalk_stream  # noqa: E402
from dingtalk_stream import AckMessage  # noqa: E402
from dingtalk_stream.card_replier import CardReplier  # noqa: E402

OWN_TEMPLATE = "visitbot-dialect.schema"
HURRY = 20
"""The SDK waits ten seconds before it connects again; a test has no patience for that."""


def say(kind: str, **fields: Any) -> None:
    print(json.dumps({"kind": kind, **fields}, ensure_ascii=False), flush=True)


class Robot(dingtalk_stream.ChatbotHandler):
    """Answers by what it is told to: reply, markdown, card, buttons, or nothing."""

    async def process(self, callback: Any) -> tuple[int, str]:
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        words = message.text.content.strip() if message.text else ""
        content = message.extensions.get("content") or {}
        say(
            "message",
            msg_id=message.message_id,
            message_id=callback.headers.message_id,
            type=message.message_type,
            text=words,
            sender=message.sender_staff_id,
            conversation=message.conversation_type,
            recognition=content.get("recognition"),
            texts=message.get_text_list() if message.message_type in {"text", "richText"} else None,
            images=message.get_image_list() if message.message_type in {"picture", "richText"} else None,
        )
        match words:
            case "reply":
                say("replied", answer=self.reply_text("收到 👍", message))
            case "markdown":
                say("replied", answer=self.reply_markdown("标题", "### 收到", message))
            case "card":
                replier = CardReplier(self.dingtalk_client, message)
                listed = json.dumps([{"text": "确认", "id": "confirm"}], ensure_ascii=False)
                card = await replier.async_create_and_deliver_card(OWN_TEMPLATE, {"title": "拜访", "buttons": listed})
                say("card_sent", card=card)
            case "buttons":
                buttons = [{"text": "同意", "color": "blue", "id": "agree", "request": True}]
                self.reply_ai_markdown_button(message, "### 请确认", buttons, title="拜访", recipients=None)
                say("card_sent", card="ai")
            case "markdown card":
                instance = self.reply_markdown_card("第一版", message, title="拜访")
                instance.update("第二版")
                say("card_sent", card=instance.card_instance_id)
            case _:
                pass
        if message.message_type == "picture":
            say("url", url=self.get_image_download_url(message.image_content.download_code))
        return AckMessage.STATUS_OK, "OK"


class Clicks(dingtalk_stream.CallbackHandler):
    async def process(self, callback: Any) -> tuple[int, Any]:
        click = dingtalk_stream.CardCallbackMessage.from_dict(callback.data)
        params = click.content["cardPrivateData"]["params"]
        say("click", card=click.card_instance_id, user=click.user_id, params=params)
        changed = {"cardParamMap": {"closing": "已处理"}}
        options = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
        return AckMessage.STATUS_OK, {"cardUpdateOptions": options, "cardData": changed}


class Events(dingtalk_stream.EventHandler):
    async def process(self, event: Any) -> tuple[int, str]:
        say("event", type=event.headers.event_type, event_id=event.headers.event_id, data=event.data)
        return AckMessage.STATUS_OK, "OK"


class Hurried:
    """asyncio, but for the length of its sleeps."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / HURRY)


def main() -> None:
    logging.disable(logging.CRITICAL)
    credential = dingtalk_stream.Credential(*sys.argv[1:3])
    client = dingtalk_stream.DingTalkStreamClient(credential)
    client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Robot())
    client.register_callback_handler(dingtalk_stream.CallbackHandler.TOPIC_CARD_CALLBACK, Clicks())
    client.register_all_event_handler(Events())
    dingtalk_stream.stream.asyncio = Hurried()
    say("ready")
    client.start_forever()


if __name__ == "__main__":
    main()
