"""A voice note: fetched, heard, understood. Each of the three is a step of one job, so none is done twice for long."""

import logging

from handlers import commands, notes, outbox, texts
from handlers.context import Context
from handlers.messages import Frozen, InboundMessage, Text, Voice
from handlers.people import known
from nlp.errors import AudioTooLong, EmptyAudio, EngineUnavailable, NlpError, NoSpeech, UnreadableAudio
from nlp.transcript import HearingWarning, Segment, Transcript
from storage.base import JsonObject
from storage.jobs import Job
from storage.models import Evidence
from storage.work import Work

log = logging.getLogger(__name__)

TRANSCRIBE = "transcribe"
UNDERSTAND = "understand"

MAX_HOT_WORDS = 12
"""More names make the engine worse, not better: with 200 it found a third of what it finds with 10."""


async def fetch(ctx: Context, job: Job, message: InboundMessage) -> None:
    """Keep the recording before anything else can go wrong with it: platforms hand it out for days, not for ever."""
    voice = message.content
    assert isinstance(voice, Voice)  # the table of routes saw to it
    file = await ctx.fetch_media(message.sender.platform, voice.media_ref)
    sha256 = await ctx.media.put(file.data)
    payload: JsonObject = {"message": message.model_dump(mode="json")}
    async with ctx.advancing(job, TRANSCRIBE, payload) as work:
        member = await known(ctx, work, message.sender)
        await work.visits.keep_evidence(
            message.key,
            member.member_id,
            "voice",
            sent_at=message.sent_at,
            sha256=sha256,
            content_type=file.content_type or None,
            size_bytes=len(file.data),
        )


async def transcribe(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    async with ctx.database.reading() as work:
        evidence = await work.visits.by_event(message.key)
        hot_words = await _hot_words(work, evidence)
    sha256 = evidence.sha256
    assert sha256 is not None  # written by `fetch`, the step before
    try:
        heard = await ctx.listener.listen(await ctx.media.get(sha256), hot_words=hot_words)
    except (UnreadableAudio, NoSpeech, AudioTooLong) as error:
        async with ctx.finishing(job) as work:
            await outbox.say(work, message.sender, _excuse(error), cause=f"{message.key}>unheard")
        return
    except EngineUnavailable:
        # it is tried again, for minutes; the rep should not have to wonder
        async with ctx.database.work() as work:
            await outbox.say(work, message.sender, texts.EARS_AWAY, cause=f"{message.key}>ears-away")
        raise
    async with ctx.advancing(job, UNDERSTAND, {"message": job.payload["message"]}) as work:
        kept = await work.visits.evidence(evidence.evidence_id)
        kept.text = heard.text
        kept.detail = _detail(heard)
    log.info(
        "voice.heard",
        extra={
            "event": message.key,
            "audio_s": heard.duration_s,
            "characters": len(heard.text),
            "engine": heard.engine,
        },
    )


def _excuse(error: NlpError) -> str:
    match error:
        case EmptyAudio():
            return texts.EMPTY_AUDIO
        case UnreadableAudio():
            return texts.NOT_AUDIO.format(reason=error.reason)
        case AudioTooLong():
            return texts.TOO_LONG.format(minutes=round(error.duration_s / 60, 1), limit=round(error.limit_s / 60))
        case _:
            return texts.NO_SPEECH


async def _hot_words(work: Work, evidence: Evidence) -> tuple[str, ...]:
    """The names this rep is likeliest to say: the customers they see most, and whom they meet there."""
    words: list[str] = []
    for customer in await work.customers.nearest_to(evidence.member_id, MAX_HOT_WORDS):
        spoken = min(
            [customer.name, *(row.alias for row in customer.aliases)], key=lambda name: (len(name) < 4, len(name))
        )
        words += [spoken, *(contact.name for contact in customer.contacts[:1])]
    return tuple(dict.fromkeys(words))[:MAX_HOT_WORDS]


async def understand(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    async with ctx.database.reading() as work:
        evidence = await work.visits.by_event(message.key)
    heard = transcript_of(evidence)
    as_typed = message.model_copy(update={"content": Text(text=heard.text)})
    if commands.is_spoken_command(as_typed):
        await commands.run(ctx, job, as_typed)
        return
    if commands.is_spoken_decision(as_typed):
        async with ctx.finishing(job) as work:
            answer = texts.DECIDE_BY_HAND.format(words=commands.words(as_typed))
            await outbox.say(work, message.sender, answer, cause=f"{message.key}>by-hand")
        return
    await notes.take(
        ctx,
        job,
        notes.Note(
            to=message.sender,
            cause=message.key,
            sent_at=message.sent_at,
            text=heard.text,
            source="voice",
            transcript=heard,
            evidence_id=evidence.evidence_id,
        ),
    )


class _Heard(Frozen):
    segments: list[tuple[float, float, str]]
    duration_s: float
    engine: str
    warnings: tuple[HearingWarning, ...]


def _detail(heard: Transcript) -> JsonObject:
    return {
        "segments": [[segment.start_s, segment.end_s, segment.text] for segment in heard.segments],
        "duration_s": heard.duration_s,
        "engine": heard.engine,
        "warnings": list(heard.warnings),
    }


def transcript_of(evidence: Evidence) -> Transcript:
    """What was heard, as it was kept by `transcribe`."""
    detail = _Heard.model_validate(evidence.detail)
    return Transcript(
        text=evidence.text or "",
        segments=tuple(Segment(*segment) for segment in detail.segments),
        duration_s=detail.duration_s,
        engine=detail.engine,
        warnings=detail.warnings,
    )
