"""The dialect server itself: it must be as strict as WeCom, or the tests that lean on it prove nothing."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from wechatpy.enterprise.crypto import WeChatCrypto

from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_records import CannotPress
from tests.dialects.wecom_rules import Refused, check_card
from tests.dialects.wecom_seal import Seal
from tests.fakes import FakeClock

ROOT = Path(__file__).parent.parent
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data/wecom/vectors.json").read_text("utf-8"))


class Bot:
    """A bot that only notes what it is sent, and answers what the test told it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes]] = []
        self.statuses: list[int] = []
        self.body = b""

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.query_string, await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, body=self.body)


@pytest.fixture
async def bot() -> Bot:
    return Bot()


@pytest.fixture
async def wecom(bot: Bot, clock: FakeClock) -> AsyncIterator[WeComDialect]:
    app = web.Application()
    app.router.add_route("*", "/callback", bot.answer)
    server = TestServer(app)
    await server.start_server()
    async with WeComDialect(now=clock.now, callback_url=str(server.make_url("/callback"))) as wecom:
        yield wecom
    await server.close()


async def post(wecom: WeComDialect, api: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    token = token or (await get(wecom, "gettoken", corpid=wecom.corp_id, corpsecret=wecom.secret))["access_token"]
    async with aiohttp.ClientSession() as session:
        url = f"{wecom.base_url}/cgi-bin/{api}?access_token={token}"
        async with session.post(url, data=json.dumps(body, ensure_ascii=False).encode()) as response:
            answer: dict[str, Any] = await response.json()
            return answer


async def get(wecom: WeComDialect, api: str, **params: str) -> dict[str, Any]:
    url = f"{wecom.base_url}/cgi-bin/{api}"
    async with aiohttp.ClientSession() as session, session.get(url, params=params) as response:
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
        return answer


def message(wecom: WeComDialect, user: str = "zhangsan", text: str = "你好", **more: Any) -> dict[str, Any]:
    return {"touser": user, "msgtype": "text", "agentid": wecom.agent_id, "text": {"content": text}} | more


def card_message(wecom: WeComDialect, **changes: Any) -> dict[str, Any]:
    card = deepcopy(SAMPLES["button_interaction"]) | changes
    return {"touser": "zhangsan", "msgtype": "template_card", "agentid": wecom.agent_id, "template_card": card}


# its envelope


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_it_seals_the_published_samples_byte_for_byte(vector: dict[str, Any]) -> None:
    seal = Seal(vector["token"], vector["encoding_aes_key"], vector["receiveid"])
    sealed = seal.seal(vector["plaintext"].encode(), random16=vector["random16"].encode())
    assert sealed == vector["encrypt"]
    assert seal.signature(vector["timestamp"], vector["nonce"], sealed) == vector["msg_signature"]
    assert seal.open(sealed) == vector["plaintext"].encode()


async def test_wechatpy_reads_its_callbacks(wecom: WeComDialect, bot: Bot) -> None:
    await wecom.send_text("zhangsan", "客户 👍")
    [(query, body)] = bot.calls
    values = {name: values[0] for name, values in parse_qs(query).items()}
    peer = WeChatCrypto(wecom.token, wecom.encoding_aes_key, wecom.corp_id)
    xml = peer.decrypt_message(body, values["msg_signature"], values["timestamp"], values["nonce"])
    assert "客户 👍" in xml


# its cards

SAMPLES: dict[str, dict[str, Any]] = {
    "button_interaction": {
        "card_type": "button_interaction",
        "task_id": "esc-42@1700000000",
        "source": {"desc": "Risk alert", "desc_color": 2},
        "main_title": {"title": "Customer mentioned cancelling", "desc": "Visit record 42"},
        "horizontal_content_list": [
            {"keyname": "Cust.", "value": "ACME"},
            {"keyname": "Rep", "value": "Zhang San", "type": 3, "userid": "zhangsan"},
        ],
        "button_selection": {
            "question_key": "owner",
            "title": "Owner",
            "option_list": [{"id": "u1", "text": "Me"}, {"id": "u2", "text": "Rep"}],
            "selected_id": "u1",
        },
        "button_list": [
            {"text": "Take over", "style": 1, "key": "ack"},
            {"text": "Not risk", "style": 2, "key": "dismiss"},
        ],
    },
    "vote_interaction": {
        "card_type": "vote_interaction",
        "task_id": "t1",
        "main_title": {"title": "Stage?"},
        "checkbox": {
            "question_key": "stage",
            "mode": 0,
            "option_list": [{"id": "a", "text": "Demo", "is_checked": True}, {"id": "b", "text": "Quote"}],
        },
        "submit_button": {"text": "Submit", "key": "submit"},
    },
    "multiple_interaction": {
        "card_type": "multiple_interaction",
        "task_id": "t2",
        "main_title": {"title": "Complete the record"},
        "select_list": [
            {
                "question_key": "stage",
                "title": "Stage",
                "selected_id": "a",
                "option_list": [{"id": "a", "text": "Demo"}],
            }
        ],
        "submit_button": {"text": "Save", "key": "save"},
    },
    "text_notice": {
        "card_type": "text_notice",
        "main_title": {"title": "To-do", "desc": "due Friday"},
        "sub_title_text": "Send quotation to ACME",
        "card_action": {"type": 1, "url": "https://example.com/todo/7"},
    },
    "news_notice": {
        "card_type": "news_notice",
        "main_title": {"title": "Weekly report"},
        "card_image": {"url": "https://example.com/a.png", "aspect_ratio": 1.5},
        "card_action": {"type": 1, "url": "https://example.com/report/7"},
    },
}
NEEDED: dict[str, list[tuple[list[Any], int]]] = {
    "button_interaction": [
        (["card_type"], 42031),
        (["task_id"], 42014),
        (["main_title"], 41016),
        (["button_list"], 42038),
        (["button_list", 0, "text"], 42038),
        (["button_list", 0, "key"], 42039),
        (["button_selection", "question_key"], 42043),
        (["button_selection", "option_list"], 42037),
        (["button_selection", "option_list", 0, "id"], 42040),
        (["button_selection", "option_list", 0, "text"], 42041),
        (["horizontal_content_list", 0, "keyname"], 42027),
        (["horizontal_content_list", 1, "userid"], 42050),
    ],
    "vote_interaction": [
        (["task_id"], 42014),
        (["main_title", "title"], 41016),
        (["checkbox"], 42043),
        (["checkbox", "option_list"], 42037),
        (["submit_button"], 42049),
        (["submit_button", "key"], 42046),
    ],
    "multiple_interaction": [
        (["task_id"], 42014),
        (["main_title"], 41016),
        (["select_list"], 42047),
        (["select_list", 0, "question_key"], 42043),
        (["submit_button", "text"], 42049),
    ],
    "text_notice": [(["card_action"], 42045), (["card_action", "url"], 42028)],
    "news_notice": [(["main_title"], 41016), (["card_image"], 42044), (["card_action"], 42045)],
}


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_each_documented_card_is_accepted(kind: str) -> None:
    assert check_card(SAMPLES[kind]) == []


@pytest.mark.parametrize(
    ("kind", "path", "errcode"),
    [(kind, path, errcode) for kind, needed in NEEDED.items() for path, errcode in needed],
    ids=[f"{kind} without {'.'.join(map(str, path))}" for kind, needed in NEEDED.items() for path, _ in needed],
)
def test_a_card_without_a_needed_field_is_refused(kind: str, path: list[Any], errcode: int) -> None:
    card: Any = deepcopy(SAMPLES[kind])
    inner = card
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    with pytest.raises(Refused) as raised:
        check_card(card)
    assert raised.value.errcode == errcode


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"task_id": "a b"}, 42014),
        ({"task_id": "a" * 129}, 42014),
        ({"horizontal_content_list": [{"keyname": "k"}] * 7}, 42035),
        ({"button_list": [{"text": "x", "key": "k"}] * 2}, 42039),
        ({"button_list": [{"text": "x", "key": str(number)} for number in range(7)]}, 42038),
        ({"button_list": [{"text": "x", "key": "k" * 1025}]}, 42039),
        ({"jump_list": [{"title": "x"}] * 4}, 42042),
        ({"action_menu": {"action_list": []}}, 42051),
    ],
)
def test_a_card_beyond_a_limit_is_refused(changes: dict[str, Any], errcode: int) -> None:
    with pytest.raises(Refused) as raised:
        check_card(SAMPLES["button_interaction"] | changes)
    assert raised.value.errcode == errcode


