"""`visitbot jobs`: what waits, what failed, and trying it again."""

import argparse
import asyncio
import json
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

from bot.commands import CommandFailed, add_config_option
from bot.commands.opening import database_beside_server
from bot.commands.table import Column, table
from bot.config import load
from storage.database import Database
from storage.jobs import JobRecord, State

ALL = 100_000
COLUMNS = (
    Column("id", right=True),
    Column("queue"),
    Column("kind"),
    Column("state"),
    Column("lane"),
    Column("due"),
    Column("tries", right=True),
    Column("error", width=60),
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser("jobs", help="look at what waits or failed, and repeat it")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="the newest jobs, without a word of what people said")
    listing.add_argument("--state", choices=get_args(State), help="only those in this state (parked: given up for now)")
    listing.add_argument("--limit", type=int, default=30, help="how many (default: 30)")

    show = actions.add_parser("show", help="all about one job")
    show.add_argument("job_id", type=int, metavar="ID")
    show.add_argument("--payload", action="store_true", help="also its content: what a person wrote may stand in it")

    retry = actions.add_parser("retry", help="try parked jobs again")
    retry.add_argument("job_ids", type=int, nargs="*", metavar="ID")
    retry.add_argument("--all", action="store_true", dest="all_parked", help="all that are parked")

    for action in (listing, show, retry):
        add_config_option(action)


def main(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    config = load(args.config)
    async with database_beside_server(config) as database:
        match args.action:
            case "list":
                return await _list(database, args, config.zone)
            case "show":
                return await _show(database, args, config.zone)
            case _:
                return await _retry(database, args)


async def _list(database: Database, args: argparse.Namespace, zone: ZoneInfo) -> int:
    async with database.reading() as work:
        records = await work.jobs.listing(args.state, limit=args.limit)
    if records:
        print(table(COLUMNS, [_cells(record, zone) for record in records]))
    else:
        print("no jobs" if args.state is None else f"no job is {args.state}")
    return 0


async def _show(database: Database, args: argparse.Namespace, zone: ZoneInfo) -> int:
    async with database.reading() as work:
        record = await work.jobs.show(args.job_id)
    if record is None:
        raise CommandFailed(f"no job {args.job_id}")
    facts: list[tuple[str, object]] = [
        ("id", record.id),
        ("queue", record.queue),
        ("kind", record.kind),
        ("state", record.state),
        ("lane", record.lane),
        ("dedupe", record.dedupe),
        ("tries", record.attempts),
        ("created", _moment(record.created_at, zone)),
        ("due", _moment(record.run_at, zone)),
        ("lease until", _moment(record.lease_until, zone)),
        ("ended", _moment(record.ended_at, zone)),
        ("error", record.error),
    ]
    for name, value in facts:
        if value not in (None, ""):
            print(f"{name:<12}{value}")
    if args.payload:
        print(json.dumps(record.payload, ensure_ascii=False, indent=2))
    return 0


async def _retry(database: Database, args: argparse.Namespace) -> int:
    if bool(args.job_ids) == args.all_parked:
        raise CommandFailed("which ones? their ids, or --all")
    async with database.work() as work:
        parked = await work.jobs.listing("parked", limit=ALL) if args.all_parked else []
        ids = sorted(set(args.job_ids)) or sorted(record.id for record in parked)
        for job_id in ids:
            await work.jobs.replay(job_id)
    print(f"{len(ids)} to be tried again" + (f": {', '.join(map(str, ids))}" if ids else ""))
    return 0


def _cells(record: JobRecord, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        str(record.id),
        record.queue,
        record.kind,
        record.state,
        record.lane or "",
        _moment(record.run_at, zone),
        str(record.attempts),
        record.error or "",
    )


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).strftime("%m-%d %H:%M:%S")
