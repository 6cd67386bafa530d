"""What the buttons on our cards mean.

An action travels to the phone and back as the button's text, so it is outside data when it returns: it is validated
here, and whoever carries it out checks again that this person may.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from handlers.messages import Frozen
from storage.timeline import Kind

LATEST_US = 4_102_444_800_000_000
"""The year 2100, in microseconds since 1970."""
LARGEST_ID = 2**31 - 1
"""Of a row, on either database."""


class ConfirmVisit(Frozen):
    do: Literal["confirm"] = "confirm"
    visit_id: int


class ShowSources(Frozen):
    """The button 修改: what the record rests on, and how to change it."""

    do: Literal["edit"] = "edit"
    visit_id: int


class ChangeCustomer(Frozen):
    do: Literal["customer"] = "customer"
    visit_id: int


class PickCustomer(Frozen):
    """The customer picked comes with the click, as the choice in `CUSTOMER_SELECT`."""

    do: Literal["pick"] = "pick"
    visit_id: int


class DiscardVisit(Frozen):
    do: Literal["discard"] = "discard"
    visit_id: int


# What a draft's card asks


class AnswerRisks(Frozen):
    """The answer comes with the click, as the choice in `SUPPORT_SELECT` or `BREAKTHROUGH_SELECT`."""

    do: Literal["answer"] = "answer"
    visit_id: int


class HoldRisks(Frozen):
    """The button 稍后: the record stays a draft, and the rep is reminded."""

    do: Literal["hold"] = "hold"
    visit_id: int


class SkipDetails(Frozen):
    """The rep does not want to be asked for more about this visit."""

    do: Literal["skip"] = "skip"
    visit_id: int


# Pictures


class PickSide(Frozen):
    """Who is the customer on a screenshot whose sides are unclear."""

    do: Literal["side"] = "side"
    evidence_id: int
    customer: Literal["left", "right"]


class LabelPicture(Frozen):
    """What a picture shows; the label comes with the click, as the choice in `LABEL_SELECT`."""

    do: Literal["label"] = "label"
    evidence_id: int


class NotePicture(Frozen):
    """The words in a picture are to be read like a note."""

    do: Literal["note"] = "note"
    evidence_id: int


# Whose a file is


class FileEvidence(Frozen):
    """Those pieces of evidence belong to that customer."""

    do: Literal["file"] = "file"
    evidence_ids: tuple[int, ...]
    customer_id: int


class FileChosen(Frozen):
    """To the customer that comes with the click, as the choice in `CUSTOMER_SELECT`."""

    do: Literal["file_chosen"] = "file_chosen"
    evidence_ids: tuple[int, ...]


class ChangeFile(Frozen):
    """The button 换客户 on such a card."""

    do: Literal["file_where"] = "file_where"
    evidence_ids: tuple[int, ...]


class LeaveEvidence(Frozen):
    """They belong to no customer."""

    do: Literal["file_not"] = "file_not"
    evidence_ids: tuple[int, ...]


# To-dos


class FinishTodo(Frozen):
    do: Literal["done"] = "done"
    todo_id: int


class PostponeTodo(Frozen):
    """To that day; without one we ask for it."""

    do: Literal["later"] = "later"
    todo_id: int
    on: date | None = None


class PassOnTodo(Frozen):
    """We ask to whom."""

    do: Literal["pass_on"] = "pass_on"
    todo_id: int


# Escalations


class TakeEscalation(Frozen):
    do: Literal["take"] = "take"
    escalation_id: int


class AssignEscalation(Frozen):
    do: Literal["assign"] = "assign"
    escalation_id: int


class ResolveEscalation(Frozen):
    do: Literal["resolve"] = "resolve"
    escalation_id: int


class DismissEscalation(Frozen):
    do: Literal["dismiss"] = "dismiss"
    escalation_id: int


# People


class HandOver(Frozen):
    """All customers of somebody who left; the successor comes with the click, as the choice in `TAKER_SELECT`."""

    do: Literal["hand_over"] = "hand_over"
    member_id: int


class HandOverLater(Frozen):
    do: Literal["hand_over_later"] = "hand_over_later"
    member_id: int


class RestoreMember(Frozen):
    do: Literal["restore"] = "restore"
    member_id: int


class KeepOut(Frozen):
    do: Literal["keep_out"] = "keep_out"
    member_id: int


class ApplyDepartures(Frozen):
    """What was held back up to that one, and nothing that came later."""

    do: Literal["apply_departures"] = "apply_departures"
    up_to: int


class DropDepartures(Frozen):
    do: Literal["drop_departures"] = "drop_departures"
    up_to: int


# Rules


class LowerGrade(Frozen):
    """As those findings propose, or as the one of them that comes with the click in `FINDING_SELECT`."""

    do: Literal["lower_grade"] = "lower_grade"
    finding_ids: tuple[int, ...]


class KeepGrade(Frozen):
    do: Literal["keep_grade"] = "keep_grade"
    finding_ids: tuple[int, ...]


class UndoFinding(Frozen):
    """Take back what those findings changed."""

    do: Literal["undo_finding"] = "undo_finding"
    finding_ids: tuple[int, ...]


# What was proposed for the script library


class ApproveScript(Frozen):
    do: Literal["approve_script"] = "approve_script"
    proposal_id: int


class ReturnScript(Frozen):
    do: Literal["return_script"] = "return_script"
    proposal_id: int


# Scripts


class ShowScripts(Frozen):
    """What to answer to the objections that a visit's record holds."""

    do: Literal["scripts"] = "scripts"
    visit_id: int


