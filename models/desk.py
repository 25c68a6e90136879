"""What the desk asks besides lists of cases: the event of a report, cameras' states, counts for the administrator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from models import tables as t
from models.calendars import Unit, UnknownYear
from models.casetimes import extensions_of, pauses_of
from models.clocks import Limit, due
from models.derivations import Derivation
from models.rules import RuleBook
from models.store import Store

REFERENCE_TABLES = {
    "area": t.area,
    "department": t.department,
    "category": t.category,
    "source": t.source,
    "camera": t.camera,
    "post": t.post,
    "calendar_year": t.calendar_year,
}


@contextmanager
def steady(store: Store) -> Iterator[Connection]:
    """A connection for reading on which everything is seen as of one moment, however many statements ask."""
    with store.read() as connection:
        if not store.sqlite:  # SQLite's plain transactions are like that already
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def report_events(connection: Connection, cases: Iterable[Row[Any]]) -> Mapping[str, str]:
    """Case code → id of the fact that told of its report, for those that the outbox still keeps."""
    o = t.outbox.c
    moments = [case.entered_at for case in cases]
    rows = connection.execute(select(o.number, o.body).where(o.at.in_(moments), o.kind == "case.reported"))
    return {json.loads(row.body)["case"]: str(row.number) for row in rows}


def camera_states(connection: Connection) -> Mapping[str, Any]:
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


def derivation(rules: RuleBook, case: Row[Any]) -> Derivation | None:
    """Why the case is due then, worked out anew from its stored facts; None where no rule of ours set its clock."""
    if case.due_basis != "rule" or case.limit_amount is None or case.limit_unit is None:
        return None
    try:
        limit = Limit(case.limit_amount, Unit(case.limit_unit))
        return due(case.clock_from, limit, rules.calendar, pauses_of(case), extensions_of(case)).derivation
    except UnknownYear:
        return None  # the calendar it was worked out with has been taken away since
