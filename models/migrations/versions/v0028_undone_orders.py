"""What a department still has to do is found without its orders of all years."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028_undone_orders"
down_revision = "0027_learned_views"
branch_labels = None
depends_on = None

UNDONE = sa.text("done_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    """An index of the orders that are neither done nor withdrawn."""
    op.create_index(
        "ix_orders_undone", "orders", ["department", "case_id"], sqlite_where=UNDONE, postgresql_where=UNDONE
    )


def downgrade() -> None:
    """Without it."""
    op.drop_index("ix_orders_undone", "orders")
