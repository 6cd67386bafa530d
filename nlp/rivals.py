"""Competitors in a note: by the team's list (in full, in short, by sound) and by what the words say of them.

Never a customer of the list, and never the words that stand for any competitor (竞品, 友商).
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nlp import names
from nlp.draft import CompetitorMention, CustomerEntry, Span
from nlp.places import INDUSTRIES, REGIONS
from nlp.slots import FULL, NEVER, is_company
from nlp.sounds import similarity, sound_class

MAX_RIVALS = 30
"""More competitors than this are not told apart in one note."""
_ALIKE = 4
"""A listed name with fewer syllables is not looked for by sound: too many words sound like two or three syllables."""

_SAME_SOUND, _SAME_TONES = 0.97, 0.999
"""How much three syllables, and two where the words around tell of a competitor, must sound like a listed one's name."""
_BEFORE_A_RIVAL = re.compile(r"(?:^|[，。！？；、,.!?;\s跟和比用是拿换选找说让])$")
_AFTER_A_RIVAL = re.compile(
    r"(?:那边|那家|他们家|已经报|也报|的(?:人|报|价|设备|产品|机|系统|料|合同)|报[了价的一二三四五六七八九十\d]|来(?:过|报|做|谈|找)|签[了的过]|便宜|贵)"
)
_RIVAL_WORD = r"(?:竞争对手|竞品|友商|对手|竞争厂家)"
_RIVALS_ARE = re.compile(
    rf"{_RIVAL_WORD}(?:(?:主要|目前|现在|这次|还|就|也){{0,4}}(?:是|有|叫|为|包括|：|:)){{1,2}}(?P<names>[^，。！？；,!?;\n]{{2,40}})"
)
_RIVAL_CALLED = re.compile(
    rf"(?:竞品|友商|竞争对手)(?:公司)?(?P<name>{FULL}|[A-Za-z][A-Za-z0-9]{{1,11}}|[^{NEVER}]{{2,4}}?(?=的?报价|的?价格|那边))(?=$|[，。！？；、,!?;\s]|的|那边|报|价格|也|已经|在|给|比|来|做)"
)
_NAME_ENDS = re.compile(
    r"(?:的|那边|这边|报价|报了|价格|比|也|已经|在|都|还|他们|它|做|给|就|说|，|这|跟|最近|一直|承诺|刚|目前|来)"
)
_RIVAL_ACTS = re.compile(
    rf"(?P<name>{FULL})(?:那边|那家|他们|公司)?(?:也|已经|都|还|刚|一直|最近|正){{0,3}}(?:在)?(?:(?:做|演示|介绍|来|进行)(?:了|过)?(?:演示|方案|试用|样品|交流|介绍|拜访)|报价|报了|的报价|的价格|价格(?:只要|才|更|比)|降价|跟他们(?:合作|接触|谈)|跟客户(?:合作|接触|谈)|给他们(?:报|做|演示)|给客户(?:报|做|演示)|比我们(?:便宜|低|贵|高))"
)
_RIVAL_CHOSEN = re.compile(
    rf"(?:在谈|接触了?|倾向(?:于)?|偏向(?:于)?|选了|签了|对比了?|在用|用的是|用的|用了|换成|看好)(?P<name>{FULL}|[A-Z][A-Za-z0-9]{{1,11}})(?=$|[，。！？；、,!?;\s]|的|那|这|了|和|跟|也|，)"
)
_RIVAL_USED = re.compile(
    rf"(?:用的(?:是|也是)?|试用过|用过|一直用|在用)(?P<name>[^{NEVER}]{{2,5}}?)(?:的(?:设备|系统|产品|软件|方案|东西|机器|仪器)|(?=[，。,\s]|$))"
)
_RIVAL_COMPARED = re.compile(
    rf"(?:比|跟|和)(?P<name>{FULL}|[A-Z][A-Za-z0-9]{{1,11}}|[^{NEVER}]{{2,4}})(?:的)?(?:报价|价格|还|要)?(?:贵|便宜|低(?!于)|高(?!于|兴))"
)
_PATTERNS = (_RIVAL_CALLED, _RIVAL_ACTS, _RIVAL_CHOSEN, _RIVAL_USED, _RIVAL_COMPARED)
_NOT_A_RIVAL = re.compile(
    r"^(?:[一二两三四五六七八九十百千万几好数]+(?:多|来|几)?[台套个件批条]|我们|咱们|他们?|竞品|友商|对手|竞争对手|别家|别人|同行|人家|老|旧|原|自己|国产|进口|免费|一个|几个|两个|三个|一套|市场|去年|上次|之前|预算|以前|原来|其他|另|一家|两家|一些|同类|国产|进口|行业|客户|这|那|想象|预期|计划|报价|价格|平均|市面|往年|上周|总部|成本|国外|国内|哪|谁|什么|不知道|不清楚|暂时|有没有)"
)


