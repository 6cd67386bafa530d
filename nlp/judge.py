"""What the clause reader and the rules together make of a note: signals, pain points, objections, stage, attitude, roles.

The rules come first: what they find, and what their guards hold against it, goes into the reader as evidence, so that a
phrase weighs as much as it was right in notes that nobody wrote it for. The reader's probability then decides:

1. A category with a phrase in a clause counts there from `BACKED` on; one that only the reader sees, from `ALONE` on.
   A pain point or an objection by the rules stands; one that only the reader sees does not, where a guard refused a phrase.
2. A phrase that a team added itself counts as soon as no guard is against it, whatever the reader thinks.
3. Categories that the reader does not know (a team's own) are the rules' alone.
4. The words of a signal are those of the phrase; without one, the stretch of the clause that spoke most for it.
5. The stage is the most probable one, `STAGE` at least; one that the note names (到了报价审批) goes before. It has to be one of
   the team's stages; its words are the rules', else the clause that most probably shows the stage.
6. Attitude: the reader gives the sign, the rules how strongly.
7. The role of an amount is the most probable one.
8. A step of the rules that the reader finds most improbable is none; where it is sure of another owner, he has the step. A
   clause that only the reader takes for a step becomes one from `SEEN` on if it has a date, a demand from `WANTED` on.

The thresholds were chosen on the development notes c and d with a reader that had not learned from them
(`benchmarks/train_reader.py --check cd`). F1 is flat around them; where it is, precision and what the tests hold decided.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, get_args

from nlp import actions, lexicon, opinions, risk
from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import (
    Amount,
    AmountRole,
    Demand,
    NextStep,
    Owner,
    Percent,
    Signal,
    Span,
    StageMention,
    Tag,
    Vocabulary,
)
from nlp.reader import Reader, View
from nlp.steps import is_an_act
from nlp.thoughts import Times

ALONE, BACKED = 0.45, 0.25
SHOWN, STAGE, NONE = 0.1, 0.5, 0.9
MOOD, CALM = 0.45, 0.85
NO_STEP, SEEN, WANTED = 0.003, 0.5, 0.9
OWNER, NOT_OWNER = 0.7, 0.1


@dataclass(frozen=True)
class Hits:
    """What the phrases of the vocabulary found, judged by the guards."""

    signals: Sequence[risk.Hit]
    pains: Sequence[risk.Hit]
    objections: Sequence[risk.Hit]
    pain_tags: Sequence[Tag]
    objection_tags: Sequence[Tag]

    def evidence(self, pieces: Sequence[Clause]) -> dict[int, set[str]]:
        """For the reader: polarity or kind, category and what the guards said, by the number of the clause."""
        starts = [piece.start for piece in pieces]
        found: dict[int, set[str]] = {}
        for kind, hits in (("", self.signals), ("pain", self.pains), ("objection", self.objections)):
            for hit in hits:
                number = bisect_right(starts, hit.span.start) - 1
                found.setdefault(number, set()).add(f"P{kind or hit.polarity}:{hit.category}:{hit.suppressed or 'ok'}")
        return found


def phrases(
    text: str,
    pieces: Sequence[Clause],
    vocabulary: Vocabulary,
    rivals: Sequence[str],
    percents: Sequence[Percent],
) -> Hits:
    pains = opinions.complaints(text, pieces, vocabulary.pain_points, rivals)
    objections = opinions.further_objections(text, pieces, rivals)
    return Hits(
        risk.judged(text, pieces, vocabulary, rivals),
        pains,
        objections,
        opinions.pain_points(text, pains),
        opinions.objections(text, pieces, pains, objections, percents),
    )


@dataclass(frozen=True)
class Judged:
    signals: tuple[Signal, ...]
    pain_points: tuple[Tag, ...]
    objections: tuple[Tag, ...]
    clauses: Sequence[Mapping[str, float]]
    """For each clause what the reader thinks of it."""


def judge(reader: Reader, view: View, hits: Hits, vocabulary: Vocabulary, percents: Sequence[Percent]) -> Judged:
    read = reader.clauses(view)
    bench = _Bench(reader, view, read)
    polarities: tuple[tuple[risk.Polarity, Mapping[str, Sequence[str]]], ...] = (
        ("risk", vocabulary.risks),
        ("positive", vocabulary.positives),
    )
    signals = [
        Signal(polarity, category, span.of(view.text), span)
        for polarity, categories in polarities
        for category, span in bench.tell(
            polarity, categories, [hit for hit in hits.signals if hit.polarity == polarity]
        )
    ]
    denied = opinions.unimportant(view.text)
    pains = [tag for tag in bench.tags("pain", vocabulary.pain_points, hits.pains) if tag.category not in denied]
    objections = [
        replace(tag, percent=opinions.by_how_much(view.text, tag.span, percents))
        for tag in bench.tags("objection", opinions.OBJECTIONS, hits.objections)
        if opinions.AS_PAIN.get(tag.category) not in denied
    ]
    return Judged(
        tuple(sorted(signals, key=lambda signal: (signal.span, signal.category))),
        _with(hits.pain_tags, pains),
        _with(hits.objection_tags, objections),
        read,
    )


@dataclass(frozen=True)
class Reason:
    """Why words are a signal, or none: the phrase of the lexicon that stands there, if one does; what suppresses it, if
    something does (`unlikely`: the reader); how probable the reader finds the category in the clause, if it knows it."""

    signal: Signal
    phrase: str | None
    suppressed: risk.Suppressed | Literal["unlikely"] | None
    probability: float | None


@dataclass(frozen=True)
class Explained:
    signals: tuple[Reason, ...]
    none: tuple[Reason, ...]


def explained(reader: Reader, view: View, hits: Hits, vocabulary: Vocabulary, percents: Sequence[Percent]) -> Explained:
    judged = judge(reader, view, hits, vocabulary, percents)

    def probability(signal: Signal) -> float | None:
        number = view.number_at(signal.span.start)
        return judged.clauses[number].get(f"{signal.polarity}:{signal.category}") if number >= 0 else None

    found = {(signal.polarity, signal.category, signal.span): signal for signal in judged.signals}
    phrase = {(hit.polarity, hit.category, hit.span): hit.phrase for hit in hits.signals if hit.suppressed is None}
    told = [Reason(signal, phrase.get(key), None, probability(signal)) for key, signal in found.items()]
    none = []
    for hit in hits.signals:
        if (hit.polarity, hit.category, hit.span) not in found:
            signal = hit.signal(view.text)
            none.append(Reason(signal, hit.phrase, hit.suppressed or "unlikely", probability(signal)))
    return Explained(tuple(told), tuple(none))


def _with(by_rules: Sequence[Tag], by_reader: Sequence[Tag]) -> tuple[Tag, ...]:
    """One tag a category, the rules' before the reader's, in order of place."""
    found = {tag.category: tag for tag in (*reversed(by_reader), *reversed(by_rules))}
    return tuple(sorted(found.values(), key=lambda tag: tag.span))


@dataclass(frozen=True)
class _Bench:
    reader: Reader
    view: View
    read: Sequence[Mapping[str, float]]

    def tell(
        self, kind: str, categories: Mapping[str, Sequence[str]], hits: Sequence[risk.Hit]
    ) -> list[tuple[str, Span]]:
        """Each category that holds, with its words, once a clause; clauses in a row that say the same are one."""
        found = []
        for category in categories:
            label = f"{kind}:{category}"
            known = bool(self.read) and label in self.read[0]
            standing: dict[int, list[risk.Hit]] = {}
            for hit in hits:
                if hit.category == category and hit.suppressed is None:
                    standing.setdefault(self._clause(hit), []).append(hit)
            last = -2
            for number, clause in enumerate(self.read):
                here = standing.get(number, [])
                if not known or clause[label] >= BACKED:
                    counted = here
                else:
                    counted = [hit for hit in here if _is_added(kind, category, hit.phrase)]
                if counted:
                    found += [(category, hit.span) for hit in counted]
                elif known and clause[label] >= ALONE:
                    if number - last > 1 or self._sentence(number) != self._sentence(last):
                        found.append((category, self.reader.words(self.view, number, label)))
                else:
                    continue
                last = number
        return found

    def tags(self, kind: str, categories: Iterable[str], hits: Sequence[risk.Hit]) -> list[Tag]:
        """What only the reader sees, in order of place; not where a guard took a phrase of the category away."""
        refused = {(self._clause(hit), hit.category) for hit in hits if hit.suppressed is not None}
        found = []
        for number, clause in enumerate(self.read):
            for category in categories:
                label = f"{kind}:{category}"
                if clause.get(label, 0) < ALONE or (number, category) in refused:
                    continue
                if not opinions.is_about_cheapness(category, self.view.pieces[number]):
                    found.append(Tag(category, self.reader.words(self.view, number, label)))
        return found

    def _clause(self, hit: risk.Hit) -> int:
        return self.view.number_at(hit.span.start)

    def _sentence(self, number: int) -> int:
        return self.view.pieces[number].sentence


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, frozenset[str]]:
    vocabulary = lexicon.default_vocabulary()
    return {
        f"{kind}:{category}": frozenset(each.strip().strip("…") for each in entries)
        for kind, group in (
            ("risk", vocabulary.risks),
            ("positive", vocabulary.positives),
            ("pain", vocabulary.pain_points),
        )
        for category, entries in group.items()
    }


def _is_added(kind: str, category: str, phrase: str) -> bool:
    """Whether the phrase is a team's own, and not one of those that are shipped."""
    return phrase not in _shipped().get(f"{kind}:{category}", frozenset())


