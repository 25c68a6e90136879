"""Writes down what the county's picture says, again and again, so that the last look of each day stays as what was shown
then. One worker does it, by a lease; after an outage the day has its last look before it.
"""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import datetime, timedelta

from alerts.courier import Desk
from alerts.leased import again
from models.filters import Moment
from models.lease import Lease
from models.past import records
from models.past.day import bounds
from models.past.lives import instant
from models.timebase import real_now

FIRST, EVERY, AFTER_FAULT = 5.0, 2.0, 10.0
"""Seconds before the first thought of a look, between two, and after a failure."""
APART = timedelta(minutes=10)
"""County time between two looks of a day."""
LAST = timedelta(seconds=6)
"""How long before a day's end the last looks are taken: more than two thoughts lie in it."""


def is_due(now: datetime, end: datetime, last: datetime | None) -> bool:
    """Whether it is time to look again. Pure.

    Args:
        end: of the day. last: when the day was looked at last; None when it was not.
    """
    return last is None or last > now or now - last >= APART or end - now <= LAST


class Recording:
    """The duty. `again` never returns; a failure is told and tried again."""

    def __init__(self, on: Desk, executor: Executor | None = None) -> None:
        self._on, self._executor = on, executor
        self._lease = Lease(on.store, "days")
        self._last: datetime | None = None

    async def again(self) -> None:
        """Wait, then look, for ever."""
        await again(
            self._lease,
            self.round,
            self._executor,
            first=FIRST,
            every=EVERY,
            after_fault=AFTER_FAULT,
            failed="The day's picture was not written down: %r Trying again.",
        )

    def round(self) -> bool:
        """Look, where it is time to; whether a look was written down."""
        on, zone = self._on, self._on.rules().zone
        moment = Moment(on.clock.now(), zone)
        day = bounds(moment.today, zone)
        last = self._last if self._last is not None and self._last >= moment.today else None
        if not is_due(moment.now, instant(day.end), last):
            return False
        seen = records.look(on.store, on.clock.now, zone, on.directories().towns, real_now())
        self._last = seen["at"]
        with on.store.write() as connection:
            return records.keep(connection, seen)

    def release(self) -> None:
        """Give up the lease."""
        self._lease.release()
