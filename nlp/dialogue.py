"""A chat as text: the first line is its title, `我：` is the rep, everybody else is the customer's side.

A rep may type a chat like that himself; what is read in a picture of one is written so (`written`), and then nobody can speak
for another: a name holds no colon and is never 我, and each further line of a bubble begins with INDENT, which `read` takes
for more words of the same speaker whatever stands behind it.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from nlp import clauses, dates
from nlp.clauses import Clause, Speaker
from nlp.dates import TimeMention
from nlp.draft import Span
from nlp.screens import Message, MessageKind

INDENT = "\u2003"
"""An em space, which nobody types."""
REP, OTHER = "我", "对方"
LONGEST_NAME, LONGEST_TITLE, LONGEST_BUBBLE = 20, 60, 5_000
MOST_MESSAGES = 2_000

_LINE = re.compile(r"[^\n\r]+")
_SAYS = re.compile(rf"\s*(?P<who>[^：:\n]{{1,{LONGEST_NAME}}}?)\s*[：:]\s*")
_CLOCK = re.compile(
    r"\s*(?:\d{4}年)?(?:\d{1,2}月\d{1,2}日|昨天|今天|星期.|周.|\d{4}[-/]\d{1,2}[-/]\d{1,2})?\s*(?:凌晨|早上|上午|中午|下午|晚上)?\s*\d{1,2}:\d{2}\s*$"
)
_PAUSE = re.compile(
    r"(?<=[\u4e00-\u9fff])[ \t](?=[\u4e00-\u9fff])|@[^\s@，。,]{1,20}(?=\s|$)"
    r"|[\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]|\[(?:[\u4e00-\u9fff]{1,4}|OK|ok|Ok)\]"
    r"|(?<=\S)[ \t]+(?=(?:\d{1,2}月)?\d{1,2}[号日月](?!机))|(?<=[吗呢吧么哈啊了?？])[ \t]+(?=\S)"
)
"""What parts two thoughts in a bubble besides a stop: a blank between words, before a date or behind a particle, an emoji,
and whom it is for (@张工)."""
_NODS = re.compile(r"\s*(?:(?:👌|🆗|🫡|\[(?:OK|ok|Ok|好的|收到)\])[\U0001f3fb-\U0001f3ff\ufe0f]?\s*)+")
"""A sign that is a whole bubble and says yes; 👍 may only applaud."""
_CARD = re.compile(r"【[^【】\n]*】\s*")
_NOBODYS = re.compile(
    r"^\s*(?:我|me)\s*[：:]"
    r"|忽略.{0,6}(?:以上|之前|前面|上面|上述|先前)|(?:以上|之前|前面|上面|上述)的?.{0,4}(?:指令|提示词?|规则|设定).{0,4}(?:作废|无效|忽略)"
    r"|(?:ignore|disregard|forget).{0,12}(?:previous|above|prior|all).{0,20}|system\s*prompt|系统(?:提示|指令|消息)[词：:]"
    r"|把.{0,4}(?:客户|客户名称?|阶段|记录|态度|字段|待办)(?:改|设|写|填|标)(?:置|写)?(?:成|为)|(?:输出|打印|导出)(?:所有|全部|以上).{0,4}(?:数据|内容|指令|记录)",
    re.IGNORECASE,
)
"""A line on the customer's side that plays the rep, or talks to a machine that may read it: words, and nothing that he wants."""
_ME = frozenset(("我", "Me", "me"))


# Reading


@dataclass(frozen=True)
class Chat:
    title: Span | None
    pieces: tuple[Clause, ...]
    names: tuple[Span, ...] = ()
    """The names of the customer's side before their words, each where it first stands."""


@dataclass(frozen=True)
class _Line:
    """`start` and `end` are those of its words, behind the name. `speaker` is None for the title, `name` where there is none."""

    start: int
    end: int
    speaker: Speaker | None
    name: Span | None = None
    goes_on: bool = False
    """Whether it is a further line of the same bubble."""


