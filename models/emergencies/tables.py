"""The tables of emergencies. A drill has the same rows with `drill` set, and no statistic reads those."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from models.tables import Id, Utc, metadata

emergency = Table(
    "emergency",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("drill", Boolean, nullable=False, server_default=text("false")),
    Column("speed", Float, nullable=False, server_default="1"),  # of a drill: how much quicker its clocks run
    Column("state", String(12), nullable=False),  # pending | running | ended | cancelled | withdrawn
    Column("plan", String(40), nullable=False),
    Column("plan_body", JSON, nullable=False),  # the plan as it was at the start: a changed file changes no past
    Column("level", Integer, nullable=False),
    Column("title", String(120), nullable=False),  # masked
    Column("note", Text, nullable=False),  # why it was started, masked
    Column("origin", String(12), nullable=False),  # case | camera | point | cap | none
    Column("reference", String(120), nullable=False, server_default=""),  # code of the case, id of the camera …
    Column("area", String(32)),
    Column("town", String(32)),
    Column("address", String(200), nullable=False, server_default=""),
    Column("longitude", Float),
    Column("latitude", Float),
    Column("radius_m", Integer, nullable=False),
    Column("perimeter", JSON, nullable=False, server_default="[]"),  # [[latitude, longitude], …] each; none: the circle
    Column("lead", String(64), ForeignKey("department.code"), nullable=False),
    Column("answers", JSON, nullable=False, server_default="{}"),  # question → answer
    Column("objectives", JSON, nullable=False, server_default="{}"),  # objective → met at, UTC ISO 8601
    Column("life", Boolean, nullable=False, server_default=text("false")),  # life-safety first: begun at once
    Column("ratified", String(12)),  # approved | rejected
    Column("ratified_by", String(64)),
    Column("happened_at", Utc, nullable=False),
    Column("started_at", Utc, nullable=False),  # county time of the button
    Column("started_by", String(64), nullable=False),
    Column("confirm_due_at", Utc),  # end of the cancel window; None where a second person confirms
    Column("running_at", Utc),
    Column("confirmed_by", String(64)),
    Column("phoned_at", Utc),  # 初报 by telephone
    Column("ended_at", Utc),
    Column("ended_by", String(64)),
    Column("cancelled_at", Utc),
    Column("cancelled_by", String(64)),
    Column("next_clock_at", Utc),
)
CLOCKED = emergency.c.next_clock_at.is_not(None)
Index("ix_emergency_clock", emergency.c.next_clock_at, sqlite_where=CLOCKED, postgresql_where=CLOCKED)
Index("ix_emergency_state", emergency.c.state, emergency.c.started_at)

party = Table(
    "emergency_party",
    metadata,
    Column("id", Id, primary_key=True),
    Column("emergency_id", Id, ForeignKey("emergency.id"), nullable=False),
    Column("department", String(64), ForeignKey("department.code"), nullable=False),
    Column("state", String(12), nullable=False),  # called | received | departed | arrived | done | released
    Column("called_at", Utc, nullable=False),
    Column("received_at", Utc),
    Column("departed_at", Utc),
    Column("arrived_at", Utc),
    Column("done_at", Utc),
    Column("received_due_at", Utc, nullable=False),
    Column("departed_due_at", Utc, nullable=False),
    Column("arrived_due_at", Utc, nullable=False),
    Column("done_due_at", Utc, nullable=False),
    Column("received_by", String(64)),
    Column("result", Text, nullable=False, server_default=""),
    UniqueConstraint("emergency_id", "department"),
)
task = Table(
    "emergency_task",
    metadata,
    Column("id", Id, primary_key=True),
    Column("emergency_id", Id, ForeignKey("emergency.id"), nullable=False),
    Column("code", String(40), nullable=False),
    Column("department", String(64), ForeignKey("department.code"), nullable=False),
    Column("text", String(400), nullable=False),
    Column("text_en", String(400), nullable=False, server_default=""),
    Column("objective", String(40), nullable=False, server_default=""),
    Column("life", Boolean, nullable=False, server_default=text("false")),
    Column("minutes", Integer, nullable=False),
    Column("state", String(12), nullable=False),  # waiting | open | done | skipped | needless
    Column("opened_at", Utc),
    Column("due_at", Utc),
    Column("ended_at", Utc),
    Column("ended_by", String(64)),
    Column("result", Text, nullable=False, server_default=""),
    UniqueConstraint("emergency_id", "code"),
)
role = Table(
    "emergency_role",
    metadata,
    Column("emergency_id", Id, ForeignKey("emergency.id"), primary_key=True),
    Column("role", String(40), primary_key=True),
    Column("holder", String(64)),
    Column("since", Utc),
    Column("offered_to", String(64)),
    Column("offered_by", String(64)),
    Column("offered_at", Utc),
)
log = Table(
    "emergency_log",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("emergency_id", Id, ForeignKey("emergency.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),  # county time
    Column("entered_at", Utc, nullable=False),  # real time
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("act", String(24), nullable=False),
    Column("department", String(64), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),  # masked
    Column("detail", JSON, nullable=False, server_default="{}"),
    Column("hash", String(64), nullable=False),
)
"""Append-only, one chain over all emergencies (`models.chain`); a line is the proof of who knew and did what when."""

report = Table(
    "emergency_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("emergency_id", Id, ForeignKey("emergency.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, 3 … within the emergency
    Column("kind", String(12), nullable=False),  # initial | follow-up | final
    Column("elements", JSON, nullable=False),  # [key, text]
    Column("upto", BigInteger, nullable=False),  # the last line of the log that it tells of
    Column("language", String(8), nullable=False),
    Column("drafted_at", Utc, nullable=False),
    Column("drafted_by", String(64), nullable=False),
    Column("edited_at", Utc),
    Column("edited_by", String(64)),
    Column("sent_at", Utc),
    Column("sent_by", String(64)),
    Column("sent_to", String(200), nullable=False, server_default=""),
    UniqueConstraint("emergency_id", "number"),
)
key = Table(
    "emergency_key",
    metadata,
    Column("actor", String(64), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("emergency_id", Id, ForeignKey("emergency.id"), nullable=False),
    Column("at", Utc, nullable=False),
)
"""Idempotency-Keys of starts and actions."""
