"""Several screenshots of one chat become one reading: put in order, and what two of them show counted once."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from rapidfuzz import fuzz

from nlp.screens import Message, ScreenReading, ScreenWarning

ALIKE = 90.0
"""Percent from which two readings of one message are the same, with what OCR gets wrong."""
TELLING = 6
"""Characters of a message that is common to two pictures by more than chance: 好的 is in every one."""
SAME_TITLE = 85.0
MAX_READINGS = 30
"""Only so many are compared with each other; further ones stay apart."""

_MEMBERS = re.compile(r"[(（]\d+[)）]$")
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class _Unit:
    """A message that somebody sent, with the times and notices above it."""

    message: Message
    above: tuple[Message, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """A stretch of one chat, from one picture or from several that overlap."""

    units: tuple[_Unit, ...]
    below: tuple[Message, ...]
    """Times and notices under the last message."""
    readings: tuple[ScreenReading, ...]
    place: int
    """Where its first picture stood among those given."""

    @property
    def began_at(self) -> datetime | None:
        moments = [message.sent_at for message in self.messages() if message.sent_at is not None]
        return min(moments, default=None)

    @property
    def title(self) -> str | None:
        return next((reading.title for reading in self.readings if reading.title), None)

    def messages(self) -> list[Message]:
        return [message for unit in self.units for message in (*unit.above, unit.message)] + list(self.below)


@dataclass(frozen=True)
class _Overlap:
    ahead: int
    """How many messages of the first stand above the first message of the second; negative where it begins later."""
    common: int


def join(readings: Sequence[ScreenReading]) -> tuple[ScreenReading, ...]:
    """One reading for each chat, so one alone when all pictures show the same; what is no chat stays as it is.

    Pictures belong together when they have the same title, or no differing ones and messages in common. They are put in
    order by what they have in common, else by their times, else as given. A message that one picture cuts off and
    another shows whole is taken whole. The answer is in the order in which each chat first occurs.
    """
    chats = [index for index, reading in enumerate(readings) if reading.kind == "chat"][:MAX_READINGS]
    pieces = [_piece(readings[index], index) for index in chats]
    answers: list[tuple[int, ScreenReading]] = [
        (index, reading) for index, reading in enumerate(readings) if index not in set(chats)
    ]
    answers += [(min(piece.place for piece in group), _reading(group)) for group in _by_chat(_chained(pieces))]
    return tuple(reading for _place, reading in sorted(answers, key=lambda answer: answer[0]))


def _piece(reading: ScreenReading, place: int) -> _Piece:
    units: list[_Unit] = []
    above: list[Message] = []
    for message in reading.messages:
        if message.speaker == "system":
            above.append(message)
        else:
            units.append(_Unit(message, tuple(above)))
            above = []
    return _Piece(tuple(units), tuple(above), (reading,), place)


def _chained(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces, those that overlap made one: the two with most in common first."""
    left = {piece.place: piece for piece in pieces}
    overlaps = {(one.place, other.place): _overlap(one, other) for one, other in combinations(left.values(), 2)}
    while True:
        found = [(overlap.common, places, overlap) for places, overlap in overlaps.items() if overlap is not None]
        if not found:
            return list(left.values())
        _common, (one, other), overlap = max(found, key=lambda entry: entry[0])
        merged = _merged(left.pop(one), left.pop(other), overlap)
        overlaps = {places: known for places, known in overlaps.items() if not {one, other} & set(places)}
        overlaps |= {(merged.place, place): _overlap(merged, piece) for place, piece in left.items()}
        left[merged.place] = merged


def _may_be_one(one: _Piece, other: _Piece) -> bool:
    titles = one.title, other.title
    if titles[0] is None or titles[1] is None:
        return True
    return fuzz.ratio(_bare(titles[0]), _bare(titles[1])) >= SAME_TITLE


