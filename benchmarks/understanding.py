"""How well notes become records, offline: precision, recall, F1 and wrong values per field; grounding; cost per note.

    python benchmarks/understanding.py [--frozen] [--show FIELD] [--notes FILE …] [--json]
    python benchmarks/understanding.py --spoken [FOLDER] [--models-dir DIR] [--show FIELD] [--json]

The notes in tests/data/understanding/notes-*dev.jsonl may be looked at while rules are written; notes-*frozen.jsonl may
not: they are read only with --frozen, reported apart, and never shown.

What counts as the same value, one to one within a note:

- customer: the value, for one that is not on the list (new, ambiguous) one containing the other; contacts: the name
- stage, percents, pain points, objections: the value or category; signals: polarity and category
- amounts: role, low and high; withdrawn: low and high
- competitors, others, place: one contains the other
- next steps: owner and due are equal and the actions alike (rapidfuzz partial_ratio >= 60); demands: the wanted alike
- attitude: its sign, 0 on either side is no value
- visited_on: the day, where it is not that of sending; visited_time: equal
- vague: the words overlap

A found value that is not expected lowers precision, an expected one not found recall. `wrong` is the share of found
values that stand in the place of another that was expected (of a field's surplus in a note as much as is missing
there); the rest of the surplus is mere surplus. Overall is over all fields together (micro-F1).

`dates and amounts` is the precision of the due dates of steps and demands, of visited_on and of amounts. A due date is
right where the step or demand most alike in words has the same one; where none is alike, if the note holds it at all.
An amount is right there with its role (budget, quote, …); `their values alone` asks for its figures only.

Cost is CPU time of one process, the best of several runs; the ratio is that of a text of 20,000 characters to the mean
of its twenty pieces of 1,000, so that both hold the same words.

With --spoken the recordings `<note id>.amr` of a folder are heard as the bot hears them: the packaged model, and the
names of the note's customers and competitors to expect. The transcripts are scored against what is expected of the
written notes, whose own score stands beside. CER is the share of characters misheard, without marks and with numbers
spelled alike (八十万 and 80万 are one). There is no goal: a recording says what speech costs, not how good the rules
are.
"""

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from nlp import hot_words, numerals
from nlp.draft import CustomerEntry, ExtractionContext, VisitDraft
from nlp.errors import NoSpeech
from nlp.extract import extract, grounded
from nlp.lexicon import default_vocabulary, merged
from nlp.speech import SpeechListener
from nlp.whisper import FasterWhisperEngine

DATA = Path(__file__).parent.parent / "tests" / "data" / "understanding"
FROZEN = sorted(DATA.glob("notes-*frozen.jsonl"))
SPOKEN = DATA / "spoken"
ALIKE = 60.0
REPEATS = 5
SHORT, LONG = 1_000, 20_000
ALLOWED_MS, ALLOWED_RATIO = 30.0, 20.0
WANTED_F1, WANTED_PRECISION = 0.80, 0.95
Same = Callable[[Any, Any], bool]


class Step(NamedTuple):
    owner: str
    words: str
    due: str | None


@dataclass
class Score:
    right: int = 0
    found: int = 0
    expected: int = 0
    wrong: int = 0

    def add(self, right: int, found: int, expected: int) -> None:
        self.right += right
        self.found += found
        self.expected += expected
        self.wrong += min(found - right, expected - right)

    def as_json(self) -> dict[str, Any]:
        precision = self.right / self.found if self.found else 1.0
        recall = self.right / self.expected if self.expected else 1.0
        both = precision + recall
        return {
            "precision": round(precision, 3),
            "recall": round(recall, 3),
            "f1": round(2 * precision * recall / both, 3) if both else 0.0,
            "wrong": round(self.wrong / self.found, 3) if self.found else 0.0,
            "found": self.found,
            "expected": self.expected,
        }


