"""`visitbot init`: ask what a platform needs, write config.toml, say what comes next."""

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
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bot.commands import add_config_option
from bot.commands.next_steps import next_steps
from bot.config import ENVIRONMENT_PREFIX, Config, load
from bot.errors import ConfigError

ALPHABET = string.ascii_letters + string.digits
HEADING = "# Written by `visitbot init`. Every key there is: config.example.toml.\n\n"
PLATFORMS = ("wecom", "dingtalk", "wecom_bot", "playground")
Table = dict[str, str | int | bool]


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
CLIENT_ID = Question(
    "client-id",
    "Client ID（开发者后台 → 应用 → 凭证与基础信息）",
    r"[0-9A-Za-z_\-]{6,64}",
    "Client ID 形如 ding0123456789abcdef",
)
CLIENT_SECRET = Question(
    "client-secret", "Client Secret（输入时不显示）", r"\S{8,}", "Client Secret 至少 8 个字符，不含空格", hidden=True
)
CARD_TEMPLATE_ID = Question(
    "card-template-id",
    "卡片模板 ID（没有就回车，卡片显示为编号文字）",
    r"[0-9A-Za-z\-]+\.schema",
    "模板 ID 以 .schema 结尾",
    optional=True,
)
BOT_ID = Question(
    "bot-id", "Bot ID（智能机器人 → API 模式）", r"[0-9A-Za-z_\-]{4,128}", "Bot ID 由字母、数字、- 和 _ 组成"
)
BOT_SECRET = Question(
    "bot-secret", "长连接的 Secret（输入时不显示）", r"\S{8,}", "Secret 至少 8 个字符，不含空格", hidden=True
)
TOKEN = Question("token", "回调 Token，回车用随机生成的", r"[0-9A-Za-z]{1,32}", "Token 为 1–32 位字母或数字")
AES_KEY = Question(
    "encoding-aes-key", "回调 EncodingAESKey，回车用随机生成的", r"[0-9A-Za-z]{43}", "EncodingAESKey 为 43 位字母或数字"
)
PUBLIC_URL = Question(
    "public-url", "手机能访问的网址，如 https://visits.example.com", r"https?://[^/\s]+\S*", "网址以 https:// 开头"
)
TODO_URL = replace(PUBLIC_URL, text="手机能访问的网址，钉钉待办要用（没有就回车）", optional=True)
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
        "--platform",
        choices=PLATFORMS,
        help="wecom: a self-built app; dingtalk: a robot over Stream; wecom_bot: WeCom's AI bot over its long "
        "connection; playground: this machine",
    )
    asked = (CORP_ID, AGENT_ID, TOKEN, AES_KEY, CLIENT_ID, CARD_TEMPLATE_ID, BOT_ID, PUBLIC_URL, PROXY, DATABASE)
    for question in asked:
        parser.add_argument(f"--{question.option}", default="", metavar="VALUE")
    parser.add_argument(
        "--secret-file", type=Path, metavar="FILE", help="file with the Secret (a command line is seen by others)"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing: take what is given here, and the defaults")
    changes = parser.add_mutually_exclusive_group()
    changes.add_argument("--force", action="store_true", help="replace a configuration that is there already")
    changes.add_argument("--add", action="store_true", help="add one more platform to a configuration that is there")


def main(args: argparse.Namespace) -> int:
    return run(args, Unattended() if args.yes else Terminal(), os.environ)


def run(args: argparse.Namespace, console: Console, environment: Mapping[str, str]) -> int:
    path: Path = args.config
    if args.add:
        before = _before(path, environment)
    elif path.exists() and not args.force and not _may_replace(path, console):
        raise ConfigError(f"{path} 已存在，未改动；要覆盖请加 --force，要再接一个平台请加 --add")
    else:
        before = HEADING
    known = frozenset(tomllib.loads(before))
    platform = _platform(args, console)
    if platform in known:
        raise ConfigError(f"{path} 里已经有 [{platform}]，未改动；请直接修改文件")
    tables = ASKED[platform](Interview(args, console, environment, known))
    config = write(path, before + _toml(tables), environment)
    console.tell(next_steps(path, config, platform))
    return 0


def _before(path: Path, environment: Mapping[str, str]) -> str:
    """The file to add to, which must be a usable one. Raises ConfigError."""
    load(path, environment)
    return path.read_text("utf-8-sig").rstrip() + "\n\n"


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


def _may_replace(path: Path, console: Console) -> bool:
    return console.ask(f"{path} 已存在，覆盖吗？(y/N)", default="n").lower() in ("y", "yes", "是")


def _platform(args: argparse.Namespace, console: Console) -> str:
    if args.platform:
        return str(args.platform)
    question = "连接到哪里？1 企业微信自建应用  2 钉钉  3 企业微信智能机器人  4 只在本机浏览器里试用"
    while True:
        answer = console.ask(question, default="1")
        if answer in ("1", "2", "3", "4"):
            return PLATFORMS[int(answer) - 1]
        console.tell("  请输入 1 到 4。")


@dataclass(frozen=True)
class Interview:
    """Where answers come from: the command line first, then whoever sits there."""

    args: argparse.Namespace
    console: Console
    environment: Mapping[str, str]
    known: frozenset[str] = frozenset()
    """Tables that the file has already: nothing is asked for them."""

    def answer(self, question: Question, *, default: str = "") -> str:
        given: str = getattr(self.args, question.option.replace("-", "_"), "")
        if given:
            return _checked(question, given)
        while True:
            answer = self.console.ask(question.text, default=default, hidden=question.hidden)
            if (not answer and question.optional) or re.fullmatch(question.pattern, answer):
                return answer
            if isinstance(self.console, Unattended):
                option = "--secret-file" if question.hidden else f"--{question.option}"
                raise ConfigError(f"缺少 {option}：{question.text}")
            self.console.tell(f"  {question.complaint}，请再输入一次。")

    def secret(self, question: Question, section: str, key: str) -> Table:
        """The key with what was typed or stands in --secret-file; empty where the environment has it."""
        variable = f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()
        if self.environment.get(variable) or self.environment.get(f"{variable}_FILE"):
            return {}
        if self.args.secret_file is None:
            return {key: self.answer(question)}
        try:
            text: str = self.args.secret_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"--secret-file {self.args.secret_file} 读不出来") from error
        if not re.fullmatch(question.pattern, text):
            raise ConfigError(f"--secret-file {self.args.secret_file}：{question.complaint}")
        return {key: text}

    def optional(self, question: Question, key: str) -> Table:
        answer = self.answer(question)
        return {key: answer} if answer else {}

    def storage(self) -> dict[str, Table]:
        if "storage" in self.known:
            return {}
        return {"storage": {"database": self.answer(DATABASE, default="sqlite:///data/visitbot.db")}}

    def server(self, question: Question) -> dict[str, Table]:
        if "server" in self.known:
            return {}
        url = self.answer(question).rstrip("/")
        return {"server": {"public_url": url}} if url else {}


