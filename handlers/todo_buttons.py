"""The buttons of a to-do: 完成, 延期, 转交."""

from collections.abc import Sequence

from handlers import actions, outbox, texts, todo_cards, todo_clock, todos, wording
from handlers.context import Context
from handlers.pressed import Pressed
from storage.base import JsonObject
from storage.models import Todo
from storage.work import Work

POSTPONE, PASS_ON = "postpone", "pass_on"
"""What we ask: until when, and to whom; see `handlers.todo_sayings`."""


async def press(ctx: Context, work: Work, action: actions.TodoAction, pressed: Pressed) -> None:
    todo = await work.todos.lock(action.todo_id)
    assert todo is not None  # it was looked at before the press was let through
    # the reference of a click is good for the card that was pressed, which may be the morning's
    own = pressed.response_ref if pressed.card.card_id == todo.card_id else None
    by = todos.By(pressed.member.member_id, pressed.to, pressed.cause, own)
    if isinstance(action, actions.FinishTodo):
        await todos.finish(ctx, work, todo, by)
    elif todo.state != "open":
        closing = texts.CLOSED_DONE if todo.state == "done" else texts.CLOSED_CANCELLED
        await outbox.say(work, pressed.to, texts.CARD_CLOSED.format(closing=closing), cause=f"{pressed.cause}>refused")
    elif isinstance(action, actions.PassOnTodo):
        await ask_to_whom(ctx, work, todo, by)
    elif action.on is None:
        await ask_until_when(ctx, work, todo, by)
    elif action.on < (today := ctx.day_of(work.now)):
        text = texts.NOT_IN_THE_PAST.format(on=wording.day(action.on, today))
        await outbox.say(work, pressed.to, text, cause=f"{pressed.cause}>past")
    else:
        await outbox.close(
            work,
            pressed.card,
            texts.CLOSED_PICKED,
            cause=f"{pressed.cause}>picked",
            response_ref=pressed.response_ref,
        )
        await work.questions.close(by.member_id, POSTPONE, todo_clock.subject(todo))
        await todos.postpone(ctx, work, todo, by, on=action.on)


async def wait_for(
    ctx: Context, work: Work, todo: Todo, by: todos.By, kind: str, candidates: Sequence[int] | None = None
) -> None:
    """What they say next may be the answer to that question; `candidates` are the members that a number means."""
    payload: JsonObject = {"todo_id": todo.todo_id}
    if candidates is not None:
        payload["candidates"] = list(candidates)
    subject, life = todo_clock.subject(todo), ctx.settings.question_life
    await work.questions.ask(by.member_id, kind, subject, life=life, payload=payload)


async def ask_until_when(ctx: Context, work: Work, todo: Todo, by: todos.By) -> None:
    assert by.to is not None  # somebody asked for it in a chat
    await wait_for(ctx, work, todo, by, POSTPONE)
    today = ctx.day_of(work.now)
    card = todo_cards.postpone_card(
        todo,
        outbox.new_card_id("postpone", todo.todo_id),
        customer=await todos.customer_of(work, todo),
        due=todo_clock.due_words(ctx, todo, today),
        today=today,
        times=ctx.settings.working_time,
    )
    await outbox.show(
        work, by.to, card, kind=todo_cards.LATER, life=ctx.settings.card_life, cause=f"{by.cause}>until-when"
    )


async def ask_to_whom(ctx: Context, work: Work, todo: Todo, by: todos.By) -> None:
    assert by.to is not None  # somebody asked for it in a chat
    await wait_for(ctx, work, todo, by, PASS_ON)
    await outbox.say(work, by.to, texts.ASK_TO_WHOM.format(action=todo.action), cause=f"{by.cause}>to-whom")
