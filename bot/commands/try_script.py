"""`visitbot try script`: the scripts of a library that answer a question, as JSON. Needs no configuration.

Input is one JSON object, or with --jsonl one a line, each answered by one line in order: `{"id", "question"}`. The
answer is `{"id", "results": [{"id", "title", "score"}], "answered"}`, best first; `answered` is false where nothing
fits: the results are then only the nearest. What cannot be read is answered by `{"id", "error"}`, which names the line.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.commands import trial
from bot.roster import FaultyFile
from bot.script_files import STARTER, read_scripts
from nlp.scripts import ScriptIndex


class Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: JsonValue = None
    question: str


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    parser = trial.new_parser(subparsers, "script", summary="the scripts that answer a question", description=__doc__)
    parser.add_argument(
        "--library",
        type=Path,
        default=STARTER,
        metavar="PATH",
        help="a CSV or XLSX file, or a folder of Markdown files; default: the starter library",
    )
    return parser


def main(args: argparse.Namespace) -> int:
    try:
        scripts = read_scripts(args.library)
    except FaultyFile as error:
        print(f"{args.library}: {error}", file=sys.stderr)
        return trial.FAILED
    except OSError as error:
        print(f"{args.library}: {error.strerror}", file=sys.stderr)
        return trial.FAILED
    if not scripts:
        print(f"{args.library}: 里面没有话术", file=sys.stderr)
        return trial.FAILED
    return trial.main(args, partial(answered, index=ScriptIndex(scripts)), {"question": args.text})


def answered(line: str, *, index: ScriptIndex) -> dict[str, JsonValue]:
    return trial.answered(line, Given, partial(_reply, index=index))


def _reply(given: Given, *, index: ScriptIndex) -> dict[str, JsonValue]:
    found = index.search(given.question)
    return {
        "results": [{"id": hit.script_id, "title": hit.title, "score": hit.score} for hit in found.hits],
        "answered": found.answered,
    }
