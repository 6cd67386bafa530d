"""Calls to WeCom's server API: one session, one token, every failure a PlatformError.

WeCom answers HTTP 200 to almost everything; `errcode` decides.
"""

import asyncio
import io
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, TypeVar

import aiohttp

from bot.config import WeCom
from bot.errors import (
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
    RecipientUnreachable,
    TokenRejected,
)
from bot.http import JSON_MAX_BYTES, HttpCaller, json_body, json_object, read_capped, string
from bot.platform import MediaFile
from bot.tokens import REFUSAL_PAUSE_S, AccessToken, again
from bot.wecom.errors_table import HOUR_S, MINUTE_S, OVER_LIMIT, UNTRUSTED_ADDRESS, error_for
from handlers.messages import FileSort, JsonObject
from storage.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

TRUST_PAUSE_S = 60.0
"""A change of the trusted addresses takes about a minute to act."""
DUPLICATE_CHECK_S = 4 * 3600
"""The longest that WeCom looks back for a repeat."""
MAX_DOWNLOADS = 4
"""More than a few downloads at once are refused with 45033."""
_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Accepted:
    """`response_code` changes the card later, once; only cards with buttons have one."""

    message_id: str | None
    response_code: str | None


class WeComClient:
    def __init__(self, config: WeCom, *, clock: Clock, session: aiohttp.ClientSession | None = None) -> None:
        self._config = config
        self._http = HttpCaller(proxy=config.proxy, session=session)
        self._token = AccessToken(self._fetch_token, clock, pause_s=_pause_s)
        self._limits = FrequencyLimits(clock)
        self._downloads = asyncio.Semaphore(MAX_DOWNLOADS)

    async def close(self) -> None:
        await self._http.close()

    # messages

    async def send_text(self, user_id: str, text: str, *, guard: bool = False) -> Accepted:
        """`text` is sent as it is: at most 2048 bytes (`bot.plain.split`), or WeCom cuts it silently."""
        return await self._send(user_id, "text", {"content": text}, check_duplicate=guard)

    async def send_markdown(self, user_id: str, markdown: str, *, guard: bool = False) -> Accepted:
        """Headings, bold, links, inline code, quotations and three colours; at most 2048 bytes."""
        return await self._send(user_id, "markdown", {"content": markdown}, check_duplicate=guard)

    async def send_media(self, user_id: str, kind: FileSort, media_id: str, *, guard: bool = False) -> Accepted:
        """What was uploaded as that kind. Raises MediaGone once WeCom does not have it any more."""
        return await self._send(user_id, kind, {"media_id": media_id}, check_duplicate=guard)

    async def send_card(self, user_id: str, card: JsonObject) -> Accepted:
        # A card has a task_id of its own, so only a true repeat of it can be taken for one.
        return await self._send(user_id, "template_card", card, check_duplicate=True)

    async def close_card(self, user_id: str, response_code: str, closing: str) -> None:
        """Turn the card's buttons grey and have them read `closing`; spends the code."""
        await self.call(
            "message/update_template_card",
            body={
                "userids": [user_id],
                "agentid": self._config.agent_id,
                "response_code": response_code,
                "button": {"replace_name": closing},
            },
        )

    async def _send(self, user_id: str, kind: str, content: JsonObject, *, check_duplicate: bool) -> Accepted:
        api = "message/send"
        if not user_id or "|" in user_id or user_id.startswith("@"):
            # `|` addresses several people and `@all` everybody; neither is a person.
            raise RecipientUnreachable(api, "userid", hint="成员账号（UserID）不合法。")
        body: JsonObject = {"touser": user_id, "msgtype": kind, "agentid": self._config.agent_id, kind: content}
        if check_duplicate:
            body |= {"enable_duplicate_check": 1, "duplicate_check_interval": DUPLICATE_CHECK_S}
        answer = await self.call(api, body=body)
        if answer.get("invaliduser"):
            raise RecipientUnreachable(
                api, "invaliduser", hint="成员不在应用的可见范围，或已离职：请到应用详情页的“可见范围”检查。"
            )
        if answer.get("unlicenseduser"):
            raise RecipientUnreachable(
                api, "unlicenseduser", hint="成员没有企业微信接口许可：请在管理后台为其分配许可账号。"
            )
        return Accepted(string(answer, "msgid"), string(answer, "response_code"))

    # files

    async def upload(self, kind: FileSort, file: MediaFile) -> str:
        """The media id, valid for three days."""

        def form() -> aiohttp.FormData:
            # Without quote_fields=False a Chinese name goes out as percent escapes, and is shown so.
            form = aiohttp.FormData(quote_fields=False)
            form.add_field(
                "media",
                io.BytesIO(file.data),
                filename=re.sub(r'[\x00-\x1f"\\/:]+', "_", file.file_name) or kind,
                content_type=file.content_type or "application/octet-stream",
            )
            return form

        answer = await self.call(
            "media/upload", params={"type": kind}, form=form, timeout_s=self._config.media_timeout_s
        )
        media_id = string(answer, "media_id")
        if media_id is None:
            raise PlatformError("media/upload", "no media_id")
        return media_id

    async def download(self, media_id: str) -> MediaFile:
        """Raises MediaGone after three days, MediaTooBig above the configured size.

        WeCom wants ranges for files above 20 MB; the configured cap is at most that, so none are asked for.
        """
        api = "media/get"
        async with self._downloads:
            return await self._with_token(
                lambda token: self._exchange(
                    api,
                    "GET",
                    self._read_media,
                    params={"access_token": token, "media_id": media_id},
                    timeout_s=self._config.media_timeout_s,
                )
            )

    async def _read_media(self, api: str, response: aiohttp.ClientResponse) -> MediaFile:
        _check_status(api, response)
        data = await read_capped(api, response, self._config.media_max_bytes)
        disposition = response.headers.get("Content-Disposition", "")
        # An error comes with HTTP 200 too: as JSON, as JSON called text, or without a file name.
        suspect = not disposition or "json" in response.content_type or response.content_type.startswith("text/")
        if suspect or data[:64].lstrip().startswith(b'{"errcode"'):
            _raise_errcode(api, data)
            if not disposition:
                raise PlatformBusy(api, "no file")
        name = re.search(r'filename="?([^";]+)', disposition)
        return MediaFile(data, response.content_type, name[1].strip() if name else "")

    # set-up

    async def agent(self) -> JsonObject:
        return await self.call("agent/get", "GET", params={"agentid": str(self._config.agent_id)})

    async def callback_addresses(self) -> int:
        """How many addresses WeCom calls back from."""
        addresses = (await self.call("getcallbackip", "GET")).get("ip_list")
        return len(addresses) if isinstance(addresses, list) else 0

    async def token(self) -> str:
        return await self._token.get()

    # calls

    async def call(
        self,
        api: str,
        method: Literal["GET", "POST"] = "POST",
        *,
        params: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
        form: Callable[[], aiohttp.FormData] | None = None,
        timeout_s: float | None = None,
    ) -> JsonObject:
        """One call, with one new token and one repeat where the token is refused. Raises PlatformError."""
        started_at = self._limits.check(api)

        async def attempt(token: str) -> JsonObject:
            data = json_body(body) if body is not None else form() if form else None
            return await self._exchange(
                api,
                method,
                _read_json,
                params={"access_token": token, **(params or {})},
                data=data,
                headers={"Content-Type": "application/json"} if body is not None else None,
                timeout_s=timeout_s or self._config.timeout_s,
            )

        try:
            answer = await self._with_token(attempt)
        except PlatformBusy as error:
            if error.api == api and error.code == OVER_LIMIT:
                raise self._limits.over(api, started_at, error) from None
            raise
        self._limits.fine(api)
        return answer

    async def _with_token(self, attempt: Callable[[str], Awaitable[T]]) -> T:
        token = await self._token.get()
        try:
            return await attempt(token)
        except TokenRejected as error:
            log.info("wecom.token_rejected", extra={"api": error.api, "code": error.code})
            self._token.reject(token)
        return await attempt(await self._token.get())

    async def _fetch_token(self) -> tuple[str, float]:
        api = "gettoken"
        started_at = self._limits.check(api)
        params = {"corpid": self._config.corp_id, "corpsecret": self._config.secret.get_secret_value()}
        try:
            answer = await self._exchange(api, "GET", _read_json, params=params, timeout_s=self._config.timeout_s)
        except PlatformBusy as error:
            if error.code == OVER_LIMIT:
                raise self._limits.over(api, started_at, error) from None
            raise
        token, life_s = string(answer, "access_token"), answer.get("expires_in")
        if token is None:
            raise PlatformBusy(api, "no token")
        log.info("wecom.token_fetched")
        return token, float(life_s) if isinstance(life_s, int | float) else 7200.0

    async def _exchange(
        self,
        api: str,
        method: str,
        read: Callable[[str, aiohttp.ClientResponse], Awaitable[T]],
        *,
        timeout_s: float,
        **request: Any,
    ) -> T:
        url = f"{self._config.api_base}/cgi-bin/{api}"
        return await self._http.exchange(api, method, url, read, timeout_s=timeout_s, **request)


