"""What stands out from the ground of a chat, in one piece: bubbles, cards, photos, portraits."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from nlp.bubble_sides import Ground
from nlp.chat_screen import Screen
from nlp.screens import Rect

MOST_DRAWN = 400
"""More pieces than any screen holds; the rest is not looked at."""


def pieces(screen: Screen, known: Sequence[Rect] = ()) -> list[Rect]:
    """Their places: as high and wide as a line at least, without what is known already. None on wallpaper."""
    ground = screen.ground
    if ground is None:
        return []
    drawn = ground.drawn.copy()
    for rect in known:
        _erase(drawn, rect, ground)
    _count, _labels, boxes, _centres = cv2.connectedComponentsWithStats(drawn, connectivity=4)
    least = 1.2 * screen.line_height * ground.scale
    large = boxes[1:][(boxes[1:, 2] >= least) & (boxes[1:, 3] >= least)][:MOST_DRAWN]
    return [
        Rect(
            ground.pane.left + left / ground.scale,
            ground.pane.top + top / ground.scale,
            ground.pane.left + (left + width) / ground.scale,
            ground.pane.top + (top + height) / ground.scale,
        )
        for left, top, width, height, pixels in large.tolist()
        if pixels >= 0.55 * width * height
    ]


def _erase(drawn: npt.NDArray[np.uint8], rect: Rect, ground: Ground) -> None:
    top, bottom = ((edge - ground.pane.top) * ground.scale for edge in (rect.top, rect.bottom))
    left, right = ((edge - ground.pane.left) * ground.scale for edge in (rect.left, rect.right))
    drawn[max(0, int(top) - 1) : max(0, int(bottom) + 2), max(0, int(left) - 1) : max(0, int(right) + 2)] = 0
