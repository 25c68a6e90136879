"""What of the county is measured for Prometheus: backlogs of clocks and escalations, cameras by state, warnings."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from models import tables as t
from models.emergencies import listing
from models.exchange import incoming
from models.filters import Moment, is_open, predicate
from models.timebase import real_now

STATES = ("connecting", "live", "stalled", "offline")
COUNTED = ("open", "overdue", "due-soon", "escalated", "unreceipted")


def county_totals(connection: Connection, moment: Moment) -> dict[str, float]:
    """Gauges by name. Only open cases are counted, so that a scrape costs the same however long the past is."""
    found = _open_cases(connection, moment)
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


def _open_cases(connection: Connection, moment: Moment) -> dict[str, float]:
    """What of the open cases is counted, in one look at them."""
    c = t.cases.c
    late = c.next_clock_at < moment.now
    conditions = [*(predicate(name, moment) for name in COUNTED), late]
    sums = [func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in conditions]
    row = connection.execute(select(*sums, func.min(case((late, c.next_clock_at)))).where(is_open())).one()
    found = {f"cases_{name.replace('-', '_')}": float(n) for name, n in zip(COUNTED, row, strict=False)}
    found["clocks_waiting"] = float(row[-2])
    found["clocks_oldest_seconds"] = (moment.now - row[-1]).total_seconds() if row[-1] else 0.0
    return found
