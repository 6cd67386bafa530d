"""The server that plays the AI bot's side keeps WeCom's rules itself: spoken to by hand, without our own client."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.dialects.wecom_bot import WeComBotDialect
from tests.fakes import FakeClock

CARD = {
    "card_type": "button_interaction",
    "task_id": "t-1",
    "main_title": {"title": "拜访记录"},
    "button_list": [{"text": "确认", "key": "confirm", "style": 1}],
}


class Peer:
    """A client of the long connection that asks and waits for the ack."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def asks(self, command: str, body: dict[str, Any] | None = None, req_id: str = "r") -> int:
        frame = {"cmd": command, "headers": {"req_id": req_id}} | ({"body": body} if body is not None else {})
        await self.ws.send_str(json.dumps(frame))
        ack = await self.hears()
        assert ack["headers"]["req_id"] == req_id
        assert "cmd" not in ack
        return int(ack["errcode"])

    async def hears(self) -> Any:
        return json.loads(await self.ws.receive_str(timeout=5))

    async def subscribes(self, wecom: WeComBotDialect, secret: str | None = None) -> int:
        return await self.asks("aibot_subscribe", {"bot_id": wecom.bot_id, "secret": secret or wecom.secret})


@pytest.fixture
async def wecom(clock: FakeClock) -> AsyncIterator[WeComBotDialect]:
    async with WeComBotDialect(now=clock.now) as wecom:
        yield wecom


@pytest.fixture
async def peer(wecom: WeComBotDialect) -> AsyncIterator[Peer]:
    async with aiohttp.ClientSession() as session, session.ws_connect(wecom.base_url + "/") as ws:
        yield Peer(ws)


def push(to: str, content: str = "你好", chat_type: int = 1) -> dict[str, Any]:
    return {"chatid": to, "chat_type": chat_type, "msgtype": "markdown", "markdown": {"content": content}}


async def test_nothing_goes_before_a_subscription_with_the_right_secret(wecom: WeComBotDialect, peer: Peer) -> None:
    assert await peer.asks("aibot_send_msg", push("u")) != 0
    assert await peer.subscribes(wecom, "wrong") == 40001
    assert await peer.subscribes(wecom) == 0
    assert await peer.asks("ping") == 0
    assert await peer.asks("brand_new") != 0


async def test_a_second_subscriber_kicks_the_first(wecom: WeComBotDialect, peer: Peer) -> None:
    await peer.subscribes(wecom)
    async with aiohttp.ClientSession() as session, session.ws_connect(wecom.base_url + "/") as ws:
        assert await Peer(ws).subscribes(wecom) == 0
        assert (await peer.hears())["body"]["event"]["eventtype"] == "disconnected_event"
        assert (await peer.ws.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_pushes_need_a_conversation_and_words_within_limits(wecom: WeComBotDialect, peer: Peer) -> None:
    await peer.subscribes(wecom)
    assert await peer.asks("aibot_send_msg", push("u")) == 93006
    await wecom.send_text("u", "你好")
    await peer.hears()
    assert await peer.asks("aibot_send_msg", push("u")) == 0
    assert await peer.asks("aibot_send_msg", push("u", " ")) == 44004
    assert await peer.asks("aibot_send_msg", push("u", "字" * 7000)) == 45002
    assert await peer.asks("aibot_send_msg", push("u") | {"msgtype": "text"}) == 40008
    assert await peer.asks("aibot_send_msg", push("u") | {"chat_type": 3}) == 40058
    assert wecom.texts("u") == ["你好"]


async def test_more_than_thirty_a_minute_are_refused_and_noted(wecom: WeComBotDialect, peer: Peer) -> None:
    await peer.subscribes(wecom)
    await wecom.send_text("u", "你好")
    await peer.hears()
    codes = [await peer.asks("aibot_send_msg", push("u")) for _ in range(31)]
    assert codes == [0] * 30 + [45009]
    assert wecom.violations == ["over the frequency limit"]
    wecom.advance(60)
    assert await peer.asks("aibot_send_msg", push("u")) == 0


async def test_answers_need_the_id_of_a_message_of_the_last_day(wecom: WeComBotDialect, peer: Peer) -> None:
    await peer.subscribes(wecom)
    await wecom.send_text("u", "你好", group="g")
    req_id = (await peer.hears())["headers"]["req_id"]
    body = {"msgtype": "markdown", "markdown": {"content": "好"}}
    assert await peer.asks("aibot_respond_msg", body, "unknown") == 846605
    assert await peer.asks("aibot_respond_msg", body, req_id) == 0
    assert wecom.texts("g") == ["好"]
    wecom.advance(24 * 3600)
    assert await peer.asks("aibot_respond_msg", body, req_id) == 846605


async def test_a_card_is_checked_and_changed_within_five_seconds_of_a_click(wecom: WeComBotDialect, peer: Peer) -> None:
    await peer.subscribes(wecom)
    await wecom.send_text("u", "你好")
    await peer.hears()
    whole = {"chatid": "u", "chat_type": 1, "msgtype": "template_card", "template_card": CARD}
    assert await peer.asks("aibot_send_msg", whole) == 0
    assert await peer.asks("aibot_send_msg", whole) == 42014
    await wecom.press("u", "确认")
    req_id = (await peer.hears())["headers"]["req_id"]
    notice = {"card_type": "text_notice", "task_id": "t-1", "main_title": {"title": "拜访记录", "desc": "已确认"}}
    answer = {"response_type": "update_template_card", "template_card": notice}
    assert await peer.asks("aibot_respond_msg", push("u"), req_id) == 846605
    assert await peer.asks("aibot_respond_update_msg", answer, req_id) == 42045
    notice["card_action"] = {"type": 1, "url": "https://bot.example"}
    assert await peer.asks("aibot_respond_update_msg", answer, req_id) == 0
    assert wecom.cards("u")[0].closed == "已确认"
    wecom.advance(5)
    assert await peer.asks("aibot_respond_update_msg", answer, req_id) == 846605


async def test_a_response_address_takes_one_call_within_an_hour(clock: FakeClock) -> None:
    async with WeComBotDialect(mode="callback", callback_url="http://127.0.0.1:1/", now=clock.now) as wecom:
        wecom.max_deliveries = 1
        body = {"msgtype": "markdown", "markdown": {"content": "好"}}
        async with aiohttp.ClientSession() as session:

            async def posts(address: str) -> int:
                async with session.post(address, json=body) as response:
                    return int((await response.json())["errcode"])

            first = (await wecom.send_text("u", "一")).message["response_url"]
            second = (await wecom.send_text("u", "二")).message["response_url"]
            assert [await posts(first), await posts(first)] == [0, 40058]
            wecom.advance(3600)
            assert await posts(second) == 40058
        assert wecom.texts("u") == ["好"]


async def test_it_can_be_played_by_hand(wecom: WeComBotDialect, peer: Peer) -> None:
    await peer.subscribes(wecom)
    async with aiohttp.ClientSession(wecom.base_url) as session:
        act = {"do": "send_text", "user": "u", "text": "帮助"}
        async with session.post("/_control/act", json=act) as response:
            assert response.status == 200
        assert (await peer.hears())["body"]["text"]["content"] == "帮助"
        async with session.get("/_control/transcript/u") as response:
            assert "帮助" in await response.text()
        async with session.post("/_control/act", json={"do": "press", "user": "u", "wanted": "确认"}) as response:
            assert response.status == 409
        async with session.post("/_control/kick") as response:
            assert response.status == 200
    assert (await peer.hears())["body"]["event"]["eventtype"] == "disconnected_event"
