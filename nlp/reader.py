"""A clause reader: what a clause says, weighed from all its words at once.

Phrases and patterns find what somebody wrote down; people say it differently every time. The reader is a set of linear
models over character n-grams, meanings of the thesaurus and what the rules found, trained by
`benchmarks/train_reader.py` on notes that were labelled clause by clause. It knows nothing by heart that a person could
not check: `Reader.words` tells which words spoke for a verdict.

It only weighs. Where its weights (`reader.npz`) put a probability, `nlp.judge` decides what that is worth beside the
rules; values, dates and figures are never its own.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nlp import thesaurus
from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import Amount, Span

Task = Literal["cut", "clause", "stage", "mood", "role"]

RIVAL, AHEAD, PAST, NUMBER, PERSON, MONEY = "竞⏰⏮0某￥"
"""What stands for a competitor's name, a time, a past time, a number, a surname and an amount."""
_SEPARATE = re.compile(
    r"[\d]+(?:[.,]\d+)*|[零一二两三四五六七八九十百千万亿]{2,}|[零一二两三四五六七八九十百千万亿](?=[个台套家年月天号日点块元度次份条件吨箱米斤])"
)
_TITLED = re.compile(
    r"[\u4e00-\u9fff](?=总(?![是的共体之价部算]|经理|监)|经理|主任|科长|院长|校长|园长|部长|处长|厂长|所长|老师|工(?![厂程作人地]))"
)
LONGEST = 60
"""Characters of a clause that are read; nobody says more in one breath, and skips pair them with each other."""
_REACH = 7
"""How far apart two characters may stand that are read as a pair with anything between."""
LONG_RUN = 16
"""Characters without a pause from which on speech is cut where a new thought most probably begins."""
SHORTEST_CUT = 3
_WITHIN_A_FIGURE = re.compile(r"(?<=\d)(?=[\d.万亿千百%元块折])|(?<=\d\.)(?=\d)")
"""No thought ends there."""
SHORT_ENOUGH = 20
"""Characters of a clause that a person takes in at a glance."""
CUT_ODDS = -0.2
"""Log-odds of a cut, near one half: a cut in the wrong place costs more than one that is missing."""


@dataclass(frozen=True)
class Masked:
    """A clause with names, times and numbers made alike, and where each of its characters stands in the note."""

    text: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class View:
    """A note as the reader sees it. `rivals` are the competitors' names as the text spells them; `evidence` is what the
    rules found, by the number of the clause."""

    text: str
    pieces: Sequence[Clause]
    times: Sequence[TimeMention] = ()
    amounts: Sequence[Amount] = ()
    rivals: Sequence[str] = ()
    evidence: Mapping[int, Iterable[str]] | None = None
    source: str = "text"

    @cached_property
    def _signs(self) -> list[str]:
        signs = list(self.text)
        for match in _SEPARATE.finditer(self.text):
            _cover(signs, match.start(), match.end(), NUMBER)
        for match in _TITLED.finditer(self.text):
            signs[match.start()] = PERSON
        for rival in sorted(set(self.rivals), key=len, reverse=True):
            start = self.text.find(rival) if len(rival) >= 2 else -1
            while start >= 0:
                _cover(signs, start, start + len(rival), RIVAL)
                start = self.text.find(rival, start + len(rival))
        for mention in self.times:
            _cover(signs, mention.span.start, mention.span.end, PAST if mention.kind == "past" else AHEAD)
        return signs

    @cached_property
    def priced(self) -> list[str]:
        """The signs with each amount as one."""
        signs = list(self._signs)
        for amount in self.amounts:
            _cover(signs, amount.span.start, amount.span.end, MONEY)
        return signs

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.start for piece in self.pieces]

    def number_at(self, place: int) -> int:
        """The number of the last clause that begins at `place` or before; -1 where none does."""
        return bisect_right(self._starts, place) - 1

    def touching(self, span: Span) -> Iterator[int]:
        """The numbers of the clauses that share characters with `span`."""
        for number in range(max(0, self.number_at(span.start)), bisect_left(self._starts, span.end)):
            if self.pieces[number].end > span.start:
                yield number

    @cached_property
    def masked(self) -> list[Masked]:
        found = []
        for piece in self.pieces:
            places = [at for at in range(piece.start, piece.end) if self._signs[at]][:LONGEST]
            found.append(Masked("".join(self._signs[at] for at in places), tuple(places)))
        return found

    @cached_property
    def meanings(self) -> list[list[thesaurus.Meant]]:
        return [list(thesaurus.default().find(masked.text)) for masked in self.masked]

    @cached_property
    def whole(self) -> frozenset[str]:
        """The features of the note that hold whatever is asked about it."""
        found = {f"@{self.source}"}
        for number, masked in enumerate(self.masked):
            found.update(gram for gram, _, _ in _grams(masked.text, 1, 3))
            found.update(f"T{word.meaning}" for word in self.meanings[number])
            found.update(self.found(number))
        return frozenset(found)

    def found(self, number: int) -> Iterable[str]:
        return (self.evidence or {}).get(number, ())


