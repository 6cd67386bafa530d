"""A note becomes a draft of a visit record, by rules and a trained clause reader, offline. No span, no value.

What the reader's word is worth beside the rules' is written in `nlp.judge`. Where words could fill two fields, or two
values one field, these rules decide; each has a test of its name:

1. A demand of the customer's is no step. It becomes one of ours where we agree (我答应了) or a date is set (定在周二).
2. A step belongs to the first who fits: a colleague who is asked or who promises, then us, then the customer; a clause
   without a subject goes on for whoever acted just before it in the sentence, and is ours otherwise.
3. What has been done is no step, and neither is what only happens (他们15号开标 as news), what is wished for, or what depends
   on a condition, unless it is promised. A bare dated event of theirs (标书25号前挂网) is their step.
4. 再联系 without a date is vague wording and no step; with a date it is a step and not vague.
5. A price said of a competitor is no quote, and what the customer would like to pay is none either.
6. A percentage within an objection, or right behind it, says by how much; it stays in the list of percentages.
7. Of several stages that the words show the furthest counts. What is planned, conditional or a competitor's shows none,
   except that our work on a solution shows 方案设计 even ahead.
8. A pain point that the customer denies (不在意价格) is neither a pain point nor an objection.
9. Words that sound like a person and are a listed competitor are the competitor.
10. A value that the speaker takes back (八十万，不对，八十五万) is none; the corrected one counts.
11. A chat is no visit: it was held on the day of its last message, as far as that says when it was, else on the day it was
    sent, and everybody speaks in it for himself (`nlp.exchanges`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from nlp import (
    clauses,
    companies,
    demands,
    dialogue,
    exchanges,
    judge,
    mishearing,
    money,
    names,
    opinions,
    people,
    reader,
    signing,
    steps,
    summary,
    thoughts,
    vague,
    visits,
)
from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import (
    Amount,
    CompetitorMention,
    CustomerEntry,
    CustomerMention,
    Essential,
    ExtractionContext,
    NextStep,
    Span,
    StageMention,
    VagueMention,
    VisitDraft,
)


@dataclass(frozen=True)
class Sight:
    """What the rules see in a note before anything is decided, and how the clause reader sees it."""

    words: str
    title: Span | None
    names: Sequence[Span]
    """By which the customer's side speaks in a chat."""
    pieces: Sequence[Clause]
    times: Sequence[TimeMention]
    competitors: tuple[CompetitorMention, ...]
    figures: money.Reading
    hits: judge.Hits
    stage: StageMention | None
    attitude: int
    view: reader.View


def look(text: str, context: ExtractionContext, by: reader.Reader) -> Sight:
    """The first half of `extract`, which training the reader needs as well."""
    words = clauses.fold(text)
    if context.source == "voice":
        words = mishearing.heard(words)
    title: Span | None = None
    names_of: tuple[Span, ...] = ()
    if context.source == "wechat":
        words = dialogue.plain(words)
        chat = dialogue.read(words)
        title, pieces = chat.title, list(chat.pieces)
        names_of = chat.names
    else:
        pieces = clauses.split(words)
    vocabulary = context.vocabulary
    competitors = companies.competitors(words, vocabulary.competitors, context.customers)
    rivals, as_said = _rivals(competitors), _as_said(words, competitors)
    times = dialogue.times(words, context.sent_at, context.zone, context.moments, context.worked)
    if context.source == "wechat":
        times = dialogue.dating(words, times)
    figures = money.read(words, rivals=as_said, pieces=pieces)
    # what has no speaker at all is a note, whatever it was sent as
    voices = dialogue.Voices(pieces) if context.source == "wechat" and pieces else None
    if voices is not None:
        figures = _figures_said(figures, voices)
    sent_on = _held_at(context).date()
    finer = by.finer(pieces)
    hits = judge.phrases(words, finer, vocabulary, rivals, figures.percents)
    if voices is not None:
        hits = _hits_said(hits, voices)
    signals = [hit.signal(words) for hit in hits.signals if hit.suppressed is None]
    return Sight(
        words,
        title,
        names_of,
        pieces,
        times,
        competitors,
        figures,
        hits,
        opinions.stage(words, pieces, vocabulary, times, competitors, sent_on=sent_on),
        opinions.attitude(pieces, signals, rivals),
        reader.View(
            words,
            finer,
            times,
            _amounts(words, figures.amounts),
            as_said,
            hits.evidence(finer),
            context.source,
        ),
    )


