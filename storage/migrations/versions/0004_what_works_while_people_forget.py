"""What works while people forget: to-dos, escalations, rules, people"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("episode", sa.String(length=100), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_findings_member_id_members")),
        sa.ForeignKeyConstraint(["undone_by"], ["members.member_id"], name=op.f("fk_findings_undone_by_members")),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_findings")),
        sa.UniqueConstraint("rule", "subject", "episode", name=op.f("uq_findings_rule_subject_episode")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index("ix_findings_rule", ["rule", "found_at"], unique=False)
        batch_op.create_index("ix_findings_member", ["member_id", "rule"], unique=False)

    op.create_table(
        "invites",
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["members.member_id"], name=op.f("fk_invites_created_by_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_invites_member_id_members")),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_invites")),
    )
    with op.batch_alter_table("invites", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invites_member_id"), ["member_id"], unique=False)

    op.create_table(
        "guesses",
        sa.Column("guess_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guess_id", name=op.f("pk_guesses")),
    )
    op.create_index("ix_guesses_account", "guesses", ["platform", "user_id", "at"], unique=False)
    op.create_table(
        "departures",
        sa.Column("departure_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["members.member_id"], name=op.f("fk_departures_decided_by_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_departures_member_id_members")),
        sa.PrimaryKeyConstraint("departure_id", name=op.f("pk_departures")),
    )
    op.create_index(op.f("ix_departures_member_id"), "departures", ["member_id"], unique=False)
    op.create_index("ix_departures_state", "departures", ["state", "at"], unique=False)
    op.create_table(
        "handovers",
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("giver_id", sa.Integer(), nullable=False),
        sa.Column("taker_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["members.member_id"], name=op.f("fk_handovers_by_id_members")),
        sa.ForeignKeyConstraint(["giver_id"], ["members.member_id"], name=op.f("fk_handovers_giver_id_members")),
        sa.ForeignKeyConstraint(["taker_id"], ["members.member_id"], name=op.f("fk_handovers_taker_id_members")),
        sa.PrimaryKeyConstraint("handover_id", name=op.f("pk_handovers")),
        sa.UniqueConstraint("cause", name=op.f("uq_handovers_cause")),
    )
    op.create_index("ix_handovers_by", "handovers", ["by_id"], unique=False)
    op.create_index("ix_handovers_taker", "handovers", ["taker_id"], unique=False)
    op.create_table(
        "handover_items",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("todo_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_handover_items_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.handover_id"], name=op.f("fk_handover_items_handover_id_handovers")
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_handover_items")),
    )
    op.create_index(op.f("ix_handover_items_handover_id"), "handover_items", ["handover_id"], unique=False)

    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_notices_member_id_members")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_member", ["member_id", "sent_at"], unique=False)
        batch_op.create_index("ix_notices_subject", ["subject"], unique=False)

    op.create_table(
        "plans",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_plans_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "week_on", name=op.f("pk_plans")),
    )
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.create_index("ix_plans_week_on", ["week_on"], unique=False)

    op.create_table(
        "questions",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_questions_member_id_members")),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_questions")),
    )
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.create_index("ix_questions_member", ["member_id", "closed_at"], unique=False)

    op.create_table(
        "wordings",
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("false_alarms", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["manager_id"], ["members.member_id"], name=op.f("fk_wordings_manager_id_members")),
        sa.PrimaryKeyConstraint("manager_id", "category", "words", name=op.f("pk_wordings")),
    )
    op.create_table(
        "payments",
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_payments_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payments")),
        sa.UniqueConstraint("customer_id", "number", name=op.f("uq_payments_customer_id_number")),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payments_unpaid",
            ["due_on"],
            unique=False,
            sqlite_where=sa.text("paid_on IS NULL"),
            postgresql_where=sa.text("paid_on IS NULL"),
        )

    op.create_table(
        "escalation_items",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.escalation_id"], name=op.f("fk_escalation_items_escalation_id_escalations")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.visit_id"], name=op.f("fk_escalation_items_visit_id_visits")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_escalation_items")),
        sa.UniqueConstraint("origin", name=op.f("uq_escalation_items_origin")),
    )
    with op.batch_alter_table("escalation_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_escalation_items_escalation_id"), ["escalation_id"], unique=False)

    op.create_table(
        "escalation_holders",
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"],
            ["escalations.escalation_id"],
            name=op.f("fk_escalation_holders_escalation_id_escalations"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_escalation_holders_member_id_members")
        ),
        sa.PrimaryKeyConstraint("escalation_id", "level", name=op.f("pk_escalation_holders")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("region", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("grade", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("at_risk_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_customers_last_contact_at"), ["last_contact_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_stage_since"), ["stage_since"], unique=False)

    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=32), nullable=False, server_default="risk"))
        batch_op.add_column(sa.Column("customer_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("level", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("outcome", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("visit_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("card_id", existing_type=sa.VARCHAR(length=64), nullable=True)
        batch_op.drop_constraint(batch_op.f("uq_escalations_visit_id"), type_="unique")
        batch_op.create_index("ix_escalations_customer", ["customer_id", "state"], unique=False)
        batch_op.create_index("ix_escalations_manager", ["manager_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_escalations_visit_id"), ["visit_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_escalations_customer_id_customers"), "customers", ["customer_id"], ["customer_id"]
        )

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("region", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("todos", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=32), nullable=False, server_default="step"))
        batch_op.add_column(sa.Column("origin", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("created_by", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("visit_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("position", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index("ix_todos_customer", ["customer_id", "state"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_todos_origin"), ["origin"])
        batch_op.create_foreign_key(batch_op.f("fk_todos_created_by_members"), "members", ["created_by"], ["member_id"])

    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index("ix_visits_member", ["member_id", "visited_on"], unique=False)

    op.execute("UPDATE escalations SET raised_at = created_at")
    op.execute("UPDATE escalations SET closed_at = decided_at WHERE state IN ('resolved', 'false_alarm')")
    op.execute(
        "UPDATE escalations SET customer_id = "
        "(SELECT visits.customer_id FROM visits WHERE visits.visit_id = escalations.visit_id)"
    )
    op.execute(
        "INSERT INTO escalation_holders (escalation_id, level, member_id, since) "
        "SELECT escalation_id, level, manager_id, created_at FROM escalations"
    )
    op.execute("UPDATE customers SET stage_since = created_at WHERE stage IS NOT NULL")
    op.execute(
        "UPDATE customers SET last_contact_at = (SELECT max(visits.last_sent_at) FROM visits "
        "WHERE visits.customer_id = customers.customer_id AND visits.state = 'confirmed')"
    )
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.alter_column("raised_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        # the defaults were for the rows that were there
        batch_op.alter_column("kind", existing_type=sa.String(length=32), server_default=None)
        batch_op.alter_column("level", existing_type=sa.Integer(), server_default=None)
        batch_op.alter_column("reason", existing_type=sa.Text(), server_default=None)
    with op.batch_alter_table("todos", schema=None) as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=32), server_default=None)

    # pending timers of a lane must not be read to find those that are due
    op.drop_index("ix_jobs_running", table_name="jobs")
    op.drop_index("ix_jobs_lane", table_name="jobs")
    op.create_index(
        "ix_jobs_lane",
        "jobs",
        ["queue", "lane", "id"],
        sqlite_where=sa.text("state IN ('ready', 'running') AND holds = 1"),
        postgresql_where=sa.text("state IN ('ready', 'running') AND holds"),
    )
    op.create_index(
        "ix_jobs_lane_due",
        "jobs",
        ["queue", "lane", "run_at"],
        sqlite_where=sa.text("state = 'ready' AND holds = 0"),
        postgresql_where=sa.text("state = 'ready' AND NOT holds"),
    )
    op.create_index(
        "ix_jobs_put",
        "jobs",
        ["queue", "created_at", "lane"],
        sqlite_where=sa.text("lane IS NOT NULL"),
        postgresql_where=sa.text("lane IS NOT NULL"),
    )
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["queue", "lane", "lease_until"],
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )


def downgrade() -> None:
    op.drop_table("escalation_holders")
    for name in ("ix_jobs_running", "ix_jobs_put", "ix_jobs_lane_due", "ix_jobs_lane"):
        op.drop_index(name, table_name="jobs")
    op.create_index(
        "ix_jobs_lane",
        "jobs",
        ["queue", "lane", "id"],
        sqlite_where=sa.text("state IN ('ready', 'running')"),
        postgresql_where=sa.text("state IN ('ready', 'running')"),
    )
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["queue", "lease_until"],
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.execute("DELETE FROM escalation_items")
    op.execute(
        "DELETE FROM escalations WHERE visit_id IS NULL OR card_id IS NULL OR EXISTS "
        "(SELECT 1 FROM escalations AS other "
        "WHERE other.visit_id = escalations.visit_id AND other.escalation_id < escalations.escalation_id)"
    )
    op.execute("DELETE FROM todos WHERE visit_id IS NULL")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_member")

    with op.batch_alter_table("todos", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_todos_created_by_members"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_todos_origin"), type_="unique")
        batch_op.drop_index("ix_todos_customer")
        batch_op.alter_column("position", existing_type=sa.INTEGER(), nullable=False)
        batch_op.alter_column("visit_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("settled_at")
        batch_op.drop_column("due_at")
        batch_op.drop_column("created_by")
        batch_op.drop_column("origin")
        batch_op.drop_column("kind")

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("left_at")
        batch_op.drop_column("region")

    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_escalations_customer_id_customers"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_escalations_visit_id"))
        batch_op.drop_index("ix_escalations_manager")
        batch_op.drop_index("ix_escalations_customer")
        batch_op.create_unique_constraint(batch_op.f("uq_escalations_visit_id"), ["visit_id"])
        batch_op.alter_column("card_id", existing_type=sa.VARCHAR(length=64), nullable=False)
        batch_op.alter_column("visit_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("closed_at")
        batch_op.drop_column("raised_at")
        batch_op.drop_column("outcome")
        batch_op.drop_column("reason")
        batch_op.drop_column("level")
        batch_op.drop_column("customer_id")
        batch_op.drop_column("kind")

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_stage_since"))
        batch_op.drop_index(batch_op.f("ix_customers_last_contact_at"))
        batch_op.drop_column("last_contact_at")
        batch_op.drop_column("at_risk_since")
        batch_op.drop_column("grade")
        batch_op.drop_column("region")
        batch_op.drop_column("stage_since")

    with op.batch_alter_table("escalation_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_escalation_items_escalation_id"))

    op.drop_table("escalation_items")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index("ix_payments_unpaid")

    op.drop_table("payments")
    op.drop_table("wordings")
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.drop_index("ix_questions_member")

    op.drop_table("questions")
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.drop_index("ix_plans_week_on")

    op.drop_table("plans")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("ix_notices_subject")
        batch_op.drop_index("ix_notices_member")

    op.drop_table("notices")
    op.drop_table("handover_items")
    op.drop_table("handovers")
    op.drop_table("departures")
    op.drop_table("guesses")
    with op.batch_alter_table("invites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invites_member_id"))

    op.drop_table("invites")
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.drop_index("ix_findings_member")
        batch_op.drop_index("ix_findings_rule")

    op.drop_table("findings")
