"""The lines of a bubble become one text, and the text tells what kind of message it is."""

import re
import unicodedata
from collections.abc import Sequence
from statistics import median

from nlp.screens import Line, MessageKind

_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—]")
_ADDRESS = re.compile(r"(?:https?:|www\.|[\w.+-]+@|\w[\w-]*\.\w[\w-]*/)\S*$", re.IGNORECASE)
_ENDING = re.compile(r"\.(?:com|cn|net|org|io|ai|gov|edu|co)(?:\.\w\w)?$", re.IGNORECASE)
_UNIT = re.compile(
    r"\d(?:mm|cm|km|kg|mg|ml|kw|kva|mpa|khz|mhz|ghz|hz|rpm|kwh|gb|tb|mb|pcs|m²|m³)$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"[A-Z]{1,6}[-_]?\d*$|[A-Z\d][A-Z\d-]*\d$")
FILE_ENDINGS = "docx|doc|xlsx|xls|pptx|ppt|pdf|zip|rar|7z|dwg|dxf|txt|csv|mp4|mp3|jpe?g|png|apk|step|stp|wps|et|ofd"
_FILE = re.compile(rf"\.(?:{FILE_ENDINGS})(?![a-z0-9])", re.IGNORECASE)
_FILE_END = re.compile(rf"\.(?:{FILE_ENDINGS})$", re.IGNORECASE)
_SIZE = re.compile(r"\d(?:\.\d+)?\s?[KMG]B?(?![a-z])", re.IGNORECASE)
_FROM = re.compile(r"微信电脑版|微信(?:文件|聊天记录|名片|小程序)|小程序|个人名片|聊天记录|已下载|未下载|在线文档")
_VOICE = re.compile(
    r"^[^\w\u4e00-\u9fff]*(?:\w\s|[\u3040-\u30ff川])?\s*(?P<seconds>\d{1,2})\s*(?:[\"“”″＂]|['’‘′]{1,2})\W*$"
)
_VOICE_ICON = re.compile(r"^\s*[»)(（）》」]+\s*(?P<seconds>[1-5]?\d)\s*$")
_MONEY = re.compile(r"^\s*[¥￥Y]\s*\d[\d,]*(?:\.\d{1,2})?")
_TRANSFER = re.compile(r"转账|红包|已收款|已被接收|待收款|已退还|请收款|已被领取")


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines from the top, those that stand beside each other together, from the left."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.rect.top + line.rect.bottom):
        last = found[-1] if found else None
        if last is not None and _share_a_row(last[-1], line):
            last.append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda line: line.rect.left) for row in found]


def _share_a_row(one: Line, other: Line) -> bool:
    overlap = min(one.rect.bottom, other.rect.bottom) - max(one.rect.top, other.rect.top)
    beside = one.rect.right <= other.rect.left + 4 or other.rect.right <= one.rect.left + 4
    return beside and overlap > 0.5 * min(one.rect.height, other.rect.height)


def join(lines: Sequence[Line]) -> str:
    """One text of all lines: nothing between Chinese characters and within an address or a number that was broken, one
    space between Latin words."""
    if not lines:
        return ""
    edge = max(line.rect.right for line in lines)
    text = ""
    full = False
    for row in rows(lines):
        for place, line in enumerate(row):
            piece = " ".join(line.text.split())
            # The pieces of one row are parted by what stands between them, not by a line's end.
            text = _glued(text, piece, full=full) if place == 0 else _spaced(text, piece)
        width = row[-1].rect.width / max(1, len(row[-1].text))
        full = row[-1].rect.right >= edge - 1.6 * max(width, 0.5 * row[-1].rect.height)
    return text


def _spaced(text: str, piece: str) -> str:
    if not text or not piece:
        return text + piece
    return text + piece if _is_cjk(text[-1]) and _is_cjk(piece[0]) else f"{text} {piece}"


