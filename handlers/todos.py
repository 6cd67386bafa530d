"""To-dos: made when a visit is confirmed, given by a person or a rule; done, postponed, handed on, called off.

A person's own words and clicks are answered at once. A to-do that comes from somebody else brings its card in working
hours; those that rules made wait for each other, and come as one card where they are several.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from handlers import notices, outbox, texts, todo_cards, todo_clock, wording
from handlers.context import TIMERS, Context
from handlers.messages import Sender, Task
from handlers.record import Record
from storage.base import JsonObject
from storage.jobs import Job
from storage.models import Member, Todo, TodoKind, TodoState, Visit
from storage.work import Work

CARDS_KIND = "todo_cards"
MOST_SUBJECT = 200
LISTING = "todo_list"
"""The question that remembers which numbers a member was shown; see `handlers.todo_sayings`."""


@dataclass(frozen=True)
class By:
    """Who changes a to-do, and where they are answered; `to` is None where no chat of theirs is open to us."""

    member_id: int
    to: outbox.Recipient | None
    cause: str
    response_ref: str | None = None


# Made


async def create(
    ctx: Context, work: Work, visit: Visit, record: Record, *, customer: str, to: Sender, cause: str
) -> int:
    """Make the visit's next steps its to-dos and push a card for each; how many."""
    for position, step in enumerate(record.steps):
        todo = await work.todos.add(visit, position, party=step.owner, action=step.action, due_on=step.due)
        await _show(ctx, work, todo, to=to, cause=f"{cause}>todo:{position}", customer=customer)
        await todo_clock.start(ctx, work, todo)
    return len(record.steps)


async def give(
    ctx: Context,
    work: Work,
    *,
    member_id: int,
    action: str,
    kind: TodoKind,
    origin: str,
    customer_id: int | None = None,
    due_on: date | None = None,
    due_at: datetime | None = None,
    created_by: int | None = None,
    cause: str,
) -> Todo | None:
    """A to-do for a member with its reminders and its card; None where one of that `origin` was made before.

    `created_by` is the person who wants it done, None for a rule. The card of what a member gave themselves is shown by
    the caller (`show`): it belongs to the answer.
    """
    todo = await work.todos.give(
        member_id,
        kind=kind,
        origin=origin,
        action=action,
        customer_id=customer_id,
        party="us",
        due_on=due_on,
        due_at=due_at,
        created_by=created_by if created_by != member_id else None,
    )
    if todo is None:
        return None
    work.audit.note(
        "todo.given", _subject(todo), member_id=created_by, source=cause, after={"member_id": member_id, "kind": kind}
    )
    await todo_clock.start(ctx, work, todo)
    if created_by != member_id:
        await _bring_card(ctx, work, todo)
    return todo


async def follow_up(
    ctx: Context, work: Work, *, member_id: int, customer_id: int, marked_by: int | None, cause: str
) -> Todo | None:
    """Mark a customer as 待跟进, which asks for an effective action within hours; None where the mark is there already.

    Effective is what ends it: the member's next confirmed record of that customer, or their word that it is done.
    """
    if await work.todos.open_marks(customer_id, member_id):
        return None
    due_at = ctx.settings.working_time.add_hours(work.now, ctx.settings.rules.follow_up.within_h)
    return await give(
        ctx,
        work,
        member_id=member_id,
        action=texts.FOLLOW_UP_ACTION,
        kind="follow_up",
        origin=f"follow_up:{customer_id}:{member_id}:{work.now.astimezone(UTC).isoformat()}",
        customer_id=customer_id,
        due_at=due_at,
        created_by=marked_by,
        cause=cause,
    )


async def settle_follow_ups(ctx: Context, work: Work, customer_id: int, member_id: int, *, cause: str) -> None:
    """The member did something effective about the customer: their 待跟进 marks on it are done."""
    for todo in await work.todos.open_marks(customer_id, member_id):
        await finish(ctx, work, todo, By(member_id, None, f"{cause}>follow-up:{todo.todo_id}"))


# Changed


