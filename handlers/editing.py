"""Carrying out the changes that a reply asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from handlers import texts, wording
from handlers.context import Context
from handlers.record import (
    AmountValue,
    ContactValue,
    CustomerValue,
    DayValue,
    Fact,
    Record,
    RemarkValue,
    StageValue,
    StepValue,
    facts_of,
)
from nlp import edits, names
from nlp.draft import ExtractionContext, Span
from nlp.extract import extract
from nlp.transcript import Transcript
from storage.models import Evidence
from storage.visits import Source
from storage.work import Work

ENOUGH_ALIKE = 60.0
"""Of 100: below that, a to-do's words and the words it is pointed at with are not taken for the same. Own choice."""


@dataclass(frozen=True)
class Edited:
    record: Record
    complaints: tuple[str, ...] = ()
    """What could not be done, as the rep is told."""


def apply(
    ctx: Context,
    work: Work,
    record: Record,
    wanted: Sequence[edits.Edit],
    evidence: Evidence,
    understanding: ExtractionContext,
    transcript: Transcript | None,
) -> Edited:
    """The record with every change made that can be."""
    editor = _Editor(ctx, work, evidence, understanding, transcript)
    edited = Edited(record)
    for edit in wanted:
        step = editor.make(edited.record, edit)
        edited = Edited(step.record, edited.complaints + step.complaints)
    return edited


@dataclass(frozen=True)
class _Editor:
    ctx: Context
    work: Work
    evidence: Evidence
    understanding: ExtractionContext
    transcript: Transcript | None

    def make(self, record: Record, edit: edits.Edit) -> Edited:
        match edit:
            case edits.SetAmount():
                return Edited(self._amount(record, edit))
            case edits.SetCustomer():
                return Edited(record.with_fact(Fact(self._customer(edit.name), self._source(edit.span))))
            case edits.SetContact():
                return Edited(self._contact(record, edit))
            case edits.SetStage():
                return self._stage(record, edit)
            case edits.SetVisitedOn():
                return Edited(record.with_fact(Fact(DayValue(on=edit.on), self._source(edit.span))))
            case edits.AddStep():
                return Edited(self._add_step(record, edit))
            case edits.Supplement():
                return Edited(self._supplement(record, edit))
            case edits.MoveStep():
                return self._move(record, edit)
            case edits.DropStep():
                found = find_step(record, edit.which)
                return Edited(record.without(found)) if found else self._no_such_step(record, edit.which)

    def _source(self, span: Span) -> Source:
        at_s = self.transcript.time_at(span.start) if self.transcript else None
        words = span.of(self.evidence.text or "")
        return Source(self.evidence.evidence_id, span.start, span.end, words, at_s, engine="edit")

    def _amount(self, record: Record, edit: edits.SetAmount) -> Record:
        role = edit.role
        known = record.all(AmountValue)
        if role == "other" and len(known) == 1:
            # 金额改成90万, where there is only one: that one is meant
            role = known[0].role
        value = AmountValue(role=role, low_fen=edit.low_fen, high_fen=edit.high_fen, unit=edit.unit)
        fact = Fact(value, self._source(edit.span))
        same = [amount for amount in known if amount.role == role]
        return record.replacing(same[0], fact) if len(same) == 1 else record.with_fact(fact)

    def _customer(self, name: str) -> CustomerValue:
        candidates = names.link(name, self.understanding.customers)
        exact = [candidate for candidate in candidates if candidate.reason != "sound"]
        if len(exact) == 1:
            return CustomerValue(name=exact[0].name, status="known")
        if candidates:
            return CustomerValue(
                name=name, status="ambiguous", candidates=tuple(candidate.name for candidate in candidates)
            )
        return CustomerValue(name=name, status="new")

    def _contact(self, record: Record, edit: edits.SetContact) -> Record:
        known = record.all(ContactValue)
        keep = known[0] if len(known) == 1 else None
        value = ContactValue(
            name=edit.name, title=keep.title if keep else None, department=keep.department if keep else None
        )
        fact = Fact(value, self._source(edit.span))
        return record.replacing(keep, fact) if keep else record.with_fact(fact)

    def _stage(self, record: Record, edit: edits.SetStage) -> Edited:
        stages = self.understanding.vocabulary.stages
        matches = [stage for stage in stages if stage == edit.said or edit.said in stage or stage in edit.said]
        if len(matches) != 1:
            return Edited(record, (texts.NO_SUCH_STAGE.format(words=edit.said, stages="、".join(stages)),))
        return Edited(record.with_fact(Fact(StageValue(name=matches[0]), self._source(edit.span))))

    def _add_step(self, record: Record, edit: edits.AddStep) -> Record:
        read = [fact for fact in self._read(edit.span) if isinstance(fact.value, StepValue)]
        if read:
            return record.joined_by(read)
        words = edit.span.of(self.evidence.text or "")
        return record.with_fact(Fact(StepValue(owner="us", action=words), self._source(edit.span)))

    def _supplement(self, record: Record, edit: edits.Supplement) -> Record:
        read = self._read(edit.span)
        if read:
            return record.joined_by(read)
        words = edit.span.of(self.evidence.text or "")
        return record.with_fact(Fact(RemarkValue(text=words), self._source(edit.span)))

    def _read(self, span: Span) -> list[Fact]:
        """What that part of the reply says, as a note would."""
        text = self.evidence.text or ""
        # same offsets as in the whole text, so that the spans stay true
        part = " " * span.start + text[span.start : span.end]
        return facts_of(extract(part, self.understanding), self.evidence, self.transcript)

    def _move(self, record: Record, edit: edits.MoveStep) -> Edited:
        found = find_step(record, edit.which)
        if found is None:
            return self._no_such_step(record, edit.which)
        moved = Fact(found.model_copy(update={"due": edit.due}), self._source(edit.span))
        return Edited(record.replacing(found, moved))

    def _no_such_step(self, record: Record, which: edits.StepRef) -> Edited:
        lines = wording.steps(record, self.ctx.day_of(self.work.now))
        if not lines:
            return Edited(record, (texts.NO_STEPS,))
        words = which.words or (f"第{which.place}个" if which.place and which.place > 0 else "最后一个")
        return Edited(record, (texts.NO_SUCH_STEP.format(words=words, steps="\n".join(lines)),))


def find_step(record: Record, which: edits.StepRef) -> StepValue | None:
    """The one next step that is meant; None when none is, or when it could be several."""
    steps = record.steps
    if which.place is not None:
        place = which.place - 1 if which.place > 0 else len(steps) + which.place
        return steps[place] if 0 <= place < len(steps) else None
    if which.words in {"下次", "这个", "它", "下次拜访"} and len(steps) == 1:
        return steps[0]
    scored = sorted(((fuzz.partial_ratio(which.words, step.action), i) for i, step in enumerate(steps)), reverse=True)
    if not scored or scored[0][0] < ENOUGH_ALIKE or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return steps[scored[0][1]]
