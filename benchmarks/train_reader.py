"""Train the clause reader (`nlp/reader.npz`) on the labelled notes, or say how well it would read unseen ones.

    pip install -e '.[train]'
    python benchmarks/train_reader.py [--check LETTERS] [--out FILE]

Read are tests/data/understanding/clauses/*.txt (whole notes and lists of clauses, each clause with its labels), the
development notes and the development sentences of risk. Frozen data is never read. The rules run as well: what they
find is evidence, so the reader wants training again when they change much; a test says when the data has changed.
Training takes some ten minutes on one core. --check trains without some of the development notes, scores those, and
writes nothing.
"""

import argparse
import random
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).parent.parent))

import reader_data  # type: ignore[import-not-found]
import understanding  # type: ignore[import-not-found]

from nlp import extract, judge, reader
from nlp.draft import ExtractionContext
from nlp.lexicon import default_vocabulary, merged
from nlp.reader import Model, Reader, View

OUT = Path(__file__).parent.parent / "nlp" / "reader.npz"
SENT_AT = datetime.fromisoformat("2026-11-26T18:00:00+08:00")
KINDS = {
    "险": "risk",
    "好": "positive",
    "异": "objection",
    "痛": "pain",
    "步": "step",
    "求": "demand",
    "空": "vague",
    "段": "stage",
}
SPELLED = {"换人": "决策人变更", "约演示": "主动约演示", "我": "us", "客": "customer", "同": "colleague"}
NOTHING = "无"
STRENGTH = {"cut": 1.0, "clause": 1.0, "stage": 0.5, "mood": 0.1, "role": 1.0}
"""How far the weights may go (inverse of the L2 penalty)."""
RAREST = {"cut": 3, "clause": 3, "stage": 3, "mood": 3, "role": 2}
SMALLEST = 0.06
"""Features whose weights are all smaller than this share of the largest are left out."""
WEIGHT_OF_DEVELOPMENT = 3.0
"""The development notes keep to the conventions that are scored; each counts as much as so many others."""


@dataclass
class Note:
    text: str
    source: str
    competitors: Sequence[str]
    sent_at: datetime = SENT_AT
    customers: Sequence[dict[str, Any]] = ()
    labelled: list[tuple[int, int, frozenset[str]]] = field(default_factory=list)
    """Start and end in the text, and what holds there."""
    unsure: frozenset[str] = frozenset()
    """Labels that hold somewhere in the note, nobody says where."""
    only: tuple[str, ...] = ()
    """Kinds of labels that were looked for; all, where empty."""
    roles: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    stage: str | None = None
    mood: int | None = None
    whole: bool = True
    """Whether it is a note and not a single clause."""
    raw: dict[str, Any] | None = None


# Reading the data


def clause_notes(path: Path) -> Iterator[Note]:
    """Notes with a clause a line, after a head line; or a list of clauses, each a note by itself."""
    head: list[str] = []
    lines: list[str] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), "#"]:
        if line.startswith("#"):
            if head and lines:
                yield from _notes(head, lines, path.name)
            head, lines = [part.strip() for part in line.lstrip("# ").split("|")], []
        elif line.strip():
            lines.append(line)


def _notes(head: list[str], lines: list[str], name: str) -> Iterator[Note]:
    named = {key: value for key, _, value in (part.partition("=") for part in head[1:]) if value}
    third = named.get("竞品") or (head[2] if len(head) > 2 and "=" not in head[2] else "")
    competitors = [each for each in re.split(r"[,，、]", third) if each and each != NOTHING]
    if head[0] == "LIST":
        for line in lines:
            yield _note([line], "text", competitors, None, None, whole=False, seed=name + line)
        return
    mood = named.get("态度", "").replace("−", "-").replace("+", "")
    stage = named.get("阶段")
    yield _note(
        lines,
        head[1] if len(head) > 1 else "voice",
        competitors,
        None if stage is None else stage.replace(NOTHING, ""),
        int(mood) if re.fullmatch(r"-?\d", mood) else None,
        whole=True,
        seed=name + lines[0],
    )


