"""What kind of evidence something is: by its name or words, and by what the rep says of it (这是采购意向书)."""

from handlers import attachments, filing, outbox, stages, texts
from handlers import evidence_texts as words
from handlers.context import Context
from handlers.messages import InboundMessage, Sender
from handlers.record import CustomerValue, load
from nlp import documents
from nlp.documents import Named
from storage.jobs import Job
from storage.models import Customer, Evidence, Member
from storage.work import Work


def of_pictures(ctx: Context) -> tuple[str, ...]:
    return (*ctx.settings.documents, documents.SCENE)


def known(ctx: Context) -> tuple[str, ...]:
    return (*ctx.settings.documents, *documents.OTHERS)


async def put(ctx: Context, work: Work, piece: Evidence, label: str, *, member: Member, cause: str) -> str:
    """The piece is that from now on; what to say of it."""
    before = piece.label
    piece.label = label
    work.audit.note(
        "evidence.labelled",
        f"evidence:{piece.evidence_id}",
        member_id=member.member_id,
        source=cause,
        before={"label": before},
        after={"label": label},
    )
    if piece.customer_id is not None:
        return await _in_file(ctx, work, piece, cause=cause)
    if piece.visit_id is not None:
        visit = await work.visits.get(piece.visit_id)
        return texts.LABELLED.format(label=label, customer=await attachments.customer_words(work, visit))
    return texts.LABELLED_LOOSE.format(label=label, minutes=attachments.window_min(ctx))


async def _in_file(ctx: Context, work: Work, piece: Evidence, *, cause: str) -> str:
    """It has its place among the customer's documents of that kind, and may be what a stage waits for."""
    assert piece.customer_id is not None  # `put` saw to it
    if piece.copy_of is not None:
        # said of the second copy it is meant for the first, which is the one that counts
        first = await work.visits.evidence(piece.copy_of)
        if first.label is None and first.customer_id == piece.customer_id:
            first.label = piece.label
            await filing.number(work, first)
    await filing.number(work, piece)
    await work.session.flush()
    await filing.pass_on(ctx, work, piece)
    await stages.recheck(ctx, work, piece.customer_id, cause=f"{cause}>labelled")
    customer = await work.customers.get(piece.customer_id)
    told = words.LABELLED_FILED.format(label=piece.label, customer=f"「{customer.name}」")
    left = await stages.still_lacking(ctx, work, piece.customer_id, {piece.label} if piece.label else set())
    return f"{told}\n{left}" if left else told


def said(ctx: Context, text: str) -> Named | None:
    """The label, where the text is nothing but that: 营业执照, 这是恒力的营业执照."""
    return documents.named(text, known(ctx))


async def by_reply(ctx: Context, job: Job, message: InboundMessage, named: Named) -> bool:
    """Put the label on what was sent last that can be that, within the merge window; False where there is nothing."""
    async with ctx.database.reading() as work:
        member = await work.members.by_identity(message.sender.platform, message.sender.user_id)
        piece = await _last(ctx, work, member, message, named.label) if member is not None else None
        owners = await filing.named_in(work, named.owner)
    if member is None or piece is None:
        return False
    async with ctx.finishing(job) as work:
        piece = await work.visits.evidence(piece.evidence_id)
        if named.label == documents.FEEDBACK and await _is_own_account(work, piece):
            await outbox.say(work, message.sender, words.OWN_ACCOUNT, cause=f"{message.key}>own-account")
            return True
        told = await put(ctx, work, piece, named.label, member=member, cause=message.key)
        if len(owners) == 1 and await _is_to_be_filed(work, piece, owners[0]):
            await filing.put_by_word(ctx, work, [piece], owners[0], member=member, to=message.sender, cause=message.key)
        elif owners and piece.customer_id is None and piece.visit_id is None:
            what = named.label
            await filing.offer(ctx, work, piece, what=what, to=message.sender, cause=message.key, among=owners)
        else:
            await say_or_offer(ctx, work, piece, told, to=message.sender, cause=message.key)
    return True


async def say_or_offer(ctx: Context, work: Work, piece: Evidence, told: str, *, to: Sender, cause: str) -> None:
    """What it is has been settled; whose it is may still have to be."""
    is_open = piece.visit_id is None and piece.customer_id is None and not piece.detail.get(filing.LEFT)
    if is_open and filing.OFFER not in piece.detail and (await filing.candidates(ctx, work, piece)).customers:
        what = piece.label or words.SORTS[piece.kind]
        await filing.offer(ctx, work, piece, what=what, to=to, cause=cause)
        return
    await outbox.say(work, to, told, cause=f"{cause}>labelled")


async def _is_own_account(work: Work, piece: Evidence) -> bool:
    """Whether the rep tells of the visit in this voice note, naming the customer: a stage cannot rest on that."""
    if piece.kind != "voice" or piece.visit_id is None:
        return False
    record = await load(work, await work.visits.get(piece.visit_id))
    return any(
        isinstance(fact.value, CustomerValue) and fact.source.evidence_id == piece.evidence_id for fact in record.facts
    )


async def _is_to_be_filed(work: Work, piece: Evidence, owner: Customer) -> bool:
    """Whether the customer who was named is another one than where it lies already."""
    if piece.customer_id is not None:
        return piece.customer_id != owner.customer_id
    if piece.visit_id is None:
        return True
    customer = (await load(work, await work.visits.get(piece.visit_id))).customer
    return customer is not None and customer.name != owner.name


async def _last(ctx: Context, work: Work, member: Member, message: InboundMessage, label: str) -> Evidence | None:
    window = ctx.settings.merge_window
    sent = await work.files.latest_of(
        member.member_id,
        ("image", "file", "video", "voice"),
        since=message.sent_at - window,
        until=message.sent_at + window,
    )
    return next((one for one in sent if one.sha256 is not None and documents.fits(label, filing.sort_of(one))), None)
