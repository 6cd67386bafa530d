"""When messages could not reach us for a while, those who may have written are told so."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from handlers import outbox, texts, wording
from handlers.context import INBOX_QUEUE, Context
from handlers.messages import Frozen, PlatformName
from storage.jobs import Job
from storage.members import Address

KIND = "gap"
QUEUE = "timers"
ACTIVE_WITHIN = timedelta(days=7)
"""Who has not written for longer than this before the gap did hardly write in it."""
DAY_BEGINS, DAY_ENDS = time(8), time(21)
NAMES: dict[PlatformName, str] = {
    "wecom": "企业微信",
    "wecom_bot": "企业微信",
    "dingtalk": "钉钉",
    "playground": "试用台",
    "group": "群",
}


class Gap(Frozen):
    """The payload of the job: from `since` to `until` nothing could reach us on `platform`."""

    platform: PlatformName
    since: AwareDatetime
    until: AwareDatetime


def notice_at(until: datetime, zone: ZoneInfo) -> datetime:
    """When to tell of a gap that ended at `until`: now, or in the morning where people sleep."""
    local = until.astimezone(zone)
    if local.time() < DAY_BEGINS:
        return datetime.combine(local.date(), DAY_BEGINS, zone)
    if local.time() >= DAY_ENDS:
        return datetime.combine(local.date() + timedelta(days=1), DAY_BEGINS, zone)
    return until


async def tell(ctx: Context, job: Job) -> None:
    gap = Gap.model_validate(job.payload)
    async with ctx.finishing(job) as work:
        today = ctx.day_of(work.now)
        text = texts.GAP.format(
            since=wording.clock_time(gap.since, ctx.settings.zone, today),
            until=wording.clock_time(gap.until, ctx.settings.zone, today),
            platform=NAMES[gap.platform],
        )
        active = await work.jobs.lanes_since(INBOX_QUEUE, gap.since - ACTIVE_WITHIN)
        for identity, _ in await work.members.accounts(gap.platform):
            address = Address(identity.platform, identity.user_id)
            if address.lane in active:
                await outbox.say(work, address, text, cause=f"{gap.platform}:{gap.since.isoformat()}>{address.lane}")
