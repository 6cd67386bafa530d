"""The tables of a deal: the opportunity, its stages and signing dates, what leads did, who was asked for help or a yes.

An opportunity belongs to whoever has its customer: `customers.owner_id` alone says who that is.
"""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, JsonColumn, UtcDateTime

OpportunityState = Literal["open", "won", "lost", "returned"]
"""Going on; signed; lost; given back to marketing (退回市场)."""
LeadState = Literal["mql", "sql"]
"""A lead of marketing's; one of sales', with a verified budget and a confirmed decision-maker."""
ChangeState = Literal["proposed", "applied", "dropped", "undone"]
"""Waits for what is missing; holds; nobody wants it any more; was taken back."""
SigningState = Literal["applied", "frozen", "refused"]
"""Holds; waits for the director; the director did not agree."""
HandoffState = Literal["open", "given", "kept", "lapsed"]
"""Waits for a leader; went to the senior group; stayed where it was; nobody had, or has any more, to be asked."""
BehaviourSource = Literal["note", "said", "file"]
RequestState = Literal["open", "answered", "declined", "withdrawn"]
"""A no is an answer too: `declined`."""
ApprovalKind = Literal["quote", "discount"]
ApprovalState = Literal["open", "approved", "refused", "withdrawn"]
NodeState = Literal["waiting", "open", "approved", "refused", "passed"]
"""Not reached yet; lies with its approver; decided; its time ran out, and it went up."""

_short = String(32)
_name = String(200)


