"""Answers to what we ask about to-dos: which one, until when, to whom."""

import re
from typing import Any

from handlers import called, outbox, texts, todo_buttons, todo_deeds, todos
from handlers.context import Context
from handlers.reply import Reply
from nlp import todo_words
from storage.models import Member, Question, Todo
from storage.work import Work

MOST_ANSWER = 24
"""Characters; longer words are news."""
_NAME = re.compile(r"(?:请)?(?:转给|转交给|交给|给)?(?P<name>[\u4e00-\u9fa5A-Za-z·]{2,12}?)(?:吧|来做|来跟)?")


async def which(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """第二个, 前两个, 是 (all of them), or words of one of them."""
    words = reply.text.strip(" \n。.！!")
    if len(words) > MOST_ANSWER:
        return False
    if todo_words.never_mind(words):
        return await _never_mind(work, question, reply)
    choices = await todo_deeds.of_question(work, question)
    payload: dict[str, Any] = question.payload
    what = todo_deeds.Deed(payload["do"], payload["to"], payload["said_at"])
    target = todo_words.target(words)
    places = todo_words.numbered(target, len(choices), is_listed=True)
    if places is None and what.do in {"finish", "finish_all"} and todo_words.means_all(words):
        places = tuple(range(len(choices)))
    if places is None:
        places = todo_words.which(target, [await todo_deeds.known(work, todo) for todo in choices])
        if len(places) != 1:
            return False
    if not all(0 <= place < len(choices) for place in places):
        text = texts.NUMBER_OUT_OF_RANGE.format(count=len(choices))
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>number")
        return True
    await _close(work, question)
    await todo_deeds.run(ctx, work, member, reply, what, [choices[place] for place in places])
    return True


async def until_when(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    todo = await _asked_about(work, question, member)
    if todo is None or len(reply.text) > MOST_ANSWER:
        return False
    if todo_words.never_mind(reply.text):
        return await _never_mind(work, question, reply)
    if todo_deeds.until_of(ctx, todo, reply.text, reply.sent_at) is None:
        return False
    by = todo_deeds.by(reply, member)
    await todo_deeds.postpone(ctx, work, todo, by, reply.text, reply.sent_at)
    return True


async def to_whom(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """A colleague's name, or the number of one where several have it. Other names may mean something else."""
    todo = await _asked_about(work, question, member)
    words = reply.text.strip(" \n。.！!")
    if todo is None or len(words) > MOST_ANSWER:
        return False
    if todo_words.never_mind(words):
        return await _never_mind(work, question, reply)
    by = todo_deeds.by(reply, member)
    candidates = question.payload.get("candidates")
    if isinstance(candidates, list):
        places = todo_words.numbered(todo_words.target(words), len(candidates), is_listed=True)
        if places is not None and len(places) == 1 and 0 <= places[0] < len(candidates):
            chosen = candidates[places[0]]
            assert isinstance(chosen, int)  # asked so
            await todo_deeds.hand_to(ctx, work, todo, by, await work.members.get(chosen))
            return True
    match = _NAME.fullmatch(words)
    if match is None or not (await called.meant(work, match["name"])).members:
        return False
    await todo_deeds.pass_on(ctx, work, todo, by, match["name"])
    return True


async def listing(_ctx: Context, _work: Work, _question: Question, _reply: Reply, _member: Member) -> bool:
    """A list of to-dos asks nothing; it is kept so that its numbers are good for what is said next."""
    return False


READERS = {
    todos.LISTING: listing,
    todo_deeds.WHICH: which,
    todo_buttons.POSTPONE: until_when,
    todo_buttons.PASS_ON: to_whom,
}

NUMBERED = frozenset({todo_deeds.WHICH, todo_buttons.PASS_ON})


async def _asked_about(work: Work, question: Question, member: Member) -> Todo | None:
    """The to-do in question; None, and the question closed, where it is settled otherwise by now."""
    todo_id = question.payload["todo_id"]
    assert isinstance(todo_id, int)  # asked so
    todo = await work.todos.lock(todo_id)
    if todo is not None and todo.state == "open" and todo.member_id == member.member_id:
        return todo
    await _close(work, question)
    return None


async def _never_mind(work: Work, question: Question, reply: Reply) -> bool:
    await _close(work, question)
    await outbox.say(work, reply.to, texts.NEVER_MIND, cause=f"{reply.cause}>never-mind")
    return True


async def _close(work: Work, question: Question) -> None:
    await work.questions.close(question.member_id, question.kind, question.subject)
