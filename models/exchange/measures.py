"""What of the county is measured for Prometheus: backlogs of clocks and escalations, cameras by state, warnings."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from models import tables as t
from models.emergencies import listing
from models.exchange import incoming
from models.filters import Moment, is_open, predicate
from models.timebase import real_now

STATES = ("connecting", "live", "stalled", "offline")
COUNTED = ("open", "overdue", "due-soon", "escalated", "unreceipted")


def county_totals(connection: Connection, moment: Moment) -> dict[str, float]:
    """Gauges by name. Only open cases are counted, so that a scrape costs the same however long the past is."""
    found = {f"cases_{name.replace('-', '_')}": _count(connection, predicate(name, moment)) for name in COUNTED}
    c = t.cases.c
    late = and_(is_open(), c.next_clock_at < moment.now)
    found["clocks_waiting"] = _count(connection, late)
    oldest = connection.execute(select(func.min(c.next_clock_at)).where(late)).scalar()
    found["clocks_oldest_seconds"] = (moment.now - oldest).total_seconds() if oldest else 0.0
    found |= {f"cameras_{state}": 0.0 for state in STATES}
    k = t.camera.c
    for state, count in connection.execute(select(k.state, func.count()).group_by(k.state)):
        if state in STATES:
            found[f"cameras_{state}"] = float(count)
    found["emergencies_running"] = float(listing.count_running(connection))
    found["warnings_in_force"] = float(incoming.count(connection, "in-force", real_now()))
    found["warnings_refused"] = float(incoming.count(connection, "refused", real_now()))
    first = connection.execute(select(func.min(t.outbox.c.number))).scalar()
    found["outbox_first_fact_number"] = float(first or 0)
    return found


def _count(connection: Connection, where: object) -> float:
    rows = select(func.count()).select_from(t.cases).where(where)  # type: ignore[arg-type]
    return float(connection.execute(rows).scalar_one())
