"""The customers of a list in a note: which are named, by letter or by sound, and how sure that is.

A name may be said in full, by an alias, or in short (恒力, 宁波恒力, 恒力阀门 for 宁波恒力阀门有限公司). Speech recognition writes 恒立 or 横力:
those are found by sound, syllable by syllable (`nlp.sounds`), where region and trade weigh `MINOR_WEIGHT` of a syllable of the
brand. A brand alone that only sounds like a customer's is never sure; nor is one said with another region or another trade.

SURE, POSSIBLE and MARGIN come from `benchmarks/names.py`; the table of figures is there.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from nlp.draft import Candidate, CustomerEntry
from nlp.places import INDUSTRIES, INSTITUTIONS, LEGAL, NAME_ENDS, REGIONS, SMALL_FIRMS
from nlp.sounds import EXTRA, MISSING, similarity, sound_class

__all__ = [
    "ELSEWHERE",
    "Index",
    "Mention",
    "Parts",
    "at_most",
    "decided",
    "index_of",
    "link",
    "other_trade",
    "parts_of",
    "similarity",
]

SURE, POSSIBLE, MARGIN = 0.9, 0.65, 0.06
UNSURE = SURE - 0.01
MINOR_WEIGHT = 0.3
LONGEST_CONTACT = 5
"""Contacts with longer names are not looked for in a text."""
MAX_CANDIDATES = 5
COMPARED = 64
"""How many customers are compared with a name syllable by syllable, the likeliest by their classes of sounds."""
MAX_PLACES = 4000
"""Stretches of one text that are compared with customers by sound; what a note says comes long before."""
ELSEWHERE = 0.8
"""Score of a customer's brand that stands beside another region or trade than the customer's."""

SHARED = SURE - 0.03
"""Score of another customer whose longer brand begins or ends with the brand that was said: 华联 of 金溪华联超市."""

_REGION_SET = frozenset(REGIONS)
_REGION_LENGTHS = sorted({len(region) for region in REGIONS}, reverse=True)
_LEGAL_SET = frozenset((*LEGAL, *SMALL_FIRMS))
_TRADE_SET = frozenset((*INDUSTRIES, *INSTITUTIONS, *NAME_ENDS))
_LONGEST_LEGAL = max(map(len, _LEGAL_SET))
_LONGEST_TRADE = max(map(len, _TRADE_SET))
_PUNCTUATION = re.compile(r"[\s（）()·.,，。、\-—_]+")
_FILLERS = "嗯呃啊哦"
"""What speakers say in the middle of a name."""
_PAUSE = re.compile(r"[\s，。！？；：、,.!?;:（）()]")
# words that follow a brand as parts of the name; what is also an everyday noun (设备, 服务) counts only before 公司
_EVERYDAY = frozenset(
    [
        "设备",
        "技术",
        "服务",
        "系统",
        "数据",
        "设计",
        "工程",
        "检测",
        "培训",
        "投资",
        "保险",
        "材料",
        "动力",
        "环境",
        "信息",
        "网络",
        "软件",
        "集成",
        "互联",
        "能源",
        "咨询",
        "建设",
        "汽车",
        "电池",
        "文化",
        "教育",
        "健康",
        "运输",
        "物流",
        "包装",
        "装备",
        "仓储",
        "管道",
    ]
)
_OTHER_TRADE = re.compile(
    r"([一-鿿]{0,2}?)(?<![的了那这说他她是在和跟去到要家里])(?:("
    + "|".join(sorted((word for word in INDUSTRIES if word not in _EVERYDAY), key=len, reverse=True))
    + ")|("
    + "|".join(sorted(_EVERYDAY))
    + ")(?=有限|公司|集团|股份))"
)
Reason = Literal["exact", "alias", "abbreviation", "sound"]


@dataclass(frozen=True)
class Parts:
    """A company's name taken apart: 宁波 · 恒力 · 阀门 · 有限公司."""

    region: str
    brand: str
    trade: str
    legal: str


