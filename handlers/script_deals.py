"""Whether deals moved on after a script was offered in them, counted once a day.

A year of a large team is tens of thousands of offers, which take most of a second to hold against what visits told, and
what comes out changes by the day: an offer counts once thirty days are over. A question must not wait for that.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.scripts import Offer, Revision
from storage.work import Work

MOVES_WITHIN = timedelta(days=30)
LOOKS_BACK = timedelta(days=365)
"""What was offered earlier says little about how we sell now."""

Told = Sequence[tuple[date, str]]
"""Stages as visits told of them, the earliest first."""


@dataclass(frozen=True)
class Deals:
    """Of the customers about whom a script was offered, and whose stage is known: how many, and how many moved on."""

    offered: int = 0
    advanced: int = 0


@dataclass
class DealsOfTheDay:
    """By code, as they were counted at the day's first question, or after the last change of the library.

    A changed script begins anew at once; what a visit confirmed late tells counts from the next day on.
    """

    _counted: Mapping[str, Deals] = field(default_factory=dict)
    _seen: tuple[Revision, date] | None = None
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, work: Work, today: date, zone: ZoneInfo, stages: Sequence[str]) -> Mapping[str, Deals]:
        async with self._counting:
            seen = await work.scripts.revision(), today
            if seen != self._seen:
                self._counted, self._seen = await _count(work, today, zone, stages), seen
            return self._counted


async def _count(work: Work, today: date, zone: ZoneInfo, stages: Sequence[str]) -> Mapping[str, Deals]:
    begins = datetime.combine(today, time.min, zone)
    since = begins - LOOKS_BACK
    told = await work.visits.stages_of(work.scripts.asked_about(since))
    offers = await work.scripts.offers(since, until=begins - MOVES_WITHIN)
    return await asyncio.to_thread(counted, offers, told, zone, stages)


def counted(
    offers: Iterable[Offer], told: Mapping[int, Told], zone: ZoneInfo, stages: Sequence[str]
) -> Mapping[str, Deals]:
    """By code; a customer counts once a script."""
    ranks = {stage: rank for rank, stage in enumerate(stages)}
    moved: dict[tuple[str, int], bool] = {}
    for offer in offers:
        has_moved = has_moved_on(told.get(offer.customer_id, ()), offer.asked_at.astimezone(zone).date(), ranks)
        if has_moved is not None:
            key = offer.code, offer.customer_id
            moved[key] = moved.get(key, False) or has_moved
    offered = Counter(code for code, _ in moved)
    advanced = Counter(code for (code, _), has_moved in moved.items() if has_moved)
    return {code: Deals(count, advanced[code]) for code, count in offered.items()}


def has_moved_on(told: Told, day: date, ranks: Mapping[str, int]) -> bool | None:
    """Whether a later stage was told of within `MOVES_WITHIN` after that day than up to it; None where none was known.

    >>> ranks = {"需求确认": 0, "报价审批": 1}
    >>> has_moved_on([(date(2026, 11, 2), "需求确认"), (date(2026, 11, 9), "报价审批")], date(2026, 11, 2), ranks)
    True
    """
    stage = moved_to(told, day, ranks)
    return None if stage is None else bool(stage)


def moved_to(told: Told, day: date, ranks: Mapping[str, int]) -> str | None:
    """The furthest of those later stages; empty where there is none, None where no stage was known up to that day."""
    known = [(on, stage) for on, stage in told if stage in ranks]
    before = [ranks[stage] for on, stage in known if on <= day]
    if not before:
        return None
    later = [stage for on, stage in known if day < on <= day + MOVES_WITHIN and ranks[stage] > before[-1]]
    return max(later, key=lambda stage: ranks[stage], default="")