@dataclass(frozen=True)
class _Block:
    error: PlatformError
    until: datetime
    strikes: int


class FrequencyLimits:
    """Keeps away from an API while it is blocked (45009).

    The block lasts as long as the window that was exceeded, and WeCom does not say which: a minute is assumed, then an
    hour, then the rest of the day in Beijing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocks: dict[str, _Block] = {}

    def check(self, api: str) -> datetime:
        """The present moment. Raises the error of the block, with the time that is left of it."""
        now = self._clock.now()
        block = self._blocks.get(api)
        if block is not None and now < block.until:
            raise again(block.error, retry_after_s=(block.until - now).total_seconds())
        return now

    def over(self, api: str, started_at: datetime, error: PlatformError) -> PlatformError:
        """Note that a call begun at `started_at` was refused; returns the error to raise."""
        now, block = self._clock.now(), self._blocks.get(api)
        if block is not None and started_at < block.until:
            return again(block.error, retry_after_s=max(0.0, (block.until - now).total_seconds()))
        recent = block is not None and now - block.until < timedelta(seconds=HOUR_S)
        strikes = block.strikes + 1 if block is not None and recent else 1
        wait_s = max(error.retry_after_s or MINUTE_S, (MINUTE_S, HOUR_S, _rest_of_day_s(now))[min(strikes, 3) - 1])
        kind = QuotaSpent if strikes >= 3 else type(error)
        refused = kind(api, error.code, hint=error.hint, retry_after_s=wait_s)
        self._blocks[api] = _Block(refused, now + timedelta(seconds=wait_s), strikes)
        log.warning("wecom.over_limit", extra={"api": api, "wait_s": wait_s})
        return refused

    def fine(self, api: str) -> None:
        self._blocks.pop(api, None)


def _pause_s(refusal: NotPermitted) -> float:
    return TRUST_PAUSE_S if refusal.code == UNTRUSTED_ADDRESS else REFUSAL_PAUSE_S


def _rest_of_day_s(now: datetime) -> float:
    here = now.astimezone(_BEIJING)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - here).total_seconds()


async def _read_json(api: str, response: aiohttp.ClientResponse) -> JsonObject:
    _check_status(api, response)
    data = await read_capped(api, response, JSON_MAX_BYTES)
    _raise_errcode(api, data)
    answer = json_object(data)
    if answer is None:
        # A proxy's own page, for instance.
        raise PlatformBusy(api, "not JSON")
    return answer


def _check_status(api: str, response: aiohttp.ClientResponse) -> None:
    if response.status >= 500 or response.status == 429:
        raise PlatformBusy(api, f"http {response.status}")
    if response.status != 200:
        raise PlatformError(api, f"http {response.status}", hint="地址不像企业微信的接口：请检查 api_base 和 proxy。")


def _raise_errcode(api: str, data: bytes) -> None:
    answer = json_object(data)
    if answer is None:
        return
    code = str(answer.get("errcode", 0))
    if not re.fullmatch(r"-?[0-9]{1,9}", code):
        raise PlatformError(api, "errcode")
    if int(code) != 0:
        raise error_for(api, int(code), str(answer.get("errmsg", "")))
