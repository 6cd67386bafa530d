"""What falls due later: a draft that nobody has confirmed yet."""

from handlers import notices, outbox, questionnaire, texts, wording
from handlers.context import Context
from handlers.messages import Sender
from handlers.record import load
from storage.jobs import Job
from storage.work import Work


async def remind_of_draft(ctx: Context, job: Job) -> None:
    visit_id = job.payload["visit_id"]
    assert isinstance(visit_id, int)  # put by `drafts.remind_later`
    to = Sender.model_validate(job.payload["sender"])
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        await _remind(ctx, work, visit_id, to, late=notices.late(ctx, job, work.now))
        await work.jobs.complete(job)


async def _remind(ctx: Context, work: Work, visit_id: int, to: Sender, *, late: str) -> None:
    visit = await work.visits.lock(visit_id)
    if visit.state != "draft" or not (await work.members.get(visit.member_id)).active:
        return
    if await work.notices.is_waiting(questionnaire.reminder_subject(visit)):
        return  # they are reminded of what it waits for
    customer = (await load(work, visit)).customer
    latest = await work.visits.latest_draft(visit.member_id)
    # 确认 typed in the chat means the latest draft: an older one must not be confirmed by its name and save another
    is_latest = latest is not None and latest.visit_id == visit_id
    reminder = (texts.REMINDER if is_latest else texts.REMINDER_OLDER).format(
        customer=customer.name if customer else texts.CUSTOMER_OPEN,
        on=wording.day(visit.visited_on, ctx.day_of(work.now)),
    )
    await outbox.say(work, to, reminder + late, cause=f"reminded:{visit_id}:{visit.version}")
