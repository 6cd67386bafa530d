"""`visitbot import`: members or customers from a CSV file, all or nothing."""

import argparse
import asyncio
import sys
from pathlib import Path

from bot.commands import add_config_option
from bot.commands.opening import database_for_writing
from bot.config import Config, load
from bot.enrolment import Outcome, store_customers, store_members
from bot.roster import FaultyFile, read_customers, read_members
from nlp.lexicon import STAGES

WORDS = {"members": "人员", "customers": "客户"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "import",
        help="read members or customers from a CSV file",
        description="Adds and changes, never deletes; the same file a second time changes nothing. Members: name, "
        "roles, manager, and a column for each platform's account (wecom_userid, wecom_bot_userid, dingtalk_userid; "
        "docs/channels.md). Customers: name, aliases, contacts, owner, industry, stage. Sample files: "
        "bot/playground/sample.",
    )
    parser.add_argument("what", choices=tuple(WORDS))
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    add_config_option(parser)


def main(args: argparse.Namespace) -> int:
    config = load(args.config)
    data = args.file.read_bytes()
    try:
        return asyncio.run(_import(args.what, args.file.name, data, config))
    except FaultyFile as error:
        for fault in error.faults:
            print(f"{args.file} 第 {fault.line} 行：{fault.text}", file=sys.stderr)
        print(f"共 {len(error.faults)} 处问题，没有写入任何内容。", file=sys.stderr)
        return 1


async def _import(what: str, file_name: str, data: bytes, config: Config) -> int:
    source = f"import:{file_name}"[:200]
    if what == "members":
        members = read_members(data)
        async with database_for_writing(config) as database, database.work() as work:
            outcome = await store_members(work, members.rows, source=source)
        _tell(what, outcome, members.ignored_columns)
    else:
        customers = read_customers(data, config.vocabulary.stages or STAGES)
        async with database_for_writing(config) as database, database.work() as work:
            outcome = await store_customers(work, customers.rows, source=source)
        _tell(what, outcome, customers.ignored_columns)
    return 0


def _tell(what: str, outcome: Outcome, ignored_columns: tuple[str, ...]) -> None:
    print(f"{WORDS[what]}：新增 {outcome.added}，更新 {outcome.changed}，未变 {outcome.unchanged}。")
    if ignored_columns:
        print(f"没有用到的列：{'、'.join(ignored_columns)}")
