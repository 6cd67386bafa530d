"""Putting what people send into the file of the customer it is about: offered on a card, asked about, never guessed.

A piece of evidence that came without a visit is offered to the customer that its name or its words name, else to the
one whose visit the rep confirmed within the merge window. Several are asked about; where there is none it stays as it
is, and the next visit takes it along. The same document again is the customer's next version of it; the same bytes
again are no second piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers import access, actions, evidence_cards, key_nodes, opportunities, outbox, stages, wording
from handlers import evidence_texts as texts
from handlers.context import Context
from handlers.messages import Sender
from handlers.outbox import Recipient
from handlers.points import points_of
from handlers.pressed import Pressed
from handlers.reply import Reply
from handlers.texts import CARD_CLOSED, CHOOSE_FIRST
from nlp import documents, evidence_words
from storage.models import Card, Customer, Evidence, Member, Visit
from storage.work import Work

OFFER, OFFERED, LEFT = "offer", "offered", "left"
"""Keys of a piece's evidence: the card that offers it, the customer that card proposes, whether it is to stay out."""
MOST_AT_ONCE = 10
MOST_NAMED = 6


def name_of(piece: Evidence) -> str:
    """What people call it: its file's name, what it is, or at least its sort."""
    return file_name(piece) or piece.label or texts.SORTS[piece.kind]


def file_name(piece: Evidence) -> str:
    return str(piece.detail.get("file_name") or "")


def sort_of(piece: Evidence) -> documents.Sort:
    if piece.kind == "file":
        return documents.sort_of_name(file_name(piece))
    return "picture" if piece.kind == "image" else "recording" if piece.kind == "voice" else "video"


# Offered


@dataclass(frozen=True)
class Candidates:
    customers: Sequence[Customer]
    why: str


async def candidates(ctx: Context, work: Work, piece: Evidence) -> Candidates:
    """Whose it may be; none where nothing speaks for anybody."""
    for words, why in ((file_name(piece), texts.WHY_NAME), (piece.text or "", texts.WHY_WORDS)):
        if named := await named_in(work, words):
            return Candidates(named, why)
    last = await work.files.last_customer(piece.member_id, since=work.now - ctx.settings.merge_window)
    return Candidates([last] if last else [], texts.WHY_LAST if last else "")


async def named_in(work: Work, words: str) -> Sequence[Customer]:
    """The customers whom the words name, each by the longest name of those that overlap."""
    if not words:
        return []
    found = await work.customers.named_in(words)
    names = {
        one.customer_id: [name for name in (one.name, *(row.alias for row in one.aliases)) if name in words]
        for one in found
    }
    longest = {customer_id: max(said, key=len) for customer_id, said in names.items() if said}
    return [
        one
        for one in found
        if one.customer_id in longest
        and not any(
            longest[one.customer_id] != other and longest[one.customer_id] in other for other in longest.values()
        )
    ]


