"""Files on their way out: uploaded and sent once, and where that cannot be, said in words why."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import (
    ContentRefused,
    MustWriteFirst,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
)
from bot.platform import Attachment, Capabilities, FileLimit, Uploaded
from bot.sender import FILES_AT_ONCE
from handlers import evidence_texts as texts
from handlers import outbox
from handlers.messages import FileSort, OutboundFile, OutboundText, ReplyRoute, Sender
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.jobs import Jobs
from storage.media import LocalMediaStore
from storage.members import Address
from tests.chat import REP, enrol
from tests.fakes import NOON, FakeClock, FakePlatform
from tests.sounds import encoded
from tests.test_sender import Post

TO = Address("playground", REP)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
LINK = "现场照片：https://visits.example/file/token"
HEARD = "在这里听：https://visits.example/file/token"
FILES: dict[FileSort, FileLimit] = {
    "image": FileLimit(1000, {"png"}),
    "voice": FileLimit(100_000, {"amr"}, max_s=60),
    "file": FileLimit(200_000),
}


@dataclass
class Desk:
    """The outbox with the company behind it, and a store with what was kept."""

    post: Post
    media: LocalMediaStore
    asked: int = 0

    async def keep(self, data: bytes, sort: FileSort = "image", name: str = "现场照片-1") -> OutboundFile:
        """A piece of the rep's in their customer's file."""
        sha256 = await self.media.put(data)
        async with self.post.database.work() as work:
            [rep] = await work.members.named("李晓彤")
            piece = await work.visits.keep_evidence(
                f"piece-{sha256}", rep.member_id, sort, sent_at=NOON, sha256=sha256, detail={}
            )
            piece.customer_id = 1
            return OutboundFile(
                evidence_id=piece.evidence_id,
                member_id=rep.member_id,
                sha256=sha256,
                size_bytes=len(data),
                sort=sort,
                name=name,
                instead=LINK,
                beside=HEARD if sort == "voice" else "",
            )

    async def hand(self, file: OutboundFile, *, to: Address | Sender = TO) -> None:
        self.asked += 1
        async with self.post.database.work() as work:
            await outbox.hand(work, to, file, cause=f"asked-{self.asked}")

    async def drain(self, *, waiting: timedelta = timedelta()) -> None:
        self.post.clock.advance(waiting)
        await self.post.worker.drain()

    @property
    def platform(self) -> FakePlatform:
        return self.post.platform

    @property
    def seen(self) -> list[str]:
        """What stands on the phone: the sort and name of files, and words."""
        return [
            f"[{one.sort} {one.name}]" if isinstance(one, Uploaded) else one.text
            for one in self.platform.sent
            if isinstance(one, Uploaded | OutboundText)
        ]


@pytest.fixture
async def desk(database: Database, clock: FakeClock, tmp_path: Path) -> Desk:
    await enrol(database, "playground")
    platform = FakePlatform(clock=clock, capabilities=Capabilities(files=FILES, duplicate_check_s=1800))
    media = LocalMediaStore(tmp_path / "media")
    return Desk(Post(database, clock, platform, media), media)


def why(name: str, **values: str) -> str:
    return f"{texts.WHY_NOT_SENT[name].format(**values)}\n{LINK}"


# Once


async def test_a_picture_is_uploaded_and_sent_in_its_turn(desk: Desk) -> None:
    await desk.post.say("先说", to=TO)
    await desk.hand(await desk.keep(PNG))
    await desk.post.say("后说", to=TO)

    await desk.drain()

    assert desk.seen == ["先说", "[image 现场照片-1.png]", "后说"]
    assert [one.file.data for one in desk.platform.uploads.values()] == [PNG]
    assert {job.state for job in await desk.post.jobs()} == {"done"}


async def test_a_death_between_upload_and_send_uploads_again_and_sends_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise DatabaseUnavailable("the process died here")

    await desk.hand(await desk.keep(PNG))
    with monkeypatch.context() as patched:
        patched.setattr(Jobs, "absorb", die)
        with pytest.raises(DatabaseUnavailable):
            await desk.post.sender.send(await desk.post.claim())
    assert desk.seen == []

    await desk.drain(waiting=timedelta(minutes=2))

    assert desk.seen == ["[image 现场照片-1.png]"]
    assert list(desk.platform.uploads) == ["upload-1", "upload-2"]


async def test_a_death_after_the_upload_was_written_down_sends_that_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("the process died here")

    await desk.hand(await desk.keep(PNG))
    with monkeypatch.context() as patched:
        patched.setattr(desk.platform, "send", die)
        with pytest.raises(DatabaseUnavailable):
            await desk.post.sender.send(await desk.post.claim())

    await desk.drain(waiting=timedelta(minutes=2))

    assert desk.seen == ["[image 现场照片-1.png]"]
    assert list(desk.platform.uploads) == ["upload-1"]


async def test_a_death_between_sending_and_marking_shows_it_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def die(*_: object) -> None:
        raise DatabaseUnavailable("the process died here")

    await desk.hand(await desk.keep(PNG))
    with monkeypatch.context() as patched:
        patched.setattr(desk.post.sender, "_mark_sent", die)
        with pytest.raises(DatabaseUnavailable):
            await desk.post.sender.send(await desk.post.claim())

    await desk.drain(waiting=timedelta(minutes=2))

    assert len(desk.platform.sends) == 2
    assert desk.seen == ["[image 现场照片-1.png]"]
    assert all(one.guard for one in desk.platform.sends)


async def test_an_answer_that_was_lost_shows_it_once(desk: Desk) -> None:
    await desk.post.fail(PlatformBusy("send", "timeout"), arrives_anyway=True)
    await desk.hand(await desk.keep(PNG))
    await desk.drain()
    await desk.drain(waiting=timedelta(minutes=1))

    assert len(desk.platform.sends) == 2
    assert desk.seen == ["[image 现场照片-1.png]"]


async def test_asked_for_twice_it_comes_twice(desk: Desk) -> None:
    file = await desk.keep(PNG)
    await desk.hand(file)
    await desk.hand(file)

    await desk.drain()

    assert desk.seen == ["[image 现场照片-1.png]"] * 2


async def test_what_the_platform_kept_for_some_days_only_is_uploaded_again(desk: Desk) -> None:
    desk.platform.silent.add(REP)
    await desk.hand(await desk.keep(PNG))
    await desk.drain()
    desk.platform.uploads.clear()
    desk.platform.silent.clear()

    await desk.drain(waiting=timedelta(days=4))

    assert desk.seen == ["[image 现场照片-1.png]"]
    assert list(desk.platform.uploads) == ["upload-2"]


async def test_what_is_gone_at_once_is_said_in_words_rather_than_uploaded_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = desk.platform.upload

    async def forgotten(attachment: Attachment) -> Uploaded:
        uploaded = await upload(attachment)
        desk.platform.uploads.clear()
        return uploaded

    monkeypatch.setattr(desk.platform, "upload", forgotten)
    await desk.hand(await desk.keep(PNG))

    await desk.drain()

    assert desk.seen == [why("refused")]


async def test_few_files_are_in_memory_at_once_and_words_overtake_those_that_wait(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, inside, most, upload = asyncio.Event(), 0, 0, desk.platform.upload

    async def slow(attachment: Attachment) -> Uploaded:
        nonlocal inside, most
        inside, most = inside + 1, max(most, inside + 1)
        await gate.wait()
        inside -= 1
        return await upload(attachment)

    monkeypatch.setattr(desk.platform, "upload", slow)
    file = await desk.keep(PNG)
    for number in range(6):
        await desk.hand(file, to=Address("playground", f"person-{number}"))
    await desk.post.say("一句话", to=Address("playground", "person-7"))

    async with desk.post.database.work() as work:
        jobs = await work.jobs.claim(outbox.QUEUE, limit=7, lease_s=60)
    sending = [asyncio.create_task(desk.post.sender.send(job)) for job in jobs]
    # those that step back and the words are done while three files are still on their way
    await asyncio.wait(sending, timeout=2)
    assert (desk.seen, sum(not one.done() for one in sending)) == (["一句话"], FILES_AT_ONCE)
    gate.set()
    await asyncio.gather(*sending)
    for _ in range(3):
        await desk.drain(waiting=timedelta(seconds=3))

    assert len(desk.seen) == 7
    assert most == FILES_AT_ONCE


# Otherwise


@pytest.mark.parametrize("at", ["the upload", "the sending"])
async def test_what_is_refused_as_a_picture_goes_as_a_file(desk: Desk, at: str) -> None:
    failures = desk.platform.upload_failures if at == "the upload" else desk.platform.failures
    failures.append(ContentRefused("media/upload", 40004))
    await desk.hand(await desk.keep(PNG))

    await desk.drain()

    assert desk.seen == ["[file 现场照片-1.png]"]


@pytest.mark.parametrize("at", ["the upload", "the sending"])
async def test_what_is_refused_as_a_file_too_is_said_in_words_with_the_link(desk: Desk, at: str) -> None:
    failures = desk.platform.upload_failures if at == "the upload" else desk.platform.failures
    failures.extend([ContentRefused("media/upload", 40004), ContentRefused("media/upload", 45001)])
    await desk.hand(await desk.keep(PNG))
    await desk.post.say("后说", to=TO)

    await desk.drain()

    assert desk.seen == [why("refused"), "后说"]
    assert desk.post.parked == []


@pytest.mark.parametrize(
    "error",
    [NotPermitted("media/upload", 48002), PlatformError("media/upload", 99999)],
    ids=["a right that is missing", "a code that nobody knows"],
)
async def test_an_upload_that_will_never_do_is_said_in_words(desk: Desk, error: PlatformError) -> None:
    desk.platform.upload_failures.append(error)
    await desk.hand(await desk.keep(PNG))

    await desk.drain()

    assert desk.seen == [why("refused")]


async def test_a_platform_that_takes_no_upload_for_a_while_does_not_hold_up_the_lane(desk: Desk) -> None:
    desk.platform.upload_failures.extend([PlatformBusy("media/upload", "timeout")] * 4)
    await desk.hand(await desk.keep(PNG))
    await desk.post.say("后说", to=TO)

    await desk.drain()
    assert desk.seen == []
    for _ in range(3):
        await desk.drain(waiting=timedelta(minutes=1))

    assert desk.seen == [why("busy"), "后说"]
    assert desk.post.parked == []


async def test_a_busy_platform_gets_it_later(desk: Desk) -> None:
    desk.platform.upload_failures.extend([PlatformBusy("media/upload", 45009, retry_after_s=60.0)] * 2)
    await desk.hand(await desk.keep(PNG))

    for _ in range(3):
        await desk.drain(waiting=timedelta(minutes=1))

    assert desk.seen == ["[image 现场照片-1.png]"]


async def test_a_spent_allowance_is_answered_by_the_way_that_came_with_the_message(desk: Desk) -> None:
    desk.platform.upload_failures.append(QuotaSpent("media/upload", "count"))
    route = ReplyRoute(ref="route", until=NOON + timedelta(minutes=90))
    await desk.hand(await desk.keep(PNG), to=Sender(platform="playground", user_id=REP, reply=route))

    await desk.drain()

    assert desk.seen == [why("refused")]
    assert desk.platform.sends[-1].reply == route


async def test_who_has_to_write_first_gets_the_file_when_they_do(desk: Desk) -> None:
    await desk.post.fail(MustWriteFirst("send", 93006))
    await desk.hand(await desk.keep(PNG))
    await desk.drain()
    assert desk.seen == []

    async with desk.post.database.work() as work:
        await outbox.release(work, Sender(platform="playground", user_id=REP))
    await desk.drain()

    assert desk.seen == ["[image 现场照片-1.png]"]
    assert len(desk.platform.uploads) == 1


async def test_what_is_too_big_for_anything_is_not_even_read(desk: Desk) -> None:
    file = await desk.keep(PNG)
    await desk.hand(file.model_copy(update={"size_bytes": 200_001, "sha256": "f" * 64}))

    await desk.drain()

    assert desk.seen == [why("size", size="0.2")]
    assert desk.platform.uploads == {}


async def test_a_recording_that_is_no_voice_note_there_goes_as_a_file_with_the_link_behind_it(desk: Desk) -> None:
    await desk.hand(await desk.keep(encoded("wav"), "voice", "录音-1"))
    await desk.hand(await desk.keep(encoded("amr"), "voice", "录音-2"))

    await desk.drain()

    # the page plays what a phone may not; beside a voice note it would add nothing
    assert desk.seen == ["[file 录音-1.wav]", HEARD, "[voice 录音-2.amr]"]


async def test_where_nothing_can_be_sent_the_link_is_given_and_why(desk: Desk) -> None:
    desk.platform.capabilities = replace(desk.platform.capabilities, files={})
    await desk.hand(await desk.keep(PNG))

    await desk.drain()

    assert desk.seen == [why("channel")]


async def test_a_kind_that_the_platform_does_not_take_is_given_as_a_link(desk: Desk) -> None:
    limits: dict[FileSort, FileLimit] = {"image": FileLimit(1000, {"jpeg"}), "file": FileLimit(1000, {"pdf"})}
    desk.platform.capabilities = replace(desk.platform.capabilities, files=limits)
    await desk.hand(await desk.keep(PNG))

    await desk.drain()

    assert desk.seen == [why("format")]


@pytest.mark.parametrize("fate", ["cleared away", "damaged"])
async def test_a_piece_that_is_not_there_any_more_is_told_so(desk: Desk, tmp_path: Path, fate: str) -> None:
    file = await desk.keep(PNG)
    await desk.hand(file)
    if fate == "damaged":
        (tmp_path / "media" / file.sha256[:2] / file.sha256).write_bytes(b"rotten")
    else:
        await desk.media.delete(file.sha256)

    await desk.drain()

    assert desk.seen == [texts.ORIGINAL_GONE.format(name="现场照片-1")]


# Whose it is


async def test_a_customer_that_changed_hands_before_it_went_out_keeps_it_back(desk: Desk) -> None:
    await desk.hand(await desk.keep(PNG))
    async with desk.post.database.work() as work:
        [other] = await work.members.named("赵一鸣")
        (await work.customers.get(1)).owner_id = other.member_id

    await desk.drain()

    assert desk.seen == [texts.NOT_YOURS_ANY_MORE]
    assert desk.platform.uploads == {}


async def test_no_name_and_no_word_of_it_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.platform.upload_failures.append(ContentRefused("media/upload", 40004))
    await desk.hand(await desk.keep(PNG, name="恒力意向书"))

    await desk.drain()

    told = [f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name.startswith("bot")]
    assert any("send.refused" in line for line in told)
    assert not any("恒力" in line or "visits.example" in line for line in told)