def _cover(signs: list[str], start: int, end: int, sign: str) -> None:
    signs[start:end] = [sign] + [""] * (end - start - 1)


# Features: each with the characters of the masked clause that it stands for


def _grams(text: str, shortest: int, longest: int, mark: str = "") -> Iterator[tuple[str, int, int]]:
    """Every run of so many characters; ^ and $ are the ends of the clause."""
    whole = f"^{text}$"
    for length in range(shortest, longest + 1):
        for start in range(len(whole) - length + 1):
            yield mark + whole[start : start + length], max(0, start - 1), min(len(text), start + length - 1)


def _own(view: View, number: int) -> Iterator[tuple[str, int, int]]:
    text = view.masked[number].text
    yield from _grams(text, 1, 4)
    for one in range(len(text)):
        for other in range(one + 2, min(len(text), one + _REACH)):
            yield f"s{text[one]}_{text[other]}", one, other + 1
    meant = view.meanings[number]
    for at, word in enumerate(meant):
        yield f"T{word.meaning}", word.start, word.end
        for behind in meant[at + 1 : at + 40]:
            if behind.meaning != word.meaning:
                yield f"U{word.meaning}>{behind.meaning}", word.start, behind.end


def _around(view: View, number: int) -> Iterator[str]:
    for neighbour, mark in ((number - 1, "<"), (number + 1, ">")):
        if 0 <= neighbour < len(view.pieces):
            yield from (gram for gram, _, _ in _grams(view.masked[neighbour].text, 2, 2, mark))
            yield from (f"{mark}T{word.meaning}" for word in view.meanings[neighbour])
    yield from view.found(number)
    yield f"@{view.pieces[number].speaker}"
    yield f"@{view.source}"
    yield f"@{min(6, len(view.masked[number].text) // 4)}"


def clause_features(view: View, number: int) -> set[str]:
    return {feature for feature, _, _ in _own(view, number)} | set(_around(view, number))


def note_features(view: View, told: Iterable[str] = ()) -> set[str]:
    """Of the note as a whole; `told` is what the rules say of it."""
    return {*view.whole, *told}


