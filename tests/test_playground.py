"""The playground as a platform: what it keeps, whom it lets in, what it shows and how it survives a restart."""

import asyncio
import csv
import hashlib
import io
import json
import logging
import math
import re
import struct
import threading
import tomllib
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import av
import pytest
from aiohttp import ClientResponse, FormData, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MediaGone, RecipientUnreachable
from bot.platform import Attachment, Keep, MediaFile, Platform, Received
from bot.playground import feed as feed_module
from bot.playground.adapter import (
    SAMPLE_FOLDER,
    SAMPLE_PICTURES,
    SAMPLE_RECOGNISED,
    Person,
    PlaygroundLogHandler,
    PlaygroundPlatform,
)
from bot.playground.conversation import Answered
from bot.playground.feed import Feed
from bot.playground.media import MAX_UPLOAD_BYTES, as_wav, duration_ms, sniff
from bot.playground.pages import Refused, require_this_machine
from bot.roster import read_customers, read_members
from handlers.messages import (
    CardButton,
    CardClick,
    CardUpdate,
    File,
    FileSort,
    Image,
    InboundMessage,
    Location,
    OutboundCard,
    OutboundText,
    PlatformName,
    Text,
    Video,
    Voice,
)
from tests.fakes import FakeClock

PEOPLE = (Person("rep", "李晓彤", "sales"), Person("boss", "陈志远", "manager"))
MESSAGES = "/playground/api/messages"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
CARD = OutboundCard(card_id="visit-1", title="拜访记录", buttons=(CardButton(text="确认", action="ok"),))


class Kept:
    """Stands where the jobs table stands: new or known by event id."""

    def __init__(self) -> None:
        self.events: dict[str, Received] = {}
        self.calls = 0
        self.fails = False

    async def __call__(self, platform: PlatformName, received: Received) -> bool:
        self.calls += 1
        if self.fails:
            raise OSError("the disk is full")
        new = received.event_id not in self.events
        self.events.setdefault(received.event_id, received)
        return new

    @property
    def last(self) -> Received:
        return list(self.events.values())[-1]


_keep: Keep = Kept()


def tone(seconds: float = 1.0, rate: int = 8000) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        samples = (int(8000 * math.sin(n / 5)) for n in range(int(seconds * rate)))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return written.getvalue()


def amr(frames: int) -> bytes:
    """Silence in AMR-NB at 12.2 kbit/s: a header and `frames` of 20 ms."""
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def make(tmp_path: Path, clock: FakeClock, **options: Any) -> PlaygroundPlatform:
    return PlaygroundPlatform(clock, PEOPLE, data_dir=tmp_path / "playground", **options)


@pytest.fixture
def platform(tmp_path: Path, clock: FakeClock) -> PlaygroundPlatform:
    sample = tmp_path / "visit.amr"
    sample.write_bytes(amr(50))
    playground = make(tmp_path, clock, sample_voice=sample)
    fits: Platform = playground
    assert fits.name == "playground"
    return playground


@pytest.fixture
def kept() -> Kept:
    return Kept()


@asynccontextmanager
async def serving(platform: PlaygroundPlatform, kept: Kept) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(platform.routes(kept))
    async with TestClient(TestServer(app)) as client:
        yield client
        await platform.close()


@pytest.fixture
async def client(platform: PlaygroundPlatform, kept: Kept) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with serving(platform, kept) as client:
        yield client


Client = TestClient[web.Request, web.Application]


async def post(client: Client, message_id: str = "m-1", user_id: str = "rep", **content: Any) -> ClientResponse:
    return await client.post(MESSAGES, json={"user_id": user_id, "message_id": message_id, **content})


async def upload(
    client: Client, kind: str, data: bytes, name: str = "a.bin", message_id: str = "m-1"
) -> ClientResponse:
    form = FormData({"user_id": "rep", "message_id": message_id, "kind": kind}, quote_fields=False)  # as browsers do
    form.add_field("file", io.BytesIO(data), filename=name, content_type="image/png")
    return await client.post(MESSAGES, data=form)


# What people send


@pytest.mark.parametrize(
    ("posted", "content"),
    [
        ({"text": "  今天见了王经理\n"}, Text(text="今天见了王经理")),
        ({"text": "一\x00行\r\n两行"}, Text(text="一行\n两行")),
        (
            {"location": {"latitude": 29.8, "longitude": 121.5, "label": "鄞州区"}},
            Location(latitude=29.8, longitude=121.5, label="鄞州区"),
        ),
        (
            {"click": {"card_id": "c-1", "action": '{"do":"x"}', "chosen": {"assignee": ["7"]}}},
            CardClick(card_id="c-1", action='{"do":"x"}', chosen={"assignee": ("7",)}),
        ),
    ],
    ids=["text", "text with control characters", "location", "click"],
)
async def test_a_post_is_kept_under_its_own_id_and_parses_back(
    client: Client, platform: PlaygroundPlatform, kept: Kept, clock: FakeClock, posted: dict[str, Any], content: Any
) -> None:
    response = await post(client, **posted)

    assert response.status == 200
    assert await response.json() == {"event_id": "rep:m-1", "new": True}
    message = platform.parse(kept.last)
    assert (message.event_id, message.sender.lane, message.content) == ("rep:m-1", "playground:rep", content)
    assert message.sent_at == clock.now()


