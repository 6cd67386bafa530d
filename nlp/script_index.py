"""The wordings of scripts in SQLite's full text search, and how much of a question each shares."""

import math
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from nlp.script_grams import MEANING, SOUND, terms

MOST_ROWS = 4_000
"""Rows that a search may touch, by what its grams are known to stand in: the rarest grams come first."""
CANDIDATES = 120
SOUND_SHARE = 0.2
"""Of a score; homophones then find their script, and words still beat sounds."""
MEANING_SHARE = 0.1
"""Of a score: measured on the development questions, where 0.1 gained most at rank 3 and more cost rank 1."""
LONE = 0.4
"""How much a single character says beside a pair."""

_WORD, _SOUND, _MEANING = 0, 1, 2
_SHARES = (1 - SOUND_SHARE - MEANING_SHARE, SOUND_SHARE, MEANING_SHARE)
_Masses = tuple[float, float, float]


class Wording(NamedTuple):
    script_id: str
    text: str
    """As `content` left it."""
    phrasing: str | None
    weight: float
    meanings: Collection[str] = ()


class Near(NamedTuple):
    score: float
    """0 to 1."""
    phrasing: str | None


class _Row(NamedTuple):
    script_id: str
    phrasing: str | None
    weight: float
    terms: tuple[str, ...]


class WordingIndex:
    def __init__(self) -> None:
        # searched from one thread at a time: the caller's lock
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE VIRTUAL TABLE wordings USING fts5(grams, tokenize='ascii', detail='none')")
        self._rows: dict[int, _Row] = {}
        self._of: dict[str, list[int]] = {}
        self._stands_in: Counter[str] = Counter()
        self._last = 0
        self._says: dict[str, float] = {}
        self._masses: dict[int, _Masses] = {}

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Many changes as one: several times as fast."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def put(self, script_id: str, wordings: Iterable[Wording]) -> None:
        self.remove(script_id)
        rows = self._of.setdefault(script_id, [])
        for wording in wordings:
            self._last += 1
            said = (*terms(wording.text), *wording.meanings)
            self._db.execute("INSERT INTO wordings(rowid, grams) VALUES (?, ?)", (self._last, " ".join(said)))
            self._rows[self._last] = _Row(wording.script_id, wording.phrasing, wording.weight, said)
            rows.append(self._last)
            self._stands_in.update(said)

    def remove(self, script_id: str) -> None:
        self._says.clear()
        self._masses.clear()
        for row in self._of.pop(script_id, ()):
            self._stands_in.subtract(self._rows.pop(row).terms)
            self._db.execute("DELETE FROM wordings WHERE rowid = ?", (row,))

    def search(self, plain: str, meanings: Collection[str] = ()) -> Mapping[str, Near]:
        """The best wording of each script that shares anything rare enough with the question."""
        asked = terms(plain).union(meanings)
        whole = self._mass(asked)
        best: dict[str, Near] = {}
        for number in self._candidates(asked):
            row = self._rows[number]
            shared = self._mass(asked.intersection(row.terms))
            score = row.weight * self._alike(shared, whole, self._mass_of(number))
            if score > best.get(row.script_id, Near(0.0, None)).score:
                best[row.script_id] = Near(score, row.phrasing)
        return best

    def terms_of(self, script_ids: Iterable[str]) -> frozenset[str]:
        """Whatever the wordings of these scripts hold."""
        return frozenset(
            term for each in script_ids for row in self._of.get(each, ()) for term in self._rows[row].terms
        )

    def _candidates(self, asked: Iterable[str]) -> Sequence[int]:
        # a query a term: bm25 over all of them at once takes four times as long
        shared: dict[int, float] = {}
        for term in self._rare(asked):
            says = self._says_of(term)
            for (row,) in self._db.execute("SELECT rowid FROM wordings WHERE wordings MATCH ?", (f'"{term}"',)):
                shared[row] = shared.get(row, 0.0) + says
        return sorted(shared, key=lambda row: (-shared[row], row))[:CANDIDATES]

    def _rare(self, terms: Iterable[str]) -> Sequence[str]:
        left = MOST_ROWS
        kept: list[str] = []
        for rows, term in sorted((self._stands_in[term], term) for term in terms):
            if not rows:
                continue
            left -= rows
            if left < 0 and kept:
                break
            kept.append(term)
        return kept

    def _alike(self, shared: _Masses, one: _Masses, other: _Masses) -> float:
        return sum(share * _cosine(*masses) for share, *masses in zip(_SHARES, shared, one, other, strict=True))

    def _mass_of(self, row: int) -> _Masses:
        mass = self._masses.get(row)
        if mass is None:
            mass = self._masses[row] = self._mass(self._rows[row].terms)
        return mass

    def _mass(self, terms: Iterable[str]) -> _Masses:
        """How much the terms say: of words, of sounds and of meanings."""
        said: tuple[list[float], ...] = ([], [], [])
        for term in terms:
            said[_kind(term)].append(self._says_of(term))
        # fsum: the order of the terms must not matter
        return math.fsum(said[0]), math.fsum(said[1]), math.fsum(said[2])

    def _says_of(self, term: str) -> float:
        says = self._says.get(term)
        if says is None:
            says = math.log(1 + (len(self._rows) + 1) / (1 + self._stands_in[term])) ** 2
            self._says[term] = says = says if len(term) > 1 else LONE * says
        return says


def _kind(term: str) -> int:
    mark = term[0]
    return _SOUND if mark == SOUND else _MEANING if mark == MEANING else _WORD


def _cosine(shared: float, one: float, other: float) -> float:
    return shared / math.sqrt(one * other) if one and other else 0.0
