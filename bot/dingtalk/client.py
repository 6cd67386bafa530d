"""Calls to DingTalk's server APIs: one session, one token for both, every failure a PlatformError.

The new API (`api`) takes the token in a header and tells errors by HTTP status; the old one (`oapi`) takes it in the
query and tells errors within HTTP 200. Cards and single messages can fail within HTTP 200 on the new one too.
"""

import asyncio
import io
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import aiohttp
from pydantic import JsonValue
from yarl import URL

from bot.addresses import allowed
from bot.config import DingTalk
from bot.dingtalk.errors_table import (
    CARD_EXISTS,
    CONNECTION_API,
    PUNISHED,
    PUNISHED_S,
    REPLY_API,
    ROBOT_WINDOW_S,
    TOKEN_API,
    UNTRUSTED_ADDRESSES,
    TaskExists,
    TaskGone,
    error_of,
    shaped_task_id,
    undelivered,
)
from bot.errors import (
    ContentRefused,
    MediaGone,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
    RecipientUnreachable,
    TokenRejected,
)
from bot.http import JSON_MAX_BYTES, HttpCaller, json_body, json_object, read_capped, string
from bot.pace import CallPace
from bot.platform import MediaFile
from bot.tokens import REFUSAL_PAUSE_S, AccessToken, again
from handlers.messages import FileSort, JsonObject
from storage.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")
Method = Literal["GET", "POST", "PUT", "DELETE"]

TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105
TRUST_PAUSE_S = 60.0
"""After an address was refused: the admin is likely to be entering it."""
MAX_DOWNLOADS = 4
MAX_UNION_IDS = 10_000
QUERY_PAGES = 20
"""Where a to-do's id has to be looked up: so many pages of the person's list."""
REPLY_PATH = "/robot/sendBySession"
HTML_MAX_BYTES = 4096
"""So much of a page is looked at for what kind of page it is."""


class RouteExpired(PlatformError):
    """The address that came with a message takes no answer, or no longer: answer by `send_to_person` instead."""


class RouteRefused(RouteExpired):
    """The address that came with a message is not DingTalk's; nothing was sent to it."""


class CardExists(PlatformError):
    """A card of this `outTrackId` was created before."""


