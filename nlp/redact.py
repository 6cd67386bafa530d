"""Numbers and addresses that identify a person, taken out of a text before it leaves the machine and put back after.

Taken out: mobile, landline and 400 numbers, also spoken digit by digit (一三八零零…); ID cards, bank cards, e-mail addresses;
and any other run of seven digits or more that no currency follows. Names and amounts stay: the model reads them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp import clauses

_SPOKEN = "零〇幺一二三四五六七八九"
_ANY = rf"[\d{_SPOKEN}]"
_PAUSE = r"[\s\u200b-\u200f\u2060\ufeff.,，、·•/\\_()（）-]{0,3}"
"""What people, speech engines and copied text put between the groups of one number."""
# Each quantifier is bounded or cannot give anything back to what follows it, and none starts inside a run of digits.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "邮箱",
        re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"),
    ),
    # behind a longer run of letters or in front of more labels the part that looks like an address goes all the same
    ("邮箱", re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z0-9-]{2,63}")),
    ("证件", re.compile(r"(?<!\d)\d{6}[ ]?\d{8}[ ]?\d{3}[\dXx](?!\d)")),
    ("卡号", re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)")),
    ("电话", re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")),
    ("电话", re.compile(r"(?<!\d)[48]00(?:[ -]?\d){7}(?!\d)")),
    ("电话", re.compile(r"(?<!\d)\(?0\d{2,3}[)）]?[ -]?\d{3,4}[ -]?\d{4}(?:[ ]?(?:-|转)[ ]?\d{1,6})?(?!\d)")),
    # a mobile number in whatever groups it was written or said; 13,800,138,000 is an amount
    (
        "电话",
        re.compile(
            rf"(?<!{_ANY})(?!\d{{1,3}}(?:,\d{{3}})+(?:\.\d{{1,4}})?(?![,.]?\d))"
            rf"(?:\+?86{_PAUSE})?[1一幺]{_PAUSE}[3-9三四五六七八九](?:{_PAUSE}{_ANY}){{9}}(?!{_ANY})"
        ),
    ),
    # spoken with pauses, as speech engines write it
    ("电话", re.compile(rf"(?<![{_SPOKEN}])[{_SPOKEN}](?:[ ，,、-]?[{_SPOKEN}]){{9,24}}")),
    (
        "号码",
        re.compile(
            rf"(?<![\d{_SPOKEN}])(?!\d{{7,10}}(?![\d{_SPOKEN}])(?:\.\d{{1,2}})?[ ]?(?:元|块|万|亿|[wW]|RMB))[\d{_SPOKEN}]{{7,}}"
        ),
    ),
)


@dataclass(frozen=True)
class Redacted:
    text: str
    kept: tuple[tuple[str, str], ...]
    """Placeholder and what stood there."""

    def restore(self, text: str) -> str:
        """The text with what was taken out back in its places."""
        if not self.kept:
            return text
        words = dict(self.kept)
        return re.sub("|".join(map(re.escape, words)), lambda match: words[match[0]], text)


def redact(text: str) -> Redacted:
    """The text with placeholders (⟦电话1⟧) in place of what identifies a person; the same number has the same one.

    `redact(x).restore(redact(x).text) == x` for every x: a placeholder that the text has of itself is not used.

    >>> redact("王总电话13800138000").text
    '王总电话⟦电话1⟧'
    """
    folded = _level(text)
    pieces: list[str] = []
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    position = 0
    for start, end, kind in _found(folded):
        words = text[start:end]
        if words not in names:
            names[words] = _unused(kind, counts, text)
        pieces += [text[position:start], names[words]]
        position = end
    pieces.append(text[position:])
    return Redacted("".join(pieces), tuple((name, words) for words, name in names.items()))


def sendable(text: str, *, redacts: bool) -> Redacted:
    """The text as it may be sent to a model, redacted where that is wanted.

    A lone surrogate cannot be sent; in its place stands one character, so that offsets stay.
    """
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return redact(whole) if redacts else Redacted(whole, ())


def holds_any(text: str) -> bool:
    """Whether something that `redact` would take out stands in the text."""
    folded = _level(text)
    return any(pattern.search(folded) for _, pattern in _KINDS)


def _level(text: str) -> str:
    """Full-width signs made ASCII, character by character."""
    return clauses.fold(text).replace("＠", "@")


def _unused(kind: str, counts: dict[str, int], text: str) -> str:
    while True:
        counts[kind] = counts.get(kind, 0) + 1
        name = f"⟦{kind}{counts[kind]}⟧"
        if name not in text:
            return name


def _found(text: str) -> list[tuple[int, int, str]]:
    """What is to go, in order, without overlaps; what is left between two of them holds nothing that is to go."""
    found: list[tuple[int, int, str]] = []
    open_pieces = [(0, len(text))]
    while open_pieces:
        left: list[tuple[int, int]] = []
        for start, end in open_pieces:
            # as a string of its own: next to a placeholder it has no neighbours either
            hits = [(start + a, start + b, kind) for a, b, kind in _joined(text[start:end])]
            found += hits
            edges = [start, *(edge for a, b, _ in hits for edge in (a, b)), end]
            if hits:
                left += [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
        open_pieces = left
    return sorted(found)


def _joined(text: str) -> Iterator[tuple[int, int, str]]:
    """The matches of all kinds, overlapping ones as one, named after the kind that stands first in the table."""
    matches = sorted(
        (match.start(), match.end(), rank)
        for rank, (_, pattern) in enumerate(_KINDS)
        for match in pattern.finditer(text)
    )
    current: tuple[int, int, int] | None = None
    for start, end, rank in matches:
        if current is not None and start < current[1]:
            current = (current[0], max(current[1], end), min(current[2], rank))
            continue
        if current is not None:
            yield current[0], current[1], _KINDS[current[2]][0]
        current = (start, end, rank)
    if current is not None:
        yield current[0], current[1], _KINDS[current[2]][0]