def _glued(text: str, piece: str, *, full: bool) -> str:
    """`text` and what stands on the next line; `full` tells that the line above reaches the edge."""
    if not text or not piece:
        return text + piece
    before, after = text.split()[-1], piece.split()[0]
    if _is_cjk(before[-1]) or _is_cjk(after[0]):
        return text + piece
    file_name = _broken_file_name(before, after)
    if file_name is not None:
        return text[: len(text) - len(before)] + file_name + piece[len(after) :]
    return text + piece if _is_one_word(before, after, full=full) else f"{text} {piece}"


def _broken_file_name(before: str, after: str) -> str | None:
    """A name with its ending in small letters: alone on a line, the letters of an ending are read as capitals."""
    if _FILE.search(before) or not _FILE_END.search(before + after) or "." not in before[-6:]:
        return None
    name, ending = (before + after).rsplit(".", 1)
    return f"{name}.{ending.lower()}"


def _is_one_word(before: str, after: str, *, full: bool) -> bool:
    if before[-1] in "-_/@&=?#%+" or after[0] in "-_/.@:&=?#%+~":
        return True
    address = _ADDRESS.search(before)
    if address is not None:
        # A whole mail address is not continued by a word, a path by the next line mostly is.
        is_mail = "@" in address[0] and "://" not in address[0]
        return full and not (is_mail and _ENDING.search(before))
    if before[-1].isdigit() and (after[0].isdigit() or _UNIT.search(before + after)):
        return full
    if before[-1] in ".," and after[0].isdigit():
        return full and before[-2:-1].isdigit()
    if _UNIT.search(before + after) and not _UNIT.search(before) and len(after) <= 2:
        return full
    is_number = _NUMBERED.search(before) is not None and sum(char.isdigit() for char in after) >= 4
    return full and (is_number or ("@" in after and after[0] != "@"))


def _is_cjk(char: str) -> bool:
    return _CJK.match(char) is not None


def voice_seconds(text: str) -> int | None:
    """The length of a voice message, when a line is nothing else: 12″, with whatever its icon was read as."""
    match = _VOICE.match(unicodedata.normalize("NFKC", text).replace("''", '"')) or _VOICE_ICON.match(text)
    if match is None:
        return None
    seconds = int(match["seconds"])
    return seconds if 1 <= seconds <= 60 else None


def is_transfer(text: str, *, is_orange: bool) -> bool:
    if is_orange:
        return _MONEY.match(text) is not None or _TRANSFER.search(text) is not None
    return _MONEY.match(text) is not None and _TRANSFER.search(text) is not None


def is_card(text: str, *, has_parts: bool) -> bool:
    """Whether it is a file, a link or another card rather than what somebody wrote."""
    if has_parts:
        return True
    return _FILE.search(text) is not None and (_SIZE.search(text) is not None or _FROM.search(text) is not None)


def kind_and_text(lines: Sequence[Line], *, is_orange: bool, has_parts: bool) -> tuple[MessageKind, str]:
    if not lines:
        return "text", ""
    text = join(lines)
    first, *others = rows(lines)
    others = [row for row in others if any(char.isalnum() for line in row for char in line.text)]
    seconds = voice_seconds(" ".join(line.text for line in first))
    if seconds is None and len(text) <= 8:
        # An icon and the length may be a little out of line.
        seconds, others = voice_seconds(" ".join(line.text for line in lines)), []
    has_icon = len(first) > 1 or re.fullmatch(r"\s*\d+\W{1,2}\s*", first[0].text) is None
    if seconds is not None and (not others or has_parts or has_icon):
        spoken = join([line for row in others for line in row])
        return "voice", f'{seconds}"{spoken}'
    if is_transfer(text, is_orange=is_orange):
        return "transfer", text
    return ("card", text) if is_card(text, has_parts=has_parts) else ("text", text)


def usual_height(lines: Sequence[Line]) -> float:
    """The height of most letters, in pixels: the median over characters, so that times and names do not count much."""
    heights = [line.rect.height for line in lines for _ in range(min(40, len(line.text)))]
    return float(median(heights)) if heights else 20.0
