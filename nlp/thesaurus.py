"""Words of sales talk by what they mean, and where they stand in a text.

`thesaurus.txt` has one meaning a line, `meaning: word word …`; `…` inside a word stands for up to four characters. Many
words have several meanings. What they mean together is for `nlp.reader` to say; nothing is decided by a word alone.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from operator import add
from typing import NamedTuple

_GAP = "…"
_WIDEST_GAP = 4


class Meant(NamedTuple):
    start: int
    end: int
    meaning: int
    """Number of the meaning: its line in the thesaurus."""


class Thesaurus:
    def __init__(self, source: str) -> None:
        self._words: dict[str, tuple[int, ...]] = {}
        self._gapped: dict[str, list[tuple[str, str, int]]] = {}
        self.meanings: list[str] = []
        for line in filter(str.strip, source.splitlines()):
            meaning, _, words = line.partition(":")
            number = len(self.meanings)
            self.meanings.append(meaning.strip())
            for word in words.split():
                head, gap, tail = word.partition(_GAP)
                if gap:
                    self._gapped.setdefault(head[0], []).append((head, tail, number))
                else:
                    self._words[word] = (*self._words.get(word, ()), number)
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[:2], set()).add(len(word))
        self._lengths = {begins: tuple(sorted(each, reverse=True)) for begins, each in lengths.items()}
        """Of the words that begin with these two characters, longest first; of one character, that alone."""

    def find(self, text: str) -> Iterator[Meant]:
        """In order of place; within a word of a meaning no shorter one of the same meaning is told."""
        ends: dict[int, int] = {}
        for start, first in enumerate(text):
            for length in (*self._lengths.get(text[start : start + 2], ()), 1):
                end = start + length
                for meaning in self._words.get(text[start:end], ()) if end <= len(text) else ():
                    if ends.get(meaning, -1) < end:
                        ends[meaning] = end
                        yield Meant(start, end, meaning)
            for head, tail, meaning in self._gapped.get(first, ()):
                if text.startswith(head, start):
                    behind = start + len(head)
                    at = text.find(tail, behind, behind + _WIDEST_GAP + len(tail))
                    if at >= 0:
                        yield Meant(start, at + len(tail), meaning)

    def meanings_of(self, text: str) -> set[int]:
        """By number, all that words of two characters and more mean; many times as fast as to find their places."""
        found: set[int] = set()
        words, lengths, gapped = self._words, self._lengths, self._gapped
        for start, begins in enumerate(map(add, text, text[1:])):
            for length in lengths.get(begins, ()):
                if meant := words.get(text[start : start + length]):
                    found.update(meant)
            if begins[0] in gapped:
                for head, tail, meaning in gapped[begins[0]]:
                    behind = start + len(head)
                    if tail in text[behind : behind + _WIDEST_GAP + len(tail)] and text.startswith(head, start):
                        found.add(meaning)
        return found


@lru_cache(maxsize=1)
def default() -> Thesaurus:
    return Thesaurus(files("nlp").joinpath("thesaurus.txt").read_text(encoding="utf-8"))
