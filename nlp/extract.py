"""A note becomes a draft of a visit record, by rules, offline. No span, no value."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from nlp import clauses, companies, dates, dialogue, money, names, opinions, people, risk, steps, summary
from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import (
    Amount,
    CompetitorMention,
    CustomerEntry,
    CustomerMention,
    ExtractionContext,
    Span,
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
    draft = VisitDraft(
        visited_on=_visited_on(pieces, times, context),
        summary="",
        attitude=opinions.attitude(pieces, signals),
        customer=customer,
        contacts=tuple(
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
        ),
        stage=opinions.stage(
            words, pieces, vocabulary, times, competitors, sent_on=context.sent_at.astimezone(context.zone).date()
        ),
        amounts=_amounts(words, competitors, pieces),
        percents=tuple(money.percents(words)),
        competitors=competitors,
        pain_points=opinions.pain_points(words, pieces, vocabulary, rivals),
        objections=opinions.objections(words, pieces, vocabulary, rivals),
        next_steps=steps.find(words, pieces, times),
        signals=signals,
    )
    return replace(draft, summary=summary.summarise(text, draft))


def _meant(context: ExtractionContext, customer: CustomerMention | None) -> tuple[CustomerEntry, ...]:
    """The customers whose listed contacts may be meant: the one found, or its candidates."""
    if customer is None:
        return ()
    wanted = {customer.value, *(candidate.name for candidate in customer.candidates)}
    return tuple(entry for entry in context.customers if entry.name in wanted)


_SOMEBODYS = re.compile(
    r"[^他她们户我咱这那，。、！？；,.!?;\s]那边(?!的)[^，。！？；我\n]{0,8}[，,]?(?:价格|报价)(?:只要|才|就|更低)?[^，。！？；我\n]{0,3}$"
)


def _amounts(text: str, competitors: Sequence[CompetitorMention], pieces: Sequence[Clause]) -> tuple[Amount, ...]:
    """The text's amounts, once each; a price said of somebody else's is the competitor's."""
    found: dict[tuple[object, ...], Amount] = {}
    for amount in money.amounts(text, rivals=_as_said(text, competitors), pieces=pieces):
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


LONGEST_AGO_DAYS = 31
"""A day further back is not that of the visit that the note tells of."""
_VISIT = re.compile(
    r"拜访|去了?|见了?|见到|跑了?|参观|开了?会|聊|谈|通了?电话|吃了?饭|沟通|交流|演示|出来|回来|到了|走访|回访"
)


def _visited_on(pieces: Sequence[Clause], times: Sequence[TimeMention], context: ExtractionContext) -> date:
    """The day of the visit: a day that is over in a clause about a visit (昨天去了…), else the day of sending."""
    sent_on = context.sent_at.astimezone(context.zone).date()
    for clause in pieces[:6]:
        for mention in times:
            day = _day_over(clause, mention)
            about_a_visit = _VISIT.search(clause.text[mention.span.end - clause.start :]) if day else None
            if day and about_a_visit and (sent_on - day).days <= LONGEST_AGO_DAYS:
                return day
    return sent_on


def _day_over(clause: Clause, mention: TimeMention) -> date | None:
    """The one day that a past mention in the clause names."""
    inside = clause.start <= mention.span.start and mention.span.end <= clause.end
    if not inside or mention.kind != "past" or mention.start is None or mention.end is None:
        return None
    return mention.start.date() if mention.start.date() == mention.end.date() else None


def grounded(text: str, draft: VisitDraft) -> bool:
    """Whether every span of the draft lies in the text and holds words."""
    return all(0 <= span.start < span.end <= len(text) for span in spans(draft))


def spans(draft: VisitDraft) -> list[Span]:
    found: list[Span] = [each.span for each in (draft.customer, draft.stage) if each]
    many: tuple[Sequence[object], ...] = (
        draft.contacts, draft.amounts, draft.percents, draft.competitors, draft.pain_points, draft.objections, draft.next_steps, draft.signals,
    )  # fmt: skip
    found += [each.span for group in many for each in group]  # type: ignore[attr-defined]
    found += [step.due_span for step in draft.next_steps if step.due_span]
    return found
