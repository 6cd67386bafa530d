"""A to-do's page, for the link in a card or in a platform's own list: what it is, and one button.

There is no login: the link is signed, made for one person and good for a limited time (`handlers.links`). Chat programs
fetch links by themselves to show previews, so looking changes nothing; only the button, a POST, does.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from html import escape

from aiohttp import web
from yarl import URL

from bot.pages.frame import LEFT, Frame, Notice, Refused, template
from handlers import texts, todo_clock, todos, wording
from handlers.context import Context
from handlers.links import TODO_PATH, TodoLink
from storage.models import Todo
from storage.work import Work

log = logging.getLogger(__name__)

SOURCE = "todo page"


INVALID = Notice(404, "链接无效", "请回到聊天里，从待办重新打开；或回复「待办」查看还没做完的事。")
ENDED = Notice(410, "链接已过期", "请回到聊天里回复「待办」，查看还没做完的事。")
GONE = Notice(404, "待办不存在", "这个待办可能已被清理。请回到聊天里回复「待办」，查看还没做完的事。")
PASSED_ON = Notice(403, "待办已转交", "这个待办已经转给别人，请由新的负责人完成。")
FOREIGN = Notice(403, "操作没有生效", "这次点击不是从待办页面发出的。请回到聊天里重新打开链接，再点「完成」。")


@dataclass(frozen=True)
class View:
    """What the page shows, taken out of the database."""

    action: str
    rows: tuple[tuple[str, str], ...]
    state: str
    tone: str
    is_open: bool


def routes(context: Context) -> list[web.RouteDef]:
    """None without a public address: then there are no links that lead here."""
    if not context.links.public_url:
        return []
    page = TodoPage(context)
    path = TODO_PATH + "/{token}"
    return [web.get(path, page.frame.answered(page.show)), web.post(path, page.frame.answered(page.finish))]


class TodoPage:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._own = URL(context.links.public_url).origin()
        self.frame = Frame()
        self._todo = template("todo.html")

    async def show(self, request: web.Request) -> web.StreamResponse:
        link = self._link(request)
        async with self._context.database.reading() as work:
            todo = await self._allowed(work, await work.todos.find(link.todo_id), link)
            view = await self._view(work, todo)
        return self._drawn(view)

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """Done, as by the button in the chat; pressed again, or done before, nothing more happens."""
        if not self._is_from_here(request):
            raise Refused(FOREIGN)
        link = self._link(request)
        ctx = self._context
        async with ctx.database.work() as work:
            todo = await self._allowed(work, await work.todos.lock(link.todo_id), link)
            if todo.state == "open":
                card = await work.cards.find(todo.card_id) if todo.card_id else None
                to = await ctx.reach(work, link.member_id, prefer=card.platform if card is not None else None)
                cause = f"{SOURCE}:{todo.todo_id}"
                await todos.finish(ctx, work, todo, todos.By(link.member_id, to, cause))
                log.info("todo.finished", extra={"todo_id": todo.todo_id})
        # relative, so that it is right behind a proxy that puts a folder in front; reloading then repeats no click
        return web.Response(status=303, headers={**self.frame.headers, "Location": request.match_info["token"]})

    def _link(self, request: web.Request) -> TodoLink:
        token, now = request.match_info["token"], self._context.database.now()
        link = self._context.links.read_todo(token, now)
        if link is None:
            raise Refused(ENDED if self._context.links.has_ended(token, now) else INVALID)
        return link

    async def _allowed(self, work: Work, todo: Todo | None, link: TodoLink) -> Todo:
        if todo is None:
            raise Refused(GONE)
        if todo.member_id != link.member_id:
            raise Refused(PASSED_ON)
        if not (await work.members.get(link.member_id)).active:
            raise Refused(LEFT)
        return todo

    def _is_from_here(self, request: web.Request) -> bool:
        """Whether the click was made on our own page, as far as the browser says; old ones say nothing."""
        origin = request.headers.get("Origin")
        if origin is None:
            return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
        try:
            return URL(origin).origin() == self._own
        except ValueError:
            return False

    async def _view(self, work: Work, todo: Todo) -> View:
        today = self._context.day_of(work.now)
        customer = (await work.customers.get(todo.customer_id)).name if todo.customer_id else texts.CUSTOMER_OPEN
        rows = [("客户", customer)]
        if due := todo_clock.due_words(self._context, todo, today):
            rows.append(("期限", due))
        if todo.party != "us":
            rows.append(("由谁", f"{wording.OWNER_LABELS[todo.party]}（您来盯）"))
        rows.append(("负责人", (await work.members.get(todo.member_id)).name))
        if todo.closed_at is not None:
            done_at = wording.clock_time(todo.closed_at, self._context.settings.zone, today)
            rows.append(("完成时间" if todo.state == "done" else "取消时间", done_at))
        state, tone = _state(todo, todo_clock.due_moment(self._context.settings.working_time, todo), work.now)
        return View(todo.action, tuple(rows), state, tone, is_open=todo.state == "open")

    def _drawn(self, view: View) -> web.Response:
        rows = "\n".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in view.rows)
        button = '<form method="post"><button type="submit">完成</button></form>' if view.is_open else ""
        content = self._todo.substitute(
            action=escape(view.action), rows=rows, state=escape(view.state), tone=view.tone, button=button
        )
        return self.frame.page(200, "待办", content)


def _state(todo: Todo, due: datetime | None, now: datetime) -> tuple[str, str]:
    """What is said of it, and in which colour; `due` is in the zone of the people here."""
    if todo.state == "done":
        return "✓ 已完成", "good"
    if todo.state == "cancelled":
        return "已取消", "neutral"
    if due is None:
        return "待完成", "neutral"
    days = (now.astimezone(due.tzinfo).date() - due.date()).days
    if days > 0:
        return f"已过期 {days} 天", "alert"
    if days < 0:
        return "待完成", "neutral"
    is_over = todo.due_at is not None and due < now
    return ("已过期", "alert") if is_over else ("今天到期", "alert")
