"""What people say about evidence: 归到恒力, 证据 恒力, 文件 恒力 第2页, 未归档, 积分."""

import re
from dataclasses import dataclass
from typing import Literal

MOST = 60
"""Characters; whatever is longer tells of something."""
_NAME = r"[^\s:：,，。！!？?]{1,30}"
_QUIET = r"[^\s:：,，。！!？?要给发送寄拿提供需把我你他她这那]{2,20}"
"""A name, and nothing that somebody does with a file: 文件：王经理要合同扫描件 tells of something."""
_END = r"[\s。.！!]*"


@dataclass(frozen=True)
class FileTo:
    """What was sent belongs to that customer."""

    customer: str


@dataclass(frozen=True)
class Show:
    """What lies in a customer's file; `rest` names a deal or the day of a visit."""

    what: Literal["all", "files"]
    customer: str
    rest: str = ""
    page: int = 1
    is_sure: bool = True
    """Whether it can mean nothing else: 恒力的文件 may well be what somebody tells of."""


_FILE_TO = re.compile(
    rf"(?:把?(?:这|刚才|刚发)?(?:的|个|张|份|些|几)*(?:文件|照片|图片|图|视频|资料)?\s*)?(?:归到|归档到|存到|归入|归档给)"
    rf"[\s:：]*「?(?P<customer>{_NAME}?)」?(?:名下|的?(?:资料|档案)里?)?{_END}"
)
_PAGE = r"(?:[\s,，]*第?\s*(?P<page>\d{1,3})\s*页)?"
_SHOW = re.compile(
    rf"(?:看|查|查看|看看)?\s*(?P<what>证据|资料|文件)(?:\s+(?P<customer>{_NAME})|[\s:：]+(?P<named>{_QUIET}))"
    rf"(?:\s+(?P<rest>(?!第\s*\d)\S.{{0,30}}?))?{_PAGE}{_END}"
)
_SHOW_OF = re.compile(
    rf"(?:看|查|查看|看看)?\s*(?P<customer>{_QUIET}?)"
    rf"的(?:证据包|(?P<what>证据|文件)){_PAGE}{_END}"
)
"""Without words of what somebody does with a file: 需要总部的文件 is an answer, or a note."""


def read_file_to(text: str) -> FileTo | None:
    """To whose file something belongs; None where the words say something else.

    >>> read_file_to("归到恒力"), read_file_to("刚才的照片归到「宁波恒力」"), read_file_to("归到他们头上")
    (FileTo(customer='恒力'), FileTo(customer='宁波恒力'), FileTo(customer='他们头上'))
    """
    match = _matched(_FILE_TO, text)
    return FileTo(match["customer"]) if match and match["customer"] else None


def read_show(text: str) -> Show | None:
    """Whose evidence somebody wants to see.

    >>> read_show("证据 恒力"), read_show("文件 恒力 二期扩产 第2页"), read_show("证据不足")
    (Show(what='all', customer='恒力', rest='', page=1, is_sure=True), \
Show(what='files', customer='恒力', rest='二期扩产', page=2, is_sure=True), None)
    """
    match = _matched(_SHOW, text)
    if match is None:
        return None
    rest = (match["rest"] or "").strip()
    return Show(_what(match), match["customer"] or match["named"], rest, int(match["page"] or 1))


def read_show_of(text: str) -> Show | None:
    """The same with the customer first, which may turn out to be none.

    >>> read_show_of("恒力的文件"), read_show_of("需要总部的文件")
    (Show(what='files', customer='恒力', rest='', page=1, is_sure=False), None)
    """
    match = _matched(_SHOW_OF, text)
    return Show(_what(match), match["customer"], page=int(match["page"] or 1), is_sure=False) if match else None


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    said = text.strip()
    return None if len(said) > MOST or "\n" in said else pattern.fullmatch(said)


def _what(match: re.Match[str]) -> Literal["all", "files"]:
    return "files" if match["what"] == "文件" else "all"
