"""Tables of the desk, in the metadata that all tables share."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from models.tables import Utc, metadata

saved_filter = Table(
    "saved_filter",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("query", Text, nullable=False),  # as in the address of the list, without `?`
    Column("at", Utc, nullable=False),
)