@dataclass
class Report:
    fields: dict[str, Score] = field(default_factory=dict)
    dates_and_amounts: Score = field(default_factory=Score)
    values: Score = field(default_factory=Score)
    """Of dates and amounts, whatever an amount is for."""
    ungrounded: int = 0
    notes: int = 0
    misses: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        overall = Score()
        for score in self.fields.values():
            overall.right += score.right
            overall.found += score.found
            overall.expected += score.expected
            overall.wrong += score.wrong
        return {
            "notes": self.notes,
            "fields": {name: score.as_json() for name, score in self.fields.items()},
            "overall": overall.as_json(),
            "dates_and_amounts": self.dates_and_amounts.as_json(),
            "values": self.values.as_json(),
            "grounded_notes": round(1 - self.ungrounded / max(1, self.notes), 4),
        }


# What counts as the same


def _contains(one: str, other: str) -> bool:
    return bool(one) and bool(other) and (one in other or other in one)


def _overlaps(one: str, other: str) -> bool:
    """Whether one contains the other or at least three characters on end stand in both."""
    return _contains(one, other) or any(one[at : at + 3] in other for at in range(len(one) - 2))


def _alike(one: str, other: str) -> bool:
    return fuzz.partial_ratio(one, other) >= ALIKE


def _same_customer(found: tuple[str, str], expected: tuple[str, str]) -> bool:
    if "known" in (found[1], expected[1]):
        return found == expected
    return _contains(found[0], expected[0])


def _same_step(found: Step, expected: Step) -> bool:
    return found[0] == expected[0] and found[2] == expected[2] and _alike(found[1], expected[1])


def _equal(found: object, expected: object) -> bool:
    return found == expected


def _same_demand(found: Step, expected: Step) -> bool:
    return _alike(found.words, expected.words)


SAME: dict[str, Same] = {
    "customer": _same_customer,
    "contacts": _equal,
    "stage": _equal,
    "amounts": _equal,
    "withdrawn": _equal,
    "percents": _equal,
    "competitors": _contains,
    "pain_points": _equal,
    "objections": _equal,
    "demands": _same_demand,
    "next_steps": _same_step,
    "signals": _equal,
    "attitude": _equal,
    "visited_on": _equal,
    "visited_time": _equal,
    "place": _contains,
    "vague": _overlaps,
    "others": _contains,
}


def _sign(number: int) -> list[int]:
    return [(number > 0) - (number < 0)] if number else []


def _yuan(amount_fen: int | None) -> float | None:
    return None if amount_fen is None else amount_fen / 100


def expected_of(note: dict[str, Any]) -> dict[str, list[Any]]:
    wanted = note["expected"]
    customer = wanted.get("customer")
    sent_on = note["sent_at"][:10]
    return {
        "customer": [(customer["value"], customer["status"])] if customer else [],
        "contacts": [each["name"] for each in wanted.get("contacts", [])],
        "stage": _given(wanted.get("stage")),
        "amounts": [(each["role"], each["low"], each["high"]) for each in wanted.get("amounts", [])],
        "withdrawn": [(each["low"], each["high"]) for each in wanted.get("withdrawn", [])],
        "percents": _once(float(each) for each in wanted.get("percents", [])),
        "competitors": _once(wanted.get("competitors", [])),
        "pain_points": _once(wanted.get("pain_points", [])),
        "objections": _once(wanted.get("objections", [])),
        "demands": [Step("customer", each["what"], each.get("due")) for each in wanted.get("demands", [])],
        "next_steps": [Step(each["owner"], each["action"], each.get("due")) for each in wanted.get("next_steps", [])],
        "signals": _once((each["polarity"], each["category"]) for each in wanted.get("signals", [])),
        "attitude": _sign(wanted.get("attitude", 0)),
        "visited_on": [day for day in _given(wanted.get("visited_on")) if day != sent_on],
        "visited_time": _given(wanted.get("visited_time")),
        "place": _given(wanted.get("place")),
        "vague": wanted.get("vague", []),
        "others": wanted.get("others", []),
    }


