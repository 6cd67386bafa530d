"""The cards about a customer or a deal: how things stand, the chain of what was done, and which one is meant.

What no record says is left out, or said not to be there; nothing is concluded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from handlers import actions, opportunities, texts, wording
from handlers.messages import CardButton, CardField, OutboundCard
from handlers.record import AmountValue, Fact, ObjectionValue, Record, SignalValue
from storage.deal_models import Approval, HelpRequest, Opportunity, SigningDate, StageChange
from storage.models import AuditEntry, Customer, Escalation, Evidence, Member, Todo, Visit
from storage.timeline import Key, Page, Row, Subject

KIND = "customer_view"
"""The kind of all these cards."""
MOST_TODOS = 3
MOST_MATTERS = 2
MOST_DEAL_BUTTONS = 4
MOST_CHOICES = 6
MOST_TOLD = 100
MOST_WORDS = 24
"""Of words quoted beside a figure."""
MOST_ENTRY = 48
"""Of what one line of the chain says behind the moment and the person."""
BUTTON = 10
"""Characters that a button shows."""
LEADING = ("budget", "quote", "deal")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# How things stand


@dataclass(frozen=True)
class Talk:
    """A confirmed visit, and of its record what these cards tell."""

    visit: Visit
    record: Record


@dataclass(frozen=True)
class Look:
    """All that the card of a customer tells; of `deal` alone where one is looked at."""

    customer: Customer
    people: Mapping[int, Member]
    deals: Sequence[Opportunity] = ()
    """Those that go on; where one is looked at, that one."""
    deal: Opportunity | None = None
    talks: Sequence[Talk] = ()
    """The latest first."""
    todos: Sequence[Todo] = ()
    todo_count: int = 0
    agreed: Sequence[Todo] = ()
    """What the last visit left to do, done or not."""
    matters: Sequence[str] = ()
    """What each unsettled one is about."""
    waiting: StageChange | None = None
    """Of the only deal: the stage that it is to go into once nothing is missing."""
    scripts_of: int | None = None
    """The visit whose objections the viewer may ask scripts for."""

    def name_of(self, member_id: int) -> str:
        return self.people[member_id].name


def customer_card(look: Look, card_id: str, *, zone: ZoneInfo, today: date) -> OutboundCard:
    rows = [
        ("负责人", _owner(look)),
        *_stage_rows(look, zone, today),
        ("上次联系", _last_contact(look, zone, today)),
        ("待办", _todos(look, today)),
        ("风险", "；".join(_risks(look, zone, today)) or texts.VIEW_NONE_YET),
        ("金额", "；".join(_amounts(look, today)) or texts.VIEW_NONE_YET),
        ("下一步", _next_step(look, today)),
        *_signing_rows(look, today),
    ]
    is_alarming = look.customer.at_risk_since is not None or bool(look.matters)
    return OutboundCard(
        card_id=card_id,
        title=texts.VIEW_DEAL_TITLE if look.deal else texts.VIEW_CUSTOMER_TITLE,
        subtitle=titled(look.customer, look.deal),
        tone="alert" if is_alarming else "neutral",
        fields=tuple(CardField(label=label, value=value) for label, value in rows),
        body="\n".join([*_deal_lines(look, zone, today), *_told(look)]),
        quote=_quoted(look),
        buttons=tuple(_buttons(look)),
    )


def titled(customer: Customer, deal: Opportunity | None) -> str:
    return f"{customer.name} · {deal.name or texts.VIEW_UNNAMED_DEAL}" if deal else customer.name


def _owner(look: Look) -> str:
    owner = look.people.get(look.customer.owner_id) if look.customer.owner_id is not None else None
    if owner is None:
        return texts.VIEW_NONE_YET
    return owner.name if owner.active else f"{owner.name}（已离职）"


def _stage_rows(look: Look, zone: ZoneInfo, today: date) -> list[tuple[str, str]]:
    if len(look.deals) > 1:
        return [("商机", texts.VIEW_DEALS.format(count=len(look.deals)))]
    if not look.deals:
        return [("阶段", _stage(look.customer.stage, look.customer.stage_since, zone, today))]
    [deal] = look.deals
    if deal.state != "open":
        closed = f"（{wording.day(_day(deal.closed_at, zone), today)}）" if deal.closed_at else ""
        why = f"：{wording.shortened(deal.closing, MOST_ENTRY)}" if deal.closing else ""
        return [("阶段", f"{texts.VIEW_DEAL_STATES[deal.state]}{closed}{why}")]
    name = f"{deal.name} · " if deal.name and look.deal is None else ""
    waiting = texts.VIEW_WAITING.format(stage=look.waiting.to_stage) if look.waiting is not None else ""
    return [("阶段", name + _stage(deal.stage, deal.stage_since, zone, today) + waiting)]


def _stage(stage: str | None, since: datetime | None, zone: ZoneInfo, today: date) -> str:
    if not stage:
        return texts.VIEW_NONE_YET
    if since is None:
        return stage
    day = _day(since, zone)
    return f"{stage}（{wording.day(day, today)}起，第 {(today - day).days + 1} 天）"


def _deal_lines(look: Look, zone: ZoneInfo, today: date) -> list[str]:
    """Of several deals a line each."""
    if len(look.deals) < 2:
        return []
    lines = []
    for deal in look.deals:
        signing = f"，预计 {_signing(deal, today)} 签" if deal.expected_on else ""
        stage = _stage(deal.stage, deal.stage_since, zone, today)
        lines.append(f"· {deal.name or texts.VIEW_UNNAMED_DEAL}：{stage}{signing}")
    return lines


def _last_contact(look: Look, zone: ZoneInfo, today: date) -> str:
    if look.talks:
        visit = look.talks[0].visit
        return f"{wording.day(visit.visited_on, today)} {look.name_of(visit.member_id)}"
    if look.deal is None and look.customer.last_contact_at is not None:
        return texts.VIEW_FROM_LIST.format(day=wording.day(_day(look.customer.last_contact_at, zone), today))
    return texts.VIEW_NONE_YET


def _told(look: Look) -> list[str]:
    told = _summary(look.customer, look.talks[0].visit) if look.talks else ""
    return [texts.VIEW_LAST_TOLD.format(told=wording.shortened(told, MOST_TOLD))] if told else []


def _summary(customer: Customer, visit: Visit) -> str:
    """What was talked of, on one line; whose card it is needs no saying."""
    return " ".join(visit.summary.split()).removeprefix(customer.name).lstrip("，；。 ")


def _quoted(look: Look) -> str:
    """What the customer said the last time, in the words of the note."""
    if not look.talks:
        return ""
    said = [
        fact.source.words for fact in look.talks[0].record.facts if isinstance(fact.value, ObjectionValue | SignalValue)
    ]
    return " ".join(f"「{words}」" for words in list(dict.fromkeys(said))[:3])


def _todos(look: Look, today: date) -> str:
    if not look.todo_count:
        return texts.VIEW_NONE_YET
    listed = "；".join(f"{_due(todo, today)}{todo.action}（{look.name_of(todo.member_id)}）" for todo in look.todos)
    more = look.todo_count - len(look.todos)
    return f"{look.todo_count} 个：{listed}" + (f"；还有 {more} 个" if more else "")


def _due(todo: Todo, today: date) -> str:
    if todo.due_on is None:
        return ""
    late = "已过期 " if todo.due_on < today else ""
    return f"{late}{wording.day(todo.due_on, today)}前 "


def _risks(look: Look, zone: ZoneInfo, today: date) -> list[str]:
    parts = []
    if look.customer.at_risk_since is not None and look.deal is None:
        parts.append(f"风险客户（{wording.day(_day(look.customer.at_risk_since, zone), today)}起）")
    parts += [f"未解决：{words}" for words in look.matters[:MOST_MATTERS]]
    if (more := len(look.matters) - MOST_MATTERS) > 0:
        parts.append(f"还有 {more} 件未解决")
    for talk in look.talks:
        said = [risk.words for risk in talk.record.risks]
        if said:
            quoted = "".join(f"「{words}」" for words in dict.fromkeys(said))
            parts.append(
                f"最近：{wording.shortened(quoted, MOST_ENTRY)}（{wording.day(talk.visit.visited_on, today)}）"
            )
            break
    return parts


def _amounts(look: Look, today: date) -> list[str]:
    """The latest budget, quote and contract, each with the words and the day; else what the deal itself has."""
    parts = []
    for role in LEADING:
        for talk in look.talks:
            facts = [one for one in talk.record.facts if isinstance(one.value, AmountValue) and one.value.role == role]
            if facts:
                day = wording.day(talk.visit.visited_on, today)
                parts.append("、".join(_amount(fact) for fact in facts) + f"（{day}）")
                break
    if len(look.deals) == 1:
        [deal] = look.deals
        if budget := opportunities.budget_words(deal):
            parts.append(f"已验证预算 {budget}")
        if not parts and deal.amount_fen is not None:
            parts.append(f"商机金额 {wording.amount(deal.amount_fen)}")
    return parts


def _amount(fact: Fact) -> str:
    assert isinstance(fact.value, AmountValue)  # chosen by the caller
    words = wording.shortened(fact.source.words, MOST_WORDS)
    return f"{wording.AMOUNT_LABELS[fact.value.role]} {wording.money(fact.value)}「{words}」"


def _next_step(look: Look, today: date) -> str:
    if not look.talks:
        return texts.VIEW_NONE_YET
    if not look.agreed:
        return texts.VIEW_NO_STEP
    left = [todo for todo in look.agreed if todo.state == "open"]
    if not left:
        return texts.VIEW_STEPS_DONE
    who = {"customer": "客户", "colleague": "同事"}
    return "；".join(
        f"{_due(todo, today)}{todo.action}（{who.get(todo.party) or look.name_of(todo.member_id)}）"
        for todo in left[:MOST_TODOS]
    )


def _signing_rows(look: Look, today: date) -> list[tuple[str, str]]:
    if len(look.deals) != 1 or look.deals[0].expected_on is None or look.deals[0].state != "open":
        return []
    return [("预计签约", _signing(look.deals[0], today))]


def _signing(deal: Opportunity, today: date) -> str:
    assert deal.expected_on is not None  # looked at by the callers
    return wording.day(deal.expected_on, today) + (texts.VIEW_FROZEN if deal.frozen_since is not None else "")


def _buttons(look: Look) -> Iterable[CardButton]:
    customer_id, deal = look.customer.customer_id, look.deal
    chain = actions.ShowChain(customer_id=customer_id, opportunity_id=deal.opportunity_id if deal else None)
    yield _button("动作链", chain, "primary")
    if look.scripts_of is not None:
        yield _button("看话术", actions.ShowScripts(visit_id=look.scripts_of))
    if deal is not None:
        yield _button("看客户", actions.ShowCustomer(customer_id=customer_id))
    elif len(look.deals) > 1:
        for place, one in enumerate(look.deals[:MOST_DEAL_BUTTONS]):
            name = one.name or texts.VIEW_UNNAMED_DEAL
            shown = wording.shortened(f"{wording.circled(place)} {name}", BUTTON)
            yield _button(shown, actions.ShowDeal(opportunity_id=one.opportunity_id))


# Which one


def which_card(card_id: str, customers: Sequence[Customer], people: Mapping[int, Member]) -> OutboundCard:
    """Several may be meant, or one that only sounds like it; each has an owner, or nobody would see it."""
    shown = customers[:MOST_CHOICES]
    owners = [people[one.owner_id].name for one in shown if one.owner_id is not None]
    lines = [f"{wording.circled(place)} {one.name}（{owners[place]}）" for place, one in enumerate(shown)]
    if len(customers) > len(shown):
        lines.append(texts.VIEW_MORE_CUSTOMERS.format(count=len(customers) - len(shown)))
    return OutboundCard(
        card_id=card_id,
        title=texts.VIEW_WHICH,
        subtitle=texts.VIEW_WHICH_HOW,
        body="\n".join(lines),
        body_in_one=True,
        buttons=tuple(
            _button(
                wording.shortened(f"{wording.circled(place)} {one.name}", BUTTON),
                actions.ShowCustomer(customer_id=one.customer_id),
            )
            for place, one in enumerate(shown)
        ),
    )


# The chain


@dataclass(frozen=True)
class Chain:
    """A page, and what its lines are told with."""

    customer: Customer
    deal: Opportunity | None
    page: Page
    rows: Mapping[Key, Row] = field(default_factory=dict)
    people: Mapping[int, Member] = field(default_factory=dict)
    deals: Mapping[int, str] = field(default_factory=dict)
    """The names of the customer's deals."""
    stages: Mapping[int, str] = field(default_factory=dict)
    """The stages that visits tell of."""
    words: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """What matters rest on."""
    reps: Mapping[int, int] = field(default_factory=dict)
    """Whose visits to-dos and matters come from: both may be somebody else's by now."""

    def name_of(self, member_id: int | None) -> str:
        person = self.people.get(member_id) if member_id is not None else None
        return person.name if person else ""


