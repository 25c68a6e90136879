"""The tables of duty: rounds that were ticked, hand-over sheets, and answers of people who were asked."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from models.tables import Id, Utc, metadata

round_tick = Table(
    "round_tick",
    metadata,
    Column("area", String(32), ForeignKey("area.code"), primary_key=True),
    Column("slot", String(24), primary_key=True),
    Column("period", Date, primary_key=True),  # the day, the Monday of the week, the first of the month
    Column("happened_at", Utc, nullable=False),
    Column("entered_at", Utc, nullable=False),
    Column("account", String(64), nullable=False),
    Column("finding", Text, nullable=False, server_default=""),
)
"""A round that was made. The grid is all that is kept of its place: no position, no track."""
Index("ix_round_tick_period", round_tick.c.period)

handover = Table(
    "handover",
    metadata,
    Column("id", Id, primary_key=True),
    Column("since", Utc, nullable=False),  # the cut of the sheet before: what is new is new since then
    Column("cut_at", Utc, nullable=False),
    Column("entered_at", Utc, nullable=False),
    Column("outgoing", String(60), nullable=False),
    Column("outgoing_account", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("body", JSON, nullable=False),  # the lists as they stood at the cut, with their codes
    Column("hash", String(64), nullable=False),
    Column("incoming", String(60)),
    Column("incoming_account", String(64)),
    Column("incoming_note", Text, nullable=False, server_default=""),
    Column("received_at", Utc),
)
Index("ix_handover_cut_at", handover.c.cut_at)

survey = Table(
    "survey",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client", String(64), nullable=False),
    Column("external_id", String(120), nullable=False),
    Column("kind", String(16), nullable=False),  # return-call | third-party
    Column("at", Utc, nullable=False),
    Column("counts_at", Utc, nullable=False),  # when it counts in the evaluation: see `models.duty.surveys.Closing`
    Column("case_code", String(32), index=True),
    Column("area", String(32), index=True),
    Column("department", String(64), index=True),
    Column("answer", String(12), nullable=False),  # as `models.moves.SATISFACTION`; empty in a summary
    Column("reached", Integer),  # how many were asked, of a summary; None for one person
    Column("satisfied", Integer),  # of them; the fairly satisfied count
    Column("score", Float),  # 0 to 100, where the asker gives one
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("client", "external_id"),
)
"""Satisfaction: answers of return calls (one row a case) and results of third parties (one row a place or department)."""
Index("ix_survey_counts", survey.c.counts_at)
