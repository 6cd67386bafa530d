"""The addresses by which a person at a terminal, or a script, plays the people who write to the AI bot."""

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.dialects.wecom_records import CannotPress

if TYPE_CHECKING:
    from tests.dialects.wecom_bot import WeComBotDialect

USAGE = """\
GET  /_control/                     this page
GET  /_control/transcript/CHAT      what the phone of a person (or a group) shows
GET  /_control/calls · /_control/violations · /_control/messages
POST /_control/act                  {"do": "send_text", "user": "zhangsan", "text": "你好"}
       send_voice {transcript} · send_image {data: base64} · send_file {data, file_name} · enter · press {wanted}
POST /_control/fault                {"api": "aibot_send_msg", "kind": "errcode", "errcode": -1, "times": 1}
POST /_control/clock                {"advance_s": 360}
POST /_control/kick                 another process takes the connection      POST /_control/drop  it breaks
"""
ACTIONS = ("send_text", "send_voice", "send_image", "send_video", "send_file", "enter", "press", "feedback")


def routes(wecom: "WeComBotDialect") -> list[web.RouteDef]:
    async def usage(request: web.Request) -> web.Response:
        return web.Response(text=USAGE)

    async def transcript(request: web.Request) -> web.Response:
        return web.Response(text=wecom.transcript(request.match_info["chat"]))

    async def listed(request: web.Request) -> web.Response:
        found: list[Any] = getattr(wecom, request.match_info["what"])
        plain = [item if isinstance(item, str) else asdict(item) for item in found]
        return web.Response(text=json.dumps(plain, ensure_ascii=False, default=str), content_type="application/json")

    async def act(request: web.Request) -> web.Response:
        wanted = await request.json()
        name = wanted.pop("do")
        if name not in ACTIONS:
            raise web.HTTPBadRequest(text=f"no action {name}")
        if "data" in wanted:
            wanted["data"] = base64.b64decode(wanted["data"])
        try:
            asked = await getattr(wecom, name)(wanted.pop("user"), **wanted)
        except CannotPress as error:
            raise web.HTTPConflict(text=str(error)) from error
        except TypeError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"number": asked.number, "status": asked.status})

    async def fault(request: web.Request) -> web.Response:
        wecom.fail(**await request.json())
        return web.json_response({"faults": len(wecom.faults)})

    async def clock(request: web.Request) -> web.Response:
        wecom.advance((await request.json())["advance_s"])
        return web.json_response({"now": str(wecom.now())})

    async def kick(request: web.Request) -> web.Response:
        await wecom.kick()
        return web.json_response({})

    async def drop(request: web.Request) -> web.Response:
        await wecom.drop()
        return web.json_response({})

    return [
        web.get("/_control/", usage),
        web.get("/_control/transcript/{chat}", transcript),
        web.get("/_control/{what:calls|violations|messages}", listed),
        web.post("/_control/act", act),
        web.post("/_control/fault", fault),
        web.post("/_control/clock", clock),
        web.post("/_control/kick", kick),
        web.post("/_control/drop", drop),
    ]
