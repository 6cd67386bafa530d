"""Files on each platform: uploaded as it wants them, sent as what they are, and its refusals understood."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from PIL import Image

from bot.config import DingTalk, WeCom, WeComBot
from bot.dingtalk.adapter import DingTalkPlatform
from bot.errors import ContentRefused, MediaGone, NotPermitted, PlatformBusy, PlatformError
from bot.platform import Attachment, MediaFile, Platform, Received, Uploaded
from bot.wecom.adapter import WeComPlatform
from bot.wecom_bot.adapter import WeComBotPlatform
from bot.wecom_bot.uploads import CHUNK, FINISH, INIT, PIECE_BYTES
from handlers.messages import FileSort, PlatformName
from tests.dialects.dingtalk import DingTalkDialect
from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_bot import WeComBotDialect
from tests.fakes import FakeClock
from tests.sounds import encoded
from tests.test_films import film

USER = "zhangsan"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n" + bytes(range(256))
FILES: dict[FileSort, tuple[bytes, str]] = {
    "image": (PNG, "现场照片-7.png"),
    "voice": (encoded("amr"), "录音-8.amr"),
    "video": (film(), "演示视频-9.mp4"),
    "file": (PDF, "恒力 意向书_v2.pdf"),
}
SORTS = pytest.mark.parametrize("sort", FILES)


def attachment(sort: FileSort, data: bytes | None = None) -> Attachment:
    told, name = FILES[sort]
    return Attachment(sort, MediaFile(told if data is None else data, "", name), 1000 if sort == "voice" else None)


async def nothing(platform: PlatformName, received: Received) -> bool:
    return True


# WeCom's app


@pytest.fixture
async def wecom(clock: FakeClock) -> AsyncIterator[WeComDialect]:
    async with WeComDialect(now=clock.now) as wecom:
        yield wecom
        assert wecom.violations == []


@pytest.fixture
async def app(wecom: WeComDialect, clock: FakeClock) -> AsyncIterator[Platform]:
    platform = WeComPlatform(WeCom.model_validate(wecom.settings()), clock=clock, part_pause_s=0)
    yield platform
    await platform.close()


@SORTS
async def test_an_app_sends_a_file_as_what_it_is(wecom: WeComDialect, app: Platform, sort: FileSort) -> None:
    uploaded = await app.upload(attachment(sort))
    assert wecom.shown(USER) == []

    sent = await app.send(USER, uploaded, key="d-1", guard=True)

    [shown] = wecom.shown(USER)
    media = wecom.media(shown)
    assert (shown.kind, media.data, media.file_name) == (sort, *FILES[sort])
    assert sent.message_ref == shown.msgid
    [call] = wecom.calls_of("message/send")
    assert call.body["enable_duplicate_check"] == 1


async def test_an_apps_repeat_of_one_upload_shows_once_and_another_upload_again(
    wecom: WeComDialect, app: Platform
) -> None:
    first = await app.upload(attachment("image"))
    await app.send(USER, first, key="d-1", guard=True)
    await app.send(USER, first, key="d-1", guard=True)
    await app.send(USER, await app.upload(attachment("image")), key="d-2", guard=True)

    assert len(wecom.shown(USER)) == 2


@pytest.mark.parametrize("code", [40004, 40005, 40006, 40009, 40011, 45001, 45007])
async def test_what_an_app_may_not_upload_is_refused_with_http_200(
    wecom: WeComDialect, app: Platform, code: int
) -> None:
    wecom.fail("media/upload", errcode=code)

    with pytest.raises(ContentRefused) as refused:
        await app.upload(attachment("image"))
    assert (refused.value.api, refused.value.code) == ("media/upload", code)


async def test_an_apps_upload_that_is_over_the_limit_waits(wecom: WeComDialect, app: Platform) -> None:
    wecom.fail("media/upload", errcode=45009)

    for _ in range(2):
        with pytest.raises(PlatformBusy) as busy:
            await app.upload(attachment("image"))
        assert busy.value.retry_after_s == 60.0
    assert len(wecom.calls_of("media/upload")) == 1


async def test_an_upload_that_an_app_kept_for_three_days_is_gone(wecom: WeComDialect, app: Platform) -> None:
    uploaded = await app.upload(attachment("file"))
    wecom.advance(3 * 24 * 3600)

    with pytest.raises(MediaGone):
        await app.send(USER, uploaded, key="d-1", guard=True)
    assert wecom.shown(USER) == []


# WeCom's AI bot


@pytest.fixture
async def ai(clock: FakeClock) -> AsyncIterator[WeComBotDialect]:
    async with WeComBotDialect(now=clock.now) as ai:
        yield ai
        assert ai.violations == []


@pytest.fixture
async def bot(ai: WeComBotDialect, clock: FakeClock) -> AsyncIterator[WeComBotPlatform]:
    platform = WeComBotPlatform(WeComBot(**ai.settings()), clock=clock, jitter=lambda: 0.5)
    listening = asyncio.create_task(platform.listen(nothing))
    await ai.wait_for(lambda: platform.connected)
    await ai.send_text(USER, "你好")
    yield platform
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await platform.close()


@SORTS
async def test_the_ai_bot_sends_a_file_as_what_it_is(
    ai: WeComBotDialect, bot: WeComBotPlatform, sort: FileSort
) -> None:
    uploaded = await bot.upload(attachment(sort))
    assert ai.shown(USER) == []

    await bot.send(USER, uploaded, key="d-1")

    [shown] = ai.shown(USER)
    whole = ai.uploads[shown.content["media_id"]]
    assert (shown.kind, whole.data, whole.file_name) == (sort, *FILES[sort])


async def test_a_large_file_goes_in_pieces(ai: WeComBotDialect, bot: WeComBotPlatform) -> None:
    data = PDF + bytes(range(256)) * (2 * PIECE_BYTES // 256)

    uploaded = await bot.upload(attachment("file", data))

    assert [call.api for call in ai.calls if call.api.startswith("aibot_upload")] == [INIT, *[CHUNK] * 3, FINISH]
    assert [call.body["chunk_index"] for call in ai.calls_of(CHUNK)] == [0, 1, 2]
    assert ai.uploads[uploaded.media_ref].data == data


@pytest.mark.parametrize("code", [40004, 40009, 45001])
@pytest.mark.parametrize("command", [INIT, FINISH])
async def test_what_the_ai_bot_may_not_upload_is_refused(
    ai: WeComBotDialect, bot: WeComBotPlatform, command: str, code: int
) -> None:
    ai.fail(command, errcode=code)

    with pytest.raises(ContentRefused) as refused:
        await bot.upload(attachment("image"))
    assert refused.value.code == code


async def test_an_upload_over_a_connection_that_breaks_is_tried_again_whole(
    ai: WeComBotDialect, bot: WeComBotPlatform
) -> None:
    ai.fail(CHUNK, "reset")

    with pytest.raises(PlatformBusy):
        await bot.upload(attachment("file"))
    assert ai.uploads == {}


async def test_a_piece_that_nobody_acknowledges_is_not_waited_for_for_ever(
    ai: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    ai.fail(CHUNK, "hang")
    uploading = asyncio.create_task(bot.upload(attachment("file")))
    await ai.wait_for(lambda: bool(ai.calls_of(CHUNK)))
    while not uploading.done():
        clock.advance(timedelta(seconds=1))
        await asyncio.sleep(0.005)

    with pytest.raises(PlatformBusy):
        await uploading


async def test_the_ai_bots_uploads_keep_to_thirty_a_minute(
    ai: WeComBotDialect, bot: WeComBotPlatform, clock: FakeClock
) -> None:
    for _ in range(30):
        await bot.upload(attachment("file"))

    with pytest.raises(PlatformBusy) as busy:
        await bot.upload(attachment("file"))
    assert busy.value.retry_after_s == 60.0
    assert len(ai.uploads) == 30


async def test_an_upload_that_the_ai_bot_kept_for_three_days_is_gone(
    ai: WeComBotDialect, bot: WeComBotPlatform
) -> None:
    uploaded = await bot.upload(attachment("file"))
    ai.advance(3 * 24 * 3600)

    with pytest.raises(MediaGone):
        await bot.send(USER, uploaded, key="d-1")


async def test_by_callbacks_no_file_can_be_sent(clock: FakeClock) -> None:
    settings = WeComBotDialect(mode="callback").settings()
    platform = WeComBotPlatform(WeComBot.model_validate(settings), clock=clock)

    assert platform.capabilities.files == {}
    with pytest.raises(PlatformError):
        await platform.send(USER, Uploaded(sort="file", media_ref="m", name="a.pdf"), key="d-1")
    await platform.close()


# DingTalk


@pytest.fixture
async def dingtalk(clock: FakeClock) -> AsyncIterator[DingTalkDialect]:
    async with DingTalkDialect(now=clock.now) as dingtalk:
        dingtalk.add_person(USER)
        yield dingtalk
        assert dingtalk.violations == []


@pytest.fixture
async def robot(dingtalk: DingTalkDialect, clock: FakeClock) -> AsyncIterator[Platform]:
    platform = DingTalkPlatform(DingTalk.model_validate(dingtalk.settings()), clock=clock, part_pause_s=0)
    yield platform
    await platform.close()


@SORTS
async def test_a_robot_sends_a_file_as_what_it_is(dingtalk: DingTalkDialect, robot: Platform, sort: FileSort) -> None:
    uploaded = await robot.upload(attachment(sort))
    assert dingtalk.shown(USER) == []

    await robot.send(USER, uploaded, key="d-1")

    [shown] = dingtalk.shown(USER)
    kinds = {"image": "sampleImageMsg", "voice": "sampleAudio", "video": "sampleVideo", "file": "sampleFile"}
    media = dingtalk.uploaded(shown)
    assert media is not None
    assert (shown.kind, media.data, media.file_name) == (kinds[sort], *FILES[sort])


async def test_a_robots_messages_say_what_the_phone_needs(dingtalk: DingTalkDialect, robot: Platform) -> None:
    for sort in ("voice", "file", "video"):
        await robot.send(USER, await robot.upload(attachment(sort)), key=f"d-{sort}")

    voice, file, moving = (message.content for message in dingtalk.shown(USER))
    assert voice["duration"] == "1000"
    assert (file["fileName"], file["fileType"]) == ("恒力 意向书_v2.pdf", "pdf")
    assert (moving["duration"], moving["width"], moving["height"]) == ("2", "320", "180")
    with Image.open(io.BytesIO(dingtalk.uploads[moving["picMediaId"]].data)) as cover:
        assert (cover.format, cover.size) == ("JPEG", (320, 180))


async def test_a_film_that_cannot_be_opened_is_not_uploaded(dingtalk: DingTalkDialect, robot: Platform) -> None:
    with pytest.raises(ContentRefused):
        await robot.upload(attachment("video", b"....ftypmp42"))
    assert dingtalk.uploads == {}


@pytest.mark.parametrize(("sort", "name"), [("image", "a.txt"), ("file", "a.mp4")])
async def test_what_a_robot_may_not_upload_is_refused_with_http_200(
    dingtalk: DingTalkDialect, robot: Platform, sort: FileSort, name: str
) -> None:
    with pytest.raises(ContentRefused) as refused:
        await robot.upload(Attachment(sort, MediaFile(b"123456", "", name)))
    assert refused.value.code == 40004
    # of this suite's own making: what the sender uploads it has looked at
    dingtalk.violations.clear()


async def test_a_robot_sends_nothing_to_whom_dingtalk_does_not_name(robot: Platform) -> None:
    uploaded = await robot.upload(attachment("file"))

    with pytest.raises(NotPermitted):
        await robot.send("$:LWCP_v1:$opaque", uploaded, key="d-1")
