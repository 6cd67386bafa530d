"""Text cut into clauses, and the signs by which speakers take something back.

Every offset is one of the text as it was given: folding keeps the length.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from nlp.draft import Span
from nlp.places import SURNAMES

Speaker = Literal["rep", "customer"]

_WIDE = "".join(map(chr, (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))))
_FOLD = {ord(c): chr(ord(c) - 0xFEE0) for c in _WIDE} | str.maketrans("％．～－—–￥／", "%.~---¥/")

STOP = '，。！？；：、,!?;:\n\r\t …「」“”"（）()【】'
"""Characters that end a run of words."""

_HARD = re.compile(
    r"[，。！？；,!?;\n\r…]+|\s{2,}|(?<=[\u4e00-\u9fff])[ \t](?=[\u4e00-\u9fff])"
    r"|(?<=[\dA-Za-z%）)])[ \t](?=[\u4e00-\u9fff])(?![万亿元块年月日号点时分台套个件吨天周米千百折成])"
)
"""Also the single space by which typed notes part their items: 恒力 王总 预算85万 等批."""
_FULL_STOP = re.compile(r"[。！？!?\n\r]")
_SURNAMES = "".join(sorted(SURNAMES))
_TITLES = "总监|副总|总|经理|主任|科长|院长|校长|园长|部长|处长|厂长|所长|老板|书记|工|老师|教授|董"
_SAYS = "说|问|讲|提|让|要求|希望|答应|承诺|担心|觉得|认为|感觉|的意思|意思|嫌|表示|反馈|想(?!法)|那边|这边|现在|还(?!款)|已经|今年|倒是|自己|口头|也|就是|对(?!接)|态度|催"
# Where speech without punctuation starts a new thought. Each begins a clause wherever it stands, so only words that
# hardly ever stand inside one are here: words that join sentences, and somebody who begins to speak or to act.
_SOFT = re.compile(
    r"(?<=[^，。！？；,!?;\n\r…\s])(?="
    r"但是|不过|另外(?!一家|算|付|的)|还有就是|还有(?:一个|一点|那个|他|她)|然后|接下来|下一步|而且|所以|因为|如果|要是|同时|并且|可是|只是|对了|结果(?=他|她|客户|对方|领导|说)|反正|"
    r"(?<![跟给对让叫找问向和比为把被求们诉帮])我(?:已经)?(?:答应|承诺|打算|准备|计划|建议|跟他|这边|说(?!明)|没答应|来(?!这)|回去|回头|马上|得|先|估计|请(?:示|我|技|研|公|领)|让|当场|问(?!题)|就(?:说|跟|先|回)|"
    r"今[天晚]|明[天晚早]|后天|下个?(?:周|礼拜|星期|月)|这(?:个?周|两天|个月|礼拜)|本周|周[一二三四五六日天末]|礼拜|星期|月底|\d{1,2}[号日月]|[一二三四五六七八九十]{1,3}[号月])|"
    r"(?<![跟给对让叫找问向和比为把被求诉帮])我们(?:这边|说|回去|报(?:的|了|价|[一二三四五六七八九十\d])|先|答应|下个?(?:周|月)|明天)|"
    rf"(?<![跟给对让叫找问向和比为把被是了诉帮到见于])(?:他们?|她们?|对方|客户|甲方)(?:的财务|领导)?(?:{_SAYS})|希望我们|"
    rf"(?<![和跟给对让叫找问向说是见到着副姓实，])(?:[{_SURNAMES}](?:{_TITLES})|[老小][{_SURNAMES}])(?:说|问|讲|让|要求|希望|答应|担心|觉得|认为|的意思|嫌|表示|倒是|那边说)|"
    r"(?<![跟给对让问和])(?:院办|采购|技术部?|财务部?|法务部?|设备科|信息科|上面)(?:说(?!明)|那边说)|"
    r"那个(?:他|她|我|[\u4e00-\u9fff]总)|"
    r"预算(?:大概|大约|差不多|在|是|有|就|没|还)|(?<!比)(?:竞争对手|竞品)(?:是|那边|主要)|"
    r"(?<![我不没想动])(?:让|要求|催着?|请|叫)我们|(?<![我不没想动跟找问])(?:让|要)我(?:们|帮|给|打|发|做|出|重新|再|明|后|下|这|周)|最好(?!的|不过)|时间[定订]在|(?:他|她)(?:要给|还要|会把|会给)|"
    r"就是(?:嫌|觉得|担心|价格|领导|预算|说)|说领导|第[一二三四五]家)"
    r"|(?<=[吧嘛])(?<![酒网贴]吧)(?=[\u4e00-\u9fff]{3})"
    # A hum between two thoughts parts them; one behind 的, 把 or a date only hesitates.
    r"|(?<=[^的把个给要在是跟和叫去天午号点嗯呃，][嗯啊哈])(?<![去天]了嗯)(?=[\u4e00-\u9fff]{3})"
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


LONGEST_CLAUSE = 200
"""People take breath before; a longer run (a spoken note without any sign, or nonsense) is cut, so that whatever looks
around within a clause does bounded work."""


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    for at in range(start, end, LONGEST_CLAUSE):
        yield at, min(end, at + LONGEST_CLAUSE)


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
