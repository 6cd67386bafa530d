"""What a deal's confirmed records say, the latest first, each with the words it came from."""

from collections.abc import Sequence
from typing import TypeVar

from handlers.record import Value, record_of
from storage.deal_models import Opportunity
from storage.work import Work

V = TypeVar("V", bound=Value)
MOST_LOOKED_AT = 20


async def latest(work: Work, deal: Opportunity, kind: type[V], *, but: int | None = None) -> Sequence[tuple[V, str]]:
    """Of the deal's own visits, and of its customer's that were about no deal in particular; the visit `but` aside."""
    name = kind.model_fields["kind"].default
    rows = await work.visits.latest_values(
        deal.customer_id, name, opportunity_id=deal.opportunity_id, but=but, limit=MOST_LOOKED_AT
    )
    facts = record_of(rows).facts
    return [(fact.value, fact.source.words) for fact in facts if isinstance(fact.value, kind)]
