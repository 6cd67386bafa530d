"""Who may do what, and whose records they see: decided here, and nowhere else.

A rep sees what is their own; a manager also what belongs to the people below them; a director also what belongs to the
people of their region. An admin looks after people, rules and the machine, and reads no records for that.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from handlers import actions
from storage.models import Customer, Escalation, Evidence, Finding, Member, Script, ScriptProposal
from storage.work import Work

Role = Literal["sales", "manager", "director", "admin", "colleague"]

EVERYBODY: frozenset[Role] = frozenset({"sales", "manager", "director", "admin", "colleague"})
LEADERS: frozenset[Role] = frozenset({"manager", "director"})
SELLERS: frozenset[Role] = frozenset({"sales", "manager", "director"})
ADMINS: frozenset[Role] = frozenset({"admin"})
KEEPERS: frozenset[Role] = LEADERS | ADMINS
"""Who may look at the list of people, each at their part of it."""
WRITERS: frozenset[Role] = SELLERS | ADMINS
"""Who may propose words for the script library."""


@dataclass(frozen=True)
class Sight:
    """Whose records somebody may read: their own, and those of `members`."""

    member_id: int
    members: frozenset[int]

    def sees(self, member_id: int | None) -> bool:
        return member_id in self.members


async def sight_of(work: Work, member: Member) -> Sight:
    seen = {member.member_id}
    if LEADERS & set(member.roles):
        seen |= await work.members.below(member.member_id)
    if "director" in member.roles and member.region:
        seen |= await work.members.of_region(member.region)
    return Sight(member.member_id, frozenset(seen))


def has_role(member: Member, roles: frozenset[Role]) -> bool:
    return bool(roles & set(member.roles))


async def may_hear(work: Work, member: Member, escalation: Escalation) -> bool:
    """Whether somebody may look at what a matter rests on: it lies or lay with them, or is theirs to follow up."""
    holders = await work.escalations.holders(escalation.escalation_id)
    return member.member_id in {*holders, escalation.member_id, escalation.assignee_id}


# People


async def may_see_member(work: Work, by: Member, member: Member) -> bool:
    """Whether they may look at this entry of the list of people."""
    return has_role(by, ADMINS) or (await sight_of(work, by)).sees(member.member_id)


async def may_invite(work: Work, by: Member, role: Role, manager: Member | None) -> bool:
    """An admin anybody, a leader a rep who will report to them, directly or through others."""
    if has_role(by, ADMINS):
        return True
    if not has_role(by, LEADERS) or role != "sales" or manager is None:
        return False
    return manager.member_id == by.member_id or manager.member_id in await work.members.below(by.member_id)


async def may_hand_over(work: Work, by: Member, giver: Member, taker: Member) -> bool:
    """Whether they may give `giver`'s customers to `taker`: their own to anybody; leaders, from and to people below."""
    if has_role(by, ADMINS) or by.member_id == giver.member_id:
        return True
    sight = await sight_of(work, by)
    return has_role(by, LEADERS) and sight.sees(giver.member_id) and sight.sees(taker.member_id)


async def sees_customer(work: Work, by: Member, customer: Customer) -> bool:
    """Whether they may read what is known of this customer."""
    return (await sight_of(work, by)).sees(customer.owner_id)


async def may_tell_of_deals(work: Work, by: Member, customer: Customer) -> bool:
    """Whether what they record says how the customer's deals go: whoever has the customer, and those who lead them.

    Where nobody has the customer, anybody's record does.
    """
    return customer.owner_id is None or await sees_customer(work, by, customer)


async def may_see_piece(work: Work, by: Member, piece: Evidence) -> bool:
    """What they sent themselves, what lies in the file of a customer of theirs, and what belongs to a visit of theirs.

    Once it lies in a customer's file, it goes with the customer: whoever has them now sees it, and their leaders.
    """
    sight = await sight_of(work, by)
    if piece.customer_id is not None:
        return sight.sees((await work.customers.get(piece.customer_id)).owner_id)
    return sight.sees(piece.member_id)


async def may_read_script(work: Work, by: Member, script: Script) -> bool:
    """The library is the company's; what nobody approved yet, its proposer's, those who lead them, and the admins'."""
    was_sent_back = script.status == "retired" and script.proposed_by is not None and script.approved_by is None
    if has_role(by, ADMINS) or not (script.status == "draft" or was_sent_back):
        return True
    return (await sight_of(work, by)).sees(script.proposed_by)


async def may_judge_script(work: Work, by: Member, script: Script) -> bool:
    """Who lead the proposer, and admins."""
    return has_role(by, KEEPERS) and await may_read_script(work, by, script)


async def may_judge_proposal(work: Work, by: Member, proposal: ScriptProposal) -> bool:
    """Who lead whoever proposed it, and admins."""
    if has_role(by, ADMINS):
        return True
    return has_role(by, LEADERS) and (await sight_of(work, by)).sees(proposal.member_id)


# Buttons


