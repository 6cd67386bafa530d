"""新增话术, step by step for whoever does not write it all at once: what customers say, the answer, the kind.

Each answer may be typed or spoken. What names a customer of ours is news of a visit and no answer, and an order such
as 话术库 is carried out in between; 取消 ends it. Nothing is in the library before the last step.
"""

import re
from datetime import timedelta

from pydantic import JsonValue

from handlers import outbox, script_changes, script_proposals, texts
from handlers.context import Context
from handlers.reply import Reply
from handlers.script_said import Said
from nlp import script_words, todo_words
from storage.base import JsonObject
from storage.models import Member, Question
from storage.work import Work

WORDS, KIND = "script_words", "script_kind"
"""The questions: for words of any sort, and for one of the kinds."""
LIFE = timedelta(hours=1)
"""So long whatever somebody says may be words for the script; later it is what it was meant as."""
MOST_PICK = 12
MOST_ASIDE = 6
"""Characters of what means something by itself (好的, 谢谢); longer words may be for the script."""
PUNCTUATION = " \n\t。.！!，,、；;～~"
CANCELLED = frozenset({"取消", "算了", "不新增了", "先不新增", "不加了", "不用了"})
NO_KIND = frozenset({"跳过", "不分", "不分类型", "都不是", "没有", "不选"})
_SAID = re.compile(r"[|｜\n]|(?<=[。！？!?])")


async def start(ctx: Context, work: Work, member: Member, reply: Reply, said: Said) -> bool:
    await _close(work, member)
    if faults := said.faults():
        told = script_changes.refusal(faults)
    elif said.missing():
        told = await _go_on(ctx, work, member, said)
    else:
        told = await script_proposals.keep(ctx, work, member, said, cause=reply.cause)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-proposed")
    return True


async def _go_on(ctx: Context, work: Work, member: Member, said: Said) -> str:
    """Ask for what is missing next, and at last for the kind."""
    step = next((name for name in texts.SCRIPT_ASK if name not in said.values()), None)
    if step is not None:
        await work.questions.ask(member.member_id, WORDS, _subject(member), life=LIFE, payload=said.values())
        return texts.SCRIPT_ASK[step]
    await work.questions.close(member.member_id, WORDS, _subject(member))
    life = ctx.settings.question_life
    await work.questions.ask(member.member_id, KIND, _subject(member), life=life, payload=said.values())
    return texts.SCRIPT_ASK_KIND.format(kinds="\n".join(f"{n} {kind}" for n, kind in enumerate(_kinds(), start=1)))


async def take_words(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    bare = reply.text.strip(PUNCTUATION)
    if bare in CANCELLED:
        return await _cancel(work, member, reply)
    customer = reply.draft.customer if reply.draft is not None else None
    is_news = customer is not None and customer.status == "known"
    if not bare or reply.is_order or is_news or (reply.is_aside and len(bare) <= MOST_ASIDE):
        return False
    before = _said(question.payload)
    step = next(name for name in texts.SCRIPT_ASK if name not in before.values())
    part: JsonObject = {step: _part(step, reply.text)}
    if faults := _said(part).faults():
        told = f"{script_changes.refusal(faults)}\n{texts.SCRIPT_ASK[step]}"
    else:
        told = await _go_on(ctx, work, member, _said({**before.values(), **part}))
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-step")
    return True


def _part(step: str, text: str) -> JsonValue:
    """What the words give, as the script's column of that name holds it."""
    if step == "phrasings":
        parts = (part.strip(PUNCTUATION) for part in _SAID.split(text))
        return [*dict.fromkeys(part for part in parts if part)]
    return text.strip() if step == "body" else text.strip(PUNCTUATION)


async def take_kind(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    bare = reply.text.strip(PUNCTUATION)
    if bare in CANCELLED:
        return await _cancel(work, member, reply)
    if reply.is_aside or len(bare) > MOST_PICK:
        return False
    kind = picked(bare)
    if kind is None:
        told = texts.NUMBER_OUT_OF_RANGE.format(count=len(_kinds()))
    else:
        await _close(work, member)
        said = _said({**question.payload, "plan_kind": kind})
        told = await script_proposals.keep(ctx, work, member, said, cause=reply.cause)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-proposed")
    return True


def picked(words: str) -> str | None:
    """The kind that a number or a name means, empty for none of them; None where it means nothing.

    >>> picked("2"), picked("第三个"), picked("成本"), picked("6"), picked("9")
    ('成本优化清单', '分期付款测算', '成本优化清单', '', None)
    """
    if words in NO_KIND:
        return ""
    kinds = (*script_words.KINDS, "")
    places = todo_words.numbered(todo_words.target(words), len(kinds), is_listed=True)
    if words.isdecimal():
        places = (int(words) - 1,)
    if places is not None:
        return kinds[places[0]] if len(places) == 1 and 0 <= places[0] < len(kinds) else None
    named = [kind for kind in script_words.KINDS if words in kind]
    return named[0] if len(words) > 1 and len(named) == 1 else None


READERS = {WORDS: take_words, KIND: take_kind}


def _kinds() -> tuple[str, ...]:
    return (*script_words.KINDS, texts.SCRIPT_NO_KIND)


def _said(payload: JsonObject) -> Said:
    """As kept with the question."""
    phrasings = payload.get("phrasings")
    words = {name: value for name, value in payload.items() if isinstance(value, str)}
    return Said(
        title=words.get("title"),
        phrasings=tuple(map(str, phrasings)) if isinstance(phrasings, list) else None,
        body=words.get("body"),
        plan_kind=words.get("plan_kind"),
        category=words.get("category"),
    )


async def _cancel(work: Work, member: Member, reply: Reply) -> bool:
    await _close(work, member)
    await outbox.say(work, reply.to, texts.SCRIPT_CANCELLED, cause=f"{reply.cause}>cancelled")
    return True


async def _close(work: Work, member: Member) -> None:
    for kind in READERS:
        await work.questions.close(member.member_id, kind, _subject(member))


def _subject(member: Member) -> str:
    return f"member:{member.member_id}"
