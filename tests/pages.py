"""Pages of the bot's own, served as the bot serves them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer


@asynccontextmanager
async def served(routes: Iterable[web.RouteDef], port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Whoever opens them, as long as they are served on that port."""
    app = web.Application()
    app.add_routes(routes)
    server = TestServer(app, port=port)
    await server.start_server()
    async with aiohttp.ClientSession() as session:
        yield session
    await server.close()