@lru_cache(maxsize=32768)
def parts_of(name: str) -> Parts:
    """Region, brand, trade and legal form; only the brand where nothing else is known of the name.

    >>> parts_of("宁波恒力阀门有限公司")
    Parts(region='宁波', brand='恒力', trade='阀门', legal='有限公司')
    """
    bare = _PUNCTUATION.sub("", name)
    region = _region_at_start(bare)
    rest = bare[len(region) :]
    legal_at = _run_at_end(rest, len(rest), _LEGAL_SET, _LONGEST_LEGAL)
    trade_at = _run_at_end(rest, legal_at, _TRADE_SET, _LONGEST_TRADE)
    brand, trade, legal = rest[:trade_at], rest[trade_at:legal_at], rest[legal_at:]
    if not brand:
        # 华东机械集团, 苏州大学: what looked like the region is the name
        return Parts("", region, trade, legal) if region else Parts("", bare, "", "")
    return Parts(region, brand, trade, legal)


def _region_at_start(words: str) -> str:
    for length in _REGION_LENGTHS:
        if words[:length] in _REGION_SET and len(words) >= length:
            after = words[length : length + 1]
            return words[: length + 1] if after and after in "省市县区" else words[:length]
    return ""


def _run_at_end(words: str, end: int, known: frozenset[str], longest: int) -> int:
    """Where the longest run of known words that reaches `end` begins."""
    reached, least = {end}, end
    for at in range(end - 1, max(-1, end - 24), -1):
        if any(at + length in reached and words[at : at + length] in known for length in range(1, longest + 1)):
            reached.add(at)
            least = at
    return least


# The ways to say a customer


@dataclass(frozen=True)
class _Form:
    words: str
    reason: Reason
    score: float
    short: bool
    """The brand alone: two syllables that many words sound like."""
    brand_at: int
    brand_end: int

    @cached_property
    def weights(self) -> tuple[float, ...]:
        inside = range(self.brand_at, self.brand_end)
        return tuple(1.0 if at in inside else MINOR_WEIGHT for at in range(len(self.words)))


_NUMBERED = re.compile(r"第([一二三四五六七八九十])(?:人民|实验)?(中学|小学|医院)")
"""第三中学 is said 三中, 第二人民医院 二院."""


def _forms(name: str) -> Iterator[_Form]:
    """The ways in which a listed name is said, the full one first."""
    bare = _PUNCTUATION.sub("", name)
    parts = parts_of(name)
    region = parts.region[:-1] if len(parts.region) > 2 and parts.region[-1] in "省市县区" else parts.region
    brand = parts.brand
    yield _Form(bare, "exact", 1.0, False, len(parts.region), len(parts.region) + len(brand))
    trades = dict.fromkeys([parts.trade, *_openings(parts.trade)])
    numbered = _NUMBERED.fullmatch(parts.trade)
    by_number = numbered[1] + numbered[2][-1 if numbered[2] == "医院" else 0] if numbered else ""
    short = len(brand) <= 3
    seen = {bare}
    for before, after, score in (
        *((region, trade, 0.97 if trade == parts.trade else 0.96) for trade in trades),
        *(((region, by_number, 0.96), ("", by_number, 0.95)) if by_number else ()),
        (region, "集团", 0.96), (region, "公司", 0.96), (region, "", 0.95),
        *(("", trade, 0.95) for trade in trades),
        ("", "集团", 0.93), ("", "公司", 0.93), ("", "", 0.9),
    ):  # fmt: skip
        words = before + brand + after
        if brand and len(words) >= 2 and words not in seen and words not in _REGION_SET and words not in _TRADE_SET:
            seen.add(words)
            yield _Form(words, "abbreviation", score, short and words == brand, len(before), len(before) + len(brand))


def _openings(trade: str) -> Iterator[str]:
    """Trades that the trade begins with: 精密 of 精密制造."""
    for length in range(2, min(len(trade), _LONGEST_TRADE + 1)):
        if trade[:length] in _TRADE_SET:
            yield trade[:length]


def _alias_form(alias: str) -> _Form:
    parts = parts_of(alias)
    whole = len(alias) != len(parts.region + parts.brand + parts.trade + parts.legal)
    start = 0 if whole else len(parts.region)
    return _Form(alias, "alias", 1.0, len(alias) <= 2, start, len(alias) if whole else start + len(parts.brand))


