"""How well risk signals and encouraging ones are found: precision, recall and F1, a category and in all.

    python benchmarks/risk.py [--show] [--frozen] [--data FILE]

A signal that was found is right when one was labelled with its polarity and its category and the two share a
character; each labelled one is matched once. A hard negative is a sentence that has the words of a signal and shows
none: whatever is found there is a false alarm. --show lists misses and false alarms of the development sentences;
the frozen ones are only counted, so that no rule is ever fitted to them.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from nlp import extract
from nlp.draft import ExtractionContext, Signal, Vocabulary
from nlp.lexicon import default_vocabulary, merged

DATA = Path(__file__).parent.parent / "tests" / "data" / "understanding"
SENT_AT = datetime(2026, 11, 26, 10, tzinfo=UTC)
DEVELOPMENT, FROZEN = DATA / "risk-dev.jsonl", DATA / "risk-frozen.jsonl"

Key = tuple[str, str]
"""Polarity and category."""


@dataclass(frozen=True)
class Labelled:
    polarity: str
    category: str
    start: int
    end: int

    @property
    def key(self) -> Key:
        return self.polarity, self.category


@dataclass(frozen=True)
class Sentence:
    sentence_id: str
    text: str
    competitors: tuple[str, ...]
    hard: bool
    signals: tuple[Labelled, ...]


@dataclass
class Count:
    right: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.false)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.false + self.missed)


@dataclass
class Score:
    by_category: dict[Key, Count] = field(default_factory=dict)
    hard: int = 0
    alarms_on_hard: int = 0
    misses: list[tuple[Sentence, Labelled]] = field(default_factory=list)
    alarms: list[tuple[Sentence, Signal]] = field(default_factory=list)

    def count(self, key: Key) -> Count:
        return self.by_category.setdefault(key, Count())

    @property
    def overall(self) -> Count:
        counts = self.by_category.values()
        return Count(sum(c.right for c in counts), sum(c.false for c in counts), sum(c.missed for c in counts))


def read(path: Path) -> list[Sentence]:
    return [_sentence(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _sentence(row: dict[str, object]) -> Sentence:
    text, signals, rivals = str(row["text"]), row["signals"], row.get("competitors", ())
    assert isinstance(signals, list)
    assert isinstance(rivals, Sequence)
    labelled = []
    for each in signals:
        start = max(text.find(each["words"]), 0)
        labelled.append(Labelled(each["polarity"], each["category"], start, start + len(each["words"])))
    return Sentence(str(row["id"]), text, tuple(map(str, rivals)), bool(row.get("hard")), tuple(labelled))


def score(sentences: Iterable[Sentence], vocabulary: Vocabulary) -> Score:
    found = Score()
    for sentence in sentences:
        left = list(sentence.signals)
        alarms = []
        for signal in find(sentence.text, vocabulary, sentence.competitors):
            matching = next((each for each in left if _is(each, signal)), None)
            if matching is None:
                alarms.append(signal)
                found.count((signal.polarity, signal.category)).false += 1
            else:
                left.remove(matching)
                found.count(matching.key).right += 1
        for missed in left:
            found.count(missed.key).missed += 1
        found.misses += [(sentence, missed) for missed in left]
        found.alarms += [(sentence, signal) for signal in alarms]
        found.hard += sentence.hard
        found.alarms_on_hard += len(alarms) if sentence.hard else 0
    return found


def _is(labelled: Labelled, signal: Signal) -> bool:
    apart = signal.span.end <= labelled.start or labelled.end <= signal.span.start
    return (signal.polarity, signal.category) == labelled.key and not apart


def show_table(name: str, sentences: Sequence[Sentence], found: Score) -> None:
    print(f"{name}: {len(sentences)} sentences, {found.hard} of them hard negatives")
    print(f"{'category':<24}{'right':>6}{'false':>6}{'missed':>7}{'precision':>11}{'recall':>8}{'F1':>7}")
    for (polarity, category), count in sorted(found.by_category.items(), reverse=True):
        _row(("+ " if polarity == "positive" else "  ") + category, count)
    _row("  all", found.overall)
    print(f"  false alarms on hard negatives: {found.alarms_on_hard} of {found.hard}\n")


def _row(name: str, count: Count) -> None:
    wide = sum(ord(character) > 0xFF for character in name)
    print(
        f"{name:<{24 - wide}}{count.right:>6}{count.false:>6}{count.missed:>7}"
        f"{count.precision:>11.3f}{count.recall:>8.3f}{count.f1:>7.3f}"
    )


def show_faults(found: Score) -> None:
    for sentence, missed in found.misses:
        words = sentence.text[missed.start : missed.end]
        print(f"missed  {sentence.sentence_id}  {missed.polarity} {missed.category} 「{words}」  {sentence.text}")
    for sentence, signal in found.alarms:
        print(
            f"alarm   {sentence.sentence_id}  {signal.polarity} {signal.category} 「{signal.words}」  {sentence.text}"
        )


def find(text: str, vocabulary: Vocabulary, competitors: Sequence[str] = ()) -> list[Signal]:
    """As a note's signals are found: by the phrases and the clause reader together."""
    context = ExtractionContext(SENT_AT, merged(vocabulary, competitors=competitors))
    return [reason.signal for reason in extract.explained(text, context).signals]


def show_cost(sentences: Sequence[Sentence], vocabulary: Vocabulary) -> None:
    """On one core, without the first run, in which the expressions are compiled."""
    text = "，".join(sentence.text for sentence in sentences)[:300]
    find(text, vocabulary)
    started, rounds = time.process_time(), 20
    for _ in range(rounds):
        find(text, vocabulary)
    print(f"{(time.process_time() - started) / rounds * 1000:.1f} ms CPU for {len(text)} characters")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="list misses and false alarms of the development sentences")
    parser.add_argument("--frozen", action="store_true", help="count the frozen sentences too, apart")
    parser.add_argument("--data", type=Path, default=DEVELOPMENT, help="other sentences to develop on")
    args = parser.parse_args()
    vocabulary = default_vocabulary()
    sentences = read(args.data)
    found = score(sentences, vocabulary)
    show_table("development", sentences, found)
    if args.show:
        show_faults(found)
    if args.frozen:
        frozen = read(FROZEN)
        show_table("frozen", frozen, score(frozen, vocabulary))
    show_cost(sentences, vocabulary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
