"""The tables of the domain: people, customers, visits and what follows from them.

The table of jobs stands in `storage.jobs`. Amounts are whole fen, moments aware UTC, days plain dates.
"""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.base import Base, JsonColumn, JsonObject, UtcDateTime

VisitState = Literal["draft", "confirmed", "discarded"]
TodoState = Literal["open", "done", "cancelled"]
TodoKind = Literal["step", "follow_up", "stalled", "said"]
"""From a visit's next steps, a 待跟进 mark, a rule on stages, or said in the chat."""
EscalationState = Literal["open", "taken", "assigned", "resolved", "false_alarm", "withdrawn"]
EscalationKind = Literal["risk", "rule", "request"]
"""From a confirmed record, from a rule, or because a rep asked for it."""
DepartureState = Literal["applied", "held", "confirmed", "dropped"]
ScriptStatus = Literal["draft", "approved", "retired"]
"""Proposed and not offered yet; the team's word; no longer offered."""
ProposalState = Literal["open", "approved", "returned", "replaced", "outdated"]
"""`replaced` by a later one of the same person; `outdated`: the script had changed when somebody looked at it."""
PracticeState = Literal["open", "done", "stopped", "lapsed"]
"""Going on; all rounds over; stopped by its member; left alone until it was over."""
RoundState = Literal["open", "answered", "skipped", "void"]
"""Void: its script was taken out of use before the answer came."""
EvidenceKind = Literal["voice", "image", "text", "location", "file", "video", "link"]
FILES = "label IS NOT NULL OR kind IN ('file', 'video')"
"""Of the evidence, what lies in a customer's file as a document; a query says it in these words to use their index."""

_short = String(32)
_name = String(200)


