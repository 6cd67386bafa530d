"""Plain text for a channel that knows only markdown: what people said must not turn into links, mentions or headings.

WeCom's markdown has no escape character (developer document 101138), so what would be taken for markup is replaced by
its full-width twin, which reads the same.
"""

import re

from bot.plain import clean, split

MAX_BYTES = 20480
"""Of one markdown message, and of all that one stream shows."""

_TWINS = str.maketrans({"*": "＊", "`": "｀", "~": "～"})
_TAG = re.compile(r"<(?=[A-Za-z/@!])")
_LINK = re.compile(r"\](?=\()")
_AT_LINE_START = re.compile(r"^([ \t]*)([#>])", re.MULTILINE)
_LINE_TWINS = {"#": "＃", ">": "＞"}


def plain(text: str) -> str:
    """Markdown that shows `text` as it is."""
    harmless = _LINK.sub("］", _TAG.sub("＜", clean(text).translate(_TWINS)))
    return _AT_LINE_START.sub(lambda found: found[1] + _LINE_TWINS[found[2]], harmless)


def parts(text: str, limit_bytes: int = MAX_BYTES) -> list[str]:
    """As `plain`, in parts of at most `limit_bytes`; [] where there is nothing but space."""
    return split(plain(text), limit_bytes)


def mention(user_id: str) -> str:
    return f"<@{user_id}>"
