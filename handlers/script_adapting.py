"""The plans of an answer, said for this customer by a language model where one is set up; else as the library has them.

Nothing here can fail an answer: a model that is away, late, or says what neither script nor record says leaves the
library's words as they stand, and the log tells why, without words.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from handlers import script_plans
from handlers.context import Context
from handlers.script_plans import Plan
from nlp import adapted_check
from nlp.adapted import Fact, NotAdapted, Passage, Rewrite

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reworded:
    """`of` are the words that it was made of: once the library says something else, it stands for nothing."""

    of: str
    words: str


async def reworded(
    ctx: Context, plans: Sequence[Plan], facts: Sequence[Fact], question: str, *, cause: str
) -> Mapping[str, Reworded]:
    """By code, those that may be said in other words. To be called with no transaction open."""
    passages = {plan.code: Passage(plan.code, plan.words) for plan in plans if not plan.is_cut}
    if ctx.adapter is None or not passages or not facts:
        return {}
    try:
        rewrites = await ctx.adapter.adapt(list(passages.values()), facts, question)
    except NotAdapted as failure:
        log.warning("script.not_adapted", extra={"event": cause, "reason": failure.kind})
        return {}
    return await asyncio.to_thread(_checked, passages, facts, rewrites, ctx.adapter.name, cause)


def _checked(
    passages: Mapping[str, Passage], facts: Sequence[Fact], rewrites: Sequence[Rewrite], engine: str, cause: str
) -> Mapping[str, Reworded]:
    taken: dict[str, Reworded] = {}
    for rewrite in rewrites:
        passage = passages.get(rewrite.code)
        if passage is None or rewrite.words == passage.words:
            continue
        too_long = len(rewrite.words) > script_plans.MOST_WORDS
        refused = "length" if too_long else adapted_check.fault(passage, facts, rewrite)
        extra = {"event": cause, "script": rewrite.code, "engine": engine}
        if refused is None:
            taken[rewrite.code] = Reworded(passage.words, rewrite.words)
            log.info("script.adapted", extra=extra)
        else:
            log.warning("script.adaptation_refused", extra={**extra, "reason": refused})
    return taken


def put_in(plans: Sequence[Plan], found: Mapping[str, Reworded]) -> list[Plan]:
    """The plans with their new words, where those were made of what the plan says now."""
    return [
        replace(plan, words=new.words, is_adapted=True)
        if (new := found.get(plan.code)) is not None and new.of == plan.words
        else plan
        for plan in plans
    ]