def _note(
    lines: Sequence[str],
    source: str,
    competitors: list[str],
    stage: str | None,
    mood: int | None,
    *,
    whole: bool,
    seed: str,
) -> Note:
    """The lines as one text. Lines that end without a sign get one, or none, by chance, as people and engines write."""
    chance = random.Random(zlib.crc32(seed.encode()))  # noqa: S311 - the same each time, on purpose
    title = "客户群\n" if source == "wechat" and whole else ""
    note = Note(title, source, competitors, stage=stage, mood=mood, whole=whole)
    for line in lines:
        words, _, labels = line.partition("\t")
        words = words.strip()
        start = len(note.text)
        note.text += words
        said = [label.partition(":") for label in labels.split()]
        found = frozenset(
            f"{KINDS[kind]}:{SPELLED.get(value, value)}" if value else KINDS[kind]
            for kind, _, value in said
            if kind in KINDS
        )
        note.labelled.append((start, len(note.text), found))
        roles = tuple(value for kind, _, value in said if kind == "钱")
        note.roles.append((start, len(note.text), roles))
        if source == "wechat":
            note.text += "\n"
        elif words and words[-1] not in "，。！？；,.!?;、：:":
            drawn = chance.random()
            note.text += "，" if drawn < 0.5 else "。" if drawn < 0.6 else "" if source == "voice" else " "
    return note


def development_notes(path: Path) -> Iterator[Note]:
    for raw in understanding.read(path):
        wanted = raw["expected"]
        note = Note(
            raw["text"],
            raw["source"],
            raw.get("competitors", []),
            datetime.fromisoformat(raw["sent_at"]),
            raw.get("customers", ()),
            stage=wanted.get("stage") or "",
            mood=wanted.get("attitude", 0),
            raw=raw,
        )
        lost = set()
        for signal in wanted.get("signals", []):
            label = f"{signal['polarity']}:{signal['category']}"
            at = note.text.find(signal["words"])
            if at < 0:
                lost.add(label)
            else:
                note.labelled.append((at, at + len(signal["words"]), frozenset({label})))
        for label, said in _actions(wanted):
            for start, end in _like(note.text, said):
                note.labelled.append((start, end, frozenset({label})))
        hidden = {f"pain:{each}" for each in wanted.get("pain_points", [])}
        hidden |= {f"objection:{each}" for each in wanted.get("objections", [])}
        note.unsure = frozenset(lost | hidden | {"stage", "vague"})
        yield note


def _actions(wanted: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for step in wanted.get("next_steps", []):
        yield f"step:{step['owner']}", step["action"]
    for demand in wanted.get("demands", []):
        yield "demand", demand["what"]


def _like(text: str, words: str) -> Iterator[tuple[int, int]]:
    found = fuzz.partial_ratio_alignment(words, text)
    if found is not None and found.score >= 60:
        yield found.dest_start, found.dest_end


def risk_sentences(path: Path) -> Iterator[Note]:
    for raw in understanding.read(path):
        note = Note(raw["text"], "text", raw.get("competitors", []), whole=False, only=("risk", "positive"))
        for signal in raw["signals"]:
            at = note.text.find(signal["words"])
            label = f"{signal['polarity']}:{signal['category']}"
            note.labelled.append((at, at + len(signal["words"]), frozenset({label})))
        yield note


def training_notes() -> list[Note]:
    notes = [note for path in reader_data.clause_files() for note in clause_notes(path)]
    return notes + list(risk_sentences(reader_data.DATA / "risk-dev.jsonl"))


# Training


@dataclass
class Examples:
    rows: list[set[str]] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, row: set[str], label: object, weight: float = 1.0) -> None:
        self.rows.append(row)
        self.labels.append(label)
        self.weights.append(weight)


