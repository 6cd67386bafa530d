"""What customers owe, what people plan and what leads did, from CSV files; read as strictly as `bot.roster` does."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from bot.enrolment import Directory, Outcome
from bot.roster import NAME_LENGTH, Fault, FaultyFile, Sheet, day_cell, decode, read_sheet
from handlers import lead_scores, plans
from handlers.funnel import LeadRules
from nlp import money
from nlp.plan_words import MOST
from storage.base import JsonObject
from storage.deal_models import Opportunity
from storage.models import Customer, Member, Payment
from storage.work import Work

PAYMENT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("客户", "客户名称", "customer", "公司"),
    "number": ("编号", "发票号", "合同号", "单号"),
    "amount": ("金额", "应收金额", "应收"),
    "due_on": ("到期日", "应付日", "应收日期", "到期日期"),
    "paid_on": ("回款日", "付款日", "回款日期"),
}
PLAN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("成员", "姓名", "销售"),
    "week": ("周", "周一", "日期"),
    "visits": ("计划拜访", "计划", "拜访数"),
}
BEHAVIOUR_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("客户", "客户名称", "customer", "公司"),
    "behaviour": ("行为", "behaviour", "behavior", "动作"),
    "on": ("日期", "day", "date", "时间"),
    "deal": ("商机", "deal", "线索"),
}
FEN_PER_YUAN = 100
WAN = 10_000
_IN_WAN = re.compile(r"金额\s*[（(\[【]\s*万")


@dataclass(frozen=True)
class PaymentRow:
    line: int
    customer: str
    number: str
    amount_fen: int
    due_on: date
    paid_on: date | None


@dataclass(frozen=True)
class PlanRow:
    """`week_on` is a Monday; `member` a name or an account."""

    line: int
    member: str
    week_on: date
    visits: int


@dataclass(frozen=True)
class BehaviourRow:
    """`deal` is a name, empty where the customer has one deal at most."""

    line: int
    customer: str
    behaviour: str
    done_on: date
    deal: str


def read_payments(data: bytes) -> Sheet[PaymentRow]:
    """Raises FaultyFile with all that is wrong in it."""
    heading = next((line for line in decode(data).splitlines() if line.strip()), "")
    unit = WAN if _IN_WAN.search(heading) else 1

    def payment(line: int, cells: Mapping[str, str], faults: list[Fault]) -> PaymentRow:
        due_on = day_cell(line, "到期日", cells.get("due_on", ""), faults)
        if not cells.get("due_on"):
            faults.append(Fault(line, "没有到期日"))
        return PaymentRow(
            line=line,
            customer=_word(line, "客户", cells.get("name", ""), faults),
            number=_word(line, "编号", cells.get("number", ""), faults),
            amount_fen=_amount(line, cells.get("amount", ""), unit, faults),
            due_on=due_on or date.min,
            paid_on=day_cell(line, "回款日", cells.get("paid_on", ""), faults),
        )

    required = ("name", "number", "amount", "due_on")
    return read_sheet(data, PAYMENT_COLUMNS, payment, _payment_clashes, required=required)


def read_plans(data: bytes) -> Sheet[PlanRow]:
    """Raises FaultyFile with all that is wrong in it."""
    return read_sheet(data, PLAN_COLUMNS, _plan, _plan_clashes, required=tuple(PLAN_COLUMNS))


def read_behaviours(data: bytes, rules: LeadRules) -> Sheet[BehaviourRow]:
    """Raises FaultyFile with all that is wrong in it. The same line twice is no fault: it counts once."""

    def behaviour(line: int, cells: Mapping[str, str], faults: list[Fault]) -> BehaviourRow:
        day = day_cell(line, "日期", cells.get("on", ""), faults)
        if not cells.get("on"):
            faults.append(Fault(line, "没有日期"))
        said = _word(line, "行为", cells.get("behaviour", ""), faults)
        known = rules.called(said)
        if said and known is None:
            names = "、".join(one.name for one in rules.behaviours)
            faults.append(Fault(line, f"没有“{said}”这个行为，可用：{names}"))
        return BehaviourRow(
            line=line,
            customer=_word(line, "客户", cells.get("name", ""), faults),
            behaviour=known.name if known else "",
            done_on=day or date.min,
            deal=cells.get("deal", ""),
        )

    return read_sheet(data, BEHAVIOUR_COLUMNS, behaviour, _no_clashes, required=("name", "behaviour", "on"))


def _plan(line: int, cells: Mapping[str, str], faults: list[Fault]) -> PlanRow:
    day = day_cell(line, "周", cells.get("week", ""), faults)
    if not cells.get("week"):
        faults.append(Fault(line, "没有周（写那一周的任一天）"))
    cell = cells.get("visits", "")
    visits = int(cell) if re.fullmatch(r"\d{1,3}", cell) else -1
    if not 0 <= visits <= MOST:
        faults.append(Fault(line, f"计划拜访“{cell}”要写成 0 到 {MOST} 的整数"))
    member = _word(line, "成员", cells.get("name", ""), faults)
    monday = day - timedelta(days=day.weekday()) if day else date.min
    return PlanRow(line, member, monday, visits)


def _amount(line: int, cell: str, unit: int, faults: list[Fault]) -> int:
    """In fen: a plain number in yuan (or in 万, where the heading says so), else as it is written: 36万, ¥360,000."""
    try:
        yuan = Decimal(cell.replace(",", "").replace("，", "")) * unit
        fen = yuan * FEN_PER_YUAN
        if yuan.is_finite() and fen == fen.to_integral_value() and 0 < yuan <= money.MAX_YUAN:
            return int(fen)
    except InvalidOperation:
        found = money.amounts(cell)
        if len(found) == 1 and found[0].span.of(cell) == cell and found[0].low_fen == found[0].high_fen:
            return found[0].low_fen or 0
    faults.append(Fault(line, f"金额“{cell}”看不懂，要写成 360000 或 36万"))
    return 0


def _word(line: int, what: str, cell: str, faults: list[Fault]) -> str:
    if not cell:
        faults.append(Fault(line, f"没有{what}"))
    elif len(cell) > NAME_LENGTH:
        faults.append(Fault(line, f"{what}超过 {NAME_LENGTH} 个字"))
    return cell


def _payment_clashes(rows: Sequence[PaymentRow]) -> Iterator[Fault]:
    known: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.number and (first := known.setdefault((row.customer, row.number), row.line)) != row.line:
            yield Fault(row.line, f"“{row.customer}”的“{row.number}”和第 {first} 行重复")


def _plan_clashes(rows: Sequence[PlanRow]) -> Iterator[Fault]:
    known: dict[tuple[str, date], int] = {}
    for row in rows:
        if (first := known.setdefault((row.member, row.week_on), row.line)) != row.line:
            yield Fault(row.line, f"“{row.member}”的这一周和第 {first} 行重复")


def _no_clashes(_rows: Sequence[BehaviourRow]) -> Iterator[Fault]:
    return iter(())


# Written


async def store_payments(work: Work, rows: Sequence[PaymentRow], *, source: str) -> Outcome:
    """In the caller's transaction. Raises FaultyFile; the transaction must then be rolled back."""
    found = [await work.customers.by_name(row.customer) for row in rows]
    faults = [
        Fault(row.line, f"客户“{row.customer}”找不到，请先导入客户")
        for row, customer in zip(rows, found, strict=True)
        if customer is None
    ]
    if faults:
        raise FaultyFile(faults)
    added = changed = 0
    for row, customer in zip(rows, found, strict=True):
        assert customer is not None  # or it would have been refused
        payment = await work.rules.payment_by_number(customer.customer_id, row.number)
        before = _facts(payment) if payment is not None else None
        if payment is None:
            payment = await work.rules.add_payment(
                customer.customer_id, row.number, amount_fen=row.amount_fen, due_on=row.due_on, paid_on=row.paid_on
            )
        else:
            payment.amount_fen, payment.due_on = row.amount_fen, row.due_on
            payment.paid_on = row.paid_on or payment.paid_on
        after = _facts(payment)
        if before != after:
            added, changed = (added + 1, changed) if before is None else (added, changed + 1)
            subject = f"payment:{payment.payment_id}"
            work.audit.note("payment.imported", subject, member_id=None, source=source, before=before, after=after)
    return Outcome(added, changed, len(rows) - added - changed)