def _spoken(text: str) -> Iterator[_Line]:
    """The title and the lines that somebody speaks.

    A line without a name goes on with the speaker before it; time stamps between the lines are nobody's words.
    """
    speaker: Speaker | None = None
    is_first = True
    for line in _LINE.finditer(text):
        if not line[0].strip():
            continue
        goes_on = speaker is not None and line[0].startswith(INDENT)
        if not goes_on and _CLOCK.fullmatch(line[0]):
            continue
        says = None if goes_on else _SAYS.match(text, line.start(), line.end())
        if says is not None and not says["who"].isdecimal():
            speaker = "rep" if says["who"].strip() in _ME else "customer"
            yield _Line(says.end(), line.end(), speaker, Span(*says.span("who")))
        elif is_first and says is None:
            yield _Line(line.start(), line.end(), None)
        else:
            yield _Line(line.start(), line.end(), speaker or "customer", goes_on=goes_on)
        is_first = False


def read(text: str) -> Chat:
    """The chat's title and what was said, clause by clause with its speaker; each line is a sentence of its own.

    The title of a card (【报价单.pdf】) is nobody's words.
    """
    pieces: list[Clause] = []
    names: dict[str, Span] = {}
    title: Span | None = None
    sentence = 0
    for line in _spoken(text):
        words = text[line.start : line.end]
        if line.speaker is None:
            start = line.start + len(words) - len(words.lstrip())
            title = Span(start, line.start + len(words.rstrip()))
            continue
        if line.name is not None and line.speaker == "customer":
            names.setdefault(line.name.of(text), line.name)
        sentence += 1
        if _CARD.fullmatch(words):
            continue
        found = clauses.split(words, line.start, speaker=line.speaker, sentence=sentence)
        pieces += found
        sentence = max([sentence, *(piece.sentence for piece in found)])
    return Chat(title, tuple(pieces), tuple(names.values()))


def plain(text: str) -> str:
    """The chat as the rules read it, every offset kept: a comma for each sign that parts two thoughts, and commas alone where
    somebody on the customer's side plays the rep or talks to a machine, from there to the end of his bubble."""
    signs = list(text)
    is_played = False
    for line in _spoken(text):
        if line.speaker is None:
            continue
        words = text[line.start : line.end]
        is_played = (is_played and line.goes_on) or (line.speaker == "customer" and bool(_NOBODYS.search(words)))
        if _NODS.fullmatch(words) and not is_played and not line.goes_on:
            signs[line.start : line.end] = "好" + "，" * (len(words) - 1)
            continue
        words = "，" * len(words) if is_played else _PAUSE.sub(lambda pause: "，" * len(pause[0]), words)
        signs[line.start : line.end] = words
    return "".join(signs)


class Voices:
    """Who says what stands at an offset of a chat."""

    def __init__(self, pieces: Sequence[Clause]) -> None:
        self._pieces = sorted(pieces, key=lambda piece: piece.start)
        self._starts = [piece.start for piece in self._pieces]

    def at(self, offset: int) -> Speaker | None:
        """None where nobody speaks: in the title, in names and in what parts the clauses."""
        piece = self.piece_at(offset)
        return piece.speaker if piece is not None else None

    def piece_at(self, offset: int) -> Clause | None:
        number = bisect_right(self._starts, offset) - 1
        return self._pieces[number] if number >= 0 and offset < self._pieces[number].end else None


# Writing


@dataclass(frozen=True)
class Written:
    """`moments`: from that offset on, what was said was said at that moment (aware), as far as the messages know it."""

    text: str
    moments: tuple[tuple[int, datetime], ...] = ()
    places: tuple[tuple[int, int, int], ...] = ()
    """For each message that has words, in order: where its line begins and ends, and its number among those given."""

    def message_at(self, offset: int) -> int | None:
        """The number of the message that the character belongs to; None for the title and between the lines."""
        at = bisect_right(self.places, (offset, len(self.text) + 1, 0)) - 1
        if at < 0 or offset >= self.places[at][1]:
            return None
        return self.places[at][2]


