"""Duty: rounds, hand-over sheets, surveys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0004_duty"
down_revision = "0003_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("cut_at", Utc(), nullable=False),
        sa.Column("entered_at", Utc(), nullable=False),
        sa.Column("outgoing", sa.String(length=60), nullable=False),
        sa.Column("outgoing_account", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("incoming", sa.String(length=60), nullable=True),
        sa.Column("incoming_account", sa.String(length=64), nullable=True),
        sa.Column("incoming_note", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index("ix_handover_cut_at", ["cut_at"], unique=False)

    op.create_table(
        "survey",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("case_code", sa.String(length=32), nullable=True),
        sa.Column("area", sa.String(length=32), nullable=True),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=True),
        sa.Column("satisfied", sa.Integer(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("client", "external_id", name=op.f("uq_survey_client_external_id")),
    )
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_area"), ["area"], unique=False)
        batch_op.create_index("ix_survey_at", ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_case_code"), ["case_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_department"), ["department"], unique=False)

    op.create_table(
        "round_tick",
        sa.Column("area", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.String(length=24), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("happened_at", Utc(), nullable=False),
        sa.Column("entered_at", Utc(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("finding", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.code"], name=op.f("fk_round_tick_area")),
        sa.PrimaryKeyConstraint("area", "slot", "period", name=op.f("pk_round_tick")),
    )
    with op.batch_alter_table("round_tick", schema=None) as batch_op:
        batch_op.create_index("ix_round_tick_period", ["period"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("round_tick", schema=None) as batch_op:
        batch_op.drop_index("ix_round_tick_period")

    op.drop_table("round_tick")
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_department"))
        batch_op.drop_index(batch_op.f("ix_survey_case_code"))
        batch_op.drop_index("ix_survey_at")
        batch_op.drop_index(batch_op.f("ix_survey_area"))

    op.drop_table("survey")
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index("ix_handover_cut_at")

    op.drop_table("handover")
