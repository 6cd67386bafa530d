"""Text cut into clauses, and the signs by which speakers take something back.

Every offset is one of the text as it was given: folding keeps the length.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from nlp.draft import Span

Speaker = Literal["rep", "customer"]

_WIDE = "".join(map(chr, (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))))
_FOLD = {ord(c): chr(ord(c) - 0xFEE0) for c in _WIDE} | str.maketrans("％．～－—–￥／", "%.~---¥/")

STOP = '，。！？；：、,!?;:\n\r\t …「」“”"（）()【】'
"""Characters that end a run of words."""

_HARD = re.compile(r"[，。！？；,!?;\n\r…]+|\s{2,}")
_FULL_STOP = re.compile(r"[。！？!?\n\r]")
# Where speech without punctuation starts a new thought. Each begins a clause wherever it stands, so only words that
# hardly ever stand inside one are here.
_SOFT = re.compile(
    r"(?<=[^，。！？；,!?;\n\r…\s])(?="
    r"但是|不过|另外|还有就是|然后|接下来|下一步|而且|所以|因为|如果|要是|同时|并且|可是|只是|结果(?=他|她|客户|对方|领导|说)|"
    r"我(?:已经)?答应|我承诺|我打算|我准备|我计划|我建议|我跟他|我这边|我们这边|"
    r"(?:他|她|他们|对方|客户)(?:那边|说|觉得|答应|承诺|要求|希望我们|担心|认为|反馈|表示|现在|今年|还在|已经)|"
    r"预算(?:大概|大约|差不多|在|是|有|就)|(?<!比)(?:竞争对手|竞品)(?:是|那边|主要)|"
    r"(?:让|要求)我们|最好(?:是|在|这周|下周|本周|月底)|(?<![跟给对让叫找问和比为把被求们])我(?:说|明天|后天|下周|这周|回去|回头|马上)|时间[定订]在|(?:他|她)(?:要给|还要|会把|会给)|"
    r"就是(?:嫌|觉得|担心|价格|领导|预算|说)|说领导|第[一二三四五六]家)"
)


def fold(text: str) -> str:
    """Full-width letters, digits and a few signs made ASCII, character by character: offsets stay valid."""
    return text.translate(_FOLD)


@dataclass(frozen=True)
class Clause:
    """A run of words between two pauses; `sentence` numbers the sentence that it belongs to."""

    text: str
    start: int
    sentence: int
    speaker: Speaker | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def span(self, start: int, end: int) -> Span:
        """Offsets within the clause as a span of the whole text."""
        return Span(self.start + start, self.start + end)


def split(text: str, start: int = 0, *, speaker: Speaker | None = None, sentence: int = 0) -> list[Clause]:
    """The clauses of `text` in order, without their punctuation; `start` is where `text` stands in the whole."""
    found: list[Clause] = []
    position = 0
    for stop in (*_HARD.finditer(text), None):
        end = stop.start() if stop else len(text)
        for piece_start, piece_end in _pieces(text, position, end):
            found.append(Clause(text[piece_start:piece_end], start + piece_start, sentence, speaker))
        if stop:
            position = stop.end()
            sentence += bool(_FULL_STOP.search(stop[0]))
    return found


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for cut in _SOFT.finditer(text, start, end):
        at = cut.start()
        if at - position >= 2:
            yield from _trimmed(text, position, at)
            position = at
    yield from _trimmed(text, position, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


_TAKES_BACK = re.compile(
    r"^[^，。！？；,!?;\n\d]{0,4}[，,。、…\s]*(?:嗯|呃|啊|哦|哎|诶|那个)*[，,、\s]*"
    r"(?:(?:不对|错了|说错了|我说错了|讲错了|记错了|我记错了|搞错了|更正(?:一下)?|纠正(?:一下)?|口误|哦不|啊不|应该说|准确(?:地|的)?说)"
    r"[，,。、…\s啊呀哈了吧]*|不是[，,。、…\s]+)+"
    r"(?:应该|是|应该是|改成|改为|说的是|我说的是|[^，。！？；,!?;\n\d零一二两三四五六七八九十百千万]{0,5})*$"
)
_IS_NOT = re.compile(r"(?<!是)(?<!要)不是(?:[^，。！？；,!?;\n]{0,2})$")


def withdrawn(text: str, spans: Sequence[Span]) -> set[int]:
    """Which of the spans (of one kind, in order) the speaker takes back: 八十万，不对，八十五万 withdraws the first.

    不是A是B withdraws A as well; A 不是 B withdraws B.
    """
    gone: set[int] = set()
    for index, span in enumerate(spans):
        if _IS_NOT.search(text, max(0, span.start - 6), span.start) and not _takes_back_before(text, spans, index):
            gone.add(index)
            continue
        if index + 1 < len(spans):
            between = text[span.end : spans[index + 1].start]
            if len(between) <= 24 and _TAKES_BACK.match(between):
                gone.add(index)
    return gone


def _takes_back_before(text: str, spans: Sequence[Span], index: int) -> bool:
    if index == 0:
        return False
    between = text[spans[index - 1].end : spans[index].start]
    return len(between) <= 24 and bool(_TAKES_BACK.match(between)) and bool(re.search(r"不是[，,。、…\s]", between))