async def test_a_repeated_post_shows_one_bubble_and_is_known(
    client: Client, platform: PlaygroundPlatform, kept: Kept
) -> None:
    first = await post(client, text="你好")
    again = await post(client, text="你好")

    assert [(await answer.json())["new"] for answer in (first, again)] == [True, False]
    assert len(platform.conversations.of("rep")) == len(kept.events) == 1


async def test_the_same_message_id_of_two_people_is_two_messages(client: Client, kept: Kept) -> None:
    await post(client, user_id="rep", text="你好")
    await post(client, user_id="boss", text="你好")

    assert list(kept.events) == ["rep:m-1", "boss:m-1"]


async def test_a_message_that_could_not_be_kept_is_no_success_and_shows_no_bubble(
    client: Client, platform: PlaygroundPlatform, kept: Kept
) -> None:
    kept.fails = True
    failed = await post(client, text="你好")
    kept.fails = False
    again = await post(client, text="你好")

    assert (failed.status, again.status) == (500, 200)
    assert len(platform.conversations.of("rep")) == 1


async def test_an_answer_that_comes_before_the_question_is_shown_stands_after_it(
    platform: PlaygroundPlatform,
) -> None:
    playground = platform

    async def keep_and_answer_at_once(platform: PlatformName, received: Received) -> bool:
        await playground.send("rep", OutboundText(text="收到"), key="k-1")
        return True

    await platform.say(keep_and_answer_at_once, "rep", Text(text="在吗"), message_id="m-1")

    assert [entry.side for entry in platform.conversations.of("rep")] == ["person", "bot"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"message_id": "m", "user_id": "rep"}, 422),
        ({"message_id": "m", "user_id": "rep", "text": "a", "sample": "visit"}, 422),
        ({"message_id": "m", "user_id": "rep", "text": "  \n"}, 422),
        ({"message_id": "m", "user_id": "rep", "text": "字" * 10_001}, 422),
        ({"message_id": "../m", "user_id": "rep", "text": "a"}, 422),
        ({"message_id": "m", "user_id": "rep", "location": {"latitude": 91, "longitude": 0}}, 422),
        ({"message_id": "m", "user_id": "stranger", "text": "a"}, 404),
        ({"message_id": "m", "user_id": "rep", "text": "a", "more": 1}, 422),
        ("not an object", 422),
    ],
    ids=[
        "nothing",
        "two contents",
        "blank",
        "too long",
        "odd id",
        "off the globe",
        "stranger",
        "unknown key",
        "string",
    ],
)
async def test_a_faulty_post_is_refused_in_words_and_not_kept(
    client: Client, kept: Kept, body: Any, status: int
) -> None:
    response = await client.post(MESSAGES, json=body)

    assert response.status == status
    assert (await response.json())["message"]
    assert kept.calls == 0


async def test_a_lone_surrogate_or_broken_json_is_refused(client: Client, kept: Kept) -> None:
    for raw in (b'{"user_id":"rep","message_id":"m","text":"\\ud800"}', b'{"user_id":', b"\xff\xfe"):
        response = await client.post(MESSAGES, data=raw, headers={"Content-Type": "application/json"})
        assert response.status == 422
    assert kept.calls == 0


async def test_a_huge_json_body_is_refused(client: Client) -> None:
    response = await client.post(
        MESSAGES, data=b'{"text":"' + b"a" * 300_000, headers={"Content-Type": "application/json"}
    )

    assert response.status == 413


async def test_a_form_of_another_kind_is_refused(client: Client) -> None:
    response = await client.post(MESSAGES, data={"user_id": "rep", "message_id": "m", "text": "a"})

    assert response.status == 415


# Files


async def test_a_recording_is_on_disk_before_it_is_kept(platform: PlaygroundPlatform, tmp_path: Path) -> None:
    playground, sound = platform, amr(100)
    on_disk: list[bool] = []

    async def keep(platform: PlatformName, received: Received) -> bool:
        content = playground.parse(received).content
        assert isinstance(content, Voice)
        on_disk.append((tmp_path / "playground/uploads" / content.media_ref).read_bytes() == sound)
        return True

    app = web.Application()
    app.add_routes(platform.routes(keep))
    async with TestClient(TestServer(app)) as client:
        response = await upload(client, "voice", sound)

    assert response.status == 200
    assert on_disk == [True]


