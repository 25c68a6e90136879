"""What the desk asks besides lists of cases: the event of a report, cameras' states, counts for the administrator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from models import tables as t

REFERENCE_TABLES = {
    "area": t.area,
    "department": t.department,
    "category": t.category,
    "source": t.source,
    "camera": t.camera,
    "post": t.post,
    "calendar_year": t.calendar_year,
}


def report_event(connection: Connection, case: Row[Any]) -> str | None:
    """The id of the fact that told of this case; None once the outbox no longer keeps it."""
    o = t.outbox.c
    rows = connection.execute(
        select(o.number, o.body).where(o.at == case.entered_at, o.kind == "case.reported").order_by(o.number)
    )
    return next((str(row.number) for row in rows if json.loads(row.body).get("case") == case.code), None)


def report_events(connection: Connection, newest: int) -> Mapping[str, str]:
    """Case code → id of its report, among the `newest` facts of the outbox."""
    last = connection.execute(select(func.max(t.outbox.c.number))).scalar() or 0
    rows = connection.execute(
        select(t.outbox.c.number, t.outbox.c.body).where(
            t.outbox.c.number > last - newest, t.outbox.c.kind == "case.reported"
        )
    )
    return {json.loads(row.body)["case"]: str(row.number) for row in rows}


def camera_states(connection: Connection) -> Mapping[str, Row[Any]]:
    """Camera id → row with `state`, `reason`, `since`."""
    k = t.camera.c
    rows = connection.execute(select(k.id, k.state, k.reason, k.since).order_by(k.id))
    return {row.id: row for row in rows}


def reference_counts(connection: Connection) -> Mapping[str, int]:
    """How many rows each kind of reference data has."""
    return {
        name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for name, table in REFERENCE_TABLES.items()
    }


def calendar_years(connection: Connection) -> Sequence[int]:
    """The years whose official calendar is known."""
    year = t.calendar_year.c.year
    return connection.execute(select(year).order_by(year)).scalars().all()


def kept_at(connection: Connection) -> datetime | None:
    """When the figures were last computed and kept by the alerts worker, real time; None before the first."""
    return connection.execute(select(t.snapshot.c.at).where(t.snapshot.c.name == "county")).scalar()


def session_count(connection: Connection, now: datetime) -> int:
    """Sessions that have not run out."""
    return int(
        connection.execute(select(func.count()).select_from(t.session).where(t.session.c.expires_at > now)).scalar_one()
    )
