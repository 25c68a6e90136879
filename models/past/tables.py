"""What the county's picture really said at the end of each local day, written down then and never changed afterwards."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Date, Index, Table, text

from models import tables as t
from models.tables import Id, Utc, metadata

day_record = Table(
    "day_record",
    metadata,
    Column("day", Date, primary_key=True),  # of the county's calendar
    Column("at", Utc, nullable=False),  # county time: the last look of the day
    Column("made_at", Utc, nullable=False),  # real time
    Column("line", Id, nullable=False),  # trace lines up to this id were known …
    Column("lines", JSON, nullable=False),  # … and these behind it; a line in the making at that moment was not
    Column("facts", BigInteger, nullable=False),  # the number of the last fact that it includes
    Column("body", JSON, nullable=False),  # `Figures` and the grids, as the wall was told
)

LONG_DAYS = 31
"""A case that was open for longer is found by an index of its own, so that finding who was open on a day long ago costs what
those days held and not what came since."""
_SQLITE_LONG = text(f"closed_at - reported_at > {LONG_DAYS * 86_400_000_000}")
_POSTGRES_LONG = text(f"(closed_at - reported_at) > '{LONG_DAYS} days'::interval")
LONG = {"sqlite": _SQLITE_LONG, "postgresql": _POSTGRES_LONG}
Index(
    "ix_cases_long",
    t.cases.c.closed_at,
    t.cases.c.reported_at,
    sqlite_where=_SQLITE_LONG,
    postgresql_where=_POSTGRES_LONG,
)