async def finish(ctx: Context, work: Work, todo: Todo, by: By) -> None:
    """Done; done twice it stays done, and says so once more. Contact with the customer is no part of it."""
    if todo.state == "open":
        await _end(ctx, work, todo, "done", by)
    await _close_card(work, todo, texts.CLOSED_DONE, by, done=True)
    await _say(work, by, texts.TODO_DONE.format(action=todo.action), what="done")


async def cancel(ctx: Context, work: Work, todo: Todo, by: By) -> None:
    if todo.state == "open":
        await _end(ctx, work, todo, "cancelled", by)
    await _close_card(work, todo, texts.CLOSED_CANCELLED, by)
    await _say(work, by, texts.TODO_CANCELLED.format(action=todo.action), what="cancelled")


async def _end(ctx: Context, work: Work, todo: Todo, state: TodoState, by: By) -> None:
    await todo_clock.stop(work, todo)
    work.todos.close(todo, state)
    _note(work, f"todo.{state}", todo, by, {"state": "open"}, {"state": state})
    if todo.created_by is None or todo.created_by == by.member_id:
        return
    member = await work.members.get(by.member_id)
    said = texts.TODO_DONE_FOR_YOU if state == "done" else texts.TODO_CANCELLED_FOR_YOU
    text = said.format(member=member.name, todo=await todo_clock.describe(ctx, work, todo))
    # its own subject: what is told of the to-do itself is dropped with it
    subject = f"todo-end:{todo.todo_id}"
    await notices.tell(ctx, work, todo.created_by, text, key=f"{subject}:{state}", subject=subject)


async def postpone(ctx: Context, work: Work, todo: Todo, by: By, *, on: date, at: datetime | None = None) -> None:
    """Due on another day; one that is due at a moment keeps its time of day unless `at` names another."""
    before = _due(todo)
    zone = ctx.settings.zone
    if at is None and todo.due_at is not None:
        at = datetime.combine(on, todo.due_at.astimezone(zone).time(), zone)
    await todo_clock.stop(work, todo)
    todo.due_on, todo.due_at, todo.settled_at = (None if at is not None else on), at, work.now
    _note(work, "todo.postponed", todo, by, before, _due(todo))
    await todo_clock.start(ctx, work, todo)
    due = todo_clock.due_words(ctx, todo, ctx.day_of(work.now))
    await _say(work, by, texts.TODO_POSTPONED.format(action=todo.action, due=due), what="postponed")
    await _renew_card(ctx, work, todo, by, texts.CLOSED_POSTPONED)


async def reword(ctx: Context, work: Work, todo: Todo, by: By, action: str) -> None:
    before: JsonObject = {"action": todo.action}
    todo.action = action
    _note(work, "todo.reworded", todo, by, before, {"action": action})
    await _say(work, by, texts.TODO_REWORDED.format(action=action), what="reworded")
    await _renew_card(ctx, work, todo, by, texts.CLOSED_REPLACED)


async def pass_on(ctx: Context, work: Work, todo: Todo, by: By, taker: Member, *, is_given: bool = True) -> None:
    """Hand it to somebody else, who gets its card; what the platform shows of it moves along.

    `is_given`: whether `by` wants to hear what becomes of it; not where it goes along with a customer.
    """
    before: JsonObject = {"member_id": todo.member_id}
    await todo_clock.stop(work, todo)
    await _close_card(work, todo, texts.CLOSED_PASSED_ON.format(member=taker.name), by)
    todo.member_id = taker.member_id
    if is_given:
        todo.created_by = by.member_id
    todo.settled_at, todo.card_id = work.now, None
    _note(work, "todo.passed_on", todo, by, before, {"member_id": taker.member_id})
    await todo_clock.start(ctx, work, todo)
    await _bring_card(ctx, work, todo)
    await _say(work, by, texts.TODO_PASSED_ON.format(action=todo.action, member=taker.name), what="passed-on")


def _due(todo: Todo) -> JsonObject:
    return {
        "due_on": todo.due_on.isoformat() if todo.due_on else None,
        "due_at": todo.due_at.astimezone(UTC).isoformat() if todo.due_at else None,
    }


