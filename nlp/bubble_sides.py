"""Who said it: four cues vote on the side of a bubble, and what most bubbles of a picture show decides the doubtful ones.

Weights were chosen on 26 screens of WeChat, WeCom and DingTalk. Alone, the cues tell 99 % (tail), 98 % (portrait),
93 % (colour) and 89 % (margins) of the bubbles; the place of the letters alone 87 to 92 %.
"""

from collections.abc import Sequence
from colorsys import rgb_to_hls
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from nlp.bubbles import Area, Colour, Pixels, common_colour
from nlp.panes import Pane
from nlp.screens import Rect

Side = Literal["left", "right"]
TAIL, COLOUR, PORTRAIT, MARGINS = 3.0, 2.5, 2.0, 1.5
NEUTRAL_COLOUR = 1.0
"""The weight of white and grey that only one side has so far: cards are white on both."""
ENOUGH = 3.0
"""Votes that make a side certain when none speaks against it."""
GREEN, BLUE = 75 / 360, 255 / 360
"""Hues between which a colour is one's own: yellowish green to blue."""
UNSURE = 0.65
"""Confidence below which a side counts as open."""
SAME_COLOUR = 14
"""Levels within which two bubbles have one colour."""
GROUND_DIFFERS = 7
"""Levels from which a pixel is no longer the ground of the chat."""
EDGE_ROWS = 2
"""Rows of `Ground.drawn` that a thin line at the edge of the conversation may fill."""
PLAIN_GROUND = 0.6
"""The share of the margins that one colour must fill; less is wallpaper, on which portraits cannot be told."""


@dataclass(frozen=True)
class Ballot:
    """Votes for each side; `tail` and `portrait` say which way the strongest cues point."""

    left: float = 0.0
    right: float = 0.0
    tail: Side | None = None
    portrait: Side | None = None
    coloured: bool = False

    @property
    def side(self) -> Side:
        return "right" if self.right > self.left else "left"

    @property
    def confidence(self) -> float:
        """From 0.5 (nothing speaks for it, or as much against it) to 1."""
        total = self.left + self.right
        if total == 0:
            return 0.5
        lead = abs(self.right - self.left) / total
        return 0.5 + 0.5 * lead * min(1.0, total / ENOUGH)

    def add(self, side: Side | None, weight: float) -> "Ballot":
        if side is None:
            return self
        return replace(self, **{side: getattr(self, side) + weight})


@dataclass(frozen=True)
class Ground:
    """What is drawn on the ground of the chat, small: `scale` pixels of `drawn` are one of the picture."""

    colour: Colour
    drawn: npt.NDArray[np.uint8]
    scale: float
    pane: Rect

    def share(self, rect: Rect) -> float:
        """How much of a part of the picture something is drawn on, from 0 to 1."""
        rows = slice(
            max(0, round((rect.top - self.pane.top) * self.scale)), round((rect.bottom - self.pane.top) * self.scale)
        )
        left = max(0, round((rect.left - self.pane.left) * self.scale))
        part = self.drawn[rows, left : max(left, round((rect.right - self.pane.left) * self.scale))]
        return float(part.mean()) if part.size else 0.0


def ground(rgb: Pixels, pane: Pane, line_height: float) -> Ground | None:
    """None on wallpaper."""
    rect = pane.rect
    rows, columns = slice(int(rect.top), int(rect.bottom)), slice(int(rect.left), int(rect.right))
    scale = min(1.0, 12 / line_height)
    size = (max(1, round(rect.width * scale)), max(1, round(rect.height * scale)))
    small = cv2.resize(rgb[rows, columns], size, interpolation=cv2.INTER_AREA).astype(np.int16)
    margin = max(1, round(0.025 * size[0]))
    margins = np.concatenate([small[:, :margin], small[:, -margin:]], axis=1)
    colour = common_colour(margins.astype(np.uint8))
    plain = (np.abs(margins - colour).max(axis=2) < GROUND_DIFFERS).mean()
    if plain < PLAIN_GROUND:
        return None
    drawn = (np.abs(small - colour).max(axis=2) >= GROUND_DIFFERS).astype(np.uint8)
    # The line between the head and the conversation would tie together what it cuts off.
    for row in (*range(EDGE_ROWS), *range(-EDGE_ROWS, 0)):
        if abs(row) < len(drawn) and drawn[row].mean() >= 0.9:
            drawn[row] = 0
    return Ground(colour, drawn, scale, rect)


def tail(area: Area, line_height: float) -> Side | None:
    """Where the small triangle beside the first line sticks out."""
    rows = len(area.starts)
    body = slice(0, min(rows, round(2.6 * line_height)))
    if rows < 0.8 * line_height:
        return None
    out_left = _smooth(np.median(area.starts) - area.starts[body], line_height)
    out_right = _smooth(area.ends[body] - np.median(area.ends), line_height)
    found = [
        (float(out.max()), side)
        for out, side in ((out_left, "left"), (out_right, "right"))
        if _is_triangle(out, rows, line_height)
    ]
    if len(found) != 1:
        return None
    return "left" if found[0][1] == "left" else "right"


def _smooth(out: npt.NDArray[np.floating], line_height: float) -> npt.NDArray[np.floating]:
    """Without single rows where the colour ran out a little."""
    window = 3 if line_height < 40 else 5
    if len(out) < window:
        return out
    padded = np.pad(out, window // 2, mode="edge")
    smoothed: npt.NDArray[np.floating] = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1)
    return smoothed


