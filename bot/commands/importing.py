"""`visitbot import`: members, customers, payments, plans, behaviours or scripts from a file, all or nothing."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bot.commands import CommandFailed, add_config_option
from bot.commands.opening import database_for_writing
from bot.config import Config, load
from bot.enrolment import NoAdminStays, Outcome, TooManyLeave, store_customers, store_members
from bot.ledgers import (
    read_behaviours,
    read_payments,
    read_plans,
    store_behaviours,
    store_payments,
    store_plans,
)
from bot.roster import FaultyFile, Sheet, read_customers, read_members
from bot.script_files import STARTER, read_library
from bot.script_store import store_scripts
from bot.wiring import funnel, lead_rules
from storage.work import Work

WORDS = {
    "members": "人员",
    "customers": "客户",
    "payments": "应收款",
    "plans": "拜访计划",
    "behaviours": "线索行为",
    "scripts": "话术",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "import",
        help="read members, customers, payments, plans, behaviours or scripts from a file",
        description="Adds and changes, never deletes; the same file a second time changes nothing. Members: name, "
        "roles, manager, region, active (whether they still work here; docs/people.md), and a column for each "
        "platform's account (wecom_userid, wecom_bot_userid, dingtalk_userid; docs/channels.md). Customers: name, "
        "aliases, contacts, owner, industry, stage, grade, region, last_contact (without it silence counts from the "
        "import). Payments: 客户, 编号, 金额, 到期日, 回款日. "
        "Plans: 成员, 周 (any day of it), 计划拜访. Behaviours: 客户, 行为, 日期, 商机 where there are several. "
        "Sample files: bot/playground/sample. "
        "Scripts: CSV, XLSX or a folder of Markdown files (docs/scripts.md), or --starter for the one that is here.",
    )
    parser.add_argument("what", choices=tuple(WORDS))
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
    parser.add_argument(
        "--complete",
        action="store_true",
        help="members only: the file lists everybody; who is not in it has left",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="members only: go on even where more than a tenth of them would leave",
    )
    parser.add_argument(
        "--leads",
        action="store_true",
        help="customers: those who are new to their owner are new leads, to be called within hours",
    )
    parser.add_argument("--starter", action="store_true", help="scripts: the starter library instead of a file")
    parser.add_argument("--approve", action="store_true", help="scripts: drafts in the file are approved")
    add_config_option(parser)


def main(args: argparse.Namespace) -> int:
    if args.what != "members" and (args.complete or args.yes):
        raise CommandFailed("--complete and --yes are for members only")
    config = load(args.config)
    if args.leads and args.what != "customers":
        raise CommandFailed("--leads goes with customers")
    if args.what != "scripts" and (args.starter or args.approve):
        raise CommandFailed("--starter and --approve go with scripts")
    if args.starter == (args.file is not None):
        raise CommandFailed("name a file, or --starter instead of one")
    args.file = STARTER if args.starter else args.file
    try:
        return asyncio.run(_import(args, config))
    except FaultyFile as error:
        for fault in error.faults:
            print(f"{fault.file or args.file} 第 {fault.line} 行：{fault.text}", file=sys.stderr)
        print(f"共 {len(error.faults)} 处问题，没有写入任何内容。", file=sys.stderr)
        return 1
    except TooManyLeave as error:
        told = f"这份文件会让 {error.leaving} 人离职（在职共 {error.active} 人），超过十分之一，可能不完整。"
        print(f"{told}没有写入任何内容；确认无误请加 --yes。", file=sys.stderr)
        return 1
    except NoAdminStays:
        print("这份文件会让最后一位管理员离职，没有写入任何内容；确认无误请加 --yes。", file=sys.stderr)
        return 1


async def _import(args: argparse.Namespace, config: Config) -> int:
    read, store = _steps(args, config, source=f"import:{args.file.name}"[:200])
    sheet = read(args.file)
    async with database_for_writing(config) as database, database.work() as work:
        outcome = await store(work, sheet.rows)
    _tell(args.what, outcome, sheet.ignored_columns)
    return 0


def _steps(
    args: argparse.Namespace, config: Config, *, source: str
) -> tuple[Callable[[Path], Sheet[Any]], Callable[[Work, Sequence[Any]], Awaitable[Outcome]]]:
    """How such a file is read, and how its rows are stored."""
    match args.what:
        case "members":
            return _of_bytes(read_members), partial(store_members, source=source, complete=args.complete, sure=args.yes)
        case "payments":
            return _of_bytes(read_payments), partial(store_payments, source=source)
        case "plans":
            return _of_bytes(read_plans), partial(store_plans, source=source)
        case "behaviours":
            reads = partial(read_behaviours, rules=lead_rules(config))
            return _of_bytes(reads), partial(store_behaviours, source=source, zone=config.zone)
        case "scripts":
            return read_library, partial(store_scripts, source=source, approve=args.approve)
        case _:
            read = partial(read_customers, stages=funnel(config).names)
            return _of_bytes(read), partial(store_customers, source=source, zone=config.zone, leads=args.leads)


def _of_bytes(read: Callable[[bytes], Sheet[Any]]) -> Callable[[Path], Sheet[Any]]:
    return lambda file: read(file.read_bytes())


def _tell(what: str, outcome: Outcome, ignored_columns: tuple[str, ...]) -> None:
    print(f"{WORDS[what]}：新增 {outcome.added}，更新 {outcome.changed}，未变 {outcome.unchanged}。")
    if outcome.left:
        print(f"其中离职 {outcome.left} 人，账号已停用，记录都保留。")
    if outcome.still_gone:
        print(f"文件里有 {outcome.still_gone} 人已离职，没有恢复；要恢复请在“在职”一列填 是。")
    if outcome.owners_kept:
        print(f"{outcome.owners_kept} 家已在聊天里换了负责人，文件里的负责人和上次一样，没有改回去。")
    if outcome.stages_kept:
        print(f"{outcome.stages_kept} 家的商机已在聊天里推进过，文件里的阶段没有采用。")
    if ignored_columns:
        print(f"没有用到的列：{'、'.join(ignored_columns)}")
