"""Short replies that change a record: 预算改成90万, 删掉第二个待办, 客户是宁波恒丽不是恒力.

Only what is plainly an instruction is taken as one; anything else is left to be read as a note.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from nlp import dates, money
from nlp.draft import AmountRole, Span

MAX_LENGTH = 200
"""Longer texts are notes, whatever they begin with."""

_FILLER = r"(?:嗯+|呃+|啊|哦|对了|那个|不对|更正一下|麻烦(?:你)?|帮我|请|把|将|再|就|还有|另外|然后)"
_CHANGE = r"(?:应该是|应该|应为|改成了?|改为了?|换成|改一下|调整为|调到|更正为|写成|变成|改到|变为|改|是|为|[:：])"
_ROLES: dict[str, AmountRole] = {
    "预算": "budget",
    "报价": "quote",
    "我们报价": "quote",
    "合同额": "deal",
    "合同金额": "deal",
    "成交价": "deal",
    "单价": "unit_price",
    "竞品报价": "competitor_price",
    "竞品价": "competitor_price",
    "金额": "other",
    "价格": "other",
}
_ORDINALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_STEP_WORD = r"(?:待办(?:事项)?|下一步|任务)"
_NUMBER = r"[一二两三四五六七八九十]|\d{1,2}"
_WHICH = (
    rf"(?:第?(?P<ordinal>{_NUMBER})[个条项]?{_STEP_WORD}"
    rf"|{_STEP_WORD}第?(?P<ordinal2>{_NUMBER})"
    rf"|最后[一1]?[个条项]{_STEP_WORD}?(?P<last>)"
    r"|(?P<words>.+?))"
)

_CLAUSE = re.compile(r"[^，,。；;！!\n]+")
_LEAD = re.compile(rf"^\s*{_FILLER}*\s*")
_AMOUNT = re.compile(rf"^(?P<role>{'|'.join(sorted(_ROLES, key=len, reverse=True))}){_CHANGE}\s*(?P<value>.+)$")
_CUSTOMER = re.compile(
    r"^(?:客户(?:名称|名字|公司)?|公司)(?:应该是|应该|应为|改成|改为|换成|更正为|是|为|[:：])\s*(?P<value>.+?)"
    r"(?:\s*[，,]?(?:而)?不是(?P<wrong>.+))?$"
)
_CUSTOMER_NOT = re.compile(r"^不是(?P<wrong>[^，,]+?)是(?P<value>.+)$")
_CONTACT = re.compile(rf"^(?:联系人|对接人|接口人)(?:名字|姓名)?{_CHANGE}\s*(?P<value>[\u4e00-\u9fa5·A-Za-z]{{2,12}})$")
_STAGE = re.compile(rf"^(?:项目|现在|目前)?阶段{_CHANGE}?\s*(?:到|在)?\s*(?P<value>[\u4e00-\u9fa5]{{2,12}})$")
_VISITED = re.compile(rf"^(?:拜访|见面)(?:日期|时间|日){_CHANGE}\s*(?P<value>.+)$")
_DROP = re.compile(rf"^(?:删掉|删除|去掉|取消|不要)(?:了)?\s*{_WHICH}\s*(?:这个|这条|这项)?{_STEP_WORD}?(?:吧|了)?$")
_DROP_AFTER = re.compile(rf"^{_WHICH}\s*(?:这个|这条|这项)?{_STEP_WORD}?(?:删掉|删除|去掉|删了|取消|不要了)(?:吧|了)?$")
_MOVE = re.compile(
    rf"^{_WHICH}\s*(?:的)?(?:时间|日期|期限)?(?:改到|改成|改为|改在|推迟到|延期到|延到|提前到|挪到|放到|顺延到|调到)\s*(?P<value>.+)$"
)
_ADD = re.compile(rf"^(?:补充|增加|新增|添加|加)(?:上)?(?:一?[个条项])?{_STEP_WORD}\s*[:：]?\s*(?P<value>.+)$")
_NO_NAME = re.compile(r"^(?:个|一[个家]|做|在|很|我们|他们|谁|哪|不|没|有|要|比较|非常|这|那)")
"""客户是个老客户 tells of the customer, it does not name one."""
_SOMEBODY_ELSE = re.compile(r"^(?:他们?|她们?|客户|对方|领导|[\u4e00-\u9fa5]总)|把")
"""他们把交货日期改到月底 is news."""
_SUPPLEMENT = re.compile(r"^(?:补充(?:一下|一点|说明)?|再补充)\s*[:：，,]?\s*(?P<value>.+)$", re.DOTALL)


@dataclass(frozen=True)
class SetAmount:
    role: AmountRole
    low_fen: int | None
    high_fen: int | None
    unit: str | None
    span: Span


@dataclass(frozen=True)
class SetCustomer:
    name: str
    span: Span


@dataclass(frozen=True)
class SetContact:
    name: str
    span: Span


@dataclass(frozen=True)
class SetStage:
    """`said` is what the rep called the stage; it need not be the name of one."""

    said: str
    span: Span


@dataclass(frozen=True)
class SetVisitedOn:
    on: date
    span: Span


@dataclass(frozen=True)
class StepRef:
    """A next step as it was pointed at: by its place counted from 1, -1 for the last, or by words of its action."""

    place: int | None
    words: str


@dataclass(frozen=True)
class MoveStep:
    which: StepRef
    due: date
    span: Span


@dataclass(frozen=True)
class DropStep:
    which: StepRef
    span: Span


@dataclass(frozen=True)
class AddStep:
    """`span` holds the step's own words, to be read like those of a note."""

    span: Span