class Member(Base):
    """Somebody of the company; `roles` holds any of sales, manager, director, admin, colleague."""

    __tablename__ = "members"

    member_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(_name)
    roles: Mapped[list[str]] = mapped_column(JsonColumn)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    active: Mapped[bool] = mapped_column(default=True)
    region: Mapped[str | None] = mapped_column(_name)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invite(Base):
    """A code that links an account to a member, once. Only its SHA-256 is kept."""

    __tablename__ = "invites"

    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"), index=True)
    """The member who is invited; they are in the list already, without this account."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Guess(Base):
    """A wrong invite code, so that nobody can try many."""

    __tablename__ = "guesses"
    __table_args__ = (Index("ix_guesses_account", "platform", "user_id", "at"),)

    guess_id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(_short)
    user_id: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Departure(Base):
    """What a platform told of an account: that it is no longer of the company, and what we made of that.

    `applied` by itself; `held` where too many come at once, until an admin decides: `confirmed` or `dropped`.
    """

    __tablename__ = "departures"
    __table_args__ = (Index("ix_departures_state", "state", "at"),)

    departure_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"), index=True)
    state: Mapped[DepartureState] = mapped_column(_short)
    source: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))


class Handover(Base):
    """Customers of one member go to another; what exactly is in its items."""

    __tablename__ = "handovers"
    __table_args__ = (Index("ix_handovers_taker", "taker_id"), Index("ix_handovers_by", "by_id"))

    handover_id: Mapped[int] = mapped_column(primary_key=True)
    giver_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    taker_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    cause: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HandoverItem(Base):
    """A customer with what is open about them; the item without a customer stands for all other open to-dos."""

    __tablename__ = "handover_items"

    item_id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.handover_id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_id"))
    todo_ids: Mapped[list[int]] = mapped_column(JsonColumn, default=list)
    """The to-dos that went along."""
    matter_ids: Mapped[list[int]] = mapped_column(JsonColumn, default=list)
    """The unsettled matters that went along."""
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Identity(Base):
    """A member's account on a platform; one member may have several."""

    __tablename__ = "identities"

    platform: Mapped[str] = mapped_column(_short, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"), index=True)


class Customer(Base):
    __tablename__ = "customers"

    customer_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(_name, unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"), index=True)
    industry: Mapped[str | None] = mapped_column(_name)
    stage: Mapped[str | None] = mapped_column(_name)
    stage_since: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    region: Mapped[str | None] = mapped_column(_name)
    grade: Mapped[str | None] = mapped_column(_short)
    """A, B or C; None: nobody has said."""
    at_risk_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it is marked as 风险客户."""
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """When it was last told of in a confirmed visit; None: never."""
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a file last brought it in, or changed its stage or its last contact."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    aliases: Mapped[list["CustomerAlias"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="CustomerAlias.alias"
    )
    contacts: Mapped[list["Contact"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="Contact.contact_id"
    )


class Payment(Base):
    """Something that a customer has to pay; `number` tells it from the customer's others (an invoice's number)."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("customer_id", "number"),
        Index(
            "ix_payments_unpaid",
            "due_on",
            sqlite_where=text("paid_on IS NULL"),
            postgresql_where=text("paid_on IS NULL"),
        ),
    )

    payment_id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.customer_id"))
    number: Mapped[str] = mapped_column(_name)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date] = mapped_column(Date)
    paid_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CustomerAlias(Base):
    __tablename__ = "customer_aliases"
    __table_args__ = (Index("ix_customer_aliases_alias", "alias"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.customer_id"), primary_key=True)
    alias: Mapped[str] = mapped_column(_name, primary_key=True)


class Contact(Base):
    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("customer_id", "name"),)

    contact_id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.customer_id"))
    name: Mapped[str] = mapped_column(_name)
    title: Mapped[str | None] = mapped_column(_name)
    department: Mapped[str | None] = mapped_column(_name)
    phone: Mapped[str | None] = mapped_column(_short)
    email: Mapped[str | None] = mapped_column(_name)


class Visit(Base):
    """One visit of one rep. `version` counts the changes of its fields, so that undo knows where to go back to."""

    __tablename__ = "visits"
    __table_args__ = (
        # a rep has one open draft that the next message may join
        Index("ix_visits_draft", "member_id", "last_sent_at", postgresql_where=text("state = 'draft'")),
        Index("ix_visits_customer", "customer_id", "visited_on"),
        Index("ix_visits_member", "member_id", "visited_on"),
        Index("ix_visits_opportunity", "opportunity_id", "visited_on"),
        # the chain of what was done, page by page; see `storage.timeline`, which has the like of each of its tables
        Index("ix_visits_customer_decided", "customer_id", "decided_at"),
        Index("ix_visits_opportunity_decided", "opportunity_id", "decided_at"),
    )

    visit_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    platform: Mapped[str] = mapped_column(_short)
    state: Mapped[VisitState] = mapped_column(_short, default="draft")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_id"))
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    """The deal it was about, where the customer has one."""
    visited_on: Mapped[date] = mapped_column(Date)
    noted_on: Mapped[date] = mapped_column(Date)
    """The day of the visit as the note told it, before anybody corrected it."""
    summary: Mapped[str] = mapped_column(Text, default="")
    attitude: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    undo_versions: Mapped[list[int]] = mapped_column(JsonColumn, default=list)
    """The versions that undo goes back to, the next one last."""
    doubts: Mapped[list[JsonObject] | None] = mapped_column(JsonColumn)
    """What its latest card asked to be checked, as `handlers.consistency` keeps it; None: nothing."""
    card_id: Mapped[str | None] = mapped_column(String(64))
    first_sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VisitField(Base):
    """One value of a visit and the words it came from.

    It holds from `since_version` up to, not including, `until_version`; a null there means that it still holds. Nothing
    is overwritten, so what a record said at any time can be told.
    """

    __tablename__ = "visit_fields"
    __table_args__ = (Index("ix_visit_fields_visit", "visit_id", "until_version"),)

    field_id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.visit_id"))
    kind: Mapped[str] = mapped_column(_short)
    position: Mapped[int]
    value: Mapped[JsonObject] = mapped_column(JsonColumn)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.evidence_id"))
    span_start: Mapped[int]
    span_end: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    at_s: Mapped[float | None]
    engine: Mapped[str] = mapped_column(_short)
    since_version: Mapped[int]
    until_version: Mapped[int | None]


class Evidence(Base):
    """What a person sent, kept as it was; `text` is the words in it (typed, heard or read)."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_customer", "customer_id", "label"),
        Index("ix_evidence_opportunity", "opportunity_id"),
        Index(
            "ix_evidence_files",
            "customer_id",
            "sent_at",
            sqlite_where=text(FILES),
            postgresql_where=text(FILES),
        ),
        Index("ix_evidence_sha256", "sha256"),
        Index("ix_evidence_member", "member_id", "sent_at"),
        Index(
            "ix_evidence_look",
            "evidence_id",
            sqlite_where=text("look IS NOT NULL"),
            postgresql_where=text("look IS NOT NULL"),
        ),
    )

    evidence_id: Mapped[int] = mapped_column(primary_key=True)
    event_key: Mapped[str] = mapped_column(String(200), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"), index=True)
    kind: Mapped[EvidenceKind] = mapped_column(_short)
    sha256: Mapped[str | None] = mapped_column(String(64))
    content_type: Mapped[str | None] = mapped_column(String(100))
    size_bytes: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[JsonObject] = mapped_column(JsonColumn, default=dict)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_id"))
    """Whose file it lies in: its visit's customer, or the one that a person named."""
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    label: Mapped[str | None] = mapped_column(_short)
    """What kind of document it is, as a person said or its words show: 营业执照."""
    version: Mapped[int | None]
    """Of a document: it is the customer's so-manieth of that kind and name."""
    look: Mapped[int | None] = mapped_column(BigInteger)
    """Of a picture: what it looks like, in 64 bits (signed), so that it is known again in another size."""
    copy_of: Mapped[int | None] = mapped_column(ForeignKey("evidence.evidence_id"))
    """The picture that was sent before and is the same."""
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Todo(Base):
    __tablename__ = "todos"
    __table_args__ = (
        UniqueConstraint("visit_id", "position"),
        Index("ix_todos_member", "member_id", "state", "due_on"),
        Index("ix_todos_customer", "customer_id", "state"),
        Index("ix_todos_customer_created", "customer_id", "created_at"),
        Index("ix_todos_customer_closed", "customer_id", "closed_at"),
    )

    todo_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TodoKind] = mapped_column(_short, default="step")
    origin: Mapped[str | None] = mapped_column(String(200), unique=True)
    """What it came from, where that is no visit: the same again makes none."""
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"))
    position: Mapped[int | None]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    """Who gave it to the member, where that is somebody else."""
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_id"))
    party: Mapped[str] = mapped_column(_short)
    """Whose move it is: us, customer, colleague. The member watches over all of them."""
    action: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date | None] = mapped_column(Date)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The moment, where it is due at one; a to-do with a day alone is due when that working day ends."""
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it has been this member's with this date; None: since it was made. Reminders count from here."""
    state: Mapped[TodoState] = mapped_column(_short, default="open")
    card_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Escalation(Base):
    """A matter that lies with somebody up the line; what belongs to it is in its items."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index("ix_escalations_customer", "customer_id", "state"),
        Index("ix_escalations_customer_created", "customer_id", "created_at"),
        Index("ix_escalations_customer_closed", "customer_id", "closed_at"),
        Index("ix_escalations_manager", "manager_id", "state"),
    )

    escalation_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EscalationKind] = mapped_column(_short, default="risk")
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"), index=True)
    """The record that it began with, where it began with one."""
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    """The rep whose matter it is."""
    manager_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    """With whom it lies now."""
    level: Mapped[int] = mapped_column(default=1)
    """How far up it has come: 1 is the rep's own manager."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why, in words, where no record tells."""
    state: Mapped[EscalationState] = mapped_column(_short, default="open")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    outcome: Mapped[str | None] = mapped_column(Text)
    """How it was solved, as whoever solved it said."""
    card_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when it lies at this level."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EscalationItem(Base):
    """One thing that speaks for a matter: words of a record, a rule's finding, a rep's request."""

    __tablename__ = "escalation_items"

    item_id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.escalation_id"), index=True)
    origin: Mapped[str] = mapped_column(String(200), unique=True)
    """What it came from: the same again adds nothing."""
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"))
    category: Mapped[str] = mapped_column(_short)
    words: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EscalationHolder(Base):
    """With whom a matter lies or lay, one for each level: it comes back to none of them, and they may look at it."""

    __tablename__ = "escalation_holders"

    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.escalation_id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Wording(Base):
    """What a team's managers made of a risk wording: how often it was right, how often a false alarm."""

    __tablename__ = "wordings"

    manager_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"), primary_key=True)
    category: Mapped[str] = mapped_column(_short, primary_key=True)
    words: Mapped[str] = mapped_column(_name, primary_key=True)
    confirmed: Mapped[int] = mapped_column(default=0)
    false_alarms: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Question(Base):
    """Something that we asked a member and whose answer is the next thing they say; see `handlers.answers`."""

    __tablename__ = "questions"
    __table_args__ = (Index("ix_questions_member", "member_id", "closed_at"),)

    question_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    kind: Mapped[str] = mapped_column(_short)
    subject: Mapped[str] = mapped_column(String(100))
    """What it is about, as in the audit log: `todo:3`."""
    payload: Mapped[JsonObject] = mapped_column(JsonColumn)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Notice(Base):
    """A line that a member is to be told with others in one message, in working hours; see `handlers.notices`."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_member", "member_id", "sent_at"),
        Index("ix_notices_subject", "subject"),
    )

    notice_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """What this is about: the same again is told once."""
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    subject: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Finding(Base):
    """What a rule found, once for each episode (`since the last contact on 3 March`)."""

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("rule", "subject", "episode"),
        Index("ix_findings_rule", "rule", "found_at"),
        Index("ix_findings_member", "member_id", "rule"),
    )

    finding_id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(_short)
    subject: Mapped[str] = mapped_column(String(100))
    episode: Mapped[str] = mapped_column(String(100))
    since_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The moment that the episode is counted from, as it stands with the subject."""
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    """Whom it concerns: the rep."""
    detail: Mapped[JsonObject] = mapped_column(JsonColumn, default=dict)
    """What it changed, from what to what, so that a person can take it back."""
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody answered what it proposes, or the proposal lapsed."""
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))


class Plan(Base):
    """How many visits a member plans for a week, named by its Monday."""

    __tablename__ = "plans"
    __table_args__ = (Index("ix_plans_week_on", "week_on"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"), primary_key=True)
    week_on: Mapped[date] = mapped_column(Date, primary_key=True)
    visits: Mapped[int]
    source: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Script(Base):
    """An answer of the team's library to an objection, in its newest version."""

    __tablename__ = "scripts"
    __table_args__ = (Index("ix_scripts_changed_at", "changed_at"),)

    code: Mapped[str] = mapped_column(_short, primary_key=True)
    """What people call it by: PR-01."""
    title: Mapped[str] = mapped_column(_name)
    category: Mapped[str] = mapped_column(_short, default="")
    plan_kind: Mapped[str] = mapped_column(_short, default="")
    body: Mapped[str] = mapped_column(Text)
    phrasings: Mapped[list[str]] = mapped_column(JsonColumn)
    """How customers say the objection."""
    tags: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    stages: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    industries: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    products: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    competitors: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    materials: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    """Supporting material: a name or link each, as the library has it."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    status: Mapped[ScriptStatus] = mapped_column(_short)
    version: Mapped[int] = mapped_column(default=1)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    """The last day on which it is offered."""
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScriptProposal(Base):
    """A draft, or a change of a script, that waits for somebody who may approve it.

    What a change would change is kept here, and the script stays in use as it is until somebody approves.
    """

    __tablename__ = "script_proposals"
    __table_args__ = (Index("ix_script_proposals_state", "state", "code"),)

    proposal_id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(200), unique=True)
    """The message that proposed it."""
    code: Mapped[str] = mapped_column(ForeignKey("scripts.code"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    base_version: Mapped[int | None]
    """The version that is to be changed; None: the script itself is the draft."""
    changes: Mapped[JsonObject] = mapped_column(JsonColumn)
    """What changes, by the names of the script's columns."""
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.visit_id"))
    """The record whose words it holds."""
    state: Mapped[ProposalState] = mapped_column(_short, default="open")
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was sent back, as whoever did that said."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScriptQuestion(Base):
    """An objection that somebody asked about, and whether the library had an answer; those without are its gaps."""

    __tablename__ = "script_questions"
    __table_args__ = (Index("ix_script_questions_gaps", "is_answered", "settled_at"),)

    question_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """The message that asked."""
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    words: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_id"))
    category: Mapped[str] = mapped_column(_short, default="")
    """The nearest category, where one was near."""
    is_answered: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a manager answered the gap into the library, or set it aside."""
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))


class ScriptUse(Base):
    """A script offered in answer to a question, and what its asker made of it."""

    __tablename__ = "script_uses"
    __table_args__ = (Index("ix_script_uses_code", "code", "judged_at"),)

    question_id: Mapped[int] = mapped_column(ForeignKey("script_questions.question_id"), primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("scripts.code"), primary_key=True)
    place: Mapped[int]
    was_useful: Mapped[bool | None]
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PracticeSession(Base):
    """Some rounds in which the assistant plays the customer; at most one of a member goes on."""

    __tablename__ = "practice_sessions"
    __table_args__ = (
        Index("ix_practice_sessions_member", "member_id", "started_at"),
        Index(
            "uq_practice_sessions_open",
            "member_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    session_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.member_id"))
    scope: Mapped[str] = mapped_column(_short, default="")
    """The category or the script that was asked for; empty: any."""
    rounds: Mapped[int]
    """How many it is to have."""
    state: Mapped[PracticeState] = mapped_column(_short, default="open")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    active_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When its member last did something in it."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PracticeRound(Base):
    """An objection that was put, and what the answer was worth. Its words are kept as evidence only."""

    __tablename__ = "practice_rounds"
    __table_args__ = (Index("ix_practice_rounds_code", "code"),)

    session_id: Mapped[int] = mapped_column(ForeignKey("practice_sessions.session_id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    """From one."""
    code: Mapped[str] = mapped_column(ForeignKey("scripts.code"))
    phrasing: Mapped[str] = mapped_column(Text)
    state: Mapped[RoundState] = mapped_column(_short, default="open")
    hinted: Mapped[list[int]] = mapped_column(JsonColumn, default=list)
    """The places of the key points that were told."""
    score: Mapped[int | None]
    detail: Mapped[JsonObject] = mapped_column(JsonColumn, default=dict)
    """Which key points of which version were said, the kinds of faults, and who judged."""
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.evidence_id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Card(Base):
    """A card that we sent; only its owner's click on it counts, once, while it is open."""

    __tablename__ = "cards"
    __table_args__ = (Index("ix_cards_owner", "platform", "user_id", "state"),)

    card_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    platform: Mapped[str] = mapped_column(_short)
    user_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(_short)
    choices: Mapped[list[JsonObject]] = mapped_column(JsonColumn)
    """What the numbers of its text form mean: action and chosen options of each, in the order shown."""
    state: Mapped[str] = mapped_column(_short, default="open")
    closing: Mapped[str | None] = mapped_column(String(100))
    """Why it is closed, as its owner is told."""
    response_ref: Mapped[str | None] = mapped_column(Text)
    as_text: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Until when it counts; once it is closed, when that was."""


class AuditEntry(Base):
    """Who changed what, when, from what to what, and where the change came from."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject", "subject", "at"),)

    audit_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.member_id"))
    action: Mapped[str] = mapped_column(_short)
    subject: Mapped[str] = mapped_column(String(100))
    before: Mapped[JsonObject | None] = mapped_column(JsonColumn)
    after: Mapped[JsonObject | None] = mapped_column(JsonColumn)
    source: Mapped[str] = mapped_column(String(200))
