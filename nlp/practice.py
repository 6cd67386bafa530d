"""How good an answer to an objection is, held against the team's script: a score that says what it is made of.

Nothing is invented: whatever is told of an answer is a key point in the script's own words, or words of the answer.

>>> body = "您比价是应该的。我建议把使用期内的花费一起算：\\n- 维修与停机\\n您给我现场数据，我们一起算清楚再定。"
>>> judged = score("您把现场的数据给我，一起算清楚，我保证省钱", body)
>>> judged.score, judged.said, [fault.words for fault in judged.faults]
(13, (2,), ['保证'])
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Protocol

from nlp import money, script_words
from nlp.percents import percents
from nlp.practice_points import MOST_READ, Point, coverage, key_points

SAID, PARTLY = 0.5, 0.28
"""Of a point, to have been said, and to have been said in part. Chosen on the development answers (benchmarks/practice.py)."""
PARTLY_COUNTS = 0.5
HINTED_COUNTS = 0.5
"""Whoever was told a point gets half of what it is worth: saying it is still better than not."""

FaultKind = Literal["promise", "figure", "rival", "argues", "asks_nothing", "too_long"]

COSTS: dict[FaultKind, int] = {
    # what a customer may hold us to, and nobody has approved: the worst that an answer can do
    "figure": 20,
    "promise": 20,
    # each loses the customer's trust, but commits us to nothing
    "rival": 15,
    "argues": 15,
    # manners: less than what a key point is worth in most scripts
    "asks_nothing": 8,
    "too_long": 5,
}
"""Points of a hundred, once a kind however often it was done. Own choice."""
LONGEST_S = 60
CHARACTERS_A_SECOND = 260 / 60
"""As people speak; what was typed is taken to be read aloud."""
SHORTEST = 5
"""Characters: fewer are no answer (好的谢谢)."""

_NO_SPACE = re.compile(r"\s+")
_PROMISE = re.compile(
    r"(?<![不质])(?<!不能)(?<!不敢)(?<!没法)(?<!无法)保证(?!金)|(?<!不)(?<!您)一定"
    r"(?=能|会|给|可以|不会|没|行|满足|做到|比|按时|到|是)(?!会?(?:尽|帮您|去|认真|核实|申请|跟))|(?<!不)绝对(?!值)|"
    r"(?<!不)(?<!不敢)肯定(?=能|会|给|可以|不会|没|行|是|比)|百分之?百|百分百|包您|包在我身上|打包票|随叫随到|"
    r"(?<![^，。！？；,\s])(?!您|他|人家|客户)[^，。！？；,\s]{0,4}没有?问题(?![吗么？?])|放一百个心"
)
_PRICE = re.compile(
    r"最低价|底价给|跳楼价|成本价|白送|免费送|(?:给您|再|直接)(?:便宜|降|让|优惠)[一二两三四五六七八九十\d]+"
)
_DAYS = re.compile(
    r"(?<![一-九十百\d])(?:[一二两三四五六七八九十百]{1,3}|半|\d{1,3})个?(?:天|周|星期|礼拜|月|小时|年)(?=之?内|以内|就?(?:给|到|交|发|送|能|可以))"
    # when one will hear from us is ours to say
    r"(?!(?:之|以)?内?[^，。！？；]{0,6}(?:答复|回复|回您|回话|联系|告诉|准信|消息|资料))"
)
_RIVAL = re.compile(
    r"(?:竞品|对手|别家|别人家|他们|他家|那家|人家|小厂|杂牌|友商|同行|同行们|其他家)[^。！？；]{0,10}?"
    r"(?:质量(?:差(?![不异别距])|不好|不行)|(?<!行)不行|(?<!不)骗|垃圾|偷工减料|坑|不靠谱|烂|假货|假的|糊弄|次品|不负责任|倒闭|差远了|"
    r"(?<!没)有毛病|忽悠|瞎说|(?<!没)(?<!不会)(?<!有没有)出问题)|便宜(?:没|无)好货"
)
_NUMBERS = frozenset({"我方报价", "竞品价", "差额", "差价比例", "预算", "每期"})
"""Placeholders for amounts."""
_ARGUES = re.compile(
    r"[您你](?:说)?错了|[您你](?:根本)?不懂|[您你](?:这)?(?:理解|想)(?:错|多)了|[您你]别(?:打断|急着|瞎|乱)|听我说完|先听我说|胡说|瞎说|"
    r"爱买不买|爱要不要|嫌贵[^，。]{0,4}(?:别|就)买?|那[您你](?:就)?(?:去)?(?:买|找)(?:别|他|便宜)|不(?:买|付)(?:拉倒|算了|不发货)|谁来都一样|"
    r"(?:那|就)?不可能(?!再有)|[您你]怎么(?:还|老|总|这么)|怎么一直不|到底(?:还)?买不买"
)
_ASKS = re.compile(
    r"[？?]|[吗呢么](?=$|[，。！,.!\s])|什么|哪[些个一项里位天家条种]|多少|多久|几[个台天步项家]|怎么|谁|是不是|能不能|行不行|好不好|可不可以|有没有|"
    r"要不要|方不方便|还是[^，。]{1,12}(?=$|[，。])"
)


@dataclass(frozen=True)
class Fault:
    kind: FaultKind
    words: str
    """Of the answer; empty where it is about what is missing, or about all of it."""

    @property
    def cost(self) -> int:
        return COSTS[self.kind]


@dataclass(frozen=True)
class Judged:
    """`said`, `partly` and `missed` are the places of key points; together they are all of them."""

    score: int
    points: tuple[Point, ...]
    said: tuple[int, ...]
    partly: tuple[int, ...]
    missed: tuple[int, ...]
    faults: tuple[Fault, ...]
    hinted: tuple[int, ...] = ()
    """Those of the points said that had been told before."""


def score(
    answer: str,
    body: str,
    *,
    kind: str = "",
    phrasing: str = "",
    seen: Collection[int] = (),
    hinted: Collection[int] = (),
    spoken_s: float | None = None,
) -> Judged:
    """Hold the answer against the script.

    Each key point is worth the same part of a hundred, said in part or behind a hint half of it; faults are taken off.
    `phrasing`: what the customer said; its figures may be repeated. `seen`: points that somebody else (a model) found
    said. `spoken_s`: how long it took, where it was spoken.
    """
    points = key_points(body)
    shares = [1.0 if place in seen else coverage(point, answer) for place, point in enumerate(points)]
    said = [place for place, share in enumerate(shares) if share >= SAID]
    partly = [place for place, share in enumerate(shares) if PARTLY <= share < SAID]
    missed = [place for place, share in enumerate(shares) if share < PARTLY]
    told = [place for place in said if place in hinted]
    reached = len(said) + PARTLY_COUNTS * sum(place not in hinted for place in partly)
    reached += PARTLY_COUNTS * HINTED_COUNTS * sum(place in hinted for place in partly)
    reached -= (1 - HINTED_COUNTS) * len(told)
    faults = tuple(_faults(answer, body, kind, phrasing, spoken_s, is_relevant=bool(said or partly)))
    worth = 100 * reached / len(points) if points else 0.0
    return Judged(
        score=min(max(round(worth - sum(fault.cost for fault in faults)), 0), 100),
        points=points,
        said=tuple(said),
        partly=tuple(partly),
        missed=tuple(missed),
        faults=faults,
        hinted=tuple(told),
    )


class NoAdvice(Exception):
    """A coach found nothing out; `kind` is short, and holds nothing of the answer."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Coach(Protocol):
    """Looks for key points where the rules may not see them."""

    @property
    def name(self) -> str: ...

    async def said(self, points: Sequence[str], answer: str) -> Mapping[int, str]:
        """The places of the points that the answer says, each with the words that say it. Raises NoAdvice."""


