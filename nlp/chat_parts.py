"""What the areas of one colour on a screen are: bubbles, parts of cards, pills, portraits, or the ground itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from nlp import bubble_sides, bubble_text, bubbles, chat_drawn, chat_frames, chat_times
from nlp.bubbles import Area
from nlp.chat_screen import Bubble, Screen, colours_apart, crop, holds
from nlp.screens import Line, Rect

AS_WIDE_AS_THE_SCREEN = 0.93
"""A bubble leaves more free at its side; bars, fields and the ground of the chat do not."""
STRAIGHT, STRAIGHT_ON_WALLPAPER = 0.4, 0.55
"""`Area.straightness` of a bubble: round corners, a tail and letters at its edge make it less than 1. Wallpaper has areas of
one colour itself."""

LOWEST = 0.8
"""A bubble's height by that of its letters: a dot beside a voice message is less."""
HEAD_STRAIGHT = 0.7
"""`Area.straightness` of the words above a picture in a card."""
TORN = 2.5
"""How many times larger a piece is than a spot in it that is no bubble."""
INSET_DIFFERS = 40
"""Levels by which a box with what is quoted differs from its bubble, at most."""


@dataclass(frozen=True)
class Parts:
    bubbles: tuple[Bubble, ...]
    ground_lines: tuple[Line, ...]
    """On the ground of the chat and in pills."""
    photo_lines: tuple[Line, ...]
    """On what has many colours: photos, wallpaper."""


def sort(screen: Screen, found: bubbles.Areas) -> Parts:
    ground_lines: list[Line] = []
    photo_lines = [screen.lines[index] for index in found.homeless]
    candidates: list[Bubble] = []
    for area in found.areas:
        own = tuple(screen.lines[index] for index in area.lines)
        bubble = Bubble(area.rect, area, own)
        if _is_ground(screen, area):
            ground_lines += own
        elif _is_bubble(screen, area):
            candidates.append(bubble)
        elif (head := _head_of_a_card(screen, area, own)) is not None:
            candidates.append(replace(bubble, area=head, has_parts=True, has_picture=True))
        else:
            photo_lines += own
    names = [bubble for bubble in candidates if _is_a_name(screen, bubble, candidates)]
    ground_lines += [line for bubble in names for line in bubble.lines]
    candidates = [bubble for bubble in candidates if bubble not in names]
    usual = _have_portraits(screen, candidates)
    pills = [bubble for bubble in candidates if _is_pill(screen, bubble, candidates, portraits=usual)]
    ground_lines += [line for bubble in pills for line in bubble.lines]
    merged = _merged(screen, [bubble for bubble in candidates if bubble not in pills])
    merged, torn = _with_pieces(screen, merged)
    photo_lines += torn
    portraits = _portraits(screen, merged)
    merged = [bubble for bubble in merged if bubble not in portraits]
    outer = [bubble for bubble in merged if not any(_is_within(bubble, other) for other in merged)]
    nested = [bubble for bubble in merged if bubble not in outer]
    photos = []
    for line in photo_lines:
        home = next((bubble for bubble in outer if holds(bubble.rect, line.rect)), None)
        if home is None:
            photos.append(line)
        elif not home.has_picture:
            nested.append(Bubble(line.rect, home.area, (line,)))
    return Parts(tuple(_with_nested(screen, outer, nested)), tuple(ground_lines), tuple(photos))


def _is_ground(screen: Screen, area: Area) -> bool:
    pane = screen.pane.rect
    if area.rect.width >= AS_WIDE_AS_THE_SCREEN * pane.width:
        return True
    touches = area.rect.left <= pane.left + 1 or area.rect.right >= pane.right - 1
    # On wallpaper an area of like colours may end at the edge; a bubble does not reach it.
    return touches and (screen.ground is None or area.rect.height > 0.5 * pane.height)


def _is_bubble(screen: Screen, area: Area) -> bool:
    if area.rect.height < LOWEST * screen.line_height:
        return False
    return area.straightness >= (STRAIGHT if screen.ground is not None else STRAIGHT_ON_WALLPAPER)