@pytest.mark.parametrize(
    ("kind", "data", "content"),
    [
        ("voice", amr(100), Voice(media_ref="", media_format="amr", duration_ms=2000)),
        ("voice", tone(0.5), Voice(media_ref="", media_format="wav", duration_ms=500)),
        ("voice", b"no sound at all", Voice(media_ref="", media_format=None, duration_ms=None)),
        ("image", PNG, Image(media_ref="")),
        ("video", b"\0\0\0\x18ftypmp42" + bytes(20), Video(media_ref="")),
        ("file", b"%PDF-1.7", File(media_ref="", file_name="报价 单.pdf")),
    ],
    ids=["amr", "wav", "not a sound", "image", "video", "file"],
)
async def test_an_upload_becomes_its_message_and_its_bytes_can_be_fetched(
    client: Client, platform: PlaygroundPlatform, kept: Kept, kind: str, data: bytes, content: Any
) -> None:
    response = await upload(client, kind, data, "C:\\桌面\\报价 单.pdf")

    assert response.status == 200
    reference = hashlib.sha256(data).hexdigest()
    assert platform.parse(kept.last).content == content.model_copy(update={"media_ref": reference})
    assert (await platform.fetch_media(reference)).data == data


@pytest.mark.parametrize(
    ("sort", "data", "content"),
    [
        ("image", PNG, Image(media_ref="")),
        ("voice", amr(50), Voice(media_ref="", media_format="amr", duration_ms=1000)),
        ("video", b"\0\0\0\x18ftypmp42" + bytes(20), Video(media_ref="")),
        ("file", b"%PDF-1.7", File(media_ref="", file_name="报价 单.pdf")),
    ],
)
async def test_what_the_bot_sends_is_shown_like_what_people_send_and_once(
    client: Client,
    platform: PlaygroundPlatform,
    tmp_path: Path,
    clock: FakeClock,
    sort: FileSort,
    data: bytes,
    content: Any,
) -> None:
    uploaded = await platform.upload(Attachment(sort, MediaFile(data, "", "报价 单.pdf"), 1000))
    assert platform.conversations.of("rep") == []

    await platform.send("rep", uploaded, key="k-1")
    await make(tmp_path, clock).send("rep", uploaded, key="k-1")

    [entry] = make(tmp_path, clock).conversations.of("rep")
    assert entry.side == "bot"
    assert entry.content == content.model_copy(update={"media_ref": hashlib.sha256(data).hexdigest()})
    response = await client.get(f"/playground/media/{uploaded.media_ref}")
    assert await response.read() == data
    assert "sandbox" in response.headers["Content-Security-Policy"]


async def test_uploads_survive_a_restart(client: Client, tmp_path: Path, clock: FakeClock) -> None:
    await upload(client, "image", PNG)

    restarted = make(tmp_path, clock)

    assert (await restarted.fetch_media(hashlib.sha256(PNG).hexdigest())).content_type == "image/png"


async def test_an_upload_over_the_limit_is_refused_and_leaves_nothing(
    client: Client, kept: Kept, tmp_path: Path
) -> None:
    response = await upload(client, "file", bytes(MAX_UPLOAD_BYTES + 1))

    assert response.status == 413
    assert "20 MB" in (await response.json())["message"]
    assert kept.calls == 0
    assert not (tmp_path / "playground/uploads").exists()


async def test_an_upload_of_the_greatest_size_is_taken(client: Client, platform: PlaygroundPlatform) -> None:
    data = bytes(MAX_UPLOAD_BYTES)

    response = await upload(client, "file", data)

    assert response.status == 200
    assert len((await platform.fetch_media(hashlib.sha256(data).hexdigest())).data) == MAX_UPLOAD_BYTES


@pytest.mark.parametrize(
    "fields", [{"kind": "poster"}, {"user_id": "stranger"}, {"message_id": "a b"}, {"extra": "1"}, {"kind": "\x00"}]
)
async def test_a_faulty_form_is_refused(client: Client, kept: Kept, fields: dict[str, str]) -> None:
    form = FormData({"user_id": "rep", "message_id": "m-1", "kind": "file", **fields})
    form.add_field("file", b"bytes", filename="a")

    response = await client.post(MESSAGES, data=form)

    assert response.status in {404, 422}
    assert kept.calls == 0


