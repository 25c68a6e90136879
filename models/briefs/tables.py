"""The archive of briefs."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, String, Table, UniqueConstraint

from models.tables import Id, Utc, metadata

brief = Table(
    "brief",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(8), nullable=False),  # daily | weekly | monthly
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("cut_at", Utc, nullable=False),  # county time: the standing figures are as of this
    Column("made_at", Utc, nullable=False),  # real time
    Column("body", JSON, nullable=False),  # everything it says; it is never changed again
    Column("hash", String(64), nullable=False),
    UniqueConstraint("kind", "first"),
)
