"""One table: which message goes to which handler, in the order it is tried.

A message passes here twice. `accept` runs in queue inbox, in milliseconds: it puts the message in line behind this
person's earlier ones and, where the answer will take a moment, says so at once. `work_on` runs in queue work and does
the thing.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from handlers import (
    attachments,
    clicks,
    commands,
    directory,
    labels,
    leavers,
    notes,
    outbox,
    people_said,
    pictures,
    practice_answers,
    texts,
    voice,
)
from handlers.context import Context
from handlers.messages import (
    ApprovalChange,
    CardClick,
    DirectoryChange,
    Entered,
    File,
    Ignored,
    Image,
    InboundMessage,
    Left,
    Link,
    Location,
    Outsider,
    Text,
    Unsupported,
    Video,
    Voice,
    Withheld,
)
from handlers.people import NotRegistered, known
from storage.jobs import Job
from storage.work import Work

log = logging.getLogger(__name__)

WORK_QUEUE = voice.QUEUE
FETCH_QUEUE = "fetch"
FETCH = "fetch"
MESSAGE = "message"
VOICE = "voice"

PART = "#"
"""What stands between a message's id and the number of its part, where an adapter had to take it apart."""
NOT_FOR_US = (Ignored, Left, ApprovalChange)
"""Whoever loses sight of us (`Left`) has not left the company: the list of people says who has."""

Run = Callable[[Context, Job, InboundMessage], Awaitable[None]]


@dataclass(frozen=True)
class Route:
    name: str
    matches: Callable[[InboundMessage], bool]
    run: Run


def _is(*kinds: type) -> Callable[[InboundMessage], bool]:
    return lambda message: isinstance(message.content, kinds)


async def _greet(ctx: Context, job: Job, message: InboundMessage) -> None:
    async with ctx.finishing(job) as work:
        # the same cause for ever: one greeting, however often the chat is opened
        await outbox.say(work, message.sender, texts.WELCOME, cause=f"welcome:{message.sender.lane}")


async def _type(ctx: Context, job: Job, message: InboundMessage) -> None:
    content = message.content
    assert isinstance(content, Text)  # the table of routes saw to it
    if await people_said.take(ctx, job, message):
        return
    named = labels.said(ctx, content.text)
    if named is not None and await labels.by_reply(ctx, job, message, named):
        return
    await notes.take(
        ctx,
        job,
        notes.Note(
            to=message.sender,
            cause=message.key,
            sent_at=message.sent_at,
            text=content.text,
            is_beside=_is_later_part(message),
        ),
    )


def _answer(text: Callable[[InboundMessage], str]) -> Run:
    async def run(ctx: Context, job: Job, message: InboundMessage) -> None:
        async with ctx.finishing(job) as work:
            await outbox.say(work, message.sender, text(message), cause=f"{message.key}>answer")

    return run


def _is_later_part(message: InboundMessage) -> bool:
    return PART in message.event_id


def _is_blank(message: InboundMessage) -> bool:
    return isinstance(message.content, Text) and not message.content.text.strip()


def _withheld(message: InboundMessage) -> str:
    assert isinstance(message.content, Withheld)  # the table of routes saw to it
    return texts.WITHHELD.format(reason=message.content.reason)


def _unsupported(message: InboundMessage) -> str:
    content = message.content
    return texts.UNSUPPORTED.format(name=content.name if isinstance(content, Unsupported) else content.kind)


ROUTES = (
    Route("opened the chat", _is(Entered), _greet),
    Route("button on a card", _is(CardClick), clicks.run),
    Route("voice note", _is(Voice), voice.fetch),
    Route("picture", _is(Image), pictures.fetch),
    Route("file", _is(File), pictures.fetch_file),
    Route("video", _is(Video), attachments.keep_file),
    Route("place", _is(Location), attachments.keep_place),
    Route("link", _is(Link), attachments.keep_link),
    Route("nothing typed", _is_blank, _answer(lambda _: texts.EMPTY_TEXT)),
    Route("command", commands.is_command, commands.run),
    Route("anything said", _is(Text), _type),
    Route("withheld by the platform", _is(Withheld), _answer(_withheld)),
    Route("not understood", lambda _: True, _answer(_unsupported)),
)


def route_for(message: InboundMessage) -> Route:
    return next(route for route in ROUTES if route.matches(message))


