"""drills that run at speed: their clocks are as much quicker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_drill_speed"
down_revision = "0017_return_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whatever there was ran at the pace of life."""
    op.add_column("emergency", sa.Column("speed", sa.Float(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Without it every drill runs at the pace of life."""
    op.drop_column("emergency", "speed")
