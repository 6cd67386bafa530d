"""A chat as text: the first line is its title, `我：` is the rep, everybody else is the customer's side."""

import re
from dataclasses import dataclass

from nlp import clauses
from nlp.clauses import Clause, Speaker
from nlp.draft import Span

_LINE = re.compile(r"[^\n\r]+")
_SAYS = re.compile(r"\s*(?P<who>[^：:\n]{1,20}?)\s*[：:]\s*")
_CLOCK = re.compile(
    r"\s*(?:\d{4}年)?(?:\d{1,2}月\d{1,2}日|昨天|今天|星期.|周.|\d{4}[-/]\d{1,2}[-/]\d{1,2})?\s*(?:凌晨|早上|上午|中午|下午|晚上)?\s*\d{1,2}:\d{2}\s*$"
)


@dataclass(frozen=True)
class Chat:
    title: Span | None
    pieces: tuple[Clause, ...]


def read(text: str) -> Chat:
    """The chat's title and what was said, clause by clause with its speaker.

    A line without a name goes on with the speaker before it; time stamps between the lines are nobody's words.
    """
    pieces: list[Clause] = []
    title: Span | None = None
    speaker: Speaker | None = None
    sentence = 0
    for line in _LINE.finditer(text):
        if not line[0].strip():
            continue
        says = _SAYS.match(text, line.start(), line.end())
        if _CLOCK.fullmatch(line[0]):
            continue
        if title is None and not pieces and says is None:
            title = Span(line.start() + len(line[0]) - len(line[0].lstrip()), line.start() + len(line[0].rstrip()))
            continue
        start = line.start()
        if says is not None and not says["who"].isdecimal():
            speaker = "rep" if says["who"].strip() in ("我", "Me", "me") else "customer"
            start = says.end()
        sentence += 1
        found = clauses.split(text[start : line.end()], start, speaker=speaker or "customer", sentence=sentence)
        pieces += found
        sentence = max([sentence, *(piece.sentence for piece in found)])
    return Chat(title, tuple(pieces))
