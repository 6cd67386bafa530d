"""What a lead is told to have done, such as 下载白皮书 or 参加线上研讨会: by cue words, and only as a fact of the customer's.

Precision before recall, as everywhere: what is asked, supposed, denied, promised, told of an earlier time, done by our
own side or to somebody else's papers scores nothing, and neither does a clause that does not show who did it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlp import clauses, patterns
from nlp.clauses import Clause
from nlp.draft import Span


@dataclass(frozen=True)
class Behaviour:
    """Something that a lead may do, what it is worth, and words that tell of it, in the language of `nlp.patterns`."""

    name: str
    points: int
    cues: tuple[str, ...] = ()


BEHAVIOURS = (
    Behaviour("下载白皮书", 5, ("下载……白皮书", "白皮书……下载")),
    Behaviour("参加线上研讨会", 10, ("参加……(线上研讨会/网络研讨会/webinar/Webinar)", "(线上研讨会/网络研讨会)……参加")),
)


@dataclass(frozen=True)
class BehaviourMention:
    """`span` holds the words that say so."""

    name: str
    span: Span


_DONE = re.compile(r"了(?!解)|过(?!程|来|去)|完|已经?|刚")
_NOT = re.compile(r"没|未|不|别(?![家人的])|忘|拒绝|取消|差点|除了")
_NOT_YET = re.compile(
    r"要|会(?![后议上])|想|打算|准备|答应|承诺|许诺|计划|约好|约了|报名|邀请|请(?!了)|下周|下个?月|明[天年]|后天|改天|回头|将|希望|等|建议|推荐|催|再[去来]"
)
_ASKS = re.compile(r"[吗么]\s*$|是不是|能不能|会不会|有没有|要不要|是否|谁")
_SUPPOSES = re.compile(r"如果|要是|假如|万一|的话|怕|担心|以为|即使|哪怕|估计|可能|或许|也许|好像|听说|据说|应该|大概")
_EARLIER = re.compile(r"上次|上回|之前|以前|原来|原先|早先|早就|当初|当时|去年|前年|上个?月|上个?季度|上周|上个?星期")
_SOMEBODY_ELSES = re.compile(
    r"竞品|竞争对手|对手|友商|别家|别人|别的|人家|同行|隔壁|第三方|另一家|另外一家|其他(?:家|客户|公司|供应商|厂家)|行业|协会|政府|国家|"
    r"(?:他们|她们|对方|客户|自己|自家)的[^，。]{0,4}(?:白皮书|研讨会)|同事"
)
_GENERAL = re.compile(r"^了?的(?:客户|人|公司|企业|单位|都|里)")
_OURS = r"我们|咱们|我司|我方|俺们|咱|俺|我|市场部|销售部?|售前|技术支持"
_THEIRS = r"客户|他们|她们|对方|甲方|业主|他|她"
_BESIDE = re.compile(r"[给对向和跟替帮为与同被]$")
"""我给他们下载了…: whom it is done for does nothing."""
_FILLED = r"(?:已经?|也|还|都|刚刚?|就|又|并且?|而且|然后|但是?|不过|可是|专门|特意|主动|自己|当场|昨天|今天|前天|今早|最近|后来|现在|这次|另外|其实|[\s]){0,4}"
_BARE = re.compile(_FILLED)


def find(
    text: str,
    behaviours: Sequence[Behaviour],
    *,
    theirs: Collection[str] = (),
    ours: Collection[str] = (),
    others: Collection[str] = (),
) -> list[BehaviourMention]:
    """What the text tells that the customer did, at most one mention of each, in order.

    `theirs` are the customer's names and people, `ours` our people, `others` companies that are neither.

    >>> [one.name for one in find("王经理很感兴趣，已经下载了我们的白皮书", BEHAVIOURS, theirs=["王经理"])]
    ['下载白皮书']
    >>> find("他们已经下载了别家的白皮书", BEHAVIOURS), find("我下载了白皮书给他们看", BEHAVIOURS)
    ([], [])
    """
    pieces = clauses.split(text)
    people = _People(tuple(sorted({*theirs})), tuple(sorted({*ours})), tuple(sorted({*others})))
    found: dict[str, BehaviourMention] = {}
    for at, clause in enumerate(pieces):
        for behaviour in behaviours:
            for start, end in _cued(behaviour, clause):
                if _is_told(text, pieces, at, start, end) and people.did(pieces, at, start, end):
                    found.setdefault(behaviour.name, BehaviourMention(behaviour.name, clause.span(start, end)))
    return sorted(found.values(), key=lambda mention: mention.span)


def is_cued(text: str, behaviours: Sequence[Behaviour]) -> bool:
    """Whether any cue stands in the text: only then is it worth to know who everybody is."""
    return any(_compiled(cue).search(text) for behaviour in behaviours for cue in behaviour.cues)


def _cued(behaviour: Behaviour, clause: Clause) -> Iterator[tuple[int, int]]:
    for cue in behaviour.cues:
        for match in _compiled(cue).finditer(clause.text):
            yield match.span()


@lru_cache(maxsize=256)
def _compiled(cue: str) -> re.Pattern[str]:
    return re.compile(patterns.expression(cue))


def _is_told(text: str, pieces: Sequence[Clause], at: int, start: int, end: int) -> bool:
    """As something that has been done, at this time, with what is ours."""
    clause = pieces[at]
    before, words, behind = clause.text[:start], clause.text[start:end], clause.text[end:]
    near = f"{before[-4:]}{words}{behind[:2]}"
    if not _DONE.search(near) or _NOT.search(f"{before[-8:]}{words}{behind[:3]}"):
        return False
    if text[clause.end : clause.end + 1] in ("?", "？") or _ASKS.search(clause.text):
        return False
    if _NOT_YET.search(before) or _EARLIER.search(before + words) or _GENERAL.match(behind):
        return False
    return not (_SUPPOSES.search(clause.text) or _SOMEBODY_ELSES.search(clause.text))


class _People:
    def __init__(self, theirs: tuple[str, ...], ours: tuple[str, ...], others: tuple[str, ...]) -> None:
        self._actor = _actors(theirs, ours)
        self._first = _first_actor(theirs, ours)
        self._others = others

    def did(self, pieces: Sequence[Clause], at: int, start: int, end: int) -> bool:
        """Whether it was the customer who did what is told there; 白皮书客户下载了 names them within."""
        clause = pieces[at]
        if any(name in clause.text for name in self._others):
            return False
        before, told = clause.text[:start], clause.text[:end]
        actors = [
            match
            for match in self._actor.finditer(told)
            if not _BESIDE.search(told[: match.start()]) and not (match["ours"] and told.startswith("的", match.end()))
        ]
        if actors:
            return actors[-1]["theirs"] is not None
        if not _BARE.fullmatch(before):
            return False
        for earlier in reversed(pieces[:at]):
            if earlier.sentence != clause.sentence:
                return False
            if (first := self._first.match(earlier.text)) is not None:
                return first["theirs"] is not None and not any(name in earlier.text for name in self._others)
        return False


def _either(fixed: str, names: tuple[str, ...]) -> str:
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    return f"{listed}|{fixed}" if listed else fixed


@lru_cache(maxsize=64)
def _actors(theirs: tuple[str, ...], ours: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?P<theirs>{_either(_THEIRS, theirs)})|(?P<ours>{_either(_OURS, ours)})")


@lru_cache(maxsize=64)
def _first_actor(theirs: tuple[str, ...], ours: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"{_FILLED}(?:(?P<theirs>{_either(_THEIRS, theirs)})|(?P<ours>{_either(_OURS, ours)}))")
