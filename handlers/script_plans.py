"""Which of the scripts that were found are offered: of different kinds, in words that say only what is known."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handlers import texts, wording
from handlers.script_figures import Figures
from nlp import instalments, script_words
from nlp.instalments import Schedule
from nlp.scripts import Hit
from storage.models import Script

MOST = 3
CANDIDATES = 30
"""So many of the best are looked at for plans of different kinds."""
FAIR = 0.8
"""Of the first one's score: what is below that fits too little to stand beside it,"""
AKIN = 0.13
"""unless it is of the same category: another way to answer the same objection."""
SURE = 0.5
"""A score above this says no more of the others: it is the stored phrasing, word by word."""
MOST_WORDS = 260
"""Characters: what takes a minute to read aloud is no answer in front of a customer."""
MOST_PARTS = 4
"""Lines of a schedule that are written out."""
INSTALMENTS, SAVINGS = "分期付款测算", "成本优化清单"
OF_A_SCHEDULE = frozenset({"期数", "每期"})
PRICES = frozenset({"我方报价", "竞品价", "差额", "差价比例"})
SPEAKS_OF_PAYING = re.compile("期|付|款")
ABOUT_PRICES = frozenset({"价格", "采购压价", "招标比价"})
"""Categories in which two prices are compared."""


@dataclass(frozen=True)
class Plan:
    """`words` may be said as they stand; `why` it was chosen; `sums` are lines reckoned for this customer."""

    code: str
    title: str
    kind: str
    category: str
    words: str
    why: str
    sums: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    names_prices: bool = False
    """Whether the script speaks of two prices, said or left out."""
    is_cut: bool = False
    """Whether there is more of the script than `words`."""
    is_adapted: bool = False
    """Whether a language model put `words` so; what they say is the script's and the record's."""


def of_different_kinds(hits: Sequence[Hit]) -> list[Hit]:
    """The best, and of each other kind the best that is still fair; a script of no kind is like no other."""
    chosen: list[Hit] = []
    for hit in hits:
        kinds = {one.kind for one in chosen}
        if not chosen or (not (hit.kind and hit.kind in kinds) and (fits(hit, chosen[0]) or _is_akin(hit, chosen[0]))):
            chosen.append(hit)
    return chosen[:MOST]


def fits(hit: Hit, best: Hit) -> bool:
    return hit.score >= FAIR * best.score


def _is_akin(hit: Hit, best: Hit) -> bool:
    return bool(hit.category) and hit.category == best.category and hit.score >= AKIN * min(best.score, SURE)


def also(hits: Sequence[Hit], chosen: Sequence[Hit]) -> list[Hit]:
    """Good ones that gave way to another kind."""
    offered = {hit.script_id for hit in chosen}
    return [hit for hit in hits[:MOST] if hit.script_id not in offered and fits(hit, chosen[0])]


def sayable(scripts: Iterable[Script], figures: Figures) -> dict[str, Script]:
    """By code, those of which something can be said with what is known."""
    values = figures.values()
    return {script.code: script for script in scripts if script_words.filled(script.body, values)}


def plan(script: Script, figures: Figures, *, phrasing: str | None = None) -> Plan | None:
    """The script for this customer; None where nothing of it can be said without what is not known."""
    words = script_words.filled(script.body, figures.values())
    if not words:
        return None
    return Plan(
        code=script.code,
        title=script.title,
        kind=script.plan_kind,
        category=script.category,
        words=_short(words, script.code),
        why=_why(script, figures, phrasing),
        sums=tuple(_sums(script, figures)),
        materials=tuple(script.materials),
        names_prices=bool(PRICES & set(script_words.placeholders(script.body))),
        is_cut=len(words) > MOST_WORDS,
    )


def _short(words: str, code: str) -> str:
    """Whole sentences, as many as can be read aloud; the rest is a command away."""
    if len(words) <= MOST_WORDS:
        return words
    kept = ""
    for sentence in script_words.sentences(words):
        if len(kept) + len(sentence) > MOST_WORDS:
            break
        kept += sentence
    return (kept or wording.shortened(words, MOST_WORDS)).rstrip() + texts.ANSWER_GO_ON.format(code=code)


def _why(script: Script, figures: Figures, phrasing: str | None) -> str:
    reasons = [
        texts.ANSWER_WHY_SAID.format(phrasing=phrasing) if phrasing else "",
        texts.ANSWER_WHY_STAGE.format(stage=figures.stage) if figures.stage in script.stages else "",
        texts.ANSWER_WHY_INDUSTRY.format(industry=figures.industry) if figures.industry in script.industries else "",
        texts.ANSWER_WHY_PRODUCT.format(product=figures.product) if figures.product in script.products else "",
        texts.ANSWER_WHY_COMPETITOR.format(competitor=figures.competitor)
        if figures.competitor in script.competitors
        else "",
    ]
    found = [reason for reason in reasons if reason]
    if not found and script.category:
        found = [texts.ANSWER_WHY_CATEGORY.format(category=script.category)]
    return "，".join(found)


