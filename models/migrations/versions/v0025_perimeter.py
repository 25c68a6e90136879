"""emergencies keep the shape of their perimeter, where it is no circle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025_perimeter"
down_revision = "0024_past_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whatever there was is a circle."""
    op.add_column("emergency", sa.Column("perimeter", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """The circle around it stays."""
    op.drop_column("emergency", "perimeter")
