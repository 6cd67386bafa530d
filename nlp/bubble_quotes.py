"""What an answer quotes inside its own bubble: above the words, behind a bar at the left (WeCom, DingTalk) or in a box."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nlp.bubbles import Area, Pixels
from nlp.chat_screen import Bubble, middle
from nlp.screens import Line, Rect

BAR_DIFFERS = 12
"""Levels by which a bar differs from its bubble."""
BAR_WIDTH = 0.4
"""Of a line's height, at most."""


def split(rgb: Pixels, bubble: Bubble) -> tuple[Bubble, Bubble] | None:
    """The quoted part and the answer below it, each a bubble of its own; None where nothing is quoted."""
    quoted = bubble.inset or _behind_a_bar(rgb, bubble.area, bubble.lines)
    answer = tuple(line for line in bubble.lines if line not in quoted)
    if not quoted or not answer:
        return None
    edge = max(line.rect.bottom for line in quoted)
    if edge > min(middle(line)[1] for line in answer):
        return None
    rect = bubble.rect
    above = Bubble(
        Rect(rect.left, rect.top, rect.right, edge), bubble.area, quoted, ballot=bubble.ballot, is_quote=True
    )
    below = Bubble(
        Rect(rect.left, edge, rect.right, rect.bottom), bubble.area, answer, bubble.has_parts, ballot=bubble.ballot
    )
    return above, below


def _behind_a_bar(rgb: Pixels, area: Area, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines beside a bar that begins at the first one and ends above the last."""
    if len(lines) < 2:
        return ()
    first = min(lines, key=lambda line: line.rect.top)
    high = first.rect.height
    # Round corners end before the letters begin.
    left, right = int(area.body.left + 0.1 * high), int(first.rect.left)
    top, bottom = int(area.rect.top), int(area.rect.bottom)
    if right - left < 2 or bottom - top < 2 * high:
        return ()
    strip = rgb[top:bottom, left:right].astype(np.int16)
    drawn = np.abs(strip - area.colour).max(axis=2) >= BAR_DIFFERS
    runs = [_longest_run(drawn[:, column]) for column in range(drawn.shape[1])]
    start, end = max(runs, key=lambda run: run[1] - run[0])
    wide = drawn[start:end].any(axis=0).sum()
    if end - start < 0.7 * high or wide > max(3.0, BAR_WIDTH * high) or top + start > first.rect.top + 0.5 * high:
        return ()
    return tuple(line for line in lines if middle(line)[1] <= top + end)


def _longest_run(marks: npt.NDArray[np.bool_]) -> tuple[int, int]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], marks.astype(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])
