"""Pictures, files, places and links: kept as evidence of the visit they were sent about."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers import credibility, drafts, evidence_texts, filing, outbox, texts
from handlers.context import Context
from handlers.messages import File, Image, InboundMessage, Link, Location, Sender, Video, Voice
from handlers.people import known
from handlers.record import CustomerValue, load
from nlp import documents
from storage.jobs import Job
from storage.models import Evidence, Member, Visit
from storage.work import Work

NAMES: dict[type, str] = {Image: "图片", Video: "视频", File: "文件"}


@dataclass(frozen=True)
class Fetched:
    """A file that lies in our own store."""

    sha256: str
    content_type: str | None
    size_bytes: int
    file_name: str = ""
    """As it was told with the bytes: some platforms tell it nowhere else."""


async def fetched(ctx: Context, message: InboundMessage, media_ref: str) -> Fetched:
    """The message's file, in our store: fetched now, unless it was fetched before. Raises MediaLost and others."""
    async with ctx.database.reading() as work:
        known_already = await work.visits.find_by_event(message.key)
    if known_already is not None and known_already.sha256 is not None:
        return Fetched(known_already.sha256, known_already.content_type, known_already.size_bytes or 0)
    file = await ctx.fetch_media(message.sender.platform, media_ref)
    # some platforms call it by their own number there
    name = "" if media_ref in file.file_name else file.file_name
    return Fetched(await ctx.media.put(file.data), file.content_type or None, len(file.data), name)


async def keep(work: Work, message: InboundMessage, member: Member, file: Fetched | None = None) -> Evidence:
    """The message's evidence, with its file where there is one."""
    content = message.content
    assert isinstance(content, Voice | Image | Video | File)  # nothing else brings a file along
    evidence = await work.visits.keep_evidence(message.key, member.member_id, content.kind, sent_at=message.sent_at)
    if file is not None:
        evidence.sha256, evidence.content_type, evidence.size_bytes = file.sha256, file.content_type, file.size_bytes
    name = content.file_name or (file.file_name if file is not None else "") if isinstance(content, File) else ""
    if name:
        evidence.detail = {**evidence.detail, "file_name": name}
    return evidence


def name_it(ctx: Context, evidence: Evidence) -> list[str]:
    """Take what a file is from its name, where that says it; what to tell the rep of it."""
    named = documents.by_name(filing.file_name(evidence), ctx.settings.documents)
    if named is not None:
        evidence.label = named
        return [evidence_texts.SEEN_AS.format(label=named)]
    return [evidence_texts.SAY_WHAT_VIDEO if filing.sort_of(evidence) == "video" else evidence_texts.SAY_WHAT]


async def fetch_early(ctx: Context, job: Job) -> None:
    """Fetch what waits in a busy lane: some platforms take a file's address back within minutes.

    Failing changes nothing, since the message's own turn fetches it again, and tells.
    """
    message = InboundMessage.model_validate(job.payload["message"])
    media_ref = media_of(message)
    assert media_ref is not None  # it is put for nothing else
    file = await fetched(ctx, message, media_ref)
    async with ctx.finishing(job) as work:
        await keep(work, message, await known(ctx, work, message.sender), file)


def media_of(message: InboundMessage) -> str | None:
    content = message.content
    return content.media_ref if isinstance(content, Voice | Image | Video | File) else None


async def keep_file(ctx: Context, job: Job, message: InboundMessage) -> None:
    """A video or a file: fetched now, since the platform does not keep it, and put with its visit."""
    content = message.content
    assert isinstance(content, Video | File)  # the table of routes saw to it
    await keep_fetched(ctx, job, message, await fetched(ctx, message, content.media_ref))


async def keep_fetched(ctx: Context, job: Job, message: InboundMessage, file: Fetched) -> None:
    """Put a file that lies in our store with its visit, and say so."""
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, message.sender)
        evidence = await keep(work, message, member, file)
        what, lines = NAMES[type(message.content)], name_it(ctx, evidence)
        await put_or_offer(ctx, work, member, evidence, what=what, to=message.sender, cause=message.key, lines=lines)


