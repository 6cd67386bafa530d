"""Existing group chats of WeCom and DingTalk as a platform of ours, by the webhooks of robots in them: sending only.

What is sent is plain text: it shows Chinese and line breaks as they are on every phone, and, unlike markdown, makes no
heading, link or mention of what a customer said. The key in a webhook's address is the credential; errors name the
call, never the address.
"""

import base64
import hmac
import logging
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import aiohttp
from aiohttp import web

from bot.config import Group
from bot.errors import (
    ContentRefused,
    MediaGone,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    RecipientUnreachable,
)
from bot.groups.errors_table import NO_KEYWORD, error_for
from bot.http import JSON_MAX_BYTES, HttpCaller, json_body, json_object, read_capped
from bot.pace import MemberPace
from bot.plain import clean
from bot.platform import Attachment, Capabilities, CheckResult, Deliverable, Keep, MediaFile, Received, Sent, Uploaded
from handlers.messages import InboundMessage, JsonObject, OutboundText, PlatformName, ReplyRoute
from storage.clock import Clock

log = logging.getLogger(__name__)

Kind = Literal["wecom", "dingtalk"]

PER_ROBOT_PER_MINUTE = 18
"""Both take 20 in a minute (WeCom developer document 91770; DingTalk "Custom robots: send group messages"). Two are
left for a message repeated because its answer was lost, and for whatever else uses the webhook: DingTalk would block
the robot for ten minutes."""
PER_ROBOT_PER_HOUR = PER_ROBOT_PER_MINUTE * 60
TEXT_BYTES = 2048
"""WeCom's limit for a text. DingTalk takes a body of 20,000 bytes, but nobody reads that in a group."""
NO_SUCH_TYPE = "visitbot-check"
"""A message of a kind that does not exist: it can show nothing, and the refusal tells whether the robot is known."""
KNOWN = "机器人可用（没有往群里发消息）"

_ADDRESSES: Mapping[Kind, tuple[str, str, str]] = {
    "wecom": ("https://qyapi.weixin.qq.com", "/cgi-bin/webhook/send", "key"),
    "dingtalk": ("https://oapi.dingtalk.com", "/robot/send", "access_token"),
}
_KEY_SHAPES: Mapping[Kind, tuple[re.Pattern[str], str]] = {
    "wecom": (re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), " key= 后面的 36 个字符"),
    "dingtalk": (re.compile(r"[0-9a-fA-F]{64}"), " access_token= 后面的 64 个字符"),
}
_NAMES: Mapping[Kind, str] = {"wecom": "企业微信", "dingtalk": "钉钉"}


class GroupsPlatform:
    """`user_id` is the name that a group has in the configuration."""

    def __init__(
        self, groups: Mapping[str, Group], *, clock: Clock, session: aiohttp.ClientSession | None = None
    ) -> None:
        self._webhooks = {name: Webhook(group, clock=clock, session=session) for name, group in groups.items()}
        longest_keyword_bytes = max((len(group.keyword.encode()) for group in groups.values()), default=0)
        self._max_text_bytes = TEXT_BYTES - (longest_keyword_bytes + len("\n") if longest_keyword_bytes else 0)
        # the sender counts by group; two groups of the configuration may be one robot
        self._pace = MemberPace(clock, PER_ROBOT_PER_MINUTE, PER_ROBOT_PER_HOUR)

    @property
    def name(self) -> PlatformName:
        return "group"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            cards=False,
            max_text_bytes=self._max_text_bytes,
            per_member_per_minute=PER_ROBOT_PER_MINUTE,
        )

    @property
    def connected(self) -> bool:
        return True

    def routes(self, keep: Keep) -> list[web.RouteDef]:
        return []

    async def listen(self, keep: Keep) -> None:
        """Returns at once: these robots cannot hear."""

    def parse(self, received: Received) -> InboundMessage:
        raise NotImplementedError("nothing comes in from a group's webhook")

    async def fetch_media(self, media_ref: str) -> MediaFile:
        raise MediaGone("webhook", "no media")

    def hang_up(self) -> None:
        """Nothing stays open."""

    async def close(self) -> None:
        for webhook in self._webhooks.values():
            await webhook.close()

    async def upload(self, attachment: Attachment) -> Uploaded:
        raise ContentRefused("webhook", "no files")

    async def send(
        self,
        user_id: str,
        content: Deliverable,
        *,
        key: str,
        guard: bool = False,
        response_ref: str | None = None,
        reply: ReplyRoute | None = None,
        group: str | None = None,
    ) -> Sent:
        """Post a text. DingTalk swallows a repeat with the same `key`; WeCom has no such thing, so a message whose
        answer was lost may stand there twice."""
        webhook = self._webhooks.get(user_id)
        if webhook is None:
            raise RecipientUnreachable(
                "webhook", "no such group", hint="config.toml 里没有这个群（[groups.<名称>]），可能已被删掉或改名。"
            )
        if not isinstance(content, OutboundText):
            raise ContentRefused("webhook", "not a text", hint="群消息推送只能发文字。")
        self._pace.take(webhook.robot)
        await webhook.say(content.text, key=key)
        return Sent()

    async def check(self) -> list[CheckResult]:
        """The form of each key, and whether the platform knows the robot. Nothing is shown in any group."""
        results = []
        owners: dict[str, str] = {}
        for name, webhook in self._webhooks.items():
            results.append(await webhook.check(name))
            if (other := owners.setdefault(webhook.robot, name)) != name:
                results.append(
                    CheckResult(
                        f"群消息 {name}",
                        ok=False,
                        detail=f"和 [groups.{other}] 是同一个机器人",
                        advice="两处共用每分钟 20 条的额度，消息会到得更慢。请合并成一处，或在另一个群另建机器人。",
                        warning=True,
                    )
                )
        return results


