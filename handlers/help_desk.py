"""求助: something that is asked of a colleague, with whom it lies, and until when it is to be answered.

It lies with one person at a time, and one card of it is open at a time, `HelpRequest.card_id`. What that person does
with it is in `help_answers`, what time does in `help_clock`, what is said about it in `help_said`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers import called, groups, help_cards, help_rules, notices, outbox, texts, wording
from handlers.context import TIMERS, Context
from handlers.pressed import Pressed
from nlp.help_words import bare_name
from storage.deal_models import HelpRequest
from storage.members import Address
from storage.models import Member
from storage.work import Work

log = logging.getLogger(__name__)

KIND = "help"
COUNTS = "help_counts"
"""The card that asks whoever answered what the answer is worth."""
CARD = "help_card"
HALF = "help_half"
DUE = "help_due"
DAILY = "help_daily"
QUESTIONS = (ANSWER, REASON, PASS_ON) = ("help_answer", "help_reason", "help_pass_on")
"""What whoever it lies with may have been asked about it."""
MOST_CAUSE = 200


@dataclass(frozen=True)
class Addressee:
    """Who is asked: a person, of a department where it was the department that was named."""

    member: Member
    department: str = ""


@dataclass(frozen=True)
class Asked:
    member: Member
    addressee: Addressee
    words: str
    customer_id: int | None = None
    opportunity_id: int | None = None
    visit_id: int | None = None
    then: tuple[str, ...] = ()


# Asked


async def ask(ctx: Context, work: Work, asked: Asked, *, cause: str) -> tuple[HelpRequest, datetime | None]:
    """Ask it; when its card comes, where that is later. The same cause again asks nothing more."""
    known = await work.help.by_cause(cause[:MOST_CAUSE])
    if known is not None:
        return known, None
    request = await work.help.add(
        cause[:MOST_CAUSE],
        asked.member.member_id,
        asked.addressee.member.member_id,
        asked.words,
        within=ctx.settings.help.within,
        department=asked.addressee.department,
        customer_id=asked.customer_id,
        opportunity_id=asked.opportunity_id,
        visit_id=asked.visit_id,
        then=asked.then,
    )
    work.audit.note(
        "help.asked",
        subject(request),
        member_id=asked.member.member_id,
        source=cause,
        after={"holder_id": request.holder_id, "customer_id": request.customer_id},
    )
    log.info("help.asked", extra={"request_id": request.request_id})
    return request, await send_card(ctx, work, request, cause=f"{cause}>{subject(request)}")


async def of_department(
    ctx: Context, work: Work, department: help_rules.Department, *, but: Sequence[int]
) -> Addressee | None:
    """Whoever of them has least to answer and can be reached, or else the vice president; None: nobody."""
    people = [one for one in await _called(ctx, work, department.people) if one.member_id not in but]
    if people:
        open_now = {one.member_id: await work.help.open_count(one.member_id) for one in people}
        return Addressee(min(people, key=lambda one: open_now[one.member_id]), bare_name(department.name))
    above = await _called(ctx, work, [department.vice_president])
    return next((Addressee(one, bare_name(department.name)) for one in above if one.member_id not in but), None)


async def _called(ctx: Context, work: Work, names: Sequence[str]) -> list[Member]:
    """Those of the names that mean one person each whom we can write to."""
    found: list[Member] = []
    for name in filter(None, names):
        meant = await called.meant(work, name)
        if meant.is_sure and await ctx.reach(work, meant.members[0].member_id) is not None:
            found.append(meant.members[0])
    return list({one.member_id: one for one in found}.values())


async def addressee(ctx: Context, work: Work, name: str, *, but: Sequence[int]) -> Addressee | None:
    """Whom a name in the configuration means: a department or one person; None: nobody who can be asked."""
    department = ctx.settings.help.department(name)
    if department is not None:
        return await of_department(ctx, work, department, but=but)
    people = await _called(ctx, work, [name])
    return next((Addressee(one) for one in people if one.member_id not in but), None)


async def department_of(ctx: Context, work: Work, member: Member) -> str:
    """Of those that are configured; empty where they are in none, or in several."""
    theirs = [
        bare_name(one.name)
        for one in ctx.settings.help.departments
        if member.member_id in {person.member_id for person in await _called(ctx, work, one.people)}
    ]
    return theirs[0] if len(theirs) == 1 else ""


async def people_of(ctx: Context, work: Work) -> set[int]:
    """Whom people usually ask: those of the departments, and whoever is listed as a colleague."""
    names = [name for one in ctx.settings.help.departments for name in (*one.people, one.vice_president)]
    colleagues = await work.members.with_role("colleague")
    return {one.member_id for one in [*await _called(ctx, work, names), *colleagues]}


# With whom it lies


def subject(request: HelpRequest) -> str:
    return f"help:{request.request_id}"


def news_of(request: HelpRequest) -> str:
    """What people are told has happened stays true, whatever happens next: it is dropped with nothing."""
    return f"{subject(request)}:news"


async def customer_of(work: Work, request: HelpRequest) -> str:
    return (await work.customers.get(request.customer_id)).name if request.customer_id is not None else ""


async def named(work: Work, request: HelpRequest) -> dict[str, str]:
    """What sentences about a request call it by."""
    customer = await customer_of(work, request)
    return {"number": str(request.request_id), "customer": f"（{customer}）" if customer else ""}


async def asker_of(work: Work, request: HelpRequest) -> Member | None:
    """Who waits for the answer: whoever asked, or whose the customer is once they have left."""
    member = await work.members.get(request.member_id)
    if member.active or request.customer_id is None:
        return member if member.active else None
    owner_id = (await work.customers.get(request.customer_id)).owner_id
    owner = await work.members.get(owner_id) if owner_id is not None else None
    return owner if owner is not None and owner.active else None


async def superior(ctx: Context, work: Work, request: HelpRequest) -> Member | None:
    """Who is next where it is not answered: the department's vice president, or else the colleague's line up."""
    department = ctx.settings.help.department(request.department) if request.department else None
    above = await _called(ctx, work, [department.vice_president]) if department is not None else []
    line = await groups.above(work, await work.members.get(request.colleague_id))
    out = {request.member_id, request.holder_id, request.colleague_id}
    for person in [*above, *line]:
        if person.member_id not in out and await ctx.reach(work, person.member_id) is not None:
            return person
    return None


def deadline(ctx: Context, request: HelpRequest) -> datetime:
    """Until when whoever has it is to answer. Passed on late, at least half of the time is theirs."""
    return max(request.due_at, request.since + ctx.settings.help.within / 2)


# Cards


async def send_card(ctx: Context, work: Work, request: HelpRequest, *, cause: str) -> datetime | None:
    """Show it to whoever it lies with: at once in working time, or else when the next begins; then that moment."""
    due_at = ctx.settings.working_time.next_push(work.now)
    if due_at <= work.now:
        await show_card(ctx, work, request, cause=cause)
        return None
    if request.since == request.created_at:
        request.due_at = due_at + ctx.settings.help.within
    await _put(work, request, CARD, due_at)
    return due_at


async def show_card(ctx: Context, work: Work, request: HelpRequest, *, cause: str) -> None:
    """The card for whoever it lies with now; the time they have runs from here."""
    is_first = request.since == request.created_at
    request.since = work.now
    if is_first:
        request.due_at = work.now + ctx.settings.help.within
    await close_card(work, request, texts.CLOSED_REPLACED, cause=cause)
    address = await ctx.reach(work, request.holder_id)
    if address is None:
        log.warning("help.unreachable", extra={"request_id": request.request_id})
    else:
        await _show(ctx, work, request, address, cause=cause)
    await start_clock(ctx, work, request)


async def _show(ctx: Context, work: Work, request: HelpRequest, address: Address, *, cause: str) -> None:
    today = ctx.day_of(work.now)
    due = request.due_at if request.level else deadline(ctx, request)
    colleague = await work.members.get(request.colleague_id)
    card = help_cards.request_card(
        request,
        outbox.new_card_id(KIND, request.request_id),
        rep=(await work.members.get(request.member_id)).name,
        customer=await customer_of(work, request),
        until=f"{wording.day(ctx.day_of(due), today)}{due.astimezone(ctx.settings.zone):%H:%M}",
        unanswered_by=colleague.name if request.level and request.colleague_id != request.holder_id else "",
    )
    request.card_id = card.card_id
    await outbox.show(work, address, card, kind=KIND, life=ctx.settings.todo_life, cause=cause, unasked=True)


async def close_card(
    work: Work, request: HelpRequest, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    await outbox.close_shown(work, request.card_id, closing, cause=f"{cause}>closed:{request.card_id}", pressed=pressed)
    request.card_id = None


# Time


async def start_clock(ctx: Context, work: Work, request: HelpRequest) -> None:
    """Below the vice president it is reminded of once and goes up; once it is there it is reminded of daily."""
    times = ctx.settings.working_time
    if request.level:
        await put_daily(ctx, work, request, number=1)
        return
    until = deadline(ctx, request)
    half = help_rules.half_way(times, request.since, until)
    if half is not None:
        await _put(work, request, HALF, half)
    await _put(work, request, DUE, times.next_push(until), lasts_s=(until - request.since).total_seconds())


async def put_daily(ctx: Context, work: Work, request: HelpRequest, *, number: int) -> None:
    times = ctx.settings.working_time
    # what is told now may come on the next morning only, and the next reminder a day later
    day = times.working_day_after(ctx.day_of(times.next_push(work.now)))
    await _put(work, request, DAILY, datetime.combine(day, times.morning, times.zone), number=number)


async def stop_clock(ctx: Context, work: Work, request: HelpRequest) -> None:
    """Whatever waits about the request as it is now waits in vain: called before it changes."""
    for kind in (CARD, HALF, DUE):
        await work.jobs.cancel(_key(request, kind))
    for number in range(1, ctx.settings.help.reminders + 1):
        await work.jobs.cancel(_key(request, DAILY, number))
    await work.notices.drop(subject(request))


async def _put(
    work: Work, request: HelpRequest, kind: str, at: datetime, *, number: int = 0, lasts_s: float = 0
) -> None:
    await work.jobs.put(
        kind,
        {"request_id": request.request_id, "since": since(request), "number": number, "lasts_s": lasts_s},
        queue=TIMERS,
        dedupe=_key(request, kind, number),
        at=at,
    )


def _key(request: HelpRequest, kind: str, number: int = 0) -> str:
    return f"{subject(request)}:{kind}:{since(request)}:{request.holder_id}:{number}"


def since(request: HelpRequest) -> str:
    """Since when it lies with whoever has it: what is timed for one time is not meant for the next."""
    return f"{request.since.timestamp():.6f}"


# Passed on


async def pass_up(
    ctx: Context,
    work: Work,
    request: HelpRequest,
    to: Member,
    *,
    why: Literal["unanswered", "left"],
    cause: str,
    late: str = "",
) -> None:
    """It lies with that person from now on; who had it and whoever asked are told, and that it comes `late`."""
    former = await work.members.get(request.holder_id)
    await _move(ctx, work, request, to, closing=texts.CLOSED_RAISED.format(manager=to.name), cause=cause)
    request.level += 1
    work.audit.note(
        "help.raised",
        subject(request),
        member_id=None,
        source=cause,
        before={"holder_id": former.member_id},
        after={"holder_id": to.member_id, "level": request.level, "why": why},
    )
    await send_card(ctx, work, request, cause=f"{cause}>{subject(request)}:up:{request.level}")
    hours = f"{ctx.settings.help.answer_within_h:g}"
    names = {**await named(work, request), "former": former.name, "manager": to.name, "hours": hours}
    if why == "unanswered":
        text = texts.HELP_WENT_UP_FROM.format(**names) + late
        await tell(ctx, work, request, former, text, what=f"up:{request.level}")
    said = texts.HELP_WENT_UP if why == "unanswered" else texts.HELP_LEFT
    await tell(
        ctx, work, request, await asker_of(work, request), said.format(**names) + late, what=f"up:{request.level}"
    )


async def hand_to(ctx: Context, work: Work, request: HelpRequest, to: Member, *, by_id: int | None, cause: str) -> None:
    """Another colleague is to answer it."""
    before = request.holder_id
    await _move(ctx, work, request, to, closing=texts.CLOSED_PASSED_ON.format(member=to.name), cause=cause)
    request.department = await _department_after(ctx, work, request, to)
    request.colleague_id, request.level = to.member_id, 0
    work.audit.note(
        "help.passed_on",
        subject(request),
        member_id=by_id,
        source=cause,
        before={"holder_id": before},
        after={"holder_id": to.member_id},
    )
    await send_card(ctx, work, request, cause=f"{cause}>{subject(request)}:to:{to.member_id}")


async def _department_after(ctx: Context, work: Work, request: HelpRequest, to: Member) -> str:
    """Whose word the answer will be: a department's as long as it stays with its people."""
    department = ctx.settings.help.department(request.department) if request.department else None
    if department is not None:
        theirs = await _called(ctx, work, [*department.people, department.vice_president])
        if to.member_id in {one.member_id for one in theirs}:
            return request.department
    return await department_of(ctx, work, to)


async def _move(ctx: Context, work: Work, request: HelpRequest, to: Member, *, closing: str, cause: str) -> None:
    await stop_clock(ctx, work, request)
    await close_card(work, request, closing, cause=cause)
    await close_questions(work, request)
    request.holder_id, request.since = to.member_id, work.now


async def close_questions(work: Work, request: HelpRequest) -> None:
    for kind in QUESTIONS:
        for member_id in await work.questions.asked(kind, subject(request)):
            await work.questions.close(member_id, kind, subject(request))


async def tell(ctx: Context, work: Work, request: HelpRequest, member: Member | None, text: str, *, what: str) -> None:
    """What time or others have done, in working hours."""
    if member is not None and member.active:
        key = f"{subject(request)}:{what}:{since(request)}:{member.member_id}"
        await notices.tell(ctx, work, member.member_id, text, key=key, subject=news_of(request))