def test_what_a_phone_would_cut_or_leave_out_is_noted() -> None:
    card = SAMPLES["text_notice"] | {"sub_title_text": "x" * 161, "button_list": []}
    assert check_card(card) == [
        "button_list is not shown in text_notice",
        "sub_title_text has 161 characters, 160 are shown",
    ]


# its tokens


async def test_a_token_lives_two_hours_and_is_the_same_until_then(wecom: WeComDialect, clock: FakeClock) -> None:
    ours = {"corpid": wecom.corp_id, "corpsecret": wecom.secret}
    first = await get(wecom, "gettoken", **ours)
    clock.advance(timedelta(seconds=7000))
    second = await get(wecom, "gettoken", **ours)
    assert second["access_token"] == first["access_token"]
    assert second["expires_in"] == 200
    clock.advance(timedelta(seconds=200))
    assert (await post(wecom, "message/send", message(wecom), first["access_token"]))["errcode"] == 42001
    assert (await get(wecom, "gettoken", **ours))["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    ("params", "errcode"),
    [({"corpid": "x", "corpsecret": "y"}, 40013), ({"corpid": "wwdialect0000001"}, 41004)],
)
async def test_gettoken_checks_who_asks(wecom: WeComDialect, params: dict[str, str], errcode: int) -> None:
    answer = await get(wecom, "gettoken", **params)
    assert answer["errcode"] == errcode
    assert "from ip: 203.0.113.7" in answer["errmsg"]


