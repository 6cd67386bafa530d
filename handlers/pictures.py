"""A picture: fetched, looked at, understood. Each of the three is a step of one job, as with a voice note."""

import logging
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from pydantic import TypeAdapter
from rapidfuzz import fuzz

from handlers import actions, attachments, cards, copies, filing, labels, notes, outbox, papers, texts, wording
from handlers.actions import LABEL_SELECT, NOT_CHOSEN
from handlers.context import Context
from handlers.messages import CardClick, File, Image, InboundMessage, OutboundCard, Sender
from handlers.people import known
from nlp import dialogue, documents, images, looks, screen_join
from nlp.draft import Span
from nlp.errors import (
    DamagedImage,
    EmptyImage,
    EngineUnavailable,
    HeicUnsupported,
    ImageTooBig,
    ImageTooSmall,
    NlpError,
    ReadingTooLong,
    UnreadableImage,
)
from nlp.screens import Message, ReadHint, ScreenReading, Seen, Speaker
from storage.jobs import Job
from storage.models import Card, Evidence, Member
from storage.work import Work

log = logging.getLogger(__name__)

READ = "read_picture"
UNDERSTAND = "understand_picture"
QUEUE = "work"
READING, LOOK, SIDE = "reading", "look", "customer_side"
"""Keys of a picture's evidence: what it says, what it looks like, who is the customer."""
EVIDENCE, AS_NOTE = "evidence_id", "as_note"
"""In the payload of `understand`: the picture, where it is not the one just sent; whether it is read as a note."""

SAME_WORDS = 90
"""Per cent of the letters: a picture sent on is packed anew, and an engine then misreads a letter here and there."""
REMEMBERED = 200
"""So many of a member's pictures are compared with a new one."""
SHOWN_WORDS = 40

_READINGS: TypeAdapter[ScreenReading] = TypeAdapter(ScreenReading)
_OTHER_SIDE: dict[Speaker, Speaker] = {"left": "right", "right": "left", "system": "system"}


# Fetched


async def fetch(ctx: Context, job: Job, message: InboundMessage) -> None:
    """Keep the picture before anything else can go wrong with it."""
    image = message.content
    assert isinstance(image, Image)  # the table of routes saw to it
    await _to_be_read(ctx, job, message, await attachments.fetched(ctx, message, image.media_ref))


async def fetch_file(ctx: Context, job: Job, message: InboundMessage) -> None:
    """A file; one that holds a picture (原图 is often sent so) is read like any picture."""
    content = message.content
    assert isinstance(content, File)  # the table of routes saw to it
    file = await attachments.fetched(ctx, message, content.media_ref)
    if ctx.screens is None or images.sniff(await ctx.media.get(file.sha256)) is None:
        await attachments.keep_fetched(ctx, job, message, file)
        return
    await _to_be_read(ctx, job, message, file)


async def _to_be_read(ctx: Context, job: Job, message: InboundMessage, file: attachments.Fetched) -> None:
    async with ctx.advancing(job, READ, {"message": message.model_dump(mode="json")}) as work:
        member = await known(ctx, work, message.sender)
        (await attachments.keep(work, message, member, file)).kind = "image"


# Looked at


