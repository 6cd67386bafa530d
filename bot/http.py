"""Calls to a platform over HTTP, as every adapter makes them: one session, capped answers, typed failures.

Addresses carry tokens, and an exception of aiohttp may carry its address: none leaves this module, or stays chained to
one that does.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from yarl import URL

from bot.errors import MediaTooBig, PlatformBusy
from handlers.messages import JsonObject

T = TypeVar("T")

JSON_MAX_BYTES = 1024 * 1024
MEGABYTE = 1024 * 1024
CHUNK_BYTES = 64 * 1024


class HttpCaller:
    """One platform's outgoing calls; it makes its session when it first needs one."""

    def __init__(self, *, proxy: str = "", session: aiohttp.ClientSession | None = None) -> None:
        self._proxy = proxy
        self._session = session
        self._owns_session = session is None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def close(self) -> None:
        if self._owns_session and self._session is not None:
            await self._session.close()

    async def exchange(
        self,
        api: str,
        method: str,
        url: str | URL,
        read: Callable[[str, aiohttp.ClientResponse], Awaitable[T]],
        *,
        timeout_s: float,
        **request: Any,
    ) -> T:
        """One request; `read` takes the answer, `api` names it in errors. Raises PlatformBusy and what `read` does."""
        try:
            async with self.session.request(
                method,
                url,
                proxy=self._proxy or None,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                # A redirect would carry the token to another host.
                allow_redirects=False,
                **request,
            ) as response:
                return await read(api, response)
        except TimeoutError:
            failure = "timeout"
        except aiohttp.ClientPayloadError:
            failure = "truncated"
        except aiohttp.ClientConnectorError:
            failure = "unreachable"
        except (aiohttp.ClientError, OSError) as error:
            failure = type(error).__name__
        # Out here, or the exception would be chained to one that shows the address and the token in it.
        raise PlatformBusy(api, failure)


def json_body(body: JsonObject) -> bytes:
    """Written out rather than given as `json=`: aiohttp would escape Chinese, and WeCom's 40033 refuses `\\uxxxx`."""
    return json.dumps(body, ensure_ascii=False).encode()


async def read_capped(api: str, response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The whole answer. Raises MediaTooBig above `limit_bytes`."""
    too_big = MediaTooBig(api, "size", hint=f"文件超过 {limit_bytes // MEGABYTE} MB 的上限。")
    if (response.content_length or 0) > limit_bytes:
        raise too_big
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        data += chunk
        if len(data) > limit_bytes:
            raise too_big
    return bytes(data)


def json_object(data: bytes | str) -> JsonObject | None:
    """The object in it; None where it is anything else, or no JSON at all."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def string(answer: JsonObject, name: str) -> str | None:
    value = answer.get(name)
    return value if isinstance(value, str) and value else None


async def read_request(request: web.Request, *, limit_bytes: int, within_s: float) -> bytes:
    """A callback's body, from whoever sends it: not more than `limit_bytes`, and not slower than `within_s`."""
    if (request.content_length or 0) > limit_bytes:
        raise web.HTTPRequestEntityTooLarge(limit_bytes, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.content.iter_chunked(CHUNK_BYTES):
                body += chunk
                if len(body) > limit_bytes:
                    raise web.HTTPRequestEntityTooLarge(limit_bytes, len(body))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    return bytes(body)
