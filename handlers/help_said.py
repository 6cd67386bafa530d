"""求助 in words: who is asked and about whom, what is said of a request by its number, and the lists."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from handlers import (
    access,
    called,
    customers_said,
    escalation,
    escalation_requests,
    help_answers,
    help_desk,
    opportunities,
    outbox,
    texts,
    wording,
)
from handlers.context import Context
from handlers.help_desk import Addressee, Asked
from handlers.messages import JsonObject
from handlers.record import load
from handlers.reply import Reply
from handlers.wording import PUNCTUATION
from nlp import help_words, todo_words
from nlp.help_words import About, Plea, Said, Show
from storage.deal_models import HelpRequest
from storage.models import Member, Question
from storage.work import Work

WHO = "help_who"
MOST_LISTED = 15
MOST_SHOWN = 24
MOST_SAID_WHO = 24
MOST_NAME = 4
"""Characters of what may be a name that nobody has."""
_TITLED = re.compile(r"[一-鿿]{1,2}(?:工程师|总监|经理|主管|主任|老师|师傅|总|工)")
_OUTSIDE = re.compile(r"(?:总监|经理|主管|主任|总)$")
"""Titles that customers' people are called by, too."""
_LEADS = re.compile(r"^[\s：:，,、；;。]*(?:部门|部)?(?:的?同事)?[\s：:，,、；;。]*")

read, read_loose, asks_for_team = help_words.read, help_words.read_loose, help_words.asks_for_team


async def run(ctx: Context, work: Work, member: Member, reply: Reply, said: Said) -> bool:
    match said:
        case Plea():
            await _ask(ctx, work, member, reply, said)
        case About():
            await _about(ctx, work, member, reply, said)
        case Show(what="mine"):
            await _show_own(ctx, work, member, reply)
        case Show():
            await _show_waiting(ctx, work, member, reply)
    return True


async def run_loose(ctx: Context, work: Work, member: Member, reply: Reply, plea: Plea) -> bool:
    """Only where it plainly names one of the colleagues whom people ask: 王经理 may well be the customer's."""
    found = await _meant(ctx, work, member, plea.who, among=await help_desk.people_of(ctx, work))
    if found.addressee is None or (_OUTSIDE.search(plea.who) and found.addressee.member.name != plea.who):
        return False
    await _send(ctx, work, member, reply, found.addressee, plea.words)
    return True


# Asking


@dataclass(frozen=True)
class Meant:
    """One addressee; or candidates to choose from; or nobody, and why where there is more to say than that."""

    addressee: Addressee | None = None
    candidates: Sequence[Member] = ()
    complaint: str = ""


async def _ask(ctx: Context, work: Work, member: Member, reply: Reply, plea: Plea) -> None:
    who, words, found = plea.who, plea.words, Meant()
    if who:
        found = await _meant(ctx, work, member, who)
    if found == Meant():
        begun = await _at_the_beginning(ctx, work, plea.rest)
        if begun is not None:
            who, words = begun
            found = await _meant(ctx, work, member, who)
        elif not await _is_like_a_name(work, plea):
            who, words = "", plea.rest
    if not words:
        await outbox.say(work, reply.to, texts.HELP_NO_WORDS, cause=f"{reply.cause}>no-words")
    elif found.addressee is not None:
        await _send(ctx, work, member, reply, found.addressee, words)
    elif found.complaint:
        await outbox.say(work, reply.to, found.complaint, cause=f"{reply.cause}>nobody")
    else:
        await _ask_whom(ctx, work, member, reply, words, who=who, found=found)


async def _is_like_a_name(work: Work, plea: Plea) -> bool:
    """Whether what stands before the first gap is meant for somebody: 孙工, @售后; not 恒力的阀体，能不能做."""
    if plea.rest.startswith(("@", "＠")):
        return True
    return bool(plea.who) and len(plea.who) <= MOST_NAME and not await work.customers.named_in(plea.who)


async def _meant(ctx: Context, work: Work, member: Member, who: str, *, among: Collection[int] | None = None) -> Meant:
    """技术, 技术部, 李工, 技术部的李工."""
    department = ctx.settings.help.department(who)
    if department is not None:
        found = await help_desk.of_department(ctx, work, department, but=[member.member_id])
        complaint = texts.HELP_DEPARTMENT_EMPTY.format(name=department.name)
        return Meant(found) if found is not None else Meant(complaint=complaint)
    name = who.rpartition("的")[2].lstrip("@＠")
    meant = await called.meant(work, name, among=among)
    people = [one for one in meant.members if one.member_id != member.member_id]
    if not people:
        return Meant(complaint=texts.HELP_NOT_TO.format(name=name)) if meant.members else Meant()
    if not meant.is_sure:
        return Meant(candidates=people)
    [person] = people
    if await ctx.reach(work, person.member_id) is None:
        return Meant(complaint=texts.HELP_UNREACHABLE.format(name=person.name))
    return Meant(Addressee(person, await help_desk.department_of(ctx, work, person)))


