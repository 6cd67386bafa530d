"""What `visitbot init` says at its end: what to enter in which console, and what to run."""

from pathlib import Path

from bot.config import Config, DingTalk, WeCom

YOUR_ADDRESS = "https://你的网址"


def next_steps(path: Path, config: Config, platform: str) -> str:
    """In Chinese, for the platform that was just written."""
    option = "" if path == Path("config.toml") else f" --config {path}"
    if platform == "wecom" and config.wecom is not None:
        steps, document = _wecom(config.wecom, config.server.public_url, option), "docs/wecom-setup.md"
    elif platform == "dingtalk" and config.dingtalk is not None:
        steps, document = _dingtalk(config.dingtalk, config.server.public_url, option), "docs/dingtalk-setup.md"
    elif platform == "wecom_bot" and config.wecom_bot is not None:
        steps, document = _wecom_bot(option), "docs/channels.md"
    else:
        return f"已写入 {path}。接下来：visitbot serve{option}，在本机浏览器里打开它给出的网址。"
    steps = [*steps, *_last_steps(option)]
    numbered = (f"{number:>2}. {step}" for number, step in enumerate(steps, start=1))
    return "\n".join([f"已写入 {path}（仅本人可读）。接下来：", *numbered, f"每一步的说明和错误码：{document}"])


def _wecom(wecom: WeCom, public_url: str, option: str) -> list[str]:
    ip_of = "所用代理" if wecom.proxy else ""
    return [
        f"先启动：visitbot serve{option}（企业微信保存回调设置时会立即来验证）",
        _lines(
            "管理后台 → 应用管理 → 你的应用 → 接收消息 → 设置API接收，填：",
            f"  URL             {public_url or YOUR_ADDRESS}{wecom.callback_path}",
            f"  Token           {wecom.token.get_secret_value()}",
            f"  EncodingAESKey  {wecom.encoding_aes_key.get_secret_value()}",
            "并勾选“用户发送的普通消息”和“上报进入应用事件”。",
        ),
        f"应用详情页的“企业可信IP”：填这台服务器{ip_of}的出口 IP，否则发不出消息（错误码 60020）。",
    ]


def _dingtalk(dingtalk: DingTalk, public_url: str, option: str) -> list[str]:
    steps = [
        "钉钉开发者后台 → 你的应用 → 添加应用能力 → 机器人：消息接收模式选“Stream 模式”，发布。",
        _lines(
            "开发配置 → 权限管理，申请：",
            "  qyapi_robot_sendmsg   企业内机器人发送消息（取语音和图片也靠它）",
            "  Card.Instance.Write   互动卡片实例写",
            "  Todo.Todo.Write       待办应用中待办写",
            "  qyapi_get_member      成员信息读（建待办要用）",
        ),
        "开发配置 → 事件订阅：推送方式选“Stream 模式”（人员变动、审批；不需要就跳过）。",
        "应用发布 → 版本管理与发布：创建新版本，可使用范围选销售和主管，发布。没有发布，机器人认不出是谁在说话。",
        f"启动：visitbot serve{option}，然后在钉钉里搜这个机器人，单聊发一句“帮助”。",
    ]
    if not dingtalk.card_template_id:
        steps.append("还没有卡片模板：卡片先显示为编号文字，回复编号就能操作。想要按钮：建模板后填 card_template_id。")
    if not public_url:
        steps.append("没有 server.public_url：待办只发卡片，不进钉钉的待办列表。")
    return steps


def _wecom_bot(option: str) -> list[str]:
    return [
        "企业微信“工作台 → 智能机器人 → 你的机器人 → API 模式”：选“使用长连接”，可使用的成员选销售和主管。",
        f"启动：visitbot serve{option}，日志里出现 wecom_bot.connected 就是连上了（同一个机器人只能有一个程序在连）。",
        "每个人先对它说一句“帮助”：没说过话的人，智能机器人发不过去。它拿不到录音，只有企业微信自己的转写。",
    ]


def _last_steps(option: str) -> list[str]:
    return [
        f"检查：visitbot doctor{option}",
        f"导入人员和客户：visitbot import members 成员.csv{option}；visitbot import customers 客户.csv{option}",
    ]


def _lines(*lines: str) -> str:
    return "\n    ".join(lines)
