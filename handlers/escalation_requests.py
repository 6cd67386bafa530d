"""A rep asks for somebody up the line, and managers look at what waits."""

from datetime import timedelta

from handlers import access, escalation, groups, outbox, texts, wording
from handlers.context import Context
from handlers.escalation import Matter, MatterItem, holder_of
from handlers.escalation_cards import FROM_A_REP
from handlers.record import Record, load
from handlers.reply import Reply
from nlp import requests
from nlp.requests import Request
from storage.models import Customer, Escalation, Member, Question, Visit
from storage.work import Work

CUSTOMER = "request"
WITHIN = timedelta(days=3)
"""A visit longer ago is not what somebody means without naming it."""
CATEGORY = "求助"
MOST_LISTED = 20
CANCELLED = frozenset({"取消", "算了", "不上报", "不上报了", "不用了", "先不报"})

read = requests.read


async def run(ctx: Context, work: Work, member: Member, reply: Reply, request: Request) -> bool:
    """Raise it: about the customer named, the open draft, or the last visit; where none is meant, it is asked."""
    if request.who and not await _is_above(work, member, request):
        if request.who.endswith(("经理", "总", "总监", "主管")):
            # the customer has managers too: a note may begin like this
            return False
        await outbox.say(
            work, reply.to, texts.NOBODY_OF_THAT_NAME.format(name=request.who), cause=f"{reply.cause}>nobody"
        )
        return True
    customer = await _named(work, request.customer) if request.customer else None
    if request.customer and customer is None:
        return False
    visit = None if customer is not None else await visit_meant(work, member)
    if customer is None and visit is None:
        payload = {"to": await _to(work, member, request), "words": request.words, "reason": request.reason}
        await work.questions.ask(
            member.member_id, CUSTOMER, CUSTOMER, life=ctx.settings.question_life, payload={**payload}
        )
        await outbox.say(work, reply.to, texts.WHICH_CUSTOMER_TO_RAISE, cause=f"{reply.cause}>which")
        return True
    customer_id = customer.customer_id if customer is not None else visit.customer_id if visit is not None else None
    await _raise(
        ctx,
        work,
        member,
        reply,
        customer_id=customer_id,
        visit=visit,
        words=request.words,
        reason=request.reason,
        to=await _to(work, member, request),
    )
    return True


async def take_customer(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """The customer that was asked for; words that name none are no answer."""
    said = reply.text.strip(" \n。.！!，,")
    if said in CANCELLED:
        await work.questions.close(member.member_id, CUSTOMER, CUSTOMER)
        await outbox.say(work, reply.to, texts.RAISE_CANCELLED, cause=f"{reply.cause}>cancelled")
        return True
    customer = None if reply.is_aside else await _named(work, said) or await _read_in(work, reply, said)
    if customer is None:
        return False
    await work.questions.close(member.member_id, CUSTOMER, CUSTOMER)
    payload = question.payload
    await _raise(
        ctx,
        work,
        member,
        reply,
        customer_id=customer.customer_id,
        visit=None,
        words=str(payload["words"]),
        reason=str(payload["reason"]),
        to="director" if payload["to"] == "director" else "manager",
    )
    return True


async def _raise(
    ctx: Context,
    work: Work,
    member: Member,
    reply: Reply,
    *,
    customer_id: int | None,
    visit: Visit | None,
    words: str,
    reason: str,
    to: escalation.Target,
) -> None:
    record = await load(work, visit) if visit is not None else Record()
    visit_id = visit.visit_id if visit is not None else None
    items = escalation.items_of(visit, record.risks) if visit is not None else ()
    asked = MatterItem(f"{FROM_A_REP}{reply.cause}", CATEGORY, words, visit_id)
    matter = Matter("request", member, customer_id, (*items, asked), reason=reason, visit_id=visit_id, to=to)
    told = await escalation.raise_matter(ctx, work, matter, cause=reply.cause)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>raised")


async def _to(work: Work, member: Member, request: Request) -> escalation.Target:
    """Somebody named is asked as what they are to the rep: their manager, or further up."""
    if not request.who:
        return request.to
    line = await groups.above(work, member)
    named = next((person for person in line if _is_called(person, request.who)), None)
    return "manager" if named is None or named is line[0] else "director"


async def _is_above(work: Work, member: Member, request: Request) -> bool:
    return any(_is_called(person, request.who) for person in await groups.above(work, member))


def _is_called(person: Member, who: str) -> bool:
    """陈经理, 陈总 and 陈志远 are 陈志远."""
    surname = who.removesuffix("总监").removesuffix("经理").removesuffix("主管").removesuffix("总")
    return person.name == who or (surname != who and bool(surname) and person.name.startswith(surname))


async def visit_meant(work: Work, member: Member) -> Visit | None:
    draft = await work.visits.latest_draft(member.member_id)
    return draft or await work.visits.latest_confirmed(member.member_id, since=work.now - WITHIN)


async def _named(work: Work, said: str) -> Customer | None:
    """The one customer of that name or alias; None where there is none, or more than one."""
    by_name = await work.customers.by_name(said)
    if by_name is not None:
        return by_name
    known = await work.customers.called(said, in_full=True)
    return known[0] if len(known) == 1 else None


async def _read_in(work: Work, reply: Reply, said: str) -> Customer | None:
    """The customer that the reply is read to name, where it is nothing but the name: 宁波恒力 is no alias."""
    read_as = reply.draft.customer if reply.draft is not None else None
    if read_as is None or read_as.status != "known" or read_as.span.of(reply.text) != said:
        return None
    return await work.customers.by_name(read_as.value)


# Looking at it


def asks_for_list(text: str) -> bool | None:
    return text.strip(" \n。.！!？?") in {"风险", "待处理风险", "待处理的风险", "风险清单", "看风险"} or None


async def listing(ctx: Context, work: Work, member: Member, reply: Reply, _: bool) -> bool:
    sight = await access.sight_of(work, member)
    matters = await work.escalations.unsettled(sight.members)
    lines = [
        await _line(ctx, work, matter, customer, place)
        for place, (matter, customer) in enumerate(matters[:MOST_LISTED])
    ]
    lines += [texts.LISTED_MORE.format(count=len(matters))] * (len(matters) > MOST_LISTED)
    told = texts.UNSETTLED.format(count=len(matters), lines="\n".join(lines)) if matters else texts.NO_UNSETTLED
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>risks")
    return True


async def _line(ctx: Context, work: Work, matter: Escalation, customer: str | None, place: int) -> str:
    where = texts.UNSETTLED_WHERE[matter.state].format(name=(await holder_of(work, matter)).name)
    return texts.UNSETTLED_LINE.format(
        place=wording.circled(place),
        customer=customer or texts.CUSTOMER_OPEN,
        rep=(await work.members.get(matter.member_id)).name,
        since=wording.day(ctx.day_of(matter.created_at), ctx.day_of(work.now)),
        where=where,
    )