def chain_card(chain: Chain, card_id: str, *, zone: ZoneInfo, today: date) -> OutboundCard:
    keys = chain.page.keys
    lines = [entry(chain, key, zone=zone, today=today) for key in keys]
    subject = Subject(chain.customer.customer_id, chain.deal.opportunity_id if chain.deal else None)
    back = (
        _button("看商机", actions.ShowDeal(opportunity_id=chain.deal.opportunity_id))
        if chain.deal
        else _button("看客户", actions.ShowCustomer(customer_id=chain.customer.customer_id))
    )
    return OutboundCard(
        card_id=card_id,
        title=texts.CHAIN_TITLE,
        subtitle=titled(chain.customer, chain.deal),
        body="\n".join(lines) or texts.CHAIN_EMPTY,
        body_in_one=True,
        buttons=(
            *((_button("更早", turned(subject, keys[-1]), "primary"),) if chain.page.has_older else ()),
            *((_button("更近", turned(subject, keys[0], newer=True)),) if chain.page.has_newer and keys else ()),
            back,
        ),
    )


def turned(subject: Subject, key: Key, *, newer: bool = False) -> actions.ShowChain:
    """The page that begins where this thing ends."""
    return actions.ShowChain(
        customer_id=subject.customer_id,
        opportunity_id=subject.opportunity_id,
        at_us=(key.at - EPOCH) // _MICROSECOND,
        entry=key.kind,
        entry_id=key.entry_id,
        newer=newer,
    )


