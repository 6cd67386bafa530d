"""How well the messages read in a screenshot agree with what is known to be on it. Pure functions, no pictures.

The known side is the JSON of a picture: `title` and `messages`, in order, each with `speaker`, `kind`, `text` and, if
they apply, `nick` and `partial` (cut by the edge of the screen). Texts are compared after NFKC, without blanks and
emoji. Times and notices count for their own figures; the others are bubbles.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from rapidfuzz.distance import Levenshtein

from nlp.screens import Message

ENOUGH = 0.8
"""The share of a bubble's text that must be right."""
ALIKE = 0.5
"""From this share on two texts are the same bubble."""
_NUMBER = re.compile(r"\d+(?:[.:/,-]\d+)*")
_BETWEEN = frozenset(("time", "system"))


@dataclass(frozen=True)
class Score:
    """Counts, so that the scores of several pictures can be added."""

    bubbles: int = 0
    found: int = 0
    right_speaker: int = 0
    right: int = 0
    """Bubbles with at least `ENOUGH` of their text and the right speaker."""
    right_kind: int = 0
    characters: int = 0
    wrong_characters: int = 0
    """Edits that turn what was read into what is there; of a missed bubble, all of it."""
    inversions: int = 0
    """Neighbours among the bubbles found that were read in the wrong order."""
    extra: int = 0
    """Bubbles read where none is."""
    numbers: int = 0
    right_numbers: int = 0
    nicks: int = 0
    right_nicks: int = 0
    times: int = 0
    right_times: int = 0
    notices: int = 0
    right_notices: int = 0
    titles: int = 0
    right_titles: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def right_share(self) -> float:
        return _share(self.right, self.bubbles)

    @property
    def speaker_share(self) -> float:
        return _share(self.right_speaker, self.found)

    @property
    def character_error_rate(self) -> float:
        return self.wrong_characters / self.characters if self.characters else 0.0

    @property
    def number_share(self) -> float:
        return _share(self.right_numbers, self.numbers)


def plain(text: str) -> str:
    """What is compared of a text.

    >>> plain("好的👌 ＡＢ１2")
    '好的AB12'
    """
    kept = (char for char in unicodedata.normalize("NFKC", text) if not char.isspace())
    return "".join(
        char for char in kept if unicodedata.category(char) not in ("So", "Sk", "Cn", "Co", "Cs", "Cf", "Mn")
    )


def match(truth: Sequence[Mapping[str, Any]], messages: Sequence[Message]) -> list[int | None]:
    """For each known message the place of the one read for it; each is taken once, the most alike first."""
    pairs = []
    for place, known in enumerate(truth):
        for index, message in enumerate(messages):
            alike = _alike(known, message)
            if alike >= ALIKE:
                # Where a text occurs twice, the one of the same side; of those the one that stands at the same height.
                turned = known["speaker"] != message.speaker
                apart = abs(place / max(1, len(truth)) - index / max(1, len(messages)))
                pairs.append((-alike, turned, apart, place, index))
    found: list[int | None] = [None] * len(truth)
    taken: set[int] = set()
    for *_rank, place, index in sorted(pairs):
        if found[place] is None and index not in taken:
            found[place] = index
            taken.add(index)
    return found


def score(truth: Mapping[str, Any], messages: Sequence[Message], title: str | None = None) -> Score:
    known = truth["messages"]
    total = _between(known, messages) + _title(truth, title)
    spoken = [message for message in messages if message.kind not in _BETWEEN]
    bubbles = [one for one in known if one["kind"] not in _BETWEEN]
    places = match(bubbles, spoken)
    for one, place in zip(bubbles, places, strict=True):
        total += _bubble(one, spoken[place] if place is not None else None)
    found = [place for place in places if place is not None]
    inversions = sum(later < earlier for earlier, later in pairwise(found))
    return total + Score(inversions=inversions, extra=len(spoken) - len(found))


def missed(truth: Mapping[str, Any], messages: Sequence[Message]) -> list[tuple[Mapping[str, Any], Message | None]]:
    """The bubbles that are not right, each with what was read for it."""
    spoken = [message for message in messages if message.kind not in _BETWEEN]
    bubbles = [one for one in truth["messages"] if one["kind"] not in _BETWEEN]
    pairs = [
        (one, spoken[place] if place is not None else None)
        for one, place in zip(bubbles, match(bubbles, spoken), strict=True)
    ]
    return [(one, message) for one, message in pairs if not _bubble(one, message).right]


def _bubble(known: Mapping[str, Any], message: Message | None) -> Score:
    text = plain(known["text"])
    numbers = _NUMBER.findall(text) if not known.get("partial") else []
    nick = known.get("nick")
    counted = Score(bubbles=1, characters=len(text), numbers=len(numbers), nicks=int(bool(nick)))
    if message is None:
        return counted + Score(wrong_characters=len(text))
    wrong, length = _edits(known, message)
    same_speaker = message.speaker == known["speaker"]
    enough = length == 0 or 1 - wrong / length >= ENOUGH
    read = plain(message.text)
    return counted + Score(
        found=1,
        right_speaker=int(same_speaker),
        right=int(same_speaker and enough),
        right_kind=int(message.kind == known["kind"]),
        characters=length - len(text),
        wrong_characters=wrong,
        right_numbers=sum(number in read for number in numbers),
        right_nicks=int(bool(nick) and plain(message.nick or "") == plain(nick or "")),
    )


def _edits(known: Mapping[str, Any], message: Message) -> tuple[int, int]:
    """Wrong characters, and of how many. What was read of a bubble that is cut may stop early or begin late."""
    text, read = plain(known["text"]), plain(message.text)
    whole = Levenshtein.distance(text, read)
    if not known.get("partial") or not 4 <= len(read) < len(text):
        return whole, len(text)
    length = len(read)
    cut = min(Levenshtein.distance(text[:length], read), Levenshtein.distance(text[-length:], read))
    return (cut, length) if cut * len(text) < whole * length else (whole, len(text))


def _alike(known: Mapping[str, Any], message: Message) -> float:
    if (known["kind"] == "image") != (message.kind == "image"):
        return 0.0
    wrong, length = _edits(known, message)
    longest = max(length, len(plain(message.text)))
    return 1.0 if longest == 0 else 1 - wrong / longest


def _between(known: Sequence[Mapping[str, Any]], messages: Sequence[Message]) -> Score:
    total = Score()
    for kind in ("time", "system"):
        read = [plain(message.text) for message in messages if message.kind == kind]
        wanted = [plain(one["text"]) for one in known if one["kind"] == kind]
        right = 0
        for text in wanted:
            near = next((one for one in read if Levenshtein.normalized_similarity(one, text) >= 0.9), None)
            if near is not None:
                read.remove(near)
                right += 1
        if kind == "time":
            total += Score(times=len(wanted), right_times=right)
        else:
            total += Score(notices=len(wanted), right_notices=right)
    return total


def _title(truth: Mapping[str, Any], title: str | None) -> Score:
    wanted = truth.get("title")
    if not wanted:
        return Score()
    return Score(titles=1, right_titles=int(plain(wanted) == plain(title or "")))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
