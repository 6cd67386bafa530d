"""`visitbot try note`: what a note says, as JSON. Needs neither a database nor a configuration.

Input is one JSON object, or with --jsonl one a line, each answered by one line in order:
`{"id", "text", "sent_at", "source": "voice|wechat|text"?, "customers": [{"name", "aliases"?, "contacts"?}]?}`.
Spans are `[start, end)` character offsets in the text as given, amounts are in yuan, days YYYY-MM-DD. What cannot be
read is answered by `{"id", "error"}`.
"""

import argparse
from collections.abc import Iterable
from datetime import datetime
from typing import TextIO

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from bot.commands import trial
from bot.commands.trial import ZONE, span, yuan
from nlp.draft import Amount, CustomerEntry, ExtractionContext, Source, VisitDraft
from nlp.extract import extract
from nlp.lexicon import default_vocabulary


class Customer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    aliases: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


class Note(BaseModel):
    """`sent_at` without an offset is in China's time; without it at all the note was sent now."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: JsonValue = None
    text: str
    sent_at: AwareDatetime | datetime | None = None
    source: Source = "text"
    customers: tuple[Customer, ...] = ()


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    parser = trial.new_parser(subparsers, "note", summary="what a note says, as JSON", description=__doc__)
    parser.add_argument("--sent-at", metavar="MOMENT", help="when it was sent, ISO 8601 (with --text; default: now)")
    parser.add_argument("--source", choices=("voice", "wechat", "text"), default="text", help="with --text")
    parser.add_argument(
        "--customer", action="append", default=[], metavar="NAME", help="a known customer; may be repeated"
    )
    return parser


def main(args: argparse.Namespace) -> int:
    customers: list[JsonValue] = [{"name": name} for name in args.customer]
    given = {"text": args.text, "sent_at": args.sent_at, "source": args.source, "customers": customers}
    return trial.main(args, answered, given)


def run(lines_in: Iterable[str], lines_out: TextIO) -> int:
    return trial.run(lines_in, lines_out, answered)


def answered(line: str) -> dict[str, JsonValue]:
    """The answer to one JSON object: `{"id", "draft"}` or `{"id", "error"}`."""
    return trial.answered(line, Note, lambda note: {"draft": as_json(extract(note.text, _context(note)))})


def _context(note: Note) -> ExtractionContext:
    customers = tuple(CustomerEntry(each.name, each.aliases, each.contacts) for each in note.customers)
    return ExtractionContext(trial.moment(note.sent_at), default_vocabulary(), ZONE, note.source, customers)


def as_json(draft: VisitDraft) -> dict[str, JsonValue]:
    """The draft as documented: every key present, empty fields null or []."""
    customer, stage = draft.customer, draft.stage
    return {
        "customer": {
            "value": customer.value,
            "span": span(customer.span),
            "status": customer.status,
            "candidates": [
                {"name": each.name, "score": each.score, "reason": each.reason} for each in customer.candidates
            ],
        }
        if customer
        else None,
        "others": [{"value": each.value, "span": span(each.span), "status": each.status} for each in draft.others],
        "visited_on": draft.visited_on.isoformat(),
        "visited_span": span(draft.visited_span) if draft.visited_span else None,
        "visited_time": draft.visited_time.strftime("%H:%M") if draft.visited_time else None,
        "place": {"name": draft.place.name, "span": span(draft.place.span)} if draft.place else None,
        "contacts": [
            {"name": each.name, "title": each.title, "department": each.department, "span": span(each.span)}
            for each in draft.contacts
        ],
        "stage": {"value": stage.value, "span": span(stage.span)} if stage else None,
        "amounts": [_amount(each) for each in draft.amounts],
        "withdrawn": [_amount(each) for each in draft.withdrawn],
        "percents": [{"value": each.value, "kind": each.kind, "span": span(each.span)} for each in draft.percents],
        "quantities": [
            {"low": float(each.low), "high": float(each.high), "unit": each.unit, "span": span(each.span)}
            for each in draft.quantities
        ],
        "competitors": [{"name": each.name, "span": span(each.span)} for each in draft.competitors],
        "pain_points": [{"category": each.category, "span": span(each.span)} for each in draft.pain_points],
        "objections": [
            {"category": each.category, "percent": each.percent, "span": span(each.span)} for each in draft.objections
        ],
        "demands": [
            {"what": each.what, "due": each.due.isoformat() if each.due else None, "span": span(each.span)}
            for each in draft.demands
        ],
        "next_steps": [
            {
                "owner": each.owner,
                "action": each.action,
                "due": each.due.isoformat() if each.due else None,
                "span": span(each.span),
            }
            for each in draft.next_steps
        ],
        "signals": [
            {"polarity": each.polarity, "category": each.category, "words": each.words, "span": span(each.span)}
            for each in draft.signals
        ],
        "attitude": draft.attitude,
        "vague": [{"words": each.words, "question": each.question, "span": span(each.span)} for each in draft.vague],
        "missing": list(draft.missing),
        "summary": draft.summary,
    }


def _amount(amount: Amount) -> JsonValue:
    return {
        "role": amount.role,
        "low": yuan(amount.low_fen),
        "high": yuan(amount.high_fen),
        "unit": amount.unit,
        "bound": amount.bound,
        "span": span(amount.span),
    }
