"""Photos and portraits on wallpaper: rectangles beside or among bubbles that differ from what is around them."""

from collections.abc import Sequence
from statistics import median

import numpy as np
import numpy.typing as npt

from nlp import bubble_sides
from nlp.bubble_sides import Side
from nlp.bubbles import Area, Pixels
from nlp.chat_screen import Bubble, Screen
from nlp.screens import Rect

DIFFERS = 9
"""Levels by which the pixels on both sides of an edge differ."""
DENSE = 0.75
"""The share of its pixels at which an edge of a photo is seen."""
PORTRAIT_DENSE = 0.85
"""The same of a portrait, of which only a line's height is looked at."""
LEAST_HEIGHT, MOST_WIDTH = 2.6, 0.75
"""Of a photo: its height in lines, its width by that of the conversation."""


def find(screen: Screen, found: Sequence[Bubble]) -> list[tuple[Rect, Side]]:
    """Each with the side it stands at, from the top."""
    frames: list[tuple[Rect, Side]] = []
    for top, bottom in _gaps(screen, found):
        for side, anchor in _anchors(screen, found):
            rect = _frame(screen, side, anchor, top, bottom)
            if rect is not None:
                frames.append((rect, side))
                break
    return frames


def portrait_beside(screen: Screen, area: Area) -> Side | None:
    """At which side of a bubble a portrait stands, on a plain ground or on wallpaper."""
    if screen.ground is None:
        return _portrait(screen, area.body)
    return bubble_sides.portrait(area.rect, screen.ground, screen.line_height)


def _portrait(screen: Screen, body: Rect) -> Side | None:
    """At which side of a bubble, and only at one, a portrait's edges stand: two beside its first line, one above."""
    high, pane = screen.line_height, screen.pane.rect
    top, bottom = int(body.top + 0.15 * high), int(body.top + 1.1 * high)
    if top < pane.top or bottom > pane.bottom:
        return None
    rows = slice(max(int(pane.top), int(body.top - 1.4 * high)), bottom)
    first = top - rows.start
    left = screen.rgb[rows, max(int(pane.left), int(body.left - 4.2 * high)) : int(body.left)]
    right = screen.rgb[rows, int(body.right) + 1 : min(int(pane.right), int(body.right + 4.2 * high))]
    at_left, at_right = _is_portrait(left, first, high), _is_portrait(right[:, ::-1], first, high)
    if at_left == at_right:
        return None
    return "left" if at_left else "right"


def _is_portrait(beside: Pixels, first: int, high: float) -> bool:
    """`beside` ends where the bubble begins; from its row `first` on both sides of a portrait are looked for."""
    steps = _steps(beside[first:])
    if not steps.size:
        return False
    apart = steps.shape[1] - np.flatnonzero(steps.mean(axis=0) >= PORTRAIT_DENSE)
    for near in apart[(apart >= 0.15 * high) & (apart <= 1.1 * high)]:
        for far in apart[(apart >= near + 1.2 * high) & (apart <= near + 3.2 * high)]:
            inset = round(0.15 * (far - near))
            columns = slice(steps.shape[1] - far + inset, steps.shape[1] - near - inset)
            above = _steps(beside[: first + round(0.2 * high), columns].transpose(1, 0, 2))
            if above.mean(axis=0).max(initial=0.0) >= DENSE:
                return True
    return False


def _gaps(screen: Screen, found: Sequence[Bubble]) -> list[tuple[int, int]]:
    """Rows between bubbles that are free for a photo."""
    pane, least = screen.pane.rect, LEAST_HEIGHT * screen.line_height
    gaps = []
    top = pane.top
    for rect in sorted((bubble.rect for bubble in found), key=lambda rect: rect.top):
        if rect.top - top >= least:
            gaps.append((int(top), int(rect.top)))
        top = max(top, rect.bottom)
    if pane.bottom - top >= least:
        gaps.append((int(top), int(pane.bottom)))
    return gaps


def _anchors(screen: Screen, found: Sequence[Bubble]) -> list[tuple[Side, float]]:
    """Where bubbles of each side begin; a side without any mirrors the other."""
    edges = screen.pane.rect.left + screen.pane.rect.right
    lefts = [bubble.area.body.left for bubble in found if bubble.ballot.side == "left"]
    rights = [bubble.area.body.right for bubble in found if bubble.ballot.side == "right"]
    if not lefts and not rights:
        return []
    left = median(lefts) if lefts else edges - median(rights)
    return [("left", left), ("right", median(rights) if rights else edges - left)]


def _frame(screen: Screen, side: Side, anchor: float, top: int, bottom: int) -> Rect | None:
    high, pane = screen.line_height, screen.pane.rect
    rows = screen.rgb[top:bottom]
    slack = max(2, round(0.2 * high))
    first = max(int(pane.left) + 1, round(anchor) - slack)
    near = _steps(rows[:, first - 1 : round(anchor) + slack + 2])
    if not near.size:
        return None
    runs = [_longest_run(near[:, column], round(0.3 * high)) for column in range(near.shape[1])]
    column = max(range(len(runs)), key=lambda place: runs[place][1] - runs[place][0])
    start, end = runs[column]
    if end - start < LEAST_HEIGHT * high or near[start:end, column].mean() < DENSE:
        return None
    edge = first + column
    width = round(MOST_WIDTH * pane.width)
    across = (edge, min(edge + width, int(pane.right))) if side == "left" else (max(edge - width, int(pane.left)), edge)
    part = screen.rgb[top + start : top + end, across[0] : across[1]]
    dense = np.flatnonzero(_steps(part).mean(axis=0) >= DENSE) + 1 + across[0]
    beyond = dense[np.abs(dense - edge) >= 2 * high]
    if not len(beyond):
        return None
    other = int(beyond.max() if side == "left" else beyond.min())
    rect = Rect(min(edge, other), top + start, max(edge, other), top + end)
    return rect if _is_closed(screen, rect) else None


def _is_closed(screen: Screen, rect: Rect) -> bool:
    """Whether an edge is above and below, or that of the screen."""
    pane, slack = screen.pane.rect, max(3, round(0.3 * screen.line_height))
    inset = round(0.3 * screen.line_height)
    columns = slice(int(rect.left) + inset, int(rect.right) - inset)
    for edge in (rect.top, rect.bottom):
        if edge - pane.top <= slack or pane.bottom - edge <= slack:
            continue
        rows = screen.rgb[max(0, int(edge) - slack) : int(edge) + slack, columns]
        if _steps(rows.transpose(1, 0, 2)).mean(axis=0).max(initial=0.0) < DENSE:
            return False
    return True


def _steps(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Where neighbours across differ: a step between two pixels is seen at both, or at one between them."""
    if pixels.shape[0] < 1 or pixels.shape[1] < 3:
        return np.zeros((0, 0), np.bool_)
    wide = pixels.astype(np.int16)
    steps: npt.NDArray[np.bool_] = np.abs(wide[:, 2:] - wide[:, :-2]).max(axis=2) >= DIFFERS
    return steps


def _longest_run(marks: npt.NDArray[np.bool_], hole: int) -> tuple[int, int]:
    """The longest stretch of marks in which no more than `hole` are missing together."""
    places = np.flatnonzero(marks)
    if not len(places):
        return 0, 0
    breaks = np.flatnonzero(np.diff(places) > hole + 1)
    starts = places[np.concatenate(([0], breaks + 1))]
    ends = places[np.concatenate((breaks, [len(places) - 1]))] + 1
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])