class JudgeScript(Frozen):
    """Whether an answer was useful; `place` counts those offered to that question from 0."""

    do: Literal["judge"] = "judge"
    question_id: int
    place: int
    useful: bool


# Practice


class PractiseAgain(Frozen):
    """Another session like that one."""

    do: Literal["practise_again"] = "practise_again"
    session_id: int


# Deals


class PickDeal(Frozen):
    """Which deal a visit was about; it comes with the click, as the choice in `DEAL_SELECT`."""

    do: Literal["pick_deal"] = "pick_deal"
    visit_id: int


class ConvertLead(Frozen):
    """A lead becomes sales' own: what it lacks is asked for."""

    do: Literal["sql"] = "sql"
    opportunity_id: int


class AskWaiver(Frozen):
    do: Literal["ask_waiver"] = "ask_waiver"
    change_id: int


class DropStage(Frozen):
    """The stage stays as it is after all."""

    do: Literal["drop_stage"] = "drop_stage"
    change_id: int


class GrantWaiver(Frozen):
    do: Literal["grant_waiver"] = "grant_waiver"
    change_id: int


class RefuseWaiver(Frozen):
    do: Literal["refuse_waiver"] = "refuse_waiver"
    change_id: int


class UnlockSigning(Frozen):
    do: Literal["unlock"] = "unlock"
    signing_id: int


class RefuseSigning(Frozen):
    do: Literal["keep_locked"] = "keep_locked"
    signing_id: int


class TakeGrade(Frozen):
    """The customer's grade becomes what the scores of their deal propose."""

    do: Literal["take_grade"] = "take_grade"
    finding_id: int


class LeaveGrade(Frozen):
    do: Literal["leave_grade"] = "leave_grade"
    finding_id: int


class HandOnLead(Frozen):
    """To whom comes with the click, as the choice in `TAKER_SELECT`."""

    do: Literal["hand_on_lead"] = "hand_on_lead"
    handoff_id: int


class LeaveLead(Frozen):
    """The lead stays whose it is."""

    do: Literal["leave_lead"] = "leave_lead"
    handoff_id: int


# How things stand with a customer


class ShowCustomer(Frozen):
    do: Literal["view_customer"] = "view_customer"
    customer_id: int


class ShowDeal(Frozen):
    do: Literal["view_deal"] = "view_deal"
    opportunity_id: int


