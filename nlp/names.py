"""Customers, contacts and competitors in a note.

The company's own list comes first: exact name, alias, abbreviation (恒力 for 宁波恒力阀门有限公司), then sound, because speech
recognition writes 恒立 or 横力. Rules for names that stand in no list come last, and only where the words around say that a
company or a person is meant.

Sound: syllables without tone, each compared by initial and final with the usual confusions (z/zh, n/l, an/ang, in/ing …) counted
mild; region, trade and legal form weigh 0.35 of the brand. With these weights a threshold of 0.85 linked no unlisted
customer to a listed one in 100 spoken notes, and 0.65 still had the right one among its candidates.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nlp.draft import Candidate, CustomerEntry
from nlp.places import INDUSTRIES, INSTITUTIONS, LEGAL, REGIONS, SMALL_FIRMS

SURE, POSSIBLE, MARGIN = 0.85, 0.65, 0.06
MINOR_WEIGHT = 0.35
MAX_CANDIDATES = 3

_REGION = re.compile("(?:" + "|".join(sorted(REGIONS, key=len, reverse=True)) + ")(?:省|市|县|区)?")
_LAST_WORDS = (*LEGAL, *SMALL_FIRMS)
_TAIL = re.compile(
    "(?:"
    + "|".join(sorted((*INDUSTRIES, *INSTITUTIONS), key=len, reverse=True))
    + ")*(?:"
    + "|".join(sorted(_LAST_WORDS, key=len, reverse=True))
    + ")*$"
)
_PUNCTUATION = re.compile(r"[\s（）()·.,，。、\-—_]+")
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
    + ")|(?:"
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


@lru_cache(maxsize=4096)
def parts_of(name: str) -> Parts:
    bare = _PUNCTUATION.sub("", name)
    region = _REGION.match(bare)
    rest = bare[region.end() :] if region else bare
    tail = _TAIL.search(rest)
    brand = rest[: tail.start()] if tail else rest
    ending = rest[len(brand) :]
    legal = next(_endings(ending), "")
    trade = ending[: len(ending) - len(legal)]
    if not brand:
        # 华东机械集团, 苏州大学: what looked like the region is the name
        return Parts("", region[0], trade, legal) if region else Parts("", bare, "", "")
    return Parts(region[0] if region else "", brand, trade, legal)


def _endings(words: str) -> Iterator[str]:
    for start in range(len(words)):
        if re.fullmatch("(?:" + "|".join(_LAST_WORDS) + ")+", words[start:]):
            yield words[start:]


@dataclass(frozen=True)
class _Form:
    """One way to say a customer: its words, what kind of form, and how much each syllable weighs."""

    words: str
    entry: CustomerEntry
    reason: Reason
    score: float
    weights: tuple[float, ...]
    short: bool
    """The brand alone: two syllables that many words sound like."""

    def share_of(self, heard: Sequence[str]) -> float:
        """How much of the form's weight is in syllables that were heard, in any order."""
        said = sum(
            weight for character, weight in zip(self.words, self.weights, strict=True) if _fuzzy_key(character) in heard
        )
        return said / sum(self.weights)


def _forms(entry: CustomerEntry) -> Iterator[_Form]:
    name = _PUNCTUATION.sub("", entry.name)
    yield _Form(name, entry, "exact", 1.0, _weights(name), short=False)
    for alias in entry.aliases:
        for words in dict.fromkeys((alias.strip(), _PUNCTUATION.sub("", alias))):
            if words:
                yield _Form(words, entry, "alias", 1.0, _weights(words), short=len(words) <= 2)
    parts = parts_of(entry.name)
    region = re.sub("[省市县区]$", "", parts.region) if len(parts.region) > 2 else parts.region
    trades = {parts.trade, *(trade for trade in INDUSTRIES if parts.trade.startswith(trade))}
    said = {
        region + parts.brand + parts.trade: 0.97, region + parts.brand: 0.95, parts.brand: 0.9,
        **{parts.brand + trade: 0.95 for trade in trades}, **{region + parts.brand + trade: 0.96 for trade in trades},
        **{region + parts.brand + legal: 0.96 for legal in ("集团", "公司")}, **{parts.brand + legal: 0.93 for legal in ("集团", "公司")},
    }  # fmt: skip
    for words, score in said.items():
        if len(words) >= 2 and words not in (name, *entry.aliases) and words not in REGIONS and words not in INDUSTRIES:
            yield _Form(
                words, entry, "abbreviation", score, _weights(words), short=words == parts.brand and len(words) <= 3
            )


