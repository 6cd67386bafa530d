"""What we answered to an objection, as a note or a chat quotes it: 他嫌贵，我说您把五年的电费算进去就不贵了.

Only words that stand there as ours count: a bubble of ours in a chat, or what follows 我说, 我跟他解释 and the like in a note.
The quotation ends where somebody else speaks, and may so be shorter than what was said, but never other than it.
"""

import re

from nlp import clauses, dialogue
from nlp.draft import Span

LEAST, MOST = 8, 300
"""Characters of an answer that is worth keeping."""
WITHIN = 40
"""Characters between the objection and the answer; further on, it may be one to something else."""

_TELLS = re.compile(
    r"(?:所以|然后|于是|后来)?我(?:们)?(?:就|当时|当场|也|马上|后来)?(?:(?:跟|和|对|给|向)(?:他|她|客户|对方|[\u4e00-\u9fff]{1,2}(?:总|经理|工|主任|老板))们?)?"
    r"(?:就|也)?(?:这样|这么)?(?:说|讲|解释|回复|回答|告诉(?:他|她|客户|对方)们?|回)(?:他|她)?们?(?:的是|说|道|了)?[，,：:\s「“\"]*"
)
_SOMEBODY_ELSE = re.compile(
    r"(?:结果|最后|然后|后来|于是)?(?:他|她|客户|对方|[\u4e00-\u9fff]{1,2}(?:总|经理|工|主任|老板))(?!的|家)"
)
_ENDS = "。！？!?；;\n"


def reply_to(text: str, objection: Span, *, is_chat: bool) -> Span | None:
    """Where our answer to the objection stands; None where none is quoted.

    >>> text = "他嫌贵，我说您把五年的电费算进去就不贵了，他听完点头。"
    >>> found = reply_to(text, Span(1, 3), is_chat=False)
    >>> found.of(text)
    '您把五年的电费算进去就不贵了'
    """
    found = _in_chat(text, objection) if is_chat else _in_note(text, objection)
    return found if found is not None and LEAST <= found.end - found.start <= MOST else None


def _in_chat(text: str, objection: Span) -> Span | None:
    """The first line of ours after the customer's."""
    start = end = None
    for piece in dialogue.read(text).pieces:
        if piece.start < objection.end:
            continue
        is_ours = piece.speaker == "rep"
        if end is not None and (not is_ours or "\n" in text[end : piece.start]):
            break
        if is_ours:
            start, end = (piece.start if start is None else start), piece.end
        elif piece.start - objection.end > WITHIN:
            return None
    return None if start is None or end is None else Span(start, end)


def _in_note(text: str, objection: Span) -> Span | None:
    start = end = None
    for clause in clauses.split(text):
        if clause.start < objection.end:
            continue
        if start is None:
            if clause.start - objection.end > WITHIN:
                return None
            if told := _TELLS.match(clause.text):
                start = clause.start + told.end()
                end = clause.end
        elif any(sign in text[end : clause.start] for sign in _ENDS) or _SOMEBODY_ELSE.match(clause.text):
            break
        else:
            end = clause.end
    return _trimmed(text, start, end) if start is not None and end is not None else None


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without pauses at either side: 我说，您看 parts in two clauses."""
    while start < end and text[start] in ' ，,：:「“"':
        start += 1
    return Span(start, max(start, end))
