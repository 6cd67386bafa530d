"""The playground's HTTP side, for browsers on this machine and nobody else."""

import asyncio
import functools
import ipaddress
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import Field, JsonValue, StringConstraints, ValidationError, model_validator

from bot.platform import Keep
from bot.playground.feed import Missed
from bot.playground.media import MAX_UPLOAD_BYTES, as_wav, sniff
from handlers.messages import CardClick, Content, File, Frozen, Image, JsonObject, Location, Text, Video

PAGE_FOLDER = Path(__file__).parent / "page"
ASSET_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

MAX_JSON_BYTES = 128 * 1024
MAX_FIELD_BYTES = 1024
IDLE_S = 15.0
"""A comment goes out this often, so that a connection that died is noticed."""
RETRY_MS = 1_000

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PAGE_HEADERS = COMMON_HEADERS | {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), geolocation=(self), camera=()",
}
# What somebody uploaded must not become a page of this origin, whatever a browser makes of it.
MEDIA_HEADERS = COMMON_HEADERS | {"Content-Security-Policy": "default-src 'none'; sandbox"}

if TYPE_CHECKING:
    from bot.playground.adapter import PlaygroundPlatform

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MESSAGE_ID = r"^[0-9A-Za-z_\-]{1,64}$"
MessageId = Annotated[str, StringConstraints(pattern=MESSAGE_ID)]
UploadKind = Literal["voice", "image", "video", "file"]


