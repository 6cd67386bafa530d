"""The page behind a link to one piece of evidence: shown, played or downloaded, and only by whom it was made for."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from PIL import Image

from bot.pages import file as file_page
from storage.database import Database
from storage.models import Evidence, EvidenceKind
from tests.chat import FRIDAY, Chat, build
from tests.fakes import FakeClock
from tests.pages import served

AMR = (Path(__file__).parent.parent / "bot/playground/sample/visit.amr").read_bytes()
PDF = b"%PDF-1.7 <script>alert(1)</script>"
FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(200)


def png() -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(kept, "png")
    return kept.getvalue()


@dataclass
class Stage:
    chat: Chat
    session: aiohttp.ClientSession
    kept: int = 0

    async def keep(self, kind: EvidenceKind, data: bytes, *, name: str = "", label: str | None = None) -> int:
        """A piece of the rep's in 恒力's file."""
        self.kept += 1
        sha256 = await self.chat.context.media.put(data)
        async with self.chat.database.work() as work:
            [rep] = await work.members.named("李晓彤")
            piece = await work.visits.keep_evidence(
                f"piece-{self.kept}", rep.member_id, kind, sent_at=FRIDAY, sha256=sha256, detail={"file_name": name}
            )
            piece.customer_id, piece.label = 1, label
            return piece.evidence_id

    async def link(self, evidence_id: int, *, of: str = "李晓彤") -> str:
        async with self.chat.database.reading() as work:
            [member] = await work.members.named(of)
            until = work.now + timedelta(hours=1)
        url = self.chat.context.links.file(evidence_id, member.member_id, until=until)
        assert url is not None
        return url

    async def get(self, url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        async with self.session.get(url, headers=headers) as response:
            return response.status, await response.read(), dict(response.headers)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(FRIDAY)


@pytest.fixture
async def stage(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    port = unused_port()
    chat = await build(database, clock, tmp_path, public_url=f"http://127.0.0.1:{port}")
    async with served(file_page.routes(chat.context), port) as session:
        yield Stage(chat, session)


async def test_a_photo_is_shown_with_who_sent_it_and_when(stage: Stage) -> None:
    url = await stage.link(await stage.keep("image", png(), label="现场照片"))

    status, html, _ = await stage.get(url)
    assert status == 200
    for words in ("现场照片", "宁波恒力阀门有限公司", "李晓彤", "15:30", "SHA-256", "<img ", "下载原文件"):
        assert words in html.decode()
    status, data, headers = await stage.get(f"{url}/content")
    assert (status, data, headers["Content-Type"]) == (200, png(), "image/png")


async def test_a_recording_is_played_and_a_film_too_in_parts(stage: Stage) -> None:
    sound = await stage.link(await stage.keep("voice", AMR))
    film = await stage.link(await stage.keep("video", FILM, label="演示视频"))

    assert b"<audio " in (await stage.get(sound))[1]
    status, data, headers = await stage.get(f"{sound}/content", Range="bytes=0-3")
    assert (status, data, headers["Content-Type"]) == (206, b"RIFF", "audio/wav")
    assert b"<video " in (await stage.get(film))[1]
    status, data, headers = await stage.get(f"{film}/content", Range="bytes=4-7")
    assert (status, data, headers["Content-Type"]) == (206, b"ftyp", "video/mp4")


async def test_a_file_is_only_ever_downloaded_under_its_own_name(stage: Stage) -> None:
    url = await stage.link(await stage.keep("file", PDF, name='恒力"意向书\r\n.pdf'))

    status, html, _ = await stage.get(url)
    assert status == 200
    assert not [tag for tag in (b"<img", b"<audio", b"<video") if tag in html]
    status, data, headers = await stage.get(f"{url}/original")
    assert (status, data, headers["Content-Type"]) == (200, PDF, "application/octet-stream")
    assert headers["Content-Disposition"].startswith('attachment; filename="evidence-1.bin"; filename*=UTF-8')
    assert "%E6%81%92" in headers["Content-Disposition"]
    assert (await stage.get(f"{url}/content"))[0] == 422


async def test_names_stay_words_and_nothing_is_kept_or_embedded(stage: Stage) -> None:
    url = await stage.link(await stage.keep("file", PDF, name="<script>alert(1)</script>.pdf"))

    _, html, headers = await stage.get(url)

    assert b"<script" not in html
    assert b"&lt;script&gt;" in html
    assert headers["Cache-Control"] == "no-store"
    assert "script-src" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("李晓彤", 200), ("陈志远", 200), ("周敏", 200), ("赵一鸣", 403), ("何佳", 403)],
    ids=["the rep", "their manager", "the director above", "another rep", "an admin"],
)
async def test_only_whoever_has_the_customer_and_their_leaders_see_it(stage: Stage, who: str, status: int) -> None:
    url = await stage.link(await stage.keep("image", png()), of=who)

    for path in ("", "/content", "/original"):
        assert (await stage.get(url + path))[0] == status


async def test_it_goes_with_the_customer_whoever_sent_it(stage: Stage) -> None:
    number = await stage.keep("image", png())
    old, new = await stage.link(number), await stage.link(number, of="赵一鸣")
    async with stage.chat.database.work() as work:
        [other] = await work.members.named("赵一鸣")
        (await work.customers.get(1)).owner_id = other.member_id

    assert (await stage.get(old))[0] == 403
    assert (await stage.get(new))[0] == 200


async def test_a_link_that_is_over_bent_or_of_another_page_opens_nothing(stage: Stage, clock: FakeClock) -> None:
    number = await stage.keep("image", png())
    url = await stage.link(number)
    todo = stage.chat.context.links.todo(number, 3, until=clock.now() + timedelta(days=1))
    assert todo is not None

    assert (await stage.get(todo.replace("/todo/", "/file/")))[0] == 404
    assert (await stage.get(url[:-1] + ("A" if url[-1] != "A" else "B")))[0] == 404
    assert (await stage.get(await stage.link(99)))[0] == 404
    clock.advance(timedelta(hours=2))
    assert (await stage.get(url))[0] == 410


async def test_a_piece_that_is_gone_and_one_without_a_file_say_so(stage: Stage) -> None:
    number = await stage.keep("image", png())
    async with stage.chat.database.work() as work:
        sha256 = (await work.visits.evidence(number)).sha256
        words = Evidence(
            event_key="t", member_id=3, kind="text", text="x", detail={}, sent_at=FRIDAY, created_at=FRIDAY
        )
        work.session.add(words)
        await work.session.flush()
        typed = words.evidence_id
    await stage.chat.context.media.delete(sha256 or "")

    assert (await stage.get(await stage.link(number)))[0] == 410
    assert (await stage.get(await stage.link(typed)))[0] == 404
