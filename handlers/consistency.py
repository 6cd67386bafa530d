"""What a draft says that does not go together with what is known of its deal: asked about once, on the draft's card.

Confirmed as it stands, what it says is what is known from then on, and is not asked about again.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterator

from handlers import deal_texts, notes_values, wording
from handlers.context import Context
from handlers.record import AmountValue, DeciderValue, Record, StageValue
from nlp.places import COMPOUND_SURNAMES
from storage.deal_models import Opportunity
from storage.models import Visit
from storage.work import Work

JUMPS_BY = 2
"""An amount that is so many times the one before, or that part of it, is asked about. Our own choice: less is
bargaining, and a wrong digit or a lost 万 is far more."""
_SIGNED = re.compile(r"签(?:了|好|完|下|约了|过)|已经?签|盖(?:了|好|完)章|签字了")
_COMPARED = ("budget", "quote", "deal")


async def doubts(ctx: Context, work: Work, visit: Visit, record: Record, deal: Opportunity) -> list[str]:
    """A sentence for each contradiction, in the order of the record."""
    waiting = await work.opportunities.proposed(deal.opportunity_id)
    known = {deal.stage, waiting.to_stage if waiting is not None else None}
    found = [*_signed_too_early(ctx, work, visit, record, deal, known), *_below_cost(record, deal)]
    found += [doubt async for doubt in _jumps(work, record, deal)]
    found += [doubt async for doubt in _other_decider(work, record, deal)]
    return found


def _signed_too_early(
    ctx: Context, work: Work, visit: Visit, record: Record, deal: Opportunity, known: Collection[str | None]
) -> Iterator[str]:
    """已签约, while the contract is expected for a day that has not come; `known` are the stages said before."""
    said = next((fact for fact in record.facts if isinstance(fact.value, StageValue)), None)
    if said is None or not isinstance(said.value, StageValue) or not _SIGNED.search(said.source.words):
        return
    if deal.expected_on is not None and deal.expected_on > visit.visited_on and said.value.name not in known:
        on = wording.day(deal.expected_on, ctx.day_of(work.now))
        yield deal_texts.DOUBT_SIGNED.format(words=said.source.words, on=on)


def _below_cost(record: Record, deal: Opportunity) -> Iterator[str]:
    if deal.cost_fen is None:
        return
    for quote in record.all(AmountValue):
        if quote.role not in ("quote", "deal") or quote.unit is not None or quote.high_fen is None:
            continue
        if quote.high_fen < deal.cost_fen and quote.high_fen != deal.amount_fen:
            yield deal_texts.DOUBT_COST.format(quote=wording.money(quote), cost=wording.amount(deal.cost_fen))


async def _jumps(work: Work, record: Record, deal: Opportunity) -> AsyncIterator[str]:
    told = [amount for amount in record.all(AmountValue) if amount.role in _COMPARED and amount.unit is None]
    if not told:
        return
    known = await notes_values.latest(work, deal, AmountValue)
    for amount in told:
        before = next((one for one, _ in known if one.role == amount.role and one.unit is None and one.high_fen), None)
        if before is None or not before.high_fen or not amount.high_fen:
            continue
        if max(amount.high_fen, before.high_fen) >= JUMPS_BY * min(amount.high_fen, before.high_fen):
            label = wording.AMOUNT_LABELS[amount.role]
            yield deal_texts.DOUBT_JUMP.format(label=label, was=wording.money(before), now=wording.money(amount))


async def _other_decider(work: Work, record: Record, deal: Opportunity) -> AsyncIterator[str]:
    if deal.decider_id is None:
        return
    known = (await work.customers.contact(deal.decider_id)).name
    for decider in record.all(DeciderValue):
        if not may_be_one(known, decider.name):
            yield deal_texts.DOUBT_DECIDER.format(was=known, now=decider.name)
            return


def may_be_one(one: str, other: str) -> bool:
    """Whether two ways to call somebody may mean one person: the same surname.

    >>> may_be_one("李建国", "李总"), may_be_one("李建国", "张董事长"), may_be_one("欧阳明", "欧阳总")
    (True, False, True)
    """
    return _surname(one) == _surname(other)


def _surname(name: str) -> str:
    return name[:2] if name[:2] in COMPOUND_SURNAMES else name[:1]
