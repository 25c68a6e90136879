"""Where the searchable text of cases is kept: only what was masked before, so that nobody can search for a number."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from models.tables import Id, metadata

case_text = Table(
    "case_text",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),  # plain(title, description, address), masked
    Column("grams", ARRAY(Text).with_variant(Text(), "sqlite")),  # PostgreSQL; SQLite has them in `case_gram`
)

SQLITE_INDEX = "case_gram"
"""An FTS5 table without content: one row per case, its pieces as tokens of hexadecimal digits."""
POSTGRES_INDEX = "ix_case_text_grams"
"""A GIN index over `case_text.grams`: in the core of PostgreSQL, no extension needed."""

CREATE_SQLITE_INDEX = (
    f"CREATE VIRTUAL TABLE {SQLITE_INDEX} USING fts5(grams, content='', columnsize=0, detail=none, tokenize='ascii')"
)
CREATE_POSTGRES_INDEX = f"CREATE INDEX {POSTGRES_INDEX} ON case_text USING gin (grams)"


def of_one_database(name: str | None) -> bool:
    """Whether a table or an index is there on one kind of database only, so that the common schema lacks it."""
    return name is not None and (name.startswith(SQLITE_INDEX) or name == POSTGRES_INDEX)