async def read(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    async with ctx.database.reading() as work:
        evidence = await work.visits.by_event(message.key)
    assert evidence.sha256 is not None  # `fetch` put it there
    if ctx.screens is None:
        await _keep_unread(ctx, job, message)
        return
    hint = ReadHint(sent_at=message.sent_at, zone=ctx.settings.zone)
    try:
        seen = await ctx.screens.read(await ctx.media.get(evidence.sha256), hint)
    except (UnreadableImage, ReadingTooLong) as error:
        async with ctx.finishing(job) as work:
            await outbox.say(work, message.sender, excuse(error), cause=f"{message.key}>unread")
        return
    except EngineUnavailable:
        # it is tried again, for minutes; the rep should not have to wonder
        async with ctx.database.work() as work:
            await outbox.say(work, message.sender, texts.EYES_AWAY, cause=f"{message.key}>eyes-away")
        raise
    log.info(
        "picture.read",
        extra={
            "event": message.key,
            "kind": seen.reading.kind,
            "messages": len(seen.reading.messages),
            "engine": seen.reading.engine,
            "needs_review": seen.reading.needs_review,
        },
    )
    async with ctx.advancing(job, UNDERSTAND, {"message": job.payload["message"]}) as work:
        _remember(await work.visits.evidence(evidence.evidence_id), seen)


def _remember(evidence: Evidence, seen: Seen) -> None:
    evidence.text = seen.reading.plain_text or None
    # of a picture with writing the layout would be compared
    evidence.look = looks.hash_of(seen.look) if seen.reading.kind == "photo" else None
    evidence.detail = {**evidence.detail, READING: _READINGS.dump_python(seen.reading, mode="json"), LOOK: seen.look}


async def _keep_unread(ctx: Context, job: Job, message: InboundMessage) -> None:
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, message.sender)
        evidence = await work.visits.by_event(message.key)
        lines = [*attachments.name_it(ctx, evidence), texts.NO_EYES]
        await attachments.put_or_offer(
            ctx, work, member, evidence, what="图片", to=message.sender, cause=message.key, lines=lines
        )


def excuse(error: NlpError) -> str:
    """What the sender of a picture is told that cannot be read, and what to do about it."""
    match error:
        case EmptyImage():
            return texts.EMPTY_PICTURE
        case DamagedImage():
            return texts.DAMAGED_PICTURE
        case ImageTooBig():
            return texts.PICTURE_TOO_BIG
        case ImageTooSmall():
            return texts.PICTURE_TOO_SMALL
        case HeicUnsupported():
            return texts.HEIC_PICTURE
        case ReadingTooLong(limit_s=limit_s):
            return texts.PICTURE_TOO_LONG.format(limit=round(limit_s))
        case _:
            return texts.NOT_A_PICTURE


# Understood


@dataclass(frozen=True)
class Picture:
    """A picture that was read, and who is to be answered about it."""

    to: Sender
    cause: str
    evidence: Evidence
    reading: ScreenReading
    doubts: tuple[str, ...] = ()


async def understand(ctx: Context, job: Job) -> None:
    message = InboundMessage.model_validate(job.payload["message"])
    again = job.payload.get(EVIDENCE)
    async with ctx.database.reading() as work:
        evidence = await (work.visits.evidence(int(str(again))) if again else work.visits.by_event(message.key))
        twin = None if again else await _twin(work, evidence)
        is_same, doubt = await _compared(ctx, work, twin, evidence)
    reading = _READINGS.validate_python(evidence.detail[READING])
    picture = Picture(message.sender, message.key, evidence, reading, tuple(filter(None, [doubt])))
    if twin is not None and is_same:
        at = wording.clock_time(twin.sent_at, ctx.settings.zone, ctx.day_of(ctx.clock.now()))
        await _answer(ctx, job, picture, texts.SAME_PICTURE.format(at=at))
    elif job.payload.get(AS_NOTE):
        await _as_note(ctx, job, picture)
    else:
        await _by_kind(ctx, job, picture)


async def _by_kind(ctx: Context, job: Job, picture: Picture) -> None:
    match picture.reading.kind:
        case "chat":
            await _chat(ctx, job, picture)
        case "table" | "card" if picture.reading.needs_review:
            await _saved(ctx, job, picture, texts.UNCLEAR_PICTURE)
        case "table" if picture.reading.table is not None:
            await papers.take_table(ctx, job, _note(picture, picture.reading.plain_text), picture.reading.table)
        case "card" if picture.reading.card is not None:
            await papers.take_card(ctx, job, _note(picture, picture.reading.plain_text), picture.reading.card)
        case "photo":
            await _scene(ctx, job, picture)
        case _:
            await _document(ctx, job, picture)


