"""the whole loop: stage clocks, pauses, extensions, transfers, merges, return calls; orders of three kinds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0005_the_whole_loop"
down_revision = "0004_duty"
branch_labels = None
depends_on = None

CASES: tuple[sa.Column[Any], ...] = (
    sa.Column("reopened", sa.Integer(), server_default="0", nullable=False),
    sa.Column("urged", sa.Integer(), server_default="0", nullable=False),
    sa.Column("stage_since", Utc(), nullable=True),
    sa.Column("stage_due_at", Utc(), nullable=True),
    sa.Column("warn_at", Utc(), nullable=True),
    sa.Column("pauses", sa.JSON(), server_default="[]", nullable=False),
    sa.Column("extensions", sa.JSON(), server_default="[]", nullable=False),
    sa.Column("extension_asked_at", Utc(), nullable=True),
    sa.Column("extension_asked_by", sa.String(length=64), nullable=True),
    sa.Column("suspended_from", sa.String(length=16), nullable=True),
    sa.Column("resume_at", Utc(), nullable=True),
    sa.Column("transfer_to", sa.String(length=64), nullable=True),
    sa.Column("adjudicated_at", Utc(), nullable=True),
    sa.Column("verification", sa.String(length=16), nullable=True),
    sa.Column("inspection", sa.String(length=16), nullable=True),
    sa.Column("held_level", sa.String(length=12), nullable=True),
    sa.Column("resolved_level", sa.String(length=12), nullable=True),
    sa.Column("merged_into", sa.String(length=32), nullable=True),
    sa.Column("satisfaction", sa.String(length=16), nullable=True),
    sa.Column("called_at", Utc(), nullable=True),
    sa.Column("score", sa.Integer(), nullable=True),
    sa.Column("evaluated_at", Utc(), nullable=True),
)
ORDERS: tuple[sa.Column[Any], ...] = (
    sa.Column("kind", sa.String(length=12), server_default="dispatch", nullable=False),
    sa.Column("text", sa.Text(), server_default="", nullable=False),
    sa.Column("degree", sa.String(length=12), nullable=True),
    sa.Column("receipt_due_at", Utc(), nullable=True),
    sa.Column("clock_from", Utc(), nullable=True),
    sa.Column("limit_amount", sa.Integer(), nullable=True),
    sa.Column("limit_unit", sa.String(length=16), nullable=True),
    sa.Column("done_by", sa.String(length=64), nullable=True),
    sa.Column("result", sa.Text(), server_default="", nullable=False),
    sa.Column("reworked", sa.Integer(), server_default="0", nullable=False),
    sa.Column("concluded_at", Utc(), nullable=True),
    sa.Column("concluded_by", sa.String(length=64), nullable=True),
)


def upgrade() -> None:
    for column in CASES:
        op.add_column("cases", column)
    for column in ORDERS:
        op.add_column("orders", column)
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_cases_merged", "cases", ["merged_into"], sqlite_where=merged, postgresql_where=merged)
    op.create_index("ix_orders_issued", "orders", ["issued_at", "id"])
    op.create_index("ix_orders_department", "orders", ["department", "issued_at"])
    co = sa.text("part = 'co'")
    op.create_index("ix_orders_co", "orders", ["department", "case_id"], sqlite_where=co, postgresql_where=co)
    op.execute("UPDATE cases SET warn_at = soon_at WHERE closed_at IS NULL AND warned_at IS NULL")
    op.execute("UPDATE cases SET stage_since = reported_at WHERE closed_at IS NULL")


def downgrade() -> None:
    op.drop_index("ix_orders_co", "orders")
    op.drop_index("ix_orders_department", "orders")
    op.drop_index("ix_orders_issued", "orders")
    op.drop_index("ix_cases_merged", "cases")
    for table, columns in (("orders", ORDERS), ("cases", CASES)):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)