def amount_features(view: View, index: int) -> set[str]:
    """Of the amount numbered so among the view's, with the words before it counting from its own place."""
    amount = view.amounts[index]
    number = view.number_at(amount.span.start)
    if number < 0 or amount.span.start >= view.pieces[number].end:
        return set()
    signs, piece = view.priced, view.pieces[number]
    head = "".join(signs[max(piece.start, amount.span.start - LONGEST) : amount.span.start])
    tail = "".join(signs[amount.span.end : min(piece.end, amount.span.end + LONGEST)])
    found = {f"e{length}{('^' + head)[-length:]}" for length in range(1, 7)}
    found |= {f"f{length}{(tail + '$')[:length]}" for length in range(1, 5)}
    found |= {gram for gram, _, _ in _grams(head[-16:], 1, 3, "h")} | {
        gram for gram, _, _ in _grams(tail[:12], 1, 3, "t")
    }
    meanings = thesaurus.default()
    found |= {f"hT{word.meaning}" for word in meanings.find(head[-24:])}
    found |= {f"tT{word.meaning}" for word in meanings.find(tail[:12])}
    for neighbour, mark, longest in ((number - 1, "<", 3), (number + 1, ">", 2)):
        if 0 <= neighbour < len(view.pieces):
            words = "".join(signs[view.pieces[neighbour].start : view.pieces[neighbour].end])[:LONGEST]
            found |= {gram for gram, _, _ in _grams(words, 1 if mark == "<" else 2, longest, mark)}
            found |= {f"{mark}T{word.meaning}" for word in view.meanings[neighbour]}
    yuan = (amount.low_fen or amount.high_fen or 0) / 100
    size = math.log10(max(1.0, yuan))
    found |= {f"m{int(size)}", f"n{int(2 * size)}", f"u{amount.unit}", f"b{amount.bound}", f"@{piece.speaker}"}
    found |= {
        f"r{amount.role}",
        f"r{amount.role}{amount.unit is None}",
        f"i{min(3, index)}of{min(4, len(view.amounts))}",
    }
    if index > 0:
        found.add(f"p{view.amounts[index - 1].role}")
    if index + 1 < len(view.amounts):
        found.add(f"q{view.amounts[index + 1].role}")
    return found


def cut_features(text: str, at: int, ends: Mapping[int, set[int]], starts: Mapping[int, set[int]]) -> set[str]:
    """Of the place before the character `at`; `ends` and `starts` tell which meanings end and begin at each place."""
    left, right = text[max(0, at - 5) : at], text[at : at + 5]
    found = {f"l{left[-length:]}" for length in range(1, 6)} | {f"r{right[:length]}" for length in range(1, 6)}
    found |= {f"x{left[-one:]}|{right[:other]}" for one in (1, 2, 3) for other in (1, 2, 3) if one + other <= 5}
    found |= {f"L{meaning}" for meaning in ends.get(at, ())} | {f"R{meaning}" for meaning in starts.get(at, ())}
    return found


_DIGIT = re.compile(r"\d")


def plain(text: str) -> str:
    return _DIGIT.sub("0", text)


