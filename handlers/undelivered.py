"""A card that could not be delivered, though somebody counts on it: they hear of it, and may decide anew.

The admins hear of every parked job; those who assigned a matter or handed on a to-do know better what to do about it.
"""

from handlers import approving, escalation, escalation_clock, help_desk, notices, texts
from handlers.context import Context
from storage.jobs import Job
from storage.models import Card, Escalation, Todo
from storage.work import Work


async def tell(ctx: Context, work: Work, job: Job) -> None:
    """`job` is one of the outbox that nobody will try again."""
    content = job.payload.get("content")
    card_id = content.get("card_id") if isinstance(content, dict) and content.get("kind") == "card" else None
    card = await work.cards.find(card_id) if isinstance(card_id, str) else None
    if card is None:
        return
    for matter in await work.escalations.shown_on(card.card_id):
        await _matter(ctx, work, matter, card)
    for todo in await work.todos.shown_on(card.card_id):
        await _todo(ctx, work, todo, card)
    for request in await work.help.shown_on(card.card_id):
        holder = await work.members.get(request.holder_id)
        text = texts.HELP_UNDELIVERED.format(holder=holder.name, **await help_desk.named(work, request))
        asker = await help_desk.asker_of(work, request)
        await help_desk.tell(ctx, work, request, asker, text, what=f"undelivered:{card.card_id}")
    for approval, node in await work.approvals.shown_on(card.card_id):
        holder = await work.members.get(node.member_id)
        text = texts.APPROVAL_UNDELIVERED.format(holder=holder.name, **await approving.named(work, approval))
        asker = await approving.asker_of(work, approval)
        await approving.tell(ctx, work, approval, asker, text, what=f"undelivered:{card.card_id}")


async def _matter(ctx: Context, work: Work, matter: Escalation, card: Card) -> None:
    holder = await escalation.holder_of(work, matter)
    names = {"holder": holder.name, **await escalation.named(work, matter)}
    if matter.state == "assigned":
        told, text = matter.manager_id, texts.ASSIGNEE_UNREACHED.format(**names)
    else:
        told, text = matter.member_id, texts.MANAGER_UNREACHED.format(**names)
    # whoever cannot be reached cannot decide; the manager who assigned it gets the card again
    await notices.tell(ctx, work, told, text, key=f"undelivered:{card.card_id}", subject=escalation.news_of(matter))
    if matter.state == "assigned":
        await escalation_clock.give_back(ctx, work, matter, cause=f"undelivered:{card.card_id}")


async def _todo(ctx: Context, work: Work, todo: Todo, card: Card) -> None:
    giver = todo.created_by
    if giver is None or giver == todo.member_id:
        return
    taker = await work.members.get(todo.member_id)
    text = texts.TODO_UNREACHED.format(action=todo.action, member=taker.name)
    about = f"undelivered:todo:{todo.todo_id}"
    await notices.tell(ctx, work, giver, text, key=f"undelivered:{card.card_id}:{todo.todo_id}", subject=about)
