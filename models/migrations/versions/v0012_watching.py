"""watching."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables import Utc

revision = "0012_watching"
down_revision = "0011_saved_filters"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "camera_change",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_change")),
    )
    with op.batch_alter_table("camera_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_change_at"), ["at"], unique=False)
        batch_op.create_index("ix_camera_change_camera", ["camera", "id"], unique=False)

    op.create_table(
        "camera_picture",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("case_code", sa.String(length=32), server_default="", nullable=False),
        sa.Column("viewing", sa.BigInteger(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_picture")),
    )
    with op.batch_alter_table("camera_picture", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_picture_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_camera_picture_camera"), ["camera"], unique=False)

    op.create_table(
        "chain_cut",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chain_cut")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", Utc(), nullable=False),
        sa.Column("placed_by", sa.String(length=64), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("lifted_at", Utc(), nullable=True),
        sa.Column("lifted_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_table(
        "viewed",
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("viewing", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("camera", "viewing", name=op.f("pk_viewed")),
    )
    op.create_table(
        "viewing",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("viewer", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=64), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("cameras", sa.JSON(), nullable=False),
        sa.Column("plan", sa.String(length=64), server_default="", nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewing")),
    )
    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_viewing_at"), ["at"], unique=False)
        batch_op.create_index("ix_viewing_viewer", ["viewer", "until"], unique=False)

    with op.batch_alter_table("camera", schema=None) as batch_op:
        batch_op.add_column(sa.Column("public", sa.Boolean(), server_default=sa.text("(true)"), nullable=False))
        batch_op.add_column(sa.Column("credentials", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("codec", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("mask_reviewer", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("shown_to", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:

    with op.batch_alter_table("camera", schema=None) as batch_op:
        batch_op.drop_column("version")
        batch_op.drop_column("shown_to")
        batch_op.drop_column("mask_reviewer")
        batch_op.drop_column("codec")
        batch_op.drop_column("credentials")
        batch_op.drop_column("public")

    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.drop_index("ix_viewing_viewer")
        batch_op.drop_index(batch_op.f("ix_viewing_at"))

    op.drop_table("viewing")
    op.drop_table("viewed")
    op.drop_table("legal_hold")
    op.drop_table("chain_cut")
    with op.batch_alter_table("camera_picture", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_camera_picture_camera"))
        batch_op.drop_index(batch_op.f("ix_camera_picture_at"))

    op.drop_table("camera_picture")
    with op.batch_alter_table("camera_change", schema=None) as batch_op:
        batch_op.drop_index("ix_camera_change_camera")
        batch_op.drop_index(batch_op.f("ix_camera_change_at"))

    op.drop_table("camera_change")
