"""Deals: opportunities with their stages and signing dates, requests, approvals, and what their evidence is"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FILES = "label IS NOT NULL OR kind IN ('file', 'video')"


def upgrade() -> None:

    op.create_table(
        "opportunities",
        sa.Column("opportunity_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("lead", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=200), nullable=True),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("cost_fen", sa.BigInteger(), nullable=True),
        sa.Column("budget_low_fen", sa.BigInteger(), nullable=True),
        sa.Column("budget_high_fen", sa.BigInteger(), nullable=True),
        sa.Column("decider_id", sa.Integer(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("frozen_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["members.member_id"], name=op.f("fk_opportunities_created_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_opportunities_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["decider_id"], ["contacts.contact_id"], name=op.f("fk_opportunities_decider_id_contacts")
        ),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_opportunities")),
    )
    with op.batch_alter_table("opportunities", schema=None) as batch_op:
        batch_op.create_index("ix_opportunities_customer", ["customer_id", "state"], unique=False)
        batch_op.create_index(
            "uq_opportunities_open",
            ["customer_id", "name"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index("ix_opportunities_stage_since", ["stage_since"], unique=False)

    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Integer(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("percent_off", sa.Double(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_approvals_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_approvals_member_id_members")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.opportunity_id"], name=op.f("fk_approvals_opportunity_id_opportunities")
        ),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("cause", name=op.f("uq_approvals_cause")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index("ix_approvals_customer", ["customer_id", "state"], unique=False)
        batch_op.create_index("ix_approvals_customer_created", ["customer_id", "created_at"], unique=False)
        batch_op.create_index("ix_approvals_customer_decided", ["customer_id", "decided_at"], unique=False)
        batch_op.create_index("ix_approvals_member", ["member_id", "state"], unique=False)

    op.create_table(
        "approval_nodes",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("card_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.approval_id"], name=op.f("fk_approval_nodes_approval_id_approvals")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["members.member_id"], name=op.f("fk_approval_nodes_decided_by_members")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_approval_nodes_member_id_members")),
        sa.PrimaryKeyConstraint("approval_id", "place", name=op.f("pk_approval_nodes")),
    )
    with op.batch_alter_table("approval_nodes", schema=None) as batch_op:
        batch_op.create_index("ix_approval_nodes_member", ["member_id", "state"], unique=False)

    op.create_table(
        "help_requests",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("colleague_id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("opportunity_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("then", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["members.member_id"], name=op.f("fk_help_requests_answered_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["colleague_id"], ["members.member_id"], name=op.f("fk_help_requests_colleague_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_help_requests_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["members.member_id"], name=op.f("fk_help_requests_holder_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_help_requests_member_id_members")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.opportunity_id"],
            name=op.f("fk_help_requests_opportunity_id_opportunities"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.visit_id"], name=op.f("fk_help_requests_visit_id_visits")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_help_requests")),
        sa.UniqueConstraint("cause", name=op.f("uq_help_requests_cause")),
    )
    with op.batch_alter_table("help_requests", schema=None) as batch_op:
        batch_op.create_index("ix_help_requests_customer", ["customer_id", "state"], unique=False)
        batch_op.create_index("ix_help_requests_customer_created", ["customer_id", "created_at"], unique=False)
        batch_op.create_index("ix_help_requests_customer_answered", ["customer_id", "answered_at"], unique=False)
        batch_op.create_index("ix_help_requests_holder", ["holder_id", "state"], unique=False)
        batch_op.create_index("ix_help_requests_member", ["member_id", "state"], unique=False)

    op.create_table(
        "signing_dates",
        sa.Column("signing_id", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("was_on", sa.Date(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_of", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_card_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_of"], ["members.member_id"], name=op.f("fk_signing_dates_asked_of_members")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["members.member_id"], name=op.f("fk_signing_dates_decided_by_members")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_signing_dates_member_id_members")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.opportunity_id"],
            name=op.f("fk_signing_dates_opportunity_id_opportunities"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.visit_id"], name=op.f("fk_signing_dates_visit_id_visits")),
        sa.PrimaryKeyConstraint("signing_id", name=op.f("pk_signing_dates")),
        sa.UniqueConstraint("cause", name=op.f("uq_signing_dates_cause")),
    )
    with op.batch_alter_table("signing_dates", schema=None) as batch_op:
        batch_op.create_index("ix_signing_dates_opportunity", ["opportunity_id", "created_at"], unique=False)

    op.create_table(
        "stage_changes",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("from_stage", sa.String(length=200), nullable=True),
        sa.Column("from_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_stage", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("is_jump", sa.Boolean(), nullable=False),
        sa.Column("jump_reason", sa.Text(), nullable=True),
        sa.Column("waived", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("waived_by", sa.Integer(), nullable=True),
        sa.Column("asked_of", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card_id", sa.String(length=64), nullable=True),
        sa.Column("asked_card_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_stage_changes_member_id_members")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.opportunity_id"],
            name=op.f("fk_stage_changes_opportunity_id_opportunities"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.visit_id"], name=op.f("fk_stage_changes_visit_id_visits")),
        sa.ForeignKeyConstraint(["waived_by"], ["members.member_id"], name=op.f("fk_stage_changes_waived_by_members")),
        sa.ForeignKeyConstraint(["asked_of"], ["members.member_id"], name=op.f("fk_stage_changes_asked_of_members")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_stage_changes")),
        sa.UniqueConstraint("cause", name=op.f("uq_stage_changes_cause")),
    )
    with op.batch_alter_table("stage_changes", schema=None) as batch_op:
        batch_op.create_index("ix_stage_changes_opportunity", ["opportunity_id", "state"], unique=False)
        batch_op.create_index("ix_stage_changes_decided", ["opportunity_id", "decided_at"], unique=False)
        batch_op.create_index(
            "uq_stage_changes_proposed",
            ["opportunity_id"],
            unique=True,
            sqlite_where=sa.text("state = 'proposed'"),
            postgresql_where=sa.text("state = 'proposed'"),
        )

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("opportunity_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("label", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("look", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("copy_of", sa.Integer(), nullable=True))
        batch_op.create_index("ix_evidence_customer", ["customer_id", "label"], unique=False)
        batch_op.create_index("ix_evidence_opportunity", ["opportunity_id"], unique=False)
        batch_op.create_index(
            "ix_evidence_files",
            ["customer_id", "sent_at"],
            unique=False,
            sqlite_where=sa.text(FILES),
            postgresql_where=sa.text(FILES),
        )
        batch_op.create_index("ix_evidence_sha256", ["sha256"], unique=False)
        batch_op.create_index("ix_evidence_member", ["member_id", "sent_at"], unique=False)
        batch_op.create_index(
            "ix_evidence_look",
            ["evidence_id"],
            unique=False,
            sqlite_where=sa.text("look IS NOT NULL"),
            postgresql_where=sa.text("look IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_evidence_opportunity_id_opportunities"),
            "opportunities",
            ["opportunity_id"],
            ["opportunity_id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_evidence_copy_of_evidence"), "evidence", ["copy_of"], ["evidence_id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_evidence_customer_id_customers"), "customers", ["customer_id"], ["customer_id"]
        )

    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opportunity_id", sa.Integer(), nullable=True))
        batch_op.create_index("ix_visits_opportunity", ["opportunity_id", "visited_on"], unique=False)
        batch_op.create_index("ix_visits_customer_decided", ["customer_id", "decided_at"], unique=False)
        batch_op.create_index("ix_visits_opportunity_decided", ["opportunity_id", "decided_at"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_visits_opportunity_id_opportunities"),
            "opportunities",
            ["opportunity_id"],
            ["opportunity_id"],
        )

    op.create_index("ix_customer_aliases_alias", "customer_aliases", ["alias"], unique=False)
    for table in ("todos", "escalations"):
        for column in ("created", "closed"):
            op.create_index(f"ix_{table}_customer_{column}", table, ["customer_id", f"{column}_at"], unique=False)

    _begin_with_what_is_known()


def _begin_with_what_is_known() -> None:
    """A customer that is in a stage has a deal in it, with nothing to prove any more; pictures keep their labels."""
    op.execute(
        "INSERT INTO opportunities (customer_id, name, state, lead, stage, stage_since, created_at)"
        " SELECT customer_id, '', 'open', 'sql', stage, stage_since, created_at FROM customers WHERE stage IS NOT NULL"
    )
    op.execute(
        "INSERT INTO stage_changes"
        " (opportunity_id, cause, to_stage, state, words, is_jump, waived, created_at, decided_at)"
        " SELECT opportunity_id, 'migration:0010:' || customer_id, stage, 'applied', '', false, '[]', created_at,"
        " stage_since FROM opportunities"
    )
    op.execute(
        "UPDATE visits SET opportunity_id = (SELECT opportunity_id FROM opportunities"
        " WHERE opportunities.customer_id = visits.customer_id) WHERE state = 'confirmed'"
    )
    op.execute(
        "UPDATE evidence SET customer_id = (SELECT customer_id FROM visits WHERE visits.visit_id = evidence.visit_id"
        " AND visits.state = 'confirmed')"
    )
    label: sa.ColumnElement[str] = sa.func.json_extract(sa.column("detail"), "$.label")
    if op.get_bind().dialect.name != "sqlite":
        label = sa.column("detail").op("->>")("label")
    evidence = sa.table("evidence", sa.column("label"), sa.column("kind"), sa.column("detail"))
    op.execute(sa.update(evidence).values(label=label).where(evidence.c.kind == "image", sa.func.length(label) <= 32))


def downgrade() -> None:
    for table in ("todos", "escalations"):
        for column in ("created", "closed"):
            op.drop_index(f"ix_{table}_customer_{column}", table)
    op.drop_index("ix_customer_aliases_alias", "customer_aliases")

    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_visits_opportunity_id_opportunities"), type_="foreignkey")
        batch_op.drop_index("ix_visits_opportunity_decided")
        batch_op.drop_index("ix_visits_customer_decided")
        batch_op.drop_index("ix_visits_opportunity")
        batch_op.drop_column("opportunity_id")

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_evidence_customer_id_customers"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_evidence_copy_of_evidence"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_evidence_opportunity_id_opportunities"), type_="foreignkey")
        batch_op.drop_index(
            "ix_evidence_look",
            sqlite_where=sa.text("look IS NOT NULL"),
            postgresql_where=sa.text("look IS NOT NULL"),
        )
        batch_op.drop_index("ix_evidence_member")
        batch_op.drop_index("ix_evidence_sha256")
        batch_op.drop_index("ix_evidence_files", sqlite_where=sa.text(FILES), postgresql_where=sa.text(FILES))
        batch_op.drop_index("ix_evidence_opportunity")
        batch_op.drop_index("ix_evidence_customer")
        batch_op.drop_column("copy_of")
        batch_op.drop_column("look")
        batch_op.drop_column("version")
        batch_op.drop_column("label")
        batch_op.drop_column("opportunity_id")
        batch_op.drop_column("customer_id")

    with op.batch_alter_table("stage_changes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_stage_changes_proposed",
            sqlite_where=sa.text("state = 'proposed'"),
            postgresql_where=sa.text("state = 'proposed'"),
        )
        batch_op.drop_index("ix_stage_changes_decided")
        batch_op.drop_index("ix_stage_changes_opportunity")

    op.drop_table("stage_changes")
    with op.batch_alter_table("signing_dates", schema=None) as batch_op:
        batch_op.drop_index("ix_signing_dates_opportunity")

    op.drop_table("signing_dates")
    with op.batch_alter_table("help_requests", schema=None) as batch_op:
        batch_op.drop_index("ix_help_requests_customer_answered")
        batch_op.drop_index("ix_help_requests_customer_created")
        batch_op.drop_index("ix_help_requests_member")
        batch_op.drop_index("ix_help_requests_holder")
        batch_op.drop_index("ix_help_requests_customer")

    op.drop_table("help_requests")
    with op.batch_alter_table("approval_nodes", schema=None) as batch_op:
        batch_op.drop_index("ix_approval_nodes_member")

    op.drop_table("approval_nodes")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_index("ix_approvals_customer_decided")
        batch_op.drop_index("ix_approvals_customer_created")
        batch_op.drop_index("ix_approvals_member")
        batch_op.drop_index("ix_approvals_customer")

    op.drop_table("approvals")
    with op.batch_alter_table("opportunities", schema=None) as batch_op:
        batch_op.drop_index("ix_opportunities_stage_since")
        batch_op.drop_index("ix_opportunities_customer")

    op.drop_table("opportunities")
