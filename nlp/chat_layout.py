"""A screenshot of a chat becomes messages: who said what, when, in which order, and how sure that is.

Needs the pixels and the lines that any engine read in them; knows no engine. The conversation's part of the screen is
found by its edges (`nlp.panes`), bubbles by their colour (`nlp.bubbles`, `nlp.chat_parts`), their side by four cues
(`nlp.bubble_sides`). Where it cannot be trusted (`nlp.chat_trust`) it says so: a wrong side is worse than a question.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from nlp import (
    bubble_quotes,
    bubble_sides,
    bubble_text,
    bubbles,
    chat_frames,
    chat_parts,
    chat_pictures,
    chat_screen,
    chat_times,
    chat_trust,
)
from nlp.bubbles import Colour, Pixels
from nlp.chat_screen import Bubble, Screen, around, beside, colours_apart, holds, is_chrome, is_in_the_middle, is_status
from nlp.screens import Line, Message, MessageKind, ReadHint, Rect, ScreenWarning

_WORDS = re.compile(r"[^\W_]")
_TRAILING_DOTS = re.compile(r"[\s.·…。•]{1,6}$|\s*[⇋⇌]$")
_AROUND_TITLE = re.compile(r"^[<＜〈‹く](?:\s+|$)|\s*[@＠]微信$")
"""The arrow that leads back, and WeCom's tag of contacts outside."""

QUOTE_DIFFERS = 8
"""Levels up to which what hangs below a bubble has the colour of bubbles."""


@dataclass(frozen=True)
class ChatLayout:
    """What a chat says. `confidence` from 0 to 1: whether the picture is a chat at all; from 0.5 it more likely is."""

    messages: tuple[Message, ...] = ()
    title: str | None = None
    warnings: tuple[ScreenWarning, ...] = ()
    needs_review: bool = False
    confidence: float = 0.0


def layout(rgb: Pixels, lines: Sequence[Line], hint: ReadHint) -> ChatLayout:
    """Read a picture as a chat; whatever it is, something is answered, and `confidence` tells what it is worth.

    `rgb` has rows, columns and three channels of 8 bits; lines may come in any order. Never raises; linear in pixels
    and lines.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or min(rgb.shape[:2]) < 16:
        return ChatLayout()
    usable = bubbles.usable(lines, rgb.shape[1], rgb.shape[0])
    if not usable:
        return ChatLayout()
    return _read(chat_screen.look(rgb, usable, hint))


def _read(screen: Screen) -> ChatLayout:
    if not screen.lines:
        return ChatLayout(title=_title(screen, screen.head))
    parts = chat_parts.sort(screen, bubbles.find(screen.rgb, screen.lines))
    strays = [*parts.ground_lines, *parts.photo_lines]
    every = [*parts.bubbles, *chat_pictures.smeared_bubbles(screen, parts.bubbles, strays)]
    housed = {line for bubble in every for line in bubble.lines}
    named, strays = _names(screen, [line for line in strays if line not in housed], every)
    sided = _sides(screen, _without_tags(screen, every, named))
    tags = [bubble for bubble in every if all(bubble.rect != other.rect for other in sided)]
    talk = _without_insets(screen, sided, named)
    pictures = chat_pictures.find(screen, [*sided, *tags], strays)
    title, strays = _head_of(screen, strays, talk)
    pictures, strays = _named_pictures(screen, pictures, strays)
    notices, strays = _notices(screen, strays)
    loose = _loose(screen, strays, talk, pictures)
    said = _with_quotes(screen, [_message(screen, bubble, named) for bubble in talk], talk)
    # Of a bubble without a whole line nothing is known but that there is one.
    messages = sorted([*(message for message in said if message.text), *notices, *pictures], key=_top)
    messages = list(chat_times.fill_forward(messages, screen.hint))
    warnings = chat_trust.warnings(screen, messages, talk, len(loose))
    return ChatLayout(
        tuple(messages),
        title,
        warnings,
        any(warning != "truncated" for warning in warnings),
        chat_trust.confidence(screen, talk, messages, len(loose)),
    )


def _sides(screen: Screen, found: Sequence[Bubble]) -> list[Bubble]:
    areas = [replace(bubble.area, rect=bubble.rect) for bubble in found]
    portraits = [chat_frames.portrait_beside(screen, area) for area in areas]
    ballots = bubble_sides.vote(areas, portraits, screen.pane, screen.line_height)
    return [replace(bubble, ballot=ballot) for bubble, ballot in zip(found, ballots, strict=True)]


def _without_insets(screen: Screen, found: Sequence[Bubble], named: dict[Rect, Line]) -> list[Bubble]:
    """What a bubble quotes apart from the answer below it; the name above counts for both."""
    apart: list[Bubble] = []
    for bubble in found:
        parts = bubble_quotes.split(screen.rgb, bubble) or (bubble,)
        if bubble.rect in named:
            named.update({part.rect: named[bubble.rect] for part in parts})
        apart.extend(parts)
    return apart


def _names(screen: Screen, lines: Sequence[Line], found: Sequence[Bubble]) -> tuple[dict[Rect, Line], list[Line]]:
    """The line with a name right above a bubble, by the bubble's place; and the lines that are none."""
    named: dict[Rect, Line] = {}
    others: list[Line] = []
    for line in lines:
        may_be = _may_be_a_name(screen, line)
        below = next((bubble for bubble in found if may_be and _is_above(screen, line, bubble.rect)), None)
        if below is None or below.rect in named:
            others.append(line)
        else:
            named[below.rect] = line
    return named, [line for line in others if not any(beside(line, name) for name in named.values())]


