"""emergencies: rooms, departments, tasks, roles, the chained log, reports, keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0015_emergencies"
down_revision = "0014_viewing_ends"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Beside the new tables, notifications may be about an emergency."""
    op.create_table(
        "emergency",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("drill", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("plan_body", sa.JSON(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=120), server_default="", nullable=False),
        sa.Column("area", sa.String(length=32), nullable=True),
        sa.Column("town", sa.String(length=32), nullable=True),
        sa.Column("address", sa.String(length=200), server_default="", nullable=False),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("radius_m", sa.Integer(), nullable=False),
        sa.Column("lead", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("objectives", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("life", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("ratified", sa.String(length=12), nullable=True),
        sa.Column("ratified_by", sa.String(length=64), nullable=True),
        sa.Column("happened_at", Utc(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("confirm_due_at", Utc(), nullable=True),
        sa.Column("running_at", Utc(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=64), nullable=True),
        sa.Column("phoned_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("cancelled_at", Utc(), nullable=True),
        sa.Column("cancelled_by", sa.String(length=64), nullable=True),
        sa.Column("next_clock_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["lead"], ["department.code"], name=op.f("fk_emergency_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency")),
        sa.UniqueConstraint("number", name=op.f("uq_emergency_number")),
    )
    with op.batch_alter_table("emergency", schema=None) as batch_op:
        batch_op.create_index(
            "ix_emergency_clock",
            ["next_clock_at"],
            unique=False,
            sqlite_where=sa.text("next_clock_at IS NOT NULL"),
            postgresql_where=sa.text("next_clock_at IS NOT NULL"),
        )
        batch_op.create_index("ix_emergency_state", ["state", "started_at"], unique=False)

    op.create_table(
        "emergency_key",
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("emergency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergency.id"], name=op.f("fk_emergency_key_emergency_id")),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_emergency_key")),
    )
    op.create_table(
        "emergency_log",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("emergency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("entered_at", Utc(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("department", sa.String(length=64), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergency.id"], name=op.f("fk_emergency_log_emergency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_log")),
    )
    with op.batch_alter_table("emergency_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_emergency_log_emergency_id"), ["emergency_id"], unique=False)

    op.create_table(
        "emergency_party",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("emergency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("called_at", Utc(), nullable=False),
        sa.Column("received_at", Utc(), nullable=True),
        sa.Column("departed_at", Utc(), nullable=True),
        sa.Column("arrived_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("received_due_at", Utc(), nullable=False),
        sa.Column("departed_due_at", Utc(), nullable=False),
        sa.Column("arrived_due_at", Utc(), nullable=False),
        sa.Column("done_due_at", Utc(), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=True),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name=op.f("fk_emergency_party_department")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergency.id"], name=op.f("fk_emergency_party_emergency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_party")),
        sa.UniqueConstraint("emergency_id", "department", name=op.f("uq_emergency_party_emergency_id_department")),
    )
    op.create_table(
        "emergency_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("emergency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("elements", sa.JSON(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("drafted_at", Utc(), nullable=False),
        sa.Column("drafted_by", sa.String(length=64), nullable=False),
        sa.Column("edited_at", Utc(), nullable=True),
        sa.Column("edited_by", sa.String(length=64), nullable=True),
        sa.Column("sent_at", Utc(), nullable=True),
        sa.Column("sent_by", sa.String(length=64), nullable=True),
        sa.Column("sent_to", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergency.id"], name=op.f("fk_emergency_report_emergency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_report")),
        sa.UniqueConstraint("emergency_id", "number", name=op.f("uq_emergency_report_emergency_id_number")),
    )
    op.create_table(
        "emergency_role",
        sa.Column("emergency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("since", Utc(), nullable=True),
        sa.Column("offered_to", sa.String(length=64), nullable=True),
        sa.Column("offered_by", sa.String(length=64), nullable=True),
        sa.Column("offered_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergency.id"], name=op.f("fk_emergency_role_emergency_id")),
        sa.PrimaryKeyConstraint("emergency_id", "role", name=op.f("pk_emergency_role")),
    )
    op.create_table(
        "emergency_task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("emergency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("text_en", sa.String(length=400), server_default="", nullable=False),
        sa.Column("objective", sa.String(length=40), server_default="", nullable=False),
        sa.Column("life", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_at", Utc(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name=op.f("fk_emergency_task_department")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergency.id"], name=op.f("fk_emergency_task_emergency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_task")),
        sa.UniqueConstraint("emergency_id", "code", name=op.f("uq_emergency_task_emergency_id_code")),
    )
    if (
        op.get_bind().dialect.name == "sqlite"
    ):  # added in place: `delivery` points to this table, it cannot be made anew
        op.execute(
            "ALTER TABLE notification ADD COLUMN emergency_id INTEGER "
            "CONSTRAINT fk_notification_emergency_id REFERENCES emergency (id)"
        )
    else:
        op.add_column("notification", sa.Column("emergency_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key("fk_notification_emergency_id", "notification", "emergency", ["emergency_id"], ["id"])
    op.create_index("ix_notification_emergency_step", "notification", ["emergency_id", "step"], unique=True)


def downgrade() -> None:
    """Without them there are no emergencies; what was told of them goes, too."""
    op.drop_index("ix_notification_emergency_step", "notification")
    op.execute(
        "DELETE FROM attempt WHERE delivery_id IN (SELECT d.id FROM delivery d JOIN notification n ON n.id = d.notification_id WHERE n.emergency_id IS NOT NULL)"
    )
    op.execute(
        "DELETE FROM delivery WHERE notification_id IN (SELECT id FROM notification WHERE emergency_id IS NOT NULL)"
    )
    op.execute("DELETE FROM notification WHERE emergency_id IS NOT NULL")
    if (
        op.get_bind().dialect.name != "sqlite"
    ):  # SQLite cannot drop a column that points elsewhere; it stays, and is empty
        op.drop_column("notification", "emergency_id")
    for table in ("task", "role", "report", "party", "log", "key"):
        op.drop_table(f"emergency_{table}")
    op.drop_table("emergency")
