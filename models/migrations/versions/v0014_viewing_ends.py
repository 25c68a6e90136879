"""Ends of viewings: how long somebody looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0014_viewing_ends"
down_revision = "0013_long_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "viewing_end",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("viewing", sa.BigInteger(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewing_end")),
        sa.UniqueConstraint("viewing", name=op.f("uq_viewing_end_viewing")),
    )
    with op.batch_alter_table("viewing_end", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_viewing_end_at"), ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("viewing_end")