def _is_triangle(out: npt.NDArray[np.floating], rows: int, line_height: float) -> bool:
    least = max(2.0, 0.09 * line_height)
    high = np.flatnonzero(out >= least)
    if not len(high) or out.max() > 0.8 * line_height:
        return False
    tall = high[-1] - high[0] + 1
    # Smeared corners are at the very top and bottom; a tail is shorter than a line and points at the middle of the portrait.
    is_clear = high[0] >= 0.1 * line_height and high[-1] < rows - 0.3 * line_height
    in_place = 0.4 * line_height <= (high[0] + high[-1]) / 2 <= 1.8 * line_height
    return bool(tall == len(high) and tall <= 1.2 * line_height and is_clear and in_place)


def portrait(rect: Rect, ground_: Ground, line_height: float) -> Side | None:
    """On which side something the size of a portrait stands beside the first line."""
    # In a group the portrait begins at the name, a line above the bubble, and ends within its first line.
    top, bottom = rect.top + 0.05 * line_height, rect.top + 0.65 * line_height
    left = ground_.share(Rect(rect.left - 2.6 * line_height, top, rect.left - 0.45 * line_height, bottom))
    right = ground_.share(Rect(rect.right + 0.45 * line_height, top, rect.right + 2.6 * line_height, bottom))
    if max(left, right) < 0.3 or min(left, right) > 0.5 * max(left, right):
        return None
    return "left" if left > right else "right"


def hue_side(colour: Colour) -> Side | None:
    """Green and blue bubbles are one's own in WeChat, WeCom and DingTalk; others tell nothing."""
    if is_neutral(colour):
        return None
    hue, _lightness, _saturation = rgb_to_hls(*(level / 255 for level in colour))
    return "right" if GREEN <= hue <= BLUE else None


def is_neutral(colour: Colour) -> bool:
    return max(colour) - min(colour) < max(10, 0.06 * max(colour))


@dataclass(frozen=True)
class Anchors:
    """Where the other side's bubbles begin and one's own end, to within `slack`. A wide bubble reaches past the anchor of
    the other side where there is no portrait to leave room for."""

    left: float
    right: float
    slack: float

    def vote(self, ballot: Ballot, rect: Rect, pane: Pane) -> Ballot:
        at_left, at_right = abs(rect.left - self.left) <= self.slack, abs(self.right - rect.right) <= self.slack
        if at_left != at_right:
            return ballot.add("left" if at_left else "right", MARGINS)
        lean = (rect.left - pane.rect.left) - (pane.rect.right - rect.right)
        share = min(1.0, abs(lean) / (0.12 * pane.rect.width))
        return ballot.add("right" if lean > 0 else "left", MARGINS * share)


def _anchors(areas: Sequence[Area], shapes: Sequence[Ballot], pane: Pane, line_height: float) -> Anchors:
    """Told by those with a tail or portrait; a side without any mirrors the other, and without both the outermost count."""
    slack = 0.35 * line_height
    lefts = [area.body.left for area, shape in zip(areas, shapes, strict=True) if _told(shape) == "left"]
    rights = [area.body.right for area, shape in zip(areas, shapes, strict=True) if _told(shape) == "right"]
    if not lefts and not rights:
        outermost = (area.body for area in areas)
        left, right = pane.rect.right, pane.rect.left
        for body in outermost:
            left, right = min(left, body.left), max(right, body.right)
        return Anchors(left, right, slack)
    edges = pane.rect.left + pane.rect.right
    left = median(lefts) if lefts else edges - median(rights)
    return Anchors(left, median(rights) if rights else edges - left, slack)


def _told(ballot: Ballot) -> Side | None:
    """The side that tail and portrait agree on."""
    seen = {side for side in (ballot.tail, ballot.portrait) if side is not None}
    return seen.pop() if len(seen) == 1 else None


def vote(areas: Sequence[Area], portraits: Sequence[Side | None], pane: Pane, line_height: float) -> list[Ballot]:
    """One ballot for each area; `portraits` tells the side of the one beside each."""
    shapes = [_shape(area, portrait_, line_height) for area, portrait_ in zip(areas, portraits, strict=True)]
    anchors = _anchors(areas, shapes, pane, line_height)
    first = [anchors.vote(shape, area.body, pane) for shape, area in zip(shapes, areas, strict=True)]
    return [
        _with_colour(ballot, area.colour, _known(area.colour, areas, first))
        for ballot, area in zip(first, areas, strict=True)
    ]


def _shape(area: Area, portrait_side: Side | None, line_height: float) -> Ballot:
    tail_side = tail(area, line_height)
    return Ballot(tail=tail_side, portrait=portrait_side).add(tail_side, TAIL).add(portrait_side, PORTRAIT)


def _known(colour: Colour, areas: Sequence[Area], ballots: Sequence[Ballot]) -> tuple[float, float]:
    """How much those of the same colour speak for each side, where tail or portrait are seen."""
    alike = [
        ballot
        for ballot, area in zip(ballots, areas, strict=True)
        if max(abs(one - other) for one, other in zip(colour, area.colour, strict=True)) <= SAME_COLOUR
        and (ballot.tail or ballot.portrait)
    ]
    sure = [ballot for ballot in alike if ballot.confidence >= 0.8]
    left = sum(ballot.side == "left" for ballot in sure)
    return float(left), float(len(sure) - left)


def _with_colour(ballot: Ballot, colour: Colour, known: tuple[float, float]) -> Ballot:
    left, right = known
    total = left + right
    weight = NEUTRAL_COLOUR if is_neutral(colour) else COLOUR
    if total >= 2 and max(left, right) >= 0.85 * total:
        return replace(ballot.add("left" if left > right else "right", weight), coloured=not is_neutral(colour))
    if total >= 2:
        return ballot
    side = hue_side(colour)
    return replace(ballot.add(side, COLOUR), coloured=side is not None)
