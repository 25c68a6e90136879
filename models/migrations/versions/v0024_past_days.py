"""the time machine: what each day's picture said at its end, and who was open on a day long ago."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Id, Utc

revision = "0024_past_days"
down_revision = "0023_answers_count"
branch_labels = None
depends_on = None

CLOSED = sa.text("closed_at IS NOT NULL")
LONG = sa.text("closed_at - reported_at > 2678400000000")
LONG_POSTGRES = sa.text("(closed_at - reported_at) > '31 days'::interval")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
    op.create_table(
        "day_record",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("line", Id, nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_record")),
    )
    op.drop_index("ix_cases_closed", "cases")
    op.create_index(
        "ix_cases_closed", "cases", ["closed_at", "reported_at"], sqlite_where=CLOSED, postgresql_where=CLOSED
    )
    op.create_index(
        "ix_cases_long", "cases", ["closed_at", "reported_at"], sqlite_where=LONG, postgresql_where=LONG_POSTGRES
    )


def downgrade() -> None:
    """What was recorded is lost."""
    op.drop_index("ix_cases_long", "cases")
    op.drop_index("ix_cases_closed", "cases")
    op.create_index("ix_cases_closed", "cases", ["closed_at"], sqlite_where=CLOSED, postgresql_where=CLOSED)
    op.drop_table("day_record")
