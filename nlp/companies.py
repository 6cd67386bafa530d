"""Which company the note is about, and whom else it tells of.

Several companies may stand in one note. Each mention is weighed by what the words around say: where the rep was (拜访了X, 从X出来)
before what a clause begins with before any other mention; a competitor and a reference (参观X, 他们的客户X) never count, nor
does a name that the speaker takes back (去了A，说错了，是B); what was only passed (路过X) or not reached counts as mentioned.
Where a name alone may mean several customers, or only sounds like one, a contact of the list whom the note names decides.
Two customers of the same weight are asked about, unless the speaker counts them (第一家…第二家…, 上午…下午又去了…): then the
first where somebody was met is the customer and `others` has the rest.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from nlp import clauses, names, people, slots
from nlp.draft import Candidate, CompetitorMention, CustomerEntry, CustomerMention, Span
from nlp.places import LEGAL
from nlp.rivals import competitors
from nlp.slots import CUSTOMER_IS, LEADS_WEIGHT, MENTIONED_WEIGHT, VISITED, VISITED_WEIGHT, WENT, Slot

__all__ = ["competitors", "customer", "others"]

FAINT = 0.75
"""How much words that nothing marks as a company must sound like a customer said with region or trade to be asked about."""
BARE = 0.8
"""How much two or three syllables without region and trade must sound like a customer's brand to be asked about."""
VOUCHED = 0.85
"""How much a name must sound like a customer's where only the surname of a listed contact speaks for him."""
SHORT = 3
"""Syllables of a name that another customer's may sound like."""
MAX_OTHERS = 8
"""Further customers that one note may tell of."""

_THIRD = re.compile(
    r"(?:参观|介绍|推荐|案例|样板|像|类似|比如|例如|他们(?:的)?客户|同行业的|同行|服务过|(?<![发寄送打交报话])给|隔壁的?|竞争对手|竞品|友商|对手)(?:主要|目前|就|有|是|的|了|一下|叫)*$"
)
_THIRD_AFTER = re.compile(
    r"^(?:的案例|一样|的样板|那种|那样|做过|(?:那边|他们)?(?:不一样|不同|没法比|差不多|比起来|那边非要|也在换))"
)
_PLANNED = re.compile(
    r"(?:明天|明早|后天|下周.?|下个?月|下次|改天|过两天|回头|打算|准备|计划|要|再|想|约了?|月底|周[一二三四五六日])(?:[上下]午)?(?:再|要|会|准备|打算)?(?:去|到|来)?(?:拜访|走访|回访|跑|见|看|一趟|一下)*$"
)
_COUNTED = re.compile(
    r"(?:第[一二三四五六七八九十\d]家|(?:最后|另外?|还有|头)一家)[^。！？\n]{0,8}$|(?:然后|接着|随后|之后|又|还|再|顺路|顺便|下午|上午|中午|晚上|傍晚|另外)(?:又|还|再|我|就|呢|嗯|顺路|顺便|，){0,4}(?:去|到|拜访|跑|走访|回访|见|来到|拐|绕|转|跟|和|在|约)[了到过去]{0,3}(?:一?趟|一下)?的?是?[呃嗯啊]?$"
)
_NEXT = re.compile(r"(?:然后|接着|随后|之后|又|再|还|顺路|顺便|下午|中午|晚上|傍晚|另外|最后)[^。！？\n]{0,26}$")
"""Before a customer that was visited after another."""
_BESIDES = re.compile(r"(?:又|还|顺路|顺便|另外)[^，。！？\n]{0,6}$")
_AT_NOON = re.compile(r"(?:[上下中]午|早上|傍晚)[呢嗯，]?$")
_CALLED = re.compile(r"叫(?:做)?\s?$")
NEXT_WITHIN = 32
_PASSED = re.compile(
    r"(?:路过|经过|没去成|没能去|没去|没空去|没来得及去|本来(?:想|要|打算)去|取消了?(?:去)?|(?<![\u4e00-\u9fff])在去|接到|碰到|碰见|遇到|遇见)了?$"
)
_ON_THE_WAY = re.compile(r"的?(?:路上|途中)")
_THEY_COMPARE = re.compile(r"(?:[他她]们?|人家)(?:也|就|还|都)?(?:跟|和|比|给|在|找|见)$")
_NOBODY_THERE = re.compile(
    r"[^。！？\n]{0,8}?(?:没见到|没见着|没人|没碰到|没遇到|没进去|不在|没在|锁着门|关门|扑了个空)"
)
_MEETS = re.compile(r"[^。！？\n]{0,12}?(?:见了|见到|见的|聊|谈|接待|带我|签)")
_WAS_THERE = re.compile(
    rf"(?:{VISITED}|(?:[今昨前]天|早上|上午|下午|刚)(?:我们?|又)?去|去了(?:一?趟|一下)?|去的是?|到了|来到|跑了(?:一?趟)?|见了|从|{CUSTOMER_IS})$"
)
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
    return _about(text, _counting(text, customers, title, competitors), customers)