def _named_pictures(
    screen: Screen, pictures: Sequence[Message], lines: Sequence[Line]
) -> tuple[list[Message], list[Line]]:
    named: list[Message] = []
    names = [line for line in lines if _may_be_a_name(screen, line)]
    taken: list[Line] = []
    for picture in pictures:
        rect = picture.rect
        name = next((line for line in names if rect and line not in taken and _is_above(screen, line, rect)), None)
        if name is not None:
            taken.append(name)
        named.append(replace(picture, nick=name.text.strip()) if name is not None else picture)
    return named, [line for line in lines if line not in taken]


def _may_be_a_name(screen: Screen, line: Line) -> bool:
    is_other = is_chrome(line) or is_in_the_middle(screen, line)
    return not is_other and chat_times.parse(line.text, screen.hint) is None


def _is_above(screen: Screen, line: Line, below: Rect) -> bool:
    gap = below.top - line.rect.bottom
    aligned = min(abs(line.rect.left - below.left), abs(line.rect.right - below.right)) <= 1.0 * screen.line_height
    small = line.rect.height <= 1.1 * screen.line_height
    return aligned and small and -0.3 * screen.line_height <= gap <= 0.9 * screen.line_height


def _without_tags(screen: Screen, found: Sequence[Bubble], named: dict[Rect, Line]) -> list[Bubble]:
    """Without the badges beside names (机器人) and the buttons that float over the chat (2人提到了你)."""
    return [
        bubble
        for bubble in found
        if not any(
            beside(bubble.lines[0], name) and bubble.rect.height < 1.8 * screen.line_height and bubble.rect != rect
            for rect, name in named.items()
        )
        and not (len(bubble.lines) == 1 and is_chrome(bubble.lines[0]))
    ]


def _message(screen: Screen, bubble: Bubble, named: dict[Rect, Line]) -> Message:
    lines, cut = _whole_lines(screen, bubble)
    kind, text = bubble_text.kind_and_text(lines, is_orange=_is_orange(bubble.area.colour), has_parts=bubble.has_parts)
    if bubble.is_quote:
        kind, text = "quote", bubble_text.join(lines)
    name = named.get(bubble.rect)
    nick, sent_at = (name.text.strip() if name is not None else None), None
    timed = chat_times.split(nick, screen.hint) if nick else None
    if timed is not None:
        nick, sent_at = timed[0], timed[1].at
    return Message(
        bubble.ballot.side,
        kind,
        text,
        nick=nick,
        sent_at=sent_at,
        time_source="explicit" if sent_at is not None else None,
        truncated=cut,
        confidence=round(bubble.ballot.confidence, 3),
        rect=bubble.rect,
    )


def _whole_lines(screen: Screen, bubble: Bubble) -> tuple[list[Line], bool]:
    """Without a line of which the edge of the screen leaves less than three quarters; and whether the bubble is cut."""
    top, bottom = screen.pane.rect.top, screen.pane.rect.bottom
    near = max(3.0, 0.1 * screen.line_height)
    at_top, at_bottom = bubble.rect.top <= top + near, bubble.rect.bottom >= bottom - near
    cut = [
        line
        for line in bubble.lines
        if (at_top and line.rect.top <= top + near) or (at_bottom and line.rect.bottom >= bottom - near)
    ]
    whole = [line for line in bubble.lines if line not in cut]
    usual = median(line.rect.height for line in whole) if whole else screen.line_height
    kept = [line for line in bubble.lines if line not in cut or line.rect.height >= 0.75 * usual]
    return kept, at_top or at_bottom


def _notices(screen: Screen, ground_lines: Sequence[Line]) -> tuple[list[Message], list[Line]]:
    """Times and notices of the messenger, and the lines that are neither."""
    messages: list[Message] = []
    loose: list[Line] = []
    group: list[Line] = []
    for line in sorted(ground_lines, key=lambda line: line.rect.top):
        if is_chrome(line):
            continue
        if not is_in_the_middle(screen, line):
            loose.append(line)
            continue
        if group and line.rect.top - group[-1].rect.bottom > 0.5 * line.rect.height:
            messages.append(_notice(screen, group))
            group = []
        if group and chat_times.parse(line.text, screen.hint) is not None:
            messages.append(_notice(screen, group))
            group = []
        group.append(line)
        if chat_times.parse(line.text, screen.hint) is not None:
            messages.append(_notice(screen, group))
            group = []
    if group:
        messages.append(_notice(screen, group))
    return [message for message in messages if _WORDS.search(message.text)], loose


