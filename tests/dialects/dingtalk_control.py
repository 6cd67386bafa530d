"""The dialect server's own addresses, for tests in other processes and for people."""

import base64
import json
from dataclasses import asdict, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.dialects.dingtalk_callbacks import HOSTILE
from tests.dialects.dingtalk_faults import FAULT_KINDS
from tests.dialects.dingtalk_gateway import ODD
from tests.dialects.dingtalk_records import CannotPress, Delivery, Json

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect

USAGE = """\
GET  /_control/                     this page
GET  /_control/transcript/USER      what the person's phone shows     GET /_control/group?name=N    a group's chat
GET  /_control/tasks/USER           their native to-dos
GET  /_control/messages[?user=U]    everything said, as JSON
GET  /_control/calls                every API call     GET /_control/deliveries    everything the bot was told
GET  /_control/violations           what the bot did that DingTalk refuses, or that loses messages
GET  /_control/state                connections, counters, what is not acknowledged
POST /_control/act                  {"do": "send_text", "user": "zhangsan", "text": "你好", "group": null}
       send_voice {data: base64, recognition, duration_ms} · send_picture {data} · send_rich_text {parts}
       send_file {data, file_name} · send_video {data} · send_quote {group, text, quoted}
       send_other {msgtype, content} · a part, or what is quoted, may be words or {"data": base64}
       press {control: text or value of a button, card: outTrackId?, group?, copies?}
POST /_control/event                {"event_type": "user_leave_org", "data": {"userId": ["zhangsan"]}}
POST /_control/replay               {"number": n, "copies": 1}: tell the bot again
POST /_control/hostile              {"kind": "wrong_sign"}; kinds: %s
POST /_control/check_url            what the admin page sends when the events' address is saved
POST /_control/stream               {"do": "disconnect"}; also abort, silence {pongs}, close {code}, ping, keepalive,
                                    redeliver, raw {text}, odd {kind}; kinds: %s
POST /_control/fault                {"api": "card/instances/createAndDeliver", "kind": "permission", "times": 1}
       times null: for ever · for_s: by the dialect's clock · kinds: %s
DELETE /_control/faults             no more faults
POST /_control/token                the tokens die early
POST /_control/clock                {"advance_s": 7200}
POST /_control/settings             any of %s
"""
SETTINGS = (
    *("callback_url", "card_callback_url", "event_url", "mode", "published", "qps", "api_quota", "stream_quota"),
    *(
        "replies_per_minute",
        "card_deadline_s",
        "card_value_bytes",
        "names_existing_task",
        "quirks",
        "over_quota_key",
        "files_base",
    ),
)
GATEWAY_SETTINGS = ("offline", "redelivery", "redelivery_s", "max_deliveries", "disconnect_grace_s")
ACTIONS = (
    *("send_text", "send_voice", "send_picture", "send_rich_text", "send_file", "send_video", "send_quote"),
    *("send_other", "press"),
)


def usage() -> str:
    names = ", ".join((*SETTINGS, *GATEWAY_SETTINGS))
    return USAGE % (", ".join(HOSTILE), ", ".join(ODD), ", ".join(FAULT_KINDS), names)


