"""`visitbot init`: ask what a WeCom app needs, write config.toml, say what comes next."""

import argparse
import base64
import getpass
import json
import os
import re
import secrets
import string
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.commands import add_config_option
from bot.config import Config, load
from bot.errors import ConfigError

ALPHABET = string.ascii_letters + string.digits
SECRET_VARIABLES = ("VISITBOT_WECOM__SECRET", "VISITBOT_WECOM__SECRET_FILE")


class Console(Protocol):
    def ask(self, question: str, *, default: str = "", hidden: bool = False) -> str:
        """One line from the person, or `default` for an empty one. Raises ConfigError when nobody can answer."""
        ...

    def tell(self, text: str) -> None: ...


class Terminal:
    def ask(self, question: str, *, default: str = "", hidden: bool = False) -> str:
        prompt = f"{question}[{default}]：" if default else f"{question}："
        try:
            answer = getpass.getpass(prompt) if hidden and sys.stdin.isatty() else input(prompt)
        except EOFError as error:
            raise ConfigError("没有可回答的终端；请用 --yes 并以参数给出各项（visitbot init --help）") from error
        return answer.strip() or default

    def tell(self, text: str) -> None:
        print(text)


class Unattended:
    """`--yes`: what was not given takes its default; what has none is asked for by name."""

    def ask(self, question: str, *, default: str = "", hidden: bool = False) -> str:
        return default

    def tell(self, text: str) -> None:
        print(text)


@dataclass(frozen=True)
class Question:
    option: str
    text: str
    pattern: str
    complaint: str
    optional: bool = False
    hidden: bool = False