def found_in(note: dict[str, Any], draft: VisitDraft) -> dict[str, list[Any]]:
    visited_on = draft.visited_on.isoformat()
    return {
        "customer": [(draft.customer.value, draft.customer.status)] if draft.customer else [],
        "contacts": [each.name for each in draft.contacts],
        "stage": [draft.stage.value] if draft.stage else [],
        "amounts": [(each.role, _yuan(each.low_fen), _yuan(each.high_fen)) for each in draft.amounts],
        "withdrawn": [(_yuan(each.low_fen), _yuan(each.high_fen)) for each in draft.withdrawn],
        "percents": _once(each.value for each in draft.percents),
        "competitors": _once(each.name for each in draft.competitors),
        "pain_points": _once(each.category for each in draft.pain_points),
        "objections": _once(each.category for each in draft.objections),
        "demands": [Step("customer", each.what, _iso(each.due)) for each in draft.demands],
        "next_steps": [Step(each.owner, each.action, _iso(each.due)) for each in draft.next_steps],
        "signals": _once((each.polarity, each.category) for each in draft.signals),
        "attitude": _sign(draft.attitude),
        "visited_on": [] if visited_on == note["sent_at"][:10] else [visited_on],
        "visited_time": [draft.visited_time.strftime("%H:%M")] if draft.visited_time else [],
        "place": [draft.place.name] if draft.place else [],
        "vague": [each.words for each in draft.vague],
        "others": [each.value for each in draft.others],
    }


def _given(value: Any) -> list[Any]:
    return [] if value is None else [value]


