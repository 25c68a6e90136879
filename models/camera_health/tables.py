"""Tables of camera health. Instants are real time, UTC: a fault of a device knows no county clock."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Float, ForeignKey, Index, Integer, String, Table, text

from models.tables import Id, Utc, metadata

camera_event = Table(
    "camera_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("camera", String(32), ForeignKey("camera.id", ondelete="CASCADE"), nullable=False),
    Column("fault", String(16), nullable=False),
    Column("reason", String(40)),
    Column("since", Utc, nullable=False),
    Column("raised_at", Utc, nullable=False),
    Column("cleared_at", Utc, index=True),
    Column("evidence", String(64), index=True),  # SHA-256 of the masked JPEG under DATA/evidence
    Column("evidence_at", Utc),
    Column("measures", JSON, nullable=False, server_default="{}"),
    Column("case_code", String(40), index=True),
    Column("offered_at", Utc),  # the camera is sound again: closing its case is proposed
    Column("hold", Boolean, nullable=False, server_default=text("false")),  # legal hold: never deleted
    Index("ix_camera_event_camera_raised_at", "camera", "raised_at"),
)
"""One row a fault. `since`: when it was first seen; `raised_at`: when it had lasted long enough."""

camera_minute = Table(
    "camera_minute",
    metadata,
    Column("camera", String(32), ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True),
    Column("minute", Utc, primary_key=True, index=True),
    Column("pictures", Integer, nullable=False),
    Column("activity", Float, nullable=False),  # bits per pixel between key pictures: amount of motion, scene level
    Column("brightness", Float, nullable=False),
)
camera_day = Table(
    "camera_day",
    metadata,
    Column("camera", String(32), ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True, index=True),
    Column("watched", Float, nullable=False, server_default="0"),
    Column("online", Float, nullable=False, server_default="0"),
    Column("sound", Float, nullable=False, server_default="0"),
)
"""Seconds of a county day: watched at all, live (在线), and live without a fault (完好)."""
