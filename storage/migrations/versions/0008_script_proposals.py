"""What waits for approval in the script library: drafts, and changes of what is in use"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "script_proposals",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("changes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["scripts.code"], name=op.f("fk_script_proposals_code_scripts")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_script_proposals_member_id_members")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.visit_id"], name=op.f("fk_script_proposals_visit_id_visits")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["members.member_id"], name=op.f("fk_script_proposals_decided_by_members")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_script_proposals")),
        sa.UniqueConstraint("cause", name=op.f("uq_script_proposals_cause")),
    )
    op.create_index("ix_script_proposals_state", "script_proposals", ["state", "code"], unique=False)


def downgrade() -> None:
    op.drop_table("script_proposals")
