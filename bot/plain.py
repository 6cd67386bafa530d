"""Text as WeCom takes it: clean, and cut to size without hurting a character."""

import re
import unicodedata

MAX_TEXT_BYTES = 2048
"""What `message/send` shows of a text; it cuts the rest without saying so (developer document 90236)."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, except tab and line feed
    "\ud800-\udfff"  # lone surrogates cannot be encoded
    "\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"  # marks that turn the reading direction; no characters
)
_MARKUP = re.compile(r"<(?=/?a\b)", re.IGNORECASE)
_JOINER = "\u200d"
_LINE_SHARE = 0.5


def clean(text: str) -> str:
    """Text that means only itself: no control characters, and no link behind other words.

    WeCom makes links of `<a href>` in a text: what a customer said could otherwise name one address and open another.
    """
    return _MARKUP.sub("＜", _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def clean_line(text: str) -> str:
    return " ".join(clean(text).split())


def split(text: str, limit_bytes: int = MAX_TEXT_BYTES) -> list[str]:
    """The text in parts of at most `limit_bytes` UTF-8 bytes, in order; [] when there is nothing but space.

    A part ends at a line's end where one lies in its second half, else between two characters as a person sees them: an
    emoji of several code points or a letter with its accents stays whole unless it alone is too long. White space where
    two parts meet is left out; nothing else is.
    """
    parts = []
    rest = text.strip()
    while rest:
        end = _end_of_part(rest, limit_bytes)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return parts


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; what is missing is shown as "…"."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and not _is_boundary(text, end):
        end -= 1
    return text[: end or limit - 1] + "…"


def shorten_middle(text: str, limit: int) -> str:
    """Like `shorten`, but the end stays: names of companies differ there."""
    if len(text) <= limit:
        return text
    head = shorten(text, limit // 2 + 1)
    start = len(text) - (limit - len(head))
    while start < len(text) and not _is_boundary(text, start):
        start += 1
    return head + text[start:]


def _end_of_part(text: str, limit_bytes: int) -> int:
    encoded = text.encode()
    if len(encoded) <= limit_bytes:
        return len(text)
    furthest = len(encoded[:limit_bytes].decode("utf-8", "ignore"))
    line_end = text.rfind("\n", int(furthest * _LINE_SHARE), furthest + 1)
    if line_end > 0:
        return line_end
    end = furthest
    while end > 0 and not _is_boundary(text, end):
        end -= 1
    # One "character" longer than a whole part: any code point may end it.
    return end or furthest


def _is_boundary(text: str, at: int) -> bool:
    """Whether a reader sees two characters on the two sides of `at`; covers what phones can type, not all of UAX 29."""
    before, after = text[at - 1], text[at]
    if _extends(after) or before == _JOINER:
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        letters = 0
        while letters < at and _is_flag_letter(text[at - 1 - letters]):
            letters += 1
        return letters % 2 == 0
    return True


def _extends(character: str) -> bool:
    return (
        character == _JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # the tags of regional flags
        or unicodedata.category(character) in {"Mn", "Me", "Mc"}
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
