"""`visitbot try risk`: the risk signals and the encouraging ones in a text, as JSON. Needs no configuration.

Input is one JSON object, or with --jsonl one a line, each answered by one line in order:
`{"id", "text", "competitors": ["name", …]?}`. The answer is `{"id", "signals": [{"polarity", "category", "words",
"span"}]}`, with --explain each with the `phrase` of the lexicon (null where only the clause reader saw it) and the
`probability` that the reader gives it, and also `"suppressed"`: words that stand for a signal and are none here, with
the `guard` that took it away. Spans are `[start, end)` character offsets in the text as given. What
cannot be read is answered by `{"id", "error"}`.
"""

import argparse
from collections.abc import Iterable
from functools import partial
from typing import TextIO

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.commands import trial
from nlp import extract
from nlp.draft import ExtractionContext
from nlp.judge import Reason
from nlp.lexicon import default_vocabulary, merged


class Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: JsonValue = None
    text: str
    competitors: tuple[str, ...] = ()


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    parser = trial.new_parser(subparsers, "risk", summary="risk signals and encouraging ones", description=__doc__)
    parser.add_argument("--explain", action="store_true", help="also what only looks like a signal, and why it is none")
    parser.add_argument(
        "--competitor", action="append", default=[], metavar="NAME", help="a known competitor; may be repeated"
    )
    return parser


def main(args: argparse.Namespace) -> int:
    answer = partial(answered, explain=args.explain)
    return trial.main(args, answer, {"text": args.text, "competitors": args.competitor})


def run(lines_in: Iterable[str], lines_out: TextIO, *, explain: bool = False) -> int:
    return trial.run(lines_in, lines_out, partial(answered, explain=explain))


def answered(line: str, *, explain: bool = False) -> dict[str, JsonValue]:
    """The answer to one JSON object: `{"id", "signals"}`, perhaps with `suppressed`, or `{"id", "error"}`."""
    return trial.answered(line, Given, partial(_reply, explain=explain))


def _reply(given: Given, *, explain: bool) -> dict[str, JsonValue]:
    vocabulary = merged(default_vocabulary(), competitors=given.competitors)
    found = extract.explained(given.text, ExtractionContext(trial.moment(None), vocabulary))
    if not explain:
        return {"signals": [_as_json(reason) for reason in found.signals]}
    return {
        "signals": [{**_as_json(reason), **_why(reason)} for reason in found.signals],
        "suppressed": [{**_as_json(reason), "guard": reason.suppressed, **_why(reason)} for reason in found.none],
    }


def _as_json(reason: Reason) -> dict[str, JsonValue]:
    signal = reason.signal
    return {
        "polarity": signal.polarity,
        "category": signal.category,
        "words": signal.words,
        "span": trial.span(signal.span),
    }


def _why(reason: Reason) -> dict[str, JsonValue]:
    probability = None if reason.probability is None else round(reason.probability, 2)
    return {"phrase": reason.phrase, "probability": probability}
