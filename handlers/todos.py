"""To-dos: made when a visit is confirmed, done by a button or a word."""

from datetime import datetime, time

from handlers import actions, cards, outbox, texts, wording
from handlers.context import Context
from handlers.messages import Sender, Task
from handlers.pressed import Pressed
from handlers.record import Record
from storage.models import Todo, Visit
from storage.work import Work

NO_CUSTOMER = "（未定客户）"
DUE_AT = time(18)
"""A day's to-do is due when the working day ends."""
MOST_SUBJECT = 200


async def create(
    ctx: Context, work: Work, visit: Visit, record: Record, *, customer: str, to: Sender, cause: str
) -> int:
    """Make the visit's next steps its to-dos and push a card for each; how many."""
    for position, step in enumerate(record.steps):
        todo = await work.todos.add(visit, position, party=step.owner, action=step.action, due_on=step.due)
        await _show(ctx, work, todo, customer, to=to, cause=f"{cause}>todo:{position}")
    return len(record.steps)


async def show(ctx: Context, work: Work, todo: Todo, *, to: outbox.Recipient, cause: str) -> None:
    """Its card, for whose it is now."""
    customer = (await work.customers.get(todo.customer_id)).name if todo.customer_id else NO_CUSTOMER
    await _show(ctx, work, todo, customer, to=to, cause=cause)


async def _show(ctx: Context, work: Work, todo: Todo, customer: str, *, to: outbox.Recipient, cause: str) -> None:
    todo.card_id = outbox.new_card_id("todo", todo.todo_id)
    today = ctx.day_of(work.now)
    card = cards.todo_card(todo, customer, todo.card_id, today=today, task=_task(ctx, work, todo, customer))
    await outbox.show(work, to, card, kind="todo", life=ctx.settings.todo_life, cause=cause)


def _task(ctx: Context, work: Work, todo: Todo, customer: str) -> Task | None:
    """The to-do for a platform's own list; None where no page of ours can be reached to tick it off."""
    url = ctx.links.todo(todo.todo_id, todo.member_id, until=work.now + ctx.settings.todo_life)
    if url is None:
        return None
    due_at = datetime.combine(todo.due_on, DUE_AT, ctx.settings.zone) if todo.due_on else None
    return Task(subject=f"{todo.action}（{customer}）"[:MOST_SUBJECT], due_at=due_at, url=url)


async def press(_ctx: Context, work: Work, action: actions.TodoAction, pressed: Pressed) -> None:
    todo = await work.todos.lock(action.todo_id)
    assert todo is not None  # it was looked at before the press was let through
    await finish(
        work,
        todo,
        member_id=pressed.member.member_id,
        to=pressed.to,
        cause=pressed.cause,
        response_ref=pressed.response_ref,
    )


async def finish(
    work: Work, todo: Todo, *, member_id: int, to: outbox.Recipient | None, cause: str, response_ref: str | None = None
) -> None:
    """Done; done twice it stays done, and says so once. Without `to` there is no chat to say it in."""
    if todo.state == "open":
        work.todos.close(todo, "done")
        work.audit.note(
            "todo.done",
            f"todo:{todo.todo_id}",
            member_id=member_id,
            source=cause,
            before={"state": "open"},
            after={"state": "done"},
        )
    card = await work.cards.find(todo.card_id) if todo.card_id else None
    if card is not None:
        await outbox.close(work, card, texts.CLOSED_DONE, cause=f"{cause}>closed", response_ref=response_ref, done=True)
    if to is not None:
        await outbox.say(work, to, texts.TODO_DONE.format(action=todo.action), cause=f"{cause}>done")


async def listing(ctx: Context, work: Work, member_id: int) -> str:
    open_todos = await work.todos.open_of(member_id)
    if not open_todos:
        return texts.NO_TODOS
    today = ctx.day_of(work.now)
    lines = []
    for place, todo in enumerate(open_todos):
        customer = (await work.customers.get(todo.customer_id)).name if todo.customer_id else NO_CUSTOMER
        due = f"{wording.day(todo.due_on, today)}前 " if todo.due_on else ""
        overdue = "（已过期）" if todo.due_on and todo.due_on < today else ""
        lines.append(f"{wording.circled(place)} {due}{todo.action}{overdue} · {customer}")
    return texts.TODOS.format(lines="\n".join(lines))
