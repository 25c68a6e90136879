"""Once a day: what cameras showed and who looked is deleted when its time has come. One worker does it, by a lease."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Executor
from pathlib import Path

from models.lease import Lease
from models.store import Store
from models.timebase import real_now
from models.watching.retention import Gone, retain

log = logging.getLogger(__name__)

FIRST = 90.0
EVERY = 86_400.0
"""Seconds between two rounds."""
PAUSE = 0.02
"""Seconds after each bite, for other people's writes."""


class Keeping:
    """The duty. `again` never returns; a failure is told once and tried again within the hour."""

    def __init__(self, store: Store, data: Path, executor: Executor) -> None:
        self._store, self._data, self._executor = store, data, executor
        self._lease = Lease(store, "retention")

    async def again(self) -> None:
        """Wait, then do a round, for ever."""
        pause = FIRST
        while True:
            await asyncio.sleep(pause)
            loop = asyncio.get_running_loop()
            try:
                if await loop.run_in_executor(self._executor, self._lease.held):
                    await loop.run_in_executor(self._executor, self.round)
                pause = EVERY
            except Exception as error:  # whatever it is: tomorrow must not be lost with today
                log.warning("Retention was not finished: %s Trying again.", error)
                pause = 3600.0

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
