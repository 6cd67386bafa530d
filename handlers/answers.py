"""What somebody says while a question of ours waits for them: taken as its answer where it is one.

Each kind of question has a reader of its own here. It answers False where the words are no answer to it, and then the
next older question is tried, and at last they are what anything else is: an instruction, a note.
"""

from collections.abc import Awaitable, Callable, Mapping

from handlers import (
    abnormal_said,
    after_visits,
    approval_answers,
    approval_said,
    approving,
    detail_replies,
    escalation_answers,
    escalation_requests,
    help_answers,
    help_desk,
    help_said,
    leads,
    leavers,
    packs,
    practice,
    practice_answers,
    risk_replies,
    script_approval,
    script_guide,
    stages,
    todo_answers,
)
from handlers.context import Context
from handlers.reply import Reply
from storage.models import Member, Question
from storage.work import Work

Reader = Callable[[Context, Work, Question, Reply, Member], Awaitable[bool]]
"""Whether the reply was an answer; the reader then did all that follows from it, closing the question included."""

READERS: Mapping[str, Reader] = {
    **todo_answers.READERS,
    escalation_answers.ASSIGN: escalation_answers.take_assignee,
    escalation_answers.OUTCOME: escalation_answers.take_outcome,
    escalation_requests.CUSTOMER: escalation_requests.take_customer,
    "risk": risk_replies.read,
    "detail": detail_replies.read,
    after_visits.PERIOD: after_visits.take_period,
    stages.JUMP: stages.take_reason,
    **leads.READERS,
    leavers.QUESTION: leavers.read_taker,
    packs.KIND: packs.read,
    **script_guide.READERS,
    script_approval.REASON: script_approval.take_reason,
    practice.KIND: practice_answers.read,
    **help_answers.READERS,
    **help_said.READERS,
    **approval_answers.READERS,
    **approval_said.READERS,
    **abnormal_said.READERS,
}

NUMBERED = (
    todo_answers.NUMBERED
    | help_answers.NUMBERED
    | help_said.NUMBERED
    | abnormal_said.NUMBERED
    | {script_guide.KIND, packs.KIND}
)
"""Kinds of question that a bare number answers."""
IN_ANY_WORDS = frozenset({script_guide.WORDS, help_desk.ANSWER, help_desk.REASON, approving.REASON})
"""Kinds of question that take whatever is said, unless it names a customer: it is no note for a model to read."""


async def take(ctx: Context, work: Work, reply: Reply, member: Member) -> bool:
    """Give the reply to the question it answers; False where it answers none."""
    for question in await work.questions.open_of(member.member_id):
        if await READERS[question.kind](ctx, work, question, reply, member):
            return True
    return False
