"""The HTTP side: the platforms' callbacks, and whether we are well."""

import asyncio
import logging
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler

from bot import pipeline
from bot.errors import BotError
from bot.platform import Keep, Platform, Received
from bot.worker import described
from handlers.messages import PlatformName
from handlers.outbox import QUEUE as OUTBOX
from handlers.routes import WORK_QUEUE
from storage.database import Database
from storage.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

BODY_LIMIT_BYTES = 25 * 1024 * 1024
"""Above every cap of the platforms' own, which know what their bodies may weigh."""
STALLED_S = 300
"""A job that has been due for so long means that nobody works here."""
HEALTH_PATH = "/healthz"
KEEP_WITHIN_S = 4.0
"""Platforms wait five seconds for an answer; a database that restarts is often back before that."""
KEEP_AGAIN_S = 0.2


def keeper(database: Database) -> Keep:
    """Makes events durable, for callbacks and connections alike. What it returns raises NotKept."""
    inbox = pipeline.Inbox(database)

    async def keep(platform: PlatformName, received: Received) -> bool:
        is_new = await _keep(inbox, platform, received)
        log.info("inbox.kept", extra={"platform": platform, "event_id": received.event_id, "is_new": is_new})
        return is_new

    return keep


def application(
    database: Database, platforms: Iterable[Platform], keep: Keep, pages: Iterable[web.RouteDef] = ()
) -> web.Application:
    app = web.Application(client_max_size=BODY_LIMIT_BYTES, middlewares=[_silent_when_not_kept])

    async def health(_request: web.Request) -> web.Response:
        return await _health(database)

    app.router.add_get(HEALTH_PATH, health)

    async def hang_up(_app: web.Application) -> None:
        for platform in served:
            platform.hang_up()

    app.router.add_routes(pages)
    served = tuple(platforms)
    for platform in served:
        app.router.add_routes(platform.routes(keep))
    app.on_shutdown.append(hang_up)
    return app


class NotKept(BotError):
    """An event could not be made durable."""


async def _keep(inbox: pipeline.Inbox, platform: PlatformName, received: Received) -> bool:
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + KEEP_WITHIN_S
    while True:
        try:
            return await inbox.keep(platform, received)
        except DatabaseUnavailable as error:
            if loop.time() >= give_up_at:
                raise NotKept(received.event_id) from error
        except Exception as error:
            raise NotKept(received.event_id) from error
        await asyncio.sleep(KEEP_AGAIN_S)


@web.middleware
async def _silent_when_not_kept(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Hang up on a callback that could not be kept.

    WeCom takes any HTTP status, also 500, for an answer and does not call again; after a broken connection it does.
    """
    try:
        return await handler(request)
    except NotKept as error:
        log.error("web.not_kept", extra={"path": request.path} | described(error))  # noqa: TRY400  it could quote words
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=503)


async def _health(database: Database) -> web.Response:
    """200 while jobs are being worked, 503 when one has waited too long or the database is away. No words, no names.

    What waits in queue work waits its turn for the one speech engine; a busy morning is no failure.
    """
    try:
        async with database.reading() as work:
            waiting = {queue: await work.jobs.oldest_waiting(queue) for queue in (pipeline.INBOX, WORK_QUEUE, OUTBOX)}
            parked = await work.jobs.counts("parked")
            now = work.now
    except DatabaseUnavailable:
        return web.json_response({"status": "database unavailable"}, status=503)
    waited_s = {queue: round((now - since).total_seconds()) if since else 0 for queue, since in waiting.items()}
    well = max(waited_s[pipeline.INBOX], waited_s[OUTBOX]) < STALLED_S
    body = {
        "status": "ok" if well else "stalled",
        "oldest_waiting_s": waited_s,
        "parked": sum(parked.values()),
    }
    return web.json_response(body, status=200 if well else 503)
