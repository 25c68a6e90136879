"""exchange: feeds of warnings and what came by them, webhooks and how each sending went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0016_exchange"
down_revision = "0015_emergencies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cap_feed",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("next_at", Utc(), nullable=False),
        sa.Column("looked_at", Utc(), nullable=True),
        sa.Column("outcome", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("removed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cap_feed")),
    )
    op.create_table(
        "cap_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=500), server_default="", nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=24), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=300), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("sender", sa.String(length=200), nullable=True),
        sa.Column("sent", Utc(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=True),
        sa.Column("event", sa.String(length=200), server_default="", nullable=False),
        sa.Column("headline", sa.String(length=300), server_default="", nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=True),
        sa.Column("colour", sa.String(length=8), nullable=True),
        sa.Column("area", sa.String(length=300), server_default="", nullable=False),
        sa.Column("polygons", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("expires", Utc(), nullable=True),
        sa.Column("refs", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("ended_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("raw", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["ended_by"], ["cap_message.id"], name=op.f("fk_cap_message_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cap_message")),
        sa.UniqueConstraint("digest", name=op.f("uq_cap_message_digest")),
        sa.UniqueConstraint("sender", "identifier", "sent", name=op.f("uq_cap_message_sender_identifier_sent")),
    )
    op.create_index("ix_cap_message_link", "cap_message", ["feed", "link"], unique=False)
    op.create_index("ix_cap_message_received", "cap_message", ["received_at"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("removed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("webhook", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", Utc(), nullable=False),
        sa.Column("sent_at", Utc(), nullable=True),
        sa.Column("outcome", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["webhook"], ["webhook.name"], name=op.f("fk_webhook_delivery_webhook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("webhook", "number", name=op.f("uq_webhook_delivery_webhook_number")),
    )
    op.create_index(
        "ix_webhook_delivery_waiting",
        "webhook_delivery",
        ["webhook", "number"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["webhook_delivery.id"], name=op.f("fk_webhook_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
    )
    op.create_index(op.f("ix_webhook_attempt_delivery_id"), "webhook_attempt", ["delivery_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_webhook_attempt_delivery_id"), table_name="webhook_attempt")
    op.drop_table("webhook_attempt")
    op.drop_index(
        "ix_webhook_delivery_waiting",
        table_name="webhook_delivery",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
    op.drop_index("ix_cap_message_received", table_name="cap_message")
    op.drop_index("ix_cap_message_link", table_name="cap_message")
    op.drop_table("cap_message")
    op.drop_table("cap_feed")