def extract(text: str, context: ExtractionContext) -> VisitDraft:
    """The facts of a note with the words that they came from; never raises, whatever the text.

    Days count from `context.sent_at` in `context.zone`. In a chat (source "wechat") the first line is the title and `我：` marks
    the rep's lines; `context.moments` says when each was written. Equal input gives an equal draft.
    """
    by = reader.default()
    sight = look(text, context, by)
    words, pieces, title, competitors = sight.words, sight.pieces, sight.title, sight.competitors
    rivals = tuple(rival.name for rival in competitors)
    vocabulary = context.vocabulary
    customer = companies.customer(words, context.customers, title=title, competitors=competitors)
    judged = judge.judge(by, sight.view, sight.hits, vocabulary, sight.figures.percents)
    told = thoughts.think(words, pieces, sight.times)
    if context.source == "wechat":
        judged = _of_the_customer(judged, pieces)
    wanted = judge.demands(sight.view, judged, demands.find(told))
    empty = vague.find(told)
    visit = visits.find(words, pieces, sight.times, _held_at(context))
    others = companies.others(words, context.customers, title=title, competitors=competitors)
    visited = (*((customer,) if customer else ()), *others)
    contacts = tuple(
        contact
        for contact in people.contacts(
            words,
            pieces,
            _meant(context, visited),
            companies=[each.span for each in visited],
            competitors=rivals,
            title=title,
            names=sight.names,
        )
        # 竞品是华工和科锐: a company that sounds like an engineer
        if contact.name not in rivals
    )
    planned = steps.find(words, told, wanted, [contact.name for contact in contacts])
    planned = judge.steps(sight.view, judged, planned, wanted)
    amounts = judge.roles(by, sight.view)
    if context.source == "wechat":
        amounts = exchanges.priced(words, pieces, amounts, _as_said(words, competitors))
        wanted, planned = exchanges.settle(words, told, wanted, planned)
    draft = VisitDraft(
        visited_on=visit.on,
        visited_span=visit.span,
        visited_time=visit.at,
        place=visit.place,
        summary="",
        attitude=_mood(by, sight, context),
        customer=customer,
        others=others,
        contacts=contacts,
        stage=judge.stage(by, sight.view, judged, sight.stage, sight.attitude, vocabulary),
        amounts=_once(amounts),
        withdrawn=sight.figures.withdrawn,
        percents=sight.figures.percents,
        quantities=sight.figures.quantities,
        competitors=competitors,
        pain_points=judged.pain_points,
        objections=judged.objections,
        next_steps=_concrete(planned, empty),
        signals=tuple(replace(signal, words=signal.span.of(text)) for signal in judged.signals),
        demands=wanted,
        signing=signing.expected(pieces, sight.times, sent_on=_held_at(context).date()),
        deciders=tuple(signing.deciders(pieces)),
        vague=empty,
    )
    draft = replace(draft, missing=missing(draft))
    return replace(draft, summary=summary.summarise(text, draft))


# Chats


def _figures_said(figures: money.Reading, voices: dialogue.Voices) -> money.Reading:
    """Without what stands in names and the title: a nickname may hold any figure."""
    return replace(
        figures,
        amounts=tuple(each for each in figures.amounts if voices.at(each.span.start)),
        percents=tuple(each for each in figures.percents if voices.at(each.span.start)),
        quantities=tuple(each for each in figures.quantities if voices.at(each.span.start)),
        withdrawn=tuple(each for each in figures.withdrawn if voices.at(each.span.start)),
    )


def _hits_said(hits: judge.Hits, voices: dialogue.Voices) -> judge.Hits:
    return judge.Hits(
        [each for each in hits.signals if voices.at(each.span.start)],
        [each for each in hits.pains if voices.at(each.span.start)],
        [each for each in hits.objections if voices.at(each.span.start)],
        [each for each in hits.pain_tags if voices.at(each.span.start)],
        [each for each in hits.objection_tags if voices.at(each.span.start)],
    )


