"""The dialect server of group robots itself: it must be as strict as the platforms, or tests on it prove nothing."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.groups.adapter import signature
from tests.dialects.webhooks import PER_MINUTE, Robot, WebhookDialect
from tests.fakes import FakeClock

TEXT = {"msgtype": "text", "text": {"content": "你好"}}


@pytest.fixture
async def webhooks(clock: FakeClock) -> AsyncIterator[WebhookDialect]:
    async with WebhookDialect(now=clock.now) as webhooks:
        yield webhooks


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Caller:
    def __init__(self, webhooks: WebhookDialect, session: aiohttp.ClientSession) -> None:
        self._base, self._session = webhooks.base_url, session

    async def post(
        self, robot: Robot, body: Any = TEXT, *, content_type: str = "application/json", **query: str
    ) -> tuple[int, str]:
        path, name = ("/cgi-bin/webhook/send", "key") if robot.platform == "wecom" else ("/robot/send", "access_token")
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": content_type}
        async with self._session.post(
            self._base + path, params={name: robot.key} | query, data=data, headers=headers
        ) as response:
            answer = await response.json()
            assert response.status == 200
            return answer["errcode"], answer["errmsg"]


@pytest.fixture
def caller(webhooks: WebhookDialect, session: aiohttp.ClientSession) -> Caller:
    return Caller(webhooks, session)


async def test_wecom_takes_twenty_in_any_minute(webhooks: WebhookDialect, caller: Caller, clock: FakeClock) -> None:
    robot = webhooks.wecom()
    codes = []
    for _ in range(PER_MINUTE + 1):
        codes.append((await caller.post(robot))[0])
        clock.advance(timedelta(seconds=1))

    assert codes == [0] * PER_MINUTE + [45009]
    assert robot.violations == ["more than 20 in a minute"]
    clock.advance(timedelta(seconds=40))
    assert (await caller.post(robot))[0] == 0


async def test_dingtalk_silences_a_robot_for_ten_minutes(
    webhooks: WebhookDialect, caller: Caller, clock: FakeClock
) -> None:
    robot = webhooks.dingtalk()
    codes = [(await caller.post(robot))[0] for _ in range(PER_MINUTE + 2)]

    assert codes == [0] * PER_MINUTE + [130101, 660026]
    clock.advance(timedelta(seconds=599))
    assert (await caller.post(robot))[0] == 660026
    clock.advance(timedelta(seconds=1))
    assert (await caller.post(robot))[0] == 0
    assert len(robot.posted) == PER_MINUTE + 1


async def test_every_robot_has_a_limit_of_its_own(webhooks: WebhookDialect, caller: Caller) -> None:
    for robot in (webhooks.wecom(), webhooks.wecom()):
        assert [(await caller.post(robot))[0] for _ in range(PER_MINUTE)] == [0] * PER_MINUTE


async def test_dingtalk_wants_its_signature_fresh_and_right(
    webhooks: WebhookDialect, caller: Caller, clock: FakeClock
) -> None:
    robot = webhooks.dingtalk(secret="SEC1")
    right = signature("SEC1", clock.now())

    assert await caller.post(robot) == (310000, "invalid timestamp")
    assert (await caller.post(robot, **right))[0] == 0
    assert (await caller.post(robot, **signature("SEC2", clock.now())))[1].startswith("sign not match")
    clock.advance(timedelta(hours=1, seconds=1))
    assert await caller.post(robot, **right) == (310000, "invalid timestamp")
    assert await caller.post(robot, timestamp="x", sign="y") == (310000, "invalid timestamp")


async def test_dingtalk_wants_its_keyword_its_address_and_its_content_type(
    webhooks: WebhookDialect, caller: Caller
) -> None:
    robot = webhooks.dingtalk(keyword="日报")

    assert (await caller.post(robot))[1].startswith("keywords not in content")
    assert (await caller.post(robot, content_type="text/plain"))[0] == 43004
    robot.allowed_ip = "198.51.100.1"
    assert "not in whitelist" in (await caller.post(robot))[1]
    assert robot.posted == []


async def test_dingtalk_takes_a_uuid_once(webhooks: WebhookDialect, caller: Caller) -> None:
    robot = webhooks.dingtalk()
    for uuid in ("a", "a", "b"):
        assert (await caller.post(robot, TEXT | {"msgUuid": uuid}))[0] == 0

    assert len(robot.posted) == 2


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("wecom", {"msgtype": "sound"}, 40008),
        ("wecom", {"msgtype": "text", "text": {"content": " "}}, 44004),
        ("wecom", {"msgtype": "text", "text": {"content": "好" * 700}}, 45002),
        ("wecom", b"{", 40058),
        ("dingtalk", {"msgtype": "sound"}, 400105),
        ("dingtalk", {"msgtype": "text", "text": {"content": "好" * 7000}}, 460101),
        ("dingtalk", b"[]", 40035),
    ],
)
async def test_what_is_no_message_is_refused(
    webhooks: WebhookDialect, caller: Caller, kind: str, body: Any, code: int
) -> None:
    robot = webhooks.wecom() if kind == "wecom" else webhooks.dingtalk()

    assert (await caller.post(robot, body))[0] == code
    assert robot.posted == []


async def test_a_mention_of_everybody_is_noticed(webhooks: WebhookDialect, caller: Caller) -> None:
    wecom, dingtalk = webhooks.wecom(), webhooks.dingtalk()
    await caller.post(wecom, {"msgtype": "text", "text": {"content": "你好", "mentioned_list": ["@all"]}})
    await caller.post(dingtalk, TEXT | {"at": {"isAtAll": True}})

    assert wecom.violations == dingtalk.violations == ["somebody was mentioned"]


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        ("wecom", "removed", 93000),
        ("wecom", "stopped", 93004),
        ("wecom", "absent", 93008),
        ("dingtalk", "removed", 300005),
        ("dingtalk", "stopped", 400102),
        ("dingtalk", "absent", 400013),
    ],
)
async def test_a_robot_that_is_gone_says_how(
    webhooks: WebhookDialect, caller: Caller, kind: str, state: Any, code: int
) -> None:
    robot = webhooks.wecom() if kind == "wecom" else webhooks.dingtalk()
    robot.state = state

    assert (await caller.post(robot))[0] == code


async def test_a_key_nobody_knows_is_refused_in_each_dialect(caller: Caller) -> None:
    assert (await caller.post(Robot("wecom", "unknown")))[0] == 93000
    assert (await caller.post(Robot("dingtalk", "unknown")))[0] == 300005
