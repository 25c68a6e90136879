"""The tables, once for SQLite and PostgreSQL. Instants are UTC; codes are text and never parsed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Utc(TypeDecorator[datetime]):
    """An aware instant: `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite (exact, quick to compare)."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone, got the naive {value.isoformat()}")
        return value if dialect.name == "postgresql" else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return EPOCH + timedelta(microseconds=value)


Id = BigInteger().with_variant(Integer, "sqlite")
"""A surrogate key; SQLite numbers only INTEGER columns by itself."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- places, departments, rules: a county's reference data, replaced by import ---------------------------------------

area = Table(
    "area",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("name_en", String(120), nullable=False, server_default=""),
    Column("level", String(12), nullable=False),
    Column("parent", String(32), ForeignKey("area.code")),
    Column("town", String(32), index=True),
    Column("kind", String(12), nullable=False, server_default=""),
    Column("households", Integer),
    Column("covers", JSON, nullable=False, server_default="[]"),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("label", JSON),  # longitude, latitude of a point deep inside
    Column("geometry", JSON),
)
post = Table(
    "post",
    metadata,
    Column("area", String(32), ForeignKey("area.code"), primary_key=True),
    Column("post", String(40), primary_key=True),
    Column("required", Integer, nullable=False),
    Column("filled", Integer, nullable=False),
)
department = Table(
    "department",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("name_en", String(120), nullable=False, server_default=""),
    Column("short", String(60), nullable=False, server_default=""),
    Column("short_en", String(60), nullable=False, server_default=""),
    Column("desk", String(120), nullable=False, server_default=""),
    Column("desk_en", String(120), nullable=False, server_default=""),
    Column("deputy", String(120), nullable=False, server_default=""),
    Column("deputy_en", String(120), nullable=False, server_default=""),
    Column("phone", String(40), nullable=False, server_default=""),
    Column("contacts", JSON, nullable=False, server_default="[]"),
)
category = Table(
    "category",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("parent", String(64)),
    Column("name", String(120), nullable=False),
    Column("name_en", String(120), nullable=False, server_default=""),
    Column("department", String(64), ForeignKey("department.code")),
    Column("co_departments", JSON, nullable=False, server_default="[]"),
    Column("level", Integer, nullable=False),
    Column("limit_amount", Integer),
    Column("limit_unit", String(16)),
    Column("filing", Text, nullable=False, server_default=""),
    Column("closing", Text, nullable=False, server_default=""),
    Column("source", String(200), nullable=False, server_default=""),
    Column("leaf", Boolean, nullable=False),
)
source = Table(
    "source",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("name_en", String(60), nullable=False),
)
calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("name", String(60), nullable=False, server_default=""),
    Column("name_en", String(60), nullable=False, server_default=""),
    Column("source", String(200), nullable=False, server_default=""),
)
calendar_year = Table("calendar_year", metadata, Column("year", Integer, primary_key=True, autoincrement=False))
rules = Table(
    "rules",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("body", JSON, nullable=False),
)
"""Whole documents: `labels` (what the steps are called), `county` (names, office hours, clock shares, ladder …) and `duty` (the weekly roster)."""

camera = Table(
    "camera",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("name_en", String(120), nullable=False, server_default=""),
    Column("area", String(32)),
    Column("longitude", Float),
    Column("latitude", Float),
    Column("address", Text, nullable=False),  # of the sub stream; encrypted: it may hold a password
    Column("main_address", Text, nullable=False, server_default=""),  # of the main stream, encrypted; empty: none
    Column("thresholds", JSON, nullable=False, server_default="{}"),  # its own limits of health (streams.health_rules)
    Column("learned_at", Utc),  # when a person last declared its picture to be as it should
    Column("purpose", String(200), nullable=False, server_default=""),
    Column("purpose_en", String(200), nullable=False, server_default=""),
    Column("legal_basis", String(200), nullable=False, server_default=""),
    Column("legal_basis_en", String(200), nullable=False, server_default=""),
    Column("owner", String(120), nullable=False, server_default=""),
    Column("sign", String(120), nullable=False, server_default=""),
    Column("mask_review", Date),
    Column("masks", JSON, nullable=False, server_default="[]"),
    Column("focus", Boolean, nullable=False, server_default=text("false")),
    Column("public", Boolean, nullable=False, server_default=text("true")),  # looks at public ground
    Column("credentials", Text),  # encrypted user:password, put into the addresses when they are opened
    Column("codec", String(40), nullable=False, server_default=""),
    Column("mask_reviewer", String(64), nullable=False, server_default=""),
    Column("shown_to", JSON, nullable=False, server_default="[]"),  # roles; none named: every role that watches
    Column("version", Integer, nullable=False, server_default="1"),
    Column("state", String(12), nullable=False, server_default="offline"),
    Column("reason", String(40)),
    Column("since", Utc),
)

# --- cases -----------------------------------------------------------------------------------------------------------

cases = Table(
    "cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(32), nullable=False, unique=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("category", String(64), ForeignKey("category.code"), nullable=False),
    Column("description", Text, nullable=False),
    Column("title", String(120), nullable=False),  # masked and short: what walls, logs and exports may show
    Column("level", Integer, nullable=False),
    Column("source", String(32), nullable=False),
    Column("client", String(64)),
    Column("external_id", String(120)),
    Column("idempotency_key", String(120)),
    Column("request_hash", String(64)),
    Column("area", String(32), ForeignKey("area.code")),
    Column("town", String(32)),
    Column("uncovered", Boolean, nullable=False, server_default=text("false")),
    Column("address", String(200), nullable=False, server_default=""),
    Column("longitude", Float),
    Column("latitude", Float),
    Column("frame", String(10)),  # the frame the point came in; the stored point is WGS-84
    Column("reporter_name", Text),  # encrypted
    Column("reporter_phone", Text),  # encrypted
    Column("reported_by", String(64), nullable=False),  # account or client system
    Column("stage", String(16), nullable=False),
    Column("owner_kind", String(12), nullable=False),  # centre | department | area | case: never nobody
    Column("owner", String(64), nullable=False),
    Column("department", String(64), ForeignKey("department.code")),
    Column("happened_at", Utc, nullable=False),
    Column("reported_at", Utc, nullable=False),
    Column("entered_at", Utc, nullable=False),
    Column("clock_from", Utc, nullable=False),
    Column("limit_amount", Integer),
    Column("limit_unit", String(16)),
    Column("due_at", Utc),
    Column("soon_at", Utc),
    Column("due_basis", String(16), nullable=False),  # rule | source | none | unknown-year
    Column("warned_at", Utc),
    Column("breached_at", Utc),
    Column("next_clock_at", Utc),  # when the alerts worker must look at it next
    Column("receipt_at", Utc),
    Column("closed_at", Utc),
    Column("in_time", Boolean),
    Column("handed_back", Integer, nullable=False, server_default="0"),
    Column("reworked", Integer, nullable=False, server_default="0"),
    Column("reopened", Integer, nullable=False, server_default="0"),
    Column("urged", Integer, nullable=False, server_default="0"),
    Column("stage_since", Utc),
    Column("stage_due_at", Utc),  # the clock of the stage it stands in; None where the stage has none
    Column("warn_at", Utc),  # the next warning; None when all were given
    Column("pauses", JSON, nullable=False, server_default="[]"),  # [began, ended or null], UTC ISO 8601
    Column("extensions", JSON, nullable=False, server_default="[]"),  # when each was granted
    Column("extension_asked_at", Utc),
    Column("extension_asked_by", String(64)),
    Column("suspended_from", String(16)),  # the stage it goes back to
    Column("resume_at", Utc),
    Column("transfer_to", String(64)),  # offered, not accepted yet: the owner is still the department it comes from
    Column("adjudicated_at", Utc),
    Column("verification", String(16)),  # what the last 核实 found
    Column("inspection", String(16)),  # what the last 核查 found
    Column("held_level", String(12)),  # the level of the tree that holds it
    Column("resolved_level", String(12)),  # the level that settled it
    Column("merged_into", String(32)),  # code of the case that it is handled with
    Column("satisfaction", String(16)),
    Column("called_at", Utc),
    Column("score", Integer),
    Column("evaluated_at", Utc),
    Column("trace_count", Integer, nullable=False, server_default="0"),
    Column("trace_head", String(64), nullable=False, server_default=""),
    UniqueConstraint("client", "external_id"),
    UniqueConstraint("client", "idempotency_key"),
)
OPEN = cases.c.closed_at.is_(None)
Index("ix_cases_open", cases.c.reported_at, cases.c.id, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_cases_open_due", cases.c.due_at, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_cases_reported", cases.c.reported_at, cases.c.id)
CLOSED = cases.c.closed_at.is_not(None)
Index("ix_cases_closed", cases.c.closed_at, cases.c.reported_at, sqlite_where=CLOSED, postgresql_where=CLOSED)
Index("ix_cases_area_reported", cases.c.area, cases.c.reported_at)
# Behind its order in time an index carries what else lists ask for, so that no row is fetched only to be left out.
Index(
    "ix_cases_category_reported", cases.c.category, cases.c.reported_at, cases.c.town, cases.c.department, cases.c.level
)
Index("ix_cases_department_reported", cases.c.department, cases.c.reported_at, cases.c.town, cases.c.level)
Index("ix_cases_town_reported", cases.c.town, cases.c.reported_at, cases.c.source, cases.c.level)
Index("ix_cases_source_reported", cases.c.source, cases.c.reported_at, cases.c.level)
Index("ix_cases_level_reported", cases.c.level, cases.c.reported_at)
Index("ix_cases_due", cases.c.due_at, cases.c.id)
VOID = cases.c.stage == "void"
Index("ix_cases_void", cases.c.reported_at, sqlite_where=VOID, postgresql_where=VOID)
Index(
    "ix_cases_clock",
    cases.c.next_clock_at,
    sqlite_where=cases.c.next_clock_at.is_not(None),
    postgresql_where=cases.c.next_clock_at.is_not(None),
)

TO_CALL = and_(cases.c.stage == "closed", cases.c.stage_due_at.is_not(None))
Index("ix_cases_to_call", cases.c.reported_at, cases.c.id, sqlite_where=TO_CALL, postgresql_where=TO_CALL)
UNSENT = cases.c.client.is_(None)
Index("ix_cases_reporter", cases.c.reported_by, sqlite_where=UNSENT, postgresql_where=UNSENT)
MERGED = cases.c.merged_into.is_not(None)
Index("ix_cases_merged", cases.c.merged_into, sqlite_where=MERGED, postgresql_where=MERGED)

orders = Table(
    "orders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(40), nullable=False, unique=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("department", String(64), ForeignKey("department.code"), nullable=False),
    Column("part", String(8), nullable=False),  # lead | co
    Column("issued_at", Utc, nullable=False),
    Column("issued_by", String(64), nullable=False),
    Column("due_at", Utc),
    Column("receipt_at", Utc),
    Column("receipt_by", String(64)),
    Column("done_at", Utc),
    Column("withdrawn_at", Utc),
    Column("kind", String(12), nullable=False, server_default="dispatch"),  # dispatch | supervise | instruction
    Column("text", Text, nullable=False, server_default=""),  # what is asked
    Column("degree", String(12)),  # of a supervision
    Column("receipt_due_at", Utc),
    Column("clock_from", Utc),  # of a limit of its own; None where it follows the clock of the case
    Column("limit_amount", Integer),
    Column("limit_unit", String(16)),
    Column("done_by", String(64)),
    Column("result", Text, nullable=False, server_default=""),
    Column("reworked", Integer, nullable=False, server_default="0"),
    Column("concluded_at", Utc),
    Column("concluded_by", String(64)),
)
Index("ix_orders_issued", orders.c.issued_at, orders.c.id)
Index("ix_orders_department", orders.c.department, orders.c.issued_at)
WANTED = and_(orders.c.done_at.is_(None), orders.c.withdrawn_at.is_(None), orders.c.concluded_at.is_(None))
Index("ix_orders_open", orders.c.issued_at, orders.c.id, sqlite_where=WANTED, postgresql_where=WANTED)
UNDONE = and_(orders.c.done_at.is_(None), orders.c.withdrawn_at.is_(None))
Index("ix_orders_undone", orders.c.department, orders.c.case_id, sqlite_where=UNDONE, postgresql_where=UNDONE)
WITHDRAWN = orders.c.withdrawn_at.is_not(None)
Index("ix_orders_withdrawn", orders.c.issued_at, sqlite_where=WITHDRAWN, postgresql_where=WITHDRAWN)
ASKED = orders.c.kind != "dispatch"
Index("ix_orders_asked", orders.c.issued_at, sqlite_where=ASKED, postgresql_where=ASKED)
CO = orders.c.part == "co"
Index("ix_orders_co", orders.c.department, orders.c.case_id, sqlite_where=CO, postgresql_where=CO)
trace = Table(
    "trace",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, 3 … within the case
    Column("action", String(24), nullable=False),
    Column("from_stage", String(16), nullable=False),
    Column("to_stage", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("happened_at", Utc, nullable=False),
    Column("entered_at", Utc, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False, server_default="{}"),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("case_id", "number"),
)
attachment = Table(
    "attachment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("actor", String(64), nullable=False),
    UniqueConstraint("case_id", "digest"),
)
escalation = Table(
    "escalation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("rung", Integer, nullable=False),
    Column("reason", String(16), nullable=False),  # direct | breach | unacknowledged
    Column("takeover", Boolean, nullable=False),
    Column("at", Utc, nullable=False),
    Column("ack_due_at", Utc),
    Column("climbed_at", Utc),  # when the next rung was taken because nobody answered
    Column("acknowledged_at", Utc),
    Column("acknowledged_by", String(64)),
    UniqueConstraint("case_id", "rung"),
)
UNANSWERED = escalation.c.acknowledged_at.is_(None)
Index("ix_escalation_unanswered", escalation.c.ack_due_at, sqlite_where=UNANSWERED, postgresql_where=UNANSWERED)

# --- the live path and the figures -----------------------------------------------------------------------------------

counter = Table(
    "counter",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Rows that are locked by adding to them: `outbox` gives facts their contiguous numbers in commit order."""

chain_cut = Table(
    "chain_cut",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Where a chained table goes on after retention has deleted its oldest lines."""

outbox = Table(
    "outbox",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("body", Text, nullable=False),
)


def _rollup(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("bucket", Utc, primary_key=True),  # start of the local hour or day
        Column("town", String(32), primary_key=True),
        Column("department", String(64), primary_key=True),
        Column("reported", Integer, nullable=False, server_default="0"),
        Column("closed", Integer, nullable=False, server_default="0"),
        Column("closed_with_due", Integer, nullable=False, server_default="0"),
        Column("closed_in_time", Integer, nullable=False, server_default="0"),
    )


hourly = _rollup("hourly")
daily = _rollup("daily")
snapshot = Table(
    "snapshot",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at", Utc, nullable=False),
    Column("body", Text, nullable=False),
)
timebase = Table(
    "timebase",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("anchor", Utc, nullable=False),  # real time
    Column("county_anchor", Utc, nullable=False),  # county time at that moment
    Column("speed", Float, nullable=False),
    Column("ceiling", Utc),  # county time never runs past this
)

# --- people and their acts -------------------------------------------------------------------------------------------

account = Table(
    "account",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=False),  # argon2id
    Column("area", String(32)),
    Column("department", String(64)),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Utc, nullable=False),
)
session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),  # sha-256 of the cookie: a leaked table opens nothing
    Column("account", String(64), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)
lockout = Table(
    "lockout",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("first_at", Utc, nullable=False),
    Column("until", Utc),
)
token = Table(
    "token",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", String(120), nullable=False),
    Column("area", String(32)),
    Column("department", String(64)),
    Column("created_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)
"""Bearer tokens of client systems and of displays (scope `display`)."""

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("act", String(32), nullable=False),
    Column("object", String(120), nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
    Column("detail", JSON, nullable=False, server_default="{}"),
    Column("hash", String(64), nullable=False),
)
Index("ix_audit_actor", audit.c.actor, audit.c.id)
Index("ix_audit_act", audit.c.act, audit.c.id)
EXPORT = func.substr(audit.c.act, 1, 7) == "export."
"""What leaves the product as a file; told by its first letters whatever the database's order of texts."""
Index("ix_audit_export", audit.c.id, sqlite_where=EXPORT, postgresql_where=EXPORT)