class Webhook:
    """One robot in one group."""

    def __init__(self, group: Group, *, clock: Clock, session: aiohttp.ClientSession | None = None) -> None:
        self._group = group
        self._clock = clock
        self._http = HttpCaller(proxy=group.proxy, session=session)
        base, path, self._key_parameter = _ADDRESSES[group.platform]
        self._url = (group.api_base or base) + path
        self._api = path.strip("/")
        self.robot = f"{group.platform}:{group.key.get_secret_value()}"
        """Tells robots apart; holds the key, so it must not be shown."""

    async def close(self) -> None:
        await self._http.close()

    async def say(self, text: str, *, key: str) -> None:
        """Raises PlatformError."""
        words = clean(text)
        if self._group.keyword and self._group.keyword not in words:
            words = f"{words}\n{self._group.keyword}"
        if len(words.encode()) > TEXT_BYTES:
            raise ContentRefused(self._api, "too long", hint="群消息太长，这是程序的问题，请反馈给开发者。")
        body: JsonObject = {"msgtype": "text", "text": {"content": words}}
        if self._group.platform == "dingtalk":
            body |= {"at": {"isAtAll": False}, "msgUuid": key}
        await self._post(body)

    async def check(self, name: str) -> CheckResult:
        title = f"群消息 {name}（{_NAMES[self._group.platform]}）"
        if fault := self._fault_of_form():
            return CheckResult(title, ok=False, detail="配置的形式不对", advice=fault)
        try:
            await self._post({"msgtype": NO_SUCH_TYPE})
        except (NotPermitted, RecipientUnreachable) as error:
            if error.code == NO_KEYWORD and self._group.keyword:
                # no wonder: there are no words in it
                return CheckResult(title, ok=True, detail=f"{KNOWN}，关键词要发消息时才能核对")
            shape, wanted = _KEY_SHAPES[self._group.platform]
            odd = "" if shape.fullmatch(self._group.key.get_secret_value()) else f"key 看起来不完整，应为{wanted}。"
            return CheckResult(title, ok=False, detail=f"错误码 {error.code}", advice=odd + error.hint)
        except PlatformBusy as error:
            return CheckResult(
                title, ok=False, detail=f"现在连不上（{error.code}）", advice=error.hint or "请检查网络和 proxy。"
            )
        except PlatformError as error:
            if not isinstance(error.code, int):
                return CheckResult(title, ok=False, detail=f"应答不对（{error.code}）", advice=error.hint)
            # refused for its kind, as it must be, by a platform that knows the robot
            return CheckResult(title, ok=True, detail=KNOWN)
        return CheckResult(title, ok=True, detail=KNOWN)

    def _fault_of_form(self) -> str:
        if not re.fullmatch(r"[0-9A-Za-z_\-]+", self._group.key.get_secret_value()):
            return f"key 只填 Webhook 地址里{_KEY_SHAPES[self._group.platform][1]}，不要填整个地址。"
        secret = self._group.secret.get_secret_value()
        if secret and self._group.platform == "wecom":
            return "企业微信的群消息推送没有 secret，请清空。"
        if secret and not secret.startswith("SEC"):
            return "secret 是安全设置“加签”里以 SEC 开头的一串，请重新复制。"
        return ""

    async def _post(self, body: JsonObject) -> None:
        await self._http.exchange(
            self._api,
            "POST",
            self._url,
            self._read,
            timeout_s=self._group.timeout_s,
            params={self._key_parameter: self._group.key.get_secret_value(), **self._signature()},
            data=json_body(body),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )

    def _signature(self) -> dict[str, str]:
        secret = self._group.secret.get_secret_value()
        if self._group.platform != "dingtalk" or not secret:
            return {}
        return signature(secret, self._clock.now())

    async def _read(self, api: str, response: aiohttp.ClientResponse) -> None:
        platform = self._group.platform
        if response.status >= 500 or response.status == 429:
            raise PlatformBusy(api, f"http {response.status}")
        if response.status != 200:
            hint = f"地址不像{_NAMES[platform]}的接口：请检查 api_base 和 proxy。"
            raise PlatformError(api, f"http {response.status}", hint=hint)
        answer = json_object(await read_capped(api, response, JSON_MAX_BYTES))
        code = answer.get("errcode") if answer is not None else None
        if answer is None or isinstance(code, bool) or not isinstance(code, int):
            # a proxy's own page, or DingTalk's punishment of an address that called too often: nothing was taken
            raise PlatformBusy(api, "no errcode")
        if code != 0:
            raise error_for(platform, api, code, str(answer.get("errmsg", "")))


def signature(secret: str, now: datetime) -> dict[str, str]:
    """The parameters that DingTalk's 加签 wants; it takes them for an hour."""
    timestamp = str(int(now.timestamp() * 1000))
    seal = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")
    return {"timestamp": timestamp, "sign": base64.b64encode(seal).decode()}