async def _at_the_beginning(ctx: Context, work: Work, rest: str) -> tuple[str, str] | None:
    """The department or colleague that the words begin with, spoken without a pause, and the rest of the words."""
    names = [one.name for one in ctx.settings.help.departments]
    names += [name for one in ctx.settings.help.departments for name in one.people]
    names += [name for _, name in await work.members.names()]
    begun = max((name for name in names if name and rest.startswith(name)), key=len, default="")
    titled = _TITLED.match(rest)
    if not begun and titled is not None and (await called.meant(work, titled[0])).members:
        begun = titled[0]
    return (begun, _LEADS.sub("", rest[len(begun) :])) if begun else None


async def _ask_whom(
    ctx: Context, work: Work, member: Member, reply: Reply, words: str, *, who: str, found: Meant
) -> None:
    people = found.candidates[: called.MOST_TOLD_APART]
    payload: JsonObject = {"words": words, "candidates": [one.member_id for one in people]}
    await work.questions.ask(member.member_id, WHO, WHO, life=ctx.settings.question_life, payload=payload)
    lines = [f"{wording.circled(place)} {await called.told_apart(work, one)}" for place, one in enumerate(people)]
    departments = "、".join(one.name for one in ctx.settings.help.departments)
    if people:
        text = texts.HELP_WHICH.format(lines="\n".join(lines))
    else:
        text = (texts.HELP_NOBODY.format(name=who) if who else "") + texts.HELP_WHOM
        text += texts.HELP_DEPARTMENTS.format(departments=departments) * bool(departments)
    await outbox.say(work, reply.to, text, cause=f"{reply.cause}>whom")