def key_of(action: actions.ShowChain) -> Key | None:
    """The place that a button turns the pages from."""
    if action.at_us is None or action.entry is None or action.entry_id is None:
        return None
    return Key.of(EPOCH + action.at_us * _MICROSECOND, action.entry, action.entry_id)


def entry(chain: Chain, key: Key, *, zone: ZoneInfo, today: date) -> str:
    """One thing that was done: when, by whom, what."""
    at = key.at.astimezone(zone)
    year = f"{at.year}-" if at.year != today.year else ""
    person, what = _done(chain, key, zone, today)
    return " ".join(
        filter(None, [f"{year}{at:%m-%d %H:%M}", person, wording.shortened(" ".join(what.split()), MOST_ENTRY)])
    )


def _done(chain: Chain, key: Key, zone: ZoneInfo, today: date) -> tuple[str, str]:
    """Person and deed."""
    match key.kind, chain.rows[key]:
        case _, Visit() as visit:
            return chain.name_of(visit.member_id), _visited(chain, visit, _day(key.at, zone))
        case _, Evidence() as file:
            return chain.name_of(file.member_id), _filed(file)
        case "todo", Todo() as todo:
            due = f"{wording.day(todo.due_on, today)}前 " if todo.due_on else ""
            giver = todo.created_by if todo.created_by is not None else chain.reps.get(todo.visit_id or 0)
            to = "" if giver == todo.member_id else f"（{chain.name_of(todo.member_id)}的）"
            return chain.name_of(giver), f"新待办{to}：{due}{todo.action}"
        case _, Todo() as todo:
            return chain.name_of(
                todo.member_id
            ), f"待办{'取消' if todo.state == 'cancelled' else '完成'}：{todo.action}"
        case "matter", Escalation() as matter:
            words = "".join(f"「{one}」" for one in chain.words.get(matter.escalation_id, ())) or matter.reason
            return chain.name_of(chain.reps.get(matter.visit_id or 0, matter.member_id)), f"上报风险：{words}"
        case _, Escalation() as matter:
            ended = texts.CHAIN_MATTER_ENDS.get(matter.state, texts.CHAIN_MATTER_ENDS["resolved"])
            return chain.name_of(matter.decided_by), _with(ended, matter.outcome)
        case _, AuditEntry() as handed:
            return chain.name_of(handed.member_id), _handed(chain, handed)
        case _, row:
            return _done_for_the_deal(chain, key, row, today)


