"""Which part of a screen holds the conversation: without the list of chats, the head and the row to write in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.bubbles import Pixels
from nlp.screens import Line, Rect

STEP = 3
"""By how much red + green + blue changes at an edge, in the same direction along all of it."""
ACROSS, DOWN = 0.93, 0.85
"""The shares of the width and of the height that an edge between parts of the screen runs along."""
BAR_ROWS = 0.012
"""How much of a bar is free of letters at its edge, by the width of the conversation."""
PLAIN = 12
"""By how much red + green + blue varies in such rows."""
SAMPLES = 250
"""Pixels that are looked at along an edge."""
LISTED_LINES = 3
"""A column with fewer lines of letters is no list of chats."""


@dataclass(frozen=True)
class Pane:
    """The conversation itself, in pixels of the picture."""

    rect: Rect
    has_head: bool
    """Whether an edge parts it from a title above."""


def find(rgb: Pixels, lines: Sequence[Line]) -> Pane:
    height = rgb.shape[0]
    left, right = _columns(rgb, lines)
    pane = rgb[:, left:right]
    edges = _edges(_sums(pane[:, :: max(1, pane.shape[1] // SAMPLES)]), along=ACROSS)
    span = right - left
    # On a phone the head is a fifth of the width high, on a desktop less; nothing in a chat is as wide as the screen.
    deep = max(2, round(BAR_ROWS * span))
    heads = [
        last
        for first, last in edges
        if last < min(0.4 * height, 0.42 * span) and _is_plain(pane[max(0, first - 1 - deep) : max(1, first - 1)])
    ]
    feet = [
        first
        for first, last in edges
        if first > max(0.5 * height, height - 1.1 * span) and _is_plain(pane[last + 1 : last + 1 + deep])
    ]
    top = max(heads, default=0)
    bottom = min(feet, default=height)
    return Pane(Rect(left, top, right, bottom), top > 0.01 * height)


def _is_plain(rows: Pixels) -> bool:
    """Whether nothing is drawn there, as on a bar right beside its edge; on wallpaper rows may change colour too."""
    if not rows.size:
        return True
    sample = _sums(rows[:, :: max(1, rows.shape[1] // SAMPLES)])
    return bool((np.abs(sample - np.median(sample)) <= PLAIN).mean() >= ACROSS)


def _columns(rgb: Pixels, lines: Sequence[Line]) -> tuple[int, int]:
    """From where to where the conversation goes across; a list beside it holds lines, and none crosses its edge."""
    width = rgb.shape[1]
    left, right = 0, width
    for _first, edge in _edges(_sums(rgb[:: max(1, rgb.shape[0] // SAMPLES)]).T, along=DOWN):
        before = [line for line in lines if line.rect.right <= edge + 2]
        behind = [line for line in lines if line.rect.left >= edge - 2]
        if len(before) + len(behind) < len(lines):
            continue
        if edge < 0.6 * width and (len(before) >= LISTED_LINES or edge < 0.04 * width) and behind:
            left = edge
        if edge > 0.6 * width and (len(behind) >= LISTED_LINES or edge > 0.96 * width) and before:
            right = min(right, edge)
    return left, right


def _sums(rgb: Pixels) -> npt.NDArray[np.int16]:
    wide = rgb.astype(np.int16)
    sums: npt.NDArray[np.int16] = wide[:, :, 0] + wide[:, :, 1] + wide[:, :, 2]
    return sums


def _edges(sums: npt.NDArray[np.int16], *, along: float) -> list[tuple[int, int]]:
    """Where one part of the screen becomes another: the first row of the edge, and the first row behind it.

    Nearly all pixels change there in the same direction from row to row, at both ends too: a bubble leaves a margin.
    """
    if sums.shape[0] < 8 or sums.shape[1] < 8:
        return []
    steps = sums[2:] - sums[:-2]
    end = max(1, round(0.015 * steps.shape[1]))
    up, down = steps >= STEP, steps <= -STEP
    along_all = np.maximum(up.mean(axis=1), down.mean(axis=1)) >= along
    changed = up | down
    rows = np.flatnonzero(along_all & changed[:, :end].all(axis=1) & changed[:, -end:].all(axis=1))
    # A step is seen from two rows, a thin line from four: neighbours are one edge.
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 3) + 1) if len(rows) else []
    return [(int(group[0]) + 1, int(group[-1]) + 2) for group in groups]
