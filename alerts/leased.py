"""A duty that one worker of the county does again and again: whoever holds its lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor

from models.lease import Lease

log = logging.getLogger(__name__)


async def again(
    lease: Lease,
    duty: Callable[[], object],
    executor: Executor | None,
    *,
    first: float,
    every: float,
    after_fault: float,
    failed: str,
) -> None:
    """Wait `first` seconds, then do the duty for ever, `every` so many seconds. It never returns.

    Args:
        failed: what the log says of a failure, with a place for the error; the next try comes after `after_fault` seconds.
    """
    pause = first
    while True:
        await asyncio.sleep(pause)
        loop = asyncio.get_running_loop()
        try:
            if await loop.run_in_executor(executor, lease.held):
                await loop.run_in_executor(executor, duty)
            pause = every
        except Exception as error:  # whatever it is: the next round must not be lost with this one
            log.warning(failed, error)
            pause = after_fault