def _bare(title: str) -> str:
    """Without the number of members, which changes, and blanks, which are read now and then."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", title))
    return _MEMBERS.sub("", plain)


def _overlap(one: _Piece, other: _Piece) -> _Overlap | None:
    """How the two lie on each other, when all that lies on each other is the same."""
    if not _may_be_one(one, other):
        return None
    keys_one, keys_other = [_words(unit.message) for unit in one.units], [_words(unit.message) for unit in other.units]
    best: _Overlap | None = None
    for ahead in range(1 - len(keys_other), len(keys_one)):
        first, last = max(0, ahead), min(len(keys_one), ahead + len(keys_other))
        pairs = [(one.units[index].message, other.units[index - ahead].message) for index in range(first, last)]
        same = [
            _is_same(a, keys_one[first + place], b, keys_other[first + place - ahead])
            for place, (a, b) in enumerate(pairs)
        ]
        # What the edge of a picture cuts off may be misread altogether: it speaks neither for nor against.
        if not all(known or a.truncated or b.truncated for known, (a, b) in zip(same, pairs, strict=True)):
            continue
        common = sum(same)
        telling = any(known and len(keys_one[first + place]) >= TELLING for place, known in enumerate(same))
        if (telling or common >= 3) and (best is None or common > best.common):
            best = _Overlap(ahead, common)
    return best


def _words(message: Message) -> str:
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", message.text)).lower()


def _is_same(one: Message, key: str, other: Message, other_key: str) -> bool:
    if one.speaker != other.speaker or (one.kind == "image") != (other.kind == "image"):
        return False
    if key == other_key:
        return True
    if one.truncated or other.truncated:
        short, long = sorted((key, other_key), key=len)
        return len(short) >= 2 and (
            long.startswith(short) or long.endswith(short) or fuzz.partial_ratio(short, long) >= ALIKE
        )
    return (
        min(len(key), len(other_key)) >= TELLING
        and fuzz.ratio(key, other_key) >= ALIKE
        and _figures(key) == _figures(other_key)
    )


def _figures(key: str) -> str:
    """What differs in its figures is another message: 8 折 and 9 折."""
    return re.sub(r"\D", "", key)


def _merged(one: _Piece, other: _Piece, overlap: _Overlap) -> _Piece:
    first, second, ahead = (one, other, overlap.ahead) if overlap.ahead >= 0 else (other, one, -overlap.ahead)
    units = list(first.units)
    for place, unit in enumerate(second.units, start=ahead):
        if place < len(units):
            units[place] = _better(units[place], unit)
        else:
            units.append(replace(unit, above=unit.above or first.below) if place == len(first.units) else unit)
    ends = len(first.units) - ahead - len(second.units)
    below = first.below if ends > 0 else second.below if ends < 0 else first.below or second.below
    return _Piece(tuple(units), below, (*first.readings, *second.readings), min(one.place, other.place))


def _better(one: _Unit, other: _Unit) -> _Unit:
    """The whole one of two readings of a message; with the name, the time and the notices that either has."""
    ranked = sorted((one.message, other.message), key=_worth, reverse=True)
    best, rest = ranked
    if best.sent_at is None or (rest.sent_at is not None and rest.time_source == "explicit" != best.time_source):
        best = replace(best, sent_at=rest.sent_at, time_source=rest.time_source)
    if best.nick is None:
        best = replace(best, nick=rest.nick)
    return _Unit(best, max(one.above, other.above, key=len))


def _worth(message: Message) -> tuple[bool, int, float]:
    return not message.truncated, len(message.text) if message.truncated else 0, message.confidence


def _by_chat(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Pieces with the same title together, in the order of their times; a piece without one stays alone."""
    groups: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.place):
        home = next(
            (group for group in groups if piece.title and group[0].title and _may_be_one(group[0], piece)), None
        )
        if home is None:
            groups.append([piece])
        else:
            home.append(piece)
    return [_in_order(group) for group in groups]


def _in_order(group: list[_Piece]) -> list[_Piece]:
    """By their times where all have one, else as they were given."""
    began = {piece.place: piece.began_at for piece in group}
    known = {place: moment for place, moment in began.items() if moment is not None}
    return sorted(group, key=lambda piece: known[piece.place]) if len(known) == len(group) else group


def _reading(group: Sequence[_Piece]) -> ScreenReading:
    readings = [reading for piece in group for reading in piece.readings]
    if len(readings) == 1:
        return readings[0]
    messages = tuple(message for piece in group for message in _with_times(piece.messages()))
    return ScreenReading(
        "chat",
        messages,
        next((piece.title for piece in group if piece.title), None),
        plain_text="\n".join(reading.plain_text for reading in readings if reading.plain_text),
        engine=readings[0].engine,
        warnings=_warnings(readings, messages),
        needs_review=any(reading.needs_review for reading in readings),
    )


def _with_times(messages: Sequence[Message]) -> list[Message]:
    """What one picture shows without a time is below a time of the other."""
    filled: list[Message] = []
    current: datetime | None = None
    for message in messages:
        if message.sent_at is None and current is not None and message.kind != "time":
            message = replace(message, sent_at=current, time_source="inherited")
        current = message.sent_at
        filled.append(message)
    return filled


def _warnings(readings: Sequence[ScreenReading], messages: Sequence[Message]) -> tuple[ScreenWarning, ...]:
    """All of the pictures, but that something is cut off only where it still is."""
    found = dict.fromkeys(warning for reading in readings for warning in reading.warnings)
    is_cut = any(message.truncated for message in messages)
    return tuple(warning for warning in found if warning != "truncated" or is_cut)


# One picture more


@dataclass(frozen=True)
class Added:
    """A chat with one picture more: `fresh` are the places of the messages that only the new picture shows."""

    messages: tuple[Message, ...]
    title: str | None
    fresh: frozenset[int]
    is_joined: bool
    """Whether earlier pictures show the same chat."""


def added(before: Sequence[ScreenReading], new: ScreenReading) -> Added:
    """The chat of `new` together with those pictures of `before` that show it, wherever in it they belong.

    A message that was cut off in them and is whole now is fresh: the rest of it has not been read.
    """
    known = [reading for reading in before if reading.kind == "chat"][1 - MAX_READINGS :]
    group = next(group for group in _groups([*known, new]) if any(_shows(piece, new) for piece in group))
    old = [reading for piece in group for reading in piece.readings if reading is not new]
    if not old:
        return Added(new.messages, new.title, frozenset(range(len(new.messages))), is_joined=False)
    whole = _reading(group)
    left = [message for reading in join(old) for message in reading.messages]
    fresh: set[int] = set()
    for place, message in enumerate(whole.messages):
        twin = next((other for other in left if _is_same(message, _words(message), other, _words(other))), None)
        if twin is not None:
            left.remove(twin)
        if twin is None or (twin.truncated and len(_words(message)) > len(_words(twin))):
            fresh.add(place)
    return Added(whole.messages, whole.title, frozenset(fresh), is_joined=True)


def _groups(readings: Sequence[ScreenReading]) -> list[list[_Piece]]:
    return _by_chat(_chained([_piece(reading, place) for place, reading in enumerate(readings)]))


def _shows(piece: _Piece, reading: ScreenReading) -> bool:
    return any(known is reading for known in piece.readings)
