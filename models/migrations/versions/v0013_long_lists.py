"""indexes for lists that grow with the years, and one that answers for the open cases alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_long_lists"
down_revision = "0012_watching"
branch_labels = None
depends_on = None

BY = ("town", "category", "source", "level")


def upgrade() -> None:
    """Each filter that can be rare gets its own order of time, so that no list walks through a million cases for fifty."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
    for column in BY:
        op.create_index(f"ix_cases_{column}_reported", "cases", [column, "reported_at"])
    op.create_index("ix_cases_due", "cases", ["due_at", "id"])
    void = sa.text("stage = 'void'")
    op.create_index("ix_cases_void", "cases", ["reported_at"], sqlite_where=void, postgresql_where=void)


def downgrade() -> None:
    """Without them the same lists take longer."""
    op.drop_index("ix_cases_void", "cases")
    op.drop_index("ix_cases_due", "cases")
    for column in reversed(BY):
        op.drop_index(f"ix_cases_{column}_reported", "cases")