def _about(text: str, spoken: Sequence[_Spoken], customers: tuple[CustomerEntry, ...]) -> CustomerMention | None:
    """Whom the note is about, of the companies that count."""
    if not spoken:
        return None
    top = max(each.weight for each in spoken)
    best = [each for each in spoken if each.weight == top]
    if top == VISITED_WEIGHT and _BESIDES.search(text, max(0, best[0].start - 14), best[0].start):
        # 博文 彭校长 放假了 顺路去了湘麓: the note is about where it begins
        best = [each for each in spoken if each.weight == LEADS_WEIGHT and each.start < best[0].start] or best
    meant = _meant(best, text)
    first = next(iter(meant.values()))
    if len(meant) == 1:
        return _mention(text, first)
    known = {name: each for name, each in meant.items() if names.decided(each.candidates)}
    if len(known) == 1 and top < VISITED_WEIGHT:
        return _mention(text, next(iter(known.values())))
    were_there = top == VISITED_WEIGHT or all(_was_there(text, each) for each in meant.values())
    if were_there and _one_after_another(text, list(meant.values())):
        met = [each for each in meant.values() if not _nobody_was_there(text, each)]
        return _mention(text, met[0] if met else first)
    if vouched := _vouched_for(text, customers, known):
        return _mention(text, vouched)
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
    spoken = _counting(text, customers, title, competitors)
    visited = [each for each in spoken if _was_there(text, each)]
    if visited and _BESIDES.search(text, max(0, visited[0].start - 14), visited[0].start):
        visited = [each for each in spoken if each.weight == LEADS_WEIGHT and each.start < visited[0].start] + visited
    meant = list(_meant(visited, text).values())
    if len(meant) < 2:
        return ()
    about = _about(text, spoken, customers)
    found = [_mention(text, each) for each in meant]
    rest = [each for each in found if about is None or each.value != about.value]
    return tuple(rest if len(rest) < len(found) else found[1:])[:MAX_OTHERS]


def _one_after_another(text: str, meant: Sequence[_Spoken]) -> bool:
    """Whether the speaker counts his visits, or says of each but the first that it came after another."""
    if any(_numbered(text, each) for each in meant):
        return True
    return all(_comes_next(text, each) for each in meant[1:])


def _comes_next(text: str, spoken: _Spoken) -> bool:
    return bool(_NEXT.search(text, max(0, spoken.start - NEXT_WITHIN), spoken.start))


def _nobody_was_there(text: str, spoken: _Spoken) -> bool:
    nobody = _NOBODY_THERE.match(text, spoken.end, spoken.end + 20)
    return nobody is not None and not _MEETS.match(nobody[0].replace("没见", ""))


def _vouched_for(text: str, customers: tuple[CustomerEntry, ...], known: dict[str, _Spoken]) -> _Spoken | None:
    """The one of several customers whose listed contact the note names, where it names those of no other."""
    vouchers = _Vouchers(text, customers)
    named = [each for name, each in known.items() if vouchers.of(name) >= _SURELY]
    return named[0] if len(named) == 1 else None


_BY_FULL_NAME, _SURELY, _BY_SURNAME = 3, 2, 1
MAX_SETTLED = 20
"""Uncertain mentions of one note for which listed contacts are looked up."""


