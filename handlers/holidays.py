"""Tells the admins, once a year, that nobody has said yet which days of it are off."""

from datetime import time

from handlers import notices, texts
from handlers.context import TIMERS, Context
from storage.jobs import Daily, Job
from storage.work import Work

KIND = "holidays"
AT = time(8, 20)


def due(ctx: Context) -> Daily:
    return Daily(name="holidays", kind=KIND, queue=TIMERS, at=AT, zone=ctx.settings.zone)


async def check(ctx: Context, job: Job) -> None:
    async with ctx.finishing(job) as work:
        await work.jobs.put_next(due(ctx))
        await tell(ctx, work)


async def tell(ctx: Context, work: Work) -> None:
    """Tell every admin of each such year that days are counted in by now, unless they were told before."""
    for year in ctx.settings.working_time.unknown_years(ctx.day_of(work.now)):
        subject = f"calendar:unknown:{year}"
        for admin in await work.members.with_role("admin"):
            text = texts.HOLIDAYS_UNKNOWN.format(year=year)
            key = f"{subject}:{admin.member_id}"
            await notices.tell(ctx, work, admin.member_id, text, key=key, subject=subject)
