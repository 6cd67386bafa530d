"""The pack of a customer, a deal or a visit: what lies there, by kind, and each piece once more.

证据 恒力 lists all of it, 文件 恒力 the documents; what was found is numbered through, and a number fetches the piece
as long as the list is the last that was asked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from handlers import access, copies, credibility, filing, handing, opportunities, outbox, wording
from handlers import evidence_texts as texts
from handlers.context import Context
from handlers.messages import InboundMessage
from handlers.record import load
from handlers.reply import Reply
from nlp import dates, documents, list_words
from nlp.evidence_words import Show
from storage.models import Customer, Evidence, Member, Question
from storage.work import Work

KIND = "pack"
"""The question which piece of a list is wanted."""
A_PAGE = 10
MOST = 90
"""So many can be fetched by a number of two digits."""
EXAMPLE = "证据 恒力"
_FETCH = re.compile(
    r"(?:取|看|打开|下载|发)?\s*(?:第|原件|原文件)?\s*(?P<number>\d{1,2})\s*(?:份|个|张)?(?:原件|原文件)?"
)


@dataclass(frozen=True)
class Scope:
    """Whose pack: a customer's, or a deal's or a day's visits' of theirs, called `of`."""

    customer: Customer
    opportunity_id: int | None = None
    visit_ids: tuple[int, ...] | None = None
    of: str = ""


# Listed


async def run(ctx: Context, work: Work, member: Member, reply: Reply, said: Show) -> bool:
    if not said.is_sure:
        sight = await access.sight_of(work, member)
        if not await work.customers.called(said.customer, owners=sight.members, limit=1):
            return False
    customer = await opportunities.customer_said(work, reply, member, said.customer, example=EXAMPLE)
    if customer is None:
        return True
    scope = await _scope(ctx, work, reply, customer, said.rest)
    if scope is None:
        told = texts.LIST_NO_SUCH.format(customer=customer.name, rest=said.rest)
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>no-such")
        return True
    pieces = await _pieces(ctx, work, scope, said)
    told = await _told(ctx, work, member, reply, scope, said, pieces)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>pack")
    return True


async def _scope(ctx: Context, work: Work, reply: Reply, customer: Customer, rest: str) -> Scope | None:
    if not rest:
        return Scope(customer)
    deal = opportunities.named_in(await work.opportunities.all_of(customer.customer_id), rest)
    if deal is not None:
        return Scope(customer, opportunity_id=deal.opportunity_id, of=texts.LIST_OF_DEAL.format(name=deal.name))
    said = dates.find(rest, reply.sent_at, ctx.settings.zone)
    # 11-20 said in January is that of last year
    days = {(moment.month, moment.day) for one in said if (moment := one.start or one.end) is not None}
    visits = [
        visit
        for visit in await work.visits.confirmed_about(customer.customer_id, limit=MOST)
        if (visit.visited_on.month, visit.visited_on.day) in days
    ]
    if not visits:
        return None
    on = wording.day(visits[0].visited_on, ctx.day_of(work.now))
    return Scope(customer, visit_ids=tuple(visit.visit_id for visit in visits), of=texts.LIST_OF_DAY.format(on=on))


async def _pieces(ctx: Context, work: Work, scope: Scope, said: Show) -> list[Evidence]:
    """By kind, in the order of the documents, then the latest first; a document twice is listed once."""
    found = await work.files.pack(
        scope.customer.customer_id, opportunity_id=scope.opportunity_id, visit_ids=scope.visit_ids
    )
    listed = [one for one in found if one.copy_of is None or one.look is not None]
    if said.what == "files":
        listed = [one for one in listed if one.kind == "file" or (one.label and one.label != documents.SCENE)]
    kinds = [*ctx.settings.documents, documents.FEEDBACK, documents.DEMO, documents.SCENE]
    rank = {label: place for place, label in enumerate(kinds)}
    listed.sort(key=lambda one: (-one.sent_at.timestamp(), -one.evidence_id))
    listed.sort(key=lambda one: (rank.get(one.label or "", len(rank)), group_of(one)))
    return listed


def group_of(piece: Evidence) -> str:
    """The heading that a piece stands under."""
    if piece.label is not None:
        return piece.label
    if piece.kind != "image":
        return texts.SORTS[piece.kind]
    reading = piece.detail.get("reading")
    is_chat = isinstance(reading, dict) and reading.get("kind") == "chat"
    return texts.CHATS if is_chat else texts.OTHER_PICTURES


async def _told(
    ctx: Context, work: Work, member: Member, reply: Reply, scope: Scope, said: Show, pieces: Sequence[Evidence]
) -> str:
    what = texts.LIST_WHAT[said.what]
    if not pieces:
        return texts.LIST_NOTHING.format(customer=scope.customer.name, of=scope.of, what=what)
    pages = -(-len(pieces) // A_PAGE)
    if not 1 <= said.page <= pages:
        return texts.LIST_NO_PAGE.format(page=said.page, pages=pages)
    first = (said.page - 1) * A_PAGE
    lines = [
        texts.LIST.format(
            customer=scope.customer.name,
            of=scope.of,
            what=what,
            count=len(pieces),
            page=texts.LIST_PAGE.format(page=said.page, pages=pages) if pages > 1 else "",
        )
    ]
    heading = ""
    for place, piece in enumerate(pieces[first : first + A_PAGE], start=first):
        if group_of(piece) != heading:
            heading = group_of(piece)
            lines.append(f"【{heading}】")
        lines.append(await _line(ctx, work, member, place + 1, piece))
    if said.what == "all" and said.page == 1:
        lines += await _trust(ctx, work, scope)
    lines.append(texts.LIST_HOW + (texts.LIST_NEXT if said.page < pages else ""))
    await _wait(
        ctx,
        work,
        member,
        pieces,
        show={"what": said.what, "customer": scope.customer.name, "rest": said.rest, "page": said.page},
    )
    return "\n".join(lines)


async def _trust(ctx: Context, work: Work, scope: Scope) -> list[str]:
    """How far the last of the visits may be believed; those that are not in the scope aside."""
    visits = await work.visits.confirmed_about(scope.customer.customer_id, limit=MOST)
    if scope.visit_ids is not None:
        visits = [visit for visit in visits if visit.visit_id in scope.visit_ids]
    elif scope.opportunity_id is not None:
        visits = [visit for visit in visits if visit.opportunity_id == scope.opportunity_id]
    if not visits:
        return []
    visit = visits[0]
    pieces = await work.visits.evidence_of(visit.visit_id)
    sent_on = ctx.day_of(visit.first_sent_at)
    trust = credibility.of(await load(work, visit), pieces, visited_on=visit.visited_on, sent_on=sent_on)
    on = wording.day(visit.visited_on, ctx.day_of(work.now))
    return [texts.LIST_TRUST.format(on=on, trust=credibility.told(trust))]


async def _line(ctx: Context, work: Work, reader: Member, number: int, piece: Evidence) -> str:
    line = texts.LIST_LINE.format(
        number=number,
        name=filing.file_name(piece) or group_of(piece),
        version=texts.LIST_VERSION.format(version=piece.version) if piece.version else "",
        who=(await work.members.get(piece.member_id)).name,
        on=wording.day(ctx.day_of(piece.sent_at), ctx.day_of(work.now)),
    )
    mark = await copies.mark_in_list(ctx, work, reader, piece)
    return f"{line} {mark}" if mark else line


async def _wait(
    ctx: Context, work: Work, member: Member, pieces: Sequence[Evidence], *, show: dict[str, str | int] | None = None
) -> None:
    """A number fetches a piece of this list from now on, and of no earlier one."""
    await work.questions.ask(
        member.member_id,
        KIND,
        KIND,
        life=ctx.settings.question_life,
        payload={"ids": [piece.evidence_id for piece in pieces[:MOST]], "show": dict(show) if show else None},
    )


async def show_unfiled(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    """未归档: what the member sent that belongs to nobody yet."""
    pieces = await work.files.unfiled(member.member_id, limit=A_PAGE)
    if not pieces:
        await outbox.say(work, message.sender, texts.LIST_ALL_FILED, cause=f"{message.key}>unfiled")
        return
    lines = [await _line(ctx, work, member, place, piece) for place, piece in enumerate(pieces, start=1)]
    await _wait(ctx, work, member, pieces)
    told = texts.LIST_UNFILED.format(count=len(pieces), lines="\n".join(lines))
    await outbox.say(work, message.sender, told, cause=f"{message.key}>unfiled")


# Fetched


async def read(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """A number, or another page of the list; anything else is about something else."""
    said, show = reply.text.strip(wording.PUNCTUATION), question.payload.get("show")
    if isinstance(show, dict) and (page := list_words.page(said, int(str(show["page"])))) is not None:
        what: Literal["all", "files"] = "files" if show["what"] == "files" else "all"
        again = Show(what, str(show["customer"]), str(show["rest"]), page)
        return await run(ctx, work, member, reply, again)
    fetched = _FETCH.fullmatch(said)
    ids = question.payload["ids"]
    if fetched is None or not isinstance(ids, list):
        return False
    number = int(fetched["number"])
    if not 1 <= number <= len(ids):
        told = texts.LIST_NO_NUMBER.format(number=number, count=len(ids))
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>no-number")
        return True
    piece = await work.visits.evidence(int(str(ids[number - 1])))
    await handing.give(ctx, work, piece, member=member, to=reply.to, cause=reply.cause)
    return True
