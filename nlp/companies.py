"""Which company the note is about, and whom else it tells of.

Several companies may stand in one note. Each mention is weighed by what the words around say: where the rep was (拜访了X, 从X出来)
before what a clause begins with before any other mention; a competitor and a reference (参观X, 他们的客户X) never count.
Two customers of the same weight are asked about, unless the speaker counts them (第一家…第二家…): then the first is the
customer and `others` has the rest.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nlp import names, slots
from nlp.draft import Candidate, CompetitorMention, CustomerEntry, CustomerMention, Span
from nlp.places import LEGAL
from nlp.rivals import competitors
from nlp.slots import CUSTOMER_IS, LEADS_WEIGHT, MENTIONED_WEIGHT, VISITED, VISITED_WEIGHT, WENT, Slot

__all__ = ["competitors", "customer", "others"]

FAINT = 0.75
"""How much words that nothing marks as a company must sound like a customer said with region or trade to be asked about."""
BARE = 0.8
"""How much two or three syllables without region and trade must sound like a customer's brand to be asked about."""
MAX_OTHERS = 8
"""Further customers that one note may tell of."""

_THIRD = re.compile(
    r"(?:参观|介绍|推荐|案例|样板|像|类似|比如|例如|他们(?:的)?客户|同行业的|同行|服务过|给|隔壁|竞争对手|竞品|友商|对手)(?:主要|目前|就|有|是|的|了|一下|叫)*$"
)
_THIRD_AFTER = re.compile(r"^(?:的案例|一样|的样板|那种|那样|做过)")
_PLANNED = re.compile(
    r"(?:明天|明早|后天|下周.?|下个?月|下次|改天|过两天|回头|打算|准备|计划|要|再|想|约了?|月底|周[一二三四五六日])(?:[上下]午)?(?:再|要|会|准备|打算)?(?:去|到|来)?(?:拜访|走访|回访|跑|见|看|一趟|一下)*$"
)
_COUNTED = re.compile(
    r"(?:第[一二三四五六七八九十\d]家|(?:最后|另外?|还有|头)一家)[^。！？\n]{0,8}$|(?:然后|接着|随后|之后|又|还|再|顺路|顺便|下午|上午|中午|晚上|另外)(?:又|还|再|我|就)*(?:去|到|拜访|跑|走访|回访|见|来到)[了到过]*(?:一?趟|一下)?的?是?$"
)
_WAS_THERE = re.compile(rf"(?:{VISITED}|去了(?:一?趟|一下)?|去的是?|到了|来到|跑了(?:一?趟)?|见了|从|{CUSTOMER_IS})$")
_LEFT_IT = re.compile(r"(?:那边|那里|公司)?(?:出来|回来)")


@dataclass(frozen=True)
class _Spoken:
    """A company in the text: `weight` 3 visited or named as the customer, 2 leads a clause, 1 mentioned, 0 of no account."""

    start: int
    end: int
    weight: int
    candidates: tuple[Candidate, ...]


def customer(
    text: str,
    customers: tuple[CustomerEntry, ...],
    *,
    title: Span | None = None,
    competitors: Sequence[CompetitorMention] = (),
) -> CustomerMention | None:
    """The customer of the note; `title` is where a chat's title stands, which names the other side.

    Where several may be meant `candidates` has the close ones, best first.
    """
    spoken = _counting(text, customers, title, competitors)
    if not spoken:
        return None
    top = max(each.weight for each in spoken)
    best = [each for each in spoken if each.weight == top]
    meant = _meant(best, text)
    if len(meant) == 1:
        return _mention(text, next(iter(meant.values())))
    known = {name: each for name, each in meant.items() if names.decided(each.candidates)}
    if len(known) == 1 and top < VISITED_WEIGHT:
        return _mention(text, next(iter(known.values())))
    first = next(iter(meant.values()))
    if top == VISITED_WEIGHT and any(_numbered(text, each) for each in meant.values()):
        return _mention(text, first)
    return CustomerMention(
        text[first.start : first.end], Span(first.start, first.end), "ambiguous", _several(meant.values())
    )


def others(
    text: str,
    customers: tuple[CustomerEntry, ...],
    *,
    title: Span | None = None,
    competitors: Sequence[CompetitorMention] = (),
) -> tuple[CustomerMention, ...]:
    """Further customers whom the note tells of as visited, in order: all but the first."""
    visited = [
        each
        for each in _counting(text, customers, title, competitors)
        if each.weight == VISITED_WEIGHT and _was_there(text, each)
    ]
    rest = list(_meant(visited, text).values())[1 : MAX_OTHERS + 1]
    return tuple(_mention(text, each) for each in rest)


def _counting(
    text: str, customers: tuple[CustomerEntry, ...], title: Span | None, competitors: Sequence[CompetitorMention]
) -> list[_Spoken]:
    """The companies that may be the note's customer, in order."""
    spoken = [
        each for each in _spoken(text, customers, title) if each.weight and not _is_rival(text, each, competitors)
    ]
    return sorted(spoken, key=lambda each: each.start)


def _numbered(text: str, spoken: _Spoken) -> bool:
    return bool(
        re.search(r"第[二三四五六七八九十2-9]家[^。！？\n]{0,8}$", text[max(0, spoken.start - 14) : spoken.start])
    )


