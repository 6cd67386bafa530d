"""The script library: scripts, the questions put to it, what was offered"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scripts",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("plan_kind", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.JSON(none_as_null=True), nullable=False)
            for name in ("phrasings", "tags", "stages", "industries", "products", "competitors", "materials")
        ),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("proposed_by", sa.Integer(), nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["members.member_id"], name=op.f("fk_scripts_owner_id_members")),
        sa.ForeignKeyConstraint(["proposed_by"], ["members.member_id"], name=op.f("fk_scripts_proposed_by_members")),
        sa.ForeignKeyConstraint(["approved_by"], ["members.member_id"], name=op.f("fk_scripts_approved_by_members")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_scripts")),
    )
    op.create_index("ix_scripts_changed_at", "scripts", ["changed_at"], unique=False)

    op.create_table(
        "script_questions",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("is_answered", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_script_questions_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_script_questions_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["members.member_id"], name=op.f("fk_script_questions_settled_by_members")
        ),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_script_questions")),
        sa.UniqueConstraint("key", name=op.f("uq_script_questions_key")),
    )
    op.create_index("ix_script_questions_gaps", "script_questions", ["is_answered", "settled_at"], unique=False)

    op.create_table(
        "script_uses",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("was_useful", sa.Boolean(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["script_questions.question_id"],
            name=op.f("fk_script_uses_question_id_script_questions"),
        ),
        sa.ForeignKeyConstraint(["code"], ["scripts.code"], name=op.f("fk_script_uses_code_scripts")),
        sa.PrimaryKeyConstraint("question_id", "code", name=op.f("pk_script_uses")),
    )
    op.create_index("ix_script_uses_code", "script_uses", ["code", "judged_at"], unique=False)


def downgrade() -> None:
    op.drop_table("script_uses")
    op.drop_table("script_questions")
    op.drop_table("scripts")
