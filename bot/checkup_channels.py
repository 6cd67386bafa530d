"""What `visitbot doctor` looks at for the ways in: callbacks, who can be reached, and since when one is closed."""

import re
from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from bot import presence
from bot.callback_crypto import CallbackCrypto
from bot.config import Config, DingTalk
from bot.errors import BotError
from bot.platform import CheckResult
from handlers.messages import PlatformName
from storage.clock import Clock
from storage.database import Database
from storage.models import Member
from storage.work import Work

PLATFORMS: Mapping[PlatformName, str] = {"wecom": "企业微信", "wecom_bot": "智能机器人", "dingtalk": "钉钉"}
"""The real ones with people on them, as an admin calls them."""
CLOCK_ODD_S, CLOCK_WRONG_S = 30.0, 300.0
"""A clock that is minutes off makes callbacks look like replays, and 明天 the wrong day around midnight."""
SILENT_AFTER = timedelta(minutes=5)
"""Far above what a reconnection takes, and what stands between two notes that the connection is there."""
NOTED_WITHIN_S, LOOK_EVERY_S = presence.NOTE_EVERY_S + 5, 2.0
MOST_NAMES = 5
ANSWER_WITHIN = aiohttp.ClientTimeout(total=8)


@dataclass(frozen=True)
class Callback:
    """An address that a platform calls, and the section that says so."""

    name: str
    path: str


def served(config: Config) -> list[PlatformName]:
    """The real platforms that the configuration switches on."""
    return [name for name in PLATFORMS if getattr(config, name) is not None]


def callbacks(config: Config) -> list[Callback]:
    """Every address of ours that a platform must reach; none for DingTalk's Stream and the AI bot's long connection."""
    found = []
    if config.wecom is not None:
        found.append(Callback("回调地址", config.wecom.callback_path))
    if config.wecom_bot is not None and config.wecom_bot.mode == "callback":
        found.append(Callback("智能机器人回调地址", config.wecom_bot.callback_path))
    if (dingtalk := config.dingtalk) is not None:
        if dingtalk.mode == "http":
            found.append(Callback("钉钉消息接收地址", dingtalk.callback_path))
            if dingtalk.card_template_id:
                found.append(Callback("钉钉卡片回调地址", dingtalk.card_callback_path))
        if _has_event_keys(dingtalk):
            found.append(Callback("钉钉事件订阅地址", dingtalk.event_path))
    return found


# The clock


