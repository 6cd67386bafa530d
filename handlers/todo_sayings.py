"""What people say about their to-dos in passing: done, later, somebody else's, a new one, whose there are, 待跟进."""

from handlers import access, called, outbox, texts, todo_clock, todo_deeds, todos, wording
from handlers.context import Context
from handlers.reply import Reply
from handlers.todo_deeds import deed
from nlp import todo_words
from nlp.todo_words import Cancel, Change, Create, Finish, FinishAll, MarkFollowUp, PassOn, Show, Target, Wish
from storage.models import Customer, Member, Todo
from storage.work import Work

MOST_CANDIDATES = 5


async def run(ctx: Context, work: Work, member: Member, reply: Reply, wish: Wish) -> bool:
    """False where there is no such to-do, colleague or customer: then the words were meant otherwise."""
    match wish:
        case Finish(target, verb):
            return await _do(ctx, work, member, reply, target, deed("finish", reply), verb=verb)
        case FinishAll():
            return await _finish_all(ctx, work, member, reply)
        case Change():
            return await _change(ctx, work, member, reply, wish)
        case PassOn(target, name):
            if not (target.says_todo or await called.is_written(work, name)):
                return False
            return await _do(ctx, work, member, reply, target, deed("pass_on", reply, name))
        case Cancel(target):
            return await _do(ctx, work, member, reply, target, deed("cancel", reply))
        case Create(words, when):
            return await _create(ctx, work, member, reply, words, when=when)
        case Show():
            return await _show(ctx, work, member, reply, wish)
        case MarkFollowUp():
            return await _mark(ctx, work, member, reply, wish)


async def _do(
    ctx: Context,
    work: Work,
    member: Member,
    reply: Reply,
    target: Target,
    what: todo_deeds.Deed,
    *,
    verb: str = "",
) -> bool:
    meant = await todo_deeds.meant(ctx, work, member, target, verb=verb)
    if meant.no_such is not None:
        count = len(await work.todos.open_of(member.member_id))
        text = texts.NO_SUCH_TODO.format(place=meant.no_such, count=count)
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>no-such")
        return True
    if not meant.todos:
        return False
    if meant.by_number or len(meant.todos) == 1:
        await todo_deeds.run(ctx, work, member, reply, what, [await _locked(work, todo) for todo in meant.todos])
    else:
        await todo_deeds.ask_which(ctx, work, member, reply, what, meant.todos)
    return True


async def missed(ctx: Context, work: Work, member: Member, text: str) -> str | None:
    """What to answer to words that settle or change a to-do which nobody could find: those that there are.

    None where the words mean something else, or there are none.
    """
    wish = todo_words.read(text)
    if not isinstance(wish, Finish | Change | PassOn | Cancel) or not await work.todos.open_of(member.member_id):
        return None
    return texts.NO_TODO_LIKE_THAT.format(listing=await todos.listing(ctx, work, member.member_id))


async def _locked(work: Work, todo: Todo) -> Todo:
    locked = await work.todos.lock(todo.todo_id)
    assert locked is not None  # it was read a moment ago, and none is ever deleted
    return locked


async def _finish_all(ctx: Context, work: Work, member: Member, reply: Reply) -> bool:
    found = await work.todos.open_of(member.member_id)
    if not found:
        await outbox.say(work, reply.to, texts.NO_TODOS, cause=f"{reply.cause}>none")
    else:
        await todo_deeds.ask_which(ctx, work, member, reply, deed("finish_all", reply), found)
    return True


async def _change(ctx: Context, work: Work, member: Member, reply: Reply, wish: Change) -> bool:
    zone, worked = ctx.settings.zone, ctx.settings.worked
    is_day = not wish.to or todo_words.until(wish.to, reply.sent_at, zone, due=None, worked=worked) is not None
    if not is_day and not wish.target.says_todo:
        return False  # 预算改成90万 is about something else
    what = deed("postpone" if is_day or not wish.rewords else "reword", reply, wish.to)
    return await _do(ctx, work, member, reply, wish.target, what)


# A new one


async def _create(ctx: Context, work: Work, member: Member, reply: Reply, words: str, *, when: str = "") -> bool:
    zone, worked, today = ctx.settings.zone, ctx.settings.worked, ctx.day_of(work.now)
    if when and todo_words.until(when, reply.sent_at, zone, due=None, worked=worked) is None:
        return False
    new = todo_words.new(words, reply.sent_at, zone, worked)
    if new is None:
        await outbox.say(work, reply.to, texts.NO_ACTION, cause=f"{reply.cause}>what")
        return True
    until = new.until
    if new.is_over or (until is not None and (until.on < today or (until.at is not None and until.at <= work.now))):
        await outbox.say(work, reply.to, texts.TIME_IS_OVER, cause=f"{reply.cause}>over")
        return True
    todo = await todos.give(
        ctx,
        work,
        member_id=member.member_id,
        action=new.action,
        kind="said",
        origin=f"said:{reply.cause}",
        customer_id=await _customer_in(work, member, new.action),
        due_on=until.on if until is not None and until.at is None else None,
        due_at=until.at if until is not None else None,
        created_by=member.member_id,
        cause=reply.cause,
    )
    if todo is not None:
        made = texts.TODO_MADE.format(todo=await todo_clock.describe(ctx, work, todo))
        await outbox.say(work, reply.to, made + _when_reminded(ctx, work, todo), cause=f"{reply.cause}>made")
        await todos.show(ctx, work, todo, todo_deeds.by(reply, member))
    return True


