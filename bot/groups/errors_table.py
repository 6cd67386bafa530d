"""What the error codes of group webhooks mean for us, and what an admin should do about them.

Sources: WeCom's global list of error codes (developer document 90313) and "消息推送" (91770); DingTalk's "Custom
robots: send group messages" and "Customize robot security settings". An unknown code becomes a PlatformError.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import ContentRefused, NotPermitted, PlatformBusy, PlatformError, RecipientUnreachable

MINUTE_S = 60.0
BLOCKED_S = 600.0
"""DingTalk silences a robot for ten minutes that sent more than twenty messages in one."""
SECURITY = 310000


@dataclass(frozen=True)
class Meaning:
    error: type[PlatformError]
    hint: str
    retry_after_s: float | None = None


_OUR_FAULT = Meaning(ContentRefused, "消息内容不符合平台的要求，这是程序的问题，请把错误码反馈给开发者。")
_UNSAFE = Meaning(ContentRefused, "消息被钉钉判为含有不安全的内容，没有发出；记录和卡片不受影响。")
_TOO_FAST = Meaning(
    PlatformBusy,
    "这个群机器人一分钟发了超过 20 条，钉钉停它 10 分钟，之后自动补发；请确认没有别的程序共用它。",
    BLOCKED_S,
)
_NO_ROBOT = Meaning(NotPermitted, "钉钉不认识这个 access_token：机器人可能已被移除，请重新添加，更新 key 后重启。")

_WECOM: Mapping[int, Meaning] = {
    -1: Meaning(PlatformBusy, "企业微信系统繁忙，稍后会自动重试。"),
    6000: Meaning(PlatformBusy, "企业微信数据版本冲突，稍后会自动重试。", 1.0),
    45009: Meaning(
        PlatformBusy, "这个群机器人一分钟发了超过 20 条，稍后自动补发；请确认没有别的程序共用它。", MINUTE_S
    ),
    45033: Meaning(PlatformBusy, "同时调用太多，稍后会自动重试。", 1.0),
    93000: Meaning(NotPermitted, "Webhook 地址无效或已被删除：请在群里重新添加“消息推送”，更新 key 后重启。"),
    93004: Meaning(NotPermitted, "群机器人已被停用：请让添加它的人或管理员重新启用。"),
    93008: Meaning(NotPermitted, "群机器人已不在群里：请在群里重新添加“消息推送”，更新 key 后重启。"),
    **dict.fromkeys((40008, 40033, 40035, 40058, 40063, 44004, 45002), _OUR_FAULT),
    40201: Meaning(ContentRefused, "消息被企业微信反垃圾拦截，没有发出；记录和卡片不受影响。"),
}
_DINGTALK: Mapping[int, Meaning] = {
    -1: Meaning(PlatformBusy, "钉钉系统繁忙，稍后会自动重试。"),
    **dict.fromkeys((130101, 660026, 410100), _TOO_FAST),
    **dict.fromkeys((300005, 400101), _NO_ROBOT),
    400102: Meaning(NotPermitted, "群机器人已被停用：请在群设置 → 机器人里重新启用。"),
    400106: Meaning(NotPermitted, "群机器人不存在：请在群里重新添加自定义机器人，更新 key 后重启。"),
    400013: Meaning(RecipientUnreachable, "这个群已经解散：请从 config.toml 里删掉这一节，或换成新群的机器人。"),
    **dict.fromkeys((40035, 43004, 400105), _OUR_FAULT),
    **dict.fromkeys(range(430101, 430105), _UNSAFE),
}
_TOO_LONG = Meaning(ContentRefused, "群消息太长，钉钉不接受，这是程序的问题，请反馈给开发者。")
_MEANINGS: Mapping[str, Mapping[int, Meaning]] = {"wecom": _WECOM, "dingtalk": _DINGTALK}
_UNKNOWN = Meaning(PlatformError, "平台返回了未收录的错误码，请到它的开放平台文档里查看。")

NO_KEYWORD = "310000 keyword"
_ADDRESS = "310000 address"
_SECURITY_SETTINGS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("310000 timestamp", ("invalid timestamp", "签名过期"), "加签的时间和钉钉差了一小时以上：请校准本机时间。"),
    (
        "310000 sign",
        ("sign not match", "签名不匹配"),
        "加签不对：请到机器人的安全设置重新复制以 SEC 开头的密钥，更新 secret 后重启。",
    ),
    (
        NO_KEYWORD,
        ("keywords not in content", "关键词"),
        "消息里没有机器人要求的关键词：请把安全设置里的一个自定义关键词填到 keyword。",
    ),
    (_ADDRESS, ("whitelist", "白名单"), "本机出口 IP 不在机器人的 IP 白名单里：请到机器人的安全设置添加。"),
)
"""One code stands for all of the security settings; only the words tell them apart, in English or in Chinese. Each is
given a code of its own here, as it is logged."""


def error_for(platform: str, api: str, code: int, message: str = "") -> PlatformError:
    """The error to raise for `code`. Of the platform's own words only the caller's address is passed on."""
    if platform == "dingtalk" and code == SECURITY:
        return _security_error(api, message)
    meaning = _MEANINGS[platform].get(code, _UNKNOWN)
    if meaning is _UNKNOWN and "message too long" in message:
        # DingTalk's documents give no code for it
        meaning = _TOO_LONG
    return meaning.error(api, code, hint=meaning.hint, retry_after_s=meaning.retry_after_s)


def _security_error(api: str, message: str) -> PlatformError:
    words = message.lower()
    for code, marks, hint in _SECURITY_SETTINGS:
        if any(mark in words for mark in marks):
            if code == _ADDRESS and (address := _address_in(message)):
                return NotPermitted(api, code, hint=f"请把本机出口 IP {address} 加到机器人安全设置的 IP 白名单里。")
            return NotPermitted(api, code, hint=hint)
    return NotPermitted(api, SECURITY, hint="没有通过机器人的安全设置：请核对加签密钥、关键词和 IP 白名单。")


def _address_in(message: str) -> str:
    """The first IP address in the words; they come from outside, so nothing else of them is passed on."""
    for word in re.findall(r"[0-9A-Fa-f.:]{3,45}", message):
        try:
            return str(ipaddress.ip_address(word.strip(".:")))
        except ValueError:
            continue
    return ""
