"""One piece of evidence, for the link that `证据 恒力` hands out: a photo, a file, a recording, a film.

Signed, without a login, made for one person and good for a limited time, like the other pages; who may see it is looked
up again each time. What people sent is never taken for a page of ours: pictures that a browser knows are shown,
recordings are played as WAV, and everything else can only be downloaded. Looking changes nothing.
"""

import asyncio
from html import escape
from urllib.parse import quote

from aiohttp import web

from bot.pages.evidence import UNPLAYABLE, as_wav, part
from bot.pages.frame import LEFT, Frame, Notice, Refused, template
from handlers import access, filing, wording
from handlers import evidence_texts as texts
from handlers.context import Context
from handlers.links import FILE_PATH, FileLink
from nlp import audio, documents, images
from nlp.errors import NlpError
from storage.errors import MediaDamaged, MediaMissing
from storage.models import Evidence
from storage.work import Work

INVALID = Notice(404, "链接无效", "请回到聊天里，回复「证据 客户名」重新取。")
ENDED = Notice(410, "链接已过期", "请回到聊天里，回复「证据 客户名」重新取。")
NOT_YOURS = Notice(403, "不能查看", "这份资料的客户现在不在您名下，不能查看。")
GONE = Notice(410, "原件已不在", "这份资料的原件已被清理或损坏，请联系管理员。")
SHOWN = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
"""The pictures that every browser shows; the rest is downloaded."""
DIGITS_OF_HASH = 16


def routes(context: Context) -> list[web.RouteDef]:
    """None without a public address: then there are no links that lead here."""
    if not context.links.public_url:
        return []
    page = FilePage(context)
    path, answered = FILE_PATH + "/{token}", page.frame.answered
    return [
        web.get(path, answered(page.show)),
        web.get(path + "/content", answered(page.content)),
        web.get(path + "/original", answered(page.download)),
    ]


class FilePage:
    def __init__(self, context: Context) -> None:
        self._context = context
        self.frame = Frame(plays=True, shows=True)
        self._page = template("file.html")

    async def show(self, request: web.Request) -> web.StreamResponse:
        async with self._context.database.reading() as work:
            piece = await self._allowed(work, request)
            rows = await self._rows(work, piece)
        data = await self._data(piece)
        token = escape(request.match_info["token"])
        content = self._page.substitute(
            kind=escape(piece.label or texts.SORTS[piece.kind]),
            name=escape(filing.name_of(piece)),
            rows="\n".join(f"<div><dt>{label}</dt><dd>{escape(value)}</dd></div>" for label, value in rows),
            shown=_shown(piece, data, f"{token}/content"),
            download=f"{token}/original",
        )
        return self.frame.page(200, "资料", content)

    async def content(self, request: web.Request) -> web.StreamResponse:
        """What the page shows or plays."""
        async with self._context.database.reading() as work:
            piece = await self._allowed(work, request)
        data = await self._data(piece)
        if kind := _picture(data):
            return web.Response(body=data, content_type=kind, headers=self.frame.headers)
        if _is_film(piece, data):
            return part(request, data, "video/mp4", self.frame.headers)
        try:
            return part(request, await asyncio.to_thread(as_wav, data), "audio/wav", self.frame.headers)
        except NlpError:
            raise Refused(UNPLAYABLE) from None

    async def download(self, request: web.Request) -> web.StreamResponse:
        async with self._context.database.reading() as work:
            piece = await self._allowed(work, request)
        data = await self._data(piece)
        headers = {**self.frame.headers, "Content-Disposition": _disposition(piece, data)}
        return web.Response(body=data, content_type="application/octet-stream", headers=headers)

    async def _allowed(self, work: Work, request: web.Request) -> Evidence:
        link = self._link(request)
        piece = await work.visits.find_evidence(link.evidence_id)
        if piece is None or piece.sha256 is None or piece.kind not in texts.SORTS:
            raise Refused(INVALID)
        member = await work.members.get(link.member_id)
        if not member.active:
            raise Refused(LEFT)
        if not await access.may_see_piece(work, member, piece):
            raise Refused(NOT_YOURS)
        return piece

    def _link(self, request: web.Request) -> FileLink:
        token, now = request.match_info["token"], self._context.database.now()
        link = self._context.links.read_file(token, now)
        if link is None:
            raise Refused(ENDED if self._context.links.has_ended(token, now) else INVALID)
        return link

    async def _data(self, piece: Evidence) -> bytes:
        try:
            return await self._context.media.get(piece.sha256 or "")
        except (MediaMissing, MediaDamaged):
            raise Refused(GONE) from None

    async def _rows(self, work: Work, piece: Evidence) -> list[tuple[str, str]]:
        today = self._context.day_of(work.now)
        rows = [("客户", (await work.customers.get(piece.customer_id)).name)] if piece.customer_id is not None else []
        rows.append(("发送人", (await work.members.get(piece.member_id)).name))
        rows.append(("时间", wording.clock_time(piece.sent_at, self._context.settings.zone, today)))
        if piece.version:
            rows.append(("版本", f"第 {piece.version} 版"))
        return [*rows, ("SHA-256", f"{(piece.sha256 or '')[:DIGITS_OF_HASH]}…")]


def _shown(piece: Evidence, data: bytes, address: str) -> str:
    if _picture(data):
        return f'<p><img src="{address}" alt=""></p>'
    if _is_film(piece, data):
        return f'<p><video controls preload="none" src="{address}"></video></p>'
    if _is_sound(piece):
        return f'<audio controls preload="none" src="{address}"></audio>'
    return ""


def _picture(data: bytes) -> str | None:
    return SHOWN.get(images.sniff(data) or "")


def _is_film(piece: Evidence, data: bytes) -> bool:
    return filing.sort_of(piece) == "video" and data[4:8] == b"ftyp"


def _is_sound(piece: Evidence) -> bool:
    return filing.sort_of(piece) == "recording"


def _disposition(piece: Evidence, data: bytes) -> str:
    """Always to be saved, never to be opened; under the name it came with."""
    ending = images.sniff(data) or (audio.sniff(data) if _is_sound(piece) else None) or "bin"
    plain = f"evidence-{piece.evidence_id}.{ending}"
    name = filing.file_name(piece) or f"{documents.stem_of(filing.name_of(piece))}-{piece.evidence_id}.{ending}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
