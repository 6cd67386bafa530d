"""What `visitbot` can be told to do: a module for each subcommand, with `add_parser(subparsers)` and `main(args)`.

A module is imported when its subcommand is asked for, and only then: `visitbot --help` starts at once.
"""

import argparse
import os
from pathlib import Path

from bot.errors import BotError


def add_config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("VISITBOT_CONFIG", "config.toml")),
        metavar="FILE",
        help="configuration (default: $VISITBOT_CONFIG, or else config.toml in this folder)",
    )


class CommandFailed(BotError):
    """What a command was asked to do could not be done; the message is shown as it is."""