class Opportunity(Base):
    """A deal that a customer and we are about to make, or made."""

    __tablename__ = "opportunities"
    __table_args__ = (
        Index("ix_opportunities_customer", "customer_id", "state"),
        Index("ix_opportunities_stage_since", "stage_since"),
        # what is abnormal about deals that go on; see `storage.abnormal`
        Index(
            "ix_opportunities_expected",
            "expected_on",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_opportunities_frozen",
            "frozen_since",
            sqlite_where=text("frozen_since IS NOT NULL"),
            postgresql_where=text("frozen_since IS NOT NULL"),
        ),
        # one deal of a name goes on at a time; those that have ended keep theirs
        Index(
            "uq_opportunities_open",
            "customer_id",
            "name",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    opportunity_id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.customer_id"))
    name: Mapped[str] = mapped_column(_name, default="")
    """What tells it from the customer's others; empty where nobody has named it."""
    state: Mapped[OpportunityState] = mapped_column(_short, default="open")
    lead: Mapped[LeadState] = mapped_column(_short, default="mql")
    stage: Mapped[str | None] = mapped_column(_name)
    stage_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    """What the deal is worth, as the latest confirmed record or a person says."""
    cost_fen: Mapped[int | None] = mapped_column(BigInteger)
    """What it costs us, where somebody who knows has said so."""
    budget_low_fen: Mapped[int | None] = mapped_column(BigInteger)
    budget_high_fen: Mapped[int | None] = mapped_column(BigInteger)
    """The verified range of the budget (验证过的预算区间); both or neither."""
    decider_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.contact_id"))
    """The confirmed decision-maker (已确认的决策人)."""
    expected_on: Mapped[date | None] = mapped_column(Date)
    """When it is expected to be signed."""
    frozen_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the expected day cannot be changed but by the director."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closing: Mapped[str | None] = mapped_column(Text)
    """Why it was closed, as whoever closed it said."""


class StageChange(Base):
    """A stage that an opportunity went into, or is to once nothing is missing. The applied ones are its history."""

    __tablename__ = "stage_changes"
    __table_args__ = (
        Index("ix_stage_changes_opportunity", "opportunity_id", "state"),
        Index("ix_stage_changes_decided", "opportunity_id", "decided_at"),
        Index(
            "uq_stage_changes_proposed",
            "opportunity_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    change_id: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    cause: Mapped[str] = mapped_column(String(200), unique=True)
    """The message, click or import that it comes from: the same again changes nothing."""
    from_stage: Mapped[str | None] = mapped_column(_name)
    from_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it had been in that stage, for taking the change back."""
    to_stage: Mapped[str] = mapped_column(_name)
    state: Mapped[ChangeState] = mapped_column(_short)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"))
    words: Mapped[str] = mapped_column(Text, default="")
    """The words it rests on."""
    is_jump: Mapped[bool] = mapped_column(default=False)
    """Whether it leaves out a stage in between."""
    jump_reason: Mapped[str | None] = mapped_column(Text)
    waived: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    """What was missing, and was let pass."""
    waived_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    asked_of: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    """Who is to let it pass."""
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_card_id: Mapped[str | None] = mapped_column(String(64))
    card_id: Mapped[str | None] = mapped_column(String(64))
    """The rep's card about what is missing."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was applied or dropped."""
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SigningDate(Base):
    """A day that a deal was expected to be signed on, each as it was said."""

    __tablename__ = "signing_dates"
    __table_args__ = (Index("ix_signing_dates_opportunity", "opportunity_id", "created_at"),)

    signing_id: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    cause: Mapped[str] = mapped_column(String(200), unique=True)
    was_on: Mapped[date | None] = mapped_column(Date)
    expected_on: Mapped[date] = mapped_column(Date)
    state: Mapped[SigningState] = mapped_column(_short)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"))
    words: Mapped[str] = mapped_column(Text, default="")
    asked_of: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    """Who is to unlock it."""
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_card_id: Mapped[str | None] = mapped_column(String(64))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DealScore(Base):
    """A score of a deal's grading that a person set; it stands in place of what the records say until taken back."""

    __tablename__ = "deal_scores"
    __table_args__ = (Index("ix_deal_scores_opportunity", "opportunity_id", "dimension"),)

    score_id: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    cause: Mapped[str] = mapped_column(String(200), unique=True)
    dimension: Mapped[str] = mapped_column(_short)
    points: Mapped[int]
    """From 0 to 5."""
    words: Mapped[str] = mapped_column(Text)
    """Why, as they said it."""
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))


class Behaviour(Base):
    """Something that a lead did (下载白皮书), once for each day that it did it."""

    __tablename__ = "behaviours"
    __table_args__ = (UniqueConstraint("opportunity_id", "name", "done_on"),)

    behaviour_id: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    name: Mapped[str] = mapped_column(_short)
    done_on: Mapped[date] = mapped_column(Date)
    source: Mapped[BehaviourSource] = mapped_column(_short)
    words: Mapped[str] = mapped_column(Text, default="")
    """The words that tell of it; of a file, its name."""
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LeadHandoff(Base):
    """A lead that has earned its points, and what became of it; there is one of a lead."""

    __tablename__ = "lead_handoffs"

    handoff_id: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.opportunity_id"), unique=True)
    state: Mapped[HandoffState] = mapped_column(_short)
    points: Mapped[int]
    """As many as it had then."""
    asked_of: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    """Who is to say whose it becomes."""
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_card_id: Mapped[str | None] = mapped_column(String(64))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HelpRequest(Base):
    """求助: something that a rep asked of a colleague of another department, and their answer."""

    __tablename__ = "help_requests"
    __table_args__ = (
        Index("ix_help_requests_member", "member_id", "state"),
        Index("ix_help_requests_holder", "holder_id", "state"),
        Index("ix_help_requests_customer", "customer_id", "state"),
        Index("ix_help_requests_customer_created", "customer_id", "created_at"),
        Index("ix_help_requests_customer_answered", "customer_id", "answered_at"),
    )

    request_id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(200), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    """Who asks."""
    colleague_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    """Who is to answer."""
    holder_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    """With whom it lies now: the colleague, or whoever it went up to."""
    department: Mapped[str] = mapped_column(_short, default="")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_id"))
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"))
    words: Mapped[str] = mapped_column(Text)
    then: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    """The departments that are asked after this one has answered, in their order."""
    state: Mapped[RequestState] = mapped_column(_short, default="open")
    level: Mapped[int] = mapped_column(default=0)
    """How far up it has come; 0: with the colleague."""
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when it lies with its holder: from when they were shown it, once they were."""
    answer: Mapped[str | None] = mapped_column(Text)
    counts: Mapped[bool | None]
    """Whether the answer is the department's confirmation too, as whoever gave it says; None: they have not."""
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Until when whoever asks was promised an answer."""
    card_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Approval(Base):
    """A quote or a discount that somebody up the line has to agree to; by whom, and in what order, is in its nodes."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_customer", "customer_id", "state"),
        Index("ix_approvals_customer_created", "customer_id", "created_at"),
        Index("ix_approvals_customer_decided", "customer_id", "decided_at"),
        Index("ix_approvals_member", "member_id", "state"),
    )

    approval_id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[ApprovalKind] = mapped_column(_short)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.customer_id"))
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    """What the customer would pay."""
    percent_off: Mapped[float | None]
    """Of a discount: by how much, in percent of the price before."""
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[ApprovalState] = mapped_column(_short, default="open")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApprovalNode(Base):
    """One of those who have to agree, in their order."""

    __tablename__ = "approval_nodes"
    __table_args__ = (Index("ix_approval_nodes_member", "member_id", "state"),)

    approval_id: Mapped[int] = mapped_column(ForeignKey("approvals.approval_id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From one."""
    label: Mapped[str] = mapped_column(_short)
    """As what they are asked: 主管, 总监, 总经理, 上级, or the department that countersigns."""
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    state: Mapped[NodeState] = mapped_column(_short, default="waiting")
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it lies with them: from when they were shown it, once they were."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    words: Mapped[str | None] = mapped_column(Text)
    """What they said to it."""
    card_id: Mapped[str | None] = mapped_column(String(64))