async def test_an_empty_file_a_missing_file_and_a_broken_form_are_refused(client: Client, kept: Kept) -> None:
    empty = await upload(client, "voice", b"")
    form = FormData({"user_id": "rep", "message_id": "m-1", "kind": "file"}, default_to_multipart=True)
    missing = await client.post(MESSAGES, data=form)
    broken = await client.post(
        MESSAGES, data=b"--x\r\nrubbish", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    unbounded = await client.post(MESSAGES, data=b"x", headers={"Content-Type": "multipart/form-data"})

    assert [answer.status for answer in (empty, missing, broken, unbounded)] == [400, 400, 400, 400]
    assert kept.calls == 0


async def test_the_sample_is_sent_like_any_recording(client: Client, platform: PlaygroundPlatform, kept: Kept) -> None:
    response = await post(client, sample="visit")

    assert response.status == 200
    content = platform.parse(kept.last).content
    assert isinstance(content, Voice)
    assert (content.media_format, content.duration_ms) == ("amr", 1000)
    assert platform.state()["sample_voice"] is True


@pytest.mark.parametrize("name", SAMPLE_PICTURES)
async def test_a_sample_picture_is_sent_like_any_picture(
    client: Client, platform: PlaygroundPlatform, kept: Kept, name: str
) -> None:
    response = await post(client, sample=name)

    assert response.status == 200
    content = platform.parse(kept.last).content
    assert isinstance(content, Image)
    assert (await platform.fetch_media(content.media_ref)).content_type == "image/png"
    assert platform.state()["sample_pictures"] == list(SAMPLE_PICTURES)


async def test_a_dingtalk_phone_sends_its_own_transcript_with_the_sample_and_with_nothing_else(
    tmp_path: Path, clock: FakeClock, kept: Kept
) -> None:
    sample = tmp_path / "visit.amr"
    sample.write_bytes(amr(50))
    people = (Person("rep", "李晓彤", "sales", "dingtalk"), Person("boss", "陈志远", "manager"))
    platform = PlaygroundPlatform(clock, people, data_dir=tmp_path / "playground", sample_voice=sample)

    async with serving(platform, kept) as client:
        await post(client, "m-1", sample="visit")
        await upload(client, "voice", amr(50), message_id="m-2")
        await post(client, "m-3", user_id="boss", sample="visit")

    heard = [content.platform_transcript for content in map(voice_of, map(platform.parse, kept.events.values()))]
    assert heard == [SAMPLE_RECOGNISED, None, None]
    assert "八十万" in SAMPLE_RECOGNISED
    assert "八十五万" not in SAMPLE_RECOGNISED


def voice_of(message: InboundMessage) -> Voice:
    assert isinstance(message.content, Voice)
    return message.content


async def test_the_page_is_told_which_phone_everybody_has(tmp_path: Path, clock: FakeClock) -> None:
    people = (Person("rep", "李晓彤", "sales", "dingtalk"), Person("boss", "陈志远", "manager"))
    state: dict[str, Any] = PlaygroundPlatform(clock, people, data_dir=tmp_path).state()

    assert [person["skin"] for person in state["people"]] == ["dingtalk", "wecom"]


async def test_without_a_sample_the_page_is_told_so(tmp_path: Path, clock: FakeClock, kept: Kept) -> None:
    platform = make(tmp_path, clock, sample_voice=tmp_path / "none.amr")

    async with serving(platform, kept) as client:
        response = await post(client, sample="visit")

    assert (response.status, platform.state()["sample_voice"]) == (404, False)


@pytest.mark.parametrize(
    "reference", ["0" * 64, "..", "../conversations.jsonl", "conversations.jsonl", "", "/etc/passwd"]
)
async def test_what_is_no_upload_is_gone(platform: PlaygroundPlatform, reference: str) -> None:
    await platform.send("rep", OutboundText(text="a"), key="k")

    with pytest.raises(MediaGone):
        await platform.fetch_media(reference)


@pytest.mark.parametrize(
    ("data", "content_type", "inline"),
    [
        (PNG, "image/png", True),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream", False),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream", False),
        (b"%PDF-1.7 ...", "application/pdf", False),
        (amr(5), "audio/amr", False),
    ],
    ids=["png", "html", "svg", "pdf", "amr"],
)
async def test_media_is_served_as_what_its_bytes_are_and_can_never_be_a_page(
    client: Client, platform: PlaygroundPlatform, data: bytes, content_type: str, inline: bool
) -> None:
    reference = await platform.store(data)

    response = await client.get(f"/playground/media/{reference}")

    assert (response.status, await response.read()) == (200, data)
    assert response.headers["Content-Type"] == content_type
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert ("Content-Disposition" not in response.headers) is inline


async def test_media_can_be_read_in_part_as_players_do(client: Client, platform: PlaygroundPlatform) -> None:
    sound = tone()
    reference = await platform.store(sound)

    response = await client.get(f"/playground/media/{reference}", headers={"Range": "bytes=4-7"})

    assert (response.status, await response.read()) == (206, sound[4:8])