async def test_five_wrong_secrets_block_for_an_hour(wecom: WeComDialect, clock: FakeClock) -> None:
    wrong = {"corpid": wecom.corp_id, "corpsecret": "wrong"}
    codes = [(await get(wecom, "gettoken", **wrong))["errcode"] for _ in range(6)]
    assert codes == [40001] * 5 + [45009]
    clock.advance(timedelta(hours=1))
    ours = {"corpid": wecom.corp_id, "corpsecret": wecom.secret}
    assert (await get(wecom, "gettoken", **ours))["errcode"] == 0


async def test_calls_without_a_good_token_are_refused(wecom: WeComDialect) -> None:
    assert (await get(wecom, "getcallbackip"))["errcode"] == 41001
    assert (await get(wecom, "getcallbackip", access_token="x"))["errcode"] == 40014


# its messages


async def test_a_text_beyond_2048_bytes_is_cut_and_noted(wecom: WeComDialect) -> None:
    await post(wecom, "message/send", message(wecom, text="客" * 683))
    assert wecom.texts("zhangsan") == ["客" * 682]
    assert wecom.violations == ["a text of 2049 bytes was cut"]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": ""}, 40035),
        ({"agentid": 7}, 301002),
        ({"agentid": "1000002"}, 40056),
        ({"msgtype": "hologram"}, 40008),
        ({"text": {"content": " "}}, 44004),
        ({"msgtype": "image", "image": {"media_id": "x"}}, 40007),
        ({"touser": "gone"}, 81013),
    ],
)
async def test_a_message_that_wecom_would_refuse_is_refused(
    wecom: WeComDialect, changes: dict[str, Any], errcode: int
) -> None:
    wecom.unreachable.add("gone")
    assert (await post(wecom, "message/send", message(wecom) | changes))["errcode"] == errcode
    assert wecom.messages == []


async def test_some_unreachable_people_are_named_and_the_others_served(wecom: WeComDialect) -> None:
    wecom.unreachable.add("LiSi")
    answer = await post(wecom, "message/send", message(wecom, user="zhangsan|LiSi"))
    assert (answer["errcode"], answer["invaliduser"]) == (0, "lisi")
    assert wecom.texts("zhangsan") == ["你好"]


async def test_the_thirty_first_message_of_a_minute_vanishes(wecom: WeComDialect, clock: FakeClock) -> None:
    answers = [await post(wecom, "message/send", message(wecom, text=str(number))) for number in range(31)]
    assert all(answer["errcode"] == 0 for answer in answers)
    assert len(wecom.texts("zhangsan")) == 30
    assert wecom.messages[-1].state == "dropped"
    clock.advance(timedelta(minutes=1))
    await post(wecom, "message/send", message(wecom))
    assert len(wecom.texts("zhangsan")) == 31


async def test_an_equal_message_is_swallowed_only_when_asked(wecom: WeComDialect, clock: FakeClock) -> None:
    checked = message(wecom, enable_duplicate_check=1, duplicate_check_interval=600)
    for body in (message(wecom), message(wecom), checked, message(wecom, user="lisi", enable_duplicate_check=1)):
        assert (await post(wecom, "message/send", body))["errcode"] == 0
    assert len(wecom.texts("zhangsan")) == 2
    assert len(wecom.texts("lisi")) == 1
    clock.advance(timedelta(minutes=10))
    await post(wecom, "message/send", checked)
    assert len(wecom.texts("zhangsan")) == 3


async def test_a_task_id_serves_once(wecom: WeComDialect) -> None:
    assert (await post(wecom, "message/send", card_message(wecom)))["errcode"] == 0
    assert (await post(wecom, "message/send", card_message(wecom)))["errcode"] == 42014


