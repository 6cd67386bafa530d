"""The page behind a matter's link: the words it was raised for and their recording, for those it concerns."""

import io
import re
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from bot.pages import evidence as evidence_page
from bot.platform import MediaFile
from handlers import actions
from handlers.context import Context
from handlers.links import Links
from handlers.messages import Voice
from handlers.rulebook import QuestionnaireRule, RuleBook
from storage.database import Database
from tests.chat import FRIDAY, MANAGER, VISIT, Chat, build, heard
from tests.fakes import FakeClock
from tests.pages import served

AMR = (Path(__file__).parent.parent / "bot/playground/sample/visit.amr").read_bytes()


@dataclass
class Stage:
    chat: Chat
    context: Context
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """The link on the manager's card."""
        url = self.chat.cards("风险上报", of=MANAGER)[0].url
        assert url is not None
        return url

    async def link(self, of: str, *, escalation_id: int = 1) -> str:
        async with self.chat.database.reading() as work:
            [member] = await work.members.named(of)
            url = self.context.links.evidence(escalation_id, member.member_id, until=work.now + timedelta(hours=1))
        assert url is not None
        return url

    async def look(self, url: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(url, headers=headers) as response:
            return response.status, await response.text(errors="replace")

    async def bytes_of(self, url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        async with self.session.get(url, headers=headers) as response:
            return response.status, await response.read(), dict(response.headers)

    async def sound(self) -> str:
        """Where the page says that the recording is played from."""
        _, html = await self.look(self.url)
        found = re.search(r'<audio [^>]*src="([^"]+)"', html)
        assert found is not None
        return self.url.rpartition("/")[0] + "/" + found[1]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(FRIDAY)


@pytest.fixture
async def stage(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """A visit with a risk was spoken and confirmed; the manager has the card."""
    port = unused_port()
    unasked = RuleBook(questionnaire=QuestionnaireRule(on=False))
    chat = await build(database, clock, tmp_path, public_url=f"http://127.0.0.1:{port}", rules=unasked)
    chat.platform.media["note"] = MediaFile(AMR, "audio/amr")
    chat.listener.answers.append(heard(VISIT))
    await chat.receives(Voice(media_ref="note", media_format="amr"))
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    async with served(evidence_page.routes(chat.context), port) as session:
        yield Stage(chat, chat.context, session)


async def test_the_page_shows_the_words_and_where_in_the_recording_they_are(stage: Stage) -> None:
    status, html = await stage.look(stage.url)

    assert status == 200
    for words in (
        "宁波恒力阀门有限公司",
        "李晓彤",
        "待处理",
        "11-20（周五）",
        "审批：「领导还没批」 0:00",
        "下载原文件",
    ):
        assert words in html


async def test_the_recording_is_played_as_wav_and_can_be_had_as_it_came(stage: Stage) -> None:
    status, data, headers = await stage.bytes_of(await stage.sound())

    assert (status, headers["Content-Type"], headers["Accept-Ranges"]) == (200, "audio/wav", "bytes")
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() > 16_000
    status, original, headers = await stage.bytes_of((await stage.sound()).replace(".wav", "/original"))
    assert (status, original) == (200, AMR)
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert headers["Content-Disposition"].endswith('.amr"')


async def test_a_part_of_the_recording_can_be_asked_for(stage: Stage) -> None:
    url = await stage.sound()
    _, whole, _ = await stage.bytes_of(url)

    for asked, part in (("bytes=0-1", whole[:2]), ("bytes=100-", whole[100:]), ("bytes=-10", whole[-10:])):
        status, data, headers = await stage.bytes_of(url, Range=asked)
        assert (status, data) == (206, part)
        assert headers["Content-Range"].endswith(f"/{len(whole)}")
    for wrong in ("bytes=99999999-", "bytes=5-2", "lines=1"):
        status, data, _ = await stage.bytes_of(url, Range=wrong)
        assert (status, data) == (416, b"")


async def test_looking_changes_nothing_and_nothing_can_be_posted(stage: Stage) -> None:
    for _ in range(3):
        await stage.look(stage.url)
    async with stage.session.post(stage.url) as response:
        assert response.status == 405

    async with stage.chat.database.reading() as work:
        assert (await work.escalations.get(1)).state == "open"
        assert [entry.action for entry in await work.audit.of("escalation:1")] == ["escalation.opened"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("陈志远", 200), ("李晓彤", 200), ("赵一鸣", 403), ("周敏", 403), ("何佳", 403)],
    ids=["the manager", "the rep", "another rep", "the director, not yet", "an admin"],
)
async def test_only_those_it_concerns_may_look_and_listen(stage: Stage, who: str, status: int) -> None:
    url = await stage.link(who)
    recording = (await stage.sound()).rpartition("/")[2]

    assert (await stage.look(url))[0] == status
    for path in (recording, recording.replace(".wav", "/original")):
        assert (await stage.bytes_of(f"{url}/{path}"))[0] == status


async def test_whoever_is_asked_to_follow_it_up_may_look_too_and_who_had_it_still_may(stage: Stage) -> None:
    chat = stage.chat
    [card] = chat.cards("风险上报", of=MANAGER)
    await chat.presses(card, actions.AssignEscalation, sender=MANAGER)
    await chat.says("赵一鸣", sender=MANAGER)

    assert (await stage.look(await stage.link("赵一鸣")))[0] == 200
    assert (await stage.look(await stage.link("陈志远")))[0] == 200


async def test_somebody_who_has_left_sees_nothing(stage: Stage) -> None:
    async with stage.chat.database.work() as work:
        [manager] = await work.members.named("陈志远")
        manager.active = False

    status, html = await stage.look(stage.url)

    assert status == 403
    assert "领导还没批" not in html


async def test_the_link_ends_with_the_card_and_no_other_link_opens_the_page(stage: Stage, clock: FakeClock) -> None:
    url = stage.url
    todo = stage.context.links.todo(1, 2, until=clock.now() + timedelta(days=1))
    assert todo is not None

    assert (await stage.look(todo.replace("/todo/", "/evidence/")))[0] == 404
    assert (await stage.look(url[:-1] + ("A" if url[-1] != "A" else "B")))[0] == 404
    assert (await stage.look(await stage.link("陈志远", escalation_id=99)))[0] == 404
    clock.advance(timedelta(hours=73))
    assert (await stage.look(url))[0] == 410


async def test_a_recording_of_another_visit_is_not_to_be_had(stage: Stage) -> None:
    chat = stage.chat
    await chat.speaks("又去了恒丽服饰，见了林总监，预算三十万。")
    await chat.says("确认")
    async with chat.database.reading() as work:
        [other] = [one for one in await work.visits.evidence_of(2) if one.kind == "voice"]

    assert (await stage.bytes_of(f"{stage.url}/{other.evidence_id}.wav"))[0] == 404
    assert (await stage.bytes_of(f"{stage.url}/{other.evidence_id}/original"))[0] == 404


async def test_a_recording_that_is_gone_or_cannot_be_played_says_so(stage: Stage) -> None:
    url = await stage.sound()
    async with stage.chat.database.work() as work:
        [voice] = [one for one in await work.visits.evidence_of(1) if one.kind == "voice"]
        voice.sha256 = await stage.context.media.put(b"#!AMR\n" + b"\xff" * 40)
        broken = voice.sha256
    assert (await stage.look(url))[0] == 422
    await stage.context.media.delete(broken)

    status, html = await stage.look(url)

    assert status == 410
    assert "录音已不在" in html


async def test_words_of_a_customer_stay_words(stage: Stage) -> None:
    async with stage.chat.database.work() as work:
        [item, _] = await work.escalations.items(1)
        item.words = "<script>alert(1)</script>"
        customer = await work.customers.get(1)
        customer.name = '"><img src=x onerror=alert(1)>'

    _, html = await stage.look(stage.url)

    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


async def test_no_page_keeps_shares_or_embeds_what_it_shows(stage: Stage) -> None:
    for url in (stage.url, await stage.sound(), stage.url + "x"):
        async with stage.session.get(url) as response:
            policy = response.headers["Content-Security-Policy"]
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in policy
        assert "media-src 'self'" in policy
        assert "script-src" not in policy


def test_without_a_public_address_there_is_no_page(stage: Stage) -> None:
    assert evidence_page.routes(replace(stage.context, links=Links(b"x" * 32, ""))) == []