def _done_for_the_deal(chain: Chain, key: Key, row: Row, today: date) -> tuple[str, str]:
    """As `_done`, of what belongs to deals: their stages and days, who was asked for help or for a yes."""
    match key.kind, row:
        case _, StageChange() as change:
            return chain.name_of(change.member_id), _changed(chain, change)
        case _, SigningDate() as signing:
            return chain.name_of(signing.member_id), _signing_said(chain, signing, today)
        case "request", HelpRequest() as request:
            return chain.name_of(request.member_id), f"求助{chain.name_of(request.colleague_id)}：{request.words}"
        case _, HelpRequest() as request:
            said = "回复求助：不能支持" if request.state == "declined" else "回复求助"
            return chain.name_of(request.answered_by), _with(said, request.answer)
        case "approval", Approval() as approval:
            off = f"，降 {wording.percent(approval.percent_off)}" if approval.percent_off is not None else ""
            asked = f"提交{texts.CHAIN_APPROVALS[approval.kind]}审批"
            return chain.name_of(approval.member_id), f"{asked}：{wording.amount(approval.amount_fen)}{off}"
        case _, Approval() as approval:
            decided = texts.CHAIN_APPROVALS[approval.kind] + texts.CHAIN_DECISIONS.get(approval.state, "")
            return "", f"{decided}：{wording.amount(approval.amount_fen)}"
        case "deal", Opportunity() as deal:
            return chain.name_of(deal.created_by), f"新商机：{deal.name or texts.VIEW_UNNAMED_DEAL}"
        case _, Opportunity() as deal:
            ended = f"{_of_deal(chain, deal.opportunity_id)}{texts.VIEW_DEAL_STATES[deal.state]}"
            return "", _with(ended, deal.closing)
    raise AssertionError(f"no line for {key.kind}")