@dataclass(frozen=True)
class Mention:
    """A place in the text that means a customer of the list."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]
    """Best first, of different customers."""


Classes = npt.NDArray[np.int32]
_NONE = 0
"""The class of what has no sound, and of a syllable that a name does not have."""
_LEFT, _BRAND, _RIGHT = 2, 5, 2
_WIDTH = _LEFT + _BRAND + _RIGHT


class _Sounds:
    """The listed names as rows of syllable classes: the end of the region, the brand, the beginning of the trade."""

    def __init__(self, customers: Sequence[CustomerEntry]) -> None:
        self._numbers: dict[str | None, int] = {None: _NONE}
        self._of_character: dict[str, int] = {}
        self.names: list[tuple[int, str]] = []
        """For each row the number of the customer, and the alias where the row is one."""
        cells: list[list[int]] = []
        lengths: list[int] = []
        for number, entry in enumerate(customers):
            for words, alias in ((entry.name, ""), *((alias, alias) for alias in entry.aliases if len(alias) >= 2)):
                parts = parts_of(words)
                brand = self.classes(parts.brand[:_BRAND])
                if len(brand) < 1:
                    continue
                self.names.append((number, alias))
                left = self.classes(parts.region.rstrip("省市县区")[-_LEFT:])
                right = self.classes((parts.trade or parts.legal)[:_RIGHT])
                cells.append(
                    [_NONE] * (_LEFT - len(left)) + left + brand + [_NONE] * (_BRAND - len(brand)) + right
                    + [_NONE] * (_RIGHT - len(right))
                )  # fmt: skip
                lengths.append(len(brand))
        self.cells: Classes = np.array(cells, np.int32).reshape(len(cells), _WIDTH)
        self.lengths: Classes = np.array(lengths, np.int32)
        self.has = self.cells != _NONE
        columns = np.arange(_WIDTH)
        behind = (columns >= _LEFT + _BRAND)[None, :]
        self.offsets = np.where(behind, columns - _LEFT - _BRAND + self.lengths[:, None], columns - _LEFT)
        """Where each cell stands, counted from the beginning of the brand."""
        self.brand = self.has & (columns >= _LEFT) & (columns < _LEFT + _BRAND)
        self.minor = self.has & ~self.brand
        self._index_pairs()

    def classes(self, words: str) -> list[int]:
        known = self._of_character
        found = []
        for character in words:
            number = known.get(character)
            if number is None:
                number = self._numbers.setdefault(sound_class(character), len(self._numbers))
                if len(known) < 50_000:
                    known[character] = number
            found.append(number)
        return found

    def _index_pairs(self) -> None:
        """Pairs of neighbouring classes that touch a brand, and those around a syllable that was not heard."""
        keys: list[Classes] = []
        rows: list[Classes] = []
        begins: list[Classes] = []
        every = np.arange(len(self.cells), dtype=np.int32)
        last, first_after = self.cells[:, _LEFT - 1], self.cells[:, _LEFT + _BRAND]

        def add(one: Classes, other: Classes, back: Classes | int) -> None:
            there = (one != _NONE) & (other != _NONE)
            keys.append((one[there].astype(np.int64) << 20 | other[there]).astype(np.int64))
            rows.append(every[there])
            begins.append(np.broadcast_to(np.asarray(back, np.int32), every.shape)[there])

        ends = self.cells[every, _LEFT + self.lengths - 1] if len(every) else last
        for at in range(_BRAND - 1):
            add(self.cells[:, _LEFT + at], self.cells[:, _LEFT + at + 1], at)
        add(last, self.cells[:, _LEFT], -1)
        add(ends, first_after, self.lengths - 1)
        add(last, self.cells[:, _LEFT + 1], -1)
        before_last = np.where(self.lengths >= 2, self.cells[every, np.maximum(_LEFT + self.lengths - 2, 0)], _NONE)
        add(before_last, first_after, self.lengths - 2)
        key = np.concatenate(keys)
        order = np.argsort(key, kind="stable")
        self._keys, self._starts = np.unique(key[order], return_index=True)
        self._rows, self._begins = np.concatenate(rows)[order], np.concatenate(begins)[order]
        self._ends = np.append(self._starts[1:], len(key))

    def places(self, heard: Classes) -> list[tuple[int, int]]:
        """(row, where its brand would begin) for what may be a listed name said with its region or its trade."""
        if len(heard) < 2 or not len(self._keys):
            return []
        pairs = heard[:-1].astype(np.int64) << 20 | heard[1:]
        at = np.searchsorted(self._keys, pairs)
        hit = np.flatnonzero(self._keys[np.minimum(at, len(self._keys) - 1)] == pairs)
        if not len(hit):
            return []
        starts, counts = self._starts[at[hit]], (self._ends - self._starts)[at[hit]]
        flat = np.repeat(starts - np.append(0, np.cumsum(counts)[:-1]), counts) + np.arange(counts.sum())
        rows, begin = self._rows[flat], np.repeat(hit, counts) - self._begins[flat]
        both = np.unique(rows.astype(np.int64) << 32 | (begin + 16))
        rows, begin = (both >> 32).astype(np.int64), (both & 0xFFFFFFFF) - 16
        brand, minor, there = self._agreement(heard, rows, begin)
        long = self.lengths[rows]
        worth = (
            (there >= 1)
            & (brand >= (long + 1) // 2)
            & ((minor >= 2) & (brand + minor >= 3) | (long >= 4) & (brand >= long - 1))
        )
        chosen = np.flatnonzero(worth)
        if len(chosen) > MAX_PLACES:
            chosen = chosen[np.argsort(begin[chosen], kind="stable")][:MAX_PLACES]
        return list(zip(rows[chosen].tolist(), begin[chosen].tolist(), strict=True))

    def _agreement(self, heard: Classes, rows: Classes, begin: Classes) -> tuple[Classes, Classes, Classes]:
        """How many syllables of brand and of region and trade were heard where they belong, or one beside it."""
        around = np.concatenate([np.zeros(16, np.int32), heard, np.zeros(16, np.int32)])
        at = np.clip(begin[:, None] + self.offsets[rows] + 16, 1, len(around) - 2)
        cells = self.cells[rows]
        same = around[at] == cells
        near = same | (around[at - 1] == cells) | (around[at + 1] == cells)
        brand = (near & self.brand[rows]).sum(1)
        return brand, (near & self.minor[rows]).sum(1), (same & self.brand[rows]).sum(1)

    def likeliest(self, said: str) -> list[int]:
        """The rows that share most with the words, whatever the order; at least half of the brand."""
        seen = np.zeros(len(self._numbers) + len(said) + 1, bool)
        seen[self.classes(said)] = True
        seen[_NONE] = False
        heard = seen[self.cells]
        brand = (heard & self.brand).sum(1)
        share = brand / self.lengths + MINOR_WEIGHT * 0.5 * (heard & self.minor).sum(1)
        found = np.flatnonzero(2 * brand >= self.lengths)
        if len(found) > COMPARED:
            found = found[np.argpartition(-share[found], COMPARED)[:COMPARED]]
        return [int(row) for row in found]


class Index:
    """The ways to say the customers of one list. Linear in the text; built once per list (`index_of`).

    The sounds are indexed when the first text asks for them. No object per form: forms are made again where they are compared.
    """

    def __init__(self, customers: tuple[CustomerEntry, ...]) -> None:
        self._customers = customers
        self._exact: dict[str, int | tuple[int, ...]] = {}
        """Words → customer << 8 | way of saying it."""
        for number, entry in enumerate(customers):
            for way, form in enumerate(_ways(entry)):
                if way < 256:
                    self._keep(form.words.lower(), number << 8 | way)
        self._lengths = sorted({len(words) for words in self._exact}, reverse=True)
        self._heads = {words[:2] for words in self._exact}
        self._sounds: _Sounds | None = None
        self._by_brand: dict[str, list[int]] | None = None
        self._known: dict[str, list[Candidate]] = {}

    def _keep(self, words: str, code: int) -> None:
        other = self._exact.get(words)
        if len(words) < 2:
            return  # one letter, or a name of nothing but signs, is nobody's name in running text
        if other is None:
            self._exact[words] = code
        elif isinstance(other, int):
            self._exact[words] = (other, code)
        elif len(other) < 64:
            self._exact[words] = (*other, code)

    def _meant(self, words: str) -> list[tuple[CustomerEntry, _Form]]:
        codes = self._exact.get(words)
        if codes is None:
            return []
        found = []
        for code in (codes,) if isinstance(codes, int) else codes:
            entry = self._customers[code >> 8]
            found.append((entry, _ways_of(entry)[code & 255]))
        return found

    @cached_property
    def _people(self) -> dict[str, list[int]]:
        """The listed contacts and the customers that have them."""
        found: dict[str, list[int]] = {}
        for number, entry in enumerate(self._customers):
            for name in entry.contacts:
                if 2 <= len(name) <= LONGEST_CONTACT:
                    found.setdefault(name, []).append(number)
        return found

    def people(self, text: str) -> Iterator[tuple[int, str, list[CustomerEntry]]]:
        """Where listed contacts stand in the text by letter, and whose they are."""
        known = self._people
        if not known:
            return
        for at in range(len(text) - 1):
            for length in range(2, LONGEST_CONTACT + 1):
                if numbers := known.get(text[at : at + length]):
                    yield at, text[at : at + length], [self._customers[number] for number in numbers[:MAX_CANDIDATES]]

    @cached_property
    def own_words(self) -> frozenset[str]:
        """The names, aliases and brands of the customers."""
        forms = {form for entry in self._customers for form in (entry.name, *entry.aliases, parts_of(entry.name).brand)}
        return frozenset(form for form in forms if len(form) >= 2)

    def _rows(self) -> _Sounds:
        if self._sounds is None:
            self._sounds = _Sounds(self._customers)
        return self._sounds

    def exact(self, text: str) -> list[Mention]:
        """Names, aliases and abbreviations that stand in the text letter by letter; the longest at each place."""
        lowered = text.lower()
        text_in = lowered if len(lowered) == len(text) else text
        found: list[Mention] = []
        position = 0
        while position < len(text) - 1:
            if text_in[position : position + 2] not in self._heads:
                position += 1
                continue
            for length in self._lengths:
                end = position + length
                if end > len(text) or text_in[position:end] not in self._exact or _inside_a_word(text, position, end):
                    continue
                scored = [
                    (entry, _in_place(text, position, end, entry, form), form.reason)
                    for entry, form in self._meant(text_in[position:end])
                ]
                scored += self._sharing(text_in[position:end], scored)
                found.append(Mention(position, _with_ending(text, end), _best(scored)[:MAX_CANDIDATES]))
                position = end - 1
                break
            position += 1
        return found

    def mentions(self, text: str, *, least: float) -> list[Mention]:
        """`exact` and `sounding` together. A brand that stands in a longer stretch which sounds like another customer (豪森 in
        信阳诚豪森) is one of the candidates there."""
        exact = self.exact(text)
        at: list[Mention | None] = [None] * len(text)
        for mention in exact:
            at[mention.start : mention.end] = [mention] * (mention.end - mention.start)
        found = {mention.start: mention for mention in exact}
        for heard in self.sounding(text, least=least):
            inside = list(dict.fromkeys(each for each in at[heard.start : heard.end] if each))
            if all(_shorter(each, heard) for each in inside):
                for each in inside:
                    found.pop(each.start, None)
                    heard = Mention(heard.start, heard.end, _together(heard.candidates, each.candidates))
                found[heard.start] = heard
        return sorted(found.values(), key=lambda each: each.start)

    def sounding(self, text: str, *, least: float = SURE) -> list[Mention]:
        """Stretches of the text that sound like a customer said with its region or trade, at least `least` like it; the best
        at each place, with all that the same words may mean."""
        rows = self._rows()
        where = [at for at, character in enumerate(text) if character not in _FILLERS]
        words = "".join(text[at] for at in where)
        heard = np.array(rows.classes(words), np.int32)
        best: dict[tuple[int, int], float] = {}
        known: dict[tuple[str, int], float] = {}
        for row, begin in rows.places(heard):
            for score, start, end in self._windows(words, row, begin, known):
                if score >= least and score > best.get((start, end), 0.0):
                    best[start, end] = score
        taken = bytearray(len(words))
        found: list[Mention] = []
        # of two as good the longer: its region and trade were heard too
        for (start, end), _ in sorted(
            best.items(), key=lambda each: (-each[1] - 0.02 * (each[0][1] - each[0][0]), each[0])
        ):
            if any(taken[start:end]):
                continue
            start, end = _with_surroundings(words, start, end)
            if candidates := self.like(words[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Mention(where[start], where[end - 1] + 1, tuple(candidates)))
        return sorted(found, key=lambda mention: mention.start)

    def _windows(
        self, text: str, row: int, begin: int, known: dict[tuple[str, int], float]
    ) -> Iterator[tuple[float, int, int]]:
        for way, form in enumerate(self._spoken(row)):
            if form.short or len(form.words) < 3:
                continue
            start, length = begin - form.brand_at, len(form.words)
            for first, last in (
                (start, start + length),
                (start, start + length - 1),
                (start, start + length + 1),
                (start + 1, start + length),
            ):
                if first < 0 or last > len(text):
                    continue
                said = text[first:last]
                score = known.get((said, row << 8 | way))
                if score is None:
                    score = 0.0 if _PAUSE.search(said) else similarity(said, form.words, form.weights) * form.score
                    known[said, row << 8 | way] = score
                if score >= POSSIBLE:
                    yield round(score, 4), first, last

    def _spoken(self, row: int) -> tuple[_Form, ...]:
        number, alias = self._rows().names[row]
        return _sound_forms(alias, True) if alias else _sound_forms(self._customers[number].name, False)

    def like(self, words: str) -> list[Candidate]:
        """Customers that one spoken or typed name may mean, best first."""
        said = _PUNCTUATION.sub("", words)
        said = said.strip(_FILLERS) if said in self._exact else "".join(c for c in said if c not in _FILLERS)
        if len(said) < 2:
            return []
        found = self._known.get(said)
        if found is None:
            found = self._by_letter(said) or self._by_sound(said)
            if len(self._known) < 4096:
                self._known[said] = found
        return list(found)

    def _sharing(
        self, said: str, scored: Sequence[tuple[CustomerEntry, float, Reason]]
    ) -> list[tuple[CustomerEntry, float, Reason]]:
        """Customers whose longer brand begins or ends with the brand that was said, where no alias says who is meant."""
        if not 2 <= len(said) <= 3 or any(reason != "abbreviation" or score < SURE for _, score, reason in scored):
            return []
        meant = {entry.name for entry, _, _ in scored}
        found: list[tuple[CustomerEntry, float, Reason]] = []
        for entry in self._with_brand_in(said):
            brand = parts_of(entry.name).brand
            if (
                entry.name not in meant
                and len(brand) >= len(said) + 2
                and (brand.startswith(said) or brand.endswith(said))
            ):
                found.append((entry, SHARED, "abbreviation"))
        return found[:MAX_CANDIDATES]

    def alike(self, words: str) -> list[Candidate]:
        """Customers that the words sound like, whoever they are by letter."""
        return self._by_sound(_PUNCTUATION.sub("", words)) if len(words) >= 2 else []

    def _by_letter(self, said: str) -> list[Candidate]:
        meant = self._meant(said.lower())
        if not meant:
            return []
        scored = [(entry, form.score, form.reason) for entry, form in meant]
        exact = _best([*scored, *self._sharing(said.lower(), scored)])
        names = {candidate.name for candidate in exact}
        longer = [entry for entry in self._with_brand_in(said) if entry.name not in names]
        return [*exact, *_best((entry, ELSEWHERE, "abbreviation") for entry in longer)][: MAX_CANDIDATES + 2]

    def _with_brand_in(self, said: str) -> Iterator[CustomerEntry]:
        """Other customers whose full name holds the words."""
        if self._by_brand is None:
            self._by_brand = {}
            for number, entry in enumerate(self._customers):
                name = _PUNCTUATION.sub("", entry.name)
                for at in range(len(name) - 1):
                    self._by_brand.setdefault(name[at : at + 2], []).append(number)
        pairs = [self._by_brand.get(said[at : at + 2], []) for at in range(len(said) - 1)]
        for number in min(pairs, key=len):
            if said in _PUNCTUATION.sub("", self._customers[number].name):
                yield self._customers[number]

    def _by_sound(self, said: str) -> list[Candidate]:
        rows = self._rows()
        parts = parts_of(said)
        bare = said.removesuffix(parts.legal) if parts.legal and len(parts.brand) >= 2 else said
        scored: list[tuple[CustomerEntry, float, Reason]] = []
        for row in rows.likeliest(bare):
            entry = self._customers[rows.names[row][0]]
            for form in self._spoken(row):
                heard = said if parts.legal and form.words.endswith(parts.legal) else bare
                if _out_of_reach(len(heard) - len(form.words), form):
                    continue
                score = similarity(heard, form.words, form.weights) * form.score
                if score >= UNSURE and (form.short or _elsewhere(parts, entry)):
                    score = UNSURE
                if score >= POSSIBLE:
                    scored.append((entry, round(score, 4), "sound"))
        return list(_best(scored))[:MAX_CANDIDATES]


@lru_cache(maxsize=4096)
def _ways_of(entry: CustomerEntry) -> tuple[_Form, ...]:
    return tuple(_ways(entry))


def _ways(entry: CustomerEntry) -> Iterator[_Form]:
    """All ways to write the customer: aliases before the abbreviations of its name."""
    forms = _forms(entry.name)
    yield next(forms)
    seen = set()
    for alias in entry.aliases:
        for words in (alias.strip(), _PUNCTUATION.sub("", alias)):
            if len(words) >= 2 and words not in seen:
                seen.add(words)
                yield _alias_form(words)
    yield from (form for form in forms if form.words not in seen)


@lru_cache(maxsize=8192)
def _sound_forms(words: str, is_alias: bool) -> tuple[_Form, ...]:
    if is_alias:
        return (_alias_form(_PUNCTUATION.sub("", words)),)
    return tuple(
        form for form in _forms(words) if not form.words.endswith(("公司", "集团")) or form.brand_end == len(form.words)
    )


def _out_of_reach(more: int, form: _Form) -> bool:
    """Whether the extra or missing syllables alone put the form below `POSSIBLE`."""
    least = more * EXTRA if more > 0 else -more * MISSING * MINOR_WEIGHT
    return (1 - least / sum(form.weights)) * form.score < POSSIBLE


def _elsewhere(said: Parts, entry: CustomerEntry) -> bool:
    """Whether region or trade that were said are not the customer's: another company of the same brand, as likely as not."""
    theirs = parts_of(entry.name)
    other_region = said.region and theirs.region and said.region.rstrip("省市") != theirs.region.rstrip("省市")
    return bool(other_region or _differ(said.trade, theirs.trade))


