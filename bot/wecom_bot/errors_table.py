"""What the error codes of the AI bot's calls mean for us, and what an admin should do about it.

Sources: WeCom's global list of error codes (developer document 90313) and the document of the long connection (101463).
Only codes seen on this channel are listed; an unknown one becomes a PlatformError.
"""

from dataclasses import dataclass
from typing import Literal

from bot.errors import (
    ContentRefused,
    MediaGone,
    MustWriteFirst,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    RecipientUnreachable,
)

BAD_TASK_ID = 42014
MINUTE_S = 60.0
REPLY_GONE = frozenset({846605, 846608})
"""The message that is answered is unknown or too old by now; another way to the person may still be open."""
NO_CONVERSATION = frozenset({93001, 93006, 93008})
"""WeCom's answer to a conversation that the bot is not in: a group it left, or a person who never wrote to it."""


@dataclass(frozen=True)
class Meaning:
    error: type[PlatformError]
    hint: str
    retry_after_s: float | None = None


_REFUSED = "消息或卡片不符合智能机器人的要求，这是程序的问题，请把错误码反馈给开发者。"
_CREDENTIALS = (
    "Bot ID 或 Secret 不对：请在企业微信“工作台 → 智能机器人 → API 模式 → 使用长连接”重新复制，"
    "更新 [wecom_bot] 后重启。"
)
_SYSTEM_BUSY = "企业微信系统繁忙，稍后会自动重试。"

MEANINGS: dict[int, Meaning] = {
    -1: Meaning(PlatformBusy, _SYSTEM_BUSY),
    6000: Meaning(PlatformBusy, "企业微信数据版本冲突，稍后会自动重试。", 1.0),
    # who we are
    **{code: Meaning(NotPermitted, _CREDENTIALS) for code in (40001, 40013, 40014, 40056, 41004, 42001)},
    48002: Meaning(NotPermitted, "机器人没有这项接口权限：请检查机器人是否已启用 API 模式。"),
    853006: Meaning(NotPermitted, "企业微信没有对本企业开放这项能力。"),
    60020: Meaning(NotPermitted, "本机出口 IP 不在企业可信 IP 里：请在机器人的设置页添加。"),
    # whom we write to
    846605: Meaning(PlatformError, "要回复的消息已无法回复，程序会改用主动推送。"),
    846608: Meaning(PlatformError, "流式消息已超过 6 分钟，程序会改用主动推送。"),
    60111: Meaning(RecipientUnreachable, "成员账号不存在或已离职。"),
    40003: Meaning(RecipientUnreachable, "成员账号（UserID）不合法。"),
    # what we write
    **{
        code: Meaning(ContentRefused, _REFUSED)
        for code in (40008, 40033, 40035, 40058, 40063, 41016, 44004, *range(42014, 42021), *range(42027, 42052))
    },
    45002: Meaning(ContentRefused, "消息太长，企业微信不接受。"),
    # files
    40007: Meaning(MediaGone, "文件已过期（企业微信只保留 3 天），程序会重新上传。"),
    **{
        code: Meaning(ContentRefused, "文件的类型或大小不被企业微信接受，程序会改发链接。")
        for code in (40004, 40005, 40006, 40009, 40011, 40123, 44001, 45001, 45007)
    },
    # how often we call
    45009: Meaning(PlatformBusy, "对同一会话发送太频繁（每分钟最多 30 条），稍后会自动重试。", MINUTE_S),
    45033: Meaning(PlatformBusy, "同时调用太多，稍后会自动重试。", 1.0),
}

_NOT_IN_GROUP = Meaning(RecipientUnreachable, "机器人不在这个群里，或群已解散：请把机器人加进群，并在群里 @ 它一次。")
_NEVER_WROTE = Meaning(MustWriteFirst, "成员还没有在单聊里给机器人发过消息：请对方打开机器人，随便发一句话。")
_UNKNOWN = Meaning(PlatformError, "企业微信返回了未收录的错误码，请到“开发者中心 → 错误码查询”查看。")


def error_for(api: str, code: int, *, chat: Literal["single", "group"] = "single") -> PlatformError:
    """The error to raise for `code`; `chat` is the kind of conversation that was written to."""
    if code in NO_CONVERSATION:
        meaning = _NOT_IN_GROUP if chat == "group" else _NEVER_WROTE
    else:
        meaning = MEANINGS.get(code, _UNKNOWN)
    return meaning.error(api, code, hint=meaning.hint, retry_after_s=meaning.retry_after_s)