def _with_pieces(screen: Screen, found: Sequence[Bubble]) -> tuple[list[Bubble], list[Line]]:
    """Cards with the pictures below their words; and the lines on what is only a spot in something larger."""
    slack = 0.35 * screen.line_height
    pieces = chat_drawn.pieces(screen)
    whole: list[Bubble] = []
    torn: list[Line] = []
    for bubble in found:
        rect = bubble.rect
        piece = next((one for one in pieces if _encloses(one, rect, slack)), None)
        inside_another = any(_is_within(bubble, other) for other in found)
        if piece is None or inside_another or piece.width >= AS_WIDE_AS_THE_SCREEN * screen.pane.rect.width:
            whole.append(bubble)
        elif _begins(piece, rect, slack) and piece.bottom - rect.bottom >= 1.2 * screen.line_height:
            whole.append(replace(bubble, rect=piece, has_parts=True, has_picture=True))
        elif piece.width * piece.height < TORN * rect.width * rect.height:
            whole.append(bubble)
        else:
            torn += bubble.lines
    return whole, torn


def _encloses(outer: Rect, inner: Rect, slack: float) -> bool:
    across = outer.left - slack <= inner.left and inner.right <= outer.right + slack
    return across and outer.top - slack <= inner.top and inner.bottom <= outer.bottom + slack


def _begins(outer: Rect, inner: Rect, slack: float) -> bool:
    """Whether both have the same top and sides."""
    edges = ((outer.left, inner.left), (outer.right, inner.right), (outer.top, inner.top))
    return all(abs(one - other) <= slack for one, other in edges)


def _head_of_a_card(screen: Screen, area: Area, lines: Sequence[Line]) -> Area | None:
    """The part with words of a card whose ground goes on in a picture below, as the streets of a map do."""
    if not len(area.starts) or not lines:
        return None
    head = area.head(max(line.rect.bottom for line in lines))
    wide = head.rect.width >= 0.9 * area.rect.width
    whole = head.rect.height >= 1.5 * screen.line_height and head.rect.height >= 0.2 * area.rect.height
    return head if wide and whole and head.straightness >= HEAD_STRAIGHT else None


def _portraits(screen: Screen, found: Sequence[Bubble]) -> list[Bubble]:
    """Coloured squares with a name in them: what WeCom and DingTalk show of whoever has no photo."""
    high = screen.line_height
    small = [
        bubble
        for bubble in found
        if max(bubble.rect.width, bubble.rect.height) <= 3.2 * high
        and sum(len(line.text.strip()) for line in bubble.lines) <= 4
    ]
    sure = [
        bubble
        for bubble in small
        if is_beside_more(screen, bubble.rect, [other.rect for other in found if other is not bubble])
    ]
    return sure + [
        bubble for bubble in small if bubble not in sure and any(_is_like(screen, bubble, other) for other in sure)
    ]


def is_beside_more(screen: Screen, rect: Rect, others: Sequence[Rect]) -> bool:
    """Whether a bubble or a picture begins beside it, further in, while nothing is further out."""
    high, pane = screen.line_height, screen.pane.rect
    near_left, near_right = rect.left < pane.left + 2.5 * high, rect.right > pane.right - 2.5 * high
    if near_left == near_right:
        return False
    for other in others:
        gap = other.left - rect.right if near_left else rect.left - other.right
        if 0 <= gap <= 1.3 * high and -0.5 * high <= other.top - rect.top <= 2.2 * high:
            return True
    if screen.ground is None:
        return False
    inner = Rect(rect.right + 0.9 * high, rect.top + 0.2 * high, rect.right + 2.4 * high, rect.bottom)
    outer = Rect(pane.left, rect.top, rect.left - 0.2 * high, rect.bottom)
    if near_right:
        inner = Rect(rect.left - 2.4 * high, inner.top, rect.left - 0.9 * high, inner.bottom)
        outer = Rect(rect.right + 0.2 * high, outer.top, pane.right, outer.bottom)
    return screen.ground.share(inner) > 0.5 and screen.ground.share(outer) < 0.1


