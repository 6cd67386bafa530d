"""The dialect server's own addresses, for tests in other processes and for people."""

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.dialects.wecom_hostile import HOSTILE
from tests.dialects.wecom_records import FAULT_KINDS, CannotPress, Delivery
from tests.dialects.wecom_rules import Json

if TYPE_CHECKING:
    from tests.dialects.wecom import WeComDialect

USAGE = """\
GET  /_control/                     this page
GET  /_control/transcript/USER      what the person's phone shows
GET  /_control/messages[?user=U]    everything shown, dropped or swallowed, as JSON
GET  /_control/calls                every API call     GET /_control/deliveries    every callback
GET  /_control/violations           what the bot did that a real phone or WeCom would not like
POST /_control/act                  {"do": "send_text", "user": "zhangsan", "text": "你好"}
       send_voice {data: base64 AMR} · send_image {data} · send_video · send_file {data, file_name}
       send_location {latitude, longitude, label} · send_link {title, url} · enter · subscribe · unsubscribe
       menu_click {event_key} · press {control: text or key of a button, card: task_id?, chosen: {question: [option]}?}
POST /_control/replay               {"number": n, "copies": 1}: deliver a callback again
POST /_control/hostile              {"kind": "wrong_signature"}; kinds: %s
POST /_control/verify               the GET that the admin page sends
POST /_control/fault                {"api": "message/send", "kind": "errcode", "errcode": -1, "times": 1, "after": 0}
       times null: for ever · for_s: by the dialect's clock · kinds: %s
DELETE /_control/faults             no more faults
POST /_control/token                {"errcode": 42001}: the token dies early
POST /_control/clock                {"advance_s": 7200}
POST /_control/settings             any of callback_url, callback_timeout_s, max_deliveries, retry_statuses, unreachable
"""


def usage() -> str:
    return USAGE % (", ".join(HOSTILE), ", ".join(FAULT_KINDS))


class Control:
    def __init__(self, wecom: "WeComDialect") -> None:
        self._wecom = wecom

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_control/", self._usage),
            web.get("/_control/transcript/{user}", self._transcript),
            web.get("/_control/messages", self._messages),
            web.get("/_control/{what:calls|deliveries|violations}", self._list),
            web.post("/_control/act", self._act),
            web.post("/_control/replay", self._replay),
            web.post("/_control/hostile", self._hostile),
            web.post("/_control/verify", self._verify),
            web.post("/_control/fault", self._fault),
            web.delete("/_control/faults", self._no_faults),
            web.post("/_control/token", self._token),
            web.post("/_control/clock", self._clock),
            web.post("/_control/settings", self._settings),
        ]

    async def _usage(self, request: web.Request) -> web.Response:
        return web.Response(text=usage())

    async def _transcript(self, request: web.Request) -> web.Response:
        return web.Response(text=self._wecom.transcript(request.match_info["user"]))

    async def _messages(self, request: web.Request) -> web.Response:
        user = request.query.get("user")
        found = [message for message in self._wecom.messages if user in {None, message.user}]
        return _plain([asdict(message) | {"task_id": message.task_id} for message in found])

    async def _list(self, request: web.Request) -> web.Response:
        found: list[Any] = getattr(self._wecom, request.match_info["what"])
        return _plain([item if isinstance(item, str) else asdict(item) for item in found])

    async def _act(self, request: web.Request) -> web.Response:
        wanted: Json = await request.json()
        name, user = wanted.pop("do"), wanted.pop("user")
        if name not in ACTIONS:
            raise web.HTTPBadRequest(text=f"no action {name}")
        if "data" in wanted:
            wanted["data"] = base64.b64decode(wanted["data"])
        try:
            delivery: Delivery = await getattr(self._wecom, name)(user, **wanted)
        except CannotPress as error:
            raise web.HTTPConflict(text=str(error)) from error
        except TypeError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return _plain(asdict(delivery))

    async def _replay(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        return _plain(asdict(await self._wecom.replay(wanted["number"], wanted.get("copies", 1))))

    async def _hostile(self, request: web.Request) -> web.Response:
        return _plain(asdict(await self._wecom.hostile((await request.json())["kind"])))

    async def _verify(self, request: web.Request) -> web.Response:
        return _plain(asdict(await self._wecom.verify()))

    async def _fault(self, request: web.Request) -> web.Response:
        self._wecom.fail(**await request.json())
        return _plain({"faults": len(self._wecom.faults)})

    async def _no_faults(self, request: web.Request) -> web.Response:
        self._wecom.faults.clear()
        return _plain({"faults": 0})

    async def _token(self, request: web.Request) -> web.Response:
        self._wecom.expire_token((await request.json()).get("errcode", 42001))
        return _plain({})

    async def _clock(self, request: web.Request) -> web.Response:
        self._wecom.advance((await request.json())["advance_s"])
        return _plain({"now": self._wecom.now()})

    async def _settings(self, request: web.Request) -> web.Response:
        for name, value in (await request.json()).items():
            if name not in {"callback_url", "callback_timeout_s", "max_deliveries", "retry_statuses", "unreachable"}:
                raise web.HTTPBadRequest(text=f"no setting {name}")
            setattr(self._wecom, name, set(value) if name == "unreachable" else value)
        return _plain({})


ACTIONS = (
    "send_text",
    "send_voice",
    "send_image",
    "send_video",
    "send_file",
    "send_location",
    "send_link",
    "send_other",
    "enter",
    "subscribe",
    "unsubscribe",
    "menu_click",
    "happen",
    "press",
)


def _plain(body: Any) -> web.Response:
    def known(value: object) -> str:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    return web.Response(text=json.dumps(body, ensure_ascii=False, default=known), content_type="application/json")
