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
that time is over: until then nobody knows. Deals are counted once a day and whenever the library changes
(handlers/script_deals.py), verdicts at each question.
"""

from collections.abc import Mapping

from handlers.context import Context
from handlers.script_deals import Deals
from nlp.scripts import LEAST, MOST
from storage.scripts import Verdict
from storage.work import Work

REACH = min(MOST - 1, 1 - LEAST)
BY_VERDICTS, BY_DEALS = 0.7, 0.3
PRIOR = 20


async def weights(ctx: Context, work: Work) -> Mapping[str, float]:
    """A factor for each script of which something was learned; any other has 1."""
    verdicts = await work.scripts.verdicts()
    stages = ctx.settings.vocabulary.stages
    deals = await ctx.scripts.deals.of(work, ctx.day_of(work.now), ctx.settings.zone, stages)
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