# Of the whole note


def told(stage: StageMention | None, attitude: int) -> set[str]:
    """What the rules say of the whole note, as evidence."""
    return {f"R{stage.value if stage else None}", f"A{attitude}"}


def stage(
    reader: Reader, view: View, judged: Judged, by_rules: StageMention | None, attitude: int, vocabulary: Vocabulary
) -> StageMention | None:
    if (named := opinions.named_stage(view.text, vocabulary)) is not None or not view.pieces:
        return named
    odds = reader.stage(view, told(by_rules, attitude))
    best = max(odds, key=lambda name: odds[name])
    number = max(range(len(view.pieces)), key=lambda at: judged.clauses[at]["stage"])
    if best == "" or odds[best] < STAGE or judged.clauses[number]["stage"] < SHOWN:
        return by_rules if odds[""] < NONE else None
    own = opinions.of_the_team(best, by_rules, vocabulary)
    if own is None or (by_rules is not None and by_rules.value == own):
        return by_rules
    piece = _shows(view, judged, own, vocabulary)
    if piece is None or opinions.is_still_ahead(own, piece.text):
        return by_rules
    return StageMention(own, piece.span(0, len(piece.text)))


def _shows(view: View, judged: Judged, stage: str, vocabulary: Vocabulary) -> Clause | None:
    """The clause that the stage rests on: one that speaks of it, or else one that speaks of no other.

    需求调研做完了 shows a stage of its own, and not the one that the rest of the note sounds like.
    """
    odds = [clause["stage"] for clause in judged.clauses]
    shown = [opinions.stages_shown(piece.text, vocabulary) for piece in view.pieces]
    speaking = [number for number, stages in enumerate(shown) if stage in stages]
    others = [number for number, stages in enumerate(shown) if not stages and odds[number] >= SHOWN]
    best = max(speaking or others, key=lambda number: odds[number], default=None)
    return None if best is None else view.pieces[best]


