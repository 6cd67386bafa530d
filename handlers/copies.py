"""The same photo used twice: noticed, said at once, and worth nothing the second time.

Equal bytes are one photo for certain. What only looks the same (`nlp.looks`) is said to look the same, and the rep may
say that it is not; both can be read by whoever leads them.
"""

from dataclasses import dataclass

from handlers import access, outbox, wording
from handlers import evidence_texts as texts
from handlers.context import Context
from handlers.record import load
from handlers.reply import Reply
from nlp import looks
from storage.models import Evidence, EvidenceKind, Member, Visit
from storage.work import Work

PHOTOS: tuple[EvidenceKind, ...] = ("image",)
SAID_OTHER = "said_other"
"""Key of a photo's evidence: the earlier one that it looks like, and is not as its sender says."""
_WORDS = frozenset({"不是同一张", "这不是同一张", "不是同一张照片", "这张不是同一张", "是新拍的", "这是新拍的"})


@dataclass(frozen=True)
class Used:
    """The photo that was there before; `is_here`: with the same visit, or waiting for the same."""

    first: Evidence
    exact: bool
    is_here: bool


async def find(work: Work, photo: Evidence, *, visit: Visit | None) -> Used | None:
    """The first use of a photo; `visit` is the draft that it would go with now."""
    same = [one.evidence_id for one in await work.files.same_bytes(photo.sha256 or "", but=photo.evidence_id)]
    alike = None
    if photo.look is not None:
        alike = looks.nearest(photo.look, await _used(work, photo))
    for number in (*(one for one in same if one < photo.evidence_id), *([alike] if alike is not None else [])):
        first = await work.visits.evidence(number)
        if await _counts(work, first, photo):
            is_here = first.customer_id is None and first.visit_id == (visit.visit_id if visit else None)
            return Used(first, exact=number in same, is_here=is_here)
    return None


async def _used(work: Work, photo: Evidence) -> list[tuple[int, int]]:
    found = await work.files.looks(before=photo.evidence_id)
    near = [(number, look) for number, look in found if looks.distance(look, photo.look or 0) <= looks.SAME]
    return [(number, look) for number, look in near if await _counts(work, await work.visits.evidence(number), photo)]


async def _counts(work: Work, first: Evidence, photo: Evidence) -> bool:
    """Whether it was used for something: a visit that was not thrown away, a customer's file, or it waits like ours."""
    if first.customer_id is not None:
        return True
    if first.visit_id is not None:
        return (await work.visits.get(first.visit_id)).state != "discarded"
    return first.member_id == photo.member_id


async def mark(ctx: Context, work: Work, member: Member, photo: Evidence, used: Used) -> str:
    """It is a copy from now on; what to tell its sender."""
    photo.copy_of = used.first.evidence_id
    work.audit.note(
        "evidence.copy_found",
        f"evidence:{photo.evidence_id}",
        member_id=member.member_id,
        source=photo.event_key,
        after={"copy_of": used.first.evidence_id, "exact": used.exact},
    )
    if used.is_here:
        at = wording.clock_time(used.first.sent_at, ctx.settings.zone, ctx.day_of(work.now))
        return texts.COPY_HERE.format(at=at)
    text = texts.COPY if used.exact else texts.LOOKS_LIKE
    return text.format(on=_day(ctx, work, used.first), use=await _use(work, member, used.first))


async def _use(work: Work, member: Member, first: Evidence) -> str:
    """What the first was used for, as far as this member may know."""
    by = (await work.members.get(first.member_id)).name
    customer = await work.customers.get(first.customer_id) if first.customer_id is not None else None
    sight = await access.sight_of(work, member)
    if not sight.sees(first.member_id) and not (customer is not None and sight.sees(customer.owner_id)):
        return texts.COPY_USE_UNKNOWN
    name = customer.name if customer is not None else ""
    if customer is None and first.visit_id is not None:
        meant = (await load(work, await work.visits.get(first.visit_id))).customer
        name = meant.name if meant is not None else ""
    use = texts.COPY_USE.format(customer=f"「{name}」" if name else "另一次")
    return use if first.member_id == member.member_id else f"{use}{texts.COPY_BY.format(name=by)}"


def _day(ctx: Context, work: Work, piece: Evidence) -> str:
    return wording.day(ctx.day_of(piece.sent_at), ctx.day_of(work.now))


async def mark_in_list(ctx: Context, work: Work, reader: Member, photo: Evidence) -> str:
    """What somebody who looks into the file is told of a photo that was used before; empty for all others."""
    number = photo.copy_of or photo.detail.get(SAID_OTHER)
    if photo.look is None or not isinstance(number, int):
        return ""
    first = await work.visits.evidence(number)
    text = texts.LIST_COPY if photo.copy_of else texts.LIST_SAID_OTHER
    return text.format(on=_day(ctx, work, first), use=await _use(work, reader, first))


# Said to be another


def read(text: str) -> bool | None:
    return True if text.strip(wording.PUNCTUATION) in _WORDS else None


async def deny(ctx: Context, work: Work, member: Member, reply: Reply, _said: bool) -> bool:
    """不是同一张: of the photo sent last; False where none was taken for another."""
    window = ctx.settings.merge_window
    sent = await work.files.latest_of(member.member_id, PHOTOS, since=reply.sent_at - window, until=reply.sent_at)
    photo = next((one for one in sent if one.copy_of is not None and one.look is not None), None)
    if photo is None or photo.copy_of is None:
        return False
    first = await work.visits.evidence(photo.copy_of)
    if first.sha256 == photo.sha256:
        await outbox.say(work, reply.to, texts.SAME_BYTES, cause=f"{reply.cause}>same")
        return True
    photo.copy_of, photo.detail = None, {**photo.detail, SAID_OTHER: first.evidence_id}
    work.audit.note(
        "evidence.copy_denied",
        f"evidence:{photo.evidence_id}",
        member_id=member.member_id,
        source=reply.cause,
        before={"copy_of": first.evidence_id},
    )
    await outbox.say(work, reply.to, texts.DENIED, cause=f"{reply.cause}>denied")
    return True
