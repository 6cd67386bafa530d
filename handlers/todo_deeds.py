"""What words do to a to-do, once it is clear which one is meant."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

from handlers import called, outbox, texts, todo_buttons, todo_clock, todos, wording
from handlers.context import Context
from handlers.reply import Reply
from nlp import todo_words
from nlp.todo_words import Known, Target
from storage.base import JsonObject
from storage.models import Member, Question, Todo
from storage.work import Work

WHICH = "which_todo"
"""The question which of several to-dos is meant."""

Do = Literal["finish", "finish_all", "postpone", "pass_on", "cancel", "reword"]


@dataclass(frozen=True)
class Deed:
    """`to` is until when, to whom, or the new words; its dates count from `said_at`."""

    do: Do
    to: str
    said_at: str

    def as_json(self) -> JsonObject:
        return dict(asdict(self))


def deed(do: Do, reply: Reply, to: str = "") -> Deed:
    return Deed(do, to, reply.sent_at.isoformat())


def by(reply: Reply, member: Member) -> todos.By:
    return todos.By(member.member_id, reply.to, reply.cause)


async def run(ctx: Context, work: Work, member: Member, reply: Reply, what: Deed, chosen: Sequence[Todo]) -> None:
    """Do it to each; with a cause of its own each, or the second would be taken for the first said again."""
    for place, todo in enumerate(chosen):
        each = replace(by(reply, member), cause=f"{reply.cause}>{place}" if place else reply.cause)
        if todo.state != "open" or todo.member_id != member.member_id:
            closing = texts.CLOSED_DONE if todo.state == "done" else texts.CLOSED_CANCELLED
            closing = closing if todo.state != "open" else texts.PASSED_ON_ALREADY
            text = texts.TODO_CLOSED_ALREADY.format(closing=closing, action=todo.action)
            await outbox.say(work, reply.to, text, cause=f"{each.cause}>closed-already")
        else:
            await _one(ctx, work, todo, what, each)


async def _one(ctx: Context, work: Work, todo: Todo, what: Deed, each: todos.By) -> None:
    assert each.to is not None  # it was said in a chat
    match what.do:
        case "finish" | "finish_all":
            await todos.finish(ctx, work, todo, each)
        case "cancel":
            await todos.cancel(ctx, work, todo, each)
        case "reword":
            await todos.reword(ctx, work, todo, each, what.to)
        case "postpone" if not what.to:
            await todo_buttons.ask_until_when(ctx, work, todo, each)
        case "postpone":
            await postpone(ctx, work, todo, each, what.to, datetime.fromisoformat(what.said_at))
        case "pass_on":
            await pass_on(ctx, work, todo, each, what.to)


async def postpone(ctx: Context, work: Work, todo: Todo, each: todos.By, words: str, said_at: datetime) -> bool:
    """To the day that the words name; False where they name none, which is said, too."""
    assert each.to is not None  # it was said in a chat
    until = until_of(ctx, todo, words, said_at)
    if until is None:
        await outbox.say(work, each.to, texts.NO_DAY.format(action=todo.action), cause=f"{each.cause}>no-day")
        return False
    today = ctx.day_of(work.now)
    if until.on < today or (until.at is not None and until.at <= work.now):
        text = texts.NOT_IN_THE_PAST.format(on=wording.day(until.on, today))
        await outbox.say(work, each.to, text, cause=f"{each.cause}>past")
        return False
    await work.questions.close(each.member_id, todo_buttons.POSTPONE, todo_clock.subject(todo))
    await todos.postpone(ctx, work, todo, each, on=until.on, at=until.at)
    return True


def until_of(ctx: Context, todo: Todo, words: str, said_at: datetime) -> todo_words.Until | None:
    due = todo_clock.due_day(ctx.settings.working_time, todo)
    return todo_words.until(words, said_at, ctx.settings.zone, due=due, worked=ctx.settings.worked)


async def pass_on(ctx: Context, work: Work, todo: Todo, each: todos.By, name: str) -> None:
    assert each.to is not None  # it was said in a chat
    found = await called.meant(work, name)
    if found.is_sure:
        await hand_to(ctx, work, todo, each, found.members[0])
    elif found.members:
        await _ask_which_colleague(ctx, work, todo, each, name, found.members)
    else:
        await todo_buttons.wait_for(ctx, work, todo, each, todo_buttons.PASS_ON)
        text = texts.NO_SUCH_COLLEAGUE.format(name=name)
        await outbox.say(work, each.to, text, cause=f"{each.cause}>nobody")


async def hand_to(ctx: Context, work: Work, todo: Todo, each: todos.By, taker: Member) -> None:
    assert each.to is not None  # it was said in a chat
    await work.questions.close(each.member_id, todo_buttons.PASS_ON, todo_clock.subject(todo))
    if taker.member_id == todo.member_id:
        await outbox.say(work, each.to, texts.ALREADY_YOURS, cause=f"{each.cause}>yours")
        return
    await todos.pass_on(ctx, work, todo, each, taker)


async def _ask_which_colleague(
    ctx: Context, work: Work, todo: Todo, each: todos.By, name: str, found: Sequence[Member]
) -> None:
    assert each.to is not None  # it was said in a chat
    lines = [f"{wording.circled(place)} {await called.told_apart(work, one)}" for place, one in enumerate(found)]
    candidates = [one.member_id for one in found]
    await todo_buttons.wait_for(ctx, work, todo, each, todo_buttons.PASS_ON, candidates)
    text = texts.WHICH_COLLEAGUE.format(name=name, lines="\n".join(lines))
    await outbox.say(work, each.to, text, cause=f"{each.cause}>which-colleague")


# Which one is meant


async def ask_which(
    ctx: Context, work: Work, member: Member, reply: Reply, what: Deed, choices: Sequence[Todo]
) -> None:
    lines = [
        f"{wording.circled(place)} {await todo_clock.describe(ctx, work, todo)}" for place, todo in enumerate(choices)
    ]
    ids: JsonObject = {"todo_ids": [todo.todo_id for todo in choices]}
    await work.questions.ask(
        member.member_id, WHICH, WHICH, life=ctx.settings.question_life, payload={**what.as_json(), **ids}
    )
    question = texts.ASK_WHICH[what.do].format(count=len(choices))
    answer = texts.ANSWER_ALL if what.do == "finish_all" else texts.ANSWER_WHICH
    await outbox.say(work, reply.to, "\n".join([question, *lines, answer]), cause=f"{reply.cause}>which")


@dataclass(frozen=True)
class Meant:
    """The to-dos that words point at; `no_such` is a place, counted from 1, that the list does not have."""

    todos: Sequence[Todo] = ()
    by_number: bool = False
    no_such: int | None = None


async def meant(ctx: Context, work: Work, member: Member, target: Target, *, verb: str = "") -> Meant:
    listed = await work.questions.find(member.member_id, todos.LISTING, todos.LISTING)
    shown = await of_question(work, listed) if listed is not None else await _in_order(ctx, work, member)
    places = todo_words.numbered(target, len(shown), is_listed=listed is not None)
    if places is not None:
        wrong = next((place for place in places if not 0 <= place < len(shown)), None)
        return Meant([shown[place] for place in places], by_number=True) if wrong is None else Meant(no_such=wrong + 1)
    choices = await work.todos.open_of(member.member_id)
    found = todo_words.which(target, [await known(work, todo) for todo in choices], verb=verb)
    return Meant([choices[place] for place in found])


async def _in_order(ctx: Context, work: Work, member: Member) -> Sequence[Todo]:
    groups = todos.groups(ctx, work, await work.todos.open_of(member.member_id))
    return [todo for _, group in groups for todo in group]


async def of_question(work: Work, question: Question) -> Sequence[Todo]:
    """The to-dos that a question showed, in the order shown, whatever has become of them."""
    ids = question.payload["todo_ids"]
    assert isinstance(ids, list)  # asked so
    return [await work.todos.get(todo_id) for todo_id in ids if isinstance(todo_id, int)]


async def known(work: Work, todo: Todo) -> Known:
    if todo.customer_id is None:
        return Known(todo.action)
    customer = await work.customers.get(todo.customer_id)
    return Known(todo.action, (customer.name, *(row.alias for row in customer.aliases)))
