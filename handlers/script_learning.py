"""What is learned of each script: whether people called it useful, and whether the deals it was offered in moved on.

    factor = 1 + 0.15 · (0.7 · verdicts + 0.3 · deals)

    verdicts = (useful - useless) / (useful + useless + 20)
    deals = (advanced - share · offered) / (offered + 20)

Both terms lie between -1 and 1, so the factor lies within `LEAST` to `MOST` of nlp.scripts, whatever people press: by
those bounds a script that fits a question half as well again as another stays before it. `verdicts` is the Beta prior
of ten useful and ten useless votes, `deals` one of twenty offers that did as well as all scripts together (`share`): a
handful of votes moves little. A member counts once a script, by their last word, and a customer once a script.

Both priors and the weights are ours, chosen and not measured: a team has ten to fifty reps, so twenty votes are what a
script may hope for; and a word on the script itself says more of it than a deal, which moves for many reasons.

A deal has moved on where a confirmed visit within `MOVES_WITHIN` after the question tells of a later stage than the
last visit up to that day. Of a customer whose stage nobody told before, nothing is counted, and an offer counts once
that time is over: until then nobody knows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from handlers.context import Context
from nlp.scripts import LEAST, MOST
from storage.scripts import Verdict
from storage.work import Work

REACH = min(MOST - 1, 1 - LEAST)
BY_VERDICTS, BY_DEALS = 0.7, 0.3
PRIOR = 20
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


async def weights(ctx: Context, work: Work) -> Mapping[str, float]:
    """A factor for each script of which something was learned; any other has 1."""
    verdicts, deals = await work.scripts.verdicts(), await _deals(ctx, work)
    offered = sum(each.offered for each in deals.values())
    share = sum(each.advanced for each in deals.values()) / offered if offered else 0.0
    return {
        code: factor(verdicts.get(code, Verdict(0, 0)), deals.get(code, Deals()), share)
        for code in sorted(verdicts.keys() | deals.keys())
    }


def factor(verdict: Verdict, deals: Deals, share: float) -> float:
    """`share` is how many of the deals of all scripts moved on.

    >>> factor(Verdict(3, 0), Deals(), 0.0), factor(Verdict(30, 2), Deals(), 0.0)
    (1.0137, 1.0565)
    """
    votes = verdict.useful + verdict.useless
    by_verdicts = (verdict.useful - verdict.useless) / (votes + PRIOR)
    by_deals = (deals.advanced - share * deals.offered) / (deals.offered + PRIOR)
    learned = REACH * (BY_VERDICTS * by_verdicts + BY_DEALS * by_deals)
    return round(min(max(1 + learned, LEAST), MOST), 4)


async def _deals(ctx: Context, work: Work) -> Mapping[str, Deals]:
    since = work.now - LOOKS_BACK
    told = await work.visits.stages_of(work.scripts.asked_about(since))
    ranks = {stage: rank for rank, stage in enumerate(ctx.settings.vocabulary.stages)}
    moved: dict[tuple[str, int], bool] = {}
    for offer in await work.scripts.offers(since, until=work.now - MOVES_WITHIN):
        has_moved = has_moved_on(told.get(offer.customer_id, ()), ctx.day_of(offer.asked_at), ranks)
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
