"""What those with whom a request lies do with it: answer it, pass it on, say that it cannot be done and why.

A press asks for the words, typed or spoken; 回复求助3：… gives them at once. Nothing is decided without words.
"""

import re
from typing import Literal

from handlers import access, actions, called, help_cards, help_desk, key_nodes, outbox, stages, texts, wording
from handlers.context import Context
from handlers.help_desk import ANSWER, PASS_ON, REASON, named, subject
from handlers.messages import JsonObject, Sender
from handlers.pressed import Pressed
from handlers.reply import Reply
from handlers.wording import PUNCTUATION
from nlp import todo_words
from storage.deal_models import HelpRequest
from storage.models import Member, Question
from storage.work import Work

MOST_WORDS = 2000
"""Characters of an answer."""
CANCELLED = frozenset({"取消", "算了", "先不回复", "不回复了", "不转了", "等一下再回"})
_NAME = re.compile(
    r"(?:那就|那|就|请)?(?:转交给|转给|交给|转|给|让)?(?P<name>[一-鿿·]{2,8}?|[A-Za-z][A-Za-z ·.'-]{1,30})"
    r"(?:吧|回复|处理|来回)*"
)

Outcome = Literal["answered", "declined"]


async def press(ctx: Context, work: Work, action: actions.RequestAction, pressed: Pressed) -> None:
    request = await work.help.lock(action.request_id)
    is_about_answer = isinstance(action, actions.CountAnswer)
    is_theirs = is_about_answer or request.holder_id == pressed.member.member_id
    if request.state != ("answered" if is_about_answer else "open") or not is_theirs:
        await _moved_on(work, request, pressed.to, cause=pressed.cause)
        return
    match action:
        case actions.AnswerRequest():
            kind, text = ANSWER, texts.HELP_ASK_ANSWER
        case actions.DeclineRequest():
            kind, text = REASON, texts.HELP_ASK_REASON
        case actions.PassOnRequest():
            kind, text = PASS_ON, texts.HELP_ASK_WHOM
        case actions.CountAnswer(counts=counts):
            await _count(ctx, work, request, pressed, counts=counts)
            return
    await _ask(ctx, work, request, pressed.member, kind, text, to=pressed.to, cause=pressed.cause)


async def _ask(
    ctx: Context, work: Work, request: HelpRequest, member: Member, kind: str, text: str, *, to: Sender, cause: str
) -> None:
    """One of the questions about it is open at a time: what was pressed last is what the words are for."""
    await help_desk.close_questions(work, request)
    payload = {"request_id": request.request_id}
    await work.questions.ask(
        member.member_id, kind, subject(request), life=ctx.settings.question_life, payload={**payload}
    )
    rep = (await work.members.get(request.member_id)).name
    await outbox.say(work, to, text.format(rep=rep, **await named(work, request)), cause=f"{cause}>{kind}")


async def say_or_ask(
    ctx: Context, work: Work, request: HelpRequest, outcome: Outcome, words: str, *, by: Member, to: Sender, cause: str
) -> None:
    """回复求助3：…; without words they are asked for."""
    if words.strip(PUNCTUATION):
        await settle(ctx, work, request, outcome, words, by=by, to=to, cause=cause)
    else:
        kind, text = (ANSWER, texts.HELP_ASK_ANSWER) if outcome == "answered" else (REASON, texts.HELP_ASK_REASON)
        await _ask(ctx, work, request, by, kind, text, to=to, cause=cause)


async def _moved_on(work: Work, request: HelpRequest, to: Sender, *, cause: str) -> None:
    text = texts.HELP_MOVED_ON.format(number=request.request_id, state=texts.HELP_STATES[request.state])
    await outbox.say(work, to, text, cause=f"{cause}>moved-on")


# Words that follow a press


