"""What people say about people, by the letter: 邀请 张三, 绑定 ABCD2345, 离职 李晓彤, 交接 恒力 给 赵一鸣.

Pure parsers. Whoever is meant is looked for later; words that only look like an order are none where nobody is found.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handlers.access import Role

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that look alike on paper and on phones: I L O, 0 1."""
CODE_LENGTH = 8
MOST_NAME = 60
ROLE_WORDS: Mapping[str, Role] = {
    "销售": "sales",
    "主管": "manager",
    "经理": "manager",
    "总监": "director",
    "管理员": "admin",
    "协作人": "colleague",
}


@dataclass(frozen=True)
class Bind:
    """`code` as it was written, in capitals and without blanks; it may be of the wrong length."""

    code: str


@dataclass(frozen=True)
class OwnCode:
    """A code for another account of the same person."""


@dataclass(frozen=True)
class InviteSomebody:
    name: str
    role: Role | None = None
    manager: str = ""
    region: str = ""


@dataclass(frozen=True)
class ListMembers:
    page: int = 1


@dataclass(frozen=True)
class ShowMember:
    name: str


@dataclass(frozen=True)
class SaysLeft:
    name: str


@dataclass(frozen=True)
class SaysBack:
    name: str


@dataclass(frozen=True)
class HandOverTo:
    """`what` is a member, all of whose customers are meant, or a customer.

    `is_order` is false for 把…转给…, which is said of other things as well.
    """

    what: str
    taker: str
    is_order: bool = True


@dataclass(frozen=True)
class UndoHandover:
    pass


@dataclass(frozen=True)
class AskBrief:
    customer: str = ""


Order = (
    Bind
    | OwnCode
    | InviteSomebody
    | ListMembers
    | ShowMember
    | SaysLeft
    | SaysBack
    | HandOverTo
    | UndoHandover
    | AskBrief
)

_NAME = rf"[^\s,，。;；:：]{{1,{MOST_NAME}}}"
_GAP = r"[\s:：]+"


def read(text: str) -> Order | None:
    """What is asked for, or None: the words are something else."""
    words = _plain(text)
    for pattern, make in _ORDERS:
        if match := pattern.fullmatch(words):
            order = make(match)
            if order is not None:
                return order
    return None


def normalised(code: str) -> str:
    """As codes are made: 全角, small letters, blanks and hyphens do not matter."""
    return re.sub(r"[\s\-_－—]+", "", unicodedata.normalize("NFKC", code)).upper()


def _plain(text: str) -> str:
    words = text.strip().strip("。.！!，,～~？?“”\"'").strip()
    return re.sub(r"\s+", " ", words)


def _bind(match: re.Match[str]) -> Order | None:
    code = normalised(match[1])
    # 绑定客户 and the like are something else; a code with a letter too few or too many is meant as one
    return Bind(code) if re.fullmatch(r"[0-9A-Z]{4,16}", code) else None


def _invite(match: re.Match[str]) -> Order | None:
    """Beside the name only what is known: 邀请 王总 参加展会 is something else."""
    name, *rest = match[1].split(" ")
    said: dict[str, str] = {}
    while rest:
        word = rest.pop(0)
        if word in ROLE_WORDS and "role" not in said:
            said["role"] = word
            continue
        key, value = _named_value(word)
        if not key:
            return None
        if not value:
            value = rest.pop(0) if rest else ""
        if not value or key in said:
            return None
        said[key] = value
    role = ROLE_WORDS.get(said.pop("role", ""))
    return InviteSomebody(name, role, said.get("manager", ""), said.get("region", ""))


def _named_value(word: str) -> tuple[str, str]:
    """上级:陈志远, or 上级 alone, whose value is the next word."""
    for heading, key in (("上级", "manager"), ("区域", "region")):
        if word.startswith(heading):
            return key, word.removeprefix(heading).strip(":：")
    return "", ""


def _members(match: re.Match[str]) -> Order | None:
    name = match[1] or ""
    if not name:
        return ListMembers()
    if name.isdecimal():
        return ListMembers(int(name)) if len(name) <= 4 and int(name) else None
    return ShowMember(name)


def _hand_over(*, is_order: bool) -> Callable[[re.Match[str]], Order | None]:
    return lambda match: HandOverTo(match[1].strip(), match[2].strip(), is_order)


_ORDERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Order | None]], ...] = (
    (re.compile(r"(?:绑定码|我的绑定码)"), lambda _: OwnCode()),
    (re.compile(r"绑定[\s:：]*(.+)"), _bind),
    (re.compile(rf"邀请{_GAP}({_NAME}(?:[ :：]{_NAME})*)"), _invite),
    (re.compile(rf"成员(?:{_GAP}({_NAME}))?"), _members),
    (re.compile(rf"离职{_GAP}({_NAME})"), lambda match: SaysLeft(match[1])),
    (re.compile(rf"恢复{_GAP}({_NAME})"), lambda match: SaysBack(match[1])),
    (re.compile(r"撤销交接"), lambda _: UndoHandover()),
    (re.compile(rf"交接简报(?:{_GAP}({_NAME}))?"), lambda match: AskBrief(match[1] or "")),
    (re.compile(rf"交接{_GAP}({_NAME}?) ?给 ?({_NAME})"), _hand_over(is_order=True)),
    (re.compile(rf"[把将] ?({_NAME}?) ?(?:转给|转交给|移交给|交接给) ?({_NAME})"), _hand_over(is_order=False)),
)