class DingTalkClient:
    def __init__(self, config: DingTalk, *, clock: Clock, session: aiohttp.ClientSession | None = None) -> None:
        self._config = config
        self._clock = clock
        self._http = HttpCaller(proxy=config.proxy, session=session)
        self._token = AccessToken(self._fetch_token, clock, pause_s=_pause_s)
        self._pace = CallPace(config.calls_per_s)
        self._shut_out: _ShutOut | None = None
        self._downloads = asyncio.Semaphore(MAX_DOWNLOADS)
        self._union_ids: OrderedDict[str, str] = OrderedDict()

    async def close(self) -> None:
        await self._http.close()

    # messages

    async def send_to_person(self, user_id: str, msg_key: str, msg_param: JsonObject) -> str | None:
        """The `processQueryKey`. There is no duplicate check: after a time-out the message may have arrived."""
        api = "robot/oToMessages/batchSend"
        if not user_id:
            raise RecipientUnreachable(api, "userId", hint="成员的 userId 是空的。")
        answer = await self.call(api, body={"userIds": [user_id], **self._message(msg_key, msg_param)})
        if answer.get("invalidStaffIdList"):
            raise RecipientUnreachable(
                api, "invalidStaffIdList", hint="成员的 userId 无效：可能已离职，或不在应用的可见范围。"
            )
        if answer.get("flowControlledStaffIdList"):
            raise PlatformBusy(
                api,
                "flowControlledStaffIdList",
                hint="给这位成员发的消息太密，被钉钉限流，稍后会自动重试。",
                retry_after_s=ROBOT_WINDOW_S,
            )
        return string(answer, "processQueryKey")

    async def send_to_group(self, conversation_id: str, msg_key: str, msg_param: JsonObject) -> str | None:
        """The `processQueryKey`. Nobody can be mentioned this way; `reply` and cards can."""
        body: JsonObject = {"openConversationId": conversation_id, **self._message(msg_key, msg_param)}
        return string(await self.call("robot/groupMessages/send", body=body), "processQueryKey")

    def _message(self, msg_key: str, msg_param: JsonObject) -> JsonObject:
        return {
            "robotCode": self._config.robot,
            "msgKey": msg_key,
            "msgParam": json.dumps(msg_param, ensure_ascii=False),
        }

    async def reply(self, webhook_url: str, body: JsonObject) -> None:
        """Answer by the address that came with a message; whoever has that address can write there.

        Raises RouteExpired where it takes no answer, RouteRefused (nothing was sent) where it is not DingTalk's.
        """
        api, config = REPLY_API, self._config
        url = allowed(webhook_url, config.reply_hosts, bases=(config.api_base, config.oapi_base))
        if url is None or url.raw_path != REPLY_PATH:
            log.warning("dingtalk.reply_address_refused")
            raise RouteRefused(
                api,
                "address",
                hint="回复地址不是钉钉的，已改用接口发送；若确认是钉钉的域名，请加到 [dingtalk] reply_hosts。",
            )
        try:
            answer = await self._exchange(
                api, "POST", url, _read_json, timeout_s=config.timeout_s, data=json_body(body), headers=_JSON
            )
        except PlatformError as error:
            if isinstance(error, PlatformBusy | ContentRefused | QuotaSpent):
                raise
            # Whatever else the session's address refuses, the other way may be open.
            raise RouteExpired(api, error.code, hint=error.hint) from None
        if answer.get("errcode") not in (0, "0"):
            raise RouteExpired(api, "no errcode")

    # cards

    async def create_card(self, body: JsonObject) -> None:
        """Create and deliver. Raises CardExists, and ContentRefused where a created card did not arrive.

        That one is final even where the platform was only busy: the card exists now, and trying again would only say
        so. Its words can still go out as a text.
        """
        api = "card/instances/createAndDeliver"
        try:
            answer = await self.call(api, body=body)
        except ContentRefused as error:
            if error.code == CARD_EXISTS:
                raise CardExists(api, error.code, hint=error.hint) from None
            raise
        _must_succeed(api, answer)
        result = answer.get("result")
        deliveries = result.get("deliverResults") if isinstance(result, dict) else None
        reasons = _failed_deliveries(deliveries)
        if reasons:
            log.warning("dingtalk.card_undelivered", extra={"deliveries": len(reasons)})
            raise undelivered(api, reasons[0])

    async def update_card(self, body: JsonObject) -> None:
        """Without `cardUpdateOptions` in `body` all of the card's data is replaced."""
        api = "card/instances"
        _must_succeed(api, await self.call(api, "PUT", body=body))

    async def register_card_callback(self, route_key: str, url: str, secret: str) -> None:
        """Have clicks on cards that carry `route_key` posted to `url`, signed with `secret`; replaces an older one."""
        api = "card/callbacks/register"
        body: JsonObject = {"callbackRouteKey": route_key, "callbackUrl": url, "forceUpdate": True}
        if secret:
            body["apiSecret"] = secret
        _must_succeed(api, await self.call(api, body=body))

    # to-dos

    async def union_id(self, user_id: str) -> str:
        """Of a person in our organisation; to-dos know people by it. It never changes, so it is remembered."""
        api = "topapi/v2/user/get"
        if (known := self._union_ids.get(user_id)) is not None:
            self._union_ids.move_to_end(user_id)
            return known
        answer = await self.oapi(api, {"userid": user_id, "language": "zh_CN"})
        result = answer.get("result")
        found = string(result, "unionid") if isinstance(result, dict) else None
        if found is None:
            raise PlatformError(api, "no unionid", hint="钉钉没有给出成员的 unionId，请检查应用的通讯录权限。")
        self._union_ids[user_id] = found
        while len(self._union_ids) > MAX_UNION_IDS:
            self._union_ids.popitem(last=False)
        return found

    async def create_task(
        self,
        user_id: str,
        *,
        source_id: str,
        subject: str,
        due_at: datetime | None,
        url: str,
        fields: Iterable[tuple[str, str]] = (),
    ) -> str:
        """Put a to-do into the person's list and answer its id; the same `source_id` never makes a second one.

        `url` is the page that a tap opens; `fields` are names with their values, shown below the subject.
        """
        union_id = await self.union_id(user_id)
        body: JsonObject = {
            "sourceId": source_id,
            "subject": subject,
            "creatorId": union_id,
            "executorIds": [union_id],
            "isOnlyShowExecutor": True,
            "detailUrl": {"appUrl": url, "pcUrl": url},
        }
        if due_at is not None:
            body["dueTime"] = round(due_at.timestamp() * 1000)
        shown: list[JsonValue] = [{"fieldKey": name, "fieldValue": value} for name, value in fields]
        if shown:
            body["contentFieldList"] = shown
        api = _tasks(union_id)
        try:
            answer = await self.call(api, params={"operatorId": union_id}, body=body)
        except TaskExists as error:
            return error.task_id or await self._find_task(union_id, source_id)
        task_id = shaped_task_id(answer.get("id"))
        if task_id is None:
            raise PlatformError(_name(api), "no id", hint="钉钉没有给出待办的编号。")
        return task_id

    async def finish_task(self, user_id: str, task_id: str) -> None:
        """Tick it off in their list; one that is gone counts as done."""
        union_id = await self.union_id(user_id)
        path = f"{_tasks(union_id)}/{quote(task_id, safe='')}"
        await self._change_task(path, "PUT", union_id, {"done": True})

    async def delete_task(self, user_id: str, task_id: str) -> None:
        """Take it out of their list; one that is gone already is no error."""
        union_id = await self.union_id(user_id)
        path = f"{_tasks(union_id)}/{quote(task_id, safe='')}"
        await self._change_task(path, "DELETE", union_id, None)

    async def _change_task(self, path: str, method: Method, union_id: str, body: JsonObject | None) -> None:
        try:
            answer = await self.call(path, method, params={"operatorId": union_id}, body=body)
        except TaskGone:
            return
        if answer.get("result") in (False, "false"):
            raise PlatformError(_name(path), "not changed", hint="钉钉没有修改这条待办。")

    async def _find_task(self, union_id: str, source_id: str) -> str:
        api = f"todo/users/{quote(union_id, safe='')}/org/tasks/query"
        for is_done in (False, True):
            body: JsonObject = {"isDone": is_done}
            for _ in range(QUERY_PAGES):
                answer = await self.call(api, body=body)
                if (found := _listed_task(answer, source_id)) is not None:
                    return found
                if not answer.get("nextToken") or not answer.get("todoCards"):
                    break
                body["nextToken"] = answer["nextToken"]
        # It exists, so a later query will show it.
        raise PlatformBusy(_name(api), "task not listed", hint="待办已建，但钉钉还没有给出编号，稍后会自动重试。")

    # files

    async def download(self, download_code: str, *, robot_code: str) -> MediaFile:
        """A file that somebody sent to the robot `robot_code`.

        How long the code is good for is not published, so it is to be fetched at once.
        Raises MediaGone where it is no longer, NotPermitted where the file lies on a host that we do not know.
        """
        body: JsonObject = {"downloadCode": download_code, "robotCode": robot_code or self._config.robot}
        async with self._downloads:
            api = "robot/messageFiles/download"
            address = string(await self.call(api, body=body), "downloadUrl")
            if address is None:
                raise PlatformBusy(api, "no address")
            return await self._fetch_file(address)

    async def _fetch_file(self, address: str) -> MediaFile:
        api, config = "robot/messageFiles", self._config
        url = allowed(address, config.media_hosts, schemes=("http", "https"), bases=(config.api_base, config.oapi_base))
        if url is None:
            host = _host(address)
            log.warning("dingtalk.media_address_refused", extra={"host": host})
            raise NotPermitted(
                api,
                "address",
                hint=f"文件地址的域名 {host} 不在 [dingtalk] media_hosts 里：确认是钉钉的域名后再添加。",
            )
        # Without the token: this is object storage, where the address alone opens the door.
        return await self._exchange(api, "GET", url, self._read_media, timeout_s=config.media_timeout_s)

    async def _read_media(self, api: str, response: aiohttp.ClientResponse) -> MediaFile:
        if response.status in (403, 404, 410):
            raise MediaGone(api, f"http {response.status}", hint="文件的下载地址已过期，请对方重新发送。")
        if response.status >= 500 or response.status == 429:
            raise PlatformBusy(api, f"http {response.status}")
        if response.status != 200:
            raise PlatformError(api, f"http {response.status}", hint="文件没有取到：请检查 proxy。")
        data = await read_capped(api, response, self._config.media_max_bytes)
        if not data:
            raise PlatformBusy(api, "empty file")
        name = re.search(r'filename="?([^";]+)', response.headers.get("Content-Disposition", ""))
        return MediaFile(data, response.content_type, name[1].strip() if name else "")

    async def upload(self, kind: FileSort, file: MediaFile) -> str:
        """The media id, for messages; it can be used again and again."""

        def form() -> aiohttp.FormData:
            # Without quote_fields=False a Chinese name goes out as percent escapes, and is shown so.
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("type", kind)
            form.add_field(
                "media",
                io.BytesIO(file.data),
                filename=re.sub(r'[\x00-\x1f"\\/:]+', "_", file.file_name) or kind,
                content_type=file.content_type or "application/octet-stream",
            )
            return form

        answer = await self._old_call("media/upload", form, {"type": kind}, timeout_s=self._config.media_timeout_s)
        media_id = string(answer, "media_id")
        if media_id is None:
            raise PlatformError("media/upload", "no media_id")
        return media_id

    # set-up

    async def token(self) -> str:
        return await self._token.get()

    async def open_connection(self, subscriptions: list[dict[str, str]], *, user_agent: str) -> tuple[str, str]:
        """Where to connect for Stream mode, and the ticket for it: good once, for 90 s."""
        api = CONNECTION_API
        body: JsonObject = {
            "clientId": self._config.client_id,
            "clientSecret": self._config.client_secret.get_secret_value(),
            "subscriptions": [dict[str, JsonValue](one) for one in subscriptions],
            "ua": user_agent,
        }
        # Without `Accept` the gateway answers XML.
        answer = await self._exchange(
            api,
            "POST",
            f"{self._config.api_base}/v1.0/{api}",
            _read_json,
            timeout_s=self._config.timeout_s,
            data=json_body(body),
            headers={**_JSON, "Accept": "application/json", "User-Agent": user_agent},
        )
        endpoint, ticket = string(answer, "endpoint"), string(answer, "ticket")
        if endpoint is None or ticket is None or not _is_socket(endpoint, self._config.api_base):
            raise PlatformBusy(api, "no endpoint", hint="钉钉没有给出长连接的地址，稍后会自动重试。")
        return endpoint, ticket

    # calls

    async def call(
        self,
        api_path: str,
        method: Method = "POST",
        *,
        body: JsonObject | None = None,
        params: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """One call of the new API: `api_path` is what follows /v1.0/. Raises PlatformError.

        A refused token costs one new token and one repeat.
        """
        path = api_path.removeprefix("/").removeprefix("v1.0/")
        api = _name(path)

        async def attempt(token: str) -> JsonObject:
            await self._pace.turn(f"{method} {api}")
            return await self._exchange(
                api,
                method,
                f"{self._config.api_base}/v1.0/{path}",
                _read_json,
                timeout_s=self._config.timeout_s,
                params=params,
                data=json_body(body) if body is not None else None,
                headers={TOKEN_HEADER: token, **(_JSON if body is not None else {})},
            )

        return await self._with_token(attempt)

    async def oapi(self, path: str, body: JsonObject, *, params: Mapping[str, str] | None = None) -> JsonObject:
        """One call of the old API, as `call`."""
        return await self._old_call(path, lambda: json_body(body), params, headers=_JSON)

    async def _old_call(
        self,
        path: str,
        data: Callable[[], bytes | aiohttp.FormData],
        params: Mapping[str, str] | None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> JsonObject:
        api = path.removeprefix("/")

        async def attempt(token: str) -> JsonObject:
            await self._pace.turn(api)
            answer = await self._exchange(
                api,
                "POST",
                f"{self._config.oapi_base}/{api}",
                _read_json,
                timeout_s=timeout_s or self._config.timeout_s,
                params={"access_token": token, **(params or {})},
                data=data(),
                headers=headers,
            )
            if "errcode" not in answer:
                raise PlatformBusy(api, "no errcode")
            return answer

        return await self._with_token(attempt)

    async def _with_token(self, attempt: Callable[[str], Awaitable[T]]) -> T:
        token = await self._token.get()
        try:
            return await attempt(token)
        except TokenRejected as error:
            log.info("dingtalk.token_rejected", extra={"api": error.api, "code": error.code})
            self._token.reject(token)
        return await attempt(await self._token.get())

    async def _fetch_token(self) -> tuple[str, float]:
        api = TOKEN_API
        body: JsonObject = {
            "appKey": self._config.client_id,
            "appSecret": self._config.client_secret.get_secret_value(),
        }
        answer = await self._exchange(
            api,
            "POST",
            f"{self._config.api_base}/v1.0/{api}",
            _read_json,
            timeout_s=self._config.timeout_s,
            data=json_body(body),
            headers=_JSON,
        )
        token, life_s = string(answer, "accessToken"), answer.get("expireIn")
        if token is None:
            raise PlatformBusy(api, "no token")
        log.info("dingtalk.token_fetched")
        return token, float(life_s) if isinstance(life_s, int | float) else 7200.0

    async def _exchange(
        self,
        api: str,
        method: str,
        url: str | URL,
        read: Callable[[str, aiohttp.ClientResponse], Awaitable[T]],
        *,
        timeout_s: float,
        **request: Any,
    ) -> T:
        now, shut_out = self._clock.now(), self._shut_out
        if shut_out is not None and now < shut_out.until:
            raise again(shut_out.error, retry_after_s=(shut_out.until - now).total_seconds())
        try:
            return await self._http.exchange(api, method, url, read, timeout_s=timeout_s, **request)
        except PlatformBusy as error:
            if error.code == PUNISHED:
                # Whoever goes on calling is kept out for longer.
                log.warning("dingtalk.punished", extra={"api": api})
                self._shut_out = _ShutOut(again(error), now + timedelta(seconds=PUNISHED_S))
            raise


@dataclass(frozen=True)
class _ShutOut:
    error: PlatformError
    until: datetime


_JSON = {"Content-Type": "application/json"}


async def _read_json(api: str, response: aiohttp.ClientResponse) -> JsonObject:
    data = await read_capped(api, response, JSON_MAX_BYTES)
    answer = json_object(data)
    text = "" if answer is not None else data[:HTML_MAX_BYTES].decode(errors="replace")
    error = error_of(api, response.status, answer, text)
    if error is not None:
        raise error
    assert answer is not None  # error_of has named its absence
    return answer


def _must_succeed(api: str, answer: JsonObject) -> None:
    if answer.get("success") in (False, "false"):
        raise ContentRefused(api, "no success", hint="钉钉没有接受这张卡片，也没有说明原因。")


def _failed_deliveries(deliveries: JsonValue) -> list[str]:
    """What DingTalk says of each delivery that failed; one empty reason where it tells of none at all."""
    if not isinstance(deliveries, list) or not deliveries:
        return [""]
    found = [one if isinstance(one, dict) else {} for one in deliveries]
    return [str(one.get("errorMsg") or "") for one in found if one.get("success") not in (True, "true")]


def _listed_task(answer: JsonObject, source_id: str) -> str | None:
    tasks = answer.get("todoCards")
    for task in tasks if isinstance(tasks, list) else []:
        if isinstance(task, dict) and task.get("sourceId") == source_id:
            return shaped_task_id(task.get("taskId") or task.get("id"))
    return None


def _tasks(union_id: str) -> str:
    return f"todo/users/{quote(union_id, safe='')}/tasks"


def _name(path: str) -> str:
    """The call without whom it is about: what is logged, and what DingTalk counts as one API."""
    return re.sub(r"(users|tasks)/(?!(?:org|me)/|query\b)[^/]+", r"\1/*", path)


def _host(address: str) -> str:
    """As far as it can be shown to an admin."""
    try:
        host = URL(address).host or ""
    except ValueError:
        return "?"
    return host if re.fullmatch(r"[0-9A-Za-z.:\-]{1,253}", host) else "?"


def _is_socket(endpoint: str, api_base: str) -> bool:
    """In the clear only where the API itself is, that is, on a local server."""
    schemes = ("wss://", "ws://") if api_base.startswith("http://") else ("wss://",)
    return endpoint.startswith(schemes)


def _pause_s(refusal: NotPermitted) -> float:
    return TRUST_PAUSE_S if refusal.code in UNTRUSTED_ADDRESSES else REFUSAL_PAUSE_S
