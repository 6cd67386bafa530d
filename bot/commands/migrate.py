"""`visitbot migrate`: bring the tables to the version of this program; on PostgreSQL after each upgrade."""

import argparse
import asyncio

from bot.commands import add_config_option
from bot.commands.opening import database_to_migrate
from bot.config import load
from storage.errors import MigrationNeeded


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "migrate",
        help="bring the database to this version",
        description="Bring the tables to the version of this program. `visitbot serve` does it for SQLite.",
    )
    add_config_option(parser)


def main(args: argparse.Namespace) -> int:
    return asyncio.run(_migrate(args))


async def _migrate(args: argparse.Namespace) -> int:
    async with database_to_migrate(load(args.config)) as database:
        try:
            await database.check()
        except MigrationNeeded:
            await database.migrate()
            print("数据库已升级到当前版本。")
        else:
            print("数据库已是当前版本，无需改动。")
    return 0
