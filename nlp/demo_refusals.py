"""Whether a note tells that the customer refused a demonstration, or saw one.

Precision before recall, as everywhere: what is asked, supposed, denied, told of last time, put off to another day, or
refused by our own side or to a competitor, is no refusal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp import clauses
from nlp.clauses import Clause
from nlp.draft import Span


@dataclass(frozen=True)
class DemoMention:
    """The words that say so."""

    span: Span
    refused: bool


_DEMO = r"(?:[视频产品线上现场方案远程系统]{0,4}(?:演示|试演)(?!文[稿档]|环境|账号|材料|用的?|稿|软件|脚本|[Pp]{2}[Tt])会?|[Dd][Ee][Mm][Oo])"
_REFUSES = (
    r"(?:(?:又|再次|直接|一口|还是|也)?(?:推掉了?|推了(?!(?:[一二两三半几]|\d)[个天周次])|拒绝了?|拒了|谢绝了?|回绝了?|婉拒了?|取消了|"
    r"给(?:推|拒|取消|回)了))"
)
_UNWILLING = r"(?:(?:不(?:太|大|怎么)?(?:想|愿意?|肯|打算|准备)再?[看听做要搞安排]*)|不[看要做听搞]了?|不用再?[看做搞]?|不需要[看做]?|没(?:有)?必要[看做]?|没(?:有)?兴趣[看听]?)"
_BETWEEN = r"(?:了|过|我们|咱们|我司|这次|这边|那个|那场|一场|一次|安排|约|提|好|的){0,4}"

_BEFORE = re.compile(rf"(?:{_REFUSES}|{_UNWILLING}){_BETWEEN}{_DEMO}")
_BEHIND = re.compile(
    rf"{_DEMO}(?:他们?|她|对方|客户|[\u4e00-\u9fff]总|那边|这次|就|也|都|又|会|的事|安排|邀请|，|,| ){{0,4}}(?:被?(?:{_REFUSES}|{_UNWILLING}|免了|算了|黄了))"
)
_ELLIPTIC = re.compile(
    rf"^(?:结果|但是?|可是?|不过|最后|后来|他们?|她|对方|客户|[\u4e00-\u9fff]总|那边|临时|今天|这次|又|还是|也|都|被){{0,5}}(?:{_REFUSES})"
)
"""The clause after one that tells of a demonstration: 约好了演示，结果客户又推了."""
_SEEN = re.compile(
    rf"(?:(?:看|做|听|参加|安排|约|演示)(?:了|完|过|好)(?:一遍|一下|一次|我们|的|了){{0,3}}|同意看?|答应看?|愿意看?|想看|主动约了?){_BETWEEN}{_DEMO}"
    rf"|{_DEMO}(?:已经|刚|都|也|会){{0,2}}(?:做完|看完|做了|看了|很?顺利|很?成功|效果(?:很|不错)|约在|定在|安排在|约好|定好|约到)"
    rf"|(?:给|跟)[^，。]{{1,8}}(?:演示|试演)(?:了|完|过)"
)

_NEGATES = re.compile(r"(?:没有?|没能|未|不会|不是|并非|别|不要|不能|不至于|不敢)(?:说|再|把|要|想|直接|说要)?$")
_ASKS = re.compile(r"[吗么]\s*$|要不要|是不是|能不能|会不会|有没有|愿不愿|肯不肯|想不想|看不看|需不需要|用不用")
_SUPPOSES = re.compile(r"如果|要是|假如|万一|倘若|的话|怕|担心|以为|除非|即使|哪怕|估计|可能|或许|也许")
_EARLIER = re.compile(r"上次|上回|之前|以前|原来|原先|起初|一开始|最早|当初|前几次|去年|上个?月|上周")
_PUT_OFF = re.compile(r"改到|改期|改在|推到|推迟|延到|延期|下次再|下周再|改天|另约|重新约|过几天再|年后再|约到")
_OURS = re.compile(
    r"(?<![跟和给对向把被让绝了])(?:我们?|咱们?|我司|我方|我这边|我们这边|同事)(?:这边|公司)?(?:就|也|先|主动|只好|自己|把|临时|直接|把这次|决定){0,3}$"
)
_RIVALS = re.compile(r"竞品|竞争对手|对手|别家|他家|友商|别人家|同行|另一家|另外一家")
_GOES_ON = re.compile(r"^(?:也|就|都|直接|照样)(?:能|可以|行|签|下单|定|买|成交|懂|明白|清楚|很)")
"""不用演示也能定: who needs none refuses nothing."""
_ONLY = re.compile(r"(?:不[光只止仅]|光|只)$")


def find(text: str) -> list[DemoMention]:
    """What the text tells of demonstrations to the customer, in order, at most one mention a clause."""
    pieces = clauses.split(text)
    found = [mention for at in range(len(pieces)) if (mention := _mention(text, pieces, at)) is not None]
    return sorted(found, key=lambda mention: mention.span)


def _mention(text: str, pieces: list[Clause], at: int) -> DemoMention | None:
    clause = pieces[at]
    for start, end in _refusals(text, pieces, at):
        if _counts(text, pieces, at, start, end):
            return DemoMention(Span(start, end), refused=True)
    seen = _SEEN.search(clause.text)
    if seen is None:
        return None
    start, end = clause.start + seen.start(), clause.start + seen.end()
    if _NEGATES.search(clause.text[: seen.start()]) or not _is_told(text, pieces, at, start):
        return None
    return None if _RIVALS.search(clause.text) else DemoMention(Span(start, end), refused=False)


def _refusals(text: str, pieces: list[Clause], at: int) -> Iterator[tuple[int, int]]:
    clause = pieces[at]
    for pattern in (_BEFORE, _BEHIND):
        if (found := pattern.search(clause.text)) is not None:
            yield clause.start + found.start(), clause.start + found.end()
    previous = pieces[at - 1] if at and pieces[at - 1].sentence == clause.sentence else None
    said = _ELLIPTIC.match(clause.text)
    if (
        previous is not None
        and said is not None
        and re.search(_DEMO, previous.text)
        and not re.search(_DEMO, clause.text)
    ):
        yield clause.start, clause.start + said.end()


def _counts(text: str, pieces: list[Clause], at: int, start: int, end: int) -> bool:
    clause = pieces[at]
    before, behind = text[clause.start : start], text[end : clause.end]
    if _NEGATES.search(before) or _ONLY.search(before) or _OURS.search(before) or _GOES_ON.match(behind):
        return False
    if _RIVALS.search(clause.text):
        return False
    following = pieces[at + 1].text if at + 1 < len(pieces) and pieces[at + 1].sentence == clause.sentence else ""
    if _PUT_OFF.search(clause.text) or _PUT_OFF.search(following) or (not behind and _GOES_ON.match(following)):
        return False
    return _is_told(text, pieces, at, start)


def _is_told(text: str, pieces: list[Clause], at: int, start: int) -> bool:
    """As a fact of this visit: not asked, supposed, or of an earlier time."""
    clause = pieces[at]
    stop = text[clause.end : clause.end + 1]
    if stop in ("?", "？") or _ASKS.search(clause.text):
        return False
    before = text[clause.start : start]
    return not (_SUPPOSES.search(clause.text) or _EARLIER.search(before))