def attitude(reader: Reader, view: View, by_rules: int, stage_by_rules: StageMention | None) -> int:
    odds = reader.mood(view, told(stage_by_rules, by_rules))
    sign = int(max(odds, key=lambda name: odds[name]))
    if sign == 0 or odds[str(sign)] < MOOD:
        return by_rules if odds["0"] < CALM else 0
    return by_rules if by_rules * sign > 0 else sign


ROLES: tuple[AmountRole, ...] = get_args(AmountRole)


def roles(reader: Reader, view: View) -> list[Amount]:
    """The view's amounts with the role that each most probably has."""
    found = []
    for index, amount in enumerate(view.amounts):
        odds = reader.role(view, index)
        found.append(replace(amount, role=max(ROLES, key=lambda role: odds.get(role, 0.0))))
    return found


# What is to be done

_OWNERS: tuple[Owner, ...] = get_args(Owner)


def demands(view: View, judged: Judged, found: Sequence[Demand]) -> tuple[Demand, ...]:
    """The rules' demands, and the clauses that only the reader takes for one."""
    taken = [demand.span for demand in found]
    more = [
        Demand(action, span, due.due if due else None, due.span if due else None)
        for span, action, due, odds in _unseen(view, judged, taken)
        if odds["demand"] >= WANTED and odds["demand"] > max(odds[f"step:{owner}"] for owner in _OWNERS)
    ]
    return tuple(sorted((*found, *more), key=lambda demand: demand.span))


