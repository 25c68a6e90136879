"""an index for the return calls that closed cases wait for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017_return_calls"
down_revision = "0016_exchange"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Few of the closed cases wait for a call: their list must not be looked for among all of them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
    waits = sa.text("stage = 'closed' AND stage_due_at IS NOT NULL")
    op.create_index("ix_cases_to_call", "cases", ["stage_due_at"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    """Without it the same list takes longer."""
    op.drop_index("ix_cases_to_call", "cases")
