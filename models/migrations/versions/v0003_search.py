"""searchable text of cases, and the indexes that long lists need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.search import index
from models.search.tables import CREATE_POSTGRES_INDEX, CREATE_SQLITE_INDEX, POSTGRES_INDEX, SQLITE_INDEX

revision = "0003_search"
down_revision = "0002_camera_health"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Existing cases are indexed in bites by ascending id; on PostgreSQL the index is built once, after them."""
    here = op.get_bind()
    op.create_table(
        "case_text",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Text()).with_variant(sa.Text(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_text_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_text")),
    )
    op.create_index("ix_cases_external_id", "cases", ["external_id"])
    if here.dialect.name == "sqlite":
        op.execute(CREATE_SQLITE_INDEX)
    else:
        op.execute("SET LOCAL statement_timeout = 0")
    last: int | None = 0
    while last is not None:
        last = index.fill(here, last)
    if here.dialect.name == "postgresql":
        op.execute(CREATE_POSTGRES_INDEX)


def downgrade() -> None:
    """The text can be made anew from the cases."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TABLE {SQLITE_INDEX}")
    else:
        op.drop_index(POSTGRES_INDEX, "case_text")
    op.drop_index("ix_cases_external_id", "cases")
    op.drop_table("case_text")