class _Vouchers:
    """How surely the note names a listed contact of a customer: 3 by his full name, 2 as he is listed (何主任), 1 by his
    surname with another title, 0 not at all."""

    def __init__(self, text: str, customers: Iterable[CustomerEntry]) -> None:
        self._text = text
        self._customers = customers
        self._known: dict[str, int] = {}

    @cached_property
    def _contacts(self) -> dict[str, tuple[str, ...]]:
        return {entry.name: entry.contacts for entry in self._customers if entry.contacts}

    def of(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = self._look_up([each for each in self._contacts.get(name, ()) if len(each) >= 2])
        return self._known[name]

    def _look_up(self, contacts: Sequence[str]) -> int:
        named = [each for each in contacts if each in self._text or people.sounds_in(each, self._text)]
        if named:
            return _BY_FULL_NAME if any(people.is_full_name(each) for each in named) else _SURELY
        surnames = people.titled_surnames(self._text) if contacts else ()
        return _BY_SURNAME if any(people.surname_of(contact) in surnames for contact in contacts) else 0


def _settled(
    text: str, spoken: _Spoken, index: names.Index | None, vouchers: _Vouchers, elsewhere: Set[str]
) -> _Spoken:
    """With a listed contact's word for one of several candidates, or for the only one that is not certain.

    Against what stands there by letter (去了云途 黎明辉说…, and he is 云图's) only where no other mention is that customer's.
    """
    if index is None or not spoken.candidates:
        return spoken
    candidates = spoken.candidates
    sure = names.decided(candidates)
    if sure:
        if spoken.end - spoken.start > SHORT or sure.reason == "exact" or vouchers.of(sure.name):
            return spoken
        candidates = (*candidates, *index.alike(text[spoken.start : spoken.end]))
    strength = {each.name: vouchers.of(each.name) for each in candidates}
    best, *others = sorted(strength.values(), reverse=True)
    if best == 0 or (sure and best < _BY_FULL_NAME) or (others and others[0] > 0 and best - others[0] < 2):
        return spoken
    least = names.POSSIBLE if best >= _SURELY and not sure else VOUCHED
    winners = [each for each in candidates if strength[each.name] == best and each.score >= least]
    if len({each.name for each in winners}) != 1 or (sure and winners[0].name in elsewhere):
        return spoken
    rest = {each.name: each for each in reversed(candidates) if each.name != winners[0].name}
    won = replace(winners[0], score=max(winners[0].score, names.SURE + names.MARGIN))
    return replace(spoken, candidates=(won, *names.at_most(tuple(reversed(rest.values())), names.UNSURE)))


_PRONOUNS = frozenset("您你我他她它咱")


def _counting(
    text: str, customers: tuple[CustomerEntry, ...], title: Span | None, competitors: Sequence[CompetitorMention]
) -> list[_Spoken]:
    """The companies that may be the note's customer, in order."""
    index = names.index_of(customers) if customers else None
    spoken = sorted(
        (
            each
            for each in _spoken(text, customers, title)
            if each.weight and not _is_rival(text, each, competitors) and not _is_somebody(text, each)
        ),
        key=lambda each: each.start,
    )
    standing = _standing(text, spoken)
    sure = {meant.name for each in standing if (meant := names.decided(each.candidates))}
    vouchers = _Vouchers(text, customers)
    settled = [_settled(text, each, index, vouchers, sure) for each in standing[:MAX_SETTLED]]
    return [*settled, *standing[MAX_SETTLED:]]


def _is_somebody(text: str, spoken: _Spoken) -> bool:
    """拜访您和陆总: whom a pronoun means is no company, unless the list has one that begins so."""
    return text[spoken.start] in _PRONOUNS and not spoken.candidates


def _standing(text: str, spoken: Sequence[_Spoken]) -> list[_Spoken]:
    """Without those that the speaker takes back; what puts one right counts as much."""
    gone = clauses.withdrawn(text, [Span(each.start, each.end) for each in spoken])
    kept: list[_Spoken] = []
    least = 0
    for number, each in enumerate(spoken):
        if number in gone:
            # 去的嘉渝不是嘉渝是江城: what was said before goes with it
            again = [
                other for other in kept[-MAX_OTHERS:] if text[other.start : other.end] == text[each.start : each.end]
            ]
            least = max(other.weight for other in (each, *again))
            kept = kept[:-MAX_OTHERS] + [other for other in kept[-MAX_OTHERS:] if other not in again]
            continue
        kept.append(replace(each, weight=max(each.weight, least)))
        least = 0
    return kept


def _numbered(text: str, spoken: _Spoken) -> bool:
    return bool(
        re.search(r"第[二三四五六七八九十2-9]家[^。！？\n]{0,8}$", text[max(0, spoken.start - 14) : spoken.start])
    )


def _was_there(text: str, spoken: _Spoken) -> bool:
    before = text[max(0, spoken.start - 14) : spoken.start]
    if spoken.weight == LEADS_WEIGHT:
        return bool(_AT_NOON.search(before))
    if spoken.weight < VISITED_WEIGHT:
        return False
    return bool(
        _WAS_THERE.search(before)
        or _COUNTED.search(before)
        or _AT_NOON.search(before.removesuffix("是"))
        or (_CALLED.search(before) and _comes_next(text, spoken))
        or _LEFT_IT.match(text, spoken.end)
    )


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
    if index is not None:
        for start, end, candidates in _before_contacts(text, index):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                yield _Spoken(start, end, max(LEADS_WEIGHT, _weight(text, start, end, None)), candidates)
    for slot in named:
        if any(taken[slot.start : slot.end]):
            continue
        taken[slot.start : slot.end] = b"\1" * (slot.end - slot.start)
        candidates = tuple(index.like(text[slot.start : slot.end])) if index else ()
        yield _Spoken(slot.start, slot.end, _weight(text, slot.start, slot.end, slot), candidates)


MAX_NAMED = 60
"""Listed contacts in one note before which a company's name is looked for."""
_BETWEEN = re.compile(r"(?:那个|那边|这边|的|采购|技术|财务|他们|家的?){1,3}$")


def _before_contacts(text: str, index: names.Index) -> Iterator[tuple[int, int, tuple[Candidate, ...]]]:
    """Words right before a listed contact that sound like his company: 素达孟凡."""
    for at, _, entries in islice(index.people(text), MAX_NAMED):
        between = _BETWEEN.search(text, max(0, at - 6), at)
        end = between.start() if between else at
        for start in range(max(0, end - 4), end - 1):
            if slots.NOT_IN_NAMES.search(text, start, end):
                continue
            meant = {entry.name for entry in entries}
            candidates = tuple(each for each in index.like(text[start:end]) if each.score >= BARE)
            if any(each.name in meant for each in candidates):
                yield start, end, candidates
                break


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
    if _PLANNED.search(before) or _PASSED.search(before) or _ON_THE_WAY.match(text, end):
        return MENTIONED_WEIGHT
    if _THEY_COMPARE.search(before):
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
