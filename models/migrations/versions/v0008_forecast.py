"""what was learned from the past, and from when on an open case will probably be late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0008_forecast"
down_revision = "0007_ladder"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables; they are filled by the alerts worker."""
    op.create_table(
        "forecast_model",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fitted_at", Utc(), nullable=False),
        sa.Column("county_at", Utc(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("measured", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_forecast_model")),
    )
    op.create_table(
        "late_watch",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("likely_at", Utc(), nullable=True),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_late_watch_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_late_watch")),
    )
    op.create_index("ix_late_watch_likely_at", "late_watch", ["likely_at"])


def downgrade() -> None:
    """All of it can be learned again."""
    op.drop_table("late_watch")
    op.drop_table("forecast_model")