def edges(text: str) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Where words with a meaning end, and where they begin."""
    ends: dict[int, set[int]] = {}
    starts: dict[int, set[int]] = {}
    for word in thesaurus.default().find(text):
        ends.setdefault(word.end, set()).add(word.meaning)
        starts.setdefault(word.start, set()).add(word.meaning)
    return ends, starts


# The trained weights


@dataclass(frozen=True)
class Model:
    rows: Mapping[str, int]
    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def scores(self, features: Iterable[str]) -> NDArray[np.float32]:
        """A score a label: log-odds for the clause model, unnormalised log-probabilities for the others."""
        rows = self.rows
        # in one order: sums of floats depend on it, and that of a set on the process
        known = sorted(rows[feature] for feature in features if feature in rows)
        return self.weights[known].sum(axis=0) + self.bias if known else self.bias


class Reader:
    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models

    def finer(self, pieces: Sequence[Clause]) -> list[Clause]:
        """The clauses; of long runs without a pause, as speech recognition gives them, the thoughts."""
        return [part for piece in pieces for part in (self._cut(piece) if len(piece.text) >= LONG_RUN else (piece,))]

    def _cut(self, piece: Clause) -> Iterator[Clause]:
        text = plain(piece.text)
        ends, starts = edges(text)
        model = self._models["cut"]
        begin = 0
        whole = {match.start() for match in _WITHIN_A_FIGURE.finditer(piece.text)}
        for at in range(SHORTEST_CUT, len(text) - SHORTEST_CUT + 1):
            if at in whole:
                continue
            if at - begin >= SHORTEST_CUT and model.scores(cut_features(text, at, ends, starts))[0] >= CUT_ODDS:
                yield replace(piece, text=piece.text[begin:at], start=piece.start + begin)
                begin = at
        yield replace(piece, text=piece.text[begin:], start=piece.start + begin)

    def clauses(self, view: View) -> list[dict[str, float]]:
        """For each clause the probability of each label, of which several may hold."""
        model = self._models["clause"]
        found = []
        for number in range(len(view.pieces)):
            odds = model.scores(clause_features(view, number))
            found.append(dict(zip(model.labels, (1 / (1 + np.exp(-odds))).tolist(), strict=True)))
        return found

    def stage(self, view: View, told: Iterable[str]) -> dict[str, float]:
        return self._one_of("stage", note_features(view, told))

    def mood(self, view: View, told: Iterable[str]) -> dict[str, float]:
        return self._one_of("mood", note_features(view, told))

    def role(self, view: View, index: int) -> dict[str, float]:
        return self._one_of("role", amount_features(view, index))

    def _one_of(self, task: Task, features: set[str]) -> dict[str, float]:
        model = self._models[task]
        scores = model.scores(features)
        odds = np.exp(scores - scores.max())
        return dict(zip(model.labels, (odds / odds.sum()).tolist(), strict=True))

    def words(self, view: View, number: int, label: str) -> Span:
        """The words of the clause that speak for the label: all of a short one, of a long one the stretch with the greatest
        weight."""
        piece = view.pieces[number]
        if len(piece.text) <= SHORT_ENOUGH:
            return piece.span(0, len(piece.text))
        model = self._models["clause"]
        column = model.labels.index(label)
        masked = view.masked[number]
        if not masked.places:
            return piece.span(0, len(piece.text))
        weight = [0.0] * len(masked.text)
        seen: set[str] = set()
        for feature, start, end in _own(view, number):
            row = model.rows.get(feature)
            if row is None or feature in seen or end <= start:
                continue
            seen.add(feature)
            share = float(model.weights[row, column]) / (end - start)
            for at in range(start, end):
                weight[at] += share
        usual = sum(weight) / len(weight)
        start, end = _heaviest([share - usual for share in weight])
        while end - start < min(4, len(weight)):
            start, end = (start - 1, end) if start > 0 else (start, end + 1)
        last = masked.places[end] if end < len(masked.places) else piece.end
        return Span(masked.places[start], last)


def _heaviest(weight: Sequence[float]) -> tuple[int, int]:
    """The stretch with the greatest sum (Kadane)."""
    best, best_sum = (0, 1), -math.inf
    start, total = 0, 0.0
    for at, value in enumerate(weight):
        if total <= 0:
            start, total = at, 0.0
        total += value
        if total > best_sum:
            best, best_sum = (start, at + 1), total
    return best


def packed(models: Mapping[str, Model]) -> dict[str, Any]:
    """The models as arrays for `numpy.savez_compressed`, weights in eight bits."""
    arrays: dict[str, Any] = {}
    for task, model in models.items():
        scale = np.maximum(np.abs(model.weights).max(axis=0), 1e-9) / 127
        arrays[f"{task}.features"] = np.frombuffer("\n".join(model.rows).encode(), dtype=np.uint8)
        arrays[f"{task}.labels"] = np.array(model.labels)
        arrays[f"{task}.weights"] = np.rint(model.weights / scale).astype(np.int8)
        arrays[f"{task}.scale"] = scale.astype(np.float32)
        arrays[f"{task}.bias"] = model.bias.astype(np.float32)
    return arrays


def unpacked(arrays: Mapping[str, Any]) -> dict[str, Model]:
    models = {}
    for task in sorted({name.partition(".")[0] for name in arrays if name.endswith(".bias")}):
        features = bytes(arrays[f"{task}.features"]).decode().split("\n")
        models[task] = Model(
            {feature: row for row, feature in enumerate(features)},
            tuple(map(str, arrays[f"{task}.labels"])),
            arrays[f"{task}.weights"].astype(np.float32) * arrays[f"{task}.scale"],
            arrays[f"{task}.bias"],
        )
    return models


@lru_cache(maxsize=1)
def default() -> Reader:
    """The reader that is shipped; loading takes some tenths of a second, once."""
    with (
        files("nlp").joinpath("reader.npz").open("rb") as packed_file,
        np.load(packed_file, allow_pickle=False) as arrays,
    ):
        return Reader(unpacked(arrays))
