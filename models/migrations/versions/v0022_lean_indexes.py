"""fewer indexes on cases, which every report pays for; small ones that answer for open orders and for the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022_lean_indexes"
down_revision = "0021_briefs"
branch_labels = None
depends_on = None

OPEN, UNSENT = sa.text("closed_at IS NULL"), sa.text("client IS NULL")
TO_CALL = sa.text("stage = 'closed' AND stage_due_at IS NOT NULL")
CLOSED = sa.text("closed_at IS NOT NULL")
OPEN_ORDERS = sa.text("done_at IS NULL AND withdrawn_at IS NULL AND concluded_at IS NULL")
EXPORT = sa.text("substr(act, 1, 7) = 'export.'")
PARTS = {
    "ix_orders_open": (["issued_at", "id"], OPEN_ORDERS),
    "ix_orders_withdrawn": (["issued_at"], sa.text("withdrawn_at IS NOT NULL")),
    "ix_orders_asked": (["issued_at"], sa.text("kind != 'dispatch'")),
}


CARRIED = {
    "category": ["town", "department", "level"],
    "department": ["town", "level"],
    "town": ["source", "level"],
    "source": ["level"],
}
"""Filter → what else its index carries behind the order in time."""


def upgrade() -> None:
    """A source's number is found by the index that keeps it unique; deadlines of ended cases by that of all deadlines."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
    op.drop_index("ix_cases_external_id", "cases")
    op.drop_index("ix_cases_ended_due", "cases")
    op.drop_index("ix_cases_closed", "cases")
    op.create_index("ix_cases_closed", "cases", ["closed_at"], sqlite_where=CLOSED, postgresql_where=CLOSED)
    op.create_index("ix_cases_reporter", "cases", ["reported_by"], sqlite_where=UNSENT, postgresql_where=UNSENT)
    op.drop_index("ix_cases_open", "cases")
    op.create_index("ix_cases_open", "cases", ["reported_at", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index("ix_cases_to_call", "cases")
    op.create_index("ix_cases_to_call", "cases", ["reported_at", "id"], sqlite_where=TO_CALL, postgresql_where=TO_CALL)
    for column, more in CARRIED.items():
        op.drop_index(f"ix_cases_{column}_reported", "cases")
        op.create_index(f"ix_cases_{column}_reported", "cases", [column, "reported_at", *more])
    for name, (columns, where) in PARTS.items():
        op.create_index(name, "orders", columns, sqlite_where=where, postgresql_where=where)
    for column in ("actor", "act"):
        op.create_index(f"ix_audit_{column}", "audit", [column, "id"])
    op.create_index("ix_audit_export", "audit", ["id"], sqlite_where=EXPORT, postgresql_where=EXPORT)


def downgrade() -> None:
    """As it was."""
    op.drop_index("ix_audit_export", "audit")
    for column in ("act", "actor"):
        op.drop_index(f"ix_audit_{column}", "audit")
    for name in reversed(PARTS):
        op.drop_index(name, "orders")
    op.drop_index("ix_cases_to_call", "cases")
    op.create_index("ix_cases_to_call", "cases", ["stage_due_at"], sqlite_where=TO_CALL, postgresql_where=TO_CALL)
    for column in CARRIED:
        op.drop_index(f"ix_cases_{column}_reported", "cases")
        op.create_index(f"ix_cases_{column}_reported", "cases", [column, "reported_at"])
    op.drop_index("ix_cases_open", "cases")
    op.create_index("ix_cases_open", "cases", ["department", "town", "area"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index("ix_cases_reporter", "cases")
    op.drop_index("ix_cases_closed", "cases")
    op.create_index("ix_cases_closed", "cases", ["closed_at"])
    op.create_index("ix_cases_ended_due", "cases", ["due_at"], sqlite_where=CLOSED, postgresql_where=CLOSED)
    op.create_index("ix_cases_external_id", "cases", ["external_id"])
