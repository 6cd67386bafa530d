"""The answers to the questions of `handlers.details`: the rep's next words, or that they do not want to be asked."""

import re

from handlers import actions, details, drafts, editing
from handlers.context import Context
from handlers.details import Detail
from handlers.pressed import Pressed
from handlers.record import (
    AmountValue,
    ContactValue,
    CustomerValue,
    Fact,
    Record,
    RemarkValue,
    SkippedValue,
    StepValue,
    VagueValue,
    facts_of,
    load,
)
from handlers.reply import Reply
from handlers.risk_replies import SKIP, tells_of_another
from storage.models import Member, Question
from storage.visits import Source
from storage.work import Work

MOST = 120
"""Characters; longer words are a note."""
LEAST = 4
"""Characters; fewer are no answer to what was vague."""
_PRICED = re.compile(r"报价|单价|合同|成交|付款|报给|报了")
"""Words that say of an amount what it is, where that is no budget."""
_ENDS = " \n\t。.！!，,～~"


async def read(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """Take the reply as an answer where it is one; see `handlers.answers`."""
    visit = await work.visits.lock(int(question.subject.removeprefix("visit:")))
    record = await load(work, visit)
    asked = await details.of(work, visit, record) if visit.state == "draft" else []
    if not asked:
        await details.close(work, visit)
        return False
    if reply.text.strip(_ENDS) in SKIP:
        source = Source(reply.evidence.evidence_id, 0, len(reply.text), reply.text, engine="edit")
        reply.evidence.visit_id = visit.visit_id
        skipped = record.with_fact(Fact(SkippedValue(), source))
        await drafts.change(ctx, work, visit, skipped, member=member, to=reply.to, cause=reply.cause)
        return True
    if not _may_be_answer(record, reply):
        return False
    if (await editing.read(ctx, work, visit, reply.evidence, reply.sent_at, reply.transcript)).edits:
        return False
    new = _answered(record, asked, reply, is_fresh=reply.sent_at - question.asked_at <= ctx.settings.merge_window)
    if new is None:
        return False
    visit.last_sent_at = max(visit.last_sent_at, reply.sent_at)
    reply.evidence.visit_id = visit.visit_id
    await drafts.change(ctx, work, visit, new, member=member, to=reply.to, cause=reply.cause)
    return True


async def press(ctx: Context, work: Work, action: actions.DetailAction, pressed: Pressed) -> None:
    visit = await drafts.of_card(work, action.visit_id, pressed)
    if visit is None:
        return
    words = "跳过"
    sent_at, cause, member = pressed.message.sent_at, pressed.cause, pressed.member
    evidence = await work.visits.keep_evidence(cause, member.member_id, "text", sent_at=sent_at, text=words)
    evidence.visit_id = visit.visit_id
    fact = Fact(SkippedValue(), Source(evidence.evidence_id, 0, len(words), words, engine="picked"))
    record = await load(work, visit)
    await drafts.change(ctx, work, visit, record.with_fact(fact), member=member, to=pressed.to, cause=cause)


def _may_be_answer(record: Record, reply: Reply) -> bool:
    if len(reply.text) > MOST or reply.is_aside or reply.draft is None:
        return False
    customer = reply.draft.customer
    if customer is not None and (record.customer is None or record.customer.status != "known"):
        return False  # which customer it was is what matters most
    return not tells_of_another(reply.draft, record, reply.text)


def _answered(record: Record, asked: list[Detail], reply: Reply, *, is_fresh: bool) -> Record | None:
    """The record with what the reply says; None where that is nothing that was asked for."""
    assert reply.draft is not None  # `_may_be_answer` saw to it
    facts = [
        fact
        for fact in facts_of(reply.draft, reply.evidence, reply.transcript)
        if not isinstance(fact.value, CustomerValue)
    ]
    about = {detail.about for detail in asked}
    if "budget" in about:
        facts = _as_budget(facts, reply.text)
    wanted = {"step": StepValue, "contact": ContactValue, "budget": AmountValue}
    is_answer = any(isinstance(fact.value, wanted[key]) for key in about if key is not None for fact in facts)
    if None in about and any(editing.is_on_the_card(fact.value) for fact in facts):
        return _less_vague(record, asked).joined_by(facts)
    if is_answer:
        return record.joined_by(facts)
    if None in about and is_fresh and len(reply.text.strip(_ENDS)) >= LEAST and "？" not in reply.text:
        words = reply.text.strip()
        source = Source(reply.evidence.evidence_id, 0, len(reply.text), reply.text, engine="edit")
        return _less_vague(record, asked).joined_by([*facts, Fact(RemarkValue(text=words), source)])
    return None


def _as_budget(facts: list[Fact], text: str) -> list[Fact]:
    """八十万, in answer to how much the budget is, is the budget."""
    amounts = [fact for fact in facts if isinstance(fact.value, AmountValue)]
    if len(amounts) != 1 or not isinstance(amount := amounts[0].value, AmountValue):
        return facts
    if amount.role not in {"other", "quote"} or _PRICED.search(text):
        return facts
    budget = Fact(amount.model_copy(update={"role": "budget"}), amounts[0].source)
    return [budget if fact is amounts[0] else fact for fact in facts]


def _less_vague(record: Record, asked: list[Detail]) -> Record:
    """Without the wording that was asked about first."""
    question = next(detail.text for detail in asked if detail.about is None)
    for value in record.all(VagueValue):
        if value.question == question:
            record = record.without(value)
    return record