async def _twin(work: Work, evidence: Evidence) -> Evidence | None:
    """An earlier picture of this member that looks the same."""
    earlier = await work.visits.latest_pictures(evidence.member_id, before=evidence.evidence_id, limit=REMEMBERED)
    return next((other for other in earlier if _is_same(evidence, other)), None)


def _is_same(one: Evidence, other: Evidence) -> bool:
    """Whether two pictures are one sent twice: the same bytes, or the same look and the same words with every figure.

    The look alone would take two quotations that differ in one figure for one.
    """
    if LOOK not in other.detail:
        return False
    if one.sha256 == other.sha256:
        return True
    if images.distance(str(one.detail[LOOK]), str(other.detail[LOOK])) > images.SAME_LOOK:
        return False
    first, second = (_READINGS.validate_python(each.detail[READING]).plain_text for each in (one, other))
    return re.findall(r"\d+", first) == re.findall(r"\d+", second) and fuzz.ratio(first, second) >= SAME_WORDS


async def _compared(ctx: Context, work: Work, twin: Evidence | None, evidence: Evidence) -> tuple[bool, str]:
    """Whether the picture has been taken already, and what to be in doubt about where another visit has it."""
    if twin is None:
        return False, ""
    if twin.visit_id is None:
        return abs(evidence.sent_at - twin.sent_at) <= ctx.settings.merge_window, ""
    visit = await work.visits.get(twin.visit_id)
    if visit.state != "confirmed":
        return visit.state == "draft", ""
    on = wording.day(visit.visited_on, ctx.day_of(ctx.clock.now()))
    return False, texts.SAME_PICTURE_ELSEWHERE.format(on=on, customer=await attachments.customer_words(work, visit))


def _note(picture: Picture, text: str) -> notes.Note:
    return notes.Note(
        to=picture.to,
        cause=picture.cause,
        sent_at=picture.evidence.sent_at,
        text=text,
        evidence_id=picture.evidence.evidence_id,
        is_picture=True,
        doubts=(*picture.doubts, *_doubts(picture.reading)),
    )


def _doubts(reading: ScreenReading) -> tuple[str, ...]:
    found: list[str] = []
    if "too_many_lines" in reading.warnings:
        found.append(texts.READ_PARTLY)
    if "model_unavailable" in reading.warnings:
        found.append(texts.PICTURE_MODEL_AWAY)
    if unconfirmed := dict.fromkeys(figure for message in reading.messages for figure in message.unconfirmed):
        found.append(texts.FIGURES_UNCONFIRMED.format(figures="、".join(unconfirmed)))
    return tuple(found)


async def _answer(ctx: Context, job: Job, picture: Picture, text: str) -> None:
    async with ctx.finishing(job) as work:
        await outbox.say(work, picture.to, text, cause=f"{picture.cause}>picture")


@dataclass(frozen=True)
class Kept:
    """A picture put with the visit that is open; `words` say where it lies."""

    work: Work
    evidence: Evidence
    words: str


@asynccontextmanager
async def _keeping(ctx: Context, job: Job, picture: Picture, *, what: str = "图片") -> AsyncIterator[Kept]:
    """The transaction in which the job ends and the picture is kept; it is called `what`."""
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, picture.to)
        evidence = await work.visits.evidence(picture.evidence.evidence_id)
        words = await attachments.put_with_visit(ctx, work, member, evidence, what=what)
        yield Kept(work, evidence, words)


async def _saved(ctx: Context, job: Job, picture: Picture, text: str) -> None:
    async with _keeping(ctx, job, picture) as kept:
        await outbox.say(kept.work, picture.to, text, cause=f"{picture.cause}>picture")


# A chat


