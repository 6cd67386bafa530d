"""When a deal is expected to be signed, and who decides, as a note tells it.

Precision before recall: a day counts where one clause names the signing and one day to come; what is asked, supposed,
denied, or a competitor's, tells none.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import DeciderMention, SigningMention, Span
from nlp.places import COMPOUND_SURNAMES, SURNAMES

_SIGNS = re.compile(
    r"签(?:下来|得下来|订|署)?(?:正式)?(?:采购)?(?:合同|协议|约|单)|(?:合同|协议|单子)[^，。；]{0,14}(?:签(?!字|收|到)|盖章)|"
    r"(?:签约|签单|下单|成交)(?:时间|日期|日)?"
)
_NOT = re.compile(r"(?:没有?|还没|未|不会|不能|不一定|别|难以|没法)[^，。]{0,4}$")
_OPEN = re.compile(r"[吗么]\s*$|能不能|会不会|是不是|如果|要是|假如|万一|除非|怕|担心|说不准|不确定|不好说")
_RIVALS = re.compile(r"竞品|竞争对手|对手|别家|他家|友商|别人家|同行")
_NO_CONTRACT = re.compile(r"保密协议|框架|试用协议|意向")
"""These are signed on the way, and are not the deal."""


def expected(pieces: Sequence[Clause], times: Sequence[TimeMention], *, sent_on: date) -> SigningMention | None:
    """The day on which the note expects the contract, its last word on it; `times` are those of the note."""
    found = None
    for clause in pieces:
        signs = _SIGNS.search(clause.text)
        if signs is None or any(pattern.search(clause.text) for pattern in (_OPEN, _RIVALS, _NO_CONTRACT)):
            continue
        if _NOT.search(clause.text[: signs.start()]):
            continue
        meant = [
            (mention.due, mention.span)
            for mention in times
            if mention.due is not None
            and mention.due >= sent_on
            and clause.start <= mention.span.start
            and mention.span.end <= clause.end
        ]
        # of 从12月10号推到12月20号 the last one is meant; two days side by side mean neither
        if not meant or (len(meant) > 1 and not _PUSHED.search(clause.text)):
            continue
        due, span = meant[-1]
        start = min(span.start, clause.start + signs.start())
        found = SigningMention(due, Span(start, max(span.end, clause.start + signs.end())))
    return found


_PUSHED = re.compile(r"推到|推迟到?|延到|延期到?|延后到?|顺延到?|改到|提前到|拖到")
_TITLE = "总监|总经理|经理|主任|厂长|院长|处长|科长|部长|董事长|董事|老板|工程师|工|总|董|主管|书记|局长|所长|校长"
_SURNAME = f"(?:{'|'.join(COMPOUND_SURNAMES)}|[{''.join(sorted(SURNAMES))}])"
_NAME = rf"{_SURNAME}[\u4e00-\u9fff]{{0,2}}?(?:{_TITLE})"
_DECIDES = re.compile(
    rf"(?P<name>{_NAME})(?:一个人|本人|那边|这边)?(?:来|就|能|可以|最后|最终|才)?"
    r"(?:拍板|说了算|做主|定夺|做(?:最终|最后)?决定|是(?:最终|最后)?(?:决策人|拍板的|拍板人))|"
    rf"(?:决策人|拍板的|拍板人|(?:最终|最后)(?:由|是))(?:是|就是|为|由)?(?P<named>{_NAME})"
)
_DENIED = re.compile(r"(?:不是|不归|不由|轮不到|没法由)$")


def deciders(pieces: Sequence[Clause]) -> Iterator[DeciderMention]:
    """Who the note says has the last word, as said.

    >>> from nlp import clauses
    >>> [one.name for one in deciders(clauses.split("采购王经理认可，不过李总拍板。"))]
    ['李总']
    >>> list(deciders(clauses.split("不是李总拍板")))
    []
    """
    for clause in pieces:
        if _OPEN.search(clause.text) or _RIVALS.search(clause.text):
            continue
        for match in _DECIDES.finditer(clause.text):
            group = "name" if match["name"] else "named"
            if not _DENIED.search(clause.text[: match.start()]):
                yield DeciderMention(match[group], Span(clause.start + match.start(group), clause.start + match.end()))
