"""Once a day: what cameras showed and who looked is deleted when its time has come. One worker does it, by a lease."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from pathlib import Path

from alerts.leased import again
from models.lease import Lease
from models.store import Store
from models.timebase import real_now
from models.watching.retention import Gone, retain

FIRST = 90.0
EVERY = 86_400.0
"""Seconds between two rounds."""
AFTER_FAULT = 3600.0
PAUSE = 0.02
"""Seconds after each bite, for other people's writes."""


class Keeping:
    """The duty. `again` never returns; a failure is told once and tried again within the hour."""

    def __init__(self, store: Store, data: Path, executor: Executor) -> None:
        self._store, self._data, self._executor = store, data, executor
        self._lease = Lease(store, "retention")

    async def again(self) -> None:
        """Wait, then do a round, for ever."""
        await again(
            self._lease,
            self.round,
            self._executor,
            first=FIRST,
            every=EVERY,
            after_fault=AFTER_FAULT,
            failed="Retention was not finished: %s Trying again.",
        )

    def round(self) -> Gone:
        """One round, now."""
        whole = Gone()
        for bite in retain(self._store, self._data, real_now()):
            whole += bite
            time.sleep(PAUSE)
        return whole

    def release(self) -> None:
        """Give up the lease."""
        self._lease.release()