def _is_like(screen: Screen, bubble: Bubble, portrait: Bubble) -> bool:
    """Whether it stands in the same column and has the same colour."""
    slack = 0.35 * screen.line_height
    one, other = bubble.rect, portrait.rect
    in_column = abs(one.left - other.left) <= slack and abs(one.right - other.right) <= slack
    return in_column and colours_apart(bubble.area.colour, portrait.area.colour) <= bubble_sides.SAME_COLOUR


def _is_a_name(screen: Screen, bubble: Bubble, others: Sequence[Bubble]) -> bool:
    """Small letters right above a bubble on a spot of wallpaper that happens to have one colour."""
    if screen.ground is not None or len(bubble.lines) != 1 or bubble_sides.tail(bubble.area, screen.line_height):
        return False
    [line] = bubble.lines
    if line.rect.height > screen.line_height:
        return False
    high = screen.line_height
    return any(
        -0.1 * high <= other.rect.top - line.rect.bottom <= 0.35 * high
        and abs(other.area.body.left - line.rect.left) <= high
        for other in others
        if other is not bubble
    )


def _is_pill(screen: Screen, bubble: Bubble, others: Sequence[Bubble], *, portraits: bool) -> bool:
    """A time or a notice in a box of its own, in the middle, and not what is quoted right under a bubble; `portraits`
    tells whether most bubbles have one."""
    rect, pane = bubble.rect, screen.pane.rect
    if abs(rect.left + rect.right - pane.left - pane.right) > 0.06 * pane.width:
        return False
    if rect.height > 1.9 * max(line.rect.height for line in bubble.lines) * len(bubble_text.rows(bubble.lines)):
        return False
    if bubble_sides.tail(bubble.area, screen.line_height) is not None:
        return False
    text = bubble_text.join(bubble.lines)
    is_time = chat_times.parse(text, screen.hint) is not None
    # A pill that wallpaper shines through has any hue.
    if bubble_sides.hue_side(bubble.area.colour) and not (is_time and screen.ground is None):
        return False
    if chat_frames.portrait_beside(screen, bubble.area) is not None:
        return False
    rest = [other for other in others if other is not bubble]
    if any(_hangs_under(screen, bubble, other) for other in rest):
        return False
    if portraits and _stands_alone(screen, bubble):
        return True
    if any(_shares_a_side(screen, bubble, other) for other in rest):
        return False
    small = median(line.rect.height for line in bubble.lines) < 0.9 * screen.line_height
    return is_time or (small and rect.width < 0.75 * pane.width)


def _stands_alone(screen: Screen, bubble: Bubble) -> bool:
    """Whether it is one line exactly in the middle; nobody's portrait is beside it."""
    rect, pane = bubble.rect, screen.pane.rect
    apart = abs(rect.left + rect.right - pane.left - pane.right)
    return apart <= 0.01 * pane.width and len(bubble_text.rows(bubble.lines)) == 1


def _have_portraits(screen: Screen, found: Sequence[Bubble]) -> bool:
    # Portraits with letters in them are no wider.
    wide = [bubble.area for bubble in found if bubble.rect.width > 2.5 * screen.line_height]
    with_portrait = sum(chat_frames.portrait_beside(screen, area) is not None for area in wide)
    return with_portrait >= max(2, 0.5 * (len(wide) - 1))


def _hangs_under(screen: Screen, bubble: Bubble, other: Bubble) -> bool:
    """Whether it begins or ends where the one right above it does, as what is quoted."""
    one, two = bubble.area.body, other.area.body
    return 0 <= one.top - two.bottom < 0.6 * screen.line_height and _sides_apart(one, two) <= 0.5 * screen.line_height


def _shares_a_side(screen: Screen, bubble: Bubble, other: Bubble) -> bool:
    """Whether both begin or end at the same place, and the other is not in the middle: a bubble as wide as can be."""
    one, two, pane = bubble.area.body, other.area.body, screen.pane.rect
    in_the_middle = abs(two.left + two.right - pane.left - pane.right) <= 0.06 * pane.width
    return not in_the_middle and _sides_apart(one, two) <= 0.15 * screen.line_height