async def test_cards_with_buttons_need_a_callback_address(wecom: WeComDialect) -> None:
    wecom.callback_url = ""
    assert (await post(wecom, "message/send", card_message(wecom)))["errcode"] == 43012


async def test_a_code_changes_its_card_once_within_72_hours(wecom: WeComDialect, clock: FakeClock) -> None:
    code = (await post(wecom, "message/send", card_message(wecom)))["response_code"]
    update = {"userids": ["zhangsan"], "agentid": wecom.agent_id, "response_code": code}
    update |= {"button": {"replace_name": "Done"}}
    assert (await post(wecom, "message/update_template_card", update))["errcode"] == 0
    assert wecom.cards("zhangsan")[0].closed == "Done"
    assert (await post(wecom, "message/update_template_card", update))["errcode"] != 0
    late = (await post(wecom, "message/send", card_message(wecom, task_id="t2")))["response_code"]
    clock.advance(timedelta(hours=72))
    assert (await post(wecom, "message/update_template_card", update | {"response_code": late}))["errcode"] != 0


async def test_a_message_can_be_recalled_for_a_day(wecom: WeComDialect, clock: FakeClock) -> None:
    msgid = (await post(wecom, "message/send", message(wecom)))["msgid"]
    assert (await post(wecom, "message/recall", {"msgid": msgid}))["errcode"] == 0
    assert "已撤回" in wecom.transcript("zhangsan")
    late = (await post(wecom, "message/send", message(wecom)))["msgid"]
    clock.advance(timedelta(days=1))
    assert (await post(wecom, "message/recall", {"msgid": late}))["errcode"] == 42052


async def test_people_are_looked_up_without_their_private_data(wecom: WeComDialect) -> None:
    token = (await get(wecom, "gettoken", corpid=wecom.corp_id, corpsecret=wecom.secret))["access_token"]
    person = await get(wecom, "user/get", access_token=token, userid="zhangsan")
    assert person["userid"] == "zhangsan"
    assert "mobile" not in person
    wecom.unreachable.add("gone")
    assert (await get(wecom, "user/get", access_token=token, userid="gone"))["errcode"] == 60111


async def test_escaped_characters_are_noted(wecom: WeComDialect) -> None:
    token = (await get(wecom, "gettoken", corpid=wecom.corp_id, corpsecret=wecom.secret))["access_token"]
    async with aiohttp.ClientSession() as session:
        url = f"{wecom.base_url}/cgi-bin/message/send?access_token={token}"
        async with session.post(url, data=json.dumps(message(wecom))) as response:
            assert response.status == 200
    assert wecom.violations == ["a request has \\uxxxx escapes"]


# its callbacks


async def test_an_unanswered_callback_is_sent_three_times_with_fresh_nonces(wecom: WeComDialect) -> None:
    wecom.callback_url = "http://127.0.0.1:9/"
    delivery = await wecom.send_text("zhangsan", "你好")
    assert [attempt.status for attempt in delivery.attempts] == [None] * 3
    assert not delivery.accepted


async def test_an_error_status_is_final_unless_set_otherwise(wecom: WeComDialect, bot: Bot) -> None:
    bot.statuses = [500, 500, 200]
    assert len((await wecom.send_text("zhangsan", "一")).attempts) == 1
    wecom.retry_statuses = True
    delivery = await wecom.send_text("zhangsan", "二")
    assert [attempt.status for attempt in delivery.attempts] == [500, 200]
    assert delivery.accepted


async def test_repeats_differ_outside_and_not_inside(wecom: WeComDialect, bot: Bot) -> None:
    delivery = await wecom.send_text("zhangsan", "一")
    await wecom.replay(delivery.number, copies=2)
    assert len({query for query, _ in bot.calls}) == 3
    assert len({body for _, body in bot.calls}) == 3
    assert len(wecom.deliveries) == 1
    assert wecom.transcript("zhangsan").count("一") == 1


async def test_an_answer_with_words_is_noted(wecom: WeComDialect, bot: Bot) -> None:
    bot.body = b"hello"
    await wecom.send_text("zhangsan", "一")
    assert wecom.violations == ["callback answered with b'hello'"]
    assert (await wecom.verify()).error == "not the exact echo"


async def test_only_live_buttons_can_be_pressed(wecom: WeComDialect, bot: Bot) -> None:
    with pytest.raises(CannotPress):
        await wecom.press("zhangsan", "Take over")
    code = (await post(wecom, "message/send", card_message(wecom)))["response_code"]
    for control, chosen in (("No such", {}), ("ack", {"owner": ["u3"]}), ("ack", {"other": ["u1"]})):
        with pytest.raises(CannotPress):
            await wecom.press("zhangsan", control, chosen=chosen)
    delivery = await wecom.press("zhangsan", "Take over", chosen={"owner": ["u2"]})
    assert b"u2" in delivery.xml
    body = {"userids": ["zhangsan"], "agentid": wecom.agent_id, "button": {"replace_name": "Done"}}
    await post(wecom, "message/update_template_card", body | {"response_code": code})
    with pytest.raises(CannotPress, match="grey"):
        await wecom.press("zhangsan", "ack", card="esc-42")


