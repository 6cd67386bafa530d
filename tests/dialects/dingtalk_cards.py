"""The server APIs of interactive cards, and what a press does to one."""

import json
from typing import TYPE_CHECKING, Any

from tests.dialects.dingtalk_chat import by_union_id
from tests.dialects.dingtalk_records import Button, Call, Card, Delivery, Json, Person, Refused, Route
from tests.dialects.dingtalk_rules import STREAM_BYTES, Template, bad_json, check_params, spaces

if TYPE_CHECKING:
    from tests.dialects.dingtalk import DingTalkDialect

BLANK = "（空白卡片）"
BROKEN = "（内容加载失败）"


def create(dingtalk: "DingTalkDialect", call: Call) -> Json:
    card = _create(dingtalk, call.body)
    return {"success": True, "result": card.out_track_id}


def deliver(dingtalk: "DingTalkDialect", call: Call) -> Json:
    results = _deliver(dingtalk, _known(dingtalk, call.body), call)
    return {"success": True, "result": results}


def create_and_deliver(dingtalk: "DingTalkDialect", call: Call) -> Json:
    spaces(call.body.get("openSpaceId"))
    _check_models(call.body)
    card = _create(dingtalk, call.body)
    results = _deliver(dingtalk, card, call)
    return {"success": True, "result": {"outTrackId": card.out_track_id, "deliverResults": results}}


def update(dingtalk: "DingTalkDialect", call: Call) -> Json:
    card = _known(dingtalk, call.body)
    if not call.body.get("cardData") and not call.body.get("privateData"):
        raise Refused("param.cardDataAndPrivateDataBothEmpty")
    apply(dingtalk, card, call.body)
    return {"success": True, "result": True}


def streaming(dingtalk: "DingTalkDialect", call: Call) -> Json:
    body = call.body
    card = _known(dingtalk, body)
    for name in ("guid", "key", "content"):
        if not isinstance(body.get(name), str) or (name != "content" and not body[name]):
            raise Refused(f"param.stream.{name}Empty")
    if len(body["content"].encode()) > STREAM_BYTES:
        raise Refused("param.stream.contentTooLong")
    template = dingtalk.templates[card.template_id]
    if template.unknown([body["key"]]):
        raise Refused("unknownError", "未知错误", status=500)
    if body["guid"] in card.guids:
        return {"success": True, "result": True}
    card.guids.add(body["guid"])
    before = "" if body.get("isFull") else card.params.get(body["key"], "")
    card.params[body["key"]] = before + body["content"]
    card.updates += 1
    if template.ai:
        card.params["flowStatus"] = "5" if body.get("isError") else "3" if body.get("isFinalize") else "2"
    return {"success": True, "result": True}


def register(dingtalk: "DingTalkDialect", call: Call) -> Json:
    key, url = call.body.get("callbackRouteKey"), call.body.get("callbackUrl")
    if not key or not url:
        raise Refused("param.empty")
    if key in dingtalk.routes and not call.body.get("forceUpdate"):
        raise Refused("param.callbackRouteKeyExist", status=500, to_blame=False)
    dingtalk.routes[key] = Route(url, call.body.get("apiSecret") or "")
    return {"success": True, "result": {"callbackUrl": url, "apiSecret": dingtalk.routes[key].api_secret}}


# their parts


def _create(dingtalk: "DingTalkDialect", body: Json) -> Card:
    template_id, out_track_id = body.get("cardTemplateId"), body.get("outTrackId")
    if not isinstance(template_id, str) or not isinstance(out_track_id, str) or not template_id or not out_track_id:
        raise Refused("param.empty")
    template = dingtalk.templates.get(template_id)
    if template is None:
        raise Refused("param.templateNotExist")
    if not template.published:
        raise Refused("param.templateUnpublished")
    if not isinstance(body.get("cardData"), dict) or not isinstance(body["cardData"].get("cardParamMap"), dict):
        raise Refused("param.empty", "cardData.cardParamMap")
    params, private = _checked(dingtalk, body, template)
    if body.get("callbackType") not in {None, "STREAM", "HTTP"}:
        raise Refused("param.error", "callbackType")
    if out_track_id in dingtalk.cards_by_id:
        raise Refused("param.cardAlreadyExist", to_blame=False)
    card = Card(
        out_track_id,
        template_id,
        params,
        private,
        body.get("callbackType") or "HTTP",
        body.get("callbackRouteKey") or "",
        body.get("userIdType") or 1,
        dingtalk.now(),
    )
    dingtalk.cards_by_id[out_track_id] = card
    _notice(dingtalk, card)
    return card