class Control:
    def __init__(self, dingtalk: "DingTalkDialect") -> None:
        self._dingtalk = dingtalk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_control/", self._usage),
            web.get("/_control/transcript/{user}", self._transcript),
            web.get("/_control/group", self._group),
            web.get("/_control/tasks/{user}", self._tasks),
            web.get("/_control/messages", self._messages),
            web.get("/_control/{what:calls|deliveries|violations}", self._list),
            web.get("/_control/state", self._state),
            web.post("/_control/act", self._act),
            web.post("/_control/event", self._event),
            web.post("/_control/replay", self._replay),
            web.post("/_control/hostile", self._hostile),
            web.post("/_control/check_url", self._check_url),
            web.post("/_control/stream", self._stream),
            web.post("/_control/fault", self._fault),
            web.delete("/_control/faults", self._no_faults),
            web.post("/_control/token", self._token),
            web.post("/_control/clock", self._clock),
            web.post("/_control/settings", self._settings),
        ]

    async def _usage(self, request: web.Request) -> web.Response:
        return web.Response(text=usage())

    async def _transcript(self, request: web.Request) -> web.Response:
        return web.Response(text=self._dingtalk.transcript(request.match_info["user"]))

    async def _group(self, request: web.Request) -> web.Response:
        return web.Response(text=self._dingtalk.group_transcript(request.query["name"]))

    async def _tasks(self, request: web.Request) -> web.Response:
        return _plain(self._dingtalk.tasks(request.match_info["user"]))

    async def _messages(self, request: web.Request) -> web.Response:
        user = request.query.get("user")
        return _plain(self._dingtalk.phone(user) if user else self._dingtalk.messages)

    async def _list(self, request: web.Request) -> web.Response:
        return _plain(getattr(self._dingtalk, request.match_info["what"]))

    async def _state(self, request: web.Request) -> web.Response:
        dingtalk = self._dingtalk
        connections = [
            {
                "id": one.connection_id,
                "state": one.state,
                "subscriptions": sorted(one.subscriptions),
                "pushed": one.pushed,
            }
            for one in dingtalk.gateway.connections
        ]
        return _plain(
            {
                "now": dingtalk.now(),
                "connections": connections,
                "unacked": dingtalk.unacked,
                "counts": dingtalk.counts,
                "monthly": dingtalk.monthly,
                "token_fetches": dingtalk.token_fetches,
            }
        )

    async def _act(self, request: web.Request) -> web.Response:
        wanted = await _object(request)
        name, user = wanted.pop("do", ""), wanted.pop("user", "")
        if name not in ACTIONS or not user:
            raise web.HTTPBadRequest(text=f"no action {name}")
        if "data" in wanted:
            wanted["data"] = base64.b64decode(wanted["data"])
        if "parts" in wanted:
            wanted["parts"] = [_content(part) for part in wanted["parts"]]
        if "quoted" in wanted:
            wanted["quoted"] = _content(wanted["quoted"])
        try:
            delivery: Delivery = await getattr(self._dingtalk, name)(user, **wanted)
        except CannotPress as error:
            raise web.HTTPConflict(text=str(error)) from error
        except TypeError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return _plain(delivery)

    async def _event(self, request: web.Request) -> web.Response:
        wanted = await _object(request)
        return _plain(await self._dingtalk.send_event(wanted["event_type"], wanted.get("data")))

    async def _replay(self, request: web.Request) -> web.Response:
        wanted = await _object(request)
        return _plain(await self._dingtalk.replay(wanted["number"], wanted.get("copies", 1)))

    async def _hostile(self, request: web.Request) -> web.Response:
        return _plain(await self._dingtalk.callbacks.hostile((await _object(request))["kind"]))

    async def _check_url(self, request: web.Request) -> web.Response:
        return _plain(await self._dingtalk.callbacks.check_url())

    async def _stream(self, request: web.Request) -> web.Response:
        wanted, gateway = await _object(request), self._dingtalk.gateway
        match wanted.get("do"):
            case "disconnect":
                await gateway.disconnect(wanted.get("reason", "connection is expired"))
            case "abort":
                gateway.abort()
            case "silence":
                gateway.silence(pongs=wanted.get("pongs", False))
            case "close":
                await gateway.close(wanted.get("code", 1000))
            case "ping":
                await gateway.ping()
            case "keepalive":
                await gateway.keepalive()
            case "redeliver":
                await gateway.redeliver()
            case "raw":
                await gateway.raw(wanted["text"])
            case "odd":
                await gateway.odd(wanted["kind"])
            case other:
                raise web.HTTPBadRequest(text=f"no action {other}")
        return await self._state(request)

    async def _fault(self, request: web.Request) -> web.Response:
        try:
            self._dingtalk.fail(**await _object(request))
        except (TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return _plain({"faults": len(self._dingtalk.faults)})

    async def _no_faults(self, request: web.Request) -> web.Response:
        self._dingtalk.faults.clear()
        return _plain({"faults": 0})

    async def _token(self, request: web.Request) -> web.Response:
        self._dingtalk.expire_tokens()
        return _plain({})

    async def _clock(self, request: web.Request) -> web.Response:
        self._dingtalk.advance(timedelta(seconds=(await _object(request))["advance_s"]))
        return _plain({"now": self._dingtalk.now()})

    async def _settings(self, request: web.Request) -> web.Response:
        for name, value in (await _object(request)).items():
            if name in GATEWAY_SETTINGS:
                setattr(self._dingtalk.gateway, name, value)
            elif name in SETTINGS:
                setattr(self._dingtalk, name, set(value) if name == "quirks" else value)
            else:
                raise web.HTTPBadRequest(text=f"no setting {name}")
        return _plain({})


def _content(written: Any) -> Any:
    """Bytes, which JSON writes as {"data": base64}; anything else as it is."""
    return base64.b64decode(written["data"]) if isinstance(written, dict) and [*written] == ["data"] else written


async def _object(request: web.Request) -> Json:
    body = await request.json()
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="an object is wanted")
    return body


def _plain(body: Any) -> web.Response:
    def known(value: object) -> Any:
        if isinstance(value, Delivery):
            return value.plain()
        if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return sorted(value) if isinstance(value, set | frozenset) else str(value)

    return web.Response(text=json.dumps(body, ensure_ascii=False, default=known), content_type="application/json")
