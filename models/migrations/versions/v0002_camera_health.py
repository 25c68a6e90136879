"""Camera health: events, minutes, days; the main stream's address and a camera's own thresholds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0002_camera_health"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("camera") as batch:
        batch.add_column(sa.Column("main_address", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("thresholds", sa.JSON(), server_default="{}", nullable=False))
    op.create_table(
        "camera_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("fault", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("raised_at", Utc(), nullable=False),
        sa.Column("cleared_at", Utc(), nullable=True),
        sa.Column("evidence", sa.String(length=64), nullable=True),
        sa.Column("evidence_at", Utc(), nullable=True),
        sa.Column("measures", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("case_code", sa.String(length=40), nullable=True),
        sa.Column("offered_at", Utc(), nullable=True),
        sa.Column("hold", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_camera_event_camera"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_event")),
    )
    op.create_index("ix_camera_event_camera_raised_at", "camera_event", ["camera", "raised_at"])
    op.create_index(op.f("ix_camera_event_cleared_at"), "camera_event", ["cleared_at"])
    op.create_index(op.f("ix_camera_event_evidence"), "camera_event", ["evidence"])
    op.create_index(op.f("ix_camera_event_case_code"), "camera_event", ["case_code"])
    op.create_table(
        "camera_minute",
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("minute", Utc(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("activity", sa.Float(), nullable=False),
        sa.Column("brightness", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_camera_minute_camera"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("camera", "minute", name=op.f("pk_camera_minute")),
    )
    op.create_index(op.f("ix_camera_minute_minute"), "camera_minute", ["minute"])
    op.create_table(
        "camera_day",
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("watched", sa.Float(), server_default="0", nullable=False),
        sa.Column("online", sa.Float(), server_default="0", nullable=False),
        sa.Column("sound", sa.Float(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_camera_day_camera"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("camera", "day", name=op.f("pk_camera_day")),
    )
    op.create_index(op.f("ix_camera_day_day"), "camera_day", ["day"])


def downgrade() -> None:
    for table in ("camera_day", "camera_minute", "camera_event"):
        op.drop_table(table)
    with op.batch_alter_table("camera") as batch:
        batch.drop_column("thresholds")
        batch.drop_column("main_address")
