"""What the reading of a chat is worth: whether it is one, and whether a person has to look first."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from nlp import bubble_sides, bubble_text, bubbles, chat_times
from nlp.bubble_sides import UNSURE, Ballot
from nlp.chat_screen import Bubble, Screen, crop, is_in_the_middle
from nlp.screens import Line, Message, ScreenWarning

TILT = 0.022
"""Tangent of the angle from which a picture counts as tilted, about 1.3 degrees."""
STEEP = 0.03
"""The same, as told by how much higher the boxes of long lines are."""
LONG_LINES = 3
"""So many lines, longer than five letters, are needed to tell an angle from them."""
LOOSE_SHARE, LOOSE_LINES = 0.07, 2
"""More than this share of the lines outside of bubbles, and at least so many, are too much that nobody says."""
PHOTO_OF_A_CHAT = 0.55
"""Confidence for what looks like a chat, though no bubbles can be made out."""
TURNS = 4
"""So often the colour behind the lines changes to one's own and back where two people talk."""
UNSURE_SHARE = 0.12
"""The share of messages with an open side from which a person has to look."""


def warnings(
    screen: Screen, messages: Sequence[Message], found: Sequence[Bubble], loose: int
) -> tuple[ScreenWarning, ...]:
    """`loose` lines belong to nobody."""
    noticed: list[ScreenWarning] = []
    if _is_tilted(screen, found):
        noticed.append("tilted")
    if _is_loose(found, loose):
        noticed.append("loose_lines")
    open_sides = sum(message.confidence < UNSURE for message in messages if message.speaker != "system") + sum(
        _contradicts(bubble.ballot) for bubble in found
    )
    if open_sides and open_sides >= UNSURE_SHARE * max(1, len(found)):
        noticed.append("sides_unclear")
    if any(message.truncated for message in messages):
        noticed.append("truncated")
    return tuple(noticed)


def _is_loose(found: Sequence[Bubble], loose: int) -> bool:
    return loose >= LOOSE_LINES and loose > LOOSE_SHARE * (_lines_in(found) + loose)


def _lines_in(found: Sequence[Bubble]) -> int:
    return sum(len(bubble.lines) for bubble in found)


def _is_tilted(screen: Screen, found: Sequence[Bubble]) -> bool:
    leaning = [bubble.area.lean for bubble in found if bubble.area.rect.height >= 1.5 * screen.line_height]
    if len(leaning) >= 2 and abs(median(leaning)) >= TILT:
        return True
    # Times and names are smaller and shorter, so that upright letters of two sizes look like tilted ones of one.
    said = [line for bubble in found for line in bubble.lines]
    lines = said if len(said) >= 0.4 * len(screen.lines) else screen.lines
    # So do the words of cards, where there are others.
    written = [line for bubble in found if not bubble.has_parts and not bubble.is_quote for line in bubble.lines]
    if lines is said and len(written) >= 0.5 * len(said):
        lines = written
    return _slope(lines, 0.6 * screen.line_height) >= STEEP


def confidence(screen: Screen, found: Sequence[Bubble], messages: Sequence[Message], loose: int) -> float:
    """From 0 to 1: whether it is a chat. Its bubbles have a shape, hold what is written, stand on two sides, one under the
    other, and times between them; in a table letters and boxes stand beside each other.

    Source: weights of our own choice, so that chats without portraits, tails or times still get 0.5; not fitted to data.
    """
    in_columns = sum(len(row) for row in bubble_text.rows(screen.lines) if len(row) >= 3) / len(screen.lines)
    is_doubtful = _is_tilted(screen, found) or _is_loose(found, loose)
    least = PHOTO_OF_A_CHAT if is_doubtful and in_columns < 0.4 and _looks_like_a_chat(screen) else 0.0
    if not found:
        return round(least, 3)
    shaped = sum(_is_shaped(bubble.ballot) for bubble in found) / len(found)
    in_bubbles = _lines_in(found)
    share = in_bubbles / max(1, in_bubbles + loose)
    sides = {bubble.ballot.side for bubble in found if bubble.ballot.confidence >= UNSURE}
    times = any(message.kind == "time" for message in messages)
    score = 0.4 * shaped + 0.25 * share + 0.2 * (len(sides) == 2) + 0.15 * times
    beside = _rows_shared(found) / len(found)
    return round(max(least, min(1.0, score * (1 - beside) * (1 - in_columns))), 3)


def _looks_like_a_chat(screen: Screen) -> bool:
    """What is left to see of a chat in a photo of a screen: letters on one's own colour, and a time in the middle or
    others between them, again and again; a table's header and a card have one stretch of colour."""
    timed = any(
        is_in_the_middle(screen, line, 0.5) and (stamp := chat_times.parse(line.text, screen.hint)) and stamp.at
        for line in screen.lines
    )
    in_order = sorted(screen.lines, key=lambda line: line.rect.top)
    own = [bubble_sides.hue_side(bubbles.common_colour(crop(screen.rgb, line.rect))) == "right" for line in in_order]
    return any(own) and (timed or sum(one != other for one, other in pairwise(own)) >= TURNS)


def _is_shaped(ballot: Ballot) -> float:
    """How much it looks like somebody's bubble, from 0 to 1: its colour alone may be that of any box."""
    return 1.0 if ballot.tail or ballot.portrait else 0.5 if ballot.coloured else 0.0


def _contradicts(ballot: Ballot) -> bool:
    """Whether tail and portrait point to different sides."""
    return ballot.tail is not None and ballot.portrait is not None and ballot.tail != ballot.portrait


def _slope(lines: Sequence[Line], least_height: float) -> float:
    """The tangent of the angle at which lines run: by how much the box of a longer one is higher, the median of all pairs."""
    sizes = np.array([(line.rect.width, line.rect.height) for line in lines if line.rect.height >= least_height])
    if len(sizes) < 4 or (sizes[:, 0] >= 5 * np.median(sizes[:, 1])).sum() < LONG_LINES:
        return 0.0
    sizes = sizes[:: 1 + len(sizes) // 80]
    wider = sizes[:, None, 0] - sizes[None, :, 0]
    higher = sizes[:, None, 1] - sizes[None, :, 1]
    apart = wider > 3 * float(np.median(sizes[:, 1]))
    return float(np.median(higher[apart] / wider[apart])) if apart.sum() >= 3 else 0.0


def _rows_shared(found: Sequence[Bubble]) -> int:
    """How many bubbles stand beside another one: in a chat none does, in a table nearly all."""
    ordered = sorted(found, key=lambda bubble: bubble.rect.top)
    shared: set[int] = set()
    lowest = 0
    for index in range(1, len(ordered)):
        if ordered[index].rect.top < ordered[lowest].rect.bottom - 4:
            shared.update((index, lowest))
        if ordered[index].rect.bottom > ordered[lowest].rect.bottom:
            lowest = index
    return len(shared)
