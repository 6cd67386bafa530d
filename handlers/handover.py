"""Customers change hands: with what is open about them, and a brief from the records for the successor.

Three hundred customers are no single transaction: a handover is written down first, item by item, and then moved page
by page, so that it goes on after a crash and can be taken back for a day. What it moved, it alone moves back.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from handlers import access, escalation, notices, outbox, texts, todos, wording
from handlers.context import TIMERS, Context
from handlers.people_cards import Holdings
from handlers.record import AmountValue, load
from storage.escalations import UNSETTLED
from storage.jobs import Job
from storage.models import Customer, Escalation, Handover, HandoverItem, Member, Todo, Visit
from storage.work import Work

log = logging.getLogger(__name__)

MOVE_KIND, RETURN_KIND = "hand_over", "hand_back"
BRIEF_KIND = "handover_brief"
PAGE = 50
UNDO_WITHIN = timedelta(hours=24)
MOST_BRIEFS = 5
MOST_LINES = 8
"""Of one customer's brief."""
MOST_NAMES = 20
MOST_LISTED = 3
MOST_TOLD = 80
LOOK_BACK = 10
"""Visits in which the last amount is looked for."""
LEADING = ("deal", "quote", "budget")


# Ordered


async def order(
    ctx: Context,
    work: Work,
    *,
    giver: Member,
    taker: Member,
    by: Member,
    cause: str,
    customer_ids: Collection[int] | None = None,
) -> str:
    """Hand over where that is theirs to do; what to tell whoever asked for it."""
    if giver.member_id == taker.member_id:
        return texts.HAND_OVER_TO_SELF
    if not await access.may_hand_over(work, by, giver, taker):
        return texts.HAND_OVER_NOT_YOURS
    await hand_over(ctx, work, giver=giver, taker=taker, by=by, cause=cause, customer_ids=customer_ids)
    handover = await work.handovers.by_cause(cause)
    if handover is None:
        return texts.HAND_OVER_NOTHING.format(giver=giver.name)
    facts, drafts = await _facts(work, handover, customer_ids), await _drafts(work, giver)
    whose = "您" if by.member_id == giver.member_id else giver.name
    return texts.HANDED_OVER_START.format(giver=whose, facts=facts, taker=taker.name, drafts=drafts)


async def hand_over(
    ctx: Context,
    work: Work,
    *,
    giver: Member,
    taker: Member,
    by: Member,
    cause: str,
    customer_ids: Collection[int] | None = None,
) -> int:
    """Give these of the giver's customers, or all, to the taker, with the giver's open to-dos about them.

    They are moved after this transaction. All of them takes the giver's other to-dos along. `cause` names the order:
    the same again hands over nothing more. How many customers.
    """
    known = await work.handovers.by_cause(cause)
    if known is not None:
        return len(await work.handovers.customers(known.handover_id))
    owned = [one.customer_id for one in await work.customers.owned_by(giver.member_id)]
    chosen: list[int | None] = [one for one in owned if customer_ids is None or one in customer_ids]
    if customer_ids is None and any(
        todo.customer_id not in set(owned) for todo in await work.todos.open_of(giver.member_id)
    ):
        chosen.append(None)
    if not chosen:
        return 0
    handover = await work.handovers.begin(giver.member_id, taker.member_id, by.member_id, chosen, cause=cause)
    work.audit.note(
        "handover.ordered",
        _subject(handover),
        member_id=by.member_id,
        source=cause,
        after={"giver_id": giver.member_id, "taker_id": taker.member_id, "customers": len(chosen)},
    )
    await _put(work, MOVE_KIND, handover)
    return sum(one is not None for one in chosen)


async def is_ordered(work: Work, cause: str) -> bool:
    return await work.handovers.by_cause(cause) is not None


async def _facts(work: Work, handover: Handover, customer_ids: Collection[int] | None) -> str:
    """What is to go, before it has gone: 23 家客户、5 个待办."""
    customers = await work.handovers.customers(handover.handover_id)
    ids = {customer.customer_id for customer in customers}
    open_todos = await work.todos.open_of(handover.giver_id)
    count = sum(customer_ids is None or todo.customer_id in ids for todo in open_todos)
    return _what(customers, count)


def _what(customers: Sequence[Customer], todo_count: int) -> str:
    if len(customers) == 1:
        return f"「{customers[0].name}」" + (f"和 {todo_count} 个待办" if todo_count else "")
    return f" {Holdings(len(customers), todo_count).words}"