async def accept(ctx: Context, job: Job, message: InboundMessage) -> None:
    async with ctx.finishing(job) as work:
        if isinstance(message.content, NOT_FOR_US):
            log.info("routes.noted", extra={"event": message.key, "kind": message.content.kind})
            return
        if isinstance(message.content, DirectoryChange):
            await directory.follow(ctx, work, message)
            return
        if isinstance(message.content, Outsider):
            await _answer_here(work, message, texts.OUTSIDER)
            return
        if await people_said.bind(ctx, work, message):
            return
        try:
            await known(ctx, work, message.sender)
        except NotRegistered as error:
            if not isinstance(message.content, Entered):
                await _turn_away(work, message, error.left_id)
            return
        await outbox.release(work, message.sender)
        if message.sender.group:
            # one message may have come in parts, a picture each, and gets one notice
            cause = f"{message.sender.platform}:{message.event_id.partition(PART)[0]}>group"
            await outbox.say_in_group(work, message.sender, texts.IN_GROUP, cause=cause)
        if attachments.media_of(message) and (
            # whose recording is heard second, for which it stands in another line
            _is_heard_by_platform(message) or await work.jobs.is_lane_busy(WORK_QUEUE, message.sender.lane)
        ):
            await work.jobs.put(
                FETCH, {"message": message.model_dump(mode="json")}, queue=FETCH_QUEUE, dedupe=f"fetch:{message.key}"
            )
        receipt = await _receipt(ctx, work, message)
        kind = VOICE if isinstance(message.content, Voice) else MESSAGE
        await work.jobs.put(
            kind,
            {"message": message.model_dump(mode="json")},
            queue=WORK_QUEUE,
            lane=message.sender.lane,
            dedupe=f"work:{message.key}",
        )
        if receipt:
            await outbox.say(work, message.sender, receipt, cause=f"{message.key}>receipt")


async def _turn_away(work: Work, message: InboundMessage, left_id: int | None) -> None:
    """Whoever has left is told so, and an admin is asked whether they are back."""
    if left_id is not None:
        await leavers.come_back(work, await work.members.get(left_id))
    await _answer_here(work, message, texts.NOT_REGISTERED if left_id is None else texts.LEFT_MEMBER)


def _is_heard_by_platform(message: InboundMessage) -> bool:
    return isinstance(message.content, Voice) and bool(message.content.platform_transcript)


async def _answer_here(work: Work, message: InboundMessage, text: str) -> None:
    """Answer somebody who is nobody's member, where they wrote: there may be no other way to them."""
    say = outbox.say_in_group if message.sender.group else outbox.say
    await say(work, message.sender, text, cause=f"{message.key}>stranger")


async def _receipt(ctx: Context, work: Work, message: InboundMessage) -> str:
    """What to say at once; empty where the answer itself comes within a moment, or the message has its receipt."""
    if _is_later_part(message):
        return ""
    content = message.content
    match content:
        case Voice(platform_transcript=str(), media_ref=None):
            return await _in_line(work, message)
        case Voice():
            length = f" {round(content.duration_ms / 1000)} 秒" if content.duration_ms else ""
            if content.platform_transcript:
                # an answer in a practice is no record: it is not heard again
                is_practice = await practice_answers.waits(work, message.sender)
                return (texts.PRACTICE_HEARD if is_practice else texts.HEARING_TWICE).format(length=length)
            waiting = await work.jobs.active(WORK_QUEUE, (VOICE, voice.TRANSCRIBE))
            if waiting:
                return texts.HEARING_QUEUED.format(length=length, waiting=waiting)
            return texts.HEARING.format(length=length)
        case Image() if ctx.screens is not None:
            waiting = await work.jobs.active(WORK_QUEUE, (pictures.READ,))
            return texts.READING_QUEUED.format(waiting=waiting) if waiting else texts.READING_PICTURE
        case Image() | Video() | File():
            return texts.SAVING.format(what=attachments.NAMES[type(content)])
        case Entered():
            return ""
        case _:
            return await _in_line(work, message)


async def _in_line(work: Work, message: InboundMessage) -> str:
    is_busy = await work.jobs.is_lane_busy(WORK_QUEUE, message.sender.lane)
    return texts.AFTER_LAST if is_busy else ""


async def work_on(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    await route_for(message).run(ctx, job, message)


async def turn_away(ctx: Context, job: Job, error: NotRegistered) -> None:
    """Answer somebody who left while their message was waiting in line."""
    message = InboundMessage.model_validate(job.payload["message"])
    async with ctx.finishing(job) as work:
        await _turn_away(work, message, error.left_id)