async def take_answer(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    return await _take_words(ctx, work, question, reply, member, "answered")


async def take_reason(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    return await _take_words(ctx, work, question, reply, member, "declined")


async def _take_words(
    ctx: Context, work: Work, question: Question, reply: Reply, member: Member, outcome: Outcome
) -> bool:
    request = await _asked_about(work, question, member)
    said = reply.text.strip()
    if request is None or not said or reply.is_aside or len(said) > MOST_WORDS:
        return False
    if await _is_of_another(work, request, reply, member):
        return False
    if said.strip(PUNCTUATION) in CANCELLED:
        await help_desk.close_questions(work, request)
        await outbox.say(work, reply.to, texts.NEVER_MIND, cause=f"{reply.cause}>cancelled")
        return True
    await settle(ctx, work, request, outcome, said, by=member, to=reply.to, cause=reply.cause)
    return True


async def _is_of_another(work: Work, request: HelpRequest, reply: Reply, member: Member) -> bool:
    """Whether a rep tells of a visit to another customer: that is a note, and no answer."""
    read_as = reply.draft
    if read_as is None or read_as.customer is None or not (read_as.contacts or reply.reads_as_note):
        return False
    is_same = read_as.customer.value == await help_desk.customer_of(work, request)
    return access.has_role(member, access.SELLERS) and not is_same


async def take_colleague(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """A colleague's name, or the number of one where several have it."""
    request = await _asked_about(work, question, member)
    said = reply.text.strip(PUNCTUATION)
    if request is None or reply.is_order:
        return False
    if said in CANCELLED or todo_words.never_mind(said):
        await help_desk.close_questions(work, request)
        await outbox.say(work, reply.to, texts.NEVER_MIND, cause=f"{reply.cause}>cancelled")
        return True
    candidates = question.payload.get("candidates")
    if isinstance(candidates, list):
        places = todo_words.numbered(todo_words.target(said), len(candidates), is_listed=True)
        if places is not None and len(places) == 1 and 0 <= places[0] < len(candidates):
            chosen = candidates[places[0]]
            assert isinstance(chosen, int)  # asked so
            await _hand_to(
                ctx, work, request, await work.members.get(chosen), by=member, to=reply.to, cause=reply.cause
            )
            return True
    found = _NAME.fullmatch(said)
    if found is None:
        return False
    await pass_on(ctx, work, request, found["name"], by=member, to=reply.to, cause=reply.cause)
    return True


async def _asked_about(work: Work, question: Question, member: Member) -> HelpRequest | None:
    """None, and the question closed, where it lies with somebody else by now, or is over."""
    request_id = question.payload["request_id"]
    assert isinstance(request_id, int)  # asked so
    request = await work.help.lock(request_id)
    if request.state == "open" and member.member_id in (request.holder_id, request.colleague_id):
        return request
    await work.questions.close(member.member_id, question.kind, question.subject)
    return None


READERS = {ANSWER: take_answer, REASON: take_reason, PASS_ON: take_colleague}
NUMBERED = frozenset({PASS_ON})


# Passed on


async def pass_on(
    ctx: Context, work: Work, request: HelpRequest, name: str, *, by: Member, to: Sender, cause: str
) -> None:
    """To whom the name means; whoever only sounds like it, or is one of several, is asked about."""
    found = await called.meant(work, name)
    people = [one for one in found.members if one.member_id not in (request.member_id, request.holder_id)]
    if not people:
        text = (texts.HELP_NOT_TO if found.members else texts.HELP_NOBODY).format(name=name)
        await outbox.say(work, to, text, cause=f"{cause}>nobody")
    elif found.is_sure:
        await _hand_to(ctx, work, request, people[0], by=by, to=to, cause=cause)
    else:
        candidates = people[: called.MOST_TOLD_APART]
        lines = [
            f"{wording.circled(place)} {await called.told_apart(work, one)}" for place, one in enumerate(candidates)
        ]
        await help_desk.close_questions(work, request)
        payload: JsonObject = {
            "request_id": request.request_id,
            "candidates": [one.member_id for one in candidates],
        }
        await work.questions.ask(
            by.member_id, PASS_ON, subject(request), life=ctx.settings.question_life, payload=payload
        )
        await outbox.say(work, to, texts.HELP_WHICH.format(lines="\n".join(lines)), cause=f"{cause}>which")


async def _hand_to(
    ctx: Context, work: Work, request: HelpRequest, person: Member, *, by: Member, to: Sender, cause: str
) -> None:
    if not person.active or await ctx.reach(work, person.member_id) is None:
        await outbox.say(work, to, texts.HELP_UNREACHABLE.format(name=person.name), cause=f"{cause}>unreachable")
        return
    await help_desk.hand_to(ctx, work, request, person, by_id=by.member_id, cause=cause)
    names = {"colleague": person.name, "by": by.name, **await named(work, request)}
    await outbox.say(work, to, texts.HELP_PASSED_ON.format(**names), cause=f"{cause}>passed-on")
    asker = await help_desk.asker_of(work, request)
    await help_desk.tell(ctx, work, request, asker, texts.HELP_PASSED_ON_TOLD.format(**names), what="passed-on")


# Settled


async def settle(
    ctx: Context,
    work: Work,
    request: HelpRequest,
    outcome: Outcome,
    words: str,
    *,
    by: Member,
    to: Sender,
    cause: str,
) -> None:
    """Answered or declined, in those words; whoever asked has them at once, and who had it besides is told."""
    told = {request.holder_id, request.colleague_id} - {by.member_id}
    await _end(ctx, work, request, outcome, words, by=by, cause=cause)
    asker = await help_desk.asker_of(work, request)
    text = (texts.HELP_ANSWERED if outcome == "answered" else texts.HELP_DECLINED).format(
        by=by.name,
        at=wording.clock_time(work.now, ctx.settings.zone, ctx.day_of(request.created_at)),
        asked=wording.shortened(request.words, 30),
        words=words,
        **await named(work, request),
    )
    proof = await stages.word_wanted(ctx, work, request) if outcome == "answered" else ""
    if proof:
        text += f"\n{texts.HELP_COUNTS_ASKED.format(proof=proof, by=by.name)}"
    address = await ctx.reach(work, asker.member_id) if asker is not None else None
    if address is not None:
        # what they asked is answered: that comes at once, whatever the time
        await outbox.say(work, address, text, cause=f"{cause}>answer:{request.request_id}")
    rep = asker.name if asker is not None and address is not None else ""
    said = texts.HELP_ANSWER_KEPT.format(rep=rep) if rep else texts.HELP_ANSWER_KEPT_ONLY
    await outbox.say(work, to, said, cause=f"{cause}>kept")
    for member_id in sorted(told):
        line = texts.HELP_ANSWERED_BY.format(by=by.name, **await named(work, request))
        await help_desk.tell(ctx, work, request, await work.members.get(member_id), line, what="settled")
    if outcome == "answered":
        await key_nodes.answered(ctx, work, request, cause=cause)
    if proof:
        card_id = outbox.new_card_id("counts", request.request_id)
        customer = await help_desk.customer_of(work, request)
        card = help_cards.counts_card(request, card_id, customer=customer, proof=proof)
        life = ctx.settings.todo_life
        await outbox.show(work, to, card, kind=help_desk.COUNTS, life=life, cause=f"{cause}>counts")


async def _count(ctx: Context, work: Work, request: HelpRequest, pressed: Pressed, *, counts: bool) -> None:
    """What whoever answered says that the answer is worth; a stage that waited for it follows."""
    by, proof = pressed.member, stages.word_of(request.department)
    request.counts = counts
    work.audit.note(
        "help.counted", subject(request), member_id=by.member_id, source=pressed.cause, after={"counts": counts}
    )
    said = (texts.HELP_COUNTED if counts else texts.HELP_NOT_COUNTED).format(proof=proof)
    closing = (texts.HELP_COUNTS_YES if counts else texts.HELP_COUNTS_NO).format(proof=proof)
    await outbox.close(work, pressed.card, closing, cause=f"{pressed.cause}>closed", response_ref=pressed.response_ref)
    await outbox.say(work, pressed.to, said, cause=f"{pressed.cause}>counted")
    told = (texts.HELP_COUNTED_TOLD if counts else texts.HELP_NOT_COUNTED_TOLD).format(
        by=by.name, proof=proof, **await named(work, request)
    )
    await help_desk.tell(ctx, work, request, await help_desk.asker_of(work, request), told, what="counted")
    if request.customer_id is not None:
        await stages.recheck(ctx, work, request.customer_id, cause=pressed.cause)


async def withdraw(ctx: Context, work: Work, request: HelpRequest, *, by: Member, cause: str) -> None:
    """Whoever asked needs it no more; who has it is told."""
    told = {request.holder_id, request.colleague_id} - {by.member_id}
    await _end(ctx, work, request, "withdrawn", None, by=by, cause=cause)
    for member_id in sorted(told):
        text = texts.HELP_WITHDRAWN_TOLD.format(rep=by.name, **await named(work, request))
        await help_desk.tell(ctx, work, request, await work.members.get(member_id), text, what="withdrawn")


async def _end(
    ctx: Context,
    work: Work,
    request: HelpRequest,
    state: Literal["answered", "declined", "withdrawn"],
    words: str | None,
    *,
    by: Member,
    cause: str,
) -> None:
    await help_desk.stop_clock(ctx, work, request)
    await help_desk.close_card(work, request, texts.HELP_CLOSINGS[state], cause=cause)
    await help_desk.close_questions(work, request)
    work.help.settle(request, state, words, by.member_id)
    work.audit.note(
        f"help.{state}",
        subject(request),
        member_id=by.member_id,
        source=cause,
        before={"state": "open"},
        after={"state": state, "holder_id": request.holder_id},
    )
