"""`visitbot`, or `python -m bot`: finds the subcommand, imports it, runs it.

Exit codes: 0 done · 1 it failed, as told in one line on standard error · 2 wrong use or configuration.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol, cast

from bot.errors import BotError, ConfigError
from nlp.errors import NlpError
from storage.errors import StorageError

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Command:
    module: str
    help: str


COMMANDS: Mapping[str, Command] = {
    "demo": Command("bot.commands.demo", "try it in the browser, with sample data, without an account"),
    "init": Command("bot.commands.init", "ask a few questions and write config.toml"),
    "doctor": Command("bot.commands.doctor", "check the set-up and say what to do about each fault"),
    "serve": Command("bot.commands.serve", "run the assistant"),
    "import": Command("bot.commands.importing", "read members, customers, payments or plans from a CSV file"),
    "export": Command("bot.commands.export", "write what is abnormal among records and deals to a file"),
    "invite": Command("bot.commands.invite", "make a code by which somebody links their account"),
    "calendar": Command("bot.commands.calendar", "which days are worked, the company's own marked"),
    "rules": Command("bot.commands.rules", "what the assistant does by itself, and what it found"),
    "jobs": Command("bot.commands.jobs", "look at what waits or failed, and repeat it"),
    "migrate": Command("bot.commands.migrate", "bring the database to this version"),
}
TRIALS: Mapping[str, Command] = {
    "note": Command("bot.commands.try_note", "what a note says, as JSON"),
    "risk": Command("bot.commands.try_risk", "the risk and positive signals of a text, as JSON"),
    "time": Command("bot.commands.try_time", "the times that a text names, as JSON"),
    "money": Command("bot.commands.try_money", "the amounts that a text names, as JSON"),
    "screenshot": Command("bot.commands.try_screenshot", "what pictures of chats and quotations say, as JSON"),
    "script": Command("bot.commands.try_script", "the scripts that answer a question, as JSON"),
    "audio": Command("bot.commands.try_audio", "what is said in audio files, as JSON"),
}


class CommandModule(Protocol):
    def add_parser(self, subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> object: ...

    def main(self, args: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    _write_any_language()
    words = list(sys.argv[1:] if argv is None else argv)
    names = [word for word in words if not word.startswith("-")]
    parser, module = _parser(names)
    args = parser.parse_args(words)
    if args.command == "version":
        print(version("visitbot"))
        return DONE
    if module is None:
        parser.print_help(sys.stderr)
        return WRONG_USE
    try:
        return module.main(args)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); without this the interpreter complains when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except ConfigError as error:
        return _told(error, WRONG_USE)
    except (BotError, NlpError, StorageError, OSError) as error:
        return _told(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _write_any_language() -> None:
    """Where the terminal has no Chinese, show the characters' numbers rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser(names: Sequence[str]) -> tuple[argparse.ArgumentParser, CommandModule | None]:
    """A parser with the subcommand in `names` complete and one line of help for each other; and that one's module."""
    parser = argparse.ArgumentParser(
        prog="visitbot", description="拜访助手: a voice note becomes a confirmed visit record, in the chat people use."
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    module = _mount(subparsers, COMMANDS, names[:1])
    trial = subparsers.add_parser("try", help="see what is understood: notes, signals, times, money, recordings")
    if names[:1] == ["try"]:
        module = _mount(trial.add_subparsers(metavar="WHAT", required=True), TRIALS, names[1:2])
    subparsers.add_parser("version", help="print the version")
    return parser, module


def _mount(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
    commands: Mapping[str, Command],
    chosen: Sequence[str],
) -> CommandModule | None:
    module = None
    for name, command in commands.items():
        if [name] == list(chosen):
            module = cast("CommandModule", importlib.import_module(command.module))
            module.add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=command.help)
    return module


def _told(error: Exception, code: int) -> int:
    line = " ".join(str(error).split()) or type(error).__name__
    print(f"visitbot: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
