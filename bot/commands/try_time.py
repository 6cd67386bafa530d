"""`visitbot try time`: when a note speaks of, as JSON. Needs neither a database nor a configuration.

Input is one JSON object, or with --jsonl one a line, each answered by one line in order: `{"id", "text", "sent_at"}`.
The answer is `{"id", "times": [{"kind", "start", "end", "time_of_day", "span", "words", "due", "ambiguous"}]}`, in the
order of the text:

- `kind` is point, deadline, range, after or past;
- `start` and `end` are its first and last moment, ISO 8601 with offset, in China's time; a deadline has no start, an
  `after` no end (null);
- `time_of_day` is as a person would write it (14:00, 上午, 下班前, 09:00-11:00), null where only days are named;
- `span` is `[start, end)` in characters of the text as given, `words` what stands there;
- `due` is the day to hold somebody to, YYYY-MM-DD, null for the past, for `after` and for what is ambiguous;
- `ambiguous` says that the words have a second reading that is as good.

What cannot be read is answered by `{"id", "error"}`.
"""

import argparse
from collections.abc import Iterable
from datetime import datetime
from typing import TextIO

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from bot.commands import trial
from bot.commands.trial import ZONE, span
from nlp import dates
from nlp.dates import TimeMention


class Words(BaseModel):
    """`sent_at` without an offset is in China's time; without it at all the words were sent now."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: JsonValue = None
    text: str
    sent_at: AwareDatetime | datetime | None = None


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    parser = trial.new_parser(subparsers, "time", summary="when a note speaks of, as JSON", description=__doc__)
    parser.add_argument("--sent-at", metavar="MOMENT", help="when it was sent, ISO 8601 (with --text; default: now)")
    return parser


def main(args: argparse.Namespace) -> int:
    return trial.main(args, answered, {"text": args.text, "sent_at": args.sent_at})


def run(lines_in: Iterable[str], lines_out: TextIO) -> int:
    return trial.run(lines_in, lines_out, answered)


def answered(line: str) -> dict[str, JsonValue]:
    """The answer to one JSON object: `{"id", "times"}` or `{"id", "error"}`."""
    return trial.answered(line, Words, _times)


def _times(given: Words) -> dict[str, JsonValue]:
    found = dates.find(given.text, trial.moment(given.sent_at), ZONE)
    return {"times": [as_json(each, given.text) for each in found]}


def as_json(mention: TimeMention, text: str) -> dict[str, JsonValue]:
    return {
        "kind": mention.kind,
        "start": mention.start.isoformat() if mention.start else None,
        "end": mention.end.isoformat() if mention.end else None,
        "time_of_day": mention.time_of_day,
        "span": span(mention.span),
        "words": mention.span.of(text),
        "due": mention.due.isoformat() if mention.due else None,
        "ambiguous": mention.ambiguous,
    }
