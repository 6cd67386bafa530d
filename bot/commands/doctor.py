"""`visitbot doctor`: look at everything that a running assistant needs, and say what to do about each fault."""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator

from bot.checkup import examine
from bot.commands import add_config_option
from bot.commands.table import padded, width
from bot.config import load
from bot.errors import ConfigError
from bot.platform import CheckResult
from bot.wiring import real_platforms
from storage.clock import SystemClock

NAME_COLUMNS = 28
NO_CONFIG = 2
"""The exit code of every command whose configuration cannot be used."""
CONFIG_ADVICE = "按冒号后面说的改正；每一项怎么写见 config.example.toml，还没有配置文件就先运行 visitbot init。"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "doctor",
        help="check the set-up and say what to do about each fault",
        description="Changes nothing. Exits with 1 when something is broken (✗); a warning (!) does not count.",
    )
    add_config_option(parser)


def main(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    try:
        config = load(args.config, os.environ)
    except ConfigError as error:
        print(line(CheckResult("配置文件", ok=False, detail=str(error), advice=CONFIG_ADVICE)))
        return NO_CONFIG
    clock = SystemClock()
    platforms = real_platforms(config, clock)
    try:
        return await report(examine(args.config, config, platforms, clock))
    finally:
        for platform in platforms:
            await platform.close()


async def report(results: AsyncIterator[CheckResult]) -> int:
    """Print each result as it comes; 1 when one of them is a fault."""
    faults = warnings = 0
    async for result in results:
        print(line(result), flush=True)
        faults += not result.ok
        warnings += result.ok and result.warning
    if faults:
        print(f"\n{faults} 项有问题" + (f"，{warnings} 项请留意" if warnings else "") + "。")
    else:
        print("\n都正常" + (f"，{warnings} 项请留意" if warnings else "") + "。")
    return 1 if faults else 0


def line(result: CheckResult) -> str:
    mark = "✗" if not result.ok else "!" if result.warning else "✓"
    name = padded(result.name, max(NAME_COLUMNS, width(result.name)))
    told = f" {mark} {name}  {result.detail}".rstrip()
    return told if not result.advice else f"{told}\n{'':>{NAME_COLUMNS + 5}}→ {result.advice}"