async def _chat(ctx: Context, job: Job, picture: Picture) -> None:
    side = picture.evidence.detail.get(SIDE)
    reading = picture.reading
    if reading.needs_review and side is None:
        if "tilted" in reading.warnings:
            await _saved(ctx, job, picture, texts.TILTED_PICTURE)
        elif "sides_unclear" in reading.warnings:
            await _ask_for_side(ctx, job, picture)
        else:
            await _saved(ctx, job, picture, texts.UNCLEAR_PICTURE)
        return
    reading = turned(reading) if side == "right" else reading
    async with ctx.database.reading() as work:
        ours = {member.name for member in await work.members.all()}
        earlier = [_with_colleagues(each, ours) for each in await _so_far(ctx, work, picture.evidence)]
    reading = _with_colleagues(reading, ours)
    joined = screen_join.added(earlier, reading)
    written = dialogue.written(joined.messages, joined.title)
    fresh = tuple(Span(start, end) for start, end, number in written.places if number in joined.fresh)
    async with ctx.database.work() as work:
        (await work.visits.evidence(picture.evidence.evidence_id)).text = written.text
    note = replace(
        _note(picture, written.text),
        source="wechat",
        moments=written.moments,
        unsure=tuple(_unconfirmed(joined.messages, written)),
        fresh=fresh if joined.is_joined else None,
    )
    await notes.take(ctx, job, note)


def _unconfirmed(messages: Sequence[Message], written: dialogue.Written) -> Iterator[Span]:
    """Where the text holds figures that only a model saw."""
    for start, end, number in written.places:
        for figure in messages[number].unconfirmed:
            for found in re.finditer(re.escape(figure), written.text[start:end]):
                yield Span(start + found.start(), start + found.end())


def turned(reading: ScreenReading) -> ScreenReading:
    """The same chat, seen on the other one's phone."""
    messages = tuple(replace(message, speaker=_OTHER_SIDE[message.speaker]) for message in reading.messages)
    return replace(reading, messages=messages)


def _with_colleagues(reading: ScreenReading, ours: set[str]) -> ScreenReading:
    """In a group chat people of our own company stand on the left as well; what they say is said by our side."""
    messages = tuple(
        replace(message, speaker="right") if message.speaker == "left" and message.nick in ours else message
        for message in reading.messages
    )
    return replace(reading, messages=messages)


async def _so_far(ctx: Context, work: Work, evidence: Evidence) -> list[ScreenReading]:
    """The chats read in the pictures that were sent about the same visit before, in the order they were sent."""
    window = ctx.settings.merge_window
    sent_at = evidence.sent_at
    visit = await work.visits.open_draft(evidence.member_id, sent_at, window=window)
    kept: list[Evidence] = []
    if visit is not None:
        kept += await work.visits.evidence_of(visit.visit_id)
    kept += await work.visits.loose_evidence(
        evidence.member_id, ("image",), since=sent_at - window, until=sent_at + window
    )
    readings = []
    for item in sorted(kept, key=lambda each: each.evidence_id):
        if item.evidence_id >= evidence.evidence_id or READING not in item.detail:
            continue
        reading = _READINGS.validate_python(item.detail[READING])
        side = item.detail.get(SIDE)
        if reading.kind == "chat" and (side or not reading.needs_review):
            readings.append(turned(reading) if side == "right" else reading)
    return readings


async def _ask_for_side(ctx: Context, job: Job, picture: Picture) -> None:
    evidence_id = picture.evidence.evidence_id
    card = cards.side_card(
        evidence_id,
        outbox.new_card_id("side", evidence_id),
        left=_first_words(picture.reading.messages, "left"),
        right=_first_words(picture.reading.messages, "right"),
    )
    async with _keeping(ctx, job, picture) as kept:
        await _show(ctx, kept.work, picture, card, kind="side")


async def _show(ctx: Context, work: Work, picture: Picture, card: OutboundCard, *, kind: str) -> None:
    life = ctx.settings.card_life
    await outbox.show(work, picture.to, card, kind=kind, life=life, cause=f"{picture.cause}>{kind}")


def _first_words(messages: Sequence[Message], speaker: Speaker) -> str:
    return _shortened(next((message.text for message in messages if message.speaker == speaker and message.text), ""))