def _playground(interview: Interview) -> dict[str, Table]:
    return {**interview.storage(), "playground": {"enabled": True}}


def _wecom(interview: Interview) -> dict[str, Table]:
    wecom: Table = {
        "corp_id": interview.answer(CORP_ID),
        "agent_id": int(interview.answer(AGENT_ID)),
        **interview.secret(SECRET, "wecom", "secret"),
        "token": interview.answer(TOKEN, default=_random(32)),
        "encoding_aes_key": interview.answer(AES_KEY, default=random_aes_key()),
        **interview.optional(PROXY, "proxy"),
    }
    return {**interview.server(PUBLIC_URL), **interview.storage(), "wecom": wecom}


def _dingtalk(interview: Interview) -> dict[str, Table]:
    """Over Stream: it needs no address of ours, and most who start have none."""
    dingtalk: Table = {
        "client_id": interview.answer(CLIENT_ID),
        **interview.secret(CLIENT_SECRET, "dingtalk", "client_secret"),
        **interview.optional(CARD_TEMPLATE_ID, "card_template_id"),
        **interview.optional(PROXY, "proxy"),
    }
    return {**interview.server(TODO_URL), **interview.storage(), "dingtalk": dingtalk}


def _wecom_bot(interview: Interview) -> dict[str, Table]:
    bot: Table = {
        "bot_id": interview.answer(BOT_ID),
        **interview.secret(BOT_SECRET, "wecom_bot", "secret"),
        **interview.optional(PROXY, "proxy"),
    }
    return {**interview.storage(), "wecom_bot": bot}


ASKED: Mapping[str, Callable[[Interview], dict[str, Table]]] = {
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "wecom_bot": _wecom_bot,
    "playground": _playground,
}


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


def _toml(tables: Mapping[str, Table]) -> str:
    lines: list[str] = []
    for name, table in tables.items():
        # a JSON string, number or truth value is the same in TOML
        lines += [
            f"[{name}]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()),
            "",
        ]
    return "\n".join(lines)