@dataclass(frozen=True)
class Supplement:
    """More of the note: `span` is to be read like one and joined to the record."""

    span: Span


Edit = SetAmount | SetCustomer | SetContact | SetStage | SetVisitedOn | MoveStep | DropStep | AddStep | Supplement


_ASKS_TO_CHANGE = re.compile(
    r"改|换成|更正|调整|变成|写成|应为|应该是|[延挪放调]到|推迟|提前到|删|去掉|取消|不要|补充|[新增添]加|^加"
)


def needs_a_record(text: str, wanted: tuple[Edit, ...]) -> bool:
    """Whether a reply makes sense only of a record that there is: 预算改成90万, unlike 客户：恒力，预算：90万.

    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> text = "预算改成90万"
    >>> needs_a_record(text, parse(text, datetime(2026, 11, 20, tzinfo=zone), zone))
    True
    """
    names_a_customer = any(isinstance(edit, SetCustomer) for edit in wanted)
    return bool(wanted) and not names_a_customer and bool(_ASKS_TO_CHANGE.search(text.strip()))


def parse(text: str, sent_at: datetime, zone: ZoneInfo) -> tuple[Edit, ...]:
    """The changes a reply asks for, in order; empty when it is not one, or not wholly one.

    >>> parse("预算改成90万", datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Shanghai")), ZoneInfo("Asia/Shanghai"))
    (SetAmount(role='budget', low_fen=90000000, high_fen=90000000, unit=None, span=Span(start=4, end=7)),)
    """
    if len(text) > MAX_LENGTH:
        return ()
    supplement = _SUPPLEMENT.match(text.strip())
    if supplement and not _ADD.match(text.strip()):
        offset = text.index(text.strip())
        return (Supplement(_span(supplement, "value", offset)),)
    edits = [_clause(clause, start, sent_at, zone) for clause, start in _clauses(text)]
    if not edits or any(edit is None for edit in edits):
        return ()
    return tuple(edit for edit in edits if edit is not None)


def _clauses(text: str) -> Iterator[tuple[str, int]]:
    """Clauses without the words that lead up to them, each with where it starts; 客户是甲，不是乙 stays one."""
    pieces = [(match.group(), match.start()) for match in _CLAUSE.finditer(text)]
    joined: list[tuple[str, int]] = []
    for piece, start in pieces:
        if joined and piece.strip().startswith("不是"):
            earlier, earlier_start = joined[-1]
            joined[-1] = (text[earlier_start : start + len(piece)], earlier_start)
            del earlier
        else:
            joined.append((piece, start))
    for piece, start in joined:
        lead = _LEAD.match(piece)
        skipped = lead.end() if lead else 0
        if rest := piece[skipped:].rstrip():
            yield rest, start + skipped


def _clause(clause: str, start: int, sent_at: datetime, zone: ZoneInfo) -> Edit | None:
    if found := _AMOUNT.match(clause):
        return _amount(found, start)
    if found := _CUSTOMER.match(clause) or _CUSTOMER_NOT.match(clause):
        if _NO_NAME.match(found["value"]):
            return None
        return SetCustomer(found["value"], _span(found, "value", start))
    if found := _CONTACT.match(clause):
        return SetContact(found["value"], _span(found, "value", start))
    if found := _STAGE.match(clause):
        return SetStage(found["value"], _span(found, "value", start))
    if found := _VISITED.match(clause):
        return _visited(found, start, sent_at, zone)
    if found := _ADD.match(clause):
        return AddStep(_span(found, "value", start))
    if found := _DROP.match(clause) or _DROP_AFTER.match(clause):
        return DropStep(_which(found), Span(start, start + len(clause)))
    if found := _MOVE.match(clause):
        return _move(found, start, sent_at, zone)
    return None


def _span(found: re.Match[str], group: str, start: int) -> Span:
    return Span(start + found.start(group), start + found.end(group))


def _amount(found: re.Match[str], start: int) -> SetAmount | None:
    # the word in front tells the grammar that a bare number is money here
    cue = "预算"
    amounts = money.amounts(cue + found["value"])
    if len(amounts) != 1:
        return None
    amount = amounts[0]
    offset = start + found.start("value") - len(cue)
    span = Span(offset + amount.span.start, offset + amount.span.end)
    return SetAmount(_ROLES[found["role"]], amount.low_fen, amount.high_fen, amount.unit, span)


def _visited(found: re.Match[str], start: int, sent_at: datetime, zone: ZoneInfo) -> SetVisitedOn | None:
    mentions = dates.find(found["value"], sent_at, zone)
    if len(mentions) != 1 or mentions[0].start is None:
        return None
    return SetVisitedOn(mentions[0].start.astimezone(zone).date(), _span(found, "value", start))


def _move(found: re.Match[str], start: int, sent_at: datetime, zone: ZoneInfo) -> MoveStep | None:
    if found["words"] and _SOMEBODY_ELSE.search(found["words"]):
        return None
    mentions = dates.find(found["value"], sent_at, zone)
    if len(mentions) != 1 or mentions[0].due is None:
        return None
    return MoveStep(_which(found), mentions[0].due, Span(start, start + len(found.group())))


def _which(found: re.Match[str]) -> StepRef:
    ordinal = found["ordinal"] or found["ordinal2"]
    if ordinal:
        return StepRef(_ORDINALS.get(ordinal) or int(ordinal), "")
    if found["last"] is not None:
        return StepRef(-1, "")
    return StepRef(None, found["words"].strip())
