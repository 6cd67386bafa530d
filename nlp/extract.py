"""A note becomes a draft of a visit record, by rules, offline. No span, no value.

Where words could fill two fields, or two values one field, these rules decide; each has a test of its name:

1. A demand of the customer's is no step. It becomes one of ours where we agree (我答应了) or a date is set (定在周二).
2. A step belongs to the first who fits: a colleague who is asked or who promises, then us, then the customer; a clause
   without a subject goes on for whoever acted just before it in the sentence, and is ours otherwise.
3. What has been done is no step, and neither is what only happens (招标, 开标), what is wished for, or what depends on a
   condition, unless it is promised.
4. 再联系 without a date is vague wording and no step; with a date it is a step and not vague.
5. A price said of a competitor is no quote, and what the customer would like to pay is none either.
6. A percentage within an objection, or right behind it, says by how much; it stays in the list of percentages.
7. Of several stages that the words show the furthest counts. What is planned, conditional or a competitor's shows none,
   except that our work on a solution shows 方案设计 even ahead.
8. A pain point that the customer denies (不在意价格) is neither a pain point nor an objection.
9. Words that sound like a person and are a listed competitor are the competitor.
10. A value that the speaker takes back (八十万，不对，八十五万) is none; the corrected one counts.
11. A chat is no visit: it happened on the day it was sent, and everybody speaks in it for himself.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from nlp import (
    clauses,
    companies,
    dates,
    demands,
    dialogue,
    money,
    names,
    opinions,
    people,
    risk,
    steps,
    summary,
    thoughts,
    vague,
    visits,
)
from nlp.draft import (
    Amount,
    CompetitorMention,
    CustomerEntry,
    CustomerMention,
    Essential,
    ExtractionContext,
    NextStep,
    Span,
    VagueMention,
    VisitDraft,
)


def extract(text: str, context: ExtractionContext) -> VisitDraft:
    """The facts of a note with the words that they came from; never raises, whatever the text.

    Days count from `context.sent_at` in `context.zone`. In a chat (source "wechat") the first line is the title and `我：` marks
    the rep's lines. Equal input gives an equal draft.
    """
    words = clauses.fold(text)
    title: Span | None = None
    if context.source == "wechat":
        chat = dialogue.read(words)
        title, pieces = chat.title, list(chat.pieces)
    else:
        pieces = clauses.split(words)
    vocabulary = context.vocabulary
    competitors = companies.competitors(words, vocabulary.competitors, context.customers)
    rivals = tuple(rival.name for rival in competitors)
    customer = companies.customer(words, context.customers, title=title, competitors=competitors)
    times = dates.find(words, context.sent_at, context.zone)
    shorts = tuple(short for name in rivals if len(short := names.parts_of(name).brand) >= 2)
    signals = tuple(risk.signals(words, pieces, vocabulary, competitors=(*rivals, *shorts)))
    sent_at = context.sent_at.astimezone(context.zone)
    told = thoughts.think(words, pieces, times)
    wanted = demands.find(told)
    empty = vague.find(told)
    figures = money.read(words, rivals=_as_said(words, competitors), pieces=pieces)
    visit = visits.find(words, pieces, times, sent_at)
    contacts = tuple(
        contact
        for contact in people.contacts(
            words,
            pieces,
            _meant(context, customer),
            companies=[customer.span] if customer else (),
            competitors=rivals,
            title=title,
        )
        # 竞品是华工和科锐: a company that sounds like an engineer
        if contact.name not in rivals
    )
    draft = VisitDraft(
        visited_on=visit.on,
        visited_span=visit.span,
        visited_time=visit.at,
        place=visit.place,
        summary="",
        attitude=opinions.attitude(pieces, signals, (*rivals, *shorts)),
        customer=customer,
        others=companies.others(words, context.customers, title=title, competitors=competitors),
        contacts=contacts,
        stage=opinions.stage(words, pieces, vocabulary, times, competitors, sent_on=sent_at.date()),
        amounts=_amounts(words, figures.amounts),
        withdrawn=figures.withdrawn,
        percents=figures.percents,
        quantities=figures.quantities,
        competitors=competitors,
        pain_points=opinions.pain_points(words, pieces, vocabulary, rivals),
        objections=opinions.objections(words, pieces, vocabulary, rivals, figures.percents),
        next_steps=_concrete(steps.find(words, told, wanted, [contact.name for contact in contacts]), empty),
        signals=signals,
        demands=wanted,
        vague=empty,
    )
    draft = replace(draft, missing=missing(draft))
    return replace(draft, summary=summary.summarise(text, draft))


def _concrete(found: Sequence[NextStep], empty: Sequence[VagueMention]) -> tuple[NextStep, ...]:
    """Without the steps that are only vague wording: 后续再联系 is one where it has a date."""

    def is_empty(step: NextStep) -> bool:
        return step.due is None and any(
            mention.span.start < step.span.end and step.span.start < mention.span.end for mention in empty
        )

    return tuple(step for step in found if not is_empty(step))


def _meant(context: ExtractionContext, customer: CustomerMention | None) -> tuple[CustomerEntry, ...]:
    """The customers whose listed contacts may be meant: the one found, or its candidates."""
    if customer is None:
        return ()
    wanted = {customer.value, *(candidate.name for candidate in customer.candidates)}
    return tuple(entry for entry in context.customers if entry.name in wanted)


_SOMEBODYS = re.compile(
    r"[^他她们户我咱这那，。、！？；,.!?;\s]那边(?!的)[^，。！？；我\n]{0,8}[，,]?(?:价格|报价)(?:只要|才|就|更低)?[^，。！？；我\n]{0,3}$"
)


def _amounts(text: str, read: Sequence[Amount]) -> tuple[Amount, ...]:
    """The amounts that were read, once each; a price said of somebody else's is the competitor's."""
    found: dict[tuple[object, ...], Amount] = {}
    for amount in read:
        if amount.role in ("quote", "other") and _of_competitor(text, amount):
            amount = replace(amount, role="competitor_price")
        found.setdefault((amount.role, amount.low_fen, amount.high_fen, amount.unit), amount)
    return tuple(found.values())


def _as_said(text: str, competitors: Sequence[CompetitorMention]) -> list[str]:
    """The competitors' names, in full, short, and as the text spells them."""
    said = {
        name for rival in competitors for name in (rival.name, rival.span.of(text), names.parts_of(rival.name).brand)
    }
    return sorted(name for name in said if len(name) >= 2)