async def check_clock(config: Config, clock: Clock) -> CheckResult:
    """This machine's clock against the `Date` that the platform's server sends."""
    name = "时钟"
    now = clock.now()
    detail = f"{now.astimezone(config.zone):%Y-%m-%d %H:%M}（{config.conversation.timezone}）"
    there = _timekeeper(config)
    if there is None:
        return CheckResult(name, True, detail)
    platform, url, proxy = there
    try:
        async with (
            aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session,
            session.get(url, proxy=proxy or None, allow_redirects=False) as response,
        ):
            theirs = parsedate_to_datetime(response.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
        return CheckResult(name, True, f"{detail}，连不上{platform}，没能比对", warning=True)
    off_s = (clock.now() - theirs).total_seconds()
    told = f"{detail}，比{platform}{'快' if off_s > 0 else '慢'} {abs(off_s):.0f} 秒"
    if abs(off_s) > CLOCK_WRONG_S:
        advice = "消息会被当成重放而拒收，“明天”也会算错：打开时间同步（timedatectl set-ntp true）"
        return CheckResult(name, False, told, advice)
    if abs(off_s) > CLOCK_ODD_S:
        return CheckResult(name, True, told, "打开时间同步（timedatectl set-ntp true）", warning=True)
    return CheckResult(name, True, detail)


def _timekeeper(config: Config) -> tuple[str, str, str] | None:
    """A platform's name, an address of its that answers anybody, and the proxy towards it."""
    if config.wecom is not None:
        return PLATFORMS["wecom"], config.wecom.api_base, config.wecom.proxy
    if config.dingtalk is not None:
        return PLATFORMS["dingtalk"], config.dingtalk.api_base, config.dingtalk.proxy
    if config.wecom_bot is not None:
        return PLATFORMS["wecom"], re.sub("^ws", "http", config.wecom_bot.socket_url), config.wecom_bot.proxy
    return None


# Callbacks


def check_callback_keys(config: Config) -> list[CheckResult]:
    """Whether what is given as Token and EncodingAESKey can encrypt and decrypt."""
    found = []
    if (wecom := config.wecom) is not None:
        keys = wecom.token.get_secret_value(), wecom.encoding_aes_key.get_secret_value()
        found.append(_check_keys("回调密钥", *keys, wecom.corp_id, "从“设置API接收”页重新复制 Token 和 EncodingAESKey"))
    if (bot := config.wecom_bot) is not None and bot.mode == "callback":
        keys = bot.token.get_secret_value(), bot.encoding_aes_key.get_secret_value()
        # an AI bot's callbacks name no receiver
        found.append(
            _check_keys("智能机器人回调密钥", *keys, "", "从智能机器人的“API 模式”页重新复制 Token 和 EncodingAESKey")
        )
    if config.dingtalk is not None:
        found += _check_event_keys(config.dingtalk)
    return found


def _check_keys(name: str, token: str, key: str, receiver: str, advice: str) -> CheckResult:
    words = "拜访".encode()
    try:
        crypto = CallbackCrypto(token, key, receiver)
        sealed = crypto.seal(words)
        opened = crypto.open(sealed, signature=crypto.sign("1", "n", sealed), timestamp="1", nonce="n")
    except BotError:
        opened = b""
    if opened != words:
        return CheckResult(name, False, "不能加解密", advice)
    return CheckResult(name, True, "Token 和 EncodingAESKey 可以加解密")


def _has_event_keys(dingtalk: DingTalk) -> bool:
    return bool(dingtalk.event_token.get_secret_value() and dingtalk.event_aes_key.get_secret_value())


def _check_event_keys(dingtalk: DingTalk) -> list[CheckResult]:
    name = "钉钉事件密钥"
    token, key = dingtalk.event_token.get_secret_value(), dingtalk.event_aes_key.get_secret_value()
    if token and key:
        advice = "从“事件订阅”页重新复制签名 token 和加密 aes_key"
        return [_check_keys(name, token, key, dingtalk.client_id, advice)]
    if token or key:
        missing = "event_aes_key" if token else "event_token"
        return [CheckResult(name, False, f"缺少 {missing}", "两个值都在“事件订阅”页，要一起填，或都不填")]
    if dingtalk.mode == "http":
        advice = "需要人员变动、审批等事件时：在“事件订阅”页生成并填入 event_token 和 event_aes_key"
        return [CheckResult(name, True, "没有填，收不到事件", advice, warning=True)]
    return []


async def check_public_urls(config: Config) -> list[CheckResult]:
    """Every address that a platform calls; where we have no address at all, that is said once."""
    if config.server.public_url:
        return [await check_public_url(config.server.public_url, callback) for callback in callbacks(config)]
    paths = "、".join(callback.path for callback in callbacks(config))
    if not paths:
        return []
    detail = f"没有填 server.public_url，没能检查 {paths}；卡片里也不带链接"
    return [CheckResult("回调地址", True, detail, "填手机能访问的网址", warning=True)]


async def check_public_url(public_url: str, callback: Callback) -> CheckResult:
    """Whether the callback's address leads to a visitbot; from outside it may look otherwise."""
    name = callback.name
    url = public_url + callback.path
    advice = f"确认 visitbot serve 在运行，反向代理把 {callback.path} 转给它（docs/deployment.md）"
    try:
        async with aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session, session.get(url) as response:
            status, body = response.status, await response.content.read(4096)
    except (aiohttp.ClientError, TimeoutError):
        return CheckResult(name, True, f"从本机打不开 {url}", advice, warning=True)
    # What the callback answers to a browser: 400, and a line that names us.
    if status != 400 or "拜访助手" not in body.decode("utf-8", "replace"):
        return CheckResult(name, True, f"{url} 应答 {status}，不是 visitbot", advice, warning=True)
    return CheckResult(name, True, f"{url} 通")


# People


async def check_accounts(work: Work, config: Config) -> list[CheckResult]:
    """Whether everybody can be reached on what is served, and every group's managers are known."""
    platforms = served(config)
    if not platforms:
        return []
    name = "人员账号"
    on = {platform: {member.member_id for _, member in await work.members.accounts(platform)} for platform in platforms}
    people = [member for member in await work.members.all() if member.active]
    detail = "，".join(f"{PLATFORMS[platform]} {len(on[platform])} 人" for platform in platforms)
    nowhere = [member for member in people if not any(member.member_id in there for there in on.values())]
    bot_only = on.get("wecom_bot", set()).difference(*(there for key, there in on.items() if key != "wecom_bot"))
    groups = await _check_groups(work, config)
    if nowhere:
        told = f"{detail}；{_names(nowhere)}没有账号，收不到任何消息"
        return [CheckResult(name, True, told, "补上账号一列后重新 visitbot import members", warning=True), *groups]
    if bot_only:
        told = f"{detail}；{_names([member for member in people if member.member_id in bot_only])}只有智能机器人账号"
        advice = "智能机器人要对方先说过话才能发：让他们先发一句“你好”，或补上企业微信应用、钉钉账号"
        return [CheckResult(name, True, told, advice, warning=True), *groups]
    return [CheckResult(name, True, detail), *groups]


async def _check_groups(work: Work, config: Config) -> list[CheckResult]:
    unknown = [
        f"[groups.{key}] 的“{manager}”{'有同名的人' if found else '不在人员里'}"
        for key, group in config.groups.items()
        for manager in group.managers
        if len(found := await work.members.named(manager)) != 1
    ]
    if not unknown:
        return []
    return [CheckResult("群的主管", True, "；".join(unknown), "managers 填人员名单里的姓名", warning=True)]


def _names(members: list[Member]) -> str:
    shown = "、".join(member.name for member in members[:MOST_NAMES])
    return shown if len(members) <= MOST_NAMES else f"{shown}等 {len(members)} 人"


# Connections that we hold


async def check_connections(
    database: Database, config: Config, *, is_running: bool | None, pause: Callable[[float], Awaitable[None]] = sleep
) -> list[CheckResult]:
    """Since when the connections that we open ourselves are gone; `is_running`: whether visitbot is, None: unknown.

    One that has only just started has yet to write down that it is connected, and is given the time for it.
    """
    for _ in range(round(NOTED_WITHIN_S / LOOK_EVERY_S)):
        found = await _connections(database, config, is_running)
        if all(result.ok for result in found):
            return found
        await pause(LOOK_EVERY_S)
    return await _connections(database, config, is_running)


async def _connections(database: Database, config: Config, is_running: bool | None) -> list[CheckResult]:
    async with database.reading() as work:
        return [await _presence(work, platform, config, is_running) for platform in _held(config)]


def _held(config: Config) -> list[PlatformName]:
    held: list[PlatformName] = []
    if config.dingtalk is not None and config.dingtalk.mode == "stream":
        held.append("dingtalk")
    if config.wecom_bot is not None and config.wecom_bot.mode == "socket":
        held.append("wecom_bot")
    return held


async def _presence(work: Work, platform: PlatformName, config: Config, is_running: bool | None) -> CheckResult:
    name = f"{PLATFORMS[platform]}连接"
    last = await work.presence.last(platform)
    if is_running is False:
        since = f"上次连通：{last.astimezone(config.zone):%m-%d %H:%M}；" if last else ""
        return CheckResult(name, True, f"{since}visitbot 没有在运行，期间的消息收不到")
    if last is not None and work.now - last <= SILENT_AFTER:
        return CheckResult(name, True, "连着")
    told = f"{last.astimezone(config.zone):%m-%d %H:%M} 之后断开" if last else "还没有连通过"
    advice = "visitbot serve 在运行吗？看日志；检查能否访问外网、密钥是否正确、有没有别的程序用同一个密钥在连"
    return CheckResult(name, not is_running, told, advice, warning=True)
