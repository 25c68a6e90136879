"""answers of people count in a month that is still open when they come; failed deliveries are found without the sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0023_answers_count"
down_revision = "0022_lean_indexes"
branch_labels = None
depends_on = None

FAILED = (
    ("ix_delivery_failed", "delivery", "channel"),
    ("ix_webhook_delivery_failed", "webhook_delivery", "webhook"),
)


def upgrade() -> None:
    """What is there already counts when it was given, as the page has told it so far."""
    with op.batch_alter_table("survey") as table:
        table.add_column(sa.Column("counts_at", Utc(), nullable=True))
    op.execute("UPDATE survey SET counts_at = at")
    with op.batch_alter_table("survey") as table:
        table.alter_column("counts_at", existing_type=Utc(), nullable=False)
        table.drop_index("ix_survey_at")
        table.create_index("ix_survey_counts", ["counts_at"])
    for name, table_, column in FAILED:
        failed = sa.text("state = 'failed'")
        op.create_index(name, table_, [column], sqlite_where=failed, postgresql_where=failed)


def downgrade() -> None:
    """Back to when it was given."""
    for name, table_, _ in FAILED:
        op.drop_index(name, table_)
    with op.batch_alter_table("survey") as table:
        table.drop_index("ix_survey_counts")
        table.create_index("ix_survey_at", ["at"])
        table.drop_column("counts_at")