def _of_competitor(text: str, amount: Amount) -> bool:
    return bool(_SOMEBODYS.search(text, max(0, amount.span.start - 24), amount.span.start))


def missing(draft: VisitDraft) -> tuple[Essential, ...]:
    """What a record that a manager can use has and this one lacks, the most important first: whom it is about, what
    happens next and when, with whom, and how far it has come. A date is missed only where there is a step."""
    steps = draft.next_steps
    lacks: tuple[tuple[Essential, bool], ...] = (
        ("customer", draft.customer is None),
        ("next_step", not steps),
        ("next_step_due", bool(steps) and all(step.due is None for step in steps)),
        ("contact", not draft.contacts),
        ("stage", draft.stage is None),
    )
    return tuple(name for name, is_lacking in lacks if is_lacking)


def grounded(text: str, draft: VisitDraft) -> bool:
    """Whether every span of the draft lies in the text and holds words."""
    return all(0 <= span.start < span.end <= len(text) and span.of(text).strip() for span in spans(draft))


def spans(draft: VisitDraft) -> list[Span]:
    """Every span of the draft: one for each value and each due date."""
    single = (draft.customer, draft.stage, draft.place)
    many: tuple[Sequence[_Spanned], ...] = (
        draft.contacts, draft.amounts, draft.percents, draft.competitors, draft.pain_points, draft.objections, draft.next_steps, draft.signals,
        draft.demands, draft.quantities, draft.withdrawn, draft.others, draft.vague,
    )  # fmt: skip
    found = [each.span for each in single if each is not None]
    found += [each.span for group in many for each in group]
    found += [step.due_span for step in draft.next_steps if step.due_span]
    found += [demand.due_span for demand in draft.demands if demand.due_span]
    return [*found, draft.visited_span] if draft.visited_span else found


class _Spanned(Protocol):
    @property
    def span(self) -> Span: ...
