"""Rewordings of the starter library's scripts, honest and dishonest, as tests/data/adapted keeps them.

One a line: the script, the values of its placeholders, facts of the record, and the new text with what each sentence
rests on behind it in brackets; dishonest ones also say how they lie.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.script_files import STARTER
from nlp import script_words
from nlp.adapted import Fact, Passage, Rewrite, Sentence

DATA = Path(__file__).parent / "data" / "adapted"
_TAGGED = re.compile(r"(.+?)\[([0-9F,]*)\]")


@dataclass(frozen=True)
class Case:
    passage: Passage
    facts: tuple[Fact, ...]
    rewrite: Rewrite
    lie: str = ""


@cache
def bodies() -> Mapping[str, str]:
    with STARTER.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["body"] for row in csv.DictReader(file)}


def cases(name: str) -> list[Case]:
    lines = (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines]


def _case(line: Mapping[str, object]) -> Case:
    code, values, facts = str(line["script"]), line["values"], line["facts"]
    assert isinstance(values, dict)
    assert isinstance(facts, list)
    return Case(
        Passage(code, script_words.filled(str(line["body"]) if "body" in line else bodies()[code], values)),
        tuple(Fact(kind, words) for kind, words in facts),
        Rewrite(code, sentences(str(line["text"]))),
        str(line.get("lie", "")),
    )


def sentences(tagged: str) -> Sequence[Sentence]:
    return tuple(Sentence(text, tuple(filter(None, sources.split(",")))) for text, sources in _TAGGED.findall(tagged))
