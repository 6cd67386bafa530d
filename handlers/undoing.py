"""Taking back what a rule changed: by the button on its card, or in words."""

import re
from dataclasses import dataclass

from handlers import access, actions, escalation_answers, grades, grading, notices, outbox, risk_marks, texts
from handlers.actions import ALL, FINDING_SELECT
from handlers.checks import customer_of, origin_of, subject_of
from handlers.context import Context
from handlers.pressed import Pressed
from handlers.reply import Reply
from storage.models import Finding, Member
from storage.work import Work

MOST_NAMED = 6
_SAID = re.compile(
    r"(?:撤销|取消)[\s:：]*(?P<what>风险客户|风险标记|客户降级|降级)(?:标记)?[\s:：]*(?P<customer>\S.*?)?[\s。.！!]*"
)
_OF_CUSTOMER = re.compile(
    r"(?:把)?(?P<customer>\S.*?)的?(?P<what>风险客户|风险标记|降级)(?:标记)?(?:撤销|取消)(?:掉|了|吧)?[\s。.！!]*"
)
_GRADING = re.compile(r"(?:撤销|取消)(?P<what>评级)[\s:：]+(?P<customer>[^\s，。,]+)[\s。.！!]*")
"""By the letter alone: 信用评级被取消了 is news."""
_RULES = {
    "风险客户": risk_marks.RULE,
    "风险标记": risk_marks.RULE,
    "客户降级": grades.RULE,
    "降级": grades.RULE,
    "评级": grading.RULE,
}


@dataclass(frozen=True)
class UndoSaid:
    rule: str
    what: str
    customer: str
    """As said; empty where nobody is named."""


def read(text: str) -> UndoSaid | None:
    """撤销 风险客户 恒力, or 恒力的风险客户标记取消掉; None where the words ask for nothing of the kind.

    >>> read("撤销 风险客户 宁波恒力")
    UndoSaid(rule='at_risk', what='风险客户', customer='宁波恒力')
    """
    said = next(filter(None, (form.fullmatch(text.strip()) for form in (_SAID, _OF_CUSTOMER, _GRADING))), None)
    if said is None:
        return None
    customer = (said["customer"] or "").strip(" 「」『』\"'")
    return UndoSaid(_RULES[said["what"]], said["what"], customer)


async def run(ctx: Context, work: Work, member: Member, reply: Reply, said: UndoSaid) -> bool:
    answer = await _undo_said(ctx, work, member, reply, said)
    await outbox.say(work, reply.to, answer, cause=f"{reply.cause}>undo")
    return True


async def _undo_said(ctx: Context, work: Work, member: Member, reply: Reply, said: UndoSaid) -> str:
    if not said.customer:
        return texts.UNDO_WHAT
    sight = await access.sight_of(work, member)
    customers = await work.customers.called(said.customer, owners=sight.members, limit=MOST_NAMED)
    if len(customers) > 1:
        return texts.UNDO_WHICH.format(words=said.customer, names="、".join(customer.name for customer in customers))
    nothing = texts.UNDO_NOTHING.format(what=said.what, customer=said.customer)
    if not customers:
        return nothing
    finding = await work.rules.latest(said.rule, subject_of(customers[0].customer_id))
    if finding is None:
        return nothing
    if not await access.may_undo(work, member, finding):
        return texts.NOT_ALLOWED
    return await undo(ctx, work, finding, by=member, cause=reply.cause)


async def press(ctx: Context, work: Work, action: actions.UndoFinding, pressed: Pressed) -> None:
    chosen = pressed.chosen(FINDING_SELECT)
    ids = [one for one in action.finding_ids if chosen in (None, ALL, str(one))]
    told = [await undo(ctx, work, await work.rules.lock(one), by=pressed.member, cause=pressed.cause) for one in ids]
    if set(ids) == set(action.finding_ids):
        await outbox.close(
            work,
            pressed.card,
            texts.CLOSED_UNDONE,
            cause=f"{pressed.cause}>closed",
            response_ref=pressed.response_ref,
        )
    await outbox.say(work, pressed.to, "\n".join(told) or texts.CHOOSE_FIRST, cause=f"{pressed.cause}>undone")


async def undo(ctx: Context, work: Work, finding: Finding, *, by: Member, cause: str) -> str:
    """Back to what was before, for as long as this episode lasts; answers what to say."""
    customer = await work.customers.lock(customer_of(finding))
    is_mark = finding.rule == risk_marks.RULE
    restore = risk_marks.restore if is_mark else grades.restore
    if finding.undone_at is not None or not restore(work, customer, finding, member_id=by.member_id, source=cause):
        return texts.UNDONE_ALREADY.format(customer=customer.name)
    finding.undone_at, finding.undone_by = work.now, by.member_id
    if not is_mark:
        told = texts.UNDONE_GRADE if finding.rule == grading.RULE else texts.UNDONE_DOWNGRADE
        return told.format(customer=customer.name, grade=customer.grade or grades.ASSUMED)
    names = {"member": by.name, "customer": customer.name}
    await escalation_answers.withdraw(
        ctx,
        work,
        origin_of(finding),
        by=by,
        text=texts.UNDONE_WITHDRAWN.format(**names),
        rest=texts.UNDONE_REST.format(**names),
        cause=cause,
    )
    if finding.member_id is not None and finding.member_id != by.member_id:
        told = texts.UNDONE_TOLD.format(**names)
        key = f"rule:undone:{finding.finding_id}"
        await notices.tell(ctx, work, finding.member_id, told, key=key, subject=f"finding:{finding.finding_id}")
    return texts.UNDONE_AT_RISK.format(customer=customer.name)
