"""a person may declare that a camera's picture is as it should be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0027_learned_views"
down_revision = "0026_emergency_holds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has declared anything yet."""
    op.add_column("camera", sa.Column("learned_at", Utc))


def downgrade() -> None:
    """The cameras learn by themselves."""
    op.drop_column("camera", "learned_at")
