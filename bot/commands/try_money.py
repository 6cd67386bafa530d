"""`visitbot try money`: the money, percentages and quantities of a text, as JSON. Needs neither a database nor a
configuration.

Input is one JSON object, or with --jsonl one a line, each answered by one line in order: `{"id", "text"}` gives
`{"id", "amounts": [{low, high, unit, bound, role, span, words}], "withdrawn": [the same],
"percents": [{value, kind, span, words}], "quantities": [{low, high, unit, span, words}]}`.
Money is in yuan, an open side is null, spans are `[start, end)` character offsets in the text as given. What cannot be
read is answered by `{"id", "error"}`.
"""

import argparse
from collections.abc import Iterable
from decimal import Decimal
from typing import TextIO

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.commands import trial
from bot.commands.trial import span, yuan
from nlp import money
from nlp.draft import Amount


class Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: JsonValue = None
    text: str


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    return trial.new_parser(
        subparsers, "money", summary="the money, percentages and quantities of a text, as JSON", description=__doc__
    )


def main(args: argparse.Namespace) -> int:
    return trial.main(args, answered, {"text": args.text})


def run(lines_in: Iterable[str], lines_out: TextIO) -> int:
    return trial.run(lines_in, lines_out, answered)


def answered(line: str) -> dict[str, JsonValue]:
    """The answer to one JSON object."""
    return trial.answered(line, Words, lambda given: as_json(given.text))


def as_json(text: str) -> dict[str, JsonValue]:
    reading = money.read(text)
    return {
        "amounts": [_amount(text, each) for each in reading.amounts],
        "withdrawn": [_amount(text, each) for each in reading.withdrawn],
        "percents": [
            {"value": each.value, "kind": each.kind, "span": span(each.span), "words": each.span.of(text)}
            for each in reading.percents
        ],
        "quantities": [
            {
                "low": _number(each.low),
                "high": _number(each.high),
                "unit": each.unit,
                "span": span(each.span),
                "words": each.span.of(text),
            }
            for each in reading.quantities
        ],
    }


def _amount(text: str, amount: Amount) -> dict[str, JsonValue]:
    return {
        "low": yuan(amount.low_fen),
        "high": yuan(amount.high_fen),
        "unit": amount.unit,
        "bound": amount.bound,
        "role": amount.role,
        "span": span(amount.span),
        "words": amount.span.of(text),
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
