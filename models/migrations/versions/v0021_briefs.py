"""the archive of briefs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Id, Utc

revision = "0021_briefs"
down_revision = "0020_overview"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brief",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("cut_at", Utc(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brief")),
        sa.UniqueConstraint("kind", "first", name=op.f("uq_brief_kind_first")),
    )


def downgrade() -> None:
    """The archive is lost."""
    op.drop_table("brief")
