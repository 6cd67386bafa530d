"""Where the bubbles of a screen are: areas of one colour around the lines that were read, found by flooding.

Every measure is relative: to the height of a line of letters or to the width of the picture. Colours are those of the
picture itself, so light, dark and coloured themes are all the same here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import cv2
import numpy as np
import numpy.typing as npt

from nlp.screens import Line, Rect

Pixels = npt.NDArray[np.uint8]
"""Rows, columns, red-green-blue."""
Mask = npt.NDArray[np.bool_]
Colour = tuple[int, int, int]

MAX_LINES = 600
"""More than any screen holds; the rest is not looked at."""
FLOODED_AT_MOST = 6.0
"""Pictures' worth of pixels that flooding may look at before it gives up on the remaining lines: in noise every line may
flood half the picture anew."""
MOST_LEAN = 0.12
"""Of what may still be a bubble: about 7 degrees."""
LEANING_ROWS = 48
"""Fewer are too few to tell by how much a side leans."""
COVERED = 0.7
"""Of a line's width and height, in the area that holds it."""
TOLERANCES = (3, 7, 12, 20)
"""Levels by which the colour of a bubble may vary, the first that gives a clear shape: a JPEG smears colours at edges."""
SEED_TOLERANCE = 12
"""Levels within which a pixel is on the ground of its line."""
SURE_TOLERANCE = 4
"""Steps of likeness to it, in levels."""
SLOPE_TOLERANCE = 2
"""The same from pixel to pixel, in a bubble with a gradient."""
CLEAR = 0.85
"""`Area.straightness` from which no other tolerance is tried."""


