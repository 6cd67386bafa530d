"""`visitbot rules`: what the assistant does by itself, under which thresholds, and what that found."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

from bot import wiring
from bot.commands import add_config_option
from bot.commands.opening import database_beside_server
from bot.commands.table import Column, table
from bot.config import Config, load
from handlers import rule_listing
from handlers.rule_listing import Row

COLUMNS = (
    Column("规则"),
    Column("[rules]"),
    Column("开关"),
    Column("条件"),
    Column("做什么"),
    Column("告诉谁"),
    Column("上次运行"),
    Column("近 30 天", right=True),
)
NEVER, ALWAYS = "—", "随时"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "rules",
        help="what the assistant does by itself, and what it found",
        description="Every rule with its switch and thresholds ([rules] in config.toml), what it does, whom it tells, "
        "when it last ran and how often it found something in the last 30 days.",
    )
    parser.add_argument("--json", action="store_true", help="the same for programs")
    add_config_option(parser)


def main(args: argparse.Namespace) -> int:
    config = load(args.config)
    rows = asyncio.run(_rows(config))
    print(_as_json(rows) if args.json else _as_table(rows, config.zone))
    return 0


async def _rows(config: Config) -> Sequence[Row]:
    async with database_beside_server(config) as database, database.reading() as work:
        return await rule_listing.rows(work, wiring.rule_book(config.rules), work.now.astimezone(config.zone))


def _as_table(rows: Sequence[Row], zone: ZoneInfo) -> str:
    return table(COLUMNS, [_cells(row, zone) for row in rows])


def _cells(row: Row, zone: ZoneInfo) -> tuple[str, ...]:
    last_run = f"{row.last_run.astimezone(zone):%m-%d %H:%M}" if row.last_run else NEVER
    return (
        row.name,
        row.key,
        "开" if row.on else "关",
        row.limits,
        row.does,
        row.tells,
        last_run if row.daily else ALWAYS,
        str(row.found),
    )


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2, default=lambda at: at.isoformat())
