"""The figures as they were really shown, written down while they are: the last look of a day is what that day is compared with.

A look is the county's own picture (`models.figures`) together with which lines of the trace it knew, so that the trace can be
folded to exactly that moment later, whatever was in the making at the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from models import desk, figures
from models import tables as t
from models.filters import Moment
from models.outbox import last_number
from models.past import reading
from models.past.day import bounds, differences, figures_at
from models.past.lives import micros
from models.past.tables import day_record
from models.store import Store

BEHIND = 500
"""Lines before the newest one among which some may still be in the making."""


def look(
    store: Store, now: Callable[[], datetime], zone: ZoneInfo, towns: Sequence[str], real: datetime
) -> dict[str, Any]:
    """The picture of this moment, as a row of `day_record`. The clock is read once the moment is held fast."""
    line = t.trace.c.id
    with desk.steady(store) as connection:
        number = last_number(connection)
        newest = int(connection.execute(select(func.max(line))).scalar() or 0)
        lines = [row[0] for row in connection.execute(select(line).where(line > newest - BEHIND).order_by(line))]
        moment = Moment(now(), zone)
        picture = figures.snapshot(connection, moment, number, real, towns)
    return {
        "day": moment.now.astimezone(zone).date(),
        "at": moment.now,
        "made_at": real,
        "line": max(0, newest - BEHIND),
        "lines": lines,
        "facts": number,
        "body": picture.figures.model_dump(mode="json") | {"grids": picture.map.model_dump(mode="json")["grids"]},
    }


def keep(connection: Connection, seen: Mapping[str, Any]) -> bool:
    """Write a look down as its day's, unless the day has a later one already; whether it was."""
    d = day_record.c
    values = {name: value for name, value in seen.items() if name != "day"}
    kept = connection.execute(select(d.at).where(d.day == seen["day"])).scalar()
    if kept is None:
        connection.execute(insert(day_record).values(**seen))
    elif kept < seen["at"]:
        connection.execute(update(day_record).where(d.day == seen["day"]).values(**values))
    else:
        return False
    return True


def of_day(connection: Connection, day: date) -> Row[Any] | None:
    """What was written down last on a day; None where nothing was."""
    return connection.execute(select(day_record).where(day_record.c.day == day)).first()


def compared(
    connection: Connection, record: Row[Any], zone: ZoneInfo, towns: Sequence[str], told: reading.PastDay | None = None
) -> list[dict[str, Any]]:
    """Where a day's record and the trace, folded to the same moment, say something else; empty where they agree.

    Args:
        told: the day as it was read already; it is read anew only where some line was not known when it was recorded.
    """
    moment = Moment(record.at, zone)
    day = bounds(moment.today, zone)
    known = reading.Known(record.line, frozenset(record.lines))
    if told is None or reading.is_ahead(connection, known, record.at):
        told = reading.read(connection, day, towns, known)
    return differences(record.body, figures_at(told.lives, told.ground, micros(record.at)))
