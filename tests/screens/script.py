"""The scripts of invented chats: what is said, how it looks, when the picture was sent.

A script is a table of a TOML file; its `chat` holds one message a line:

    @ 2026-01-12 09:28            a time between bubbles, worded as the messenger would on the day of the picture
    @ 2026-01-12 09:28 = 刚刚     the same, worded otherwise
    < text   > text               the other side, the owner of the phone; \\n is a line break
    <赵工| text                   the other side in a group, with the nickname above the bubble
    * text                        a line of the messenger's own
    <[file] name | size           also [link] title | summary | source, [voice] seconds, [image] seed, [transfer] yuan |
                                  note, [place] name | address, [quote] text | quoted words
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
DATA = Path(__file__).parent.parent / "data" / "screens"
Piece = Literal["text", "file", "link", "voice", "image", "transfer", "place", "quote", "time", "system"]
_LINE = re.compile(r"(?P<mark>[<>*@])(?P<nick>(?! )[^|\[]*(?<! )\|)?(?:\[(?P<piece>[a-z]+)\])?\s*(?P<rest>.*)")
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Said:
    """One line of a script. `parts` are the texts that the piece is made of."""

    side: Literal["left", "right", "system"]
    piece: Piece
    parts: tuple[str, ...]
    nick: str | None = None
    at: datetime | None = None
    """The moment shown last above it."""


@dataclass(frozen=True)
class Style:
    """How a chat looks. Colours are CSS; empty means the theme's own. `width`, `height` in pixels of the picture."""

    app: Literal["wechat", "wecom", "dingtalk"] = "wechat"
    device: Literal["phone", "desktop"] = "phone"
    scheme: Literal["light", "dark"] = "light"
    system: Literal["ios", "android"] = "ios"
    width: int = 1080
    height: int = 2340
    """0: as high as the chat is, as a stitched screenshot."""
    scale: float = 3
    """Pixels for one CSS pixel."""
    font: str = "Noto Sans CJK SC"
    latin: str = "Roboto"
    size: float = 16.5
    """Letters of a bubble, in CSS pixels."""
    faces: Literal["pictures", "letters"] = "pictures"
    face_radius: str = "5px"
    face_size: float = 40
    bubble_radius: str = ""
    tail: bool = True
    """Only WeChat draws one."""
    ground: str = ""
    bar: str = ""
    bar_ink: str = ""
    left: str = ""
    right: str = ""
    left_ink: str = ""
    right_ink: str = ""
    border: str = ""
    wallpaper: str = ""
    receipts: str = ""
    """Words beside what the owner said: 已读, 未读; empty where the messenger shows none."""
    receipt_place: Literal["beside", "below"] = "below"
    times: Literal["ampm", "24h", "slash", "month"] = "24h"
    time_pill: bool = False
    clock: str = "9:41"
    battery: int = 82
    unread: str = ""
    subtitle: str = ""
    tag: str = ""
    """A coloured tag behind the title, as at outside contacts."""
    banner: str = ""
    """What is pinned below the title, as a group's notice."""
    floating: str = ""
    """A button above the last messages: how many are new."""
    me: str = "王"
    """The owner's name, for an avatar of letters."""
    break_all: bool = False
    gap: float = 16
    line: float = 1.42
    scrolled: float = 0
    """CSS pixels between the end of the chat and the bottom of the picture."""
    sessions: tuple[str, ...] = ()
    """Desktop: other chats in the list, `name | last words | time`."""
    quality: int = 0
    """JPEG quality; 0 is PNG."""
    photographed: bool = False
    """A photo of the screen, taken askew in bad light, instead of a screenshot."""


@dataclass(frozen=True)
class Chat:
    name: str
    title: str
    sent_at: datetime
    said: tuple[Said, ...]
    style: Style = field(default_factory=Style)