async def take_who(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    said = reply.text.strip(PUNCTUATION)
    if not said or len(said) > MOST_SAID_WHO or reply.is_order:
        return False
    if said in help_answers.CANCELLED or todo_words.never_mind(said):
        await work.questions.close(member.member_id, WHO, WHO)
        await outbox.say(work, reply.to, texts.HELP_NOT_SENT, cause=f"{reply.cause}>cancelled")
        return True
    candidates, words = question.payload.get("candidates"), str(question.payload["words"])
    if isinstance(candidates, list) and candidates:
        places = todo_words.numbered(todo_words.target(said), len(candidates), is_listed=True)
        if places is not None and len(places) == 1 and 0 <= places[0] < len(candidates):
            chosen = candidates[places[0]]
            assert isinstance(chosen, int)  # asked so
            said = f"#{chosen}"
    found = await _meant(ctx, work, member, said.removeprefix("给").removeprefix("@"))
    if found.addressee is None and not found.candidates and not found.complaint:
        return False
    await work.questions.close(member.member_id, WHO, WHO)
    if found.addressee is not None:
        await _send(ctx, work, member, reply, found.addressee, words)
    elif found.complaint:
        await outbox.say(work, reply.to, found.complaint, cause=f"{reply.cause}>nobody")
    else:
        await _ask_whom(ctx, work, member, reply, words, who="", found=found)
    return True


READERS = {WHO: take_who}
NUMBERED = frozenset({WHO})


async def _send(ctx: Context, work: Work, member: Member, reply: Reply, to: Addressee, words: str) -> None:
    about = await _customer_meant(work, member, words)
    deal = await opportunities.of_customer(work, about.customer_id, words=words) if about.customer_id else None
    asked = Asked(
        member,
        to,
        words[: help_words.MOST],
        customer_id=about.customer_id,
        opportunity_id=deal.opportunity_id if deal is not None else None,
        visit_id=about.visit_id,
    )
    request, shown_at = await help_desk.ask(ctx, work, asked, cause=reply.cause)
    until = wording.clock_time(request.due_at, ctx.settings.zone, ctx.day_of(work.now))
    department = f"（{to.department}）" if to.department else ""
    parts = [
        texts.HELP_SENT.format(to=f"{to.member.name}{department}", number=request.request_id, until=until),
        texts.HELP_LATER.format(when=escalation.when(ctx, work, shown_at)) if shown_at is not None else "",
        about.told,
        texts.HELP_HOW_TO_WITHDRAW.format(number=request.request_id),
    ]
    address = await ctx.reach(work, to.member.member_id)
    if address is not None and not await ctx.is_within_reach(work, address):
        parts.insert(1, texts.HELP_IF_WRITTEN)
    await outbox.say(work, reply.to, "".join(filter(None, parts)), cause=f"{reply.cause}>sent")


@dataclass(frozen=True)
class Customer:
    """Whom a request is about, and what to tell of how that was found."""

    customer_id: int | None
    told: str
    visit_id: int | None = None


async def _customer_meant(work: Work, member: Member, words: str) -> Customer:
    """The one that the words name, or else that of the open draft or the last visit, which is told; or none."""
    named = await customers_said.named(work, member, words)
    if len(named) == 1:
        return Customer(named[0].customer_id, texts.HELP_ABOUT.format(customer=named[0].name))
    if named or await work.customers.named_in(words):
        return Customer(None, texts.HELP_ABOUT_SEVERAL if named else "")
    visit = await escalation_requests.visit_meant(work, member)
    if visit is None:
        return Customer(None, "")
    customer = await work.customers.get(visit.customer_id) if visit.customer_id is not None else None
    said = (await load(work, visit)).customer
    if customer is None and said is not None and said.status == "known":
        customer = await work.customers.by_name(said.name)
    if customer is None:
        return Customer(None, "")
    return Customer(customer.customer_id, texts.HELP_ABOUT_LAST.format(customer=customer.name), visit.visit_id)


# By its number


async def _about(ctx: Context, work: Work, member: Member, reply: Reply, said: About) -> None:
    request = await work.help.lock(said.number) if await work.help.find(said.number) is not None else None
    if request is None or not _is_theirs(request, member, said):
        text = (texts.HELP_NOT_YOURS if said.do == "withdraw" else texts.HELP_NOT_WITH_YOU).format(number=said.number)
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>refused")
        return
    if request.state != "open":
        text = texts.HELP_MOVED_ON.format(number=request.request_id, state=texts.HELP_STATES[request.state])
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>moved-on")
        return
    match said.do:
        case "withdraw":
            await help_answers.withdraw(ctx, work, request, by=member, cause=reply.cause)
            text = texts.HELP_WITHDRAWN.format(number=request.request_id)
            await outbox.say(work, reply.to, text, cause=f"{reply.cause}>withdrawn")
        case "pass_on":
            await help_answers.pass_on(ctx, work, request, said.words, by=member, to=reply.to, cause=reply.cause)
        case "answer" | "decline":
            await help_answers.say_or_ask(
                ctx,
                work,
                request,
                "answered" if said.do == "answer" else "declined",
                said.words,
                by=member,
                to=reply.to,
                cause=reply.cause,
            )


def _is_theirs(request: HelpRequest, member: Member, said: About) -> bool:
    """Whoever it lies with; the colleague from whom it went up may still answer. Only whoever asked withdraws it."""
    if said.do == "withdraw":
        return member.member_id == request.member_id
    is_colleague = said.do != "pass_on" and member.member_id == request.colleague_id
    return is_colleague or member.member_id == request.holder_id


# Looked at


async def _show_own(ctx: Context, work: Work, member: Member, reply: Reply) -> None:
    requests = await work.help.asked_by([member.member_id], limit=MOST_LISTED)
    lines = [await _line(ctx, work, one) for one in requests]
    told = texts.HELP_OWN.format(lines="\n".join(lines)) if lines else texts.HELP_NONE
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>requests")


async def _show_waiting(ctx: Context, work: Work, member: Member, reply: Reply) -> None:
    requests = await work.help.to_answer(member.member_id)
    lines = [await _line(ctx, work, one, with_asker=True) for one in requests[:MOST_LISTED]]
    told = texts.HELP_WAITING.format(count=len(requests), lines="\n".join(lines)) if lines else texts.HELP_NONE_WAITING
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>requests")


async def show_team(ctx: Context, work: Work, member: Member, reply: Reply, _: bool) -> bool:
    sight = await access.sight_of(work, member)
    team = sight.members - {member.member_id}
    requests = await work.help.asked_by(team, limit=MOST_LISTED, only_open=True) if team else []
    lines = [await _line(ctx, work, one, with_asker=True) for one in requests]
    told = texts.HELP_TEAM.format(lines="\n".join(lines)) if lines else texts.HELP_NONE_TEAM
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>requests")
    return True


async def _line(ctx: Context, work: Work, request: HelpRequest, *, with_asker: bool = False) -> str:
    today, zone = ctx.day_of(work.now), ctx.settings.zone
    by = request.answered_by if request.answered_by is not None else request.holder_id
    at = request.answered_at or request.due_at
    state = texts.HELP_LINE_STATES[request.state].format(
        name=(await work.members.get(by)).name, at=wording.clock_time(at, zone, today)
    )
    overdue = texts.HELP_LINE_OVERDUE if request.state == "open" and request.due_at <= work.now else ""
    customer = await help_desk.customer_of(work, request)
    asker = (await work.members.get(request.member_id)).name if with_asker else ""
    words = f"「{wording.shortened(' '.join(request.words.split()), MOST_SHOWN)}」"
    return texts.HELP_LINE.format(
        number=request.request_id, about=" · ".join(filter(None, [asker, customer, words])), state=state + overdue
    )
