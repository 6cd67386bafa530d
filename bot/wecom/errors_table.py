"""What each of WeCom's error codes means for us, and what an admin should do about it.

Source: WeCom's global list of error codes (developer document 90313). Codes of functions that we do not call are left
out; an unknown code becomes a PlatformError.
"""

import re
from dataclasses import dataclass

from bot.errors import (
    ContentRefused,
    MediaGone,
    MediaTooBig,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    RecipientUnreachable,
    TokenRejected,
)

TOKEN_ERRORS = frozenset({40001, 40014, 41001, 42001})
"""An API call with one of these is worth one new token. From gettoken itself, 40001 means a wrong secret."""
OVER_LIMIT = 45009
BAD_TASK_ID = 42014
UNTRUSTED_ADDRESS = 60020
MINUTE_S = 60.0
HOUR_S = 3600.0


@dataclass(frozen=True)
class Meaning:
    error: type[PlatformError]
    hint: str
    retry_after_s: float | None = None


_REFUSED_CARD = "卡片内容不符合企业微信的要求，这是程序的问题，请把错误码反馈给开发者。"
_REFUSED_CALL = "请求参数不符合企业微信的要求，这是程序的问题，请把错误码反馈给开发者。"
_STALE_TOKEN = "access_token 刷新后仍被拒绝：请确认没有把别的应用的 Secret 填进来，并重新复制本应用的 Secret。"  # noqa: S105

MEANINGS: dict[int, Meaning] = {
    -1: Meaning(PlatformBusy, "企业微信系统繁忙，稍后会自动重试。"),
    6000: Meaning(PlatformBusy, "企业微信数据版本冲突，稍后会自动重试。", 1.0),
    # who we are
    40001: Meaning(TokenRejected, _STALE_TOKEN),
    40014: Meaning(TokenRejected, _STALE_TOKEN),
    41001: Meaning(TokenRejected, _STALE_TOKEN),
    42001: Meaning(TokenRejected, _STALE_TOKEN),
    40013: Meaning(NotPermitted, "企业 ID 不对：在管理后台“我的企业 → 企业信息”最下方复制，填到 corp_id。"),
    40091: Meaning(NotPermitted, "这个 Secret 属于另一家企业：请在本企业的应用详情页重新复制，填到 secret。"),
    40056: Meaning(NotPermitted, "AgentId 不对：在“应用管理 → 本应用”页面复制，填到 agent_id。"),
    41002: Meaning(NotPermitted, "没有填企业 ID（corp_id）。"),
    41004: Meaning(NotPermitted, "没有填应用的 Secret（secret）。"),
    41011: Meaning(NotPermitted, "没有填 AgentId（agent_id）。"),
    41024: Meaning(NotPermitted, "没有填应用的 Secret（secret）。"),
    45031: Meaning(NotPermitted, "企业微信认为这个 Secret 不够安全：请在应用详情页重置后更新 secret。"),
    # what we may do
    48001: Meaning(NotPermitted, "企业还没有这个接口的权限：请在管理后台查看应用权限和企业认证状态。"),
    48002: Meaning(NotPermitted, "应用没有调用这个接口的权限：请在“应用管理 → 本应用”检查权限。"),
    43012: Meaning(NotPermitted, "应用还没有配置回调地址，不能发带按钮的卡片：请到“接收消息 → 设置API接收”填写。"),
    301002: Meaning(NotPermitted, "Secret 和 AgentId 不是同一个应用的：请在同一个应用详情页复制这两项。"),
    60011: Meaning(NotPermitted, "没有权限：这位成员或部门不在应用的可见范围，请到应用详情页的“可见范围”添加。"),
    60020: Meaning(
        NotPermitted, "本机出口 IP 不在企业可信 IP 里：请到应用详情页底部“企业可信IP”添加，约 1 分钟后生效。"
    ),
    40201: Meaning(ContentRefused, "消息被企业微信反垃圾拦截：请管理员查看应用是否被限制，并检查话术内容。"),
    # whom we write to
    40003: Meaning(RecipientUnreachable, "成员账号（UserID）无效，可能已离职或改名。"),
    40031: Meaning(RecipientUnreachable, "成员账号不在应用的可见范围。"),
    46004: Meaning(RecipientUnreachable, "成员不存在，可能已离职。"),
    60111: Meaning(RecipientUnreachable, "成员账号（UserID）不存在，可能已离职或改名。"),
    60123: Meaning(RecipientUnreachable, "部门不存在。"),
    81013: Meaning(RecipientUnreachable, "成员不存在，或不在应用的可见范围：请到应用详情页的“可见范围”添加。"),
    84061: Meaning(RecipientUnreachable, "没有与该客户的联系关系。"),
    # files
    40007: Meaning(MediaGone, "文件已过期（企业微信只保留 3 天）或无效，请对方重新发送。"),
    41006: Meaning(MediaGone, "消息里没有文件编号，请对方重新发送。"),
    830002: Meaning(MediaTooBig, "文件超过 20 MB，请对方压缩后重新发送。"),
    40004: Meaning(ContentRefused, "文件类型不被企业微信接受。"),
    40005: Meaning(ContentRefused, "文件类型参数不被企业微信接受。"),
    40006: Meaning(ContentRefused, "文件大小不被企业微信接受。"),
    40009: Meaning(ContentRefused, "图片超过 10 MB 或小于 5 字节。"),
    40011: Meaning(ContentRefused, "视频超过 10 MB。"),
    40123: Meaning(ContentRefused, "图片格式不对或已损坏。"),
    44001: Meaning(ContentRefused, "上传的文件是空的。"),
    45001: Meaning(ContentRefused, "文件超过企业微信的大小限制。"),
    45007: Meaning(ContentRefused, "语音超过 60 秒。"),
    # what we write
    40008: Meaning(ContentRefused, _REFUSED_CALL),
    40032: Meaning(ContentRefused, "一次发送的成员超过 1000 人。"),
    40033: Meaning(ContentRefused, _REFUSED_CALL),
    40035: Meaning(ContentRefused, _REFUSED_CALL),
    40039: Meaning(ContentRefused, "链接太长：请缩短 public_url。"),
    40058: Meaning(ContentRefused, _REFUSED_CALL),
    40063: Meaning(ContentRefused, _REFUSED_CALL),
    40094: Meaning(ContentRefused, "链接不合法：public_url 要以 http:// 或 https:// 开头。"),
    41016: Meaning(ContentRefused, _REFUSED_CARD),
    44004: Meaning(ContentRefused, _REFUSED_CALL),
    45002: Meaning(ContentRefused, "消息太长，企业微信不接受。"),
    45008: Meaning(ContentRefused, "图文消息超过 8 条。"),
    45034: Meaning(ContentRefused, "链接缺少 http:// 或 https://。"),
    **{code: Meaning(ContentRefused, _REFUSED_CARD) for code in (*range(42014, 42021), *range(42027, 42052))},
    42052: Meaning(ContentRefused, "消息已超过 24 小时，不能撤回。"),
    # how often we call
    45009: Meaning(PlatformBusy, "调用频率超过企业微信的限制，到时间后自动恢复；若反复出现，请减少推送。", MINUTE_S),
    45033: Meaning(PlatformBusy, "同时调用太多，稍后会自动重试。", 1.0),
}