async def _drafts(work: Work, giver: Member) -> str:
    count = len(await work.visits.drafts_of(giver.member_id))
    return texts.HANDED_OVER_DRAFTS.format(count=count, giver=giver.name) if count and not giver.active else ""


# Moved, page by page


async def move(ctx: Context, job: Job) -> None:
    """Move the next page; after the last one everybody concerned is told."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        handover = await work.handovers.lock(_id(job))
        if handover.undone_at is None and not (await work.members.get(handover.taker_id)).active:
            await _stop(ctx, work, handover)
        page = () if handover.undone_at else await work.handovers.to_move(handover.handover_id, limit=PAGE)
        for item in page:
            await _move(ctx, work, handover, item)
        if page:
            await work.jobs.advance(job, MOVE_KIND, job.payload)
            return
        if not handover.undone_at:
            handover.finished_at = work.now
            await _tell_all(ctx, work, handover)
            at = ctx.settings.working_time.next_push(work.now)
            await _put(work, BRIEF_KIND, handover, at=at)
        await work.jobs.complete(job)


async def _stop(ctx: Context, work: Work, handover: Handover) -> None:
    """The successor has left before it was done: what went already comes back, and whoever ordered it is told."""
    handover.undone_at = work.now
    work.audit.note("handover.stopped", _subject(handover), member_id=None, source=_subject(handover))
    await _put(work, RETURN_KIND, handover)
    giver, taker = [await work.members.get(one) for one in (handover.giver_id, handover.taker_id)]
    text = texts.HANDOVER_STOPPED.format(giver=giver.name, taker=taker.name)
    key = f"{_subject(handover)}:stopped"
    await notices.tell(ctx, work, handover.by_id, text, key=key, subject=key)


async def _move(ctx: Context, work: Work, handover: Handover, item: HandoverItem) -> None:
    item.moved_at = work.now
    if item.customer_id is None:
        moving = await work.todos.open_of(handover.giver_id)
    else:
        customer = await work.customers.lock(item.customer_id)
        if customer.owner_id != handover.giver_id:
            # somebody gave it to another one meanwhile, and that holds
            item.returned_at = work.now
            return
        _own(work, handover, customer, handover.taker_id)
        moving = await work.todos.open_about(item.customer_id, handover.giver_id)
    taker = await work.members.get(handover.taker_id)
    for todo in moving:
        await _pass_on(ctx, work, handover, todo, taker)
    item.todo_ids = [todo.todo_id for todo in moving]
    if item.customer_id is not None:
        matters = [one.escalation_id for one in await work.escalations.unsettled_of(item.customer_id)]
        item.matter_ids = await _matters(ctx, work, handover, matters, handover.giver_id, taker)


def _own(work: Work, handover: Handover, customer: Customer, owner_id: int) -> None:
    work.audit.note(
        "customer.handed_over",
        f"customer:{customer.customer_id}",
        member_id=handover.by_id,
        source=_subject(handover),
        before={"owner_id": customer.owner_id},
        after={"owner_id": owner_id},
    )
    customer.owner_id = owner_id


async def _pass_on(ctx: Context, work: Work, handover: Handover, todo: Todo, to: Member) -> None:
    """The to-do is somebody else's; its new card follows in working hours, with others."""
    cause = f"{_subject(handover)}:{to.member_id}>todo:{todo.todo_id}"
    await todos.pass_on(ctx, work, todo, todos.By(handover.by_id, None, cause), to, is_given=False)


async def _matters(
    ctx: Context, work: Work, handover: Handover, matter_ids: Iterable[int], from_id: int, to: Member
) -> list[int]:
    """Of these matters, give those that are `from_id`'s to the other; which they were."""
    passed = []
    for matter_id in matter_ids:
        matter = await work.escalations.lock(matter_id)
        if matter.state in UNSETTLED and from_id in (matter.member_id, matter.assignee_id):
            cause = f"{_subject(handover)}:{to.member_id}>{escalation.subject(matter)}"
            await escalation.hand_over(ctx, work, matter, from_id, to, by_id=handover.by_id, cause=cause)
            passed.append(matter_id)
    return passed