def _once(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None


def paired(found: Sequence[Any], expected: Sequence[Any], same: Same) -> tuple[list[Any], list[Any]]:
    """What of the found and of the expected has no partner, each used once."""
    left = list(expected)
    surplus = []
    for value in found:
        partner = next((each for each in left if same(value, each)), None)
        if partner is None:
            surplus.append(value)
        else:
            left.remove(partner)
    return surplus, left


# Running


def context_of(note: dict[str, Any]) -> ExtractionContext:
    customers = tuple(
        CustomerEntry(each["name"], tuple(each.get("aliases", ())), tuple(each.get("contacts", ())))
        for each in note.get("customers", [])
    )
    vocabulary = merged(default_vocabulary(), competitors=note.get("competitors", []))
    sent_at = datetime.fromisoformat(note["sent_at"])
    return ExtractionContext(sent_at, vocabulary, source=note.get("source", "text"), customers=customers)


def score(notes: Sequence[dict[str, Any]], show: str | None = None) -> Report:
    report = Report({name: Score() for name in SAME})
    for note in notes:
        draft = extract(note["text"], context_of(note))
        report.notes += 1
        report.ungrounded += not grounded(note["text"], draft)
        found, expected = found_in(note, draft), expected_of(note)
        for name, same in SAME.items():
            surplus, missing = paired(found[name], expected[name], same)
            report.fields[name].add(len(found[name]) - len(surplus), len(found[name]), len(expected[name]))
            if name == show and (surplus or missing):
                report.misses.append(f"{note['id']}: {note['text']}\n    missing {missing}\n    surplus {surplus}")
        dates_and_amounts(found, expected, report.dates_and_amounts)
        without_roles = {"amounts": [amount[1:] for amount in found["amounts"]]}
        figures = {"amounts": [amount[1:] for amount in expected["amounts"]]}
        dates_and_amounts(found | without_roles, expected | figures, report.values)
    return report


def dates_and_amounts(found: dict[str, list[Any]], expected: dict[str, list[Any]], total: Score) -> None:
    for name in ("amounts", "visited_on"):
        surplus, _ = paired(found[name], expected[name], SAME[name])
        total.add(len(found[name]) - len(surplus), len(found[name]), len(expected[name]))
    wanted = [*expected["next_steps"], *expected["demands"]]
    dated = [each for each in (*found["next_steps"], *found["demands"]) if each.due is not None]
    right = sum(_due_is_right(each, wanted) for each in dated)
    total.add(right, len(dated), max(right, len({each.due for each in wanted if each.due})))


def _due_is_right(step: Step, wanted: Sequence[Step]) -> bool:
    alike = [each for each in wanted if _alike(step.words, each.words)]
    return any(each.due == step.due for each in alike or wanted)


def cost_of(notes: Sequence[dict[str, Any]]) -> dict[str, float]:
    """CPU milliseconds a note, and how a long text compares with a short one."""
    for note in notes:
        extract(note["text"], context_of(note))
    each_ms = [min(_cpu_ms(note["text"], note) for _ in range(2)) for note in notes]
    words = "。".join(note["text"] for note in notes)
    long = (words * (1 + LONG // len(words)))[:LONG]
    pieces = [long[at : at + SHORT] for at in range(0, LONG, SHORT)]
    short_ms = statistics.mean(min(_cpu_ms(piece, notes[0]) for _ in range(REPEATS)) for piece in pieces)
    long_ms = min(_cpu_ms(long, notes[0]) for _ in range(REPEATS))
    return {
        "median_ms": round(statistics.median(each_ms), 2),
        "worst_ms": round(max(each_ms), 2),
        "ms_of_1000": round(short_ms, 1),
        "ms_of_20000": round(long_ms, 1),
        "ratio": round(long_ms / short_ms, 1),
    }


def _cpu_ms(text: str, note: dict[str, Any]) -> float:
    context = context_of(note)
    started = time.process_time()
    extract(text, context)
    return 1000 * (time.process_time() - started)


# Spoken notes


class Recording(NamedTuple):
    note: dict[str, Any]
    heard: str
    duration_s: float


def hot_words_of(note: dict[str, Any]) -> tuple[str, ...]:
    """The names to expect for a rep who owns the note's customers, in a team with its competitors."""
    customers = sorted(context_of(note).customers, key=lambda customer: customer.name)
    return hot_words.choose(customers, note.get("competitors", []))


async def hear(notes: Sequence[dict[str, Any]], folder: Path, models_dir: Path) -> list[Recording]:
    """Those of the notes that `folder` has a recording of. Raises LookupError where it has none, or one of no note."""
    by_id = {note["id"]: note for note in notes}
    paths = sorted(folder.glob("*.amr"))  # noqa: ASYNC240  # a tool
    if not paths or (strange := [path.name for path in paths if path.stem not in by_id]):
        raise LookupError(f"{folder}: " + (f"no note for {strange}" if paths else "no recordings"))
    engine = FasterWhisperEngine(models_dir=models_dir)
    listener = SpeechListener(engine)
    try:
        return [await _heard(listener, by_id[path.stem], path.read_bytes()) for path in paths]
    finally:
        await engine.close()


async def _heard(listener: SpeechListener, note: dict[str, Any], audio: bytes) -> Recording:
    try:
        transcript = await listener.listen(audio, hot_words=hot_words_of(note))
    except NoSpeech:
        return Recording(note, "", 0.0)  # the bot asks for the note again
    return Recording(note, transcript.text, transcript.duration_s)


_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_NUMERAL = re.compile(rf"[{numerals.CHARS.replace('点', '').replace('几', '')}]+")


def bare(text: str) -> str:
    """The letters and numbers alone, every number in digits."""
    text = _PERCENT.sub(r"百分之\1", text.lower()).replace(".", "点")
    text = _NUMERAL.sub(lambda found: _in_digits(found.group()), text)
    return "".join(letter for letter in text if letter.isalnum())


def _in_digits(words: str) -> str:
    """Numerals on end, each as long as can be: 两万六一 (吨) is 26000 and 1."""
    written = ""
    while words:
        lengths = range(min(len(words), numerals.LONGEST), 0, -1)
        length = next((each for each in lengths if numerals.whole(words[:each]) is not None), 0)
        written += str(numerals.whole(words[:length])) if length else words[0]
        words = words[max(1, length) :]
    return written


def misheard(recordings: Sequence[Recording]) -> float:
    """CER over all recordings together."""
    said = [(bare(each.note["text"]), bare(each.heard)) for each in recordings]
    return sum(Levenshtein.distance(*pair) for pair in said) / max(1, sum(len(written) for written, _ in said))


def _asked_about(recordings: Sequence[Recording]) -> int:
    """In how many notes the bot asks whether the customer is the one that it is."""
    customers = ((extract(each.heard, context_of(each.note)).customer, each.note["expected"]) for each in recordings)
    return sum(
        found is not None
        and found.status == "ambiguous"
        and [each.name for each in found.candidates[:1]] == [(expected.get("customer") or {}).get("value")]
        for found, expected in customers
    )


def compared(recordings: Sequence[Recording], show: str | None) -> tuple[dict[str, Any], list[str]]:
    """The scores of the same notes as written and as heard, and what is missing and surplus in a field as heard."""
    heard = score([{**each.note, "text": each.heard} for each in recordings], show)
    result = {
        "audio_s": round(sum(each.duration_s for each in recordings)),
        "cer": round(misheard(recordings), 3),
        "written": score([each.note for each in recordings]).as_json(),
        "heard": heard.as_json(),
        "asked_about": _asked_about(recordings),
        "transcripts": {each.note["id"]: each.heard for each in recordings},
    }
    return result, heard.misses


def table_of_both(result: dict[str, Any]) -> str:
    written, heard = result["written"], result["heard"]
    keys = ("precision", "recall", "f1", "wrong")
    rows = [
        f"written → heard: {heard['notes']} notes, {result['audio_s']} s of speech, CER {result['cer']:.1%}",
        f"{'field':14}{'P':>14}{'R':>14}{'F1':>14}{'wrong':>14}{'F1 lost':>9}{'exp':>6}",
    ]
    for name in (*written["fields"], "overall"):
        before, after = (each["fields"].get(name, each["overall"]) for each in (written, heard))
        figures = "".join(f"{before[key]:7.3f} →{after[key]:5.3f}" for key in keys)
        rows.append(f"{name:14}{figures}{before['f1'] - after['f1']:9.3f}{before['expected']:6}")
    before, after = (each["dates_and_amounts"]["precision"] for each in (written, heard))
    rows.append(f"dates and amounts: precision {before:.3f} → {after:.3f}")
    rows.append(f"customers not taken as known, but the right one offered first, as heard: {result['asked_about']}")
    rows.append(f"notes with every value grounded: {heard['grounded_notes']:.1%}")
    return "\n".join(rows)


def _main_spoken(args: argparse.Namespace) -> int:
    notes = [note for path in args.notes for note in read(path)]
    result, misses = compared(asyncio.run(hear(notes, args.spoken, args.models_dir)), args.show)
    print(json.dumps(result, ensure_ascii=False) if args.json else "\n\n".join([*misses, table_of_both(result)]))
    return 0


# The command


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def table(title: str, result: dict[str, Any]) -> str:
    rows = [
        f"{title}: {result['notes']} notes",
        f"{'field':18}{'P':>7}{'R':>7}{'F1':>7}{'wrong':>7}{'found':>7}{'exp':>6}",
    ]
    for name, each in {**result["fields"], "overall": result["overall"]}.items():
        figures = "".join(f"{each[key]:7.3f}" for key in ("precision", "recall", "f1", "wrong"))
        rows.append(f"{name:18}{figures}{each['found']:7}{each['expected']:6}")
    values = result["values"]["precision"]
    rows.append(
        f"dates and amounts: precision {result['dates_and_amounts']['precision']:.3f}, their values alone {values:.3f}"
    )
    rows.append(f"notes with every value grounded: {result['grounded_notes']:.1%}")
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=Path, nargs="+", default=sorted(DATA.glob("notes-*dev.jsonl")))
    parser.add_argument("--frozen", action="store_true", help="also score the notes that no rule was tuned on")
    parser.add_argument(
        "--show", choices=tuple(SAME), help="what is missing and surplus in this field, development notes"
    )
    parser.add_argument(
        "--spoken", type=Path, nargs="?", const=SPOKEN, metavar="FOLDER", help="what is lost where notes are spoken"
    )
    parser.add_argument("--models-dir", type=Path, default=Path("data/models"), help="with --spoken")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.spoken is not None:
        return _main_spoken(args)
    notes = [note for path in args.notes for note in read(path)]
    development = score(notes, args.show)
    results: dict[str, Any] = {"development": development.as_json()}
    if args.frozen:
        results["frozen"] = score([note for path in FROZEN for note in read(path)]).as_json()
    judged = results.get("frozen", results["development"])
    cost = cost_of(notes)
    good = (
        judged["overall"]["f1"] >= WANTED_F1
        and judged["dates_and_amounts"]["precision"] >= WANTED_PRECISION
        and judged["grounded_notes"] == 1
        and cost["median_ms"] <= ALLOWED_MS
        and cost["ratio"] <= ALLOWED_RATIO
    )
    if args.json:
        print(json.dumps({**results, "cost": cost, "verdict": "ok" if good else "below the goal"}, ensure_ascii=False))
    else:
        print(
            "\n\n".join([*development.misses, *(table(name, each) for name, each in results.items()), f"cost: {cost}"])
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
