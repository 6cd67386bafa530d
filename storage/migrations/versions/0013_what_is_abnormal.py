"""What is abnormal: what a draft's card asked to be checked, and deals whose day has passed or is frozen"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doubts", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("opportunities", schema=None) as batch_op:
        batch_op.create_index(
            "ix_opportunities_expected",
            ["expected_on"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_opportunities_frozen",
            ["frozen_since"],
            unique=False,
            sqlite_where=sa.text("frozen_since IS NOT NULL"),
            postgresql_where=sa.text("frozen_since IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("opportunities", schema=None) as batch_op:
        batch_op.drop_index("ix_opportunities_frozen")
        batch_op.drop_index("ix_opportunities_expected")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_column("doubts")
