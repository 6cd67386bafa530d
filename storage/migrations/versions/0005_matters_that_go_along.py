"""Which open matters went along with a customer that was handed over"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("handover_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("matter_ids", sa.JSON(none_as_null=True), nullable=True))
    op.execute("UPDATE handover_items SET matter_ids = '[]'")
    with op.batch_alter_table("handover_items", schema=None) as batch_op:
        batch_op.alter_column("matter_ids", existing_type=sa.JSON(none_as_null=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("handover_items", schema=None) as batch_op:
        batch_op.drop_column("matter_ids")
