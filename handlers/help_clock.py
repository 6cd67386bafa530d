"""What time does with a request: its card in the morning, one reminder half way, up at the end, and then daily.

Nothing of it comes at night or on a day off: what is due then goes up when people can be written to again, and until
then its colleague may still answer.
"""

from datetime import datetime, timedelta

from handlers import help_desk, notices, texts, wording
from handlers.context import Context
from handlers.help_desk import deadline, named, since, subject
from storage.deal_models import HelpRequest
from storage.jobs import Job
from storage.work import Work


async def show(ctx: Context, job: Job) -> None:
    """The card that waited for working time, to whoever has the request by then."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        request = await _meant(work, job)
        if request is not None:
            cause = _cause(request, "card")
            if (await work.members.get(request.holder_id)).active:
                await help_desk.show_card(ctx, work, request, cause=cause)
            else:
                await leave(ctx, work, request, cause=cause)
        await work.jobs.complete(job)


async def remind(ctx: Context, job: Job) -> None:
    """Half of the time is over."""
    async with ctx.finishing(job) as work:
        request = await _meant(work, job)
        if request is None:
            return
        if not (await work.members.get(request.holder_id)).active:
            await leave(ctx, work, request, cause=_cause(request, "half"))
            return
        await _remind(ctx, work, request, texts.HELP_HALF, late=notices.late(ctx, job, work.now), what="half")


async def go_up(ctx: Context, job: Job) -> None:
    """The time is over and nobody has answered."""
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        request = await _meant(work, job)
        if request is not None:
            until = await _seen_until(ctx, work, job, request)
            if until is not None:
                await work.jobs.postpone(job, until, notices.HELD_UP)
                return
            await _go_up(ctx, work, request, late=notices.late(ctx, job, work.now))
        await work.jobs.complete(job)


async def _go_up(ctx: Context, work: Work, request: HelpRequest, *, late: str) -> None:
    above = await help_desk.superior(ctx, work, request)
    if above is not None:
        await help_desk.pass_up(ctx, work, request, above, why="unanswered", cause=_cause(request, "due"), late=late)
        return
    holder = await work.members.get(request.holder_id)
    text = texts.HELP_NOBODY_ABOVE.format(holder=holder.name, **await named(work, request))
    await help_desk.tell(ctx, work, request, await help_desk.asker_of(work, request), text + late, what="top")
    await _remind(ctx, work, request, texts.HELP_OVERDUE, late=late, what="top")
    await help_desk.put_daily(ctx, work, request, number=1)


async def _seen_until(ctx: Context, work: Work, job: Job, request: HelpRequest) -> datetime | None:
    """Until when its holder may answer, where the card lay in the outbox over a standstill; None where time is up."""
    seen_at = await notices.held_up_until(work, job, request.card_id)
    if seen_at is None:
        return None
    lasts_s = job.payload["lasts_s"]
    assert isinstance(lasts_s, int | float)  # put by `help_desk`
    until = seen_at + timedelta(seconds=lasts_s)
    if until <= work.now:
        return None
    request.due_at = max(request.due_at, until)
    return ctx.settings.working_time.next_push(until)


async def remind_daily(ctx: Context, job: Job) -> None:
    """It lies at the top: a word each working day, and after the last one whoever asked is told that it was that."""
    async with ctx.finishing(job) as work:
        request = await _meant(work, job)
        if request is None:
            return
        holder = await work.members.get(request.holder_id)
        if not holder.active:
            await leave(ctx, work, request, cause=_cause(request, "daily"))
            return
        number = job.payload["number"]
        assert isinstance(number, int)  # put by `help_desk`
        late = notices.late(ctx, job, work.now)
        await _remind(ctx, work, request, texts.HELP_OVERDUE, late=late, what=f"daily:{number}")
        if number < ctx.settings.help.reminders:
            await help_desk.put_daily(ctx, work, request, number=number + 1)
            return
        text = texts.HELP_GIVEN_UP.format(holder=holder.name, count=number, **await named(work, request))
        await help_desk.tell(ctx, work, request, await help_desk.asker_of(work, request), text, what="given-up")


async def _remind(ctx: Context, work: Work, request: HelpRequest, text: str, *, late: str, what: str) -> None:
    rep = await work.members.get(request.member_id)
    due = wording.clock_time(deadline(ctx, request), ctx.settings.zone, ctx.day_of(work.now))
    line = text.format(rep=rep.name, due=due, words=wording.shortened(request.words, 40), **await named(work, request))
    key = f"{subject(request)}:{what}:{since(request)}"
    await notices.tell(ctx, work, request.holder_id, line + late, key=key, subject=subject(request))
    work.audit.note(
        "help.reminded", subject(request), member_id=None, source=what, after={"member_id": request.holder_id}
    )


# Who left


async def everything_left_by(ctx: Context, work: Work, member_id: int, *, cause: str) -> int:
    """Somebody left: what lies with them goes on at once; how many requests."""
    requests = await work.help.lying_with(member_id)
    for found in requests:
        request = await work.help.lock(found.request_id)
        if request.state == "open" and request.holder_id == member_id:
            await leave(ctx, work, request, cause=f"{cause}>{subject(request)}")
    return len(requests)


async def leave(ctx: Context, work: Work, request: HelpRequest, *, cause: str) -> None:
    """Who has it is no longer here: to another of the department, or else to the vice president or up the line.

    Where there is nobody it stays where it is, and whoever asked is told.
    """
    leaver = await work.members.get(request.holder_id)
    names = {**await named(work, request), "former": leaver.name}
    department = ctx.settings.help.department(request.department) if request.department else None
    if department is not None and request.level == 0:
        out = [request.member_id, leaver.member_id]
        other = await help_desk.of_department(ctx, work, department, but=out)
        if other is not None and other.member.name != department.vice_president:
            await help_desk.hand_to(ctx, work, request, other.member, by_id=None, cause=cause)
            text = texts.HELP_LEFT.format(manager=other.member.name, **names)
            await help_desk.tell(ctx, work, request, await help_desk.asker_of(work, request), text, what="left")
            return
    above = await help_desk.superior(ctx, work, request)
    if above is not None:
        await help_desk.pass_up(ctx, work, request, above, why="left", cause=cause)
        return
    text = texts.HELP_LEFT_NOBODY.format(**names)
    await help_desk.tell(ctx, work, request, await help_desk.asker_of(work, request), text, what="left")


async def _meant(work: Work, job: Job) -> HelpRequest | None:
    """The request that the timer is about; None where it has moved on since."""
    request_id = job.payload["request_id"]
    assert isinstance(request_id, int)  # put by `help_desk`
    request = await work.help.lock(request_id)
    return request if request.state == "open" and since(request) == job.payload["since"] else None


def _cause(request: HelpRequest, name: str) -> str:
    return f"{subject(request)}:{name}:{since(request)}"