def competitors(
    text: str, listed: Sequence[str], customers: Sequence[CustomerEntry] = ()
) -> tuple[CompetitorMention, ...]:
    """Competitors by the team's list and by what the words say (竞争对手是X, 比X贵, X那边报价…), the first mention of each.

    `name` is as said; where a listed one was only heard so (by sound, sure and unique), the listed name, over the words heard.
    """
    found: dict[str, CompetitorMention] = {}
    taken = bytearray(len(text))

    def keep(start: int, end: int, name: str) -> None:
        if any(taken[start:end]) or len(found) >= MAX_RIVALS or any(name in other or other in name for other in found):
            return
        taken[start:end] = b"\1" * (end - start)
        found[name] = CompetitorMention(name, Span(start, end))

    own = names.index_of(tuple(customers)).own_words
    for start, end, name in _of_list(text, listed, own):
        keep(start, end, name)
    for match in _RIVALS_ARE.finditer(text):
        for start, end in _listed_names(text, *match.span("names")):
            if not _is_own(text[start:end], own):
                keep(start, end, text[start:end])
        if len(found) >= MAX_RIVALS:
            break
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if len(found) >= MAX_RIVALS:
                break
            start, end = match.span("name")
            name = text[start:end]
            if _NOT_A_RIVAL.search(name) or not is_company(name) or _is_own(name, own):
                continue
            if pattern is _RIVAL_ACTS and re.search(
                r"(?:拜访|去|到|从|见|给|帮)(?:了|过)?$", text[max(0, start - 4) : start]
            ):
                continue
            keep(start, end, name)
    return tuple(sorted(found.values(), key=lambda each: each.span))


def _is_own(name: str, own: frozenset[str]) -> bool:
    """Whether a customer's name, alias or brand stands in the words."""
    return any(name[start:end] in own for start in range(len(name)) for end in range(start + 2, len(name) + 1))


def _of_list(text: str, listed: Sequence[str], own: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    lowered = text.lower() if len(text.lower()) == len(text) else text
    wanted = sorted({each.strip() for each in listed if each.strip()}, key=len, reverse=True)
    for name in wanted:
        at = lowered.find(name.lower()) if lowered is not text else text.find(name)
        if at >= 0:
            yield at, at + len(name), text[at : at + len(name)]
    for mention in names.index_of(_as_entries(tuple(wanted))).exact(text) if wanted else ():
        if names.decided(mention.candidates) and not _is_own(text[mention.start : mention.end], own):
            yield mention.start, mention.end, text[mention.start : mention.end]
    yield from _short_by_sound(text, tuple(name for name in wanted if len(name) < _ALIKE), own)
    long = tuple(name for name in wanted if len(name) >= _ALIKE)
    for mention in names.index_of(_as_entries(long)).sounding(text) if long else ():
        sure = names.decided(mention.candidates)
        if sure and not _is_own(text[mention.start : mention.end], own):
            yield mention.start, mention.end, sure.name


def _short_by_sound(text: str, listed: Sequence[str], own: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Listed names of two and three syllables that were written as they sound: 沃德福 for 沃得福."""
    heard = [sound_class(character) for character in text]
    by_sound: dict[tuple[str | None, ...], str] = {}
    for name in listed:
        if len(name) >= 2 and not name.isascii():
            by_sound.setdefault(tuple(sound_class(character) for character in name), name)
    for length in {len(sounds) for sounds in by_sound}:
        for start in range(len(text) - length + 1):
            meant = by_sound.get(tuple(heard[start : start + length]))
            said = text[start : start + length]
            if meant is None or meant == said or _is_own(said, own):
                continue
            alike = similarity(said, meant, (1.0,) * length)
            told = _BEFORE_A_RIVAL.search(text, max(0, start - 1), start) and _AFTER_A_RIVAL.match(text, start + length)
            if (length >= 3 and alike >= _SAME_SOUND) or (told and alike >= _SAME_TONES):
                yield start, start + length, meant


@lru_cache(maxsize=16)
def _as_entries(listed: tuple[str, ...]) -> tuple[CustomerEntry, ...]:
    return tuple(CustomerEntry(name) for name in listed)


def _listed_names(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """X和Y、Z behind 竞争对手是: each name up to what cannot be one."""
    for piece in re.finditer(r"[^、和跟与及/]+|[、和跟与及/]+", text[start:end]):
        words = piece[0]
        if words[0] in "、和跟与及/":
            continue
        position = start + piece.start()
        whole = re.match(FULL, words)
        stop = _NAME_ENDS.search(words, 2)
        length = whole.end() if whole else stop.start() if stop else len(words)
        name = words[:length].strip()
        lead = re.match(r"(?:一家|一个|叫|是|还有|以及|另一家|，|\s)+", name)
        offset = lead.end() if lead else 0
        if 2 <= length - offset <= 12 and _may_be_a_rival(name[offset:]):
            yield position + offset, position + length
        if stop and not whole:
            return  # what follows speaks about it


def _may_be_a_rival(name: str) -> bool:
    return (
        not _NOT_A_RIVAL.search(name)
        and not re.search(r"[很太不没]", name)
        and name not in REGIONS
        and name not in INDUSTRIES
    )
