"""a legal hold may keep an emergency, whose word is longer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026_emergency_holds"
down_revision = "0025_perimeter"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The kinds there were fit."""
    with op.batch_alter_table("legal_hold") as batch_op:
        batch_op.alter_column("kind", type_=sa.String(12), existing_type=sa.String(8), existing_nullable=False)


def downgrade() -> None:
    """Holds on emergencies go with it."""
    op.execute("DELETE FROM legal_hold WHERE kind = 'emergency'")
    with op.batch_alter_table("legal_hold") as batch_op:
        batch_op.alter_column("kind", type_=sa.String(8), existing_type=sa.String(12), existing_nullable=False)
