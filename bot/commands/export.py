"""`visitbot export`: what is abnormal among everybody's records and deals, as a CSV or XLSX file."""

import argparse
import asyncio
import os
import sys
from datetime import date
from pathlib import Path

from bot import sheets, wiring
from bot.commands import CommandFailed, add_config_option
from bot.commands.opening import database_beside_server
from bot.config import Config, load
from handlers import abnormal_table
from handlers import abnormal_texts as texts
from handlers.abnormal_table import Table

SUFFIXES = (".csv", ".xlsx")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "export",
        help="write what is abnormal among records and deals to a CSV or XLSX file",
        description="异常清单 of everybody who works here: visits from a day on, and deals that go on. The file holds "
        "customers' names and what was said of them; only you can read it.",
    )
    parser.add_argument("what", choices=("abnormal",))
    parser.add_argument("--since", type=_day, required=True, metavar="DAY", help="the first day of visits: 2026-11-01")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to: .csv or .xlsx")
    add_config_option(parser)


def _day(words: str) -> date:
    return date.fromisoformat(words)


def main(args: argparse.Namespace) -> int:
    if args.out.suffix.lower() not in SUFFIXES:
        raise CommandFailed(f"{args.out}: name a file that ends in .csv or .xlsx")
    table = asyncio.run(_made(load(args.config), args.since))
    if args.out.suffix.lower() == ".csv":
        data = sheets.as_csv(texts.COLUMNS, table.rows)
    else:
        data = sheets.as_xlsx(texts.SHEET, texts.COLUMNS, table.rows)
    _write(args.out, data)
    complete = table.complete
    percent = f"，完整率 {complete.percent}%（{complete.filled}/{complete.required}）" if complete.required else ""
    print(f"{args.out}：{complete.records} 条记录，异常 {len(table.rows) - table.is_cut} 条{percent}")
    if table.is_cut:
        print(table.rows[-1][0], file=sys.stderr)
    return 0


async def _made(config: Config, since: date) -> Table:
    settings = wiring.settings(config)
    async with database_beside_server(config) as database:
        async with database.reading() as work:
            members = [member.member_id for member in await work.members.all() if member.active]
        return await abnormal_table.made(database, settings, members, since=since)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, for its owner's eyes alone."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)