def _when_reminded(ctx: Context, work: Work, todo: Todo) -> str:
    """When they hear of it, where that is not the moment they named."""
    step = next((step for step in todo_clock.steps(ctx, todo) if step.name == "due"), None)
    if step is None or todo.due_at is None or step.at == todo.due_at:
        return ""
    at = wording.clock_time(step.at, ctx.settings.zone, ctx.day_of(work.now))
    return texts.TODO_MADE_REMINDED.format(at=at)


async def _customer_in(work: Work, member: Member, action: str) -> int | None:
    """The customer of theirs that the words name; None where there is none, or it may be one of several."""
    sight = await access.sight_of(work, member)
    named = [
        customer
        for customer in await work.customers.named_in(action)
        if customer.owner_id is None or sight.sees(customer.owner_id)
    ]
    return named[0].customer_id if len(named) == 1 else None


# Somebody else's


async def _show(ctx: Context, work: Work, member: Member, reply: Reply, wish: Show) -> bool:
    everybody = [one for one in await work.members.all() if one.active]
    named = [one for one in everybody if one.name == wish.name]
    if wish.name and not named:
        return wish.or_new and await _create(ctx, work, member, reply, wish.name)
    sight = await access.sight_of(work, member)
    if wish.name:
        seen = [one for one in named if sight.sees(one.member_id)]
        may = bool(seen)
    else:
        seen = [one for one in everybody if sight.sees(one.member_id) and one.member_id != member.member_id]
        may = access.has_role(member, access.LEADERS)
    if not may:
        await outbox.say(work, reply.to, texts.NOT_ALLOWED, cause=f"{reply.cause}>refused")
        return True
    listed = await todos.team_listing(ctx, work, seen)
    empty = texts.NO_TODOS_OF.format(member=wish.name) if wish.name else texts.NO_TODOS_IN_TEAM
    await outbox.say(work, reply.to, listed or empty, cause=f"{reply.cause}>todos")
    return True


# 待跟进


async def _mark(ctx: Context, work: Work, member: Member, reply: Reply, wish: MarkFollowUp) -> bool:
    found = await work.customers.called(wish.customer)
    if not found:
        if wish.is_plain:
            text = texts.NO_SUCH_CUSTOMER_TO_MARK.format(name=wish.customer)
            await outbox.say(work, reply.to, text, cause=f"{reply.cause}>no-customer")
        return wish.is_plain
    sight = await access.sight_of(work, member)
    visible = [one for one in found if one.owner_id is None or sight.sees(one.owner_id)]
    if len(visible) > 1:
        names = "、".join(one.name for one in visible[:MOST_CANDIDATES])
        text = texts.WHICH_CUSTOMER_TO_MARK.format(name=wish.customer, names=names, example=visible[0].name)
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>which-customer")
    elif visible:
        await _mark_one(ctx, work, member, reply, visible[0])
    else:
        await outbox.say(work, reply.to, texts.NOT_ALLOWED, cause=f"{reply.cause}>refused")
    return True


async def _mark_one(ctx: Context, work: Work, member: Member, reply: Reply, customer: Customer) -> None:
    owner = await work.members.get(customer.owner_id) if customer.owner_id is not None else member
    owner = owner if owner.active else member
    todo = await todos.follow_up(
        ctx,
        work,
        member_id=owner.member_id,
        customer_id=customer.customer_id,
        marked_by=member.member_id,
        cause=reply.cause,
    )
    if todo is None:
        text = texts.FOLLOW_UP_KNOWN.format(customer=customer.name)
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>marked-already")
        return
    assert todo.due_at is not None  # a mark has its clock
    at = wording.clock_time(todo.due_at, ctx.settings.zone, ctx.day_of(work.now))
    is_own = owner.member_id == member.member_id
    said = texts.FOLLOW_UP_MARKED if is_own else texts.FOLLOW_UP_MARKED_FOR
    text = said.format(customer=customer.name, at=at, member=owner.name)
    await outbox.say(work, reply.to, text, cause=f"{reply.cause}>marked")
    if is_own:
        await todos.show(ctx, work, todo, todo_deeds.by(reply, member))