def other_trade(said: str, customer: str) -> bool:
    """Whether the trade that was said is none of the customer's: 恒力电子 for 宁波恒力阀门有限公司."""
    return _differ(said, parts_of(customer).trade)


def _differ(said: str, theirs: str) -> bool:
    if not said or not theirs or said in theirs or theirs in said:
        return False
    return similarity(said, theirs[: len(said)], (1.0,) * len(theirs[: len(said)])) < 0.75


def _best(scored: Iterable[tuple[CustomerEntry, float, Reason]]) -> tuple[Candidate, ...]:
    best: dict[str, Candidate] = {}
    for entry, score, reason in scored:
        if entry.name not in best or best[entry.name].score < score:
            best[entry.name] = Candidate(entry.name, score, reason)
    return tuple(sorted(best.values(), key=lambda candidate: (-candidate.score, candidate.name)))


def _inside_a_word(text: str, start: int, end: int) -> bool:
    """Letters within a longer word of letters: SAP in SAPA."""
    first, last = text[start], text[end - 1]
    if first.isascii() and first.isalnum() and start and text[start - 1].isascii() and text[start - 1].isalnum():
        return True
    return last.isascii() and last.isalnum() and text[end : end + 1].isascii() and text[end : end + 1].isalnum()


def _in_place(text: str, start: int, end: int, entry: CustomerEntry, form: _Form) -> float:
    """The score of a form where it stands: 恒力 in 上海恒力 or 恒力泰电子 is perhaps another company than 宁波恒力阀门."""
    if form.reason == "exact" or (form.reason == "alias" and not form.short):
        return form.score
    parts = parts_of(entry.name)
    before = _region_before(text, start)
    if before and parts.region and not form.words.startswith(parts.region) and before != parts.region.rstrip("省市"):
        return min(form.score, ELSEWHERE)
    if not form.brand_at and not before and _within_region(text, start):
        return min(form.score, ELSEWHERE)
    other = _OTHER_TRADE.match(text, end)
    near = other is not None and (form.short or not other[1])
    if other and near and form.brand_end == len(form.words):
        theirs = not other[1] and parts.trade.startswith(other[2] or other[3])
        return form.score if theirs else min(form.score, ELSEWHERE)
    return form.score


