"""Calls to WeCom, on a server that speaks its dialect and makes its errors."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.config import WeCom
from bot.errors import (
    ContentRefused,
    MediaGone,
    MediaTooBig,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
    RecipientUnreachable,
    TokenRejected,
)
from bot.platform import MediaFile
from bot.tokens import AccessToken
from bot.wecom.client import DUPLICATE_CHECK_S, WeComClient
from bot.wecom.errors_table import MEANINGS, error_for
from tests.dialects.wecom import WeComDialect
from tests.fakes import FakeClock

AMR = b"#!AMR\n" + bytes(range(256)) * 8


@pytest.fixture
async def wecom(clock: FakeClock) -> AsyncIterator[WeComDialect]:
    async with WeComDialect(now=clock.now, callback_url="http://127.0.0.1:9/") as wecom:
        yield wecom


@pytest.fixture
async def client(wecom: WeComDialect, clock: FakeClock) -> AsyncIterator[WeComClient]:
    client = client_of(wecom, clock)
    yield client
    await client.close()


def client_of(wecom: WeComDialect, clock: FakeClock, **settings: object) -> WeComClient:
    return WeComClient(WeCom(**wecom.settings() | {"timeout_s": 5.0} | settings), clock=clock)


# the token


async def test_callers_at_once_share_one_token(wecom: WeComDialect, client: WeComClient) -> None:
    wecom.fail("gettoken", "slow", seconds=0.05)
    await asyncio.gather(*(client.send_text("zhangsan", f"第{number}条") for number in range(20)))
    assert wecom.token_fetches == 1
    assert len(wecom.texts("zhangsan")) == 20


async def test_the_token_is_renewed_shortly_before_it_ends(
    wecom: WeComDialect, client: WeComClient, clock: FakeClock
) -> None:
    await client.send_text("zhangsan", "一")
    clock.advance(timedelta(seconds=7200 - 201))
    await client.send_text("zhangsan", "二")
    assert wecom.token_fetches == 1
    clock.advance(timedelta(seconds=2))
    await client.send_text("zhangsan", "三")
    assert wecom.token_fetches == 2


@pytest.mark.parametrize("errcode", [40014, 42001, 41001, 40001])
async def test_a_token_that_died_early_is_renewed_once(wecom: WeComDialect, client: WeComClient, errcode: int) -> None:
    await client.send_text("zhangsan", "一")
    wecom.expire_token(errcode)
    await client.send_text("zhangsan", "二")
    assert wecom.texts("zhangsan") == ["一", "二"]
    assert wecom.token_fetches == 2


async def test_many_callers_with_a_dead_token_renew_it_once(wecom: WeComDialect, client: WeComClient) -> None:
    await client.token()
    wecom.expire_token(40014)
    await asyncio.gather(*(client.send_text("zhangsan", f"第{number}条") for number in range(10)))
    assert wecom.token_fetches == 2
    assert len(wecom.texts("zhangsan")) == 10


async def test_a_late_refusal_of_the_old_token_leaves_the_new_one(clock: FakeClock) -> None:
    fetched: list[str] = []

    async def fetch() -> tuple[str, float]:
        fetched.append(f"token-{len(fetched)}")
        return fetched[-1], 7200.0

    token = AccessToken(fetch, clock)
    old = await token.get()
    token.reject(old)
    new = await token.get()
    token.reject(old)
    assert await token.get() == new == "token-1"
    assert len(fetched) == 2


@pytest.mark.parametrize("errcode", [40014, 42001, 41001, 40001])
async def test_a_token_that_is_refused_for_ever_ends_after_two_calls(
    wecom: WeComDialect, client: WeComClient, errcode: int
) -> None:
    wecom.fail("message/send", errcode=errcode, times=None)
    with pytest.raises(TokenRejected) as raised:
        await client.send_text("zhangsan", "一")
    assert (raised.value.code, raised.value.api) == (errcode, "message/send")
    assert len(wecom.calls_of("message/send")) == 2
    assert wecom.token_fetches == 2


async def test_a_token_error_at_the_nth_call_is_not_seen(wecom: WeComDialect, client: WeComClient) -> None:
    wecom.fail("message/send", errcode=40014, after=2)
    for number in range(5):
        await client.send_text("zhangsan", str(number))
    assert wecom.texts("zhangsan") == ["0", "1", "2", "3", "4"]


async def test_a_wrong_secret_is_asked_about_once_in_ten_minutes(wecom: WeComDialect, clock: FakeClock) -> None:
    client = client_of(wecom, clock, secret="wrong")
    for _ in range(10):
        with pytest.raises(NotPermitted, match="40001") as raised:
            await client.send_text("zhangsan", "一")
        assert "Secret" in raised.value.hint
    assert wecom.token_fetches == 1
    clock.advance(timedelta(minutes=11))
    with pytest.raises(NotPermitted):
        await client.send_text("zhangsan", "一")
    assert wecom.token_fetches == 2
    await client.close()


async def test_an_address_blocked_for_wrong_secrets_is_left_alone_for_an_hour(
    wecom: WeComDialect, client: WeComClient, clock: FakeClock
) -> None:
    wecom.fail("gettoken", errcode=45009, for_s=3600)
    for _ in range(3):
        with pytest.raises(PlatformBusy) as raised:
            await client.send_text("zhangsan", "一")
        assert raised.value.retry_after_s == 3600
    assert wecom.token_fetches == 0  # the fault answers before the server counts
    assert len(wecom.calls_of("gettoken")) == 1
    clock.advance(timedelta(hours=1))
    await client.send_text("zhangsan", "二")


@pytest.mark.parametrize("setting", [{"corp_id": "wrong"}, {"agent_id": 7}], ids=["corp", "agent"])
async def test_a_wrong_id_is_the_admins_to_mend(
    wecom: WeComDialect, clock: FakeClock, setting: dict[str, object]
) -> None:
    client = client_of(wecom, clock, **setting)
    with pytest.raises(NotPermitted) as raised:
        await client.send_text("zhangsan", "一")
    assert raised.value.hint
    await client.close()


# errors


async def test_an_untrusted_address_is_named_in_the_hint(wecom: WeComDialect, client: WeComClient) -> None:
    wecom.fail("message/send", errcode=60020)
    with pytest.raises(NotPermitted) as raised:
        await client.send_text("zhangsan", "一")
    assert "203.0.113.7" in raised.value.hint
    assert "203.0.113.7" not in str(raised.value)


def test_without_an_address_in_the_message_the_hint_still_helps() -> None:
    assert "企业可信IP" in error_for("message/send", 60020, "not allow to access from your ip").hint
    assert "2001:db8::1" in error_for("message/send", 60020, "x, from ip: 2001:db8::1, more info").hint


@pytest.mark.parametrize("code", sorted(MEANINGS))
async def test_each_documented_code_has_its_error_and_a_hint(
    wecom: WeComDialect, client: WeComClient, code: int
) -> None:
    wecom.fail("message/send", errcode=code, times=None)
    with pytest.raises(MEANINGS[code].error) as raised:
        await client.send_text("zhangsan", "一")
    assert raised.value.code == code
    assert raised.value.hint
    assert "203.0.113.7" not in str(raised.value)


async def test_an_unknown_code_is_a_platform_error(wecom: WeComDialect, client: WeComClient) -> None:
    wecom.fail("message/send", errcode=99999)
    with pytest.raises(PlatformError) as raised:
        await client.send_text("zhangsan", "一")
    assert type(raised.value) is PlatformError
    assert raised.value.hint


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("reset", {"ServerDisconnectedError", "ClientOSError"}),
        ("http", {"http 502"}),
        ("html", {"not JSON"}),
        ("truncated", {"truncated"}),
    ],
)
async def test_a_call_without_a_proper_answer_is_busy(
    wecom: WeComDialect, client: WeComClient, kind: str, codes: set[str]
) -> None:
    await client.token()
    wecom.fail("message/send", kind)
    with pytest.raises(PlatformBusy) as raised:
        await client.send_text("zhangsan", "一")
    assert raised.value.code in codes


async def test_a_call_that_hangs_ends_in_time(wecom: WeComDialect, clock: FakeClock) -> None:
    client = client_of(wecom, clock, timeout_s=0.2)
    wecom.fail("message/send", "hang")
    with pytest.raises(PlatformBusy, match="timeout"):
        await client.send_text("zhangsan", "一")
    assert wecom.texts("zhangsan") == ["一"]  # it did arrive: the outcome was unknown
    await client.close()


async def test_nobody_at_the_address_is_busy(clock: FakeClock) -> None:
    dialect = WeComDialect()
    dialect.port = 9
    client = client_of(dialect, clock)
    with pytest.raises(PlatformBusy, match="unreachable"):
        await client.token()
    await client.close()


async def test_calls_go_through_the_proxy(clock: FakeClock) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.host == "wecom.invalid"
        return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200})

    app = web.Application()
    app.router.add_route("GET", "/cgi-bin/gettoken", answer)
    async with TestServer(app) as proxy:
        settings = {"api_base": "http://wecom.invalid", "proxy": str(proxy.make_url("/"))}
        client = client_of(WeComDialect(), clock, **settings)
        assert await client.token() == "t"
        await client.close()


async def test_a_redirect_is_not_followed(wecom: WeComDialect, client: WeComClient) -> None:
    wecom.fail("message/send", "http", status=302)
    with pytest.raises(PlatformError, match="302") as raised:
        await client.send_text("zhangsan", "一")
    assert "api_base" in raised.value.hint


@pytest.mark.parametrize("kind", ["errcode", "reset", "http", "html", "truncated", "hang"])
async def test_no_token_and_no_secret_in_any_error_or_log(
    wecom: WeComDialect, clock: FakeClock, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of(wecom, clock, timeout_s=0.3)
    secrets = [await client.token(), wecom.secret]
    wecom.fail("message/send", kind, errcode=40014, times=None)
    with pytest.raises(PlatformError) as raised:
        await client.send_text("zhangsan", "机密")
    seen: list[BaseException] = [raised.value]
    for error in seen:
        seen += [linked for linked in (error.__cause__, error.__context__) if linked is not None]
    # What our own lines say, and whatever they carry; aiohttp's access log is that of the server in this process.
    lines = [str(vars(record)) for record in caplog.records if record.name != "aiohttp.access"]
    for secret in [*secrets, "机密"]:
        assert not any(secret in repr(error) + str(vars(error)) for error in seen)
        assert not any(secret in line for line in lines)
    await client.close()


# how often


async def test_a_frequency_limit_is_waited_out_without_calling(
    wecom: WeComDialect, client: WeComClient, clock: FakeClock
) -> None:
    wecom.fail("message/send", errcode=45009, for_s=60)
    with pytest.raises(PlatformBusy) as raised:
        await client.send_text("zhangsan", "一")
    assert raised.value.retry_after_s == 60
    clock.advance(timedelta(seconds=20))
    with pytest.raises(PlatformBusy) as raised:
        await client.send_text("zhangsan", "二")
    assert raised.value.retry_after_s == 40
    assert len(wecom.calls_of("message/send")) == 1
    clock.advance(timedelta(seconds=40))
    await client.send_text("zhangsan", "三")
    assert wecom.texts("zhangsan") == ["三"]


async def test_a_limit_that_outlasts_its_window_is_taken_for_the_next_longer_one(
    wecom: WeComDialect, client: WeComClient, clock: FakeClock
) -> None:
    wecom.fail("message/send", errcode=45009, times=None)
    waits, errors = [], []
    for _ in range(3):
        with pytest.raises(PlatformError) as raised:
            await client.send_text("zhangsan", "一")
        assert raised.value.retry_after_s is not None
        waits.append(raised.value.retry_after_s)
        errors.append(type(raised.value))
        clock.advance(timedelta(seconds=raised.value.retry_after_s))
    # noon and a minute and an hour: ten hours and 59 minutes are left of the day in Beijing
    assert waits == [60, 3600, 10 * 3600 + 59 * 60]
    assert errors == [PlatformBusy, PlatformBusy, QuotaSpent]


async def test_calls_refused_together_count_as_one_refusal(wecom: WeComDialect, client: WeComClient) -> None:
    await client.token()
    wecom.fail("message/send", errcode=45009, times=None)
    results = await asyncio.gather(*(client.send_text("u", "一") for _ in range(5)), return_exceptions=True)
    assert all(isinstance(result, PlatformBusy) and (result.retry_after_s or 99) <= 60 for result in results)


async def test_another_api_is_not_held_up_by_a_limit(wecom: WeComDialect, client: WeComClient) -> None:
    wecom.fail("message/send", errcode=45009, times=None)
    with pytest.raises(PlatformBusy):
        await client.send_text("zhangsan", "一")
    assert (await client.agent())["agentid"] == wecom.agent_id


# messages


async def test_one_text_becomes_one_request(wecom: WeComDialect, client: WeComClient) -> None:
    accepted = await client.send_text("zhangsan", "你好 👍")
    [call] = wecom.calls_of("message/send")
    assert call.body == {
        "touser": "zhangsan",
        "msgtype": "text",
        "agentid": wecom.agent_id,
        "text": {"content": "你好 👍"},
    }
    assert accepted.message_id == wecom.messages[-1].msgid
    assert wecom.violations == []


async def test_a_guarded_text_asks_for_the_duplicate_check(wecom: WeComDialect, client: WeComClient) -> None:
    await client.send_text("zhangsan", "你好")
    await client.send_text("zhangsan", "你好", guard=True)
    assert wecom.texts("zhangsan") == ["你好"]
    assert wecom.calls[-1].body["duplicate_check_interval"] == DUPLICATE_CHECK_S


async def test_markdown_and_images_go_out(wecom: WeComDialect, client: WeComClient) -> None:
    await client.send_markdown("zhangsan", "**你好**")
    media_id = await client.upload("image", MediaFile(b"\x89PNG\r\n\x1a\n" + b"x" * 20, "image/png", "图.png"))
    await client.send_media("zhangsan", "image", media_id)
    assert [message.kind for message in wecom.shown("zhangsan")] == ["markdown", "image"]


@pytest.mark.parametrize("user", ["zhangsan", "ZhangSan"])
async def test_a_person_out_of_reach_is_unreachable(wecom: WeComDialect, client: WeComClient, user: str) -> None:
    wecom.unreachable.add(user)
    with pytest.raises(RecipientUnreachable, match="81013"):
        await client.send_text(user, "一")
    wecom.unreachable.clear()
    wecom.fail("message/send", "invaliduser", users=[user])
    with pytest.raises(RecipientUnreachable, match="invaliduser"):
        await client.send_text(user, "一")


@pytest.mark.parametrize("user", ["", "@all", "zhangsan|lisi"])
async def test_nobody_and_everybody_are_not_people(wecom: WeComDialect, client: WeComClient, user: str) -> None:
    with pytest.raises(RecipientUnreachable):
        await client.send_text(user, "一")
    assert wecom.calls == []


# files


async def test_a_voice_note_is_fetched_as_it_is(wecom: WeComDialect, client: WeComClient) -> None:
    media_id = wecom.add_media("voice", AMR, "audio/amr", "note.amr")
    assert await client.download(media_id) == MediaFile(AMR, "audio/amr", "note.amr")


async def test_a_file_called_text_is_still_a_file(wecom: WeComDialect, client: WeComClient) -> None:
    media_id = wecom.add_media("voice", AMR, "audio/amr")
    wecom.fail("media/get", "wrong_type")
    assert (await client.download(media_id)).data == AMR


async def test_a_page_that_does_not_call_itself_a_file_is_none(wecom: WeComDialect, client: WeComClient) -> None:
    media_id = wecom.add_media("voice", AMR, "audio/amr")
    wecom.fail("media/get", "no_disposition")
    with pytest.raises(PlatformBusy, match="no file"):
        await client.download(media_id)
    wecom.fail("media/get", "html")
    with pytest.raises(PlatformBusy, match="no file"):
        await client.download(media_id)


@pytest.mark.parametrize("kind", ["errcode", "json_as_text"])
async def test_an_error_instead_of_a_file_is_recognised(wecom: WeComDialect, client: WeComClient, kind: str) -> None:
    media_id = wecom.add_media("voice", AMR, "audio/amr")
    wecom.fail("media/get", kind, errcode=40007)
    with pytest.raises(MediaGone):
        await client.download(media_id)


async def test_an_error_that_claims_to_be_a_file_is_recognised_by_its_body(
    wecom: WeComDialect, client: WeComClient
) -> None:
    body = b'{"errcode":40007,"errmsg":"invalid media_id"}'
    media_id = wecom.add_media("voice", body, "audio/amr", "note.amr")
    with pytest.raises(MediaGone):
        await client.download(media_id)


async def test_a_file_is_gone_after_three_days(wecom: WeComDialect, client: WeComClient, clock: FakeClock) -> None:
    media_id = wecom.add_media("voice", AMR, "audio/amr")
    clock.advance(timedelta(days=3))
    with pytest.raises(MediaGone) as raised:
        await client.download(media_id)
    assert "重新发送" in raised.value.hint


async def test_half_a_file_is_no_file(wecom: WeComDialect, client: WeComClient) -> None:
    media_id = wecom.add_media("voice", AMR, "audio/amr")
    wecom.fail("media/get", "truncated")
    with pytest.raises(PlatformBusy, match="truncated"):
        await client.download(media_id)
    assert (await client.download(media_id)).data == AMR


async def test_a_file_above_the_cap_is_too_big(wecom: WeComDialect, clock: FakeClock) -> None:
    client = client_of(wecom, clock, media_max_bytes=1024)
    with pytest.raises(MediaTooBig):
        await client.download(wecom.add_media("file", b"x" * 1025, "application/pdf"))
    assert len((await client.download(wecom.add_media("file", b"x" * 1024, "application/pdf"))).data) == 1024
    await client.close()


async def test_above_twenty_megabytes_wecom_itself_declines(wecom: WeComDialect, client: WeComClient) -> None:
    with pytest.raises(MediaTooBig):
        await client.download(wecom.add_media("file", bytes((20 << 20) + 1), "application/pdf"))


async def test_a_slow_file_ends_in_time(wecom: WeComDialect, clock: FakeClock) -> None:
    client = client_of(wecom, clock, media_timeout_s=0.2)
    wecom.fail("media/get", "slow")
    with pytest.raises(PlatformBusy, match="timeout"):
        await client.download(wecom.add_media("voice", AMR, "audio/amr"))
    await client.close()


async def test_a_dead_token_does_not_cost_the_file(wecom: WeComDialect, client: WeComClient) -> None:
    media_id = wecom.add_media("voice", AMR, "audio/amr")
    await client.token()
    wecom.expire_token(40014)
    assert (await client.download(media_id)).data == AMR


async def test_too_many_downloads_at_once_is_a_short_wait(wecom: WeComDialect, client: WeComClient) -> None:
    wecom.fail("media/get", errcode=45033)
    with pytest.raises(PlatformBusy) as raised:
        await client.download("x")
    assert raised.value.retry_after_s == 1


async def test_an_upload_keeps_its_chinese_name(wecom: WeComDialect, client: WeComClient) -> None:
    media_id = await client.upload("file", MediaFile(b"0123456789", "application/pdf", '报价"单/1.pdf'))
    back = await client.download(media_id)
    assert back == MediaFile(b"0123456789", "application/pdf", "报价_单_1.pdf")
    assert wecom.violations == []


async def test_an_upload_that_met_a_dead_token_is_sent_whole_again(wecom: WeComDialect, client: WeComClient) -> None:
    await client.token()
    wecom.expire_token(42001)
    media_id = await client.upload("voice", MediaFile(AMR, "audio/amr", "a.amr"))
    assert (await client.download(media_id)).data == AMR


@pytest.mark.parametrize(
    ("kind", "data"), [("image", b"not a picture"), ("image", b""), ("voice", b"x" * 100), ("file", b"123")]
)
async def test_a_file_that_wecom_does_not_take_is_refused(
    wecom: WeComDialect, client: WeComClient, kind: str, data: bytes
) -> None:
    with pytest.raises(ContentRefused):
        await client.upload(kind, MediaFile(data))  # type: ignore[arg-type]