def steps(view: View, judged: Judged, found: Sequence[NextStep], demands: Sequence[Demand]) -> tuple[NextStep, ...]:
    """The rules' steps that the reader does not think improbable, with their owners, and those that only it sees."""
    kept = []
    for step in found:
        odds = _odds(view, judged, step.span)
        owner = _likeliest(odds)
        if odds[owner] < NO_STEP:
            continue
        if odds[owner] >= OWNER and odds[step.owner] <= NOT_OWNER:
            step = replace(step, owner=owner)
        kept.append(step)
    taken = [step.span for step in kept] + [demand.span for demand in demands]
    for span, action, due, seen in _unseen(view, judged, taken):
        odds = {owner: seen[f"step:{owner}"] for owner in _OWNERS}
        owner = _likeliest(odds)
        if due is not None and odds[owner] >= SEEN and is_an_act(action):
            kept.append(NextStep(owner, action, span, due.due, due.span))
    return tuple(sorted(kept, key=lambda step: step.span))


def _likeliest(odds: Mapping[Owner, float]) -> Owner:
    return max(_OWNERS, key=lambda owner: odds[owner])


def _odds(view: View, judged: Judged, span: Span) -> dict[Owner, float]:
    """How probable a step of each is within the span."""
    odds: dict[Owner, float] = dict.fromkeys(_OWNERS, 0.0)
    for number in view.touching(span):
        piece, read = view.pieces[number], judged.clauses[number]
        if min(span.end, piece.end) - max(span.start, piece.start) >= min(3, span.end - span.start):
            for owner in _OWNERS:
                odds[owner] = max(odds[owner], read[f"step:{owner}"])
    return odds


def _unseen(
    view: View, judged: Judged, taken: Sequence[Span]
) -> Iterator[tuple[Span, str, TimeMention | None, Mapping[str, float]]]:
    """The clauses that nothing was found in, with their words as an action and their date; a clause cut off right behind
    its date (周三前|把图纸给他) has that of the piece before."""
    times = Times(view.times)
    full = {number for span in taken for number in view.touching(span)}
    for number, piece in enumerate(view.pieces):
        if number in full:
            continue
        inside = times.within(piece.start, piece.end)
        due = next((mention for mention in inside if mention.due is not None), None)
        before = view.pieces[number - 1] if number else None
        if due is None and before is not None and before.end == piece.start:
            earlier = times.within(before.start, before.end)
            due = next((mention for mention in earlier if mention.due and mention.span.end >= piece.start - 1), None)
        action = actions.cleaned(actions.without(0, piece, inside))
        if len(action) >= 2:
            yield piece.span(0, len(piece.text)), action, due, judged.clauses[number]
