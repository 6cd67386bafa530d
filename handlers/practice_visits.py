"""Words said in the middle of a practice that were a note of a visit: taken as any other note, from what was kept.

The platform's words of a recording are not held against our own: how to fetch it again is not kept. The card says so.
"""

from handlers import notes, practice_answers, texts, voice
from handlers.context import Context
from handlers.messages import Sender
from storage.jobs import Job

KIND = practice_answers.VISIT


async def take(ctx: Context, job: Job) -> None:
    to = Sender.model_validate(job.payload["to"])
    evidence_id = job.payload["evidence_id"]
    assert isinstance(evidence_id, int)  # put by `practice_answers`
    async with ctx.database.reading() as work:
        evidence = await work.visits.evidence(evidence_id)
    transcript = voice.transcript_of(evidence) if evidence.kind == "voice" else None
    await notes.take(
        ctx,
        job,
        notes.Note(
            to=to,
            cause=f"{evidence.event_key}>visit",
            sent_at=evidence.sent_at,
            text=evidence.text or "",
            source="voice" if transcript else "text",
            transcript=transcript,
            evidence_id=evidence_id,
            doubts=(texts.NOT_CHECKED,) if transcript and transcript.engine == voice.PLATFORM_ENGINE else (),
        ),
    )
