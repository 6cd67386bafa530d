"""What the pages behind signed links have in common: how they look, their headers, and how they refuse."""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from storage.errors import DatabaseUnavailable

FOLDER = Path(__file__).parent

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Notice:
    """A page that has nothing to show but a sentence."""

    status: int
    title: str
    text: str


LEFT = Notice(403, "链接已停用", "您的账号在拜访助手里已停用，这个链接不能再用。有疑问请联系管理员。")
BUSY = Notice(503, "暂时打不开", "系统正忙，什么都没有改动。请过一会儿再试。")


class Refused(Exception):
    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.title)
        self.notice = notice


def template(name: str) -> Template:
    return Template((FOLDER / name).read_text("utf-8"))


class Frame:
    """`plays` is set for a page that plays sound or film of ours, `shows` for one that shows pictures of ours."""

    def __init__(self, *, plays: bool = False, shows: bool = False) -> None:
        self._frame = template("frame.html")
        self._notice = template("notice.html")
        self._style = (FOLDER / "page.css").read_text("utf-8")
        self.headers = _headers(self._style, plays=plays, shows=shows)

    def answered(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Refused as refused:
                return self.told(refused.notice)
            except DatabaseUnavailable:
                return self.told(BUSY)

        return answer

    def told(self, notice: Notice) -> web.Response:
        content = self._notice.substitute(title=escape(notice.title), text=escape(notice.text))
        return self.page(notice.status, notice.title, content)

    def page(self, status: int, title: str, content: str) -> web.Response:
        html = self._frame.substitute(title=escape(title), style=self._style, content=content)
        return web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=self.headers)


def _headers(style: str, *, plays: bool, shows: bool) -> dict[str, str]:
    media = "media-src 'self'; " * plays + "img-src 'self'; " * shows
    style_hash = base64.b64encode(sha256(style.encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{style_hash}'; {media}form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        # not "no-referrer": with that, browsers send `Origin: null` with our own button (Fetch standard, 3.2)
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