_WITH_WORDS: frozenset[MessageKind] = frozenset(("text", "card", "transfer"))
"""A quote repeats what was said, a time or a notice is the messenger's, a voice or a picture shows no words."""


def written(messages: Sequence[Message], title: str | None) -> Written:
    """The chat as text that `read` understands. Never raises, whatever the words; linear."""
    head = _titled(title)
    position = len(head)
    parts = [head] if head else []
    moments: list[tuple[int, datetime]] = []
    places: list[tuple[int, int, int]] = []
    for number, message in enumerate(messages[:MOST_MESSAGES]):
        words = _words(message)
        if not words:
            continue
        position += bool(parts)
        line = f"{_name(message, title)}：{words}"
        moment = message.sent_at
        if moment is not None and _counts(moment) and (not moments or moments[-1][1] != moment):
            moments.append((position, moment))
        places.append((position, position + len(line), number))
        parts.append(line)
        position += len(line)
    return Written("\n".join(parts), tuple(moments), tuple(places))


def _counts(moment: datetime) -> bool:
    return moment.utcoffset() is not None and dates.YEARS[0] <= moment.year <= dates.YEARS[1]


_UNSEEN = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Signs that turn or hide what stands beside them."""


def _lines(words: str) -> Iterable[str]:
    for line in words.splitlines():
        shown = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in _UNSEEN.sub("", line)).strip()
        if shown:
            yield shown


def _words(message: Message) -> str:
    if message.speaker == "system" or message.kind not in _WITH_WORDS:
        return ""
    lines = list(_lines(message.text[:LONGEST_BUBBLE]))
    if message.kind == "card":
        lines = [f"【{re.sub('[【】]', ' ', line)}】" for line in lines[:1]]
    return f"\n{INDENT}".join(lines)


def _titled(title: str | None) -> str:
    return re.sub(r"[：:\s]+", " ", " ".join(_lines((title or "")[: 2 * LONGEST_TITLE])))[:LONGEST_TITLE].strip()


def _name(message: Message, title: str | None) -> str:
    """Who speaks; the one on the left is never the rep, whatever he calls himself."""
    if message.speaker == "right":
        return REP
    shown = _named(message.nick)[:LONGEST_NAME].strip()
    if _is_a_name(shown):
        return shown
    shown = _named(title)
    return shown if _is_a_name(shown) else OTHER


def _named(name: str | None) -> str:
    shown = unicodedata.normalize("NFKC", " ".join(_lines((name or "")[: 2 * LONGEST_TITLE])))
    return re.sub(r"[：:\s]+", " ", clauses.fold(shown)).strip()


def _is_a_name(shown: str) -> bool:
    return 0 < len(shown) <= LONGEST_NAME and not shown.isdecimal() and shown.casefold() not in _ME


# Counting days

_OF = re.compile(r"(?:份)?(?:那[批次笔台个份天]|[这上]批|的(?!话|时候|样子|前|后))")


def dating(text: str, times: Iterable[TimeMention]) -> list[TimeMention]:
    """The times without those that only say which thing is meant: 9月那批的发票重开下 is not to be done by September."""
    return [mention for mention in times if not _OF.match(text, mention.span.end)]


def times(
    text: str,
    sent_at: datetime,
    zone: ZoneInfo,
    moments: Sequence[tuple[int, datetime]] = (),
    worked: dates.Worked = dates.is_working_day,
) -> list[TimeMention]:
    """Every expression of time, days counted from the moment at which the words around it were said (`Written.moments`).

    What stands before the first moment was said before it: it is counted from that one, the nearest that is known.
    """
    if not moments:
        return dates.find(text, sent_at, zone, worked)
    found: list[TimeMention] = []
    starts = [0, *(offset for offset, _ in moments[1:]), len(text)]
    for (_, moment), start, end in zip(moments, starts, starts[1:], strict=False):
        for mention in dates.find(text[start:end], moment, zone, worked):
            span = Span(mention.span.start + start, mention.span.end + start)
            found.append(replace(mention, span=span))
    return found