async def may_press(work: Work, member: Member, action: actions.Action) -> bool:
    """Whether this button is theirs to press, whatever the card or the click says."""
    return await _PRESSES[type(action)](work, member, action)


Check = Callable[[Work, Member, Any], Awaitable[bool]]


async def _own_visit(work: Work, member: Member, action: Any) -> bool:
    visit = await work.visits.find(action.visit_id)
    return visit is not None and visit.member_id == member.member_id


async def _own_evidence(work: Work, member: Member, action: Any) -> bool:
    evidence = await work.visits.find_evidence(action.evidence_id)
    return evidence is not None and evidence.member_id == member.member_id


async def _own_pieces(work: Work, member: Member, action: Any) -> bool:
    """What they sent themselves; to whose file it goes is theirs to say, as with a visit."""
    pieces = [await work.visits.find_evidence(evidence_id) for evidence_id in action.evidence_ids]
    return bool(pieces) and all(piece is not None and piece.member_id == member.member_id for piece in pieces)


async def _own_todo(work: Work, member: Member, action: Any) -> bool:
    todo = await work.todos.find(action.todo_id)
    return todo is not None and todo.member_id == member.member_id


async def _own_escalation(work: Work, member: Member, action: Any) -> bool:
    """It lies with them: with the manager, or with whoever was asked to follow it up."""
    escalation = await work.escalations.find(action.escalation_id)
    if escalation is None:
        return False
    if escalation.state == "assigned":
        return escalation.assignee_id == member.member_id
    return escalation.manager_id == member.member_id


async def _managed_escalation(work: Work, member: Member, action: Any) -> bool:
    escalation = await work.escalations.find(action.escalation_id)
    return escalation is not None and escalation.manager_id == member.member_id


async def _own_leaver(work: Work, member: Member, action: Any) -> bool:
    """Somebody of theirs, or anybody to an admin: whose customers need a successor."""
    leaver = await work.members.find(action.member_id)
    return leaver is not None and has_role(member, KEEPERS) and await may_see_member(work, member, leaver)


async def _keeps_the_list(_work: Work, member: Member, _action: Any) -> bool:
    return has_role(member, ADMINS)


async def _own_findings(work: Work, member: Member, action: Any) -> bool:
    findings = [await work.rules.get(finding_id) for finding_id in action.finding_ids]
    return all(
        finding is not None and finding.rule == "downgrade" and finding.member_id == member.member_id
        for finding in findings
    )


async def _undoable_findings(work: Work, member: Member, action: Any) -> bool:
    findings = [await work.rules.get(finding_id) for finding_id in action.finding_ids]
    return all([finding is not None and await may_undo(work, member, finding) for finding in findings])


async def may_undo(work: Work, member: Member, finding: Finding) -> bool:
    """A rep takes back what was changed at their word; a mark that warns of a customer, only whoever leads the rep."""
    if finding.rule == "grading":
        return await _sees_graded(work, member, finding)
    if finding.rule not in ("downgrade", "at_risk"):
        return False
    if finding.rule == "downgrade" and finding.member_id == member.member_id:
        return True
    return has_role(member, LEADERS) and (await sight_of(work, member)).sees(finding.member_id)


async def _theirs_to_judge(work: Work, member: Member, action: Any) -> bool:
    proposal = await work.scripts.find_proposal(action.proposal_id)
    return proposal is not None and await may_judge_proposal(work, member, proposal)


async def _own_script_question(work: Work, member: Member, action: Any) -> bool:
    question = await work.scripts.find_question(action.question_id)
    return question is not None and question.member_id == member.member_id


async def _own_practice(work: Work, member: Member, action: Any) -> bool:
    session = await work.practice.find(action.session_id)
    return session is not None and session.member_id == member.member_id


async def owns_deal(work: Work, member: Member, opportunity_id: int) -> bool:
    """A deal is its customer's owner's."""
    deal = await work.opportunities.find(opportunity_id)
    return deal is not None and (await work.customers.get(deal.customer_id)).owner_id == member.member_id


async def _own_deal(work: Work, member: Member, action: Any) -> bool:
    return await owns_deal(work, member, action.opportunity_id)


async def _own_change(work: Work, member: Member, action: Any) -> bool:
    """Whoever proposed it, and whoever has the customer by now."""
    change = await work.opportunities.find_change(action.change_id)
    return change is not None and (
        change.member_id == member.member_id or await owns_deal(work, member, change.opportunity_id)
    )


async def _asked_to_waive(work: Work, member: Member, action: Any) -> bool:
    """It lies with them, and they lead: nobody lets their own deal pass."""
    change = await work.opportunities.find_change(action.change_id)
    return change is not None and change.asked_of == member.member_id and has_role(member, LEADERS)


async def _asked_to_unlock(work: Work, member: Member, action: Any) -> bool:
    signing = await work.opportunities.find_signing(action.signing_id)
    return signing is not None and signing.asked_of == member.member_id and has_role(member, LEADERS)


async def _sees_graded(work: Work, member: Member, finding: Finding) -> bool:
    customer = await work.customers.glance(int(finding.subject.removeprefix("customer:")))
    return customer is not None and await sees_customer(work, member, customer)