CORP_ID = Question(
    "corp-id", "企业ID（我的企业 → 企业信息）", r"[0-9A-Za-z_\-]{8,64}", "企业ID 形如 ww0123456789abcdef"
)
AGENT_ID = Question("agent-id", "应用的 AgentId（应用管理 → 自建应用）", r"\d{1,12}", "AgentId 是一个数字")
SECRET = Question("secret", "应用的 Secret（输入时不显示）", r"\S{8,}", "Secret 至少 8 个字符，不含空格", hidden=True)
TOKEN = Question("token", "回调 Token，回车用随机生成的", r"[0-9A-Za-z]{1,32}", "Token 为 1–32 位字母或数字")
AES_KEY = Question(
    "encoding-aes-key", "回调 EncodingAESKey，回车用随机生成的", r"[0-9A-Za-z]{43}", "EncodingAESKey 为 43 位字母或数字"
)
PUBLIC_URL = Question(
    "public-url", "手机能访问的网址，如 https://visits.example.com", r"https?://[^/\s]+\S*", "网址以 https:// 开头"
)
PROXY = Question(
    "proxy",
    "出口代理（出口 IP 不固定时用，没有就回车）",
    r"https?://[^/\s]+\S*",
    "代理以 http:// 或 https:// 开头",
    optional=True,
)
DATABASE = Question(
    "database", "数据库", r"(sqlite:///|postgresql://)\S+", "以 sqlite:/// 或 postgresql:// 开头，不含空格"
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser("init", help="ask a few questions and write config.toml")
    add_config_option(parser)
    parser.add_argument(
        "--platform", choices=("wecom", "playground"), help="wecom: a real app; playground: this machine"
    )
    for question in (CORP_ID, AGENT_ID, TOKEN, AES_KEY, PUBLIC_URL, PROXY, DATABASE):
        parser.add_argument(f"--{question.option}", default="", metavar="VALUE")
    parser.add_argument(
        "--secret-file", type=Path, metavar="FILE", help="file with the app's Secret (a command line is seen by others)"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing: take what is given here, and the defaults")
    parser.add_argument("--force", action="store_true", help="replace a configuration that is there already")


def main(args: argparse.Namespace) -> int:
    return run(args, Unattended() if args.yes else Terminal(), os.environ)


def run(args: argparse.Namespace, console: Console, environment: Mapping[str, str]) -> int:
    path: Path = args.config
    if path.exists() and not args.force and not _may_replace(path, console):
        raise ConfigError(f"{path} 已存在，未改动；要覆盖请加 --force")
    text = (
        _playground(args, console) if _platform(args, console) == "playground" else _wecom(args, console, environment)
    )
    config = write(path, text, environment)
    console.tell(next_steps(path, config))
    return 0


def write(path: Path, text: str, environment: Mapping[str, str]) -> Config:
    """Put the file in place, readable by its owner only, once it has proved to be a usable configuration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file with mode 600: the secrets are never readable by others, not even for a moment
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        config = load(draft, environment)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return config


def next_steps(path: Path, config: Config) -> str:
    option = "" if path == Path("config.toml") else f" --config {path}"
    if config.wecom is None:
        return f"已写入 {path}。接下来：visitbot serve{option}，在本机浏览器里打开它给出的网址。"
    wecom = config.wecom
    return "\n".join(
        (
            f"已写入 {path}（仅本人可读）。接下来：",
            f" 1. 先启动：visitbot serve{option}（企业微信保存回调设置时会立即来验证）",
            " 2. 管理后台 → 应用管理 → 你的应用 → 接收消息 → 设置API接收，填：",
            f"      URL             {config.server.public_url}{wecom.callback_path}",
            f"      Token           {wecom.token.get_secret_value()}",
            f"      EncodingAESKey  {wecom.encoding_aes_key.get_secret_value()}",
            "    并勾选“用户发送的普通消息”和“上报进入应用事件”。",
            " 3. 应用详情页的“企业可信IP”：填这台服务器"
            + ("所用代理" if wecom.proxy else "")
            + "的出口 IP，否则发不出消息（错误码 60020）。",
            f" 4. 检查：visitbot doctor{option}",
            f" 5. 导入人员和客户：visitbot import members 成员.csv{option}；visitbot import customers 客户.csv{option}",
            "每一步的说明和错误码：docs/wecom-setup.md",
        )
    )


def _may_replace(path: Path, console: Console) -> bool:
    return console.ask(f"{path} 已存在，覆盖吗？(y/N)", default="n").lower() in ("y", "yes", "是")


def _platform(args: argparse.Namespace, console: Console) -> str:
    if args.platform:
        return str(args.platform)
    answer = console.ask("连接到哪里？1 企业微信自建应用  2 只在本机浏览器里试用", default="1")
    return "playground" if answer == "2" else "wecom"


def _playground(args: argparse.Namespace, console: Console) -> str:
    database = _answer(DATABASE, args, console, default="sqlite:///data/visitbot.db")
    return _toml({"storage": {"database": database}, "playground": {"enabled": True}})


def _wecom(args: argparse.Namespace, console: Console, environment: Mapping[str, str]) -> str:
    wecom: dict[str, str | int | bool] = {
        "corp_id": _answer(CORP_ID, args, console),
        "agent_id": int(_answer(AGENT_ID, args, console)),
    }
    if not any(environment.get(name) for name in SECRET_VARIABLES):
        wecom["secret"] = _secret(args, console)
    wecom["token"] = _answer(TOKEN, args, console, default=_random(32))
    wecom["encoding_aes_key"] = _answer(AES_KEY, args, console, default=random_aes_key())
    if proxy := _answer(PROXY, args, console):
        wecom["proxy"] = proxy
    server: dict[str, str | int | bool] = {"public_url": _answer(PUBLIC_URL, args, console).rstrip("/")}
    database = _answer(DATABASE, args, console, default="sqlite:///data/visitbot.db")
    return _toml({"server": server, "storage": {"database": database}, "wecom": wecom})


def _secret(args: argparse.Namespace, console: Console) -> str:
    if args.secret_file is None:
        return _answer(SECRET, args, console)
    try:
        text: str = args.secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--secret-file {args.secret_file} 读不出来") from error
    if not re.fullmatch(SECRET.pattern, text):
        raise ConfigError(f"--secret-file {args.secret_file}：{SECRET.complaint}")
    return text


def _answer(question: Question, args: argparse.Namespace, console: Console, *, default: str = "") -> str:
    given: str = getattr(args, question.option.replace("-", "_"), "")
    if given:
        return _checked(question, given)
    while True:
        answer = console.ask(question.text, default=default, hidden=question.hidden)
        if (not answer and question.optional) or re.fullmatch(question.pattern, answer):
            return answer
        if isinstance(console, Unattended):
            option = "--secret-file" if question is SECRET else f"--{question.option}"
            raise ConfigError(f"缺少 {option}：{question.text}")
        console.tell(f"  {question.complaint}，请再输入一次。")


def _checked(question: Question, given: str) -> str:
    if not re.fullmatch(question.pattern, given):
        raise ConfigError(f"--{question.option}：{question.complaint}")
    return given


def _random(length: int, choose: Callable[[str], str] = secrets.choice) -> str:
    return "".join(choose(ALPHABET) for _ in range(length))


def random_aes_key() -> str:
    """43 letters and digits that are, with "=" behind them, the base64 of 32 bytes without bits left over."""
    while True:
        key = _random(43)
        if base64.b64encode(base64.b64decode(key + "=")).decode() == key + "=":
            return key


def _toml(tables: Mapping[str, Mapping[str, str | int | bool]]) -> str:
    lines = ["# Written by `visitbot init`. Every key there is: config.example.toml.", ""]
    for name, table in tables.items():
        # a JSON string, number or truth value is the same in TOML
        lines += [
            f"[{name}]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()),
            "",
        ]
    return "\n".join(lines)
