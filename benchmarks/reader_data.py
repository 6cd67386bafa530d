"""Which files the clause reader is trained on, and their fingerprint."""

import hashlib
from pathlib import Path

DATA = Path(__file__).parent.parent / "tests" / "data" / "understanding"


def clause_files() -> list[Path]:
    return sorted((DATA / "clauses").glob("*.txt"))


def note_files() -> list[Path]:
    return sorted(DATA.glob("notes-?-dev.jsonl"))


def fingerprint() -> str:
    """Of the data learned from; `reader.npz` keeps it, so that a test can say when it is out of date."""
    paths = [*clause_files(), *note_files(), DATA / "risk-dev.jsonl"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