async def _tell_all(ctx: Context, work: Work, handover: Handover) -> None:
    """Whoever lost customers, and the managers of both, unless they did it."""
    giver, taker, by = [await work.members.get(one) for one in (handover.giver_id, handover.taker_id, handover.by_id)]
    customers = await work.handovers.customers(handover.handover_id)
    facts = _what(customers, len(await work.handovers.todo_ids(handover.handover_id)))
    names = {"giver": giver.name, "taker": taker.name, "by": by.name, "facts": facts}
    lines: dict[int, str] = {}
    for member in (giver, taker):
        if (manager := await work.members.manager_of(member)) is not None:
            told = {**names, "giver": "自己"} if by.member_id == giver.member_id else names
            lines[manager.member_id] = texts.HANDED_OVER_TELL.format(**told, drafts=await _drafts(work, giver))
    lines[giver.member_id] = texts.HANDED_FROM_YOU.format(**names)
    lines.pop(taker.member_id, None)
    lines.pop(by.member_id, None)
    if len(customers) > PAGE:
        # that takes a while, and whoever ordered it waits for the end
        lines[by.member_id] = texts.HANDED_OVER_DONE.format(**names)
    for member_id, line in lines.items():
        key = f"{_subject(handover)}:{member_id}"
        await notices.tell(ctx, work, member_id, line, key=key, subject=_subject(handover))


# Taken back


async def undo(ctx: Context, work: Work, *, by: Member, cause: str) -> str:
    """Take back the last handover that this member ordered; what to tell them."""
    handover = await work.handovers.latest_by(by.member_id)
    if handover is not None:
        handover = await work.handovers.lock(handover.handover_id)
    if handover is None or handover.undone_at or work.now - handover.created_at > UNDO_WITHIN:
        return texts.NO_HANDOVER_TO_UNDO
    handover.undone_at = work.now
    work.audit.note("handover.undone", _subject(handover), member_id=by.member_id, source=cause)
    await work.notices.drop(_subject(handover))
    await _put(work, RETURN_KIND, handover)
    giver, taker = [await work.members.get(one) for one in (handover.giver_id, handover.taker_id)]
    customers = await work.handovers.customers(handover.handover_id)
    names = {"giver": giver.name, "taker": taker.name, "facts": _what(customers, 0)}
    told = texts.HANDOVER_UNDONE_TELL.format(**names, by=by.name)
    concerned = [giver, taker, *filter(None, [await work.members.manager_of(one) for one in (giver, taker)])]
    for member_id in {one.member_id for one in concerned} - {by.member_id}:
        key = f"{_subject(handover)}:undone:{member_id}"
        await notices.tell(ctx, work, member_id, told, key=key, subject=f"{_subject(handover)}:undone")
    return texts.HANDOVER_UNDONE.format(**names)


async def move_back(ctx: Context, job: Job) -> None:
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        handover = await work.handovers.lock(_id(job))
        page = await work.handovers.to_return(handover.handover_id, limit=PAGE)
        for item in page:
            await _return(ctx, work, handover, item)
        if page:
            await work.jobs.advance(job, RETURN_KIND, job.payload)
            return
        await work.jobs.complete(job)


async def _return(ctx: Context, work: Work, handover: Handover, item: HandoverItem) -> None:
    """What has been given on since then, or done, stays as it is."""
    item.returned_at = work.now
    if item.customer_id is not None:
        customer = await work.customers.lock(item.customer_id)
        if customer.owner_id == handover.taker_id:
            _own(work, handover, customer, handover.giver_id)
    giver = await work.members.get(handover.giver_id)
    for todo_id in item.todo_ids:
        todo = await work.todos.lock(todo_id)
        if todo is not None and todo.state == "open" and todo.member_id == handover.taker_id:
            await _pass_on(ctx, work, handover, todo, giver)
    await _matters(ctx, work, handover, item.matter_ids, handover.taker_id, giver)


# What the successor is told