class Refused(Exception):
    """The request is answered with `status`, and with `message` for the person at the page."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


class PostedClick(Frozen):
    card_id: str = Field(max_length=64)
    action: str = Field(max_length=1024)
    chosen: dict[str, tuple[str, ...]] = Field(default={})


class Posted(Frozen):
    """One message without a file: exactly one of the four."""

    user_id: str
    message_id: MessageId
    text: str | None = Field(default=None, max_length=10_000)
    location: Location | None = None
    click: PostedClick | None = None
    sample: Literal["visit", "chat", "quotation"] | None = None

    @model_validator(mode="after")
    def one_content(self) -> Self:
        if sum(part is not None for part in (self.text, self.location, self.click, self.sample)) != 1:
            raise ValueError("exactly one of text, location, click, sample")
        return self


class Upload(Frozen):
    user_id: str
    message_id: MessageId
    kind: UploadKind


class Pages:
    def __init__(self, platform: "PlaygroundPlatform", keep: Keep) -> None:
        self._platform = platform
        self._keep = keep
        self._page = (PAGE_FOLDER / "index.html").read_bytes()
        self._assets = {
            path.name: (path.read_bytes(), ASSET_TYPES[path.suffix])
            for path in sorted(PAGE_FOLDER.iterdir())
            if path.suffix in ASSET_TYPES
        }

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._guarded(self.front_door)),
            web.get("/playground", self._guarded(self.page)),
            web.get("/playground/", self._guarded(self.page)),
            web.get("/playground/page/{name}", self._guarded(self.asset)),
            web.get("/playground/api/state", self._guarded(self.state)),
            web.get("/playground/api/stream", self._guarded(self.stream), allow_head=False),
            web.post("/playground/api/messages", self._guarded(self.post)),
            web.get("/playground/media/{media_ref}", self._guarded(self.media)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                require_this_machine(request)
                return await handler(request)
            except Refused as refused:
                return _json({"error": refused.code, "message": refused.message}, status=refused.status)

        return guarded

    async def front_door(self, _request: web.Request) -> web.StreamResponse:
        """For whoever types the address without its path."""
        raise web.HTTPFound("/playground/")

    async def page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self._page, content_type="text/html", charset="utf-8", headers=PAGE_HEADERS)

    async def asset(self, request: web.Request) -> web.StreamResponse:
        found = self._assets.get(request.match_info["name"])
        if found is None:
            raise Refused(404, "not_found", "没有这个文件。")
        return web.Response(body=found[0], content_type=found[1], charset="utf-8", headers=PAGE_HEADERS)

    async def state(self, request: web.Request) -> web.StreamResponse:
        return _json(self._platform.state(request.query.getall("user", [])))

    async def post(self, request: web.Request) -> web.StreamResponse:
        if request.content_type == "application/json":
            user_id, message_id, content = await self._posted(request)
        elif request.content_type == "multipart/form-data":
            user_id, message_id, content = await self._uploaded(request)
        else:
            raise Refused(415, "unsupported_type", "请用 JSON 或 multipart/form-data 发送。")
        new = await self._platform.say(self._keep, user_id, content, message_id=message_id)
        return _json({"event_id": f"{user_id}:{message_id}", "new": new})

    async def _posted(self, request: web.Request) -> tuple[str, str, Content]:
        raw = await _read_capped(request.content.read, MAX_JSON_BYTES)
        posted = _validated(Posted, raw)
        self._require_known(posted.user_id)
        if posted.sample:
            return posted.user_id, posted.message_id, await self._sample(posted.sample, posted.user_id)
        return posted.user_id, posted.message_id, _plain_content(posted)

    async def _sample(self, name: str, user_id: str) -> Content:
        is_voice = name == "visit"
        sample = await (self._platform.sample_note(user_id) if is_voice else self._platform.sample_picture(name))
        if sample is None:
            raise Refused(404, "no_sample", "没有示例语音。" if is_voice else "没有示例图片。")
        return sample

    async def _uploaded(self, request: web.Request) -> tuple[str, str, Content]:
        fields: dict[str, str] = {}
        data, file_name = None, ""
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.name is None:
                    raise Refused(400, "bad_form", "表单格式不正确。")
                if part.name == "file":
                    data = await _read_capped(part.read_chunk, MAX_UPLOAD_BYTES)
                    file_name = part.filename or ""
                else:
                    fields[part.name] = (await _read_capped(part.read_chunk, MAX_FIELD_BYTES)).decode()
        except (ValueError, HttpProcessingError) as error:  # no boundary, a part cut short, bytes that are no UTF-8
            raise Refused(400, "bad_form", "表单格式不正确。") from error
        upload = _validated(Upload, json.dumps(fields).encode())
        self._require_known(upload.user_id)
        if not data:
            raise Refused(400, "empty_file", "文件是空的，请重新选择。")
        return upload.user_id, upload.message_id, await self._content(upload.kind, data, file_name)

    async def _content(self, kind: UploadKind, data: bytes, file_name: str) -> Content:
        if kind == "voice":
            return await self._platform.voice(data)
        media_ref = await self._platform.store(data)
        match kind:
            case "image":
                return Image(media_ref=media_ref)
            case "video":
                return Video(media_ref=media_ref)
            case "file":
                return File(media_ref=media_ref, file_name=_clean(re.split(r"[/\\]", file_name)[-1])[:200] or None)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: a `snapshot` of everything, then each `entry` and `log` line as it comes.

        `?user=` once or more narrows it to those phones, `?log=no` leaves the log out. A `Last-Event-ID` that can still
        be resumed gets only what came after it.
        """
        response = web.StreamResponse(headers=COMMON_HEADERS | {"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        try:
            await response.write(f"retry: {RETRY_MS}\n\n".encode())
            number = self._platform.feed.number_of(request.headers.get("Last-Event-ID", ""))
            while not await self._stream_after(number, request, response):
                number = None
        except ConnectionResetError:
            pass  # the page was closed
        return response

    async def _stream_after(self, number: int | None, request: web.Request, response: web.StreamResponse) -> bool:
        """False when the page fell too far behind and must be given a snapshot."""
        feed = self._platform.feed
        user_ids = set(request.query.getall("user", []))
        with_log = request.query.get("log") != "no"
        if number is None:
            number = feed.last
            await response.write(
                _event("snapshot", feed.event_id(number), self._platform.state(user_ids, with_log=with_log))
            )
        try:
            async with aclosing(feed.after(number, idle_s=IDLE_S)) as events:
                async for event in events:
                    if event is None:
                        await response.write(b": still here\n\n")
                    elif (event.topic == "log" and with_log) or (
                        event.topic == "entry" and (not user_ids or event.user_id in user_ids)
                    ):
                        await response.write(_event(event.topic, feed.event_id(event.number), event.body))
        except Missed:
            return False
        return True

    async def media(self, request: web.Request) -> web.StreamResponse:
        try:
            path = self._platform.uploads.path(request.match_info["media_ref"])
        except FileNotFoundError as error:
            raise Refused(404, "media_gone", "文件已不存在。") from error
        if request.query.get("as") == "wav":
            return await self._as_wav(path)
        with path.open("rb") as file:
            media_type = sniff(file.read(16))
        headers = MEDIA_HEADERS | {"Content-Type": media_type.content_type}
        if not media_type.inline:
            # without a name here, the one that the bubble shows is the one it is saved under
            headers["Content-Disposition"] = "attachment"
        return web.FileResponse(path, headers=headers)

    async def _as_wav(self, path: Path) -> web.StreamResponse:
        try:
            sound = await asyncio.to_thread(lambda: as_wav(path.read_bytes()))
        except ValueError as error:
            raise Refused(415, "not_sound", "这段录音无法播放。") from error
        return web.Response(body=sound, content_type="audio/wav", headers=MEDIA_HEADERS)

    def _require_known(self, user_id: str) -> None:
        if not self._platform.knows(user_id):
            raise Refused(404, "unknown_user", "试用台里没有这个人。")


def require_this_machine(request: web.Request) -> None:
    """Raises Refused unless a program on this machine asks, and, where it is a browser, for a page of ours.

    The peer's address alone would let any web page post through the visitor's own browser: the Host check stops a name
    that was re-bound to 127.0.0.1, the Origin and Sec-Fetch-Site checks stop other origins. A reverse proxy on this
    machine would make the whole world loopback, so what was forwarded is refused as well.
    """
    if not _is_loopback(request) or any(name in request.headers for name in FORWARDED):
        raise Refused(403, "not_local", "试用台只能在本机打开。")
    if _host_name(request.headers.get("Host", "")) not in LOCAL_NAMES:
        raise Refused(403, "foreign_host", "请用 localhost 或 127.0.0.1 打开试用台。")
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {f"{scheme}://{request.headers['Host']}" for scheme in ("http", "https")}:
        raise Refused(403, "foreign_origin", "不接受其他网页的请求。")
    site = request.headers.get("Sec-Fetch-Site", "none")
    followed_link = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document"
    if site not in {"same-origin", "none"} and not followed_link:
        raise Refused(403, "foreign_origin", "不接受其他网页的请求。")


def _is_loopback(request: web.Request) -> bool:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    if not isinstance(peer, tuple):
        return False
    try:
        address = ipaddress.ip_address(peer[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


Model = TypeVar("Model", bound=Frozen)


def _validated(model: type[Model], raw: bytes) -> Model:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise Refused(422, "bad_message", "消息格式不正确。") from error


def _plain_content(posted: Posted) -> Content:
    if posted.text is not None:
        text = _clean(posted.text).strip()
        if not text:
            raise Refused(422, "empty_text", "消息是空的。")
        return Text(text=text)
    if posted.location is not None:
        return posted.location.model_copy(update={"label": _clean(posted.location.label).strip()[:200]})
    if posted.click is not None:
        return CardClick(card_id=posted.click.card_id, action=posted.click.action, chosen=posted.click.chosen)
    raise AssertionError("Posted.one_content lets nothing else through")


def _clean(text: str) -> str:
    """Without what no real platform's XML could carry: control characters (PostgreSQL refuses NUL), surrogates."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})


async def _read_capped(read: Callable[[int], Awaitable[bytes]], limit_bytes: int) -> bytes:
    data = bytearray()
    while chunk := await read(64 * 1024):
        data += chunk
        if len(data) > limit_bytes:
            raise Refused(413, "too_large", f"超过 {limit_bytes // 1024 // 1024 or 1} MB，无法发送。")
    return bytes(data)


def _json(value: JsonValue | JsonObject, *, status: int = 200) -> web.Response:
    return web.json_response(
        value, status=status, headers=COMMON_HEADERS, dumps=functools.partial(json.dumps, ensure_ascii=False)
    )


def _event(topic: str, event_id: str, body: JsonObject) -> bytes:
    return f"id: {event_id}\nevent: {topic}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