def _notice(screen: Screen, lines: Sequence[Line]) -> Message:
    text = bubble_text.join(lines)
    kind: MessageKind = "time" if chat_times.parse(text, screen.hint) is not None else "system"
    return Message("system", kind, text, rect=around(lines))


def _loose(screen: Screen, lines: Sequence[Line], found: Sequence[Bubble], pictures: Sequence[Message]) -> list[Line]:
    """Without what stands on portraits and photos, and without single signs, which are icons."""
    left = min((bubble.rect.left for bubble in found), default=screen.pane.rect.left)
    right = max((bubble.rect.right for bubble in found), default=screen.pane.rect.right)
    return [
        line
        for line in lines
        if len(line.text.strip()) > 2
        and line.rect.right > left
        and line.rect.left < right
        and not is_chrome(line)
        and not any(message.rect is not None and holds(message.rect, line.rect) for message in pictures)
    ]


def _head_of(screen: Screen, ground_lines: Sequence[Line], found: Sequence[Bubble]) -> tuple[str | None, list[Line]]:
    """The title, and the lines on the ground without those of the head."""
    if screen.pane.has_head:
        return _title(screen, screen.head), list(ground_lines)
    first = min((bubble.rect.top for bubble in found), default=screen.pane.rect.bottom)
    limit = min(first, 0.25 * screen.pane.rect.width)
    top = [
        line
        for line in ground_lines
        if line.rect.bottom <= limit
        and line.rect.height >= 0.92 * screen.line_height
        and chat_times.parse(line.text, screen.hint) is None
    ]
    status = [line for line in ground_lines if line.rect.bottom <= limit and is_status(line)]
    title = _title(screen, top)
    gone = [line for line in top if title is not None and title in line.text] + status
    return title, [line for line in ground_lines if line not in gone]


def _title(screen: Screen, head: Sequence[Line]) -> str | None:
    named = [
        line
        for line in head
        if not is_status(line) and len(_WORDS.findall(_AROUND_TITLE.sub("", line.text))) >= 1 and line.score >= 0.6
    ]
    if not named:
        return None
    # The largest letters; of those alike, what is in the middle, since what is left of a phone's status row is not.
    tallest = max(line.rect.height for line in named)
    large = [line for line in named if line.rect.height >= 0.85 * tallest]
    line = min(large, key=lambda line: (not is_in_the_middle(screen, line, 0.3), line.rect.top))
    title = _AROUND_TITLE.sub("", _TRAILING_DOTS.sub("", line.text.strip()))
    return title or None


def _top(message: Message) -> float:
    assert message.rect is not None
    return message.rect.top


def _is_orange(colour: Colour) -> bool:
    red, green, blue = colour
    return red > green > blue and red - blue >= 60


def _with_quotes(screen: Screen, messages: Sequence[Message], found: Sequence[Bubble]) -> list[Message]:
    """What is quoted stands small and grey right under the answer, and is said by whoever answers."""
    quoted: list[Message] = []
    order = sorted(range(len(found)), key=lambda index: found[index].rect.top)
    above: tuple[Bubble, Message] | None = None
    for index in order:
        bubble, message = found[index], messages[index]
        may_be = above is not None and not bubble.is_quote and not above[0].is_quote
        if above is not None and may_be and _is_quote(bubble, above[0], above[1], screen, found):
            message = replace(message, kind="quote", speaker=above[1].speaker, confidence=above[1].confidence)
        quoted.append(message)
        above = bubble, message
    return quoted


def _is_quote(bubble: Bubble, above: Bubble, answer: Message, screen: Screen, found: Sequence[Bubble]) -> bool:
    line_height = screen.line_height
    gap = bubble.rect.top - above.rect.bottom
    one, other = bubble.area.body, above.area.body
    edge = one.right - other.right if answer.speaker == "right" else one.left - other.left
    usual = max(line_height, median(line.rect.height for line in above.lines))
    small = median(line.rect.height for line in bubble.lines) < 0.93 * usual
    grey = bubble_sides.is_neutral(bubble.area.colour) and bubble.ballot.tail is None and bubble.ballot.portrait is None
    beneath = grey and not bubble.has_parts and gap < 0.6 * line_height and abs(edge) <= 0.5 * line_height
    return beneath and (small or not _is_anybodys(bubble.area.colour, found))


def _is_anybodys(colour: Colour, found: Sequence[Bubble]) -> bool:
    """Whether it is the colour of a bubble with a tail or a portrait."""
    return any(
        colours_apart(colour, other.area.colour) <= QUOTE_DIFFERS
        for other in found
        if other.ballot.tail or other.ballot.portrait
    )