async def test_amr_is_turned_into_wav_for_the_browser(client: Client, platform: PlaygroundPlatform) -> None:
    reference = await platform.store(amr(50))

    response = await client.get(f"/playground/media/{reference}?as=wav")

    assert response.content_type == "audio/wav"
    with wave.open(io.BytesIO(await response.read())) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (16_000, 1)
        assert sound.getnframes() / 16 == pytest.approx(1000, abs=40)


async def test_what_cannot_be_decoded_says_so(client: Client, platform: PlaygroundPlatform) -> None:
    for data in (b"no sound", PNG, b"#!AMR\n"):
        reference = await platform.store(data)
        response = await client.get(f"/playground/media/{reference}?as=wav")
        assert response.status == 415


def webm(seconds: float) -> bytes:
    """Like a browser's recording: no length in the header."""
    written = io.BytesIO()
    with av.open(written, mode="w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libopus", rate=48_000)
        frame_count = int(seconds * 50)
        for n in range(frame_count):
            frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
            frame.planes[0].update(bytes(960 * 4))
            frame.sample_rate, frame.pts = 48_000, n * 960
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return written.getvalue()


def test_the_length_of_a_recording_is_read_from_its_packets() -> None:
    recording = webm(1.5)

    assert sniff(recording[:16]).content_type == "audio/webm"
    assert duration_ms(recording) == pytest.approx(1500, abs=50)
    assert duration_ms(recording[: len(recording) // 2]) is not None
    assert duration_ms(b"") is None
    assert duration_ms(PNG) is None


def test_sound_decodes_from_wav_too() -> None:
    with wave.open(io.BytesIO(as_wav(tone(0.25)))) as sound:
        assert sound.getnframes() == pytest.approx(4000, abs=40)


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"#!AMR-WB\n", "audio/amr-wb"),
        (b"\x02#!SILK_V3", "audio/silk"),
        (b"OggS\x00\x02", "audio/ogg"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00", "audio/mp4"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00", "video/mp4"),
        (b"MZ\x90\x00", "application/octet-stream"),
    ],
)
def test_media_is_told_by_its_first_bytes(head: bytes, content_type: str) -> None:
    assert sniff(head).content_type == content_type


@given(st.binary(max_size=16))
def test_any_bytes_can_be_sniffed_and_never_as_a_page(head: bytes) -> None:
    family = sniff(head).content_type.partition("/")[0]

    assert family in {"image", "audio", "video", "application"}


# What the bot sends


async def test_a_delivery_shows_once_however_often_it_is_repeated(
    platform: PlaygroundPlatform, tmp_path: Path, clock: FakeClock
) -> None:
    first = await platform.send("rep", OutboundText(text="收到"), key="job-1")
    again, other = await asyncio.gather(
        platform.send("rep", OutboundText(text="收到"), key="job-1"),
        platform.send("rep", OutboundText(text="收到"), key="job-2", guard=True),
    )
    restarted = make(tmp_path, clock)
    await restarted.send("rep", OutboundText(text="收到"), key="job-1")

    assert first == again != other
    for one in (platform, restarted):
        assert [entry.entry_id for entry in one.conversations.of("rep")] == ["bot:job-1", "bot:job-2"]


async def test_an_update_closes_the_card_once(platform: PlaygroundPlatform) -> None:
    await platform.send("rep", CARD, key="job-1")
    await platform.send("rep", CardUpdate(card_id="visit-1", closing="已确认"), key="job-2")
    await platform.send("rep", CardUpdate(card_id="visit-1", closing="已确认", fallback="已确认"), key="job-2")

    [card] = platform.conversations.of("rep")
    assert isinstance(card, Answered)
    assert (card.closing, card.keys) == ("已确认", ("job-1", "job-2"))


async def test_an_update_of_an_unknown_card_falls_back_to_words_once(platform: PlaygroundPlatform) -> None:
    update = CardUpdate(card_id="visit-9", closing="已确认", fallback="记录已确认")
    await platform.send("rep", update, key="job-1")
    await platform.send("rep", update, key="job-1")
    await platform.send("rep", CardUpdate(card_id="visit-9", closing="已确认"), key="job-2")

    assert [entry.content for entry in platform.conversations.of("rep")] == [OutboundText(text="记录已确认")]


async def test_somebody_elses_card_of_the_same_id_stays_open(platform: PlaygroundPlatform) -> None:
    for user_id in ("rep", "boss"):
        await platform.send(user_id, CARD, key=f"job-{user_id}")
    await platform.send("rep", CardUpdate(card_id="visit-1", closing="已确认"), key="job-2")

    [card] = platform.conversations.of("boss")
    assert isinstance(card, Answered)
    assert card.closing is None


async def test_a_person_nobody_knows_cannot_be_reached(platform: PlaygroundPlatform, kept: Kept) -> None:
    with pytest.raises(RecipientUnreachable):
        await platform.send("stranger", OutboundText(text="a"), key="k")
    with pytest.raises(RecipientUnreachable):
        await platform.say(kept, "stranger", Text(text="a"), message_id="m")


