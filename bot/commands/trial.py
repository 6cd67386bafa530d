"""What the `visitbot try` commands share: one JSON object in, one out; with --jsonl one a line, in order."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TextIO, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, JsonValue, ValidationError

from nlp.draft import Span

DONE, FAILED = 0, 1
ZONE = ZoneInfo("Asia/Shanghai")

Given = TypeVar("Given", bound=BaseModel)
Answer = Callable[[str], dict[str, JsonValue]]
"""The answer to one JSON object; a refusal has the key `error`."""


def new_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    *,
    summary: str,
    description: str | None,
) -> argparse.ArgumentParser:
    """With --jsonl and --text; a command adds what else it takes."""
    parser = subparsers.add_parser(name, help=summary, description=description)
    parser.add_argument(
        "--jsonl", action="store_true", help="one JSON object a line on standard input, one result a line"
    )
    parser.add_argument("--text", metavar="TEXT", help="the words themselves, instead of JSON on standard input")
    return parser


def main(args: argparse.Namespace, answer: Answer, given: dict[str, JsonValue]) -> int:
    """Answer `given`, or what stands on standard input where --text is missing."""
    if args.jsonl:
        return run(sys.stdin, sys.stdout, answer)
    found = answer(json.dumps(given) if args.text is not None else sys.stdin.read())
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return FAILED if "error" in found else DONE


def run(lines_in: Iterable[str], lines_out: TextIO, answer: Answer) -> int:
    """Answer each line that is not blank by one line, in order; an error says which it was. The result is 0, whatever
    the lines hold."""
    for number, line in enumerate(lines_in, 1):
        if line.strip():
            found = answer(line)
            if "error" in found:
                found["error"] = f"line {number}: {found['error']}"
            lines_out.write(json.dumps(found, ensure_ascii=False) + "\n")
            lines_out.flush()
    return DONE


def answered(line: str, kind: type[Given], reply: Callable[[Given], dict[str, JsonValue]]) -> dict[str, JsonValue]:
    """The object's `id` with what `reply` makes of it, or with `error`."""
    try:
        raw = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return {"id": None, "error": f"not JSON: {error}"}
    given_id = raw.get("id") if isinstance(raw, dict) else None
    try:
        given = kind.model_validate(raw)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc'])) or 'input'}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        )
        return {"id": given_id, "error": "; ".join(faults)}
    return {"id": given_id, **reply(given)}


def moment(sent_at: datetime | None) -> datetime:
    """`sent_at`, in China's time where it has no offset; now where there is none."""
    if sent_at is None:
        return datetime.now(UTC)
    return sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=ZONE)


def span(span: Span) -> list[JsonValue]:
    return [span.start, span.end]


def yuan(amount_fen: int | None) -> int | float | None:
    if amount_fen is None:
        return None
    return amount_fen // 100 if amount_fen % 100 == 0 else amount_fen / 100