@lru_cache(maxsize=8192)
def _weights(words: str) -> tuple[float, ...]:
    parts = parts_of(words)
    major = len(parts.region), len(parts.region) + len(parts.brand)
    if len(words) != len(parts.region + parts.brand + parts.trade + parts.legal):
        return (1.0,) * len(words)
    return tuple(1.0 if major[0] <= at < major[1] else MINOR_WEIGHT for at in range(len(words)))


# Sound

_INITIALS = (
    "zh",
    "ch",
    "sh",
    "b",
    "p",
    "m",
    "f",
    "d",
    "t",
    "n",
    "l",
    "g",
    "k",
    "h",
    "j",
    "q",
    "x",
    "r",
    "z",
    "c",
    "s",
    "y",
    "w",
)
_MILD = 0.12
_SAME_INITIAL = ({"z", "zh"}, {"c", "ch"}, {"s", "sh"}, {"n", "l"}, {"l", "r"}, {"f", "h"})
_SAME_FINAL = (
    {"an", "ang"}, {"en", "eng"}, {"in", "ing"}, {"ian", "iang"}, {"uan", "uang"}, {"un", "ong"}, {"on", "ong"}, {"en", "un"}, {"uo", "o"}, {"ei", "ui"}, {"eng", "ong"},
    {"in", "un"}, {"ing", "eng"},
)  # fmt: skip


@lru_cache(maxsize=1)
def _readings() -> dict[int, str]:
    # a third of a second: loaded with the first customer that is compared, not with the module
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT


_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")


@lru_cache(maxsize=8192)
def syllable(character: str) -> tuple[str, str] | None:
    """Initial and final of a Chinese character's usual reading, without tone; None for anything else."""
    readings = _readings().get(ord(character)) if len(character) == 1 else None
    if not readings:
        return None
    plain = "".join(c for c in readings.split(",")[0].translate(_TONES) if c.isascii())
    initial = next((each for each in _INITIALS if plain.startswith(each)), "")
    return initial, plain[len(initial) :]


@lru_cache(maxsize=65536)
def distance(one: str, other: str) -> float:
    """How differently two characters sound, from 0 (alike) to 1."""
    if one == other:
        return 0.0
    first, second = syllable(one), syllable(other)
    if first is None or second is None:
        return 1.0
    return _part(first[0], second[0], _SAME_INITIAL) + _part(first[1], second[1], _SAME_FINAL)


def _part(one: str, other: str, alike: Iterable[set[str]]) -> float:
    if one == other:
        return 0.0
    return _MILD if any(one in group and other in group for group in alike) else 0.5


def similarity(said: str, words: str, weights: Sequence[float]) -> float:
    """How much `said` sounds like `words`, from 0 to 1; `weights` has one entry per character of `words`.

    1 - (weighted edit distance / sum of weights); a missing or an extra syllable costs its weight.
    """
    total = sum(weights)
    row = [0.0]
    for _ in said:
        row.append(row[-1] + 1.0)
    for at, character in enumerate(words):
        weight = weights[at]
        above, row = row, [row[0] + weight]
        for index, heard in enumerate(said):
            row.append(
                min(
                    above[index] + weight * distance(character, heard),
                    above[index + 1] + weight,
                    row[index] + max(weight, 0.5),
                )
            )
    return max(0.0, 1.0 - row[-1] / total) if total else 0.0


