"""What was learned, and from when on an open case will probably be late."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from models.tables import Id, Utc, metadata

forecast_model = Table(
    "forecast_model",
    metadata,
    Column("name", String(16), primary_key=True),  # late | category | department
    Column("number", Integer, nullable=False),  # grows with each learning
    Column("fitted_at", Utc, nullable=False),  # real time
    Column("county_at", Utc, nullable=False),
    Column("rows", Integer, nullable=False),  # cases it learned from
    Column("measured", JSON, nullable=False),  # how it did on what it had not seen
    Column("body", LargeBinary, nullable=False),
)
late_watch = Table(
    "late_watch",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("department", String(64)),
    Column("due_at", Utc, nullable=False),  # the deadline that was judged: another one makes the row void
    Column("likely_at", Utc),  # from then on it will probably be late; None: never
    Column("basis", String(8), nullable=False),  # history | rule
    Column("number", Integer, nullable=False),  # of the learning it was judged by; 0: none yet
)
Index("ix_late_watch_likely_at", late_watch.c.likely_at)
