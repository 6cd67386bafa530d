"""A reply that changes a draft: what it asks for, the question where that is open, and the changes carried out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from handlers import texts, wording
from handlers.context import Context
from handlers.record import (
    AmountValue,
    CompetitorValue,
    ContactValue,
    CustomerValue,
    DayValue,
    Fact,
    PainValue,
    Record,
    RemarkValue,
    SignalValue,
    StageValue,
    StepValue,
    Value,
    facts_of,
    load,
    tells_of_a_visit,
)
from nlp import dates, edit_refs, edits, names
from nlp.draft import ExtractionContext, Owner, Span
from nlp.edit_ops import (
    AddCompetitor,
    AddContact,
    AddStep,
    AmountView,
    Ask,
    DraftView,
    Edit,
    RemoveAmount,
    RemoveCompetitor,
    RemoveContact,
    RemovePain,
    RemoveRisk,
    RemoveStep,
    SetAction,
    SetAmount,
    SetContact,
    SetCustomer,
    SetDue,
    SetOwner,
    SetStage,
    SetVisitedOn,
    StepView,
    Supplement,
    Undo,
)
from nlp.extract import extract
from nlp.transcript import Transcript
from storage.models import Evidence, Visit
from storage.visits import Source
from storage.work import Work


@dataclass(frozen=True)
class Part:
    """Words of one piece of evidence: `whole` is where they stand in what was said, `start` where in the evidence."""

    whole: Span
    start: int
    evidence: Evidence
    transcript: Transcript | None = None


@dataclass(frozen=True)
class Said:
    """A reply, or the words of a reply and of the answer to our question that make one together."""

    text: str
    parts: tuple[Part, ...]

    def source(self, span: Span) -> Source:
        """Where those words come from; of words from two messages, the later message."""
        for part in self.parts:
            start, end = max(span.start, part.whole.start), min(span.end, part.whole.end)
            if start < end:
                shift = part.start - part.whole.start
                here = Span(start + shift, end + shift)
                break
        else:
            part, here = self.parts[0], Span(0, 0)
        at_s = part.transcript.time_at(here.start) if part.transcript else None
        words = here.of(part.evidence.text or "")
        return Source(part.evidence.evidence_id, here.start, here.end, words, at_s, engine="edit")


@dataclass(frozen=True)
class Request:
    """What a reply asks for; no edits where it is none."""

    edits: tuple[Edit, ...]
    said: Said

    @property
    def question(self) -> Ask | None:
        first = self.edits[0] if self.edits else None
        return first if isinstance(first, Ask) else None


@dataclass(frozen=True)
class Edited:
    record: Record
    complaints: tuple[str, ...] = ()
    """What could not be done, as the rep is told."""
    undo_versions: tuple[int, ...] | None = None
    """What can be undone afterwards, where the reply itself took something back."""


# What is asked for


def view_of(record: Record, stages: Sequence[str]) -> DraftView:
    customer = record.customer
    stage = record.one(StageValue)
    return DraftView(
        customer=customer.name if customer else None,
        contacts=tuple(contact.name for contact in record.all(ContactValue)),
        amounts=tuple(
            AmountView(amount.role, amount.low_fen, amount.high_fen, amount.unit) for amount in record.all(AmountValue)
        ),
        stage=stage.name if stage else None,
        steps=tuple(StepView(step.owner, step.action, step.due) for step in record.steps),
        competitors=tuple(competitor.name for competitor in record.all(CompetitorValue)),
        pain_points=tuple(dict.fromkeys(pain.category for pain in record.all(PainValue))),
        risks=tuple(dict.fromkeys(risk.words for risk in record.risks)),
        stages=tuple(stages),
    )


async def read(
    ctx: Context, work: Work, visit: Visit | None, evidence: Evidence, sent_at: datetime, transcript: Transcript | None
) -> Request:
    """What a message asks to be changed in the draft `visit`, by itself or as the answer to what we asked last."""
    text, zone = evidence.text or "", ctx.settings.zone
    worked = ctx.settings.worked
    said = Said(text, (Part(Span(0, len(text)), 0, evidence, transcript),))
    if visit is None:
        return Request(edits.parse(text, sent_at, zone, worked=worked), said)
    stages = ctx.settings.vocabulary.stages
    view = view_of(await load(work, visit), stages)
    wanted = edits.parse(text, sent_at, zone, view, worked)
    if not wanted or isinstance(wanted[0], Ask):
        answer = await _answer(ctx, work, visit, view, said, sent_at)
        return answer or Request(wanted, said)
    if isinstance(wanted[0], Undo) and len(wanted) > 1 and visit.undo_versions:
        # what follows is said of the draft as it is then
        earlier = view_of(await load(work, visit, version=visit.undo_versions[-1]), stages)
        wanted = edits.parse(text, sent_at, zone, earlier, worked)
    return Request(wanted, said)


async def _answer(
    ctx: Context, work: Work, visit: Visit, view: DraftView, said: Said, sent_at: datetime
) -> Request | None:
    """The reply that we did not understand, made whole by this answer; None where no question is open."""
    [now] = said.parts
    earlier = [
        evidence
        for evidence in await work.visits.evidence_of(visit.visit_id)
        if evidence.evidence_id != now.evidence.evidence_id and evidence.sent_at <= sent_at
    ]
    if not earlier or sent_at - earlier[-1].sent_at > ctx.settings.merge_window:
        return None
    last = earlier[-1]
    before = last.text or ""
    zone, worked = ctx.settings.zone, ctx.settings.worked
    asked = edits.parse(before, last.sent_at, zone, view, worked)
    if len(asked) != 1 or not isinstance(question := asked[0], Ask):
        return None
    found = edits.answered(question, before, said.text, sent_at, zone, view, worked)
    if found is None:
        return None
    whole_text = question.before + said.text[found.answer.start : found.answer.end] + question.after.of(before)
    here = Span(len(question.before), len(question.before) + found.answer.end - found.answer.start)
    parts = (
        Part(here, found.answer.start, now.evidence, now.transcript),
        Part(Span(here.end, len(whole_text)), question.after.start, last),
    )
    return Request(found.edits, Said(whole_text, parts))


# What is asked back


def question(record: Record, ask: Ask, stages: Sequence[str], today: date) -> str:  # noqa: C901  a line for each
    """The one question that settles what is to be changed, with what there is to choose from."""
    steps = "\n".join(wording.steps(record, today))
    if ask.about in {"step", "no_such_step", "due", "owner"} and not steps:
        return texts.NO_STEPS
    match ask.about:
        case "no_such_step":
            place = edit_refs.numbered(ask.words, len(record.steps), bare=True)
            words = f"第{place[0] + 1}个" if place else ask.words
            return texts.NO_SUCH_STEP.format(words=words, steps=steps)
        case "step":
            example = texts.ANSWER_BY_PLACE if ask.answerable else texts.ANSWER_IN_FULL_STEP
            return texts.ASK_STEP.format(steps=steps, example=example)
        case "due":
            return texts.ASK_DUE.format(steps=steps)
        case "owner":
            return texts.ASK_OWNER
        case "when":
            return texts.ASK_WHEN.format(steps=steps) if steps else texts.ASK_VISITED_ON
        case "customer":
            return texts.ASK_CUSTOMER.format(now=record.customer.name if record.customer else texts.CUSTOMER_OPEN)
        case "contact":
            return _of_several(texts.ASK_CONTACT, texts.ASK_WHICH_CONTACT, record.all(ContactValue))
        case "competitor":
            return _of_several(texts.ASK_COMPETITOR, texts.ASK_WHICH_COMPETITOR, record.all(CompetitorValue))
        case "stage":
            return texts.ASK_STAGE.format(stages="、".join(stages))
        case "amount":
            amounts = _amounts(record)
            return texts.ASK_AMOUNT.format(amounts=amounts) if amounts else texts.ASK_NO_AMOUNT
        case "money":
            return texts.ASK_MONEY.format(what=ask.words)
        case "risk":
            risks = "、".join(f"「{risk.words}」" for risk in record.risks)
            return texts.ASK_RISK.format(risks=risks) if risks else texts.NO_SUCH_RISK
        case "pain":
            pains = "、".join(dict.fromkeys(pain.category for pain in record.all(PainValue)))
            return texts.ASK_PAIN.format(pains=pains) if pains else texts.NO_SUCH_PAIN
        case "nothing_like_it":
            return texts.ASK_NOTHING_LIKE_IT.format(words=ask.words)
        case "what":
            return texts.ASK_WHAT


def _of_several(one: str, which: str, known: Sequence[ContactValue | CompetitorValue]) -> str:
    listed = "、".join(value.name for value in known)
    return which.format(names=listed) if len(known) > 1 else one.format(names=listed or texts.NOBODY_YET)


def _amounts(record: Record) -> str:
    known = record.all(AmountValue)
    return "、".join(f"{wording.AMOUNT_LABELS[amount.role]} {wording.money(amount)}" for amount in known)


# What is done


async def apply(
    ctx: Context, work: Work, visit: Visit, before: Record, request: Request, understanding: ExtractionContext
) -> Edited:
    """The record with every change made that can be; `before` is what the draft says now."""
    editor = _Editor(ctx.settings.vocabulary.stages, request.said, understanding, before.steps)
    record, history = before, list[Record]()
    complaints: list[str] = []
    versions, undone = list(visit.undo_versions), 0
    last_undone: int | None = None
    for edit in request.edits:
        if not isinstance(edit, Undo):
            step = editor.make(record, edit)
            if step.record != record:
                history.append(record)
            record = step.record
            complaints += step.complaints
        elif history:
            record = history.pop()
        elif versions:
            last_undone, undone = versions.pop(), undone + 1
            record = await load(work, visit, version=last_undone)
            editor.steps = list(record.steps)
        else:
            complaints.append(texts.NOTHING_TO_UNDO)
    if not undone:
        return Edited(record, tuple(complaints))
    # said in one breath or not, the last change is the first to be undone
    left = [*versions, last_undone] if history and last_undone is not None else versions
    return Edited(record, tuple(complaints), tuple(left))


@dataclass
class _Editor:
    stages: Sequence[str]
    said: Said
    understanding: ExtractionContext
    steps: list[StepValue]
    """As they were numbered when the reply was read, with what became of them since."""
    _gone: set[int] = field(default_factory=set)

    def make(self, record: Record, edit: Edit) -> Edited:  # noqa: C901  a closed set of types, a line each
        match edit:
            case SetAmount():
                return Edited(self._amount(record, edit))
            case RemoveAmount():
                return self._without_amount(record, edit)
            case SetCustomer():
                return Edited(record.with_fact(self._fact(self._customer(edit.name), edit.span)))
            case SetContact():
                return self._contact(record, edit)
            case AddContact():
                value = ContactValue(name=edit.name, department=edit.department)
                return Edited(record.with_fact(self._fact(value, edit.span)))
            case RemoveContact():
                known = [contact for contact in record.all(ContactValue) if contact.name == edit.name]
                return _without(record, known, texts.NO_SUCH_CONTACT.format(name=edit.name))
            case SetStage():
                return self._stage(record, edit)
            case SetVisitedOn():
                return Edited(record.with_fact(self._fact(DayValue(on=edit.on), edit.span)))
            case SetDue():
                return self._step(record, edit.step, edit.span, due=edit.due)
            case SetOwner():
                return self._step(record, edit.step, edit.span, owner=edit.owner)
            case SetAction():
                return self._step(record, edit.step, edit.span, action=edit.action)
            case RemoveStep():
                found = self._numbered(record, edit.step)
                self._gone.add(edit.step)
                return _without(record, found, texts.STEP_IS_GONE.format(place=edit.step))
            case AddStep():
                return Edited(self._add_step(record, edit))
            case AddCompetitor():
                return Edited(record.with_fact(self._fact(CompetitorValue(name=edit.name), edit.span)))
            case RemoveCompetitor():
                rivals = [rival for rival in record.all(CompetitorValue) if rival.name == edit.name]
                return _without(record, rivals, texts.NO_SUCH_COMPETITOR.format(name=edit.name))
            case RemoveRisk():
                risks: list[SignalValue] = [risk for risk in record.risks if risk.words == edit.words]
                return _without(record, risks, texts.NO_SUCH_RISK)
            case RemovePain():
                pains = [pain for pain in record.all(PainValue) if pain.category == edit.category]
                return _without(record, pains, texts.NO_SUCH_PAIN)
            case Supplement():
                return Edited(self._supplement(record, edit))
            case Undo() | Ask():
                return Edited(record)

    def _fact(self, value: Value, span: Span) -> Fact:
        return Fact(value, self.said.source(span))

    def _amount(self, record: Record, edit: SetAmount) -> Record:
        value = AmountValue(role=edit.role, low_fen=edit.low_fen, high_fen=edit.high_fen, unit=edit.unit)
        same = [amount for amount in record.all(AmountValue) if amount.role == edit.role]
        if len(same) == 1 and edit.unit is None:
            # 单价改成36 is still the price of one box
            value = value.model_copy(update={"unit": same[0].unit})
        fact = self._fact(value, edit.span)
        return record.replacing(same[0], fact) if len(same) == 1 else record.with_fact(fact)

    def _without_amount(self, record: Record, edit: RemoveAmount) -> Edited:
        known = [amount for amount in record.all(AmountValue) if amount.role == edit.role]
        return _without(record, known, texts.NO_SUCH_AMOUNT.format(label=wording.AMOUNT_LABELS[edit.role]))

    def _customer(self, name: str) -> CustomerValue:
        candidates = names.link(name, self.understanding.customers)
        if meant := names.decided(candidates):
            return CustomerValue(name=meant.name, status="known", heard=name if meant.reason == "sound" else None)
        if candidates:
            return CustomerValue(name=name, status="ambiguous", candidates=tuple(each.name for each in candidates))
        return CustomerValue(name=name, status="new")

    def _contact(self, record: Record, edit: SetContact) -> Edited:
        known = record.all(ContactValue)
        if edit.old is not None:
            known = [contact for contact in known if contact.name == edit.old]
            if not known:
                return Edited(record, (texts.NO_SUCH_CONTACT.format(name=edit.old),))
        keep = known[0] if len(known) == 1 else None
        # 王建国 is still the manager that 王经理 was; 程总 is none
        title = keep.title if keep and not edit_refs.has_title(edit.name) else None
        value = ContactValue(name=edit.name, title=title, department=keep.department if keep else None)
        fact = self._fact(value, edit.span)
        return Edited(record.replacing(keep, fact) if keep else record.with_fact(fact))

    def _stage(self, record: Record, edit: SetStage) -> Edited:
        matches = [stage for stage in self.stages if edit.said in stage or stage in edit.said]
        exact = [stage for stage in matches if stage == edit.said]
        if len(exact or matches) != 1:
            return Edited(record, (texts.NO_SUCH_STAGE.format(words=edit.said, stages="、".join(self.stages)),))
        return Edited(record.with_fact(self._fact(StageValue(name=(exact or matches)[0]), edit.span)))

    def _numbered(self, record: Record, step: int) -> list[StepValue]:
        """The step of that number, unless it has gone meanwhile."""
        if step in self._gone or not 0 < step <= len(self.steps):
            return []
        return [value for value in record.steps if value == self.steps[step - 1]]

    def _step(
        self,
        record: Record,
        step: int,
        span: Span,
        *,
        due: date | None = None,
        owner: Owner | None = None,
        action: str | None = None,
    ) -> Edited:
        found = self._numbered(record, step)
        if not found:
            return Edited(record, (texts.STEP_IS_GONE.format(place=step),))
        old = found[0]
        new = StepValue(owner=owner or old.owner, action=action or old.action, due=due or old.due)
        self.steps[step - 1] = new
        return Edited(record.replacing(old, self._fact(new, span)))

    def _add_step(self, record: Record, edit: AddStep) -> Record:
        read = [fact for fact in self._read(edit.span) if isinstance(fact.value, StepValue)]
        if read:
            return record.joined_by(read)
        words = edit.span.of(self.said.text)
        context = self.understanding
        found = dates.find(words, context.sent_at, context.zone, context.worked)
        due, action = None, words
        if len(found) == 1:
            due = found[0].due
            action = (words[: found[0].span.start] + words[found[0].span.end :]).strip(" ，,：:") or words
        return record.with_fact(self._fact(StepValue(owner="us", action=action, due=due), edit.span))

    def _supplement(self, record: Record, edit: Supplement) -> Record:
        read = self._read(edit.span)
        record = record.joined_by(read)
        if any(is_on_the_card(fact.value) for fact in read):
            return record
        return record.with_fact(self._fact(RemarkValue(text=edit.span.of(self.said.text)), edit.span))

    def _read(self, span: Span) -> list[Fact]:
        """What that part of the reply says, as a note would; nothing where it is of two messages."""
        if len(self.said.parts) != 1:
            return []
        [part] = self.said.parts
        # same offsets as in the whole text, so that the spans stay true
        words = " " * span.start + self.said.text[span.start : span.end]
        return facts_of(extract(words, self.understanding), part.evidence, part.transcript)


def _without(record: Record, values: Sequence[Value], complaint: str) -> Edited:
    """The record without these values, or the complaint where there are none."""
    if not values:
        return Edited(record, (complaint,))
    for value in values:
        record = record.without(value)
    return Edited(record)


def is_on_the_card(value: Value) -> bool:
    """Whether the rep sees there what came of their words; an encouraging sign is kept and not shown."""
    return tells_of_a_visit(value) and not (isinstance(value, SignalValue) and value.polarity == "positive")
