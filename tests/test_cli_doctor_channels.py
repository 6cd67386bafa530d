"""`visitbot doctor`, the ways in: clock, callbacks, accounts, and connections that we hold ourselves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.checkup_channels import (
    Callback,
    callbacks,
    check_accounts,
    check_callback_keys,
    check_clock,
    check_connections,
    check_public_url,
    check_public_urls,
)
from bot.config import Config
from bot.platform import CheckResult
from storage.database import Database
from tests.fakes import NOON, FakeClock

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
NOWHERE = "http://127.0.0.1:9"
WECOM = {"corp_id": "ww0", "agent_id": 7, "secret": "s", "token": "QDG6eK", "encoding_aes_key": KEY}
BOT = {"bot_id": "aib0", "secret": "s", "socket_url": "ws://127.0.0.1:9"}
DINGTALK = {"client_id": "ding0", "client_secret": "s", "api_base": NOWHERE}

Handler = Callable[[web.Request], Awaitable[web.Response]]


def configured(**sections: object) -> Config:
    return Config.model_validate(sections)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    servers: list[TestServer] = []

    async def start(answer: Handler) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        server = TestServer(app)
        servers.append(server)
        await server.start_server()
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


# The clock


@pytest.mark.parametrize(
    ("off_s", "ok", "warning"),
    [(0, True, False), (60, True, True), (-3600, False, False)],
    ids=["ok", "odd", "wrong"],
)
@pytest.mark.parametrize("platform", ["wecom", "dingtalk", "wecom_bot"])
async def test_the_clock_is_compared_with_the_platforms(
    serve: Callable[[Handler], Awaitable[str]], platform: str, off_s: int, ok: bool, warning: bool
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(headers={"Date": format_datetime(NOON - timedelta(seconds=off_s), usegmt=True)})

    url = await serve(answer)
    section = {
        "wecom": WECOM | {"api_base": url},
        "dingtalk": DINGTALK | {"api_base": url},
        "wecom_bot": BOT | {"socket_url": url.replace("http", "ws", 1)},
    }[platform]

    result = await check_clock(configured(**{platform: section}), FakeClock())

    assert (result.ok, result.warning) == (ok, warning)
    assert "2026-03-02 12:00（Asia/Shanghai）" in result.detail


@pytest.mark.parametrize(
    "sections",
    [{"wecom": WECOM | {"api_base": NOWHERE}}, {"dingtalk": DINGTALK}, {"wecom_bot": BOT}],
    ids=["wecom", "dingtalk", "bot"],
)
async def test_a_clock_that_cannot_be_compared_deserves_a_look(sections: dict[str, object]) -> None:
    assert (await check_clock(configured(**sections), FakeClock())).warning


# Callbacks


def test_what_we_open_ourselves_needs_no_address_of_ours() -> None:
    assert callbacks(configured(dingtalk=DINGTALK, wecom_bot=BOT)) == []


def test_every_address_that_a_platform_calls_is_looked_at() -> None:
    event_keys = {"event_token": "QDG6eK", "event_aes_key": KEY}
    http = DINGTALK | event_keys | {"mode": "http", "card_template_id": "x.schema", "callback_path": "/in"}
    bot = BOT | {"mode": "callback", "token": "QDG6eK", "encoding_aes_key": KEY}

    found = callbacks(configured(wecom=WECOM, wecom_bot=bot, dingtalk=http))

    assert [callback.path for callback in found] == [
        "/wecom/callback",
        "/wecom-bot/callback",
        "/in",
        "/dingtalk/card",
        "/dingtalk/events",
    ]


@pytest.mark.parametrize(
    ("status", "body", "warning"),
    [(400, "这里是拜访助手接收消息的地址", False), (400, "Bad Request", True), (502, "拜访助手", True)],
    ids=["ours", "another program", "gateway"],
)
async def test_the_public_address_must_lead_to_us(
    serve: Callable[[Handler], Awaitable[str]], status: int, body: str, warning: bool
) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.path == "/wecom/callback"
        return web.Response(status=status, text=body)

    callback = Callback("回调地址", "/wecom/callback")

    assert (await check_public_url(await serve(answer), callback)).warning == warning


async def test_an_address_that_cannot_be_opened_deserves_a_look() -> None:
    config = configured(wecom=WECOM, server={"public_url": NOWHERE})

    [result] = await check_public_urls(config)

    assert (result.ok, result.warning) == (True, True)


async def test_without_a_public_address_it_is_said_once_and_only_where_one_is_needed() -> None:
    [needed] = await check_public_urls(configured(wecom=WECOM, dingtalk=DINGTALK | {"mode": "http"}))

    assert needed.warning
    assert "/wecom/callback、/dingtalk/callback" in needed.detail
    assert await check_public_urls(configured(dingtalk=DINGTALK, wecom_bot=BOT)) == []


def test_the_official_sample_key_works_on_every_platform() -> None:
    bot = BOT | {"mode": "callback", "token": "QDG6eK", "encoding_aes_key": KEY}
    dingtalk = DINGTALK | {"event_token": "QDG6eK", "event_aes_key": KEY}

    found = check_callback_keys(configured(wecom=WECOM, wecom_bot=bot, dingtalk=dingtalk))

    assert [result.ok for result in found] == [True, True, True]


def test_a_key_that_cannot_decrypt_is_a_fault() -> None:
    config = configured(wecom=WECOM)
    assert config.wecom is not None
    broken = config.wecom.model_copy(update={"encoding_aes_key": config.wecom.token})

    [result] = check_callback_keys(config.model_copy(update={"wecom": broken}))

    assert not result.ok
    assert result.advice


def test_one_event_key_without_the_other_is_a_fault() -> None:
    [token_only] = check_callback_keys(configured(dingtalk=DINGTALK | {"event_token": "QDG6eK"}))
    [key_only] = check_callback_keys(configured(dingtalk=DINGTALK | {"event_aes_key": KEY}))

    assert [token_only.ok, key_only.ok] == [False, False]
    assert "event_aes_key" in token_only.detail
    assert "event_token" in key_only.detail


def test_events_over_http_need_keys_and_over_stream_none() -> None:
    assert check_callback_keys(configured(dingtalk=DINGTALK)) == []
    [result] = check_callback_keys(configured(dingtalk=DINGTALK | {"mode": "http"}))
    assert (result.ok, result.warning) == (True, True)


# People


async def accounts(database: Database, **sections: object) -> list[CheckResult]:
    async with database.reading() as work:
        return await check_accounts(work, configured(**sections))


async def member(database: Database, name: str, **user_ids: str) -> None:
    async with database.work() as work:
        one = await work.members.add(name)
        for platform, user_id in user_ids.items():
            await work.members.link(one.member_id, platform, user_id)


async def test_whoever_can_be_reached_nowhere_is_named(any_database: Database) -> None:
    await member(any_database, "李晓彤", wecom="lxt", dingtalk="d-lxt")
    await member(any_database, "王伟", wecom="ww")
    await member(any_database, "赵敏", playground="zm")

    [on_both] = await accounts(any_database, wecom=WECOM, dingtalk=DINGTALK)
    [on_one] = await accounts(any_database, dingtalk=DINGTALK)

    assert on_both.warning
    assert on_both.detail == "企业微信 2 人，钉钉 1 人；赵敏没有账号，收不到任何消息"
    assert "王伟、赵敏没有账号" in on_one.detail


async def test_many_without_an_account_are_counted(any_database: Database) -> None:
    for number in range(7):
        await member(any_database, f"销售{number}")

    [result] = await accounts(any_database, dingtalk=DINGTALK)

    assert "销售4等 7 人没有账号" in result.detail


async def test_who_is_on_the_ai_bot_only_must_write_first(any_database: Database) -> None:
    await member(any_database, "李晓彤", wecom_bot="lxt")
    await member(any_database, "王伟", wecom_bot="ww", wecom="ww")

    [result] = await accounts(any_database, wecom=WECOM, wecom_bot=BOT)

    assert result.warning
    assert "李晓彤只有智能机器人账号" in result.detail


async def test_everybody_with_an_account_is_fine(any_database: Database) -> None:
    await member(any_database, "李晓彤", dingtalk="d-lxt")

    [result] = await accounts(any_database, dingtalk=DINGTALK)

    assert (result.ok, result.warning, result.detail) == (True, False, "钉钉 1 人")


async def test_managers_of_a_group_must_be_members(any_database: Database) -> None:
    await member(any_database, "陈志远", dingtalk="d-czy")
    for user_id in ("d-1", "d-2"):
        await member(any_database, "王伟", dingtalk=user_id)
    group = {"platform": "dingtalk", "key": "k", "managers": ["陈志远", "王伟", "周敏"]}

    _, result = await accounts(any_database, dingtalk=DINGTALK, groups={"sales": group})

    assert result.warning
    assert result.detail == "[groups.sales] 的“王伟”有同名的人；[groups.sales] 的“周敏”不在人员里"


# Connections


@pytest.mark.parametrize(
    ("after", "is_running", "ok", "warning"),
    [
        (timedelta(seconds=30), True, True, False),
        (timedelta(minutes=6), True, False, True),
        (timedelta(minutes=6), None, True, True),
        (timedelta(hours=9), False, True, False),
    ],
    ids=["connected", "silent", "unknown whether it runs", "stopped"],
)
async def test_a_connection_that_is_gone_while_we_run_is_a_fault(
    sqlite_url: str, after: timedelta, is_running: bool | None, ok: bool, warning: bool
) -> None:
    clock = FakeClock()
    database = await Database.open(sqlite_url, clock)
    async with database.work() as work:
        await work.presence.note("dingtalk")
    clock.advance(after)
    [result] = await check_connections(database, configured(dingtalk=DINGTALK), is_running=is_running, pause=at_once)
    await database.close()

    assert (result.ok, result.warning) == (ok, warning)


async def at_once(_wait_s: float) -> None:
    pass


async def test_a_connection_that_never_stood_is_told(any_database: Database) -> None:
    config = configured(dingtalk=DINGTALK, wecom_bot=BOT)

    found = await check_connections(any_database, config, is_running=True, pause=at_once)

    assert [(result.name, result.detail) for result in found] == [
        ("钉钉连接", "还没有连通过"),
        ("智能机器人连接", "还没有连通过"),
    ]


async def test_one_that_has_only_just_started_is_given_the_time_to_connect(any_database: Database) -> None:
    async def connects(_wait_s: float) -> None:
        async with any_database.work() as work:
            await work.presence.note("dingtalk")

    [result] = await check_connections(any_database, configured(dingtalk=DINGTALK), is_running=True, pause=connects)

    assert (result.ok, result.detail) == (True, "连着")


async def test_where_platforms_call_us_no_connection_is_looked_for(any_database: Database) -> None:
    bot = BOT | {"mode": "callback", "token": "QDG6eK", "encoding_aes_key": KEY}
    config = configured(wecom=WECOM, wecom_bot=bot, dingtalk=DINGTALK | {"mode": "http"})

    assert await check_connections(any_database, config, is_running=True, pause=at_once) == []
