"""The key points of a script, and how much of one an answer said.

A key point is a sentence or a step of the script without its pleasantries. An answer need not use its words: synonyms,
words of one meaning and homophones count as the same, and only words that stand near one another count together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from nlp import script_words, thesaurus
from nlp.script_grams import content
from nlp.sounds import syllable

MOST_POINTS = 12
"""A longer script is one to read; nobody says more than this in a minute."""
MOST_READ = 1_500
"""Characters of an answer that are looked at: five minutes of speech."""
LEAST = 2
"""Characters of content that make a point of a sentence."""
LEAST_BESIDE_COURTESY = 6
"""So much must a clause say beside a pleasantry to be what its sentence is about (第一次接触，您谨慎是应该的)."""
WINDOW = 4
"""Clauses of an answer in which one point may be said: people put a pause between its parts."""
MEANT = 0.5
"""How much a word counts that only means the same: 维修 for 备件 is near, and not it. More, and answers to other objections
score (benchmarks/practice.py)."""
SINGLES, PAIRS = 0.65, 0.35
"""How much single characters and pairs of them count; singles more, since paraphrases rarely keep the order."""

_COURTESY = re.compile(
    r"应该的|很正常|有道理|是好事|是对的|我理解|^理解$|^明白$|^好的$|谅解|说得对|我支持|我们尊重|^谢谢|也很好$|指出来很好"
)
_ENDS = " \t\n。！？；：:，,、”」』）"
_TAG = re.compile(r"(?:您看)?(?:行|好|对|可以)(?:吗|不行|不好|不对)[？?]?$")
_CLAUSE = re.compile(r"[^，。！？；：、,.!?;:\s]+")
_FILLERS = re.compile(
    "我们|你们|咱们|咱俩|他们|贵司|贵公司|这边|那边|这个|那个|这样|那样|这些|那些|可以|能不能|是不是|方便的话|如果|要是|请问|麻烦|"
    "一下|一个|一点|哪一|哪些|哪个|哪项|什么|怎么|多少|一起|然后|还是|以及|的话|或者|觉得|"
    "[您你我咱他她它请再就也都还才把给跟和与或的了吗呢啊吧呀嘛啥是哪几来去着很这那]|"
    "一(?!致)|(?<![需重主必])要(?![求点])|(?<![功性可])能(?![耗力源])|(?<![机开])会(?!议)|(?<!达)到(?![货场位期账])|(?<!核)对(?![应比照])|"
    "先(?!生)|得(?!到)|地(?![方址点])|看(?!重)|想(?!法)|(?<!现)在|(?<!不)做(?!法)|让(?![利步价])|按(?!时)|(?<!通)过(?!期)|说(?!明)|讲(?!解)|有(?!效)|由|被"
)
_NO_POINT = frozenset(
    [
        "我方",
        "客户方人员",
        "技术要求参数",
        "要求让我们",
        "希望想要",
        "疑问",
        "假设条件",
        "否定没有",
        "转折",
        "转述",
        "将来打算",
        "过去时间",
        "约定时间",
        "已经完成",
        "尚未",
        "准备整理",
        "夸奖满意",
    ]
)
"""Meanings that are too wide to be what a sentence is about: who is talking, when, in what mood."""


@dataclass(frozen=True)
class Point:
    text: str
    """In the script's own words, without its placeholders' braces and the mark of a step."""
    plain: str
    """What of it is looked for."""


@lru_cache(maxsize=256)
def key_points(body: str) -> tuple[Point, ...]:
    """In the order of the script; of a script that is nothing but pleasantries, these."""
    sentences = [_shown(sentence) for sentence in script_words.sentences(body) if not _needs_values(sentence)]
    wanted = [kept for sentence in sentences if (kept := _without_courtesy(sentence))]
    points = [Point(text, plain) for text in wanted or sentences if len(plain := _plain(text)) >= LEAST]
    return tuple(dict.fromkeys(points))[:MOST_POINTS]


def coverage(point: Point, answer: str) -> float:
    """How much of the point was said, from 0 to 1."""
    return max((_shared(point.plain, window) for window in windows(answer)), default=0.0)


@lru_cache(maxsize=16)
def windows(answer: str) -> tuple["Window", ...]:
    """Each run of up to WINDOW clauses."""
    clauses = [(found[0], _plain(found[0])) for found in _CLAUSE.finditer(answer[:MOST_READ])]
    clauses = [clause for clause in clauses if clause[1]]
    return tuple(
        _window(clauses[start : start + length])
        for length in range(1, min(WINDOW, len(clauses)) + 1)
        for start in range(len(clauses) - length + 1)
    )


@dataclass(frozen=True)
class Window:
    singles: frozenset[str]
    pairs: frozenset[str]
    sounds: frozenset[str]
    meanings: frozenset[int]


def _window(clauses: Sequence[tuple[str, str]]) -> Window:
    plain = "".join(text for _, text in clauses)
    return Window(
        frozenset(plain),
        frozenset(one + other for one, other in pairwise(plain)),
        frozenset(filter(None, (_sound(one + other) for one, other in pairwise(plain)))),
        frozenset(word.meaning for texts in clauses for text in texts for word in _meanings(text)),
    )


def _shared(plain: str, window: Window) -> float:
    meant = [False] * len(plain)
    for word in _meanings(plain):
        if word.meaning in window.meanings:
            meant[word.start : word.end] = [True] * (word.end - word.start)
    pairs = [one + other for one, other in pairwise(plain)]
    said = [
        1.0 if pair in window.pairs or _sound(pair) in window.sounds else MEANT * (meant[at] and meant[at + 1])
        for at, pair in enumerate(pairs)
    ]
    singles = [
        1.0 if character in window.singles else max([MEANT * meant[at], *said[max(at - 1, 0) : at + 1]])
        for at, character in enumerate(plain)
    ]
    share = sum(singles) / len(singles)
    return SINGLES * share + PAIRS * (sum(said) / len(said) if said else share)


def _needs_values(sentence: str) -> bool:
    """Whether each part of it is about an amount or a name that nobody has in a practice."""
    parts = [part for part in re.split(r"[，,；]", sentence.strip(_ENDS)) if part]
    return all("{" in part for part in parts) and bool(parts) and "案例客户" not in sentence


def _shown(sentence: str) -> str:
    text = sentence.strip(_ENDS).removeprefix("- ").removeprefix("-").strip(_ENDS)
    return re.sub(r"\{([^{}]*)\}", r"\1", text)


def _without_courtesy(sentence: str) -> str:
    clauses = re.split(r"(?<=[，,])", sentence)
    kept = [clause for clause in clauses if not _COURTESY.search(clause.strip(_ENDS))]
    if len(kept) == len(clauses):
        return sentence
    rest = "".join(kept).strip(_ENDS)
    return rest if len(rest) >= LEAST_BESIDE_COURTESY else ""


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return _FILLERS.sub("", content(_TAG.sub("", text))).replace(" ", "")


@lru_cache(maxsize=4096)
def _meanings(text: str) -> tuple[thesaurus.Meant, ...]:
    known = thesaurus.default()
    return tuple(
        meant
        for meant in known.find(text)
        if meant.end - meant.start > 1 and known.meanings[meant.meaning] not in _NO_POINT
    )


@lru_cache(maxsize=8192)
def _sound(pair: str) -> str | None:
    said = [syllable(character) for character in pair]
    return "-".join(f"{each[0]}{each[1]}" for each in said if each) if all(said) else None
