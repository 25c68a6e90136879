"""The tables of watching: the ledger of viewings, the register's history, snapshots and legal holds."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table, Text

from models.tables import Id, Utc, metadata

viewing = Table(
    "viewing",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False, index=True),
    Column("until", Utc, nullable=False),
    Column("viewer", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("kind", String(12), nullable=False),  # live | wall | still | snapshot
    Column("purpose", String(16), nullable=False),  # case | emergency | inspection | maintenance | display
    Column("reference", String(64), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("cameras", JSON, nullable=False),
    Column("plan", String(64), nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
    Column("hash", String(64), nullable=False),
)
"""The ledger: append-only and chained (`models.chain`). No frame leaves the gateway without an open line."""
Index("ix_viewing_viewer", viewing.c.viewer, viewing.c.until)

viewing_end = Table(
    "viewing_end",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("viewing", BigInteger, nullable=False, unique=True),
    Column("at", Utc, nullable=False, index=True),
    Column("hash", String(64), nullable=False),
)
"""When a viewing was ended before its time: append-only and chained. A line without one holds until its `until`."""

viewed = Table(
    "viewed",
    metadata,
    Column("camera", String(32), primary_key=True),
    Column("viewing", BigInteger, primary_key=True, autoincrement=False),
)
"""Which lines of the ledger concern a camera: for looking up only, worked out from `viewing.cameras`."""

camera_change = Table(
    "camera_change",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("camera", String(32), nullable=False),
    Column("act", String(16), nullable=False),  # register | masks | import | hold | lift
    Column("changes", JSON, nullable=False),  # field → [before, after]; of what is sealed only that it changed
    Column("note", String(200), nullable=False, server_default=""),
    Column("hash", String(64), nullable=False),
)
"""The register's history: append-only and chained."""
Index("ix_camera_change_camera", camera_change.c.camera, camera_change.c.id)

camera_picture = Table(
    "camera_picture",
    metadata,
    Column("id", Id, primary_key=True),
    Column("camera", String(32), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("case_code", String(32), nullable=False, server_default=""),
    Column("viewing", BigInteger, nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("deleted_at", Utc),
)
"""Snapshots that were kept; the file goes after its time, the row stays."""

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(12), nullable=False),  # camera | case | emergency
    Column("object", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_at", Utc, nullable=False),
    Column("placed_by", String(64), nullable=False),
    Column("until", Utc, nullable=False),
    Column("lifted_at", Utc),
    Column("lifted_by", String(64)),
)
