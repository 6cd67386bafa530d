"""`visitbot try note`: what a note says, as JSON. Needs neither a database nor a configuration.

Input is one JSON object, or with --jsonl one a line, each answered by one line in order:
`{"id", "text", "sent_at", "source": "voice|wechat|text"?, "customers": [{"name", "aliases"?, "contacts"?}]?}`.
Spans are `[start, end)` character offsets in the text as given, amounts are in yuan, days YYYY-MM-DD. What cannot be
read is answered by `{"id", "error"}`.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue, ValidationError

from nlp.draft import CustomerEntry, ExtractionContext, Source, Span, VisitDraft
from nlp.extract import extract
from nlp.lexicon import default_vocabulary

DONE, FAILED = 0, 1
ZONE = "Asia/Shanghai"


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
    parser = subparsers.add_parser("note", help="what a note says, as JSON", description=__doc__)
    parser.add_argument(
        "--jsonl", action="store_true", help="one JSON object a line on standard input, one result a line"
    )
    parser.add_argument("--text", metavar="TEXT", help="the note itself, instead of JSON on standard input")
    parser.add_argument("--sent-at", metavar="MOMENT", help="when it was sent, ISO 8601 (with --text; default: now)")
    parser.add_argument("--source", choices=("voice", "wechat", "text"), default="text", help="with --text")
    parser.add_argument(
        "--customer", action="append", default=[], metavar="NAME", help="a known customer; may be repeated"
    )
    return parser


def main(args: argparse.Namespace) -> int:
    if args.jsonl:
        return run(sys.stdin, sys.stdout)
    if args.text is not None:
        given = {"text": args.text, "sent_at": args.sent_at, "source": args.source}
        line = json.dumps({**given, "customers": [{"name": name} for name in args.customer]})
    else:
        line = sys.stdin.read()
    answer = answered(line)
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    return FAILED if "error" in answer else DONE


def run(lines_in: Iterable[str], lines_out: TextIO) -> int:
    """Answer each line that is not blank by one line, in order. The result is 0, whatever the lines hold."""
    for line in lines_in:
        if line.strip():
            lines_out.write(json.dumps(answered(line), ensure_ascii=False) + "\n")
            lines_out.flush()
    return DONE


def answered(line: str) -> dict[str, JsonValue]:
    """The answer to one JSON object: `{"id", "draft"}` or `{"id", "error"}`."""
    try:
        given = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return {"id": None, "error": f"not JSON: {error}"}
    note_id = given.get("id") if isinstance(given, dict) else None
    try:
        note = Note.model_validate(given)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc'])) or 'input'}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        )
        return {"id": note_id, "error": "; ".join(faults)}
    return {"id": note.id, "draft": as_json(extract(note.text, _context(note)))}


def _context(note: Note) -> ExtractionContext:
    zone = ZoneInfo(ZONE)
    sent_at = note.sent_at or datetime.now(UTC)
    if sent_at.tzinfo is None:
        sent_at = sent_at.replace(tzinfo=zone)
    customers = tuple(CustomerEntry(each.name, each.aliases, each.contacts) for each in note.customers)
    return ExtractionContext(sent_at, default_vocabulary(), zone, note.source, customers)


def as_json(draft: VisitDraft) -> dict[str, JsonValue]:
    """The draft as documented: every key present, empty fields null or []."""
    customer, stage = draft.customer, draft.stage
    return {
        "customer": {
            "value": customer.value,
            "span": _span(customer.span),
            "status": customer.status,
            "candidates": [
                {"name": each.name, "score": each.score, "reason": each.reason} for each in customer.candidates
            ],
        }
        if customer
        else None,
        "visited_on": draft.visited_on.isoformat(),
        "contacts": [
            {"name": each.name, "title": each.title, "department": each.department, "span": _span(each.span)}
            for each in draft.contacts
        ],
        "stage": {"value": stage.value, "span": _span(stage.span)} if stage else None,
        "amounts": [
            {
                "role": each.role,
                "low": _yuan(each.low_fen),
                "high": _yuan(each.high_fen),
                "unit": each.unit,
                "span": _span(each.span),
            }
            for each in draft.amounts
        ],
        "percents": [{"value": each.value, "span": _span(each.span)} for each in draft.percents],
        "competitors": [{"name": each.name, "span": _span(each.span)} for each in draft.competitors],
        "pain_points": [{"category": each.category, "span": _span(each.span)} for each in draft.pain_points],
        "objections": [{"category": each.category, "span": _span(each.span)} for each in draft.objections],
        "next_steps": [
            {
                "owner": each.owner,
                "action": each.action,
                "due": each.due.isoformat() if each.due else None,
                "span": _span(each.span),
            }
            for each in draft.next_steps
        ],
        "signals": [
            {"polarity": each.polarity, "category": each.category, "words": each.words, "span": _span(each.span)}
            for each in draft.signals
        ],
        "attitude": draft.attitude,
        "summary": draft.summary,
    }


def _span(span: Span) -> list[JsonValue]:
    return [span.start, span.end]


def _yuan(amount_fen: int | None) -> int | float | None:
    if amount_fen is None:
        return None
    return amount_fen // 100 if amount_fen % 100 == 0 else amount_fen / 100