async def test_the_transcript_reads_like_the_phone(wecom: WeComDialect) -> None:
    await wecom.send_text("zhangsan", "今天见了恒力")
    await wecom.send_voice("zhangsan", b"#!AMR\n")
    await post(wecom, "message/send", message(wecom, text="收到"))
    await post(wecom, "message/send", card_message(wecom))
    await wecom.press("zhangsan", "ack")
    assert wecom.transcript("zhangsan").splitlines() == [
        "[04:00:00] zhangsan: 今天见了恒力",
        "[04:00:00] zhangsan: 🎤 语音",
        "[04:00:00] bot: 收到",
        "[04:00:00] bot: ┌ Customer mentioned cancelling",
        "│ Visit record 42",
        "│ Cust.  ACME",
        "│ Rep  Zhang San",
        "│ Owner ▾ Me / Rep",
        "│ [Take over] [Not risk]",
        "[04:00:00] zhangsan: 👆 Take over",
    ]
    assert wecom.transcript("lisi") == ""


# its faults


async def test_a_fault_waits_strikes_and_ends(wecom: WeComDialect, clock: FakeClock) -> None:
    wecom.fail("message/send", errcode=-1, after=1, times=2)
    codes = [(await post(wecom, "message/send", message(wecom)))["errcode"] for _ in range(5)]
    assert codes == [0, -1, -1, 0, 0]
    wecom.fail("message/send", errcode=45009, for_s=60)
    assert (await post(wecom, "message/send", message(wecom)))["errcode"] == 45009
    clock.advance(timedelta(minutes=1))
    assert (await post(wecom, "message/send", message(wecom)))["errcode"] == 0
    with pytest.raises(ValueError, match="typo"):
        wecom.fail("message/send", "typo")


# from another process


async def test_it_is_driven_over_http(wecom: WeComDialect, bot: Bot) -> None:
    async with aiohttp.ClientSession(f"{wecom.base_url}/_control/") as control:

        async def ask(path: str, **body: Any) -> Any:
            async with control.post(path, json=body) as response:
                assert response.status == 200, await response.text()
                return await response.json()

        data = base64.b64encode(b"#!AMR\n123").decode()
        sent = await ask("act", do="send_voice", user="zhangsan", data=data)
        assert sent["attempts"][0]["status"] == 200
        assert (await ask("replay", number=sent["number"]))["attempts"][1]["status"] == 200
        assert (await ask("hostile", kind="unsigned"))["status"] == 200  # this bot takes anything
        assert (await ask("verify"))["error"] == "not the exact echo"
        await ask("fault", api="message/send", kind="errcode", errcode=-1)
        assert (await post(wecom, "message/send", message(wecom)))["errcode"] == -1
        await ask("fault", api="message/send", kind="errcode", times=None)
        async with control.delete("faults") as response:
            assert response.status == 200
        await ask("settings", unreachable=["gone"], max_deliveries=1)
        assert wecom.unreachable == {"gone"}
        await post(wecom, "message/send", message(wecom))
        await ask("token", errcode=40014)
        before = wecom.now()
        await ask("clock", advance_s=3600)
        assert wecom.now() - before == timedelta(hours=1)
        async with control.get("messages?user=zhangsan") as response:
            assert [item["kind"] for item in await response.json()] == ["voice", "text"]
        async with control.get("transcript/zhangsan") as response:
            assert "bot: 你好" in await response.text()
        for what in ("calls", "deliveries", "violations"):
            async with control.get(what) as response:
                assert response.status == 200
        for body, status in (({"do": "stop", "user": "u"}, 400), ({"do": "press", "user": "u", "control": "x"}, 409)):
            async with control.post("act", json=body) as response:
                assert response.status == status


async def test_it_starts_by_hand_and_says_how_it_is_used() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.dialects.wecom", "--port", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert process.stdout is not None
    try:
        printed = b""
        while b"/_control/transcript/zhangsan\n" not in printed:
            line = await asyncio.wait_for(process.stdout.readline(), 20)
            assert line, printed
            printed += line
    finally:
        process.terminate()
        await process.wait()
    assert b"[wecom]" in printed
    assert b"/_control/act" in printed
