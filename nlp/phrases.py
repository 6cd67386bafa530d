"""Cuts what was heard into phrases with times, where the speaker paused.

Heard in long stretches, speech comes back almost without punctuation. A pause becomes a comma, as anybody who writes
down speech would set it; no word is changed, added or left out.
"""

import re
from collections.abc import Iterator, Sequence

from nlp.hearing import Heard, Hearing, Word
from nlp.transcript import Segment

PAUSE_REACH_S = 0.5
"""The moments of pauses and of words come from two models, and differ by up to this much."""
SYLLABLE_S = 0.22
"""What a word lasts beyond this for each character is the pause before it, which the alignment counts as part of it."""
MIN_SLACK_S = 0.15
MARKS = "，。！？；：、,.!?;:"
_SPACE = re.compile(r"\s+")
_HALF_WIDTH = str.maketrans(",!?;:", "，！？；：")
_HALF_WIDTH_MARK = re.compile(r"(?<![\x00-\x7f])[,!?;:]|[,!?;:](?=[^\x00-\x7f]|$)")
_GAP = re.compile(r"(?<=[^\x00-\x7f]) +|(?<=[%\d]) +(?=[^\x00-\x7f])")


def phrases(hearing: Hearing) -> tuple[Segment, ...]:
    cut = [
        Segment(round(start_s, 2), round(end_s, 2), text)
        for heard in hearing.stretches
        for start_s, end_s, text in _cut(heard, hearing.pauses_s)
        if text
    ]
    return tuple(_ended(segment, is_last=segment is cut[-1]) for segment in cut)


def _cut(heard: Heard, pauses_s: Sequence[float]) -> Iterator[tuple[float, float, str]]:
    if not heard.words:
        yield heard.start_s, heard.end_s, _tidy(heard.text)
        return
    words = heard.words
    breaks = _pauses_between(words, pauses_s) | {i for i in range(len(words) - 1) if _breaks(words[i], words[i + 1])}
    first = 0
    for last in [*sorted(breaks), len(words) - 1]:
        phrase = words[first : last + 1]
        yield phrase[0].start_s, phrase[-1].end_s, _tidy("".join(word.text for word in phrase))
        first = last + 1


def _breaks(word: Word, following: Word) -> bool:
    """Whether the engine itself set a mark or a space here (and no decimal point or thousands separator)."""
    if following.text[:1].isspace() or word.text[-1:].isspace():
        return True
    return word.text.endswith(tuple(MARKS)) and not following.text[:1].isdigit()


def _pauses_between(words: Sequence[Word], pauses_s: Sequence[float]) -> set[int]:
    """Indexes of the words after which the speaker pauses: near each pause, where there is most time to spare."""
    found = set()
    for pause_s in pauses_s:
        near = [i for i in range(len(words) - 1) if abs(words[i + 1].start_s - pause_s) <= PAUSE_REACH_S]
        best = max(near, key=lambda i: _slack_s(words[i], words[i + 1]), default=None)
        if best is not None and _slack_s(words[best], words[best + 1]) >= MIN_SLACK_S:
            found.add(best)
    return found


def _slack_s(word: Word, following: Word) -> float:
    spoken_s = SYLLABLE_S * len(following.text.strip(MARKS + " "))
    return following.start_s - word.end_s + max(0.0, following.end_s - following.start_s - spoken_s)


def _tidy(text: str) -> str:
    """On one line, without spaces between Chinese characters, with full-width marks beside them."""
    text = _GAP.sub("，", _SPACE.sub(" ", text.strip()))
    return _HALF_WIDTH_MARK.sub(lambda mark: mark.group().translate(_HALF_WIDTH), text)


def _ended(segment: Segment, *, is_last: bool) -> Segment:
    if is_last or segment.text.endswith(tuple(MARKS)):
        return segment
    return Segment(segment.start_s, segment.end_s, segment.text + "，")
