"""What people set of a deal's grading, what leads did, and whose a lead becomes that has earned its points"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "deal_scores",
        sa.Column("score_id", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("dimension", sa.String(length=32), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_deal_scores_member_id_members")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.opportunity_id"],
            name=op.f("fk_deal_scores_opportunity_id_opportunities"),
        ),
        sa.ForeignKeyConstraint(["undone_by"], ["members.member_id"], name=op.f("fk_deal_scores_undone_by_members")),
        sa.PrimaryKeyConstraint("score_id", name=op.f("pk_deal_scores")),
        sa.UniqueConstraint("cause", name=op.f("uq_deal_scores_cause")),
    )
    with op.batch_alter_table("deal_scores", schema=None) as batch_op:
        batch_op.create_index("ix_deal_scores_opportunity", ["opportunity_id", "dimension"], unique=False)

    op.create_table(
        "behaviours",
        sa.Column("behaviour_id", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_behaviours_member_id_members")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.opportunity_id"],
            name=op.f("fk_behaviours_opportunity_id_opportunities"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.visit_id"], name=op.f("fk_behaviours_visit_id_visits")),
        sa.PrimaryKeyConstraint("behaviour_id", name=op.f("pk_behaviours")),
        sa.UniqueConstraint(
            "opportunity_id", "name", "done_on", name=op.f("uq_behaviours_opportunity_id_name_done_on")
        ),
    )

    op.create_table(
        "lead_handoffs",
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("asked_of", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_card_id", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_of"], ["members.member_id"], name=op.f("fk_lead_handoffs_asked_of_members")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["members.member_id"], name=op.f("fk_lead_handoffs_decided_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.opportunity_id"],
            name=op.f("fk_lead_handoffs_opportunity_id_opportunities"),
        ),
        sa.PrimaryKeyConstraint("handoff_id", name=op.f("pk_lead_handoffs")),
        sa.UniqueConstraint("opportunity_id", name=op.f("uq_lead_handoffs_opportunity_id")),
    )


def downgrade() -> None:

    op.drop_table("lead_handoffs")
    op.drop_table("behaviours")
    with op.batch_alter_table("deal_scores", schema=None) as batch_op:
        batch_op.drop_index("ix_deal_scores_opportunity")

    op.drop_table("deal_scores")
