"""evaluation books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0006_evaluation"
down_revision = "0005_the_whole_loop"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysis_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("area", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("town", sa.String(length=32), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "area", "category", name=op.f("pk_analysis_day")),
    )
    op.create_table(
        "evaluation_book",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("told", Utc(), nullable=False),
        sa.Column("whole", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entered", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_evaluation_book")),
    )
    op.create_table(
        "evaluation_tally",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("by", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("marks", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "by", "code", "marks", name=op.f("pk_evaluation_tally")),
    )
    op.create_table(
        "evaluation_appeal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("indicator", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", Utc(), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evaluation_appeal_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_appeal")),
    )
    with op.batch_alter_table("evaluation_appeal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evaluation_appeal_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_evaluation_appeal_month"), ["month"], unique=False)

    op.create_table(
        "evaluation_case",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("town", sa.String(length=32), nullable=False),
        sa.Column("community", sa.String(length=32), nullable=False),
        sa.Column("area", sa.String(length=32), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evaluation_case_case_id")),
        sa.PrimaryKeyConstraint("month", "case_id", name=op.f("pk_evaluation_case")),
    )
    with op.batch_alter_table("evaluation_case", schema=None) as batch_op:
        batch_op.create_index("ix_evaluation_case_area", ["month", "area"], unique=False)
        batch_op.create_index("ix_evaluation_case_community", ["month", "community"], unique=False)
        batch_op.create_index("ix_evaluation_case_town", ["month", "town"], unique=False)

    op.create_table(
        "evaluation_order",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("town", sa.String(length=32), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evaluation_order_case_id")),
        sa.PrimaryKeyConstraint("month", "department", "case_id", name=op.f("pk_evaluation_order")),
    )
    with op.batch_alter_table("evaluation_order", schema=None) as batch_op:
        batch_op.create_index("ix_evaluation_order_case", ["month", "case_id"], unique=False)

    with op.batch_alter_table("cases", schema=None) as batch_op:
        ended = sa.text("closed_at IS NOT NULL")
        batch_op.create_index(
            "ix_cases_ended_due", ["due_at"], unique=False, sqlite_where=ended, postgresql_where=ended
        )

    with op.batch_alter_table("trace", schema=None) as batch_op:
        batch_op.create_index("ix_trace_happened", ["happened_at", "case_id"], unique=False)
