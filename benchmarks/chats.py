"""How well chats with speaker roles, as they come from screenshots, become records: precision, recall, F1 per field.

    python benchmarks/chats.py [--frozen] [--show FIELD] [--json]

The chats are in tests/data/understanding/chats-dev.jsonl. Those marked `frozen` no rule was tuned on: they are scored
only with --frozen, reported apart, and never shown. What counts as the same value is said in
benchmarks/understanding.py; only the fields that the chats are labelled with are scored.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from understanding import (
    DATA,
    SAME,
    Report,
    Score,
    context_of,
    dates_and_amounts,
    expected_of,
    found_in,
    paired,
    read,
    table,
)

from nlp import dialogue
from nlp.draft import VisitDraft
from nlp.extract import extract, grounded
from nlp.screens import Message

CHATS = DATA / "chats-dev.jsonl"
FIELDS = ("customer", "contacts", "amounts", "demands", "next_steps", "signals")


def chats(*, frozen: bool) -> list[dict[str, Any]]:
    return [chat for chat in read(CHATS) if chat.get("frozen", False) is frozen]


def messages_of(chat: dict[str, Any]) -> list[Message]:
    return [
        Message(**{**each, "sent_at": datetime.fromisoformat(each["sent_at"]) if "sent_at" in each else None})
        for each in chat["messages"]
    ]


def written_of(chat: dict[str, Any]) -> dialogue.Written:
    return dialogue.written(messages_of(chat), chat["title"])


def draft_of(chat: dict[str, Any]) -> VisitDraft:
    chat = {**chat, "source": "wechat"}
    written = written_of(chat)
    return extract(written.text, replace(context_of(chat), moments=written.moments))


def score(examples: Sequence[dict[str, Any]], show: str | None = None) -> Report:
    report = Report({name: Score() for name in FIELDS})
    for chat in examples:
        draft, text = draft_of(chat), written_of(chat).text
        report.notes += 1
        report.ungrounded += not grounded(text, draft)
        found, expected = found_in(chat, draft), expected_of(chat)
        for name in FIELDS:
            surplus, missing = paired(found[name], expected[name], SAME[name])
            report.fields[name].add(len(found[name]) - len(surplus), len(found[name]), len(expected[name]))
            if name == show and (surplus or missing):
                report.misses.append(f"{chat['id']}: {text}\n    missing {missing}\n    surplus {surplus}")
        # the day of a chat is its last message's, and not labelled
        dates_and_amounts({**found, "visited_on": []}, expected, report.dates_and_amounts)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frozen", action="store_true", help="also score the chats that no rule was tuned on")
    parser.add_argument("--show", choices=FIELDS, help="what is missing and surplus in this field, development chats")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    development = score(chats(frozen=False), args.show)
    results = {"development": development.as_json()}
    if args.frozen:
        results["frozen"] = score(chats(frozen=True)).as_json()
    if args.json:
        print(json.dumps(results, ensure_ascii=False))
    else:
        print("\n\n".join([*development.misses, *(table(name, each) for name, each in results.items())]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
