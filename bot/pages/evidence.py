"""What a matter rests on, for the link in its card: the words it was raised for, and the recordings they are in.

Signed and without a login, like the to-do's page, and only for those it lies or lay with, whoever was asked to follow
it up, and the rep. Phones record AMR, which browsers do not play: it is played as WAV, and the file itself can be had
too. Looking changes nothing.
"""

import asyncio
import io
import wave
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from aiohttp import web

from bot.pages.frame import LEFT, Frame, Notice, Refused, template
from handlers import access, escalation, wording
from handlers.context import Context
from handlers.escalation_cards import Story
from handlers.links import EVIDENCE_PATH, EvidenceLink
from handlers.record import SignalValue
from nlp import audio
from nlp.errors import NlpError
from storage.errors import MediaDamaged, MediaMissing
from storage.models import Escalation, EscalationItem, Evidence
from storage.work import Work

MOST_PLAYED_S = 15 * 60
"""Longer recordings are not decoded for a page: 15 minutes are 29 MB of sound."""
SAMPLE_BYTES = 2
FULL_SCALE = 32767

INVALID = Notice(404, "链接无效", "请回到聊天里，从上报的卡片重新打开。")
ENDED = Notice(410, "链接已过期", "请回到聊天里，请销售把录音再发给您。")
NOT_YOURS = Notice(403, "不能查看", "这件事现在不由您处理，不能查看它的原话和录音。")
NO_RECORDING = Notice(404, "没有这段录音", "请回到上一页。")
UNPLAYABLE = Notice(422, "这段录音播放不了", "请回到上一页，下载原文件。")
GONE = Notice(410, "录音已不在", "这段录音已被清理或损坏，请联系管理员。")

STATES = {
    "open": "待处理",
    "taken": "跟进中",
    "assigned": "跟进中",
    "resolved": "已处理",
    "false_alarm": "误报",
    "withdrawn": "已撤回",
}


def routes(context: Context) -> list[web.RouteDef]:
    """None without a public address: then there are no links that lead here."""
    if not context.links.public_url:
        return []
    page = EvidencePage(context)
    path, answered = EVIDENCE_PATH + "/{token}", page.frame.answered
    return [
        web.get(path, answered(page.show)),
        web.get(path + r"/{evidence_id:\d{1,15}}.wav", answered(page.play)),
        web.get(path + r"/{evidence_id:\d{1,15}}/original", answered(page.download)),
    ]