@dataclass(frozen=True)
class Paper:
    """Anything but a chat: a quotation, a business card, a document, a photo. `content` is what its drawer wants."""

    name: str
    kind: Literal["table", "card", "document", "photo"]
    sent_at: datetime
    content: Mapping[str, Any]
    width: int = 1080
    height: int = 0
    scale: float = 2
    font: str = "Noto Sans CJK SC"
    design: str = "plain"
    tilt: float = 0
    """Degrees, counter-clockwise."""
    quality: int = 85


def read_scripts(path: Path) -> tuple[Chat | Paper, ...]:
    tables = tomllib.loads(path.read_text("utf-8"))
    return tuple(_paper(name, table) if "kind" in table else _chat(name, table) for name, table in tables.items())


def scripts(folder: str) -> tuple[Chat | Paper, ...]:
    """Those of `dev` or `held`."""
    return read_scripts(DATA / f"{folder}.toml")


def _paper(name: str, table: dict[str, Any]) -> Paper:
    own = {one.name for one in fields(Paper)}
    given = {key: value for key, value in table.items() if key in own and key not in {"sent_at", "content"}}
    rest = {key: value for key, value in table.items() if key not in own}
    return Paper(name=name, sent_at=_moment(table["sent_at"]), content=rest, **given)


def _chat(name: str, table: dict[str, Any]) -> Chat:
    table = dict(table)
    title, sent_at, lines = table.pop("title"), _moment(table.pop("sent_at")), table.pop("chat")
    if "sessions" in table:
        table["sessions"] = tuple(table["sessions"])
    return Chat(name, title, sent_at, parse_lines(lines), Style(**table))


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZONE)


def parse_lines(lines: str) -> tuple[Said, ...]:
    """Raises ValueError, naming the line, where it is none of the forms above."""
    said: list[Said] = []
    at: datetime | None = None
    for line in filter(None, map(str.strip, lines.splitlines())):
        found = _LINE.fullmatch(line)
        piece = found and (found["piece"] or {"*": "system", "@": "time"}.get(found["mark"], "text"))
        if not found or piece not in get_args(Piece):
            raise ValueError(f"no line of a script: {line}")
        rest = found["rest"].replace("\\n", "\n")
        if piece == "time":
            moment, _, words = rest.partition("=")
            at = _moment(moment.strip())
            said.append(Said("system", "time", (words.strip(),), at=at))
            continue
        side: Literal["left", "right", "system"] = (
            "left" if found["mark"] == "<" else "right" if found["mark"] == ">" else "system"
        )
        nick = found["nick"].removesuffix("|") if found["nick"] else None
        parts = (rest,) if piece in {"text", "system"} else tuple(part.strip() for part in rest.split(" | "))
        said.append(Said(side, piece, parts, nick, at))  # type: ignore[arg-type]  # checked against Piece above
    return tuple(said)


def words_for_time(at: datetime, sent_at: datetime, wording: str) -> str:
    """How a messenger writes `at` between bubbles on the day of `sent_at`.

    >>> words_for_time(datetime(2026, 1, 11, 18, 42), datetime(2026, 1, 12, 9, 0), "24h")
    '昨天 18:42'
    >>> words_for_time(datetime(2026, 1, 2, 9, 5), datetime(2026, 1, 12, 9, 0), "ampm")
    '1月2日 上午9:05'
    """
    days = (sent_at.date() - at.date()).days
    clock = f"{at:%H:%M}"
    if wording == "ampm":
        part = (
            "凌晨"
            if at.hour < 6
            else "上午"
            if at.hour < 12
            else "中午"
            if at.hour < 13
            else "下午"
            if at.hour < 18
            else "晚上"
        )
        clock = f"{part}{(at.hour - 1) % 12 + 1}:{at:%M}"
    if days == 0:
        return clock
    if days == 1:
        return f"昨天 {clock}"
    if wording == "slash":
        return f"{at.year}/{at.month}/{at.day} {clock}"
    if wording != "month" and timedelta(days=days) < timedelta(days=7):
        return f"星期{_WEEKDAYS[at.weekday()]} {clock}"
    year = "" if at.year == sent_at.year else f"{at.year}年"
    return f"{year}{at.month}月{at.day}日 {clock}"