def is_answer(text: str) -> bool:
    """Whether there is enough of it to be held against anything."""
    return len(_NO_SPACE.sub("", text)) >= SHORTEST


def wants_question(body: str, kind: str) -> bool:
    """Whether the script leads the customer to answer: its kind is 提问, or it ends in a question."""
    return kind == "提问" or body.rstrip().endswith(("？", "?"))


def _faults(
    answer: str, body: str, kind: str, phrasing: str, spoken_s: float | None, *, is_relevant: bool
) -> Iterator[Fault]:
    text = answer[:MOST_READ]
    if figure := next(_figures(text, body + phrasing), None):
        yield Fault("figure", figure)
    patterns: tuple[tuple[FaultKind, re.Pattern[str]], ...] = (
        ("promise", _PROMISE),
        ("rival", _RIVAL),
        ("argues", _ARGUES),
    )
    for fault, pattern in patterns:
        # what the team itself says in its script cannot be wrong
        found = next((match[0] for match in pattern.finditer(text) if match[0] not in body), None)
        if found:
            yield Fault(fault, found)
    if is_relevant and wants_question(body, kind) and not _ASKS.search(text):
        yield Fault("asks_nothing", "")
    length_s = spoken_s if spoken_s is not None else len(_NO_SPACE.sub("", answer)) / CHARACTERS_A_SECOND
    if length_s > LONGEST_S:
        yield Fault("too_long", "")