def _sides_apart(one: Rect, two: Rect) -> float:
    return min(abs(one.left - two.left), abs(one.right - two.right))


def _merged(screen: Screen, candidates: Sequence[Bubble]) -> list[Bubble]:
    """Parts of one card, which a thin line parts, together."""
    found: list[Bubble] = []
    for bubble in sorted(candidates, key=lambda bubble: bubble.rect.top):
        above = next((other for other in reversed(found[-4:]) if _continues(screen, other, bubble)), None)
        if above is None:
            found.append(bubble)
            continue
        rect = Rect(
            min(above.rect.left, bubble.rect.left),
            above.rect.top,
            max(above.rect.right, bubble.rect.right),
            bubble.rect.bottom,
        )
        found[found.index(above)] = replace(above, rect=rect, lines=above.lines + bubble.lines, has_parts=True)
    return found


def _continues(screen: Screen, above: Bubble, below: Bubble) -> bool:
    slack = 0.35 * screen.line_height
    gap = below.rect.top - above.rect.bottom
    alike = colours_apart(above.area.colour, below.area.colour) <= bubble_sides.SAME_COLOUR
    return (
        alike
        and -2 <= gap <= max(3.0, 0.1 * screen.line_height)
        and abs(above.rect.left - below.rect.left) <= slack
        and abs(above.rect.right - below.rect.right) <= slack
    )


def _with_nested(screen: Screen, outer: Sequence[Bubble], nested: Sequence[Bubble]) -> list[Bubble]:
    """Bubbles with what stands in them: buttons, quotes, highlighted words. What is drawn on an icon is no text."""
    full = []
    for bubble in outer:
        inner = [other for other in nested if holds(bubble.rect, other.rect) and not bubble.has_picture]
        lines = [line for other in inner for line in other.lines if not _is_icon(screen, line, other, bubble)]
        own = [line for line in bubble.lines if not _is_glyph(line, bubble)]
        inset = next((other.lines for other in inner if _is_inset(other, bubble, own)), ())
        full.append(replace(bubble, lines=(*own, *lines), inset=tuple(line for line in inset if line in lines)))
    return [bubble for bubble in full if bubble.lines]


def _is_inset(inner: Bubble, outer: Bubble, own: Sequence[Line]) -> bool:
    """Whether it is a box, hardly another colour than the bubble, with smaller letters than the words below it."""
    if not own or inner.area is outer.area or inner.rect.bottom > min(line.rect.top for line in own) + 2:
        return False
    usual = median(line.rect.height for line in own)
    small = median(line.rect.height for line in inner.lines) < 0.93 * usual
    hardly = colours_apart(inner.area.colour, outer.area.colour) <= INSET_DIFFERS
    return small and hardly and inner.rect.width >= 0.5 * outer.rect.width


def _is_icon(screen: Screen, line: Line, inner: Bubble, outer: Bubble) -> bool:
    if len(line.text.strip()) > 3:
        return False
    small = inner.rect.width < 3 * screen.line_height and inner.rect.height < 3 * screen.line_height
    colour = bubbles.common_colour(crop(screen.rgb, line.rect))
    return small and colours_apart(colour, outer.area.colour) > bubble_sides.SAME_COLOUR


def _is_within(inner: Bubble, outer: Bubble) -> bool:
    if inner is outer or inner.rect.width * inner.rect.height >= outer.rect.width * outer.rect.height:
        return False
    one, other = inner.rect, outer.rect
    return (
        one.left >= other.left - 1
        and one.right <= other.right + 1
        and one.top >= other.top - 1
        and one.bottom <= other.bottom + 1
    )


def _is_glyph(line: Line, bubble: Bubble) -> bool:
    """One doubtful sign away from where the lines begin: an icon that was taken for a letter."""
    if len(line.text.strip()) > 1 or line.score >= 0.85 or len(bubble.lines) == 1:
        return False
    starts = min(other.rect.left for other in bubble.lines if other is not line)
    return line.rect.left > starts + 2 * line.rect.height