@dataclass(frozen=True)
class Area:
    """A connected area of one colour, with the lines in it (their places in the sequence that was given)."""

    rect: Rect
    colour: Colour
    lines: tuple[int, ...]
    starts: npt.NDArray[np.int32]
    """Of each row from the top: its first pixel; `ends` its last."""
    ends: npt.NDArray[np.int32]

    @cached_property
    def straightness(self) -> float:
        """The share of rows that start and end on two parallel lines: 1 for a rectangle, also a tilted one, less for blobs."""
        if not len(self.starts) or abs(self.lean) > MOST_LEAN:
            return 0.0
        slack = 2 + 0.008 * self.rect.width
        upright = [side - self.lean * np.arange(len(side)) for side in (self.starts, self.ends)]
        return float(np.mean([(np.abs(side - np.median(side)) <= slack).mean() for side in upright]))

    def head(self, bottom: float) -> "Area":
        """Its rows above `bottom`, and only as wide as those: of a card that goes on in a picture, where words stand."""
        rows = max(1, min(len(self.starts), round(bottom - self.rect.top)))
        starts, ends = self.starts[:rows], self.ends[:rows]
        left, right = int(starts.min()), int(ends.max()) + 1
        rect = Rect(self.rect.left + left, self.rect.top, self.rect.left + right, self.rect.top + rows)
        return Area(rect, self.colour, self.lines, starts - left, ends - left)

    @cached_property
    def body(self) -> Rect:
        """Without its tail: as wide as most of its rows."""
        if not len(self.starts):
            return self.rect
        left, right = float(np.median(self.starts)), float(np.median(self.ends)) + 1
        return Rect(self.rect.left + left, self.rect.top, self.rect.left + right, self.rect.bottom)

    @cached_property
    def lean(self) -> float:
        """By how many pixels a side moves sideways per row: the tangent of its tilt."""
        rows = len(self.starts)
        if rows < LEANING_ROWS:
            return 0.0
        upper, lower = slice(rows // 6, rows // 3), slice(rows - rows // 3, rows - rows // 6)
        apart = rows * 0.5
        sides = [(np.median(side[lower]) - np.median(side[upper])) / apart for side in (self.starts, self.ends)]
        return float(min(sides, key=abs))


@dataclass(frozen=True)
class Areas:
    areas: tuple[Area, ...]
    homeless: tuple[int, ...]
    """Lines around which no area of one colour lies: letters on a photo, on wallpaper."""


def usable(lines: Sequence[Line], width: int, height: int) -> tuple[Line, ...]:
    """The lines that lie in the picture and say something, cut to it."""
    kept = []
    for line in lines[:MAX_LINES]:
        edges = (line.rect.left, line.rect.top, line.rect.right, line.rect.bottom)
        if not line.text.strip() or not all(isfinite(edge) for edge in edges):
            continue
        rect = Rect(max(edges[0], 0), max(edges[1], 0), min(edges[2], width), min(edges[3], height))
        if rect.width >= 2 and rect.height >= 2:
            kept.append(Line(rect, line.text, line.score))
    return tuple(kept)


def noise(rgb: Pixels) -> float:
    """Levels by which neighbours differ where nothing is drawn: 0 in a clean screenshot, 2 and more in a coarse photo."""
    rows = rgb[:: max(1, len(rgb) // 100)].astype(np.int16)
    steps = np.abs(rows[:, 1:] - rows[:, :-1]).max(axis=2)
    return float(np.percentile(steps, 60)) if steps.size else 0.0


def common_colour(pixels: Pixels) -> Colour:
    """The most frequent colour, to 8 levels; then the median of what is like it."""
    flat = pixels.reshape(-1, 3).astype(np.int32)
    keys = (flat[:, 0] >> 3) << 10 | (flat[:, 1] >> 3) << 5 | flat[:, 2] >> 3
    most = int(np.bincount(keys).argmax())
    red, green, blue = np.median(flat[keys == most], axis=0)
    return int(red), int(green), int(blue)


def find(rgb: Pixels, lines: Sequence[Line]) -> Areas:
    """The area around each line; an area is in it once, with all its lines. Linear in pixels and lines."""
    return _Flood(rgb).areas(lines)


@dataclass(frozen=True)
class _Flooded(Area):
    inside: Mask


class _Flood:
    def __init__(self, rgb: Pixels) -> None:
        level = noise(rgb)
        # A median takes the grain off; in a clean picture it would only rub out borders of one pixel.
        # OpenCV asks for an array of its own that it might write to.
        own = np.require(rgb, np.uint8, ("C", "W", "O"))
        self._rgb: Pixels = cv2.medianBlur(own, 3).astype(np.uint8) if level >= 2 else own
        self._height, self._width = rgb.shape[:2]
        self._tolerances = [tolerance + min(4, round(level)) for tolerance in TOLERANCES]
        self._taken = np.zeros((self._height + 2, self._width + 2), np.uint8)
        self._owner = np.zeros((self._height, self._width), np.int16)
        self._left = FLOODED_AT_MOST * self._height * self._width

    def areas(self, lines: Sequence[Line]) -> Areas:
        found: list[Area] = []
        members: list[list[int]] = []
        homeless: list[int] = []
        for index, line in enumerate(lines):
            owner = self._owner_of(line, found)
            if owner is None:
                homeless.append(index)
            elif owner < len(members):
                members[owner].append(index)
            else:
                members.append([index])
        areas = (
            Area(area.rect, area.colour, tuple(own), area.starts, area.ends)
            for area, own in zip(found, members, strict=True)
        )
        return Areas(tuple(areas), tuple(homeless))

    def _owner_of(self, line: Line, found: list[Area]) -> int | None:
        """Which area holds the line; a new one is added to `found`."""
        colour = common_colour(self._pixels(line.rect))
        seeds, sure = self._seeds(line.rect, colour)
        for column, row in seeds[:sure]:
            owner = int(self._owner[row, column]) - 1
            if owner >= 0 and _covers(found[owner].rect, line.rect):
                return owner
        free = [(column, row) for column, row in seeds if not self._taken[row + 1, column + 1]]
        flooded = self._clearest(_of_different_rows(free), line.rect)
        if flooded is None:
            return None
        found.append(Area(flooded.rect, colour, (), flooded.starts, flooded.ends))
        self._keep(flooded, len(found))
        return len(found) - 1

    def _clearest(self, seeds: Sequence[tuple[int, int]], line: Rect) -> "_Flooded | None":
        """The area of the tolerance that gives it the straightest sides; None where none holds the line."""
        best: _Flooded | None = None
        for tolerance in self._tolerances:
            flooded = next(filter(None, (self._flood(seed, line, tolerance) for seed in seeds)), None)
            if flooded is None:
                continue
            if best is not None and flooded.rect.width > 1.5 * best.rect.width:
                break  # it ran out into the ground
            if best is not None and flooded.rect == best.rect and flooded.straightness <= best.straightness:
                break  # its colour is exact, so that more tolerance only looks for the ground
            if best is None or flooded.straightness > best.straightness:
                best = flooded
            if best.straightness >= CLEAR or best.rect.width >= 0.9 * self._width:
                break
        if best is None:
            return next(filter(None, (self._flood(seed, line, SLOPE_TOLERANCE, fixed=False) for seed in seeds)), None)
        return best

    def _pixels(self, rect: Rect) -> Pixels:
        rows, columns = slice(int(rect.top), int(rect.bottom) + 1), slice(int(rect.left), int(rect.right) + 1)
        step = 2 if rect.height > 16 else 1
        return self._rgb[rows, columns][::step, ::step]

    def _seeds(self, line: Rect, colour: Colour) -> tuple[list[tuple[int, int]], int]:
        """Where the ground of a line shows, the surest first, since what lies next to a small bubble may be hardly darker;
        and how many are about as sure as the first."""
        apart = [
            (int(np.abs(self._rgb[row, column].astype(int) - colour).max()) // SURE_TOLERANCE, (column, row))
            for column, row in _around(line, self._width, self._height)
        ]
        like = [one for one in apart if one[0] * SURE_TOLERANCE < SEED_TOLERANCE]
        like.sort(key=lambda one: one[0])
        sure = sum(rank <= like[0][0] + 1 for rank, _seed in like)
        return [seed for _rank, seed in like], sure

    def _flood(self, seed: tuple[int, int], line: Rect, tolerance: int, *, fixed: bool = True) -> "_Flooded | None":
        if self._left <= 0:
            return None
        flags = 4 | 2 << 8 | cv2.FLOODFILL_MASK_ONLY | (cv2.FLOODFILL_FIXED_RANGE if fixed else 0)
        within = (tolerance,) * 3
        _count, _image, _mask, box = cv2.floodFill(self._rgb, self._taken, seed, (0, 0, 0), within, within, flags)
        left, top, width, height = box
        self._left -= width * height
        window = self._taken[top + 1 : top + height + 1, left + 1 : left + width + 1]
        inside = window == 2
        window[inside] = 0
        rect = Rect(left, top, left + width, top + height)
        if not _covers(rect, line):
            return None
        starts = inside.argmax(axis=1).astype(np.int32)
        ends = (width - 1 - inside[:, ::-1].argmax(axis=1)).astype(np.int32)
        return _Flooded(rect, (0, 0, 0), (), starts, ends, inside)

    def _keep(self, flooded: "_Flooded", label: int) -> None:
        """From now on its pixels are its own."""
        rows = slice(int(flooded.rect.top), int(flooded.rect.bottom))
        columns = slice(int(flooded.rect.left), int(flooded.rect.right))
        self._owner[rows, columns][flooded.inside] = label
        self._taken[1:-1, 1:-1][rows, columns][flooded.inside] = 1


def _of_different_rows(seeds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """A few of them, not all from above a thin line that divides a card right above the letters."""
    rows = {row: (column, row) for column, row in reversed(seeds)}
    first = [seed for seed in seeds if rows[seed[1]] == seed]
    return first[:2] + [seed for seed in seeds if seed not in first[:2]][:1] + first[2:4]


def _around(rect: Rect, width: int, height: int) -> Iterator[tuple[int, int]]:
    """Places just outside a line, then inside, where the ground most likely shows."""
    gap = max(1.0, 0.12 * rect.height)
    across = [rect.left + rect.width * part for part in (0.02, 0.25, 0.5, 0.75, 0.98)]
    middle = (rect.top + rect.bottom) / 2
    spots = [(x, y) for y in (rect.top - gap, rect.bottom + gap) for x in across]
    spots += [(rect.left - gap, middle), (rect.right + gap, middle)]
    spots += [(x, y) for y in (rect.top + 1, rect.bottom - 1, middle) for x in across]
    for x, y in spots:
        if 0 <= x < width and 0 <= y < height:
            yield int(x), int(y)


def _covers(outer: Rect, inner: Rect) -> bool:
    across = min(outer.right, inner.right) - max(outer.left, inner.left)
    down = min(outer.bottom, inner.bottom) - max(outer.top, inner.top)
    return across >= COVERED * inner.width and down >= COVERED * inner.height