async def _own_grading(work: Work, member: Member, action: Any) -> bool:
    """Whoever has the customer, and those who lead them."""
    finding = await work.rules.get(action.finding_id)
    return finding is not None and finding.rule == "grading" and await _sees_graded(work, member, finding)


async def _asked_to_hand_on(work: Work, member: Member, action: Any) -> bool:
    """It lies with them, and they lead."""
    handoff = await work.leads.find_handoff(action.handoff_id)
    return handoff is not None and handoff.asked_of == member.member_id and has_role(member, LEADERS)


async def _seen_customer(work: Work, member: Member, action: Any) -> bool:
    customer = await work.customers.glance(action.customer_id)
    return customer is not None and await sees_customer(work, member, customer)


async def _seen_deal(work: Work, member: Member, action: Any) -> bool:
    deal = await work.opportunities.find(action.opportunity_id)
    customer = await work.customers.glance(deal.customer_id) if deal is not None else None
    return customer is not None and await sees_customer(work, member, customer)


async def _seen_chain(work: Work, member: Member, action: Any) -> bool:
    """The customer's, or that of a deal of the same customer."""
    if action.opportunity_id is not None:
        deal = await work.opportunities.find(action.opportunity_id)
        if deal is None or deal.customer_id != action.customer_id:
            return False
    return await _seen_customer(work, member, action)


async def _lies_with_them(work: Work, member: Member, action: Any) -> bool:
    request = await work.help.find(action.request_id)
    return request is not None and request.state == "open" and request.holder_id == member.member_id


async def _their_answer(work: Work, member: Member, action: Any) -> bool:
    """What an answer is worth, only whoever gave it says, or has it to give."""
    request = await work.help.find(action.request_id)
    return request is not None and member.member_id == (request.answered_by or request.holder_id)


async def _their_turn(work: Work, member: Member, action: Any) -> bool:
    """The node is open, and theirs: nobody above them decides before it comes to them."""
    node = await work.approvals.find_node(action.approval_id, action.turn)
    return node is not None and node.state == "open" and node.member_id == member.member_id


_PRESSES: Mapping[type[actions.Action], Check] = {
    actions.ConfirmVisit: _own_visit,
    actions.ShowSources: _own_visit,
    actions.ChangeCustomer: _own_visit,
    actions.PickCustomer: _own_visit,
    actions.DiscardVisit: _own_visit,
    actions.AnswerRisks: _own_visit,
    actions.HoldRisks: _own_visit,
    actions.SkipDetails: _own_visit,
    actions.PickSide: _own_evidence,
    actions.LabelPicture: _own_evidence,
    actions.NotePicture: _own_evidence,
    actions.FileEvidence: _own_pieces,
    actions.FileChosen: _own_pieces,
    actions.ChangeFile: _own_pieces,
    actions.LeaveEvidence: _own_pieces,
    actions.FinishTodo: _own_todo,
    actions.PostponeTodo: _own_todo,
    actions.PassOnTodo: _own_todo,
    actions.LowerGrade: _own_findings,
    actions.KeepGrade: _own_findings,
    actions.UndoFinding: _undoable_findings,
    actions.ShowScripts: _own_visit,
    actions.JudgeScript: _own_script_question,
    actions.TakeEscalation: _managed_escalation,
    actions.AssignEscalation: _managed_escalation,
    actions.ResolveEscalation: _own_escalation,
    actions.DismissEscalation: _own_escalation,
    actions.HandOver: _own_leaver,
    actions.HandOverLater: _own_leaver,
    actions.RestoreMember: _keeps_the_list,
    actions.KeepOut: _keeps_the_list,
    actions.ApplyDepartures: _keeps_the_list,
    actions.DropDepartures: _keeps_the_list,
    actions.ApproveScript: _theirs_to_judge,
    actions.ReturnScript: _theirs_to_judge,
    actions.PractiseAgain: _own_practice,
    actions.PickDeal: _own_visit,
    actions.ConvertLead: _own_deal,
    actions.AskWaiver: _own_change,
    actions.DropStage: _own_change,
    actions.GrantWaiver: _asked_to_waive,
    actions.RefuseWaiver: _asked_to_waive,
    actions.UnlockSigning: _asked_to_unlock,
    actions.RefuseSigning: _asked_to_unlock,
    actions.TakeGrade: _own_grading,
    actions.LeaveGrade: _own_grading,
    actions.HandOnLead: _asked_to_hand_on,
    actions.LeaveLead: _asked_to_hand_on,
    actions.ShowCustomer: _seen_customer,
    actions.ShowDeal: _seen_deal,
    actions.ShowChain: _seen_chain,
    actions.AnswerRequest: _lies_with_them,
    actions.PassOnRequest: _lies_with_them,
    actions.DeclineRequest: _lies_with_them,
    actions.CountAnswer: _their_answer,
    actions.ApproveNode: _their_turn,
    actions.RefuseNode: _their_turn,
    actions.RaiseNode: _their_turn,
}
