"""What of a customer's record a script may be said with: short lines with the record's own words.

A day in somebody's words (周五要) was counted from when they said it; such words are left out. What was agreed comes
with its date, unless that is over. Risks, attitudes and our own prices are nothing to put before a customer.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers import script_figures, wording
from handlers.record import ObjectionValue, PainValue, Record, StepValue
from handlers.script_figures import Figures
from nlp import dates
from nlp.adapted import BACKGROUND, Fact

MOST_OF_A_KIND = 2
LONGEST = 60
"""Characters: what is longer is a story, and not one thing."""


def of(figures: Figures, records: Sequence[Record], now: datetime, zone: ZoneInfo) -> tuple[Fact, ...]:
    """Empty where nothing is known beyond which customer it is: then there is nothing to say a script by."""
    found = (*_named(figures), *_said(records, now, zone), *_agreed(records, now, zone))
    return found if any(fact.kind != "customer" and fact.kind not in BACKGROUND for fact in found) else ()


def _named(figures: Figures) -> Iterator[Fact]:
    named = (
        Fact("customer", figures.customer),
        Fact("contact", figures.contact),
        Fact("industry", figures.industry),
        Fact("product", figures.product),
        Fact("competitor", figures.competitor),
        Fact("stage", figures.stage),
    )
    yield from (fact for fact in named if fact.words)


def _said(records: Sequence[Record], now: datetime, zone: ZoneInfo) -> Iterator[Fact]:
    """Of each kind what the record says that counts most and says any."""
    objections = next((found for record in records if (found := _objections(record))), [])
    pains = next((found for record in records if (found := _pains(record))), [])
    for kind, lines in (("objection", objections), ("pain", pains)):
        timeless = [line for line in lines if len(line) <= LONGEST and not dates.find(line, now, zone)]
        for line in list(dict.fromkeys(timeless))[:MOST_OF_A_KIND]:
            yield Fact("objection" if kind == "objection" else "pain", line)
    if budget := script_figures.budget_of(records):
        yield Fact("budget", f"预算 {budget.words}")


def _objections(record: Record) -> list[str]:
    facts = [fact for fact in record.facts if isinstance(fact.value, ObjectionValue)]
    return [" ".join(wording.objection(fact, record).split()) for fact in facts]


def _pains(record: Record) -> list[str]:
    return [" ".join(fact.source.words.split()) for fact in record.facts if isinstance(fact.value, PainValue)]


def _agreed(records: Sequence[Record], now: datetime, zone: ZoneInfo) -> Iterator[Fact]:
    today = now.astimezone(zone).date()
    for record in records[:1]:
        open_steps = [
            step
            for step in record.all(StepValue)
            if step.due is not None and step.due >= today and step.owner != "colleague"
        ]
        for step in open_steps[:MOST_OF_A_KIND]:
            assert step.due is not None  # chosen so above
            words = f"{step.due.month}月{step.due.day}日前{step.action}"
            if len(words) <= LONGEST:
                yield Fact("own_step" if step.owner == "us" else "customer_step", words)