def _note(work: Work, action: str, todo: Todo, by: By, before: JsonObject, after: JsonObject) -> None:
    work.audit.note(action, _subject(todo), member_id=by.member_id, source=by.cause, before=before, after=after)


def _subject(todo: Todo) -> str:
    return todo_clock.subject(todo)


async def _say(work: Work, by: By, text: str, *, what: str) -> None:
    if by.to is not None:
        await outbox.say(work, by.to, text, cause=f"{by.cause}>{what}")


# Cards


async def show(ctx: Context, work: Work, todo: Todo, by: By) -> None:
    """Its card, for whoever just made it."""
    if by.to is not None:
        await _show(ctx, work, todo, to=by.to, cause=f"{by.cause}>card")


async def _show(
    ctx: Context, work: Work, todo: Todo, *, to: outbox.Recipient, cause: str, customer: str | None = None
) -> None:
    customer = customer or await customer_of(work, todo)
    giver = (await work.members.get(todo.created_by)).name if todo.created_by else ""
    todo.card_id = outbox.new_card_id("todo", todo.todo_id)
    card = todo_cards.todo_card(
        todo,
        customer,
        todo.card_id,
        due=todo_clock.due_words(ctx, todo, ctx.day_of(work.now)),
        giver=giver,
        hint=await _hint(ctx, work, todo),
        task=_task(ctx, work, todo, customer),
    )
    await outbox.show(work, to, card, kind=todo_cards.ONE, life=ctx.settings.todo_life, cause=cause)


async def _hint(ctx: Context, work: Work, todo: Todo) -> str:
    """What helps in the stage its customer is in; nothing where it is the customer's turn, or the manager's."""
    if todo.customer_id is None or todo.party != "us" or todo.kind == "stalled":
        return ""
    return ctx.settings.stage_hints.get((await work.customers.get(todo.customer_id)).stage or "", "")


def _task(ctx: Context, work: Work, todo: Todo, customer: str) -> Task | None:
    """The to-do for a platform's own list; None where no page of ours can be reached to tick it off."""
    url = ctx.links.todo(todo.todo_id, todo.member_id, until=work.now + ctx.settings.todo_life)
    if url is None:
        return None
    due_at = todo_clock.due_moment(ctx.settings.working_time, todo)
    return Task(subject=f"{todo.action}（{customer}）"[:MOST_SUBJECT], due_at=due_at, url=url)


async def _close_card(work: Work, todo: Todo, closing: str, by: By, *, done: bool = False) -> None:
    """Close its own card; one that it shares with others stays."""
    card = await work.cards.find(todo.card_id) if todo.card_id else None
    if card is not None and card.kind == todo_cards.ONE:
        await outbox.close(work, card, closing, cause=f"{by.cause}>closed", response_ref=by.response_ref, done=done)


async def _renew_card(ctx: Context, work: Work, todo: Todo, by: By, closing: str) -> None:
    """A fresh card in place of the last one, and so a fresh entry in the platform's own list."""
    await _close_card(work, todo, closing, by)
    to = by.to or await ctx.reach(work, todo.member_id)
    if to is not None:
        await _show(ctx, work, todo, to=to, cause=f"{by.cause}>card:{todo.todo_id}")


async def _bring_card(ctx: Context, work: Work, todo: Todo) -> None:
    """Its card when people may be written to; see `bring_cards`."""
    await work.jobs.put(
        CARDS_KIND,
        {"member_id": todo.member_id},
        queue=TIMERS,
        lane=f"todo_cards:{todo.member_id}",
        dedupe=f"todo_cards:{todo.todo_id}:{todo.member_id}:{todo_clock.settled_at(todo).astimezone(UTC).isoformat()}",
        at=ctx.settings.working_time.next_push(work.now),
    )