def _of_the_customer(judged: judge.Judged, pieces: Sequence[Clause]) -> judge.Judged:
    """What we say ourselves in a chat is no sign of the customer's."""
    voices = dialogue.Voices(pieces)
    return replace(
        judged,
        signals=tuple(each for each in judged.signals if voices.at(each.span.start) == "customer"),
        pain_points=tuple(each for each in judged.pain_points if voices.at(each.span.start) == "customer"),
        objections=tuple(each for each in judged.objections if voices.at(each.span.start) == "customer"),
    )


def _mood(by: reader.Reader, sight: Sight, context: ExtractionContext) -> int:
    """The attitude; in a chat only where the customer's own words show it without ours."""
    mood = judge.attitude(by, sight.view, sight.attitude, sight.stage)
    if context.source != "wechat" or mood == 0:
        return mood
    theirs = [piece for piece in sight.view.pieces if piece.speaker == "customer"]
    if not theirs:
        return 0
    hits = _hits_said(sight.hits, dialogue.Voices(theirs))
    view = replace(sight.view, pieces=theirs, evidence=hits.evidence(theirs))
    alone = judge.attitude(by, view, sight.attitude, sight.stage)
    return mood if mood * alone > 0 else 0


def _held_at(context: ExtractionContext) -> datetime:
    """When the last word of a chat fell, as far as its messages say, and never after it was sent; else when it was sent."""
    sent_at = context.sent_at.astimezone(context.zone)
    if not context.moments:
        return sent_at
    return min(sent_at, context.moments[-1][1].astimezone(context.zone))


def explained(text: str, context: ExtractionContext) -> judge.Explained:
    """The signals of a text as `extract` finds them, each with what spoke for it, and the phrases that are none."""
    by = reader.default()
    sight = look(text, context, by)
    return judge.explained(by, sight.view, sight.hits, context.vocabulary, sight.figures.percents)


def _rivals(competitors: Sequence[CompetitorMention]) -> tuple[str, ...]:
    """The competitors by name and by the short form of it."""
    rivals = tuple(rival.name for rival in competitors)
    return (*rivals, *(short for name in rivals if len(short := names.parts_of(name).brand) >= 2))


def _once(amounts: Sequence[Amount]) -> tuple[Amount, ...]:
    found: dict[tuple[object, ...], Amount] = {}
    for amount in amounts:
        found.setdefault((amount.role, amount.low_fen, amount.high_fen, amount.unit), amount)
    return tuple(found.values())


def _concrete(found: Sequence[NextStep], empty: Sequence[VagueMention]) -> tuple[NextStep, ...]:
    """Without the steps that are only vague wording: 后续再联系 is one where it has a date."""

    def is_empty(step: NextStep) -> bool:
        return step.due is None and any(mention.span.overlaps(step.span) for mention in empty)

    return tuple(step for step in found if not is_empty(step))


def _meant(context: ExtractionContext, visited: Sequence[CustomerMention]) -> tuple[CustomerEntry, ...]:
    """The customers whose listed contacts may be meant: those visited, or their candidates."""
    wanted = {name for each in visited for name in (each.value, *(candidate.name for candidate in each.candidates))}
    return tuple(entry for entry in context.customers if entry.name in wanted)


_SOMEBODYS = re.compile(
    r"[^他她们户我咱这那，。、！？；,.!?;\s]那边(?!的)[^，。！？；我\n]{0,8}[，,]?(?:价格|报价)(?:只要|才|就|更低)?[^，。！？；我\n]{0,3}$"
)


def _amounts(text: str, read: Sequence[Amount]) -> tuple[Amount, ...]:
    """The amounts that were read, with their roles by the rules; a price said of somebody else's is the competitor's."""
    return tuple(
        replace(amount, role="competitor_price")
        if amount.role in ("quote", "other") and _of_competitor(text, amount)
        else amount
        for amount in read
    )


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
