"""One table: which message goes to which handler, in the order it is tried.

A message passes here twice. `accept` runs in queue inbox, in milliseconds: it puts the message in line behind this
person's earlier ones and, where the answer will take a moment, says so at once. `work_on` runs in queue work and does
the thing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from handlers import attachments, clicks, commands, notes, outbox, texts, voice
from handlers.context import Context
from handlers.messages import (
    CardClick,
    Entered,
    File,
    Ignored,
    Image,
    InboundMessage,
    Left,
    Link,
    Location,
    Text,
    Unsupported,
    Video,
    Voice,
)
from handlers.people import NotRegistered, known
from storage.jobs import Job
from storage.work import Work

WORK_QUEUE = "work"
MESSAGE = "message"
VOICE = "voice"

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
    await notes.take(
        ctx, job, notes.Note(to=message.sender, cause=message.key, sent_at=message.sent_at, text=content.text)
    )


def _answer(text: Callable[[InboundMessage], str]) -> Run:
    async def run(ctx: Context, job: Job, message: InboundMessage) -> None:
        async with ctx.finishing(job) as work:
            await outbox.say(work, message.sender, text(message), cause=f"{message.key}>answer")

    return run


def _is_blank(message: InboundMessage) -> bool:
    return isinstance(message.content, Text) and not message.content.text.strip()


def _unsupported(message: InboundMessage) -> str:
    content = message.content
    return texts.UNSUPPORTED.format(name=content.name if isinstance(content, Unsupported) else content.kind)


ROUTES = (
    Route("opened the chat", _is(Entered), _greet),
    Route("button on a card", _is(CardClick), clicks.run),
    Route("voice note", _is(Voice), voice.fetch),
    Route("picture, video or file", _is(Image, Video, File), attachments.keep_file),
    Route("place", _is(Location), attachments.keep_place),
    Route("link", _is(Link), attachments.keep_link),
    Route("nothing typed", _is_blank, _answer(lambda _: texts.EMPTY_TEXT)),
    Route("command", commands.is_command, commands.run),
    Route("anything said", _is(Text), _type),
    Route("not understood", lambda _: True, _answer(_unsupported)),
)


def route_for(message: InboundMessage) -> Route:
    return next(route for route in ROUTES if route.matches(message))


async def accept(ctx: Context, job: Job, message: InboundMessage) -> None:
    async with ctx.finishing(job) as work:
        if isinstance(message.content, Ignored | Left):
            return
        try:
            await known(ctx, work, message.sender)
        except NotRegistered:
            if not isinstance(message.content, Entered):
                await outbox.say(work, message.sender, texts.NOT_REGISTERED, cause=f"{message.key}>stranger")
            return
        receipt = await _receipt(work, message)
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


async def _receipt(work: Work, message: InboundMessage) -> str:
    """What to say at once; empty where the answer itself comes within a moment."""
    content = message.content
    match content:
        case Voice():
            length = f" {round(content.duration_ms / 1000)} 秒" if content.duration_ms else ""
            waiting = await work.jobs.active(WORK_QUEUE, (VOICE, voice.TRANSCRIBE))
            if waiting:
                return texts.HEARING_QUEUED.format(length=length, waiting=waiting)
            return texts.HEARING.format(length=length)
        case Image() | Video() | File():
            return texts.SAVING.format(what=attachments.NAMES[type(content)])
        case Entered():
            return ""
        case _:
            is_busy = await work.jobs.is_lane_busy(WORK_QUEUE, message.sender.lane)
            return texts.AFTER_LAST if is_busy else ""


async def work_on(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    await route_for(message).run(ctx, job, message)
