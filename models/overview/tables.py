"""What the overview keeps: each leader's last look, and instructions that are about no single case."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, String, Table

from models import tables as t
from models.tables import Id, Utc, metadata

look = Table(
    "overview_look",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("seen_real", Utc, nullable=False),  # real time: when this account last had the page before it
    Column("seen_at", Utc, nullable=False),  # county time at that moment
    Column("figures", JSON, nullable=False),  # what the page said then
    Column("before_at", Utc),  # county time at which the visit before this one ended; None: this is the first
    Column("before", JSON, nullable=False, server_default="{}"),
)
directive = Table(
    "directive",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(40), nullable=False, unique=True),
    Column("message_id", Id, ForeignKey("message.id"), nullable=False, unique=True),
    Column("by", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("about", String(12), nullable=False),  # department | figure
    Column("code", String(64), nullable=False),  # of the department, or the figure's name
    Column("value", Float),  # what the figure said when the leader wrote
    Column("as_of", Utc),
    Column("reply_due", Utc),
    Column("concluded_at", Utc),
)
"""An instruction (批示) on a department or a figure: its words, receipts and answers are those of its message."""
Index("ix_directive_by", directive.c.by, directive.c.at)
Index("ix_escalation_at", t.escalation.c.at, t.escalation.c.case_id)
INSTRUCTION = t.orders.c.kind == "instruction"
Index(
    "ix_orders_instruction",
    t.orders.c.issued_by,
    t.orders.c.issued_at,
    sqlite_where=INSTRUCTION,
    postgresql_where=INSTRUCTION,
)