async def offer(
    ctx: Context,
    work: Work,
    piece: Evidence,
    *,
    what: str,
    to: Recipient,
    cause: str,
    lines: Sequence[str] = (),
    draft_of: str = "",
    loose: str = "",
    among: Sequence[Customer] = (),
) -> None:
    """Ask whose it is: of the customers `among` it, where somebody named them.

    Where nobody can be proposed, `loose` is said. `draft_of`: the open draft is another customer's.
    """
    found = Candidates(among, "") if among else await candidates(ctx, work, piece)
    if not found.customers:
        await outbox.say(work, to, "\n".join([loose, *lines, texts.OFFER_BY_WORD]), cause=f"{cause}>saved")
        return
    proposed = found.customers[0].customer_id if len(found.customers) == 1 else None
    together = await _waiting_with(ctx, work, piece, proposed, cause=cause)
    pieces = [*together, piece]
    card_id = outbox.new_card_id(evidence_cards.OFFER, piece.evidence_id)
    for one in pieces:
        one.detail = {**one.detail, OFFER: card_id, OFFERED: proposed}
    minutes = int(ctx.settings.merge_window.total_seconds() // 60)
    waits = texts.OFFER_ELSEWHERE.format(draft=draft_of) if draft_of else texts.OFFER_JOINS.format(minutes=minutes)
    card = evidence_cards.offer_card(
        card_id,
        [one.evidence_id for one in pieces],
        title=texts.OFFER_TITLE_MANY.format(count=len(pieces)) if together else texts.OFFER_TITLE.format(what=what),
        name="、".join(dict.fromkeys(name_of(one) for one in pieces if file_name(one) or one.label)),
        customers=[(one.customer_id, one.name) for one in found.customers[:MOST_NAMED]],
        why=found.why,
        lines=[*lines, waits],
    )
    life = ctx.settings.card_life
    await outbox.show(work, to, card, kind=evidence_cards.OFFER, life=life, cause=f"{cause}>offer")


async def _waiting_with(
    ctx: Context, work: Work, piece: Evidence, proposed: int | None, *, cause: str
) -> list[Evidence]:
    """What was sent shortly before and waits for the same answer: one card for all, in place of the one before."""
    if proposed is None:
        return []
    sent = await work.files.unfiled(piece.member_id, since=piece.sent_at - ctx.settings.merge_window)
    waiting = [
        one
        for one in reversed(sent)
        if one.evidence_id != piece.evidence_id and one.detail.get(OFFERED) == proposed and not one.detail.get(LEFT)
    ][-(MOST_AT_ONCE - 1) :]
    for card_id in dict.fromkeys(str(one.detail[OFFER]) for one in waiting):
        card = await work.cards.find(card_id)
        if card is not None:
            await outbox.close(work, card, texts.CLOSED_JOINED, cause=f"{cause}>joined:{card_id}")
    return waiting


async def joins(work: Work, piece: Evidence, *, cause: str) -> bool:
    """Whether what came without a visit goes into the one that begins now; a card that offers it is closed then."""
    if piece.customer_id is not None or piece.detail.get(LEFT):
        return False
    card = await work.cards.find(str(piece.detail[OFFER])) if OFFER in piece.detail else None
    if card is not None:
        await outbox.close(work, card, texts.CLOSED_WITH_VISIT, cause=f"{cause}>joined:{card.card_id}")
    return True


# Put there


async def put(
    ctx: Context, work: Work, pieces: Sequence[Evidence], customer: Customer, *, member: Member, cause: str
) -> str:
    """The pieces lie in that customer's file from now on; what to say of it."""
    told, names, points = [], [], 0
    for piece in pieces:
        before = piece.customer_id
        piece.customer_id, piece.visit_id = customer.customer_id, None
        piece.detail = {key: value for key, value in piece.detail.items() if key not in (OFFERED, LEFT)}
        deal = await opportunities.of_customer(
            work, customer.customer_id, words=f"{file_name(piece)}\n{piece.text or ''}"
        )
        piece.opportunity_id = deal.opportunity_id if deal else None
        there = await number(work, piece)
        work.audit.note(
            "evidence.filed",
            f"evidence:{piece.evidence_id}",
            member_id=member.member_id,
            source=cause,
            before={"customer_id": before},
            after={"customer_id": customer.customer_id, "version": piece.version, "copy_of": piece.copy_of},
        )
        if there is not None:
            told.append(await _there_already(ctx, work, piece, there, customer))
            continue
        await pass_on(ctx, work, piece)
        points += points_of(ctx, piece)
        names.append(name_of(piece))
        if (piece.version or 1) > 1:
            told.append(texts.NEW_VERSION.format(name=name_of(piece), version=piece.version))
    if names:
        earned = texts.FILED_POINTS.format(points=points) if points else ""
        told.insert(0, texts.FILED.format(customer=customer.name, names="、".join(dict.fromkeys(names))) + earned)
        await stages.recheck(ctx, work, customer.customer_id, cause=f"{cause}>filed")
        labels = {piece.label for piece in pieces if piece.label is not None}
        told.append(await stages.still_lacking(ctx, work, customer.customer_id, labels))
    return "\n".join(filter(None, told))


async def pass_on(ctx: Context, work: Work, piece: Evidence) -> None:
    """Whoever is to look at documents of that kind is asked to, once for each piece and label."""
    if piece.label is not None and piece.customer_id is not None and piece.copy_of is None:
        member = await work.members.get(piece.member_id)
        cause = f"evidence:{piece.evidence_id}:{piece.label}"
        await key_nodes.document_filed(ctx, work, piece.customer_id, piece.label, member=member, cause=cause)


async def number(work: Work, piece: Evidence) -> Evidence | None:
    """Give a piece its version in its customer's file; what is there already, where the bytes are the same."""
    if piece.customer_id is None:
        return None
    await work.session.flush()
    # two at the same moment must not both become the second version
    await work.customers.lock(piece.customer_id)
    piece.copy_of = await _kept_copy(work, piece)
    if piece.sha256 is not None and piece.copy_of is None:
        same = await work.files.same_bytes(piece.sha256, but=piece.evidence_id, customer_id=piece.customer_id)
        if same:
            piece.copy_of, piece.version = same[0].evidence_id, same[0].version
            return same[0]
    piece.version = None
    if has_versions(piece):
        stem = documents.stem_of(file_name(piece))
        alike = [
            one.version or 1
            for one in await work.files.of_label(piece.customer_id, piece.label, but=piece.evidence_id)
            if has_versions(one) and documents.stem_of(file_name(one)) == stem
        ]
        piece.version = max(alike, default=0) + 1
    return None


async def _kept_copy(work: Work, piece: Evidence) -> int | None:
    """A photo used before stays one, wherever it is put; a document put elsewhere by mistake is none there."""
    first = await work.visits.find_evidence(piece.copy_of) if piece.copy_of else None
    return first.evidence_id if first is not None and piece.look is not None else None


def has_versions(piece: Evidence) -> bool:
    """Photos, videos and voice notes are each their own; a document has versions, and so has whatever has a name."""
    if piece.label == documents.SCENE:
        return False
    if piece.label is None or piece.label == documents.DEMO:
        return bool(file_name(piece))
    return True


async def _there_already(ctx: Context, work: Work, piece: Evidence, there: Evidence, customer: Customer) -> str:
    if not await access.sees_customer(work, await work.members.get(piece.member_id), customer):
        # who brought it, and when, is for those who read the file
        return texts.THERE_ALREADY_QUIET.format(name=name_of(piece), customer=customer.name)
    return texts.THERE_ALREADY.format(name=name_of(piece), customer=customer.name, **await _sent(ctx, work, there))


async def _sent(ctx: Context, work: Work, piece: Evidence) -> dict[str, str]:
    """Who sent it and when, for a sentence."""
    return {
        "who": (await work.members.get(piece.member_id)).name,
        "on": wording.day(ctx.day_of(piece.sent_at), ctx.day_of(work.now)),
        "version": texts.VERSION.format(version=piece.version) if piece.version else "",
    }


async def already_there(ctx: Context, work: Work, member: Member, piece: Evidence) -> str:
    """What to say of a file that lies in the file of a customer whom this member may read about; empty: it does not."""
    if piece.sha256 is None:
        return ""
    sight = await access.sight_of(work, member)
    for there in await work.files.same_bytes(piece.sha256, but=piece.evidence_id):
        customer = await work.customers.get(there.customer_id) if there.customer_id else None
        if customer is not None and sight.sees(customer.owner_id):
            piece.copy_of = there.evidence_id
            piece.customer_id, piece.opportunity_id = there.customer_id, there.opportunity_id
            piece.version, piece.label = there.version, piece.label or there.label
            what = texts.SORTS[piece.kind]
            sent = await _sent(ctx, work, there)
            return texts.THERE_ALREADY_SENT.format(what=what, customer=customer.name, **sent)
    return ""


async def on_confirmed(ctx: Context, work: Work, visit: Visit, customer: Customer) -> str:
    """A visit's evidence lies in its customer's file, where `file_evidence` has put it; what to say of it."""
    window = ctx.settings.merge_window
    await work.files.join_visit(visit, since=visit.first_sent_at - window, until=visit.last_sent_at + window)
    told, points = [], 0
    for piece in await work.visits.evidence_of(visit.visit_id):
        if piece.kind not in texts.SORTS:
            continue
        there = await number(work, piece)
        if there is not None and there.visit_id != visit.visit_id and piece.label:
            told.append(await _there_already(ctx, work, piece, there, customer))
        elif there is None:
            await pass_on(ctx, work, piece)
            points += points_of(ctx, piece)
            if (piece.version or 1) > 1:
                told.append(texts.NEW_VERSION.format(name=name_of(piece), version=piece.version))
    if points:
        told.append(texts.CONFIRMED_POINTS.format(points=points))
    return "\n".join(told)


# Buttons


async def press(ctx: Context, work: Work, action: actions.FilingAction, pressed: Pressed) -> None:
    to, cause = pressed.to, pressed.cause
    pieces = await _still_open(work, action.evidence_ids)
    if not pieces:
        await _close(work, pressed.card, texts.CLOSED_FILED, pressed)
        told = CARD_CLOSED.format(closing=texts.CLOSED_FILED)
        await outbox.say(work, to, told, cause=f"{cause}>late")
        return
    match action:
        case actions.FileEvidence(customer_id=customer_id):
            await _file(ctx, work, pieces, await work.customers.get(customer_id), pressed)
        case actions.FileChosen():
            chosen = pressed.chosen(actions.CUSTOMER_SELECT)
            customer = await _offered(work, pressed.member, pieces, chosen)
            if customer is None:
                await outbox.say(work, to, CHOOSE_FIRST, cause=f"{cause}>choose")
                return
            await _file(ctx, work, pieces, customer, pressed)
        case actions.ChangeFile():
            nearest = await work.customers.nearest_to(pressed.member.member_id, MOST_AT_ONCE)
            if not nearest:
                await outbox.say(work, to, texts.OFFER_BY_WORD, cause=f"{cause}>which")
                return
            card_id = outbox.new_card_id(evidence_cards.OFFER, pieces[0].evidence_id)
            for piece in pieces:
                piece.detail = {**piece.detail, OFFER: card_id, OFFERED: None}
            card = evidence_cards.choose_card(
                card_id, [piece.evidence_id for piece in pieces], [(one.customer_id, one.name) for one in nearest]
            )
            await _close(work, pressed.card, texts.CLOSED_JOINED, pressed)
            life = ctx.settings.card_life
            await outbox.show(work, to, card, kind=evidence_cards.OFFER, life=life, cause=f"{cause}>which")
        case actions.LeaveEvidence():
            for piece in pieces:
                piece.detail = {**piece.detail, LEFT: True}
            await _close(work, pressed.card, texts.CLOSED_NOT_FILED, pressed)
            await outbox.say(work, to, texts.FILED_NOT, cause=f"{cause}>left")


async def _still_open(work: Work, evidence_ids: Sequence[int]) -> list[Evidence]:
    """Those that belong to nobody yet: a visit may have taken them along meanwhile."""
    pieces = [await work.visits.evidence(evidence_id) for evidence_id in evidence_ids]
    return [piece for piece in pieces if piece.visit_id is None and piece.customer_id is None]


async def _offered(work: Work, member: Member, pieces: Sequence[Evidence], chosen: str | None) -> Customer | None:
    """The customer of the list, which is what their words name and whom the member sees most; nobody else."""
    if chosen is None or not chosen.isdecimal():
        return None
    nearest = await work.customers.nearest_to(member.member_id, MOST_AT_ONCE)
    named = [one for piece in pieces for one in await named_in(work, f"{file_name(piece)}\n{piece.text or ''}")]
    return next((one for one in (*named, *nearest) if one.customer_id == int(chosen)), None)


async def _file(ctx: Context, work: Work, pieces: Sequence[Evidence], customer: Customer, pressed: Pressed) -> None:
    told = await put(ctx, work, pieces, customer, member=pressed.member, cause=pressed.cause)
    await _close(work, pressed.card, texts.CLOSED_FILED, pressed)
    await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>filed")


async def _close(work: Work, card: Card, closing: str, pressed: Pressed) -> None:
    await outbox.close(work, card, closing, cause=f"{pressed.cause}>closed", response_ref=pressed.response_ref)


# In words


async def run(ctx: Context, work: Work, member: Member, reply: Reply, said: evidence_words.FileTo) -> bool:
    """归到恒力: what waits, or what was filed last, within the merge window."""
    pieces = await _meant(ctx, work, member, reply)
    if not pieces:
        await outbox.say(work, reply.to, texts.NOTHING_TO_FILE, cause=f"{reply.cause}>nothing")
        return True
    customer = await called(work, reply, said.customer)
    if customer is not None:
        await put_by_word(ctx, work, pieces, customer, member=member, to=reply.to, cause=reply.cause)
    return True


async def put_by_word(
    ctx: Context,
    work: Work,
    pieces: Sequence[Evidence],
    customer: Customer,
    *,
    member: Member,
    to: Sender,
    cause: str,
) -> None:
    cards = dict.fromkeys(str(piece.detail[OFFER]) for piece in pieces if OFFER in piece.detail)
    told = await put(ctx, work, pieces, customer, member=member, cause=cause)
    for card_id in cards:
        card = await work.cards.find(card_id)
        if card is not None:
            await outbox.close(work, card, texts.CLOSED_FILED, cause=f"{cause}>closed:{card_id}")
    await outbox.say(work, to, told, cause=f"{cause}>filed")


async def called(work: Work, reply: Reply, name: str) -> Customer | None:
    """The one customer of that name; says so and gives None where there is none, or several."""
    found = await work.customers.called(name, limit=MOST_NAMED)
    if len(found) == 1:
        return found[0]
    told = texts.NO_SUCH_CUSTOMER.format(name=name)
    if found:
        names = "、".join(one.name for one in found)
        told = texts.WHICH_CUSTOMER.format(name=name, names=names, example=found[0].name)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>which")
    return None


async def _meant(ctx: Context, work: Work, member: Member, reply: Reply) -> list[Evidence]:
    """What is on open cards, else what came lately and waits, else what was filed by hand lately."""
    since = reply.sent_at - ctx.settings.merge_window
    waiting = [one for one in await work.files.unfiled(member.member_id) if not one.detail.get(LEFT)]
    offered = [one for one in waiting if await _is_offered(work, one)]
    if offered:
        return offered[:MOST_AT_ONCE]
    if lately := [one for one in waiting if one.sent_at >= since]:
        return lately[:MOST_AT_ONCE]
    sent = await work.files.latest_of(member.member_id, ("image", "file", "video"), since=since, until=reply.sent_at)
    filed = [one for one in sent if one.visit_id is None and one.customer_id is not None]
    return filed[:1]


async def _is_offered(work: Work, piece: Evidence) -> bool:
    card = await work.cards.find(str(piece.detail[OFFER])) if OFFER in piece.detail else None
    return card is not None and card.state == "open" and card.expires_at > work.now
