"""County time: real time for a living county, file time for a replay.

`now = min(county_anchor + (real − anchor) × speed, ceiling)`. A live county has no row (speed 1, anchored to itself). A
replay moves the ceiling to the next row it has not yet fed, so that a clock can never run past what is known.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from models.store import Store
from models.tables import timebase


def real_now() -> datetime:
    """Real time, UTC. The only place in `models` where a clock is read."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Timebase:
    """A line from real to county time."""

    anchor: datetime
    county_anchor: datetime
    speed: float
    ceiling: datetime | None = None

    def county(self, real: datetime) -> datetime:
        """County time at a real instant."""
        moved = self.county_anchor + timedelta(seconds=(real - self.anchor).total_seconds() * self.speed)
        return min(moved, self.ceiling) if self.ceiling else moved

    def real(self, county: datetime) -> datetime | None:
        """The real instant at which county time will be `county`; None where it never comes (stopped, or capped)."""
        if self.speed <= 0 or (self.ceiling and county > self.ceiling):
            return None
        return self.anchor + timedelta(seconds=(county - self.county_anchor).total_seconds() / self.speed)


def stored(connection: Connection) -> Timebase | None:
    """The stored line, or None for a county that lives in real time."""
    row = connection.execute(select(timebase)).first()
    return Timebase(row.anchor, row.county_anchor, row.speed, row.ceiling) if row else None


def set_timebase(connection: Connection, line: Timebase | None) -> None:
    """Store a new line; None goes back to real time."""
    connection.execute(delete(timebase))
    if line:
        connection.execute(
            insert(timebase).values(
                id=1,
                anchor=line.anchor,
                county_anchor=line.county_anchor,
                speed=line.speed,
                ceiling=line.ceiling,
            )
        )


class CountyClock:
    """Reads county time; looks at the stored line at most every `refresh` seconds."""

    def __init__(self, store: Store, *, refresh: float = 0.5) -> None:
        self._store = store
        self._refresh = refresh
        self._lock = threading.Lock()
        self._line: Timebase | None = None
        self._looked: float | None = None

    def line(self) -> Timebase | None:
        """The line in force, None for real time."""
        with self._lock:
            if self._looked is None or time.monotonic() - self._looked > self._refresh:
                with self._store.read() as connection:
                    self._line = stored(connection)
                self._looked = time.monotonic()
            return self._line

    def now(self) -> datetime:
        """County time, UTC."""
        line = self.line()
        return line.county(real_now()) if line else real_now()

    def forget(self) -> None:
        """Look again at the next call (the line was just changed)."""
        with self._lock:
            self._looked = None
