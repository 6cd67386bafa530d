"""A screenshot of a chat as the layout sees it: where the conversation is, how high its letters are, what its ground is."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from nlp import bubble_sides, bubble_text, panes
from nlp.bubble_sides import Ballot, Ground
from nlp.bubbles import Area, Colour, Pixels
from nlp.panes import Pane
from nlp.screens import Line, ReadHint, Rect

_READ = re.compile(r"^(?:全部)?(?:已读|未读|已送达|发送中|送达|\d+人?(?:已读|未读)|(?:已读|未读)\d+人?)$")
_FLOATING = re.compile(
    r"^[^\w]*(?:有人@我|\d+\+?人?(?:提到了你|@了?你)|\d+\+?条(?:新|未读)消息|以下(?:为|是)新消息|回到(?:底部|最新)|查看更多消息)[^\w]*$"
)
_STATUS = re.compile(
    r"^\D{0,2}\d{1,2}:\d{2}\D{0,3}$|^[\d.]*\s?[345]G\+?\b|^\d{1,3}%?$|\d%$|K/?s$|^中国(?:移动|联通|电信)|^HD$|^LTE$|^[2-6]?G$"
)


@dataclass(frozen=True)
class Screen:
    """What is known of a picture before anything in it is understood."""

    rgb: Pixels
    hint: ReadHint
    pane: Pane
    head: tuple[Line, ...]
    """Lines above the conversation."""
    lines: tuple[Line, ...]
    """Lines of the conversation."""
    line_height: float
    """Of most letters, in pixels: the measure for all other distances."""
    ground: Ground | None
    """None on wallpaper."""


@dataclass(frozen=True)
class Bubble:
    rect: Rect
    area: Area
    lines: tuple[Line, ...]
    has_parts: bool = False
    """Whether it is a card of several parts."""
    ballot: Ballot = field(default_factory=Ballot)
    inset: tuple[Line, ...] = ()
    """Those of its lines that stand in a box above the others: what is quoted."""
    has_picture: bool = False
    """Whether a picture fills the rest of it, with letters that nobody wrote."""
    is_quote: bool = False
    """Whether it is the part of a bubble that quotes."""


def look(rgb: Pixels, lines: Sequence[Line], hint: ReadHint) -> Screen:
    pane = panes.find(rgb, lines)
    rect = pane.rect
    across = [line for line in lines if rect.left <= middle(line)[0] < rect.right]
    head = tuple(line for line in across if middle(line)[1] < rect.top)
    inside = tuple(line for line in across if rect.top <= middle(line)[1] < rect.bottom)
    line_height = bubble_text.usual_height(inside)
    return Screen(rgb, hint, pane, head, inside, line_height, bubble_sides.ground(rgb, pane, line_height))


def is_in_the_middle(screen: Screen, line: Line, share: float = 0.08) -> bool:
    pane = screen.pane.rect
    return abs(line.rect.left + line.rect.right - pane.left - pane.right) <= share * pane.width


def middle(line: Line) -> tuple[float, float]:
    return (line.rect.left + line.rect.right) / 2, (line.rect.top + line.rect.bottom) / 2


def around(lines: Sequence[Line]) -> Rect:
    rects = [line.rect for line in lines]
    return Rect(
        min(rect.left for rect in rects),
        min(rect.top for rect in rects),
        max(rect.right for rect in rects),
        max(rect.bottom for rect in rects),
    )


def holds(outer: Rect, inner: Rect) -> bool:
    x, y = (inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2
    return outer.left <= x < outer.right and outer.top <= y < outer.bottom


def beside(line: Line, other: Line) -> bool:
    """Whether both stand in one row."""
    overlap = min(line.rect.bottom, other.rect.bottom) - max(line.rect.top, other.rect.top)
    return overlap > 0.5 * min(line.rect.height, other.rect.height)


def is_chrome(line: Line) -> bool:
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", line.text))
    return _READ.match(plain) is not None or _FLOATING.match(plain) is not None


def is_status(line: Line) -> bool:
    return _STATUS.search(line.text.strip()) is not None


def colours_apart(one: Colour, other: Colour) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def crop(rgb: Pixels, rect: Rect) -> Pixels:
    return rgb[int(rect.top) : int(rect.bottom) + 1, int(rect.left) : int(rect.right) + 1]