class EvidencePage:
    def __init__(self, context: Context) -> None:
        self._context = context
        self.frame = Frame(plays=True)
        self._content = template("evidence.html")

    async def show(self, request: web.Request) -> web.StreamResponse:
        async with self._context.database.reading() as work:
            matter = await self._allowed(work, request)
            story = await escalation.story_of(self._context, work, matter)
            recordings = await _recordings(work, matter)
        return self._drawn(story, recordings, token=request.match_info["token"])

    async def play(self, request: web.Request) -> web.StreamResponse:
        data, _ = await self._recording(request)
        try:
            sound = await asyncio.to_thread(as_wav, data)
        except NlpError:
            raise Refused(UNPLAYABLE) from None
        return part(request, sound, "audio/wav", self.frame.headers)

    async def download(self, request: web.Request) -> web.StreamResponse:
        data, recording = await self._recording(request)
        name = f"recording-{recording.evidence_id}.{audio.sniff(data) or 'bin'}"
        headers = {**self.frame.headers, "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=data, content_type="application/octet-stream", headers=headers)

    async def _recording(self, request: web.Request) -> tuple[bytes, Evidence]:
        wanted = int(request.match_info["evidence_id"])
        async with self._context.database.reading() as work:
            matter = await self._allowed(work, request)
            recordings = await _recordings(work, matter)
        recording = next((one for one in recordings if one.evidence_id == wanted), None)
        if recording is None or recording.sha256 is None:
            raise Refused(NO_RECORDING)
        try:
            return await self._context.media.get(recording.sha256), recording
        except (MediaMissing, MediaDamaged):
            raise Refused(GONE) from None

    async def _allowed(self, work: Work, request: web.Request) -> Escalation:
        link = self._link(request)
        matter = await work.escalations.find(link.escalation_id)
        if matter is None:
            raise Refused(INVALID)
        member = await work.members.get(link.member_id)
        if not member.active:
            raise Refused(LEFT)
        if not await access.may_hear(work, member, matter):
            raise Refused(NOT_YOURS)
        return matter

    def _link(self, request: web.Request) -> EvidenceLink:
        token, now = request.match_info["token"], self._context.database.now()
        link = self._context.links.read_evidence(token, now)
        if link is None:
            raise Refused(ENDED if self._context.links.has_ended(token, now) else INVALID)
        return link

    def _drawn(self, story: Story, recordings: Sequence[Evidence], *, token: str) -> web.Response:
        rows = [("销售", story.rep)]
        if story.visit is not None:
            rows.append(("拜访日", wording.day(story.visit.visited_on, story.today)))
        zone = self._context.settings.zone
        sounds = [
            f"<p>录音 {escape(wording.clock_time(one.sent_at, zone, story.today))}</p>"
            f'<audio controls preload="none" src="{escape(token)}/{one.evidence_id}.wav"></audio>'
            f'<p><a href="{escape(token)}/{one.evidence_id}/original">下载原文件</a></p>'
            for one in recordings
        ]
        content = self._content.substitute(
            state=STATES[story.escalation.state],
            customer=escape(story.customer),
            rows="\n".join(f"<div><dt>{label}</dt><dd>{escape(value)}</dd></div>" for label, value in rows),
            quotes="\n".join(_quoted(story, item) for item in story.items),
            recordings="\n".join(sounds) or "<p>没有录音。</p>",
        )
        return self.frame.page(200, "上报依据", content)


async def _recordings(work: Work, matter: Escalation) -> list[Evidence]:
    """The recordings of the visits that speak for it, each file once."""
    items = await work.escalations.items(matter.escalation_id)
    visits = dict.fromkeys(item.visit_id for item in items if item.visit_id is not None)
    found = [one for visit_id in visits for one in await work.visits.evidence_of(visit_id) if one.kind == "voice"]
    return list({one.sha256: one for one in found if one.sha256}.values())


def _quoted(story: Story, item: EscalationItem) -> str:
    at_s = next(
        (
            fact.source.at_s
            for fact in story.record.facts
            if isinstance(fact.value, SignalValue) and fact.value.words == item.words
        ),
        None,
    )
    at = f" {int(at_s) // 60}:{int(at_s) % 60:02d}" if at_s is not None else ""
    return f"<blockquote>{escape(item.category)}：「{escape(item.words)}」{at}</blockquote>"


def as_wav(data: bytes) -> bytes:
    """The recording as 16-bit mono WAV. Raises NlpError."""
    decoded = audio.decode(data, max_duration_s=MOST_PLAYED_S)
    pcm = (np.clip(decoded.samples, -1, 1) * FULL_SCALE).astype("<i2").tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(SAMPLE_BYTES)
        sound.setframerate(audio.SAMPLE_RATE_HZ)
        sound.writeframes(pcm)
    return file.getvalue()


def part(request: web.Request, data: bytes, content_type: str, headers: Mapping[str, str]) -> web.Response:
    """The whole, or the bytes asked for: phones play nothing that cannot be asked for in parts."""
    headers = {**headers, "Accept-Ranges": "bytes"}
    try:
        asked = request.http_range
    except ValueError:
        headers["Content-Range"] = f"bytes */{len(data)}"
        return web.Response(status=416, headers=headers)
    if asked.start is None and asked.stop is None:
        return web.Response(body=data, content_type=content_type, headers=headers)
    start, stop, _ = asked.indices(len(data))
    if start >= stop:
        headers["Content-Range"] = f"bytes */{len(data)}"
        return web.Response(status=416, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return web.Response(status=206, body=data[start:stop], content_type=content_type, headers=headers)