# What is reckoned


def shares(figures: Figures) -> str:
    """我方比竞品高 17.6%，竞品比我方低 15%; empty where a price is not known."""
    gap = figures.gap
    if gap is None:
        return ""
    if gap.fen == 0:
        return texts.ANSWER_SAME
    above, below = (wording.percent(abs(float(share))) for share in (gap.percent_of_theirs, gap.percent_of_ours))
    return (texts.ANSWER_DEARER if gap.fen > 0 else texts.ANSWER_CHEAPER).format(above=above, below=below)


def compares(plans: Sequence[Plan], figures: Figures) -> bool:
    """Whether two prices are what it is about: the question or the answer speaks of them."""
    if figures.is_compared:
        return True
    return plans[0].category in ABOUT_PRICES and figures.terms.count is None


def missing_price(plans: Sequence[Plan], figures: Figures) -> str:
    """Which number would let us reckon the difference; empty where none is missing, or none was spoken of."""
    is_wanted = figures.is_compared or "贵" in figures.question or any(plan.names_prices for plan in plans)
    if figures.gap is not None or not is_wanted:
        return ""
    if figures.ours is not None:
        return texts.ANSWER_THEIR_PRICE
    return texts.ANSWER_OUR_PRICE if figures.is_compared else texts.ANSWER_BOTH_PRICES


def _sums(script: Script, figures: Figures) -> list[str]:
    if script.plan_kind == INSTALMENTS:
        line = _instalments(figures, asks=bool(OF_A_SCHEDULE & set(script_words.placeholders(script.body))))
        return [line] if line else []
    if script.plan_kind == SAVINGS:
        return _over_the_years(figures)
    return []


def _instalments(figures: Figures, *, asks: bool) -> str:
    """The schedule; or what is missing for it, where the script `asks` for one."""
    if figures.terms.count is not None and figures.terms.unclear:
        return texts.ANSWER_TERMS_UNCLEAR
    if schedule := figures.schedule:
        return schedule_words(schedule, figures.down_fen)
    missing = [texts.ANSWER_TERMS_QUOTE] * (figures.ours is None or figures.ours.unit is not None)
    missing += [texts.ANSWER_TERMS_COUNT] * (figures.terms.count is None)
    asks = figures.terms.count is not None or (asks and SPEAKS_OF_PAYING.search(figures.question) is not None)
    return texts.ANSWER_TERMS_MISSING.format(missing="和".join(missing)) if missing and asks else ""


def schedule_words(schedule: Schedule, down_fen: int) -> str:
    """Runs of equal instalments in a line each; of a long table the first, and the last."""
    runs: list[tuple[int, int, int]] = []
    for number, instalment in enumerate(schedule.instalments, start=1):
        if runs and runs[-1][2] == instalment.fen:
            runs[-1] = (runs[-1][0], number, instalment.fen)
        else:
            runs.append((number, number, instalment.fen))
    parts = [
        (texts.ANSWER_EACH if first == last else texts.ANSWER_EACH_OF).format(
            first=first, last=last, amount=wording.yuan(fen)
        )
        for first, last, fen in runs
    ]
    if len(parts) > MOST_PARTS:
        parts = [*parts[: MOST_PARTS - 1], "…", parts[-1]]
    terms = texts.ANSWER_NO_INTEREST
    if schedule.annual_percent is not None:
        terms = texts.ANSWER_RATE.format(
            method=texts.ANSWER_METHODS[schedule.method],
            percent=wording.percent(float(schedule.annual_percent)),
            interest=wording.yuan(schedule.interest_fen),
        )
    down = texts.ANSWER_DOWN.format(down=wording.yuan(down_fen)) if down_fen else ""
    return texts.ANSWER_INSTALMENTS.format(
        amount=f"{down}{wording.amount(schedule.principal_fen)}",
        count=len(schedule.instalments),
        terms=terms,
        parts="，".join(parts),
        total=wording.yuan(schedule.fen + down_fen),
    )


def _over_the_years(figures: Figures) -> list[str]:
    """What it costs in use and when it has paid for itself, where the question says what that takes."""
    price, terms = figures.ours, figures.terms
    if price is None or price.unit is not None:
        return []
    lines = []
    if terms.saved_yearly_fen:
        months = instalments.payback_months(price.fen, terms.saved_yearly_fen)
        lines.append(
            texts.ANSWER_PAYBACK.format(saved=wording.amount(terms.saved_yearly_fen), months=months, price=price.words)
        )
    if terms.spent_yearly_fen and terms.years:
        total = instalments.cost_of_ownership(price.fen, terms.spent_yearly_fen, terms.years)
        lines.append(
            texts.ANSWER_OWNERSHIP.format(
                price=price.words,
                yearly=wording.amount(terms.spent_yearly_fen),
                years=terms.years,
                total=wording.amount(total),
            )
        )
    return lines