def _figures(text: str, known: str) -> Iterator[str]:
    """Amounts, percentages, discounts and deadlines that neither the script nor the customer spoke of."""
    # a script that speaks of this customer's numbers cannot be practised without making some up
    has_own = not _NUMBERS.isdisjoint(script_words.placeholders(known))
    shares = [share for share in percents(text) if not has_own or share.kind == "discount"]
    amounts = [] if has_own else money.find(text)
    spans = sorted((found.span.start, found.span.end) for found in (*amounts, *shares))
    words = [text[start:end] for start, end in spans]
    words += [match[0] for pattern in (_PRICE, _DAYS) for match in pattern.finditer(text)]
    yield from (word for word in words if word not in known)


# Which objection comes next


@dataclass(frozen=True)
class Practised:
    """What somebody has done with a script so far."""

    times: int
    last_score: int


WEAK = 60
"""A last score below it is practised again."""


@dataclass(frozen=True)
class Candidate:
    code: str
    category: str
    phrasings: tuple[str, ...]


def choose(
    candidates: Collection[Candidate],
    history: dict[str, Practised],
    *,
    done: Collection[str],
    seed: int,
) -> Candidate | None:
    """The script of the next round; None where every one was in this session. The same arguments choose the same.

    Categories that were not in this session go before; then every other round is for what went badly last time, the
    worst first, the rest for what was practised least. `seed` decides between equals.
    """
    left = [each for each in candidates if each.code not in done]
    if not left:
        return None
    used = {each.category for each in candidates if each.code in done}
    fresh = [each for each in left if each.category not in used] or left
    weak = [each for each in fresh if each.code in history and history[each.code].last_score < WEAK]
    if weak and len(done) % 2:
        return min(weak, key=lambda each: (history[each.code].last_score, _lot(seed, each.code)))
    new = Practised(0, 0)
    return min(fresh, key=lambda each: (history.get(each.code, new).times, _lot(seed, each.code)))


_REPORTED = re.compile(
    r"(?<!我们)(?<![老大新])客户(?!资料)|对方|甲方|^(?:厂长|总工|设备科|车间|财务|老板|有人)|采购(?!部的?人)(?=说|让|要|还|放话|张口|经理|给|拿)"
)


def phrasing_of(candidate: Candidate, seed: int) -> str:
    """One of the stored phrasings; those that tell of a customer rather than speak as one only where there is no other."""
    own = [each for each in candidate.phrasings if not _REPORTED.search(each)] or list(candidate.phrasings)
    return min(own, key=lambda each: _lot(seed, each))


def _lot(seed: int, text: str) -> str:
    return sha256(f"{seed}:{text}".encode()).hexdigest()