def _shortened(words: str) -> str:
    return words if len(words) <= SHOWN_WORDS else f"{words[:SHOWN_WORDS]}…"


# Everything else


async def _as_note(ctx: Context, job: Job, picture: Picture) -> None:
    await notes.take(ctx, job, _note(picture, picture.reading.plain_text))


async def _scene(ctx: Context, job: Job, picture: Picture) -> None:
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, picture.to)
        evidence = await work.visits.evidence(picture.evidence.evidence_id)
        evidence.label = documents.SCENE
        used = await copies.find(work, evidence, visit=await attachments.open_visit(ctx, work, member, evidence))
        copied = await copies.mark(ctx, work, member, evidence, used) if used is not None else ""
        doubts = () if copied else picture.doubts  # which would say the same
        await attachments.put_or_offer(
            ctx,
            work,
            member,
            evidence,
            what=documents.SCENE,
            to=picture.to,
            cause=picture.cause,
            before=texts.NO_LETTERS,
            lines=[f"⚠ {line}" for line in (copied, *doubts) if line],
            is_offered=used is None or used.is_here,
        )


async def _document(ctx: Context, job: Job, picture: Picture) -> None:
    """A picture with writing on it: kept, and asked about."""
    evidence_id, text = picture.evidence.evidence_id, picture.reading.plain_text
    card = cards.label_card(
        evidence_id,
        outbox.new_card_id("label", evidence_id),
        labels.of_pictures(ctx),
        words=_shortened(" ".join(text.split())),
        likeliest=documents.likeliest(text, ctx.settings.documents) or _by_name(ctx, picture.evidence),
        doubts=picture.doubts,
    )
    async with _keeping(ctx, job, picture) as kept:
        await _show(ctx, kept.work, picture, card, kind="label")


def _by_name(ctx: Context, evidence: Evidence) -> str | None:
    """What its name says, where it came as a file."""
    label = documents.by_name(filing.file_name(evidence), ctx.settings.documents)
    return label if label in labels.of_pictures(ctx) else None


# What the rep says of a picture


async def press(
    ctx: Context,
    work: Work,
    action: actions.PictureAction,
    click: CardClick,
    card: Card,
    *,
    member: Member,
    message: InboundMessage,
) -> None:
    """A button under a picture's card."""
    to, cause = message.sender, message.key
    evidence = await work.visits.find_evidence(action.evidence_id)
    if evidence is None or evidence.member_id != member.member_id or READING not in evidence.detail:
        await outbox.say(work, to, texts.PICTURE_GONE, cause=f"{cause}>refused")
        return
    match action:
        case actions.PickSide(customer=side):
            evidence.detail = {**evidence.detail, SIDE: side}
            await _look_again(work, message, evidence)
        case actions.NotePicture():
            await _look_again(work, message, evidence, as_note=True)
        case actions.LabelPicture():
            label = next(iter(click.chosen.get(LABEL_SELECT, ())), NOT_CHOSEN)
            if label not in labels.of_pictures(ctx):
                await outbox.say(work, to, texts.CHOOSE_FIRST, cause=f"{cause}>choose")
                return
            told = await labels.put(ctx, work, evidence, label, member=member, cause=cause)
            await labels.say_or_offer(ctx, work, evidence, told, to=to, cause=cause)
    closing = texts.CLOSED_LABELLED if isinstance(action, actions.LabelPicture) else texts.CLOSED_PICKED
    await outbox.close(work, card, closing, cause=f"{cause}>closed", response_ref=click.response_ref)


async def _look_again(work: Work, message: InboundMessage, evidence: Evidence, *, as_note: bool = False) -> None:
    """Understand a picture with what the rep said of it: a step of its own, since a model may take its time."""
    await work.jobs.put(
        UNDERSTAND,
        {"message": message.model_dump(mode="json"), EVIDENCE: evidence.evidence_id, AS_NOTE: as_note},
        queue=QUEUE,
        lane=message.sender.lane,
        dedupe=f"again:{message.key}",
    )
