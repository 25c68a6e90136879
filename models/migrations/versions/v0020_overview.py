"""A leader's last look, instructions on departments and figures, and the indexes that they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Id, Utc

revision = "0020_overview"
down_revision = "0018_drill_speed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
    op.create_table(
        "overview_look",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("seen_real", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("before_at", Utc()),
        sa.Column("before", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_overview_look")),
    )
    op.create_table(
        "directive",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("about", sa.String(12), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("as_of", Utc()),
        sa.Column("reply_due", Utc()),
        sa.Column("concluded_at", Utc()),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_directive_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directive")),
        sa.UniqueConstraint("number", name=op.f("uq_directive_number")),
        sa.UniqueConstraint("message_id", name=op.f("uq_directive_message_id")),
    )
    op.create_index("ix_directive_by", "directive", ["by", "at"])
    op.create_index("ix_escalation_at", "escalation", ["at", "case_id"])
    instruction = sa.text("kind = 'instruction'")
    op.create_index(
        "ix_orders_instruction",
        "orders",
        ["issued_by", "issued_at"],
        sqlite_where=instruction,
        postgresql_where=instruction,
    )


def downgrade() -> None:
    """Looks and instructions are forgotten; the messages of instructions stay."""
    op.drop_index("ix_orders_instruction", "orders")
    op.drop_index("ix_escalation_at", "escalation")
    op.drop_table("directive")
    op.drop_table("overview_look")
