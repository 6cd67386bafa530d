"""What people are told when a job cannot be done: the person it concerned, and the admins."""

from collections.abc import Mapping

from pydantic import ValidationError

from handlers import outbox, routes, texts, undelivered, voice, wording
from handlers.context import Context
from handlers.messages import InboundMessage, Sender
from storage.jobs import Job
from storage.work import Work

NAMES: Mapping[str, str] = {
    "text": "消息",
    "voice": "语音",
    "image": "图片",
    "video": "视频",
    "file": "文件",
    "location": "位置",
    "link": "链接",
    "card_click": "按钮操作",
}


async def tell(_ctx: Context, work: Work, job: Job, text: str) -> None:
    """Answer whoever the job was for; jobs that are nobody's have nobody to tell."""
    sender = _sender(job)
    if sender is not None:
        await outbox.say(work, sender, texts.NOT_CHECKED if _is_second_hearing(job) else text, cause=f"told:{job.id}")


async def parked(ctx: Context, work: Work, job: Job, reason: str) -> None:
    """Tell the person that their message waits for help, and the admins which job it is; `reason` quotes nobody."""
    # What could not be sent cannot be apologised for on the same way, and what is fetched beside its turn is fetched
    # again in it: only the admins hear of those, and whoever counts on a card that did not arrive.
    if job.queue == outbox.QUEUE:
        await undelivered.tell(ctx, work, job)
    sender = None if job.queue in (outbox.QUEUE, routes.FETCH_QUEUE) else _sender(job)
    if sender is not None:
        text = texts.PARKED.format(at=_time(ctx, work, job), what=_what(job))
        if _is_second_hearing(job):
            text = texts.NOT_CHECKED
        await outbox.say(work, sender, text, cause=f"parked:{job.id}:{job.token}")
    for admin in await work.members.with_role("admin"):
        address = await ctx.reach(work, admin.member_id)
        if address is not None and job.lane != address.lane:
            text = texts.JOB_PARKED_ADMIN.format(job_id=job.id, reason=reason)
            await outbox.say(work, address, text, cause=f"parked:{job.id}:{job.token}>{address.lane}")


def _is_second_hearing(job: Job) -> bool:
    """Its record is there already, and sent again it would be there twice."""
    return job.kind == voice.TRANSCRIBE and bool(job.payload.get(voice.SECOND))


def _message(job: Job) -> InboundMessage | None:
    try:
        return InboundMessage.model_validate(job.payload.get("message"))
    except ValidationError:
        return None


def _sender(job: Job) -> Sender | None:
    if message := _message(job):
        return message.sender
    try:
        # the inbox keeps who sent it beside the body, in case the body cannot be read
        return Sender.model_validate(
            job.payload.get("sender") or {key: job.payload.get(key) for key in ("platform", "user_id")}
        )
    except ValidationError:
        return None


def _what(job: Job) -> str:
    message = _message(job)
    return NAMES.get(message.content.kind, "消息") if message else "消息"


def _time(ctx: Context, work: Work, job: Job) -> str:
    message = _message(job)
    at = message.sent_at if message else job.created_at
    return wording.clock_time(at, ctx.settings.zone, ctx.day_of(work.now))