_SECRET_REFUSED = Meaning(
    NotPermitted,
    "Secret 不对、已被重置，或应用已停用：请在“应用管理 → 本应用”重新复制 Secret，更新后重启。"
    "为避免本机 IP 被企业微信封禁一小时，程序会暂停尝试。",
)
_SECRET_BLOCKED = Meaning(
    PlatformBusy, "Secret 多次错误，本机 IP 被企业微信暂停一小时：请先改正 secret，再等待恢复。", HOUR_S
)
_UNKNOWN = Meaning(PlatformError, "企业微信返回了未收录的错误码，请到“开发者中心 → 错误码查询”查看。")

_ADDRESS = re.compile(r"from ip: ([0-9A-Fa-f.:]{3,45}?),? ")


def error_for(api: str, code: int, message: str = "") -> PlatformError:
    """The error to raise for `code`. Of WeCom's own words only the caller's address is used, for 60020."""
    meaning = _meaning(api, code)
    hint = meaning.hint
    if code == UNTRUSTED_ADDRESS and (found := _ADDRESS.search(message + " ")):
        hint = f"请把本机出口 IP {found[1]} 加到应用详情页底部的“企业可信IP”，约 1 分钟后生效。"
    return meaning.error(api, code, hint=hint, retry_after_s=meaning.retry_after_s)


def _meaning(api: str, code: int) -> Meaning:
    if api == "gettoken" and code == 40001:
        return _SECRET_REFUSED
    if api == "gettoken" and code == OVER_LIMIT:
        return _SECRET_BLOCKED
    return MEANINGS.get(code, _UNKNOWN)
