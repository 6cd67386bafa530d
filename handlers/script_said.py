"""What somebody says of a script, line by line: 新增话术 with its title, 修改话术 with what changes.

A line that begins with the name of a part (客户会说：…) gives that part; the lines below it go on with it. Where
新增话术 names none, the title comes first, then what customers say, then the answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from handlers import texts
from handlers.script_changes import MOST_BODY, MOST_PHRASING, MOST_PHRASINGS, MOST_SHORT, MOST_TITLE
from handlers.wording import shortened
from nlp import script_words
from storage.base import JsonObject

CODE = r"[A-Za-z0-9][\w.-]{0,31}?"
_PARTS = {
    **dict.fromkeys(("标题",), "title"),
    **dict.fromkeys(("客户会说", "客户说", "异议"), "phrasings"),
    **dict.fromkeys(("话术", "回答", "正文"), "body"),
    **dict.fromkeys(("类型", "方案类型"), "plan_kind"),
    **dict.fromkeys(("类别", "分类"), "category"),
}
_LABEL = re.compile(rf"({'|'.join(_PARTS)})\s*[：:]\s*(.*)")
_NEW = re.compile(r"新增话术(?:[\s。.！!，,]*|[\s：:]+(.*))", re.DOTALL)
_CHANGE = re.compile(rf"修改话术[\s：:]*({CODE})(?:[\s：:]+(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Said:
    """The parts of a script that somebody gave; None: they said nothing of it."""

    title: str | None = None
    phrasings: tuple[str, ...] | None = None
    body: str | None = None
    plan_kind: str | None = None
    category: str | None = None
    astray: tuple[str, ...] = ()
    """Lines that belong to no part."""

    def values(self) -> JsonObject:
        """By the names of the table's columns."""
        given: JsonObject = {
            "title": self.title,
            "phrasings": None if self.phrasings is None else [*self.phrasings],
            "body": self.body,
            "plan_kind": self.plan_kind,
            "category": self.category,
        }
        return {name: value for name, value in given.items() if value is not None}

    def missing(self) -> list[str]:
        """What a new script lacks."""
        parts = {"title": self.title, "phrasings": self.phrasings, "body": self.body}
        return [texts.SCRIPT_PARTS[name] for name, part in parts.items() if not part]

    def faults(self) -> list[str]:
        """What the library cannot take of it, said for people."""
        faults = list(script_words.faults(self.body or ""))
        lengths = (
            (self.title or "", MOST_TITLE),
            (self.body or "", MOST_BODY),
            (self.category or "", MOST_SHORT),
            *((one, MOST_PHRASING) for one in self.phrasings or ()),
        )
        faults += [
            f"「{shortened(part, 10)}」{texts.SCRIPT_TOO_LONG.format(limit=limit)}"
            for part, limit in lengths
            if len(part) > limit
        ]
        if len(self.phrasings or ()) > MOST_PHRASINGS:
            faults.append(texts.SCRIPT_TOO_MANY_PHRASINGS.format(limit=MOST_PHRASINGS))
        if self.plan_kind and self.plan_kind not in script_words.KINDS:
            known = "、".join(script_words.KINDS)
            faults.append(texts.SCRIPT_NO_SUCH_KIND.format(kind=shortened(self.plan_kind, 10), known=known))
        empty = {"title": self.title, "phrasings": self.phrasings, "body": self.body}
        faults += [
            texts.SCRIPT_PART_EMPTY.format(part=texts.SCRIPT_PARTS[name])
            for name, part in empty.items()
            if part is not None and not part
        ]
        faults += [texts.SCRIPT_LINE_ASTRAY.format(line=shortened(line, 10)) for line in self.astray]
        return faults


@dataclass(frozen=True)
class Change:
    code: str
    said: Said


def read_new(text: str) -> Said | None:
    """
    >>> read_new("新增话术 算总账\\n太贵了|别家便宜\\n您看。\\n- 质保").values()
    {'title': '算总账', 'phrasings': ['太贵了', '别家便宜'], 'body': '您看。\\n- 质保'}
    >>> read_new("新增话术。") == Said(), read_new("新增话术很难")
    (True, None)
    """
    found = _NEW.fullmatch(text.strip())
    if found is None:
        return None
    return _said((found[1] or "").split("\n"), in_order=("title", "phrasings", "body"))


def read_change(text: str) -> Change | None:
    """
    >>> change = read_change("修改话术 PR-01\\n标题：先看停机\\n话术：您放心。\\n- 备件先到")
    >>> change.code, change.said.values()
    ('PR-01', {'title': '先看停机', 'body': '您放心。\\n- 备件先到'})
    """
    found = _CHANGE.fullmatch(text.strip())
    return Change(found[1], _said((found[2] or "").split("\n"))) if found else None


def _said(lines: Sequence[str], *, in_order: Sequence[str] = ()) -> Said:
    """`in_order` are the parts that lines without a name give, one after the other; the last takes all that follow."""
    parts: dict[str, list[str]] = {}
    astray: list[str] = []
    named: str | None = None
    for line in map(str.strip, lines):
        if label := _LABEL.fullmatch(line):
            named = _PARTS[label[1]]
            parts[named] = [label[2]]
            continue
        waiting = [name for name in in_order if name not in parts]
        if named == "body" or (named == "phrasings" and line and not waiting):
            parts[named].append(line)
        elif waiting and line:
            named = waiting[0] if waiting[0] == "body" else None
            parts[waiting[0]] = [line]
        elif line:
            astray.append(line)
    return Said(
        title=_one(parts, "title"),
        phrasings=phrasings_of("\n".join(parts["phrasings"])) if "phrasings" in parts else None,
        body="\n".join(parts["body"]).strip() if "body" in parts else None,
        plan_kind=_one(parts, "plan_kind"),
        category=_one(parts, "category"),
        astray=tuple(astray),
    )


def _one(parts: dict[str, list[str]], name: str) -> str | None:
    return parts[name][0].strip() if name in parts else None


def phrasings_of(text: str) -> tuple[str, ...]:
    """
    >>> phrasings_of("太贵了｜别家便宜|太贵了")
    ('太贵了', '别家便宜')
    """
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[|｜\n]", text) if part.strip()))
