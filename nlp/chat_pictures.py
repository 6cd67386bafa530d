"""Photos and stickers in a chat, and bubbles whose words were not read."""

from collections.abc import Sequence

import numpy as np

from nlp import bubble_sides, bubbles, chat_drawn, chat_frames, chat_parts
from nlp.bubble_sides import Ballot, Side
from nlp.bubbles import Area, Colour
from nlp.chat_screen import Bubble, Screen, colours_apart, crop, holds
from nlp.screens import Line, Message, Rect

SMEARED = 24
"""Levels by which the pixels of a bubble differ from its colour in a coarse JPEG."""


def find(screen: Screen, found: Sequence[Bubble], lines: Sequence[Line]) -> list[Message]:
    """What stands at a side like a bubble and has no letters: photos, stickers, and what could not be read."""
    if screen.ground is None:
        return [_framed(screen, rect, side) for rect, side in chat_frames.find(screen, found)]
    on_ground = [line.rect for line in lines if screen.ground.share(line.rect) < 0.6]
    known = {bubble.area.colour for bubble in found}
    drawn = chat_drawn.pieces(screen, [bubble.rect for bubble in found] + on_ground)
    messages = [_picture(screen, rect) for rect in drawn if _is_picture(screen, rect, found, known)]
    return [message for message in messages if message.confidence >= bubble_sides.UNSURE]


def smeared_bubbles(screen: Screen, found: Sequence[Bubble], lines: Sequence[Line]) -> list[Bubble]:
    """Bubbles that flooding missed, since a coarse JPEG smears their colour: what stands out from the ground in mostly one
    colour, with lines in it that have no bubble."""
    if screen.ground is None or not lines:
        return []
    smeared = []
    for rect in chat_drawn.pieces(screen, [bubble.rect for bubble in found]):
        own = tuple(line for line in lines if holds(rect, line.rect) and line.rect.width < rect.width)
        if not own or not _is_at_a_side(screen, rect, found) or _is_pill(screen, rect):
            continue
        pixels = crop(screen.rgb, rect)[::2, ::2]
        colour = bubbles.common_colour(pixels)
        alike = (np.abs(pixels.astype(np.int16) - colour).max(axis=2) <= SMEARED).mean()
        if alike >= 0.5 and colours_apart(colour, screen.ground.colour) >= bubble_sides.GROUND_DIFFERS:
            rows = round(rect.height)
            edges = np.zeros(rows, np.int32), np.full(rows, round(rect.width) - 1, np.int32)
            smeared.append(Bubble(rect, Area(rect, colour, (), *edges), own))
    return smeared


def _is_at_a_side(screen: Screen, rect: Rect, found: Sequence[Bubble]) -> bool:
    """Whether a message may stand there, and no portrait does."""
    high, pane = screen.line_height, screen.pane.rect
    if rect.width > 0.8 * pane.width or rect.left <= pane.left + 2 or rect.right >= pane.right - 2:
        return False
    if any(bubble.rect.top < rect.bottom - 2 and bubble.rect.bottom > rect.top + 2 for bubble in found):
        return False
    return max(rect.width, rect.height) > 3.2 * high or not chat_parts.is_beside_more(screen, rect, ())


def _is_pill(screen: Screen, rect: Rect) -> bool:
    """Whether it is in the middle, and nobody's portrait beside it."""
    pane = screen.pane.rect
    is_central = abs(rect.left + rect.right - pane.left - pane.right) <= 0.06 * pane.width
    assert screen.ground is not None
    return is_central and bubble_sides.portrait(rect, screen.ground, screen.line_height) is None


def _is_picture(screen: Screen, rect: Rect, found: Sequence[Bubble], known: set[Colour]) -> bool:
    if not _is_at_a_side(screen, rect, found):
        return False
    high = screen.line_height
    if rect.width >= 2.4 * high and rect.height >= 2.6 * high:
        return True
    # As low as a line: a bubble whose words were not read has the colour of others, a portrait has not.
    pixels = crop(screen.rgb, rect)
    colour = bubbles.common_colour(pixels)
    if _is_cut(screen, rect):
        # Of a bubble without a whole line nothing is said; a photo has many colours.
        alike = (np.abs(pixels.astype(np.int16) - colour).max(axis=2) <= bubble_sides.SAME_COLOUR).mean()
        return rect.width >= 2.4 * high and bool(alike < 0.5)
    return any(colours_apart(colour, other) <= bubble_sides.SAME_COLOUR for other in known)


def _is_cut(screen: Screen, rect: Rect) -> bool:
    pane = screen.pane.rect
    near = max(3.0, 0.1 * screen.line_height) + (1 / screen.ground.scale if screen.ground else 0)
    return rect.bottom >= pane.bottom - near or rect.top <= pane.top + near


def _framed(screen: Screen, rect: Rect, side: Side) -> Message:
    ballot = Ballot().add(side, bubble_sides.MARGINS)
    return Message(
        side, "image", "", truncated=_is_cut(screen, rect), confidence=round(ballot.confidence, 3), rect=rect
    )


def _picture(screen: Screen, rect: Rect) -> Message:
    assert screen.ground is not None
    side = bubble_sides.portrait(rect, screen.ground, screen.line_height)
    pane = screen.pane.rect
    lean = (rect.left - pane.left) - (pane.right - rect.right)
    share = min(1.0, abs(lean) / (0.12 * pane.width))
    ballot = Ballot().add(side, bubble_sides.PORTRAIT)
    ballot = ballot.add("right" if lean > 0 else "left", bubble_sides.MARGINS * share)
    return Message(
        ballot.side, "image", "", truncated=_is_cut(screen, rect), confidence=round(ballot.confidence, 3), rect=rect
    )