async def test_conversations_come_back_after_a_restart(
    client: Client, platform: PlaygroundPlatform, tmp_path: Path, clock: FakeClock
) -> None:
    await post(client, text="你好")
    await platform.send("rep", CARD, key="job-1")
    clock.advance(timedelta(hours=1))
    await platform.send("rep", CardUpdate(card_id="visit-1", closing="已确认"), key="job-2")

    restarted = make(tmp_path, clock)

    assert restarted.conversations.of("rep") == platform.conversations.of("rep")
    assert restarted.conversations.take_order() > restarted.conversations.of("rep")[-1].order


async def test_half_a_line_left_by_a_kill_costs_only_itself(
    platform: PlaygroundPlatform, tmp_path: Path, clock: FakeClock
) -> None:
    for n in range(3):
        await platform.send("rep", OutboundText(text=f"第 {n} 条"), key=f"job-{n}")
    journal = tmp_path / "playground/conversations.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])

    restarted = make(tmp_path, clock)
    await restarted.send("rep", OutboundText(text="后来"), key="job-9")
    again = make(tmp_path, clock)

    assert [entry.entry_id for entry in again.conversations.of("rep")] == ["bot:job-0", "bot:job-1", "bot:job-9"]


async def test_a_line_of_another_version_is_passed_over(tmp_path: Path, clock: FakeClock) -> None:
    journal = tmp_path / "playground/conversations.jsonl"
    journal.parent.mkdir()
    journal.write_text('{"side":"ghost"}\nnot json\n', "utf-8")

    assert make(tmp_path, clock).conversations.of("rep") == []


# Who may come in


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Host": "localhost:8400", "Origin": "http://localhost:8400", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Host": "[::1]:8400"}, True),
        ({"Host": "evil.example"}, False),
        ({"Host": "evil.example:8400"}, False),
        ({"Host": "localhost.evil.example"}, False),
        ({"Host": "127.0.0.1.evil.example"}, False),
        ({"Host": ""}, False),
        ({"Host": "[bad"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Host": "localhost:8400", "Origin": "http://localhost:3000"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"X-Forwarded-For": "203.0.113.9"}, False),
        ({"Forwarded": "for=203.0.113.9"}, False),
    ],
)
async def test_only_a_page_of_ours_may_speak(
    client: Client, kept: Kept, headers: dict[str, str], allowed: bool
) -> None:
    body = {"user_id": "rep", "message_id": "m-1", "text": "你好"}

    posted = await client.post(MESSAGES, json=body, headers=headers)
    read = await client.get("/playground/api/state", headers=headers)

    assert (posted.status, read.status) == ((200, 200) if allowed else (403, 403))
    assert kept.calls == (1 if allowed else 0)


async def test_a_link_on_another_site_may_open_the_page_but_not_embed_it(client: Client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    opened = await client.get("/playground", headers=followed)
    embedded = await client.get("/playground", headers=followed | {"Sec-Fetch-Dest": "iframe"})

    assert (opened.status, embedded.status) == (200, 403)
    assert "frame-ancestors 'none'" in opened.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        (("127.0.0.1", 5000), True),
        (("127.8.9.1", 5000), True),
        (("::1", 5000, 0, 0), True),
        (("::ffff:127.0.0.1", 5000, 0, 0), True),
        (("192.168.1.7", 5000), False),
        (("::ffff:192.168.1.7", 5000, 0, 0), False),
        (("2001:db8::1", 5000, 0, 0), False),
        (("fe80::1%eth0", 5000, 0, 2), False),
        ("", False),
        (None, False),
    ],
)
def test_only_this_machine_is_let_in(peer: object, allowed: bool) -> None:
    transport = SimpleNamespace(get_extra_info=lambda name, default=None: peer if name == "peername" else default)
    request = make_mocked_request("GET", "/playground", headers={"Host": "localhost"}, transport=cast("Any", transport))

    if allowed:
        require_this_machine(request)
    else:
        with pytest.raises(Refused):
            require_this_machine(request)


async def test_every_route_is_guarded(platform: PlaygroundPlatform, kept: Kept) -> None:
    app = web.Application()
    app.add_routes(platform.routes(kept))
    paths = {resource.canonical for resource in app.router.resources()}
    async with TestClient(TestServer(app)) as client:
        for path in paths:
            method = "POST" if path == MESSAGES else "GET"
            response = await client.request(method, re.sub("[{}]", "", path), headers={"Host": "evil.example"})
            assert response.status == 403, path
    assert all(path == "/" or path.startswith("/playground") for path in paths)


async def test_the_page_and_what_it_needs_are_served_under_a_strict_policy(client: Client) -> None:
    page = await client.get("/playground")
    script = await client.get("/playground/page/page.js")
    missing = await client.get("/playground/page/adapter.py")

    text = await page.text()
    assert (page.content_type, script.content_type, missing.status) == ("text/html", "text/javascript", 404)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in text
    assert " style=" not in text