@lru_cache(maxsize=8192)
def _fuzzy_key(character: str) -> str | None:
    """A class of syllables that are taken for one another, to find places worth comparing."""
    found = syllable(character)
    if found is None:
        return character if character.isalnum() else None
    initial, final = found
    initial = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "r": "l", "h": "f"}.get(initial, initial)
    return initial + re.sub("(?<=[aeiou])n?g$", "n", final).replace("on", "en").replace("un", "en")


# The index over a customer list


@dataclass(frozen=True)
class Mention:
    """A place in the text that means a customer of the list."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]
    """Best first, of different customers."""


class Index:
    """The ways to say the customers of one list. Linear in the text; built once per list (`index_of`)."""

    def __init__(self, customers: tuple[CustomerEntry, ...]) -> None:
        self._forms: list[_Form] = [form for entry in customers for form in _forms(entry)]
        self._exact: dict[str, list[_Form]] = {}
        for form in self._forms:
            self._exact.setdefault(form.words, []).append(form)
        self._lengths = sorted({len(words) for words in self._exact}, reverse=True)
        self._by_key: dict[str, list[tuple[int, int, float]]] | None = None

    def _keys(self) -> dict[str, list[tuple[int, int, float]]]:
        """For each class of syllables the forms that have it: (form, place in it, its share of the form's weight)."""
        if self._by_key is None:
            self._by_key = {}
            for number, form in enumerate(self._forms):
                total = sum(form.weights)
                for at, character in enumerate(form.words):
                    if key := _fuzzy_key(character):
                        self._by_key.setdefault(key, []).append((number, at, form.weights[at] / total))
        return self._by_key

    def exact(self, text: str) -> list[Mention]:
        """Names, aliases and abbreviations that stand in the text letter by letter; the longest at each place."""
        found: list[Mention] = []
        position = 0
        while position < len(text):
            for length in self._lengths:
                # past the end of the text the piece would be shorter than `length`
                forms = self._exact.get(text[position : position + length]) if position + length <= len(text) else None
                if forms and position + length <= len(text) and not _inside_a_word(text, position, position + length):
                    end = _with_ending(text, position + length)
                    scored = [(form.entry, _in_place(text, position, end, form), form.reason) for form in forms]
                    found.append(Mention(position, end, _best(scored)))
                    position = position + length - 1
                    break
            position += 1
        return found

    def sounding(self, text: str, *, least: float = SURE) -> list[Mention]:
        """Stretches of the text that sound like a customer, at least `least` like it; the best at each place."""
        votes: dict[tuple[int, int], float] = {}
        keys = self._keys()
        heard = [_fuzzy_key(character) or "" for character in text]
        for position, key in enumerate(heard):
            for number, at, share in keys.get(key, ()):
                begin = position - at
                votes[number, begin] = votes.get((number, begin), 0.0) + share
        # a syllable of another class differs by half at least, so below this share of alike ones `least` is out of reach
        needed = max(0.3, 2 * least - 1) - 0.01
        scored: list[tuple[float, int, int, _Form]] = []
        for (number, begin), share in votes.items():
            form = self._forms[number]
            if form.short or share + votes.get((number, begin + 1), 0.0) < needed:
                continue
            if form.share_of(heard[max(0, begin) : begin + len(form.words) + 1]) < needed:
                continue
            best = max(self._windows(text, begin, form), default=None)
            if best and best[0] >= least:
                scored.append((best[0], best[1], best[2], form))
        return self._grouped(text, scored)

    def _windows(self, text: str, begin: int, form: _Form) -> Iterator[tuple[float, int, int]]:
        length = len(form.words)
        for start in (begin, begin + 1) if begin >= 0 else (0,):
            for end in {min(start + length, len(text)), min(start + length - 1, len(text))}:
                said = text[start:end]
                if len(said) >= 2 and not re.search(r"[\s，。！？；：、,.!?;:]", said):
                    yield round(similarity(said, form.words, form.weights) * form.score, 4), start, end

    def _grouped(self, text: str, scored: list[tuple[float, int, int, _Form]]) -> list[Mention]:
        """The best stretch at each place, with the other customers that the same words may mean."""
        found: list[Mention] = []
        # of two as good the longer: its region and trade were heard too
        for _, start, end, _form in sorted(scored, key=lambda each: (-each[0] - 0.02 * (each[2] - each[1]), each[1])):
            if any(start < other.end and other.start < end for other in found):
                continue
            candidates = self.like(text[start:end])
            if candidates:
                found.append(Mention(start, end, tuple(candidates)))
        return sorted(found, key=lambda mention: mention.start)

    def like(self, words: str) -> list[Candidate]:
        """Customers that one spoken or typed name may mean, best first."""
        said = _PUNCTUATION.sub("", words)
        if len(said) < 2:
            return []
        if forms := self._exact.get(said):
            exact = _best((form.entry, form.score, form.reason) for form in forms)
            longer = [
                f
                for f in self._forms
                if f.reason == "exact" and said in f.words and f.entry.name not in {c.name for c in exact}
            ]
            return [*exact, *_best((form.entry, 0.8, "abbreviation") for form in longer)][: MAX_CANDIDATES + 2]
        scored: list[tuple[CustomerEntry, float, Reason]] = []
        parts = parts_of(said)
        shares: dict[int, float] = {}
        for key in {_fuzzy_key(character) for character in said} - {None}:
            for number, _, share in self._keys().get(key or "", ()):
                shares[number] = shares.get(number, 0.0) + share
        alike = [self._forms[number] for number, share in sorted(shares.items()) if share >= 2 * POSSIBLE - 1]
        bare = said.removesuffix(parts.legal) if parts.legal and len(parts.brand) >= 2 else said
        for form in alike:
            for spoken in {said, bare}:
                if abs(len(spoken) - len(form.words)) > max(2, len(form.words) // 2):
                    continue
                score = similarity(spoken, form.words, form.weights) * form.score
                if parts.region and _other_region(parts.region, form.entry):
                    score = min(score, SURE - 0.01)
                if form.short and score < form.score:
                    score = min(score, SURE - 0.01)
                if score >= POSSIBLE:
                    scored.append((form.entry, round(score, 4), "sound"))
        return list(_best(scored))[:MAX_CANDIDATES]


def _other_region(region: str, entry: CustomerEntry) -> bool:
    theirs = parts_of(entry.name).region
    return bool(theirs) and theirs.rstrip("省市") != region.rstrip("省市")


def _best(scored: Iterable[tuple[CustomerEntry, float, Reason]]) -> tuple[Candidate, ...]:
    best: dict[str, Candidate] = {}
    for entry, score, reason in scored:
        if entry.name not in best or best[entry.name].score < score:
            best[entry.name] = Candidate(entry.name, score, reason)
    return tuple(sorted(best.values(), key=lambda candidate: (-candidate.score, candidate.name)))


def _inside_a_word(text: str, start: int, end: int) -> bool:
    """Letters within a longer word of letters: SAP in SAPA."""
    first, last = text[start], text[end - 1]
    if first.isascii() and start and text[start - 1].isascii() and text[start - 1].isalnum():
        return True
    return last.isascii() and last.isalnum() and text[end : end + 1].isascii() and text[end : end + 1].isalnum()


def _in_place(text: str, start: int, end: int, form: _Form) -> float:
    """The score of a form where it stands: 恒力 in 上海恒力 or 恒力泰电子 is perhaps another company than 宁波恒力阀门."""
    if form.reason in ("exact", "alias") and not form.short:
        return form.score
    parts = parts_of(form.entry.name)
    before = next((region for region in REGIONS if text[max(0, start - 4) : start].endswith(region)), "")
    if before and parts.region and not form.words.startswith(parts.region) and before != parts.region.rstrip("省市"):
        return min(form.score, 0.8)
    other = _OTHER_TRADE.match(text, end)
    if form.short and other and not (not other[1] and parts.trade.startswith(other[2])):
        return min(form.score, 0.8)
    return form.score


def _with_ending(text: str, end: int) -> int:
    for ending in LEGAL:
        if text.startswith(ending, end):
            return end + len(ending)
    return end


@lru_cache(maxsize=16)
def index_of(customers: tuple[CustomerEntry, ...]) -> Index:
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
