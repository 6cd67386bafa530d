"""The wordings of scripts in SQLite's full text search, and how much of a question each shares."""

import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from nlp.script_grams import grams, sounds

MOST_ROWS = 4_000
"""Rows that a search may touch, by what its grams are known to stand in: the rarest grams come first."""
CANDIDATES = 120
SOUND_SHARE = 0.3
"""Of a score; homophones then find their script, and words still beat sounds."""


class Wording(NamedTuple):
    script_id: str
    text: str
    """As `content` left it."""
    phrasing: str | None
    weight: float


class Near(NamedTuple):
    score: float
    """0 to 1."""
    phrasing: str | None


class WordingIndex:
    def __init__(self) -> None:
        # searched from one thread at a time: the caller's lock
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE VIRTUAL TABLE wordings USING fts5(grams, tokenize='unicode61', detail='none')")
        self._rows: dict[int, tuple[Wording, frozenset[str]]] = {}
        self._of: dict[str, list[int]] = {}
        self._stands_in: Counter[str] = Counter()
        self._last = 0

    def put(self, script_id: str, wordings: Iterable[Wording]) -> None:
        self.remove(script_id)
        for wording in wordings:
            self._last += 1
            terms = _terms(wording.text)
            self._db.execute("INSERT INTO wordings(rowid, grams) VALUES (?, ?)", (self._last, " ".join(sorted(terms))))
            self._rows[self._last] = wording, terms
            self._of.setdefault(script_id, []).append(self._last)
            self._stands_in.update(terms)

    def remove(self, script_id: str) -> None:
        for row in self._of.pop(script_id, ()):
            _, terms = self._rows.pop(row)
            self._db.execute("DELETE FROM wordings WHERE rowid = ?", (row,))
            self._stands_in.subtract(terms)

    def search(self, plain: str) -> Mapping[str, Near]:
        """The best wording of each script that shares anything rare enough with the question."""
        asked = _terms(plain)
        terms = self._rare(asked)
        if not terms:
            return {}
        query = " OR ".join(f'"{term}"' for term in terms)
        found = self._db.execute(
            "SELECT rowid FROM wordings WHERE wordings MATCH ? ORDER BY rank, rowid LIMIT ?", (query, CANDIDATES)
        )
        whole = self._mass(asked)
        best: dict[str, Near] = {}
        for (row,) in found:
            wording, stored = self._rows[row]
            score = wording.weight * self._alike(asked & stored, whole, self._mass(stored))
            if score > best.get(wording.script_id, Near(0.0, None)).score:
                best[wording.script_id] = Near(score, wording.phrasing)
        return best

    def _rare(self, terms: Iterable[str]) -> Sequence[str]:
        left = MOST_ROWS
        kept: list[str] = []
        for term in sorted(terms, key=lambda each: (self._stands_in[each], each)):
            if not self._stands_in[term]:
                continue
            left -= self._stands_in[term]
            if left < 0 and kept:
                break
            kept.append(term)
        return kept

    def _alike(self, shared: Iterable[str], one: tuple[float, float], other: tuple[float, float]) -> float:
        words, heard = self._mass(shared)
        by_words = _cosine(words, one[0], other[0])
        return (1 - SOUND_SHARE) * by_words + SOUND_SHARE * _cosine(heard, one[1], other[1])

    def _mass(self, terms: Iterable[str]) -> tuple[float, float]:
        """How much the terms say: of words, and of sounds."""
        words = heard = 0.0
        count = len(self._rows) + 1
        for term in sorted(terms):
            says = math.log(1 + count / (1 + self._stands_in[term])) ** 2
            if term.startswith("0"):
                heard += says
            else:
                words += says * (1.0 if len(term) > 1 else 0.4)
        return words, heard


def _terms(plain: str) -> frozenset[str]:
    return frozenset((*grams(plain), *(f"0{sound}" for sound in sounds(plain))))


def _cosine(shared: float, one: float, other: float) -> float:
    return shared / math.sqrt(one * other) if one and other else 0.0
