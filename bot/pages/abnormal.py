"""The table behind the week's message on what is abnormal: a page with two downloads, CSV and XLSX.

Signed, without a login, made for one leader and one week, good for a limited time, like the other pages. Whose records
they may read is looked up again at each opening, and so is what is still abnormal: what was mended is gone.
"""

import asyncio
from collections.abc import Collection
from datetime import date
from html import escape

from aiohttp import web

from bot import sheets
from bot.pages.frame import LEFT, Frame, Notice, Refused, template
from handlers import abnormal_look, abnormal_table, access, plans
from handlers import abnormal_texts as texts
from handlers.abnormal_table import Table
from handlers.context import Context
from handlers.links import ABNORMAL_PATH, AbnormalLink

INVALID = Notice(404, "链接无效", "请回到聊天里，回复「异常清单」查看。")
ENDED = Notice(410, "链接已过期", "请回到聊天里，回复「异常清单」查看。")
NOT_YOURS = Notice(403, "不能查看", "您现在没有带团队，不能查看。")


def routes(context: Context) -> list[web.RouteDef]:
    """None without a public address: then there are no links that lead here."""
    if not context.links.public_url:
        return []
    page = AbnormalPage(context)
    path, answered = ABNORMAL_PATH + "/{token}", page.frame.answered
    return [
        web.get(path, answered(page.show)),
        web.get(path + "/csv", answered(page.as_csv)),
        web.get(path + "/xlsx", answered(page.as_xlsx)),
    ]


class AbnormalPage:
    def __init__(self, context: Context) -> None:
        self._context = context
        self.frame = Frame()
        self._page = template("abnormal.html")

    async def show(self, request: web.Request) -> web.StreamResponse:
        monday, table = await self._table(request)
        complete = table.complete
        rows = [("异常", f"{len(table.rows) - table.is_cut} 条"), ("记录", f"{complete.records} 条")]
        if complete.required:
            rows.append(("完整率", f"{complete.percent}%（{complete.filled}/{complete.required}）"))
        token = escape(request.match_info["token"])
        content = self._page.substitute(
            week=escape(plans.span(monday, self._today())),
            title=texts.SHEET,
            rows="\n".join(f"<div><dt>{label}</dt><dd>{escape(value)}</dd></div>" for label, value in rows),
            xlsx=f"{token}/xlsx",
            csv=f"{token}/csv",
        )
        return self.frame.page(200, texts.SHEET, content)

    async def as_csv(self, request: web.Request) -> web.StreamResponse:
        monday, table = await self._table(request)
        data = await asyncio.to_thread(sheets.as_csv, texts.COLUMNS, table.rows)
        return self._download(data, sheets.CSV, f"abnormal-{monday}.csv")

    async def as_xlsx(self, request: web.Request) -> web.StreamResponse:
        monday, table = await self._table(request)
        data = await asyncio.to_thread(sheets.as_xlsx, texts.SHEET, texts.COLUMNS, table.rows)
        return self._download(data, sheets.XLSX, f"abnormal-{monday}.xlsx")

    def _download(self, data: bytes, content_type: str, name: str) -> web.Response:
        headers = {**self.frame.headers, "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=data, content_type=content_type, headers=headers)

    async def _table(self, request: web.Request) -> tuple[date, Table]:
        link = self._link(request)
        members = await self._members(link)
        until = plans.sunday_of(link.monday)
        database, settings = self._context.database, self._context.settings
        return link.monday, await abnormal_table.made(database, settings, members, since=link.monday, until=until)

    def _link(self, request: web.Request) -> AbnormalLink:
        token, now = request.match_info["token"], self._context.database.now()
        link = self._context.links.read_abnormal(token, now)
        if link is None:
            raise Refused(ENDED if self._context.links.has_ended(token, now) else INVALID)
        return link

    async def _members(self, link: AbnormalLink) -> Collection[int]:
        """The people below whoever the link was made for, as they are now."""
        async with self._context.database.reading() as work:
            member = await work.members.find(link.member_id)
            if member is None:
                raise Refused(INVALID)
            if not member.active:
                raise Refused(LEFT)
            below = (await access.sight_of(work, member)).members - {member.member_id}
            if not below:
                raise Refused(NOT_YOURS)
            return await abnormal_look.active(work, below)

    def _today(self) -> date:
        return self._context.day_of(self._context.database.now())
