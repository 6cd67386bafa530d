"""A voice note: fetched, heard, understood. Each of the three is a step of one job, so none is done twice for long."""

import logging

from handlers import attachments, commands, notes, outbox, rehearing, texts
from handlers.context import Context
from handlers.errors import MediaLost
from handlers.messages import Frozen, InboundMessage, Text, Voice
from handlers.people import known
from nlp import hot_words
from nlp.draft import CustomerEntry
from nlp.errors import AudioTooLong, EmptyAudio, EngineUnavailable, NlpError, NoSpeech, UnreadableAudio
from nlp.hot_words import MAX_HOT_WORDS
from nlp.transcript import HearingWarning, Segment, Transcript
from storage.base import JsonObject
from storage.jobs import Job
from storage.models import Evidence
from storage.work import Work

log = logging.getLogger(__name__)

TRANSCRIBE = "transcribe"
UNDERSTAND = "understand"
QUEUE = "work"
SECOND = "second"
"""In the payload of `transcribe`: the note has been heard by the platform already."""
PLATFORM_ENGINE = "platform"


async def fetch(ctx: Context, job: Job, message: InboundMessage) -> None:
    """Keep the recording before anything else can go wrong with it: platforms hand it out for days, not for ever.

    Where the platform says what it heard, that makes the draft first, and the recording is heard after it.
    """
    voice = message.content
    assert isinstance(voice, Voice)  # the table of routes saw to it
    payload: JsonObject = {"message": message.model_dump(mode="json")}
    if voice.platform_transcript:
        heard = Transcript(voice.platform_transcript, (), (voice.duration_ms or 0) / 1000, PLATFORM_ENGINE)
        async with ctx.advancing(job, UNDERSTAND, payload) as work:
            member = await known(ctx, work, message.sender)
            evidence = await attachments.keep(work, message, member)
            evidence.text, evidence.detail = heard.text, rehearing.detail(heard)
        return
    if voice.media_ref is None:
        async with ctx.finishing(job) as work:
            await outbox.say(work, message.sender, texts.NO_WORDS, cause=f"{message.key}>unheard")
        return
    file = await attachments.fetched(ctx, message, voice.media_ref)
    async with ctx.advancing(job, TRANSCRIBE, payload) as work:
        member = await known(ctx, work, message.sender)
        await attachments.keep(work, message, member, file)


async def transcribe(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    is_second = bool(job.payload.get(SECOND))
    async with ctx.database.reading() as work:
        evidence = await work.visits.by_event(message.key)
        expected = await _hot_words(ctx, work, evidence)
    try:
        sha256 = evidence.sha256 or await _fetched_late(ctx, message)
        heard = await ctx.listener.listen(await ctx.media.get(sha256), hot_words=expected)
    except (UnreadableAudio, NoSpeech, AudioTooLong) as error:
        async with ctx.finishing(job) as work:
            answer = texts.NOT_CHECKED if is_second else _excuse(error)
            await outbox.say(work, message.sender, answer, cause=f"{message.key}>unheard")
        return
    except MediaLost:
        if not is_second:
            raise
        async with ctx.finishing(job) as work:
            await outbox.say(work, message.sender, texts.RECORDING_GONE, cause=f"{message.key}>recording-gone")
        return
    except EngineUnavailable:
        # it is tried again, for minutes; the rep should not have to wonder
        if not is_second:
            async with ctx.database.work() as work:
                await outbox.say(work, message.sender, texts.EARS_AWAY, cause=f"{message.key}>ears-away")
        raise
    log.info(
        "voice.heard",
        extra={
            "event": message.key,
            "audio_s": heard.duration_s,
            "characters": len(heard.text),
            "engine": heard.engine,
        },
    )
    if is_second:
        await rehearing.compare(ctx, job, message, evidence.evidence_id, heard)
        return
    async with ctx.advancing(job, UNDERSTAND, {"message": job.payload["message"]}) as work:
        kept = await work.visits.evidence(evidence.evidence_id)
        kept.text = heard.text
        kept.detail = rehearing.detail(heard)


async def _fetched_late(ctx: Context, message: InboundMessage) -> str:
    """The recording of a note whose words came from the platform. Raises MediaLost, or any other error of fetching."""
    voice = message.content
    assert isinstance(voice, Voice)
    assert voice.media_ref is not None  # there is no second hearing without it
    file = await attachments.fetched(ctx, message, voice.media_ref)
    async with ctx.database.work() as work:
        member = await known(ctx, work, message.sender)
        await attachments.keep(work, message, member, file)
    return file.sha256


async def _hear_again(work: Work, message: InboundMessage) -> None:
    """Put the second hearing in line, not in this person's lane: their 确认 must not wait for it."""
    await work.jobs.put(
        TRANSCRIBE,
        {"message": message.model_dump(mode="json"), SECOND: True},
        queue=QUEUE,
        lane=f"{message.sender.lane}:second-hearing",
        dedupe=f"second-hearing:{message.key}",
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


async def _hot_words(ctx: Context, work: Work, evidence: Evidence) -> tuple[str, ...]:
    """The names this rep is likeliest to say: the customers they see most, competitors, and whom they meet there."""
    nearest = await work.customers.nearest_to(evidence.member_id, MAX_HOT_WORDS)
    customers = [
        CustomerEntry(
            each.name, tuple(row.alias for row in each.aliases), tuple(contact.name for contact in each.contacts)
        )
        for each in nearest
    ]
    return hot_words.choose(customers, ctx.settings.vocabulary.competitors)


async def understand(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    async with ctx.database.reading() as work:
        evidence = await work.visits.by_event(message.key)
    voice = message.content
    assert isinstance(voice, Voice)  # `fetch` put this step
    heard = transcript_of(evidence)

    async def hear_again(work: Work) -> None:
        await _hear_again(work, message)

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
            then=hear_again if heard.engine == PLATFORM_ENGINE and voice.media_ref is not None else None,
        ),
    )


class _Heard(Frozen):
    segments: list[tuple[float, float, str]]
    duration_s: float
    engine: str
    warnings: tuple[HearingWarning, ...]


def transcript_of(evidence: Evidence) -> Transcript:
    """What was heard, as it was kept by `transcribe`."""
    detail = _Heard.model_validate({key: evidence.detail.get(key) for key in _Heard.model_fields})
    return Transcript(
        text=evidence.text or "",
        segments=tuple(Segment(*segment) for segment in detail.segments),
        duration_s=detail.duration_s,
        engine=detail.engine,
        warnings=detail.warnings,
    )