def test_no_script_of_the_page_writes_markup_from_data() -> None:
    scripts = sorted((Path(feed_module.__file__).parent / "page").glob("*.js"))

    assert len(scripts) > 5
    for script in scripts:
        source = script.read_text("utf-8")
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"):
            assert forbidden not in source, script.name


# Live updates


class Stream:
    """Reads server-sent events."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    async def next(self) -> tuple[str, str, Any]:
        """Id, topic and body of the next event; comments are passed over."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for raw in self._response.content:
                line = raw.decode().rstrip("\n")
                if not line and "event" in fields:
                    return fields["id"], fields["event"], json.loads(fields["data"])
                name, _, value = line.partition(": ")
                fields[name] = value
        raise AssertionError("the stream ended")


@asynccontextmanager
async def streaming(client: Client, query: str = "", last_id: str = "") -> AsyncIterator[Stream]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with client.get(f"/playground/api/stream{query}", headers=headers) as response:
        assert response.content_type == "text/event-stream"
        yield Stream(response)


async def test_a_page_gets_everything_first_and_then_what_is_new(client: Client, platform: PlaygroundPlatform) -> None:
    await platform.send("rep", OutboundText(text="早"), key="k-0")
    async with streaming(client, "?log=no") as stream:
        _, topic, state = await stream.next()
        assert topic == "snapshot"
        assert [entry["content"]["text"] for entry in state["conversations"]["rep"]] == ["早"]
        assert [person["name"] for person in state["people"]] == ["李晓彤", "陈志远"]

        await platform.send("boss", OutboundText(text="请看"), key="k-1")
        _, topic, entry = await stream.next()

    assert (topic, entry["user_id"], entry["content"]["text"]) == ("entry", "boss", "请看")


async def test_a_page_that_was_away_gets_only_what_it_missed(client: Client, platform: PlaygroundPlatform) -> None:
    async with streaming(client, "?log=no") as stream:
        await stream.next()
        await platform.send("rep", OutboundText(text="一"), key="k-1")
        last_id, _, _ = await stream.next()
    await platform.send("rep", OutboundText(text="二"), key="k-2")

    async with streaming(client, "?log=no", last_id) as stream:
        _, topic, entry = await stream.next()

    assert (topic, entry["content"]["text"]) == ("entry", "二")


@pytest.mark.parametrize("last_id", ["deadbeef-3", "nonsense", "-", "deadbeef-", "²-²"])
async def test_an_id_of_another_process_gets_everything_anew(client: Client, last_id: str) -> None:
    async with streaming(client, last_id=last_id.encode().decode("latin-1")) as stream:
        _, topic, _ = await stream.next()

    assert topic == "snapshot"


async def test_an_id_that_left_the_ring_gets_everything_anew(client: Client, platform: PlaygroundPlatform) -> None:
    async with streaming(client) as stream:
        first_id, _, _ = await stream.next()
    for n in range(feed_module.RING_EVENTS + 1):
        platform.log("playground.tick", n=n)

    async with streaming(client, last_id=first_id) as stream:
        _, topic, _ = await stream.next()

    assert topic == "snapshot"


async def test_a_stream_can_be_narrowed_to_one_phone(client: Client, platform: PlaygroundPlatform) -> None:
    async with streaming(client, "?user=boss&log=no") as stream:
        _, _, state = await stream.next()
        await platform.send("rep", OutboundText(text="不给你"), key="k-1")
        await platform.send("boss", OutboundText(text="给你"), key="k-2")
        _, _, entry = await stream.next()

    assert list(state["conversations"]) == ["boss"]
    assert entry["content"]["text"] == "给你"


async def test_closing_the_platform_ends_the_open_pages(client: Client, platform: PlaygroundPlatform) -> None:
    async with client.get("/playground/api/stream") as response:
        await platform.close()
        async with asyncio.timeout(10):
            rest = await response.content.read()

    assert b"snapshot" in rest


async def test_an_idle_reader_is_told_that_nothing_came() -> None:
    feed = Feed()
    events = feed.after(0, idle_s=0.01)

    assert await anext(events) is None
    feed.publish("log", None, {"n": 1})
    event = await anext(events)
    await events.aclose()

    assert event is not None
    assert event.number == 1


async def test_a_reader_that_falls_behind_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed()
    feed.publish("log", None, {})
    events = feed.after(0, idle_s=5)
    await anext(events)
    for _ in range(feed_module.RING_EVENTS + 2):
        feed.publish("log", None, {})

    with pytest.raises(feed_module.Missed):
        await anext(events)


