"""What somebody says to ask a colleague, and about what was asked: 求助 @技术 …, 回复求助3：可以做, 撤回求助3.

Only words that begin with the request count. Who a name means, and where it ends when nothing is put behind it, is
decided where the colleagues are known.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from nlp import numerals

MOST = 2000
"""Characters of a request."""
MOST_WHO = 12


@dataclass(frozen=True)
class Plea:
    """`who` is empty where nothing sets a name off from the rest: then `words` may begin with it."""

    who: str
    words: str
    rest: str = field(default="", compare=False, repr=False)
    """All that was said behind 求助, for where `who` turns out to name nobody."""


@dataclass(frozen=True)
class About:
    """Something about the request of that number: `words` are the answer, the reason, or the colleague's name."""

    do: Literal["answer", "decline", "pass_on", "withdraw"]
    number: int
    words: str = ""


@dataclass(frozen=True)
class Show:
    what: Literal["mine", "waiting"]


Said = Plea | About | Show

_EDGES = " \n\t。.！!～~"
_GAP = r"[\s：:，,、；;]"
_NUMBER = r"(?:第|#|号)?\s*(?P<number>\d{1,9}|[一二两三四五六七八九十百]{1,5})\s*号?"
_PLEA = re.compile(rf"(?:我要|我想|我需要|请|帮我|发起)?求助(?:一下|下)?(?P<gap>{_GAP}*)(?P<rest>.*)", re.DOTALL)
_AT = re.compile(rf"[@＠]\s*(?P<who>[^\s：:，,、；;。@＠]{{1,{MOST_WHO}}})(?:{_GAP}+(?P<words>.*))?", re.DOTALL)
_NAMED = re.compile(rf"(?:给|向|找|请)?(?P<who>[^\s：:，,、；;。？?\d]{{1,{MOST_WHO}}}){_GAP}+(?P<words>.+)", re.DOTALL)
_LOOSE = re.compile(
    r"(?:麻烦|想请|要请|请|找|帮我找)(?P<who>[^\s：:，,、；;。？?\d]{2,12}?)"
    r"(?P<words>(?:帮我们?|帮忙|帮|协助|支持|给)(?:一下|下)?(?:看|确认|评估|核|算|审|查|出|做|写|解答|回复|处理|报|改|测|配|选型).+)",
    re.DOTALL,
)
_ABOUT: tuple[tuple[Literal["answer", "decline", "pass_on", "withdraw"], re.Pattern[str]], ...] = (
    (
        "withdraw",
        re.compile(
            rf"(?:撤回|撤销|取消|收回)(?:我的)?求助{_NUMBER}|求助{_NUMBER.replace('number', 'other')}(?:撤回|撤销|取消)"
        ),
    ),
    ("pass_on", re.compile(rf"(?:把|将)?求助{_NUMBER}(?:转给|转交给|转交|交给)(?P<words>[^，,。]{{1,20}})")),
    ("pass_on", re.compile(rf"(?:转交|转)求助{_NUMBER}\s*(?:给|到){_GAP}*(?P<words>[^，,。]{{1,20}})")),
    ("decline", re.compile(rf"(?:办不了|做不了|拒绝|退回)求助{_NUMBER}(?:{_GAP}+(?P<words>.+))?", re.DOTALL)),
    ("decline", re.compile(rf"求助{_NUMBER}(?:办不了|做不了){_GAP}*(?P<words>.*)", re.DOTALL)),
    ("answer", re.compile(rf"(?:回复|答复|回答)求助{_NUMBER}(?:{_GAP}+(?P<words>.+))?", re.DOTALL)),
)
_DEPARTMENT = re.compile(r"(?:部门|部|组|中心|团队)?(?:的?(?:同事|人|老师))?$")
_MINE = frozenset({"我的求助", "我发的求助", "我的求助列表", "看求助", "求助列表", "我的求助单"})
_WAITING = frozenset({"待回复求助", "待回复的求助", "待我回复的求助", "求助待回复", "等我回复的求助", "待答复求助"})
_TEAM = frozenset({"团队求助", "团队的求助", "下属的求助", "团队求助情况"})


def read(text: str) -> Said | None:
    """
    >>> read("求助 @技术 恒力的阀体材质要 316L，能不能做？")
    Plea(who='技术', words='恒力的阀体材质要 316L，能不能做？')
    >>> read("求助李工：恒力要316L"), read("回复求助3：可以做")
    (Plea(who='李工', words='恒力要316L'), About(do='answer', number=3, words='可以做'))
    >>> read("撤回求助三"), read("我的求助。"), read("客户求助我们")
    (About(do='withdraw', number=3, words=''), Show(what='mine'), None)
    """
    said = text.strip(_EDGES)
    if not said or len(said) > MOST:
        return None
    if said in _MINE:
        return Show("mine")
    if said in _WAITING:
        return Show("waiting")
    for do, form in _ABOUT:
        if found := form.fullmatch(said):
            parts = found.groupdict()
            number = numerals.whole(parts.get("number") or parts.get("other") or "")
            return About(do, number, (parts.get("words") or "").strip()) if number else None
    return _plea(text.strip())


def _plea(said: str) -> Plea | None:
    found = _PLEA.fullmatch(said)
    if found is None:
        return None
    rest = found["rest"].strip()
    if at := _AT.fullmatch(rest):
        return Plea(at["who"], (at["words"] or "").strip(), rest)
    if named := _NAMED.fullmatch(rest):
        return Plea(named["who"], named["words"].strip(), rest)
    return Plea("", rest, rest)


def read_loose(text: str) -> Plea | None:
    """请技术部的李工帮忙看一下…: a request where it names a colleague, and anything else where it names none.

    >>> read_loose("请技术部的李工帮忙看一下恒力的阀体材质能不能做316L")
    Plea(who='技术部的李工', words='帮忙看一下恒力的阀体材质能不能做316L')
    >>> read_loose("请客户来厂里看看"), read_loose("刚从恒力出来，请李工帮忙看一下图纸")
    (None, None)
    """
    said = text.strip()
    found = _LOOSE.fullmatch(said) if len(said) <= MOST else None
    return Plea(found["who"], found["words"].strip(), said) if found else None


def bare_name(said: str) -> str:
    """The name of a department without what says that it is one.

    >>> bare_name("@技术部的同事"), bare_name("法务"), bare_name("部")
    ('技术', '法务', '')
    """
    return _DEPARTMENT.sub("", said.strip().lstrip("@＠").strip(), count=1)


def asks_for_team(text: str) -> bool | None:
    return text.strip(_EDGES) in _TEAM or None