class ShowChain(Frozen):
    """A page of the chain of what was done, a deal's alone where one is named.

    Without a place the newest page, else the one before it, or behind it: `at_us` counts microseconds since 1970.
    """

    do: Literal["chain"] = "chain"
    customer_id: int
    opportunity_id: int | None = None
    at_us: int | None = Field(default=None, ge=0, le=LATEST_US)
    entry: Kind | None = None
    entry_id: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    newer: bool = False

    @model_validator(mode="after")
    def _is_a_place_or_none(self) -> Self:
        place = (self.at_us, self.entry, self.entry_id)
        if any(part is None for part in place) and (any(part is not None for part in place) or self.newer):
            raise ValueError("half a place")
        return self


# What was asked of a colleague


class AnswerRequest(Frozen):
    """We ask for the words."""

    do: Literal["answer_request"] = "answer_request"
    request_id: int


class PassOnRequest(Frozen):
    """We ask to whom."""

    do: Literal["pass_on_request"] = "pass_on_request"
    request_id: int


class DeclineRequest(Frozen):
    """We ask why; without a word on that nothing is declined."""

    do: Literal["decline_request"] = "decline_request"
    request_id: int


class CountAnswer(Frozen):
    """Whether the answer is the department's confirmation too."""

    do: Literal["count_answer"] = "count_answer"
    request_id: int
    counts: bool


# Approvals; `turn` is the place of the node whose turn it is


class ApproveNode(Frozen):
    do: Literal["approve_node"] = "approve_node"
    approval_id: int
    turn: int


class RefuseNode(Frozen):
    """We ask why; without a word on that nothing is refused."""

    do: Literal["refuse_node"] = "refuse_node"
    approval_id: int
    turn: int


class RaiseNode(Frozen):
    do: Literal["raise_node"] = "raise_node"
    approval_id: int
    turn: int


# What may be pressed, by subject

VisitAction = ConfirmVisit | ShowSources | ChangeCustomer | PickCustomer | DiscardVisit
RiskAction = AnswerRisks | HoldRisks
DetailAction = SkipDetails
EscalationAction = TakeEscalation | AssignEscalation | ResolveEscalation | DismissEscalation
PictureAction = PickSide | LabelPicture | NotePicture
FilingAction = FileEvidence | FileChosen | ChangeFile | LeaveEvidence
TodoAction = FinishTodo | PostponeTodo | PassOnTodo
PeopleAction = HandOver | HandOverLater | RestoreMember | KeepOut | ApplyDepartures | DropDepartures
RuleAction = LowerGrade | KeepGrade | UndoFinding
ProposalAction = ApproveScript | ReturnScript
ScriptAction = ShowScripts | JudgeScript
PracticeAction = PractiseAgain
DealAction = PickDeal | ConvertLead | AskWaiver | DropStage | GrantWaiver | RefuseWaiver | UnlockSigning | RefuseSigning
GradeAction = TakeGrade | LeaveGrade
LeadAction = HandOnLead | LeaveLead
ViewAction = ShowCustomer | ShowDeal | ShowChain
RequestAction = AnswerRequest | PassOnRequest | DeclineRequest | CountAnswer
ApprovalAction = ApproveNode | RefuseNode | RaiseNode
Action = (
    VisitAction
    | RiskAction
    | DetailAction
    | PictureAction
    | FilingAction
    | TodoAction
    | RuleAction
    | ScriptAction
    | PracticeAction
    | ViewAction
    | EscalationAction
    | PeopleAction
    | DealAction
    | GradeAction
    | LeadAction
    | ProposalAction
    | RequestAction
    | ApprovalAction
)  # fmt: skip

_ACTIONS: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="do")])


def read(text: str) -> Action | None:
    """The action on a button, or None when it is none of ours."""
    try:
        return _ACTIONS.validate_json(text)
    except ValidationError:
        return None


CUSTOMER_SELECT = "customer"
ASSIGNEE_SELECT = "assignee"
LABEL_SELECT = "label"
DEAL_SELECT = "deal"
SUPPORT_SELECT = "support"
BREAKTHROUGH_SELECT = "breakthrough"
TAKER_SELECT = "taker"
FINDING_SELECT = "finding"
ALL = "all"
"""The option that stands for all that the card lists."""
NEW_CUSTOMER = "new"
"""The option that stands for a customer who is not in the list yet."""
NOT_CHOSEN = "none"