async def test_events_may_come_from_another_thread() -> None:
    feed = Feed()
    events = feed.after(0, idle_s=10)
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)

    thread = threading.Thread(target=feed.publish, args=("log", None, {"n": 1}))
    thread.start()
    async with asyncio.timeout(5):
        event = await waiting
    thread.join()
    await events.aclose()

    assert event is not None
    assert event.body == {"n": 1}


# The log


def log_lines(platform: PlaygroundPlatform) -> list[tuple[str, dict[str, Any]]]:
    state: dict[str, Any] = platform.state()
    return [(line["event"], line["fields"]) for line in state["log"]]


async def test_a_message_leaves_its_trace_in_the_log_without_its_words(
    client: Client, platform: PlaygroundPlatform
) -> None:
    await post(client, text="机密")
    await platform.send("rep", OutboundText(text="收到机密"), key="job-1")

    assert [event for event, _ in log_lines(platform)] == ["playground.received", "playground.kept", "playground.sent"]
    assert "机密" not in str(platform.state()["log"])


async def test_our_log_events_reach_the_panel_with_ids_and_without_words(platform: PlaygroundPlatform) -> None:
    logger = logging.getLogger("bot.test_playground")
    logger.setLevel(logging.INFO)
    handler = PlaygroundLogHandler(platform)
    logger.addHandler(handler)

    logger.info("inbox.kept", extra={"job_id": 7, "lane": "playground:rep", "words": "王经理说 好的", "rows": [1]})
    logger.info("GET /secret?token=abc")
    logger.debug("inbox.claimed")
    logger.error("job.failed", extra={"job_id": 8}, exc_info=TimeoutError("a customer's words"))
    logger.removeHandler(handler)

    assert log_lines(platform) == [
        ("inbox.kept", {"job_id": 7, "lane": "playground:rep", "words": "…", "rows": "…"}),
        ("job.failed", {"job_id": 8, "error": "TimeoutError"}),
    ]


async def test_what_the_playground_has_told_itself_is_not_told_again(platform: PlaygroundPlatform) -> None:
    logger = logging.getLogger("bot.test_playground")
    logger.setLevel(logging.INFO)
    handler = PlaygroundLogHandler(platform)
    logger.addHandler(handler)

    for name in ("playground", "wecom"):
        logger.info("inbox.kept", extra={"platform": name, "event_id": "m-1", "is_new": True})
        logger.info("send.sent", extra={"platform": name, "job_id": 1})
    logger.removeHandler(handler)

    assert [fields["platform"] for _, fields in log_lines(platform)] == ["wecom", "wecom"]


# The rest


async def test_doctor_is_told_what_is_missing(platform: PlaygroundPlatform, tmp_path: Path, clock: FakeClock) -> None:
    lonely = PlaygroundPlatform(clock, (), data_dir=tmp_path / "other")

    assert all(result.ok for result in await platform.check())
    assert [result.advice for result in await lonely.check() if not result.ok]


def test_the_sample_people_and_customers_can_be_imported_as_they_are() -> None:
    members = read_members((SAMPLE_FOLDER / "members.csv").read_bytes())
    customers = read_customers((SAMPLE_FOLDER / "customers.csv").read_bytes(), ())

    accounts = {row.accounts["playground"]: row for row in members.rows}
    assert (accounts["lixiaotong"].name, accounts["lixiaotong"].manager) == ("李晓彤", "chenzhiyuan")
    assert {row.manager for row in members.rows} - {""} <= set(accounts)
    assert {"sales", "manager", "director", "admin"} <= {role for row in members.rows for role in row.roles}
    assert len(customers.rows) == 20
    assert {row.owner for row in customers.rows} <= set(accounts)
    valves = next(row for row in customers.rows if row.name == "宁波恒力阀门有限公司")
    assert "恒力" in valves.aliases
    buyer = valves.contacts[0]
    assert (buyer.name, buyer.title, buyer.department) == ("王建国", "经理", "采购部")
    assert not members.ignored_columns
    assert not customers.ignored_columns


def test_no_two_sample_customers_share_an_alias() -> None:
    with (SAMPLE_FOLDER / "customers.csv").open(encoding="utf-8", newline="") as file:
        aliases = [alias for row in csv.DictReader(file) for alias in (row["name"], *row["aliases"].split(";"))]

    assert len(aliases) == len(set(aliases))


def test_the_sample_vocabulary_is_readable() -> None:
    vocabulary = tomllib.loads((SAMPLE_FOLDER / "vocabulary.toml").read_text("utf-8"))

    assert set(vocabulary) == {"products", "competitors"}
    assert all(isinstance(name, str) for names in vocabulary.values() for name in names)


async def test_the_bare_address_leads_to_the_page(client: Client) -> None:
    response = await client.get("/", allow_redirects=False)

    assert (response.status, response.headers["Location"]) == (302, "/playground/")