async def brief(ctx: Context, job: Job) -> None:
    """Tell the successor what they take over, in working hours; the rest when they ask for it."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        handover = await work.handovers.get(_id(job))
        taker = await work.members.get(handover.taker_id)
        address = await ctx.reach(work, taker.member_id)
        if handover.undone_at is None and taker.active and address is not None:
            await outbox.say(work, address, await first_brief(ctx, work, handover), cause=f"{_subject(handover)}>brief")
        elif address is None:
            log.warning("handover.successor_out_of_reach", extra={"handover_id": handover.handover_id})
        await work.jobs.complete(job)


async def first_brief(ctx: Context, work: Work, handover: Handover) -> str:
    giver, by = await work.members.get(handover.giver_id), await work.members.get(handover.by_id)
    customers = await work.handovers.customers(handover.handover_id)
    todo_count = len(await work.handovers.todo_ids(handover.handover_id))
    by_whom = "本人" if by.member_id == giver.member_id else by.name
    heading = texts.HANDED_TO_YOU.format(giver=giver.name, facts=_what(customers, todo_count), by=by_whom)
    blocks = [await brief_of(ctx, work, customer) for customer in customers[:MOST_BRIEFS]]
    rest = customers[MOST_BRIEFS:]
    more = [texts.BRIEF_MORE.format(count=len(rest), names=names_of(rest))] if rest else []
    return "\n\n".join([heading, *blocks, *more])


async def brief_of(ctx: Context, work: Work, customer: Customer) -> str:
    """What the records say of a customer, in at most eight lines; nothing that no record says."""
    today = ctx.day_of(work.now)
    visits = await work.visits.confirmed_about(customer.customer_id, limit=LOOK_BACK)
    lines = [f"【{customer.name}】{_stage(ctx, customer, today)}"]
    if visits:
        lines += await _last_visit(work, visits[0], today)
    else:
        lines.append(texts.BRIEF_NO_VISIT)
    if amounts := await _amounts(work, visits, today):
        lines.append(f"金额：{amounts}")
    if open_todos := await work.todos.open_about(customer.customer_id):
        lines.append(f"待办：{_some([_todo(todo, today) for todo in open_todos])}")
    if matters := await work.escalations.unsettled_of(customer.customer_id):
        lines.append(f"未解决的风险：{_some([await words_of(work, matter) for matter in matters])}")
    if customer.contacts:
        people = [wording.person(contact.name, contact.department, contact.title) for contact in customer.contacts]
        lines.append(f"联系人：{_some(people, mark='、')}")
    return "\n".join(lines[:MOST_LINES])


async def words_of(work: Work, matter: Escalation) -> str:
    """What a matter is about, in the words that it rests on."""
    words = [item.words for item in await work.escalations.items(matter.escalation_id)]
    if not words and matter.visit_id is not None:
        words = [risk.words for risk in (await load(work, await work.visits.get(matter.visit_id))).risks]
    return "、".join(dict.fromkeys(f"「{one}」" for one in words)) or matter.reason or "见上报卡片"


def _stage(ctx: Context, customer: Customer, today: date) -> str:
    if not customer.stage:
        return "阶段未定"
    if customer.stage_since is None:
        return customer.stage
    since = ctx.day_of(customer.stage_since)
    return f"{customer.stage}（{wording.day(since, today)}起，第 {(today - since).days + 1} 天）"


async def _last_visit(work: Work, visit: Visit, today: date) -> list[str]:
    rep = await work.members.get(visit.member_id)
    record = await load(work, visit)
    told = " ".join(visit.summary.split())
    lines = [
        f"上次拜访：{wording.day(visit.visited_on, today)} {rep.name}"
        + (f"，{wording.shortened(told, MOST_TOLD)}" if told else "")
    ]
    if steps := wording.steps(record, today, us=rep.name):
        lines.append(f"当时约定：{_some(steps, mark=' ')}")
    return lines


async def _amounts(work: Work, visits: Sequence[Visit], today: date) -> str:
    """The amounts of the last record that names any."""
    for visit in visits:
        found = [value for value in (await load(work, visit)).all(AmountValue) if value.role in LEADING]
        if found:
            named = dict.fromkeys(f"{wording.AMOUNT_LABELS[one.role]} {wording.money(one)}" for one in found)
            return f"{'、'.join(named)}（{wording.day(visit.visited_on, today)}）"
    return ""


def _todo(todo: Todo, today: date) -> str:
    return f"{wording.day(todo.due_on, today)}前 {todo.action}" if todo.due_on else todo.action


def _some(parts: Iterable[str], *, mark: str = "；") -> str:
    listed = list(parts)
    more = f" 等 {len(listed)} 项" if len(listed) > MOST_LISTED else ""
    return mark.join(listed[:MOST_LISTED]) + more


def names_of(customers: Sequence[Customer]) -> str:
    listed = "、".join(customer.name for customer in customers[:MOST_NAMES])
    return listed + (f" 等 {len(customers)} 家" if len(customers) > MOST_NAMES else "")


def _subject(handover: Handover) -> str:
    return f"handover:{handover.handover_id}"


def _id(job: Job) -> int:
    handover_id = job.payload["handover_id"]
    assert isinstance(handover_id, int)  # put by `_put`
    return handover_id


async def _put(work: Work, kind: str, handover: Handover, *, at: datetime | None = None) -> None:
    await work.jobs.put(
        kind,
        {"handover_id": handover.handover_id},
        queue=TIMERS,
        lane=_subject(handover),
        dedupe=f"{kind}:{handover.handover_id}",
        at=at,
    )
