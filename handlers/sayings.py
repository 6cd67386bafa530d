"""Things said in passing that are neither commands by the letter nor news of a visit: 排期表搞定了, 本周计划拜访12家.

One table, in the order it is tried. A saying that is meant for a role is told so to others, and taken for nothing else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from handlers import (
    abnormal_said,
    access,
    approval_said,
    copies,
    customer_view,
    deals,
    escalation_answers,
    escalation_requests,
    escalation_weights,
    filing,
    grading,
    help_said,
    objections,
    outbox,
    packs,
    plans,
    practice,
    risk_replies,
    script_approval,
    script_clues,
    script_gaps,
    script_guide,
    script_library,
    script_proposals,
    script_report,
    script_said,
    texts,
    todo_sayings,
    undoing,
)
from handlers.access import Role
from handlers.context import Context
from handlers.reply import Reply
from nlp import (
    deal_words,
    evidence_words,
    grade_words,
    objection_words,
    plan_words,
    practice_words,
    todo_words,
    view_words,
)
from nlp.draft import Vocabulary
from storage.models import Member
from storage.work import Work

T = TypeVar("T")


@dataclass(frozen=True)
class Saying(Generic[T]):
    """`read` gives what the words mean, or None where they mean nothing here; `run` does it.

    `run` answers False where it turns out that the words were meant otherwise (no to-do of that name): the next is
    tried.
    """

    name: str
    roles: frozenset[Role]
    read: Callable[[str], T | None]
    run: Callable[[Context, Work, Member, Reply, T], Awaitable[bool]]
    is_order: bool = False
    """Whether it is meant by the letter, so that nothing in it changes an open draft."""
    may_answer: bool = False
    """Whether the words may as well answer a question of ours: a name."""
    read_own: Callable[[str, Vocabulary], T | None] | None = None
    """In place of `read` where the company's own lists are known."""

    def meant(self, text: str, vocabulary: Vocabulary) -> T | None:
        return self.read_own(text, vocabulary) if self.read_own else self.read(text)


SAYINGS: tuple[Saying[Any], ...] = (
    Saying("话术缺口", access.KEEPERS, script_gaps.read, script_gaps.run, is_order=True),
    Saying("话术情况", access.KEEPERS, script_report.asks_for_report, script_report.show, is_order=True),
    Saying("话术线索", access.LEADERS, script_clues.read, script_clues.run, is_order=True),
    Saying("停用话术", access.KEEPERS, script_library.names_retired, script_library.retire, is_order=True),
    Saying("新增话术", access.WRITERS, script_said.read_new, script_guide.start, is_order=True),
    Saying("修改话术", access.WRITERS, script_said.read_change, script_proposals.change, is_order=True),
    Saying("审批话术", access.KEEPERS, script_approval.read_judgement, script_approval.judge, is_order=True),
    Saying("待审话术", access.KEEPERS, script_approval.asks_what_waits, script_approval.show_waiting, is_order=True),
    # before the library's codes: a stage may be called POC
    Saying(
        "阶段提问",
        access.EVERYBODY,
        objection_words.stage_of,
        objections.ask_stage,
        is_order=True,
        read_own=objections.read_stage,
    ),
    Saying("话术库", access.EVERYBODY, script_library.read, script_library.show, is_order=True),
    Saying("练习情况", access.LEADERS, practice_words.asks_for_team, practice.show_team, is_order=True),
    Saying("练习", access.EVERYBODY, practice_words.read, practice.run, is_order=True),
    Saying("客户情况", access.EVERYBODY, view_words.read, customer_view.ask, is_order=True),
    Saying("怎么回", access.EVERYBODY, objections.read, objections.ask, is_order=True),
    Saying("商机", access.SELLERS, deal_words.read, deals.run, is_order=True, read_own=deals.read),
    Saying("评级", access.SELLERS, grade_words.read, grading.run, is_order=True),
    Saying("求助", access.EVERYBODY, help_said.read, help_said.run, is_order=True),
    Saying("团队求助", access.LEADERS, help_said.asks_for_team, help_said.show_team, is_order=True),
    Saying("审批", access.EVERYBODY, approval_said.read, approval_said.run, is_order=True),
    Saying("团队审批", access.LEADERS, approval_said.asks_for_team, approval_said.show_team, is_order=True),
    Saying("异常清单", access.SELLERS, abnormal_said.read, abnormal_said.run, is_order=True),
    Saying("团队异常", access.LEADERS, abnormal_said.read_team, abnormal_said.run, is_order=True),
    Saying("请同事帮忙", access.EVERYBODY, help_said.read_loose, help_said.run_loose),
    Saying("申请审批", access.SELLERS, approval_said.read_loose, approval_said.run_loose),
    Saying("不是同一张", access.SELLERS, copies.read, copies.deny),
    Saying("证据", access.SELLERS, evidence_words.read_show, packs.run, is_order=True),
    Saying("某客户的证据", access.SELLERS, evidence_words.read_show_of, packs.run),
    Saying("某客户的评级", access.SELLERS, grade_words.read_of, grading.run_of),
    Saying("归档", access.SELLERS, evidence_words.read_file_to, filing.run, is_order=True),
    Saying("待办", access.EVERYBODY, todo_words.read, todo_sayings.run),
    Saying("上报", access.SELLERS, escalation_requests.read, escalation_requests.run),
    Saying("跟进或已处理", access.EVERYBODY, escalation_answers.said_of_matter, escalation_answers.do_as_said),
    Saying("指派", access.LEADERS, escalation_answers.said_to_assign, escalation_answers.assign_by_word),
    Saying("待处理风险", access.LEADERS, escalation_requests.asks_for_list, escalation_requests.listing),
    Saying("误报清单", access.KEEPERS, escalation_weights.asks_for_list, escalation_weights.listing),
    Saying("恢复说法", access.KEEPERS, escalation_weights.names_wording, escalation_weights.restore),
    Saying("计划", access.SELLERS, plan_words.read, plans.note_said),
    Saying("撤销自动改动", access.SELLERS, undoing.read, undoing.run),
    Saying("回答风险", access.EVERYBODY, risk_replies.read_again, risk_replies.answer_again),
    Saying("看客户", access.EVERYBODY, view_words.read_look, customer_view.look_up, may_answer=True),
    Saying("客户名", access.EVERYBODY, view_words.read_name, customer_view.take_name, may_answer=True),
)


def is_one(ctx: Context, text: str) -> bool:
    """Whether the words are meant for one of them, should it turn out to have something to do."""
    vocabulary = ctx.settings.vocabulary
    return any(not saying.may_answer and saying.meant(text, vocabulary) is not None for saying in SAYINGS)


def is_order(ctx: Context, text: str) -> bool:
    return any(saying.is_order and saying.meant(text, ctx.settings.vocabulary) is not None for saying in SAYINGS)


async def take(ctx: Context, work: Work, reply: Reply, member: Member) -> bool:
    """Do what the words ask for; False where they are none of these."""
    for saying in SAYINGS:
        meant = saying.meant(reply.text, ctx.settings.vocabulary)
        if meant is None:
            continue
        if not access.has_role(member, saying.roles):
            await outbox.say(work, reply.to, texts.NOT_ALLOWED, cause=f"{reply.cause}>refused")
            return True
        if await saying.run(ctx, work, member, reply, meant):
            return True
    return False