def context_of(note: Note) -> ExtractionContext:
    if note.raw is not None:
        return understanding.context_of(note.raw)  # type: ignore[no-any-return]
    vocabulary = merged(default_vocabulary(), competitors=note.competitors)
    return ExtractionContext(note.sent_at, vocabulary, source=note.source)  # type: ignore[arg-type]


_SIGN = re.compile(r"[，。！？；、：:,.!?;\s“”\"（）()—…]+")


def cut_examples(notes: Iterable[Note]) -> Examples:
    """Where one clause ends and the next begins, with the signs taken away."""
    found = Examples()
    for note in notes:
        if not note.whole or note.source == "wechat" or note.raw is not None:
            continue
        parts = [
            part for start, end, _ in note.labelled for part in _SIGN.split(reader.plain(note.text[start:end])) if part
        ]
        text = "".join(parts)
        ends, starts = reader.edges(text)
        edges = set(np.cumsum([len(part) for part in parts]).tolist())
        for at in range(2, len(text) - 1):
            labels = frozenset({"cut"} if at in edges else ())
            found.add(reader.cut_features(text, at, ends, starts), (labels, frozenset(), ()))
    return found


def trained(task: str, examples: Examples, labels: Sequence[str] | None = None) -> Model:
    """One model a label where `labels` are given (several may hold), else one that tells the labels apart."""
    counted = Counter(feature for row in examples.rows for feature in row)
    known = {feature: at for at, feature in enumerate(sorted(f for f, n in counted.items() if n >= RAREST[task]))}
    matrix = _matrix(examples.rows, known)
    weights = np.array(examples.weights)
    if labels is None:
        names = np.array([str(label) for label in examples.labels])
        fitted = LogisticRegression(C=STRENGTH[task], max_iter=300, tol=1e-3).fit(matrix, names, sample_weight=weights)
        labels = [str(name) for name in fitted.classes_]
        coefficients, bias = fitted.coef_.T, fitted.intercept_
    else:
        columns = [_binary(task, label, matrix, examples, weights) for label in labels]
        coefficients = np.stack([column for column, _ in columns], axis=1)
        bias = np.array([intercept for _, intercept in columns])
    kept = np.abs(coefficients).max(axis=1) >= SMALLEST * np.abs(coefficients).max()
    names_kept = [feature for feature, keep in zip(known, kept, strict=True) if keep]
    rows = {feature: at for at, feature in enumerate(names_kept)}
    return Model(rows, tuple(labels), coefficients[kept].astype(np.float32), bias.astype(np.float32))


def _binary(task: str, label: str, matrix: Any, examples: Examples, weights: Any) -> tuple[Any, float]:
    told = [
        at
        for at, (_, unsure, only) in enumerate(examples.labels)
        if label not in unsure and (not only or label.startswith(tuple(only)))
    ]
    holds = np.array([label in examples.labels[at][0] for at in told])
    fitted = LogisticRegression(C=STRENGTH[task], solver="liblinear", tol=1e-3).fit(
        matrix[told], holds, sample_weight=weights[told]
    )
    return fitted.coef_[0], float(fitted.intercept_[0])


def _matrix(rows: Sequence[set[str]], known: dict[str, int]) -> Any:
    indices: list[int] = []
    starts = [0]
    for row in rows:
        indices += [known[feature] for feature in row if feature in known]
        starts.append(len(indices))
    return sparse.csr_matrix((np.ones(len(indices), dtype=np.float32), indices, starts), shape=(len(rows), len(known)))


@dataclass
class Prepared:
    note: Note
    view: View
    clause_rows: list[set[str]]
    note_row: set[str]
    role_rows: list[tuple[set[str], str]]


