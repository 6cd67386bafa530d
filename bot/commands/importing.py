"""`visitbot import`: members or customers from a CSV file, all or nothing."""

import argparse
import asyncio
import sys
from pathlib import Path

from bot.commands import CommandFailed, add_config_option
from bot.commands.opening import database_for_writing
from bot.config import Config, load
from bot.enrolment import NoAdminStays, Outcome, TooManyLeave, store_customers, store_members
from bot.roster import FaultyFile, read_customers, read_members
from nlp.lexicon import STAGES

WORDS = {"members": "人员", "customers": "客户"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "import",
        help="read members or customers from a CSV file",
        description="Adds and changes, never deletes; the same file a second time changes nothing. Members: name, "
        "roles, manager, region, active (whether they still work here; docs/people.md), and a column for each "
        "platform's account (wecom_userid, wecom_bot_userid, dingtalk_userid; docs/channels.md). Customers: name, "
        "aliases, contacts, owner, industry, stage. Sample files: bot/playground/sample.",
    )
    parser.add_argument("what", choices=tuple(WORDS))
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument(
        "--complete",
        action="store_true",
        help="members only: the file lists everybody; who is not in it has left",
    )
    parser.add_argument(
        "--yes", action="store_true", help="members only: go on even where more than a tenth of them would leave"
    )
    add_config_option(parser)


def main(args: argparse.Namespace) -> int:
    if args.what != "members" and (args.complete or args.yes):
        raise CommandFailed("--complete and --yes are for members only")
    config = load(args.config)
    data = args.file.read_bytes()
    try:
        return asyncio.run(_import(args, data, config))
    except FaultyFile as error:
        for fault in error.faults:
            print(f"{args.file} 第 {fault.line} 行：{fault.text}", file=sys.stderr)
        print(f"共 {len(error.faults)} 处问题，没有写入任何内容。", file=sys.stderr)
        return 1
    except TooManyLeave as error:
        told = f"这份文件会让 {error.leaving} 人离职（在职共 {error.active} 人），超过十分之一，可能不完整。"
        print(f"{told}没有写入任何内容；确认无误请加 --yes。", file=sys.stderr)
        return 1
    except NoAdminStays:
        print("这份文件会让最后一位管理员离职，没有写入任何内容；确认无误请加 --yes。", file=sys.stderr)
        return 1


async def _import(args: argparse.Namespace, data: bytes, config: Config) -> int:
    what, source = args.what, f"import:{args.file.name}"[:200]
    if what == "members":
        members = read_members(data)
        async with database_for_writing(config) as database, database.work() as work:
            outcome = await store_members(work, members.rows, source=source, complete=args.complete, sure=args.yes)
        _tell(what, outcome, members.ignored_columns)
    else:
        customers = read_customers(data, config.vocabulary.stages or STAGES)
        async with database_for_writing(config) as database, database.work() as work:
            outcome = await store_customers(work, customers.rows, source=source)
        _tell(what, outcome, customers.ignored_columns)
    return 0


def _tell(what: str, outcome: Outcome, ignored_columns: tuple[str, ...]) -> None:
    print(f"{WORDS[what]}：新增 {outcome.added}，更新 {outcome.changed}，未变 {outcome.unchanged}。")
    if outcome.left:
        print(f"其中离职 {outcome.left} 人，账号已停用，记录都保留。")
    if outcome.still_gone:
        print(f"文件里有 {outcome.still_gone} 人已离职，没有恢复；要恢复请在“在职”一列填 是。")
    if ignored_columns:
        print(f"没有用到的列：{'、'.join(ignored_columns)}")
