"""answers of people count in the evaluation, in a month that is still open when they come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0023_answers_count"
down_revision = "0022_lean_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there already counts when it was given, as the page has told it so far."""
    with op.batch_alter_table("survey") as table:
        table.add_column(sa.Column("counts_at", Utc(), nullable=True))
    op.execute("UPDATE survey SET counts_at = at")
    with op.batch_alter_table("survey") as table:
        table.alter_column("counts_at", existing_type=Utc(), nullable=False)
        table.drop_index("ix_survey_at")
        table.create_index("ix_survey_counts", ["counts_at"])


def downgrade() -> None:
    """Back to when it was given."""
    with op.batch_alter_table("survey") as table:
        table.drop_index("ix_survey_counts")
        table.create_index("ix_survey_at", ["at"])
        table.drop_column("counts_at")