def _facts(payment: Payment) -> JsonObject:
    return {
        "amount_fen": payment.amount_fen,
        "due_on": payment.due_on.isoformat(),
        "paid_on": payment.paid_on.isoformat() if payment.paid_on else None,
    }


async def store_plans(work: Work, rows: Sequence[PlanRow], *, source: str) -> Outcome:
    """In the caller's transaction. Raises FaultyFile; the transaction must then be rolled back."""
    directory = Directory((), ())
    found = [await directory.find(work, row.member) for row in rows]
    faults = [
        Fault(row.line, f"成员“{row.member}”{member}")
        for row, member in zip(rows, found, strict=True)
        if not isinstance(member, Member)
    ]
    if faults:
        raise FaultyFile(faults)
    added = changed = 0
    for row, member in zip(rows, found, strict=True):
        assert isinstance(member, Member)  # or it would have been refused
        before = await plans.set_plan(work, member.member_id, row.week_on, row.visits, by=None, source=source)
        added, changed = added + (before is None), changed + (before not in (None, row.visits))
    return Outcome(added, changed, len(rows) - added - changed)


async def store_behaviours(work: Work, rows: Sequence[BehaviourRow], *, source: str, zone: ZoneInfo) -> Outcome:
    """In the caller's transaction. A customer with whom no deal goes on becomes a lead.

    Raises FaultyFile; the transaction must then be rolled back.
    """
    faults: list[Fault] = []
    found = [await _lead_of(work, row, faults, today=work.now.astimezone(zone).date()) for row in rows]
    if faults:
        raise FaultyFile(faults)
    added = 0
    for row, (customer, deal) in zip(rows, found, strict=True):
        assert customer is not None  # or it would have been refused
        lead = deal or await lead_scores.begin(work, customer, member_id=None, cause=source)
        if lead.lead != "mql":
            continue  # sales has taken it over: it earns nothing any more
        noted = await lead_scores.note(
            work,
            lead,
            row.behaviour,
            row.done_on,
            source="file",
            words=source.removeprefix("import:"),
            member_id=None,
            cause=source,
        )
        added += noted is not None
    return Outcome(added=added, unchanged=len(rows) - added)


async def _lead_of(
    work: Work, row: BehaviourRow, faults: list[Fault], *, today: date
) -> tuple[Customer | None, Opportunity | None]:
    """The customer of a line and the deal it is about; none where no deal of theirs goes on."""
    if row.done_on > today:
        faults.append(Fault(row.line, f"日期“{row.done_on.isoformat()}”还没有到"))
    customer = await work.customers.by_name(row.customer)
    if customer is None:
        faults.append(Fault(row.line, f"客户“{row.customer}”找不到，请先导入客户"))
        return None, None
    deals = await work.opportunities.open_of(customer.customer_id)
    named = [one for one in deals if one.name == row.deal] if row.deal else []
    deal = named[0] if named else lead_scores.lead_among(deals)
    if row.deal and not named:
        faults.append(Fault(row.line, f"“{row.customer}”没有在谈的商机“{row.deal}”"))
    elif deal is None and deals:
        faults.append(Fault(row.line, f"“{row.customer}”有 {len(deals)} 个在谈的商机，请在“商机”一列写明是哪个"))
    return customer, deal