async def put_or_offer(
    ctx: Context,
    work: Work,
    member: Member,
    evidence: Evidence,
    *,
    what: str,
    to: Sender,
    cause: str,
    lines: Sequence[str] = (),
    before: str = "",
    is_offered: bool = True,
) -> None:
    """Put what was sent with the visit that is open and say so, or ask whose it is, where it is to be offered.

    `before` goes ahead of what is said, `lines` after it. What names another customer than the open draft's is not put
    there without a word.
    """
    visit = await open_visit(ctx, work, member, evidence)
    if visit is None and is_offered and (there := await filing.already_there(ctx, work, member, evidence)):
        await outbox.say(work, to, f"{before}{there}", cause=f"{cause}>saved")
        return
    draft_of = await _another_customers(work, visit, evidence) if visit is not None else ""
    if visit is None or draft_of:
        loose = before + texts.SAVED_LOOSE.format(what=what, minutes=window_min(ctx))
        if not is_offered:
            await outbox.say(work, to, "\n".join([loose, *lines]), cause=f"{cause}>saved")
            return
        await filing.offer(
            ctx, work, evidence, what=what, to=to, cause=cause, lines=lines, draft_of=draft_of, loose=loose
        )
        return
    others = await work.visits.evidence_of(visit.visit_id)
    _attach(visit, evidence)
    answer = before + texts.SAVED_WITH_VISIT.format(what=what, customer=await customer_words(work, visit))
    if credibility.is_verifiable([evidence]) and not credibility.is_verifiable(others):
        # what the draft's card asked for
        answer += f"\n{evidence_texts.EVIDENCE_THERE}"
    await outbox.say(work, to, "\n".join([answer, *lines]), cause=f"{cause}>saved")


async def _another_customers(work: Work, visit: Visit, evidence: Evidence) -> str:
    """The customer of the draft, where a file's name names others and not them; empty otherwise."""
    customer = (await load(work, visit)).customer
    if customer is None or customer.status != "known":
        return ""
    named = [one.name for one in await filing.named_in(work, filing.file_name(evidence))]
    return customer.name if named and customer.name not in named else ""


async def put_with_visit(ctx: Context, work: Work, member: Member, evidence: Evidence, *, what: str) -> str:
    """Put what was sent with the visit that is open; the sentence that says where `what` lies now."""
    visit = await open_visit(ctx, work, member, evidence)
    if visit is None:
        return texts.SAVED_LOOSE.format(what=what, minutes=window_min(ctx))
    _attach(visit, evidence)
    return texts.SAVED_WITH_VISIT.format(what=what, customer=await customer_words(work, visit))


async def keep_place(ctx: Context, job: Job, message: InboundMessage) -> None:
    place = message.content
    assert isinstance(place, Location)  # the table of routes saw to it
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, message.sender)
        label = place.label or f"{place.latitude:.5f}, {place.longitude:.5f}"
        evidence = await work.visits.keep_evidence(
            message.key,
            member.member_id,
            "location",
            sent_at=message.sent_at,
            text=label,
            detail={"label": label, "latitude": place.latitude, "longitude": place.longitude},
        )
        visit = await open_visit(ctx, work, member, evidence)
        if visit is None:
            answer = texts.PLACE_LOOSE.format(label=label, minutes=window_min(ctx))
            await outbox.say(work, message.sender, answer, cause=f"{message.key}>saved")
            return
        _attach(visit, evidence)
        fact = drafts.place_fact(evidence)
        assert fact is not None  # a location was kept just above
        now = (await load(work, visit)).with_fact(fact)
        await drafts.change(ctx, work, visit, now, member=member, to=message.sender, cause=message.key)


async def keep_link(ctx: Context, job: Job, message: InboundMessage) -> None:
    """The link's words are kept; its address is never fetched."""
    link = message.content
    assert isinstance(link, Link)  # the table of routes saw to it
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, message.sender)
        evidence = await work.visits.keep_evidence(
            message.key,
            member.member_id,
            "link",
            sent_at=message.sent_at,
            text=f"{link.title}\n{link.description}".strip(),
            detail={"url": link.url},
        )
        visit = await open_visit(ctx, work, member, evidence)
        if visit is not None:
            _attach(visit, evidence)
        await outbox.say(work, message.sender, texts.LINK_KEPT, cause=f"{message.key}>saved")


async def open_visit(ctx: Context, work: Work, member: Member, evidence: Evidence) -> Visit | None:
    """The draft that it goes with, locked."""
    found = await work.visits.open_draft(member.member_id, evidence.sent_at, window=ctx.settings.merge_window)
    return None if found is None else await work.visits.lock(found.visit_id)


def _attach(visit: Visit, evidence: Evidence) -> None:
    evidence.visit_id = visit.visit_id
    visit.first_sent_at = min(visit.first_sent_at, evidence.sent_at)
    visit.last_sent_at = max(visit.last_sent_at, evidence.sent_at)


async def customer_words(work: Work, visit: Visit) -> str:
    customer = (await load(work, visit)).one(CustomerValue)
    return f"「{customer.name}」" if customer else "这次"


def window_min(ctx: Context) -> int:
    return int(ctx.settings.merge_window.total_seconds() // 60)
