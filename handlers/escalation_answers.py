"""What those with whom a matter lies do with it: take it on, assign it, settle it, call it a false alarm.

A press counts at once; what it was like is asked afterwards and may stay out. The rep hears of each step.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers import access, actions, called, escalation, escalation_cards, escalation_weights, notices, outbox, texts
from handlers.actions import ASSIGNEE_SELECT, NOT_CHOSEN
from handlers.context import Context
from handlers.escalation import customer_of, subject
from handlers.messages import Sender
from handlers.pressed import Pressed
from handlers.reply import Reply
from handlers.wording import PUNCTUATION
from storage.models import Escalation, EscalationState, Member, Question
from storage.work import Work

OUTCOME = "outcome"
ASSIGN = "assign"
MOST_KEY = 200
MOST_OUTCOME = 300
"""Characters; more is a note about something."""
SKIPPED = frozenset({"跳过", "不写", "没有", "无", "不用", "不填"})
CANCELLED = frozenset({"取消", "算了", "不指派", "不指派了", "先不指派", "不用了"})

FROM: Mapping[type[actions.Action], tuple[EscalationState, ...]] = {
    actions.TakeEscalation: ("open",),
    actions.AssignEscalation: ("open", "taken"),
    actions.ResolveEscalation: ("open", "taken", "assigned"),
    actions.DismissEscalation: ("open",),
}
"""In which states a button still means something."""


async def press(ctx: Context, work: Work, action: actions.EscalationAction, pressed: Pressed) -> None:
    matter = await work.escalations.lock(action.escalation_id)
    # whoever waited for the lock may find that somebody else was first
    if matter.state not in FROM[type(action)] or not await access.may_press(work, pressed.member, action):
        state = texts.ESCALATION_STATES[matter.state]
        await outbox.say(
            work, pressed.to, texts.ESCALATION_MOVED_ON.format(state=state), cause=f"{pressed.cause}>moved-on"
        )
        return
    by, to, cause = pressed.member, pressed.to, pressed.cause
    match action:
        case actions.TakeEscalation():
            await _take(ctx, work, matter, by=by, to=to, cause=cause, pressed=pressed)
        case actions.AssignEscalation():
            picked = pressed.chosen(ASSIGNEE_SELECT)
            if picked is None or picked == NOT_CHOSEN:
                await _ask_whom(ctx, work, matter, by=by, to=to, cause=cause)
                return
            allowed = {str(member_id): member_id for member_id in await assignable(work, by)}
            person = await work.members.get(allowed[picked]) if picked in allowed else None
            if person is None or not person.active:
                await outbox.say(work, to, texts.NOT_ALLOWED, cause=f"{cause}>refused")
                return
            await _assign(ctx, work, matter, person, by=by, to=to, cause=cause, pressed=pressed)
        case actions.ResolveEscalation():
            await _resolve(ctx, work, matter, by=by, to=to, cause=cause, pressed=pressed)
        case actions.DismissEscalation():
            await _dismiss(ctx, work, matter, by=by, to=to, cause=cause, pressed=pressed)


async def _move(
    work: Work,
    matter: Escalation,
    state: EscalationState,
    closing: str,
    *,
    by: Member,
    cause: str,
    pressed: Pressed | None,
    assignee: Member | None = None,
) -> None:
    """The matter is in another state from now on; its card and whatever was timed for the old one are done with."""
    before = {"state": matter.state, "assignee_id": matter.assignee_id}
    await escalation.stop_clock(work, matter)
    await escalation.close_card(work, matter, closing, cause=cause, pressed=pressed)
    await work.questions.close(by.member_id, ASSIGN, subject(matter))
    work.escalations.decide(matter, state, by.member_id, assignee_id=assignee.member_id if assignee else None)
    work.audit.note(
        f"escalation.{state}",
        subject(matter),
        member_id=by.member_id,
        source=cause,
        before={**before},
        after={"state": state, "assignee_id": matter.assignee_id},
    )


async def _take(
    ctx: Context, work: Work, matter: Escalation, *, by: Member, to: Sender, cause: str, pressed: Pressed | None
) -> None:
    await _move(work, matter, "taken", f"{by.name}跟进中", by=by, cause=cause, pressed=pressed)
    text = texts.ESCALATION_TAKEN.format(manager=by.name, **await escalation.named(work, matter))
    was_told = await _tell(ctx, work, matter, matter.member_id, text, cause=f"{cause}>rep")
    await outbox.say(work, to, texts.DECIDED if was_told else texts.DECIDED_UNTOLD, cause=f"{cause}>decided")
    # the answer to a press: it comes at once, whatever the time
    await escalation.show_card(ctx, work, matter, cause=f"{cause}>followed")


async def _assign(
    ctx: Context,
    work: Work,
    matter: Escalation,
    assignee: Member,
    *,
    by: Member,
    to: Sender,
    cause: str,
    pressed: Pressed | None = None,
) -> None:
    closing = f"已指派{assignee.name}"
    await _move(work, matter, "assigned", closing, by=by, cause=cause, pressed=pressed, assignee=assignee)
    names = {"manager": by.name, "assignee": assignee.name, **await escalation.named(work, matter)}
    if assignee.member_id != matter.member_id:
        await _tell(
            ctx, work, matter, matter.member_id, texts.ESCALATION_ASSIGNED.format(**names), cause=f"{cause}>rep"
        )
    await outbox.say(work, to, texts.ASSIGNED_TO.format(assignee=assignee.name), cause=f"{cause}>decided")
    await escalation.send_card(ctx, work, matter, cause=f"{cause}>assignee")


async def _resolve(
    ctx: Context, work: Work, matter: Escalation, *, by: Member, to: Sender, cause: str, pressed: Pressed | None
) -> None:
    """Settled by the press itself; the words follow, or stay out."""
    await _settle(ctx, work, matter, by=by, cause=cause, pressed=pressed)
    await work.questions.ask(by.member_id, OUTCOME, subject(matter), life=ctx.settings.question_life)
    told = "、".join([(await work.members.get(one)).name for one in await _concerned(work, matter, by)]) or "大家"
    text = texts.ASK_OUTCOME.format(rep=told, **await escalation.named(work, matter))
    await outbox.say(work, to, text, cause=f"{cause}>outcome")


async def _settle(
    ctx: Context, work: Work, matter: Escalation, *, by: Member, cause: str, pressed: Pressed | None
) -> None:
    await _move(work, matter, "resolved", "已处理", by=by, cause=cause, pressed=pressed)
    await escalation_weights.learn(work, matter, false_alarm=False, by=by, cause=cause)
    names = await escalation.named(work, matter)
    text = texts.ESCALATION_RESOLVED.format(manager=by.name, **names)
    for member_id in await _concerned(work, matter, by):
        await _tell(ctx, work, matter, member_id, text, cause=f"{cause}>told:{member_id}")


async def _dismiss(
    ctx: Context, work: Work, matter: Escalation, *, by: Member, to: Sender, cause: str, pressed: Pressed | None
) -> None:
    await _move(work, matter, "false_alarm", "已标为误报", by=by, cause=cause, pressed=pressed)
    await escalation_weights.learn(work, matter, false_alarm=True, by=by, cause=cause)
    text = texts.ESCALATION_DISMISSED.format(manager=by.name, **await escalation.named(work, matter))
    was_told = await _tell(ctx, work, matter, matter.member_id, text, cause=f"{cause}>rep")
    await outbox.say(work, to, texts.DECIDED if was_told else texts.DECIDED_UNTOLD, cause=f"{cause}>decided")


async def withdraw(ctx: Context, work: Work, origin: str, *, by: Member, text: str, rest: str, cause: str) -> None:
    """What a matter was raised for is taken back: nobody has to do anything about it any more.

    Whoever has it is told that in `text`; where there is more to the matter than this, it stays open, and they are
    told so in `rest`.
    """
    matter = await work.escalations.with_item(origin)
    if matter is None:
        return
    told = {matter.manager_id, (await escalation.holder_of(work, matter)).member_id} - {by.member_id}
    is_all = all(item.origin == origin for item in await work.escalations.items(matter.escalation_id))
    if is_all:
        await _move(work, matter, "withdrawn", texts.CLOSED_WITHDRAWN, by=by, cause=cause, pressed=None)
    for member_id in sorted(told):
        key = f"{subject(matter)}:withdrawn:{origin}:{member_id}"
        line = text if is_all else rest
        await notices.tell(ctx, work, member_id, line, key=key[:MOST_KEY], subject=escalation.news_of(matter))


async def _concerned(work: Work, matter: Escalation, by: Member) -> list[int]:
    """Who waits to hear what became of it: every rep whose words are in it, and the manager."""
    items = await work.escalations.items(matter.escalation_id)
    visits = dict.fromkeys(item.visit_id for item in items if item.visit_id is not None)
    reps = [(await work.visits.get(visit_id)).member_id for visit_id in visits]
    people = [matter.member_id, *reps, matter.manager_id]
    return [one for one in dict.fromkeys(people) if one != by.member_id]


async def _tell(ctx: Context, work: Work, matter: Escalation, member_id: int, text: str, *, cause: str) -> bool:
    """Tell them what somebody did: at once in working time, or else when the next begins.

    False: they have no account.
    """
    visit = await work.visits.find(matter.visit_id) if matter.visit_id else None
    address = await ctx.reach(work, member_id, prefer=visit.platform if visit else None)
    if address is None:
        return False
    if ctx.settings.working_time.may_push(work.now):
        await outbox.say(work, address, text, cause=cause, unasked=True)
    else:
        await notices.tell(ctx, work, member_id, text, key=cause, subject=escalation.news_of(matter))
    return True


# To whom


async def assignable(work: Work, by: Member) -> set[int]:
    """Whom this manager may give something to: those below them, also who left, and colleagues elsewhere."""
    others = {person.member_id for person in await work.members.with_role("colleague")}
    return (await work.members.below(by.member_id) | others) - {by.member_id}


async def _ask_whom(ctx: Context, work: Work, matter: Escalation, *, by: Member, to: Sender, cause: str) -> None:
    await work.questions.ask(by.member_id, ASSIGN, subject(matter), life=ctx.settings.question_life)
    await outbox.say(work, to, texts.ASK_ASSIGNEE.format(**await escalation.named(work, matter)), cause=f"{cause}>whom")


_ASSIGN = re.compile(
    r"(?:那|就|请)?(?:指派|交|派|转)?(?:给|由|让)(?P<name>.{1,20}?)(?:跟进|处理|负责|去办|来办|办|吧|一下)*"
)
_NAME_ALONE = re.compile(r"[一-鿿·]{2,5}|[A-Za-z][A-Za-z ·.'-]{1,30}")


def assignee_said(text: str) -> tuple[str, bool] | None:
    """The name in a reply, and whether it was plainly said as one (指派给李晓彤); None where the words name nobody.

    >>> assignee_said("指派给李晓彤。"), assignee_said("李晓彤"), assignee_said("刚从宁波恒力出来，预算八十万")
    (('李晓彤', True), ('李晓彤', False), None)
    """
    said = text.strip(PUNCTUATION)
    if found := _ASSIGN.fullmatch(said):
        return found["name"].strip(PUNCTUATION), True
    return (said, False) if _NAME_ALONE.fullmatch(said) else None


async def take_assignee(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    said = reply.text.strip(PUNCTUATION)
    if said in CANCELLED:
        await work.questions.close(member.member_id, ASSIGN, question.subject)
        await outbox.say(work, reply.to, texts.ASSIGN_CANCELLED, cause=f"{reply.cause}>cancelled")
        return True
    named = assignee_said(reply.text)
    if named is None or (reply.is_aside and said_to_assign(reply.text) is None):
        return False
    matter = await work.escalations.lock(_id_of(question))
    if matter.state not in FROM[actions.AssignEscalation] or matter.manager_id != member.member_id:
        await work.questions.close(member.member_id, ASSIGN, question.subject)
        return False
    await _assign_to(ctx, work, matter, named[0], by=member, to=reply.to, cause=reply.cause)
    return True


async def _assign_to(
    ctx: Context, work: Work, matter: Escalation, name: str, *, by: Member, to: Sender, cause: str
) -> None:
    found = await called.meant(work, name, among=await assignable(work, by))
    if not found.members:
        await outbox.say(work, to, texts.NOBODY_TO_ASSIGN.format(name=name), cause=f"{cause}>nobody")
    elif not found.is_sure:
        await _ask_which(ctx, work, matter, found.members, to=to, cause=cause)
    else:
        await _assign(ctx, work, matter, found.members[0], by=by, to=to, cause=cause)


async def _ask_which(
    ctx: Context, work: Work, matter: Escalation, people: Sequence[Member], *, to: Sender, cause: str
) -> None:
    """A card to choose from, which is a numbered question where there are no cards."""
    card = escalation_cards.assignee_card(
        matter.escalation_id,
        outbox.new_card_id(escalation.ASSIGNEE, matter.escalation_id),
        customer=await customer_of(work, matter),
        people=[(person.member_id, await called.told_apart(work, person)) for person in people],
    )
    await outbox.show(work, to, card, kind=escalation.ASSIGNEE, life=ctx.settings.card_life, cause=f"{cause}>which")


def said_to_assign(text: str) -> str | None:
    """指派给李晓彤, said with no question open."""
    said = text.strip(PUNCTUATION)
    named = assignee_said(text) if said.startswith("指派给") else None
    return named[0] if named else None


async def assign_by_word(ctx: Context, work: Work, member: Member, reply: Reply, name: str) -> bool:
    theirs = await work.escalations.lying_with(member.member_id)
    open_to_it = [matter for matter in theirs if matter.state in FROM[actions.AssignEscalation]]
    if len(open_to_it) != 1:
        told = texts.ASSIGN_WHICH if open_to_it else texts.ASSIGN_NOTHING
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>assign")
        return True
    await _assign_to(ctx, work, open_to_it[0], name, by=member, to=reply.to, cause=reply.cause)
    return True


# How it was solved


async def take_outcome(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    said = reply.text.strip()
    bare = said.strip(PUNCTUATION)
    if bare in SKIPPED:
        await work.questions.close(member.member_id, OUTCOME, question.subject)
        await outbox.say(work, reply.to, texts.OUTCOME_SKIPPED, cause=f"{reply.cause}>skipped")
        return True
    matter = await work.escalations.lock(_id_of(question))
    if not bare or reply.is_aside or len(said) > MOST_OUTCOME or await _is_of_another(work, matter, said):
        return False
    await work.questions.close(member.member_id, OUTCOME, question.subject)
    await _keep_outcome(ctx, work, matter, said, reply, member)
    return True


async def _keep_outcome(ctx: Context, work: Work, matter: Escalation, said: str, reply: Reply, member: Member) -> None:
    matter.outcome = said
    work.audit.note(
        "escalation.outcome",
        subject(matter),
        member_id=member.member_id,
        source=reply.cause,
        before={"outcome": None},
        after={"evidence_id": reply.evidence.evidence_id},
    )
    text = texts.OUTCOME_TOLD.format(by=member.name, words=said, **await escalation.named(work, matter))
    told = [
        (await work.members.get(one)).name
        for one in await _concerned(work, matter, member)
        if await _tell(ctx, work, matter, one, text, cause=f"{reply.cause}>outcome:{one}")
    ]
    answer = texts.OUTCOME_KEPT.format(told="、".join(told)) if told else texts.OUTCOME_KEPT_ONLY
    await outbox.say(work, reply.to, answer, cause=f"{reply.cause}>outcome")


# In words, with no card at hand


@dataclass(frozen=True)
class Said:
    """What somebody says of the one matter that lies with them: that they take it on, or how it was settled."""

    is_settled: bool
    how: str = ""


_TAKES = re.compile(r"(?:好的?|行)?[，, ]?(?:这个|这事|这件事)?(?:我来跟进|我来处理|我跟进)(?:吧|一下)?")
_SETTLES = re.compile(
    r"(?:这个|这事|这件事|风险)?(?:已处理|已经处理(?:好|完)?了?|处理(?:好|完)了)(?:[，,。：:；; ]+(?P<how>.+))?",
    re.DOTALL,
)


def said_of_matter(text: str) -> Said | None:
    """
    >>> said_of_matter("已处理，我约了他们老板下周见面"), said_of_matter("我来跟进。")
    (Said(is_settled=True, how='我约了他们老板下周见面'), Said(is_settled=False, how=''))
    """
    said = text.strip(PUNCTUATION)
    if _TAKES.fullmatch(said):
        return Said(is_settled=False)
    found = _SETTLES.fullmatch(said)
    how = (found["how"] or "") if found else ""
    return Said(is_settled=True, how=how) if found and len(how) <= MOST_OUTCOME else None


async def do_as_said(ctx: Context, work: Work, member: Member, reply: Reply, said: Said) -> bool:
    """False where nothing lies with them, or the words are about another customer: then it is news of a visit."""
    theirs = await work.escalations.lying_with(member.member_id)
    means = actions.ResolveEscalation if said.is_settled else actions.TakeEscalation
    meant = [
        matter for matter in theirs if matter.state in FROM[means] and not await _is_of_another(work, matter, said.how)
    ]
    if not meant:
        return False
    if len(meant) > 1:
        await outbox.say(work, reply.to, texts.WHICH_MATTER, cause=f"{reply.cause}>which-matter")
        return True
    [matter] = meant
    if not said.is_settled:
        await _take(ctx, work, matter, by=member, to=reply.to, cause=reply.cause, pressed=None)
    elif said.how:
        await _settle(ctx, work, matter, by=member, cause=reply.cause, pressed=None)
        await _keep_outcome(ctx, work, matter, said.how, reply, member)
    else:
        await _resolve(ctx, work, matter, by=member, to=reply.to, cause=reply.cause, pressed=None)
    return True


async def _is_of_another(work: Work, matter: Escalation, said: str) -> bool:
    """Whether the words name a customer whom the matter is not about: then they are news, and no answer."""
    named = [customer.customer_id for customer in await work.customers.named_in(said)]
    return bool(named) and matter.customer_id not in named


def _id_of(question: Question) -> int:
    return int(question.subject.removeprefix("escalation:"))