def prepared(notes: Iterable[Note], cutter: Reader) -> list[Prepared]:
    found = []
    for note in notes:
        sight = extract.look(note.text, context_of(note), cutter)
        view = sight.view
        found.append(
            Prepared(
                note,
                view,
                [reader.clause_features(view, number) for number in range(len(view.pieces))],
                reader.note_features(view, judge.told(sight.stage, sight.attitude)) if note.whole else set(),
                list(_roles(note, view)),
            )
        )
    return found


def _labels(note: Note, view: View) -> list[set[str]]:
    """What holds of each clause: labels lie on the clauses that they share most characters with."""
    found: list[set[str]] = [set() for _ in view.pieces]
    for start, end, labels in note.labelled:
        shared = [min(end, piece.end) - max(start, piece.start) for piece in view.pieces]
        for number, common in enumerate(shared):
            if common > 0 and (common >= min(4, end - start) or common == max(shared)):
                found[number] |= labels
    return found


def _roles(note: Note, view: View) -> Iterator[tuple[set[str], str]]:
    if note.raw is not None:
        wanted = [(each["low"], each["high"], each["role"]) for each in note.raw["expected"].get("amounts", [])]
        for index, amount in enumerate(view.amounts):
            low, high = (None if fen is None else fen / 100 for fen in (amount.low_fen, amount.high_fen))
            match = next((each for each in wanted if each[:2] == (low, high)), None)
            if match is not None:
                wanted.remove(match)
                yield reader.amount_features(view, index), match[2]
        return
    for start, end, roles in note.roles:
        inside = [index for index, amount in enumerate(view.amounts) if start <= amount.span.start < end]
        if len(inside) == len(roles):
            for index, role in zip(inside, roles, strict=True):
                if role in judge.ROLES:
                    yield reader.amount_features(view, index), role


def models(notes: Sequence[Prepared], cut: Model) -> dict[str, Model]:
    clause, stage, mood, role = Examples(), Examples(), Examples(), Examples()
    for each in notes:
        weight = WEIGHT_OF_DEVELOPMENT if each.note.raw is not None else 1.0
        for row, labels in zip(each.clause_rows, _labels(each.note, each.view), strict=True):
            clause.add(row, (labels, each.note.unsure, each.note.only), weight)
        if each.note.whole and each.note.stage is not None:
            stage.add(each.note_row, each.note.stage, weight)
        if each.note.whole and each.note.mood is not None:
            mood.add(each.note_row, (each.note.mood > 0) - (each.note.mood < 0), weight)
        for row, name in each.role_rows:
            role.add(row, name, weight)
    counted = Counter(label for labels, _, _ in clause.labels for label in labels)
    return {
        "cut": cut,
        "clause": trained("clause", clause, sorted(label for label, count in counted.items() if count >= 20)),
        "stage": trained("stage", stage),
        "mood": trained("mood", mood),
        "role": trained("role", role),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", metavar="LETTERS", help="leave these development notes out (ab, cd …), and score them"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    learned = training_notes()
    paths = reader_data.note_files()
    left_out = [path for path in paths if args.check and path.name.split("-")[1] in args.check]
    development = [note for path in paths if path not in left_out for note in development_notes(path)]
    cut = trained("cut", cut_examples(learned), ["cut"])
    made = models(prepared([*learned, *development], Reader({"cut": cut})), cut)
    arrays = reader.packed(made)
    if left_out:
        fresh = Reader(reader.unpacked(arrays))
        extract.reader.default = lambda: fresh  # type: ignore[attr-defined, assignment]
        report = understanding.score([raw for path in left_out for raw in understanding.read(path)])
        print(understanding.table(f"not learned from: {args.check}", report.as_json()))
        return 0
    np.savez_compressed(args.out, **arrays, learned_from=np.array(reader_data.fingerprint()))
    sizes = {task: (len(model.rows), len(model.labels)) for task, model in made.items()}
    print(f"{args.out.name}: {args.out.stat().st_size:,} bytes; features and labels: {sizes}")
    print(f"{len(learned):,} notes and single clauses, {len(development)} development notes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