def _checked(
    dingtalk: "DingTalkDialect", body: Json, template: Template
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    params = check_params(body.get("cardData"), value_bytes=dingtalk.card_value_bytes)
    given = body.get("privateData") or {}
    if not isinstance(given, dict):
        raise Refused("param.error", "privateData")
    private = {user: check_params(data, value_bytes=dingtalk.card_value_bytes) for user, data in given.items()}
    for one in (params, *private.values()):
        for name in template.unknown(one):
            dingtalk.violations.append(f"card: the template has no variable {name}")
    return params, private


def _known(dingtalk: "DingTalkDialect", body: Json) -> Card:
    card = dingtalk.cards_by_id.get(str(body.get("outTrackId") or ""))
    if card is None:
        raise Refused("param.cardNotExist")
    return card


def _check_models(body: Json) -> None:
    for kind, _ in spaces(body.get("openSpaceId")):
        if kind == "IM_ROBOT" and (body.get("imRobotOpenDeliverModel") or {}).get("spaceType") != "IM_ROBOT":
            raise Refused("param.openDeliverModelEmpty", "imRobotOpenDeliverModel.spaceType")
        if kind == "IM_GROUP" and not (body.get("imGroupOpenDeliverModel") or {}).get("robotCode"):
            raise Refused("param.openDeliverModelEmpty", "imGroupOpenDeliverModel.robotCode")


def _deliver(dingtalk: "DingTalkDialect", card: Card, call: Call) -> list[Json]:
    body = call.body
    pairs = spaces(body.get("openSpaceId"))
    _check_models(body)
    struck = call.fault is not None and call.fault.kind == "undelivered"
    results = []
    for kind, space_id in pairs:
        cid = None if struck else _conversation(dingtalk, kind, space_id, body)
        if cid is None and not struck:
            dingtalk.violations.append(f"{call.api}: spaceId is illegal: {kind}")
        result = {"spaceType": kind, "spaceId": space_id, "success": cid is not None}
        if cid is None:
            results.append(result | {"carrierId": "", "errorMsg": "spaceId is illegal"})
            continue
        results.append(result | {"carrierId": f"carrier-{len(dingtalk.messages)}", "errorMsg": ""})
        if cid not in card.spaces:
            card.spaces.append(cid)
            mentioned = tuple((body.get("imGroupOpenDeliverModel") or {}).get("atUserIds") or {})
            dingtalk.show(cid, "card", {}, key=card.out_track_id, via="card", at_users=mentioned)
    return results


def _conversation(dingtalk: "DingTalkDialect", kind: str, space_id: str, body: Json) -> str | None:
    """Where it is shown: a group's own id, but for the 1:1 chat the person's, never the conversation's."""
    if kind == "IM_GROUP":
        group = dingtalk.groups.get(space_id)
        named = (body.get("imGroupOpenDeliverModel") or {}).get("robotCode") == dingtalk.robot_code
        return group.cid if group and group.has_robot and not group.dissolved and named else None
    if kind == "IM_ROBOT":
        named = (body.get("imRobotOpenDeliverModel") or {}).get("robotCode") in {None, "", dingtalk.robot_code}
        by_user_id = body.get("userIdType", 1) == 1
        person = dingtalk.people.get(space_id) if by_user_id else by_union_id(dingtalk, space_id)
        return person.single_cid if person and person.active and named else None
    return None


def apply(dingtalk: "DingTalkDialect", card: Card, body: Json, *, private_of: str | None = None) -> None:
    """Change a card as an update or a callback's answer says; everything that is not named by key is replaced."""
    template = dingtalk.templates[card.template_id]
    options = body.get("cardUpdateOptions") or {}
    if private_of is not None and "userPrivateData" in body:
        body = body | {"privateData": {private_of: body["userPrivateData"]}}
    params, private = _checked(dingtalk, body, template)
    if body.get("cardData"):
        card.params = (card.params if options.get("updateCardDataByKey") else {}) | params
    for user, one in private.items():
        card.private[user] = (card.private.get(user, {}) if options.get("updatePrivateDataByKey") else {}) | one
    card.updates += 1
    _notice(dingtalk, card)


def _notice(dingtalk: "DingTalkDialect", card: Card) -> None:
    """What DingTalk takes without a word, and the phone does not show."""
    template = dingtalk.templates[card.template_id]
    if template.blank(card.params):
        dingtalk.violations.append("card: an AI card without flowStatus shows nothing")
    for name in bad_json(card.params, template):
        dingtalk.violations.append(f"card: {name} is not JSON")


# a press


def press_body(dingtalk: "DingTalkDialect", card: Card, button: Button, person: Person, cid: str, more: Json) -> Json:
    """What the callback of a press says; `content` and `value` are the same JSON text."""
    private = {"actionIds": [button.node_id], "params": {**(button.params or {}), **more}}
    said = json.dumps({"cardPrivateData": private}, ensure_ascii=False)
    return {
        "type": "actionCallback",
        "outTrackId": card.out_track_id,
        "corpId": dingtalk.corp_id,
        "userId": person.user_id if card.user_id_type == 1 else person.union_id,
        "userIdType": card.user_id_type,
        "spaceType": "im",
        "spaceId": cid,
        "extension": "{}",
        "content": said,
        "value": said,
    }


def answer_press(dingtalk: "DingTalkDialect", card: Card, delivery: Delivery, user_id: str) -> None:
    """Apply what the client answered; nonsense changes nothing and is noted."""
    response: Any = delivery.response
    if response in (None, "", {}) or not isinstance(response, dict):
        if response not in (None, "", {}, "OK"):
            delivery.faults.append("the answer is no object")
        return
    if not {"cardData", "userPrivateData"} & set(response):
        return
    try:
        apply(dingtalk, card, response, private_of=user_id)
    except Refused as refused:
        delivery.faults.append(str(refused))
        dingtalk.violations.append(f"card callback answered with what no card takes: {refused}")
