"""A sentence as a reworded script is compared by: its clauses, who acts in each, what it denies and asks, its numbers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nlp import adapted_figures, clauses
from nlp import adapted_words as words
from nlp.adapted import Fact
from nlp.adapted_figures import Figure
from nlp.adapted_words import Party

BLANK = re.compile(r"\s+")
_ITEM = re.compile(r"^\s*[-•·]\s*")
_CLAUSE = re.compile(r"(?:[^，。！？；：,!?;:…—]|(?<=\d),(?=\d))+")
MARKS = frozenset("，。！？；：、,!?;:…—-–~（）()「」“”‘’\"'《》/·.%")
KNOWN = re.compile(r"[一-鿿A-Za-z0-9]")
_LATIN = re.compile(r"[A-Za-z]+[A-Za-z0-9.+]*(?:-[A-Za-z0-9.+]+)*|\d+[A-Za-z]+[A-Za-z0-9]*")


@dataclass(frozen=True)
class Text:
    """A sentence as it is compared: without blanks and the dash of a list, folded."""

    plain: str
    is_item: bool = False
    names: Mapping[str, Party] = field(default_factory=dict)

    @classmethod
    def of(cls, sentence: str, names: Mapping[str, Party]) -> "Text":
        is_item = _ITEM.match(sentence) is not None
        return cls(BLANK.sub("", clauses.fold(_ITEM.sub("", sentence))), is_item, names)

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        latin = [match.span() for match in _LATIN.finditer(self.plain)]
        return tuple(
            each
            for each in adapted_figures.find(self.plain)
            if not any(start < each.end and each.start < end for start, end in latin)
        )

    @cached_property
    def latin(self) -> tuple[tuple[int, int], ...]:
        return tuple(match.span() for match in _LATIN.finditer(self.plain))

    @cached_property
    def clauses(self) -> tuple["Clause", ...]:
        found: list[Clause] = []
        carried: Party | None = None
        for match in _CLAUSE.finditer(self.plain):
            own = _party(match[0], self.names)
            found.append(Clause(match.start(), match.end(), match[0], own, carried))
            is_called = match[0] in self.names
            carried = carried if own is None or is_called else own
        return tuple(found)

    def clause_at(self, place: int) -> "Clause":
        return next(each for each in self.clauses if each.start <= place < each.end)

    @cached_property
    def asks(self) -> bool:
        return self.plain.endswith(("？", "?")) and words.TAG.search(self.plain) is None

    @cached_property
    def glue(self) -> frozenset[int]:
        """Places of characters that claim nothing by themselves."""
        return frozenset(
            at
            for start in range(len(self.plain))
            for end in range(start + 1, min(len(self.plain), start + 8) + 1)
            if self.plain[start:end] in words.GLUE
            for at in range(start, end)
        )

    @cached_property
    def own(self) -> frozenset[int]:
        """Places of the characters that say something."""
        return frozenset(
            at for at, each in enumerate(self.plain) if KNOWN.match(each) and each not in words.SAYS_NOTHING
        )

    def own_of(self, clause: "Clause") -> frozenset[int]:
        return frozenset(at for at in self.own if clause.start <= at < clause.end)

    @cached_property
    def loose(self) -> frozenset[str]:
        """Characters that are a word of their own here."""
        figures = {at for each in self.figures for at in range(each.start, each.end)}
        runs = "".join(
            each if KNOWN.match(each) and at not in self.glue and at not in figures else " "
            for at, each in enumerate(self.plain)
        )
        return frozenset(run for run in runs.split() if len(run) == 1 and run not in words.NOT)


@dataclass(frozen=True)
class Clause:
    start: int
    end: int
    text: str
    own_party: Party | None
    carried: Party | None
    """That of the clauses before it in the sentence."""

    @property
    def party(self) -> Party | None:
        return self.own_party or self.carried

    @cached_property
    def denials(self) -> tuple[int, ...]:
        plain = words.NO_NOT.sub(lambda match: "□" * len(match[0]), self.text)
        return tuple(self.start + at for at, each in enumerate(plain) if each in words.NOT)

    @cached_property
    def asks(self) -> bool:
        return words.ASKS.search(self.text) is not None

    @cached_property
    def commits(self) -> bool:
        return words.COMMITS.search(self.text) is not None

    @cached_property
    def given_to(self) -> frozenset[str]:
        return frozenset(
            "us" if match["who"] in words.US else "customer" for match in words.GIVEN_TO.finditer(self.text)
        )


def _party(text: str, names: Mapping[str, Party]) -> Party | None:
    """Who is named first, but for those that are only spoken to."""
    plain = words.NOT_A_PARTY.sub(lambda match: "□" * len(match[0]), text)
    found = [(plain.find(name), -len(name), party) for name, party in names.items() if name in plain]
    found += [
        (plain.find(name), -len(name), party)
        for party, those in words.PARTIES.items()
        for name in those
        if name in plain
    ]
    return min(found)[2] if found else None


@dataclass(frozen=True)
class Source:
    """What a sentence may rest on: a sentence of the script (`number`), or a fact."""

    key: str
    text: Text
    fact: Fact | None = None