async def bring_cards(ctx: Context, job: Job) -> None:
    """Show a member the to-dos that came from elsewhere: one by its own card, several on one."""
    member_id = job.payload["member_id"]
    assert isinstance(member_id, int)  # put by `_bring_card`
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        unshown = await work.todos.unshown(member_id)
        address = await ctx.reach(work, member_id)
        if not unshown or address is None or not (await work.members.get(member_id)).active:
            await work.jobs.complete(job)
            return
        # what a person gave is waited for; what a rule found is one of the things that come at most once an hour
        is_personal = any(todo.created_by for todo in unshown)
        if await notices.has_put_off(ctx, work, job, to=None if is_personal else member_id):
            return
        cause = f"todo_cards:{job.id}"
        if len(unshown) == 1:
            await _show(ctx, work, unshown[0], to=address, cause=cause)
        else:
            await _show_together(ctx, work, unshown, to=address, cause=cause)
        if not is_personal:
            await work.notices.count(cause, member_id, subject=_subject(unshown[0]))
        await work.jobs.complete(job)


async def _show_together(ctx: Context, work: Work, todos: Sequence[Todo], *, to: outbox.Recipient, cause: str) -> None:
    card_id = outbox.new_card_id("todos", todos[0].todo_id)
    lines = [(todo.todo_id, await todo_clock.describe(ctx, work, todo)) for todo in todos]
    for todo in todos:
        todo.card_id = card_id
    card = todo_cards.several_card(card_id, lines)
    await outbox.show(work, to, card, kind=todo_cards.SEVERAL, life=ctx.settings.todo_life, cause=cause)


# Looked at


async def customer_of(work: Work, todo: Todo) -> str:
    return (await work.customers.get(todo.customer_id)).name if todo.customer_id else texts.NO_CUSTOMER


async def listing(ctx: Context, work: Work, member_id: int) -> str:
    """What a member has to do, in groups by date; the numbers shown stay good for what they say next."""
    todos = await work.todos.open_of(member_id)
    if not todos:
        await work.questions.close(member_id, LISTING, LISTING)
        return texts.NO_TODOS
    grouped = [todo for _, group in groups(ctx, work, todos) for todo in group]
    shown: JsonObject = {"todo_ids": [todo.todo_id for todo in grouped]}
    await work.questions.ask(member_id, LISTING, LISTING, life=ctx.settings.question_life, payload=shown)
    return texts.TODOS.format(lines="\n".join(await _lines(ctx, work, todos)))


async def team_listing(ctx: Context, work: Work, members: Sequence[Member]) -> str:
    """What these people have to do, one after the other; it can be looked at, not acted on."""
    parts = []
    for member in members:
        if todos := await work.todos.open_of(member.member_id):
            lines = "\n".join(await _lines(ctx, work, todos))
            parts.append(texts.TODOS_OF.format(member=member.name, count=len(todos), lines=lines))
    return "\n\n".join(parts)


def groups(ctx: Context, work: Work, todos: Sequence[Todo]) -> list[tuple[str, list[Todo]]]:
    """已过期, 今天, 以后, 没有日期: those that there are, each in order of date."""
    times, today = ctx.settings.working_time, ctx.day_of(work.now)
    found: dict[str, list[Todo]] = {name: [] for name in texts.TODO_GROUPS}
    overdue, due_today, later, undated = texts.TODO_GROUPS
    far = datetime.max.replace(tzinfo=UTC)
    for todo in sorted(todos, key=lambda one: (todo_clock.due_moment(times, one) or far, one.todo_id)):
        due = todo_clock.due_moment(times, todo)
        if due is None:
            found[undated].append(todo)
        elif due < work.now:
            found[overdue].append(todo)
        else:
            found[due_today if due.date() <= today else later].append(todo)
    return [(name, group) for name, group in found.items() if group]


async def _lines(ctx: Context, work: Work, todos: Sequence[Todo]) -> list[str]:
    today = ctx.day_of(work.now)
    lines, place = [], 0
    for name, group in groups(ctx, work, todos):
        lines.append(f"【{name}】")
        for todo in group:
            due = todo_clock.due_words(ctx, todo, today)
            party = "" if todo.party == "us" else f"（由{wording.OWNER_LABELS[todo.party]}）"
            parts = [wording.circled(place), due, f"{todo.action}{party}", "·", await customer_of(work, todo)]
            lines.append(" ".join(filter(None, parts)))
            place += 1
    return lines
