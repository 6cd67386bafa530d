"""Markdown that shows what was said, and nothing else.

What people say holds `*`, `_` and `#` that mean nothing ("3*5 米", "报价_v2_终稿.xlsx"). DingTalk does not document
whether its renderer takes backslash escapes, and cards and messages are drawn by different ones; so a character that
could mean something becomes its full-width twin, which looks the same in a line of Chinese and means nothing anywhere.
Subset of Markdown: open.dingtalk.com, "消息类型与数据格式".
"""

import re
from dataclasses import dataclass

from bot.plain import clean, clean_line, shorten

BREAK = "  \n"
"""Two blanks before the line's end, or DingTalk joins the lines."""
PARAGRAPH = "\n\n"
TITLE_CHARS = 60
"""What a notification shows of it, and more."""

_ALWAYS = str.maketrans({"`": "｀", "[": "［", "]": "］", "<": "＜", "\\": "＼", "|": "｜"})
_IN_PAIRS = {"*": "＊", "_": "＿", "~": "～"}
_AT_LINE_START = re.compile(r"^(\s*)([#>+=-]+|[0-9]{1,9}[.)](?=\s|$))", re.MULTILINE)
_FULL_WIDTH = str.maketrans({"#": "＃", ">": "＞", "+": "＋", "=": "＝", "-": "－", ".": "．", ")": "）"})
_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]{1,32};)")
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)

_HEADED = re.compile(r"【([^【】\n]+)】([^\n]*)\n(.+)", re.DOTALL)
_LABELLED = re.compile(r"([^：\s]{1,6})：(?=\S)")


@dataclass(frozen=True)
class Markdown:
    title: str
    """What the notification and the list of chats show."""
    text: str


def neutral(text: str) -> str:
    """`text` in which no character means anything to Markdown. Its lines are to be joined by BREAK to stay lines."""
    text = _ENTITY.sub("＆", _INDENT.sub("", text)).translate(_ALWAYS)
    for mark, twin in _IN_PAIRS.items():
        # Alone it emphasises nothing, and 3*5 stays as it was typed.
        if text.count(mark) > 1:
            text = text.replace(mark, twin)
    return _AT_LINE_START.sub(lambda match: match[1] + match[2].translate(_FULL_WIDTH), text)


def bold(text: str) -> str:
    """One line in bold. The marks must touch a letter, so this is for labels, not for whole sentences."""
    text = neutral(clean_line(text)).replace("*", "＊")
    return f"**{text}**" if text else ""


def of_text(text: str) -> Markdown | None:
    """A card in words (【标题】, then its lines) with its title and labels set off; None for any other text.

    Plain text is the rule: it looks as it was written, and can be copied. Only a card that is sent as text has
    structure that would otherwise be lost.
    """
    match = _HEADED.fullmatch(clean(text).strip())
    if match is None:
        return None
    title, beside, rest = (part.strip() for part in match.groups())
    lines = [line for line in rest.split("\n") if line.strip()]
    shown = [neutral(beside)] if beside else []
    shown += [_line(line) for line in lines]
    return Markdown(shorten(title, TITLE_CHARS), f"### {neutral(title)}{PARAGRAPH}{BREAK.join(shown)}")


def _line(line: str) -> str:
    if label := _LABELLED.match(line):
        return f"{bold(label[1])}：{neutral(line[label.end() :])}"
    return neutral(line)
