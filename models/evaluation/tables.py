"""What the evaluation keeps: the books of each month, the marks of each case in them, their sums, and appeals."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from models import tables as t
from models.tables import Id, Utc, metadata

book = Table(
    "evaluation_book",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("number", BigInteger, nullable=False),  # the last fact that is in it
    Column("told", Utc, nullable=False),  # county time up to which it is told
    Column("whole", Integer, nullable=False, server_default="0"),  # 1 once its first writing was finished
    Column("entered", Utc),  # the closing of the books (real time): what is entered later came too late; None: open
)
case = Table(
    "evaluation_case",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("town", String(32), nullable=False),
    Column("community", String(32), nullable=False),
    Column("area", String(32), nullable=False),
    Column("marks", Integer, nullable=False),
)
Index("ix_evaluation_case_town", case.c.month, case.c.town)
Index("ix_evaluation_case_community", case.c.month, case.c.community)
Index("ix_evaluation_case_area", case.c.month, case.c.area)
order = Table(
    "evaluation_order",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("department", String(64), primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("town", String(32), nullable=False),
    Column("marks", Integer, nullable=False),
)
Index("ix_evaluation_order_case", order.c.month, order.c.case_id)
tally = Table(
    "evaluation_tally",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("by", String(12), primary_key=True),  # county | town | community | grid | department
    Column("code", String(64), primary_key=True),
    Column("marks", Integer, primary_key=True, autoincrement=False),
    Column("cases", Integer, nullable=False),
)
"""How many cases carry exactly these marks: what pages add up, so that their cost does not grow with the cases."""

appeal = Table(
    "evaluation_appeal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("month", String(7), nullable=False, index=True),
    Column("indicator", String(40), nullable=False),
    Column("by", String(64), nullable=False),
    Column("department", String(64)),
    Column("at", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decision", String(8)),  # granted | refused; None: waits for a leader
    Column("decided_by", String(64)),
    Column("decided_at", Utc),
    Column("answer", Text, nullable=False, server_default=""),
)
day_count = Table(
    "analysis_day",
    metadata,
    Column("day", Date, primary_key=True),  # of the county's calendar
    Column("area", String(32), primary_key=True),
    Column("category", String(64), primary_key=True),
    Column("town", String(32), nullable=False),
    Column("reported", Integer, nullable=False),
)
"""Reports of a day by place and category: hotspots are found in it, never in the cases themselves."""

Index("ix_trace_happened", t.trace.c.happened_at, t.trace.c.case_id)