def _region_before(text: str, start: int) -> str:
    for length in _REGION_LENGTHS:
        if length <= start and text[start - length : start] in _REGION_SET:
            return text[start - length : start]
    return ""


def _within_region(text: str, start: int) -> bool:
    """Whether a region goes on behind `start`: 水腾 in 天水腾曦."""
    return any(
        text[start - back : start - back + length] in _REGION_SET
        for length in _REGION_LENGTHS
        for back in range(1, min(length, start + 1))
    )


def _with_surroundings(words: str, start: int, end: int) -> tuple[int, int]:
    """The stretch with the region before it and the trade behind it, where they stand there by letter."""
    region = _region_before(words, start)
    other = _OTHER_TRADE.match(words, end)
    trade_end = other.end() if other and not other[1] else end
    return start - len(region), trade_end


def _shorter(one: Mention, other: Mention) -> bool:
    """Whether the first is a brand, or a part of one, within the second."""
    return (
        one.candidates[0].score <= 0.9
        and other.start <= one.start
        and one.end <= other.end
        and (one.end - one.start < other.end - other.start)
    )


def _together(*candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    best: dict[str, Candidate] = {}
    for each in (candidate for some in candidates for candidate in some):
        if each.name not in best or best[each.name].score < each.score:
            best[each.name] = each
    return tuple(sorted(best.values(), key=lambda each: (-each.score, each.name)))[:MAX_CANDIDATES]


def at_most(candidates: Sequence[Candidate], score: float) -> tuple[Candidate, ...]:
    """The candidates, none surer than `score`."""
    return tuple(replace(each, score=min(each.score, score)) for each in candidates)


def _with_ending(text: str, end: int) -> int:
    for ending in LEGAL:
        if text.startswith(ending, end):
            return end + len(ending)
    return end


_recent: deque[tuple[tuple[CustomerEntry, ...], Index]] = deque(maxlen=4)
"""The lists asked for last: to know a list of thousands by its value takes as long as to read a note."""


def index_of(customers: tuple[CustomerEntry, ...]) -> Index:
    """The index of the list, made once."""
    for known, index in _recent:
        if known is customers:
            return index
    index = _index_of(customers)
    _recent.appendleft((customers, index))
    return index


@lru_cache(maxsize=16)
def _index_of(customers: tuple[CustomerEntry, ...]) -> Index:
    return Index(customers)


def link(words: str, customers: Iterable[CustomerEntry]) -> list[Candidate]:
    """The customers that one spoken or typed name may mean, best first; see `decided` for what to make of them.

    >>> link("恒力", [CustomerEntry("宁波恒力阀门有限公司"), CustomerEntry("苏州明锐电子有限公司")])
    [Candidate(name='宁波恒力阀门有限公司', score=0.9, reason='abbreviation')]
    """
    return index_of(tuple(customers)).like(words)


def decided(candidates: Sequence[Candidate]) -> Candidate | None:
    """The one that is meant: sure enough, and ahead of the next by the margin. None: ask."""
    if not candidates or candidates[0].score < SURE:
        return None
    if len(candidates) > 1 and candidates[0].score - candidates[1].score < MARGIN:
        return None
    return candidates[0]
