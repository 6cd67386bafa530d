"""Giving a piece of evidence back to whoever asks: as the thing itself, or by a link where that cannot be sent.

Which of the two is settled when it is sent, since only the platform knows what it takes. Until then it waits in the
outbox like everything else, with the words that stand in its place.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from handlers import access, filing, outbox
from handlers import evidence_texts as texts
from handlers.context import Context
from handlers.messages import FileSort, OutboundFile, Sender
from nlp import documents
from storage.models import Evidence, Member
from storage.work import Work

LIFE = timedelta(hours=24)
"""Of a link to a piece."""
MEGABYTE = 1024 * 1024

WhyNot = Literal["channel", "size", "format", "refused", "busy", "gone"]
"""Why something cannot be sent as it is: this channel takes no files, not so large ones, not this kind; the platform
refused it, or did not get it; or it is not in our store any more."""

_SORTS: Mapping[str, FileSort] = {"voice": "voice", "image": "image", "video": "video", "file": "file"}


async def give(ctx: Context, work: Work, piece: Evidence, *, member: Member, to: Sender, cause: str) -> None:
    """The piece once more, if they may have it; that is looked up again now, and when it goes out."""
    if not await access.may_see_piece(work, member, piece):
        await outbox.say(work, to, texts.NOT_YOURS_ANY_MORE, cause=f"{cause}>not-theirs")
        return
    name = filing.name_of(piece)
    if piece.sha256 is None:
        await outbox.say(work, to, texts.NO_ORIGINAL.format(name=name), cause=f"{cause}>no-original")
        return
    url = ctx.links.file(piece.evidence_id, member.member_id, until=work.now + LIFE)
    hours = int(LIFE.total_seconds() // 3600)
    file = OutboundFile(
        evidence_id=piece.evidence_id,
        member_id=member.member_id,
        sha256=piece.sha256,
        size_bytes=piece.size_bytes or 0,
        sort=_SORTS[piece.kind],
        name=filing.file_name(piece) or f"{documents.stem_of(name)}-{piece.evidence_id}",
        instead=texts.GIVEN.format(name=name, url=url, hours=hours) if url else texts.NO_LINK.format(name=name),
        # a document opens on every phone; the formats of voice notes do not
        beside=texts.HEARD_HERE.format(url=url, hours=hours) if url and piece.kind == "voice" else "",
    )
    work.audit.note("evidence.handed_out", f"evidence:{piece.evidence_id}", member_id=member.member_id, source=cause)
    await outbox.hand(work, to, file, cause=f"{cause}>given")


async def may_still_have(work: Work, file: OutboundFile) -> bool:
    """Whether it is theirs to see at the moment it goes out; customers and people may have changed meanwhile."""
    piece = await work.visits.find_evidence(file.evidence_id)
    member = await work.members.get(file.member_id)
    return piece is not None and member.active and await access.may_see_piece(work, member, piece)


def said_instead(file: OutboundFile, why: WhyNot) -> str:
    if why == "gone":
        return texts.ORIGINAL_GONE.format(name=file.name)
    # rounded up: a file just above a limit must not be told as one that is within it
    size = f"{-(-file.size_bytes * 10 // MEGABYTE) / 10:g}"
    return f"{texts.WHY_NOT_SENT[why].format(size=size)}\n{file.instead}"
