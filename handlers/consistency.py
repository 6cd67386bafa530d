"""What a draft says that does not go together with what is known of its deal: asked about once, on the draft's card.

Confirmed as it stands, what it says is what is known from then on, and is not asked about again. What the card that was
confirmed asked stays with the visit (`Visit.doubts`), so that `handlers.abnormal` can tell of it.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from typing import Literal

from handlers import deal_texts, notes_values, wording
from handlers.context import Context
from handlers.messages import Frozen
from handlers.record import AmountValue, DeciderValue, Record, RemarkValue, StageValue
from nlp.places import COMPOUND_SURNAMES
from storage.base import JsonObject
from storage.deal_models import Opportunity
from storage.models import Visit
from storage.work import Work

JUMPS_BY = 2
"""An amount that is so many times the one before, or that part of it, is asked about. Our own choice: less is
bargaining, and a wrong digit or a lost 万 is far more."""
_SIGNED = re.compile(r"签(?:了|好|完|下|约了|过)|已经?签|盖(?:了|好|完)章|签字了")
_COMPARED = ("budget", "quote", "deal")

DoubtKind = Literal["signed", "cost", "jump", "decider"]


class Doubt(Frozen):
    """A contradiction: what is asked about it, and the words of the record that it rests on."""

    kind: DoubtKind
    text: str
    words: str
    role: str = ""
    """Of an amount: what it is for."""
    answered: bool = False
    """Whether the rep has said something to it."""


async def doubts(ctx: Context, work: Work, visit: Visit, record: Record, deal: Opportunity) -> list[Doubt]:
    """What is asked about each contradiction, in the order of the record."""
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    known = {deal.stage, waiting.to_stage if waiting is not None else None}
    found = [*_signed_too_early(ctx, work, visit, record, deal, known), *_below_cost(record, deal)]
    found += [doubt async for doubt in _jumps(work, visit, record, deal)]
    found += [doubt async for doubt in _other_decider(work, visit, record, deal)]
    return found


def _signed_too_early(
    ctx: Context, work: Work, visit: Visit, record: Record, deal: Opportunity, known: Collection[str | None]
) -> Iterator[Doubt]:
    """已签约, while the contract is expected for a day that has not come; `known` are the stages said before."""
    said = next((fact for fact in record.facts if isinstance(fact.value, StageValue)), None)
    if said is None or not isinstance(said.value, StageValue) or not _SIGNED.search(said.source.words):
        return
    if deal.expected_on is not None and deal.expected_on > visit.visited_on and said.value.name not in known:
        on = wording.day(deal.expected_on, ctx.day_of(work.now))
        text = deal_texts.DOUBT_SIGNED.format(words=said.source.words, on=on)
        yield Doubt(kind="signed", text=text, words=said.source.words)


def _below_cost(record: Record, deal: Opportunity) -> Iterator[Doubt]:
    for quote in below_cost(record, deal.cost_fen):
        assert deal.cost_fen is not None  # it is compared with
        if quote.high_fen != deal.amount_fen:
            text = deal_texts.DOUBT_COST.format(quote=wording.money(quote), cost=wording.amount(deal.cost_fen))
            yield Doubt(kind="cost", text=text, words=words_of(record, quote), role=quote.role)


def below_cost(record: Record, cost_fen: int | None) -> list[AmountValue]:
    """What the record offers for less than that."""
    if cost_fen is None:
        return []
    return [
        quote
        for quote in record.all(AmountValue)
        if quote.role in ("quote", "deal")
        and quote.unit is None
        and quote.high_fen is not None
        and quote.high_fen < cost_fen
    ]


async def _jumps(work: Work, visit: Visit, record: Record, deal: Opportunity) -> AsyncIterator[Doubt]:
    told = [amount for amount in record.all(AmountValue) if amount.role in _COMPARED and amount.unit is None]
    if not told:
        return
    known = await notes_values.latest(work, deal, AmountValue, but=visit.visit_id)
    for amount in told:
        before = next((one for one, _ in known if one.role == amount.role and one.unit is None and one.high_fen), None)
        if before is None or not before.high_fen or not amount.high_fen:
            continue
        if max(amount.high_fen, before.high_fen) >= JUMPS_BY * min(amount.high_fen, before.high_fen):
            label = wording.AMOUNT_LABELS[amount.role]
            text = deal_texts.DOUBT_JUMP.format(label=label, was=wording.money(before), now=wording.money(amount))
            yield Doubt(kind="jump", text=text, words=words_of(record, amount), role=amount.role)


async def _other_decider(work: Work, visit: Visit, record: Record, deal: Opportunity) -> AsyncIterator[Doubt]:
    """Another than the confirmed one, or than the last that a record named while nobody has been confirmed."""
    deciders = record.all(DeciderValue)
    if not deciders:
        return
    if deal.decider_id is not None:
        known = (await work.customers.contact(deal.decider_id)).name
    elif named := await notes_values.latest(work, deal, DeciderValue, but=visit.visit_id):
        known = named[0][0].name
    else:
        return
    for decider in deciders:
        if not may_be_one(known, decider.name):
            text = deal_texts.DOUBT_DECIDER.format(was=known, now=decider.name)
            yield Doubt(kind="decider", text=text, words=words_of(record, decider))
            return


def words_of(record: Record, value: AmountValue | DeciderValue) -> str:
    return next(fact.source.words for fact in record.facts if fact.value == value)


# Kept with the visit


def kept(
    known: list[JsonObject] | None, found: Iterable[Doubt], *, before: Record | None, now: Record
) -> list[JsonObject] | None:
    """What the draft's card asks now, and of each whether the rep has said something to it since it was first asked.

    A remark (补充：…) that came since is an answer; a value that was put right leaves no doubt at all.
    """
    asked = {one.text: one for one in doubts_of(known)}
    has_remarked = before is not None and len(now.all(RemarkValue)) > len(before.all(RemarkValue))
    rows = []
    for doubt in found:
        earlier = asked.get(doubt.text)
        is_answered = earlier is not None and (earlier.answered or has_remarked)
        rows.append(doubt.model_copy(update={"answered": is_answered}).model_dump(mode="json"))
    return rows or None


def asked(doubt: Doubt) -> str:
    """As the draft's card asks it, which can still be corrected by a reply."""
    return doubt.text + (deal_texts.DOUBT_CORRECT if doubt.kind in ("signed", "cost") else "")


def doubts_of(rows: list[JsonObject] | None) -> list[Doubt]:
    return [Doubt.model_validate(row) for row in rows or ()]


def may_be_one(one: str, other: str) -> bool:
    """Whether two ways to call somebody may mean one person: the same surname.

    >>> may_be_one("李建国", "李总"), may_be_one("李建国", "张董事长"), may_be_one("欧阳明", "欧阳总")
    (True, False, True)
    """
    return _surname(one) == _surname(other)


def _surname(name: str) -> str:
    return name[:2] if name[:2] in COMPOUND_SURNAMES else name[:1]