def _visited(chain: Chain, visit: Visit, told_on: date) -> str:
    day = f"{visit.visited_on:%m-%d}" if visit.visited_on != told_on else ""
    about = "，".join(filter(None, [day, chain.stages.get(visit.visit_id)]))
    return _with("拜访" + (f"（{about}）" if about else ""), _summary(chain.customer, visit))


def _changed(chain: Chain, change: StageChange) -> str:
    way = f"{change.from_stage} → {change.to_stage}" if change.from_stage else f"进入{change.to_stage}"
    undone = "（已撤回）" if change.state == "undone" else ""
    return _with(f"{_of_deal(chain, change.opportunity_id)}阶段 {way}{undone}", change.words and f"「{change.words}」")


def _signing_said(chain: Chain, signing: SigningDate, today: date) -> str:
    way = f"{signing.was_on:%m-%d} → " if signing.was_on else ""
    state = {"applied": "", "frozen": "（等解锁）", "refused": "（未同意）"}[signing.state]
    return f"{_of_deal(chain, signing.opportunity_id)}预计签约 {way}{wording.day(signing.expected_on, today)}{state}"


def _filed(file: Evidence) -> str:
    name = file.detail.get("file_name")
    what = file.label or texts.CHAIN_FILES[file.kind]
    version = f" 第 {file.version} 版" if file.version is not None else ""
    return f"资料 {what}{version}" + (f"：{name}" if isinstance(name, str) and name else "")


def _handed(chain: Chain, handed: AuditEntry) -> str:
    giver, taker = [_owner_in(state, chain) for state in (handed.before, handed.after)]
    return f"客户由{giver}转给{taker}"


def _owner_in(state: object, chain: Chain) -> str:
    return chain.name_of(owner_in(state)) or "（无人）"


def owner_in(state: object) -> int | None:
    """Who had a customer, as an entry of the audit log tells."""
    owner_id = state.get("owner_id") if isinstance(state, dict) else None
    return owner_id if isinstance(owner_id, int) else None


def _of_deal(chain: Chain, opportunity_id: int) -> str:
    """Which deal, where it is not the only one."""
    name = chain.deals.get(opportunity_id, "")
    return f"{name} " if name and chain.deal is None and len(chain.deals) > 1 else ""


def _with(what: str, more: str | None) -> str:
    return f"{what}：{more}" if more else what


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _button(text: str, action: actions.Action, style: str = "secondary") -> CardButton:
    return CardButton.model_validate(
        {"text": text, "action": action.model_dump_json(exclude_none=True), "style": style}
    )
