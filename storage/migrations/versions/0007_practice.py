"""Practice: sessions and their rounds"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "practice_sessions",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_practice_sessions_member_id_members")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_practice_sessions")),
    )
    op.create_index("ix_practice_sessions_member", "practice_sessions", ["member_id", "started_at"], unique=False)
    op.create_index(
        "uq_practice_sessions_open",
        "practice_sessions",
        ["member_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )

    op.create_table(
        "practice_rounds",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("phrasing", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("hinted", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["practice_sessions.session_id"],
            name=op.f("fk_practice_rounds_session_id_practice_sessions"),
        ),
        sa.ForeignKeyConstraint(["code"], ["scripts.code"], name=op.f("fk_practice_rounds_code_scripts")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.evidence_id"], name=op.f("fk_practice_rounds_evidence_id_evidence")
        ),
        sa.PrimaryKeyConstraint("session_id", "place", name=op.f("pk_practice_rounds")),
    )
    op.create_index("ix_practice_rounds_code", "practice_rounds", ["code"], unique=False)


def downgrade() -> None:
    op.drop_table("practice_rounds")
    op.drop_table("practice_sessions")