def _was_there(text: str, spoken: _Spoken) -> bool:
    before = text[max(0, spoken.start - 14) : spoken.start]
    return bool(_WAS_THERE.search(before) or _COUNTED.search(before) or _LEFT_IT.match(text, spoken.end))


def _meant(spoken: Iterable[_Spoken], text: str) -> dict[str, _Spoken]:
    """Each company once, by its listed name or as said. Said again in short (华东机械集团, then 华东) it is the same."""
    kept: dict[str, _Spoken] = {}
    for each in spoken:
        said = text[each.start : each.end]
        sure = names.decided(each.candidates)
        name = sure.name if sure else said
        if name not in kept and not any(said in other or other in name for other in kept):
            kept[name] = each
        if len(kept) > MAX_OTHERS:
            break
    return kept


def _several(mentions: Iterable[_Spoken]) -> tuple[Candidate, ...]:
    found: dict[str, Candidate] = {}
    for mention in mentions:
        for candidate in mention.candidates:
            found.setdefault(candidate.name, candidate)
    return tuple(sorted(found.values(), key=lambda candidate: -candidate.score))


def _mention(text: str, spoken: _Spoken) -> CustomerMention:
    said, span = text[spoken.start : spoken.end], Span(spoken.start, spoken.end)
    if sure := names.decided(spoken.candidates):
        return CustomerMention(sure.name, span, "known", spoken.candidates)
    if spoken.candidates:
        return CustomerMention(said, span, "ambiguous", spoken.candidates)
    return CustomerMention(said, span, "new")


def _spoken(text: str, customers: tuple[CustomerEntry, ...], title: Span | None) -> Iterator[_Spoken]:
    found = slots.find(text, title)
    named = [slot for slot in found if not slot.listed_only]
    taken = bytearray(len(text))
    index = names.index_of(customers) if customers else None
    if index is not None:
        slot_at: dict[int, Slot] = {at: slot for slot in reversed(found) for at in range(slot.start, slot.end)}
        for mention in index.mentions(text, least=FAINT):
            start, end, candidates = mention.start, mention.end, mention.candidates
            slot = next((slot_at[at] for at in range(start, end) if at in slot_at), None)
            if slot and not slot.listed_only and slot.start <= start and end <= slot.end:
                start, end, candidates = _in_slot(text, mention, slot, index)
            if any(taken[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            yield _Spoken(start, end, _weight(text, start, end, slot), candidates)
        for slot in found:
            if slot.listed_only and not any(taken[slot.start : slot.end]):
                candidates = tuple(each for each in index.like(text[slot.start : slot.end]) if each.score >= BARE)
                if candidates and len(candidates[0].name):
                    taken[slot.start : slot.end] = b"\1" * (slot.end - slot.start)
                    yield _Spoken(slot.start, slot.end, _weight(text, slot.start, slot.end, slot), candidates)
    for slot in named:
        if any(taken[slot.start : slot.end]):
            continue
        taken[slot.start : slot.end] = b"\1" * (slot.end - slot.start)
        candidates = tuple(index.like(text[slot.start : slot.end])) if index else ()
        yield _Spoken(slot.start, slot.end, _weight(text, slot.start, slot.end, slot), candidates)


def _in_slot(
    text: str, mention: names.Mention, slot: Slot, index: names.Index
) -> tuple[int, int, tuple[Candidate, ...]]:
    """What a customer's name means within a longer name: 恒力 in 恒力泰电子 is hardly 宁波恒力阀门."""
    start, end, candidates = mention.start, mention.end, mention.candidates
    words = text[slot.start : slot.end]
    rest = text[slot.start : start] + text[end : slot.end]
    if not rest or rest in LEGAL:
        return start, end, candidates
    parts = names.parts_of(words)
    whole = parts.brand in text[start:end] and not names.other_trade(parts.trade, candidates[0].name)
    if whole and names.decided(candidates):
        return start, end, candidates
    again = tuple(index.like(words))
    if names.decided(again):
        return slot.start, slot.end, again
    return slot.start, slot.end, again or names.at_most(candidates, names.ELSEWHERE)


def _weight(text: str, start: int, end: int, slot: Slot | None) -> int:
    """How much a mention counts, by the words around it."""
    if _is_third(text, start, end):
        return 0
    before = text[max(0, start - 12) : start]
    if _PLANNED.search(before):
        return MENTIONED_WEIGHT
    if slot is not None:
        return slot.weight
    if _CUE_BEFORE.search(before) or _LEFT_IT.match(text, end):
        return VISITED_WEIGHT
    return LEADS_WEIGHT if not before or _LEAD_BEFORE.search(before) else MENTIONED_WEIGHT


_CUE_BEFORE = re.compile(rf"(?:{VISITED}|从|{CUSTOMER_IS}|{WENT})$")
_LEAD_BEFORE = re.compile(r"[，。！？；、,.!?;\n\s]$|刚刚?$|今天$|昨天$|[上下]午$|一下$")


def _is_third(text: str, start: int, end: int) -> bool:
    return bool(_THIRD.search(text[max(0, start - 14) : start])) or bool(_THIRD_AFTER.match(text[end : end + 6]))


def _is_rival(text: str, spoken: _Spoken, competitors: Sequence[CompetitorMention]) -> bool:
    said = text[spoken.start : spoken.end]
    return any(said in each.name or each.name in said or each.span.of(text) == said for each in competitors)
